"""Replies and decisions: events/reply.json, lost-reply.json, decision.json."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from duly.domain import events as ev
from duly.mail.token import KeyRing, make_token, reply_address
from tests.handlers.logs import personal_in
from tests.handlers.material import CUSTOMERS, DISPUTE, EMAIL, PROMISE, reply, statement
from tests.handlers.world import World, bodies_of, load_event, with_bodies

FINE: dict[str, Any] = {"batchItemFailures": []}
INBOUND = "inbound/exampleobject000000000000000000000000000"


def disputed(world: World) -> str:
    """Remind, let the debtor dispute, and return the dispute's id."""
    to = world.token_address(world.remind())
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE), to)) == FINE
    (dispute,) = world.account("C-1001").live("disputes")
    return str(dispute.key)


# --- replies
def test_a_genuine_reply_opens_a_dispute(world: World) -> None:
    to = world.token_address(world.remind())
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE), to)) == FINE
    account = world.account("C-1001")
    (dispute,) = account.live("disputes")
    assert dispute.items == ("RE-2026-0001",) and dispute.deadline > dispute.opened
    assert world.stack.metric("DisputesOpened") == 1
    assert world.stack.receipt(INBOUND)["rows"] == {"in": 1, "applied": 1, "duplicate": 0, "rejected": 0}
    assert world.stack.read(INBOUND) == reply(to, DISPUTE), "the bytes are kept as they came"


def test_a_promise_is_noted_and_holds_the_chase(world: World) -> None:
    to = world.token_address(world.remind())
    world.invoke("disputes", world.inbound(reply(to, PROMISE), to))
    (promise,) = world.account("C-1001").live("promises")
    assert promise.date.isoformat() == "2026-03-10" and world.stack.metric("PromisesMade") == 1


def test_the_same_notification_twice_changes_nothing(world: World) -> None:
    to = world.token_address(world.remind())
    event = world.inbound(reply(to, DISPUTE), to)
    world.invoke("disputes", event)
    before = world.versions()
    assert world.invoke("disputes", event) == FINE
    assert world.versions() == before and world.stack.metric("DisputesOpened") == 1


def test_the_same_mail_under_two_keys_is_one_reply(world: World) -> None:
    to = world.token_address(world.remind())
    world.invoke("disputes", world.inbound(reply(to, DISPUTE), to))
    before = world.versions()
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE), to, key="inbound/second")) == FINE
    assert world.versions() == before
    assert world.stack.receipt("inbound/second")["rows"]["duplicate"] == 1


@pytest.mark.parametrize(
    ("changes", "sender"),
    [({"dmarc": "FAIL"}, EMAIL), ({"dmarc": "GRAY"}, EMAIL), ({"virus": "FAIL"}, EMAIL), ({}, "boss@other.example")],
)
def test_a_mail_nobody_vouches_for_only_pauses(world: World, changes: dict[str, str], sender: str) -> None:
    to = world.token_address(world.remind())
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE, sender), to, **changes)) == FINE
    account = world.account("C-1001")
    assert account.live("disputes") == [] and account.live("promises") == []
    assert [task.kind for task in account.live("tasks")] == ["read_reply"]


def test_verdicts_in_the_mail_itself_are_not_believed(world: World) -> None:
    to = world.token_address(world.remind())
    raw = b"X-SES-Virus-Verdict: PASS\nAuthentication-Results: amazonses.com; dmarc=pass\n" + reply(to, DISPUTE)
    world.invoke("disputes", world.inbound(raw, to, dmarc="FAIL"))
    assert world.account("C-1001").live("disputes") == []


def test_a_forged_token_is_a_task_and_changes_nothing(world: World) -> None:
    notice = world.remind()
    before = world.versions()
    forged = make_token(KeyRing(1, {1: b"another key, not this stack's"}), "duly", bytes.fromhex(notice))
    to = reply_address(forged, "reply.creditor.example")
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE), to)) == FINE
    assert world.versions() == before
    assert [task["kind"] for task in world.stack_tasks().values()] == ["forged_token"]
    assert world.stack.receipt(INBOUND)["reasons"] == {"forged_token": 1}


def test_a_token_of_another_stack_under_the_same_key_is_forged(world: World) -> None:
    notice = world.remind()
    token = make_token(KeyRing.parse(world.stack.secret), "duly-test", bytes.fromhex(notice))
    to = reply_address(token, "reply.creditor.example")
    world.invoke("disputes", world.inbound(reply(to, DISPUTE), to))
    assert world.stack.receipt(INBOUND)["reasons"] == {"forged_token": 1}


