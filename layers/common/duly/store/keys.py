"""Every key of every table, built here and nowhere else.

Accounts table, partition ``A#<account>``: live items sort before closed ones, closed ones before the journal.
    1#0             header            1#<letter>#<key>  live items      1#X#<id>  the present personal item
    2#<letter>#<key>  closed items    2#X#<id>  earlier personal items  3#<version>  journal entries
Partition ``T#<transaction>`` has the same shape. Partition ``L#<kind>#<value>`` holds lookups, one item per answer;
``B#<group>`` and ``B#<bank>#<day>`` what is seen of bank entries (``store.bank``); ``R#<advice>`` a remittance advice.
Uploads table: ``U#<upload>`` with ``0`` (state) and ``M#<number>`` (outcome of one message); of an upload in chunks
also ``S#<state>`` (reached), ``C#<round>#<number>`` (what a chunk gave), ``M#<group>#<number>`` (outcome of a message)
and ``G#<group>`` (all of a group are there). ``OPEN#<kind>`` lists open uploads; ``STACK`` holds facts about the stack
as a whole. ``BANKS`` lists bank accounts, ``BANK#<bank>#<currency>`` holds the statements of one.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

SHARDS = 8  # partitions of the agenda and header indexes: enough for 8,000 header reads a second

HEADER = "1#0"
LIVE = "1#"
CLOSED = "2#"
JOURNAL = "3#"

LETTERS = {
    "items": "I",
    "cash": "C",
    "disputes": "D",
    "promises": "P",
    "holds": "H",
    "tasks": "T",
    "replies": "R",
    "notices": "N",
    "orders": "O",
    "overrides": "V",
    "plans": "L",
    "approvals": "A",
    "handovers": "G",
}
KINDS = {letter: kind for kind, letter in LETTERS.items()}


def account(account_id: str) -> str:
    return f"A#{account_id}"


def account_id(pk: str) -> str:
    return pk.removeprefix("A#")


def transaction(transaction_id: str) -> str:
    return f"T#{transaction_id}"


def remittance(advice: str) -> str:
    return f"R#{advice}"


def entity(kind: str, key: str, live: bool) -> str:
    return f"{LIVE if live else CLOSED}{LETTERS[kind]}#{key}"


def personal(personal_id: str, live: bool = True) -> str:
    return f"{LIVE if live else CLOSED}X#{personal_id}"


def journal(version: int) -> str:
    return f"{JOURNAL}{version:012d}"


def lookup(kind: str, value: str) -> str:
    return f"L#{kind}#{value}"


def shard(pk: str) -> str:
    """Return the index shard of a partition, stable over time and machines."""
    return f"{int.from_bytes(hashlib.sha256(pk.encode()).digest()[:4], 'big') % SHARDS:02d}"


def shards() -> list[str]:
    return [f"{number:02d}" for number in range(SHARDS)]


def suspense_shard(name: str) -> str:
    """Return the shard of the header index that lists transactions in suspense, or proposed."""
    return f"S{name}"


def transaction_shard(name: str) -> str:
    """Return the shard of the header index that lists all other transactions."""
    return f"T{name}"


def agenda(due_at: datetime, upkeep_at: datetime | None) -> str:
    """Return an account's place in the agenda: when it is due for anything, and when for what no gate of the stack
    holds back. Texts of one length in UTC, so that they sort as the moments do."""
    return f"{_utc(due_at)}|{_utc(upkeep_at) if upkeep_at else ''}"


def agenda_until(now: datetime) -> str:
    """Return the end of the agenda that has come by ``now``."""
    return f"{_utc(now)}~"


def upkeep_is_due(place: str, now: datetime) -> bool:
    """Return whether a place in the agenda asks for upkeep by ``now``, whatever the stack's gates say."""
    upkeep_at = place.partition("|")[2]
    return bool(upkeep_at) and upkeep_at <= _utc(now)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SIGHTING = "S#"
MADE = "T#"
ECHO = "V#"
DETAIL = "D#"
WORK = "W#"


def bank_group(group: str) -> str:
    """Return the partition of entries of one bank account, booking day, amount and currency."""
    return f"B#{group}"


def bank_day(bank: str, day: date) -> str:
    """Return the partition of what statements of a bank account show of a day."""
    return f"B#{bank}#{day.isoformat()}"


BANKS = "BANKS"
BANK = "B#"


def bank_statements(bank: str, currency: str) -> str:
    """Return the partition of a bank account's statements, in the uploads table."""
    return f"BANK#{bank}#{currency}"


def bank_statement(last: date | None = None, source: str = "") -> str:
    """Return the key of a statement by its last day, or how those of all begin."""
    return "S#" if last is None else f"S#{last.isoformat()}#{source}"


def bank_gap(source: str = "") -> str:
    """Return the key that says that a gap before a statement was accepted, or how those of all begin."""
    return f"A#{source}"


def upload(upload_id: str) -> str:
    return f"U#{upload_id}"


def upload_message(number: int) -> str:
    return f"M#{number:08d}"


def upload_state(state: str) -> str:
    return f"S#{state}"


def upload_chunk(reading: int, number: int | None = None) -> str:
    """Return the key of what a chunk gave in a reading of the file, or how those of all chunks begin."""
    return f"C#{reading}#" + ("" if number is None else f"{number:05d}")


def upload_grouped(number: int) -> str:
    """Return the key of a message's outcome where they are many."""
    return f"{upload_group_of(number // GROUP)}{number:08d}"


def upload_group_of(group: int) -> str:
    """Return how the keys of a group of outcomes begin."""
    return f"M#{group:05d}#"


def upload_group(group: int | None = None) -> str:
    """Return the key that says that a group is complete, or how those of all groups begin."""
    return "G#" + ("" if group is None else f"{group:05d}")


GROUP = 64  # messages of a large upload that are counted together


def open_uploads(kind: str) -> str:
    return f"OPEN#{kind}"


STACK = "STACK"
STACK_TASKS = "TASKS"


def weight(sk: str, version: int) -> int:
    """Return the 64-bit term that a live item adds to its account's digest."""
    return int.from_bytes(hashlib.sha256(f"{sk}|{version}".encode()).digest()[:8], "big")


DIGEST_MODULUS = 1 << 64
