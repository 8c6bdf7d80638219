"""What came of a call: its result closes the task and does what a plain reply saying the same would do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.calendar import add_business_days
from duly.domain.contesting import contested_of, currency_of
from duly.domain.entities import Task, concerns
from duly.domain.plans import cancel_words, make_promise
from duly.domain.policy import Policy
from duly.domain.steering import CUSTOMER_APPROVAL

MAX_CALLS = 3  # about one notice; nobody answers at any of them: another way has to be found
COPY_HOLD_DAYS = 7  # for an invoice sent again to arrive and be read
VOID = "void"  # result of a task that nobody needs to do any more
VOIDED_BY_CASH = frozenset({"call", "find_another_way", "post_letter"})  # kinds of tasks about a notice
MAX_DETAIL = 200  # characters of a task's detail
MAX_DISPUTED_ITEMS = 50  # of one call: what one event can mark


@dataclass(frozen=True, slots=True)
class CallResult:
    """What the caller heard. ``day``: of the promise, of the payment or payment run, or of the next look; ``items``:
    the invoices it is about, none for all of the notice; ``holidays`` None: none are known for the country."""

    code: str
    by: str
    reason: str = ""
    day: date | None = None
    amount_minor: int = 0
    stage: str = ""
    contact: str = ""
    items: tuple[str, ...] = ()
    holidays: frozenset[date] | None = None


def record_call(account: Account, task: str, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    """Return what a call's result does: the task is closed, and

    - voicemail, unreachable: a new call on the next business day, at most MAX_CALLS in all, then a task to find another
      way;
    - invoice_not_received: a task to send a copy, and a hold until it can have been read;
    - awaiting_approval: a hold of that kind until the day of the next look;
    - dispute: opened, with a reason code and perhaps an amount; it ends promises and plans;
    - in_payment_run, paid: a hold of the policy's days after the day of the run or payment;
    - promise: made, for a day.

    Raises LookupError for a task that is no open call and for an invoice that is not open, ValueError for an unknown
    code or what a code needs and does not have.
    """
    call = account.tasks.get(task)
    if call is None or not call.is_live or call.kind != "call":
        raise LookupError("no open call of this id")
    follow = _CODES.get(heard.code)
    if follow is None:
        raise ValueError(f"expected one of {', '.join(CODES)}")
    if heard.day is not None and heard.code in ("promise", "awaiting_approval") and heard.day < today:
        raise ValueError(f"expected a day from {today} on")
    closed = ev.TaskClosed(call.key, heard.code, heard.by)
    return [closed, *follow(account, call, heard, policy, today)]


def void_tasks(account: Account) -> list[ev.Event]:
    """Return the end of calls and letters about notices of which nothing is open any more: nobody is called, or sent a
    letter, about what was paid meanwhile.

    Told by the steps of the items, which name their notice; a task is left alone when none of its items is loaded.
    """
    events: list[ev.Event] = []
    for task in account.live("tasks"):
        if task.kind not in VOIDED_BY_CASH or not task.about:
            continue
        named = [item for item in account.items.values() if any(step.notice == task.about for step in item.steps)]
        if named and not any(item.state == "open" for item in named):
            events.append(ev.TaskClosed(task.key, VOID))
    return events


def _concerned(account: Account, call: Task, heard: CallResult) -> tuple[str, ...]:
    """The open items that the call was about: those named, else those of the notice that asked for it, else all that
    are overdue at its opening."""
    notice = account.notices.get(call.about)
    names: Sequence[str] = heard.items or [part.item for part in (notice.items if notice else ())]
    if heard.items or notice:
        keys = dict.fromkeys(key for name in names for key in owed_for(account, name))
        found = tuple(key for key in keys if account.items[key].state == "open")
    else:
        items = (item for item in account.live("items") if item.is_overdue_on(call.opened))
        found = tuple(item.key for item in items)
    if not found:
        raise LookupError("nothing that this call was about is open")
    return found


def _not_reached(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    del account
    root, _, number = call.key.partition("~")
    count = int(number or 1)
    if count >= MAX_CALLS:
        return [ev.TaskOpened(f"other-way-{root}", "find_another_way", call.about, today, today, call.detail)]
    due = add_business_days(today, 1, policy.contact.days, heard.holidays or frozenset())
    return [ev.TaskOpened(f"{root}~{count + 1}", "call", call.about, today, due, call.detail)]


def _hold(account: Account, call: Task, heard: CallResult, until: date, reason: str) -> ev.HoldPlaced:
    return ev.HoldPlaced(f"H-{call.key}", _concerned(account, call, heard), until, reason, heard.by)


def _not_received(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    del policy
    hold = _hold(account, call, heard, today + timedelta(days=COPY_HOLD_DAYS), "invoice_not_received")
    numbers = ",".join(dict.fromkeys(account.items[key].number for key in hold.items))
    task = ev.TaskOpened(f"copy-{call.key}", "send_copy", call.about, today, today, numbers[:MAX_DETAIL])
    return [task, hold]


def _awaiting(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    until = heard.day or today + timedelta(days=max(1, policy.gates.unread_reply_hold_days))
    items = _concerned(account, call, heard)
    return [
        ev.HoldPlaced(
            f"H-{call.key}",
            items,
            until,
            "awaiting_approval",
            heard.by,
            CUSTOMER_APPROVAL,
            heard.stage,
            heard.contact,
        )
    ]


def _disputed(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    if not heard.reason:
        raise ValueError("expected the reason of the dispute, such as price, quantity or quality")
    contested = [name for dispute in account.live("disputes") for name in dispute.items]
    keys = [key for key in _concerned(account, call, heard) if not concerns(contested, account.items[key])]
    items = tuple(keys[:MAX_DISPUTED_ITEMS])
    if not items:
        raise ValueError("all of it is disputed already")
    in_dispute = contested_of(account, items, heard.amount_minor, policy)
    opened = ev.DisputeOpened(
        dispute=f"D-{call.key}",
        items=items,
        reason=heard.reason,
        owner=policy.disputes.owner_key(heard.reason),
        deadline=today + timedelta(days=policy.disputes.deadline_days),
        opened=today,
        contested=in_dispute,
        currency=currency_of(account, in_dispute),
    )
    return [*cancel_words(account, items, today, heard.by), opened]


def _paying(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    until = max(today, heard.day or today) + timedelta(days=policy.gates.paid_hold_days)
    return [_hold(account, call, heard, until, "says_paid" if heard.code == "paid" else heard.code)]


def _promised(account: Account, call: Task, heard: CallResult, policy: Policy, today: date) -> list[ev.Event]:
    if heard.day is None:
        raise ValueError("expected the day of the promise")
    names = _concerned(account, call, heard)
    key = f"P-{call.key}"
    return make_promise(account, key, names, heard.day, heard.amount_minor, policy, today, heard.by, heard.reason)


_CODES: dict[str, Callable[[Account, Task, CallResult, Policy, date], list[ev.Event]]] = {
    "voicemail": _not_reached,
    "unreachable": _not_reached,
    "invoice_not_received": _not_received,
    "awaiting_approval": _awaiting,
    "dispute": _disputed,
    "in_payment_run": _paying,
    "paid": _paying,
    "promise": _promised,
}
CODES = tuple(_CODES)
