"""Which entries of which statements are one payment: overlaps change nothing, equal genuine payments all count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.domain.identity import Detail, Known, Shows, Sighting, account_key, resolve, shows_nothing, transaction_id
from duly.flows.statements import sightings_of
from duly.formats.records import Statement
from tests.bank_samples import ACCOUNT, entry, statement
from tests.core_samples import MONDAY

TUESDAY = MONDAY + timedelta(days=1)
INTERIM = {"is_final": False}


def seen(*statements: Statement, formats: Sequence[str] = ()) -> list[Sighting]:
    formats = formats or ["camt053"] * len(statements)
    return [one for found, name in zip(statements, formats, strict=True) for one in sightings_of(found, name)]


def standings(*statements: Statement, formats: Sequence[str] = (), shows: Shows = shows_nothing) -> Counter[str]:
    """What becomes of the entries of the first one's group, and the same in the other order."""
    sightings = seen(*statements, formats=formats)
    alike = [one for one in sightings if one.group == sightings[0].group]
    found = resolve(alike[0].group, Known(alike), shows)
    assert found == resolve(alike[0].group, Known(alike[::-1]), shows)
    return Counter(found.standings.values())


def shows_all(one: str, other: str) -> bool:
    del one, other
    return True


def ids(*statements: Statement) -> list[str]:
    return [transaction_id(one.group, one.key, 0) for one in seen(*statements)]


# --- one statement
def test_equal_entries_of_one_statement_are_different_payments() -> None:
    assert standings(statement([entry(), entry(), entry()])) == {"final": 3}
    assert standings(statement([entry(reference="B"), entry(reference="B")])) == {"final": 2}


def test_a_reference_that_stands_at_different_entries_names_none_of_them() -> None:
    batch = [entry(text="one", reference="BATCH"), entry(text="other", reference="BATCH")]
    assert standings(statement(batch)) == {"final": 2}
    first, second = statement(batch[:1], opening=0), statement(batch[1:], opening=10_000)
    assert standings(first, second) == {"final": 2}
    repeating = statement([batch[1], entry(text="other", reference="BATCH", amount_minor=5)])
    assert standings(statement(batch[:1]), repeating) == {"final": 2}


@pytest.mark.parametrize("empty", ["", "NONREF", "nonref", "NOTPROVIDED", "NOT PROVIDED", "None", "null", "-"])
def test_a_reference_that_says_nothing_is_none(empty: str) -> None:
    assert ids(statement([entry(reference=empty)])) == ids(statement([entry()]))


@pytest.mark.parametrize(
    "change",
    [
        {"booked": TUESDAY},
        {"amount_minor": 10_001},
        {"amount_minor": -10_000},
        {"currency": "USD"},
        {"text": "INV-2"},
        {"counterparty_name": "Other"},
    ],
)
def test_any_difference_makes_another_payment(change: dict[str, Any]) -> None:
    assert ids(statement([entry()])) != ids(statement([entry(**change)]))


def test_spacing_and_case_make_no_difference() -> None:
    other = statement([entry(text="  inv-1 \n ")], account="de89 3704 0044 0532 0130 00")
    assert ids(statement([entry()])) == ids(other)


@pytest.mark.parametrize("account", ["DE89 3704 0044 0532 0130 00", "37040044/532013000", "370400440532013000"])
def test_an_account_is_one_by_iban_and_by_national_number(account: str) -> None:
    assert account_key(account) == account_key(ACCOUNT)


def test_what_is_no_iban_is_taken_as_it_is() -> None:
    assert account_key("DE00370400440532013000") == "DE00370400440532013000"
    assert account_key("12-3456") == "123456"


def test_an_id_is_24_hexadecimal_digits() -> None:
    (found,) = ids(statement([entry()]))
    assert len(found) == 24
    int(found, 16)


# --- several final statements
def test_the_banks_reference_makes_one_of_two_wordings() -> None:
    camt, swift = entry(reference="B-1"), entry(reference="B-1", text="the bank worded it anew")
    assert standings(statement([camt]), statement([swift]), formats=["camt053", "mt940"]) == {
        "final": 1,
        "same_entry": 1,
    }


def test_the_richer_wording_stands_for_the_entry() -> None:
    poor, rich = (
        statement([entry(reference="B", text="x")]),
        statement([entry(reference="B", structured_reference="9")]),
    )
    found = resolve((both := seen(poor, rich))[0].group, Known(both)).standings
    assert found[ids(rich)[0]] == "final" and found[ids(poor)[0]] == "same_entry"


def test_a_statement_that_contains_another_repeats_it() -> None:
    day, week = statement([entry()]), statement([entry(), entry(booked=TUESDAY)])
    assert standings(day, week, shows=shows_all) == {"final": 1}
    assert standings(day, week) == {"final": 1, "possible_duplicate": 1}


def test_statements_that_chain_have_no_entry_in_common() -> None:
    first, second = statement([entry()], opening=500, number="1"), statement([entry()], opening=10_500, number="2")
    assert standings(first, second) == {"final": 2}


