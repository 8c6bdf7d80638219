"""Text on its way out to CSV files that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def csv_safe(text: str) -> str:
    """The text with an apostrophe before it when a spreadsheet would take it for a formula; plain numbers stay.

    Source: OWASP, CSV injection (cells that start with = + - @ tab or a line end, also in their full-width forms).
    """
    if _NUMBER.fullmatch(text):
        return text
    starts = text.startswith(_FORMULA_START) or text.lstrip().startswith(_FORMULA_START)
    return f"'{text}" if starts else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV text (RFC 4180, lines end with CR LF) with every cell made safe for spreadsheets."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([csv_safe(cell) for cell in row] for row in rows)
    return buffer.getvalue()
