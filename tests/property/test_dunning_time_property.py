"""Wherever a debtor lives and whatever its clocks do: contact window, minimum gap and weekly cap hold, a week without
runs is caught up one notice at a time, and the same history leaves the same journals."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.dunning import decide_chase
from duly.domain.gates import Surroundings
from duly.domain.policy import Policy
from duly.domain.upkeep import today_of, upkeep
from duly.flows.notices import outcome_events
from duly.flows.twin import TwinStack
from duly.mail.sending import Accepted
from duly.store import keys
from tests import core_samples as samples
from tests.core_samples import invoice, policy, step, then
from tests.sim import small_world as world

ZONES = sorted(available_timezones() - {"localtime", "posixrules", "Factory"})
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
STEPS = "".join(step(level, f"step-{level}", days) for level, days in enumerate((1, 3, 5, 6, 8, 9, 11, 13), start=1))
EVERY_DAY = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nholidays = false\n'
AFTERWARDS = 24 * 8  # hours


@dataclass(frozen=True)
class Limits:
    """A policy, and what it promises in plain numbers."""

    window: tuple[int, int]  # minutes of the local day
    gap_days: int
    cap: int

    @property
    def policy(self) -> Policy:
        opens, closes = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in self.window)
        return policy(
            f'[contact]\nwindow = ["{opens}", "{closes}"]\n{EVERY_DAY}min_gap_days = {self.gap_days}\n'
            f"max_per_7_days = {self.cap}\n[scenario.standard]\nthreshold = {{}}\ntolerance = {{}}\n"
            f"catch_up_spacing = false\n{STEPS}"
        )


LIMITS = (
    Limits((8 * 60, 18 * 60), 1, 5),
    Limits((0, 3 * 60), 2, 3),  # where clocks change
    Limits((60, 24 * 60), 1, 2),
    Limits((22 * 60, 24 * 60), 3, 7),
)


@dataclass
class Debtor:
    """An account in some zone, and when it was written to."""

    zone: str
    limits: Limits
    account: Account
    rules: Policy
    said: list[tuple[datetime, ev.NoticeClaimed]] = field(default_factory=list)

    def tick(self, now: datetime) -> None:
        """The hourly tick; every notice is accepted."""
        self._add(upkeep(self.account, self.rules, now))
        chase = decide_chase(self.account, self.rules, Surroundings(now, frozenset()))
        claim = chase.claim
        if claim is None:
            return
        self._add(list(chase.events))
        self.said.append((now, claim))
        notice = self.account.notices[claim.notice]
        today = today_of(self.account, self.rules, notice.at)
        self._add(outcome_events(self.account, notice, Accepted("m", now), now, today))

    def _add(self, events: list[ev.Event]) -> None:
        if events:
            self.account = then(self.account, events)

    def check(self) -> None:
        """The promises, read off a wall clock and a calendar."""
        walls = [now.astimezone(ZoneInfo(self.zone)) for now, _ in self.said]
        for wall in walls:
            minute = wall.hour * 60 + wall.minute
            assert self.limits.window[0] < minute < self.limits.window[1], f"at {wall} in {self.zone}"
        for before, after in zip(walls, walls[1:], strict=False):
            assert (after.date() - before.date()).days >= self.limits.gap_days, f"{before} and {after}"
        for now, _ in self.said:
            assert sum(now - WEEK < other <= now for other, _ in self.said) <= self.limits.cap, f"the week to {now}"
        parts = [
            (part.item, part.episode, part.step, part.repetition, claim.channel)
            for _, claim in self.said
            for part in claim.items
        ]
        assert len(set(parts)) == len(parts), "said twice"


def debtor(zone: str, limits: Limits, due: date) -> Debtor:
    events = [invoice(f"I-{number}", due=due - number * DAY) for number in range(2)]
    events.append(invoice("I-9", due=due, currency="GBP"))
    return Debtor(zone, limits, samples.account(samples.customer(timezone=zone), *events), limits.policy)


def changes(zone: str) -> Iterator[datetime]:
    """The moments of a year at which the clocks of a zone change, to the hour."""
    tz = ZoneInfo(zone)
    for day in range(366):
        start = YEAR + day * DAY
        if start.astimezone(tz).utcoffset() != (start + DAY).astimezone(tz).utcoffset():
            hours = (start + hour * HOUR for hour in range(24))
            yield next(at for at in hours if at.astimezone(tz).utcoffset() != (at + HOUR).astimezone(tz).utcoffset())


def distinct_changes() -> list[tuple[str, datetime]]:
    """Every change of the clocks in the year, once for all zones that change in the same way at the same moment."""
    found: dict[tuple[object, ...], tuple[str, datetime]] = {}
    for zone in ZONES:
        for at in changes(zone):
            tz = ZoneInfo(zone)
            before, after = (moment.astimezone(tz).utcoffset() for moment in (at, at + HOUR))
            found.setdefault((at, before, after), (zone, at))
    return list(found.values())


def test_every_change_of_the_clocks_leaves_window_gap_and_cap_in_force() -> None:
    """Hourly ticks from two days before to a day after each change of the year, at odd minutes."""
    seen = 0
    for number, (zone, change) in enumerate(distinct_changes()):
        limits = LIMITS[number % len(LIMITS)]
        start = change - 2 * DAY + timedelta(minutes=7 * number % 60)
        found = debtor(zone, limits, (start - 20 * DAY).date())
        for hour in range(24 * 3):
            found.tick(start + hour * HOUR)
        found.check()
        seen += len(found.said)
    assert seen > 50, "something was said around the changes"


@settings(max_examples=15)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(LIMITS),
    st.integers(0, 365 * 24 * 60),
    st.lists(st.integers(1, 24 * 8), max_size=4),
)
def test_window_gap_and_cap_hold_in_every_zone(zone: str, limits: Limits, minutes: int, pauses: list[int]) -> None:
    """Ticks come hourly, with pauses of up to eight days in between."""
    now = YEAR + timedelta(minutes=minutes)
    found = debtor(zone, limits, now.date())
    for pause in [*pauses, 1]:
        for _ in range(24):
            found.tick(now)
            now += HOUR
        now += pause * HOUR
    for _ in range(AFTERWARDS):
        found.tick(now)
        now += HOUR
    found.check()
    assert len(found.said) >= 2


@settings(max_examples=10)
@given(st.sampled_from(ZONES), st.sampled_from(LIMITS), st.integers(0, 365), st.integers(7, 30))
def test_a_missed_week_is_caught_up_without_a_burst(zone: str, limits: Limits, day: int, missed_days: int) -> None:
    """After days without a run the first day says one thing, not all that was missed, and every level still comes."""
    now = YEAR + day * DAY
    found = debtor(zone, limits, now.date())
    for _ in range(36):
        found.tick(now)
        now += HOUR
    before = len(found.said)
    now += missed_days * DAY
    for _ in range(24):
        found.tick(now)
        now += HOUR
    assert len(found.said) - before <= 2, "a day of hourly runs touches two local days"
    for _ in range(24 * 20):
        found.tick(now)
        now += HOUR
    found.check()
    levels = [part.level for _, claim in found.said for part in claim.items if part.item == "I-0"]
    assert levels == sorted(levels), "levels come in order"
    assert set(levels) == set(range(1, levels[-1] + 1)), "and none is left out"


def test_the_same_history_leaves_the_same_journals() -> None:
    """With the same random numbers a story played twice ends in the same hashes, to the last entry."""
    first, second = journals(), journals()
    assert len(first) > 100
    assert first == second


def journals() -> dict[str, str]:
    numbers = count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_hex", lambda size: f"{next(numbers):0{2 * size}x}")
        stack = TwinStack()
        stack.edge.monotonic = lambda: 0.0  # how long the machine takes to send is no part of the history
        world.run(stack)
    table = stack.tables[0]
    return {
        f"{pk} {record.sk}": record.body["hash"]
        for pk in table.partitions()
        for record in table.query(pk, keys.JOURNAL)
    }
