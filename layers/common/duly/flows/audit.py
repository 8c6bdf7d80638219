"""The audit: every account rebuilt from its journal and compared, and every row and cent of every upload found again.

It reads and never writes. It goes through the header index, which holds every account and every bank transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from duly.domain import codec
from duly.domain.account import Account
from duly.domain.entities import GRANTED, AccountError, Cash, Item, is_exchange
from duly.domain.money import format_minor
from duly.domain.transaction import Transaction
from duly.flows.edge import Edge
from duly.flows.outcomes import make_receipt
from duly.flows.remittances import ADVICES
from duly.flows.standing import standings
from duly.store import keys
from duly.store.accounts import projections
from duly.store.journal import BrokenChain
from duly.store.tables import Record
from duly.store.uploads import Upload

MAX_PROBLEMS = 200

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not hold: a code, what it is about, and in words what was expected."""

    code: str
    about: str
    text: str


@dataclass
class Report:
    """What an audit saw. ``is_clean`` when nothing was wrong."""

    accounts: int = 0
    transactions: int = 0
    uploads: int = 0
    journal_entries: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems

    def add(self, code: str, about: str, text: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code, about, text))


def _quiet(what: str, count: int) -> None:
    del what, count


def audit(edge: Edge, now: datetime, progress: Progress = _quiet) -> Report:
    """Check everything. ``progress`` is called with what is being checked and how many are done."""
    report = Report()
    accounts: dict[str, Account] = {}
    for account_id in account_ids(edge):
        account = check_account(edge, account_id, report)
        if account is not None:
            accounts[account_id] = account
        report.accounts += 1
        progress("accounts", report.accounts)
    transactions = dict(_transactions(edge, report, progress))
    _money(accounts, transactions, report)
    _standings(edge, transactions, report)
    _marks(accounts, transactions, report)
    _notices(accounts, report)
    _uploads(edge, accounts, transactions, now, report, progress)
    return report


def account_ids(edge: Edge) -> Iterator[str]:
    """Yield the ids of all accounts, by shard."""
    for shard in keys.shards():
        for record in edge.table.headers(shard):
            yield keys.account_id(record.pk)


# --- accounts
def check_account(edge: Edge, account_id: str, report: Report) -> Account | None:
    """Check one account against its journal; return it as its journal says, or None when that does not replay."""
    try:
        history = edge.accounts.history(account_id)
        rebuilt = edge.accounts.rebuild(account_id)
    except (BrokenChain, AccountError, KeyError) as error:
        report.add("journal_broken", account_id, f"the journal does not replay: {error}")
        return None
    report.journal_entries += len(history)
    pk = keys.account(account_id)
    stored = edge.table.query(pk, keys.LIVE) + edge.table.query(pk, keys.CLOSED)
    _compare(account_id, _by_key(projections(rebuilt)), _by_key(_without_earlier_personal(stored)), report)
    if rebuilt.header.personal and codec.digest(rebuilt.personal) != rebuilt.header.personal_hash:
        report.add("personal_changed", account_id, "the personal item is not the one that the journal names")
    _balances(rebuilt, report)
    return rebuilt


def _without_earlier_personal(records: list[Record]) -> list[Record]:
    return [record for record in records if not record.sk.startswith(keys.personal("", live=False))]


def _by_key(records: list[Record]) -> dict[str, Record]:
    return {record.sk: record for record in records}


def _compare(account_id: str, wanted: dict[str, Record], found: dict[str, Record], report: Report) -> None:
    for sk in sorted(wanted.keys() | found.keys()):
        name = f"{account_id} {sk}"
        if sk not in found:
            report.add("item_lost", name, "the journal says that this item exists")
        elif sk not in wanted:
            report.add("item_unexpected", name, "the journal knows nothing of this item")
        elif (wanted[sk].body, wanted[sk].version) != (found[sk].body, found[sk].version):
            report.add("item_differs", name, "the item is not what the journal says")


