"""XLSX workbooks: cells by type, sheets, and workbooks that must not be trusted."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest

from duly.formats import xlsx
from duly.formats.read import read_file
from duly.formats.records import FileResult
from tests.format_samples import MAIN, invoices_workbook, number, shared, workbook

HEAD = ["number", "customer", "issued", "amount", "currency"]


def read(*rows: list[str], **rest: object) -> FileResult:
    return read_file("invoices/a.xlsx", workbook([HEAD, *rows], **rest))  # type: ignore[arg-type]


def test_a_workbook_with_a_cover_sheet() -> None:
    result = read_file("invoices/a.xlsx", invoices_workbook())
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("invoices", "xlsx", 3, ())
    first, second, third = result.invoices
    assert (first.number, first.buyer.id, first.issued, first.due) == (
        "X-1",
        "10001",
        date(2026, 1, 5),
        date(2026, 2, 4),
    )
    assert [row.amount_minor for row in (first, second, third)] == [119010, -5000, 0]
    assert [row.line for row in result.invoices] == [2, 3, 4]
    assert "sheet 2 of 2" in result.notes
    assert any(note.startswith("columns: ") for note in result.notes)


def test_cells_of_each_type() -> None:
    boolean, failed = '<c t="b"><v>1</v></c>', '<c t="e"><v>#REF!</v></c>'
    formula = '<c t="str"><f>A1</f><v>R-9</v></c>'
    iso = '<c t="d"><v>2026-01-05T00:00:00</v></c>'
    result = read(
        [formula, "C", iso, number("1.5E2"), "EUR"],
        [boolean, "C", iso, number("1"), "EUR"],
        ["R-3", "C", iso, failed, "EUR"],
        ["R-4", "C", iso, number("33.333333333333336"), "EUR"],
        [shared(7), "C", iso, number("1"), "EUR"],
    )
    assert [(row.number, row.amount_minor) for row in result.invoices] == [("R-9", 15000), ("true", 100)]
    assert [(reject.line, reject.code) for reject in result.rejects] == [
        (4, "amount_format"),
        (5, "amount_decimals"),
        (6, "number_missing"),
    ]


def test_a_number_needs_no_proof_of_its_decimal_sign() -> None:
    result = read(["R-1", "C", number("46027", 1), number("1.234"), "KWD"])
    assert result.invoices[0].amount_minor == 1234


def test_a_number_that_is_a_date_by_its_digits() -> None:
    result = read(
        ["R-1", "C", number("20260105"), number("1"), "EUR"], ["R-2", "C", number("46027"), number("1"), "EUR"]
    )
    assert [row.issued for row in result.invoices] == [date(2026, 1, 5)]
    assert [reject.code for reject in result.rejects] == ["date_format"]


def test_texts_among_numbers_are_read_by_their_own_form() -> None:
    result = read(
        ["R-1", "C", number("46027", 1), "1.234,50", "EUR"],
        ["R-2", "C", "05.01.2026", number("7.5"), "EUR"],
    )
    assert [row.amount_minor for row in result.invoices] == [123450, 750]
    assert {row.issued for row in result.invoices} == {date(2026, 1, 5)}


def test_cells_that_are_left_out_and_rows_without_values() -> None:
    far = '<c r="A2" t="inlineStr"><is><t>R-1</t></is></c><c r="C2" s="1"><v>46027</v></c>'
    result = read(
        [far, '<c r="D2"><v>5</v></c>', '<c r="E2" t="inlineStr"><is><t>EUR</t></is></c>'], ["", "", "", "", ""]
    )
    assert [(reject.line, reject.code) for reject in result.rejects] == [(2, "customer_missing")]


def test_the_calendar_of_1904() -> None:
    book = f'<workbook xmlns="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    parts = {
        "xl/workbook.xml": book + '<workbookPr date1904="1"/><sheets><sheet name="a" r:id="r1"/></sheets></workbook>'
    }
    result = read(["R-1", "C", number("44565", 1), number("1"), "EUR"], parts=parts)
    assert result.invoices[0].issued == date(2026, 1, 5)


def test_a_hidden_sheet_is_not_read() -> None:
    book = f'<workbook xmlns="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    parts = {"xl/workbook.xml": book + '<sheets><sheet name="a" state="hidden" r:id="r1"/></sheets></workbook>'}
    result = read(["R-1", "C", number("46027", 1), number("1"), "EUR"], parts=parts)
    assert [reject.code for reject in result.rejects] == ["xlsx_broken"]


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


ENTITY = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><worksheet xmlns="{MAIN}"><a>&x;</a></worksheet>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (workbook([HEAD], parts={"xl/worksheets/s1.xml": ENTITY}), "xml_doctype"),
        (workbook([HEAD], parts={"xl/sharedStrings.xml": ENTITY}), "xml_doctype"),
        (workbook([HEAD], parts={"xl/workbook.xml": ENTITY}), "xml_doctype"),
        (workbook([HEAD], parts={"xl/_rels/workbook.xml.rels": ENTITY}), "xml_doctype"),
        (workbook([HEAD], parts={"xl/worksheets/s1.xml": "<worksheet"}), "xlsx_broken"),
        (workbook([HEAD], parts={"xl/workbook.xml": ""}), "xlsx_broken"),
        (workbook(), "xlsx_broken"),
        (workbook([HEAD])[:-40], "xlsx_broken"),
        (zipped({"xl/workbook.xml": b"x"}), "xlsx_broken"),
        (zipped({f"xl/{n}": b"" for n in range(xlsx.MAX_PARTS + 1)}), "too_large"),
        (workbook([HEAD], parts={"xl/worksheets/s1.xml": " " * (xlsx.MAX_PART_BYTES + 1)}), "too_large"),
        (workbook([["a", "b"], ["1", "2"]]), "header"),
        (workbook([[]]), "header"),
    ],
)
def test_hostile_and_broken_workbooks_are_refused(data: bytes, code: str) -> None:
    result = read_file("invoices/a.xlsx", data)
    assert (result.kind, [reject.code for reject in result.rejects]) == ("invoices", [code])
    assert result.records == ()


def test_a_workbook_of_nothing_known_is_named() -> None:
    result = read_file("x", workbook([["a", "b"], ["1", "2"]]))
    assert [(reject.code, result.format) for reject in result.rejects] == [("unsupported_format", "xlsx")]
