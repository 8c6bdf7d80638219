"""What a step demands beside an invoice's amount: fees, fixed sums and interest. Pure rules, exact arithmetic."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from duly.domain import events as ev
from duly.domain.entities import Item
from duly.domain.policy_model import Policy, Step


class RateUnknown(Exception):
    """A rate that is needed for a period is not known: nothing is guessed, so nothing is charged."""


def charges_of_step(item: Item, step: Step, policy: Policy, customer_kind: str, today: date) -> tuple[ev.Charge, ...]:
    """Return what this step newly demands of an item on a day, beside its amount: each fee once for an item, episode
    and level. Raises RateUnknown when a rate for the period is not known."""
    del policy, customer_kind
    known = {charge.key for charge in item.charges}
    fee = _fee(item, step, today)
    return (fee,) if fee is not None and fee.key not in known else ()


def _fee(item: Item, step: Step, today: date) -> ev.Charge | None:
    """The fee of a step: an amount in the item's currency plus a percentage of the original amount, half up."""
    percentage = Fraction(step.fee_percent) * item.amount_minor / 100
    amount_minor = step.fee_minor.get(item.currency, 0) + half_up(percentage)
    if amount_minor <= 0:
        return None
    return ev.Charge(f"costs~{item.episode}~{step.level}", "costs", amount_minor, today)


def half_up(amount: Fraction) -> int:
    """Round an exact amount of minor units, which is not negative, half up."""
    return int((2 * amount.numerator + amount.denominator) // (2 * amount.denominator))
