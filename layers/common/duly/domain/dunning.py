"""The chase: what an account's scenario asks today, gates first. Pure: account, policy, surroundings in, data out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account, beside_mark, is_chased
from duly.domain.approvals import approved_for, asks, discarded_on, is_waiting, propose
from duly.domain.calendar import local_date
from duly.domain.cash import available_minor
from duly.domain.changing import replace
from duly.domain.channels import CALL, CHANNEL_ORDER, ELECTRONIC, HAND_OVER, NOTICES, TASK_KINDS
from duly.domain.charges import RateUnknown, charges_of_step
from duly.domain.charges_due import MAX_CHARGES, after_payments
from duly.domain.entities import Item
from duly.domain.gates import (
    AWAITING_APPROVAL,
    BELOW_THRESHOLD,
    COVERED_BY_CREDIT,
    INTEREST_RATE_MISSING,
    MAX_NOTICES,
    Surroundings,
    closed_gates,
    closed_to_proposals,
)
from duly.domain.policy import Policy, Scenario, Step
from duly.domain.reaching import Reach, reach
from duly.domain.standing import Standing, standings
from duly.domain.steps import NextStep, is_served, part_of
from duly.domain.upkeep import steps_recorded

MAX_ITEMS_AT_ONCE = 80  # items that one transaction can mark; a larger notice is reserved in parts
MAX_NOTICE_ITEMS = 400  # items in one notice; the rest follows in the next one
ASK_AGAIN_DAYS = 14  # after a person was asked for an address and closed the task without one
TOLD = frozenset({"no_usable_address", "address_bounced", "complaint"})  # tasks by which a person looks for an address


@dataclass(frozen=True, slots=True)
class Skip:
    """Why nothing is said about an item (or, without an item, to the account) today."""

    gate: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Chase:
    """What is due today: at most one notice (its reservations before it, its companions after it) or one proposal, and
    what was passed over and why."""

    events: tuple[ev.Event, ...] = ()
    skipped: tuple[Skip, ...] = ()

    @property
    def claim(self) -> ev.NoticeClaimed | None:
        """The notice on its main channel."""
        return next((event for event in self.events if isinstance(event, ev.NoticeClaimed)), None)

    @property
    def to_carry_out(self) -> tuple[ev.NoticeClaimed, ...]:
        """The claims that something must be done for now, those first that leave at once. A call is done by its
        task."""
        claims = [event for event in self.events if isinstance(event, ev.NoticeClaimed) and event.channel != CALL]
        return tuple(sorted(claims, key=lambda claim: claim.channel not in ELECTRONIC))


@dataclass(frozen=True, slots=True)
class _Due:
    item: Item
    next: NextStep
    charges: tuple[ev.Charge, ...] = ()
    credits_minor: int = 0  # unapplied money that is set off against this item

    @property
    def part(self) -> ev.NoticeItem:
        return part_of(self.item, self.next, self.charges)

    @property
    def total_minor(self) -> int:
        """All that the notice asks for this item: principal with open and new charges, less what is set off."""
        charges = [*self.item.open_charges_minor.values(), *(charge.amount_minor for charge in self.charges)]
        return self.item.chased_minor + sum(charges) - self.credits_minor


@dataclass(frozen=True, slots=True)
class _Looking:
    """One look at an account: what all rules of it need to know."""

    account: Account
    policy: Policy
    scenario: Scenario
    around: Surroundings
    today: date

    def number_of(self, item: Item) -> str:
        """The invoice that a notice is about, in a scenario with a notice for each."""
        return item.number if self.scenario.per == "invoice" else ""


def decide_chase(account: Account, policy: Policy, around: Surroundings) -> Chase:
    """Return the notice or proposal that is due now, if any: one customer, one currency and channel, every item whose
    step has come.

    Currencies are looked at in alphabetical order, in each the highest level first; after a notice in one the minimum
    gap holds back the others.
    """
    if account.header.merged_into or not account.header.timezone:
        return Chase(skipped=(Skip("provisional_customer"),))
    try:
        today = local_date(around.now, account.header.timezone)
    except ValueError:
        return Chase(skipped=(Skip("contact_window"),))
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    looking = _Looking(account, policy, scenario, around, today)
    found = standings(account, policy, today)
    due, skipped = _due_items(found, today)
    asked = {one.item.key for one in found if one.is_collectable and (one.item.steps or one.item.notice)}
    for currency in sorted({one.item.currency for one in due}):
        wanted, more = _set_off(account, currency, [one for one in due if one.item.currency == currency], asked)
        skipped += more
        for group in _notices(looking, wanted):
            events, more = _notice(looking, currency, group)
            skipped += more
            if events:
                return Chase(tuple(events), tuple(dict.fromkeys(skipped)))
    return Chase(skipped=tuple(dict.fromkeys(skipped)))


def _due_items(found: list[Standing], today: date) -> tuple[list[_Due], list[Skip]]:
    due: list[_Due] = []
    skipped: list[Skip] = []
    for one in found:
        if one.next is None or one.next.day > today:
            continue
        if one.gate:
            skipped.append(Skip(one.gate, one.item.key))
        else:
            due.append(_Due(one.item, one.next))
    return due, skipped


def _set_off(account: Account, currency: str, due: list[_Due], asked: set[str]) -> tuple[list[_Due], list[Skip]]:
    """Unapplied money and credits cover the oldest items first: what they cover whole is not chased, what they cover
    in part is named with the credit beside it. Nothing is left then for younger items, which may not even be due; nor
    of what an item took in an earlier notice (``asked``), so that no credit is set off twice."""
    credit = available_minor(account, currency)
    wanted: list[_Due] = []
    skipped: list[Skip] = []
    by_key = {one.item.key: one for one in due}
    open_items = [item for item in account.live("items") if item.currency == currency and item.state == "open"]
    for item in sorted(open_items, key=lambda one: (one.due, one.key)):
        covered = credit >= item.chased_minor
        if covered:
            credit -= item.chased_minor
        if item.key not in by_key:
            credit = 0 if item.key in asked and not covered else credit
            continue
        if covered:
            skipped.append(Skip(COVERED_BY_CREDIT, item.key))
        else:
            wanted.append(replace(by_key[item.key], credits_minor=credit))
            credit = 0
    return wanted, skipped


def _notices(looking: _Looking, wanted: list[_Due]) -> list[list[_Due]]:
    """Return what goes into one notice each: a channel, and an invoice when the scenario wants one notice for each."""
    groups: dict[tuple[str, str, str], list[_Due]] = {}
    for one in wanted:
        step = one.next.step
        groups.setdefault((step.channel, to_of(step), looking.number_of(one.item)), []).append(one)
    found = [group[:MAX_NOTICE_ITEMS] for group in groups.values()]
    return sorted(found, key=lambda group: (-_highest(group).level, CHANNEL_ORDER.index(_highest(group).channel)))


def _highest(group: Iterable[_Due]) -> Step:
    """The step of the highest level, which gives a notice its words."""
    return max((one.next.step for one in group), key=lambda step: (step.level, step.index))


def to_of(step: Step) -> str:
    """Return who gets a hand-over: an agency, when the step does not say."""
    return (step.to or "agency") if step.channel == HAND_OVER else ""


def _notice(looking: _Looking, currency: str, group: list[_Due]) -> tuple[list[ev.Event], list[Skip]]:
    """Return the claim or proposal of one notice, or why there is none."""
    if sum(one.item.chased_minor - one.credits_minor for one in group) <= 0:
        return [], []
    channel = _highest(group).channel
    gate = _too_little_or_many(looking, currency, channel, group)
    if gate:
        return [], [Skip(gate, one.item.key) for one in group]
    group, skipped = _charged(looking, group)
    group, used, is_proposal, more = _approved(looking, currency, group)
    skipped += more
    if not group:
        return [], skipped
    if is_proposal:
        events, more = _proposal(looking, currency, channel, group)
    else:
        events, more = _claim(looking, currency, channel, group, used)
    return events, [*skipped, *more]


def _too_little_or_many(looking: _Looking, currency: str, channel: str, group: list[_Due]) -> str:
    account, scenario = looking.account, looking.scenario
    if _below_threshold(account, scenario, currency, group, looking.today):
        return BELOW_THRESHOLD
    if scenario.max_notices is not None and channel in NOTICES and is_chased(account, currency):
        return MAX_NOTICES if account.header.notices_sent.get(currency, 0) >= scenario.max_notices else ""
    return ""


def _below_threshold(account: Account, scenario: Scenario, currency: str, wanted: list[_Due], today: date) -> bool:
    """The threshold is met by the sum of the items overdue today. It does not hold back a note before the due date."""
    if all(one.item.due >= today for one in wanted):
        return False
    threshold = scenario.threshold_minor.get(currency)
    if threshold is None:
        return scenario.threshold_missing == "skip"
    overdue = sum(
        item.outstanding_minor
        for item in account.live("items")
        if item.currency == currency and item.state == "open" and item.due < today
    )
    return bool(overdue < threshold)


def _charged(looking: _Looking, group: list[_Due]) -> tuple[list[_Due], list[Skip]]:
    """Add what each step demands. An item whose interest cannot be reckoned stays out."""
    kind = looking.account.header.kind
    charged: list[_Due] = []
    skipped: list[Skip] = []
    for one in group:
        try:
            found = charges_of_step(one.item, one.next.step, looking.policy, kind, looking.today)
        except RateUnknown:
            skipped.append(Skip(INTEREST_RATE_MISSING, one.item.key))
            continue
        room = MAX_CHARGES - len(one.item.charges)
        charged.append(replace(one, charges=after_payments(one.item, found) if len(found) <= room else ()))
    return charged, skipped


def _approved(
    looking: _Looking, currency: str, group: list[_Due]
) -> tuple[list[_Due], tuple[str, ...], bool, list[Skip]]:
    """Return what of the group goes out with which approvals, or (True) is proposed, and what waits for a person.

    What an open proposal is about waits with it. An approved item goes out with those that need none; what needs one
    and has none waits for its own proposal.
    """
    account, today = looking.account, looking.today
    total_minor = sum(one.total_minor for one in group)
    free: list[_Due] = []
    asking: list[_Due] = []
    waiting: list[_Due] = []
    used: dict[str, None] = {}
    for one in group:
        step, key = one.next.step, approved_for(account, one.part, today)
        needs = asks(step, currency, total_minor)
        discarded = needs and discarded_on(account, step.name, currency) == today
        if key:
            used[key] = None
            free.append(one)
        elif discarded or is_waiting(account, one.part, currency, looking.number_of(one.item), needs):
            waiting.append(one)
        else:
            (asking if needs else free).append(one)
    if used:
        waiting += asking
        asking = []
    skipped = [Skip(AWAITING_APPROVAL, one.item.key) for one in waiting]
    if asking:
        kept_out = {one.item.key for one in waiting}
        return [one for one in group if one.item.key not in kept_out], (), True, skipped
    return free, tuple(used), False, skipped


def _proposal(looking: _Looking, currency: str, channel: str, group: list[_Due]) -> tuple[list[ev.Event], list[Skip]]:
    closed = closed_to_proposals(looking.account, looking.policy, looking.around)
    if closed:
        return [], [Skip(gate) for gate in closed]
    parts = tuple(one.part for one in group)
    total_minor = sum(one.total_minor for one in group)
    intent = intent_of(looking.account.id, currency, channel, parts)
    return propose(
        looking.account, looking.policy, looking.scenario, channel, currency, parts, total_minor, intent, looking.today
    ), []


def _claim(
    looking: _Looking, currency: str, channel: str, group: list[_Due], used: tuple[str, ...]
) -> tuple[list[ev.Event], list[Skip]]:
    account, around = looking.account, looking.around
    highest = _highest(group)
    is_overdue = any(one.item.due < looking.today for one in group)
    reached = reach(account, looking.policy, channel, highest.level, is_overdue)
    companions = _companions(looking, group, reached.channel)
    channels = [reached.channel or channel, *(other.channel for _, other in companions)]
    closed = dict.fromkeys(gate for one in channels for gate in closed_gates(account, looking.policy, around, one))
    if not reached.channel:
        closed["address_refused"] = None
        return _unreachable(looking), [Skip(gate) for gate in closed]
    if closed:  # of all channels: they go out at the same time
        return [], [Skip(gate) for gate in closed]
    parts = tuple(one.part for one in group)
    intent = intent_of(account.id, currency, reached.channel, parts)
    if intent in account.header.retired:
        return [], [Skip("released_too_often")]
    retry_at = account.header.retry_at.get(intent)
    if retry_at is not None and around.now < retry_at:
        return [], [Skip("backing_off")]
    claim = ev.NoticeClaimed(
        notice=attempt_of(intent, account.version + 1),
        intent=intent,
        channel=reached.channel,
        currency=currency,
        level=highest.level,
        step=highest.name,
        items=parts,
        contacts=reached.contacts,
        at=around.now,
        policy=looking.policy.version,
        scenario=looking.scenario.name,
        credits_minor=sum(one.credits_minor for one in group),
        to=to_of(highest),
        approvals=used,
    )
    beside = [event for members, other in companions for event in _companion(looking, claim, members, other)]
    return [*_reserved(claim), claim, *beside, *_called(claim, looking.today)], []


def _unreachable(looking: _Looking) -> list[ev.Event]:
    """No address is left and nothing takes its place: a person looks for one, and is told once. Who closes that task
    without an address is asked again when names and addresses change, or after some days."""
    account = looking.account
    if "task" not in looking.policy.contact.fallback or any(task.kind in TOLD for task in account.live("tasks")):
        return []
    asked = account.header.address_asked_on
    if asked is not None and (looking.today - asked).days < ASK_AGAIN_DAYS:
        return []
    if account.header.provisional:
        return []
    key = f"unreachable-{account.version + 1}"
    return [ev.TaskOpened(key, "no_usable_address", account.header.customer, looking.today, looking.today)]


def _reserved(claim: ev.NoticeClaimed) -> list[ev.Event]:
    """Return the reservations of all but the last part of a large notice's items."""
    keys = [part.item for part in claim.items]
    groups = [keys[start : start + MAX_ITEMS_AT_ONCE] for start in range(0, len(keys), MAX_ITEMS_AT_ONCE)]
    return [ev.ItemsReserved(claim.notice, tuple(group), claim.at) for group in groups[:-1]]


