"""How a customer paid so far, summed by month: what the risk score needs of invoices that are settled and gone.

All sums are whole numbers that can be added and taken back, so their order does not matter and a reversed payment
leaves no trace. Only settlements are counted, on the day they happened: a month never holds what a later day brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

#: Months whose payments count.
MAX_HISTORY_MONTHS: Final = 24
#: The weight of one invoice settled in the month of the score, in hundredths.
WHOLE: Final = 100
#: How much payments count by age in months: half after a year (how often) and half after four months (how many days).
LONG_WEIGHTS: Final = tuple(round(WHOLE * 0.5 ** (age / 12)) for age in range(MAX_HISTORY_MONTHS))
RECENT_WEIGHTS: Final = tuple(round(WHOLE * 0.5 ** (age / 4)) for age in range(MAX_HISTORY_MONTHS))

MAX_DAYS_LATE: Final = 120
#: Days before or after the due date that count for the habit: paid a year late says no more than paid 45 days late.
MAX_HABIT_DAYS: Final = 45


@dataclass(frozen=True, slots=True)
class AmountPaid:
    """The settled invoices of one currency in one month; amounts in minor units, ``late_minor`` of those paid late."""

    count: int = 0
    paid_minor: int = 0
    late_minor: int = 0


@dataclass(frozen=True, slots=True)
class PaidMonth:
    """The invoices settled in one month (``month`` counts from year 0: year * 12 + month - 1).

    ``days_late`` sums days after the due date, ``habit_days`` days after (positive) and before (negative) it.
    """

    month: int
    paid_count: int = 0
    late_count: int = 0
    days_late: int = 0
    habit_days: int = 0
    disputed_count: int = 0
    amounts: dict[str, AmountPaid] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settlement:
    """One settled invoice: when it was due and settled, its amount, and whether it was disputed before."""

    due: date
    settled: date
    amount_minor: int = 0
    currency: str = ""
    disputed: bool = False


def with_settlement(history: tuple[PaidMonth, ...], one: Settlement) -> tuple[PaidMonth, ...]:
    """The history with one more settled invoice. The order in which settlements are added does not matter, except that
    months which are MAX_HISTORY_MONTHS or more before the latest are dropped."""
    return _with(history, one, 1)


def without_settlement(history: tuple[PaidMonth, ...], one: Settlement) -> tuple[PaidMonth, ...]:
    """The history with one settlement taken back (a payment was reversed); one whose month was dropped is no matter."""
    if all(part.month != month_number(one.settled) for part in history):
        return history
    return _with(history, one, -1)


def _with(history: tuple[PaidMonth, ...], one: Settlement, sign: int) -> tuple[PaidMonth, ...]:
    month = month_number(one.settled)
    months = {part.month: part for part in history}
    before = months.get(month, PaidMonth(month))
    days = (one.settled - one.due).days
    months[month] = PaidMonth(
        month,
        before.paid_count + sign,
        before.late_count + sign * (days > 0),
        before.days_late + sign * max(0, min(MAX_DAYS_LATE, days)),
        before.habit_days + sign * max(-MAX_HABIT_DAYS, min(MAX_HABIT_DAYS, days)),
        before.disputed_count + sign * one.disputed,
        _amounts_with(before.amounts, one, sign),
    )
    first_kept = max(months) - MAX_HISTORY_MONTHS + 1
    return tuple(months[number] for number in sorted(months) if number >= first_kept and months[number].paid_count > 0)


def _amounts_with(amounts: Mapping[str, AmountPaid], one: Settlement, sign: int) -> dict[str, AmountPaid]:
    if one.amount_minor <= 0:
        return dict(amounts)
    before = amounts.get(one.currency, AmountPaid())
    is_late = one.settled > one.due
    after = AmountPaid(
        before.count + sign,
        before.paid_minor + sign * one.amount_minor,
        before.late_minor + sign * one.amount_minor * is_late,
    )
    result = {**amounts, one.currency: after}
    return {currency: result[currency] for currency in sorted(result) if result[currency].count > 0}


def month_number(day: date) -> int:
    """The number of a month, counted from year 0, by which a history is kept."""
    return day.year * 12 + day.month - 1


@dataclass(frozen=True, slots=True)
class PaymentSums:
    """A history as it looks on a day. Counts and days are in hundredths of an invoice, weighted by recency.

    ``paid`` to ``disputed`` look back two years, ``recent_...`` mostly at the last months. ``late_by_amount`` is how
    many invoices were late if each counted by its amount. ``usual_minor`` is the average amount by currency.
    """

    paid: int = 0
    late: int = 0
    late_by_amount: int = 0
    days_late: int = 0
    habit_days: int = 0
    disputed: int = 0
    recent_paid: int = 0
    recent_days: int = 0
    recent_disputed: int = 0
    usual_minor: Mapping[str, int] = field(default_factory=dict)


def payment_sums(history: tuple[PaidMonth, ...], as_of: date) -> PaymentSums:
    """The weighted sums of a history on a day; months after that day do not count."""
    paid = late = days_late = habit = disputed = recent_paid = recent_days = recent_disputed = unpriced_late = 0
    amounts: dict[str, tuple[int, int, int]] = {}
    this_month = month_number(as_of)
    for part in history:
        age = this_month - part.month
        if not 0 <= age < MAX_HISTORY_MONTHS:
            continue
        long, recent = LONG_WEIGHTS[age], RECENT_WEIGHTS[age]
        paid += long * part.paid_count
        late += long * part.late_count
        days_late += long * part.days_late
        habit += long * part.habit_days
        disputed += long * part.disputed_count
        recent_paid += recent * part.paid_count
        recent_days += recent * part.habit_days
        recent_disputed += recent * part.disputed_count
        if not part.amounts:
            unpriced_late += long * part.late_count
        for currency, money in part.amounts.items():
            count, paid_minor, late_minor = amounts.get(currency, (0, 0, 0))
            amounts[currency] = (
                count + long * money.count,
                paid_minor + long * money.paid_minor,
                late_minor + long * money.late_minor,
            )
    by_amount = sum(count * late_minor // paid_minor for count, paid_minor, late_minor in amounts.values())
    usual = {currency: paid_minor // count for currency, (count, paid_minor, _) in amounts.items()}
    sums = PaymentSums(paid, late, by_amount + unpriced_late, days_late, habit, disputed)
    return replace(
        sums, recent_paid=recent_paid, recent_days=recent_days, recent_disputed=recent_disputed, usual_minor=usual
    )
