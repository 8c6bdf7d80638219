"""Each gate, open and closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.dunning import decide_chase
from duly.domain.gates import (
    ACCOUNT_GATES,
    StackFacts,
    Surroundings,
    closed_gates,
    gap_ends,
    item_gate,
    reachable_contacts,
    stack_gates,
)
from duly.domain.policy import Policy
from tests.core_samples import CONTACT, MONDAY, NOON, POLICY, account, claim, customer, invoice, policy, then

DUE = invoice("I-1", due=MONDAY - timedelta(days=3))
OPEN = account(DUE)


def closed(found: Account, now: datetime = NOON, rules: Policy = POLICY, **around: Any) -> tuple[str, ...]:
    return closed_gates(found, rules, Surroundings(now, around.get("holidays", frozenset()), around.get("closed", ())))


def after(*events: ev.Event) -> Account:
    return then(OPEN, events)


def contacted(*days_ago: float, found: Account = OPEN) -> Account:
    made = {f"n{number}": NOON - timedelta(days=days) for number, days in enumerate(days_ago)}
    copy = found.copy()
    copy.header = replace(copy.header, contacts_made=made)
    return copy


def test_all_gates_of_a_plain_account_are_open() -> None:
    assert closed(OPEN) == ()
    assert decide_chase(OPEN, POLICY, Surroundings(NOON, frozenset())).claim is not None


REPLY = ev.ReplyReceived("r", "n", "inbound/1", NOON + timedelta(days=3))
CLOSED: dict[str, Account] = {
    "provisional_customer": after(customer(provisional=True)),
    "suspense_cash": after(ev.SuspenseMarked("T1")),
    "unread_reply": after(REPLY),
    "complaint": after(ev.TaskOpened("t", "complaint", "n", MONDAY)),
    "address_refused": after(ev.ContactSuppressed("c1", "bounced")),
    "minimum_gap": contacted(4),
    "weekly_cap": contacted(6.9, 5.5),
}


@pytest.mark.parametrize("gate", sorted(CLOSED))
def test_a_closed_gate_is_named_and_nothing_is_said(gate: str) -> None:
    assert closed(CLOSED[gate]) == (gate,)
    chase = decide_chase(CLOSED[gate], POLICY, Surroundings(NOON, frozenset()))
    assert chase.claim is None
    tasks = [event.kind for event in chase.events if isinstance(event, ev.TaskOpened)]
    assert tasks == (["no_usable_address"] if gate == "address_refused" else [])
    assert gate in {skip.gate for skip in chase.skipped}


def test_a_merged_account_is_never_chased() -> None:
    assert "provisional_customer" in closed(after(ev.AccountMerged("A-2")))
    assert decide_chase(after(ev.AccountMerged("A-2")), POLICY, Surroundings(NOON, frozenset())).events == ()


def test_every_gate_has_a_closed_case() -> None:
    covered = {*CLOSED, "holiday_table_missing", "contact_window"}
    assert {gate.__name__ for gate in ACCOUNT_GATES} == covered


def test_a_classified_reply_opens_the_gate_unless_a_person_has_to_read_it() -> None:
    assert closed(after(REPLY, ev.ReplyClassified("r", "auto_reply"))) == ()
    task = ev.TaskOpened("read-r", "read_reply", "r", MONDAY)
    assert closed(after(REPLY, ev.ReplyClassified("r", "other"), task)) == ("unread_reply",)
    assert closed(after(REPLY, ev.ReplyClassified("r", "other"), task, ev.TaskClosed("read-r", "done"))) == ()


def test_suspense_may_be_told_not_to_block() -> None:
    rules = policy("[gates]\nsuspense_blocks = false\n")
    assert closed(CLOSED["suspense_cash"], rules=rules) == ()
    assert closed(after(ev.SuspenseMarked("T1"), ev.SuspenseCleared("T1"))) == ()


def test_one_address_left_is_enough() -> None:
    two = account(DUE, contacts=[CONTACT, {"id": "c2", "role": "dunning", "email": "other@debtor.example"}])
    left = then(two, [ev.ContactSuppressed("c1", "bounced")])
    assert [contact["id"] for contact in reachable_contacts(left)] == ["c2"]
    assert closed(left) == ()
    assert closed(account(DUE, contacts=[])) == ("address_refused",)
    assert closed(account(DUE, contacts=[{"id": "c3", "role": "billing", "email": ""}])) == ("address_refused",)


def test_without_a_holiday_table_nobody_is_written_to_on_a_guess() -> None:
    assert closed(OPEN, holidays=None) == ("holiday_table_missing",)
    assert closed(OPEN, holidays=None, rules=policy("[contact]\nholidays = false\n")) == ()


@pytest.mark.parametrize(
    ("utc", "is_open"),
    [
        ("2026-03-02T07:00:59", False),  # 8:00:59 in Berlin: within the margin of a minute
        ("2026-03-02T07:01:00", True),
        ("2026-03-02T16:59:00", True),
        ("2026-03-02T16:59:01", False),
        ("2026-03-01T11:00:00", False),  # a Sunday
        ("2026-03-03T11:00:00", False),  # a holiday here
        ("2026-04-06T06:01:00", True),  # summer time has begun
    ],
)
def test_the_contact_window_is_the_debtors(utc: str, is_open: bool) -> None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert (closed(OPEN, now, holidays=frozenset({date(2026, 3, 3)})) == ()) == is_open


def test_an_unknown_time_zone_closes_the_window_and_breaks_nothing() -> None:
    nowhere = contacted(1, found=account(customer(timezone="Mars/Base"), DUE))
    assert closed(nowhere) == ("contact_window",)
    assert decide_chase(nowhere, POLICY, Surroundings(NOON, frozenset())).events == ()


@pytest.mark.parametrize(("days_ago", "is_open"), [(0, False), (4, False), (5, True)])
def test_the_gap_counts_local_days(days_ago: float, is_open: bool) -> None:
    assert (closed(contacted(days_ago)) == ()) == is_open


def test_the_gap_may_end_the_day_after_and_be_the_scenarios_own() -> None:
    after_gap = policy('[scenario.standard]\ngap_boundary = "after"\n')
    assert gap_ends(contacted(5), after_gap) == MONDAY + timedelta(days=1)
    own = policy("[scenario.standard]\nmin_gap_days = 10\n")
    assert gap_ends(contacted(5), own) == MONDAY + timedelta(days=5)
    assert gap_ends(OPEN, POLICY) is None


@pytest.mark.parametrize(("days_ago", "is_open"), [((6.99, 5.1), False), ((7.01, 5.1), True), ((5.1,), True)])
def test_the_cap_counts_seven_times_24_hours(days_ago: tuple[float, ...], is_open: bool) -> None:
    assert (closed(contacted(*days_ago)) == ()) == is_open


def test_no_policy_allows_more_than_seven_in_seven_days() -> None:
    rules = policy("[contact]\nmin_gap_days = 0\nmax_per_7_days = 0\n")
    assert closed(contacted(*[0.5] * 6), rules=rules) == ()
    assert closed(contacted(*[0.5] * 7), rules=rules) == ("weekly_cap",)


def test_stack_gates_come_first() -> None:
    assert closed(CLOSED["suspense_cash"], closed=("statement_open",)) == ("statement_open", "suspense_cash")
    chase = decide_chase(OPEN, POLICY, Surroundings(NOON, frozenset(), ("sending_paused",)))
    assert chase.events == ()
    assert [skip.gate for skip in chase.skipped] == ["sending_paused"]


# --- the stack's gates

FRIDAY = MONDAY - timedelta(days=3)
ALL_OF_THE_STACK = ("bank_data_stale", "statement_open", "inbound_mail_waiting", "sending_paused", "policy_missing")
FINE = StackFacts(NOON, frozenset(), FRIDAY)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (FINE, ()),
        (replace(FINE, open_statements=1), ("statement_open",)),
        (replace(FINE, inbound_waiting=1), ("inbound_mail_waiting",)),
        (replace(FINE, sending_paused="doubtful"), ("sending_paused",)),
        (replace(FINE, bank_data_until=None), ("bank_data_stale",)),
        (replace(FINE, creditor_holidays=None), ("bank_data_stale",)),
        (replace(FINE, bank_data_until=FRIDAY - timedelta(days=1)), ()),  # two business days old
        (replace(FINE, bank_data_until=FRIDAY - timedelta(days=2)), ("bank_data_stale",)),
        (replace(FINE, bank_data_until=FRIDAY - timedelta(days=2), creditor_holidays=frozenset({FRIDAY})), ()),
        (replace(FINE, policy_missing=True), ("policy_missing",)),
        (StackFacts(NOON, None, None, 1, 1, "stopped", True), ALL_OF_THE_STACK),
    ],
)
def test_the_gates_of_the_stack(facts: StackFacts, expected: tuple[str, ...]) -> None:
    assert stack_gates(facts, POLICY) == expected


def test_the_age_of_bank_data_may_not_matter() -> None:
    assert stack_gates(StackFacts(NOON), policy("[gates]\nbank_data_max_age_business_days = 0\n")) == ()


# --- the gates of one item


def gate_of(found: Account, today: date = MONDAY) -> str:
    return item_gate(found, found.items["I-1"], POLICY.scenarios["standard"], today)


def test_an_open_item_passes() -> None:
    assert gate_of(OPEN) == ""


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY), "disputed"),
        (ev.DisputeOpened("D", ("I-9",), "price", "default", MONDAY, MONDAY), ""),
        (ev.PromiseMade("P", ("I-1",), MONDAY, MONDAY, MONDAY), "promised"),
        (ev.HoldPlaced("H", ("I-1",), MONDAY, "person"), "held"),
        (ev.HoldPlaced("H", (), MONDAY, "person"), "held"),
        (ev.HoldPlaced("H", ("I-9",), MONDAY, "person"), ""),
        (ev.HoldPlaced("H", (), MONDAY - timedelta(days=1), "person"), ""),
        (claim(OPEN, "I-1"), "in_flight"),
        (ev.ItemsReserved("n", ("I-1",), NOON), "in_flight"),
    ],
)
def test_what_keeps_an_item_out_of_a_notice(event: ev.Event, expected: str) -> None:
    assert gate_of(after(event)) == expected


def test_a_resolved_dispute_and_an_ended_hold_let_it_in_again() -> None:
    dispute = ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY)
    assert gate_of(after(dispute, ev.DisputeResolved("D", "rejected", MONDAY))) == ""
    hold = ev.HoldPlaced("H", (), MONDAY + timedelta(days=9), "person")
    assert gate_of(after(hold, ev.HoldEnded("H", "person"))) == ""


@pytest.mark.parametrize(("amount_minor", "expected"), [(99, "below_tolerance"), (100, "")])
def test_small_change_is_not_chased(amount_minor: int, expected: str) -> None:
    assert gate_of(account(invoice("I-1", amount_minor))) == expected
