"""How an amount and invoices fit: of invoices that are named, and of a customer whose invoices are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final

from duly.domain.match_model import Adjustment, Credit, DebtItem, Debtor, MatchingRules, Payment

MAX_COMBINED: Final = 6  # invoices or credit notes of which each combination is tried
MAX_MEET: Final = 24  # invoices of which every set is looked at, meeting in the middle
MAX_PAIRED: Final = 400  # invoices of which every pair is looked at, when there are more than that
MAX_SETS: Final = 200  # sets of one sum that are kept
#: Reasons that rest on what never changes: original amounts, terms, the policy, what the payment itself says.
FACTS: Final = frozenset(
    {"amount_exact", "amount_instalment", "amount_discount", "amount_tolerance", "amount_documents"}
)
#: Reasons that do not settle which invoices unnamed money pays, however certain it is who paid.
FREE_CHOICE: Final = frozenset(
    {"amount_discount", "amount_credit", "amount_charges", "amount_tolerance", "amount_bank_fee"}
)


@dataclass(frozen=True, slots=True)
class Fit:
    """``items`` in the order in which they are paid, why they fit the amount, and what settles the rest."""

    reason: str
    items: tuple[DebtItem, ...]
    settle: tuple[Adjustment, ...] = ()

    @property
    def invoices(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.invoice for item in self.items))


def discount_minor(item: DebtItem, on: date, rules: MatchingRules) -> int:
    """The largest cash discount of an item that a payment of this day may take; 0 for none. Half a cent rounds up."""
    days = [one for one in item.discounts if on <= item.issued + timedelta(days=one.days + rules.discount_grace_days)]
    percent = max((one.percent_hundredths for one in days), default=0)
    return (item.amount_minor * percent + 5_000) // 10_000


def fit_named(
    payment: Payment, amount_minor: int, items: Sequence[DebtItem], debtor: Debtor, rules: MatchingRules
) -> Fit:
    """How an amount fits the items named: the first explanation that holds, the more certain ones first."""
    items = tuple(item for item in items if item.currency == payment.currency)
    return next(_explanations(payment, amount_minor, items, debtor, rules))


def _explanations(
    payment: Payment, amount_minor: int, items: tuple[DebtItem, ...], debtor: Debtor, rules: MatchingRules
) -> Iterator[Fit]:
    total = sum(item.amount_minor for item in items)
    if items and amount_minor == total:
        yield Fit("amount_exact", items)
    if len(items) > 1 and len({item.invoice for item in items}) == 1:
        yield from (Fit("amount_instalment", (item,)) for item in items if item.amount_minor == amount_minor)
    yield from _discounted(payment, amount_minor, items, debtor.account, rules)
    yield from _credited(amount_minor, total, items, debtor.credits)
    if items and amount_minor == sum(item.outstanding_minor for item in items):
        yield Fit("amount_open", tuple(item for item in items if item.outstanding_minor) or items)
    yield from _short(payment, amount_minor, total, items, debtor.account, rules)
    if items and amount_minor == sum(item.outstanding_minor + item.charges_minor for item in items):
        yield Fit("amount_charges", items)
    yield Fit("amount_partial" if amount_minor < total else "amount_over", items)


def _discounted(
    payment: Payment, amount_minor: int, items: tuple[DebtItem, ...], account: str, rules: MatchingRules
) -> Iterator[Fit]:
    short = sum(item.amount_minor for item in items) - amount_minor
    if short <= 0 or not any(item.discounts for item in items):
        return
    taken = [(item, discount_minor(item, payment.value_date, rules)) for item in items]
    taken = [pair for pair in taken if pair[1]]
    sizes = range(len(taken), 0, -1) if len(taken) <= MAX_COMBINED else [len(taken)]
    for chosen in (chosen for size in sizes for chosen in combinations(taken, size)):
        # a payer may round each discount the other way
        off = short - sum(discount for _, discount in chosen)
        if abs(off) <= len(chosen):
            parts = [discount for _, discount in chosen]
            parts[0] += off
            adjusted = zip((item for item, _ in chosen), parts, strict=True)
            yield Fit(
                "amount_discount",
                items,
                tuple(Adjustment(account, item.key, "discount", part) for item, part in adjusted if part > 0),
            )
            return


def _credited(amount_minor: int, total: int, items: tuple[DebtItem, ...], credits: Sequence[Credit]) -> Iterator[Fit]:
    usable = [one for one in credits if items and one.currency == items[0].currency][:MAX_COMBINED]
    for size in range(1, len(usable) + 1):
        for chosen in combinations(usable, size):
            if total - sum(one.amount_minor for one in chosen) == amount_minor:
                yield Fit("amount_credit", items)
                return


def _short(
    payment: Payment, amount_minor: int, total: int, items: tuple[DebtItem, ...], account: str, rules: MatchingRules
) -> Iterator[Fit]:
    short = total - amount_minor
    if not items or short <= 0:
        return
    last = items[-1].key
    if short <= sum(rules.tolerance_of(item.amount_minor, item.currency) for item in items):
        yield Fit("amount_tolerance", items, (Adjustment(account, last, "tolerance", short),))
    if short == payment.charges_minor or short <= rules.bank_fee_minor.get(payment.currency, 0):
        yield Fit("amount_bank_fee", items, (Adjustment(account, last, "bank_fee", short),))


def fit_unnamed(payment: Payment, amount_minor: int, debtor: Debtor, rules: MatchingRules) -> list[Fit]:
    """What of a customer's open items an amount may pay, the likelier first; all of one reason before the next."""
    items = _open_items(payment, debtor)
    found: list[Fit] = []
    found += [Fit("amount_exact", (item,)) for item in items if amount_minor == item.outstanding_minor]
    for item in items:
        one = next(_discounted(payment, amount_minor, (item,), debtor.account, rules), None)
        found += [one] if one else []
    found += _all_of_them(payment, amount_minor, items, debtor, rules)
    found += _sets(amount_minor, items)
    for item in items if debtor.credits or rules.has_tolerance or any(one.charges_minor for one in items) else ():
        if item.charges_minor and amount_minor == item.outstanding_minor + item.charges_minor:
            found.append(Fit("amount_charges", (item,)))
        total = item.outstanding_minor
        found += _credited(amount_minor, total, (item,), debtor.credits)
        found += _short(payment, amount_minor, total, (item,), debtor.account, rules)
    return _different(found)


