"""A business's own words for a kind of notice or for text messages: what is checked when the template is uploaded.

A template of a notice says `subject`, `preheader`, `heading`, `opening`, `ask` and `closing`, and nothing else. The
layout around the words stays Duly's, so amounts, invoices, how to pay, how to answer and who writes are always there.
Templates are data from outside: their elements and names are those of a list, and they run in a sandbox.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from duly.mail.local_forms import amount, one_line, spaced
from duly.mail.notice import KINDS, LANGUAGES, CreditorView, Kind, NoticeError, NoticeItem, NoticeView, OwnWords
from duly.mail.render import render, sandbox, values_of, words_of_kind
from duly.mail.sms import COUNTED, folded, render_sms

if TYPE_CHECKING:
    from jinja2 import nodes

PREFIX: Final = "policy/templates/"
MAX_BYTES: Final = 20_000
MAX_WORDS_CHARACTERS: Final = 2_000  # of one of the words, rendered: a notice is read by a person
SMS: Final = "sms"
TEMPLATE_KINDS: Final = (*KINDS, SMS)
WORDS: Final = ("subject", "preheader", "heading", "opening", "ask", "closing")
SMS_WORDS: Final = ("invoice", "invoices_word", "text")
MAY_BE_EMPTY: Final = frozenset({"closing"})
FORBIDDEN: Final = Path(__file__).parent / "forbidden_phrases.toml"

_KEY: Final = re.compile(
    rf"{PREFIX}(?P<language>[a-z]{{2}})/(?P<kind>[a-z_]+)(?:[.](?P<name>[a-z0-9][a-z0-9_-]{{0,39}}))?[.]j2"
)
_ELEMENTS: Final = frozenset(
    (
        "Template", "Output", "TemplateData", "Name", "Const", "If", "For", "Compare", "Operand", "And", "Or", "Not",
        "Getattr", "Getitem", "Slice", "Assign", "AssignBlock", "CondExpr", "Filter", "Call", "FromImport",
    )
)  # fmt: skip
_FILTERS: Final = frozenset({"trim", "lower", "upper", "capitalize"})
_GRAMMAR: Final = {"it": ("it/grammar.j2", frozenset({"the"}))}
"""Macros of the shipped grammar that a language's templates may import and call."""


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """What is wrong with a template: its line (0: the whole), a code, and what was expected."""

    line: int
    code: str
    expected: str


def template_of_key(key: str) -> tuple[str, str, str] | None:
    """Language, kind and name of a template by the key that it is uploaded under: policy/templates/fr/reminder.j2 has
    the words of a kind and no name, policy/templates/fr/reminder.friendly.j2 those of the steps that say
    ``template = "friendly"``."""
    found = _KEY.fullmatch(key)
    if not found or found["language"] not in LANGUAGES:
        return None
    known = found["kind"] in TEMPLATE_KINDS
    return (found["language"], found["kind"], found["name"] or "") if known else None


def own_words(source: str, name: str = "") -> OwnWords:
    """A template with its version."""
    return OwnWords(source, hashlib.sha256(source.encode()).hexdigest()[:16], name)


def shipped_words(language: str, kind: str) -> str:
    """The source of the shipped template, to start from."""
    from duly.mail.render import TEMPLATES

    return (TEMPLATES / language / f"{kind}.j2").read_text(encoding="utf-8")


def check_template(data: bytes, language: str, kind: str) -> list[TemplateProblem]:
    """What is wrong with an uploaded template, in the order of its lines. An empty list: it may be used."""
    if len(data) > MAX_BYTES:
        return [TemplateProblem(0, "template_too_large", f"expected at most {MAX_BYTES} bytes")]
    try:
        source = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [TemplateProblem(line, "not_utf8", "expected UTF-8")]
    words = SMS_WORDS if kind == SMS else WORDS
    problems = [*_structure(source, language, words), *_phrases(source, language)]
    if not problems:
        of_notice = next((one for one in KINDS if one == kind), None)
        problems = _rendered(source, language, of_notice) if of_notice else _as_text(source, language)
    return sorted(set(problems), key=lambda one: (one.line, one.code, one.expected))


