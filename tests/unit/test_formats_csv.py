"""The three CSV files: good rows, bad rows with their reasons, broken headers, encodings and quotation marks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from duly.formats.decoding import MAX_FILE_BYTES
from duly.formats.phones import international
from duly.formats.read import read_file
from duly.formats.records import Buyer, CustomerRow, FileResult, InvoiceRow
from duly.formats.table import MAX_LINE_CHARS, MAX_LINES_PER_ROW

DATA = Path(__file__).parents[1] / "data" / "formats"
INVOICES = "number,customer,issued,due,amount,currency,type,terms,order\n"
CUSTOMERS = "id,name,country,language,timezone,kind,vat_id,email,role,scenario\n"
BANK = "account,booked,value,amount,currency,name,counterparty_account,text,reference,end_to_end_id,bank_reference\n"


def example(name: str) -> FileResult:
    return read_file(name, (DATA / name).read_bytes())


def invoices(*rows: str) -> FileResult:
    return read_file("invoices/a.csv", (INVOICES + "\n".join(rows) + "\n").encode())


def test_customers_several_contacts_of_one_id() -> None:
    result = example("customers.csv")
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("customers", "csv", 5, ())
    assert result.amounts_in == {}
    assert [row.id for row in result.customers] == ["C-100", "C-100", "C-101", "C-102", "C-103"]
    assert result.customers[2] == CustomerRow(
        4,
        "C-101",
        "Nebel, Brüder GmbH",
        "DE",
        "de",
        "Europe/Berlin",
        "business",
        "DE123456789",
        "buchhaltung@nebel.example",
        "billing",
        "standard",
    )


def test_invoices_with_and_without_due_date_and_credit_notes() -> None:
    result = example("invoices.csv")
    assert (result.kind, result.rows_in, result.rejects) == ("invoices", 5, ())
    assert result.amounts_in == {"GBP": 119000, "EUR": 238050 + 4990 - 11900}
    first, second, third, credit, zero = result.invoices
    assert first == InvoiceRow(
        line=2,
        number="R-2026-001",
        buyer=Buyer(id="C-100"),
        issued=date(2026, 1, 5),
        due=date(2026, 2, 4),
        due_source="stated",
        amount_minor=119000,
        currency="GBP",
        type="invoice",
        terms="30 days net",
        order="PO-77",
    )
    assert (second.due, second.due_source) == (date(2026, 1, 7), "terms_text")
    assert second.terms == "zahlbar sofort, ohne Abzug"
    assert (third.due, third.due_source) == (date(2026, 1, 23), "stated")
    assert (third.amount_minor, third.type) == (4990, "invoice")
    assert (credit.type, credit.amount_minor, credit.owed_minor) == ("credit_note", -11900, -11900)
    assert zero.amount_minor == 0


def test_a_credit_note_lowers_the_debt_whichever_sign_it_has() -> None:
    row = invoices("G,C,2026-01-01,,119.00,EUR,credit_note,,").invoices[0]
    assert (row.amount_minor, row.owed_minor) == (11900, -11900)


def test_optional_columns_of_invoices() -> None:
    head = INVOICES.strip() + ",for_invoice,reference\n"
    row = read_file("x", (head + "G,C,2026-01-01,,1.00,EUR,credit_note,,,R-1,RF18539007547034\n").encode()).invoices[0]
    assert (row.for_invoice, row.payment_reference) == ("R-1", "RF18539007547034")


def test_bank_rows_by_account_and_currency() -> None:
    result = example("bank.csv")
    assert (result.kind, result.rows_in, result.rejects) == ("statement", 4, ())
    assert result.amounts_in == {"EUR": 119000 + 200050 - 1230, "CHF": 8000}
    euro, franc = result.statements
    assert (euro.account, euro.currency, len(euro.entries)) == ("DE02120300000000202051", "EUR", 3)
    assert (franc.account, franc.entries[0].remittance) == ("CH9300762011623852957", "=1+1")
    first, second, fee = euro.entries
    assert (first.counterparty_name, first.end_to_end_id, first.bank_reference) == ("Fog & Sons Ltd", "E2E-1", "B-1")
    assert (second.value, second.remittance) == (date(2026, 2, 3), "Rechnung R-2026-002\nTeilzahlung")
    assert second.structured_reference == "RF18539007547034"
    assert (fee.line, fee.amount_minor, fee.value, fee.reversal) == (5, -1230, date(2026, 2, 4), False)


def test_bank_needs_only_account_day_amount_and_currency() -> None:
    result = read_file("x", b"account,booked,amount,currency,reversal\nA-1,2026-02-02,-5.00,EUR,yes\n")
    entry = result.statements[0].entries[0]
    assert (entry.value, entry.amount_minor, entry.reversal, entry.remittance) == (date(2026, 2, 2), -500, True, "")


@pytest.mark.parametrize(
    ("row", "field", "code", "kept"),
    [
        (",C,2026-01-01,,1.00,EUR,,,", "number", "number_missing", 100),
        ("R,,2026-01-01,,1.00,EUR,,,", "customer", "customer_missing", 100),
        ("R,C,,,1.00,EUR,,,", "issued", "date_missing", 100),
        ("R,C,31/02/2026,,1.00,EUR,,,", "issued", "date_format", 100),
        ("R,C,2026-02-31,,1.00,EUR,,,", "issued", "date_invalid", 100),
        ("R,C,0001-01-01,,1.00,EUR,,,", "issued", "date_range", 100),
        ("R,C,2026-01-01,9999-12-31,1.00,EUR,,,", "due", "date_range", 100),
        ("R,C,2026-01-01,,,EUR,,,", "amount", "amount_missing", None),
        ("R,C,2026-01-01,,(100),EUR,,,", "amount", "amount_format", None),
        ('R,C,2026-01-01,,"1.234,56",EUR,,,', "amount", "amount_format", None),
        ("R,C,2026-01-01,,1e9,EUR,,,", "amount", "amount_format", None),
        ("R,C,2026-01-01,,NaN,EUR,,,", "amount", "amount_format", None),
        ("R,C,2026-01-01,,1.001,EUR,,,", "amount", "amount_decimals", None),
        ("R,C,2026-01-01,,1.50,JPY,,,", "amount", "amount_decimals", None),
        ("R,C,2026-01-01,,1.00,,,,", "currency", "currency_missing", None),
        ("R,C,2026-01-01,,1.00,EUX,,,", "currency", "currency_unknown", None),
        ("R,C,2026-01-01,,1.00,EUR,order,,", "type", "type_unknown", 100),
        ("\u0399NV-1,C,2026-01-01,,1.00,EUR,,,", "number", "suspicious_identifier", 100),
        ("R,C\u200b,2026-01-01,,1.00,EUR,,,", "customer", "suspicious_identifier", 100),
        (f"R,C,2026-01-01,,1.00,EUR,,{'x' * 4001},", "terms", "too_long", 100),
        (f"{'R' * 101},C,2026-01-01,,1.00,EUR,,,", "number", "too_long", 100),
        ("R,C,2026-01-01,,1.00,EUR,,", "row", "columns", None),
        ("R,C,2026-01-01,,1,00,EUR,,,", "row", "columns", None),
    ],
)
def test_a_bad_row_is_rejected_with_field_code_and_amount(row: str, field: str, code: str, kept: int | None) -> None:
    result = invoices("R-0,C,2026-01-01,,7.00,EUR,,,", row, "R-9,C,2026-01-01,,9.00,EUR,,,")
    (reject,) = result.rejects
    assert (reject.line, reject.field, reject.code, reject.amount_minor) == (3, field, code, kept)
    assert reject.reason.startswith("expected")
    assert [invoice.number for invoice in result.invoices] == ["R-0", "R-9"]
    assert result.rows_in == 3
    assert result.amounts_in == {"EUR": 1600 + (kept or 0)}


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (",N,,,,,,,,", "id", "id_missing"),
        ("C,,,,,,,,,", "name", "name_missing"),
        ("C,N,UK,,,,,,,", "country", "country_unknown"),
        ("C,N,,German,,,,,,", "language", "language_format"),
        ("C,N,,,Mars/Base,,,,,", "timezone", "timezone_unknown"),
        ("C,N,,,,robot,,,,", "kind", "kind_unknown"),
        ("C,N,,,,,,nobody,,", "email", "email_format"),
        ("C,N,,,,,,a@b.example,boss,", "role", "role_unknown"),
        (f"C,{'N' * 301},,,,,,,,", "name", "too_long"),
    ],
)
def test_a_bad_customer_is_rejected(row: str, field: str, code: str) -> None:
    result = read_file("customers/c.csv", (CUSTOMERS + row + "\n").encode())
    assert [(reject.line, reject.field, reject.code) for reject in result.rejects] == [(2, field, code)]
    assert result.rows_in == 1


def test_personal_values_are_not_in_reasons() -> None:
    rows = [
        "C,N,,,,,,marta.vogel_example.com,,",
        "C,N,Marta Vogel,,,,,,,",
        "C,N,,DE02120300000000202051,,,,,,",
    ]
    result = read_file("customers/c.csv", (CUSTOMERS + "\n".join(rows)).encode())
    assert len(result.rejects) == 3
    assert not any(word in reject.reason for reject in result.rejects for word in ("marta", "Marta", "Vogel", "DE02"))


def test_equal_rows_are_both_kept() -> None:
    assert len(invoices("R,C,2026-01-01,,1.00,EUR,,,", "R,C,2026-01-01,,1.00,EUR,,,").invoices) == 2


def test_empty_rows_are_no_rows_and_spaces_around_values_are_cut() -> None:
    result = invoices("", " R , C , 2026-01-01 ,, 1.00 , EUR ,,,", ",,,,,,,,", "")
    assert result.rows_in == 1
    assert (result.invoices[0].number, result.invoices[0].line) == ("R", 3)


def test_formulas_are_kept_as_text() -> None:
    assert invoices("R,C,2026-01-01,,1.00,EUR,,=HYPERLINK(1),").invoices[0].terms == "=HYPERLINK(1)"


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark(ends: str) -> None:
    text = INVOICES + 'R,C,2026-01-01,,1.00,EUR,,"two\nlines",\nS,C,2026-01-01,,2.00,EUR,,,\n'
    result = read_file("x", b"\xef\xbb\xbf" + text.replace("\n", ends).encode())
    assert [(row.number, row.line) for row in result.invoices] == [("R", 2), ("S", 4)]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("customer,issued,due,amount,currency,type,terms,order,x", ["missing: number"]),
        ("number,issued,due,amount,currency,type,terms,order,x", ["missing: customer or name"]),
        ("number,customer,issued,duee,amount,currency,type,terms,order", ["missing: due", "unknown: 'duee'"]),
        (INVOICES.strip() + ",amount", ["repeated: amount"]),
        (
            "Kundennummer,Debitor,Rechnungsnr,Datum,Betrag,Währung",
            ["customer as 'Kundennummer'", "customer as 'Debitor'"],
        ),
        (INVOICES.strip().replace(",", ":"), ["missing: number"]),
        ("", ["missing: number"]),
        ('"number', ["missing: number"]),
    ],
)
def test_a_wrong_header_names_what_is_wrong_and_what_was_expected(header: str, words: list[str]) -> None:
    result = read_file("invoices/a.csv", (header + "\nR,C,2026-01-01,,1.00,EUR,,,\n").encode())
    (reject,) = result.rejects
    assert (reject.line, reject.field, reject.code) == (1, "header", "header")
    assert all(word in reject.reason for word in [*words, "expected the header number,customer,issued"])
    assert result.records == ()


@pytest.mark.parametrize(
    ("data", "code", "line", "words"),
    [
        (b"", "empty", 0, "empty file"),
        (b"\xef\xbb\xbf \r\n", "empty", 0, "empty file"),
        ((INVOICES + "ü,").encode() + b"R,C\xe4,", "encoding", 2, "byte 0xE4 at line 2, byte 7"),
        ((INVOICES + "M\x81ller,").encode("latin-1"), "encoding", 2, "byte 0x81 at line 2, byte 2"),
        ((INVOICES + "B\x84cker,").encode("latin-1"), "encoding", 2, "byte 0x84 at line 2, byte 2"),
        (INVOICES.encode("utf-32"), "encoding", 1, "UTF-32"),
        (INVOICES.encode("utf-32-be"), "encoding", 1, "UTF-32"),
        (INVOICES.encode() + b"R,C\x00,", "nul_byte", 2, "line 2, byte 4"),
        (b"x" * (MAX_FILE_BYTES + 1), "too_large", 0, "at most"),
    ],
)
def test_bytes_whose_text_cannot_be_told(data: bytes, code: str, line: int, words: str) -> None:
    result = read_file("invoices/a.csv", data)
    (reject,) = result.rejects
    assert (reject.code, reject.line) == (code, line)
    assert words in reject.reason
    assert (result.kind, result.rows_in) == ("invoices", 1 if line else 0)


def test_an_open_quotation_mark_costs_one_row_only() -> None:
    result = invoices(
        "R-1,C,2026-01-01,,1.00,EUR,,,",
        'R-2,C,2026-01-01,,2.00,EUR,,"open,',
        "R-3,C,2026-01-01,,3.00,EUR,,,",
        'R-4,C,2026-01-01,,4.00,EUR,,"closed",',
    )
    assert [row.number for row in result.invoices] == ["R-1", "R-3", "R-4"]
    assert [(reject.line, reject.code) for reject in result.rejects] == [(3, "quote")]
    assert result.rows_in == 4


def test_an_open_quotation_mark_that_fits_a_later_one_is_seen() -> None:
    result = invoices(
        'R-1,C,2026-01-01,,1.00,EUR,,"open,',
        "R-2,C,2026-01-01,,2.00,EUR,,,",
        'R-3,C,2026-01-01,,3.00,EUR,,close",x',
    )
    assert [row.number for row in result.invoices] == ["R-2", "R-3"]
    assert [(reject.line, reject.code) for reject in result.rejects] == [(2, "quote")]


def test_a_row_over_two_lines_with_too_many_columns_has_swallowed_one() -> None:
    result = invoices(
        'R-1,C,2026-01-01,,1.00,EUR,,"open,',
        'R-2,C,2026-01-01,,2.00,EUR,,",0",',
        "R-3,C,2026-01-01,,3.00,EUR,,,",
    )
    assert [(row.number, row.terms) for row in result.invoices] == [("R-2", ",0"), ("R-3", "")]
    assert [(reject.line, reject.code) for reject in result.rejects] == [(2, "quote")]


def test_an_open_quotation_mark_at_the_end_of_the_file() -> None:
    result = invoices("R-1,C,2026-01-01,,1.00,EUR,,,", '"R-2,C')
    assert [(reject.line, reject.code) for reject in result.rejects] == [(3, "quote")]
    assert len(result.invoices) == 1


def test_a_quoted_text_may_run_over_lines_but_not_over_too_many() -> None:
    def one(lines: int) -> FileResult:
        return invoices('R-1,C,2026-01-01,,1.00,EUR,,"' + "\n".join(["x"] * lines) + '",')

    assert one(MAX_LINES_PER_ROW).invoices[0].terms.count("\n") == MAX_LINES_PER_ROW - 1
    assert one(MAX_LINES_PER_ROW + 1).rejects[0].code == "quote"


def test_a_line_that_is_too_long_costs_one_row_only() -> None:
    result = invoices(f"R-1,C,2026-01-01,,1.00,EUR,,{'x' * MAX_LINE_CHARS},", "R-2,C,2026-01-01,,2.00,EUR,,,")
    assert [(reject.line, reject.code) for reject in result.rejects] == [(2, "too_long")]
    assert [row.number for row in result.invoices] == ["R-2"]


def test_many_open_quotation_marks_stay_cheap() -> None:
    result = invoices(*['R-1,"C'] * 3000)
    assert result.rows_in == 3000
    assert {reject.code for reject in result.rejects} == {"quote"}


# --- where a customer is reached by post and telephone
def reached(header: str, *rows: str) -> FileResult:
    return read_file("customers/a.csv", f"id,name,country,{header}\n{chr(10).join(rows)}\n".encode())


def test_address_and_telephone_of_a_customer() -> None:
    (row,) = reached(
        "address,postcode,city,phone", 'C-1,Nebel,DE,"Hof 2\nTorweg 4",20457,Hamburg,040 / 12-34 56'
    ).customers
    assert (row.address, row.postcode, row.city, row.phone) == (
        ("Hof 2", "Torweg 4"),
        "20457",
        "Hamburg",
        "+4940123456",
    )
    (row,) = reached("Straße,PLZ,Ort,Telefon", "C-1,Nebel,DE,Torweg 4,20457,Hamburg,").customers
    assert (row.address, row.postcode, row.city, row.phone) == (("Torweg 4",), "20457", "Hamburg", "")
    assert row.says("address") and row.says("phone")


def test_two_columns_that_could_be_the_telephone_are_left_out_and_refuse_nothing() -> None:
    found = reached("Telefon,Tel,Fax", "C-1,Nebel,DE,040 1,040 2,040 3")
    assert not found.rejects and not found.customers[0].says("phone")


@pytest.mark.parametrize(
    ("text", "country", "found"),
    [
        ("+49 (0)40 123456", "", "+4940123456"),
        ("0049 40 123456", "PL", "+4940123456"),
        ("06 123456", "IT", "+3906123456"),
        ("(020) 7946-0123", "GB", "+442079460123"),
        ("040 123456", "", None),
        ("call Ann", "DE", None),
        ("+123456789012345678", "", None),
        ("", "", ""),
    ],
)
def test_a_telephone_number_is_international_or_none(text: str, country: str, found: str | None) -> None:
    assert international(text, country) == found


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ('"a\nb\nc\nd",1,X,', "address", "address_lines"),
        ("a,1,X,12345", "phone", "phone_format"),
    ],
)
def test_a_bad_address_or_telephone_names_its_column(row: str, field: str, code: str) -> None:
    (reject,) = reached("address,postcode,city,phone", f"C-1,N,BT,{row}").rejects
    assert (reject.field, reject.code) == (field, code)


# --- what is agreed with a customer
AGREED = CUSTOMERS.strip() + ",parent,order_required,terms_days,credit_limit,limit_currency,external_score\n"


def agreed(values: str) -> FileResult:
    return read_file("customers/a.csv", (AGREED + f"C-1,Nebel,DE,de,,,,,,,{values}\n").encode())


def test_what_is_agreed_with_a_customer() -> None:
    (row,) = agreed("C-0,yes,45,12000.50,CHF,230").customers
    assert (row.parent, row.order_required, row.terms_days) == ("C-0", True, 45)
    assert (row.credit_limit, row.limit_currency, row.external_permille) == ("12000.50", "CHF", 230)
    assert row.says("parent") and row.says("credit_limit") and not row.says("endpoint")
    (row,) = agreed(",,,,,").customers
    assert (row.parent, row.order_required, row.terms_days) == ("", False, None)
    assert (row.credit_limit, row.limit_currency, row.external_permille) == ("", "", None)
    assert row.says("parent") and not example("customers.csv").customers[0].says("parent")


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        (",perhaps,,,,", "order_required", "yes_or_no"),
        (",,soon,,,", "terms_days", "terms_days_range"),
        (",,4000,,,", "terms_days", "terms_days_range"),
        (",,-1,,,", "terms_days", "terms_days_range"),
        (",,,many,EUR,", "credit_limit", "amount_format"),
        (",,,10.001,EUR,", "credit_limit", "amount_decimals"),
        (",,,10.00001,,", "credit_limit", "amount_decimals"),
        (",,,-1,EUR,", "credit_limit", "limit_range"),
        (",,,1,XXX,", "limit_currency", "currency_unknown"),
        (",,,,,1001", "external_score", "external_score_range"),
        (",,,,,-1", "external_score", "external_score_range"),
        (",,,,,1.5", "external_score", "external_score_range"),
        (",,,,,AAA", "external_score", "amount_format"),
    ],
)
def test_a_bad_agreement_names_its_field_and_what_was_expected(values: str, field: str, code: str) -> None:
    (reject,) = agreed(values).rejects
    assert (reject.line, reject.field, reject.code) == (2, field, code)
    assert reject.reason.startswith("expected ")


def test_an_export_of_customers_in_german() -> None:
    text = (
        "Kundennr;Firma;Muttergesellschaft;Bestellnummerpflicht;Zahlungsziel;Kreditlimit;Währung;Gruppe\n"
        "K1;Nebel;K0;ja;30 Tage;12.000,50;EUR;Handel\nK2;Dunst;;nein;14;1.500,00;;Handel\n"
    )
    result = read_file("customers/k.csv", text.encode("cp1252"))
    first, second = result.customers
    assert (first.parent, first.order_required, first.terms_days) == ("K0", True, 30)
    assert (first.credit_limit, first.limit_currency) == ("12000.50", "EUR")
    assert (second.parent, second.order_required, second.terms_days) == ("", False, 14)
    assert (second.credit_limit, second.limit_currency) == ("1500.00", "")
    assert not first.says("email") and not first.says("external_score")
    assert any("columns not used: 'Gruppe'" in note for note in result.notes)
