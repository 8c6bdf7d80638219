"""Learning a risk model from a payment history: the portfolio by moments, the weights by a logistic regression that is
drawn towards the shipped ones (the fewer outcomes are known, the more), with no weight below zero.

Plain Python: a stack needs none of this, and a history of a thousand invoices takes a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from cli.history import HistoryRow
from duly.domain.payment_history import MAX_HABIT_DAYS
from duly.domain.risk import WEIGHT_OF_CONTRIBUTION, RiskFacts, contributions
from duly.domain.risk_model import Model, Portfolio, permille_log_odds, unknown_habit

WEIGHTS = tuple(part.name for part in fields(Model) if part.name != "portfolio")
MAX_EXAMPLES = 20_000  # the latest ones; more tell nothing new of sixteen weights
MIN_EXAMPLES = 50
MAX_ROUNDS = 50
#: How many settled invoices the shipped portfolio is worth against the history's own.
SHIPPED_PORTFOLIO_WORTH = 100
#: How far a weight may go from the shipped one without strong evidence (standard deviations of the prior).
INTERCEPT_FREEDOM = 1.0
SHARE_FREEDOM = 1.0
#: An outcome half a year old teaches half as much: business drifts, and early ones come from customers hardly known.
HALF_WORTH_DAYS = 180
LEAST_FREEDOM = 0.002

Example = tuple[HistoryRow, RiskFacts]
Weighted = tuple[tuple[float, ...], bool, float]  # facts as numbers, late or not, worth


def learned(examples: Sequence[Example], before: date, start: Model) -> tuple[Model, int]:
    """The model as known at the beginning of the day ``before``, and how many outcomes taught its weights. With fewer
    than MIN_EXAMPLES known outcomes it is the one to start from."""
    # a customer's first invoices tell of strangers; and the first payments to arrive are the quick ones
    known = [(row, facts) for row, facts in examples if max(row.due, row.issued) < before and facts.payments.paid]
    if len(known) < MIN_EXAMPLES:
        return start, 0
    known = known[-MAX_EXAMPLES:]
    settled = (row for row, _ in examples if row.issued < before and row.paid_on is not None and row.paid_on < before)
    model = replace(start, portfolio=portfolio_of(settled, start.portfolio))
    # on the morning after the due date it is known whether an invoice is late, also of one that is still open; to take
    # the settled ones alone would take too many quick payers
    outcomes = [row.is_late(before) is True for row, _ in known]
    worth = [0.5 ** ((before - row.issued).days / HALF_WORTH_DAYS) for row, _ in known]
    return fitted([row_of(facts, model) for _, facts in known], outcomes, model, worth), len(known)


# --- the portfolio ----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Payer:
    count: int = 0
    late: int = 0
    disputed: int = 0
    days: float = 0.0
    disputed_days: float = 0.0


def portfolio_of(settled: Iterable[HistoryRow], shipped: Portfolio) -> Portfolio:
    """What customers are like in a history, blended with the shipped belief."""
    rows = list(settled)
    payers: dict[str, _Payer] = {}
    for row in rows:
        days = _days(row)
        payer = payers.setdefault(row.customer, _Payer())
        payer.count += 1
        payer.late += days > 0
        payer.disputed += row.disputed
        payer.days += days
        payer.disputed_days += days if row.disputed else 0
    own = len(rows) / (len(rows) + SHIPPED_PORTFOLIO_WORTH)
    delay = own * _dispute_delay(payers) + (1 - own) * shipped.dispute_delay_millidays / 1000
    spread, between, mean = _habits(rows, payers, delay)
    customers = [payer for payer in payers.values() if payer.count >= 2]
    if len(customers) < 2:
        return shipped
    late, late_strength = _share([payer.late for payer in customers], [payer.count for payer in customers])
    dispute, dispute_strength = _share([payer.disputed for payer in customers], [payer.count for payer in customers])

    def blend(found: float, before: int, least: int = 1) -> int:
        return max(least, round(own * found + (1 - own) * before))

    return Portfolio(
        late_permille=min(990, blend(1000 * late, shipped.late_permille, 10)),
        late_strength=blend(100 * late_strength, shipped.late_strength, 50),
        habit_millidays=round(own * 1000 * mean + (1 - own) * shipped.habit_millidays),
        habit_strength=blend(100 * min(5.0, spread**2 / max(1.0, between)), shipped.habit_strength, 5),
        spread_millidays=blend(1000 * spread, shipped.spread_millidays, 1000),
        dispute_permille=min(990, blend(1000 * dispute, shipped.dispute_permille)),
        dispute_strength=blend(100 * dispute_strength, shipped.dispute_strength, 50),
        dispute_delay_millidays=round(1000 * delay),
    )


def _days(row: HistoryRow) -> int:
    days = ((row.paid_on or row.due) - row.due).days
    return max(-MAX_HABIT_DAYS, min(MAX_HABIT_DAYS, days))


def _dispute_delay(payers: dict[str, _Payer]) -> float:
    """By how many days disputed invoices are later than the same customer's others, at least 0."""
    weighted = weights = 0.0
    for payer in payers.values():
        plain = payer.count - payer.disputed
        if payer.disputed and plain:
            weight = payer.disputed * plain / payer.count
            gap = payer.disputed_days / payer.disputed - (payer.days - payer.disputed_days) / plain
            weighted += weight * gap
            weights += weight
    return max(0.0, weighted / weights) if weights else 0.0


