"""The task to give back what a customer paid too much, under a policy that says so. Only a person sends money away."""

from __future__ import annotations

from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import is_refund
from duly.domain.money import format_minor

REFUND_WITHIN_DAYS = 14  # until the task is due: finance's habit of a fortnight, no law names a period
VOID = "void"  # the result of a task that has nothing left to be about


def reclaim(account: Account, cash: str, today: date) -> list[ev.Event]:
    """Return a task for money that leaves the account though a part of it was given back already: the customer has to
    give that part back, which no invoice says."""
    found = account.cash[cash]
    given_minor = sum(minor for key, minor in found.spent.items() if is_refund(key))
    if not given_minor:
        return []
    detail = f"{found.currency} {format_minor(given_minor, found.currency)}"
    due = today + timedelta(days=REFUND_WITHIN_DAYS)
    return [ev.TaskOpened(f"reclaim-{cash}-{account.version + 1}", "reclaim", cash, today, due, detail)]


def refund_tasks(account: Account, today: date) -> list[ev.Event]:
    """Return a task for each payment of which something is left while nothing is owed in its currency, once for each
    amount; and the end of a task whose money was used after all. Without a policy of refunds none is opened."""
    events: list[ev.Event] = []
    asked: set[str] = set()
    for task in (one for one in account.live("tasks") if one.kind == "refund"):
        cash = account.cash.get(task.about)
        if cash is not None and not cash.unallocated_minor:
            events.append(ev.TaskClosed(task.key, VOID))
        asked.add(task.about)
    if account.rules.overpayment != "refund" or account.header.merged_into:
        return events
    owing = {item.currency for item in account.live("items") if item.state == "open"}
    for cash in account.live("cash"):
        left = cash.unallocated_minor
        if (
            cash.is_money
            and left not in (0, cash.refund_asked_minor)
            and not {cash.currency, cash.key} & (owing | asked)
        ):
            detail = f"{cash.currency} {format_minor(left, cash.currency)}"
            due = today + timedelta(days=REFUND_WITHIN_DAYS)
            task_key = f"refund-{cash.key}-{account.version + 1}"
            events.append(ev.TaskOpened(task_key, "refund", cash.key, today, due, detail))
    return events
