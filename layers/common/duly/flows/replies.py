"""A mail that came in: kept, matched to its conversation by the token, paused at once, then understood."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.replies import Classification, classify
from duly.domain.replying import ReplyFacts, understand
from duly.domain.scoring import rescore
from duly.domain.upkeep import today_of
from duly.flows.carrying import pay_charges
from duly.flows.delivery import sent_by_evidence
from duly.flows.edge import Edge
from duly.flows.outcomes import finish_message, write_rejects
from duly.flows.remittances import take_mailed
from duly.formats.mail import ParsedMail, read_mail
from duly.formats.records import Reject
from duly.mail.token import find_token, verify
from duly.store import lookups, objects
from duly.store.uploads import RowOutcome, Upload, upload_id

PAYING = frozenset({"paid", "promise"})  # intents of a mail whose list of invoices and amounts is an advice
TRUSTED_VERDICTS = ("dmarc", "spam", "virus")


@dataclass(frozen=True, slots=True)
class Inbound:
    """What SES's notification says of a mail: where it lies, its envelope recipients, SES's own verdicts (PASS, FAIL,
    GRAY, PROCESSING_FAILED; missing ones count as failed)."""

    object_key: str
    recipients: tuple[str, ...]
    verdicts: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Conversation:
    account: str
    notice: str


def take_mail(edge: Edge, inbound: Inbound, now: datetime) -> str:
    """Take in one mail; return its outcome: applied, duplicate or rejected. Doing it again changes nothing."""
    key = inbound.object_key
    upload = edge.uploads.register(
        replace(Upload(upload_id(key, ""), key, "", "mail", now), state="planned", format="mime", messages=1, rows_in=1)
    )
    if upload.state == "closed":
        return "duplicate"
    outcome = _take(edge, upload, inbound, now)
    finish_message(edge, upload.id, 0, [outcome], now)
    return outcome.result


def _take(edge: Edge, upload: Upload, inbound: Inbound, now: datetime) -> RowOutcome:
    try:
        found = edge.objects.get(inbound.object_key)
    except objects.TooLarge:
        return _refused(edge, upload, "mail_too_large", "expected a mail within the size limit", now)
    if found is None:
        return _refused(edge, upload, "object_gone", "the object was deleted before it could be read", now)
    mail = read_mail(found.data)
    conversation, code = _conversation(edge, mail, inbound.recipients)
    if conversation is None:
        return _refused(edge, upload, code, _REASONS[code], now)
    return _reply(edge, conversation, mail, found.data, inbound, now)


_REASONS = {
    "no_token": "expected a reply token among the recipients, found none",
    "forged_token": "expected a token signed by this stack, found another",
    "unknown_notice": "the token is genuine, but its notice is not known",
}


def _refused(edge: Edge, upload: Upload, code: str, reason: str, now: datetime) -> RowOutcome:
    """The mail is kept, a person gets a task, and nothing else changes."""
    edge.stack.add_task(f"mail-{upload.id}", code, upload.key, now)
    write_rejects(edge, upload, [Reject(0, "mail", code, reason)], "rejects.csv")
    return RowOutcome(0, "rejected", field="mail", code=code, reason=reason)


def _conversation(edge: Edge, mail: ParsedMail, recipients: Sequence[str]) -> tuple[_Conversation | None, str]:
    addresses = (*recipients, *mail.to, mail.original_token_address)
    token = find_token(address for address in addresses if address)
    if token is None:
        return None, "no_token"
    intent_id = verify(edge.key_ring(), edge.stack_name, token)
    if intent_id is None:
        return None, "forged_token"
    answers = lookups.find(edge.table, lookups.TOKEN, intent_id.hex())
    if len(answers) != 1:
        return None, "unknown_notice"
    return _Conversation(answers[0].account, answers[0].key), ""


def reply_id(mail: ParsedMail, notice: str) -> str:
    """Return the identity of a reply: the same Message-ID and body under the same token is the same reply."""
    return hashlib.sha256(f"{mail.message_id}\n{mail.body_hash}\n{notice}".encode()).hexdigest()[:24]


def is_trusted(account: Account, mail: ParsedMail, inbound: Inbound) -> bool:
    """Return whether the mail may open, promise or close: SES found DMARC aligned, neither spam nor virus, and the one
    From address is on the customer's record."""
    passed = all(inbound.verdicts.get(name, "").upper() == "PASS" for name in TRUSTED_VERDICTS)
    known = {contact["email"].casefold() for contact in account.personal.get("contacts", [])} - {""}
    return passed and mail.from_count == 1 and mail.from_address.casefold() in known


