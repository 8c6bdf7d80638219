"""CAMT.052, .053 and .054: versions, batches, reversals, returns, balances, several statements in one file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from duly.formats import camt
from duly.formats.problems import FileProblem
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
    assert (whole.counterparty_name, whole.structured_reference, whole.bank_reference) == ("", "", "B-2")
    assert (
        whole.remittance == "RF18539007547034\nR-2026-003"
    )  # a reference that is one part's alone is text of the whole


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


def entry_of(inner: str, outer: str = "", message: str = "camt.053", currency: str = "EUR") -> BankEntry:
    """The one entry, over 100.00 EUR, of a message; `inner` stands in its only detail, `outer` in the entry."""
    (entry,) = read(message_of(ntry(inner, outer, currency), message)).statements[0].entries
    return entry


def ntry(inner: str = "", outer: str = "", currency: str = "EUR") -> str:
    details = f"<NtryDtls><TxDtls>{inner}</TxDtls></NtryDtls>" if inner else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">100</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        f"<BookgDt><Dt>2026-02-03</Dt></BookgDt>{outer}{details}</Ntry>"
    )


def message_of(entries: str, message: str = "camt.053", head: str = "") -> str:
    root, statement = {
        "camt.052": ("BkToCstmrAcctRpt", "Rpt"),
        "camt.053": ("BkToCstmrStmt", "Stmt"),
        "camt.054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[message]
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}.001.08"><{root}><{statement}><Id>S-1</Id>{head}'
        f"<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>{entries}</{statement}></{root}></Document>"
    )


def test_reports_and_notifications_are_not_final() -> None:
    for message, final in (("camt.052", False), ("camt.053", True), ("camt.054", False)):
        result = read(message_of(ntry(), message))
        assert result.format == message.replace(".", "")
        assert (result.statements[0].is_final, result.rejects) == (final, ())


def test_version_1_puts_its_number_behind_the_name_of_the_message() -> None:
    text = message_of(ntry(), "camt.052").replace("BkToCstmrAcctRpt", "BkToCstmrAcctRptV01")
    text = text.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"', "")
    text = text.replace("<IBAN>DE02120300000000202051</IBAN>", "<PrtryAcct><Id>4711</Id></PrtryAcct>")
    result = read(text)
    assert (result.format, result.statements[0].account, result.rows_in) == ("camt052", "4711", 1)


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
@pytest.mark.parametrize("message", ["camt.052", "camt.054"])
def test_reports_too_leave_out_what_is_not_booked_and_say_so(message: str, status: str) -> None:
    result = read(message_of(ntry("", f"<Sts>{status}</Sts>") + ntry(), message))
    assert (codes(result), result.rows_in) == ([(0, "not_booked")], 1)


def test_a_notification_without_days_counts_on_its_own() -> None:
    entry = ntry().replace("<BookgDt><Dt>2026-02-03</Dt></BookgDt>", "")
    made = read(message_of(entry, "camt.054", "<CreDtTm>2026-02-04T09:00:00</CreDtTm>")).statements[0].entries[0]
    assert (made.booked, made.value) == (date(2026, 2, 4), date(2026, 2, 4))
    period = "<FrToDt><FrDtTm>2026-02-01T00:00:00Z</FrDtTm><ToDtTm>2026-02-02T00:00:00Z</ToDtTm></FrToDt>"
    statement = read(message_of(entry, "camt.054", period)).statements[0]
    assert (statement.opening_date, statement.closing_date) == (date(2026, 2, 1), date(2026, 2, 2))
    assert statement.entries[0].booked == date(2026, 2, 2)
    assert codes(read(message_of(entry, "camt.054"))) == [(1, "date_missing")]


def test_numbers_of_statements() -> None:
    head = "<ElctrncSeqNb>7</ElctrncSeqNb><LglSeqNb>12</LglSeqNb>"
    assert read(message_of(ntry(), head=head)).statements[0].number == "7"
    assert read(message_of(ntry(), head="<LglSeqNb>12</LglSeqNb>")).statements[0].number == "12"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>", "AC04"),
        ("<RtrInf><Rsn><Prtry>own</Prtry></Rsn></RtrInf>", "own"),
        ("<RtrInf><RtrRsn><Cd>AM04</Cd></RtrRsn></RtrInf>", "AM04"),
        ("<RtrInf><RtrRsn>MD01</RtrRsn></RtrInf>", "MD01"),
        ("<RtrInf/>", ""),
    ],
)
def test_returns_are_reversals_with_a_reason(path: str, reason: str) -> None:
    entry = entry_of(path)
    assert (entry.reversal, entry.return_reason) == (True, reason)


@pytest.mark.parametrize(
    ("said", "minor"),
    [
        ('<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3.10</TtlChrgsAndTaxAmt></Chrgs>', 310),
        ('<Chrgs><Amt Ccy="EUR">2</Amt></Chrgs><Chrgs><Amt Ccy="EUR">1</Amt></Chrgs>', 300),
        (
            '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">9</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">5</Amt></Rcrd>'
            '<Rcrd><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>',
            400,
        ),
        ('<Chrgs><Rcrd><Amt Ccy="EUR">5</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>', 0),
        ('<Chrgs><Amt Ccy="USD">2</Amt></Chrgs>', 0),
        (
            '<AmtDtls><InstdAmt><Amt Ccy="EUR">103.5</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">100</Amt></TxAmt></AmtDtls>',
            350,
        ),
        ("", 0),
    ],
)
def test_charges_that_banks_took(said: str, minor: int) -> None:
    assert entry_of(said or "<Refs/>").charges_minor == minor


def test_charges_of_the_entry_itself() -> None:
    assert entry_of("", '<Chrgs><Amt Ccy="EUR">2</Amt></Chrgs>').charges_minor == 200


def test_what_was_instructed_in_another_currency() -> None:
    amounts = '<AmtDtls><InstdAmt><Amt Ccy="JPY">12000</Amt></InstdAmt></AmtDtls>'
    assert entry_of(amounts).instructed == (12000, "JPY")
    assert entry_of(amounts.replace("JPY", "EUR")).instructed is None
    assert entry_of(amounts.replace("JPY", "XXX")).instructed is None


@pytest.mark.parametrize(
    ("structured", "documents"),
    [
        ("<RfrdDocInf><Nb>R-1</Nb></RfrdDocInf>", (("R-1", None),)),
        (
            '<RfrdDocInf><Nb>R-1</Nb></RfrdDocInf><RfrdDocAmt><DuePyblAmt Ccy="EUR">60</DuePyblAmt>'
            '<RmtdAmt Ccy="EUR">58.8</RmtdAmt></RfrdDocAmt>',
            (("R-1", 5880),),
        ),
        (
            '<RfrdDocInf><RfrdDocNb>R-1</RfrdDocNb></RfrdDocInf><RfrdDocAmt><DuePyblAmt Ccy="EUR">60</DuePyblAmt>'
            "</RfrdDocAmt>",
            (("R-1", 6000),),
        ),
        (
            "<RfrdDocInf><Tp><CdOrPrtry><Cd>CREN</Cd></CdOrPrtry></Tp><Nb>G-1</Nb></RfrdDocInf>"
            '<RfrdDocAmt><CdtNoteAmt Ccy="EUR">7</CdtNoteAmt></RfrdDocAmt>',
            (("G-1", -700),),
        ),
        (
            "<RfrdDocInf><Nb>R-1</Nb></RfrdDocInf><RfrdDocInf><Nb>R-2</Nb><LineDtls><Amt>"
            '<RmtdAmt Ccy="EUR">1</RmtdAmt></Amt></LineDtls><LineDtls><Amt><RmtdAmt Ccy="EUR">2</RmtdAmt></Amt>'
            '</LineDtls></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy="EUR">9</RmtdAmt></RfrdDocAmt>',
            (("R-1", None), ("R-2", 300)),
        ),
        (
            '<RfrdDocInf><Nb>R-1</Nb></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy="USD">9</RmtdAmt></RfrdDocAmt>',
            (("R-1", None),),
        ),
        ("<RfrdDocInf/>", ()),
    ],
)
def test_documents_of_a_structured_remittance(structured: str, documents: tuple[tuple[str, int | None], ...]) -> None:
    entry = entry_of(f"<RmtInf><Strd>{structured}</Strd></RmtInf>")
    assert entry.documents == documents
    assert all(number in entry.remittance for number, _ in documents)


def test_several_structured_blocks_each_name_their_document() -> None:
    block = (
        '<Strd><RfrdDocInf><Nb>R-{0}</Nb></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy="EUR">{0}0</RmtdAmt></RfrdDocAmt></Strd>'
    )
    blocks = "".join(block.format(number) for number in (4, 6))
    assert entry_of(f"<RmtInf>{blocks}</RmtInf>").documents == (("R-4", 4000), ("R-6", 6000))


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("<Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>", "PMNT/RCDT/ESCT"),
        ("<Domn><Cd>PMNT</Cd></Domn><Prtry><Cd>NTRF+166</Cd></Prtry>", "PMNT"),
        ("<Prtry><Cd>NTRF+166</Cd></Prtry>", "NTRF+166"),
        ("", ""),
    ],
)
def test_the_code_of_the_kind_of_movement(code: str, shown: str) -> None:
    assert entry_of("", f"<BkTxCd>{code}</BkTxCd>").code == shown
    assert entry_of(f"<BkTxCd>{code}</BkTxCd>").code == shown


@pytest.mark.parametrize(
    ("parties", "name", "text"),
    [
        ("<RltdPties><Dbtr><Pty><Nm>Fog</Nm></Pty></Dbtr></RltdPties>", "Fog", ""),
        (
            "<RltdPties><Dbtr><Nm>Fog Group</Nm></Dbtr><UltmtDbtr><Nm>Mist Ltd</Nm></UltmtDbtr></RltdPties>",
            "Fog Group",
            "Mist Ltd",
        ),
        ("<RltdPties><UltmtDbtr><Pty><Nm>Mist Ltd</Nm></Pty></UltmtDbtr></RltdPties>", "Mist Ltd", ""),
        ("<RltdPties><Dbtr><Nm>NOTPROVIDED</Nm></Dbtr></RltdPties>", "", ""),
        ("<RltdPties><Dbtr><Agt><FinInstnId><Nm>Bank A</Nm></FinInstnId></Agt></Dbtr></RltdPties>", "Bank A", ""),
        ("<RltdAgts><DbtrAgt><FinInstnId><Nm>Bank B</Nm></FinInstnId></DbtrAgt></RltdAgts>", "Bank B", ""),
        (
            "<RltdAgts><DbtrAgt><FinInstnId><NmAndAdr><Nm>Bank C</Nm></NmAndAdr></FinInstnId></DbtrAgt></RltdAgts>",
            "Bank C",
            "",
        ),
        (
            "<RltdPties><Dbtr><Nm>Fog</Nm></Dbtr></RltdPties>"
            "<RltdAgts><DbtrAgt><FinInstnId><Nm>Bank B</Nm></FinInstnId></DbtrAgt></RltdAgts>",
            "Fog",
            "",
        ),
    ],
)
def test_names_are_looked_for_in_turn(parties: str, name: str, text: str) -> None:
    entry = entry_of(parties)
    assert (entry.counterparty_name, entry.remittance) == (name, text)


def test_a_batch_over_several_groups_of_details() -> None:
    part = '<NtryDtls><TxDtls><Refs><EndToEndId>E{0}</EndToEndId></Refs><Amt Ccy="EUR">{0}0</Amt></TxDtls></NtryDtls>'
    batch = "<NtryDtls><Btch><PmtInfId>P-9</PmtInfId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>"
    result = read(message_of(ntry("", batch + part.format(4) + part.format(6)), "camt.054"))
    assert [
        (entry.amount_minor, entry.end_to_end_id, entry.bank_reference, entry.batch_reference)
        for entry in result.statements[0].entries
    ] == [(4000, "E4", "", "P-9"), (6000, "E6", "", "P-9")]


def test_details_without_amounts_stay_one_entry_with_the_texts_of_all() -> None:
    part = (
        "<TxDtls><RmtInf><Ustrd>R-{0}</Ustrd><Strd><CdtrRefInf><Ref>RF{0}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    )
    batch = f"<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>{part.format(1)}{part.format(2)}</NtryDtls>"
    (entry,) = read(message_of(ntry("", batch), "camt.054")).statements[0].entries
    assert (entry.amount_minor, entry.remittance, entry.structured_reference) == (10000, "R-1\nRF1\nR-2\nRF2", "")


def test_pages_of_one_statement_meet_at_interim_balances() -> None:
    def balance(code: str, amount: str) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-03</Dt></Dt></Bal>"
        )

    def page(*balances: str) -> tuple[int | None, int | None, list[tuple[int, str]]]:
        result = read(message_of("".join(balances) + ntry()))
        return result.statements[0].opening_minor, result.statements[0].closing_minor, codes(result)

    assert page(balance("OPBD", "1"), balance("ITBD", "101")) == (100, 10100, [])
    assert page(balance("ITBD", "101"), balance("ITBD", "201")) == (10100, 20100, [])
    assert page(balance("ITBD", "201"), balance("CLBD", "301")) == (20100, 30100, [])
    report = read(message_of(balance("OPBD", "1") + balance("ITBD", "7") + ntry(), "camt.052"))
    assert (report.statements[0].opening_minor, report.statements[0].closing_minor, report.rejects) == (100, None, ())


def test_an_entry_over_nothing_is_an_entry() -> None:
    assert read(message_of(ntry().replace(">100<", ">0.00<"))).statements[0].entries[0].amount_minor == 0


def test_entries_of_other_parents_are_not_read() -> None:
    assert read(message_of(f"<TxsSummry>{ntry()}</TxsSummry>")).rows_in == 0


def test_many_entries_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound on tags holds for what is kept, not for a file of many entries; pieces end anywhere."""
    monkeypatch.setattr("duly.formats.xml.MAX_TAGS", 200)
    monkeypatch.setattr("duly.formats.xml.STREAM_BYTES", 97)
    result = read(message_of("\n".join(ntry("<RmtInf><Ustrd>text</Ustrd></RmtInf>") for _ in range(300))))
    assert (result.rows_in, result.rejects) == (300, ())
    assert [entry.line for entry in result.statements[0].entries] == list(range(1, 301))
    crowd = read(message_of(ntry() + "<Junk/>" * 300))
    assert codes(crowd) == [(0, "too_large")]


