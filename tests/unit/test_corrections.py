"""Corrected, replaced, cancelled and split invoices through the whole stack in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from duly.domain.account import Account
from duly.domain.entities import Item
from duly.flows.audit import audit, canonical
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.twin import Ended, TwinStack
from local.writers import csv_bytes
from tests.core_samples import LENIENT, MONDAY, NOON, Customer, Payment, customers_file, statement_file

FOO = Customer("C-1", "Foo Handels GmbH", "DE123456789")
HEADER = (
    *("number", "customer", "issued", "due", "amount", "currency", "type", "terms", "order"),
    *("for_invoice", "reference", "delivered", "means", "status"),
)


def row(number: str, amount: str, **rest: str) -> dict[str, str]:
    facts = {"number": number, "customer": "C-1", "issued": "2026-02-01", "due": "2026-02-20", "amount": amount}
    return {**dict.fromkeys(HEADER, ""), **facts, "currency": "EUR", **rest}


class Stack(TwinStack):
    """A stack with a few words for what tests do. Money comes from Foo, unless it says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.edge.policy = lambda: LENIENT  # type: ignore[method-assign]

    def take(self, name: str, *rows: dict[str, str], days: float = 0) -> dict[str, Any]:
        """Upload invoices and return the receipt."""
        data = csv_bytes(HEADER, [tuple(one[name] for name in HEADER) for one in rows])
        self.upload(f"invoices/{name}.csv", data, NOON + timedelta(days=days))
        self.work()
        (found,) = [
            one for one in self.edge.uploads.all(NOON + timedelta(days=40)) if one.key == f"invoices/{name}.csv"
        ]
        receipt = self.objects.get(found.receipt)
        assert receipt is not None
        body: dict[str, Any] = json.loads(receipt.data)
        assert body["adds_up"]
        return body

    def customer(self) -> None:
        self.upload("customers/c.csv", customers_file([FOO]), NOON)
        self.work()

    def money(self, *found: Payment, name: str = "s", days: float = 0) -> None:
        named = [replace(one, name=one.name or FOO.name) for one in found]
        self.upload(f"statements/{name}.csv", statement_file(named), NOON + timedelta(days=days))
        self.work()

    def account(self, name: str = "C-1") -> Account:
        return self.edge.accounts.rebuild(name)

    def item(self, key: str) -> Item:
        return self.account().items[key]

    def decide(self, **request: Any) -> dict[str, Any]:
        done = decide(self.edge, {"account": "C-1", "by": "ada", **request}, NOON + timedelta(days=30))
        self.work()
        return done

    def assert_clean(self) -> None:
        assert audit(self.edge, NOON + timedelta(days=40)).problems == []


@pytest.fixture
def stack() -> Stack:
    found = Stack()
    found.customer()
    return found


