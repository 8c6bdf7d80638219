"""Fit the weights of the risk score on a payment history, and print them or write them as the shipped ones.

    python bench/risk_history.py FOLDER --seed 11
    python bench/fit_risk.py FOLDER/*.csv [--write "how the files were made"]

Each file is one business. The portfolio comes from the settled invoices (moments; of several files the middle value of
each number), the weights from all outcomes known at the end of the file
(logistic regression, cli/risk_learning.py), drawn only weakly towards the first estimates by hand below. Facts that a
history does not hold keep the estimate by hand: the output says which. No library beyond Python's own is used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

from cli.history import HistoryError, read_history, replay
from cli.risk_learning import WEIGHTS, fitted, portfolio_of, row_of
from duly.domain.risk_model import Model, Portfolio

#: First estimates: the start of the fit, and what remains where the history is silent.
BY_HAND = Model(
    portfolio=Portfolio(),
    intercept=0,
    habit=700,
    late_ratio=300,
    days_late=5,
    overdue_items=200,
    oldest_overdue=10,
    overdue_share=200,
    limit_use=300,
    broken_promise=300,
    dispute_lost=200,
    bounced=500,
    young=300,
    provisional=300,
    invoice_size=100,
    external=1500,
    uninsured=300,
)
WEAK_PRIOR = 2.0
#: Finance expects these to count even where days late already tell them: they cost money beyond being late.
AT_LEAST = {
    name: getattr(BY_HAND, name) // 4
    for name in ("oldest_overdue", "broken_promise", "dispute_lost", "bounced", "uninsured")
}
SHIPPED = Path(__file__).parent.parent / "layers/common/duly/domain/risk_shipped.py"


def fit(paths: Sequence[Path]) -> tuple[Model, int, list[str]]:
    """The model fitted on files, the number of outcomes used, and the weights on which the files are silent."""
    numbers: list[tuple[float, ...]] = []
    outcomes: list[bool] = []
    portfolios: list[Portfolio] = []
    for path in paths:
        examples = list(replay(read_history(path)))
        end = max(max(row.issued, row.paid_on or date.min) for row, _ in examples) + timedelta(days=1)
        own = portfolio_of((row for row, _ in examples if row.paid_on), BY_HAND.portfolio)
        portfolios.append(own)
        # each business is looked at with its own portfolio, as a backtest does; only the weights are common
        model = replace(BY_HAND, portfolio=own)
        known = [(row, facts) for row, facts in examples if row.due < end and facts.payments.paid]
        numbers += [row_of(facts, model) for _, facts in known]
        outcomes += [row.is_late(end) is True for row, _ in known]
    start = replace(BY_HAND, portfolio=average(portfolios))
    silent = [name for place, name in enumerate(WEIGHTS) if not any(row[place] for row in numbers)]
    return fitted(numbers, outcomes, start, share_freedom=WEAK_PRIOR, least=AT_LEAST), len(numbers), silent


def average(portfolios: Sequence[Portfolio]) -> Portfolio:
    """The middle one of each number, so that one odd business counts for no more than another."""
    names = [part.name for part in fields(Portfolio)]
    return Portfolio(**{name: sorted(getattr(one, name) for one in portfolios)[len(portfolios) // 2] for name in names})


def source(model: Model, how: str) -> str:
    """The text of risk_shipped.py."""
    portfolio = "\n".join(f"        {part.name}={getattr(model.portfolio, part.name)}," for part in fields(Portfolio))
    weights = "\n".join(f"    {name}={getattr(model, name)}," for name in WEIGHTS)
    return f'''"""The shipped weights of the risk score: data, written by bench/fit_risk.py, not by hand.

{how}
"""

from __future__ import annotations

from typing import Final

from duly.domain.risk_model import Model, Portfolio

SHIPPED: Final = Model(
    portfolio=Portfolio(
{portfolio}
    ),
{weights}
)
'''


def main() -> int:
    """Fit, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--write", metavar="HOW", help="write them as the shipped ones, with this line on their origin")
    given = parser.parse_args()
    try:
        model, outcomes, silent = fit(given.files)
    except HistoryError as error:
        for one in error.problems:
            print(f"line {one.line}, {one.field}: {one.reason}", file=sys.stderr)
        return 2
    how = f"Fitted on {outcomes} outcomes. By hand, because the history is silent: {', '.join(silent) or 'none'}."
    text = source(model, f"{given.write}\n{how}" if given.write else how)
    if given.write:
        SHIPPED.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
