"""What finance decides about money in suspense: on which accounts it goes, in which shares, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from duly.domain.events import Share
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.twin import Ended
from duly.store.memory import no_fault
from duly.store.tables import OutcomeUnknown
from tests.core_samples import NOON, Customer, Invoice, Payment
from tests.sim.small_world import EndAt, LoseAnswer
from tests.unit.test_merging import BAR, FOO, Stack

TWO = [
    {"account": "C-1", "items": ["INV-1"], "amount": "100.00"},
    {"account": "C-2", "items": ["INV-2"], "amount": "60.00"},
]


@pytest.fixture
def stack() -> Stack:
    """Two customers with an invoice each, and money that names nothing."""
    found = Stack()
    found.customers(FOO, BAR)
    found.invoices(Invoice("INV-1", FOO, 10_000), Invoice("INV-2", BAR, 20_000))
    found.statement(Payment("for both", 16_000))
    return found


def press(stack: Stack, action: str, **request: Any) -> dict[str, Any]:
    (transaction,) = stack.transactions()
    done = decide(stack.edge, {"action": action, "transaction": transaction, "by": "ada", **request}, NOON)
    stack.work()
    return done


def owed(stack: Stack) -> dict[str, str]:
    return stack.outstanding("C-1") | stack.outstanding("C-2")


def test_one_payment_is_divided_among_two_customers(stack: Stack) -> None:
    done = press(stack, "assign", shares=TWO)
    assert done["accounts"] == ["C-1", "C-2"]
    assert owed(stack) == {"INV-1": "0.00", "INV-2": "140.00"}
    (key,) = stack.transactions()
    assert {one: found.cash[key].amount_minor for one, found in stack.accounts().items()} == {
        "C-1": 10_000,
        "C-2": 6_000,
    }
    stack.assert_clean()


@pytest.mark.parametrize("fault", [EndAt, LoseAnswer])
def test_a_division_that_was_cut_off_anywhere_is_finished(fault: Any) -> None:
    """The person presses the button again, or nobody does and the money is looked at for another reason."""
    point, was_cut = 0, True
    while was_cut:
        stack = Stack()
        stack.customers(FOO, BAR)
        stack.invoices(Invoice("INV-1", FOO, 10_000), Invoice("INV-2", BAR, 20_000))
        stack.statement(Payment("for both", 16_000))
        hook = fault(frozenset({point}) if fault is EndAt else point)
        stack.set_fault(hook)
        _cut_off(stack)
        was_cut = hook.count > point
        stack.set_fault(no_fault)
        press(stack, "assign", shares=TWO)
        assert owed(stack) == {"INV-1": "0.00", "INV-2": "140.00"}, point
        stack.assert_clean()
        point += 1
    assert point > 5


def _cut_off(stack: Stack) -> None:
    with suppress(Ended, OutcomeUnknown):
        press(stack, "assign", shares=TWO)


def test_a_share_follows_its_account_into_a_merge() -> None:
    stack = Stack()
    stack.customers(BAR)
    stack.invoices(Invoice("INV-1", FOO, 10_000, ubl=True), Invoice("INV-2", BAR, 20_000))
    stack.statement(Payment("for both", 16_000))
    source = stack.provisional()
    press(stack, "assign", shares=[{**TWO[0], "account": source}, TWO[1]])
    stack.customers(FOO, name="late", days=3)
    assert owed(stack) == {"INV-1": "0.00", "INV-2": "140.00"}
    (key,) = stack.transactions()
    state = stack.edge.transactions.load(key).state
    assert state.applied == (Share("C-1", ("INV-1",), 10_000), Share("C-2", ("INV-2",), 6_000))
    stack.assert_clean()


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([TWO[0]], "shares above zero of 160.00 EUR in all, found 100.00"),
        ([{**TWO[0], "amount": "220.00"}, {**TWO[1], "amount": "-60.00"}], "above zero"),
        ([TWO[0], {**TWO[1], "account": "C-1", "items": []}], "one share for each account"),
        ([TWO[0], {**TWO[1], "items": ["INV-1"]}], "no such invoice"),
        ([TWO[0], {**TWO[1], "amount": "60,00"}], "machine form|1234.56"),
        ([TWO[0], {**TWO[1], "account": "C-9"}], "unknown transaction or account"),
        ([TWO[0], "C-2"], "expected shares as"),
        ("C-1", "expected shares as a list"),
        ([], "shares above zero"),
    ],
)
def test_shares_that_are_not_the_money_are_refused(stack: Stack, shares: Any, expected: str) -> None:
    with pytest.raises(DecisionRefused, match=expected):
        press(stack, "assign", shares=shares)
    assert owed(stack) == {"INV-1": "100.00", "INV-2": "200.00"}


def test_a_third_customer_gets_nothing_of_it(stack: Stack) -> None:
    stack.customers(Customer("C-3", "Third"), name="third")
    press(stack, "assign", shares=TWO)
    assert stack.accounts()["C-3"].cash == {}
