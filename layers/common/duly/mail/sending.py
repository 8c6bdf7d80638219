"""One message to SES, once, and an honest answer to what became of it.

SES has no idempotency token, so a second try can be a second mail. The client never retries; every error is put in
one of two classes: `Refused` (certainly not accepted) or `Doubtful` (it may have been). What cannot be told apart is
doubtful.
"""

from __future__ import annotations

import re
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from botocore.client import BaseClient

CONNECT_SECONDS = 2
READ_SECONDS = 10
LONGEST_SEND_SECONDS = 2 * CONNECT_SECONDS + READ_SECONDS
"""Time that an invocation needs in hand before it sends: name lookup and connection, and the wait for an answer."""

MAX_CAUSES = 20
"""How many causes of a TLS error are looked at: botocore wraps urllib3, which wraps ssl."""

Pressure = Literal["", "slow", "stop"]
"""What a refusal says about the messages after it: nothing, wait between them, or send no more in this run."""

_SLOW = frozenset(
    {"TooManyRequestsException", "Throttling", "ThrottlingException", "RequestLimitExceeded", "Throttled"}
)
"""The rate limit, under the names of SES's API version 2, the query protocol, gateways and SNS."""

_STOP = frozenset(
    {
        # The daily quota is used up, or SES or a person has paused sending.
        "LimitExceededException",
        "SendingPausedException",
        "AccountSuspendedException",
        # The set-up is wrong: every other message would be refused too.
        "AccessDeniedException",
        "AccessDenied",
        "AuthorizationError",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "NoRegionError",
        "SSLCertVerificationError",
    }
)

_FINAL = frozenset(
    {"BadRequestException", "MessageRejected", "ParamValidationError", "InvalidTag", "InvalidParameter", "OptedOut"}
)
"""The message or its recipient is at fault: sending the same again would be refused again."""

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What SES takes as the name or value of a message tag."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """SES took the message. `at` is the time that the sender gave, not SES's."""

    ses_message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not accepted: the claim may be released.

    `retryable` is False when the message itself is at fault. `pressure` asks the run to slow down or to stop.
    """

    code: str
    retryable: bool = True
    pressure: Pressure = ""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """It may have been accepted: only evidence or a person can tell."""

    code: str


Outcome = Accepted | Refused | Doubtful


class Mailer(Protocol):
    """What sends a notice. `SesMailer` does, `MemoryMailer` pretends to."""

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
        """Send the message once. `tags` holds at least the attempt; `now` is aware."""
        ...


def classify(error: BaseException) -> Refused | Doubtful:
    """What an error of the call says about the message. Pure; knows botocore's exceptions by their classes.

    Refused: it failed before a byte was written (parameters, credentials, name lookup, connection), or SES answered
    4xx, except 408, which says that the other side gave up waiting. Doubtful: all else.
    """
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        return _answered(error)
    before_any_byte = (
        exceptions.ParamValidationError,
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.NoRegionError,
        exceptions.EndpointConnectionError,
        exceptions.ConnectTimeoutError,
    )
    if isinstance(error, before_any_byte):
        return _refused(type(error).__name__)
    if isinstance(error, exceptions.SSLError) and _certificate_refused(error):
        return _refused("SSLCertVerificationError")
    return Doubtful(type(error).__name__)


def _answered(error: Any) -> Refused | Doubtful:
    code = str(error.response.get("Error", {}).get("Code", "")) or "Unknown"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if isinstance(status, int) and 400 <= status < 500 and status != 408:
        return _refused(code, slow=status == 429)
    return Doubtful(code)


def _refused(code: str, slow: bool = False) -> Refused:
    pressure: Pressure = ""
    if code in _STOP:
        pressure = "stop"
    elif slow or code in _SLOW:
        pressure = "slow"
    return Refused(code, retryable=code not in _FINAL, pressure=pressure)


def _certificate_refused(error: BaseException) -> bool:
    """Whether the other side's certificate was refused: then the handshake failed and nothing was written."""
    waiting = [error]
    for _ in range(MAX_CAUSES):
        if not waiting:
            return False
        one = waiting.pop()
        if isinstance(one, ssl.SSLCertVerificationError):
            return True
        inner = (one.__cause__, one.__context__, *one.args, *getattr(one, "kwargs", {}).values())
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]
    return False


