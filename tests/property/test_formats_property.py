"""Any change of a valid file ends in records and rejects whose counts and money add up, never in another exception."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.money import EXPONENTS, MoneyError, format_minor, parse_minor, shortened
from duly.domain.terms import read_terms
from duly.formats.export import csv_safe
from duly.formats.fields import suspicion
from duly.formats.invoices_csv import COLUMNS
from duly.formats.profile import NO_PROFILE, check_profile
from duly.formats.profile_toml import COLUMNS as COLUMNS_BY_KIND
from duly.formats.read import read_file, to_json
from duly.formats.records import CustomerRow, FileResult, InvoiceRow, Statement
from tests.format_samples import invoices_workbook, pdf

DATA = Path(__file__).parents[1] / "data" / "formats"
FILES = {path.name: path.read_bytes() for path in sorted(DATA.iterdir())}
FILES |= {"invoices.xlsx": invoices_workbook(), "invoice.pdf": pdf({"factur-x.xml": FILES["invoice.cii.xml"]})}
PROFILE = b"""dates = "day first"
separator = ";"
decimal = ","
[columns]
number = "Ref"
customer = "Who"
[constants]
currency = "EUR"
[types]
GU = "credit_note"
"""
AGREED = b"""id,name,email,parent,order_required,terms_days,credit_limit,limit_currency,external_score
C-1,Nebel GmbH,a@nebel.example,C-0,yes,30 Tage,"12,000.50",EUR,120
C-1,Nebel GmbH,b@nebel.example,C-0,yes,30 Tage,9000,JPY,120
C-2,Dunst KG,,,no,,,,
"""
FILES |= {"agreed.csv": AGREED, "sap.toml": PROFILE}
FOLDERS = ("", "customers/", "invoices/", "statements/", "policy/", "policy/profiles/invoices/")

names = st.sampled_from(sorted(FILES))
currencies = st.sampled_from(sorted(EXPONENTS))
nasty = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xe2\x80\x8b",
        b"<",
        b">",
        b"&",
        b"&x;",
        b"<!DOCTYPE a>",
        b"]]>",
    ]
    + [
        b"<!--",
        b"<![CDATA[",
        b"-",
        b"1e9",
        b"NaN",
        b"9" * 40,
        b"\xd9\xa1",
        b"2026-02-31",
        b"=1+1",
        b"</Ntry>",
        b"CRDT",
        b"JPY",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid file with a few bytes cut out, put in, repeated or moved, under some prefix."""
    name = draw(names)
    data = FILES[name]
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 200)))
        change = draw(st.sampled_from(["cut", "insert", "nasty", "repeat", "swap", "truncate"]))
        if change == "cut":
            data = data[:start] + data[end:]
        elif change == "insert":
            data = data[:start] + draw(st.binary(max_size=8)) + data[start:]
        elif change == "nasty":
            data = data[:start] + draw(nasty) + data[start:]
        elif change == "repeat":
            data = data[:start] + data[start:end] * 2 + data[end:]
        elif change == "swap":
            data = data[:start] + draw(nasty) + data[end:]
        else:
            data = data[:start]
    return draw(st.sampled_from(FOLDERS)) + name, data


def check(result: FileResult) -> None:
    """Counts and sums by hand, without the code that made them."""
    rows, sums = 0, Counter[str]()
    for record in result.records:
        if isinstance(record, Statement):
            rows += len(record.entries)
            for entry in record.entries:
                sums[entry.currency] += entry.amount_minor
        else:
            assert isinstance(record, InvoiceRow | CustomerRow)
            rows += 1
            if isinstance(record, InvoiceRow):
                sums[record.currency] += record.amount_minor
    for reject in result.rejects:
        assert reject.code
        assert reject.reason
        assert (reject.amount_minor is None) == (reject.currency is None)
        rows += reject.line > 0
        if reject.currency is not None and reject.amount_minor is not None:
            assert reject.line > 0
            sums[reject.currency] += reject.amount_minor
    assert result.rows_in == rows
    assert {code: minor for code, minor in result.amounts_in.items() if minor} == {c: m for c, m in sums.items() if m}
    assert json.dumps(to_json(result))


