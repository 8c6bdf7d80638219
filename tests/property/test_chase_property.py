"""Whatever happens to an account: nothing is said twice, no level is skipped, gap, cap and window hold, and the agenda
never comes too late."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import next_due, next_moments
from duly.domain.calendar import contact_open, local_date
from duly.domain.cash import receive, withdraw
from duly.domain.dunning import decide_chase
from duly.domain.gates import Surroundings, item_gate
from duly.domain.policy import Policy
from duly.domain.replying import resolve_dispute
from duly.domain.upkeep import today_of, upkeep
from duly.flows.delivery import sent_by_evidence
from duly.flows.notices import outcome_events
from duly.mail.sending import Accepted, Doubtful, Outcome, Refused
from tests import core_samples as samples
from tests.core_samples import MONDAY, NOON, THREE_STEPS, invoice, payment, plain_policy, policy, step, then

HOLIDAYS = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1)})
POLICIES = [
    policy(),
    policy('[scenario.standard]\ncatch_up_spacing = false\ngap_boundary = "after"\n'),
    policy("[contact]\nmin_gap_days = 1\nmax_per_7_days = 2\n[scenario.standard]\ncatch_up_spacing = false\n"),
    policy('[contact]\nmin_gap_days = 0\nmax_per_7_days = 3\n[scenario.standard]\nhold_last_day = "free"\n'),
    plain_policy(THREE_STEPS),
]
RICHER = [
    plain_policy(
        step(1, "first", 3)
        + step(1, "call", 7, 'channel = "call"\nminimum = { EUR = "50.00" }')
        + step(2, "second", 14, 'min_items = 2\nfee = { EUR = "5.00" }')
        + step(3, "formal", 20, 'channel = "letter"\nalso = ["email"]\napprove = true'),
        "repeat = 9",
    ),
    policy(
        '[scenario.standard]\nper = "invoice"\nmax_notices = 3\n'
        + step(1, "first", 1, 'approve = { EUR = "60.00" }')
        + step(2, "second", 9, 'basis = "previous"')
    ),
    plain_policy(
        step(1, "first", 2, 'basis = "oldest"')
        + step(2, "second", 9, 'basis = "oldest"\nmin_total = { EUR = "150.00" }'),
        'on_anchor_paid = "restart"\nmin_gap_days = 2',
    ),
]
ZONES = ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]


# --- a long story of one account -------------------------------------------------------------------------------------
@dataclass
class Story:
    """An account, what was or may have been said to it, and when."""

    found: Account
    rules: Policy
    said: list[tuple[datetime, ev.NoticeClaimed]] = field(default_factory=list)

    def add(self, events: list[ev.Event]) -> None:
        if events:
            self.found = then(self.found, events)

    def tick(self, now: datetime, outcome: Outcome | None) -> None:
        """What the hourly tick does: upkeep, then the chase. No outcome: the process ended after the claim."""
        self.add(upkeep(self.found, self.rules, now))
        holidays = HOLIDAYS if self.rules.contact.holidays else frozenset()
        chase = decide_chase(self.found, self.rules, Surroundings(now, holidays))
        if chase.claim is None:
            self.add(list(chase.events))  # a proposal
            return
        if chase.claim.channel == "email":
            self.check_claim(chase.claim, now)
        self.add(list(chase.events))
        if not chase.to_carry_out:
            return
        if not isinstance(outcome, Refused):
            self.said.append((now, chase.claim))
        if outcome is not None:
            notice = self.found.notices[chase.claim.notice]
            today = today_of(self.found, self.rules, notice.at)
            self.add(outcome_events(self.found, notice, outcome, now, today))

    def check_claim(self, claim: ev.NoticeClaimed, now: datetime) -> None:
        """At the claim every item may be chased, its step has come, and the debtor may be written to."""
        scenario = self.rules.scenario_for("standard")
        zone = self.found.header.timezone
        contact = self.rules.contact
        window = (contact.window_start_minute, contact.window_end_minute)
        assert contact_open(now, zone, window, contact.days, HOLIDAYS if contact.holidays else frozenset())
        assert claim.items
        stopped: list[Any] = [*self.found.disputes.values(), *self.found.promises.values(), *self.found.holds.values()]
        live = [one for one in stopped if one.state == "open"]
        assert not any(one.items == () for one in live), "the whole account is held"
        assert not {part.item for part in claim.items} & {key for one in live for key in one.items}
        for part in claim.items:
            item = self.found.items[part.item]
            assert item_gate(self.found, item, scenario, local_date(now, zone)) == ""
            assert part.balance_minor == item.outstanding_minor > 0
            assert part.episode == item.episode
            step = next(step for step in scenario.steps if step.name == part.step)
            is_hastened = item.hastened_on is not None and local_date(now, zone) > item.due  # by a broken promise
            is_early = is_hastened or item.moved_to is not None  # by a person
            counted_from = self.found.items[part.anchor or part.item]  # overdue items go along with the oldest
            assert is_early or local_date(now, zone) >= counted_from.due + timedelta(days=step.days)
            assert not (step.days < 0 and local_date(now, zone) > item.due)


DECISION = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("pay"), st.integers(0, 3), st.sampled_from([1_000, 10_000])),
    st.tuples(st.just("return"), st.integers(0, 30)),
    st.tuples(st.just("dispute"), st.integers(0, 3)),
    st.tuples(st.just("resolve"), st.sampled_from(["accepted", "rejected"])),
    st.tuples(st.just("promise"), st.integers(0, 3), st.integers(0, 9)),
    st.tuples(st.just("hold"), st.integers(0, 9)),
    st.tuples(st.just("evidence"), st.integers(0, 9)),
    st.tuples(st.just("invoice"), st.integers(-10, 20)),
    st.tuples(st.just("outcome"), st.sampled_from(["refused", "doubtful", "silent"])),
)


def carry_out(story: Story, number: int, decision: tuple[Any, ...], now: datetime) -> None:
    today = now.date()
    items = sorted(story.found.items)
    item = items[decision[1] % len(items)] if isinstance(decision[1], int) else items[0]
    match decision[0]:
        case "pay":
            story.add(receive(story.found, payment(f"T{number}", decision[2], [item], today), today))
        case "return" if story.found.cash:
            key = sorted(story.found.cash)[decision[1] % len(story.found.cash)]
            story.add(withdraw(story.found, key, "moved"))
        case "dispute" if not any(item in dispute.items for dispute in story.found.live("disputes")):
            story.add([ev.DisputeOpened(f"D{number}", (item,), "price", "default", today + timedelta(days=9), today)])
        case "resolve" if story.found.live("disputes"):
            dispute = story.found.live("disputes")[0].key
            story.add(resolve_dispute(story.found, dispute, decision[1], "me", today, story.rules))
        case "promise" if story.found.items[item].state == "open":
            day = today + timedelta(days=decision[2])
            story.add([ev.PromiseMade(f"P{number}", (item,), day, day + timedelta(days=2), today)])
        case "hold":
            story.add([ev.HoldPlaced(f"H{number}", (), today + timedelta(days=decision[1]), "person")])
        case "evidence" if story.found.notices:
            keys = sorted(story.found.notices)
            notice = story.found.notices[keys[decision[1] % len(keys)]]
            if notice.state in ("claimed", "doubtful", "unknown"):
                story.add(sent_by_evidence(notice, "m", "event", today_of(story.found, story.rules, notice.at), now))
        case "approve" if story.found.live("approvals"):
            approval = story.found.live("approvals")[0]
            if approval.state == "asked":
                story.add([ev.ApprovalSettled(approval.key, decision[2], today, "me")])
        case "move" if story.found.items[item].state == "open":
            story.add([ev.ItemMoved(item, decision[2], today, "agreed")])
        case "invoice":
            story.add([invoice(f"I-{number + 10}", 5_000, today + timedelta(days=decision[1]))])


def assert_rules(story: Story) -> None:
    scenario = story.rules.scenario_for("standard")
    seen: set[tuple[str, int, str, int, str]] = set()
    last: dict[tuple[str, int], int] = {}
    index = {step.name: step.index for step in scenario.steps}
    for _, claim in story.said:
        for part in claim.items:
            key = (part.item, part.episode, part.step, part.repetition, claim.channel)
            assert key not in seen, "said twice"
            seen.add(key)
            before = last.get((part.item, part.episode))
            if before is None:
                assert index[part.step] == 0 or (scenario.steps[0].days < 0 and index[part.step] == 1)
            else:
                assert index[part.step] == before + 1
            last[(part.item, part.episode)] = index[part.step]
    zone = story.found.header.timezone
    gap = story.rules.min_gap_days_for(scenario) + (1 if scenario.gap_boundary == "after" else 0)
    days = [local_date(now, zone) for now, _ in story.said]
    if story.rules.min_gap_days_for(scenario):
        assert all((after - before).days >= gap for before, after in zip(days, days[1:], strict=False))
    cap = min(story.rules.contact.max_per_7_days or 7, 7)
    for now, _ in story.said:
        assert sum(now - timedelta(days=7) < other <= now for other, _ in story.said) <= cap


OUTCOMES: dict[str, Outcome | None] = {
    "accepted": Accepted("m", NOON),
    "refused": Refused("throttled"),
    "doubtful": Doubtful("timeout"),
    "silent": None,
}


@settings(max_examples=120)
@given(
    st.sampled_from(POLICIES),
    st.sampled_from(ZONES),
    st.lists(st.integers(-8, 40), min_size=1, max_size=4),
    st.lists(DECISION, min_size=10, max_size=60),
)
def test_the_rules_of_sending_hold_whatever_happens(
    rules: Policy, zone: str, ages: list[int], decisions: list[tuple[Any, ...]]
) -> None:
    invoices = [invoice(f"I-{n}", due=MONDAY - timedelta(days=age)) for n, age in enumerate(ages)]
    story = Story(samples.account(samples.customer(timezone=zone), *invoices), rules)
    now, outcome = NOON, "accepted"
    for number, decision in enumerate(decisions):
        if decision[0] == "outcome":
            outcome = decision[1]
            continue
        if decision[0] != "wait":
            carry_out(story, number, decision, now)
        now += timedelta(hours=decision[1] if decision[0] == "wait" else 13)
        story.tick(now, OUTCOMES[outcome])
        story.tick(now, OUTCOMES[outcome])  # the schedule fires twice
        outcome = "accepted"
    assert_rules(story)


@settings(max_examples=60)
@given(st.sampled_from(POLICIES), st.integers(1, 60), st.integers(1, 90))
def test_a_time_without_runs_is_caught_up_without_a_burst(rules: Policy, age: int, away_days: int) -> None:
    """However long no run came, all levels follow, one at a time, and each level comes once."""
    story = Story(samples.account(invoice("I-0", due=MONDAY - timedelta(days=age))), rules)
    now = NOON
    story.tick(now, OUTCOMES["accepted"])
    now += timedelta(days=away_days)
    for _ in range(24 * 90 // 4):
        story.tick(now, OUTCOMES["accepted"])
        now += timedelta(hours=4)
    assert_rules(story)
    assert [claim.step for _, claim in story.said] == [
        step.name for step in rules.scenario_for("standard").steps if step.days > 0
    ]


# --- the agenda ------------------------------------------------------------------------------------------------------
MORE = st.one_of(
    DECISION,
    st.tuples(st.just("approve"), st.integers(0, 3), st.sampled_from(["approved", "discarded"])),
    st.tuples(st.just("move"), st.integers(0, 3), st.integers(1, 3)),
)


@settings(max_examples=120)
@given(
    st.sampled_from([*POLICIES, *RICHER]),
    st.sampled_from([*ZONES, "Mars/Base", ""]),
    st.lists(st.integers(-20, 40), min_size=0, max_size=4),
    st.lists(MORE, max_size=12),
    st.integers(0, 11),
)
def test_the_agenda_never_comes_too_late(
    rules: Policy, zone: str, ages: list[int], decisions: list[tuple[Any, ...]], offset_hours: int
) -> None:
    """At the first moment at which the tick would do something, the account is in the agenda."""
    invoices = [invoice(f"I-{n}", due=MONDAY - timedelta(days=age)) for n, age in enumerate(ages or [0])]
    story = Story(samples.account(samples.customer(timezone=zone), *invoices), rules)
    now, outcome = NOON + timedelta(hours=offset_hours), "accepted"
    for number, decision in enumerate(decisions):
        if decision[0] == "outcome":
            outcome = decision[1]
            continue
        if decision[0] != "wait":
            carry_out(story, number, decision, now)
        now += timedelta(hours=decision[1] if decision[0] == "wait" else 13)
        story.tick(now, OUTCOMES[outcome])
        outcome = "accepted"
    holidays = HOLIDAYS if rules.contact.holidays else frozenset()
    moments = next_moments(story.found, rules, now, holidays)
    due_at = next_due(story.found, rules, now, holidays)
    assert due_at is None or due_at >= now
    for hours in (*range(24 * 12), *range(24 * 12, 24 * 45, 5)):
        later = now + timedelta(hours=hours)
        events = upkeep(story.found, rules, later)
        if events:
            assert moments.upkeep_at is not None
            assert moments.upkeep_at <= later
        if events or decide_chase(story.found, rules, Surroundings(later, holidays)).events:
            assert due_at is not None
            assert due_at <= later
            break
