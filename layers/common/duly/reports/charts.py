"""Geometry of the charts: integers in, coordinates as text out. The templates only place them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from duly.mail.local_forms import ENGLISH_MONTHS

BAR_WIDTH = 1000
CURVE_WIDTH, CURVE_HEIGHT = 560, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 12, 26
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar: where it begins and how wide it is, of BAR_WIDTH."""

    name: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A label of an axis and where it stands."""

    at: str
    value: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Two running totals over the same days, as points of polylines, with the marks of both axes."""

    collected: str
    area: str
    invoiced: str
    heights: tuple[tuple[str, int], ...]
    months: tuple[Mark, ...]


def segments(minor: Mapping[str, int]) -> tuple[Segment, ...]:
    """The parts of a bar in proportion; parts of nothing are left out. The widths add up to BAR_WIDTH exactly."""
    total = sum(minor.values())
    if total <= 0:
        return ()
    edges = [part * BAR_WIDTH // total for part in accumulate(minor.values(), initial=0)]
    parts = zip(minor, edges, edges[1:], strict=False)
    return tuple(Segment(name, start, end - start) for name, start, end in parts if end > start)


def share_of(part: int, largest: int) -> int:
    """The length of a bar in per cent of the longest; anything at all is at least 2."""
    return max(2, 100 * part // largest) if part > 0 and largest > 0 else 0


def curve(collected_by_day: Mapping[date, int], invoiced_by_day: Mapping[date, int]) -> Curve:
    """What came in and what was invoiced since the first of the days, added up."""
    days = sorted(collected_by_day)
    collected = list(accumulate(collected_by_day[day] for day in days))
    invoiced = list(accumulate(invoiced_by_day.get(day, 0) for day in days))
    marks = scale(max([1, *collected, *invoiced]))
    top = max([*marks, *collected, *invoiced, 1])
    line = _points(collected, top)
    end = CURVE_WIDTH - RIGHT
    base = CURVE_HEIGHT - BOTTOM
    return Curve(
        collected=line,
        area=f"{LEFT},{base} {line} {end},{base}",
        invoiced=_points(invoiced, top),
        heights=tuple((_y(mark, top), mark) for mark in marks),
        months=tuple(
            Mark(_x(number, len(days)), ENGLISH_MONTHS[day.month - 1][:3])
            for number, day in enumerate(days)
            if day.day == 1
        ),
    )


def scale(top: int) -> list[int]:
    """Round marks from zero to the first one at or above ``top``, at most six."""
    power = 1
    while not any(top <= 5 * factor * power for factor in _STEPS):
        power *= 10
    step = next(factor * power for factor in _STEPS if top <= 5 * factor * power)
    return list(range(0, -(-top // step) * step + 1, step))


def _points(values: Sequence[int], top: int) -> str:
    return " ".join(f"{_x(number, len(values))},{_y(value, top)}" for number, value in enumerate(values))


def _x(number: int, count: int) -> str:
    return _decimal(LEFT * 10 + number * (CURVE_WIDTH - LEFT - RIGHT) * 10 // max(1, count - 1))


def _y(value: int, top: int) -> str:
    height = CURVE_HEIGHT - TOP - BOTTOM
    return _decimal((CURVE_HEIGHT - BOTTOM) * 10 - max(0, value) * height * 10 // top)


def _decimal(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"
