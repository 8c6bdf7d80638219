"""A rendered notice as the bytes that are sent and kept: multipart/alternative, 7-bit, the same for the same input.

The headers are written here and not by the standard library's `email` package: its folding and encoding of headers
differ between Python versions, and the bytes that are kept as evidence should not. Every value is one line before
it is written, and anything but printable ASCII becomes an encoded word (RFC 2047), so no name can start a header.

What the headers say, and why:

- `Auto-Submitted` is left out unless the policy asks for `auto-generated`. RFC 3834 (section 5) would like every
  automatic message to say so, but ticket systems, behind which many accounts departments sit, throw such mail away
  unseen, and a reminder that nobody saw must not count as one. RFC 3834 protects against loops between machines;
  Duly never answers a mail by itself, and `X-Duly-Attempt` lets another Duly know a machine's mail.
- `X-Auto-Response-Suppress: OOF, AutoReply` asks Exchange for no absence notes: each would hold the account until it
  is read as one. Delivery reports are not suppressed: they are evidence.
- `References` names a made-up root of the conversation, so that mail programs show the notices about one account
  together. SES writes its own Message-ID over ours, so earlier notices could not be named reliably.
- No `List-Unsubscribe`: a notice about a debt is not a mailing list, and leaving it would not end the debt.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from duly.mail.local_forms import one_line
from duly.mail.render import Picture, Rendered

MAX_RECIPIENTS = 50
"""SES takes at most 50 recipients in one message."""
MAX_ATTACHED_BYTES = 2 * 1024 * 1024
"""Of all attachments of one message: what mail servers of small firms take without a word."""
MAX_MESSAGE_BYTES = 5 * 1024 * 1024
"""A notice is words and a table. More than this is a fault of ours, long before SES's limit of 40 MB."""

_LINE_CHARACTERS = 76
_LONGEST_PLAIN_WORD = 60
_ENCODED_WORD_BYTES = 33
"""UTF-8 bytes for one encoded word: 44 characters of base64 and 12 of frame, so that it and the header's name fit into
one line (RFC 2047 allows 75 for the word and 76 for the line)."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN_PART = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_DOMAIN_PART}(?:\.{_DOMAIN_PART})+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_OWN_HEADERS = frozenset(
    {
        "from",
        "sender",
        "to",
        "cc",
        "bcc",
        "reply-to",
        "return-path",
        "subject",
        "date",
        "message-id",
        "references",
        "in-reply-to",
        "mime-version",
        "content-type",
        "content-language",
        "content-transfer-encoding",
        "auto-submitted",
        "x-auto-response-suppress",
        "x-duly-attempt",
    }
)


class MailError(ValueError):
    """A message that must not be built. `code` says why; the text never holds an address or a name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along with a message; its name is plain ASCII."""

    name: str
    content_type: str
    data: bytes


def build(
    rendered: Rendered,
    *,
    sender_name: str,
    sender_address: str,
    to: Sequence[str],
    reply_to: str,
    date: datetime,
    attempt: str,
    thread: str = "",
    auto_submitted: Literal["no", "auto-generated"] = "no",
    headers: Mapping[str, str] | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The whole message with CRLF line ends.

    `to` and `reply_to` are bare addresses, `date` is aware, `attempt` and `thread` are ids of ASCII letters, digits,
    `-` and `_`. `thread` names the conversation (an opaque id of account and currency); `headers` adds more, but cannot
    replace one that is written here. Raises MailError.
    """
    recipients = [checked_address(address) for address in to]
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise MailError("recipients_count")
    for identifier in (attempt, thread):
        if identifier and not _IDENTIFIER.fullmatch(identifier):
            raise MailError("identifier_malformed")
    if not attempt:
        raise MailError("attempt_missing")
    sender = checked_address(sender_address)
    domain = sender.rpartition("@")[2]
    lines = [
        _folded("From", [*_phrase(sender_name), f"<{sender}>"]),
        _folded("To", _comma_separated(recipients)),
        _folded("Reply-To", [checked_address(reply_to)]),
        _folded("Subject", _words(rendered.subject)),
        f"Date: {_date(date)}",
        f"Message-ID: <{attempt}@{domain}>",
        *([f"References: <thread-{thread}@{domain}>"] if thread else []),
        *([f"Auto-Submitted: {auto_submitted}"] if auto_submitted != "no" else []),
        "X-Auto-Response-Suppress: OOF, AutoReply",
        f"X-Duly-Attempt: {attempt}",
        *(_extra(name, value) for name, value in (headers or {}).items()),
        f"Content-Language: {rendered.language}",
        "MIME-Version: 1.0",
    ]
    raw = "\r\n".join(lines).encode("ascii") + b"\r\n" + _whole(rendered, attempt, attachments)
    if len(raw) > MAX_MESSAGE_BYTES:
        raise MailError("message_too_large")
    return raw


