"""The modules of a payment code: made by segno, under the mask that segno would choose, chosen in less time.

A QR code is drawn under one of eight masks, the one whose symbol has the least penalty (ISO/IEC 18004, 7.8.3). segno
applies and weighs all eight module by module, which is four fifths of its work. Here segno makes the symbol under the
first mask alone. The other seven follow from it, because a mask turns over modules whose places depend on the version
only; and a whole symbol is weighed at once as one large integer of bits. `tests/unit/test_code_symbol.py` compares with
segno's own choice. Why: docs/decisions/0131-masks-weighed-as-bits.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segno import QRCode

MASKS: Final[tuple[Callable[[int, int], bool], ...]] = (
    lambda row, column: (row + column) % 2 == 0,
    lambda row, _: row % 2 == 0,
    lambda _, column: column % 3 == 0,
    lambda row, column: (row + column) % 3 == 0,
    lambda row, column: (row // 2 + column // 3) % 2 == 0,
    lambda row, column: row * column % 2 + row * column % 3 == 0,
    lambda row, column: (row * column % 2 + row * column % 3) % 2 == 0,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2 == 0,
)
"""Which modules a mask turns over (ISO/IEC 18004, table 10), by row and column."""
MASK_PERIOD: Final = 12  # rows and columns after which each of them repeats itself
VERSIONS: Final = 40
FIRST_WITH_VERSION: Final = 7
RUN_POINTS: Final = 3  # table 11: five modules of one colour in a line, and one point for each further one
BLOCK_POINTS: Final = 3  # four modules of one colour in a square
FINDER_POINTS: Final = 40  # what looks like a finder pattern: dark and light as 1:1:3:1:1, with light on a side
FINDER: Final = (1, 0, 1, 1, 1, 0, 1)
LIGHT_MODULES: Final = 4  # so many on a side; outside of the symbol all is light
SHARE_POINTS: Final = 10  # for each five per cent that the share of dark modules is away from a half
GAP: Final = LIGHT_MODULES  # light bits between two rows, so that nothing seems to go on in the next row


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR code: its version (1 to 40) and its rows of modules, a byte for each, 1 for dark."""

    version: int
    rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all symbols of a version have in common; all but `side` are bits as `_bits` orders them."""

    side: int
    turned: tuple[int, ...]
    """What each mask turns over."""
    told: int
    """Format, version and dark module: written after a mask is chosen, and light while it is weighed."""
    beside: int
    """Modules that have a next one in their row."""
    above: int
    """Modules that have a next one in their column."""


def symbol_of(payload: str) -> Symbol:
    """The symbol of a text in UTF-8 with error correction level M and the least penalty.

    Raises segno.DataOverflowError for more than version 40 holds.
    """
    made = _made(payload, None, 0)
    version = int(made.version)
    frame = _frame(version)
    first = _bits(made.matrix)
    unmasked = (first & ~frame.told) ^ frame.turned[0]
    mask = min(range(len(MASKS)), key=lambda number: _penalty(unmasked ^ frame.turned[number], frame))
    if mask == 0:
        return Symbol(version, tuple(bytes(row) for row in made.matrix))
    return Symbol(version, _rows(unmasked ^ frame.turned[mask] | _told(version, mask), frame.side))


def _made(payload: str, version: int | None, mask: int) -> QRCode:
    import segno

    return segno.make(
        payload, error="m", boost_error=False, micro=False, mode="byte", encoding="utf-8", version=version, mask=mask
    )


@lru_cache(maxsize=VERSIONS)
def _frame(version: int) -> _Frame:
    from segno import consts

    kinds = list(_made("", version, 0).matrix_iter(border=0, verbose=True))
    side = len(kinds)
    fixed = {
        consts.TYPE_FINDER_PATTERN_DARK, consts.TYPE_FINDER_PATTERN_LIGHT, consts.TYPE_SEPARATOR,
        consts.TYPE_TIMING_DARK, consts.TYPE_TIMING_LIGHT, consts.TYPE_ALIGNMENT_PATTERN_DARK,
        consts.TYPE_ALIGNMENT_PATTERN_LIGHT,
    }  # fmt: skip
    told = _bits(_told_places(version, side))
    region = _bits([kind not in fixed for kind in row] for row in kinds) & ~told
    all_but_last = (side - 1) * [1]
    return _Frame(
        side=side,
        turned=tuple(region & _pattern(mask, side) for mask in MASKS),
        told=told,
        beside=_bits([*all_but_last, 0] for _ in range(side)),
        above=_bits([*([side * [1]] * (side - 1)), side * [0]]),
    )


def _told_places(version: int, side: int) -> list[bytearray]:
    """The modules of format and version (7.9 and 7.10), with the dark module; segno's own list has one too many."""
    rows = [bytearray(side) for _ in range(side)]
    format_places = [*range(6), 7, 8, *range(side - 8, side)]
    places = [(8, place) for place in format_places]
    if version >= FIRST_WITH_VERSION:
        places += [(row, column) for row in range(6) for column in range(side - 11, side - 8)]
    for row, column in places:
        rows[row][column] = rows[column][row] = 1
    return rows


