"""Bank files made at random: no entry or amount is lost, totals that do not hold are seen, other libraries agree."""

from __future__ import annotations

import io
from dataclasses import dataclass

import bai2.bai2
from hypothesis import given, settings
from hypothesis import strategies as st
from ofxtools.Parser import OFXTree

from duly.domain.money import format_minor
from duly.formats.read import read_file
from duly.formats.records import FileResult


@dataclass(frozen=True, slots=True)
class Made:
    """A movement that a file is made of."""

    amount_minor: int
    reference: str
    text: str


words = st.text("ABCXYZ0189 -/.,&<", max_size=30).map(str.strip)
plain_words = st.text("ABCXYZ0189 -.", min_size=1, max_size=30).map(str.strip).filter(bool)
made = st.builds(Made, st.integers(-(10**9), 10**9), st.integers(1, 10**6).map("B{}".format), words)
plain = st.builds(Made, st.integers(1, 10**9), st.integers(1, 10**6).map("B{}".format), plain_words)


def amounts(result: FileResult) -> list[int]:
    return [entry.amount_minor for statement in result.statements for entry in statement.entries]


def codes(result: FileResult) -> list[str]:
    return [reject.code for reject in result.rejects]


def bai2_text(movements: list[Made], opening: int, control: int = 0, cut: int = 80) -> str:
    """A file of one account; texts go on in a continuation after `cut` characters, its total is off by `control`."""
    closing = opening + sum(one.amount_minor for one in movements)
    lines = ["01,BANK,ME,260204,0830,1,,,2/", "02,ME,BANK,1,260203,,USD,2/", f"03,123,USD,010,{opening},,/"]
    lines.append(f"88,015,{closing},,/")
    total = opening + closing
    for one in movements:
        code, total = ("165" if one.amount_minor >= 0 else "475"), total + abs(one.amount_minor)
        lines.append(f"16,{code},{abs(one.amount_minor)},0,{one.reference},,{one.text[:cut]}")
        lines += [f"88,{one.text[cut:]}"] * bool(one.text[cut:].strip())
    total += control
    lines.append(f"49,{total},{len(lines) - 1}/")
    lines.append(f"98,{total},1,{len(lines)}/")
    return "\n".join([*lines, f"99,{total},1,{len(lines) + 1}/"])


@given(st.lists(made, max_size=8), st.integers(-(10**6), 10**6), st.sampled_from([0, 0, 1, -5]), st.integers(1, 40))
def test_bai2_gives_every_amount_and_sees_a_wrong_total(
    movements: list[Made], opening: int, control: int, cut: int
) -> None:
    result = read_file("a.bai", bai2_text(movements, opening, control, cut).encode())
    assert amounts(result) == [one.amount_minor for one in movements]
    (statement,) = result.statements
    assert [entry.bank_reference for entry in statement.entries] == [one.reference for one in movements]
    assert statement.opening_minor == opening
    assert codes(result) == ["control_total"] * (3 if control else 0)


