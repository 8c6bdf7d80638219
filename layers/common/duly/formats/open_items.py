"""A customer's own list of open items: a CSV or XLSX of numbers and amounts, as accounting programs export them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from duly.domain.open_items_list import MAX_THEIRS, TheirItem
from duly.formats.aliases import INVOICES
from duly.formats.columns import Columns
from duly.formats.decoding import check_size
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.recognise import is_xlsx, look_at
from duly.formats.records import Reject
from duly.formats.table import Rows, Table, csv_table, find_header

COLUMNS: Final = Columns(
    ("number", "amount", "currency", "issued", "due"),
    ("total",),
    essential=(("number",), ("amount",), ("currency",)),
    aliases={name: INVOICES[name] for name in ("number", "amount", "currency", "issued", "due", "total")},
    dates=("issued", "due"),
    amounts=("amount", "total"),
)


@dataclass(frozen=True, slots=True)
class OpenItemsList:
    """The rows of a list, those that could not be read, and how it was read."""

    items: tuple[TheirItem, ...]
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]


def read_open_items(name: str, data: bytes, currency: str) -> OpenItemsList:
    """Read a list; ``currency`` is that of its amounts when it has no such column.

    Raises FileProblem for a file that is no such table or has more than MAX_THEIRS rows.
    """
    check_size(data)
    rows = _rows(name, data, currency)
    items: list[TheirItem] = []
    rejects: list[Reject] = []
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        item = TheirItem(
            line=row.line,
            number=row.identifier("number", required=True, show=False),
            amount_minor=row.money("amount", "currency"),
            currency=row.raw("currency"),
            on=row.day("issued"),
            due=row.day("due"),
        )
        reject = row.reject()
        if reject is not None:
            rejects.append(reject)
        elif item.amount_minor:
            items.append(item)
        if len(items) + len(rejects) > MAX_THEIRS:
            raise FileProblem("too_large", f"expected a list of at most {MAX_THEIRS} rows, found more")
    return OpenItemsList(tuple(items), tuple(rejects), rows.notes)


def _rows(name: str, data: bytes, currency: str) -> Rows:
    table = _table(name, data, NO_PROFILE)
    if "currency" not in find_header(table, COLUMNS).mapped.places:
        table = _table(name, data, replace(NO_PROFILE, constants={"currency": currency}))
    return Rows(table, COLUMNS)


def _table(name: str, data: bytes, profile: Profile) -> Table:
    if is_xlsx(look_at(name, data)):
        from duly.formats.xlsx import xlsx_table

        return xlsx_table(data, [COLUMNS], profile)
    return csv_table(data, [COLUMNS], profile)
