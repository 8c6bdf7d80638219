"""Invoices attached to PDFs, and PDFs that are refused."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from duly.formats.read import read_file
from duly.formats.xml import MAX_XML_BYTES
from tests.format_samples import pdf

DATA = Path(__file__).parents[1] / "data" / "formats"
CII = (DATA / "invoice.cii.xml").read_bytes()
OLD = (DATA / "invoice.zugferd1.xml").read_bytes()
UBL = (DATA / "invoice.ubl.xml").read_bytes()


@pytest.mark.parametrize(
    ("name", "xml", "format", "number"),
    [
        ("factur-x.xml", CII, "facturx", "R-2026-020"),
        ("zugferd-invoice.xml", CII, "facturx", "R-2026-020"),
        ("ZUGFeRD-invoice.xml", OLD, "zugferd1", "R-2014-007"),
        ("xrechnung.xml", UBL, "ubl", "R-2026-010"),
        ("rechnung.xml", CII, "facturx", "R-2026-020"),
    ],
)
def test_the_attached_invoice_is_read(name: str, xml: bytes, format: str, number: str) -> None:
    result = read_file("invoices/a.pdf", pdf({name: xml, "terms.txt": b"x"}))
    assert (result.kind, result.format, result.rejects) == ("invoices", format, ())
    assert [row.number for row in result.invoices] == [number]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf({}), "pdf_no_invoice"),
        (pdf({"terms.txt": b"x"}), "pdf_no_invoice"),
        (pdf({"a.xml": CII, "b.xml": CII}), "pdf_several_xml"),
        (pdf({"order-x.xml": b"<SCRDMCCBDACIOMessageStructure/>"}), "unsupported_format"),
        (pdf({"factur-x.xml": b"<other/>"}), "pdf_other_xml"),
        (pdf({"factur-x.xml": b"no xml"}), "xml_broken"),
        (pdf({"factur-x.xml": b"<!DOCTYPE a [<!ENTITY x 'y'>]>" + CII}), "xml_doctype"),
        (pdf({"factur-x.xml": CII}, password="secret"), "pdf_encrypted"),
        (pdf({"factur-x.xml": CII + b" " * MAX_XML_BYTES}), "too_large"),
        (b"%PDF-1.7\n...", "pdf_broken"),
        (pdf({"factur-x.xml": CII})[:700], "pdf_broken"),
    ],
)
def test_other_pdfs_are_refused(data: bytes, code: str) -> None:
    result = read_file("invoices/a.pdf", data)
    assert [reject.code for reject in result.rejects] == [code]
    assert (result.kind, result.records) == ("invoices", ())


def test_a_stream_that_unpacks_to_too_much_is_refused() -> None:
    bomb = zlib.compress(b" " * (MAX_XML_BYTES + 1), 9)
    head = b"%PDF-1.7\n"
    objects = [
        b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[(factur-x.xml) 2 0 R]>>>>>>",
        b"<</F(factur-x.xml)/EF<</F 3 0 R>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(bomb), bomb),
    ]
    body, places = head, list[int]()
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"xref\n0 4\n0000000000 65535 f \n" + table
    body += b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(body) - 20 - 11 - len(table) + 2)
    result = read_file("invoices/a.pdf", body)
    assert [reject.code for reject in result.rejects] == ["too_large"]