def _balances(account: Account, report: Report) -> None:
    """Invariants 1 and 2: nothing is negative, and both ends of every allocation say the same."""
    from_items = {
        (kind, cash, item.key): amount
        for item in account.items.values()
        for kind, paid in {"principal": item.allocations, **item.charges_paid}.items()
        for cash, amount in paid.items()
    }
    from_cash = {
        (kind, cash.key, item): amount
        for cash in account.cash.values()
        for kind, paid in {"principal": cash.allocations, **cash.charges}.items()
        for item, amount in paid.items()
    }
    if from_items != from_cash:
        report.add("allocations_differ", account.id, "items and payments disagree about what pays what")
    for item in account.items.values():
        is_owed = item.state in ("open", "paid")
        open_charges = item.open_charges_minor
        is_settled = item.outstanding_minor == 0 and not open_charges
        is_negative = min(item.outstanding_minor, *open_charges.values(), 0) < 0
        if is_negative or (is_owed and (item.state == "paid") != is_settled):
            report.add("item_balance", f"{account.id} {item.key}", "outstanding is negative or the state untrue")
        if not is_owed and item.payers:
            report.add("item_balance", f"{account.id} {item.key}", "money pays what is not owed")
    for cash in account.cash.values():
        is_over = cash.allocated_minor > cash.amount_minor if cash.is_adjustment else cash.unallocated_minor < 0
        if is_over:
            report.add("cash_balance", f"{account.id} {cash.key}", "more is allocated than came in")
        made = [account.cash.get(key) for key in cash.spent if is_exchange(key)]
        if any(one is None or (one.source, one.state == "withdrawn") != (cash.key, False) for one in made):
            report.add("exchange_differs", f"{account.id} {cash.key}", "an exchange lacks its other side")


# --- bank transactions
def _transactions(edge: Edge, report: Report, progress: Progress) -> Iterator[tuple[str, Transaction]]:
    for shard in keys.shards():
        for name in (keys.suspense_shard(shard), keys.transaction_shard(shard)):
            for record in edge.table.headers(name):
                key = record.pk.removeprefix("T#")
                stored = edge.transactions.load(key)
                try:
                    rebuilt = edge.transactions.rebuild(key)
                except BrokenChain as error:
                    report.add("journal_broken", key, f"the journal does not replay: {error}")
                    continue
                if rebuilt != stored:
                    report.add("item_differs", key, "the transaction is not what its journal says")
                report.transactions += 1
                report.journal_entries += rebuilt.version
                progress("transactions", report.transactions)
                yield key, rebuilt.state


def _money(accounts: dict[str, Account], transactions: dict[str, Transaction], report: Report) -> None:
    """Every transaction is exactly where it says it is, and accounts hold no money from nowhere."""
    held = {
        (cash.key, account.id): cash.amount_minor
        for account in accounts.values()
        for cash in account.cash.values()
        if cash.kind == "payment" and cash.state != "withdrawn"
    }
    said = {(key, share.account): share.amount_minor for key, state in transactions.items() for share in state.applied}
    for place in sorted(held.keys() | said.keys()):
        if held.get(place) != said.get(place):
            report.add("money_misplaced", " ".join(place), "the account and the bank transaction disagree")
    for key, state in sorted(transactions.items()):
        if not state.is_settled:
            report.add(
                "transaction_unsettled",
                key,
                f"expected routed, proposed, suspense or ignored and done, found {state.state}",
            )


def _standings(edge: Edge, transactions: dict[str, Transaction], report: Report) -> None:
    """Every transaction is worth what all entries of its group say, and each that could be a payment exists."""
    wanted: dict[str, str] = {}
    for group, bank in sorted({(state.group, state.bank) for state in transactions.values() if state.group}):
        wanted |= standings(edge, group, bank)
    found = {key: state.standing for key, state in transactions.items() if state.group}
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            report.add("standing_differs", key, f"expected {wanted.get(key)}, found {found.get(key)}")


