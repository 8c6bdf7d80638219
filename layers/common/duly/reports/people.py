"""What waits for persons about the chase, in words and as data, with the decision that each button sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from duly.domain.money import format_minor
from duly.flows.report import Report
from duly.flows.report_people import (
    MAX_SHOWN,
    ApprovalLine,
    AtCustomerLine,
    CallLine,
    HandoverLine,
    People,
    PlanLine,
)
from duly.mail.local_forms import one_line
from duly.reports.naming import amounts, numbers, who
from duly.reports.words import day, days, exact, words

Values = dict[str, Any]
NO_SCRIPTS: Mapping[tuple[str, str], str] = MappingProxyType({})
LEVEL_WORDS = {"0": "before due", "1": "level 1", "2": "level 2", "3": "formal notice", "4": "hand-over"}

#: Results of a call that need nothing more than a button; the others need a day or a reason (`duly call`).
CALL_BUTTONS = (
    ("voicemail", "Voicemail", "call again on the next business day"),
    ("invoice_not_received", "No invoice", "a copy is sent, nobody is chased for a week"),
    ("awaiting_approval", "In approval", "it waits at the customer"),
    ("in_payment_run", "In payment run", "nobody is chased for some days"),
    ("paid", "Paid", "nobody is chased for some days"),
)
HANDOVER_BUTTONS = (
    ("collected", "Collected", "the money came"),
    ("returned", "Returned", "the chase goes on"),
    ("uncollectable", "Uncollectable", "a task asks whether to write it off"),
)


def level_name(level: int | str) -> str:
    """A level as people read it."""
    return LEVEL_WORDS.get(str(level), f"level {level}")


# --- for the page and the widgets
def people_values(report: Report) -> Values:
    """What the templates of these lists name, as text."""
    people = report.people
    return {
        "approvals": _part(report, people.approvals, _approval, "notice"),
        "to_call": _part(report, people.calls, _to_call, "call"),
        "plans": _part(report, people.plans, _plan, "plan"),
        "handovers": _part(report, people.handovers, _handover, "hand-over"),
        "at_customer": _part(report, people.at_customer, _at_customer, "hold"),
    }


def _part(report: Report, lines: Sequence[Any], values: Any, unit: str) -> Values:
    return {
        "count": days(len(lines), unit),
        "lines": [values(report, line) for line in lines[:MAX_SHOWN]],
        "more": max(0, len(lines) - MAX_SHOWN),
    }


def _approval(report: Report, line: ApprovalLine) -> Values:
    found = {
        **who(report, line.account),
        "level": level_name(line.level),
        "channel": words(line.channel),
        "invoices": numbers(line.invoices),
        "count": days(len(line.invoices), "invoice"),
        "total": f"{line.currency} {exact(line.total_minor, line.currency)}",
        "since": day(line.on),
        "until": day(line.until),
        "late": line.until <= report.as_of,
    }
    named = {"account": line.account, "approval": line.approval}
    what = f"the {found['level']} to {found['name']} over {found['total']}"
    found["choices"] = [
        choice("Approve", f"Send {what}? It is decided anew, by the figures of today.", {**named, "action": "approve"}),
        choice("Discard", f"Do not send {what}? It is proposed again tomorrow.", {**named, "action": "discard"}),
    ]
    return found


def _to_call(report: Report, line: CallLine) -> Values:
    found = {
        **who(report, line.account),
        "phone": one_line(line.phone),
        "attempt": "" if line.attempt == 1 else f"attempt {line.attempt}",
        "invoices": numbers(line.invoices),
        "amount": amounts(line.amounts or {}),
        "due": day(line.due),
        "late": line.due < report.as_of,
        "task": line.task,
    }
    named = {"action": "call_result", "account": line.account, "task": line.task}
    found["choices"] = [
        choice(name, f"The call to {found['name']}: {name.lower()}? ({meaning.capitalize()}.)", {**named, "code": code})
        for code, name, meaning in CALL_BUTTONS
    ]
    return found


def _plan(report: Report, line: PlanLine) -> Values:
    return {
        **who(report, line.account),
        "invoices": numbers(line.invoices),
        "amount": f"{line.currency} {exact(line.open_minor, line.currency)}",
        "paid": f"{line.paid} of {line.instalments}",
        "next": f"{exact(line.next_minor, line.currency)} by {day(line.next_due)}" if line.next_minor else "–",
        "late": line.next_due < report.as_of,
        "until": day(line.until),
    }


def _handover(report: Report, line: HandoverLine) -> Values:
    found = {
        **who(report, line.account),
        "to": words(line.to or "agency"),
        "on": day(line.on),
        "invoices": numbers(line.invoices),
        "amount": amounts(line.amounts),
    }
    named = {"action": "handover_outcome", "account": line.account, "handover": line.handover}
    found["choices"] = [
        choice(
            name,
            f"{name}: what {found['name']} owed when it was handed over? ({meaning.capitalize()}.)",
            {**named, "outcome": outcome},
        )
        for outcome, name, meaning in HANDOVER_BUTTONS
    ]
    return found


def _at_customer(report: Report, line: AtCustomerLine) -> Values:
    found = {
        **who(report, line.account),
        "stage": words(line.stage) if line.stage else "–",
        "contact": one_line(line.contact) or "–",
        "until": day(line.until),
        "late": line.until < report.as_of,
        "invoices": numbers(line.invoices) if line.invoices else "whole account",
        "amount": amounts(line.amounts),
    }
    named = {"action": "release", "account": line.account, "hold": line.hold, "reason": "released by the customer"}
    found["choices"] = [choice("Released", f"Did {found['name']} release them? They are chased again.", named)]
    return found


def choice(name: str, confirmation: str, decision: Mapping[str, Any]) -> Values:
    """A button: its name, the question before it acts, and the event that it sends."""
    event = {"type": "decision", "decision": {**decision, "by": "dashboard"}}
    return {"name": name, "confirmation": confirmation, "event": event}


# --- as data
def people_data(
    people: People, names: Mapping[str, str], scripts: Mapping[tuple[str, str], str] = NO_SCRIPTS
) -> Values:
    """The lists as JSON data, each up to MAX_SHOWN lines; amounts in machine form. ``scripts`` of calls by account and
    task."""
    return {
        "approvals": [
            {
                **_who(names, line.account),
                "approval": line.approval,
                "level": line.level,
                "channel": line.channel,
                "currency": line.currency,
                "total": format_minor(line.total_minor, line.currency),
                "invoices": list(line.invoices),
                "since": line.on.isoformat(),
                "until": line.until.isoformat(),
            }
            for line in people.approvals[:MAX_SHOWN]
        ],
        "calls": [
            {
                **_who(names, line.account),
                "task": line.task,
                "due": line.due.isoformat(),
                "attempt": line.attempt,
                "phone": line.phone,
                "detail": line.detail,
                "script": scripts.get((line.account, line.task), ""),
                "invoices": list(line.invoices),
                "amounts": _sums(line.amounts or {}),
            }
            for line in people.calls[:MAX_SHOWN]
        ],
        "plans": [
            {
                **_who(names, line.account),
                "plan": line.plan,
                "invoices": list(line.invoices),
                "currency": line.currency,
                "open": format_minor(line.open_minor, line.currency),
                "instalments": line.instalments,
                "paid": line.paid,
                "next_due": line.next_due.isoformat(),
                "next": format_minor(line.next_minor, line.currency),
                "until": line.until.isoformat(),
            }
            for line in people.plans[:MAX_SHOWN]
        ],
        "handovers": [
            {
                **_who(names, line.account),
                "handover": line.handover,
                "to": line.to,
                "on": line.on.isoformat(),
                "invoices": list(line.invoices),
                "amounts": _sums(line.amounts),
            }
            for line in people.handovers[:MAX_SHOWN]
        ],
        "at_customer": [
            {
                **_who(names, line.account),
                "hold": line.hold,
                "stage": line.stage,
                "contact": line.contact,
                "until": line.until.isoformat(),
                "invoices": list(line.invoices),
                "amounts": _sums(line.amounts),
            }
            for line in people.at_customer[:MAX_SHOWN]
        ],
    }


def _who(names: Mapping[str, str], account: str) -> Values:
    return {"account": account, "name": names.get(account, "")}


def _sums(minor_by_code: Mapping[str, int]) -> dict[str, str]:
    return {code: format_minor(minor, code) for code, minor in sorted(minor_by_code.items())}
