"""What speaks for each account: numbers in the text, the payer's name and bank account, the amount, an advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from duly.domain import match_names as names
from duly.domain.check_digits import compact
from duly.domain.creditor_references import CreditorReference, reference_value
from duly.domain.match_model import (
    AMOUNT,
    END_TO_END,
    MAX_ANSWERS,
    ORDER,
    PAYER_ACCOUNT,
    REFERENCE,
    Advice,
    Answer,
    Answers,
    DebtItem,
    Debtor,
    Debtors,
    Payment,
    Question,
)
from duly.domain.match_text import Reading, Token, groups_of
from duly.domain.references import normalise_reference

WEAK_DIGITS: Final = 5  # a plain number with fewer digits also occurs as a house number, a year, an amount
MIN_PLAIN: Final = 3  # digits of a number that is looked up
MIN_LETTERED: Final = 2  # characters of one with letters
MIN_STRONG: Final = 4  # digits of a number with letters that is nobody else's
MIN_SLIP: Final = 5  # characters of a number in which a slip can be told from another number
MAX_SEARCHED: Final = 500  # invoices of one account that the text is searched for
#: Characters that are read or typed for each other.
_LOOK_ALIKE: Final = (
    frozenset("O0QD"),
    frozenset("1IL7"),
    frozenset("S5"),
    frozenset("B8"),
    frozenset("Z2"),
    frozenset("G6"),
)
#: How well a way of naming an invoice tells it, the best first.
HOW: Final = (
    "creditor_reference",
    "document",
    "advice",
    "invoice_number",
    "purchase_order",
    "embedded_number",
    "invoice_number_part",
    "invoice_number_slip",
)


@dataclass(frozen=True, slots=True)
class Look:
    """A payment's texts taken apart."""

    reading: Reading
    references: tuple[CreditorReference, ...]
    end_to_end: str
    embedded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """An invoice that the payment names, how, and where in the text. ``is_strong``: it means this invoice by itself;
    ``is_shared``: the same words mean another invoice too; ``is_said``: it stands whole, letters and all, or behind a
    word for an invoice; ``is_implied``: only its last digits stand there, in a list or range behind another number."""

    invoice: str
    how: str
    start: int = 0
    end: int = 0
    is_strong: bool = True
    is_shared: bool = False
    is_said: bool = False
    is_implied: bool = False
    cap_minor: int | None = None


@dataclass(slots=True)
class Evidence:
    """All that speaks for one account."""

    debtor: Debtor
    hits: list[Hit] = field(default_factory=list)
    parts: list[Hit] = field(default_factory=list)  # further invoices that may be named, by parts of their numbers
    name: int = names.NONE
    in_text: bool = False
    learned: bool = False
    end_to_end: bool = False
    amount: bool = False  # an invoice of exactly this original amount, by lookup
    negated: bool = False

    @property
    def is_payer(self) -> bool:
        """Whether anything but numbers and amounts says that this customer paid."""
        return self.learned or self.end_to_end or self.name > names.CONFLICT

    @property
    def may_own(self) -> bool:
        return bool(self.hits or self.is_payer or self.amount)


def collect(
    payment: Payment, look: Look, answers: Answers, debtors: Debtors, advices: Sequence[Advice]
) -> dict[str, Evidence]:
    """Return the evidence for each account that an answer or an advice names."""
    usable = {one: sorted(set(found)) for one, found in answers.items() if len(found) <= MAX_ANSWERS}
    found: dict[str, Evidence] = {}
    for account in sorted(
        {answer.account for many in usable.values() for answer in many} | {one.account for one in advices}
    ):
        if account in debtors:
            found[account] = _about(payment, look, debtors[account])
    for question, many in sorted(usable.items()):
        for answer in many:
            if answer.account in found:
                _note(found[answer.account], question, payment)
    _note_named(payment, look, usable, found)
    has_better = any(one.hits or one.is_payer for one in found.values())
    for account, one in list(found.items()):
        if one.is_payer:
            _add_documents(one, payment)
            if not one.hits:
                one.hits = _search(look.reading, one.debtor.items[:MAX_SEARCHED])
            else:
                one.parts = _more_parts(look.reading, one)
        elif not one.hits and one.amount and has_better and not group_pays(found, one):
            del found[account]  # that it owes just this amount says nothing beside a name or a number
        elif not one.hits and one.amount:
            same = [item for item in one.debtor.items if item.amount_minor == payment.amount_minor]
            one.hits = _search(look.reading, same[:MAX_SEARCHED])
    return found


def _about(payment: Payment, look: Look, debtor: Debtor) -> Evidence:
    alike = max((names.likeness(payment.payer_name, name) for name in debtor.names), default=names.NONE)
    in_text = alike <= names.CONFLICT and any(names.is_in_text(name, look.reading.text) for name in debtor.names)
    own = compact(payment.payer_account)
    learned = bool(own) and own in {compact(one) for one in debtor.payer_accounts}
    return Evidence(debtor, name=alike, in_text=in_text, learned=learned)


