"""The invoice file of the creditor's own books: one row for each invoice or credit note."""

from __future__ import annotations

from datetime import date
from typing import Final

from duly.formats.fields import Row
from duly.formats.records import Buyer, FileResult, InvoiceRow, InvoiceType, Reject, file_result
from duly.formats.table import Columns, read_rows

COLUMNS: Final = Columns(
    ("number", "customer", "issued", "due", "amount", "currency", "type", "terms", "order"),
    ("for_invoice", "reference"),
)
TYPES: Final = ("invoice", "credit_note")


def read_invoices(data: bytes) -> FileResult:
    """The rows of an invoice file. Raises FileProblem when the file as a whole cannot be read."""
    records, rejects = list[InvoiceRow](), list[Reject]()
    for row in read_rows(data, COLUMNS):
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        invoice = _invoice(row)
        reject = row.reject()
        if reject is None:
            records.append(invoice)
        else:
            rejects.append(reject)
    return file_result("invoices", "csv", records, rejects)


def _invoice(row: Row) -> InvoiceRow:
    due = row.day("due")
    kind: InvoiceType = "credit_note" if row.choice("type", TYPES, "invoice") == "credit_note" else "invoice"
    return InvoiceRow(
        line=row.line,
        number=row.identifier("number", required=True),
        buyer=Buyer(id=row.identifier("customer", required=True)),
        issued=row.day("issued", required=True) or date.min,
        due=due,
        due_source="default" if due is None else "stated",
        amount_minor=row.money("amount", "currency"),
        currency=row.raw("currency"),
        type=kind,
        terms=row.text("terms"),
        order=row.identifier("order"),
        for_invoice=row.identifier("for_invoice"),
        payment_reference=row.identifier("reference"),
    )
