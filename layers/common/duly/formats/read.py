"""Any file to typed rows and rejects: the table of readers, and the JSON of `duly check`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, get_args

from duly.domain.cash_discount import CashDiscount
from duly.domain.money import format_minor, shortened
from duly.domain.remittance import RemittanceLine
from duly.formats import bank_csv, camt, customers_csv, invoices_csv, remittance_table
from duly.formats.bai2 import read_bai2
from duly.formats.cii import read_cii
from duly.formats.coda import read_coda
from duly.formats.columns import Columns
from duly.formats.decoding import check_bytes, check_size, is_wide
from duly.formats.ofx import read_ofx
from duly.formats.pdf import read_pdf
from duly.formats.policy_toml import read_policy
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.profile_toml import PROFILES, folder_of, kind_of, looks_like_profile, read_profile_file
from duly.formats.recognise import (
    UNSUPPORTED,
    Look,
    is_bai2,
    is_camt052,
    is_camt053,
    is_camt054,
    is_cii,
    is_coda,
    is_json,
    is_ofx,
    is_pdf,
    is_swift,
    is_ubl,
    is_xlsx,
    look_at,
)
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
from duly.formats.swift import read_swift
from duly.formats.table import Table, csv_table, find_header
from duly.formats.ubl import read_ubl


def _is_toml(look: Look) -> bool:
    return look.name.lower().endswith(".toml")


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: the kind of file that it gives, how it is recognised, and how it is read."""

    format: str
    kind: FileKind
    detect: Callable[[Look], bool]
    read: Callable[[bytes], FileResult]


