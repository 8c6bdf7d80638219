"""A statement of account for programs: one CSV of movements and open items, and JSON. Amounts in machine form."""

from __future__ import annotations

from typing import Any, Final

from duly.domain.money import format_minor
from duly.domain.statement_of_account import CurrencyStatement, StatementOfAccount
from duly.formats.export import csv_text

HEADER: Final = (
    "part",
    "currency",
    "date",
    "kind",
    "number",
    "due",
    "debit",
    "credit",
    "balance",
    "amount",
    "settled",
    "charges",
    "open",
    "days_overdue",
    "marks",
    "about",
)


def statement_csv(told: StatementOfAccount) -> bytes:
    """Opening balance, movements, closing balance, open items, unapplied money: a row each; ``part`` says which."""
    rows = [
        [row.get(name, "") for name in HEADER]
        for one in told.currencies
        for row in (*_movement_rows(one), *_item_rows(one))
    ]
    return csv_text(HEADER, rows).encode()


def _movement_rows(one: CurrencyStatement) -> list[dict[str, str]]:
    code = one.currency
    opening = {"part": "opening", "currency": code, "balance": format_minor(one.opening_minor, code)}
    rows = [
        {
            "part": "movement",
            "currency": code,
            "date": line.on.isoformat(),
            "kind": line.kind,
            "number": line.number,
            "due": line.due.isoformat() if line.due else "",
            "debit": format_minor(line.debit_minor, code) if line.debit_minor else "",
            "credit": format_minor(line.credit_minor, code) if line.credit_minor else "",
            "balance": format_minor(line.balance_minor, code),
            "about": " ".join(line.about),
        }
        for line in one.lines
    ]
    return [opening, *rows, {"part": "closing", "currency": code, "balance": format_minor(one.closing_minor, code)}]


def _item_rows(one: CurrencyStatement) -> list[dict[str, str]]:
    code = one.currency
    rows = [
        {
            "part": "open",
            "currency": code,
            "date": item.issued.isoformat(),
            "kind": "invoice",
            "number": item.title,
            "due": item.due.isoformat(),
            "amount": format_minor(item.amount_minor, code),
            "settled": format_minor(item.paid_minor, code),
            "charges": format_minor(item.charges_minor, code),
            "open": format_minor(item.owed_minor, code),
            "days_overdue": str(item.days_overdue),
            "marks": " ".join(item.marks),
        }
        for item in one.items
    ]
    rows += [
        {
            "part": "unapplied",
            "currency": code,
            "date": found.on.isoformat(),
            "kind": found.kind,
            "number": found.number,
            "open": format_minor(-found.amount_minor, code),
        }
        for found in one.unapplied
    ]
    return rows


def statement_data(told: StatementOfAccount) -> dict[str, Any]:
    """The statement as JSON data."""
    return {
        "account": told.account,
        "customer": told.customer,
        "as_of": told.as_of.isoformat(),
        "from": told.start.isoformat() if told.start else None,
        "currencies": {one.currency: _currency_data(one) for one in told.currencies},
    }


def _currency_data(one: CurrencyStatement) -> dict[str, Any]:
    code = one.currency
    rows = [*_movement_rows(one), *_item_rows(one)]
    kept = {
        part: [
            {name: value for name, value in row.items() if name not in ("part", "currency")}
            for row in rows
            if row["part"] == part
        ]
        for part in ("movement", "open", "unapplied")
    }
    return {
        "opening": format_minor(one.opening_minor, code),
        "closing": format_minor(one.closing_minor, code),
        "open": format_minor(one.open_minor, code),
        "due": format_minor(one.due_minor, code),
        "not_due": format_minor(one.not_due_minor, code),
        "unapplied": format_minor(one.unapplied_minor, code),
        "ageing": {bucket: format_minor(minor, code) for bucket, minor in one.ageing.items()},
        "movements": kept["movement"],
        "movements_in_opening": one.folded,
        "items": kept["open"],
        "unapplied_money": kept["unapplied"],
    }
