"""What each kind of SES event makes of a notice, its contact and a person's tasks.

Event shapes: Amazon SES, contents of event data sent to EventBridge.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from duly.domain import events as ev
from duly.flows.delivery import parse_ses_event, take_ses_event
from duly.flows.twin import TwinStack
from tests.core_samples import POLICY, claim

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
NOTICE = "a1" * 16
ADDRESS = "a@nebel.example"


@pytest.fixture
def stack() -> TwinStack:
    """A customer with one invoice and one reminder by mail that SES took."""
    found = TwinStack()
    found.upload("customers/1.csv", f"id,name,country,email\nC-1,Nebel,DE,{ADDRESS}\n".encode(), NOW)
    rows = "number,customer,issued,due,amount,currency\nR-7,C-1,2026-01-05,2026-02-04,50.00,EUR\n"
    found.upload("invoices/1.csv", rows.encode(), NOW)
    found.work()
    account = found.edge.accounts.load("C-1")
    agenda = found.edge.agenda(POLICY, NOW)
    account = found.edge.accounts.commit(account, [claim(account, "R-7", notice=NOTICE)], NOW, agenda)
    sent = [ev.NoticeSent(NOTICE, NOW, "answer", "m1"), ev.StepsRecorded(NOTICE, ("R-7",), NOW.date())]
    found.edge.accounts.commit(account, sent, NOW, agenda)
    return found


def bounce(kind: str, sub_kind: str = "General") -> dict[str, Any]:
    return {"bounceType": kind, "bounceSubType": sub_kind, "bouncedRecipients": [{"emailAddress": ADDRESS.upper()}]}


def told(stack: TwinStack, kind: str, **details: Any) -> tuple[str, list[str], bool]:
    """Delivery, kinds of open tasks, and whether the address is suppressed after one event, taken in twice."""
    mail = {"messageId": "m1", "tags": {"attempt": [NOTICE]}}
    event = parse_ses_event({"eventType": kind, "mail": mail, **details})
    assert event is not None and take_ses_event(stack.edge, event, NOW)
    version = stack.edge.accounts.load("C-1").version
    take_ses_event(stack.edge, event, NOW)
    tasks = [("tasks", f"{name}-{NOTICE}") for name in ("delivery", "undelivered", "second")]
    account = stack.edge.accounts.load("C-1", [("notices", NOTICE), *tasks])
    assert account.version == version  # the same event again changes nothing
    kinds = sorted(task.kind for task in account.tasks.values())
    return account.notices[NOTICE].delivery, kinds, bool(account.header.suppressed)


COMPLAINT = {"complainedRecipients": [{"emailAddress": ADDRESS}]}


@pytest.mark.parametrize(
    ("kind", "details", "found"),
    [
        ("Send", {}, ("", [], False)),
        ("Delivery", {}, ("delivered", [], False)),
        ("DeliveryDelay", {"deliveryDelay": {"delayType": "MailboxFull"}}, ("delayed", [], False)),
        ("Bounce", {"bounce": bounce("Permanent")}, ("bounced", ["address_bounced"], True)),
        ("Bounce", {"bounce": bounce("Permanent", "Suppressed")}, ("bounced", ["address_bounced"], True)),
        ("Bounce", {"bounce": bounce("Permanent", "OnAccountSuppressionList")}, ("bounced", ["address_bounced"], True)),
        ("Bounce", {"bounce": bounce("Transient", "MailboxFull")}, ("undelivered", ["not_delivered"], False)),
        ("Bounce", {"bounce": bounce("Undetermined")}, ("undelivered", ["not_delivered"], False)),
        ("Complaint", {"complaint": COMPLAINT}, ("complained", ["complaint"], True)),
        ("Reject", {"reject": {"reason": "Bad content"}}, ("rejected", ["notice_rejected"], False)),
        ("Rendering Failure", {"failure": {}}, ("rejected", ["notice_rejected"], False)),
        ("Subscription", {"subscription": {}}, ("", [], False)),
        ("Open", {"open": {}}, ("", [], False)),
    ],
)
def test_each_kind_of_event(
    stack: TwinStack, kind: str, details: dict[str, Any], found: tuple[str, list[str], bool]
) -> None:
    assert told(stack, kind, **details) == found


@pytest.mark.parametrize(
    ("first", "then", "found"),
    [
        (("Delivery", {}), ("Bounce", {"bounce": bounce("Transient")}), ("delivered", [], False)),
        (("Delivery", {}), ("DeliveryDelay", {}), ("delivered", [], False)),
        (("DeliveryDelay", {}), ("DeliveryDelay", {}), ("delayed", [], False)),
        (("DeliveryDelay", {}), ("Delivery", {}), ("delivered", [], False)),
        (
            ("Bounce", {"bounce": bounce("Transient")}),
            ("DeliveryDelay", {}),
            ("undelivered", ["not_delivered"], False),
        ),
        (
            ("Bounce", {"bounce": bounce("Transient")}),
            ("Bounce", {"bounce": bounce("Permanent")}),
            ("bounced", ["address_bounced", "not_delivered"], True),
        ),
        (("Bounce", {"bounce": bounce("Permanent")}), ("Delivery", {}), ("bounced", ["address_bounced"], True)),
        (("Delivery", {}), ("Complaint", {"complaint": COMPLAINT}), ("complained", ["complaint"], True)),
    ],
)
def test_of_two_events_the_one_that_says_more_stays(
    stack: TwinStack,
    first: tuple[str, dict[str, Any]],
    then: tuple[str, dict[str, Any]],
    found: tuple[str, list[str], bool],
) -> None:
    told(stack, first[0], **first[1])
    assert told(stack, then[0], **then[1]) == found