def test_the_same_number_is_the_same_statement() -> None:
    again = statement([entry(), entry(7)], opening=500, number="1")
    assert standings(statement([entry()], opening=500, number="1"), again) == {"final": 1}


def test_what_cannot_be_decided_is_a_possible_duplicate() -> None:
    one, other = statement([entry(), entry(5)], opening=0), statement([entry(), entry(7)], opening=70)
    assert standings(one, other) == {"final": 1, "possible_duplicate": 1}


def test_a_statement_that_ends_as_it_began_proves_no_chain() -> None:
    level = [statement([entry(), entry(-10_000)], opening=0), statement([entry(), entry(-10_000), entry(7)], opening=0)]
    assert standings(*level) == {"final": 1, "possible_duplicate": 1}


def test_one_statement_in_two_formats_counts_once_by_count() -> None:
    camt, swift = statement([entry()], opening=0), statement([entry(text="worded anew")], opening=0)
    assert standings(camt, swift, formats=["camt053", "mt940"]) == {"final": 1, "same_entry": 1}
    assert standings(camt, swift) == {"final": 2}


# --- provisional entries
def test_what_is_only_announced_is_provisional() -> None:
    assert standings(statement([entry()], **INTERIM)) == {"provisional": 1}


def test_the_same_entry_in_a_statement_confirms_it() -> None:
    assert standings(statement([entry(reference="B")], **INTERIM), statement([entry(reference="B")])) == {"final": 1}


def test_cumulative_reports_announce_an_entry_once() -> None:
    reports = [statement([entry(text=str(n)) for n in range(count)], **INTERIM) for count in (1, 2, 3)]
    assert standings(*reports) == {"provisional": 3}


def test_an_entry_without_common_reference_confirms_by_count() -> None:
    announced = statement([entry(text="a"), entry(text="b")], **INTERIM)
    assert standings(announced, statement([entry(text="c")])) == {
        "final": 1,
        "confirmed_elsewhere": 1,
        "provisional": 1,
    }


def test_a_statement_with_fewer_equal_entries_leaves_the_others_announced() -> None:
    announced = statement([entry(), entry()], **INTERIM)
    assert standings(announced, statement([entry()])) == {"final": 1, "provisional": 1}


def test_an_entry_booked_on_another_day_confirms_on_its_value_day() -> None:
    saturday, late = entry(reference="B"), entry(reference="B", booked=TUESDAY, value=MONDAY)
    (announced,) = seen(statement([saturday], **INTERIM))
    (final,) = seen(statement([late]))
    found = resolve(announced.group, Known([announced], echoes=[final]))
    assert set(found.standings.values()) == {"confirmed_elsewhere"}
    other = replace(final, reference="another")
    assert set(resolve(announced.group, Known([announced], echoes=[other])).standings.values()) == {"provisional"}


def test_an_announcement_booked_on_another_day_is_confirmed_on_its_value_day() -> None:
    (echo,) = seen(statement([entry(booked=TUESDAY, value=MONDAY)], **INTERIM))
    (final,) = seen(statement([entry(text="x")]))
    found = resolve(final.group, Known([final], echoes=[echo]))
    assert found.echoed == {echo.name}
    home = resolve(echo.group, Known([echo], echoed=found.echoed))
    assert set(home.standings.values()) == {"confirmed_elsewhere"}


# --- batches
def batch(is_final: bool) -> list[Sighting]:
    parts = [
        entry(300, "qr-1", "BATCH/1", batch_reference="BATCH"),
        entry(700, "qr-2", "BATCH/2", batch_reference="BATCH"),
    ]
    return seen(statement(parts, is_final=is_final))


def test_the_details_of_a_batch_count_and_its_total_does_not() -> None:
    (total,) = seen(statement([entry(1_000, "collective credit", "BATCH")]))
    first, second = batch(is_final=False)
    assert first.batch_group == second.batch_group == total.group
    details = [Detail(one.cover.source, one.batch, one.group) for one in (first, second)]
    assert set(resolve(total.group, Known([total], details)).standings.values()) == {"detailed_elsewhere"}
    for one in (first, second):
        assert set(resolve(one.group, Known([one])).standings.values()) == {"provisional"}
        confirmed = frozenset({(total.group, total.reference)})
        assert set(resolve(one.group, Known([one], confirmed=confirmed)).standings.values()) == {"final"}


def test_details_in_both_count_once_even_under_other_references() -> None:
    announced, final = batch(is_final=False)[0], batch(is_final=True)[0]
    known = Known([announced, replace(final, reference="own")], confirmed=frozenset({(final.batch_group, final.batch)}))
    assert Counter(resolve(final.group, known).standings.values()) == {"final": 1, "confirmed_elsewhere": 1}


def test_another_entry_of_that_amount_does_not_stand_for_a_payment_of_a_booked_batch() -> None:
    announced = batch(is_final=False)[0]
    (other,) = seen(statement([entry(300, "somebody else", "B-9")]))
    known = Known([announced, other], confirmed=frozenset({(announced.batch_group, announced.batch)}))
    assert Counter(resolve(other.group, known).standings.values()) == {"final": 2}
