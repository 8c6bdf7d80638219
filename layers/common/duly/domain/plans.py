"""Payment plans and promises: how they are made, how cash decides them, what ends them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import MAX_MARKED_ITEMS, Account, owed_for
from duly.domain.entities import Item, Plan, Promise, concerns
from duly.domain.money import format_minor
from duly.domain.policy import Policy

MAX_PLAN_INSTALMENTS = 60  # five years of monthly instalments
MAX_PLAN_ITEMS = MAX_MARKED_ITEMS  # a broken plan marks all its items in one transaction

Instalments = tuple[tuple[date, int], ...]


# --- what they are about
def open_items(account: Account, names: Sequence[str]) -> list[Item]:
    """Return the open items that these names (invoices, instalments, replaced invoices) are owed under now, each once.

    Raises LookupError for a name under which nothing is open.
    """
    found: dict[str, Item] = {}
    for name in names:
        items = [account.items[key] for key in owed_for(account, name)]
        still_open = [item for item in items if item.state == "open"]
        if not still_open:
            raise LookupError(f"no open invoice {name} on this account")
        found |= {item.key: item for item in still_open}
    return list(found.values())


def _concerned(account: Account, names: Iterable[str]) -> list[Item]:
    names = tuple(names)
    return [item for item in account.live("items") if item.state == "open" and concerns(names, item)]


def paid_minor(account: Account, word: Promise | Plan) -> int:
    """Return what was paid of the items of a promise or plan since it was made, costs and interest included, in minor
    units. An item that is not loaded is closed, so nothing of it is open."""
    open_minor = sum(item.outstanding_minor for item in _concerned(account, word.items))
    return word.open_at_start_minor - open_minor + word.charges_paid_minor


def holds_chase(account: Account, promise: Promise) -> bool:
    """Whether a promise keeps its items out of the chase: at once, or (where the policy wanted that) only from a first
    payment on."""
    return not promise.needs_payment or paid_minor(account, promise) > 0


# --- making them
def make_promise(
    account: Account,
    key: str,
    names: Sequence[str],
    day: date,
    amount_minor: int,
    policy: Policy,
    today: date,
    by: str,
    reason: str = "",
) -> list[ev.Event]:
    """Return the promise that a person took down: these invoices (or so much of them, 0 for all) by ``day``.

    Raises LookupError for an invoice that is not open, ValueError for a day that is past, an amount that is not owed
    in one currency, or an invoice that is promised, in a plan, disputed or handed over already.
    """
    items = open_items(account, names)
    _check_free(account, items, ("promises", "plans"))
    if day < today:
        raise ValueError(f"expected a day from {today} on")
    currencies = {item.currency for item in items}
    if amount_minor and (len(currencies) > 1 or not 0 < amount_minor <= sum(item.due_minor for item in items)):
        raise ValueError("expected an amount of one currency, no more than is open of these invoices")
    return [
        ev.PromiseMade(
            promise=key,
            items=tuple(item.key for item in items),
            date=day,
            until=day + timedelta(days=policy.promises.grace_days),
            made=today,
            currency=min(currencies) if amount_minor else "",
            amount_minor=amount_minor,
            by=by,
            reason=reason,
            needs_payment=policy.promises.needs_partial_payment,
        )
    ]


def make_plan(
    account: Account,
    key: str,
    names: Sequence[str],
    instalments: Instalments,
    policy: Policy,
    today: date,
    by: str,
    reason: str = "",
    reply: str = "",
) -> list[ev.Event]:
    """Return the payment plan that was agreed: instalments (due day, minor units) that together are what is open of
    these invoices, with or without costs and interest. It stands for promises about the same invoices.

    Raises LookupError and ValueError as ``make_promise`` does, and for instalments that do not rise by day from today
    on or are not that sum.
    """
    items = open_items(account, names)
    _check_free(account, items, ("plans",))
    if len(items) > MAX_PLAN_ITEMS:
        raise ValueError(f"expected at most {MAX_PLAN_ITEMS} invoices in a plan")
    if len({item.currency for item in items}) > 1:
        raise ValueError("expected invoices of one currency in a plan")
    _check_instalments(instalments, items, today)
    keys = tuple(item.key for item in items)
    made = ev.PlanMade(
        plan=key,
        items=keys,
        instalments=instalments,
        currency=items[0].currency,
        made=today,
        grace_days=policy.promises.grace_days,
        by=by,
        reply=reply,
        reason=reason,
    )
    return [*_cancelled(account, "promises", keys, today, by), made]


def _check_free(account: Account, items: Sequence[Item], kinds: Sequence[str]) -> None:
    """Raise ValueError for an item that something else already speaks for."""
    words = {"promises": "promised", "plans": "in a payment plan", "disputes": "disputed", "handovers": "handed over"}
    for kind in (*kinds, "disputes", "handovers"):
        named = [name for one in account.live(kind) for name in one.items]
        taken = next((item for item in items if concerns(named, item)), None)
        if taken is not None:
            raise ValueError(f"{taken.title} is {words[kind]} already")


def _check_instalments(instalments: Instalments, items: Sequence[Item], today: date) -> None:
    if not 1 <= len(instalments) <= MAX_PLAN_INSTALMENTS:
        raise ValueError(f"expected 1 to {MAX_PLAN_INSTALMENTS} instalments")
    days = [day for day, _ in instalments]
    if days[0] < today or any(later <= earlier for earlier, later in zip(days, days[1:], strict=False)):
        raise ValueError(f"expected instalments with rising days from {today} on")
    if min(minor for _, minor in instalments) <= 0:
        raise ValueError("expected instalments over an amount")
    total = sum(minor for _, minor in instalments)
    principal, whole = sum(item.outstanding_minor for item in items), sum(item.due_minor for item in items)
    if total not in (principal, whole):
        expected = " or ".join(format_minor(minor, items[0].currency) for minor in sorted({principal, whole}))
        raise ValueError(
            f"expected instalments of {expected} {items[0].currency} together: what is open of these invoices"
        )


# --- what decides them
def settle_plans(account: Account, today: date, final: bool) -> list[ev.Event]:
    """Return the outcomes that cash decides: kept once all instalments are paid or nothing is owed any more; with
    ``final``, broken when less was paid than the instalments that are due, their days of grace over, come to.

    Only ``final`` breaks a plan, once a day's money is in: within one day the order of payments decides nothing. A
    person may only cancel one.
    """
    events: list[ev.Event] = []
    for plan in account.live("plans"):
        outcome = _outcome(account, plan, today, final)
        if outcome:
            events.append(ev.PlanSettled(plan.key, outcome, today))
    return events


def _outcome(account: Account, plan: Plan, today: date, final: bool) -> str:
    owed_minor = sum(item.due_minor for item in _concerned(account, plan.items))
    if owed_minor == 0 and plan.open_at_start_minor <= 0:
        return "cancelled"  # all of it was cancelled or written off: nothing was owed any more
    paid = paid_minor(account, plan)
    if owed_minor == 0 or paid >= sum(minor for _, minor in plan.instalments):
        return "kept"
    return "broken" if final and paid < _expected_minor(plan, today) else ""


def _expected_minor(plan: Plan, today: date) -> int:
    """What must have been paid by the day before, in minor units."""
    return sum(minor for day, minor in plan.instalments if today > day + timedelta(days=plan.grace_days))


def next_plan_day(account: Account, plan: Plan) -> date | None:
    """Return the first day on which the plan is broken unless more is paid by then; None when all is paid."""
    paid, expected = paid_minor(account, plan), 0
    for day, minor in plan.instalments:
        expected += minor
        if paid < expected:
            return day + timedelta(days=plan.grace_days + 1)
    return None


# --- what ends them
def cancel_words(account: Account, names: Iterable[str], today: date, by: str = "") -> list[ev.Event]:
    """Return the end of promises and plans about any of these items: a dispute or a new agreement stands for them."""
    names = tuple(names)
    return [event for kind in ("promises", "plans") for event in _cancelled(account, kind, names, today, by)]


def _cancelled(account: Account, kind: str, names: Sequence[str], today: date, by: str) -> list[ev.Event]:
    items = _concerned(account, names)
    ended = [one for one in account.live(kind) if any(concerns(one.items, item) for item in items)]
    if kind == "promises":
        return [ev.PromiseSettled(one.key, "cancelled", today, by) for one in ended]
    return [ev.PlanSettled(one.key, "cancelled", today, by) for one in ended]
