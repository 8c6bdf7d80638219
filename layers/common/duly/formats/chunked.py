"""A large CSV file in chunks: what its head tells, where it can be cut, and the rows of one chunk.

Cut anywhere that `Cutter` allows and read chunk by chunk, a file gives the same records, rejects, lines and sums as
read whole. Encoding and layout are told once and hold for all chunks; the forms of dates and amounts are told by the
votes of all chunks together.
"""

from __future__ import annotations

import csv
import gc
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, Final, NamedTuple

from duly.formats.decoding import EncodingScan, decode_as
from duly.formats.invoice_columns import InvoiceColumns, bucket_of
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.read import HEAD_BYTES, SHAPES, Shape, csv_layout, profile_note
from duly.formats.records import CustomerRow, FileResult, InvoiceRow, Record, Reject
from duly.formats.styles import Forms, Votes, settle
from duly.formats.table import MAX_LINE_CHARS, MAX_LINES_PER_ROW, Cells, Rows, RowSplitter, Table, stated_separator

#: Lines looked at to find a place at which a row certainly starts; doubled while none is found.
WINDOW_LINES: Final = 3 * MAX_LINES_PER_ROW
#: Characters of a block of rows that is checked at once, and of the smaller ones tried when a row of it is not plain.
BLOCK_CHARS: Final = 32 * 1024  # less than a line may have, so that no line of a block is too long
SMALL_BLOCK_CHARS: Final = 4 * 1024

GoodRow = tuple[int, str]  # line, text of the row as it stands in the file


