"""What is seen of the bank's entries and statements, as ``domain.identity`` and ``domain.continuity`` look at it.

Accounts table, partition ``B#<group>``: ``S#`` sightings, ``T#`` the transactions made of them with their standing,
``V#`` sightings of other booking days with their value day here, ``D#`` payments of a batch whose total belongs here,
``W#`` transactions whose standing changed and that are not yet dealt with. Partition ``B#<bank>#<day>`` holds what each
statement shows of a day.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from duly.domain import codec
from duly.domain.identity import Detail, Sighting
from duly.store import keys
from duly.store.tables import MAX_WRITES, OutcomeUnknown, Record, Table, Write

ATTEMPTS = 3
MAX_ITEMS = 20_000  # of one group: about 6,000 entries of one account, day and amount, in all files
DAY_ENTRIES = 20_000  # digests of a day's entries in one item: 8 characters each, far below 400 KB


@dataclass(frozen=True, slots=True)
class Made:
    """A transaction of a group: the sighting it was made of ("" for one that was made beside an equal one), its
    standing, the row that made it, whether the receipt counts that row, and the row that confirmed it
    (``upload#line``)."""

    transaction: str
    sighting: str
    standing: str
    upload: str = ""
    line: int = 0
    is_listed: bool = True
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a group. ``work`` are the transactions to be dealt with, by the key of the note."""

    sightings: tuple[Sighting, ...] = ()
    echoes: tuple[Sighting, ...] = ()
    details: tuple[Detail, ...] = ()
    made: tuple[Made, ...] = ()
    work: tuple[tuple[str, str], ...] = ()
    is_cut: bool = False


class BankStore:
    """Groups of bank entries in the accounts table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def see(self, sightings: Iterable[Sighting]) -> None:
        """Note entries of statements with their groups; noting one again changes nothing."""
        wanted = {record.key: record for one in sightings for record in _records_of(one)}
        for _ in range(ATTEMPTS):
            found = self.table.which_exist(wanted)
            new = [record for key, record in wanted.items() if key not in found]
            if not new:
                return
            try:
                for start in range(0, len(new), MAX_WRITES):
                    part = tuple(new[start : start + MAX_WRITES])
                    self.table.write(Write(put=part, token=secrets.token_hex(12)))
            except OutcomeUnknown:
                continue  # what was written is found
            return
        raise OutcomeUnknown

    def group(self, group: str) -> Seen:
        """Return all that is known of a group (consistent read)."""
        found = self.table.query(keys.bank_group(group), limit=MAX_ITEMS + 1)
        by_letter: dict[str, list[Record]] = {}
        for record in found:
            by_letter.setdefault(record.sk[:2], []).append(record)
        return Seen(
            sightings=tuple(codec.decode(Sighting, one.body) for one in by_letter.get(keys.SIGHTING, [])),
            echoes=tuple(codec.decode(Sighting, one.body) for one in by_letter.get(keys.ECHO, [])),
            details=tuple(codec.decode(Detail, one.body) for one in by_letter.get(keys.DETAIL, [])),
            made=tuple(codec.decode(Made, one.body) for one in by_letter.get(keys.MADE, [])),
            work=tuple((one.sk, one.body["transaction"]) for one in by_letter.get(keys.WORK, [])),
            is_cut=len(found) > MAX_ITEMS,
        )

    def done(self, group: str, work: str) -> None:
        """Take a transaction off the list of those to be dealt with."""
        self.table.delete(keys.bank_group(group), work)

    def show_day(self, bank: str, day: date, source: str, entries: Iterable[str]) -> None:
        """Note what a statement shows of a day: digests of its entries."""
        body = {"entries": sorted(entries)[:DAY_ENTRIES]}
        self.table.put(Record(keys.bank_day(bank, day), source, body, kind="bank-day"))

    def day(self, bank: str, day: date) -> dict[str, list[str]]:
        """Return what each statement shows of a day, by source."""
        return {record.sk: record.body["entries"] for record in self.table.query(keys.bank_day(bank, day))}


def made_record(group: str, made: Made) -> Record:
    """Return the item of a transaction in its group."""
    return Record(keys.bank_group(group), f"{keys.MADE}{made.transaction}", codec.encode(made), kind="made")


def work_record(group: str, transaction: str, version: int) -> Record:
    """Return the item that says that a transaction's standing changed and that it is to be dealt with."""
    sk = f"{keys.WORK}{transaction}#{version:06d}"
    return Record(keys.bank_group(group), sk, {"transaction": transaction}, kind="work")


def _records_of(sighting: Sighting) -> Iterable[Record]:
    body = codec.encode(sighting)
    yield Record(keys.bank_group(sighting.group), f"{keys.SIGHTING}{sighting.name}", body, kind="sighting")
    if sighting.value_group:
        yield Record(keys.bank_group(sighting.value_group), f"{keys.ECHO}{sighting.name}", body, kind="sighting")
    if sighting.batch and sighting.batch_group:
        detail = Detail(sighting.cover.source, sighting.batch, sighting.group)
        sk = f"{keys.DETAIL}{detail.source}#{detail.reference}#{detail.group}"
        yield Record(keys.bank_group(sighting.batch_group), sk, codec.encode(detail), kind="detail")
