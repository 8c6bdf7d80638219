"""A provisional account that turns out to be a known customer: its items and money move to the customer's account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import returned_debits, unname, withdraw
from duly.domain.credit import credit_from, credit_left, default_days, moved_override
from duly.domain.entities import Cash, Item
from duly.domain.references import normalise_name, normalise_reference
from duly.domain.registering import Incoming, keys_named, register_all
from duly.domain.scoring import rescore
from duly.domain.short_payments import is_granted, moved_adjustments, moved_key
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.waking import waiting_for_item, wake_transactions
from duly.store import lookups

FACTS_AT_ONCE = 100  # invoices and credit notes moved in one decision: each may read three closed items


def merge_around(edge: Edge, account_id: str, now: datetime) -> None:
    """Merge this account where it belongs when it is provisional, or provisional ones that belong to it.

    Both sides commit first and look afterwards, so whichever comes last finds the other.
    """
    account = edge.accounts.load(account_id)
    if account.header.provisional:
        owner = account.header.merged_into or _owner(edge, account)
        if owner:
            merge(edge, account_id, owner, now)
        return
    for other in sorted(_sharing(edge, account)):
        found = edge.accounts.load(other)
        if found.header.provisional and _owner(edge, found) == account_id:
            merge(edge, other, account_id, now)


def _values(account: Account) -> list[tuple[str, str]]:
    personal = account.personal
    return [
        (lookups.VAT, normalise_reference(personal.get("vat_id", ""))),
        (lookups.ENDPOINT, personal.get("endpoint", "")),
        (lookups.NAME, normalise_name(personal.get("name", ""))),
    ]


def _sharing(edge: Edge, account: Account) -> set[str]:
    """Return the other accounts that share a VAT id, endpoint or name with this one."""
    return {answer.account for kind, value in _values(account) for answer in lookups.find(edge.table, kind, value)} - {
        account.id
    }


def _owner(edge: Edge, account: Account) -> str:
    """Return the one known customer behind a provisional account's VAT id, endpoint or name, or an empty string."""
    for kind, value in _values(account):
        others = {answer.account for answer in lookups.find(edge.table, kind, value)} - {account.id}
        known = [other for other in sorted(others) if not edge.accounts.load(other).header.provisional]
        if known:
            return known[0] if len(known) == 1 else ""
    return ""


def merge(edge: Edge, source_id: str, target_id: str, now: datetime) -> None:
    """Move everything of a provisional account to the customer's. Started again after an end anywhere, it finishes."""

    def decide_merge(account: Account) -> list[ev.Event]:
        return [] if account.header.merged_into else [ev.AccountMerged(target_id)]

    edge.change(source_id, decide_merge, now)
    source = edge.accounts.rebuild(source_id)
    moving = [*_invoices(source), *_credit_notes(source)]
    policy = edge.policy()

    _move_holds(edge, source, target_id, now)  # before what they hold

    kept: set[tuple[str, str]] = set()  # what the customer's account has as something else already: a person decides

    def decide_target(part: list[Incoming], account: Account) -> list[ev.Event]:
        today = today_of(account, policy, now)
        days = partial(default_days, account, policy)
        events, verdicts = register_all(account, part, days, today, policy.terms.issue_within_days)
        events += _returned(source, part, account.after(events), today)
        events += moved_adjustments(source, _numbers(part), account.after(events), today)
        refused = {_named(one) for one, verdict in zip(part, verdicts, strict=True) if verdict.result == "rejected"}
        kept.update(refused)
        task = f"merge-{source_id}"
        if refused and task not in account.tasks:
            events.append(ev.TaskOpened(task, "merge_conflict", source_id, today, today))
        return events

    for start in range(0, len(moving), FACTS_AT_ONCE):
        part = moving[start : start + FACTS_AT_ONCE]
        also = [key for one in part for key in keys_named(one)]
        also += [("cash", moved_key(source, cash)) for cash in source.cash.values() if cash.is_adjustment]
        decide = partial(decide_target, part)
        edge.change(target_id, decide, now, [*also, ("tasks", f"merge-{source_id}")], linked=True)
    gone = {_named(one) for one in moving} - kept
    _move_credit(edge, source, target_id, now)
    _empty(edge, source, gone, now)
    _forget_lookups(edge, source, gone)
    waiting = [pair for item in source.items.values() for pair in waiting_for_item(item)]
    moved = [cash.key for cash in source.cash.values() if cash.kind == "payment"]
    wake_transactions(edge, waiting, f"merge|{source_id}", now, moved)


