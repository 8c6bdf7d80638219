"""Persons' decisions about the chase: promises, payment plans, moves, holds, approvals, call results, hand-overs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from duly.domain import events as ev
from duly.domain import plans, steering
from duly.domain.account import Account
from duly.domain.calls import CallResult, record_call
from duly.domain.money import parse_minor
from duly.domain.policy import Policy
from duly.flows.edge import Edge
from duly.formats.fields import LAST_YEAR
from duly.store.queues import ACCOUNT, Message

MAX_TEXT = 200  # characters of a text in a decision: keys of a table and entries of a journal are bounded
MAX_ITEMS = 100  # invoices named in one decision
REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")  # the code of a dispute's reason, or of a step of a customer's approval

Also = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision needs loaded, and the events that it becomes on the account as it stands. ``wakes``: the account
    is looked at again at once."""

    events: Callable[[Account, date], list[ev.Event]]
    also: Also = field(default_factory=list)
    wakes: bool = False


def decision(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    """Return how a decision about the chase is carried out. Raises KeyError for a field that is missing and ValueError
    for one that cannot be read; ``events`` raises LookupError and ValueError for what is not possible.

    Amounts are texts such as "12.30" in the currency of the invoices; days are ISO dates.
    """
    return _DECISIONS[str(request["action"])](edge, request, policy, now)


def wake(edge: Edge, account_id: str, cause: str, now: datetime) -> None:
    """Let an account be looked at at once, as a tick does: what was approved goes out now if its gates are open."""
    body = {"type": "account", "account": account_id, "time": now.isoformat(), "chase": True}
    edge.queues.send(ACCOUNT, Message(body, account_id, f"{cause}|{account_id}"))


# --- fields
def _text(request: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = request[name] if default is None else request.get(name) or default
    if not isinstance(value, str) or not (value.strip() or default is not None):
        raise ValueError(f"expected a text in the field {name}")
    if len(value) > MAX_TEXT:
        raise ValueError(f"expected at most {MAX_TEXT} characters in the field {name}")
    return value.strip()


def _day(request: Mapping[str, Any], name: str) -> date:
    try:
        day = date.fromisoformat(_text(request, name))
    except ValueError:
        raise ValueError(f"expected a day such as 2026-03-31 in the field {name}") from None
    if day.year > LAST_YEAR:
        raise ValueError(f"expected a year up to {LAST_YEAR} in the field {name}")
    return day


def _some_day(request: Mapping[str, Any], name: str) -> date | None:
    return _day(request, name) if request.get(name) else None


def _items(request: Mapping[str, Any], least: int = 1) -> tuple[str, ...]:
    """The invoices under ``items``, or the one under ``item``."""
    found: Any = request.get("items", [request["item"]] if "item" in request else [])
    if not isinstance(found, Sequence) or isinstance(found, str) or not all(isinstance(one, str) for one in found):
        raise ValueError("expected items as a list of invoice numbers")
    if not least <= len(found) <= MAX_ITEMS:
        raise ValueError(f"expected {least} to {MAX_ITEMS} invoices in the field items")
    return tuple(dict.fromkeys(found))


def _level(request: Mapping[str, Any]) -> int:
    value = request["to_level"]
    plain = str(value)
    if isinstance(value, bool) or not (plain.isascii() and plain.isdecimal() and len(plain) < 4):
        raise ValueError("expected a level of the scenario, such as 2, in the field to_level")
    return int(plain)


def _code(request: Mapping[str, Any], name: str) -> str:
    value = _text(request, name, "")
    if value and not REASON.fullmatch(value):
        raise ValueError(f"expected a code such as price or goods_receipt in the field {name}")
    return value


def _currency_of(account: Account, names: Sequence[str]) -> str:
    currencies = {item.currency for item in plans.open_items(account, names)}
    if len(currencies) > 1:
        raise ValueError("expected invoices of one currency")
    return min(currencies)


def _named(names: Sequence[str]) -> Also:
    return [("items", name) for name in names]


# --- promises and plans
def _promise(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, now
    names, day, amount = _items(request), _day(request, "date"), _text(request, "amount", "")
    by, reason = _text(request, "by"), _text(request, "reason", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        minor = parse_minor(amount, _currency_of(account, names)) if amount else 0
        if amount and minor <= 0:
            raise ValueError("expected an amount above zero")
        key = f"P-{account.version + 1}-{today.isoformat()}"
        return plans.make_promise(account, key, names, day, minor, policy, today, by, reason)

    return Decision(events, _named(names))


def _plan(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, now
    names, stated = _items(request), _instalments(request["instalments"])
    by, reason = _text(request, "by"), _text(request, "reason", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        currency = _currency_of(account, names)
        instalments = tuple((day, parse_minor(amount, currency)) for day, amount in stated)
        key = f"Z-{account.version + 1}-{today.isoformat()}"
        return plans.make_plan(account, key, names, instalments, policy, today, by, reason)

    return Decision(events, _named(names))


def _instalments(given: Any) -> list[tuple[date, str]]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= plans.MAX_PLAN_INSTALMENTS:
        raise ValueError(f"expected 1 to {plans.MAX_PLAN_INSTALMENTS} instalments as a list")
    found = []
    for one in given:
        if not isinstance(one, Mapping):
            raise ValueError("expected each instalment as an object with due and amount")
        found.append((_day(one, "due"), _text(one, "amount")))
    return found


def _cancel_promise(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    return _cancelled(request, "promise", "promises", ev.PromiseSettled)


def _cancel_plan(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    return _cancelled(request, "plan", "plans", ev.PlanSettled)


def _cancelled(
    request: Mapping[str, Any], field: str, kind: str, settled: type[ev.PromiseSettled] | type[ev.PlanSettled]
) -> Decision:
    """A word of the customer that should not be there."""
    key, by, reason = _text(request, field), _text(request, "by"), _text(request, "reason")

    def events(account: Account, today: date) -> list[ev.Event]:
        found = account.entities[kind].get(key)
        if found is None or not found.is_live:
            raise LookupError(f"no open {'payment plan' if field == 'plan' else field} of this id")
        return [settled(key, "cancelled", today, by, reason)]

    return Decision(events)


# --- moves and holds
def _move(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, now
    names, level, by, reason = _items(request), _level(request), _text(request, "by"), _text(request, "reason")
    rule = steering.skip if request["action"] == "skip" else steering.step_back

    def events(account: Account, today: date) -> list[ev.Event]:
        return rule(account, names, level, policy, today, by, reason)

    return Decision(events, _named(names))


def _reissue(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    key, by = _text(request, "notice"), _text(request, "by")

    def events(account: Account, today: date) -> list[ev.Event]:
        return steering.reissue(account, key, today, by)

    return Decision(events, [("notices", key)], wakes=True)


def _hold(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    items, until, reason = _items(request, 0), _day(request, "until"), _text(request, "reason")
    kind = _text(request, "kind", "hold")
    if kind not in ("hold", steering.CUSTOMER_APPROVAL):
        raise ValueError(f"expected the kind hold or {steering.CUSTOMER_APPROVAL}")
    by, stage, contact = _text(request, "by", ""), _code(request, "stage"), _text(request, "contact", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        key = f"H-{account.version + 1}-{today.isoformat()}"
        return steering.place_hold(account, ev.HoldPlaced(key, items, until, reason, by, kind, stage, contact))

    return Decision(events)


def _release(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    hold, names = _text(request, "hold", ""), _items(request, 0)
    by, reason = _text(request, "by", ""), _text(request, "reason", "person")

    def events(account: Account, today: date) -> list[ev.Event]:
        return steering.end_holds(account, hold, names, today, by, reason)

    return Decision(events, _named(names))


# --- approvals, calls, hand-overs
def _approve(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, now
    key, by, reason = _text(request, "approval"), _text(request, "by"), _text(request, "reason", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        until = today + timedelta(days=policy.gates.approval_days)
        return steering.approve(account, key, until, today, by, reason)

    return Decision(events, [("approvals", key)], wakes=True)


def _discard(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    key, by, reason = _text(request, "approval"), _text(request, "by"), _text(request, "reason", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        return steering.discard(account, key, today, by, reason)

    return Decision(events, [("approvals", key)])


def _call_result(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    task, amount, names = _text(request, "task"), _text(request, "amount", ""), _items(request, 0)
    present = edge.accounts.load(_text(request, "account"), [("tasks", task)])
    country = present.header.country
    heard = CallResult(
        code=_text(request, "code"),
        by=_text(request, "by"),
        reason=_code(request, "reason") if request.get("code") == "dispute" else _text(request, "reason", ""),
        day=_some_day(request, "date"),
        stage=_code(request, "stage"),
        contact=_text(request, "contact", ""),
        items=names,
        holidays=edge.holidays_around(country, now) if country else None,
    )
    about = present.tasks[task].about if task in present.tasks else ""

    def events(account: Account, today: date) -> list[ev.Event]:
        minor = parse_minor(amount, _currency_of(account, names or _of_notice(account, about))) if amount else 0
        return record_call(account, task, replace(heard, amount_minor=minor), policy, today)

    return Decision(events, [("tasks", task), *_notice(about), *_named(names)])


def _notice(about: str) -> Also:
    return [("notices", about)] if about else []


def _of_notice(account: Account, about: str) -> list[str]:
    """The invoices of a call's notice that are open still."""
    notice = account.notices.get(about)
    live = {item.key for item in account.live("items") if item.state == "open"}
    return [part.item for part in (notice.items if notice else ()) if part.item in live]


def _handover_outcome(edge: Edge, request: Mapping[str, Any], policy: Policy, now: datetime) -> Decision:
    del edge, policy, now
    key, outcome, by = _text(request, "handover"), _text(request, "outcome"), _text(request, "by")
    note = _text(request, "reason", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        return steering.end_handover(account, key, outcome, today, by, note)

    return Decision(events, [("handovers", key)])


_DECISIONS: dict[str, Callable[[Edge, Mapping[str, Any], Policy, datetime], Decision]] = {
    "promise": _promise,
    "cancel_promise": _cancel_promise,
    "plan": _plan,
    "cancel_plan": _cancel_plan,
    "skip": _move,
    "step_back": _move,
    "reissue": _reissue,
    "hold": _hold,
    "release": _release,
    "approve": _approve,
    "discard": _discard,
    "call_result": _call_result,
    "handover_outcome": _handover_outcome,
}
ACTIONS = tuple(_DECISIONS)
