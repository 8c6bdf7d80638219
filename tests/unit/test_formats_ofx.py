"""OFX: SGML and XML, code pages, accounts of all kinds, days with zones, amounts, errors of the bank."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest

from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n\n"
SGML = (
    HEADER
    + """<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>0815<ACCTID>12 3456<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260201<DTEND>20260203120000[-5:EST]
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260202233000.000[-5:EST]<DTAVAIL>20260204<TRNAMT>1190.00<FITID>F-1<REFNUM>E-1
<NAME>Fog &amp; Sons<MEMO>Invoice R-2026-001, a &lt; b</STMTTRN>
<STMTTRN><TRNTYPE>CHECK<DTPOSTED>20260203<TRNAMT>-12,30<FITID>F-2<CHECKNUM>0<NAME>Fee</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>-382.34<DTASOF>20260203</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
)
#: The same as XML: every element is closed.
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n' + re.sub(
    r"<([A-Z]+)>([^<\n]+)", r"<\1>\2</\1>", SGML.removeprefix(HEADER)
)


def read(text: str, encoding: str = "utf-8") -> FileResult:
    return read_file("statements/a.ofx", text.encode(encoding))


def changed(*pairs: tuple[str, str]) -> FileResult:
    text = SGML
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return read(text)


def first(*pairs: tuple[str, str]) -> BankEntry:
    return changed(*pairs).statements[0].entries[0]


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


def test_a_statement_in_full() -> None:
    result = read(SGML)
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("statement", "ofx", 2, ())
    (statement,) = result.statements
    assert (statement.account, statement.currency, statement.is_final) == ("123456", "USD", True)
    assert (statement.opening_minor, statement.closing_minor) == (None, -38234)
    assert (statement.opening_date, statement.closing_date) == (date(2026, 2, 1), date(2026, 2, 3))
    assert statement.entries[0] == BankEntry(
        line=13,
        booked=date(2026, 2, 2),
        value=date(2026, 2, 4),
        amount_minor=119000,
        currency="USD",
        counterparty_name="Fog & Sons",
        counterparty_account="",
        remittance="Fog & Sons\nInvoice R-2026-001, a < b",
        structured_reference="",
        end_to_end_id="E-1",
        bank_reference="F-1",
        reversal=False,
        code="CREDIT",
    )
    fee = statement.entries[1]
    assert (fee.amount_minor, fee.remittance, fee.end_to_end_id, fee.value) == (-1230, "Fee", "", date(2026, 2, 3))


def test_xml_and_sgml_say_the_same() -> None:
    assert "</TRNAMT>" in XML
    assert read(XML).statements[0].entries[0].remittance == "Fog & Sons\nInvoice R-2026-001, a < b"
    shifted = [(entry.amount_minor, entry.bank_reference) for entry in read(XML).statements[0].entries]
    assert shifted == [(119000, "F-1"), (-1230, "F-2")]
    assert read(XML.upper().replace("&LT;", "&lt;").replace("&AMP;", "&amp;")).rows_in == 2


def test_on_one_line_without_header_and_in_small_letters() -> None:
    text = SGML.removeprefix(HEADER).replace("\n", "")
    result = read(re.sub(r"</?[A-Z0-9]+>", lambda found: found[0].lower(), text).replace("<ofx>", "<OFX>"))
    assert [entry.line for entry in result.statements[0].entries] == [1, 2]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("ENCODING:USASCII\nCHARSET:1252", "cp1252"),
        ("ENCODING:USASCII\nCHARSET:1252", "utf-8"),
        ("ENCODING:UTF-8\nCHARSET:NONE", "utf-8"),
        ("ENCODING:USASCII\nCHARSET:ISO-8859-1", "latin-1"),
        ("ENCODING:USASCII\nCHARSET:8859-1", "latin-1"),
        ("ENCODING:USASCII\nCHARSET:1250", "cp1250"),
    ],
)
def test_code_pages(header: str, encoding: str) -> None:
    text = SGML.replace("ENCODING:USASCII\nCHARSET:1252", header).replace("Fog &amp; Sons", "Nebel, Brüder")
    assert read(text, encoding).statements[0].entries[0].counterparty_name == "Nebel, Brüder"


