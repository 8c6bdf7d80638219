"""What the policy says about money on an account. An account carries the rules under which it is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from duly.domain.debt_order import COMMON, debt_order
from duly.domain.policy_model import Policy


@dataclass(frozen=True, slots=True)
class CashRules:
    """Where money that names nothing goes, what it settles first, and which shortfalls need no person.

    Amounts are minor units by currency; a currency without an amount has no tolerance of that kind.
    """

    allocation: tuple[str, ...] = ("stated", "oldest_due")
    debt_order: tuple[str, ...] = COMMON
    tolerance_minor: Mapping[str, int] = field(default_factory=dict)
    tolerance_percent: Decimal = Decimal(0)
    overpayment: str = "unapplied"

    @property
    def order(self) -> str:
        """The order in which unnamed money pays: oldest_due or newest_due; empty when it waits for a person."""
        return next((order for order in self.allocation if order != "stated"), "")

    def tolerance_of(self, amount_minor: int, currency: str) -> int:
        """Return by how much a payment of an invoice of this amount may fall short, in minor units: of the amount and
        the percentage the smaller where both are stated."""
        limits = [self.tolerance_minor[currency]] if currency in self.tolerance_minor else []
        if self.tolerance_percent:
            limits.append(int(amount_minor * self.tolerance_percent / 100))
        return min(limits, default=0)


def cash_rules(policy: Policy) -> CashRules:
    """Return the rules of a policy; where it states no order of debts, that of the creditor's law."""
    cash = policy.cash
    return CashRules(
        allocation=cash.allocation,
        debt_order=cash.debt_order or debt_order(policy.creditor.country),
        tolerance_minor=cash.tolerance_minor,
        tolerance_percent=cash.tolerance_percent,
        overpayment=cash.overpayment,
    )
