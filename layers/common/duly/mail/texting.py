"""One text message through SNS, once, and an honest answer to what became of it.

As for mail (``duly.mail.sending``): no retries, because a second try can be a second message; every error is refused or
doubtful. SNS tells nothing later, so a doubtful message stays so until a person says otherwise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from duly.mail.sending import Outcome, Scripted, client_without_retries, outcome_of


class Texter(Protocol):
    """What sends a text message. ``SnsTexter`` does, ``MemoryTexter`` pretends to."""

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Send the message once to a number in the international form (E.164). ``now`` is aware."""
        ...


class SnsTexter:
    """Sends through Amazon SNS. The client is made at the first message."""

    def send(self, text: str, *, to: str, attempt: str, now: datetime) -> Outcome:
        """Send the message once and say what became of it. Never raises for anything that the call did."""
        del attempt  # SNS takes no tag: its message id, kept with the outcome, is all there is
        client: Any = client_without_retries("sns")
        client.close()  # a connection of an earlier invocation may be dead
        return outcome_of(
            lambda: client.publish(
                PhoneNumber=to,
                Message=text,
                MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
            ),
            now,
        )


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
        return step.played(message_id, now)
