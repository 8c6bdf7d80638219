"""A payment code as a PNG picture. The code itself is made by segno (see `code_symbol`).

The picture is written here: the Swiss code wants a cross in its middle, for which segno would need a library for
pictures. Black on white with a quiet zone of its own, so that it can be scanned from a dark display as well.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

from duly.mail.code_symbol import symbol_of
from duly.mail.payment_codes import PaymentCode

QUIET_MODULES: Final = 4  # ISO/IEC 18004 asks for four modules of white around a QR code
LEAST_SIDE_PIXELS: Final = 320  # twice what a mail shows, for dense displays
_MAX_VERSION: Final = {"epc": 13, "swiss": 25}
_SWISS_CODE_MM: Final = 46
_AS_BITS: Final = bytes.maketrans(b"\x00\x01", b"10")  # a pixel as the digit of its bit
_CROSS_MM: Final = 7  # the cross's square with its white edge, in the middle of a code of 46 mm


def png_of(code: PaymentCode) -> bytes:
    """The code as a black and white PNG, with error correction level M, as both standards ask."""
    made = symbol_of(code.payload)
    # the bounds of each field keep the whole below it (see duly.mail.payment_codes)
    assert made.version <= _MAX_VERSION[code.standard], "the payload is longer than its standard allows"
    side = len(made.rows)
    scale = -(-LEAST_SIDE_PIXELS // (side + 2 * QUIET_MODULES))
    pixels = _scaled(made.rows, scale)
    if code.standard == "swiss":
        _draw_cross(pixels, side * scale, QUIET_MODULES * scale)
    return _png(pixels)


def _scaled(modules: Sequence[bytes], scale: int) -> list[bytes]:
    """Rows of pixels, 1 for black, with the quiet zone around."""
    edge = bytes(QUIET_MODULES * scale)
    light, dark = bytes(scale), b"\x01" * scale
    lines = (row.replace(b"\x00", light).replace(b"\x01", dark) for row in modules)
    rows = [edge + line + edge for line in lines for _ in range(scale)]
    beyond = [bytes(len(rows[0]))] * (QUIET_MODULES * scale)
    return [*beyond, *rows, *beyond]


def _draw_cross(pixels: list[bytes], code_side: int, offset: int) -> None:
    """The Swiss cross: a white edge, a black square, and a white cross in it."""
    middle = offset + code_side / 2
    unit = code_side / _SWISS_CODE_MM
    for half_width, half_height, value in (
        (_CROSS_MM / 2, _CROSS_MM / 2, 0),
        (_CROSS_MM / 2 - 0.5, _CROSS_MM / 2 - 0.5, 1),
        (1.95, 0.6, 0),
        (0.6, 1.95, 0),
    ):
        left, right = round(middle - half_width * unit), round(middle + half_width * unit)
        top, bottom = round(middle - half_height * unit), round(middle + half_height * unit)
        drawn = bytes([value]) * (right - left)
        pixels[top:bottom] = [row[:left] + drawn + row[right:] for row in pixels[top:bottom]]


def _png(pixels: list[bytes]) -> bytes:
    """A PNG of one bit a pixel (PNG specification, colour type 0: 0 is black)."""
    width = len(pixels[0])
    packed = {row: b"\x00" + _packed(row) for row in set(pixels)}  # most rows stand there several times
    rows = b"".join(packed[row] for row in pixels)
    header = struct.pack(">IIBBBBB", width, len(pixels), 1, 0, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _packed(row: bytes) -> bytes:
    """Eight pixels in a byte, the first in the highest bit; white is 1."""
    bits = row.translate(_AS_BITS).decode("ascii")
    padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
    return int(padded, 2).to_bytes(len(padded) // 8, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
