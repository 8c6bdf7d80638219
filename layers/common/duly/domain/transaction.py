"""A bank transaction: where its money goes, as a fold over its events. It decides first, accounts follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from duly.domain import events as ev


class TransactionError(Exception):
    """An event that does not fit the transaction's state: a bug of the caller, never bad input."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """The state of one bank transaction. ``tokens`` are (normalised reference, start, end) found in its text.

    ``state``: received (not looked at), routed (belongs to ``account``), suspense, ignored (not a receipt).
    ``applied`` is the account whose journal holds the money now; it follows ``account``.
    """

    key: str = ""
    amount_minor: int = 0
    currency: str = ""
    booked: date | None = None
    value_date: date | None = None
    at: datetime | None = None
    upload: str = ""
    line: int = 0
    personal: str = ""
    personal_hash: str = ""
    tokens: tuple[tuple[str, int, int], ...] = ()
    reversal: bool = False
    state: str = "received"
    reason: str = ""
    account: str = ""
    names: tuple[str, ...] = ()
    applied: str = ""
    applied_names: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    takes_back: str = ""  # of a reversal: the payment that came back with it, once that is known

    @property
    def is_settled(self) -> bool:
        """True when the accounts agree with the decision: applied where routed, nowhere when parked or ignored."""
        target = self.account if self.state == "routed" else ""
        return self.state != "received" and self.applied == target and self.applied_names == self.names


# The published table of state changes (invariant 27).
TRANSITIONS: frozenset[tuple[str, str]] = frozenset(
    {
        ("received", "routed"),
        ("received", "suspense"),
        ("received", "ignored"),
        ("suspense", "routed"),
        ("routed", "suspense"),
        ("suspense", "ignored"),
    }
)


def apply(state: Transaction, event: ev.Event) -> Transaction:
    """Return the transaction after the event. Raises TransactionError when the event does not fit."""
    after = _APPLY[type(event)](state, event)
    if after.state != state.state and (state.state, after.state) not in TRANSITIONS:
        raise TransactionError(f"a transaction cannot go from {state.state} to {after.state}")
    return after


def _received(state: Transaction, event: ev.TransactionReceived) -> Transaction:
    if state.key:
        raise TransactionError("the transaction exists already")
    return Transaction(
        key=event.transaction,
        amount_minor=event.amount_minor,
        currency=event.currency,
        booked=event.booked,
        value_date=event.value_date,
        at=event.at,
        upload=event.upload,
        line=event.line,
        personal=event.personal,
        personal_hash=event.personal_hash,
        tokens=event.tokens,
        reversal=event.reversal,
    )


def _routed(state: Transaction, event: ev.TransactionRouted) -> Transaction:
    return replace(state, state="routed", account=event.account, names=event.names, reason=event.reason, candidates=())


def _parked(state: Transaction, event: ev.TransactionParked) -> Transaction:
    parked = replace(state, state="suspense", account="", names=(), reason=event.reason, candidates=event.candidates)
    return replace(parked, takes_back=event.takes_back or state.takes_back)


def _ignored(state: Transaction, event: ev.TransactionIgnored) -> Transaction:
    return replace(state, state="ignored", reason=event.reason, candidates=())


def _applied(state: Transaction, event: ev.TransactionApplied) -> Transaction:
    if state.applied not in ("", event.account):
        raise TransactionError("the money is on another account")
    return replace(state, applied=event.account, applied_names=event.names)


def _withdrawn(state: Transaction, event: ev.TransactionWithdrawn) -> Transaction:
    if state.applied != event.account:
        raise TransactionError("the money is not on that account")
    return replace(state, applied="", applied_names=())


def _marked(state: Transaction, event: ev.AccountsMarked) -> Transaction:
    named = set(event.accounts)
    marked = set(state.marked) - named if event.cleared else set(state.marked) | named
    return replace(state, marked=tuple(sorted(marked)))


_APPLY: dict[type[ev.Event], Callable[[Transaction, Any], Transaction]] = {
    ev.TransactionReceived: _received,
    ev.TransactionRouted: _routed,
    ev.TransactionParked: _parked,
    ev.TransactionIgnored: _ignored,
    ev.TransactionApplied: _applied,
    ev.TransactionWithdrawn: _withdrawn,
    ev.AccountsMarked: _marked,
}
