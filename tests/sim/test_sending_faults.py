"""What SES, the clock and other writers can do between a claim and its outcome: never a second mail, never silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import Notice
from duly.flows import audit
from duly.flows.decisions import decide
from duly.flows.twin import Ended, TwinStack
from duly.mail.sending import Doubtful, Refused, Scripted
from tests.sim import small_world as world

TICK = world.at(0, 10)
READ_TIMEOUT = Doubtful("ReadTimeoutError")
SERVER_ERROR = Doubtful("InternalServiceErrorException")
THROTTLED = Refused("TooManyRequestsException", pressure="slow")
QUOTA = Refused("LimitExceededException", pressure="stop")
REJECTED = Refused("MessageRejected", retryable=False)


def customer(number: int) -> str:
    return f"K{number},Kunde {number} GmbH,DE,de,Europe/Berlin,business,,k{number}@kunde.example,billing,standard"


def debtors(count: int, invoices: int = 1) -> TwinStack:
    """So many customers with so many invoices each, overdue since long before the first tick."""
    stack = TwinStack()
    header = "id,name,country,language,timezone,kind,vat_id,email,role,scenario"
    rows = "\n".join(customer(number) for number in range(count))
    stack.upload("policy/policy.toml", world.POLICY, world.at(0, 5))
    stack.work()
    stack.upload("customers/all.csv", f"{header}\n{rows}\n".encode(), world.at(0, 5, 1))
    stack.work()
    lines = [
        f"R{number}-{index},K{number},2026-01-20,2026-02-1{index % 9},100.00,EUR,invoice,,"
        for number in range(count)
        for index in range(invoices)
    ]
    header = "number,customer,issued,due,amount,currency,type,terms,order"
    stack.upload("invoices/all.csv", "\n".join([header, *lines, ""]).encode(), world.at(0, 5, 2))
    stack.work()
    pay(stack, "statements/first.csv", "nothing of ours", 1, world.at(0, 5, 3))
    return stack


def pay(stack: TwinStack, key: str, text: str, amount: int, now: datetime) -> None:
    header = "account,booked,amount,currency,value,name,text,bank_reference"
    payer = "Kunde 0 GmbH" if text.startswith("R0-") else "Payer"
    row = f"DE02120300000000202051,{now:%Y-%m-%d},{amount}.00,EUR,{now:%Y-%m-%d},{payer},{text},{key}"
    stack.upload(key, f"{header}\n{row}\n".encode(), now)
    stack.work()


def account(stack: TwinStack, number: int = 0) -> Account:
    return stack.edge.accounts.rebuild(f"K{number}")


def notices(stack: TwinStack, number: int = 0) -> list[Notice]:
    return sorted(account(stack, number).notices.values(), key=lambda one: one.claim_version)


def states(stack: TwinStack, count: int) -> list[str]:
    return sorted(notice.state for number in range(count) for notice in notices(stack, number))


def open_tasks(stack: TwinStack, number: int = 0) -> list[str]:
    return sorted(task.kind for task in account(stack, number).live("tasks"))


def hours(stack: TwinStack, start: datetime, *offsets: int) -> None:
    for offset in offsets:
        world.tick(stack, start + timedelta(hours=offset))


def settled(stack: TwinStack) -> None:
    assert world.problems(stack, world.at(30, 12)) == []


# --- one mail
def test_a_process_that_ends_after_ses_took_the_mail_sends_no_second_one() -> None:
    stack = debtors(1)
    stack.mailer.will(Scripted(accepts=True, answer=Ended()))
    world.tick(stack, TICK)
    assert len(stack.mailer.messages) == 1
    assert [notice.state for notice in notices(stack)] == ["doubtful"]
    hours(stack, TICK, 24, 48)
    assert len(stack.mailer.messages) == 1, "within 72 hours nothing more is said"
    hours(stack, TICK, 73)
    assert [notice.state for notice in notices(stack)][0] == "unknown"
    assert open_tasks(stack) == ["notice_unknown"]
    settled(stack)


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("answer", [READ_TIMEOUT, SERVER_ERROR, Doubtful("ConnectionResetError")])
def test_a_doubtful_answer_is_never_sent_again(answer: Doubtful, accepts: bool) -> None:
    stack = debtors(1)
    stack.mailer.will(Scripted(accepts=accepts, answer=answer))
    world.tick(stack, TICK)
    (notice,) = notices(stack)
    assert (notice.state, notice.reason) == ("doubtful", answer.code)
    for day in range(1, 8):
        world.tick(stack, TICK + timedelta(days=day))
    first = notices(stack)[0]
    assert first.state == "unknown"
    assert open_tasks(stack) == ["notice_unknown"]
    assert all(notice.step != first.step for notice in notices(stack)[1:]), "its step counts as said"
    settled(stack)


def test_a_throttled_notice_goes_out_an_hour_later_under_a_new_attempt() -> None:
    stack = debtors(1)
    stack.mailer.will(THROTTLED)
    stack.tick(TICK)
    assert states(stack, 1) == ["released"]
    stack.tick(TICK + timedelta(minutes=30))
    assert states(stack, 1) == ["released"], "it backs off for an hour"
    stack.tick(TICK + timedelta(hours=1))
    first, second = notices(stack)
    assert (first.state, second.state) == ("released", "sent")
    assert first.intent == second.intent and first.key != second.key
    settled(stack)


def test_after_three_releases_a_person_has_to_look_and_may_let_it_go_again() -> None:
    stack = debtors(1)
    stack.mailer.will(THROTTLED, THROTTLED, THROTTLED)
    hours(stack, TICK, 0, 3)
    hours(stack, TICK, 24)
    assert states(stack, 1) == ["released"] * 3
    assert open_tasks(stack) == ["release_limit"]
    hours(stack, TICK, 48, 72)
    assert states(stack, 1) == ["released"] * 3, "no fourth attempt by itself"
    (task,) = account(stack).live("tasks")
    request = {"action": "close_task", "account": "K0", "task": task.key, "by": "finance"}
    decide(stack.edge, request, TICK + timedelta(days=4))
    hours(stack, TICK, 97)
    assert states(stack, 1) == ["released"] * 3 + ["sent"]
    settled(stack)


def test_a_message_that_ses_refuses_for_itself_is_tried_once() -> None:
    stack = debtors(1)
    stack.mailer.will(REJECTED)
    hours(stack, TICK, 0, 24)
    assert states(stack, 1) == ["released"]
    assert open_tasks(stack) == ["release_limit"]
    assert stack.mailer.calls == 1


def test_a_late_claim_is_released_instead_of_sent() -> None:
    stack = debtors(1)
    clock = iter(range(0, 10_000, 6))
    stack.edge.monotonic = lambda: float(next(clock))
    stack.tick(TICK)
    assert [(one.state, one.reason) for one in notices(stack)] == [("released", "claim_too_old")]
    assert stack.mailer.calls == 0


# --- many mails
def test_the_quota_stops_the_run_for_an_hour() -> None:
    stack = debtors(6)
    stack.mailer.will(QUOTA)
    stack.tick(TICK)
    assert stack.mailer.calls == 1
    assert states(stack, 6) == ["released"]
    stack.tick(TICK + timedelta(hours=1))
    assert states(stack, 6) == ["released"] + ["sent"] * 6
    settled(stack)


def test_a_quota_used_up_for_long_costs_a_notice_nothing() -> None:
    stack = debtors(1)
    stack.mailer.will(*[QUOTA] * 5)
    hours(stack, TICK, *range(0, 8))
    hours(stack, TICK, 24, 25)
    assert stack.mailer.calls == 6
    assert states(stack, 1) == ["released"] * 5 + ["sent"]
    assert open_tasks(stack) == []
    settled(stack)


def test_three_doubtful_in_a_row_stop_claiming_until_a_probe_succeeds() -> None:
    stack = debtors(9)
    stack.mailer.will(*[READ_TIMEOUT] * 5)
    stack.tick(TICK)
    assert stack.mailer.calls == 4, "three in a row, and the probe of this hour"
    stack.tick(TICK + timedelta(minutes=20))
    assert stack.mailer.calls == 4, "one probe an hour"
    stack.tick(TICK + timedelta(hours=1))
    assert stack.mailer.calls == 5, "the next probe, doubtful too"
    stack.tick(TICK + timedelta(hours=2))
    assert stack.mailer.calls == 9, "this one succeeds and opens the gate for all others"
    assert states(stack, 9) == ["doubtful"] * 5 + ["sent"] * 4
    hours(stack, TICK, 96)
    settled(stack)


def test_a_success_between_doubtful_answers_starts_the_count_again() -> None:
    stack = debtors(7)
    stack.mailer.will(READ_TIMEOUT, READ_TIMEOUT, Scripted(), READ_TIMEOUT, READ_TIMEOUT)
    stack.tick(TICK)
    assert stack.mailer.calls == 7
    hours(stack, TICK, 96)
    settled(stack)


# --- evidence
def after_doubt(stack: TwinStack) -> None:
    stack.mailer.will(Scripted(accepts=True, answer=READ_TIMEOUT))
    world.tick(stack, TICK)


def after_unknown(stack: TwinStack) -> None:
    after_doubt(stack)
    hours(stack, TICK, 73)


def after_silence(stack: TwinStack) -> None:
    stack.mailer.will(Scripted(accepts=True, answer=Ended()))
    stack.tick(TICK)


def after_release(stack: TwinStack) -> None:
    stack.mailer.will(Scripted(accepts=True, answer=THROTTLED))  # what SES should never do
    stack.tick(TICK)


def after_success(stack: TwinStack) -> None:
    stack.tick(TICK)


@pytest.mark.parametrize("kind", ["Send", "Delivery", "Bounce", "Complaint", "DeliveryDelay"])
@pytest.mark.parametrize("before", [after_doubt, after_unknown, after_silence, after_release, after_success])
def test_every_late_event_proves_that_the_notice_went_out(before: Callable[[TwinStack], None], kind: str) -> None:
    stack = debtors(1)
    before(stack)
    message = stack.mailer.messages[0]
    now = TICK + timedelta(hours=74)
    for _ in range(2):
        stack.ses_event(world.ses_detail(kind, message), now)
        stack.work()
    notice = notices(stack)[0]
    assert (notice.state, notice.message) == ("sent", message.ses_message_id)
    assert [step.notice for step in account(stack).items["R0-0"].steps][0] == notice.key
    assert account(stack).items["R0-0"].steps[0].on == TICK.date(), "a step counts from the day of its claim"
    suppressed = kind in ("Bounce", "Complaint")
    assert bool(account(stack).header.suppressed) is suppressed
    hours(stack, now, 1, 80)
    assert len([one for one in stack.mailer.messages if one.tags["attempt"] == notice.key]) == 1
    settled(stack)


def test_a_reply_proves_that_a_doubtful_notice_went_out() -> None:
    stack = debtors(1)
    after_doubt(stack)
    assert world.reply(stack, "k0@kunde.example", "Wir zahlen am 06.03.2026.", TICK + timedelta(hours=5))
    stack.work()
    (notice,) = notices(stack)
    assert notice.state == "sent"
    assert len(account(stack).live("promises")) == 1
    hours(stack, TICK, 200)
    settled(stack)


def test_a_second_message_of_one_attempt_is_an_alarm_and_a_task() -> None:
    stack = debtors(1)
    after_success(stack)
    message = stack.mailer.messages[0]
    for _ in range(2):
        stack.ses_event(world.ses_detail("Send", message, message_id="another-message"), TICK + timedelta(minutes=1))
        stack.work()
    assert stack.observer.counts["NoticesSentTwice"] == 1
    assert open_tasks(stack) == ["second_message"]


def test_an_event_of_an_unknown_attempt_changes_nothing() -> None:
    stack = debtors(1)
    after_success(stack)
    detail = world.ses_detail("Send", stack.mailer.messages[0])
    detail["mail"]["tags"]["attempt"] = ["0" * 32]
    version = stack.edge.accounts.load("K0").version
    stack.ses_event(detail, TICK)
    stack.work()
    assert stack.edge.accounts.load("K0").version == version


# --- somebody else commits between load and claim
def competing(stack: TwinStack, act: Callable[[], object]) -> Callable[[str, str], None]:
    """Acts just before the claim is written, once."""

    def hook(name: str, moment: str) -> None:
        if (name, moment) == ("accounts.write", "before"):
            stack.set_fault(lambda *_: None)
            act()

    return hook


def test_a_payment_between_load_and_claim_wins() -> None:
    stack = debtors(1)
    stack.set_fault(competing(stack, lambda: pay(stack, "statements/now.csv", "R0-0", 100, TICK)))
    world.tick(stack, TICK)
    assert stack.mailer.calls == 0
    assert notices(stack) == []
    assert account(stack).items["R0-0"].state == "paid"
    settled(stack)


def test_a_payment_at_any_call_of_a_tick_never_finds_a_later_claim() -> None:
    start = debtors(1)
    calls = world.calls_of(lambda stack: stack.tick(TICK), world.fork(start))
    claimed = 0
    for point in range(len(calls)):
        stack = world.fork(start)
        number = iter(range(len(calls) + 1_000))

        def hook(name: str, moment: str, stack: TwinStack = stack, point: int = point, number: Any = number) -> None:
            del name, moment
            if next(number) == point:
                stack.set_fault(lambda *_: None)
                pay(stack, "statements/now.csv", "R0-0", 100, TICK)

        stack.set_fault(hook)
        world.tick(stack, TICK)
        assert world.problems(stack, world.at(30, 12)) == [], f"paid at {calls[point]}, call {point}"
        assert len(stack.mailer.messages) == len(notices(stack))
        claimed += len(notices(stack))
    assert 0 < claimed < len(calls)


def test_a_dispute_between_load_and_claim_wins() -> None:
    stack = debtors(1)
    stack.tick(TICK)
    later = world.at(14, 10)

    def dispute() -> None:
        assert world.reply(stack, "k0@kunde.example", "Wir bestreiten R0-0: die Ware war beschädigt.", later)
        stack.work()

    stack.set_fault(competing(stack, dispute))
    world.tick(stack, later)
    assert [notice.step for notice in notices(stack)] == ["first-reminder"]
    assert len(account(stack).live("disputes")) == 1
    assert stack.mailer.calls == 1
    settled(stack)


def test_a_hold_between_load_and_claim_wins() -> None:
    stack = debtors(1)
    request = {"action": "hold", "account": "K0", "items": [], "until": "2026-03-20", "reason": "a call", "by": "x"}
    stack.set_fault(competing(stack, lambda: decide(stack.edge, request, TICK)))
    world.tick(stack, TICK)
    assert stack.mailer.calls == 0
    settled(stack)


def test_a_payment_between_claim_and_send_is_kept_and_the_step_is_recorded() -> None:
    """What remains possible: the mail goes out, and the payment is not lost to it."""
    stack = debtors(1)

    def hook(name: str, moment: str) -> None:
        if (name, moment) == ("mailer.send", "before"):
            stack.set_fault(lambda *_: None)
            pay(stack, "statements/now.csv", "R0-0", 100, TICK)

    stack.set_fault(hook)
    world.tick(stack, TICK)
    assert len(stack.mailer.messages) == 1
    item = account(stack).items["R0-0"]
    assert (item.state, item.notice, len(item.steps)) == ("paid", "", 1)
    settled(stack)


def test_a_notice_over_more_items_than_a_transaction_holds_ends_anywhere() -> None:
    start = debtors(1, invoices=95)
    calls: list[str] = []
    whole = world.fork(start)
    whole.set_fault(lambda name, moment: calls.append(f"{name} {moment}"))
    whole.tick(TICK)
    assert [len(notice.items) for notice in notices(whole)] == [95]
    reserved = [
        event
        for entry in whole.edge.accounts.history("K0")
        for event in entry.events
        if isinstance(event, ev.ItemsReserved)
    ]
    assert reserved, "the notice was reserved in parts"
    for point in [number for number, call in enumerate(calls) if call.startswith(("accounts.write", "mailer"))]:
        stack = world.fork(start)
        stack.set_fault(world.EndAt(frozenset({point})))
        world.tick(stack, TICK)
        stack.set_fault(lambda *_: None)
        hours(stack, TICK, 24, 97, 101)
        found = world.problems(stack, world.at(30, 12))
        assert found == [], f"ended {calls[point]}, call {point}"
        said = {part.item for one in notices(stack) if one.state in ("sent", "unknown") for part in one.items}
        assert len(said) == 95, f"ended {calls[point]}, call {point}"
    assert audit.canonical(whole.edge) == audit.canonical(start.edge)
