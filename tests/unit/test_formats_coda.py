"""CODA: communications, totals split into their parts, returns, balances and the trailer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult
from tests.coda_samples import (
    example,
    header,
    information,
    more,
    movement,
    new_balance,
    old_balance,
    party,
    record,
    trailer,
)

DATA = Path(__file__).parents[1] / "data" / "formats"


def read(*lines: str) -> FileResult:
    return read_file("statements/a.cod", "\r\n".join(lines).encode("latin-1"))


def one(*movements: str) -> BankEntry:
    result = read(header(), old_balance(0), *movements)
    ((entry,),) = [statement.entries for statement in result.statements]
    return entry


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


def test_the_example_in_full() -> None:
    assert (DATA / "statement.coda").read_bytes() == example().encode("latin-1")
    result = read_file("statements/a.cod", example().encode("latin-1"))
    assert (result.kind, result.format, result.rejects) == ("statement", "coda", ())
    assert "lines of free messages left out: 1" in result.notes
    (statement,) = result.statements
    assert (statement.account, statement.currency, statement.number) == ("BE71096123456769", "EUR", "023")
    assert (statement.reference, statement.opening_minor, statement.closing_minor) == ("F-2026-023", 100_000, 244_000)
    assert (statement.opening_date, statement.closing_date) == (date(2026, 2, 2), date(2026, 2, 3))
    structured, part, other_part, returned = statement.entries
    assert structured == BankEntry(
        line=3,
        booked=date(2026, 2, 3),
        value=date(2026, 2, 4),
        amount_minor=119_000,
        currency="EUR",
        counterparty_name="FOG & SONS INTERNATIONAL TRADING COMPANY LIMITED",
        counterparty_account="BE68539007547034",
        remittance="",
        structured_reference="+++090/9337/55493+++",
        end_to_end_id="",
        bank_reference="BANK-1",
        reversal=False,
        code="00150000",
    )
    assert [(entry.amount_minor, entry.remittance) for entry in (part, other_part)] == [
        (10_000, "R-2026-008"),
        (20_000, "R-2026-009"),
    ]
    assert (part.bank_reference, other_part.bank_reference, part.batch_reference) == ("BANK-2/1", "BANK-2/2", "BANK-2")
    assert (returned.amount_minor, returned.reversal, returned.return_reason) == (-5_000, True, "MD06")
    assert (returned.end_to_end_id, returned.remittance) == ("E2E-70", "domiciliation rejetée")


def test_a_free_communication_over_three_records() -> None:
    text = (
        "Facture R-2026-001 du 3 fevrier 2026 et facture R-202"
        + "6-002 du meme jour, moins la note de credit A-2026-0"
        + "17 merci"
    )
    entry = one(
        movement(1, 0, 500, communication=text[:53]), more(1, 0, text[53:106]), party(1, 0, "", "X", text[106:])
    )
    assert entry.remittance == text


def test_other_structured_communications() -> None:
    creditor = one(movement(1, 0, 500, communication="100RF18539007547034", structured=True))
    assert (creditor.structured_reference, creditor.remittance) == ("RF18539007547034", "")
    foreign = "105" + f"{1_000_000:015}" + f"{900_000:015}" + "0" * 12 + "USD"
    entry = one(movement(1, 0, 90_000, communication=foreign[:53], structured=True))
    assert entry.instructed == (100_000, "USD")
    zone = (
        "127"
        + "030226"
        + "1"
        + "1"
        + "2"
        + "BE98ZZZ0123456789".ljust(35)
        + "MANDATE-1".ljust(35)
        + "R-7".ljust(62)
        + "2"
        + "AC04"
    )
    debit = one(
        movement(1, 0, -500, communication=zone[:53], structured=True),
        more(1, 0, zone[53:106]),
        party(1, 0, "", "X", zone[106:]),
    )
    assert (debit.remittance, debit.return_reason, debit.reversal) == ("R-7", "AC04", True)
    unknown = one(movement(1, 0, 500, communication="113 9876", structured=True))
    assert (unknown.structured_reference, unknown.remittance) == ("", "9876")


def test_information_in_words_is_kept_and_addresses_are_not() -> None:
    entry = one(
        movement(1, 0, 500, communication="R-1"),
        information(1, 1, "001FULL NAME", structured=True),
        record((1, "3200010001STREET 7")),
        information(1, 2, "paid for a friend"),
    )
    assert (entry.counterparty_name, entry.remittance) == ("FULL NAME", "R-1\npaid for a friend")


def test_charges_are_read_from_what_makes_the_amount_up() -> None:
    entry = one(
        movement(1, 0, 99_000, code="34150000"),
        movement(1, 1, 100_000, code="84150100"),
        movement(1, 2, -1_000, code="84137002"),
    )
    assert (entry.amount_minor, entry.charges_minor) == (99_000, 1_000)


def test_a_total_whose_parts_do_not_add_up_stays_one() -> None:
    entry = one(
        movement(1, 0, 30_000, code="20150000", reference="B"),
        movement(1, 1, 10_000, code="60150000", communication="R-8"),
        movement(1, 2, 10_000, code="60150000", communication="R-9"),
    )
    assert (entry.amount_minor, entry.remittance, entry.bank_reference) == (30_000, "R-8\nR-9", "B")


def test_parts_with_references_of_their_own_keep_them() -> None:
    result = read(
        header(),
        old_balance(0),
        movement(1, 0, 300, code="10150000", reference="ALL"),
        movement(1, 1, 100, code="50150000", reference="ONE"),
        movement(1, 2, 200, code="50150000", reference="TWO"),
    )
    assert [entry.bank_reference for entry in result.statements[0].entries] == ["ONE", "TWO"]


def test_balances_and_totals_are_checked() -> None:
    result = read(header(), old_balance(0), movement(1, 0, 500), new_balance(600), trailer(9, 0, 700))
    assert codes(result) == [(0, "record_count"), (0, "balance_mismatch"), (0, "balance_mismatch")]
    assert "difference 2.00" in result.rejects[1].reason
    assert "difference 1.00" in result.rejects[2].reason
    overdrawn = read(header(), old_balance(-500), movement(1, 0, 500), new_balance(0), trailer(3, 0, 500))
    assert codes(overdrawn) == []


def test_several_parts_in_one_file() -> None:
    part = [header(), old_balance(0), movement(1, 0, 500), new_balance(500), trailer(3, 0, 500)]
    other = [header(), old_balance(0, "BE68539007547034"), new_balance(0, "BE68539007547034"), trailer(2, 0, 0)]
    result = read(*part, *other)
    assert [(s.account, len(s.entries)) for s in result.statements] == [
        ("BE71096123456769", 1),
        ("BE68539007547034", 0),
    ]
    assert codes(result) == []


def test_an_old_account_number_and_an_unknown_value_date() -> None:
    old = record((1, "10"), (3, "001"), (6, "435000000080"), (19, "EUR"), (43, "0"), (44, "0" * 15), (59, "020226"))
    result = read(header(), old, movement(1, 0, 500, value="000000"))
    (statement,) = result.statements
    assert (statement.account, statement.currency, statement.number) == ("435000000080", "EUR", "001")
    assert statement.entries[0].value == statement.entries[0].booked == date(2026, 2, 3)


def test_bad_records_are_rejected_by_line() -> None:
    bad_amount = movement(2, 0, 500).replace(f"{5_000:015}", "00000000000x000")
    bad_sign = movement(3, 0, 500)
    bad_sign = bad_sign[:31] + "7" + bad_sign[32:]
    stray, orphan = more(9, 0, "x"), movement(8, 1, 100, code="60150000")
    result = read(
        header(), movement(1, 0, 1), old_balance(0), bad_amount, bad_sign, stray, orphan, "Zunknown", new_balance(0)
    )
    assert sorted(codes(result)) == [
        (2, "record_order"),
        (4, "amount_format"),
        (5, "direction"),
        (6, "record_order"),
        (7, "record_order"),
        (8, "record_unknown"),
    ]
    assert result.rows_in == 6


def test_a_file_without_a_statement() -> None:
    (reject,) = read(header(), trailer(0, 0, 0)).rejects
    assert (reject.line, reject.code) == (1, "no_statement")
