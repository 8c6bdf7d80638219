"""The journals of accounts and bank transactions as double-entry bookkeeping: each entry adds up to nothing.

Every fact of an account is worth something in the ledgers below (an open invoice: receivables against what was
invoiced; money: suspense against the customer's credit; what it pays: credit against receivables). An event is booked
as the change of that worth, so corrections, cancellations, moved and returned money book their own reversal, and the
sums of the ledgers are what the accounts hold, whatever happened. A bank transaction books bank clearing against
suspense; the account that takes it books suspense against the customer's credit.

Amounts are integer minor units, positive for debit and negative for credit. Customers appear by id alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from duly.domain import events as ev
from duly.domain import transaction
from duly.domain.account import Account
from duly.domain.entities import Cash, Item, is_exchange
from duly.domain.identity import FINAL
from duly.domain.statement_of_account import CREDIT_NOTE
from duly.domain.transaction import Transaction

#: Ledgers, each with the type of account that it is. Receivables, credit and reclaims are kept for each customer.
LEDGERS: Final = {
    "receivables": "assets",
    "customer_credit": "liabilities",
    "bank_clearing": "assets",
    "suspense": "liabilities",
    "refunds": "liabilities",
    "reclaims": "assets",
    "exchange": "equity",
    "invoiced": "income",
    "credit_notes": "income",
    "costs_charged": "income",
    "interest_charged": "income",
    "discounts": "expenses",
    "bad_debt": "expenses",
    "small_differences": "expenses",
    "bank_charges": "expenses",
    "deductions": "expenses",
}
_OF_ADJUSTMENT: Final = {
    "discount": "discounts",
    "write_off": "bad_debt",
    "tolerance": "small_differences",
    "bank_fee": "bank_charges",
    "deduction": "deductions",
}
_OF_CHARGE: Final = {"costs": "costs_charged", "interest": "interest_charged"}


@dataclass(frozen=True, slots=True, order=True)
class Ledger:
    """A ledger, of one customer (its id) or of the business (empty)."""

    name: str
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount on a ledger: debit is positive."""

    ledger: Ledger
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event is worth in the books. ``id`` names journal, version and place; ``about`` the document."""

    id: str
    on: date
    kind: str
    about: str
    postings: tuple[Posting, ...]

    @property
    def order(self) -> tuple[date, str]:
        """The place among all entries."""
        return self.on, self.id


Dated = tuple[int, date, Sequence[ev.Event]]  # a journal entry: version, the creditor's day, events
_Worth = Counter[tuple[Ledger, str]]


def account_entries(account_id: str, journal: Iterable[Dated], customer: str = "") -> Iterator[Entry]:
    """Yield the entries of an account's journal in its order. ``customer`` is the id by which ledgers are named, else
    the account's."""
    account = Account(account_id)
    name = customer or account_id
    worth: dict[tuple[str, str], _Worth] = {}
    for version, day, events in journal:
        for place, event in enumerate(events):
            account.apply(event)
            change: _Worth = Counter()
            for kind, key in account.touched:
                if kind in _WORTH:
                    now = _WORTH[kind](account.entities[kind][key], name)
                    change.update(now)
                    change.subtract(worth.get((kind, key), {}))
                    worth[kind, key] = now
            account.touched = set()
            postings = _postings(change)
            if postings:
                about = _about(event)
                yield Entry(f"{account_id}/{version:06d}.{place}", _day(event, day), _kind(event), about, postings)


def transaction_entries(transaction_id: str, journal: Iterable[Dated]) -> Iterator[Entry]:
    """Yield the entries of a bank transaction's journal in its order."""
    state = Transaction()
    before: _Worth = Counter()
    for version, day, events in journal:
        for place, event in enumerate(events):
            state = transaction.apply(state, event)
            now = _of_transaction(state)
            change: _Worth = Counter(now)
            change.subtract(before)
            before = now
            postings = _postings(change)
            if postings:
                entry_id = f"{transaction_id}/{version:06d}.{place}"
                yield Entry(entry_id, _day(event, day), _kind(event), transaction_id, postings)


def _postings(change: _Worth) -> tuple[Posting, ...]:
    return tuple(Posting(ledger, currency, amount) for (ledger, currency), amount in sorted(change.items()) if amount)


# --- what the facts are worth
def _of_item(item: Item, customer: str) -> _Worth:
    worth: _Worth = Counter()
    if item.state in ("open", "paid"):
        _book(worth, Ledger("receivables", customer), Ledger("invoiced"), item.currency, item.amount_minor)
        for charge in item.charges:
            income = Ledger(_OF_CHARGE[charge.kind])
            _book(worth, Ledger("receivables", customer), income, item.currency, charge.owed_minor)
    return worth