def _habits(rows: Sequence[HistoryRow], payers: dict[str, _Payer], delay: float) -> tuple[float, float, float]:
    """Standard deviation within customers, variance between them, mean; of days without the delay of disputes."""
    means = {name: (payer.days - delay * payer.disputed) / payer.count for name, payer in payers.items()}
    squares = sum((_days(row) - delay * row.disputed - means[row.customer]) ** 2 for row in rows)
    within = squares / max(1, len(rows) - len(payers))
    mean = sum(means.values()) / max(1, len(means))
    observed = sum((one - mean) ** 2 for one in means.values()) / max(1, len(means) - 1)
    noise = within * sum(1 / payer.count for payer in payers.values()) / max(1, len(payers))
    return max(1.0, math.sqrt(within)), max(1.0, observed - noise), mean


def _share(parts: Sequence[int], counts: Sequence[int]) -> tuple[float, float]:
    """Mean and strength (in invoices) of a beta distribution of customers' shares, by moments."""
    total = sum(counts)
    mean = min(0.99, max(0.001, sum(parts) / total))
    customers = len(counts)
    spread = sum(count * (part / count - mean) ** 2 for part, count in zip(parts, counts, strict=True))
    size = (total - sum(count * count for count in counts) / total) / (customers - 1)
    between = spread / (customers - 1)
    within = sum(count * (part / count) * (1 - part / count) for part, count in zip(parts, counts, strict=True)) / max(
        1, total - customers
    )
    alike = max(0.01, min(0.99, (between - within) / max(1e-9, between + (size - 1) * within)))
    return mean, (1 - alike) / alike


# --- the weights ------------------------------------------------------------------------------------------------------
def row_of(facts: RiskFacts, model: Model) -> tuple[float, ...]:
    """The facts as numbers in the order of WEIGHTS, so that their product with the weights is the log-odds."""
    units = _with_weights(model, [1000] * len(WEIGHTS))
    values = dict.fromkeys(WEIGHTS, 0.0)
    for name, reason in zip(WEIGHT_OF_CONTRIBUTION, contributions(facts, units), strict=True):
        values[name] += reason.weight / 1000
    values["intercept"] = 1.0
    values["habit"] += unknown_habit(model.portfolio).total / 1000
    values["late_ratio"] += permille_log_odds(model.portfolio.late_permille) / 1000
    return tuple(values[name] for name in WEIGHTS)


