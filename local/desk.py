"""What the page of `make up` can do: drop a file, answer a mail, place money, decide, let a day pass."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, Protocol
from urllib.parse import unquote

from local.ses_shim import SentMail, SentText

PREFIXES = ("invoices", "statements", "customers", "policy")
TICK_HOUR = 10
"""UTC: late morning in Europe, inside the contact window of most customers."""
STEP = timedelta(minutes=1)
"""Each action takes a simulated minute, so that what happens has an order."""
MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_REPLY_CHARACTERS = 20_000
MAX_QUOTED_LINES = 60
MAX_RECEIPTS = 200
MAX_WAITING = 100
MAX_NAME = 200
DECISIONS = {
    "approve": "approval",
    "discard": "approval",
    "call_result": "task",
    "release": "hold",
    "handover_outcome": "handover",
}
"""Decisions about the chase that the page offers, and the field that names what each is about."""
FACTS = ("code", "date", "reason", "outcome")


class DeskError(ValueError):
    """An action that cannot be done; the text says why, in words for the page."""


WRITTEN = "documents/notices/"


class Stack(Protocol):
    """The part of LocalStack that the page needs."""

    def upload(self, key: str, data: bytes, time: datetime) -> str: ...

    def deliver_inbound(self, raw: bytes, time: datetime) -> str: ...

    def tick(self, time: datetime) -> Any: ...

    def run_reports(self, time: datetime) -> Any: ...

    def invoke(self, function: str, event: dict[str, Any]) -> Any: ...

    def wait_until_idle(self) -> None: ...

    def mails(self) -> list[SentMail]: ...

    def texts(self) -> list[SentText]: ...

    def objects(self, prefix: str) -> dict[str, bytes]: ...


@dataclass(frozen=True, slots=True)
class Written:
    """A letter or hand-over in the bucket."""

    key: str
    account: str
    what: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file: rows by outcome, amounts rejected by currency, reasons with counts."""

    key: str
    kind: str
    rows: dict[str, int]
    amounts: dict[str, dict[str, str]]
    reasons: dict[str, int]
    rejects: str
    adds_up: bool
    arrived: str


class Desk:
    """One person at one local stack. `now` is the simulated time; actions are done one after the other."""

    def __init__(self, stack: Stack, now: datetime) -> None:
        self.stack = stack
        self.now = now.astimezone(UTC)
        self._busy = threading.Lock()

    def mails(self) -> list[SentMail]:
        """All mails, the newest first."""
        return list(reversed(self.stack.mails()))

    def mail(self, number: int) -> SentMail:
        """Raises DeskError when there is no such mail."""
        for mail in self.stack.mails():
            if mail.number == number:
                return mail
        raise DeskError("There is no such mail.")

    def written(self) -> list[Written]:
        """The letters and hand-overs, at most MAX_RECEIPTS."""
        found = self.stack.objects(WRITTEN)
        return [_written(key, data) for key, data in sorted(found.items())][:MAX_RECEIPTS]

    def document(self, key: str) -> bytes:
        """One letter or hand-over. Raises DeskError for anything else."""
        found = self.stack.objects(key) if key.startswith(WRITTEN) else {}
        if key not in found:
            raise DeskError("There is no such file.")
        return found[key]

    def reply(self, number: int, text: str) -> None:
        """Answer a mail in the name of its recipient, and wait until the answer has been worked on."""
        written = text.strip()
        if not written:
            raise DeskError("An answer needs a text.")
        if len(written) > MAX_REPLY_CHARACTERS:
            raise DeskError(f"An answer has at most {MAX_REPLY_CHARACTERS:,} characters.")
        mail = self.mail(number)
        with self._busy:
            at = self._moment()
            self.stack.deliver_inbound(reply_to(mail, written, at), at)
            self.stack.wait_until_idle()

    def drop(self, prefix: str, files: Sequence[tuple[str, bytes]]) -> list[str]:
        """Upload files under a prefix and wait until they have been worked on. Returns their keys."""
        if prefix not in PREFIXES:
            raise DeskError("Choose what the files are.")
        if not files:
            raise DeskError("Choose a file first.")
        keys = [f"{prefix}/{file_name(name)}" for name, _ in files]
        with self._busy:
            for key, (_, data) in zip(keys, files, strict=True):
                self.stack.upload(key, data, self._moment())
            self.stack.wait_until_idle()
        return keys

    def next_day(self) -> int:
        """Let the next morning come: the tick of the day, then the daily report. Returns the number of new mails."""
        with self._busy:
            before = len(self.stack.mails())
            tomorrow = (self.now + timedelta(days=1)).date()
            self.now = datetime(tomorrow.year, tomorrow.month, tomorrow.day, TICK_HOUR, tzinfo=UTC)
            self.stack.tick(self.now)
            self.stack.wait_until_idle()
            self.stack.run_reports(self.now)
            self.stack.wait_until_idle()
            return len(self.stack.mails()) - before

    def report(self) -> str:
        """The report page as the reports function draws it now."""
        answer = self.stack.invoke("ReportsFunction", {"type": "page", "time": self.now.isoformat()})
        return str(answer["html"])

    def cash(self) -> dict[str, Any]:
        """The money that waits: proposals, suspense and what is announced, as the reports function tells it."""
        found = self.stack.invoke("ReportsFunction", {"type": "cash", "time": self.now.isoformat()})
        return {name: list(found[name])[:MAX_WAITING] for name in ("proposals", "suspense", "announced")}

    def place(self, transaction: str, action: str, detail: str) -> None:
        """Decide about money that waits: confirm the placement ``detail`` counts, refuse all, or book it on the account
        that ``detail`` names. Raises DeskError with the function's words when it is refused."""
        request: dict[str, Any] = {"action": action, "transaction": transaction, "by": "page"}
        if action == "confirm_match" and detail.isdecimal() and detail.isascii() and len(detail) < 3:
            request["choice"] = int(detail)
        elif action == "assign":
            request |= {"account": detail, "items": []}
        elif action != "refuse_match":
            raise DeskError("There is no such decision.")
        with self._busy:
            event = {"type": "decision", **request, "time": self._moment().isoformat()}
            answer = self.stack.invoke("ReconcileFunction", event)
            self.stack.wait_until_idle()
        if not answer.get("ok"):
            raise DeskError(f"It was not booked: {answer.get('error')}.")

    def people(self) -> dict[str, Any]:
        """What waits for persons about the chase: approvals, calls, plans, hand-overs, invoices in approval at the
        customer, as the reports function tells it."""
        found = self.stack.invoke("ReportsFunction", {"type": "people", "time": self.now.isoformat()})
        return {name: list(lines) for name, lines in found.items()}

    def decide(self, account: str, action: str, key: str, facts: Mapping[str, str]) -> None:
        """Decide about the chase: ``key`` is the approval, call, hold or hand-over. Raises DeskError with the
        function's words when it is refused."""
        if action not in DECISIONS:
            raise DeskError("There is no such decision.")
        request: dict[str, Any] = {"action": action, "account": account, DECISIONS[action]: key, "by": "page"}
        request |= {name: value for name, value in facts.items() if name in FACTS and value}
        with self._busy:
            event = {"type": "decision", **request, "time": self._moment().isoformat()}
            answer = self.stack.invoke("DisputesFunction", event)
            self.stack.wait_until_idle()
        if not answer.get("ok"):
            raise DeskError(f"It was not carried out: {answer.get('error')}.")

    def receipts(self) -> list[Receipt]:
        """What became of the files, the latest first, at most MAX_RECEIPTS."""
        objects = self.stack.objects("receipts/")
        found = [
            _receipt(json.loads(data), _rejects_beside(key, objects))
            for key, data in objects.items()
            if key.endswith("/receipt.json")
        ]
        return sorted(found, key=lambda receipt: receipt.arrived, reverse=True)[:MAX_RECEIPTS]

    def rejects(self, key: str) -> str:
        """The rejected rows of a file as CSV. Raises DeskError for anything but such a file."""
        if not key.startswith("receipts/") or not key.endswith(".csv"):
            raise DeskError("There is no such file.")
        found = self.stack.objects(key)
        if key not in found:
            raise DeskError("There is no such file.")
        return found[key].decode()

    def _moment(self) -> datetime:
        self.now += STEP
        return self.now


