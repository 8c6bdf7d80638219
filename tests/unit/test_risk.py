"""The first risk score: what it says of plain customers, its reasons, history, exposure and credit hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from duly.domain import risk
from duly.domain.policy import CreditHold, bare_policy, default_policy
from duly.domain.risk import RiskFacts

POLICY = default_policy()
GOOD = RiskFacts(paid=60, late=0, exposure_minor={"EUR": 100_000}, relation_days=900)
LATE = replace(GOOD, late=40, days_late=600, overdue_minor={"EUR": 60_000}, oldest_overdue_days=25)


def test_an_unknown_customer_is_neither_good_nor_bad() -> None:
    found = risk.score(RiskFacts(), POLICY)
    assert (found.permille, found.category) == (354, "B")
    assert [reason.code for reason in found.reasons] == ["young_relation"]


def test_a_good_payer_is_in_the_best_category() -> None:
    found = risk.score(GOOD, POLICY)
    assert found.permille < 150
    assert found.category == "A"
    assert found.reasons[0].code == "pays_on_time"
    assert found.reasons[0].weight < 0


def test_a_late_payer_with_overdue_items_is_in_the_worst() -> None:
    found = risk.score(LATE, POLICY)
    assert found.category == "D"
    assert [reason.code for reason in found.reasons] == ["pays_late", "oldest_overdue", "overdue_share"]
    assert found.reasons[0].words == "66 % of recent invoices were paid late"
    assert [reason.weight for reason in found.reasons] == sorted((r.weight for r in found.reasons), reverse=True)


def test_reasons_are_three_at_most_and_never_without_weight() -> None:
    found = risk.score(replace(LATE, broken_promises=4, disputes_lost=4, bounced_payments=3, provisional=True), POLICY)
    assert len(found.reasons) == 3
    assert all(reason.weight for reason in found.reasons)


@pytest.mark.parametrize(
    "worse",
    [
        replace(GOOD, broken_promises=1),
        replace(GOOD, disputes_lost=1),
        replace(GOOD, bounced_payments=1),
        replace(GOOD, provisional=True),
        replace(GOOD, relation_days=10),
        replace(GOOD, late=6),
        replace(GOOD, late=6, days_late=200),
        replace(GOOD, oldest_overdue_days=20),
        replace(GOOD, overdue_minor={"EUR": 50_000}),
        replace(GOOD, limit_minor={"EUR": 100_000}),
        replace(GOOD, limit_minor={"EUR": 0}),
    ],
)
def test_each_fact_counts(worse: RiskFacts) -> None:
    assert risk.score(worse, POLICY).permille > risk.score(GOOD, POLICY).permille


def test_the_late_ratio_is_drawn_towards_the_prior() -> None:
    assert risk.late_ratio_permille(RiskFacts()) == risk.PRIOR_LATE_PERMILLE
    one_late = risk.late_ratio_permille(RiskFacts(paid=1, late=1))
    many_late = risk.late_ratio_permille(RiskFacts(paid=400, late=400))
    assert risk.PRIOR_LATE_PERMILLE < one_late < 500 < 950 < many_late < 1000


def test_currencies_are_never_added() -> None:
    half = replace(GOOD, overdue_minor={"EUR": 50_000})
    other = replace(half, overdue_minor={"EUR": 50_000, "JPY": 10}, exposure_minor={"EUR": 100_000, "JPY": 1_000_000})
    assert risk.score(half, POLICY).permille == risk.score(other, POLICY).permille


def test_no_more_than_all_can_be_overdue() -> None:
    all_overdue = replace(GOOD, overdue_minor={"EUR": 100_000})
    more_than_open = replace(GOOD, overdue_minor={"EUR": 250_000})
    assert risk.score(all_overdue, POLICY) == risk.score(more_than_open, POLICY)


def test_category_boundaries_belong_to_the_better_category() -> None:
    assert [risk.category_for(score, POLICY) for score in (0, 150, 151, 400, 401, 700, 701, 1000)] == list("AABBCCDD")
    assert risk.category_for(500, bare_policy()) == ""


def test_history_sums_by_month_and_weighs_recent_payments_more() -> None:
    history: tuple[risk.PaidMonth, ...] = ()
    history = risk.with_settlement(history, due=date(2026, 1, 10), settled=date(2026, 1, 20))
    history = risk.with_settlement(history, due=date(2025, 3, 10), settled=date(2025, 3, 10))
    assert [(part.paid_count, part.late_count, part.days_late) for part in history] == [(1, 0, 0), (1, 1, 10)]
    facts = risk.facts_from_history(RiskFacts(), history, date(2026, 2, 1))
    assert (facts.paid, facts.late, facts.days_late) == (4 + 2, 4, 40)


def test_history_after_the_day_asked_about_does_not_count() -> None:
    history = risk.with_settlement((), due=date(2026, 1, 10), settled=date(2026, 3, 20))
    assert risk.facts_from_history(RiskFacts(), history, date(2026, 2, 28)) == RiskFacts()


def test_history_forgets_what_is_two_years_old() -> None:
    history = risk.with_settlement((), due=date(2024, 1, 10), settled=date(2024, 1, 10))
    assert risk.facts_from_history(RiskFacts(), history, date(2025, 12, 31)).paid == 1
    assert risk.facts_from_history(RiskFacts(), history, date(2026, 1, 1)).paid == 0
    assert len(risk.with_settlement(history, due=date(2026, 1, 1), settled=date(2026, 1, 1))) == 1


def test_a_reversed_payment_leaves_the_history_as_it_was() -> None:
    before = risk.with_settlement((), due=date(2026, 1, 10), settled=date(2026, 1, 8))
    after = risk.with_settlement(before, due=date(2026, 1, 1), settled=date(2026, 2, 5))
    assert risk.without_settlement(after, due=date(2026, 1, 1), settled=date(2026, 2, 5)) == before
    assert risk.without_settlement(before, due=date(2020, 1, 1), settled=date(2020, 1, 2)) == before


def test_exposure_per_currency_with_and_without_a_limit() -> None:
    held = risk.exposures({"USD": 500, "EUR": 1_500}, {"EUR": 1_000, "CHF": 200})
    assert [(part.currency, part.open_minor, part.limit_minor, part.headroom_minor) for part in held] == [
        ("CHF", 0, 200, 200),
        ("EUR", 1_500, 1_000, -500),
        ("USD", 500, None, None),
    ]


def test_an_agreed_limit_replaces_the_category_one() -> None:
    assert risk.limit_for(POLICY, "B") == {"EUR": 2_000_000}
    assert risk.limit_for(POLICY, "B", {"EUR": 10, "USD": 5}) == {"EUR": 10, "USD": 5}
    assert risk.limit_for(POLICY, "") == {}


def test_hold_reasons_and_their_boundaries() -> None:
    hold = CreditHold(over_limit=True, overdue_days=45, broken_promises=2)
    at_limit = risk.exposures({"EUR": 1_000}, {"EUR": 1_000})
    over = risk.exposures({"EUR": 1_001}, {"EUR": 1_000})
    assert risk.hold_reasons(hold, at_limit, 44, 1) == ()
    assert risk.hold_reasons(hold, over, 45, 2) == ("over_limit", "overdue_days", "broken_promises")
    assert risk.hold_reasons(bare_policy().risk.hold, over, 4_000, 100) == ()
