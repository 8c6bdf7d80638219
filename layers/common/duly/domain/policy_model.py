"""The credit policy as frozen data: what a business decides about credit and collection.

Amounts are integer minor units in tables by ISO currency, scores are permille, times of day are minutes since midnight.
Policies are made by ``duly.domain.policy.parse_policy`` alone, which checks every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from duly.domain.legal_model import Series, Table

AmountTable = Mapping[str, int]

STANDARD_SCENARIO = "standard"


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who is owed the money. ``country`` is ISO 3166 alpha-2, ``language`` ISO 639-1, ``timezone`` an IANA name.

    ``payment_link`` is an https address with the placeholders {reference} and {amount}, or empty.
    """

    name: str
    country: str
    timezone: str
    language: str
    currency: str
    address: tuple[str, ...] = ()
    email: str = ""
    iban: str = ""
    bic: str = ""
    legal_name_line: str = ""
    vat_id: str = ""
    contact_name: str = ""
    phone: str = ""
    payment_link: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Days from issue to due date when an invoice states none, and days after it before anything overdue is said.

    An invoice issued more than ``issue_within_days`` after delivery is flagged (0: none is).
    """

    default_days: int
    earliest_chase_days: int
    issue_within_days: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """One risk category: every score up to ``max_score_permille`` that no category before it takes."""

    name: str
    max_score_permille: int
    terms_days: int
    limit_minor: AmountTable
    scenario: str
    security: str = ""
    review_days: int | None = None


@dataclass(frozen=True, slots=True)
class CreditHold:
    """When new orders are refused. Zero days or promises switch that reason off."""

    over_limit: bool
    overdue_days: int
    broken_promises: int


@dataclass(frozen=True, slots=True)
class Risk:
    """Categories in order of rising score, the credit hold, how often accounts are scored again, how long an order
    counts, and by how many per cent a sale may pass the limit so that a person is asked at all."""

    review_days: int
    order_days: int
    refer_over_percent: int
    categories: tuple[Category, ...]
    hold: CreditHold


@dataclass(frozen=True, slots=True)
class Cash:
    """How money received is spread over what is owed, and which differences need no person."""

    allocation: tuple[str, ...]
    debt_order: tuple[str, ...]
    tolerance_minor: AmountTable
    tolerance_percent: Decimal
    bank_fee_tolerance_minor: AmountTable
    auto_confirm_permille: int
    overpayment: str


@dataclass(frozen=True, slots=True)
class Gates:
    """Doubts that stop the chase, where zero days switch one off, and how long a proposed notice waits for a person."""

    bank_data_max_age_business_days: int
    suspense_blocks: bool
    unread_reply_hold_days: int
    approval_days: int
    paid_hold_days: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """When a debtor may be written to, in the debtor's own time zone, and how often.

    ``days`` holds weekday numbers (Monday is 0); ``holidays`` true keeps public holidays free of notices.
    ``min_gap_days`` are calendar days between two notices to one customer; ``max_per_7_days`` zero means seven.
    ``fallback`` names what takes the place of an address that is missing or refused, ``escalation`` the roles that get
    a copy from a level on.
    """

    window_start_minute: int
    window_end_minute: int
    days: frozenset[int]
    holidays: bool
    min_gap_days: int
    max_per_7_days: int
    fallback: tuple[str, ...]
    escalation: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Charges:
    """Late-payment interest and fixed sums: which legal regime, how they are reckoned, and rates and tables of one's
    own beside the shipped ones."""

    regime: str
    kind: str
    interest: bool
    recovery_indemnity: bool
    rounding: str
    rate_percent: Decimal | None = None
    rates: tuple[Series, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Promises:
    """How far ahead a debtor may promise, and how many days after the date count as kept."""

    max_days: int
    grace_days: int
    needs_partial_payment: bool


@dataclass(frozen=True, slots=True)
class Disputes:
    """Who answers a dispute (by reason code; ``default`` is always there), until when, and how the chase goes on."""

    deadline_days: int
    owners: Mapping[str, str]
    chase_undisputed_part: bool
    resume: str = "next_step"

    def owner_for(self, reason: str) -> str:
        """The owner of a dispute with this reason code; the default owner for a reason without one."""
        return self.owners[self.owner_key(reason)]

    def owner_key(self, reason: str) -> str:
        """The key under which the policy names that owner: what an event may hold, since an address is personal."""
        return reason if reason in self.owners else "default"


@dataclass(frozen=True, slots=True)
class Statements:
    """Statements of account of a month, written once it is over: from which day of the next month on, and for whom."""

    monthly: bool
    day: int
    without_open_items: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scenario. ``index`` is its place in the file; ``level`` a number of the policy, never decreasing.

    ``days`` count from ``basis`` (negative before it). ``approve`` true asks a person always, ``approve_above_minor``
    above an amount. Two steps may share a level.
    """

    index: int
    level: int
    name: str
    basis: str = "due"
    days: int = 0
    boundary: str = "on_or_after"
    channel: str = "email"
    template: str = ""
    fee_minor: AmountTable = field(default_factory=dict)
    fee_percent: Decimal = Decimal(0)
    approve: bool = False
    approve_above_minor: AmountTable = field(default_factory=dict)
    minimum_minor: AmountTable = field(default_factory=dict)
    min_items: int = 0
    min_total_minor: AmountTable = field(default_factory=dict)
    final: bool = False
    interest: bool = False
    attach: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A chain of steps and the rules that hold for all of them. Without steps nobody is chased."""

    name: str
    stepwise: bool = True
    catch_up_spacing: bool = True
    threshold_minor: AmountTable = field(default_factory=dict)
    threshold_missing: str = "chase"
    per: str = "customer"
    min_gap_days: int | None = None
    gap_boundary: str = "on_or_after"
    max_notices: int | None = None
    tolerance_minor: AmountTable = field(default_factory=dict)
    hold_last_day: str = "blocks"
    on_anchor_paid: str = "continue"
    repeat_days: int = 0
    steps: tuple[Step, ...] = ()

    @property
    def levels(self) -> tuple[int, ...]:
        """The different levels of this scenario, rising."""
        return tuple(sorted({step.level for step in self.steps}))


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a credit policy. ``version`` is the first 16 hex digits of the SHA-256 of its text.

    ``defaults_version`` says the same of the shipped defaults that filled it up, or ``bare``. ``warnings`` name keys
    that are accepted but not applied yet, or that can hardly be meant so.
    """

    name: str
    version: str
    defaults_version: str
    creditor: Creditor
    terms: Terms
    risk: Risk
    cash: Cash
    gates: Gates
    contact: Contact
    charges: Charges
    promises: Promises
    disputes: Disputes
    statements: Statements
    scenarios: Mapping[str, Scenario]
    warnings: tuple[str, ...] = ()

    def category(self, name: str) -> Category | None:
        """The risk category of this name, or None when the policy has none."""
        return next((category for category in self.risk.categories if category.name == name), None)

    def knows_scenario(self, name: str) -> bool:
        """Whether a customer file may name this scenario; an empty name means the category's or the standard one."""
        return not name or name in self.scenarios

    def scenario_for(self, customer_scenario: str, category: str = "") -> Scenario:
        """The scenario of a customer: the one it names, else its category's, else ``standard``.

        A name that the policy does not know gives a scenario without steps: when in doubt, nobody is chased.
        """
        found = self.category(category)
        name = customer_scenario or (found.scenario if found else "") or STANDARD_SCENARIO
        return self.scenarios.get(name) or Scenario(name=name)

    def step_named(self, scenario: str, name: str) -> Step | None:
        """The step of a scenario by its name, which is unique there; None when the policy has it no more."""
        found = self.scenarios.get(scenario)
        return next((step for step in (found.steps if found else ()) if step.name == name), None)

    def min_gap_days_for(self, scenario: Scenario) -> int:
        """Calendar days between two notices to a customer: the scenario's own, else the policy's."""
        return self.contact.min_gap_days if scenario.min_gap_days is None else scenario.min_gap_days
