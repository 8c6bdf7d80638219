"""CII invoices of both generations, types, instalments and what they flag."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from duly.domain import codec
from duly.domain.cash_discount import CashDiscount
from duly.formats.read import read_file
from duly.formats.records import Buyer, FileResult, InvoiceRow

DATA = Path(__file__).parents[1] / "data" / "formats"
INVOICE = (DATA / "invoice.cii.xml").read_text(encoding="utf-8")
OLD = (DATA / "invoice.zugferd1.xml").read_text(encoding="utf-8")
UBL = (DATA / "invoice.ubl.xml").read_text(encoding="utf-8")


def changed(*pairs: tuple[str, str], text: str = INVOICE) -> FileResult:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return read_file("invoices/a.xml", text.encode())


def test_an_invoice_with_everything() -> None:
    result = changed()
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("invoices", "cii", 1, ())
    assert result.invoices == (
        InvoiceRow(
            line=1,
            number="R-2026-020",
            buyer=Buyer(
                id="C-101",
                name="Nebel, Brüder GmbH",
                vat_id="DE136695976",
                endpoint="0088:4012345000009",
                email="buchhaltung@nebel.example",
                country="DE",
                street=("Hafenstraße 12",),
                postcode="20457",
                city="Hamburg",
            ),
            issued=date(2026, 1, 20),
            due=date(2026, 2, 19),
            due_source="terms_text",
            amount_minor=100000,
            currency="EUR",
            type="invoice",
            terms="Zahlbar innerhalb 30 Tagen",
            order="PO-4712",
            seller_name="Klarsicht Optik GmbH",
            seller_vat_id="DE111111125",
            payment_iban="DE02120300000000202051",
            payment_reference="RF18539007547034",
            total_minor=119000,
            lines=2,
            type_code="380",
            discounts=(CashDiscount(10, 250),),
            means="transfer",
            means_code="58",
            prepaid_minor=19000,
            delivered=date(2026, 1, 18),
            buyer_reference="991-33333",
        ),
    )


def test_zugferd_1_without_payable_amount_and_with_a_month_of_delivery() -> None:
    (row,) = changed(text=OLD).invoices
    assert changed(text=OLD).format == "zugferd1"
    assert (row.number, row.issued, row.amount_minor, row.total_minor) == ("R-2014-007", date(2014, 3, 7), 23562, 23562)
    assert (row.buyer.name, row.lines, row.delivered, row.notes) == (
        "Nebel, Brüder GmbH",
        1,
        None,
        ("payable_derived",),
    )


def test_what_was_paid_before_is_taken_off_a_payable_amount_that_is_not_stated() -> None:
    paid = "</ram:GrandTotalAmount><ram:TotalPrepaidAmount>35.62</ram:TotalPrepaidAmount>"
    result = changed(("</ram:GrandTotalAmount>", paid), text=OLD)
    assert result.invoices[0].amount_minor == 20000
    assert result.amounts_in == {"EUR": 20000}


@pytest.mark.parametrize(
    ("code", "type"),
    [
        ("380", "invoice"),
        ("381", "credit_note"),
        ("261", "credit_note"),
        ("384", "correction"),
        ("389", "self_billed"),
        ("386", "prepayment"),
        ("326", "partial"),
        ("751", "invoice"),
    ],
)
def test_types(code: str, type: str) -> None:
    assert changed((">380<", f">{code}<")).invoices[0].type == type
    assert changed((">380<", f">{code}<"), text=UBL).invoices[0].type == type


def test_a_pro_forma_invoice_asks_for_no_money() -> None:
    result = changed((">380<", ">325<"))
    assert [(reject.code, reject.amount_minor) for reject in result.rejects] == [("no_demand", 100000)]


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("30", "transfer"),
        ("49", "direct_debit"),
        ("59", "direct_debit"),
        ("48", "card"),
        ("10", "cash"),
        ("97", "other"),
    ],
)
def test_means_of_payment(code: str, means: str) -> None:
    assert changed((">58<", f">{code}<")).invoices[0].means == means


def test_an_undefined_means_is_told_by_the_terms() -> None:
    words = ("Zahlbar innerhalb 30 Tagen", "Der Betrag wird per Lastschrift eingezogen")
    assert changed((">58<", ">1<"), words).invoices[0].means == "direct_debit"
    assert changed((">58<", ">1<")).invoices[0].means == "other"


def instalment(day: str, amount: str) -> str:
    due = f'<ram:DueDateDateTime><udt:DateTimeString format="102">{day}</udt:DateTimeString></ram:DueDateDateTime>'
    part = f"<ram:PartialPaymentAmount>{amount}</ram:PartialPaymentAmount>"
    return f"<ram:SpecifiedTradePaymentTerms>{due}{part}</ram:SpecifiedTradePaymentTerms>"


def with_instalments(*parts: str) -> FileResult:
    mark = "<ram:SpecifiedTradePaymentTerms>"
    return changed((mark, "".join(parts) + mark))


def test_instalments_are_due_last_of_all() -> None:
    (row,) = with_instalments(instalment("20260401", "400.00"), instalment("20260301", "600.00")).invoices
    assert row.instalments == ((date(2026, 3, 1), 60000), (date(2026, 4, 1), 40000))
    assert (row.due, row.due_source, row.notes) == (date(2026, 4, 1), "stated", ())


def test_instalments_that_do_not_add_up_are_flagged_and_unreadable_ones_left_out() -> None:
    (row,) = with_instalments(instalment("20260401", "400.00"), instalment("20260301", "500.00")).invoices
    assert row.notes == ("instalments_sum",)
    (row,) = with_instalments(instalment("20260401", "400.00"), instalment("20260301", "x")).invoices
    assert (row.instalments, row.due) == ((), date(2026, 4, 1))


def test_instalments_of_ubl() -> None:
    parts = "".join(
        f"<cac:PaymentTerms><cbc:Amount>{amount}</cbc:Amount><cbc:InstallmentDueDate>{day}</cbc:InstallmentDueDate>"
        "</cac:PaymentTerms>"
        for day, amount in (("2026-03-01", "600"), ("2026-04-01", "400"))
    )
    (row,) = changed(("<cac:LegalMonetaryTotal>", parts + "<cac:LegalMonetaryTotal>"), text=UBL).invoices
    assert row.instalments == ((date(2026, 3, 1), 60000), (date(2026, 4, 1), 40000))


def test_a_stated_due_date_goes_before_the_words() -> None:
    due = '<ram:DueDateDateTime><udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:DueDateDateTime>'
    (row,) = changed(("</ram:Description>", f"</ram:Description>{due}")).invoices
    assert (row.due, row.due_source) == (date(2026, 3, 1), "stated")


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("DE02 1203", "DE03 1203", "iban_check_digits"),
        ("RF18539007547034", "RF19539007547034", "reference_check_digits"),
        ("DE136695976", "DE136695977", "vat_id_check_digits"),
    ],
)
def test_wrong_check_digits_flag_and_never_reject(old: str, new: str, note: str) -> None:
    assert changed((old, new)).invoices[0].notes == (note,)


@pytest.mark.parametrize(
    ("old", "new", "field", "code"),
    [
        ("<ram:ID>R-2026-020</ram:ID>", "", "number", "number_missing"),
        (">20260120<", ">20260231<", "issued", "date_invalid"),
        ('format="102">20260120', 'format="4">20012026', "issued", "date_format"),
        (">1000.00<", ">1000.005<", "amount", "amount_decimals"),
        (">1000.00<", ">1e3<", "amount", "amount_format"),
        (">EUR<", "><", "currency", "currency_missing"),
        (">EUR<", ">EUX<", "currency", "currency_unknown"),
        ("<ram:DuePayableAmount>", '<ram:DuePayableAmount currencyID="CHF">', "currency", "currency_mismatch"),
    ],
)
def test_bad_values_are_rejected(old: str, new: str, field: str, code: str) -> None:
    (reject,) = changed((old, new)).rejects
    assert (reject.field, reject.code) == (field, code)
    assert reject.line >= 1


def test_an_empty_document_is_one_reject() -> None:
    (reject,) = read_file("x", b"<rsm:CrossIndustryInvoice xmlns:rsm='u'></rsm:CrossIndustryInvoice>").rejects
    assert reject.code == "number_missing"


def test_the_total_of_the_documents_currency_counts() -> None:
    two = '<ram:GrandTotalAmount currencyID="CHF">1300.00</ram:GrandTotalAmount><ram:GrandTotalAmount currencyID="EUR">'
    assert changed(("<ram:GrandTotalAmount>", two)).invoices[0].total_minor == 119000


def test_a_row_with_everything_survives_storage() -> None:
    """Rows lie in parts/ between two functions."""
    (row,) = with_instalments(instalment("20260401", "400.00"), instalment("20260301", "600.00")).invoices
    stored = json.loads(json.dumps(codec.encode(row)))
    assert codec.decode(InvoiceRow, stored) == row
    old = {name: stored[name] for name in ("line", "number", "buyer", "issued", "due", "due_source", "amount_minor")}
    old |= {"currency": "EUR", "type": "invoice", "terms": "", "order": ""}
    assert codec.decode(InvoiceRow, old).instalments == ()
