"""Payments of a file against a ledger in memory: matched in the order of their value dates, balances going down.

What `duly match` and the bench do. Who paid is decided by the matcher; money that names no invoice pays one only where
its amount leaves no choice, and is a proposal otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from duly.domain.ledger_index import LedgerIndex
from duly.domain.match_amounts import FREE_CHOICE, fit_unnamed
from duly.domain.matching import (
    Adjustment,
    Advice,
    DebtItem,
    Debtor,
    Matching,
    MatchingRules,
    Payment,
    Placement,
    Share,
    match,
    questions,
)

MAX_LEARNED: Final = 20  # bank accounts kept of one customer


@dataclass(frozen=True, slots=True)
class Allocation:
    """Money of a payment that was booked to an invoice (or instalment, by its key)."""

    payment: str
    account: str
    item: str
    amount_minor: int
    confidence_permille: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A payment that a person decides on: its ways, the first the likeliest, each as (item key, amount) pairs."""

    payment: Payment
    choices: tuple[tuple[Placement, tuple[tuple[str, int], ...]], ...]


@dataclass(slots=True)
class Run:
    """What became of every payment. Allocations and what is left of it (``unapplied``) add up to a booked one."""

    allocations: list[Allocation] = field(default_factory=list)
    unapplied: list[tuple[str, str, int, str]] = field(default_factory=list)  # payment, account, amount, currency
    settled: list[tuple[Payment, Adjustment]] = field(default_factory=list)
    proposals: list[Proposed] = field(default_factory=list)
    suspense: list[tuple[Payment, Matching]] = field(default_factory=list)
    ignored: list[Payment] = field(default_factory=list)


def run_payments(
    index: LedgerIndex,
    payments: Iterable[Payment],
    rules: MatchingRules,
    advices: Sequence[Advice] = (),
    tick: Callable[[], None] = lambda: None,
) -> Run:
    """Match payments in the order of value date, then as given. ``tick`` is called after each. Changes the index."""
    run = Run()
    for payment in sorted(payments, key=lambda one: one.value_date):
        place(index, payment, rules, run, advices)
        tick()
    return run


def place(
    index: LedgerIndex, payment: Payment, rules: MatchingRules, run: Run, advices: Sequence[Advice] = ()
) -> Matching:
    """Match one payment, note what becomes of it, and lower the balances that it pays. Return the matcher's answer."""
    answers = index.answer(questions(payment))
    debtors = index.known(answers)
    debtors |= {one.account: index.debtors[one.account] for one in advices if one.account in index.debtors}
    found = match(payment, answers, debtors, rules, advices)
    if found.outcome == "not_receipt":
        run.ignored.append(payment)
    elif found.outcome == "suspense" or found.best is None:
        run.suspense.append((payment, found))
    elif found.outcome == "book" and (paid := _certain(index, payment, found.best, rules)) is not None:
        _book(index, payment, found.best, paid, run)
    else:
        ways = [one for one in (found.best, *found.alternatives) if any(share.names for share in one.shares)]
        ways = ways or [found.best]
        if found.outcome == "book":
            ways = [_open_choice(index, payment, one, rules) for one in ways]
        run.proposals.append(Proposed(payment, tuple((one, _pairs(index, one)) for one in ways)))
    return found


def _certain(index: LedgerIndex, payment: Payment, best: Placement, rules: MatchingRules) -> list[Share] | None:
    """The shares with the invoices that each pays; None when the amount of unnamed money leaves a choice."""
    shares = []
    for share in best.shares:
        if not share.names:
            fits = fit_unnamed(payment, share.amount_minor, index.debtors[share.account], rules)
            if not fits or fits[0].reason in FREE_CHOICE or sum(one.reason == fits[0].reason for one in fits) > 1:
                return None
            share = replace(share, names=tuple(item.key for item in fits[0].items))
        shares.append(share)
    return shares


