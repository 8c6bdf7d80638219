"""A payment history as a file, and each of its invoices with what was known of the customer on its issue date.

Columns: customer, invoice, issued, due, amount, currency, paid_on (empty: not paid), disputed (yes, no or empty). Facts
that an account has and a plain history has not may stand in more columns, as known on the issue date: broken_promises,
disputes_lost, bounced_payments (counts), limit, insured (amounts), external (0 best to 1000 worst).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from duly.domain.money import MoneyError, parse_minor
from duly.domain.payment_history import PaidMonth, Settlement, payment_sums, with_settlement
from duly.domain.risk import RiskFacts, invoice_permille

COLUMNS = ("customer", "invoice", "issued", "due", "amount", "currency", "paid_on", "disputed")
COUNTS = ("broken_promises", "disputes_lost", "bounced_payments")
AMOUNTS = ("limit", "insured")
OPTIONAL = (*COUNTS, *AMOUNTS, "external")
MAX_PROBLEMS = 20
MAX_FIELD_CHARACTERS = 10_000
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0", ""}

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one line."""

    line: int
    field: str
    reason: str


class HistoryError(ValueError):
    """The file is no history; ``problems`` says where, at most MAX_PROBLEMS of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One invoice of a history. ``given`` are facts from the additional columns."""

    line: int
    customer: str
    invoice: str
    issued: date
    due: date
    amount_minor: int
    currency: str
    paid_on: date | None
    disputed: bool
    given: RiskFacts = field(default_factory=RiskFacts)

    def is_late(self, as_of: date) -> bool | None:
        """Whether it was paid late, as far as that is known at the beginning of a day; None while it may be either."""
        if self.paid_on is not None and self.paid_on < as_of:
            return self.paid_on > self.due
        return True if self.due < as_of and (self.paid_on is None or self.paid_on > self.due) else None


