"""The table of readers: what is recognised, what is refused and how, and the JSON of a result."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from duly.formats.read import READERS, SHAPES, read_file, to_json
from duly.formats.records import FileResult, Reject, file_result

DATA = Path(__file__).parents[1] / "data" / "formats"
EXAMPLES = {
    "customers.csv": ("customers", "csv"),
    "invoices.csv": ("invoices", "csv"),
    "bank.csv": ("statement", "csv"),
    "invoice.ubl.xml": ("invoices", "ubl"),
    "credit_note.ubl.xml": ("invoices", "ubl"),
    "statement.camt053.xml": ("statement", "camt053"),
    "statement.camt054.xml": ("statement", "camt054"),
    "statement.bai2": ("statement", "bai2"),
    "statement.ofx": ("statement", "ofx"),
    "statement.ofx2": ("statement", "ofx"),
    "bank_de.csv": ("statement", "csv"),
    "statement.mt940": ("statement", "mt940"),
    "statement.mt942": ("statement", "mt942"),
    "statement.coda": ("statement", "coda"),
    "invoice.cii.xml": ("invoices", "cii"),
    "invoice.zugferd1.xml": ("invoices", "zugferd1"),
    "invoices_de.csv": ("invoices", "csv"),
    "invoices.json": ("invoices", "json"),
    "invoices.jsonl": ("invoices", "json"),
}


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * 10_000_000)
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "found"), EXAMPLES.items())
def test_content_tells_what_a_file_is(name: str, found: tuple[str, str]) -> None:
    result = read_file("upload.bin", (DATA / name).read_bytes())
    assert (result.kind, result.format) == found
    assert not result.rejected_rows


def test_the_data_folder_holds_no_untested_example() -> None:
    assert {path.name for path in DATA.iterdir()} == set(EXAMPLES)


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (zipped("a.csv"), "zip"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 20, "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
        (b"<SCRDMCCBDACIOMessageStructure/>", "orderx"),
        (b"<p:FatturaElettronica xmlns:p='u'/>", "fatturapa"),
        (b"<Document><CstmrCdtTrfInitn/></Document>", "pain"),
        (b"<?xml version='1.0'?><other/>", "xml"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (b"hello world", "unknown"),
        (b"<<<", "unknown"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, format: str) -> None:
    result = read_file("x", data)
    (reject,) = result.rejects
    assert (result.kind, result.format, reject.line) == ("unknown", format, 0)
    assert reject.code == "unsupported_format"
    assert "expected a customer file, invoice file or bank statement" in reject.reason
    assert (result.rows_in, result.records) == (0, ())


def test_a_zip_bomb_is_never_unpacked() -> None:
    result = read_file("invoices/bomb.zip", zipped("a.csv"))
    assert (result.kind, result.rejects[0].code) == ("invoices", "unsupported_format")


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("customers/2026/a", None, "customers"),
        ("/invoices/a", None, "invoices"),
        ("statements/a", None, "statement"),
        ("x", "statements", "statement"),
        ("invoices/a", "statement", "statement"),
    ],
)
def test_prefix_or_kind_tell_what_is_expected(name: str, kind: str | None, expected: str) -> None:
    result = read_file(name, b"a,b\n1,2\n", kind)
    assert (result.kind, result.format, result.rejects[0].code) == (expected, "csv", "header")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_under_the_wrong_prefix_is_refused(name: str) -> None:
    wrong = "statements" if EXAMPLES[name][0] != "statement" else "customers"
    result = read_file(f"{wrong}/{name}", (DATA / name).read_bytes())
    assert [reject.code for reject in result.rejects] == ["wrong_kind"]
    assert result.records == ()


def test_a_policy_is_checked_with_line_and_key() -> None:
    bad = read_file("policy/p.toml", b"nonsense = 1\n")
    assert (bad.kind, bad.format) == ("policy", "toml")
    assert [(reject.line, reject.field) for reject in bad.rejects if reject.line] == [(1, "nonsense")]
    broken = read_file("p.toml", b"[creditor\n")
    assert broken.rejects
    assert read_file("policy/p", b"\xff\xfe\x00").rejects[0].code == "encoding"


def test_every_reader_gives_its_own_kind_and_format() -> None:
    for name, (kind, format) in EXAMPLES.items():
        if format in ("csv", "json"):
            assert [shape.kind for shape in SHAPES].count(kind) == 1  # type: ignore[arg-type]
        else:
            assert [(reader.kind, reader.format) for reader in READERS].count(
                (kind, {"zugferd1": "cii", "mt942": "mt940"}.get(format, format))
            ) == 1, name  # type: ignore[arg-type]


def test_counts_and_sums_come_from_records_and_rejects() -> None:
    rejects = [
        Reject(2, "amount", "amount_format", "x"),
        Reject(3, "issued", "date_format", "x", 250, "EUR"),
        Reject(0, "balance", "balance_mismatch", "x"),
    ]
    result = file_result("invoices", "csv", (), rejects)
    assert (result.rows_in, result.amounts_in) == (2, {"EUR": 250})
    assert [reject.line for reject in result.rejected_rows] == [2, 3]


def as_json(result: FileResult, name: str = "") -> dict[str, object]:
    shown = to_json(result, name)
    assert json.loads(json.dumps(shown)) == shown
    return shown


def test_json_of_an_invoice() -> None:
    shown = as_json(read_file("x", (DATA / "invoice.ubl.xml").read_bytes()), "x")
    assert (shown["file"], shown["kind"], shown["format"], shown["rejects"]) == ("x", "invoices", "ubl", [])
    assert shown["records"] == [
        {
            "line": 1,
            "number": "R-2026-010",
            "type": "invoice",
            "issued": "2026-01-15",
            "due": "2026-02-14",
            "due_source": "stated",
            "currency": "EUR",
            "total": "1190.00",
            "payable": "1000.00",
            "customer": {
                "name": "Nebel, Brüder GmbH",
                "id": "C-101",
                "vat_id": "DE123456789",
                "endpoint": "0088:4012345000009",
                "email": "buchhaltung@nebel.example",
                "country": "DE",
            },
            "seller": {"name": "Klarsicht Optik GmbH", "vat_id": "DE111111125"},
            "payment": {"iban": "DE02120300000000202051", "reference": "RF18539007547034"},
            "means": "transfer",
            "prepaid": "190.00",
            "instalments": [],
            "discounts": [],
            "order": "PO-4711",
            "for_invoice": "",
            "terms": "30 Tage netto",
            "lines": 2,
            "notes": ["vat_id_check_digits"],
        }
    ]


def test_json_of_a_statement() -> None:
    shown = as_json(read_file("x", (DATA / "statement.camt053.xml").read_bytes()))
    assert (shown["rows"], shown["amounts"]) == (6, {"EUR": "2107.70", "JPY": "5000"})
    first = shown["records"][0]  # type: ignore[index]
    assert (first["opening"], first["closing"], first["closing_date"]) == ("-500.00", "1607.70", "2026-02-03")
    assert first["entries"][3]["amount"] == "-70.00"
    assert first["entries"][3]["reversal"] is True
    assert first["entries"][0] == {
        "line": 16,
        "booked": "2026-02-03",
        "value": "2026-02-04",
        "amount": "1190.00",
        "currency": "EUR",
        "counterparty": {"name": "Fog & Sons Ltd", "account": "GB33BUKB20201555555555"},
        "remittance": "Invoice R-2026-001\nwith thanks",
        "structured_reference": "",
        "end_to_end_id": "E2E-1",
        "bank_reference": "B-1",
        "batch_reference": "",
        "reversal": False,
        "code": "",
        "return_reason": "",
        "charges": "0.00",
        "instructed": None,
        "documents": [],
    }


def test_json_of_customers_and_rejects() -> None:
    shown = as_json(read_file("x", (DATA / "customers.csv").read_bytes()))
    assert shown["records"][0]["id"] == "C-100"  # type: ignore[index]
    assert "parent" not in shown["records"][0]  # type: ignore[index]
    agreed = as_json(read_file("customers/x.csv", b"id,name,parent,credit_limit,external_score\nC-1,N,C-0,10.5,7\n"))
    assert agreed["records"] == [
        {
            **dict.fromkeys(("country", "language", "timezone", "kind", "vat_id", "email", "role", "scenario"), ""),
            "line": 2,
            "id": "C-1",
            "name": "N",
            "endpoint": "",
            "parent": "C-0",
            "credit_limit": "10.5",
            "external_score": 7,
            "given": ["id", "name", "parent", "credit_limit", "external_score"],
        }
    ]
    bad = read_file("x", (DATA / "invoices.csv").read_bytes().replace(b"2026-01-05", b"5.1.2026"))
    (reject,) = as_json(bad)["rejects"]  # type: ignore[misc]
    assert (reject["line"], reject["code"], reject["amount"], reject["currency"]) == (
        2,
        "date_format",
        "1190.00",
        "GBP",
    )


def test_a_table_that_lacks_one_column_is_not_taken_for_one_of_another_kind() -> None:
    result = read_file("export.csv", b"number,customer,issued,amount\nR-1,C-1,2026-01-05,100.00\n")
    assert [reject.code for reject in result.rejects] == ["header"]
    assert "missing: currency" in result.rejects[0].reason
    expected = read_file("invoices/export.csv", b"number,customer,issued,amount\nR-1,C-1,2026-01-05,100.00\n")
    assert [reject.code for reject in expected.rejects] == ["header"]
    both = read_file("export.csv", b"number,customer\nC-1,Foo GmbH\n")
    assert (both.kind, both.rejects) == ("customers", ())
