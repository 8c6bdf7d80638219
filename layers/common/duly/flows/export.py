"""The accounting export of a whole stack, with the proof that it agrees with the accounts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from duly.domain.account import Account
from duly.domain.bookkeeping import (
    Balances,
    Dated,
    Entry,
    account_entries,
    add,
    opening_entry,
    transaction_entries,
)
from duly.domain.calendar import local_date
from duly.flows.edge import Edge
from duly.store import journal, keys

MAX_ENTRIES: Final = 200_000  # of one export: some 200 MB while it is made; a longer time is exported in periods
MAX_JOURNALS: Final = 1_000_000  # accounts and bank transactions read for one export


class ExportTooLarge(ValueError):
    """More entries than one export holds; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One currency of the export beside what the accounts themselves hold, in minor units."""

    currency: str
    receivables_minor: int
    open_minor: int
    credit_minor: int
    unapplied_minor: int
    unbalanced: int

    @property
    def holds(self) -> bool:
        """Whether every entry adds up, and the sums are those of the accounts."""
        return (
            self.unbalanced == 0
            and self.receivables_minor == self.open_minor
            and self.credit_minor == self.unapplied_minor
        )


@dataclass(frozen=True, slots=True)
class Export:
    """The entries of a period by day, the balances at its end, and the proof over everything that was ever booked."""

    start: date | None
    end: date | None
    entries: tuple[Entry, ...]
    balances: Balances
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        return all(proof.holds for proof in self.proofs)


def export(edge: Edge, start: date | None = None, end: date | None = None) -> Export:
    """Return the books of the stack. Reads every journal once. Raises ExportTooLarge."""
    timezone = edge.policy().creditor.timezone
    found = _Books(start, end)
    for entry in _entries(edge, timezone, found):
        found.add(entry)
    before = opening_entry(found.before, start) if start else None
    entries = sorted(found.entries, key=lambda one: one.order)
    return Export(start, end, (*([before] if before else []), *entries), found.at_end, tuple(found.proofs()))


class _Books:
    """Sums and entries while the journals are read."""

    def __init__(self, start: date | None, end: date | None) -> None:
        self.start, self.end = start, end
        self.entries: list[Entry] = []
        self.before: Balances = Counter()
        self.at_end: Balances = Counter()
        self.ever: Balances = Counter()
        self.open: Counter[str] = Counter()
        self.unapplied: Counter[str] = Counter()
        self.unbalanced: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        add(self.ever, entry)
        sums: Counter[str] = Counter()
        for posting in entry.postings:
            sums[posting.currency] += posting.amount_minor
        self.unbalanced.update({currency: 1 for currency, amount in sums.items() if amount})
        if self.end is not None and entry.on > self.end:
            return
        add(self.at_end, entry)
        if self.start is not None and entry.on < self.start:
            add(self.before, entry)
            return
        if len(self.entries) == MAX_ENTRIES:
            raise ExportTooLarge(f"more than {MAX_ENTRIES} entries: export a shorter time with --from and --to")
        self.entries.append(entry)

    def hold(self, account: Account) -> None:
        """Note what an account itself says of its open items and its unapplied money."""
        for item in account.live("items"):
            if item.state == "open":
                self.open[item.currency] += item.due_minor
        for cash in account.live("cash"):
            self.unapplied[cash.currency] += cash.unallocated_minor

    def proofs(self) -> Iterator[Proof]:
        currencies = {currency for _, currency in self.ever} | self.open.keys() | self.unapplied.keys()
        sums: Counter[tuple[str, str]] = Counter()
        for (ledger, currency), amount in self.ever.items():
            sums[ledger.name, currency] += amount
        for currency in sorted(currencies - {""}):
            yield Proof(
                currency,
                sums["receivables", currency],
                self.open[currency],
                -sums["customer_credit", currency],
                self.unapplied[currency],
                self.unbalanced[currency],
            )


def _entries(edge: Edge, timezone: str, books: _Books) -> Iterator[Entry]:
    count = 0
    for shard in keys.shards():
        for record in edge.table.headers(shard):
            count = _counted(count)
            account_id = keys.account_id(record.pk)
            books.hold(edge.accounts.load(account_id))
            customer = str(record.body["header"].get("customer", ""))
            yield from account_entries(account_id, _dated(edge.accounts.history(account_id), timezone), customer)
    for shard in keys.shards():
        for name in (keys.suspense_shard(shard), keys.transaction_shard(shard)):
            for record in edge.table.headers(name):
                count = _counted(count)
                transaction_id = record.pk.removeprefix(keys.transaction(""))
                entries = journal.read(edge.table, record.pk)
                yield from transaction_entries(transaction_id, _dated(entries, timezone))


def _counted(count: int) -> int:
    if count == MAX_JOURNALS:
        raise ExportTooLarge(f"more than {MAX_JOURNALS} accounts and bank transactions")
    return count + 1


def _dated(entries: Sequence[journal.Entry], timezone: str) -> Iterator[Dated]:
    return ((entry.version, local_date(entry.at, timezone), entry.events) for entry in entries)
