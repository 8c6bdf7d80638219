"""From a notice view to subject, plain text and HTML.

Every value is made one harmless line and put into its local form here; templates only place it. Values are never
compiled as templates, so `{{7*7}}` in a customer's name is printed as it stands. The words live in one file per
language and kind and are shared by both layouts, so that text and HTML cannot say different things.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from duly.domain.charges import ChargeLine, plain_percent
from duly.mail.local_forms import amount, day, grouped, one_line, percent, plural
from duly.mail.notice import CreditorView, NoticeError, NoticeItem, NoticeView, language_of
from duly.mail.payment_codes import Payment, PaymentCode, payment_code
from duly.mail.payment_link import host_of, link_of

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
TEXT_WIDTH = 72
"""Columns of the plain text. RFC 3676 asks for at most 78, and quoting adds two with every answer."""
MAX_SUBJECT_CHARACTERS = 120
NO_BREAK = "\u00a0"
_ORDINARY_SPACES = re.compile(r"[ \t\n]+")
COST_KINDS = ("indemnity", "fine", "earlier", "settled")
"""Lines of charges that a language's labels name within a value."""
_WORDS_WITHIN = frozenset({"instalment_of", "dated", "original_short", "ahead", "colon", "column", *COST_KINDS})
"""What a language's labels hold beside the labels themselves: words within a value, and the form of a line."""

Value = Any


CODE_PICTURE = "payment-code"
"""The name by which the HTML shows the payment code's picture (`cid:payment-code`)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that the HTML shows, by its name within the message."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """A notice in words. `text` and `html` say the same; lines end with a line feed."""

    language: str
    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()


def render(view: NoticeView) -> Rendered:
    """The notice in the view's language (English when there are no templates for it).

    Raises NoticeError for a view that cannot be told (an invoice without a visible number), MoneyError for an
    unknown currency and jinja2.UndefinedError for a template that asks for a value that does not exist.
    """
    language = language_of(view.language)
    values = values_of(view, language)
    words = words_of_kind(view, values)
    subject = _short(one_line(str(words.subject)))
    values["words"], values["subject"] = words, subject
    values["helps_to"] = f"mailto:{quote(one_line(view.respond_address), safe='@')}?subject={quote('Re: ' + subject)}"
    text = environment().get_template("layout.txt.j2").render(values)
    html = environment().get_template("layout.html.j2").render(values)
    return Rendered(language, subject, text, html, _pictures(view))


def check(view: NoticeView) -> None:
    """Raise NoticeError where `render` would, without drawing anything."""
    for item in view.items:
        _number_of(item)
    if view.own_words is not None:
        words_of_kind(view, values_of(view, language_of(view.language)))


def words_of_kind(view: NoticeView, values: Mapping[str, Value]) -> Any:
    """The words of a view's kind of notice (`subject`, `opening` and so on). Raises NoticeError as `words_from`."""
    return words_from(view, f"{values['language']}/{view.kind}.j2", values)


def words_from(view: NoticeView, shipped: str, values: Mapping[str, Value]) -> Any:
    """The words of a shipped template, or those of the business's own that the view has.

    Raises NoticeError when the business's own fail. There is no falling back to the shipped ones: a business that
    wrote its own words did not agree to others (docs/decisions/0103-own-words-fail-closed.md).
    """
    if view.own_words is None:
        return environment().get_template(shipped).make_module(dict(values))
    from jinja2 import TemplateError

    try:
        return sandbox().from_string(view.own_words.source).make_module(dict(values))
    except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError):
        raise NoticeError("own_words_failed") from None


def code_of(view: NoticeView) -> PaymentCode | None:
    """The payment code of what a notice asks for; None when there is none for its account and currency."""
    creditor = view.creditor
    return payment_code(
        Payment(
            name=one_line(creditor.name),
            address=tuple(one_line(line) for line in creditor.address),
            country=creditor.country,
            iban=one_line(creditor.iban),
            bic=one_line(creditor.bic),
            amount_minor=view.asked_minor,
            currency=view.currency,
            numbers=tuple(dict.fromkeys(one_line(item.number) for item in view.asked_items)),
            customer=one_line(view.customer_id),
            reference=one_line(view.reference),
        )
    )


