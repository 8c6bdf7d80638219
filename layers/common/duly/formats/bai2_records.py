"""BAI2: physical lines to logical records, and the fields of records.

Facts: Cash Management Balance Reporting Specifications, version 2 (BAI, now ASC X9). A record is a line of fields
between commas that ends with "/"; 88 lines continue the record before them. The text of a 16 record runs to the end of
its line, so it may hold commas and slashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from duly.formats.problems import FileProblem
from duly.formats.table import MAX_LINE_CHARS, MAX_LINES

#: Most values on an account's 03 record, its continuations included.
MAX_VALUES: Final = 2_000
# More fields that stand behind a funds type: immediate, one-day and later amounts; value date and time. "D" says itself
# how many pairs of days and amount follow.
_FUNDS: Final = {"": 0, "0": 0, "1": 0, "2": 0, "Z": 0, "S": 3, "V": 2}
_TYPE_CODE: Final = re.compile(r"[0-9]{3}")
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]+)")
MAX_DISTRIBUTIONS: Final = 100
MAX_AMOUNT_DIGITS: Final = 18


@dataclass(slots=True)
class Record:
    """A logical record: its code, its line, what stands behind the code, and the lines that continue it."""

    code: str
    line: int
    content: str
    more: list[str] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Physical lines."""
        return 1 + len(self.more)

    @property
    def fields(self) -> list[str]:
        """All fields but the code, those of its continuations behind them."""
        return [one for content in (self.content, *self.more) for one in split_fields(content)]


@dataclass(frozen=True, slots=True)
class Value:
    """One status or summary of an account."""

    type: str
    amount: str
    count: str


@dataclass(frozen=True, slots=True)
class Detail:
    """The fields of a 16 record. `value_date` is that of a value-dated amount, YYMMDD."""

    type: str
    amount: str
    value_date: str
    bank_reference: str
    customer_reference: str
    text: str


def split_records(text: str) -> list[Record]:
    """The records of a file. Empty lines are no lines."""
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise FileProblem("too_large", f"expected at most {MAX_LINES} lines, found {len(lines)}")
    records = list[Record]()
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_CHARS:
            raise FileProblem("too_long", f"expected at most {MAX_LINE_CHARS} characters in a line", line=number)
        if not line.strip():
            continue
        code, _, content = line.lstrip().partition(",")
        if code.startswith("88") and records:  # some banks write 88: where the text has no comma
            records[-1].more.append(line.lstrip()[3:])
        else:
            records.append(Record(code.strip().rstrip("/"), number, content))
    return records


def split_fields(content: str) -> list[str]:
    """The fields of a line that holds no text."""
    return [one.strip() for one in content.rstrip().removesuffix("/").split(",")]


def read_amount(text: str) -> int | None:
    """An amount in minor units, None if it is not one."""
    found = _AMOUNT.fullmatch(text)
    if found is None or len(found[2].lstrip("0")) > MAX_AMOUNT_DIGITS:
        return None
    return -int(found[2]) if found[1] == "-" else int(found[2])


def account_values(record: Record) -> tuple[str, str, list[Value]]:
    """Account number, currency and values of a 03 record.

    Banks end lines with more or fewer empty fields than the standard has, so empty ones are passed over where a type
    code must stand, and a continuation that begins with a type code begins a value.
    """
    number, currency, *first = [*split_fields(record.content), "", ""]
    values = list[Value]()
    pending = list[str]()
    for fields in (first, *(split_fields(content) for content in record.more)):
        if len(pending) >= 2 and fields and _TYPE_CODE.fullmatch(fields[0]):
            values.append(_value(pending))
            pending = []
        for one in fields:
            if pending or one:
                pending.append(one)
            if len(pending) >= 4 and len(pending) == 4 + _more_fields(pending[3:]):
                values.append(_value(pending))
                pending = []
    if len(pending) >= 2:
        values.append(_value(pending))
    if len(values) > MAX_VALUES:
        raise FileProblem(
            "too_large", f"expected at most {MAX_VALUES} values of an account, found more", line=record.line
        )
    return number, currency, values


def _value(fields: list[str]) -> Value:
    return Value(fields[0], fields[1], fields[2] if len(fields) > 2 else "")


def _more_fields(funds: list[str]) -> int:
    """How many fields belong to a funds type, which is the first of these; unknown ones have none."""
    if funds[0].upper() != "D":
        return _FUNDS.get(funds[0].upper(), 0)
    count = funds[1] if len(funds) > 1 else ""
    if len(funds) == 1:
        return 1  # the count itself comes first
    return 1 + 2 * min(int(count), MAX_DISTRIBUTIONS) if count.isascii() and count.isdigit() else 1


def detail_fields(record: Record) -> Detail:
    """The fields of a 16 record. Its text is what stands behind the customer's reference, and all further lines."""
    parts = record.content.split(",")
    more = list(record.more)
    while True:
        wanted = _fields_before_text(parts)
        if len(parts) >= wanted or not _continues_fields(parts, more, wanted):
            break
        parts[-1] = parts[-1].rstrip().removesuffix("/")
        parts += more.pop(0).split(",")
    if len(parts) <= wanted:  # without text, so that the slash is the record's end
        parts[-1] = parts[-1].rstrip().removesuffix("/")
    parts += [""] * (wanted + 1 - len(parts))
    text = ",".join(parts[wanted:])
    head = [one.strip() for one in parts[:wanted]]
    is_value_dated = head[2].upper() == "V"
    return Detail(
        type=head[0],
        amount=head[1],
        value_date=head[3] if is_value_dated else "",
        bank_reference=head[-2],
        customer_reference=head[-1],
        text="\n".join(line for one in (text, *more) if (line := one.strip().removesuffix("/").rstrip())),
    )


def _fields_before_text(parts: list[str]) -> int:
    """Type, amount and funds type with its fields, the bank's reference and the customer's."""
    funds = [one.strip().removesuffix("/") for one in parts[2:]] or [""]
    return 3 + _more_fields(funds) + 2


def _continues_fields(parts: list[str], more: list[str], wanted: int) -> bool:
    """Whether the next line brings the fields that are still missing, rather than text."""
    missing = wanted - len(parts)
    return bool(more) and missing > 0 and (more[0].count(",") >= missing or more[0].rstrip().endswith("/"))
