"""Bytes to text: UTF-8, UTF-16 with or without mark, Windows-1252; what could be several of them is refused."""

from __future__ import annotations

import re
from typing import Final

from duly.formats.problems import FileProblem

#: Largest file that a reader takes whole.
MAX_FILE_BYTES: Final = 32 * 1024 * 1024
#: Encodings that a profile may name, with Python's names for them.
ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf-16": "utf-16",
    "windows-1250": "cp1250",
    "windows-1252": "cp1252",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "iso-8859-15": "iso8859-15",
    "cp850": "cp850",
}

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Two or more bytes that are one character of UTF-8 and hardly ever stand together in Windows-1252.
_UTF8_SEQUENCE: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Bytes that Windows-1252 does not have, and its low and high quotation marks inside a word: these are a and o with
# dots in the code page of DOS.
_NOT_1252: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[A-Za-z][\x84\x94][a-z]")


def check_size(data: bytes) -> None:
    """Refuse a file without content and one that is too large to be read whole."""
    if len(data) > MAX_FILE_BYTES:
        raise FileProblem("too_large", f"expected at most {MAX_FILE_BYTES} bytes, found {len(data)}")
    if not data.removeprefix(_UTF8_BOM).strip():
        raise FileProblem("empty", "expected rows, found an empty file")


def check_bytes(data: bytes) -> None:
    """Refuse UTF-16, UTF-32 and NUL bytes, which no format of bytes has."""
    if data.startswith(_WIDE_BOMS) or _looks_wide(data):
        raise FileProblem("encoding", "expected UTF-8, found UTF-16 or UTF-32 at line 1, byte 1", line=1)
    check_nul(data)


def check_nul(data: bytes) -> None:
    """Refuse NUL bytes, which no text has."""
    position = data.find(b"\x00")
    if position >= 0:
        line, byte = place(data, position)
        raise FileProblem("nul_byte", f"expected text, found a NUL byte at line {line}, byte {byte}", line=line)


def decode(data: bytes) -> str:
    """The text of UTF-8 bytes; a byte order mark is allowed and dropped."""
    check_bytes(data)
    return _utf8(data)


def detect_encoding(data: bytes) -> str:
    """utf-8, utf-16, utf-16-le, utf-16-be or windows-1252, by the bytes of a whole file.

    Windows-1252 is taken for bytes that are no UTF-8 at all. A file that is UTF-8 but for some bytes is a broken one,
    and one with bytes of another code page is refused: raises FileProblem with the first byte that cannot be told.
    """
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")) or not any(data[:3]):
        raise FileProblem("encoding", "expected UTF-8 or UTF-16, found UTF-32 at line 1, byte 1", line=1)
    if data.startswith(_WIDE_BOMS):
        return "utf-16"
    if _looks_wide(data):
        return "utf-16-be" if not any(data[:64:2]) else "utf-16-le"
    check_nul(data)
    try:
        data.removeprefix(_UTF8_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        if data.startswith(_UTF8_BOM) or _UTF8_SEQUENCE.search(data) or _NOT_1252.search(data):
            raise _not_utf8(data.removeprefix(_UTF8_BOM), error.start) from None
        return "windows-1252"
    return "utf-8"


class EncodingScan:
    """Tells the encoding of a file from its pieces, each of whole lines, as `detect_encoding` does from all of it.

    `stated` is an encoding that a profile names; it is then only proved.
    """

    def __init__(self, stated: str = "") -> None:
        self._stated = stated
        self._newlines = 0
        self._has_mark = False
        self._begun = False
        self._nul: tuple[int, int] | None = None
        self._bad: tuple[int, int, int] | None = None
        self._is_not_1252 = False

    def feed(self, data: bytes) -> None:
        """Take the next piece. Raises FileProblem when it is not of the stated encoding."""
        body = data
        if not self._begun:
            self._begun, self._has_mark = True, data.startswith(_UTF8_BOM)
            body = data.removeprefix(_UTF8_BOM)
        if self._stated and self._stated != "utf-8":
            self._prove(data)
        if self._nul is None and (position := data.find(b"\x00")) >= 0:
            line, byte = place(data, position)
            self._nul = line + self._newlines, byte
        if not body.isascii():
            self._look_beyond_ascii(body)
        self._newlines += data.count(b"\n")

    def result(self) -> str:
        """The encoding. Raises FileProblem as `detect_encoding` and `decode_as` do."""
        if self._nul is not None:
            line, byte = self._nul
            raise FileProblem("nul_byte", f"expected text, found a NUL byte at line {line}, byte {byte}", line=line)
        if self._stated and self._stated != "utf-8":
            return self._stated
        if self._bad is None:
            return "utf-8"
        if self._stated or self._has_mark or self._is_not_1252:
            line, byte, value = self._bad
            reason = f"expected UTF-8, found byte 0x{value:02X} at line {line}, byte {byte} of the line"
            raise FileProblem("encoding", reason, line=line)
        return "windows-1252"

    def _look_beyond_ascii(self, body: bytes) -> None:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            if self._bad is None:
                line, byte = place(body, error.start)
                self._bad = line + self._newlines, byte, body[error.start]
        if not self._is_not_1252:
            self._is_not_1252 = bool(_UTF8_SEQUENCE.search(body) or _NOT_1252.search(body))

    def _prove(self, data: bytes) -> None:
        try:
            decode_as(data, self._stated)
        except FileProblem as problem:
            line = problem.line + self._newlines
            raise FileProblem(problem.code, f"{problem.reason} after line {self._newlines}", line=line) from None


def is_wide(data: bytes) -> bool:
    """Whether the bytes are of UTF-16 or UTF-32: not one byte for each ASCII character."""
    return data.startswith((*_WIDE_BOMS, b"\xff\xfe\x00\x00")) or _looks_wide(data)


def decode_as(data: bytes, encoding: str) -> str:
    """The text in an encoding that was detected or named; raises FileProblem when the bytes are not of it."""
    if encoding == "utf-8":
        return _utf8(data)
    try:
        text = data.decode(ENCODINGS.get(encoding, encoding))
    except UnicodeDecodeError as error:
        line, byte = place(data, error.start)
        reason = f"expected {encoding}, found a byte that it does not have at line {line}, byte {byte} of the line"
        raise FileProblem("encoding", reason, line=line) from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise FileProblem("nul_byte", f"expected text, found a NUL character in line {line}", line=line)
    return text.removeprefix("\ufeff")


def place(data: bytes, position: int) -> tuple[int, int]:
    """Line and byte within the line, both from 1, of a position in the data."""
    before = data[:position]
    line_start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, position - line_start + 1


def _utf8(data: bytes) -> str:
    body = data.removeprefix(_UTF8_BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(body, error.start) from None


def _not_utf8(body: bytes, position: int) -> FileProblem:
    line, byte = place(body, position)
    reason = f"expected UTF-8, found byte 0x{body[position]:02X} at line {line}, byte {byte} of the line"
    return FileProblem("encoding", reason, line=line)


def _looks_wide(data: bytes) -> bool:
    """Whether every second byte at the start is NUL, as in UTF-16 text without a byte order mark."""
    head = data[:64]
    return len(head) >= 4 and (not any(head[0::2]) or not any(head[1::2]))
