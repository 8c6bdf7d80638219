"""Every event of events/ drives a test here."""

from __future__ import annotations

from pathlib import Path

from tests.handlers.aws_stack import ROOT


def test_every_event_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    events = sorted(path.stem for path in (ROOT / "events").glob("*.json"))
    assert len(events) > 15
    assert [name for name in events if f'"{name}"' not in sources] == []
