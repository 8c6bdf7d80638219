"""A remittance advice as a table: one row for each invoice that a payment pays."""

from __future__ import annotations

from typing import Final

from duly.domain.money import format_minor
from duly.domain.remittance import RemittanceLine
from duly.formats.aliases import REMITTANCE, TYPE_WORDS
from duly.formats.columns import Columns, key_of
from duly.formats.fields import Row, one_line
from duly.formats.records import FileResult, Reject, file_result
from duly.formats.table import Rows, Table

#: `paid` is what is paid of the invoice; without it, `amount` less `deduction`. `total` is that of the whole payment.
COLUMNS: Final = Columns(
    ("number", "paid", "currency"),
    ("amount", "deduction", "type", "reference", "date", "total", "customer", "name"),
    essential=(("number",), ("paid", "amount"), ("currency",)),
    aliases=REMITTANCE,
    dates=("date",),
    amounts=("paid", "amount", "deduction", "total"),
)
_CREDIT_WORDS: Final = frozenset(TYPE_WORDS["credit_note"].split())
_TOTAL_WORDS: Final = ("total", "summe", "gesamt", "gesamtbetrag", "gesamtsumme", "somme", "totale", "totaal", "suma")


def read_remittance(table: Table) -> FileResult:
    """The lines of a table of invoices that a payment pays. Raises FileProblem when it cannot be read as a whole.

    A row without a number, or with a word such as Total for one, states the sum; a sum that the lines do not give is
    said (`total_mismatch`), and the lines count.
    """
    lines, rejects, stated = list[RemittanceLine](), list[Reject](), list[tuple[str, int]]()
    rows = Rows(table, COLUMNS)
    has_paid = "paid" in rows.header.mapped.places
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        amount = row.raw("paid" if has_paid else "amount")
        if amount and (not row.raw("number") or key_of(row.raw("number")) in _TOTAL_WORDS):
            currency = row.raw("currency") or (lines[-1].currency if lines else "")
            total = row.side_amount("paid" if has_paid else "amount", currency)
            if total is not None:
                stated.append((currency, total))
            rejects += [wrong] if (wrong := row.reject()) else []
            continue
        total = row.side_amount("total", row.raw("currency")) if row.raw("total") else None
        line = _line(row, has_paid)
        reject = row.reject()
        if reject is not None:
            rejects.append(reject)
            continue
        lines.append(line)
        if total is not None:
            stated.append((line.currency, total))
    rejects += _wrong_totals(lines, rejects, stated)
    return file_result("remittance", table.format, lines, rejects, rows.notes)


def _line(row: Row, has_paid: bool) -> RemittanceLine:
    paid_minor = row.money("paid" if has_paid else "amount", "currency")
    if not has_paid and row.raw("deduction") and row.currency:
        paid_minor -= abs(row.side_amount("deduction", row.currency) or 0)
    if key_of(row.raw("type")) in _CREDIT_WORDS:
        paid_minor = -abs(paid_minor)
    if row.currency:
        row.amount_minor = paid_minor
    return RemittanceLine(
        line=row.line,
        number=row.identifier("number", required=True),
        paid_minor=paid_minor,
        currency=row.raw("currency"),
        reference=one_line(row.text("reference", 300)),
        on=row.day("date"),
        customer=row.identifier("customer"),
        name=row.name("name"),
    )


def _wrong_totals(lines: list[RemittanceLine], rejects: list[Reject], stated: list[tuple[str, int]]) -> list[Reject]:
    """The stated sum of a file of one payment against that of its lines. Of several payments it is not known whose sum
    a row states."""
    if len({(line.reference, line.on, line.customer, line.name, line.currency) for line in lines}) != 1:
        return []
    currency = lines[0].currency
    found = sum(line.paid_minor for line in lines) + sum(reject.amount_minor or 0 for reject in rejects)
    for total in dict.fromkeys(total for one, total in stated if one == currency):
        if total != found:
            amounts = [format_minor(minor, currency) for minor in (total, found, total - found)]
            reason = f"expected the lines to give {amounts[0]} {currency}, found {amounts[1]} (difference {amounts[2]})"
            return [Reject(0, "total", "total_mismatch", reason)]
    return []
