"""`duly bank`: the statements of each bank account, whether they chain, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from duly.domain.continuity import Link
from duly.domain.money import format_minor
from duly.domain.transaction import Transaction
from duly.flows.continuity import Bank, announced, banks, is_unconfirmed, masked
from duly.flows.edge import Edge


def bank_data(edge: Edge, limit: int) -> list[dict[str, Any]]:
    """Return the bank accounts as JSON data, each with its latest statements, oldest first."""
    waiting = announced(edge)
    return [_data(one, limit, waiting) for one in banks(edge)]


def _data(one: Bank, limit: int, waiting: Sequence[Transaction]) -> dict[str, Any]:
    own = [state for state in waiting if (state.bank, state.currency) == (one.bank, one.currency)]
    late = [state for state in own if is_unconfirmed(state, one.until)]
    return {
        "bank": one.bank,
        "account": masked(one.account),
        "currency": one.currency,
        "complete_until": one.until.isoformat() if one.until else None,
        "gaps": len(one.open_gaps),
        "announced": {"count": len(own), "amount": _money(sum(state.amount_minor for state in own), one.currency)},
        "unconfirmed": [
            {
                "transaction": state.key,
                "booked": state.booked.isoformat() if state.booked else "",
                "amount": _money(state.amount_minor, one.currency),
            }
            for state in late[:limit]
        ],
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
        waiting = one["announced"]
        if waiting["count"]:
            console.print(f"Announced, not in a statement yet: {waiting['count']}, {waiting['amount']}")
        for line in one["unconfirmed"]:
            said = f"{line['amount']} announced for {line['booked']} is in no statement"
            console.print(Text(f"Unconfirmed: {said} ({line['transaction']})", style="red"))
