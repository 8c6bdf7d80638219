"""Plays a scenario: its events by the flows that a stack's functions call, its runs by the tick."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cli.simulation import history_ledger, money_events, people_events
from cli.simulation import scenario_events as se
from cli.simulation.fields import Moment, ScenarioError
from cli.simulation.problems import NotPossible
from cli.simulation.recorder import Record
from cli.simulation.scenario_file import Scenario
from cli.simulation.world import Outcomes, World
from duly.domain.entities import AccountError
from duly.flows import delivery

MAX_DELIVERIES: Final = 50  # events of delivery: each may play the scenario once more

#: When Python looks for unreachable cycles while a history is played: there are hardly any, and the tables in memory,
#: which it would look through, grow to millions of objects.
SELDOM: Final = (50_000, 20, 20)

Progress = Callable[[int, int], None]
AfterRun = Callable[[World, Moment], None]
Apply = Callable[[World, Any, Moment], None]


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played: its world afterwards, what it did, and the last day of its runs (else events)."""

    scenario: Scenario
    world: World
    last: Moment | None

    @property
    def record(self) -> Record:
        return self.world.recorder.record


def play(scenario: Scenario, progress: Progress | None = None, watch: bool = True) -> Played:
    """Play a scenario. What cannot be done is noted as a problem; nothing of it raises.

    An event of delivery tells what became of a notice that went out before it, which the mail service said at once. So
    the scenario is played again with that answer, once for each such event.
    """
    deliveries = [event for event in _ordered(scenario) if isinstance(event.fact, se.Delivery)]
    if len(deliveries) > MAX_DELIVERIES:
        raise ScenarioError(f"{scenario.path}: expected at most {MAX_DELIVERIES} events of delivery")
    outcomes: dict[tuple[str, int, int], str] = {}
    played = _Play(scenario, outcomes, watch).play(progress)
    for event in deliveries:
        if _answered(played, event, outcomes):
            played = _Play(scenario, outcomes, watch).play(progress)
    return played


def play_history(
    scenario: Scenario, prepare: Callable[[World], None], after_run: AfterRun, progress: Progress | None = None
) -> Played:
    """Play a business's own history: without notes on what is passed over, and with every approval given on its day.
    ``prepare`` is called before anything is played, ``after_run`` after each run."""
    one = _Play(scenario, {}, watch=False, approves=True, after_run=after_run)
    thresholds = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        prepare(one.world)
        return one.play(progress)
    finally:
        gc.set_threshold(*thresholds)


def _answered(played: Played, event: se.Event, outcomes: dict[tuple[str, int, int], str]) -> bool:
    """Add what an event of delivery says of an attempt: the last one of the customer and level before it that nothing
    is said of, else the next one. Return whether that changes what is played."""
    fact = event.fact
    assert isinstance(fact, se.Delivery)
    own = [one for one in played.world.recorder.attempts.values() if (one.customer, one.level) == _whose(fact)]
    earlier = [one.number for one in own if one.day[:10] <= event.on.text[:10]]
    number = max(earlier, default=0) or 1
    while (fact.customer, fact.level, number) in outcomes:
        if fact.outcome == "sent":
            return False  # evidence that a doubtful one went out: played when its day comes
        number += 1
    outcomes[fact.customer, fact.level, number] = fact.outcome
    return fact.outcome != "sent"


def _whose(fact: se.Delivery) -> tuple[str, int]:
    return fact.customer, fact.level


def _ordered(scenario: Scenario) -> list[se.Event]:
    """The events by day; those of a day in the order of the file, but those with a time after those without."""
    return sorted(scenario.events, key=lambda event: _place(event.on))


def _place(on: Moment) -> tuple[Any, ...]:
    return (on.day, on.at is not None, on.at.replace(tzinfo=None) if on.at else datetime.min)


