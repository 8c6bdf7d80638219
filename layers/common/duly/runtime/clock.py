"""The one place that reads the wall clock. In stage local the event's own time is now, so that days can be played."""

from __future__ import annotations

from datetime import UTC, datetime


def now(is_local: bool, stated: str | None) -> datetime:
    """Return the present moment in UTC: the wall clock, or on the local stack the time that the event states.

    Raises ValueError when a stated time is not ISO 8601 with a time zone.
    """
    if not is_local or not stated:
        return datetime.now(UTC)
    moment = datetime.fromisoformat(stated.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("a stated time needs a time zone")
    return moment.astimezone(UTC)
