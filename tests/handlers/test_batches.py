"""What every SQS handler does with a message that fails: it alone goes back, nothing of its content is logged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.handlers.logs import metric_problems, personal_in, problems_of
from tests.handlers.material import CUSTOMERS, EMAIL, NAME, PAYER_IBAN
from tests.handlers.world import World, bodies_of, load_event, with_bodies

FINE: dict[str, Any] = {"batchItemFailures": []}
EVENT_OF = {"risk_check": "rows", "reconcile": "transaction", "dunning": "account", "disputes": "reply"}
STANDARD = {
    "risk_check": "upload-customers",
    "reconcile": "upload-statement",
    "dunning": "ses-delivery",
    "disputes": "reply",
}


def failed(answer: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def in_group(event: dict[str, Any], *groups: str) -> dict[str, Any]:
    records = [
        {**record, "attributes": {**record["attributes"], "MessageGroupId": group}}
        for record, group in zip(event["Records"], groups, strict=True)
    ]
    return {"Records": records}


@pytest.mark.parametrize("function", sorted(STANDARD))
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"type": "nonsense", "name": NAME, "email": EMAIL}, "UnknownMessage"),
        ({"Type": "Notification", "Message": EMAIL}, "UnknownMessage"),  # a subscription without raw delivery
        ("{not json " + NAME, "JSONDecodeError"),
        ('["a list", "' + EMAIL + '"]', "ValueError"),
    ],
)
def test_a_message_nobody_knows_fails_and_is_logged_by_kind_and_place(
    world: World, function: str, body: dict[str, Any] | str, kind: str
) -> None:
    answer = world.invoke(function, with_bodies(load_event(STANDARD[function]), body))
    assert failed(answer) == ["message-0"]
    (line,) = world.stack.logged("message_failed")
    assert line["error"] == kind and line["level"] == "ERROR" and line["service"] == function
    assert any(place.startswith(("dispatch.py:", "handling.py:", "app.py:")) for place in line["where"])
    assert personal_in(world.stack.said()) == []


@pytest.mark.parametrize("function", sorted(EVENT_OF))
def test_all_failing_is_an_answer_and_no_exception(world: World, function: str) -> None:
    """An exception would carry the texts of the errors into the log; the answer sends the messages back as well."""
    poison = f"{{{NAME} {PAYER_IBAN}"
    event = with_bodies(load_event(EVENT_OF[function]), poison, poison)
    event = in_group(event, "one", "two")
    assert failed(world.invoke(function, event)) == ["message-0", "message-1"]
    assert NAME not in world.stack.said() and len(world.stack.logged("message_failed")) == 2


def test_only_the_failing_message_of_a_standard_queue_goes_back(world: World) -> None:
    event = world.upload("upload-customers", CUSTOMERS)
    (good,) = bodies_of(event)
    answer = world.invoke("risk_check", with_bodies(event, {"type": "nonsense"}, good, {"type": "nonsense"}))
    assert failed(answer) == ["message-0", "message-2"]
    assert len(world.stack.receive("CustomerQueue")) == 2


def test_on_a_fifo_queue_the_rest_of_the_group_goes_back_unworked(world: World) -> None:
    world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    first, second = (json.loads(one["Body"]) for one in world.stack.receive("CustomerQueue"))
    event = with_bodies(load_event("rows"), {"type": "nonsense"}, first, second)
    answer = world.invoke("risk_check", in_group(event, "C-1001", "C-1001", "C-1002"))
    assert failed(answer) == ["message-0", "message-1"]
    assert world.versions() == {"C-1001": 0, "C-1002": 1}


def test_a_fault_of_the_table_sends_the_message_back_and_it_works_later(world: World) -> None:
    world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    messages = [json.loads(one["Body"]) for one in world.stack.receive("CustomerQueue")]

    def broken(_: str, operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and "C-1001" in json.dumps(parameters):
            raise EndpointConnectionError(endpoint_url=f"https://{EMAIL}")

    world.stack.fault = broken
    event = in_group(with_bodies(load_event("rows"), *messages), "C-1001", "C-1002")
    assert failed(world.invoke("risk_check", event)) == ["message-0"]
    assert world.versions() == {"C-1001": 0, "C-1002": 1}
    world.stack.fault = lambda *_: None
    assert world.invoke("risk_check", event) == FINE
    assert world.versions() == {"C-1001": 1, "C-1002": 1}


def test_a_commit_whose_answer_is_lost_is_found_in_the_journal(world: World) -> None:
    world.invoke("risk_check", world.upload("upload-customers", CUSTOMERS))
    messages = [json.loads(one["Body"]) for one in world.stack.receive("CustomerQueue")]
    lost = []

    def lose(_: str, operation: str, parameters: dict[str, Any]) -> None:
        if operation == "TransactWriteItems" and "C-1001" in json.dumps(parameters) and not lost:
            lost.append(operation)
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    world.stack.lost = lose
    assert world.invoke("risk_check", with_bodies(load_event("rows"), *messages)) == FINE
    assert lost and world.versions() == {"C-1001": 1, "C-1002": 1}
    assert world.stack.receipt("customers/2026-03-customers.csv")["rows"]["applied"] == 2


def test_an_upload_that_failed_is_taken_in_when_its_event_comes_again(world: World) -> None:
    """Idempotency remembers what succeeded, not what was tried."""
    event = world.upload("upload-customers", CUSTOMERS)

    def broken(service: str, *_: Any) -> None:
        if service == "sqs":
            raise EndpointConnectionError(endpoint_url="https://sqs.example")

    world.stack.fault = broken
    assert failed(world.invoke("risk_check", event)) == [event["Records"][0]["messageId"]]
    world.stack.fault = lambda *_: None
    assert world.invoke("risk_check", event) == FINE
    assert len(world.stack.receive("CustomerQueue")) == 2


@pytest.mark.parametrize("stated", ["2026-03-03T08:00:00", "yesterday"])
def test_a_time_that_is_none_fails(world: World, stated: str) -> None:
    event = world.upload("upload-customers", CUSTOMERS)
    (body,) = bodies_of(event)
    assert len(failed(world.invoke("risk_check", with_bodies(event, {**body, "time": stated})))) == 1


def test_outside_stage_local_a_stated_time_is_not_believed(deployed: World) -> None:
    """Whoever can put a message in a queue cannot move the clock."""
    deployed.take_in("risk_check", "upload-customers", CUSTOMERS, time="2001-01-01T00:00:00Z")
    (entry,) = deployed.edge.accounts.history("C-1001")
    assert entry.at.year > 2001


# --- the scanner itself
def test_the_scanner_finds_what_it_is_for() -> None:
    for text in (
        f"mail to {EMAIL}",
        json.dumps({"name": NAME}),
        f"from {PAYER_IBAN}",
        "GB33 BUKB 2020 1555 5555 55",
        "reply+abcdefghij234567@x",
        "f" * 64,
    ):
        assert personal_in(text) != [], text
    assert personal_in(json.dumps({"account": "C-1001", "upload": "a" * 24, "where": ["app.py:12 work"]})) == []
    assert problems_of("plain text\n", "") == ["no JSON: plain text"]


def test_the_scanner_knows_the_metrics() -> None:
    def line(name: str, **more: Any) -> dict[str, Any]:
        dimensions = ["service", "stack", *more]
        part = {"Namespace": "Duly", "Dimensions": [dimensions], "Metrics": [{"Name": name, "Unit": "Count"}]}
        head = {"Timestamp": 1, "CloudWatchMetrics": [part]}
        return {"_aws": head, "service": "dunning", "stack": "duly", name: [1.0], **more}

    assert metric_problems(line("TicksStarted")) == []
    assert metric_problems(line("GateClosed", gate="unread_reply")) == []
    assert metric_problems(line("NoSuchMetric")) != []
    assert metric_problems(line("TicksStarted", customer="C-1")) != []
    assert metric_problems({**line("TicksStarted"), "stack": "other"}) != []
    assert metric_problems({**line("TicksStarted"), "TicksStarted": "many"}) != []
