"""`duly charge`: the JSON and the table, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

GERMAN = {"regime": "DE", "principal": "1000.00", "currency": "EUR", "due": "2024-06-15", "as-of": "2024-07-15"}


def run(*more: str, **options: str) -> Result:
    given = {**GERMAN, **{name.replace("_", "-"): value for name, value in options.items()}}
    words = [word for name, value in given.items() if value for word in (f"--{name}", value)]
    return CliRunner().invoke(app, ["charge", *words, *more], terminal_width=200)


def data(*more: str, **options: str) -> dict[str, Any]:
    result = run("--json", *more, **options)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_json_says_what_is_owed_and_how_it_comes_about() -> None:
    found = data("--payment", "2024-06-20=400.00")
    trace = found.pop("trace")
    assert found == {"interest": "6.85", "indemnity": "40.00", "fine": "0.00", "total": "646.85"}
    assert [list(row.values()) for row in trace] == [
        ["2024-06-16", "2024-06-20", 5, "12.62", "1000.00", "1.73"],
        ["2024-06-21", "2024-06-30", 10, "12.62", "600.00", "2.07"],
        ["2024-07-01", "2024-07-15", 15, "12.37", "600.00", "3.05"],
    ]
    assert list(trace[0]) == ["from", "to", "days", "rate", "principal", "amount"]


def test_a_contracts_rate_kind_and_rounding() -> None:
    assert data(rate="15", regime="none")["trace"][0]["rate"] == "15"
    assert data(kind="consumer")["indemnity"] == "0.00"
    assert data(rounding="daily")["interest"] == "10.35"  # 15 days at 0.35, 15 at 0.34
    assert data(currency="JPY", principal="1000", regime="none", rate="10")["interest"] == "8"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"regime": "FR", "rate": "5"}, "would ask for 15.21 from 2024-06-16"),  # three times 5.07
        ({"regime": "BR", "rate": "24", "currency": "BRL"}, "would ask for 12 from"),
        ({"regime": "FR", "rate": "5", "due": "2014-06-15", "as_of": "2014-06-20"}, ""),
        ({"regime": "DE", "rate": "5"}, ""),
    ],
)
def test_a_rate_is_taken_as_given_and_what_the_law_says_stands_beside(options: dict[str, str], said: str) -> None:
    result = run("--json", **options)
    assert {row["rate"] for row in json.loads(result.stdout)["trace"]} == {options["rate"]}
    assert said in result.stderr if said else result.stderr == ""


def test_what_is_not_asked_is_said_beside_the_result() -> None:
    assert "--currency GBP: the fixed sum of DE is in EUR" in run("--json", currency="GBP").stderr
    assert "--regime none without --rate" in run("--json", regime="none").stderr
    assert run("--json").stderr == ""


def test_the_table_names_law_rate_and_check_days() -> None:
    result = run()
    assert result.exit_code == 0
    assert "10.27" in result.stdout and "BGB s. 288(2)" in result.stdout
    assert result.stdout.count("(checked 2026-11-28)") == 2
    assert "legal advice" in result.stderr


def test_rates_and_tables_of_a_policy(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        '[creditor]\nname = "C"\n[charges]\nregime = "XX"\n[[charges.tables.XX]]\nkinds = ["business"]\n'
        'valid_from = 2020-01-01\npercent = "5"\nyear_days = 360\nsource = "Act"\nchecked_on = 2026-01-01\n',
        "utf-8",
    )
    assert data("--policy", str(file), regime="", principal="7200.00")["interest"] == "30.00"
    file.write_text('[creditor]\nname = "C"\n[charges]\nregime = "YY"\n', "utf-8")
    refused = run("--policy", str(file))
    assert refused.exit_code == 1
    assert "line 4: charges.regime" in refused.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"due": "2030-01-15", "as_of": "2030-03-15"},
            "--regime DE: the rate de_base is not known for 2030-01-16; a policy",
        ),
        ({"due": "2001-01-15", "as_of": "2001-03-15"}, "no table"),
        ({"regime": "XX"}, "--regime: expected one of none, EU, DE"),
        ({"kind": "firm"}, "--kind: expected one of business, consumer, public, found 'firm'"),
        ({"principal": "1.000,00"}, "--principal: expected an amount"),
        ({"principal": "-1"}, "--principal: expected an amount that is not negative, found -1.00"),
        ({"currency": "EU"}, "--currency: expected an ISO 4217"),
        ({"due": "15.06.2024"}, "--due: expected a day such as 2026-02-03, found '15.06.2024'"),
        ({"due": "2024-W24-6"}, "--due: expected a day"),
        ({"as_of": "9999-12-31", "rate": "5"}, "--as-of"),
        ({"rate": "1e2"}, "--rate: expected per cent"),
        ({"rounding": "up"}, "--rounding: expected one of total, daily"),
        ({"payment": "2024-06-20"}, "--payment: expected DATE=AMOUNT"),
        ({"payment": "2024-06-20=-1"}, "--payment: expected an amount that is not negative, found -1.00"),
        (
            {"payment": "2024-06-20=1000.01"},
            "--payment: expected no more paid than the principal of 1000.00, found 1000.01",
        ),
        ({"payment": "2024-02-30=1.00"}, "--payment: expected a day"),
    ],
)
def test_what_cannot_be_reckoned_is_one_line_and_no_figure(options: dict[str, str], reason: str) -> None:
    result = run("--json", **options)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr and result.stderr.count("\n") == 1
