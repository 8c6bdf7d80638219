"""A small ledger for the tests of matching, and payments to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from duly.domain.ledger_index import LedgerIndex
from duly.domain.matching import Advice, DebtItem, Debtor, Matching, MatchingRules, Payment, match, questions

ISSUED = date(2026, 1, 5)
DUE = date(2026, 2, 4)
PAID = date(2026, 2, 10)
RULES = MatchingRules()


def item(number: str, amount_minor: int, key: str = "", **more: Any) -> DebtItem:
    """An open invoice in euros."""
    facts = {"issued": ISSUED, "due": DUE, "currency": "EUR", "outstanding_minor": amount_minor, **more}
    return DebtItem(key or number, number, amount_minor=amount_minor, **facts)


def debtor(account: str, name: str, *items: DebtItem, **more: Any) -> Debtor:
    """A customer of one name."""
    return Debtor(account, (name,) if name else (), items=items, **more)


def payment(text: str, amount_minor: int, name: str = "", **more: Any) -> Payment:
    """A payment in euros."""
    facts = {"currency": "EUR", "booked": PAID, "value_date": PAID, **more}
    return Payment("P-1", amount_minor, payer_name=name, text=text, **facts)


def matched(
    debtors: Sequence[Debtor], one: Payment, rules: MatchingRules = RULES, advices: Sequence[Advice] = ()
) -> Matching:
    """What the matcher says of a payment to a ledger of these customers."""
    index = LedgerIndex()
    for each in debtors:
        index.add(each)
    answers = index.answer(questions(one))
    known = index.known(answers) | {advice.account: index.debtors[advice.account] for advice in advices}
    return match(one, answers, known, rules, advices)


def booked(found: Matching) -> dict[str, tuple[str, ...]]:
    """The accounts that a booked payment goes to, with the invoices that it names there; {} when it is not booked."""
    if found.outcome != "book" or found.best is None:
        return {}
    return {share.account: share.names for share in found.best.shares}


def proposed(found: Matching) -> dict[str, tuple[str, ...]]:
    """The accounts of the first proposal, with the invoices that it names there; {} when there is none."""
    if found.outcome != "propose" or found.best is None:
        return {}
    return {share.account: share.names for share in found.best.shares}
