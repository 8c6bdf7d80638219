"""What AWS has and the emulator lacks: SES's way in, SES's events, a schedule at a chosen time, metrics from logs.

Each class bridges one gap for one deployed stack. Nothing here knows a rule of Duly's: it finds the parts of the stack
by what the template and the emulator say.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time as wall
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from typing import Any
from urllib.parse import urlsplit

from local.deploy import Deployment
from local.emulator import Emulator, LocalStackError
from local.ses_shim import parse_raw

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
INBOUND_PREFIX = "inbound/"
IDLE_SECONDS = 120.0
"""Bound of waiting for the queues to empty."""
ARRIVAL_SECONDS = 30.0
"""Bound of waiting for one upload's event."""
_LOOK_SECONDS = (0.005, 0.05)
_MAX_HEADERS_BYTES = 10_000
_METRICS_PER_CALL = 1000
"""PutMetricData: at most 1,000 metrics a call."""
_BODY_CHARACTERS = 300


class FunctionError(LocalStackError):
    """A function invoked directly ended with an error; `error_type` and `message` are its own."""

    def __init__(self, function: str, error_type: str, message: str) -> None:
        super().__init__(f"{function}: {error_type}: {message}")
        self.error_type, self.message = error_type, message


class DeadLetters(LocalStackError):
    """Messages ended in dead-letter queues."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """SES's own judgement of a received mail: PASS, FAIL, GRAY (unsure, or nothing to check) or PROCESSING_FAILED."""

    spf: str = "PASS"
    dkim: str = "PASS"
    dmarc: str = "PASS"
    spam: str = "PASS"
    virus: str = "PASS"


def iso(time: datetime) -> str:
    """UTC with milliseconds and Z, as AWS writes it. Raises ValueError for a time without zone."""
    if time.tzinfo is None:
        raise ValueError("a time for the stack needs its zone")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


# --- SES in ---------------------------------------------------------------------------------------


def receive_mail(
    emulator: Emulator,
    deployment: Deployment,
    raw: bytes,
    time: datetime,
    *,
    verdicts: Verdicts,
    recipients: Sequence[str] | None = None,
    repeat: int = 1,
) -> str:
    """Does what SES's receipt rule does: the raw mail in the bucket, then the notification. Returns the message id.

    `repeat` publishes the notification that many times, as SNS may.
    """
    message_id = _receipt_id(raw, time)
    key = INBOUND_PREFIX + message_id
    bucket, topic = deployment.physical("Bucket"), deployment.physical("InboundTopic")
    emulator.client("s3", deployment.account).put_object(Bucket=bucket, Key=key, Body=raw)
    notification = receipt_notification(raw, time, message_id, bucket, topic, verdicts, recipients)
    for _ in range(repeat):
        emulator.client("sns", deployment.account).publish(
            TopicArn=topic, Subject="Amazon SES Email Receipt Notification", Message=json.dumps(notification)
        )
    return message_id


def receipt_notification(
    raw: bytes,
    time: datetime,
    message_id: str,
    bucket: str,
    topic: str,
    verdicts: Verdicts,
    recipients: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The message that SES publishes for a receipt rule's S3 action with a topic."""
    message = parse_raw(raw)
    headers = [{"name": name, "value": str(value)} for name, value in message.items()]
    to = _addresses(message, "To")
    destination = list(recipients) if recipients else [parseaddr(address)[1] for address in to]
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": iso(time),
            "source": _envelope_sender(message),
            "messageId": message_id,
            "destination": destination,
            "headersTruncated": len(json.dumps(headers)) > _MAX_HEADERS_BYTES,
            "headers": _within(headers, _MAX_HEADERS_BYTES),
            "commonHeaders": _common_headers(message),
        },
        "receipt": {
            "timestamp": iso(time),
            "processingTimeMillis": 250,
            "recipients": destination,
            "spamVerdict": {"status": verdicts.spam},
            "virusVerdict": {"status": verdicts.virus},
            "spfVerdict": {"status": verdicts.spf},
            "dkimVerdict": {"status": verdicts.dkim},
            "dmarcVerdict": {"status": verdicts.dmarc},
            "action": {
                "type": "S3",
                "topicArn": topic,
                "bucketName": bucket,
                "objectKeyPrefix": INBOUND_PREFIX.rstrip("/"),
                "objectKey": INBOUND_PREFIX + message_id,
            },
        },
    }


def _common_headers(message: EmailMessage) -> dict[str, Any]:
    single = {"returnPath": "Return-Path", "date": "Date", "messageId": "Message-ID", "subject": "Subject"}
    several = {"from": "From", "to": "To", "cc": "Cc", "replyTo": "Reply-To"}
    common: dict[str, Any] = {key: str(message[name]).strip("<>") for key, name in single.items() if message[name]}
    if message["Message-ID"]:
        common["messageId"] = str(message["Message-ID"])
    return common | {key: found for key, name in several.items() if (found := _addresses(message, name))}


def _addresses(message: EmailMessage, name: str) -> list[str]:
    pairs = getaddresses([str(value) for value in message.get_all(name, [])])
    return [f"{display} <{address}>" if display else address for display, address in pairs if address]


