"""Two policies over a year as a small SVG: what came in, which is the same for both, and the messages of each month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cli.simulation.comparison import Comparison, Side, cash_curve
from duly.domain.money import exponent

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP = 84, 20, 56
MAX_ZEROS = 18  # of an axis: more than an amount has
CASH_HEIGHT, GAP, BARS_HEIGHT = 190, 46, 90
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#374151}.title{font-size:14px;font-weight:600;fill:#111827}"
    ".grid{stroke:#e5e7eb}.a{stroke:#1d4ed8;fill:none;stroke-width:2}.b{stroke:#b45309;fill:none;stroke-width:2;"
    "stroke-dasharray:6 4}.abar{fill:#1d4ed8}.bbar{fill:#b45309}"
    "@media(prefers-color-scheme:dark){text{fill:#d1d5db}.title{fill:#f9fafb}.grid{stroke:#374151}"
    ".a{stroke:#93c5fd}.b{stroke:#fbbf24}.abar{fill:#93c5fd}.bbar{fill:#fbbf24}}"
)


def comparison_svg(found: Comparison) -> str:
    """Draw the cash curve of both policies (one line when all money is booked alike) and their messages by month."""
    names = [_escaped(side.policy.name) for side in found.sides]
    most = top_of(
        max((points[-1][1] for points in _curves(found) if points), default=0), 10 ** exponent(found.currency)
    )
    caption = f"{found.first} to {found.last}, {found.currency}; payments as they happened"
    lines = "".join(
        f'<polyline class="{style}" points="{_points(found, points, most)}"/>'
        for style, points in zip("ab", _curves(found), strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby="t d"><title id="t">Cash and messages under two policies</title>'
        f'<desc id="d">{caption}</desc><style>{_STYLE}</style>'
        f'<text class="title" x="{LEFT}" y="20">Cash received</text>'
        f'<text x="{LEFT}" y="38">{caption}</text>{_cash_grid(found, most)}{lines}{_bars(found)}'
        f"{_legend(names)}</svg>\n"
    )


def top_of(most_minor: int, unit_minor: int) -> int:
    """The top of an axis that holds an amount, four steps of a round number (1, 2 or 5 and zeros) high, in minor
    units."""
    whole = max(1, -(-most_minor // unit_minor))
    steps = (digit * int(f"1{'0' * zeros}") for zeros in range(MAX_ZEROS) for digit in (1, 2, 5))
    return unit_minor * next(4 * step for step in steps if 4 * step >= whole)


def _curves(found: Comparison) -> list[list[tuple[date, int]]]:
    return [cash_curve(side, found.currency) for side in found.sides]


def _x(found: Comparison, day: date) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (day - found.first).days / max(1, (found.last - found.first).days)


def _points(found: Comparison, points: Sequence[tuple[date, int]], most: int) -> str:
    whole = [(found.first, 0), *points, (found.last, points[-1][1] if points else 0)]
    return " ".join(f"{_x(found, day):.1f},{TOP + CASH_HEIGHT * (1 - minor / most):.1f}" for day, minor in whole)


def _cash_grid(found: Comparison, most: int) -> str:
    parts = []
    for quarter in range(5):
        y = TOP + CASH_HEIGHT * (1 - quarter / 4)
        amount = most * quarter // 4 // 10 ** exponent(found.currency)
        parts.append(
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{amount:,}</text>'
        )
    return "".join(parts)


def _months(found: Comparison) -> list[date]:
    months, day = [], found.first.replace(day=1)
    while day <= found.last:
        months.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return months


def _by_month(side: Side, months: Sequence[date]) -> list[int]:
    return [
        sum(count for day, count in side.messages_by_day.items() if day.replace(day=1) == month) for month in months
    ]


def _bars(found: Comparison) -> str:
    months = _months(found)
    counts = [_by_month(side, months) for side in found.sides]
    most = max([*counts[0], *counts[1], 1])
    base = TOP + CASH_HEIGHT + GAP + BARS_HEIGHT
    slot = (WIDTH - LEFT - RIGHT) / len(months)
    parts = [
        f'<text class="title" x="{LEFT}" y="{base - BARS_HEIGHT - 14}">Messages a month</text>'
        f'<text x="{LEFT - 8}" y="{base - BARS_HEIGHT + 4}" text-anchor="end">{most}</text>'
    ]
    for at, month in enumerate(months):
        for number, style in enumerate(("abar", "bbar")):
            height = BARS_HEIGHT * counts[number][at] / most
            x = LEFT + slot * (at + 0.15 + 0.35 * number)
            parts.append(
                f'<rect class="{style}" x="{x:.1f}" y="{base - height:.1f}" width="{slot * 0.32:.1f}" '
                f'height="{height:.1f}"/>'
            )
        parts.append(
            f'<text x="{LEFT + slot * (at + 0.5):.1f}" y="{base + 16}" text-anchor="middle">{month:%m/%y}</text>'
        )
    return "".join(parts)


def _legend(names: Sequence[str]) -> str:
    y = HEIGHT - 14
    return "".join(
        f'<line class="{style}" x1="{LEFT + 240 * at}" y1="{y - 4}" x2="{LEFT + 28 + 240 * at}" y2="{y - 4}"/>'
        f'<text x="{LEFT + 36 + 240 * at}" y="{y}">{name}</text>'
        for at, (style, name) in enumerate(zip("ab", names, strict=True))
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")[:30]
