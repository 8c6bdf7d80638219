"""The score stays in its range, is monotone where it claims to be, and never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from duly.domain import risk
from duly.domain.policy import default_policy
from duly.domain.risk import PaidMonth, RiskFacts

POLICY = default_policy()
SMALL = st.integers(0, 12)
MONEY = st.dictionaries(st.sampled_from(["EUR", "USD", "JPY"]), st.integers(0, 10**12), max_size=3)
DAYS = st.dates(date(2024, 6, 1), date(2026, 5, 31))  # as many months as a history keeps


@st.composite
def facts(draw: st.DrawFn) -> RiskFacts:
    paid = draw(st.integers(0, 2_000))
    late = draw(st.integers(0, paid))
    return RiskFacts(
        paid=paid,
        late=late,
        days_late=draw(st.integers(late, 120 * late)) if late else 0,
        overdue_minor=draw(MONEY),
        exposure_minor=draw(MONEY),
        limit_minor=draw(MONEY),
        oldest_overdue_days=draw(st.integers(0, 4_000)),
        broken_promises=draw(SMALL),
        disputes_lost=draw(SMALL),
        bounced_payments=draw(SMALL),
        relation_days=draw(st.integers(0, 20_000)),
        provisional=draw(st.booleans()),
    )


def permille(some: RiskFacts) -> int:
    return risk.score(some, POLICY).permille


@given(facts())
def test_score_is_in_range_has_a_category_and_is_repeatable(some: RiskFacts) -> None:
    found = risk.score(some, POLICY)
    assert 0 <= found.permille <= 1000
    assert found.category in {"A", "B", "C", "D"}
    assert len(found.reasons) <= 3
    assert found == risk.score(replace(some), POLICY)


@given(facts(), st.integers(1, 1_000))
def test_more_days_late_never_lower_the_score(some: RiskFacts, more: int) -> None:
    assert permille(replace(some, days_late=some.days_late + more)) >= permille(some)
    assert permille(replace(some, oldest_overdue_days=some.oldest_overdue_days + more)) >= permille(some)


@given(facts())
def test_one_more_invoice_paid_late_instead_of_in_time_never_lowers_the_score(some: RiskFacts) -> None:
    if some.late < some.paid:
        assert permille(replace(some, late=some.late + 1, days_late=some.days_late + 1)) >= permille(some)


@given(facts(), st.sampled_from(["EUR", "USD", "JPY"]), st.integers(1, 10**12))
def test_more_overdue_never_lowers_the_score(some: RiskFacts, currency: str, more: int) -> None:
    overdue = {**some.overdue_minor, currency: some.overdue_minor.get(currency, 0) + more}
    exposure = {**some.exposure_minor, currency: some.exposure_minor.get(currency, 0) + more}
    assert permille(replace(some, overdue_minor=overdue)) >= permille(some)
    assert permille(replace(some, overdue_minor=overdue, exposure_minor=exposure)) >= permille(some)


@given(facts(), st.integers(1, 10))
def test_more_broken_promises_lost_disputes_and_bounces_never_lower_the_score(some: RiskFacts, more: int) -> None:
    assert permille(replace(some, broken_promises=some.broken_promises + more)) >= permille(some)
    assert permille(replace(some, disputes_lost=some.disputes_lost + more)) >= permille(some)
    assert permille(replace(some, bounced_payments=some.bounced_payments + more)) >= permille(some)
    assert permille(replace(some, provisional=True)) >= permille(some)


@given(facts(), st.integers(1, 2_000))
def test_knowing_a_customer_longer_never_raises_the_score(some: RiskFacts, more: int) -> None:
    assert permille(replace(some, relation_days=some.relation_days + more)) <= permille(some)


Settlement = tuple[date, int]
settlement_lists = st.lists(st.tuples(DAYS, st.integers(-20, 90)), max_size=30)


def history_of(settlements: list[Settlement]) -> tuple[PaidMonth, ...]:
    history: tuple[PaidMonth, ...] = ()
    for settled, days_late in settlements:
        history = risk.with_settlement(history, settled - timedelta(days=days_late), settled)
    return history


@given(settlement_lists.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_history_does_not_depend_on_the_order(pair: tuple[list[Settlement], list[Settlement]]) -> None:
    assert history_of(pair[0]) == history_of(pair[1])


@given(settlement_lists, DAYS)
def test_later_months_change_nothing(settlements: list[Settlement], as_of: date) -> None:
    known = [some for some in settlements if risk.month_number(some[0]) <= risk.month_number(as_of)]
    with_later = risk.facts_from_history(RiskFacts(), history_of(settlements), as_of)
    assert with_later == risk.facts_from_history(RiskFacts(), history_of(known), as_of)


@given(settlement_lists, st.tuples(DAYS, st.integers(-20, 90)))
def test_a_settlement_taken_back_leaves_no_trace(settlements: list[Settlement], one: Settlement) -> None:
    settled, days_late = one
    due = settled - timedelta(days=days_late)
    assert risk.without_settlement(history_of([*settlements, one]), due, settled) == history_of(settlements)