def test_literal_texts_and_empty_elements() -> None:
    entry = first(("<NAME>Fog &amp; Sons<MEMO>", "<SIC><NAME><![CDATA[A <B> & C]]><MEMO>"))
    assert (entry.counterparty_name, entry.remittance) == ("A <B> & C", "A <B> & C\nInvoice R-2026-001, a < b")


def test_names_and_accounts_of_the_other_side() -> None:
    payee = "<PAYEE><NAME>Fog Group<ADDR1>1 Road<CITY>X</PAYEE><BANKACCTTO><BANKID>1<ACCTID>77 88</BANKACCTTO>"
    entry = first(("<NAME>Fog &amp; Sons", payee))
    assert (entry.counterparty_name, entry.counterparty_account) == ("Fog Group", "7788")
    assert first(("<MEMO>Invoice", "<CCACCTTO><ACCTID>55</CCACCTTO><MEMO>Invoice")).counterparty_account == "55"


def test_the_name_is_not_said_twice() -> None:
    assert first(("<MEMO>", "<MEMO>Fog &amp; Sons: ")).remittance == "Fog & Sons: Invoice R-2026-001, a < b"


def test_a_check_number_stands_in_for_a_reference() -> None:
    assert first(("<REFNUM>E-1", "<CHECKNUM>1001")).end_to_end_id == "1001"


@pytest.mark.parametrize(
    ("day", "booked"),
    [
        ("20260202", date(2026, 2, 2)),
        ("202602022330", date(2026, 2, 2)),
        ("20260202233000", date(2026, 2, 2)),
        ("20260202233000.000", date(2026, 2, 2)),
        ("20260202003000[+1:CET]", date(2026, 2, 2)),
        ("20260202233000.123[-3.30:NST]", date(2026, 2, 2)),
    ],
)
def test_days_are_those_of_the_banks_zone(day: str, booked: date) -> None:
    assert first(("20260202233000.000[-5:EST]", day)).booked == booked


@pytest.mark.parametrize(
    ("amount", "minor"), [("+10", 1000), ("0010.500", 1050), ("-.5", -50), ("10,5", 1050), ("-1,00", -100)]
)
def test_amounts(amount: str, minor: int) -> None:
    assert first((">1190.00", f">{amount}")).amount_minor == minor


@pytest.mark.parametrize(
    ("old", "new", "code", "kept"),
    [
        (">1190.00", ">$120", "amount_format", None),
        (">1190.00", ">1,190.00", "amount_format", None),
        (">1190.00", ">", "amount_missing", None),
        (">1190.00", ">1.005", "amount_decimals", None),
        ("<DTPOSTED>20260202233000.000[-5:EST]", "", "date_missing", 119000),
        ("<DTPOSTED>20260202", "<DTPOSTED>20260231", "date_invalid", 119000),
        ("<CURDEF>USD", "<CURDEF>UXX", "currency_unknown", None),
        ("Invoice", "x" * 20_001, "too_long", 119000),
        ("<REFNUM>E-1", "<CORRECTFITID>F-0<CORRECTACTION>DELETE", "bank_correction", 119000),
    ],
)
def test_a_bad_entry_is_rejected_and_the_others_stay(old: str, new: str, code: str, kept: int | None) -> None:
    result = changed((old, new))
    reject = result.rejected_rows[0]
    assert (reject.line, reject.code, reject.amount_minor) == (13, code, kept)
    assert result.rows_in == 2


def test_currencies_of_entries() -> None:
    own = "<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY><MEMO>"
    assert first(("<MEMO>", own)).currency == "EUR"
    original = "<ORIGCURRENCY><CURRATE>{}<CURSYM>{}</ORIGCURRENCY><MEMO>"
    entry = first(("<MEMO>", original.format("1.19", "EUR")))
    assert (entry.currency, entry.amount_minor, entry.instructed) == ("USD", 119000, (100000, "EUR"))
    for rate, currency in (("0", "EUR"), ("x", "EUR"), ("1.19", "USD"), ("1.19", "UXX"), ("9" * 30, "EUR")):
        assert first(("<MEMO>", original.format(rate, currency))).instructed is None


