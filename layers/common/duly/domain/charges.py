"""What late payment costs the debtor: fees, fixed sums, fines and interest. Pure rules, exact arithmetic.

Interest runs from the day after the due date up to and including the day asked for; a payment reduces the principal
from the day after its value date. It is simple interest, reckoned exactly and rounded half up: the sum, or each day's
amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from duly.domain import events as ev
from duly.domain.charges_due import MAX_CHARGES
from duly.domain.entities import Item
from duly.domain.legal_model import NO_REGIME, Legal, RateUnknown, Series, Table
from duly.domain.policy_model import Policy, Step
from duly.domain.policy_reader import shipped_legal

__all__ = [
    "ChargeLine",
    "RateUnknown",
    "Reckoning",
    "Rules",
    "charge_lines",
    "charges_of_step",
    "owed_with",
    "plain_percent",
    "reckon",
]

INDEMNITY: Final = "indemnity"
FINE: Final = "fine"
_DAY: Final = timedelta(days=1)

Paid = tuple[date, int]  # value date, minor units


@dataclass(frozen=True, slots=True)
class Rules:
    """By what charges are reckoned: the table of a regime and kind of debtor, a contract's rate, and the rounding.

    ``is_bounded`` keeps the contract's rate between the least and the most of the table, as notices do; without it the
    rate is taken as given.
    """

    regime: str
    kind: str
    legal: Legal
    rate_percent: Decimal | None = None
    rounding: str = "total"
    is_bounded: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of equal rate and principal: its first and last day, and its interest in exact minor units."""

    first: date
    last: date
    percent: Decimal
    principal_minor: int
    year_days: int
    exact: Fraction

    @property
    def days(self) -> int:
        """Days with interest."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is owed for a debt on a day, in minor units. ``amounts_minor`` are those of the rows, rounded so that they
    add up to the interest; ``table`` is None without a regime."""

    rows: tuple[Row, ...]
    amounts_minor: tuple[int, ...]
    indemnity_minor: int
    fine_minor: int
    open_minor: int
    table: Table | None

    @property
    def interest_minor(self) -> int:
        """Interest so far."""
        return sum(self.amounts_minor)

    @property
    def total_minor(self) -> int:
        """Open principal with all charges."""
        return self.open_minor + self.interest_minor + self.indemnity_minor + self.fine_minor


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of how an item's charges come about; the lines of an item add up to what is open of them.

    ``kind`` is interest (with first and last day, days, rate, principal, days of the year and, when each day is
    rounded, what one day comes to), fee (with its level), indemnity, fine, earlier (demanded before, at other figures)
    or settled (paid or let off, negative).
    """

    kind: str
    amount_minor: int
    first: date | None = None
    last: date | None = None
    days: int = 0
    percent: Decimal | None = None
    principal_minor: int = 0
    year_days: int = 0
    a_day_minor: int = 0
    level: int = 0


# --- what a step demands
def charges_of_step(item: Item, step: Step, policy: Policy, customer_kind: str, today: date) -> tuple[ev.Charge, ...]:
    """Return what this step newly demands of an item on a day, beside its amount: its fee (once for an item, episode
    and level) and, when it asks for interest on an overdue item, the fixed sums of the law (once) and the interest so
    far, less what was demanded before.

    ``customer_kind`` goes before the policy's when it is not empty. Raises RateUnknown when a rate is not known.
    """
    wanted = [_fee(item, step, today)]
    if step.interest and item.due < today:
        wanted += _of_late_payment(item, policy, customer_kind, today)
    known = {charge.key for charge in item.charges}
    new = tuple(charge for charge in wanted if charge.amount_minor > 0 and charge.key not in known)
    return new[: max(0, MAX_CHARGES - len(known))]


def rules_of(policy: Policy, customer_kind: str = "") -> Rules:
    """Return by what the charges of a customer of this kind are reckoned."""
    charges = policy.charges
    legal = _legal_of(charges.tables, charges.rates)
    return Rules(charges.regime, customer_kind or charges.kind, legal, charges.rate_percent, charges.rounding)


@lru_cache(maxsize=8)
def _legal_of(tables: tuple[Table, ...], rates: tuple[Series, ...]) -> Legal:
    shipped = shipped_legal()
    return Legal((*tables, *shipped.tables), (*rates, *shipped.series))


def _fee(item: Item, step: Step, today: date) -> ev.Charge:
    """The fee of a step: an amount in the item's currency plus a percentage of the original amount, half up."""
    percentage = Fraction(step.fee_percent) * item.amount_minor / 100
    amount_minor = step.fee_minor.get(item.currency, 0) + half_up(percentage)
    return ev.Charge(f"costs~{item.episode}~{step.level}", "costs", amount_minor, today)


