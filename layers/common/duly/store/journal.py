"""The hash-chained journal of a partition: its entries are the truth and the only lock."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.agenda import Moments
from duly.store import keys
from duly.store.tables import Conflict, OutcomeUnknown, Record, Table, Write


class BrokenChain(Exception):
    """A journal entry is missing or does not carry the hash of the one before it."""


NEVER = Moments()


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry: what happened, when it was written, by whom, and the hash over all of it."""

    version: int
    events: tuple[ev.Event, ...]
    at: datetime
    commit: str
    previous: str
    hash: str
    moments: Moments = NEVER

    def record(self, pk: str) -> Record:
        return Record(pk, keys.journal(self.version), {**_content(self), "hash": self.hash}, self.version, "journal")


def make(version: int, events: Sequence[ev.Event], at: datetime, previous: str, moments: Moments = NEVER) -> Entry:
    """Return the entry with a random commit id and its hash."""
    bare = Entry(version, tuple(events), at, secrets.token_hex(12), previous, "", moments)
    return Entry(version, bare.events, at, bare.commit, previous, codec.digest(_content(bare)), moments)


def _content(entry: Entry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "events": [ev.to_data(event) for event in entry.events],
        "at": entry.at.isoformat(),
        "commit": entry.commit,
        "previous": entry.previous,
        "moments": codec.encode(entry.moments),
    }


def parse(body: dict[str, Any]) -> Entry:
    """Return the entry of a stored body. Raises BrokenChain when its hash is not that of its content."""
    content = {name: value for name, value in body.items() if name != "hash"}
    if codec.digest(content) != body["hash"]:
        raise BrokenChain(f"entry {body['version']} does not match its hash")
    return Entry(
        version=body["version"],
        events=tuple(ev.from_data(data) for data in body["events"]),
        at=datetime.fromisoformat(body["at"]),
        commit=body["commit"],
        previous=body["previous"],
        hash=body["hash"],
        moments=codec.decode(Moments, body["moments"]),
    )


def read(table: Table, pk: str) -> list[Entry]:
    """Return all entries of a partition in order. Raises BrokenChain on a gap, a changed entry or a broken chain."""
    entries = [parse(record.body) for record in table.query(pk, keys.JOURNAL)]
    previous = ""
    for number, entry in enumerate(entries, start=1):
        if entry.version != number or entry.previous != previous:
            raise BrokenChain(f"entry {number} of the journal is missing or not chained to the one before")
        previous = entry.hash
    return entries


def append(table: Table, pk: str, entry: Entry, put: Sequence[Record], delete: Sequence[tuple[str, str]]) -> None:
    """Write the entry with the projections it changes, or raise Conflict when another writer was first.

    When the answer is lost, the entry itself tells whether this writer won: it carries its random commit id.
    """
    write = Write(create=(entry.record(pk),), put=tuple(put), delete=tuple(delete), token=entry.commit)
    try:
        table.write(write)
    except (Conflict, OutcomeUnknown) as error:
        found = table.get(pk, keys.journal(entry.version))
        if found is not None and found.body["commit"] == entry.commit:
            return
        if found is None and isinstance(error, OutcomeUnknown):
            raise  # not written as far as can be seen; a late arrival of this write would win the race by its own right
        raise Conflict from None
