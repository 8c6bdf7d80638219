"""A customer's credit on a day: its terms, its limits with what stands behind them, its exposure, and what time ends.

Pure: account and policy in, data out. The score that gives the category is in ``duly.domain.risk``, the decision on a
sale in ``duly.domain.credit_decision``. See docs/credit.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.policy import Category, Policy
from duly.domain.risk import Exposure, exposures, limit_for

#: Promises broken longer ago no longer hold credit back.
BROKEN_PROMISE_DAYS: Final = 180
ONE_DAY: Final = timedelta(days=1)


# --- terms
def category_on(account: Account, day: date) -> str:
    """The category that counts for a sale of this day: the last one that the customer came into on an earlier day.

    A change counts from the next day on, so what a day's files say of it does not depend on their order.
    """
    return next((one.category for one in reversed(account.header.category_history) if one.on < day), "")


def default_days(account: Account, policy: Policy, issued: date) -> int:
    """Days to pay of an invoice issued on a day that states no due date: those agreed with the customer, else those of
    its category on that day, else the policy's."""
    if account.header.terms_days is not None:
        return account.header.terms_days
    category = policy.category(category_on(account, issued))
    return category.terms_days if category else policy.terms.default_days


def offered_days(account: Account, policy: Policy) -> int:
    """Days to pay to be offered with a sale that is decided now, under the category the customer has now."""
    if account.header.terms_days is not None:
        return account.header.terms_days
    category = policy.category(account.header.category)
    return category.terms_days if category else policy.terms.default_days


# --- limits
def limits_on(account: Account, policy: Policy, category: str, day: date) -> dict[str, int]:
    """The limit per currency on a day: the agreed one, else the category's; valid insurance replaces it (several are
    added), valid guarantees and deposits add to it. A currency without any of them has none."""
    limits = dict(limit_for(policy, category, account.header.limit_minor))
    valid = [cover for cover in account.header.covers if cover.is_valid(day)]
    insured = insured_on(account, day)
    for currency, amount_minor in insured.items():
        limits[currency] = amount_minor
    for cover in valid:
        if cover.kind != "insurance":
            limits[cover.currency] = limits.get(cover.currency, 0) + cover.amount_minor
    return limits


def insured_on(account: Account, day: date) -> dict[str, int]:
    """What valid credit insurance covers per currency; 0 where the insurer refused."""
    return _sums(
        (cover.currency, cover.amount_minor)
        for cover in account.header.covers
        if cover.kind == "insurance" and cover.is_valid(day)
    )


def secured_on(account: Account, currency: str, day: date) -> int:
    """What valid guarantees and deposits stand for in a currency."""
    return sum(
        cover.amount_minor
        for cover in account.header.covers
        if cover.kind != "insurance" and cover.currency == currency and cover.is_valid(day)
    )


def referable_minor(limit_minor: int, policy: Policy) -> int:
    """How far beyond a limit a person may still release a sale; beyond that it is refused."""
    return limit_minor * policy.risk.refer_over_percent // 100


def security_of(account_category: str, policy: Policy) -> str:
    """The security that a category asks for before a sale; empty when it asks for none."""
    category = policy.category(account_category)
    return category.security if category else ""


def order_ends(policy: Policy, on: date) -> date:
    """The last day on which an order placed on a day counts, when it states none itself."""
    return on + timedelta(days=policy.risk.order_days)


def exposures_on(
    account: Account, policy: Policy, category: str, day: date, without_order: str = ""
) -> tuple[Exposure, ...]:
    """Exposure, limit and headroom per currency on a day; ``without_order`` leaves that order out. What was demanded
    beside an invoice's amount is owed as well."""
    open_items = _sums((item.currency, item.due_minor) for item in account.live("items") if item.state == "open")
    ordered = _sums(
        (order.currency, order.remaining_minor)
        for order in account.live("orders")
        if order.key != without_order and (order.until is None or day <= order.until)
    )
    unapplied = _sums((cash.currency, cash.unallocated_minor) for cash in account.live("cash"))
    return exposures(open_items, limits_on(account, policy, category, day), ordered, unapplied)


