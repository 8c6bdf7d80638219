"""What finance decides about money in suspense: on which accounts it goes, in which shares, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from duly.domain.match_model import Share
from duly.domain.transaction import Transaction
from duly.flows.audit import canonical
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.twin import Ended
from duly.store.memory import no_fault
from duly.store.tables import OutcomeUnknown
from local.writers import csv_bytes
from tests.core_samples import NOON, POLICY, Customer, Invoice, Payment
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


# --- proposals
PAYER = "DE44500105175407324931"
HEADER = (
    *("account", "booked", "amount", "currency", "name", "counterparty_account", "text", "bank_reference"),
    *("end_to_end_id", "reversal"),
)


def came_in(stack: Stack, *rows: dict[str, str], name: str = "in", days: float = 0) -> None:
    """Entries of a bank statement of the Monday, 50.00 unless they say otherwise."""
    facts = {"account": "DE89370400440532013000", "booked": "2026-03-02", "amount": "50.00", "currency": "EUR"}
    lines = [tuple({**dict.fromkeys(HEADER, ""), **facts, **row}[column] for column in HEADER) for row in rows]
    stack.take(f"statements/{name}.csv", csv_bytes(HEADER, lines), days)


def state_of(stack: Stack, bank_reference: str) -> Transaction:
    """The payment with this reference of the bank."""
    for key in stack.transactions():
        state = stack.edge.transactions.load(key).state
        if stack.edge.transactions.personal(key, state.personal).get("bank_reference") == bank_reference:
            return state
    raise LookupError(bank_reference)


def decided(stack: Stack, bank_reference: str, action: str, **request: Any) -> dict[str, Any]:
    key = state_of(stack, bank_reference).key
    done = decide(stack.edge, {"action": action, "transaction": key, "by": "ada", **request}, NOON)
    stack.work()
    return done


@pytest.fixture
def bank() -> Stack:
    """Two customers with invoices of numbers that money may name; the shipped policy."""
    found = Stack()
    found.edge.policy = lambda: POLICY  # type: ignore[method-assign]
    found.customers(FOO, BAR)
    found.invoices(
        Invoice("RE-26-1001", FOO, 10_000), Invoice("RE-26-1002", FOO, 7_000), Invoice("RE-26-2001", BAR, 10_000)
    )
    return found


def test_what_is_plausible_is_proposed_and_holds_back_the_chase_until_it_is_confirmed(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "name": "Someone", "bank_reference": "B1"})
    state = state_of(bank, "B1")
    assert (state.state, state.shares, state.applied) == ("proposed", (), ())
    assert [share.account for share in state.placements[0].shares] == ["C-1"]
    assert state.placements[0].confidence_permille < POLICY.cash.auto_confirm_permille
    assert bank.accounts()["C-1"].header.suspense == (state.key,)
    assert canonical(bank.edge)["suspense"][state.key]["amount"] == "50.00"
    bank.assert_clean()
    assert decided(bank, "B1", "confirm_match")["accounts"] == ["C-1"]
    assert decided(bank, "B1", "confirm_match")["accounts"] == ["C-1"], "the same button again changes nothing"
    assert owed(bank)["RE-26-1001"] == "50.00"
    assert bank.accounts()["C-1"].header.suspense == ()
    with pytest.raises(DecisionRefused, match="nothing is proposed"):
        decided(bank, "B1", "refuse_match")
    bank.assert_clean()


def test_the_placement_that_is_chosen_is_booked(bank: Stack) -> None:
    bank.invoices(Invoice("RE-26-2001", FOO, 9_000), name="same")
    came_in(bank, {"text": "RE-26-2001", "bank_reference": "B1"})
    places = [[share.account for share in one.shares] for one in state_of(bank, "B1").placements]
    assert sorted(places) == [["C-1"], ["C-2"]]
    with pytest.raises(DecisionRefused, match="expected choice up to 1"):
        decided(bank, "B1", "confirm_match", choice=2)
    with pytest.raises(DecisionRefused, match="expected choice as a number"):
        decided(bank, "B1", "confirm_match", choice=-1)
    assert decided(bank, "B1", "confirm_match", choice=places.index(["C-2"]))["accounts"] == ["C-2"]
    bank.assert_clean()


def test_what_was_refused_waits_and_is_proposed_again_only_elsewhere(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "bank_reference": "B1"})
    decided(bank, "B1", "refuse_match")
    decided(bank, "B1", "refuse_match")
    bank.invoices(Invoice("RE-26-1003", FOO, 5_000), name="other")  # its amount wakes the money
    state = state_of(bank, "B1")
    assert (state.state, state.reason, state.by) == ("suspense", "refused", "ada")
    assert bank.accounts()["C-1"].header.suspense == (), "that customer's chase goes on"
    bank.assert_clean()
    bank.invoices(Invoice("RE-26-1001", BAR, 20_000), name="same")
    again = state_of(bank, "B1")
    assert again.state == "proposed"
    assert {share.account for one in again.placements for share in one.shares} == {"C-2"}
    bank.assert_clean()


def test_a_person_takes_part_of_it_for_each_invoice(bank: Stack) -> None:
    came_in(bank, {"text": "thanks", "amount": "120.00", "bank_reference": "B1"})
    items = [{"invoice": "RE-26-1001", "amount": "30.00"}, "RE-26-1002"]
    decided(bank, "B1", "assign", account="C-1", items=items)
    assert bank.outstanding() == {"RE-26-1001": "70.00", "RE-26-1002": "0.00"}
    bank.assert_clean()


# --- learning
def test_a_confirmed_match_teaches_whose_the_bank_account_is(bank: Stack) -> None:
    unnamed = {"counterparty_account": PAYER, "text": "thanks", "amount": "70.00", "name": "H. Foo"}
    came_in(bank, {**unnamed, "bank_reference": "B1"}, name="waits")
    assert state_of(bank, "B1").state != "routed"
    came_in(bank, {**unnamed, "text": "RE-26-1001", "amount": "60.00", "bank_reference": "B2"}, name="named")
    assert state_of(bank, "B2").state == "proposed"
    decided(bank, "B2", "confirm_match")
    assert state_of(bank, "B2").learned == "C-1"
    waited = state_of(bank, "B1")  # an invoice of Foo has its amount, and the bank account is Foo's now
    assert ([share.account for share in waited.shares], waited.reason) == (["C-1"], "payer_account")
    bank.assert_clean()


def test_a_wrong_lesson_is_taken_back_with_what_it_decided(bank: Stack) -> None:
    unnamed = {"counterparty_account": PAYER, "text": "thanks", "amount": "70.00"}
    came_in(bank, {**unnamed, "text": "RE-26-1001", "amount": "60.00", "bank_reference": "B1"}, name="named")
    decided(bank, "B1", "confirm_match")
    came_in(bank, {**unnamed, "bank_reference": "B2"}, name="later")
    assert state_of(bank, "B2").applied[0].account == "C-1"
    with pytest.raises(DecisionRefused, match="moved by reassign"):
        decided(bank, "B1", "assign", account="C-2")
    moved = decided(bank, "B1", "reassign", account="C-2", items=["RE-26-2001"], reason="wrong customer")
    assert moved["accounts"] == ["C-2"]
    assert (state_of(bank, "B1").learned, state_of(bank, "B2").state) == ("C-2", "proposed")
    assert bank.outstanding() == {"RE-26-1001": "100.00", "RE-26-1002": "70.00"}
    assert bank.outstanding("C-2") == {"RE-26-2001": "40.00"}
    bank.assert_clean()


def test_what_two_payments_taught_stays_when_one_goes(bank: Stack) -> None:
    named = {"counterparty_account": PAYER, "name": FOO.name}
    came_in(
        bank,
        {**named, "text": "RE-26-1001", "amount": "100.00", "bank_reference": "B1"},
        {**named, "text": "RE-26-1002", "amount": "70.00", "bank_reference": "B2"},
    )
    assert (state_of(bank, "B1").learned, state_of(bank, "B2").learned) == ("C-1", "C-1")
    decided(
        bank,
        "B1",
        "reassign",
        shares=[{"account": "C-1", "amount": "60.00"}, {"account": "C-2", "amount": "40.00"}],
        reason="both",
    )
    assert (state_of(bank, "B1").learned, state_of(bank, "B2").learned) == ("", "C-1")
    came_in(bank, {"counterparty_account": PAYER, "amount": "70.00", "bank_reference": "B3"}, name="later")
    assert [share.account for share in state_of(bank, "B3").shares] == ["C-1"]
    bank.assert_clean()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_bank_account_of_two_customers_says_nothing_in_any_order(bank: Stack, order: tuple[int, ...]) -> None:
    files = (
        {"text": "RE-26-1001", "amount": "100.00", "bank_reference": "B1"},
        {"text": "RE-26-2001", "amount": "100.00", "bank_reference": "B2"},
        {"text": "thanks", "amount": "70.00", "bank_reference": "B3"},
    )
    for number in order:
        came_in(bank, {**files[number], "counterparty_account": PAYER}, name=str(number))
    assert [state_of(bank, one).learned for one in ("B1", "B2", "B3")] == ["C-1", "C-2", ""]
    assert not state_of(bank, "B3").applied
    bank.assert_clean()


# --- taken back
@pytest.mark.parametrize("order", [("pay", "back"), ("back", "pay")])
@pytest.mark.parametrize("named", ["end_to_end_id", "bank_reference"])
def test_a_reversal_takes_back_the_payment_whose_id_it_repeats(bank: Stack, order: tuple[str, ...], named: str) -> None:
    own = {"end_to_end_id": "E2E-77", "bank_reference": "B1"} if named == "end_to_end_id" else {"bank_reference": "B1"}
    back = {named: own[named], "amount": "-100.00", "reversal": "yes"}
    files = {
        "pay": [{"text": "RE-26-1001", "amount": "100.00", "name": FOO.name, **own}],
        "back": [{**back, **({"bank_reference": "B9"} if named == "end_to_end_id" else {})}],
    }
    came_in(bank, {"text": "RE-26-1002", "amount": "70.00", "name": FOO.name, "bank_reference": "B2"}, name="other")
    for name in order:
        came_in(bank, *files[name], name=name)
    assert bank.outstanding() == {"RE-26-1001": "100.00", "RE-26-1002": "0.00"}
    assert bank.accounts()["C-1"].items["RE-26-1001"].state == "open"
    bank.assert_clean()


# --- what is let go of with a confirmation
def test_a_bank_fee_is_let_go_of_when_it_is_confirmed_and_owed_again_when_the_money_moves(bank: Stack) -> None:
    fees = replace(POLICY, cash=replace(POLICY.cash, bank_fee_tolerance_minor={"EUR": 1_500}))
    bank.edge.policy = lambda: fees  # type: ignore[method-assign]
    came_in(bank, {"text": "RE-26-1001", "amount": "88.00", "bank_reference": "B1"})
    best = state_of(bank, "B1").placements[0]
    assert [(one.kind, one.item, one.amount_minor) for one in best.settle] == [("bank_fee", "RE-26-1001", 1_200)]
    decided(bank, "B1", "confirm_match")
    decided(bank, "B1", "confirm_match")
    assert bank.accounts()["C-1"].items["RE-26-1001"].state == "paid"
    bank.assert_clean()
    decided(bank, "B1", "reassign", account="C-2", items=["RE-26-2001"], reason="not theirs")
    assert bank.outstanding()["RE-26-1001"] == "100.00"
    assert bank.outstanding("C-2")["RE-26-2001"] == "12.00"
    assert state_of(bank, "B1").settled == ()
    bank.assert_clean()
