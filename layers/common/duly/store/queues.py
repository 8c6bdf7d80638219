"""Queues between the functions."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Protocol

from duly.store.memory import Fault, no_fault

CUSTOMER = "customer"
CASH = "cash"
ACCOUNT = "account"
RISK_UPLOAD = "risk_upload"
STATEMENT_UPLOAD = "statement_upload"
INBOUND = "inbound"
INBOUND_DLQ = "inbound_dlq"


PER_CALL = 10  # messages in one SendMessageBatch (SQS quota)
BATCH_ATTEMPTS = 4  # calls until messages that SQS did not take are an error
FIRST_PAUSE_SECONDS = 0.1

HELD = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True)
class Message:
    """A message; ``group`` and ``deduplication`` are empty for a standard queue."""

    body: dict[str, Any]
    group: str = ""
    deduplication: str = ""


class NotSent(Exception):
    """SQS did not take some messages of a batch. Sending all of them again does no harm: whoever sends is repeated."""


class Queues(Protocol):
    """The stack's queues by name."""

    def send(self, queue: str, message: Message) -> None:
        """Put one message into a queue."""

    def send_all(self, queue: str, messages: Iterable[Message]) -> int:
        """Put messages into a queue in their order, PER_CALL in one call; return how many. Raises NotSent."""

    def waiting(self, queue: str) -> int:
        """Return how many messages a queue holds, those being worked on or hidden after a failure included
        (approximate on SQS)."""


class SqsQueues:
    """SQS. ``urls`` maps the names of this module to queue URLs."""

    def __init__(self, urls: dict[str, str], sleep: Callable[[float], None] = time.sleep) -> None:
        self.urls = urls
        self.sleep = sleep

    @cached_property
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client("sqs", config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 4}))

    def send(self, queue: str, message: Message) -> None:
        self.client.send_message(QueueUrl=self.urls[queue], **_parameters(message))

    def send_all(self, queue: str, messages: Iterable[Message]) -> int:
        count = 0
        for batch in _batches(messages):
            self._send_batch(self.urls[queue], batch)
            count += len(batch)
        return count

    def _send_batch(self, url: str, batch: Sequence[Message]) -> None:
        """Send one batch; what SQS did not take is sent again after a pause, unless the message was at fault. It may
        then stand behind a later message of its group."""
        left = {str(number): message for number, message in enumerate(batch)}
        for attempt in range(BATCH_ATTEMPTS):
            if attempt:
                self.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            entries = [{"Id": number, **_parameters(message)} for number, message in left.items()]
            failed = self.client.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
            if not failed:
                return
            if any(one.get("SenderFault") for one in failed):
                break
            left = {one["Id"]: left[one["Id"]] for one in failed}
        raise NotSent(f"{len(failed)} of {len(batch)} messages")

    def waiting(self, queue: str) -> int:
        answer = self.client.get_queue_attributes(QueueUrl=self.urls[queue], AttributeNames=list(HELD))
        return sum(int(answer["Attributes"][name]) for name in HELD)


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    source = iter(messages)
    while batch := list(islice(source, PER_CALL)):
        yield batch


def _parameters(message: Message) -> dict[str, str]:
    """Body, group and deduplication as SQS takes them."""
    found = {"MessageBody": json.dumps(message.body)}
    if message.group:
        found |= {"MessageGroupId": _safe(message.group), "MessageDeduplicationId": _safe(message.deduplication)}
    return found


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
        self._take(queue, message)
        self.fault("queues.send", "after")

    def send_all(self, queue: str, messages: Iterable[Message]) -> int:
        count = 0
        for batch in _batches(messages):
            self.fault("queues.send", "before")
            for message in batch:
                self._take(queue, message)
            self.fault("queues.send", "after")
            count += len(batch)
        return count

    def _take(self, queue: str, message: Message) -> None:
        key = (queue, message.group, message.deduplication)
        if not message.group or key not in self.seen:
            if message.group:
                self.seen.add(key)
            self.queues.setdefault(queue, deque()).append(Message(json.loads(json.dumps(message.body)), message.group))

    def waiting(self, queue: str) -> int:
        return len(self.queues.get(queue, ()))
