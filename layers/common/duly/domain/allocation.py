"""Which money pays what: a pure function of the money and the items, whatever the order in which they became known.

Money pays the items that it names, in its own order, oldest money first (value date, then key), and never more than
an item or itself holds. Money that names nothing stays unapplied. When money or an item becomes known late, the
allocations of everything connected to it are worked out anew, so that any order of uploads ends in the same balances.
"""

from __future__ import annotations

from collections.abc import Iterable

from duly.domain import events as ev
from duly.domain.account import Account, Cash, Item

MAX_TOUCHED_PER_EVENT = 40  # items and payments one event may change: each may move between live and closed, which
# takes two writes, and a transaction holds 100


def neighbours(entity: Item | Cash) -> set[str]:
    """Return the keys of the cash that pays or names an item, or of the items that cash pays or names."""
    named = entity.named_by if isinstance(entity, Item) else entity.names
    return {*entity.allocations, *named}


def component(account: Account, items: Iterable[str] = (), cash: Iterable[str] = ()) -> tuple[set[str], set[str]]:
    """Return the keys of all loaded items and cash connected to the given ones."""
    found_items: set[str] = set()
    found_cash: set[str] = set()
    queue = [("items", key) for key in items] + [("cash", key) for key in cash]
    while queue:
        kind, key = queue.pop()
        found = found_items if kind == "items" else found_cash
        if key in found or key not in account.entities[kind]:
            continue
        found.add(key)
        other = "cash" if kind == "items" else "items"
        queue += [(other, neighbour) for neighbour in neighbours(account.entities[kind][key])]
    return found_items, found_cash


def reallocate(account: Account, items: Iterable[str] = (), cash: Iterable[str] = ()) -> list[ev.Event]:
    """Return the events that bring the allocations around the given items and cash to what they should be.

    The account must hold everything connected to them (``AccountStore.load(linked=True)``).
    """
    item_keys, cash_keys = component(account, items, cash)
    wanted = _wanted(account, item_keys, cash_keys)
    current = {(key, item): amount for key in cash_keys for item, amount in account.cash[key].allocations.items()}
    changes = [
        ev.Allocation(key, item, wanted.get((key, item), 0))
        for key, item in sorted({*wanted, *current})
        if wanted.get((key, item), 0) != current.get((key, item), 0)
    ]
    return _as_events(changes, current)


def _wanted(account: Account, item_keys: set[str], cash_keys: set[str]) -> dict[tuple[str, str], int]:
    open_minor = {
        key: account.items[key].amount_minor for key in item_keys if account.items[key].state != "transferred"
    }
    wanted: dict[tuple[str, str], int] = {}
    money = [account.cash[key] for key in cash_keys if account.cash[key].state != "withdrawn"]
    for cash in sorted(money, key=lambda one: (one.value_date, one.key)):
        left = cash.amount_minor
        for key in cash.names:
            amount = min(left, open_minor.get(key, 0))
            if amount and account.items[key].currency == cash.currency and (cash.key, key) not in wanted:
                wanted[(cash.key, key)] = amount
                open_minor[key] -= amount
                left -= amount
    return wanted


def _as_events(changes: list[ev.Allocation], current: dict[tuple[str, str], int]) -> list[ev.Event]:
    """One event when it fits a transaction; else first what shrinks, then what grows, in parts that are each valid."""
    whole = _parts(changes)
    if len(whole) <= 1:
        return [ev.AllocationsChanged(part) for part in whole]
    shrinking = [change for change in changes if change.amount_minor < current.get((change.cash, change.item), 0)]
    growing = [change for change in changes if change.amount_minor > current.get((change.cash, change.item), 0)]
    return [ev.AllocationsChanged(part) for part in (*_parts(shrinking), *_parts(growing))]


def _parts(changes: list[ev.Allocation]) -> list[tuple[ev.Allocation, ...]]:
    parts: list[list[ev.Allocation]] = []
    touched: set[tuple[str, str]] = set()
    for change in changes:
        more = {("items", change.item), ("cash", change.cash)}
        if not parts or len(touched | more) > MAX_TOUCHED_PER_EVENT:
            parts.append([])
            touched = set()
        parts[-1].append(change)
        touched |= more
    return [tuple(part) for part in parts]
