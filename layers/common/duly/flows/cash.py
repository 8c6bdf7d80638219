"""Money that came in: where it belongs is decided, and it is applied there.

The transaction's own journal decides first; accounts follow. ``settle_transaction`` can be started again after an end
anywhere and goes on from what is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.cash import RETURNED, receive, returned_debits, withdraw
from duly.domain.entities import COLLECTED
from duly.domain.identity import FINAL, NOT_COUNTED, PROVISIONAL
from duly.domain.money import format_minor
from duly.domain.references import normalise_name
from duly.domain.routing import MAX_SAME_AMOUNT, Answers, Route, route
from duly.domain.scoring import rescore
from duly.domain.transaction import Transaction, held_back, joined
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.waking import waiting_for_item, wake_transactions
from duly.store import lookups
from duly.store.tables import Conflict
from duly.store.transactions import Stored

ENTRIES_PER_MESSAGE = 25
ATTEMPTS = 20
MOVES_FOR = timedelta(days=1)  # money already booked moves to another account only on the day it came in


def settle_transaction(edge: Edge, transaction_id: str, now: datetime) -> Transaction:
    """Route the money by what is known now and bring the accounts into line. Returns the transaction afterwards.

    What was decided before is carried out first: its writer may have ended, or still be busy, between the decision and
    the note that it is carried out. So each decision reaches its account before the next one is made.
    """
    for _ in range(ATTEMPTS):
        stored = edge.transactions.load(transaction_id)
        if stored.version == 0:
            raise LookupError("a message names a transaction that is not known")
        try:
            stored = _carry_out(edge, stored, now)
            stored = _decide(edge, stored, now)
            stored = _carry_out(edge, stored, now)
            stored = _mark(edge, stored, now)
            stored = _note_return(edge, stored, now)
        except Conflict:
            continue
        if stored.state.is_settled:
            return stored.state
    raise Conflict


def _carry_out(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Bring the accounts in line with the decision, one share after the other: first what leaves, then what comes."""
    while stored.state.to_withdraw:
        stored = _withdraw(edge, stored, stored.state.to_withdraw[0], now)
    for share in stored.state.to_apply:
        stored = _apply(edge, stored, share, now)
    return stored


