"""What an account consists of: immutable records with what can be read from one of them alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from duly.domain import credit_state
from duly.domain import events as ev
from duly.domain.cash_discount import CashDiscount
from duly.domain.credit_state import CategoryFrom, Cover, Order, Override
from duly.domain.debt_order import COMMON
from duly.domain.payment_history import PaidMonth

Day = date  # the type, where a field is called date

MAX_INSTALMENTS = 24  # items that one invoice may become: all of them may change in one transaction of 100 items
CHARGE_KINDS = COMMON[:2]  # what may be owed for an invoice beside its amount: costs and interest
#: What settles (a part of) one item although no money came for it. It pays last, and only that item.
ADJUSTMENTS = ("write_off", "tolerance", "discount", "bank_fee", "deduction")
GRANTED = ("tolerance", "discount")  # adjustments that the policy grants, unasked
COLLECTED = frozenset({"direct_debit", "card"})  # means of payment by which the creditor takes the money itself


class AccountError(Exception):
    """An event that does not fit the account's state: a bug of the caller, never bad input."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of the scenario that this item went through in its present episode."""

    step: str
    level: int
    on: date
    notice: str
    repetition: int = 0
    anchor: str = ""  # the oldest item at that time, for a step that counts from it


def rank_of(at: datetime | None, line: int) -> str:
    """Return the arrival of a statement (its upload's moment, then its line) as a text that sorts by it."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds") if at else ""
    return f"{moment}|{line:09d}"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Who or what last said that an invoice number is not owed: a row of an upload, or a person (``by``)."""

    at: datetime | None
    line: int
    reason: str
    by: str = ""

    @property
    def rank(self) -> str:
        return rank_of(self.at, self.line)


