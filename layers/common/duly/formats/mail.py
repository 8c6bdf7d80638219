"""Raw mail to a `ParsedMail`. Takes any bytes and never raises: what cannot be read is named in `problems`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.utils import getaddresses, parseaddr

from duly.formats.mail_report import DeliveryReport, RecipientReport

__all__ = ["Attachment", "DeliveryReport", "ParsedMail", "RecipientReport", "read_mail"]

MAX_MAIL_BYTES = 30 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text of the mail. Its name is personal data and is left out."""

    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a mail says, as far as it can be read. Addresses are lower case, without display names.

    `from_address` is that of the only From header, or empty when there are several or none (`from_count`).
    `to` holds To, Cc, Delivered-To, X-Original-To and the like. `text` is the newest part alone: quoted history,
    signature and our own notice are cut away; `full_text` is all of it. `language` is a guess, "en", "de", "fr",
    "es", "it", "nl" or "". `body_hash` is the SHA-256 (hex) of the normalised body. `is_loop` is true for a mail
    that a Duly stack sent. `original_message_id` and `original_token_address` come from the headers that a
    delivery report or a quoting mail returns. `problems` are codes, such as "unparseable" or "two_from_headers".
    """

    message_id: str = ""
    from_address: str = ""
    from_count: int = 0
    reply_to: tuple[str, ...] = ()
    sender: str = ""
    return_path: str | None = None
    null_return_path: bool = False
    to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    in_reply_to: tuple[str, ...] = ()
    text: str = ""
    full_text: str = ""
    language: str = ""
    body_hash: str = ""
    is_auto_reply: bool = False
    is_loop: bool = False
    delivery_report: DeliveryReport | None = None
    original_message_id: str = ""
    original_token_address: str = ""
    attachments: tuple[Attachment, ...] = ()
    problems: tuple[str, ...] = ()


def read_mail(data: bytes) -> ParsedMail:
    """Reads one raw mail (RFC 5322, MIME). Never raises, whatever the bytes are."""
    message = message_from_bytes(data[:MAX_MAIL_BYTES], policy=policy.compat32)
    payload = message.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    recipients = getaddresses([str(value) for name in ("To", "Cc") for value in message.get_all(name, [])])
    return ParsedMail(
        message_id=str(message.get("Message-ID", "")).strip(),
        from_address=parseaddr(str(message.get("From", "")))[1].lower(),
        from_count=len(message.get_all("From", [])),
        to=tuple(address.lower() for _name, address in recipients if address),
        subject=str(message.get("Subject", "")),
        text=text,
        full_text=text,
        body_hash=hashlib.sha256(data).hexdigest(),
    )