def _decide(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Record where the money belongs, if that is not what is recorded already."""
    state = stored.state
    is_set_aside = state.state == "ignored" and state.reason not in NOT_COUNTED
    if is_set_aside or (state.state, state.reason) == ("suspense", RETURNED):
        return stored
    if state.reason == "person":
        return _follow_merge(edge, stored, now)
    personal = edge.transactions.personal(state.key, state.personal)
    answers = _answers(edge, state, personal)
    found = route(state, answers)
    if found.is_receipt and not found.account:
        found = route(state, replace(answers, open_amount=_owing(edge, state, answers.by_amount)))
    event = held_back(state, _decision(state, found, _may_move(edge, state, now)))
    if event is None:
        return stored
    if isinstance(event, ev.TransactionRouted):
        edge.observer.metric("PaymentsMatched", 1)
    elif isinstance(event, ev.TransactionParked):
        edge.observer.metric("PaymentsSuspense", 1)
    return edge.transactions.commit(stored, state.key, [event], now)


def _follow_merge(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Where a person booked the money it stays; when that account was merged into another, it goes along."""
    state = stored.state
    shares = _now_at(edge, state.shares)
    if shares == state.shares:
        return stored
    return edge.transactions.commit(stored, state.key, [ev.TransactionRouted(shares, "person")], now)


def _now_at(edge: Edge, shares: Sequence[ev.Share]) -> tuple[ev.Share, ...]:
    return joined(replace(share, account=edge.accounts.now_at(share.account)) for share in shares)


def _decision(state: Transaction, found: Route, may_move: bool) -> ev.Event | None:
    if not found.is_receipt:
        return ev.TransactionIgnored(found.reason) if state.state != "ignored" else None
    shares = (ev.Share(found.account, found.names, state.amount_minor),) if found.account else ()
    if state.state == "routed":
        if shares == state.shares:
            return None
        if not may_move and {share.account for share in shares} != {share.account for share in state.shares}:
            return None
    if shares:
        return ev.TransactionRouted(shares, found.reason)
    if state.state == "suspense" and (state.reason, state.candidates) == (found.reason, found.candidates):
        return None
    return ev.TransactionParked(found.reason, found.candidates)


def _may_move(edge: Edge, state: Transaction, now: datetime) -> bool:
    """Booked money stays where it is after its first day, unless its account was merged into another."""
    if state.at is None or now - state.at < MOVES_FOR:
        return True
    return _now_at(edge, state.shares) != state.shares


def _answers(edge: Edge, state: Transaction, personal: dict[str, Any]) -> Answers:
    references = {
        token: _items(edge, lookups.find(edge.table, lookups.REFERENCE, token))
        for token in dict.fromkeys(token for token, _, _ in state.tokens)
    }
    by_name = _accounts(edge, lookups.NAME, normalise_name(personal.get("name", "")))
    by_amount = _accounts(edge, lookups.AMOUNT, lookups.amount_value(state.currency, state.amount_minor))
    known = {token: found for token, found in references.items() if found}
    return Answers(known, by_name, by_amount)


def _owing(edge: Edge, state: Transaction, accounts: Sequence[str]) -> list[str]:
    """Return those of the accounts that owe exactly this money on one open invoice. Lookups of amounts outlive the
    invoices, so the account itself is asked."""
    return [
        account
        for account in accounts[:MAX_SAME_AMOUNT]
        if any(
            (item.state, item.outstanding_minor, item.currency) == ("open", state.amount_minor, state.currency)
            for item in edge.accounts.load(account).live("items")
        )
    ]


def _items(edge: Edge, answers: Sequence[lookups.Answer]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((edge.accounts.now_at(answer.account), answer.key) for answer in answers))


def _accounts(edge: Edge, kind: str, value: str) -> list[str]:
    return sorted({edge.accounts.now_at(answer.account) for answer in lookups.find(edge.table, kind, value)})


def _withdraw(edge: Edge, stored: Stored, share: ev.Share, now: datetime) -> Stored:
    state = stored.state
    why = RETURNED if state.reason == RETURNED else "moved"

    def decide(account: Account) -> list[ev.Event]:
        return _with_score(edge, account, withdraw(account, state.key, why, stored.version), now)

    edge.change(share.account, decide, now, [("cash", state.key)], linked=True)
    return edge.transactions.commit(stored, state.key, [ev.TransactionWithdrawn(share.account)], now)


def _apply(edge: Edge, stored: Stored, share: ev.Share, now: datetime) -> Stored:
    state = stored.state
    account = apply_to_account(edge, stored, share, now)
    if account.header.merged_into and state.key not in account.cash:
        return stored  # the account moved before the money came: it is routed again
    if state.key in account.cash:
        _wake_reversals(edge, account, state, now)
    return edge.transactions.commit(stored, state.key, [ev.TransactionApplied(share)], now)


def apply_to_account(edge: Edge, stored: Stored, share: ev.Share, now: datetime) -> Account:
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
    )

    def decide(account: Account) -> list[ev.Event]:
        if account.header.merged_into:
            return []
        return _with_score(edge, account, receive(account, received, today_of(account, edge.policy(), now)), now)

    also = [("cash", state.key), *(("items", key) for key in share.names)]
    return edge.change(share.account, decide, now, also, linked=True)


