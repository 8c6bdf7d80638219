"""A comparison of a customer's list with its account, for programs: CSV and JSON, amounts in machine form."""

from __future__ import annotations

from typing import Any, Final

from duly.domain.money import format_minor
from duly.domain.open_items_list import DIFFERENCES, Comparison, Difference, Evidence
from duly.formats.export import csv_text

HEADER: Final = (
    "code",
    "number",
    "their_number",
    "currency",
    "ours",
    "theirs",
    "difference",
    "line",
    "notes",
    "evidence",
    "meaning",
)


def comparison_csv(found: Comparison) -> bytes:
    """One row for each number of either side, then the sums by currency (code ``sum``)."""
    rows = [_row(line) for line in found.lines]
    rows += [
        ["sum", "", "", code, format_minor(ours, code), format_minor(theirs, code), format_minor(theirs - ours, code)]
        + [""] * 4
        for code, (ours, theirs) in found.sums.items()
    ]
    return csv_text(HEADER, rows).encode()


def _row(line: Difference) -> list[str]:
    code = line.currency
    return [
        line.code,
        line.number,
        line.their_number,
        code,
        format_minor(line.ours_minor, code),
        format_minor(line.theirs_minor, code),
        format_minor(line.difference_minor, code),
        str(line.line) if line.line else "",
        " ".join(line.notes),
        "; ".join(evidence_text(one, code) for one in line.evidence),
        DIFFERENCES[line.code],
    ]


def evidence_text(one: Evidence, currency: str) -> str:
    """A settlement in words: its kind, number, day and amount."""
    number = f" {one.number}" if one.number else ""
    return f"{one.kind.replace('_', ' ')}{number} {one.on.isoformat()} {format_minor(one.amount_minor, currency)}"


def comparison_data(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON data."""
    return {
        "account": found.account,
        "as_of": found.as_of.isoformat(),
        "agrees": found.agrees,
        "lines": [
            {
                "code": line.code,
                "number": line.number,
                "their_number": line.their_number,
                "currency": line.currency,
                "ours": format_minor(line.ours_minor, line.currency),
                "theirs": format_minor(line.theirs_minor, line.currency),
                "line": line.line or None,
                "notes": list(line.notes),
                "evidence": [
                    {
                        "kind": one.kind,
                        "number": one.number,
                        "on": one.on.isoformat(),
                        "amount": format_minor(one.amount_minor, line.currency),
                    }
                    for one in line.evidence
                ],
            }
            for line in found.lines
        ],
        "sums": {
            code: {
                "ours": format_minor(ours, code),
                "theirs": format_minor(theirs, code),
                "difference": format_minor(theirs - ours, code),
            }
            for code, (ours, theirs) in found.sums.items()
        },
    }
