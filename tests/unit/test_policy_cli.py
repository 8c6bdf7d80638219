"""`duly policy`: what a policy says in words, what differs between two, and what one can hardly mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from cli import policy
from cli.main import app
from duly.domain.policy import Step, default_policy, parse_policy
from duly.domain.policy_rows import Difference, differences, when_text

OWN = """
[creditor]
name = "Fog & Co"
[contact]
min_gap_days = 7
[scenario.firm]
step = []
[[scenario.standard.step]]
level = 1
name = "first-reminder"
days = 5
fee = { EUR = "2.50" }
[[scenario.standard.step]]
level = 2
name = "last"
basis = "previous"
days = 14
[scenario.slow]
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["policy", *words])


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "out", Console(width=200))


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("basis", "days", "boundary", "words"),
    [
        ("due", 3, "on_or_after", "3 days after the due date"),
        ("due", -1, "on_or_after", "1 day before the due date"),
        ("due", 0, "on_or_after", "on the due date"),
        ("due", 0, "after", "the day after the due date"),
        ("due", 3, "after", "3 days after the due date, the day after that"),
        ("previous", 20, "on_or_after", "20 days after the step before"),
        ("previous", 0, "on_or_after", "on the day of the step before"),
        ("invoice", 10, "on_or_after", "10 days after the invoice date"),
        ("oldest", 10, "on_or_after", "10 days after the oldest item's due date"),
        ("due_end_of_month", 0, "on_or_after", "on the end of the month of the due date"),
        ("due_end_of_month", 10, "after", "the day after the end of the month of the day 10 days after the due date"),
    ],
)
def test_when_in_words(basis: str, days: int, boundary: str, words: str) -> None:
    assert when_text(Step(0, 1, "x", basis, days, boundary)) == words


def test_differences_are_by_key_and_a_new_part_is_one() -> None:
    found = differences(default_policy(), parse_policy(OWN, "own.toml"))
    assert found == (
        Difference("creditor.name", "Your company", "Fog & Co"),
        Difference("contact.min_gap_days", "5", "7"),
        Difference(
            "scenario.standard.step",
            "before-due, first-reminder, second-reminder, formal-notice",
            "first-reminder, last",
        ),
        Difference("scenario.standard.step.before-due", "level 0, 5 days before the due date, email", "not there"),
        Difference("scenario.standard.step.first-reminder.days", "3", "5"),
        Difference("scenario.standard.step.first-reminder.fee", "none", "2.50 EUR"),
        Difference("scenario.standard.step.second-reminder", "level 2, 14 days after the due date, email", "not there"),
        Difference("scenario.standard.step.formal-notice", "level 3, 28 days after the due date, email", "not there"),
        Difference(
            "scenario.firm.step", "before-due, first-reminder, second-reminder, formal-notice", "none: nobody is chased"
        ),
        *(
            Difference(f"scenario.firm.step.{name}", f"level {level}, {when} the due date, email", "not there")
            for name, level, when in (
                ("before-due", 0, "7 days before"),
                ("first-reminder", 1, "1 day after"),
                ("second-reminder", 2, "8 days after"),
                ("formal-notice", 3, "18 days after"),
            )
        ),
        Difference("scenario.standard.step.last", "not there", "level 2, 14 days after the step before, email"),
        Difference("scenario.slow", "not there", "off"),
    )
    assert differences(default_policy(), default_policy()) == ()


def test_show_marks_what_differs(own: str) -> None:
    shown = run("show", own)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert any(
        "first-reminder" in line and "5 days after the due date*" in line and "2.50 EUR*" in line for line in lines
    )
    assert any("last*" in line and "14 days after the step before" in line for line in lines)
    assert any("min_gap_days" in line and "7*" in line and "│ 5 " in line for line in lines)
    assert "Nobody is chased" in shown.stdout
    assert "category C, D" in shown.stdout


def test_show_as_json_names_the_shipped_value(own: str) -> None:
    data = json.loads(run("show", own, "--json").stdout)
    keys = {(row["section"], row["key"]): row for row in data["keys"]}
    assert keys["contact", "min_gap_days"] == {
        "section": "contact",
        "key": "min_gap_days",
        "value": "7",
        "shipped": "5",
    }
    assert "shipped" not in keys["contact", "window"]
    assert data["when"]["scenario.standard.step.first-reminder"] == "5 days after the due date"
    shipped = json.loads(run("show", "default", "--json").stdout)
    assert not any("shipped" in row for row in shipped["keys"])


def test_diff_as_json(own: str) -> None:
    data = json.loads(run("diff", "default", own, "--json").stdout)
    assert {"key": "contact.min_gap_days", "a": "5", "b": "7"} in data["keys"]
    assert "say the same" in run("diff", own, own).stdout


