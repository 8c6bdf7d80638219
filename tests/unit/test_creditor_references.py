"""Creditor references: found in a structured field or in free text, checked, and compared."""

from __future__ import annotations

import pytest

from duly.domain.creditor_references import (
    find_creditor_references,
    kind_of,
    ocr_has_length_digit,
    reference_value,
)

QR = "210000000003139471430009017"  # of the Swiss Implementation Guidelines QR-bill


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("RF18539007547034", "rf"),
        ("RF18 5390 0754 7034", "rf"),
        (QR, "qr"),
        ("21 00000 00003 13947 14300 09017", "qr"),
        ("+++090/9337/55493+++", "ogm"),
        ("123453", "viite"),  # 7-3-1: 5*7+4*3+3*1+2*7+1*3 = 67
        ("12345674", "ocr"),  # Luhn
    ],
)
def test_a_reference_is_known_by_its_check_digits(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize("text", ["RF19539007547034", QR[:-1] + "8", "+++090/9337/55494+++", "123", "", "hello"])
def test_wrong_check_digits_are_no_reference(text: str) -> None:
    assert kind_of(text) in (None, "viite", "ocr", "kid", "esr")
    assert kind_of(text) not in ("rf", "qr", "ogm")


def test_references_compare_without_blanks_prefix_and_leading_zeros() -> None:
    assert reference_value("0000 0123453") == reference_value("123453") == "123453"
    assert reference_value("RF18539007547034") == reference_value("RF18 0000 5390 0754 7034") == "539007547034"
    assert reference_value("RF19539007547034") == "RF19539007547034"  # wrong check digits: another text


def test_a_finnish_reference_and_its_rf_form_are_one() -> None:
    assert kind_of("1232") == "viite" and kind_of("RF332348236") == "rf"
    assert reference_value("RF332348236") == reference_value("2348236") == "2348236"


def test_a_reference_is_found_in_a_sentence() -> None:
    found = find_creditor_references("", "Zahlung RF18 5390 0754 7034 vielen Dank")
    assert ("rf", "539007547034") in [(one.kind, one.value) for one in found]
    found = find_creditor_references("", "communication +++090/9337/55493+++ facture")
    assert ("ogm", "90933755493") in [(one.kind, one.value) for one in found]


def test_only_long_references_and_those_of_a_checked_kind_speak_alone() -> None:
    field = find_creditor_references("123453")
    assert [(one.kind, one.is_structured, one.speaks_alone) for one in field] == [("viite", True, False)]
    assert all(one.speaks_alone for one in find_creditor_references(QR))


def test_an_iban_is_no_reference() -> None:
    assert find_creditor_references("", "IBAN DE89370400440532013000")[:0] == ()
    assert all(one.kind != "rf" for one in find_creditor_references("", "DE89370400440532013000"))


def test_swedish_length_digit() -> None:
    assert ocr_has_length_digit("1234574")  # seven digits, and the last but one is 7
    assert not ocr_has_length_digit("1234682")
