"""When an account must be looked at next. A tick reads the accounts whose moment has come, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from duly.domain.account import Account
from duly.domain.calendar import CalendarError, next_contact_opening, zone
from duly.domain.credit import credit_days
from duly.domain.gates import gap_ends, item_gate
from duly.domain.plans import next_plan_day
from duly.domain.policy import Policy
from duly.domain.steps import blocked_until, next_step
from duly.domain.upkeep import DEBIT_MISSING_DAYS, SILENT_AFTER, UNKNOWN_AFTER, debits_expected, today_of


@dataclass(frozen=True, slots=True)
class Moments:
    """When to look at an account next: ``due_at`` for anything, ``upkeep_at`` for what does not wait for the stack's
    gates (promises, holds, deadlines, sweeps). None: nothing waits."""

    due_at: datetime | None = None
    upkeep_at: datetime | None = None


RETRY_CLOSED_GATE = timedelta(hours=1)  # a step whose day has come waits at a gate: the next tick looks again


def next_due(account: Account, policy: Policy, now: datetime, holidays: frozenset[date] | None) -> datetime | None:
    """Return the next moment at which time alone could change something here, or None when nothing waits."""
    return next_moments(account, policy, now, holidays).due_at


def next_moments(account: Account, policy: Policy, now: datetime, holidays: frozenset[date] | None) -> Moments:
    """Return the next moments at which time alone could change something here.

    They are never before ``now``. They may be earlier than needed (the tick then finds nothing to do and moves them)
    but never later.
    """
    if account.header.merged_into:
        return Moments()
    upkeep = _upkeep_moments(account, policy, now)
    return Moments(_first([*upkeep, *_step_moments(account, policy, now, holidays)], now), _first(upkeep, now))


def _first(moments: list[datetime], now: datetime) -> datetime | None:
    return max(min(moments), now).astimezone(UTC).replace(microsecond=0) if moments else None


def _upkeep_moments(account: Account, policy: Policy, now: datetime) -> list[datetime]:
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    days = [promise.until + timedelta(days=1) for promise in account.live("promises")]
    days += [day for plan in account.live("plans") if (day := next_plan_day(account, plan)) is not None]
    days += [blocked_until(hold.until, scenario.hold_last_day) for hold in account.live("holds")]
    days += [dispute.deadline + timedelta(days=1) for dispute in account.live("disputes") if not dispute.overdue]
    days += credit_days(account, policy)
    days += [item.due + timedelta(days=DEBIT_MISSING_DAYS + 1) for item in debits_expected(account)]
    moments = [_start_of(day, account, policy) for day in days]
    moments += [reply.until for reply in account.live("replies")]
    for notice in account.live("notices"):
        since = notice.since or notice.at
        if notice.pending:
            moments.append(now)
        else:
            moments.append(since + (SILENT_AFTER if notice.state == "claimed" else UNKNOWN_AFTER))
    if any(item.notice and item.notice not in account.notices for item in account.live("items")):
        moments.append(now + SILENT_AFTER)
    return moments


def _step_moments(account: Account, policy: Policy, now: datetime, holidays: frozenset[date] | None) -> list[datetime]:
    """The first contact opening from the day on which the first unblocked step may go out and the gap allows it."""
    if account.header.provisional:
        return []
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    today = today_of(account, policy, now)
    earliest: date | None = None
    for item in account.live("items"):
        found = next_step(item, scenario, policy, today)
        if found is None or item_gate(account, item, scenario, today) not in ("", "below_tolerance"):
            continue
        earliest = found.day if earliest is None else min(earliest, found.day)
    if earliest is None:
        return []
    try:
        gap = gap_ends(account, policy)
        start = max(_start_of(max(earliest, gap or earliest), account, policy), now)
        return [_opening(account, policy, start, holidays)]
    except CalendarError:
        return [max(now, _start_of(earliest, account, policy)) + RETRY_CLOSED_GATE]


def _opening(account: Account, policy: Policy, start: datetime, holidays: frozenset[date] | None) -> datetime:
    contact = policy.contact
    return next_contact_opening(
        start,
        account.header.timezone,
        (contact.window_start_minute, contact.window_end_minute),
        contact.days,
        (holidays or frozenset()) if contact.holidays else frozenset(),
    )


def _start_of(day: date, account: Account, policy: Policy) -> datetime:
    """Return local midnight of a day in the debtor's time zone (the creditor's while it is not known)."""
    try:
        timezone = zone(account.header.timezone)
    except CalendarError:
        timezone = zone(policy.creditor.timezone)
    return datetime.combine(day, time(), tzinfo=timezone).astimezone(UTC)
