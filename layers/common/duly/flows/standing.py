"""What each bank transaction is worth among all entries that the bank's files show of its group.

Entries are noted with their group first and the group is looked at afterwards, so that of two that come at the same
time at least one sees both. A transaction's standing and the note that it has to be dealt with are one write.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.identity import (
    FINAL,
    NOT_COUNTED,
    PROVISIONAL,
    Known,
    Resolution,
    Shows,
    Sighting,
    digest,
    resolve,
    transaction_id,
)
from duly.domain.references import find_references
from duly.domain.transaction import Transaction
from duly.flows.cash import settle_transaction
from duly.flows.edge import Edge
from duly.flows.outcomes import rejected
from duly.formats.records import BankEntry, Reject
from duly.store.bank import MAX_ITEMS, Made, Seen, made_record, work_record
from duly.store.queues import CASH, Message
from duly.store.tables import Conflict
from duly.store.transactions import Stored
from duly.store.uploads import RowOutcome

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of a statement, the digest of its bank account, and what its statement makes of it."""

    bank: str
    entry: BankEntry
    sighting: Sighting


class _Looker:
    """Looks at groups. What other groups say of a batch is read once: it is read after this reader's own entries were
    noted, so whoever notes something later finds those."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self.group = cache(edge.bank.group)
        self.day = cache(edge.bank.day)

    def look(self, group: str, bank: str) -> tuple[Seen, Resolution]:
        """Return what is known of a group now, and what it amounts to."""
        seen = self.edge.bank.group(group)
        announced = [one for one in seen.sightings if not one.cover.is_final]
        batches = {(one.batch_group, one.batch) for one in announced if one.batch}
        values = {one.value_group for one in announced if one.value_group}
        known = Known(
            seen.sightings,
            seen.details,
            seen.echoes,
            confirmed=frozenset(pair for pair in batches if self._is_booked(*pair)),
            echoed=frozenset(name for value in values for name in self._echoed(value, bank)),
        )
        return seen, resolve(group, known, self._shows(bank, seen))

    def _is_booked(self, group: str, batch: str) -> bool:
        return any(one.cover.is_final and one.reference == batch for one in self.group(group).sightings)

    def _echoed(self, group: str, bank: str) -> frozenset[str]:
        seen = self.group(group)
        return resolve(group, Known(seen.sightings, seen.details, seen.echoes), self._shows(bank, seen)).echoed

    def _shows(self, bank: str, seen: Seen) -> Shows:
        """Whether a statement shows every entry of the group's day that another one shows."""

        def shows(one: str, other: str) -> bool:
            contents = self.day(bank, seen.sightings[0].booked)
            return other in contents and Counter(contents[other]) <= Counter(contents.get(one, []))

        return shows


def take_rows(edge: Edge, rows: Sequence[Row], upload: str, now: datetime) -> list[RowOutcome]:
    """Make transactions of the entries that are new, bring their groups to what is known now and book what counts.
    Returns what became of each row. Doing it again changes nothing."""
    edge.bank.see(row.sighting for row in rows)
    looker = _Looker(edge)
    by_group: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(row.sighting.group, []).append(row)
    neighbours: dict[str, str] = {}
    outcomes: list[RowOutcome] = []
    for group, alike in by_group.items():
        seen = _make(edge, looker, group, alike, upload, now)
        if seen is None:
            outcomes += [_refused(row) for row in alike]
            continue
        _bring(edge, looker, group, alike[0].bank, now, [_Confirming(row, upload) for row in alike])
        neighbours |= dict.fromkeys(_neighbours(looker, seen, alike), alike[0].bank)
        outcomes += _outcomes(edge.bank.group(group).made, alike, upload)
    _look_at(edge, neighbours, f"{upload}|{rows[0].sighting.name}", now)
    return outcomes


def bring(edge: Edge, group: str, bank: str, now: datetime) -> None:
    """Bring the transactions of a group to what is known of it now."""
    _bring(edge, _Looker(edge), group, bank, now, [])


def standings(edge: Edge, group: str, bank: str) -> dict[str, str]:
    """Return what the standing of each transaction of a group should be now: for audits."""
    return dict(_Looker(edge).look(group, bank)[1].standings)


def _look_at(edge: Edge, groups: Mapping[str, str], cause: str, now: datetime) -> None:
    """Send other groups, for which these entries may make a difference, to be looked at."""
    messages = (
        Message(
            {"type": "group", "group": group, "bank": bank, "time": now.isoformat()},
            group,
            digest(group, cause, now.isoformat()),
        )
        for group, bank in sorted(groups.items())
    )
    edge.queues.send_all(CASH, messages)


