"""`duly backtest`: reading a history, replaying it without looking ahead, learning, judging, and the command itself."""

from __future__ import annotations

import csv
import json
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bench import fit_risk
from bench.risk_history import write
from cli.backtest import area_under_curve, quality, run
from cli.calibration_plot import calibration_svg
from cli.history import COLUMNS, HistoryError, HistoryRow, read_history, replay
from cli.main import app
from cli.risk_learning import WEIGHTS, learned, portfolio_of, row_of
from duly.domain.risk import RiskFacts, log_odds
from duly.domain.risk_model import Portfolio
from duly.domain.risk_shipped import SHIPPED

START = date(2024, 7, 1)
HEADER = ",".join(COLUMNS)
GOOD_LINE = "C1,R1,2026-01-05,2026-02-04,100.00,EUR,2026-02-10,no"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "history.csv"
    write(path, "a test", customers=12)
    return path


def file_of(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "history.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row(
    number: int, issued: date, paid_after_due: int | None, customer: str = "C", terms: int = 30, disputed: bool = False
) -> HistoryRow:
    due = issued + timedelta(days=terms)
    paid_on = None if paid_after_due is None else due + timedelta(days=paid_after_due)
    return HistoryRow(number, customer, f"R{number}", issued, due, 10_000, "EUR", paid_on, disputed)


# --- reading
def test_a_history_is_read_whatever_the_order_of_its_columns(tmp_path: Path) -> None:
    header = "paid_on,disputed,customer,invoice,issued,due,amount,currency,unknown,limit,bounced_payments"
    path = file_of(tmp_path, ",,C1,R1,2026-01-05,2026-02-04,100,JPY,x,5000,2", "", header="\ufeff" + header)
    (one,) = read_history(path)
    assert (one.line, one.customer, one.amount_minor, one.paid_on, one.disputed) == (2, "C1", 100, None, False)
    assert (one.given.limit_minor, one.given.bounced_payments, one.given.external_permille) == ({"JPY": 5000}, 2, None)


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (GOOD_LINE.replace("2026-01-05", "05/01/2026"), "issued", "not a date like 2026-03-31"),
        (GOOD_LINE.replace("2026-01-05", "2026-02-30"), "issued", "not a date like 2026-03-31"),
        (GOOD_LINE.replace("2026-02-04", ""), "due", "it is empty"),
        (GOOD_LINE.replace("C1", ""), "customer", "it is empty"),
        (GOOD_LINE.replace("R1", "  "), "invoice", "it is empty"),
        (GOOD_LINE.replace("2026-02-10", "soon"), "paid_on", "not a date like 2026-03-31"),
        (GOOD_LINE.replace(",no", ",perhaps"), "disputed", "neither yes nor no"),
        ("C1,R1", "issued", "it is empty"),
    ],
)
def test_bad_input_is_named_by_line_and_field(tmp_path: Path, line: str, field: str, reason: str) -> None:
    with pytest.raises(HistoryError) as caught:
        read_history(file_of(tmp_path, GOOD_LINE.replace("R1", "R0"), line))
    assert (3, field, reason) in [(one.line, one.field, one.reason) for one in caught.value.problems]


@pytest.mark.parametrize("amount", ["1.234", "nan", "1,5", "1e3", "١"])
def test_a_bad_amount_is_named(tmp_path: Path, amount: str) -> None:
    path = file_of(tmp_path, GOOD_LINE.replace("100.00", f'"{amount}"'))
    with pytest.raises(HistoryError) as caught:
        read_history(path)
    assert [(one.line, one.field) for one in caught.value.problems] == [(2, "amount")]


