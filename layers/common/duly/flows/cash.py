"""Money that came in: where it belongs is decided, and it is applied there.

The transaction's own journal decides first; accounts follow. ``settle_transaction`` can be started again after an end
anywhere and goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import RETURNED
from duly.domain.identity import FINAL, NOT_COUNTED
from duly.domain.match_model import Share
from duly.domain.placing import decision, payment_of
from duly.domain.transaction import PERSON, Transaction, held_back, joined, uncounted
from duly.flows.applying import carry_out, is_partly_refunded
from duly.flows.edge import Edge
from duly.flows.learning import learn
from duly.flows.marking import cleared, mark, marked, may_own
from duly.flows.placing import place
from duly.flows.returns import note_return
from duly.store import lookups
from duly.store.tables import MAX_WRITES, Conflict, Write
from duly.store.transactions import Stored

ATTEMPTS = 20
MOVES_FOR = timedelta(days=1)  # money already booked moves to another account only on the day it came in
_METRICS: dict[type[ev.Event], str] = {
    ev.TransactionRouted: "PaymentsMatched",
    ev.TransactionProposed: "PaymentsProposed",
    ev.TransactionParked: "PaymentsSuspense",
}


def settle_transaction(edge: Edge, transaction_id: str, now: datetime) -> Transaction:
    """Decide where the money belongs by what is known now and bring the accounts into line. Returns the transaction
    afterwards.

    What was decided before is carried out first: its writer may have ended, or still be busy, between the decision and
    the note that it is carried out. So each decision reaches its account before the next one is made.
    """
    for _ in range(ATTEMPTS):
        stored = edge.transactions.load(transaction_id)
        if stored.version == 0:
            raise LookupError("a message names a transaction that is not known")
        personal = edge.transactions.personal(transaction_id, stored.state.personal)
        if stored.state.state == "received":
            _make_known(edge, stored.state, personal)
        try:
            stored = carry_out(edge, stored, now)
            stored = _decide(edge, stored, personal, now)
            stored = _finish(edge, stored, personal, now)
        except Conflict:
            continue
        if stored.state.is_settled:
            return stored.state
    raise Conflict


def _finish(edge: Edge, stored: Stored, personal: Mapping[str, Any], now: datetime) -> Stored:
    stored = carry_out(edge, stored, now)
    stored = mark(edge, stored, now)
    stored = learn(edge, stored, personal, now)
    return note_return(edge, stored, personal, now)


def _make_known(edge: Edge, state: Transaction, personal: Mapping[str, Any]) -> None:
    """Write the lookups by which what comes later finds this money; before it is looked at for the first time, so that
    whichever commits last finds the other. Doing it again changes nothing."""
    found = lookups.of_transaction(payment_of(state, personal), state.tokens, str(personal.get("bank_reference", "")))
    records = {one.key: one for one in (*(one.record() for one in found), *filter(None, map(lookups.mark, found)))}
    wanted = list(records.values())
    for start in range(0, len(wanted), MAX_WRITES):
        edge.table.write(Write(put=tuple(wanted[start : start + MAX_WRITES])))


def _decide(edge: Edge, stored: Stored, personal: Mapping[str, Any], now: datetime) -> Stored:
    """Record where the money belongs, if that is not what is recorded already."""
    state = stored.state
    is_set_aside = state.state == "ignored" and state.reason not in NOT_COUNTED
    if is_set_aside or (state.state, state.reason) == ("suspense", RETURNED):
        return stored
    if state.reason == PERSON:
        event = uncounted(state) or _followed_merge(edge, state)
        return edge.transactions.commit(stored, state.key, [event], now) if event else stored
    found, teaches = place(edge, state, personal)
    event = held_back(state, decision(state, found, teaches, _may_move(edge, state, now)))
    if event is None:
        return stored
    if state.standing == FINAL and is_partly_refunded(edge, state, getattr(event, "shares", ())):
        return stored  # a person gave a part of it back to the customer that it is booked for
    metric = _METRICS.get(type(event))
    if metric:
        edge.observer.metric(metric, 1)
    return edge.transactions.commit(stored, state.key, [event], now)


def _followed_merge(edge: Edge, state: Transaction) -> ev.Event | None:
    """Where a person booked the money it stays; when that account was merged into another, it goes along."""
    shares = _now_at(edge, state.shares)
    if shares == state.shares:
        return None
    return ev.TransactionRouted(
        shares, PERSON, state.reasons, state.confidence_permille, state.by, "", state.settle, state.teaches
    )


def _now_at(edge: Edge, shares: Sequence[Share]) -> tuple[Share, ...]:
    return joined(replace(share, account=edge.accounts.now_at(share.account)) for share in shares)


def _may_move(edge: Edge, state: Transaction, now: datetime) -> bool:
    """Booked money stays where it is after its first day, unless its account was merged into another."""
    if state.at is None or now - state.at < MOVES_FOR:
        return True
    return _now_at(edge, state.shares) != state.shares


def clear_untrue_marks(edge: Edge, account: Account, now: datetime) -> bool:
    """Finish the work on money that is no longer in suspense for this account but still marks it, because its writer
    ended or was overtaken; return whether there was any. Whoever marks records it first, so a second look finds a new
    mark."""
    untrue = [key for key in account.header.suspense if not may_own(edge, key, account.id)]
    for key in untrue:
        settle_transaction(edge, key, now)
        edge.change(account.id, lambda one, key=key: cleared(one, key), now)  # type: ignore[misc]
        if may_own(edge, key, account.id):
            edge.change(account.id, lambda one, key=key: marked(one, key), now)  # type: ignore[misc]
    return bool(untrue)
