"""Notices in a real browser: nothing sticks out, on phones either, and the dark display is dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from duly.mail.notice import Kind
from duly.mail.render import render
from local.pictures import Tab, browser
from tests.mail_views import CASES, CREDITOR, GOLDEN, item, view

WIDTHS = (320, 375, 640)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as opened:
        yield opened


def assert_fits(tab: Tab, page: Path, picture: Path, width: int) -> None:
    tab.take(page, picture, width=width)
    assert picture.read_bytes().startswith(PNG)
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("language", "kind"), CASES)
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
    assert tab.evaluate("document.images.length + document.scripts.length") == 0
