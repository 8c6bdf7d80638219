"""The reports function in process, driven by the events of events/, on the memory twin of a stack."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from duly.flows.twin import TwinStack
from duly.reports.answers import UnknownRequest
from duly.runtime.observe import FunctionObserver
from duly.runtime.settings import Settings
from tests.report_sample import NAMES, make_sample

ROOT = Path(__file__).parents[2]
VARIABLES = [field.name.upper() for field in fields(Settings)]


@dataclass
class Context:
    """What Lambda hands to a handler, as far as it is used."""

    aws_request_id: str = "request-1"
    function_name: str = "reports"


@dataclass
class Function:
    """The handler's module with the stack behind it."""

    app: ModuleType
    stack: TwinStack

    def __call__(self, event: dict[str, Any]) -> Any:
        return self.app.handler(event, Context())


def event(name: str, **more: Any) -> dict[str, Any]:
    return {**json.loads((ROOT / "events" / f"{name}.json").read_text()), **more}


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    for name in VARIABLES:
        monkeypatch.setenv(name, "local" if name == "STAGE" else name.lower())
    spec = importlib.util.spec_from_file_location("reports_app", ROOT / "functions" / "reports" / "app.py")
    assert spec is not None and spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    stack = TwinStack()
    stack.edge.table = make_sample().table
    stack.edge.observer = app.observer()
    assert isinstance(stack.edge.observer, FunctionObserver)
    monkeypatch.setattr(app, "edge", lambda: stack.edge)
    yield Function(app, stack)


def test_daily_publishes_metrics_and_writes_the_report(function: Function, capsys: pytest.CaptureFixture[str]) -> None:
    answer = function(event("daily", time="2026-04-06T05:30:00Z"))
    assert answer == {"ok": True, "folder": "reports/2026-04-06"}
    files = function.stack.objects.keys("reports/2026-04-06/")
    names = ["ageing.csv", "cash.csv", "concentration.csv", "report.html", "report.json"]
    assert [Path(key).name for key in files] == names
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    metrics = [line for line in lines if "_aws" in line]
    assert {line["stack"] for line in metrics} == {"stack_name"}
    assert {line["service"] for line in metrics} == {"reports"}
    dso = next(line for line in metrics if "DsoDays" in line and line["currency"] == "EUR")
    assert dso["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Duly" and dso["DsoDays"] == [46.0]
    counts = next(line for line in metrics if "DisputesOpen" in line)
    assert set(counts["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == {"service", "stack"}


def test_daily_twice_replaces_the_files(function: Function) -> None:
    first, second = (function(event("daily", time="2026-04-06T05:30:00Z")) for _ in range(2))
    assert first == second
    assert len(function.stack.objects.keys("reports/")) == 5


def test_nothing_personal_is_logged(
    function: Function, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    function(event("daily", time="2026-04-06T05:30:00Z"))
    function(event("widget-draw"))
    assert "report_written" in caplog.messages
    said = capsys.readouterr().out + str([vars(record) for record in caplog.records])
    assert not any(name in said for name in (*NAMES, "Sonnenschein"))


def test_the_day_is_the_creditors(function: Function) -> None:
    """At 22:30 in UTC it is half past midnight in Berlin."""
    assert function(event("daily", time="2026-04-05T22:30:00Z"))["folder"] == "reports/2026-04-06"


def test_a_widget_is_drawn_with_buttons(function: Function) -> None:
    html = function(event("widget-draw", time="2026-04-06T05:30:00Z"))
    assert html.count("<cwdb-action") == html.count('class="btn"') > 8 and "Call list" in html
    assert "duly-DisputesFunction-EXAMPLE" in html


def test_a_widget_with_a_wrong_view_names_the_views(function: Function) -> None:
    answer = function(event("widget-draw", view="agein"))
    assert "`" not in answer["markdown"] and "ageing" in answer["markdown"]


def test_describe_needs_no_data(function: Function) -> None:
    assert function(event("widget-describe")).startswith("## Duly")


def test_the_page_and_the_figures(function: Function) -> None:
    page = function({"type": "page", "time": "2026-04-06T05:30:00Z"})
    assert set(page) == {"html"} and page["html"].startswith("<!DOCTYPE html>")
    kpis = function({"type": "kpis", "time": "2026-04-06T05:30:00Z"})
    assert json.loads(json.dumps(kpis))["currencies"]["EUR"]["dso"] == "46.3"


def test_tasks_of_nobodys_account_are_listed(function: Function) -> None:
    function.stack.edge.stack.add_task("forged-1", "forged_token", "inbound/1", datetime(2026, 4, 5, tzinfo=UTC))
    html = function({"type": "page", "time": "2026-04-06T05:30:00Z"})["html"]
    assert "forged token" in html and "no customer" in html


def test_anything_else_is_refused(function: Function) -> None:
    with pytest.raises(UnknownRequest):
        function({"type": "nothing"})
