"""Much of one customer, and things that come late: no message may fail for ever, and nobody is asked for paid money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from duly.domain.gates import stack_gates
from duly.flows import audit
from duly.flows.decisions import answer
from duly.flows.intake import MAX_CONTACTS
from duly.flows.tick import stack_facts
from duly.flows.twin import Ended, TwinStack
from duly.store.memory import no_fault
from duly.store.queues import CASH, CUSTOMER
from tests.sim import small_world as world
from tests.sim.test_sending_faults import account, debtors

INVOICE_HEADER = "number,customer,issued,due,amount,currency,type,terms,order"
CUSTOMER_HEADER = "id,name,country,language,timezone,kind,vat_id,email,role,scenario"
STATEMENT_HEADER = "account,booked,amount,currency,value,name,text,bank_reference"
BANK = "DE02120300000000202051"
DEBTOR = "Kunde 0 GmbH"  # numbers as short as theirs mean something beside the name alone


def upload(stack: TwinStack, key: str, header: str, rows: list[str], hour: int, minute: int = 0) -> None:
    stack.upload(key, "\n".join([header, *rows, ""]).encode(), world.at(0, hour, minute))


def invoices(count: int) -> list[str]:
    return [f"RX-26-{n:05d},K0,2026-01-20,2026-02-10,10.00,EUR,invoice,," for n in range(count)]


def payment(number: int, amount: int, text: str, booked: str = "2026-02-20", payer: str = "Somebody") -> str:
    return f"{BANK},{booked},{amount}.00,EUR,{booked},{payer},{text},b{number}"


def receipts(stack: TwinStack) -> list[str]:
    return list(world.wrong_receipts(stack, world.at(1, 12)))


# --- money that is there before its invoice
@pytest.mark.parametrize("lost", [CUSTOMER, CASH])
def test_an_overdue_invoice_whose_money_is_in_suspense_is_not_chased_before_the_money_is_woken(lost: str) -> None:
    stack = debtors(1)
    upload(stack, "statements/early.csv", STATEMENT_HEADER, [payment(1, 10, "RX-26-00000", "2026-03-02")], 7)
    stack.work()
    upload(stack, "invoices/late.csv", INVOICE_HEADER, invoices(1), 9)

    def ends(name: str, moment: str) -> None:
        """End the process just before the waking message is sent, or as soon as that message is worked on."""
        working = stack.current[0] if stack.current else ""
        at_send = lost == CUSTOMER and working == CUSTOMER and name == "queues.send" and moment == "before"
        if at_send or (lost == working == CASH):
            raise Ended

    stack.keeps_invisible = True
    stack.set_fault(ends)
    stack.work()
    stack.set_fault(no_fault)
    assert stack.invisible, "a message waits to be seen again while the tick comes"
    stack.tick(world.at(0, 10))
    assert [part.item for notice in account(stack).notices.values() for part in notice.items] == ["R0-0"]
    stack.come_back()
    stack.work()
    assert account(stack).items["RX-26-00000"].state == "paid"
    assert world.problems(stack, world.at(0, 10)) == []


def test_a_statement_that_nothing_has_looked_at_yet_closes_the_gate() -> None:
    stack = debtors(1)
    upload(stack, "statements/new.csv", STATEMENT_HEADER, [payment(1, 100, "R0-0", "2026-03-02", DEBTOR)], 9)
    facts = stack_facts(stack.edge, stack.edge.policy(), world.at(0, 10))
    assert stack_gates(facts, stack.edge.policy()) == ("statement_open",)
    stack.tick(world.at(0, 10))
    assert stack.mailer.messages == [] and account(stack).items["R0-0"].state == "paid"


# --- much of one customer
def test_an_export_uploaded_again_whose_invoices_were_paid_three_at_a_time_is_all_duplicates() -> None:
    stack = debtors(1)
    upload(stack, "invoices/all.csv", INVOICE_HEADER, invoices(300), 6)
    stack.work()
    paid = [payment(n, 30, " ".join(f"RX-26-{n + k:05d}" for k in (0, 100, 200))) for n in range(100)]
    upload(stack, "statements/all.csv", STATEMENT_HEADER, paid, 7)
    stack.work()
    before = account(stack).version
    upload(stack, "invoices/again.csv", INVOICE_HEADER, invoices(300), 8)
    stack.work()
    assert account(stack).version == before
    assert receipts(stack) == []


def test_a_reply_to_a_notice_of_400_invoices_that_are_all_paid_is_read() -> None:
    stack = debtors(1, invoices=430)
    stack.tick(world.at(0, 10))
    (message,) = stack.mailer.messages
    (notice,) = account(stack).notices.values()
    assert len(notice.items) == 400
    named = [f"R0-{n}" for n in range(430)]
    paid = [payment(n, 1000, " ".join(named[n : n + 10]), "2026-03-02", DEBTOR) for n in range(0, 430, 10)]
    upload(stack, "statements/paid.csv", STATEMENT_HEADER, paid, 11)
    stack.work()
    assert not account(stack).live("items")
    raw, recipient = world.answer_to(message.raw, "k0@kunde.example", "We have paid all of this.", world.at(0, 12))
    stack.inbound(raw, (recipient,), world.PASSED, world.at(0, 12))
    stack.ses_event(world.ses_detail("Delivery", message), world.at(0, 12))
    stack.work()
    assert len(account(stack).replies) == 1
    assert audit.audit(stack.edge, world.at(0, 12) + timedelta(minutes=1)).problems == []


def test_a_customer_with_more_rows_than_one_record_holds_is_rejected_and_its_file_is_closed() -> None:
    stack = debtors(1)
    one = "Big GmbH,DE,de,Europe/Berlin,business,"
    rows = [f"B1,{one},contact-{n:05d}@a-department-of.example,billing,standard" for n in range(4_000)]
    fits = [f"B2,{one},contact-{n:05d}@a-department-of.example,billing,standard" for n in range(MAX_CONTACTS)]
    upload(stack, "customers/big.csv", CUSTOMER_HEADER, rows + fits, 6)
    stack.work()
    assert not stack.edge.accounts.load("B1").exists
    assert len(stack.edge.accounts.load("B2").personal["contacts"]) == MAX_CONTACTS
    assert receipts(stack) == []


# --- days to come
def test_a_booking_day_still_to_come_does_not_make_the_bank_data_fresh_for_ever() -> None:
    stack = debtors(1)
    upload(stack, "statements/typo.csv", STATEMENT_HEADER, [payment(1, 5, "nothing", "2099-01-04")], 6)
    stack.work()
    assert stack.edge.stack.get("bank_data") == {"until": "2026-03-02"}


def test_a_hold_until_a_day_that_no_calendar_can_add_to_is_refused() -> None:
    stack = debtors(1)
    request = {"action": "hold", "account": "K0", "items": ["R0-0"], "until": "9999-12-31", "reason": "agreed"}
    assert answer(stack.edge, request, world.at(0, 8))["code"] == "not_possible"
    assert answer(stack.edge, {**request, "until": "2100-12-31"}, world.at(0, 8))["ok"]