def _reply(
    edge: Edge, conversation: _Conversation, mail: ParsedMail, raw: bytes, inbound: Inbound, now: datetime
) -> RowOutcome:
    reply = reply_id(mail, conversation.notice)
    wanted = [("replies", reply), ("notices", conversation.notice), ("tasks", f"read-{reply}")]
    account = edge.accounts.load(conversation.account, wanted)
    if reply in account.replies and account.replies[reply].object_key != inbound.object_key:
        return RowOutcome(0, "duplicate", code="duplicate")
    notice = account.notices.get(conversation.notice)
    wanted += [("items", part.item) for part in notice.items] if notice else []
    pause_days = max(1, edge.policy().gates.unread_reply_hold_days)
    received = ev.ReplyReceived(
        reply,
        conversation.notice,
        inbound.object_key,
        now + timedelta(days=pause_days),
        is_trusted(account, mail, inbound),
    )
    paused = edge.change(conversation.account, lambda one: _pause(edge, one, received, now), now, wanted)
    if notice is not None:
        pay_charges(edge, paused, [part.item for part in notice.items], now)
    edge.change(conversation.account, lambda one: _understand(edge, one, received, mail, inbound, now), now, wanted)
    if received.trusted:
        _take_advices(edge, conversation.account, mail, raw, inbound, now)
    return RowOutcome(0, "applied")


def _take_advices(edge: Edge, account_id: str, mail: ParsedMail, raw: bytes, inbound: Inbound, now: datetime) -> None:
    """Keep what a trusted reply announces: tables attached to it, or invoices listed in a text about paying."""
    account = edge.accounts.load(account_id)
    numbers = [item.number for item in account.items.values() if item.state == "open"]
    found = _classified(mail, numbers, account, today_of(account, edge.policy(), now), inbound)
    if found.kind != "reply":
        return
    kinds = {intent.kind for intent in found.intents}
    text = mail.text if kinds & PAYING and "dispute" not in kinds else ""
    take_mailed(edge, account, raw, text, inbound.object_key, now)


def _pause(edge: Edge, account: Account, received: ev.ReplyReceived, now: datetime) -> list[ev.Event]:
    """Hold the account before anything is understood; the reply also proves that its notice went out."""
    if received.reply in account.replies:
        return []
    events: list[ev.Event] = [received]
    notice = account.notices.get(received.notice)
    if notice is not None:
        claimed_on = today_of(account, edge.policy(), notice.at)
        events += sent_by_evidence(notice, "", "reply", claimed_on, now)
    return events


def _understand(
    edge: Edge, account: Account, received: ev.ReplyReceived, mail: ParsedMail, inbound: Inbound, now: datetime
) -> list[ev.Event]:
    policy = edge.policy()
    today = today_of(account, policy, now)
    numbers = [item.number for item in account.items.values() if item.state == "open"]
    found = _classified(mail, numbers, account, today, inbound)
    notice = account.notices.get(received.notice)
    trusted = is_trusted(account, mail, inbound)
    events = understand(account, notice, ReplyFacts(received.reply, received.notice, today, trusted), found, policy)
    if not events:
        return []
    for event in events:
        _count(edge, event)
    events += _bounced(account, received, mail, today)
    after = account.after(events)
    return [*events, *rescore(after, policy, today)]


def _classified(
    mail: ParsedMail, numbers: Sequence[str], account: Account, today: date, inbound: Inbound
) -> Classification:
    if "FAIL" in (inbound.verdicts.get("virus", "").upper(), inbound.verdicts.get("spam", "").upper()):
        return Classification("other")
    machine = "bounce" if mail.delivery_report else "auto_reply" if mail.is_auto_reply or mail.is_loop else ""
    language = mail.language or account.header.language
    return classify(mail.text, mail.subject, language, today, numbers, machine=machine)  # type: ignore[arg-type]


def _bounced(account: Account, received: ev.ReplyReceived, mail: ParsedMail, today: date) -> list[ev.Event]:
    """A delivery report under the token: suppress the addresses of ours that failed for good, with a task."""
    if mail.delivery_report is None:
        return []
    failed = {
        one.recipient.casefold()
        for one in mail.delivery_report.recipients
        if one.permanent or one.action == "complaint"
    }
    contacts = [
        contact["id"]
        for contact in account.personal.get("contacts", [])
        if contact["email"].casefold() in failed and contact["id"] not in account.header.suppressed
    ]
    events: list[ev.Event] = [ev.ContactSuppressed(contact, "bounced", received.notice) for contact in contacts]
    task = f"bounce-{received.reply}"
    if contacts and task not in account.tasks:
        events.append(ev.TaskOpened(task, "address_bounced", received.notice, today, today))
    return events


def _count(edge: Edge, event: ev.Event) -> None:
    if isinstance(event, ev.DisputeOpened):
        edge.observer.metric("DisputesOpened", 1)
    elif isinstance(event, ev.PromiseMade):
        edge.observer.metric("PromisesMade", 1)
