"""Queues between the functions."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from duly.store.memory import Fault, no_fault

CUSTOMER = "customer"
CASH = "cash"
ACCOUNT = "account"
RISK_UPLOAD = "risk_upload"
STATEMENT_UPLOAD = "statement_upload"
INBOUND = "inbound"
INBOUND_DLQ = "inbound_dlq"


HELD = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True)
class Message:
    """A message; ``group`` and ``deduplication`` are empty for a standard queue."""

    body: dict[str, Any]
    group: str = ""
    deduplication: str = ""


class Queues(Protocol):
    """The stack's queues by name."""

    def send(self, queue: str, message: Message) -> None:
        """Put one message into a queue."""

    def waiting(self, queue: str) -> int:
        """Return how many messages a queue holds, those being worked on or hidden after a failure included
        (approximate on SQS)."""


class SqsQueues:
    """SQS. ``urls`` maps the names of this module to queue URLs."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.urls = urls

    @cached_property
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client("sqs", config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4}))

    def send(self, queue: str, message: Message) -> None:
        extra = (
            {"MessageGroupId": _safe(message.group), "MessageDeduplicationId": _safe(message.deduplication)}
            if message.group
            else {}
        )
        self.client.send_message(QueueUrl=self.urls[queue], MessageBody=json.dumps(message.body), **extra)

    def waiting(self, queue: str) -> int:
        answer = self.client.get_queue_attributes(QueueUrl=self.urls[queue], AttributeNames=list(HELD))
        return sum(int(answer["Attributes"][name]) for name in HELD)


def _safe(text: str) -> str:
    """Ids of FIFO queues allow 128 ASCII characters; a customer's id may hold anything."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class MemoryQueues:
    """Queues in memory: no visibility time, no order between groups; a test takes messages and puts them back."""

    fault: Fault = no_fault
    queues: dict[str, deque[Message]] = field(default_factory=dict)
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def send(self, queue: str, message: Message) -> None:
        self.fault("queues.send", "before")
        key = (queue, message.group, message.deduplication)
        if not message.group or key not in self.seen:
            if message.group:
                self.seen.add(key)
            self.queues.setdefault(queue, deque()).append(Message(json.loads(json.dumps(message.body)), message.group))
        self.fault("queues.send", "after")

    def waiting(self, queue: str) -> int:
        return len(self.queues.get(queue, ()))