def test_pending_entries_are_left_out_and_said() -> None:
    pending = "<BANKTRANLISTP><STMTTRNP><TRNTYPE>DEBIT<TRNAMT>-1<NAME>X</STMTTRNP></BANKTRANLISTP><LEDGERBAL>"
    assert codes(changed(("<LEDGERBAL>", pending))) == [(0, "not_booked")]
    assert codes(changed(("<TRNTYPE>CREDIT", "<TRNTYPE>HOLD"))) == [(0, "not_booked")]


def test_credit_cards_and_several_accounts() -> None:
    card = (
        "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><CCSTMTRS><CURDEF>EUR"
        "<CCACCTFROM><ACCTID>4711</CCACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260203<TRNAMT>-5"
        "<FITID>1<NAME>Shop</STMTTRN></BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1></OFX>"
    )
    result = changed(("</OFX>", card))
    assert [(one.account, one.currency, len(one.entries)) for one in result.statements] == [
        ("123456", "USD", 2),
        ("4711", "EUR", 1),
    ]
    assert result.amounts_in == {"USD": 117770, "EUR": -500}


def test_cash_of_investment_accounts() -> None:
    text = (
        "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>9</INVACCTFROM>"
        "<INVTRANLIST><DTSTART>20260201<DTEND>20260203<BUYSTOCK><INVBUY><INVTRAN><FITID>1<DTTRADE>20260202</INVTRAN>"
        "<TOTAL>-5</INVBUY></BUYSTOCK><INVBANKTRAN><STMTTRN><TRNTYPE>DEP<DTPOSTED>20260202<TRNAMT>7<FITID>2<NAME>In"
        "</STMTTRN><SUBACCTFUND>CASH</INVBANKTRAN></INVTRANLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>"
    )
    result = read(text)
    assert [entry.amount_minor for entry in result.statements[0].entries] == [700]
    assert (result.statements[0].account, result.notes) == ("9", ("movements of securities left out: 1",))


def test_errors_of_the_bank_are_clear_rejects_without_its_words() -> None:
    status = "<STATUS><CODE>2000<SEVERITY>ERROR<MESSAGE>Dear Mr Fog</STATUS>"
    text = f"<OFX><BANKMSGSRSV1><STMTTRNRS>{status}</STMTTRNRS></BANKMSGSRSV1></OFX>"
    (reject,) = read(text).rejects
    assert (reject.line, reject.code) == (1, "bank_error")
    assert reject.reason == "expected a statement, found error 2000 that the bank gave for a statement"
    signon = f"<OFX><SIGNONMSGSRSV1><SONRS>{status.replace('2000', 'x')}</SONRS></SIGNONMSGSRSV1></OFX>"
    assert read(signon).rejects[0].reason == "expected a statement, found an error that the bank gave for signing on"


@pytest.mark.parametrize("text", ["<OFX></OFX>", HEADER, SGML.split("<BANKMSGSRSV1>")[0] + "</OFX>"])
def test_a_file_without_statement_is_refused(text: str) -> None:
    assert codes(read(text)) == [(1, "no_statement")]


@pytest.mark.parametrize("last", ["-12", "<FITID>F-", "<CHECKNUM>", "</STMTRS>"])
def test_a_cut_file_is_refused(last: str) -> None:
    """Half an amount or half a reference would be another payment once the whole file comes."""
    (reject,) = read(SGML[: SGML.rindex(last) + len(last)]).rejects
    assert (reject.code, reject.line) == ("cut_off", SGML[: SGML.rindex(last)].count("\n") + 1)


def test_a_statement_without_account_is_reported() -> None:
    assert codes(changed(("<ACCTID>12 3456", ""))) == [(0, "account_missing")]


def test_the_number_of_entries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duly.formats.ofx.MAX_ENTRIES", 1)
    assert codes(read(SGML)) == [(0, "too_large")]


@pytest.mark.parametrize(
    "crowd",
    [
        "<![CDATA[" * 100_000,
        "<STMTTRN>" * 20,
        "</STMTTRN>" * 100_000,
        ("<" + "a" * 300) * 3_000,
        "<STATUS>" * 100_000,
        "&amp;" * 100_000,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    ],
)
def test_hostile_texts_are_read_in_time_and_never_raise(crowd: str) -> None:
    started = time.process_time()
    result = changed(("<MEMO>", "<MEMO>" + crowd))
    assert "root:" not in str(result)
    assert time.process_time() - started < 5
