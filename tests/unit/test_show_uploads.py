"""`duly uploads` and the widget: how far files are, while they are read and while they are worked through."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from cli.show_uploads import print_uploads, uploads_data
from duly.flows import dispatch
from duly.flows.twin import TwinStack
from duly.reports.answers import report_of
from duly.reports.views import render_widget
from duly.store.queues import CUSTOMER, RISK_UPLOAD
from tests.sim import small_world as world
from tests.sim.test_large_uploads import KEYS, SMALL, stack_of, take

KEY = "invoices/open.csv"
NOW = world.at(0, 7)


@pytest.fixture
def stack() -> Iterator[TwinStack]:
    yield stack_of(SMALL)


def deliver(stack: TwinStack, queue: str, count: int) -> None:
    for _ in range(count):
        message = stack.queues.queues[queue].popleft()
        dispatch.risk_check(stack.edge, message.body, NOW, dispatch.unlimited)


def shown(stack: TwinStack) -> tuple[dict[str, Any], str, str]:
    """The file as JSON, as text and in the widget."""
    data = uploads_data(stack.edge, NOW, 10)
    text = StringIO()
    print_uploads(Console(file=text, width=160), data)
    (found,) = [one for one in data if one["key"] == KEY]
    return found, text.getvalue(), render_widget(report_of(stack.edge, NOW), "uploads", {})


def test_a_file_is_followed_from_its_arrival_to_its_receipt(stack: TwinStack) -> None:
    stack.upload(KEY, KEYS[KEY], world.at(0, 6))
    deliver(stack, RISK_UPLOAD, 1)
    found, text, widget = shown(stack)
    assert (found["state"], found["chunks_done"], found["rows_done"]) == ("reading", 0, 0)
    assert "not worked through yet" in widget

    deliver(stack, CUSTOMER, 1)
    found, text, widget = shown(stack)
    assert found["chunks_done"] == 1 and found["rows"] > 0
    assert f"reading, 1 of {found['chunks']} chunks" in text
    assert f"being read: 1 of {found['chunks']} chunks" in widget

    deliver(stack, CUSTOMER, found["chunks"] - 1)
    found, text, widget = shown(stack)
    assert found["state"] == "planned" and found["rows_done"] == found["rows_rejected"] > 0
    deliver(stack, CUSTOMER, 3)
    found, text, widget = shown(stack)
    assert found["rows_rejected"] < found["rows_done"] < found["rows"]
    percent = found["rows_done"] * 100 // found["rows"]
    assert f"{percent} %" in text and f"{found['rows_done']:,} of {found['rows']:,}" in text
    assert f"{found['rows_done']:,} of {found['rows']:,} rows worked through, {percent} %" in widget

    stack.work()
    found, text, widget = shown(stack)
    assert found["state"] == "closed" and found["rows_done"] == found["rows"]
    assert found["receipt"].endswith("receipt.json") and found["amounts"]
    assert "closed" in text and "worked through" not in widget


def test_a_small_file_is_listed_too(stack: TwinStack) -> None:
    take(stack, "invoices/small.csv", b"number,customer,issued,due,amount,currency\nR1,C1,2026-01-01,,5.00,EUR\n")
    data = uploads_data(stack.edge, NOW, 10)
    assert [(one["key"], one["state"], one["rows"], one["rows_done"]) for one in data] == [
        ("invoices/small.csv", "closed", 1, 1),
        ("policy/policy.toml", "closed", 0, 0),
    ]


def test_no_files_are_said() -> None:
    text = StringIO()
    print_uploads(Console(file=text, width=100), [])
    assert "No files" in text.getvalue()


def test_a_file_that_is_refused_as_a_whole_says_so_and_why(stack: TwinStack) -> None:
    take(stack, "invoices/a.csv", b"number,customer,issued,amount\nR1,C1,2026-01-01,5.00\n")
    take(stack, "policy/b.toml", b"[creditor]\nname = 5\n")
    take(stack, "invoices/c.csv", b"number,customer,issued,due,amount,currency\nR1,C1,2026-01-01,,x,EUR\n")
    data = {one["key"]: one for one in uploads_data(stack.edge, NOW, 10)}
    assert data["invoices/a.csv"]["reasons"] == {"header": 1}
    assert data["policy/b.toml"]["reasons"] == {"wrong_type": 1}
    assert data["policy/policy.toml"]["reasons"] == {}
    text = StringIO()
    print_uploads(Console(file=text, width=160), list(data.values()))
    assert "header" in text.getvalue() and "wrong type" in text.getvalue()
    assert "1 (amount format)" in text.getvalue()
    page = render_widget(report_of(stack.edge, NOW), "uploads", {})
    assert "a.csv" in page and "header 1" in page and "b.toml" in page
    assert "policy.toml" not in page
