"""Workbooks and PDFs for the tests of formats, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from pypdf import PdfWriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

# A cell as XML without its place, or a text that becomes an inline one.
Cell = str


def number(text: str, style: int = 0) -> Cell:
    """A number cell."""
    return f'<c s="{style}"><v>{text}</v></c>'


def shared(index: int) -> Cell:
    """A cell that points to a shared text."""
    return f'<c t="s"><v>{index}</v></c>'


def workbook(
    *sheets: Sequence[Sequence[Cell]], shared_texts: Sequence[str] = (), parts: Mapping[str, str] | None = None
) -> bytes:
    """An XLSX workbook. Style 1 shows dates by a built-in format, style 2 by one of its own, style 3 an amount."""
    made = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><sheets>'
        + "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, len(sheets) + 1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        + "".join(f'<Relationship Id="r{n}" Target="worksheets/s{n}.xml"/>' for n in range(1, len(sheets) + 1))
        + "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/>'
        '<numFmt numFmtId="165" formatCode="#,##0.00 &quot;day&quot;"/></numFmts><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">'
        + "".join(f"<si><t>{escape(text)}</t></si>" for text in shared_texts)
        + "</sst>",
    }
    for n, rows in enumerate(sheets, start=1):
        body = "".join(f"<row>{''.join(_cell(cell) for cell in row)}</row>" for row in rows)
        made[f"xl/worksheets/s{n}.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (made | dict(parts or {})).items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def _cell(cell: Cell) -> str:
    return cell if cell.startswith("<c") else f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'


def pdf(attached: Mapping[str, bytes], password: str = "") -> bytes:
    """A PDF of one empty page with these files attached."""
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    for name, data in attached.items():
        writer.add_attachment(name, data)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def invoices_workbook() -> bytes:
    """Three invoices as a workbook whose first sheet is a cover."""
    cover = [["Offene Posten", "Stand 20.01.2026"]]
    head = ["Belegnummer", "Debitor", "Belegdatum", "Fälligkeit", "Betrag", "Währung"]
    rows = [
        [shared(0), number("10001"), number("46027", 1), number("46057.75", 2), number("1190.1000000000001", 3), "EUR"],
        ["X-2", "C-2", number("46027", 1), "", number("-50"), "EUR"],
        ["X-3", "C-3", number("46028", 1), "", number("0"), "EUR"],
    ]
    return workbook(cover, [head, *rows], shared_texts=["X-1"])
