"""The commands for decisions about the chase, and `duly tasks`, against a stack in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from cli.main import app
from cli.show_account import account_data, print_account
from duly.domain import events as ev
from duly.flows import decisions
from duly.flows.edge import Edge
from tests.core_samples import NOON
from tests.unit.test_chase_decisions import DAY, SOON, asked, call, given
from tests.unit.test_corrections import Stack, row

WHEN = NOON + timedelta(days=30)


@dataclass
class Target:
    """The stack as a command sees it."""

    edge: Edge

    def present(self, account_id: str) -> str:
        assert account_id
        return ""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        assert function == "DisputesFunction"
        return decisions.answer(self.edge, json.loads(json.dumps(dict(event))), WHEN)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    found = Stack()
    found.customer()
    found.take("one", row("RE-1", "100.00"), row("RE-2", "60.00"))
    for module in ("deciding", "chase", "tasks"):
        monkeypatch.setattr(f"cli.{module}.target_of", lambda _: Target(found.edge))
    return found


def duly(*words: str, by: str = "ada") -> Result:
    return CliRunner().invoke(app, [*words, *(["--by", by] if by else [])])


def done(*words: str) -> str:
    result = duly(*words)
    assert result.exit_code == 0, result.output
    return result.output


def test_holds_and_releases(stack: Stack) -> None:
    done("hold", "C-1", "RE-1", "RE-2", "--until", SOON, "--reason", "talks")
    done("release", "C-1", "RE-2")
    done("hold", "C-1", "RE-2", "--until", SOON, "--reason", "release", "--at-customer", "--stage", "goods_receipt")
    kinds = {(hold.kind, hold.items, hold.stage) for hold in stack.account().live("holds")}
    assert kinds == {("hold", ("RE-1",), ""), ("customer_approval", ("RE-2",), "goods_receipt")}
    refused = duly("hold", "C-1", "--until", SOON, "--reason", "x", "--stage", "y")
    assert refused.exit_code == 2 and "--at-customer" in refused.output


def test_moves(stack: Stack) -> None:
    assert done("skip", "C-1", "RE-1", "--to", "3", "--reason", "agreed").startswith("Moved: ItemMoved")
    assert stack.item("RE-1").moved_to == 3
    refused = duly("step-back", "C-1", "RE-2", "--to", "2", "--reason", "x")
    assert refused.exit_code == 1 and "before its first step" in refused.output


def test_promises_and_plans(stack: Stack) -> None:
    done("promise", "C-1", "RE-1", "--date", SOON, "--amount", "50.00")
    (promise,) = stack.account().live("promises")
    done("promise", "C-1", "--cancel", promise.key, "--reason", "a mistake")
    plan = json.loads(
        done("plan", "C-1", "RE-1", "--instalment", f"{SOON}=40.00", "--instalment", "2026-06-01=60.00", "--json")
    )
    assert plan["ok"] and plan["events"][0] == "PlanMade"
    (made,) = stack.account().live("plans")
    done("plan", "C-1", "--cancel", made.key, "--reason", "withdrawn")
    refused = duly("plan", "C-1", "RE-1", "--instalment", "100.00")
    assert refused.exit_code == 2 and "DAY=AMOUNT" in refused.output
    refused = duly("plan", "C-1", "RE-1", "--instalment", f"{SOON}=1.00")
    assert refused.exit_code == 1 and "100.00 EUR" in refused.output


def test_approvals_are_named_by_their_beginning_or_not_at_all(stack: Stack) -> None:
    assert "no open proposed notice" in duly("approve", "C-1").output
    given(stack, *asked())
    assert duly("approve", "C-1", "b").exit_code == 1
    assert "Approved" in done("approve", "C-1")
    assert stack.account().approvals["a1"].state == "approved"
    assert duly("discard", "C-1", "a").exit_code == 1, "it is answered already"


def test_a_call(stack: Stack) -> None:
    given(stack, call("call-n1"), call("call-n2"))
    refused = duly("call", "C-1", "paid")
    assert refused.exit_code == 1 and "2 open calls" in refused.output
    done("call", "C-1", "promise", "RE-1", "--task", "call-n1", "--date", SOON)
    done("call", "C-1", "in_payment_run", "RE-2", "--date", SOON)
    account = stack.account()
    assert [promise.items for promise in account.live("promises")] == [("RE-1",)]
    assert [hold.items for hold in account.live("holds")] == [("RE-2",)]


def test_a_handover(stack: Stack) -> None:
    refused = duly("handover", "C-1", "returned")
    assert refused.exit_code == 1 and "no open hand-over" in refused.output
    assert stack.account().handovers == {}


def test_tasks_are_listed_by_kind_and_day_and_closed(stack: Stack) -> None:
    assert duly("tasks", by="").output == "No open tasks.\n"
    given(stack, call("call-n1"), ev.TaskOpened("post-n1", "post_letter", "n1", DAY, DAY + timedelta(days=3)))
    found = json.loads(duly("tasks", "--json", by="").output)
    assert [(one["kind"], one["account"], one["due"]) for one in found] == [
        ("call", "C-1", "2026-04-01"),
        ("post_letter", "C-1", "2026-04-04"),
    ]
    assert "call-n1" in duly("tasks", by="").output
    assert [one["kind"] for one in json.loads(duly("tasks", "--kind", "post_letter", "--json", by="").output)] == [
        "post_letter"
    ]
    assert [one["kind"] for one in json.loads(duly("tasks", "--due", "2026-04-01", "--json", by="").output)] == ["call"]
    assert duly("tasks", "--due", "soon", by="").exit_code == 2
    done("tasks", "close", "C-1", "post-n1", "--proof", "RR123456785DE")
    assert stack.account().tasks["post-n1"].proof == "RR123456785DE"


def test_the_account_shows_plans_approvals_and_moves(stack: Stack) -> None:
    done("plan", "C-1", "RE-2", "--instalment", f"{SOON}=60.00")
    done("skip", "C-1", "RE-1", "--to", "3", "--reason", "agreed")
    given(stack, *asked())
    data = account_data(stack.edge, "C-1")
    assert data is not None
    assert data["plans"][0].endswith(f": 60.00 EUR by {SOON}")
    assert data["approvals"] == ["a1: level 3, 100.00 EUR, asked until 2026-04-01"]
    assert {item["invoice"]: item["note"] for item in data["open"]}["RE-1"] == "goes on at level 3 since 2026-04-01"
    assert data["contacts"] and data["handovers"] == []
    console = Console(width=200, record=True, file=StringIO())
    print_account(console, data)
    assert "payment plans: Z-" in console.export_text()