def _note(one: Evidence, question: Question, payment: Payment) -> None:
    if question.kind == PAYER_ACCOUNT and question.value == compact(payment.payer_account):
        one.learned = True
    elif question.kind == END_TO_END:
        one.end_to_end = True
    elif question.kind == AMOUNT:
        one.amount = True


# --- invoices that lookups found
def _note_named(
    payment: Payment, look: Look, answers: dict[Question, list[Answer]], found: dict[str, Evidence]
) -> None:
    taken: list[tuple[int, int]] = []
    in_field = {reference_value(payment.structured_reference), normalise_reference(payment.structured_reference)}
    is_known = any(answers.get(Question(REFERENCE, value)) for value in in_field - {""})
    whole = {token.value for token in look.reading.tokens if token.how not in ("list", "range")}
    implied = {token.value for token in look.reading.tokens} - whole
    for how, value, start, end, cap in _mentions(payment, look):
        if how == "embedded_number" and is_known:
            continue  # the reference is registered as it is
        kind = ORDER if how == "purchase_order" else REFERENCE
        named = [answer for answer in answers.get(Question(kind, value), ()) if answer.account in found]
        if not named or (
            end > start and any(start < other_end and other_start < end for other_start, other_end in taken)
        ):
            continue
        if look.reading.is_negated(start) and end > start:
            for answer in named:
                found[answer.account].negated = True
            taken.append((start, end))
            continue
        if end > start:
            taken.append((start, end))
        is_strong = is_strong_number(value) or how in ("creditor_reference", "document")
        is_other = how == "invoice_number" and end > start and look.reading.follows_other_word(start)
        is_strong = is_strong and not is_other
        for answer in named:
            is_said = not is_other and (not value.isdecimal() or look.reading.follows_invoice_word(start))
            hit = Hit(answer.key, how, start, end, is_strong, len(named) > 1, is_said, value in implied, cap)
            if all(other.invoice != hit.invoice for other in found[answer.account].hits):
                found[answer.account].hits.append(hit)


def _mentions(payment: Payment, look: Look) -> Iterator[tuple[str, str, int, int, int | None]]:
    """(how, value, start, end, cap) of all that may name an invoice, the more certain and the longer first."""
    for reference in look.references:
        if not (reference.is_structured or reference.speaks_alone):
            continue  # any tenth number of a text has right check digits
        alone = reference.speaks_alone or (reference.is_structured and len(reference.value) >= 7)
        yield ("creditor_reference" if alone else "invoice_number"), reference.value, 0, 0, None
    if payment.structured_reference:
        yield "invoice_number", reference_value(payment.structured_reference), 0, 0, None
    for number, amount in payment.documents:
        for value in dict.fromkeys((normalise_reference(number), normalise_reference(number).lstrip("0"))):
            yield "document", value, 0, 0, amount
    ranges = [token for token in look.reading.tokens if token.how == "range"]
    for token in sorted(look.reading.tokens, key=_by_length):
        if token.how == "range" or is_too_short(token.value) or _is_amount(look, token, payment):
            continue
        for value in spellings(token.value):
            yield "invoice_number", value, token.start, token.end, None
    for token in ranges:
        yield "invoice_number", token.value, 0, 0, None
    for token in look.reading.tokens:
        if token.how == "as":
            yield "purchase_order", token.value, token.start, token.end, None
    for value in sorted(look.embedded, key=len, reverse=True):
        yield "embedded_number", value, 0, 0, None


def _is_amount(look: Look, token: Token, payment: Payment) -> bool:
    """Whether a number is the payment's own amount, written with a point."""
    return token.value == str(payment.amount_minor) and "." in look.reading.text[token.start : token.end]


def _by_length(token: Token) -> tuple[int, int, str]:
    return -len(token.value), token.start, token.value


def spellings(value: str) -> tuple[str, ...]:
    """What a number in a text is looked up as: itself, and digits alone without their leading zeros too. With letters
    behind it a zero ends the number before: in "R-10 R-11" nobody wrote 0R-11."""
    bare = value.lstrip("0") if value.isdecimal() else ""
    return (value, bare) if bare and bare != value else (value,)


def is_too_short(value: str) -> bool:
    """Whether a number is not worth a look: R2 is, 12 is not."""
    return len(value) < (MIN_PLAIN if value.isdecimal() else MIN_LETTERED)


def is_strong_number(value: str) -> bool:
    """Whether a number is long enough to mean an invoice together with its amount alone."""
    if value.isdecimal():
        return len(value.lstrip("0")) >= WEAK_DIGITS or len(value) > WEAK_DIGITS
    return len(value) >= WEAK_DIGITS and sum(character.isdigit() for character in value) >= MIN_STRONG


# --- invoices that are searched for in the text of a payment whose customer is known otherwise
def _add_documents(one: Evidence, payment: Payment) -> None:
    """Documents that no lookup found, named by the end of their number."""
    found = {hit.invoice for hit in one.hits}
    by_end: dict[tuple[str, ...], set[str]] = {}
    for item in one.debtor.items[:MAX_SEARCHED] if payment.documents else ():
        groups = groups_of(item.number)
        for first in range(len(groups)):
            by_end.setdefault(groups[first:], set()).add(item.invoice)
    for number, amount in payment.documents:
        ends = by_end.get(groups_of(number), set())
        if len(ends) == 1 and not ends & found and len(number) >= 3:
            one.hits.append(Hit(next(iter(ends)), "document", is_strong=False, cap_minor=amount))


