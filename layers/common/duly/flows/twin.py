"""A whole stack in memory: the same flows on the memory twins, with queues that are worked until they are empty.

For tests and simulation. ``fault`` is called before and after each call to a twin, so that a test can end the process
there; ``work`` then starts again with the message put back, as SQS would.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from duly.flows import dispatch
from duly.flows.edge import Edge, Holidays, Scale
from duly.mail.sending import MemoryMailer, Outcome
from duly.mail.texting import MemoryTexter
from duly.mail.token import KeyRing
from duly.runtime.holidays import holidays_for
from duly.runtime.observe import SilentObserver
from duly.store import queues
from duly.store.memory import Fault, MemoryTable, no_fault
from duly.store.objects import MemoryObjects
from duly.store.queues import MemoryQueues, Message
from duly.store.tables import Conflict, OutcomeUnknown

SCALE = Scale()
MAX_DELIVERIES = 5  # as the queues' maxReceiveCount
MAX_MESSAGES = 100_000
SES_EVENT = "ses_event"  # the queue of SES's events: only EventBridge writes into it


class DeadLetter(Exception):
    """A message failed as often as its queue allows."""


class _WatchedMailer:
    """The memory mailer with the twin's hook around each call."""

    def __init__(self, mailer: MemoryMailer, fault: Fault) -> None:
        self._mailer, self._fault = mailer, fault

    def send(
        self,
        raw: bytes,
        *,
        from_address: str,
        to: Sequence[str],
        configuration_set: str,
        tags: Mapping[str, str],
        now: datetime,
    ) -> Outcome:
        """Send as the memory mailer does."""
        self._fault("mailer.send", "before")
        outcome = self._mailer.send(
            raw, from_address=from_address, to=to, configuration_set=configuration_set, tags=tags, now=now
        )
        self._fault("mailer.send", "after")
        return outcome


