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
from duly.domain.policy_reader import (
    bare_policy,
    default_policy,
    default_policy_text,
    parse_policy,
    parse_policy_data,
)
from duly.domain.policy_schema import PolicyErrors, PolicyProblem

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
    "PolicyErrors",
    "PolicyProblem",
    "Promises",
    "Risk",
    "Scenario",
    "Step",
    "Terms",
    "bare_policy",
    "default_policy",
    "default_policy_text",
    "parse_policy",
    "parse_policy_data",
]
