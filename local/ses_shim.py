"""A stand-in for SES v2 on loopback: keeps each raw message, tells the stack what became of it, and can fail on demand.

The functions' SES client is pointed here by AWS_ENDPOINT_URL_SESV2. SendEmail with raw content is handled; every other
call passes to the emulator. The SNS client is pointed here too (AWS_ENDPOINT_URL_SNS): a text message is kept. An
accepted mail is kept as `.eml` and then reported as SES reports through EventBridge (Email Sent, then Delivered,
Bounced or Complaint Received), at the time of the message's own Date header, because that is the simulated time. Who
bounces is decided by the recipient: the local parts of SES's mailbox simulator (bounce, complaint) and two more, or a
table that a test sets. The server runs in threads of the calling process.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import json
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as default_policy
from email.utils import parseaddr, parsedate_to_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.emulator import HOST

_SNS = "http://sns.amazonaws.com/doc/2010-03-31/"
SEND_PATH = "/v2/email/outbound-emails"
MAX_RAW_BYTES = 40_000_000
"""SES: 40 MB for a raw message through the API."""
HOLD_SECONDS = 60.0
"""How long a held connection stays open when the fault names no time; far above any client's time-out."""
_PROXY_SECONDS = 30.0
_HOP_HEADERS = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}
_AWS_ERRORS = {400: "MessageRejected", 403: "AccessDeniedException", 404: "NotFoundException", 408: "RequestTimeout"}


class Outcome(StrEnum):
    """What becomes of an accepted message, per recipient."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    BOUNCED_TRANSIENT = "bounced_transient"
    COMPLAINED = "complained"
    """Delivered first, then the debtor pressed the spam button."""
    SILENT = "silent"
    """Accepted and sent; nothing is heard of it again."""


OUTCOME_BY_LOCAL_PART = {
    "bounce": Outcome.BOUNCED,
    "softbounce": Outcome.BOUNCED_TRANSIENT,
    "complaint": Outcome.COMPLAINED,
    "silent": Outcome.SILENT,
}
"""`bounce@…` and `bounce+anything@…`; all other recipients get their mail."""


class FaultKind(StrEnum):
    """What can go wrong with one SendEmail call; `after` means that SES has taken the message all the same."""

    THROTTLE = "throttle"
    """429 TooManyRequestsException, not accepted."""
    REJECT = "reject"
    """`status` (400 unless given) with `code` (MessageRejected unless given), not accepted."""
    SERVER_ERROR = "server_error"
    """500 InternalServiceErrorException, not accepted (which the caller cannot know)."""
    SERVER_ERROR_AFTER_ACCEPT = "server_error_after_accept"
    RESET = "reset"
    """The connection is reset before anything is accepted."""
    RESET_AFTER_ACCEPT = "reset_after_accept"
    TIMEOUT = "timeout"
    """No answer until the caller gives up; not accepted."""
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    TRUNCATED_AFTER_ACCEPT = "truncated_after_accept"
    """The answer breaks off in the middle."""
    DELAY = "delay"
    """A right answer, `seconds` late."""
    LOSE_EVENTS = "lose_events"
    """Accepted; none of its events is published."""
    DUPLICATE_EVENTS = "duplicate_events"
    """Accepted; each of its events is published twice."""


_ACCEPTED_FIRST = {
    FaultKind.SERVER_ERROR_AFTER_ACCEPT,
    FaultKind.RESET_AFTER_ACCEPT,
    FaultKind.TIMEOUT_AFTER_ACCEPT,
    FaultKind.TRUNCATED_AFTER_ACCEPT,
}


@dataclass(slots=True)
class Fault:
    """One planned failure: for the next `times` calls (None: for all), of any recipient or of one address."""

    kind: FaultKind
    times: int | None = 1
    recipient: str | None = None
    seconds: float = HOLD_SECONDS
    status: int = 400
    code: str = ""


@dataclass(frozen=True, slots=True)
class SentMail:
    """One message that the shim accepted."""

    number: int
    """1 for the first, in the order of acceptance."""
    message_id: str
    time: datetime
    """The Date header, else the wall clock; aware, UTC."""
    source: str
    destination: tuple[str, ...]
    tags: dict[str, str]
    configuration_set: str
    outcomes: dict[str, Outcome]
    path: Path
    """The `.eml`; beside it lies the same as `.json` without the raw bytes."""

    @property
    def raw(self) -> bytes:
        return self.path.read_bytes()

    def parsed(self) -> EmailMessage:
        """The message as the standard library reads it."""
        return parse_raw(self.raw)

    def metadata(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "message_id": self.message_id,
            "time": self.time.isoformat(),
            "source": self.source,
            "destination": list(self.destination),
            "tags": self.tags,
            "configuration_set": self.configuration_set,
            "outcomes": {address: str(outcome) for address, outcome in self.outcomes.items()},
            "file": self.path.name,
        }


@dataclass(frozen=True, slots=True)
class SentText:
    """One text message that the shim accepted."""

    number: int
    message_id: str
    to: str
    text: str


class _Refusal(Exception):
    """An answer other than 200, in SES's form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class _Plan:
    """Faults that wait and those that happened, under one lock."""

    waiting: list[Fault] = field(default_factory=list)
    fired: Counter[FaultKind] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, destination: tuple[str, ...]) -> Fault | None:
        with self.lock:
            for fault in self.waiting:
                if fault.recipient is None or fault.recipient in destination:
                    self.fired[fault.kind] += 1
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self.waiting.remove(fault)
                    return fault
        return None


