"""What the score reads from an account, and when a score changes."""

from __future__ import annotations

from datetime import timedelta

from duly.domain import events as ev
from duly.domain.account import MAX_MARKED_ITEMS, Account
from duly.domain.risk import log_odds
from duly.domain.scoring import facts_for_invoice, facts_of, rescore
from tests.core_samples import MONDAY, POLICY, account, invoice, payment, then

LATER = MONDAY + timedelta(days=10)


def settle(found: Account, key: str, cash: str, amount_minor: int = 10_000) -> Account:
    allocation = ev.AllocationsChanged((ev.Allocation(cash, key, amount_minor),))
    return then(found, [payment(cash, amount_minor, [key], LATER), allocation])


def disputed(*keys: str) -> ev.DisputeOpened:
    return ev.DisputeOpened("D-1", keys, "price", "sales", LATER, MONDAY)


def test_open_and_overdue_items_per_currency() -> None:
    found = account(
        invoice("I-1", 7_000),
        invoice("I-2", 5_000, currency="USD"),
        invoice("I-3", 1_000, due=LATER + timedelta(days=1)),
        invoice("I-4", 2_000, due=LATER),
    )
    facts = facts_of(found, LATER)
    assert (facts.exposure_minor, facts.overdue_minor) == ({"EUR": 10_000, "USD": 5_000}, {"EUR": 7_000, "USD": 5_000})
    assert (facts.overdue_items, facts.oldest_overdue_days, facts.relation_days) == (2, 10, 40)


def test_what_the_creditor_is_to_collect_is_not_overdue_until_it_came_back() -> None:
    found = account(invoice("I-1", 7_000, means="direct_debit"), invoice("I-2", 2_000, means="card"))
    facts = facts_of(found, LATER)
    assert (facts.exposure_minor, facts.overdue_minor) == ({"EUR": 9_000}, {})
    assert (facts.overdue_items, facts.oldest_overdue_days) == (0, 0)
    back = facts_of(then(found, [ev.DebitReturned("I-1", MONDAY)]), LATER)
    assert (back.overdue_minor, back.overdue_items, back.oldest_overdue_days) == ({"EUR": 7_000}, 1, 10)


def test_a_settled_item_is_history_with_its_days_amount_and_dispute() -> None:
    found = settle(then(account(invoice("I-1")), [disputed("I-1")]), "I-1", "T1")
    (month,) = found.header.behaviour.history
    assert (month.paid_count, month.late_count, month.habit_days, month.disputed_count) == (1, 1, 10, 1)
    amount = month.amounts["EUR"]
    assert (amount.count, amount.paid_minor, amount.late_minor) == (1, 10_000, 10_000)
    assert facts_of(found, LATER).payments.disputed == 100


def test_a_dispute_opened_after_the_settlement_changes_no_history_and_a_reversal_takes_all_back() -> None:
    found = then(settle(account(invoice("I-1")), "I-1", "T1"), [disputed("I-1")])
    assert not found.items["I-1"].disputed
    reopened = then(found, [ev.AllocationsChanged((ev.Allocation("T1", "I-1", 0),))])
    assert reopened.header.behaviour.history == ()


def test_a_dispute_over_too_many_items_marks_none() -> None:
    keys = [f"I-{number}" for number in range(MAX_MARKED_ITEMS + 1)]
    found = account(*(invoice(key) for key in keys))
    assert not any(item.disputed for item in then(found, [disputed(*keys)]).items.values())
    marked = then(found, [disputed(*keys[1:])]).items
    assert [key for key, item in marked.items() if item.disputed] == keys[1:]


def test_a_larger_invoice_than_usual_is_a_larger_risk() -> None:
    found = settle(account(invoice("I-1")), "I-1", "T1")
    usual, large = (facts_for_invoice(found, amount, "EUR", LATER) for amount in (10_000, 40_000))
    assert (usual.invoice_permille, large.invoice_permille) == (1_000, 4_000)
    assert log_odds(usual) == log_odds(facts_of(found, LATER)) < log_odds(large)


def test_a_score_is_an_event_once() -> None:
    found = account(invoice("I-1"))
    changed, category = rescore(found, POLICY, LATER)
    assert isinstance(changed, ev.ScoreChanged)
    assert len(changed.reasons) == 3
    assert category == ev.CategoryChanged(
        "", changed.category, changed.reasons, changed.score_permille, POLICY.version, LATER
    )
    assert rescore(then(found, [changed, category]), POLICY, LATER) == []
