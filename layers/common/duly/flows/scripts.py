"""The script of a call that waits as a task: made from the account as it is when it is looked at."""

from __future__ import annotations

from datetime import date

from duly.domain.account import Account
from duly.domain.entities import Item, Task
from duly.domain.policy import Policy
from duly.mail.script import CallView, Due, render_script

ALL_ITEMS = 50  # invoices in one script


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


def _items(account: Account, task: Task, today: date) -> list[Item]:
    notice = account.notices.get(task.about)
    named = [part.item for part in notice.items] if notice else []
    found = [account.items[key] for key in named if key in account.items]
    if notice is None:
        found = [item for item in account.live("items") if item.is_overdue_on(today)]
    still_open = [item for item in found if item.state == "open" and item.due_minor > 0]
    return sorted(still_open, key=lambda item: (item.due, item.key))[:ALL_ITEMS]
