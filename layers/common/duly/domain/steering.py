"""What persons decide about the chase of an account: moves within its scenario, holds, approvals, hand-overs. Pure.

Each returns events; LookupError says that what was named is not there, ValueError that it is not possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import Approval, Hold, Item, concerns
from duly.domain.plans import MAX_PLAN_ITEMS, open_items
from duly.domain.policy import Policy

CUSTOMER_APPROVAL = "customer_approval"
WRITE_OFF_DAYS = 14  # to decide whether what an agency or lawyer could not collect is written off
NOT_ARRIVED = frozenset({"bounced", "undelivered", "rejected"})
REISSUE_TASKS = frozenset({"notice_unknown", "address_bounced", "not_delivered", "notice_rejected"})
HANDOVER_OUTCOMES = ("collected", "returned", "uncollectable")


# --- moves within the scenario
def skip(
    account: Account, names: Sequence[str], to_level: int, policy: Policy, today: date, by: str, reason: str
) -> list[ev.Event]:
    """Let these invoices go on at a higher level than the one they reached: what lies between is not said."""
    items = _movable(account, names)
    wrong = next((item for item in items if to_level <= item.level), None)
    if wrong is not None:
        raise ValueError(f"{wrong.title} is at level {wrong.level}: expected a higher level, or a step-back")
    return _moves(account, items, to_level, policy, today, by, reason)


def step_back(
    account: Account, names: Sequence[str], to_level: int, policy: Policy, today: date, by: str, reason: str
) -> list[ev.Event]:
    """Let these invoices go on at the level they reached, or at a lower one: it is said (again)."""
    items = _movable(account, names)
    wrong = next((item for item in items if to_level > item.level), None)
    if wrong is not None:
        at = f"at level {wrong.level}" if wrong.steps else "before its first step"
        raise ValueError(f"{wrong.title} is {at}: expected no higher level, or a skip")
    return _moves(account, items, to_level, policy, today, by, reason)


def reissue(account: Account, key: str, today: date, by: str) -> list[ev.Event]:
    """Let what a notice asked for be said again at its levels: a new attempt with the next repetition, after all gates
    and with the figures of its day; the moves name the old one. Only of a notice that did not arrive, or of which
    nobody knows whether it went out."""
    notice = account.notices.get(key)
    if notice is None:
        raise LookupError("no notice of this id")
    if notice.state != "unknown" and not (notice.state == "sent" and notice.delivery in NOT_ARRIVED):
        found = f"{notice.state}, {notice.delivery}" if notice.delivery else notice.state
        raise ValueError(f"expected a notice that is unknown or did not arrive, found {found}")
    parts = [part for part in notice.items if _is_open(account, part)]
    if not parts:
        raise ValueError("nothing that this notice asked for is open")
    names = [part.item for part in parts]
    _movable(account, names)
    moves: list[ev.Event] = [ev.ItemMoved(part.item, part.level, today, f"reissue of {key}", by) for part in parts]
    tasks = [task for task in account.live("tasks") if task.about == key and task.kind in REISSUE_TASKS]
    return [*moves, *(ev.TaskClosed(task.key, "reissued", by) for task in tasks)]


def _is_open(account: Account, part: ev.NoticeItem) -> bool:
    item = account.items.get(part.item)
    return item is not None and item.state == "open" and item.episode == part.episode


def _movable(account: Account, names: Sequence[str]) -> list[Item]:
    items = open_items(account, names)
    if len(items) > MAX_PLAN_ITEMS:
        raise ValueError(f"expected at most {MAX_PLAN_ITEMS} invoices")
    on_its_way = next((item for item in items if item.notice), None)
    if on_its_way is not None:
        raise ValueError(f"a notice about {on_its_way.title} is on its way: expected to know its outcome first")
    return items


def _moves(
    account: Account, items: Sequence[Item], to_level: int, policy: Policy, today: date, by: str, reason: str
) -> list[ev.Event]:
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    if to_level not in scenario.levels:
        known = ", ".join(map(str, scenario.levels)) or "none"
        raise ValueError(f"the scenario {scenario.name} has the levels {known}: expected one of them")
    return [ev.ItemMoved(item.key, to_level, today, reason, by) for item in items]


# --- holds
def place_hold(account: Account, hold: ev.HoldPlaced) -> list[ev.Event]:
    """Place a hold on these invoices, or (none named) on the whole account. One for a customer's approval names its
    step, and the person there by the id of a contact, if known."""
    if hold.items:
        known = {name for item in account.items.values() for name in (item.key, item.number)}
        unknown = [item for item in hold.items if item not in known]
        if unknown:
            raise LookupError(f"no open invoice {unknown[0]} on this account")
    if hold.kind == CUSTOMER_APPROVAL:
        contacts = {str(contact["id"]) for contact in account.personal.get("contacts", [])}
        if hold.contact and hold.contact not in contacts:
            raise LookupError("no contact of this id on this account")
    elif hold.stage or hold.contact:
        raise ValueError(f"expected stage and contact with the kind {CUSTOMER_APPROVAL} alone")
    return [hold]


def end_holds(account: Account, hold: str, names: Sequence[str], today: date, by: str, reason: str) -> list[ev.Event]:
    """End one hold by its id; or all holds on these invoices, of which a hold on more goes on for the others; or,
    nothing named, all of the account."""
    if hold:
        found = account.holds.get(hold)
        if found is None or not found.is_live:
            raise LookupError("no hold of this id")
        return [ev.HoldEnded(hold, reason, today, by)]
    live = account.live("holds")
    if not names:
        if not live:
            raise LookupError("nothing of this account is held")
        return [ev.HoldEnded(one.key, reason, today, by) for one in live]
    return _released(account, live, open_items(account, names), today, by, reason)


def _released(
    account: Account, live: Sequence[Hold], items: Sequence[Item], today: date, by: str, reason: str
) -> list[ev.Event]:
    whole = next((one for one in live if not one.items), None)
    if whole is not None:
        raise ValueError(f"the whole account is held by {whole.key}: expected that hold, or no invoices")
    events: list[ev.Event] = []
    for one in live:
        if not any(concerns(one.items, item) for item in items):
            continue
        events.append(ev.HoldEnded(one.key, reason, today, by))
        left = tuple(key for key in one.items if not any(concerns((key,), item) for item in items))
        if left:
            rest = f"{one.key}~{account.version + 1}"
            events.append(ev.HoldPlaced(rest, left, one.until, one.reason, one.by, one.kind, one.stage, one.contact))
    if not events:
        raise LookupError("none of these invoices is held")
    return events


# --- approvals
def approve(account: Account, key: str, until: date, today: date, by: str, reason: str) -> list[ev.Event]:
    """Approve a proposed notice: it is decided anew, by that day's figures and gates, and goes out until ``until``."""
    approval = _asked(account, key)
    settled = ev.ApprovalSettled(approval.key, "approved", today, by, until, reason)
    return [settled, *_closed(account, "approve_notice", approval.key, "approved", by)]