class _Play:
    def __init__(
        self,
        scenario: Scenario,
        outcomes: Outcomes,
        watch: bool,
        approves: bool = False,
        after_run: AfterRun | None = None,
    ) -> None:
        self.scenario, self.watch, self.approves, self.after_run = scenario, watch, approves, after_run
        self.world = World(scenario.policy, outcomes)
        self.waiting = _ordered(scenario)
        self.has_bank_data = any(isinstance(event.fact, se.BankData) for event in scenario.events)
        self.done = 0

    def play(self, progress: Progress | None) -> Played:
        """Play the runs in the order of the file, each after the events up to it; then the events that are left."""
        recorder, latest, last_run = self.world.recorder, None, None
        total = len(self.waiting) + len(self.scenario.runs)
        for number, run in enumerate(self.scenario.runs):
            recorder.on = run.text
            if latest is not None and self._is_before(run, latest):
                recorder.problem("run_before_latest", f"runs[{number}] is before the run of {latest.text}: not played")
                continue
            latest = last_run = run
            self._events_until(run)
            recorder.on = run.text
            if not self.has_bank_data:
                self.world.edge.stack.put("bank_data", {"until": run.day.isoformat()})
            self.world.run(run, self.watch)
            if self.approves:
                people_events.approve_all(self.world, run)
            if self.after_run:
                self.after_run(self.world, run)
            if progress:
                progress(self.done + number + 1, total)
        self._events_until(None)
        ended = last_run or (self.scenario.events and max((e.on for e in self.scenario.events), key=_place)) or None
        return Played(self.scenario, self.world, ended)

    def _is_before(self, run: Moment, latest: Moment) -> bool:
        if run.at is None or latest.at is None:
            return run.day < latest.day
        return self.world.moment(run) < self.world.moment(latest)

    def _events_until(self, run: Moment | None) -> None:
        """Apply the events up to a run: of its day all, unless the run has a time and the event a later one."""
        self.world.before_run = run if run is not None and run.at is None else None
        while self.done < len(self.waiting) and (run is None or self._is_due(self.waiting[self.done].on, run)):
            self._apply(self.waiting[self.done])
            self.done += 1

    def _is_due(self, on: Moment, run: Moment) -> bool:
        if on.at is None or run.at is None:
            return on.day <= run.day
        return self.world.moment(on) <= self.world.moment(run)

    def _apply(self, event: se.Event) -> None:
        recorder = self.world.recorder
        recorder.on = event.on.text
        for name in event.unknown:
            recorder.problem("unknown_field", f"{event.place}.{event.kind}.{name} means nothing and was not read")
        try:
            _APPLY[type(event.fact)](self.world, event.fact, event.on)
        except NotPossible as problem:
            recorder.problem(problem.code, f"{event.place}.{event.kind}: {problem}")
        except (AccountError, LookupError, ValueError) as error:  # what the rules refuse of a file's own content
            recorder.problem("not_possible", f"{event.place}.{event.kind}: {error}")
        self.world.settle()


# --- events of the stack itself
def _bank_data(world: World, fact: se.BankData, on: Moment) -> None:
    del on
    world.edge.stack.extend_bank_data(fact.until)


def _delivery(world: World, fact: se.Delivery, on: Moment) -> None:
    """Evidence for a notice of which nobody knew whether it went out; all else the mail service said at once."""
    if fact.outcome != "sent":
        return
    for account in world.recorder.accounts.values():
        if (account.header.customer or account.id) != fact.customer:
            continue
        for notice in account.live("notices"):
            if notice.level == fact.level and notice.state in ("doubtful", "claimed"):
                event = delivery.SesEvent("Send", notice.key, "", "")
                delivery.take_ses_event(world.edge, event, world.moment(on, account.id))
                return


_APPLY: dict[type[Any], Apply] = {
    se.BankData: _bank_data,
    se.Delivery: _delivery,
    **money_events.APPLY,
    **people_events.APPLY,
    **history_ledger.APPLY,
}
