"""Money's rules inside one account: whatever the order of facts the same balances, and the books always balance."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.allocation import reallocate
from duly.domain.cash import receive, withdraw
from duly.domain.cash_discount import CashDiscount
from duly.domain.cash_rules import CashRules
from duly.domain.charges_due import waive_charges
from duly.domain.entities import GRANTED
from duly.domain.overpayments import exchange, refund, reverse_exchange, undo_refund
from duly.domain.registering import InvoiceFacts, keys_named, register_invoice
from duly.domain.short_payments import undo_write_off, write_off
from duly.store import keys
from duly.store.accounts import AccountStore, projections
from duly.store.memory import MemoryTable
from tests import core_samples as samples
from tests.core_samples import MONDAY, NOON

NUMBERS = [f"INV-{n}" for n in range(1, 6)]
CASH = [f"T{n}" for n in range(1, 6)]
TOLERANT = CashRules(tolerance_minor={"EUR": 5}, tolerance_percent=Decimal(3))
RULES = [
    CashRules(),
    TOLERANT,
    CashRules(allocation=("stated", "newest_due"), debt_order=("principal", "interest", "costs")),
    CashRules(allocation=("stated",), debt_order=("interest", "costs", "principal"), tolerance_minor={"EUR": 9}),
]
AMOUNTS = st.sampled_from([40, 60, 97, 98, 99, 100, 100, 158, 160, 200, 300])


@st.composite
def facts(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """What can be said of an account without contradiction: each key once, except that invoices are corrected."""
    number, days = st.sampled_from(NUMBERS), st.integers(-3, 3)
    discounts = st.sampled_from([(), (CashDiscount(2, 200),)])
    invoices = st.tuples(st.just("invoice"), number, st.integers(1, 2), AMOUNTS, days, discounts)
    credits_ = st.tuples(st.just("credit"), number, AMOUNTS, st.sampled_from(["", *NUMBERS]), days)
    names = st.one_of(st.just([]), st.lists(number, max_size=3))
    money = st.tuples(st.just("money"), st.sampled_from(CASH), AMOUNTS, names, st.sampled_from([0, 0, 50]), days)
    write_offs = st.tuples(st.just("write_off"), number, st.sampled_from([10, 50, 100]), days)
    charges = st.tuples(
        st.just("charge"), number, st.sampled_from(["costs", "interest"]), st.sampled_from([3, 10]), days
    )
    found = draw(st.lists(st.one_of(invoices, credits_, money, money, write_offs, charges), min_size=1, max_size=16))
    return list({_key(one): one for one in found}.values())


def _key(fact: tuple[Any, ...]) -> tuple[Any, ...]:
    """By what a fact is one: a number and its arrival, a payment, a charge of one kind."""
    return fact[:3] if fact[0] in ("invoice", "charge") else fact[:2]


def carry_out(store: AccountStore, fact: tuple[Any, ...]) -> None:
    """Put one fact on the account; one about an invoice that is not there yet waits."""
    kind, key = fact[0], fact[1]
    if kind in ("invoice", "credit"):
        _register(store, fact)
    elif kind == "money":
        _, _, amount, names, cap, days = fact
        account = store.load("A", [("cash", key), *(("items", name) for name in names)], linked=True)
        known = tuple(name for name in dict.fromkeys(names) if name in account.items)
        if names and not known:
            return  # it names what nobody knows yet: it waits in suspense
        caps = {name: cap for name in names[:1] if cap}
        day = MONDAY + timedelta(days=days)
        received = ev.CashReceived(key, "payment", amount, "EUR", day, known, caps=caps)
        commit(store, account, receive(account, received, MONDAY))
    elif kind == "write_off":
        account = store.load("A", [("cash", f"WO-{key}"), ("items", key)], linked=True)
        if key in account.items and account.items[key].is_stated:
            day, currency = MONDAY + timedelta(days=fact[3]), account.items[key].currency
            received = ev.CashReceived(f"WO-{key}", "write_off", fact[2], currency, day, (key,), by="Finance")
            commit(store, account, receive(account, received, MONDAY))
    else:
        _demand(store, fact)


def _register(store: AccountStore, fact: tuple[Any, ...]) -> None:
    if fact[0] == "invoice":
        _, number, arrival, amount, days, discounts = fact
        facts_ = InvoiceFacts(
            number=number,
            type="invoice",
            issued=MONDAY + timedelta(days=days),
            due=MONDAY + timedelta(days=days + int(number[-1]) % 3),
            amount_minor=amount,
            currency="USD" if number == NUMBERS[-1] else "EUR",
            upload=f"u{arrival}",
            line=int(number[-1]),
            discounts=discounts,
            stated_at=NOON + timedelta(minutes=arrival),
        )
    else:
        _, number, amount, for_invoice, days = fact
        facts_ = InvoiceFacts(
            number=f"C-{number}",
            type="credit_note",
            issued=MONDAY + timedelta(days=days),
            due=None,
            amount_minor=amount,
            currency="EUR",
            for_invoice=for_invoice,
            upload="c",
            line=int(number[-1]),
        )
    account = store.load("A", keys_named(facts_), linked=True)
    commit(store, account, list(register_invoice(account, facts_, 30, MONDAY).events))


def _demand(store: AccountStore, fact: tuple[Any, ...]) -> None:
    _, key, kind, amount, days = fact
    account = store.load("A", [("items", key)], linked=True)
    item = account.items.get(key)
    charge = ev.Charge(f"{kind}-1", kind, amount, MONDAY + timedelta(days=days))
    if item is None or charge.key in {one.key for one in item.charges}:
        return
    demanded: list[ev.Event] = [ev.ChargesDemanded(key, (charge,), item.currency)]
    commit(store, account, [*demanded, *reallocate(account.after(demanded), items=[key])])


def decide_something(store: AccountStore, chance: random.Random) -> None:
    """A person decides, or money leaves: whatever is possible on the account as it is."""
    account = store.rebuild("A")
    cash, items = sorted(account.cash), sorted(account.items)
    key, item = chance.choice(cash or ["-"]), chance.choice(items or ["-"])
    amount = chance.choice([1, 7, 40])
    decisions: list[Callable[[Account], list[ev.Event]]] = [
        lambda one: withdraw(one, key, "returned") if one.cash[key].kind in ("payment", "credit_note") else [],
        lambda one: write_off(one, item, amount, chance.choice(["write_off", "bank_fee"]), "why", "Ada", MONDAY),
        lambda one: undo_write_off(one, key, "Ada"),
        lambda one: refund(one, key, amount, "Ada", MONDAY),
        lambda one: undo_refund(one, key, next(iter(one.cash[key].spent), ""), "Ada", MONDAY),
        lambda one: exchange(one, key, item, 2 * amount, amount, "0.5", "Ada", MONDAY),
        lambda one: reverse_exchange(one, key, next(iter(one.cash[key].spent), ""), "Ada", MONDAY),
        lambda one: waive_charges(one, item, "", None, "why", "Ada", MONDAY),
        lambda one: [ev.DisputeOpened(f"D{one.version}", (item,), "price", "default", MONDAY, MONDAY)],
    ]
    loaded = store.load("A", [("cash", key), ("items", item)], linked=True)
    with suppress(LookupError, ValueError):
        commit(store, loaded, list(chance.choice(decisions)(loaded)))


def commit(store: AccountStore, account: Account, events: list[ev.Event]) -> None:
    if events:
        store.commit(account, events, NOON, samples.nothing_due)


def balances(account: Account) -> dict[str, Any]:
    """What must not depend on the order; of what was granted only what is used."""
    items = {key: (item.state, item.allocations, item.charges_paid) for key, item in account.items.items()}
    cash = {
        key: (one.allocations, one.charges, one.unallocated_minor)
        for key, one in account.cash.items()
        if one.kind not in GRANTED or one.allocations
    }
    return {"items": items, "cash": cash}


def assert_balanced(account: Account) -> None:
    """Invariants 1 to 4."""
    for item in account.items.values():
        by_kind = dict.fromkeys(("payment", "exchange", "credit_note", "adjustment"), 0)
        for key, amount in item.allocations.items():
            cash = account.cash[key]
            assert amount > 0
            assert cash.currency == item.currency
            assert cash.allocations[item.key] == amount
            by_kind["adjustment" if cash.is_adjustment else cash.kind] += amount
        assert item.outstanding_minor == item.amount_minor - sum(by_kind.values()) >= 0
        assert sum(item.adjusted.values()) == by_kind["adjustment"]
        open_charges = sum(item.open_charges_minor.values())
        charged = sum(one.amount_minor - one.waived_minor for one in item.charges)
        assert open_charges == charged - sum(sum(paid.values()) for paid in item.charges_paid.values()) >= 0
        if item.state in ("open", "paid"):
            assert (item.state == "paid") == (item.outstanding_minor == 0 and open_charges == 0)
    for cash in account.cash.values():
        if cash.is_adjustment:
            assert (cash.unallocated_minor, cash.is_live) == (0, False)
            assert cash.allocated_minor <= cash.amount_minor
        elif cash.state != "withdrawn":
            spent = sum(cash.spent.values())
            assert cash.allocated_minor + spent + cash.unallocated_minor == cash.amount_minor
            assert cash.unallocated_minor >= 0
        for item, most in cash.caps.items():
            assert cash.allocations.get(item, 0) <= most
    paying_unnamed = {key for key, cash in account.cash.items() if cash.is_unnamed and cash.pays}
    assert set(account.header.unnamed) == paying_unnamed


def settled(rules: CashRules, order: list[tuple[Any, ...]], again: list[tuple[Any, ...]]) -> Account:
    """The account after these facts in this order; those that had to wait come ``again``."""
    store = AccountStore(MemoryTable(), no_alarm, lambda: rules)
    for fact in (*order, *again):
        carry_out(store, fact)
    return as_stored(store)


def no_alarm(code: str, account: str) -> None:
    raise AssertionError(f"{account} had to be rebuilt: {code}")


def as_stored(store: AccountStore) -> Account:
    """The account as its journal says, which is what the table holds."""
    account = store.rebuild("A")
    pk = keys.account("A")
    stored = store.table.query(pk, keys.LIVE) + store.table.query(pk, keys.CLOSED)
    assert {one.sk: one for one in stored} == ({one.sk: one for one in projections(account)} if account.exists else {})
    return account


@settings(max_examples=150, deadline=None)
@given(facts(), st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_any_order_ends_in_the_same_balances(
    found: list[tuple[Any, ...]], rules: CashRules, chance: random.Random
) -> None:
    shuffled = [*found, *chance.sample(found, len(found) // 2)]
    chance.shuffle(shuffled)
    first, second = settled(rules, found, found), settled(rules, shuffled, found)
    assert_balanced(first)
    assert_balanced(second)
    assert balances(first) == balances(second)


@settings(max_examples=100, deadline=None)
@given(facts(), st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_no_decision_breaks_a_balance(found: list[tuple[Any, ...]], rules: CashRules, chance: random.Random) -> None:
    """Facts and what persons decide between them, and money that leaves."""
    store = AccountStore(MemoryTable(), no_alarm, lambda: rules)
    for fact in found:
        carry_out(store, fact)
        decide_something(store, chance)
        account = as_stored(store)
        assert_balanced(account)
        received = {"EUR": 0, "USD": 0}
        for cash in account.cash.values():
            if cash.is_money:
                left = 0 if cash.state == "withdrawn" else cash.amount_minor
                received[cash.currency] += left - sum(cash.spent.values())
        collected = {currency: amount for currency, amount in received.items() if amount}
        assert account.header.collected_minor == collected