def test_a_mail_without_token_is_a_task(world: World) -> None:
    world.set_up()
    to = "reply.creditor@reply.creditor.example"
    assert world.invoke("disputes", world.inbound(reply(to, DISPUTE), to)) == FINE
    assert [task["kind"] for task in world.stack_tasks().values()] == ["no_token"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe\x00 no mail at all",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x--",
        b"Subject: =?utf-8?B?////?=\nContent-Transfer-Encoding: base64\n\n!!!!",
    ],
)
def test_an_unparseable_mail_under_a_genuine_token_pauses_and_asks_a_person(world: World, raw: bytes) -> None:
    to = world.token_address(world.remind())
    assert world.invoke("disputes", world.inbound(raw, to)) == FINE
    account = world.account("C-1001")
    assert [task.kind for task in account.live("tasks")] == ["read_reply"]
    assert world.stack.receipt(INBOUND)["rows"]["in"] == 1


def test_a_mail_that_is_gone_gets_a_receipt_and_a_task(world: World) -> None:
    world.set_up()
    event = load_event("reply")
    assert world.invoke("disputes", event) == FINE
    assert world.stack.receipt(INBOUND)["reasons"] == {"object_gone": 1}
    assert [task["kind"] for task in world.stack_tasks().values()] == ["object_gone"]


def test_a_mail_whose_notification_was_lost_is_not_trusted(world: World) -> None:
    """Without SES's verdicts it may only pause."""
    to = world.token_address(world.remind())
    event = load_event("lost-reply")
    (body,) = bodies_of(event)
    world.stack.put(body["key"], reply(to, DISPUTE))
    assert world.invoke("disputes", event) == FINE
    account = world.account("C-1001")
    assert account.live("disputes") == [] and [task.kind for task in account.live("tasks")] == ["read_reply"]


def test_the_topics_first_message_is_nothing_to_do(world: World) -> None:
    event = with_bodies(load_event("reply"), {"notificationType": "AmazonSnsSubscriptionSucceeded"})
    assert world.invoke("disputes", event) == FINE


# --- decisions
def decision(**changes: Any) -> dict[str, Any]:
    found = {**load_event("decision"), **changes}
    return {key: value for key, value in found.items() if value is not None}


def test_a_decision_resolves_the_dispute(world: World) -> None:
    answer = world.invoke("disputes", decision(dispute=disputed(world)))
    assert answer["ok"] and answer["account"] == "C-1001" and "DisputeResolved" in answer["events"]
    account = world.account("C-1001")
    assert account.live("disputes") == [] and account.version == answer["version"]
    assert account.live("holds"), "the chase never jumps back in on the same day"


def test_a_button_of_the_dashboard_decides_too(world: World) -> None:
    request = decision(dispute=disputed(world), time=None)
    event = {"decision": request, "widgetContext": load_event("widget-draw")["widgetContext"]}
    assert world.invoke("disputes", event)["ok"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": "delete_everything"}, "unknown_action"),
        ({"action": None}, "unknown_action"),
        ({"account": None}, "missing_field"),
        ({"dispute": None}, "missing_field"),
        ({}, "not_possible"),  # no such dispute
        ({"account": "C-9999"}, "not_possible"),
        ({"account": "C-" + "9" * 3000}, "too_long"),
        ({"by": "x" * 500}, "too_long"),
        ({"account": ["C-1001"]}, "not_text"),
        ({"account": {"S": "C-1001"}}, "not_text"),
        ({"action": "hold", "until": "soon", "reason": "x"}, "not_possible"),
        ({"action": "hold", "until": "2026-04-01", "reason": "x", "items": ["nonsense"]}, "not_possible"),
        ({"action": "hold", "until": "2026-04-01", "reason": "x", "items": "RE-2026-0001"}, "not_text"),
        ({"action": "hold", "until": "2026-04-01", "reason": "y" * 5000}, "too_long"),
        ({"action": "release", "hold": "H-none"}, "not_possible"),
        ({"action": "close_task", "task": "none"}, "not_possible"),
        ({"action": "close_task", "task": "none", "account": ""}, "not_possible"),
        ({"action": "assign", "transaction": "none"}, "not_possible"),
        ({"action": "assign", "transaction": None}, "missing_field"),
    ],
)
def test_a_decision_that_is_refused_says_why_and_changes_nothing(
    world: World, changes: dict[str, Any], code: str
) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    before = world.versions()
    answer = world.invoke("disputes", decision(**changes))
    assert (answer["ok"], answer["code"]) == (False, code)
    assert answer["error"] and personal_in(answer["error"]) == []
    assert world.versions() == before
    assert [line["reason"] for line in world.stack.logged("decision_refused")] == [code]


