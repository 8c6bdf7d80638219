"""Payment plans under any payments: never both kept and broken, and the order of a day's cash decides nothing."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.account import Account
from duly.domain.cash import receive, settle_words
from duly.domain.plans import make_plan, next_plan_day, paid_minor
from tests.core_samples import MONDAY, POLICY, account, invoice, payment, then

GRACE = POLICY.promises.grace_days
TOTAL = 10_000
PAYMENTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, TOTAL)), max_size=6)


@st.composite
def plans(draw: st.DrawFn) -> tuple[tuple[date, int], ...]:
    """Instalments of TOTAL on rising days of the next weeks."""
    days = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=4)))
    cuts = sorted(draw(st.sets(st.integers(1, TOTAL - 1), min_size=len(days) - 1, max_size=len(days) - 1)))
    amounts = [after - before for before, after in zip([0, *cuts], [*cuts, TOTAL], strict=True)]
    return tuple((MONDAY + timedelta(days=day), minor) for day, minor in zip(days, amounts, strict=True))


def played(instalments: tuple[tuple[date, int], ...], payments: list[tuple[int, int]]) -> list[Account]:
    """The account at the end of each day: the day's money, then what time does."""
    found = account(invoice("I-1"), invoice("I-2", due=MONDAY + timedelta(days=90)))
    found = then(found, make_plan(found, "Z", ("I-1",), instalments, POLICY, MONDAY, "ada"))
    states = []
    for offset in range(62):
        day = MONDAY + timedelta(days=offset)
        for number, minor in ((number, minor) for number, (at, minor) in enumerate(payments) if at == offset):
            found = then(found, receive(found, payment(f"T{number}", minor, ["I-1"], day), day))
        found = then(found, settle_words(found, day, final=True))
        states.append(found)
    return states


@settings(max_examples=60, deadline=None)
@given(plans(), PAYMENTS)
def test_a_plan_ends_once_as_the_money_of_each_day_says(
    instalments: tuple[tuple[date, int], ...], payments: list[tuple[int, int]]
) -> None:
    states = played(instalments, payments)
    outcomes = [one.plans["Z"].state for one in states]
    assert outcomes == sorted(outcomes, key=lambda state: state != "open"), "an outcome never changes"
    assert len(set(outcomes) - {"open"}) == 1, "after its last day it is decided"
    paid, expected = 0, "open"
    for offset, found in enumerate(states):
        paid = min(TOTAL, paid + sum(minor for at, minor in payments if at == offset))
        day = MONDAY + timedelta(days=offset)
        owed = sum(minor for due, minor in instalments if day > due + timedelta(days=GRACE))
        if expected == "open":
            expected = "kept" if paid >= TOTAL else "broken" if paid < owed else "open"
        assert found.plans["Z"].state == expected
        behaviour = found.header.behaviour
        assert behaviour.promises_kept + behaviour.promises_broken == (expected != "open")
        if expected != "broken":
            assert found.items["I-1"].hastened_on is None


@settings(max_examples=40, deadline=None)
@given(plans(), PAYMENTS, st.randoms(use_true_random=False))
def test_the_order_of_cash_does_not_matter(
    instalments: tuple[tuple[date, int], ...], payments: list[tuple[int, int]], random: object
) -> None:
    shuffled = list(payments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = played(instalments, payments), played(instalments, shuffled)
    assert [found.plans["Z"].state for found in one] == [found.plans["Z"].state for found in other]


@settings(max_examples=40, deadline=None)
@given(plans(), PAYMENTS)
def test_the_next_look_at_a_plan_is_the_day_on_which_it_would_break(
    instalments: tuple[tuple[date, int], ...], payments: list[tuple[int, int]]
) -> None:
    for found in played(instalments, payments):
        plan = found.plans["Z"]
        if plan.state != "open":
            break
        day = next_plan_day(found, plan)
        assert day is not None and paid_minor(found, plan) < TOTAL
        assert settle_words(found, day - timedelta(days=1), final=True) == []
        (broken,) = settle_words(found, day, final=True)
        assert getattr(broken, "outcome", "") == "broken"
