"""The statement of account: what a customer was invoiced, paid and still owes as of a date, as both sides see it.

Which facts count: those known now, dated up to that day. An invoice counts from its issue date with the content stated
last, money and credit notes from their value date, a settlement without money (discount, write-off) from its value
date, charges from the day they were demanded and less what was waived, a cancellation, refund, exchange or returned
payment from the day on which it was said. So a statement as of a past date is what stood then in the light of what is
known today, and it changes when a late document of that time arrives. Money that came in and went back shows in between
as unapplied: which invoice it paid meanwhile is no longer asked.

Amounts are integer minor units, each currency by itself. Nothing here is translated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import RETURNED
from duly.domain.entities import Cash, Item, concerns, is_exchange
from duly.domain.kpi import BUCKETS, bucket_of

MAX_LINES: Final = 1_000  # movements of one currency that a statement lists; older ones are its opening balance
MAX_ABOUT: Final = 6  # invoices named beside a payment
CREDIT_NOTE: Final = "CN:"  # before a credit note's number in its key (duly.domain.registering)

History = Sequence[tuple[date, ev.Event]]  # the account's events, each with the day of its journal entry


@dataclass(frozen=True, slots=True)
class Line:
    """A movement: ``kind`` is invoice, cancellation, costs, interest, chargeback, refund, or a kind of Cash.

    ``balance_minor`` is what was owed after it; ``about`` are the invoices that it pays or concerns.
    """

    on: date
    kind: str
    number: str
    due: date | None = None
    debit_minor: int = 0
    credit_minor: int = 0
    balance_minor: int = 0
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice (or instalment) of which something is open. ``paid_minor`` is what was settled of it.

    ``marks``: disputed, promised, or the means by which the creditor takes the money itself (direct_debit, card).
    """

    key: str
    number: str
    title: str
    issued: date
    due: date
    amount_minor: int
    paid_minor: int
    charges_minor: int
    days_overdue: int
    marks: tuple[str, ...] = ()
    promised_for: date | None = None

    @property
    def outstanding_minor(self) -> int:
        """Open principal."""
        return self.amount_minor - self.paid_minor

    @property
    def owed_minor(self) -> int:
        """Open principal and charges."""
        return self.outstanding_minor + self.charges_minor


@dataclass(frozen=True, slots=True)
class Unapplied:
    """Money or a credit note of which something pays no invoice. ``number`` is a credit note's."""

    key: str
    kind: str
    number: str
    on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CurrencyStatement:
    """What stands in one currency. ``folded`` movements are part of the opening balance because they are too many."""

    currency: str
    opening_minor: int
    lines: tuple[Line, ...]
    items: tuple[OpenItem, ...]
    unapplied: tuple[Unapplied, ...]
    ageing: Mapping[str, int]
    due_minor: int
    folded: int = 0

    @property
    def closing_minor(self) -> int:
        """The balance: what the customer owes in all, less what it has to its credit."""
        return self.lines[-1].balance_minor if self.lines else self.opening_minor

    @property
    def open_minor(self) -> int:
        """Open principal and charges of all items."""
        return sum(item.owed_minor for item in self.items)

    @property
    def not_due_minor(self) -> int:
        """The part of it that is due after the day of the statement."""
        return self.open_minor - self.due_minor

    @property
    def unapplied_minor(self) -> int:
        """Money and credit notes that pay nothing yet."""
        return sum(one.amount_minor for one in self.unapplied)


