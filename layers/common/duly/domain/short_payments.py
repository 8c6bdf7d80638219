"""What persons decide about payments that fall short: to write a rest off, to take that back, to accept a deduction's
dispute. What is let go unasked is granted by ``duly.domain.granting``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.cash import receive, withdraw
from duly.domain.entities import GRANTED, Cash, Item, concerns
from duly.domain.plans import cancel_words
from duly.domain.policy import Policy

KEYS = {"write_off": "WO", "bank_fee": "BF", "deduction": "DED", "tolerance": "TLP", "discount": "DSP"}
MAX_DISPUTED_ITEMS = 24  # of one deduction: the instalments of an invoice


def write_off(
    account: Account, item: str, amount_minor: int, kind: str, reason: str, by: str, on: date
) -> list[ev.Event]:
    """Return the events by which a person lets go of what is open of an item: written off, as a bank's fee, a
    discount, a tolerance or an accepted deduction. The account must be loaded with the item, linked.

    An adjustment pays last: when money comes after all, it shrinks. Raises LookupError for an item that the account
    does not owe, ValueError for an unknown kind or an amount that is not open.
    """
    found = _owed_item(account, item)
    if kind not in KEYS:
        raise ValueError(f"expected one of {', '.join(sorted(KEYS))}")
    if not 0 < amount_minor <= found.outstanding_minor:
        raise ValueError("expected an amount above zero, and no more than is open of the invoice")
    received = ev.CashReceived(
        cash=f"{KEYS[kind]}-{found.key}-{account.version + 1}",
        kind=kind,
        amount_minor=amount_minor,
        currency=found.currency,
        value_date=on,
        names=(found.key,),
        reason=reason,
        by=by,
    )
    return receive(account, received, on)


def _owed_item(account: Account, named: str) -> Item:
    """Return the one item under which an invoice is owed. Raises LookupError, or ValueError for several instalments."""
    keys = owed_for(account, named)
    if not keys:
        raise LookupError("no such invoice on this account that is owed")
    if len(keys) > 1:
        raise ValueError(f"expected one instalment of the invoice: {', '.join(keys)}")
    return account.items[keys[0]]


def undo_write_off(account: Account, adjustment: str, by: str) -> list[ev.Event]:
    """Return the events by which a person takes an adjustment back: what it settled is open again.

    Raises LookupError for an adjustment that is not there, ValueError for one that nobody made.
    """
    found = account.cash.get(adjustment)
    if found is None or found.state == "withdrawn" or not found.is_adjustment:
        raise LookupError("no write-off of this id on this account")
    if is_granted(found):
        raise ValueError("the policy or the invoice's own terms let go of this; a person did not")
    return withdraw(account, adjustment, f"undone by {by}")


def is_granted(cash: Cash) -> bool:
    """Whether the policy or the invoice's own terms made this adjustment, and no person."""
    return cash.kind in GRANTED and not cash.by


def deduct(account: Account, item: str, reason: str, today: date, policy: Policy) -> list[ev.Event]:
    """Return the events by which a short payment is a deduction: the customer has a reason for what it did not pay, so
    the rest is disputed by that reason and nobody is chased for it. [] when it is disputed already.

    Raises LookupError for an invoice that is not owed, ValueError for one of which nothing is open.
    """
    keys = owed_for(account, item)
    if not keys:
        raise LookupError("no such invoice on this account that is owed")
    open_keys = tuple(key for key in keys if account.items[key].outstanding_minor)[:MAX_DISPUTED_ITEMS]
    if not open_keys:
        raise ValueError("nothing is open of this invoice")
    disputed = [one for dispute in account.live("disputes") for one in dispute.items]
    if all(concerns(disputed, account.items[key]) for key in open_keys):
        return []
    return [
        *cancel_words(account, open_keys, today),
        ev.DisputeOpened(
            dispute=f"D-DED-{item}-{account.version + 1}",
            items=open_keys,
            reason=reason,
            owner=policy.disputes.owner_key(reason),
            deadline=today + timedelta(days=policy.disputes.deadline_days),
            opened=today,
        ),
    ]


def moved_adjustments(source: Account, numbers: Collection[str], account: Account, today: date) -> list[ev.Event]:
    """Return the events by which persons' adjustments and demanded charges of these invoices of a provisional account
    come to the account to which the invoices moved."""
    events: list[ev.Event] = []
    working = account
    for item in (one for _, one in sorted(source.items.items()) if one.number in numbers):
        present = working.items.get(item.key)
        missing = {one.key for one in item.charges} - {one.key for one in present.charges} if present else set()
        if missing:
            charges = tuple(one for one in item.charges if one.key in missing)
            more: list[ev.Event] = [ev.ChargesDemanded(item.key, charges, item.currency)]
            working, events = working.after(more), [*events, *more]
    for cash in (one for _, one in sorted(source.cash.items()) if one.is_adjustment and not is_granted(one)):
        key = moved_key(source, cash)
        if cash.state == "withdrawn" or key in working.cash or not _is_of(source, cash, numbers, working):
            continue
        received = ev.CashReceived(
            cash=key,
            kind=cash.kind,
            amount_minor=cash.amount_minor,
            currency=cash.currency,
            value_date=cash.value_date,
            names=cash.names,
            reason=cash.reason,
            by=cash.by,
        )
        more = receive(working, received, today)
        working, events = working.after(more), [*events, *more]
    return events


def moved_key(source: Account, cash: Cash) -> str:
    """Return the key that an adjustment of a provisional account has where it moves to."""
    return f"{cash.key}@{source.id[:12]}"


def _is_of(source: Account, cash: Cash, numbers: Collection[str], target: Account) -> bool:
    key = cash.names[0]
    return key in target.items and key in source.items and source.items[key].number in numbers