def _marks(accounts: dict[str, Account], transactions: dict[str, Transaction], report: Report) -> None:
    """Invariant 23: an account is marked exactly by the money in suspense that could be its own."""
    said = {(key, account.id) for account in accounts.values() for key in account.header.suspense}
    wanted = {
        (key, account)
        for key, state in transactions.items()
        if state.is_waiting
        for account in state.candidates
        if account in accounts and accounts[account].exists
    }
    for key in sorted(said ^ wanted):
        report.add("mark_differs", " ".join(key), "the mark on the account and the money in suspense disagree")


# --- notices
def _notices(accounts: dict[str, Account], report: Report) -> None:
    """Invariant 9: at most one notice sent (or unknown) per item, episode, step, repetition and channel."""
    for account in accounts.values():
        said = Counter(
            (part.item, part.episode, part.step, part.repetition, notice.channel)
            for notice in account.notices.values()
            if notice.state in ("sent", "unknown")
            for part in notice.items
        )
        for key, count in sorted(said.items()):
            if count > 1:
                report.add("reminded_twice", f"{account.id} {key[0]} {key[2]}", f"{count} notices for one step")


# --- uploads
def _uploads(
    edge: Edge,
    accounts: dict[str, Account],
    transactions: dict[str, Transaction],
    now: datetime,
    report: Report,
    progress: Progress,
) -> None:
    on_books = _amounts_by_upload(accounts, transactions)
    for upload in edge.uploads.all(now):
        report.uploads += 1
        progress("uploads", report.uploads)
        _upload(edge, upload, on_books.get(upload.id, {}), now, report)


def _upload(edge: Edge, upload: Upload, on_books: dict[str, int], now: datetime, report: Report) -> None:
    if upload.state != "closed":
        report.add("upload_open", upload.id, f"expected closed, found {upload.state}")
        return
    rows = [row for outcome in edge.uploads.outcomes(upload.id) for row in outcome.rows]
    receipt = make_receipt(upload, rows, now)
    if not receipt["adds_up"]:
        report.add("upload_sums", upload.id, "rows or money in are not applied + duplicate + rejected")
    applied: dict[str, int] = {}
    for row in rows:
        if row.result == "applied" and row.currency:
            applied[row.currency] = applied.get(row.currency, 0) + _positive(upload, row.amount_minor)
    wanted = {currency: amount for currency, amount in applied.items() if amount}
    is_money = upload.kind in ("invoices", "statement") and not upload.format.startswith(ADVICES)
    if is_money and wanted != on_books:
        report.add("upload_lost", upload.id, "what was applied is not what the accounts hold")


def _positive(upload: Upload, amount_minor: int) -> int:
    """Credit notes count with their size on both sides, whatever sign the file gave them."""
    return abs(amount_minor) if upload.kind == "invoices" else amount_minor


def _amounts_by_upload(accounts: dict[str, Account], transactions: dict[str, Transaction]) -> dict[str, dict[str, int]]:
    rows: dict[tuple[str, int], tuple[str, int]] = {}  # each row of an upload counts once, wherever it went
    totals: dict[str, dict[str, int]] = {}

    def add(upload: str, currency: str, amount: int) -> None:
        sums = totals.setdefault(upload, {})
        sums[currency] = sums.get(currency, 0) + amount

    for account in accounts.values():
        owner = accounts.get(account.header.merged_into)
        for item in account.items.values():
            if item.state == "transferred" and not (owner and item.key in owner.items):
                continue
            rows |= _rows_of(item)
        for cash in account.cash.values():
            is_gone = cash.state == "withdrawn" and not _cancelled(account, cash)
            if cash.kind == "credit_note" and (not is_gone or (owner and cash.key in owner.cash)):
                rows |= _rows_of(cash)
    for (upload, _), (currency, amount) in rows.items():
        add(upload, currency, amount)
    for state in transactions.values():
        if state.is_listed:
            add(state.upload, state.currency, state.amount_minor)
        if state.confirmed_upload:
            add(state.confirmed_upload, state.currency, state.amount_minor)
    return {
        upload: {currency: amount for currency, amount in sums.items() if amount} for upload, sums in totals.items()
    }


