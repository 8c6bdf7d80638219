"""Provisional accounts on the whole stack in memory: they gather, wait, and move to the customer when it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duly.domain.account import Account
from duly.domain.match_model import Share
from duly.flows.audit import audit, canonical
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.dispatch import uploaded_object
from duly.flows.merging import merge_around
from duly.flows.twin import TwinStack
from duly.store import keys
from tests.core_samples import (
    LENIENT,
    MONDAY,
    NOON,
    Customer,
    Invoice,
    Payment,
    customers_file,
    invoice_uploads,
    invoices_file,
    statement_file,
)

FOO = Customer("C-1", "Foo Handels GmbH", "DE123456789")
BAR = Customer("C-2", "Bar AG", "DE987654321")


class Stack(TwinStack):
    """A stack with a few words for what tests do."""

    def __init__(self) -> None:
        super().__init__()
        self.edge.policy = lambda: LENIENT  # type: ignore[method-assign]

    def take(self, key: str, data: bytes, days: float = 0) -> None:
        self.upload(key, data, NOON + timedelta(days=days))
        self.work()

    def customers(self, *found: Customer, name: str = "c", days: float = 0) -> None:
        self.take(f"customers/{name}.csv", customers_file(found), days)

    def invoices(self, *found: Invoice, name: str = "i", days: float = 0) -> None:
        for key, data in invoice_uploads(found, name):
            self.take(key, data, days)

    def statement(self, *found: Payment, name: str = "s", days: float = 0) -> None:
        self.take(f"statements/{name}.csv", statement_file(found), days)

    def accounts(self) -> dict[str, Account]:
        ids = [keys.account_id(pk) for pk in self.tables[0].partitions() if pk.startswith("A#")]
        return {one: self.edge.accounts.rebuild(one) for one in ids}

    def provisional(self) -> str:
        (found,) = [key for key in self.accounts() if key.startswith("P-")]
        return found

    def balances(self, customer: str = "C-1") -> dict[str, Any]:
        found: dict[str, Any] = canonical(self.edge)["customers"][customer]
        return found

    def outstanding(self, customer: str = "C-1") -> dict[str, str]:
        return {key: item["outstanding"] for key, item in self.balances(customer)["items"].items()}

    def transactions(self) -> list[str]:
        return [pk.removeprefix("T#") for pk in self.tables[0].partitions() if pk.startswith("T#")]

    def assert_clean(self) -> None:
        assert audit(self.edge, NOON + timedelta(days=40)).problems == []


@pytest.fixture
def stack() -> Stack:
    return Stack()


def assign(stack: Stack, transaction: str, account: str, *items: str) -> None:
    request = {"action": "assign", "transaction": transaction, "account": account, "items": list(items), "by": "ada"}
    decide(stack.edge, request, NOON)


def document(number: str, amount_minor: int = 10_000, customer: Customer = FOO, **rest: Any) -> Invoice:
    return Invoice(number, customer, amount_minor, ubl=True, **rest)


def test_invoices_of_an_unknown_buyer_gather_on_one_provisional_account(stack: Stack) -> None:
    stack.invoices(document("INV-1"), document("INV-2"), document("INV-3", customer=replace(FOO, vat_id="")))
    found = stack.accounts()[stack.provisional()]
    assert sorted(found.items) == ["INV-1", "INV-2", "INV-3"]
    assert found.header.provisional
    stack.assert_clean()


def test_nobody_is_chased_on_a_provisional_account(stack: Stack) -> None:
    stack.invoices(document("INV-1", issued=MONDAY - timedelta(days=90)))
    stack.statement(Payment("nothing", 1))
    for day in range(3):
        stack.tick(NOON + timedelta(days=day))
    assert stack.mailer.messages == []


def test_everything_moves_when_the_customer_comes(stack: Stack) -> None:
    stack.invoices(document("INV-1"), document("INV-2"), document("N-1", 4_000, credit_note=True, for_invoice="INV-1"))
    stack.statement(Payment("INV-2 INV-1", 12_000, name=FOO.name))
    source = stack.provisional()
    stack.customers(FOO)
    assert stack.outstanding() == {"INV-1": "40.00", "INV-2": "0.00"}
    old = stack.accounts()[source]
    assert old.header.merged_into == "C-1"
    assert {item.state for item in old.items.values()} == {"transferred"}
    assert {one.state for one in old.cash.values()} == {"withdrawn"}
    assert old.header.invoiced_minor == old.header.collected_minor == old.header.credited_minor == {}
    stack.assert_clean()


def test_a_payment_over_two_accounts_that_become_one_is_found_again(stack: Stack) -> None:
    stack.invoices(document("INV-10001"), Invoice("55001", FOO, 5_000))
    stack.statement(Payment("INV-10001 55001", 15_000))
    assert canonical(stack.edge)["suspense"] != {}
    stack.customers(FOO)
    assert canonical(stack.edge)["suspense"] == {}
    assert stack.outstanding() == {"55001": "0.00", "INV-10001": "0.00"}
    stack.assert_clean()


def test_a_later_document_goes_to_the_customer(stack: Stack) -> None:
    stack.customers(FOO)
    stack.invoices(document("INV-1"))
    assert stack.outstanding() == {"INV-1": "100.00"}
    assert [key for key in stack.accounts() if key.startswith("P-")] == []


def test_merging_again_changes_nothing(stack: Stack) -> None:
    stack.invoices(document("INV-1"))
    source = stack.provisional()
    stack.customers(FOO)
    before = {key: one.version for key, one in stack.accounts().items()}
    for account_id in ("C-1", source):
        merge_around(stack.edge, account_id, NOON)
    stack.customers(FOO, name="again")
    stack.work()
    assert {key: one.version for key, one in stack.accounts().items()} == before
    stack.assert_clean()


def test_a_customer_that_shares_nothing_takes_nothing(stack: Stack) -> None:
    stack.invoices(document("INV-1"))
    stack.customers(BAR)
    assert canonical(stack.edge)["customers"]["C-2"] == {"items": {}, "cash": {}}
    assert not stack.accounts()[stack.provisional()].header.merged_into


def test_two_customers_of_one_vat_id_are_a_persons_matter(stack: Stack) -> None:
    stack.customers(FOO, replace(BAR, vat_id=FOO.vat_id))
    stack.invoices(document("INV-1"))
    assert [key for key in stack.accounts() if key.startswith("P-")] == []
    stack.assert_clean()
    (rejects,) = [key for key in stack.objects.keys("receipts/") if key.endswith("rejects.csv")]
    found = stack.objects.get(rejects)
    assert found is not None
    assert b"ambiguous_buyer" in found.data


def test_hundreds_of_invoices_move_whole(stack: Stack) -> None:
    stack.invoices(*(document(f"INV-{n:03d}", 100) for n in range(150)))
    stack.invoices(*(document(f"N-{n:03d}", 100, credit_note=True, for_invoice=f"INV-{n:03d}") for n in range(60)))
    stack.customers(FOO)
    assert list(stack.outstanding().values()).count("1.00") == 90
    assert len(stack.outstanding()) == 150
    stack.assert_clean()


def test_a_number_that_the_customer_has_as_a_credit_note_stays_with_a_task(stack: Stack) -> None:
    stack.invoices(document("INV-1", 10_000), document("INV-2"))
    source = stack.provisional()
    stack.take("invoices/own.csv", invoices_file([Invoice("INV-1", FOO, 777, credit_note=True)]))
    stack.customers(FOO)
    assert stack.outstanding() == {"INV-2": "100.00"}
    kept = stack.accounts()[source]
    assert (kept.items["INV-1"].state, kept.items["INV-1"].amount_minor) == ("open", 10_000)
    assert stack.accounts()["C-1"].tasks[f"merge-{source}"].kind == "merge_conflict"
    stack.assert_clean()


@pytest.mark.parametrize("own_is_later", [True, False])
def test_an_invoice_that_the_customer_has_otherwise_has_the_content_stated_last(
    stack: Stack, own_is_later: bool
) -> None:
    stack.invoices(document("INV-1", 10_000), document("INV-2"), days=1)
    source = stack.provisional()
    own = invoices_file([Invoice("INV-1", FOO, 777)])
    stack.take("invoices/own.csv", own, days=2 if own_is_later else 0)
    stack.customers(FOO, days=3)
    assert stack.outstanding() == {"INV-1": "7.77" if own_is_later else "100.00", "INV-2": "100.00"}
    assert stack.accounts()[source].items["INV-1"].state == "transferred"
    stack.assert_clean()


def test_money_a_person_booked_goes_along(stack: Stack) -> None:
    stack.invoices(document("INV-1"))
    stack.statement(Payment("who knows", 4_000))
    (transaction,) = stack.transactions()
    assign(stack, transaction, stack.provisional(), "INV-1")
    stack.customers(FOO, days=3)
    assert stack.outstanding() == {"INV-1": "60.00"}
    assert stack.edge.transactions.load(transaction).state.applied == (Share("C-1", ("INV-1",), 4_000),)
    stack.assert_clean()


def test_booked_money_follows_a_merge_even_after_its_first_day(stack: Stack) -> None:
    stack.invoices(document("INV-1"))
    stack.statement(Payment("INV-1", 10_000))
    stack.customers(FOO, days=30)
    assert stack.outstanding() == {"INV-1": "0.00"}
    stack.assert_clean()


@pytest.mark.parametrize(
    ("transaction", "account", "items"), [("x", "C-1", []), ("", "C-9", []), ("", "C-1", ["INV-9"])]
)
def test_money_is_booked_only_where_there_is_something(
    stack: Stack, transaction: str, account: str, items: list[str]
) -> None:
    stack.customers(FOO)
    stack.statement(Payment("who knows", 4_000))
    with pytest.raises(DecisionRefused):
        assign(stack, transaction or stack.transactions()[0], account, *items)
    assert stack.edge.transactions.load(stack.transactions()[0]).state.state == "suspense"


# --- money and files of many parts


def test_every_part_of_a_file_wakes_the_money_that_waits_for_it(stack: Stack) -> None:
    """250 invoices of one customer are three messages; a payment that came first names one of each."""
    stack.customers(FOO)
    stack.statement(Payment("INV-10010 INV-10120 INV-10240", 30_000))
    stack.invoices(*(Invoice(f"INV-{10_000 + n}", FOO, 10_000) for n in range(250)))
    paid = [key for key, amount in stack.outstanding().items() if amount == "0.00"]
    assert paid == ["INV-10010", "INV-10120", "INV-10240"]
    stack.assert_clean()


def test_equal_payments_count_and_overlaps_do_not(stack: Stack) -> None:
    stack.customers(FOO)
    stack.invoices(Invoice("INV-1", FOO, 30_000))
    same = Payment("INV-1", 10_000, name=FOO.name)
    stack.statement(same, name="morning")
    stack.statement(same, same, name="evening")
    stack.statement(same, same, name="again")
    assert stack.outstanding() == {"INV-1": "100.00"}
    stack.assert_clean()


def test_money_moves_on_its_first_day_and_stays_afterwards() -> None:
    """70001 is Foo's number until Bar has the same: on the first day the money waits then, later it stays."""
    for days, expected in ((0.5, "100.00"), (2, "0.00")):
        fresh = Stack()
        fresh.customers(FOO, BAR)
        fresh.invoices(Invoice("70001", FOO, 10_000))
        fresh.statement(Payment("70001", 10_000))
        assert fresh.outstanding() == {"70001": "0.00"}
        fresh.invoices(Invoice("70001", BAR, 10_000), name="bar", days=days)
        assert fresh.outstanding() == {"70001": expected}
        fresh.assert_clean()


def test_suspense_marks_the_customers_it_may_belong_to_until_it_is_booked(stack: Stack) -> None:
    stack.customers(FOO, BAR)
    stack.invoices(Invoice("INV-1", FOO, 10_000), Invoice("INV-2", BAR, 20_000))
    stack.statement(Payment("INV-1 INV-2", 30_000))
    (transaction,) = stack.transactions()
    assert all(stack.accounts()[one].header.suspense == (transaction,) for one in ("C-1", "C-2"))
    assign(stack, transaction, "C-1", "INV-1")
    assert all(stack.accounts()[one].header.suspense == () for one in ("C-1", "C-2"))
    assert stack.outstanding() == {"INV-1": "0.00"}
    with pytest.raises(DecisionRefused, match="suspense"):
        assign(stack, transaction, "C-2")
    stack.assert_clean()


def test_keys_of_events_are_taken_as_they_are() -> None:
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"object": {"key": "invoices/a+b%2F ü.csv"}},
    }
    assert uploaded_object(event) == ("invoices/a+b%2F ü.csv", "")
    assert uploaded_object({"type": "lost_object", "key": "k", "version": "v"}) == ("k", "v")
    assert uploaded_object({"source": "aws.s3"}) is None
