"""XLSX workbooks (ECMA-376): the values of one sheet, read from the ZIP with lxml, bounded in size and depth.

Numbers come back in machine form (rounded to the 15 digits that a spreadsheet shows), dates in ISO form, both as exact:
a cell says what it is. Formulas count with the value that was last computed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

from duly.formats.columns import MAX_COLUMNS, Columns
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.styles import Exact
from duly.formats.table import MAX_LINES, Cells, Table, find_header, table_of

#: Most that one part of the workbook may hold when unpacked.
MAX_PART_BYTES: Final = 32 * 1024 * 1024
MAX_PARTS: Final = 2_000
MAX_SHEETS: Final = 50
MAX_TEXTS: Final = 500_000
#: Most tags in a part that are none of rows, cells and values, and most cells of a sheet.
MAX_OTHER_TAGS: Final = 500_000
MAX_CELLS: Final = 1_000_000

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT: Final = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
# Built-in number formats of dates (ECMA-376 18.8.30), and letters of dates in a format code of one's own.
_DATE_FORMATS: Final = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_NO_DATE_PART: Final = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')
_USUAL_TAGS: Final = (b"<c ", b"<c>", b"<row ", b"<row>", b"<si>")
_DIGITS: Final = Context(prec=15)


@dataclass(frozen=True, slots=True)
class _Book:
    """What sheets share: texts, which cell styles are dates, and the day before the first."""

    texts: Sequence[str]
    date_styles: frozenset[int]
    day_zero: date


def xlsx_table(data: bytes, candidates: Sequence[Columns], profile: Profile = NO_PROFILE) -> Table:
    """The table of the first visible sheet whose header one of the candidates knows, else of the first visible sheet.

    Raises FileProblem for a broken, oversized or hostile workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {info.filename.lstrip("/"): info for info in archive.infolist()}
            if len(parts) > MAX_PARTS:
                raise FileProblem(
                    "too_large", f"expected at most {MAX_PARTS} parts in the workbook, found {len(parts)}"
                )
            return _table(lambda name: _part(archive, parts, name), candidates, profile)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise _broken(type(error).__name__) from None


def _broken(what: str) -> FileProblem:
    return FileProblem("xlsx_broken", f"expected an XLSX workbook that can be read, found a broken one ({what})")


def _part(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], name: str) -> bytes:
    """A part's bytes, never more than allowed, whatever the archive says of its size; b"" when there is none."""
    if name not in parts:
        return b""
    with archive.open(parts[name]) as file:
        found = file.read(MAX_PART_BYTES + 1)
    if len(found) > MAX_PART_BYTES:
        raise FileProblem(
            "too_large", f"expected parts of at most {MAX_PART_BYTES} bytes in the workbook, found a larger one"
        )
    return found


def _table(part: Callable[[str], bytes], candidates: Sequence[Columns], profile: Profile) -> Table:
    sheets, base = _sheets(part)
    book = _Book(_texts(part("xl/sharedStrings.xml")), _date_styles(part("xl/styles.xml")), base)
    tables = list[tuple[str, Table]]()
    for name, path in sheets:
        content = part(path)
        if not content:
            continue
        rows = list(_rows(content, book))
        table = table_of(
            "xlsx", _anew(rows), [f"sheet {len(tables) + 1} of {len(sheets)}"] if len(sheets) > 1 else [], profile
        )
        if any(not find_header(table, columns).mapped.missing for columns in candidates):
            return table
        tables.append((name, table))
    if not tables:
        raise _broken("no sheet")
    return tables[0][1]


def _anew(rows: list[Cells]) -> Callable[[int], Iterator[Cells]]:
    """The rows, each filled up or cut to the width of the header: a sheet stores no empty cells at the end."""

    def cells(width: int) -> Iterator[Cells]:
        for line, values, problem in rows:
            if width and len(values) > width and not any(values[width:]):
                values = values[:width]
            yield line, [*values, *[""] * (width - len(values))], problem

    return cells


def _events(content: bytes, *names: str) -> Iterator[Any]:
    """The elements of these local names, each at its end; its content is dropped afterwards."""
    from lxml import etree

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblem("xml_doctype", "expected a workbook without a DOCTYPE in UTF-8, found another one")
    opened = content.count(b"<") - content.count(b"</")
    usual = 4 * sum(content.count(tag) for tag in _USUAL_TAGS)  # a cell or text with what is in it
    if opened - usual > MAX_OTHER_TAGS:
        raise FileProblem("too_large", f"expected at most {MAX_OTHER_TAGS} other tags than cells in a part, found more")
    tags = [f"{space}{name}" for name in names for space in (_MAIN, _STRICT)]
    try:
        for _, element in etree.iterparse(
            io.BytesIO(content),
            events=("end",),
            tag=tags,
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        ):
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError:
        raise _broken("XML") from None