def _of_cash(cash: Cash, customer: str) -> _Worth:
    worth: _Worth = Counter()
    receivables, credit = Ledger("receivables", customer), Ledger("customer_credit", customer)
    if cash.is_adjustment:
        _book(worth, Ledger(_OF_ADJUSTMENT[cash.kind]), receivables, cash.currency, cash.allocated_minor)
        return worth
    if cash.state != "withdrawn":
        source = {"credit_note": "credit_notes", "exchange": "exchange"}.get(cash.kind, "suspense")
        _book(worth, Ledger(source), credit, cash.currency, cash.amount_minor)
    _book(worth, credit, receivables, cash.currency, cash.allocated_minor)
    # what was refunded of a payment that its bank took back afterwards is to be had back, and no credit
    giver = credit if cash.state != "withdrawn" else Ledger("reclaims", customer)
    for key, amount in cash.spent.items():
        _book(worth, giver, Ledger("exchange" if is_exchange(key) else "refunds"), cash.currency, amount)
    return worth


def _of_transaction(state: Transaction) -> _Worth:
    """Money in, or a reversal of it, once a final statement says so. Other money out is not the customers', and not
    booked here."""
    worth: _Worth = Counter()
    is_ours = state.amount_minor > 0 or state.reversal
    if state.key and state.standing == FINAL and state.state != "ignored" and is_ours:
        _book(worth, Ledger("bank_clearing"), Ledger("suspense"), state.currency, state.amount_minor)
    return worth


def _book(worth: _Worth, debit: Ledger, credit: Ledger, currency: str, amount_minor: int) -> None:
    worth[debit, currency] += amount_minor
    worth[credit, currency] -= amount_minor


_WORTH: Final[dict[str, Callable[[Any, str], _Worth]]] = {"items": _of_item, "cash": _of_cash}


# --- when and why
_KINDS: Final[dict[type[ev.Event], str]] = {
    ev.InvoiceRegistered: "invoice",
    ev.InvoiceCorrected: "correction",
    ev.InvoiceConfirmed: "correction",
    ev.InvoiceCancelled: "cancellation",
    ev.InvoiceReinstated: "cancellation undone",
    ev.InvoiceTransferred: "invoice moved",
    ev.CreditNoteCorrected: "credit note corrected",
    ev.CashWithdrawn: "payment taken off",
    ev.AllocationsChanged: "allocation",
    ev.ChargesDemanded: "charges",
    ev.StepsRecorded: "charges",  # what a notice demanded is owed once its step is done
    ev.ChargesWaived: "charges waived",
    ev.CashRefunded: "refund",
    ev.RefundUndone: "refund undone",
    ev.CashExchanged: "exchange",
    ev.ExchangeUndone: "exchange undone",
    ev.TransactionReceived: "bank transaction",
    ev.TransactionIgnored: "not a receipt",
    ev.StandingChanged: "bank statement",
}


def _kind(event: ev.Event) -> str:
    """What happened, in words."""
    if isinstance(event, ev.CashReceived):
        return event.kind.replace("_", " ")
    if isinstance(event, ev.CashWithdrawn) and event.reason == "returned":
        return "payment returned"
    return _KINDS.get(type(event), type(event).__name__)


def _day(event: ev.Event, day: date) -> date:
    """The day on which it is booked: that of the document, money or decision, else that of the journal entry."""
    match event:
        case ev.InvoiceRegistered():
            return event.issued
        case ev.CashReceived():
            return event.value_date
        case ev.TransactionReceived():
            return event.booked
        case ev.ChargesDemanded():
            return max(charge.on for charge in event.charges)
        case ev.StepsRecorded():
            return event.on
        case ev.ChargesWaived() | ev.CashRefunded() | ev.RefundUndone() | ev.CashExchanged() | ev.ExchangeUndone():
            return event.on
    return day


def _about(event: ev.Event) -> str:
    """The document or money that it is about: a number or an id."""
    match event:
        case ev.InvoiceRegistered():
            return event.number
        case ev.ChargesDemanded() | ev.ChargesWaived():
            return event.item
        case ev.StepsRecorded():
            return event.notice
        case ev.AllocationsChanged():
            return " ".join(dict.fromkeys(change.item for change in event.changes))
    return str(getattr(event, "key", "") or getattr(event, "cash", "")).removeprefix(CREDIT_NOTE)


# --- sums
Balances = Counter[tuple[Ledger, str]]


def add(balances: Balances, entry: Entry) -> None:
    """Add an entry to the balances of the ledgers."""
    for posting in entry.postings:
        balances[posting.ledger, posting.currency] += posting.amount_minor


def opening_entry(balances: Balances, on: date) -> Entry | None:
    """The entry that brings forward what was booked before a day; None when that is nothing."""
    postings = _postings(balances)
    return Entry("opening", on, "opening balances", "", postings) if postings else None