def _neighbours(looker: _Looker, seen: Seen, rows: Sequence[Row]) -> set[str]:
    """The groups of a batch's total and of its payments, and of entries booked or valued on another day. Whatever is
    new in a group can decide whether it confirms what was announced for another day with its value on this one."""
    found = _announced_elsewhere(seen)
    for row in rows:
        sighting = row.sighting
        if sighting.batch:
            found |= {sighting.batch_group} | _announced_elsewhere(looker.group(sighting.batch_group))
        if sighting.value_group:
            found |= {sighting.value_group} | _announced_elsewhere(looker.group(sighting.value_group))
        if sighting.cover.is_final:
            found |= {one.group for one in seen.details if one.reference == sighting.reference}
    return found - {rows[0].sighting.group}


def _announced_elsewhere(seen: Seen) -> set[str]:
    return {one.group for one in seen.echoes if not one.cover.is_final}


# --- making transactions
def _make(edge: Edge, looker: _Looker, group: str, rows: Sequence[Row], upload: str, now: datetime) -> Seen | None:
    """Make a transaction of each row that could be a payment of its own; return what is known of the group, or None
    when more is known of it than can be compared."""
    for _ in range(ATTEMPTS):
        seen, found = looker.look(group, rows[0].bank)
        if seen.is_cut:
            return None
        made = {one.transaction: one for one in seen.made}
        try:
            for row in rows:
                if all(one.sighting != row.sighting.name for one in made.values()):
                    new = _make_one(edge, found, set(made), row, upload, now)
                    made |= {new.transaction: new} if new else {}
        except Conflict:
            continue
        return seen
    raise Conflict


def _make_one(edge: Edge, found: Resolution, made: set[str], row: Row, upload: str, now: datetime) -> Made | None:
    free = [one for one in _ids(row.sighting.group, row.sighting.key, found) if one not in made]
    if not free:
        return None
    standing = found.standings[free[0]]
    is_listed = standing not in NOT_COUNTED
    new = Made(free[0], row.sighting.name, standing, upload, row.entry.line, is_listed)
    event, personal = _received(new, row, upload, now)
    _create(edge, event, personal, new, now)
    return new


def _ids(group: str, key: tuple[str, str], found: Resolution) -> list[str]:
    return [transaction_id(group, key, occurrence) for occurrence in range(found.slots.get(key, 0))]


def _create(
    edge: Edge,
    event: ev.TransactionReceived,
    personal: dict[str, Any],
    made: Made,
    now: datetime,
) -> None:
    beside = (made_record(event.group, made), work_record(event.group, made.transaction, 1))
    personals = {event.personal: personal}
    edge.transactions.commit(Stored(Transaction()), made.transaction, [event], now, personals, beside=beside)


def _received(made: Made, row: Row, upload: str, now: datetime) -> tuple[ev.TransactionReceived, dict[str, Any]]:
    entry = row.entry
    personal = {
        "salt": secrets.token_hex(8),
        "name": entry.counterparty_name,
        "account": entry.counterparty_account,
        "text": entry.remittance,
        "structured_reference": entry.structured_reference,
        "end_to_end_id": entry.end_to_end_id,
        "documents": [list(one) for one in entry.documents],
        "charges_minor": entry.charges_minor,
        "code": entry.code,
        "return_reason": entry.return_reason,
        "bank_reference": entry.bank_reference,
    }
    content = codec.digest(personal)
    event = ev.TransactionReceived(
        transaction=made.transaction,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        booked=entry.booked,
        value_date=entry.value,
        at=now,
        upload=upload,
        line=entry.line,
        personal=content[:20],
        personal_hash=content,
        tokens=find_references(f"{entry.structured_reference} \n {entry.remittance}"),
        reversal=entry.reversal,
        standing=made.standing,
        group=row.sighting.group,
        bank=row.bank,
        is_listed=made.is_listed,
    )
    return event, personal


# --- standings
@dataclass(slots=True)
class _Confirming:
    """A row of a statement that may confirm what was announced, once."""

    row: Row
    upload: str
    is_free: bool = True


