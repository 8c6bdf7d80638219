"""Money that waits marks the accounts that it could belong to: their chase waits with it."""

from __future__ import annotations

from datetime import datetime

from duly.domain import events as ev
from duly.domain.account import Account
from duly.flows.edge import Edge
from duly.store.transactions import Stored


def mark(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Tell the accounts that money in suspense, or proposed, may be theirs, and those it no longer concerns.

    The transaction's list holds every account that may carry the mark: it grows before the mark and shrinks after it.
    """
    state = stored.state
    candidates = [edge.accounts.load(account) for account in state.candidates]
    wanted = {account.id: account for account in candidates if account.exists}
    added = sorted(wanted.keys() - set(state.marked))
    if added:
        stored = edge.transactions.commit(stored, state.key, [ev.AccountsMarked(tuple(added))], now)
    for account in sorted(wanted):
        if state.key not in wanted[account].header.suspense:
            edge.change(account, lambda one: marked(one, state.key), now)
            if not may_own(edge, state.key, account):  # decided otherwise while this writer was at it
                edge.change(account, lambda one: cleared(one, state.key), now)
    ended = sorted(set(state.marked) - wanted.keys())
    for account in ended:
        edge.change(account, lambda one: cleared(one, state.key), now)
    if ended:
        stored = edge.transactions.commit(stored, state.key, [ev.AccountsMarked(tuple(ended), cleared=True)], now)
    return stored


def may_own(edge: Edge, transaction: str, account: str) -> bool:
    state = edge.transactions.load(transaction).state
    return state.is_waiting and account in state.candidates


def marked(account: Account, transaction: str) -> list[ev.Event]:
    return [] if transaction in account.header.suspense else [ev.SuspenseMarked(transaction)]


def cleared(account: Account, transaction: str) -> list[ev.Event]:
    return [ev.SuspenseCleared(transaction)] if transaction in account.header.suspense else []