@dataclass(frozen=True, slots=True)
class Item:
    """An open (or settled) invoice. All amounts in minor units of ``currency``.

    It holds the content stated last (``rank``), and what must be known to decide on a statement that comes later,
    whichever arrived first. An invoice payable in instalments keeps its content under its number (state ``split``)
    and is owed through the items ``number#1``, ``number#2``..., which follow it.
    """

    key: str
    number: str
    issued: date
    due: date
    due_source: str
    amount_minor: int
    currency: str
    upload: str
    line: int
    order: str = ""
    terms: str = ""
    reference: str = ""
    state: str = "open"  # open | paid | cancelled | split | transferred
    allocations: dict[str, int] = field(default_factory=dict)  # of the amount: cash -> what it pays
    named_by: tuple[str, ...] = ()  # cash whose text names this item, whether or not it pays it now
    settled_on: date | None = None
    episode: int = 1
    steps: tuple[StepDone, ...] = ()
    notice: str = ""  # a notice in flight that names this item
    into: str = ""
    disputed: bool = False  # it was disputed while it was open, which the score's history keeps
    means: str = ""  # how the money is to come: transfer, direct_debit, card...
    discounts: tuple[CashDiscount, ...] = ()
    delivered: date | None = None
    flags: tuple[str, ...] = ()
    instalments: tuple[tuple[date, int], ...] = ()  # due days with amounts, as stated
    instalment: int = 0  # of an instalment: which one, of how many
    instalment_count: int = 0
    parts: int = 0  # instalment items that were ever made of this invoice
    is_void: bool = False  # an instalment that the invoice no longer has
    stated_at: datetime | None = None  # when the upload arrived that last stated this content
    stated_line: int = 0  # its line, when that is another than ``line``
    described: dict[str, str] = field(default_factory=dict)  # field -> rank, when it was stated by another row
    other_due: ev.StatedDue | None = None  # a due date stated last, but for another issue date
    earlier: tuple[ev.Statement, ...] = ()  # rows that were applied before, and cancellations
    is_stated: bool = True  # False: only its cancellation or its replacement is known so far
    cancelled: Cancellation | None = None
    replaces: str = ""
    replaced_by: tuple[str, ...] = ()
    returned: bool = False  # its direct debit or card payment came back
    debit_missing: bool = False  # a person was told that nothing was collected, since it is open
    debits_missed: int = 0  # how often a person was told
    charges: tuple[ev.Charge, ...] = ()  # what was demanded beside the amount
    charges_paid: dict[str, dict[str, int]] = field(default_factory=dict)  # kind -> cash -> what it pays of them
    adjustments: tuple[str, ...] = ()  # write-offs and other adjustments that name this item
    adjusted: dict[str, int] = field(default_factory=dict)  # kind of adjustment -> what of the allocations is that
    paid_on: dict[str, date] = field(default_factory=dict)  # cash that pays of the amount -> its value date
    beside: tuple[str, ...] = ()  # "channel|episode|step|repetition" claimed beside a step that is not done yet
    moved_to: int | None = None  # a person moved it to this level, and no step was done since
    moved_on: date | None = None
    hastened_on: date | None = None  # a promise or plan was broken: its next step is due from then on
    contested_minor: int = 0  # what live disputes contest of it, when they leave a rest that is chased

    @property
    def rank(self) -> str:
        """When the present content was stated last."""
        return rank_of(self.stated_at, self.stated_line or self.line)

    @property
    def is_split(self) -> bool:
        """Owed in instalments: several, and together exactly what is payable."""
        amounts = [amount for _, amount in self.instalments]
        return 2 <= len(amounts) <= MAX_INSTALMENTS and sum(amounts) == self.amount_minor and min(amounts) > 0

    @property
    def is_cancelled(self) -> bool:
        """Not owed: replaced by a corrected invoice, or cancelled after it was stated last."""
        if self.is_void or self.replaced_by:
            return True
        return self.cancelled is not None and (not self.is_stated or self.cancelled.rank > self.rank)

    @property
    def owed_minor(self) -> int:
        """What the customer owes (or owed) under this key, in minor units."""
        return self.amount_minor if self.state in ("open", "paid") else 0

    @property
    def title(self) -> str:
        """The number as people read it, with the instalment when there are several."""
        return f"{self.number} ({self.instalment}/{self.instalment_count})" if self.instalment else self.number

    @property
    def outstanding_minor(self) -> int:
        """What is still open of the amount (the principal), in minor units."""
        return self.amount_minor - sum(self.allocations.values())

    @property
    def chased_minor(self) -> int:
        """What of the open principal may be asked for: all but what is contested, in minor units."""
        return max(0, self.outstanding_minor - self.contested_minor)

    @property
    def open_charges_minor(self) -> dict[str, int]:
        """What is still open of costs and interest, by kind, in minor units; empty for an invoice that is not owed."""
        if self.is_cancelled or not self.is_stated or self.state == "transferred":
            return {}
        found: dict[str, int] = {}
        for charge in self.charges:
            found[charge.kind] = found.get(charge.kind, 0) + charge.owed_minor
        for kind, paid in self.charges_paid.items():
            found[kind] = found.get(kind, 0) - sum(paid.values())
        return {kind: minor for kind, minor in found.items() if minor}

    @property
    def due_minor(self) -> int:
        """All that is still open: the principal with costs and interest, in minor units."""
        return self.outstanding_minor + sum(self.open_charges_minor.values())

    @property
    def paid_off_minor(self) -> int:
        """What of the amount was really paid or credited when it is settled: all but what was written off."""
        return self.amount_minor - self.adjusted.get("write_off", 0)

    @property
    def payers(self) -> set[str]:
        """The cash that pays anything of it."""
        return {*self.allocations, *(cash for paid in self.charges_paid.values() for cash in paid)}

    @property
    def level(self) -> int:
        """The highest level reached in this episode; -1 before the first step."""
        return max((step.level for step in self.steps), default=-1)

    @property
    def awaits_collection(self) -> bool:
        """The creditor takes this money itself, by direct debit or from a card, and it did not come back."""
        return self.means in COLLECTED and not self.returned

    def is_overdue_on(self, day: date) -> bool:
        """Whether the customer is late with it on a day, which it is not with what the creditor is to collect."""
        return self.state == "open" and self.due < day and not self.awaits_collection

    @property
    def is_live(self) -> bool:
        """Open, or named by a notice whose outcome still has to be written to it."""
        return self.state == "open" or self.notice != ""


