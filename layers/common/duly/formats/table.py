"""Tables of any source: the header that names columns, then rows whose dates and amounts are brought to one form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from duly.domain.money import shortened
from duly.formats.columns import Columns, Mapped, header_problem, map_columns, mapping_note, shortened_name
from duly.formats.decoding import decode_as, detect_encoding
from duly.formats.fields import Row
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, SEPARATORS, Profile
from duly.formats.records import Reject
from duly.formats.styles import DATE_WORDS, Forms, Votes, iso_date, machine_number, settle

#: A quoted text may run over this many lines; more is a quotation mark that was never closed.
MAX_LINES_PER_ROW: Final = 50
#: Most lines of a file that is read whole.
MAX_LINES: Final = 400_000
#: Longest physical line.
MAX_LINE_CHARS: Final = 100_000
#: Rows at the start among which the header may be.
MAX_HEADER_ROWS: Final = 20

#: Fewest known columns of a row that may be a header for which the rows above it are asked.
_MIN_PLACES: Final = 2

Cells = tuple[int, Sequence[str], str]  # line, cells, code of a problem or ""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a source.

    `rows` starts anew at each call, with the width of the header; a row is (line, cells, code of a problem or "").
    `typed` sources write numbers in machine form, so a comma or point needs no proof. `heads` are the first rows, among
    which the header is; `notes` say what was detected. `forms` are those of its dates and amounts when they are known;
    else all values together tell.
    """

    format: str
    rows: Callable[[int], Iterator[Cells]]
    notes: tuple[str, ...] = ()
    typed: bool = False
    first_line: str = ""
    separator: str = ""
    profile: Profile = NO_PROFILE
    heads: tuple[Cells, ...] = field(default=())
    forms: Forms | None = None


def table_of(
    format: str,
    rows: Callable[[int], Iterator[Cells]],
    notes: Iterable[str],
    profile: Profile,
    first_line: str = "",
    separator: str = "",
) -> Table:
    """A table with its first rows read, among which the header is looked for."""
    heads = tuple(row for row, _ in zip(rows(0), range(MAX_HEADER_ROWS), strict=False))
    return Table(format, rows, tuple(notes), format == "json", first_line, separator, profile, heads)


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
    skip, stated = stated_separator(first)
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


def stated_separator(first_line: str) -> tuple[int, str]:
    """Lines before the table and the separator, when the first line states one as Excel does; else 0 and ""."""
    stated = first_line[4:5] if first_line.lower().startswith("sep=") else ""
    return (1, stated) if stated in SEPARATORS else (0, "")


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
        Header(index, line, tuple(cells), _mapped(table, index, cells, columns))
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


def _mapped(table: Table, index: int, cells: Sequence[str], columns: Columns) -> Mapped:
    """The columns of a header, with what the file says elsewhere of those that it lacks."""
    mapped = map_columns(cells, columns, table.profile)
    if columns.facts is None or not mapped.missing or len(mapped.places) < _MIN_PLACES:
        return mapped
    facts = columns.facts([above for _, above, _ in table.heads[:index]], cells)
    # A column says it of each row; only the name of an amount says it of that amount.
    lacking = {name: text for name, text in facts.constants.items() if facts.columns or name not in mapped.places}
    profile = replace(
        table.profile,
        constants={**lacking, **table.profile.constants},
        columns={**facts.columns, **table.profile.columns},
    )
    told = map_columns(cells, columns, profile)
    return told if len(told.missing) < len(mapped.missing) else mapped


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
        self.forms = table.forms or settle(self.votes(), table.profile, self.is_machine_form)
        self._ambiguous = _ambiguous(self.forms, columns, self.header.mapped.places)

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
        return (*notes, *self.forms.notes)

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
            if text and self.forms.dates_problem:
                unreadable[name] = ("ambiguous_dates", self.forms.dates_problem)
            elif text:
                self._date(name, text, values, unreadable)
        for name in self.columns.amounts:
            text = values.get(name, "").strip()
            if text and name not in unreadable:
                self._amount(name, text, currency, values, unreadable)
        return Row(line, values, unreadable)

    def _date(self, name: str, text: str, values: dict[str, str], unreadable: dict[str, tuple[str, str]]) -> None:
        if self.forms.dates == "iso" and len(text) == 10:
            return
        found = iso_date(_kept(values[name], text), self.forms.dates)
        if found is not None:
            values[name] = found
        elif self.forms.dates != "iso":
            words = DATE_WORDS[self.forms.dates]
            reason = f"expected a date as {words}, as most of the file has it, found {shortened(text)}"
            unreadable[name] = ("date_format", reason)

    def _amount(
        self, name: str, text: str, currency: str, values: dict[str, str], unreadable: dict[str, tuple[str, str]]
    ) -> None:
        found = machine_number(_kept(values[name], text), self.forms.amounts, currency)
        if found is not None:
            values[name] = found
        else:
            sign = self.forms.amounts
            reason = f"expected an amount with a decimal {sign}, as most of the file has it, found {shortened(text)}"
            unreadable[name] = ("amount_format", reason)

    @property
    def is_machine_form(self) -> bool:
        """Whether a decimal point is believed without proof: typed values, or Duly's own header and separator."""
        return self.table.typed or (self.header.mapped.own and self.table.separator == ",")

    def votes(self) -> Votes:
        """What all values of dates and amounts say about their forms."""
        places, votes = self.header.mapped.places, Votes()
        date_places, amount_places = voting_places(self.columns, places)
        for _, cells, problem in self._body():
            if problem or len(cells) != self.width:
                continue
            for place in date_places:
                votes.dates.add(_kept(cells[place], cells[place].strip()))
            for place in amount_places:
                votes.amounts.add(_kept(cells[place], cells[place].strip()))
        return votes


