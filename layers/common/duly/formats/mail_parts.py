"""Mail bytes to headers and a tree of parts, in linear time and within bounds.

The parser of the standard library recurses once per nesting level and compares every line with every open boundary,
so that a crafted mail stops it or costs minutes. Cutting at boundaries is little work and keeps every bound in sight.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header

from duly.formats.mail_charset import decode_bytes

MAX_HEADER_BYTES = 512 * 1024
MAX_HEADER_LINES = 5_000
MAX_HEADERS = 1_000
MAX_HEADER_VALUE_CHARACTERS = 16 * 1024
MAX_PARTS = 1_000
MAX_DEPTH = 50
MAX_BOUNDARY_BYTES = 256
MAX_PARAMETER_CHARACTERS = 4_096
MAX_ADDRESSES = 1_000
MAX_ADDRESS_CHARACTERS = 320

# A closing boundary is looked for once per candidate line, so that their number is bounded too.
MAX_GUESS_BYTES = 4_096

_BOUNDARY_LINE = re.compile(rb"^--([^\s-][^\s]{4,69}|-[^\s]{5,69})[ \t]*\r?$", re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,200}")
_PARAMETER = re.compile(r";\s*([A-Za-z0-9_.*'-]{1,80})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,2000})\"|([^;\s\"]{0,2000}))")
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,60}\?[BbQq]\?[^?]{0,4000}\?=")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(slots=True)
class Part:
    """One MIME part. `content_type` is lower case; `body` is still encoded; `children` are those of a multipart or
    the one message inside a message/rfc822."""

    headers: list[tuple[str, str]]
    content_type: str
    parameters: dict[str, str]
    body: bytes
    children: list[Part] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """The raw values of a header, in order. Encoded words are left as they are."""
        wanted = name.lower()
        return [value for header, value in self.headers if header == wanted]

    def first(self, name: str) -> str:
        """The first raw value of a header, or an empty text."""
        values = self.all(name)
        return values[0] if values else ""

    def is_attachment(self) -> bool:
        """Whether the sender marked the part as an attachment."""
        return self.first("content-disposition").strip().lower().startswith("attachment")

    def decoded(self) -> bytes:
        """The body without its transfer encoding; broken encodings give what can be read."""
        return _decoded(self.first("content-transfer-encoding").strip().lower(), self.body)

    def text(self) -> tuple[str, bool]:
        """The decoded body as text, and whether its charset was known and right."""
        return decode_bytes(self.decoded(), self.parameters.get("charset", ""))


def _decoded(encoding: str, body: bytes) -> bytes:
    if encoding.startswith("base64"):
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        usable = letters[: len(letters) - (len(letters) % 4 == 1)]
        return b64decode(usable + b"=" * (-len(usable) % 4))
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    return body


class _Budget:
    """What is left of the bounds while a mail is taken apart."""

    def __init__(self) -> None:
        self.parts = MAX_PARTS
        self.problems: dict[str, None] = {}

    def note(self, code: str) -> None:
        self.problems[code] = None


def read_parts(data: bytes) -> tuple[Part, tuple[str, ...]]:
    """The mail as a tree, and the codes of what was wrong with it or cut off."""
    budget = _Budget()
    root = _part(data, "text/plain", 0, budget)
    return root, tuple(budget.problems)


def _part(data: bytes, default_type: str, depth: int, budget: _Budget) -> Part:
    budget.parts -= 1
    head, body = _split_head(data)
    headers = _headers(head, budget)
    raw_type = next((value for name, value in headers if name == "content-type"), "")
    content_type, parameters = content_type_of(raw_type, default_type)
    part = Part(headers, content_type, parameters, body)
    if content_type.startswith("multipart/"):
        _add_children(part, depth, budget)
    elif content_type in ("message/rfc822", "message/global") and _may_descend(depth, budget):
        part.children.append(_part(part.decoded().lstrip(b"\r\n"), "text/plain", depth + 1, budget))
    return part


def _may_descend(depth: int, budget: _Budget) -> bool:
    if depth >= MAX_DEPTH:
        budget.note("too_deep")
        return False
    if budget.parts <= 0:
        budget.note("too_many_parts")
        return False
    return True


def _add_children(part: Part, depth: int, budget: _Budget) -> None:
    boundary = part.parameters.get("boundary", "").encode("latin-1", "replace")
    if not boundary or len(boundary) > MAX_BOUNDARY_BYTES:
        budget.note("no_boundary")
        return
    if b"--" + boundary not in part.body:
        budget.note("boundary_not_found")
        boundary = _guessed_boundary(part.body)
        if not boundary:
            return
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for piece in _pieces(part.body, boundary, budget):
        if not _may_descend(depth, budget):
            return
        part.children.append(_part(piece, default, depth + 1, budget))


def _guessed_boundary(body: bytes) -> bytes:
    """The boundary that a body shows when its header names another (some relays rewrite one and not the other): a
    line "--X" for which "--X--" comes later."""
    for match in _BOUNDARY_LINE.finditer(body[:MAX_GUESS_BYTES]):
        if b"\n--" + match.group(1) + b"--" in body[match.end() :]:
            return match.group(1)
    return b""


def _pieces(body: bytes, boundary: bytes, budget: _Budget) -> list[bytes]:
    pattern = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    start = -1
    for match in pattern.finditer(body):
        if start >= 0:
            pieces.append(body[start : match.start()] if match.start() > start else b"")
        start = match.end()
        if match.group(1):
            return [piece.removeprefix(b"\r").removeprefix(b"\n") for piece in pieces]
        if len(pieces) > MAX_PARTS:
            budget.note("too_many_parts")
            return pieces[:MAX_PARTS]
    budget.note("no_closing_boundary")
    if start >= 0:
        pieces.append(body[start:])
    return [piece.removeprefix(b"\r").removeprefix(b"\n") for piece in pieces]


def _split_head(data: bytes) -> tuple[bytes, bytes]:
    if data.startswith((b"\n", b"\r\n")):
        return b"", data.lstrip(b"\r\n")
    match = _HEADER_END.search(data)
    if match is None:
        # Without an empty line it is all headers, or all body when the first line is no header.
        first_line = data[:1000].partition(b"\n")[0]
        return (data, b"") if b":" in first_line or first_line.startswith(b"From ") else (b"", data)
    return data[: match.start()], data[match.end() :]


def _headers(head: bytes, budget: _Budget) -> list[tuple[str, str]]:
    if len(head) > MAX_HEADER_BYTES:
        budget.note("header_too_long")
        head = head[:MAX_HEADER_BYTES]
    lines = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if len(lines) > MAX_HEADER_LINES:
        budget.note("header_too_long")
        lines = lines[:MAX_HEADER_LINES]
    fields: list[list[bytes]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1].append(line)
        elif line and not line.startswith((b"From ", b">From ")):
            fields.append([line])
    return _named(fields, budget)


def _named(fields: list[list[bytes]], budget: _Budget) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for field_lines in fields:
        text, _known = decode_bytes(b" ".join(line.strip() for line in field_lines), "")
        name, colon, value = text.partition(":")
        if not colon or not _HEADER_NAME.fullmatch(name.rstrip()):
            budget.note("broken_header")
            continue
        if len(headers) >= MAX_HEADERS:
            budget.note("too_many_headers")
            break
        headers.append((name.rstrip().lower(), value.strip()[:MAX_HEADER_VALUE_CHARACTERS]))
    return headers


def header_block(text: str) -> Part:
    """The headers that a text begins with, as a part without a body: a delivery report's copy of a mail."""
    return Part(_headers(text.encode("utf-8", "replace"), _Budget()), "text/plain", {}, b"")