def _more_parts(reading: Reading, one: Evidence) -> list[Hit]:
    """Invoices that are named by parts of their numbers beside those named whole."""
    named = {hit.invoice for hit in one.hits}
    places = [(hit.start, hit.end) for hit in one.hits]
    rest = [item for item in one.debtor.items[:MAX_SEARCHED] if item.invoice not in named]
    return [
        hit
        for hit in _search(reading, rest, with_slips=False)
        if not hit.is_shared and all(hit.end <= start or end <= hit.start for start, end in places)
    ]


def _search(reading: Reading, searched: Sequence[DebtItem], with_slips: bool = True) -> list[Hit]:
    items = {item.invoice: item for item in searched}
    parts = [hit for invoice, item in sorted(items.items()) if (hit := _part(reading, invoice, item))]
    counts: dict[tuple[int, int], int] = {}
    for hit in parts:
        counts[hit.start, hit.end] = counts.get((hit.start, hit.end), 0) + 1
    if parts:
        longest = [hit for hit in parts if not any(_inside(hit, other) for other in parts)]
        return [_shared(hit, counts[hit.start, hit.end] > 1) for hit in longest]
    if not with_slips:
        return []
    slips = [hit for invoice, item in sorted(items.items()) if (hit := _slip(reading, invoice, item))]
    slips = [hit for hit in slips if _is_misread(reading, items[hit.invoice], hit)] or slips
    return [_shared(hit, len(slips) > 1) for hit in slips]


def _shared(hit: Hit, is_shared: bool) -> Hit:
    return replace(hit, is_shared=is_shared)


def _inside(hit: Hit, other: Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and other.end - other.start > hit.end - hit.start


def _part(reading: Reading, invoice: str, item: DebtItem) -> Hit | None:
    """The invoice named by the end of its number: without prefix, without year, without leading zeros."""
    groups = groups_of(item.number)
    for first in range(len(groups)):
        place = reading.groups.get(groups[first:])
        if place is None or reading.is_negated(place[0]):
            continue
        value = "".join(groups[first:])
        is_said = (first == 0 and not value.isdecimal()) or reading.follows_invoice_word(place[0])
        if (is_said or len(value) >= 3) and value.strip("0"):
            how = "invoice_number" if first == 0 else "invoice_number_part"
            return Hit(invoice, how, *place, is_strong=first == 0 and is_strong_number(value), is_said=is_said)
    return None


@lru_cache(maxsize=65_536)
def _normalised(number: str) -> str:
    return normalise_reference(number)


def _slip(reading: Reading, invoice: str, item: DebtItem) -> Hit | None:
    """The invoice named with a slip of one character."""
    number = _normalised(item.number)
    if len(number) < MIN_SLIP:
        return None
    for token in reading.tokens:
        if is_one_slip(number, token.value):
            return Hit(invoice, "invoice_number_slip", token.start, token.end, is_strong=False)
    return None


def _is_misread(reading: Reading, item: DebtItem, hit: Hit) -> bool:
    """Whether the slip is a letter for a digit that it looks like, or a digit for a letter: no other is meant."""
    one, other = _normalised(item.number), normalise_reference(reading.text[hit.start : hit.end])
    return looks_alike(one, other) and all(
        a == b or a.isdigit() != b.isdigit() for a, b in zip(one, other, strict=True)
    )


def is_one_slip(one: str, other: str) -> bool:
    """Whether two different numbers differ by one character (replaced, missing, too many), by two that changed places,
    or only by characters that look alike."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        wrong = [at for at in range(len(one)) if one[at] != other[at]]
        if len(wrong) == 1 or looks_alike(one, other):
            return True
        is_pair = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        return is_pair and one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def looks_alike(one: str, other: str) -> bool:
    """Whether two different numbers differ only by characters that are read for each other (O and 0)."""
    return len(one) == len(other) and one != other and all(map(_look_alike, one, other))


def _look_alike(one: str, other: str) -> bool:
    return one == other or any(one in alike and other in alike for alike in _LOOK_ALIKE)


def group_pays(evidence: Mapping[str, Evidence], one: Evidence) -> bool:
    """Whether the payer is another customer of this one's group, by name or bank account."""
    return any(
        other is not one and related(other.debtor, one.debtor) and (other.learned or other.name >= names.LOOSE)
        for other in evidence.values()
    )


def related(one: Debtor, other: Debtor) -> bool:
    """Whether two customers are of one group: one is the other's parent, or they have one."""
    if one.account == other.account:
        return True
    return bool(one.parent and one.parent in (other.parent, other.account)) or bool(
        other.parent and other.parent == one.account
    )


def all_related(debtors: Iterable[Debtor]) -> bool:
    """Whether customers are of one group, each with each."""
    all_of_them = list(debtors)
    return all(related(one, other) for one in all_of_them for other in all_of_them)
