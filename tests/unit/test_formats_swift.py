"""MT940 and MT942: blocks, pages, dates, amounts, reversals, and what is said when something does not fit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import mt940
import pytest

from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult

DATA = Path(__file__).parents[1] / "data" / "formats"
MT940 = (DATA / "statement.mt940").read_text(encoding="utf-8")
MT942 = (DATA / "statement.mt942").read_text(encoding="utf-8")
HEAD = ":20:S\n:25:NL91ABNA0417164300\n:28C:9/1\n:60F:C260202EUR100,00\n"


def read(text: str | bytes) -> FileResult:
    return read_file("statements/a.sta", text if isinstance(text, bytes) else text.encode())


def entries(result: FileResult) -> list[BankEntry]:
    return [entry for statement in result.statements for entry in statement.entries]


def one(entry: str) -> BankEntry:
    (found,) = entries(read(f"{HEAD}:61:{entry}\n"))
    return found


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


def test_pages_that_chain_are_one_statement() -> None:
    result = read(MT940)
    assert (result.kind, result.format, result.rows_in, result.rejects) == ("statement", "mt940", 3, ())
    (statement,) = result.statements
    assert (statement.account, statement.reference, statement.number) == ("37040044/0532013000", "STARTUMS", "00023")
    assert (statement.opening_minor, statement.closing_minor) == (100000, 216500)
    assert (statement.opening_date, statement.closing_date) == (date(2026, 2, 2), date(2026, 2, 3))
    assert statement.is_final
    assert [entry.line for entry in statement.entries] == [6, 9, 19]


@pytest.mark.parametrize(
    "change",
    [(":60M:C260203EUR2164,50", ":60M:C260203EUR2164,40"), (":28C:00023/002", ":28C:00024/002"), ("62M", "62F")],
)
def test_pages_that_do_not_chain_stay_apart(change: tuple[str, str]) -> None:
    assert len(read(MT940.replace(*change)).statements) == 2


def test_entries_in_full() -> None:
    paid, returned, small = entries(read(MT940))
    assert paid == BankEntry(
        line=6,
        booked=date(2026, 2, 3),
        value=date(2026, 2, 3),
        amount_minor=119000,
        currency="EUR",
        counterparty_name="Fog & Sons Ltd",
        counterparty_account="DE02120300000000202051",
        remittance="Rechnung Nr. R-2026-001 vielen Dank",
        structured_reference="",
        end_to_end_id="E2E-77",
        bank_reference="B-1",
        reversal=False,
        code="NTRF/166",
    )
    assert (returned.amount_minor, returned.reversal, returned.return_reason) == (-2550, True, "MD06")
    assert (returned.end_to_end_id, returned.bank_reference) == ("E2E-70", "B-2")
    assert (small.amount_minor, small.end_to_end_id, small.bank_reference) == (50, "", "")


def test_an_interim_report_is_not_final_and_proves_its_totals() -> None:
    result = read(MT942)
    (statement,) = result.statements
    assert (result.format, statement.is_final, statement.currency) == ("mt942", False, "EUR")
    assert (statement.account, statement.number) == ("NL91ABNA0417164300", "7")
    assert statement.opening_minor is statement.closing_minor is None
    assert codes(result) == []
    wrong = read(MT942.replace(":90C:1EUR79,7", ":90C:2EUR100,00"))
    assert codes(wrong) == [(0, "balance_mismatch")]
    assert "difference 20.30" in wrong.rejects[0].reason
    above_a_floor = MT942.replace(":34F:EUR0,", ":34F:EUR50,").replace(":90C:1EUR79,7", ":90C:2EUR100,00")
    assert codes(read(above_a_floor)) == []


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("2602030203C12,NTRFNONREF", 1200),
        ("2602030203C,5NTRFNONREF", 50),
        ("2602030203C12,34NTRFNONREF", 1234),
        ("260203C000000000012,34NTRFNONREF", 1234),
        ("2602030203D12,34NTRFNONREF", -1234),
        ("2602030203CR12,34NTRFNONREF", 1234),
        ("2602030203DR12,34FTRFNONREF", -1234),
    ],
)
def test_forms_of_amounts(text: str, minor: int) -> None:
    entry = one(text)
    assert (entry.amount_minor, entry.reversal) == (minor, False)


@pytest.mark.parametrize(("mark", "minor"), [("RC", -1234), ("RD", 1234), ("RCR", -1234), ("RDR", 1234)])
def test_a_reversal_moves_money_the_other_way(mark: str, minor: int) -> None:
    entry = one(f"2602030203{mark}12,34NTRFNONREF")
    assert (entry.amount_minor, entry.reversal) == (minor, True)


@pytest.mark.parametrize(
    ("dates", "value", "booked"),
    [
        ("2602030204", date(2026, 2, 3), date(2026, 2, 4)),
        ("260203", date(2026, 2, 3), date(2026, 2, 3)),
        ("2512310102", date(2025, 12, 31), date(2026, 1, 2)),
        ("2601021231", date(2026, 1, 2), date(2025, 12, 31)),
        ("2602300301", date(2026, 2, 28), date(2026, 3, 1)),  # interest by months of 30 days
        ("9912310103", date(1999, 12, 31), date(2000, 1, 3)),
    ],
)
def test_dates(dates: str, value: date, booked: date) -> None:
    entry = one(f"{dates}C1,00NTRFNONREF")
    assert (entry.value, entry.booked) == (value, booked)


def test_references_of_field_61() -> None:
    assert one("260203C1,00NTRFNONREF//BANK 7").bank_reference == "BANK 7"
    assert one("260203C1,00NTRFR-2026-001//NONREF").bank_reference == ""
    # the owner's reference is text where there is no other
    assert one("260203C1,00NTRFR-2026-001").remittance == "R-2026-001"
    old_rabobank = one("260203C1,00N0440121470966      W.P. Jansen      ")
    assert (old_rabobank.counterparty_name, old_rabobank.code) == ("W.P. Jansen", "N044")


def test_expected_entries_are_left_out_and_said() -> None:
    result = read(f"{HEAD}:61:260203EC1,00NTRFNONREF\n:61:260203C2,00NTRFNONREF\n:62F:C260203EUR102,00\n-\n")
    assert [entry.amount_minor for entry in entries(result)] == [200]
    assert codes(result) == [(0, "not_booked")]


def test_a_gap_between_balances_is_said_with_its_amount() -> None:
    result = read(MT940.replace(":62F:C260203EUR2165,", ":62F:C260203EUR2166,"))
    assert codes(result) == [(0, "balance_mismatch")]
    assert "(difference 1.00)" in result.rejects[0].reason
    assert len(entries(result)) == 3


def test_bad_entries_are_rejected_by_line_and_their_money_stays_known() -> None:
    text = f"{HEAD}:61:nothing\n:86:x\n:61:261303C1,00NTRFNONREF\n:61:260203C1,005NTRFNONREF\n:61:260203C1,00NTRF\n"
    result = read(text + ":62F:C260203EUR102,00\n-\n")
    assert codes(result) == [(5, "entry_format"), (7, "date_format"), (8, "amount_decimals")]
    assert result.rejects[1].amount_minor == 100
    assert result.rows_in == 4
    assert result.amounts_in == {"EUR": 200}


def test_an_entry_without_any_currency_is_rejected() -> None:
    assert codes(read(":20:S\n:25:1/2\n:61:260203C1,00NTRF\n")) == [(3, "currency_missing")]


def test_balances_that_cannot_be_read_are_said() -> None:
    result = read(":20:S\n:25:1/2\n:60F:C260203XXX1,00\n:62F:C260203EUR1,00\n")
    assert codes(result) == [(0, "balance_format")]
    other = read(":20:S\n:25:1/2\n:60F:C260203EUR1,00\n:62F:C260203USD1,00\n")
    assert codes(other) == [(0, "balance_currency")]


def test_several_messages_and_accounts_in_one_file() -> None:
    second = HEAD.replace("NL91ABNA0417164300", "NL20INGB0001234567")
    result = read(f"{HEAD}:61:260203C1,00NTRFNONREF\n:62F:C260203EUR101,00\n{second}:62F:C260203EUR100,00")
    assert [statement.account for statement in result.statements] == ["NL91ABNA0417164300", "NL20INGB0001234567"]
    assert [len(statement.entries) for statement in result.statements] == [1, 0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\n\r\n"])
def test_line_ends(end: str) -> None:
    assert entries(read(MT940.replace("\n", end)))[0].remittance == "Rechnung Nr. R-2026-001 vielen Dank"


def test_lines_of_text_that_look_like_something_else() -> None:
    text = "um 13\n:20:11 Uhr\n- nicht das Ende\n-\nnoch ein Satz"
    result = read(f"{HEAD}:61:260203C1,00NTRFNONREF\n:86:{text}\n:62F:C260203EUR101,00\n-")
    (entry,) = entries(result)
    assert entry.remittance.split("\n") == text.split("\n")
    assert codes(result) == []


def test_a_header_inside_entries_is_another_statement() -> None:
    text = f"{HEAD}:61:260203C1,00NTRFNONREF\n:86:x\n:25:OTHER/1\n:28C:1/1\n:60F:C260203EUR0,\n:61:260203C2,00NTRF\n"
    first, second = read(text).statements
    assert (first.account, [entry.amount_minor for entry in first.entries]) == ("NL91ABNA0417164300", [100])
    assert (second.account, [entry.amount_minor for entry in second.entries]) == ("OTHER/1", [200])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "cp850"])
def test_encodings(encoding: str) -> None:
    text = f"{HEAD}:61:260203C1,00NTRFNONREF\n:86:166?00X?20Grüße?32Müller & Söhne\n:62F:C260203EUR101,00\n-\n"
    (entry,) = entries(read(text.encode(encoding)))
    assert entry.amount_minor == 100
    if encoding != "cp850":
        assert entry.counterparty_name == "Müller & Söhne"


def test_a_letter_cut_in_two_spoils_the_letter_only() -> None:
    text = f"{HEAD}:61:260203C1,00NTRFNONREF\n:86:Gru\u00df von M".encode() + b"\xc3\n\xbcller\n:62F:C260203EUR101,00\n"
    result = read(text)
    assert [entry.amount_minor for entry in entries(result)] == [100]
    assert result.notes == ("2 letters of unknown encoding replaced",)


def test_control_characters_and_a_colon_alone() -> None:
    result = read(f"\x01\n{HEAD}:61:2602030203CR\n30,00N062NONREF\n:\n86:166?00X?20SVWZ+Test\n-\x03")
    (entry,) = entries(result)
    assert (entry.amount_minor, entry.remittance) == (3000, "Test")


def test_no_message() -> None:
    (reject,) = read("{1:F01NEBLDEFFAXXX0000000000}{2:O940}{4:\n-}").rejects
    assert (reject.line, reject.code) == (1, "no_statement")


@pytest.mark.parametrize("text", [MT940, f"{HEAD}:61:2602030203RD1,00NTRFNONREF\n:62F:C260203EUR101,00\n-"])
def test_the_library_reads_the_same_money_and_days(text: str) -> None:
    blocks = [block for block in text.replace("-}", "-\n").split("{1:") if ":20:" in block]
    theirs = [
        (transaction.data["entry_date"], transaction.data["date"], transaction.data["amount"].amount)
        for block in blocks
        for transaction in mt940.parse(block[block.index(":20:") :]).transactions
    ]
    ours = [(entry.booked, entry.value, Decimal(entry.amount_minor) / 100) for entry in entries(read(text))]
    assert ours == theirs


def test_a_statement_without_its_closing_balance_may_be_cut() -> None:
    """Its last entry may be half of one: half a reference makes it another one once the whole file comes."""
    whole = f"{HEAD}:61:260203C5,00NTRFNONREF//B-1\n:61:260203C7,00NTRFNONREF//B-2"
    cut = read(whole)
    assert [one.bank_reference for one in entries(cut)] == ["B-1"]
    (reject,) = cut.rejects
    assert (reject.code, reject.field, reject.amount_minor) == ("cut_off", "62F", 700)
    assert codes(cut) == [(6, "cut_off")]
    told = read(f"{whole}\n:86:166?20SVWZ+Rechn")
    assert [one.bank_reference for one in entries(told)] == ["B-1", "B-2"]
    assert codes(told) == [(0, "closing_missing")]


@pytest.mark.parametrize("end", ["\n", "\n-\n", "\n-}"])
def test_a_statement_that_ends_with_a_line_but_without_a_closing_balance_is_only_remarked(end: str) -> None:
    ended = read(f"{HEAD}:61:260203C5,00NTRFNONREF//B-1{end}")
    assert (len(entries(ended)), codes(ended)) == (1, [(0, "closing_missing")])
    assert codes(read(HEAD)) == [(0, "closing_missing")]


@pytest.mark.parametrize(
    ("value", "booked", "expected"),
    [("230630", "0102", "2024-01-02"), ("240102", "1229", "2023-12-29"), ("231231", "1231", "2023-12-31")],
)
def test_the_year_of_a_booking_is_one_inside_the_statement(value: str, booked: str, expected: str) -> None:
    text = f":20:S\n:25:A\n:28C:1\n:60F:C231229EUR0,\n:61:{value}{booked}C5,NTRFNONREF\n:62F:C240102EUR5,\n-\n"
    (found,) = entries(read(text))
    assert found.booked.isoformat() == expected


def test_a_piece_with_sepa_details_is_in_euros() -> None:
    """SEPA payments, German codes 1xx with SEPA tags, are in euros by the scheme's rules; others need a currency."""
    (found,) = entries(read(":61:1811261126CR30,00N062NONREF\n:86:166?00GUTSCHR. UEBERWEISUNG?20SVWZ+Test\n"))
    assert (found.currency, found.amount_minor) == ("EUR", 3000)
    assert (0, "currency_missing") not in codes(read(":61:1811261126C30,00N062NONREF\n:86:166?20SVWZ+Test\n"))
    other = read(":61:1811261126C30,00N062NONREF\n:86:Test\n")
    assert "currency_missing" in [reject.code for reject in other.rejects]