def content_type_of(value: str, default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """A Content-Type value as its lower-case type and parameters; the default when it has no readable type."""
    value = value[:MAX_PARAMETER_CHARACTERS]
    kind = value.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}", kind):
        kind = default
    parameters: dict[str, str] = {}
    for match in _PARAMETER.finditer(value):
        quoted = match.group(2)
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match.group(3)
        parameters.setdefault(match.group(1).lower().partition("*")[0], text)
    return kind, parameters


def decoded_header(value: str) -> str:
    """A header's value with encoded words (RFC 2047) read, on one line, without control characters. Words that
    cannot be read stay as they are."""
    value = value[:MAX_HEADER_VALUE_CHARACTERS]
    # Between two encoded words white space does not count.
    joined = re.sub(r"(\?=)\s+(?==\?)", r"\1", value)
    return _CONTROL.sub(" ", _ENCODED_WORD.sub(lambda match: _encoded_word(match.group()), joined)).strip()


def _encoded_word(word: str) -> str:
    try:
        content, charset = decode_header(word)[0]
    except (HeaderParseError, ValueError, IndexError):
        return word
    if isinstance(content, str):
        return content
    return decode_bytes(content, charset or "")[0]


def addresses_in(value: str) -> tuple[str, ...]:
    """The lower-case addresses of an address header, in order, without names. Reads the raw value, so that an
    address hidden in an encoded name or a quoted name is not taken for one."""
    addresses: dict[str, None] = {}
    for mailbox in _mailboxes(value[:MAX_HEADER_VALUE_CHARACTERS]):
        address = _clean_address(mailbox)
        if address:
            addresses[address] = None
        if len(addresses) >= MAX_ADDRESSES:
            break
    return tuple(addresses)


def _clean_address(mailbox: str) -> str:
    start, end = mailbox.rfind("<"), mailbox.rfind(">")
    text = mailbox[start + 1 : end] if 0 <= start < end else mailbox
    text = text.strip().rpartition(" ")[2].lower()
    text = text.rpartition(":")[2] if text.startswith("@") or text.startswith("mailto:") else text
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or len(text) > MAX_ADDRESS_CHARACTERS or re.search(r"[\s<>,;\x00-\x1f]", text):
        return ""
    return text


def _mailboxes(value: str) -> list[str]:
    """Splits at commas and semicolons that stand outside quotes, comments and angle brackets, and drops quoted
    names, comments and group names."""
    mailboxes: list[str] = []
    current: list[str] = []
    quoted = escaped = angled = False
    comment = 0
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or comment):
            escaped = True
        elif quoted:
            quoted = character != '"'
        elif character == '"' and not comment and not angled:
            quoted = True
        elif character == "(" and not angled:
            comment += 1
        elif comment:
            comment -= character == ")"
        elif character in ",;" and not angled:
            mailboxes.append("".join(current))
            current = []
        elif character == ":" and not angled and "@" not in current and "<" not in current:
            current = []
        else:
            angled = character == "<" or (angled and character != ">")
            current.append(character)
    mailboxes.append("".join(current))
    return mailboxes