def _bring(edge: Edge, looker: _Looker, group: str, bank: str, now: datetime, rows: Sequence[_Confirming]) -> None:
    """Change standings until they are what is known of the group, and deal with the transactions that it concerns."""
    for _ in range(ATTEMPTS):
        seen, found = looker.look(group, bank)
        counted = {one.sighting for one in seen.made}  # a row with a transaction of its own is counted there
        free = [one for one in rows if one.row.sighting.name not in counted]
        try:
            changed = [one for one in seen.made if _change(edge, group, one, found, now, free)]
            copied = _copy_missing(edge, group, seen, found, now)
        except Conflict:
            continue
        if not changed and not copied and not seen.work:
            return
        for key, transaction in seen.work:
            settle_transaction(edge, transaction, now)
            edge.bank.done(group, key)
    raise Conflict


def _change(edge: Edge, group: str, made: Made, found: Resolution, now: datetime, rows: Sequence[_Confirming]) -> bool:
    """Record a transaction's standing if it is another one now; return whether it was."""
    wanted = found.standings.get(made.transaction, made.standing)
    if wanted == made.standing:
        return False
    stored = edge.transactions.load(made.transaction)
    confirming = _confirming(found, group, made, rows) if wanted == FINAL and made.standing == PROVISIONAL else None
    event = ev.StandingChanged(wanted)
    if confirming:
        confirming.is_free = False
        event = ev.StandingChanged(wanted, confirming.upload, confirming.row.entry.line)
        made = replace(made, confirmed=f"{event.upload}#{event.line}")
    beside = (
        made_record(group, replace(made, standing=wanted)),
        work_record(group, made.transaction, stored.version + 1),
    )
    edge.transactions.commit(stored, made.transaction, [event], now, beside=beside)
    return True


def _confirming(found: Resolution, group: str, made: Made, rows: Sequence[_Confirming]) -> _Confirming | None:
    """The row of a final statement that is this very entry."""
    fits = (
        one
        for one in rows
        if one.is_free
        and one.row.sighting.cover.is_final
        and made.transaction in _ids(group, one.row.sighting.key, found)
    )
    return next(fits, None)


def _copy_missing(edge: Edge, group: str, seen: Seen, found: Resolution, now: datetime) -> bool:
    """Equal entries that were taken for one payment may be several after all, once a file shows that the bank repeats
    its references: the others are made of the first one, all of whose facts they share."""
    known = {one.transaction for one in seen.made}
    copied = False
    for key in sorted(found.slots):
        ids = _ids(group, key, found)
        missing = [one for one in ids if one not in known]
        if not missing or ids[0] not in known:
            continue
        state = edge.transactions.load(ids[0]).state
        personal = edge.transactions.personal(state.key, state.personal)
        for transaction in missing:
            made = Made(transaction, "", found.standings[transaction], is_listed=False)
            event = _copied(state, made)
            _create(edge, event, personal, made, now)
            copied = True
    return copied


def _copied(state: Transaction, made: Made) -> ev.TransactionReceived:
    if state.booked is None or state.value_date is None or state.at is None:
        raise LookupError("a transaction without its days")
    return ev.TransactionReceived(
        transaction=made.transaction,
        amount_minor=state.amount_minor,
        currency=state.currency,
        booked=state.booked,
        value_date=state.value_date,
        at=state.at,
        upload=state.upload,
        line=state.line,
        personal=state.personal,
        personal_hash=state.personal_hash,
        tokens=state.tokens,
        reversal=state.reversal,
        standing=made.standing,
        group=state.group,
        bank=state.bank,
        is_listed=False,
    )


# --- outcomes
def _outcomes(made: Sequence[Made], rows: Sequence[Row], upload: str) -> list[RowOutcome]:
    """Say of each row whether its money is counted under it."""
    by_sighting = {one.sighting: one for one in made}
    confirmed = {one.confirmed for one in made}
    found = []
    for row in rows:
        entry, own = row.entry, by_sighting.get(row.sighting.name)
        outcome = RowOutcome(entry.line, "duplicate", entry.amount_minor, entry.currency, code="duplicate")
        if own is not None and (own.upload, own.line) == (upload, entry.line):
            flags = () if own.standing == FINAL else (own.standing,)
            if own.is_listed:
                outcome = replace(outcome, result="applied", code="", flags=flags)
            elif own.standing in NOT_COUNTED:
                outcome = replace(outcome, code=own.standing)
        elif f"{upload}#{entry.line}" in confirmed:
            outcome = replace(outcome, result="applied", code="", flags=("confirms",))
        found.append(outcome)
    return found


def _refused(row: Row) -> RowOutcome:
    """An entry of which so many alike are known that they cannot be told apart."""
    entry = row.entry
    reason = f"expected at most {MAX_ITEMS} notes on entries of one account, day and amount, found more"
    return rejected(Reject(entry.line, "amount", "too_many_alike", reason, entry.amount_minor, entry.currency))
