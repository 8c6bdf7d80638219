"""Least privilege, both ways: no function calls what template.yaml does not allow, and nothing is allowed in vain.

Every other test here runs under the same guard. This walk does each kind of work once, and asks what was never used.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.handlers.aws_stack import BUCKET, LOGICAL, SENDER
from tests.handlers.material import (
    CUSTOMERS,
    DISPUTE,
    INVOICES,
    LATER_INVOICE,
    POSTED_CUSTOMER,
    POSTED_EMAIL,
    POSTED_NAME,
    POSTED_POLICY,
    reply,
    statement,
)
from tests.handlers.world import World, bodies_of, load_event, with_bodies
from tests.sim.small_world import ubl_invoice
from tests.template import cfn

EXPIRED = "Powertools reads the record when DynamoDB's refusal comes without it, as when it expired in between"
NOT_WALKED = {  # (function, action, resource) -> why it is allowed though the walk does not need it
    ("dunning", "ses:SendEmail", "identity"): "SES documents SendRawEmail for raw content; both are asked in places",
    ("dunning", "ses:SendEmail", "configuration-set"): "the same",
    ("risk_check", "dynamodb:GetItem", "table/duly-Idempotency-EXAMPLE"): EXPIRED,
    ("reconcile", "dynamodb:GetItem", "table/duly-Idempotency-EXAMPLE"): EXPIRED,
}


@pytest.fixture(autouse=True)
def policy_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk uploads two policies within a second; each function goes by the one in force."""
    monkeypatch.setattr("duly.flows.edge.LOCAL_POLICY_SECONDS", 0)


def test_nothing_is_allowed_in_vain(world: World) -> None:
    walk(world)
    calls = world.stack.calls
    unused = {
        (function, action, resource)
        for function in LOGICAL
        for statement_ in world.stack.statements(function)
        for action in cfn.as_list(statement_["Action"])
        for resource in cfn.as_list(statement_["Resource"])
        if not any(who == function and what == action and _within(on, resource) for who, (what, on) in calls)
    }
    found = {_short(one) for one in unused} ^ set(NOT_WALKED)
    assert not found, "\n".join(map(str, sorted(found)))


def _within(resource: str, pattern: str) -> bool:
    return resource == pattern or (pattern.endswith("*") and resource.startswith(pattern[:-1]))


def _short(one: tuple[str, str, str]) -> tuple[str, str, str]:
    function, action, resource = one
    name = resource.rpartition(":")[2].removeprefix(f"{BUCKET}/").removesuffix("/*")
    return function, action, name.partition("/")[0] if action.startswith("ses:") else name


