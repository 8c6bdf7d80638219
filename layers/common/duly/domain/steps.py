"""Which step of its scenario an item is due for, and from which day on. Pure rules on items and the scenario.

The step done last decides what comes next, so that a person can move an item forwards and backwards. In a scenario that
counts from the oldest item, all items of a currency stand where that one, the anchor, stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.calendar import add_days, step_day
from duly.domain.channels import CHANNEL_ORDER
from duly.domain.entities import Item, StepDone
from duly.domain.policy import Policy, Scenario, Step

CHANNELS = frozenset(CHANNEL_ORDER)  # that Duly serves; steps on others would be passed over


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step of an item and the first local day on which it may go out; which time it is this step (0: the
    first) in the item's episode; and the oldest item, when the scenario counts from that."""

    step: Step
    day: date
    repetition: int = 0
    anchor: str = ""


def part_of(item: Item, found: NextStep, charges: tuple[ev.Charge, ...] = ()) -> ev.NoticeItem:
    """Return what a notice says of an item at this step, with the charges that it newly demands."""
    step = found.step
    open_minor = item.chased_minor
    return ev.NoticeItem(
        item.key, item.episode, step.name, step.level, found.repetition, open_minor, charges, found.anchor
    )


@dataclass(frozen=True, slots=True)
class Collectable:
    """What can be collected from the customer on a day: the number of items, and their total in one currency."""

    count: int = 0
    total_minor: int = 0


@dataclass(frozen=True, slots=True)
class _Done:
    step: Step
    on: date


@dataclass(frozen=True, slots=True)
class _Position:
    """Where an item (or all items with their anchor) stands in the scenario, and what moved it."""

    last: _Done | None
    open_minor: int
    moved_to: int | None = None
    moved_on: date | None = None
    hastened_on: date | None = None


NOTHING_ELSE = Collectable()


def next_step(
    item: Item, scenario: Scenario, policy: Policy, today: date, collectable: Collectable = NOTHING_ELSE
) -> NextStep | None:
    """Return the item's next step, or None when there is none (any more). ``today`` is the debtor's local date.

    Stepwise: the first step after the one done last whose conditions hold; no level is skipped however late the run.
    Not stepwise: of those whose day has come, the last. A step that belongs before the due date is passed over once
    that date is gone: it would say something untrue. An item has at most one step on a day.
    """
    last = _last_done(item.steps, scenario)
    at = _Position(last, item.chased_minor, item.moved_to, item.moved_on, item.hastened_on)
    found = _next(item, at, scenario, policy, today, collectable)
    return NextStep(found[0], found[1], _repetition(item, found[0])) if found else None


def is_served(channel: str) -> bool:
    """Whether Duly carries out steps on a channel."""
    return channel in CHANNELS


def is_anchored(scenario: Scenario) -> bool:
    """Whether the oldest item drives all others."""
    return any(step.basis == "oldest" for step in scenario.steps)


def anchored_steps(
    items: Sequence[Item], scenario: Scenario, policy: Policy, today: date, collectable: Collectable
) -> dict[str, NextStep]:
    """Return the next step of the collectable items of one currency by key, in a scenario that counts from the oldest
    of them (by due date, then key): that one and all that are overdue go along at its step, or with a notice for each
    invoice at that invoice's own step. An item below the step's minimum does not.
    """
    if not items:
        return {}
    anchor = min(items, key=lambda item: (item.due, item.key))
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item is anchor or item.is_overdue_on(today):
            groups.setdefault(item.number if scenario.per == "invoice" else "", []).append(item)
    found: dict[str, NextStep] = {}
    for along in groups.values():
        found |= _along(anchor, along, scenario, policy, today, collectable)
    return found


def _along(
    anchor: Item, along: Sequence[Item], scenario: Scenario, policy: Policy, today: date, collectable: Collectable
) -> dict[str, NextStep]:
    """The next step of items that stand at one place in the scenario, reckoned from the anchor's due date."""
    moved = [item for item in along if item.moved_to is not None and item.moved_on is not None]
    latest = max(moved, key=lambda item: (item.moved_on or today, item.key), default=None)
    at = _Position(
        _last_of_all(along, anchor, scenario),
        max(item.chased_minor for item in along),
        latest.moved_to if latest else None,
        latest.moved_on if latest else None,
        min((item.hastened_on for item in along if item.hastened_on is not None), default=None),
    )
    found = _next(anchor, at, scenario, policy, today, collectable)
    if found is None:
        return {}
    step, day = found
    fitting = [item for item in along if item.chased_minor >= step.minimum_minor.get(item.currency, 0)]
    return {item.key: NextStep(step, day, _repetition(item, step), anchor.key) for item in fitting}


def _last_of_all(items: Iterable[Item], anchor: Item, scenario: Scenario) -> _Done | None:
    """The furthest of what was done last to each item; with ``restart``, of what was done since this one is the
    oldest."""
    best: _Done | None = None
    for item in items:
        counted = [one for one in item.steps if scenario.on_anchor_paid == "continue" or one.anchor == anchor.key]
        last = _last_done(counted, scenario)
        if last is not None and (best is None or (last.step.index, last.on) > (best.step.index, best.on)):
            best = last
    return best