def _sums(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for currency, amount_minor in parts:
        totals[currency] = totals.get(currency, 0) + amount_minor
    return totals


# --- the hold
def broken_lately(account: Account, day: date) -> int:
    """How many promises were broken within BROKEN_PROMISE_DAYS before a day."""
    return sum(day - on < timedelta(days=BROKEN_PROMISE_DAYS) for on in account.header.broken_on)


# --- what time does
def credit_upkeep(account: Account, policy: Policy, today: date) -> list[ev.Event]:
    """Return what ended before today: covers, overrides, orders; and the task of a review whose day has come."""
    events: list[ev.Event] = [
        ev.CoverEnded(cover.key, "expired", today) for cover in account.header.covers if not cover.is_valid(today)
    ]
    events += [
        ev.OverrideEnded(override.key, "expired", today)
        for override in account.live("overrides")
        if today > override.until
    ]
    events += [
        ev.OrderEnded(order.key, "expired", today)
        for order in account.live("orders")
        if order.until is not None and today > order.until
    ]
    review = review_day(account, policy)
    if review is not None and today >= review:
        task = f"review-{today.isoformat()}"
        events.append(ev.TaskOpened(task, "credit_review", account.id, today, today, account.header.category))
    return events


def review_day(account: Account, policy: Policy) -> date | None:
    """The day on which a person should review the customer, by its category; None when nobody is to be asked, or is
    asked already."""
    header = account.header
    category: Category | None = policy.category(header.category)
    if category is None or category.review_days is None or not header.category_history:
        return None
    if any(task.kind == "credit_review" for task in account.live("tasks")):
        return None
    since = max(header.category_history[-1].on, header.reviewed_on or date.min)
    return since + timedelta(days=category.review_days)


def credit_days(account: Account, policy: Policy) -> list[date]:
    """The days on which time alone may change something of the credit: when covers, overrides and orders are over, on
    which the account is scored again or reviewed, and on which the hold may come or lift."""
    header = account.header
    days = [cover.until + ONE_DAY for cover in header.covers if cover.until is not None]
    days += [override.until + ONE_DAY for override in account.live("overrides")]
    days += [order.until + ONE_DAY for order in account.live("orders") if order.until is not None]
    if header.scored_on is not None:
        days.append(header.scored_on + timedelta(days=policy.risk.review_days))
        days += _hold_days(account, policy)
    review = review_day(account, policy)
    return [*days, review] if review is not None else days


def _hold_days(account: Account, policy: Policy) -> list[date]:
    """The day on which the oldest open item is overdue too long, and on which a broken promise is forgotten."""
    hold, reasons = policy.risk.hold, account.header.credit_hold
    days = []
    dues = [item.due for item in account.live("items") if item.is_overdue_on(date.max)]
    if dues and hold.overdue_days and "overdue_days" not in reasons:
        days.append(min(dues) + timedelta(days=hold.overdue_days))
    if "broken_promises" in reasons:
        counted = account.header.broken_on[-hold.broken_promises :]
        days.append(counted[0] + timedelta(days=BROKEN_PROMISE_DAYS))
    return days


# --- merging
def credit_from(source: Account, account: Account) -> list[ev.Event]:
    """Return what takes the open orders, covers and overrides of an account that was merged away over to this one,
    which holds those of the same ids, open or ended. What it has already is left alone."""
    events: list[ev.Event] = []
    for order in source.live("orders"):
        if order.key not in account.orders:
            details = (order.on, order.by, order.until, order.decision, order.invoiced_minor)
            events.append(ev.OrderPlaced(order.key, order.amount_minor, order.currency, *details))
    known = {cover.key for cover in account.header.covers}
    for cover in source.header.covers:
        if cover.key not in known:
            end = (cover.until, cover.on, cover.by)
            events.append(ev.CoverSet(cover.key, cover.kind, cover.currency, cover.amount_minor, *end))
    for override in source.live("overrides"):
        key = moved_override(source, override.key)
        if key not in account.overrides:
            grounds = (override.by, override.reason, override.until, override.on)
            events.append(ev.OverrideGranted(key, *grounds, override.amount_minor, override.currency))
    return events


def moved_override(source: Account, key: str) -> str:
    """The id of an override where its account was merged into: each account counts its own."""
    return f"{key}@{source.id[:12]}"


def credit_left(account: Account, today: date) -> list[ev.Event]:
    """Return what ends orders, covers and overrides on the account that was merged away."""
    return [
        *(ev.OrderEnded(order.key, "moved", today) for order in account.live("orders")),
        *(ev.CoverEnded(cover.key, "moved", today) for cover in account.header.covers),
        *(ev.OverrideEnded(override.key, "moved", today) for override in account.live("overrides")),
    ]