# --- what it is made of ---------------------------------------------------------------------------------------------
def _structure(source: str, language: str, words: tuple[str, ...]) -> Iterator[TemplateProblem]:
    from jinja2 import TemplateSyntaxError, nodes

    try:
        tree = sandbox().parse(source)
    except TemplateSyntaxError as error:
        yield TemplateProblem(error.lineno, "template_syntax", "expected a template as Jinja 2 reads it")
        return
    yield from _elements(tree, language)
    known = frozenset(values_of(_samples(language, "reminder")[0], language))
    known |= COUNTED if words is SMS_WORDS else frozenset()
    loops = {found.target.name for found in tree.find_all(nodes.For) if isinstance(found.target, nodes.Name)}
    macros = _GRAMMAR.get(language, ("", frozenset()))[1]
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known | loops | macros | {"loop"}:
            yield TemplateProblem(name.lineno, "template_name", f"expected one of {', '.join(sorted(known))}")
        if name.ctx == "store" and name.name not in {*words, *loops}:
            yield TemplateProblem(name.lineno, "template_word", f"expected only {', '.join(words)} to be set")
    yield from _each_word_once(tree, words)


def _elements(tree: nodes.Template, language: str) -> Iterator[TemplateProblem]:
    from jinja2 import nodes

    grammar, macros = _GRAMMAR.get(language, ("", frozenset()))
    for node in tree.find_all(nodes.Node):
        kind = type(node).__name__
        fits = kind in _ELEMENTS
        if isinstance(node, nodes.Filter):
            fits = node.name in _FILTERS
        elif isinstance(node, nodes.FromImport):
            fits = isinstance(node.template, nodes.Const) and node.template.value == grammar
            fits = fits and all(name in macros for name in node.names)
        elif isinstance(node, nodes.Call):
            fits = isinstance(node.node, nodes.Name) and node.node.name in macros
        elif isinstance(node, nodes.For):
            fits = not list(node.iter.find_all(nodes.For)) and not any(
                list(inner.find_all(nodes.For)) or isinstance(inner, nodes.For) for inner in node.body
            )
        if not fits:
            yield TemplateProblem(
                node.lineno, "template_element", "expected values, if and for, one for not in another"
            )


def _each_word_once(tree: nodes.Template, words: tuple[str, ...]) -> Iterator[TemplateProblem]:
    """Each word is set once at the top: so none can be made of another, and grow beyond all bounds."""
    from jinja2 import nodes

    targets = [
        (node.target.name, node.lineno)
        for node in tree.body
        if isinstance(node, nodes.Assign | nodes.AssignBlock) and isinstance(node.target, nodes.Name)
    ]
    inner = len(list(tree.find_all((nodes.Assign, nodes.AssignBlock)))) - len(targets)
    if inner:
        yield TemplateProblem(
            0, "template_word", "expected words to be set at the top alone, not within an if or a for"
        )
    for word in words:
        lines = [line for name, line in targets if name == word]
        if not lines:
            yield TemplateProblem(0, "template_word", f"expected the word {word} to be set")
        for line in lines[1:]:
            yield TemplateProblem(line, "template_word", f"expected the word {word} to be set once")


