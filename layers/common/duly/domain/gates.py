"""Gates: when in doubt, do not chase. Each is one named function; its name is what logs and metrics show.

Account gates are checked on exactly the version that a claim follows. Stack gates come in as ``Surroundings``: they
are read before the agenda and again just before each claim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from duly.domain.account import Account
from duly.domain.calendar import (
    UnknownTimeZone,
    business_days_between,
    contact_open,
    local_date,
)
from duly.domain.channels import ELECTRONIC, EMAIL, NOTICES
from duly.domain.contesting import is_disputed
from duly.domain.entities import Item, concerns
from duly.domain.plans import holds_chase
from duly.domain.policy import Policy, Scenario
from duly.domain.steps import blocked_until

MOST_IN_7_DAYS = 7  # notices to one customer, where the policy names no number


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decision needs to know of the world outside the account.

    ``holidays`` None means that no table exists for the debtor's country. ``closed`` names stack gates that are shut.
    """

    now: datetime
    holidays: frozenset[date] | None
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StackFacts:
    """What the stack gates look at. ``bank_data_until`` is the last day that a closed bank statement covers."""

    now: datetime
    creditor_holidays: frozenset[date] | None = frozenset()
    bank_data_until: date | None = None
    open_statements: int = 0
    inbound_waiting: int = 0
    sending_paused: str = ""
    policy_missing: bool = False


def stack_gates(facts: StackFacts, policy: Policy) -> tuple[str, ...]:
    """Return the names of the stack gates that are closed."""
    checks = {
        "bank_data_stale": _bank_data_stale(facts, policy),
        "statement_open": facts.open_statements > 0,
        "inbound_mail_waiting": facts.inbound_waiting > 0,
        "sending_paused": bool(facts.sending_paused),
        "policy_missing": facts.policy_missing,
    }
    return tuple(name for name, closed in checks.items() if closed)


def _bank_data_stale(facts: StackFacts, policy: Policy) -> bool:
    limit = policy.gates.bank_data_max_age_business_days
    if not limit:
        return False
    if facts.bank_data_until is None or facts.creditor_holidays is None:
        return True
    today = local_date(facts.now, policy.creditor.timezone)
    weekdays = frozenset(range(5))
    return business_days_between(facts.bank_data_until, today, weekdays, facts.creditor_holidays) > limit


# --- account gates
def provisional_customer(account: Account, policy: Policy, around: Surroundings) -> bool:
    """The customer is not in any customer file yet, or its account moved to another."""
    del policy, around
    return account.header.provisional or bool(account.header.merged_into)


def suspense_cash(account: Account, policy: Policy, around: Surroundings) -> bool:
    """Money in suspense could be this customer's."""
    del around
    return policy.gates.suspense_blocks and bool(account.header.suspense)


def unread_reply(account: Account, policy: Policy, around: Surroundings) -> bool:
    """A reply is not understood yet, or waits for a person."""
    del policy, around
    return bool(account.live("replies")) or any(task.kind == "read_reply" for task in account.live("tasks"))


def address_refused(account: Account, policy: Policy, around: Surroundings) -> bool:
    """No address is left that neither bounced nor complained."""
    del policy, around
    return not reachable_contacts(account)


def complaint(account: Account, policy: Policy, around: Surroundings) -> bool:
    """Somebody at the customer marked a notice as spam: a person has to look first."""
    del policy, around
    return any(task.kind == "complaint" for task in account.live("tasks"))


def holiday_table_missing(account: Account, policy: Policy, around: Surroundings) -> bool:
    """The policy spares public holidays, and none are known for the debtor's country."""
    del account
    return policy.contact.holidays and around.holidays is None


def contact_window(account: Account, policy: Policy, around: Surroundings) -> bool:
    """Outside the debtor's local contact hours or days, or in a time zone nobody knows."""
    contact = policy.contact
    try:
        return not contact_open(
            around.now,
            account.header.timezone,
            (contact.window_start_minute, contact.window_end_minute),
            contact.days,
            (around.holidays or frozenset()) if contact.holidays else frozenset(),
        )
    except UnknownTimeZone:
        return True


def minimum_gap(account: Account, policy: Policy, around: Surroundings) -> bool:
    """Too soon after the last notice to this customer."""
    earliest = gap_ends(account, policy)
    return earliest is not None and local_date(around.now, account.header.timezone) < earliest


def weekly_cap(account: Account, policy: Policy, around: Surroundings) -> bool:
    """As many notices within 7 days as the policy allows (none names more than 7)."""
    cap = policy.contact.max_per_7_days or MOST_IN_7_DAYS
    since = around.now - timedelta(days=7)
    return sum(since < time for time in account.header.contacts_made.values()) >= cap


Gate = Callable[[Account, Policy, Surroundings], bool]
ACCOUNT_GATES: tuple[Gate, ...] = (
    provisional_customer,
    suspense_cash,
    unread_reply,
    complaint,
    address_refused,
    holiday_table_missing,
    contact_window,
    minimum_gap,
    weekly_cap,
)
_OF_MESSAGES = frozenset({address_refused, holiday_table_missing, contact_window, weekly_cap})  # e-mail and SMS
_OF_TIME = frozenset({holiday_table_missing, contact_window, minimum_gap, weekly_cap})  # pass by themselves


