"""Where money belongs: a pure function of what its text names and of what the lookups answer.

Only what is certain is booked: references that name items of exactly one customer. A plain number of fewer than five
digits is certain only together with the payer's name or the exact amount. Everything else waits in suspense, with the
accounts it could belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from duly.domain.transaction import Transaction

WEAK_DIGITS = 5  # a plain number with fewer digits also occurs as a house number, a year, an amount
MAX_CANDIDATES = 5  # more accounts than this could own the money: a mark on all of them would stop half the chase


@dataclass(frozen=True, slots=True)
class Answers:
    """What the lookups said. ``references`` maps a token to its (account, item key) answers."""

    references: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    by_name: Sequence[str] = ()
    by_amount: Sequence[str] = ()


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
    candidates = sorted(accounts | set(answers.by_name[:MAX_CANDIDATES]))
    if len(answers.by_amount) <= MAX_CANDIDATES:
        candidates = sorted({*candidates, *answers.by_amount})
    reason = "several_customers" if len(accounts) > 1 else "ambiguous_reference" if named else "no_reference"
    return Route(reason=reason, candidates=tuple(candidates[: 2 * MAX_CANDIDATES]))


def _named(transaction: Transaction, answers: Answers) -> list[list[tuple[str, str]]]:
    """Return the answers of the tokens that count, in the order of the text: of overlapping tokens the longest."""
    chosen: list[tuple[int, int, list[tuple[str, str]]]] = []
    tokens = sorted(transaction.tokens, key=lambda token: (token[1] - token[2], token[1]))
    for value, start, end in tokens:
        found = [answer for answer in answers.references.get(value, ()) if _is_certain(value, answer[0], answers)]
        if found and all(end <= other_start or start >= other_end for other_start, other_end, _ in chosen):
            chosen.append((start, end, found))
    return [found for _, _, found in sorted(chosen, key=lambda one: one[0])]


def _is_certain(value: str, account: str, answers: Answers) -> bool:
    if not value.isdigit() or len(value) >= WEAK_DIGITS:
        return True
    return account in answers.by_name or account in answers.by_amount
