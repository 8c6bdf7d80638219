"""Where money belongs: a pure function of what its text names and of what the lookups answer.

Only what is certain is booked: references that name items of exactly one customer. A plain number of fewer than five
digits is certain only together with the payer's name or the exact amount. Everything else waits in suspense, with the
accounts it could belong to: those it may name, those called like the payer, those that owe exactly this amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from duly.domain.transaction import Transaction

WEAK_DIGITS = 5  # a plain number with fewer digits also occurs as a house number, a year, an amount
MAX_CANDIDATES = 5  # accounts of one name that are told of the money
MAX_SAME_AMOUNT = 50  # accounts with an open invoice of exactly this amount that are told of it: their chase waits


@dataclass(frozen=True, slots=True)
class Answers:
    """What the lookups said. ``references`` maps a token to its (account, item key) answers."""

    references: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    by_name: Sequence[str] = ()
    by_amount: Sequence[str] = ()  # an invoice of exactly this amount, open or settled: it confirms a weak reference
    open_amount: Sequence[str] = ()  # an open invoice of which exactly this amount is outstanding


@dataclass(frozen=True, slots=True)
class Route:
    """``account`` set: the money belongs there and names these items. Empty: it waits, for ``reason``."""

    account: str = ""
    names: tuple[str, ...] = ()
    reason: str = ""
    candidates: tuple[str, ...] = ()
    is_receipt: bool = True


def route(transaction: Transaction, answers: Answers) -> Route:
    """Return where the money belongs."""
    if transaction.reversal:
        return Route(reason="reversal")
    if transaction.amount_minor <= 0:
        return Route(reason="money_out", is_receipt=False)
    named = _named(transaction, answers)
    accounts = {account for found in named for account, _ in found}
    if len(accounts) == 1 and all(len(found) == 1 for found in named):
        names = tuple(dict.fromkeys(item for found in named for _, item in found))
        return Route(accounts.pop(), names, "reference")
    weakly = sorted({account for found in _named(transaction, answers, certain=False) for account, _ in found})
    named_or_alike = accounts | set(answers.by_name[:MAX_CANDIDATES]) | set(weakly[:MAX_CANDIDATES])
    candidates = sorted(named_or_alike | set(answers.open_amount[:MAX_SAME_AMOUNT]))
    reason = "several_customers" if len(accounts) > 1 else "ambiguous_reference" if named else "no_reference"
    return Route(reason=reason, candidates=tuple(candidates))


def _named(transaction: Transaction, answers: Answers, certain: bool = True) -> list[list[tuple[str, str]]]:
    """Return the answers of the tokens that count, in the order of the text: of overlapping tokens the longest.

    With ``certain`` only the references that are certain count.
    """
    chosen: list[tuple[int, int, list[tuple[str, str]]]] = []
    tokens = sorted(transaction.tokens, key=lambda token: (token[1] - token[2], token[1]))
    for value, start, end in tokens:
        answered = answers.references.get(value, ())
        found = [answer for answer in answered if not certain or _is_certain(value, answer[0], answers)]
        if found and all(end <= other_start or start >= other_end for other_start, other_end, _ in chosen):
            chosen.append((start, end, found))
    return [found for _, _, found in sorted(chosen, key=lambda one: one[0])]


def _is_certain(value: str, account: str, answers: Answers) -> bool:
    if not value.isdigit() or len(value) >= WEAK_DIGITS:
        return True
    return account in answers.by_name or account in answers.by_amount
