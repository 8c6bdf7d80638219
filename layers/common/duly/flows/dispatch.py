"""From a message's body to the flow that handles it, one function per Lambda function.

Replies are imported where they are read: the words by which they are understood cost a tenth of a second at the start
of a function that never reads one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from duly.flows import cash, delivery, intake, registering, standing, statements, tick
from duly.flows.edge import Edge
from duly.flows.notices import RemainingSeconds

if TYPE_CHECKING:
    from duly.flows.replies import Inbound


class UnknownMessage(Exception):
    """A message that no flow knows: it goes to the dead-letter queue, with an alarm."""


def unlimited() -> float:
    """Return the seconds that are left to work that never asks."""
    return float("inf")


def stated_time(body: Mapping[str, Any]) -> str | None:
    """Return the time that a message or event states (EventBridge and our own: ``time``; SES receipts: in ``mail``)."""
    mail = body.get("mail")
    if body.get("notificationType") == "Received" and isinstance(mail, Mapping):
        return str(mail.get("timestamp")) if mail.get("timestamp") else None
    return str(body["time"]) if body.get("time") else None


def uploaded_object(body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return key and version of an upload's event, or None when the body is no such event.

    EventBridge carries keys as they are: decoding would corrupt ``a+b.csv``. The emulator leaves out the version; the
    first read supplies it.
    """
    if body.get("type") == "lost_object":
        return str(body["key"]), str(body.get("version", ""))
    if body.get("source") == "aws.s3" and body.get("detail-type") == "Object Created":
        found = body["detail"]["object"]
        return str(found["key"]), str(found.get("version-id", ""))
    return None


def risk_check(edge: Edge, body: Mapping[str, Any], now: datetime, remaining: RemainingSeconds) -> None:
    """Uploads of customers, invoices and policies, and their parts; chunks and buckets of large ones."""
    uploaded = uploaded_object(body)
    if uploaded is not None:
        intake.take_upload(edge, *uploaded, now)
    elif body.get("type") == "rows":
        registering.take_rows(edge, str(body["upload"]), int(body["number"]), now)
    elif body.get("type") in ("chunk", "bucket"):
        from duly.flows import large

        if body["type"] == "chunk":
            large.take_chunk(edge, body, now)
        else:
            large.take_bucket(edge, body, now, remaining)
    else:
        raise UnknownMessage


def reconcile(edge: Edge, body: Mapping[str, Any], now: datetime) -> None:
    """Uploads of bank statements, their parts, transactions to be routed and groups of them to be judged again."""
    uploaded = uploaded_object(body)
    if uploaded is not None:
        statements.take_statement(edge, *uploaded, now)
    elif body.get("type") == "rows":
        statements.take_entries(edge, str(body["upload"]), int(body["number"]), now)
    elif body.get("type") == "transaction":
        cash.settle_transaction(edge, str(body["transaction"]), now)
    elif body.get("type") == "group":
        standing.bring(edge, str(body["group"]), str(body["bank"]), now)
    else:
        raise UnknownMessage


def dunning(
    edge: Edge, body: Mapping[str, Any], now: datetime, wall_now: datetime, remaining: RemainingSeconds
) -> None:
    """The tick, accounts that are due, and SES's events."""
    if body.get("type") == "tick":
        tick.tick(edge, now, wall_now)
    elif body.get("type") == "account":
        ticked_at = datetime.fromisoformat(str(body["time"]))
        tick.work_account(edge, str(body["account"]), ticked_at, now, bool(body.get("chase")), remaining)
    elif body.get("source") == "aws.ses":
        event = delivery.parse_ses_event(body["detail"])
        if event is not None:
            delivery.take_ses_event(edge, event, now)
    else:
        raise UnknownMessage


def disputes(edge: Edge, body: Mapping[str, Any], now: datetime) -> None:
    """Mails that came in."""
    from duly.flows import replies

    if body.get("type") == "lost_object":
        replies.take_mail(edge, replies.Inbound(str(body["key"]), (), {}), now)
    elif body.get("notificationType") == "Received":
        replies.take_mail(edge, inbound_of(body), now)
    elif body.get("notificationType") != "AmazonSnsSubscriptionSucceeded":
        raise UnknownMessage


def inbound_of(body: Mapping[str, Any]) -> Inbound:
    """Return what SES's receipt notification says. Field names: Amazon SES, contents of notifications for receiving."""
    from duly.flows.replies import Inbound

    receipt = body["receipt"]
    verdicts = {
        name: str(receipt.get(f"{name}Verdict", {}).get("status", ""))
        for name in ("spf", "dkim", "dmarc", "spam", "virus")
    }
    recipients = tuple(str(one) for one in receipt.get("recipients", ()))
    return Inbound(str(receipt["action"]["objectKey"]), recipients, verdicts)
