"""The risk score of a customer: how likely its invoices are paid late, from 0 to 1000 permille, with its reasons.

A pure function of facts at a date. Everything is whole numbers but for one exponential of the decimal module, which is
exact to its last digit, so the same facts give the same score everywhere. No fact can come from later than the date:
the history is summed per month up to it, and the other facts are the account's state on it.

The coefficients are a first estimate by hand, not fitted: they order customers sensibly and keep the promise that more
days late, more overdue and more broken promises never lower the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from duly.domain.policy_model import CreditHold, Policy

#: Months whose payments count, and how much: the last quarter four times as much as the year before last.
MAX_HISTORY_MONTHS: Final = 24
_WEIGHT_BY_AGE_MONTHS: Final = (4,) * 3 + (3,) * 3 + (2,) * 6 + (1,) * 12

#: What is believed of a customer without history, and how many weighted payments that belief is worth.
PRIOR_LATE_PERMILLE: Final = 300
PRIOR_STRENGTH: Final = 8

MAX_DAYS_LATE: Final = 120
MAX_DAYS_OVERDUE: Final = 180
MAX_BROKEN_PROMISES: Final = 5
MAX_DISPUTES_LOST: Final = 4
MAX_BOUNCED: Final = 3
MAX_USE_PERMILLE: Final = 3000
SETTLED_RELATION_DAYS: Final = 730
REASONS: Final = 3

# Weights in thousandths of the logarithm of the odds.
_BASE: Final = -1000
_LATE_RATIO: Final = 4000  # from never (0) to always (1), around the prior
_DAYS_LATE: Final = 30  # per average day
_DAYS_OVERDUE: Final = 20  # per day of the oldest overdue item
_OVERDUE_SHARE: Final = 800  # all of what is open is overdue
_LIMIT_USE: Final = 600  # per limit's worth of exposure over half the limit
_BROKEN_PROMISE: Final = 500  # each
_DISPUTE_LOST: Final = 250  # each
_BOUNCED: Final = 700  # each
_YOUNG: Final = 400  # on the first day, fading over SETTLED_RELATION_DAYS
_PROVISIONAL: Final = 600

_CONTEXT: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class PaidMonth:
    """The invoices settled in one month (``month`` counts from year 0: year * 12 + month - 1)."""

    month: int
    paid_count: int = 0
    late_count: int = 0
    days_late: int = 0


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What is known of a customer on a day. Amounts are minor units by currency; ``paid``, ``late`` and ``days_late``
    are weighted by recency (``facts_from_history``) or, without weights, plain counts.

    ``limit_minor`` is a limit agreed for this very customer, not the one of its category: that follows from the score,
    and a score that followed from it would chase its own tail.
    """

    paid: int = 0
    late: int = 0
    days_late: int = 0
    overdue_minor: Mapping[str, int] = field(default_factory=dict)
    exposure_minor: Mapping[str, int] = field(default_factory=dict)
    limit_minor: Mapping[str, int] = field(default_factory=dict)
    oldest_overdue_days: int = 0
    broken_promises: int = 0
    disputes_lost: int = 0
    bounced_payments: int = 0
    relation_days: int = 0
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a score: a code for programs, words for people, and its weight (positive raises the score)."""

    code: str
    words: str
    weight: int


@dataclass(frozen=True, slots=True)
class Score:
    """A risk score (0 best, 1000 worst), its category by the policy ("" without categories), the strongest reasons."""

    permille: int
    category: str
    reasons: tuple[Reason, ...]


# --- payment history ------------------------------------------------------------------------------------------------
def with_settlement(history: tuple[PaidMonth, ...], due: date, settled: date) -> tuple[PaidMonth, ...]:
    """The history with one more settled invoice. The order in which settlements are added does not matter, except that
    months which are MAX_HISTORY_MONTHS or more before the latest are dropped."""
    days_late = max(0, min(MAX_DAYS_LATE, (settled - due).days))
    return _with(history, month_number(settled), 1, int(days_late > 0), days_late)


def without_settlement(history: tuple[PaidMonth, ...], due: date, settled: date) -> tuple[PaidMonth, ...]:
    """The history with one settlement taken back (a payment was reversed); one whose month was dropped is no matter."""
    days_late = max(0, min(MAX_DAYS_LATE, (settled - due).days))
    if all(part.month != month_number(settled) for part in history):
        return history
    return _with(history, month_number(settled), -1, -int(days_late > 0), -days_late)


def _with(history: tuple[PaidMonth, ...], month: int, paid: int, late: int, days: int) -> tuple[PaidMonth, ...]:
    months = {part.month: part for part in history}
    before = months.get(month, PaidMonth(month))
    months[month] = PaidMonth(month, before.paid_count + paid, before.late_count + late, before.days_late + days)
    first_kept = max(months) - MAX_HISTORY_MONTHS + 1
    return tuple(months[number] for number in sorted(months) if number >= first_kept and months[number].paid_count > 0)


def facts_from_history(facts: RiskFacts, history: tuple[PaidMonth, ...], as_of: date) -> RiskFacts:
    """The facts with the weighted sums of a history, as it looks on a day; months after that day do not count."""
    paid = late = days_late = 0
    for part in history:
        age_months = month_number(as_of) - part.month
        if 0 <= age_months < MAX_HISTORY_MONTHS:
            weight = _WEIGHT_BY_AGE_MONTHS[age_months]
            paid += weight * part.paid_count
            late += weight * part.late_count
            days_late += weight * part.days_late
    return replace(facts, paid=paid, late=late, days_late=days_late)


def month_number(day: date) -> int:
    """The number of a month, counted from year 0, by which a history is kept."""
    return day.year * 12 + day.month - 1


# --- the score ------------------------------------------------------------------------------------------------------
def score(facts: RiskFacts, policy: Policy) -> Score:
    """The score, category and reasons of a customer on the day of the facts."""
    reasons = _contributions(facts)
    permille = _logistic_permille(_BASE + sum(reason.weight for reason in reasons))
    strongest = sorted(
        (reason for reason in reasons if reason.weight), key=lambda reason: (-abs(reason.weight), reason.code)
    )
    return Score(permille, category_for(permille, policy), tuple(strongest[:REASONS]))


def category_for(score_permille: int, policy: Policy) -> str:
    """The first category whose highest score is not below this one; "" when the policy has no categories."""
    fitting = (part.name for part in policy.risk.categories if score_permille <= part.max_score_permille)
    return next(fitting, "")


def late_ratio_permille(facts: RiskFacts) -> int:
    """The share of invoices paid late, drawn towards the prior while there are few."""
    return (facts.late * 1000 + PRIOR_LATE_PERMILLE * PRIOR_STRENGTH) // (facts.paid + PRIOR_STRENGTH)


def _contributions(facts: RiskFacts) -> tuple[Reason, ...]:
    return (
        _late_ratio(facts),
        _average_days_late(facts),
        _oldest_overdue(facts),
        _overdue_share(facts),
        _limit_use(facts),
        _counted(
            "broken_promises", facts.broken_promises, MAX_BROKEN_PROMISES, _BROKEN_PROMISE, "promises were broken"
        ),
        _counted("disputes_lost", facts.disputes_lost, MAX_DISPUTES_LOST, _DISPUTE_LOST, "disputes were unfounded"),
        _counted("bounced_payments", facts.bounced_payments, MAX_BOUNCED, _BOUNCED, "payments were returned"),
        _young_relation(facts),
        Reason("provisional", "the customer's record is not complete", _PROVISIONAL if facts.provisional else 0),
    )


def _late_ratio(facts: RiskFacts) -> Reason:
    ratio = late_ratio_permille(facts)
    weight = _LATE_RATIO * (ratio - PRIOR_LATE_PERMILLE) // 1000
    code = "pays_late" if weight > 0 else "pays_on_time"
    return Reason(code, f"{_percent(facts.late, facts.paid)} % of recent invoices were paid late", weight)


def _average_days_late(facts: RiskFacts) -> Reason:
    average = facts.days_late // max(1, facts.paid)
    smoothed_tenths = min(10 * MAX_DAYS_LATE, 10 * facts.days_late // (facts.paid + PRIOR_STRENGTH))
    return Reason("days_late", f"invoices were paid {average} days late on average", _DAYS_LATE * smoothed_tenths // 10)


def _oldest_overdue(facts: RiskFacts) -> Reason:
    days = max(0, min(MAX_DAYS_OVERDUE, facts.oldest_overdue_days))
    words = f"the oldest open item is {facts.oldest_overdue_days} days overdue"
    return Reason("oldest_overdue", words, _DAYS_OVERDUE * days)


def _overdue_share(facts: RiskFacts) -> Reason:
    """The largest share of any currency; shares of different currencies are never added."""
    shares = [
        min(1000, overdue * 1000 // max(1, facts.exposure_minor.get(currency, 0)))
        for currency, overdue in facts.overdue_minor.items()
        if overdue > 0
    ]
    share = max(shares, default=0)
    return Reason("overdue_share", f"{share // 10} % of what is open is overdue", _OVERDUE_SHARE * share // 1000)


def _limit_use(facts: RiskFacts) -> Reason:
    uses = [
        min(MAX_USE_PERMILLE, max(0, facts.exposure_minor.get(currency, 0)) * 1000 // limit)
        if limit > 0
        else (MAX_USE_PERMILLE if facts.exposure_minor.get(currency, 0) > 0 else 0)
        for currency, limit in facts.limit_minor.items()
    ]
    use = max(uses, default=0)
    return Reason("limit_use", f"{use // 10} % of the agreed limit is used", _LIMIT_USE * max(0, use - 500) // 1000)


def _counted(code: str, count: int, most: int, weight: int, words: str) -> Reason:
    return Reason(code, f"{count} {words}", weight * max(0, min(most, count)))


def _young_relation(facts: RiskFacts) -> Reason:
    missing_days = max(0, SETTLED_RELATION_DAYS - max(0, facts.relation_days))
    words = f"the customer has been known for {facts.relation_days} days"
    return Reason("young_relation", words, _YOUNG * missing_days // SETTLED_RELATION_DAYS)


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0


def _logistic_permille(log_odds_thousandths: int) -> int:
    """1000 / (1 + exp(-x)), rounded half to even. The decimal module's exp is exact to the last digit everywhere."""
    power = _CONTEXT.exp(Decimal(-log_odds_thousandths).scaleb(-3, _CONTEXT))
    value = _CONTEXT.divide(Decimal(1000), _CONTEXT.add(Decimal(1), power))
    return int(value.to_integral_value(ROUND_HALF_EVEN))


