"""Exposure by legal group, country and category: what adds up, who belongs together, what is only summed."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from duly.domain.concentration import MAX_PARTS, Concentration, Part
from duly.domain.entities import Header
from duly.domain.kpi import AccountFacts, compute, facts_of

AS_OF = date(2026, 3, 31)


def account(name: str, minor: int, ordered: int = 0, unapplied: int = 0, **header: Any) -> AccountFacts:
    return AccountFacts(
        name,
        Header(customer=name, **header),
        open_by_due={"EUR": {"2026-03-01": minor}} if minor else {},
        unapplied={"EUR": unapplied} if unapplied else {},
        ordered={"EUR": ordered} if ordered else {},
    )


def concentration(*accounts: AccountFacts) -> Concentration:
    return compute(accounts, AS_OF).currencies[0].concentration


def named(parts: tuple[Part, ...]) -> dict[str, int]:
    return {part.name: part.exposure_minor for part in parts}


def test_customers_with_one_parent_are_one_group_with_the_parent() -> None:
    found = concentration(account("A", 10), account("B", 20, parent="A"), account("C", 5, parent="A"), account("D", 7))
    assert named(found.groups.parts) == {"A": 35, "D": 7}
    assert [part.customers for part in found.groups.parts] == [3, 1]
    assert (found.total_minor, found.largest_permille) == (42, 833)


def test_parents_of_parents_and_parents_that_are_no_customers() -> None:
    found = concentration(account("A", 1, parent="TOP"), account("B", 2, parent="A"), account("C", 4, parent="B"))
    assert named(found.groups.parts) == {"TOP": 7}


def test_customers_that_name_each_other_are_one_group() -> None:
    ring = [account("B", 1, parent="C"), account("C", 2, parent="D"), account("D", 4, parent="B")]
    assert named(concentration(*ring, account("A", 8, parent="C")).groups.parts) == {"B": 15}
    assert named(concentration(account("A", 3, parent="A")).groups.parts) == {"A": 3}


def test_orders_count_and_a_merged_account_does_not() -> None:
    gone = account("B", 50, merged_into="A")
    found = concentration(account("A", 10, ordered=30, country="DE"), account("C", 0, ordered=5), gone)
    assert found.total_minor == 45
    assert named(found.countries.parts) == {"DE": 40, "": 5}


def test_use_of_limits_and_holds_by_category() -> None:
    found = concentration(
        account("A", 80, category="B", limit_minor={"EUR": 100}),
        account("B", 130, category="B", limit_minor={"EUR": 100}, unapplied=20),
        account("C", 110, category="B", limit_minor={"EUR": 100}, unapplied=10, credit_hold=("over_limit",)),
        account("D", 500, category="B"),
    )
    (part,) = found.categories.parts
    assert (part.customers, part.limit_minor, part.limited_minor) == (4, 300, 320)
    assert (part.over_limit, part.on_hold, part.overdue_minor) == (1, 1, 820)


def test_headers_written_before_orders_were_known() -> None:
    summary: dict[str, Any] = {"open": {}, "disputed": {}, "promised": {}, "unapplied": {}, "counts": {}}
    assert facts_of("A", {"header": {}, "summary": summary}).ordered == {}


PARENT = st.sampled_from(["", "A", "B", "C", "D", "X"])
ACCOUNT = st.tuples(st.integers(0, 1000), st.integers(0, 50), PARENT, st.sampled_from(["", "DE", "FR"]))


@given(st.lists(ACCOUNT, min_size=1, max_size=5), st.randoms())
def test_every_breakdown_adds_up_in_any_order(rows: list[Any], chance: Any) -> None:
    accounts = [
        account("ABCDE"[number], minor, ordered, parent=parent, country=country)
        for number, (minor, ordered, parent, country) in enumerate(rows)
    ]
    shuffled = list(accounts)
    chance.shuffle(shuffled)
    kpis, again = compute(accounts, AS_OF), compute(shuffled, AS_OF)
    assert [one.concentration for one in kpis.currencies] == [one.concentration for one in again.currencies]
    for one in kpis.currencies:
        found = one.concentration
        assert found.total_minor == sum(minor + ordered for minor, ordered, _, _ in rows)
        for breakdown in (found.groups, found.countries, found.categories):
            cut = breakdown.cut(1)
            assert sum(part.exposure_minor for part in (*cut.parts, cut.others)) == found.total_minor
            assert sum(part.customers for part in (*cut.parts, cut.others)) == sum(m + o > 0 for m, o, _, _ in rows)
            assert len(cut.parts) + cut.more == len(breakdown.parts)


def test_only_the_largest_are_named() -> None:
    found = concentration(*(account(f"C{number:04}", number + 1) for number in range(MAX_PARTS + 20)))
    assert (len(found.groups.parts), found.groups.more) == (MAX_PARTS, 20)
    assert found.groups.others.exposure_minor == sum(range(1, 21))
    assert found.groups.parts[0].exposure_minor == MAX_PARTS + 20
