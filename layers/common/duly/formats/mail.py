"""Raw mail to a `ParsedMail`. Takes any bytes and never raises: what cannot be read is named in `problems`."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from duly.formats.mail_auto import is_automatic, is_own
from duly.formats.mail_parts import Part, addresses_in, decoded_header, read_parts
from duly.formats.mail_report import DeliveryReport, RecipientReport, read_report, returned_message, walk
from duly.formats.mail_text import MAX_TEXT_CHARACTERS, guess_language, html_to_text, newest_part, without_sign_off

__all__ = ["Attachment", "DeliveryReport", "ParsedMail", "RecipientReport", "attached_tables", "read_mail"]

MAX_MAIL_BYTES = 30 * 1024 * 1024
MAX_TEXT_PARTS = 20
MAX_TABLES = 5
MAX_TABLE_BYTES = 2 * 1024 * 1024
MAX_ID_CHARACTERS = 998
MAX_REFERENCES = 100
_TO_HEADERS = (
    "delivered-to",
    "x-original-to",
    "x-envelope-to",
    "envelope-to",
    "to",
    "cc",
    "resent-to",
    "x-forwarded-to",
)
_REPLY_ADDRESS = re.compile(r"reply\+[a-z2-7]{53}@[a-z0-9.-]{1,253}", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_TABLES = frozenset(
    {
        "text/csv",
        "application/csv",
        "text/comma-separated-values",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text of the mail. Its name is personal data and is left out."""

    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a mail says, as far as it can be read. Addresses are lower case, without display names.

    `from_address` is that of the only From header with one address, or empty (`from_count` counts From headers).
    `to` holds Delivered-To, X-Original-To, To, Cc and the like. `text` is the newest part alone: quoted history,
    signature and our own notice are cut away; `full_text` is all of it. `language` is a guess, "en", "de", "fr",
    "es", "it", "nl" or "". `body_hash` is the SHA-256 (hex) of the normalised text and the attachments.
    `is_auto_reply` is false for a delivery report. `is_loop` is true for a mail that a Duly stack sent.
    `original_message_id` and `original_token_address` come from the mail that a delivery report returns.
    `problems` are codes: unparseable, empty, too_big, header_too_long, too_many_headers, broken_header,
    two_from_headers, no_from, several_from_addresses, no_message_id, bad_date, unknown_charset, too_deep,
    too_many_parts, no_boundary, boundary_not_found, no_closing_boundary, winmail_dat, html_only, no_text.
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
    problems: dict[str, None] = {}
    if len(data) > MAX_MAIL_BYTES:
        problems["too_big"] = None
        data = data[:MAX_MAIL_BYTES]
    root, found = read_parts(data)
    problems |= dict.fromkeys(found)
    if not root.headers:
        problems["unparseable" if data.strip() else "empty"] = None
    mail = _envelope(root, problems)
    texts = _texts(root, problems)
    mail = _with_text(mail, texts, root)
    mail = _with_sender_kind(mail, root, texts)
    return replace(mail, problems=tuple(problems))


def attached_tables(data: bytes) -> tuple[bytes, ...]:
    """The CSV files and workbooks attached to a raw mail, at most MAX_TABLES of at most MAX_TABLE_BYTES each."""
    root, _ = read_parts(data[:MAX_MAIL_BYTES])
    found = (part.decoded() for part in walk(root) if _is_table(part))
    return tuple(content for content in islice(found, MAX_TABLES) if 0 < len(content) <= MAX_TABLE_BYTES)


def _is_table(part: Part) -> bool:
    name = part.parameters.get("name", "") or part.first("content-disposition")
    ends = name.strip().strip('";').lower().endswith((".csv", ".xlsx"))
    return part.content_type in _TABLES or (ends and not part.content_type.startswith(("multipart/", "message/")))


def _envelope(root: Part, problems: dict[str, None]) -> ParsedMail:
    authors = root.all("from")
    from_addresses = addresses_in(authors[0]) if authors else ()
    if not authors:
        problems["no_from"] = None
    if len(authors) > 1:
        problems["two_from_headers"] = None
    elif len(from_addresses) > 1:
        problems["several_from_addresses"] = None
    return_path = root.first("return-path").strip() if root.all("return-path") else None
    message_id = _message_id(root.first("message-id"))
    if not message_id:
        problems["no_message_id"] = None
    return ParsedMail(
        message_id=message_id,
        from_address=from_addresses[0] if len(authors) == 1 and len(from_addresses) == 1 else "",
        from_count=len(authors),
        reply_to=_addresses(root, ("reply-to",)),
        sender=next(iter(addresses_in(root.first("sender"))), ""),
        return_path=None if return_path is None else next(iter(addresses_in(return_path)), ""),
        null_return_path=return_path is not None and return_path.replace(" ", "") in ("<>", ""),
        to=_addresses(root, _TO_HEADERS),
        subject=decoded_header(root.first("subject"))[:MAX_ID_CHARACTERS],
        date=_date(root.first("date"), problems),
        in_reply_to=_message_ids(root.first("in-reply-to") + " " + root.first("references")),
        is_loop=is_own(root),
    )


