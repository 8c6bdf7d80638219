"""Which step an item is due for: stepwise, caught up, spaced; what is missed stays unsaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.domain.entities import Item, StepDone
from duly.domain.policy import Policy
from duly.domain.steps import blocked_until, next_step
from tests.core_samples import MONDAY, THREE_STEPS, account, invoice, plain_policy, step

STEPWISE = plain_policy(THREE_STEPS)
ITEM: Item = account(invoice("I-1")).items["I-1"]


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def done(*steps: tuple[str, int, int]) -> Item:
    """The item after these steps (name, level, day from the due date)."""
    return replace(ITEM, steps=tuple(StepDone(name, level, day(on), "n") for name, level, on in steps))


def found(item: Item, today: int, policy: Policy = STEPWISE) -> tuple[str, int] | None:
    result = next_step(item, policy.scenarios["standard"], policy, day(today))
    return (result.step.name, (result.day - MONDAY).days) if result else None


@pytest.mark.parametrize(
    ("today", "expected"), [(-30, ("before", -5)), (-5, ("before", -5)), (0, ("before", -5)), (1, ("first", 3))]
)
def test_a_note_before_the_due_date_is_passed_over_after_it(today: int, expected: tuple[str, int]) -> None:
    assert found(ITEM, today) == expected


def test_steps_follow_each_other() -> None:
    item = done(("before", 0, -5))
    assert found(item, 0) == ("first", 3)
    item = done(("before", 0, -5), ("first", 1, 3))
    assert found(item, 4) == ("second", 14)
    item = done(("before", 0, -5), ("first", 1, 3), ("second", 2, 14))
    assert found(item, 15) == ("formal", 28)
    item = done(("before", 0, -5), ("first", 1, 3), ("second", 2, 14), ("formal", 3, 28))
    assert found(item, 100) is None


@pytest.mark.parametrize("today", [3, 20, 40, 400])
def test_no_level_is_skipped_however_late_the_run(today: int) -> None:
    assert found(ITEM, today) == ("first", 3)
    assert found(done(("first", 1, today)), today + 1) == ("second", today + 11)


def test_a_step_after_a_late_one_keeps_the_planned_distance() -> None:
    assert found(done(("first", 1, 3)), 5) == ("second", 14)
    assert found(done(("first", 1, 10)), 11) == ("second", 21)
    assert found(done(("first", 1, 10), ("second", 2, 21)), 22) == ("formal", 35)


def test_without_spacing_the_next_step_is_due_at_once() -> None:
    policy = plain_policy(THREE_STEPS, "catch_up_spacing = false")
    assert found(done(("first", 1, 40)), 41, policy) == ("second", 14)


def test_not_stepwise_the_age_decides() -> None:
    policy = plain_policy(THREE_STEPS, "stepwise = false")
    assert found(ITEM, 2, policy) == ("first", 3)
    assert found(ITEM, 13, policy) == ("first", 3)
    assert found(ITEM, 14, policy) == ("second", 14)
    assert found(ITEM, 50, policy) == ("formal", 28)
    assert found(done(("formal", 3, 50)), 51, policy) is None


def test_a_step_after_the_previous_waits_for_it() -> None:
    policy = plain_policy(step(1, "first", 3) + step(2, "second", 7, 'basis = "previous"'))
    assert found(ITEM, 50, policy) == ("first", 3)
    assert found(done(("first", 1, 5)), 6, policy) == ("second", 12)


def test_a_boundary_after_is_the_day_after() -> None:
    policy = plain_policy(step(1, "first", 3, 'boundary = "after"'))
    assert found(ITEM, 3, policy) == ("first", 4)


def test_a_step_at_the_end_of_the_month() -> None:
    policy = plain_policy(step(1, "first", 0, 'basis = "due_end_of_month"'))
    assert found(ITEM, 0, policy) == ("first", 29)


def test_a_step_from_the_issue_date() -> None:
    policy = plain_policy(step(1, "first", 40, 'basis = "invoice"'))
    assert found(ITEM, 0, policy) == ("first", 10)


def test_nothing_overdue_is_said_before_the_earliest_day() -> None:
    policy = replace(STEPWISE, terms=replace(STEPWISE.terms, earliest_chase_days=6))
    assert found(ITEM, 1, policy) == ("first", 6)
    assert found(ITEM, -6, policy) == ("before", -5)


def test_a_step_the_policy_no_longer_has_counts_as_its_level() -> None:
    """A changed policy never repeats a level."""
    assert found(done(("old name", 1, 3)), 4) == ("second", 14)
    assert found(done(("old name", 2, 14)), 15) == ("formal", 28)
    assert found(done(("old name", 9, 14)), 15) is None


def test_a_new_step_before_the_last_one_done_is_not_made_up_for() -> None:
    policy = plain_policy(step(1, "new", 1) + step(1, "first", 3) + step(2, "second", 14))
    assert found(done(("first", 1, 3)), 4, policy) == ("second", 14)


def test_steps_on_other_channels_are_passed_over() -> None:
    policy = plain_policy(step(1, "call", 1, 'channel = "call"') + step(2, "first", 3))
    assert found(ITEM, 1, policy) == ("first", 3)


def test_a_scenario_without_steps_asks_nothing() -> None:
    scenario = STEPWISE.scenario_for("nobody knows this one")
    assert next_step(ITEM, scenario, STEPWISE, day(100)) is None


@pytest.mark.parametrize(("last_day", "first_free"), [("blocks", 1), ("free", 0)])
def test_the_last_day_of_a_hold_blocks_or_is_free(last_day: str, first_free: int) -> None:
    assert blocked_until(MONDAY, last_day) == day(first_free)
