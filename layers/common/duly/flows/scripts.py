"""The script of a call that waits as a task: made from the account as it is when it is looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice

from duly.domain.account import Account
from duly.domain.entities import Item, Task
from duly.domain.policy import Policy
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.report_people import CallLine
from duly.mail.script import CallView, Due, render_script

ALL_ITEMS = 50  # invoices in one script
MAX_SCRIPTS = 20  # of one list: nobody makes more calls before looking at it again


def call_script(account: Account, task: Task, policy: Policy, today: date) -> str:
    """Return what to say in a call: about the items of the notice that asked for it, as far as they are open; without
    a notice about all that is overdue."""
    items = _items(account, task, today)
    steps = [step.on for item in items for step in item.steps if step.notice != task.about]
    view = CallView(
        language=policy.creditor.language,
        creditor=policy.creditor.name,
        customer=str(account.personal.get("name", "")) or account.header.customer,
        items=tuple(Due(item.title, item.due, item.due_minor, item.currency) for item in items),
        numbers=tuple(
            (contact["phone"], contact.get("role", ""))
            for contact in account.personal.get("contacts", [])
            if contact.get("phone")
        ),
        last_notice=max(steps, default=None),
    )
    return render_script(view)


def scripts_of(edge: Edge, calls: Iterable[CallLine], now: datetime) -> dict[tuple[str, str], str]:
    """Return the scripts of the first calls of a list, by account and task."""
    found = {}
    for call in islice(calls, MAX_SCRIPTS):
        also = [("notices", call.about)] if call.about else []
        account = edge.accounts.load(call.account, also)
        if call.task in account.tasks:
            today = today_of(account, edge.policy(), now)
            found[call.account, call.task] = call_script(account, account.tasks[call.task], edge.policy(), today)
    return found


def _items(account: Account, task: Task, today: date) -> list[Item]:
    notice = account.notices.get(task.about)
    named = [part.item for part in notice.items] if notice else []
    found = [account.items[key] for key in named if key in account.items]
    if notice is None:
        found = [item for item in account.live("items") if item.is_overdue_on(today)]
    still_open = [item for item in found if item.state == "open" and item.due_minor > 0]
    return sorted(still_open, key=lambda item: (item.due, item.key))[:ALL_ITEMS]
