"""Bytes to text, strictly: what is not clean UTF-8 is refused with the line and byte where it breaks."""

from __future__ import annotations

from typing import Final

from duly.formats.problems import FileProblem

#: Largest file that a reader takes whole.
MAX_FILE_BYTES: Final = 32 * 1024 * 1024

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def check_size(data: bytes) -> None:
    """Refuse a file without content and one that is too large to be read whole."""
    if len(data) > MAX_FILE_BYTES:
        raise FileProblem("too_large", f"expected at most {MAX_FILE_BYTES} bytes, found {len(data)}")
    if not data.removeprefix(_UTF8_BOM).strip():
        raise FileProblem("empty", "expected rows, found an empty file")


def check_bytes(data: bytes) -> None:
    """Refuse UTF-16, UTF-32 and NUL bytes, which no supported text format has."""
    if data.startswith(_WIDE_BOMS) or _looks_wide(data):
        raise FileProblem("encoding", "expected UTF-8, found UTF-16 or UTF-32 at line 1, byte 1", line=1)
    position = data.find(b"\x00")
    if position >= 0:
        line, byte = place(data, position)
        raise FileProblem("nul_byte", f"expected text, found a NUL byte at line {line}, byte {byte}", line=line)


def decode(data: bytes) -> str:
    """The text of UTF-8 bytes; a byte order mark is allowed and dropped."""
    check_bytes(data)
    body = data.removeprefix(_UTF8_BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line, byte = place(body, error.start)
        found = f"0x{body[error.start]:02X}"
        raise FileProblem(
            "encoding", f"expected UTF-8, found byte {found} at line {line}, byte {byte} of the line", line=line
        ) from None


def place(data: bytes, position: int) -> tuple[int, int]:
    """Line and byte within the line, both from 1, of a position in the data."""
    before = data[:position]
    line_start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, position - line_start + 1


def _looks_wide(data: bytes) -> bool:
    """Whether every second byte at the start is NUL, as in UTF-16 text without a byte order mark."""
    head = data[:64]
    return len(head) >= 4 and (not any(head[0::2]) or not any(head[1::2]))