# --- corrections
def test_a_correction_changes_the_item_and_the_receipt_says_so(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    receipt = stack.take("two", row("RE-1", "120.00", due="2026-02-25"), days=1)
    assert receipt["rows"] == {"in": 1, "applied": 1, "duplicate": 0, "rejected": 0}
    assert receipt["reasons"] == {"corrected": 1}
    item = stack.item("RE-1")
    assert (item.amount_minor, item.due, item.state) == (12_000, date(2026, 2, 25), "open")
    assert stack.account().header.invoiced_minor == {"EUR": 12_000}
    assert stack.account().header.sales_by_day == {"EUR": {"2026-02-01": 12_000}}
    stack.assert_clean()


def test_a_paid_invoice_whose_amount_rises_is_open_again_as_a_new_episode(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    stack.money(Payment("RE-1", 10_000))
    stack.take("two", row("RE-1", "120.00"), days=1)
    item = stack.item("RE-1")
    assert (item.state, item.outstanding_minor, item.episode) == ("open", 2_000, 2)
    assert stack.account().header.behaviour.settled_count == 0
    stack.assert_clean()


def test_a_paid_invoice_whose_due_date_alone_changes_stays_paid_and_is_counted_anew(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    stack.money(Payment("RE-1", 10_000))
    assert stack.account().header.behaviour.late_count == 1
    stack.take("two", row("RE-1", "100.00", due="2026-03-20"), days=1)
    item, behaviour = stack.item("RE-1"), stack.account().header.behaviour
    assert (item.state, item.episode, behaviour.settled_count, behaviour.late_count) == ("paid", 1, 1, 0)
    stack.assert_clean()


def test_money_beyond_a_lowered_amount_pays_what_it_names_next(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"), row("RE-2", "50.00"))
    stack.money(Payment("RE-1 RE-2", 10_000))
    assert stack.item("RE-2").outstanding_minor == 5_000
    stack.take("two", row("RE-1", "70.00"), days=1)
    assert (stack.item("RE-1").state, stack.item("RE-1").episode) == ("paid", 1)
    assert stack.item("RE-2").outstanding_minor == 2_000
    stack.assert_clean()


def test_another_currency_frees_the_money_of_the_first(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    stack.money(Payment("RE-1", 10_000))
    stack.take("two", row("RE-1", "100.00", currency="USD"), days=1)
    account = stack.account()
    assert (account.items["RE-1"].state, account.items["RE-1"].currency) == ("open", "USD")
    assert [cash.unallocated_minor for cash in account.cash.values()] == [10_000]
    assert account.header.invoiced_minor == {"USD": 10_000}
    stack.assert_clean()


def test_money_that_waited_for_a_reference_comes_when_a_correction_states_it(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00", reference="RF-WRONG-1"))
    stack.money(Payment("RF-RIGHT-2", 10_000, name="Somebody"))
    assert stack.item("RE-1").state == "open"
    stack.take("two", row("RE-1", "100.00", reference="RF-RIGHT-2"), days=0.5)
    assert stack.item("RE-1").state == "paid"
    stack.money(Payment("RF-WRONG-1", 1_000), name="later", days=1)
    assert canonical(stack.edge)["suspense"] != {}
    stack.assert_clean()


def test_a_credit_note_is_corrected_likewise(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"), row("CN-1", "100.00", type="credit_note", for_invoice="RE-1"))
    assert stack.item("RE-1").state == "paid"
    receipt = stack.take("two", row("CN-1", "40.00", type="credit_note", for_invoice="RE-1"), days=1)
    assert receipt["reasons"] == {"corrected": 1}
    assert stack.item("RE-1").outstanding_minor == 6_000
    assert stack.account().header.credited_minor == {"EUR": 4_000}
    stack.assert_clean()


# --- cancellations
@pytest.mark.parametrize("how", [{"type": "Storno"}, {"status": "cancelled"}, {"type": "annulé"}])
def test_a_cancelled_invoice_leaves_the_chase_and_frees_its_money(stack: Stack, how: dict[str, str]) -> None:
    stack.take("one", row("RE-1", "100.00"), row("RE-2", "100.00"))
    stack.money(Payment("RE-1 RE-2", 10_000))
    receipt = stack.take("two", row("RE-1", "100.00", **how), days=1)
    assert (receipt["rows"]["applied"], receipt["reasons"]) == (1, {"cancelled": 1})
    assert (stack.item("RE-1").state, stack.item("RE-2").state) == ("cancelled", "paid")
    assert stack.account().header.invoiced_minor == {"EUR": 10_000}
    stack.assert_clean()


def test_a_cancellation_may_come_before_its_invoice_and_a_later_statement_reinstates_it(stack: Stack) -> None:
    stack.take("storno", row("ST-1", "100.00", type="storno", for_invoice="RE-1"), days=1)
    receipt = stack.take("one", row("RE-1", "100.00"))
    assert receipt["reasons"] == {"cancelled": 1}
    assert stack.item("RE-1").state == "cancelled"
    receipt = stack.take("three", row("RE-1", "100.00"), days=2)
    assert receipt["reasons"] == {"reinstated": 1}
    assert stack.item("RE-1").state == "open"
    stack.assert_clean()


def test_a_person_cancels_and_only_other_content_brings_the_invoice_back(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    stack.decide(action="cancel_invoice", item="RE-1", reason="agreed with the customer")
    stack.take("again", row("RE-1", "100.00"), days=31)
    assert stack.item("RE-1").state == "cancelled"
    stack.take("other", row("RE-1", "90.00"), days=32)
    assert (stack.item("RE-1").state, stack.item("RE-1").amount_minor) == ("open", 9_000)
    with pytest.raises(DecisionRefused, match="no such invoice"):
        stack.decide(action="cancel_invoice", item="RE-9", reason="x")
    stack.assert_clean()


@pytest.mark.parametrize("order", [("note", "storno"), ("storno", "note")])
def test_a_credit_note_is_cancelled_by_its_number_whichever_comes_first(stack: Stack, order: tuple[str, ...]) -> None:
    files = {
        "note": row("CN-1", "40.00", type="credit_note", for_invoice="RE-1"),
        "storno": row("CN-1", "0.00", type="storno"),
    }
    stack.take("one", row("RE-1", "100.00"))
    for name in order:
        stack.take(name, files[name], days=["note", "storno"].index(name))
    assert stack.item("RE-1").outstanding_minor == 10_000
    assert stack.account().header.credited_minor == {}
    stack.assert_clean()
    stack.take("again", files["note"], days=2)
    assert stack.item("RE-1").outstanding_minor == 6_000
    stack.assert_clean()


# --- corrected invoices of type 384
@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_corrected_invoice_takes_the_place_of_the_one_it_names(stack: Stack, order: tuple[str, ...]) -> None:
    files = {
        "one": row("RE-1", "100.00"),
        "two": row("RE-2", "90.00", type="correction", for_invoice="RE-1"),
    }
    stack.money(Payment("RE-1", 9_000))
    for name in order:
        stack.take(name, files[name], days=["one", "two"].index(name))
    assert stack.item("RE-1").state == "cancelled"
    assert stack.item("RE-1").replaced_by == ("RE-2",)
    assert (stack.item("RE-2").state, stack.item("RE-2").outstanding_minor) == ("paid", 0)
    assert stack.account().header.invoiced_minor == {"EUR": 9_000}
    stack.assert_clean()


def test_a_negative_correction_is_a_credit_note(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00"))
    stack.take("two", row("RE-2", "-30.00", type="384", for_invoice="RE-1"), days=1)
    assert stack.item("RE-1").outstanding_minor == 7_000
    stack.assert_clean()


def test_self_billed_prepayment_and_zero_invoices_end_on_the_account(stack: Stack) -> None:
    stack.take("one", row("A-1", "10.00", type="389"), row("A-2", "20.00", type="386"), row("A-3", "0.00"))
    assert [stack.item(key).state for key in ("A-1", "A-2", "A-3")] == ["open", "open", "paid"]
    assert stack.account().header.behaviour.settled_count == 0
    stack.assert_clean()


# --- direct debit
def test_a_direct_debit_that_came_back_is_chased(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00", means="Lastschrift"), row("RE-2", "100.00", means="Überweisung"))
    assert [stack.item(key).means for key in ("RE-1", "RE-2")] == ["direct_debit", "transfer"]
    stack.decide(action="debit_returned", item="RE-1")
    assert stack.item("RE-1").returned
    assert stack.account().header.behaviour.payments_returned == 1
    for key in ("RE-1", "RE-2"):
        with pytest.raises(DecisionRefused, match="not returned yet"):
            stack.decide(action="debit_returned", item=key)
    stack.assert_clean()


def test_a_reversal_on_the_statement_that_names_it_opens_the_chase(stack: Stack) -> None:
    stack.take("one", row("RE-1", "100.00", means="direct_debit"))
    header = ("account", "booked", "amount", "currency", "text", "bank_reference", "reversal")
    data = csv_bytes(header, [("DE89370400440532013000", "2026-03-01", "-100.00", "EUR", "RE-1", "B1", "yes")])
    stack.upload("statements/back.csv", data, NOON)
    stack.work()
    assert stack.item("RE-1").returned
    stack.assert_clean()


@pytest.mark.parametrize("order", [("collected", "back"), ("back", "collected")])
def test_collected_money_that_came_back_leaves_the_account_whichever_is_read_first(
    stack: Stack, order: tuple[str, ...]
) -> None:
    stack.take("one", row("RE-1", "100.00", means="direct_debit"), row("RE-2", "100.00", means="transfer"))
    header = ("account", "booked", "amount", "currency", "text", "bank_reference", "reversal")
    own = "DE89370400440532013000"
    files = {
        "collected": [
            (own, "2026-02-20", "100.00", "EUR", "RE-1", "B1", ""),
            (own, "2026-02-20", "100.00", "EUR", "RE-2", "B2", ""),
        ],
        "back": [(own, "2026-03-01", "-100.00", "EUR", "RE-1", "B3", "yes")],
    }
    for name in order:
        stack.upload(f"statements/{name}.csv", csv_bytes(header, files[name]), NOON)
        stack.work()
    assert (stack.item("RE-1").state, stack.item("RE-1").returned, stack.item("RE-2").state) == ("open", True, "paid")
    assert len(canonical(stack.edge)["suspense"]) == 2
    assert stack.account().header.behaviour.payments_returned == 1
    stack.upload(
        "statements/new.csv", csv_bytes(header, [(own, "2026-03-05", "100.00", "EUR", "RE-1", "B4", "")]), NOON
    )
    stack.work()
    assert stack.item("RE-1").state == "paid"
    stack.assert_clean()


# --- flags
def test_what_is_noticed_stands_on_the_item_and_in_the_receipt(stack: Stack) -> None:
    more = (*("id", "name", "email", "order_required", "terms_days", "country", "timezone"),)
    data = csv_bytes(more, [("C-1", FOO.name, "", "yes", "30", "DE", "Europe/Berlin")])
    stack.upload("customers/c2.csv", data, NOON + timedelta(hours=1))
    stack.work()
    receipt = stack.take("one", row("RE-1", "100.00", delivered="2026-01-01"), days=1)
    wanted = {"terms_differ": 1, "issued_late": 1, "order_missing": 1, "no_billing_contact": 1}
    assert receipt["flags"] == wanted
    assert stack.item("RE-1").flags == tuple(wanted)


def test_flags_and_default_dates_do_not_depend_on_whether_the_customer_came_first() -> None:
    found = []
    for first in (True, False):
        stack = Stack()
        data = csv_bytes(("id", "name", "terms_days"), [("C-1", FOO.name, "10")])
        invoice = row("RE-1", "100.00", due="")
        for is_customer in (first, not first):
            if is_customer:
                stack.upload("customers/c.csv", data, NOON)
                stack.work()
            else:
                stack.take("one", invoice, days=1)
        item = stack.item("RE-1")
        found.append((item.due, item.flags))
        stack.assert_clean()
    assert found[0] == found[1] == (date(2026, 2, 11), ("no_billing_contact",))


# --- a provisional customer completed by finance
def test_finance_completes_a_provisional_customer() -> None:
    stack = Stack()
    stack.take("one", row("RE-1", "100.00", due=""))
    assert stack.account().header.provisional
    with pytest.raises(DecisionRefused, match="expected name"):
        stack.decide(action="complete_customer", country="DE")
    answer = stack.decide(
        action="complete_customer", name="Foo Handels GmbH", country="DE", emails=["ap@foo.example"], terms_days=14
    )
    account = stack.account()
    assert answer["account"] == "C-1"
    assert (account.header.provisional, account.header.customer, account.header.country) == (False, "C-1", "DE")
    assert [one["email"] for one in account.personal["contacts"]] == ["ap@foo.example"]
    assert account.items["RE-1"].due == date(2026, 2, 15)
    with pytest.raises(DecisionRefused, match="complete"):
        stack.decide(action="complete_customer", name="Other")
    stack.assert_clean()


def test_completing_under_another_id_moves_everything_there() -> None:
    stack = Stack()
    data = csv_bytes(
        ("number", "customer", "name", "issued", "due", "amount", "currency"),
        [("RE-1", "", "Foo Handels GmbH", "2026-02-01", "2026-02-20", "100.00", "EUR")],
    )
    stack.upload("invoices/p.csv", data, NOON)
    stack.work()
    (source,) = [one for one in canonical(stack.edge)["customers"] if one.startswith("P-")]
    with pytest.raises(DecisionRefused, match="expected id"):
        stack.decide(action="complete_customer", account=source)
    with pytest.raises(DecisionRefused, match="email"):
        stack.decide(action="complete_customer", account=source, id="C-7", emails=["no address"])
    answer = stack.decide(action="complete_customer", account=source, id="C-7", emails=["ap@foo.example"])
    assert answer["account"] == "C-7"
    assert canonical(stack.edge)["customers"].keys() == {"C-7"}
    assert stack.account("C-7").personal["name"] == "Foo Handels GmbH"
    stack.assert_clean()


def test_an_older_statement_that_arrives_late_changes_nothing(stack: Stack) -> None:
    stack.take("two", row("RE-1", "120.00"), days=1)
    receipt = stack.take("one", row("RE-1", "100.00"))
    assert (receipt["rows"]["duplicate"], receipt["reasons"]) == (1, {"superseded": 1})
    assert stack.item("RE-1").amount_minor == 12_000
    assert stack.item("RE-1").issued < MONDAY
    stack.assert_clean()


@pytest.mark.parametrize("dies_at", range(12))
def test_a_payment_that_is_being_taken_back_is_taken_back_in_the_end(
    stack: Stack, dies_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends at any of its commits; the message comes again."""
    stack.take("one", row("RE-1", "100.00", means="direct_debit"))
    header = ("account", "booked", "amount", "currency", "text", "bank_reference", "reversal")
    own = "DE89370400440532013000"
    data = csv_bytes(header, [(own, "2026-02-20", "100.00", "EUR", "RE-1", "B1", "")])
    stack.upload("statements/in.csv", data, NOON)
    stack.work()
    back = csv_bytes(header, [(own, "2026-03-01", "-100.00", "EUR", "RE-1", "B3", "yes")])
    stack.upload("statements/back.csv", back, NOON)
    calls = [0]
    for table in stack.tables:
        write = table.write

        def ends(one: Any, write: Any = write) -> None:
            calls[0] += 1
            if calls[0] == dies_at:
                raise Ended
            write(one)
            if calls[0] == dies_at + 1 and dies_at % 2:
                raise Ended

        monkeypatch.setattr(table, "write", ends)
    stack.work()
    assert (stack.item("RE-1").state, stack.item("RE-1").returned) == ("open", True)
    stack.assert_clean()