class _WatchedTexter:
    """The memory texter with the twin's hook around each call."""

    def __init__(self, texter: MemoryTexter, fault: Fault) -> None:
        self._texter, self._fault = texter, fault

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Send as the memory texter does."""
        self._fault("texter.send", "before")
        outcome = self._texter.send(text, to=to, attempt=attempt, now=now)
        self._fault("texter.send", "after")
        return outcome


class TwinStack:
    """One creditor's stack in memory."""

    def __init__(self, fault: Fault = no_fault, holidays: Holidays = holidays_for, scale: Scale = SCALE) -> None:
        self._fault = fault
        self.invisible: list[tuple[str, Message]] = []
        self.keeps_invisible = False
        self.current: tuple[str, Message] | None = None
        self.mailer = MemoryMailer()
        self.texter = MemoryTexter()
        self.objects = MemoryObjects(self._call)
        self.queues = MemoryQueues(self._call)
        self.tables = (MemoryTable("accounts", self._call), MemoryTable("uploads", self._call))
        self.observer = SilentObserver()
        self.edge = Edge(
            table=self.tables[0],
            uploads_table=self.tables[1],
            objects=self.objects,
            queues=self.queues,
            mailer=_WatchedMailer(self.mailer, self._call),
            texter=_WatchedTexter(self.texter, self._call),
            observer=self.observer,
            key_ring=lambda: KeyRing.parse('{"current":"1","1":"' + "k" * 48 + '"}'),
            holidays=holidays,
            stack_name="twin",
            configuration_set="twin-set",
            sender_address="billing@creditor.example",
            inbound_domain="reply.creditor.example",
            monotonic=time.monotonic,
            is_local=True,
            scale=scale,
        )

    def _call(self, name: str, moment: str) -> None:
        self._fault(name, moment)

    def set_fault(self, fault: Fault) -> Fault:
        """Change the hook that is called around every call to a twin; return the one before."""
        before, self._fault = self._fault, fault
        return before

    # --- what comes in
    def upload(self, key: str, data: bytes, now: datetime) -> None:
        """Put an object where uploads land, and its event into the queue of its function."""
        stored, self._fault = self._fault, no_fault
        version = self.objects.put(key, data, "application/octet-stream", {"duly-time": now.isoformat()})
        queue = queues.STATEMENT_UPLOAD if key.startswith("statements/") else queues.RISK_UPLOAD
        event = {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "time": now.isoformat(),
            "detail": {"object": {"key": key, "version-id": version}},
        }
        self.queues.send(queue, Message(event))
        self._fault = stored

    def inbound(self, raw: bytes, recipients: tuple[str, ...], verdicts: Mapping[str, str], now: datetime) -> None:
        """Put a mail into the bucket and SES's notification into the queue."""
        stored, self._fault = self._fault, no_fault
        key = f"inbound/{len(self.objects.keys('inbound/')):06d}"
        self.objects.put(key, raw, "message/rfc822")
        receipt: dict[str, Any] = {f"{name}Verdict": {"status": status} for name, status in verdicts.items()}
        receipt |= {"recipients": list(recipients), "action": {"type": "S3", "objectKey": key}}
        body = {"notificationType": "Received", "mail": {"timestamp": now.isoformat()}, "receipt": receipt}
        self.queues.send(queues.INBOUND, Message(body))
        self._fault = stored

    def ses_event(self, detail: Mapping[str, Any], now: datetime) -> None:
        """Put an event of SES into the queue that EventBridge fills."""
        stored, self._fault = self._fault, no_fault
        event = {"source": "aws.ses", "time": now.isoformat(), "detail": dict(detail)}
        self.queues.send(SES_EVENT, Message(event))
        self._fault = stored

    def tick(self, now: datetime) -> None:
        """Do what the schedule does, and work until nothing is left."""
        dispatch.dunning(self.edge, {"type": "tick"}, now, datetime.now(UTC), _plenty)
        self.work()

    # --- working
    def work(self) -> int:
        """Deliver messages, oldest queue first, until all queues are empty; return how many were delivered.

        A message whose process ended, or whose writes were lost or beaten, is put back behind the others, and after
        MAX_DELIVERIES raises DeadLetter. With ``keeps_invisible`` it stays away, and its group with it, until
        ``come_back``: as on SQS, where much can happen before a message is seen again.
        """
        delivered = 0
        failures: dict[str, int] = {}
        while (found := self._next()) is not None:
            queue, message = found
            delivered += 1
            if delivered > MAX_MESSAGES:
                raise DeadLetter("the queues never become empty")
            outer, self.current = self.current, found
            try:
                self._deliver(queue, message.body)
            except (Ended, OutcomeUnknown, Conflict):
                name = f"{queue}|{message.body}"
                failures[name] = failures.get(name, 0) + 1
                if failures[name] >= MAX_DELIVERIES:
                    raise DeadLetter(queue) from None
                if self.keeps_invisible:
                    self.invisible.append((queue, message))
                else:
                    self.queues.queues[queue].append(message)
            finally:
                self.current = outer
        return delivered

    def come_back(self) -> None:
        """End the invisibility of failed messages: each is the first of its queue again."""
        for queue, message in self.invisible:
            self.queues.queues[queue].appendleft(message)
        self.invisible = []

    def _next(self) -> tuple[str, Message] | None:
        order = (
            queues.RISK_UPLOAD,
            queues.CUSTOMER,
            queues.STATEMENT_UPLOAD,
            queues.CASH,
            queues.INBOUND,
            SES_EVENT,
            queues.ACCOUNT,
        )
        for queue in order:
            waiting = self.queues.queues.get(queue, deque())
            message = next((one for one in waiting if not self._is_held_back(queue, one)), None)
            if message is not None:
                waiting.remove(message)
                return queue, message
        return None

    def _is_held_back(self, queue: str, message: Message) -> bool:
        """An invisible message of a FIFO queue holds back its group."""
        return any(name == queue and message.group and other.group == message.group for name, other in self.invisible)

    def _deliver(self, queue: str, body: dict[str, Any]) -> None:
        stated = dispatch.stated_time(body)
        now = datetime.fromisoformat(stated) if stated else datetime.now(UTC)
        if queue in (queues.RISK_UPLOAD, queues.CUSTOMER):
            dispatch.risk_check(self.edge, body, now, _plenty)
        elif queue in (queues.STATEMENT_UPLOAD, queues.CASH):
            dispatch.reconcile(self.edge, body, now)
        elif queue in (SES_EVENT, queues.ACCOUNT):
            dispatch.dunning(self.edge, body, now, datetime.now(UTC), _plenty)
        else:
            dispatch.disputes(self.edge, body, now)


class Ended(BaseException):
    """The process ended here, as a test wants it: no handler may catch it."""


def _plenty() -> float:
    return 900.0
