"""What a statement of account says on which day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import RETURNED
from duly.domain.statement_of_account import MAX_LINES, CurrencyStatement, statement
from tests.core_samples import MONDAY, account, invoice, payment

ISSUED = MONDAY - timedelta(days=30)


def paid(key: str, amount_minor: int, item: str, value: date, kind: str = "payment") -> list[ev.Event]:
    received = ev.CashReceived(key, kind, amount_minor, "EUR", value, (item,))
    return [received, ev.AllocationsChanged((ev.Allocation(key, item, amount_minor),))]


def told(found: Account, events: list[ev.Event], as_of: date, start: date | None = None) -> CurrencyStatement:
    history = [(MONDAY, event) for event in events]
    return statement(found, history, as_of, start).currencies[0]


def test_movements_run_from_the_opening_balance_to_what_is_open() -> None:
    events = [invoice("R-1", 10_000), invoice("R-2", 5_000, due=MONDAY + timedelta(days=20))]
    events += paid("T1", 4_000, "R-1", MONDAY)
    events.append(payment("T2", 700, value=MONDAY))
    found = told(account(*events), events, MONDAY + timedelta(days=3), start=MONDAY - timedelta(days=12))
    assert found.opening_minor == 10_000
    assert [
        (line.kind, line.number, line.debit_minor, line.credit_minor, line.balance_minor) for line in found.lines
    ] == [
        ("invoice", "R-2", 5_000, 0, 15_000),
        ("payment", "", 0, 700, 14_300),
        ("payment", "", 0, 4_000, 10_300),
    ]
    assert found.lines[2].about == ("R-1",)
    assert [(item.number, item.paid_minor, item.outstanding_minor, item.days_overdue) for item in found.items] == [
        ("R-1", 4_000, 6_000, 3),
        ("R-2", 0, 5_000, -17),
    ]
    assert (found.due_minor, found.not_due_minor, found.unapplied_minor) == (6_000, 5_000, 700)
    assert (found.ageing["1-30"], found.ageing["current"]) == (6_000, 5_000)


def test_a_past_day_knows_nothing_that_is_dated_later() -> None:
    events = [invoice("R-1", 10_000), *paid("T1", 10_000, "R-1", MONDAY)]
    found = account(*events)
    day_before = told(found, events, MONDAY - timedelta(days=1))
    assert (day_before.closing_minor, [item.number for item in day_before.items]) == (10_000, ["R-1"])
    on_the_day = told(found, events, MONDAY)
    assert (on_the_day.closing_minor, on_the_day.items) == (0, ())
    assert statement(found, [], ISSUED - timedelta(days=1)).is_empty


def test_a_cancelled_invoice_stays_with_its_cancellation() -> None:
    events = [invoice("R-1", 10_000), ev.InvoiceCancelled("R-1", "wrong", on=MONDAY, by="ann", stated_at=None, line=99)]
    found = told(account(*events), events, MONDAY)
    assert [(line.kind, line.balance_minor) for line in found.lines] == [("invoice", 10_000), ("cancellation", 0)]
    assert found.items == ()
    assert [item.number for item in told(account(*events), events, MONDAY - timedelta(days=1)).items] == ["R-1"]


def test_a_returned_payment_is_there_until_it_goes_back_and_one_that_moved_never_was() -> None:
    events = [invoice("R-1", 10_000), payment("T1", 10_000, value=ISSUED), payment("T2", 300, value=ISSUED)]
    events += [ev.CashWithdrawn("T1", RETURNED), ev.CashWithdrawn("T2", "moved")]
    found = told(account(*events), events, MONDAY)
    assert [(line.kind, line.balance_minor) for line in found.lines] == [
        ("invoice", 10_000),
        ("payment", 0),
        ("chargeback", 10_000),
    ]
    assert told(account(*events), events, MONDAY - timedelta(days=1)).unapplied_minor == 10_000


def test_a_settlement_without_money_counts_for_what_it_settles_and_is_never_credit() -> None:
    events = [invoice("R-1", 10_000)]
    events.append(ev.CashReceived("D1", "discount", 300, "EUR", MONDAY, ("R-1",)))
    events.append(ev.AllocationsChanged((ev.Allocation("D1", "R-1", 200),)))
    found = told(account(*events), events, MONDAY)
    assert [(line.kind, line.credit_minor) for line in found.lines] == [("invoice", 0), ("discount", 200)]
    assert (found.unapplied_minor, found.closing_minor) == (0, 9_800)


def test_instalments_are_one_movement_and_open_one_by_one() -> None:
    parts = ((MONDAY, 4_000), (MONDAY + timedelta(days=30), 6_000))
    events = [invoice("R-1", 10_000, instalments=parts)]
    found = told(account(*events), events, MONDAY + timedelta(days=1))
    assert [(line.number, line.due, line.debit_minor) for line in found.lines] == [("R-1", None, 10_000)]
    assert [(item.title, item.due, item.outstanding_minor) for item in found.items] == [
        ("R-1 (1/2)", MONDAY, 4_000),
        ("R-1 (2/2)", MONDAY + timedelta(days=30), 6_000),
    ]


def test_disputes_and_promises_are_marked_while_they_last() -> None:
    events = [invoice("R-1"), ev.DisputeOpened("D", ("R-1",), "price", "ann", MONDAY, MONDAY)]
    events += [ev.DisputeResolved("D", "rejected", MONDAY + timedelta(days=5))]
    events += [ev.PromiseMade("P", ("R-1",), MONDAY + timedelta(days=9), MONDAY + timedelta(days=11), MONDAY)]
    found = account(*events)
    item = told(found, events, MONDAY).items[0]
    assert (item.marks, item.promised_for) == (("disputed", "promised"), MONDAY + timedelta(days=9))
    assert told(found, events, MONDAY + timedelta(days=5)).items[0].marks == ("promised",)


def test_each_currency_stands_by_itself() -> None:
    events = [invoice("R-1", 100), invoice("R-2", 200, currency="USD")]
    found = statement(account(*events), [], MONDAY)
    assert [(one.currency, one.closing_minor) for one in found.currencies] == [("EUR", 100), ("USD", 200)]


def test_more_movements_than_a_statement_lists_are_its_opening_balance() -> None:
    events = [invoice(f"R-{number:05d}", 100) for number in range(MAX_LINES + 7)]
    found = told(account(*events), events, MONDAY)
    assert (len(found.lines), found.folded, found.opening_minor) == (MAX_LINES, 7, 700)
    assert found.closing_minor == found.open_minor


def test_without_movements_the_live_account_is_enough() -> None:
    events = [invoice("R-1", 10_000), *paid("T1", 4_000, "R-1", MONDAY), payment("T2", 700)]
    found = statement(account(*events), [], MONDAY, movements=False).currencies[0]
    assert (found.lines, found.opening_minor, found.closing_minor) == ((), 5_300, 5_300)


def test_a_period_begins_before_it_ends() -> None:
    with pytest.raises(ValueError, match="begins on or before"):
        statement(account(), [], MONDAY, MONDAY + timedelta(days=1))