class SesShim:
    """The server. `publish` gets each EventBridge event (a dict as a rule's target gets it); by default they are lost.

    `outcomes` by address go before those by local part. `senders` (addresses or domains) and `configuration_sets`,
    when given, are what SES knows; anything else is refused as SES refuses it.
    """

    def __init__(
        self,
        folder: Path,
        emulator_url: str,
        *,
        account: str,
        region: str,
    ) -> None:
        self.folder = folder
        self.outcomes: dict[str, Outcome] = {}
        self.senders: frozenset[str] | None = None
        self.configuration_sets: frozenset[str] | None = None
        self.publish: Callable[[dict[str, Any]], None] = _lose
        self._emulator_url = emulator_url
        self._account = account
        self._region = region
        self._plan = _Plan()
        self._mails: list[SentMail] = []
        self._texts: list[SentText] = []
        self._same_bytes: Counter[bytes] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        # one thread, so that a message's events go out in order, after the answer as on AWS
        self._publisher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ses-events")
        self._publishing: deque[Future[None]] = deque()
        self._server: _Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def emulator_address(self) -> str:
        """Host and port of where other calls go."""
        return self._emulator_url.removeprefix("http://")

    def start(self) -> None:
        """Listens on a free port; `url` is then known."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._listen()

    def stop(self) -> None:
        """Ends held connections, publishes what is left and closes. Safe to call twice."""
        self._stopping.set()
        self._close()
        self._publisher.shutdown()

    # --- what a test or the demo asks

    def mails(self) -> list[SentMail]:
        """All accepted messages so far, in order."""
        with self._lock:
            return list(self._mails)

    def texts(self) -> list[SentText]:
        """All text messages so far, in order."""
        with self._lock:
            return list(self._texts)

    def inject(self, fault: Fault) -> None:
        """Plans a failure; planned ones are used in order."""
        with self._plan.lock:
            self._plan.waiting.append(fault)

    def clear_faults(self) -> None:
        with self._plan.lock:
            self._plan.waiting.clear()

    def fired(self) -> Counter[FaultKind]:
        """How often each kind happened."""
        with self._plan.lock:
            return Counter(self._plan.fired)

    @contextmanager
    def refusing_connections(self) -> Iterator[None]:
        """Nobody listens on the port meanwhile: the caller's connection is refused."""
        self._close()
        try:
            yield
        finally:
            self._listen()

    def events_pending(self) -> int:
        """Accepted messages whose events are not published yet. Raises what publishing raised, if anything."""
        with self._lock:
            while self._publishing and self._publishing[0].done():
                self._publishing.popleft().result()
            return len(self._publishing)

    # --- the server

    def _listen(self) -> None:
        self._server = _Server((HOST, self.port), self)
        self.port = self._server.server_address[1]
        # the poll interval bounds how long `stop` waits
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="ses-shim", daemon=True).start()

    def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def publish_text(self, form: dict[str, str]) -> SentText:
        """One Publish call to a telephone number. Raises a refusal for anything else."""
        if form.get("Action") != "Publish" or not form.get("PhoneNumber") or not form.get("Message"):
            raise _Refusal(400, "InvalidParameter", "expected Publish with PhoneNumber and Message")
        with self._lock:
            number = len(self._texts) + 1
            digest = hashlib.sha256(f"{number}|{form['PhoneNumber']}".encode()).digest()
            text = SentText(number, _uuid_like(digest), form["PhoneNumber"], form["Message"])
            self._texts.append(text)
        return text

    def send_email(self, body: dict[str, Any]) -> tuple[SentMail | None, Fault | None]:
        """One SendEmail call: what was accepted, and the fault that the answer shall show. Raises a refusal."""
        raw = _raw_of(body)
        message = parse_raw(raw)
        destination = _destination(body, message)
        source = str(body.get("FromEmailAddress") or message.get("From", ""))
        self._check(source, destination, str(body.get("ConfigurationSetName", "")))
        fault = self._plan.take(destination)
        if fault is not None and fault.kind not in _ACCEPTED_FIRST:
            self._fail_before_accepting(fault)
            if fault.kind in (FaultKind.RESET, FaultKind.TIMEOUT):
                return None, fault
        mail = self._accept(raw, message, source, destination, body)
        self._plan_events(mail, message, fault)
        return mail, fault

    def _check(self, source: str, destination: tuple[str, ...], configuration_set: str) -> None:
        address = parseaddr(source)[1].lower()
        known = (address, address.rpartition("@")[2])
        if self.senders is not None and not self.senders.intersection(known):
            raise _Refusal(400, "MessageRejected", "Email address is not verified. The sender failed the check.")
        sets = self.configuration_sets
        if sets is not None and configuration_set and configuration_set not in sets:
            raise _Refusal(404, "NotFoundException", f"Configuration set <{configuration_set}> does not exist.")
        if not destination:
            raise _Refusal(400, "BadRequestException", "Missing destination.")

    def _fail_before_accepting(self, fault: Fault) -> None:
        if fault.kind is FaultKind.THROTTLE:
            raise _Refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
        if fault.kind is FaultKind.REJECT:
            code = fault.code or _AWS_ERRORS.get(fault.status, "BadRequestException")
            raise _Refusal(fault.status, code, "Refused by plan.")
        if fault.kind is FaultKind.SERVER_ERROR:
            raise _Refusal(500, "InternalServiceErrorException", "Failed by plan.")
        if fault.kind is FaultKind.DELAY:
            self._stopping.wait(fault.seconds)

    def hold(self, seconds: float) -> None:
        """Keeps a connection's thread waiting, no longer than until `stop`."""
        self._stopping.wait(seconds)

    def _accept(
        self, raw: bytes, message: EmailMessage, source: str, destination: tuple[str, ...], body: dict[str, Any]
    ) -> SentMail:
        digest = hashlib.sha256(raw).digest()
        with self._lock:
            self._same_bytes[digest] += 1
            message_id = _message_id(digest, self._same_bytes[digest])
            number = len(self._mails) + 1
            mail = SentMail(
                number=number,
                message_id=message_id,
                time=_time_of(message),
                source=source,
                destination=destination,
                tags={tag["Name"]: tag["Value"] for tag in body.get("EmailTags", [])},
                configuration_set=str(body.get("ConfigurationSetName", "")),
                outcomes={address: self._outcome(address) for address in destination},
                path=self.folder / f"{number:05d}.eml",
            )
            mail.path.write_bytes(raw)
            mail.path.with_suffix(".json").write_text(json.dumps(mail.metadata(), indent=1) + "\n", encoding="utf-8")
            self._mails.append(mail)
        return mail

    def _outcome(self, address: str) -> Outcome:
        if address in self.outcomes:
            return self.outcomes[address]
        local_part = address.partition("@")[0].partition("+")[0].lower()
        return OUTCOME_BY_LOCAL_PART.get(local_part, Outcome.DELIVERED)

    # --- events

    def _plan_events(self, mail: SentMail, message: EmailMessage, fault: Fault | None) -> None:
        if not mail.configuration_set or (fault is not None and fault.kind is FaultKind.LOSE_EVENTS):
            return
        events = ses_events(mail, message, self._account, self._region)
        if fault is not None and fault.kind is FaultKind.DUPLICATE_EVENTS:
            events = [event for event in events for _ in range(2)]
        with self._lock:
            self._publishing.append(self._publisher.submit(self._publish_all, events))

    def _publish_all(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self.publish(event)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], shim: SesShim) -> None:
        self.shim = shim
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up (its time-out, a killed function) is no fault here; anything else is shown."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    # an answer goes out in one packet, without waiting for the caller's acknowledgement
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_args: Any) -> None:
        """Nothing per request: addresses do not belong in logs."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.rstrip("/") == SEND_PATH:
            self._send_email(body)
        elif self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            self._publish_text(body)
        else:
            self._pass_on(body)

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self._pass_on(b"")

    def _send_email(self, body: bytes) -> None:
        try:
            mail, fault = self.server.shim.send_email(_json_object(body))
        except _Refusal as refusal:
            self._answer(refusal.status, {"message": refusal.message}, {"x-amzn-ErrorType": refusal.code})
            return
        if fault is not None and self._broken_answer(fault):
            return
        assert mail is not None, "a message that was not accepted has a fault that breaks the answer"
        self._answer(200, {"MessageId": mail.message_id})

    def _publish_text(self, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        try:
            sent = self.server.shim.publish_text(form)
        except _Refusal as refusal:
            error = f"<Error><Type>Sender</Type><Code>{refusal.code}</Code><Message>{refusal.message}</Message></Error>"
            answer = f'<ErrorResponse xmlns="{_SNS}">{error}</ErrorResponse>'
            self._write(refusal.status, answer.encode(), {"Content-Type": "text/xml"})
            return
        result = f"<PublishResult><MessageId>{sent.message_id}</MessageId></PublishResult>"
        answer = f'<PublishResponse xmlns="{_SNS}">{result}</PublishResponse>'
        self._write(200, answer.encode(), {"Content-Type": "text/xml"})

    def _broken_answer(self, fault: Fault) -> bool:
        """True when the fault has dealt with the connection."""
        match fault.kind:
            case FaultKind.RESET | FaultKind.RESET_AFTER_ACCEPT:
                self._reset()
            case FaultKind.TIMEOUT | FaultKind.TIMEOUT_AFTER_ACCEPT:
                self.server.shim.hold(fault.seconds)
                self._reset()
            case FaultKind.SERVER_ERROR_AFTER_ACCEPT:
                self._answer(500, {"message": "Failed by plan."}, {"x-amzn-ErrorType": "InternalServiceErrorException"})
            case FaultKind.TRUNCATED_AFTER_ACCEPT:
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b'{"Mess')
                self.wfile.flush()
                self.close_connection = True
            case _:
                return False
        return True

    def _reset(self) -> None:
        """Closes with a TCP reset: lingering for no time throws the connection away."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True

    def _answer(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self._write(status, data, {"Content-Type": "application/json", **(headers or {})})

    def _write(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def _pass_on(self, body: bytes) -> None:
        host, _, port = self.server.shim.emulator_address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=_PROXY_SECONDS)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_HEADERS}
            connection.request(self.command, self.path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException):
            self._answer(503, {"message": "The emulator does not answer."}, {"x-amzn-ErrorType": "ServiceUnavailable"})
            return
        finally:
            connection.close()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_HEADERS}
        self._write(response.status, data, kept)


