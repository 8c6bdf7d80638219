"""Decisions about money that waits, after what they were about has changed: nothing is booked that nobody saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from duly.domain import events as ev
from duly.domain.charges_due import demand_charges
from duly.domain.identity import PROVISIONAL, SAME_ENTRY
from duly.domain.transaction import proposal_id
from duly.flows.cash import settle_transaction
from duly.flows.decisions import DecisionRefused, decide
from tests.bank_samples import entry, statement
from tests.core_samples import NOON, POLICY, Invoice
from tests.unit.test_clearing import came_in, decided, state_of
from tests.unit.test_merging import BAR, FOO, Stack


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


@pytest.mark.parametrize("standing", [SAME_ENTRY, PROVISIONAL])
def test_money_that_a_person_booked_leaves_when_the_bank_means_another_entry(bank: Stack, standing: str) -> None:
    came_in(bank, {"text": "thanks", "amount": "100.00", "bank_reference": "B1"})
    decided(bank, "B1", "assign", account="C-1", items=["RE-26-1001"])
    key = state_of(bank, "B1").key
    bank.edge.transactions.commit(bank.edge.transactions.load(key), key, [ev.StandingChanged(standing)], NOON)
    settle_transaction(bank.edge, key, NOON)
    assert bank.outstanding()["RE-26-1001"] == "100.00"
    assert state_of(bank, "B1").applied == ()
    assert state_of(bank, "B1").learned == ""


def test_a_proposal_that_changed_since_it_was_seen_is_not_confirmed_and_not_refused(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "name": "Someone", "bank_reference": "B1"})
    seen = proposal_id(state_of(bank, "B1").placements)
    bank.invoices(Invoice("RE-26-1001", BAR, 5_000), name="same")
    assert proposal_id(state_of(bank, "B1").placements) != seen
    for action in ("confirm_match", "refuse_match"):
        with pytest.raises(DecisionRefused, match="has changed since"):
            decided(bank, "B1", action, proposal=seen)
    now = proposal_id(state_of(bank, "B1").placements)
    assert decided(bank, "B1", "confirm_match", proposal=now)["accounts"]
    assert decided(bank, "B1", "confirm_match", proposal=now)["accounts"], "a second click finds it done"
    bank.assert_clean()


def test_a_proposal_whose_invoice_was_paid_meanwhile_lets_go_of_nothing(bank: Stack) -> None:
    """The customer paid twice: the second payment is its own, and the rest that would be let go is not there."""
    fees = replace(POLICY, cash=replace(POLICY.cash, bank_fee_tolerance_minor={"EUR": 1_500}))
    bank.edge.policy = lambda: fees  # type: ignore[method-assign]
    came_in(bank, {"text": "RE-26-1001", "amount": "88.00", "bank_reference": "B1"})
    assert state_of(bank, "B1").placements[0].settle
    paid = {"text": "RE-26-1001", "name": FOO.name, "amount": "100.00", "bank_reference": "B2"}
    came_in(bank, paid, name="paid", days=1)
    decided(bank, "B1", "confirm_match")
    assert bank.accounts()["C-1"].items["RE-26-1001"].adjusted == {}
    assert sum(cash.unallocated_minor for cash in bank.accounts()["C-1"].cash.values()) == 8_800
    bank.assert_clean()


def test_a_rest_of_which_only_charges_are_open_is_not_let_go(bank: Stack) -> None:
    fees = replace(POLICY, cash=replace(POLICY.cash, bank_fee_tolerance_minor={"EUR": 1_500}))
    bank.edge.policy = lambda: fees  # type: ignore[method-assign]
    came_in(bank, {"text": "RE-26-1001", "amount": "88.00", "bank_reference": "B1"})
    place = state_of(bank, "B1").placements[0]
    key = state_of(bank, "B1").key
    charge = ev.Charge("fee-1", "costs", 4_000, (NOON + timedelta(days=9)).date())
    bank.edge.change("C-1", lambda one: demand_charges(one, "RE-26-1001", [charge]), NOON, [("items", "RE-26-1001")])
    came_in(bank, {"text": "RE-26-1001", "name": FOO.name, "amount": "100.00", "bank_reference": "B2"}, name="p")
    item = bank.accounts()["C-1"].items["RE-26-1001"]
    assert (item.state, item.outstanding_minor) == ("open", 0)
    routed = ev.TransactionRouted(place.shares, "person", by="ada", settle=place.settle)
    bank.edge.transactions.commit(bank.edge.transactions.load(key), key, [routed], NOON)
    settle_transaction(bank.edge, key, NOON)
    assert bank.accounts()["C-1"].items["RE-26-1001"].adjustments == ()
    bank.assert_clean()


# --- ending a wait
def test_a_person_ends_the_wait_for_money_in_suspense(bank: Stack) -> None:
    bank.invoices(Invoice("RE-26-1009", FOO, 10_000), name="more")
    came_in(bank, {"text": "thanks", "name": FOO.name + " and Bar", "amount": "100.00", "bank_reference": "B1"})
    state = state_of(bank, "B1")
    while state.state == "proposed":
        decided(bank, "B1", "refuse_match")
        state = state_of(bank, "B1")
    if state.candidates:
        decided(bank, "B1", "refuse_match")
    decided(bank, "B1", "refuse_match")
    assert state_of(bank, "B1").candidates == ()
    assert all(not account.header.suspense for account in bank.accounts().values())
    bank.invoices(Invoice("RE-26-1010", BAR, 10_000), name="wakes")
    bank.assert_clean()


def test_a_person_ends_the_wait_for_money_that_was_only_announced(bank: Stack) -> None:
    key = announce(bank)
    state = bank.edge.transactions.load(key).state
    assert (state.state, state.standing, state.candidates) == ("suspense", PROVISIONAL, ("C-1",))
    assert bank.accounts()["C-1"].header.suspense == (key,)
    request = {"action": "refuse_match", "transaction": key, "by": "ada"}
    decide(bank.edge, request, NOON)
    decide(bank.edge, request, NOON)
    settle_transaction(bank.edge, key, NOON)
    assert bank.accounts()["C-1"].header.suspense == ()
    confirmed = ev.StandingChanged("final")
    bank.edge.transactions.commit(bank.edge.transactions.load(key), key, [confirmed], NOON)
    settle_transaction(bank.edge, key, NOON)
    assert bank.outstanding()["RE-26-1001"] == "0.00", "a statement shows that it came after all"


def announce(bank: Stack) -> str:
    """100.00 for an invoice of Foo that no statement confirms."""
    from duly.flows.standing import Row, take_rows
    from duly.flows.statements import sightings_of

    one = entry(text="RE-26-1001", counterparty_name=FOO.name, amount_minor=10_000)
    seen = statement([one], is_final=False)
    (sighting,) = sightings_of(seen, "camt052")
    take_rows(bank.edge, [Row("bank", one, sighting)], "upload", NOON)
    (key,) = bank.transactions()
    return key


def test_money_that_came_back_is_not_booked_again(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "amount": "100.00", "name": FOO.name, "bank_reference": "B1"})
    back = {"amount": "-100.00", "reversal": "yes", "bank_reference": "B1", "text": "returned"}
    came_in(bank, back, name="back", days=1)
    returned = next(
        state
        for state in (bank.edge.transactions.load(key).state for key in bank.transactions())
        if state.reason == "returned"
    )
    with pytest.raises(DecisionRefused, match="took this money back"):
        decide(
            bank.edge, {"action": "assign", "transaction": returned.key, "account": "C-1", "items": [], "by": "a"}, NOON
        )
    assert bank.outstanding()["RE-26-1001"] == "100.00"
    bank.assert_clean()


# --- what leaves after it was used
def test_money_that_was_exchanged_comes_back_without_an_end(bank: Stack) -> None:
    bank.invoices(Invoice("RE-26-1003", FOO, 9_000, currency="USD"), name="usd")
    came_in(bank, {"text": "thanks", "amount": "300.00", "bank_reference": "B1"})
    decided(bank, "B1", "assign", account="C-1", items=[])
    exchanged = {"account": "C-1", "item": "RE-26-1003", "amount": "90.00", "into": "90.00", "rate": "1"}
    decided(bank, "B1", "exchange", **exchanged)
    assert bank.outstanding()["RE-26-1003"] == "0.00"
    came_in(bank, {"amount": "-300.00", "reversal": "yes", "bank_reference": "B1", "text": "back"}, name="b", days=1)
    assert bank.outstanding() == {"RE-26-1001": "100.00", "RE-26-1002": "70.00", "RE-26-1003": "90.00"}
    bank.assert_clean()


def test_money_that_was_given_back_in_part_does_not_move(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "amount": "150.00", "bank_reference": "B1"})
    decided(bank, "B1", "assign", account="C-1", items=["RE-26-1001"])
    decided(bank, "B1", "refund", account="C-1", amount="50.00")
    with pytest.raises(DecisionRefused, match="undo the refund first"):
        decided(bank, "B1", "reassign", account="C-2", items=["RE-26-2001"], reason="wrong")
    (refund,) = bank.accounts()["C-1"].cash[state_of(bank, "B1").key].spent
    decided(bank, "B1", "undo_refund", account="C-1", refund=refund)
    decided(bank, "B1", "reassign", account="C-2", items=["RE-26-2001"], reason="wrong")
    assert bank.outstanding("C-2")["RE-26-2001"] == "0.00"
    bank.assert_clean()


def test_money_that_was_given_back_and_then_taken_back_is_claimed(bank: Stack) -> None:
    came_in(bank, {"text": "RE-26-1001", "amount": "150.00", "bank_reference": "B1"})
    decided(bank, "B1", "assign", account="C-1", items=["RE-26-1001"])
    decided(bank, "B1", "refund", account="C-1", amount="50.00")
    came_in(bank, {"amount": "-150.00", "reversal": "yes", "bank_reference": "B1", "text": "back"}, name="b", days=1)
    assert bank.outstanding()["RE-26-1001"] == "100.00"
    tasks = [(task.kind, task.detail) for task in bank.accounts()["C-1"].live("tasks")]
    assert tasks == [("reclaim", "EUR 50.00")]
    bank.assert_clean()


# --- once
@pytest.mark.parametrize(
    ("action", "facts"),
    [
        ("write_off", {"item": "RE-26-1001", "amount": "10.00", "reason": "x"}),
        ("hold", {"until": "2026-04-01", "reason": "x"}),
    ],
)
def test_a_request_that_is_sent_twice_is_carried_out_once(bank: Stack, action: str, facts: dict[str, str]) -> None:
    request = {"action": action, "account": "C-1", "by": "ada", "request_id": "r-1", **facts}
    assert decide(bank.edge, request, NOON)["events"]
    assert decide(bank.edge, request, NOON)["events"] == []
    found = bank.accounts()["C-1"]
    assert len(found.cash) + len(found.holds) == 1
    decide(bank.edge, {**request, "request_id": "r-2"}, NOON)
    found = bank.accounts()["C-1"]
    assert len(found.cash) + len(found.holds) == 2
    bank.assert_clean()


# --- a reversal that does not tell
def test_a_person_says_which_payment_came_back(bank: Stack) -> None:
    came_in(
        bank,
        {"text": "RE-26-1001", "amount": "100.00", "name": FOO.name, "bank_reference": "B1"},
        {"text": "RE-26-2001", "amount": "100.00", "name": BAR.name, "bank_reference": "B2"},
        {"text": "RE-26-1002", "amount": "70.00", "name": FOO.name, "bank_reference": "B3"},
    )
    came_in(bank, {"amount": "-100.00", "reversal": "yes", "bank_reference": "B9", "text": "back"}, name="b", days=1)
    assert state_of(bank, "B1").applied and state_of(bank, "B2").applied
    with pytest.raises(DecisionRefused, match="of the amount that came back"):
        decided(bank, "B9", "take_back", payment=state_of(bank, "B3").key)
    with pytest.raises(DecisionRefused, match="expected a reversal"):
        decided(bank, "B1", "take_back", payment=state_of(bank, "B2").key)
    for _ in range(2):
        decided(bank, "B9", "take_back", payment=state_of(bank, "B2").key)
    with pytest.raises(DecisionRefused, match="another payment"):
        decided(bank, "B9", "take_back", payment=state_of(bank, "B1").key)
    assert bank.outstanding()["RE-26-1001"] == "0.00"
    assert bank.outstanding("C-2")["RE-26-2001"] == "100.00"
    bank.assert_clean()


def test_money_booked_by_a_part_of_a_number_stays_when_it_is_looked_at_again(bank: Stack) -> None:
    """The invoice that it pays looked paid to it: it was booked and proposed in turns."""
    came_in(bank, {"text": "Rechnung 1001", "name": FOO.name, "amount": "100.00", "bank_reference": "B1"})
    key = state_of(bank, "B1").key
    versions = []
    for _ in range(3):
        assert bank.outstanding().get("RE-26-1001", "0.00") == "0.00"
        settle_transaction(bank.edge, key, NOON)
        versions.append(bank.edge.transactions.load(key).version)
    assert len(set(versions)) == 1
    bank.assert_clean()
