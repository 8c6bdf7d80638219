"""Raw MIME of the debtors' replies: answers with a quoted original, automatic answers, delivery reports, forged
and broken mails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape

from local.business import Customer
from local.wording import AUTOMATIC_PREFIX, CLOSINGS, NAMES, QUOTE_INTRODUCTION, SUBJECT_PREFIX, long_date

NUMBER = re.compile(r"\bRE-\d{2}-\d{4}\b")
PASSED = {"spf": "PASS", "dkim": "PASS", "dmarc": "PASS", "spam": "PASS", "virus": "PASS"}
FAILED = {"spf": "FAIL", "dkim": "GRAY", "dmarc": "FAIL", "spam": "PASS", "virus": "PASS"}
QUOTED_LINES_MAX = 60


@dataclass(frozen=True, slots=True)
class Notice:
    """What a debtor sees of one of our mails."""

    raw: bytes
    to: str
    sender: str
    reply_to: str
    message_id: str
    subject: str
    text: str
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail that will arrive: when (UTC), its bytes, SES's verdicts (spf, dkim, dmarc, spam, virus: PASS, FAIL
    or GRAY).

    `recipient` is the address that the envelope names. `kind` is what the debtor means and `customer` the id of who
    wrote; only the demonstration's pages and tests look at these two.
    """

    due: datetime
    raw: bytes
    verdicts: dict[str, str]
    kind: str
    customer: str
    text: str
    recipient: str


def read_notice(raw: bytes) -> Notice:
    """Reads one of our own mails as a mail program would show it."""
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(preferencelist=("plain", "html"))
    text = str(body.get_content()) if body is not None else ""
    numbers = tuple(dict.fromkeys(NUMBER.findall(text)))
    return Notice(
        raw=raw,
        to=parseaddr(str(message.get("To", "")))[1].lower(),
        sender=str(message.get("From", "")),
        reply_to=parseaddr(str(message.get("Reply-To") or message.get("From", "")))[1],
        message_id=str(message.get("Message-ID", "")).strip(),
        subject=" ".join(str(message.get("Subject", "")).split()),
        text=text,
        numbers=numbers,
    )


def _headers(notice: Notice, sender: str, subject: str, due: datetime, serial: str) -> EmailMessage:
    domain = sender.rpartition("@")[2].rstrip(">")
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = notice.reply_to
    message["Subject"] = subject
    message["Date"] = format_datetime(due)
    message["Message-ID"] = f"<{serial}@{domain}>"
    if notice.message_id:
        message["In-Reply-To"] = notice.message_id
        message["References"] = notice.message_id
    return message


def person(customer: Customer, style: int) -> str:
    """The person of the customer who writes."""
    names = NAMES[customer.country]
    return names[(style + int(customer.id[-2:])) % len(names)]


def _signed(text: str, customer: Customer, style: int) -> str:
    closings = CLOSINGS[customer.language]
    return f"{text}\n\n{closings[style % len(closings)]}\n{person(customer, style)}\n{customer.name}\n"


def answer(
    notice: Notice, customer: Customer, text: str, due: datetime, serial: str, style: int, sender: str = ""
) -> bytes:
    """A person's answer: signed, with the original quoted below; every third one also in HTML, as office programs
    send it.

    `sender` replaces the customer's own address (a mail from elsewhere).
    """
    written = _signed(text, customer, style)
    address = sender or notice.to
    message = _headers(
        notice,
        f"{person(customer, style)} <{address}>",
        SUBJECT_PREFIX[customer.language] + notice.subject,
        due,
        serial,
    )
    introduction = QUOTE_INTRODUCTION[customer.language].format(
        day=long_date(due.date(), customer.language, 1), sender=notice.sender
    )
    lines = notice.text.splitlines()[:QUOTED_LINES_MAX]
    quoted = "\n".join("> " + line if line else ">" for line in lines)
    message.set_content(f"{written}\n{introduction}\n{quoted}\n")
    if style % 3 == 0:
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in written.split("\n\n"))
        original = "<br>".join(escape(line) for line in lines)
        message.add_alternative(
            f"<html><body>{paragraphs}<p>{escape(introduction)}</p><blockquote>{original}</blockquote></body></html>",
            subtype="html",
        )
        message.set_boundary(f"part-{serial}")  # else the standard library takes one by chance
    return message.as_bytes()


def out_of_office(notice: Notice, customer: Customer, text: str, due: datetime, serial: str) -> bytes:
    """An automatic answer as RFC 3834 marks it."""
    subject = AUTOMATIC_PREFIX[customer.language] + notice.subject
    message = _headers(notice, f"{person(customer, 0)} <{notice.to}>", subject, due, serial)
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message["Precedence"] = "bulk"
    message.set_content(text + "\n")
    return message.as_bytes()


def delivery_report(notice: Notice, customer: Customer, due: datetime, serial: str) -> bytes:
    """A delivery report (RFC 3464) of a mail server that accepted our mail and found no mailbox afterwards."""
    domain = customer.domain
    boundary = f"report-{serial}"
    head = _headers(
        notice, f"Mail Delivery System <MAILER-DAEMON@{domain}>", "Undelivered Mail Returned to Sender", due, serial
    )
    head["Return-Path"] = "<>"
    head["Auto-Submitted"] = "auto-replied"
    head["MIME-Version"] = "1.0"
    head["Content-Type"] = f'multipart/report; report-type=delivery-status; boundary="{boundary}"'
    returned = "\r\n".join(
        line for line in (f"From: {notice.sender}", f"To: {notice.to}", f"Reply-To: {notice.reply_to}",
                          f"Message-ID: {notice.message_id}") if not line.endswith(": ")
    )  # fmt: skip
    parts = (
        f"Content-Type: text/plain; charset=us-ascii\r\n\r\nYour message could not be delivered to <{notice.to}>: "
        "550 5.1.1 user unknown.\r\n",
        f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.{domain}\r\n\r\nFinal-Recipient: "
        f"rfc822; {notice.to}\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n",
        f"Content-Type: text/rfc822-headers\r\n\r\n{returned}\r\n",
    )
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    head_bytes = b"".join(f"{name}: {value}\r\n".encode() for name, value in head.items())
    return head_bytes + b"\r\n" + body.encode()


def forged_token(address: str) -> str:
    """The reply address with the last characters of its token changed, as a guesser would."""
    local, _, domain = address.partition("@")
    swapped = "".join("a" if character != "a" else "b" for character in local[-6:])
    return f"{local[:-6]}{swapped}@{domain}"


def unparseable() -> bytes:
    """Bytes in which no mail reader finds a single header; what they are addressed to only the envelope says."""
    return b"\x00\xff\xfe=====%%%%\x00\r\n" * 40
