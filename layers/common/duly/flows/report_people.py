"""What waits for persons about the chase, for lists: notices to approve, calls to make, plans, hand-overs, and invoices
in approval at the customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol, TypeVar

from duly.domain import codec
from duly.domain.entities import Approval, Handover, Hold, Notice, Plan
from duly.domain.steering import CUSTOMER_APPROVAL
from duly.store import keys
from duly.store.tables import Table

MAX_SHOWN = 50  # lines of a list that are read further: their invoices, notices and contacts

T = TypeVar("T")
Opened = tuple[tuple[str, ...], dict[str, int]]


class Details(Protocol):
    """Where lists read live entities."""

    table: Table

    def live(self, kind: str, form: type[T]) -> Iterator[tuple[str, T]]:
        """Yield the live entities of a kind with their accounts."""

    def open_of(self, account: str, item_keys: Sequence[str]) -> Opened:
        """Return the numbers of the items that are still open, and what is open of them by currency."""

    def personal_of(self, account: str) -> Mapping[str, Any]:
        """Return an account's personal item."""


class TaskLike(Protocol):
    """A task as the list of tasks has it."""

    @property
    def account(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def due(self) -> date | None: ...
    @property
    def opened(self) -> date: ...
    @property
    def about(self) -> str: ...
    @property
    def detail(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """A notice that waits for a person's yes, and what it would have asked for when it was proposed, in minor units."""

    account: str
    approval: str
    level: int
    channel: str
    total_minor: int
    currency: str
    invoices: tuple[str, ...]
    on: date
    until: date


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call to make. ``attempt`` counts the calls about the same notice; ``detail`` is the task's own."""

    account: str
    task: str
    due: date
    attempt: int
    about: str = ""
    detail: str = ""
    phone: str = ""
    invoices: tuple[str, ...] = ()
    amounts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A payment plan with its next instalment that is not paid; in minor units."""

    account: str
    plan: str
    invoices: tuple[str, ...]
    currency: str
    open_minor: int
    instalments: int
    paid: int  # instalments that are paid
    next_due: date
    next_minor: int  # what is missing until then
    until: date  # the last instalment's day


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """Invoices that an agency, lawyer or insurer has."""

    account: str
    handover: str
    to: str
    on: date
    invoices: tuple[str, ...]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AtCustomerLine:
    """Invoices that wait for a release at the customer, at a step, with a person there, until the next look."""

    account: str
    hold: str
    stage: str
    contact: str
    until: date
    invoices: tuple[str, ...]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class People:
    """The lists, what is due first at the top; each read further down to MAX_SHOWN lines only."""

    approvals: tuple[ApprovalLine, ...] = ()
    calls: tuple[CallLine, ...] = ()
    plans: tuple[PlanLine, ...] = ()
    handovers: tuple[HandoverLine, ...] = ()
    at_customer: tuple[AtCustomerLine, ...] = ()

    @property
    def accounts(self) -> list[str]:
        """The accounts of the lines that are shown."""
        lists: tuple[Sequence[Any], ...] = (self.approvals, self.calls, self.plans, self.handovers, self.at_customer)
        return [line.account for lines in lists for line in lines[:MAX_SHOWN]]


def gather_people(details: Details, tasks: Sequence[TaskLike]) -> People:
    """Return the lists. ``tasks`` are the open tasks, of which the calls are told."""
    return People(
        approvals=_approvals(details),
        calls=_calls(details, tasks),
        plans=_plans(details),
        handovers=_handovers(details),
        at_customer=_at_customer(details),
    )


def _approvals(details: Details) -> tuple[ApprovalLine, ...]:
    lines = [
        ApprovalLine(
            account,
            one.key,
            one.level,
            one.channel,
            one.total_minor,
            one.currency,
            details.open_of(account, [part.item for part in one.items])[0],
            one.on,
            one.until,
        )
        for account, one in details.live("approvals", Approval)
        if one.state == "asked"
    ]
    return tuple(sorted(lines, key=lambda line: (line.until, line.account, line.approval)))


def _calls(details: Details, tasks: Sequence[TaskLike]) -> tuple[CallLine, ...]:
    waiting = sorted(
        (task for task in tasks if task.kind == "call"), key=lambda one: (one.due or one.opened, one.account, one.task)
    )
    lines = []
    for place, task in enumerate(waiting):
        number = task.task.partition("~")[2]
        line = CallLine(task.account, task.task, task.due or task.opened, int(number or 1), task.about, task.detail)
        lines.append(_with_notice(details, line) if place < MAX_SHOWN else line)
    return tuple(lines)


def _with_notice(details: Details, line: CallLine) -> CallLine:
    """The call with what is open of its notice, and the first telephone number of the customer."""
    found = (
        details.table.get(keys.account(line.account), keys.entity("notices", line.about, live))
        for live in (True, False)
    )
    record = next((one for one in found if one is not None), None) if line.about else None
    phones = [str(one.get("phone", "")) for one in details.personal_of(line.account).get("contacts", [])]
    line = replace(line, phone=next(filter(None, phones), ""))
    if record is None:
        return line
    parts = codec.decode(Notice, record.body).items
    invoices, amounts = details.open_of(line.account, [part.item for part in parts])
    return replace(line, invoices=invoices, amounts=amounts)


def _plans(details: Details) -> tuple[PlanLine, ...]:
    lines = [_plan(details, account, one) for account, one in details.live("plans", Plan)]
    return tuple(sorted(lines, key=lambda line: (line.next_due, line.account, line.plan)))


def _plan(details: Details, account: str, plan: Plan) -> PlanLine:
    invoices, amounts = details.open_of(account, plan.items)
    open_minor = amounts.get(plan.currency, 0)
    paid_minor = plan.open_at_start_minor - open_minor + plan.charges_paid_minor
    expected, paid = 0, 0
    next_due, missing = plan.instalments[-1][0], 0
    for day, minor in plan.instalments:
        expected += minor
        if paid_minor < expected:
            next_due, missing = day, expected - paid_minor
            break
        paid += 1
    last = plan.instalments[-1][0]
    return PlanLine(
        account, plan.key, invoices, plan.currency, open_minor, len(plan.instalments), paid, next_due, missing, last
    )


def _handovers(details: Details) -> tuple[HandoverLine, ...]:
    lines = [
        HandoverLine(account, one.key, one.to, one.on, *details.open_of(account, one.items))
        for account, one in details.live("handovers", Handover)
    ]
    return tuple(sorted(lines, key=lambda line: (line.on, line.account, line.handover)))


def _at_customer(details: Details) -> tuple[AtCustomerLine, ...]:
    lines = [
        AtCustomerLine(
            account,
            one.key,
            one.stage,
            _contact(details, account, one.contact),
            one.until,
            *details.open_of(account, one.items),
        )
        for account, one in details.live("holds", Hold)
        if one.kind == CUSTOMER_APPROVAL
    ]
    return tuple(sorted(lines, key=lambda line: (line.until, line.account, line.hold)))


def _contact(details: Details, account: str, contact: str) -> str:
    """The person that a hold names: the contact's name, else its address."""
    if not contact:
        return ""
    contacts: list[dict[str, str]] = list(details.personal_of(account).get("contacts", []))
    one = next((one for one in contacts if one.get("id") == contact), {})
    return str(one.get("name") or one.get("email") or contact)
