"""Persons' decisions about the chase, through the whole stack in memory, each of them audited."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calls import MAX_CALLS
from duly.flows.decisions import DecisionRefused, decide
from duly.reports.answers import answer
from duly.store.queues import ACCOUNT
from tests.core_samples import MONDAY, NOON, Payment
from tests.unit.test_corrections import Stack, row

DAY = (NOON + timedelta(days=30)).date()  # of every decision: 1 April 2026, a Wednesday
SOON = (DAY + timedelta(days=7)).isoformat()


@pytest.fixture
def stack() -> Stack:
    found = Stack()
    found.customer()
    found.take("one", row("RE-1", "100.00"), row("RE-2", "60.00"), row("RE-3", "40.00", currency="USD"))
    return found


def given(stack: Stack, *events: ev.Event) -> Account:
    """Put events on the account that something else decided."""
    return stack.edge.change("C-1", lambda _: list(events), NOON + timedelta(days=29))


def asked(until: date = DAY) -> list[ev.Event]:
    """A notice that waits for approval, with its task."""
    part = ev.NoticeItem("RE-1", 1, "formal", 3, 0, 10_000)
    return [
        ev.ApprovalAsked("a1", "email", "EUR", 3, "formal", (part,), 10_000, DAY, until),
        ev.TaskOpened("approve-a1", "approve_notice", "a1", DAY, until),
    ]


def call(key: str = "call-n1", about: str = "") -> ev.TaskOpened:
    return ev.TaskOpened(key, "call", about, DAY, DAY)


def kinds(stack: Stack) -> list[str]:
    return [task.kind for task in stack.account().live("tasks")]


def refused(stack: Stack, **request: Any) -> str:
    before = stack.account().version
    with pytest.raises(DecisionRefused) as found:
        stack.decide(**request)
    assert stack.account().version == before
    assert found.value.code in ("not_possible", "missing_field", "not_text")
    return str(found.value)


# --- promises and plans
def test_a_promise_is_taken_down_and_kept_by_money(stack: Stack) -> None:
    stack.decide(action="promise", items=["RE-1"], date=SOON, amount="50.00", reason="by phone")
    (promise,) = stack.account().live("promises")
    assert (promise.items, promise.amount_minor) == (("RE-1",), 5_000)
    stack.money(Payment("RE-1", 5_000), days=31)
    assert stack.account().promises[promise.key].state == "kept"
    stack.assert_clean()


def test_a_plan_is_made_and_cancelled(stack: Stack) -> None:
    instalments = [{"due": SOON, "amount": "100.00"}, {"due": "2026-06-01", "amount": "60.00"}]
    stack.decide(action="plan", items=["RE-1", "RE-2"], instalments=instalments, reason="agreed")
    (plan,) = stack.account().live("plans")
    assert (plan.by, plan.currency, sum(minor for _, minor in plan.instalments)) == ("ada", "EUR", 16_000)
    stack.decide(action="cancel_plan", plan=plan.key, reason="withdrawn")
    assert stack.account().live("plans") == []
    assert "no open payment plan" in refused(stack, action="cancel_plan", plan=plan.key, reason="again")
    stack.assert_clean()


def test_a_promise_is_cancelled_and_not_broken(stack: Stack) -> None:
    stack.decide(action="promise", items=["RE-1"], date=SOON)
    (promise,) = stack.account().live("promises")
    stack.decide(action="cancel_promise", promise=promise.key, reason="a mistake")
    assert stack.account().promises[promise.key].state == "cancelled"
    assert stack.account().header.behaviour.promises_broken == 0


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"action": "promise", "items": ["RE-1"], "date": "soon"}, "a day such as"),
        ({"action": "promise", "items": [], "date": SOON}, "invoices in the field items"),
        ({"action": "promise", "items": ["RE-1"], "date": SOON, "amount": "-5.00"}, "above zero"),
        ({"action": "promise", "items": ["RE-1", "RE-3"], "date": SOON, "amount": "5.00"}, "one currency"),
        ({"action": "promise", "items": ["RE-1"], "date": SOON, "by": ""}, "the field by"),
        ({"action": "plan", "items": ["RE-1"], "instalments": "monthly"}, "as a list"),
        ({"action": "plan", "items": ["RE-1"], "instalments": ["50.00"]}, "due and amount"),
        ({"action": "plan", "items": ["RE-1"], "instalments": [{"due": SOON}]}, "the field amount"),
        ({"action": "plan", "items": ["RE-1"], "instalments": [{"due": SOON, "amount": "9.00"}]}, "100.00 EUR"),
        ({"action": "skip", "items": ["RE-1"], "to_level": 2}, "the field reason"),
        ({"action": "skip", "items": ["RE-1"], "to_level": "high", "reason": "x"}, "a level of the scenario"),
        ({"action": "skip", "items": ["RE-1"], "to_level": True, "reason": "x"}, "a level of the scenario"),
        ({"action": "skip", "items": ["RE-1"], "to_level": 9, "reason": "x"}, "expected one of them"),
        ({"action": "step_back", "items": ["RE-1"], "to_level": 1, "reason": "x"}, "before its first step"),
        ({"action": "hold", "until": SOON, "reason": "x", "kind": "wish"}, "expected the kind"),
        ({"action": "hold", "until": SOON, "reason": "x", "stage": "receipt"}, "customer_approval alone"),
        (
            {"action": "hold", "until": SOON, "reason": "x", "kind": "customer_approval", "contact": "c9"},
            "no contact of this id",
        ),
        ({"action": "release"}, "nothing of this account is held"),
        ({"action": "approve", "approval": "a9"}, "no proposed notice"),
        ({"action": "call_result", "task": "t", "code": "paid"}, "no open call"),
        ({"action": "handover_outcome", "handover": "h", "outcome": "returned"}, "no open hand-over"),
    ],
)
def test_what_is_not_possible_is_refused_and_changes_nothing(
    stack: Stack, request_: dict[str, Any], words: str
) -> None:
    assert words in refused(stack, **request_)


# --- moves
def test_a_skip_and_a_step_back_say_who_and_why(stack: Stack) -> None:
    stack.decide(action="skip", items=["RE-1"], to_level=3, reason="agreed with sales")
    assert (stack.item("RE-1").moved_to, stack.item("RE-1").moved_on) == (3, DAY)
    entry = stack.edge.accounts.history("C-1")[-1]
    moved = next(event for event in entry.events if isinstance(event, ev.ItemMoved))
    assert (moved.by, moved.reason) == ("ada", "agreed with sales")
    stack.assert_clean()


def test_an_item_with_a_notice_on_its_way_is_not_moved(stack: Stack) -> None:
    part = ev.NoticeItem("RE-1", 1, "first-reminder", 1, 0, 10_000)
    claimed = ev.NoticeClaimed("n1", "i", "email", "EUR", 1, "first", (part,), ("c1",), NOON, "v", "standard")
    given(stack, claimed)
    assert "on its way" in refused(stack, action="skip", items=["RE-1"], to_level=3, reason="x")
    given(stack, ev.NoticeSent("n1", NOON, "answer", "m"), ev.StepsRecorded("n1", ("RE-1",), MONDAY))
    assert "expected a higher level" in refused(stack, action="skip", items=["RE-1"], to_level=1, reason="x")
    stack.decide(action="step_back", items=["RE-1"], to_level=1, reason="the wrong person read it")
    assert stack.item("RE-1").moved_to == 1


# --- holds
def test_a_hold_for_the_customers_approval(stack: Stack) -> None:
    contact = stack.account().personal["contacts"][0]["id"]
    facts = {"until": SOON, "reason": "waits for release", "kind": "customer_approval", "items": ["RE-1"]}
    stack.decide(action="hold", **facts, stage="goods_receipt", contact=contact)
    (hold,) = stack.account().live("holds")
    assert (hold.kind, hold.stage, hold.contact, hold.by) == ("customer_approval", "goods_receipt", contact, "ada")
    stack.assert_clean()


def test_a_release_of_one_invoice_keeps_the_others_held(stack: Stack) -> None:
    stack.decide(action="hold", until=SOON, reason="talks", items=["RE-1", "RE-2"])
    stack.decide(action="release", items=["RE-2"], reason="settled")
    (left,) = stack.account().live("holds")
    assert (left.items, left.reason, left.by) == (("RE-1",), "talks", "ada")
    assert "none of these" in refused(stack, action="release", items=["RE-2"])
    stack.decide(action="release")
    assert stack.account().live("holds") == []
    stack.decide(action="hold", until=SOON, reason="all of it", items=[])
    assert "whole account is held" in refused(stack, action="release", items=["RE-1"])
    stack.assert_clean()


# --- approvals
def test_an_approval_closes_its_task_and_wakes_the_account_once(stack: Stack) -> None:
    given(stack, *asked())
    request = {"action": "approve", "account": "C-1", "approval": "a1", "by": "ada", "request_id": "r1"}
    decide(stack.edge, request, NOON + timedelta(days=30))
    account = stack.account()
    approval = account.approvals["a1"]
    assert (approval.state, approval.by) == ("approved", "ada") and approval.until > DAY
    assert account.live("tasks") == []
    assert stack.edge.queues.waiting(ACCOUNT) == 1
    assert decide(stack.edge, request, NOON + timedelta(days=30))["events"] == []
    assert "approved already" in refused(stack, action="discard", approval="a1")


def test_a_discarded_notice_is_no_step_done(stack: Stack) -> None:
    given(stack, *asked())
    assert "approve or discard" in refused(stack, action="close_task", task="approve-a1")
    stack.decide(action="discard", approval="a1", reason="the customer called")
    account = stack.account()
    assert (account.approvals["a1"].state, account.items["RE-1"].steps, account.live("tasks")) == ("discarded", (), [])


WITH_APPROVAL = """[creditor]
name = "Muster"
[risk.categories.all]
max_score = 1.0
terms_days = 30
limit = { EUR = "5000.00" }
[gates]
bank_data_max_age_business_days = 0
[contact]
window = ["00:00", "24:00"]
holidays = false
[scenario.standard]
[[scenario.standard.step]]
level = 1
name = "first"
days = 3
approve = true
"""


def test_an_approved_notice_goes_out_at_once_by_the_figures_of_that_moment() -> None:
    stack = Stack()
    del stack.edge.policy  # type: ignore[attr-defined]
    stack.upload("policy/p.toml", WITH_APPROVAL.encode(), NOON)
    stack.work()
    stack.customer()
    stack.take("one", row("RE-1", "100.00"), row("RE-2", "60.00"))
    stack.tick(NOON + timedelta(days=29))
    stack.work()
    (approval,) = stack.account().live("approvals")
    assert (approval.state, len(approval.items), len(stack.mailer.messages)) == ("asked", 2, 0)
    stack.money(Payment("RE-2", 1_000), days=29.5)
    stack.decide(action="approve", approval=approval.key)
    (mail,) = stack.mailer.messages
    (notice,) = stack.account().notices.values()
    assert sum(part.balance_minor for part in notice.items) == 15_000 and mail.raw
    assert stack.account().approvals[approval.key].state == "used"
    stack.assert_clean()


# --- calls
def test_nobody_answers_and_another_way_is_found_in_the_end(stack: Stack) -> None:
    given(stack, call())
    for count in range(MAX_CALLS):
        (task,) = stack.account().live("tasks")
        assert task.kind == "call"
        stack.decide(action="call_result", task=task.key, code="voicemail" if count else "unreachable")
        if not count:
            (again,) = stack.account().live("tasks")
            assert again.due == date(2026, 4, 2)
    assert kinds(stack) == ["find_another_way"]
    stack.assert_clean()


def test_a_call_before_a_holiday_is_made_again_after_it(stack: Stack) -> None:
    given(stack, call())
    request = {"action": "call_result", "account": "C-1", "task": "call-n1", "code": "voicemail", "by": "ada"}
    stack.edge.holidays = lambda *_: frozenset({date(2026, 4, 3), date(2026, 4, 6)})
    decide(stack.edge, request, NOON + timedelta(days=31))  # Thursday before Easter
    (again,) = stack.account().live("tasks")
    assert again.due == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("code", "facts", "task", "hold"),
    [
        ("invoice_not_received", {}, "send_copy", ("hold", "invoice_not_received", 7)),
        ("awaiting_approval", {"stage": "cost_centre"}, "", ("customer_approval", "awaiting_approval", 3)),
        ("awaiting_approval", {"date": SOON}, "", ("customer_approval", "awaiting_approval", 7)),
        ("in_payment_run", {"date": SOON}, "", ("hold", "in_payment_run", 12)),
        ("paid", {"date": "2026-03-30"}, "", ("hold", "says_paid", 5)),
    ],
)
def test_what_a_caller_heard_holds_the_invoices(
    stack: Stack, code: str, facts: dict[str, str], task: str, hold: tuple[str, str, int]
) -> None:
    given(stack, call())
    stack.decide(action="call_result", task="call-n1", code=code, items=["RE-1", "RE-2"], **facts)
    (found,) = stack.account().live("holds")
    assert (found.kind, found.reason, (found.until - DAY).days) == hold
    assert found.items == ("RE-1", "RE-2") and found.by == "ada"
    assert kinds(stack) == ([task] if task else [])
    assert stack.account().tasks["call-n1"].result == code
    stack.assert_clean()


def test_a_dispute_on_the_phone_ends_the_promise(stack: Stack) -> None:
    stack.decide(action="promise", items=["RE-1"], date=SOON)
    given(stack, call())
    assert "the reason of the dispute" in refused(stack, action="call_result", task="call-n1", code="dispute")
    stack.decide(action="call_result", task="call-n1", code="dispute", reason="price", items=["RE-1"])
    account = stack.account()
    (dispute,) = account.live("disputes")
    assert (dispute.items, dispute.reason) == (("RE-1",), "price")
    assert [promise.state for promise in account.promises.values()] == ["cancelled"]
    stack.assert_clean()


def test_a_promise_on_the_phone(stack: Stack) -> None:
    given(stack, call())
    assert "the day of the promise" in refused(stack, action="call_result", task="call-n1", code="promise")
    facts = {"code": "promise", "date": SOON, "amount": "60.00", "items": ["RE-2"]}
    stack.decide(action="call_result", task="call-n1", **facts)
    (promise,) = stack.account().live("promises")
    assert (promise.items, promise.amount_minor, promise.date.isoformat()) == (("RE-2",), 6_000, SOON)


def test_a_call_about_a_notice_is_about_its_open_items(stack: Stack) -> None:
    part = ev.NoticeItem("RE-2", 1, "first-reminder", 1, 0, 6_000)
    claimed = ev.NoticeClaimed("n1", "i", "email", "EUR", 1, "first", (part,), ("c1",), NOON, "v", "standard")
    given(stack, claimed)
    given(stack, ev.NoticeSent("n1", NOON, "answer", "m"), ev.StepsRecorded("n1", ("RE-2",), MONDAY), call(about="n1"))
    (listed,) = answer(stack.edge, {"type": "people"}, NOON + timedelta(days=30))["calls"]
    assert (listed["invoices"], listed["amounts"], listed["attempt"]) == (["RE-2"], {"EUR": "60.00"}, 1)
    assert "RE-2" in listed["script"] and "RE-1" not in listed["script"]
    stack.decide(action="call_result", task="call-n1", code="promise", date=SOON, amount="10.00")
    (promise,) = stack.account().live("promises")
    assert promise.items == ("RE-2",)
    assert "no open call" in refused(stack, action="call_result", task="call-n1", code="paid")


def test_nobody_is_called_about_what_was_paid_meanwhile(stack: Stack) -> None:
    parts = tuple(ev.NoticeItem(key, 1, "first-reminder", 1, 0, 100) for key in ("RE-1", "RE-2"))
    claimed = ev.NoticeClaimed("n1", "i", "call", "EUR", 1, "first", parts, (), NOON, "v", "standard")
    companion = ev.TaskOpened("post-n2", "post_letter", "n2", DAY, DAY)
    given(stack, claimed)
    steps = ev.StepsRecorded("n1", ("RE-1", "RE-2"), MONDAY)
    given(stack, ev.NoticeSent("n1", NOON, "document"), steps, call(about="n1"), companion)
    stack.money(Payment("RE-1", 10_000), name="a", days=31)
    assert kinds(stack) == ["call", "post_letter"], "RE-2 is open"
    stack.money(Payment("RE-2", 6_000), name="b", days=32)
    account = stack.account()
    assert [task.kind for task in account.live("tasks")] == ["post_letter"]
    assert account.tasks["call-n1"].result == "void"
    stack.assert_clean()


# --- hand-overs and letters
@pytest.mark.parametrize(("outcome", "tasks"), [("collected", []), ("uncollectable", ["write_off"])])
def test_what_became_of_a_handover(stack: Stack, outcome: str, tasks: list[str]) -> None:
    part = ev.NoticeItem("RE-1", 1, "hand-over", 4, 0, 10_000)
    claimed = ev.NoticeClaimed("n1", "i", "hand_over", "EUR", 4, "h", (part,), (), NOON, "v", "standard", to="agency")
    given(stack, claimed, ev.NoticeSent("n1", NOON, "document"), ev.StepsRecorded("n1", ("RE-1",), MONDAY))
    assert "expected one of" in refused(stack, action="handover_outcome", handover="n1", outcome="lost")
    stack.decide(action="handover_outcome", handover="n1", outcome=outcome, reason="their letter of today")
    found = stack.account().handovers["n1"]
    assert (found.state, found.by, found.note, kinds(stack)) == (outcome, "ada", "their letter of today", tasks)
    stack.assert_clean()


def test_a_letter_is_posted_with_proof(stack: Stack) -> None:
    given(
        stack, ev.TaskOpened("post-n1", "post_letter", "n1", DAY, DAY), ev.TaskOpened("t2", "send_copy", "", DAY, DAY)
    )
    assert "for a letter alone" in refused(stack, action="close_task", task="t2", proof="RR123456785DE")
    stack.decide(action="close_task", task="post-n1", result="posted", proof="RR123456785DE")
    assert stack.account().tasks["post-n1"].proof == "RR123456785DE"


def test_each_decision_happens_once_however_often_it_is_sent(stack: Stack) -> None:
    request = {"action": "promise", "account": "C-1", "items": ["RE-1"], "date": SOON, "by": "ada", "request_id": "r"}
    for expected in (["PromiseMade"], []):
        done = decide(stack.edge, request, NOON + timedelta(days=30))
        assert [name for name in done["events"] if name == "PromiseMade"] == expected
    assert len(stack.account().promises) == 1


def test_the_score_follows_a_broken_word(stack: Stack) -> None:
    stack.decide(action="promise", items=["RE-1"], date=SOON)
    before = stack.account().header.score_permille
    stack.tick(NOON + timedelta(days=50))
    stack.work()
    account = stack.account()
    assert account.header.behaviour.promises_broken == 1 and account.header.score_permille > before
    assert account.items["RE-1"].hastened_on is not None
