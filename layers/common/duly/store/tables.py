"""The store's one door to a table: a few operations with exact semantics, kept by DynamoDB and by the memory twin.

tests/contract runs one suite against both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MAX_WRITES = 100  # items in one transaction (DynamoDB quota)
MAX_ITEM_BYTES = 400 * 1024  # one item (DynamoDB quota)


class Conflict(Exception):
    """Another writer was first: nothing was written. Reload and decide again."""


class OutcomeUnknown(Exception):
    """The answer was lost: the write may or may not have happened. Read before deciding."""


class TooLarge(Exception):
    """A transaction over 100 items or an item over 400 KB: a bug of the caller, refused before it is sent."""


@dataclass(frozen=True, slots=True)
class Record:
    """One item of a table. ``body`` is JSON data; ``version`` is that of the journal entry that wrote it."""

    pk: str
    sk: str
    body: dict[str, Any]
    version: int = 0
    kind: str = ""
    due_shard: str | None = None
    due_at: str | None = None
    header_shard: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.pk, self.sk


@dataclass(frozen=True, slots=True)
class Write:
    """One transaction: ``create`` must not exist yet, ``put`` replaces, ``delete`` removes. All or nothing."""

    create: tuple[Record, ...] = ()
    put: tuple[Record, ...] = ()
    delete: tuple[tuple[str, str], ...] = ()
    token: str = field(default="")  # idempotency of the call itself, so that the SDK may retry it

    @property
    def size(self) -> int:
        return len(self.create) + len(self.put) + len(self.delete)


class Table(Protocol):
    """A table with string keys ``pk`` and ``sk``; reads of the base table are consistent."""

    def get(self, pk: str, sk: str) -> Record | None:
        """Return the item or None (consistent read)."""

    def get_many(self, pk: str, sks: Sequence[str]) -> dict[str, Record]:
        """Return those of a partition's items that exist, by sort key (consistent reads, not one snapshot)."""

    def which_exist(self, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those keys, of any partitions, that have an item (consistent reads, 100 in one call)."""

    def query(self, pk: str, prefix: str = "", limit: int | None = None) -> list[Record]:
        """Return the partition's items whose sort key starts with ``prefix``, in order (consistent, all pages)."""

    def write(self, write: Write) -> None:
        """Apply one transaction. Raises Conflict, OutcomeUnknown or TooLarge."""

    def put(self, record: Record) -> None:
        """Write one item unconditionally."""

    def create(self, record: Record) -> bool:
        """Write one item if its key is free; return whether it was."""

    def delete(self, pk: str, sk: str) -> None:
        """Remove one item; nothing happens when it does not exist."""

    def agenda(self, shard: str, until: str, limit: int) -> list[tuple[str, str]]:
        """Return (pk, due_at) of at most ``limit`` headers of a shard due at or before ``until``, oldest first."""

    def headers(self, shard: str) -> Iterator[Record]:
        """Yield all headers of a shard (eventually consistent)."""


def check_size(write: Write) -> None:
    """Raise TooLarge when DynamoDB would refuse the transaction for its size, ValueError for an item that is in it
    twice (DynamoDB refuses that too)."""
    if write.size > MAX_WRITES:
        raise TooLarge(f"{write.size} items in one transaction")
    if len({*(record.key for record in _records(write)), *write.delete}) < write.size:
        raise ValueError("an item is in one transaction twice")
    for record in _records(write):
        check_item(record)


def check_item(record: Record) -> None:
    """Raise TooLarge when the item would exceed 400 KB."""
    from duly.domain import codec

    if len(codec.canonical(record.body).encode()) + len(record.pk) + len(record.sk) + 200 > MAX_ITEM_BYTES:
        raise TooLarge(f"an item of kind {record.kind} over {MAX_ITEM_BYTES} bytes")


def _records(write: Write) -> Iterable[Record]:
    yield from write.create
    yield from write.put
