"""Tables of others: names of columns, encodings, separators, forms of dates and amounts, JSON, profiles."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile, read_profile
from duly.formats.read import read_file
from duly.formats.records import FileResult

DATA = Path(__file__).parents[1] / "data" / "formats"
HEAD = "Invoice No;Customer ID;Date;Due Date;Amount;Currency"


def read(*rows: str, head: str = HEAD, profile: Profile = NO_PROFILE) -> FileResult:
    return read_file("invoices/a.csv", "\n".join([head, *rows]).encode(), profile=profile)


def one(amount: str = "1,50", issued: str = "31.01.2026", due: str = "", currency: str = "EUR") -> str:
    return f"R;C;{issued};{due};{amount};{currency}"


def test_a_german_export_says_how_it_was_read() -> None:
    result = read_file("x", (DATA / "invoices_de.csv").read_bytes())
    assert (result.kind, result.format, result.rejects) == ("invoices", "csv", ())
    first, second, credit = result.invoices
    assert (first.number, first.buyer.id, first.buyer.name) == ("R-1", "C-1", "Müller GmbH")
    assert (first.issued, first.due, first.amount_minor) == (date(2026, 1, 5), date(2026, 2, 4), 123456)
    assert (second.due, second.due_source, second.amount_minor) == (date(2026, 2, 6), "terms_text", 100000)
    assert (credit.type, credit.amount_minor) == ("credit_note", -5000)
    assert result.notes == (
        "encoding windows-1252",
        "separator ;",
        "columns: number from 'Rechnungs-Nr.', customer from 'Kundennummer', issued from 'Rechnungsdatum', "
        "due from 'Fällig am', amount from 'Offener Betrag', currency from 'Währung', type from 'Belegart', "
        "terms from 'Zahlungsbedingungen', name from 'Kunde'",
        "columns not used: 'Kostenstelle'",
        "dates as day.month.year",
        "amounts with a decimal comma",
    )


@pytest.mark.parametrize(
    "head",
    [
        "Rechnungsnummer;Kundennr.;Rechnungsdatum;Fälligkeit;Betrag;Währung",
        "Numéro de facture;Code client;Date de facture;Échéance;Montant;Devise",
        "Numero fattura;Codice cliente;Data fattura;Scadenza;Importo;Valuta",
        "Número de factura;Código cliente;Fecha factura;Vencimiento;Importe;Moneda",
        "Factuurnummer;Klantnummer;Factuurdatum;Vervaldatum;Bedrag;Valuta",
        "DOC_NO;CUSTOMER_NUMBER;DOC DATE;Net due date;Open amount;Curr.",
        "number;customer;issued;due;amount;currency",
    ],
)
def test_columns_have_many_names(head: str) -> None:
    (row,) = read(one(due="28.02.2026"), head=head).invoices
    assert (row.number, row.buyer.id, row.issued, row.due) == ("R", "C", date(2026, 1, 31), date(2026, 2, 28))
    assert row.amount_minor == 150


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_and_separators(encoding: str, separator: str) -> None:
    text = "Rechnungsnr;Kunde;Datum;Betrag;Währung\nR;Bäcker;2026-01-05;1.50;EUR\n".replace(";", separator)
    result = read_file("invoices/a.csv", text.encode(encoding))
    assert [(row.number, row.buyer.id, row.amount_minor) for row in result.invoices] == [("R", "Bäcker", 150)]
    assert any(note.startswith("encoding") for note in result.notes) == (encoding not in ("utf-8", "utf-8-sig"))
    assert any(note.startswith("separator") for note in result.notes) == (separator != ",")


def test_the_header_may_stand_below_a_title_and_excels_separator_line() -> None:
    result = read_file("invoices/a.csv", f"sep=;\nOpen items;;;;;\n\n{HEAD}\n{one()}\n".encode())
    assert [row.line for row in result.invoices] == [5]
    assert "header in line 4" in result.notes


@pytest.mark.parametrize(
    ("dates", "first", "note"),
    [
        (["31/01/2026", "02/03/2026"], date(2026, 1, 31), "dates as day/month/year"),
        (["01/31/2026", "02/03/2026"], date(2026, 1, 31), "dates as month/day/year"),
        (["31-01-2026", "02-03-2026"], date(2026, 1, 31), "dates as day/month/year"),
        (["2.1.2026", "3.2.2026"], date(2026, 1, 2), "dates as day.month.year"),
        (["31/01/26", "02/03/26", "03/03/26"], date(2026, 1, 31), "dates as day/month/year"),
        (["02.01.26", "03.02.26"], date(2026, 1, 2), "dates as day.month.year"),
        (["2026/01/31", "2026/02/03"], date(2026, 1, 31), "dates as year/month/day"),
        (["20260131", "20260203"], date(2026, 1, 31), "dates as YYYYMMDD"),
        (["31-Jan-2026", "3-Feb-26"], date(2026, 1, 31), "dates as with the month's name"),
        (["Jan 31, 2026", "Feb 3, 2026"], date(2026, 1, 31), "dates as with the month's name"),
        (["31. Januar 2026", "3. März 2026"], date(2026, 1, 31), "dates as with the month's name"),
        (["2026-01-31 00:00:00", "2026-02-03T10:00:00Z"], date(2026, 1, 31), ""),
        (["05/05/2026", "06/06/2026"], date(2026, 5, 5), "dates as day/month/year"),
    ],
)
def test_the_order_of_dates_is_told_by_the_whole_file(dates: list[str], first: date, note: str) -> None:
    result = read(*(one(issued=day) for day in dates))
    assert result.rejects == ()
    assert result.invoices[0].issued == first
    assert [found for found in result.notes if found.startswith("dates")] == ([note] if note else [])


@pytest.mark.parametrize(
    "dates",
    [
        ["01/02/2026"],
        ["01/02/2026", "05/05/2026"],
        ["31/01/2026", "01/31/2026"],
        ["01/02/26", "03-04-2026"],
        ["26/01/31", "26/02/28"],
        ["31/01/26"],
    ],
)
def test_dates_of_no_certain_order_reject_every_row(dates: list[str]) -> None:
    result = read(*(one(issued=day, amount="7,50") for day in dates))
    assert [reject.code for reject in result.rejects] == ["ambiguous_dates"] * len(dates)
    assert result.amounts_in == {"EUR": 750 * len(dates)}
    assert "expected dates" in result.rejects[0].reason


def test_a_date_of_another_form_than_the_rest_is_rejected() -> None:
    result = read(one(issued="31.01.2026"), one(issued="01.02.2026"), one(issued="2026-02-03"))
    assert [(reject.line, reject.code) for reject in result.rejects] == [(4, "date_format")]
    assert read(one(), one(issued="30.02.2026")).rejects[0].code == "date_invalid"


@pytest.mark.parametrize(
    ("amounts", "minor"),
    [
        (["1.234,56", "1.000"], [123456, 100000]),
        (["1,234.56", "1,000"], [123456, 100000]),
        (["1 234,56", "7"], [123456, 700]),
        (["1\u00a0234,56", "1\u202f000"], [123456, 100000]),
        (["1'234.56", "1'000"], [123456, 100000]),
        (["100,00-", "-100,00"], [-10000, -10000]),
        (["1,5 €", "EUR 2,50"], [150, 250]),
        (["1.234.567", "1"], [123456700, 100]),
        (["12", "-7"], [1200, -700]),
        (["0,125", "0,5"], [None, 50]),
        (["1234,56", "12,34.5"], [123456, None]),
        (["1,5", "2,5", "3.5"], [150, 250, None]),
        (["1,5", "(100)"], [150, None]),
    ],
)
def test_the_decimal_sign_is_told_by_the_whole_file(amounts: list[str], minor: list[int | None]) -> None:
    result = read(*(one(amount) for amount in amounts))
    assert [row.amount_minor for row in result.invoices] == [value for value in minor if value is not None]
    assert all(reject.code in ("amount_format", "amount_decimals") for reject in result.rejects)
    assert result.rows_in == len(amounts)


@pytest.mark.parametrize("amounts", [["1.234"], ["1,234", "7"], ["1,5", "1.5"]])
def test_amounts_of_no_certain_sign_reject_every_row(amounts: list[str]) -> None:
    result = read(*(one(amount) for amount in amounts))
    assert [reject.code for reject in result.rejects] == ["ambiguous_amounts"] * len(amounts)
    assert (result.rows_in, result.amounts_in) == (len(amounts), {})


def test_the_files_of_duly_itself_have_a_decimal_point() -> None:
    own = "number,customer,issued,due,amount,currency,type,terms,order\nR,C,2026-01-01,,1.234,KWD,,,\n"
    assert read_file("x", own.encode()).invoices[0].amount_minor == 1234


@pytest.mark.parametrize(
    ("word", "type"),
    [("Rechnung", "invoice"), ("Gutschrift", "credit_note"), ("AVOIR", "credit_note"), ("Credit Memo", "credit_note")]
    + [("384", "correction"), ("Anzahlungsrechnung", "prepayment"), ("", "invoice"), ("self_billed", "self_billed")],
)
def test_words_of_the_type_column(word: str, type: str) -> None:
    assert read(f"{one()};{word}", head=f"{HEAD};Belegart").invoices[0].type == type


def test_a_name_alone_is_enough_for_a_buyer_and_a_total_for_an_amount() -> None:
    (row,) = read("R;Nebel;2026-01-05;9,50;EUR", head="Rechnungsnr;Kundenname;Datum;Brutto;Währung").invoices
    assert (row.buyer.id, row.buyer.name, row.amount_minor, row.total_minor) == ("", "Nebel", 950, 950)
    missing = read("R;;2026-01-05;9,50;EUR", head="Rechnungsnr;Kundenname;Datum;Brutto;Währung").rejects
    assert [reject.code for reject in missing] == ["customer_missing"]


def test_an_amount_that_may_be_without_tax_is_not_guessed() -> None:
    head, row = "Invoice no,Customer,Date,Amount,VAT,Total,Currency", "R,C,2026-01-05,100.00,19.00,119.00,EUR"
    (reject,) = read(row, head=head).rejects
    assert (reject.code, "repeated: amount as 'Amount', amount as 'Total'" in reject.reason) == ("header", True)
    profile = Profile(columns={"amount": "Total"})
    assert [one.amount_minor for one in read(row, head=head, profile=profile).invoices] == [11900]
    payable = read(row, head=head.replace("Amount", "Amount due")).invoices
    assert [one.amount_minor for one in payable] == [10000]


def test_customers_and_bank_entries_of_other_programs() -> None:
    customers = "Kundennummer;Firma;Land;E-Mail;USt-IdNr.\nC-1;Müller GmbH;DE;a@b.example;DE136695976\n"
    (customer,) = read_file("x", customers.encode("cp1252")).customers
    assert (customer.id, customer.name, customer.country, customer.email) == ("C-1", "Müller GmbH", "DE", "a@b.example")
    head = "IBAN;Buchungstag;Valuta;Betrag;Währung;Auftraggeber/Empfänger;Verwendungszweck\n"
    row = "DE02120300000000202051;01.02.2026;02.02.2026;1.190,00;EUR;Müller;R-1\n"
    (entry,) = read_file("x", (head + row).encode()).statements[0].entries
    assert (entry.booked, entry.value, entry.amount_minor) == (date(2026, 2, 1), date(2026, 2, 2), 119000)
    assert (entry.counterparty_name, entry.remittance) == ("Müller", "R-1")


def test_columns_that_could_be_the_same_are_named_whatever_the_kind() -> None:
    head = "IBAN,Kontonummer,Buchungstag,Betrag,Währung\n"
    result = read_file("x", (head + "1,2,2026-01-05,1.00,EUR\n").encode())
    assert [(reject.code, "'Kontonummer'" in reject.reason) for reject in result.rejects] == [("header", True)]


# --- profiles
PROFILE = """
kind = "invoices"
dates = "month first"
decimal = ","
[columns]
number = "Ref"
customer = "Who"
issued = "When"
amount = "How much"
[constants]
currency = "USD"
[types]
X = "credit_note"
"""


def test_a_profile_settles_what_the_file_leaves_open() -> None:
    profile = read_profile(PROFILE.encode())
    result = read_file("a.csv", b"Ref;Who;When;How much;Type\nR;C;01/02/2026;1,234;X\n", profile=profile)
    (row,) = result.invoices if result.invoices else (None,)
    assert result.rejects[0].code == "amount_decimals"
    result = read_file("a.csv", b"Ref;Who;When;How much;Type\nR;C;01/02/2026;1.234;X\n", profile=profile)
    (row,) = result.invoices
    assert (row.issued, row.amount_minor, row.currency, row.type) == (date(2026, 1, 2), 123400, "USD", "credit_note")


def test_a_profile_may_name_encoding_and_separator() -> None:
    profile = Profile(encoding="cp850", separator="|")
    data = "number|customer|issued|amount|currency\nR|Müller|2026-01-05|1.5|EUR\n".encode("cp850")
    assert read_file("invoices/a", data, profile=profile).invoices[0].buyer.id == "Müller"


@pytest.mark.parametrize(
    ("text", "missing"),
    [('[columns]\nnumber = "Nr"', "number"), ('[columns]\nfoo = "number"', "foo"), ('[constants]\nfoo = "x"', "foo")],
)
def test_a_profile_that_does_not_fit_the_file_refuses_it(text: str, missing: str) -> None:
    profile = read_profile(text.encode())
    (reject,) = read(one(), profile=profile).rejects
    assert (reject.code, f"missing: '{missing}'" in reject.reason) == ("header", True)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        '[types]\nGU = "kredit"',
        "color = 1",
        'dates = "eu"',
        'decimal = ";"',
        'kind = "mail"',
        "columns = 1",
        "[constants]\na = 1",
        "[[types]]",
    ]
    + ["# " + "x" * 70_000, "a = " + "[" * 5_000],
)
def test_a_wrong_profile_is_refused(text: str) -> None:
    with pytest.raises(FileProblem) as caught:
        read_profile(text.encode())
    assert (caught.value.code, caught.value.field) == ("profile", "profile")


def test_every_problem_of_a_profile_names_its_line_and_key() -> None:
    head = 'kind = "customers"\ndates = "eu"\ncolor = 1\n\n'
    text = head + '[columns]\nnumber = "Nr"\nnumbr = "No"\n[types]\nGU = "kredit"\n'
    result = read_file("policy/profiles/invoices/sap.toml", text.encode())
    assert (result.kind, result.format, result.notes) == ("policy", "toml", ("mapping profile",))
    found = [(reject.line, reject.field, reject.code) for reject in result.rejects]
    assert found == [
        (1, "kind", "profile"),
        (2, "dates", "profile"),
        (3, "color", "profile"),
        (7, "columns.numbr", "profile"),
        (9, "types.GU", "profile"),
    ]
    with pytest.raises(FileProblem, match="line 2"):
        read_profile(text.encode())


def test_a_profile_is_told_by_its_folder_or_its_keys() -> None:
    assert read_file("policy/profiles/invoices.toml", b"").rejects == ()
    assert read_file("sap.toml", b'# SAP\n[columns]\nnumber = "Nr"\n').notes == ("mapping profile",)
    assert read_file("p.toml", b'[creditor]\nname = "Muster"\n').notes == ()
    assert read_file("policy/p.toml", b'[columns]\nnumber = "Nr"\n').rejects  # not where profiles lie


def test_notes_name_the_profile_of_a_table_and_of_nothing_else() -> None:
    profile = read_profile(PROFILE.encode(), "shop.toml")
    result = read_file("a.csv", b"Ref;Who;When;How much;Type\nR;C;01/02/2026;1.234;X\n", profile=profile)
    assert result.notes[0] == "profile shop.toml"
    other = (Path(__file__).parents[1] / "data" / "formats" / "invoice.ubl.xml").read_bytes()
    assert read_file("a.xml", other, profile=profile).notes == ()


# --- JSON
def test_json_with_objects_inside() -> None:
    result = read_file("x", (DATA / "invoices.json").read_bytes())
    assert (result.kind, result.format, result.rejects) == ("invoices", "json", ())
    first, second = result.invoices
    assert (first.number, first.buyer.id, first.buyer.name, first.amount_minor) == (
        "J-1",
        "C-1",
        "Fog & Sons Ltd",
        1250,
    )
    assert (first.due_source, second.type, second.owed_minor) == ("default", "credit_note", -300)
    assert [row.line for row in result.invoices] == [1, 2]


def test_json_lines() -> None:
    data = (DATA / "invoices.jsonl").read_bytes() + b'{"number": \n{"number": "L-4", "number": "L-5"}\n'
    result = read_file("x", data)
    assert [(row.number, row.line) for row in result.invoices] == [("L-1", 1), ("L-2", 2)]
    assert [(reject.line, reject.code) for reject in result.rejects] == [(3, "json_broken"), (4, "json_value")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"number": 1', "json_broken"),
        (b"[[1, 2]]", "header"),
        (b'[{"a": 1, "a": 2}]', "json_value"),
        (b"[" * 100_000, "json_value"),
        (b'[{"number": ' + b'{"a": ' * 50 + b"1" + b"}" * 50 + b"}]", "header"),
        (b"[]", "header"),
        (b"[{}]", "header"),
        (b'[{"number": NaN}]', "header"),
        (b"[" + b",".join(b'{"x%d": 1}' % n for n in range(300)) + b"]", "too_large"),
    ],
)
def test_json_that_is_no_table_is_refused(data: bytes, code: str) -> None:
    result = read_file("invoices/a.json", data)
    assert [reject.code for reject in result.rejects] == [code]


@pytest.mark.parametrize("amount", ["1e3", "NaN", "Infinity", "true", "[1]", '"1,5"', "12345678901234567890"])
def test_json_amounts_that_are_not_plain(amount: str) -> None:
    record = f'[{{"number": "R", "customer": "C", "issued": "2026-01-05", "amount": {amount}, "currency": "EUR"}}]'
    result = read_file("invoices/a.json", record.encode())
    assert (len(result.invoices), len(result.rejects)) == ((1, 0) if amount == '"1,5"' else (0, 1))
