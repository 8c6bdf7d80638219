"""Statements of account: drawn from an account's journal, written to the bucket, and sent along with notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote

from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.policy import Policy
from duly.domain.statement_of_account import History, StatementOfAccount, statement
from duly.flows.edge import Edge
from duly.mail.notice import CreditorView, language_of
from duly.mail.statement import StatementView, render_html, render_pdf
from duly.store import journal, keys, lookups

MAX_ENTRIES: Final = 50_000  # journal entries of an account that one statement reads: some 20 s and 200 MB
FORMATS: Final = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


class StatementError(ValueError):
    """A statement that cannot be made. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Known:
    """An account with all that ever was on it, and its events by day."""

    account: Account
    history: History


def known(edge: Edge, account_id: str, policy: Policy) -> Known:
    """Read the whole account. Raises StatementError: unknown_account, merged_account or account_too_long."""
    record = edge.table.get(keys.account(account_id), keys.HEADER)
    if record is None:
        raise StatementError("unknown_account", "no account has this id")
    if record.version > MAX_ENTRIES:
        raise StatementError("account_too_long", f"its journal has more than {MAX_ENTRIES} entries")
    entries = edge.accounts.history(account_id)
    account = edge.accounts.replayed(account_id, entries)
    if account.header.merged_into:
        raise StatementError("merged_account", f"the account was merged into {account.header.merged_into}")
    return Known(account, by_day(entries, policy.creditor.timezone))


def by_day(entries: Sequence[journal.Entry], timezone: str) -> History:
    """The events of a journal, each with the creditor's day on which it was written."""
    return [(local_date(entry.at, timezone), event) for entry in entries for event in entry.events]


def view_of(account: Account, told: StatementOfAccount, policy: Policy, has_movements: bool = True) -> StatementView:
    """The statement with the creditor's letterhead, in the customer's language."""
    creditor = policy.creditor
    return StatementView(
        language=language_of(account.header.language, creditor.language),
        creditor=CreditorView(
            creditor.name, creditor.address, creditor.email, creditor.iban, creditor.bic, creditor.legal_name_line
        ),
        customer_name=str(account.personal.get("name", "")) or account.header.customer,
        country=account.header.country,
        statement=told,
        has_movements=has_movements,
    )


def told(edge: Edge, account_id: str, as_of: date, start: date | None = None) -> StatementView:
    """Return the statement of one account. Raises StatementError."""
    policy = edge.policy()
    if start is not None and start > as_of:
        raise StatementError("bad_period", "a statement begins on or before its last day")
    found = known(edge, account_id, policy)
    return view_of(found.account, statement(found.account, found.history, as_of, start), policy)


def key_of(account_id: str, as_of: date, form: str, start: date | None = None) -> str:
    """Return where a statement that somebody asked for is kept."""
    period = f"{start.isoformat()}--{as_of.isoformat()}" if start else as_of.isoformat()
    return f"documents/statements/{quote(account_id, safe='')}/{period}.{form}"


def rendered(view: StatementView, form: str) -> bytes:
    """The bytes of a statement for people: pdf or html."""
    return render_pdf(view) if form == "pdf" else render_html(view).encode()


def open_items_pdf(account: Account, policy: Policy, as_of: date) -> bytes:
    """The open items and unapplied money of an account at exactly this version, as PDF: what goes along with a notice.

    Movements are left out: they would need the whole journal, and a claim must be sent within seconds.
    """
    return render_pdf(view_of(account, statement(account, [], as_of, movements=False), policy, has_movements=False))


def account_of(edge: Edge, wanted: str) -> str:
    """Return the account of a customer id, or the id itself. What was merged is told by the account it is in now."""
    answers = lookups.find(edge.table, lookups.CUSTOMER, wanted)
    return edge.accounts.now_at(answers[0].account if len(answers) == 1 else wanted)


def last_day(edge: Edge, account_id: str) -> date:
    """Return the creditor's day of the account's last entry: on a stack that is still, nothing happened since."""
    record = edge.table.get(keys.account(account_id), keys.HEADER)
    if record is None:
        raise StatementError("unknown_account", "no account has this id")
    last = edge.table.get(keys.account(account_id), keys.journal(record.version))
    if last is None:
        raise StatementError("unknown_account", "its journal is being written; try again")
    return local_date(journal.parse(last.body).at, edge.policy().creditor.timezone)
