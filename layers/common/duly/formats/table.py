"""Tables of any source: the header that names columns, then rows whose dates and amounts are brought to one form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from duly.domain.money import shortened
from duly.formats.columns import Columns, Mapped, header_problem, map_columns, mapping_note, shortened_name
from duly.formats.decoding import decode_as, detect_encoding
from duly.formats.fields import Row
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, SEPARATORS, Profile
from duly.formats.records import Reject
from duly.formats.styles import (
    DATE_WORDS,
    AmountVotes,
    DateVotes,
    Styles,
    iso_date,
    machine_number,
)

#: A quoted text may run over this many lines; more is a quotation mark that was never closed.
MAX_LINES_PER_ROW: Final = 50
#: Most lines of a file that is read whole.
MAX_LINES: Final = 400_000
#: Longest physical line.
MAX_LINE_CHARS: Final = 100_000
#: Rows at the start among which the header may be.
MAX_HEADER_ROWS: Final = 20

Cells = tuple[int, Sequence[str], str]  # line, cells, code of a problem or ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a source.

    `rows` starts anew at each call, with the width of the header; a row is (line, cells, code of a problem or "").
    `typed` sources write numbers in machine form, so a comma or point needs no proof. `heads` are the first rows, among
    which the header is; `notes` say what was detected.
    """

    format: str
    rows: Callable[[int], Iterator[Cells]]
    notes: tuple[str, ...] = ()
    typed: bool = False
    first_line: str = ""
    separator: str = ""
    profile: Profile = NO_PROFILE
    heads: tuple[Cells, ...] = field(default=())


def table_of(
    format: str, rows: Callable[[int], Iterator[Cells]], notes: Iterable[str], profile: Profile, **rest: str
) -> Table:
    """A table with its first rows read, among which the header is looked for."""
    heads = tuple(row for row, _ in zip(rows(0), range(MAX_HEADER_ROWS), strict=False))
    return Table(format, rows, tuple(notes), format == "json", profile=profile, heads=heads, **rest)


def csv_table(data: bytes, candidates: Sequence[Columns], profile: Profile = NO_PROFILE) -> Table:
    """The table of a CSV file. Raises FileProblem for bytes whose text cannot be told.

    The separator is the one by which the header of one of the candidates is found, else the most frequent one.
    """
    encoding = profile.encoding or detect_encoding(data)
    text = decode_as(data, encoding)
    notes = [] if encoding == "utf-8" else [f"encoding {encoding}"]
    lines = max(text.count("\n"), text.count("\r"))
    if lines > MAX_LINES:
        raise FileProblem("too_large", f"expected at most {MAX_LINES} lines, found {lines}; split the file")
    source = list(io.StringIO(text, newline=""))
    first = source[0] if source else ""
    skip, stated = 0, ""
    if first.lower().startswith("sep=") and first[4:5] in SEPARATORS:
        skip, stated = 1, first[4:5]
    separator = profile.separator or stated or _separator(source, candidates, profile)
    if separator != ",":
        notes.append(f"separator {'tab' if separator == chr(9) else separator}")
    return table_of(
        "csv",
        lambda width: split_rows(source, separator, skip, width),
        notes,
        profile,
        first_line=first,
        separator=separator,
    )


def _separator(source: list[str], candidates: Sequence[Columns], profile: Profile) -> str:
    """The separator whose header has the most columns that mean something, among those at which all essentials are."""
    best = (0, 0, ",")
    for separator in SEPARATORS:
        for line in source[:MAX_HEADER_ROWS]:
            cells = _cells(line[:MAX_LINE_CHARS], separator)
            if len(cells) < 2:
                continue
            for columns in candidates:
                mapped = map_columns(cells, columns, profile)
                best = max(best, (not mapped.missing, len(mapped.places), separator), key=lambda one: one[:2])
    return best[2]


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line; none when it is no row of a CSV."""
    try:
        return next(csv.reader([line], strict=True, delimiter=separator), [])
    except csv.Error:
        return []


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a table for one kind of file: its place, its names and what they mean."""

    index: int
    line: int
    names: tuple[str, ...]
    mapped: Mapped