def test_an_invoice_given_twice_and_columns_missing_or_doubled(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        read_history(file_of(tmp_path, GOOD_LINE, GOOD_LINE))
    assert [(one.line, one.field) for one in caught.value.problems] == [(3, "invoice")]
    with pytest.raises(HistoryError) as caught:
        read_history(file_of(tmp_path, header="customer,invoice,due,due"))
    found = {(one.field, one.reason) for one in caught.value.problems}
    assert {("issued", "the column is missing"), ("due", "the column is there twice")} <= found


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", HEADER.encode() + b"\n", HEADER.encode() + b'\n"a', b"\x00"])
def test_what_is_no_history_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    with pytest.raises(HistoryError):
        read_history(path)


@given(st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_named_problems(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "history.csv"
    path.write_bytes(HEADER.encode() + b"\n" + content)
    try:
        assert read_history(path)
    except HistoryError as error:
        assert error.problems


# --- replay
def facts_at(rows: Iterable[HistoryRow], number: int) -> RiskFacts:
    return next(facts for one, facts in replay(rows) if one.line == number)


def test_what_was_settled_before_the_issue_date_counts_and_nothing_else() -> None:
    first = date(2026, 1, 1)
    early = row(1, first, 4)  # settled on 4 February
    for day, paid, overdue in ((date(2026, 1, 31), 0, 0), (date(2026, 2, 4), 0, 1), (date(2026, 2, 5), 1, 0)):
        facts = facts_at([early, row(2, day, None)], 2)
        assert (facts.payments.paid > 0, facts.overdue_items) == (bool(paid), overdue), day
    assert facts_at([early, row(2, date(2026, 2, 4), None)], 2).oldest_overdue_days == 4
    assert facts_at([early, row(2, first, None)], 2).exposure_minor == {}, "of the same day nothing is known"
    assert facts_at([early, row(2, date(2026, 1, 2), None)], 2).exposure_minor == {"EUR": 10_000}


def test_an_invoice_paid_in_advance_counts_from_the_day_after_its_issue() -> None:
    ahead = row(1, date(2026, 3, 1), -60)
    assert facts_at([ahead, row(2, date(2026, 2, 1), None)], 2).payments.paid == 0
    assert facts_at([ahead, row(2, date(2026, 3, 1), None)], 2).payments.paid == 0
    assert facts_at([ahead, row(2, date(2026, 3, 2), None)], 2).payments.paid > 0


rows_of_a_year = st.lists(
    st.tuples(st.integers(0, 365), st.none() | st.integers(-40, 60), st.sampled_from("AB"), st.booleans()), max_size=25
)


@given(rows_of_a_year, st.integers(0, 365), st.randoms(use_true_random=False))
def test_later_facts_change_nothing(
    drawn: list[tuple[int, int | None, str, bool]], cut: int, chance: random.Random
) -> None:
    """Whatever became of what was open on a day, and whatever was issued from it on: the facts of that day stay."""
    first = date(2025, 1, 1)
    day = first + timedelta(days=cut)
    rows = [
        row(number, first + timedelta(days=start), late, name, disputed=disputed)
        for number, (start, late, name, disputed) in enumerate(drawn)
    ]
    probe = row(999, day, None, "A")

    def otherwise(one: HistoryRow) -> HistoryRow:
        if one.paid_on is not None and one.paid_on < day and one.issued < day:
            return one
        paid_on = chance.choice([None, max(day, one.issued) + timedelta(days=chance.randrange(90))])
        return replace(one, paid_on=paid_on, disputed=chance.choice([True, False]))

    changed = [otherwise(one) for one in rows if one.issued < day]
    assert facts_at([*rows, probe], 999) == facts_at([*changed, probe], 999)


def test_predictions_do_not_see_the_future(history: Path, tmp_path: Path) -> None:
    """Change all that happened from a day on: predictions of invoices issued on that day or before it are the same."""
    later = date(2024, 9, 1)
    lines = lines_of(history)
    for line in lines:
        if line["issued"] >= later.isoformat():
            line["amount"] = "1.00"
        if not line["paid_on"] or line["paid_on"] >= later.isoformat():
            line["paid_on"] = (max(later, date.fromisoformat(line["issued"])) + timedelta(days=400)).isoformat()
            line["disputed"] = "yes"
    changed = tmp_path / "changed.csv"
    with changed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    before, after = (
        {one.line: chance for one, chance in run(path, START).predictions if one.issued < later}
        for path in (history, changed)
    )
    assert before
    assert before == after


# --- learning
def test_learning_uses_only_outcomes_known_before_the_day(history: Path) -> None:
    examples = list(replay(read_history(history)))
    model, taught_by = learned(examples, START, SHIPPED)
    future = [replace(one, paid_on=None) if one.paid_on and one.paid_on >= START else one for one, _ in examples]
    blind = [(one, facts) for one, (_, facts) in zip(future, examples, strict=True)]
    assert learned(blind, START, SHIPPED) == (model, taught_by)
    assert taught_by >= 50
    assert model != SHIPPED


def test_the_shipped_weights_are_as_the_fit_writes_them_and_respect_its_floors(history: Path) -> None:
    text = fit_risk.SHIPPED.read_text(encoding="utf-8")
    how = text.split('"""')[1].split("\n\n", 1)[1].strip()
    assert text == fit_risk.source(SHIPPED, how)
    model, outcomes, silent = fit_risk.fit([history])
    assert outcomes >= 50
    assert "provisional" in silent, "no history tells that a record is incomplete"
    for found in (SHIPPED, model):
        assert all(getattr(found, name) >= least for name, least in fit_risk.AT_LEAST.items())


def test_too_few_outcomes_teach_nothing(history: Path) -> None:
    examples = list(replay(read_history(history)))
    assert learned(examples, date(2023, 1, 20), SHIPPED) == (SHIPPED, 0)


def test_no_learned_weight_is_negative(history: Path) -> None:
    model, _ = learned(list(replay(read_history(history))), date(2025, 1, 1), SHIPPED)
    assert all(getattr(model, name) >= 0 for name in WEIGHTS if name != "intercept")


def test_numbers_for_learning_give_the_score(history: Path) -> None:
    weights = [getattr(SHIPPED, name) / 1000 for name in WEIGHTS]
    for _, facts in list(replay(read_history(history)))[::20]:
        product = sum(value * weight for value, weight in zip(row_of(facts, SHIPPED), weights, strict=True))
        assert 1000 * product == pytest.approx(log_odds(facts), abs=12), "but for rounding to thousandths"


def test_a_portfolio_is_found_again_in_its_payments() -> None:
    chance = random.Random(5)
    rows = []
    for customer in range(150):
        usual = chance.gauss(-6, 9)
        for number in range(20):
            disputed = chance.random() < 0.2
            days = round(chance.gauss(usual, 4) + 12 * disputed)
            rows.append(row(customer * 100 + number, date(2025, 1, 1), days, str(customer), 60, disputed))
    found = portfolio_of(rows, Portfolio())
    assert found.habit_millidays == pytest.approx(-6000, abs=1500)
    assert found.spread_millidays == pytest.approx(4000, abs=300)
    assert found.dispute_delay_millidays == pytest.approx(12_000, abs=600)
    assert found.dispute_permille == pytest.approx(200, abs=20)
    assert found.habit_strength == pytest.approx(100 * 16 / 81, abs=8)


def test_without_customers_seen_twice_the_portfolio_stays() -> None:
    assert portfolio_of([], Portfolio()) == Portfolio()
    assert portfolio_of([row(1, date(2025, 1, 1), 3)], Portfolio()) == Portfolio()


# --- judging
def test_area_under_the_curve() -> None:
    assert area_under_curve([True, False], [0.9, 0.1]) == 1
    assert area_under_curve([True, False], [0.1, 0.9]) == 0
    assert area_under_curve([True, False, True, False], [0.5] * 4) == 0.5
    assert area_under_curve([True, True, False, False], [0.9, 0.3, 0.3, 0.1]) == 0.875
    assert area_under_curve([True], [0.4]) is None


def test_quality_of_predictions() -> None:
    found = quality([True, False, False, True], [1.0, 0.0, 0.5, 0.44])
    assert found.brier == pytest.approx((0 + 0 + 0.25 + 0.3136) / 4)
    assert (found.accuracy, found.late_share) == (0.5, 0.5)
    assert [(one.start, one.count) for one in found.calibration] == [(0, 1), (0.4, 1), (0.5, 1), (0.9, 1)]


def test_the_score_beats_the_late_share_on_customers_it_was_not_fitted_on(history: Path) -> None:
    found = run(history, START).quality
    assert found is not None and found.auc is not None
    assert found.auc > 0.75
    assert found.brier < found.late_share * (1 - found.late_share)


def test_the_plot_is_an_svg_with_a_dot_for_each_bin() -> None:
    found = quality([True, False, False, True], [0.95, 0.05, 0.15, 0.75])
    drawing = ElementTree.fromstring(calibration_svg(found))
    assert drawing.tag.endswith("svg")
    dots = [part for part in drawing.iter() if part.get("class") == "dot"]
    assert len(dots) == 4
    assert (float(dots[0].get("cx", "")), float(dots[0].get("cy", ""))) == (72.0, 364.0)


# --- the command
def test_the_command_prints_figures_and_writes_predictions_and_plot(history: Path, tmp_path: Path) -> None:
    predictions, plot = tmp_path / "p.csv", tmp_path / "p.svg"
    options = ["backtest", str(history), "--from", START.isoformat(), "--predictions", str(predictions)]
    shown = CliRunner().invoke(app, [*options, "--plot", str(plot)])
    assert shown.exit_code == 0, shown.output
    assert "AUC 0." in shown.output and "Brier score 0." in shown.output and "Calibration" in shown.output
    lines = lines_of(predictions)
    expected = [one["invoice"] for one in lines_of(history) if one["issued"] >= START.isoformat()]
    assert [line["invoice"] for line in lines] == expected
    assert all(0 <= float(line["probability_late"]) <= 1 for line in lines)
    assert "<svg" in plot.read_text(encoding="utf-8")
    again = tmp_path / "again.csv"
    CliRunner().invoke(app, [*options[:-1], str(again)])
    assert again.read_bytes() == predictions.read_bytes()


def test_the_command_in_json_and_without_learning(history: Path) -> None:
    shown = CliRunner().invoke(app, ["backtest", str(history), "--from", START.isoformat(), "--shipped", "--json"])
    data = json.loads(shown.stdout)
    assert data["taught_by"] == 0
    assert data["scored"] == sum(one["count"] for one in data["calibration"]) + data["outcome_unknown"]
    assert 0 < data["brier"] < 0.25


def test_the_command_says_what_is_wrong(history: Path, tmp_path: Path) -> None:
    bad = file_of(tmp_path, GOOD_LINE.replace("2026-02-04", "tomorrow"))
    shown = CliRunner().invoke(app, ["backtest", str(bad), "--from", "2026-01-01"])
    assert shown.exit_code == 2
    assert "line 2, due: not a date" in " ".join(shown.output.split())
    late = CliRunner().invoke(app, ["backtest", str(history), "--from", "2031-01-01"])
    assert late.exit_code == 2
    assert "no invoice was issued on or after 2031-01-01" in " ".join(late.output.split())
    nothing = CliRunner().invoke(app, ["backtest", str(tmp_path / "none.csv"), "--from", "2026-01-01"])
    assert nothing.exit_code == 2
    assert "No such file" in " ".join(nothing.output.split())


def test_open_invoices_not_yet_due_are_predicted_but_not_judged(tmp_path: Path) -> None:
    lines = [GOOD_LINE, "C1,R2,2026-02-20,2026-03-22,1.00,EUR,,", "C1,R3,2026-02-10,2026-02-19,1.00,EUR,,no"]
    found = run(file_of(tmp_path, *lines), date(2026, 1, 1))
    assert (len(found.predictions), found.unknown) == (3, 1)
    assert found.quality is not None and found.quality.count == 2, "open beyond its due date is late"
    assert found.quality.auc is None
