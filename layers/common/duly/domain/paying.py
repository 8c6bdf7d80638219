"""One working out of who pays what: what is still open of each item, and what each money pays of it so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from duly.domain.account import Account
from duly.domain.entities import CHARGE_KINDS, Cash, Item

Key = tuple[str, str]  # cash, item


class Split(NamedTuple):
    """What one money pays of one item: of its amount, and of its charges by kind."""

    principal_minor: int
    charges: dict[str, int]


NOTHING = Split(0, {})


class Paying:
    """Items as if nothing had paid them yet, and what is paid since. An item that is not ``anew`` among them counts as
    it stands, once it is looked at."""

    def __init__(self, account: Account, anew: Iterable[str]) -> None:
        self.account = account
        self.wanted: dict[Key, Split] = {}
        self.touched: set[str] = set()  # items that money paid here
        self._anew = set(anew)
        self._open: dict[str, int] = {}
        self._charges_paid: dict[Key, int] = {}  # (item, kind) -> paid, for items looked at
        self._principal: dict[str, dict[str, int]] = {}

    def _look_at(self, key: str) -> Item:
        item = self.account.items[key]
        if key not in self._open:
            anew = key in self._anew
            self._open[key] = item.owed_minor if anew else item.outstanding_minor
            if not anew and (item.allocations or item.charges_paid):
                self._principal[key] = dict(item.allocations)
                for kind, paid in item.charges_paid.items():
                    self._charges_paid[(key, kind)] = sum(paid.values())
        return item

    def open_minor(self, key: str) -> int:
        """Return what is open of an item's amount at this point, in minor units."""
        self._look_at(key)
        return self._open[key]

    def principal_of(self, key: str) -> dict[str, int]:
        """Return what each cash pays of an item's amount at this point."""
        self._look_at(key)
        return self._principal.get(key, {})

    def payable_minor(self, key: str, cash: Cash) -> int:
        """Return what is open of an item with the charges that were demanded before this money, in minor units."""
        item = self._look_at(key)
        charges = sum(self._charges_open(key, kind, cash) for kind in CHARGE_KINDS) if item.charges else 0
        return self._open[key] + charges

    def _charges_open(self, key: str, kind: str, cash: Cash) -> int:
        item = self._look_at(key)
        if not item.charges or item.state not in ("open", "paid"):
            return 0
        demanded = sum(
            one.owed_minor for one in item.charges if one.kind == kind and one.is_before(cash.key, cash.value_date)
        )
        return max(0, demanded - self._charges_paid.get((key, kind), 0))

    def pay(self, cash: Cash, key: str, most_minor: int) -> int:
        """Let money pay an item, at most so much, in the order of debts; return what it pays, in minor units. Credit
        notes and adjustments reduce the amount alone: nobody paid what was charged beside it."""
        item = self._look_at(key)
        if most_minor <= 0 or item.currency != cash.currency or (cash.key, key) in self.wanted:
            return 0
        left = most_minor
        charges: dict[str, int] = {}
        principal = 0
        for debt in self.account.rules.debt_order if cash.is_money else ("principal",):
            open_minor = self._open[key] if debt == "principal" else self._charges_open(key, debt, cash)
            part = min(left, open_minor)
            if not part:
                continue
            left -= part
            if debt == "principal":
                principal = part
            else:
                charges[debt] = part
        if principal or charges:
            split = Split(principal, charges)
            self.wanted[(cash.key, key)] = split
            self.touched.add(key)
            self.keep(cash.key, key, split)
        return most_minor - left

    def keep(self, cash: str, key: str, split: Split) -> None:
        """Count what this cash pays of an item, and go on paying it."""
        self._look_at(key)
        self._open[key] -= split.principal_minor
        if split.principal_minor:
            self._principal.setdefault(key, {})[cash] = split.principal_minor
        for kind, amount in split.charges.items():
            self._charges_paid[(key, kind)] = self._charges_paid.get((key, kind), 0) + amount