def _envelope_sender(message: EmailMessage) -> str:
    """Return-Path when the mail has one (empty for reports), else From: what the sending server would have said."""
    if message["Return-Path"] is not None:
        return parseaddr(str(message["Return-Path"]))[1]
    return parseaddr(str(message.get("From", "")))[1]


def _within(headers: list[dict[str, str]], limit: int) -> list[dict[str, str]]:
    kept: list[dict[str, str]] = []
    for header in headers:
        limit -= len(json.dumps(header))
        if limit < 0:
            break
        kept.append(header)
    return kept


def _receipt_id(raw: bytes, time: datetime) -> str:
    """In the form of SES's ids for received mail; from the content, so that a seeded run gives the same ids."""
    return hashlib.sha256(raw + iso(time).encode()).hexdigest()[:40]


# --- EventBridge ----------------------------------------------------------------------------------


class EventRules:
    """Sends events to the queues that the stack's own rules name.

    The emulator's PutEvents refuses sources of AWS and gives every event the wall clock's time; so the rules are
    matched by its TestEventPattern and the events go to the targets as EventBridge would send them.
    """

    def __init__(self, emulator: Emulator, deployment: Deployment) -> None:
        account = deployment.account
        self._events = emulator.client("events", account)
        self._sqs = emulator.client("sqs", account)
        queues = {_queue_name(url): url for url in deployment.of_type("AWS::SQS::Queue").values()}
        self._rules = [
            (rule["EventPattern"], [queues[arn.rpartition(":")[2]] for arn in self._target_arns(rule["Name"])])
            for rule in _stack_rules(self._events, deployment)
        ]

    def publish(self, event: dict[str, Any]) -> None:
        """Sends one event to all queues whose rule matches it."""
        body = json.dumps(event)
        for pattern, urls in self._rules:
            if self._events.test_event_pattern(EventPattern=pattern, Event=body)["Result"]:
                for url in urls:
                    self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def _target_arns(self, rule: str) -> list[str]:
        return [target["Arn"] for target in self._events.list_targets_by_rule(Rule=rule)["Targets"]]


class UploadProbe:
    """Tells when an upload's event has reached the stack's queues.

    The emulator routes S3's events in the background. A rule of the probe's own, made after the stack's and so
    served after them, puts each Object Created event in the probe's queue: when it is there, the others have it.
    """

    def __init__(self, emulator: Emulator, deployment: Deployment) -> None:
        account = deployment.account
        events, self._sqs = emulator.client("events", account), emulator.client("sqs", account)
        name = f"{deployment.name}-local-probe"
        self._prefixes = tuple(entry["prefix"] for entry in _uploaded_keys(events, deployment))
        self._queue_url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=["QueueArn"])["Attributes"]
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [deployment.physical("Bucket")]},
                "object": {"key": _uploaded_keys(events, deployment)},
            },
        }
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "probe", "Arn": attributes["QueueArn"]}])
        self._seen: set[tuple[str, str]] = set()

    def wait_for(self, key: str, etag: str) -> None:
        """Returns once the event of this object (ETag as S3 gave it) was routed, at once if no rule wants the key.

        Raises LocalStackError if the event never comes.
        """
        if not key.startswith(self._prefixes):
            return
        wanted = (key, etag.strip('"'))
        deadline = wall.monotonic() + ARRIVAL_SECONDS
        while wanted not in self._seen:
            if wall.monotonic() > deadline:
                raise LocalStackError(f"the event of {key} did not come in {ARRIVAL_SECONDS} s")
            self._receive()
        self._seen.discard(wanted)

    def _receive(self) -> None:
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            created = json.loads(message["Body"])["detail"]["object"]
            self._seen.add((created["key"], created["etag"].strip('"')))
            self._sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])


# --- Scheduler and direct calls -------------------------------------------------------------------


def invoke(emulator: Emulator, deployment: Deployment, function: str, event: dict[str, Any]) -> Any:
    """Invokes a function (physical name or ARN) and returns what it returned. Raises FunctionError with its error."""
    client = emulator.client("lambda", deployment.account)
    response = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    payload = json.loads(response["Payload"].read() or b"null")
    if "FunctionError" in response:
        raise FunctionError(function, str(payload.get("errorType")), str(payload.get("errorMessage")))
    return payload


def run_schedule(emulator: Emulator, deployment: Deployment, schedule: str, time: datetime) -> Any:
    """Does what EventBridge Scheduler does at `time`: invokes the schedule's target with its input."""
    target = emulator.client("scheduler", deployment.account).get_schedule(Name=schedule)["Target"]
    scheduled = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = json.loads(target["Input"].replace(SCHEDULED_TIME, scheduled))
    return invoke(emulator, deployment, target["Arn"], event)


# --- Queues ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueLook:
    """What lies in the stack's queues at one moment: messages by the queue's logical id, dead-letter queues apart."""

    work: dict[str, list[dict[str, Any]]]
    dead: dict[str, list[dict[str, Any]]]


