"""What happened to the credit of two customers, as the demonstration tells it: for its summary and its page."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from cli.demo_credit import CategoryStep, CreditStory, Restated
from duly.domain import events as ev
from duly.domain.policy import Policy
from duly.domain.policy_reader import parse_policy
from local.sales import CreditStep

DAY = date(2026, 2, 18)
REFUSED = {
    "ok": True,
    "account": "C-1014",
    "outcome": "refuse",
    "reasons": [{"code": "hold_overdue_days", "words": "credit hold: an invoice is 40 days overdue or more"}],
    "conditions": [],
    "offers": [{"code": "pay_overdue", "words": "pay overdue RE-26-0004 (12345.60 EUR)"}],
    "amount": "2800.00",
    "currency": "EUR",
    "exposure": "13120.50",
    "limit": "0.00",
    "headroom": "-13120.50",
    "score": "0.984",
    "category": "D",
    "terms_days": 0,
}
CHECK = {"type": "credit_check", "customer": "C-1014", "amount": "2800.00", "currency": "EUR", "order": "PO-<1>"}
OVERRIDE = {"type": "override", "customer": "C-1014", "until": "2026-03-19", "reason": "framework", "by": "ada"}
ASKED = [
    CreditStep(date(2026, 3, 4), CHECK, REFUSED),
    CreditStep(date(2026, 3, 5), OVERRIDE, {"ok": True, "account": "C-1014", "override": "OV-22"}),
    CreditStep(
        date(2026, 3, 5),
        {"type": "credit_check", "prospect": {}, "amount": "1.00", "currency": "EUR"},
        {**REFUSED, "outcome": "approve_with_conditions", "limit": None, "headroom": None},
        "Grauwacke Tiefbau GmbH",
    ),
]


def story() -> CreditStory:
    """A customer who fell, another who rose; the override has ended."""
    fell = CategoryStep(date(2026, 2, 17), "C-1014", "B", "C", ("pays_late",), 735, invoice=invoice(), notice=notice())
    rose = CategoryStep(date(2026, 3, 10), "C-1001", "B", "A", ("pays_on_time",), 118)
    return CreditStory(
        started=Counter({"B": 40}),
        changes=[fell, rose],
        ended={("C-1014", "OV-22"): date(2026, 3, 20)},
        held=2,
        limits={"C-1014": {}, "C-1001": {"EUR": 8_000_000}},
        terms={"C-1001": 45},
        scenarios={"C-1014": "", "C-1001": "gentle"},
        restated=[
            Restated(DAY, "C-1001", "RE-26-0009", "corrected", 365_600, 275_600, "EUR"),
            Restated(DAY, "C-1014", "RE-25-0820", "cancelled", 117_100, 0, "EUR", notices=(date(2026, 1, 27),)),
            Restated(DAY, "C-1014", "RE-26-0078", "replaced", 130_186, 0, "EUR", "RK-26-0001"),
            Restated(DAY, "C-1001", "RE-26-0111", "returned", 50_000, 50_000, "EUR"),
        ],
        flagged={"order_missing": [("C-1014", "RE-26-0010"), ("C-1001", "RE-26-0002")]},
    )


def invoice() -> ev.InvoiceRegistered:
    issued, due = date(2026, 2, 20), date(2026, 3, 6)
    return ev.InvoiceRegistered("RE-26-0171", "RE-26-0171", issued, due, "default", 100, "EUR", "u", 2)


def notice() -> ev.NoticeClaimed:
    at = datetime(2026, 2, 23, 10, tzinfo=UTC)
    return ev.NoticeClaimed("n", "i", "email", "EUR", 2, "second-reminder", (), (), at, "p", "firm")


STORY = story()


def read_demo_policy() -> Policy:
    path = Path(__file__).parents[1] / "policies" / "demo.toml"
    return parse_policy(path.read_text(encoding="utf-8"), path.name)
