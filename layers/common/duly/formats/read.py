"""Any file to typed rows and rejects: the table of readers, and the JSON of `duly check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, get_args

from duly.domain.money import format_minor, shortened
from duly.domain.terms import CashDiscount
from duly.formats import bank_csv, customers_csv, invoices_csv
from duly.formats.camt053 import read_camt053
from duly.formats.cii import read_cii
from duly.formats.decoding import check_bytes, check_size
from duly.formats.pdf import read_pdf
from duly.formats.policy_toml import read_policy
from duly.formats.problems import FileProblem
from duly.formats.recognise import UNSUPPORTED, Look, is_camt053, is_cii, is_pdf, is_ubl, look_at
from duly.formats.records import (
    BankEntry,
    CustomerRow,
    FileKind,
    FileResult,
    InvoiceRow,
    Reject,
    Statement,
    file_result,
)
from duly.formats.table import Columns
from duly.formats.ubl import read_ubl


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: the kind of file that it gives, how it is recognised, and how it is read.

    A reader that is the `fallback` of its kind also takes text that nothing recognises, to say what is wrong with it.
    """

    format: str
    kind: FileKind
    detect: Callable[[Look], bool]
    read: Callable[[bytes], FileResult]
    fallback: bool = False


def _header_like(columns: Columns) -> Callable[[Look], bool]:
    """Detects a CSV whose header has more than half of a kind's required columns."""
    return lambda look: 2 * len(set(columns.required) & set(look.header)) > len(columns.required)


#: Tried in order; a new format is a new line.
READERS: Final = (
    Reader("ubl", "invoices", is_ubl, read_ubl),
    Reader("cii", "invoices", is_cii, read_cii),
    Reader("pdf", "invoices", is_pdf, read_pdf),
    Reader("camt053", "statement", is_camt053, read_camt053),
    Reader("csv", "customers", _header_like(customers_csv.COLUMNS), customers_csv.read_customers, fallback=True),
    Reader("csv", "invoices", _header_like(invoices_csv.COLUMNS), invoices_csv.read_invoices, fallback=True),
    Reader("csv", "statement", _header_like(bank_csv.COLUMNS), bank_csv.read_bank_csv, fallback=True),
    Reader("toml", "policy", lambda look: look.name.lower().endswith(".toml"), read_policy, fallback=True),
)

_KINDS: Final[dict[str, FileKind]] = {kind: kind for kind in get_args(FileKind)} | {"statements": "statement"}


def read_file(name: str, data: bytes, kind: str | None = None) -> FileResult:
    """Read a file as the functions do.

    `kind` is what the file should hold (customers, invoices, statement); without it the first folder of the name tells
    (`invoices/2026/a.xml`), else the content. Never raises for bad content: what cannot be read becomes a reject.
    """
    expected = _KINDS.get((kind or name.lstrip("/").partition("/")[0]).strip().lower())
    look = look_at(name, data)
    reader = _reader_for(look, expected)
    try:
        check_size(data)
        if reader is None:
            raise _refusal(data, look, expected)
        if expected in _UPLOADS and reader.kind != expected:
            raise FileProblem("wrong_kind", f"expected {_UPLOADS[expected]}, found {_UPLOADS[reader.kind]}")
        return reader.read(data)
    except FileProblem as problem:
        format = reader.format if reader else _unsupported_format(look) or ("xml" if look.root else "unknown")
        return file_result(expected or (reader.kind if reader else "unknown"), format, (), (problem.as_reject(),))


_UPLOADS: Final[dict[FileKind | None, str]] = {
    "customers": "a customer file",
    "invoices": "an invoice file",
    "statement": "a bank statement",
    "policy": "a credit policy",
}


def _reader_for(look: Look, expected: FileKind | None) -> Reader | None:
    """The reader that recognises the content; other text goes to the fallback of the expected kind."""
    found = [reader for reader in READERS if reader.detect(look)]
    matching = [reader for reader in found if reader.kind == expected]
    if matching or found:
        return (matching or found)[0]
    if _unsupported_format(look) or look.starts(b"<"):
        return None
    return next((reader for reader in READERS if reader.fallback and reader.kind == expected), None)


def _unsupported_format(look: Look) -> str:
    return next((known.format for known in UNSUPPORTED if known.detect(look)), "")


