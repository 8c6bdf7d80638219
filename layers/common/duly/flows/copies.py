"""Copies of invoices as they were uploaded, for mails and hand-overs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from duly.domain.entities import Item
from duly.flows.edge import Edge
from duly.store.objects import TooLarge

TYPES: Final = {".pdf": "application/pdf", ".xml": "application/xml"}
TABLES: Final = frozenset({"csv", "xlsx", "json", "jsonl"})
MAX_COPIES: Final = 50
MAX_COPY_BYTES: Final = 1024 * 1024  # a larger one is left out: it would fill the mail by itself
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """An invoice's file. ``name`` is plain ASCII."""

    name: str
    content_type: str
    data: bytes


def invoice_copies(edge: Edge, items: Iterable[Item], most_bytes: int, each: int = MAX_COPY_BYTES) -> list[Copy]:
    """Return the files of these items' invoices, as far as they fit ``most_bytes`` in all and ``each`` alone.

    Only an upload that was this one invoice has a copy: a PDF or an e-invoice. A row of a table has none.
    """
    found: list[Copy] = []
    left = most_bytes
    numbers: dict[str, Item] = {item.number: item for item in items}
    for number, item in sorted(numbers.items())[:MAX_COPIES]:
        copy = _copy(edge, number, item, min(left, each))
        if copy is not None:
            found.append(copy)
            left -= len(copy.data)
    return found


def _copy(edge: Edge, number: str, item: Item, most: int) -> Copy | None:
    upload = edge.uploads.get(item.upload) if item.upload else None
    if upload is None or upload.rows_in != 1 or upload.format in TABLES:
        return None
    ending = PurePosixPath(upload.key).suffix.lower()
    if ending not in TYPES:
        return None
    try:
        stored = edge.objects.get(upload.key, upload.version, most)
    except TooLarge:
        return None
    return None if stored is None else Copy(f"{plain_name(number)}{ending}", TYPES[ending], stored.data)


def plain_name(text: str) -> str:
    """Return a text as a file's name without its ending."""
    return _NOT_IN_NAMES.sub("-", text).strip("-.")[:60] or "file"
