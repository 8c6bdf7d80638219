"""Bank statements as tables: sides, running balances, statuses, exports of banks with and without a profile."""

from __future__ import annotations

from datetime import date

import pytest

from duly.formats.profile import NO_PROFILE, Profile, read_profile
from duly.formats.read import read_file
from duly.formats.records import FileResult
from tests.format_samples import number, workbook

MINE = Profile(kind="statement", constants={"account": "DE 99", "currency": "EUR"})


def read(text: str, profile: Profile = NO_PROFILE) -> FileResult:
    return read_file("statements/a.csv", text.encode(), profile=profile)


def amounts(result: FileResult) -> list[int]:
    return [entry.amount_minor for statement in result.statements for entry in statement.entries]


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


@pytest.mark.parametrize(
    ("credit", "debit", "minor"),
    [
        ("12.30", "", 1230),
        ("", "12.30", -1230),
        ("", "-12.30", -1230),
        ("12.30", "0.00", 1230),
        ("0", "12.30", -1230),
        ("-12.30", "", -1230),
        ("0.00", "0.00", 0),
    ],
)
def test_credit_and_debit_in_columns_of_their_own(credit: str, debit: str, minor: int) -> None:
    result = read(f"account,booked,credit,debit,currency\nA,2026-02-03,{credit},{debit},EUR\n")
    assert (amounts(result), result.rejects, result.amounts_in) == ([minor], (), {"EUR": minor})


@pytest.mark.parametrize(
    ("credit", "debit", "code"), [("", "", "amount_missing"), ("1", "2", "direction"), ("x", "", "amount_format")]
)
def test_sides_that_cannot_be_told(credit: str, debit: str, code: str) -> None:
    result = read(f"account,booked,credit,debit,currency\nA,2026-02-03,{credit},{debit},EUR\n")
    assert (codes(result), result.amounts_in) == ([(2, code)], {})


@pytest.mark.parametrize(
    ("word", "amount", "minor", "reversal"),
    [
        ("C", "12.30", 1230, False),
        ("credit", "12.30", 1230, False),
        ("CRDT", "12.30", 1230, False),
        ("H", "12.30", 1230, False),
        ("Haben", "12.30", 1230, False),
        ("+", "12.30", 1230, False),
        ("D", "12.30", -1230, False),
        ("Debit", "-12.30", -1230, False),
        ("S", "12.30", -1230, False),
        ("Soll", "12.30", -1230, False),
        ("Af", "12.30", -1230, False),
        ("Bij", "12.30", 1230, False),
        ("-", "12.30", -1230, False),
        ("RC", "12.30", -1230, True),
        ("RD", "12.30", 1230, True),
        ("", "-12.30", -1230, False),
    ],
)
def test_a_direction_gives_the_sign(word: str, amount: str, minor: int, reversal: bool) -> None:
    result = read(f"account,booked,amount,currency,direction\nA,2026-02-03,{amount},EUR,{word}\n")
    assert amounts(result) == [minor]
    assert result.statements[0].entries[0].reversal is reversal


@pytest.mark.parametrize(("word", "amount"), [("sideways", "1"), ("C", "-1")])
def test_a_direction_that_is_none_or_contradicts(word: str, amount: str) -> None:
    result = read(f"account,booked,amount,currency,direction\nA,2026-02-03,{amount},EUR,{word}\n")
    assert (codes(result), result.amounts_in) == ([(2, "direction")], {})


ROWS = ("A,2026-02-03,10.00,EUR,110.00", "A,2026-02-03,-5.00,EUR,105.00", "A,2026-02-04,1.50,EUR,106.50")
HEAD = "account,booked,amount,currency,balance"


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
def test_a_running_balance_gives_opening_and_closing_either_way_round(rows: tuple[str, ...]) -> None:
    result = read("\n".join([HEAD, *rows]))
    (statement,) = result.statements
    assert (statement.opening_minor, statement.closing_minor, result.rejects) == (10000, 10650, ())
    assert (statement.opening_date, statement.closing_date) == (date(2026, 2, 3), date(2026, 2, 4))


def test_a_running_balance_that_breaks_names_the_row_and_the_difference() -> None:
    result = read("\n".join([HEAD, ROWS[0], ROWS[2]]))
    assert codes(result) == [(0, "balance_mismatch")]
    assert result.rejects[0].reason == (
        "line 3: expected the balance 111.50 EUR after the row before, found 106.50 (difference -5.00)"
    )
    assert result.rows_in == 2


