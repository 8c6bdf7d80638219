"""What a payment settles first inside one invoice, where neither the parties nor the policy say: by law.

The law is that of the creditor's country: without a choice of law a sale or service is governed by that of the seller's
residence (Regulation (EC) No 593/2008, article 4(1)(a) and (b)). A country that is not listed takes ``COMMON``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

CHECKED_ON = date(2026, 11, 28)  # the day on which every entry was compared with a public copy of its source

COMMON = ("costs", "interest", "principal")
INTEREST_FIRST = ("interest", "costs", "principal")  # where the law names interest alone: costs are as accessory


@dataclass(frozen=True, slots=True)
class DebtOrder:
    """The order of a country, and where its law says so. What the law leaves open follows ``COMMON``."""

    order: tuple[str, ...]
    source: str


DEBT_ORDERS: dict[str, DebtOrder] = {
    "DE": DebtOrder(COMMON, "BGB s. 367(1): costs, then interest, then the principal"),
    "NL": DebtOrder(COMMON, "BW 6:44(1): costs, then interest fallen due, then principal and running interest"),
    "CH": DebtOrder(COMMON, "OR art. 85(1): nothing on the capital while interest or costs are in arrears"),
    "IT": DebtOrder(COMMON, "Codice civile art. 1194: interest and expenses before the capital"),
    "FR": DebtOrder(COMMON, "Code civil art. 1343-1: interest first; costs as well: Cass. 1re civ. 92-14.216 (1995)"),
    "AT": DebtOrder(INTEREST_FIRST, "ABGB s. 1416: interest, then capital; silent on costs"),
    "ES": DebtOrder(
        ("interest", "costs", "principal"), "Codigo Civil art. 1173: interest before capital; silent on costs"
    ),
    "BR": DebtOrder(
        ("interest", "costs", "principal"), "Codigo Civil art. 354: interest due, then capital; silent on costs"
    ),
}


def debt_order(country: str) -> tuple[str, ...]:
    """Return costs, interest and principal in the order in which a payment settles them under a country's law."""
    found = DEBT_ORDERS.get(country)
    return found.order if found else COMMON