class Queues:
    """All queues of a stack, seen in one request (visible, in flight and delayed messages alike)."""

    def __init__(self, emulator: Emulator, deployment: Deployment) -> None:
        self._names = {_queue_name(url): logical for logical, url in deployment.of_type("AWS::SQS::Queue").items()}
        self._address = urlsplit(emulator.url).netloc
        self._path = f"/_ministack/sqs/messages?account={deployment.account}"
        self._account = deployment.account

    def look(self) -> QueueLook:
        """Asks the emulator. A queue is a dead-letter queue when its logical id says so (`...Dlq`)."""
        connection = http.client.HTTPConnection(self._address, timeout=ARRIVAL_SECONDS)
        try:
            connection.request("GET", self._path)
            regions = json.loads(connection.getresponse().read())["messages"].get(self._account, {})
        finally:
            connection.close()
        look = QueueLook({}, {})
        for queues in regions.values():
            for url, messages in queues.items():
                logical_id = self._names.get(_queue_name(url))
                if logical_id and messages:
                    (look.dead if logical_id.endswith("Dlq") else look.work)[logical_id] = messages
        return look


def describe(messages_by_queue: dict[str, list[dict[str, Any]]]) -> str:
    """For error texts: how many messages each queue holds, and the first one's beginning."""
    return "; ".join(
        f"{queue}: {len(messages)}, the first received {messages[0]['ReceiveCount']} times: "
        f"{messages[0]['Body'][:_BODY_CHARACTERS]}"
        for queue, messages in messages_by_queue.items()
    )


def pauses() -> Iterator[float]:
    """Seconds between looks: short at first, because most work is done within milliseconds."""
    pause, longest = _LOOK_SECONDS
    while True:
        yield pause
        pause = min(pause * 1.5, longest)


def _uploaded_keys(events: Any, deployment: Deployment) -> list[dict[str, str]]:
    """The key prefixes that the stack's own rules listen to, as in their patterns."""
    keys: list[dict[str, str]] = []
    for rule in _stack_rules(events, deployment):
        pattern = json.loads(rule["EventPattern"])
        if "aws.s3" in pattern.get("source", []):
            keys += pattern["detail"]["object"]["key"]
    return keys


def _stack_rules(events: Any, deployment: Deployment) -> list[dict[str, Any]]:
    names = deployment.of_type("AWS::Events::Rule").values()
    return [rule for rule in events.list_rules()["Rules"] if rule["Name"] in names and rule.get("EventPattern")]


def _queue_name(url: str) -> str:
    return url.rpartition("/")[2]


# --- Logs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a function wrote."""

    function: str
    """The function's logical id."""
    text: str
    timestamp: int
    """Milliseconds since 1970, of the wall clock."""

    def json(self) -> dict[str, Any] | None:
        """The line as an object, None if it is none."""
        if not self.text.startswith("{"):
            return None
        try:
            parsed = json.loads(self.text)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


def read_logs(emulator: Emulator, deployment: Deployment) -> list[LogLine]:
    """All lines of the stack's functions so far, without Lambda's own START, END and REPORT."""
    logs, functions = emulator.client("logs", deployment.account), emulator.client("lambda", deployment.account)
    lines: list[LogLine] = []
    for logical_id, name in deployment.of_type("AWS::Lambda::Function").items():
        group = functions.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            lines += [LogLine(logical_id, event["message"], event["timestamp"]) for event in page["events"]]
    return [
        line for line in lines if not line.text.startswith(("START RequestId", "END RequestId", "REPORT RequestId"))
    ]


def metric_data(line: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """PutMetricData entries by namespace from a line in CloudWatch's embedded metric format; empty for other lines."""
    found: dict[str, list[dict[str, Any]]] = {}
    about = line.get("_aws", {})
    for directive in about.get("CloudWatchMetrics", []):
        for dimensions in directive.get("Dimensions", [[]]) or [[]]:
            for metric in directive["Metrics"]:
                values = line[metric["Name"]]
                found.setdefault(directive["Namespace"], []).append(
                    {
                        "MetricName": metric["Name"],
                        "Dimensions": [{"Name": name, "Value": str(line[name])} for name in dimensions],
                        "Timestamp": datetime.fromtimestamp(about["Timestamp"] / 1000, UTC),
                        "Values": values if isinstance(values, list) else [values],
                        "Unit": metric.get("Unit", "None"),
                    }
                )
    return found


def put_metrics(emulator: Emulator, deployment: Deployment, lines: Sequence[LogLine]) -> list[dict[str, Any]]:
    """Publishes the metrics in log lines, as CloudWatch Logs does by itself on AWS. Returns them, with `Namespace`."""
    cloudwatch = emulator.client("cloudwatch", deployment.account)
    by_namespace: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        for namespace, data in metric_data(line.json() or {}).items():
            by_namespace.setdefault(namespace, []).extend(data)
    for namespace, data in by_namespace.items():
        for start in range(0, len(data), _METRICS_PER_CALL):
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + _METRICS_PER_CALL])
    return [{"Namespace": namespace, **entry} for namespace, data in by_namespace.items() for entry in data]
