"""Any statements about one number, read in any order: what arrived last counts, and no sum is ever wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.registering import InvoiceFacts, keys_named, register_invoice
from duly.store import keys, lookups
from duly.store.accounts import AccountStore, projections
from duly.store.memory import MemoryTable
from tests.core_samples import MONDAY, NOON, nothing_due, payment

NUMBERS = ["RE-1", "RE-2", "RE-3"]
NOTE = "GS-1"
DAYS = 30


@dataclass(frozen=True, slots=True)
class Money:
    """A payment that names these numbers."""

    key: str
    amount_minor: int
    names: tuple[str, ...]
    day: date


@st.composite
def statements(draw: st.DrawFn) -> list[InvoiceFacts]:
    """Rows about a few numbers, each of an upload of its own, in the order in which they arrived."""
    found = []
    for count in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["invoice", "invoice", "invoice", "cancellation", "correction", "credit_note"]))
        number = draw(st.sampled_from(NUMBERS if kind != "cancellation" else [*NUMBERS, NOTE]))
        issued = MONDAY + timedelta(days=draw(st.integers(-1, 1)))
        amount = draw(st.sampled_from([0, 100, 200, 300]))
        if kind == "credit_note":
            found.append(
                InvoiceFacts(
                    number=NOTE,
                    type="credit_note",
                    issued=issued,
                    due=None,
                    amount_minor=amount + 10,
                    currency="EUR",
                    for_invoice=draw(st.sampled_from(["", *NUMBERS])),
                    upload=f"u{count}",
                    line=draw(st.integers(1, 9)),
                    stated_at=NOON + timedelta(minutes=count),
                )
            )
            continue
        due = draw(st.sampled_from([None, issued + timedelta(days=10), issued + timedelta(days=20)]))
        plan: tuple[tuple[date, int], ...] = ()
        if due and draw(st.integers(0, 2)) == 0:
            parts = draw(st.integers(2, 3))
            plan = tuple((due + timedelta(days=30 * n - 30 * parts + 30), 100) for n in range(parts))
        found.append(
            InvoiceFacts(
                number=number,
                type="cancellation" if kind == "cancellation" else "invoice",
                issued=issued,
                due=due,
                amount_minor=amount,
                currency=draw(st.sampled_from(["EUR", "EUR", "USD"])),
                order=draw(st.sampled_from(["", "", "PO-1", "PO-2"])),
                upload=f"u{count}",
                line=draw(st.integers(1, 9)),
                instalments=plan,
                replaces=draw(st.sampled_from(NUMBERS)) if kind == "correction" else "",
                stated_at=NOON + timedelta(minutes=count),
            )
        )
    return found


@st.composite
def payments(draw: st.DrawFn) -> list[Money]:
    amounts, names = st.sampled_from([50, 100, 250, 500]), st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=2)
    return [
        Money(
            f"T{n}", draw(amounts), tuple(dict.fromkeys(draw(names))), MONDAY + timedelta(days=draw(st.integers(0, 2)))
        )
        for n in range(draw(st.integers(0, 3)))
    ]


def play(facts: Sequence[InvoiceFacts | Money]) -> tuple[Account, AccountStore]:
    store = AccountStore(MemoryTable())
    for one in facts:
        if isinstance(one, Money):
            take_money(store, one)
            continue
        account = store.load("A", keys_named(one), linked=True)
        verdict = register_invoice(account, one, DAYS, MONDAY)
        assert verdict.result in ("applied", "duplicate")
        if verdict.events:
            store.commit(account, verdict.events, NOON, nothing_due)
        check(store.rebuild("A"))
    for one in facts:  # as routing does once all invoices are known
        if isinstance(one, Money):
            take_money(store, one)
    return store.rebuild("A"), store


def take_money(store: AccountStore, one: Money) -> None:
    also = [("cash", one.key), *(("items", name) for name in one.names)]
    account = store.load("A", also, linked=True)
    names = tuple(name for name in one.names if _is_known(account, name))
    if not account.exists and not names:
        return
    events = receive(account, payment(one.key, one.amount_minor, names, one.day), MONDAY)
    if events:
        store.commit(account, events, NOON, nothing_due)
    check(store.rebuild("A"))


def _is_known(account: Account, number: str) -> bool:
    """Whether routing finds a number: a trace that no cancellation and no other invoice speaks of any more is not."""
    item = account.items.get(number)
    return item is not None and (item.is_stated or item.cancelled is not None or bool(item.replaced_by))


def check(account: Account) -> None:
    """Nothing is negative, both ends agree, and every sum is what its items say."""
    sales: dict[str, int] = {}
    by_day: dict[tuple[str, str], int] = {}
    for item in account.items.values():
        assert item.outstanding_minor >= 0 or item.state not in ("open", "paid")
        if item.state in ("open", "paid"):
            assert (item.state == "paid") == (item.outstanding_minor == 0)
        else:
            assert item.allocations == {}
        for key, amount in item.allocations.items():
            assert 0 < amount == account.cash[key].allocations[item.key]
            assert account.cash[key].currency == item.currency
        if item.state == "split":
            parts = [account.items[f"{item.key}#{n + 1}"] for n in range(len(item.instalments))]
            assert sum(part.owed_minor for part in parts) == item.amount_minor
        if item.is_stated and not item.instalment and item.state != "cancelled" and item.amount_minor:
            sales[item.currency] = sales.get(item.currency, 0) + item.amount_minor
            place = (item.currency, item.issued.isoformat())
            by_day[place] = by_day.get(place, 0) + item.amount_minor
    for cash in account.cash.values():
        assert cash.unallocated_minor >= 0
        assert (cash.state == "open") == (cash.unallocated_minor != 0)
    header = account.header
    notes = [cash for cash in account.cash.values() if cash.kind == "credit_note" and cash.state != "withdrawn"]
    assert sum(header.credited_minor.values()) == sum(cash.amount_minor for cash in notes)
    assert header.invoiced_minor == sales
    assert {
        (currency, day): amount for currency, days in header.sales_by_day.items() for day, amount in days.items()
    } == by_day
    settled = [item for item in account.items.values() if item.state == "paid" and item.amount_minor]
    assert header.behaviour.settled_count == len(settled)
    assert header.behaviour.late_count == sum(item.settled_on > item.due for item in settled if item.settled_on)


def _stands(account: Account, credit_note: str) -> bool:
    return credit_note in account.cash and account.cash[credit_note].state != "withdrawn"


def view(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in account.items.items():
        if item.state in ("open", "paid", "split"):
            content = (item.issued, item.due, item.amount_minor, item.currency, item.order)
            found[key] = (item.state, content, item.allocations)
        elif not item.instalment and item.is_cancelled and not _stands(account, f"CN:{key}"):
            found[key] = item.state
    for key, cash in account.cash.items():
        if cash.state != "withdrawn":
            found[key] = (cash.amount_minor, cash.currency, cash.value_date, cash.names, cash.allocations)
    return found


@settings(max_examples=250)
@given(statements(), payments(), st.randoms(use_true_random=False))
def test_any_order_ends_in_what_arrived_last(rows: list[InvoiceFacts], money: list[Money], random: Any) -> None:
    in_order, _ = play([*rows, *money])
    shuffled: list[InvoiceFacts | Money] = [*rows, *money, *random.sample(rows, len(rows) // 2)]
    random.shuffle(shuffled)
    other, store = play(shuffled)
    assert view(other) == view(in_order)
    for number in NUMBERS:
        said = [row for row in rows if row.number == number]
        stated = [row for row in said if row.type == "invoice"]
        item = in_order.items.get(number)
        if not stated:
            continue
        assert item is not None
        last = stated[-1]
        assert (item.issued, item.amount_minor, item.currency) == (last.issued, last.amount_minor, last.currency)
        if said[-1].type == "cancellation":
            assert item.state == "cancelled"
        elif not item.replaced_by:
            assert item.state in ("open", "paid", "split")
    pk = keys.account("A")
    found = store.table.query(pk, keys.LIVE) + store.table.query(pk, keys.CLOSED)
    assert {one.sk: one for one in found} == {one.sk: one for one in projections(other)}


def test_a_number_that_no_invoice_replaces_any_more_is_not_found() -> None:
    def corrects(replaces: str, minute: int) -> InvoiceFacts:
        at = NOON + timedelta(minutes=minute)
        return InvoiceFacts(
            "RE-2", "invoice", MONDAY, None, 0, "EUR", upload=f"u{minute}", line=1, replaces=replaces, stated_at=at
        )

    money = Money("T0", 50, ("RE-3",), MONDAY)
    first, last = corrects("RE-3", 1), corrects("RE-1", 2)
    (one, store), (other, _) = play([first, last, money]), play([last, first, money])
    assert view(one) == view(other) and one.cash["T0"].names == ()
    assert not lookups.find(store.table, lookups.REFERENCE, "RE3")
    assert [answer.key for answer in lookups.find(store.table, lookups.REFERENCE, "RE1")] == ["RE-1"]


@settings(max_examples=100)
@given(statements(), payments())
def test_the_same_rows_again_stay_applied_and_change_nothing(rows: list[InvoiceFacts], money: list[Money]) -> None:
    account, store = play([*rows, *money])
    for row in rows:
        loaded = store.load("A", keys_named(row), linked=True)
        verdict = register_invoice(loaded, row, DAYS, MONDAY)
        assert verdict.events == ()
        again = register_invoice(loaded, replace(row, upload="other", line=row.line), DAYS, MONDAY)
        assert again.result == "duplicate"
    assert account.version == store.rebuild("A").version