def _of_late_payment(item: Item, policy: Policy, customer_kind: str, today: date) -> list[ev.Charge]:
    wants = policy.charges
    if not (wants.interest or wants.recovery_indemnity):
        return []
    found = reckon_item(item, policy, customer_kind, today)
    charges: list[ev.Charge] = []
    if wants.recovery_indemnity:
        charges.append(ev.Charge(INDEMNITY, "costs", found.indemnity_minor, today))
        charges.append(ev.Charge(FINE, "costs", found.fine_minor, today))
    if wants.interest:
        more_minor = found.interest_minor - sum(one.amount_minor for one in item.charges if one.kind == "interest")
        charges.append(ev.Charge(f"interest~{today.isoformat()}", "interest", more_minor, today))
    return charges


def reckon_item(item: Item, policy: Policy, customer_kind: str, as_of: date) -> Reckoning:
    """Return what late payment of an item costs so far. The fixed sum is owed once for an invoice: of one in
    instalments, with the first of them. Raises RateUnknown."""
    # an allocation that is older than the record of value dates counts from the start: never too much interest
    paid = [(item.paid_on.get(cash, item.due), minor) for cash, minor in item.allocations.items()]
    if item.contested_minor:  # rests, so nothing runs on it; what was due on it comes with the first step after the end
        paid.append((item.due, item.outstanding_minor - item.chased_minor))
    found = reckon(rules_of(policy, customer_kind), item.amount_minor, item.currency, item.due, as_of, paid)
    return found if item.instalment <= 1 else replace(found, indemnity_minor=0)


# --- the calculation
def reckon(
    rules: Rules, principal_minor: int, currency: str, due: date, as_of: date, payments: Iterable[Paid] = ()
) -> Reckoning:
    """Return what is owed for a debt on a day; payments after it do not count yet.

    Raises RateUnknown when a rate for the period is not known, ValueError for payments of more than the principal.
    """
    paid = sorted(payments)
    if principal_minor < 0 or sum(minor for _, minor in paid) > principal_minor or any(minor < 0 for _, minor in paid):
        raise ValueError("expected a principal and payments that are not negative, and no more paid than it")
    start = due + _DAY
    open_minor = principal_minor - _paid_by(paid, as_of)
    late_minor = principal_minor - _paid_by(paid, due)
    if as_of < start or not late_minor:
        return Reckoning((), (), 0, 0, open_minor, None)
    table = None if rules.regime == NO_REGIME else rules.legal.table_for(rules.regime, rules.kind, start)
    year_days = table.year_days if table else 365
    rows = _rows(rules, table, start, as_of, principal_minor, paid, year_days)
    return Reckoning(
        rows,
        _rounded(rows),
        table.indemnity_minor(late_minor, currency) if table else 0,
        half_up(Fraction(table.fine_percent) * late_minor / 100) if table else 0,
        open_minor,
        table,
    )


def _paid_by(paid: Sequence[Paid], day: date) -> int:
    return sum(minor for on, minor in paid if on <= day)


def _rows(
    rules: Rules,
    table: Table | None,
    start: date,
    as_of: date,
    principal_minor: int,
    paid: Sequence[Paid],
    year_days: int,
) -> tuple[Row, ...]:
    """The stretches of equal rate and principal with interest, in order: at most one more than payments and changes of
    the rate."""
    begins = {start} | {on + _DAY for on, _ in paid if start <= on < as_of} | _rate_changes(rules, table, start, as_of)
    days = sorted(begins)
    rows: list[Row] = []
    for first, following in zip(days, [*days[1:], as_of + _DAY], strict=True):
        open_minor = principal_minor - _paid_by(paid, first - _DAY)
        percent = _percent(rules, table, start, first) if open_minor else None
        if percent is None:
            continue
        before = rows[-1] if rows else None
        last = following - _DAY
        if before and (before.last + _DAY, before.percent, before.principal_minor) == (first, percent, open_minor):
            rows[-1] = _row(before.first, last, percent, open_minor, year_days, rules.rounding)
        else:
            rows.append(_row(first, last, percent, open_minor, year_days, rules.rounding))
    return tuple(rows)


def _row(first: date, last: date, percent: Decimal, principal_minor: int, year_days: int, rounding: str) -> Row:
    a_day = Fraction(percent) * principal_minor / (100 * year_days)
    days = (last - first).days + 1
    exact = Fraction(half_up(a_day)) * days if rounding == "daily" else a_day * days
    return Row(first, last, percent, principal_minor, year_days, exact)


def _rounded(rows: Sequence[Row]) -> tuple[int, ...]:
    """The rows' amounts so that each sum up to a row is the exact sum, rounded half up."""
    amounts: list[int] = []
    exact = Fraction(0)
    for row in rows:
        exact += row.exact
        amounts.append(half_up(exact) - sum(amounts))
    return tuple(amounts)


def _rate_changes(rules: Rules, table: Table | None, start: date, as_of: date) -> set[date]:
    """The days on which the rate may change."""
    if table is None or table.mode == "fixed":
        return set()
    if rules.rate_percent is not None and not rules.is_bounded:
        return set()
    names = {table.series, table.least_series} if rules.rate_percent is not None else {table.series}
    found: set[date] = set()
    for name in names - {""}:
        found |= rules.legal.changes_within(name, start, as_of)
    return found


