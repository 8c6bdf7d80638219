"""A notice as a letter: what it says, in which language, and that the post can read where it goes."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from duly.mail import typeset
from duly.mail.letter import LetterView, letter_values, render_letter
from duly.mail.local_forms import spaced
from duly.mail.notice import KINDS, LANGUAGES
from duly.mail.postal import MAX_LINES, can_be_posted, recipient_lines
from duly.mail.render import environment
from duly.mail.typeset import PdfTooLarge
from tests.letter_sample import STREET, TOWN, letter
from tests.mail_views import golden_view, item, view

MM = 72 / 25.4


def pages(found: LetterView) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(render_letter(found))).pages]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_says_what_the_mail_says_in_each_language(language: str) -> None:
    for kind in KINDS:
        found = letter(language, kind)
        values = letter_values(found)
        text = " ".join(pages(found))
        for told in (values["title"], values["total"], "DE02 1203 0000 0000 2020 51", "Fog & Söhne KG", STREET, TOWN):
            assert spaced(told) in text, (kind, told)
        assert all(spaced(one["balance"]) in text and one["number"] in text for one in values["items"])
        assert values["words"]["page"] in text and "{" not in text


def test_every_language_has_the_same_words_for_letters() -> None:
    names = {
        language: set(
            vars(
                environment()
                .get_template(f"{language}/letter.j2")
                .make_module({"creditor": {"phone": "", "email": ""}})
            )
        )
        for language in LANGUAGES
    }
    assert all(found == names["en"] for found in names.values())


def test_the_address_stands_in_the_window_of_an_envelope() -> None:
    """DIN 5008 form B: from 20 to 105 mm from the left, from 62.7 to 90 mm from the top edge."""
    places: dict[str, tuple[float, float]] = {}

    def note(text: str, cm: list[float], tm: list[float], _font: Any, _size: Any) -> None:
        left, up = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        places.setdefault(text.strip(), (left / MM, 297 - up / MM))

    long_name = replace(golden_view("de", "formal_notice"), customer_name="W" * 100)
    lines = ("Haus der Wirtschaft", "Aufgang C, 4. Stock", STREET, TOWN)
    found = replace(letter(notice=long_name), address=lines, country="AT", is_registered=True)
    page = PdfReader(io.BytesIO(render_letter(found))).pages[0]
    page.extract_text(visitor_text=note)
    wanted = [line for line in letter_values(found)["recipient"] if "W" not in line]
    for line in wanted:
        left, down = next(place for text, place in places.items() if text.startswith(line))
        assert 20 < left < 105 and 62.7 < down < 90, (line, left, down)
    assert wanted[-1] == "AUSTRIA"
    assert next(down for text, (_, down) in places.items() if text == "EINSCHREIBEN") < 62.7


def test_the_recipient_fits_and_the_country_is_named_only_abroad() -> None:
    assert recipient_lines("Fog", "Ann", [STREET, TOWN], "de", "DE") == ["Fog", "Ann", STREET, TOWN]
    assert recipient_lines("Fog", "", [STREET, TOWN], "PL", "DE")[-1] == "POLAND"
    assert recipient_lines("Fog", "", [STREET, TOWN], "QQ", "DE")[-1] == "QQ"
    many = recipient_lines("Fog", "Ann", ["a", "b", "c", STREET, "d", TOWN], "FR", "DE")
    assert len(many) == MAX_LINES and many[-2:] == [TOWN, "FRANCE"] and "Ann" not in many
    assert can_be_posted([STREET, TOWN]) and not can_be_posted([TOWN, " "])


def test_a_long_table_repeats_its_header_and_counts_pages() -> None:
    items = tuple(item(f"R-{number:04d}", balance=100 + number) for number in range(120))
    found = pages(letter(notice=view(*items, kind="formal_notice", language="en", pay_by=date(2026, 3, 21))))
    assert len(found) > 2
    assert all(f"Page {count} of {len(found)}" in page for count, page in enumerate(found, 1))
    assert all("Open amount" in page for page in found[:2])
    assert all(f"R-{number:04d}" in " ".join(found) for number in range(120))


def test_values_are_never_read_as_markup_and_the_same_letter_has_the_same_bytes() -> None:
    odd = "#panic() *Fog* $x$ \\ <b> & Söhne"
    found = letter(notice=replace(golden_view("de", "formal_notice"), customer_name=odd))
    assert odd in pages(found)[0]
    assert render_letter(found) == render_letter(found)


def test_a_number_that_breaks_at_a_hyphen_keeps_a_single_one() -> None:
    """Polish repeats a hyphen at the start of the next line; in an invoice number that would be a wrong number."""
    number = "RECHNUNG-2026-000117-OST"
    found = letter(notice=view(item(number), kind="formal_notice", language="pl", pay_by=date(2026, 3, 21)))
    text = "".join("".join(pages(found)).split())
    assert "--" not in text and text.count(number) == 4  # title, table, reference, address to pay at


def test_a_letter_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "MAX_PDF_BYTES", 1_000)
    with pytest.raises(PdfTooLarge):
        render_letter(letter())


def test_a_payment_code_stands_beside_how_to_pay() -> None:
    def has_picture(found: LetterView) -> bool:
        return b"/Subtype /Image" in render_letter(found) or b"/Subtype/Image" in render_letter(found)

    assert has_picture(letter()) and letter_values(letter())["words"]["scan_alt"]
    nothing = golden_view("de", "formal_notice")
    assert not has_picture(letter(notice=replace(nothing, creditor=replace(nothing.creditor, iban="DE00"))))
