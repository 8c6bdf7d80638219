"""A business's own words: what is checked on upload, what is in force, and what a notice was written in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from duly.domain.policy import Policy
from duly.flows.notices import message_of
from duly.flows.twin import TwinStack
from duly.mail.letter import letter_values
from duly.mail.notice import KINDS, LANGUAGES, Kind, NoticeError
from duly.mail.own_words import MAX_BYTES, check_template, own_words, shipped_words, template_of_key
from duly.mail.render import check, render
from tests.core_samples import MONDAY, NOON, account, claim, invoice, plain_policy, step
from tests.letter_sample import letter
from tests.mail_views import CASES, golden_view, view

OWN = """{% set subject %}Invoice {{ items[0].number }}: a word from us{% endset %}
{% set preheader = "Nothing is urgent, we only wanted to ask about an invoice." %}
{% set heading = "A word from us" %}
{% set opening %}{% if invoice_count == 1 %}One invoice{% else %}{{ invoice_count }} invoices{% endif %} may have
slipped through.{% endset %}
{% set ask %}Please pay {{ asked }}{% if pay_by %} by {{ pay_by }}{% endif %}, or tell us why not.{% endset %}
{% set closing %}{% for item in items %}{{ item.number }} {% endfor %}{% endset %}
"""


RULES = plain_policy(step(1, "first", 3))


def problems(source: str, language: str = "en", kind: Kind = "reminder") -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in check_template(source.encode(), language, kind)]


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_the_shipped_words_pass_the_check_of_own_words(language: str, kind: Kind) -> None:
    assert check_template(shipped_words(language, kind).encode(), language, kind) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_text_message_passes_and_one_without_the_amount_does_not(language: str) -> None:
    shipped = shipped_words(language, "sms")
    assert check_template(shipped.encode(), language, "sms") == []
    short = shipped.replace("{{ total }}", "")
    assert {one.code for one in check_template(short.encode(), language, "sms")} == {"template_amount"}


TEXT = """{% set invoice = "bill" %}{% set invoices_word = "bills" %}
{% set text %}{{ creditor.name }}: {{ total }} for {{ invoices }}, quote {{ reference }}.{% endset %}
"""


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("for {{ invoices }}", "by {{ due }}", set()),
        ("quote {{ reference }}", "", {"template_amount"}),
        (", quote", ", " + "very " * 70 + "soon: ", {"template_fails"}),
        (", quote", ", {{ unknown }}", {"template_name"}),
        ('{% set invoice = "bill" %}', "", {"template_word"}),
        (", quote", ", or we will take you to court, quote", {"template_threat"}),
    ],
)
def test_what_is_wrong_with_a_text_message(old: str, new: str, codes: set[str]) -> None:
    assert {one.code for one in check_template(TEXT.replace(old, new).encode(), "en", "sms")} == codes


def test_good_words_are_used_in_mail_and_letter() -> None:
    assert problems(OWN) == []
    rendered = render(replace(view(), own_words=own_words(OWN)))
    assert rendered.subject == "Invoice R-2026-0117: a word from us"
    assert "One invoice may have slipped through." in " ".join(rendered.text.split())
    assert "A word from us</h1>" in rendered.html and "cid:payment-code" in rendered.html
    told = replace(golden_view("en", "reminder"), own_words=own_words(OWN))
    assert letter_values(letter(notice=told))["title"] == "Invoice R-2026-0117: a word from us"


def test_own_words_are_text_and_no_markup() -> None:
    marked = OWN.replace("A word from us", "A <b>word</b>")
    assert "A &lt;b&gt;word&lt;/b&gt;</h1>" in render(replace(view(), own_words=own_words(marked))).html


WRONG = [
    ("{% set subject %}", (1, "template_syntax")),
    (OWN.replace("{{ pay_by }}", "{{ pay_day }}"), (6, "template_name")),
    (OWN.replace("{{ asked }}", "it"), (0, "template_amount")),
    (OWN.replace('"A word from us"', '" "'), (0, "template_word")),
    (OWN.replace("{% set heading", "{% set banner"), (3, "template_word")),
    (OWN + "{% set heading = 'Again' %}", (8, "template_word")),
    (OWN + "{% if pay_by %}{% set heading = 'x' %}{% endif %}", (0, "template_word")),
    (OWN + "{% include 'en/common.j2' %}", (8, "template_element")),
    (OWN + "{% import 'en/common.j2' as x %}", (8, "template_element")),
    (OWN + "{% from 'en/common.j2' import age %}", (8, "template_element")),
    (OWN + "{{ items.clear() }}", (8, "template_element")),
    (OWN + "{{ subject ~ subject }}", (8, "template_element")),
    (OWN + "{{ 9 ** 9 ** 9 }}", (8, "template_element")),
    (OWN + "{{ creditor|pprint }}", (8, "template_element")),
    (OWN + "{% for item in items %}{% for other in items %}x{% endfor %}{% endfor %}", (8, "template_element")),
    (OWN.replace("{{ items[0].number }}", "{{ items[0].colour }}"), (0, "template_fails")),
    (OWN.replace("{{ items[0].number }}", "{{ items[3].number }}"), (0, "template_fails")),
    (OWN.replace("{{ items[0].number }}", "{{ kind.__class__ }}"), (0, "template_fails")),
    (OWN.replace("may have", "means legal\naction: they have"), (4, "template_threat")),
    (OWN.replace("A word from us", "We are disappointed"), (3, "template_shame")),
    (OWN.replace("A word from us", "By order of the police"), (3, "template_authority")),
    (OWN.replace("A word from us", "Discounts for you"), (3, "template_promotion")),
    (OWN.replace("may have", "x" * 2_001 + " may have"), (0, "template_word")),
    ("x" * (MAX_BYTES + 1), (0, "template_too_large")),
]


@pytest.mark.parametrize(("source", "problem"), WRONG)
def test_what_is_wrong_is_told_with_its_line(source: str, problem: tuple[int, str]) -> None:
    assert problem in problems(source)


def test_a_phrase_in_a_branch_that_no_sample_takes_is_found_and_so_is_one_put_together() -> None:
    hidden = OWN + "{% if total == 'never' %}last chance{% endif %}"
    assert problems(hidden) == [(8, "template_threat")]
    heading = '{% set heading = "A word from us" %}'
    parted = OWN.replace(heading, "{% set heading %}last{{ ' ' }}chance{% endset %}")
    assert problems(parted) == [(0, "template_threat")]


def test_other_bytes_than_utf8_are_told_with_their_line() -> None:
    assert [(one.line, one.code) for one in check_template(b"a\n\xff", "en", "reminder")] == [(2, "not_utf8")]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "Sonst gehen wir vor Gericht"), ("fr", "Nous saisirons le tribunal"), ("es", "Es su última oportunidad"),
        ("it", "Passeremo alle vie legali"), ("nl", "Dan komt de deurwaarder"), ("pt", "Iremos a tribunal"),
        ("pl", "Sprawa trafi do sądu"),
    ],
)  # fmt: skip
def test_threats_are_known_in_each_language(language: str, words: str) -> None:
    source = shipped_words(language, "reminder").replace('{% set heading = "', f'{{% set heading = "{words} ')
    assert "template_threat" in {code for _, code in problems(source, language)}


def test_keys_of_templates() -> None:
    assert template_of_key("policy/templates/fr/formal_notice.j2") == ("fr", "formal_notice", "")
    assert template_of_key("policy/templates/fr/reminder.friendly.j2") == ("fr", "reminder", "friendly")
    for name in (
        "sv/reminder.j2",
        "fr/threat.j2",
        "fr/reminder.txt",
        "fr/a/reminder.j2",
        "reminder.j2",
        "fr/reminder.A.j2",
    ):
        assert template_of_key(f"policy/templates/{name}") is None
    keys = [f"policy/templates/{one}/{kind}.j2" for one in LANGUAGES for kind in KINDS]
    assert {(found or ("",))[:2] for found in map(template_of_key, keys)} == set(CASES)


def test_own_words_that_fail_stop_the_notice_instead_of_falling_back() -> None:
    broken = own_words(OWN.replace("{{ pay_by }}", "{{ pay_day }}"))
    for told in (render, check):
        with pytest.raises(NoticeError, match="own_words_failed"):
            told(replace(view(pay_by=view().as_of), own_words=broken))


KEY = "policy/templates/de/reminder.j2"


def uploaded(stack: TwinStack, data: bytes, minute: int, key: str = KEY) -> str:
    """Upload a template; return what its receipt and its table of rejects say."""
    before = set(stack.objects.keys(f"receipts/{key}/"))
    stack.upload(key, data, NOON + timedelta(minutes=minute))
    stack.work()
    found = [stack.objects.get(name) for name in sorted(set(stack.objects.keys(f"receipts/{key}/")) - before)]
    return "".join(one.data.decode() for one in found if one)


def mail_header(stack: TwinStack, rules: Policy = RULES) -> str:
    found = account(invoice("RE-1001", 12_345, MONDAY - timedelta(days=9)))
    raw, _ = message_of(stack.edge, found, claim(found, "RE-1001", notice="a1" * 16), rules)
    return str(message_from_bytes(raw, policy=SMTP)["X-Duly-Template"])


def test_an_uploaded_template_is_in_force_until_an_empty_one_ends_it() -> None:
    stack = TwinStack()
    assert mail_header(stack) == "de/reminder shipped"
    uploaded(stack, OWN.encode(), 1)
    assert mail_header(stack) == f"de/reminder {own_words(OWN).version}"
    refused = uploaded(stack, (OWN + "{{ nothing }}").encode(), 2)
    assert "template_name" in refused and "line 8" in refused
    assert mail_header(stack) == f"de/reminder {own_words(OWN).version}"  # what was refused changes nothing
    uploaded(stack, b"", 3)
    assert mail_header(stack) == "de/reminder shipped"
    assert "template_key" in uploaded(stack, OWN.encode(), 4, "policy/templates/sv/reminder.j2")


def test_a_step_names_its_words_and_else_says_those_of_its_kind() -> None:
    stack = TwinStack()
    named = plain_policy(step(1, "first", 3, 'template = "friendly"'))
    assert mail_header(stack, named) == "de/reminder shipped"
    uploaded(stack, OWN.encode(), 1)
    assert mail_header(stack, named) == f"de/reminder {own_words(OWN).version}"
    friendly = OWN.replace("A word", "A friendly word")
    uploaded(stack, friendly.encode(), 2, "policy/templates/de/reminder.friendly.j2")
    assert mail_header(stack, named) == f"de/reminder.friendly {own_words(friendly).version}"
    assert mail_header(stack) == f"de/reminder {own_words(OWN).version}"


def test_a_template_whose_object_is_gone_stops_the_notice() -> None:
    stack = TwinStack()
    uploaded(stack, OWN.encode(), 1)
    stack.edge.stack.put("template/de/reminder", {"key": KEY, "version": "gone", "arrived": NOON.isoformat()})
    with pytest.raises(NoticeError, match="own_words_gone"):
        mail_header(stack)


def test_the_command_checks_lists_and_shows(tmp_path: Path) -> None:
    runner = CliRunner()
    file = tmp_path / "en" / "reminder.j2"
    file.parent.mkdir()
    file.write_text(OWN, encoding="utf-8")
    good = runner.invoke(app, ["template", "check", str(file)])
    assert good.exit_code == 0 and own_words(OWN).version in good.output.replace("\n", "")
    file.write_text(OWN + "{{ nothing }}", encoding="utf-8")
    bad = runner.invoke(app, ["template", "check", str(file), "--json"])
    assert bad.exit_code == 1 and '"template_name"' in bad.output and '"line": 8' in bad.output
    shown = runner.invoke(app, ["template", "show", "fr", "reminder"])
    assert shown.output == shipped_words("fr", "reminder")
    assert "policy/templates/pl/formal_notice.j2" in runner.invoke(app, ["template", "list", "--json"]).output
    assert runner.invoke(app, ["template", "show", "sv", "reminder"]).exit_code == 2
    assert runner.invoke(app, ["template", "check", str(tmp_path / "reminder.j2")]).exit_code == 2