def find_header(table: Table, columns: Columns) -> Header:
    """The first of the first rows in which all essential columns are; else the first row, with what is missing."""
    found = [
        Header(index, line, tuple(cells), map_columns(cells, columns, table.profile))
        for index, (line, cells, problem) in enumerate(table.heads)
        if not problem and any(cells)
    ]
    whole = next((header for header in found if not header.mapped.missing), None)
    if whole is not None:
        return whole
    best = max(found, key=lambda header: (len(header.mapped.places), -header.index), default=None)
    if best is not None and best.mapped.places:
        return best
    line, cells, problem = table.heads[0] if table.heads else (1, (), "")
    names = () if problem else tuple(cells)
    return Header(0, line, names, map_columns(names, columns, table.profile))


class Rows:
    """The rows of a table for one kind of file, ready to be checked, and the notes on how they were read.

    Raises FileProblem when the header does not name the columns. Empty rows are no rows.
    """

    def __init__(self, table: Table, columns: Columns) -> None:
        self.table = table
        self.columns = columns
        self.header = find_header(table, columns)
        if not self.header.mapped.good:
            hint = _hint(table)
            raise header_problem(self.header.mapped, columns, self.header.line, hint)
        self.width = len(self.header.names)
        self._ambiguous_dates = ""
        self._ambiguous: dict[str, tuple[str, str]] = {}
        self.styles = self._detect()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was detected: encoding, separator, header, columns, forms of dates and amounts."""
        header = self.header
        notes = list(self.table.notes)
        if header.index:
            notes.append(f"header in line {header.line}")
        notes += [note for note in (mapping_note(header.names, header.mapped),) if note]
        if header.mapped.unused:
            names = [shortened_name(name) for name in header.mapped.unused[:20]]
            notes.append(f"columns not used: {', '.join(names)}")
        return (*notes, *self.styles.notes)

    def __iter__(self) -> Iterator[Row | Reject]:
        """Each row, or its reject when its columns cannot be told apart."""
        for line, cells, problem in self._body():
            if problem:
                yield Reject(line, "row", problem, _PROBLEMS[problem])
            elif len(cells) != self.width:
                yield Reject(line, "row", "columns", f"expected {self.width} columns, found {len(cells)}")
            else:
                yield self._row(line, cells)

    def _body(self) -> Iterator[Cells]:
        for index, row in enumerate(self.table.rows(self.width)):
            if index > self.header.index and (row[2] or "".join(row[1]).strip()):
                yield row

    def _row(self, line: int, cells: Sequence[str]) -> Row:
        values = {name: cells[place] for name, place in self.header.mapped.places.items()}
        values |= self.header.mapped.constants
        unreadable = dict(self._ambiguous)
        currency = values.get(self.columns.currency, "").strip()
        for name in self.columns.dates:
            text = values.get(name, "").strip()
            if text and self._ambiguous_dates:
                unreadable[name] = ("ambiguous_dates", self._ambiguous_dates)
            elif text:
                self._date(name, text, values, unreadable)
        for name in self.columns.amounts:
            text = values.get(name, "").strip()
            if text and name not in unreadable:
                self._amount(name, text, currency, values, unreadable)
        return Row(line, values, unreadable)

    def _date(self, name: str, text: str, values: dict[str, str], unreadable: dict[str, tuple[str, str]]) -> None:
        if self.styles.dates == "iso" and len(text) == 10:
            return
        found = iso_date(_kept(values[name], text), self.styles.dates)
        if found is not None:
            values[name] = found
        elif self.styles.dates != "iso":
            words = DATE_WORDS[self.styles.dates]
            reason = f"expected a date as {words}, as most of the file has it, found {shortened(text)}"
            unreadable[name] = ("date_format", reason)

    def _amount(
        self, name: str, text: str, currency: str, values: dict[str, str], unreadable: dict[str, tuple[str, str]]
    ) -> None:
        found = machine_number(_kept(values[name], text), self.styles.amounts, currency)
        if found is not None:
            values[name] = found
        else:
            sign = self.styles.amounts
            reason = f"expected an amount with a decimal {sign}, as most of the file has it, found {shortened(text)}"
            unreadable[name] = ("amount_format", reason)

    def _detect(self) -> Styles:
        """The forms of dates and amounts by all values; notes what no row can be read for when one is ambiguous."""
        places = self.header.mapped.places
        dates, amounts = DateVotes(), AmountVotes()
        date_places = [places[name] for name in self.columns.dates if name in places]
        amount_places = sorted({places[name] for name in self.columns.amounts if name in places})
        for _, cells, problem in self._body():
            if problem or len(cells) != self.width:
                continue
            for place in date_places:
                dates.add(_kept(cells[place], cells[place].strip()))
            for place in amount_places:
                amounts.add(_kept(cells[place], cells[place].strip()))
        profile = self.table.profile
        style, why = dates.style(profile.dates)
        stated = {",": "comma", ".": "point"}.get(profile.decimal, "")
        machine = self.table.typed or (self.header.mapped.own and self.table.separator == ",")
        sign, problem = amounts.style(stated or ("point" if machine else ""))
        self._ambiguous_dates = why
        if why:
            self._ambiguous |= dict.fromkeys(self.columns.dates[:1], ("ambiguous_dates", why))
        if problem:
            self._ambiguous |= {name: ("ambiguous_amounts", problem) for name in self.columns.amounts if name in places}
        notes = [] if style in ("iso", "ambiguous") else [f"dates as {DATE_WORDS[style]}"]
        notes += ["amounts with a decimal comma"] if sign == "comma" else []
        return Styles(style, sign, tuple(notes))


def _kept(cell: str, stripped: str) -> str:
    """The stripped text of a cell, or the cell itself when its form is certain."""
    return stripped if type(cell) is str else cell


def _hint(table: Table) -> str:
    line, separator = table.first_line, table.separator
    counts = {one: line.count(one) for one in SEPARATORS}
    if separator and max(counts.values()) > counts[separator]:
        return "; the columns seem to be separated by another character"
    return ""


_PROBLEMS: Final = {
    "quote": "expected every quotation mark to be closed, found one that is not or that is followed by more text",
    "too_long": f"expected at most {MAX_LINE_CHARS} characters in a line, found more",
    "json_broken": "expected a JSON object in each line, found something else",
    "json_value": "expected texts, numbers and objects of them, found a list, a repeated name or too deep nesting",
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


def split_rows(lines: list[str], separator: str, skip: int = 0, width: int = 0) -> Iterator[Cells]:
    """Each row as (line of its start, cells, problem). After a bad quotation mark reading goes on at the next line.

    `width` is the number of columns of the header; 0 is that of the first row.
    """
    source = _Source(lines)
    source.position = skip
    reader = csv.reader(source, strict=True, delimiter=separator)
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
            several = source.position - start > 1
            if several and (_swallowed_rows(cells, width, separator) or (width and len(cells) != width)):
                problem = "quote"
        width = width or len(cells)
        if problem:
            source.position = start + 1
            reader = csv.reader(source, strict=True, delimiter=separator)
        yield start + 1, cells, problem


def _swallowed_rows(cells: list[str], width: int, separator: str) -> bool:
    """Whether a cell holds a line with as many separators as a row: a row swallowed by an open quotation mark."""
    several = (cell.splitlines() for cell in cells if "\n" in cell or "\r" in cell)
    return any(line.count(separator) >= max(width - 1, 1) for lines in several for line in lines)
