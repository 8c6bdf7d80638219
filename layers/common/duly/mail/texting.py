"""One text message through SNS, once, and an honest answer to what became of it.

As for mail (``duly.mail.sending``): no retries, because a second try can be a second message; every error is refused or
doubtful. SNS tells nothing later, so a doubtful message stays so until a person says otherwise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from duly.mail.sending import CONNECT_SECONDS, READ_SECONDS, Accepted, Doubtful, Outcome, Scripted, classify

if TYPE_CHECKING:
    from botocore.client import BaseClient


class Texter(Protocol):
    """What sends a text message. ``SnsTexter`` does, ``MemoryTexter`` pretends to."""

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Send the message once to a number in the international form (E.164). ``now`` is aware."""
        ...


class SnsTexter:
    """Sends through Amazon SNS. The client is made at the first message."""

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Send the message once and say what became of it. Never raises for anything that the call did."""
        from botocore.exceptions import BotoCoreError, ClientError

        del attempt  # SNS takes no tag: its message id, kept with the outcome, is all there is
        client: Any = _client()
        client.close()  # a connection of an earlier invocation may be dead
        try:
            answer = client.publish(
                PhoneNumber=to,
                Message=text,
                MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
            )
        except (BotoCoreError, ClientError) as error:
            return classify(error)
        message_id = answer.get("MessageId")
        return Accepted(message_id, now) if message_id else Doubtful("AnswerWithoutMessageId")


@cache
def _client() -> BaseClient:
    import botocore.session
    from botocore.config import Config

    once = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=1,
    )
    return botocore.session.get_session().create_client("sns", config=once)


@dataclass(frozen=True, slots=True)
class SentText:
    """A text message that the memory texter accepted."""

    message_id: str
    text: str
    to: str
    attempt: str
    at: datetime


@dataclass(slots=True)
class MemoryTexter:
    """The twin of ``SnsTexter`` for tests and simulation: keeps what it accepts and plays its script first."""

    script: deque[Scripted] = field(default_factory=deque)
    messages: list[SentText] = field(default_factory=list)
    calls: int = 0

    def will(self, *answers: Scripted) -> None:
        """Add answers to the script."""
        self.script.extend(answers)

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Accept the message, or what the script says."""
        self.calls += 1
        step = self.script.popleft() if self.script else Scripted()
        message_id = f"text-{self.calls:06d}"
        if step.accepts:
            self.messages.append(SentText(message_id, text, to, attempt, now))
        if isinstance(step.answer, BaseException):
            raise step.answer
        if step.answer is not None:
            return step.answer
        return Accepted(message_id, now) if step.accepts else Doubtful("Scripted")
