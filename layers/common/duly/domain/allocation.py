"""Which money pays what: a pure function of the money and the items, whatever the order in which they became known.

Money pays the items that it names, in its own order, oldest money first (value date, then key), and never more than
an item or itself holds. Money that names nothing stays unapplied. When money or an item becomes known late, the
allocations of everything connected to it are worked out anew, so that any order of uploads ends in the same balances.
"""

from __future__ import annotations

from collections.abc import Iterable

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.entities import links

MAX_TOUCHED_PER_EVENT = 40  # items and payments one event may change: each may move between live and closed, which
# takes two writes, and a transaction holds 100


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
        queue += sorted(links(account.entities[kind][key]))
    return found_items, found_cash


def reallocate(account: Account, items: Iterable[str] = (), cash: Iterable[str] = ()) -> list[ev.Event]:
    """Return the events that bring the allocations around the given items and cash to what they should be.

    The account must hold everything connected to them (``AccountStore.load(linked=True)``).
    """
    changes, current = allocation_changes(account, items, cash)
    if len(_parts(changes)) <= 1:
        return as_events(changes)
    # first what shrinks, then what grows, in parts that are each valid
    shrinking = [change for change in changes if change.amount_minor < current.get((change.cash, change.item), 0)]
    growing = [change for change in changes if change.amount_minor > current.get((change.cash, change.item), 0)]
    return [*as_events(shrinking), *as_events(growing)]


def allocation_changes(
    account: Account, items: Iterable[str] = (), cash: Iterable[str] = ()
) -> tuple[list[ev.Allocation], dict[tuple[str, str], int]]:
    """Return the allocations that are not what they should be around the given items and cash, and all present ones by
    (cash, item)."""
    item_keys, cash_keys = component(account, items, cash)
    wanted = _wanted(account, item_keys, cash_keys)
    current = {(key, item): amount for key in cash_keys for item, amount in account.cash[key].allocations.items()}
    changes = [
        ev.Allocation(key, item, wanted.get((key, item), 0))
        for key, item in sorted({*wanted, *current})
        if wanted.get((key, item), 0) != current.get((key, item), 0)
    ]
    return changes, current


def _wanted(account: Account, item_keys: set[str], cash_keys: set[str]) -> dict[tuple[str, str], int]:
    open_minor = {key: account.items[key].owed_minor for key in item_keys}
    wanted: dict[tuple[str, str], int] = {}
    money = [account.cash[key] for key in cash_keys if account.cash[key].state != "withdrawn"]
    for cash in sorted(money, key=lambda one: (one.value_date, one.key)):
        left = cash.amount_minor
        for key in (owed for named in cash.names for owed in owed_for(account, named)):
            amount = min(left, open_minor.get(key, 0))
            if amount and account.items[key].currency == cash.currency and (cash.key, key) not in wanted:
                wanted[(cash.key, key)] = amount
                open_minor[key] -= amount
                left -= amount
    return wanted


def as_events(changes: list[ev.Allocation]) -> list[ev.Event]:
    """Return the events of changes that may be carried out in parts: each fits a transaction."""
    return [ev.AllocationsChanged(part) for part in _parts(changes)]


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
