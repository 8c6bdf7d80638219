"""`duly backtest`: how well the risk score would have predicted a history, invoice by invoice, never looking ahead."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.history import HistoryRow, read_history, replay
from cli.risk_learning import Example, learned
from duly.domain.risk import log_odds
from duly.domain.risk_model import Model, chance_of
from duly.domain.risk_shipped import SHIPPED

PARTS_PER_WHOLE = 1_000_000
BINS = 10
LONG_FILE_BYTES = 1_000_000  # from here on a progress bar is worth its line


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of one tenth of the scale against what happened."""

    start: float
    count: int
    predicted: float
    late: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How good predictions are. Without any late or any punctual invoice there is no order to judge: no ``auc``."""

    count: int
    late_share: float
    auc: float | None
    brier: float
    accuracy: float
    calibration: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a backtest found. ``predictions`` are in the file's order: the row and its chance in millionths."""

    start: date
    model: Model
    taught_by: int
    predictions: tuple[tuple[HistoryRow, int], ...]
    unknown: int
    quality: Quality | None


def run(path: Path, start: date, console: Console | None = None, learn: bool = True) -> Backtest:
    """Score every invoice issued on or after ``start`` as of its issue date.

    Raises HistoryError for a bad file, ValueError when no invoice was issued from that day on.
    """
    is_short = path.stat().st_size < LONG_FILE_BYTES
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn(),
        console=console or Console(stderr=True), transient=True, disable=console is None or is_short,
    ) as progress:  # fmt: skip
        reading = progress.add_task("Reading", total=None)
        rows = read_history(path, lambda line: progress.update(reading, completed=line))
        progress.update(reading, total=len(rows), completed=len(rows))
        if all(row.issued < start for row in rows):
            raise ValueError(
                f"no invoice was issued on or after {start}; the last one on {max(r.issued for r in rows)}"
            )
        scoring = progress.add_task("Replaying", total=len(rows))
        examples: list[Example] = []
        for example in replay(rows):
            examples.append(example)
            if len(examples) % 1_000 == 0:
                progress.update(scoring, completed=len(examples))
        progress.update(scoring, completed=len(examples))
        progress.add_task("Learning and judging", total=None)
        model, taught_by = learned(examples, start, SHIPPED) if learn else (SHIPPED, 0)
        return _judged(examples, start, model, taught_by, _end_of(rows))


def _end_of(rows: Sequence[HistoryRow]) -> date:
    """The day after the last one of which the file tells anything."""
    return max(max(row.issued, row.paid_on or date.min) for row in rows) + timedelta(days=1)


def _judged(examples: Sequence[Example], start: date, model: Model, taught_by: int, end: date) -> Backtest:
    predictions = [
        (row, chance_of(log_odds(facts, model), PARTS_PER_WHOLE)) for row, facts in examples if row.issued >= start
    ]
    predictions.sort(key=lambda pair: pair[0].line)
    judged = [(row.is_late(end), chance / PARTS_PER_WHOLE) for row, chance in predictions]
    known = [(late, chance) for late, chance in judged if late is not None]
    found = quality([late for late, _ in known], [chance for _, chance in known]) if known else None
    return Backtest(start, model, taught_by, tuple(predictions), len(judged) - len(known), found)


def quality(late: Sequence[bool], chances: Sequence[float]) -> Quality:
    """Judge predictions by what happened; both in the same order, at least one."""
    count = len(late)
    pairs = list(zip(late, chances, strict=True))
    return Quality(
        count=count,
        late_share=sum(late) / count,
        auc=area_under_curve(late, chances),
        brier=sum((is_late - chance) ** 2 for is_late, chance in pairs) / count,
        accuracy=sum(is_late == (chance >= 0.5) for is_late, chance in pairs) / count,
        calibration=_calibration(pairs),
    )


def area_under_curve(late: Sequence[bool], chances: Sequence[float]) -> float | None:
    """How often a late invoice has the higher chance of being late than a punctual one; a tie counts half."""
    punctual = sorted(chance for is_late, chance in zip(late, chances, strict=True) if not is_late)
    delayed = [chance for is_late, chance in zip(late, chances, strict=True) if is_late]
    if not punctual or not delayed:
        return None
    halves = sum(bisect_left(punctual, chance) + bisect_right(punctual, chance) for chance in delayed)
    return halves / (2 * len(punctual) * len(delayed))


def _calibration(pairs: Sequence[tuple[bool, float]]) -> tuple[Bin, ...]:
    groups: dict[int, list[tuple[bool, float]]] = {}
    for is_late, chance in pairs:
        groups.setdefault(min(BINS - 1, int(chance * BINS)), []).append((is_late, chance))
    return tuple(
        Bin(
            number / BINS,
            len(group),
            sum(chance for _, chance in group) / len(group),
            sum(is_late for is_late, _ in group) / len(group),
        )
        for number, group in sorted(groups.items())
    )


def write_predictions(path: Path, found: Backtest) -> None:
    """Write `invoice,probability_late`, one line for each invoice scored, in the history's order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("invoice", "probability_late"))
        for row, chance in found.predictions:
            writer.writerow((row.invoice, f"{chance / PARTS_PER_WHOLE:.6f}"))


def as_data(found: Backtest) -> dict[str, Any]:
    """The result as JSON data."""
    judged = found.quality
    return {
        "from": found.start.isoformat(),
        "scored": len(found.predictions),
        "outcome_unknown": found.unknown,
        "taught_by": found.taught_by,
        "late_share": round(judged.late_share, 4) if judged else None,
        "auc": round(judged.auc, 4) if judged and judged.auc is not None else None,
        "brier": round(judged.brier, 4) if judged else None,
        "accuracy": round(judged.accuracy, 4) if judged else None,
        "calibration": [
            {"from": one.start, "count": one.count, "predicted": round(one.predicted, 4), "late": round(one.late, 4)}
            for one in (judged.calibration if judged else ())
        ],
    }


def print_result(show: Callable[[Any], None], found: Backtest) -> None:
    """Print the figures and the calibration table."""
    taught = f"weights learned from {found.taught_by} earlier outcomes" if found.taught_by else "the shipped weights"
    show(f"{len(found.predictions)} invoices issued from {found.start} on, {taught}")
    judged = found.quality
    if judged is None:
        show("No outcome is known yet, so there is nothing to judge.")
        return
    unknown = f"; {found.unknown} open and not yet due are left out" if found.unknown else ""
    area = "none (all outcomes alike)" if judged.auc is None else f"{judged.auc:.3f}"
    show(
        f"AUC {area}, Brier score {judged.brier:.3f}, accuracy {judged.accuracy:.3f}, "
        f"{100 * judged.late_share:.1f} % were late{unknown}"
    )
    table = Table("Predicted", "Invoices", "Mean prediction", "Were late", title="Calibration", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for one in judged.calibration:
        table.add_row(
            f"{one.start:.1f} to {one.start + 1 / BINS:.1f}", str(one.count), f"{one.predicted:.3f}", f"{one.late:.3f}"
        )
    show(table)