def test_check_names_line_and_key_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('[creditor]\nname = "X"\n[contact]\nmin_gap_dayz = 3\n', encoding="utf-8")
    found = run("check", str(file))
    assert found.exit_code == 1
    assert "line 4, contact.min_gap_dayz: not a key of a policy; did you mean min_gap_days?" in found.stdout
    for word in ("show", "diff"):
        other = run(word, str(file), *(["default"] if word == "diff" else []))
        assert other.exit_code == 1 and "line 4: contact.min_gap_dayz" in other.stderr
    assert run("show", str(tmp_path / "none.toml")).exit_code == 2


DOUBTFUL = """
[creditor]
name = "Fog & Co"
[charges]
regime = "none"
interest = false
recovery_indemnity = true
[terms]
earliest_chase_days = 4
[scenario.standard]
max_notices = 2
threshold = { USD = "10.00" }
threshold_missing = "skip"
[[scenario.standard.step]]
level = 1
name = "one"
days = 3
[[scenario.standard.step]]
level = 2
name = "two"
basis = "due"
days = 5
interest = true
to = "agency"
[[scenario.standard.step]]
level = 3
name = "letter"
basis = "previous"
days = 14
channel = "letter"
also = ["letter", "email"]
approve = { USD = "1000.00" }
[[scenario.standard.step]]
level = 3
name = "call"
basis = "previous"
days = 14
channel = "call"
attach = ["statement"]
[[scenario.standard.step]]
level = 4
name = "agency"
basis = "previous"
days = 14
channel = "hand_over"
"""


def test_what_a_policy_can_hardly_mean() -> None:
    found = [one for one in parse_policy(DOUBTFUL, "p.toml").warnings if not one.endswith("not applied yet")]
    assert found == [
        "line 7: charges.recovery_indemnity: without a regime there is no such sum",
        "line 11: scenario.standard.max_notices: expected at least 3, or the last steps never come",
        "line 13: scenario.standard.threshold_missing: there is no threshold for EUR, so nobody is chased in it",
        "line 22: scenario.standard.step[2].days: it comes 2 days after one, but between two notices lie 5",
        "line 17: scenario.standard.step[1].days: nothing overdue is said before day 4 ([terms] earliest_chase_days)",
        "line 23: scenario.standard.step[2].interest: [charges] reckons no interest",
        "line 24: scenario.standard.step[2].to: only a hand-over goes to somebody else",
        "line 30: scenario.standard.step[3].channel: a letter shows the creditor's address; [creditor] has none",
        "line 31: scenario.standard.step[3].also: it names the step's own channel again",
        "line 32: scenario.standard.step[3].approve: it has no amount for EUR; such a notice goes out without approval",
        "line 39: scenario.standard.step[4].attach: nothing can go along with a step by call",
        "line 40: scenario.standard.step[5].to: a hand-over goes to an agency, lawyer or insurer; none is named",
        "scenario.firm.step[2].days: nothing overdue is said before day 4 ([terms] earliest_chase_days)",
    ]


def test_interest_that_nobody_demands() -> None:
    text = '[creditor]\nname = "X"\n[charges]\ninterest = true\nregime = "DE"\n'
    found = [one for one in parse_policy(text, "p.toml").warnings if not one.endswith("not applied yet")]
    assert found == ["line 4: charges.interest: no step has interest = true, so none is ever demanded"]
    found = [one for one in parse_policy(text.replace("DE", "none"), "p.toml").warnings if "regime" in one]
    assert "line 4: charges.interest: there is no regime and no rate to reckon interest by" in found


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('country = "UK"', "line 3: creditor.country: UK is no code of ISO 3166; did you mean GB?"),
        (
            "[cash]\nauto_confirm = 0.098",
            "line 4: cash.auto_confirm: matches that may well be wrong are booked without",
        ),
        (
            '[disputes]\nowners = { quantitty = "creditor", price = "creditor", default = "creditor" }',
            "line 4: disputes.owners.quantitty: no reply gives this reason; did you mean quantity?",
        ),
        (
            "[scenario.standar]",
            "line 3: scenario.standar: it has no steps and no category names it; did you mean standard?",
        ),
        (
            '[[scenario.x.step]]\nlevel = 1\nname = "a"\ndays = 9\n'
            '[[scenario.x.step]]\nlevel = 1\nname = "b"\ndays = 3\nchannel = "call"',
            "line 10: scenario.x.step[2].days: it lies before a, which comes first all the same",
        ),
    ],
)
def test_what_is_likely_a_slip(text: str, warning: str) -> None:
    found = [
        one for one in parse_policy(f'[creditor]\nname = "X"\n{text}\n', "p.toml").warnings if "not applied" not in one
    ]
    assert len(found) == 1 and found[0].startswith(warning)


def test_a_narrow_terminal_folds_and_cuts_nothing(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "out", Console(width=80))
    shown = run("show", own).stdout
    assert "…" not in shown
    assert "bank_data_max_age_business_days" in shown and "prepayment" in shown
