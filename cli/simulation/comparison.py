"""`duly simulate --ledger DIR --policy A --against B`: two policies over the last year of a business's own history.

Payments stay as they happened: nobody knows who would have paid sooner under other reminders. What can be told is whom
each policy would have written to, when, and what that asks of the people who call, post and approve.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from cli.simulation import player
from cli.simulation.fields import Moment
from cli.simulation.history_ledger import History, prepare
from cli.simulation.result import headers, tenths
from cli.simulation.scenario_file import Scenario
from cli.simulation.world import World
from duly.domain.kpi import compute
from duly.domain.money import format_minor
from duly.domain.policy import Policy

DAYS: Final = 365
MESSAGES: Final = frozenset({"email", "sms"})
LETTERS: Final = frozenset({"letter", "registered_letter"})
MAX_CUSTOMERS: Final = 2_000  # that are treated differently and listed
MAX_PROBLEMS: Final = 20
MIN_EVENTS_APART: Final = 1_000  # from here on two processes are worth their start of one to two seconds
LOOK_SECONDS: Final = 0.2
PAYMENTS_STAY: Final = (
    "Payments stay as they happened: what customers would have paid sooner or later under the other policy, nobody "
    "knows. Proposals for money are not confirmed, disputes and promises of that year are not known, and what needs an "
    "approval is approved on its day. The chase begins anew on the first day of the year."
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Side:
    """One policy over the year: counts, charges, the contacts of each customer, and the figures at each month's end.

    ``paid_minor`` is what came in, by currency and day.
    """

    policy: Policy
    counts: Mapping[str, int]
    charges: Mapping[str, int]
    contacts: Mapping[str, tuple[tuple[str, int, str], ...]]
    first_days: float | None
    months: tuple[tuple[date, Mapping[str, tuple[int | None, int, int]]], ...]
    paid_minor: Mapping[str, Mapping[date, int]]
    messages_by_day: Mapping[date, int]
    problems: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies over the same history; ``currency`` is the one most of it is in."""

    first: date
    last: date
    sides: tuple[Side, Side]
    currency: str
    customers: int
    notes: tuple[str, ...] = field(default=())

    @property
    def different(self) -> list[str]:
        """The customers to whom something else, or at another time, would have been said."""
        one, other = (side.contacts for side in self.sides)
        return sorted(key for key in {*one, *other} if one.get(key, ()) != other.get(key, ()))


def compare(history: History, policies: tuple[Policy, Policy], progress: Progress | None = None) -> Comparison:
    """Play both policies over the last DAYS days of a history: a long one at the same time, in two processes."""
    last = history.last
    first = last - timedelta(days=DAYS - 1)
    played = _in_turn if len(history.events) < MIN_EVENTS_APART else _at_once
    one, other = played(history, policies, first, last, progress or _unseen)
    sums = {unit: sum(days.values()) for unit, days in one.paid_minor.items()}
    currency = max(sums, key=lambda unit: (sums[unit], unit), default=one.policy.creditor.currency)
    customers = len({event.fact.id for event in history.events if event.kind == "customer"})
    return Comparison(first, last, (one, other), currency, customers, tuple(history.notes))


def _in_turn(
    history: History, policies: tuple[Policy, Policy], first: date, last: date, progress: Progress
) -> list[Side]:
    def half(number: int) -> Progress:
        return lambda done, total: progress(number * total + done, 2 * total)

    return [_side(history, policy, first, last, half(number)) for number, policy in enumerate(policies)]


def _at_once(
    history: History, policies: tuple[Policy, Policy], first: date, last: date, progress: Progress
) -> list[Side]:
    """A new process for each: copies of this one would take its threads' locks with them."""
    processes = multiprocessing.get_context("spawn")
    counts = processes.Array("q", 2 * len(policies), lock=False)  # done and total of each
    with ProcessPoolExecutor(len(policies), processes, _share, (counts,)) as pool:
        waiting = [pool.submit(_apart, history, policy, first, last, at) for at, policy in enumerate(policies)]
        while wait(waiting, LOOK_SECONDS).not_done:
            progress(sum(counts[::2]), len(policies) * max(counts[1::2]) or 1)
        return [one.result() for one in waiting]


def _share(counts: Any) -> None:
    """Begin a process that plays one of the policies."""
    global _counts
    _counts = counts


_counts: Any = ()


def _apart(history: History, policy: Policy, first: date, last: date, number: int) -> Side:
    def tick(done: int, total: int) -> None:
        _counts[2 * number], _counts[2 * number + 1] = done, total

    return _side(history, policy, first, last, tick)


def _unseen(done: int, total: int) -> None:
    del done, total


def _side(history: History, policy: Policy, first: date, last: date, progress: Progress) -> Side:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    scenario = Scenario(Path("history"), "history", policy, tuple(history.events), tuple(map(Moment, days)))
    months: list[tuple[date, Mapping[str, tuple[int | None, int, int]]]] = []

    def after_run(world: World, run: Moment) -> None:
        if (run.day + timedelta(days=1)).day == 1 or run.day == last:
            months.append((run.day, _figures(world, run.day)))

    played = player.play_history(scenario, lambda world: prepare(world, history.statements), after_run, progress)
    return _summed(played, policy, tuple(months), first)


