"""`duly bank`: the statements of each bank account, whether they chain, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duly.domain.continuity import Link
from duly.domain.money import format_minor
from duly.flows.continuity import Bank, banks, masked
from duly.flows.edge import Edge


def bank_data(edge: Edge, limit: int) -> list[dict[str, Any]]:
    """Return the bank accounts as JSON data, each with its latest statements, oldest first."""
    return [_data(one, limit) for one in banks(edge)]


def _data(one: Bank, limit: int) -> dict[str, Any]:
    return {
        "bank": one.bank,
        "account": masked(one.account),
        "currency": one.currency,
        "complete_until": one.until.isoformat() if one.until else None,
        "gaps": len(one.open_gaps),
        "statements": [_link(one, link) for link in one.links[-limit:]],
    }


def _link(one: Bank, link: Link) -> dict[str, Any]:
    found = link.statement
    is_accepted = found.source in one.accepted
    return {
        "statement": found.source,
        "number": found.number,
        "format": found.format,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "opening": _money(found.opening_minor, one.currency),
        "closing": _money(found.closing_minor, one.currency),
        "entries": found.entries,
        "joins": f"{link.kind}_accepted" if is_accepted else link.kind,
        "difference": _money(link.difference_minor, one.currency) if link.kind == "gap" else None,
        "upload": found.upload,
    }


def _money(minor: int | None, currency: str) -> str | None:
    return None if minor is None else format_minor(minor, currency)


def print_bank(console: Console, found: Sequence[Mapping[str, Any]]) -> None:
    """Print a table for each account."""
    if not found:
        console.print("No bank statements yet.")
    for one in found:
        until = one["complete_until"] or "never"
        console.print(Text(f"Account {one['account']} in {one['currency']} ({one['bank']}), complete until {until}"))
        table = Table("Number", "From", "To", "Opening", "Closing", "Entries", "Joins", "Statement")
        for line in one["statements"]:
            joins = line["joins"] + (f" of {line['difference']}" if line["difference"] else "")
            table.add_row(
                line["number"],
                line["first"],
                line["last"],
                line["opening"] or "",
                line["closing"] or "",
                str(line["entries"]),
                Text(joins, style="red" if line["joins"] == "gap" else ""),
                line["statement"],
            )
        console.print(table)
