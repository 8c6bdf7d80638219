"""The account as a fold over events: what each event changes, and what no event may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain import money_state
from duly.domain import transaction as bank
from duly.domain.account import Account
from duly.domain.entities import KINDS, TRANSITIONS, AccountError, Cash, Handover
from duly.domain.match_model import Share
from tests.core_samples import MONDAY, NOON, account, claim, customer, invoice, payment, sent, then

LATER = MONDAY + timedelta(days=10)


def allocated(*changes: tuple[str, str, int]) -> ev.AllocationsChanged:
    return ev.AllocationsChanged(tuple(ev.Allocation(cash, item, amount) for cash, item, amount in changes))


def paid() -> Account:
    return account(invoice("I-1"), payment("T1", 10_000, ["I-1"], LATER), allocated(("T1", "I-1", 10_000)))


# --- the customer and what is owed


def test_registering_a_customer_fills_the_header() -> None:
    found = account(customer(scenario="firm", country="AT"))
    assert (found.header.customer, found.header.country, found.header.scenario) == ("C-1", "AT", "firm")
    assert not found.header.provisional


def test_an_account_of_nobody_is_provisional() -> None:
    assert Account("A").header.provisional


def test_an_invoice_is_open_and_counted() -> None:
    found = account(invoice("I-1", 10_000), invoice("I-2", 500, currency="USD"))
    assert found.items["I-1"].outstanding_minor == 10_000
    assert found.header.invoiced_minor == {"EUR": 10_000, "USD": 500}
    assert found.header.sales_by_day["EUR"] == {(MONDAY - timedelta(days=30)).isoformat(): 10_000}
    assert found.header.behaviour.first_issued == MONDAY - timedelta(days=30)


def test_an_invoice_over_nothing_is_settled_at_once_and_says_nothing_of_behaviour() -> None:
    found = account(invoice("I-1", 0))
    assert (found.items["I-1"].state, found.header.behaviour.settled_count) == ("paid", 0)


def test_an_invoice_exists_once() -> None:
    with pytest.raises(AccountError):
        account(invoice("I-1"), invoice("I-1"))


def test_sales_by_day_are_kept_for_a_bounded_time() -> None:
    old = invoice("I-1", issued=date(2020, 1, 1), due=date(2020, 2, 1))
    found = account(old, invoice("I-2"))
    assert list(found.header.sales_by_day["EUR"]) == [(MONDAY - timedelta(days=30)).isoformat()]
    assert found.header.invoiced_minor == {"EUR": 20_000}


def test_a_transferred_invoice_leaves_without_a_trace_in_the_sums() -> None:
    found = account(invoice("I-1"), ev.InvoiceTransferred("I-1", "A-2"))
    assert (found.items["I-1"].state, found.items["I-1"].into) == ("transferred", "A-2")
    assert found.header.invoiced_minor == {}
    assert not found.items["I-1"].is_live


def test_an_invoice_with_money_on_it_does_not_leave() -> None:
    with pytest.raises(AccountError):
        then(paid(), [ev.InvoiceTransferred("I-1", "A-2")])


# --- money


def test_money_pays_an_item_in_part_and_whole() -> None:
    part = account(invoice("I-1"), payment("T1", 4_000, ["I-1"]), allocated(("T1", "I-1", 4_000)))
    assert (part.items["I-1"].state, part.items["I-1"].outstanding_minor) == ("open", 6_000)
    assert part.cash["T1"].state == "used"
    whole = then(part, [payment("T2", 7_000, ["I-1"], LATER), allocated(("T2", "I-1", 6_000))])
    assert (whole.items["I-1"].state, whole.items["I-1"].settled_on) == ("paid", LATER)
    assert (whole.cash["T2"].state, whole.cash["T2"].unallocated_minor) == ("open", 1_000)
    behaviour = whole.header.behaviour
    assert (behaviour.settled_count, behaviour.late_count, behaviour.days_late_sum) == (1, 1, 10)
    assert (behaviour.settled_minor, behaviour.late_minor) == ({"EUR": 10_000}, {"EUR": 10_000})


def test_an_item_opens_again_as_a_new_episode_and_the_behaviour_forgets_it() -> None:
    stepped = then(account(invoice("I-1")), [claim(account(invoice("I-1")), "I-1")])
    stepped = then(stepped, sent(stepped, "n1"))
    settled = then(stepped, [payment("T1", 10_000, ["I-1"], LATER), allocated(("T1", "I-1", 10_000))])
    assert settled.items["I-1"].level == 1
    opened = then(settled, [allocated(("T1", "I-1", 0))])
    item = opened.items["I-1"]
    assert (item.state, item.episode, item.steps, item.settled_on) == ("open", 2, (), None)
    behaviour = opened.header.behaviour
    assert (behaviour.settled_count, behaviour.late_count, behaviour.days_late_sum) == (0, 0, 0)
    assert (behaviour.history, behaviour.settled_minor, behaviour.late_minor) == ((), {}, {})


def test_money_that_changes_hands_in_one_event_opens_nothing() -> None:
    before = then(paid(), [payment("T0", 10_000, ["I-1"], MONDAY)])
    after = then(before, [allocated(("T0", "I-1", 10_000), ("T1", "I-1", 0))])
    assert (after.items["I-1"].state, after.items["I-1"].episode) == ("paid", 1)
    assert after.items["I-1"].settled_on == MONDAY
    assert after.header.behaviour.late_count == 0


@pytest.mark.parametrize(
    "changes",
    [
        [("T1", "I-1", 10_001)],  # beyond the item
        [("T1", "I-1", 10_000), ("T1", "I-2", 10_000)],  # beyond the money
        [("T1", "I-1", -1)],
        [("T1", "I-3", 1)],  # dollars
        [("T9", "I-1", 1)],  # no such money
        [("T1", "I-9", 1)],  # no such item
    ],
)
def test_no_allocation_goes_beyond_what_there_is_or_across_currencies(changes: list[tuple[str, str, int]]) -> None:
    before = account(
        invoice("I-1"), invoice("I-2"), invoice("I-3", currency="USD"), payment("T1", 15_000, ["I-1"], LATER)
    )
    with pytest.raises(AccountError):
        then(before, [allocated(*changes)])


@pytest.mark.parametrize("amount", [0, -1])
def test_money_is_positive(amount: int) -> None:
    with pytest.raises(AccountError):
        account(payment("T1", amount))


def test_money_comes_once_unless_it_left() -> None:
    with pytest.raises(AccountError):
        account(payment("T1", 1), payment("T1", 1))
    back = account(payment("T1", 100), ev.CashWithdrawn("T1", "moved"), payment("T1", 100))
    assert back.cash["T1"].state == "open"
    assert back.header.collected_minor == {"EUR": 100}


def test_money_with_allocations_does_not_leave() -> None:
    with pytest.raises(AccountError):
        then(paid(), [ev.CashWithdrawn("T1", "moved")])


def test_money_that_leaves_is_no_longer_collected_nor_named() -> None:
    found = account(invoice("I-1"), payment("T1", 100, ["I-1"]), ev.CashWithdrawn("T1", "moved"))
    assert found.header.collected_minor == {}
    assert found.header.collected_by_day["EUR"] == {}
    assert found.items["I-1"].named_by == ()
    assert found.cash["T1"].unallocated_minor == 0


def test_items_know_who_names_them_whichever_came_first() -> None:
    credit = ev.CashReceived("CN:1", "credit_note", 100, "EUR", MONDAY, ("I-2",))
    found = account(credit, invoice("I-1"), invoice("I-2"), payment("T1", 100, ["I-1", "I-2"]))
    assert found.items["I-1"].named_by == ("T1",)
    assert found.items["I-2"].named_by == ("CN:1", "T1")
    renamed = then(found, [ev.CashNamed("T1", ("I-1",))])
    assert renamed.items["I-2"].named_by == ("CN:1",)


def test_credit_notes_are_credited_not_collected() -> None:
    found = account(ev.CashReceived("CN:1", "credit_note", 100, "EUR", MONDAY))
    assert (found.header.credited_minor, found.header.collected_minor) == ({"EUR": 100}, {})


# --- suspense, replies, disputes, promises, holds, tasks


def test_suspense_marks_come_and_go_once_each() -> None:
    found = account(ev.SuspenseMarked("T2"), ev.SuspenseMarked("T1"), ev.SuspenseMarked("T2"))
    assert found.header.suspense == ("T1", "T2")
    assert then(found, [ev.SuspenseCleared("T2"), ev.SuspenseCleared("T9")]).header.suspense == ("T1",)


def test_a_dispute_is_counted_by_reason_and_lost_when_rejected() -> None:
    opened = account(invoice("I-1"), ev.DisputeOpened("D", ("I-1",), "price", "default", LATER, MONDAY))
    assert opened.header.behaviour.disputes_by_reason == {"price": 1}
    rejected = then(opened, [ev.DisputeResolved("D", "rejected", LATER, "me")])
    assert (rejected.header.behaviour.disputes_opened, rejected.header.behaviour.disputes_lost) == (1, 1)
    assert then(opened, [ev.DisputeResolved("D", "accepted", LATER)]).header.behaviour.disputes_lost == 0


def test_a_promise_remembers_what_was_open_and_is_counted_by_outcome() -> None:
    made = account(invoice("I-1"), invoice("I-2", 500), ev.PromiseMade("P", ("I-1", "I-2"), LATER, LATER, MONDAY))
    assert made.promises["P"].open_at_start_minor == 10_500
    outcomes = {}
    for outcome in ("kept", "partly_kept", "broken", "cancelled"):
        behaviour = then(made, [ev.PromiseSettled("P", outcome, LATER)]).header.behaviour
        outcomes[outcome] = (behaviour.promises_made, behaviour.promises_kept, behaviour.promises_broken)
    assert outcomes == {"kept": (1, 1, 0), "partly_kept": (1, 0, 0), "broken": (1, 0, 1), "cancelled": (1, 0, 0)}


def test_a_deadline_task_marks_its_dispute_for_good() -> None:
    found = account(
        invoice("I-1"),
        ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY),
        ev.TaskOpened("overdue-D", "dispute_deadline", "D", LATER),
        ev.TaskClosed("overdue-D", "done"),
    )
    assert found.disputes["D"].overdue


def test_closing_the_task_of_a_retired_intent_lets_it_be_tried_again() -> None:
    task = ev.TaskOpened("t", "release_limit", "i", MONDAY)
    before = account(invoice("I-1"))
    released = then(before, [replace(claim(before, "I-1"), intent="i"), ev.NoticeReleased("n1", "refused", NOON)])
    retired = then(released, [ev.IntentRetired("i"), task])
    assert (retired.header.retired, retired.header.releases, retired.header.retry_at) == (("i",), {"i": 1}, {})
    closed = then(retired, [ev.TaskClosed("t", "fixed")])
    assert (closed.header.retired, closed.header.releases) == ((), {})


# --- notices


def claimed() -> Account:
    before = account(invoice("I-1"), invoice("I-2"))
    return then(before, [claim(before, "I-1", "I-2")])


def test_a_claim_marks_its_items_takes_the_contact_and_knows_its_version() -> None:
    found = claimed()
    assert {item.notice for item in found.items.values()} == {"n1"}
    assert found.header.contacts_made == {"n1": NOON}
    assert found.notices["n1"].claim_version == found.version
    assert found.notices["n1"].is_live


def test_an_item_is_in_one_notice_at_a_time() -> None:
    found = claimed()
    with pytest.raises(AccountError):
        then(found, [claim(found, "I-1", notice="n2")])
    with pytest.raises(AccountError):
        then(found, [ev.ItemsReserved("n2", ("I-2",), NOON)])


def test_reserved_items_can_be_claimed_by_their_notice_or_freed() -> None:
    before = account(invoice("I-1"), invoice("I-2"), ev.ItemsReserved("n1", ("I-1",), NOON))
    assert then(before, [claim(before, "I-1", "I-2")]).items["I-1"].notice == "n1"
    assert then(before, [ev.ReservationFreed("n1", ("I-1",))]).items["I-1"].notice == ""
    assert then(before, [ev.ReservationFreed("other", ("I-1",))]).items["I-1"].notice == "n1"


def test_a_released_notice_frees_items_and_contact_and_waits() -> None:
    found = then(claimed(), [ev.NoticeReleased("n1", "refused", NOON + timedelta(hours=1))])
    assert {item.notice for item in found.items.values()} == {""}
    assert found.header.contacts_made == {}
    assert found.header.releases == {"intent-n1": 1}
    assert found.header.retry_at == {"intent-n1": NOON + timedelta(hours=1)}
    assert not found.notices["n1"].is_live


def test_a_sent_notice_waits_until_its_steps_are_recorded() -> None:
    accepted = then(claimed(), [ev.NoticeSent("n1", NOON, "answer", "m1")])
    assert accepted.notices["n1"].pending == ("I-1", "I-2")
    assert accepted.header.behaviour.notices_by_level == {"1": 1}
    half = then(accepted, [ev.StepsRecorded("n1", ("I-1",), MONDAY)])
    assert (half.items["I-1"].level, half.items["I-1"].notice) == (1, "")
    assert (half.items["I-2"].level, half.items["I-2"].notice) == (-1, "n1")
    done = then(half, [ev.StepsRecorded("n1", ("I-2",), MONDAY)])
    assert not done.notices["n1"].is_live
    again = then(done, [ev.StepsRecorded("n1", ("I-2",), MONDAY)])
    assert len(again.items["I-2"].steps) == 1


def test_a_step_of_an_earlier_episode_is_not_recorded() -> None:
    accepted = then(claimed(), [ev.NoticeSent("n1", NOON, "answer", "m1")])
    settled = then(accepted, [payment("T1", 10_000, ["I-1"]), allocated(("T1", "I-1", 10_000))])
    assert settled.items["I-1"].is_live
    opened = then(settled, [allocated(("T1", "I-1", 0))])
    recorded = then(opened, [ev.StepsRecorded("n1", ("I-1", "I-2"), MONDAY)])
    assert (recorded.items["I-1"].steps, recorded.items["I-1"].notice) == ((), "")


def test_an_unknown_notice_counts_as_sent_once() -> None:
    unknown = then(claimed(), [ev.NoticeDoubtful("n1", NOON, "silent"), ev.NoticeUnknown("n1", NOON)])
    assert unknown.header.behaviour.notices_by_level == {"1": 1}
    assert unknown.notices["n1"].pending == ("I-1", "I-2")
    proved = then(unknown, [ev.NoticeSent("n1", NOON, "event", "m1")])
    assert proved.header.behaviour.notices_by_level == {"1": 1}
    assert proved.notices["n1"].pending == ("I-1", "I-2")


def test_evidence_after_a_release_takes_the_contact_again() -> None:
    released = then(claimed(), [ev.NoticeReleased("n1", "refused", NOON)])
    proved = then(released, [ev.NoticeSent("n1", NOON, "event", "m1")])
    assert proved.header.contacts_made == {"n1": NOON}
    assert (proved.header.releases, proved.header.retry_at) == ({}, {})
    assert proved.notices["n1"].pending == ("I-1", "I-2")


def test_a_second_message_is_kept_beside_the_first() -> None:
    found = then(claimed(), [ev.NoticeSent("n1", NOON, "answer", "m1"), ev.NoticeSent("n1", NOON, "event", "m2")])
    assert (found.notices["n1"].message, found.notices["n1"].second_message) == ("m1", "m2")
    assert found.header.behaviour.notices_by_level == {"1": 1}


def test_old_contacts_are_forgotten_but_never_the_last() -> None:
    before = claimed()
    freed = then(before, [ev.NoticeSent("n1", NOON, "answer"), ev.StepsRecorded("n1", ("I-1", "I-2"), MONDAY)])
    late = replace(claim(freed, "I-1", notice="n2", step_name="second", level=2), at=NOON + timedelta(days=60))
    assert list(then(freed, [late]).header.contacts_made) == ["n2"]


# --- the published transitions: each allowed one works, all others are refused


def _entity(name: str, state: str) -> Account:
    kind = next(kind for kind, shape in KINDS.items() if shape.__name__ == name)
    shapes: dict[str, list[ev.Event]] = {
        "Item": [],
        "Cash": [payment("k", 100)],
        "Dispute": [ev.DisputeOpened("k", ("I-1",), "price", "default", LATER, MONDAY)],
        "Promise": [ev.PromiseMade("k", ("I-1",), LATER, LATER, MONDAY)],
        "Plan": [ev.PlanMade("k", ("I-1",), ((LATER, 100),), "EUR", MONDAY)],
        "Approval": [ev.ApprovalAsked("k", "email", "EUR", 3, "formal", (), 100, MONDAY, LATER)],
        "Handover": [],
        "Hold": [ev.HoldPlaced("k", (), LATER, "person")],
        "Task": [ev.TaskOpened("k", "call", "", MONDAY)],
        "Reply": [ev.ReplyReceived("k", "n", "inbound/1", NOON)],
        "Notice": [],
        "Order": [ev.OrderPlaced("k", 100, "EUR", MONDAY)],
        "Override": [ev.OverrideGranted("k", "finance", "talks", LATER, MONDAY)],
    }
    found = account(invoice("I-1"), *shapes[name])
    if name == "Notice":
        found = then(found, [replace(claim(found, "I-1"), notice="k")])
    if name == "Handover":
        found.entities[kind]["k"] = Handover("k", ("I-1",), "agency", MONDAY, "EUR", 100)
    if name == "Item":
        found.entities["items"]["k"] = replace(found.items["I-1"], key="k")
    found.entities[kind]["k"] = replace(found.entities[kind]["k"], state=state)
    return found


def _pairs() -> list[tuple[str, str, str]]:
    states = {name: sorted({state for pair in TRANSITIONS[name] for state in pair}) for name in sorted(TRANSITIONS)}
    return [
        (name, before, after)
        for name, found in states.items()
        for before, after in product(found, found)
        if before != after
    ]


def test_every_kind_of_entity_has_its_table() -> None:
    assert {shape.__name__ for shape in KINDS.values()} == set(TRANSITIONS)


@pytest.mark.parametrize(("name", "before", "after"), _pairs())
def test_a_state_changes_only_as_the_table_says(name: str, before: str, after: str) -> None:
    found = _entity(name, before)
    kind = next(kind for kind, shape in KINDS.items() if shape.__name__ == name)
    changed = replace(found.entities[kind]["k"], state=after)
    if (before, after) in TRANSITIONS[name]:
        found._put(kind, changed)
        assert found.entities[kind]["k"].state == after
    else:
        with pytest.raises(AccountError, match="cannot go"):
            found._put(kind, changed)


EVENTS_OF_STATES: list[tuple[str, str, Any]] = [
    ("Dispute", "accepted", ev.DisputeResolved("k", "rejected", LATER)),
    ("Dispute", "open", ev.DisputeResolved("k", "forgotten", LATER)),
    ("Promise", "kept", ev.PromiseSettled("k", "broken", LATER)),
    ("Promise", "open", ev.PromiseSettled("k", "doubted", LATER)),
    ("Reply", "other", ev.ReplyClassified("k", "reply")),
    ("Reply", "unread", ev.ReplyClassified("k", "nonsense")),
    ("Notice", "sent", ev.NoticeReleased("k", "late", NOON)),
    ("Notice", "sent", ev.NoticeDoubtful("k", NOON, "late")),
    ("Notice", "sent", ev.NoticeUnknown("k", NOON)),
    ("Notice", "released", ev.NoticeDoubtful("k", NOON, "late")),
    ("Notice", "claimed", ev.NoticeUnknown("k", NOON)),
    ("Notice", "doubtful", ev.NoticeReleased("k", "late", NOON)),
    ("Notice", "unknown", ev.NoticeDoubtful("k", NOON, "late")),
    ("Cash", "withdrawn", ev.AllocationsChanged((ev.Allocation("k", "I-1", 1),))),
]


@pytest.mark.parametrize(("name", "state", "event"), EVENTS_OF_STATES)
def test_no_event_makes_a_transition_outside_the_table(name: str, state: str, event: ev.Event) -> None:
    with pytest.raises(AccountError):
        _entity(name, state).apply(event)


@pytest.mark.parametrize(
    "event",
    [
        ev.ReplyClassified("x", "other"),
        ev.DisputeResolved("x", "rejected", LATER),
        ev.PromiseSettled("x", "kept", LATER),
        ev.HoldEnded("x", "date"),
        ev.TaskClosed("x", "done"),
        ev.NoticeSent("x", NOON, "answer"),
        ev.StepsRecorded("x", (), LATER),
        ev.CashNamed("x", ()),
        ev.InvoiceTransferred("x", "A-2"),
    ],
)
def test_an_event_about_nothing_is_refused(event: ev.Event) -> None:
    with pytest.raises(AccountError):
        account(event)


def test_applying_touches_what_it_changed_and_nothing_else() -> None:
    found = account(invoice("I-1"), invoice("I-2"), payment("T1", 100, ["I-1"]))
    found.apply(allocated(("T1", "I-1", 100)))
    assert found.touched == {("items", "I-1"), ("cash", "T1")}


def test_a_copy_is_independent() -> None:
    found = account(invoice("I-1"))
    found.after([payment("T1", 100, ["I-1"]), allocated(("T1", "I-1", 100))])
    assert (found.cash, found.items["I-1"].outstanding_minor) == ({}, 10_000)


# --- bank transactions


RECEIVED = ev.TransactionReceived("T1", 100, "EUR", MONDAY, MONDAY, NOON, "u", 1, "p", "h")
SHARE = Share("A", ("I-1",), 100)
ROUTED = ev.TransactionRouted((SHARE,), "reference")
PARKED = ev.TransactionParked("no_reference", ("A",))
IGNORED = ev.TransactionIgnored("money_out")


def bank_state(*events: ev.Event) -> bank.Transaction:
    state = bank.Transaction()
    for event in (RECEIVED, *events):
        state = bank.apply(state, event)
    return state


@pytest.mark.parametrize(
    ("before", "after"), list(product(["received", "routed", "suspense", "ignored"], ["routed", "suspense", "ignored"]))
)
def test_a_transaction_changes_only_as_its_table_says(before: str, after: str) -> None:
    events: dict[str, ev.Event] = {"routed": ROUTED, "suspense": PARKED, "ignored": IGNORED}
    state = replace(bank_state(), state=before)
    if before == after or (before, after) in bank.TRANSITIONS:
        assert bank.apply(state, events[after]).state == after
    else:
        with pytest.raises(bank.TransactionError, match="cannot go"):
            bank.apply(state, events[after])


def test_a_transaction_is_received_once() -> None:
    with pytest.raises(bank.TransactionError):
        bank_state(RECEIVED)


def test_no_more_is_on_accounts_than_came_in() -> None:
    applied = bank_state(ROUTED, ev.TransactionApplied(SHARE))
    assert applied.is_settled
    with pytest.raises(bank.TransactionError, match="more would be"):
        bank.apply(applied, ev.TransactionApplied(Share("B", (), 1)))
    with pytest.raises(bank.TransactionError, match="another share"):
        bank.apply(applied, ev.TransactionApplied(replace(SHARE, amount_minor=60)))
    with pytest.raises(bank.TransactionError, match="not on that account"):
        bank.apply(applied, ev.TransactionWithdrawn("B"))
    back = bank.apply(bank.apply(applied, PARKED), ev.TransactionWithdrawn("A"))
    assert (back.applied, back.is_settled) == ((), True)


def test_a_transaction_is_settled_when_the_accounts_agree() -> None:
    assert not bank_state().is_settled
    assert not bank_state(ROUTED).is_settled
    assert not bank_state(ROUTED, ev.TransactionApplied(replace(SHARE, names=()))).is_settled
    assert bank_state(PARKED).is_settled
    assert bank_state(IGNORED).is_settled


def test_each_share_leaves_and_comes_by_itself() -> None:
    one, other = Share("A", ("I-1",), 70), Share("B", (), 30)
    both = bank_state(ev.TransactionRouted((one, other), "person"), ev.TransactionApplied(other))
    assert (both.to_withdraw, both.to_apply) == ((), (one,))
    both = bank.apply(both, ev.TransactionApplied(one))
    assert both.is_settled
    changed = bank.apply(
        both, ev.TransactionRouted((replace(one, amount_minor=90), replace(other, amount_minor=10)), "person")
    )
    assert changed.to_withdraw == (one, other)
    renamed = bank.apply(both, ev.TransactionRouted((replace(one, names=("I-2",)), other), "person"))
    assert (renamed.to_withdraw, [share.names for share in renamed.to_apply]) == ((), [("I-2",)])
    capped = bank.apply(both, ev.TransactionRouted((replace(one, caps={"I-1": 5}), other), "person"))
    assert capped.to_withdraw == (one,)


@pytest.mark.parametrize("amounts", [(), (99,), (101,), (110, -10), (100, 0)])
def test_shares_are_all_of_the_money_and_nothing_else(amounts: tuple[int, ...]) -> None:
    shares = tuple(Share(f"A{n}", (), amount) for n, amount in enumerate(amounts))
    with pytest.raises(bank.TransactionError, match="not the money"):
        bank_state(ev.TransactionRouted(shares, "person"))
    with pytest.raises(bank.TransactionError, match="one share"):
        bank_state(ev.TransactionRouted((Share("A", (), 50), Share("A", (), 50)), "person"))


def test_shares_of_accounts_that_became_one_are_put_together() -> None:
    shares = [Share("A", ("I-1",), 60, {"I-1": 60}), Share("B", (), 5), Share("A", ("I-2", "I-1"), 35)]
    assert bank.joined(shares) == (Share("A", ("I-1", "I-2"), 95), Share("B", (), 5))
    capped = [Share("A", ("I-1",), 60, {"I-1": 60}), Share("A", ("I-1", "I-2"), 40, {"I-1": 30, "I-2": 10})]
    assert bank.joined(capped) == (Share("A", ("I-1", "I-2"), 100, {"I-1": 90, "I-2": 10}),)


def test_marks_come_and_go() -> None:
    state = bank_state(PARKED, ev.AccountsMarked(("B", "A")), ev.AccountsMarked(("B",), cleared=True))
    assert state.marked == ("A",)


def test_an_item_finds_the_money_that_named_it_before_it_was_there() -> None:
    """What the account remembers of that follows every naming that comes after the first question."""
    found = account(invoice("INV-0"))
    for number, names in enumerate([("INV-1",), ("INV-1", "INV-2"), ("INV-2",)]):
        found.apply(ev.CashReceived(f"P-{number}", "payment", 100, "EUR", MONDAY, names, "u", number))
    found.apply(invoice("INV-3"))
    found.apply(ev.CashNamed("P-1", ("INV-2", "INV-4")))
    found.apply(ev.CashWithdrawn("P-2", "moved"))
    for key in ("INV-1", "INV-2", "INV-4"):
        found.apply(invoice(key))
    named_by = {key: item.named_by for key, item in found.items.items() if item.named_by}
    assert named_by == {"INV-1": ("P-0",), "INV-2": ("P-1",), "INV-4": ("P-1",)}


def test_replaying_an_account_takes_time_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    names_it = money_state.names_it

    def counted(cash: Cash, key: str) -> bool:
        nonlocal looks
        looks += 1
        return names_it(cash, key)

    monkeypatch.setattr(money_state, "names_it", counted)
    found = account()
    for number in range(200):
        key = f"INV-{number}"
        found.apply(ev.CashReceived(f"P-{number}", "payment", 10_000, "EUR", MONDAY, (key,), "u", number))
        found.apply(invoice(key))
    assert looks <= 3 * 200
