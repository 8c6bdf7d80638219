"""BAI2: records and their continuations, funds types, type codes, control totals, days that are final or not."""

from __future__ import annotations

from datetime import date

import pytest

from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult, Statement

#: Two credits and a debit in full: opening 1000.00, closing 1465.00; control totals over all amounts.
LINES = (
    "01,BANK,ME,260204,0830,7,,,2/",
    "02,ME,BANK,1,260203,,USD,2/",
    "03,12 3456,USD,010,100000,,,015,146500,,/",
    "88,100,51000,2,,400,4500,1,/",
    "16,165,50000,1,B-1,C-1,INVOICE 4711, PARTLY/SHORT",
    "88,AND MORE/",
    "16,195,1000,V,260206,,B-2,,/",
    "88,DBNM: FOG LTD",
    "88,EREF: E-2",
    "16,475,4500,,,,CHECK 12/",
    "49,357500,9/",
    "98,357500,1,11/",
    "99,357500,1,13/",
)
TEXT = "\n".join(LINES)


def read(text: str) -> FileResult:
    return read_file("statements/a.bai", text.encode())


def changed(*pairs: tuple[str, str]) -> FileResult:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return read(text)


def statement(*pairs: tuple[str, str]) -> Statement:
    return changed(*pairs).statements[0]


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


def test_a_report_of_the_day_before() -> None:
    result = read(TEXT)
    (one,) = result.statements
    assert (result.format, result.rows_in, result.rejects, result.amounts_in) == ("bai2", 3, (), {"USD": 46500})
    assert (one.account, one.reference, one.currency, one.is_final) == ("123456", "BANK/260204/7", "USD", True)
    assert (one.opening_minor, one.closing_minor, one.closing_date) == (100000, 146500, date(2026, 2, 3))
    assert one.entries[0] == BankEntry(
        line=5,
        booked=date(2026, 2, 3),
        value=date(2026, 2, 3),
        amount_minor=50000,
        currency="USD",
        counterparty_name="",
        counterparty_account="",
        remittance="INVOICE 4711, PARTLY/SHORT\nAND MORE",
        structured_reference="",
        end_to_end_id="C-1",
        bank_reference="B-1",
        reversal=False,
        code="165",
    )
    assert one.entries[1].value == date(2026, 2, 6)
    assert (one.entries[1].counterparty_name, one.entries[1].end_to_end_id) == ("FOG LTD", "E-2")
    assert (one.entries[2].amount_minor, one.entries[2].remittance) == (-4500, "CHECK 12")


@pytest.mark.parametrize(
    ("funds", "value"),
    [
        ("", date(2026, 2, 3)),
        ("0", date(2026, 2, 3)),
        ("1", date(2026, 2, 3)),
        ("2", date(2026, 2, 3)),
        ("Z", date(2026, 2, 3)),
        ("S,400,300,300", date(2026, 2, 3)),
        ("V,260206,", date(2026, 2, 6)),
        ("V,20260206,1200", date(2026, 2, 6)),
        ("D,2,0,400,1,600", date(2026, 2, 3)),
    ],
)
def test_every_funds_type_of_a_detail(funds: str, value: date) -> None:
    entry = statement(("V,260206,,B-2", f"{funds},B-2")).entries[1]
    assert (entry.amount_minor, entry.bank_reference, entry.value) == (1000, "B-2", value)
    assert entry.remittance == "DBNM: FOG LTD\nEREF: E-2"