#: Tried in order; a new format is a new line.
READERS: Final = (
    Reader("ubl", "invoices", is_ubl, read_ubl),
    Reader("cii", "invoices", is_cii, read_cii),
    Reader("pdf", "invoices", is_pdf, read_pdf),
    Reader("camt053", "statement", is_camt053, camt.reader(camt.STATEMENT)),
    Reader("camt052", "statement", is_camt052, camt.reader(camt.REPORT)),
    Reader("camt054", "statement", is_camt054, camt.reader(camt.NOTIFICATION)),
    Reader("bai2", "statement", is_bai2, read_bai2),
    Reader("ofx", "statement", is_ofx, read_ofx),
    Reader("mt940", "statement", is_swift, read_swift),
    Reader("coda", "statement", is_coda, read_coda),
    Reader("toml", "policy", _is_toml, read_policy),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of file that may come as a table: its columns and how its rows are read."""

    kind: FileKind
    columns: Columns
    read: Callable[[Table], FileResult]


#: The kinds of tables. A table of an unknown kind is what its header fits best, the earlier one in doubt.
SHAPES: Final = (
    Shape("customers", customers_csv.COLUMNS, customers_csv.read_customers),
    Shape("invoices", invoices_csv.COLUMNS, invoices_csv.read_invoices),
    Shape("statement", bank_csv.COLUMNS, bank_csv.read_bank_table),
)

#: Remittance advices have no folder of their own: they are taken under `statements/`.
REMITTANCE: Final = Shape("remittance", remittance_table.COLUMNS, remittance_table.read_remittance)

#: Bytes at the start of a large CSV that tell its layout.
HEAD_BYTES: Final = 64 * 1024

_KINDS: Final[dict[str, FileKind]] = {kind: kind for kind in get_args(FileKind)} | {"statements": "statement"}


def read_file(name: str, data: bytes, kind: str | None = None, profile: Profile = NO_PROFILE) -> FileResult:
    """Read a file as the functions do.

    `kind` is what the file should hold (customers, invoices, statement); without it the first folder of the name tells
    (`invoices/2026/a.xml`), else the content. `profile` settles what a table calls its columns and how it writes
    values. Never raises for bad content: what cannot be read becomes a reject.
    """
    stated = kind or profile.kind or name.lstrip("/").partition("/")[0]
    expected = _KINDS.get(stated.strip().lower())
    look = look_at(name, data)
    if name.startswith(PROFILES) or (_is_toml(look) and expected is None and looks_like_profile(look.head)):
        return read_profile_file(data, kind_of(folder_of(name)))
    reader = next((reader for reader in READERS if reader.detect(look)), None)
    if reader is None and expected == "policy" and not _table_format(look):
        reader = next(reader for reader in READERS if reader.kind == "policy")
    try:
        check_size(data)
        if reader is None:
            return _read_table(data, look, expected, profile)
        if expected in _UPLOADS and reader.kind != expected:
            raise _wrong_kind(expected, reader.kind)
        return reader.read(data)
    except FileProblem as problem:
        format = reader.format if reader else _format_of(look, expected)
        return file_result(expected or (reader.kind if reader else "unknown"), format, (), (problem.as_reject(),))


_UPLOADS: Final[dict[FileKind | None, str]] = {
    "customers": "a customer file",
    "invoices": "an invoice file",
    "statement": "a bank statement",
    "policy": "a credit policy",
}


def _wrong_kind(expected: FileKind | None, found: FileKind) -> FileProblem:
    return FileProblem("wrong_kind", f"expected {_UPLOADS[expected]}, found {_UPLOADS[found]}")


def _table_format(look: Look) -> str:
    return "xlsx" if is_xlsx(look) else "json" if is_json(look) else ""


def _format_of(look: Look, expected: FileKind | None) -> str:
    """The format named in the result of a file that could not be read."""
    named = _table_format(look) or _unsupported_format(look)
    fallback = "csv" if any(shape.kind == expected for shape in SHAPES) and not look.starts(b"<") else "unknown"
    return named or ("xml" if look.root else fallback)


def _read_table(data: bytes, look: Look, expected: FileKind | None, profile: Profile) -> FileResult:
    """Read a table of the expected kind, or of the kind that its header fits."""
    candidates = _candidates(expected)
    format = _table_format(look)
    if format == "xlsx":
        from duly.formats.xlsx import xlsx_table

        table = xlsx_table(data, candidates, profile)
    elif format == "json":
        from duly.formats.json_table import json_table

        table = json_table(data, profile)
    elif _unsupported_format(look) or look.starts(b"<"):
        raise _refusal(data, look, expected)
    else:
        table = csv_table(data, candidates, profile)
    result = _expected_shape(table, data, look, expected).read(table)
    return replace(result, notes=(*profile_note(profile), *result.notes))


def profile_note(profile: Profile) -> tuple[str, ...]:
    """Which profile settled how a table was read, if one did."""
    return (f"profile {profile.name}",) if profile.name else ()


def _candidates(expected: FileKind | None) -> list[Columns]:
    found = [shape.columns for shape in SHAPES if expected in (None, "unknown", shape.kind)]
    also = [REMITTANCE.columns] if expected in _WITH_REMITTANCES else []
    return [*found, *also] or [shape.columns for shape in SHAPES]


_WITH_REMITTANCES: Final = (None, "unknown", "statement", "remittance")


def _is_remittance(table: Table, expected: FileKind | None) -> bool:
    """Whether a table lists invoices with what is paid of them, and is nothing else.

    Only where one may be. The amount must be called paid; in a folder of statements any amount will do if the table has
    fewer columns of a statement than of an advice. What is called paid there is no table of customers or invoices.
    """
    if expected not in _WITH_REMITTANCES:
        return False
    mapped = find_header(table, REMITTANCE.columns).mapped
    if not mapped.good or expected == "remittance":
        return mapped.good
    fits = {shape.kind: _fit(table, shape) for shape in SHAPES}
    is_paid = "paid" in mapped.places
    is_said = is_paid or (expected == "statement" and fits["statement"][3] < len(mapped.places))
    others = [fits["statement"]] if is_paid and expected == "statement" else list(fits.values())
    return is_said and not any(complete for _, _, complete, _ in others)


def _expected_shape(table: Table, data: bytes, look: Look, expected: FileKind | None) -> Shape:
    shape = REMITTANCE if _is_remittance(table, expected) else _shape_of(table, expected)
    if shape is REMITTANCE:
        return shape
    if shape is None:
        raise _refusal(data, look, expected)
    if expected in _UPLOADS and shape.kind != expected:
        raise _wrong_kind(expected, shape.kind)
    return shape


def is_plain_csv(name: str, head: bytes, kind: str) -> bool:
    """Whether a file, by its start, is read as a CSV of one byte for each ASCII character, with line feeds."""
    look = look_at(name, head)
    other = any(reader.detect(look) for reader in READERS) or _table_format(look) or _unsupported_format(look)
    known = any(shape.kind == _KINDS.get(kind) for shape in SHAPES)
    return known and not other and not look.starts(b"<") and not is_wide(head) and b"\n" in head


def csv_layout(name: str, head: bytes, kind: str, profile: Profile) -> tuple[Shape, Table]:
    """The table at the start of a CSV file and how its rows are read. Raises FileProblem as for the whole file."""
    expected = _KINDS.get(profile.kind or kind)
    table = csv_table(head, _candidates(expected), profile)
    return _expected_shape(table, head, look_at(name, head), expected), table


def _shape_of(table: Table, expected: FileKind | None) -> Shape | None:
    """The expected shape, or another one that the header fits alone or much better; None when nothing is expected and
    nothing fits."""
    fits = [(_fit(table, shape), -index, shape) for index, shape in enumerate(SHAPES)]
    (likely, whole, complete, columns), _, best = max(fits, key=lambda fit: fit[:2])
    wanted = next((shape for shape in SHAPES if shape.kind == expected), None)
    if wanted is None:
        (*_, most), _, fullest = max(fits, key=lambda fit: (fit[0][3], fit[1]))
        if not likely and most >= max(2 * columns, 3):  # it lacks something, which its rejects will name
            return fullest
        return best if whole or likely or complete else None
    fit = _fit(table, wanted)
    lacking = fit[3] >= max(2 * columns, 3)  # the expected one but for something, as above
    other = whole and not fit[0] and (not fit[1] or columns >= 2 * fit[3]) and not lacking
    return best if other else wanted


def _fit(table: Table, shape: Shape) -> tuple[bool, bool, bool, int]:
    """Whether a header has more than half of a kind's own columns, whether its rows can be read, whether nothing
    essential is missing, and how many columns it has."""
    mapped = find_header(table, shape.columns).mapped
    return 2 * mapped.exact > len(shape.columns.required), mapped.good, not mapped.missing, len(mapped.places)


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


def _record(record: CustomerRow | InvoiceRow | Statement | RemittanceLine) -> dict[str, Any]:
    if isinstance(record, InvoiceRow):
        return _invoice(record)
    if isinstance(record, RemittanceLine):
        return _remittance(record)
    return _customer(record) if isinstance(record, CustomerRow) else _statement(record)


def _customer(row: CustomerRow) -> dict[str, Any]:
    """A value of which the file does not speak is left out."""
    shown = asdict(row)
    shown |= {"external_score": row.external_permille, "given": list(row.given)}
    del shown["external_permille"]
    return {name: value for name, value in shown.items() if name not in _UNSAID or row.says(name)}


#: Optional columns of customers: shown only when the file has them.
_UNSAID: Final = frozenset(customers_csv.COLUMNS.optional) - {"endpoint"}


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


def _remittance(line: RemittanceLine) -> dict[str, Any]:
    return {
        "line": line.line,
        "number": line.number,
        "paid": format_minor(line.paid_minor, line.currency),
        "currency": line.currency,
        "reference": line.reference,
        "date": line.on.isoformat() if line.on else None,
        "customer": {"id": line.customer, "name": line.name},
    }


def _statement(statement: Statement) -> dict[str, Any]:
    def balance(minor: int | None) -> str | None:
        return None if minor is None else format_minor(minor, statement.currency)

    return {
        "account": statement.account,
        "reference": statement.reference,
        "number": statement.number,
        "currency": statement.currency,
        "opening": balance(statement.opening_minor),
        "opening_date": statement.opening_date.isoformat() if statement.opening_date else None,
        "closing": balance(statement.closing_minor),
        "closing_date": statement.closing_date.isoformat() if statement.closing_date else None,
        "final": statement.is_final,
        "entries": [_entry(entry) for entry in statement.entries],
    }


def _entry(entry: BankEntry) -> dict[str, Any]:
    def amount(minor: int) -> str:
        return format_minor(minor, entry.currency)

    return {
        "line": entry.line,
        "booked": entry.booked.isoformat(),
        "value": entry.value.isoformat(),
        "amount": amount(entry.amount_minor),
        "currency": entry.currency,
        "counterparty": {"name": entry.counterparty_name, "account": entry.counterparty_account},
        "remittance": entry.remittance,
        "structured_reference": entry.structured_reference,
        "end_to_end_id": entry.end_to_end_id,
        "bank_reference": entry.bank_reference,
        "batch_reference": entry.batch_reference,
        "reversal": entry.reversal,
        "code": entry.code,
        "return_reason": entry.return_reason,
        "charges": amount(entry.charges_minor),
        "instructed": _instructed(entry.instructed),
        "documents": [
            {"number": number, "amount": None if minor is None else amount(minor)} for number, minor in entry.documents
        ],
    }


def _instructed(instructed: tuple[int, str] | None) -> dict[str, str] | None:
    """What the payer ordered, where it was another currency."""
    return {"amount": format_minor(*instructed), "currency": instructed[1]} if instructed else None
