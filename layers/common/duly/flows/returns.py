"""Money that the payer's bank took back: the payment leaves its account, and its invoices are open again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.cash import RETURNED, returned_debits
from duly.domain.entities import COLLECTED
from duly.domain.identity import FINAL
from duly.domain.transaction import Transaction
from duly.flows.applying import carry_out, with_score
from duly.flows.edge import Edge
from duly.flows.learning import learn
from duly.flows.marking import mark
from duly.store import lookups
from duly.store.tables import Conflict
from duly.store.transactions import Stored

ATTEMPTS = 20


def note_return(edge: Edge, stored: Stored, personal: Mapping[str, Any], now: datetime) -> Stored:
    """A reversal takes back the payment whose id it repeats, if there is one of its amount. If it names invoices of one
    customer, what was collected for them by direct debit came back: they are chased now, and the one payment of that
    amount which paid them leaves the account. If neither is certain, a person decides. A reversal keeps to its payment:
    another one that comes to light later is the customer's own."""
    state = stored.state
    if not state.reversal or state.state != "suspense" or state.standing != FINAL:
        return stored
    debited = _debits_returned(edge, state, now)
    payment = state.takes_back or _named_payment(edge, state, personal) or debited
    if payment and not state.takes_back:
        noted = ev.TransactionParked(state.reason, state.candidates, payment)
        stored = edge.transactions.commit(stored, state.key, [noted], now)
    if payment:
        take_back(edge, payment, now)
    return stored


def _named_payment(edge: Edge, state: Transaction, personal: Mapping[str, Any]) -> str:
    """Return the one payment of the amount that came back whose id (the payer's or the bank's) the reversal repeats."""
    named = lookups.own_names(str(personal.get("end_to_end_id", "")), str(personal.get("bank_reference", "")))
    for kind, value in named:
        keys = {one.transaction for one in lookups.find(edge.table, kind, value)} - {state.key, ""}
        found = [one for one in sorted(keys) if _is_taken_back(edge.transactions.load(one).state, state)]
        if len(found) == 1:
            return found[0]
    return ""


def _is_taken_back(payment: Transaction, reversal: Transaction) -> bool:
    if (
        payment.reversal
        or payment.value_date is None
        or reversal.value_date is None
        or payment.reason == RETURNED
        or payment.standing != FINAL
    ):
        return False
    is_same = (payment.amount_minor, payment.currency) == (abs(reversal.amount_minor), reversal.currency)
    return is_same and payment.value_date <= reversal.value_date


def _debits_returned(edge: Edge, state: Transaction, now: datetime) -> str:
    """Note that what was collected for the invoices that a reversal names came back, and return the one payment that
    it was; "" when there is none, or more than one."""
    tokens = dict.fromkeys(token for token, _, _ in state.tokens)
    answers = [one for token in tokens for one in lookups.find(edge.table, lookups.REFERENCE, token)]
    found = {(edge.accounts.now_at(one.account), one.key) for one in answers}
    accounts = {account for account, _ in found}
    if len(accounts) != 1:
        return ""
    on = state.booked or now.date()

    def decide(account: Account) -> list[ev.Event]:
        due = [one for _, key in sorted(found) for one in _collected_by(account, key, on)]
        return with_score(edge, account, returned_debits(account, due, on, transaction=state.key), now)

    named = [("items", key) for _, key in sorted(found)]
    account = edge.change(accounts.pop(), decide, now, named, linked=True)
    return _collected_payment(account, [key for _, key in named], state)


def _collected_payment(account: Account, keys: Sequence[str], reversal: Transaction) -> str:
    """Return the one payment that was collected for these invoices, of the amount that came back and not later than
    it; an empty string when there is none, or more than one."""
    collected = {one for key in keys for one in owed_for(account, key) if account.items[one].means in COLLECTED}
    found = [
        cash.key
        for cash in account.cash.values()
        if (cash.kind, cash.amount_minor, cash.currency) == ("payment", abs(reversal.amount_minor), reversal.currency)
        and reversal.value_date is not None
        and cash.value_date <= reversal.value_date
        and cash.allocations.keys() & collected
    ]
    return found[0] if len(found) == 1 else ""


def _collected_by(account: Account, key: str, on: date) -> list[str]:
    """Return the items of a named invoice that were to be collected by a day: of several instalments the last one."""
    keys = owed_for(account, key)
    due = [one for one in keys if account.items[one].due <= on]
    return due[-1:] if len(keys) > 1 else keys


def take_back_by_person(edge: Edge, reversal: str, payment: str, by: str, now: datetime) -> list[str]:
    """Take back the payment that came back with a reversal, as a person says; return the accounts that it left. The
    same again finishes what the first one began. Raises LookupError for a transaction that is not known, ValueError
    for one that is no reversal, has its payment already, or where the two do not fit."""
    for _ in range(ATTEMPTS):
        stored, paid = edge.transactions.load(reversal), edge.transactions.load(payment)
        state = stored.state
        if not stored.version or not paid.version:
            raise LookupError("unknown transaction")
        if not state.reversal or state.state != "suspense" or state.standing != FINAL:
            raise ValueError("expected a reversal that a statement shows")
        accounts = [share.account for share in paid.state.applied]
        if state.takes_back != payment:
            if state.takes_back:
                raise ValueError("another payment came back with this reversal")
            if not _is_taken_back(paid.state, state):
                raise ValueError("expected a payment of the amount that came back, not later than it, and still here")
            try:
                noted = ev.TransactionParked(state.reason, state.candidates, payment, by)
                edge.transactions.commit(stored, reversal, [noted], now)
            except Conflict:
                continue
        take_back(edge, payment, now)
        return accounts
    raise Conflict


def take_back(edge: Edge, transaction_id: str, now: datetime) -> None:
    """The payer's bank took this money back: it leaves its account, and waits beside its reversal for finance to see.
    Whatever an earlier attempt left undone is done."""
    for _ in range(ATTEMPTS):
        stored = edge.transactions.load(transaction_id)
        is_returned = (stored.state.state, stored.state.reason) == ("suspense", RETURNED)
        if stored.state.state not in ("routed", "proposed", "suspense"):
            return
        try:
            stored = carry_out(edge, stored, now)
            if not is_returned:
                stored = edge.transactions.commit(stored, transaction_id, [ev.TransactionParked(RETURNED)], now)
            stored = mark(edge, carry_out(edge, stored, now), now)
            learn(edge, stored, edge.transactions.personal(transaction_id, stored.state.personal), now)
        except Conflict:
            continue
        return
    raise Conflict
