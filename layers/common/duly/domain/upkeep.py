"""What time alone does to an account: promises and holds end, silent claims become doubtful, deadlines pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.approvals import expired
from duly.domain.calendar import UnknownTimeZone, local_date
from duly.domain.cash import settle_words
from duly.domain.channels import CALL, WRITTEN
from duly.domain.credit import credit_upkeep
from duly.domain.entities import Item, Notice
from duly.domain.policy import Policy
from duly.domain.standing import standings
from duly.domain.steps import blocked_until

SILENT_AFTER = timedelta(minutes=15)  # a claim without an outcome: its function has ended long before
UNKNOWN_AFTER = timedelta(hours=72)  # SES events come within minutes; after three days none will come
DEBIT_MISSING_DAYS = 10  # after the due date: a direct debit is collected within days, and the bank tells the next day
MAX_STEPS_AT_ONCE = 40  # items whose step is recorded in one event


def upkeep(account: Account, policy: Policy, now: datetime) -> list[ev.Event]:
    """Return everything that has become true by ``now``."""
    today = today_of(account, policy, now)
    events: list[ev.Event] = []
    events += settle_words(account, today, final=True)
    events += _holds(account, policy, today)
    events += _disputes(account, today)
    events += _debits(account, today)
    events += _replies(account, today, now)
    events += credit_upkeep(account, policy, today)
    for notice in account.live("notices"):
        events += sweep(notice, now, today_of(account, policy, notice.at), today)
    events += _reservations(account)
    if account.live("approvals"):
        after = account.after(events)
        events += expired(after, standings(after, policy, today), today)
    return events


def today_of(account: Account, policy: Policy, now: datetime) -> date:
    """Return the debtor's local date; the creditor's while the debtor's time zone is not known."""
    try:
        return local_date(now, account.header.timezone)
    except UnknownTimeZone:
        return local_date(now, policy.creditor.timezone)


def _holds(account: Account, policy: Policy, today: date) -> list[ev.Event]:
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    return [
        ev.HoldEnded(hold.key, "date", today)
        for hold in account.live("holds")
        if today >= blocked_until(hold.until, scenario.hold_last_day)
    ]


def _disputes(account: Account, today: date) -> list[ev.Event]:
    return [
        ev.TaskOpened(f"overdue-{dispute.key}", "dispute_deadline", dispute.key, today, today)
        for dispute in account.live("disputes")
        if today > dispute.deadline and not dispute.overdue
    ]


def _debits(account: Account, today: date) -> list[ev.Event]:
    """Nothing was collected for an item that is to be collected: a person is told once."""
    return [
        ev.TaskOpened(_debit_task(item), "debit_missing", item.key, today, today)
        for item in debits_expected(account)
        if today > item.due + timedelta(days=DEBIT_MISSING_DAYS)
    ]


def _debit_task(item: Item) -> str:
    return f"debit-{item.key}~{item.debits_missed + 1}" if item.debits_missed else f"debit-{item.key}"


def debits_expected(account: Account) -> list[Item]:
    """Return the items for which money is still to be collected, while nobody was told that it is missing."""
    told = {task.about for task in account.live("tasks") if task.kind == "debit_missing"}
    return [
        item
        for item in account.live("items")
        if item.state == "open" and item.outstanding_minor and item.awaits_collection
        if not item.debit_missing and item.key not in told
    ]


def _replies(account: Account, today: date, now: datetime) -> list[ev.Event]:
    """A reply that nothing has understood by the end of its hold becomes a person's task; the gate stays closed."""
    events: list[ev.Event] = []
    for reply in account.live("replies"):
        if now >= reply.until:
            events.append(ev.ReplyClassified(reply.key, "other"))
            if f"read-{reply.key}" not in account.tasks:
                events.append(ev.TaskOpened(f"read-{reply.key}", "read_reply", reply.key, today, today))
    return events


def sweep(notice: Notice, now: datetime, claimed_on: date, today: date) -> list[ev.Event]:
    """Return what becomes of a notice in flight: silent, unknown, or its steps still to be recorded.

    A step counts from the day of its claim, however late its outcome became known.
    """
    since = notice.since or notice.at
    if notice.channel in WRITTEN and notice.state == "claimed":
        return []  # whether its document is there can be looked up (flows.carrying)
    if notice.channel == CALL and notice.state == "claimed" and now >= since + SILENT_AFTER:
        return [ev.NoticeReleased(notice.key, "interrupted", now, counts=False)]  # nothing had left the stack
    if notice.state == "claimed" and now >= since + SILENT_AFTER:
        return [ev.NoticeDoubtful(notice.key, now, "silent")]
    if notice.state == "doubtful" and now >= since + UNKNOWN_AFTER:
        task = ev.TaskOpened(f"unknown-{notice.key}", "notice_unknown", notice.key, today, today)
        return [ev.NoticeUnknown(notice.key, now), task, *record_steps(notice, claimed_on)]
    if notice.pending:
        return record_steps(notice, claimed_on, notice.pending)
    return []


def record_steps(notice: Notice, on: date, items: tuple[str, ...] | None = None) -> list[ev.Event]:
    """Return the events that mark the steps of a notice's items as done; its companions on other channels mark
    none."""
    if notice.main:
        return []
    return steps_recorded(notice.key, items if items is not None else [part.item for part in notice.items], on)


def steps_recorded(notice: str, items: Sequence[str], on: date) -> list[ev.Event]:
    """Return the events that mark the steps of these items as done, in parts that fit a transaction."""
    return [
        ev.StepsRecorded(notice, tuple(items[start : start + MAX_STEPS_AT_ONCE]), on)
        for start in range(0, len(items), MAX_STEPS_AT_ONCE)
    ]


def _reservations(account: Account) -> list[ev.Event]:
    """Free items that were reserved for a notice which was never claimed."""
    orphans: dict[str, list[str]] = {}
    for item in account.live("items"):
        if item.notice and item.notice not in account.notices:
            orphans.setdefault(item.notice, []).append(item.key)
    return [
        ev.ReservationFreed(notice, tuple(keys[start : start + MAX_STEPS_AT_ONCE]))
        for notice, keys in sorted(orphans.items())
        for start in range(0, len(keys), MAX_STEPS_AT_ONCE)
    ]