def _rows_of(found: Item | Cash) -> dict[tuple[str, int], tuple[str, int]]:
    """Return the rows that were applied to an item or credit note: what stands, what stood before, cancellations."""
    rows = {(row.upload, row.line): (row.currency, row.amount_minor) for row in found.earlier}
    if not isinstance(found, Item) or (found.is_stated and not found.instalment):
        rows[(found.upload, found.line)] = (found.currency, found.amount_minor)
    return rows


def _cancelled(account: Account, cash: Cash) -> bool:
    """Whether a credit note is gone because its number was cancelled."""
    trace = account.items.get(cash.key.partition(":")[2])
    return trace is not None and trace.cancelled is not None


# --- balances alone
def canonical(edge: Edge) -> dict[str, Any]:
    """Return the balances without versions, times or hashes: equal for equal facts in whatever order they came.

    By customer: items (amount, outstanding, what pays them, charges) and cash (amount, unallocated, what was refunded
    or exchanged; adjustments that settle something); then money in suspense.
    """
    customers: dict[str, Any] = {}
    for account_id in account_ids(edge):
        account = edge.accounts.rebuild(account_id)
        if not account.header.merged_into:
            customers[account.header.customer or account.id] = _canonical_account(account)
    suspense = {
        key: {"amount": format_minor(state.amount_minor, state.currency), "currency": state.currency}
        for key, state in _transactions(edge, Report(), _quiet)
        if state.is_waiting
    }
    return {"customers": dict(sorted(customers.items())), "suspense": dict(sorted(suspense.items()))}


def _canonical_charges(item: Item) -> dict[str, Any]:
    """What was charged beside an item's amount, if anything: owed by kind, and what pays it."""
    if not item.charges:
        return {}
    owed: dict[str, int] = {}
    for charge in item.charges:
        owed[charge.kind] = owed.get(charge.kind, 0) + charge.owed_minor
    paid = {f"{kind} {cash}": amount for kind, by in item.charges_paid.items() for cash, amount in by.items()}
    return {**_amounts("charges", owed, item.currency), **_amounts("charges_paid", paid, item.currency)}


def _amounts(name: str, amounts: dict[str, int], currency: str) -> dict[str, dict[str, str]]:
    """The amounts under a name, in order; nothing for none."""
    return {name: {key: format_minor(minor, currency) for key, minor in sorted(amounts.items())}} if amounts else {}


def _canonical_account(account: Account) -> dict[str, Any]:
    items: dict[str, Any] = {
        item.key: {
            "amount": format_minor(item.amount_minor, item.currency),
            "outstanding": format_minor(item.outstanding_minor, item.currency),
            "currency": item.currency,
            "due": item.due.isoformat(),
            "paid_by": {cash: format_minor(amount, item.currency) for cash, amount in sorted(item.allocations.items())},
            **_canonical_charges(item),
        }
        for item in account.items.values()
        if item.state in ("open", "paid")
    }
    cash = {
        one.key: {
            "amount": format_minor(one.amount_minor, one.currency),
            "unallocated": format_minor(one.unallocated_minor, one.currency),
            "currency": one.currency,
            **({"kind": one.kind} if one.kind not in ("payment", "credit_note") else {}),
            **_amounts("spent", one.spent, one.currency),
        }
        for one in account.cash.values()
        if one.state != "withdrawn" and not (one.kind in GRANTED and not one.allocations)
    }
    cancelled = sorted(
        key
        for key, item in account.items.items()
        if item.is_cancelled and item.state == "cancelled" and not item.instalment and f"CN:{key}" not in cash
    )
    found = {"items": dict(sorted(items.items())), "cash": dict(sorted(cash.items()))}
    return {**found, "cancelled": cancelled} if cancelled else found
