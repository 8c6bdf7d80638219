"""The local stack itself, on a small template: emulator, deploy, runtime, uploads, mail out and in, idle, logs."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.bridge import DeadLetters, FunctionError, Verdicts
from local.emulator import ROOT, Emulator, LocalStackError
from local.faults import FaultProxy
from local.ses_shim import Fault, FaultKind, Outcome
from local.stack import LocalStack
from local.template import load_template

SMALL = Path(__file__).parent / "small_stack"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RAW = (
    "From: Creditor <billing@creditor.example>\r\nTo: {to}\r\nSubject: Reminder\r\n"
    "Date: Mon, 02 Mar 2026 12:00:00 +0000\r\nX-Attempt: a1\r\n\r\nPlease pay.\r\n"
)


def small_stack(emulator: Emulator, folder: Path, **options: Any) -> LocalStack:
    return LocalStack(
        folder=folder,
        emulator=emulator,
        name="small",
        template=load_template(SMALL / "template.yaml"),
        root=SMALL,
        parameters={"QueueVisibilitySeconds": "1"},
        **options,
    )


@pytest.fixture(scope="module")
def small(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with small_stack(emulator, tmp_path_factory.mktemp("small")) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(small: LocalStack) -> Iterator[None]:
    """Each test starts with an empty out/, no dead letters and no planned faults."""
    yield
    small.shim.clear_faults()
    small.shim.outcomes.clear()
    s3 = small.client("s3")
    for key in small.objects("out/"):
        s3.delete_object(Bucket=small.bucket, Key=key)
    if small.dead_letters():
        small.client("sqs").purge_queue(QueueUrl=small.deployment.physical("PoisonDlq"))


def kept(stack: LocalStack) -> list[dict[str, Any]]:
    """What the function got from its queue."""
    return [json.loads(body) for body in stack.objects("out/").values()]


def send(stack: LocalStack, to: str = "debtor@customer.example") -> str:
    return str(stack.invoke("Echo", {"do": "send", "raw": RAW.format(to=to)}))


# --- functions


def test_a_function_sees_its_layer_and_nothing_else(small: LocalStack) -> None:
    path = small.invoke("Echo", {"do": "modules"})["path"]
    assert not [folder for folder in path if "site-packages" in folder]
    for name in ("duly", "pynamodb", "lxml.etree", "aws_lambda_powertools", "boto3"):
        assert small.invoke("Echo", {"do": "import", "name": name}) == name.partition(".")[0]
    for name in ("moto", "ministack", "pytest", "yaml", "local"):
        with pytest.raises(FunctionError) as caught:
            small.invoke("Echo", {"do": "import", "name": name})
        assert caught.value.error_type.endswith("ModuleNotFoundError")


def test_an_error_keeps_its_type_and_the_environment(small: LocalStack) -> None:
    with pytest.raises(FunctionError) as caught:
        small.invoke("Echo", {"do": "fail"})
    assert (caught.value.error_type, "asked to fail" in caught.value.message) == ("KeyError", True)
    assert small.invoke("Echo", {"a": 1}) == {"a": 1}


def test_a_function_does_not_see_the_starter_s_environment(small: LocalStack) -> None:
    settings = small.settings("Echo")
    assert settings["STAGE"] == "local"
    assert settings["BUCKET"] == small.bucket
    assert settings["AWS_ENDPOINT_URL_SESV2"] == small.shim.url


def test_a_function_may_do_what_its_policy_allows_and_nothing_else(small: LocalStack) -> None:
    assert small.invoke("Echo", {"do": "put", "key": "out/allowed"}) == "done"
    assert small.invoke("Echo", {"do": "put", "key": "in/refused"}) == "AccessDenied"


def test_schedule_runs_at_the_given_time(small: LocalStack) -> None:
    assert small.tick(NOON) == {"type": "tick", "time": "2026-03-02T12:00:00Z"}


def test_a_missing_schedule_is_named(small: LocalStack) -> None:
    with pytest.raises(LocalStackError, match="0 schedules named ...Daily"):
        small.run_reports(NOON)


# --- uploads and queues


@pytest.mark.parametrize("key", ["in/plain.csv", "in/a+b ü.csv"])
def test_an_upload_reaches_the_function_with_its_key_and_time(small: LocalStack, key: str) -> None:
    small.upload(key, b"x", NOON)
    small.wait_until_idle()
    (event,) = kept(small)
    assert event["detail"]["object"]["key"] == key
    assert event["source"] == "aws.s3"
    head = small.client("s3").head_object(Bucket=small.bucket, Key=key)
    assert head["Metadata"] == {"duly-time": "2026-03-02T12:00:00.000Z"}


def test_a_key_that_no_rule_wants_goes_nowhere(small: LocalStack) -> None:
    small.upload("out-prefix/x.csv", b"x", NOON)
    small.wait_until_idle()
    assert kept(small) == []


def test_a_part_of_a_named_version_is_only_that_part(small: LocalStack) -> None:
    s3 = small.client("s3")
    first = s3.put_object(Bucket=small.bucket, Key="out/parts", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=small.bucket, Key="out/parts", Body=b"another")
    answer = s3.get_object(Bucket=small.bucket, Key="out/parts", VersionId=first, Range="bytes=2-4")
    assert (answer["Body"].read(), answer["ContentRange"]) == (b"234", "bytes 2-4/10")
    answer = s3.get_object(Bucket=small.bucket, Key="out/parts", VersionId=first, Range="bytes=8-20")
    assert (answer["Body"].read(), answer["ContentRange"]) == (b"89", "bytes 8-9/10")


def test_many_uploads_all_arrive_before_idle(small: LocalStack) -> None:
    for number in range(20):
        small.upload(f"in/{number}.csv", str(number).encode(), NOON)
    small.wait_until_idle()
    assert {event["detail"]["object"]["key"] for event in kept(small)} == {f"in/{number}.csv" for number in range(20)}


def test_a_killed_function_s_message_comes_back(small: LocalStack) -> None:
    small.client("sqs").send_message(QueueUrl=small.deployment.physical("KillQueue"), MessageBody='{"kill": 1}')
    small.wait_until_idle()
    assert kept(small) == [{"kill": 1}]


def test_a_function_can_be_killed_where_it_stands(small: LocalStack) -> None:
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(small.invoke, "Echo", {"do": "sleep"})
        # more than once: the first kill may hit an environment that waits idle, and the call then gets a new one
        while not sleeping.done():
            small.kill_functions()
        with pytest.raises(FunctionError, match="exited"):
            sleeping.result()
    assert small.invoke("Echo", {"a": 1}) == {"a": 1}


def test_idle_reports_dead_letters_with_the_reason(small: LocalStack) -> None:
    small.client("sqs").send_message(QueueUrl=small.deployment.physical("PoisonQueue"), MessageBody='{"poison": 1}')
    with pytest.raises(DeadLetters, match="PoisonDlq: 1, .*poison"):
        small.wait_until_idle()
    small.wait_until_idle(allow_dead_letters=True)
    assert [json.loads(message["Body"]) for message in small.dead_letters()["PoisonDlq"]] == [{"poison": 1}]


def test_a_running_function_is_not_idle(small: LocalStack) -> None:
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(small.invoke, "Echo", {"do": "sleep"})
        while not small.emulator.running_functions(small.account):
            assert not sleeping.done()
        with pytest.raises(LocalStackError, match="not idle after 0 s: .*running: .*Echo"):
            small.wait_until_idle(seconds=0)
        while not sleeping.done():
            small.kill_functions()
        assert sleeping.exception() is not None
    small.wait_until_idle()


def test_waiting_for_idle_is_bounded(small: LocalStack) -> None:
    small.client("sqs").send_message(
        QueueUrl=small.deployment.physical("WorkQueue"), MessageBody='{"late": 1}', DelaySeconds=2
    )
    with pytest.raises(LocalStackError, match="not idle after 0.2 s: WorkQueue: 1"):
        small.wait_until_idle(seconds=0.2)
    small.wait_until_idle()
    assert kept(small) == [{"late": 1}]


# --- mail out


def test_a_sent_mail_is_kept_raw_and_its_events_come_with_its_own_time(small: LocalStack) -> None:
    before = len(small.mails())
    message_id = send(small)
    (mail,) = small.mails()[before:]
    assert mail.message_id == message_id
    assert mail.raw == RAW.format(to="debtor@customer.example").encode()
    assert (mail.time, mail.tags, mail.destination) == (NOON, {"attempt": "a1"}, ("debtor@customer.example",))
    assert json.loads(mail.path.with_suffix(".json").read_text(encoding="utf-8"))["message_id"] == message_id
    small.wait_until_idle()
    events = {event["detail-type"]: event for event in kept(small)}
    assert set(events) == {"Email Sent", "Email Delivered"}
    delivered = events["Email Delivered"]
    assert (delivered["source"], delivered["time"]) == ("aws.ses", "2026-03-02T12:00:00Z")
    about = delivered["detail"]["mail"]
    assert (delivered["detail"]["eventType"], about["messageId"]) == ("Delivery", message_id)
    assert about["tags"]["attempt"] == ["a1"]
    assert {"name": "X-Attempt", "value": "a1"} in about["headers"]


@pytest.mark.parametrize(
    ("to", "outcome", "expected"),
    [
        ("bounce@customer.example", None, {"Email Sent": {}, "Email Bounced": {"bounceType": "Permanent"}}),
        ("softbounce+7@customer.example", None, {"Email Sent": {}, "Email Bounced": {"bounceType": "Transient"}}),
        (
            "complaint@customer.example",
            None,
            {"Email Sent": {}, "Email Delivered": {}, "Email Complaint Received": {"complaintFeedbackType": "abuse"}},
        ),
        ("silent@customer.example", None, {"Email Sent": {}}),
        ("debtor@customer.example", Outcome.BOUNCED, {"Email Sent": {}, "Email Bounced": {"bounceType": "Permanent"}}),
    ],
)
def test_the_recipient_decides_what_becomes_of_a_mail(
    small: LocalStack, to: str, outcome: Outcome | None, expected: dict[str, dict[str, str]]
) -> None:
    if outcome is not None:
        small.shim.outcomes[to] = outcome
    send(small, to)
    small.wait_until_idle()
    found = {event["detail-type"]: event["detail"] for event in kept(small)}
    assert set(found) == set(expected)
    for title, fields in expected.items():
        detail = found[title][found[title]["eventType"].lower()]
        assert {name: detail[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("fault", "answer", "accepted"),
    [
        (Fault(FaultKind.THROTTLE), "429 TooManyRequestsException", 0),
        (Fault(FaultKind.REJECT), "400 MessageRejected", 0),
        (Fault(FaultKind.REJECT, status=408), "408 RequestTimeout", 0),
        (Fault(FaultKind.REJECT, code="SendingPausedException"), "400 SendingPausedException", 0),
        (Fault(FaultKind.SERVER_ERROR), "500 InternalServiceErrorException", 0),
        (Fault(FaultKind.SERVER_ERROR_AFTER_ACCEPT), "500 InternalServiceErrorException", 1),
        (Fault(FaultKind.RESET), "ConnectionClosedError", 0),
        (Fault(FaultKind.RESET_AFTER_ACCEPT), "ConnectionClosedError", 1),
        (Fault(FaultKind.TIMEOUT), "ReadTimeoutError", 0),
        (Fault(FaultKind.TIMEOUT_AFTER_ACCEPT), "ReadTimeoutError", 1),
        (Fault(FaultKind.TRUNCATED_AFTER_ACCEPT), "ConnectionClosedError", 1),
        (Fault(FaultKind.TIMEOUT, seconds=0.1), "ConnectionClosedError", 0),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else None,
)
def test_a_planned_fault_shows_as_aws_shows_it_and_happens_once(
    small: LocalStack, fault: Fault, answer: str, accepted: int
) -> None:
    before = len(small.mails())
    small.inject(Fault(fault.kind, seconds=fault.seconds, status=fault.status, code=fault.code))
    assert send(small) == answer
    assert len(small.mails()) - before == accepted
    assert send(small).startswith("0107")
    assert small.shim.fired()[fault.kind] >= 1
    small.wait_until_idle()


def test_a_fault_can_be_for_one_recipient(small: LocalStack) -> None:
    small.inject(Fault(FaultKind.REJECT, times=None, recipient="broken@customer.example"))
    assert send(small).startswith("0107")
    assert send(small, "broken@customer.example") == "400 MessageRejected"
    assert send(small, "broken@customer.example") == "400 MessageRejected"
    small.wait_until_idle()


def test_a_refused_connection_is_refused_and_the_port_comes_back(small: LocalStack) -> None:
    with small.shim.refusing_connections():
        assert send(small) == "EndpointConnectionError"
    assert send(small).startswith("0107")
    small.wait_until_idle()


@pytest.mark.parametrize(("kind", "events"), [(FaultKind.LOSE_EVENTS, 0), (FaultKind.DUPLICATE_EVENTS, 4)])
def test_events_can_be_lost_and_doubled(small: LocalStack, kind: FaultKind, events: int) -> None:
    small.inject(Fault(kind))
    send(small)
    small.wait_until_idle()
    assert len(kept(small)) == events


def test_an_unverified_sender_is_refused(small: LocalStack) -> None:
    raw = RAW.format(to="debtor@customer.example").replace("creditor.example", "elsewhere.example")
    assert small.invoke("Echo", {"do": "send", "raw": raw}) == "400 MessageRejected"


def test_other_calls_of_ses_pass_to_the_emulator(small: LocalStack) -> None:
    request = urllib.request.Request(
        f"{small.shim.url}/v2/email/identities",
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={small.account}/20260302/eu-central-1/ses/aws4_request"
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        names = [identity["IdentityName"] for identity in json.load(answer)["EmailIdentities"]]
    assert names == ["creditor.example"]


# --- mail in


def test_a_received_mail_is_kept_and_announced_as_ses_does(small: LocalStack) -> None:
    raw = (
        b"Return-Path: <debtor@customer.example>\r\nFrom: Debtor <debtor@customer.example>\r\n"
        b"To: reply+x@reply.creditor.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
        b"Message-ID: <m1@customer.example>\r\n"
        b"\r\nbytes \xff stay\r\n"
    )
    message_id = small.deliver_inbound(raw, NOON, verdicts=Verdicts(dmarc="FAIL"), repeat=2)
    small.wait_until_idle()
    first, second = kept(small)
    assert first == second
    mail, receipt = first["mail"], first["receipt"]
    assert (first["notificationType"], mail["messageId"], mail["timestamp"]) == (
        "Received",
        message_id,
        "2026-03-02T12:00:00.000Z",
    )
    assert (mail["source"], mail["destination"]) == ("debtor@customer.example", ["reply+x@reply.creditor.example"])
    assert mail["commonHeaders"]["subject"] == "Grüße"
    assert (receipt["dmarcVerdict"], receipt["spfVerdict"]) == ({"status": "FAIL"}, {"status": "PASS"})
    assert receipt["action"]["objectKey"] == f"inbound/{message_id}"
    assert small.objects("inbound/") == {f"inbound/{message_id}": raw}


# --- logs and metrics


def test_embedded_metrics_in_logs_become_metrics_once(small: LocalStack) -> None:
    small.publish_metrics()
    small.invoke("Echo", {"do": "count", "value": 3})
    small.invoke("Echo", {"do": "count", "value": 4})
    published = small.publish_metrics()
    assert [entry["Values"] for entry in published] == [[3], [4]]
    assert small.publish_metrics() == []
    (metric,) = small.client("cloudwatch").list_metrics(Namespace="Small")["Metrics"]
    assert (metric["MetricName"], metric["Dimensions"]) == ("counted", [{"Name": "stack", "Value": "small"}])


# --- faults between the functions and the emulator


def test_a_fault_proxy_breaks_calls_of_the_functions_alone(emulator: Emulator, tmp_path: Path) -> None:
    with (
        FaultProxy(emulator, tmp_path) as proxy,
        small_stack(emulator, tmp_path, account=proxy.account, proxy_url=proxy.url) as stack,
    ):
        proxy.set_rules([{"service": "s3", "operation": "PutObject", "reset": True, "times": 1}])
        stack.upload("in/a.csv", b"x", NOON)
        stack.wait_until_idle()
        (fired,) = proxy.fired()
        assert (fired["operation"], fired["action"]) == ("PutObject", "reset")
        assert len(kept(stack)) == 1


# --- several stacks, life and death


def test_two_stacks_on_one_emulator_do_not_see_each_other(
    small: LocalStack, emulator: Emulator, tmp_path: Path
) -> None:
    with small_stack(emulator, tmp_path) as other:
        assert other.bucket != small.bucket
        other.upload("in/theirs.csv", b"x", NOON)
        other.wait_until_idle()
        send(other)
        other.wait_until_idle()
        assert len(kept(other)) == 3
        assert [mail.number for mail in other.mails()] == [1]
        assert small.objects("in/theirs") == {}
        assert {bucket["Name"] for bucket in small.client("s3").list_buckets()["Buckets"]}.isdisjoint({other.bucket})
        gone = other.deployment.physical("Echo")
        client = other.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=gone)
    assert kept(small) == []


def test_deploying_again_takes_new_code_and_keeps_data(emulator: Emulator, tmp_path: Path) -> None:
    code = tmp_path / "functions" / "echo" / "app.py"
    code.parent.mkdir(parents=True)
    code.write_text("def handler(event, context):\n    return 'old'\n", encoding="utf-8")
    stack = LocalStack(
        folder=tmp_path / "mail",
        emulator=emulator,
        name="small",
        template=load_template(SMALL / "template.yaml"),
        root=tmp_path,
    )
    with stack:
        stack.client("s3").put_object(Bucket=stack.bucket, Key="keep", Body=b"1")
        assert stack.invoke("Echo", {}) == "old"
        code.write_text("def handler(event, context):\n    return 'new'\n", encoding="utf-8")
        stack.deploy()
        assert stack.invoke("Echo", {}) == "new"
        assert stack.objects("keep") == {"keep": b"1"}


def test_a_template_that_does_not_deploy_says_which_resource(emulator: Emulator, tmp_path: Path) -> None:
    template = load_template(SMALL / "template.yaml")
    template["Resources"]["Broken"] = {"Type": "AWS::Nothing::Here"}
    broken = LocalStack(folder=tmp_path, emulator=emulator, template=template, root=SMALL)
    with pytest.raises(LocalStackError, match="AWS::Nothing::Here"):
        broken.start()


CHILD = """
import sys, time
from pathlib import Path
from local.emulator import Emulator
emulator = Emulator(Path(sys.argv[1]))
emulator.start()
print(emulator.url, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_emulator_dies_with_whoever_started_it(tmp_path: Path, how: signal.Signals) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert starter.stdout is not None
    url = starter.stdout.readline().decode().strip()
    with urllib.request.urlopen(f"{url}/_ministack/health", timeout=10) as answer:
        assert answer.status == 200
    (folder,) = tmp_path.glob("emulator-*/")
    with (folder / "lock").open() as lock:
        starter.send_signal(how)
        starter.wait(timeout=30)
        starter.stdout.close()
        # the guard kills the emulator, deletes the folder and only then lets go of its lock: this waits for that
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/_ministack/health", timeout=10)


def test_left_overs_of_a_killed_guard_are_removed_at_the_next_start(tmp_path: Path) -> None:
    left_over = tmp_path / "emulator-old"
    left_over.mkdir()
    (left_over / "lock").touch()
    with Emulator(tmp_path):
        assert not left_over.exists()
    assert list(tmp_path.glob("emulator-*")) == []


def test_an_emulator_that_cannot_start_says_why(tmp_path: Path, emulator: Emulator) -> None:
    with pytest.raises(LocalStackError, match=f"did not start on port {emulator.port}"):
        Emulator(tmp_path, port=emulator.port).start()
