"""A cash discount (Skonto): less to pay for paying early."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CashDiscount:
    """A discount for early payment: `percent_hundredths` (200 is 2 %) when paid within `days` of the issue date."""

    days: int
    percent_hundredths: int