def test_a_rejected_row_whose_amount_is_known_does_not_break_the_balance() -> None:
    result = read("\n".join([HEAD, ROWS[0], ROWS[1].replace("02-03", "02-31"), ROWS[2]]))
    assert codes(result) == [(3, "date_invalid")]
    assert (result.statements[0].opening_minor, result.statements[0].closing_minor) == (10000, 10650)


def test_balances_of_several_accounts_do_not_mix() -> None:
    other = [row.replace("A,", "B,").replace("EUR", "USD") for row in ROWS]
    result = read("\n".join([HEAD, ROWS[0], other[0], ROWS[1], *other[1:], ROWS[2]]))
    assert [(one.account, one.opening_minor, one.closing_minor) for one in result.statements] == [
        ("A", 10000, 10650),
        ("B", 10000, 10650),
    ]
    assert result.rejects == ()


def test_opening_and_closing_in_columns() -> None:
    head = "account,booked,amount,currency,opening,closing\n"
    result = read(f"{head}A,2026-02-03,1,EUR,10,12\nA,2026-02-03,1,EUR,10,12\n")
    assert (result.statements[0].opening_minor, result.statements[0].closing_minor, result.rejects) == (1000, 1200, ())
    wrong = read(f"{head}A,2026-02-03,1,EUR,10,12\n")
    assert "found 12.00 (difference 1.00)" in wrong.rejects[0].reason


@pytest.mark.parametrize("status", ["Pending", "PDNG", "Umsatz vorgemerkt", "Failed", "cancelled"])
def test_rows_that_are_not_booked_are_left_out_and_said(status: str) -> None:
    head = "account,booked,amount,currency,status\n"
    result = read(f"{head}A,2026-02-03,1,EUR,{status}\nA,2026-02-03,2,EUR,Umsatz gebucht\n")
    assert (amounts(result), codes(result)) == ([200], [(0, "not_booked")])


def test_a_german_export_with_a_preamble_and_a_kind_of_movement_beside_the_text() -> None:
    text = (
        "Umsatzanzeige;Datei erstellt am: 05.02.2026\n\nKunde;Nebel GmbH\n\n"
        "Auftragskonto;Buchungstag;Valutadatum;Buchungstext;Verwendungszweck;Kundenreferenz (End-to-End);"
        "Beguenstigter/Zahlungspflichtiger;Kontonummer/IBAN;Betrag;Waehrung;Info\n"
        "DE02120300000000202051;03.02.26;04.02.26;GUTSCHR. UEBERWEISUNG;R-2026-001;E-1;Fog GmbH;GB33BUKB20201555555555;"
        "1.190,00;EUR;Umsatz gebucht\n"
    )
    result = read_file("statements/a.csv", text.encode("cp1252"))
    (entry,) = result.statements[0].entries
    assert (entry.amount_minor, entry.booked, entry.value) == (119000, date(2026, 2, 3), date(2026, 2, 4))
    assert (entry.code, entry.remittance, entry.end_to_end_id) == ("GUTSCHR. UEBERWEISUNG", "R-2026-001", "E-1")
    assert (entry.counterparty_name, entry.counterparty_account) == ("Fog GmbH", "GB33BUKB20201555555555")


def test_a_kind_of_movement_alone_is_the_text() -> None:
    text = "account,booked,amount,currency,Buchungstext\nA,2026-02-03,1,EUR,Entgelt\n"
    assert read(text).statements[0].entries[0].remittance == "Entgelt"


def test_soll_and_haben_with_a_balance_and_the_account_from_a_profile() -> None:
    text = "Datum;Text;Soll;Haben;Saldo\n04.02.2026;Fee;12,30;;1.177,70\n03.02.2026;Fog;;1.190,00;1.190,00\n"
    (statement,) = read(text, MINE).statements
    assert (statement.account, statement.currency) == ("DE99", "EUR")
    assert (statement.opening_minor, statement.closing_minor) == (0, 117770)
    assert [entry.amount_minor for entry in statement.entries] == [-1230, 119000]


def test_the_day_of_posting_counts_where_there_is_one_of_the_transaction_too() -> None:
    text = "Transaction Date,Post Date,Description,Type,Amount\n02/28/2026,03/15/2026,FOG,Sale,-1.23\n"
    profile = read_profile(b'kind = "statement"\n[constants]\naccount = "card"\ncurrency = "USD"\n')
    (entry,) = read(text, profile).statements[0].entries
    assert (entry.booked, entry.remittance, entry.code) == (date(2026, 3, 15), "FOG", "Sale")