def _lose(_event: dict[str, Any]) -> None:
    """Nobody listens yet."""


def parse_raw(raw: bytes) -> EmailMessage:
    """The message as the standard library reads it."""
    message = BytesParser(policy=default_policy).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def ses_events(mail: SentMail, message: EmailMessage, account: str, region: str) -> list[dict[str, Any]]:
    """The events that SES publishes to EventBridge for a message, as a rule's target gets them."""
    about = _mail_object(mail, message, account, region)
    events = [_event("Email Sent", "Send", "send", {}, about, mail, account, region)]
    for outcome in Outcome:
        addresses = [address for address in mail.destination if mail.outcomes[address] is outcome]
        if addresses:
            events += [
                _event(title, kind, kind.lower(), detail, about, mail, account, region)
                for title, kind, detail in _outcome_details(outcome, addresses, _iso(mail.time))
            ]
    return events


def _outcome_details(outcome: Outcome, addresses: list[str], time: str) -> list[tuple[str, str, dict[str, Any]]]:
    delivered = (
        "Email Delivered",
        "Delivery",
        {
            "timestamp": time,
            "processingTimeMillis": 750,
            "recipients": addresses,
            "smtpResponse": "250 2.0.0 Ok: queued",
            "reportingMTA": "local.smtp-out.amazonses.com",
        },
    )
    match outcome:
        case Outcome.DELIVERED:
            return [delivered]
        case Outcome.BOUNCED:
            unknown = _bounce(addresses, time, "Permanent", "General", "5.1.1", "550 5.1.1 user unknown")
            return [("Email Bounced", "Bounce", unknown)]
        case Outcome.BOUNCED_TRANSIENT:
            full = _bounce(addresses, time, "Transient", "MailboxFull", "4.2.2", "452 4.2.2 mailbox full")
            return [("Email Bounced", "Bounce", full)]
        case Outcome.COMPLAINED:
            complaint = {
                "complainedRecipients": [{"emailAddress": address} for address in addresses],
                "timestamp": time,
                "feedbackId": _feedback_id(addresses, time),
                "complaintSubType": None,
                "userAgent": "Local Feedback Loop",
                "complaintFeedbackType": "abuse",
                "arrivalDate": time,
            }
            return [delivered, ("Email Complaint Received", "Complaint", complaint)]
        case Outcome.SILENT:
            return []


