"""A stack for the tests of the local page: it keeps what is done to it and answers with a sample report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from duly.reports.page import render_page
from duly.reports.people import people_data
from local.ses_shim import Outcome, SentMail, SentText
from tests.report_sample import make_sample

START = datetime(2026, 4, 6, 6, 0, tzinfo=UTC)
REPLY_ADDRESS = "reply+ab12cd@reply.creditor.example"


class PageStack:
    """Implements local.desk.Stack. `calls` are (operation, details) in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[tuple[str, Any]] = []
        self.inbound: list[tuple[bytes, datetime]] = []
        self.files: dict[str, bytes] = {}
        self.failing: Exception | None = None
        self.waiting: dict[str, Any] = {"proposals": [], "suspense": [], "announced": []}
        self.decisions: list[tuple[str, dict[str, Any]]] = []
        self.answer: dict[str, Any] = {"ok": True}
        self._mails: list[SentMail] = []
        self.sent_texts: list[SentText] = []

    def send(self, to: str, subject: str, text: str, html: str = "") -> SentMail:
        """Let the stack have sent a mail."""
        message = EmailMessage(policy=SMTP)
        message["From"] = "Muster Maschinen GmbH <billing@creditor.example>"
        message["Reply-To"] = REPLY_ADDRESS
        message["To"] = to
        message["Subject"] = subject
        message["Message-ID"] = f"<{len(self._mails) + 1}@creditor.example>"
        message.set_content(text)
        if html:
            message.add_alternative(html, subtype="html")
        number = len(self._mails) + 1
        path = self.folder / f"{number}.eml"
        path.write_bytes(message.as_bytes())
        outcomes = {to: Outcome.DELIVERED}
        mail = SentMail(number, f"id-{number}", START, "billing@creditor.example", (to,), {}, "set", outcomes, path)
        self._mails.append(mail)
        return mail

    def texts(self) -> list[SentText]:
        return list(self.sent_texts)

    def upload(self, key: str, data: bytes, time: datetime) -> str:
        self.calls.append(("upload", key))
        receipt = {
            "key": key,
            "kind": "invoices",
            "rows": {"in": 3, "applied": 2, "duplicate": 0, "rejected": 1},
            "amounts": {},
            "reasons": {"date_format": 1},
            "adds_up": True,
            "arrived": time.isoformat(),
        }
        self.files[key] = data
        self.files[f"receipts/{key}/v1/receipt.json"] = json.dumps(receipt).encode()
        self.files[f"receipts/{key}/v1/rejects.csv"] = b"line,field,code,reason\r\n3,due,date_format,expected a day\r\n"
        return "v1"

    def deliver_inbound(self, raw: bytes, time: datetime) -> str:
        self.calls.append(("inbound", time))
        self.inbound.append((raw, time))
        return "inbound-1"

    def tick(self, time: datetime) -> Any:
        if self.failing is not None:
            raise self.failing
        self.calls.append(("tick", time))

    def run_reports(self, time: datetime) -> Any:
        self.calls.append(("reports", time))

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        self.calls.append(("invoke", (function, event["type"])))
        if event["type"] == "cash":
            return self.waiting
        if event["type"] == "people":
            report = make_sample().report()
            return people_data(report.people, report.names, {("C1012", "call-n1~2"): "Say <this>."})
        if event["type"] == "decision":
            self.decisions.append((function, event))
            return self.answer
        return {"html": render_page(make_sample().report())}

    def wait_until_idle(self) -> None:
        self.calls.append(("wait", None))

    def mails(self) -> list[SentMail]:
        return list(self._mails)

    def objects(self, prefix: str) -> dict[str, bytes]:
        return {key: data for key, data in self.files.items() if key.startswith(prefix)}
