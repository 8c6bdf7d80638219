"""Bank statements: a file is cut into parts, and each of its entries becomes a transaction once.

What becomes of the money is decided in ``flows.cash``.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.calendar import local_date
from duly.domain.identity import EntryFacts, transaction_ids
from duly.domain.references import find_references
from duly.flows.cash import settle_transaction
from duly.flows.edge import Edge
from duly.flows.intake import plan, read_part, register_upload, send_parts
from duly.flows.outcomes import close_if_complete, finish_message
from duly.flows.profiles import profile_for
from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult
from duly.store import lookups
from duly.store.queues import CASH
from duly.store.tables import Conflict
from duly.store.uploads import RowOutcome, Upload

ENTRIES_PER_MESSAGE = 25


def take_statement(edge: Edge, key: str, version: str, now: datetime) -> Upload:
    """Take in one bank statement file. Doing it again changes nothing."""
    upload, found, now = register_upload(edge, key, version, now)
    if found is None or upload.state == "closed":
        return upload
    if upload.state == "received":
        result = read_file(key, found.data, profile=profile_for(edge, key))
        until = [_covers_until(statement) for statement in result.statements]
        # A date still to come says nothing about money that has come in: it must not keep the freshness gate open.
        today = local_date(now, edge.policy().creditor.timezone)
        covers = max((min(day, today) for day in until if day is not None), default=None)
        upload = plan(edge, upload, result, _parts(result), (), now, covers_until=covers)
    send_parts(edge, upload, CASH, now)
    return upload


def _covers_until(statement: Any) -> Any:
    booked = [entry.booked for entry in statement.entries]
    return statement.closing_date or max(booked, default=None)


def _parts(result: FileResult) -> list[tuple[str, list[Any]]]:
    """Cut the entries of each bank account into parts; each row carries its identity, which needs the whole file."""
    by_account: dict[str, list[BankEntry]] = {}
    for statement in result.statements:
        by_account.setdefault(statement.account, []).extend(statement.entries)
    parts: list[tuple[str, list[Any]]] = []
    for account, entries in by_account.items():
        ids = transaction_ids([_facts(account, entry) for entry in entries])
        rows = [{"id": key, "entry": codec.encode(entry)} for key, entry in zip(ids, entries, strict=True)]
        group = f"bank-{codec.digest(account)[:24]}"
        for start in range(0, len(rows), ENTRIES_PER_MESSAGE):
            parts.append((group, rows[start : start + ENTRIES_PER_MESSAGE]))
    return parts


def _facts(account: str, entry: BankEntry) -> EntryFacts:
    text = f"{entry.structured_reference} {entry.remittance} {entry.counterparty_account} {entry.end_to_end_id}"
    return EntryFacts(account, entry.bank_reference, entry.booked, entry.amount_minor, entry.currency, text)


def take_entries(edge: Edge, upload_id: str, number: int, now: datetime) -> None:
    """Work on one part of a statement. Doing it again changes nothing."""
    if edge.uploads.has_outcome(upload_id, number):
        close_if_complete(edge, upload_id, now)
        return
    outcomes = []
    for row in read_part(edge, upload_id, number)["rows"]:
        entry = codec.decode(BankEntry, row["entry"])
        own = _record(edge, row["id"], entry, upload_id, now)
        settle_transaction(edge, row["id"], now)
        code = "" if own else "duplicate"
        outcomes.append(
            RowOutcome(entry.line, "applied" if own else "duplicate", entry.amount_minor, entry.currency, code=code)
        )
    finish_message(edge, upload_id, number, outcomes, now)


def _record(edge: Edge, transaction_id: str, entry: BankEntry, upload: str, now: datetime) -> bool:
    """Create the transaction if it is new; return whether it is this upload's own."""
    stored = edge.transactions.load(transaction_id)
    if stored.version == 0:
        event, personal = _received(transaction_id, entry, upload, now)
        waiting = lookups.of_transaction(event, entry.counterparty_name)
        try:
            stored = edge.transactions.commit(stored, transaction_id, [event], now, {event.personal: personal}, waiting)
        except Conflict:
            stored = edge.transactions.load(transaction_id)
    return (stored.state.upload, stored.state.line) == (upload, entry.line)


def _received(
    transaction_id: str, entry: BankEntry, upload: str, now: datetime
) -> tuple[ev.TransactionReceived, dict[str, Any]]:
    personal = {
        "salt": secrets.token_hex(8),
        "name": entry.counterparty_name,
        "account": entry.counterparty_account,
        "text": entry.remittance,
        "structured_reference": entry.structured_reference,
        "end_to_end_id": entry.end_to_end_id,
    }
    digest = codec.digest(personal)
    event = ev.TransactionReceived(
        transaction=transaction_id,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        booked=entry.booked,
        value_date=entry.value,
        at=now,
        upload=upload,
        line=entry.line,
        personal=digest[:20],
        personal_hash=digest,
        tokens=find_references(f"{entry.structured_reference} \n {entry.remittance}"),
        reversal=entry.reversal,
    )
    return event, personal
