"""Rare turns of corrections, returned debits and orders that once went wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.entities import MAX_INSTALMENTS
from duly.domain.registering import InvoiceFacts, keys_named, register_all
from duly.domain.replies import Classification, Intent
from duly.domain.replying import ReplyFacts, understand
from duly.domain.upkeep import DEBIT_MISSING_DAYS, upkeep
from duly.flows.audit import audit
from duly.flows.merging import merge
from duly.flows.twin import TwinStack
from duly.store.accounts import AccountStore
from duly.store.memory import MemoryTable
from local.writers import csv_bytes
from tests.core_samples import (
    MONDAY,
    NOON,
    POLICY,
    Customer,
    account,
    claim,
    customer,
    customers_file,
    invoice,
    nothing_due,
    payment,
    sent,
    then,
)
from tests.unit.test_corrections import Stack, row

OWN = "DE89370400440532013000"
BANK = ("account", "booked", "amount", "currency", "text", "bank_reference", "reversal")
PLAN = ((MONDAY, 4_000), (MONDAY + timedelta(days=30), 6_000))
FACTS = InvoiceFacts(
    *("RE-1", "invoice", date(2026, 2, 1), PLAN[-1][0], 10_000, "EUR"), upload="u1", line=2, stated_at=NOON
)


def after(found: Account, *rows: InvoiceFacts) -> Account:
    return then(found, register_all(found, rows, 30, MONDAY)[0])


def after_events(*rows: InvoiceFacts) -> list[ev.Event]:
    return register_all(account(), rows, 30, MONDAY)[0]


# --- returned debits
def booked(stack: Stack, name: str, *lines: tuple[str, str, str]) -> None:
    """A bank statement of lines (day, amount, reference); negative amounts are reversals."""
    rows = [(OWN, day, amount, "EUR", "RE-1", ref, "yes" if amount[0] == "-" else "") for day, amount, ref in lines]
    stack.upload(f"statements/{name}.csv", csv_bytes(BANK, rows), NOON)
    stack.work()


@pytest.mark.parametrize("order", [("debit", "back", "transfer"), ("back", "debit", "transfer")])
def test_a_reversal_takes_back_one_payment_and_never_another_that_comes_to_light_later(order: tuple[str, ...]) -> None:
    stack = Stack()
    stack.customer()
    stack.take("one", row("RE-1", "100.00", means="direct_debit"))
    files = {
        "debit": ("2026-02-20", "100.00", "B1"),
        "back": ("2026-03-01", "-100.00", "B2"),
        "transfer": ("2026-02-28", "100.00", "B3"),
    }
    for name in order:
        booked(stack, name, files[name])
    assert stack.item("RE-1").state == "paid"
    booked(stack, "again", ("2026-03-01", "-100.00", "B4"))
    assert stack.item("RE-1").state == "open"
    stack.assert_clean()


def test_a_person_is_told_again_of_a_debit_missing_for_an_invoice_that_came_back() -> None:
    found = after(account(), replace(FACTS, means="direct_debit", due=MONDAY))
    late = NOON + timedelta(days=DEBIT_MISSING_DAYS + 1)
    found = then(found, upkeep(found, POLICY, late))
    assert found.tasks["debit-RE-1"].state == "open"
    cancelled = replace(FACTS, type="cancellation", upload="u2", stated_at=NOON + timedelta(days=12))
    found = after(found, cancelled)
    assert found.tasks["debit-RE-1"].state == "closed"
    anew = replace(FACTS, means="direct_debit", upload="u3", stated_at=NOON + timedelta(days=13))
    found = after(found, anew)
    much_later = NOON + timedelta(days=60)
    kinds = [event.kind for event in upkeep(found, POLICY, much_later) if isinstance(event, ev.TaskOpened)]
    assert "debit_missing" in kinds
    then(found, upkeep(found, POLICY, much_later))


# --- orders
@pytest.mark.parametrize("is_replaced_first", [True, False])
def test_an_invoice_that_replaces_another_leaves_the_rest_of_its_order_reserved(is_replaced_first: bool) -> None:
    order = ev.OrderPlaced("O-1", 100_000, "EUR", MONDAY, "ada", MONDAY + timedelta(days=90))
    first = replace(FACTS, amount_minor=60_000, order="O-1")
    other = replace(FACTS, number="RE-2", amount_minor=70_000, order="O-1", replaces="RE-1", line=3)
    rows = [other, first] if is_replaced_first else [first, other]
    found = account(order)
    for one in rows:
        found = after(found, one)
    assert (found.orders["O-1"].state, found.orders["O-1"].remaining_minor) == ("open", 30_000)


# --- instalments
def test_an_instalment_never_takes_the_place_of_an_invoice_of_that_name() -> None:
    named = replace(FACTS, number="RE-1#1", amount_minor=777, line=9)
    for count in (1, 2):  # stated once, and again
        rows = [
            replace(FACTS, instalments=PLAN, upload=f"u{n}", stated_at=NOON + timedelta(days=n)) for n in range(count)
        ]
        found = after(after(account(), named), *rows)
        assert {key: one.amount_minor for key, one in found.items.items()} == {"RE-1": 10_000, "RE-1#1": 777}
    assert ("items", "RE-1#1") in keys_named(replace(FACTS, instalments=PLAN))


def test_a_correction_into_many_instalments_fits_into_a_transaction() -> None:
    store = AccountStore(MemoryTable())
    plan = tuple((MONDAY + timedelta(days=n), 100 + n) for n in range(MAX_INSTALMENTS))
    total = sum(amount for _, amount in plan)
    facts = replace(FACTS, amount_minor=total)

    def stated(found: Account, days: int, **changes: object) -> Account:
        said = replace(facts, upload=f"u{days}", stated_at=NOON + timedelta(days=days), **changes)  # type: ignore[arg-type]
        return store.commit(found, register_all(found, [said], 30, MONDAY)[0], NOON, nothing_due)

    found = store.commit(Account("A"), [customer()], NOON, nothing_due)
    found = stated(found, 1, instalments=plan)
    found = stated(found, 2)
    for n in range(8):
        found = store.commit(found, receive(found, payment(f"T{n}", total // 8, ["RE-1"]), MONDAY), NOON, nothing_due)
    other = tuple((day, amount + 1_000) for day, amount in plan)
    more = sum(amount for _, amount in other)
    found = stated(found, 3, instalments=other, amount_minor=more, currency="USD")
    assert sum(item.outstanding_minor for item in found.live("items")) == more
    assert store.rebuild("A").header == store.load("A").header


# --- replies
def answered(found: Account, *keys: str) -> Account:
    """The account after a notice over these items and a reply to it."""
    found = then(found, [claim(found, *keys)])
    found = then(found, sent(found, "n1"))
    return then(found, [ev.ReplyReceived("r", "n1", "inbound/1", NOON + timedelta(days=3), True)])


@pytest.mark.parametrize("change", ["split", "replaced"])
def test_a_dispute_covers_what_the_items_of_the_notice_are_owed_under_now(change: str) -> None:
    found = answered(account(invoice("I-1"), *after_events(FACTS)), "I-1", "RE-1")
    later = replace(FACTS, upload="u2", stated_at=NOON + timedelta(days=1))
    row = replace(later, instalments=PLAN) if change == "split" else replace(later, number="RE-2", replaces="RE-1")
    wanted = {"split": ("I-1", "RE-1#1", "RE-1#2"), "replaced": ("I-1", "RE-2")}[change]
    found = after(found, row)
    about = Classification("reply", (Intent("dispute", "price"),), (), 900, False)
    events = understand(found, found.notices["n1"], ReplyFacts("r", "n1", MONDAY, True), about, POLICY)
    (opened,) = [event for event in events if isinstance(event, ev.DisputeOpened)]
    assert opened.items == wanted


def test_a_dispute_or_promise_over_an_invoice_counts_for_its_instalments() -> None:
    found = account(*after_events(replace(FACTS, instalments=PLAN)))
    found = answered(found, "RE-1#1", "RE-1#2")
    promised = then(found, [ev.PromiseMade("P", ("RE-1",), MONDAY, MONDAY, MONDAY)])
    facts = ReplyFacts("r", "n1", MONDAY, True)
    again = Classification("reply", (Intent("promise", on=MONDAY + timedelta(days=2)),), (), 900, False)
    events = understand(promised, promised.notices["n1"], facts, again, POLICY)
    assert [event for event in events if isinstance(event, ev.PromiseMade)] == []
    contests = Classification("reply", (Intent("dispute", "price"),), (), 900, False)
    events = understand(promised, promised.notices["n1"], facts, contests, POLICY)
    assert ev.PromiseSettled("P", "cancelled", MONDAY) in events


# --- money that names what is not there yet
def test_an_invoice_that_money_named_before_it_came_is_registered_with_all_that_the_money_pays() -> None:
    """So it is while a provisional account moves: its payments may be there before all of its invoices."""
    store = AccountStore(MemoryTable())
    opening: list[ev.Event] = [customer(), *after_events(replace(FACTS, instalments=PLAN))]
    found = store.commit(Account("A"), opening, NOON, nothing_due)
    money = payment("T1", 40_000, ["RE-2", "RE-1"])
    found = store.load("A", [("items", key) for key in money.names], linked=True)
    store.commit(found, receive(found, money, MONDAY), NOON, nothing_due)
    row = replace(FACTS, number="RE-2", amount_minor=35_000, line=3)
    found = store.load("A", keys_named(row), linked=True)
    found = store.commit(found, register_all(found, [row], 30, MONDAY)[0], NOON, nothing_due)
    assert {key: one.outstanding_minor for key, one in found.items.items() if one.state == "open"} == {"RE-1#2": 5_000}
    assert store.rebuild("A").header == store.load("A").header


# --- merging
@pytest.mark.parametrize("named", [("RE-1",), ()])
def test_what_a_person_said_of_a_provisional_customers_invoice_moves_with_it(named: tuple[str, ...]) -> None:
    stack = TwinStack()
    opened = customer(provisional=True, customer="", personal="", personal_hash="")
    until = MONDAY + timedelta(days=60)

    def open_provisional(found: Account) -> list[ev.Event]:
        events: list[ev.Event] = [opened]
        events += register_all(found.after(events), [replace(FACTS, means="direct_debit")], 30, MONDAY)[0]
        events += [ev.DebitReturned("RE-1", MONDAY, "ada"), ev.HoldPlaced("H-1", named, until, "talks", "ada")]
        return events

    stack.edge.change("P-1", open_provisional, NOON)
    stack.upload("customers/c.csv", customers_file([Customer("C-1", "Foo GmbH")]), NOON)
    stack.work()
    for _ in range(2):
        merge(stack.edge, "P-1", "C-1", NOON)
    moved = stack.edge.accounts.rebuild("C-1")
    (hold,) = moved.live("holds")
    assert (hold.items, hold.until, hold.reason, hold.by) == (("RE-1",), until, "talks", "ada")
    assert moved.items["RE-1"].returned
    assert moved.header.behaviour.payments_returned == 1
    assert [one for one in audit(stack.edge, NOON).problems if one.code != "personal_changed"] == []


# --- promises
@pytest.mark.parametrize("is_split_first", [True, False])
def test_a_promise_is_not_kept_by_an_invoice_that_is_owed_under_other_keys(is_split_first: bool) -> None:
    store = AccountStore(MemoryTable())
    first, second = ((), PLAN) if not is_split_first else (PLAN, ())
    opening: list[ev.Event] = [customer(), *after_events(replace(FACTS, instalments=first))]
    found = store.commit(Account("A"), opening, NOON, nothing_due)
    keys = tuple(item.key for item in found.live("items"))
    promise = ev.PromiseMade("P", keys, MONDAY, MONDAY + timedelta(days=2), MONDAY)
    found = store.commit(found, [promise], NOON, nothing_due)
    row = replace(FACTS, instalments=second, upload="u2", stated_at=NOON + timedelta(hours=1))
    found = store.load("A", keys_named(row), linked=True)
    store.commit(found, register_all(found, [row], 30, MONDAY)[0], NOON, nothing_due)
    assert upkeep(store.load("A"), POLICY, NOON + timedelta(hours=2)) == []
    late = upkeep(store.load("A"), POLICY, NOON + timedelta(days=5))
    assert ev.PromiseSettled("P", "broken", MONDAY + timedelta(days=5)) in late