# --- what it says ---------------------------------------------------------------------------------------------------
@cache
def forbidden_phrases(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The reasons and patterns of what a notice in this language must not say."""
    import tomllib

    table = tomllib.loads(FORBIDDEN.read_text(encoding="utf-8"))[language]
    return tuple((reason, _pattern(phrases)) for reason, phrases in table.items())


def _pattern(phrases: list[str]) -> re.Pattern[str]:
    """Whole words in any case; a star stands for any ending, a space for any white space."""
    said = (r"\s+".join(re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()) for phrase in phrases)
    return re.compile(rf"\b(?:{'|'.join(said)})(?!\w)", re.IGNORECASE)


def _phrases(source: str, language: str) -> Iterator[TemplateProblem]:
    """What is said between the tags and in their texts, whether or not a sample comes by it."""
    for reason, pattern in forbidden_phrases(language):
        for found in pattern.finditer(spaced(source)):
            line = source[: found.start()].count("\n") + 1
            yield TemplateProblem(line, f"template_{reason}", f'expected no {reason}: found "{found[0]}"')


def _as_text(source: str, language: str) -> list[TemplateProblem]:
    """What is wrong with a text message when it is used, for views of every sort."""
    problems = []
    for view in _samples(language, "reminder"):
        try:
            text = render_sms(replace(view, own_words=own_words(source)))
        except NoticeError as error:
            expected = "expected it to render whatever a notice holds, within two messages"
            return [TemplateProblem(0, "template_fails", f"{expected}: {error.code}")]
        numbers = {item.number for item in view.asked_items}
        total = folded(one_line(amount(view.asked_minor, view.currency, language)))
        for name, value in (("total", total), ("reference", view.customer_id if len(numbers) > 1 else min(numbers))):
            if value not in text:
                problems.append(
                    TemplateProblem(0, "template_amount", f"expected the word text to say {{{{ {name} }}}}")
                )
        problems += [
            TemplateProblem(0, f"template_{reason}", f"expected no {reason} in the word text")
            for reason, pattern in forbidden_phrases(language)
            if pattern.search(text)
        ]
    return problems


def _rendered(source: str, language: str, kind: Kind) -> list[TemplateProblem]:
    """What is wrong with it when it is used, for views of every sort."""
    problems = []
    for view in _samples(language, kind):
        told = replace(view, own_words=own_words(source))
        try:
            words = words_of_kind(told, values_of(told, language))
            shown = render(told)
        except NoticeError:
            return [TemplateProblem(0, "template_fails", "expected it to render whatever a notice holds")]
        for name in WORDS:
            text = one_line(str(getattr(words, name)))
            if not text and name not in MAY_BE_EMPTY:
                problems.append(TemplateProblem(0, "template_word", f"expected the word {name} to say something"))
            if len(text) > MAX_WORDS_CHARACTERS:
                expected = f"expected the word {name} to have at most {MAX_WORDS_CHARACTERS} characters"
                problems.append(TemplateProblem(0, "template_word", expected))
            problems += [
                TemplateProblem(0, f"template_{reason}", f"expected no {reason} in the word {name}")
                for reason, pattern in forbidden_phrases(language)
                if pattern.search(spaced(text))
            ]
        asked = str(values_of(told, language)["asked"])
        if kind != "before_due" and one_line(asked) not in one_line(str(words.ask)):
            problems.append(
                TemplateProblem(0, "template_amount", "expected the word ask to say the amount: {{ asked }}")
            )
        assert view.payment_reference in shown.html, "the layout names what every notice needs"
    return problems


def _samples(language: str, kind: Kind) -> tuple[NoticeView, ...]:
    """Views of every sort: one item and several, with and without what may be missing."""
    today = date(2026, 3, 7)
    days = -5 if kind == "before_due" else 31
    first = _sample_item("R-1", today, days)
    creditor = CreditorView("A GmbH", ("Street 1", "12345 Town"), "ar@a.example", "DE02120300000000202051", "", "")
    bare = NoticeView(
        language=language, currency="EUR", level=KINDS.index(kind), step="step", kind=kind, creditor=creditor,
        customer_id="C-1", customer_name="B KG", contact_name="", items=(first,), credits_minor=0,
        total_minor=first.owed_minor, as_of=today, payment_reference="R-1", respond_address="reply@a.example",
    )  # fmt: skip
    several = tuple(_sample_item(f"R-{number}", today, days - number) for number in range(5))
    later = (first, _sample_item("R-9", today, -9))
    full = replace(
        bare, contact_name="Ann", pay_by=today + timedelta(days=7), last_notice=today - timedelta(days=14),
        creditor=replace(creditor, phone="+49 40 1", contact_name="Cy", bic="BYLADEM1001"),
    )  # fmt: skip
    return (
        bare,
        full,
        replace(full, items=several, total_minor=sum(one.owed_minor for one in several)),
        replace(bare, items=several[:2], total_minor=sum(one.owed_minor for one in several[:2])),
        replace(full, items=later, total_minor=sum(one.owed_minor for one in later)),
        replace(full, currency="JPY", credits_minor=1, total_minor=first.owed_minor - 1),
    )


def _sample_item(number: str, today: date, days_overdue: int) -> NoticeItem:
    due = today - timedelta(days=days_overdue)
    return NoticeItem(
        number=number, instalment=1, issued=due - timedelta(days=30), due=due, days_overdue=days_overdue, level=1,
        step="step", original_minor=119_000, balance_minor=109_000,
    )  # fmt: skip