def read_history(path: Path, progress: Progress = lambda _: None) -> list[HistoryRow]:
    """Read a history. Raises HistoryError with lines and fields, OSError when it cannot be opened."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    problems: list[Problem] = []
    rows: list[HistoryRow] = []
    seen: set[tuple[str, str]] = set()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = _header(next(reader, []))
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    _read_line(header, cells, reader.line_num, rows, seen, problems)
                if len(problems) >= MAX_PROBLEMS:
                    break
                if reader.line_num % 5_000 == 0:
                    progress(reader.line_num)
        except csv.Error as error:
            problems.append(Problem(reader.line_num, "", f"not CSV: {error}"))
        except UnicodeDecodeError as error:
            problems.append(Problem(reader.line_num + 1, "", f"not UTF-8: {error.reason}"))
    if problems:
        raise HistoryError(problems)
    if not rows:
        raise HistoryError([Problem(2, "", "the file has no invoices")])
    return rows


def _header(cells: list[str]) -> dict[str, int]:
    names = [cell.strip() for cell in cells]
    problems = [Problem(1, name, "the column is missing") for name in COLUMNS if name not in names]
    problems += [Problem(1, name, "the column is there twice") for name in {*names} if name and names.count(name) > 1]
    if problems:
        raise HistoryError(problems)
    return {name: names.index(name) for name in (*COLUMNS, *OPTIONAL) if name in names}


def _read_line(
    header: dict[str, int],
    cells: list[str],
    line: int,
    rows: list[HistoryRow],
    seen: set[tuple[str, str]],
    problems: list[Problem],
) -> None:
    parser = _Line(header, cells, line)
    row = parser.row()
    if not parser.problems and (row.customer, row.invoice) in seen:
        parser.problems.append(
            Problem(line, "invoice", "this customer has an invoice of this number on an earlier line")
        )
    seen.add((row.customer, row.invoice))
    problems += parser.problems
    rows.append(row)


class _Line:
    """Reads the fields of one line and notes what is wrong with them."""

    def __init__(self, header: dict[str, int], cells: list[str], line: int) -> None:
        self.header, self.cells, self.line = header, cells, line
        self.problems: list[Problem] = []

    def row(self) -> HistoryRow:
        """The line as a row; what could not be read has a filler."""
        currency = self._text("currency")
        return HistoryRow(
            self.line,
            self._text("customer"),
            self._text("invoice"),
            self._day("issued") or date.min,
            self._day("due") or date.min,
            self._amount("amount", currency) or 0,
            currency,
            self._day("paid_on", may_be_empty=True),
            self._flag("disputed"),
            self._given(currency),
        )

    def _given(self, currency: str) -> RiskFacts:
        facts = _NOTHING_GIVEN
        if any(name in self.header for name in COUNTS):
            broken, lost, bounced = (self._count(name) for name in COUNTS)
            facts = replace(facts, broken_promises=broken, disputes_lost=lost, bounced_payments=bounced)
        limit, insured = (self._amount(name, currency, may_be_empty=True) for name in AMOUNTS)
        if limit is not None:
            facts = replace(facts, limit_minor={currency: limit})
        if insured is not None:
            facts = replace(facts, insured_minor={currency: insured})
        if self._cell("external"):
            facts = replace(facts, external_permille=min(1000, self._count("external")))
        return facts

    def _cell(self, name: str) -> str:
        place = self.header.get(name, len(self.cells))
        return self.cells[place].strip() if place < len(self.cells) else ""

    def _bad(self, name: str, reason: str) -> None:
        self.problems.append(Problem(self.line, name, reason))

    def _text(self, name: str) -> str:
        text = self._cell(name)
        if not text:
            self._bad(name, "it is empty")
        return text

    def _day(self, name: str, may_be_empty: bool = False) -> date | None:
        text = self._cell(name)
        if not text and may_be_empty:
            return None
        try:
            # the basic form and week dates, which fromisoformat takes too, are more likely another number
            return date.fromisoformat(text if len(text) == 10 and text[4] == "-" and text[7] == "-" else "?")
        except ValueError:
            self._bad(name, "not a date like 2026-03-31" if text else "it is empty")
            return None

    def _amount(self, name: str, currency: str, may_be_empty: bool = False) -> int | None:
        text = self._cell(name)
        if not text and may_be_empty:
            return None
        try:
            return parse_minor(text, currency)
        except MoneyError as error:
            self._bad(name, str(error))
            return None

    def _flag(self, name: str) -> bool:
        text = self._cell(name).lower()
        if text not in _YES | _NO:
            self._bad(name, "neither yes nor no")
        return text in _YES

    def _count(self, name: str) -> int:
        text = self._cell(name) or "0"
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            self._bad(name, "not a whole number")
            return 0
        return int(text)


_NOTHING_GIVEN = RiskFacts()


# --- replay ---------------------------------------------------------------------------------------------------------
class _Customer:
    """One customer's history while the file is replayed."""

    __slots__ = ("first_issued", "history", "open")

    def __init__(self, first_issued: date) -> None:
        self.history: tuple[PaidMonth, ...] = ()
        self.open: dict[int, HistoryRow] = {}
        self.first_issued = first_issued

    def facts(self, row: HistoryRow) -> RiskFacts:
        """What was known when ``row`` was issued: only invoices of earlier days, only settlements of earlier days."""
        exposure: dict[str, int] = {}
        overdue: dict[str, int] = {}
        overdue_items = oldest = 0
        for item in self.open.values():
            exposure[item.currency] = exposure.get(item.currency, 0) + item.amount_minor
            if item.due < row.issued:
                overdue_items += 1
                oldest = max(oldest, (row.issued - item.due).days)
                overdue[item.currency] = overdue.get(item.currency, 0) + item.amount_minor
        facts = replace(
            row.given,
            payments=payment_sums(self.history, row.issued),
            exposure_minor=exposure,
            overdue_minor=overdue,
            overdue_items=overdue_items,
            oldest_overdue_days=oldest,
            relation_days=(row.issued - self.first_issued).days,
        )
        return replace(facts, invoice_permille=invoice_permille(facts, row.amount_minor, row.currency))


def replay(rows: Iterable[HistoryRow]) -> Iterator[tuple[HistoryRow, RiskFacts]]:
    """Each invoice in the order of issue with the facts of that day.

    A settlement is known from the day after it (and after the invoice's own issue date, when it was paid in advance).
    """
    issues = sorted(rows, key=lambda row: (row.issued, row.line))
    settlements = sorted(
        ((max(row.paid_on, row.issued), row.line, row) for row in issues if row.paid_on is not None),
        key=lambda entry: entry[:2],
    )
    customers: dict[str, _Customer] = {}
    begun: list[HistoryRow] = []  # issued on the day in hand: nothing of the day knows them
    next_settlement = 0
    for row in issues:
        if begun and begun[0].issued < row.issued:
            for earlier in begun:
                customers[earlier.customer].open[earlier.line] = earlier
            begun = []
            while next_settlement < len(settlements) and settlements[next_settlement][0] < row.issued:
                _settle(customers, settlements[next_settlement][2])
                next_settlement += 1
        customer = customers.setdefault(row.customer, _Customer(row.issued))
        yield row, customer.facts(row)
        begun.append(row)


def _settle(customers: dict[str, _Customer], row: HistoryRow) -> None:
    customer = customers[row.customer]
    del customer.open[row.line]
    if row.paid_on is not None:
        one = Settlement(row.due, row.paid_on, row.amount_minor, row.currency, row.disputed)
        customer.history = with_settlement(customer.history, one)