@settings(max_examples=200)
@given(mutated(), st.lists(st.sampled_from(PROFILE.splitlines(keepends=True)), max_size=9))
def test_a_file_read_by_any_profile_never_raises_and_adds_up(file: tuple[str, bytes], lines: list[bytes]) -> None:
    profile, problems = check_profile(b"".join(lines), "invoices", COLUMNS_BY_KIND)
    assert (profile == NO_PROFILE) or not problems
    check(read_file(*file, profile=profile))


@settings(max_examples=400)
@given(mutated())
def test_a_mutated_file_never_raises_and_adds_up(file: tuple[str, bytes]) -> None:
    name, data = file
    result = read_file(name, data)
    check(result)
    assert read_file(name, data) == result
    lines = [row.line for row in (*result.invoices, *result.customers)]
    lines += [entry.line for statement in result.statements for entry in statement.entries]
    lines += [reject.line for reject in result.rejected_rows if result.format != "toml"]
    assert len(set(lines)) == len(lines)


_GROUPS = {"point": ",", "comma": "."}


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=6), st.sampled_from(["point", "comma"]), st.booleans()
)
def test_amounts_in_any_form_are_read_as_written_or_all_refused(minors: list[int], sign: str, grouped: bool) -> None:
    """What is read is what was written; what could be something else is refused, all rows alike."""
    decimal = {"point": ".", "comma": ","}[sign]
    texts = []
    for minor in minors:
        whole, cents = divmod(abs(minor), 100)
        digits = f"{whole:,}".replace(",", _GROUPS[sign]) if grouped else str(whole)
        texts.append(f"{'-' * (minor < 0)}{digits}{decimal}{cents:02}" if cents else f"{'-' * (minor < 0)}{digits}")
    rows = "".join(f"R{n}|C|2026-01-05|{text}|EUR\n" for n, text in enumerate(texts))
    result = read_file("invoices/a.csv", f"Number|Customer|Date|Amount|Currency\n{rows}".encode())
    check(result)
    assert result.rows_in == len(minors)
    if {reject.code for reject in result.rejects} == {"ambiguous_amounts"}:
        assert (result.records, grouped) == ((), True)
    else:
        assert [row.amount_minor for row in result.invoices] == minors


@given(
    st.lists(st.dates(date(2000, 1, 1), date(2099, 12, 31)), min_size=1, max_size=6),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%Y/%m/%d", "%d %b %Y"]),
)
def test_dates_in_any_form_are_read_as_written_or_all_refused(days: list[date], form: str) -> None:
    rows = "".join(f"R{n}|C|{day.strftime(form)}|1|EUR\n" for n, day in enumerate(days))
    result = read_file("invoices/a.csv", f"Number|Customer|Date|Amount|Currency\n{rows}".encode())
    check(result)
    if result.rejects:
        assert {reject.code for reject in result.rejects} == {"ambiguous_dates"}
        assert (len(result.rejects), form[2] in "/-") == (len(days), True)
    else:
        assert [row.issued for row in result.invoices] == days