def voting_places(columns: Columns, places: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """The places of the dates and of the amounts in a row whose values tell the forms of a file."""
    amounts = {places[name] for name in columns.amounts if name in places}
    return [places[name] for name in columns.dates if name in places], sorted(amounts)


def _ambiguous(forms: Forms, columns: Columns, places: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    """What no row can be read for when a form is ambiguous."""
    found = dict[str, tuple[str, str]]()
    if forms.dates_problem:
        found |= dict.fromkeys(columns.dates[:1], ("ambiguous_dates", forms.dates_problem))
    if forms.amounts_problem:
        names = [name for name in columns.amounts if name in places]
        found |= dict.fromkeys(names, ("ambiguous_amounts", forms.amounts_problem))
    return found


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


class RowSplitter:
    """Reads rows one by one from the physical lines, from the line at which a row starts.

    What it reads depends on that line and those behind it alone, so that reading may begin at any row's start. After a
    bad quotation mark reading goes on at the next line. `width` is the number of columns of the header; 0 is that of
    the first row.
    """

    def __init__(self, lines: list[str], separator: str, position: int = 0, width: int = 0) -> None:
        self._source = _Source(lines)
        self._separator = separator
        self.width = width
        self.position = position

    @property
    def position(self) -> int:
        """The line (from 0) at which the next row starts. Reading can be set to another one."""
        return self._source.position

    @position.setter
    def position(self, position: int) -> None:
        self._source.position = position
        self._reader = csv.reader(self._source, strict=True, delimiter=self._separator)

    def __iter__(self) -> Iterator[Cells]:
        return self

    def __next__(self) -> Cells:
        source, start = self._source, self._source.position
        if start >= len(source.lines):
            raise StopIteration
        source.stop = start + MAX_LINES_PER_ROW
        problem, cells = "", list[str]()
        if len(source.lines[start]) > MAX_LINE_CHARS:
            problem = "too_long"
        else:
            try:
                cells = next(self._reader)
            except csv.Error:
                problem = "quote"
            several = source.position - start > 1
            wrong = self.width and len(cells) != self.width
            if several and (_swallowed_rows(cells, self.width, self._separator) or wrong):
                problem = "quote"
        self.width = self.width or len(cells)
        if problem:
            self.position = start + 1
        return start + 1, cells, problem


def split_rows(lines: list[str], separator: str, skip: int = 0, width: int = 0) -> Iterator[Cells]:
    """Each row as (line of its start, cells, problem), from line `skip` (from 0) on."""
    return RowSplitter(lines, separator, skip, width)


def _swallowed_rows(cells: list[str], width: int, separator: str) -> bool:
    """Whether a cell holds a line with as many separators as a row: a row swallowed by an open quotation mark."""
    several = (cell.splitlines() for cell in cells if "\n" in cell or "\r" in cell)
    return any(line.count(separator) >= max(width - 1, 1) for lines in several for line in lines)
