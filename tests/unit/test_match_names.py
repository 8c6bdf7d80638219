"""Names of payers beside names of customers: what is one, what is alike, what is another."""

from __future__ import annotations

import pytest

from duly.domain.match_names import (
    CONFLICT,
    CUT,
    LOOSE,
    NONE,
    PART,
    STRICT,
    asked_keys,
    is_in_text,
    likeness,
    name_keys,
)
from duly.domain.references import normalise_name


@pytest.mark.parametrize(
    ("payer", "customer", "expected"),
    [
        ("FOG CO", "Fog & Co", STRICT),
        ("Mueller, Hans", "Hans Müller", STRICT),
        ("Herr Dr. Hans Muller", "Hans Müller", STRICT),
        ("MUELLER BAU GMBH", "Müller Bau GmbH", STRICT),
        ("Müller Bau G.m.b.H.", "Müller Bau GmbH", STRICT),
        ("Zürcher Söhne SA", "Zuercher Soehne S.A.", STRICT),
        ("Strauss Optik e.K.", "Strauß Optik eK", STRICT),
        ("Kowalski Uslugi Sp. z o.o.", "Kowalski Usługi sp.z o.o.", STRICT),
        ("SØRENSEN BYG APS", "Sorensen Byg ApS", STRICT),
        ("Müller Bau", "Müller Bau GmbH", LOOSE),
        ("Müller Bau AG", "Müller Bau GmbH", CONFLICT),
        ("Müller Bau GmbH", "Müller Bau GmbH & Co. KG", CONFLICT),
        ("MUELLER BAU GMBH &", "Müller Bau GmbH & Co. KG", CUT),
        ("NORDWIND LOGISTIK UND SPEDI", "Nordwind Logistik und Spedition GmbH", CUT),
        ("Anna Klein Hauptstr. 12 Köln", "Anna Klein", CUT),
        ("Anna Klein c/o Firma Regen", "Anna Klein", STRICT),
        ("Regen Buchhaltung", "Regen AG", PART),
        ("Bauer", "Baur", NONE),
        ("Meier Bau", "Meier Dach", NONE),
        ("", "Fog", NONE),
        ("Fog", "", NONE),
        ("&", "GmbH", NONE),
    ],
)
def test_likeness(payer: str, customer: str, expected: int) -> None:
    assert likeness(payer, customer) == expected


@pytest.mark.parametrize(
    ("payer", "customer"),
    [
        ("MUELLER BAU", "Müller Bau GmbH"),
        ("Bau Muller", "Müller Bau GmbH"),
        ("NORDWIND LOGISTIK UND SPEDI", "Nordwind Logistik und Spedition GmbH"),
        ("Anna Klein Filiale 3", "Anna Klein"),
    ],
)
def test_a_payer_is_nominated_by_a_key(payer: str, customer: str) -> None:
    assert set(asked_keys(payer)) & set(name_keys([customer]))


def test_keys_are_never_those_of_buyers() -> None:
    """A payer's coarse key must not find the customer of an invoice that another one of a like name is to get."""
    names = ["Müller Bau GmbH", "Anna Klein", "X & Y"]
    assert not {normalise_name(name) for name in names} & set(name_keys(names))


def test_a_name_in_a_text_has_two_words() -> None:
    assert is_in_text("Müller Bau GmbH", "Zahlung fuer Mueller Bau R-1")
    assert not is_in_text("Transport GmbH", "Transport R-1")
    assert not is_in_text("Müller Bau GmbH", "Umbau Müllerstraße")
