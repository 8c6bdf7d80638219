"""Terms, limits, exposure, the hold, and what time does to them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import next_moments
from duly.domain.credit import (
    BROKEN_PROMISE_DAYS,
    category_on,
    credit_days,
    credit_from,
    credit_left,
    default_days,
    exposures_on,
    limits_on,
    offered_days,
    review_day,
)
from duly.domain.scoring import facts_of, rescore
from duly.domain.upkeep import upkeep
from tests.core_samples import MONDAY, NOON, POLICY, account, customer, invoice, payment, policy, then

DAY = timedelta(days=1)
LATER = MONDAY + 10 * DAY
STEADY = policy(
    "[risk]\nreview_days = 30\n[risk.categories.all]\nmax_score = 1.0\nterms_days = 14\nreview_days = 60\n"
    'limit = { EUR = "100.00" }\n[risk.hold]\nover_limit = true\noverdue_days = 45\nbroken_promises = 2\n'
)


def category(name: str, on: date, before: str = "") -> ev.CategoryChanged:
    return ev.CategoryChanged(before, name, ("pays_late",), 500, "v", on)


def cover(
    kind: str, amount_minor: int, until: date | None = LATER, key: str = "K", currency: str = "EUR"
) -> ev.CoverSet:
    return ev.CoverSet(key, kind, currency, amount_minor, until, MONDAY, "finance")


def order(key: str, amount_minor: int, currency: str = "EUR", **rest: object) -> ev.OrderPlaced:
    return ev.OrderPlaced(key, amount_minor, currency, MONDAY, **rest)  # type: ignore[arg-type]


def scored(found: Account, on: date = MONDAY) -> Account:
    return then(found, rescore(found, STEADY, on))


# --- terms
def test_without_a_category_the_policys_days_count() -> None:
    assert default_days(account(), POLICY, MONDAY) == 30


def test_a_change_of_category_counts_for_sales_of_the_next_day() -> None:
    found = account(category("A", MONDAY - 5 * DAY), category("C", MONDAY))
    days = [default_days(found, POLICY, MONDAY + offset * DAY) for offset in (-5, -4, 0, 1)]
    assert days == [30, 45, 45, 14]
    assert offered_days(found, POLICY) == 14


def test_what_a_day_ends_with_does_not_depend_on_what_came_between() -> None:
    straight = account(category("A", MONDAY), category("B", LATER))
    back_and_forth = account(category("C", MONDAY), category("A", MONDAY), category("C", LATER), category("B", LATER))
    assert straight.header.category_history == back_and_forth.header.category_history
    assert category_on(straight, LATER) == "A"


def test_agreed_terms_come_first() -> None:
    found = account(customer(terms_days=60), category("C", MONDAY - DAY))
    assert (default_days(found, POLICY, MONDAY), offered_days(found, POLICY)) == (60, 60)
    at_once = account(customer(terms_days=0))
    assert default_days(at_once, POLICY, MONDAY) == 0


def test_a_category_that_the_policy_no_longer_has_gives_the_policys_days() -> None:
    assert default_days(account(category("gone", MONDAY - DAY)), POLICY, MONDAY) == 30


# --- limits and covers
@pytest.mark.parametrize(
    ("covers", "expected"),
    [
        ((), 500_000),
        ((cover("insurance", 900_000),), 900_000),
        ((cover("insurance", 0),), 0),
        ((cover("guarantee", 100_000),), 600_000),
        ((cover("insurance", 200_000), cover("deposit", 50_000, key="D")), 250_000),
        ((cover("insurance", 200_000), cover("insurance", 100_000, key="D")), 300_000),
        ((cover("insurance", 900_000), cover("insurance", 700_000)), 700_000),
    ],
)
def test_covers_raise_or_cap_the_limit(covers: tuple[ev.CoverSet, ...], expected: int) -> None:
    assert limits_on(account(*covers), POLICY, "C", LATER) == {"EUR": expected}


def test_a_cover_ends_with_its_last_day_and_one_without_end_never() -> None:
    found = account(cover("insurance", 0), cover("deposit", 7, None, "D"))
    assert limits_on(found, POLICY, "C", LATER) == {"EUR": 7}
    assert limits_on(found, POLICY, "C", LATER + DAY) == {"EUR": 500_007}


def test_an_agreed_limit_replaces_the_categorys_and_currencies_stay_apart() -> None:
    found = account(customer(limit_minor={"EUR": 100, "USD": 200}), cover("deposit", 5, currency="CHF"))
    assert limits_on(found, POLICY, "C", LATER) == {"EUR": 100, "USD": 200, "CHF": 5}


def test_limit_cover_and_external_score_enter_the_score() -> None:
    found = account(customer(limit_minor={"EUR": 100}, external_permille=700), cover("insurance", 50), invoice("I-1"))
    facts = facts_of(found, LATER)
    assert (facts.limit_minor, facts.insured_minor, facts.external_permille) == ({"EUR": 100}, {"EUR": 50}, 700)
    assert facts_of(found, LATER + DAY).insured_minor == {}


# --- exposure
def one(found: Account, day: date = MONDAY, without: str = "") -> tuple[int, int, int, int | None]:
    (held,) = exposures_on(found, STEADY, "all", day, without)
    return held.open_minor, held.orders_minor, held.unapplied_minor, held.headroom_minor


def test_exposure_is_open_invoices_and_open_orders_and_money_ahead_widens_the_headroom() -> None:
    found = account(invoice("I-1", 3_000), order("O-1", 2_000), order("O-2", 500), payment("T1", 700))
    assert one(found) == (3_000, 2_500, 700, 5_200)
    assert one(found, without="O-1") == (3_000, 500, 700, 7_200)


def test_an_invoice_uses_its_order_up_and_a_part_leaves_the_rest() -> None:
    found = account(order("O-1", 2_000), invoice("I-1", 1_500, order="O-1"))
    assert one(found)[:2] == (1_500, 500)
    found = then(found, [invoice("I-2", 600, order="O-1")])
    assert one(found)[:2] == (2_100, 0)
    assert found.orders["O-1"].state == "invoiced"


def test_an_order_known_after_its_invoices_counts_as_if_before() -> None:
    before = account(order("O-1", 2_000), invoice("I-1", 1_500, order="O-1"))
    after = account(invoice("I-1", 1_500, order="O-1"), order("O-1", 2_000, invoiced_minor=1_500))
    assert one(before) == one(after)
    whole = account(invoice("I-1", 2_000, order="O-1"), order("O-1", 2_000, invoiced_minor=2_000))
    assert whole.orders["O-1"].state == "invoiced"


def test_an_invoice_in_another_currency_or_of_an_ended_order_uses_nothing_up() -> None:
    other = account(order("O-1", 2_000), invoice("I-1", 1_500, order="O-1", currency="USD"))
    assert other.orders["O-1"].remaining_minor == 2_000
    ended = account(order("O-1", 2_000), ev.OrderEnded("O-1", "cancelled", MONDAY), invoice("I-1", 900, order="O-1"))
    assert (ended.orders["O-1"].state, ended.orders["O-1"].invoiced_minor) == ("cancelled", 0)
    assert one(ended)[:2] == (900, 0)


# --- category, hold, reviews
def test_a_policy_that_moves_the_categories_is_named_as_the_reason() -> None:
    found = scored(account(invoice("I-1")))
    moved = policy("[risk.categories.other]\nmax_score = 1.0\n")
    changes = [event for event in rescore(found, moved, LATER - 10 * DAY) if isinstance(event, ev.CategoryChanged)]
    assert [(change.before, change.after, change.reasons[0]) for change in changes] == [
        ("all", "other", "policy_changed")
    ]


def test_the_hold_comes_and_lifts_with_its_reason() -> None:
    over = scored(account(invoice("I-1", 10_001, due=LATER)))
    assert over.header.credit_hold == ("over_limit",)
    covered = scored(then(over, [cover("guarantee", 1)]))
    assert covered.header.credit_hold == ()
    assert scored(then(covered, [ev.CoverEnded("K", "person", MONDAY)])).header.credit_hold == ("over_limit",)
    assert scored(account(invoice("I-1", 10_000, due=LATER))).header.credit_hold == ()


def test_an_order_alone_can_pass_the_limit() -> None:
    found = scored(account(order("O-1", 10_001)))
    assert found.header.credit_hold == ("over_limit",)
    assert scored(then(found, [ev.OrderEnded("O-1", "cancelled", MONDAY)])).header.credit_hold == ()


def test_the_hold_for_days_overdue_comes_on_its_day_and_the_agenda_knows_it() -> None:
    found = scored(account(invoice("I-1", 100)))
    assert found.header.credit_hold == ()
    reached = MONDAY + 45 * DAY
    assert reached in credit_days(found, STEADY)
    assert scored(found, reached - DAY).header.credit_hold == ()
    held = scored(found, reached)
    assert held.header.credit_hold == ("overdue_days",)
    assert reached not in credit_days(held, STEADY)


def test_a_direct_debit_that_nobody_collected_is_no_reason_for_a_hold_until_it_came_back() -> None:
    reached = MONDAY + 45 * DAY
    found = scored(account(invoice("I-1", 100, means="direct_debit")))
    assert reached not in credit_days(found, STEADY)
    assert scored(found, reached).header.credit_hold == ()
    back = then(found, [ev.DebitReturned("I-1", MONDAY)])
    assert reached in credit_days(back, STEADY)
    assert scored(back, reached).header.credit_hold == ("overdue_days",)


def test_broken_promises_hold_and_are_forgotten() -> None:
    def broken(key: str, on: date) -> list[ev.Event]:
        return [ev.PromiseMade(key, (), on, on, on), ev.PromiseSettled(key, "broken", on)]

    once = scored(account(*broken("P1", MONDAY)))
    assert once.header.credit_hold == ()
    twice = scored(then(once, broken("P2", LATER)), LATER)
    assert twice.header.credit_hold == ("broken_promises",)
    forgotten = MONDAY + BROKEN_PROMISE_DAYS * DAY
    assert forgotten in credit_days(twice, STEADY)
    assert scored(twice, forgotten - DAY).header.credit_hold == ("broken_promises",)
    assert scored(twice, forgotten).header.credit_hold == ()


def test_an_account_without_news_is_scored_again_on_its_day() -> None:
    found = scored(account())
    due = MONDAY + 30 * DAY
    assert due in credit_days(found, STEADY)
    reviewed = then(found, [ev.ScoreReviewed(due)])
    assert reviewed.header.scored_on == due and due + 30 * DAY in credit_days(reviewed, STEADY)


def test_a_review_that_finds_nothing_new_is_an_event_of_its_own() -> None:
    found = scored(account())
    assert rescore(found, STEADY, MONDAY + 29 * DAY) == []
    assert rescore(found, STEADY, MONDAY + 30 * DAY) == [ev.ScoreReviewed(MONDAY + 30 * DAY, STEADY.version)]


def test_an_account_that_was_merged_away_has_no_score_of_its_own() -> None:
    assert rescore(account(invoice("I-1"), ev.AccountMerged("A-2")), STEADY, LATER) == []


def test_a_category_asks_a_person_to_review_and_asks_once() -> None:
    found = scored(account())
    due = MONDAY + 60 * DAY
    assert review_day(found, STEADY) == due and due in credit_days(found, STEADY)
    assert upkeep(found, STEADY, NOON + 59 * DAY) == []
    (opened,) = upkeep(found, STEADY, NOON + 60 * DAY)
    assert isinstance(opened, ev.TaskOpened) and opened.kind == "credit_review"
    asked = then(found, [opened])
    assert review_day(asked, STEADY) is None
    done = then(asked, [ev.TaskClosed(opened.task, "stays")])
    assert review_day(done, STEADY) == due + 60 * DAY
    assert review_day(found, POLICY) is None


def test_what_is_over_ends_by_its_day_and_the_agenda_knows_the_day() -> None:
    found = account(
        cover("insurance", 5),
        ev.OverrideGranted("OV-1", "finance", "talks", LATER, MONDAY),
        order("O-1", 5, until=LATER),
    )
    assert upkeep(found, POLICY, NOON + 10 * DAY) == []
    ended = upkeep(found, POLICY, NOON + 11 * DAY)
    assert {type(event).__name__ for event in ended} == {"CoverEnded", "OverrideEnded", "OrderEnded"}
    after = then(found, ended)
    assert (after.header.covers, after.live("overrides"), after.live("orders")) == ((), [], [])
    assert credit_days(found, POLICY) == [LATER + DAY] * 3
    moments = next_moments(found, POLICY, NOON, frozenset())
    assert moments.upkeep_at is not None and moments.upkeep_at.date() == LATER  # midnight in Berlin, in UTC


def test_a_hold_starts_and_stops_no_chase() -> None:
    found = account(invoice("I-1", 100))
    held = then(found, [ev.CreditHoldChanged(("over_limit",), MONDAY)])
    plain = next_moments(found, POLICY, NOON, frozenset())
    assert next_moments(held, POLICY, NOON, frozenset()) == plain


def test_credit_moves_with_its_account_once() -> None:
    source = account(
        order("O-1", 2_000),
        invoice("I-1", 500, order="O-1"),
        order("O-2", 9),
        ev.OrderEnded("O-2", "cancelled", MONDAY),
        cover("deposit", 5),
        ev.OverrideGranted("OV-1", "finance", "talks", LATER, MONDAY, 7, "EUR"),
    )
    target = account(customer(customer="C-2"))
    events = credit_from(source, target)
    moved = then(target, events)
    assert {key: one.remaining_minor for key, one in moved.orders.items()} == {"O-1": 1_500}
    assert moved.header.covers == source.header.covers
    (override,) = moved.live("overrides")
    assert (override.key, override.amount_minor, override.until) == (f"OV-1@{source.id}", 7, LATER)
    assert credit_from(source, moved) == []
    left = then(source, credit_left(source, LATER))
    assert (left.live("orders"), left.header.covers, left.live("overrides")) == ([], (), [])
    assert credit_left(left, LATER) == []