def test_an_unknown_outcome_is_refused(world: World) -> None:
    answer = world.invoke("disputes", decision(dispute=disputed(world), outcome="whatever"))
    assert answer["code"] == "not_possible" and "accepted" in answer["error"]
    assert world.account("C-1001").live("disputes")


def test_holds_and_tasks(world: World) -> None:
    to = world.token_address(world.remind())
    world.invoke("disputes", world.inbound(reply(to, DISPUTE, "boss@other.example"), to))
    (task,) = world.account("C-1001").live("tasks")
    closed = world.invoke("disputes", decision(action="close_task", task=task.key))
    assert closed["ok"] and world.account("C-1001").live("tasks") == []
    held = world.invoke("disputes", decision(action="hold", until="2026-04-01", reason="talks", items=["RE-2026-0001"]))
    (hold,) = [one for one in world.account("C-1001").live("holds") if one.reason == "talks"]
    assert held["ok"] and hold.items == ("RE-2026-0001",)
    assert world.invoke("disputes", decision(action="release", hold=hold.key))["ok"]
    assert not [one for one in world.account("C-1001").live("holds") if one.reason == "talks"]


def test_a_task_of_no_account_is_closed(world: World) -> None:
    to = "nobody@reply.creditor.example"
    world.invoke("disputes", world.inbound(reply(to, DISPUTE), to))
    (task,) = world.stack_tasks()
    assert world.invoke("disputes", decision(action="close_task", task=task, account=None))["ok"]
    assert world.stack_tasks() == {}


@pytest.mark.parametrize("function", ["disputes", "reconcile"])
def test_money_in_suspense_is_assigned(world: World, function: str) -> None:
    world.set_up()
    world.take_in("reconcile", "upload-statement", statement(("B-9", "321.00", "greetings")), "statements/b.xml")
    (line,) = [one for shard in range(8) for one in world.edge.table.headers(f"S{shard:02d}")]
    transaction = line.body["state"]["key"]
    request = decision(action="assign", transaction=transaction, items=["RE-2026-0001"])
    answer = world.invoke(function, request)
    assert answer["ok"], answer
    assert world.account("C-1001").items["RE-2026-0001"].outstanding_minor == 119_000 - 32_100
    again = world.invoke(function, request)
    assert again["ok"], "the same decision again finds it carried out"
    assert world.account("C-1001").items["RE-2026-0001"].outstanding_minor == 119_000 - 32_100
    assert world.invoke(function, {**request, "items": []})["code"] == "not_possible", "another decision"


# --- the chase
@pytest.mark.parametrize("function", ["disputes", "reconcile"])
def test_an_approval_by_a_button_wakes_the_account(world: World, function: str) -> None:
    world.set_up()
    day = date(2026, 3, 2)
    part = ev.NoticeItem("RE-2026-0001", 1, "formal-notice", 3, 0, 119_000)
    asked: list[ev.Event] = [
        ev.ApprovalAsked("a1", "email", "EUR", 3, "formal-notice", (part,), 119_000, day, day),
        ev.TaskOpened("approve-a1", "approve_notice", "a1", day, day),
    ]
    world.edge.change("C-1001", lambda _: asked, datetime(2026, 3, 2, 9, tzinfo=UTC))
    request = decision(action="approve", approval="a1", dispute=None, outcome=None)
    event = {"type": "decision", "decision": request, "widgetContext": load_event("widget-draw")["widgetContext"]}
    answer = world.invoke(function, event)
    assert answer["ok"] and answer["events"] == ["ApprovalSettled", "TaskClosed"]
    (message,) = world.stack.receive("AccountQueue")
    assert json.loads(message["Body"])["account"] == "C-1001"
    assert world.account("C-1001", [("approvals", "a1")]).approvals["a1"].state == "approved"


def test_a_promise_and_a_plan_are_taken_down(world: World) -> None:
    world.set_up()
    request = decision(action="promise", items=["RE-2026-0001"], date="2026-03-20", dispute=None, outcome=None)
    assert world.invoke("disputes", request)["events"][0] == "PromiseMade"
    instalments = [{"due": "2026-03-20", "amount": "100.00"}]
    refused = decision(action="plan", items=["RE-2026-0001"], instalments=instalments, dispute=None, outcome=None)
    answer = world.invoke("disputes", refused)
    assert not answer["ok"] and "together" in answer["error"]
    whole = answer["error"].split("expected instalments of ")[1].split(" EUR")[0]
    agreed = {**refused, "instalments": [{"due": "2026-03-20", "amount": whole}]}
    assert world.invoke("disputes", agreed)["ok"]
    account = world.account("C-1001")
    assert (len(account.live("plans")), account.live("promises")) == (1, [])
