"""Whatever happened, a statement adds up on every day: what is open less what is unapplied is the last balance."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.allocation import reallocate
from duly.domain.bookkeeping import account_entries, add
from duly.domain.cash import RETURNED, receive, withdraw
from duly.domain.registering import InvoiceFacts, credit_note_key, keys_named, register_invoice
from duly.domain.statement_of_account import CREDIT_NOTE, statement
from duly.store.accounts import AccountStore
from duly.store.memory import MemoryTable
from tests.core_samples import MONDAY
from tests.property.test_account_property import CASH, NUMBERS, carry_out, commit, decisions


def cancel(store: AccountStore, number: str, days: int) -> None:
    facts = InvoiceFacts(
        number=number,
        type="cancellation",
        issued=MONDAY + timedelta(days=days),
        due=None,
        amount_minor=0,
        currency="EUR",
        upload="u",
        line=90,
    )
    account = store.load("A", keys_named(facts), linked=True)
    commit(store, account, list(register_invoice(account, facts, 30, MONDAY).events))


def give_back(store: AccountStore, cash: str) -> None:
    account = store.load("A", [("cash", cash)], linked=True)
    commit(store, account, withdraw(account, cash, RETURNED))


def demand(store: AccountStore, number: str, place: int, days: int, amount_minor: int) -> None:
    """Costs and interest of an open invoice, which its money may pay at once."""
    account = store.load("A", [("items", number)], linked=True)
    item = account.items.get(number)
    if item is None or item.state not in ("open", "paid"):
        return
    on = MONDAY + timedelta(days=days)
    charges = tuple(ev.Charge(f"{kind}-{place}", kind, amount_minor, on) for kind in ("costs", "interest"))
    events: list[ev.Event] = [ev.ChargesDemanded(number, charges, item.currency)]
    commit(store, account, [*events, *reallocate(account.after(events), items=[number])])


def refund(store: AccountStore, cash: str, days: int) -> None:
    account = store.load("A", [("cash", cash)], linked=True)
    money = account.cash.get(cash)
    if money is not None and money.unallocated_minor:
        on = MONDAY + timedelta(days=days)
        event = ev.CashRefunded(cash, f"R-{cash}", money.unallocated_minor, money.currency, on, "ann")
        commit(store, account, [event])


def settle(store: AccountStore, number: str, place: int, days: int, amount_minor: int) -> None:
    """A person writes something off, which pays when nothing else does."""
    account = store.load("A", [("items", number)], linked=True)
    item = account.items.get(number)
    if item is not None and item.state == "open" and item.outstanding_minor >= amount_minor:
        on = MONDAY + timedelta(days=days)
        received = ev.CashReceived(f"W{place}", "write_off", amount_minor, item.currency, on, (number,), by="ann")
        commit(store, account, receive(account, received, MONDAY))


def played(
    done: list[tuple[Any, ...]],
    charged: list[tuple[str, int, int]],
    written_off: list[tuple[str, int, int]],
    refunded: list[tuple[str, int]],
    cancelled: list[tuple[str, int]],
    returned: list[str],
) -> AccountStore:
    """An account after all of this."""
    store = AccountStore(MemoryTable())
    for decision in done:
        carry_out(store, decision)
    for place, (number, on, amount) in enumerate(charged):
        demand(store, number, place, on, amount)
    for place, (number, on, amount) in enumerate(written_off):
        settle(store, number, place, on, amount)
    for key, on in refunded:
        refund(store, key, on)
    for number, on in cancelled:
        cancel(store, number, on)
    for cash in returned:
        give_back(store, cash)
    return store


PLAYED = (
    decisions(),
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.integers(-3, 3), st.integers(1, 90)), max_size=3),
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.integers(-3, 3), st.integers(1, 90)), max_size=2),
    st.lists(st.tuples(st.sampled_from(CASH), st.integers(-3, 3)), max_size=2, unique_by=lambda one: one[0]),
    st.lists(st.tuples(st.sampled_from(NUMBERS), st.integers(-3, 3)), max_size=2),
    st.lists(st.sampled_from(CASH), max_size=2),
)


@given(
    *PLAYED,
    st.integers(-6, 40),
    st.none() | st.integers(0, 5),
)
def test_open_items_less_unapplied_money_are_the_balance(
    done: list[tuple[Any, ...]],
    charged: list[tuple[str, int, int]],
    written_off: list[tuple[str, int, int]],
    refunded: list[tuple[str, int]],
    cancelled: list[tuple[str, int]],
    returned: list[str],
    day: int,
    before: int | None,
) -> None:
    store = played(done, charged, written_off, refunded, cancelled, returned)
    account = store.rebuild("A")
    history = [(MONDAY, event) for entry in store.history("A") for event in entry.events]
    as_of = MONDAY + timedelta(days=day)
    start = None if before is None else as_of - timedelta(days=before)
    for one in statement(account, history, as_of, start).currencies:
        assert one.closing_minor == one.open_minor - one.unapplied_minor
        assert one.closing_minor == one.opening_minor + sum(line.debit_minor - line.credit_minor for line in one.lines)
        assert sum(one.ageing.values()) == one.open_minor == one.due_minor + one.not_due_minor
        assert all(item.outstanding_minor >= 0 and item.charges_minor >= 0 < item.owed_minor for item in one.items)
        assert all(line.on <= as_of and (start is None or line.on >= start) for line in one.lines)
    if as_of >= MONDAY + timedelta(days=35):  # nothing is dated later: it is the account as it stands
        items = [item for one in statement(account, history, as_of).currencies for item in one.items]
        assert {item.key: item.owed_minor for item in items} == {
            item.key: item.due_minor for item in account.live("items") if item.state == "open"
        }


def test_a_credit_note_is_told_by_its_number() -> None:
    assert credit_note_key("G-1") == f"{CREDIT_NOTE}G-1"


@given(*PLAYED)
def test_the_books_of_an_account_are_what_it_holds(
    done: list[tuple[Any, ...]],
    charged: list[tuple[str, int, int]],
    written_off: list[tuple[str, int, int]],
    refunded: list[tuple[str, int]],
    cancelled: list[tuple[str, int]],
    returned: list[str],
) -> None:
    store = played(done, charged, written_off, refunded, cancelled, returned)
    account, balances = store.load("A"), Counter[Any]()
    for entry in account_entries("A", [(one.version, MONDAY, one.events) for one in store.history("A")]):
        totals: Counter[str] = Counter()
        for posting in entry.postings:
            totals[posting.currency] += posting.amount_minor
        assert not any(totals.values())
        add(balances, entry)
    held: Counter[Any] = Counter()
    for item in account.live("items"):
        held["receivables", item.currency] += item.due_minor if item.state == "open" else 0
    for cash in account.live("cash"):
        held["customer_credit", cash.currency] -= cash.unallocated_minor
    kept = {(ledger.name, currency): amount for (ledger, currency), amount in balances.items() if amount}
    names = ("receivables", "customer_credit")
    assert {key: amount for key, amount in kept.items() if key[0] in names} == {k: v for k, v in held.items() if v}