def _refusal(data: bytes, look: Look, expected: FileKind | None) -> FileProblem:
    """Why no reader takes the file."""
    wanted = _UPLOADS.get(expected, "a customer file, invoice file or bank statement")
    for known in UNSUPPORTED:
        if known.detect(look):
            return FileProblem("unsupported_format", f"expected {wanted} in a supported format, found {known.called}")
    if look.root:
        reason = f"expected {wanted} in a supported format, found XML with the root {shortened(look.root)}"
        return FileProblem("unsupported_format", reason)
    check_bytes(data)
    return FileProblem("unsupported_format", f"expected {wanted} in a supported format, found none that is known")


def to_json(result: FileResult, file: str = "") -> dict[str, Any]:
    """The object that `duly check --json` prints for a file: amounts as strings, dates ISO."""
    return {
        "file": file,
        "kind": result.kind,
        "format": result.format,
        "rows": result.rows_in,
        "amounts": {currency: format_minor(minor, currency) for currency, minor in sorted(result.amounts_in.items())},
        "notes": list(result.notes),
        "records": [_record(record) for record in result.records],
        "rejects": [_reject(reject) for reject in result.rejects],
    }


def _reject(reject: Reject) -> dict[str, Any]:
    shown: dict[str, Any] = {"line": reject.line, "field": reject.field, "code": reject.code, "reason": reject.reason}
    if reject.amount_minor is not None and reject.currency:
        shown |= {"amount": format_minor(reject.amount_minor, reject.currency), "currency": reject.currency}
    return shown


def _record(record: CustomerRow | InvoiceRow | Statement) -> dict[str, Any]:
    if isinstance(record, InvoiceRow):
        return _invoice(record)
    return _customer(record) if isinstance(record, CustomerRow) else _statement(record)


def _customer(row: CustomerRow) -> dict[str, Any]:
    return asdict(row)


def _invoice(row: InvoiceRow) -> dict[str, Any]:
    buyer = row.buyer
    return {
        "line": row.line,
        "number": row.number,
        "type": row.type,
        "issued": row.issued.isoformat(),
        "due": row.due.isoformat() if row.due else None,
        "due_source": row.due_source,
        "currency": row.currency,
        "total": format_minor(row.amount_minor if row.total_minor is None else row.total_minor, row.currency),
        "payable": format_minor(row.amount_minor, row.currency),
        "customer": {
            "name": buyer.name,
            "id": buyer.id,
            "vat_id": buyer.vat_id,
            "endpoint": buyer.endpoint,
            "email": buyer.email,
            "country": buyer.country,
        },
        "seller": {"name": row.seller_name, "vat_id": row.seller_vat_id},
        "payment": {"iban": row.payment_iban, "reference": row.payment_reference},
        "means": row.means,
        "prepaid": None if row.prepaid_minor is None else format_minor(row.prepaid_minor, row.currency),
        "instalments": [
            {"due": day.isoformat(), "amount": format_minor(minor, row.currency)} for day, minor in row.instalments
        ],
        "discounts": [{"days": one.days, "percent": format_percent(one)} for one in row.discounts],
        "order": row.order,
        "for_invoice": row.for_invoice,
        "terms": row.terms,
        "lines": row.lines,
        "notes": list(row.notes),
    }


def format_percent(discount: CashDiscount) -> str:
    """A percentage as text: 250 hundredths -> "2.50"."""
    return f"{discount.percent_hundredths // 100}.{discount.percent_hundredths % 100:02}"


def _statement(statement: Statement) -> dict[str, Any]:
    def balance(minor: int | None) -> str | None:
        return None if minor is None else format_minor(minor, statement.currency)

    return {
        "account": statement.account,
        "reference": statement.reference,
        "currency": statement.currency,
        "opening": balance(statement.opening_minor),
        "closing": balance(statement.closing_minor),
        "closing_date": statement.closing_date.isoformat() if statement.closing_date else None,
        "entries": [_entry(entry) for entry in statement.entries],
    }


def _entry(entry: BankEntry) -> dict[str, Any]:
    return {
        "line": entry.line,
        "booked": entry.booked.isoformat(),
        "value": entry.value.isoformat(),
        "amount": format_minor(entry.amount_minor, entry.currency),
        "currency": entry.currency,
        "counterparty": {"name": entry.counterparty_name, "account": entry.counterparty_account},
        "remittance": entry.remittance,
        "structured_reference": entry.structured_reference,
        "end_to_end_id": entry.end_to_end_id,
        "bank_reference": entry.bank_reference,
        "reversal": entry.reversal,
    }
