"""`duly preview` and what changes for whom: the run itself, on twins over a stack that stays as it is."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import preview as preview_command
from cli.main import app
from cli.target import Target
from duly.domain.policy import parse_policy
from duly.flows.rehearsal import Rehearsal
from duly.flows.twin import TwinStack

CUSTOMERS = (
    "id,name,country,language,timezone,kind,email,role,scenario\n"
    "C-1,Ahrens Bau GmbH,DE,de,Europe/Berlin,business,rechnung@ahrens.example,billing,standard\n"
    "C-2,Fonderie SAS,FR,en,Europe/Paris,business,ap@fonderie.example,billing,firm\n"
    "C-3,Polder B.V.,NL,en,Europe/Amsterdam,business,ap@polder.example,billing,standard\n"
)
INVOICES = (
    "number,customer,issued,due,amount,currency\n"
    "R-1,C-1,2026-01-12,2026-02-11,1190.00,EUR\n"
    "R-2,C-1,2026-01-26,2026-02-25,340.50,EUR\n"
    "R-3,C-2,2026-02-02,2026-02-19,77.00,EUR\n"
    "R-4,C-3,2026-02-02,2026-06-19,77.00,EUR\n"
)
POLICY = '[creditor]\nname = "Fog & Co"\niban = "DE02120300000000202051"\n'
LATER = POLICY + '[[scenario.standard.step]]\nlevel = 1\nname = "first-reminder"\ndays = 30\n'
TUESDAY = date(2026, 2, 24)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    folder = tmp_path / "ledger"
    folder.mkdir()
    for name, text in (("customers.csv", CUSTOMERS), ("invoices.csv", INVOICES), ("policy.toml", POLICY)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def stack() -> TwinStack:
    found = TwinStack()
    now = datetime(2026, 2, 20, 6, tzinfo=UTC)
    for key, text in (
        ("policy/own.toml", POLICY),
        ("customers/all.csv", CUSTOMERS),
        ("invoices/all.csv", INVOICES),
    ):
        found.upload(key, text.encode(), now)
        found.work()
    return found


def all_of(stack: TwinStack) -> object:
    tables = [{pk: table.query(pk) for pk in table.partitions()} for table in stack.tables]
    return deepcopy((tables, stack.objects.keys(), dict(stack.queues.queues), len(stack.mailer.messages)))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_nothing_of_the_stack_changes(stack: TwinStack) -> None:
    before = all_of(stack)
    rehearsal = Rehearsal(stack.edge, TUESDAY)
    found = list(rehearsal.outlooks(rehearsal.accounts()))
    assert [one.claim.step for outlook in found for one in outlook.notices] == ["first-reminder"] * 2
    assert all_of(stack) == before


def test_a_rehearsal_says_what_the_run_then_does(stack: TwinStack) -> None:
    rehearsal = Rehearsal(stack.edge, TUESDAY)
    planned = {
        (outlook.account.id, one.claim.intent): rehearsal.data(one.files[0])
        for outlook in rehearsal.outlooks(rehearsal.accounts())
        for one in outlook.notices
    }
    stack.edge.stack.put("bank_data", {"until": "2026-02-23"})
    stack.tick(datetime(2026, 2, 24, 9, tzinfo=UTC))
    sent = {
        (account, notice.intent)
        for account in ("C-1", "C-2", "C-3")
        for notice in stack.edge.accounts.rebuild(account).notices.values()
    }
    assert sent == set(planned) and len(sent) == 2
    assert all(b"1,190.00" in data or b"1.190,00" in data or b"77.00" in data for data in planned.values())


def test_a_gate_of_the_stack_that_is_closed_is_told(stack: TwinStack) -> None:
    stack.edge.stack.put("bank_data", {"until": "2026-02-02"})
    rehearsal = Rehearsal(stack.edge, TUESDAY)
    assert rehearsal.closed() == ("bank_data_stale",)
    assert sum(len(one.notices) for one in rehearsal.outlooks(rehearsal.accounts())) == 2


def test_on_a_sunday_the_window_passes_all_over(stack: TwinStack) -> None:
    rehearsal = Rehearsal(stack.edge, date(2026, 3, 1))
    found = list(rehearsal.outlooks(rehearsal.accounts()))
    assert not any(one.notices for one in found)
    assert {skip.gate for one in found for skip in one.skipped} == {"contact_window"}


def test_the_folder_of_a_ledger_in_files(ledger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    found = run("preview", "--ledger", str(ledger), "--as-of", "2026-02-24", "--out", str(folder), "--json")
    assert found.exit_code == 0, found.stderr
    data = json.loads(found.stdout)
    notices = {one["customer"]: one for one in data["notices"]}
    assert (notices["C-1"]["total"], notices["C-1"]["level"]) == ("1530.50", 1)
    assert notices["C-1"]["recipients"] == ["rechnung@ahrens.example"]
    assert [part["invoice"] for part in notices["C-1"]["items"]] == ["R-1", "R-2"]
    for name in notices["C-1"]["files"]:
        assert (folder / name).stat().st_size > 200
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Ahrens Bau GmbH" in page and "1,530.50 EUR" in page and notices["C-1"]["files"][0] in page
    again = run("preview", "--ledger", str(ledger), "--as-of", "2026-02-28", "--out", str(folder))
    assert again.exit_code == 0 and "No notices" in again.stdout
    assert not list(folder.glob("0001-*"))


def test_what_changes_for_whom(ledger: Path, tmp_path: Path) -> None:
    other = tmp_path / "later.toml"
    other.write_text(LATER, encoding="utf-8")
    words = ("policy", "diff", str(ledger / "policy.toml"), str(other), "--ledger", str(ledger))
    data = json.loads(run(*words, "--as-of", "2026-02-24", "--json").stdout)
    (only,) = data["customers"]
    assert only["customer"] == "C-1"
    assert [(one["step"], one["total"], one["channel"]) for one in only["a"]["notices"]] == [
        ("first-reminder", "1530.50", "email")
    ]
    assert only["b"] == {"notices": [], "gates": [], "tasks": []}
    assert data["day"] == "2026-02-24"
    shown = run(*words, "--as-of", "2026-02-24").stdout
    assert "nothing is due" in shown and "C-1" in shown and "on Tuesday, 2026-02-24" in shown


def test_tasks_change_too_and_customers_stand_in_order(ledger: Path, tmp_path: Path) -> None:
    lines = CUSTOMERS.replace("ap@polder.example", "").replace("rechnung@ahrens.example", "")
    (ledger / "customers.csv").write_text(lines, encoding="utf-8")
    (ledger / "invoices.csv").write_text(INVOICES.replace("2026-06-19", "2026-02-11"), encoding="utf-8")
    other = tmp_path / "later.toml"
    other.write_text(LATER, encoding="utf-8")
    words = (
        "policy",
        "diff",
        str(ledger / "policy.toml"),
        str(other),
        "--ledger",
        str(ledger),
        "--as-of",
        "2026-02-24",
    )
    found = json.loads(run(*words, "--json").stdout)["customers"]
    assert [one["customer"] for one in found] == ["C-1", "C-3"]
    assert (found[0]["a"]["tasks"], found[0]["b"]["tasks"]) == (["no_usable_address"], [])
    assert "task: no_usable_address" in run(*words).stdout


def test_a_stack_at_the_terminal(stack: TwinStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_command, "target_of", lambda _: Target(stack.edge, {}, "twin"))
    found = run("preview", "--as-of", "2026-02-24", "--out", str(tmp_path), "--json")
    assert {one["customer"] for one in json.loads(found.stdout)["notices"]} == {"C-1", "C-2"}
    refused = run("preview", "--out", str(tmp_path))
    assert refused.exit_code == 2 and "--as-of" in refused.stderr


@pytest.mark.parametrize(
    ("files", "words", "code"),
    [
        ({}, ("--as-of", "2026-02-24"), 2),
        ({"customers.csv": CUSTOMERS}, ("--as-of", "24.2.2026"), 2),
        ({"customers.csv": CUSTOMERS, "a.toml": POLICY, "b.toml": POLICY}, ("--as-of", "2026-02-24"), 2),
        ({"customers.csv": CUSTOMERS, "a.toml": "[creditor"}, ("--as-of", "2026-02-24"), 2),
    ],
)
def test_what_is_no_ledger(files: dict[str, str], words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = run("preview", "--ledger", str(folder), *words, "--out", str(tmp_path / "out"))
    assert found.exit_code == code and found.stderr


def test_rows_and_files_that_are_not_used_are_named(ledger: Path, tmp_path: Path) -> None:
    (ledger / "more.csv").write_text("number,customer,issued,due,amount,currency\nR-9,C-1,2026-13-01,,1,EUR\n")
    (ledger / "notes.txt").write_text("nothing of a ledger")
    found = run("preview", "--ledger", str(ledger), "--as-of", "2026-02-24", "--out", str(tmp_path / "out"))
    assert found.exit_code == 0
    assert "more.csv: 2,issued" in found.stderr and "not used: notes.txt;" in found.stderr


def test_a_policy_other_than_that_in_force(stack: TwinStack) -> None:
    rehearsal = Rehearsal(stack.edge, TUESDAY, parse_policy(LATER, "later.toml"))
    found = [one for one in rehearsal.outlooks(rehearsal.accounts()) if one.notices]
    assert [one.account.id for one in found] == ["C-2"]
    assert stack.edge.policy().scenarios["standard"].steps[1].days == 3


def test_a_letter_that_wants_approval_is_drawn_and_marked_with_the_mail_beside_it(ledger: Path, tmp_path: Path) -> None:
    (ledger / "customers.csv").write_text(
        "id,name,country,language,timezone,kind,email,role,address,postcode,city\n"
        "C-1,Ahrens Bau GmbH,DE,de,Europe/Berlin,business,rechnung@ahrens.example,billing,Werkweg 3,20457,Hamburg\n"
    )
    (ledger / "policy.toml").write_text(
        POLICY + 'address = ["Hafen 4", "20457 Hamburg"]\n[risk]\ncategories = {}\n[[scenario.standard.step]]\n'
        'level = 3\nname = "formal"\ndays = 3\nchannel = "letter"\nalso = ["email"]\napprove = true\n'
    )
    found = run("preview", "--ledger", str(ledger), "--as-of", "2026-02-24", "--out", str(tmp_path), "--json")
    letter, mail = json.loads(found.stdout)["notices"]
    assert (letter["channel"], letter["approval"], letter["beside"]) == ("letter", True, False)
    assert (mail["channel"], mail["approval"], mail["beside"]) == ("email", True, True)
    assert (tmp_path / letter["files"][0]).read_bytes().startswith(b"%PDF")
