"""Items handed over to an agency, lawyer or insurer: one ZIP with all that they need, written once for a claim."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.channels import CALL, HAND_OVER
from duly.domain.charges import charge_lines
from duly.domain.money import format_minor
from duly.domain.policy import Policy
from duly.domain.statement_of_account import StatementOfAccount, statement
from duly.flows.attaching import letter_view
from duly.flows.copies import MAX_COPIES, invoice_copies, plain_name
from duly.flows.edge import Edge
from duly.flows.notices import (
    COMMIT_SECONDS,
    Claimed,
    RemainingSeconds,
    document_key,
    mail_key,
    too_late,
    undrawn_document,
    view_of,
)
from duly.flows.statements_of_account import Known, StatementError, known
from duly.flows.statements_of_account import view_of as statement_view
from duly.formats.export import csv_text
from duly.formats.statement_table import statement_csv
from duly.mail.handover import CoverView, render_cover
from duly.mail.notice import NoticeError
from duly.mail.sending import Accepted, Outcome, Refused
from duly.mail.statement import render_pdf
from duly.mail.typeset import PdfTooLarge
from duly.store.objects import TooLarge

BASE_SECONDS: Final = 6  # for cover, ledger, statement, ZIP and S3 (docs/channels.md, time in hand)
FILE_SECONDS: Final = 0.1  # for reading a notice or reply and packing it
MAX_FILES: Final = 300  # notices and replies, the newest first
MAX_BYTES: Final = 32 * 1024 * 1024  # of all files: below what one object may hold, in the memory of the function
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
CHARGES: Final = ("invoice", "kind", "from", "to", "days", "percent", "principal", "amount", "currency")


@dataclass(slots=True)
class Folder:
    """The files of a hand-over so far, and what was left out and why."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        """Add a file as far as the bounds allow."""
        size = sum(len(one) for one in self.files.values())
        if len(self.files) >= MAX_FILES or size + len(data) > MAX_BYTES:
            self.left_out[name] = "the file would be too large"
        else:
            self.files[name] = data


def hand_over(edge: Edge, claimed: Claimed, policy: Policy, now: datetime, remaining: RemainingSeconds) -> Outcome:
    """Write the ZIP of a hand-over into the bucket once; return what became of it."""
    claim, account = claimed.event, claimed.account
    late = too_late(edge, claimed, remaining, BASE_SECONDS)  # before a long history is read, which may take seconds
    if late is not None:
        return late
    try:
        whole = known(edge, account.id, policy)
        if remaining() < longest_seconds(_files(account, whole, claim)) + COMMIT_SECONDS:
            return Refused("no_time_left")
        if edge.draws:
            data = zipped(handed_over(edge, account, claim, policy, whole), claim.at)
        else:
            data = undrawn_document(view_of(account, claim, policy, policy.creditor.email))
    except (NoticeError, StatementError) as error:
        return Refused(error.code, retryable=False)
    except PdfTooLarge:
        return Refused("cover_too_large", retryable=False)
    edge.objects.put(document_key(account.id, claim.notice, claim.channel), data, "application/zip")
    return Accepted("", now)


def longest_seconds(files: int) -> float:
    """How long a hand-over of so many notices, replies and copies may take."""
    return BASE_SECONDS + FILE_SECONDS * min(files, MAX_FILES)


def _files(account: Account, whole: Known, claim: ev.NoticeClaimed) -> int:
    """At most so many files are read: of each notice a mail and a document are looked for."""
    invoices = {account.items[part.item].number for part in claim.items}
    about, answers = _correspondence(whole, {part.item for part in claim.items})
    return 2 * len(about) + len(answers) + min(len(invoices), MAX_COPIES)


def handed_over(edge: Edge, account: Account, claim: ev.NoticeClaimed, policy: Policy, whole: Known) -> Folder:
    """Collect the files. Raises NoticeError or PdfTooLarge."""
    today = local_date(claim.at, account.header.timezone)
    told = statement(whole.account, whole.history, today, None)
    folder = Folder()
    folder.add("ledger/ledger.csv", statement_csv(told))
    _add_statement(folder, whole.account, told, policy)
    folder.add("charges.csv", _charges(account, claim, policy))
    items = [account.items[part.item] for part in claim.items]
    copies = invoice_copies(edge, items, MAX_BYTES // 2, MAX_FILE_BYTES)
    for copy in copies:
        folder.add(f"invoices/{copy.name}", copy.data)
    with_copy = {copy.name.rpartition(".")[0] for copy in copies}
    for number in sorted({item.number for item in items}):
        if plain_name(number) not in with_copy:
            folder.left_out[f"invoices/{plain_name(number)}"] = "not uploaded as a file of its own, gone or too large"
    _add_correspondence(edge, folder, account, *_correspondence(whole, {part.item for part in claim.items}))
    folder.files = {"cover.pdf": _cover(account, claim, policy, folder), **folder.files}
    folder.files["manifest.json"] = _manifest(account, claim, folder)
    return folder


def _add_statement(folder: Folder, account: Account, told: StatementOfAccount, policy: Policy) -> None:
    try:
        folder.add("ledger/statement.pdf", render_pdf(statement_view(account, told, policy)))
    except PdfTooLarge:
        folder.left_out["ledger/statement.pdf"] = "too many movements for a PDF; the table has them"


def _charges(account: Account, claim: ev.NoticeClaimed, policy: Policy) -> bytes:
    """How costs and interest come about, line by line: the lines of an item add up to what is open of them."""
    rows: list[list[str]] = []
    for part in claim.items:
        item = account.items[part.item]
        for line in charge_lines(item, part.charges, policy, account.header.kind):
            rows.append(
                [
                    item.title,
                    line.kind,
                    line.first.isoformat() if line.first else "",
                    line.last.isoformat() if line.last else "",
                    str(line.days or ""),
                    "" if line.percent is None else str(line.percent),
                    format_minor(line.principal_minor, item.currency) if line.principal_minor else "",
                    format_minor(line.amount_minor, item.currency),
                    item.currency,
                ]
            )
    return csv_text(CHARGES, rows).encode()


def _correspondence(whole: Known, items: set[str]) -> tuple[list[ev.NoticeClaimed], list[ev.ReplyReceived]]:
    """What was sent and written about these items, and what came back, the newest first."""
    history = [event for _, event in reversed(whole.history)]
    about = {
        one.notice: one
        for one in history
        if isinstance(one, ev.NoticeClaimed) and any(part.item in items for part in one.items)
    }
    answers = [one for one in history if isinstance(one, ev.ReplyReceived) and one.notice in about]
    return [one for one in about.values() if one.channel not in (CALL, HAND_OVER)], answers


def _add_correspondence(
    edge: Edge, folder: Folder, account: Account, about: list[ev.NoticeClaimed], answers: list[ev.ReplyReceived]
) -> None:
    for one in about:
        base = f"notices/{one.at:%Y-%m-%d}-{one.channel}-{one.notice[:8]}"
        for key in (mail_key(account.id, one.notice), document_key(account.id, one.notice, one.channel)):
            _add_object(edge, folder, f"{base}.{key.rpartition('.')[2]}", key, may_miss=True)
    for reply in answers:
        _add_object(edge, folder, f"replies/{reply.reply}.eml", reply.object_key)


def _add_object(edge: Edge, folder: Folder, name: str, key: str, may_miss: bool = False) -> None:
    if len(folder.files) >= MAX_FILES:
        folder.left_out[name] = "the file would be too large"
        return
    try:
        found = edge.objects.get(key, most=MAX_FILE_BYTES)
    except TooLarge:
        folder.left_out[name] = "too large"
        return
    if found is not None:
        folder.add(name, found.data)
    elif not may_miss:
        folder.left_out[name] = "gone"


def _cover(account: Account, claim: ev.NoticeClaimed, policy: Policy, folder: Folder) -> bytes:
    letter = letter_view(account, view_of(account, claim, policy, policy.creditor.email), policy)
    contacts = [
        " ".join(part for part in (contact.get("email", ""), contact.get("phone", "")) if part)
        for contact in account.personal.get("contacts", [])
    ]
    files = {"ledger": "ledger/", "charges": "charges.csv", "manifest": "manifest.json"}
    files |= {part: f"{part}/" for part in ("invoices", "notices", "replies") if _has(folder.files, part)}
    vat_id = str(account.personal.get("vat_id", ""))
    return render_cover(CoverView(letter, claim.to, vat_id, tuple(contacts[:MAX_COPIES]), files))


def _has(names: Iterable[str], part: str) -> bool:
    return any(name.startswith(f"{part}/") for name in names)


def _manifest(account: Account, claim: ev.NoticeClaimed, folder: Folder) -> bytes:
    body = {
        "account": account.id,
        "version": account.version,
        "notice": claim.notice,
        "to": claim.to,
        "at": claim.at.isoformat(),
        "items": [part.item for part in claim.items],
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(folder.files.items())
        },
        "left_out": dict(sorted(folder.left_out.items())),
    }
    return json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False).encode()


def zipped(folder: Folder, at: datetime) -> bytes:
    """The files as a ZIP: the same bytes for the same files and moment."""
    made = io.BytesIO()
    stamp: Sequence[int] = at.timetuple()[:6]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in folder.files.items():
            entry = zipfile.ZipInfo(name, (stamp[0], stamp[1], stamp[2], stamp[3], stamp[4], stamp[5]))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return made.getvalue()
