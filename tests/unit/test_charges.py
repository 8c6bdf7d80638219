"""What late payment costs: fees, fixed sums and interest, by law, by contract and by a business's own tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.charges import Reckoning, charge_lines, charges_of_step, reckon, rules_of
from duly.domain.entities import Item
from duly.domain.legal_model import RateUnknown
from duly.domain.policy import Policy, Step, bare_policy, parse_policy
from duly.domain.policy_reader import shipped_legal

TODAY = date(2026, 3, 6)
ITEM = Item("R-1", "R-1", date(2026, 1, 5), date(2026, 2, 4), "stated", 119_000, "EUR", "u", 1)
RULES = rules_of(bare_policy())


def owed(
    regime: str,
    principal: int,
    due: str,
    as_of: str,
    payments: Sequence[tuple[str, int]] = (),
    currency: str = "EUR",
    **rules: Any,
) -> Reckoning:
    paid = [(date.fromisoformat(day), minor) for day, minor in payments]
    wanted = replace(RULES, regime=regime, **rules)
    return reckon(wanted, principal, currency, date.fromisoformat(due), date.fromisoformat(as_of), paid)


def rows(found: Reckoning) -> list[tuple[str, str, int, str, int]]:
    return [
        (row.first.isoformat(), row.last.isoformat(), row.days, str(row.percent), row.principal_minor)
        for row in found.rows
    ]


def rate(regime: str, due: str, **rules: Any) -> str:
    """The rate of the first day of interest."""
    tomorrow = date.fromordinal(date.fromisoformat(due).toordinal() + 1)
    (row,) = owed(regime, 100_000, due, tomorrow.isoformat(), **rules).rows
    return f"{row.percent:f}"


# --- the law of each jurisdiction -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "due", "kind", "expected"),
    [
        ("EU", "2025-01-10", "business", "11.15"),
        ("EU", "2025-08-10", "public", "10.15"),
        ("DE", "2023-05-02", "business", "10.62"),
        ("DE", "2023-05-02", "consumer", "6.62"),
        ("DE", "2014-09-01", "business", "8.27"),
        ("DE", "2014-07-28", "business", "8.27"),
        ("DE", "2014-07-27", "business", "7.27"),  # 8 points until then
        ("DE", "2009-03-02", "public", "9.62"),
        ("DE", "2026-07-01", "business", "10.52"),
        ("EU", "2026-07-01", "business", "10.40"),
        ("BE", "2026-07-01", "business", "10.5"),
        ("AT", "2025-02-28", "business", "11.73"),
        ("AT", "2020-02-28", "public", "8.58"),
        ("AT", "2025-02-28", "consumer", "4"),
        ("FR", "2024-07-31", "business", "14.25"),
        ("FR", "2024-07-31", "public", "12.25"),
        ("BE", "2024-09-30", "business", "12.5"),
        ("BE", "2025-03-31", "business", "11.5"),
        ("BE", "2023-09-30", "business", "12.0"),
        ("IE", "2024-03-31", "business", "12.50"),
        ("NL", "2024-03-31", "business", "12.50"),
        ("ES", "2026-01-31", "business", "10.15"),
        ("IT", "2025-01-31", "public", "11.15"),
    ],
)
def test_rate_by_jurisdiction_day_and_kind_of_debtor(regime: str, due: str, kind: str, expected: str) -> None:
    assert Decimal(rate(regime, due, kind=kind)) == Decimal(expected)


@pytest.mark.parametrize(
    ("due", "expected"),
    [("2025-06-29", "12.75"), ("2025-06-30", "12.25"), ("2025-12-30", "12.25"), ("2025-12-31", "11.75")],
)
def test_uk_takes_the_bank_rate_before_the_half_year_in_which_interest_begins(due: str, expected: str) -> None:
    assert rate("UK", due, currency="GBP") == expected


def test_uk_and_ireland_keep_the_first_rate_for_life_and_germany_follows() -> None:
    assert len(owed("UK", 100_000, "2024-06-03", "2025-06-03", currency="GBP").rows) == 1
    assert len(owed("IE", 100_000, "2024-06-03", "2025-06-03").rows) == 1
    assert rows(owed("DE", 100_000, "2024-06-15", "2025-01-31")) == [
        ("2024-06-16", "2024-06-30", 15, "12.62", 100_000),
        ("2024-07-01", "2024-12-31", 184, "12.37", 100_000),
        ("2025-01-01", "2025-01-31", 31, "11.27", 100_000),
    ]


def test_half_years_of_one_rate_are_one_row() -> None:
    found = owed("DE", 100_000, "2025-12-01", "2026-02-01")
    assert rows(found) == [("2025-12-02", "2026-02-01", 62, "10.27", 100_000)]
    assert found.interest_minor == 1744  # 1000 x 10.27 % x 62 / 365 = 17.4449


@pytest.mark.parametrize(
    ("regime", "currency", "principal", "expected"),
    [
        ("UK", "GBP", 99_999, 4000),
        ("UK", "GBP", 100_000, 7000),
        ("UK", "GBP", 999_999, 7000),
        ("UK", "GBP", 1_000_000, 10_000),
        ("IE", "EUR", 100_000, 4000),
        ("IE", "EUR", 100_001, 7000),
        ("IE", "EUR", 1_000_000, 7000),
        ("IE", "EUR", 1_000_001, 10_000),
        ("FR", "EUR", 1_000_001, 4000),
        ("DE", "GBP", 100_000, 0),
        ("none", "EUR", 100_000, 0),
    ],
)
def test_fixed_sum_by_size_of_the_debt_and_currency(regime: str, currency: str, principal: int, expected: int) -> None:
    assert owed(regime, principal, "2026-02-03", "2026-02-13", currency=currency).indemnity_minor == expected


def test_the_size_of_the_debt_is_what_was_open_when_it_became_late() -> None:
    found = owed("UK", 1_000_000, "2026-02-03", "2026-02-13", [("2026-02-03", 1)], currency="GBP")
    assert found.indemnity_minor == 7000
    late = owed("UK", 1_000_000, "2026-02-03", "2026-02-13", [("2026-02-04", 1)], currency="GBP")
    assert late.indemnity_minor == 10_000


@pytest.mark.parametrize("regime", ["EU", "FR", "IE", "UK", "NL", "ES", "IT", "BE"])
def test_laws_of_commerce_give_nothing_against_consumers(regime: str) -> None:
    found = owed(regime, 100_000, "2025-02-03", "2025-03-03", kind="consumer")
    assert (found.interest_minor, found.indemnity_minor, found.fine_minor) == (0, 0, 0)
    assert found.total_minor == 100_000


def test_a_german_consumer_owes_interest_and_no_fixed_sum() -> None:
    found = owed("DE", 100_000, "2025-02-03", "2025-03-05", kind="consumer")
    assert (found.interest_minor, found.indemnity_minor) == (598, 0)  # 1000 x 7.27 % x 30 / 365 = 5.9753


def test_brazil_fine_and_interest_by_the_day() -> None:
    found = owed("BR", 250_000, "2026-04-10", "2026-05-20", currency="BRL", kind="consumer")
    assert (found.interest_minor, found.fine_minor) == (3333, 5000)  # 2500 x 12 % x 40 / 360 = 33.333; 2 %
    assert found.total_minor == 258_333
    month = owed("BR", 1_000_000_000, "2026-04-10", "2026-05-10", currency="BRL")
    assert (month.interest_minor, str(month.rows[0].percent)) == (10_000_000, "12")  # 1 % in 30 days, to the cent


# --- a contract's rate, kept within the law -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "kind", "contract", "expected"),
    [
        ("none", "business", "9.75", "9.75"),
        ("DE", "business", "5", "5"),
        ("UK", "consumer", "4", "4"),
        ("FR", "business", "15", "15"),
        ("FR", "business", "2", "11.13"),  # three times 3.71
        ("BR", "consumer", "24", "12"),
        ("BE", "consumer", "20", "11.5"),
        ("BE", "consumer", "6", "6"),
    ],
)
def test_a_contract_names_the_rate_within_what_the_law_allows(
    regime: str, kind: str, contract: str, expected: str
) -> None:
    found = rate(regime, "2025-02-03", kind=kind, rate_percent=Decimal(contract))
    assert Decimal(found) == Decimal(expected)


@pytest.mark.parametrize(
    ("regime", "kind", "given"), [("FR", "business", "2"), ("BR", "consumer", "24"), ("BE", "consumer", "20")]
)
def test_a_rate_without_bounds_is_taken_as_given(regime: str, kind: str, given: str) -> None:
    assert rate(regime, "2025-02-03", kind=kind, rate_percent=Decimal(given), is_bounded=False) == given


def test_no_sum_before_the_german_law_of_2014() -> None:
    assert owed("DE", 100_000, "2014-07-27", "2014-08-27").indemnity_minor == 0
    assert owed("DE", 100_000, "2014-07-28", "2014-08-28").indemnity_minor == 4000


def test_a_least_rate_that_is_not_known_raises_nothing() -> None:
    found = owed("FR", 100_000, "2026-08-03", "2026-09-02", rate_percent=Decimal("3"))
    assert [str(row.percent) for row in found.rows] == ["3"]


# --- what is not known is refused -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("regime", "due", "as_of"),
    [
        ("DE", "2030-01-15", "2030-03-15"),  # nobody has published it
        ("DE", "2026-12-15", "2027-01-01"),  # one day of the period is not known
        ("UK", "2027-02-03", "2027-02-04"),
        ("DE", "2001-07-01", "2001-09-01"),  # other law then
        ("CH", "2026-01-15", "2026-03-15"),
    ],
)
def test_an_unknown_rate_or_law_is_never_guessed(regime: str, due: str, as_of: str) -> None:
    with pytest.raises(RateUnknown):
        owed(regime, 100_000, due, as_of)


def test_a_fixed_rate_needs_no_later_one() -> None:
    assert owed("UK", 100_000, "2026-06-01", "2031-01-01", currency="GBP").rows[0].days == 1675


# --- days, principal, rounding --------------------------------------------------------------------------------------
def test_interest_begins_the_day_after_the_due_date() -> None:
    assert owed("none", 3_650_000, "2026-02-04", "2026-02-04", rate_percent=Decimal(10)).interest_minor == 0
    assert owed("none", 3_650_000, "2026-02-04", "2026-02-05", rate_percent=Decimal(10)).interest_minor == 1000


def test_a_payment_reduces_the_principal_from_the_day_after() -> None:
    found = owed("DE", 100_000, "2026-02-03", "2026-02-13", [("2026-02-08", 40_000), ("2026-02-13", 10_000)])
    assert rows(found) == [
        ("2026-02-04", "2026-02-08", 5, "10.27", 100_000),
        ("2026-02-09", "2026-02-13", 5, "10.27", 60_000),
    ]
    assert (found.open_minor, found.interest_minor) == (50_000, 225)  # 1.4068 + 0.8441 = 2.2510
    assert found.amounts_minor == (141, 84)


def test_interest_stops_when_all_is_paid_and_a_later_payment_does_not_count_yet() -> None:
    paid = owed("DE", 100_000, "2026-02-03", "2026-03-13", [("2026-02-04", 100_000)])
    assert rows(paid) == [("2026-02-04", "2026-02-04", 1, "10.27", 100_000)]
    assert owed("DE", 100_000, "2026-02-03", "2026-02-05", [("2026-02-10", 100_000)]).open_minor == 100_000


def test_what_was_paid_in_time_costs_nothing() -> None:
    found = owed("DE", 100_000, "2026-02-03", "2026-03-13", [("2026-02-03", 100_000)])
    assert (found.total_minor, found.indemnity_minor) == (0, 0)


def test_each_day_rounded_first() -> None:
    total = owed("DE", 100_000, "2026-02-03", "2026-02-13")
    daily = owed("DE", 100_000, "2026-02-03", "2026-02-13", rounding="daily")
    assert (total.interest_minor, daily.interest_minor) == (281, 280)  # 0.28137 a day


def test_half_a_cent_is_rounded_up() -> None:
    assert owed("none", 36_500, "2026-01-01", "2026-01-02", rate_percent=Decimal("0.5")).interest_minor == 1


def test_more_paid_than_owed_is_refused() -> None:
    with pytest.raises(ValueError, match="no more paid"):
        owed("DE", 100, "2026-02-03", "2026-02-05", [("2026-02-04", 101)])


# --- what a step demands --------------------------------------------------------------------------------------------
def step(**values: Any) -> Step:
    return replace(Step(0, 2, "second-reminder"), **values)


def policy(text: str) -> Policy:
    return parse_policy(f'[creditor]\nname = "C"\n[charges]\n{text}', "p.toml")


GERMAN = policy('regime = "DE"\ninterest = true\nrecovery_indemnity = true\n')
ASKS = step(interest=True)


def demand(item: Item, asks: Step = ASKS, under: Policy = GERMAN, day: date = TODAY, kind: str = "business") -> Item:
    return replace(item, charges=(*item.charges, *charges_of_step(item, asks, under, kind, day)))


def amounts(item: Item) -> list[tuple[str, int]]:
    return [(charge.key, charge.amount_minor) for charge in item.charges]


def test_a_fee_is_an_amount_and_a_percentage_of_the_original_amount() -> None:
    asks = step(fee_minor={"EUR": 500}, fee_percent=Decimal("1.25"))
    (fee,) = charges_of_step(ITEM, asks, bare_policy(), "business", TODAY)
    assert (fee.key, fee.kind, fee.amount_minor, fee.on) == ("costs~1~2", "costs", 500 + 1488, TODAY)


def test_a_fee_in_another_currency_is_none() -> None:
    assert charges_of_step(ITEM, step(fee_minor={"GBP": 500}), bare_policy(), "business", TODAY) == ()


def test_a_level_costs_once_in_an_episode() -> None:
    asks = step(fee_minor={"EUR": 500})
    charged = demand(ITEM, asks)
    assert amounts(demand(charged, asks)) == [("costs~1~2", 500)]
    assert amounts(demand(replace(charged, episode=2), asks)) == [("costs~1~2", 500), ("costs~2~2", 500)]


def test_interest_is_demanded_up_to_the_day_less_what_was_demanded_before() -> None:
    first = demand(ITEM)
    assert amounts(first) == [("indemnity", 4000), ("interest~2026-03-06", 1004)]  # 30 days: 10.0448
    assert amounts(demand(first)) == amounts(first)
    later = demand(first, day=date(2026, 3, 9))
    assert amounts(later)[2:] == [("interest~2026-03-09", 1105 - 1004)]  # 33 days: 11.0493


def test_what_was_waived_is_not_demanded_again() -> None:
    first = demand(ITEM)
    waived = replace(first, charges=tuple(replace(one, waived_minor=one.amount_minor) for one in first.charges))
    assert amounts(demand(waived, day=date(2026, 3, 9)))[2:] == [("interest~2026-03-09", 101)]


def test_payments_count_from_their_value_date() -> None:
    paid = replace(ITEM, allocations={"P": 59_000}, paid_on={"P": date(2026, 2, 14)})
    lines = charge_lines(demand(paid), (), GERMAN)
    assert [(line.days, line.principal_minor) for line in lines if line.kind == "interest"] == [
        (10, 119_000),
        (20, 60_000),
    ]


@pytest.mark.parametrize(
    ("asks", "text", "keys"),
    [
        (step(), 'regime = "DE"\ninterest = true\n', []),
        (ASKS, 'regime = "DE"\n', []),
        (ASKS, 'regime = "DE"\ninterest = true\n', ["interest~2026-03-06"]),
        (ASKS, 'regime = "DE"\nrecovery_indemnity = true\n', ["indemnity"]),
        (ASKS, "interest = true\n", []),
        (ASKS, 'rate = "10"\ninterest = true\n', ["interest~2026-03-06"]),
        (ASKS, 'regime = "BR"\ninterest = true\nrecovery_indemnity = true\n', ["fine", "interest~2026-03-06"]),
    ],
)
def test_step_and_policy_must_both_ask(asks: Step, text: str, keys: list[str]) -> None:
    assert [key for key, _ in amounts(demand(ITEM, asks, policy(text)))] == keys


def test_the_customers_kind_goes_before_the_policys() -> None:
    assert [key for key, _ in amounts(demand(ITEM, kind="consumer"))] == ["interest~2026-03-06"]
    consumers = policy('regime = "DE"\ninterest = true\nrecovery_indemnity = true\nkind = "consumer"\n')
    assert [key for key, _ in amounts(demand(ITEM, under=consumers, kind=""))] == ["interest~2026-03-06"]
    assert len(amounts(demand(ITEM, under=consumers, kind="business"))) == 2


def test_nothing_but_a_fee_before_the_due_date() -> None:
    asks = step(interest=True, fee_minor={"EUR": 100})
    assert amounts(demand(ITEM, asks, day=ITEM.due)) == [("costs~1~2", 100)]


def test_the_fixed_sum_is_owed_once_for_an_invoice_in_instalments() -> None:
    first, second = (replace(ITEM, key=f"R-1#{n}", instalment=n, instalment_count=2) for n in (1, 2))
    assert [key for key, _ in amounts(demand(first))] == ["indemnity", "interest~2026-03-06"]
    assert [key for key, _ in amounts(demand(second))] == ["interest~2026-03-06"]


def test_an_unknown_rate_stops_the_demand() -> None:
    with pytest.raises(RateUnknown):
        demand(replace(ITEM, due=date(2027, 1, 10)), day=date(2027, 2, 10))
    own = policy(
        'regime = "DE"\ninterest = true\n[charges.rates.de_base]\ntitle = "t"\nsource = "s"\nchecked_on = 2026-07-02\n'
        'rates = [{ from = 2026-07-01, to = 2026-12-31, percent = "1.50" }]\n'
    )
    late = demand(replace(ITEM, due=date(2026, 6, 20)), under=own, day=date(2026, 7, 10))
    (first, then) = charge_lines(late, (), own)
    assert (str(first.percent), str(then.percent)) == ("10.27", "10.50")


def test_charges_of_one_item_are_bounded() -> None:
    full = replace(ITEM, charges=tuple(ev.Charge(f"costs~1~{n}", "costs", 1, TODAY) for n in range(100, 160)))
    assert demand(full) == full


# --- how it comes about ---------------------------------------------------------------------------------------------
def test_the_lines_add_up_to_what_is_open() -> None:
    item = demand(demand(ITEM, step(fee_minor={"EUR": 500})), day=date(2026, 3, 6))
    new = charges_of_step(item, ASKS, GERMAN, "business", date(2026, 3, 9))
    waived = tuple(replace(one, waived_minor=100) if one.key == "indemnity" else one for one in item.charges)
    item = replace(item, charges=waived, charges_paid={"costs": {"P": 50}})
    lines = charge_lines(item, new, GERMAN)
    assert [(line.kind, line.amount_minor) for line in lines] == [
        ("fee", 500),
        ("indemnity", 4000),
        ("interest", 1105),
        ("settled", -150),
    ]
    assert (lines[0].level, lines[2].days, str(lines[2].percent)) == (2, 33, "10.27")
    assert sum(line.amount_minor for line in lines) == sum(item.open_charges_minor.values()) + new[0].amount_minor


def test_interest_demanded_at_other_figures_stands_beside_the_calculation() -> None:
    smaller = replace(demand(ITEM), amount_minor=59_500)  # corrected since
    lines = charge_lines(smaller, (), GERMAN)
    assert [(line.kind, line.amount_minor) for line in lines[1:]] == [("interest", 502), ("earlier", 502)]
    unknown = charge_lines(demand(ITEM), (), policy('regime = "DE"\nkind = "consumer"\n'), "nobody")
    assert [(line.kind, line.amount_minor) for line in unknown[1:]] == [("earlier", 1004)]


# --- the shipped data -----------------------------------------------------------------------------------------------
def test_every_jurisdiction_ships_with_source_and_check_day_for_every_kind_of_debtor() -> None:
    legal = shipped_legal()
    assert set(legal.regimes()) == {"EU", "DE", "AT", "FR", "BE", "IE", "UK", "BR", "NL", "ES", "IT"}
    for regime in legal.regimes():
        kinds = {kind for table in legal.tables if table.regime == regime for kind in table.kinds}
        assert kinds == {"business", "consumer", "public"}, regime
    for part in (*legal.tables, *legal.series):
        assert part.source and part.checked_on <= date(2026, 11, 28)


def test_shipped_rates_have_no_gaps_and_change_with_the_half_year() -> None:
    for series in shipped_legal().series:
        for before, after in zip(series.periods, series.periods[1:], strict=False):
            assert (after.first - before.last).days == 1, (series.name, after.first)
            assert (after.first.month, after.first.day) in ((1, 1), (7, 1)), (series.name, after.first)
        assert (series.periods[-1].last.month, series.periods[-1].last.day) in ((6, 30), (12, 31))


def test_totals_that_countries_publish_are_those_of_the_european_rate() -> None:
    legal = shipped_legal()
    for year in range(2014, 2027):
        day = date(year, 1, 1)
        points = legal.period_of("ecb_main_refinancing", day).percent
        assert legal.period_of("nl_commercial", day).percent == points + 8
        assert legal.period_of("es_late_payment", day).percent == points + 8
        assert legal.period_of("it_reference", day).percent == points


def test_rules_take_the_kind_of_the_customers_record_before_the_policys() -> None:
    consumers = policy('regime = "DE"\nkind = "consumer"\n')
    assert [rules_of(consumers, kind).kind for kind in ("", "public")] == ["consumer", "public"]
