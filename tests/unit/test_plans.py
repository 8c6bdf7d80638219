"""Payment plans and promises: cash alone decides them, a dispute ends them, a broken one hastens the next step."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import next_moments
from duly.domain.cash import receive, settle_words, withdraw
from duly.domain.cash_rules import cash_rules
from duly.domain.charges_due import demand_charges
from duly.domain.gates import item_gate
from duly.domain.plans import MAX_PLAN_ITEMS, cancel_words, make_plan, make_promise, next_plan_day
from duly.domain.scoring import facts_of
from duly.domain.upkeep import upkeep
from tests.core_samples import MONDAY, NOON, POLICY, account, invoice, payment, policy, then

SCENARIO = POLICY.scenario_for("standard")
FIRST, SECOND = MONDAY + timedelta(days=10), MONDAY + timedelta(days=40)
GRACE = POLICY.promises.grace_days


def planned(*names: str, instalments: tuple[tuple[date, int], ...] = ((FIRST, 6_000), (SECOND, 4_000))) -> Account:
    """An account whose invoice I-1 over 100.00 is paid in two instalments."""
    found = account(invoice("I-1"), invoice("I-2"))
    return then(found, make_plan(found, "Z", names or ("I-1",), instalments, POLICY, MONDAY, "ada"))


def paid(found: Account, key: str, minor: int, day: date, name: str = "I-1") -> Account:
    return then(found, receive(found, payment(key, minor, [name], day), day))


def on(found: Account, day: date) -> Account:
    return then(found, settle_words(found, day, final=True))


def gate(found: Account, key: str, day: date = MONDAY) -> str:
    return item_gate(found, found.items[key], SCENARIO, day)


# --- plans
def test_a_plan_holds_its_items_and_no_others() -> None:
    found = planned()
    assert (gate(found, "I-1"), gate(found, "I-2")) == ("in_plan", "")


def test_a_plan_is_kept_when_each_instalment_comes_by_its_day_and_grace() -> None:
    found = paid(planned(), "T1", 6_000, FIRST)
    assert on(found, FIRST + timedelta(days=GRACE + 1)).plans["Z"].state == "open"
    found = paid(found, "T2", 4_000, SECOND + timedelta(days=GRACE))
    assert found.plans["Z"].state == "kept"
    assert found.header.behaviour.promises_kept == 1


@pytest.mark.parametrize(("days", "state"), [(GRACE, "open"), (GRACE + 1, "broken")])
def test_a_missed_instalment_breaks_the_plan_the_day_after_its_grace(days: int, state: str) -> None:
    found = on(paid(planned(), "T1", 5_999, FIRST), FIRST + timedelta(days=days))
    assert found.plans["Z"].state == state


def test_a_broken_plan_counts_as_a_broken_promise_and_hastens_its_items_alone() -> None:
    day = FIRST + timedelta(days=GRACE + 1)
    found = on(planned(), day)
    assert (found.items["I-1"].hastened_on, found.items["I-2"].hastened_on) == (day, None)
    assert facts_of(found, day).broken_promises == 1 and found.header.broken_on == (day,)
    assert gate(found, "I-1", day) == ""


def test_what_was_paid_too_early_counts_for_the_next_instalment() -> None:
    found = paid(planned(), "T1", 9_000, MONDAY)
    assert on(found, FIRST + timedelta(days=30)).plans["Z"].state == "open"
    assert next_plan_day(found, found.plans["Z"]) == SECOND + timedelta(days=GRACE + 1)


def test_a_payment_that_came_back_no_longer_counts() -> None:
    found = paid(planned(), "T1", 6_000, FIRST)
    found = then(found, withdraw(found, "T1", "returned"))
    assert on(found, FIRST + timedelta(days=GRACE + 1)).plans["Z"].state == "broken"


def test_a_cancelled_invoice_ends_the_plan_and_blames_nobody() -> None:
    found = then(planned(), [ev.InvoiceCancelled("I-1", "wrong", MONDAY, line=99, currency="EUR")])
    found = on(found, SECOND)
    assert found.plans["Z"].state == "cancelled" and found.header.behaviour.promises_broken == 0


def test_costs_that_a_payment_settles_first_count_as_paid() -> None:
    rules = policy('[cash]\ndebt_order = ["costs", "interest", "principal"]\n')
    found = account(invoice("I-1"))
    found = then(found, demand_charges(found, "I-1", (ev.Charge("costs~1~1", "costs", 500, MONDAY),)))
    both = ((FIRST, 5_000), (SECOND, 5_500))
    found = then(found, make_plan(found, "Z", ("I-1",), both, rules, MONDAY, "ada"))
    found.rules_of = lambda: cash_rules(rules)
    found = paid(found, "T1", 5_000, FIRST)
    assert found.items["I-1"].outstanding_minor == 5_500, "costs came first"
    assert on(found, FIRST + timedelta(days=GRACE + 1)).plans["Z"].state == "open"
    assert paid(found, "T2", 5_500, SECOND).plans["Z"].state == "kept"


def test_the_order_of_payments_of_a_day_decides_nothing() -> None:
    late = FIRST + timedelta(days=GRACE + 1)
    outcomes = set()
    for order in permutations([("T1", 2_000), ("T2", 3_000), ("T3", 1_000)]):
        found = planned()
        for key, minor in order:
            found = paid(found, key, minor, late)
        outcomes.add(on(found, late).plans["Z"].state)
    assert outcomes == {"open"}


def test_the_agenda_looks_again_on_the_day_on_which_a_plan_would_break() -> None:
    found = planned()
    due = next_moments(found, POLICY, NOON, frozenset()).upkeep_at
    assert due == datetime(2026, 3, 14, 23, 0, tzinfo=UTC)  # midnight in Berlin, 12 March and 2 days of grace
    assert [type(event).__name__ for event in upkeep(found, POLICY, due)][0] == "PlanSettled"
    assert not [
        event for event in upkeep(found, POLICY, due - timedelta(minutes=1)) if isinstance(event, ev.PlanSettled)
    ]


def test_a_plan_stands_for_promises_about_its_invoices() -> None:
    found = account(invoice("I-1"))
    found = then(found, make_promise(found, "P", ("I-1",), FIRST, 0, POLICY, MONDAY, "ada"))
    found = then(found, make_plan(found, "Z", ("I-1",), ((FIRST, 10_000),), POLICY, MONDAY, "ada"))
    assert found.promises["P"].state == "cancelled" and found.header.behaviour.promises_broken == 0


@pytest.mark.parametrize(
    ("instalments", "names", "words"),
    [
        (((FIRST, 10_001),), ("I-1",), "100.00 EUR together"),
        (((FIRST, 5_000), (FIRST, 5_000)), ("I-1",), "rising days"),
        (((MONDAY - timedelta(days=1), 10_000),), ("I-1",), "rising days"),
        (((FIRST, 10_000), (SECOND, 0)), ("I-1",), "over an amount"),
        ((), ("I-1",), "instalments"),
        (((FIRST, 10_000),), ("I-9",), "no open invoice I-9"),
        (((FIRST, 20_000),), ("I-1", "I-3"), "one currency"),
        (((FIRST, 10_000),), ("I-4",), "disputed already"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(
    instalments: tuple[tuple[date, int], ...], names: tuple[str, ...], words: str
) -> None:
    dispute = ev.DisputeOpened("D", ("I-4",), "price", "default", FIRST, MONDAY)
    found = account(invoice("I-1"), invoice("I-3", currency="USD"), invoice("I-4"), dispute)
    with pytest.raises((LookupError, ValueError), match=words):
        make_plan(found, "Z", names, instalments, POLICY, MONDAY, "ada")


def test_an_invoice_is_in_one_plan_at_a_time_and_not_promised_beside_it() -> None:
    found = planned()
    with pytest.raises(ValueError, match="in a payment plan already"):
        make_plan(found, "Z2", ("I-1",), ((FIRST, 10_000),), POLICY, MONDAY, "ada")
    with pytest.raises(ValueError, match="in a payment plan already"):
        make_promise(found, "P", ("I-1",), FIRST, 0, POLICY, MONDAY, "ada")


def test_a_plan_has_no_more_invoices_than_one_event_can_mark() -> None:
    numbers = [f"I-{number}" for number in range(MAX_PLAN_ITEMS + 1)]
    found = account(*map(invoice, numbers))
    total = 10_000 * len(numbers)
    with pytest.raises(ValueError, match=f"at most {MAX_PLAN_ITEMS}"):
        make_plan(found, "Z", numbers, ((FIRST, total),), POLICY, MONDAY, "ada")


def test_a_dispute_ends_promises_and_plans_about_its_items_alone() -> None:
    found = planned()
    found = then(found, make_promise(found, "P", ("I-2",), FIRST, 0, POLICY, MONDAY, "ada"))
    assert [type(event).__name__ for event in cancel_words(found, ("I-1",), MONDAY)] == ["PlanSettled"]
    assert [type(event).__name__ for event in cancel_words(found, ("I-2",), MONDAY)] == ["PromiseSettled"]


# --- promises
def test_a_promise_by_a_person_may_lie_further_ahead_than_a_mails() -> None:
    found = account(invoice("I-1"))
    far = MONDAY + timedelta(days=POLICY.promises.max_days + 30)
    found = then(found, make_promise(found, "P", ("I-1",), far, 5_000, POLICY, MONDAY, "ada", "by phone"))
    promise = found.promises["P"]
    assert (promise.until, promise.amount_minor, promise.currency) == (far + timedelta(days=GRACE), 5_000, "EUR")


@pytest.mark.parametrize(
    ("day", "amount", "words"),
    [(MONDAY - timedelta(days=1), 0, "a day from"), (FIRST, 10_001, "no more than is open"), (FIRST, -1, "no more")],
)
def test_a_promise_that_does_not_fit_is_refused(day: date, amount: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_promise(account(invoice("I-1")), "P", ("I-1",), day, amount, POLICY, MONDAY, "ada")


def test_where_the_policy_wants_a_first_payment_a_promise_holds_only_from_then_on() -> None:
    strict = policy("[promises]\nneeds_partial_payment = true\n")
    found = account(invoice("I-1"))
    found = then(found, make_promise(found, "P", ("I-1",), FIRST, 0, strict, MONDAY, "ada"))
    assert gate(found, "I-1") == ""
    found = paid(found, "T1", 100, MONDAY)
    assert gate(found, "I-1") == "promised"
    found = then(found, withdraw(found, "T1", "returned"))
    assert gate(found, "I-1") == ""


def test_a_broken_promise_about_many_items_marks_no_more_than_fit_one_transaction() -> None:
    numbers = [f"I-{number:03}" for number in range(MAX_PLAN_ITEMS + 20)]
    found = account(*(invoice(number, due=MONDAY - timedelta(days=place)) for place, number in enumerate(numbers)))
    found = then(found, [ev.PromiseMade("P", tuple(numbers), FIRST, FIRST, MONDAY)])
    found = on(found, FIRST + timedelta(days=1))
    hastened = [item.key for item in found.items.values() if item.hastened_on]
    assert sorted(hastened) == numbers[-MAX_PLAN_ITEMS:], "the oldest"