def _bounce(addresses: list[str], time: str, kind: str, sub_kind: str, status: str, answer: str) -> dict[str, Any]:
    return {
        "feedbackId": _feedback_id(addresses, time),
        "bounceType": kind,
        "bounceSubType": sub_kind,
        "bouncedRecipients": [
            {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": f"smtp; {answer}"}
            for address in addresses
        ],
        "timestamp": time,
        "reportingMTA": "dns; local.smtp-out.amazonses.com",
    }


def _event(
    title: str,
    kind: str,
    name: str,
    detail: dict[str, Any],
    about: dict[str, Any],
    mail: SentMail,
    account: str,
    region: str,
) -> dict[str, Any]:
    seed = f"{mail.message_id}/{kind}/{json.dumps(detail, sort_keys=True)}"
    return {
        "version": "0",
        "id": _uuid_like(hashlib.sha256(seed.encode()).digest()),
        "detail-type": title,
        "source": "aws.ses",
        "account": account,
        "time": mail.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [f"arn:aws:ses:{region}:{account}:configuration-set/{mail.configuration_set}"],
        "detail": {"eventType": kind, "mail": about, name: detail},
    }


def _mail_object(mail: SentMail, message: EmailMessage, account: str, region: str) -> dict[str, Any]:
    domain = parseaddr(mail.source)[1].rpartition("@")[2]
    # SES writes its own Message-ID over the message's
    headers = [{"name": name, "value": str(value)} for name, value in message.items() if name.lower() != "message-id"]
    return {
        "timestamp": _iso(mail.time),
        "source": mail.source,
        "sourceArn": f"arn:aws:ses:{region}:{account}:identity/{domain}",
        "sendingAccountId": account,
        "messageId": mail.message_id,
        "destination": list(mail.destination),
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {
            "from": [mail.source],
            "to": [str(value) for value in message.get_all("To", [])],
            "messageId": mail.message_id,
            "subject": str(message.get("Subject", "")),
        },
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [mail.configuration_set],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["local"],
            **{name: [value] for name, value in mail.tags.items()},
        },
    }


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise _Refusal(400, "SerializationException", "The body is not JSON.") from error
    if not isinstance(parsed, dict):
        raise _Refusal(400, "SerializationException", "The body is not an object.")
    return parsed