class SesMailer:
    """Sends through SES. Make one per invocation: it drops what connections an earlier one has left open.

    A connection that slept between two invocations may be dead without either side knowing; a message written into it
    would be doubtful for no reason.
    """

    def __init__(self, *, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS) -> None:
        self._client: Any = client_without_retries("sesv2", connect_seconds, read_seconds)
        self._client.close()

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
        """Send the message once and say what became of it. Never raises for anything that the call did."""
        if not all(_TAG.fullmatch(part) for tag in tags.items() for part in tag):
            return _refused("InvalidTag")
        return outcome_of(
            lambda: self._client.send_email(
                FromEmailAddress=from_address,
                Destination={"ToAddresses": list(to)},
                Content={"Raw": {"Data": raw}},
                ConfigurationSetName=configuration_set,
                EmailTags=[{"Name": name, "Value": value} for name, value in tags.items()],
            ),
            now,
        )


def outcome_of(call: Callable[[], Mapping[str, Any]], now: datetime) -> Outcome:
    """Make one call that sends a message, and say what became of it by its answer or error."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = call()
    except (BotoCoreError, ClientError) as error:
        return classify(error)
    message_id = answer.get("MessageId")
    return Accepted(message_id, now) if message_id else Doubtful("AnswerWithoutMessageId")


@cache
def client_without_retries(
    service: str, connect_seconds: float = CONNECT_SECONDS, read_seconds: float = READ_SECONDS
) -> BaseClient:
    """The process's client of a service that sends messages: a second try could be a second message."""
    import botocore.session
    from botocore.config import Config

    once = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=1,
    )
    return botocore.session.get_session().create_client(service, config=once)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that the memory mailer accepted."""

    ses_message_id: str
    raw: bytes
    from_address: str
    to: tuple[str, ...]
    configuration_set: str
    tags: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Scripted:
    """How the memory mailer answers one call.

    `accepts` says whether the message counts as accepted; then `answer` is returned, or raised if it is an exception
    (the end of a process after SES took the message). None: the true answer.
    """

    accepts: bool = True
    answer: Refused | Doubtful | BaseException | None = None

    def played(self, message_id: str, now: datetime) -> Outcome:
        """Answer as the script says, or raise."""
        if isinstance(self.answer, BaseException):
            raise self.answer
        if self.answer is not None:
            return self.answer
        return Accepted(message_id, now) if self.accepts else Doubtful("Scripted")


@dataclass(slots=True)
class MemoryMailer:
    """The twin of `SesMailer` for tests and simulation: keeps what it accepts and plays its script first."""

    script: deque[Scripted] = field(default_factory=deque)
    messages: list[SentMessage] = field(default_factory=list)
    calls: int = 0

    def will(self, *answers: Scripted | Refused | Doubtful | BaseException) -> None:
        """Add answers to the script. A bare outcome or exception means: not accepted, and then that."""
        for answer in answers:
            self.script.append(answer if isinstance(answer, Scripted) else Scripted(accepts=False, answer=answer))

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
        """Accept the message, or what the script says."""
        self.calls += 1
        if not all(_TAG.fullmatch(part) for tag in tags.items() for part in tag):
            return _refused("InvalidTag")
        step = self.script.popleft() if self.script else Scripted()
        message_id = f"memory-{self.calls:06d}"
        if step.accepts:
            kept = SentMessage(message_id, raw, from_address, tuple(to), configuration_set, dict(tags), now)
            self.messages.append(kept)
        return step.played(message_id, now)