@dataclass(frozen=True, slots=True)
class Cash:
    """A payment, credit note or adjustment on the account: what it names and what it pays.

    ``kind`` is payment, credit_note, exchange (money that was changed from another currency), or one of
    ``ADJUSTMENTS``: what an adjustment does not use is no money, and never unapplied.
    """

    key: str
    kind: str
    amount_minor: int
    currency: str
    value_date: date
    names: tuple[str, ...] = ()
    upload: str = ""
    line: int = 0
    allocations: dict[str, int] = field(default_factory=dict)
    state: str = "open"  # open | used | withdrawn
    decision: int = 0  # the last decision on where it belongs that was carried out here
    stated_at: datetime | None = None  # a credit note: as of an item
    stated_line: int = 0
    named_at: str = ""  # rank of the row that said which invoice it credits, when that is another
    earlier: tuple[ev.Statement, ...] = ()
    caps: dict[str, int] = field(default_factory=dict)  # item -> most of this money that it gets
    charges: dict[str, dict[str, int]] = field(default_factory=dict)  # kind -> item -> what this pays of its charges
    spent: dict[str, int] = field(default_factory=dict)  # refund or exchange -> what went there
    reason: str = ""  # an adjustment by a person: why
    by: str = ""
    on_amount_minor: int = 0  # an adjustment that was granted: the invoice's amount then
    refund_asked_minor: int = 0  # what of it a person was last asked to refund
    source: str = ""  # an exchange: the money that it was
    rate: str = ""
    in_order: bool = False  # names nothing: a person put it on the account, so it pays by the policy's order

    @property
    def rank(self) -> str:
        """When a credit note's present content was stated last."""
        return rank_of(self.stated_at, self.stated_line or self.line)

    @property
    def is_adjustment(self) -> bool:
        return self.kind in ADJUSTMENTS

    @property
    def is_money(self) -> bool:
        """Whether the customer paid it (neither a credit note nor an adjustment)."""
        return self.kind in ("payment", "exchange")

    @property
    def is_unnamed(self) -> bool:
        """Money on the account that names no item: the account says what it pays."""
        return not self.names and not self.is_adjustment and self.state != "withdrawn"

    @property
    def allocated_minor(self) -> int:
        """What it pays of principal and charges."""
        charges = sum(amount for paid in self.charges.values() for amount in paid.values())
        return sum(self.allocations.values()) + charges

    @property
    def pays(self) -> set[str]:
        """The items of which it pays anything."""
        return {*self.allocations, *(item for paid in self.charges.values() for item in paid)}

    @property
    def unallocated_minor(self) -> int:
        """What of the money is left: it pays nothing, and did not go elsewhere."""
        if self.state == "withdrawn" or self.is_adjustment:
            return 0
        return self.amount_minor - self.allocated_minor - sum(self.spent.values())

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Dispute:
    key: str
    items: tuple[str, ...]
    reason: str
    owner: str
    opened: date
    deadline: date
    reply: str = ""
    state: str = "open"  # open | accepted | partly | rejected | withdrawn
    resolved_on: date | None = None
    by: str = ""
    overdue: bool = False  # the deadline passed and a person got the task, whatever became of that
    contested: dict[str, int] = field(default_factory=dict)  # item -> what of it rests; of others, all of it

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Promise:
    key: str
    items: tuple[str, ...]
    date: Day
    until: Day
    made: Day
    currency: str = ""
    amount_minor: int = 0
    reply: str = ""
    open_at_start_minor: int = 0
    charges_paid_minor: int = 0  # what was paid of costs and interest since
    needs_payment: bool = False  # it holds the chase back only from a first payment on
    state: str = "open"  # open | kept | partly_kept | broken | cancelled
    settled_on: Day | None = None

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Plan:
    """A payment plan: items that are paid in instalments (due day, minor units)."""

    key: str
    items: tuple[str, ...]
    instalments: tuple[tuple[Day, int], ...]
    currency: str
    made: Day
    grace_days: int = 0
    by: str = ""
    reply: str = ""
    open_at_start_minor: int = 0
    charges_paid_minor: int = 0  # what was paid of costs and interest since
    state: str = "open"  # open | kept | broken | cancelled
    settled_on: Day | None = None

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Approval:
    """A notice that waits for a person: what it would say, and what the person said."""

    key: str
    channel: str
    currency: str
    level: int
    step: str
    items: tuple[ev.NoticeItem, ...]
    total_minor: int
    on: Day
    until: Day  # asked: answer by then; approved: to be used by then
    policy: str = ""
    scenario: str = ""
    by: str = ""
    state: str = "asked"  # asked | approved | discarded | expired | used

    @property
    def is_live(self) -> bool:
        return self.state in ("asked", "approved")


