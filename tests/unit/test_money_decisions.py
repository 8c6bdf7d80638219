"""Finance's decisions about money, through the whole stack in memory, each of them audited."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.charges_due import demand_charges
from duly.domain.policy_reader import parse_policy
from duly.flows.audit import canonical
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.twin import TwinStack
from tests.core_samples import LENIENT, MONDAY, NOON, POLICY, Payment
from tests.unit.test_corrections import Stack, row
from tests.unit.test_merging import FOO, document
from tests.unit.test_merging import Stack as Provisional

TOLERANT = f'[creditor]\nname = "{POLICY.creditor.name}"\ncountry = "DE"\n[cash]\ntolerance = {{ EUR = "0.50" }}\n'


def with_policy(stack: TwinStack, text: str) -> None:
    read = parse_policy(text, "p.toml")
    found = replace(read, cash=replace(read.cash, auto_confirm_permille=LENIENT.cash.auto_confirm_permille))
    stack.edge.policy = lambda: found  # type: ignore[method-assign]


@pytest.fixture
def stack() -> Stack:
    found = Stack()
    found.customer()
    found.take("one", row("RE-1", "100.00"), row("RE-2", "60.00"))
    return found


def payment_of(stack: Stack) -> str:
    return next(key for key, cash in stack.account().cash.items() if cash.kind == "payment")


def test_a_write_off_and_its_reversal(stack: Stack) -> None:
    stack.money(Payment("RE-1", 9_960))
    stack.decide(action="write_off", item="RE-1", reason="small")
    item = stack.item("RE-1")
    assert (item.state, item.adjusted) == ("paid", {"write_off": 40})
    assert canonical(stack.edge)["customers"]["C-1"]["cash"][item.adjustments[0]]["kind"] == "write_off"
    stack.assert_clean()
    stack.decide(action="undo_write_off", adjustment=item.adjustments[0])
    assert stack.item("RE-1").outstanding_minor == 40
    stack.assert_clean()


def test_a_tolerance_of_the_policy_settles_and_canonical_says_so(stack: Stack) -> None:
    with_policy(stack, TOLERANT)
    stack.money(Payment("RE-1", 9_960))
    assert stack.item("RE-1").state == "paid"
    found = canonical(stack.edge)["customers"]["C-1"]["cash"]["TOL:RE-1"]
    assert (found["kind"], found["unallocated"]) == ("tolerance", "0.00")
    stack.assert_clean()


def test_money_assigned_without_invoices_pays_by_the_policy_whenever_it_was_assigned() -> None:
    """A person books money on the account before or after other files: the same balances."""

    def statement(stack: Stack) -> None:
        stack.money(Payment("no reference", 7_000), name="a")

    def assign(stack: Stack) -> None:
        (transaction,) = waiting(stack)
        stack.decide(action="assign", transaction=transaction, items=[])

    def named(stack: Stack) -> None:
        stack.money(Payment("RE-1", 10_000), name="b", days=1)

    def later_invoice(stack: Stack) -> None:
        stack.take("two", row("RE-3", "30.00", due="2026-02-10"), days=2)

    ends = []
    for order in permutations((assign, named, later_invoice)):
        stack = Stack()
        stack.customer()
        stack.take("one", row("RE-1", "100.00"), row("RE-2", "60.00"))
        statement(stack)
        for step in order:
            step(stack)
        stack.assert_clean()
        ends.append(canonical(stack.edge))
    assert all(end == ends[0] for end in ends)
    items = ends[0]["customers"]["C-1"]["items"]
    assert {key: item["outstanding"] for key, item in items.items()} == {
        "RE-1": "0.00",
        "RE-2": "20.00",
        "RE-3": "0.00",
    }


def waiting(stack: Stack) -> list[str]:
    return list(canonical(stack.edge)["suspense"])


def test_too_much_is_refunded_and_counted_once(stack: Stack) -> None:
    stack.money(Payment("RE-1", 12_000))
    key = payment_of(stack)
    stack.decide(action="refund", transaction=key, amount="20.00", reason="paid twice")
    with pytest.raises(DecisionRefused, match="no more than is unapplied"):
        stack.decide(action="refund", transaction=key, amount="0.01")
    (refund,) = stack.account().cash[key].spent
    assert canonical(stack.edge)["customers"]["C-1"]["cash"][key]["spent"] == {refund: "20.00"}
    stack.assert_clean()
    stack.decide(action="undo_refund", transaction=key, refund=refund)
    assert stack.account().cash[key].unallocated_minor == 2_000
    stack.assert_clean()


def test_an_exchange_pays_in_the_invoices_currency(stack: Stack) -> None:
    stack.money(replace(Payment("RE-1", 11_000), currency="USD"))
    (transaction,) = [*waiting(stack), *stack.account().cash]
    if transaction not in stack.account().cash:
        stack.decide(action="assign", transaction=transaction, items=[])
    stack.decide(action="exchange", transaction=transaction, item="RE-1", into="100.00", rate="0.9091")
    assert stack.item("RE-1").state == "paid"
    stack.assert_clean()
    (exchange,) = stack.account().cash[transaction].spent
    stack.decide(action="undo_exchange", transaction=transaction, exchange=exchange)
    assert stack.item("RE-1").outstanding_minor == 10_000
    stack.assert_clean()


def test_a_deduction_opens_a_dispute(stack: Stack) -> None:
    stack.money(Payment("RE-1", 9_000))
    stack.decide(action="deduction", item="RE-1", reason="short_delivery")
    (dispute,) = stack.account().live("disputes")
    assert (dispute.items, dispute.reason, dispute.owner) == (("RE-1",), "short_delivery", "default")
    stack.assert_clean()


def test_charges_are_paid_first_and_waived(stack: Stack) -> None:
    charge = ev.Charge("n1-costs", "costs", 4_000, MONDAY)
    stack.edge.change(
        "C-1", lambda one: demand_charges(one, "RE-1", [charge], "ada"), NOON, [("items", "RE-1")], linked=True
    )
    stack.money(Payment("RE-1", 10_000), days=1)
    item = stack.item("RE-1")
    paid = (item.outstanding_minor, item.open_charges_minor)
    assert paid in ((4_000, {}), (0, {"costs": 4_000}))
    found = canonical(stack.edge)["customers"]["C-1"]["items"]["RE-1"]
    assert found["charges"] == {"costs": "40.00"}
    stack.assert_clean()


@pytest.mark.parametrize(
    ("request_", "match"),
    [
        ({"action": "write_off", "item": "RE-9", "reason": "x"}, "no such invoice"),
        ({"action": "write_off", "item": "RE-1"}, "expected the field reason"),
        ({"action": "write_off", "item": "RE-1", "reason": "x", "amount": "1,00"}, "expected an amount"),
        ({"action": "write_off", "item": 7, "reason": "x"}, "expected a text"),
        ({"action": "undo_write_off", "adjustment": "TOL:RE-1"}, "no write-off"),
        ({"action": "refund", "transaction": "T"}, "no such payment"),
        ({"action": "exchange", "transaction": "T", "item": "RE-1", "into": "1", "rate": "-1"}, "rate above zero"),
        ({"action": "exchange", "transaction": "T", "item": "RE-1", "into": "1", "rate": "x"}, "expected a rate"),
        ({"action": "undo_exchange", "transaction": "T", "exchange": "FX-1"}, "no such payment"),
        ({"action": "deduction", "item": "RE-1", "reason": "What a mess!"}, "the code of a reason"),
        ({"action": "waive_charges", "item": "RE-1", "reason": "x"}, "no more than is open"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(stack: Stack, request_: dict[str, Any], match: str) -> None:
    with pytest.raises(DecisionRefused, match=match):
        stack.decide(**request_)


def test_a_write_off_moves_with_its_invoice_to_the_customer() -> None:
    """A provisional customer's invoice was written off in part and charged for; then the customer becomes known."""
    stack = Provisional()
    stack.invoices(document("INV-1"))
    source = stack.provisional()
    request = {"account": source, "by": "ada", "item": "INV-1", "amount": "30.00", "reason": "agreed"}
    decide(stack.edge, {"action": "write_off", **request}, NOON)
    charge = ev.Charge("n1-costs", "costs", 4_000, MONDAY)
    also = [("items", "INV-1")]
    stack.edge.change(source, lambda one: demand_charges(one, "INV-1", [charge]), NOON, also, linked=True)
    stack.customers(FOO)
    item = stack.accounts()["C-1"].items["INV-1"]
    assert (item.adjusted, item.open_charges_minor) == ({"write_off": 3_000}, {"costs": 4_000})
    stack.assert_clean()


def test_what_the_policy_let_go_is_granted_anew_where_the_invoice_moves() -> None:
    stack = Provisional()
    with_policy(stack, TOLERANT)
    stack.invoices(document("INV-1"))
    stack.statement(Payment("INV-1", 9_970, name=FOO.name))
    source = stack.provisional()
    assert stack.accounts()[source].items["INV-1"].adjusted == {"tolerance": 30}
    stack.customers(FOO)
    assert stack.accounts()["C-1"].items["INV-1"].adjusted == {"tolerance": 30}
    stack.assert_clean()
