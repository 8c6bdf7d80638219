"""Putting invoices and credit notes on an account: new, one's own again, a duplicate, a number reused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.domain.account import Account
from duly.domain.registering import InvoiceFacts, credit_note_key, keys_named, register_all, register_invoice
from tests.core_samples import MONDAY, NOON, account, payment, then

INVOICE = InvoiceFacts("I-1", "invoice", MONDAY, None, 10_000, "EUR", upload="u1", line=2)
CREDIT = InvoiceFacts("C-1", "credit_note", MONDAY, None, 4_000, "EUR", for_invoice="I-1", upload="u1", line=3)
DAYS = 30


def after(found: Account, *rows: InvoiceFacts) -> Account:
    events, _ = register_all(found, rows, DAYS, MONDAY)
    return then(found, events)


def verdict(found: Account, row: InvoiceFacts) -> tuple[str, str]:
    result = register_invoice(found, row, DAYS, MONDAY)
    return result.result, result.code


def test_the_due_date_is_stated_or_the_policys() -> None:
    found = after(account(), INVOICE, replace(INVOICE, number="I-2", due=MONDAY, line=4))
    assert (found.items["I-1"].due, found.items["I-1"].due_source) == (MONDAY + timedelta(days=DAYS), "default")
    assert (found.items["I-2"].due, found.items["I-2"].due_source) == (MONDAY, "stated")


def test_ones_own_row_again_stays_applied_and_changes_nothing() -> None:
    found = after(account(), INVOICE, CREDIT)
    for row in (INVOICE, CREDIT):
        result = register_invoice(found, row, DAYS, MONDAY)
        assert (result.result, result.events) == ("applied", ())


@pytest.mark.parametrize("row", [INVOICE, CREDIT])
@pytest.mark.parametrize("elsewhere", [{"upload": "u2"}, {"line": 9}])
def test_the_same_content_from_elsewhere_is_a_duplicate(row: InvoiceFacts, elsewhere: dict[str, Any]) -> None:
    found = after(account(), INVOICE, CREDIT)
    assert verdict(found, replace(row, **elsewhere)) == ("duplicate", "duplicate")


@pytest.mark.parametrize("row", [INVOICE, CREDIT])
@pytest.mark.parametrize("other", [{"amount_minor": 1}, {"currency": "USD"}, {"issued": MONDAY - timedelta(days=1)}])
def test_a_number_with_other_content_is_a_correction_when_it_came_later(
    row: InvoiceFacts, other: dict[str, Any]
) -> None:
    found = after(account(), replace(INVOICE, stated_at=NOON), replace(CREDIT, stated_at=NOON))
    later = replace(row, upload="u2", stated_at=NOON + timedelta(hours=1), **other)
    assert verdict(found, later) == ("applied", "corrected")
    earlier = replace(row, upload="u2", stated_at=NOON - timedelta(hours=1), **other)
    assert verdict(found, earlier) == ("duplicate", "superseded")


def test_another_stated_due_date_is_other_content_but_the_default_again_is_not() -> None:
    found = after(account(), INVOICE)
    assert verdict(found, replace(INVOICE, upload="u2", due=MONDAY, line=3)) == ("applied", "corrected")
    result = register_invoice(found, replace(INVOICE, upload="u2", line=3), DAYS + 10, MONDAY)
    assert (result.result, result.events) == ("duplicate", ())


def test_a_number_is_an_invoices_or_a_credit_notes() -> None:
    found = after(account(), INVOICE, CREDIT)
    assert verdict(found, replace(CREDIT, number="I-1", upload="u2")) == ("rejected", "number_reused")
    assert verdict(found, replace(INVOICE, number="C-1", upload="u2")) == ("rejected", "number_reused")


def test_rows_of_one_file_see_those_before_them() -> None:
    rows = [INVOICE, replace(INVOICE, line=3), replace(INVOICE, line=4, amount_minor=1)]
    _, verdicts = register_all(account(), rows, DAYS, MONDAY)
    assert [one.result for one in verdicts] == ["applied", "duplicate", "applied"]


@pytest.mark.parametrize("rows", [(INVOICE, CREDIT), (CREDIT, INVOICE)])
def test_a_credit_note_finds_its_invoice_whichever_came_first(rows: tuple[InvoiceFacts, ...]) -> None:
    found = account()
    for row in rows:
        found = after(found, row)
    assert found.items["I-1"].allocations == {credit_note_key("C-1"): 4_000}
    assert found.items["I-1"].outstanding_minor == 6_000
    assert found.cash["CN:C-1"].state == "used"


def test_a_credit_note_cut_off_from_its_invoice_finds_it_on_the_next_attempt() -> None:
    events = register_invoice(after(account(), CREDIT), INVOICE, DAYS, MONDAY).events
    half = then(after(account(), CREDIT), events[:1])
    assert half.items["I-1"].outstanding_minor == 10_000
    assert after(half, INVOICE).items["I-1"].outstanding_minor == 6_000
    assert after(half, CREDIT).items["I-1"].outstanding_minor == 6_000


def test_a_credit_note_for_nothing_stays_unapplied() -> None:
    found = after(account(), INVOICE, replace(CREDIT, for_invoice=""))
    assert found.items["I-1"].outstanding_minor == 10_000
    assert found.cash["CN:C-1"].unallocated_minor == 4_000


def test_a_credit_note_over_nothing_is_rejected() -> None:
    assert verdict(account(), replace(CREDIT, amount_minor=0)) == ("rejected", "zero_credit_note")


def test_an_older_payment_gives_way_to_nothing_but_order() -> None:
    """The credit note of an earlier day comes first, though the payment was there before it."""
    found = after(account(), INVOICE)
    found = then(found, [payment("T1", 10_000, ["I-1"], MONDAY + timedelta(days=1))])
    found = after(found, CREDIT)
    assert found.items["I-1"].allocations == {"CN:C-1": 4_000, "T1": 6_000}


def test_what_must_be_loaded_is_named() -> None:
    assert keys_named(INVOICE) == [("items", "I-1"), ("cash", "CN:I-1")]
    assert ("items", "I-1") in keys_named(CREDIT)
    assert ("cash", "CN:C-1") in keys_named(CREDIT)
