"""Several channels: what goes into one notice, what goes along with it, and which gates count for which channel."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from duly.domain import events as ev
from duly.domain import steps
from duly.domain.account import Account
from duly.domain.dunning import ASK_AGAIN_DAYS, Chase, decide_chase
from duly.domain.gates import Surroundings, closed_gates
from duly.domain.policy import Policy
from duly.domain.upkeep import SILENT_AFTER, record_steps, upkeep
from tests.core_samples import CONTACT, MONDAY, NOON, account, customer, invoice, plain_policy, policy, sent, step, then

ALL = frozenset({"email", "sms", "letter", "registered_letter", "call", "hand_over"})
PHONE = {**CONTACT, "phone": "+4930123"}


@pytest.fixture(autouse=True)
def all_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "CHANNELS", ALL)


def debtor(*events: ev.Event) -> Account:
    found = account(*events, contacts=[PHONE])
    found.personal = {**found.personal, "address": ["Street 1", "10115 Town"]}
    return found


def due(number: str, days: int, amount_minor: int = 10_000) -> ev.InvoiceRegistered:
    return invoice(number, amount_minor, MONDAY - timedelta(days=days))


def chase(found: Account, rules: Policy, now: datetime = NOON) -> Chase:
    return decide_chase(found, rules, Surroundings(now, frozenset()))


def claims(result: Chase) -> list[tuple[str, list[str], bool]]:
    return [
        (one.channel, [part.item for part in one.items], bool(one.main))
        for one in result.events
        if isinstance(one, ev.NoticeClaimed)
    ]


LETTER_AND_MAIL = plain_policy(step(1, "first", 3) + step(2, "formal", 14, 'channel = "letter"\nalso = ["email"]'))


def test_a_companion_is_claimed_with_its_notice() -> None:
    found = debtor(due("I-1", 20))
    done = then(found, chase(found, LETTER_AND_MAIL, NOON - timedelta(days=15)).events)
    done = then(done, sent(done, next(iter(done.notices)), MONDAY - timedelta(days=15)))
    result = chase(done, LETTER_AND_MAIL)
    assert claims(result) == [("letter", ["I-1"], False), ("email", ["I-1"], True)]
    assert [one.channel for one in result.to_carry_out] == ["email", "letter"]  # first what leaves at once
    main, companion = (one for one in result.events if isinstance(one, ev.NoticeClaimed))
    assert (companion.main, companion.contacts, main.contacts) == (main.notice, ("c1",), ())
    assert main.intent != companion.intent
    after = then(done, result.events)
    assert after.items["I-1"].notice == main.notice
    assert record_steps(after.notices[companion.notice], MONDAY) == []
    assert set(after.header.contacts_made) == {main.notice, *done.header.contacts_made}


def test_a_released_companion_frees_nothing_and_is_not_tried_again() -> None:
    found = debtor(due("I-1", 20), ev.ItemMoved("I-1", 2, MONDAY, "agreed"))
    after = then(found, chase(found, LETTER_AND_MAIL).events)
    main, companion = list(after.notices.values())
    after = then(after, [ev.NoticeReleased(companion.key, "throttled", NOON)])
    assert after.items["I-1"].notice == main.key
    assert (after.header.releases, after.header.retry_at) == ({}, {})
    after = then(after, sent(after, main.key))
    assert chase(after, LETTER_AND_MAIL, NOON + timedelta(days=9)).events == ()


MAIL_AND_LETTER = plain_policy(step(1, "first", 3, 'also = ["letter"]'))


def first_claims(rules: Policy) -> tuple[Account, str, str]:
    found = debtor(due("I-1", 20))
    after = then(found, chase(found, rules).events)
    main, companion = after.notices.values()
    return after, main.key, companion.key


def test_a_main_channel_that_is_tried_again_does_not_claim_again_what_went_out_beside_it() -> None:
    after, main, companion = first_claims(MAIL_AND_LETTER)
    after = then(after, [ev.NoticeSent(companion, NOON, "document", "")])
    after = then(after, [ev.NoticeReleased(main, "throttled", NOON)])
    again = chase(after, MAIL_AND_LETTER, NOON + timedelta(hours=2))
    assert claims(again) == [("email", ["I-1"], False)]
    after = then(after, again.events)
    assert after.items["I-1"].beside == ("letter|1|first|0",)
    after = then(after, sent(after, again.events[0].notice))
    assert after.items["I-1"].beside == (), "nothing is kept of a step that is done"


def test_what_was_refused_beside_it_goes_along_again_when_the_main_channel_is_tried_again() -> None:
    after, main, companion = first_claims(MAIL_AND_LETTER)
    after = then(after, [ev.NoticeReleased(companion, "not_written", NOON), ev.NoticeReleased(main, "throttled", NOON)])
    again = chase(after, MAIL_AND_LETTER, NOON + timedelta(hours=2))
    assert claims(again) == [("email", ["I-1"], False), ("letter", ["I-1"], True)]


def test_a_companion_that_reaches_nobody_does_not_hold_the_notice_back() -> None:
    found = debtor(due("I-1", 20), ev.ItemMoved("I-1", 2, MONDAY, "agreed"))
    nobody = then(found, [ev.ContactSuppressed("c1", "bounced")])
    assert claims(chase(nobody, LETTER_AND_MAIL)) == [("letter", ["I-1"], False)]


def test_all_channels_of_a_step_go_out_at_the_same_time() -> None:
    """The letter could be written at any hour; its e-mail only within the contact window."""
    rules = policy(
        '[[scenario.standard.step]]\nlevel = 1\nname = "a"\ndays = 3\nchannel = "letter"\nalso = ["email"]\n'
    )
    found = debtor(due("I-1", 4))
    night = NOON - timedelta(hours=9)
    assert chase(found, rules, night).events == ()
    assert claims(chase(found, rules)) == [("letter", ["I-1"], False), ("email", ["I-1"], True)]
    alone = policy('[[scenario.standard.step]]\nlevel = 1\nname = "a"\ndays = 3\nchannel = "letter"\n')
    assert claims(chase(found, alone, night)) == [("letter", ["I-1"], False)]


def test_each_channel_has_its_own_notice_the_highest_level_first() -> None:
    rules = plain_policy(step(1, "call", 3, 'channel = "call"') + step(2, "second", 14))
    found = debtor(due("I-1", 20), due("I-2", 5))
    found = then(found, [ev.ItemMoved("I-1", 2, MONDAY, "agreed")])
    first = chase(found, rules)
    assert claims(first) == [("email", ["I-1"], False)]
    found = then(found, first.events)
    assert claims(chase(found, rules)) == [("call", ["I-2"], False)]


def test_a_call_is_done_by_its_task_in_one_commit() -> None:
    rules = plain_policy(step(1, "call", 3, 'channel = "call"') + step(2, "second", 14))
    found = debtor(due("I-1", 5))
    result = chase(found, rules)
    assert result.to_carry_out == ()
    after = then(found, result.events)
    notice = next(iter(after.notices.values()))
    assert (notice.state, notice.pending, notice.contacts) == ("sent", (), ("c1",))
    assert [(done.step, done.on) for done in after.items["I-1"].steps] == [("call", MONDAY)]
    assert (after.items["I-1"].notice, after.header.contacts_made, after.header.notices_sent) == ("", {}, {})
    task = after.tasks[f"call-{notice.key}"]
    assert (task.kind, task.about, task.due) == ("call", notice.key, MONDAY)


def test_a_call_that_was_cut_off_after_its_claim_is_released() -> None:
    found = debtor(due("I-1", 5))
    result = chase(found, plain_policy(step(1, "call", 3, 'channel = "call"')))
    half = then(found, [event for event in result.events if isinstance(event, ev.NoticeClaimed)])
    assert upkeep(half, LETTER_AND_MAIL, NOON) == []
    after = then(half, upkeep(half, LETTER_AND_MAIL, NOON + SILENT_AFTER))
    assert next(iter(after.notices.values())).state == "released"
    assert after.items["I-1"].notice == ""


@pytest.mark.parametrize("channel", ["letter", "registered_letter", "hand_over"])
def test_what_is_written_never_becomes_doubtful_by_silence(channel: str) -> None:
    found = debtor(due("I-1", 5))
    result = chase(found, plain_policy(step(1, "first", 3, f'channel = "{channel}"')))
    claimed = then(found, result.events)
    assert claims(result) == [(channel, ["I-1"], False)]
    assert upkeep(claimed, LETTER_AND_MAIL, NOON + timedelta(days=9)) == []


@pytest.mark.parametrize(("to", "expected"), [("", "agency"), ('to = "lawyer"', "lawyer")])
def test_a_hand_over_names_who_gets_it_and_ends_the_chase(to: str, expected: str) -> None:
    rules = plain_policy(step(1, "over", 3, f'channel = "hand_over"\n{to}') + step(2, "second", 14))
    found = debtor(due("I-1", 5))
    result = chase(found, rules)
    after = then(found, result.events)
    assert result.claim is not None
    after = then(after, sent(after, result.claim.notice))
    assert [(one.to, one.items, one.amount_minor) for one in after.handovers.values()] == [(expected, ("I-1",), 10_000)]
    later = chase(after, rules, NOON + timedelta(days=30))
    assert (later.events, [skip.gate for skip in later.skipped]) == ((), ["handed_over"])
    returned = then(after, [ev.HandedOverEnded(result.claim.notice, "returned", MONDAY)])
    assert claims(chase(returned, rules, NOON + timedelta(days=30))) == [("email", ["I-1"], False)]


GAP = policy("[contact]\nmin_gap_days = 5\nmax_per_7_days = 1\n")
EVENING = NOON + timedelta(hours=9)


@pytest.mark.parametrize(
    ("channel", "in_the_evening", "a_day_later"),
    [
        ("email", ("contact_window",), ("minimum_gap", "weekly_cap")),
        ("sms", ("contact_window",), ("minimum_gap", "weekly_cap")),
        ("letter", ("minimum_gap",), ("minimum_gap",)),
        ("call", (), ()),
        ("hand_over", (), ()),
    ],
)
def test_gates_by_channel(channel: str, in_the_evening: tuple[str, ...], a_day_later: tuple[str, ...]) -> None:
    found = debtor(due("I-1", 20))
    first = chase(found, GAP)
    assert first.claim is not None
    found = then(found, first.events)
    found = then(found, sent(found, first.claim.notice))
    assert closed_gates(found, GAP, Surroundings(EVENING, frozenset()), channel) == in_the_evening
    assert closed_gates(found, GAP, Surroundings(NOON + timedelta(days=1), frozenset()), channel) == a_day_later
    reply = then(found, [ev.ReplyReceived("r", "n", "inbound/1", NOON)])
    assert "unread_reply" in closed_gates(reply, GAP, Surroundings(NOON, frozenset()), channel)


def test_without_an_address_a_person_is_asked_once_and_the_letter_goes() -> None:
    rules = plain_policy(step(1, "first", 3))
    nobody = then(debtor(due("I-1", 5)), [ev.ContactSuppressed("c1", "bounced")])
    assert claims(chase(nobody, rules)) == [("letter", ["I-1"], False)]
    nobody.personal = {"contacts": [PHONE]}
    asked = chase(nobody, rules)
    assert [type(event).__name__ for event in asked.events] == ["TaskOpened"]
    assert [skip.gate for skip in asked.skipped] == ["address_refused"]
    assert chase(then(nobody, asked.events), rules).events == ()


def test_a_person_who_found_no_address_is_asked_again_on_a_change_or_after_some_days() -> None:
    rules = plain_policy(step(1, "first", 3), "")
    nobody = account(due("I-1", 5), contacts=[])
    (task,) = chase(nobody, rules).events
    assert isinstance(task, ev.TaskOpened)
    closed = then(then(nobody, [task]), [ev.TaskClosed(task.task, "done", "ada")])
    last = NOON + timedelta(days=ASK_AGAIN_DAYS - 1)
    assert not chase(closed, rules).events and not chase(closed, rules, last).events
    (again,) = chase(closed, rules, NOON + timedelta(days=ASK_AGAIN_DAYS)).events
    assert isinstance(again, ev.TaskOpened) and again.kind == "no_usable_address"
    same, other = customer(), customer(personal_hash="other")
    assert not chase(then(closed, [same]), rules).events
    for change in (other, ev.ContactSuppressed("c9", "bounced")):
        assert [type(one) for one in chase(then(closed, [change]), rules).events] == [ev.TaskOpened]


def test_one_notice_for_each_invoice() -> None:
    rules = plain_policy(step(1, "first", 3), 'per = "invoice"')
    found = debtor(due("I-1", 5), due("I-2", 4))
    said = []
    for _ in range(3):
        result = chase(found, rules)
        said += claims(result)
        found = then(found, result.events) if result.events else found
    assert said == [("email", ["I-1"], False), ("email", ["I-2"], False)]


def test_most_notices_to_a_customer_until_nothing_is_chased_any_more() -> None:
    rules = plain_policy(step(1, "first", 3), "max_notices = 2\nrepeat = 5")
    found = debtor(due("I-1", 5), ev.CashReceived("T", "payment", 1, "EUR", MONDAY, ("I-1",), "u", 1))

    def run(found: Account, day: int) -> tuple[Account, Chase]:
        result = chase(found, rules, NOON + timedelta(days=day))
        if result.claim is None:
            return found, result
        after = then(found, result.events)
        return then(after, sent(after, result.claim.notice, MONDAY + timedelta(days=day))), result

    found, _ = run(found, 0)
    found, _ = run(found, 5)
    assert found.header.notices_sent == {"EUR": 2}
    found, third = run(found, 10)
    assert (third.events, [skip.gate for skip in third.skipped]) == ((), ["max_notices"])
    found = then(found, [ev.InvoiceCancelled("I-1", "void", MONDAY, "ada", currency="EUR", line=9)])
    found = then(found, [due("I-9", 5)])
    found, fresh = run(found, 20)
    assert claims(fresh) == [("email", ["I-9"], False)]
    assert found.header.notices_sent == {"EUR": 1}


def test_the_oldest_item_drives_and_is_noted() -> None:
    rules = plain_policy(step(1, "first", 5, 'basis = "oldest"') + step(2, "second", 9, 'basis = "oldest"'))
    found = debtor(due("I-1", 5), due("I-2", 3), due("I-3", -1))
    result = chase(found, rules)
    assert claims(result) == [("email", ["I-1", "I-2"], False)]
    found = then(found, result.events)
    assert chase(then(found, [due("I-0", 9)]), rules).events == ()  # one is on its way
    found = then(found, sent(found, next(iter(found.notices))))
    assert {done.anchor for item in found.items.values() for done in item.steps} == {"I-1"}
    later = chase(found, rules, NOON + timedelta(days=4))
    assert later.claim is not None
    assert [(part.item, part.level) for part in later.claim.items] == [("I-1", 2), ("I-2", 2), ("I-3", 2)]


@pytest.mark.parametrize(("other", "is_called"), [(-1, False), (0, False), (1, True)])
def test_what_is_collectable_is_overdue(other: int, is_called: bool) -> None:
    rules = plain_policy(step(1, "call", 3, 'channel = "call"\nmin_items = 2') + step(2, "second", 30))
    found = debtor(due("I-1", 5), due("I-2", other))
    assert (chase(found, rules).claim is not None) == is_called
    disputed = then(found, [ev.DisputeOpened("D", ("I-2",), "price", "default", MONDAY, MONDAY)])
    assert chase(disputed, rules).claim is None
