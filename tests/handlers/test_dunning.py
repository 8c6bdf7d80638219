"""The tick, the accounts that are due, and SES's events: events/tick.json, account.json, ses-*.json."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from tests.handlers.aws_stack import CONFIGURATION_SET, REGION, SENDER
from tests.handlers.material import EMAIL, statement
from tests.handlers.world import World, bodies_of, load_event, with_bodies

FINE: dict[str, Any] = {"batchItemFailures": []}


def sent_count() -> int:
    """Return how many messages SES has taken."""
    return len(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def test_a_tick_sends_the_accounts_that_are_due(world: World) -> None:
    world.set_up()
    assert world.invoke("dunning", load_event("tick")) is None
    (message,) = world.stack.receive("AccountQueue")
    expected = load_event("account")
    assert json.loads(message["Body"]) == bodies_of(expected)[0]
    wanted = expected["Records"][0]["attributes"]
    assert {key: message["Attributes"][key] for key in ("MessageGroupId", "MessageDeduplicationId")} == {
        key: wanted[key] for key in ("MessageGroupId", "MessageDeduplicationId")
    }
    assert (world.stack.metric("TicksStarted"), world.stack.metric("AccountsDue")) == (1, 1)


def test_a_repeated_tick_sends_no_account_twice(world: World) -> None:
    world.set_up()
    for _ in range(2):
        world.invoke("dunning", load_event("tick"))
    assert len(world.stack.receive("AccountQueue")) == 1


def test_a_due_account_gets_one_notice_under_the_protocol(world: World) -> None:
    world.set_up()
    requests = []
    world.stack.fault = lambda service, _, parameters: requests.append(parameters) if service == "sesv2" else None
    assert world.invoke("dunning", load_event("account")) == FINE
    (notice,) = world.notices("C-1001")
    assert notice.state == "sent" and {part.item for part in notice.items} == {"RE-2026-0001", "RE-2026-0002"}
    (request,) = requests
    tags = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
    assert tags["attempt"] == notice.key and tags["stack"] == "duly"
    assert request["ConfigurationSetName"] == CONFIGURATION_SET and request["FromEmailAddress"] == SENDER
    assert request["Destination"] == {"ToAddresses": [EMAIL]}
    mail = world.mail_sent(notice.key)
    assert mail.as_bytes() and mail["X-Duly-Attempt"] == notice.key
    assert re.fullmatch(r"mail/C-1001/[0-9a-f]{32}\.eml", world.stack.keys("mail/")[0])
    assert world.stack.metric("NoticesSent") == 1


def test_the_same_account_message_again_sends_nothing(world: World) -> None:
    world.set_up()
    world.invoke("dunning", load_event("account"))
    version, sent = world.account("C-1001").version, sent_count()
    assert world.invoke("dunning", load_event("account")) == FINE
    assert sent_count() == sent == 1
    assert world.account("C-1001").version == version


def test_an_account_message_older_than_its_hour_does_not_chase(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is of 09:05."""
    world.set_up()
    monkeypatch.setattr("duly.runtime.clock.now", lambda *_: datetime(2026, 3, 3, 10, 6, tzinfo=UTC))
    assert world.invoke("dunning", load_event("account")) == FINE
    assert (sent_count(), world.notices("C-1001")) == (0, [])
    monkeypatch.setattr("duly.runtime.clock.now", lambda *_: datetime(2026, 3, 3, 10, 4, tzinfo=UTC))
    assert world.invoke("dunning", load_event("account")) == FINE
    assert sent_count() == 1


def test_without_chase_only_upkeep_is_done(world: World) -> None:
    world.set_up()
    event = load_event("account")
    (body,) = bodies_of(event)
    assert world.invoke("dunning", with_bodies(event, {**body, "chase": False})) == FINE
    assert sent_count() == 0


def test_an_account_that_does_not_exist_is_nothing_to_do(world: World) -> None:
    assert world.invoke("dunning", load_event("account")) == FINE
    assert world.account("C-1001").version == 0


def test_without_time_left_the_claim_is_released(world: World) -> None:
    world.set_up()
    assert world.invoke("dunning", load_event("account"), remaining_milliseconds=9_000) == FINE
    (notice,) = world.notices("C-1001")
    assert (notice.state, sent_count()) == ("released", 0)
    assert world.stack.metric("NoticesReleased") == 1


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ConnectTimeoutError(endpoint_url="https://ses.example"), "released"),
        (ReadTimeoutError(endpoint_url="https://ses.example"), "doubtful"),
    ],
)
def test_what_became_of_a_send_is_classified(world: World, error: Exception, state: str) -> None:
    world.set_up()
    calls = []

    def broken(service: str, *_: Any) -> None:
        if service == "sesv2":
            calls.append(service)
            raise error

    world.stack.fault = broken
    assert world.invoke("dunning", load_event("account")) == FINE
    (notice,) = world.notices("C-1001")
    assert notice.state == state and len(calls) == 1, "sent once, never again"