def _raw_of(body: dict[str, Any]) -> bytes:
    data = body.get("Content", {}).get("Raw", {}).get("Data")
    if not data:
        raise _Refusal(400, "BadRequestException", "Only raw content is handled here (Content.Raw.Data).")
    try:
        raw = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise _Refusal(400, "BadRequestException", "Content.Raw.Data is not base64.") from error
    if len(raw) > MAX_RAW_BYTES:
        raise _Refusal(400, "MessageRejected", f"Message length is more than {MAX_RAW_BYTES} bytes long.")
    return raw


def _destination(body: dict[str, Any], message: EmailMessage) -> tuple[str, ...]:
    given = body.get("Destination") or {}
    kinds = ("ToAddresses", "CcAddresses", "BccAddresses")
    addresses = [address for kind in kinds for address in given.get(kind) or []]
    if not addresses:
        addresses = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
        addresses = [part for value in addresses for part in value.split(",")]
    return tuple(parsed for address in addresses if (parsed := parseaddr(address)[1]))


def _time_of(message: EmailMessage) -> datetime:
    """The Date header in UTC; SES dates a message that has none (or one that nobody can read) itself."""
    with suppress(TypeError, ValueError):
        parsed = parsedate_to_datetime(str(message["Date"]))
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return datetime.now(UTC)


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


def _message_id(digest: bytes, copy: int) -> str:
    """In SES's form; from the content, so that a seeded run gives the same ids again."""
    ordinal = hashlib.sha256(digest + copy.to_bytes(4, "big")).digest()
    return f"0107{ordinal[16:22].hex()}-{_uuid_like(ordinal)}-000000"


def _feedback_id(addresses: list[str], time: str) -> str:
    digest = hashlib.sha256(f"{addresses}/{time}".encode()).digest()
    return f"0107{digest[16:22].hex()}-{_uuid_like(digest)}-000000"


def _uuid_like(digest: bytes) -> str:
    text = digest[:16].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"
