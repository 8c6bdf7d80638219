"""All channels through the whole flow on the memory twins: tick, claim, acting once, evidence, tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from duly.flows import channels
from duly.flows.twin import Ended, TwinStack
from duly.mail.sending import Doubtful, Refused, Scripted
from duly.store.memory import no_fault
from duly.store.objects import MemoryObjects

DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
POLICY = """
[creditor]
name = "Muster Maschinen GmbH"
country = "DE"
language = "de"
address = ["Hafenstraße 4", "20457 Hamburg"]
email = "forderungen@muster.example"
iban = "DE02120300000000202051"

[gates]
bank_data_max_age_business_days = 0

[contact]
window = ["00:00", "24:00"]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
holidays = false
min_gap_days = 0
max_per_7_days = 0

[scenario.standard]
threshold = {}

[[scenario.standard.step]]
level = 1
name = "text"
days = 1
channel = "sms"

[[scenario.standard.step]]
level = 2
name = "letter"
days = 5
channel = "registered_letter"
also = ["email"]

[[scenario.standard.step]]
level = 4
name = "agency"
days = 10
channel = "hand_over"
to = "agency"
final = true
"""
CUSTOMER = (
    "id,name,country,email,address,postcode,city,phone,scenario\n"
    "C-1,Nebel GmbH,DE,a@nebel.example,Torweg 4,20099,Hamburg,040 123456,standard\n"
)
INVOICE = "number,customer,issued,due,amount,currency\nR-1,C-1,2026-02-01,2026-03-02,150.00,EUR\n"


@pytest.fixture
def stack() -> TwinStack:
    found = TwinStack()
    found.upload("policy/policy.toml", POLICY.encode(), DAY)
    found.upload("customers/1.csv", CUSTOMER.encode(), DAY)
    found.upload("invoices/1.csv", INVOICE.encode(), DAY)
    found.work()
    return found


def test_a_text_a_registered_letter_with_a_mail_and_a_hand_over_go_out_once(stack: TwinStack) -> None:
    for day in range(1, 20):
        for hour in (0, 1):
            stack.tick(DAY + timedelta(days=day, hours=hour))
    (text,) = stack.texter.messages
    assert (text.to, text.at.date()) == ("+4940123456", (DAY + timedelta(days=1)).date())
    (mail,) = stack.mailer.messages
    assert mail.at.date() == (DAY + timedelta(days=5)).date()
    written = [key.rpartition(".")[2] for key in stack.objects.keys("documents/notices/")]
    assert sorted(written) == ["pdf", "zip"]
    account = stack.edge.accounts.load("C-1")
    assert sorted(task.kind for task in account.live("tasks")) == ["hand_over", "post_letter"]
    assert [(one.to, one.items) for one in account.live("handovers")] == [("agency", ("R-1",))]
    assert [step.step for step in account.items["R-1"].steps] == ["text", "letter", "agency"]


def test_a_doubtful_text_is_never_sent_again_and_ends_with_a_person(stack: TwinStack) -> None:
    stack.texter.will(Scripted(accepts=True, answer=Doubtful("ReadTimeoutError")))
    for day in range(1, 5):
        stack.tick(DAY + timedelta(days=day))
    stack.tick(DAY + timedelta(days=4, hours=2))
    assert stack.texter.calls == 1
    assert [task.kind for task in stack.edge.accounts.load("C-1").live("tasks")] == ["notice_unknown"]


def test_a_letter_that_a_process_left_half_way_is_found_or_written_anew() -> None:
    """The process ends just before, and just after, the letter is put into the bucket."""
    for moment in ("before", "after"):
        twin = TwinStack()
        for key, data in (("policy/policy.toml", POLICY), ("customers/1.csv", CUSTOMER), ("invoices/1.csv", INVOICE)):
            twin.upload(key, data.replace('channel = "sms"', 'channel = "letter"').encode(), DAY)
        twin.work()
        fired: list[str] = []

        def end(name: str, when: str, wanted: str = moment, seen: list[str] = fired) -> None:
            if (name, when) == ("objects.put", wanted) and not seen:
                seen.append(when)
                raise Ended

        twin.set_fault(end)
        twin.keeps_invisible = True
        twin.tick(DAY + timedelta(days=1))
        twin.set_fault(no_fault)
        twin.keeps_invisible = False
        twin.invisible = []
        for hour in range(1, 6):
            twin.tick(DAY + timedelta(days=1, hours=hour))
        objects: MemoryObjects = twin.objects
        assert fired and len(objects.keys("documents/notices/")) == 1
        account = twin.edge.accounts.load("C-1")
        assert [task.kind for task in account.live("tasks")] == ["post_letter"]
        assert [step.step for step in account.items["R-1"].steps] == ["text"]


def test_what_goes_out_beside_a_letter_is_not_said_twice_when_the_letter_has_to_be_written_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twin = TwinStack()
    beside = POLICY.replace('channel = "sms"', 'channel = "letter"\nalso = ["sms"]')
    for key, data in (("policy/policy.toml", beside), ("customers/1.csv", CUSTOMER), ("invoices/1.csv", INVOICE)):
        twin.upload(key, data.encode(), DAY)
    twin.work()
    monkeypatch.setattr(channels, "LONGEST_WRITE_SECONDS", 10_000)  # no invocation has so much time left
    twin.tick(DAY + timedelta(days=1))
    assert not twin.texter.messages and not twin.objects.keys("documents/notices/")
    assert not twin.edge.accounts.load("C-1").live("tasks")
    monkeypatch.undo()
    for hour in range(1, 6):
        twin.tick(DAY + timedelta(days=1, hours=hour))
    assert len(twin.texter.messages) == 1 and len(twin.objects.keys("documents/notices/")) == 1


def test_nobody_is_told_of_a_letter_that_goes_along_again_with_its_mail() -> None:
    """The mail is refused, and the process ends before the letter beside it is given up."""
    twin = TwinStack()
    beside = POLICY.replace('channel = "sms"', 'channel = "email"\nalso = ["letter"]')
    for key, data in (("policy/policy.toml", beside), ("customers/1.csv", CUSTOMER), ("invoices/1.csv", INVOICE)):
        twin.upload(key, data.encode(), DAY)
    twin.work()
    twin.mailer.will(Scripted(accepts=False, answer=Refused("TooManyRequestsException", pressure="slow")))
    calls: list[str] = []

    def end(name: str, when: str) -> None:
        calls.append(name)
        if (name, when) == ("accounts.write", "after") and "mailer.send" in calls:
            raise Ended

    twin.set_fault(end)
    twin.keeps_invisible = True
    twin.tick(DAY + timedelta(days=1))
    twin.set_fault(no_fault)
    twin.keeps_invisible = False
    twin.invisible = []
    for hour in range(1, 6):
        twin.tick(DAY + timedelta(days=1, hours=hour))
    assert len(twin.mailer.messages) == 1 and len(twin.objects.keys("documents/notices/")) == 1
    assert [task.kind for task in twin.edge.accounts.load("C-1").live("tasks")] == ["post_letter"]