def walk(world: World) -> None:
    """Do each kind of work once: files, policy, cash, merging, sending, SES's events, replies, decisions, reports."""
    stack = world.stack
    # files: a first try that fails (idempotency forgets it), a provisional customer, then the file that names it
    event = world.upload("upload-invoices", INVOICES)
    stack.fault = _without_queues
    assert stack.invoke("risk_check", event)["batchItemFailures"]
    _lose_answers(world)
    stack.invoke("risk_check", event)
    stack.drain("CustomerQueue")
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-policy", b'[creditor]\nname = "Muster"\n')
    stack.drain("AccountQueue")
    for key, name, function in (
        ("customers/gone.csv", "upload-customers", "risk_check"),
        ("statements/gone.xml", "upload-statement", "reconcile"),
    ):
        gone = world.upload(name, b"x", key)
        found = bodies_of(gone)[0]["detail"]["object"]
        stack.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=found["version-id"])
        stack.invoke(function, gone)
    for name, function, data in (
        ("upload-customers", "risk_check", CUSTOMERS),
        ("upload-invoices", "risk_check", INVOICES),
        ("upload-policy", "risk_check", b'[creditor]\nname = "Muster"\n'),
        ("upload-statement", "reconcile", statement()),
    ):
        _without_version(world, name, function, data)
    # cash: a try that fails, money for an invoice, money that waits for one
    event = world.upload("upload-statement", statement(("B-1", "500.00", "RE-2026-0002"), ("B-2", "77.70", "hello")))
    stack.fault = _without_queues
    stack.invoke("reconcile", event)
    _lose_answers(world)
    stack.invoke("reconcile", event)
    stack.drain("CashQueue")
    world.take_in("risk_check", "upload-invoices", LATER_INVOICE, "invoices/later.csv")
    # the payer of the first is known now, so that the second is proposed for its customer, whose chase waits
    (waiting,) = world.account("C-1001").header.suspense
    choice = {"action": "assign", "transaction": waiting, "account": "C-1002", "items": ["RE-2026-0777"], "by": "ada"}
    assert stack.invoke("reconcile", {**load_event("decision"), "time": load_event("tick")["time"], **choice})["ok"]
    # sending and its evidence
    _lose_answers(world)
    stack.invoke("dunning", load_event("tick"))
    stack.drain("AccountQueue")
    (notice,) = [one.key for one in world.notices("C-1001")]
    stack.invoke("dunning", world.ses_event("ses-delivery", notice))
    # replies and decisions
    to = world.token_address(notice)
    stack.invoke("disputes", load_event("lost-reply"))
    _lose_answers(world)
    stack.invoke("disputes", world.inbound(reply(to, DISPUTE), to, key="inbound/answer"))
    (dispute,) = world.account("C-1001").live("disputes")
    assert stack.invoke("disputes", {**load_event("decision"), "dispute": dispute.key})["ok"]
    cancel = {"action": "cancel_invoice", "account": "C-1001", "item": "RE-2026-0002", "reason": "wrong", "by": "ada"}
    assert stack.invoke("disputes", {**load_event("decision"), **cancel})["ok"]
    # what was lost
    for key in ("customers/lost.csv", "statements/lost.xml", "inbound/lost"):
        stack.put(key, b"x")
    stack.monkeypatch.setattr("duly.flows.tick.LOST_AFTER", world.no_time)
    stack.invoke("dunning", load_event("tick"))
    for queue in ("InboundQueue", "RiskUploadQueue", "StatementUploadQueue"):
        stack.drain(queue)
    # reports, and the statements of the month before
    wanted = b'[creditor]\nname = "Muster"\n[statements]\nmonthly = true\nwithout_open_items = true\n'
    world.take_in("risk_check", "upload-policy", wanted)
    assert stack.invoke("reports", load_event("daily"))["statements"]["complete"]
    stack.invoke("reports", load_event("widget-draw"))
    _other_channels(world)


def _other_channels(world: World) -> None:
    """An invoice uploaded as such, a mail with an automatic answer, a letter with a text message beside it, and a
    hand-over that takes all of it along. Each step comes a day after the one before; a person approves the later ones,
    which wakes the account: any function that takes decisions may be asked."""
    stack = world.stack
    stack.lost = lambda *_: None
    world.take_in("risk_check", "upload-policy", POSTED_POLICY)
    world.take_in("risk_check", "upload-customers", POSTED_CUSTOMER, "customers/posted.csv")
    world.take_in("risk_check", "upload-invoices", ubl_invoice("RE-2026-0900", POSTED_NAME, "640.00"), "invoices/p.xml")
    assert "RE-2026-0900" in world.account("C-1003").items
    for day, decider in ((4, ""), (5, "disputes"), (6, "reconcile")):
        time = f"2026-03-{day:02d}T09:05:00Z"
        stack.invoke("dunning", {**load_event("tick"), "time": time})
        stack.drain("AccountQueue")
        for approval in world.account("C-1003").live("approvals"):
            approved = {"action": "approve", "account": "C-1003", "approval": approval.key, "by": "ada", "time": time}
            assert stack.invoke(decider, {"type": "decision", **approved})["ok"]
            stack.drain("AccountQueue")
        if day == 4:
            (notice,) = [one.key for one in world.notices("C-1003")]
            to = world.token_address(notice)
            answer = b"Auto-Submitted: auto-replied\r\n" + reply(to, "We are away.", POSTED_EMAIL)
            stack.invoke("disputes", world.inbound(answer, to, key="inbound/away"))
    assert {one.channel: one.state for one in world.notices("C-1003")} == dict.fromkeys(
        ("email", "letter", "sms", "hand_over"), "sent"
    )


def _without_queues(service: str, *_: Any) -> None:
    if service == "sqs":
        raise EndpointConnectionError(endpoint_url="https://sqs.example")


