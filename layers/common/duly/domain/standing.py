"""Where every open item of an account stands today: its next step, and what keeps it out of a notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from duly.domain.account import Account
from duly.domain.entities import Item
from duly.domain.gates import item_gate
from duly.domain.policy import Policy, Scenario
from duly.domain.steps import Collectable, NextStep, anchored_steps, is_anchored, next_step


@dataclass(frozen=True, slots=True)
class Standing:
    """An item with its next step (None: none waits for it) and the gate that is closed for it (empty: none)."""

    item: Item
    next: NextStep | None
    gate: str

    @property
    def is_collectable(self) -> bool:
        """Open, and nothing speaks against asking for it; a notice about it may be on its way."""
        return self.gate in ("", "in_flight") and self.item.outstanding_minor > 0


def standings(account: Account, policy: Policy, today: date) -> list[Standing]:
    """Return where the live items stand, in key order. ``today`` is the debtor's local date.

    A notice asks for principal: an item of which only charges are open has no next step.
    """
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    found = [Standing(item, None, item_gate(account, item, scenario, today)) for item in account.live("items")]
    collectable = {one.item.currency: collectable_of(found, one.item.currency, today) for one in found}
    if is_anchored(scenario):
        return _anchored(found, scenario, policy, today, collectable)
    return [
        Standing(one.item, next_step(one.item, scenario, policy, today, collectable[one.item.currency]), one.gate)
        if one.item.outstanding_minor > 0
        else one
        for one in found
    ]


def collectable_of(found: Iterable[Standing], currency: str, today: date) -> Collectable:
    """Return how many overdue items can be collected from the customer, and their total in one currency."""
    overdue = [one.item for one in found if one.is_collectable and one.item.is_overdue_on(today)]
    total = sum(item.chased_minor for item in overdue if item.currency == currency)
    return Collectable(len(overdue), total)


def _anchored(
    found: list[Standing], scenario: Scenario, policy: Policy, today: date, collectable: dict[str, Collectable]
) -> list[Standing]:
    """While a notice in the currency is on its way, nothing more is said in it: the anchor may be among its items."""
    steps: dict[str, NextStep] = {}
    for currency, collected in collectable.items():
        items = [one.item for one in found if one.is_collectable and one.item.currency == currency]
        if not any(item.notice for item in items):
            steps |= anchored_steps(items, scenario, policy, today, collected)
    return [Standing(one.item, steps.get(one.item.key), one.gate) for one in found]