def test_gates_hold_the_chase_and_are_counted(world: World) -> None:
    world.set_up()
    world.stack.sqs.send_message(QueueUrl=world.stack.names["InboundQueue"], MessageBody="{}")
    world.invoke("dunning", load_event("account"))
    assert sent_count() == 0
    assert "inbound_mail_waiting" in world.gates_closed()


def test_stale_bank_data_holds_the_chase(world: World) -> None:
    world.set_up()
    world.take_in("reconcile", "upload-statement", statement(day="2026-02-20"), "statements/older.xml")
    assert world.edge.stack.get("bank_data") == {"until": "2026-03-02"}, "never moves back"
    event = load_event("account")
    (body,) = bodies_of(event)
    world.invoke("dunning", with_bodies(event, {**body, "time": "2026-03-12T09:05:00+00:00"}))
    assert sent_count() == 0
    assert "bank_data_stale" in world.gates_closed()


# --- the sweep for what was lost
def test_the_sweep_finds_what_never_arrived(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.set_up()
    keys = {
        "invoices/2026-03/week 11 lost.csv": "RiskUploadQueue",
        "customers/lost.csv": "RiskUploadQueue",
        "policy/lost.toml": "RiskUploadQueue",
        "statements/lost.xml": "StatementUploadQueue",
        "inbound/lost": "InboundQueue",
        "inbound/AMAZON_SES_SETUP_NOTIFICATION": "",
    }
    versions = {key: world.stack.put(key, b"x") for key in keys}
    world.invoke("dunning", load_event("tick"))
    assert all(world.stack.receive(queue) == [] for queue in set(keys.values()) - {""}), "too fresh to be lost"
    monkeypatch.setattr("duly.flows.tick.LOST_AFTER", world.no_time)
    world.invoke("dunning", load_event("tick"))
    for queue in set(keys.values()) - {""}:
        found = [json.loads(one["Body"]) for one in world.stack.receive(queue)]
        assert sorted(one["key"] for one in found) == sorted(key for key, name in keys.items() if name == queue)
        assert all(one == {"type": "lost_object", "key": one["key"], "version": versions[one["key"]]} for one in found)
    assert world.stack.metric("UploadsFoundLost") == 5


# --- SES events
def test_delivery_is_noted(world: World) -> None:
    notice = world.remind()
    assert world.invoke("dunning", world.ses_event("ses-delivery", notice)) == FINE
    assert world.account("C-1001", [("notices", notice)]).notices[notice].delivery == "delivered"


def test_the_same_event_twice_changes_nothing(world: World) -> None:
    notice = world.remind()
    event = world.ses_event("ses-delivery", notice)
    world.invoke("dunning", event)
    before = world.versions()
    assert world.invoke("dunning", event) == FINE
    assert world.versions() == before


@pytest.mark.parametrize(
    ("name", "outcome", "kind"),
    [("ses-bounce", "bounced", "address_bounced"), ("ses-complaint", "complained", "complaint")],
)
def test_a_refused_address_is_suppressed_and_a_person_hears(world: World, name: str, outcome: str, kind: str) -> None:
    notice = world.remind()
    assert world.invoke("dunning", world.ses_event(name, notice)) == FINE
    account = world.account("C-1001", [("notices", notice)])
    assert account.notices[notice].delivery == outcome
    assert [task.kind for task in account.tasks.values()] == [kind]
    assert list(account.header.suppressed) == [account.personal["contacts"][0]["id"]]


def test_a_soft_bounce_suppresses_nobody(world: World) -> None:
    notice = world.remind()
    event = world.ses_event("ses-bounce", notice, bounce={"bounceType": "Transient", "bounceSubType": "MailboxFull"})
    assert world.invoke("dunning", event) == FINE
    assert not world.account("C-1001").header.suppressed


def test_an_event_is_evidence_for_a_doubtful_notice(world: World) -> None:
    world.set_up()

    def broken(service: str, *_: Any) -> None:
        if service == "sesv2":
            raise ReadTimeoutError(endpoint_url="https://ses.example")

    world.stack.fault = broken
    world.invoke("dunning", load_event("account"))
    world.stack.fault = lambda *_: None
    (notice,) = world.notices("C-1001")
    assert notice.state == "doubtful"
    assert world.invoke("dunning", world.ses_event("ses-delivery", notice.key)) == FINE
    assert [one.state for one in world.notices("C-1001")] == ["sent"]


def test_an_event_of_an_unknown_notice_is_logged_and_done(world: World) -> None:
    world.set_up()
    assert world.invoke("dunning", load_event("ses-bounce")) == FINE
    assert [line["notice"] for line in world.stack.logged("ses_event_unknown")] == ["0f1e2d3c4b5a69788796a5b4c3d2e1f0"]


def test_a_second_message_for_one_attempt_raises_an_alarm(world: World) -> None:
    notice = world.remind()
    event = world.ses_event("ses-delivery", notice)
    (body,) = bodies_of(event)
    body["detail"]["mail"]["messageId"] = "another-message"
    assert world.invoke("dunning", with_bodies(event, body)) == FINE
    assert world.stack.metric("NoticesSentTwice") == 1
    assert [task.kind for task in world.account("C-1001").tasks.values()] == ["second_message"]
