"""What the clock alone does to credit, through ticks: covers end, holds come, scores and reviews fall due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.flows import audit, credit
from duly.flows.twin import TwinStack
from tests.core_samples import MONDAY, NOON, Customer, Invoice, customers_file, invoice_uploads

DEBTOR = Customer("C-1", "Debtor number 1 GmbH", "DE100000001")
RULES = b"""[creditor]
name = "Muster"
[risk]
review_days = 30
[risk.categories.all]
max_score = 1.0
terms_days = 30
review_days = 40
limit = { EUR = "30.00" }
[risk.hold]
over_limit = true
overdue_days = 20
broken_promises = 0
"""


def at(days: int) -> datetime:
    return NOON + timedelta(days=days)


@pytest.fixture
def stack() -> TwinStack:
    """C-1 owes 40.00 EUR of 30.00 EUR, not due for 29 days, with a guarantee of 20.00 EUR for five days."""
    found = TwinStack()
    invoices = invoice_uploads([Invoice("RE-1", DEBTOR, 4_000, MONDAY, "EUR")], "i")
    for key, data in [("policy/p.toml", RULES), ("customers/c.csv", customers_file([DEBTOR])), *invoices]:
        found.upload(key, data, NOON)
        found.work()
    cover = {"type": "set_cover", "customer": "C-1", "cover": "G-1", "kind": "guarantee", "by": "ada"}
    until = (MONDAY + timedelta(days=5)).isoformat()
    answer = credit.answer(found.edge, {**cover, "amount": "20.00", "currency": "EUR", "until": until}, NOON)
    assert "CreditHoldChanged" in answer["events"]
    return found


def happened(stack: TwinStack, *kinds: type[ev.Event]) -> list[tuple[date, ev.Event]]:
    history = stack.edge.accounts.history("C-1")
    return [(entry.at.date(), event) for entry in history for event in entry.events if isinstance(event, kinds)]


def test_a_cover_ends_and_the_hold_comes_on_its_day(stack: TwinStack) -> None:
    stack.tick(at(5))
    assert stack.edge.accounts.load("C-1").header.credit_hold == ()
    stack.tick(at(6))
    assert stack.edge.accounts.load("C-1").header.credit_hold == ("over_limit",)
    assert [day for day, _ in happened(stack, ev.CoverEnded)] == [MONDAY + timedelta(days=6)]
    assert audit.audit(stack.edge, at(6)).problems == []


def test_every_day_ticked_shows_each_change_once_on_its_day(stack: TwinStack) -> None:
    for days in range(1, 85):
        stack.tick(at(days))
    due = stack.edge.accounts.load("C-1").items["RE-1"].due
    changes = happened(stack, ev.CreditHoldChanged)[2:]  # it was over its limit until the guarantee came
    assert [(day, event.reasons) for day, event in changes if isinstance(event, ev.CreditHoldChanged)] == [
        (MONDAY + timedelta(days=6), ("over_limit",)),
        (due + timedelta(days=20), ("over_limit", "overdue_days")),
    ]
    tasks = happened(stack, ev.TaskOpened)
    reviews = [day for day, event in tasks if isinstance(event, ev.TaskOpened) and event.kind == "credit_review"]
    assert reviews == [MONDAY + timedelta(days=40)], "asked once, until a person closes it"
    scored = [day for day, _ in happened(stack, ev.ScoreChanged, ev.ScoreReviewed)]
    gaps = [(after - before).days for before, after in zip(scored, scored[1:], strict=False)]
    assert max(gaps) <= 30
