"""The customer file: one row for each contact, several rows of one id for a customer with several contacts."""

from __future__ import annotations

import re
from typing import Final

from duly.domain.money import MoneyError, exponent, parse_minor, shortened
from duly.formats.aliases import CUSTOMERS
from duly.formats.columns import Columns
from duly.formats.fields import MAX_NAME_CHARS, Row, one_line
from duly.formats.phones import international
from duly.formats.records import MAX_STREET_LINES, OWN_CUSTOMER_COLUMNS, CustomerRow, FileResult, Reject, file_result
from duly.formats.table import Rows, Table

COLUMNS: Final = Columns(
    OWN_CUSTOMER_COLUMNS,
    (
        "endpoint",
        "parent",
        "order_required",
        "terms_days",
        "credit_limit",
        "limit_currency",
        "external_score",
        "address",
        "postcode",
        "city",
        "phone",
    ),
    essential=(("id",), ("name",)),
    aliases=CUSTOMERS,
    amounts=("credit_limit", "external_score"),
    currency="limit_currency",
    lenient=("address", "postcode", "city", "phone"),
)
KINDS: Final = ("business", "consumer", "public")
ROLES: Final = ("billing", "dunning", "dispute", "management")
MAX_TERMS_DAYS: Final = 3650
WORST_SCORE: Final = 1000
_YES: Final = ("true", "yes", "1", "y", "x", "ja", "j", "oui", "o", "si", "sí", "s")
_NO: Final = ("false", "no", "0", "n", "nein", "non", "nee", "-")
_MOST_DECIMALS: Final = "CLF"  # a currency with as many decimals as any has
_DAYS: Final = re.compile(
    r"([0-9]{1,5})(?:[.,]0{1,2})? ?(?:d|days?|tagen?|jours?|giorni|d[ií]as?|dagen)?(?: net(?:to)?)?"
)


def read_customers(table: Table) -> FileResult:
    """The rows of a table of customers. Raises FileProblem when the file as a whole cannot be read."""
    records, rejects = list[CustomerRow](), list[Reject]()
    rows = Rows(table, COLUMNS)
    mapped = rows.header.mapped
    given = tuple(name for name in COLUMNS.known if name in mapped.places or name in mapped.constants)
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        customer = _customer(row, given)
        reject = row.reject()
        if reject is None:
            records.append(customer)
        else:
            rejects.append(reject)
    return file_result("customers", table.format, records, rejects, rows.notes)


def _customer(row: Row, given: tuple[str, ...]) -> CustomerRow:
    limit, currency = _limit(row)
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
        parent=row.identifier("parent"),
        order_required=_order_required(row),
        terms_days=_terms_days(row),
        credit_limit=limit,
        limit_currency=currency,
        external_permille=_external_score(row),
        address=_street(row),
        postcode=row.name("postcode"),
        city=row.name("city"),
        phone=_phone(row),
        given=given,
    )


def _street(row: Row) -> tuple[str, ...]:
    """The lines of the address above the town: those of the cell."""
    lines = tuple(line for line in map(one_line, row.text("address", MAX_NAME_CHARS).splitlines()) if line)
    if len(lines) > MAX_STREET_LINES:
        row.fail("address", "address_lines", f"expected at most {MAX_STREET_LINES} lines, found {len(lines)}")
    return lines


def _phone(row: Row) -> str:
    """The contact's telephone number in the international form."""
    found = international(row.raw("phone"), row.raw("country").upper())
    if found is None:
        reason = "expected a telephone number such as +49 40 123456 (or without +49 for a country that is known)"
        row.fail("phone", "phone_format", reason)
    return found or ""


def _order_required(row: Row) -> bool:
    value = row.raw("order_required").casefold()
    if value and value not in _YES + _NO:
        row.fail("order_required", "yes_or_no", f"expected yes or no, found {shortened(value)}")
    return value in _YES


def _terms_days(row: Row) -> int | None:
    """The agreed days to pay: a number, which may have the word for days behind it."""
    value = row.raw("terms_days")
    if not value:
        return None
    found = _DAYS.fullmatch(value.casefold())
    if found is None or int(found[1]) > MAX_TERMS_DAYS:
        reason = f"expected a whole number of days from 0 to {MAX_TERMS_DAYS}, found {shortened(value)}"
        row.fail("terms_days", "terms_days_range", reason)
        return None
    return int(found[1])


def _limit(row: Row) -> tuple[str, str]:
    """The agreed limit in machine form and its currency, "" for the creditor's."""
    currency = row.raw("limit_currency").upper()
    if currency:
        try:
            exponent(currency)
        except MoneyError as error:
            row.fail("limit_currency", error.code, error.reason)
            return "", ""
    value = row.raw("credit_limit")
    if not value:
        return "", currency
    minor = row.side_amount("credit_limit", currency or _MOST_DECIMALS)
    if minor is not None and minor < 0:
        row.fail("credit_limit", "limit_range", f"expected a limit of 0 or more, found {shortened(value)}")
    return value, currency


def _external_score(row: Row) -> int | None:
    if not row.raw("external_score"):
        return None
    thousandths = row.side_amount("external_score", _MOST_DECIMALS)
    if thousandths is None:
        return None
    score, rest = divmod(thousandths, parse_minor("1", _MOST_DECIMALS))
    if rest or not 0 <= score <= WORST_SCORE:
        value = shortened(row.raw("external_score"))
        reason = f"expected a whole number from 0 (best) to {WORST_SCORE} (worst), found {value}"
        row.fail("external_score", "external_score_range", reason)
        return None
    return score
