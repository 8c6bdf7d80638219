"""Finance's decisions about money on an account: writing off, refunding, exchanging, accepting a reason, waiving."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from duly.domain import events as ev
from duly.domain import overpayments, short_payments
from duly.domain.account import Account, owed_for
from duly.domain.charges_due import waive_charges
from duly.domain.money import parse_minor
from duly.domain.policy import Policy

MAX_TEXT = 200  # characters of a text in a decision: keys of a table and entries of a journal are bounded
REASON = re.compile(r"[a-z][a-z0-9_]{0,39}")  # the code of a dispute's reason

Also = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a decision needs loaded (linked), and the events that it becomes on the account as it stands."""

    also: Also
    events: Callable[[Account, date], list[ev.Event]]


def plan(request: Mapping[str, Any], policy: Policy) -> Plan:
    """Return how a decision about money is carried out. Raises KeyError for a field that is missing and ValueError for
    one that is no text, or too long; ``events`` raises LookupError and ValueError for what is not possible.

    Amounts are texts such as "12.30" in the currency of the invoice or payment; one left out means all that is open.
    """
    return _PLANS[str(request["action"])](request, policy)


def _text(request: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = request[name] if default is None else request.get(name) or default
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValueError(f"expected a text of at most {MAX_TEXT} characters in the field {name}")
    return value


def _amount(text: str, currency: str, whole_minor: int) -> int:
    return parse_minor(text, currency) if text else whole_minor


def _write_off(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    item, reason, by = _text(request, "item"), _text(request, "reason"), _text(request, "by")
    kind, amount = _text(request, "kind", "write_off"), _text(request, "amount", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        keys = owed_for(account, item)
        found = account.items[keys[0]] if len(keys) == 1 else None
        minor = _amount(amount, found.currency, found.outstanding_minor) if found else 0
        return short_payments.write_off(account, item, minor, kind, reason, by, today)

    return Plan([("items", item)], events)


def _undo_write_off(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    adjustment, by = _text(request, "adjustment"), _text(request, "by")

    def events(account: Account, today: date) -> list[ev.Event]:
        del today
        return short_payments.undo_write_off(account, adjustment, by)

    return Plan([("cash", adjustment)], events)


def _refund(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    cash, by, reason = _text(request, "transaction"), _text(request, "by"), _text(request, "reason", "")
    amount = _text(request, "amount", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        found = account.cash.get(cash)
        minor = _amount(amount, found.currency, found.unallocated_minor) if found else 0
        return overpayments.refund(account, cash, minor, by, today, reason)

    return Plan([("cash", cash)], events)


def _undo_refund(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    cash, refund, by = _text(request, "transaction"), _text(request, "refund"), _text(request, "by")
    return Plan([("cash", cash)], lambda account, today: overpayments.undo_refund(account, cash, refund, by, today))


def _exchange(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    cash, item, by = _text(request, "transaction"), _text(request, "item"), _text(request, "by")
    amount, into, rate = _text(request, "amount", ""), _text(request, "into"), _text(request, "rate")
    _check_rate(rate)

    def events(account: Account, today: date) -> list[ev.Event]:
        found, owed = account.cash.get(cash), account.items.get(item)
        minor = _amount(amount, found.currency, found.unallocated_minor) if found else 0
        into_minor = parse_minor(into, owed.currency) if owed else 0
        return overpayments.exchange(account, cash, item, minor, into_minor, rate, by, today)

    return Plan([("cash", cash), ("items", item)], events)


def _check_rate(text: str) -> None:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ValueError("expected a rate such as 0.9215") from None
    if not rate.is_finite() or rate <= 0:
        raise ValueError("expected a rate above zero, such as 0.9215")


def _undo_exchange(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    cash, key, by = _text(request, "transaction"), _text(request, "exchange"), _text(request, "by")

    def events(account: Account, today: date) -> list[ev.Event]:
        return overpayments.reverse_exchange(account, cash, key, by, today)

    return Plan([("cash", cash), ("cash", key)], events)


def _deduction(request: Mapping[str, Any], policy: Policy) -> Plan:
    item, reason = _text(request, "item"), _text(request, "reason")
    if not REASON.fullmatch(reason):
        raise ValueError("expected the code of a reason, such as short_delivery, price or damaged")

    def events(account: Account, today: date) -> list[ev.Event]:
        return short_payments.deduct(account, item, reason, today, policy)

    return Plan([("items", item)], events)


def _waive_charges(request: Mapping[str, Any], policy: Policy) -> Plan:
    del policy
    item, reason, by = _text(request, "item"), _text(request, "reason"), _text(request, "by")
    kind, amount = _text(request, "kind", ""), _text(request, "amount", "")

    def events(account: Account, today: date) -> list[ev.Event]:
        found = account.items.get(item)
        minor = parse_minor(amount, found.currency) if found and amount else None
        return waive_charges(account, item, kind, minor, reason, by, today)

    return Plan([("items", item)], events)


_PLANS: dict[str, Callable[[Mapping[str, Any], Policy], Plan]] = {
    "write_off": _write_off,
    "undo_write_off": _undo_write_off,
    "refund": _refund,
    "undo_refund": _undo_refund,
    "exchange": _exchange,
    "undo_exchange": _undo_exchange,
    "deduction": _deduction,
    "waive_charges": _waive_charges,
}
ACTIONS = tuple(_PLANS)
