"""The sample events have the shape that template.yaml's triggers give them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from tests.template import cfn, checks
from tests.template.cfn import ROOT

TEMPLATE = cfn.load()
FOLDER = ROOT / "events"
FILES = sorted(FOLDER.glob("*.json"))


def _read(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return event


def _listed() -> dict[str, str]:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w-]+\.json)` \| (\w+) \|", page, re.MULTILINE))


def _queue(record: dict[str, Any]) -> str:
    match = re.fullmatch(r"arn:aws:sqs:eu-west-1:123456789012:duly-(\w+)-EXAMPLE(?:\.fifo)?", record["eventSourceARN"])
    assert match is not None
    return match[1]


def test_page_lists_every_event() -> None:
    assert set(_listed()) == {path.name for path in FILES}


def test_every_trigger_of_the_template_has_an_event() -> None:
    queues = {_queue(record) for path in FILES for record in _read(path.name).get("Records", [])}
    assert queues == set(checks.CONSUMERS)
    inputs = {
        json.loads(event["Properties"]["Input"])["type"]
        for name in checks.FUNCTIONS
        for event in TEMPLATE["Resources"][name]["Properties"].get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    }
    assert inputs == {_read("tick.json")["type"], _read("daily.json")["type"]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_event_comes_through_the_queue_of_its_function(path: Any) -> None:
    event = _read(path.name)
    for record in event.get("Records", []):
        queue = _queue(record)
        assert checks.FUNCTIONS[checks.CONSUMERS[queue]] == _listed()[path.name]
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
        assert ("MessageGroupId" in record["attributes"]) == (queue in checks.FIFO)
        assert record["eventSourceARN"].endswith(".fifo") == (queue in checks.FIFO)
        body = json.loads(record["body"])
        if "detail" in body:
            _goes_through_the_rule(body, queue)


def _goes_through_the_rule(event: dict[str, Any], queue: str) -> None:
    """The event passes the rule that feeds the queue (names of resources aside)."""
    rule = next(
        body["Properties"]
        for body in cfn.of_type(TEMPLATE, "AWS::Events::Rule").values()
        if cfn.target(body["Properties"]["Targets"][0]["Arn"]) == queue
    )
    pattern = rule["EventPattern"]
    assert event["source"] in pattern["source"]
    if event["source"] == "aws.s3":
        assert event["detail-type"] in pattern["detail-type"]
        key = event["detail"]["object"]["key"]
        assert any(key.startswith(part["prefix"]) for part in pattern["detail"]["object"]["key"])
    else:
        assert event["detail"]["mail"]["tags"]["ses:configuration-set"] == ["duly-configuration-set-example"]
        assert pattern["detail"]["mail"]["tags"] == {"ses:configuration-set": [{"Ref": "ConfigurationSet"}]}


def test_widget_gets_the_parameters_of_the_dashboard() -> None:
    body = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(cfn.Resolver(TEMPLATE)(body))["widgets"]
    custom = (widget["properties"]["params"] for widget in widgets if widget["type"] == "custom")
    (parameters,) = (one for one in custom if one["view"] == "overview")
    event = _read("widget-draw.json")
    assert event["widgetContext"]["params"].keys() == parameters.keys()
    assert {key: event[key] for key in parameters} == event["widgetContext"]["params"]


def test_every_address_and_id_is_made_up() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        domains = set(re.findall(r"@([\w.-]+\w)", text)) - {"eu-west-1.amazonses.com"}
        assert all(domain.endswith(".example") for domain in domains), path.name
        assert set(re.findall(r"\b\d{12}\b", text)) <= {"123456789012", "000000000001", "000000000002"}, path.name
