"""Remittance advices: read as tables or in mails, kept, and found with their money whichever comes first."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from email.message import EmailMessage

import pytest

from duly.domain.match_model import Payment as MatchPayment
from duly.domain.remittance import MAX_LINES, Announcement, RemittanceLine, advice, announcements, said_in_text
from duly.flows.remittances import advices_for, keep_advice, take_mailed
from duly.flows.twin import TwinStack
from duly.formats.mail import attached_tables
from duly.formats.read import read_file, to_json
from duly.formats.records import FileResult
from duly.store import keys, lookups
from tests.core_samples import MONDAY, NOON, Invoice, Payment
from tests.sim import small_world as world
from tests.unit.test_merging import BAR, FOO, Stack

ADVICE = b"""Invoice no;Amount paid;Currency;Payment reference;Payment date
INV-1;100,00;EUR;ZA-77001;16.02.2026
INV-2;60,50;EUR;ZA-77001;16.02.2026
"""
HEAD = "number,paid,currency,type,total\n"


def read(data: bytes | str, name: str = "statements/advice.csv") -> FileResult:
    return read_file(name, data if isinstance(data, bytes) else data.encode())


def codes(result: FileResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.code) for reject in result.rejects]


# --- tables
def test_a_table_of_what_a_payment_pays() -> None:
    result = read(ADVICE)
    assert (result.kind, result.format, result.rows_in, result.amounts_in) == ("remittance", "csv", 2, {"EUR": 16_050})
    assert result.remittances == (
        RemittanceLine(2, "INV-1", 10_000, "EUR", "ZA-77001", date(2026, 2, 16)),
        RemittanceLine(3, "INV-2", 6_050, "EUR", "ZA-77001", date(2026, 2, 16)),
    )
    assert to_json(result)["records"][0] == {
        "line": 2,
        "number": "INV-1",
        "paid": "100.00",
        "currency": "EUR",
        "reference": "ZA-77001",
        "date": "2026-02-16",
        "customer": {"id": "", "name": ""},
    }


@pytest.mark.parametrize(
    "header",
    [
        "Rechnungsnummer,Zahlbetrag,Währung",
        "N° facture,Montant payé,Devise",
        "Numero fattura,Importo pagato,Valuta",
        "Número de factura,Importe pagado,Divisa",
        "Factuurnummer,Betaald bedrag,Munt",
    ],
)
def test_columns_in_other_languages(header: str) -> None:
    result = read(f"{header}\nR-1,100.00,EUR\n", "x.csv")
    assert (result.kind, [line.paid_minor for line in result.remittances]) == ("remittance", [10_000])


def test_credit_notes_and_deductions_are_taken_off() -> None:
    result = read(
        f"{HEAD}INV-1,100.00,EUR,invoice,\nN-1,20.00,EUR,credit note,\nINV-2,-5.00,EUR,,\nTotal,75.00,EUR,,\n"
    )
    assert [line.paid_minor for line in result.remittances] == [10_000, -2_000, -500]
    assert codes(result) == []
    net = read("Invoice,Amount,Discount,Currency\nINV-1,100.00,2.00,EUR\n")
    assert [line.paid_minor for line in net.remittances] == [9_800]


def test_a_sum_that_the_lines_do_not_give_is_said() -> None:
    result = read(f"{HEAD}INV-1,100.00,EUR,,\nTotal,110.00,EUR,,\n")
    assert codes(result) == [(0, "total_mismatch")]
    assert "difference 10.00" in result.rejects[0].reason
    by_column = read(f"{HEAD}INV-1,100.00,EUR,,120.00\nINV-2,30.00,EUR,,120.00\n")
    assert codes(by_column) == [(0, "total_mismatch")]
    assert len(by_column.remittances) == 2


def test_bad_rows_are_rejected_with_their_money() -> None:
    result = read(f"{HEAD},,EUR,,\nINV-1,one,EUR,,\nINV-\u200b2,5.00,EUR,,\nINV-3,1.00,EUR,,\n")
    assert codes(result) == [(2, "amount_missing"), (3, "amount_format"), (4, "suspicious_identifier")]
    assert result.amounts_in == {"EUR": 600}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("account,booked,amount,currency\nX,2026-02-16,1.00,EUR\n", "statement"),
        ("Belegnummer,Betrag,Währung,Buchungstag,Verwendungszweck\nX,1.00,EUR,2026-02-16,t\n", "statement"),
        ("number,customer,issued,due,amount,currency\nI-1,C,2026-02-16,2026-02-16,1.00,EUR\n", "statement"),
        ("Invoice,Amount,Currency\nI-1,1.00,EUR\n", "remittance"),
    ],
)
def test_what_is_no_advice_stays_what_it_was(text: str, kind: str) -> None:
    assert read(text).kind == kind


def test_an_advice_is_not_taken_where_invoices_are_expected() -> None:
    assert read(ADVICE, "invoices/advice.csv").kind == "invoices"
    assert read(ADVICE, "invoices/advice.csv").remittances == ()


# --- the core
def test_lines_are_put_together_by_payment() -> None:
    first = RemittanceLine(2, "I-1", 100, "EUR", "A")
    lines = [first, replace(first, line=3, number="I-2"), replace(first, line=4, number="I-3", reference="B")]
    (one, made_of), (other, _) = announcements(lines)
    assert (one.reference, one.lines, one.total_minor) == ("A", (("I-1", 100), ("I-2", 100)), 200)
    assert [line.line for line in made_of] == [2, 3]
    assert (other.reference, other.total_minor) == ("B", 100)
    many = announcements(replace(first, line=number) for number in range(MAX_LINES + 1))
    assert [len(made_of) for _, made_of in many] == [MAX_LINES, 1]


def test_the_same_announcement_has_one_key() -> None:
    said = Announcement("EUR", (("I-1", 100), ("I-2", 50)))
    assert said.key == replace(said, lines=said.lines[::-1]).key
    assert said.key != replace(said, reference="A").key
    assert advice(said, "C-1").total_minor == 150


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We paid today:\nINV-1  100.00\nINV-2: 60,50 EUR\nRegards", (("INV-1", 10_000), ("INV-2", 6_050))),
        ("Rechnung INV-1 über 1.190,00 EUR ist überwiesen", (("INV-1", 119_000),)),
        ("We paid INV-1 and INV-2, 160.50 EUR", ()),  # one amount for two
        ("We paid INV-1: 100.00\nand INV-2 too", ()),  # one without an amount
        ("INV-1 100.00\nINV-1 100.00", ()),
        ("INV-1 100.00 USD", ()),
        ("INV-9 100.00", ()),
        ("", ()),
    ],
)
def test_a_text_that_lists_invoices_with_amounts(text: str, found: tuple[tuple[str, int], ...]) -> None:
    assert said_in_text(text, ["INV-1", "INV-2"], "EUR") == found


# --- kept and found
@pytest.fixture
def stack() -> Stack:
    """Two customers with invoices."""
    found = Stack()
    found.customers(FOO, BAR)
    found.invoices(Invoice("INV-1", FOO, 10_000), Invoice("INV-2", FOO, 6_050), Invoice("INV-3", BAR, 9_900))
    return found


@pytest.mark.parametrize(
    "header",
    [
        "number,paid,currency,customer",
        "number,currency,paid,reference,date,name",
        "number,paid,currency,total,reference,date,customer",
    ],
)
def test_columns_that_customers_and_invoices_have_too_are_no_reason_to_refuse_an_advice(header: str) -> None:
    cells = {"number": "R-1", "paid": "1.00", "total": "1.00", "currency": "EUR", "date": "2026-02-16"}
    row = ",".join(cells.get(name, "C-1") for name in header.split(","))
    result = read(f"{header}\n{row}\n")
    assert not result.rejects
    assert [(one.number, one.paid_minor) for one in result.remittances] == [("R-1", 100)]


def money(amount_minor: int = 16_050, text: str = "", **rest: str) -> MatchPayment:
    return MatchPayment("T", amount_minor, "EUR", MONDAY, MONDAY, text=text, **rest)  # type: ignore[arg-type]


def test_an_uploaded_advice_is_found_by_amount_and_by_reference(stack: Stack) -> None:
    stack.take("statements/advice.csv", ADVICE)
    (found,) = advices_for(stack.edge, money())
    assert (found.account, found.total_minor, found.reference) == ("C-1", 16_050, "ZA-77001")
    assert found.lines == (("INV-1", 10_000), ("INV-2", 6_050))
    assert advices_for(stack.edge, money(1, text="payment ZA-77001")) == (found,)
    assert advices_for(stack.edge, money(1, end_to_end_id="ZA-77001")) == (found,)
    assert advices_for(stack.edge, money(1, text="ZA-77002")) == ()
    stack.assert_clean()


def test_the_receipt_says_what_was_taken(stack: Stack) -> None:
    stack.take("statements/advice.csv", ADVICE)
    stack.take("statements/again.csv", ADVICE)
    first, again = _receipts(stack)
    assert first == {"in": 2, "applied": 2, "duplicate": 0, "rejected": 0}
    assert again == {"in": 2, "applied": 0, "duplicate": 2, "rejected": 0}


def _receipts(stack: Stack) -> list[dict[str, int]]:
    names = sorted(key for key in stack.objects.keys("receipts/statements/") if key.endswith("receipt.json"))
    found = []
    for name in names:
        stored = stack.objects.get(name)
        assert stored is not None
        found.append(json.loads(stored.data)["rows"])
    return sorted(found, key=lambda rows: -rows["applied"])


def test_the_same_part_again_changes_nothing(stack: Stack) -> None:
    said = Announcement("EUR", (("INV-1", 10_000),))
    assert keep_advice(stack.edge, said, "U-1", NOON)
    before = stack.tables[0].get(keys.remittance(said.key), keys.HEADER)
    assert keep_advice(stack.edge, said, "U-1", NOON)
    assert not keep_advice(stack.edge, said, "U-2", NOON)
    assert stack.tables[0].get(keys.remittance(said.key), keys.HEADER) == before


def test_money_that_waits_is_looked_at_again_when_its_advice_comes(stack: Stack) -> None:
    stack.statement(Payment("thank you", 16_050))
    (transaction,) = stack.transactions()
    stack.upload("statements/advice.csv", ADVICE, NOON)
    woken = list[str]()
    send = stack.queues.send

    def watched(queue: str, message: object) -> None:
        body = message.body  # type: ignore[attr-defined]
        woken.extend([body["transaction"]] if body.get("type") == "transaction" else [])
        send(queue, message)  # type: ignore[arg-type]

    stack.queues.send = watched  # type: ignore[method-assign,assignment]
    stack.work()
    assert woken == [transaction]


def test_whose_advice_it_is(stack: Stack) -> None:
    by_id = Announcement("EUR", (("UNKNOWN", 777),), customer="C-2")
    of_both = Announcement("EUR", (("INV-1", 400), ("INV-3", 477)))
    of_nobody = Announcement("EUR", (("UNKNOWN", 555),))
    for said in (by_id, of_both, of_nobody):
        keep_advice(stack.edge, said, "U", NOON)
    assert [one.account for one in advices_for(stack.edge, money(777))] == ["C-2"]
    assert advices_for(stack.edge, money(877)) == ()
    assert advices_for(stack.edge, money(555)) == ()


def test_an_erased_advice_is_not_found(stack: Stack) -> None:
    said = Announcement("EUR", (("INV-1", 10_000),))
    keep_advice(stack.edge, said, "U", NOON)
    stack.tables[0].delete(keys.remittance(said.key), keys.HEADER)
    assert advices_for(stack.edge, money(10_000)) == ()


def test_an_amount_that_too_many_advices_are_over_says_nothing(stack: Stack) -> None:
    for number in range(lookups.MAX_ANSWERS + 1):
        keep_advice(stack.edge, Announcement("EUR", (("INV-1", 100),), reference=f"ZA-{number:05}"), "U", NOON)
    assert advices_for(stack.edge, money(100)) == ()
    assert len(advices_for(stack.edge, money(100, text="ZA-00007"))) == 1


# --- mails
def mailed(text: str = "see attached", *tables: bytes, name: str = "avis.csv", kind: str = "csv") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "pay@foo.example", "x@creditor.example", "Zahlungsavis"
    mail.set_content(text)
    for data in tables:
        mail.add_attachment(data, maintype="text" if kind == "csv" else "application", subtype=kind, filename=name)
    return mail.as_bytes()


def test_tables_attached_to_a_mail() -> None:
    assert attached_tables(mailed("x", ADVICE)) == (ADVICE,)
    assert attached_tables(mailed("x", ADVICE, kind="octet-stream")) == (ADVICE,)
    assert attached_tables(mailed("x", b"%PDF-", name="a.pdf", kind="pdf")) == ()
    assert attached_tables(b"\xff\x00") == ()
    assert len(attached_tables(mailed("x", *[ADVICE] * 9))) == 5


def test_a_trusted_reply_announces_by_its_table_or_its_text(stack: Stack) -> None:
    account = stack.edge.accounts.load("C-1")
    assert take_mailed(stack.edge, account, mailed("x", ADVICE), "", "inbound/1", NOON) == 1
    (found,) = advices_for(stack.edge, money())
    assert (found.account, found.reference) == ("C-1", "ZA-77001")
    assert take_mailed(stack.edge, account, mailed(), "We pay INV-1 90.00 today", "inbound/2", NOON) == 1
    (found,) = advices_for(stack.edge, money(9_000))
    assert (found.account, found.lines) == ("C-1", (("INV-1", 9_000),))
    assert take_mailed(stack.edge, account, mailed(), "", "inbound/3", NOON) == 0


@pytest.mark.parametrize(
    ("sender", "verdict", "found"),
    [("chase@ahrens.example", "PASS", 1), ("chase@ahrens.example", "FAIL", 0), ("other@ahrens.example", "PASS", 0)],
)
def test_only_a_trusted_reply_announces(sender: str, verdict: str, found: int) -> None:
    stack = world.run(TwinStack(), 0, 7)  # up to the first reminders
    (notice, *_) = [message for message in stack.mailer.messages if "chase@ahrens.example" in message.to]
    text = "We have paid today:\nRE-26-1001  1,000.00 EUR\nRE-26-1002  300.50 EUR\n"
    raw, to = world.answer_to(notice.raw, sender, text, world.at(0, 12))
    stack.inbound(raw, (to,), {**world.PASSED, "dmarc": verdict}, world.at(0, 12))
    stack.work()
    advices = advices_for(stack.edge, money(130_050))
    assert [one.account for one in advices] == ["C1"] * found
    assert {one.lines for one in advices} <= {(("RE-26-1001", 100_000), ("RE-26-1002", 30_050))}
