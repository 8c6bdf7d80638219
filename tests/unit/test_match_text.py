"""Candidates for numbers in a payment's text: what is found, and what is none."""

from __future__ import annotations

import pytest

from duly.domain.match_evidence import is_one_slip, is_strong_number
from duly.domain.match_text import MAX_TOKENS, groups_of, read_text


def values(text: str) -> set[str]:
    return {token.value for token in read_text(text).tokens}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Rechnung RE-2026-00123 vom 5.1.2026", {"RE202600123", "202600123"}),
        ("RE 2026 00123", {"RE202600123", "202600123"}),
        ("RE-2026-00\n123", {"RE202600123"}),
        ("INV 013813 A", {"INV013813A"}),
        ("R-101/102/103", {"R101", "R102", "R103"}),
        ("R-101, 102 u. 105", {"R101", "R102", "R105"}),
        ("R-101 u. 102/103", {"R101", "R102", "R103"}),
        ("RE-2026-00123 / RE-2026-00125", {"RE202600123", "RE202600125"}),
        ("26/014052, 26/014043", {"26014052", "26014043"}),
        ("R-101 bis R-104", {"R101", "R102", "R103", "R104"}),
        ("R-101 - 103", {"R101", "R102", "R103"}),
        ("F26/004122 T/M F26/004124", {"F26004122", "F26004123", "F26004124"}),
        ("SVWZ+RG RE-2026-0" + "\n" + "0123", {"RE202600123"}),
        ("FAKTURA VAT NR FVD-0000/02/2017", {"FVD0000022017"}),
    ],
)
def test_numbers_are_found(text: str, wanted: set[str]) -> None:
    assert wanted <= values(text)


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("26/014052, 26/014043", {"26014026"}),
        ("2026-09101, 2026-09114", {"202609102"}),
        ("F26/004122 T/M F26/004124", {"F26004125"}),
        ("vom 12.01.2026", {"12012026", "2026"}),
        ("am 2026-01-12", {"20260112"}),
        ("1.190,00 EUR", {"119000", "1190"}),
        ("EUR 1190.00", {"119000"}),
        ("119.00", {"11900"}),
        ("Tel. 0211/471100", {"0211471100", "471100"}),
        ("+49 211 471100", {"471100"}),
        ("DE89 3704 0044 0532 0130 00", {"3704", "0532"}),
        ("Kd-Nr. 47110", {"47110"}),
        ("Kunde 47110", {"47110"}),
        ("MREF+MD47110", {"MD47110"}),
        ("USt-Id DE123456789", {"123456789"}),
        ("RE-2026-1878 2. Mahnung", {"RE202618782"}),
    ],
)
def test_what_is_no_number(text: str, no: set[str]) -> None:
    assert not no & values(text)


def test_a_number_beside_an_amount_stays() -> None:
    assert "0019154" in values("Lasku 0019154 EUR 119,00")
    assert "0019154" in values("Lasku 0019154 119,00 EUR")


def test_a_range_and_a_text_are_bounded() -> None:
    assert "R102" not in values("R-101 bis R-999")
    assert len(read_text("A1 " * 5_000).tokens) <= MAX_TOKENS
    assert len(read_text("R-1/2/3/4/5/6/7/8/9 " * 200).tokens) <= MAX_TOKENS


@pytest.mark.parametrize("text", ["nicht R-101", "ohne die Rechnung R-101", "except R-101", "sauf R-101"])
def test_what_is_ruled_out(text: str) -> None:
    reading = read_text(text)
    assert all(reading.is_negated(token.start) for token in reading.tokens if token.value == "R101")


@pytest.mark.parametrize(
    "text", ["ohne Abzug R-101", "without deduction R-101", "nicht vergessen: R-101", "R-101 nicht"]
)
def test_what_is_not_ruled_out(text: str) -> None:
    reading = read_text(text)
    assert not any(reading.is_negated(token.start) for token in reading.tokens if token.value == "R101")


def test_settlement_of_an_invoice_is_no_settlement_of_cards() -> None:
    assert not read_text("in settlement of invoice R-101").is_settlement
    assert read_text("SETTLEMENT BATCH 4711").is_settlement
    assert read_text("Kartenzahlungen vom 2.11.").is_settlement


def test_groups_have_no_leading_zeros() -> None:
    assert groups_of("RE-2026-00123") == ("RE", "2026", "123")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("RE202600123", "RE2026OO123", True),
        ("RE202600123", "RE202600132", True),
        ("RE202600123", "RE20260123", True),
        ("RE202600123", "RE2026001233", True),
        ("RE202600123", "RE202600124", True),
        ("RE202600123", "RE202600123", False),
        ("RE202600123", "RE202600145", False),
        ("RE202600123", "RE2026123", False),
    ],
)
def test_one_slip(one: str, other: str, expected: bool) -> None:
    assert is_one_slip(one, other) is expected
    assert is_one_slip(other, one) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("12345", True),
        ("1234", False),
        ("00123", False),
        ("0012345", True),
        ("R1001", True),
        ("R101", False),
        ("RE2026", True),
    ],
)
def test_strength(number: str, expected: bool) -> None:
    assert is_strong_number(number) is expected
