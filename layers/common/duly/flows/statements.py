"""Bank statements: a file is cut into parts, and each of its entries becomes a transaction once.

Which entries are one payment, and which are only announced, is worked out anew for their group whenever one more file
shows some of them (``domain.identity``, ``flows.standing``). What becomes of the money is decided in ``flows.cash``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from duly.domain import codec
from duly.domain.continuity import StatementSeen
from duly.domain.identity import (
    Cover,
    Sighting,
    account_key,
    digest,
    group_of,
    marked_repeats,
    reference_digest,
    text_digest,
)
from duly.flows.continuity import note_statements
from duly.flows.edge import Edge
from duly.flows.intake import plan, read_part, register_upload, send_parts
from duly.flows.outcomes import close_if_complete, finish_message
from duly.flows.profiles import profile_for
from duly.flows.remittances import ADVICES, advice_parts, take_advice
from duly.flows.standing import Row, take_rows
from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult, Statement
from duly.store.queues import CASH
from duly.store.uploads import Upload

ENTRIES_PER_MESSAGE = 25
RICH = 100_000  # a structured reference tells more than any text


def take_statement(edge: Edge, key: str, version: str, now: datetime) -> Upload:
    """Take in one bank statement file. Doing it again changes nothing."""
    upload, found, now = register_upload(edge, key, version, now)
    if found is None or upload.state == "closed":
        return upload
    if upload.state == "received":
        result = read_file(key, found.data, profile=profile_for(edge, key))
        show_days(edge, result)
        notes, until = note_statements(edge, _seen(result, upload.id), now)
        result = replace(result, notes=(*result.notes, *notes))
        if result.remittances:  # announced money is on no account's books; the receipt says what it is
            result = replace(result, format=f"{ADVICES} {result.format}")
        parts = advice_parts(result.remittances) or _parts(result)
        upload = plan(edge, upload, result, parts, (), now, covers_until=until)
    send_parts(edge, upload, CASH, now)
    return upload


def _seen(result: FileResult, upload: str) -> list[tuple[str, str, StatementSeen]]:
    """Return the statements that say which days they cover, with the digest of their account and its number."""
    found = []
    for one in result.statements:
        cover, days = _cover(one, result.format), [entry.booked for entry in one.entries]
        last = one.closing_date or max(days, default=None)
        if last is not None:
            seen = StatementSeen(
                source=cover.source,
                upload=upload,
                format=result.format,
                currency=one.currency,
                first=min([*days, last]),
                last=max([*days, last]),
                number=one.number,
                opening_minor=one.opening_minor,
                closing_minor=one.closing_minor,
                entries=len(one.entries),
                is_final=one.is_final,
            )
            found.append((bank_of(one.account), one.account, seen))
    return found


def _parts(result: FileResult) -> list[tuple[str, list[Any]]]:
    """Cut the entries of each bank account into parts; each row carries what its statement makes of it. Entries that
    could be one another stay together."""
    by_account: dict[str, list[tuple[BankEntry, Sighting]]] = {}
    for statement in result.statements:
        pairs = zip(statement.entries, sightings_of(statement, result.format), strict=True)
        by_account.setdefault(statement.account, []).extend(pairs)
    parts: list[tuple[str, list[Any]]] = []
    for account, entries in by_account.items():
        bank = bank_of(account)
        groups = {sighting.group: number for number, (_, sighting) in reversed(list(enumerate(entries)))}
        entries.sort(key=lambda pair: groups[pair[1].group])  # noqa: B023 - sorted at once
        rows = [
            {"bank": bank, "entry": codec.encode(entry), "sighting": codec.encode(sighting)}
            for entry, sighting in entries
        ]
        for start in range(0, len(rows), ENTRIES_PER_MESSAGE):
            parts.append((f"bank-{bank}", rows[start : start + ENTRIES_PER_MESSAGE]))
    return parts


def bank_of(account: str) -> str:
    """Return the digest that names a bank account where its number must not be seen."""
    return digest(account_key(account))


def sightings_of(statement: Statement, format: str) -> list[Sighting]:
    """Return the entries of a statement as ``domain.identity`` looks at them."""
    cover = _cover(statement, format)
    totals: dict[tuple[str, date, str], list[int]] = {}
    for entry in statement.entries:
        totals.setdefault((entry.batch_reference, entry.booked, entry.currency), []).append(entry.amount_minor)
    found = []
    for position, entry in enumerate(statement.entries):
        group = group_of(statement.account, entry.booked, entry.amount_minor, entry.currency)
        value_group = group_of(statement.account, entry.value, entry.amount_minor, entry.currency)
        reference, batch, batch_group = reference_digest(entry.bank_reference), "", ""
        if entry.batch_reference:
            total = sum(totals[(entry.batch_reference, entry.booked, entry.currency)])
            batch = reference_digest(entry.batch_reference)
            batch_group = group_of(statement.account, entry.booked, total, entry.currency)
        is_part = batch != "" and (batch, batch_group) != (reference, group)
        found.append(
            Sighting(
                cover=cover,
                position=position,
                booked=entry.booked,
                reference=reference,
                text=_text(entry),
                richness=bool(entry.structured_reference) * RICH + min(len(entry.remittance), RICH - 1),
                group=group,
                value_group=value_group if value_group != group else "",
                batch=batch if is_part else "",
                batch_group=batch_group if is_part else "",
            )
        )
    return marked_repeats(found)


def _text(entry: BankEntry) -> str:
    return text_digest(
        entry.value.isoformat(),
        entry.structured_reference,
        entry.remittance,
        entry.counterparty_name,
        entry.counterparty_account,
        entry.end_to_end_id,
    )


def _cover(statement: Statement, format: str) -> Cover:
    entries = [
        (one.booked.isoformat(), str(one.amount_minor), one.currency, one.bank_reference, _text(one))
        for one in statement.entries
    ]
    days = [entry.booked for entry in statement.entries]
    said = [account_key(statement.account), format, statement.number, statement.opening_minor, statement.closing_minor]
    return Cover(
        source=codec.digest([*said, statement.is_final, entries])[:16],
        format=format,
        first=min(days, default=date.min),
        last=max(days, default=date.min),
        is_final=statement.is_final,
        number=statement.number,
        opening_minor=statement.opening_minor,
        closing_minor=statement.closing_minor,
    )


def show_days(edge: Edge, result: FileResult) -> None:
    """Note what each statement shows of each day, before any of its entries is looked at."""
    for statement in result.statements:
        by_day: dict[date, list[str]] = {}
        for entry in statement.entries:
            seen = digest(str(entry.amount_minor), entry.currency, _text(entry))[:8]
            by_day.setdefault(entry.booked, []).append(seen)
        source = _cover(statement, result.format).source
        for day, entries in by_day.items():
            edge.bank.show_day(bank_of(statement.account), day, source, entries)


def take_entries(edge: Edge, upload_id: str, number: int, now: datetime) -> None:
    """Work on one part of a statement. Doing it again changes nothing."""
    if edge.uploads.has_outcome(upload_id, number):
        close_if_complete(edge, upload_id, now)
        return
    rows = read_part(edge, upload_id, number)["rows"]
    outcomes = [outcome for row in rows if "advice" in row for outcome in take_advice(edge, row, upload_id, now)]
    if not outcomes:
        outcomes = take_rows(edge, [_row(row) for row in rows], upload_id, now)
    finish_message(edge, upload_id, number, outcomes, now)


def _row(row: dict[str, Any]) -> Row:
    return Row(row["bank"], codec.decode(BankEntry, row["entry"]), codec.decode(Sighting, row["sighting"]))