def _figures(world: World, day: date) -> dict[str, tuple[int | None, int, int]]:
    """DSO in tenths of a day, receivables and overdue, by currency."""
    found = compute(headers(world), day)
    return {one.currency: (one.dso_tenths, one.receivables_minor, one.overdue_minor) for one in found.currencies}


def _summed(played: player.Played, policy: Policy, months: tuple[Any, ...], first: date) -> Side:
    record = played.record
    sent = [one for one in record.notices if one["state"] in ("sent", "unknown", "doubtful")]
    calls = [one for one in record.tasks if one["kind"] == "call"]
    counts = {
        "messages": sum(one["channel"] in MESSAGES for one in sent),
        "letters": sum(one["channel"] in LETTERS for one in sent),
        "calls": len(calls),
        "hand_overs": sum(one["channel"] == "hand_over" for one in sent),
        "approvals": sum(one["kind"] == "approve_notice" for one in record.tasks),
        "proposals": len(record.proposals),
    }
    contacts: dict[str, list[tuple[str, int, str]]] = {}
    for one in [*sent, *({**call, "channel": "call"} for call in calls)]:
        contacts.setdefault(one["customer"], []).append((one["on"], one.get("level", 0), one["channel"]))
    counts["customers"] = len(contacts)
    by_day: dict[date, int] = {}
    for one in sent:
        day = date.fromisoformat(one["on"][:10])
        by_day[day] = by_day.get(day, 0) + 1
    return Side(
        policy,
        counts,
        _charges(played),
        {customer: tuple(sorted(found)) for customer, found in contacts.items()},
        _first_days(sent),
        months,
        _paid(played, first),
        by_day,
        tuple(record.problems),
    )


def _charges(played: player.Played) -> dict[str, int]:
    """What was demanded beside the invoices' amounts, by currency."""
    found: dict[str, int] = {}
    for currency, minor in played.world.recorder.demanded:
        found[currency] = found.get(currency, 0) + minor
    return found


def _first_days(sent: list[dict[str, Any]]) -> float | None:
    """Days from an invoice's due date to the first notice about it, on average."""
    first: dict[tuple[str, str, int], int] = {}
    for one in sent:
        for item in one["items"]:
            days = (date.fromisoformat(one["on"][:10]) - date.fromisoformat(item["due"])).days
            first.setdefault((one["customer"], item["invoice"], item["instalment"]), days)
    return sum(first.values()) / len(first) if first else None


def _paid(played: player.Played, first: date) -> dict[str, dict[date, int]]:
    """What came in on each day of the year, by currency, as it is booked on accounts."""
    found: dict[str, dict[date, int]] = {}
    for facts in headers(played.world):
        for currency, days in facts.header.collected_by_day.items():
            for day_text, minor in days.items():
                day = date.fromisoformat(day_text)
                if day >= first:
                    own = found.setdefault(currency, {})
                    own[day] = own.get(day, 0) + minor
    return found


# --- as data
def as_data(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON data."""
    return {
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        "note": PAYMENTS_STAY,
        "currency": found.currency,
        "customers": found.customers,
        "policies": [_side_data(side, found.currency) for side in found.sides],
        "different": [
            {
                "customer": customer,
                "contacts": [
                    [
                        {"on": on, "level": level, "channel": channel}
                        for on, level, channel in side.contacts.get(customer, ())
                    ]
                    for side in found.sides
                ],
            }
            for customer in found.different[:MAX_CUSTOMERS]
        ],
        "different_count": len(found.different),
        "left_out": list(found.notes[:MAX_PROBLEMS]),
        "left_out_count": len(found.notes),
    }


def _side_data(side: Side, currency: str) -> dict[str, Any]:
    return {
        "policy": side.policy.name,
        "version": side.policy.version,
        **side.counts,
        "charges": {unit: format_minor(minor, unit) for unit, minor in sorted(side.charges.items())},
        "first_contact_days": None if side.first_days is None else round(side.first_days, 1),
        "dso": average_dso(side, currency),
        "months": [
            {
                "on": day.isoformat(),
                "dso": tenths(units[currency][0]),
                "receivables": format_minor(units[currency][1], currency),
                "overdue": format_minor(units[currency][2], currency),
            }
            for day, units in side.months
            if currency in units
        ],
        "cash": [
            {"on": day.isoformat(), "total": format_minor(minor, currency)} for day, minor in cash_curve(side, currency)
        ],
        "problems": list(side.problems[:MAX_PROBLEMS]),
        "problem_count": len(side.problems),
    }


def average_dso(side: Side, currency: str) -> float | None:
    """Days sales outstanding at the ends of months, on average."""
    found = [units[currency][0] for _, units in side.months if currency in units]
    known = [tenths for tenths in found if tenths is not None]
    return round(sum(known) / len(known) / 10, 1) if known else None


def cash_curve(side: Side, currency: str) -> list[tuple[date, int]]:
    """What had come in up to the end of each day on which something did."""
    total, found = 0, []
    for day, minor in sorted(side.paid_minor.get(currency, {}).items()):
        total += minor
        found.append((day, total))
    return found
