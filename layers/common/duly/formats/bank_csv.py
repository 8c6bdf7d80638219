"""A bank statement as CSV: one row for each booked entry; entries of one account and currency make one statement."""

from __future__ import annotations

from datetime import date
from typing import Final

from duly.formats.aliases import BANK
from duly.formats.columns import Columns
from duly.formats.fields import Row, one_line
from duly.formats.records import MAX_REMITTANCE_CHARS, BankEntry, FileResult, Reject, Statement, file_result
from duly.formats.table import Rows, Table

#: `reference` is a structured creditor reference, `text` the remittance text. `value` falls back to `booked`.
COLUMNS: Final = Columns(
    ("account", "booked", "amount", "currency"),
    (
        "value",
        "name",
        "counterparty_account",
        "text",
        "reference",
        "end_to_end_id",
        "bank_reference",
        "reversal",
    ),
    essential=(("account",), ("booked",), ("amount",), ("currency",)),
    aliases=BANK,
    dates=("booked", "value"),
    amounts=("amount",),
)
_TRUE: Final = ("true", "yes", "1")
_FALSE: Final = ("false", "no", "0")


def read_bank_table(table: Table) -> FileResult:
    """The entries of a table by account. Raises FileProblem when the file as a whole cannot be read."""
    entries, rejects = dict[tuple[str, str], list[BankEntry]](), list[Reject]()
    rows = Rows(table, COLUMNS)
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        account, entry = row.account("account", required=True), _entry(row)
        reject = row.reject()
        if reject is None:
            entries.setdefault((account, entry.currency), []).append(entry)
        else:
            rejects.append(reject)
    statements = [
        Statement(account, "", currency, None, None, None, tuple(found))
        for (account, currency), found in entries.items()
    ]
    return file_result("statement", table.format, statements, rejects, rows.notes)


def _entry(row: Row) -> BankEntry:
    booked = row.day("booked", required=True) or date.min
    return BankEntry(
        line=row.line,
        booked=booked,
        value=row.day("value") or booked,
        amount_minor=row.money("amount", "currency"),
        currency=row.raw("currency"),
        counterparty_name=row.name("name"),
        counterparty_account=row.account("counterparty_account"),
        remittance=row.text("text", MAX_REMITTANCE_CHARS),
        structured_reference=one_line(row.text("reference")),
        end_to_end_id=one_line(row.text("end_to_end_id")),
        bank_reference=one_line(row.text("bank_reference")),
        reversal=row.choice("reversal", _TRUE + _FALSE) in _TRUE,
    )