@dataclass(frozen=True, slots=True)
class StatementOfAccount:
    """The statement of one account. ``start`` is the first day whose movements it lists; None: from the beginning."""

    account: str
    customer: str
    as_of: date
    start: date | None
    currencies: tuple[CurrencyStatement, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing open, nothing to the customer's credit and no movement."""
        return not any(one.lines or one.items or one.unapplied for one in self.currencies)


def statement(
    account: Account, history: History, as_of: date, start: date | None = None, movements: bool = True
) -> StatementOfAccount:
    """Return the statement at the end of ``as_of``.

    ``account`` holds all that is to count: with ``movements`` every entity, open and closed (``AccountStore.rebuild``),
    and ``history`` its events. Without movements open items and unapplied money alone are told, for which the live
    entities are enough; the balance is theirs. Raises ValueError when ``start`` lies after ``as_of``.
    """
    if start is not None and start > as_of:
        raise ValueError("a statement begins on or before its last day")
    ended = _endings(history)
    used = {item.currency for item in account.items.values()} | {cash.currency for cash in account.cash.values()}
    currencies = sorted(used - {""})
    found = [_Currency(account, ended, currency, as_of).told(start, movements) for currency in currencies]
    shown = tuple(one for one in found if one.lines or one.items or one.unapplied or one.opening_minor)
    return StatementOfAccount(account.id, account.header.customer, as_of, start, shown)


@dataclass(frozen=True, slots=True)
class _Endings:
    """On which day invoices were cancelled, payments went back to their payer's bank, and money was refunded or
    exchanged (by the key of the refund or exchange)."""

    cancelled: Mapping[str, date]
    returned: Mapping[str, date]
    spent: Mapping[str, date]


def _endings(history: History) -> _Endings:
    cancelled: dict[str, date] = {}
    returned: dict[str, date] = {}
    spent: dict[str, date] = {}
    for day, event in history:
        if isinstance(event, ev.InvoiceCancelled):
            cancelled[event.key] = max(event.on, cancelled.get(event.key, event.on))
        elif isinstance(event, ev.CashWithdrawn):
            returned.pop(event.cash, None)
            if event.reason == RETURNED:
                returned[event.cash] = day
        elif isinstance(event, ev.CashRefunded):
            spent[event.refund] = event.on
        elif isinstance(event, ev.CashExchanged):
            spent[event.exchange] = event.on
    return _Endings(cancelled, returned, spent)


class _Currency:
    """One currency of an account on one day."""

    def __init__(self, account: Account, ended: _Endings, currency: str, as_of: date) -> None:
        self.account, self.ended, self.currency, self.as_of = account, ended, currency, as_of
        self.items = [
            item
            for _, item in sorted(account.items.items())
            if item.currency == currency and item.is_stated and item.issued <= as_of and item.state != "transferred"
        ]
        self.cash = [
            cash
            for _, cash in sorted(account.cash.items())
            if cash.currency == currency
            and self._day(cash) <= as_of
            and (cash.state != "withdrawn" or cash.key in ended.returned)
        ]
        self.counted_items = frozenset(item.key for item in self.items)
        self.counted_cash = frozenset(cash.key for cash in self.cash)
        self.charges_paid = self._charges_paid()

    def told(self, start: date | None, movements: bool) -> CurrencyStatement:
        items, unapplied = tuple(self._open()), tuple(self._unapplied())
        ageing = dict.fromkeys(BUCKETS, 0)
        for item in items:
            ageing[bucket_of(item.days_overdue)] += item.owed_minor
        due_minor = sum(item.owed_minor for item in items if item.due <= self.as_of)
        balance = sum(item.owed_minor for item in items) - sum(one.amount_minor for one in unapplied)
        if not movements:
            return CurrencyStatement(self.currency, balance, (), items, unapplied, ageing, due_minor)
        opening, lines, folded = _balanced(self._movements(), start)
        return CurrencyStatement(self.currency, opening, lines, items, unapplied, ageing, due_minor, folded)

    # --- what each fact is worth on the day
    def _day(self, cash: Cash) -> date:
        """When it counts: money on its value date; a settlement without money not before what it settles."""
        if not cash.is_adjustment:
            return max(cash.value_date, self.ended.spent.get(cash.key, cash.value_date))
        paid = (self.account.items[key].issued for key in cash.pays if key in self.account.items)
        return max([cash.value_date, *paid])

    def _cancelled_on(self, item: Item) -> date | None:
        """The day from which the invoice is not owed; None: it is."""
        if item.state != "cancelled" or item.instalment:
            return None
        return max(item.issued, self.ended.cancelled.get(item.key, item.issued))

    def _is_owed(self, item: Item) -> bool:
        """Whether something is owed under this key on the day: not under that of an invoice in instalments."""
        ended = self._cancelled_on(item)
        return item.state in ("open", "paid") or (ended is not None and ended > self.as_of)

    def _paid(self, item: Item) -> int:
        return sum(amount for key, amount in item.allocations.items() if key in self.counted_cash)

    def _charges(self, item: Item) -> list[ev.Charge]:
        """What is owed beside its amount on the day, or was until it was cancelled."""
        if item.state not in ("open", "paid", "cancelled") or item.is_void:
            return []
        last = self._cancelled_on(item) or self.as_of
        return [one for one in item.charges if one.owed_minor and max(one.on, item.issued) <= min(last, self.as_of)]

    def _charges_paid(self) -> dict[tuple[str, str], int]:
        """What money of the day pays of charges of the day, by item and cash: the oldest money first."""
        found: dict[tuple[str, str], int] = {}
        for item in self.items:
            left: Counter[str] = Counter()
            for charge in self._charges(item) if item.charges_paid else ():
                left[charge.kind] += charge.owed_minor
            for kind, paid in item.charges_paid.items():
                for key in sorted(paid.keys() & self.counted_cash, key=self._place):
                    amount = min(paid[key], left[kind])
                    left[kind] -= amount
                    found[item.key, key] = found.get((item.key, key), 0) + amount
        return found

    def _place(self, cash: str) -> tuple[date, str]:
        return self._day(self.account.cash[cash]), cash

    def _used(self, cash: Cash) -> int:
        """What it pays on the day, of principal and charges."""
        charges = sum(self.charges_paid.get((key, cash.key), 0) for key in cash.pays)
        return charges + sum(amount for key, amount in cash.allocations.items() if key in self.counted_items)

    def _spent(self, cash: Cash) -> list[tuple[date, str, int]]:
        """What of it was refunded or exchanged by the day."""
        on = {key: max(self.ended.spent.get(key, cash.value_date), cash.value_date) for key in cash.spent}
        return [(on[key], key, amount) for key, amount in sorted(cash.spent.items()) if on[key] <= self.as_of]

    def _returned_on(self, cash: Cash) -> date | None:
        """The day on which a payment went back to its payer's bank; None: it did not."""
        if cash.state != "withdrawn":
            return None
        return max(self.ended.returned[cash.key], self._day(cash))

    def _open(self) -> Iterable[OpenItem]:
        for item in sorted(self.items, key=lambda one: (one.due, one.number, one.instalment, one.key)):
            paid = self._paid(item)
            charges = sum(one.owed_minor for one in self._charges(item))
            charges -= sum(self.charges_paid.get((item.key, key), 0) for key in item.payers)
            if self._is_owed(item) and (item.amount_minor > paid or charges):
                marks, promised_for = self._marks(item)
                yield OpenItem(
                    key=item.key,
                    number=item.number,
                    title=item.title,
                    issued=item.issued,
                    due=item.due,
                    amount_minor=item.amount_minor,
                    paid_minor=paid,
                    charges_minor=charges,
                    days_overdue=(self.as_of - item.due).days,
                    marks=marks,
                    promised_for=promised_for,
                )

    def _marks(self, item: Item) -> tuple[tuple[str, ...], date | None]:
        marks = []
        disputes = [
            one
            for one in self.account.disputes.values()
            if one.opened <= self.as_of and _lasts(one.resolved_on, self.as_of) and concerns(one.items, item)
        ]
        if disputes:
            marks.append("disputed")
        promises = [
            one.date
            for one in self.account.promises.values()
            if one.made <= self.as_of and _lasts(one.settled_on, self.as_of) and concerns(one.items, item)
        ]
        promises += [  # a plan is a promise up to its last instalment
            one.instalments[-1][0]
            for one in self.account.plans.values()
            if one.made <= self.as_of and _lasts(one.settled_on, self.as_of) and concerns(one.items, item)
        ]
        if promises:
            marks.append("promised")
        if item.awaits_collection:
            marks.append(item.means)
        return tuple(marks), max(promises, default=None)

    def _unapplied(self) -> Iterable[Unapplied]:
        for cash in sorted(self.cash, key=lambda one: (one.value_date, one.key)):
            if cash.is_adjustment:
                continue
            is_here = _lasts(self._returned_on(cash), self.as_of)
            left = cash.amount_minor - self._used(cash) if is_here else 0
            left -= sum(amount for _, _, amount in self._spent(cash))
            if left:
                yield Unapplied(cash.key, cash.kind, _number(cash), cash.value_date, left)

    # --- movements
    def _movements(self) -> list[Line]:
        lines = [line for item in self.items if not item.instalment for line in self._of_item(item)]
        lines += [line for item in self.items for line in self._of_charges(item)]
        lines += [line for cash in self.cash for line in self._of_cash(cash)]
        return sorted(lines, key=lambda one: (one.on, _ORDER.get(one.kind, 2), one.number, one.about))

    def _of_item(self, item: Item) -> Iterable[Line]:
        yield Line(item.issued, "invoice", item.number, _due_of(item), debit_minor=item.amount_minor)
        ended, charges = self._cancelled_on(item), self._charges(item)
        if ended is not None and ended <= self.as_of:
            owed = item.amount_minor + sum(one.owed_minor for one in charges)
            yield Line(ended, "cancellation", item.number, credit_minor=owed, about=item.replaced_by)

    def _of_charges(self, item: Item) -> Iterable[Line]:
        for charge in self._charges(item):
            yield Line(max(charge.on, item.issued), charge.kind, "", debit_minor=charge.owed_minor, about=(item.title,))

    def _of_cash(self, cash: Cash) -> Iterable[Line]:
        about = tuple(self._titles(cash))
        if cash.is_adjustment:
            if self._used(cash):
                yield Line(self._day(cash), cash.kind, "", credit_minor=self._used(cash), about=about)
            return
        yield Line(self._day(cash), cash.kind, _number(cash), credit_minor=cash.amount_minor, about=about)
        returned = self._returned_on(cash)
        if returned is not None and returned <= self.as_of:
            yield Line(returned, "chargeback", "", debit_minor=cash.amount_minor)
        for on, key, amount in self._spent(cash):
            yield Line(on, "exchange" if is_exchange(key) else "refund", "", debit_minor=amount)

    def _titles(self, cash: Cash) -> Iterable[str]:
        paid = sorted(key for key in cash.pays if key in self.account.items)
        yield from (self.account.items[key].title for key in paid[:MAX_ABOUT])
        if len(paid) > MAX_ABOUT:
            yield "…"


_ORDER: Final = {
    "invoice": 0,
    "costs": 1,
    "interest": 1,
    "chargeback": 3,
    "refund": 3,
    "cancellation": 4,
}  # on one day what is owed comes before what pays it


def _balanced(lines: list[Line], start: date | None) -> tuple[int, tuple[Line, ...], int]:
    """Return the opening balance, the lines to list with the balance after each, and how many were too many."""
    balance, running = 0, []
    for line in lines:
        balance += line.debit_minor - line.credit_minor
        running.append(replace(line, balance_minor=balance))
    before = [line for line in running if start is not None and line.on < start]
    listed = running[len(before) :]
    folded = max(0, len(listed) - MAX_LINES)
    earlier = [*before, *listed[:folded]]
    return (earlier[-1].balance_minor if earlier else 0), tuple(listed[folded:]), folded


def _due_of(item: Item) -> date | None:
    """When an invoice is due: of several instalments the open items say it."""
    return None if item.is_split else item.due


def _number(cash: Cash) -> str:
    return cash.key.removeprefix(CREDIT_NOTE) if cash.kind == "credit_note" else ""


def _lasts(ended: date | None, as_of: date) -> bool:
    return ended is None or ended > as_of