def test_every_funds_type_of_an_account() -> None:
    line = "03,12,USD,010,1,2,S,1,0,0,030,2,,V,260203,0900,040,3,,D,2,0,1,1,2,,,,,045,4,1,0,015,9,,Z/"
    (one,) = read(f"01,B,M,260204,,1,,,2/\n02,M,B,1,260203,,,2/\n{line}\n49,19,2/\n98,19,1,4/\n99,19,1,6/").statements
    assert (one.opening_minor, one.closing_minor, one.currency) == (1, 9, "USD")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("03,12 3456,USD,010,100000,,,015,146500,,/", "88,100,51000,2,,400,4500,1,/"),
        ("03,12 3456,USD,010,100000,,,015,146500,,,/", "88,100,51000,2,,400,4500,1/"),
        ("03,12 3456,USD,010,100000,,,015,146500/", "88,100,51000,2,,400,4500,1,/"),
        ("03,12 3456,USD,010,100000,,,/", "88,015,146500,,,100,51000,2,,400,4500,1,/"),
        ("03,12 3456,,,,,,010,100000,,/", "88,015,146500,,,100,51000,2,,400,4500,1,/"),
        ("03,12 3456/", "88,010,100000,,,015,146500,,,100,51000,2,,400,4500,1,/"),
    ],
)
def test_continuations_of_an_account_end_where_banks_end_them(first: str, second: str) -> None:
    result = changed(("\n".join(LINES[2:4]), f"{first}\n{second}"))
    assert (result.statements[0].opening_minor, result.statements[0].closing_minor) == (100000, 146500)
    assert result.rejects == ()


def test_a_detail_may_go_on_before_its_text() -> None:
    result = changed(
        (LINES[4], "16,165,50000,1,B-1/\n88,C-1,INVOICE 4711, PARTLY/SHORT"), ("49,357500,9", "49,357500,10")
    )
    assert result.statements[0].entries[0] == statement().entries[0]


@pytest.mark.parametrize(("code", "sign"), [("108", 1), ("399", 1), ("400", 0), ("409", -1), ("699", -1), ("720", 1)])
def test_the_type_code_tells_the_side(code: str, sign: int) -> None:
    result = changed(("16,475", f"16,{code}"))
    if sign:
        assert result.statements[0].entries[2].amount_minor == sign * 4500
    else:
        assert (10, "direction") in codes(result)


@pytest.mark.parametrize(("code", "reversal"), [("555", True), ("557", True), ("455", False)])
def test_returned_items_are_reversals(code: str, reversal: bool) -> None:
    entry = statement(("16,475", f"16,{code}")).entries[2]
    assert (entry.reversal, entry.code, entry.amount_minor) == (reversal, code, -4500)


def test_money_that_a_type_code_does_not_place_is_rejected_and_control_totals_hold() -> None:
    result = changed(("16,475", "16,010"))
    assert codes(result) == [(10, "direction"), (0, "balance_mismatch")]
    assert result.rows_in == 3


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("16,165,50000", "16,165,500.00", [(5, "amount_format"), (0, "balance_mismatch")]),
        ("16,165,50000", "16,165,", [(5, "amount_missing")]),
        ("16,165,50000", "16,165," + "9" * 30, [(5, "amount_format"), (0, "balance_mismatch")]),
        ("1,260203,,USD", "1,260231,,USD", [(5, "date_invalid"), (7, "date_invalid"), (10, "date_invalid")]),
        (
            "03,12 3456,USD",
            "03,12 3456,XXX",
            [(5, "currency_unknown"), (7, "currency_unknown"), (10, "currency_unknown")],
        ),
        ("03,12 3456", "03,", [(0, "account_missing")]),
        ("010,100000", "010,1000.00", [(0, "amount_format")]),
        ("AND MORE", "x" * 20_001, [(5, "too_long")]),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, found: list[tuple[int, str]]) -> None:
    kept = [one for one in codes(changed((old, new))) if one[1] not in ("control_total", "total_mismatch")]
    assert [one for one in kept if one in found or one[0]] == found


def test_a_detail_without_money_is_noted() -> None:
    result = changed((LINES[9], f"{LINES[9]}\n16,890,,,,,NEW ADDRESS/"), ("49,357500,9", "49,357500,10"))
    assert (result.rows_in, result.notes) == (3, ("details without money (890) left out: 1",))


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("49,357500,9", "49,357400,9", "control_total", "line 11: expected the control total 3575.00 from the amounts"),
        ("49,357500,9", "49,357400,9", "control_total", "found 3574.00 (difference -1.00)"),
        ("49,357500,9", "49,357500,8", "control_count", "line 11: expected the number of records to be 9, found 8"),
        ("98,357500,1,11", "98,1,1,11", "control_total", "line 12: expected the control total 357500"),
        ("98,357500,1,11", "98,357500,2,11", "control_count", "number of accounts to be 1, found 2"),
        ("99,357500,1,13", "99,357500,1,12", "control_count", "number of records to be 13, found 12"),
        ("99,357500,1,13", "99,357500,x,13", "control_count", "number of groups to be 1, found something else"),
        ("49,357500,9", "49,all,9", "control_total", "found something else"),
        ("100,51000", "100,52000", "total_mismatch", "expected credits of 510.00 USD from the entries, found 520.00"),
        ("015,146500", "015,146400", "balance_mismatch", "found 1464.00 (difference -1.00)"),
    ],
)
def test_totals_that_do_not_hold_are_reported_with_the_difference(old: str, new: str, code: str, words: str) -> None:
    result = changed((old, new))
    assert any(reject.code == code and words in reject.reason for reject in result.rejects)
    assert result.rows_in == 3


