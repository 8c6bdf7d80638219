"""A person lets a notice be said again: one that did not arrive or whose fate nobody knows, for what is open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.steering import reissue
from tests.core_samples import MONDAY, NOON, account, claim, invoice, payment, sent, then

LATER = MONDAY + timedelta(days=5)


def noticed() -> Account:
    found = account(invoice("RE-1"), invoice("RE-2"))
    found = then(found, [claim(found, "RE-1", "RE-2")])
    return then(found, sent(found, "n1"))


def unknown() -> Account:
    found = account(invoice("RE-1"), invoice("RE-2"))
    found = then(found, [claim(found, "RE-1", "RE-2")])
    found = then(found, [ev.NoticeDoubtful("n1", NOON, "silent")])
    task = ev.TaskOpened("unknown-n1", "notice_unknown", "n1", LATER, LATER)
    return then(found, [ev.NoticeUnknown("n1", NOON), task, ev.StepsRecorded("n1", ("RE-1", "RE-2"), MONDAY)])


def test_an_unknown_notice_is_said_again_at_its_level_and_its_task_is_closed() -> None:
    found = unknown()
    events = reissue(found, "n1", LATER, "ada")
    moves = [event for event in events if isinstance(event, ev.ItemMoved)]
    assert [(one.item, one.to_level, one.on, one.by) for one in moves] == [
        ("RE-1", 1, LATER, "ada"),
        ("RE-2", 1, LATER, "ada"),
    ]
    assert {one.reason for one in moves} == {"reissue of n1"}
    after = then(found, events)
    assert not after.live("tasks") and after.items["RE-1"].moved_to == 1


@pytest.mark.parametrize("outcome", ["bounced", "undelivered", "rejected"])
def test_a_notice_that_did_not_arrive_is_said_again_for_what_is_open(outcome: str) -> None:
    found = then(noticed(), [ev.NoticeDelivery("n1", outcome, NOON)])
    money = [payment("T1", 10_000, ["RE-1"]), ev.AllocationsChanged((ev.Allocation("T1", "RE-1", 10_000),))]
    found = then(found, money)
    assert [event.item for event in reissue(found, "n1", LATER, "ada") if isinstance(event, ev.ItemMoved)] == ["RE-2"]


@pytest.mark.parametrize("outcome", ["", "delivered", "delayed", "complained"])
def test_a_notice_that_may_have_arrived_is_not(outcome: str) -> None:
    found = noticed()
    found = then(found, [ev.NoticeDelivery("n1", outcome, NOON)] if outcome else [])
    with pytest.raises(ValueError, match="did not arrive"):
        reissue(found, "n1", LATER, "ada")


def test_an_unknown_id_and_a_notice_of_which_nothing_is_open_are_refused() -> None:
    with pytest.raises(LookupError):
        reissue(unknown(), "n9", LATER, "ada")
    found = unknown()
    names = ["RE-1", "RE-2"]
    pays = tuple(ev.Allocation("T1", name, 10_000) for name in names)
    found = then(found, [payment("T1", 20_000, names), ev.AllocationsChanged(pays)])
    with pytest.raises(ValueError, match="nothing"):
        reissue(found, "n1", LATER, "ada")