def test_a_table_that_says_no_account_asks_for_a_profile() -> None:
    (reject,) = read("Date,Description,Amount\n2026-02-03,FOG,1.00\n").rejects
    assert (reject.code, "missing: account, currency" in reject.reason) == ("header", True)


def test_the_same_columns_in_a_workbook() -> None:
    head = ["account", "booked", "credit", "debit", "currency", "balance"]
    rows = [
        ["A", "2026-02-03", number("10"), "", "EUR", number("110")],
        ["A", "2026-02-04", "", number("4.5"), "EUR", number("105.5")],
    ]
    result = read_file("statements/a.xlsx", workbook([head, *rows]))
    assert (result.format, amounts(result), result.rejects) == ("xlsx", [1000, -450], ())
    assert (result.statements[0].opening_minor, result.statements[0].closing_minor) == (10000, 10550)


KEPT = "DE12500105170648489890"


def test_an_iban_behind_a_name_is_the_other_sides() -> None:
    """Deutsche Bank's export has one IBAN: the customer's. It was taken for the account."""
    rows = "Buchungstag;Begünstigter / Auftraggeber;Verwendungszweck;IBAN;Betrag;Währung\n"
    rows += "03.02.2026;Fog Ltd;R-1;DE02120300000000202051;12,30;EUR\n"
    assert [code for _, code in codes(read(rows))] == ["header"]
    result = read(rows, Profile(kind="statement", constants={"account": KEPT}))
    (entry,) = result.statements[0].entries
    assert (result.statements[0].account, entry.counterparty_account) == (KEPT, "DE02120300000000202051")
    own = read("IBAN;Buchungstag;Auftraggeber;Betrag;Währung\n" + f"{KEPT};03.02.2026;Fog;12,30;EUR\n")
    assert own.statements[0].account == KEPT


def test_account_and_currency_above_the_header() -> None:
    result = read(
        'Konto:;="CH9300762011623852957"\nWährung:;="CHF"\n\n'
        "Datum;Bewegungstyp;Avisierungstext;Gutschrift in CHF;Lastschrift in CHF\n"
        "03.02.2026;Gutschrift;RE 4711;1199.95;\n02.02.2026;Belastung;Miete;;-50.5\n"
    )
    assert (result.statements[0].account, amounts(result)) == ("CH9300762011623852957", [119995, -5050])
    two = f"A;{KEPT}\nB;DE02120300000000202051\nDatum;Betrag;Währung\n03.02.2026;1,00;EUR\n"
    assert [code for _, code in codes(read(two))] == ["header"]


def test_a_currency_column_counts_more_than_a_word_above_the_header() -> None:
    result = read(f"{KEPT};EUR\nDatum;Betrag;Währung\n03.02.2026;1,00;USD\n")
    assert (result.statements[0].account, result.statements[0].currency) == (KEPT, "USD")


def test_the_currency_beside_the_amount_is_the_amounts() -> None:
    result = read("Konto;Buchung;Saldo;Währung;Betrag;Währung\nA;03.02.2026;5,00;CHF;1,00;EUR\n")
    assert [entry.currency for entry in result.statements[0].entries] == ["EUR"]


def test_texts_in_several_columns_and_words_where_a_reference_is_expected() -> None:
    head = '"IBAN/BBAN","Munt","Datum","Bedrag","Omschrijving-1","Omschrijving-2","Transactiereferentie","Reference"\n'
    told = read(head + f'"{KEPT}","EUR","2026-02-03","+12,30","Factuur","4711","NOTPROVIDED","Invoice 4711"\n')
    (entry,) = told.statements[0].entries
    assert (entry.remittance, entry.end_to_end_id) == ("Factuur\n4711\nInvoice 4711", "")
    assert entry.structured_reference == ""
    referred = read(head + f'"{KEPT}","EUR","2026-02-03","+12,30","","","E-1","RF18 5390 0754 7034"\n')
    (entry,) = referred.statements[0].entries
    assert (entry.structured_reference, entry.end_to_end_id) == ("RF18 5390 0754 7034", "E-1")


def test_a_row_without_a_day_says_no_closing_date() -> None:
    result = read(f"Konto;Datum;Betrag;Währung;Saldo\n{KEPT};03.02.2026;1,00;EUR;5,00\n{KEPT};;;EUR;5,00\n")
    assert result.statements[0].closing_date == date(2026, 2, 3)