def _last_done(done: Sequence[StepDone], scenario: Scenario) -> _Done | None:
    """Return the step done last in this episode. A step that the policy no longer has counts as the last step of its
    level, so that a changed policy never repeats a level."""
    order = sorted(enumerate(done), key=lambda pair: (pair[1].on, pair[0]), reverse=True)
    for _, one in order:
        named = [step for step in scenario.steps if step.name == one.step]
        same_level = [step for step in scenario.steps if step.level <= one.level]
        if named or same_level:
            return _Done(named[0] if named else same_level[-1], one.on)
    return None


def _repetition(item: Item, step: Step) -> int:
    """Return the next free repetition of a step in the item's episode: 0 when it was never done."""
    return max((done.repetition + 1 for done in item.steps if done.step == step.name), default=0)


def _next(
    item: Item, at: _Position, scenario: Scenario, policy: Policy, today: date, collectable: Collectable
) -> tuple[Step, date] | None:
    served = [step for step in scenario.steps if is_served(step.channel)]
    fitting = [
        step
        for step in _waiting(served, at)
        if not _is_missed(item, step, today) and _holds(step, item.currency, at.open_minor, collectable)
    ]
    if at.moved_to is not None:
        return _moved(item, at, fitting)
    found = [
        (step, day)
        for number, step in enumerate(fitting)
        if (day := _day(item, step, at, scenario, policy, is_first=number == 0)) is not None
    ]
    if not found:
        return _repeated(at, scenario, served, item.currency, collectable)
    if scenario.stepwise:
        return found[0]
    due = [one for one in found if one[1] <= today]
    return due[-1] if due else min(found, key=lambda one: one[1])


def _waiting(served: list[Step], at: _Position) -> list[Step]:
    if at.moved_to is not None:
        return [step for step in served if step.level >= at.moved_to]
    return [step for step in served if at.last is None or step.index > at.last.step.index]


def _is_missed(item: Item, step: Step, today: date) -> bool:
    return step.basis in ("due", "oldest") and step.days < 0 and today > item.due


def _holds(step: Step, currency: str, open_minor: int, collectable: Collectable) -> bool:
    """Whether a step's conditions hold: each is met at its value, and a currency that it does not name has none."""
    return (
        open_minor >= step.minimum_minor.get(currency, 0)
        and collectable.count >= step.min_items
        and collectable.total_minor >= step.min_total_minor.get(currency, 0)
    )


def _moved(item: Item, at: _Position, fitting: list[Step]) -> tuple[Step, date] | None:
    """A person moved it: what comes next is the first step of that level, on its own day. A skip leaves out what lies
    between and sends nothing before its day; a step-back finds a day that is over, so the step is due at once."""
    if not fitting or at.moved_on is None:
        return None
    return fitting[0], _not_twice_a_day(_step_day(item, fitting[0], at.last.on if at.last else at.moved_on), at)


def _repeated(
    at: _Position, scenario: Scenario, served: list[Step], currency: str, collectable: Collectable
) -> tuple[Step, date] | None:
    """The last step again, so many days after it was done last; never a final one, with which the chase has ended."""
    if at.last is None or not served or not scenario.repeat_days:
        return None
    step = served[-1]
    if at.last.step is not step or step.final or not _holds(step, currency, at.open_minor, collectable):
        return None
    day = add_days(at.last.on, scenario.repeat_days)
    return step, _not_twice_a_day(min(day, at.hastened_on or day), at)


def _day(item: Item, step: Step, at: _Position, scenario: Scenario, policy: Policy, *, is_first: bool) -> date | None:
    """The day of a step; None for one that counts from a step which is still to be sent."""
    if step.basis == "previous" and not is_first:
        return None
    if step.basis == "previous" and at.last is not None:
        day = _step_day(item, step, at.last.on)
    else:  # with "previous": all steps before it were passed by, so it counts from their days
        day = _spaced(item, step, at, scenario)
    if day > item.due:
        day = max(day, add_days(item.due, policy.terms.earliest_chase_days))
    if is_first and at.hastened_on is not None:
        day = min(day, max(at.hastened_on, min(day, add_days(item.due, 1))))
    return _not_twice_a_day(day, at)


def _not_twice_a_day(day: date, at: _Position) -> date:
    return day if at.last is None else max(day, add_days(at.last.on, 1))


def _spaced(item: Item, step: Step, at: _Position, scenario: Scenario) -> date:
    """The planned day; after a step that went out late, the planned distance from it is kept."""
    day = _planned(item, step, scenario)
    if not scenario.catch_up_spacing or at.last is None:
        return day
    planned_last = _planned(item, at.last.step, scenario)
    return max(day, at.last.on + (day - planned_last)) if at.last.on > planned_last else day


def _planned(item: Item, step: Step, scenario: Scenario) -> date:
    """The day of a step by the plan alone, as if each step went out on its day."""
    if step.basis != "previous":
        return _step_day(item, step, item.due)
    before = scenario.steps[max(step.index - 1, 0)]
    return _step_day(item, step, item.due if before is step else _planned(item, before, scenario))


def _step_day(item: Item, step: Step, previous_sent: date) -> date:
    day = step_day(
        step.basis,
        step.days,
        step.boundary,
        due=item.due,
        issued=item.issued,
        previous_sent=previous_sent,
        oldest_due=item.due,
    )
    return day or item.due  # every basis has its day here


def blocked_until(until: date, hold_last_day: str) -> date:
    """Return the first day after a hold: the day after its last day, or that day itself when it is free."""
    return until if hold_last_day == "free" else until + timedelta(days=1)
