"""`duly simulate`, `duly test`: own scenarios pass, a wrong one says what is missing, a malformed one where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.simulation import comparison
from cli.simulation.comparison_plot import top_of
from cli.simulation.expectations import agrees, check
from cli.simulation.fields import ScenarioError
from cli.simulation.player import play
from cli.simulation.result import output
from cli.simulation.scenario_file import read_scenario
from cli.simulation.suite import run_file, scenario_paths
from cli.simulation.world import World

SCENARIOS = Path(__file__).parents[1] / "scenarios"
CREDITOR = {"name": "Test Creditor", "timezone": "UTC", "currency": "EUR"}
STEPS = [{"level": 1, "name": "first", "days": 3}, {"level": 2, "name": "second", "days": 10}]
CUSTOMER = {
    "id": "C1",
    "name": "Fog & Co",
    "timezone": "UTC",
    "contacts": [{"role": "billing", "email": "a@fog.example"}],
}
INVOICE = {"number": "R-1", "customer": "C1", "due": "2026-02-04", "amount": "100.00", "currency": "EUR"}


def written(folder: Path, data: Any) -> Path:
    path = folder / "scenario.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), "utf-8")
    return path


def scenario(*events: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The invoice R-1 of C1, due on 4 February, with these events and two steps."""
    first = [("2026-01-05", "customer", CUSTOMER), ("2026-01-05", "invoice", INVOICE)]
    return {
        "policy": {"creditor": CREDITOR, "scenario": {"standard": {"step": STEPS}}},
        "events": [{"on": on, kind: facts} for on, kind, facts in [*first, *events]],
        "runs": ["2026-02-07"],
        **more,
    }


