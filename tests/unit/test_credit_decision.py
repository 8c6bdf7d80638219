"""The decision on a sale: each rule from both sides of its boundary."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.credit_decision import CreditDecision, Prospect, Sale, decide_credit, decide_prospect
from duly.domain.scoring import rescore
from tests.core_samples import MONDAY, account, customer, invoice, payment, policy, then

DAY = timedelta(days=1)
LATER = MONDAY + 10 * DAY
RULES = """
[risk]
refer_over_percent = 50
[risk.hold]
over_limit = true
overdue_days = 45
broken_promises = 2
[risk.categories.one]
max_score = 1.0
"""
POLICY = policy(RULES + 'terms_days = 30\nlimit = { EUR = "100.00" }\n')


def decided(
    amount_minor: int,
    *events: ev.Event,
    on: date = MONDAY,
    currency: str = "EUR",
    order: str = "",
    rules: object = None,
) -> CreditDecision:
    """The decision on a sale to a customer with these events, scored on the day."""
    found = account(*events)
    rule = rules or POLICY
    found = then(found, rescore(found, rule, on))  # type: ignore[arg-type]
    return decide_credit(found, rule, Sale(amount_minor, currency, on, order))  # type: ignore[arg-type]


def codes(points: tuple[object, ...]) -> list[str]:
    return [point.code for point in points]  # type: ignore[attr-defined]


def override(amount_minor: int = 0, currency: str = "", until: date = LATER, key: str = "OV-1") -> ev.OverrideGranted:
    return ev.OverrideGranted(key, "head of finance", "framework deal", until, MONDAY, amount_minor, currency)


def overdue(amount_minor: int = 1_000, days: int = 45) -> ev.InvoiceRegistered:
    return invoice("RE-12", amount_minor, due=MONDAY - days * DAY)


# --- the limit
@pytest.mark.parametrize(
    ("amount_minor", "outcome", "reasons"),
    [
        (9_000, "approve", ["within_limit"]),
        (9_001, "refer", ["over_limit"]),
        (14_000, "refer", ["over_limit"]),  # the limit and half of it again
        (14_001, "refuse", ["over_limit", "beyond_release"]),
    ],
)
def test_within_the_headroom_beyond_it_and_beyond_what_a_person_may_release(
    amount_minor: int, outcome: str, reasons: list[str]
) -> None:
    made = decided(amount_minor, invoice("I-1", 1_000, due=LATER))
    assert (made.outcome, codes(made.reasons)) == (outcome, reasons)
    assert (made.held.exposure_minor, made.held.limit_minor, made.held.headroom_minor) == (1_000, 10_000, 9_000)


def test_what_is_missing_is_offered_and_makes_it_possible() -> None:
    made = decided(10_200, invoice("I-1", 1_000, due=LATER))
    assert [point.words for point in made.offers] == ["prepay 12.00 EUR", "an override by a person"]
    assert decided(10_200, invoice("I-1", 1_000, due=LATER), payment("T1", 1_200)).outcome == "approve"
    assert decided(10_200, invoice("I-1", 1_000, due=LATER), payment("T1", 1_199)).outcome == "refer"


def test_open_orders_take_headroom_and_the_order_itself_does_not() -> None:
    order = ev.OrderPlaced("O-1", 6_000, "EUR", MONDAY)
    assert decided(4_000, order).outcome == "approve"
    assert decided(4_001, order).outcome == "refer"
    assert decided(10_000, order, order="O-1").outcome == "approve"


def test_a_currency_without_a_limit_is_a_persons_matter() -> None:
    made = decided(1, currency="USD")
    assert (made.outcome, codes(made.reasons), made.held.limit_minor) == ("refer", ["no_limit"], None)
    assert decided(1, rules=policy("[risk.categories.one]\nmax_score = 1.0\n")).outcome == "refer"


def test_covers_count_to_their_last_day() -> None:
    guarantee = ev.CoverSet("K", "guarantee", "EUR", 5_000, LATER, MONDAY)
    assert decided(15_000, guarantee, on=LATER).outcome == "approve"
    assert decided(15_000, guarantee, on=LATER + DAY).outcome == "refer"
    refused = ev.CoverSet("K", "insurance", "EUR", 0, LATER, MONDAY)
    assert decided(1, refused).outcome == "refuse"


# --- the hold
@pytest.mark.parametrize(("days", "outcome"), [(44, "approve"), (45, "refuse")])
def test_an_invoice_overdue_too_long_refuses(days: int, outcome: str) -> None:
    made = decided(1, overdue(days=days))
    assert made.outcome == outcome
    if outcome == "refuse":
        assert codes(made.reasons) == ["hold_overdue_days"]
        assert made.offers[0].words == "pay overdue RE-12 (10.00 EUR)"


def test_a_hold_lifts_with_its_reason() -> None:
    paid = [overdue(), payment("T1", 1_000), ev.AllocationsChanged((ev.Allocation("T1", "RE-12", 1_000),))]
    assert decided(1, *paid).outcome == "approve"


def test_many_overdue_invoices_are_named_in_part_and_summed_whole() -> None:
    made = decided(1, *(invoice(f"RE-{n}", 100, due=MONDAY - 50 * DAY) for n in range(7)))
    assert made.offers[0].words == "pay overdue RE-0, RE-1, RE-2, RE-3, RE-4 and 2 more (7.00 EUR)"


# --- overrides
def test_an_override_lifts_a_hold_until_its_last_day() -> None:
    made = decided(1, overdue(), override())
    assert (made.outcome, made.override, codes(made.conditions)) == (
        "approve_with_conditions",
        "OV-1",
        ["under_override"],
    )
    assert "head of finance" in made.reasons[-1].words and str(LATER) in made.reasons[-1].words
    assert decided(1, overdue(), override(), on=LATER).override == "OV-1"
    assert decided(1, overdue(), override(), on=LATER + DAY).outcome == "refuse"


def test_an_override_that_is_not_needed_is_not_used() -> None:
    made = decided(1, override())
    assert (made.outcome, made.override) == ("approve", "")


@pytest.mark.parametrize(
    ("granted", "outcome"),
    [
        (override(), "approve_with_conditions"),
        (override(10_000, "EUR"), "approve_with_conditions"),
        (override(9_999, "EUR"), "refuse"),
        (override(10_000, "USD"), "refuse"),
    ],
)
def test_an_override_raises_the_limit_by_its_amount_in_its_currency(granted: ev.OverrideGranted, outcome: str) -> None:
    assert decided(20_000, granted).outcome == outcome


def test_of_several_overrides_the_one_that_reaches_furthest_counts() -> None:
    made = decided(20_000, override(1, "EUR"), override(10_000, "EUR", key="OV-2"))
    assert made.override == "OV-2"
    made = decided(20_000, override(10_000, "EUR"), override(key="OV-3"), ev.OverrideEnded("OV-3", "person", MONDAY))
    assert made.override == "OV-1"


def test_an_override_reaches_into_a_currency_without_a_limit() -> None:
    assert decided(50, override(50, "USD"), currency="USD").outcome == "approve_with_conditions"
    assert decided(51, override(50, "USD"), currency="USD").outcome == "refer"


# --- conditions of the category
def category(text: str) -> object:
    return policy(RULES + text)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (30, []),
        (45, []),
        (29, ["payment within 29 days instead of 30"]),
        (0, ["payment at once instead of within 30 days"]),
    ],
)
def test_tighter_terms_than_usual_are_a_condition(days: int, expected: list[str]) -> None:
    rules = category(f'terms_days = {days}\nlimit = {{ EUR = "100.00" }}\n')
    made = decided(1, rules=rules)
    assert (made.terms_days, [point.words for point in made.conditions]) == (days, expected)
    agreed = decided(1, customer(terms_days=7), rules=rules)
    assert (agreed.terms_days, agreed.conditions) == (7, ())


@pytest.mark.parametrize(
    ("security", "words"),
    [
        ("prepayment", "prepay 20.00 EUR"),
        ("guarantee", "a guarantee over 30.00 EUR"),
        ("deposit", "a deposit of 30.00 EUR"),
        ("retention_of_title", "title to the goods stays with the seller until they are paid"),
    ],
)
def test_a_category_asks_for_its_security(security: str, words: str) -> None:
    rules = category(f'terms_days = 30\nsecurity = "{security}"\nlimit = {{ EUR = "100.00" }}\n')
    made = decided(2_000, invoice("I-1", 1_000, due=LATER), rules=rules)
    assert (made.outcome, made.security) == ("approve_with_conditions", security)
    assert [(point.code, point.words) for point in made.conditions] == [(security, words)]


@pytest.mark.parametrize(("deposit_minor", "conditions"), [(2_000, []), (1_999, ["deposit"])])
def test_security_that_covers_everything_is_enough(deposit_minor: int, conditions: list[str]) -> None:
    rules = category('terms_days = 30\nsecurity = "deposit"\nlimit = { EUR = "100.00" }\n')
    events = [
        invoice("I-1", 1_000, due=LATER),
        payment("T1", 1_000),
        ev.CoverSet("K", "deposit", "EUR", deposit_minor, None, MONDAY),
    ]
    assert codes(decided(2_000, *events, rules=rules).conditions) == conditions


def test_a_customer_who_must_prepay_is_told_how_much_and_then_served() -> None:
    rules = category('terms_days = 30\nsecurity = "prepayment"\nlimit = { EUR = "0.00" }\n')
    made = decided(2_000, rules=rules)
    assert (made.outcome, made.offers[0].words) == ("refuse", "prepay 20.00 EUR")
    assert decided(2_000, payment("T1", 2_000), rules=rules).outcome == "approve"


def test_a_provisional_customer_completes_its_record() -> None:
    assert codes(decided(1, customer(provisional=True)).conditions) == ["complete_record"]


# --- prospects
SHIPPED = policy()


def prospect(amount_minor: int, external: int | None = None, rules: object = SHIPPED) -> CreditDecision:
    return decide_prospect(Prospect(external), rules, Sale(amount_minor, "EUR", MONDAY))  # type: ignore[arg-type]


def test_a_prospect_gets_half_the_limit_and_never_without_conditions() -> None:
    assert (prospect(5_000, rules=POLICY).outcome, codes(prospect(5_000, rules=POLICY).conditions)) == (
        "approve_with_conditions",
        ["complete_record"],
    )
    assert prospect(5_001, rules=POLICY).outcome == "refer"


def test_an_external_score_moves_a_prospect() -> None:
    good, unknown, bad = prospect(100, 0), prospect(100), prospect(100, 1000)
    assert good.score.permille < unknown.score.permille < bad.score.permille
    assert good.held.limit_minor is not None and bad.held.limit_minor is not None
    assert good.held.limit_minor >= bad.held.limit_minor


def test_the_decision_names_its_policy_and_figures() -> None:
    found: Account = account(invoice("I-1", 1_000, due=LATER))
    found = then(found, rescore(found, POLICY, MONDAY))
    made = decide_credit(found, POLICY, Sale(1, "EUR", MONDAY))
    assert (made.policy, made.score.category) == (POLICY.version, "one")
    assert made.score.permille == found.header.score_permille
