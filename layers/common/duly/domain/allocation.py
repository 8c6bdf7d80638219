"""Which money pays what: a pure function of the money and the items, whatever the order in which they became known.

1. Money pays the items that it names, in its own order, oldest money first (value date, then key), and never more than
   an item or itself holds, or than it says that an item gets.
2. What a person wrote off comes after all that.
3. Money that names nothing pays what is open then (``unnamed_money``).
4. What the policy grants (``granting``) settles the rest of an item, or nothing.

When money or an item becomes known late, the allocations of everything connected to it are worked out anew, so that any
order of uploads ends in the same balances. Money that names nothing is connected with all that is open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.entities import GRANTED, Cash, Item, links
from duly.domain.granting import grant_key, granted, settle_short
from duly.domain.paying import NOTHING, Key, Paying, Split
from duly.domain.unnamed_money import frozen, pay_unnamed, unnamed_cash

MAX_TOUCHED_PER_EVENT = 40  # items and payments one event may change: each may move between live and closed, which
# takes two writes, and a transaction holds 100

Changes = list[ev.Allocation]
Current = dict[Key, Split]


def component(account: Account, items: Iterable[str] = (), cash: Iterable[str] = ()) -> tuple[set[str], set[str]]:
    """Return the keys of all loaded items and cash connected to the given ones by what is named and paid. What money
    that names nothing pays is no connection: it is worked out apart."""
    found_items: set[str] = set()
    found_cash: set[str] = set()
    queue = [("items", key) for key in items] + [("cash", key) for key in cash]
    while queue:
        kind, key = queue.pop()
        found = found_items if kind == "items" else found_cash
        if key in found or key not in account.entities[kind]:
            continue
        found.add(key)
        entity = account.entities[kind][key]
        if not (isinstance(entity, Cash) and entity.is_unnamed):
            queue += sorted(links(entity))
    return found_items, found_cash


def reallocate(
    account: Account, items: Iterable[str] = (), cash: Iterable[str] = (), leaving: Collection[str] = ()
) -> list[ev.Event]:
    """Return the events that bring the allocations around the given items and cash to what they should be, and grant
    what lets go of a shortfall. Cash that is ``leaving`` pays nothing.

    The account must hold everything connected to them (``AccountStore.load(linked=True)``).
    """
    items, cash = set(items), set(cash)
    changes, current = allocation_changes(account, items, cash, leaving)
    events = as_events(changes)
    if len(events) > 1:  # first what shrinks, then what grows, in parts that are each valid
        shrinking, growing = parted(changes, current)
        events = [*as_events(shrinking), *as_events(growing)]
    return [*events, *followed(account.after(events), items, cash, changes)]


def followed(
    after: Account, items: Iterable[str], cash: Iterable[str], changes: Iterable[ev.Allocation]
) -> list[ev.Event]:
    """Return what follows from new allocations: shortfalls that are let go, and money that is held to what it pays
    because the account has too much that names nothing."""
    around, _ = component(after, items, cash)
    events = settle_short(after, around | {change.item for change in changes})
    return [*events, *frozen(after)]


def allocation_changes(
    account: Account, items: Iterable[str] = (), cash: Iterable[str] = (), leaving: Collection[str] = ()
) -> tuple[Changes, Current]:
    """Return the allocations that are not what they should be around the given items and cash, and all present ones by
    (cash, item)."""
    item_keys, cash_keys = component(account, items, cash)
    unnamed = unnamed_cash(account, leaving)
    apart = {one.key for one in unnamed} | {key for key in cash_keys if account.cash[key].is_unnamed}
    paid_apart = {item for key in apart for item in account.cash[key].pays}
    within = item_keys | {key for key in paid_apart if key in account.items}
    paying = Paying(account, within)
    _pay_named(account, paying, item_keys, [key for key in cash_keys if key not in apart and key not in leaving])
    _keep_named(account, paying, within - item_keys, apart)
    let_go = {key for key in sorted(within) if _grant(account, paying, key) is not None}
    if not account.header.merged_into:  # there its money only waits to be booked where the invoices went
        pay_unnamed(account, paying, unnamed, let_go)
    adjustments = _pay_granted(account, paying, sorted(within | paying.touched))
    current = _current(account, {*cash_keys, *apart, *adjustments})
    changes = [
        ev.Allocation(key[0], key[1], *paying.wanted.get(key, NOTHING))
        for key in sorted({*paying.wanted, *current})
        if paying.wanted.get(key, NOTHING) != current.get(key, NOTHING)
    ]
    return changes, current


def _pay_named(account: Account, paying: Paying, item_keys: set[str], cash_keys: Iterable[str]) -> None:
    """Money in its own order, then the adjustments that persons made."""
    found = [account.cash[key] for key in cash_keys if account.cash[key].state != "withdrawn"]
    for cash in sorted(found, key=lambda one: (one.is_adjustment, one.value_date, one.key)):
        if cash.kind in GRANTED:
            continue
        left = cash.amount_minor - sum(cash.spent.values())
        for named in cash.names:
            most = min(left, cash.caps.get(named, left))
            for key in (one for one in owed_for(account, named, not cash.is_adjustment) if one in item_keys):
                paid = paying.pay(cash, key, most)
                left, most = left - paid, most - paid


def _keep_named(account: Account, paying: Paying, item_keys: Iterable[str], apart: set[str]) -> None:
    """Of items that only unnamed money connects with the rest, what money that names them and persons' adjustments pay
    stays as it is."""
    for key in sorted(item_keys):
        item = account.items[key]
        for payer in sorted(item.payers - apart):
            if account.cash[payer].kind not in GRANTED:
                paying.keep(payer, key, split_of(item, payer))


def split_of(item: Item, cash: str) -> Split:
    """Return what this cash pays of an item now."""
    charges = {kind: paid[cash] for kind, paid in item.charges_paid.items() if cash in paid}
    return Split(item.allocations.get(cash, 0), charges)


def _grant(account: Account, paying: Paying, key: str) -> str | None:
    found = granted(account, account.items[key], paying.principal_of(key))
    return found.kind if found is not None else None


def _pay_granted(account: Account, paying: Paying, item_keys: Iterable[str]) -> set[str]:
    """Let what was granted settle what is open now, whole; else it pays nothing. Returns the adjustments concerned."""
    found: set[str] = set()
    for key in item_keys:
        kinds = [kind for kind in GRANTED if grant_key(kind, key) in account.cash]
        if not kinds:
            continue
        kind = _grant(account, paying, key)
        for one in kinds:
            cash = account.cash[grant_key(one, key)]
            found.add(cash.key)
            if one == kind and cash.state != "withdrawn" and paying.open_minor(key) <= cash.amount_minor:
                paying.pay(cash, key, cash.amount_minor)
    return found


def _current(account: Account, cash_keys: Iterable[str]) -> Current:
    return {
        (key, item): split_of(account.items[item], key)
        for key in cash_keys
        for item in account.cash[key].pays
        if item in account.items
    }


def parted(changes: Iterable[ev.Allocation], current: Current) -> tuple[Changes, Changes]:
    """Return the changes in two parts, of which the first makes nothing larger and the second nothing smaller."""
    shrinking: Changes = []
    growing: Changes = []
    for change in changes:
        before = current.get((change.cash, change.item), NOTHING)
        charges = {kind: min(amount, change.charges.get(kind, 0)) for kind, amount in before.charges.items()}
        least = Split(min(before.principal_minor, change.amount_minor), {k: v for k, v in charges.items() if v})
        if least != before:
            shrinking.append(ev.Allocation(change.cash, change.item, *least))
        if least != Split(change.amount_minor, change.charges):
            growing.append(change)
    return shrinking, growing


def as_events(changes: Changes) -> list[ev.Event]:
    """Return the events of changes that may be carried out in parts: each fits a transaction."""
    return [ev.AllocationsChanged(part) for part in _parts(changes)]


def _parts(changes: Changes) -> list[tuple[ev.Allocation, ...]]:
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
