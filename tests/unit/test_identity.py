"""The identity of bank entries: overlaps change nothing, equal genuine payments both count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.domain.identity import EntryFacts, transaction_ids
from tests.core_samples import MONDAY

ENTRY = EntryFacts("DE89 3704 0044 0532 0130 00", "", MONDAY, 10_000, "EUR", "INV-1")


def test_equal_entries_of_one_file_are_different_payments() -> None:
    first, second, third = transaction_ids([ENTRY, ENTRY, ENTRY])
    assert len({first, second, third}) == 3


def test_an_overlapping_file_names_the_same_payments() -> None:
    morning = transaction_ids([ENTRY, replace(ENTRY, amount_minor=5)])
    whole_day = transaction_ids(
        [replace(ENTRY, booked=MONDAY - timedelta(days=1)), ENTRY, ENTRY, replace(ENTRY, amount_minor=5)]
    )
    assert whole_day[1] == morning[0]
    assert whole_day[3] == morning[1]
    assert whole_day[2] not in morning


def test_entries_between_equal_ones_do_not_matter() -> None:
    assert transaction_ids([ENTRY, ENTRY]) == transaction_ids([ENTRY, replace(ENTRY, text="x"), ENTRY])[::2]


@pytest.mark.parametrize("empty", ["", "NONREF", "nonref", "NOTPROVIDED", "NOT PROVIDED", "None", "null", "-"])
def test_a_reference_that_says_nothing_is_none(empty: str) -> None:
    assert transaction_ids([replace(ENTRY, bank_reference=empty)]) == transaction_ids([ENTRY])


def test_the_banks_reference_tells_apart_what_else_is_equal() -> None:
    one, other = (replace(ENTRY, bank_reference=reference) for reference in ("B-1", "B-2"))
    assert len(set(transaction_ids([one, other, ENTRY]))) == 3
    assert transaction_ids([one]) == transaction_ids([replace(one, text="the bank worded it anew")])


def test_equal_entries_under_one_bank_reference_both_count() -> None:
    """Banks give the reference of a batch to each of its entries."""
    one = replace(ENTRY, bank_reference="BATCH")
    assert len(set(transaction_ids([one, one]))) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"account": "DE12 0000"},
        {"booked": MONDAY + timedelta(days=1)},
        {"amount_minor": 10_001},
        {"amount_minor": -10_000},
        {"currency": "USD"},
        {"text": "INV-2"},
    ],
)
def test_any_difference_makes_another_payment(change: dict[str, Any]) -> None:
    assert transaction_ids([ENTRY]) != transaction_ids([replace(ENTRY, **change)])


def test_spacing_and_case_make_no_difference() -> None:
    other = replace(ENTRY, account="de89370400440532013000", text="  inv-1 \n ")
    assert transaction_ids([ENTRY]) == transaction_ids([other])


def test_an_id_is_24_hexadecimal_digits() -> None:
    (found,) = transaction_ids([ENTRY])
    assert len(found) == 24
    int(found, 16)
