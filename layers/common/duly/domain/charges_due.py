"""Costs and interest that are owed beside an invoice's amount, from the day on which they were demanded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.allocation import reallocate
from duly.domain.changing import replace
from duly.domain.entities import Item

MAX_CHARGES = 60  # of one item: a demand each month for five years; an item is one record of the table


def demand_charges(account: Account, item: str, charges: Sequence[ev.Charge], by: str = "") -> list[ev.Event]:
    """Return the events by which charges are owed beside an invoice, with what money pays of them: what came later than
    the demand, by value date, in the order of debts. Charges that are known (by key) are not demanded again.

    The account must be loaded with the item, linked. Raises LookupError for an invoice that is not owed, ValueError for
    too many charges.
    """
    found = account.items.get(item)
    if found is None or found.state not in ("open", "paid"):
        raise LookupError("no such invoice on this account that is owed")
    known = {charge.key for charge in found.charges}
    new = after_payments(found, tuple(charge for charge in charges if charge.key not in known))
    if len(known) + len(new) > MAX_CHARGES:
        raise ValueError(f"expected at most {MAX_CHARGES} charges on one invoice")
    if not new:
        return []
    demanded = ev.ChargesDemanded(item, new, found.currency, by)
    return [demanded, *reallocate(account.after([demanded]), items=[item])]


def may_be_paid(item: Item) -> bool:
    """Whether money that came on the day of a demand or later paid of the amount while charges stayed open: it may have
    come before the demand was recorded, and has to be looked at again."""
    if not any(minor > 0 for minor in item.open_charges_minor.values()):
        return False
    owed = [charge for charge in item.charges if charge.owed_minor]
    return any(charge.is_before(cash, day) for cash, day in item.paid_on.items() for charge in owed)


def after_payments(item: Item, charges: tuple[ev.Charge, ...]) -> tuple[ev.Charge, ...]:
    """Return charges that are demanded now, each with the money of its day that has paid of the item already."""
    return tuple(
        replace(charge, before=paid) if (paid := _paid_on_day(item, charge.on)) else charge for charge in charges
    )


def _paid_on_day(item: Item, day: date) -> tuple[str, ...]:
    return tuple(sorted(cash for cash, paid_on in item.paid_on.items() if paid_on == day))


def waive_charges(
    account: Account, item: str, kind: str, amount_minor: int | None, reason: str, by: str, on: date
) -> list[ev.Event]:
    """Return the events by which a person lets the customer off open charges of an invoice: of a kind (empty: of all),
    so much (None: all that is open), the latest demanded first.

    Raises LookupError for an unknown invoice, ValueError when no such charge or less than that is open.
    """
    found = account.items.get(item)
    if found is None or found.state not in ("open", "paid"):
        raise LookupError("no such invoice on this account that is owed")
    open_minor = {one: minor for one, minor in found.open_charges_minor.items() if kind in ("", one)}
    wanted = sum(open_minor.values()) if amount_minor is None else amount_minor
    if not 0 < wanted <= sum(open_minor.values()):
        raise ValueError("expected an amount above zero, and no more than is open of these charges")
    waived: dict[str, int] = {}
    for charge in sorted(found.charges, key=lambda one: (one.on, one.key), reverse=True):
        part = min(wanted, charge.owed_minor, open_minor.get(charge.kind, 0))
        if part:
            waived[charge.key] = part
            wanted -= part
            open_minor[charge.kind] -= part
    event = ev.ChargesWaived(item, waived, found.currency, reason, by, on)
    return [event, *reallocate(account.after([event]), items=[item])]
