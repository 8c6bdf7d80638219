"""Receivables in figures: ageing, days sales outstanding, collections, what is disputed, promised and still to do.

Pure functions of account headers and a date: nothing else is read, so the figures of a business are one pass over its
headers. Money is in minor units by currency and never converted; days are in tenths of a day, shares in per mille.

The measures are those that credit managers compare with each other, as the Credit Research Foundation publishes them
for whole trades (DSO, best possible DSO, average days delinquent, collection effectiveness index); counting back is how
credit managers in the United Kingdom state DSO. Sales are invoices as issued; credit notes do not lower them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from duly.domain import codec
from duly.domain.concentration import Concentration, ConcentrationTotals, Parents, agreed_limits
from duly.domain.entities import Header
from duly.domain.money_state import SALES_DAYS_KEPT

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
"""Ageing by days overdue. An item due today is current; ``90+`` begins with the 91st day."""

SALES_WINDOW_DAYS = 90  # sales that DSO relates receivables to: long enough for usual terms, short enough to be of now
RECENT_DAYS = 30  # "collected lately"
MAX_CALLS = 20  # customers of the call list, for each currency
_BUCKET_ENDS = (0, 30, 60, 90)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account as its header record tells it. Amounts in minor units by currency.

    ``open_by_due``: what is open by currency and due day; ``collecting``, likewise, is the part that the creditor is to
    collect by direct debit or card; ``disputed`` and ``promised`` are parts of what is open; ``unapplied`` is cash and
    credit not allocated yet; ``ordered`` what is left of open orders; ``flagged`` counts open items by what was
    noticed on arrival; ``counts`` are live entities by kind.
    """

    account: str
    header: Header
    open_by_due: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    disputed: Mapping[str, int] = field(default_factory=dict)
    promised: Mapping[str, int] = field(default_factory=dict)
    unapplied: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    ordered: Mapping[str, int] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    collecting: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def asked_for(self, currency: str) -> dict[str, int]:
        """What the customer is to pay by itself, by due day: nobody calls about what the creditor collects."""
        collecting = self.collecting.get(currency, {})
        return {day: amount - collecting.get(day, 0) for day, amount in self.open_by_due.get(currency, {}).items()}

    @property
    def currencies(self) -> set[str]:
        """The currencies in which this customer was invoiced, paid or owes anything."""
        header = self.header
        return {*self.open_by_due, *self.unapplied, *self.ordered, *header.invoiced_minor, *header.collected_minor}