def closed_gates(account: Account, policy: Policy, around: Surroundings, channel: str = EMAIL) -> tuple[str, ...]:
    """Return the names of all closed gates, those of the stack first. The later gates need a valid time zone, so an
    unknown one is reported by ``contact_window`` alone.

    The time of day, the cap and a usable address concern what reaches the debtor at once (e-mail, SMS); the minimum
    gap all notices, letters too. A call or hand-over is checked by all others.
    """
    closed = list(around.closed)
    for gate in ACCOUNT_GATES:
        if channel not in ELECTRONIC and gate in _OF_MESSAGES:
            continue
        if channel not in NOTICES and gate is minimum_gap:
            continue
        if gate(account, policy, around):
            closed.append(gate.__name__)
            if gate is contact_window:
                break
    return tuple(closed)


def closed_to_proposals(account: Account, policy: Policy, around: Surroundings) -> tuple[str, ...]:
    """Return the names of the closed gates that keep a notice from being proposed to a person: all but those that time
    opens, which are looked at again when it is sent."""
    gates = [gate for gate in ACCOUNT_GATES if gate not in _OF_TIME and gate is not address_refused]
    return (*around.closed, *(gate.__name__ for gate in gates if gate(account, policy, around)))


def gap_ends(account: Account, policy: Policy) -> date | None:
    """Return the first local day on which the minimum gap allows another notice, or None before the first notice."""
    if not account.header.contacts_made:
        return None
    scenario = policy.scenario_for(account.header.scenario, account.header.category)
    last = local_date(max(account.header.contacts_made.values()), account.header.timezone)
    gap = timedelta(days=policy.min_gap_days_for(scenario))
    return last + gap + (timedelta(days=1) if scenario.gap_boundary == "after" and gap else timedelta())


def reachable_contacts(account: Account) -> list[dict[str, str]]:
    """Return the contacts with an address that is not suppressed, as the personal item holds them."""
    return [
        contact
        for contact in account.personal.get("contacts", [])
        if contact.get("email") and contact["id"] not in account.header.suppressed
    ]


# --- gates of one item
ItemGate = Callable[[Account, Item, Scenario, date], bool]


def settled(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """Nothing of it is owed any more."""
    del account, scenario, today
    return item.state != "open"


def in_flight(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """A notice about it is on its way, or nobody knows yet what became of one."""
    del account, scenario, today
    return bool(item.notice)


def disputed(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """The customer disputes it: all of it, or all that is still open of it."""
    del scenario, today
    return is_disputed(account, item)


def promised(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """The customer promised to pay it, and the day with its grace is not over."""
    del scenario, today
    return any(concerns(promise.items, item) and holds_chase(account, promise) for promise in account.live("promises"))


def in_plan(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """It is paid in the instalments of a payment plan, none of which was missed."""
    del scenario, today
    return any(concerns(plan.items, item) for plan in account.live("plans"))


def customer_approval(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """It waits for a release at the customer, until the day of the next look."""
    return _is_held(account, item, scenario, today, "customer_approval")


def held(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """A person holds it, or the whole account, until a day."""
    return _is_held(account, item, scenario, today, "hold")


def _is_held(account: Account, item: Item, scenario: Scenario, today: date, kind: str) -> bool:
    return any(
        hold.kind == kind
        and (not hold.items or concerns(hold.items, item))
        and today < blocked_until(hold.until, scenario.hold_last_day)
        for hold in account.live("holds")
    )


def handed_over(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """An agency, lawyer or insurer has it."""
    del scenario, today
    return any(concerns(handover.items, item) for handover in account.live("handovers"))


def direct_debit_pending(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """The creditor takes this money itself, by direct debit or from a card: nobody is asked for it until it came back
    (a returned payment, or a person's word). That nothing was collected is a task for a person, not the customer's
    fault."""
    del account, scenario, today
    return item.awaits_collection


def below_tolerance(account: Account, item: Item, scenario: Scenario, today: date) -> bool:
    """So little is open that nobody is asked for it."""
    del account, today
    return item.chased_minor < scenario.tolerance_minor.get(item.currency, 1)


ITEM_GATES: tuple[ItemGate, ...] = (
    settled,
    in_flight,
    disputed,
    promised,
    in_plan,
    customer_approval,
    held,
    handed_over,
    direct_debit_pending,
    below_tolerance,
)

# Reasons why an item stays out of one notice, found while that is drawn up.
COVERED_BY_CREDIT = "covered_by_credit"  # unapplied money or a credit note covers all of it
BELOW_THRESHOLD = "below_threshold"  # too little is overdue in its currency
MAX_NOTICES = "max_notices"  # the customer got as many notices in the currency as the scenario allows
AWAITING_APPROVAL = "awaiting_approval"  # its step waits for a person, or was discarded today
INTEREST_RATE_MISSING = "interest_rate_missing"  # its step wants interest, and a rate for it is not known
NOTICE_GATES = (COVERED_BY_CREDIT, BELOW_THRESHOLD, MAX_NOTICES, AWAITING_APPROVAL, INTEREST_RATE_MISSING)


def item_gate(account: Account, item: Item, scenario: Scenario, today: date) -> str:
    """Return the name of the first gate that keeps this item out of a notice, or an empty string."""
    return next((gate.__name__ for gate in ITEM_GATES if gate(account, item, scenario, today)), "")
