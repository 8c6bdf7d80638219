"""The tick's work on one account, on the memory twins: rounds until nothing is due, silent claims of documents."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from duly.domain.account import Account
from duly.domain.upkeep import SILENT_AFTER
from duly.flows import tick
from duly.flows.carrying import settle_documents
from duly.flows.notices import document_key
from duly.flows.twin import TwinStack
from duly.mail.sending import Doubtful, Scripted
from tests.sim import small_world as world

DAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
CONTACT = 'window = ["00:00", "24:00"]\ndays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\nholidays = false\n'
POLICY = f"""
[creditor]
name = "Muster GmbH"
country = "DE"
email = "ar@muster.example"
[gates]
bank_data_max_age_business_days = 0
[contact]
{CONTACT}min_gap_days = 0
max_per_7_days = 0
[scenario.standard]
threshold = {{}}
per = "invoice"
[[scenario.standard.step]]
level = 1
name = "first"
days = 1
"""
CUSTOMER = (
    "id,name,country,email,address,postcode,city,scenario\n"
    "C-1,Nebel GmbH,DE,a@nebel.example,Torweg 4,20099,Hamburg,standard\n"
)
COLUMNS = "number,customer,issued,due,amount,currency"
BANK = "account,booked,amount,currency,value,name,text,bank_reference"


def owing(step: str, *currencies: str) -> TwinStack:
    """A customer with an overdue invoice for each of these currencies, and what the step has beside its name."""
    stack = TwinStack()
    rows = [f"R-{number},C-1,2026-02-01,2026-03-02,150.00,{one}" for number, one in enumerate(currencies)]
    for key, text in (
        ("policy/policy.toml", f"{POLICY}{step}\n"),
        ("customers/1.csv", CUSTOMER),
        ("invoices/1.csv", "\n".join([COLUMNS, *rows, ""])),
    ):
        stack.upload(key, text.encode(), DAY)
        stack.work()
    return stack


def account(stack: TwinStack) -> Account:
    return stack.edge.accounts.rebuild("C-1")


# --- rounds
THREE = ("EUR", "EUR", "GBP")


def worked(stack: TwinStack, remaining: float = 900.0, days: int = 2) -> int:
    """The mails that one message of a tick sends for the account."""
    before = len(stack.mailer.messages)
    now = DAY + timedelta(days=days)
    tick.work_account(stack.edge, "C-1", now, now, True, lambda: remaining)
    return len(stack.mailer.messages) - before


def test_one_tick_says_all_that_is_due_and_the_next_one_nothing() -> None:
    stack = owing("", *THREE)
    assert (worked(stack), worked(stack)) == (3, 0)
    assert {len(item.steps) for item in account(stack).items.values()} == {1}


def test_what_the_time_left_does_not_allow_is_left_to_the_next_tick() -> None:
    stack = owing("", *THREE)
    assert [worked(stack, tick.ROUND_SECONDS - 0.1) for _ in range(4)] == [1, 1, 1, 0]


def test_rounds_are_bounded_and_the_cut_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = owing("", *THREE)
    counted: Counter[str] = Counter()
    monkeypatch.setattr(tick, "ROUNDS", 2)
    monkeypatch.setattr(stack.observer, "metric", lambda name, value, **_: counted.update({name: value}))
    assert worked(stack) == 2 and counted["AgendaCut"] == 1
    assert worked(stack) == 1 and counted["AgendaCut"] == 1


def test_a_message_older_than_its_hour_says_nothing() -> None:
    stack = owing("", *THREE)
    now = DAY + timedelta(days=2)
    tick.work_account(stack.edge, "C-1", now - tick.TICK_LIFE, now, True, lambda: 900.0)
    assert not stack.mailer.messages and not account(stack).notices


# --- documents
LETTER = 'channel = "letter"'


def silent(stack: TwinStack, monkeypatch: pytest.MonkeyPatch) -> str:
    """The notice whose process ended between its claim and its outcome."""
    monkeypatch.setattr(tick, "carry_out", lambda _, claimed, *__: claimed.account)
    assert worked(stack) == 0
    monkeypatch.undo()
    (notice,) = account(stack).live("notices")
    assert notice.state == "claimed"
    return notice.key


@pytest.mark.parametrize(
    ("is_written", "state", "tasks", "steps"),
    [(True, "sent", ["post_letter"], 1), (False, "released", [], 0)],
)
def test_a_silent_claim_of_a_letter_is_settled_by_looking(
    monkeypatch: pytest.MonkeyPatch, is_written: bool, state: str, tasks: list[str], steps: int
) -> None:
    stack = owing(LETTER, "EUR")
    notice = silent(stack, monkeypatch)
    if is_written:
        stack.objects.put(document_key("C-1", notice, "letter"), b"%PDF", "application/pdf")
    at = account(stack).notices[notice].at
    assert not settle_documents(stack.edge, account(stack), at + SILENT_AFTER - timedelta(seconds=1))
    assert settle_documents(stack.edge, account(stack), at + SILENT_AFTER)
    after = account(stack)
    assert after.notices[notice].state == state
    assert [task.kind for task in after.live("tasks")] == tasks
    assert len(after.items["R-0"].steps) == steps
    assert not settle_documents(stack.edge, after, at + SILENT_AFTER)


def test_the_next_tick_looks_and_a_letter_that_is_not_there_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = owing(LETTER, "EUR")
    silent(stack, monkeypatch)
    for hour in range(1, 4):
        stack.tick(DAY + timedelta(days=2, hours=hour))
    assert len(stack.objects.keys("documents/notices/")) == 1
    assert [task.kind for task in account(stack).live("tasks")] == ["post_letter"]


# --- evidence
def test_a_reply_that_proves_a_doubtful_notice_lets_money_pay_its_charges() -> None:
    """The money came while nobody knew whether the fee was demanded: it pays costs before the principal."""
    stack = owing('fee = { EUR = "5.00" }', "EUR")
    stack.mailer.will(Scripted(accepts=True, answer=Doubtful("ReadTimeoutError")))
    stack.tick(DAY + timedelta(days=2))
    paid = "DE02120300000000202051,2026-03-05,30.00,EUR,2026-03-05,Nebel GmbH,R-0,B1"
    stack.upload("statements/1.csv", f"{BANK}\n{paid}\n".encode(), DAY + timedelta(days=3))
    stack.work()
    assert account(stack).items["R-0"].outstanding_minor == 12_000
    assert world.reply(stack, "a@nebel.example", "Thank you, we will look at it.", DAY + timedelta(days=3, hours=2))
    stack.work()
    item = account(stack).items["R-0"]
    assert [charge.amount_minor for charge in item.charges] == [500]
    assert (item.outstanding_minor, item.open_charges_minor.get("costs", 0)) == (12_500, 0)
