"""The chain of each bank account's statements: what receipts say about it, and how far the bank's data goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from duly.domain import codec
from duly.domain.calendar import business_days_between, local_date
from duly.domain.continuity import GAP, OVERLAPS, REPEATS, Link, StatementSeen, chain, covered_until, gaps
from duly.domain.identity import PROVISIONAL
from duly.domain.money import format_minor
from duly.domain.transaction import Transaction
from duly.flows.edge import Edge
from duly.store import keys

MAX_NOTES = 50  # in one receipt
MAX_SUSPENSE = 5_000  # transactions in suspense looked through for announced money
CONFIRMED_WITHIN_DAYS = 3  # business days after its day within which a bank books what it announced, at the latest
GAPS = "statement_gaps"


@dataclass(frozen=True, slots=True)
class Bank:
    """An account's chain of statements. ``open_gaps`` are those that nobody accepted; ``until`` is the last day up to
    which nothing is missing."""

    bank: str
    account: str
    currency: str
    links: tuple[Link, ...]
    accepted: tuple[str, ...]
    open_gaps: tuple[Link, ...]
    until: date | None


def bank(edge: Edge, name: str, account: str, currency: str) -> Bank:
    """Return the chain of one account."""
    accepted = edge.statements.accepted(name, currency)
    links = chain(edge.statements.of(name, currency))
    return Bank(
        name,
        account,
        currency,
        tuple(links),
        tuple(sorted(accepted)),
        tuple(gaps(links, accepted)),
        covered_until(links, accepted),
    )


def banks(edge: Edge) -> list[Bank]:
    """Return the chains of all accounts."""
    found = edge.statements.banks()
    return [bank(edge, name.rpartition("#")[0], one["account"], one["currency"]) for name, one in found.items()]


def announced(edge: Edge) -> list[Transaction]:
    """Return the money that a bank has announced and no statement confirmed yet, the oldest first, without what a
    person gave up."""
    records = (record for shard in keys.shards() for record in edge.table.headers(keys.suspense_shard(shard)))
    states = (codec.decode(Transaction, record.body["state"]) for record in islice(records, MAX_SUSPENSE))
    found = [state for state in states if is_announced(state)]
    return sorted(found, key=lambda state: (state.booked or date.min, state.key))


def is_announced(state: Transaction) -> bool:
    """Whether this is money that a statement has still to confirm."""
    return state.standing == PROVISIONAL and state.state == "suspense" and not state.is_given_up


def is_unconfirmed(state: Transaction, until: date | None) -> bool:
    """Whether statements are complete for so long beyond the day of announced money that one should have had it."""
    if state.booked is None or until is None:
        return False
    return business_days_between(state.booked, until, frozenset(range(5)), frozenset()) > CONFIRMED_WITHIN_DAYS


def note_statements(
    edge: Edge, seen: Sequence[tuple[str, str, StatementSeen]], now: datetime
) -> tuple[list[str], date | None]:
    """Note a file's statements (digest of the account, its number, statement); return what the receipt says of their
    chains, and the last day up to which bank data is complete now.

    Data is as fresh as the latest account, but never beyond a gap in any of them: what is missing could be the payment
    of whoever would be chased.
    """
    for name, account, one in seen:
        edge.statements.note(name, account, one)
    notes = []
    for name, account, currency in dict.fromkeys((name, account, one.currency) for name, account, one in seen):
        sources = {one.source for other, _, one in seen if other == name}
        uploads = {one.upload for _, _, one in seen}
        for link in bank(edge, name, account, currency).links:
            if link.statement.source in sources:
                notes += _notes(account, link, link.statement.upload in uploads)
    return notes[:MAX_NOTES], complete_until(edge, now)


def complete_until(edge: Edge, now: datetime) -> date | None:
    """Return the last day up to which the statements of all accounts are complete; never a day to come, which says
    nothing about money that has come in. Notes how many gaps are open, for each tick to report."""
    all_banks = banks(edge)
    edge.stack.put(GAPS, {"open": str(sum(len(one.open_gaps) for one in all_banks))})
    until = max((one.until for one in all_banks if one.until), default=None)
    if until is None:
        return None
    held = [one.until for one in all_banks if one.open_gaps and one.until]
    return min(until, *held, local_date(now, edge.policy().creditor.timezone))


def open_gaps(edge: Edge) -> int:
    """Return how many gaps between statements were open when the last one was taken in."""
    return int(edge.stack.get(GAPS).get("open", "0"))


def accept_gap(edge: Edge, name: str, currency: str, source: str, by: str, now: datetime) -> date | None:
    """Take a person's word that nothing is missing, or never will come, before a statement. Returns how far bank data
    goes then. Raises LookupError when there is no such gap."""
    found = edge.statements.banks().get(f"{name}#{currency}")
    links = bank(edge, name, found["account"], currency).open_gaps if found else ()
    if all(link.statement.source != source for link in links):
        raise LookupError("no open gap before a statement of this id")
    edge.statements.accept(name, currency, source, by, now.date())
    until = complete_until(edge, now)
    if until is not None:
        edge.stack.extend_bank_data(until)
    return until


def _notes(account: str, link: Link, is_new: bool) -> list[str]:
    one, name = link.statement, f"statement {link.statement.number or 'without a number'} of account {masked(account)}"
    if not is_new:
        return [f"{name}: was taken in before"]
    if link.after is None or link.kind not in (GAP, OVERLAPS, REPEATS):
        return []
    before = f"statement {link.after.number}" if link.after.number else "the one before"
    if link.kind == REPEATS:
        return [f"{name}: has the days and balances of one taken in before"]
    if link.kind == OVERLAPS:
        return [f"{name}: begins on {one.first}, before {before} ended on {link.after.last}"]
    amount = format_minor(link.difference_minor, one.currency)
    found = f"opens with {amount} {one.currency} more than {before} of {link.after.last} closed"
    return [f"{name}: a statement is missing: it {found}"]


def masked(account: str) -> str:
    """Return an account number of which only the end can be read."""
    return f"…{account[-4:]}"
