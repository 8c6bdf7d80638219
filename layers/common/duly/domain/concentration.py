"""Where the exposure lies: by legal group, country and category, each currency for itself.

Exposure is what a customer owes and ordered (open invoices and open orders). Pure functions of account headers; amounts
in minor units, never converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duly.domain.kpi import AccountFacts

MAX_PARTS = 100  # named in one breakdown; the rest is summed
MAX_GENERATIONS = 10  # of parents above a customer


@dataclass(frozen=True, slots=True)
class Part:
    """One group, country or category: what its customers owe and ordered, and how that stands to their limits.

    ``limit_minor`` sums the limits of those that have one, ``limited_minor`` their exposure; ``over_limit`` and
    ``on_hold`` count customers.
    """

    name: str
    exposure_minor: int = 0
    overdue_minor: int = 0
    customers: int = 0
    limit_minor: int = 0
    limited_minor: int = 0
    over_limit: int = 0
    on_hold: int = 0

    def plus(self, other: Part) -> Part:
        """Both together, under this one's name."""
        return Part(
            self.name,
            self.exposure_minor + other.exposure_minor,
            self.overdue_minor + other.overdue_minor,
            self.customers + other.customers,
            self.limit_minor + other.limit_minor,
            self.limited_minor + other.limited_minor,
            self.over_limit + other.over_limit,
            self.on_hold + other.on_hold,
        )


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The largest parts, the largest first, and the ``more`` others added up."""

    parts: tuple[Part, ...] = ()
    others: Part = Part("others")
    more: int = 0

    def cut(self, most: int) -> Breakdown:
        """The same with at most so many parts named."""
        others = self.others
        for part in self.parts[most:]:
            others = others.plus(part)
        return Breakdown(self.parts[:most], others, self.more + len(self.parts[most:]))


@dataclass(frozen=True, slots=True)
class Concentration:
    """The exposure of one currency, broken down in three ways; each adds up to ``total_minor``.

    A group's name is the customer id at its top; a customer without a parent is a group of its own. A country or
    category that is not known has the name "".
    """

    total_minor: int = 0
    groups: Breakdown = Breakdown()
    countries: Breakdown = Breakdown()
    categories: Breakdown = Breakdown()

    @property
    def largest_permille(self) -> int:
        """The share of the largest group in the whole, rounded down."""
        first = self.groups.parts[0].exposure_minor if self.groups.parts else 0
        return 1000 * first // self.total_minor if self.total_minor > 0 else 0


class Parents:
    """Which customer belongs to which parent."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def note(self, customer: str, parent: str) -> None:
        if parent and customer:
            self._parents[customer] = parent

    def top_of(self, customer: str) -> str:
        """The parent of parents. Of customers that name each other in a ring it is the first in order."""
        line = [customer]
        while len(line) <= MAX_GENERATIONS and line[-1] in self._parents:
            parent = self._parents[line[-1]]
            if parent in line:
                return min(line[line.index(parent) :])
            line.append(parent)
        return line[-1]


class ConcentrationTotals:
    """Sums of one currency over the accounts seen so far."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self._groups: dict[str, Part] = {}
        self._countries: dict[str, Part] = {}
        self._categories: dict[str, Part] = {}

    def add(self, facts: AccountFacts, overdue_minor: int, limit_minor: int | None) -> None:
        """Count an account; no limit: None."""
        currency, header = self.currency, facts.header
        open_minor = sum(facts.open_by_due.get(currency, {}).values())
        exposure = open_minor + facts.ordered.get(currency, 0)
        if not exposure:
            return
        headroom = None if limit_minor is None else limit_minor - exposure + facts.unapplied.get(currency, 0)
        part = Part(
            name="",
            exposure_minor=exposure,
            overdue_minor=overdue_minor,
            customers=1,
            limit_minor=limit_minor or 0,
            limited_minor=0 if limit_minor is None else exposure,
            over_limit=int(headroom is not None and headroom < 0),
            on_hold=int(bool(header.credit_hold)),
        )
        _add(self._groups, header.parent or header.customer or facts.account, part)
        _add(self._countries, header.country, part)
        _add(self._categories, header.category, part)

    def result(self, parents: Parents) -> Concentration:
        groups: dict[str, Part] = {}
        for name, part in self._groups.items():
            _add(groups, parents.top_of(name), part)
        return Concentration(
            total_minor=sum(part.exposure_minor for part in groups.values()),
            groups=_breakdown(groups.values()),
            countries=_breakdown(self._countries.values()),
            categories=_breakdown(self._categories.values()),
        )


def _add(parts: dict[str, Part], name: str, part: Part) -> None:
    known = parts.get(name)
    parts[name] = known.plus(part) if known else replace(part, name=name)


def _breakdown(parts: Iterable[Part]) -> Breakdown:
    ordered = sorted(parts, key=lambda part: (-part.exposure_minor, part.name))
    return Breakdown(tuple(ordered)).cut(MAX_PARTS)


def agreed_limits(facts: AccountFacts, as_of: date) -> Mapping[str, int]:
    """The limits that the header itself states: those agreed with the customer. A policy knows more."""
    del as_of
    return facts.header.limit_minor
