"""Money on an account: receiving it, reading anew what it names, giving it back, and what that does to promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.allocation import reallocate
from duly.domain.calls import void_tasks
from duly.domain.entities import COLLECTED, Cash, Item, Promise, concerns, is_exchange
from duly.domain.plans import paid_minor, settle_plans
from duly.domain.refund_tasks import VOID, refund_tasks

AWAITING_CREDIT_NOTE = "awaiting_credit_note"  # why an item is held after its dispute was accepted
CREDIT_NOTE_DAYS = 30  # how long
CREDIT_NOTE = "CN:"  # how the keys of credit notes begin
RETURNED = "returned"  # why money leaves an account: the payer's bank took it back
MAX_NAMED_PER_EVENT = 40  # items that one event may begin or cease to name: each of them is written


def receive(account: Account, received: ev.CashReceived, today: date) -> list[ev.Event]:
    """Return the events by which money (or a credit note) arrives; [] when it is there already, names the same and
    pays what it should, or when a later decision about the same money was carried out before this one. (An arrival too
    large for one transaction may have been cut off after its first part.)

    The account must be loaded with the named items, linked.
    """
    present = account.cash.get(received.cash)
    if present is not None and received.decision < present.decision:
        return []
    names, caps = names_of(received.names), received.caps
    events: list[ev.Event] = []
    if present is None or present.state == "withdrawn":
        first = names[:MAX_NAMED_PER_EVENT]
        events = [replace(received, names=first), *_naming(received.cash, first, names, received.decision, caps)]
    elif (present.names, present.caps) != (names, caps) and not _is_held(present, names):
        events = _naming(received.cash, present.names, names, received.decision, caps)
        events = events or [ev.CashNamed(received.cash, names, received.decision, dict(caps))]
    after = account.after(events)
    events += reallocate(after, cash=[received.cash], items=names)
    if not events:
        return []
    after = account.after(events)
    ended = waits_ended(after, received.value_date, today) if received.kind == "credit_note" else []
    return [*events, *ended, *settle_words(after, today, final=False), *refund_tasks(after, today)]


def waits_ended(account: Account, credited_on: date, today: date) -> list[ev.Event]:
    """Return the events by which the wait for a credit note ends, since a dispute was accepted: one that is dated since
    then has come for all that the dispute was about and is still open."""
    found: list[ev.Event] = []
    for hold in account.live("holds"):
        since = hold.until - timedelta(days=CREDIT_NOTE_DAYS)
        if hold.reason != AWAITING_CREDIT_NOTE or credited_on < since:
            continue
        held = [item for item in account.live("items") if item.state == "open" and concerns(hold.items, item)]
        if all(is_credited(item, since) for item in held):
            found.append(ev.HoldEnded(hold.key, "credited", today))
    return found


def is_credited(item: Item, since: date) -> bool:
    """Whether a credit note of a day or later reduces an item."""
    return any(cash.startswith(CREDIT_NOTE) and day >= since for cash, day in item.paid_on.items())


def withdraw(account: Account, cash: str, reason: str, decision: int = 0) -> list[ev.Event]:
    """Return the events by which money leaves the account again; [] when it is not there.

    What it paid is paid by other money that names it, if there is any, in the same step. The money keeps its names
    until all that is done, so that a withdrawal cut off between two transactions finds what is left to do.
    """
    present = account.cash.get(cash)
    if present is None or present.state == "withdrawn" or (decision and decision < present.decision):
        return []
    returned = returned_debits(account, present.pays, present.value_date) if reason == RETURNED else []
    events: list[ev.Event] = [*returned]
    for exchange in sorted(filter(is_exchange, present.spent)):
        events += undo_exchange(account.after(events), cash, exchange, present.value_date, "")
    events += unname(account.after(events), cash)
    tasks = [task for task in account.live("tasks") if (task.kind, task.about) == ("refund", cash)]
    events += [ev.TaskClosed(task.key, VOID) for task in tasks]
    return [*events, ev.CashWithdrawn(cash, reason, decision)]


def undo_exchange(account: Account, cash: str, exchange: str, on: date, by: str) -> list[ev.Event]:
    """Return the events by which an exchange is taken back; what its money paid is worked out anew."""
    return [*unname(account, exchange), ev.ExchangeUndone(cash, exchange, on, by)]


def returned_debits(
    account: Account, keys: Iterable[str], on: date, by: str = "", transaction: str = ""
) -> list[ev.Event]:
    """Return the events by which what was (or should have been) collected for these items came back: the customer is
    asked for it now."""
    return [
        ev.DebitReturned(key, on, by, transaction)
        for key in sorted(set(keys))
        if key in account.items and account.items[key].means in COLLECTED and not account.items[key].returned
    ]


def unname(account: Account, cash: str) -> list[ev.Event]:
    """Return the events after which money pays and names nothing, with what it paid allocated anew."""
    present = account.cash[cash]
    events = reallocate(account, cash=[cash], items=[*present.names, *present.pays], leaving=[cash])
    return [*events, *_naming(cash, present.names, ())]


def _is_held(present: Cash, names: tuple[str, ...]) -> bool:
    """Whether money that names nothing, as is said again, was held to what it pays (``unnamed_money.frozen``)."""
    return not names and present.caps.keys() == set(present.names)


def _naming(
    cash: str,
    before: tuple[str, ...],
    after: tuple[str, ...],
    decision: int = 0,
    caps: Mapping[str, int] | None = None,
) -> list[ev.Event]:
    """Return the events from one naming to another, each of which fits a transaction."""
    caps = dict(caps or {})
    changing = sorted(set(before) ^ set(after))
    named = set(before)
    events: list[ev.Event] = []
    for start in range(0, len(changing), MAX_NAMED_PER_EVENT):
        named ^= set(changing[start : start + MAX_NAMED_PER_EVENT])
        names = tuple(key for key in names_of([*after, *before]) if key in named)
        events.append(ev.CashNamed(cash, names, decision, caps))
    if not events and before != after:  # another order
        events.append(ev.CashNamed(cash, after, decision, caps))
    return events


def settle_words(account: Account, today: date, final: bool) -> list[ev.Event]:
    """Return what cash decides beside the balances: promises and payment plans, and tasks that are void now;
    ``final``: a day's money is in."""
    return [*settle_promises(account, today, final), *settle_plans(account, today, final), *void_tasks(account)]