#: The limits of a customer by currency on a day.
Limits = Callable[[AccountFacts, date], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open of one account (or of all) in one currency, by bucket."""

    minor: Mapping[str, int]
    oldest_days: int = 0

    @property
    def total_minor(self) -> int:
        return sum(self.minor.values())

    @property
    def overdue_minor(self) -> int:
        return self.total_minor - self.minor["current"]


@dataclass(frozen=True, slots=True)
class Call:
    """A customer to call: what is overdue in one currency, how old its oldest item is, what stands in the way."""

    account: str
    customer: str
    currency: str
    overdue_minor: int
    oldest_days: int
    disputed_minor: int = 0
    promised_minor: int = 0
    last_contact: datetime | None = None
    category: str = ""
    provisional: bool = False
    on_hold: bool = False


@dataclass(frozen=True, slots=True)
class CurrencyKpis:
    """The figures of one currency. A measure that cannot be computed (no sales, no history) is None.

    ``disputed_minor`` and ``promised_minor`` are parts of the receivables, overdue or not. ``sales_by_day`` and
    ``collected_by_day`` cover the last ``SALES_WINDOW_DAYS`` days, every day of them.
    """

    currency: str
    accounts: int
    ageing: Ageing
    disputed_minor: int
    promised_minor: int
    unapplied_minor: int
    invoiced_minor: int
    credited_minor: int
    collected_minor: int
    sales_recent_minor: int
    collected_recent_minor: int
    dso_tenths: int | None
    best_possible_dso_tenths: int | None
    average_days_delinquent_tenths: int | None
    countback_dso_tenths: int | None
    effectiveness_permille: int | None
    sales_by_day: Mapping[date, int]
    collected_by_day: Mapping[date, int]
    calls: tuple[Call, ...] = ()
    more_calls: int = 0
    concentration: Concentration = Concentration()

    @property
    def receivables_minor(self) -> int:
        return self.ageing.total_minor

    @property
    def overdue_minor(self) -> int:
        return self.ageing.overdue_minor


@dataclass(frozen=True, slots=True)
class Kpis:
    """The figures of a business at the end of a day; ``currencies`` begins with the one most customers have."""

    as_of: date
    currencies: tuple[CurrencyKpis, ...]
    customers: int
    provisional: int
    disputes_open: int
    disputes_opened: int
    disputes_by_reason: Mapping[str, int]
    promises_open: int
    promises_made: int
    promises_kept: int
    promises_broken: int
    notices_by_level: Mapping[str, int]
    tasks_open: int
    days_late_tenths: int | None
    suspense_accounts: int
    on_hold: int = 0
    flagged: Mapping[str, int] = field(default_factory=dict)

    def of(self, currency: str) -> CurrencyKpis | None:
        """Return the figures of a currency, None when nobody was invoiced in it."""
        return next((one for one in self.currencies if one.currency == currency), None)


def facts_of(account: str, body: Mapping[str, Any]) -> AccountFacts:
    """Return the facts that a stored header record's body holds."""
    summary = body["summary"]
    return AccountFacts(
        account=account,
        header=codec.decode(Header, body["header"]),
        open_by_due=summary["open"],
        disputed=summary["disputed"],
        promised=summary["promised"],
        unapplied=summary["unapplied"],
        counts=summary["counts"],
        ordered=summary.get("ordered", {}),
        flagged=summary.get("flagged", {}),
        collecting=summary.get("collecting", {}),
    )


def bucket_of(days_overdue: int) -> str:
    """Return the ageing bucket; zero and negative days are current."""
    for name, end in zip(BUCKETS, _BUCKET_ENDS, strict=False):
        if days_overdue <= end:
            return name
    return BUCKETS[-1]


def ageing_of(open_by_due: Mapping[str, int], as_of: date) -> Ageing:
    """Return open amounts (by ISO due day) by bucket, and the days of the oldest."""
    minor = dict.fromkeys(BUCKETS, 0)
    oldest = 0
    for day, amount in open_by_due.items():
        days = (as_of - date.fromisoformat(day)).days
        minor[bucket_of(days)] += amount
        if amount:
            oldest = max(oldest, days)
    return Ageing(minor, oldest)


def dso_tenths(receivables_minor: int, sales_minor: int, days: int = SALES_WINDOW_DAYS) -> int | None:
    """Days sales outstanding: receivables / sales of the window x its days, in tenths; None without sales.

    With the receivables that are not yet due it is the best possible DSO: what would be open if all paid on time.
    """
    return _rounded(receivables_minor * days * 10, sales_minor) if sales_minor > 0 else None


def countback_dso_tenths(receivables_minor: int, sales_by_day: Mapping[date, int], as_of: date) -> int | None:
    """Count-back DSO in tenths: how many days of sales, counted back from ``as_of``, the receivables are made of.

    Usually counted by month; here by day, of which the last counts in part. It does not swing with a quiet quarter as
    the plain DSO does. None when the receivables exceed the sales of the days that headers keep.
    """
    rest = receivables_minor
    for back in range(SALES_DAYS_KEPT + 1):
        if rest <= 0:
            return back * 10
        sales = max(0, sales_by_day.get(as_of - timedelta(days=back), 0))
        if sales >= rest:
            return back * 10 + _rounded(rest * 10, sales)
        rest -= sales
    return None


def monthly_countback_dso_tenths(receivables_minor: int, sales_by_day: Mapping[str, int], as_of: date) -> int | None:
    """Count-back DSO by calendar month, in tenths: a month whose sales are all still open counts with its days (the
    month of ``as_of`` up to it), the one that is reached last counts in part. ``sales_by_day`` is by ISO day. None when
    the receivables exceed the sales that are known.
    """
    months: dict[date, int] = {}
    for day, sales in _by_day(sales_by_day, as_of).items():
        months[day.replace(day=1)] = months.get(day.replace(day=1), 0) + sales
    rest, days, last = receivables_minor, 0, as_of
    while rest > 0 and months and last >= min(months):
        first = last.replace(day=1)
        sales = max(0, months.get(first, 0))
        length = (last - first).days + 1
        if sales >= rest:
            return days * 10 + _rounded(rest * length * 10, sales)
        rest, days, last = rest - sales, days + length, first - timedelta(days=1)
    return days * 10 if rest <= 0 else None


def effectiveness_permille(beginning_minor: int, sales_minor: int, ending_minor: int, current_minor: int) -> int | None:
    """Collection effectiveness index in per mille: of what could be collected in a period, how much was.

    (beginning receivables + sales - ending receivables) / (beginning receivables + sales - ending current ones). 1000
    is all; None when nothing could be collected.
    """
    collectable = beginning_minor + sales_minor - current_minor
    return _rounded((beginning_minor + sales_minor - ending_minor) * 1000, collectable) if collectable > 0 else None


def compute(
    accounts: Iterable[AccountFacts], as_of: date, max_calls: int = MAX_CALLS, limits: Limits = agreed_limits
) -> Kpis:
    """Return the figures of all accounts at the end of ``as_of``. Accounts merged into another are left out.

    Each account is looked at once and let go; what grows with their number is one sum for each legal group.
    """
    totals = _Totals(as_of, max_calls, limits)
    for facts in accounts:
        if not facts.header.merged_into:
            totals.add(facts)
    return totals.kpis()


class _Totals:
    """Sums over the accounts seen so far."""

    def __init__(self, as_of: date, max_calls: int, limits: Limits) -> None:
        self.as_of, self.max_calls, self.limits = as_of, max_calls, limits
        self.customers = self.provisional = self.suspense = self.days_late = self.settled = self.on_hold = 0
        self.parents = Parents()
        self.behaviour: Counter[str] = Counter()
        self.live: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.flagged: Counter[str] = Counter()
        self.levels: Counter[str] = Counter()
        self.currencies: dict[str, _CurrencyTotals] = {}

    def add(self, facts: AccountFacts) -> None:
        header, behaviour = facts.header, facts.header.behaviour
        self.customers += 1
        self.provisional += header.provisional
        self.suspense += bool(header.suspense)
        self.on_hold += bool(header.credit_hold)
        self.parents.note(header.customer, header.parent)
        limits = self.limits(facts, self.as_of)
        self.settled += behaviour.settled_count
        self.days_late += behaviour.days_late_sum
        self.behaviour["disputes_opened"] += behaviour.disputes_opened
        self.behaviour["promises_made"] += behaviour.promises_made
        self.behaviour["promises_kept"] += behaviour.promises_kept
        self.behaviour["promises_broken"] += behaviour.promises_broken
        self.live.update(facts.counts)
        self.reasons.update(behaviour.disputes_by_reason)
        self.flagged.update(facts.flagged)
        self.levels.update(behaviour.notices_by_level)
        for currency in facts.currencies:
            if currency not in self.currencies:
                self.currencies[currency] = _CurrencyTotals(currency, self.as_of, self.max_calls)
            self.currencies[currency].add(facts, limits.get(currency))

    def kpis(self) -> Kpis:
        order = sorted(self.currencies.values(), key=lambda one: (-one.accounts, one.currency))
        return Kpis(
            as_of=self.as_of,
            currencies=tuple(one.kpis(self.parents) for one in order),
            customers=self.customers,
            provisional=self.provisional,
            disputes_open=self.live["disputes"],
            disputes_opened=self.behaviour["disputes_opened"],
            disputes_by_reason=_nonzero(self.reasons),
            promises_open=self.live["promises"],
            promises_made=self.behaviour["promises_made"],
            promises_kept=self.behaviour["promises_kept"],
            promises_broken=self.behaviour["promises_broken"],
            notices_by_level=_nonzero(self.levels),
            tasks_open=self.live["tasks"],
            days_late_tenths=_rounded(self.days_late * 10, self.settled) if self.settled > 0 else None,
            suspense_accounts=self.suspense,
            on_hold=self.on_hold,
            flagged=_nonzero(self.flagged),
        )


class _CurrencyTotals:
    """Sums of one currency over the accounts seen so far."""

    def __init__(self, currency: str, as_of: date, max_calls: int) -> None:
        self.currency, self.as_of, self.max_calls = currency, as_of, max_calls
        self.accounts = self.oldest_days = self.overdue_accounts = 0
        self.minor = dict.fromkeys(BUCKETS, 0)
        self.amounts: Counter[str] = Counter()
        self.sales: Counter[str] = Counter()
        self.collected: Counter[str] = Counter()
        self.adjusted: Counter[str] = Counter()
        self.first_issued = as_of
        self.calls: list[Call] = []
        self.concentration = ConcentrationTotals(currency)

    def add(self, facts: AccountFacts, limit_minor: int | None) -> None:
        currency, header = self.currency, facts.header
        ageing = ageing_of(facts.open_by_due.get(currency, {}), self.as_of)
        self.concentration.add(facts, ageing.overdue_minor, limit_minor)
        self.accounts += 1
        self.oldest_days = max(self.oldest_days, ageing.oldest_days)
        for bucket, minor in ageing.minor.items():
            self.minor[bucket] += minor
        for name, amounts in (
            ("disputed", facts.disputed),
            ("promised", facts.promised),
            ("unapplied", facts.unapplied),
            ("invoiced", header.invoiced_minor),
            ("credited", header.credited_minor),
            ("collected", header.collected_minor),
        ):
            self.amounts[name] += amounts.get(currency, 0)
        self.sales.update(header.sales_by_day.get(currency, {}))
        self.collected.update(header.collected_by_day.get(currency, {}))
        self.adjusted.update(header.adjusted_by_day.get(currency, {}))
        self.first_issued = min(self.first_issued, header.behaviour.first_issued or self.as_of)
        asked = ageing_of(facts.asked_for(currency), self.as_of)
        if asked.overdue_minor > 0:
            self._add_call(_call(facts, currency, asked))

    def _add_call(self, call: Call) -> None:
        self.overdue_accounts += 1
        self.calls.append(call)
        if len(self.calls) > 2 * self.max_calls:
            self._keep_largest()

    def _keep_largest(self) -> None:
        """The largest amount first, of equal ones the oldest."""
        self.calls.sort(key=lambda call: (-call.overdue_minor, -call.oldest_days, call.account))
        del self.calls[self.max_calls :]

    def kpis(self, parents: Parents) -> CurrencyKpis:
        self._keep_largest()
        ageing = Ageing(self.minor, self.oldest_days)
        all_sales = _by_day(self.sales, self.as_of)
        sales, collected = _window(all_sales, self.as_of), _window(_by_day(self.collected, self.as_of), self.as_of)
        adjusted = _window(_by_day(self.adjusted, self.as_of), self.as_of)
        sales_minor = sum(sales.values())
        dso, best = dso_tenths(ageing.total_minor, sales_minor), dso_tenths(self.minor["current"], sales_minor)
        recent = self.as_of - timedelta(days=RECENT_DAYS)
        return CurrencyKpis(
            currency=self.currency,
            accounts=self.accounts,
            ageing=ageing,
            disputed_minor=self.amounts["disputed"],
            promised_minor=self.amounts["promised"],
            unapplied_minor=self.amounts["unapplied"],
            invoiced_minor=self.amounts["invoiced"],
            credited_minor=self.amounts["credited"],
            collected_minor=self.amounts["collected"],
            sales_recent_minor=sum(amount for day, amount in sales.items() if day > recent),
            collected_recent_minor=sum(amount for day, amount in collected.items() if day > recent),
            dso_tenths=dso,
            best_possible_dso_tenths=best,
            average_days_delinquent_tenths=None if dso is None or best is None else dso - best,
            countback_dso_tenths=countback_dso_tenths(ageing.total_minor, all_sales, self.as_of),
            effectiveness_permille=self._effectiveness(sales_minor, sum(collected.values()), sum(adjusted.values())),
            sales_by_day=sales,
            collected_by_day=collected,
            calls=tuple(self.calls),
            more_calls=self.overdue_accounts - len(self.calls),
            concentration=self.concentration.result(parents),
        )

    def _effectiveness(self, sales_minor: int, collected_minor: int, adjusted_minor: int) -> int | None:
        """The index over the window. What was open at its beginning is worked out backwards from what is open now;
        money that no item shows yet counts as collected. What was written off or let go in it was open before, too.

        Headers do not keep credit notes by day: with some in it, the index is known only when the whole history lies
        within the window (nothing was open before it).
        """
        ending = sum(self.minor.values()) - self.amounts["unapplied"]
        if self.first_issued > self.as_of - timedelta(days=SALES_WINDOW_DAYS):
            return effectiveness_permille(0, sales_minor, ending, self.minor["current"])
        if self.amounts["credited"]:
            return None
        beginning = ending - sales_minor + collected_minor + adjusted_minor
        return effectiveness_permille(beginning, sales_minor, ending, self.minor["current"])


def _call(facts: AccountFacts, currency: str, ageing: Ageing) -> Call:
    return Call(
        account=facts.account,
        customer=facts.header.customer,
        currency=currency,
        overdue_minor=ageing.overdue_minor,
        oldest_days=ageing.oldest_days,
        disputed_minor=facts.disputed.get(currency, 0),
        promised_minor=facts.promised.get(currency, 0),
        last_contact=max(facts.header.contacts_made.values(), default=None),
        category=facts.header.category,
        provisional=facts.header.provisional,
        on_hold=bool(facts.header.credit_hold),
    )


def _by_day(series: Mapping[str, int], as_of: date) -> dict[date, int]:
    """Return amounts by day in order, without days after ``as_of``."""
    days = {date.fromisoformat(day): amount for day, amount in series.items()}
    return {day: days[day] for day in sorted(days) if day <= as_of}


def _window(days: Mapping[date, int], as_of: date) -> dict[date, int]:
    first = as_of - timedelta(days=SALES_WINDOW_DAYS - 1)
    return {first + timedelta(days=n): days.get(first + timedelta(days=n), 0) for n in range(SALES_WINDOW_DAYS)}


def _nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts) if counts[name]}


def _rounded(numerator: int, denominator: int) -> int:
    """Integer division, halves away from zero. ``denominator`` is positive."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))
