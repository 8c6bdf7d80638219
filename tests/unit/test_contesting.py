"""A dispute about a part of an invoice: what rests, what is chased, what the debtor reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.contesting import contested_of, is_disputed, narrow_dispute
from duly.domain.dunning import decide_chase
from duly.domain.gates import Surroundings
from duly.domain.policy import Policy
from duly.domain.replying import resolve_dispute
from duly.flows.decisions import DecisionRefused
from duly.flows.notices import view_of
from duly.mail.local_forms import amount
from duly.mail.notice import LANGUAGES
from duly.mail.render import render
from duly.mail.verify import facts_of, tables_of
from duly.store.accounts import summary
from tests.core_samples import LENIENT, MONDAY, NOON, Payment, account, invoice, payment, plain_policy, step, then
from tests.mail_views import item as told
from tests.mail_views import view
from tests.unit.test_chase_decisions import call, given
from tests.unit.test_corrections import Stack, row
from tests.unit.test_notice_charges import mailed

WHOLE = plain_policy(step(1, "first", -1) + step(2, "second", 5))
PARTLY: Policy = replace(WHOLE, disputes=replace(WHOLE.disputes, chase_undisputed_part=True))
AROUND = Surroundings(NOON, frozenset())


def opened(*keys: str, contested: dict[str, int] | None = None, dispute: str = "D-1") -> ev.DisputeOpened:
    return ev.DisputeOpened(dispute, keys, "price", "default", MONDAY, MONDAY, "", contested or {}, "EUR")


def asked(found: Account) -> dict[str, int]:
    claim = decide_chase(found, PARTLY, AROUND).claim
    return {part.item: part.balance_minor for part in claim.items} if claim else {}


def test_only_what_is_contested_rests() -> None:
    found = account(
        invoice("I-1"), invoice("I-2"), opened("I-1", contested={"I-1": 2_000}), opened("I-2", dispute="D-2")
    )
    assert asked(found) == {"I-1": 8_000}
    assert not is_disputed(found, found.items["I-1"]) and is_disputed(found, found.items["I-2"])
    assert summary(found)["disputed"] == {"EUR": 12_000}


def test_money_pays_what_is_not_contested_first() -> None:
    found = account(invoice("I-1"), opened("I-1", contested={"I-1": 2_000}), payment("P", 8_000))
    found = then(found, [ev.AllocationsChanged((ev.Allocation("P", "I-1", 8_000),))])
    assert asked(found) == {} and is_disputed(found, found.items["I-1"])
    assert summary(found)["disputed"] == {"EUR": 2_000}


def test_a_second_dispute_over_the_whole_of_it_lets_all_of_it_rest() -> None:
    found = account(invoice("I-1"), opened("I-1", contested={"I-1": 2_000}), opened("I-1", dispute="D-2"))
    assert asked(found) == {}


def test_a_returned_payment_finds_only_disputes_that_are_still_open() -> None:
    paid = account(invoice("I-1"), opened("I-1", contested={"I-1": 2_000}), payment("P", 10_000))
    paid = then(paid, [ev.AllocationsChanged((ev.Allocation("P", "I-1", 10_000),))])
    back = [ev.AllocationsChanged((ev.Allocation("P", "I-1", 0),)), ev.CashWithdrawn("P", "returned")]
    assert asked(then(paid, back)) == {"I-1": 8_000}
    assert asked(then(paid, [ev.DisputeResolved("D-1", "withdrawn", MONDAY), *back])) == {"I-1": 10_000}


@pytest.mark.parametrize(
    ("policy", "keys", "minor", "contested"),
    [
        (PARTLY, ("I-1",), 2_000, {"I-1": 2_000}),
        (WHOLE, ("I-1",), 2_000, {}),
        (PARTLY, ("I-1",), 0, {}),  # no amount is known
        (PARTLY, ("I-1",), 10_000, {}),  # all of it
        (PARTLY, ("I-2", "I-1"), 12_000, {"I-1": 10_000, "I-2": 2_000}),  # that which is due first bears it
        (PARTLY, ("I-1", "I-3"), 2_000, {}),  # in two currencies
    ],
)
def test_what_an_amount_in_dispute_contests(
    policy: Policy, keys: tuple[str, ...], minor: int, contested: dict[str, int]
) -> None:
    found = account(invoice("I-1"), invoice("I-2", due=date(2026, 3, 9)), invoice("I-3", currency="USD"))
    assert contested_of(found, keys, minor, policy) == contested


def test_a_person_narrows_a_dispute() -> None:
    found = account(invoice("I-1"), opened("I-1"))
    assert asked(found) == {}
    narrowed = then(found, narrow_dispute(found, "D-1", 2_500, "ada", PARTLY))
    assert asked(narrowed) == {"I-1": 7_500}
    again = then(narrowed, narrow_dispute(narrowed, "D-1", 9_000, "ada", PARTLY))
    assert asked(again) == {"I-1": 1_000}


@pytest.mark.parametrize(
    ("dispute", "minor", "policy", "why"),
    [
        ("D-9", 1, PARTLY, "no open"),
        ("D-1", 1, WHOLE, "is false"),
        ("D-1", 0, PARTLY, "above"),
        ("D-1", 10_000, PARTLY, "below"),
    ],
)
def test_a_dispute_that_cannot_be_narrowed(dispute: str, minor: int, policy: Policy, why: str) -> None:
    found = account(invoice("I-1"), opened("I-1"))
    with pytest.raises((LookupError, ValueError), match=why):
        narrow_dispute(found, dispute, minor, "ada", policy)


def test_the_chase_begins_again_after_a_rejected_dispute_when_the_policy_says_so() -> None:
    again = replace(WHOLE, disputes=replace(WHOLE.disputes, resume="restart"))
    found = account(invoice("I-1"), opened("I-1"))
    for policy, outcome, restarts in (
        (again, "rejected", True),
        (again, "withdrawn", False),
        (WHOLE, "rejected", False),
    ):
        (resolved, *_) = resolve_dispute(found, "D-1", outcome, "ada", MONDAY, policy)
        assert isinstance(resolved, ev.DisputeResolved) and resolved.restarts is restarts


# --- through the whole stack
@pytest.fixture
def stack() -> Stack:
    found = Stack()
    partly = replace(LENIENT, disputes=replace(LENIENT.disputes, chase_undisputed_part=True))
    found.edge.policy = lambda: partly  # type: ignore[method-assign]
    found.customer()
    found.take("one", row("RE-1", "100.00"))
    return found


def test_a_caller_hears_what_is_disputed_and_a_person_corrects_it(stack: Stack) -> None:
    given(stack, call())
    facts: dict[str, Any] = {"code": "dispute", "reason": "price", "amount": "12.50", "items": ["RE-1"]}
    stack.decide(action="call_result", task="call-n1", **facts)
    (dispute,) = stack.account().live("disputes")
    assert dispute.contested == {"RE-1": 1_250}
    stack.decide(action="narrow_dispute", dispute=dispute.key, amount="20.00")
    assert stack.item("RE-1").chased_minor == 8_000
    with pytest.raises(DecisionRefused, match="below what is open"):
        stack.decide(action="narrow_dispute", dispute=dispute.key, amount="100.00")
    stack.decide(action="resolve_dispute", dispute=dispute.key, outcome="rejected")
    assert stack.item("RE-1").chased_minor == 10_000
    stack.assert_clean()


def test_money_for_the_rest_leaves_the_dispute(stack: Stack) -> None:
    given(stack, opened("RE-1", contested={"RE-1": 2_000}))
    stack.money(Payment("RE-1", 8_000), days=31)
    item = stack.item("RE-1")
    assert (item.state, item.outstanding_minor, item.chased_minor) == ("open", 2_000, 0)
    stack.assert_clean()


# --- what the debtor reads
def test_the_notice_asks_for_the_rest_and_says_what_it_leaves_out() -> None:
    found = account(invoice("I-1"), opened("I-1", contested={"I-1": 2_000}))
    claim = decide_chase(found, PARTLY, AROUND).claim
    assert claim is not None
    shown = view_of(found, claim, PARTLY, "reply@creditor.example")
    assert (shown.items[0].balance_minor, shown.items[0].disputed_minor, shown.total_minor) == (8_000, 2_000, 8_000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_what_is_disputed(language: str) -> None:
    part = replace(told(original=10_000, balance=8_000), disputed_minor=2_000)
    raw = mailed(view(part, replace(part, number="R-2", returned="card"), language=language))
    facts = facts_of(raw)
    assert [(one.original_minor, one.balance_minor) for one in facts.items] == [(10_000, 8_000)] * 2
    assert facts.total_minor == 16_000
    words = amount(2_000, "EUR", language)
    text = render(view(part, language=language)).text
    assert [len(line) <= 78 for line in text.splitlines() if words in line] == [True]
    assert text.count(words) == 1 and text.count(amount(10_000, "EUR", language)) == 1
    cells = [cell for table in tables_of(raw) for line in table for cell in line]
    assert sum(words in cell for cell in cells) == 2
