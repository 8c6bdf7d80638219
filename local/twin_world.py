"""The memory twin of a stack as the play meets it (see play.World): the whole quarter in seconds, without AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from duly.flows.credit import answer
from duly.flows.decisions import decide
from duly.flows.twin import TwinStack
from local.play import OpenDispute, OpenTask, OurMail
from local.world import disputes_in, open_tasks_in, waiting_in


class TwinWorld:
    """Fits a TwinStack to the play."""

    def __init__(self, stack: TwinStack) -> None:
        self.stack = stack
        self._mails_read = 0
        self._now: datetime | None = None

    def upload(self, key: str, data: bytes, at: datetime) -> None:
        """Puts a file where uploads land."""
        self._now = at
        self.stack.upload(key, data, at)

    def inbound(self, raw: bytes, verdicts: Mapping[str, str], recipient: str, at: datetime) -> None:
        """Delivers a mail to the envelope's recipient."""
        self._now = at
        self.stack.inbound(raw, (recipient,), verdicts, at)

    def tick(self, at: datetime) -> None:
        """Does what the hourly schedule does."""
        self._now = at
        self.stack.tick(at)

    def reports(self, at: datetime) -> None:
        """Nothing: the twin has no dashboard; whoever plays gathers the report."""
        self._now = at

    def wait(self) -> None:
        """Works until all queues are empty."""
        self.stack.work()

    def new_mails(self) -> Sequence[OurMail]:
        """The mails accepted since the last call."""
        mails = self.stack.mailer.messages
        fresh, self._mails_read = mails[self._mails_read :], len(mails)
        return [OurMail(mail.raw, mail.tags.get("level", "")) for mail in fresh]

    def open_disputes(self) -> Sequence[OpenDispute]:
        """All disputes that are not settled."""
        return disputes_in(self.stack.edge.table)

    def open_tasks(self) -> Sequence[OpenTask]:
        """All tasks that wait for a person."""
        return open_tasks_in(self.stack.edge.table)

    def decide(self, payload: Mapping[str, object]) -> None:
        """A decision of finance."""
        decide(self.stack.edge, payload, datetime.fromisoformat(str(payload["time"])))

    def waiting_money(self) -> Mapping[str, Any]:
        """The money that waits for a person."""
        return waiting_in(self.stack.edge)

    def place(self, payload: Mapping[str, object]) -> None:
        """A decision of finance about money."""
        self.decide(payload)

    def credit(self, payload: Mapping[str, object]) -> Mapping[str, Any]:
        """A request on credit."""
        return answer(self.stack.edge, payload, datetime.fromisoformat(str(payload["time"])))