@dataclass(frozen=True, slots=True)
class Handover:
    """Items that were handed over to an agency, lawyer or insurer: Duly does not chase them meanwhile."""

    key: str  # the notice that did it
    items: tuple[str, ...]
    to: str
    on: Day
    currency: str
    amount_minor: int
    state: str = "open"  # open | collected | returned | uncollectable
    ended_on: Day | None = None
    by: str = ""
    note: str = ""

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Hold:
    key: str
    items: tuple[str, ...]
    until: date
    reason: str
    by: str = ""
    state: str = "open"  # open | ended
    kind: str = "hold"  # hold | customer_approval
    stage: str = ""
    contact: str = ""

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Task:
    key: str
    kind: str
    about: str
    opened: date
    due: date | None = None
    detail: str = ""
    state: str = "open"  # open | closed
    result: str = ""
    by: str = ""
    proof: str = ""

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Reply:
    key: str
    notice: str
    object_key: str
    until: datetime
    trusted: bool = False
    state: str = "unread"  # unread | reply | auto_reply | bounce | other
    intents: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        return self.state == "unread"


@dataclass(frozen=True, slots=True)
class Notice:
    """One attempt to send one message. Its key is the attempt: intent plus the version that claimed it."""

    key: str
    intent: str
    channel: str
    currency: str
    level: int
    step: str
    items: tuple[ev.NoticeItem, ...]
    contacts: tuple[str, ...]
    at: datetime
    policy: str
    scenario: str
    claim_version: int
    credits_minor: int = 0
    state: str = "claimed"  # claimed | released | sent | doubtful | unknown
    pending: tuple[str, ...] = ()  # items whose step is not recorded yet after sent or unknown
    since: datetime | None = None
    reason: str = ""
    message: str = ""
    second_message: str = ""
    delivery: str = ""
    main: str = ""  # the notice of the same step on its main channel; empty: this is it
    to: str = ""
    approvals: tuple[str, ...] = ()  # what it is said under; used up once it was sent, or counts so

    @property
    def is_live(self) -> bool:
        return self.state in ("claimed", "doubtful") or bool(self.pending)


_ITEM_STATES = ("open", "paid", "cancelled", "split")  # what its statements and its money make of an item

