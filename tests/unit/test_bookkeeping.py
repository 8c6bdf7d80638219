"""The journals as double-entry books: each entry adds up, and the sums are what the accounts hold."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from duly.domain import events as ev
from duly.domain.bookkeeping import Balances, Entry, Ledger, account_entries, add, transaction_entries
from duly.domain.entities import ADJUSTMENTS, CHARGE_KINDS
from duly.flows import export as exporting
from duly.flows.export import ExportTooLarge, export
from duly.flows.twin import TwinStack
from duly.reports.books import FORMATS, account_name
from tests import core_samples as samples
from tests.core_samples import MONDAY, NOON, customer, invoice, payment

HLEDGER = shutil.which("hledger")


def booked(*events: ev.Event) -> tuple[list[Entry], Balances]:
    journal = [(version, MONDAY, [event]) for version, event in enumerate((customer(), *events), start=1)]
    entries = list(account_entries("A-1", journal, "C-1"))
    balances: Balances = Counter()
    for entry in entries:
        assert sum(posting.amount_minor for posting in entry.postings if posting.currency == "EUR") == 0
        add(balances, entry)
    return entries, balances


def sums(balances: Balances) -> dict[str, int]:
    return {ledger.name: amount for (ledger, _), amount in sorted(balances.items()) if amount}


def pays(cash: str, item: str, amount_minor: int, **charges: int) -> ev.AllocationsChanged:
    return ev.AllocationsChanged((ev.Allocation(cash, item, amount_minor, charges),))


def test_an_invoice_and_its_payment() -> None:
    entries, balances = booked(invoice("R-1", 10_000), payment("T1", 12_000), pays("T1", "R-1", 10_000))
    assert [(entry.kind, entry.about, entry.on) for entry in entries] == [
        ("invoice", "R-1", MONDAY - timedelta(days=30)),
        ("payment", "T1", MONDAY),
        ("allocation", "R-1", MONDAY),
    ]
    assert sums(balances) == {"customer_credit": -2_000, "invoiced": -10_000, "suspense": 12_000}
    receivables, credit = Ledger("receivables", "C-1"), Ledger("customer_credit", "C-1")
    assert [(one.ledger, one.amount_minor) for one in entries[2].postings] == [(credit, 10_000), (receivables, -10_000)]


def test_what_is_taken_back_books_its_own_reversal() -> None:
    cancelled = ev.InvoiceCancelled("R-1", "wrong", on=MONDAY, by="ann", line=99)
    entries, balances = booked(
        invoice("R-1", 10_000), payment("T1", 500), cancelled, ev.CashWithdrawn("T1", "returned")
    )
    assert [entry.kind for entry in entries] == ["invoice", "payment", "cancellation", "payment returned"]
    assert sums(balances) == {}


@pytest.mark.parametrize("kind", ADJUSTMENTS)
def test_each_adjustment_has_a_ledger(kind: str) -> None:
    settled = ev.CashReceived("W", kind, 300, "EUR", MONDAY, ("R-1",))
    entries, balances = booked(invoice("R-1", 10_000), settled, pays("W", "R-1", 200))
    assert len(entries) == 2 and sum(balances.values()) == 0
    assert balances[Ledger("receivables", "C-1"), "EUR"] == 9_800
    assert len([1 for amount in sums(balances).values() if amount == 200]) == 1


def test_charges_refunds_and_exchanges() -> None:
    charges = tuple(ev.Charge(f"c-{kind}", kind, 700, MONDAY) for kind in CHARGE_KINDS)
    _, balances = booked(
        invoice("R-1", 10_000),
        invoice("U-1", 900, currency="USD"),
        ev.ChargesDemanded("R-1", charges, "EUR"),
        ev.ChargesWaived("R-1", {"c-interest": 200}, "EUR", "goodwill", "ann", MONDAY),
        payment("T1", 3_000),
        pays("T1", "R-1", 300, costs=700),
        ev.CashRefunded("T1", "R1", 500, "EUR", MONDAY, "ann"),
        ev.CashExchanged("T1", "FX-1", 600, "EUR", 650, "USD", "U-1", "1.0833", MONDAY, "ann"),
    )
    assert balances[Ledger("receivables", "C-1"), "EUR"] == 10_000 + 1_200 - 1_000
    assert balances[Ledger("refunds"), "EUR"] == -500
    assert balances[Ledger("exchange"), "EUR"] == -600 and balances[Ledger("exchange"), "USD"] == 650
    assert balances[Ledger("customer_credit", "C-1"), "EUR"] == -900
    assert balances[Ledger("customer_credit", "C-1"), "USD"] == -650


def test_a_bank_transaction_waits_in_suspense_and_money_out_is_not_booked() -> None:
    def received(amount_minor: int, reversal: bool = False) -> ev.TransactionReceived:
        return ev.TransactionReceived(
            "T1", amount_minor, "EUR", MONDAY, MONDAY, NOON, "u", 1, "p", "h", reversal=reversal
        )

    (entry,) = transaction_entries("T1", [(1, MONDAY, [received(500)]), (2, MONDAY, [ev.TransactionParked("x")])])
    assert [(one.ledger.name, one.amount_minor) for one in entry.postings] == [
        ("bank_clearing", 500),
        ("suspense", -500),
    ]
    assert list(transaction_entries("T1", [(1, MONDAY, [received(-500)])])) == []
    (entry,) = transaction_entries("T1", [(1, MONDAY, [received(-500, reversal=True)])])
    assert [(one.ledger.name, one.amount_minor) for one in entry.postings] == [
        ("bank_clearing", -500),
        ("suspense", 500),
    ]
    announced = [(1, MONDAY, [replace(received(500), standing="provisional")])]
    assert list(transaction_entries("T1", announced)) == []
    confirmed = [*announced, (2, MONDAY, [ev.StandingChanged("final")])]
    assert [entry.kind for entry in transaction_entries("T1", confirmed)] == ["bank statement"]
    ignored = [(1, MONDAY, [received(500), ev.TransactionIgnored("x")])]
    assert [one.kind for one in transaction_entries("T1", ignored)] == ["bank transaction", "not a receipt"]


# --- a whole stack
def stack() -> TwinStack:
    """Customers, invoices of two currencies, a credit note, payments: matched, too much in the end, of nobody."""
    ada, bob = samples.Customer("C-1", "Ada Ltd"), samples.Customer("b/ob (2)", "Bob GmbH")
    found = TwinStack()
    invoices = [
        samples.Invoice("RE-1001", ada, 10_000),
        samples.Invoice("RE-1002", ada, 5_000),
        samples.Invoice("RE-1003", bob, 7_700, currency="USD"),
        samples.Invoice("GS-1004", ada, 1_000, credit_note=True, for_invoice="RE-1002"),
    ]
    payments = [
        samples.Payment("RE-1001", 10_000, name="Ada Ltd", bank_reference="b1"),
        samples.Payment("RE-1002 part", 1_500, name="Ada Ltd", bank_reference="b2"),
        samples.Payment("no idea", 333, bank_reference="b3"),
        samples.Payment("rent", -4_000, bank_reference="b4"),
    ]
    found.upload("customers/c.csv", samples.customers_file([ada, bob]), NOON)
    found.work()
    found.upload("invoices/i.csv", samples.invoices_file(invoices), NOON)
    found.work()
    found.upload("statements/s.csv", samples.statement_file(payments), NOON + timedelta(hours=1))
    found.work()
    found.upload("invoices/j.csv", samples.invoices_file([samples.Invoice("RE-1001", ada, 9_000)]), NOON + timedelta(2))
    found.work()
    return found


def test_the_books_of_a_stack_agree_with_its_accounts() -> None:
    found = export(stack().edge)
    assert found.holds and {proof.currency for proof in found.proofs} == {"EUR", "USD"}
    (euro,) = (proof for proof in found.proofs if proof.currency == "EUR")
    assert (euro.receivables_minor, euro.credit_minor) == (2_500, 1_000)
    names = {ledger.name: amount for (ledger, currency), amount in found.balances.items() if currency == "EUR"}
    assert names["bank_clearing"] == 10_000 + 1_500 + 333 and names["suspense"] == -333
    assert [entry.order for entry in found.entries] == sorted(entry.order for entry in found.entries)


def test_a_disagreement_is_found() -> None:
    broken = stack()
    record = next(
        one for one in broken.edge.table.query("A#C-1", "1#I#") if one.body["key"] == "RE-1002"
    )  # a projection that is not what the journal says
    found = export(broken.edge)
    assert found.holds
    item = {**record.body, "amount_minor": record.body["amount_minor"] + 1}
    broken.edge.table.put(type(record)(record.pk, record.sk, item, record.version, record.kind))
    assert not export(broken.edge).holds


def test_a_period_begins_with_what_was_before() -> None:
    edge = stack().edge
    whole, day = export(edge), MONDAY
    part = export(edge, start=day)
    assert part.entries[0].kind == "opening balances" and part.balances == whole.balances and part.holds
    before = export(edge, end=day - timedelta(days=1))
    opening: Balances = Counter()
    add(opening, part.entries[0])
    assert opening == Counter({key: amount for key, amount in before.balances.items() if amount})
    assert {entry.kind for entry in before.entries} == {"invoice", "credit note"} and before.holds


def test_an_export_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_ENTRIES", 3)
    with pytest.raises(ExportTooLarge, match="--from and --to"):
        export(stack().edge)


def test_the_csv_balances_by_entry() -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"][2](export(stack().edge)).decode())))
    balance: Counter[tuple[str, str]] = Counter()
    for row in rows:
        digits = (row["debit"] or f"-{row['credit']}").replace(".", "")
        balance[row["entry"], row["currency"]] += int(digits)
    assert rows and not any(balance.values())
    assert {"Ada", "Bob"}.isdisjoint(" ".join(row["customer"] for row in rows).split())


def test_names_of_ledgers() -> None:
    assert account_name(Ledger("customer_credit", "C-1028")) == "Liabilities:CustomerCredit:C-1028"
    names = {account_name(Ledger("receivables", customer)) for customer in ("a b", "a-b", "a/b", "Ab", "ä")}
    assert len(names) == 5 and all(name.startswith("Assets:Receivables:") for name in names)


@pytest.mark.parametrize("start", [None, MONDAY])
def test_beancount_finds_nothing_wrong_and_finds_what_is(tmp_path: Path, start: date | None) -> None:
    data = FORMATS["beancount"][2](export(stack().edge, start=start))
    assert bean_check(tmp_path / "good.beancount", data) == ""
    assert "Balance failed" in bean_check(tmp_path / "bad.beancount", data.replace(b"  25.00 EUR\n", b"  26.00 EUR\n"))


def bean_check(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    code = "import sys; from beancount.scripts.check import main; main()"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, "--no-cache", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.skipif(HLEDGER is None, reason="hledger is not installed (apt-get install hledger)")
@pytest.mark.parametrize("start", [None, MONDAY])
def test_hledger_finds_nothing_wrong_and_finds_what_is(tmp_path: Path, start: date | None) -> None:
    data = FORMATS["hledger"][2](export(stack().edge, start=start))
    assert hledger_check(tmp_path / "good.journal", data) == ""
    assert "25.01" in hledger_check(tmp_path / "bad.journal", data.replace(b" = 25.00 EUR\n", b" = 25.01 EUR\n"))


def hledger_check(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    done = subprocess.run(
        [str(HLEDGER), "-f", str(path), "check", "--strict"], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr
