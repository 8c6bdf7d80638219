"""Money on an account that names nothing: the account itself works out what it pays, anew with each change.

Such money is looked at after all money that names something, oldest first (value date, then key). It pays, of what is
open then and not disputed: the one item issued up to its value date that is open with just its amount; else the only
set of such items that adds up to it; else items in the policy's order, those issued up to its value date first and
disputed ones last. What a person put on the account pays by the policy's order alone. A credit note that names nothing
pays nothing by itself: it is set off before a chase.

Bounds, which a decision record explains: at most ``MAX_UNNAMED`` such payments of an account are worked out anew; when
there are more that pay something, the oldest is held to what it pays as if it named that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import AccountError, Cash, Item, concerns
from duly.domain.paying import Paying

MAX_UNNAMED = 40  # payments of an account that name nothing, pay something and are worked out anew
MAX_ITEMS_EACH = 30  # items that one such payment pays; what is left of it stays unapplied
MAX_IN_SET = 12  # open items among which a set is looked for: 4,096 sets
MAX_DISPUTES = 100  # open disputes looked at; no account has more that mean anything


def unnamed_cash(account: Account, leaving: Collection[str] = ()) -> list[Cash]:
    """Return the money that names nothing, oldest first. Raises AccountError when some of it is not loaded."""
    if any(key not in account.cash for key in account.header.unnamed):
        raise AccountError("money that names nothing is worked out on an account that is loaded linked")
    found = [cash for cash in account.cash.values() if cash.is_unnamed and cash.key not in leaving]
    return sorted(found, key=lambda one: (one.value_date, one.key))


def pay_unnamed(account: Account, paying: Paying, unnamed: Sequence[Cash], closed: Collection[str]) -> None:
    """Let money that names nothing pay what is open. ``closed`` are items whose rest is let go."""
    if not unnamed:
        return
    newest = account.rules.order == "newest_due"
    items = [
        item
        for item in account.items.values()
        if item.state in ("open", "paid") and item.key not in closed and (item.charges or paying.open_minor(item.key))
    ]
    items.sort(key=lambda one: (-one.due.toordinal() if newest else one.due.toordinal(), one.key))
    disputed = _disputed_from(account, items)
    open_minor = {item.key: paying.open_minor(item.key) for item in items}
    charged = [item for item in items if item.charges]
    for cash in unnamed:
        left = cash.amount_minor - sum(cash.spent.values())
        for item in charged:  # what was demanded depends on the day
            open_minor[item.key] = paying.payable_minor(item.key, cash)
        found = [item for item in items if open_minor[item.key] and item.currency == cash.currency] if left else []
        clear = [item for item in found if not _is_disputed(item, cash.value_date, disputed)] if disputed else found
        later = [item for item in found if _is_disputed(item, cash.value_date, disputed)] if clear and disputed else []
        chosen = _chosen(account, cash, left, clear or found, open_minor)
        if later and account.rules.order and cash.is_money:
            chosen += _in_order(cash, later)
        for item in chosen:
            paid = paying.pay(cash, item.key, left)
            left, open_minor[item.key] = left - paid, open_minor[item.key] - paid


def _chosen(
    account: Account, cash: Cash, left: int, items: Sequence[Item], open_minor: Mapping[str, int]
) -> list[Item]:
    """Return the items that this money pays, in turn."""
    if not cash.is_money:
        return []
    if cash.in_order and account.rules.order:
        return _in_order(cash, items)
    issued = [item for item in items if item.issued <= cash.value_date]
    exact = [item for item in issued if open_minor[item.key] == left]
    if len(exact) == 1:
        return exact
    if not exact and len(issued) <= MAX_IN_SET:
        issued.sort(key=lambda one: one.key)
        chosen = only_set([open_minor[item.key] for item in issued], left)
        if chosen:
            return [issued[place] for place in chosen]
    return _in_order(cash, items) if account.rules.order else []


def _in_order(cash: Cash, items: Sequence[Item]) -> list[Item]:
    """Return items that are in the policy's order already: those issued up to the value date first, no more than one
    payment pays."""
    issued = [item for item in items if item.issued <= cash.value_date]
    after = [item for item in items if item.issued > cash.value_date]
    return [*issued, *after][:MAX_ITEMS_EACH]


def only_set(amounts: Sequence[int], total: int) -> tuple[int, ...]:
    """Return the places of the only set of amounts that adds up to a total; () when there is none, more than one, or
    more amounts than ``MAX_IN_SET``."""
    if len(amounts) > MAX_IN_SET or sum(amounts) < total:
        return ()
    sums: dict[int, list[tuple[int, ...]]] = {0: [()]}  # sum -> at most two sets with it
    for place, amount in enumerate(amounts):
        for reached, sets in sorted(sums.items(), reverse=True):
            if reached + amount <= total:
                more = [(*one, place) for one in sets]
                sums[reached + amount] = [*sums.get(reached + amount, []), *more][:2]
    found = sums.get(total, [])
    return found[0] if len(found) == 1 else ()


def _disputed_from(account: Account, items: Iterable[Item]) -> dict[str, date]:
    """Return since when items are disputed, of the disputes that are open now."""
    disputes = account.live("disputes")[:MAX_DISPUTES]
    found: dict[str, date] = {}
    for item in items if disputes else ():
        days = [dispute.opened for dispute in disputes if concerns(dispute.items, item)]
        if days:
            found[item.key] = min(days)
    return found


def _is_disputed(item: Item, on: date, disputed: dict[str, date]) -> bool:
    """Whether the item was disputed when the money came: a dispute does not move money that was there before it."""
    return item.key in disputed and disputed[item.key] <= on


def frozen(account: Account) -> list[ev.Event]:
    """Return the events that hold the oldest of too many payments to what they pay."""
    keys = account.header.unnamed
    if len(keys) <= MAX_UNNAMED:
        return []
    found = sorted((account.cash[key] for key in keys), key=lambda one: (one.value_date, one.key))
    return [
        ev.CashNamed(cash.key, tuple(sorted(cash.pays)), cash.decision, _paid_by(cash))
        for cash in found[: len(keys) - MAX_UNNAMED]
    ]


def _paid_by(cash: Cash) -> dict[str, int]:
    charges = [(item, amount) for paid in cash.charges.values() for item, amount in paid.items()]
    found = dict(cash.allocations)
    for item, amount in charges:
        found[item] = found.get(item, 0) + amount
    return found
