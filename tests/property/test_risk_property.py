"""The score stays in its range, is monotone where it claims to be, and never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from duly.domain import payment_history, risk
from duly.domain.payment_history import PaidMonth, Settlement
from duly.domain.policy import default_policy
from duly.domain.risk import RiskFacts

POLICY = default_policy()
SMALL = st.integers(0, 12)
MONEY = st.dictionaries(st.sampled_from(["EUR", "USD", "JPY"]), st.integers(0, 10**12), max_size=3)
DAYS = st.dates(date(2024, 6, 1), date(2026, 5, 31))  # as many months as a history keeps


def settlements(paid_in: st.SearchStrategy[date] = DAYS) -> st.SearchStrategy[Settlement]:
    return st.builds(
        lambda settled, days, minor, currency, disputed: Settlement(
            settled - timedelta(days=days), settled, minor, currency, disputed
        ),
        paid_in,
        st.integers(-60, 200),
        st.integers(0, 10**9),
        st.sampled_from(["EUR", "JPY"]),
        st.booleans(),
    )


settlement_lists = st.lists(settlements(), max_size=30)


def history_of(some: list[Settlement]) -> tuple[PaidMonth, ...]:
    history: tuple[PaidMonth, ...] = ()
    for one in some:
        history = payment_history.with_settlement(history, one)
    return history


LAST_DAY = date(2026, 5, 31)


@st.composite
def facts(draw: st.DrawFn) -> RiskFacts:
    return RiskFacts(
        payments=payment_history.payment_sums(history_of(draw(settlement_lists)), LAST_DAY),
        overdue_minor=draw(MONEY),
        exposure_minor=draw(MONEY),
        limit_minor=draw(MONEY),
        insured_minor=draw(MONEY),
        overdue_items=draw(SMALL),
        oldest_overdue_days=draw(st.integers(0, 4_000)),
        broken_promises=draw(SMALL),
        disputes_lost=draw(SMALL),
        bounced_payments=draw(SMALL),
        relation_days=draw(st.integers(0, 20_000)),
        provisional=draw(st.booleans()),
        invoice_permille=draw(st.integers(0, 8_000)),
        external_permille=draw(st.none() | st.integers(0, 1_000)),
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


@given(facts(), settlement_lists, settlements(), st.integers(1, 90))
def test_an_invoice_paid_later_never_lowers_the_score(
    some: RiskFacts, others: list[Settlement], one: Settlement, more: int
) -> None:
    """The same payment against a due date so much earlier: more days late, all else equal."""
    later = replace(one, due=one.due - timedelta(days=more))
    before, after = (
        risk.log_odds(risk.facts_from_history(some, history_of([*others, paid]), LAST_DAY)) for paid in (one, later)
    )
    assert after >= before


@given(facts(), st.integers(1, 1_000))
def test_longer_and_more_overdue_items_never_lower_the_score(some: RiskFacts, more: int) -> None:
    assert permille(replace(some, oldest_overdue_days=some.oldest_overdue_days + more)) >= permille(some)
    assert permille(replace(some, overdue_items=some.overdue_items + more)) >= permille(some)
    assert permille(replace(some, invoice_permille=some.invoice_permille + more)) >= permille(some)


@given(facts(), st.integers(0, 1_000), st.integers(0, 1_000), MONEY, st.integers(0, 10**12))
def test_outside_opinions_count_in_their_direction(
    some: RiskFacts, one: int, other: int, covered: dict[str, int], more: int
) -> None:
    low, high = sorted((one, other))
    assert permille(replace(some, external_permille=low)) <= permille(replace(some, external_permille=high))
    with_more = {currency: amount + more for currency, amount in covered.items()}
    assert permille(replace(some, insured_minor=with_more)) <= permille(replace(some, insured_minor=covered))


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


@given(settlement_lists.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_history_does_not_depend_on_the_order(pair: tuple[list[Settlement], list[Settlement]]) -> None:
    assert history_of(pair[0]) == history_of(pair[1])


@given(settlement_lists, DAYS)
def test_later_months_change_nothing(some: list[Settlement], as_of: date) -> None:
    this_month = payment_history.month_number(as_of)
    known = [one for one in some if payment_history.month_number(one.settled) <= this_month]
    assert payment_history.payment_sums(history_of(some), as_of) == payment_history.payment_sums(
        history_of(known), as_of
    )


@given(settlement_lists, settlements())
def test_a_settlement_taken_back_leaves_no_trace(some: list[Settlement], one: Settlement) -> None:
    assert payment_history.without_settlement(history_of([*some, one]), one) == history_of(some)
