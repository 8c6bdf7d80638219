"""Compare the risk score with simpler and with heavier ways of predicting late payment, on one history in one run.

    python bench/risk_bench.py HISTORY.csv [--from DATE ...]

For each date (without any: after a quarter, half and three quarters of the history) every invoice issued from it on is
predicted from what was known on its issue date; what learns, learns from before the date. Compared are:

- duly            as `duly backtest` does it
- duly, shipped   the shipped weights, nothing learned from this history
- duly, strangers learned from four fifths of the customers, judged on the rest (five times over)
- late ratio      the customer's share of invoices paid late, drawn towards all customers' with the weight of two
- boosting        gradient boosting on the same facts, if scikit-learn is installed in this environment (it is no
                  dependency: use a throw-away environment)
"""

from __future__ import annotations

import argparse
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

from cli.backtest import quality
from cli.history import HistoryRow, read_history, replay
from cli.risk_learning import Example, learned, portfolio_of, row_of
from duly.domain.risk import log_odds
from duly.domain.risk_model import Model, chance_of
from duly.domain.risk_shipped import SHIPPED

FOLDS = 5
RATIO_STRENGTH = 2
SCALE = 1_000_000


def of_model(model: Model, examples: Sequence[Example]) -> list[float]:
    """The score's chances."""
    return [chance_of(log_odds(facts, model), SCALE) / SCALE for _, facts in examples]


def of_strangers(examples: Sequence[Example], later: Sequence[Example], start: date) -> list[float]:
    """Chances of customers from whom nothing was learned."""
    models = [learned([one for one in examples if fold_of(one[0]) != fold], start, SHIPPED)[0] for fold in range(FOLDS)]
    return [chance_of(log_odds(facts, models[fold_of(row)]), SCALE) / SCALE for row, facts in later]


def fold_of(row: HistoryRow) -> int:
    """The fold of a customer, the same in every run."""
    return zlib.crc32(row.customer.encode()) % FOLDS


def of_ratio(rows: Sequence[HistoryRow], start: date) -> Iterator[float]:
    """The smoothed late ratio of what was settled before each issue date; plain counts, no weights."""
    known = [row for row in rows if row.issued < start and row.paid_on is not None and row.paid_on < start]
    usual = sum(row.paid_on > row.due for row in known if row.paid_on) / max(1, len(known))
    issues = sorted(rows, key=lambda row: (row.issued, row.line))
    settled = sorted(
        (row for row in rows if row.paid_on is not None), key=lambda row: max(row.paid_on or row.issued, row.issued)
    )
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    done = 0
    for row in issues:
        while done < len(settled) and max(settled[done].paid_on or date.max, settled[done].issued) < row.issued:
            one = settled[done]
            counts[one.customer][0] += one.paid_on is not None and one.paid_on > one.due
            counts[one.customer][1] += 1
            done += 1
        if row.issued >= start:
            late, paid = counts[row.customer]
            yield (late + RATIO_STRENGTH * usual) / (paid + RATIO_STRENGTH)


def of_boosting(examples: Sequence[Example], later: Sequence[Example], start: date) -> list[float]:
    """Gradient boosting on the same numbers as the score, and on the sums behind them."""
    from sklearn.ensemble import GradientBoostingClassifier

    settled = (row for row, _ in examples if row.paid_on is not None and row.paid_on < start)
    model = replace(SHIPPED, portfolio=portfolio_of(settled, SHIPPED.portfolio))

    def numbers(one: Example) -> list[float]:
        sums = one[1].payments
        plain = (sums.paid, sums.late, sums.days_late, sums.habit_days, sums.disputed, sums.recent_days)
        return [*row_of(one[1], model), *plain, one[0].amount_minor, one[0].issued.month, len(one[1].exposure_minor)]

    known = [one for one in examples if max(one[0].due, one[0].issued) < start and one[1].payments.paid]
    boosting = GradientBoostingClassifier(
        n_estimators=80, max_depth=2, learning_rate=0.06, subsample=0.7, random_state=0
    )
    boosting.fit([numbers(one) for one in known], [one[0].is_late(start) is True for one in known])
    return [float(chance) for chance in boosting.predict_proba([numbers(one) for one in later])[:, 1]]


def compare(examples: Sequence[Example], start: date, end: date) -> Iterator[tuple[str, list[float]]]:
    """The chances of each way, for the invoices of ``judged``."""
    later = judged(examples, start, end)
    lines = {row.line for row, _ in later}
    yield "duly", of_model(learned(examples, start, SHIPPED)[0], later)
    yield "duly, shipped", of_model(SHIPPED, later)
    yield "duly, strangers", of_strangers(examples, later, start)
    rows = [row for row, _ in examples]
    places = [row.line for row, _ in examples if row.issued >= start]
    yield "late ratio", [chance for line, chance in zip(places, of_ratio(rows, start), strict=True) if line in lines]
    if find_spec("sklearn"):
        yield "boosting", of_boosting(examples, later, start)


def judged(examples: Sequence[Example], start: date, end: date) -> list[Example]:
    """Invoices issued from the date on whose outcome the file tells."""
    return [one for one in examples if one[0].issued >= start and one[0].is_late(end) is not None]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", type=Path)
    parser.add_argument("--from", dest="starts", type=date.fromisoformat, action="append")
    given = parser.parse_args()
    examples = list(replay(read_history(given.history)))
    days = [row.issued for row, _ in examples]
    end = max(max(row.issued, row.paid_on or date.min) for row, _ in examples) + timedelta(days=1)
    span = (days[-1] - days[0]).days
    starts = given.starts or [days[0] + timedelta(days=span * quarter // 4) for quarter in (1, 2, 3)]
    if not find_spec("sklearn"):
        print("scikit-learn is not installed here: no boosting")
    print(f"{'from':12}{'way':18}{'invoices':>9}{'AUC':>8}{'Brier':>8}{'accuracy':>10}")
    for start in starts:
        outcomes = [row.is_late(end) is True for row, _ in judged(examples, start, end)]
        for way, chances in compare(examples, start, end):
            found = quality(outcomes, chances)
            area = "-" if found.auc is None else f"{found.auc:.4f}"
            print(
                f"{start!s:12}{way:18}{found.count:>9}{area:>8}{found.brier:>8.4f}{found.accuracy:>10.3f}", flush=True
            )


if __name__ == "__main__":
    main()
