"""What time alone does to an account, and that doing it twice does nothing more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.upkeep import MAX_STEPS_AT_ONCE, SILENT_AFTER, UNKNOWN_AFTER, today_of, upkeep
from tests.core_samples import MONDAY, NOON, POLICY, account, claim, customer, invoice, payment, then

LATER = MONDAY + timedelta(days=5)


def at(day_offset: float) -> datetime:
    return NOON + timedelta(days=day_offset)


def names(events: list[ev.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def kept_up(found: Account, now: datetime) -> Account:
    """The account after its upkeep; a second one at the same moment finds nothing."""
    after = then(found, upkeep(found, POLICY, now))
    assert upkeep(after, POLICY, now) == []
    return after


def in_flight(*keys: str) -> Account:
    found = account(*(invoice(key) for key in keys))
    return then(found, [claim(found, *keys)])


def test_nothing_waits_for_time_on_a_plain_account() -> None:
    assert upkeep(account(invoice("I-1")), POLICY, at(500)) == []


def test_a_promise_is_broken_the_day_after_its_grace_in_the_debtors_zone() -> None:
    found = account(invoice("I-1"), ev.PromiseMade("P", ("I-1",), MONDAY, LATER, MONDAY))
    late_evening = datetime(2026, 3, 7, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    assert upkeep(found, POLICY, late_evening) == []
    assert kept_up(found, late_evening + timedelta(minutes=1)).promises["P"].state == "broken"


def test_a_promise_is_partly_kept_by_a_part() -> None:
    found = account(invoice("I-1"), ev.PromiseMade("P", ("I-1",), MONDAY, LATER, MONDAY))
    found = then(found, receive(found, payment("T1", 1, ["I-1"]), MONDAY))
    assert kept_up(found, at(10)).promises["P"].state == "partly_kept"


def test_a_hold_ends_after_its_last_day() -> None:
    found = account(invoice("I-1"), ev.HoldPlaced("H", (), LATER, "person"))
    assert upkeep(found, POLICY, at(5)) == []
    assert kept_up(found, at(6)).holds["H"].state == "ended"


def test_a_dispute_past_its_deadline_makes_one_task_even_when_that_was_closed() -> None:
    found = account(invoice("I-1"), ev.DisputeOpened("D", ("I-1",), "price", "default", LATER, MONDAY))
    assert upkeep(found, POLICY, at(5)) == []
    late = kept_up(found, at(6))
    assert late.tasks["overdue-D"].kind == "dispute_deadline"
    closed = then(late, [ev.TaskClosed("overdue-D", "asked again")])
    del closed.entities["tasks"]["overdue-D"]  # closed tasks are not loaded
    assert upkeep(closed, POLICY, at(30)) == []


def test_an_unread_reply_becomes_a_persons_task() -> None:
    found = account(invoice("I-1"), ev.ReplyReceived("r", "n", "inbound/1", at(3)))
    assert upkeep(found, POLICY, at(3) - timedelta(seconds=1)) == []
    late = kept_up(found, at(3))
    assert late.replies["r"].state == "other"
    assert late.tasks["read-r"].kind == "read_reply"


def test_a_silent_claim_becomes_doubtful_then_unknown_with_a_task_and_counts() -> None:
    found = in_flight("I-1")
    assert upkeep(found, POLICY, NOON + SILENT_AFTER - timedelta(seconds=1)) == []
    doubtful_at = NOON + SILENT_AFTER
    doubtful = kept_up(found, doubtful_at)
    assert doubtful.notices["n1"].state == "doubtful"
    assert upkeep(doubtful, POLICY, doubtful_at + UNKNOWN_AFTER - timedelta(seconds=1)) == []
    unknown = kept_up(doubtful, doubtful_at + UNKNOWN_AFTER)
    assert unknown.notices["n1"].state == "unknown"
    assert unknown.tasks["unknown-n1"].kind == "notice_unknown"
    assert [(one.step, one.on) for one in unknown.items["I-1"].steps] == [("first", MONDAY)]
    assert unknown.items["I-1"].notice == ""
    assert not unknown.notices["n1"].is_live


def test_a_claim_is_never_sent_again() -> None:
    found = in_flight("I-1")
    for days in (0.02, 1, 2, 4, 5, 9):
        found = kept_up(found, at(days))
        assert list(found.notices) == ["n1"]


def test_steps_left_over_are_recorded_from_the_day_of_the_claim() -> None:
    found = then(
        in_flight("I-1", "I-2"), [ev.NoticeSent("n1", at(2), "event"), ev.StepsRecorded("n1", ("I-1",), MONDAY)]
    )
    late = kept_up(found, at(3))
    assert late.items["I-2"].steps[0].on == MONDAY
    assert late.notices["n1"].pending == ()


def test_many_steps_are_recorded_in_parts() -> None:
    keys = [f"I-{n:03d}" for n in range(2 * MAX_STEPS_AT_ONCE + 1)]
    found = then(in_flight(*keys), [ev.NoticeSent("n1", NOON, "event")])
    events = upkeep(found, POLICY, at(1))
    assert names(events) == ["StepsRecorded"] * 3
    assert all(len(event.items) <= MAX_STEPS_AT_ONCE for event in events if isinstance(event, ev.StepsRecorded))
    kept_up(found, at(1))


def test_reservations_without_a_claim_are_freed() -> None:
    keys = tuple(f"I-{n:03d}" for n in range(50))
    found = account(*(invoice(key) for key in keys), ev.ItemsReserved("n9", keys, NOON))
    freed = kept_up(found, at(1))
    assert {item.notice for item in freed.items.values()} == {""}


def test_a_claims_own_items_are_not_freed() -> None:
    assert upkeep(in_flight("I-1"), POLICY, NOON + timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("timezone", "day"), [("Europe/Berlin", 2), ("Pacific/Kiritimati", 3), ("Mars/Base", 2), ("", 2)]
)
def test_today_is_the_debtors_or_else_the_creditors(timezone: str, day: int) -> None:
    assert today_of(account(customer(timezone=timezone)), POLICY, NOON).day == day


def test_everything_at_once() -> None:
    found = account(
        invoice("I-1"),
        invoice("I-2"),
        ev.PromiseMade("P", ("I-1",), MONDAY, LATER, MONDAY),
        ev.HoldPlaced("H", ("I-1",), LATER, "person"),
        ev.DisputeOpened("D", ("I-1",), "price", "default", LATER, MONDAY),
        ev.ReplyReceived("r", "n", "inbound/1", at(1)),
    )
    found = then(found, [replace(claim(found, "I-2"), at=at(-1))])
    assert names(upkeep(found, POLICY, at(30))) == [
        "PromiseSettled",
        "HoldEnded",
        "TaskOpened",
        "ReplyClassified",
        "TaskOpened",
        "NoticeDoubtful",
    ]
    kept_up(found, at(30))
