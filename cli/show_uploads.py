"""`duly uploads`: recent files, and how far those are that are still in work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from duly.domain.money import format_minor
from duly.flows.edge import Edge
from duly.reports.page import refused_by
from duly.store.uploads import Progress, Upload

BAR_WIDTH = 20
PLAYED_AHEAD = timedelta(days=366)  # the demo plays up to a year
PLAYED_MONTHS = 36


def uploads_data(edge: Edge, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Return the latest uploads as JSON data, newest first."""
    return [_data(upload, edge.uploads.progress(upload), edge, now) for upload in _latest(edge, now, limit)]


def _latest(edge: Edge, now: datetime, limit: int) -> list[Upload]:
    """Return the files of this month and the last; on the local stack, where days are played, of any month near."""
    if not edge.is_local:
        return edge.uploads.recent(now, limit)
    found = edge.uploads.all(now + PLAYED_AHEAD, PLAYED_MONTHS)
    return sorted(found, key=lambda upload: upload.at, reverse=True)[:limit]


def _data(upload: Upload, progress: Progress, edge: Edge, now: datetime) -> dict[str, Any]:
    is_closed = upload.state == "closed"
    until = upload.closed_at if is_closed else None if edge.is_local else now
    return {
        "upload": upload.id,
        "key": upload.key,
        "version": upload.version,
        "kind": upload.kind,
        "state": upload.state,
        "arrived": upload.at.isoformat(),
        "age_seconds": max(int((until - upload.at).total_seconds()), 0) if until else None,
        "chunks": upload.chunks,
        "chunks_done": upload.chunks if is_closed else progress.chunks_done,
        "rows": progress.rows_in,
        "rows_done": progress.rows_done,
        "rows_rejected": progress.rows_rejected,
        "reasons": dict(refused_by(upload)),
        "amounts": {currency: format_minor(minor, currency) for currency, minor in sorted(upload.amounts_in.items())},
        "receipt": upload.receipt if is_closed else "",
    }


def print_uploads(console: Console, uploads: Sequence[Mapping[str, Any]]) -> None:
    """Print the uploads as a table with a bar for each that is in work."""
    if not uploads:
        console.print("No files this month or the last.")
        return
    table = Table(Column("File", overflow="fold"), "State", "Rows", "Money in", "Rejected", "Took, or is here since")
    for one in uploads:
        money = ", ".join(f"{currency} {amount}" for currency, amount in one["amounts"].items())
        rejected = Text(_rejected(one), style="red")
        took = "" if one["age_seconds"] is None else str(timedelta(seconds=one["age_seconds"]))
        table.add_row(Text(one["key"]), _state(one), _rows(one), money, rejected, took)
    console.print(table)


def _rejected(one: Mapping[str, Any]) -> str:
    """How many rows, and why; of a file that was refused as a whole, why."""
    why = ", ".join(code.replace("_", " ") for code in one["reasons"])
    if not one["rows_rejected"]:
        return why
    return f"{one['rows_rejected']:,} ({why})" if why else f"{one['rows_rejected']:,}"


def _rows(one: Mapping[str, Any]) -> str:
    if one["state"] == "closed" or not one["rows"]:
        return f"{one['rows']:,}"
    return f"{one['rows_done']:,} of {one['rows']:,}"


def _state(one: Mapping[str, Any]) -> Any:
    """The state in words; how many chunks are read, or a bar of the rows."""
    if one["state"] == "closed":
        return "closed"
    if one["state"] == "reading":
        return f"reading, {one['chunks_done']} of {one['chunks']} chunks"
    if not one["rows"]:
        return one["state"]
    bar = Table.grid(padding=(0, 1))
    percent = f"{one['rows_done'] * 100 // one['rows']} %"
    bar.add_row(ProgressBar(total=one["rows"], completed=one["rows_done"], width=BAR_WIDTH), percent)
    return bar
