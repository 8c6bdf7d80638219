"""CAMT.053 statements: versions, batches, reversals, balances, several statements in one file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult

DATA = Path(__file__).parents[1] / "data" / "formats"
CAMT = (DATA / "statement.camt053.xml").read_text(encoding="utf-8")


def read(text: str) -> FileResult:
    return read_file("statements/a.xml", text.encode())


def changed(*pairs: tuple[str, str]) -> FileResult:
    text = CAMT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return read(text)


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


def test_two_statements_of_two_accounts() -> None:
    result = read(CAMT)
    assert (result.kind, result.format, result.rows_in) == ("statement", "camt053", 6)
    assert result.amounts_in == {"EUR": 210770, "JPY": 5000}
    euro, yen = result.statements
    assert (euro.account, euro.reference, euro.currency) == ("DE02120300000000202051", "2026-023", "EUR")
    assert (euro.opening_minor, euro.closing_minor, euro.closing_date) == (-50000, 160770, date(2026, 2, 3))
    assert (yen.account, yen.currency, yen.opening_minor, yen.closing_minor) == ("123-456", "JPY", None, None)
    assert [entry.amount_minor for entry in yen.entries] == [5000]


def test_entries_in_full() -> None:
    first, part, other_part, reversal, fee = read(CAMT).statements[0].entries
    assert first == BankEntry(
        line=16,
        booked=date(2026, 2, 3),
        value=date(2026, 2, 4),
        amount_minor=119000,
        currency="EUR",
        counterparty_name="Fog & Sons Ltd",
        counterparty_account="GB33BUKB20201555555555",
        remittance="Invoice R-2026-001\nwith thanks",
        structured_reference="",
        end_to_end_id="E2E-1",
        bank_reference="B-1",
        reversal=False,
    )
    assert (part.amount_minor, part.counterparty_name, part.end_to_end_id) == (60000, "Nebel, Brüder GmbH", "")
    assert (part.structured_reference, part.bank_reference) == ("RF18539007547034", "B-2/1")
    assert (other_part.amount_minor, other_part.remittance, other_part.bank_reference) == (40000, "R-2026-003", "B-2/2")
    assert (reversal.amount_minor, reversal.reversal, reversal.remittance) == (-7000, True, "Rücklastschrift")
    assert reversal.counterparty_name == "Stadtwerke Dunst"
    assert (fee.amount_minor, fee.remittance, fee.counterparty_name) == (-1230, "Kontoführung", "")


def test_lines_never_repeat_even_when_all_stands_on_one_line() -> None:
    result = read(re.sub(r">\s+<", "><", CAMT))
    lines = [entry.line for statement in result.statements for entry in statement.entries]
    assert len(lines) == 6
    assert lines == sorted(set(lines))


@pytest.mark.parametrize("version", ["camt.053.001.02", "camt.053.001.04", "camt.053.001.13"])
def test_every_version_is_read(version: str) -> None:
    assert changed(("camt.053.001.08", version)).rows_in == 6


def test_without_namespace_or_with_a_prefix() -> None:
    assert changed((' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', "")).rows_in == 6
    prefixed = re.sub(r"<(/?)([A-Z])", r"<\1c:\2", CAMT).replace("xmlns=", "xmlns:c=")
    assert read(prefixed).statements == read(CAMT).statements


def test_version_2_writes_names_status_and_amounts_of_details_elsewhere() -> None:
    text = (
        CAMT.replace("<Pty>", "")
        .replace("</Pty>", "")
        .replace("<Cd>BOOK</Cd>", "BOOK")
        .replace("<Cd>PDNG</Cd>", "PDNG")
    )
    text = re.sub(
        r'<Amt Ccy="EUR">([64]00.00)</Amt>', r'<AmtDtls><TxAmt><Amt Ccy="EUR">\1</Amt></TxAmt></AmtDtls>', text
    )
    assert read(text).statements == read(CAMT).statements


def test_entries_that_are_not_booked_are_left_out_and_counted() -> None:
    assert codes(read(CAMT)) == [(0, "not_booked")]
    assert codes(changed(("PDNG", "INFO"))) == [(0, "not_booked")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("600.00</Amt>", "600.01</Amt>"),
        ('<Amt Ccy="EUR">600.00</Amt>', ""),
        ('<Amt Ccy="EUR">600.00', '<Amt Ccy="USD">600.00'),
        ("600.00</Amt>", "600,00</Amt>"),
    ],
)
def test_a_batch_whose_parts_do_not_add_up_stays_one_entry(old: str, new: str) -> None:
    entries = changed((old, new)).statements[0].entries
    assert [entry.amount_minor for entry in entries] == [119000, 100000, -7000, -1230]
    whole = entries[1]
    assert (whole.counterparty_name, whole.remittance, whole.bank_reference) == ("", "R-2026-003", "B-2")


def test_parts_with_references_of_their_own_keep_them() -> None:
    text = CAMT.replace("<EndToEndId>NOTPROVIDED</EndToEndId>", "<AcctSvcrRef>P-1</AcctSvcrRef>")
    text = text.replace('<Amt Ccy="EUR">400.00', '<Refs><AcctSvcrRef>P-2</AcctSvcrRef></Refs><Amt Ccy="EUR">400.00')
    assert [entry.bank_reference for entry in read(text).statements[0].entries[1:3]] == ["P-1", "P-2"]
    same = text.replace("P-2", "P-1")
    assert [entry.bank_reference for entry in read(same).statements[0].entries[1:3]] == ["B-2/1", "B-2/2"]


def test_parts_in_both_directions_add_up_with_their_signs() -> None:
    result = changed(
        ('<Amt Ccy="EUR">600.00</Amt>', '<Amt Ccy="EUR">1400.00</Amt>'),
        ('<Amt Ccy="EUR">400.00</Amt>', '<Amt Ccy="EUR">400.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>'),
    )
    assert [entry.amount_minor for entry in result.statements[0].entries[1:3]] == [140000, -40000]


def test_the_counterparty_is_never_the_owner_of_the_account() -> None:
    own = "<DbtrAcct><Id><IBAN>DE02120300000000202051</IBAN></Id></DbtrAcct>"
    other = "<Cdtr><Pty><Nm>Other</Nm></Pty></Cdtr><CdtrAcct><Id><IBAN>FR1</IBAN></Id></CdtrAcct>"
    entry = changed(("<DbtrAcct><Id><IBAN>GB33 BUKB 2020 1555 5555 55</IBAN></Id></DbtrAcct>", own + other))
    assert entry.statements[0].entries[0].counterparty_name == "Other"
    assert entry.statements[0].entries[0].counterparty_account == "FR1"


def test_documents_and_further_references_are_part_of_the_text() -> None:
    more = (
        "<Strd><RfrdDocInf><Nb>R-2026-007</Nb></RfrdDocInf><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf>"
        "<AddtlRmtInf>less 3 %</AddtlRmtInf></Strd><Strd><CdtrRefInf><Ref>RF2</Ref></CdtrRefInf></Strd>"
    )
    entry = changed(("<Ustrd>Invoice R-2026-001</Ustrd><Ustrd>with thanks</Ustrd>", more)).statements[0].entries[0]
    assert (entry.structured_reference, entry.remittance) == ("RF1", "R-2026-007\nless 3 %\nRF2")


@pytest.mark.parametrize(
    ("pair", "field", "code", "kept"),
    [
        (("1190.00</Amt>", "1.190,00</Amt>"), "amount", "amount_format", None),
        (("1190.00</Amt>", "-1190.00</Amt>"), "direction", "direction", None),
        (('<Amt Ccy="EUR">1190.00', '<Amt Ccy="EUX">1190.00'), "currency", "currency_unknown", None),
        (("1190.00</Amt><CdtDbtInd>CRDT", "1190.00</Amt><CdtDbtInd>PLUS"), "direction", "direction", None),
        (("<Dt>2026-02-03</Dt></BookgDt>", "<Dt>2026-02-31</Dt></BookgDt>"), "booked", "date_invalid", 119000),
        (("<Dt>2026-02-04</Dt></ValDt>", "<Dt>4.2.2026</Dt></ValDt>"), "value", "date_format", 119000),
    ],
)
def test_a_bad_entry_is_rejected_and_the_others_stay(
    pair: tuple[str, str], field: str, code: str, kept: int | None
) -> None:
    result = changed(pair)
    reject = result.rejected_rows[0]
    assert (reject.line, reject.field, reject.code, reject.amount_minor) == (16, field, code, kept)
    assert [entry.amount_minor for entry in result.statements[0].entries] == [60000, 40000, -7000, -1230]
    assert result.rows_in == 6
    assert result.amounts_in["EUR"] == 91770 + (kept or 0)


def test_missing_dates_stand_in_for_each_other() -> None:
    entry = changed(("<BookgDt><Dt>2026-02-03</Dt></BookgDt>", "")).statements[0].entries[0]
    assert (entry.booked, entry.value) == (date(2026, 2, 4), date(2026, 2, 4))
    entry = changed(("<ValDt><Dt>2026-02-04</Dt></ValDt>", "")).statements[0].entries[0]
    assert (entry.booked, entry.value) == (date(2026, 2, 3), date(2026, 2, 3))


def test_balances_that_do_not_add_up_are_reported_with_the_difference() -> None:
    result = changed(("1607.70", "1600.00"))
    assert codes(result) == [(0, "not_booked"), (0, "balance_mismatch")]
    assert "1607.70 EUR" in result.rejects[1].reason
    assert "difference -7.70" in result.rejects[1].reason
    assert result.rows_in == 6


def test_a_rejected_entry_with_a_known_amount_does_not_upset_the_balance() -> None:
    result = changed(("<Dt>2026-02-03</Dt></BookgDt>", "<Dt>2026-02-31</Dt></BookgDt>"))
    assert [code for _, code in codes(result)] == ["date_invalid", "not_booked"]


def test_the_previous_closing_balance_opens_too() -> None:
    assert changed(("OPBD", "PRCD")).statements[0].opening_minor == -50000
    assert changed(("OPBD", "OPAV")).statements[0].opening_minor is None


def test_a_balance_in_another_currency_is_reported_and_not_used() -> None:
    result = changed(('<Amt Ccy="EUR">1607.70', '<Amt Ccy="SEK">1607.70'))
    assert (result.statements[0].closing_minor, result.statements[0].closing_date) == (None, None)
    assert (0, "balance_currency") in codes(result)


def test_a_statement_without_account_is_reported() -> None:
    result = changed(("<Id><Othr><Id>123-456</Id></Othr></Id>", ""))
    assert (0, "account_missing") in codes(result)


def test_the_currency_of_the_account_may_be_left_out() -> None:
    assert changed(("<Ccy>EUR</Ccy>", "")).statements == read(CAMT).statements


def test_a_message_without_statement_is_refused() -> None:
    text = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt/></Document>'
    assert codes(read(text)) == [(1, "no_statement")]


def test_a_text_that_is_too_long_rejects_its_entry() -> None:
    result = changed(("with thanks", "x" * 20_001))
    assert codes(result)[0] == (16, "too_long")
    assert result.rejects[0].amount_minor == 119000
