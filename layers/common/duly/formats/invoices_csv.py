"""The invoice file of the creditor's own books: one row for each invoice or credit note."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, get_args

from duly.domain.cash_discount import CashDiscount
from duly.formats.aliases import INVOICES, MEANS_WORDS, TYPE_WORDS
from duly.formats.columns import Columns, key_of
from duly.formats.einvoice import flags
from duly.formats.fields import Row
from duly.formats.records import Buyer, DueSource, FileResult, InvoiceRow, InvoiceType, Reject, file_result
from duly.formats.table import Rows, Table

COLUMNS: Final = Columns(
    ("number", "customer", "issued", "due", "amount", "currency", "type", "terms", "order"),
    ("for_invoice", "reference", "total", "name", "vat_id", "email", "country", "delivered", "means", "status"),
    essential=(("number",), ("customer", "name"), ("issued",), ("amount",), ("currency",)),
    aliases=INVOICES,
    dates=("issued", "due", "delivered"),
    amounts=("amount", "total"),
)
TYPES: Final[tuple[InvoiceType, ...]] = get_args(InvoiceType)
_MEANS_OF_WORD: Final[dict[str, str]] = {word: name for name, words in MEANS_WORDS.items() for word in words.split()}
_TYPE_OF_WORD: Final[dict[str, str]] = {word: name for name, words in TYPE_WORDS.items() for word in words.split()}


def read_invoices(table: Table) -> FileResult:
    """The rows of a table of invoices. Raises FileProblem when the file as a whole cannot be read."""
    records, rejects = list[InvoiceRow](), list[Reject]()
    rows = Rows(table, COLUMNS)
    types = {key_of(word): name for word, name in table.profile.types.items()}
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        invoice = _invoice(row, types)
        reject = row.reject()
        if reject is None:
            records.append(invoice)
        else:
            rejects.append(reject)
    return file_result("invoices", table.format, records, rejects, rows.notes)


def _invoice(row: Row, types: Mapping[str, str]) -> InvoiceRow:
    name, vat_id = row.name("name"), row.identifier("vat_id", show=False)
    issued = row.day("issued", required=True)
    due, terms = row.day("due"), row.text("terms")
    amount_minor = row.money("amount", "currency")
    reference = row.identifier("reference")
    said, discounts, means = _terms(terms, issued)
    due_source: DueSource = "stated" if due else "terms_text" if said else "default"
    return InvoiceRow(
        line=row.line,
        number=row.identifier("number", required=True),
        buyer=Buyer(
            id=row.identifier("customer", required=not name),
            name=name,
            vat_id=vat_id,
            email=row.email("email"),
            country=row.country("country"),
        ),
        issued=issued or date.min,
        due=due or said,
        due_source=due_source,
        amount_minor=amount_minor,
        currency=row.raw("currency"),
        type=invoice_type(row, types),
        terms=terms,
        order=row.identifier("order"),
        for_invoice=row.identifier("for_invoice"),
        payment_reference=reference,
        total_minor=row.side_amount("total", row.currency) if row.currency and row.raw("total") else None,
        delivered=row.day("delivered"),
        discounts=discounts,
        means=_MEANS_OF_WORD.get(key_of(row.raw("means")), "other") if row.raw("means") else means,
        notes=tuple(flags("", reference, vat_id)),
    )


def _terms(text: str, issued: date | None) -> tuple[date | None, tuple[CashDiscount, ...], str]:
    """The due date, the cash discounts and the means of payment that the terms name in words."""
    if not text or issued is None:
        return None, (), ""
    from duly.domain.terms import means_in_words, read_terms

    said = read_terms(text, issued)
    return said.due, said.discounts, means_in_words(text)


def invoice_type(row: Row, types: Mapping[str, str]) -> InvoiceType:
    """The type of a row: Duly's own word, one that exports use, or one that the profile explains. A status that says
    so makes it a cancellation; no other status says anything that Duly uses."""
    status = row.raw("status")
    if status and _TYPE_OF_WORD.get(key_of(status)) == "cancellation":
        return "cancellation"
    word = row.raw("type")
    if not word or (word in TYPES and not types):
        return next((name for name in TYPES if name == word), "invoice")
    word = key_of(word)
    known = types.get(word) or _TYPE_OF_WORD.get(word)
    found = known or row.choice("type", TYPES, "invoice")
    return next((name for name in TYPES if name == found), "invoice")