def _sheets(part: Callable[[str], bytes]) -> tuple[list[tuple[str, str]], date]:
    """Name and path of each visible sheet, and the day before the first of the workbook's calendar."""
    targets = _targets(part("xl/_rels/workbook.xml.rels"))
    found, base = list[tuple[str, str]](), date(1899, 12, 30)
    workbook = part("xl/workbook.xml")
    if not workbook:
        raise _broken("no workbook")
    for element in _events(workbook, "sheet", "workbookPr"):
        if element.tag.endswith("workbookPr"):
            base = date(1904, 1, 1) if element.get("date1904") in ("1", "true") else base
        elif element.get("state", "visible") == "visible" and len(found) < MAX_SHEETS:
            target = targets.get(element.get(_RELATION) or element.get(_STRICT_RELATION) or "", "")
            found.append((str(element.get("name") or ""), target))
    return found, base


def _targets(content: bytes) -> dict[str, str]:
    from duly.formats.xml import every, parse_xml

    if not content:
        raise _broken("no relations")
    found = dict[str, str]()
    for relation in every(parse_xml(content), "Relationship"):
        target = str(relation.get("Target") or "")
        found[str(relation.get("Id") or "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _texts(content: bytes) -> list[str]:
    """The shared texts; phonetic hints are left out."""
    found = list[str]()
    for element in _events(content, "si") if content else ():
        if len(found) >= MAX_TEXTS:
            raise FileProblem("too_large", f"expected at most {MAX_TEXTS} texts in the workbook, found more")
        found.append(_text_of(element))
    return found


def _text_of(element: Any) -> str:
    runs = (one for one in element.iter() if isinstance(one.tag, str) and one.tag.rpartition("}")[2] == "t")
    return "".join(run.text or "" for run in runs if not run.getparent().tag.endswith("}rPh"))


def _date_styles(content: bytes) -> frozenset[int]:
    """The numbers of the cell styles that show dates."""
    from duly.formats.xml import every, first, parse_xml

    if not content:
        return frozenset()
    root = parse_xml(content)
    own = {str(one.get("numFmtId")): str(one.get("formatCode") or "") for one in every(root, "numFmts/numFmt")}
    dates = {number for number, code in own.items() if re.search("[dy]", _NO_DATE_PART.sub("", code).lower())}
    dates |= {str(number) for number in _DATE_FORMATS} - set(own)
    styles = every(first(root, "cellXfs"), "xf")
    return frozenset(index for index, style in enumerate(styles) if str(style.get("numFmtId")) in dates)


def _rows(content: bytes, book: _Book) -> Iterator[Cells]:
    """The rows of a sheet that have values, each with its number in the sheet."""
    last, rows, cells, values = 0, 0, 0, list[str]()
    for element in _events(content, "c", "row"):
        if element.tag.endswith("}c"):
            place, cells = _place(str(element.get("r") or ""), len(values)), cells + 1
            if place < MAX_COLUMNS and cells <= MAX_CELLS:
                values += [""] * (place + 1 - len(values))
                values[place] = _value(element, book)
            continue
        rows += 1
        if rows > MAX_LINES or cells > MAX_CELLS:
            reason = f"expected at most {MAX_LINES} rows and {MAX_CELLS} cells, found more; split the file"
            raise FileProblem("too_large", reason)
        stated = str(element.get("r") or "")
        last = max(last + 1, int(stated) if re.fullmatch("[0-9]{1,7}", stated) else 0)
        if any(values):
            yield last, values, ""
        values = []


def _place(reference: str, following: int) -> int:
    """The column of a cell, from 0; a cell without a reference follows the one before."""
    found = _REFERENCE.fullmatch(reference)
    if not found:
        return following
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _value(cell: Any, book: _Book) -> str:
    """The text of a cell; numbers and dates as exact texts."""
    kind = cell.get("t") or "n"
    if kind == "inlineStr":
        return _text_of(cell)
    stated = next((one.text or "" for one in cell if isinstance(one.tag, str) and one.tag.endswith("}v")), "")
    if kind == "s":
        return book.texts[int(stated)] if stated.isdecimal() and int(stated) < len(book.texts) else ""
    if kind == "b":
        return "true" if stated == "1" else "false"
    if kind == "d":
        return Exact(stated[:10])
    if kind != "n" or not stated:
        return stated
    style = str(cell.get("s") or "0")
    return _number(stated, book, is_date=style.isdecimal() and int(style) in book.date_styles)


def _number(text: str, book: _Book, *, is_date: bool) -> str:
    try:
        number = _DIGITS.plus(Decimal(text))
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number.adjusted()) > 20:
        return text
    if is_date and 0 < number < 200_000:
        return Exact((book.day_zero + timedelta(days=int(number))).isoformat())
    plain = format(number, "f")
    return Exact((plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0")