def _open_items(payment: Payment, debtor: Debtor) -> list[DebtItem]:
    """The open items in the payment's currency that existed when it was paid, oldest first."""
    items = [one for one in debtor.items if one.currency == payment.currency and one.outstanding_minor > 0]
    return sorted(
        (one for one in items if one.issued <= payment.value_date), key=lambda one: (one.due, one.issued, one.key)
    )


def oldest_first(payment: Payment, debtor: Debtor, amount_minor: int) -> tuple[DebtItem, ...]:
    """The open items that an amount pays when the oldest come first."""
    chosen: list[DebtItem] = []
    for item in _open_items(payment, debtor):
        if amount_minor <= 0:
            break
        chosen.append(item)
        amount_minor -= item.outstanding_minor
    return tuple(chosen)


def _all_of_them(
    payment: Payment, amount_minor: int, items: list[DebtItem], debtor: Debtor, rules: MatchingRules
) -> Iterator[Fit]:
    if len(items) < 2:
        return
    if amount_minor == sum(item.outstanding_minor for item in items):
        yield Fit("amount_all", tuple(items))
    if any(item.discounts for item in items):
        yield from _discounted(payment, amount_minor, tuple(items), debtor.account, rules)
    yield from _credited(amount_minor, sum(item.outstanding_minor for item in items), tuple(items), debtor.credits)


def _sets(amount_minor: int, items: list[DebtItem]) -> list[Fit]:
    """Sets of two or more items whose open amounts have this sum, the oldest first, at most MAX_SETS."""
    small = [(at, item.outstanding_minor) for at, item in enumerate(items) if item.outstanding_minor < amount_minor]
    chosen = list(_subsets(amount_minor, small)) if len(small) <= MAX_MEET else list(_few_of_many(amount_minor, small))
    found = sorted(set(chosen), key=lambda one: (one != tuple(range(len(one))), one))
    return [Fit("amount_set", tuple(items[at] for at in one)) for one in found[:MAX_SETS]]


def _subsets(amount_minor: int, items: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """All sets of this sum of at most MAX_MEET items: sums of one half are looked up among those of the other."""
    middle = len(items) // 2
    by_sum: dict[int, list[tuple[int, ...]]] = {}
    for total, one in _sums(items[:middle], amount_minor):
        by_sum.setdefault(total, []).append(one)
    count = 0
    for total, other in _sums(items[middle:], amount_minor):
        for one in by_sum.get(amount_minor - total, ()):
            if len(one) + len(other) > 1:
                yield one + other
                count += 1
                if count == MAX_SETS:
                    return


def _sums(items: Sequence[tuple[int, int]], most: int) -> list[tuple[int, tuple[int, ...]]]:
    sums: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    for at, amount in items:
        sums += [(total + amount, (*one, at)) for total, one in sums if total + amount <= most]
    return sums


def _few_of_many(amount_minor: int, items: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Of many items: neighbours in age, pairs, and every set of the oldest. Not every set there is."""
    for start in range(len(items)):
        total = 0
        for end in range(start, len(items)):
            total += items[end][1]
            if total >= amount_minor:
                if total == amount_minor and end > start:
                    yield tuple(at for at, _ in items[start : end + 1])
                break
    by_amount: dict[int, list[int]] = {}
    for at, amount in items[:MAX_PAIRED]:
        yield from ((other, at) for other in by_amount.get(amount_minor - amount, [])[:MAX_COMBINED])
        by_amount.setdefault(amount, []).append(at)
    yield from _subsets(amount_minor, items[:MAX_MEET])


def _different(found: Iterable[Fit]) -> list[Fit]:
    kept: dict[tuple[str, ...], Fit] = {}
    for one in found:
        kept.setdefault(tuple(item.key for item in one.items), one)
    return list(kept.values())
