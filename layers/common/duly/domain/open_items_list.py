"""A customer's own list of what it owes, compared with its account: what differs and why.

The lists are matched by number: as written, then without signs and spaces, then by the end of the number, then with one
character written differently. The latter two need the same amount, because numbers in sequence differ by one character
too. Amounts are integer minor units; ours and theirs are never netted across currencies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from typing import Final

from duly.domain.account import Account
from duly.domain.entities import Cash, Item
from duly.domain.references import normalise_reference
from duly.domain.statement_of_account import CREDIT_NOTE, StatementOfAccount

MAX_THEIRS: Final = 5_000  # rows of a customer's list
MAX_SETTLED: Final = 12  # settlements of one invoice among which an explanation is looked for: 4,095 sets of them
MIN_END: Final = 4  # characters of a number that may stand for the whole of it

#: What a comparison finds, in the order in which it is told, with what that means.
DIFFERENCES: Final[Mapping[str, str]] = {
    "missing_here": "on the customer's list, and not known here",
    "missing_there": "open here, and not on the customer's list",
    "paid_already": "on the customer's list, and paid here",
    "cancelled": "on the customer's list, and cancelled here",
    "part_paid": "the customer's amount does not consider a payment that is booked here",
    "credit_note_not_considered": "the customer has not considered a credit note",
    "discount_taken": "the amounts differ by a cash discount",
    "settled_here": "the amounts differ by what was written off or settled here without money",
    "charges_not_considered": "the customer's amount is without charges that were demanded",
    "less_than_here": "the customer shows less than is open here: a payment or deduction that did not arrive here",
    "more_than_here": "the customer shows more than is open here",
    "currency_differs": "the same number in another currency",
    "payment_unapplied": "money to the customer's credit that pays no invoice yet",
    "agrees": "both sides say the same",
}


@dataclass(frozen=True, slots=True)
class TheirItem:
    """One row of the customer's list; a credit is negative."""

    line: int
    number: str
    amount_minor: int
    currency: str
    on: date | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What explains a difference: a payment, credit note or other settlement, its day and how much of it."""

    kind: str
    on: date
    amount_minor: int
    number: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number on both sides. ``notes``: number_differs, disputed, promised, repeated (several rows of the list)."""

    code: str
    number: str
    their_number: str
    currency: str
    ours_minor: int
    theirs_minor: int
    line: int = 0
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def difference_minor(self) -> int:
        """Theirs less ours."""
        return self.theirs_minor - self.ours_minor


@dataclass(frozen=True, slots=True)
class Comparison:
    """All numbers of both sides, what differs first, and the sums by currency (ours, theirs)."""

    account: str
    as_of: date
    lines: tuple[Difference, ...]
    sums: Mapping[str, tuple[int, int]]

    @property
    def agrees(self) -> bool:
        """Whether the two sides owe each other nothing but what both say."""
        return all(line.code == "agrees" for line in self.lines)


@dataclass(slots=True)
class _Document:
    """One number of ours: an invoice with all its instalments, or a credit note."""

    number: str
    currency: str
    issued: date
    amount_minor: int
    open_minor: int = 0
    charges_minor: int = 0
    notes: list[str] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    credit: Cash | None = None


def compare(account: Account, told: StatementOfAccount, theirs: Sequence[TheirItem]) -> Comparison:
    """Return the comparison of a whole account (``AccountStore.rebuild``) and its statement with a customer's list."""
    documents = _documents(account, told)
    grouped = _grouped(theirs)
    pairs = _paired(documents, grouped)
    lines = [line for their, document in pairs for line in _differences(account, told.as_of, document, their)]
    matched = {id(document) for _, document in pairs if document is not None}
    for document in documents:
        if id(document) not in matched and document.open_minor:
            code = "credit_note_not_considered" if document.credit else "missing_there"
            notes = tuple(document.notes)
            lines.append(Difference(code, document.number, "", document.currency, document.open_minor, 0, notes=notes))
    lines += _unapplied(told)
    order = list(DIFFERENCES)
    lines.sort(key=lambda line: (order.index(line.code), line.currency, line.number, line.line))
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        sums[line.currency][0] += line.ours_minor
        sums[line.currency][1] += line.theirs_minor
    return Comparison(
        account.id, told.as_of, tuple(lines), {code: (sums[code][0], sums[code][1]) for code in sorted(sums)}
    )


