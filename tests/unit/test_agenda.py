"""When an account is looked at next: at the first moment at which time alone could change something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments, next_due, next_moments
from duly.domain.policy import Policy
from duly.domain.upkeep import SILENT_AFTER, UNKNOWN_AFTER
from tests.core_samples import MONDAY, NOON, POLICY, account, claim, customer, invoice, policy, sent, then


def due(found: Account, now: datetime = NOON, rules: Policy = POLICY) -> datetime | None:
    return next_due(found, rules, now, frozenset())


def berlin(day: int, hour: int = 0, minute: int = 0, month: int = 3) -> datetime:
    """A moment in Berlin in the winter of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


def test_an_account_on_which_nothing_waits_is_not_in_the_agenda() -> None:
    assert due(account()) is None
    assert next_moments(account(), POLICY, NOON, frozenset()) == Moments()


def test_a_step_waits_for_the_opening_of_its_day() -> None:
    """Due Monday, first reminder three days later, at a minute after eight in the debtor's zone."""
    assert due(account(invoice("I-1")), NOON + timedelta(days=1)) == berlin(5, 8, 1)


def test_a_step_whose_day_has_come_waits_for_the_next_opening() -> None:
    found = account(invoice("I-1", due=MONDAY - timedelta(days=5)))
    assert due(found) == NOON
    assert due(found, berlin(2, 20)) == berlin(3, 8, 1)
    assert due(found, berlin(6, 17, 59, month=3) + timedelta(minutes=5)) == berlin(9, 8, 1)  # Friday evening


def test_a_step_waits_for_the_gap() -> None:
    before = account(invoice("I-1", due=MONDAY - timedelta(days=9)), invoice("I-2", due=MONDAY - timedelta(days=2)))
    found = then(before, [claim(before, "I-1")])
    found = then(found, sent(found, "n1"))
    assert due(found) == berlin(9, 8, 1)  # five days on is a Saturday


def test_the_earliest_of_several_counts() -> None:
    found = account(invoice("I-1"), invoice("I-2", due=MONDAY - timedelta(days=1)))
    assert due(found, berlin(3, 9)) == berlin(4, 8, 1)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ev.PromiseMade("P", ("I-1",), MONDAY, MONDAY + timedelta(days=2), MONDAY), berlin(5)),
        (ev.HoldPlaced("H", (), MONDAY + timedelta(days=2), "person"), berlin(5)),
        (ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY + timedelta(days=2), MONDAY), berlin(5)),
        (ev.ReplyReceived("r", "n", "inbound/1", NOON + timedelta(hours=30)), NOON + timedelta(hours=30)),
    ],
)
def test_what_ends_by_time_is_upkeep_and_no_gate_holds_it(event: ev.Event, expected: datetime) -> None:
    found = account(customer(provisional=True), invoice("I-1"), event)
    assert next_moments(found, POLICY, NOON, frozenset()) == Moments(expected, expected)


def test_a_dispute_whose_deadline_made_its_task_waits_for_a_person() -> None:
    found = account(
        invoice("I-1"),
        ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY),
        ev.TaskOpened("overdue-D", "dispute_deadline", "D", MONDAY),
    )
    assert due(found, NOON + timedelta(days=3)) is None


def test_a_claim_is_swept_by_its_state() -> None:
    before = account(invoice("I-1"))
    found = then(before, [claim(before, "I-1")])
    assert due(found) == NOON + SILENT_AFTER
    doubtful = then(found, [ev.NoticeDoubtful("n1", NOON, "timeout")])
    assert due(doubtful) == NOON + UNKNOWN_AFTER
    accepted = then(found, [ev.NoticeSent("n1", NOON, "answer")])
    assert due(accepted) == NOON


def test_reserved_items_are_looked_at_when_their_claim_must_have_come() -> None:
    found = account(invoice("I-1"), ev.ItemsReserved("n", ("I-1",), NOON))
    assert due(found) == NOON + SILENT_AFTER


@pytest.mark.parametrize("event", [customer(provisional=True), ev.AccountMerged("A-2")])
def test_nobody_is_chased_who_is_not_known_or_moved(event: ev.Event) -> None:
    assert due(account(invoice("I-1", due=MONDAY - timedelta(days=9)), event)) is None


def test_an_unknown_time_zone_is_looked_at_again_soon() -> None:
    found = account(customer(timezone="Mars/Base"), invoice("I-1", due=MONDAY - timedelta(days=9)))
    moment = due(found)
    assert moment is not None
    assert NOON < moment <= NOON + timedelta(days=1)


def test_a_new_policy_gives_new_moments() -> None:
    later = policy('[[scenario.standard.step]]\nlevel = 1\nname = "first-reminder"\ndays = 10\n')
    found = account(invoice("I-1"))
    assert due(found, NOON + timedelta(days=1), later) == berlin(12, 8, 1)


def test_moments_are_whole_seconds_in_utc() -> None:
    found = account(invoice("I-1", due=MONDAY - timedelta(days=9)))
    moment = due(found, NOON.replace(microsecond=999_999).astimezone())
    assert moment is not None
    assert (moment.tzinfo, moment.microsecond) == (UTC, 0)
