"""`duly cash` and the widget: what waits, in words, and the decision that each command and button sends."""

from __future__ import annotations

import json
import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import cash
from cli.main import app
from duly.flows.decisions import decide
from duly.flows.report import gather
from duly.reports.cash import cash_csv
from duly.reports.page import render_page
from duly.reports.views import render_widget
from tests.core_samples import MONDAY, NOON, POLICY, Invoice
from tests.unit.test_clearing import came_in, state_of
from tests.unit.test_merging import BAR, FOO, Stack


@pytest.fixture
def stack() -> Stack:
    """A payment that is proposed for two customers, and one that nobody knows."""
    found = Stack()
    found.edge.policy = lambda: POLICY  # type: ignore[method-assign]
    found.customers(FOO, BAR)
    found.invoices(Invoice("RE-26-1001", FOO, 10_000), Invoice("RE-26-2001", BAR, 10_000))
    found.invoices(Invoice("RE-26-1001", BAR, 9_000), name="same")
    came_in(
        found,
        {"text": "RE-26-1001", "name": "Some<one>", "bank_reference": "B1"},
        {"text": "thanks", "name": "Nobody", "amount": "77.70", "bank_reference": "B2"},
    )
    return found


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `duly cash` on the twin, whose reconcile function is the flow itself."""

    def invoke(function: str, event: dict[str, Any]) -> Any:
        assert function == "ReconcileFunction"
        done = decide(stack.edge, event, NOON)
        stack.work()
        return {"ok": True, **done}

    monkeypatch.setattr(cash, "target_of", lambda _: SimpleNamespace(edge=stack.edge, invoke=invoke))
    return lambda *words: CliRunner().invoke(app, ["cash", *words])


def test_what_waits_is_listed_in_words_and_as_data(run: Any) -> None:
    text = run().output
    assert "Proposed: EUR 50.00" in text and "Suspense: EUR 77.70" in text
    data = json.loads(run("--json").output)
    (line,) = data["proposals"]
    assert (line["amount"], line["payer"]) == ("50.00", "Some<one>")
    assert {place["shares"][0]["name"] for place in line["placements"]} == {FOO.name, BAR.name}
    assert "The text names the invoice by its number." in line["placements"][0]["words"]
    assert data["totals"] == {"proposed": {"EUR": "50.00"}, "suspense": {"EUR": "77.70"}, "announced": {}}
    assert line["text"] == "RE-26-1001" and data["suspense"][0]["text"] == "thanks"


def test_the_beginning_of_an_id_is_enough_to_confirm_and_to_move(run: Any, stack: Stack) -> None:
    key = state_of(stack, "B1").key
    places = [
        place["shares"][0]["account"] for place in json.loads(run("show", key[:8], "--json").output)["placements"]
    ]
    done = run("confirm", key[:8], "--choice", str(places.index("C-2")), "--by", "ada")
    assert done.output == "Booked on C-2.\n"
    moved = run("reassign", key, "C-1", "RE-26-1001=20.00", "--reason", "wrong", "--by", "ada", "--json")
    assert json.loads(moved.output)["accounts"] == ["C-1"]
    assert state_of(stack, "B1").shares[0].caps == {"RE-26-1001": 2_000}
    assert "on Foo Handels GmbH (C-1): RE-26-1001" in run("show", key).output


def test_what_is_refused_waits_and_can_be_assigned(run: Any, stack: Stack) -> None:
    key = state_of(stack, "B1").key
    assert run("refuse", key[:8], "--by", "ada").output == "Refused: it is in suspense.\n"
    assert run("assign", key[:8], "C-2", "--by", "ada").output == "Booked on C-2.\n"
    assert run("show", "none").exit_code == 1


def test_each_button_of_the_widget_sends_a_decision_that_is_carried_out(stack: Stack) -> None:
    report = gather(stack.edge.table, [], MONDAY)
    html = render_widget(report, "cash", {}, cash="arn:reconcile")
    assert "Some&lt;one&gt;" in html and "<one>" not in html
    found = re.findall(r'endpoint="arn:reconcile" confirmation="([^"]+)">(.*?)</cwdb-action>', html)
    decisions = [json.loads(unescape(body))["decision"] for _, body in found]
    assert [one["action"] for one in decisions] == ["confirm_match", "refuse_match", "confirm_match"]
    assert [one.get("choice") for one in decisions] == [0, None, 1]
    decide(stack.edge, decisions[2], NOON)
    assert state_of(stack, "B1").state == "routed"
    assert "cwdb-action" not in render_widget(report, "cash", {})
    assert "Cash to confirm" in render_page(report)


def test_the_days_csv_names_no_payer(stack: Stack) -> None:
    text = cash_csv(gather(stack.edge.table, [], MONDAY)).decode()
    assert len(text.splitlines()) == 4 and "Some" not in text and "Foo" not in text
    assert ",proposed,2026-03-02,50.00,EUR,0," in text and ",suspense,2026-03-02,77.70,EUR," in text
