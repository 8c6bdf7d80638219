"""When an account must be looked at next. A tick reads the accounts whose moment has come, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from duly.domain.account import Account
from duly.domain.approvals import approved_for, discarded_on, expired, is_waiting, may_ask
from duly.domain.calendar import CalendarError, next_contact_opening, zone
from duly.domain.channels import ELECTRONIC, NOTICES
from duly.domain.credit import credit_days
from duly.domain.entities import Item
from duly.domain.gates import gap_ends
from duly.domain.plans import next_plan_day
from duly.domain.policy import Policy, Scenario
from duly.domain.standing import standings
from duly.domain.steps import NextStep, blocked_until, is_anchored, part_of
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
    today = today_of(account, policy, now)
    days = [promise.until + timedelta(days=1) for promise in account.live("promises")]
    days += [day for plan in account.live("plans") if (day := next_plan_day(account, plan)) is not None]
    days += [blocked_until(hold.until, scenario.hold_last_day) for hold in account.live("holds")]
    days += [dispute.deadline + timedelta(days=1) for dispute in account.live("disputes") if not dispute.overdue]
    days += credit_days(account, policy)
    days += [approval.until + timedelta(days=1) for approval in account.live("approvals")]
    days += [item.due + timedelta(days=DEBIT_MISSING_DAYS + 1) for item in debits_expected(account)]
    moments = [_start_of(day, account, policy) for day in days]
    if account.live("approvals") and expired(account, standings(account, policy, today), today):
        moments.append(now)
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
    """For each way of going out, the first moment from the day on which a first unblocked step may do so."""
    if account.header.provisional:
        return []
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    today = today_of(account, policy, now)
    days: dict[_Way, date] = {}
    for one in standings(account, policy, today):
        if one.next is None or one.gate:
            continue
        way, day = _way(account, scenario, one.item, one.next, today)
        if day is not None:
            days[way] = min(day, days.get(way, day))
    moments = [_moment(account, policy, now, holidays, way, day) for way, day in days.items()]
    return moments + [_start_of(day, account, policy) for day in _more_collectable(account, scenario, today)]


@dataclass(frozen=True, slots=True)
class _Way:
    """What a step waits for beside its day: the debtor's contact window, the gap between notices."""

    in_window: bool
    after_gap: bool


def _way(account: Account, scenario: Scenario, item: Item, found: NextStep, today: date) -> tuple[_Way, date | None]:
    """How a step goes out, and from which day on (None: an open proposal decides). A proposal waits for neither window
    nor gap."""
    step, day, part = found.step, found.day, part_of(item, found)
    channels = {step.channel, *step.also}
    way = _Way(bool(channels & ELECTRONIC), bool(channels & NOTICES))
    if not approved_for(account, part, today) and may_ask(step, item.currency):
        way = _Way(in_window=False, after_gap=False)
        discarded = discarded_on(account, step.name, item.currency)
        day = max(day, discarded + timedelta(days=1)) if discarded is not None else day
        is_asked = is_waiting(account, part, item.currency, item.number if scenario.per == "invoice" else "", True)
        return way, None if is_asked and step.approve else day
    is_asked = is_waiting(account, part, item.currency, "", False)
    return way, None if is_asked else day


def _more_collectable(account: Account, scenario: Scenario, today: date) -> list[date]:
    """The next day on which more items are overdue, when steps depend on how much is, or when what is overdue goes
    along with the oldest item (which itself may have no step that waits)."""
    if not is_anchored(scenario) and not any(step.min_items or step.min_total_minor for step in scenario.steps):
        return []
    days = [item.due + timedelta(days=1) for item in account.live("items") if item.due >= today]
    return [min(days)] if days else []


def _moment(
    account: Account, policy: Policy, now: datetime, holidays: frozenset[date] | None, way: _Way, day: date
) -> datetime:
    """The first moment, from now on and from a day on, at which a step of this way may go out."""
    try:
        gap = gap_ends(account, policy) if way.after_gap else None
        start = max(_start_of(max(day, gap or day), account, policy), now)
        return _opening(account, policy, start, holidays) if way.in_window else start
    except CalendarError:
        return max(now, _start_of(day, account, policy)) + RETRY_CLOSED_GATE


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