def _with_weights(model: Model, thousandths: Sequence[int]) -> Model:
    return Model(model.portfolio, **dict(zip(WEIGHTS, thousandths, strict=True)))


def fitted(
    rows: Sequence[tuple[float, ...]],
    outcomes: Sequence[bool],
    start: Model,
    worth: Sequence[float] | None = None,
    share_freedom: float = SHARE_FREEDOM,
    least: Mapping[str, int] | None = None,
) -> Model:
    """The weights that explain the outcomes, drawn towards those of ``start``; none but the intercept below zero, or
    below what ``least`` says (thousandths).
    ``worth`` says how much each outcome counts (all 1 when left out), ``share_freedom`` how far a weight may go from
    its start, as a share of it (one standard deviation of the prior)."""
    prior = [getattr(start, name) / 1000 for name in WEIGHTS]
    freedom = [max(LEAST_FREEDOM, share_freedom * value) for value in prior]
    freedom[WEIGHTS.index("intercept")] = INTERCEPT_FREEDOM
    examples = list(zip(rows, outcomes, worth or [1.0] * len(rows), strict=True))
    lowest = [(least or {}).get(name, 0) / 1000 for name in WEIGHTS]
    lowest[WEIGHTS.index("intercept")] = -math.inf
    found = maximise(examples, prior, freedom, lowest)
    return _with_weights(start, [round(1000 * value) for value in found])


def maximise(
    examples: Sequence[Weighted],
    prior: Sequence[float],
    freedom: Sequence[float],
    least: Sequence[float],
) -> list[float]:
    """Newton's method for a logistic regression with a normal prior. A weight that would go below its least stays
    there."""
    weights = list(prior)
    fixed: set[int] = {place for place in range(len(prior)) if not any(row[place] for row, _, _ in examples)}
    for _ in range(MAX_ROUNDS):
        step = _newton_step(examples, weights, prior, freedom, fixed)
        weights = [value + change for value, change in zip(weights, step, strict=True)]
        below = {place for place, value in enumerate(weights) if value < least[place] and place not in fixed}
        for place in below:
            weights[place] = least[place]
        fixed |= below
        if not below and max(map(abs, step)) < 1e-6:
            break
    return weights


def _newton_step(
    examples: Sequence[Weighted],
    weights: Sequence[float],
    prior: Sequence[float],
    freedom: Sequence[float],
    fixed: set[int],
) -> list[float]:
    free = [place for place in range(len(weights)) if place not in fixed]
    gradient = [(prior[place] - weights[place]) / freedom[place] ** 2 for place in free]
    curvature = [[1 / freedom[place] ** 2 if place == other else 0.0 for other in free] for place in free]
    for row, outcome, worth in examples:
        power = sum(value * weight for value, weight in zip(row, weights, strict=True))
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, power))))
        some = [(number, row[place]) for number, place in enumerate(free) if row[place]]
        weight = worth * chance * (1 - chance)
        for number, value in some:
            gradient[number] += worth * (outcome - chance) * value
            line = curvature[number]
            for other, other_value in some:
                line[other] += weight * value * other_value
    change = _solve(curvature, gradient)
    result = [0.0] * len(weights)
    for place, value in zip(free, change, strict=True):
        result[place] = max(-2.0, min(2.0, value))
    return result


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss with the largest pivot; the prior on the diagonal makes the matrix regular."""
    size = len(right)
    lines = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for place in range(size):
        best = max(range(place, size), key=lambda other: abs(lines[other][place]))
        lines[place], lines[best] = lines[best], lines[place]
        for other in range(place + 1, size):
            factor = lines[other][place] / lines[place][place]
            for column in range(place, size + 1):
                lines[other][column] -= factor * lines[place][column]
    result = [0.0] * size
    for place in reversed(range(size)):
        rest = sum(lines[place][other] * result[other] for other in range(place + 1, size))
        result[place] = (lines[place][size] - rest) / lines[place][place]
    return result
