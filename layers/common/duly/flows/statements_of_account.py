"""Statements of account: drawn from an account's journal, written to the bucket, and sent along with notices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.kpi import facts_of
from duly.domain.money import format_minor
from duly.domain.policy import Policy
from duly.domain.statement_of_account import History, StatementOfAccount, statement
from duly.flows.edge import Edge
from duly.mail.notice import CreditorView, language_of
from duly.mail.statement import StatementView, render_html, render_pdf
from duly.mail.typeset import PdfTooLarge
from duly.store import journal, keys, lookups

MAX_ENTRIES: Final = 50_000  # journal entries of an account that one statement reads: some 20 s and 200 MB
MAX_OF_MONTH: Final = 50_000  # statements of one month
SAVE_EVERY: Final = 25  # statements between two writes of the month's list; so many may be written again after an end
STOP_SECONDS: Final = 20.0  # before a time-out: one statement of a long account takes a few seconds

RemainingSeconds = Callable[[], float]
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
        address=tuple(account.personal.get("address", ())),
        creditor_country=creditor.country,
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


# --- on demand, and monthly
def write_statement(edge: Edge, account: str, as_of: date, start: date | None, form: str) -> dict[str, Any]:
    """Write a statement that somebody asked for under ``documents/``; return its key and what it says in sum.

    Raises StatementError: also bad_format.
    """
    if form not in ("pdf", "html"):
        raise StatementError("bad_format", "expected pdf or html")
    account_id = account_of(edge, account)
    view = told(edge, account_id, as_of, start)
    key = key_of(account_id, as_of, form, start)
    edge.objects.put(key, _rendered(view, form), FORMATS[form])
    return {"account": account_id, "key": key, "as_of": as_of.isoformat(), "balances": _balances(view.statement)}


def _rendered(view: StatementView, form: str) -> bytes:
    try:
        return rendered(view, form)
    except PdfTooLarge as error:
        raise StatementError("too_large", f"the PDF would have {error}; ask for a shorter time") from None


def _balances(found: StatementOfAccount) -> dict[str, str]:
    return {one.currency: format_minor(one.closing_minor, one.currency) for one in found.currencies}


@dataclass(slots=True)
class Month:
    """The statements of one month so far: account -> what was written (or why not). ``complete``: all are there."""

    month: str
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    complete: bool = False

    @property
    def index(self) -> str:
        """Where the list of them is kept, which also says how far the month is."""
        return f"documents/statements/monthly/{self.month}/index.json"

    def key(self, account_id: str) -> str:
        """Where the statement of an account is kept."""
        return f"documents/statements/monthly/{self.month}/{quote(account_id, safe='')}.pdf"

    def data(self) -> bytes:
        body = {"month": self.month, "complete": self.complete, "accounts": self.accounts}
        return json.dumps(body, indent=1, sort_keys=True).encode()


def write_monthly(edge: Edge, today: date, remaining: RemainingSeconds) -> Month | None:
    """Write the statements of the month before, each account's once; None when there is nothing to do today.

    It goes on where an earlier run ended, by the month's list, and leaves before the invocation's time is over: the
    next day's run goes on.
    """
    policy = edge.policy()
    if not policy.statements.monthly or today.day < policy.statements.day:
        return None
    last = today.replace(day=1) - timedelta(days=1)
    month = _read_month(edge, last)
    if month.complete:
        return None
    since_saved = 0
    for account_id in _candidates(edge, last, policy):
        if account_id in month.accounts:
            continue
        if remaining() < STOP_SECONDS or len(month.accounts) >= MAX_OF_MONTH:
            return _saved(edge, month)
        month.accounts[account_id] = _write_one(edge, month, account_id, last, policy)
        since_saved += 1
        if since_saved % SAVE_EVERY == 0:
            _saved(edge, month)
    month.complete = True
    return _saved(edge, month)


def _read_month(edge: Edge, last: date) -> Month:
    month = Month(f"{last:%Y-%m}")
    found = edge.objects.get(month.index)
    if found is not None:
        body = json.loads(found.data)
        month.accounts, month.complete = dict(body["accounts"]), bool(body["complete"])
    return month


def _saved(edge: Edge, month: Month) -> Month:
    edge.objects.put(month.index, month.data(), "application/json")
    return month


def _candidates(edge: Edge, last: date, policy: Policy) -> Iterator[str]:
    """The accounts that may have a statement, by what their headers say: something is open, or was paid since."""
    for shard in keys.shards():
        for record in edge.table.headers(shard):
            facts = facts_of(keys.account_id(record.pk), record.body)
            header = facts.header
            if header.merged_into or header.provisional:
                continue
            days = [day for series in header.collected_by_day.values() for day in series]
            moved = any(day > last.isoformat() for day in days)
            sold = any(day[:7] == f"{last:%Y-%m}" for series in header.sales_by_day.values() for day in series)
            quiet = policy.statements.without_open_items and (sold or any(day[:7] == f"{last:%Y-%m}" for day in days))
            if facts.open_by_due or moved or quiet:
                yield facts.account


def _write_one(edge: Edge, month: Month, account_id: str, last: date, policy: Policy) -> dict[str, Any]:
    try:
        view = told(edge, account_id, last, last.replace(day=1))
        found = view.statement
        if found.is_empty or not (policy.statements.without_open_items or any(one.items for one in found.currencies)):
            return {"left_out": "nothing_open"}
        edge.objects.put(month.key(account_id), _rendered(view, "pdf"), FORMATS["pdf"])
    except StatementError as error:
        return {"left_out": error.code}
    return {"key": month.key(account_id), "balances": _balances(found)}