def discard(account: Account, key: str, today: date, by: str, reason: str) -> list[ev.Event]:
    """Discard a proposed notice: its step does not count as done, and is proposed again on the next day."""
    approval = _asked(account, key)
    settled = ev.ApprovalSettled(approval.key, "discarded", today, by, None, reason)
    return [settled, *_closed(account, "approve_notice", approval.key, "discarded", by)]


def _asked(account: Account, key: str) -> Approval:
    found = account.approvals.get(key)
    if found is None or not found.is_live:
        raise LookupError("no proposed notice of this id")
    if found.state != "asked":
        raise ValueError(f"this notice is {found.state} already")
    return found


def _closed(account: Account, kind: str, about: str, result: str, by: str) -> list[ev.Event]:
    tasks = [task for task in account.live("tasks") if (task.kind, task.about) == (kind, about)]
    return [ev.TaskClosed(task.key, result, by) for task in tasks]


# --- hand-overs
def end_handover(account: Account, key: str, outcome: str, today: date, by: str, note: str) -> list[ev.Event]:
    """Record what became of a hand-over: collected, returned (the chase goes on), or uncollectable, which asks a person
    whether to write the invoices off."""
    found = account.handovers.get(key)
    if found is None or not found.is_live:
        raise LookupError("no open hand-over of this id")
    if outcome not in HANDOVER_OUTCOMES:
        raise ValueError(f"expected one of {', '.join(HANDOVER_OUTCOMES)}")
    events: list[ev.Event] = [ev.HandedOverEnded(key, outcome, today, by, note)]
    events += _closed(account, "hand_over", key, outcome, by)
    if outcome == "uncollectable":
        due = today + timedelta(days=WRITE_OFF_DAYS)
        events.append(ev.TaskOpened(f"write-off-{key[:24]}", "write_off", key, today, due))
    return events
