"""Accounts follow what is decided of a payment: shares leave them and come to them, one after the other.

Each step can be done again after an end anywhere: the account's journal says whether it was done, the payment's journal
is written after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import RETURNED, receive, withdraw
from duly.domain.entities import COLLECTED, is_refund
from duly.domain.match_model import Adjustment, Share
from duly.domain.refund_tasks import reclaim
from duly.domain.scoring import rescore
from duly.domain.short_payments import undo_write_off, write_off
from duly.domain.transaction import PERSON, Transaction
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.waking import waiting_for_item, wake_transactions
from duly.store import lookups
from duly.store.transactions import Stored


def carry_out(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Bring the accounts in line with the decision, one share after the other: first what leaves, then what comes."""
    while stored.state.to_withdraw:
        stored = _withdraw(edge, stored, stored.state.to_withdraw[0], now)
    for share in stored.state.to_apply:
        stored = _apply(edge, stored, share, now)
    if stored.state.settled != stored.state.settle and not stored.state.to_apply:
        stored = _settle_rests(edge, stored, now)
    return stored


def _settle_rests(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Let go of what a person confirmed beside the money, and take back what was let go of for an earlier decision."""
    state = stored.state
    for one in state.settled:
        if one not in state.settle:
            _change_rest(edge, one, partial(_taken_back, state, one), now)
    for one in state.settle:
        _change_rest(edge, one, partial(_let_go, state, one), now)
    return edge.transactions.commit(stored, state.key, [ev.RestsSettled(state.settle)], now)


def _change_rest(
    edge: Edge, rest: Adjustment, decide: Callable[[Account, date], list[ev.Event]], now: datetime
) -> None:
    def changed(account: Account) -> list[ev.Event]:
        return with_score(edge, account, decide(account, today_of(account, edge.policy(), now)), now)

    edge.change(rest.account, changed, now, [("items", rest.item)], linked=True)


def _let_go(state: Transaction, rest: Adjustment, account: Account, today: date) -> list[ev.Event]:
    """At most what is still open: other money may have come since it was proposed. Once for each payment."""
    item = account.items.get(rest.item)
    if item is None or item.state != "open" or _kept_for(account, state, rest):
        return []
    amount_minor = min(rest.amount_minor, item.outstanding_minor)
    if not amount_minor:  # open are only charges, which nobody let go of
        return []
    return write_off(account, rest.item, amount_minor, rest.kind, _why(state), state.by, today)


def _taken_back(state: Transaction, rest: Adjustment, account: Account, today: date) -> list[ev.Event]:
    del today
    keys = [key for key in _kept_for(account, state, rest) if account.cash[key].state != "withdrawn"]
    return [event for key in keys for event in undo_write_off(account, key, state.by or PERSON)]


def _kept_for(account: Account, state: Transaction, rest: Adjustment) -> list[str]:
    """What was let go of an item beside this payment, also when a person took it back since."""
    return [
        cash.key
        for cash in account.cash.values()
        if (cash.kind, cash.reason, cash.names) == (rest.kind, _why(state), (rest.item,))
    ]


def _why(state: Transaction) -> str:
    return f"confirmed with payment {state.key}"


def _withdraw(edge: Edge, stored: Stored, share: Share, now: datetime) -> Stored:
    state = stored.state
    why = RETURNED if state.reason == RETURNED else "moved"

    def decide(account: Account) -> list[ev.Event]:
        today = today_of(account, edge.policy(), now)
        events = withdraw(account, state.key, why, stored.version)
        return with_score(edge, account, [*events, *(reclaim(account, state.key, today) if events else [])], now)

    edge.change(share.account, decide, now, [("cash", state.key)], linked=True)
    return edge.transactions.commit(stored, state.key, [ev.TransactionWithdrawn(share.account)], now)


def is_partly_refunded(edge: Edge, state: Transaction, shares: Sequence[Share]) -> bool:
    """Whether shares that would leave their accounts for these were given back in part: that part is not here any
    more, so it cannot be on another account."""
    for share in replace(state, shares=tuple(shares)).to_withdraw:
        cash = edge.accounts.load(share.account, [("cash", state.key)]).cash.get(state.key)
        if cash is not None and any(map(is_refund, cash.spent)):
            return True
    return False


def _apply(edge: Edge, stored: Stored, share: Share, now: datetime) -> Stored:
    state = stored.state
    account = apply_to_account(edge, stored, share, now)
    if account.header.merged_into and state.key not in account.cash:
        return stored  # the account moved before the money came: it is routed again
    if state.key in account.cash:
        _wake_reversals(edge, account, state, now)
    return edge.transactions.commit(stored, state.key, [ev.TransactionApplied(share)], now)


def apply_to_account(edge: Edge, stored: Stored, share: Share, now: datetime) -> Account:
    """Put a share on its account; the account's step is keyed by the transaction's id.

    An account that was merged into another takes no money any more.
    """
    state = stored.state
    if state.value_date is None:
        raise LookupError("a transaction without a value date")
    received = ev.CashReceived(
        cash=state.key,
        kind="payment",
        amount_minor=share.amount_minor,
        currency=state.currency,
        value_date=state.value_date,
        names=share.names,
        upload=state.upload,
        line=state.line,
        decision=stored.version,
        caps=dict(share.caps),
        in_order=share.in_order,
    )

    def decide(account: Account) -> list[ev.Event]:
        if account.header.merged_into:
            return []
        return with_score(edge, account, receive(account, received, today_of(account, edge.policy(), now)), now)

    also = [("cash", state.key), *(("items", key) for key in share.names)]
    return edge.change(share.account, decide, now, also, linked=True)


def _wake_reversals(edge: Edge, account: Account, state: Transaction, now: datetime) -> None:
    """Money arrived: a reversal of it may have been worked on before. It names what was collected, or the payment."""
    paid = [account.items[key] for key in account.cash[state.key].allocations if key in account.items]
    waiting = [pair for item in paid if item.means in COLLECTED for pair in waiting_for_item(item)]
    personal = edge.transactions.personal(state.key, state.personal)
    named = lookups.own_names(str(personal.get("end_to_end_id", "")), str(personal.get("bank_reference", "")))
    others = {one.transaction for pair in named for one in lookups.find(edge.table, *pair)} - {state.key, ""}
    if waiting or others:
        wake_transactions(edge, waiting, f"collected|{state.key}", now, sorted(others))


def with_score(edge: Edge, account: Account, events: Sequence[ev.Event], now: datetime) -> list[ev.Event]:
    if not events:
        return []
    policy = edge.policy()
    after = account.after(events)
    return [*events, *rescore(after, policy, today_of(after, policy, now))]
