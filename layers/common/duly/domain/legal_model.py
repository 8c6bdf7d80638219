"""What the law says about late payment, as dated data: reference rates, and tables by jurisdiction and kind of debtor.

The shipped data lie in ``duly/legal/``, a policy may add its own. Percentages are exact decimals per year, sums integer
minor units, days inclusive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

DEBTOR_KINDS = ("business", "consumer", "public")
NO_REGIME = "none"


class RateUnknown(Exception):
    """A rate or table that is needed for a period is not known: nothing is guessed, so nothing is charged."""


@dataclass(frozen=True, slots=True)
class Period:
    """A rate and its first and last day."""

    first: date
    last: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """A published reference rate. ``periods`` rise and do not overlap; a day in none of them is not known."""

    name: str
    title: str
    source: str
    checked_on: date
    periods: tuple[Period, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tier:
    """A fixed sum for debts from an amount on, or above it."""

    currency: str
    sum_minor: int
    least_minor: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """What debtors of some kinds owe in a jurisdiction, for debts whose first day of interest lies within the dates.

    The rate is ``percent``, or a reference rate with a margin (rounded up to a multiple of ``round_up_percent``, when
    that is not 0): by law, or ``by`` contract alone, as the most that one may ask. ``mode`` split follows the reference
    rate, fixed takes that of the first day for the whole life of the debt. A contract's rate is never less than
    ``least_factor`` times ``least_series``, and never more than ``most_percent``. The fine is a percentage of the debt.
    """

    regime: str
    kinds: tuple[str, ...]
    valid_from: date
    source: str
    checked_on: date
    valid_to: date | None = None
    series: str = ""
    margin_percent: Decimal = Decimal(0)
    percent: Decimal | None = None
    mode: str = "split"
    by: str = "law"
    round_up_percent: Decimal = Decimal(0)
    least_series: str = ""
    least_factor: Decimal = Decimal(1)
    most_percent: Decimal | None = None
    year_days: int = 365
    indemnity: tuple[Tier, ...] = ()
    fine_percent: Decimal = Decimal(0)
    note: str = ""

    @property
    def has_rate(self) -> bool:
        """Whether it names a rate at all."""
        return bool(self.series) or self.percent is not None

    def holds_on(self, day: date) -> bool:
        """Whether a debt whose interest begins on this day falls under it."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def indemnity_minor(self, debt_minor: int, currency: str) -> int:
        """The fixed sum for a debt: of the tiers in its currency, the highest that it reaches."""
        reached = [tier for tier in self.indemnity if tier.currency == currency and debt_minor >= tier.least_minor]
        return max(reached, key=lambda tier: tier.least_minor).sum_minor if reached else 0


@dataclass(frozen=True, slots=True)
class Legal:
    """Tables and series together; what stands first goes before what follows."""

    tables: tuple[Table, ...]
    series: tuple[Series, ...]

    def regimes(self) -> tuple[str, ...]:
        """The jurisdictions that are known."""
        return tuple(dict.fromkeys(table.regime for table in self.tables))

    def table_for(self, regime: str, kind: str, start: date) -> Table:
        """The table of a debt whose interest begins on ``start``. Raises RateUnknown when there is none."""
        for table in self.tables:
            if table.regime == regime and kind in table.kinds and table.holds_on(start):
                return table
        raise RateUnknown(f"{regime} has no table for debts of a {kind} debtor whose interest begins on {start}")

    def period_of(self, name: str, day: date) -> Period:
        """The period of a reference rate that a day lies in. Raises RateUnknown."""
        found = next((period for period in self._periods(name) if period.first <= day <= period.last), None)
        if found is None:
            raise RateUnknown(f"the rate {name} is not known for {day}")
        return found

    def changes_within(self, name: str, first: date, last: date) -> set[date]:
        """The days after ``first``, up to ``last``, from which on this rate may be another or is not known."""
        periods = tuple(self._periods(name))
        ends = {period.last + timedelta(days=1) for period in periods if period.last < last}
        return {day for day in ends | {period.first for period in periods} if first < day <= last}

    def _periods(self, name: str) -> Iterable[Period]:
        return (period for series in self.series if series.name == name for period in series.periods)