def _open_choice(index: LedgerIndex, payment: Payment, way: Placement, rules: MatchingRules) -> Placement:
    """A way of money whose customer is certain, but not what it pays: no surer than what a person must look at."""
    reasons = way.reasons
    for share in way.shares if not _pairs(index, way) and "amount_exact" in reasons else ():
        items = index.debtors[share.account].items
        if any((one.currency, one.amount_minor) == (payment.currency, payment.amount_minor) for one in items):
            reasons = (*reasons, "paid_already")
    most = max(rules.auto_confirm_permille - 1, 1)
    return replace(way, confidence_permille=min(way.confidence_permille, most), reasons=reasons)


def _pairs(index: LedgerIndex, placement: Placement) -> tuple[tuple[str, int], ...]:
    return tuple(
        (item.key, amount)
        for share in placement.shares
        if share.account in index.debtors
        for item, amount in spread(index.debtors[share.account], share)
    )


def spread(debtor: Debtor, share: Share) -> list[tuple[DebtItem, int]]:
    """What a share pays: its invoices in their order, none beyond what is open of it or its cap."""
    left = share.amount_minor
    found: list[tuple[DebtItem, int]] = []
    for item in _in_order(debtor, share):
        amount = min(left, item.outstanding_minor, share.caps.get(item.key, left))
        if amount > 0:
            found.append((item, amount))
            left -= amount
    return found


def _in_order(debtor: Debtor, share: Share) -> list[DebtItem]:
    """The items named, of an invoice in instalments the one of exactly this amount first, then by due date."""
    found: list[DebtItem] = []
    for name in dict.fromkeys(share.names):
        of_name = [one for one in debtor.items if name in (one.invoice, one.key) and one not in found]
        is_other = {one.key: one.outstanding_minor != share.amount_minor for one in of_name}
        found += sorted(of_name, key=lambda one: (is_other[one.key], one.due, one.key))
    return found


def _book(index: LedgerIndex, payment: Payment, best: Placement, shares: Sequence[Share], run: Run) -> None:
    for share in shares:
        debtor = index.debtors[share.account]
        paid = spread(debtor, share)
        for item, amount in paid:
            run.allocations.append(
                Allocation(payment.key, debtor.account, item.key, amount, best.confidence_permille, best.reasons)
            )
        left = share.amount_minor - sum(amount for _, amount in paid)
        if left:
            run.unapplied.append((payment.key, debtor.account, left, payment.currency))
        lower(index, debtor, {item.key: amount for item, amount in paid})
        for one in best.settle:
            if one.account == debtor.account:
                _settle(index, one, payment, run)
    if len(shares) == 1 and teaches(best):
        _learn(index, shares[0].account, payment)


def _settle(index: LedgerIndex, one: Adjustment, payment: Payment, run: Run) -> None:
    """Let go what a booked payment leaves of an item: its discount, or what the policy tolerates."""
    debtor = index.debtors[one.account]
    left = next((item.outstanding_minor for item in debtor.items if item.key == one.item), 0)
    if 0 < left <= one.amount_minor:
        lower(index, debtor, {one.item: left})
        run.settled.append((payment, replace(one, amount_minor=left)))


def lower(index: LedgerIndex, debtor: Debtor, paid: dict[str, int]) -> None:
    """Lower the balances of a debtor's items by what was paid of each."""
    items = tuple(
        replace(one, outstanding_minor=one.outstanding_minor - paid[one.key]) if one.key in paid else one
        for one in debtor.items
    )
    index.debtors[debtor.account] = replace(debtor, items=items)


def teaches(placement: Placement) -> bool:
    """Whether a booking is certain enough, by a number and the name together, to learn the payer's account from."""
    numbers = {"creditor_reference", "invoice_number", "document"}
    return bool(numbers & set(placement.reasons)) and bool({"name", "name_alike"} & set(placement.reasons))


def _learn(index: LedgerIndex, account: str, payment: Payment) -> None:
    debtor = index.debtors[account]
    is_new = payment.payer_account and payment.payer_account not in debtor.payer_accounts
    if is_new and len(debtor.payer_accounts) < MAX_LEARNED:
        index.learn(account, payment.payer_account)
