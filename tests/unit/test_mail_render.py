"""What notices say: golden files, exact words, local forms, and names that try to be code."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from jinja2 import UndefinedError, nodes

from duly.domain.money import MoneyError
from duly.mail.local_forms import (
    amount,
    day,
    grouped,
    one_line,
    percent,
    plural,
    read_amount,
    read_day,
    short_day,
)
from duly.mail.notice import KINDS, LANGUAGES, MAX_ITEMS, Kind, NoticeError, kind_of, language_of
from duly.mail.render import (
    MAX_SUBJECT_CHARACTERS,
    TEMPLATES,
    TEXT_WIDTH,
    check,
    environment,
    labels_of,
    render,
    row_labels_of,
)
from tests.mail_views import CASES, CREDITOR, GOLDEN, golden_files, golden_view, item, view

THREATS_SHAME_AUTHORITY_PROMOTION = re.compile(
    r"\b(court|lawyer|attorney|solicitor|police|bailiff|sue|prosecut\w*|criminal|legal action|debt collect\w*|"
    r"blacklist\w*|credit (?:bureau|rating|file)|warning|final notice|last chance|immediately|ashamed|shame\w*|"
    r"disappoint\w*|fail(?:ed|ure)|negligen\w*|discount|special offer|newsletter|buy|sale|"
    r"gericht\w*|anwalt\w*|anwält\w*|polizei|gerichtsvollzieher|inkasso\w*|schufa|strafrecht\w*|klage|letzte\w*|sofort\w*|"
    r"unverzüglich|umgehend|drohen|schäm\w*|enttäusch\w*|versäum\w*|rabatt|angebot\w*|aktion|kaufen)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_each_notice_is_as_in_its_golden_file(language: str, kind: Kind) -> None:
    for path, content in golden_files(language, kind).items():
        assert content == path.read_text(encoding="utf-8"), f"{path.name}: see tests/golden/mail/README.md"


def test_no_golden_file_is_left_over() -> None:
    expected = {path.name for language, kind in CASES for path in golden_files(language, kind)}
    assert {path.name for path in GOLDEN.iterdir()} == expected | {"README.md"}


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_no_notice_threatens_shames_or_sells(language: str, kind: Kind) -> None:
    rendered = render(golden_view(language, kind))
    for words in (rendered.subject, rendered.text, rendered.html):
        assert not THREATS_SHAME_AUTHORITY_PROMOTION.search(words.replace(CREDITOR.legal_name_line, ""))


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_each_notice_holds_what_a_debtor_needs(language: str, kind: Kind) -> None:
    wanted = golden_view(language, kind)
    rendered = render(wanted)
    facts = [
        amount(wanted.total_minor, "EUR", language),
        "Muster Maschinen GmbH",
        "DE02 1203 0000 0000 2020 51",
        "BYLADEM1001",
        wanted.payment_reference,
        "Anna Becker",
        "+49 40 123456",
        "forderungen@muster.example",
        "https://pay.muster.example/?for=",
        *(one.number for one in wanted.items),
        *(day(one.due, language) for one in wanted.items),
    ]
    for fact in facts:
        assert fact in rendered.text
        assert fact in rendered.html
    assert rendered.html.count("mailto:reply%2Bae7q2mxk@reply.muster.example?subject=Re%3A%20") == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_paragraphs_keep_to_the_width(language: str) -> None:
    lines = render(golden_view(language, "formal_notice")).text.split("\n")
    assert max(len(line) for line in lines if "https://" not in line) <= TEXT_WIDTH


@pytest.mark.parametrize(
    ("level", "days_overdue", "kind"),
    [
        (0, -5, "before_due"),
        (0, 0, "before_due"),
        (2, 0, "before_due"),
        (0, 1, "reminder"),
        (-1, 1, "reminder"),
        (1, 1, "reminder"),
        (2, 1, "second_reminder"),
        (3, 1, "formal_notice"),
        (9, 1, "formal_notice"),
    ],
)
def test_kind_follows_level_but_never_lies_about_the_due_date(level: int, days_overdue: int, kind: str) -> None:
    assert kind_of(level, days_overdue) == kind


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de",), "de"),
        (("de-AT",), "de"),
        (("DE_ch",), "de"),
        (("pt-BR",), "pt"),
        (("fr", "de"), "fr"),
        (("", "de"), "de"),
        (("sv", "de"), "en"),
        (("sv",), "en"),
        (("",), "en"),
        ((), "en"),
    ],
)
def test_language_falls_back(wanted: tuple[str, ...], language: str) -> None:
    assert language_of(*wanted) == language


def test_a_language_without_templates_is_rendered_in_english() -> None:
    assert render(view(language="sv")).language == "en"


NOT_SENDABLE = [
    ({"total_minor": 118_999}, "total_does_not_add_up"),
    ({"credits_minor": 1}, "total_does_not_add_up"),
    ({"credits_minor": -1, "total_minor": 119_001}, "negative_amount"),
    ({"credits_minor": 119_000, "total_minor": 0}, "nothing_owed"),
    ({"items": (), "total_minor": 0}, "no_items"),
    ({"items": (item(),) * (MAX_ITEMS + 1)}, "too_many_items"),
    ({"items": (item(balance=-1),), "total_minor": -1}, "negative_amount"),
    ({"kind": "threat"}, "unknown_kind"),
    ({"kind": "before_due"}, "kind_does_not_fit_the_due_dates"),
    ({"items": (item(due=date(2026, 3, 7)),)}, "kind_does_not_fit_the_due_dates"),
]


@pytest.mark.parametrize(("change", "code"), NOT_SENDABLE)
def test_a_view_that_must_not_be_sent_cannot_be_made(change: dict[str, object], code: str) -> None:
    with pytest.raises(NoticeError) as raised:
        replace(view(), **change)
    assert raised.value.code == code
    assert str(raised.value) == code


def test_an_invoice_without_a_visible_number_is_refused() -> None:
    for told in (render, check):
        with pytest.raises(NoticeError, match="invoice_without_number"):
            told(view(item("\u202e\n")))


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(MoneyError):
        render(view(currency="XYZ"))


SAID_BEFORE = r"wrote to you|zuletzt|dernière fois|última vez|l’ultima volta|voor het laatst|ostatnio"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_that_we_wrote_before_only_when_we_did(language: str, kind: Kind) -> None:
    due = date(2026, 3, 12) if kind == "before_due" else date(2026, 2, 4)
    never = render(view(item(due=due), kind=kind, language=language))
    assert not re.search(SAID_BEFORE, " ".join(never.text.split()), re.IGNORECASE)
    if kind in ("second_reminder", "formal_notice"):
        again = render(view(kind=kind, language=language, last_notice=date(2026, 2, 10)))
        words = " ".join(again.text.split())
        assert re.search(SAID_BEFORE, words, re.IGNORECASE)
        assert day(date(2026, 2, 10), language) in words


def test_what_is_not_due_yet_may_wait() -> None:
    later = item("R-2", due=date(2026, 4, 1))
    assert "can of course wait" in render(view(item(), later)).text
    assert "can of course wait" not in render(view(item())).text
    assert "can of course wait" not in render(view(later, kind="before_due")).text


@pytest.mark.parametrize(
    ("due", "english", "german"),
    [
        (date(2026, 3, 5), "(2 days overdue)", "(seit 2 Tagen überfällig)"),
        (date(2026, 3, 6), "(1 day overdue)", "(seit 1 Tag überfällig)"),
        (date(2026, 3, 7), "(today)", "(heute)"),
        (date(2026, 3, 8), "(in 1 day)", "(in 1 Tag)"),
        (date(2026, 3, 9), "(in 2 days)", "(in 2 Tagen)"),
    ],
)
def test_age_in_words(due: date, english: str, german: str) -> None:
    kind = kind_of(1, (date(2026, 3, 7) - due).days)
    assert english in render(view(item(due=due), kind=kind)).text
    assert german in render(view(item(due=due), kind=kind, language="de")).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_due_yet_stands_apart_and_is_not_asked_for(language: str) -> None:
    later, overdue = item("R-LATER", due=date(2026, 4, 1), balance=50_000, original=50_000), item("R-NOW")
    shown = view(later, overdue, language=language, pay_by=date(2026, 3, 21))
    rendered, labels = render(shown), labels_of(language)
    asked = amount(119_000, "EUR", language).replace(" ", "\u00a0")
    assert rendered.text.index("R-NOW") < rendered.text.index("R-LATER")
    before, _, after = rendered.html.partition('scope="rowgroup"')
    assert "R-NOW</strong>" in before and "R-LATER</strong>" in after
    assert asked in rendered.text.split("\n\n")[2]
    assert f"{labels['due_now']}{labels['colon']}" in rendered.text
    assert labels["total"] not in rendered.html  # what may wait is no total to pay
    large = [part.split("<")[0] for part in rendered.html.split('grand"')[1].split(">")[1:]]
    assert large[0] == amount(119_000, "EUR", language)
    assert "R-NOW" in rendered.subject and shown.asked_minor == 119_000
    alone = render(view(overdue, language=language))
    assert labels["due_now"] not in alone.text and "rowgroup" not in alone.html


def test_credits_that_outweigh_what_is_overdue_leave_the_whole_to_be_asked_for() -> None:
    later = item("R-2", due=date(2026, 4, 1))
    assert view(item(), later, credits_minor=119_000).asked_minor == 119_000
    assert view(item(), later, credits_minor=100_000).asked_minor == 19_000


def test_a_payment_link_carries_reference_and_amount_and_shows_its_host() -> None:
    creditor = replace(CREDITOR, payment_link="https://pay.muster.example/{reference}?sum={amount}")
    rendered = render(view(item("R/1 & 2"), creditor=creditor))
    link = "https://pay.muster.example/R%2F1%20%26%202?sum=1190.00"
    assert f"Pay online:        {link}\n" in rendered.text
    assert f'href="{link}"' in rendered.html and ">pay.muster.example</td>" in rendered.html
    without = render(view(creditor=replace(CREDITOR, payment_link="")))
    assert "https:" not in without.text + without.html and "Pay online" not in without.text


def test_a_notice_shows_a_payment_code_when_there_is_one() -> None:
    rendered = render(view())
    assert [picture.name for picture in rendered.pictures] == ["payment-code"]
    assert rendered.html.count("<img ") == 1
    none = render(view(creditor=replace(CREDITOR, iban="")))
    assert none.pictures == () and "<img" not in none.html


def test_instalments_of_one_invoice_are_one_invoice() -> None:
    two = (
        item(instalment=1, instalments=2, balance=1),
        item(instalment=2, instalments=2, balance=2, due=date(2026, 3, 1)),
    )
    rendered = render(view(*two))
    assert rendered.subject == "Reminder: invoice R-2026-0117 was due on 4 February 2026"
    assert "2 of 2" in rendered.text
    assert "Instalment 2 of 2" in rendered.html


@pytest.mark.parametrize(
    ("change", "english", "german"),
    [
        ({"returned": "direct_debit"}, "our direct debit was returned", "unsere Lastschrift wurde zurückgegeben"),
        ({"returned": "card"}, "the card payment was returned", "die Kartenzahlung wurde zurückgegeben"),
        ({"replaces": "R-2026-0099"}, "replaces invoice R-2026-0099", "ersetzt Rechnung R-2026-0099"),
    ],
)
def test_what_the_debtor_may_not_know_of_an_invoice_is_said(change: dict[str, str], english: str, german: str) -> None:
    for language, words in (("en", english), ("de", german)):
        rendered = render(view(replace(item(), **change), language=language))
        assert words in rendered.text
        assert words in rendered.html
        assert words not in render(view(item(), language=language)).text


def test_an_instalment_partly_paid_is_not_said_to_be_the_whole_invoice() -> None:
    text = render(view(item(balance=1, instalment=1, instalments=2))).text
    assert "  Full amount:       EUR 1,190.00" in text
    assert "Invoice amount" not in text


def test_a_long_subject_is_cut_and_the_number_stands_whole_in_the_mail() -> None:
    number = "R" * 200
    rendered = render(view(item(number)))
    assert len(rendered.subject) <= MAX_SUBJECT_CHARACTERS
    assert rendered.subject.endswith("…")
    assert number in rendered.text


def test_what_a_creditor_does_not_have_is_not_mentioned() -> None:
    bare = replace(CREDITOR, phone="", contact_name="", bic="", legal_name_line="")
    rendered = render(view(creditor=bare))
    assert "BIC" not in rendered.text + rendered.html
    assert "Phone" not in rendered.text + rendered.html
    assert "The accounts team of Muster Maschinen GmbH is happy to help: just reply to this mail." in " ".join(
        rendered.text.split()
    )


HOSTILE = [
    "{{7*7}}",
    "{% include 'en/common.j2' %}",
    "{0.__class__}",
    "${7*7}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></tr></table><h1>Paid</h1>",
    "Fog\r\nBcc: all@victim.example",
    "Fog\n  Total to pay:      EUR 0.01",
    "Fog\u2028  Invoice:           R-9",
    "Fog \u202egnp.exe\u202c & Co",
    "\u2067Fog\u2069",
    "F\u200bo\u200eg\ufeff",
    "Fog\x00\x1b[31m",
    "Fog &amp; Co",
    "\ud800Fog",
    "=?utf-8?q?Bcc=3A?= x",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_text_and_nothing_else(name: str, language: str) -> None:
    plain = render(view(item("R-1"), language=language, customer_name="Fog", contact_name="Fog"))
    rendered = render(view(item(f"R-1 {name}"), language=language, customer_name=name, contact_name=name))
    clean = one_line(name)
    assert clean in rendered.text
    assert "49" not in rendered.subject.replace("+49", "")
    assert "\n" not in rendered.subject
    assert "\r" not in rendered.text + rendered.html
    assert not re.search(
        "[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff\u2028\x00\x1b]", rendered.text + rendered.html
    )
    assert re.findall(r"</?[a-z0-9]+", rendered.html) == re.findall(r"</?[a-z0-9]+", plain.html)
    # no name adds a labelled line to the text
    assert len(re.findall(r"^  \S[^:\n]*: {2,}", rendered.text, re.M)) == len(
        re.findall(r"^  \S[^:\n]*: {2,}", plain.text, re.M)
    )


def test_letters_of_every_script_stay() -> None:
    for name in (
        "Müller & Söhne",
        "Žluťoučký kůň",
        "山田商店",
        "مؤسسة النور",
        "Ёлка",
        "می\u200cخواهم",
        "👩\u200d🌾 Farm",
    ):
        assert one_line(name) == name
        assert name in render(view(customer_name=name)).text


def test_a_name_that_is_all_invisible_gives_way_to_the_customer_number() -> None:
    assert re.search(r"^  Customer: +C-1017$", render(view(customer_name="\u202e \n")).text, re.M)


def test_templates_are_strict() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ no_such_value }}").render()


def test_templates_hold_no_logic_beyond_if_and_for() -> None:
    arithmetic = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Mod, nodes.Pow)
    refused = (
        *arithmetic,
        nodes.CallBlock,
        nodes.FilterBlock,
        nodes.With,
        nodes.Include,
        nodes.Extends,
        nodes.ExprStmt,
    )
    filters = {"wrapped", "bullet", "quoted", "trim", "format"}
    called = {"row", "pair", "charge", "age", "remark", "the"}
    paths = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.j2")]
    assert len(paths) == 3 + len(LANGUAGES) * (7 + len(KINDS)) + len(["it/grammar.j2"])
    for path in paths:
        tree = environment().parse((TEMPLATES / path).read_text(encoding="utf-8"))
        assert not list(tree.find_all(refused)), path
        assert {found.name for found in tree.find_all(nodes.Filter)} <= filters, path
        names = {
            getattr(found.node, "name", None) or getattr(found.node, "attr", None)
            for found in tree.find_all(nodes.Call)
        }
        assert names <= called, path


def test_only_html_is_escaped() -> None:
    escaping = environment().autoescape
    assert callable(escaping)
    assert escaping("layout.html.j2")
    assert escaping(None)
    assert not escaping("layout.txt.j2")
    assert not escaping("en/reminder.j2")


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_of_the_text_are_all_different_and_fit_their_column(language: str) -> None:
    labels, within = row_labels_of(language), labels_of(language)
    assert len(set(labels.values())) == len(labels)
    columns = len(within["column"] % "")
    assert max(len(text + within["colon"]) for text in labels.values()) <= columns < TEXT_WIDTH // 3


@pytest.mark.parametrize(
    ("minor", "currency", "english", "german"),
    [
        (0, "EUR", "EUR 0.00", "0,00 EUR"),
        (5, "EUR", "EUR 0.05", "0,05 EUR"),
        (123_456, "EUR", "EUR 1,234.56", "1.234,56 EUR"),
        (100_000_000_000, "EUR", "EUR 1,000,000,000.00", "1.000.000.000,00 EUR"),
        (-123_456, "EUR", "EUR -1,234.56", "-1.234,56 EUR"),
        (-5, "GBP", "GBP -0.05", "-0,05 GBP"),
        (1_234_567, "JPY", "JPY 1,234,567", "1.234.567 JPY"),
        (1_234_567, "KWD", "KWD 1,234.567", "1.234,567 KWD"),
    ],
)
def test_amounts_in_local_form_and_back(minor: int, currency: str, english: str, german: str) -> None:
    assert amount(minor, currency, "en") == english
    assert amount(minor, currency, "de") == german
    assert read_amount(english, "en") == (minor, currency)
    assert read_amount(german, "de") == (minor, currency)


LOCAL_AMOUNTS = {
    "fr": ["5,00\u00a0EUR", "1\u202f234,50\u00a0EUR", "-12\u202f345\u202f678,90\u00a0EUR"],
    "es": ["5,00\u00a0EUR", "1234,50\u00a0EUR", "-12.345.678,90\u00a0EUR"],
    "it": ["5,00\u00a0EUR", "1234,50\u00a0EUR", "-12.345.678,90\u00a0EUR"],
    "nl": ["EUR\u00a05,00", "EUR\u00a01.234,50", "EUR\u00a0-12.345.678,90"],
    "pt": ["5,00\u00a0EUR", "1234,50\u00a0EUR", "-12\u00a0345\u00a0678,90\u00a0EUR"],
    "pl": ["5,00\u00a0EUR", "1234,50\u00a0EUR", "-12\u00a0345\u00a0678,90\u00a0EUR"],
}


@pytest.mark.parametrize("language", LOCAL_AMOUNTS)
def test_amounts_of_the_other_languages(language: str) -> None:
    minor = [500, 123_450, -1_234_567_890]
    assert [amount(one, "EUR", language) for one in minor] == LOCAL_AMOUNTS[language]
    for one, text in zip(minor, LOCAL_AMOUNTS[language], strict=True):
        assert read_amount(text, language) == (one, "EUR")
        # a mail program may have put ordinary spaces in the place of the others
        assert read_amount(text.replace("\u00a0", " ").replace("\u202f", " "), language) == (one, "EUR")


LOCAL_DAYS = {
    "fr": ("1er février 2026", "3 août 2026", "03/08/2026"),
    "es": ("1 de febrero de 2026", "3 de agosto de 2026", "03/08/2026"),
    "it": ("1 febbraio 2026", "3 agosto 2026", "03/08/2026"),
    "nl": ("1 februari 2026", "3 augustus 2026", "03-08-2026"),
    "pt": ("1 de fevereiro de 2026", "3 de agosto de 2026", "03/08/2026"),
    "pl": ("1 lutego 2026", "3 sierpnia 2026", "03.08.2026"),
}


@pytest.mark.parametrize("language", LOCAL_DAYS)
def test_days_of_the_other_languages(language: str) -> None:
    first, third = date(2026, 2, 1), date(2026, 8, 3)
    assert (day(first, language), day(third, language), short_day(third, language)) == LOCAL_DAYS[language]
    for wrong in ("3 Smarch 2026", LOCAL_DAYS[language][0].replace("1", "01", 1), f"0{LOCAL_DAYS[language][1]}"):
        with pytest.raises(ValueError, match="not a date"):
            read_day(wrong, language)


def test_polish_has_three_plural_forms() -> None:
    few = {2, 3, 4, 22, 23, 24, 32, 102, 104, 122}
    many = {5, 6, 11, 12, 13, 14, 15, 21, 25, 31, 100, 101, 111, 112, 114, 400}
    assert {plural(count, "pl") for count in few} == {"few"}
    assert {plural(count, "pl") for count in many} == {"many"}
    assert plural(1, "pl") == "one"
    assert [plural(count, "fr") for count in (1, 2, 5)] == ["one", "other", "other"]


@pytest.mark.parametrize(
    ("count", "subject"),
    [
        (1, "Przypomnienie: termin płatności faktury R-0 minął 4 lutego 2026"),
        (3, "Przypomnienie: 3 faktury czekają na zapłatę"),
        (5, "Przypomnienie: 5 faktur czeka na zapłatę"),
        (12, "Przypomnienie: 12 faktur czeka na zapłatę"),
        (22, "Przypomnienie: 22 faktury czekają na zapłatę"),
    ],
)
def test_a_polish_subject_counts_in_its_plural_form(count: int, subject: str) -> None:
    items = [item(f"R-{number}") for number in range(count)]
    assert render(view(*items, language="pl")).subject == subject


def test_an_italian_article_is_cut_before_eight_and_eleven() -> None:
    for number, words in (
        (8, "l’8 marzo"),
        (9, "il 9 marzo"),
        (11, "l’11 marzo"),
        (18, "il 18 marzo"),
        (1, "il 1 marzo"),
    ):
        rendered = render(view(item(), language="it", pay_by=date(2026, 3, number)))
        assert f"entro {words} 2026" in " ".join(rendered.text.split())


def test_french_marks_stand_after_a_space_that_does_not_break() -> None:
    for kind in KINDS:
        rendered = render(golden_view("fr", kind))
        assert not re.search(r" [:;?!]", rendered.text)
        assert re.search("[\u00a0\u202f][:;?!]", rendered.text)


def test_no_line_breaks_within_an_amount() -> None:
    for language in LANGUAGES:
        for kind in ("reminder", "second_reminder", "formal_notice"):
            shown = golden_view(language, kind)
            assert (
                amount(shown.asked_minor, "EUR", language).replace(" ", "\u00a0") in render(shown).text.split("\n\n")[2]
            )


def test_a_rate_in_the_languages_decimals() -> None:
    assert (percent("11.27", "en"), percent("11.27", "pl"), percent("5", "fr")) == ("11.27", "11,27", "5")


@pytest.mark.parametrize(
    "text",
    ["", "EUR", "1.00 EUR", "EUR 1.0", "EUR 1,00.00", "EUR 1000.00", "EUR -0.00", "EUR ٣.00", "EUR 1e3", "eur 1.00"],
)
def test_what_is_not_an_english_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        read_amount(text, "en")


def test_days_in_local_form_and_back() -> None:
    assert day(date(2026, 2, 3), "en") == "3 February 2026"
    assert day(date(2026, 2, 3), "de") == "03.02.2026"
    for text, language in (("3 Smarch 2026", "en"), ("3.2.2026", "de"), ("31 February 2026", "en")):
        with pytest.raises(ValueError, match=r"not a date|day is out of range"):
            read_day(text, language)


def test_an_iban_is_grouped_by_four() -> None:
    assert grouped("DE02120300000000202051") == "DE02 1203 0000 0000 2020 51"
    assert grouped("DE02 1203 0000 0000 2020 51") == "DE02 1203 0000 0000 2020 51"
    assert grouped("") == ""