def _move_credit(edge: Edge, source: Account, target_id: str, now: datetime) -> None:
    """Take open orders, covers and overrides over, and look at score and hold of the customer with all that came."""
    policy = edge.policy()
    also = [("orders", key) for key in source.orders]
    also += [("overrides", moved_override(source, key)) for key in source.overrides]

    def take(account: Account) -> list[ev.Event]:
        events = credit_from(source, account)
        after = account.after(events)
        return [*events, *rescore(after, policy, today_of(after, policy, now))]

    edge.change(target_id, take, now, also)
    edge.change(source.id, lambda account: credit_left(account, today_of(account, policy, now)), now)


def _numbers(part: list[Incoming]) -> set[str]:
    return {one.number for one in part if isinstance(one, Item)}


def _returned(source: Account, part: list[Incoming], account: Account, today: date) -> list[ev.Event]:
    """Return what says of the moved invoices that what was collected for them came back."""
    numbers = _numbers(part)
    keys = [key for key, item in source.items.items() if item.returned and item.number in numbers]
    return returned_debits(account, keys, today)


def _move_holds(edge: Edge, source: Account, target_id: str, now: datetime) -> None:
    """Take a person's holds over. One of the whole provisional account goes on for the invoices that it had."""
    everything = tuple(key for key, item in sorted(source.items.items()) if item.state == "open")
    moved = {
        f"{hold.key}@{source.id[:12]}": replace(hold, items=hold.items or everything) for hold in source.live("holds")
    }

    def take(account: Account) -> list[ev.Event]:
        return [
            ev.HoldPlaced(key, hold.items, hold.until, hold.reason, hold.by)
            for key, hold in moved.items()
            if key not in account.holds and hold.items
        ]

    def leave(account: Account) -> list[ev.Event]:
        today = today_of(account, edge.policy(), now)
        return [ev.HoldEnded(hold.key, "moved", today) for hold in account.live("holds")]

    edge.change(target_id, take, now, [("holds", key) for key in moved])
    edge.change(source.id, leave, now)


def _named(one: Incoming) -> tuple[str, str]:
    return ("cash" if isinstance(one, Cash) else "items", one.key if isinstance(one, (Item, Cash)) else one.number)


def _invoices(source: Account) -> list[Incoming]:
    """The invoices as they stand here, without the money that pays them; instalments come with theirs."""
    return [item for _, item in sorted(source.items.items()) if not item.instalment]


def _credit_notes(source: Account) -> list[Incoming]:
    return [cash for _, cash in sorted(source.cash.items()) if cash.kind == "credit_note"]


def _empty(edge: Edge, source: Account, gone: set[tuple[str, str]], now: datetime) -> None:
    """Take invoices and credit notes off the source; its payments follow when their transactions are routed again."""
    also = [("items", key) for key in source.items] + [("cash", key) for key in source.cash]

    def decide(account: Account) -> list[ev.Event]:
        events: list[ev.Event] = []
        working = account.copy()

        def add(more: list[ev.Event]) -> None:
            events.extend(more)
            for event in more:
                working.apply(event)

        for key in sorted(working.cash):
            cash = working.cash[key]
            if cash.is_adjustment and is_granted(cash):
                continue  # it pays nothing once the money is gone
            is_moved = ("cash", key) in gone if cash.kind == "credit_note" else cash.is_adjustment
            if is_moved:
                add(withdraw(working, key, "transferred"))
            elif cash.state != "withdrawn":
                add(unname(working, key))
        for key in sorted(working.items):
            item = working.items[key]
            if item.state != "transferred" and ("items", item.number) in gone:
                add([ev.InvoiceTransferred(key, account.header.merged_into)])
        return events

    edge.change(source.id, decide, now, also, linked=True)


def _forget_lookups(edge: Edge, source: Account, gone: set[tuple[str, str]]) -> None:
    """End the lookups by which the moved invoices were found here, so that they have one answer again."""
    for item in (item for item in source.items.values() if ("items", item.number) in gone):
        for found in lookups.of_item(source.id, item) if not item.instalment else ():
            edge.table.delete(*found.key)
        amount = lookups.amount_value(item.currency, item.amount_minor)
        edge.table.delete(*lookups.Lookup(lookups.AMOUNT, amount, lookups.Answer(source.id)).key)