@dataclass(frozen=True, slots=True)
class Layout:
    """What the head of a file tells and all its chunks share. `heads` are the rows up to the header; `skip`
    is 1 when the first line only states the separator; `forms` are those that the head shows, a guess."""

    kind: str
    encoding: str
    separator: str
    heads: tuple[Cells, ...]
    skip: int = 0
    first_line: str = ""
    notes: tuple[str, ...] = ()
    profile: Profile = NO_PROFILE
    forms: Forms = field(default=Forms())

    @property
    def shape(self) -> Shape:
        """How its rows are read."""
        return next(shape for shape in SHAPES if shape.kind == self.kind)

    @property
    def width(self) -> int:
        """Columns of the header."""
        return len(self.heads[-1][1])

    def table(self, rows: Sequence[Cells], forms: Forms | None) -> Table:
        """A table of some rows of the file, as if they stood alone behind its header."""
        return Table(
            "csv",
            lambda _width: iter((*self.heads, *rows)),
            self.notes,
            first_line=self.first_line,
            separator=self.separator,
            profile=self.profile,
            heads=self.heads,
            forms=forms,
        )

    def read(self, rows: Sequence[Cells], forms: Forms) -> FileResult:
        """Read some rows of the file by the reader of its kind."""
        return self.shape.read(self.table(rows, forms))

    def rows(self, forms: Forms | None) -> Rows:
        """The table without rows: what its header means, and the notes."""
        return Rows(self.table((), forms), self.shape.columns)

    def settle(self, votes: Votes) -> Forms:
        """The forms by the votes of all chunks."""
        return settle(votes, self.profile, self.rows(Forms()).is_machine_form)

    def to_data(self) -> dict[str, Any]:
        """The layout as JSON data."""
        profile = self.profile
        return {
            "kind": self.kind,
            "encoding": self.encoding,
            "separator": self.separator,
            "heads": [[line, list(cells), problem] for line, cells, problem in self.heads],
            "skip": self.skip,
            "first_line": self.first_line,
            "notes": list(self.notes),
            "profile": {name: _plain(getattr(profile, name)) for name in Profile.__slots__},
            "forms": forms_data(self.forms),
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Layout:
        """The layout that `to_data` gave."""
        return cls(
            **{
                **data,
                "heads": tuple((line, tuple(cells), problem) for line, cells, problem in data["heads"]),
                "notes": tuple(data["notes"]),
                "profile": Profile(**data["profile"]),
                "forms": Forms(**data["forms"]),
            }
        )


def forms_data(forms: Forms) -> dict[str, str]:
    """Forms as JSON data."""
    return {name: getattr(forms, name) for name in Forms.__slots__}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def layout_of(head: bytes, name: str, kind: str, encoding: str, profile: Profile = NO_PROFILE) -> Layout:
    """The layout by the first HEAD_BYTES of a file, in an encoding told by all of it. Raises FileProblem as the reader
    of the whole file does. `forms` are those that the head shows: a guess, until all votes are counted."""
    if len(head) >= HEAD_BYTES:
        head = head[: head.rfind(b"\n") + 1]
    shape, table = csv_layout(name, head, kind, replace(profile, encoding=encoding))
    rows = Rows(table, shape.columns)
    heads = tuple((line, tuple(cells), problem) for line, cells, problem in table.heads[: rows.header.index + 1])
    skip, _ = stated_separator(table.first_line)
    notes = (*profile_note(profile), *table.notes)
    return Layout(shape.kind, encoding, table.separator, heads, skip, table.first_line, notes, profile, rows.forms)


# --- where a file can be cut
@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file that begins at a row: its bytes, and its first line (from 0)."""

    start: int
    stop: int
    line: int


class Cutter:
    """Finds the chunks of a file from its bytes, piece by piece, and tells its encoding.

    A row starts at a line or it does not; what rows are read from a line on does not depend on how it was reached.
    Reading from each of MAX_LINES_PER_ROW lines in a row, of which at least one is the start of a row, soon leads to
    one common line: there a row starts, and there the file is cut.
    """

    def __init__(
        self, separator: str, width: int, chunk_bytes: int, max_line_bytes: int, stated_encoding: str = ""
    ) -> None:
        """`separator` and `width` are those of the file's layout; chunks have `chunk_bytes` and a little more."""
        self._separator, self._width = separator, width
        self._chunk_bytes = chunk_bytes
        self._max_line_bytes = max_line_bytes
        self._buffer = b""
        self._start, self._line = 0, 0
        self.encoding = EncodingScan(stated_encoding)
        self.chunks: list[Chunk] = []

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the file."""
        self._buffer += piece
        while len(self._buffer) > self._chunk_bytes:
            cut = self._cut()
            if cut is None:
                if len(self._buffer) > self._chunk_bytes + self._max_line_bytes:
                    reason = f"expected rows of at most {self._max_line_bytes} bytes, found none that ends"
                    raise FileProblem("too_large", f"{reason}; quotation marks may be open")
                return
            self._take(cut)

    def finish(self) -> None:
        """Take what is left as the last chunk."""
        if self._buffer:
            self._take(len(self._buffer))

    def _take(self, size: int) -> None:
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        self.encoding.feed(data)
        self.chunks.append(Chunk(self._start, self._start + size, self._line))
        self._start += size
        self._line += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")

    def _cut(self) -> int | None:
        """The first place behind the wanted size of a chunk at which a row certainly starts."""
        begin = self._buffer.rfind(b"\n", 0, self._chunk_bytes) + 1
        if not begin:
            return None
        lines = WINDOW_LINES
        while True:
            end = begin
            for _ in range(lines):
                end = self._buffer.find(b"\n", end) + 1
                if not end:
                    return None  # more bytes are needed, or the file ends
            found = _sure_start(self._buffer[begin:end].decode("latin-1"), self._separator, self._width)
            if found is not None:
                return begin + found
            lines *= 2


def _sure_start(text: str, separator: str, width: int) -> int | None:
    """The first character at which a row certainly starts, wherever the row began that the text begins in."""
    lines = list(io.StringIO(text, newline=""))
    last = len(lines) - MAX_LINES_PER_ROW  # what is read from here on may need lines behind the window
    if '"' not in text:
        return sum(map(len, lines[:MAX_LINES_PER_ROW])) if last > MAX_LINES_PER_ROW else None
    splitter = RowSplitter(lines, separator, 0, width)
    following = dict[int, int]()
    heads = set(range(MAX_LINES_PER_ROW))
    while len(heads) > 1:
        lowest = min(heads)
        if lowest >= last:
            return None
        if lowest not in following:
            splitter.position = lowest
            next(splitter)
            following[lowest] = splitter.position
        heads.discard(lowest)
        heads.add(following[lowest])
    (found,) = heads
    return sum(map(len, lines[:found])) if found <= last else None


# --- the rows of one chunk
@dataclass(slots=True)
class ChunkResult:
    """What one chunk gave under the forms that it was read with: its good rows (`lines`, `texts` and `buckets`) and
    the rejects. `rows_in`, `amounts_in` and `notes` are as those of a FileResult; `votes` tell the
    forms."""

    rows_in: int = 0
    amounts_in: dict[str, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    buckets: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    votes: Votes = field(default_factory=Votes)

    def add(self, lines: Iterable[int], texts: Iterable[str], buckets: Iterable[int]) -> None:
        """Add good rows: the line of each, its text as it stands in the file, and the bucket of its buyer."""
        self.lines.extend(lines)
        self.texts.extend(texts)
        self.buckets.extend(buckets)

    def by_bucket(self) -> dict[int, list[GoodRow]]:
        """The good rows of each bucket, in the order of the file."""
        found: defaultdict[int, list[GoodRow]] = defaultdict(list)
        for bucket, line, text in zip(self.buckets, self.lines, self.texts, strict=True):
            found[bucket].append((line, text))
        for rows in found.values():
            rows.sort()
        return found


def read_chunk(layout: Layout, forms: Forms, data: bytes, chunk: Chunk, buckets: int) -> ChunkResult:
    """Read the bytes of one chunk. Raises FileProblem for bytes that are not of the encoding."""
    with _without_collector():
        return _read_chunk(layout, forms, data, chunk, buckets)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows make no cycles: looking for some among so many new lists would cost a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_chunk(layout: Layout, forms: Forms, data: bytes, chunk: Chunk, buckets: int) -> ChunkResult:
    text = decode_as(data, layout.encoding)
    result = ChunkResult()
    mapped = layout.rows(forms).header.mapped
    columns = None
    if InvoiceColumns.can_check(layout.shape.columns, mapped, forms):
        columns = InvoiceColumns(mapped, forms, layout.profile, buckets, result.votes)
    odd = list[_Odd]()
    for block in blocks(text, layout, chunk):
        if block.is_plain and columns is not None:
            _check_block(columns, layout.width, block, result, odd)
        else:
            odd += [
                _Odd(block.line + index, cells, block.problem, text, False)
                for index, (cells, text) in enumerate(zip(block.rows, block.texts, strict=True))
            ]
    if columns is not None:
        columns.count_votes()
        result.amounts_in = dict(columns.amounts)
        result.flags = {flag: rows for flag, rows in columns.flags.items() if rows}
        result.rows_in = len(result.lines)
    _read_odd(layout, forms, odd, buckets, result)
    return result


def _check_block(columns: InvoiceColumns, width: int, block: Block, result: ChunkResult, odd: list[_Odd]) -> None:
    """Check a block of rows of one line each by columns; what does not pass is left to the reader."""
    rows, texts = block.rows, block.texts
    lines: Sequence[int] = range(block.line, block.line + len(rows))
    widths = list(map(len, rows))
    if widths.count(width) < len(rows):
        wide = [found == width for found in widths]
        odd += [_Odd(lines[index], rows[index], "", texts[index], False) for index, fits in enumerate(wide) if not fits]
        lines, rows, texts = list(compress(lines, wide)), list(compress(rows, wide)), list(compress(texts, wide))
        if not rows:
            return
    good, buckets = columns.check(rows)
    if good is None:
        result.add(lines, texts, buckets)
    else:
        result.add(compress(lines, good), compress(texts, good), compress(buckets, good))
        odd += [
            _Odd(lines[index], rows[index], "", texts[index], True) for index, passes in enumerate(good) if not passes
        ]


def _read_odd(layout: Layout, forms: Forms, odd: Sequence[_Odd], buckets: int, result: ChunkResult) -> None:
    """Read rows by the reader of their kind and add what they give."""
    if not odd:
        return
    read = layout.read([one[:3] for one in odd], forms)
    texts = {one.line: one.text for one in odd}
    voters = [one[:3] for one in odd if not one.has_voted]
    result.votes.update(Rows(layout.table(voters, forms), layout.shape.columns).votes())
    result.rejects += sorted(read.rejects, key=lambda reject: reject.line)
    result.rows_in += read.rows_in
    for currency, amount in read.amounts_in.items():
        result.amounts_in[currency] = result.amounts_in.get(currency, 0) + amount
    for record in read.records:
        line, bucket = _place_of(record, buckets)
        result.add((line,), (texts[line],), (bucket,))
        for note in record.notes if isinstance(record, InvoiceRow) else ():
            result.flags[note] = result.flags.get(note, 0) + 1


def _place_of(record: Record, buckets: int) -> tuple[int, int]:
    """Line and bucket of a record."""
    if isinstance(record, InvoiceRow):
        buyer = record.buyer
        return record.line, bucket_of(buyer.id, buyer.vat_id, buyer.name, buckets)
    if isinstance(record, CustomerRow):
        return record.line, bucket_of(record.id, "", "", buckets)
    raise TypeError("statements are not read in chunks")


class _Odd(NamedTuple):
    """A row that is left to the reader. Its dates and amounts may have voted already."""

    line: int
    cells: Sequence[str]
    problem: str
    text: str
    has_voted: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Rows and their texts from a line on (from 1). Those of a plain block take one line each; any other block is one
    row, with the code of its problem or ""."""

    line: int
    rows: Sequence[Sequence[str]]
    texts: list[str]
    is_plain: bool = True
    problem: str = ""


def blocks(text: str, layout: Layout, chunk: Chunk) -> Iterator[Block]:
    """The rows of a chunk, split as the reader of the whole file splits them."""
    position, line = (0, chunk.line) if chunk.start else _behind_heads(text, layout)
    small_until = 0
    while position < len(text):
        size = SMALL_BLOCK_CHARS if position < small_until else BLOCK_CHARS
        end = text.rfind("\n", position, position + size) + 1
        if len(text) - position <= size:
            end = len(text)
        block = _plain_block(text[position:end], layout.separator, line + 1) if end > position else None
        if block is not None:
            yield block
            line += len(block.rows)
            position = end
        elif size == BLOCK_CHARS:
            small_until = max(end, position + 1)
        else:
            end = max(end, text.find("\n", position) + 1 or len(text))
            for single in _split(text, position, end, line, layout):
                yield single
                position += len(single.texts[0])
                line = single.line - 1 + _lines_in(single.texts[0])


def _plain_block(text: str, separator: str, line: int) -> Block | None:
    """The rows of a text if each is one line of it, else None. Lines without a quotation mark need no CSV reader: it
    would cut them at the separators too."""
    body = text.replace("\r\n", "\n") if "\r" in text else text
    if "\r" in body:
        return None  # a carriage return alone ends lines too
    texts = body.removesuffix("\n").split("\n")
    if '"' not in body:
        return Block(line, [one.split(separator) for one in texts], texts)
    quoted = [one for one in texts if '"' in one]
    try:
        read = list(csv.reader(quoted, strict=True, delimiter=separator))
    except csv.Error:
        return None
    if len(read) != len(quoted):
        return None  # one took several lines
    following = iter(read)
    return Block(line, [next(following) if '"' in one else one.split(separator) for one in texts], texts)


def _split(text: str, position: int, end: int, line: int, layout: Layout) -> Iterator[Block]:
    """Each row from a position on that starts before the end."""
    behind = end
    for _ in range(MAX_LINES_PER_ROW):
        behind = text.find("\n", behind) + 1
        if not behind:
            behind = len(text)
            break
    lines = list(io.StringIO(text[position:behind], newline=""))
    splitter = RowSplitter(lines, layout.separator, 0, layout.width)
    while position < end:
        before = splitter.position
        _, cells, problem = next(splitter)
        taken = "".join(lines[before : splitter.position])
        yield Block(line + before + 1, [cells], [taken], False, problem)
        position += len(taken)


def cells_of(text: str, separator: str) -> list[str]:
    """The cells of one good row from its text."""
    return next(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator))


def _lines_in(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _behind_heads(text: str, layout: Layout) -> tuple[int, int]:
    """Characters and lines before the first row of data of a file."""
    head = text[: HEAD_BYTES + MAX_LINES_PER_ROW * MAX_LINE_CHARS]
    lines = list(io.StringIO(head, newline=""))
    splitter = RowSplitter(lines, layout.separator, layout.skip, layout.width)
    for _ in layout.heads:
        next(splitter, None)
    return sum(map(len, lines[: splitter.position])), splitter.position
