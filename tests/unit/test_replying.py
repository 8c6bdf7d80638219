"""What an understood reply does: a mail pauses, and only a trusted and plain one does more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.replies import Classification, Intent, IntentKind
from duly.domain.replying import ReplyFacts, resolve_dispute, understand
from tests.core_samples import MONDAY, NOON, POLICY, account, claim, invoice, payment, sent, then

TRUSTED = ReplyFacts("r", "n1", MONDAY, True)
FRIDAY = MONDAY + timedelta(days=4)


def answered(*numbers: str) -> Account:
    """An account whose notice over these invoices has a reply."""
    found = account(*(invoice(number) for number in numbers), invoice("I-9"))
    found = then(found, [claim(found, *numbers)])
    found = then(found, sent(found, "n1"))
    return then(found, [ev.ReplyReceived("r", "n1", "inbound/1", NOON + timedelta(days=3), True)])


def plain(*intents: Intent, needs_human: bool = False) -> Classification:
    return Classification("reply", intents, (), 900, needs_human)


def understood(
    found: Classification, before: Account | None = None, facts: ReplyFacts = TRUSTED
) -> tuple[Account, list[ev.Event]]:
    before = before or answered("I-1", "I-2")
    events = understand(before, before.notices.get("n1"), facts, found, POLICY)
    after = then(before, events)
    assert understand(after, after.notices.get("n1"), facts, found, POLICY) == []  # once
    return after, events


@pytest.mark.parametrize("kind", ["auto_reply", "bounce"])
def test_a_machine_lifts_the_hold(kind: str) -> None:
    after, events = understood(Classification(kind, (Intent("dispute"),)))  # type: ignore[arg-type]
    assert (after.replies["r"].state, len(events)) == (kind, 1)
    assert not after.live("replies")


def test_thanks_lift_the_hold_and_ask_nobody() -> None:
    after, events = understood(plain(Intent("thanks")))
    assert (after.replies["r"].state, len(events)) == ("reply", 1)


def test_a_dispute_covers_all_items_of_the_notice_it_answers() -> None:
    after, _ = understood(plain(Intent("dispute", "price")))
    dispute = after.disputes["D-r"]
    assert (dispute.items, dispute.reason, dispute.owner) == (("I-1", "I-2"), "price", "default")
    assert dispute.deadline == MONDAY + timedelta(days=POLICY.disputes.deadline_days)
    assert after.tasks == {}


def test_a_dispute_covers_only_what_it_names() -> None:
    after, _ = understood(plain(Intent("dispute", invoices=("I-2",))))
    assert (after.disputes["D-r"].items, after.disputes["D-r"].reason) == (("I-2",), "other")
    after, _ = understood(plain(Intent("dispute", invoices=("I-9",))))
    assert after.disputes["D-r"].items == ("I-9",)


def test_a_dispute_about_an_unknown_number_covers_the_notice() -> None:
    after, _ = understood(plain(Intent("dispute", invoices=("X-1",))))
    assert after.disputes["D-r"].items == ("I-1", "I-2")


def test_a_dispute_acts_even_when_the_rest_needs_a_person() -> None:
    after, _ = understood(plain(Intent("dispute"), Intent("question"), needs_human=True))
    assert "D-r" in after.disputes
    assert after.tasks["read-r"].detail == "question"


@pytest.mark.parametrize("more", [(), ("question",), ("question", "refusal")])
def test_a_dispute_about_nothing_open_is_one_task(more: tuple[IntentKind, ...]) -> None:
    paid = answered("I-1", "I-2")
    paid = then(paid, receive(paid, payment("T1", 20_000, ["I-1", "I-2"]), MONDAY))
    after, events = understood(plain(Intent("dispute"), *(Intent(kind) for kind in more)), paid)
    assert after.disputes == {}
    assert sum(isinstance(event, ev.TaskOpened) for event in events) == 1
    assert "dispute" in after.tasks["read-r"].detail


def test_a_second_dispute_takes_what_is_not_disputed_yet_and_cancels_promises() -> None:
    before = then(
        answered("I-1", "I-2"),
        [
            ev.DisputeOpened("D0", ("I-1",), "price", "default", FRIDAY, MONDAY),
            ev.PromiseMade("P0", ("I-2",), FRIDAY, FRIDAY, MONDAY),
        ],
    )
    after, _ = understood(plain(Intent("dispute")), before)
    assert after.disputes["D-r"].items == ("I-2",)
    assert after.promises["P0"].state == "cancelled"


def test_a_promise_with_a_date_holds_until_its_grace_is_over() -> None:
    after, _ = understood(plain(Intent("promise", on=FRIDAY, amount_minor=500, currency="EUR")))
    promise = after.promises["P-r"]
    assert (promise.items, promise.date, promise.amount_minor, promise.currency) == (("I-1", "I-2"), FRIDAY, 500, "EUR")
    assert promise.until == FRIDAY + timedelta(days=POLICY.promises.grace_days)
    assert after.tasks == {}


@pytest.mark.parametrize(
    "on", [None, MONDAY - timedelta(days=1), MONDAY + timedelta(days=POLICY.promises.max_days + 1)], ids=str
)
def test_a_promise_without_a_usable_date_is_a_persons_matter(on: object) -> None:
    after, _ = understood(plain(Intent("promise", on=on)))  # type: ignore[arg-type]
    assert after.promises == {}
    assert after.tasks["read-r"].detail == "promise"


def test_an_amount_counts_only_in_the_one_currency_of_the_items() -> None:
    before = then(answered("I-1"), [invoice("I-7", currency="USD")])
    for numbers, currency, is_promise in (
        (("I-1",), "EUR", True),
        (("I-1",), None, True),
        (("I-1",), "USD", False),
        (("I-1", "I-7"), "EUR", False),
        (("I-1", "I-7"), None, False),
    ):
        intent = Intent("promise", on=FRIDAY, amount_minor=500, currency=currency, invoices=numbers)
        after, _ = understood(plain(intent), before)
        assert bool(after.promises) == is_promise
        assert bool(after.tasks) != is_promise
    after, _ = understood(plain(Intent("promise", on=FRIDAY, invoices=("I-1", "I-7"))), before)
    assert after.promises["P-r"].items == ("I-1", "I-7")


@pytest.mark.parametrize("days", [0, POLICY.promises.max_days])
def test_the_first_and_last_usable_date(days: int) -> None:
    after, _ = understood(plain(Intent("promise", on=MONDAY + timedelta(days=days))))
    assert after.promises["P-r"].date == MONDAY + timedelta(days=days)


def test_a_further_promise_for_the_same_items_is_a_persons_matter() -> None:
    before = then(answered("I-1", "I-2"), [ev.PromiseMade("P0", ("I-1", "I-2"), FRIDAY, FRIDAY, MONDAY)])
    after, _ = understood(plain(Intent("promise", on=FRIDAY)), before)
    assert list(after.promises) == ["P0"]
    assert "read-r" in after.tasks


def test_paid_holds_for_some_days_from_the_day_named() -> None:
    after, _ = understood(plain(Intent("paid", on=FRIDAY, invoices=("I-1",))))
    hold = after.holds["H-r"]
    assert (hold.items, hold.until, hold.reason) == (
        ("I-1",),
        FRIDAY + timedelta(days=POLICY.gates.paid_hold_days),
        "says_paid",
    )
    after, _ = understood(plain(Intent("paid", on=MONDAY - timedelta(days=30))))
    assert after.holds["H-r"].until == MONDAY + timedelta(days=POLICY.gates.paid_hold_days)


@pytest.mark.parametrize("kind", ["question", "refusal", "vague_promise", "hardship", "unsubscribe", "invoice_copy"])
def test_what_only_a_person_can_answer_becomes_a_task(kind: IntentKind) -> None:
    after, _ = understood(plain(Intent(kind), Intent("thanks"), needs_human=True))
    assert after.tasks["read-r"].detail == kind
    assert (after.disputes, after.promises, after.holds) == ({}, {}, {})


def test_what_is_not_understood_becomes_a_task() -> None:
    after, _ = understood(Classification("other"))
    assert (after.replies["r"].state, after.tasks["read-r"].detail) == ("other", "not_understood")


@pytest.mark.parametrize("kind", ["dispute", "promise", "paid", "thanks"])
def test_an_untrusted_mail_only_pauses_and_asks(kind: IntentKind) -> None:
    after, _ = understood(plain(Intent(kind, on=FRIDAY)), facts=replace(TRUSTED, trusted=False))
    assert (after.disputes, after.promises, after.holds) == ({}, {}, {})
    assert after.tasks["read-r"].detail == "untrusted"
    assert after.replies["r"].state == "other"


def test_a_plain_promise_beside_doubt_waits_for_the_person() -> None:
    after, _ = understood(plain(Intent("promise", on=FRIDAY), needs_human=True))
    assert after.promises == {}
    assert after.tasks["read-r"].detail == "promise"


def test_a_reply_without_its_notice_can_only_name_invoices() -> None:
    before = answered("I-1", "I-2")
    named = understand(before, None, TRUSTED, plain(Intent("dispute", invoices=("I-1",))), POLICY)
    assert then(before, named).disputes["D-r"].items == ("I-1",)
    unnamed = understand(before, None, TRUSTED, plain(Intent("dispute")), POLICY)
    assert then(before, unnamed).disputes == {}


# --- a person resolves


def disputed() -> Account:
    return account(invoice("I-1"), ev.DisputeOpened("D", ("I-1",), "price", "default", MONDAY, MONDAY))


@pytest.mark.parametrize(
    ("outcome", "days", "reason"),
    [
        ("accepted", 30, "awaiting_credit_note"),
        ("partly", POLICY.contact.min_gap_days, "dispute_resolved"),
        ("rejected", POLICY.contact.min_gap_days, "dispute_resolved"),
        ("withdrawn", POLICY.contact.min_gap_days, "dispute_resolved"),
    ],
)
def test_the_chase_never_jumps_back_in(outcome: str, days: int, reason: str) -> None:
    after = then(disputed(), resolve_dispute(disputed(), "D", outcome, "me", MONDAY, POLICY))
    assert (after.disputes["D"].state, after.disputes["D"].by) == (outcome, "me")
    hold = after.holds["H-D"]
    assert (hold.items, hold.until, hold.reason) == (("I-1",), MONDAY + timedelta(days=days), reason)


def test_resolving_closes_the_deadlines_task() -> None:
    late = then(disputed(), [ev.TaskOpened("overdue-D", "dispute_deadline", "D", MONDAY)])
    after = then(late, resolve_dispute(late, "D", "rejected", "me", MONDAY, POLICY))
    assert after.tasks["overdue-D"].state == "closed"


def test_only_an_open_dispute_is_resolved_and_only_as_there_are_words_for() -> None:
    with pytest.raises(LookupError):
        resolve_dispute(disputed(), "X", "rejected", "me", MONDAY, POLICY)
    with pytest.raises(ValueError, match="expected"):
        resolve_dispute(disputed(), "D", "forgotten", "me", MONDAY, POLICY)
    closed = then(disputed(), [ev.DisputeResolved("D", "rejected", MONDAY)])
    with pytest.raises(LookupError):
        resolve_dispute(closed, "D", "rejected", "me", MONDAY, POLICY)


def test_an_invoice_in_approval_is_held_for_a_short_time_under_its_own_name() -> None:
    after, _ = understood(plain(Intent("in_approval", invoices=("I-1",))))
    (hold,) = after.live("holds")
    days = POLICY.gates.unread_reply_hold_days
    assert (hold.kind, hold.items, hold.until) == ("customer_approval", ("I-1",), MONDAY + timedelta(days=days))
    assert after.tasks == {}
    disputed, _ = understood(plain(Intent("in_approval"), Intent("dispute", "price")))
    assert disputed.holds == {} and disputed.tasks == {}, "the dispute holds them already"


def test_a_plan_asked_for_is_a_persons_task_with_what_was_proposed() -> None:
    wanted = Intent("plan_request", on=FRIDAY, amount_minor=40_000, currency="EUR", parts=3)
    after, _ = understood(plain(wanted, needs_human=True))
    assert after.tasks["read-r"].detail == f"plan_request: 3 instalments, 400.00 EUR, first on {FRIDAY}"
    assert after.plans == {}
