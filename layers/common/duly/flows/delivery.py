"""What SES tells of a message: evidence that it went out, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import Notice
from duly.domain.upkeep import record_steps, today_of
from duly.flows.carrying import pay_charges
from duly.flows.edge import Edge
from duly.flows.notices import note_sending
from duly.mail.sending import Accepted
from duly.store import lookups

PROOF = frozenset({"Send", "Delivery", "Bounce", "Complaint", "DeliveryDelay"})  # each says that SES accepted
OUTCOMES = {
    "Delivery": "delivered",
    "DeliveryDelay": "delayed",
    "Reject": "rejected",
    "Rendering Failure": "rejected",
}
"""By SES's event type; a bounce and a complaint also name addresses. Others (Subscription, Open, Click) say nothing of
what became of a notice."""
FINAL = frozenset({"bounced", "complained", "rejected"})  # outcomes that a late "delivered" or "delayed" never replaces


@dataclass(frozen=True, slots=True)
class SesEvent:
    """An event of the configuration set. ``addresses`` are those that bounced for good or complained."""

    kind: str
    notice: str
    message: str
    outcome: str
    addresses: tuple[str, ...] = ()


def parse_ses_event(detail: Mapping[str, Any]) -> SesEvent | None:
    """Return the event of a notice of this stack, or None for a message that carries no attempt.

    Field names: Amazon SES event publishing, contents of event data sent to EventBridge.
    """
    kind = str(detail.get("eventType", ""))
    mail = detail.get("mail", {})
    attempts = mail.get("tags", {}).get("attempt", [])
    if not attempts:
        return None
    outcome, addresses = _outcome(kind, detail)
    return SesEvent(kind, str(attempts[0]), str(mail.get("messageId", "")), outcome, addresses)


def _outcome(kind: str, detail: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if kind == "Bounce":
        bounce = detail.get("bounce", {})
        permanent = bounce.get("bounceType") == "Permanent"
        recipients = [one.get("emailAddress", "") for one in bounce.get("bouncedRecipients", [])]
        return ("bounced", tuple(recipients)) if permanent else ("undelivered", ())
    if kind == "Complaint":
        recipients = [
            one.get("emailAddress", "") for one in detail.get("complaint", {}).get("complainedRecipients", [])
        ]
        return "complained", tuple(recipients)
    return OUTCOMES.get(kind, ""), ()


def take_ses_event(edge: Edge, event: SesEvent, now: datetime) -> bool:
    """Bring the notice up to date; return whether it is known. Doing it again changes nothing."""
    answers = lookups.find(edge.table, lookups.TOKEN, event.notice)
    if len(answers) != 1:
        edge.observer.log("ses_event_unknown", notice=event.notice)
        return False
    account_id = answers[0].account
    told = [("tasks", f"{kind}-{event.notice}") for kind in ("second", "delivery", "undelivered")]
    wanted = [("notices", event.notice), *told]
    known = edge.accounts.load(account_id, wanted)
    notice = known.notices.get(event.notice)
    if notice is None:
        return False
    items = [("items", part.item) for part in notice.items]

    def decide(account: Account) -> list[ev.Event]:
        found = account.notices[event.notice]
        claimed_on = today_of(account, edge.policy(), found.at)
        today = today_of(account, edge.policy(), now)
        return _events(account, found, event, claimed_on, today, now)

    before = notice.state
    after = edge.change(account_id, decide, now, [*wanted, *items])
    if f"second-{event.notice}" in after.tasks and f"second-{event.notice}" not in known.tasks:
        edge.observer.metric("NoticesSentTwice", 1)
    pay_charges(edge, after, [part.item for part in notice.items], now)
    if event.kind in PROOF and before in ("claimed", "doubtful", "released"):
        note_sending(edge, Accepted(event.message, now), now)
    return True


def _events(
    account: Account, notice: Notice, event: SesEvent, claimed_on: date, today: date, now: datetime
) -> list[ev.Event]:
    events: list[ev.Event] = []
    if event.kind in PROOF:
        events += sent_by_evidence(notice, event.message, "event", claimed_on, now)
        events += _second_message(account, notice, event.message, today)
    if event.outcome and not _is_old_news(notice.delivery, event.outcome):
        events.append(ev.NoticeDelivery(notice.key, event.outcome, now, event.message))
        events += _not_delivered(account, notice, event, today)
    events += _refused_addresses(account, notice, event, today)
    return events


def sent_by_evidence(notice: Notice, message: str, evidence: str, claimed_on: date, now: datetime) -> list[ev.Event]:
    """Return what evidence makes of a notice that nobody was sure of. Steps of items that went on meanwhile (settled,
    a new episode, another notice) are left as they are."""
    if notice.state == "sent":
        return []
    events: list[ev.Event] = [ev.NoticeSent(notice.key, now, evidence, message)]
    return events if notice.state == "unknown" else [*events, *record_steps(notice, claimed_on)]


def _is_old_news(known: str, outcome: str) -> bool:
    """Whether an outcome says less than what is known. A passing bounce after the delivery is an absence note or one of
    several recipients; a delay after it was given up comes late."""
    if known == outcome or known in FINAL:
        return True
    return (known, outcome) in {("delivered", "undelivered"), ("delivered", "delayed"), ("undelivered", "delayed")}


def _not_delivered(account: Account, notice: Notice, event: SesEvent, today: date) -> list[ev.Event]:
    """SES gave up without a verdict on the address (a full mailbox, a server that was away): the address stays, and a
    person is told once."""
    task = f"undelivered-{notice.key}"
    if event.outcome != "undelivered" or task in account.tasks:
        return []
    return [ev.TaskOpened(task, "not_delivered", notice.key, today, today)]


def _second_message(account: Account, notice: Notice, message: str, today: date) -> list[ev.Event]:
    """One attempt, two messages: that must not happen, so a person hears of it."""
    if notice.state != "sent" or not notice.message or not message or notice.message == message:
        return []
    task = f"second-{notice.key}"
    if task in account.tasks:
        return []
    return [ev.TaskOpened(task, "second_message", notice.key, today, today)]


def _refused_addresses(account: Account, notice: Notice, event: SesEvent, today: date) -> list[ev.Event]:
    """Suppress the contacts whose address bounced for good or complained, and give a person the task."""
    if event.outcome not in FINAL:
        return []
    hit = {address.casefold() for address in event.addresses}
    contacts = [
        contact["id"]
        for contact in account.personal.get("contacts", [])
        if contact["email"].casefold() in hit and contact["id"] not in account.header.suppressed
    ]
    events: list[ev.Event] = [ev.ContactSuppressed(contact, event.outcome, notice.key) for contact in contacts]
    task = f"delivery-{notice.key}"
    if task not in account.tasks:
        kind = {"bounced": "address_bounced", "complained": "complaint", "rejected": "notice_rejected"}[event.outcome]
        events.append(ev.TaskOpened(task, kind, notice.key, today, today))
    return events
