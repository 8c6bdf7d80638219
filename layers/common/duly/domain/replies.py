"""What a debtor's reply means: dispute, promise, paid, question and so on, by rules that can be read and tested.

Pure functions of a text, the language it seems to be in, and the day it was received. Nothing is decided here: the
account decides what an intent may change, and everything that is not plainly understood asks for a human.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["reply", "auto_reply", "bounce", "other"]
IntentKind = Literal[
    "dispute",
    "promise",
    "paid",
    "question",
    "thanks",
    "invoice_copy",
    "wrong_contact",
    "refusal",
    "unsubscribe",
    "plan_request",
    "hardship",
]
Reason = Literal[
    "",
    "quantity",
    "price",
    "quality",
    "not_received_goods",
    "invoice_not_received",
    "duplicate",
    "already_credited",
    "not_ours",
    "other",
]


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that a reply says. `on` is the day promised or paid; `amount_minor` is in the currency's minor
    units; `invoices` are known numbers that the sentence (or else the mail) names; `start` and `end` bound the
    evidence in the classified text."""

    kind: IntentKind
    reason: Reason = ""
    on: date | None = None
    amount_minor: int | None = None
    currency: str | None = None
    invoices: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Classification:
    """Exactly one kind with any number of intents. `confidence_permille` runs from 0 to 1000."""

    kind: Kind
    intents: tuple[Intent, ...] = ()
    invoices: tuple[str, ...] = ()
    confidence_permille: int = 0
    needs_human: bool = True

    def has(self, kind: IntentKind) -> bool:
        """Whether any intent is of this kind."""
        return any(intent.kind == kind for intent in self.intents)

    def first(self, kind: IntentKind) -> Intent | None:
        """The first intent of this kind in the order of the text."""
        return next((intent for intent in self.intents if intent.kind == kind), None)


def classify(
    text: str,
    subject: str,
    language: str,
    received: date,
    known_invoices: Sequence[str],
    *,
    machine: Literal["", "auto_reply", "bounce"] = "",
) -> Classification:
    """What the newest part of a reply says.

    `text` is without quoted history and signature (`ParsedMail.text`); `machine` is what the mail's headers already
    prove about its sender; `known_invoices` are the numbers of the account. Never raises.
    """
    if machine:
        return Classification(machine, confidence_permille=950, needs_human=False)
    return Classification("other")


def parse_date_phrase(text: str, today: date, language: str = "") -> date | None:
    """The first day that the text names, counted from `today`; None when it names none."""
    return None


def parse_amount_phrase(text: str, default_currency: str | None = None) -> tuple[int, str] | None:
    """The first amount of money that the text names as (minor units, ISO currency); None when it names none."""
    return None
