"""Which step of its scenario an item is due for, and from which day on. Pure rules on one item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from duly.domain.calendar import add_days, step_day
from duly.domain.entities import Item, StepDone
from duly.domain.policy import Policy, Scenario, Step

CHANNELS = frozenset({"email"})  # channels that Duly serves; steps on others are passed over (the policy warns of them)


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step of an item and the first local day on which it may go out."""

    step: Step
    day: date


def next_step(item: Item, scenario: Scenario, policy: Policy, today: date) -> NextStep | None:
    """Return the item's next step, or None when it has gone through all of them.

    Stepwise: the first step after the last one done, so that no level is skipped however late the run. A step that
    belongs before the due date is passed over once that date is gone: it would say something untrue. Not stepwise: of
    the steps whose day has come, the last. ``today`` is the debtor's local date.
    """
    steps = [step for step in scenario.steps if step.channel in CHANNELS]
    last = _last_done(item, steps)
    waiting = [step for step in steps if last is None or step.index > last[0].index]
    open_steps = [step for step in waiting if not _is_missed(item, step, today)]
    found = [
        NextStep(step, day) for step in open_steps if (day := _day(item, step, last, scenario, policy)) is not None
    ]
    if not found:
        return None
    if scenario.stepwise:
        return found[0] if found[0].step is open_steps[0] else None
    due = [one for one in found if one.day <= today]
    return due[-1] if due else found[0]


def _last_done(item: Item, steps: list[Step]) -> tuple[Step, StepDone] | None:
    """Return the furthest step done in this episode with its record. A step that the policy no longer has counts as
    the last step of its level, so that a changed policy never repeats a level."""
    best: tuple[Step, StepDone] | None = None
    for done in item.steps:
        named = [step for step in steps if step.name == done.step]
        same_level = [step for step in steps if step.level <= done.level]
        step = named[0] if named else same_level[-1] if same_level else None
        if step is not None and (best is None or step.index >= best[0].index):
            best = (step, done)
    return best


def _is_missed(item: Item, step: Step, today: date) -> bool:
    return step.basis == "due" and step.days < 0 and today > item.due


def _day(item: Item, step: Step, last: tuple[Step, StepDone] | None, scenario: Scenario, policy: Policy) -> date | None:
    day = _planned(item, step, last[1].on if last else None)
    if day is None:
        return None
    if scenario.catch_up_spacing and last is not None and step.basis != "previous":
        planned_last = _planned(item, last[0], None)
        if planned_last is not None and last[1].on > planned_last:
            day = max(day, last[1].on + (day - planned_last))
    if day > item.due:
        day = max(day, add_days(item.due, policy.terms.earliest_chase_days))
    return day


def _planned(item: Item, step: Step, previous_sent: date | None) -> date | None:
    return step_day(
        step.basis,
        step.days,
        step.boundary,
        due=item.due,
        issued=item.issued,
        previous_sent=previous_sent,
        oldest_due=item.due,
    )


def blocked_until(until: date, hold_last_day: str) -> date:
    """Return the first day after a hold: the day after its last day, or that day itself when it is free."""
    return until if hold_last_day == "free" else until + timedelta(days=1)
