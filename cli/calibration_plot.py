"""The calibration of predictions as a small SVG: said against happened, and how many predictions stand behind it."""

from __future__ import annotations

from cli.backtest import BINS, Quality

SIDE, LEFT, TOP, BARS = 320, 56, 44, 64
WIDTH, HEIGHT = LEFT + SIDE + 24, TOP + SIDE + BARS + 62
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#374151}.title{font-size:14px;font-weight:600;fill:#111827}"
    ".grid{stroke:#e5e7eb}.ideal{stroke:#9ca3af;stroke-dasharray:4 4}.line{fill:none;stroke:#1d4ed8;stroke-width:2}"
    ".dot{fill:#1d4ed8}.bar{fill:#c7d2fe}"
    "@media(prefers-color-scheme:dark){text{fill:#d1d5db}.title{fill:#f9fafb}.grid{stroke:#374151}"
    ".line{stroke:#93c5fd}.dot{fill:#93c5fd}.bar{fill:#3730a3}}"
)


def calibration_svg(judged: Quality) -> str:
    """Draw it. Dots on the dashed line mean that what was said is what happened."""
    area = "" if judged.auc is None else f"AUC {judged.auc:.3f}, "
    caption = f"{judged.count} invoices, {area}Brier score {judged.brier:.3f}"
    points = [(LEFT + SIDE * one.predicted, TOP + SIDE * (1 - one.late)) for one in judged.calibration]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-labelledby="t d"><title id="t">Calibration of late-payment predictions</title>'
        f'<desc id="d">{caption}</desc><style>{_STYLE}</style>'
        f'<text class="title" x="{LEFT}" y="18">Said and happened</text><text x="{LEFT}" y="34">{caption}</text>'
        f'{_grid()}<line class="ideal" x1="{LEFT}" y1="{TOP + SIDE}" x2="{LEFT + SIDE}" y2="{TOP}"/>'
        f'<polyline class="line" points="{line}"/>{dots}{_bars(judged)}'
        f'<text x="{LEFT + SIDE / 2}" y="{HEIGHT - 8}" text-anchor="middle">predicted chance of being late; '
        f"bars: invoices</text>"
        f'<text transform="translate(16 {TOP + SIDE / 2}) rotate(-90)" text-anchor="middle">share that was late</text>'
        "</svg>\n"
    )


def _grid() -> str:
    parts = []
    for tenth in range(0, BINS + 1, 2):
        x, y = LEFT + SIDE * tenth / BINS, TOP + SIDE * (1 - tenth / BINS)
        parts.append(
            f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + SIDE}" y2="{y:.1f}"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth * 10} %</text>'
            f'<text x="{x:.1f}" y="{TOP + SIDE + BARS + 34}" text-anchor="middle">{tenth * 10} %</text>'
        )
    return "".join(parts)


def _bars(judged: Quality) -> str:
    most = max(one.count for one in judged.calibration)
    base, width = TOP + SIDE + BARS + 16, SIDE / BINS
    return "".join(
        f'<rect class="bar" x="{LEFT + SIDE * one.start + 2:.1f}" y="{base - BARS * one.count / most:.1f}" '
        f'width="{width - 4:.1f}" height="{BARS * one.count / most:.1f}"/>'
        for one in judged.calibration
    )
