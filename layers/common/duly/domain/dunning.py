"""The chase: what an account's scenario asks today, gates first. Pure: account, policy, surroundings in, data out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calendar import local_date
from duly.domain.cash import available_minor
from duly.domain.entities import Item
from duly.domain.gates import Surroundings, closed_gates, item_gate, reachable_contacts
from duly.domain.policy import Policy, Scenario
from duly.domain.steps import NextStep, next_step

MAX_ITEMS_AT_ONCE = 80  # items that one transaction can mark; a larger notice is reserved in parts
MAX_NOTICE_ITEMS = 400  # items in one notice; the rest follows in the next one
MANAGEMENT_LEVEL = 3  # from here on the customer's management gets a copy


@dataclass(frozen=True, slots=True)
class Skip:
    """Why nothing is said about an item (or, without an item, to the account) today."""

    gate: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Chase:
    """What is due today: at most one claim (with its reservations before it), and what was passed over and why."""

    events: tuple[ev.Event, ...] = ()
    skipped: tuple[Skip, ...] = ()

    @property
    def claim(self) -> ev.NoticeClaimed | None:
        return next((event for event in self.events if isinstance(event, ev.NoticeClaimed)), None)


@dataclass(frozen=True, slots=True)
class _Due:
    item: Item
    next: NextStep
    repetition: int


def decide_chase(account: Account, policy: Policy, around: Surroundings) -> Chase:
    """Return the notice that is due now, if any: one customer, one currency, every item whose step has come.

    Currencies are looked at in alphabetical order; after a notice in one the minimum gap holds back the others.
    """
    if account.header.merged_into or not account.header.timezone:
        return Chase(skipped=(Skip("provisional_customer"),))
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    due, skipped = _due_items(account, policy, scenario, around)
    if not due:
        return Chase(skipped=tuple(skipped))
    closed = closed_gates(account, policy, around)
    if closed:
        return Chase(skipped=(*skipped, *(Skip(gate) for gate in closed)))
    for currency in sorted({one.item.currency for one in due}):
        wanted = [one for one in due if one.item.currency == currency]
        events, more = _claim(account, policy, scenario, around, currency, wanted)
        skipped += more
        if events:
            return Chase(tuple(events), tuple(skipped))
    return Chase(skipped=tuple(skipped))


def _due_items(
    account: Account, policy: Policy, scenario: Scenario, around: Surroundings
) -> tuple[list[_Due], list[Skip]]:
    due: list[_Due] = []
    skipped: list[Skip] = []
    try:
        today = local_date(around.now, account.header.timezone)
    except ValueError:
        return [], [Skip("contact_window")]
    for item in account.live("items"):
        found = next_step(item, scenario, policy, today) if item.outstanding_minor else None
        if found is None or found.day > today:  # a notice asks for principal: charges alone are no reason for one
            continue
        gate = item_gate(account, item, scenario, today)
        if gate:
            skipped.append(Skip(gate, item.key))
        else:
            due.append(_Due(item, found, 0))
    return due, skipped


def _claim(
    account: Account, policy: Policy, scenario: Scenario, around: Surroundings, currency: str, due: list[_Due]
) -> tuple[list[ev.Event], list[Skip]]:
    """Return the claim of one currency's items, or why there is none."""
    wanted, credits_minor, skipped = _set_off(account, currency, due)
    total = sum(one.item.outstanding_minor for one in wanted) - credits_minor
    if not wanted or total <= 0:
        return [], skipped
    today = local_date(around.now, account.header.timezone)
    if _below_threshold(account, scenario, currency, wanted, today):
        return [], [*skipped, *(Skip("below_threshold", one.item.key) for one in wanted)]
    parts = tuple(
        ev.NoticeItem(
            one.item.key,
            one.item.episode,
            one.next.step.name,
            one.next.step.level,
            one.repetition,
            one.item.outstanding_minor,
        )
        for one in wanted[:MAX_NOTICE_ITEMS]
    )
    intent = intent_of(account.id, currency, "email", parts)
    if intent in account.header.retired:
        return [], [*skipped, Skip("released_too_often")]
    retry_at = account.header.retry_at.get(intent)
    if retry_at is not None and around.now < retry_at:
        return [], [*skipped, Skip("backing_off")]
    return _claim_events(account, policy, scenario, around, currency, parts, intent, credits_minor), skipped


