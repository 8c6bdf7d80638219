"""An account's journal in words: what happened, when and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cli.records import RecordVersion, record_at
from duly.domain import events as ev
from duly.domain.entities import Header
from duly.domain.flags import FLAGS
from duly.domain.money import format_minor
from duly.domain.risk import reason_words
from duly.store.journal import Entry

HASHED = re.compile("[0-9a-f]{24}")  # the id of a bank transaction
DUE_SOURCES = {"terms_text": "from its terms", "default": "none stated"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    version: int
    at: datetime
    event: str
    text: str


def timeline(history: list[Entry], records: Sequence[RecordVersion] = ()) -> list[Line]:
    """Return the account's history, oldest first. Entries that only moved the agenda are left out.

    With the versions of the customer's record it says what changed in them, and which one a notice was sent under.
    """
    changed = {record.version: ", ".join(record.changed) for record in records}
    currencies: dict[str, str] = {}
    lines: list[Line] = []
    for entry in history:
        for event in entry.events:
            if isinstance(event, (ev.InvoiceRegistered, ev.InvoiceCorrected)):
                currencies[event.key] = event.currency
            if not isinstance(event, ev.AgendaMoved):
                text = describe(event, currencies)
                if isinstance(event, ev.CustomerRegistered) and changed.get(entry.version):
                    text += f"; changed: {changed[entry.version]}"
                if isinstance(event, ev.NoticeClaimed) and records:
                    text += f" (record of version {record_at(records, entry.version)})"
                lines.append(Line(entry.version, entry.at, type(event).__name__, text))
    return lines


def describe(event: ev.Event, currencies: Mapping[str, str]) -> str:
    """Return the event in words. ``currencies`` names the currency of each invoice, which allocations leave out."""
    if isinstance(event, ev.AllocationsChanged):
        return _allocations(event.changes, currencies)
    words = _WORDS.get(type(event), lambda one: type(one).__name__)(event)
    changes = getattr(event, "changes", ())
    return f"{words}; {_allocations(changes, currencies)}" if changes else words


def _money(amount_minor: int, currency: str) -> str:
    return f"{currency} {format_minor(amount_minor, currency)}"


def _cash(key: str) -> str:
    """A credit note by its number; a payment, whose key is a hash, by the start of it; all else by its whole key."""
    if key.startswith("CN:"):
        return key.removeprefix("CN:")
    return key[:11] if HASHED.fullmatch(key) else key


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(keys) if keys else "the whole account"


def _contested(event: Any) -> str:
    return ", ".join(f"{_money(minor, event.currency)} of {key}" for key, minor in event.contested.items() if minor)


def _origin(event: Any) -> str:
    if not event.upload:
        return _by(event) if hasattr(event, "by") else ""
    return f" (upload {event.upload}, line {event.line})"


def _claimed(event: ev.NoticeClaimed) -> str:
    items = ", ".join(part.item for part in event.items)
    return f"notice {event.notice[:8]} claimed: step {event.step}, level {event.level}, {event.currency}, for {items}"


def _last_day(until: date | None) -> str:
    return f"until {until}" if until else "without end"


def _by(event: Any) -> str:
    return f" by {event.by}" if event.by else ""


def _hold_words(event: ev.CreditHoldChanged) -> str:
    if not event.reasons:
        return "credit hold lifted: new orders are taken again"
    return f"credit hold, new orders are refused: {', '.join(event.reasons).replace('_', ' ')}"


def _override_words(event: ev.OverrideGranted) -> str:
    what = f"for {_money(event.amount_minor, event.currency)} above the limit" if event.amount_minor else "of any limit"
    return f"override {event.override} {what} and of a hold, {_last_day(event.until)}{_by(event)}: {event.reason}"


def _decided(event: ev.CreditDecided) -> str:
    sale = _money(event.amount_minor, event.currency) + (f" for order {event.order}" if event.order else "")
    limit = "no limit"
    if event.limit_minor is not None and event.headroom_minor is not None:
        limit = f"limit {_money(event.limit_minor, event.currency)}"
        limit += f", headroom {_money(event.headroom_minor, event.currency)}"
    asked = [one for one in event.conditions if one != "under_override"]  # the override is named by itself
    conditions = f"; if {', '.join(asked).replace('_', ' ')}" if asked else ""
    override = f"; under override {event.override}" if event.override else ""
    return (
        f"credit decision {event.decision} on {sale}: {event.outcome.replace('_', ' ')}"
        f" ({', '.join(event.reasons).replace('_', ' ')}){conditions}{override};"
        f" exposure {_money(event.exposure_minor, event.currency)}, {limit},"
        f" category {event.category or 'none'}{f'; asked by {event.by}' if event.by else ''}"
    )


def _allocations(changes: Sequence[ev.Allocation], currencies: Mapping[str, str]) -> str:
    def paid(change: ev.Allocation) -> str:
        currency = currencies.get(change.item) or currencies[change.item.rpartition("#")[0]]  # an instalment's invoice
        charges = (f"{_money(amount, currency)} {kind}" for kind, amount in sorted(change.charges.items()))
        return " and ".join((*charges, *([_money(change.amount_minor, currency)] if change.amount_minor else [])))

    return "; ".join(
        f"{_cash(change.cash)} pays {paid(change)} of {change.item}"
        if change.amount_minor or change.charges
        else f"{_cash(change.cash)} no longer pays {change.item}"
        for change in changes
    )


def _owed(event: ev.InvoiceRegistered | ev.InvoiceCorrected) -> str:
    more = [
        f", {len(event.instalments)} instalments ({_instalments(event)})" if event.instalments else "",
        f", replaces {event.replaces}" if event.replaces else "",
        f", by {event.means.replace('_', ' ')}" if event.means not in ("", "transfer", "other") else "",
        f", noticed: {_flags(event.flags)}" if event.flags else "",
    ]
    due = f"due {event.due} ({DUE_SOURCES.get(event.due_source, event.due_source)})"
    return f"{_money(event.amount_minor, event.currency)}, {due}{''.join(more)}"


def _flags(flags: tuple[str, ...]) -> str:
    return "; ".join(FLAGS.get(flag, flag) for flag in flags)


def _instalments(event: ev.InvoiceRegistered | ev.InvoiceCorrected | ev.PlanMade) -> str:
    return ", ".join(f"{format_minor(minor, event.currency)} on {day}" for day, minor in event.instalments)


def _cancelled(event: ev.InvoiceCancelled) -> str:
    if event.replaced_by:
        return f"invoice {event.key} is replaced by {event.replaced_by}"
    why = "" if event.reason == "stated" else f": {event.reason}"  # stated: by the row that is named behind
    return f"invoice {event.key} cancelled{why}{_origin(event)}"


def _ended(event: ev.CoverEnded | ev.OverrideEnded) -> str:
    """Who ended it, or what did (expired, moved to another account)."""
    return _by(event) if event.reason == "person" and event.by else f": {event.reason}{_by(event)}"


def agreed(record: ev.CustomerRegistered | Header) -> list[str]:
    """What is agreed with the customer, in words, as far as its record says."""
    parts = [f"parent {record.parent}"] if record.parent else []
    parts += ["order number required"] if record.order_required else []
    parts += [f"{record.terms_days} days to pay"] if record.terms_days is not None else []
    parts += [f"limit {_money(minor, currency)}" for currency, minor in sorted(record.limit_minor.items())]
    parts += [f"external score {record.external_permille}"] if record.external_permille is not None else []
    return parts


_WORDS: dict[type[ev.Event], Callable[[Any], str]] = {
    ev.CustomerRegistered: lambda e: (
        f"{'provisional account opened' if e.provisional else 'customer record'}: {e.customer or 'no id'},"
        f" country {e.country or '?'}, language {e.language}, scenario {e.scenario or 'by category'}"
        f"{''.join(f', {part}' for part in agreed(e))}{_origin(e)}"
    ),
    ev.AccountMerged: lambda e: f"merged into account {e.into}",
    ev.ScoreChanged: lambda e: (
        f"score {e.score_permille / 1000:.3f}, category {e.category or 'none'}:"
        f" {reason_words(e.reasons) or 'no reasons'}"
    ),
    ev.ScoreReviewed: lambda e: f"scored again on its review day {e.on}: no change",
    ev.CategoryChanged: lambda e: (
        f"category {e.before or 'none'} -> {e.after or 'none'} at score {e.score_permille / 1000:.3f}:"
        f" {reason_words(e.reasons) or 'no reasons'}"
    ),
    ev.CreditHoldChanged: _hold_words,
    ev.CoverSet: lambda e: (
        f"{e.kind} {e.cover} over {_money(e.amount_minor, e.currency)}, {_last_day(e.until)}{_by(e)}"
    ),
    ev.CoverEnded: lambda e: f"cover {e.cover} ended{_ended(e)}",
    ev.OrderPlaced: lambda e: (
        f"order {e.order} over {_money(e.amount_minor, e.currency)} counts, {_last_day(e.until)}"
        + (f" (decision {e.decision})" if e.decision else "")
        + (f", {_money(e.invoiced_minor, e.currency)} of it invoiced already" if e.invoiced_minor else "")
        + _by(e)
    ),
    ev.OrderEnded: lambda e: f"order {e.order} {e.reason}{_by(e)}",
    ev.OverrideGranted: _override_words,
    ev.OverrideEnded: lambda e: f"override {e.override} ended{_ended(e)}",
    ev.CreditDecided: _decided,
    ev.ContactSuppressed: lambda e: f"contact {e.contact} gets no more mail: {e.reason}",
    ev.InvoiceRegistered: lambda e: f"invoice {e.number} over {_owed(e)}{_origin(e)}",
    ev.InvoiceCorrected: lambda e: f"invoice {e.key} corrected: {_owed(e)}, issued {e.issued}{_origin(e)}",
    ev.InvoiceConfirmed: lambda e: f"invoice {e.key} stated again with the same content",
    ev.InvoiceCancelled: _cancelled,
    ev.InvoiceReinstated: lambda e: f"invoice {e.key} is no longer replaced by {e.replaced_by}",
    ev.InvoicesFlagged: lambda e: "; ".join(
        f"invoice {key}: noticed: {_flags(flags) or 'nothing any more'}" for key, flags in e.flags.items()
    ),
    ev.DebitReturned: lambda e: f"what was collected for invoice {e.key} came back{f' (by {e.by})' if e.by else ''}",
    ev.CreditNoteCorrected: lambda e: (
        f"credit note {_cash(e.cash)} corrected: {_money(e.amount_minor, e.currency)}, value {e.value_date},"
        f" names {', '.join(e.names) or 'nothing'}{_origin(e)}"
    ),
    ev.InvoiceTransferred: lambda e: f"invoice {e.key} moved to account {e.into}",
    ev.CashReceived: lambda e: (
        f"{e.kind.replace('_', ' ')} {_cash(e.cash)} over {_money(e.amount_minor, e.currency)}, value {e.value_date},"
        f" names {', '.join(e.names) or 'nothing'}{_origin(e)}{f' ({e.reason})' if e.reason else ''}"
    ),
    ev.ChargesDemanded: lambda e: (
        f"charges on invoice {e.item}: "
        + ", ".join(f"{_money(one.amount_minor, e.currency)} {one.kind} from {one.on}" for one in e.charges)
        + _by(e)
    ),
    ev.ChargesWaived: lambda e: (
        f"charges on invoice {e.item} waived: {_money(sum(e.waived.values()), e.currency)} ({e.reason}){_by(e)}"
    ),
    ev.CashRefunded: lambda e: f"{_cash(e.cash)}: {_money(e.amount_minor, e.currency)} refunded as {e.refund}{_by(e)}",
    ev.RefundUndone: lambda e: f"{_cash(e.cash)}: refund {e.refund} undone{_by(e)}",
    ev.CashExchanged: lambda e: (
        f"{_cash(e.cash)}: {_money(e.amount_minor, e.currency)} exchanged into"
        f" {_money(e.into_minor, e.into_currency)} at {e.rate} for invoice {e.item}, as {e.exchange}{_by(e)}"
    ),
    ev.ExchangeUndone: lambda e: f"{_cash(e.cash)}: exchange {e.exchange} undone{_by(e)}",
    ev.CashNamed: lambda e: f"{_cash(e.cash)} read anew: names {', '.join(e.names) or 'nothing'}",
    ev.CashWithdrawn: lambda e: f"{_cash(e.cash)} left the account: {e.reason}",
    ev.SuspenseMarked: lambda e: f"money in suspense could be this customer's: transaction {e.transaction}",
    ev.SuspenseCleared: lambda e: f"money no longer in question: transaction {e.transaction}",
    ev.ReplyReceived: lambda e: (
        f"reply {e.reply[:8]} to notice {e.notice[:8]}: all notices wait until {e.until:%Y-%m-%d %H:%M}"
        f" ({'trusted' if e.trusted else 'sender not proved'})"
    ),
    ev.ReplyClassified: lambda e: f"reply {e.reply[:8]} understood as {e.kind}: {', '.join(e.intents) or 'nothing'}",
    ev.DisputeOpened: lambda e: (
        f"dispute {e.dispute} opened over {_listed(e.items)}: {e.reason}, owner {e.owner}, answer by {e.deadline}"
        f"{'; only ' + _contested(e) if e.contested else ''}"
    ),
    ev.DisputeNarrowed: lambda e: f"dispute {e.dispute} is only about {_contested(e)}, by {e.by}",
    ev.DisputeResolved: lambda e: (
        f"dispute {e.dispute} resolved: {e.outcome}{f' by {e.by}' if e.by else ''}"
        f"{'; its chase begins again' if e.restarts else ''}"
    ),
    ev.PromiseMade: lambda e: f"promise {e.promise}: {_listed(e.items)} by {e.date}, held until {e.until}",
    ev.PromiseSettled: lambda e: f"promise {e.promise} {e.outcome.replace('_', ' ')}",
    ev.PlanMade: lambda e: f"payment plan {e.plan}: {_listed(e.items)} in instalments ({_instalments(e)}){_by(e)}",
    ev.PlanSettled: lambda e: f"payment plan {e.plan} {e.outcome}{_by(e)}",
    ev.ItemMoved: lambda e: f"invoice {e.item} goes on at level {e.to_level}: {e.reason}{_by(e)}",
    ev.HandedOverEnded: lambda e: f"hand-over {e.handover[:8]} ended: {e.outcome}{_by(e)}",
    ev.ApprovalAsked: lambda e: (
        f"approval {e.approval[:8]} asked until {e.until}: {e.step}, {_money(e.total_minor, e.currency)}"
        f" for {', '.join(part.item for part in e.items)}"
    ),
    ev.ApprovalSettled: lambda e: f"approval {e.approval[:8]} {e.outcome}{_by(e)}",
    ev.HoldPlaced: lambda e: f"hold {e.hold} on {_listed(e.items)} until {e.until}: {e.reason}",
    ev.HoldEnded: lambda e: f"hold {e.hold} ended: {e.reason}",
    ev.TaskOpened: lambda e: f"task {e.task}: {e.kind.replace('_', ' ')}{f' ({e.detail})' if e.detail else ''}",
    ev.TaskClosed: lambda e: f"task {e.task} closed: {e.result}{f' by {e.by}' if e.by else ''}",
    ev.ItemsReserved: lambda e: f"{len(e.items)} items reserved for notice {e.notice[:8]}",
    ev.ReservationFreed: lambda e: f"{len(e.items)} items free again, notice {e.notice[:8]} was never claimed",
    ev.NoticeClaimed: _claimed,
    ev.NoticeReleased: lambda e: (
        f"notice {e.notice[:8]} not accepted ({e.reason}); not again before {e.retry_at:%H:%M}"
    ),
    ev.NoticeSent: lambda e: f"notice {e.notice[:8]} sent, proved by {e.evidence}",
    ev.NoticeDoubtful: lambda e: f"notice {e.notice[:8]} doubtful: {e.reason}; it is never sent again by itself",
    ev.NoticeUnknown: lambda e: f"notice {e.notice[:8]} unknown after 72 hours: counts as sent, a person decides",
    ev.StepsRecorded: lambda e: f"step of {', '.join(e.items)} done on {e.on} by notice {e.notice[:8]}",
    ev.NoticeDelivery: lambda e: f"notice {e.notice[:8]} {e.outcome}",
    ev.IntentRetired: lambda e: f"intent {e.intent[:8]} refused too often: a person decides",
}
