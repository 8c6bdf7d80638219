"""What all bank readers say of a statement as a whole: its balances do not agree, its account is missing, some of it is
not booked yet."""

from __future__ import annotations

from collections.abc import Sequence

from duly.domain.money import format_minor
from duly.formats.records import Reject, Statement


def remarks(statement: Statement, rejects: Sequence[Reject] = (), not_booked: int = 0) -> list[Reject]:
    """What has to be said of a statement as a whole; line 0, for no row is refused by it.

    `rejects` are the rejected rows of this statement (their amounts moved the balance too), `not_booked` the number of
    entries that were left out because the bank has not booked them yet.
    """
    found = []
    if not statement.account:
        reason = "expected an account number in the statement, found none"
        found.append(Reject(0, "account", "account_missing", reason))
    if not_booked:
        reason = f"left out {not_booked} entries that the bank has not booked yet"
        found.append(Reject(0, "status", "not_booked", reason))
    return found + balance_mismatch(statement, rejects)


def balance_mismatch(statement: Statement, rejects: Sequence[Reject] = ()) -> list[Reject]:
    """One reject that says by how much the closing balance differs from the opening balance plus all entries.

    Rejected entries whose amount is known count. Without both balances, or with entries in another currency than the
    statement's, nothing can be said.
    """
    if statement.opening_minor is None or statement.closing_minor is None:
        return []
    moved = [(entry.amount_minor, entry.currency) for entry in statement.entries]
    moved += [(reject.amount_minor or 0, reject.currency or statement.currency) for reject in rejects]
    if any(currency != statement.currency for _, currency in moved):
        return []
    expected = statement.opening_minor + sum(amount for amount, _ in moved)
    gap = statement.closing_minor - expected
    if gap == 0:
        return []
    amounts = [format_minor(amount, statement.currency) for amount in (expected, statement.closing_minor, gap)]
    reason = (
        f"expected the closing balance {amounts[0]} {statement.currency} from opening balance and entries, "
        f"found {amounts[1]} (difference {amounts[2]})"
    )
    return [Reject(0, "balance", "balance_mismatch", reason)]
