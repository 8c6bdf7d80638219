"""The risk score: what it says of plain customers, its reasons, history, exposure and credit hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.domain import payment_history as history_of_payments
from duly.domain import risk
from duly.domain.payment_history import PaidMonth, PaymentSums, Settlement
from duly.domain.policy import CreditHold, bare_policy, default_policy
from duly.domain.risk import RiskFacts
from duly.domain.risk_model import Portfolio, chance_of, permille_log_odds, recent_habit, unknown_habit
from duly.domain.risk_shipped import SHIPPED

POLICY = default_policy()
AS_OF = date(2026, 3, 15)


def paid(*days_late: int, as_of: date = AS_OF, amount_minor: int = 10_000, disputed: bool = False) -> RiskFacts:
    """Facts of invoices settled so many days after their due date, one every fortnight back from ``as_of``."""
    history: tuple[PaidMonth, ...] = ()
    for number, days in enumerate(days_late):
        settled = as_of - timedelta(days=14 * number + 1)
        one = Settlement(settled - timedelta(days=days), settled, amount_minor, "EUR", disputed)
        history = history_of_payments.with_settlement(history, one)
    facts = RiskFacts(exposure_minor={"EUR": 100_000}, relation_days=900)
    return risk.facts_from_history(facts, history, as_of)


GOOD = paid(*[-8] * 20)
LATE = replace(paid(*[12, 20, 3] * 6), overdue_minor={"EUR": 60_000}, overdue_items=2, oldest_overdue_days=25)


def permille(facts: RiskFacts) -> int:
    return risk.score(facts, POLICY).permille


def test_an_unknown_customer_is_about_as_bad_as_the_usual_one() -> None:
    found = risk.score(RiskFacts(), POLICY)
    assert abs(found.permille - SHIPPED.portfolio.late_permille) < 60
    assert found.category == "B"
    assert [reason.code for reason in found.reasons] == ["young_relation"]


def test_a_good_payer_is_in_the_best_category() -> None:
    found = risk.score(GOOD, POLICY)
    assert found.permille < 100
    assert found.category == "A"
    assert found.reasons[0].code == "pays_on_time"
    assert found.reasons[0].weight < 0
    assert found.reasons[0].words == "0 % of recent invoices were paid late, on average 8 days before the due date"


def test_who_always_pays_on_the_due_date_is_good_too() -> None:
    """The habit alone would call it a coin's toss; that it was never late says otherwise."""
    assert risk.score(paid(*[0] * 40), POLICY).category == "A"


def test_a_late_payer_with_overdue_items_is_in_the_worst() -> None:
    found = risk.score(LATE, POLICY)
    assert found.category == "D"
    assert [reason.code for reason in found.reasons] == ["pays_late", "oldest_overdue", "overdue_items"]
    assert found.reasons[0].words == "100 % of recent invoices were paid late, on average 12 days after the due date"
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
        replace(GOOD, overdue_items=1),
        replace(GOOD, oldest_overdue_days=20),
        replace(GOOD, overdue_minor={"EUR": 50_000}),
        replace(GOOD, limit_minor={"EUR": 100_000}),
        replace(GOOD, limit_minor={"EUR": 0}),
        replace(GOOD, insured_minor={"EUR": 0}),
        replace(GOOD, external_permille=800),
        replace(GOOD, invoice_permille=4000),
        paid(5, *[-8] * 19),
        paid(*[-7] * 20),
        paid(*[-8] * 10, *[-8] * 9, 30),
    ],
)
def test_each_fact_counts(worse: RiskFacts) -> None:
    assert risk.log_odds(worse) > risk.log_odds(GOOD)


@pytest.mark.parametrize("better", [replace(GOOD, insured_minor={"EUR": 100_000}), replace(GOOD, external_permille=50)])
def test_cover_and_a_good_external_score_count_the_other_way(better: RiskFacts) -> None:
    assert risk.log_odds(better) < risk.log_odds(GOOD)