def _documents(account: Account, told: StatementOfAccount) -> list[_Document]:
    found: dict[str, _Document] = {}
    for _, item in sorted(account.items.items()):
        if item.is_stated and item.state != "transferred" and item.issued <= told.as_of and not item.instalment:
            found[item.key] = _Document(item.number, item.currency, item.issued, item.amount_minor)
    for _, item in sorted(account.items.items()):
        head = found.get(item.number if item.instalment else item.key)
        if head is not None:
            head.items.append(item)
    for _, cash in sorted(account.cash.items()):
        if cash.kind == "credit_note" and cash.state != "withdrawn" and cash.value_date <= told.as_of:
            number = cash.key.removeprefix(CREDIT_NOTE)
            found[cash.key] = _Document(number, cash.currency, cash.value_date, -cash.amount_minor, credit=cash)
    for one in told.currencies:
        for open_item in one.items:
            document = found.get(open_item.number) or found[open_item.key]
            document.open_minor += open_item.owed_minor
            document.charges_minor += open_item.charges_minor
            document.notes += [mark for mark in open_item.marks if mark not in document.notes]
        for credit in one.unapplied:
            if credit.key in found:
                found[credit.key].open_minor -= credit.amount_minor
    return list(found.values())


def _unapplied(told: StatementOfAccount) -> list[Difference]:
    return [
        Difference(
            "payment_unapplied",
            "",
            "",
            one.currency,
            -money.amount_minor,
            0,
            evidence=(Evidence(money.kind, money.on, money.amount_minor),),
        )
        for one in told.currencies
        for money in one.unapplied
        if money.kind != "credit_note"
    ]


def _grouped(theirs: Iterable[TheirItem]) -> list[tuple[TheirItem, int]]:
    """Rows of one number and currency are one, with how many they were: instalments, or a part that was paid."""
    found: dict[tuple[str, str], tuple[TheirItem, int]] = {}
    for row in theirs:
        key = (normalise_reference(row.number), row.currency)
        if key in found and key[0]:
            first, count = found[key]
            found[key] = (replace(first, amount_minor=first.amount_minor + row.amount_minor), count + 1)
        else:
            found[key if key[0] else (f"#{row.line}", row.currency)] = (row, 1)
    return list(found.values())


# --- which is which
Their = tuple[TheirItem, int]
Pair = tuple[Their, _Document | None]


def _paired(documents: Sequence[_Document], theirs: Sequence[Their]) -> list[Pair]:
    left, free = list(theirs), list(documents)
    pairs: list[Pair] = []
    for may_be in (_same, _same_end, _one_slip):
        candidates = [
            [document for document in free if may_be(their[0], document)] if their[0].number else [] for their in left
        ]
        claimed: defaultdict[int, int] = defaultdict(int)
        for found in candidates:
            for document in found:
                claimed[id(document)] += 1
        rest: list[Their] = []
        for their, found in zip(left, candidates, strict=True):
            if len(found) == 1 and (claimed[id(found[0])] == 1 or may_be is _same):
                pairs.append((their, found[0]))
            else:
                rest.append(their)
        taken = {id(document) for _, document in pairs}
        left, free = rest, [document for document in free if id(document) not in taken]
    return [*pairs, *((their, None) for their in left)]


def _same(their: TheirItem, document: _Document) -> bool:
    return normalise_reference(their.number) == normalise_reference(document.number)


def _same_end(their: TheirItem, document: _Document) -> bool:
    one, other = normalise_reference(their.number), normalise_reference(document.number)
    shorter, longer = sorted((one.lstrip("0"), other), key=len)
    return len(shorter) >= MIN_END and longer.endswith(shorter) and _same_amount(their, document)


def _one_slip(their: TheirItem, document: _Document) -> bool:
    one, other = normalise_reference(their.number), normalise_reference(document.number)
    return len(other) >= MIN_END and is_one_slip(one, other) and _same_amount(their, document)


def _same_amount(their: TheirItem, document: _Document) -> bool:
    return their.currency == document.currency and their.amount_minor in (document.open_minor, document.amount_minor)


