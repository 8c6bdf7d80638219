"""Notices that wait for a person: which steps ask, what is proposed, approved, discarded or expired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.changing import replace
from duly.domain.entities import Approval
from duly.domain.policy import Policy, Scenario, Step
from duly.domain.standing import Standing


def asks(step: Step, currency: str, total_minor: int) -> bool:
    """Whether a step asks a person: always, or in a notice whose total is above an amount in its currency."""
    above = step.approve_above_minor.get(currency)
    return step.approve or (above is not None and total_minor > above)


def may_ask(step: Step, currency: str) -> bool:
    """Whether a step asks a person, for some total."""
    return step.approve or currency in step.approve_above_minor


def approved_for(account: Account, part: ev.NoticeItem, today: date) -> str:
    """Return the key of an approval that covers this item at this step, or an empty string."""
    for approval in account.live("approvals"):
        if approval.state == "approved" and today <= approval.until and _key(part) in map(_key, approval.items):
            return str(approval.key)
    return ""


def is_waiting(account: Account, part: ev.NoticeItem, currency: str, number: str, needs: bool) -> bool:
    """Whether an open proposal keeps this item out of a notice: it is part of one, or its step needs approval and there
    is one about the same step and currency (and of the invoice ``number``, when that is not empty)."""
    asked = [one for one in account.live("approvals") if one.state == "asked" and one.currency == currency]
    if any(_key(part) in map(_key, approval.items) for approval in asked):
        return True
    return needs and any(part.step in _steps(account, approval, number) for approval in asked)


def discarded_on(account: Account, step: str, currency: str) -> date | None:
    """Return the day on which a person last discarded a notice of this step, if it is still known."""
    return account.header.discarded.get(f"{currency}|{step}")


def _steps(account: Account, approval: Approval, number: str) -> set[str]:
    parts = approval.items
    if number:
        parts = tuple(part for part in parts if part.item in account.items and _number(account, part) == number)
    return {part.step for part in parts}


def _number(account: Account, part: ev.NoticeItem) -> str:
    return account.items[part.item].number


def _key(part: ev.NoticeItem) -> tuple[str, int, str, int]:
    return part.item, part.episode, part.step, part.repetition


def propose(
    account: Account,
    policy: Policy,
    scenario: Scenario,
    channel: str,
    currency: str,
    parts: tuple[ev.NoticeItem, ...],
    total_minor: int,
    intent: str,
    today: date,
) -> list[ev.Event]:
    """Return the events by which a notice is proposed: what it would say today, and a person's task."""
    highest = max(parts, key=lambda part: part.level)
    key = hashlib.sha256(f"{intent}|{today}|{account.version + 1}".encode()).hexdigest()[:32]
    until = today + timedelta(days=policy.gates.approval_days)
    asked = ev.ApprovalAsked(
        approval=key,
        channel=channel,
        currency=currency,
        level=highest.level,
        step=highest.step,
        items=parts,
        total_minor=total_minor,
        on=today,
        until=until,
        policy=policy.version,
        scenario=scenario.name,
    )
    return [asked, ev.TaskOpened(f"approve-{key}", "approve_notice", key, today, until)]


def expired(account: Account, found: Iterable[Standing], today: date) -> list[ev.Event]:
    """Return the end of the approvals whose time is over, and of the open ones that are not true any more: an item is
    settled, kept back by a gate, at another step, or more is open of it than a person saw."""
    now_at = {one.item.key: one for one in found}
    events: list[ev.Event] = []
    for approval in account.live("approvals"):
        is_untrue = approval.state == "asked" and any(
            _is_untrue(now_at.get(part.item), part) for part in approval.items
        )
        if today > approval.until or is_untrue:
            events.append(ev.ApprovalSettled(approval.key, "expired", today))
            events += [
                ev.TaskClosed(task.key, "expired")
                for task in account.live("tasks")
                if (task.kind, task.about) == ("approve_notice", approval.key)
            ]
    return events


def _is_untrue(found: Standing | None, part: ev.NoticeItem) -> bool:
    if found is None or found.next is None or found.gate:
        return True
    stands_at = replace(part, episode=found.item.episode, step=found.next.step.name, repetition=found.next.repetition)
    return stands_at != part or found.item.chased_minor > part.balance_minor