def _claim_events(
    account: Account,
    policy: Policy,
    scenario: Scenario,
    around: Surroundings,
    currency: str,
    parts: tuple[ev.NoticeItem, ...],
    intent: str,
    credits_minor: int,
) -> list[ev.Event]:
    highest = max(parts, key=lambda part: part.level)
    notice = attempt_of(intent, account.version + 1)
    groups = [parts[start : start + MAX_ITEMS_AT_ONCE] for start in range(0, len(parts), MAX_ITEMS_AT_ONCE)]
    events: list[ev.Event] = [
        ev.ItemsReserved(notice, tuple(part.item for part in group), around.now) for group in groups[:-1]
    ]
    claim = ev.NoticeClaimed(
        notice=notice,
        intent=intent,
        channel="email",
        currency=currency,
        level=highest.level,
        step=highest.step,
        items=parts,
        contacts=tuple(contact["id"] for contact in recipients(account, highest.level)),
        at=around.now,
        policy=policy.version,
        scenario=scenario.name,
        credits_minor=credits_minor,
    )
    return [*events, claim]


def _set_off(account: Account, currency: str, due: list[_Due]) -> tuple[list[_Due], int, list[Skip]]:
    """Unapplied money and credits cover the oldest items first: what they cover whole is not chased, what they cover
    in part is named with the credit beside it. Nothing is left then for younger items, which may not even be due."""
    credit = available_minor(account, currency)
    credits_minor = 0
    wanted: list[_Due] = []
    skipped: list[Skip] = []
    by_key = {one.item.key: one for one in due}
    open_items = [item for item in account.live("items") if item.currency == currency and item.state == "open"]
    for item in sorted(open_items, key=lambda one: (one.due, one.key)):
        covered = credit >= item.outstanding_minor
        if covered:
            credit -= item.outstanding_minor
        if item.key not in by_key:
            continue
        if covered:
            skipped.append(Skip("covered_by_credit", item.key))
        else:
            wanted.append(by_key[item.key])
            credits_minor, credit = credits_minor + credit, 0
    return wanted, credits_minor, skipped


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


def recipients(account: Account, level: int) -> list[dict[str, str]]:
    """Return the contacts a notice of this level goes to: dunning contacts, else billing, else any but dispute and
    management; from the formal notice on the management as well."""
    found = reachable_contacts(account)
    by_role = {role: [contact for contact in found if contact.get("role") == role] for role in ("dunning", "billing")}
    others = [contact for contact in found if contact.get("role") not in ("dispute", "management")]
    chosen = by_role["dunning"] or by_role["billing"] or others or found
    if level >= MANAGEMENT_LEVEL:
        chosen = chosen + [one for one in found if one.get("role") == "management" and one not in chosen]
    return chosen


def intent_of(account: str, currency: str, channel: str, parts: tuple[ev.NoticeItem, ...]) -> str:
    """Return the hash of what a notice wants to say: customer, currency, channel and its items, episodes, steps."""
    named = sorted(f"{part.item}|{part.episode}|{part.step}|{part.repetition}" for part in parts)
    return hashlib.sha256("\n".join([account, currency, channel, *named]).encode()).hexdigest()[:32]


def attempt_of(intent: str, claim_version: int) -> str:
    """Return the id of one attempt: intent and claim version, 16 bytes in hexadecimal. A version exists once."""
    return hashlib.sha256(f"{intent}|{claim_version}".encode()).hexdigest()[:32]
