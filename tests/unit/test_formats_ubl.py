"""UBL invoices and credit notes, and XML that must not be trusted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from duly.formats.read import read_file
from duly.formats.records import Buyer, FileResult, InvoiceRow
from duly.formats.xml import MAX_DEPTH, MAX_XML_BYTES, machine_amount, machine_date, root_of

DATA = Path(__file__).parents[1] / "data" / "formats"
INVOICE = (DATA / "invoice.ubl.xml").read_text(encoding="utf-8")
CREDIT = (DATA / "credit_note.ubl.xml").read_text(encoding="utf-8")


def read(text: str) -> FileResult:
    return read_file("invoices/a.xml", text.encode())


def changed(old: str, new: str, text: str = INVOICE) -> FileResult:
    assert old in text
    return read(text.replace(old, new))


def test_an_invoice_with_everything() -> None:
    result = read(INVOICE)
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("invoices", "ubl", 1, ())
    assert result.amounts_in == {"EUR": 100000}
    assert result.invoices == (
        InvoiceRow(
            line=1,
            number="R-2026-010",
            buyer=Buyer(
                id="C-101",
                name="Nebel, Brüder GmbH",
                vat_id="DE123456789",
                endpoint="0088:4012345000009",
                email="buchhaltung@nebel.example",
                country="DE",
                street=("Hafenstraße 12", "Hof 2"),
                postcode="20457",
                city="Hamburg",
            ),
            issued=date(2026, 1, 15),
            due=date(2026, 2, 14),
            due_source="stated",
            amount_minor=100000,
            currency="EUR",
            type="invoice",
            terms="30 Tage netto",
            order="PO-4711",
            seller_name="Klarsicht Optik GmbH",
            seller_vat_id="DE111111125",
            payment_iban="DE02120300000000202051",
            payment_reference="RF18539007547034",
            total_minor=119000,
            lines=2,
            type_code="380",
            means="transfer",
            means_code="58",
            prepaid_minor=19000,
            notes=("vat_id_check_digits",),
        ),
    )


def test_a_credit_note_names_its_invoice() -> None:
    (row,) = read(CREDIT).invoices
    assert (row.type, row.type_code, row.for_invoice) == ("credit_note", "381", "R-2026-010")
    assert (row.issued, row.due, row.due_source) == (date(2026, 1, 20), None, "default")
    assert (row.amount_minor, row.owed_minor, row.lines) == (11900, -11900, 1)
    assert (row.buyer.id, row.buyer.name) == ("C-101", "Nebel, Brüder GmbH")


def test_a_credit_note_for_several_invoices_names_none() -> None:
    more = CREDIT.replace("</cac:BillingReference>", "</cac:BillingReference>" + reference("R-2026-011"))
    assert read(more).invoices[0].for_invoice == ""


def reference(number: str) -> str:
    inner = f"<cac:InvoiceDocumentReference><cbc:ID>{number}</cbc:ID></cac:InvoiceDocumentReference>"
    return f"<cac:BillingReference>{inner}</cac:BillingReference>"


def test_type_code_381_is_a_credit_note_in_an_invoice_too() -> None:
    assert changed(">380<", ">381<").invoices[0].type == "credit_note"


def test_negative_and_prepaid_amounts_stay_as_given() -> None:
    assert changed('EUR">1000.00', 'EUR">-8.79').invoices[0].amount_minor == -879
    assert changed('EUR">1000.00', 'EUR">0').invoices[0].amount_minor == 0


@pytest.mark.parametrize(
    "place",
    [
        "<cac:PaymentMeans><cbc:PaymentDueDate>2026-03-01</cbc:PaymentDueDate></cac:PaymentMeans>",
        "<cac:PaymentTerms><cbc:PaymentDueDate>2026-03-01Z</cbc:PaymentDueDate></cac:PaymentTerms>",
    ],
)
def test_the_due_date_may_stand_with_the_means_of_payment_or_the_terms(place: str) -> None:
    row = changed("<cbc:DueDate>2026-02-14</cbc:DueDate>", place).invoices[0]
    assert (row.due, row.due_source) == (date(2026, 3, 1), "stated")


def test_without_a_due_date_the_terms_in_words_count_else_the_policy() -> None:
    without = INVOICE.replace("<cbc:DueDate>2026-02-14</cbc:DueDate>", "")
    row = read(without).invoices[0]
    assert (row.due, row.due_source) == (date(2026, 2, 14), "terms_text")
    row = read(without.replace("30 Tage netto", "wie vereinbart")).invoices[0]
    assert (row.due, row.due_source) == (None, "default")


def test_the_buyer_falls_back_to_identification_and_trading_name() -> None:
    assigned = "<cbc:SupplierAssignedAccountID>C-101</cbc:SupplierAssignedAccountID>"
    assert changed(assigned, "").invoices[0].buyer.id == "NB-1"
    legal = "<cbc:RegistrationName>Nebel, Brüder GmbH</cbc:RegistrationName>"
    assert changed(legal, "").invoices[0].buyer.name == "Nebel"


def test_unusable_extras_of_the_buyer_are_left_out() -> None:
    assert changed(">buchhaltung@nebel.example<", ">see website<").invoices[0].buyer.email == ""
    assert changed(">DE</cbc:Id", ">Germany</cbc:Id").invoices[0].buyer.country == ""
    assert changed('schemeID="0088">4012345000009', ">x").invoices[0].buyer.endpoint == "x"


def test_a_tax_number_of_another_scheme_is_no_vat_id() -> None:
    assert changed("<cac:TaxScheme><cbc:ID>VAT<", "<cac:TaxScheme><cbc:ID>FC<").invoices[0].buyer.vat_id == ""


@pytest.mark.parametrize(
    ("old", "new", "field", "code", "line", "kept"),
    [
        (">R-2026-010<", "><", "number", "number_missing", 5, 100000),
        (">R-2026-010<", ">R\u200b-2026-010<", "number", "suspicious_identifier", 5, 100000),
        (">2026-01-15<", ">15.01.2026<", "issued", "date_format", 6, 100000),
        (">2026-02-14<", ">2026-02-31<", "due", "date_invalid", 7, 100000),
        ('EUR">1000.00', 'EUR">1.000,00', "amount", "amount_format", 44, None),
        ('EUR">1000.00', 'EUR">1000.001', "amount", "amount_decimals", 44, None),
        ('<cbc:PayableAmount currencyID="EUR">1000.00</cbc:PayableAmount>', "", "amount", "amount_missing", 1, None),
        (">EUR<", ">EUX<", "currency", "currency_unknown", 9, None),
        ('currencyID="EUR">1000', 'currencyID="USD">1000', "currency", "currency_mismatch", 9, 100000),
        ('EUR">1190.00', 'EUR">x', "total", "amount_format", 42, 100000),
    ],
)
def test_bad_values_are_rejected(old: str, new: str, field: str, code: str, line: int, kept: int | None) -> None:
    result = changed(old, new)
    (reject,) = result.rejects
    assert (reject.field, reject.code, reject.line, reject.amount_minor) == (field, code, line, kept)
    assert (result.records, result.rows_in) == ((), 1)
    assert result.amounts_in == ({"EUR": kept} if kept else {})


def test_the_currency_may_stand_at_the_amount_alone() -> None:
    row = changed("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "").invoices[0]
    assert (row.currency, row.amount_minor) == ("EUR", 100000)


ENTITY = '<!DOCTYPE Invoice [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
EXTERNAL = '<!DOCTYPE Invoice SYSTEM "http://localhost:9/x.dtd">'
PARAMETER = '<!DOCTYPE Invoice [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>'


@pytest.mark.parametrize("doctype", [ENTITY, EXTERNAL, PARAMETER, "<!-- x --><?y z?>\n<!DOCTYPE Invoice>"])
def test_a_doctype_is_refused_before_it_is_read(doctype: str) -> None:
    (reject,) = changed("<Invoice ", doctype + "<Invoice ").rejects
    assert reject.code in ("xml_doctype", "unsupported_format")
    (direct,) = read_file("a.xml", INVOICE.replace("<Invoice ", doctype + "<Invoice ").encode(), "invoices").rejects
    assert direct.code == reject.code


def test_an_undefined_entity_is_broken_xml() -> None:
    (reject,) = changed("R-2026-010", "&xxe;").rejects
    assert (reject.code, reject.line) == ("xml_broken", 5)


@pytest.mark.parametrize("cut", [200, 900, 2000, len(INVOICE) - 10])
def test_a_truncated_file_names_the_line(cut: int) -> None:
    result = read(INVOICE[:cut])
    (reject,) = result.rejects
    assert reject.code in ("xml_broken", "unsupported_format")
    assert result.records == ()


def test_deep_and_large_xml_is_refused() -> None:
    deep = "<x>" * MAX_DEPTH + "</x>" * MAX_DEPTH
    assert changed("</Invoice>", deep + "</Invoice>").rejects[0].code == "xml_depth"
    very_deep = "<x>" * 100_000 + "</x>" * 100_000
    assert changed("</Invoice>", very_deep + "</Invoice>").rejects[0].code == "xml_broken"
    large = INVOICE.replace("</Invoice>", f"<x>{'y' * MAX_XML_BYTES}</x></Invoice>")
    assert read(large).rejects[0].code == "too_large"


def test_encodings() -> None:
    latin = INVOICE.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert read_file("a.xml", latin).invoices[0].buyer.name == "Nebel, Brüder GmbH"
    wrong = INVOICE.encode("latin-1")
    (reject,) = read_file("a.xml", wrong).rejects
    assert (reject.code, reject.line) == ("encoding", 26)
    assert read_file("a.xml", b"\xef\xbb\xbf" + INVOICE.encode()).rejects == ()
    assert read_file("a.xml", INVOICE.encode("utf-16")).rejects[0].code == "encoding"
    assert read_file("a.xml", INVOICE.replace("UTF-8", "EBCDIC-US").encode()).rejects[0].code == "encoding"
    assert read_file("a.xml", INVOICE.replace("R-2026-010", "R\x00").encode()).rejects[0].code == "nul_byte"


def test_a_doctype_cannot_hide_in_an_encoding_that_is_declared_late() -> None:
    declaration = f'<?xml version="1.0"{" " * 300}encoding="UTF-7"?>'
    hidden = declaration + "+ADwAIQ-DOCTYPE Invoice+AD4-" + INVOICE.partition("?>")[2]
    assert [reject.code for reject in read_file("invoices/a.xml", hidden.encode()).rejects] != []
    assert read_file("invoices/a.xml", hidden.encode()).records == ()
    plain = declaration + INVOICE.partition("?>")[2]
    assert read_file("invoices/a.xml", plain.encode()).invoices[0].buyer.name == "Nebel, Brüder GmbH"


def test_machine_forms_of_xml() -> None:
    amounts = ["+5", ".5", "5.", "-5.10", "1e5", "", "."]
    assert [machine_amount(text) for text in amounts] == ["5", "0.5", "5", "-5.10", "1e5", "", "."]
    dates = ["2026-01-02", "2026-01-02Z", "2026-01-02+01:00", "2026-01-02T10:00:00.5+01:00", "x"]
    assert [machine_date(text) for text in dates] == ["2026-01-02"] * 4 + ["x"]


def test_the_root_is_found_behind_comments_and_with_a_prefix() -> None:
    assert root_of(b"<?xml version='1.0'?><!-- <no> --> <a:Invoice xmlns:a='u>v'/>") == ("Invoice", " xmlns:a='u>v'")
    assert root_of(b"<!-- open <Invoice>") is None