# The published table of state changes of each entity; ``Account`` refuses any other (invariant 27).
TRANSITIONS: dict[str, frozenset[tuple[str, str]]] = {
    "Item": frozenset(
        {(one, other) for one in _ITEM_STATES for other in _ITEM_STATES if one != other}
        | {(one, "transferred") for one in _ITEM_STATES}
    ),
    "Cash": frozenset({("open", "used"), ("used", "open"), ("open", "withdrawn"), ("used", "withdrawn")}),
    "Dispute": frozenset({("open", end) for end in ("accepted", "partly", "rejected", "withdrawn")}),
    "Promise": frozenset({("open", end) for end in ("kept", "partly_kept", "broken", "cancelled")}),
    "Plan": frozenset({("open", end) for end in ("kept", "broken", "cancelled")}),
    "Hold": frozenset({("open", "ended")}),
    "Approval": frozenset(
        {("asked", end) for end in ("approved", "discarded", "expired")}
        | {("approved", end) for end in ("used", "discarded", "expired")}
    ),
    "Handover": frozenset({("open", end) for end in ("collected", "returned", "uncollectable")}),
    "Task": frozenset({("open", "closed")}),
    "Reply": frozenset({("unread", end) for end in ("reply", "auto_reply", "bounce", "other")}),
    "Notice": frozenset(
        {
            ("claimed", "sent"),
            ("claimed", "released"),
            ("claimed", "doubtful"),
            ("released", "sent"),
            ("doubtful", "sent"),
            ("doubtful", "unknown"),
            ("unknown", "sent"),
        }
    ),
    **credit_state.TRANSITIONS,
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the customer paid so far: aggregates over settled items, so that closed ones need no reading."""

    history: tuple[PaidMonth, ...] = ()  # items settled by month, for the score
    settled_count: int = 0
    late_count: int = 0
    days_late_sum: int = 0
    settled_minor: dict[str, int] = field(default_factory=dict)
    late_minor: dict[str, int] = field(default_factory=dict)
    promises_made: int = 0
    promises_kept: int = 0
    promises_broken: int = 0
    disputes_opened: int = 0
    disputes_lost: int = 0  # rejected: the customer was wrong
    disputes_by_reason: dict[str, int] = field(default_factory=dict)
    payments_returned: int = 0
    notices_by_level: dict[str, int] = field(default_factory=dict)
    first_issued: date | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What an account is beside its entities. Amounts per currency in minor units; days as ISO dates."""

    customer: str = ""
    personal: str = ""
    personal_hash: str = ""
    country: str = ""
    language: str = ""
    timezone: str = ""
    kind: str = ""  # business, consumer or public; empty: as the policy says
    scenario: str = ""
    provisional: bool = True
    upload: str = ""  # the upload and line that registered the customer's present record
    line: int = 0
    parent: str = ""  # id of the legal group's parent customer
    order_required: bool = False  # the customer wants an order number on each invoice
    terms_days: int | None = None  # agreed days to pay
    limit_minor: dict[str, int] = field(default_factory=dict)  # agreed credit limit by currency
    external_permille: int | None = None  # external score, 1000 is worst
    stated: dict[str, tuple[str, ...]] = field(default_factory=dict)  # an upload's arrival -> fields it said last
    merged_into: str = ""
    score_permille: int = 0
    category: str = ""
    score_reasons: tuple[str, ...] = ()
    scored_on: date | None = None  # the day of the present score, or of the last review that found the same
    category_history: tuple[CategoryFrom, ...] = ()
    reviewed_on: date | None = None  # the day on which a person was last asked to review the customer
    address_asked_on: date | None = None  # the day on which a person was last asked for an address; new ones: None
    credit_hold: tuple[str, ...] = ()  # why new orders are refused; empty: they are not
    covers: tuple[Cover, ...] = ()
    broken_on: tuple[date, ...] = ()  # days on which promises were broken, the last ones
    behaviour: Behaviour = field(default_factory=Behaviour)
    invoiced_minor: dict[str, int] = field(default_factory=dict)
    credited_minor: dict[str, int] = field(default_factory=dict)
    collected_minor: dict[str, int] = field(default_factory=dict)
    sales_by_day: dict[str, dict[str, int]] = field(default_factory=dict)
    collected_by_day: dict[str, dict[str, int]] = field(default_factory=dict)
    adjusted_by_day: dict[str, dict[str, int]] = field(default_factory=dict)  # written off, discounts and the like
    unnamed: tuple[str, ...] = ()  # money that names nothing and pays something
    suspense: tuple[str, ...] = ()
    suppressed: dict[str, str] = field(default_factory=dict)  # contact id -> reason
    contacts_made: dict[str, datetime] = field(default_factory=dict)  # notice -> time, the last days and the last one
    releases: dict[str, int] = field(default_factory=dict)  # intent -> releases so far
    retry_at: dict[str, datetime] = field(default_factory=dict)  # intent -> not before
    retired: tuple[str, ...] = ()  # intents that only a person may try again
    notices_sent: dict[str, int] = field(default_factory=dict)  # currency -> notices since nothing was chased in it
    discarded: dict[str, date] = field(default_factory=dict)  # currency|step -> the last day a proposal was discarded
    due_at: datetime | None = None  # the agenda, as the last writer decided it
    upkeep_at: datetime | None = None


KINDS: dict[str, type[Any]] = {
    "items": Item,
    "cash": Cash,
    "disputes": Dispute,
    "promises": Promise,
    "holds": Hold,
    "tasks": Task,
    "replies": Reply,
    "notices": Notice,
    "orders": Order,
    "overrides": Override,
    "plans": Plan,
    "approvals": Approval,
    "handovers": Handover,
}


def instalment_key(number: str, count: int) -> str:
    """Return the key of one instalment of an invoice."""
    return f"{number}#{count}"


def is_exchange(key: str) -> bool:
    """Whether the key of what money was spent on is that of an exchange: then it is cash of its own."""
    return key.startswith("FX-")


def is_refund(key: str) -> bool:
    """Whether the key of what money was spent on is that of a refund."""
    return key.startswith("RF-")


def links(entity: Item | Cash) -> set[tuple[str, str]]:
    """Return what an item or payment pays, names, is paid or named by, stands for or is a part of."""
    if isinstance(entity, Cash):
        found = {("items", key) for key in (*entity.pays, *entity.names)}
        return found | {("cash", key) for key in (entity.source, *filter(is_exchange, entity.spent)) if key}
    found = {("cash", key) for key in (*entity.payers, *entity.named_by, *entity.adjustments)}
    found |= {("items", key) for key in (*entity.replaced_by, entity.replaces) if key}
    found |= {("items", instalment_key(entity.key, count + 1)) for count in range(entity.parts)}
    return found | ({("items", entity.number)} if entity.key != entity.number else set())


def concerns(keys: Iterable[str], item: Item) -> bool:
    """Return whether one of these keys (of a dispute, promise or hold) names this item: itself, the invoice that it is
    an instalment of, or an instalment of it from when it had some."""
    named = set(keys)
    if item.key in named or item.number in named:
        return True
    return any(instalment_key(item.key, count + 1) in named for count in range(item.parts))
