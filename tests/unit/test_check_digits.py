"""Check digits of account numbers, creditor references and VAT ids."""

from __future__ import annotations

import pytest

from duly.domain.check_digits import iban_is_valid, reference_is_valid, vat_id_is_valid


@pytest.mark.parametrize("text", ["DE02120300000000202051", "de02 1203 0000 0000 2020 51", "GB33BUKB20201555555555"])
def test_good_ibans(text: str) -> None:
    assert iban_is_valid(text)


@pytest.mark.parametrize("text", ["", "DE02120300000000202052", "DE20120300000000202051", "1234", "DE021", "ÄÖ02 1203"])
def test_bad_ibans(text: str) -> None:
    assert not iban_is_valid(text)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("RF18539007547034", True),
        ("RF18 5390 0754 7034", True),
        ("RF19539007547034", False),
        ("210000000003139471430009017", True),
        ("210000000003139471430009018", False),
        ("INV-1001", None),
        ("", None),
    ],
)
def test_references(text: str, valid: bool | None) -> None:
    assert reference_is_valid(text) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("DE136695976", True),
        ("DE 136695976", True),
        ("DE136695977", False),
        ("DE1", False),
        ("FR83404833048", True),
        ("FR84404833048", False),
        ("BE0403170701", True),
        ("BE0403170702", False),
        ("IT00743110157", True),
        ("IT00743110158", False),
        ("NL004495445B01", True),
        ("NL004495446B01", False),
        ("LU10000356", True),
        ("LU10000357", False),
        ("PL8567346215", True),
        ("PL8567346216", False),
        ("PT501964843", True),
        ("PT501964842", False),
        ("FI20774740", True),
        ("FI20774741", False),
        ("DK13585628", True),
        ("DK13585629", False),
        ("SE556188840401", True),
        ("SE556188840501", False),
        ("HR33392005961", True),
        ("HR33392005962", False),
        ("EE100931558", True),
        ("SK2022749619", True),
        ("ATU13585627", True),
        ("AT13585627", False),
        ("CHE123456788", None),
        ("", None),
    ],
)
def test_vat_ids(text: str, valid: bool | None) -> None:
    assert vat_id_is_valid(text) is valid
