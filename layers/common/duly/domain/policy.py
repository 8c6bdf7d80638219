"""The credit policy: its dataclasses (``policy_model``) and its reader (``policy_reader``) under one name."""

from __future__ import annotations

from duly.domain.policy_model import (
    STANDARD_SCENARIO,
    AmountTable,
    Cash,
    Category,
    Charges,
    Contact,
    CreditHold,
    Creditor,
    Disputes,
    Gates,
    Policy,
    Promises,
    Risk,
    Scenario,
    Step,
    Terms,
)

__all__ = [
    "STANDARD_SCENARIO",
    "AmountTable",
    "Cash",
    "Category",
    "Charges",
    "Contact",
    "CreditHold",
    "Creditor",
    "Disputes",
    "Gates",
    "Policy",
    "Promises",
    "Risk",
    "Scenario",
    "Step",
    "Terms",
]