def test_what_is_not_given_has_no_weight_and_is_no_reason() -> None:
    given = {reason.code: reason.weight for reason in risk.contributions(GOOD, SHIPPED)}
    assert (given["external_score"], given["insurance"], given["invoice_size"], given["limit_use"]) == (0, 0, 0, 0)


def test_a_payer_who_slows_down_is_told_by_its_trend() -> None:
    slowing = paid(*[4] * 6, *[-12] * 20)
    trend = next(reason for reason in risk.contributions(slowing, SHIPPED) if reason.code == "pays_later")
    assert trend.weight > 0
    assert (
        trend.words
        == "recently invoices are paid 5 days before the due date, over two years 7 days before the due date"
    )
    quickening = {reason.code for reason in risk.contributions(paid(*[-12] * 6, *[4] * 20), SHIPPED)}
    assert "pays_sooner" in quickening


def test_days_late_in_a_dispute_count_as_the_disputes_not_as_the_habit() -> None:
    plain, disputed = paid(*[4] * 10), paid(*[4] * 10, disputed=True)
    of_plain, of_disputed = (recent_habit(SHIPPED.portfolio, facts.payments) for facts in (plain, disputed))
    assert of_disputed.undisputed < of_plain.undisputed
    assert of_disputed.total - of_disputed.undisputed > of_plain.total - of_plain.undisputed


def test_a_customer_without_disputes_is_not_said_to_have_some() -> None:
    found = {reason.code: reason.words for reason in risk.contributions(paid(*[4] * 10), SHIPPED)}
    assert found["few_disputes"] == "hardly any invoice was disputed" and "disputes" not in found
    found = {reason.code: reason.words for reason in risk.contributions(paid(*[4] * 10, disputed=True), SHIPPED)}
    assert found["disputes"] == "100 % of invoices were disputed, which delays payment"


def test_one_is_told_in_the_singular() -> None:
    facts = RiskFacts(overdue_minor={"EUR": 1}, exposure_minor={"EUR": 100}, overdue_items=1, oldest_overdue_days=1)
    told = {reason.code: reason.words for reason in risk.score(facts, POLICY).reasons}
    assert told["overdue_items"] == "1 open invoice is overdue"
    several = risk.score(replace(facts, overdue_items=2), POLICY).reasons
    assert "2 open invoices are overdue" in [reason.words for reason in several]
    new = risk.score(RiskFacts(), POLICY).reasons
    assert "a new customer" in [reason.words for reason in new]


def test_every_reason_has_short_words() -> None:
    codes = {
        reason.code for facts in (paid(*[4] * 10), paid(*[-12] * 10)) for reason in risk.contributions(facts, SHIPPED)
    }
    assert codes - {"habit", "late_ratio", "days_late"} <= risk.REASON_WORDS.keys()
    assert risk.reason_words(["pays_late", "an_older_code"]) == "pays late, an older code"


def test_a_large_invoice_paid_late_counts_more_than_a_small_one() -> None:
    late, in_time = AS_OF - timedelta(days=1), AS_OF - timedelta(days=15)

    def facts(late_minor: int, in_time_minor: int) -> RiskFacts:
        history = history_of_payments.with_settlement((), Settlement(late - timedelta(9), late, late_minor, "EUR"))
        punctual = Settlement(in_time, in_time, in_time_minor, "EUR")
        return risk.facts_from_history(RiskFacts(), history_of_payments.with_settlement(history, punctual), AS_OF)

    assert permille(facts(90_000, 10_000)) > permille(facts(10_000, 90_000))


def test_the_late_ratio_is_drawn_towards_the_portfolio() -> None:
    usual = SHIPPED.portfolio.late_permille
    assert risk.late_ratio_permille(RiskFacts()) == usual
    one_late = risk.late_ratio_permille(RiskFacts(payments=PaymentSums(paid=100, late=100, late_by_amount=100)))
    many_late = risk.late_ratio_permille(RiskFacts(payments=PaymentSums(paid=9000, late=9000, late_by_amount=9000)))
    assert usual < one_late < 700 < 950 < many_late < 1000