def _pattern(mask: Callable[[int, int], bool], side: int) -> int:
    period = [[mask(row, column) for column in range(side)] for row in range(MASK_PERIOD)]
    return _bits(period[row % MASK_PERIOD] for row in range(side))


@lru_cache(maxsize=VERSIONS * len(MASKS))
def _told(version: int, mask: int) -> int:
    """Format, version and dark module of a symbol: its text does not matter to them."""
    return _bits(_made("", version, mask).matrix) & _frame(version).told


def _bits(rows: Iterable[Iterable[int]]) -> int:
    """Modules as the bits of a number, row after row, the first one as the highest bit."""
    digits = bytes.maketrans(b"\x00\x01", b"01")
    return int(b"".join(bytes(row).translate(digits) + b"0" * GAP for row in rows), 2)


def _rows(bits: int, side: int) -> tuple[bytes, ...]:
    """The modules of what `_bits` made."""
    pitch = side + GAP
    modules = f"{bits:0{side * pitch}b}".encode("ascii").translate(bytes.maketrans(b"01", b"\x00\x01"))
    return tuple(modules[row * pitch : row * pitch + side] for row in range(side))


def _penalty(symbol: int, frame: _Frame) -> int:
    """The points of a symbol (table 11), counted as segno counts them. Shifted to the left by a step, a number has at
    each place the next module of the line."""
    pitch = frame.side + GAP
    like_right = ~(symbol ^ symbol << 1) & frame.beside
    like_below = ~(symbol ^ symbol << pitch) & frame.above
    squares = like_right & like_right << pitch & like_below
    share = symbol.bit_count() / frame.side**2 * 100
    return (
        _run_points(like_right, 1)
        + _run_points(like_below, pitch)
        + BLOCK_POINTS * squares.bit_count()
        + _finder_points(symbol, 1)
        + _finder_points(symbol, pitch)
        + SHARE_POINTS * int(abs(share - 50) / 5)
    )


def _run_points(alike: int, step: int) -> int:
    """Points of the runs of one colour in lines of this step."""
    pairs = alike & alike << step
    begun = pairs & pairs << 2 * step  # five modules alike from here on: four times a module and its next
    runs = begun & ~(begun >> step)
    return begun.bit_count() + (RUN_POINTS - 1) * runs.bit_count()


def _finder_points(symbol: int, step: int) -> int:
    """Points of what looks like a finder pattern in lines of this step. Of two that share modules the first counts."""
    looks = symbol
    for place, dark in enumerate(FINDER):
        following = symbol << place * step
        looks &= following if dark else ~following
    before = after = 0
    for away in range(1, LIGHT_MODULES + 1):
        before |= symbol >> away * step
        after |= symbol << (len(FINDER) - 1 + away) * step
    counted = looks & ~(before & after)
    shared = counted & (counted >> 4 * step | counted >> 6 * step)  # it can share three modules or one, and no others
    return FINDER_POINTS * (counted.bit_count() - shared.bit_count())
