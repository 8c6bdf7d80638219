"""Notices in a real browser: nothing sticks out, on phones either, and the dark display is dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from duly.domain.money import exponent
from duly.mail.local_forms import amount, day, plural, short_day
from duly.mail.notice import LANGUAGES, Kind
from duly.mail.render import render
from local.pictures import Tab, browser
from tests.mail_views import CASES, CREDITOR, GOLDEN, item, view

WIDTHS = (320, 375, 640)
FITTED = [
    (language, kind, width)
    for language, kind in CASES
    for width in WIDTHS
    if language in ("en", "de") or (kind == "formal_notice" and width == min(WIDTHS))
]
"""Of the other languages the notice that shows most of what one can hold, where it is narrowest."""
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as opened:
        yield opened


def assert_fits(tab: Tab, page: Path, picture: Path, width: int) -> None:
    tab.take(page, picture, width=width)
    assert picture.read_bytes().startswith(PNG)
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("language", "kind", "width"), FITTED)
def test_each_notice_fits(tab: Tab, tmp_path: Path, language: str, kind: Kind, width: int) -> None:
    assert_fits(tab, GOLDEN / f"{language}-{kind}.html", tmp_path / "page.png", width)


@pytest.mark.parametrize("width", WIDTHS)
def test_long_words_and_large_amounts_fit(tab: Tab, tmp_path: Path, width: int) -> None:
    long = view(
        item(
            "RECHNUNG/2026/ABTEILUNG-NORD/0000000117-KORREKTUR",
            balance=12_345_678_901,
            original=22_345_678_901,
            fee=500,
        ),
        item("R" * 80),
        kind="second_reminder",
        language="de",
        customer_name="Donaudampfschifffahrtsgesellschaft" * 3,
        creditor=replace(CREDITOR, name="Maschinenbauunternehmensgruppe" * 3),
        pay_by=date(2026, 3, 21),
    )
    page = tmp_path / "page.html"
    page.write_text(render(long).html, encoding="utf-8")
    assert_fits(tab, page, tmp_path / "page.png", width)


@pytest.mark.parametrize(("dark", "ground"), [(False, "rgb(255, 255, 255)"), (True, "rgb(30, 36, 42)")])
def test_the_dark_display(tab: Tab, tmp_path: Path, dark: bool, ground: str) -> None:
    tab.take(GOLDEN / "en-reminder.html", tmp_path / "page.png", dark=dark)
    assert tab.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == ground


def test_a_hostile_name_runs_nothing(tab: Tab, tmp_path: Path) -> None:
    script = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    page = tmp_path / "page.html"
    page.write_text(
        render(view(item(f"R-1 {script}"), customer_name=script, contact_name=script)).html, encoding="utf-8"
    )
    tab.take(page, tmp_path / "page.png")
    assert tab.evaluate("document.title") != "run"
    pictures = tab.evaluate("JSON.stringify([...document.images].map(one => one.getAttribute('src')))")
    assert json.loads(pictures) == ["cid:payment-code"], "the picture of the mail itself, and no other"
    assert tab.evaluate("document.scripts.length") == 0


LOCALES = {"en": "en-GB", "pt": "pt-PT"}
MINOR = (0, 5, 99_999, 100_000, 123_456, 999_999, 1_000_000, 123_456_789_012, -5, -123_456, -12_345_678)
COUNTS = (1, 2, 4, 5, 11, 12, 14, 21, 22, 24, 25, 101, 112, 122, 400)


def intl(tab: Tab, language: str, expression: str) -> list[str]:
    """What the browser's Unicode CLDR says: a list of texts, `locale` being the language's."""
    locale = LOCALES.get(language, language)
    found: str = tab.evaluate(f"(locale => JSON.stringify({expression}))('{locale}')")
    return [str(text) for text in json.loads(found)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_and_days_are_those_of_unicode_cldr(tab: Tab, language: str) -> None:
    for currency in ("EUR", "JPY"):
        units = 10 ** exponent(currency)
        form = f"new Intl.NumberFormat(locale,{{style:'currency',currency:'{currency}',currencyDisplay:'code'}})"
        theirs = intl(tab, language, f"{list(MINOR)}.map(minor => {form}.format(minor / {units}))")
        if language == "en":  # theirs has the sign before the currency
            theirs = [f"{text[1:5]}-{text[5:]}" if text.startswith("-") else text for text in theirs]
        if language in ("en", "de"):
            theirs = [text.replace("\u00a0", " ") for text in theirs]
        assert [amount(minor, currency, language) for minor in MINOR] == theirs
    days = [date(2026, month, number) for month in range(1, 13) for number in (1, 2, 31) if number < 29 or month == 12]
    shown = f"{[one.isoformat() for one in days]}.map(text => form.format(new Date(text)))"
    if language != "de":
        form = "new Intl.DateTimeFormat(locale,{dateStyle:'long',timeZone:'UTC'})"
        theirs = intl(tab, language, f"(form => {shown})({form})")
        ours = [day(one, language).replace("1er ", "1 ") for one in days]
        assert ours == theirs
    if language != "en":
        form = "new Intl.DateTimeFormat(locale,{day:'2-digit',month:'2-digit',year:'numeric',timeZone:'UTC'})"
        assert [short_day(one, language) for one in days] == intl(tab, language, f"(form => {shown})({form})")


def test_plural_forms_are_those_of_unicode_cldr(tab: Tab) -> None:
    for language in LANGUAGES:
        theirs = intl(tab, language, f"{list(COUNTS)}.map(count => new Intl.PluralRules(locale).select(count))")
        assert [plural(count, language) for count in COUNTS] == theirs
