"""Bank transactions in the table: partitions of their own with the same kind of journal as accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.transaction import Transaction, apply
from duly.store import journal, keys
from duly.store.lookups import Lookup, mark
from duly.store.tables import Record, Table


@dataclass(frozen=True, slots=True)
class Stored:
    """A bank transaction with its version and the hash of its last journal entry; version 0: it does not exist."""

    state: Transaction
    version: int = 0
    last_hash: str = ""


class TransactionStore:
    """Bank transactions in the accounts table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def load(self, transaction_id: str) -> Stored:
        """Return the transaction (consistent read of its one projection)."""
        record = self.table.get(keys.transaction(transaction_id), keys.HEADER)
        if record is None:
            return Stored(Transaction())
        state = codec.decode(Transaction, record.body["state"])
        return Stored(state, record.version, record.body["hash"])

    def personal(self, transaction_id: str, personal_id: str) -> dict[str, Any]:
        """Return text, payer and account of the transaction; {} when they were erased."""
        record = self.table.get(keys.transaction(transaction_id), keys.personal(personal_id))
        return record.body if record else {}

    def commit(
        self,
        stored: Stored,
        transaction_id: str,
        events: Sequence[ev.Event],
        at: datetime,
        personal: dict[str, dict[str, Any]] | None = None,
        lookups: Sequence[Lookup] = (),
        beside: Sequence[Record] = (),
    ) -> Stored:
        """Append the events and return the transaction after them. ``beside`` are items written in the same go. Raises
        Conflict when another writer was first."""
        state = stored.state
        for event in events:
            state = apply(state, event)
        pk = keys.transaction(transaction_id)
        entry = journal.make(stored.version + 1, events, at, stored.last_hash)
        put = [_header(pk, state, entry)]
        put += [
            Record(pk, keys.personal(key), body, entry.version, "personal") for key, body in (personal or {}).items()
        ]
        put += [lookup.record() for lookup in lookups]
        put += [found for found in map(mark, lookups) if found is not None]
        journal.append(self.table, pk, entry, [*put, *beside], ())
        return Stored(state, entry.version, entry.hash)

    def history(self, transaction_id: str) -> list[journal.Entry]:
        """Return the journal. Raises BrokenChain when it is not whole."""
        return journal.read(self.table, keys.transaction(transaction_id))

    def rebuild(self, transaction_id: str) -> Stored:
        """Return the transaction as its journal alone says."""
        state, version, last_hash = Transaction(), 0, ""
        for entry in self.history(transaction_id):
            for event in entry.events:
                state = apply(state, event)
            version, last_hash = entry.version, entry.hash
        return Stored(state, version, last_hash)


def _header(pk: str, state: Transaction, entry: journal.Entry) -> Record:
    shard = keys.shard(pk)
    listed = keys.suspense_shard(shard) if state.is_waiting else keys.transaction_shard(shard)
    body = {"state": codec.encode(state), "hash": entry.hash}
    return Record(pk, keys.HEADER, body, entry.version, "transaction", header_shard=listed)