def _note_return(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """A reversal that names invoices of one customer: what was collected for them by direct debit came back, so they
    are chased now. The one payment of that amount which paid them leaves the account; if that is not certain, a person
    decides. A reversal keeps to its payment: another one that comes to light later is the customer's own."""
    state = stored.state
    if not state.reversal or state.state != "suspense" or state.standing != FINAL:
        return stored
    tokens = dict.fromkeys(token for token, _, _ in state.tokens)
    _finish_returns(edge, state.key, list(tokens), now)
    found = {one for token in tokens for one in _items(edge, lookups.find(edge.table, lookups.REFERENCE, token))}
    accounts = {account for account, _ in found}
    if len(accounts) != 1:
        return stored
    on = state.booked or now.date()

    def decide(account: Account) -> list[ev.Event]:
        due = [one for _, key in sorted(found) for one in _collected_by(account, key, on)]
        return _with_score(edge, account, returned_debits(account, due, on, transaction=state.key), now)

    named = [("items", key) for _, key in sorted(found)]
    account = edge.change(accounts.pop(), decide, now, named, linked=True)
    payment = state.takes_back or _collected_payment(account, [key for _, key in named], state)
    if payment and not state.takes_back:
        noted = ev.TransactionParked(state.reason, state.candidates, payment)
        stored = edge.transactions.commit(stored, state.key, [noted], now)
    if payment:
        take_back(edge, payment, now)
    return stored


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


def _finish_returns(edge: Edge, reversal: str, tokens: Sequence[str], now: datetime) -> None:
    """Settle payments that were being taken back when an earlier attempt ended."""
    found = {one.transaction for token in tokens for one in lookups.find(edge.table, lookups.WAITING, token)}
    for key in sorted(found - {"", reversal}):
        state = edge.transactions.load(key).state
        if (state.state, state.reason) == ("suspense", RETURNED) and not state.is_settled:
            settle_transaction(edge, key, now)


def take_back(edge: Edge, transaction_id: str, now: datetime) -> None:
    """The payer's bank took this money back: it leaves its account, and waits beside its reversal for finance to see.
    What a person booked stays where it is."""
    for _ in range(ATTEMPTS):
        stored = edge.transactions.load(transaction_id)
        if stored.state.state != "routed" or stored.state.reason == "person":
            return
        try:
            stored = _carry_out(edge, stored, now)
            edge.transactions.commit(stored, transaction_id, [ev.TransactionParked(RETURNED)], now)
        except Conflict:
            continue
        settle_transaction(edge, transaction_id, now)
        return
    raise Conflict


def _wake_reversals(edge: Edge, account: Account, state: Transaction, now: datetime) -> None:
    """Collected money arrived: a reversal of it may have been worked on before."""
    paid = [account.items[key] for key in account.cash[state.key].allocations if key in account.items]
    waiting = [pair for item in paid if item.means in COLLECTED for pair in waiting_for_item(item)]
    if waiting:
        wake_transactions(edge, waiting, f"collected|{state.key}", now)


def _collected_by(account: Account, key: str, on: date) -> list[str]:
    """Return the items of a named invoice that were to be collected by a day: of several instalments the last one."""
    keys = owed_for(account, key)
    due = [one for one in keys if account.items[one].due <= on]
    return due[-1:] if len(keys) > 1 else keys


def _with_score(edge: Edge, account: Account, events: Sequence[ev.Event], now: datetime) -> list[ev.Event]:
    if not events:
        return []
    policy = edge.policy()
    after = account.after(events)
    return [*events, *rescore(after, policy, today_of(after, policy, now))]


def _mark(edge: Edge, stored: Stored, now: datetime) -> Stored:
    """Tell the accounts that money in suspense may be theirs, and those it no longer concerns.

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
            edge.change(account, lambda one: _marked(one, state.key), now)
            if not _may_own(edge, state.key, account):  # decided otherwise while this writer was at it
                edge.change(account, lambda one: _cleared(one, state.key), now)
    ended = sorted(set(state.marked) - wanted.keys())
    for account in ended:
        edge.change(account, lambda one: _cleared(one, state.key), now)
    if ended:
        stored = edge.transactions.commit(stored, state.key, [ev.AccountsMarked(tuple(ended), cleared=True)], now)
    return stored


def clear_untrue_marks(edge: Edge, account: Account, now: datetime) -> bool:
    """Finish the work on money that is no longer in suspense for this account but still marks it, because its writer
    ended or was overtaken; return whether there was any. Whoever marks records it first, so a second look finds a new
    mark."""
    untrue = [key for key in account.header.suspense if not _may_own(edge, key, account.id)]
    for key in untrue:
        settle_transaction(edge, key, now)
        edge.change(account.id, lambda one, key=key: _cleared(one, key), now)  # type: ignore[misc]
        if _may_own(edge, key, account.id):
            edge.change(account.id, lambda one, key=key: _marked(one, key), now)  # type: ignore[misc]
    return bool(untrue)


def _may_own(edge: Edge, transaction: str, account: str) -> bool:
    state = edge.transactions.load(transaction).state
    return state.state == "suspense" and account in state.candidates


def _marked(account: Account, transaction: str) -> list[ev.Event]:
    return [] if transaction in account.header.suspense else [ev.SuspenseMarked(transaction)]


def _cleared(account: Account, transaction: str) -> list[ev.Event]:
    return [ev.SuspenseCleared(transaction)] if transaction in account.header.suspense else []


def assign(edge: Edge, transaction_id: str, shares: Sequence[ev.Share], now: datetime) -> Transaction:
    """Book money where a person says: these shares of it on these accounts, each for its items in their order (none:
    unapplied). A single share without an amount is all of it.

    The same decision again finishes what the first one began. Raises LookupError for an unknown transaction, account
    or item, ValueError for money that is booked already and for shares that are not the money.
    """
    if edge.transactions.load(transaction_id).version == 0:
        raise LookupError("unknown transaction or account")
    for share in shares:
        _check_share(edge, share)
    for _ in range(ATTEMPTS):
        try:
            _record_assignment(edge, transaction_id, shares, now)
        except Conflict:
            continue
        return settle_transaction(edge, transaction_id, now)
    raise Conflict


def _check_share(edge: Edge, share: ev.Share) -> None:
    account = edge.accounts.load(share.account, [("items", key) for key in share.names])
    if not account.exists:
        raise LookupError("unknown transaction or account")
    if any(key not in account.items for key in share.names):
        raise LookupError("no such invoice on this account")


def _record_assignment(edge: Edge, transaction_id: str, shares: Sequence[ev.Share], now: datetime) -> None:
    """Note where a person says that money in suspense belongs, once what was decided before is carried out."""
    stored = _carry_out(edge, edge.transactions.load(transaction_id), now)
    state = stored.state
    wanted = _amounts(shares, state)
    if (state.reason, state.shares) == ("person", wanted):
        return
    if state.state != "suspense":
        raise ValueError("only money in suspense can be assigned")
    if state.standing == PROVISIONAL:
        raise ValueError("the bank has only announced this money: a statement has to confirm it first")
    edge.transactions.commit(stored, transaction_id, [ev.TransactionRouted(wanted, "person")], now)


def _amounts(shares: Sequence[ev.Share], state: Transaction) -> tuple[ev.Share, ...]:
    """Return the shares with their amounts. Raises ValueError when they are not exactly the money."""
    if len(shares) == 1 and not shares[0].amount_minor:
        return (replace(shares[0], amount_minor=state.amount_minor),)
    total = sum(share.amount_minor for share in shares)
    if total != state.amount_minor or min((share.amount_minor for share in shares), default=0) <= 0:
        wanted, found = (format_minor(minor, state.currency) for minor in (state.amount_minor, total))
        raise ValueError(f"expected shares above zero of {wanted} {state.currency} in all, found {found}")
    if len({share.account for share in shares}) != len(shares):
        raise ValueError("expected one share for each account")
    return tuple(shares)
