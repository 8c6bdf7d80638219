"""What the readers of bank files made of lines share: decoding that a broken name does not stop, lines, dates."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

from duly.formats.decoding import check_nul, decode_as, detect_encoding
from duly.formats.problems import FileProblem

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
# Two-digit years from here on are of the last century: no bank file is older than the readers' first year.
_LAST_CENTURY_FROM: Final = 90


def decode_bank_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a bank file and notes on how it was read.

    Amounts, dates and references of these formats are ASCII, so bytes that fit no encoding (a letter cut in two at the
    end of a line, a code page of DOS) spoil single letters of names and texts; they are replaced and noted, for no
    entry may be lost for a name. Raises FileProblem for NUL bytes and UTF-32.
    """
    try:
        encoding = detect_encoding(data)
        return decode_as(data, encoding), () if encoding == "utf-8" else (f"encoding {encoding}",)
    except FileProblem as problem:
        check_nul(data)
        if problem.code != "encoding" or data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    return text, (f"{text.count(chr(0xFFFD))} letters of unknown encoding replaced",)


def split_lines(text: str) -> list[str]:
    """The lines of a text that end with CR LF, LF or CR; other separators are part of a line."""
    return _LINE_END.split(text)


def short_date(year: str, month: str, day: str) -> date | None:
    """The day of two-digit year, month and day; None when it is none.

    A day up to 31 that its month does not have is the month's last one: banks that count interest by months of 30 days
    value entries on 30 February.
    """
    if not (year + month + day).isdecimal():
        return None
    full_year = int(year) + (1900 if int(year) >= _LAST_CENTURY_FROM else 2000)
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return date(full_year, int(month), min(int(day), calendar.monthrange(full_year, int(month))[1]))