def settle_promises(account: Account, today: date, final: bool) -> list[ev.Event]:
    """Return the outcomes that cash decides: kept as soon as nothing is open, or as much was paid as was promised; with
    ``final``, when date and grace are over, partly kept or broken by what was paid since the promise. Never decided by
    hand (a person may only cancel).
    """
    events: list[ev.Event] = []
    for promise in account.live("promises"):
        open_minor = promised_open_minor(account, promise)
        paid = paid_minor(account, promise)
        if open_minor == 0 and promise.open_at_start_minor <= 0:  # all of it was cancelled: nothing was owed any more
            events.append(ev.PromiseSettled(promise.key, "cancelled", today))
        elif open_minor == 0 or paid >= (promise.amount_minor or promise.open_at_start_minor):
            events.append(ev.PromiseSettled(promise.key, "kept", today))
        elif final and today > promise.until:
            events.append(ev.PromiseSettled(promise.key, "partly_kept" if paid > 0 else "broken", today))
    return events


def promised_open_minor(account: Account, promise: Promise) -> int:
    """Return what is still open of the promised items, under whichever keys they are owed now; an item that is not
    loaded is closed, so nothing is open."""
    found = (item for item in account.items.values() if item.state == "open" and concerns(promise.items, item))
    return sum(item.outstanding_minor for item in found)


def available_minor(account: Account, currency: str) -> int:
    """Return unapplied money and credits of one currency, in minor units: it is set off before anything is chased."""
    return sum(cash.unallocated_minor for cash in account.live("cash") if cash.currency == currency)


def names_of(keys: Sequence[str]) -> tuple[str, ...]:
    """Return item keys in their order, each once."""
    return tuple(dict.fromkeys(keys))
