"""What a step demands beside an invoice's amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from duly.domain.charges import charges_of_step
from duly.domain.entities import Item
from duly.domain.policy import Step, bare_policy

TODAY = date(2026, 3, 5)
ITEM = Item("R-1", "R-1", date(2026, 1, 5), date(2026, 2, 4), "stated", 119_000, "EUR", "u", 1)


def step(**values: object) -> Step:
    return replace(Step(0, 2, "second-reminder"), **values)  # type: ignore[arg-type]


def test_a_fee_is_an_amount_and_a_percentage_of_the_original_amount() -> None:
    (fee,) = charges_of_step(
        ITEM, step(fee_minor={"EUR": 500}, fee_percent=Decimal("1.25")), bare_policy(), "business", TODAY
    )
    assert (fee.key, fee.kind, fee.amount_minor, fee.on) == ("costs~1~2", "costs", 500 + 1488, TODAY)


def test_a_fee_in_another_currency_is_none() -> None:
    assert charges_of_step(ITEM, step(fee_minor={"GBP": 500}), bare_policy(), "business", TODAY) == ()


def test_a_level_costs_once_in_an_episode() -> None:
    asks = step(fee_minor={"EUR": 500})
    charged = replace(ITEM, charges=charges_of_step(ITEM, asks, bare_policy(), "business", TODAY))
    assert charges_of_step(charged, asks, bare_policy(), "business", TODAY) == ()
    again = charges_of_step(replace(charged, episode=2), asks, bare_policy(), "business", TODAY)
    assert [fee.key for fee in again] == ["costs~2~2"]
