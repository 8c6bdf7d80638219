"""A stack without an uploaded policy takes files in and writes to nobody: the shipped default names no creditor. A
policy that comes is in force for the files after it."""

from __future__ import annotations

from datetime import UTC, datetime

from duly.flows.intake import take_upload
from duly.flows.twin import TwinStack

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
CUSTOMER = (
    b"id,name,country,language,timezone,kind,vat_id,email,role,scenario\n"
    b"C-1,Ahrens Bau GmbH,DE,de,Europe/Berlin,business,,rechnung@ahrens.example,billing,standard\n"
)
INVOICE = (
    b"number,customer,issued,due,amount,currency,type,terms,order\n"
    b"R-1001,C-1,2026-01-05,2026-02-04,1190.00,EUR,invoice,,\n"
)
POSTED = b"""
[creditor]
name = "Muster"
[scenario.posted]
[[scenario.posted.step]]
level = 1
name = "first"
days = 1
"""


def test_nobody_is_written_to_until_a_policy_names_the_creditor() -> None:
    stack = TwinStack()
    stack.upload("customers/a.csv", CUSTOMER, MONDAY)
    stack.upload("invoices/a.csv", INVOICE, MONDAY)
    stack.work()
    stack.edge.stack.extend_bank_data(MONDAY.date())
    stack.tick(MONDAY)
    assert stack.mailer.messages == []
    assert stack.observer.counts["GateClosed|gate=policy_missing"] == 1
    assert stack.edge.accounts.load("C-1").items["R-1001"].outstanding_minor == 119_000

    stack.upload("policy/a.toml", b'[creditor]\nname = "Muster Maschinen GmbH"\n', MONDAY)
    stack.work()
    stack.tick(MONDAY.replace(hour=11))
    (mail,) = stack.mailer.messages
    assert b"Muster Maschinen GmbH" in mail.raw


def test_a_customer_file_that_comes_right_after_a_policy_may_name_its_scenarios() -> None:
    """The process that registers the customer read what was in force before the policy came."""
    stack = TwinStack()
    stack.edge.policy()
    before = stack.edge._pointer, stack.edge._pointer_read
    stack.upload("policy/a.toml", POSTED, MONDAY)
    stack.work()
    version = stack.objects.put("customers/a.csv", CUSTOMER.replace(b"standard", b"posted"), "text/csv")
    upload = take_upload(stack.edge, "customers/a.csv", version, MONDAY)
    stack.edge._pointer, stack.edge._pointer_read = before
    assert not stack.edge.policy().knows_scenario("posted")
    stack.work()
    closed = stack.edge.uploads.get(upload.id)
    assert closed is not None and closed.state == "closed"
    assert stack.edge.accounts.load("C-1").header.scenario == "posted"
