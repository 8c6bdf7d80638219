"""Which step an item is due for: stepwise, caught up, spaced; what is missed stays unsaid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.domain.entities import Item, StepDone
from duly.domain.policy import Policy
from duly.domain.steps import Collectable, NextStep, anchored_steps, blocked_until, next_step
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
    assert found(done(("first", 1, 40)), 40, policy) == ("second", 41)  # not on the same day


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


def test_steps_on_other_channels_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duly.domain.steps.CHANNELS", frozenset({"email"}))
    policy = plain_policy(step(1, "text", 1, 'channel = "sms"') + step(2, "first", 3))
    assert found(ITEM, 1, policy) == ("first", 3)


def test_a_scenario_without_steps_asks_nothing() -> None:
    scenario = STEPWISE.scenario_for("nobody knows this one")
    assert next_step(ITEM, scenario, STEPWISE, day(100)) is None


@pytest.mark.parametrize(("last_day", "first_free"), [("blocks", 1), ("free", 0)])
def test_the_last_day_of_a_hold_blocks_or_is_free(last_day: str, first_free: int) -> None:
    assert blocked_until(MONDAY, last_day) == day(first_free)


# --- conditions


@pytest.mark.parametrize(("open_minor", "expected"), [(9_999, "second"), (10_000, "first")])
def test_an_item_below_the_minimum_passes_the_step_by(open_minor: int, expected: str) -> None:
    policy = plain_policy(step(1, "first", 3, 'minimum = { EUR = "100.00" }') + step(2, "second", 14))
    item = replace(ITEM, amount_minor=open_minor)
    result = next_step(item, policy.scenarios["standard"], policy, day(20))
    assert result is not None
    assert result.step.name == expected
    dollars = next_step(replace(item, currency="USD"), policy.scenarios["standard"], policy, day(20))
    assert dollars is not None
    assert dollars.step.name == "first"  # a currency that is not named has no minimum


@pytest.mark.parametrize(("count", "total_minor", "expected"), [(1, 900, 2), (2, 899, 2), (2, 900, 1), (3, 901, 1)])
def test_a_step_may_want_a_number_of_items_and_a_total(count: int, total_minor: int, expected: int) -> None:
    conditions = 'min_items = 2\nmin_total = { EUR = "9.00" }'
    policy = plain_policy(step(1, "first", 3, conditions) + step(2, "second", 14))
    result = next_step(ITEM, policy.scenarios["standard"], policy, day(20), Collectable(count, total_minor))
    assert result is not None
    assert result.step.level == expected


def test_a_step_that_is_passed_by_at_the_end_ends_the_chase() -> None:
    policy = plain_policy(step(1, "first", 3) + step(2, "second", 14, 'minimum = { EUR = "1000.00" }'))
    assert found(done(("first", 1, 3)), 50, policy) is None


def test_a_step_after_one_that_was_passed_by_counts_from_the_day_of_that() -> None:
    steps = step(1, "first", 3, 'minimum = { EUR = "1000.00" }') + step(2, "second", 10, 'basis = "previous"')
    assert found(ITEM, 1, plain_policy(steps)) == ("second", 13)


# --- by age, spacing, boundaries


def test_by_age_conditions_count_and_the_earliest_day_is_next() -> None:
    steps = step(1, "first", 20) + step(2, "second", 10) + step(3, "third", 15, 'minimum = { EUR = "1000.00" }')
    policy = plain_policy(steps, "stepwise = false")
    assert found(ITEM, 5, policy) == ("second", 10)
    assert found(ITEM, 16, policy) == ("second", 10)
    assert found(done(("second", 2, 16)), 30, policy) is None


def test_by_age_a_step_after_the_previous_waits_until_that_was_sent() -> None:
    policy = plain_policy(step(1, "first", 3) + step(2, "second", 7, 'basis = "previous"'), "stepwise = false")
    assert found(ITEM, 50, policy) == ("first", 3)
    assert found(done(("first", 1, 50)), 51, policy) == ("second", 57)


def test_spacing_counts_along_a_chain_of_previous_steps() -> None:
    """Planned: 3, 13 and 30. The second went out 20 days late, so the third comes 17 days after it."""
    steps = step(1, "first", 3) + step(2, "second", 10, 'basis = "previous"') + step(3, "third", 30)
    late = done(("first", 1, 23), ("second", 2, 33))
    assert found(late, 34, plain_policy(steps)) == ("third", 50)
    assert found(late, 34, plain_policy(steps, "catch_up_spacing = false")) == ("third", 34)


@pytest.mark.parametrize(
    ("basis", "days", "on_or_after"),
    [("due", 3, 3), ("due", -3, -3), ("due_end_of_month", 0, 29), ("due_end_of_month", 30, 59), ("invoice", 31, 1)],
)
@pytest.mark.parametrize("boundary", ["on_or_after", "after"])
def test_each_basis_with_both_boundaries(basis: str, days: int, on_or_after: int, boundary: str) -> None:
    policy = plain_policy(step(1, "first", days, f'basis = "{basis}"\nboundary = "{boundary}"'))
    expected = on_or_after + (boundary == "after")
    assert found(ITEM, -20, policy) == ("first", expected)


@pytest.mark.parametrize(("boundary", "expected"), [("on_or_after", 17), ("after", 18)])
def test_previous_with_both_boundaries(boundary: str, expected: int) -> None:
    more = f'basis = "previous"\nboundary = "{boundary}"'
    policy = plain_policy(step(1, "first", 3) + step(2, "second", 7, more))
    assert found(done(("first", 1, 10)), 11, policy) == ("second", expected)


# --- repetition


def test_the_last_step_is_repeated() -> None:
    policy = plain_policy(step(1, "first", 3) + step(2, "second", 14), "repeat = 10")
    scenario = policy.scenarios["standard"]
    once = done(("first", 1, 3), ("second", 2, 14))
    assert next_step(once, scenario, policy, day(15)) == NextStep(scenario.steps[1], day(24), 1)
    twice = replace(once, steps=(*once.steps, StepDone("second", 2, day(25), "n", 1)))
    assert next_step(twice, scenario, policy, day(26)) == NextStep(scenario.steps[1], day(35), 2)


def test_a_final_step_is_not_repeated() -> None:
    policy = plain_policy(step(1, "first", 3, "final = true"), "repeat = 10")
    assert found(done(("first", 1, 3)), 50, policy) is None


def test_a_repeated_step_keeps_its_conditions() -> None:
    policy = plain_policy(step(1, "first", 3, 'minimum = { EUR = "50.00" }'), "repeat = 10")
    assert found(done(("first", 1, 3)), 50, policy) == ("first", 13)
    assert found(replace(done(("first", 1, 3)), amount_minor=4_999), 50, policy) is None


# --- moved by a person, hastened by a broken promise


def test_an_item_moved_forward_waits_for_the_day_of_that_level() -> None:
    item = replace(done(("first", 1, 3)), moved_to=3, moved_on=day(5))
    assert found(item, 5) == ("formal", 28)
    assert found(replace(item, moved_on=day(40)), 40) == ("formal", 28)
    assert found(replace(item, moved_to=4), 5) is None


def test_a_step_that_counts_from_the_previous_one_counts_from_what_was_sent_before_the_skip() -> None:
    steps = step(1, "first", 3) + step(2, "second", 10) + step(3, "formal", 10, 'basis = "previous"')
    policy = plain_policy(steps)
    assert found(replace(done(("first", 1, 4)), moved_to=3, moved_on=day(6)), 6, policy) == ("formal", 14)
    assert found(replace(ITEM, moved_to=3, moved_on=day(6)), 6, policy) == ("formal", 16)  # nothing sent: from the move


def test_an_item_moved_back_goes_through_the_steps_again_as_repetitions() -> None:
    item = replace(done(("first", 1, 3), ("second", 2, 14)), moved_to=1, moved_on=day(20))
    scenario = STEPWISE.scenarios["standard"]
    assert next_step(item, scenario, STEPWISE, day(20)) == NextStep(scenario.steps[1], day(15), 1)
    again = replace(item, moved_to=None, steps=(*item.steps, StepDone("first", 1, day(20), "n", 1)))
    assert next_step(again, scenario, STEPWISE, day(21)) == NextStep(scenario.steps[2], day(31), 1)


def test_an_item_moved_to_before_its_due_date_passes_by_what_is_over() -> None:
    assert found(replace(ITEM, moved_to=0, moved_on=day(1)), 1) == ("first", 3)


@pytest.mark.parametrize(("hastened", "expected"), [(8, 8), (14, 14), (20, 14)])
def test_a_broken_promise_hastens_one_step(hastened: int, expected: int) -> None:
    item = replace(done(("first", 1, 3)), hastened_on=day(hastened))
    assert found(item, 9) == ("second", expected)


def test_after_the_hastened_step_the_plan_goes_on() -> None:
    assert found(done(("first", 1, 3), ("second", 2, 8)), 9) == ("formal", 28)


def test_a_broken_promise_demands_nothing_before_the_due_date() -> None:
    item = replace(done(("before", 0, -5)), hastened_on=day(-2))
    assert found(item, -2) == ("first", 1)


def test_an_item_has_at_most_one_step_on_a_day() -> None:
    policy = plain_policy(THREE_STEPS, "catch_up_spacing = false")
    assert found(done(("first", 1, 50)), 50, policy) == ("second", 51)
    assert found(replace(done(("first", 1, 50)), moved_to=3, moved_on=day(50)), 50) == ("formal", 51)


def test_the_step_done_last_counts_not_the_furthest() -> None:
    assert found(done(("second", 2, 14), ("first", 1, 20)), 21) == ("second", 31)
    assert found(done(("first", 1, 20), ("second", 2, 14)), 21) == ("second", 31)  # known late, done before


# --- counted from the oldest item

OLDEST = step(1, "first", 5, 'basis = "oldest"') + step(2, "second", 9, 'basis = "oldest"')


def item(number: str, due: int, amount_minor: int = 10_000, *steps: StepDone) -> Item:
    return replace(account(invoice(number, amount_minor, day(due))).items[number], steps=steps)


def along(items: list[Item], today: int, more: str = "", steps: str = OLDEST) -> dict[str, tuple[str, int, int, str]]:
    policy = plain_policy(steps, more)
    got = anchored_steps(items, policy.scenarios["standard"], policy, day(today), Collectable(9, 10**6))
    return {key: (one.step.name, (one.day - MONDAY).days, one.repetition, one.anchor) for key, one in got.items()}


def test_all_overdue_items_go_along_with_the_oldest() -> None:
    items = [item("I-1", 0), item("I-2", 2), item("I-3", 5), item("I-4", 6)]
    assert along(items, 5) == dict.fromkeys(("I-1", "I-2"), ("first", 5, 0, "I-1"))
    assert along(items, 6) == dict.fromkeys(("I-1", "I-2", "I-3"), ("first", 5, 0, "I-1"))
    assert along([], 5) == {}


def test_a_new_item_takes_the_level_of_the_oldest() -> None:
    items = [item("I-1", 0, 10_000, StepDone("first", 1, day(5), "n", 0, "I-1")), item("I-2", 6)]
    assert along(items, 9) == dict.fromkeys(("I-1", "I-2"), ("second", 9, 0, "I-1"))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("continue", ("second", 15, 0, "I-2")), ("restart", ("first", 11, 1, "I-2"))],
)
def test_when_the_oldest_item_is_paid(rule: str, expected: tuple[str, int, int, str]) -> None:
    left = [item("I-2", 6, 10_000, StepDone("first", 1, day(7), "n", 0, "I-1"))]
    assert along(left, 20, f'on_anchor_paid = "{rule}"') == {"I-2": expected}


def test_an_item_below_the_minimum_does_not_go_along() -> None:
    steps = step(1, "first", 5, 'basis = "oldest"\nminimum = { EUR = "50.00" }')
    assert set(along([item("I-1", 0, 4_999), item("I-2", 1, 5_000)], 5, "", steps)) == {"I-2"}
    assert along([item("I-1", 0, 4_999)], 5, "", steps) == {}


def test_all_go_back_when_a_person_moves_one() -> None:
    done_so_far = (StepDone("first", 1, day(5), "n", 0, "I-1"), StepDone("second", 2, day(9), "n", 0, "I-1"))
    items = [item("I-1", 0, 10_000, *done_so_far), item("I-2", 2, 10_000, *done_so_far)]
    moved = [items[0], replace(items[1], moved_to=1, moved_on=day(12))]
    assert along(items, 12) == {}
    assert along(moved, 12) == dict.fromkeys(("I-1", "I-2"), ("first", 10, 1, "I-1"))
