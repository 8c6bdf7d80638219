"""The account: a customer with everything it owes, as a fold over its events.

``Account.apply`` is the only place that changes state; every rule elsewhere reads an account and returns events.
Entities (``duly.domain.entities``) are immutable and replaced whole. The account notes which entities each event
touched, so that the store writes those and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from duly.domain import credit_state, money_state
from duly.domain import events as ev
from duly.domain.cash_rules import CashRules
from duly.domain.changing import replace
from duly.domain.channels import NOTICES
from duly.domain.credit_state import Order, Override
from duly.domain.entities import (
    KINDS,
    TRANSITIONS,
    AccountError,
    Approval,
    Cancellation,
    Cash,
    Dispute,
    Handover,
    Header,
    Hold,
    Item,
    Notice,
    Plan,
    Promise,
    Reply,
    StepDone,
    Task,
    concerns,
    instalment_key,
)

CONTACT_DAYS_KEPT = 45  # days of contact times kept in the header; caps look back 7, gaps rarely more than 30
MAX_MARKED_ITEMS = 50  # a dispute over more items marks none of them: one event must fit into one transaction


_NEW = Header()  # of an account that nobody wrote yet; one for all, since headers are replaced and never changed


class Account:
    """One customer's account at one version.

    ``entities[kind][key]`` hold what was loaded: everything live, and of the closed what was asked for.
    """

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.version = 0
        self.last_hash = ""
        self.header = _NEW
        self.personal: dict[str, Any] = {}
        self.entities: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.touched: set[tuple[str, str]] = set()
        self.stored: dict[str, int] = {}  # the store's note: sort key -> version that wrote it
        self.digest = 0  # the store's note: sum over (sort key, version) of all live items
        self.rules_of: Callable[[], CashRules] = CashRules  # the rules about money under which it is worked out
        self.awaiting: dict[str, set[str]] | None = None  # item not there -> cash naming it, once asked
        self.is_trial = False  # a copy in which items may be paid beyond their amount, until it is worked out anew

    # typed views
    @property
    def items(self) -> dict[str, Item]:
        return self.entities["items"]

    @property
    def cash(self) -> dict[str, Cash]:
        return self.entities["cash"]

    @property
    def disputes(self) -> dict[str, Dispute]:
        return self.entities["disputes"]

    @property
    def promises(self) -> dict[str, Promise]:
        return self.entities["promises"]

    @property
    def holds(self) -> dict[str, Hold]:
        return self.entities["holds"]

    @property
    def tasks(self) -> dict[str, Task]:
        return self.entities["tasks"]

    @property
    def replies(self) -> dict[str, Reply]:
        return self.entities["replies"]

    @property
    def notices(self) -> dict[str, Notice]:
        return self.entities["notices"]

    @property
    def orders(self) -> dict[str, Order]:
        return self.entities["orders"]

    @property
    def overrides(self) -> dict[str, Override]:
        return self.entities["overrides"]

    @property
    def plans(self) -> dict[str, Plan]:
        return self.entities["plans"]

    @property
    def approvals(self) -> dict[str, Approval]:
        return self.entities["approvals"]

    @property
    def handovers(self) -> dict[str, Handover]:
        return self.entities["handovers"]

    @property
    def rules(self) -> CashRules:
        """The rules about money: those of the policy in force, on an account that a store of the stack loaded."""
        return self.rules_of()

    @property
    def exists(self) -> bool:
        return self.version > 0

    def live(self, kind: str) -> list[Any]:
        """Return the live entities of a kind in key order."""
        found = self.entities[kind]
        return [found[key] for key in sorted(found) if found[key].is_live]

    def copy(self) -> Account:
        """Return an independent working copy (entities are immutable and shared)."""
        twin = Account(self.id)
        twin.version, twin.last_hash, twin.header = self.version, self.last_hash, self.header
        twin.personal, twin.rules_of = self.personal, self.rules_of
        twin.stored, twin.digest = dict(self.stored), self.digest
        twin.entities = {kind: dict(found) for kind, found in self.entities.items()}
        return twin

    def after(self, events: Iterable[ev.Event]) -> Account:
        """Return a copy with the events applied; the version stays."""
        twin = self.copy()
        for event in events:
            twin.apply(event)
        return twin

    def apply(self, event: ev.Event) -> None:
        """Change the state as the event says.

        Raises AccountError when the event does not fit (unknown entity, a state change outside ``TRANSITIONS``,
        an allocation beyond an item or a payment).
        """
        _APPLY[type(event)](self, event)

    # --- changing entities
    def _put(self, kind: str, entity: Any) -> None:
        before = self.entities[kind].get(entity.key)
        if before is not None and hasattr(entity, "state") and before.state != entity.state:
            name = type(entity).__name__
            if (before.state, entity.state) not in TRANSITIONS[name]:
                raise AccountError(f"{name} cannot go from {before.state} to {entity.state}")
        self.entities[kind][entity.key] = entity
        self.touched.add((kind, entity.key))

    def _new(self, kind: str, entity: Any) -> None:
        if entity.key in self.entities[kind]:
            raise AccountError(f"{type(entity).__name__} exists already")
        self._put(kind, entity)

    def _get(self, kind: str, key: str) -> Any:
        try:
            return self.entities[kind][key]
        except KeyError:
            raise AccountError(f"no such entity in {kind}") from None

    def _set(self, **changes: Any) -> None:
        self.header = replace(self.header, **changes)

    def _behaviour(self, **changes: Any) -> None:
        self._set(behaviour=replace(self.header.behaviour, **changes))


# --- the customer
def _customer_registered(account: Account, event: ev.CustomerRegistered) -> None:
    if event.personal_hash != account.header.personal_hash:
        account._set(address_asked_on=None)
    account._set(
        customer=event.customer,
        personal=event.personal,
        personal_hash=event.personal_hash,
        country=event.country,
        language=event.language,
        timezone=event.timezone,
        kind=event.kind,
        scenario=event.scenario,
        provisional=event.provisional,
        upload=event.upload,
        line=event.line,
        parent=event.parent,
        order_required=event.order_required,
        terms_days=event.terms_days,
        limit_minor=event.limit_minor,
        external_permille=event.external_permille,
        stated=event.stated,
    )


def _account_merged(account: Account, event: ev.AccountMerged) -> None:
    account._set(merged_into=event.into)


def _score_changed(account: Account, event: ev.ScoreChanged) -> None:
    account._set(
        score_permille=event.score_permille,
        category=event.category,
        score_reasons=event.reasons,
        scored_on=event.on or account.header.scored_on,
    )


def _contact_suppressed(account: Account, event: ev.ContactSuppressed) -> None:
    account._set(suppressed={**account.header.suppressed, event.contact: event.reason}, address_asked_on=None)


# --- what is owed
CONTENT = [
    "issued",
    "due",
    "due_source",
    "amount_minor",
    "currency",
    "upload",
    "line",
    "order",
    "terms",
    "reference",
    "means",
    "discounts",
    "delivered",
    "instalments",
    "replaces",
    "flags",
    "stated_at",
    "stated_line",
    "described",
    "other_due",
    "earlier",
]  # what a statement says of an item; the events that register and correct one have the same fields


def owed_for(account: Account, key: str, follow: bool = True) -> list[str]:
    """Return the keys of the open or paid items that a named invoice is owed under now, in the order of payment: its
    instalments, or (with ``follow``) the corrected invoice that replaced it."""
    seen: set[str] = set()
    while key not in seen and key in account.items:
        seen.add(key)
        item = account.items[key]
        if item.state in ("open", "paid"):
            return [key]
        if item.state == "split":
            keys = (instalment_key(key, count + 1) for count in range(len(item.instalments)))
            return [one for one in keys if one in account.items and account.items[one].state in ("open", "paid")]
        if item.is_void:
            key = item.number
        elif follow:
            known = [account.items[one] for one in item.replaced_by if one in account.items]
            key = max(known, key=lambda one: (one.rank, one.key)).key if known else ""
    return []


def _invoice_registered(account: Account, event: ev.InvoiceRegistered) -> None:
    before = account.items.get(event.key)
    if before is not None and before.is_stated:
        raise AccountError("Item exists already")
    content = {name: getattr(event, name) for name in CONTENT}
    if before is None:
        named_by = money_state.naming(account, event.key)
        item = Item(key=event.key, number=event.number, named_by=named_by, **content)
    else:
        item = replace(before, is_stated=True, **{**content, "earlier": (*before.earlier, *event.earlier)})
    _restate(account, item, event.changes)


def _invoice_corrected(account: Account, event: ev.InvoiceCorrected) -> None:
    item: Item = account._get("items", event.key)
    _restate(account, replace(item, **{name: getattr(event, name) for name in CONTENT}), event.changes)


def _invoice_confirmed(account: Account, event: ev.InvoiceConfirmed) -> None:
    item: Item = account._get("items", event.key)
    confirmed = replace(item, stated_at=event.stated_at, stated_line=event.stated_line, described=dict(event.described))
    _restate(account, confirmed)


def _invoice_cancelled(account: Account, event: ev.InvoiceCancelled) -> None:
    item = account.items.get(event.key) or _unstated(account, event)
    if event.replaced_by:
        item = replace(item, replaced_by=tuple(sorted({*item.replaced_by, event.replaced_by})))
    else:
        item = replace(item, cancelled=Cancellation(event.stated_at, event.line, event.reason, event.by))
    _restate(account, replace(item, earlier=(*item.earlier, *event.earlier)), event.changes)


def _unstated(account: Account, event: ev.InvoiceCancelled) -> Item:
    """The trace of an invoice that is not known yet and owes nothing."""
    named_by = money_state.naming(account, event.key)
    return Item(
        key=event.key,
        number=event.key,
        issued=event.on,
        due=event.on,
        due_source="default",
        amount_minor=0,
        currency=event.currency,
        upload="",
        line=0,
        state="cancelled",
        named_by=named_by,
        is_stated=False,
    )


def _invoice_reinstated(account: Account, event: ev.InvoiceReinstated) -> None:
    item: Item = account._get("items", event.key)
    others = tuple(key for key in item.replaced_by if key != event.replaced_by)
    _restate(account, replace(item, replaced_by=others), event.changes)


def _debit_returned(account: Account, event: ev.DebitReturned) -> None:
    item: Item = account._get("items", event.key)
    if not item.returned:
        account._put("items", replace(item, returned=True))
        account._behaviour(payments_returned=account.header.behaviour.payments_returned + 1)


def _invoices_flagged(account: Account, event: ev.InvoicesFlagged) -> None:
    for key, flags in event.flags.items():
        account._put("items", replace(account._get("items", key), flags=tuple(flags)))


def _restate(account: Account, item: Item, changes: Iterable[ev.Allocation] = ()) -> None:
    """Put an invoice with new content (or the end of it) on the account, its instalments with it."""
    entities = account.entities["items"]
    before = entities.get(item.key)
    befores = {item.key: before}
    item = replace(item, parts=max(item.parts, len(item.instalments) if item.is_split else 0))
    entities[item.key] = item
    for part in _instalments(account, item):
        befores[part.key] = entities.get(part.key)
        entities[part.key] = part
    if item.is_stated and (before is None or not before.is_stated or item.issued != before.issued):
        first = account.header.behaviour.first_issued
        account._behaviour(first_issued=min(first, item.issued) if first else item.issued)
    money_state.allocate(account, changes, befores)


def _instalments(account: Account, head: Item) -> list[Item]:
    """Return the instalment items as the invoice wants them: changed, new, or void."""
    wanted = head.instalments if head.is_split and not head.is_cancelled and head.state != "transferred" else ()
    found: list[Item] = []
    for count in range(1, head.parts + 1):
        key = instalment_key(head.key, count)
        present = account.items.get(key)
        if count > len(wanted):
            if present is not None and not present.is_void:
                found.append(replace(present, is_void=True))
            continue
        due, amount_minor = wanted[count - 1]
        content: dict[str, Any] = {name: getattr(head, name) for name in _PART_CONTENT}
        content |= {"due": due, "amount_minor": amount_minor, "instalment": count, "instalment_count": len(wanted)}
        if present is not None:
            found.append(replace(present, is_void=False, **content))
        else:
            named_by = money_state.naming(account, key)
            found.append(Item(key=key, number=head.number, upload="", line=0, named_by=named_by, **content))
    return found


_PART_CONTENT = (
    "issued",
    "due_source",
    "currency",
    "order",
    "terms",
    "reference",
    "means",
    "discounts",
    "delivered",
    "flags",
)


def _invoice_transferred(account: Account, event: ev.InvoiceTransferred) -> None:
    item: Item = account._get("items", event.key)
    if item.payers:
        raise AccountError("an invoice leaves an account without its allocations")
    account.entities["items"][event.key] = replace(item, into=event.into)
    money_state.settle(account, event.key, item, "transferred")


def _suspense_marked(account: Account, event: ev.SuspenseMarked) -> None:
    account._set(suspense=tuple(sorted({*account.header.suspense, event.transaction})))


def _suspense_cleared(account: Account, event: ev.SuspenseCleared) -> None:
    account._set(suspense=tuple(key for key in account.header.suspense if key != event.transaction))


# --- replies, disputes, promises, holds, tasks
def _reply_received(account: Account, event: ev.ReplyReceived) -> None:
    account._new("replies", Reply(event.reply, event.notice, event.object_key, event.until, event.trusted))


def _reply_classified(account: Account, event: ev.ReplyClassified) -> None:
    account._put("replies", replace(account._get("replies", event.reply), state=event.kind, intents=event.intents))


def _dispute_opened(account: Account, event: ev.DisputeOpened) -> None:
    account._new(
        "disputes",
        Dispute(
            key=event.dispute,
            items=event.items,
            reason=event.reason,
            owner=event.owner,
            opened=event.opened,
            deadline=event.deadline,
            reply=event.reply,
            contested=event.contested,
        ),
    )
    _contest(account, event.contested)
    if len(event.items) <= MAX_MARKED_ITEMS:
        for key in event.items:
            item = account.items.get(key)
            if item is not None and item.state == "open":
                account._put("items", replace(item, disputed=True))
    behaviour = account.header.behaviour
    account._behaviour(
        disputes_opened=behaviour.disputes_opened + 1,
        disputes_by_reason=money_state.added(behaviour.disputes_by_reason, event.reason, 1),
    )


def _contest(account: Account, keys: Iterable[str]) -> None:
    """Reckon anew what is contested of these items, of those that are open."""
    for key in keys:
        item = account.items.get(key)
        if item is not None and item.state == "open":
            account._put("items", replace(item, contested_minor=money_state.contested_minor(account, key)))


def _dispute_narrowed(account: Account, event: ev.DisputeNarrowed) -> None:
    account._put("disputes", replace(account._get("disputes", event.dispute), contested=event.contested))
    _contest(account, event.contested)


def _dispute_resolved(account: Account, event: ev.DisputeResolved) -> None:
    dispute: Dispute = account._get("disputes", event.dispute)
    account._put("disputes", replace(dispute, state=event.outcome, resolved_on=event.on, by=event.by))
    _contest(account, dispute.contested)
    if event.restarts:
        for item in account.live("items"):
            if item.state == "open" and item.steps and concerns(dispute.items, item):
                account._put("items", money_state.in_new_episode(item))
    if event.outcome == "rejected":
        account._behaviour(disputes_lost=account.header.behaviour.disputes_lost + 1)


def _open_minor(account: Account, names: Iterable[str]) -> int:
    """What is open of the named items at the start of a promise or plan about them."""
    owed = (key for named in names for key in owed_for(account, named, follow=False))
    return sum(account.items[key].outstanding_minor for key in owed)


def _promise_made(account: Account, event: ev.PromiseMade) -> None:
    account._new(
        "promises",
        Promise(
            key=event.promise,
            items=event.items,
            date=event.date,
            until=event.until,
            made=event.made,
            currency=event.currency,
            amount_minor=event.amount_minor,
            reply=event.reply,
            open_at_start_minor=_open_minor(account, event.items),
            needs_payment=event.needs_payment,
        ),
    )
    account._behaviour(promises_made=account.header.behaviour.promises_made + 1)


def _promise_settled(account: Account, event: ev.PromiseSettled) -> None:
    account._put("promises", replace(account._get("promises", event.promise), state=event.outcome, settled_on=event.on))
    _word_settled(account, account.promises[event.promise].items, event.outcome, event.on)


def _word_settled(account: Account, names: tuple[str, ...], outcome: str, on: date) -> None:
    """A promise or plan ended: a plan is a promise in several parts, and counts as one."""
    behaviour = account.header.behaviour
    if outcome == "kept":
        account._behaviour(promises_kept=behaviour.promises_kept + 1)
    if outcome == "broken":
        account._behaviour(promises_broken=behaviour.promises_broken + 1)
        credit_state.promise_broken(account, on)
        _hasten(account, names, on)


def _hasten(account: Account, names: tuple[str, ...], on: date) -> None:
    """The next step of these items is due from this day on: one step, since doing it ends the haste. Of more items than
    one transaction may mark, the oldest."""
    concerned = [item for item in account.live("items") if item.state == "open" and concerns(names, item)]
    for item in sorted(concerned, key=lambda one: (one.due, one.key))[:MAX_MARKED_ITEMS]:
        account._put("items", replace(item, hastened_on=on))


def _plan_made(account: Account, event: ev.PlanMade) -> None:
    account._new(
        "plans",
        Plan(
            key=event.plan,
            items=event.items,
            instalments=event.instalments,
            currency=event.currency,
            made=event.made,
            grace_days=event.grace_days,
            by=event.by,
            reply=event.reply,
            open_at_start_minor=_open_minor(account, event.items),
        ),
    )
    account._behaviour(promises_made=account.header.behaviour.promises_made + 1)


def _plan_settled(account: Account, event: ev.PlanSettled) -> None:
    account._put("plans", replace(account._get("plans", event.plan), state=event.outcome, settled_on=event.on))
    _word_settled(account, account.plans[event.plan].items, event.outcome, event.on)


def _item_moved(account: Account, event: ev.ItemMoved) -> None:
    item: Item = account._get("items", event.item)
    account._put("items", replace(item, moved_to=event.to_level, moved_on=event.on, hastened_on=None))


def _handed_over_ended(account: Account, event: ev.HandedOverEnded) -> None:
    handover: Handover = account._get("handovers", event.handover)
    ended = replace(handover, state=event.outcome, ended_on=event.on, by=event.by, note=event.note)
    account._put("handovers", ended)


def _hold_placed(account: Account, event: ev.HoldPlaced) -> None:
    hold = Hold(
        key=event.hold,
        items=event.items,
        until=event.until,
        reason=event.reason,
        by=event.by,
        kind=event.kind,
        stage=event.stage,
        contact=event.contact,
    )
    account._new("holds", hold)


def _hold_ended(account: Account, event: ev.HoldEnded) -> None:
    account._put("holds", replace(account._get("holds", event.hold), state="ended"))


def _task_opened(account: Account, event: ev.TaskOpened) -> None:
    account._new("tasks", Task(event.task, event.kind, event.about, event.opened, event.due, event.detail))
    if event.kind == "dispute_deadline":
        account._put("disputes", replace(account._get("disputes", event.about), overdue=True))
    if event.kind == "credit_review":
        account._set(reviewed_on=event.opened)
    if event.kind == "no_usable_address":
        account._set(address_asked_on=event.opened)
    if event.kind == "refund":
        cash: Cash = account._get("cash", event.about)
        account._put("cash", replace(cash, refund_asked_minor=cash.unallocated_minor))
    if event.kind == "debit_missing":
        item: Item = account._get("items", event.about)
        account._put("items", replace(item, debit_missing=True, debits_missed=item.debits_missed + 1))


def _task_closed(account: Account, event: ev.TaskClosed) -> None:
    task: Task = account._get("tasks", event.task)
    account._put("tasks", replace(task, state="closed", result=event.result, by=event.by, proof=event.proof))
    if task.kind == "refund" and event.result == "void":  # what comes up again is asked again
        account._put("cash", replace(account._get("cash", task.about), refund_asked_minor=0))
    if task.kind == "release_limit":
        retired = tuple(intent for intent in account.header.retired if intent != task.about)
        releases = {intent: count for intent, count in account.header.releases.items() if intent != task.about}
        account._set(retired=retired, releases=releases)


# --- notices
def _items_reserved(account: Account, event: ev.ItemsReserved) -> None:
    for key in event.items:
        _mark(account, key, event.notice)


def _mark(account: Account, key: str, notice: str) -> None:
    item: Item = account._get("items", key)
    if item.notice not in ("", notice):
        raise AccountError("an item is in one notice at a time")
    account._put("items", replace(item, notice=notice))


def _unmark(account: Account, notice: str, keys: Iterable[str]) -> None:
    for key in keys:
        item = account.items.get(key)
        if item is not None and item.notice == notice:
            account._put("items", replace(item, notice=""))


def _reservation_freed(account: Account, event: ev.ReservationFreed) -> None:
    _unmark(account, event.notice, event.items)


def _approval_asked(account: Account, event: ev.ApprovalAsked) -> None:
    approval = Approval(
        key=event.approval,
        channel=event.channel,
        currency=event.currency,
        level=event.level,
        step=event.step,
        items=event.items,
        total_minor=event.total_minor,
        on=event.on,
        until=event.until,
        policy=event.policy,
        scenario=event.scenario,
    )
    account._new("approvals", approval)


def _approval_settled(account: Account, event: ev.ApprovalSettled) -> None:
    approval: Approval = account._get("approvals", event.approval)
    until = event.until or approval.until
    account._put("approvals", replace(approval, state=event.outcome, by=event.by, until=until))
    if event.outcome == "discarded":  # only what was discarded today is of interest
        kept = {key: day for key, day in account.header.discarded.items() if day == event.on}
        account._set(discarded={**kept, **{f"{approval.currency}|{part.step}": event.on for part in approval.items}})


def _notice_claimed(account: Account, event: ev.NoticeClaimed) -> None:
    for part in event.items if not event.main else ():
        item = account.items[part.item]
        if item.notice != event.notice:
            _mark(account, part.item, event.notice)
    if event.main:
        for part in event.items:
            item = account.items[part.item]
            account._put("items", replace(item, beside=(*item.beside, beside_mark(event.channel, part))))
    account._new(
        "notices",
        Notice(
            key=event.notice,
            intent=event.intent,
            channel=event.channel,
            currency=event.currency,
            level=event.level,
            step=event.step,
            items=event.items,
            contacts=event.contacts,
            at=event.at,
            policy=event.policy,
            scenario=event.scenario,
            claim_version=account.version + 1,
            credits_minor=event.credits_minor,
            since=event.at,
            main=event.main,
            to=event.to,
            approvals=event.approvals,
        ),
    )
    if not event.main and event.channel in NOTICES:
        _note_contact(account, event.notice, event.at)


def beside_mark(channel: str, part: ev.NoticeItem) -> str:
    """Return what an item keeps of a claim on a further channel, so that a main channel that is tried again does not
    claim it again."""
    return f"{channel}|{part.episode}|{part.step}|{part.repetition}"


def _forget_beside(account: Account, notice: Notice) -> None:
    """A further channel did not take its message: it goes along again, should the main channel be tried again."""
    for part in notice.items:
        item = account.items.get(part.item)
        if item is not None and item.is_live and beside_mark(notice.channel, part) in item.beside:
            kept = tuple(one for one in item.beside if one != beside_mark(notice.channel, part))
            account._put("items", replace(item, beside=kept))


def _note_contact(account: Account, notice: str, at: datetime) -> None:
    oldest = at - timedelta(days=CONTACT_DAYS_KEPT)
    kept = {key: time for key, time in account.header.contacts_made.items() if time >= oldest}
    account._set(contacts_made={**kept, notice: at})


def _notice_released(account: Account, event: ev.NoticeReleased) -> None:
    notice: Notice = account._get("notices", event.notice)
    account._put("notices", replace(notice, state="released", reason=event.reason))
    if notice.main:  # by itself it is not tried again: the step goes out on its main channel
        _forget_beside(account, notice)
        return
    _unmark(account, event.notice, (part.item for part in notice.items))
    header = account.header
    account._set(
        contacts_made={key: time for key, time in header.contacts_made.items() if key != event.notice},
        releases=money_state.added(header.releases, notice.intent, 1) if event.counts else header.releases,
        retry_at={**header.retry_at, notice.intent: event.retry_at},
    )


def _intent_retired(account: Account, event: ev.IntentRetired) -> None:
    account._set(
        retired=tuple(sorted({*account.header.retired, event.intent})),
        retry_at={key: time for key, time in account.header.retry_at.items() if key != event.intent},
    )


def _notice_sent(account: Account, event: ev.NoticeSent) -> None:
    notice: Notice = account._get("notices", event.notice)
    if notice.state == "sent":
        account._put("notices", replace(notice, second_message=event.message))
        return
    counted = notice.state == "unknown"  # unknown counted as sent already
    pending = notice.pending if counted or notice.main else tuple(part.item for part in notice.items)
    _use_up(account, notice)
    account._put("notices", replace(notice, state="sent", message=event.message, pending=pending, since=event.at))
    header = account.header
    account._set(
        releases={key: count for key, count in header.releases.items() if key != notice.intent},
        retry_at={key: time for key, time in header.retry_at.items() if key != notice.intent},
    )
    if not counted and not notice.main and notice.channel in NOTICES:
        _note_contact(account, event.notice, notice.at)
        _count_notice(account, notice)


def _use_up(account: Account, notice: Notice) -> None:
    """The approvals of a notice that was said are used; one that was released has them still."""
    for key in notice.approvals:
        approval = account.approvals.get(key)
        if approval is not None and approval.state == "approved":
            account._put("approvals", replace(approval, state="used"))


def _count_notice(account: Account, notice: Notice) -> None:
    """Count a notice by level, and in its currency since nothing was chased in that."""
    counts = account.header.behaviour.notices_by_level
    account._behaviour(notices_by_level=money_state.added(counts, str(notice.level), 1))
    sent = account.header.notices_sent
    before = sent.get(notice.currency, 0) if is_chased(account, notice.currency) else 0
    account._set(notices_sent={**sent, notice.currency: before + 1})


def is_chased(account: Account, currency: str) -> bool:
    """Whether a step was done to any open item of a currency in its present episode."""
    return any(item.steps for item in account.live("items") if item.state == "open" and item.currency == currency)


def _notice_doubtful(account: Account, event: ev.NoticeDoubtful) -> None:
    notice: Notice = account._get("notices", event.notice)
    account._put("notices", replace(notice, state="doubtful", reason=event.reason, since=event.at))


def _notice_unknown(account: Account, event: ev.NoticeUnknown) -> None:
    notice: Notice = account._get("notices", event.notice)
    pending = () if notice.main else tuple(part.item for part in notice.items)
    _use_up(account, notice)
    account._put("notices", replace(notice, state="unknown", pending=pending, since=event.at))
    if not notice.main and notice.channel in NOTICES:
        _count_notice(account, notice)


def _hand_over(account: Account, notice: Notice, on: date) -> None:
    items = tuple(part.item for part in notice.items)
    total_minor = sum(part.balance_minor for part in notice.items)
    account._new("handovers", Handover(notice.key, items, notice.to, on, notice.currency, total_minor))


def _steps_recorded(account: Account, event: ev.StepsRecorded) -> None:
    notice: Notice = account._get("notices", event.notice)
    if notice.channel == "hand_over" and notice.key not in account.handovers:
        _hand_over(account, notice, event.on)
    parts = {part.item: part for part in notice.items}
    for key in event.items:
        part = parts[key]
        item: Item = account._get("items", key)
        steps = item.steps
        repeated = any((done.step, done.repetition) == (part.step, part.repetition) for done in steps)
        item = replace(item, notice="" if item.notice == event.notice else item.notice, beside=())
        if item.episode == part.episode and not repeated:
            done = StepDone(part.step, part.level, event.on, event.notice, part.repetition, part.anchor)
            item = replace(item, steps=(*steps, done), moved_to=None, moved_on=None, hastened_on=None)
        account._put("items", item)
        _demand(account, item, part.charges)
    left = tuple(key for key in notice.pending if key not in set(event.items))
    account._put("notices", replace(notice, pending=left))


def _demand(account: Account, item: Item, charges: tuple[ev.Charge, ...]) -> None:
    """What the notice demanded beside the amount is owed from now on, unless nothing of the invoice is any more."""
    known = {charge.key for charge in item.charges}
    new = tuple(charge for charge in charges if charge.key not in known)
    if new and item.state == "open":
        money_state.charges_demanded(account, ev.ChargesDemanded(item.key, new, item.currency))


def _notice_delivery(account: Account, event: ev.NoticeDelivery) -> None:
    account._put("notices", replace(account._get("notices", event.notice), delivery=event.outcome))


def _nothing(account: Account, event: ev.Event) -> None:
    del account, event


_APPLY: dict[type[ev.Event], Callable[[Account, Any], None]] = {
    ev.CustomerRegistered: _customer_registered,
    ev.AccountMerged: _account_merged,
    ev.ScoreChanged: _score_changed,
    ev.ContactSuppressed: _contact_suppressed,
    ev.ScoreReviewed: credit_state.score_reviewed,
    ev.CategoryChanged: credit_state.category_changed,
    ev.CreditHoldChanged: credit_state.credit_hold_changed,
    ev.CoverSet: credit_state.cover_set,
    ev.CoverEnded: credit_state.cover_ended,
    ev.OrderPlaced: credit_state.order_placed,
    ev.OrderEnded: credit_state.order_ended,
    ev.OverrideGranted: credit_state.override_granted,
    ev.OverrideEnded: credit_state.override_ended,
    ev.CreditDecided: _nothing,
    ev.InvoiceRegistered: _invoice_registered,
    ev.InvoiceCorrected: _invoice_corrected,
    ev.InvoiceConfirmed: _invoice_confirmed,
    ev.InvoiceCancelled: _invoice_cancelled,
    ev.InvoiceReinstated: _invoice_reinstated,
    ev.InvoicesFlagged: _invoices_flagged,
    ev.DebitReturned: _debit_returned,
    ev.InvoiceTransferred: _invoice_transferred,
    ev.CreditNoteCorrected: money_state.credit_note_corrected,
    ev.CashReceived: money_state.cash_received,
    ev.CashNamed: money_state.cash_named,
    ev.CashWithdrawn: money_state.cash_withdrawn,
    ev.AllocationsChanged: money_state.allocations_changed,
    ev.ChargesDemanded: money_state.charges_demanded,
    ev.ChargesWaived: money_state.charges_waived,
    ev.CashRefunded: money_state.cash_refunded,
    ev.RefundUndone: money_state.refund_undone,
    ev.CashExchanged: money_state.cash_exchanged,
    ev.ExchangeUndone: money_state.exchange_undone,
    ev.SuspenseMarked: _suspense_marked,
    ev.SuspenseCleared: _suspense_cleared,
    ev.ReplyReceived: _reply_received,
    ev.ReplyClassified: _reply_classified,
    ev.DisputeOpened: _dispute_opened,
    ev.DisputeNarrowed: _dispute_narrowed,
    ev.DisputeResolved: _dispute_resolved,
    ev.PromiseMade: _promise_made,
    ev.PromiseSettled: _promise_settled,
    ev.PlanMade: _plan_made,
    ev.PlanSettled: _plan_settled,
    ev.ItemMoved: _item_moved,
    ev.HandedOverEnded: _handed_over_ended,
    ev.ApprovalAsked: _approval_asked,
    ev.ApprovalSettled: _approval_settled,
    ev.HoldPlaced: _hold_placed,
    ev.HoldEnded: _hold_ended,
    ev.TaskOpened: _task_opened,
    ev.TaskClosed: _task_closed,
    ev.ItemsReserved: _items_reserved,
    ev.ReservationFreed: _reservation_freed,
    ev.NoticeClaimed: _notice_claimed,
    ev.NoticeReleased: _notice_released,
    ev.IntentRetired: _intent_retired,
    ev.NoticeSent: _notice_sent,
    ev.NoticeDoubtful: _notice_doubtful,
    ev.NoticeUnknown: _notice_unknown,
    ev.StepsRecorded: _steps_recorded,
    ev.NoticeDelivery: _notice_delivery,
    ev.AgendaMoved: _nothing,
}