def _pictures(view: NoticeView) -> tuple[Picture, ...]:
    code = code_of(view)
    if code is None:
        return ()
    from duly.mail.code_picture import png_of

    return (Picture(CODE_PICTURE, png_of(code)),)


@cache
def environment() -> Environment:
    """The template environment: made once, strict about names, escaping in HTML alone."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return _equipped(Environment(undefined=StrictUndefined, autoescape=_is_html, loader=FileSystemLoader(TEMPLATES)))


@cache
def sandbox() -> Environment:
    """The environment of templates that a business wrote: they reach no attribute that could do anything."""
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    loader = FileSystemLoader(TEMPLATES)
    return _equipped(ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, loader=loader))


def _equipped(made: Environment) -> Environment:
    made.trim_blocks = made.lstrip_blocks = made.keep_trailing_newline = True
    made.auto_reload = False
    made.filters["wrapped"] = _wrapped
    made.filters["bullet"] = _bullet
    made.filters["quoted"] = _quoted
    return made


def values_of(view: NoticeView, language: str) -> dict[str, Value]:
    """Everything that a template may name, as clean text in the language's forms."""
    count = len({item.number for item in view.asked_items})
    not_yet_due = view.kind != "before_due" and any(item.days_overdue <= 0 for item in view.items)
    asked = amount(view.asked_minor, view.currency, language)
    reference = one_line(view.payment_reference)
    pattern = view.creditor.payment_link
    link = link_of(pattern, reference, view.asked_minor, view.currency) if pattern else ""
    return {
        "language": language,
        "kind": view.kind,
        "creditor": _creditor(view.creditor),
        "customer_id": one_line(view.customer_id),
        "customer_name": one_line(view.customer_name) or one_line(view.customer_id),
        "contact_name": one_line(view.contact_name),
        "items": _items(view, language),
        "invoice_count": count,
        "invoice_plural": plural(count, language),
        "first_due": day(min(item.due for item in view.items), language),
        "not_yet_due": not_yet_due,
        "credits": amount(-view.credits_minor, view.currency, language) if view.credits_minor else "",
        "total": amount(view.total_minor, view.currency, language),
        "asked": _together(asked),
        "due_now": asked if view.asked_minor != view.total_minor else "",
        "as_of": day(view.as_of, language),
        "pay_by": day(view.pay_by, language) if view.pay_by else "",
        "last_notice": day(view.last_notice, language) if view.last_notice else "",
        "statement_attached": view.statement_attached,
        "letter_attached": view.letter_attached,
        "invoices_attached": view.invoices_attached,
        "payment_reference": reference,
        "payment_code": code_of(view) is not None,
        "payment_link": link,
        "payment_host": host_of(link),
    }


def _creditor(creditor: CreditorView) -> dict[str, object]:
    return {
        "name": one_line(creditor.name),
        "address": [one_line(line) for line in creditor.address],
        "email": one_line(creditor.email),
        "iban": grouped(one_line(creditor.iban)),
        "bic": one_line(creditor.bic),
        "legal_name_line": one_line(creditor.legal_name_line),
        "phone": one_line(creditor.phone),
        "contact_name": one_line(creditor.contact_name),
    }


def _items(view: NoticeView, language: str) -> list[dict[str, object]]:
    """The items, what is overdue first. The first one after it that is not due yet says that it begins them."""
    overdue = [item for item in view.items if item.days_overdue > 0]
    later = [item for item in view.items if item.days_overdue <= 0]
    found = [_item(item, view.currency, language) for item in (*overdue, *later)]
    for place, values in enumerate(found):
        values["begins_later"] = bool(overdue) and place == len(overdue)
    return found


