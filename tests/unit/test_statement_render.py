"""A statement of account as HTML, PDF, CSV and JSON."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from duly.domain import events as ev
from duly.domain.money import parse_minor
from duly.domain.statement_of_account import statement
from duly.formats.statement_table import statement_csv, statement_data
from duly.mail import typeset
from duly.mail.notice import LANGUAGES
from duly.mail.statement import StatementView, render_html, render_pdf, render_pictures, words_of
from duly.mail.typeset import PdfTooLarge
from tests.core_samples import MONDAY, account, invoice
from tests.statement_sample import AS_OF, CREDITOR, CUSTOMER, sample_view


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def pdf_pages(view: StatementView) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(render_pdf(view))).pages]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("de", ["Kontoauszug", "13.958,30", "Skonto", "zugesagt für den 09.04.2026", "reklamiert", "01.02.2026 bis"]),
        ("en", ["Statement of account", "13,958.30", "Cash discount", "promised for 9 Apr 2026", "1 Feb 2026 to"]),
    ],
)
def test_both_layouts_say_the_same_in_the_language(language: str, texts: list[str]) -> None:
    view = sample_view(language)
    page = " ".join(Page(render_html(view)).texts)
    letter = " ".join(pdf_pages(view))
    for text in [*texts, CUSTOMER, CREDITOR.name, "RE-2026-1016", "GS-77", "DE02 1203 0000 0000 2020 51"]:
        assert text in page, text
        assert text in letter, text
    assert "kind_" not in page and "mark_" not in letter


def test_a_letter_has_its_pages_numbered_and_its_table_headed_on_each() -> None:
    events: list[ev.Event] = [invoice(f"R-{number:03d}", 1_000 + number) for number in range(120)]
    found = account(*events)
    told = statement(found, [], AS_OF, movements=False)
    pages = pdf_pages(StatementView("de", CREDITOR, CUSTOMER, "DE", told, has_movements=False))
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert f"Seite {number} von {len(pages)}" in page
    assert all("Rechnungsdatum" in page for page in pages[:-1])
    assert "Offene Posten" in pages[0] and "Bewegungen" not in " ".join(pages)


def test_the_same_statement_is_the_same_bytes_and_accessible() -> None:
    view = sample_view("de")
    data = render_pdf(view)
    assert data == render_pdf(view)
    reader = PdfReader(io.BytesIO(data))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert reader.metadata is not None and reader.metadata.title == "Kontoauszug C-1, 31.03.2026"
    assert all(picture.startswith(b"\x89PNG") for picture in render_pictures(view, 40))


@pytest.mark.parametrize("name", ["<script>x</script>", "{{ 7*7 }}", '#import "x" $x$ *b* \\ [', "a\u202eb\nc"])
def test_names_are_text_and_nothing_else(name: str) -> None:
    view = sample_view("en", customer=name)
    page = Page(render_html(view))
    shown = " ".join(name.replace("\u202e", " ").split())
    assert shown in " ".join(page.texts) and "script" not in page.tags
    assert shown.replace(" ", "") in pdf_pages(view)[0].replace(" ", "").replace("\n", "")


def test_a_page_is_one_file_without_script() -> None:
    html = render_html(sample_view("de"))
    assert {"script", "link", "img"}.isdisjoint(Page(html).tags)
    assert "url(" not in html and "http" not in html.replace("http-equiv", "")


def test_an_account_without_anything_says_so() -> None:
    view = replace(sample_view("en"), statement=statement(account(), [], MONDAY))
    assert "Nothing is open" in " ".join(Page(render_html(view)).texts)
    assert "Nothing is open" in pdf_pages(view)[0] and "How to pay" not in pdf_pages(view)[0]


def test_a_pdf_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "MAX_PDF_BYTES", 1_000)
    with pytest.raises(PdfTooLarge):
        render_pdf(sample_view("en"))


def test_every_language_has_the_same_words_and_one_for_each_kind_and_mark() -> None:
    names = {language: set(words_of(language)) for language in LANGUAGES}
    assert all(found == names["en"] for found in names.values())
    assert all(text for language in LANGUAGES for text in words_of(language).values())
    assert {f"mark_{mark}" for mark in ("disputed", "promised", "direct_debit", "card")} <= names["en"]


def test_typst_is_imported_only_when_a_pdf_is_made() -> None:
    code = "import sys, duly.mail.statement, duly.flows.notices; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_csv_and_json_carry_every_amount_in_machine_form() -> None:
    told = sample_view("de").statement
    rows = list(csv.DictReader(io.StringIO(statement_csv(told).decode())))
    by_part = {part: [row for row in rows if row["part"] == part] for part in {row["part"] for row in rows}}
    assert set(by_part) == {"opening", "movement", "closing", "open", "unapplied"}
    balance = parse_minor(by_part["opening"][0]["balance"], "EUR")
    for row in by_part["movement"]:
        balance += parse_minor(row["debit"] or "0", "EUR") - parse_minor(row["credit"] or "0", "EUR")
        assert balance == parse_minor(row["balance"], "EUR")
    assert balance == sum(parse_minor(row["open"], "EUR") for row in (*by_part["open"], *by_part["unapplied"]))
    data = statement_data(told)["currencies"]["EUR"]
    assert data["closing"] == by_part["closing"][0]["balance"]
    assert len(data["movements"]) == len(by_part["movement"]) and len(data["items"]) == len(by_part["open"])