def checked_address(address: str) -> str:
    """A bare address in ASCII, its domain in the form that mail servers use. Raises MailError.

    Quoted local parts, comments, display names and non-ASCII local parts (SES does not take them) are refused.
    """
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise MailError("address_malformed")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise MailError("address_malformed") from None
    if not _DOMAIN.fullmatch(ascii_domain) or len(local) + 1 + len(ascii_domain) > 254:
        raise MailError("address_malformed")
    return f"{local}@{ascii_domain}"


def _extra(name: str, value: str) -> str:
    if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS:
        raise MailError("header_not_allowed")
    return _folded(name, _words(value))


def _words(text: str) -> list[str]:
    """The words of an unstructured header: as they stand, or as encoded words when that is not plain enough."""
    clean = one_line(text)
    plain = clean.isascii() and "=?" not in clean and all(len(word) <= _LONGEST_PLAIN_WORD for word in clean.split())
    return clean.split(" ") if plain else _encoded_words(clean)


def _phrase(name: str) -> list[str]:
    """A display name: a quoted string when it is ASCII, else encoded words. Empty for an empty name."""
    clean = one_line(name)
    if not clean:
        return []
    if clean.isascii() and "=?" not in clean and len(clean) <= _LONGEST_PLAIN_WORD:
        escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"']
    return _encoded_words(clean)


def _encoded_words(text: str) -> list[str]:
    words, taken = [], b""
    for character in text:
        encoded = character.encode("utf-8")
        if len(taken) + len(encoded) > _ENCODED_WORD_BYTES:
            words.append(taken)
            taken = b""
        taken += encoded
    words.append(taken)
    return [f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words]


def _comma_separated(addresses: Sequence[str]) -> list[str]:
    return [f"{address}," for address in addresses[:-1]] + [addresses[-1]]


def _folded(name: str, words: Sequence[str]) -> str:
    """A header whose lines break between words. Each further line starts with one space, as RFC 5322 asks."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE_CHARACTERS and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _date(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise MailError("date_without_zone")
    offset = moment.utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    day = f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d}"
    return f"{day} {moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} {sign}{hours:02d}{rest:02d}"


def _whole(rendered: Rendered, attempt: str, attachments: Sequence[Attachment]) -> bytes:
    """The words alone, or before what is attached. No base64 line can equal a boundary, which has an underscore."""
    if not attachments:
        return _body(rendered, attempt)
    if sum(len(one.data) for one in attachments) > MAX_ATTACHED_BYTES:
        raise MailError("attachments_too_large")
    if any(not _FILE_NAME.fullmatch(one.name) for one in attachments):
        raise MailError("attachment_name")
    return _multipart("mixed", f"=_duly_mixed_{attempt[:50]}", [_body(rendered, attempt), *map(_attached, attachments)])


def _attached(one: Attachment) -> bytes:
    head = (
        f'Content-Type: {one.content_type}; name="{one.name}"\r\n'
        f'Content-Disposition: attachment; filename="{one.name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(one.data).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _body(rendered: Rendered, attempt: str) -> bytes:
    """Both parts, the plain one first, the HTML with its pictures (RFC 2387). No line of quoted-printable can equal a
    boundary: `=_` cannot occur in it."""
    html = _part("text/html", rendered.html)
    if rendered.pictures:
        shown = [html, *map(_shown, rendered.pictures)]
        html = _multipart('related; type="text/html"', f"=_duly_related_{attempt[:46]}", shown)
    return _multipart("alternative", f"=_duly_{attempt[:50]}", [_part("text/plain", rendered.text), html])


def _multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    opening = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    frame = f"--{boundary}".encode("ascii")
    return opening + b"".join(frame + b"\r\n" + part + b"\r\n" for part in parts) + frame + b"--\r\n"


def _shown(picture: Picture) -> bytes:
    """A picture that the HTML names by its id; it is no attachment of its own."""
    head = (
        f'Content-Type: image/png; name="{picture.name}.png"\r\n'
        f"Content-ID: <{picture.name}>\r\n"
        f'Content-Disposition: inline; filename="{picture.name}.png"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(picture.data).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def _part(content_type: str, text: str) -> bytes:
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    lines = text.rstrip("\n").split("\n")
    return head.encode("ascii") + b"\r\n".join(_quoted_printable(line) for line in lines)


def _quoted_printable(line: str) -> bytes:
    # One line at a time: the encoder then sees no line ends and marks every space or tab before one.
    return binascii.b2a_qp(line.encode("utf-8"), istext=False).replace(b"\n", b"\r\n")
