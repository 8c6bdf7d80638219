"""Rows of a comma-separated file: header check, column counts, quotation marks that swallow rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from duly.domain.money import shortened
from duly.formats.decoding import decode
from duly.formats.fields import Row
from duly.formats.problems import FileProblem
from duly.formats.records import Reject

#: A quoted text may run over this many lines; more is a quotation mark that was never closed.
MAX_LINES_PER_ROW: Final = 50
#: Most lines of a file that is read whole.
MAX_LINES: Final = 400_000
#: Longest physical line.
MAX_LINE_CHARS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of file, by name. Required ones must be in the header, optional ones may be."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All columns."""
        return self.required + self.optional


def header_of(text: str) -> list[str]:
    """The column names of the first line, in small letters; empty when that line is no row of a CSV."""
    first = next(iter(io.StringIO(text, newline="")), "")[:MAX_LINE_CHARS]
    try:
        return [cell.strip().lower() for cell in next(csv.reader([first], strict=True), [])]
    except csv.Error:
        return []


def read_rows(data: bytes, columns: Columns) -> Iterator[Row | Reject]:
    """The rows of a file, each with its values by column, or as a reject when its columns cannot be told apart.

    Raises FileProblem for a file that is not UTF-8 or whose header is not the expected one. Empty rows are no rows.
    """
    text = decode(data)
    header = header_of(text)
    check_header(header, columns, text)
    lines = max(text.count("\n"), text.count("\r"))
    if lines > MAX_LINES:
        raise FileProblem("too_large", f"expected at most {MAX_LINES} lines, found {lines}; split the file")
    for line, cells, problem in _split(text, len(header)):
        if problem:
            yield Reject(line, "row", problem, _PROBLEMS[problem])
        elif line == 1 or not any(cell.strip() for cell in cells):
            continue
        elif len(cells) != len(header):
            yield Reject(line, "row", "columns", f"expected {len(header)} columns, found {len(cells)}")
        else:
            yield Row(line, dict(zip(header, cells, strict=True)))


def check_header(header: list[str], columns: Columns, text: str) -> None:
    """Refuse a header with missing, unknown or repeated columns, naming them and what was expected."""
    missing = [name for name in columns.required if name not in header]
    unknown = [shortened(name) for name in header if name not in columns.known]
    repeated = sorted({name for name in header if name in columns.known and header.count(name) > 1})
    if not (missing or unknown or repeated):
        return
    found = [
        f"{word}: {', '.join(names[:20])}"
        for word, names in (("missing", missing), ("unknown", unknown), ("repeated", repeated))
        if names
    ]
    optional = f" (optional: {','.join(columns.optional)})" if columns.optional else ""
    expected = f"expected the header {','.join(columns.required)}{optional}"
    hint = "; the columns seem to be separated by another character than a comma" if _other_separator(text) else ""
    raise FileProblem("header", f"{expected}; {'; '.join(found)}{hint}", line=1, field="header")


def _other_separator(text: str) -> bool:
    first = next(iter(io.StringIO(text)), "")
    return max(first.count(";"), first.count("\t"), first.count("|")) > first.count(",")


_PROBLEMS: Final = {
    "quote": "expected every quotation mark to be closed, found one that is not or that is followed by more text",
    "too_long": f"expected at most {MAX_LINE_CHARS} characters in a line, found more",
}


class _Source:
    """The physical lines, one by one, from a position that can be set back; stops a row that runs over too many."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0
        self.stop = 0

    def __iter__(self) -> _Source:
        return self

    def __next__(self) -> str:
        if self.position >= len(self.lines):
            raise StopIteration
        if self.position >= self.stop:
            raise csv.Error("a row runs over too many lines")
        self.position += 1
        return self.lines[self.position - 1]


def _split(text: str, width: int) -> Iterator[tuple[int, list[str], str]]:
    """Each row as (line of its start, cells, problem). After a bad quotation mark reading goes on at the next line."""
    source = _Source(list(io.StringIO(text, newline="")))
    reader = csv.reader(source, strict=True)
    while source.position < len(source.lines):
        start = source.position
        source.stop = start + MAX_LINES_PER_ROW
        problem, cells = "", list[str]()
        if len(source.lines[start]) > MAX_LINE_CHARS:
            problem = "too_long"
        else:
            try:
                cells = next(reader)
            except csv.Error:
                problem = "quote"
            if source.position - start > 1 and _swallowed_rows(cells, width):
                problem = "quote"
        if problem:
            source.position = start + 1
            reader = csv.reader(source, strict=True)
        yield start + 1, cells, problem


def _swallowed_rows(cells: list[str], width: int) -> bool:
    """Whether a cell holds a line with as many commas as a row: another row, swallowed by an open quotation mark."""
    several = (cell.splitlines() for cell in cells if "\n" in cell or "\r" in cell)
    return any(line.count(",") >= width - 1 for lines in several for line in lines)