def _addresses(root: Part, names: tuple[str, ...]) -> tuple[str, ...]:
    found = (address for name in names for value in root.all(name) for address in addresses_in(value))
    return tuple(dict.fromkeys(found))


def _message_id(value: str) -> str:
    match = _MESSAGE_ID.search(value)
    return match.group() if match else "".join(value.split())[:MAX_ID_CHARACTERS]


def _message_ids(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(value)))[:MAX_REFERENCES]


def _date(value: str, problems: dict[str, None]) -> datetime | None:
    if not value:
        return None
    try:
        parsed = parsedate_to_datetime(value[:200])
        # "-0000" and a missing zone say nothing about the zone: UTC is as good as any (RFC 5322 section 3.3).
        return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        problems["bad_date"] = None
        return None


# Text ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Texts:
    """The text found in a mail, and which parts it came from (by identity)."""

    pieces: list[str]
    used: set[int]
    from_html: bool = False


def _texts(root: Part, problems: dict[str, None]) -> _Texts:
    texts = _Texts([], set())
    _collect(root, texts, problems)
    if texts.from_html:
        problems["html_only"] = None
    if not any(piece.strip() for piece in texts.pieces):
        problems["no_text"] = None
    return texts


def _collect(part: Part, texts: _Texts, problems: dict[str, None]) -> None:
    if len(texts.pieces) >= MAX_TEXT_PARTS:
        return
    if part.content_type == "multipart/alternative":
        _collect_alternative(part, texts, problems)
    elif part.content_type in ("multipart/related", "multipart/signed", "multipart/report"):
        for child in part.children[:1]:
            _collect(child, texts, problems)
    elif part.content_type.startswith("multipart/"):
        for child in part.children:
            _collect(child, texts, problems)
        if not part.children and part.body.strip():
            # A multipart that cannot be cut: its raw text is all there is.
            texts.pieces.append(part.text()[0][:MAX_TEXT_CHARACTERS])
    elif part.content_type in ("text/plain", "text/html", "text", "text/enriched") and not part.is_attachment():
        _add_text(part, texts, problems)
    elif part.content_type in _TNEF:
        problems["winmail_dat"] = None


def _collect_alternative(part: Part, texts: _Texts, problems: dict[str, None]) -> None:
    for child in part.children:
        if child.content_type == "text/plain" and child.body.strip():
            texts.used.update(id(other) for other in part.children if other.content_type == "text/html")
            _add_text(child, texts, problems)
            return
    before = len(texts.pieces)
    for child in part.children:
        if len(texts.pieces) == before:
            _collect(child, texts, problems)


def _add_text(part: Part, texts: _Texts, problems: dict[str, None]) -> None:
    text, known = part.text()
    if not known:
        problems["unknown_charset"] = None
    texts.used.add(id(part))
    is_html = part.content_type == "text/html" or re.match(r"\s*<(?:!doctype html|html)\b", text[:200], re.IGNORECASE)
    if is_html:
        texts.from_html = not texts.pieces
        text = html_to_text(text)
    elif part.parameters.get("format", "").lower() == "flowed":
        text = _unflowed(text)
    texts.pieces.append(text[:MAX_TEXT_CHARACTERS])


def _unflowed(text: str) -> str:
    """Joins soft line breaks (RFC 3676): a line that ends in a space goes on in the next, unless it is a quote."""
    return re.sub(r"^(?!>|-- \r?$)([^\n]*[^ \r\n] ) *\r?\n(?!>|\r?\n|-- )", r"\1", text, flags=re.MULTILINE)


def _with_text(mail: ParsedMail, texts: _Texts, root: Part) -> ParsedMail:
    full_text = "\n".join(texts.pieces).replace("\r\n", "\n").replace("\x00", "")[:MAX_TEXT_CHARACTERS]
    text = without_sign_off(newest_part(full_text))
    attached = [
        part for part in walk(root) if not part.content_type.startswith("multipart/") and id(part) not in texts.used
    ]
    digest = hashlib.sha256(re.sub(r"\s+", " ", full_text).strip().encode("utf-8", "surrogatepass"))
    attachments: list[Attachment] = []
    for part in attached:
        content = part.decoded()
        digest.update(hashlib.sha256(content).digest())
        if content:
            attachments.append(Attachment(part.content_type, len(content)))
    return replace(
        mail,
        text=text,
        full_text=full_text,
        language=guess_language(text) or guess_language(full_text),
        body_hash=digest.hexdigest(),
        attachments=tuple(attachments),
    )


def _with_sender_kind(mail: ParsedMail, root: Part, texts: _Texts) -> ParsedMail:
    own_text = mail.full_text or "\n".join(texts.pieces)
    report = read_report(root, own_text, mail.subject)
    if report is None:
        automatic = is_automatic(root, mail.subject, mail.text or own_text, mail.null_return_path)
        return replace(mail, is_auto_reply=automatic)
    original = returned_message(root, own_text)
    headers = " ".join(value for _name, value in original.headers) if original is not None else ""
    token = _REPLY_ADDRESS.search(headers)
    return replace(
        mail,
        delivery_report=report,
        original_message_id=_message_id(original.first("message-id")) if original is not None else "",
        original_token_address=token.group().lower() if token else "",
    )
