"""Which account and which invoices a payment belongs to, how certain that is, and why.

A pure function in two steps: ``questions`` says what must be looked up, ``match`` decides on the answers and on the
accounts that they name. Money is booked without a person only when two independent kinds of evidence agree about who
paid, and these rest on facts that never change: registered numbers, original amounts, names, learned accounts. All else
is a proposal, or waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from duly.domain.check_digits import compact
from duly.domain.creditor_references import find_creditor_references, reference_value
from duly.domain.match_evidence import Look, collect, is_too_short, spellings
from duly.domain.match_model import (
    AMOUNT,
    END_TO_END,
    MAX_ALTERNATIVES,
    MAX_ANSWERS,
    MAX_CANDIDATES,
    NAME,
    ORDER,
    PAYER_ACCOUNT,
    REASONS,
    REFERENCE,
    Adjustment,
    Advice,
    Answer,
    Answers,
    Credit,
    DebtItem,
    Debtor,
    Debtors,
    Matching,
    MatchingRules,
    Payment,
    Placement,
    Question,
    Share,
)
from duly.domain.match_names import asked_keys, name_keys
from duly.domain.match_placing import placements
from duly.domain.match_text import mask_text, read_text
from duly.domain.references import normalise_reference

__all__ = [
    "AMOUNT", "END_TO_END", "MAX_ANSWERS", "NAME", "ORDER", "PAYER_ACCOUNT", "REASONS", "REFERENCE", "Adjustment",
    "Advice", "Answer", "Answers", "Credit", "DebtItem", "Debtor", "Debtors", "Matching", "MatchingRules",
    "Payment", "Placement", "Question", "Share", "debtor_values", "item_values", "match", "name_values", "questions",
]  # fmt: skip

MAX_REFERENCES: Final = 80  # numbers that are looked up for one payment
MAX_ORDERS: Final = 15
MAX_DOCUMENTS: Final = 200  # documents of a structured remittance that are read
MIN_ORDER: Final = 4
MIN_CORE: Final = 5  # digits of a number that mean it without its prefix
EMBEDDED: Final = range(5, 13)  # lengths of an invoice number at the end of a structured reference
#: Reasons with which nothing is booked, however little certainty the policy asks for: it would be drawing lots.
_AMBIGUOUS: Final = frozenset({"ambiguous_set", "ambiguous_name"})
_NO_ID: Final = frozenset({"NOTPROVIDED", "NOTAVAILABLE", "NONREF", "NONE", "KEINE", "0"})


# --- what a ledger answers to
def item_values(number: str, reference: str = "", order: str = "") -> tuple[Question, ...]:
    """The questions to which an invoice is an answer: its number, the number without prefix, its creditor reference,
    its purchase order. Whoever keeps lookups writes one for each."""
    values = {
        normalise_reference(number),
        number_core(number),
        normalise_reference(reference),
        reference_value(reference),
    }
    found = [Question(REFERENCE, value) for value in sorted(values - {""})]
    order = normalise_reference(order)
    return tuple([*found, Question(ORDER, order)] if order else found)


def number_core(number: str) -> str:
    """The digits of a number behind its prefix of letters, without leading zeros: of RE-2026-00123 202600123; "" when
    there are letters among them or fewer than MIN_CORE."""
    digits = normalise_reference(number).lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ").lstrip("0")
    return digits if digits.isdecimal() and len(digits) >= MIN_CORE else ""


def name_values(*names: str) -> tuple[Question, ...]:
    """The questions to which a customer of these names is an answer."""
    return tuple(Question(NAME, key) for key in name_keys(names))


def amount_value(currency: str, amount_minor: int) -> Question:
    """The question to which an account with an invoice (or instalment) of this original amount is an answer."""
    return Question(AMOUNT, f"{currency}:{amount_minor}")


def account_value(account: str) -> Question:
    """The question to which a customer whose money came from this bank account is an answer."""
    return Question(PAYER_ACCOUNT, compact(account))


def debtor_values(debtor: Debtor) -> Iterator[tuple[Question, Answer]]:
    """Every question that a debtor answers, with its answer."""
    for question in name_values(*debtor.names):
        yield question, Answer(debtor.account)
    for account in debtor.payer_accounts:
        yield account_value(account), Answer(debtor.account)
    totals: dict[tuple[str, str], int] = {}
    for item in debtor.items:
        for question in item_values(item.number, item.reference, item.order):
            yield question, Answer(debtor.account, item.invoice)
        yield amount_value(item.currency, item.amount_minor), Answer(debtor.account)
        key = (item.invoice, item.currency)
        totals[key] = totals.get(key, 0) + item.amount_minor
    for (_, currency), total in totals.items():
        yield amount_value(currency, total), Answer(debtor.account)


# --- what a payment asks
@lru_cache(maxsize=16)
def _look(payment: Payment) -> Look:
    end_to_end = payment.end_to_end_id if compact(payment.end_to_end_id) not in _NO_ID else ""
    text = "\n\n".join(part for part in (payment.structured_reference, payment.text, _readable(end_to_end)) if part)
    references = find_creditor_references(payment.structured_reference, mask_text(payment.text))
    return Look(read_text(text), references, end_to_end, _embedded(payment.structured_reference))


def _readable(end_to_end: str) -> str:
    """An end-to-end id that a person may have written; a bank's or program's random one names nothing."""
    return end_to_end if 0 < len(read_text(end_to_end).tokens) <= 6 else ""


def _embedded(structured: str) -> tuple[str, ...]:
    """Numbers that may stand at the end of a structured reference, before its check digit."""
    digits = compact(structured).removeprefix("RF")
    if not digits.isdecimal() or len(digits) < 10:
        return ()
    return tuple(dict.fromkeys(digits[:-1][-length:].lstrip("0") for length in EMBEDDED if len(digits) > length))


def questions(payment: Payment) -> tuple[Question, ...]:
    """What must be looked up for a payment; the likelier first, each once. Nothing for one that is no receipt.

    More than MAX_ANSWERS answers are not looked at. An amount that so many owe still says something beside a name: then
    the answers for the accounts that other questions nominate will do.
    """
    if payment.reversal or payment.amount_minor <= 0:
        return ()
    look = _look(payment)
    found = [Question(REFERENCE, value) for value in list(dict.fromkeys(_references(payment, look)))[:MAX_REFERENCES]]
    orders = [token.value for token in look.reading.tokens if token.how == "as" and len(token.value) >= MIN_ORDER]
    found += [Question(ORDER, value) for value in list(dict.fromkeys(orders))[:MAX_ORDERS]]
    if look.end_to_end:
        found.append(Question(END_TO_END, compact(look.end_to_end)))
    if compact(payment.payer_account):
        found.append(account_value(payment.payer_account))
    found += (Question(NAME, key) for key in asked_keys(payment.payer_name))
    found.append(amount_value(payment.currency, payment.amount_minor))
    return tuple(found)


def _references(payment: Payment, look: Look) -> Iterator[str]:
    yield from (one.value for one in look.references if one.is_structured or one.speaks_alone)
    if payment.structured_reference:
        yield from (normalise_reference(payment.structured_reference), reference_value(payment.structured_reference))
    for number, _ in payment.documents[:MAX_DOCUMENTS]:
        yield from (value for value in (normalise_reference(number), number_core(number)) if value)
    for token in look.reading.tokens:
        if not is_too_short(token.value):
            yield from spellings(token.value)
    yield from (value for value in look.embedded if len(value) >= MIN_CORE)


# --- the decision
def match(
    payment: Payment, answers: Answers, debtors: Debtors, rules: MatchingRules, advices: Sequence[Advice] = ()
) -> Matching:
    """Return where the payment belongs. ``debtors`` holds the accounts that the answers name; others are not looked at.

    The result does not depend on the order of answers, debtors or advices. The shares of a placement add up to the
    payment.
    """
    if payment.amount_minor <= 0:
        return Matching("not_receipt", reason="money_out")
    if payment.reversal:
        return Matching("suspense", reason="reversal")
    look = _look(payment)
    evidence = collect(payment, look, answers, debtors, advices)
    found = placements(payment, look, evidence, debtors, rules, advices)
    candidates = tuple(sorted(account for account, one in evidence.items() if one.may_own))[:MAX_CANDIDATES]
    if not found:
        return Matching("suspense", candidates=candidates, reason="no_reference")
    best, rest = found[0], tuple(found[1 : MAX_ALTERNATIVES + 1])
    is_certain = best.confidence_permille >= rules.auto_confirm_permille and _AMBIGUOUS.isdisjoint(best.reasons)
    if is_certain and _is_clear(best, rest):
        return Matching("book", best, rest, reason=best.reasons[0])
    owners = tuple(sorted({share.account for one in (best, *rest) for share in one.shares} | set(candidates)))
    return Matching("propose", best, rest, owners[:MAX_CANDIDATES], best.reasons[0])


def _is_clear(best: Placement, rest: Iterable[Placement]) -> bool:
    """Whether no other placement of other accounts is as certain."""
    accounts = {share.account for share in best.shares}
    rivals = (one for one in rest if {share.account for share in one.shares} != accounts)
    return all(one.confidence_permille < best.confidence_permille for one in rivals)