def _written(key: str, data: bytes) -> Written:
    _, _, account, name = key.split("/", 3)
    what = "hand-over" if name.endswith(".zip") else "letter"
    return Written(key, unquote(account), what, name, len(data))


def file_name(name: str) -> str:
    """The last part of a file's name as a key takes it. Raises DeskError for an empty or overlong one."""
    last = name.replace("\\", "/").rpartition("/")[2].strip()
    if last in ("", ".", "..") or len(last) > MAX_NAME or not last.isprintable():
        raise DeskError("A file needs a name.")
    return last


def reply_to(mail: SentMail, text: str, at: datetime) -> bytes:
    """Raw MIME of an answer by the mail's recipient, with the original quoted below as mail programs do."""
    original = mail.parsed()
    recipient = mail.destination[0]
    answer_to = str(original.get("Reply-To") or original.get("From", ""))
    message = EmailMessage(policy=SMTP)
    message["From"] = recipient
    message["To"] = parseaddr(answer_to)[1]
    message["Subject"] = "Re: " + " ".join(str(original.get("Subject", "")).split())
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<page-{mail.number}-{int(at.timestamp())}@{recipient.rpartition('@')[2]}>"
    message_id = " ".join(str(original.get("Message-ID", "")).split())
    if message_id:
        message["In-Reply-To"] = message_id
        message["References"] = message_id
    body = original.get_body(preferencelist=("plain",))
    lines = str(body.get_content()).splitlines()[:MAX_QUOTED_LINES] if body is not None else []
    quoted = "\n".join(f"> {line}".rstrip() for line in lines)
    written = "\n".join(text.splitlines())
    message.set_content(f"{written}\n\nOn {at:%d %B %Y}, {parseaddr(answer_to)[1]} wrote:\n{quoted}\n")
    return message.as_bytes()


def _receipt(data: dict[str, Any], rejects: str) -> Receipt:
    return Receipt(
        key=data["key"],
        kind=data["kind"],
        rows=data["rows"],
        amounts=data["amounts"],
        reasons=data["reasons"],
        rejects=rejects,
        adds_up=data["adds_up"],
        arrived=data["arrived"],
    )


def _rejects_beside(receipt_key: str, objects: dict[str, bytes]) -> str:
    folder = receipt_key.removesuffix("receipt.json")
    return next((key for key in sorted(objects) if key.startswith(folder) and key.endswith(".csv")), "")
