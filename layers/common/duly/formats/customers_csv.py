"""The customer file: one row for each contact, several rows of one id for a customer with several contacts."""

from __future__ import annotations

from typing import Final

from duly.formats.aliases import CUSTOMERS
from duly.formats.columns import Columns
from duly.formats.fields import Row
from duly.formats.records import CustomerRow, FileResult, Reject, file_result
from duly.formats.table import Rows, Table

COLUMNS: Final = Columns(
    ("id", "name", "country", "language", "timezone", "kind", "vat_id", "email", "role", "scenario"),
    ("endpoint",),
    essential=(("id",), ("name",)),
    aliases=CUSTOMERS,
)
KINDS: Final = ("business", "consumer", "public")
ROLES: Final = ("billing", "dunning", "dispute", "management")


def read_customers(table: Table) -> FileResult:
    """The rows of a table of customers. Raises FileProblem when the file as a whole cannot be read."""
    records, rejects = list[CustomerRow](), list[Reject]()
    rows = Rows(table, COLUMNS)
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        customer = _customer(row)
        reject = row.reject()
        if reject is None:
            records.append(customer)
        else:
            rejects.append(reject)
    return file_result("customers", table.format, records, rejects, rows.notes)


def _customer(row: Row) -> CustomerRow:
    return CustomerRow(
        line=row.line,
        id=row.identifier("id", required=True),
        name=row.name("name", required=True),
        country=row.country("country"),
        language=row.language("language"),
        timezone=row.timezone("timezone"),
        kind=row.choice("kind", KINDS),
        vat_id=row.identifier("vat_id", show=False),
        email=row.email("email"),
        role=row.choice("role", ROLES),
        scenario=row.identifier("scenario"),
        endpoint=row.identifier("endpoint", show=False),
    )
