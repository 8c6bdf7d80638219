"""What one account's scenario asks now: one notice, complete, to the right people, and only what is really open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.cash_rules import CashRules
from duly.domain.dunning import (
    MAX_ITEMS_AT_ONCE,
    MAX_NOTICE_ITEMS,
    Chase,
    attempt_of,
    decide_chase,
    intent_of,
)
from duly.domain.gates import Surroundings
from duly.domain.policy import Policy
from duly.domain.reaching import recipients
from tests import core_samples as samples
from tests.core_samples import MONDAY, NOON, THREE_STEPS, account, customer, invoice, payment, plain_policy, sent, then

PLAIN = plain_policy(THREE_STEPS)


def due(number: str, days: int = 3, amount_minor: int = 10_000, currency: str = "EUR") -> ev.InvoiceRegistered:
    """An invoice that has been overdue for so many days."""
    return invoice(number, amount_minor, MONDAY - timedelta(days=days), currency=currency)


def chase(found: Account, policy: Policy = PLAIN, now: datetime = NOON) -> Chase:
    return decide_chase(found, policy, Surroundings(now, frozenset()))


def claimed(found: Account, policy: Policy = PLAIN, now: datetime = NOON) -> ev.NoticeClaimed:
    claim = chase(found, policy, now).claim
    assert claim is not None
    return claim


def items(claim: ev.NoticeClaimed) -> list[tuple[str, str, int]]:
    return [(part.item, part.step, part.balance_minor) for part in claim.items]


def skipped(found: Account, policy: Policy = PLAIN, now: datetime = NOON) -> set[tuple[str, str]]:
    return {(skip.gate, skip.item) for skip in chase(found, policy, now).skipped}


def with_money(found: Account, *cash: ev.CashReceived) -> Account:
    """The account with money, of which what names nothing waits for a person and is set off meanwhile."""
    found.rules_of = lambda: CashRules(allocation=("stated",))
    for one in cash:
        found = then(found, receive(found, one, MONDAY))
    return found


# --- one notice with everything whose step has come


def test_all_items_that_are_due_go_in_one_notice_each_at_its_step() -> None:
    found = account(due("I-1", 3), due("I-2", 5), due("I-3", 2), due("I-4", -5), due("I-5", -6))
    claim = claimed(found)
    assert items(claim) == [("I-2", "first", 10_000), ("I-1", "first", 10_000), ("I-4", "before", 10_000)]
    assert (claim.level, claim.step, claim.currency, claim.policy) == (1, "first", "EUR", PLAIN.version)


def test_nothing_due_is_nothing_said() -> None:
    assert chase(account()) == Chase()
    assert chase(account(due("I-1", 2))) == Chase()


def test_the_highest_level_speaks() -> None:
    found = account(due("I-1", 40), due("I-2", 40))
    found = then(found, [claimed(found, now=NOON - timedelta(days=20))])
    notice = next(iter(found.notices))
    found = then(found, sent(found, notice, MONDAY - timedelta(days=20)))
    found = then(found, [due("I-3", 3)])
    claim = claimed(found)
    assert {part.item: part.level for part in claim.items} == {"I-1": 2, "I-2": 2, "I-3": 1}
    assert (claim.level, claim.step) == (2, "second")


def test_currencies_are_never_mixed_and_come_in_order() -> None:
    found = account(due("I-1", currency="USD"), due("I-2", currency="EUR"))
    first = claimed(found)
    assert (first.currency, [part.item for part in first.items]) == ("EUR", ["I-2"])
    found = then(found, [first])
    found = then(found, sent(found, first.notice))
    assert claimed(found).currency == "USD"
    assert chase(found, replace(PLAIN, contact=replace(PLAIN.contact, min_gap_days=1))).claim is None


def test_a_currency_with_nothing_to_say_does_not_hold_back_the_next() -> None:
    found = with_money(account(due("I-1"), due("I-2", currency="USD")), payment("T1", 10_000))
    assert claimed(found).currency == "USD"


def test_an_account_without_a_time_zone_is_left_alone() -> None:
    assert chase(account(customer(timezone=""), due("I-1"))).events == ()


# --- steps over time


def run(found: Account, policy: Policy, days: list[int]) -> list[tuple[int, str]]:
    """Tick on these days; return what was said when."""
    said = []
    for day in days:
        now = NOON + timedelta(days=day)
        result = chase(found, policy, now)
        if result.claim is None:
            continue
        found = then(found, result.events)
        found = then(found, sent(found, result.claim.notice, MONDAY + timedelta(days=day)))
        said.append((day, result.claim.step))
    return said


FRESH = account(due("I-1", 0))


def test_each_step_comes_on_its_day() -> None:
    early = account(due("I-1", -10))
    assert run(early, PLAIN, list(range(60))) == [(5, "before"), (13, "first"), (24, "second"), (38, "formal")]


def test_a_missed_day_is_caught_up() -> None:
    early = account(due("I-1", -10))
    said = run(early, PLAIN, [5, *range(14, 60)])
    assert said == [(5, "before"), (14, "first"), (25, "second"), (39, "formal")]


def test_a_missed_week_is_no_burst() -> None:
    """Levels keep their distance, however long the run was away."""
    assert run(FRESH, PLAIN, list(range(40, 80))) == [(40, "first"), (51, "second"), (65, "formal")]


def test_without_spacing_the_gap_still_holds() -> None:
    policy = plain_policy(THREE_STEPS, "catch_up_spacing = false\nmin_gap_days = 5")
    assert run(FRESH, policy, list(range(40, 80))) == [(40, "first"), (45, "second"), (50, "formal")]


def test_the_weekly_cap_holds_over_all_items() -> None:
    policy = replace(PLAIN, contact=replace(PLAIN.contact, max_per_7_days=2))
    found = account(*(due(f"I-{n}", 3 - n) for n in range(6)))
    assert run(found, policy, list(range(9))) == [(0, "first"), (1, "first"), (7, "first"), (8, "first")]


def test_an_item_that_opens_again_starts_anew() -> None:
    found = account(due("I-1", 40))
    found = then(found, [claimed(found)])
    found = then(found, sent(found, next(iter(found.notices))))
    found = with_money(found, payment("T1", 10_000, ["I-1"]))
    opened = then(
        found,
        [ev.AllocationsChanged((ev.Allocation("T1", "I-1", 0),)), ev.CashNamed("T1", ()), ev.CashWithdrawn("T1", "x")],
    )
    claim = claimed(opened)
    assert [(part.episode, part.step) for part in claim.items] == [(2, "first")]


# --- what is really open


def test_a_part_payment_is_named_with_what_is_left() -> None:
    found = with_money(account(due("I-1")), payment("T1", 4_000, ["I-1"]))
    assert items(claimed(found)) == [("I-1", "first", 6_000)]


def test_unapplied_money_covers_the_oldest_and_is_named_where_it_covers_in_part() -> None:
    found = account(due("I-1", 9), due("I-2", 5), due("I-3", 3))
    whole = with_money(found, payment("T1", 12_000))
    claim = claimed(whole)
    assert [part.item for part in claim.items] == ["I-2", "I-3"]
    assert claim.credits_minor == 2_000
    assert ("covered_by_credit", "I-1") in skipped(whole)


def test_a_credit_is_not_used_up_by_what_is_not_due() -> None:
    found = with_money(account(due("I-1", 9, 10_000), due("I-2", -20, 4_000)), payment("T1", 5_000))
    claim = claimed(found)
    assert (items(claim), claim.credits_minor) == ([("I-1", "first", 10_000)], 5_000)


def test_a_credit_that_an_older_item_took_in_its_notice_is_not_set_off_again() -> None:
    found = with_money(account(due("I-1", 9), due("I-2", 3, 3_000)), payment("T1", 4_000))
    in_flight = then(found, [samples.claim(found, "I-1")])
    told = then(in_flight, sent(in_flight, "n1"))
    asked = claimed(told, now=NOON + timedelta(days=1))
    assert (items(asked), asked.credits_minor) == ([("I-2", "first", 3_000)], 0)


def test_money_of_another_currency_covers_nothing() -> None:
    found = with_money(account(due("I-1")), payment("T1", 10_000, currency="USD"))
    assert claimed(found).credits_minor == 0


def test_what_is_covered_whole_is_not_chased() -> None:
    found = with_money(account(due("I-1"), due("I-2")), payment("T1", 20_000))
    assert chase(found).events == ()


@pytest.mark.parametrize(("amount_minor", "is_said"), [(999, False), (1_000, True)])
def test_the_threshold_is_of_what_is_overdue(amount_minor: int, is_said: bool) -> None:
    standard = replace(PLAIN.scenarios["standard"], threshold_minor={"EUR": 1_000})
    rules = replace(PLAIN, scenarios={"standard": standard})
    found = account(due("I-1", 3, amount_minor))
    assert (chase(found, rules).claim is not None) == is_said
    together = then(found, [due("I-2", 1, 500)])  # overdue, though no step of it is due
    assert chase(together, rules).claim is not None
    assert chase(account(due("I-1", -5, amount_minor)), rules).claim is not None  # before the due date


@pytest.mark.parametrize(("missing", "is_said"), [("chase", True), ("skip", False)])
def test_a_currency_without_threshold(missing: str, is_said: bool) -> None:
    standard = replace(PLAIN.scenarios["standard"], threshold_minor={"USD": 1}, threshold_missing=missing)
    rules = replace(PLAIN, scenarios={"standard": standard})
    assert (chase(account(due("I-1")), rules).claim is not None) == is_said


def test_each_item_left_out_has_its_reason() -> None:
    found = account(due("I-1"), due("I-2"), due("I-3"), due("I-4", amount_minor=99))
    found = then(
        found,
        [
            ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY),
            ev.PromiseMade("P", ("I-2",), MONDAY, MONDAY, MONDAY),
            ev.HoldPlaced("H", ("I-3",), MONDAY, "person"),
        ],
    )
    standard = replace(PLAIN.scenarios["standard"], tolerance_minor={"EUR": 100})
    rules = replace(PLAIN, scenarios={"standard": standard})
    assert chase(found, rules).events == ()
    assert skipped(found, rules) == {
        ("disputed", "I-1"),
        ("promised", "I-2"),
        ("held", "I-3"),
        ("below_tolerance", "I-4"),
    }


# --- to whom


ROLES = ("billing", "dunning", "dispute", "management")
PEOPLE = [{"id": role, "role": role, "email": f"{role}@debtor.example"} for role in ROLES]


@pytest.mark.parametrize(
    ("roles", "level", "expected"),
    [
        (("billing", "dunning", "dispute", "management"), 1, ["dunning"]),
        (("billing", "dunning", "dispute", "management"), 3, ["dunning", "management"]),
        (("billing", "dispute", "management"), 1, ["billing"]),
        (("billing",), 3, ["billing"]),
        (("dispute", "management"), 1, ["dispute", "management"]),
        (("dispute", "management"), 3, ["dispute", "management"]),
        (("management",), 3, ["management"]),
    ],
)
def test_notices_go_by_role(roles: tuple[str, ...], level: int, expected: list[str]) -> None:
    found = account(due("I-1"), contacts=[one for one in PEOPLE if one["role"] in roles])
    assert [contact["id"] for contact in recipients(found, level, PLAIN)] == expected


def test_a_suppressed_contact_gets_nothing() -> None:
    found = then(account(due("I-1"), contacts=PEOPLE), [ev.ContactSuppressed("dunning", "bounced")])
    assert claimed(found).contacts == ("billing",)


# --- intents and attempts


def test_an_intent_is_what_is_to_be_said() -> None:
    parts = (ev.NoticeItem("I-1", 1, "first", 1, 0, 100), ev.NoticeItem("I-2", 1, "first", 1, 0, 100))
    intent = intent_of("A", "EUR", "email", parts)
    assert intent == intent_of("A", "EUR", "email", parts[::-1])
    assert intent == intent_of("A", "EUR", "email", (replace(parts[0], balance_minor=1), parts[1]))
    others = [
        intent_of("B", "EUR", "email", parts),
        intent_of("A", "USD", "email", parts),
        intent_of("A", "EUR", "letter", parts),
        intent_of("A", "EUR", "email", parts[:1]),
        intent_of("A", "EUR", "email", (replace(parts[0], episode=2), parts[1])),
        intent_of("A", "EUR", "email", (replace(parts[0], step="second"), parts[1])),
        intent_of("A", "EUR", "email", (replace(parts[0], repetition=1), parts[1])),
    ]
    assert len({intent, *others}) == 8
    assert attempt_of(intent, 1) != attempt_of(intent, 2)
    assert len(bytes.fromhex(attempt_of(intent, 1))) == 16


def test_a_released_intent_waits_and_then_tries_a_new_attempt() -> None:
    found = account(due("I-1"))
    first = claimed(found)
    later = NOON + timedelta(hours=1)
    found = then(found, [first])
    found = then(found, [ev.NoticeReleased(first.notice, "throttled", later)])
    assert skipped(found) == {("backing_off", "")}
    second = claimed(found, now=later)
    assert second.intent == first.intent
    assert second.notice != first.notice


def test_a_retired_intent_is_a_persons_matter() -> None:
    found = account(due("I-1"))
    found = then(found, [ev.IntentRetired(claimed(found).intent)])
    assert chase(found).events == ()
    assert skipped(found) == {("released_too_often", "")}


# --- many items


@pytest.mark.parametrize("count", [MAX_ITEMS_AT_ONCE, MAX_ITEMS_AT_ONCE + 1, 200, MAX_NOTICE_ITEMS + 50])
def test_a_large_notice_is_reserved_in_parts_and_claimed_once(count: int) -> None:
    found = account(*(due(f"I-{n:03d}") for n in range(count)))
    result = chase(found)
    assert result.claim is not None
    reserved = [key for event in result.events if isinstance(event, ev.ItemsReserved) for key in event.items]
    named = [part.item for part in result.claim.items]
    assert len(named) == min(count, MAX_NOTICE_ITEMS)
    assert reserved == named[: len(reserved)]
    assert 0 < len(named) - len(reserved) <= MAX_ITEMS_AT_ONCE
    assert isinstance(result.events[-1], ev.NoticeClaimed)
    after = then(found, result.events)
    assert sum(item.notice == result.claim.notice for item in after.items.values()) == len(named)
    if count > MAX_NOTICE_ITEMS:
        assert len(claimed(then(after, sent(after, result.claim.notice))).items) == count - MAX_NOTICE_ITEMS
