"""Letters on A4, typeset by typst (docs/decisions/0077-typst.md), which is imported when one is made.

What all letters share is ``templates/letters/frame.typ``: letterhead, window address, page numbers. It reads the values
as data, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from duly.mail.render import TEMPLATES

LETTERS: Final = TEMPLATES / "letters"
MAX_PDF_BYTES: Final = 4 * 1024 * 1024  # a statement of 1,000 movements and as many open items is half of it

Values = dict[str, Any]


class PdfTooLarge(ValueError):
    """A letter whose PDF would be too large to keep or to send."""


def pdf(layout: str, values: Mapping[str, Any], on: date) -> bytes:
    """The letter as PDF/UA (tagged), the same bytes for the same values. ``layout`` names a file of templates/letters.
    Raises PdfTooLarge."""
    import typst

    found: bytes = typst.compile(
        _source(layout),
        format="pdf",
        sys_inputs=_inputs(values, on),
        ignore_system_fonts=True,
        timestamp=int(datetime.combine(on, time(), UTC).timestamp()),
        pdf_standards="ua-1",
    )
    if len(found) > MAX_PDF_BYTES:
        raise PdfTooLarge(f"{len(found)} bytes, at most {MAX_PDF_BYTES}")
    return found


def pictures(layout: str, values: Mapping[str, Any], on: date, dots_per_inch: int = 144) -> list[bytes]:
    """The pages of the letter as PNG, for documentation."""
    import typst

    found: bytes | list[bytes] = typst.compile(
        _source(layout), format="png", sys_inputs=_inputs(values, on), ignore_system_fonts=True, ppi=dots_per_inch
    )
    return found if isinstance(found, list) else [found]


def _source(layout: str) -> bytes:
    return (LETTERS / "frame.typ").read_bytes() + (LETTERS / f"{layout}.typ").read_bytes()


def _inputs(values: Mapping[str, Any], on: date) -> dict[str, str]:
    dated = {**values, "year": on.year, "month": on.month, "day": on.day}
    return {"data": json.dumps(dated, ensure_ascii=False)}