def played(folder: Path, *events: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    return output(play(read_scenario(written(folder, scenario(*events, **more)))))


@pytest.mark.parametrize("path", scenario_paths(SCENARIOS), ids=lambda path: path.stem)
def test_the_scenarios_of_the_project_pass(path: Path) -> None:
    tested = run_file(path)
    assert tested is not None, "a scenario of the project says what it expects"
    assert tested.missing == ()


@pytest.mark.parametrize("name", ["also", "channels", "hand-over"])
def test_what_goes_out_decides_nothing_by_how_it_looks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages and documents are not drawn when a scenario is played; drawn, they leave all as it is."""
    found = read_scenario(SCENARIOS / f"{name}.json")
    undrawn = play(found)
    plain = World.__init__

    def drawing(self: World, *arguments: Any) -> None:
        plain(self, *arguments)
        self.edge.draws = True

    monkeypatch.setattr(World, "__init__", drawing)
    drawn = play(found)
    assert output(drawn) == output(undrawn)
    assert _bytes_kept(drawn.world) > 10 * _bytes_kept(undrawn.world)


def _bytes_kept(world: World) -> int:
    objects = world.stack.objects
    kept = [objects.get(key) for folder in ("mail/", "documents/") for key in objects.keys(folder)]
    return sum(len(one.data) for one in kept if one)


# --- what is compared
def test_a_notice_that_is_missing_or_too_much_is_named(tmp_path: Path) -> None:
    wanted = {"notices": [{"on": "2026-02-07", "customer": "C1", "level": 2}]}
    path = written(tmp_path, scenario(expect=wanted, exact=True))
    tested = run_file(path)
    assert tested is not None
    assert [line.split(":")[1].strip() for line in tested.missing] == [
        "expected, but not there",
        "not expected, but there",
    ]


def test_several_notices_together_hold_the_items_of_an_expected_one(tmp_path: Path) -> None:
    found = {"notices": [{"on": "2026-02-07", "items": [{"invoice": name}], "state": "sent"} for name in ("A", "B")]}
    empty = {"accounts": {}, "kpis": {}, **{name: [] for name in ("tasks", "events", "skipped")}}
    empty |= {name: [] for name in ("proposals", "credit", "problems")}
    wanted = {"notices": [{"on": "2026-02-07", "items": [{"invoice": "B"}, {"invoice": "A"}]}]}
    assert check(read_scenario(written(tmp_path, scenario(expect=wanted, exact=True))), {**empty, **found}) == []
    twice = {"notices": [{"items": [{"invoice": "A"}, {"invoice": "A"}]}]}
    assert len(check(read_scenario(written(tmp_path, scenario(expect=twice))), {**empty, **found})) == 1


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("100", "100.00", True),
        ("100.01", "100.00", False),
        ("2026-02-07", "2026-02-07T08:00", True),
        ("2026-02-07T09:00", "2026-02-07T08:00", False),
        (1, True, False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        (["x", "x"], ["x", "y"], False),
        (None, "", False),
    ],
)
def test_values_are_compared_by_what_they_mean(wanted: Any, found: Any, same: bool) -> None:
    assert agrees(wanted, found) is same


def test_what_is_forbidden_fails_when_it_is_there(tmp_path: Path) -> None:
    for level, expected in ((1, 1), (2, 0)):
        tested = run_file(written(tmp_path, scenario(forbid={"notices": [{"customer": "C1", "level": level}]})))
        assert tested is not None
        assert len(tested.missing) == expected


def test_the_open_items_of_an_account_are_the_whole_list(tmp_path: Path) -> None:
    tested = run_file(written(tmp_path, scenario(expect={"accounts": {"C1": {"open": []}, "C2": {"hold": False}}})))
    assert tested is not None
    assert len(tested.missing) == 2


# --- what is played
def test_the_output_has_every_part(tmp_path: Path) -> None:
    found = played(tmp_path)
    assert found["notices"] == [
        {
            "on": "2026-02-07",
            "customer": "C1",
            "level": 1,
            "step": "first",
            "channel": "email",
            "currency": "EUR",
            "items": [
                {
                    "invoice": "R-1",
                    "instalment": 1,
                    "due": "2026-02-04",
                    "level": 1,
                    "step": "first",
                    "balance": "100.00",
                    "fee": "0.00",
                    "interest": "0.00",
                }
            ],
            "total": "100.00",
            "credits": "0.00",
            "state": "sent",
        }
    ]
    assert found["accounts"]["C1"]["open"][0]["level"] == 1
    assert found["kpis"]["currency"]["EUR"]["overdue"] == "100.00"
    assert (found["tasks"], found["skipped"], found["problems"]) == ([], [], [])


def test_the_day_is_the_debtors(tmp_path: Path) -> None:
    """A run of a day is within the day of a debtor on the other side of the earth."""
    far = {**CUSTOMER, "id": "C2", "timezone": "Pacific/Auckland"}
    found = played(
        tmp_path,
        ("2026-01-05", "customer", far),
        ("2026-01-05", "invoice", {**INVOICE, "number": "R-2", "customer": "C2"}),
        runs=["2026-02-06", "2026-02-07"],
    )
    assert sorted((one["on"], one["customer"]) for one in found["notices"]) == [
        ("2026-02-07", "C1"),
        ("2026-02-07", "C2"),
    ]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (("dispute", {"id": "D-1", "customer": "C1", "invoices": ["R-9"]}), "unknown_invoice"),
        (("resolve", {"dispute": "D-9", "outcome": "rejected"}), "unknown_dispute"),
        (("reverse", {"payment": "P-9"}), "unknown_payment"),
        (("release", {"customer": "C1"}), "not_possible"),
        (("approve", {"customer": "C1", "level": 3}), "nothing_proposed"),
        (("undo", {"write_off": "R-1"}), "unknown_write_off"),
        (("cancel", {"credit_note": "G-9"}), "unknown_credit_note"),
        (("cancel", {"order": "O-9"}), "unknown_order"),
        (("bounce", {"customer": "C1", "email": "b@fog.example"}), "unknown_contact"),
        (("hold", {"customer": "C9", "until": "2026-03-01"}), "unknown_customer"),
        (("invoice", {**INVOICE, "number": "R-2", "customer": "C9"}), "unknown_customer"),
        (("write_off", {"invoice": "R-1", "amount": "100.01"}), "not_possible"),
        (("dispute", {"id": "D-1", "customer": "C9", "invoices": ["R-1"]}), "unknown_customer"),
        (
            ("payment", {"id": "P", "amount": "5", "currency": "JPY", "for": [{"invoice": "R-1", "amount": "0.5"}]}),
            "not_possible",
        ),
        (("invoice", {**INVOICE, "instalment": []}), "unknown_field"),
    ],
)
def test_what_cannot_be_played_is_a_problem_and_the_rest_goes_on(
    tmp_path: Path, event: tuple[str, dict[str, Any]], code: str
) -> None:
    found = played(tmp_path, ("2026-01-20", *event))
    assert [one["code"] for one in found["problems"]] == [code]
    assert len(found["notices"]) == 1


def test_the_same_promise_twice_is_a_problem(tmp_path: Path) -> None:
    promise = {"id": "T-1", "customer": "C1", "invoices": ["R-1"], "date": "2026-01-21"}
    given = [("2026-01-20", "promise", promise), ("2026-02-06", "promise", {**promise, "date": "2026-02-08"})]
    found = played(tmp_path, *given, runs=["2026-01-26", "2026-02-10"])
    assert [one["code"] for one in found["problems"]] == ["not_possible"]
    assert [one["event"] for one in found["events"]][:2] == ["promise_made", "promise_broken"]


def test_a_customer_has_limits_in_several_currencies_and_an_address(tmp_path: Path) -> None:
    agreed = {
        "limit": {"EUR": "500.00", "USD": "700.00"},
        "address": ["Quay 1"],
        "postcode": "20457",
        "city": "Hamburg",
    }
    orders = [
        ("2026-01-06", "order", {"customer": "C1", "amount": "450.00", "currency": unit}) for unit in ("EUR", "USD")
    ]
    found = played(tmp_path, ("2026-01-05", "customer", {**CUSTOMER, **agreed}), *orders)
    assert [(one["currency"], one["limit"], one["headroom"]) for one in found["credit"]] == [
        ("EUR", "500.00", "400.00"),
        ("USD", "700.00", "700.00"),
    ]


def test_playing_again_gives_the_same(tmp_path: Path) -> None:
    assert played(tmp_path) == played(tmp_path)


# --- malformed files
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "expected JSON"),
        ('{"events": [], "events": []}', "twice"),
        ("[]", "expected an object"),
        ({"events": {}}, "scenario.events"),
        ({"events": [{"on": "2026-01-01"}]}, "events[0]"),
        ({"events": [{"on": "2026-01-01", "paiment": {}}]}, "events[0]: expected one of customer"),
        ({"events": [{"on": "01.02.2026", "customer": CUSTOMER}]}, "events[0].on"),
        (
            scenario(("2026-01-05", "payment", {"id": "P", "amount": "1,00", "currency": "EUR"})),
            "events[2].payment.amount",
        ),
        (
            scenario(("2026-01-05", "payment", {"id": "P", "amount": "1", "currency": "XXX"})),
            "events[2].payment.currency",
        ),
        (scenario(("2026-01-05", "sent", {"invoice": "R-1"})), "events[2].sent.level"),
        (scenario(runs=["soon"]), "runs[0].on"),
        (scenario(runs={"from": "2026-02-01", "to": "2026-01-01"}), "runs.to"),
        (scenario(expect={"notes": []}), "expect: expected notices"),
        (scenario(expect={"notices": {}}), "expect.notices"),
        (scenario(expect={"notices": [{"items": True}]}), "expect.notices[0].items"),
        (scenario(forbid={"accounts": {"C1": []}}), "forbid.accounts.C1"),
        (scenario(expect={"accounts": {"C1": {"open": {}}}}), "expect.accounts.C1.open"),
        (scenario(expect={"accounts": {"C1": {"unapplied": 1}}}), "expect.accounts.C1.unapplied"),
        ({"policy": {"creditor": {"nam": "X"}}}, "creditor.nam"),
        ({"policy_file": "none.toml"}, "policy_file"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, text: Any, place: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ScenarioError, match="scenario.json") as error:
        read_scenario(path)
    assert place in str(error.value)


# --- the command
def test_the_commands_print_json_and_exit_by_the_outcome(tmp_path: Path) -> None:
    run = CliRunner().invoke
    path = written(tmp_path, scenario(expect={"notices": [{"level": 2}]}))
    simulated = run(app, ["simulate", str(path), "--json"])
    assert simulated.exit_code == 0
    assert json.loads(simulated.stdout)["notices"][0]["level"] == 1
    assert "level 1 by email, sent" in run(app, ["simulate", str(path)], env={"COLUMNS": "160"}).stdout
    tested = run(app, ["test", str(tmp_path), "--json"])
    assert tested.exit_code == 1
    assert json.loads(tested.stdout)["failed"] == 1
    assert run(app, ["test", str(SCENARIOS / "step-boundary.json")]).exit_code == 0


def test_a_folder_without_a_test_does_not_pass(tmp_path: Path) -> None:
    written(tmp_path, scenario())
    assert CliRunner().invoke(app, ["test", str(tmp_path)]).exit_code == 1


def test_a_file_that_cannot_be_used_ends_without_a_traceback(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", written(tmp_path, "{")):
        result = CliRunner().invoke(app, ["simulate", str(path)])
        assert result.exit_code == 2
        assert "Traceback" not in result.output
        assert path.name in result.stderr


# --- two policies over a business's own history
POLICY = (
    '[creditor]\nname = "Test Creditor"\ntimezone = "UTC"\n'
    '[risk.categories.A]\nmax_score = 1.0\nterms_days = 30\nscenario = "standard"\n'
)
STEP = '[[scenario.standard.step]]\nlevel = {}\nname = "step-{}"\ndays = {}\nchannel = "{}"\n'


def history(folder: Path) -> list[str]:
    """Two customers' invoices and payments, and two policies: one with a reminder, one with two and a call."""
    ledger = folder / "ledger"
    ledger.mkdir()
    (ledger / "customers.csv").write_text(
        "id,name,country,language,timezone,kind,vat_id,email,role,scenario\n"
        "C1,Quick GmbH,DE,en,UTC,business,,a@quick.example,billing,\n"
        "C2,Slow GmbH,DE,en,UTC,business,,a@slow.example,billing,\n"
    )
    (ledger / "invoices.csv").write_text(
        "number,customer,issued,due,amount,currency\n"
        "RE-50001,C1,2025-03-03,2025-04-02,100.10,EUR\n"
        "RE-50002,C2,2025-03-03,2025-04-02,200.20,EUR\n"
    )
    (ledger / "bank.csv").write_text(
        "account,booked,value,amount,currency,name,counterparty_account,text,end_to_end_id,bank_reference\n"
        "DE02120300000000202051,2025-03-28,2025-03-28,100.10,EUR,Quick GmbH,DE89370400440532013000,RE-50001,E1,B1\n"
        "DE02120300000000202051,2025-07-10,2025-07-10,200.20,EUR,Slow GmbH,DE91100000000123456789,RE-50002,E2,B2\n"
    )
    mild, strict = folder / "mild.toml", folder / "strict.toml"
    mild.write_text(POLICY + STEP.format(1, 1, 30, "email"))
    strict.write_text(POLICY + STEP.format(1, 1, 5, "email") + STEP.format(2, 2, 20, "email"))
    return ["simulate", "--ledger", str(ledger), "--policy", str(mild), "--against", str(strict)]


def test_two_policies_are_compared_over_the_same_payments(tmp_path: Path) -> None:
    command = history(tmp_path)
    plot = tmp_path / "plot.svg"
    result = CliRunner().invoke(app, [*command, "--plot", str(plot), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    mild, strict = found["policies"]
    assert (mild["messages"], strict["messages"]) == (1, 2)
    assert (found["from"], found["to"]) == ("2024-07-11", "2025-07-10")
    assert [one["customer"] for one in found["different"]] == ["C2"]
    assert (
        mild["cash"]
        == strict["cash"]
        == [{"on": "2025-03-28", "total": "100.10"}, {"on": "2025-07-10", "total": "300.30"}]
    )
    assert mild["first_contact_days"] > strict["first_contact_days"]
    assert "Payments stay as they happened" in found["note"]
    assert plot.read_text("utf-8").startswith("<svg")
    shown = CliRunner().invoke(app, command, env={"COLUMNS": "160"}).stdout
    assert "1 of 2 customers are treated differently" in shown
    assert "Payments stay as they happened" in shown


def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [*history(tmp_path), "--json"]
    in_turn = CliRunner().invoke(app, command)
    monkeypatch.setattr(comparison, "MIN_EVENTS_APART", 1)
    at_once = CliRunner().invoke(app, command)
    assert at_once.exit_code == 0, at_once.output
    assert json.loads(at_once.stdout) == json.loads(in_turn.stdout)


def test_a_payment_history_is_a_ledger_too(tmp_path: Path) -> None:
    command = history(tmp_path)
    for file in (tmp_path / "ledger").iterdir():
        file.unlink()
    (tmp_path / "ledger" / "history.csv").write_text(
        "customer,invoice,issued,due,amount,currency,paid_on,disputed\nC9,R-1,2025-03-03,2025-04-02,100.00,EUR,2025-07-01,\n"
    )
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert [one["messages"] for one in found["policies"]] == [1, 2]


@pytest.mark.parametrize("left_out", ["--policy", "--against", "--ledger"])
def test_a_comparison_needs_a_ledger_and_two_policies(tmp_path: Path, left_out: str) -> None:
    command = history(tmp_path)
    at = command.index(left_out)
    result = CliRunner().invoke(app, command[:at] + command[at + 2 :])
    assert result.exit_code == 2
    assert "--ledger DIR --policy A --against B" in result.stderr


def test_a_folder_without_invoices_is_refused(tmp_path: Path) -> None:
    command = history(tmp_path)
    (tmp_path / "ledger" / "invoices.csv").unlink()
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "expected files of invoices" in result.stderr


@pytest.mark.parametrize(
    ("most_minor", "top_minor"), [(0, 400), (34_549_900, 40_000_000), (40_000_001, 80_000_000), (81_000, 200_000)]
)
def test_the_axis_of_a_comparisons_plot_ends_at_a_round_number(most_minor: int, top_minor: int) -> None:
    assert top_of(most_minor, 100) == top_minor