def test_a_missing_control_total_is_not_checked() -> None:
    assert changed(("49,357500,9", "49,,9"), ("98,357500", "98,"), ("99,357500", "99,")).rejects == ()


@pytest.mark.parametrize(
    ("modifier", "day", "final"),
    [
        ("1", "260203", False),
        ("2", "260203", True),
        ("3", "260204", False),
        ("4", "260204", True),
        ("", "260203", True),
    ],
)
def test_the_group_says_whether_its_day_is_over(modifier: str, day: str, final: bool) -> None:
    assert statement(("1,260203,,USD,2", f"1,{day},,USD,{modifier}")).is_final is final


def test_a_group_that_does_not_say_is_final_with_a_closing_balance_or_of_an_earlier_day() -> None:
    today = ("1,260203,,USD,2", "1,260204,,USD,")
    assert statement(today).is_final is True
    assert statement(today, ("015,146500,,/", "060,146500,,/")).is_final is False


@pytest.mark.parametrize("status", ["2", "4"])
def test_deletions_and_tests_are_left_out_and_said(status: str) -> None:
    result = changed(("02,ME,BANK,1", f"02,ME,BANK,{status}"))
    assert (result.statements, codes(result), result.rows_in) == ((), [(0, "group_status")], 0)


def test_currencies_come_from_account_group_and_default() -> None:
    assert statement(("03,12 3456,USD", "03,12 3456,"), ("260203,,USD", "260203,,CAD")).currency == "CAD"
    assert statement(("03,12 3456,USD", "03,12 3456,"), ("260203,,USD", "260203,,")).currency == "USD"
    yen = statement(("03,12 3456,USD", "03,12 3456,JPY"))
    assert (yen.currency, yen.opening_minor) == ("JPY", 100000)


def test_several_accounts_and_groups() -> None:
    second = "\n".join(LINES[1:12]).replace("12 3456", "99").replace("260203", "260202")
    text = "\n".join([*LINES[:12], second, "99,715000,2,24/"])
    result = read(text)
    assert [(one.account, one.closing_date) for one in result.statements] == [
        ("123456", date(2026, 2, 3)),
        ("99", date(2026, 2, 2)),
    ]
    assert (result.rejects, result.rows_in) == ((), 6)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n".join(LINES[:10]), [(0, "file_cut")]),
        (
            TEXT.replace(LINES[2] + "\n" + LINES[3] + "\n", ""),
            [(3, "record_order"), (5, "record_order"), (8, "record_order")],
        ),
        (TEXT.replace(LINES[1] + "\n", ""), [(2, "record_order"), (4, "record_order"), (6, "record_order")]),
        (TEXT.replace("16,475", "17,475"), [(10, "record_unknown")]),
        (LINES[0], [(1, "no_statement")]),
    ],
)
def test_cut_or_disordered_files_are_said(text: str, found: list[tuple[int, str]]) -> None:
    assert set(found) <= set(codes(read(text)))


def test_other_line_ends_and_windows_1252() -> None:
    text = TEXT.replace("FOG LTD", "BRÜDER")
    result = read_file("x", text.replace("\n", "\r\n").encode("cp1252"))
    assert result.statements[0].entries[1].counterparty_name == "BRÜDER"
    assert result.rejects == ()


def test_lines_and_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert codes(changed(("AND MORE", "," * 200_000))) == [(6, "too_long")]
    monkeypatch.setattr("duly.formats.bai2.MAX_STATEMENTS", 1)
    assert codes(read("\n".join([LINES[0], LINES[1], LINES[1]]))) == [(0, "too_large")]