# --- exposure, limit, hold ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Exposure:
    """What one customer owes in one currency against what it may. No limit: ``limit_minor`` and headroom are None.
    A negative headroom is the sum by which the limit is passed."""

    currency: str
    open_minor: int
    limit_minor: int | None
    headroom_minor: int | None


def exposures(open_minor: Mapping[str, int], limit_minor: Mapping[str, int]) -> tuple[Exposure, ...]:
    """Exposure per currency, sorted; currencies are never added. A limit without anything open is listed too."""
    result = []
    for currency in sorted({*open_minor, *limit_minor}):
        amount, limit = open_minor.get(currency, 0), limit_minor.get(currency)
        result.append(Exposure(currency, amount, limit, None if limit is None else limit - amount))
    return tuple(result)


def limit_for(policy: Policy, category: str, agreed_minor: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """The limits of a customer: those of its category, each replaced by one agreed with it."""
    found = policy.category(category)
    return {**(found.limit_minor if found else {}), **(agreed_minor or {})}


def hold_reasons(
    hold: CreditHold, held: tuple[Exposure, ...], oldest_overdue_days: int, broken_promises: int
) -> tuple[str, ...]:
    """Why new orders must be refused now, as codes; empty when they need not be."""
    over_limit = any(part.headroom_minor is not None and part.headroom_minor < 0 for part in held)
    reasons = (
        ("over_limit", hold.over_limit and over_limit),
        ("overdue_days", 0 < hold.overdue_days <= oldest_overdue_days),
        ("broken_promises", 0 < hold.broken_promises <= broken_promises),
    )
    return tuple(code for code, is_met in reasons if is_met)
