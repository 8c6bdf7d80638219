"""Payments that fall short: what the policy or the invoice's own terms let go, unasked.

A shortfall is settled by an adjustment, which pays last and only its item. Whether one is granted is worked out from
the item and the money that pays it, anew with every change; so an adjustment shrinks or pays nothing when money comes
after all. One that was granted stays granted for the same invoice, though the policy grants less by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import Cash, Item

Paid = Mapping[str, int]  # cash -> what it pays of an item's amount, in minor units

PREFIXES = {"tolerance": "TOL:", "discount": "DSC:"}


@dataclass(frozen=True, slots=True)
class Grant:
    """The adjustment by which an item's rest is let go: its kind, and the most that it may be."""

    kind: str
    limit_minor: int


def grant_key(kind: str, item: str) -> str:
    """Return the key of the adjustment of this kind that the policy grants for an item: each has one at most."""
    return f"{PREFIXES[kind]}{item}"


def granted(account: Account, item: Item, paid: Paid) -> Grant | None:
    """Return what lets go of the rest of an item that this cash pays; None when nothing does, or nothing is open.

    ``paid`` leaves out what the policy granted before. Only money makes a short payment, no credit note by itself.
    """
    open_minor = item.owed_minor - sum(paid.values())
    paying = [(account.cash[key], amount) for key, amount in paid.items() if amount]
    if open_minor <= 0 or not any(cash.is_money for cash, _ in paying):
        return None
    for grant in (_discount(item, paying), _tolerance(account, item)):
        if 0 < open_minor <= grant.limit_minor:
            return grant
    return None


def _discount(item: Item, paying: Iterable[tuple[Cash, int]]) -> Grant:
    """A cash discount is taken when all but the discount was there within its days, by value date. It is reckoned on
    what is left of the invoice after credit notes."""
    credited = sum(amount for cash, amount in paying if not cash.is_money)
    payable = item.owed_minor - credited
    best = 0
    for discount in item.discounts:
        last_day = item.issued + timedelta(days=discount.days)
        in_time = sum(amount for cash, amount in paying if cash.is_money and cash.value_date <= last_day)
        limit = discount_minor(payable, discount.percent_hundredths)
        if in_time >= payable - limit:
            best = max(best, limit)
    return Grant("discount", best)


def discount_minor(amount_minor: int, percent_hundredths: int) -> int:
    """Return a cash discount in minor units, half a unit rounded up in the customer's favour."""
    return (amount_minor * percent_hundredths + 5_000) // 10_000


def _tolerance(account: Account, item: Item) -> Grant:
    limit = account.rules.tolerance_of(item.amount_minor, item.currency)
    before = account.cash.get(grant_key("tolerance", item.key))
    if before is not None and before.state != "withdrawn" and before.on_amount_minor == item.amount_minor:
        limit = max(limit, before.amount_minor)
    return Grant("tolerance", limit)


def settle_short(account: Account, keys: Iterable[str]) -> list[ev.Event]:
    """Return the adjustments that are to be granted for these items as they stand, and are not there yet."""
    events: list[ev.Event] = []
    for key in sorted(set(keys)):
        item = account.items.get(key)
        if item is None or item.state != "open" or not item.allocations or not item.outstanding_minor:
            continue
        paid = {cash: amount for cash, amount in item.allocations.items() if cash not in _grants(item)}
        grant = granted(account, item, paid)
        if grant is not None:
            events += _grant_events(account, item, grant, paid)
    return events


def _grants(item: Item) -> set[str]:
    return {grant_key(kind, item.key) for kind in PREFIXES}


def _grant_events(account: Account, item: Item, grant: Grant, paid: Paid) -> list[ev.Event]:
    key = grant_key(grant.kind, item.key)
    before = account.cash.get(key)
    events: list[ev.Event] = []
    if before is not None and before.state != "withdrawn":
        if before.amount_minor >= item.outstanding_minor:  # allocating uses it
            return [ev.AllocationsChanged((ev.Allocation(key, item.key, item.outstanding_minor),))]
        events.append(ev.CashWithdrawn(key, "regranted"))
    money = [account.cash[cash] for cash in paid if account.cash[cash].is_money]
    received = ev.CashReceived(
        cash=key,
        kind=grant.kind,
        amount_minor=grant.limit_minor,
        currency=item.currency,
        value_date=max(cash.value_date for cash in money),
        names=(item.key,),
        on_amount_minor=item.amount_minor,
    )
    taken = ev.AllocationsChanged((ev.Allocation(key, item.key, item.outstanding_minor),))
    return [*events, received, taken]
