"""What all commands of `duly` share: the terminal, JSON output, options, and the stack they speak to."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from cli.target import Target

out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Stack = Annotated[str, typer.Option("--stack", help="A deployed stack's name; without it, the local one (make up).")]
By = Annotated[str, typer.Option(help="Who decided; it stands in the journal.")]
At = Annotated[str, typer.Option(help="Local stack only: the simulated moment; else just after the last.")]


def fail(text: str, code: int = 2) -> typer.Exit:
    """Say why a command cannot go on, and return what to raise."""
    err.print(Text(text, style="red"), soft_wrap=True)
    return typer.Exit(code)


def full_table(*headings: str, title: str | None = None) -> Table:
    """Make a table whose cells are never cut short: ids, keys and addresses are there to be copied."""
    columns = [Column(escape(heading), overflow="fold") for heading in headings]
    return Table(*columns, title=title and escape(title), title_justify="left")


def moment_of(text: str) -> str:
    """Return the moment that ``--at`` names as ISO 8601, in UTC unless it says otherwise; exit when it names none."""
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise fail(f"--at: expected a moment such as 2026-02-18T09:00:00+00:00, found {text!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def print_json(data: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False, default=str) + "\n")


def target_of(stack: str) -> Target:
    """Return the stack of this name, or the local one; say so and exit when there is none."""
    from cli.target import NoStack, find_target

    try:
        return find_target(stack)
    except NoStack as error:
        raise fail(str(error)) from None