def _lose_answers(world: World) -> None:
    """The queues work again. The answer to the next commit is lost, so that its writer reads what became of it; so is
    that to a send, which is doubtful then."""
    lost: set[str] = set()

    def lose(service: str, operation: str, parameters: dict[str, Any]) -> None:
        commits = operation == "TransactWriteItems" and "-Accounts-" in json.dumps(parameters)
        if service == "sesv2" or (commits and not lost):
            lost.add(operation)
            raise ReadTimeoutError(endpoint_url="https://aws.example")

    world.stack.fault = lambda *_: None
    world.stack.lost = lose


def _without_version(world: World, name: str, function: str, data: bytes) -> None:
    event = world.upload(name, data, key=bodies_of(load_event(name))[0]["detail"]["object"]["key"] + ".local")
    (body,) = bodies_of(event)
    del body["detail"]["object"]["version-id"]
    world.invoke(function, with_bodies(event, body))
    world.drain("CustomerQueue")
    world.drain("CashQueue")


# --- the guard itself
REFUSED: list[tuple[str, str, str, dict[str, Any]]] = [
    ("reports", "s3", "PutObject", {"Bucket": BUCKET, "Key": "mail/x"}),
    ("disputes", "s3", "PutObject", {"Bucket": BUCKET, "Key": "inbound/x"}),
    ("risk_check", "s3", "GetObject", {"Bucket": BUCKET, "Key": "inbound/x"}),
    ("reconcile", "s3", "GetObject", {"Bucket": BUCKET, "Key": "customers/x", "VersionId": "1"}),
    ("risk_check", "s3", "DeleteObject", {"Bucket": BUCKET, "Key": "parts/x"}),
    ("dunning", "s3", "ListObjectVersions", {"Bucket": BUCKET, "Prefix": "mail/"}),
    ("dunning", "s3", "ListObjectVersions", {"Bucket": BUCKET}),
    ("reports", "dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "duly-Accounts-EXAMPLE"}}]}),
    ("reports", "dynamodb", "Query", {"TableName": "duly-Accounts-EXAMPLE", "IndexName": "agenda"}),
    ("dunning", "dynamodb", "Scan", {"TableName": "duly-Accounts-EXAMPLE"}),
    ("dunning", "dynamodb", "PutItem", {"TableName": "duly-Idempotency-EXAMPLE"}),
    (
        "disputes",
        "sesv2",
        "SendEmail",
        {"FromEmailAddress": SENDER, "ConfigurationSetName": "", "Content": {"Raw": {}}},
    ),
    (
        "dunning",
        "sesv2",
        "SendEmail",
        {
            "FromEmailAddress": "ceo@creditor.example",
            "ConfigurationSetName": "duly-configuration-set-example",
            "Content": {"Raw": {}},
        },
    ),
    ("reconcile", "secretsmanager", "GetSecretValue", {"SecretId": "TokenSecret"}),
    ("reports", "sqs", "SendMessage", {"QueueUrl": "AccountQueue"}),
    ("disputes", "sns", "Publish", {"PhoneNumber": "+4940123456", "Message": "x"}),
]


@pytest.mark.parametrize(("function", "service", "operation", "parameters"), REFUSED)
def test_the_guard_refuses(
    world: World, function: str, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    named = {
        key: world.stack.names.get(value, value) if isinstance(value, str) else value
        for key, value in parameters.items()
    }
    world.stack.running = function
    with pytest.raises(ClientError, match="AccessDenied"):
        world.stack.check(service, operation, named)
    world.stack.refused.clear()


def test_the_guard_refuses_within_a_function(world: World) -> None:
    """A permission that is taken away shows as a failing test, here on purpose."""
    statements = world.stack.statements
    without = {"KeepIdempotency"}
    world.stack.statements = lambda name: [one for one in statements(name) if one["Sid"] not in without]  # type: ignore[method-assign]
    answer = world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    assert len(answer["batchItemFailures"]) == 1
    assert {action for _, (action, _) in world.stack.refused} == {"dynamodb:PutItem"}
    assert json.loads(world.stack.output.getvalue().splitlines()[0])["message"] == "message_failed"
    world.stack.refused.clear()
