"""What is collected by direct debit or card is not chased until it came back; what is missing is told once."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import next_moments
from duly.domain.cash import RETURNED, receive, withdraw
from duly.domain.dunning import decide_chase
from duly.domain.gates import Surroundings, item_gate
from duly.domain.upkeep import DEBIT_MISSING_DAYS, upkeep
from tests.core_samples import MONDAY, NOON, THREE_STEPS, account, invoice, payment, plain_policy, then

POLICY = plain_policy(THREE_STEPS)
SCENARIO = POLICY.scenario_for("", "")
LATE = NOON + timedelta(days=DEBIT_MISSING_DAYS + 1)


def around(now: datetime) -> Surroundings:
    return Surroundings(now, frozenset())


@pytest.mark.parametrize("means", ["direct_debit", "card"])
def test_it_is_not_chased_until_it_is_returned(means: str) -> None:
    found = account(invoice("I-1", means=means))
    assert item_gate(found, found.items["I-1"], SCENARIO, LATE.date()) == "direct_debit_pending"
    assert decide_chase(found, POLICY, around(LATE)).claim is None
    back = then(found, [ev.DebitReturned("I-1", MONDAY)])
    assert item_gate(back, back.items["I-1"], SCENARIO, LATE.date()) == ""
    assert decide_chase(back, POLICY, around(LATE)).claim is not None
    assert back.header.behaviour.payments_returned == 1


def test_a_transfer_is_chased() -> None:
    found = account(invoice("I-1", means="transfer"))
    assert decide_chase(found, POLICY, around(LATE)).claim is not None


def test_a_person_is_told_once_when_nothing_was_collected() -> None:
    found = account(invoice("I-1", means="direct_debit"))
    assert upkeep(found, POLICY, LATE - timedelta(days=1)) == []
    (task,) = upkeep(found, POLICY, LATE)
    assert task == ev.TaskOpened("debit-I-1", "debit_missing", "I-1", LATE.date(), LATE.date())
    told = then(found, [task, ev.TaskClosed("debit-I-1", "asked the bank")])
    del told.entities["tasks"]["debit-I-1"]  # closed tasks are not loaded
    assert upkeep(told, POLICY, LATE + timedelta(days=30)) == []


def test_the_agenda_waits_for_that_day_and_for_no_step() -> None:
    found = account(invoice("I-1", means="direct_debit"))
    berlin = timezone(timedelta(hours=1))
    expected = datetime.combine(MONDAY + timedelta(days=DEBIT_MISSING_DAYS + 1), time(), berlin)
    assert next_moments(found, POLICY, NOON, frozenset()).due_at == expected
    paid = then(found, receive(found, payment("T1", 10_000, ["I-1"]), MONDAY))
    assert next_moments(paid, POLICY, NOON, frozenset()).due_at is None


def returned(found: Account) -> Account:
    return then(found, withdraw(found, "T1", RETURNED))


def test_money_that_the_bank_took_back_opens_the_chase() -> None:
    found = account(invoice("I-1", means="direct_debit"))
    found = then(found, receive(found, payment("T1", 10_000, ["I-1"]), MONDAY))
    back = returned(found)
    assert (back.items["I-1"].state, back.items["I-1"].returned) == ("open", True)
    assert item_gate(back, back.items["I-1"], SCENARIO, LATE.date()) == ""


def test_a_transfer_that_leaves_the_account_is_no_returned_debit() -> None:
    found = account(invoice("I-1"))
    found = then(found, receive(found, payment("T1", 10_000, ["I-1"]), MONDAY))
    assert returned(found).header.behaviour.payments_returned == 0