def test_chances_and_their_log_odds() -> None:
    assert [chance_of(log_odds, 1000) for log_odds in (-20_000, -2_197, 0, 2_197, 20_000)] == [0, 100, 500, 900, 1000]
    assert [permille_log_odds(part) for part in (500, 100, 900)] == [0, -2197, 2197]
    assert permille_log_odds(0) == -permille_log_odds(1000) == -7600
    assert chance_of(unknown_habit(Portfolio()).total, 1000) == 435


def test_the_amount_of_an_invoice_is_held_against_the_usual_one() -> None:
    assert risk.invoice_permille(GOOD, 25_000, "EUR") == 2_500
    assert risk.invoice_permille(GOOD, 10**9, "EUR") == risk.MAX_SIZE_PERMILLE
    assert risk.invoice_permille(GOOD, 25_000, "USD") == 0


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


def settled(due: date, on: date, amount_minor: int = 0, disputed: bool = False) -> Settlement:
    return Settlement(due, on, amount_minor, "EUR", disputed)


def test_history_sums_by_month_and_weighs_recent_payments_more() -> None:
    history: tuple[PaidMonth, ...] = ()
    history = history_of_payments.with_settlement(history, settled(date(2026, 1, 10), date(2026, 1, 20), 500, True))
    history = history_of_payments.with_settlement(history, settled(date(2025, 2, 10), date(2025, 2, 10), 300))
    assert [(part.paid_count, part.late_count, part.days_late) for part in history] == [(1, 0, 0), (1, 1, 10)]
    sums = risk.facts_from_history(RiskFacts(), history, date(2026, 2, 1)).payments
    assert (sums.paid, sums.late, sums.days_late, sums.habit_days, sums.disputed) == (50 + 94, 94, 940, 940, 94)
    assert (sums.recent_paid, sums.recent_days, sums.recent_disputed) == (12 + 84, 840, 84)
    assert sums.usual_minor == {"EUR": (94 * 500 + 50 * 300) // (94 + 50)}
    assert sums.late_by_amount == (94 + 50) * (94 * 500) // (94 * 500 + 50 * 300)


def test_early_days_count_for_the_habit_within_bounds() -> None:
    history = history_of_payments.with_settlement((), settled(date(2026, 1, 20), date(2026, 1, 10)))
    history = history_of_payments.with_settlement(history, settled(date(2025, 1, 20), date(2026, 1, 10)))
    assert [(part.days_late, part.habit_days) for part in history] == [(120, -10 + 45)]


def test_history_after_the_day_asked_about_does_not_count() -> None:
    history = history_of_payments.with_settlement((), settled(date(2026, 1, 10), date(2026, 3, 20)))
    assert risk.facts_from_history(RiskFacts(), history, date(2026, 2, 28)) == RiskFacts()


def test_history_forgets_what_is_two_years_old() -> None:
    history = history_of_payments.with_settlement((), settled(date(2024, 1, 10), date(2024, 1, 10)))
    assert risk.facts_from_history(RiskFacts(), history, date(2025, 12, 31)).payments.paid > 0
    assert risk.facts_from_history(RiskFacts(), history, date(2026, 1, 1)).payments.paid == 0
    later = settled(date(2026, 1, 1), date(2026, 1, 1))
    assert len(history_of_payments.with_settlement(history, later)) == 1


def test_a_reversed_payment_leaves_the_history_as_it_was() -> None:
    before = history_of_payments.with_settlement((), settled(date(2026, 1, 10), date(2026, 1, 8), 100))
    other = settled(date(2026, 1, 1), date(2026, 2, 5), 700, True)
    after = history_of_payments.with_settlement(before, other)
    assert history_of_payments.without_settlement(after, other) == before
    assert history_of_payments.without_settlement(before, settled(date(2020, 1, 1), date(2020, 1, 2))) == before


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
