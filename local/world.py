"""The local stack as the play meets it (see play.World)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from duly.flows import report
from duly.flows.continuity import banks
from duly.flows.edge import Edge
from duly.reports.cash import waiting_data
from duly.store.tables import Table
from local.bridge import Verdicts
from local.play import OpenDispute, OpenTask, OurMail
from local.stack import LocalStack


def disputes_in(accounts: Table) -> list[OpenDispute]:
    """The open disputes of all accounts."""
    return [
        OpenDispute(line.account, line.dispute, line.reason, line.invoices) for line in report.open_disputes(accounts)
    ]


def open_tasks_in(accounts: Table) -> list[OpenTask]:
    """The tasks of all accounts that wait for a person."""
    return [OpenTask(line.account, line.task, line.kind, line.about) for line in report.open_tasks(accounts)]


def waiting_in(edge: Edge) -> Mapping[str, Any]:
    """The money that waits, as data."""
    return waiting_data(*report.waiting_money(edge.table, banks(edge)))


class StackWorld:
    """Fits a started LocalStack to the play. `edge` reads the deployed tables, for what finance sees in its lists."""

    def __init__(self, stack: LocalStack, edge: Edge) -> None:
        self.stack = stack
        self.edge = edge
        self.accounts = edge.table
        self._mails_read = 0

    def upload(self, key: str, data: bytes, at: datetime) -> None:
        """Puts a file into the bucket."""
        self.stack.upload(key, data, at)

    def inbound(self, raw: bytes, verdicts: Mapping[str, str], recipient: str, at: datetime) -> None:
        """Delivers a mail through the receipt rule."""
        self.stack.deliver_inbound(raw, at, verdicts=Verdicts(**dict(verdicts)), recipients=[recipient])

    def tick(self, at: datetime) -> None:
        """Does what the hourly schedule does."""
        self.stack.tick(at)

    def reports(self, at: datetime) -> None:
        """Does what the daily schedule of the reports does."""
        self.stack.run_reports(at)

    def wait(self) -> None:
        """Returns when all queues are empty; DeadLetters if a message was given up."""
        self.stack.wait_until_idle()

    def new_mails(self) -> Sequence[OurMail]:
        """The mails that the shim has taken since the last call; their level is the tag `level` of the sending."""
        mails = self.stack.mails()
        fresh, self._mails_read = mails[self._mails_read :], len(mails)
        return [OurMail(mail.raw, mail.tags.get("level", "")) for mail in fresh]

    def open_disputes(self) -> Sequence[OpenDispute]:
        """All disputes that are not settled."""
        return disputes_in(self.accounts)

    def open_tasks(self) -> Sequence[OpenTask]:
        """All tasks that wait for a person."""
        return open_tasks_in(self.accounts)

    def decide(self, payload: Mapping[str, object]) -> None:
        """A decision of finance, by direct invocation of the disputes function."""
        self.stack.invoke("DisputesFunction", dict(payload))

    def waiting_money(self) -> Mapping[str, Any]:
        """The money that waits for a person, as the dashboard's widget has it."""
        return waiting_in(self.edge)

    def place(self, payload: Mapping[str, object]) -> None:
        """A decision of finance about money, by direct invocation of the reconcile function; refused ones raise
        RuntimeError: a play that went wrong must not look finished."""
        answer = self.stack.invoke("ReconcileFunction", dict(payload))
        if not answer.get("ok"):
            raise RuntimeError(f"{payload['action']}: {answer.get('error')}")

    def credit(self, payload: Mapping[str, object]) -> Mapping[str, Any]:
        """A request on credit, by direct invocation of the risk_check function."""
        answer: Mapping[str, Any] = self.stack.invoke("RiskCheckFunction", dict(payload))
        return answer
