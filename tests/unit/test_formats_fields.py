"""Checks of single values: identifiers that could pass for others, dates, mail addresses, texts for spreadsheets."""

from __future__ import annotations

from datetime import date

import pytest

from duly.formats.export import csv_safe
from duly.formats.fields import (
    COUNTRIES,
    Row,
    compact_account,
    is_email,
    is_timezone,
    many_lines,
    one_line,
    parse_date,
    suspicion,
    vat_id_key,
)


@pytest.mark.parametrize(
    "identifier",
    ["R-2026/001", "INV 1", "", "Größe-7", "\u0421\u0427-15", "\u0399\u039d\u03a7-1", "\u8acb\u6c42-7", "n\u00ba 5"],
)
def test_identifiers_of_one_script_are_accepted(identifier: str) -> None:
    assert suspicion(identifier) == ""


@pytest.mark.parametrize(
    ("identifier", "what"),
    [
        ("\u0399NV-1", "several scripts (greek, latin)"),
        ("IN\u0412-1", "several scripts (cyrillic, latin)"),
        ("INV\u200b-1", "invisible"),
        ("INV\u202e1", "invisible"),
        ("\ufeffINV-1", "invisible"),
        ("INV\x07", "invisible"),
        ("INV\u00a01", "unusual space"),
        ("INV-\u0661", "digit of another script"),
        ("\uff29NV-1", "styled"),
        ("\U0001d408NV", "styled"),
    ],
)
def test_identifiers_that_could_pass_for_others_are_flagged(identifier: str, what: str) -> None:
    assert what in suspicion(identifier)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-02-28", date(2026, 2, 28)),
        ("2028-02-29", date(2028, 2, 29)),
        ("1990-01-01", date(1990, 1, 1)),
        ("2100-12-31", date(2100, 12, 31)),
        ("2026-02-29", "date_invalid"),
        ("2026-13-01", "date_invalid"),
        ("0001-01-01", "date_range"),
        ("1989-12-31", "date_range"),
        ("2101-01-01", "date_range"),
        ("9999-12-31", "date_range"),
        ("0000-01-01", "date_invalid"),
        ("31/02/2026", "date_format"),
        ("03/04/2026", "date_format"),
        ("3.4.2026", "date_format"),
        ("20260403", "date_format"),
        ("2026-W01-1", "date_format"),
        ("2026-04-03T00:00", "date_format"),
        ("\u0662026-04-03", "date_format"),
    ],
)
def test_only_iso_dates_of_believable_years_are_read(text: str, found: date | str) -> None:
    assert parse_date(text) == found


@pytest.mark.parametrize(
    "address", ["a@b.example", "first.last+tag@sub.b.example", "o'neil@b.example", "ä@bücher.example"]
)
def test_mail_addresses(address: str) -> None:
    assert is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "a@b",
        "a b@c.example",
        "a@b.example;c@d.example",
        "A <a@b.example>",
        "a@b.example\r\nBcc: c",
        "a\u200b@b.example",
    ]
    + ["x" * 250 + "@b.example", "a@b..", "@b.example", "a@@b.example"],
)
def test_what_is_not_one_mail_address(address: str) -> None:
    assert not is_email(address)


def test_texts_are_cleaned_but_not_changed() -> None:
    assert one_line("  Fog \t &\nSons\x00 ") == "Fog & Sons"
    assert many_lines(" a\n b \x07\n") == "a\n b"
    assert many_lines("\t=1+1") == "\t=1+1"
    assert one_line("e\u0301") == "\u00e9"
    assert compact_account(" de02 1203\u00a00000 ") == "DE0212030000"
    assert vat_id_key("NL8200.98.395.B.01") == vat_id_key("nl 820098395b01") == "NL820098395B01"


def test_countries_and_time_zones() -> None:
    assert {"DE", "GB", "XK", "ZW"} <= COUNTRIES
    assert not {"UK", "EU", "XX"} & COUNTRIES
    assert is_timezone("Europe/Berlin")
    assert not any(is_timezone(name) for name in ("Mars/Base", "Europe", "../etc/passwd", "", "europe berlin"))


def test_a_row_with_several_problems_gives_one_reject_with_all_reasons() -> None:
    row = Row(7, {"number": "", "issued": "31/02/2026", "amount": "12.00", "currency": "EUR"})
    row.identifier("number", required=True)
    row.day("issued", required=True)
    row.money("amount", "currency")
    reject = row.reject()
    assert reject is not None
    assert (reject.line, reject.field, reject.code) == (7, "number", "number_missing")
    assert "issued: expected a date" in reject.reason
    assert (reject.amount_minor, reject.currency) == (1200, "EUR")


def test_an_unreadable_amount_is_not_kept() -> None:
    row = Row(1, {"amount": "12,00", "currency": "EUR"})
    row.money("amount", "currency")
    reject = row.reject()
    assert reject is not None
    assert (reject.code, reject.amount_minor, reject.currency) == ("amount_format", None, None)


@pytest.mark.parametrize("text", ["=1+1", "+1 x", "-x", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "-1+1", "+12"])
def test_formulas_are_made_text_for_spreadsheets(text: str) -> None:
    assert csv_safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "abc", "-12.30", "12", "a=b", "R-1", "Fog & Sons"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert csv_safe(text) == text
