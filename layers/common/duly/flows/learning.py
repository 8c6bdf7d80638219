"""What payments teach: whose money comes from a bank account, and under which names a customer pays.

It is kept in lookups alone, which erasure reaches; the payment's journal says for which customer they were written.
One payment's lesson is taken back when the money turns out to be another's, and only what no other payment teaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.matching import PAYER_ACCOUNT, account_value, name_values
from duly.domain.transaction import PERSON, Transaction
from duly.flows.edge import Edge
from duly.flows.waking import wake_transactions
from duly.store import lookups
from duly.store.lookups import Answer, Lookup
from duly.store.transactions import Stored


def learn(edge: Edge, stored: Stored, personal: Mapping[str, Any], now: datetime) -> Stored:
    """Bring what this payment teaches in line with where it is booked. An end anywhere is carried on by the next
    attempt: the journal is written last."""
    state = stored.state
    wanted = pupil(state)
    if wanted == state.learned or not state.is_settled:
        return stored
    names = state.reason == PERSON or not wanted
    if state.learned:
        for kind, value in _values(personal, names=True):
            _forget(edge, state.key, kind, value, state.learned, now)
    if wanted:
        for kind, value in _values(personal, names):
            _note(edge, state.key, kind, value, wanted, now)
    return edge.transactions.commit(stored, state.key, [ev.PayerLearned(wanted)], now)


def pupil(state: Transaction) -> str:
    """Return the account that is to know this payer, "" for none: of money that is divided nobody."""
    if state.state != "routed" or not state.teaches or len(state.shares) != 1:
        return ""
    return state.shares[0].account


def _values(personal: Mapping[str, Any], names: bool) -> list[tuple[str, str]]:
    """The lookups of a payer: its bank account, and its name where a person said whose it is."""
    question = account_value(str(personal.get("account", "")))
    found = [(lookups.PAYER_ACCOUNT, lookups.stored(PAYER_ACCOUNT, question.value))] if question.value else []
    if names and personal.get("name"):
        found += [(lookups.PAYER_NAME, one.value) for one in name_values(str(personal["name"]))]
    return found


def _note(edge: Edge, transaction: str, kind: str, value: str, account: str, now: datetime) -> None:
    lesson = lookups.learned_value(kind, value, account)
    edge.table.put(Lookup(lookups.LEARNED, lesson, Answer(transaction=transaction)).record())
    edge.table.put(Lookup(kind, value, Answer(account)).record())
    woken = lookups.woken(lesson)
    if edge.table.get(*woken.key) is None:  # the first lesson: what waits under it is looked at again
        _wake(edge, kind, value, f"{lesson}|{transaction}", now)
        edge.table.put(woken)


def _forget(edge: Edge, transaction: str, kind: str, value: str, account: str, now: datetime) -> None:
    lesson = lookups.learned_value(kind, value, account)
    edge.table.delete(*Lookup(lookups.LEARNED, lesson, Answer(transaction=transaction)).key)
    if lookups.find(edge.table, lookups.LEARNED, lesson):
        return
    known = Lookup(kind, value, Answer(account))
    edge.table.delete(*known.key)
    edge.table.delete(*lookups.woken(lesson).key)
    if lookups.find(edge.table, lookups.LEARNED, lesson):  # another payment taught it in between
        edge.table.put(known.record())
    _wake(edge, kind, value, f"forgotten|{lesson}|{transaction}", now)


def _wake(edge: Edge, kind: str, value: str, cause: str, now: datetime) -> None:
    waiting = lookups.WAITING_PAYER if kind == lookups.PAYER_ACCOUNT else lookups.WAITING_NAME
    wake_transactions(edge, [(waiting, value)], f"{cause}|{now.isoformat()}", now)
