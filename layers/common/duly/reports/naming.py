"""How the lists of the report name customers, invoices and sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from duly.flows.report import Report
from duly.mail.local_forms import one_line
from duly.reports.words import exact

MAX_INVOICES_NAMED = 3


def who(report: Report, account: str) -> dict[str, Any]:
    """The customer of an account: its name (else its number) and its number."""
    if not account:
        return {"account": "", "name": "no customer", "number": "no customer"}
    number = report.customers.get(account) or account
    return {"account": account, "name": one_line(report.names.get(account, "")) or number, "number": one_line(number)}


def numbers(invoices: Sequence[str]) -> str:
    """The first invoices by their numbers, and how many more."""
    named = ", ".join(one_line(number) for number in invoices[:MAX_INVOICES_NAMED])
    more = len(invoices) - MAX_INVOICES_NAMED
    return f"{named} and {more} more" if more > 0 else named or "–"


def amounts(minor_by_code: Mapping[str, int]) -> str:
    """Sums of several currencies, exactly."""
    return ", ".join(f"{code} {exact(minor, code)}" for code, minor in sorted(minor_by_code.items())) or "–"