def _companions(looking: _Looking, group: list[_Due], main: str) -> list[tuple[list[_Due], Reach]]:
    """Return the further channels of the steps in a notice that reach somebody, each with the items whose step has it
    and which it has not said yet: the main channel may be tried again after it was refused."""
    found: list[tuple[list[_Due], Reach]] = []
    for channel in CHANNEL_ORDER:
        wanted = [one for one in group if channel in one.next.step.also]
        members = [one for one in wanted if beside_mark(channel, one.part) not in one.item.beside]
        if not members or not is_served(channel) or channel == main:
            continue
        reached = reach(looking.account, looking.policy, channel, _highest(members).level)
        if reached.channel == channel:
            found.append((members, reached))
    return found


def _companion(looking: _Looking, main: ev.NoticeClaimed, members: list[_Due], reached: Reach) -> list[ev.Event]:
    """Claim a further channel: an attempt of its own, which neither marks items nor takes the day's contact."""
    parts = tuple(one.part for one in members)
    highest = _highest(members)
    intent = intent_of(looking.account.id, main.currency, reached.channel, parts)
    claim = replace(
        main,
        notice=attempt_of(intent, looking.account.version + 1),
        intent=intent,
        channel=reached.channel,
        level=highest.level,
        step=highest.name,
        items=parts,
        contacts=reached.contacts,
        credits_minor=sum(one.credits_minor for one in members),
        main=main.notice,
        to="",
        approvals=(),
    )
    return [claim, *_called(claim, looking.today)]


def _called(claim: ev.NoticeClaimed, today: date) -> list[ev.Event]:
    """A call leaves the stack as a person's task: with that it counts as done."""
    if claim.channel != CALL:
        return []
    kind = TASK_KINDS[CALL]
    events: list[ev.Event] = [
        ev.NoticeSent(claim.notice, claim.at, "task"),
        ev.TaskOpened(f"{kind}-{claim.notice}", kind, claim.notice, today, today),
    ]
    return (
        events if claim.main else [*events, *steps_recorded(claim.notice, [part.item for part in claim.items], today)]
    )


def intent_of(account: str, currency: str, channel: str, parts: tuple[ev.NoticeItem, ...]) -> str:
    """Return the hash of what a notice wants to say: customer, currency, channel and its items, episodes, steps."""
    named = sorted(f"{part.item}|{part.episode}|{part.step}|{part.repetition}" for part in parts)
    return hashlib.sha256("\n".join([account, currency, channel, *named]).encode()).hexdigest()[:32]


def attempt_of(intent: str, claim_version: int) -> str:
    """Return the id of one attempt: intent and claim version, 16 bytes in hexadecimal. A version exists once."""
    return hashlib.sha256(f"{intent}|{claim_version}".encode()).hexdigest()[:32]
