"""A stack with what happens around it: files put, events delivered, mails answered. Events come from events/."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from duly.domain.account import Account
from duly.domain.entities import Notice
from duly.flows.edge import Edge
from tests.handlers.aws_stack import Stack
from tests.handlers.material import CUSTOMERS, INVOICES, POLICY, statement

EVENTS = Path(__file__).parents[2] / "events"


def load_event(name: str) -> dict[str, Any]:
    """Return an event of events/ as it stands there."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def with_bodies(event: dict[str, Any], *bodies: dict[str, Any] | str) -> dict[str, Any]:
    """Return an SQS event with other bodies: one record for each, made like the first, ids counted."""
    first = event["Records"][0]
    records = []
    for number, body in enumerate(bodies):
        text = body if isinstance(body, str) else json.dumps(body)
        md5 = hashlib.md5(text.encode()).hexdigest()
        records.append({**first, "messageId": f"message-{number}", "body": text, "md5OfBody": md5})
    return {"Records": records}


def bodies_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(record["body"]) for record in event["Records"]]


class World:
    """The stack and its surroundings."""

    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    no_time = timedelta(0)

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.invoke = stack.invoke
        self.drain = stack.drain

    # --- files
    def upload(self, name: str, data: bytes, key: str = "", time: str = "") -> dict[str, Any]:
        """Put a file where the event says, and return the event as S3 would send it."""
        event = load_event(name)
        (body,) = bodies_of(event)
        found = body["detail"]["object"]
        found["key"] = key or found["key"]
        found["version-id"] = self.stack.put(found["key"], data)
        body["time"] = time or body["time"]
        return with_bodies(event, body)

    def take_in(self, function: str, name: str, data: bytes, key: str = "", time: str = "") -> str:
        """Upload a file, let everything that follows happen, and return its key."""
        event = self.upload(name, data, key, time)
        assert self.invoke(function, event) == {"batchItemFailures": []}, self.stack.said()
        for queue in ("CustomerQueue", "CashQueue"):
            self.drain(queue)
        return str(bodies_of(event)[0]["detail"]["object"]["key"])

    def set_up(self) -> None:
        """A policy, customers, invoices and a statement, so that C-1001 is due for its first reminder."""
        self.take_in("risk_check", "upload-policy", POLICY)
        self.take_in("risk_check", "upload-customers", CUSTOMERS)
        self.take_in("risk_check", "upload-invoices", INVOICES)
        self.take_in("reconcile", "upload-statement", statement())

    # --- sending
    def remind(self) -> str:
        """Set up, tick, and return the id of the notice that went to C-1001."""
        self.set_up()
        self.invoke("dunning", load_event("tick"))
        self.drain("AccountQueue")
        (notice,) = self.notices("C-1001")
        return notice.key

    def mail_sent(self, notice: str) -> EmailMessage:
        (key,) = [one for one in self.stack.keys("mail/") if notice in one]
        message = message_from_bytes(self.stack.read(key), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def token_address(self, notice: str) -> str:
        found = re.search(r"reply\+[a-z2-7]{53}@[\w.-]+", str(self.mail_sent(notice)["Reply-To"]))
        assert found is not None
        return found[0]

    def ses_event(self, name: str, notice: str, **changes: Any) -> dict[str, Any]:
        """Return an event of SES for a notice, under the message id that SES gave it."""
        event = load_event(name)
        (body,) = bodies_of(event)
        mail = body["detail"]["mail"]
        mail["tags"]["attempt"] = [notice]
        mail["messageId"] = self.account("C-1001", [("notices", notice)]).notices[notice].message
        for kind, part in changes.items():
            body["detail"][kind] |= part
        return with_bodies(event, body)

    # --- mail
    def inbound(self, raw: bytes, to: str, key: str = "", **verdicts: str) -> dict[str, Any]:
        """Put a mail in the bucket, and return SES's notification of it."""
        event = load_event("reply")
        (body,) = bodies_of(event)
        receipt = body["receipt"]
        receipt["action"]["objectKey"] = key or receipt["action"]["objectKey"]
        receipt["recipients"] = body["mail"]["destination"] = [to]
        for name, status in verdicts.items():
            receipt[f"{name}Verdict"] = {"status": status}
        self.stack.put(receipt["action"]["objectKey"], raw)
        return with_bodies(event, body)

    # --- looking
    @property
    def edge(self) -> Edge:
        """The stack as a function sees it, for looking at (not under a function's permissions)."""
        edge: Edge = self.stack.app("reports").edge()
        return edge

    def account(self, account_id: str, also: list[tuple[str, str]] | None = None) -> Account:
        return self.edge.accounts.load(account_id, also or [])

    def notices(self, account_id: str) -> list[Notice]:
        """Return all notices of an account, those that are closed as well."""
        return list(self.edge.accounts.rebuild(account_id).notices.values())

    def gates_closed(self) -> set[str]:
        """Return the gates that held something back, as metrics and log lines say."""
        counted = {line["gate"] for line in self.stack.lines() if "GateClosed" in line}
        assert counted >= {line["gate"] for line in self.stack.logged("gate_closed")}
        return counted

    def versions(self) -> dict[str, int]:
        """Return the version of each account: unchanged means that nothing was written."""
        return {account: self.account(account).version for account in ("C-1001", "C-1002")}

    def stack_tasks(self) -> dict[str, dict[str, str]]:
        return self.edge.stack.tasks()
