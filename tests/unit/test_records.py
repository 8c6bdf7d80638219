"""Every version of a customer's record can be read, with what changed, and which one a notice was sent under."""

from __future__ import annotations

from datetime import timedelta

from cli.records import record_at, record_versions
from cli.show_account import account_data
from cli.timeline import timeline
from duly.flows.twin import TwinStack
from local.writers import csv_bytes
from tests.core_samples import NOON

HEADER = ("id", "name", "country", "terms_days", "email", "role")


def taken(*rows: tuple[str, ...]) -> TwinStack:
    stack = TwinStack()
    for day, row in enumerate(rows):
        stack.upload(f"customers/{day}.csv", csv_bytes(HEADER, [row]), NOON + timedelta(days=day))
        stack.work()
    return stack


def test_each_version_says_what_changed() -> None:
    stack = taken(
        ("C-1", "Foo GmbH", "DE", "30", "a@foo.example", "billing"),
        ("C-1", "Foo Bar GmbH", "DE", "14", "b@foo.example", "billing"),
    )
    history = stack.edge.accounts.history("C-1")
    first, second = record_versions(stack.edge, "C-1", history)
    assert (first.values["name"], second.values["name"]) == ("Foo GmbH", "Foo Bar GmbH")
    assert first.values["contacts"][0]["email"] == "a@foo.example"
    assert set(second.changed) == {
        "terms days 30 -> 14",
        "name Foo GmbH -> Foo Bar GmbH",
        "contact added: b@foo.example (billing)",
        "contact gone: a@foo.example (billing)",
    }
    assert record_at([first, second], second.version - 1) == first.version
    lines = timeline(history, [first, second])
    assert any("changed: terms days 30 -> 14" in line.text for line in lines)
    data = account_data(stack.edge, "C-1")
    assert data is not None
    assert [one["version"] for one in data["records"]] == [first.version, second.version]