def test_the_number_of_entries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duly.formats.camt.MAX_ENTRIES", 2)
    assert read(message_of(ntry() * 2)).rows_in == 2
    assert codes(read(message_of(ntry() * 3))) == [(0, "too_large")]


def test_what_is_too_much_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000,000 empty entries took 17 s until they were refused."""
    monkeypatch.setattr("duly.formats.camt.MAX_DETAILS", 2)
    monkeypatch.setattr("duly.formats.camt._read_entry", lambda *_: pytest.fail("read"))
    for detail in ("<TxDtls/>", "<a:TxDtls xmlns:a='urn:a'/>", "<TxDtls>\n</TxDtls>"):
        assert codes(read(message_of(ntry(detail * 3)))) == [(0, "too_large")]


@pytest.mark.parametrize("prefix", ["", "a:"])
def test_namespaces_inside_a_message_do_not_matter(prefix: str) -> None:
    """The default namespace of the root is passed over; others may stand anywhere."""
    text = message_of(ntry("<RmtInf><Ustrd>text</Ustrd></RmtInf>"))
    inner = text.replace("<RmtInf>", f"<{prefix}RmtInf xmlns{':a' * bool(prefix)}='urn:b'>")
    inner = inner.replace("</RmtInf>", f"</{prefix}RmtInf>")
    assert [entry.remittance for entry in read(inner).statements[0].entries] == ["text"]


def test_an_entry_nested_too_deep_is_refused() -> None:
    assert codes(read(message_of(ntry("<A>" * 70 + "</A>" * 70)))) == [(1, "xml_depth")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + message_of(ntry()), "unsupported_format"),
        (message_of(ntry("<RmtInf><Ustrd>&e;</Ustrd></RmtInf>")), "xml_broken"),
        (message_of(ntry("<a>" * 70 + "</a>" * 70)), "xml_depth"),
        (message_of(ntry())[:-20], "xml_broken"),
    ],
)
def test_hostile_or_cut_xml_is_refused_whole(text: str, code: str) -> None:
    (reject,) = read(text).rejects
    assert reject.code == code


def test_a_doctype_is_refused_by_the_reader_itself() -> None:
    text = "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + message_of(ntry())
    with pytest.raises(FileProblem) as found:
        camt.reader(camt.STATEMENT)(text.encode())
    assert found.value.code == "xml_doctype"
