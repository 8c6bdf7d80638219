"""Facts in any order, any number of times, cut into any files: the same balances; and no balance is ever wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive, withdraw
from duly.domain.registering import InvoiceFacts, keys_named, register_invoice
from duly.flows.audit import audit, canonical
from duly.flows.twin import TwinStack
from duly.store import keys
from duly.store.accounts import AccountStore, projections
from duly.store.memory import MemoryTable
from duly.store.queues import Message
from tests import core_samples as samples
from tests.core_samples import MONDAY, NOON, Customer, Invoice, Payment, Upload

# --- one account under random decisions ------------------------------------------------------------------------------
NUMBERS = [f"INV-{n}" for n in range(1, 6)]
CASH = [f"T{n}" for n in range(1, 5)]


@st.composite
def decisions(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """What happens to an account, in order: registering, money coming, being named anew, leaving."""
    number, cash = st.sampled_from(NUMBERS), st.sampled_from(CASH)
    days = st.integers(-3, 3)
    invoice = st.tuples(st.just("invoice"), number, st.integers(0, 300), st.sampled_from(["EUR", "USD"]), days)
    credit = st.tuples(st.just("credit"), number, st.integers(0, 300), st.sampled_from(["", *NUMBERS]), days)
    money = st.tuples(st.just("money"), cash, st.integers(1, 500), st.lists(number, max_size=4), days)
    leaving = st.tuples(st.just("leave"), cash)
    return draw(st.lists(st.one_of(invoice, credit, money, leaving), min_size=1, max_size=14))


def carry_out(store: AccountStore, decision: tuple[Any, ...]) -> None:
    kind, key = decision[0], decision[1]
    if kind in ("invoice", "credit"):
        _, number, amount, other, days = decision
        facts = InvoiceFacts(
            number=number if kind == "invoice" else f"C-{number}",
            type="invoice" if kind == "invoice" else "credit_note",
            issued=MONDAY + timedelta(days=days),
            due=MONDAY + timedelta(days=days + 30),
            amount_minor=amount,
            currency=other if kind == "invoice" else "EUR",
            for_invoice=other if kind == "credit" else "",
            upload="u",
            line=int(number[-1]),
        )
        account = store.load("A", keys_named(facts), linked=True)
        commit(store, account, list(register_invoice(account, facts, 30, MONDAY).events))
    elif kind == "money":
        _, _, amount, names, days = decision
        also = [("cash", key), *(("items", name) for name in names)]
        account = store.load("A", also, linked=True)
        known = tuple(name for name in dict.fromkeys(names) if name in account.items)
        present = account.cash.get(key)
        amount = present.amount_minor if present else amount
        received = ev.CashReceived(key, "payment", amount, "EUR", MONDAY + timedelta(days=days), known)
        commit(store, account, receive(account, received, MONDAY))
    else:
        account = store.load("A", [("cash", key)], linked=True)
        commit(store, account, withdraw(account, key, "moved"))


def commit(store: AccountStore, account: Account, events: list[ev.Event]) -> None:
    if events:
        store.commit(account, events, NOON, samples.nothing_due)


def assert_balances(account: Account) -> None:
    """Invariants 1 to 4 on every item and payment."""
    for item in account.items.values():
        assert item.outstanding_minor == item.amount_minor - sum(item.allocations.values())
        assert 0 <= item.outstanding_minor <= item.amount_minor
        assert (item.state == "paid") == (item.outstanding_minor == 0)
        assert (item.settled_on is None) == (item.state == "open")
        for key, amount in item.allocations.items():
            assert amount > 0
            assert account.cash[key].allocations[item.key] == amount
            assert account.cash[key].currency == item.currency
    for cash in account.cash.values():
        if cash.state == "withdrawn":
            assert cash.allocations == {}
            continue
        assert sum(cash.allocations.values()) + cash.unallocated_minor == cash.amount_minor
        assert cash.unallocated_minor >= 0
        assert (cash.state == "used") == (cash.unallocated_minor == 0)
    header = account.header
    owed: dict[str, int] = {}
    for item in account.items.values():
        owed[item.currency] = owed.get(item.currency, 0) + item.amount_minor
    assert header.invoiced_minor == {currency: amount for currency, amount in owed.items() if amount}
    settled = [item for item in account.items.values() if item.settled_on and item.amount_minor]
    assert header.behaviour.settled_count == len(settled)
    assert header.behaviour.late_count == sum(item.settled_on > item.due for item in settled if item.settled_on)
    came = sum(cash.amount_minor for cash in account.cash.values() if cash.state != "withdrawn")
    assert came == sum(header.collected_minor.values()) + sum(header.credited_minor.values())


@settings(max_examples=80)
@given(decisions())
def test_no_history_breaks_a_balance_and_the_journal_says_the_same(history: list[tuple[Any, ...]]) -> None:
    alarms: list[str] = []
    store = AccountStore(MemoryTable(), lambda code, _: alarms.append(code))
    for decision in history:
        carry_out(store, decision)
        assert_balances(store.rebuild("A"))
    rebuilt = store.rebuild("A")
    pk = keys.account("A")
    found = store.table.query(pk, keys.LIVE) + store.table.query(pk, keys.CLOSED)
    wanted = {one.sk: one for one in projections(rebuilt)} if rebuilt.exists else {}
    assert {one.sk: one for one in found} == wanted
    loaded = store.load("A")
    assert (loaded.digest, loaded.header, loaded.last_hash) == (rebuilt.digest, rebuilt.header, rebuilt.last_hash)
    assert alarms == []


@settings(max_examples=60)
@given(decisions(), st.randoms(use_true_random=False))
def test_who_pays_what_does_not_depend_on_the_order(history: list[tuple[Any, ...]], random: Any) -> None:
    """Each fact once; money that leaves is left out, since it is a decision and not a fact."""
    facts = list({(one[0], one[1]): one for one in history if one[0] != "leave"}.values())
    shuffled = [*facts, *facts]
    random.shuffle(shuffled)
    outcomes = []
    for order in (facts, shuffled):
        store = AccountStore(MemoryTable())
        names_known = [one for one in order if one[0] == "money"]
        for decision in order:
            carry_out(store, decision)
        for decision in names_known:  # as routing does once an invoice is known: what the money names is read anew
            carry_out(store, decision)
        account = store.rebuild("A")
        outcomes.append({key: item.allocations for key, item in account.items.items()})
    assert outcomes[0] == outcomes[1]


# --- a day's files through the whole stack ---------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Day:
    """Facts of one day, without contradictions: numbers are unique, names tell customers apart."""

    customers: tuple[Customer, ...]
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]


@st.composite
def days(draw: st.DrawFn) -> Day:
    customers = tuple(Customer(f"C-{n}", f"Debtor number {n} GmbH", f"DE10000000{n}") for n in range(3))
    invoices: list[Invoice] = []
    for n in range(draw(st.integers(1, 6))):
        owner = draw(st.sampled_from(customers))
        amount = draw(st.sampled_from([5_000, 10_000, 12_345]))
        # some numbers are inside others, some have few digits
        number = draw(st.sampled_from([f"INV-10{n}", f"10{n}", f"2026/10{n}", f"7700{n}"]))
        currency = draw(st.sampled_from(["EUR", "EUR", "USD"]))
        ubl = draw(st.booleans())
        invoices.append(Invoice(number, owner, amount, MONDAY - timedelta(days=n), currency, ubl=ubl))
    for n, one in enumerate(list(invoices)):
        if draw(st.integers(0, 4)) == 0:
            amount = draw(st.sampled_from([1_000, one.amount_minor]))
            invoices.append(
                Invoice(f"CN-{n}", one.customer, amount, MONDAY, one.currency, True, one.number, ubl=one.ubl)
            )
    payments: list[Payment] = []
    for _ in range(draw(st.integers(0, 5))):
        named = draw(st.lists(st.sampled_from(invoices), max_size=3))
        text = " ".join(["payment", *(one.number for one in named)])
        amount = draw(st.sampled_from([5_000, 10_000, 12_345, 30_000, -2_000]))
        payer = draw(st.sampled_from(["", *(one.name for one in customers)]))
        currency = draw(st.sampled_from(["EUR", "EUR", "USD"]))
        payments.append(Payment(text, amount, MONDAY - timedelta(days=draw(st.integers(0, 2))), currency, payer))
    return Day(customers, tuple(invoices), tuple(payments))


def uploads_of(day: Day, cut: int, name: str) -> list[Upload]:
    """The day's files; customers and invoices each cut in two at ``cut``. Equal payments stay in one file: two files
    with one payment each are one payment seen twice."""
    uploads: list[Upload] = []
    for part, found in enumerate((day.customers[:cut], day.customers[cut:])):
        if found:
            uploads.append((f"customers/{name}-{part}.csv", samples.customers_file(found)))
    for part, rows in enumerate((day.invoices[:cut], day.invoices[cut:])):
        uploads += samples.invoice_uploads(rows, f"{name}-{part}")
    if day.payments:
        uploads.append((f"statements/{name}.csv", samples.statement_file(day.payments)))
    return uploads


def after(uploads: Sequence[Upload]) -> TwinStack:
    stack = TwinStack()
    for key, data in uploads:
        stack.upload(key, data, NOON)
        stack.work()
    return stack


def assert_clean(stack: TwinStack) -> None:
    report = audit(stack.edge, NOON)
    assert report.problems == []


@settings(max_examples=40)
@given(days(), st.integers(0, 3), st.randoms(use_true_random=False))
def test_any_order_of_a_days_files_gives_the_same_balances(day: Day, cut: int, random: Any) -> None:
    first = after(uploads_of(day, 0, "a"))
    assert_clean(first)
    other = uploads_of(day, cut, "b")
    shuffled = [*other, *random.sample(other, k=min(2, len(other)))]
    random.shuffle(shuffled)
    second = after(shuffled)
    assert_clean(second)
    assert canonical(first.edge) == canonical(second.edge)


@settings(max_examples=15)
@given(days())
def test_the_same_files_again_change_nothing(day: Day) -> None:
    stack = after(uploads_of(day, 1, "a"))
    before = canonical(stack.edge)
    for name in ("a", "again"):
        for key, data in uploads_of(day, 1, name):
            stack.upload(key, data, NOON + timedelta(minutes=5))
        stack.work()
    assert canonical(stack.edge) == before
    assert_clean(stack)


class AnyOrder(TwinStack):
    """A stack whose messages come in any order that SQS allows: only those of one group keep theirs."""

    def __init__(self, random: Any) -> None:
        super().__init__()
        self.random = random

    def _next(self) -> tuple[str, Message] | None:
        first: dict[tuple[str, str], tuple[str, Message]] = {}
        for queue, waiting in self.queues.queues.items():
            for number, message in enumerate(waiting):
                first.setdefault((queue, message.group or str(number)), (queue, message))
        if not first:
            return None
        queue, message = self.random.choice(list(first.values()))
        self.queues.queues[queue].remove(message)
        return queue, message


@settings(max_examples=25)
@given(days(), st.randoms(use_true_random=False))
def test_messages_of_all_files_in_any_order_give_the_same_balances(day: Day, random: Any) -> None:
    """All files lie in the bucket before the first message is worked on, as after an outage."""
    one_by_one = after(uploads_of(day, 0, "a"))
    mixed = AnyOrder(random)
    for key, data in uploads_of(day, 1, "b"):
        mixed.upload(key, data, NOON)
    mixed.work()
    assert_clean(mixed)
    assert canonical(mixed.edge) == canonical(one_by_one.edge)
