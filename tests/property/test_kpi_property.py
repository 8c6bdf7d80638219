"""What holds for the figures of any business."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duly.domain.entities import Behaviour, Header
from duly.domain.kpi import SALES_WINDOW_DAYS, AccountFacts, Kpis, compute, countback_dso_tenths
from duly.reports.charts import BAR_WIDTH, scale, segments

AS_OF = date(2026, 3, 31)
UNTIMED = settings(suppress_health_check=[HealthCheck.too_slow])  # a loaded machine is no failure
CURRENCIES = st.sampled_from(("EUR", "GBP", "JPY"))
AMOUNTS = st.integers(min_value=0, max_value=10**12)
DAYS = st.integers(min_value=-120, max_value=500).map(lambda days: (AS_OF - timedelta(days=days)).isoformat())
BY_DAY = st.dictionaries(DAYS, AMOUNTS, max_size=6)
BY_CURRENCY = st.dictionaries(CURRENCIES, AMOUNTS, max_size=3)


@st.composite
def accounts(draw: st.DrawFn) -> list[AccountFacts]:
    found = []
    for number in range(draw(st.integers(0, 6))):
        header = Header(
            customer=f"C{number}",
            provisional=draw(st.booleans()),
            behaviour=Behaviour(first_issued=AS_OF - timedelta(days=draw(st.integers(0, 300)))),
            invoiced_minor=draw(BY_CURRENCY),
            credited_minor=draw(BY_CURRENCY),
            collected_minor=draw(BY_CURRENCY),
            sales_by_day=draw(st.dictionaries(CURRENCIES, BY_DAY, max_size=3)),
            collected_by_day=draw(st.dictionaries(CURRENCIES, BY_DAY, max_size=3)),
        )
        open_by_due = draw(st.dictionaries(CURRENCIES, BY_DAY, max_size=3))
        found.append(AccountFacts(f"A{number}", header, open_by_due, unapplied=draw(BY_CURRENCY)))
    return found


def total_open(facts: list[AccountFacts], currency: str) -> int:
    return sum(sum(one.open_by_due.get(currency, {}).values()) for one in facts)


@UNTIMED
@given(accounts())
def test_ageing_adds_up_to_receivables_in_each_currency(facts: list[AccountFacts]) -> None:
    for one in compute(facts, AS_OF).currencies:
        assert one.receivables_minor == total_open(facts, one.currency)
        assert one.overdue_minor == one.receivables_minor - one.ageing.minor["current"]
        assert all(minor >= 0 for minor in one.ageing.minor.values())


@UNTIMED
@given(accounts())
def test_calls_are_all_that_is_overdue(facts: list[AccountFacts]) -> None:
    for one in compute(facts, AS_OF, max_calls=100).currencies:
        assert sum(call.overdue_minor for call in one.calls) == one.overdue_minor
        assert [call.overdue_minor for call in one.calls] == sorted((c.overdue_minor for c in one.calls), reverse=True)


@UNTIMED
@given(accounts(), st.randoms())
def test_the_order_of_accounts_changes_nothing(facts: list[AccountFacts], random: Random) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)
    assert compute(shuffled, AS_OF) == compute(facts, AS_OF)


@UNTIMED
@given(accounts())
def test_dso_is_best_possible_plus_delay_and_never_negative(facts: list[AccountFacts]) -> None:
    for one in compute(facts, AS_OF).currencies:
        if one.dso_tenths is None:
            assert one.best_possible_dso_tenths is one.average_days_delinquent_tenths is None
            assert sum(one.sales_by_day.values()) == 0
        else:
            assert one.best_possible_dso_tenths is not None and one.average_days_delinquent_tenths is not None
            assert one.dso_tenths == one.best_possible_dso_tenths + one.average_days_delinquent_tenths
            assert one.average_days_delinquent_tenths >= 0


@UNTIMED
@given(accounts())
def test_later_money_never_changes_an_earlier_report(facts: list[AccountFacts]) -> None:
    """Sales and receipts after the date are not looked at."""

    def without_future(days: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        return {
            code: {day: minor for day, minor in series.items() if date.fromisoformat(day) <= AS_OF}
            for code, series in days.items()
        }

    past = [
        AccountFacts(
            one.account,
            Header(
                customer=one.header.customer,
                provisional=one.header.provisional,
                behaviour=one.header.behaviour,
                invoiced_minor=one.header.invoiced_minor,
                credited_minor=one.header.credited_minor,
                collected_minor=one.header.collected_minor,
                sales_by_day=without_future(one.header.sales_by_day),
                collected_by_day=without_future(one.header.collected_by_day),
            ),
            one.open_by_due,
            unapplied=one.unapplied,
        )
        for one in facts
    ]
    assert compute(past, AS_OF) == compute(facts, AS_OF)


@UNTIMED
@given(accounts())
def test_parts_of_a_business_add_up_to_the_whole(facts: list[AccountFacts]) -> None:
    def sums(kpis: Kpis, currency: str) -> tuple[int, int, int, int]:
        one = kpis.of(currency)
        if one is None:
            return 0, 0, 0, 0
        return one.receivables_minor, one.overdue_minor, one.collected_minor, one.collected_recent_minor

    whole, first, rest = (compute(part, AS_OF) for part in (facts, facts[:2], facts[2:]))
    for currency in ("EUR", "GBP", "JPY"):
        added = tuple(a + b for a, b in zip(sums(first, currency), sums(rest, currency), strict=True))
        assert sums(whole, currency) == added


@UNTIMED
@given(accounts())
def test_the_window_has_every_day_once(facts: list[AccountFacts]) -> None:
    for one in compute(facts, AS_OF).currencies:
        assert len(one.sales_by_day) == len(one.collected_by_day) == SALES_WINDOW_DAYS
        assert max(one.collected_by_day) == AS_OF


@UNTIMED
@given(st.dictionaries(st.integers(0, 60), st.integers(0, 10**9)), st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_receivables_never_count_back_fewer_days(sales: dict[int, int], smaller: int, extra: int) -> None:
    by_day = {AS_OF - timedelta(days=back): minor for back, minor in sales.items()}
    few, many = (countback_dso_tenths(minor, by_day, AS_OF) for minor in (smaller, smaller + extra))
    assert many is None or (few is not None and few <= many)


@UNTIMED
@given(st.lists(AMOUNTS, min_size=5, max_size=5))
def test_a_stacked_bar_is_full(minor: list[int]) -> None:
    parts = segments(dict(enumerate(minor)))  # type: ignore[arg-type]
    assert sum(part.width for part in parts) == (BAR_WIDTH if sum(minor) else 0)
    assert all(before.x + before.width == after.x for before, after in zip(parts, parts[1:], strict=False))


@UNTIMED
@given(st.integers(1, 10**15))
def test_an_axis_reaches_the_top_with_few_marks(top: int) -> None:
    marks = scale(top)
    assert marks[0] == 0 and marks[-1] >= top and 2 <= len(marks) <= 6
    assert len({after - before for before, after in zip(marks, marks[1:], strict=False)}) == 1
