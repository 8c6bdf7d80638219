"""Notices that a person approves first: proposed, approved, discarded, expired, and checked again when they go out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import next_moments
from duly.domain.cash import receive
from duly.domain.dunning import Chase, decide_chase
from duly.domain.entities import Approval
from duly.domain.gates import Surroundings
from duly.domain.policy import Policy
from duly.domain.upkeep import upkeep
from tests.core_samples import MONDAY, NOON, account, invoice, payment, plain_policy, policy, sent, step, then

FORMAL = plain_policy(step(1, "first", 3) + step(2, "formal", 14, "approve = true"))
MOVED = ev.ItemMoved("I-1", 2, MONDAY, "agreed")


def at(day: float) -> datetime:
    return NOON + timedelta(days=day)


def due(number: str, days: int, amount_minor: int = 10_000) -> ev.InvoiceRegistered:
    return invoice(number, amount_minor, MONDAY - timedelta(days=days))


def chase(found: Account, rules: Policy = FORMAL, day: float = 0) -> Chase:
    return decide_chase(found, rules, Surroundings(at(day), frozenset()))


def skipped(result: Chase) -> list[tuple[str, str]]:
    return [(skip.gate, skip.item) for skip in result.skipped]


def proposed(*more: ev.Event, rules: Policy = FORMAL) -> tuple[Account, Approval]:
    """An account with a formal notice of I-1 proposed."""
    found = account(due("I-1", 20), MOVED, *more)
    found = then(found, chase(found, rules).events)
    return found, next(iter(found.live("approvals")))


def settled(found: Account, approval: Approval, outcome: str, day: int = 0) -> Account:
    task = f"approve-{approval.key}"
    on = MONDAY + timedelta(days=day)
    return then(found, [ev.ApprovalSettled(approval.key, outcome, on, "ada"), ev.TaskClosed(task, outcome, "ada")])


def test_a_step_that_asks_is_proposed_and_not_claimed() -> None:
    found, approval = proposed()
    assert (approval.state, approval.step, approval.level, approval.total_minor) == ("asked", "formal", 2, 10_000)
    assert [part.item for part in approval.items] == ["I-1"]
    assert (approval.on, approval.until) == (MONDAY, MONDAY + timedelta(days=14))
    task = found.tasks[f"approve-{approval.key}"]
    assert (task.kind, task.about) == ("approve_notice", approval.key)
    assert not found.notices
    again = chase(found, day=1)
    assert (again.events, skipped(again)) == ((), [("awaiting_approval", "I-1")])


def test_an_approved_notice_goes_out_and_uses_the_approval() -> None:
    found, approval = proposed()
    found = settled(found, approval, "approved")
    claim = chase(found, day=1).claim
    assert claim is not None
    assert (claim.approvals, claim.step) == ((approval.key,), "formal")
    after = then(found, [claim])
    assert after.approvals[approval.key].state == "approved"
    done = then(after, sent(after, claim.notice))
    assert done.approvals[approval.key].state == "used"
    assert chase(done, day=2) == Chase()


def test_a_notice_that_was_released_goes_out_later_under_the_same_approval() -> None:
    found, approval = proposed()
    found = settled(found, approval, "approved")
    claim = chase(found, day=1).claim
    assert claim is not None
    released = then(found, [claim, ev.NoticeReleased(claim.notice, "no_time_left", at(1), counts=False)])
    again = chase(released, day=2).claim
    assert again is not None and again.approvals == (approval.key,)


def test_a_notice_that_counts_as_sent_has_used_its_approval() -> None:
    found, approval = proposed()
    found = settled(found, approval, "approved")
    claim = chase(found, day=1).claim
    assert claim is not None
    unknown = then(
        found, [claim, ev.NoticeDoubtful(claim.notice, at(1), "silent"), ev.NoticeUnknown(claim.notice, at(4))]
    )
    assert unknown.approvals[approval.key].state == "used"


def test_all_gates_are_checked_again_before_it_goes_out() -> None:
    found, approval = proposed()
    found = settled(found, approval, "approved")
    disputed = then(found, [ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY)])
    assert skipped(chase(disputed, day=1)) == [("disputed", "I-1")]
    found = then(found, receive(found, payment("T", 4_000, ["I-1"]), MONDAY))
    claim = chase(found, day=1).claim
    assert claim is not None
    assert claim.items[0].balance_minor == 6_000  # today's figures


def test_what_has_no_approval_of_its_own_stays_out() -> None:
    found, approval = proposed()
    found = then(settled(found, approval, "approved"), [due("I-2", 20), ev.ItemMoved("I-2", 2, MONDAY, "too")])
    result = chase(found, day=1)
    assert result.claim is not None
    assert [part.item for part in result.claim.items] == ["I-1"]
    assert skipped(result) == [("awaiting_approval", "I-2")]
    done = then(found, result.events)
    done = then(done, sent(done, result.claim.notice))
    after = then(done, chase(done, day=1).events)
    assert [[part.item for part in one.items] for one in after.live("approvals")] == [["I-2"]]


def test_one_open_proposal_for_a_step_and_others_go_on() -> None:
    found, _ = proposed()
    found = then(found, [due("I-2", 20), ev.ItemMoved("I-2", 2, MONDAY, "too"), due("I-3", 3)])
    result = chase(found, day=1)
    assert result.claim is not None
    assert [part.item for part in result.claim.items] == ["I-3"]
    assert skipped(result) == [("awaiting_approval", "I-1"), ("awaiting_approval", "I-2")]


def test_a_proposal_is_one_notice_with_all_its_items() -> None:
    found, approval = proposed(due("I-2", 3))
    assert [(part.item, part.step) for part in approval.items] == [("I-1", "formal"), ("I-2", "first")]
    assert chase(found, day=1).events == ()  # the first reminder waits with it
    claim = chase(settled(found, approval, "approved"), day=1).claim
    assert claim is not None
    assert len(claim.items) == 2


def test_a_discarded_proposal_comes_again_the_next_day() -> None:
    found, approval = proposed()
    found = settled(found, approval, "discarded")
    assert skipped(chase(found)) == [("awaiting_approval", "I-1")]
    assert next_moments(found, FORMAL, NOON, frozenset()).due_at == at(0.5)  # midnight in Berlin
    next_day = chase(found, day=1)
    again = then(found, next_day.events)
    assert [one.on for one in again.live("approvals")] == [MONDAY + timedelta(days=1)]
    assert again.items["I-1"].steps == ()


@pytest.mark.parametrize(("state", "until"), [("asked", 14), ("approved", 14)])
def test_it_expires_after_its_last_day(state: str, until: int) -> None:
    found, approval = proposed()
    if state == "approved":
        found = settled(found, approval, "approved")
    assert upkeep(found, FORMAL, at(until)) == []
    moment = next_moments(found, FORMAL, NOON, frozenset()).upkeep_at
    assert moment is not None
    assert moment <= at(until + 1)
    events = upkeep(found, FORMAL, at(until + 1))
    after = then(found, events)
    assert after.approvals[approval.key].state == "expired"
    assert not [task for task in after.live("tasks") if task.kind == "approve_notice"]
    assert upkeep(after, FORMAL, at(until + 1)) == []
    renewed = then(after, chase(after, day=until + 1).events)
    assert [one.state for one in renewed.live("approvals")] == ["asked"]


@pytest.mark.parametrize(
    "change",
    [
        [ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY + timedelta(days=99))],
        [ev.PromiseMade("P", ("I-1",), MONDAY, MONDAY + timedelta(days=9), MONDAY)],
        [ev.ItemMoved("I-1", 1, MONDAY, "start again")],
        [ev.InvoiceCancelled("I-1", "void", MONDAY, "ada", currency="EUR", line=9)],
    ],
)
def test_a_proposal_that_is_not_true_any_more_expires_at_once(change: list[ev.Event]) -> None:
    found, approval = proposed()
    found = then(found, change)
    assert next_moments(found, FORMAL, NOON, frozenset()).upkeep_at == NOON
    assert then(found, upkeep(found, FORMAL, NOON)).approvals[approval.key].state == "expired"


def test_a_part_payment_leaves_it_true_and_a_returned_one_does_not() -> None:
    paid = account(due("I-1", 20), MOVED)
    paid = then(paid, receive(paid, payment("T", 4_000, ["I-1"]), MONDAY))
    found = then(paid, chase(paid).events)
    assert upkeep(then(found, receive(found, payment("T2", 1_000, ["I-1"]), MONDAY)), FORMAL, NOON) == []
    back = then(found, [ev.AllocationsChanged((ev.Allocation("T", "I-1", 0),))])
    assert [type(event).__name__ for event in upkeep(back, FORMAL, NOON)] == ["ApprovalSettled", "TaskClosed"]


@pytest.mark.parametrize(("amount_minor", "asks"), [(50_000, False), (50_001, True)])
def test_above_an_amount_means_above_the_notices_total(amount_minor: int, asks: bool) -> None:
    rules = plain_policy(step(1, "first", 3, 'approve = { EUR = "500.00" }'))
    found = account(due("I-1", 3, amount_minor - 100), due("I-2", 3, 100))
    result = chase(found, rules)
    assert (result.claim is None) == asks
    assert any(isinstance(event, ev.ApprovalAsked) for event in result.events) == asks


def test_a_fee_counts_in_the_total() -> None:
    rules = plain_policy(step(1, "first", 3, 'approve = { EUR = "500.00" }\nfee = { EUR = "0.01" }'))
    found, approval = account(due("I-1", 3, 50_000)), None
    for event in chase(found, rules).events:
        approval = event if isinstance(event, ev.ApprovalAsked) else approval
    assert approval is not None
    assert approval.total_minor == 50_001
    assert [charge.amount_minor for charge in approval.items[0].charges] == [1]


def test_a_proposal_does_not_wait_for_the_window_but_for_doubts() -> None:
    rules = policy('[[scenario.standard.step]]\nlevel = 1\nname = "a"\ndays = 3\napprove = true\n')
    found = account(due("I-1", 3))
    midnight = -0.5
    assert [type(one).__name__ for one in chase(found, rules, midnight).events] == ["ApprovalAsked", "TaskOpened"]
    assert next_moments(found, rules, at(-0.5), frozenset()).due_at == at(-0.5)
    doubtful = then(found, [ev.SuspenseMarked("T")])
    assert (chase(doubtful, rules).events, skipped(chase(doubtful, rules))) == ((), [("suspense_cash", "")])


def test_one_proposal_for_each_invoice() -> None:
    rules = plain_policy(step(1, "formal", 3, "approve = true"), 'per = "invoice"')
    found = account(due("I-1", 3), due("I-2", 3))
    for _ in range(3):
        events = chase(found, rules).events
        found = then(found, events) if events else found
    assert sorted([part.item for part in one.items] for one in found.live("approvals")) == [["I-1"], ["I-2"]]
