"""The arithmetic of the risk score: what a portfolio is like, and how many thousandths of log-odds each fact weighs.

How a customer's days around the due date become a chance (``habit_log_odds``): its undisputed invoices are paid a
customer's usual number of days after the due date, give or take a spread; a dispute delays by the portfolio's usual
delay. The customer's number is drawn towards the portfolio's while little is known (the mean of a normal prior and a
normal likelihood), and the chance that the next invoice is late mixes both cases by how often the customer disputes.

All is whole numbers and the decimal module, whose exp, ln and sqrt are correctly rounded: the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

from duly.domain.payment_history import WHOLE, PaymentSums

_CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
#: The logistic curve with this slope stays within 0.01 of the normal distribution and has the longer tails of payments.
_NORMAL_SLOPE: Final = Decimal("1.702")
_MAX_DEVIATIONS: Final = 8
#: An invoice is late from the first day after the due date; between "on the day" and "one day late" lies half a day.
_LATE_FROM_MILLIDAYS: Final = 500


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is believed of a customer of whom nothing is known. Strengths are in hundredths of an invoice: how much
    history outweighs the belief."""

    late_permille: int = 350
    late_strength: int = 200
    habit_millidays: int = -2000  # the usual day of payment after (before: negative) the due date
    habit_strength: int = 40
    spread_millidays: int = 6000  # standard deviation of one customer's payments
    dispute_permille: int = 100
    dispute_strength: int = 200
    dispute_delay_millidays: int = 8000


@dataclass(frozen=True, slots=True)
class Model:
    """A portfolio and the weights of facts, in thousandths of log-odds per unit. All but the intercept are never
    negative: that is what makes the score monotone in each fact."""

    portfolio: Portfolio
    intercept: int
    habit: int  # per 1000 thousandths of the habit's log-odds
    late_ratio: int  # per 1000 thousandths of the late ratio's log-odds
    days_late: int  # per average day late
    overdue_items: int  # per open item overdue
    oldest_overdue: int  # per day of the oldest open item
    overdue_share: int  # all of what is open is overdue
    limit_use: int  # per limit's worth of exposure over half the limit
    broken_promise: int  # each
    dispute_lost: int  # each
    bounced: int  # each
    young: int  # on the first day
    provisional: int
    invoice_size: int  # per doubling of the usual amount
    external: int  # from the best to the worst external score
    uninsured: int  # a credit insurer was asked and covers nothing; all covered weighs as much the other way


@dataclass(frozen=True, slots=True)
class Habit:
    """Log-odds, in thousandths, that the next invoice is paid late by the customer's days around the due date."""

    total: int
    undisputed: int  # the same for an invoice without dispute


def recent_habit(portfolio: Portfolio, sums: PaymentSums) -> Habit:
    """By the last months: what the score counts."""
    return _habit(portfolio, sums.recent_paid, sums.recent_days, sums.recent_disputed, sums.disputed, sums.paid)


def long_habit(portfolio: Portfolio, sums: PaymentSums) -> Habit:
    """By two years; against the recent one it tells a trend."""
    return _habit(portfolio, sums.paid, sums.habit_days, sums.disputed, sums.disputed, sums.paid)


def unknown_habit(portfolio: Portfolio) -> Habit:
    """Of a customer without history."""
    return _habit(portfolio, 0, 0, 0, 0, 0)


@lru_cache(maxsize=4096)  # a customer is scored with each event, and most events are not about payments
def _habit(portfolio: Portfolio, paid: int, days: int, disputed: int, all_disputed: int, all_paid: int) -> Habit:
    undisputed_days = 1000 * days - portfolio.dispute_delay_millidays * disputed
    weight = portfolio.habit_strength + paid
    mean = Decimal(portfolio.habit_millidays * portfolio.habit_strength + undisputed_days) / weight
    # one more payment deviates from the true habit, and the true habit from what is known of it
    spread = portfolio.spread_millidays * _CONTEXT.sqrt(1 + Decimal(WHOLE) / weight)
    plain = _chance((mean - _LATE_FROM_MILLIDAYS) / spread)
    delayed = _chance((mean + portfolio.dispute_delay_millidays - _LATE_FROM_MILLIDAYS) / spread)
    believed = portfolio.dispute_permille * portfolio.dispute_strength
    share = Decimal(1000 * all_disputed + believed) / (1000 * (all_paid + portfolio.dispute_strength))
    return Habit(_log_odds(plain + share * (delayed - plain)), _log_odds(plain))


def ratio_permille(portfolio: Portfolio, late: int, paid: int) -> int:
    """The share of invoices paid late, drawn towards the portfolio's while there are few."""
    strength = portfolio.late_strength
    return (late * 1000 + portfolio.late_permille * strength) // (paid + strength)


@lru_cache(maxsize=1001)
def permille_log_odds(permille: int) -> int:
    """The log-odds of a share in thousandths; 0 and 1000 count as the half next to them."""
    return _log_odds(Decimal(min(1999, max(1, 2 * permille))) / 2000)


def chance_of(log_odds_thousandths: int, scale: int) -> int:
    """``scale`` / (1 + exp(-x)), rounded half to even."""
    value = _CONTEXT.multiply(Decimal(scale), _logistic(Decimal(log_odds_thousandths).scaleb(-3, _CONTEXT)))
    return int(value.to_integral_value(ROUND_HALF_EVEN))


def _chance(deviations: Decimal) -> Decimal:
    bounded = max(Decimal(-_MAX_DEVIATIONS), min(Decimal(_MAX_DEVIATIONS), deviations))
    return _logistic(_CONTEXT.multiply(_NORMAL_SLOPE, bounded))


def _logistic(power: Decimal) -> Decimal:
    return _CONTEXT.divide(Decimal(1), _CONTEXT.add(Decimal(1), _CONTEXT.exp(-power)))


def _log_odds(chance: Decimal) -> int:
    odds = _CONTEXT.divide(chance, _CONTEXT.subtract(Decimal(1), chance))
    return int(_CONTEXT.ln(odds).scaleb(3, _CONTEXT).to_integral_value(ROUND_HALF_EVEN))