def _percent(rules: Rules, table: Table | None, start: date, day: date) -> Decimal | None:
    """The rate of a day: the contract's, within what the law allows unless told otherwise, else the law's; None when
    there is neither."""
    if table is None or (rules.rate_percent is not None and not rules.is_bounded):
        return rules.rate_percent
    on = start if table.mode == "fixed" else day
    if rules.rate_percent is None:
        return _by_law(rules.legal, table, on) if table.by == "law" and table.has_rate else None
    percent = max(rules.rate_percent, _least(rules.legal, table, on))
    most = [] if table.most_percent is None else [table.most_percent]
    if table.by == "contract":
        most.append(_by_law(rules.legal, table, on))
    return min([percent, *most])


def _by_law(legal: Legal, table: Table, day: date) -> Decimal:
    if table.percent is not None:
        return table.percent
    percent = legal.period_of(table.series, day).percent + table.margin_percent
    if table.round_up_percent:
        steps = (percent / table.round_up_percent).to_integral_value(ROUND_CEILING)
        percent = steps * table.round_up_percent
    return max(percent, Decimal(0))


def _least(legal: Legal, table: Table, day: date) -> Decimal:
    """The least that a contract's rate may be; 0 where it is not known, which asks for no more than the contract."""
    if not table.least_series:
        return Decimal(0)
    try:
        return legal.period_of(table.least_series, day).percent * table.least_factor
    except RateUnknown:
        return Decimal(0)


def half_up(amount: Fraction) -> int:
    """Round an exact amount of minor units half up."""
    return int((2 * amount.numerator + amount.denominator) // (2 * amount.denominator))


def plain_percent(rate: Decimal) -> str:
    """A rate as text with a point, without needless zeros: 11.75, 15."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- how it comes about
def charge_lines(
    item: Item, new: Sequence[ev.Charge], policy: Policy, customer_kind: str = ""
) -> tuple[ChargeLine, ...]:
    """Return the lines of how an item's open charges come about, those of a notice that are not owed yet (``new``)
    included. They add up to what is open of costs and interest."""
    known = {charge.key for charge in item.charges}
    charges = (*item.charges, *(charge for charge in new if charge.key not in known))
    lines = [_cost_line(charge) for charge in charges if charge.kind == "costs"]
    lines += _interest_lines(item, [charge for charge in charges if charge.kind == "interest"], policy, customer_kind)
    settled_minor = sum(charge.waived_minor for charge in charges)
    settled_minor += sum(minor for paid in item.charges_paid.values() for minor in paid.values())
    if settled_minor:
        lines.append(ChargeLine("settled", -settled_minor))
    return tuple(lines)


def owed_with(item: Item, new: Sequence[ev.Charge]) -> dict[str, int]:
    """Return what is open of an item's costs and interest, by kind, with what a notice newly demands (``new``)."""
    known = {charge.key for charge in item.charges}
    owed = dict(item.open_charges_minor)
    for charge in new:
        if charge.key not in known:
            owed[charge.kind] = owed.get(charge.kind, 0) + charge.owed_minor
    return owed


def _cost_line(charge: ev.Charge) -> ChargeLine:
    name, *rest = charge.key.split("~")
    if name in (INDEMNITY, FINE):
        return ChargeLine(name, charge.amount_minor)
    level = int(rest[1]) if name == "costs" and len(rest) == 2 and rest[1].isdecimal() else 0
    return ChargeLine("fee", charge.amount_minor, level=level)


def _interest_lines(
    item: Item, demanded: Sequence[ev.Charge], policy: Policy, customer_kind: str
) -> Iterable[ChargeLine]:
    """The calculation up to the last day to which interest was demanded; what was demanded at other figures (the rate
    or the invoice was another then) as one line beside it."""
    total_minor = sum(charge.amount_minor for charge in demanded)
    if not total_minor:
        return []
    until = max((day for charge in demanded if (day := _until(charge)) is not None), default=None)
    lines: list[ChargeLine] = []
    if until is not None:
        try:
            found = reckon_item(item, policy, customer_kind, until)
        except RateUnknown:  # under the present policy; it was known under the one that demanded it
            found = None
        if found is not None:
            is_daily = policy.charges.rounding == "daily"
            lines += [_interest_line(*one, is_daily) for one in zip(found.rows, found.amounts_minor, strict=True)]
    earlier_minor = total_minor - sum(line.amount_minor for line in lines)
    return [*lines, ChargeLine("earlier", earlier_minor)] if earlier_minor else lines


def _interest_line(row: Row, amount_minor: int, is_daily: bool) -> ChargeLine:
    return ChargeLine(
        "interest",
        amount_minor,
        row.first,
        row.last,
        row.days,
        row.percent,
        row.principal_minor,
        row.year_days,
        int(row.exact / row.days) if is_daily else 0,
    )


def _until(charge: ev.Charge) -> date | None:
    """The last day of the interest that a charge demands, by its key."""
    name, _, day = charge.key.partition("~")
    try:
        return date.fromisoformat(day) if name == "interest" else None
    except ValueError:
        return None
