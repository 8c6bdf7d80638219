"""Bank statements as the readers give them, and a twin stack that takes them without any file format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from unittest import mock

from duly.domain import codec
from duly.flows import statements
from duly.formats.records import BankEntry, FileResult, Statement, file_result
from tests.core_samples import MONDAY

ACCOUNT = "DE89370400440532013000"


def entry(amount_minor: int = 10_000, text: str = "INV-1", reference: str = "", **changes: Any) -> BankEntry:
    """Money in on Monday, unless it is changed."""
    found = BankEntry(0, MONDAY, MONDAY, amount_minor, "EUR", "Payer", "", text, "", "", reference, False)
    found = replace(found, **changes)
    return replace(found, value=found.booked) if "value" not in changes else found


def statement(entries: Sequence[BankEntry], opening: int | None = None, **changes: Any) -> Statement:
    """A final statement of these entries; with an opening balance, its closing balance follows."""
    numbered = tuple(replace(one, line=number + 1) for number, one in enumerate(entries))
    closing = None if opening is None else opening + sum(one.amount_minor for one in entries)
    last: date | None = max((one.booked for one in entries), default=None)
    found = Statement(ACCOUNT, "", "EUR", opening, closing, last if closing is not None else None, numbered)
    return replace(found, **changes)


def as_file(*found: Statement, format: str = "camt053") -> bytes:
    """The bytes of a file that `any_format` reads."""
    lines = 0
    numbered = []
    for one in found:
        numbered.append(replace(one, entries=tuple(replace(e, line=lines + n + 1) for n, e in enumerate(one.entries))))
        lines += len(one.entries)
    return json.dumps({"format": format, "statements": [codec.encode(one) for one in numbered]}).encode()


def _read(name: str, data: bytes, **ignored: Any) -> FileResult:
    del name, ignored
    found = json.loads(data)
    return file_result("statement", found["format"], [codec.decode(Statement, one) for one in found["statements"]], ())


@contextmanager
def any_format() -> Iterator[None]:
    """Read the files of `as_file` instead of a bank's."""
    with mock.patch.object(statements, "read_file", _read):
        yield