def is_one_slip(one: str, other: str) -> bool:
    """Whether two texts differ by one character: another one, one too many or too few, or two neighbours swapped."""
    if len(one) == len(other):
        at = [place for place, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
        if len(at) == 2 and at[1] == at[0] + 1:
            return one[at[0]] == other[at[1]] and one[at[1]] == other[at[0]]
        return len(at) == 1
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) != 1:
        return False
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


# --- why they differ
def _differences(account: Account, as_of: date, document: _Document | None, their: Their) -> list[Difference]:
    row, count = their
    notes = ["repeated"] if count > 1 else []
    if document is None:
        return [
            Difference("missing_here", "", row.number, row.currency, 0, row.amount_minor, row.line, (), tuple(notes))
        ]
    if normalise_reference(row.number) != normalise_reference(document.number):
        notes.append("number_differs")
    all_notes = (*document.notes, *notes)
    if row.currency != document.currency:
        ours = Difference(
            "currency_differs",
            document.number,
            row.number,
            document.currency,
            document.open_minor,
            0,
            row.line,
            (),
            all_notes,
        )
        return [ours, replace(ours, currency=row.currency, ours_minor=0, theirs_minor=row.amount_minor)]
    settled = _settled(account, as_of, document)
    code, evidence = _why(document, row.amount_minor, settled)
    return [
        Difference(
            code,
            document.number,
            row.number,
            row.currency,
            document.open_minor,
            row.amount_minor,
            row.line,
            evidence,
            all_notes,
        )
    ]


def _settled(account: Account, as_of: date, document: _Document) -> list[Evidence]:
    """What settled an invoice by the day, in the order of days; of a credit note, the invoices that took it."""
    if document.credit is not None:
        cash = document.credit
        paid = [
            (account.items[key], amount) for key, amount in sorted(cash.allocations.items()) if key in account.items
        ]
        return [Evidence("invoice", item.issued, amount, item.title) for item, amount in paid if item.issued <= as_of]
    found: defaultdict[str, int] = defaultdict(int)
    for item in document.items:
        for key, amount in item.allocations.items():
            found[key] += amount
    cash_found = [(account.cash[key], amount) for key, amount in found.items() if key in account.cash]
    evidence = [
        Evidence(
            cash.kind, cash.value_date, amount, cash.key.removeprefix(CREDIT_NOTE) if cash.kind == "credit_note" else ""
        )
        for cash, amount in cash_found
        if cash.value_date <= as_of or cash.is_adjustment
    ]
    return sorted(evidence, key=lambda one: (one.on, one.kind, one.number, one.amount_minor))


def _why(document: _Document, theirs_minor: int, settled: Sequence[Evidence]) -> tuple[str, tuple[Evidence, ...]]:
    if theirs_minor == document.open_minor:
        return "agrees", ()
    if document.open_minor == 0:
        is_cancelled = any(item.state == "cancelled" and not item.instalment for item in document.items)
        return ("cancelled", ()) if is_cancelled else ("paid_already", tuple(settled))
    difference = theirs_minor - document.open_minor
    if difference > 0:
        explaining = _explaining(settled, difference)
        return (_CODES.get(explaining[0].kind, "settled_here"), explaining) if explaining else ("more_than_here", ())
    if document.charges_minor and -difference == document.charges_minor:
        return "charges_not_considered", ()
    if -difference in _discounts(document):
        return "discount_taken", ()
    return "less_than_here", ()


_CODES: Final = {
    "payment": "part_paid",
    "exchange": "part_paid",
    "credit_note": "credit_note_not_considered",
    "discount": "discount_taken",
}


def _explaining(settled: Sequence[Evidence], difference_minor: int) -> tuple[Evidence, ...]:
    """The fewest settlements that are together exactly the difference; none when no such set is found."""
    looked_at = settled[-MAX_SETTLED:]
    for count in range(1, len(looked_at) + 1):
        for some in combinations(looked_at, count):
            if sum(one.amount_minor for one in some) == difference_minor:
                return some
    return ()


def _discounts(document: _Document) -> set[int]:
    """What the invoice's cash discounts are worth, rounded down or up, as either side may do it."""
    offered = {discount.percent_hundredths for item in document.items for discount in item.discounts}
    found: set[int] = set()
    for hundredths in offered:
        whole, rest = divmod(document.amount_minor * hundredths, 10_000)
        found |= {whole, whole + (1 if rest else 0)}
    return found