def _item(item: NoticeItem, currency: str, language: str) -> dict[str, object]:
    number = _number_of(item)

    def money(minor: int, told: bool) -> str:
        return amount(minor, currency, language) if told else ""

    in_parts = item.instalments > 1 or item.instalment > 1
    return {
        "number": number,
        "instalment": item.instalment if in_parts else 0,
        "instalments": item.instalments if item.instalments > 1 else 0,
        "returned": item.returned,
        "replaces": "" if item.returned else one_line(item.replaces),
        "disputed": money(item.disputed_minor, item.disputed_minor > 0),
        "issued": day(item.issued, language),
        "due": day(item.due, language),
        "days_overdue": item.days_overdue,
        "original": money(item.original_minor, item.original_minor != item.balance_minor),
        "balance": money(item.balance_minor, True),
        "fee": money(item.fee_minor, item.fee_minor > 0),
        "interest": money(item.interest_minor, item.interest_minor > 0),
        "fee_name": labels_of(language)["costs" if _has_sums(item) else "fee"],
        "charge_lines": [_charge_line(line, currency, language) for line in item.charge_lines],
    }


def _number_of(item: NoticeItem) -> str:
    number = one_line(item.number)
    if not number:
        raise NoticeError("invoice_without_number")
    return number


def _has_sums(item: NoticeItem) -> bool:
    """Whether its costs are more than fees of reminders."""
    return any(line.kind in ("indemnity", "fine") for line in item.charge_lines)


def _charge_line(line: ChargeLine, currency: str, language: str) -> dict[str, object]:
    """A line of the calculation: its kind (``fee``, ``interest`` or one of COST_KINDS) with its name and amount; of
    interest also the period and the formula, which needs no words."""
    found: dict[str, object] = {
        "kind": line.kind,
        "name": labels_of(language)[line.kind],
        "amount": amount(line.amount_minor, currency, language),
        "period": "",
        "formula": "",
    }
    if line.kind == "interest" and line.first and line.last:
        found["period"] = f"{day(line.first, language)} – {day(line.last, language)}"
        found["formula"] = _formula(line, currency, language)
    return found


def _formula(line: ChargeLine, currency: str, language: str) -> str:
    rate = percent(plain_percent(line.percent or Decimal(0)), language)
    a_year = f"{amount(line.principal_minor, currency, language)} × {rate}{NO_BREAK}%"
    if line.a_day_minor:
        return f"{a_year} / {line.year_days}, {line.days} × {amount(line.a_day_minor, currency, language)}"
    return f"{a_year} × {line.days}/{line.year_days}"


def _together(text: str) -> str:
    """A value that stands within a sentence, where no line may break within it."""
    return text.replace(" ", NO_BREAK)


def _is_html(name: str | None) -> bool:
    return name is None or name.endswith(".html.j2")


def _wrapped(text: str, first: str = "", further: str = "") -> str:
    """A paragraph in lines of the text's width. Long words (numbers, addresses) stay whole, and what a no-break space
    holds together stays in one line."""
    return textwrap.fill(
        _ORDINARY_SPACES.sub(" ", text).strip(" "),
        TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _bullet(text: str) -> str:
    """A paragraph as one point of a list."""
    return _wrapped(text, "* ", "  ")


def _quoted(text: str) -> str:
    """Text as part of a mailto link (RFC 6068)."""
    return quote(text, safe="")


def _short(subject: str) -> str:
    """A subject that mail programs show whole; what is cut stands in the mail itself."""
    if len(subject) <= MAX_SUBJECT_CHARACTERS:
        return subject
    return subject[: MAX_SUBJECT_CHARACTERS - 1].rstrip() + "…"


def labels_of(language: str) -> dict[str, str]:
    """The labels of a language's notices by their name, so that a mail can be read back (see `duly.mail.verify`)."""
    labels = environment().get_template(f"{language}/labels.j2").module
    return {name: str(text) for name, text in vars(labels).items() if not name.startswith("_")}


def row_labels_of(language: str) -> dict[str, str]:
    """Those of a language's labels that begin a line of the plain text, by their name."""
    return {name: text for name, text in labels_of(language).items() if name not in _WORDS_WITHIN}
