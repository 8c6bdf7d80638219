"""`duly statement` and `duly export` at the terminal, on a stack in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import export as export_command
from cli import statement as statement_command
from cli.main import app
from cli.target import Target
from tests.unit.test_bookkeeping import stack


@pytest.fixture(autouse=True)
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    found = Target(stack().edge, {}, "twin")
    monkeypatch.setattr(statement_command, "target_of", lambda _: found)
    monkeypatch.setattr(export_command, "target_of", lambda _: found)
    return found


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_a_statement_in_each_form(tmp_path: Path) -> None:
    data = json.loads(run("statement", "C-1", "--json").stdout)
    assert (data["as_of"], data["currencies"]["EUR"]["closing"]) == ("2026-03-04", "15.00")
    assert run("statement", "C-1", "--as-of", "2026-02-28", "--format", "csv").stdout.startswith("part,currency,date")
    for form, begins in (("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")):
        file = tmp_path / f"statement.{form}"
        assert run("statement", "C-1", "--format", form, "--out", str(file)).exit_code == 0
        assert file.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("C-9",), 1),
        (("C-1", "--format", "docx"), 2),
        (("C-1", "--format", "pdf"), 2),
        (("C-1", "--as-of", "1.2.2026"), 2),
        (("C-1", "--compare", "no-such-file.csv"), 2),
        (("C-1", "--compare", "x.csv", "--format", "html"), 2),
        (("C-1", "--from", "2026-04-01", "--as-of", "2026-03-01"), 1),
    ],
)
def test_what_cannot_be_told_ends_with_a_code(words: tuple[str, ...], code: int) -> None:
    found = run("statement", *words)
    assert found.exit_code == code and found.stderr


def test_a_list_that_differs_and_one_that_agrees(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("invoice,amount\nRE-1001,100.00\nRE-1002,25.00\n", encoding="utf-8")
    found = run("statement", "C-1", "--compare", str(theirs), "--json")
    codes = {line["number"]: line["code"] for line in json.loads(found.stdout)["lines"]}
    assert found.exit_code == 1
    assert codes == {"RE-1001": "paid_already", "RE-1002": "agrees", "": "payment_unapplied"}
    theirs.write_text("invoice,amount,currency\nRE-1003,77.00,USD\n", encoding="utf-8")
    assert run("statement", "b/ob (2)", "--compare", str(theirs)).exit_code == 0


def test_the_books_and_what_proves_them(tmp_path: Path) -> None:
    file = tmp_path / "books.journal"
    found = run("export", "--format", "hledger", "--out", str(file))
    assert found.exit_code == 0 and "the books agree with the accounts" in found.stderr
    assert "EUR: receivables 25.00 in the books, 25.00 open on the accounts" in found.stderr
    assert file.read_text(encoding="utf-8").startswith("; Receivables by Duly")
    assert run("export", "--format", "xml").exit_code == 2
    assert run("export", "--from", "March").exit_code == 2