@settings(max_examples=50)
@given(st.lists(plain, min_size=1, max_size=6), st.integers(0, 10**6))
def test_bai2_as_another_library_reads_it(movements: list[Made], opening: int) -> None:
    text = bai2_text(movements, opening)
    (account,) = bai2.bai2.parse_from_string(text, check_integrity=True).children[0].children
    (statement,) = read_file("a.bai", text.encode()).statements
    theirs = [
        (int(one.amount), one.type_code.code, one.bank_reference, " ".join((one.text or "").split()))
        for one in account.children
    ]
    ours = [
        (abs(entry.amount_minor), entry.code, entry.bank_reference, " ".join(entry.remittance.split()))
        for entry in statement.entries
    ]
    assert ours == theirs
    balances = {item.type_code.code: int(item.amount) for item in account.header.summary_items}
    assert (statement.opening_minor, statement.closing_minor) == (balances["010"], balances["015"])


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def ofx_text(movements: list[Made], closing: int, *, is_xml: bool, separator: str) -> str:
    """A file of one account, as SGML with open elements or as XML, its tags apart by `separator`."""

    def element(name: str, text: str) -> str:
        return f"<{name}>{escaped(text)}" + (f"</{name}>" if is_xml else "") + separator

    entries = "".join(
        "<STMTTRN>"
        + element("TRNTYPE", "OTHER")
        + element("DTPOSTED", "20260203120000")
        + element("TRNAMT", format_minor(one.amount_minor, "USD"))
        + element("FITID", one.reference)
        + (element("NAME", one.text) if one.text else "")
        + "</STMTTRN>"
        for one in movements
    )
    header = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="203" SECURITY="NONE" OLDFILEUID="NONE" '
        'NEWFILEUID="NONE"?>\n'
        if is_xml
        else "OFXHEADER:100\nDATA:OFXSGML\nVERSION:103\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n"
        "COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
    )
    status = f"<STATUS>{element('CODE', '0')}{element('SEVERITY', 'INFO')}</STATUS>"
    return (
        f"{header}<OFX><SIGNONMSGSRSV1><SONRS>{status}{element('DTSERVER', '20260204')}{element('LANGUAGE', 'ENG')}"
        f"</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS>{element('TRNUID', '1')}{status}<STMTRS>"
        f"{element('CURDEF', 'USD')}<BANKACCTFROM>{element('BANKID', '1')}{element('ACCTID', '123')}"
        f"{element('ACCTTYPE', 'CHECKING')}</BANKACCTFROM><BANKTRANLIST>{element('DTSTART', '20260201')}"
        f"{element('DTEND', '20260203')}{entries}</BANKTRANLIST><LEDGERBAL>"
        f"{element('BALAMT', format_minor(closing, 'USD'))}{element('DTASOF', '20260203')}</LEDGERBAL>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )


@given(st.lists(made, max_size=8), st.booleans(), st.sampled_from(["", "\n", "\r\n  "]))
def test_ofx_gives_every_amount_and_text(movements: list[Made], is_xml: bool, separator: str) -> None:
    result = read_file("a.ofx", ofx_text(movements, 7, is_xml=is_xml, separator=separator).encode())
    assert (amounts(result), result.rejects) == ([one.amount_minor for one in movements], ())
    entries = result.statements[0].entries
    assert [entry.counterparty_name for entry in entries] == [" ".join(one.text.split()) for one in movements]
    assert len({entry.line for entry in entries}) == len(entries)


@settings(max_examples=50, deadline=None)
@given(st.lists(plain, min_size=1, max_size=6, unique_by=lambda one: one.reference), st.integers(), st.booleans())
def test_ofx_as_another_library_reads_it(movements: list[Made], closing: int, is_xml: bool) -> None:
    closing %= 10**9
    data = ofx_text(movements, closing, is_xml=is_xml, separator="\n").encode()
    tree = OFXTree()
    tree.parse(io.BytesIO(data))
    theirs = tree.convert().statements[0]
    (ours,) = read_file("a.ofx", data).statements
    assert [(entry.amount_minor, entry.bank_reference, entry.booked) for entry in ours.entries] == [
        (int(one.trnamt * 100), one.fitid, one.dtposted.date()) for one in theirs.transactions
    ]
    assert (ours.account, ours.currency, ours.closing_minor) == (
        theirs.account.acctid,
        theirs.curdef,
        int(theirs.ledgerbal.balamt * 100),
    )


@given(st.lists(made, min_size=1, max_size=8), st.integers(-(10**6), 10**6), st.booleans(), st.booleans())
def test_a_running_balance_holds_in_either_order(
    movements: list[Made], opening: int, reverse: bool, in_columns: bool
) -> None:
    rows, balance = list[str](), opening
    for one in movements:
        balance += one.amount_minor
        amount = format_minor(abs(one.amount_minor), "EUR")
        side = f"{amount}," if one.amount_minor >= 0 else f",{amount}"
        cells = side if in_columns else format_minor(one.amount_minor, "EUR")
        rows.append(f"A,2026-02-03,{cells},EUR,{format_minor(balance, 'EUR')}")
    head = f"account,booked,{'credit,debit' if in_columns else 'amount'},currency,balance"
    result = read_file("statements/a.csv", "\n".join([head, *(rows[::-1] if reverse else rows)]).encode())
    assert sorted(amounts(result)) == sorted(one.amount_minor for one in movements)
    assert result.rejects == ()
    (statement,) = result.statements
    assert statement.closing_minor is not None
    assert statement.opening_minor is not None
    moved = sum(one.amount_minor for one in movements)
    assert statement.closing_minor - statement.opening_minor == moved


@given(st.binary(max_size=200), st.sampled_from(["01,A,B,260101,", "OFXHEADER:100\n<OFX>", "<OFX><STMTTRNRS><STMTRS>"]))
def test_garbled_bank_files_never_raise(data: bytes, start: str) -> None:
    result = read_file("statements/a", start.encode() + data)
    assert result.rows_in == len(amounts(result)) + len(result.rejected_rows)


@given(st.integers(0, 1500))
def test_cut_bank_files_never_raise_and_lose_no_amount(end: int) -> None:
    movements = [Made(1000 + number, f"B{number}", "TEXT") for number in range(9)]
    whole = bai2_text(movements, 0)
    cut = read_file("a.bai", whole[:end].encode())
    assert [one for one in amounts(cut)[:-1] if one not in [made.amount_minor for made in movements]] == []
    assert codes(cut) != [] or end >= len(whole) - 20
