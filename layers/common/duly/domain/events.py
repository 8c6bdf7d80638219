"""What can happen to an account or to a bank transaction. Events are the truth; all else is rebuilt from them.

An event never holds personal data (names, addresses, bank accounts, texts): those lie in personal items that events
name by id and salted hash. Amounts are integer minor units of the currency named beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from duly.domain import codec
from duly.domain.cash_discount import CashDiscount
from duly.domain.match_model import Adjustment, Placement, Share

Day = date  # the type, where a field is called date


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; ``codec`` turns them into data."""


# --- the customer ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CustomerRegistered(Event):
    """The customer became known or its record changed. Name, VAT id and contacts lie in the personal item.

    ``parent`` is the id of the legal group's parent customer, ``limit_minor`` the agreed credit limit by currency,
    ``external_permille`` an external score (1000 is worst). ``stated`` says which fields were last said by the
    upload of which arrival, so that a file that arrived earlier never undoes a later one.
    """

    customer: str
    personal: str
    personal_hash: str
    country: str
    language: str
    timezone: str
    kind: str
    scenario: str = ""
    provisional: bool = False
    upload: str = ""
    line: int = 0
    parent: str = ""
    order_required: bool = False
    terms_days: int | None = None
    limit_minor: dict[str, int] = field(default_factory=dict)
    external_permille: int | None = None
    by: str = ""  # the person who completed or corrected the record; empty: a file
    stated: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountMerged(Event):
    """A provisional account turned out to be a known customer; its items moved there."""

    into: str


@dataclass(frozen=True, slots=True)
class ScoreChanged(Event):
    """The risk score (per mille, 1000 is worst) or category changed; reasons are codes, strongest first."""

    score_permille: int
    category: str
    reasons: tuple[str, ...] = ()
    policy: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class ContactSuppressed(Event):
    """An address bounced for good or complained; nothing is sent to it any more. The contact is named by its id."""

    contact: str
    reason: str
    notice: str = ""


# --- credit ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ScoreReviewed(Event):
    """The review day of an account without news: it was scored again, and the score is what it was."""

    on: date
    policy: str = ""


@dataclass(frozen=True, slots=True)
class CategoryChanged(Event):
    """The customer came into another risk category, with the codes of why; ``policy_changed`` leads when the score is
    what it was. Terms, limit, scenario and security of the new one hold from the next day's sales on."""

    before: str
    after: str
    reasons: tuple[str, ...]
    score_permille: int
    policy: str
    on: date


@dataclass(frozen=True, slots=True)
class CreditHoldChanged(Event):
    """New orders are refused for these reasons (over_limit, overdue_days, broken_promises); none: the hold lifted."""

    reasons: tuple[str, ...]
    on: date
    policy: str = ""


@dataclass(frozen=True, slots=True)
class CoverSet(Event):
    """Credit insurance, a guarantee or a deposit stands behind the customer to the end of ``until``; the same id again
    replaces it. Insurance of 0 says that the insurer refused."""

    cover: str
    kind: str  # insurance | guarantee | deposit
    currency: str
    amount_minor: int
    until: date | None
    on: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class CoverEnded(Event):
    """The cover ended: expired, or by a person."""

    cover: str
    reason: str
    on: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """An order counts as exposure until it is invoiced, cancelled or its last day is over. ``invoiced_minor`` is what
    invoices that name it had asked before it became known."""

    order: str
    amount_minor: int
    currency: str
    on: date
    by: str = ""
    until: date | None = None
    decision: str = ""
    invoiced_minor: int = 0


@dataclass(frozen=True, slots=True)
class OrderEnded(Event):
    """The order no longer counts here: cancelled, expired, or moved with its account. One that is invoiced whole ends
    with its invoice."""

    order: str
    reason: str  # cancelled | expired | moved
    on: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class OverrideGranted(Event):
    """A person lifts the hold and raises the limit for credit decisions, to the end of ``until``: by the amount in its
    currency, or without an amount wholly."""

    override: str
    by: str
    reason: str
    until: date
    on: date
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OverrideEnded(Event):
    """The override ended: expired, or by a person."""

    override: str
    reason: str
    on: date
    by: str = ""