@given(st.text(max_size=200), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_terms_never_raise_and_a_due_date_is_not_before_the_issue(text: str, issued: date) -> None:
    found = read_terms(text, issued)
    assert found.due is None or found.due >= issued


words = st.sampled_from(
    ["30", "14", "2%", "3,5%", "1.000", "Tage", "days", "jours", "net", "netto", "Skonto", "fin", "de", "mois"]
    + ["bis", "05.02.2026", ",", ";", ".", "#", "%", "\n", "2/10", "EOM", "sofort", "Lieferung"]
)


@given(st.lists(words, max_size=30), st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_any_words_of_terms(parts: list[str], issued: date) -> None:
    found = read_terms(" ".join(parts), issued)
    assert found.due is None or issued <= found.due
    assert all(0 < one.percent_hundredths < 10_000 for one in found.discounts)


@given(st.binary(max_size=300), st.sampled_from(FOLDERS))
def test_any_bytes_never_raise(data: bytes, folder: str) -> None:
    check(read_file(folder + "x", data))


@given(currencies, st.integers(-(10**17), 10**17))
def test_amounts_read_back_as_written(currency: str, minor: int) -> None:
    text = format_minor(minor, currency)
    if len(text.lstrip("-").partition(".")[0]) <= 15:
        assert parse_minor(text, currency) == minor


@given(st.text(max_size=30), currencies)
def test_amounts_are_read_strictly_or_refused_with_a_reason(text: str, currency: str) -> None:
    try:
        minor = parse_minor(text, currency)
    except MoneyError as error:
        assert error.code
        assert error.reason.startswith("expected")
    else:
        assert text.isascii()
        assert set(text) <= set("-.0123456789")
        assert parse_minor(format_minor(minor, currency), currency) == minor


@given(st.text(max_size=60))
def test_shown_values_are_short_and_printable(text: str) -> None:
    assert shortened(text).isprintable()
    assert len(shortened(text)) <= 300


@given(st.text(max_size=20))
def test_suspicion_never_raises_and_plain_ascii_is_fine(text: str) -> None:
    assert suspicion(text) == "" or not text.isascii() or not text.isprintable()


@given(st.text(max_size=20))
def test_exported_cells_are_never_formulas(text: str) -> None:
    cell = csv_safe(text)
    assert cell.endswith(text)
    assert not cell.lstrip().startswith(("=", "+", "@"))
    assert not cell.startswith(("\t", "\r"))


cells = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.tuples(cells, cells), max_size=8), st.lists(st.integers(0, 7), max_size=4, unique=True))
def test_rows_with_any_text_around_one_open_quotation_mark(texts: list[tuple[str, str]], opened: list[int]) -> None:
    """Rows before and after a row with an open quotation mark are read, whatever texts they hold."""
    lines = [",".join(COLUMNS.required)]
    for index, (terms, _) in enumerate(texts):
        quoted = '"' + terms.replace('"', '""') + '"'
        broken = ',"open' if index in opened else f",{quoted}"
        lines.append(f"R-{index},C,2026-01-01,,1.00,EUR,{broken},")
    result = read_file("invoices/a.csv", "\n".join(lines).encode())
    expected = [f"R-{index}" for index in range(len(texts)) if index not in opened]
    assert [row.number for row in result.invoices] == expected
    assert result.rows_in == len(texts)


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, list[int], int]:
    """A CAMT.053 text with entries of known amounts, some as batches of parts, and its opening balance."""
    amounts = draw(st.lists(st.integers(-(10**9), 10**9), max_size=6))
    opening = draw(st.integers(-(10**9), 10**9))
    booked, entries = list[int](), list[str]()
    for amount in amounts:
        first = draw(st.integers(0, abs(amount))) if draw(st.booleans()) else None
        sign = -1 if amount < 0 else 1
        booked += [amount] if first is None else [sign * first, sign * (abs(amount) - first)]
        details = (
            "" if first is None else "".join(f"<TxDtls>{money(part)}</TxDtls>" for part in (first, abs(amount) - first))
        )
        entries.append(
            f"<Ntry>{money(amount)}{direction(amount)}<Sts>BOOK</Sts><BookgDt><Dt>2026-02-03</Dt></BookgDt>"
            f"<AcctSvcrRef>X</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>"
        )
    balances = balance("OPBD", opening) + balance("CLBD", opening + sum(amounts))
    account = "<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>"
    text = f"<Document><BkToCstmrStmt><Stmt>{account}{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    return text, booked, opening


def money(minor: int) -> str:
    return f'<Amt Ccy="EUR">{format_minor(abs(minor), "EUR")}</Amt>'


def direction(minor: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"


def balance(code: str, minor: int) -> str:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f"<Bal>{kind}{money(minor)}{direction(minor)}<Dt><Dt>2026-02-03</Dt></Dt></Bal>"


@given(statements(), st.integers(-5, 5))
def test_a_statement_gives_its_entries_and_the_balance_check_sees_any_gap(
    made: tuple[str, list[int], int], gap: int
) -> None:
    text, booked, opening = made
    shifted = text.replace(balance("OPBD", opening), balance("OPBD", opening + gap))
    result = read_file("a.xml", shifted.encode())
    check(result)
    (statement,) = result.statements
    assert [entry.amount_minor for entry in statement.entries] == booked
    assert [reject.code for reject in result.rejects] == (["balance_mismatch"] if gap else [])
    assert len({entry.line for entry in statement.entries}) == len(booked)
