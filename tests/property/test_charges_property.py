"""Invariants 21 and 22: interest adds up, never begins early, grows with principal and days, and keeps to caps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from duly.domain.charges import Reckoning, reckon, rules_of
from duly.domain.policy import bare_policy

RULES = rules_of(bare_policy())
CURRENCY = {"UK": "GBP", "BR": "BRL"}
MOST_SUM = {"UK": 10_000, "IE": 10_000, "BR": 0}

regimes = st.sampled_from(["EU", "DE", "AT", "FR", "BE", "IE", "UK", "BR", "NL", "ES", "IT"])
kinds = st.sampled_from(["business", "consumer", "public"])
principals = st.integers(0, 10**10)
dues = st.dates(date(2023, 9, 1), date(2025, 12, 1))
days_late = st.integers(0, 200)
rates = st.none() | st.decimals(0, 100, places=4)


def owed(
    regime: str,
    kind: str,
    principal: int,
    due: date,
    days: int,
    rate: Decimal | None = None,
    paid: list[tuple[date, int]] | None = None,
) -> Reckoning:
    rules = replace(RULES, regime=regime, kind=kind, rate_percent=rate)
    return reckon(rules, principal, CURRENCY.get(regime, "EUR"), due, due + timedelta(days=days), paid or [])


def exact(found: Reckoning) -> Fraction:
    return sum((row.exact for row in found.rows), Fraction(0))


@st.composite
def payments(draw: st.DrawFn, principal: int, due: date) -> list[tuple[date, int]]:
    left, found = principal, []
    for _ in range(draw(st.integers(0, 4))):
        part = draw(st.integers(0, left))
        found.append((due + timedelta(days=draw(st.integers(-20, 220))), part))
        left -= part
    return found


@given(regimes, kinds, principals, dues, days_late, rates, st.data())
def test_interest_adds_up_over_adjacent_stretches(
    regime: str, kind: str, principal: int, due: date, days: int, rate: Decimal | None, data: st.DataObject
) -> None:
    paid = data.draw(payments(principal, due))
    found = owed(regime, kind, principal, due, days, rate, paid)
    split = data.draw(st.integers(0, days))
    before = owed(regime, kind, principal, due, split, rate, paid)
    after = [row for row in found.rows if row.last > due + timedelta(days=split)]
    cut = due + timedelta(days=split + 1)
    rest = sum(
        (row.exact * Fraction((row.last - max(row.first, cut)).days + 1, row.days) for row in after), Fraction(0)
    )
    assert exact(before) + rest == exact(found)
    assert abs(found.interest_minor - exact(found)) <= Fraction(1, 2)
    assert found.total_minor == (found.open_minor + found.interest_minor + found.indemnity_minor + found.fine_minor)


@given(regimes, kinds, principals, dues, days_late, st.data())
def test_it_runs_from_the_day_after_the_due_date_on_what_is_open(
    regime: str, kind: str, principal: int, due: date, days: int, data: st.DataObject
) -> None:
    paid = data.draw(payments(principal, due))
    found = owed(regime, kind, principal, due, days, None, paid)
    for row in found.rows:
        assert due < row.first <= row.last <= due + timedelta(days=days)
        assert row.principal_minor > 0
        for day in (row.first, row.last):
            assert row.principal_minor == principal - sum(minor for on, minor in paid if on < day)
    assert all(before.last < after.first for before, after in zip(found.rows, found.rows[1:], strict=False))


@given(principals, dues, days_late, st.decimals(0, 100, places=4), st.sampled_from(["total", "daily"]), st.data())
def test_it_is_what_a_walk_from_day_to_day_gives(
    principal: int, due: date, days: int, rate: Decimal, rounding: str, data: st.DataObject
) -> None:
    paid = data.draw(payments(principal, due))
    rules = replace(RULES, regime="FR", rate_percent=rate, is_bounded=False, rounding=rounding)
    found = reckon(rules, principal, "EUR", due, due + timedelta(days=days), paid)
    walked = [
        Fraction(rate) / 36_500 * (principal - sum(minor for on, minor in paid if on < due + timedelta(days=day)))
        for day in range(1, days + 1)
    ]
    if rounding == "daily":
        assert found.interest_minor == sum(floor(amount + Fraction(1, 2)) for amount in walked)
    else:
        assert found.interest_minor == floor(sum(walked, Fraction(1, 2)))


@given(regimes, kinds, dues, days_late)
def test_nothing_is_owed_for_nothing(regime: str, kind: str, due: date, days: int) -> None:
    assert owed(regime, kind, 0, due, days).total_minor == 0


@given(regimes, kinds, dues, st.integers(-30, 0), principals)
def test_nothing_is_owed_before_it_is_late(regime: str, kind: str, due: date, days: int, principal: int) -> None:
    assert owed(regime, kind, principal, due, days).total_minor == principal


@given(regimes, kinds, principals, principals, dues, days_late, days_late, rates)
def test_more_principal_or_more_days_never_cost_less(
    regime: str, kind: str, one: int, other: int, due: date, days: int, more: int, rate: Decimal | None
) -> None:
    small, large = sorted((one, other))
    least, most = sorted((days, more))
    low, high = owed(regime, kind, small, due, least, rate), owed(regime, kind, large, due, most, rate)
    assert low.interest_minor <= high.interest_minor
    assert (low.indemnity_minor, low.fine_minor) <= (high.indemnity_minor, high.fine_minor) or not least


@given(regimes, kinds, principals, dues, days_late, rates)
def test_no_more_than_the_law_allows(
    regime: str, kind: str, principal: int, due: date, days: int, rate: Decimal | None
) -> None:
    found = owed(regime, kind, principal, due, days, rate)
    assert found.indemnity_minor <= MOST_SUM.get(regime, 4000)
    if kind == "consumer":
        assert found.indemnity_minor == 0
    if regime == "BR":
        assert found.fine_minor * 100 <= principal * 2 + 50
        assert exact(found) <= Fraction(principal * days, 3000)
    else:
        assert found.fine_minor == 0