@dataclass(frozen=True, slots=True)
class CreditDecided(Event):
    """What was answered to a sale: outcome, the codes of reasons and conditions, and the figures it was decided on.

    ``limit_minor`` and ``headroom_minor`` are None when no limit is stated in the currency.
    """

    decision: str
    outcome: str  # approve | approve_with_conditions | refer | refuse
    reasons: tuple[str, ...]
    conditions: tuple[str, ...]
    amount_minor: int
    currency: str
    exposure_minor: int
    limit_minor: int | None
    headroom_minor: int | None
    score_permille: int
    category: str
    terms_days: int
    policy: str
    on: date
    order: str = ""
    override: str = ""
    by: str = ""


# --- what is owed ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Allocation:
    """From now on ``amount_minor`` of this cash pays this item's principal, and ``charges`` (by kind) what was charged
    beside it (nothing of either ends the allocation)."""

    cash: str
    item: str
    amount_minor: int
    charges: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is owed beside an invoice's amount since it was demanded: ``kind`` is costs or interest. What was waived of
    it is no longer owed. ``notice`` demanded it, when a notice did. ``before`` is money of the same day that had paid
    of the amount already, and therefore pays nothing of this."""

    key: str
    kind: str
    amount_minor: int
    on: date
    waived_minor: int = 0
    notice: str = ""
    before: tuple[str, ...] = ()

    @property
    def owed_minor(self) -> int:
        return self.amount_minor - self.waived_minor

    def is_before(self, cash: str, value_date: date) -> bool:
        """Whether it was demanded before this money came, which then may pay of it."""
        return self.on < value_date or (self.on == value_date and cash not in self.before)


@dataclass(frozen=True, slots=True)
class Statement:
    """One row of an upload that was applied to an item or credit note: what the receipt says of it can be proved."""

    upload: str
    line: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class StatedDue:
    """When an invoice issued on a day is due, as a file says it; ``instalments`` are due days with amounts."""

    issued: date
    due: date
    source: str
    instalments: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceRegistered(Event):
    """An invoice became an open item. ``due_source`` is stated, terms_text or default (the policy's days).

    ``stated_at`` is when its upload arrived. ``instalments`` (due day, amount) become one item each. ``replaces`` is
    the number of the invoice that a corrected invoice (UNTDID 1001: 384) stands for.
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
    means: str = ""
    discounts: tuple[CashDiscount, ...] = ()
    delivered: date | None = None
    instalments: tuple[tuple[date, int], ...] = ()
    replaces: str = ""
    flags: tuple[str, ...] = ()
    stated_at: datetime | None = None
    earlier: tuple[Statement, ...] = ()
    described: dict[str, str] = field(default_factory=dict)
    other_due: StatedDue | None = None
    stated_line: int = 0
    changes: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceCorrected(Event):
    """The same number was stated with other content: the item has this content from now on, whole.

    The statement that arrived last wins. ``described`` says, by field, when it was stated if not with the rest;
    ``other_due`` keeps a due date that was stated for another issue date. ``changes`` are the allocations that change
    with it, so that nothing is ever paid beyond its amount.
    """

    key: str
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
    means: str = ""
    discounts: tuple[CashDiscount, ...] = ()
    delivered: date | None = None
    instalments: tuple[tuple[date, int], ...] = ()
    replaces: str = ""
    flags: tuple[str, ...] = ()
    stated_at: datetime | None = None
    earlier: tuple[Statement, ...] = ()
    described: dict[str, str] = field(default_factory=dict)
    other_due: StatedDue | None = None
    stated_line: int = 0
    changes: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceConfirmed(Event):
    """A later upload states the same content again: a statement that arrived in between no longer wins."""

    key: str
    stated_at: datetime | None
    stated_line: int
    described: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InvoiceCancelled(Event):
    """The invoice is not owed any more: a file or a person (``by``) says so, or ``replaced_by`` stands for it.

    It may come before its invoice. ``stated_at`` and ``line`` are the arrival of the statement.
    """

    key: str
    reason: str
    on: date
    by: str = ""
    replaced_by: str = ""
    upload: str = ""
    line: int = 0
    stated_at: datetime | None = None
    currency: str = ""
    earlier: tuple[Statement, ...] = ()
    changes: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceReinstated(Event):
    """``replaced_by`` no longer stands for this invoice: it says now that it replaces another one, or none."""

    key: str
    replaced_by: str
    changes: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class DebitReturned(Event):
    """What should have been collected by direct debit or card came back: the customer has to pay and is chased."""

    key: str
    on: date
    by: str = ""
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class InvoicesFlagged(Event):
    """What was noticed about these invoices, looked at anew: the customer's record became known after them."""

    flags: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class InvoiceTransferred(Event):
    """An invoice left a provisional account for the customer's own."""

    key: str
    into: str


@dataclass(frozen=True, slots=True)
class CashReceived(Event):
    """Money, a credit note or an adjustment arrived on the account. ``names`` are the item keys it names, in its own
    order; ``caps`` says of some of them how much of it they get at most.

    ``decision`` counts the decisions on where the money belongs (the version of its bank transaction; 0 for credit
    notes): whoever carries out an earlier one later than a later one changes nothing. An adjustment (write-off,
    tolerance, discount, bank fee, deduction) names the one item that it settles: a person says why (``reason``,
    ``by``), or it was granted for an invoice of ``on_amount_minor``. Money that names nothing and is ``in_order`` pays
    by the policy's order, whatever it equals.
    """

    cash: str
    kind: str  # payment | credit_note | write_off | tolerance | discount | bank_fee | deduction
    amount_minor: int
    currency: str
    value_date: date
    names: tuple[str, ...] = ()
    upload: str = ""
    line: int = 0
    decision: int = 0
    stated_at: datetime | None = None
    stated_line: int = 0
    named_at: str = ""
    earlier: tuple[Statement, ...] = ()
    caps: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    by: str = ""
    on_amount_minor: int = 0
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class CreditNoteCorrected(Event):
    """The same credit note number was stated with other content, or with the same content later."""

    cash: str
    amount_minor: int
    currency: str
    value_date: date
    names: tuple[str, ...]
    upload: str
    line: int
    stated_at: datetime | None = None
    stated_line: int = 0
    named_at: str = ""
    earlier: tuple[Statement, ...] = ()
    changes: tuple[Allocation, ...] = ()


@dataclass(frozen=True, slots=True)
class CashNamed(Event):
    """What the money names was read anew, because an invoice became known after it; or money that named nothing is
    held to what it pays, because too much came after it."""

    cash: str
    names: tuple[str, ...]
    decision: int = 0
    caps: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CashWithdrawn(Event):
    """The money left the account again: it belongs elsewhere or came back. Its allocations are zero by then."""

    cash: str
    reason: str
    decision: int = 0


@dataclass(frozen=True, slots=True)
class AllocationsChanged(Event):
    """Allocations that change together, so that no item looks open between two of them."""

    changes: tuple[Allocation, ...]


@dataclass(frozen=True, slots=True)
class ChargesDemanded(Event):
    """Costs or interest were demanded with an invoice: they are owed beside its amount from that day on."""

    item: str
    charges: tuple[Charge, ...]
    currency: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ChargesWaived(Event):
    """A person lets the customer off these charges of an invoice (key of the charge -> minor units)."""

    item: str
    waived: dict[str, int]
    currency: str
    reason: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class CashRefunded(Event):
    """Money that pays nothing went back to the customer, by a person's word; ``refund`` is the key of that entry."""

    cash: str
    refund: str
    amount_minor: int
    currency: str
    on: date
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundUndone(Event):
    """The refund did not happen, or came back: the money is here again."""

    cash: str
    refund: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class CashExchanged(Event):
    """Unapplied money of one currency became money of another, by a person's word and at the rate that it states:
    ``into_minor`` of ``into_currency`` for ``amount_minor``. The new money has the key ``exchange`` and the value date
    of the old, and pays ``item``."""

    cash: str
    exchange: str
    amount_minor: int
    currency: str
    into_minor: int
    into_currency: str
    item: str
    rate: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class ExchangeUndone(Event):
    """The exchange is taken back: the old money is here again, the new one is gone. It pays nothing by then."""

    cash: str
    exchange: str
    on: date
    by: str


@dataclass(frozen=True, slots=True)
class SuspenseMarked(Event):
    """Money in suspense could belong to this account: its chase waits until a person or a reference decides."""

    transaction: str


@dataclass(frozen=True, slots=True)
class SuspenseCleared(Event):
    """That money found its place."""

    transaction: str


# --- replies, disputes, promises, holds, tasks ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ReplyReceived(Event):
    """A mail under a genuine token arrived. All notices of the account wait until it is understood."""

    reply: str
    notice: str
    object_key: str
    until: datetime
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class ReplyClassified(Event):
    """The reply was understood (or handed to a person when ``kind`` is other)."""

    reply: str
    kind: str  # reply | auto_reply | bounce | other
    intents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeOpened(Event):
    """The customer contests items. They are not chased until a person resolves the dispute; but of those in
    ``contested`` (key -> minor units of ``currency``) only that much rests, and what is more is chased."""

    dispute: str
    items: tuple[str, ...]
    reason: str
    owner: str
    deadline: date
    opened: date
    reply: str = ""
    contested: dict[str, int] = field(default_factory=dict)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class DisputeNarrowed(Event):
    """A person found out how much of the items the customer contests: the rest of each is chased."""

    dispute: str
    contested: dict[str, int]
    currency: str
    by: str


@dataclass(frozen=True, slots=True)
class DisputeResolved(Event):
    """A person closed the dispute: accepted, partly, rejected or withdrawn. With ``restarts`` the chase of its items
    begins again."""

    dispute: str
    outcome: str
    on: date
    by: str = ""
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class PromiseMade(Event):
    """The customer promised to pay these items by a date. They are not chased until date plus grace; with
    ``needs_payment`` only from a first payment on."""

    promise: str
    items: tuple[str, ...]
    date: Day
    until: Day
    made: Day
    currency: str = ""
    amount_minor: int = 0
    reply: str = ""
    by: str = ""
    reason: str = ""
    needs_payment: bool = False


@dataclass(frozen=True, slots=True)
class PromiseSettled(Event):
    """Cash decided the promise: kept, partly_kept or broken; or a dispute or person cancelled it."""

    promise: str
    outcome: str
    on: date
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HoldPlaced(Event):
    """Do not remind: these items (none named: the whole account), until the end of a day, with a reason.

    ``kind`` customer_approval: the invoices wait at the customer for a release, at the step ``stage`` and with the
    person ``contact`` (a contact's id), until the day of the next look.
    """

    hold: str
    items: tuple[str, ...]
    until: date
    reason: str
    by: str = ""
    kind: str = "hold"  # hold | customer_approval
    stage: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class HoldEnded(Event):
    """The hold ended by its date or by a person."""

    hold: str
    reason: str
    on: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """A person has to do something; ``about`` names a notice, reply, dispute or transaction."""

    task: str
    kind: str
    about: str
    opened: date
    due: date | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TaskClosed(Event):
    """The person did it, or it became void."""

    task: str
    result: str
    by: str = ""
    proof: str = ""  # of a letter: what shows that it was posted


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """The customer pays these items in instalments (due day, amount) of one currency. They are not chased while each
    instalment is paid by its day plus ``grace_days``."""

    plan: str
    items: tuple[str, ...]
    instalments: tuple[tuple[Day, int], ...]
    currency: str
    made: Day
    grace_days: int = 0
    by: str = ""
    reply: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlanSettled(Event):
    """Cash decided the plan: kept, or broken by an instalment that was missed; or a dispute or person cancelled it."""

    plan: str
    outcome: str  # kept | broken | cancelled
    on: date
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemMoved(Event):
    """A person moved an item within its scenario: the next step is the first of ``to_level`` (or above it), forwards (a
    skip) or backwards (a step-back)."""

    item: str
    to_level: int
    on: date
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class HandedOverEnded(Event):
    """What became of a hand-over: collected, returned (the chase goes on) or uncollectable."""

    handover: str
    outcome: str
    on: date
    by: str = ""
    note: str = ""


# --- notices --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One item of a notice: what is asked of it at which step, and what was open at the claim.

    ``charges`` are demanded by this notice: they are owed from the moment at which its step counts as done.
    ``anchor`` is the oldest item, for a step that counts from it.
    """

    item: str
    episode: int
    step: str
    level: int
    repetition: int
    balance_minor: int
    charges: tuple[Charge, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Event):
    """A notice whose step wants a person's approval is proposed: what it would say on this day, open until a day."""

    approval: str
    channel: str
    currency: str
    level: int
    step: str
    items: tuple[NoticeItem, ...]
    total_minor: int
    on: date
    until: date
    policy: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalSettled(Event):
    """A person approved (good until ``until``) or discarded the proposed notice, or nobody did in time (expired). A
    discarded step does not count as done: it is proposed again later."""

    approval: str
    outcome: str  # approved | discarded | expired
    on: date
    by: str = ""
    until: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ItemsReserved(Event):
    """Items of a notice too large for one transaction, marked for it; the claim follows or the sweep frees them."""

    notice: str
    items: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ReservationFreed(Event):
    """The claim never came; the items are free again."""

    notice: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeClaimed(Event):
    """The right to send one message, once. Every gate was checked on exactly the version before this entry."""

    notice: str
    intent: str
    channel: str
    currency: str
    level: int
    step: str
    items: tuple[NoticeItem, ...]
    contacts: tuple[str, ...]
    at: datetime
    policy: str
    scenario: str
    credits_minor: int = 0
    main: str = ""  # the notice of the same step on its main channel, which marks the items and counts as the contact
    to: str = ""  # of a hand-over: agency, lawyer or insurer
    approvals: tuple[str, ...] = ()  # the approvals that it uses up once it is sent


@dataclass(frozen=True, slots=True)
class NoticeReleased(Event):
    """The message was certainly not accepted: the step may be claimed again, not before ``retry_at``.

    ``counts`` is false when nothing was wrong with this message: the mail service took none at all then.
    """

    notice: str
    reason: str
    retry_at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class NoticeSent(Event):
    """The mail service accepted the message (its answer, its event, or a reply to it says so)."""

    notice: str
    at: datetime
    evidence: str  # answer | event | reply | document (what was written is in the bucket) | task (a call)
    message: str = ""


@dataclass(frozen=True, slots=True)
class NoticeDoubtful(Event):
    """Nobody knows whether the message went out. It is never sent again automatically."""

    notice: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeUnknown(Event):
    """No evidence came for 72 hours: it counts as sent, and a person decides."""

    notice: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StepsRecorded(Event):
    """The step of these items counts as done, with the notice that did it."""

    notice: str
    items: tuple[str, ...]
    on: date


@dataclass(frozen=True, slots=True)
class NoticeDelivery(Event):
    """What became of a sent message: delivered, bounced, complained, delayed or rejected."""

    notice: str
    outcome: str
    at: datetime
    message: str = ""


@dataclass(frozen=True, slots=True)
class IntentRetired(Event):
    """Three releases of one intent: no further attempt without a person (its task is open)."""

    intent: str


@dataclass(frozen=True, slots=True)
class AgendaMoved(Event):
    """Nothing happened but the time at which something must be looked at again."""


# --- bank transactions ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TransactionReceived(Event):
    """A bank transaction became known. Its text, payer and account lie in the personal item.

    ``standing`` is what it is worth among the entries of its ``group`` (``domain.identity``), ``bank`` names the bank
    account by a digest. ``is_listed`` is False where its row is a duplicate in the receipt of its upload.
    """

    transaction: str
    amount_minor: int
    currency: str
    booked: date
    value_date: date
    at: datetime
    upload: str
    line: int
    personal: str
    personal_hash: str
    tokens: tuple[tuple[str, int, int], ...] = ()
    reversal: bool = False
    standing: str = "final"
    group: str = ""
    bank: str = ""
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class StandingChanged(Event):
    """More of the bank's files are known: what this entry is worth now (``domain.identity``). ``upload`` and ``line``
    are those of the final statement's entry that confirms an announced one."""

    standing: str
    upload: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class TransactionRouted(Event):
    """The money belongs to these accounts, at most one share to each, all of it together.

    ``reason`` is ``person`` (``by`` names who), or the first of the matcher's ``reasons``. ``settle`` is what a person
    confirmed beside it: what the payment leaves open of an item and nobody asks for. ``teaches``: the payer's bank
    account and name are this customer's from now on.
    """

    shares: tuple[Share, ...]
    reason: str
    reasons: tuple[str, ...] = ()
    confidence_permille: int = 0
    by: str = ""
    note: str = ""
    settle: tuple[Adjustment, ...] = ()
    teaches: bool = False


@dataclass(frozen=True, slots=True)
class RestsSettled(Event):
    """The accounts have let go of exactly this beside the money, and of nothing more."""

    settle: tuple[Adjustment, ...]


@dataclass(frozen=True, slots=True)
class TransactionProposed(Event):
    """The money plausibly belongs where the first placement says, or one of the others: a person confirms one."""

    placements: tuple[Placement, ...]
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionRefused(Event):
    """A person says that the money belongs to none of the places that were proposed; of money in suspense, that
    nobody's chase is to wait for it any more."""

    by: str


@dataclass(frozen=True, slots=True)
class PayerLearned(Event):
    """The lookups of the payer's bank account and name lead to this customer because of this payment; "": to nobody
    any more because of it."""

    account: str


@dataclass(frozen=True, slots=True)
class TransactionParked(Event):
    """The money waits in suspense; ``candidates`` are accounts it could belong to. ``takes_back`` is the payment that
    came back with this reversal."""

    reason: str
    candidates: tuple[str, ...] = ()
    takes_back: str = ""
    by: str = ""  # the person who said so


@dataclass(frozen=True, slots=True)
class TransactionIgnored(Event):
    """Not a receipt (money going out, a zero entry), or one that another transaction stands for."""

    reason: str


@dataclass(frozen=True, slots=True)
class TransactionApplied(Event):
    """The account's journal holds this share now; of money that is there already it names other items."""

    share: Share


@dataclass(frozen=True, slots=True)
class TransactionWithdrawn(Event):
    """The account gave its share back."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountsMarked(Event):
    """These accounts know (or, with ``cleared``, no longer need to know) that this money could be theirs."""

    accounts: tuple[str, ...]
    cleared: bool = False


def _all_events(kind: type[Event] = Event) -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for child in kind.__subclasses__():
        found[child.__name__] = child
        found.update(_all_events(child))
    return found


EVENTS: dict[str, type[Event]] = _all_events()


def to_data(event: Event) -> dict[str, Any]:
    """Return the event as JSON data with its type's name under ``event``."""
    return {"event": type(event).__name__, **codec.encode(event)}


def from_data(data: dict[str, Any]) -> Event:
    """Return the event that ``to_data`` wrote. Raises KeyError for a type this version does not know."""
    kind = EVENTS[data["event"]]
    return codec.decode(kind, {name: part for name, part in data.items() if name != "event"})
