"""What a played scenario did, in the words of the output: notices, tasks, events, proposals, as the journals get them.

Nothing is decided here: each entry stands for an event that the functions' own code committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import RETURNED
from duly.domain.entities import Cash, Item
from duly.domain.money import format_minor
from duly.domain.policy import Policy
from duly.store.accounts import AccountStore, Agenda
from duly.store.transactions import Stored, TransactionStore

CALL: Final = "call"  # a step that is a person's task alone, and no notice
#: Adjustments that let go of what is owed; a cash discount is none.
LET_GO: Final = ("write_off", "tolerance", "bank_fee", "deduction")


@dataclass
class Record:
    """Everything that the output lists, in the order in which it happened."""

    notices: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)
    credit: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A notice that was claimed: whose, at which level, and the how-manieth of those it is."""

    customer: str
    level: int
    number: int
    day: str


class Recorder:
    """Listens to commits. ``on`` is what the output says of the moment being played; ``is_seeding`` keeps history that
    a scenario states out of what it does."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.record = Record()
        self.on = ""
        self.is_seeding = False
        self.accounts: dict[str, Account] = {}  # each account after its last commit
        self.attempts: dict[str, Attempt] = {}  # notice -> what it was
        self.demanded: list[tuple[str, int]] = []  # currency and minor units of each charge that a notice demanded
        self._notices: dict[str, dict[str, Any]] = {}
        self._approvals: dict[str, dict[str, Any]] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._finished: set[tuple[str, str]] = set()

    # --- what was committed
    def account_changed(self, before: Account, events: Iterable[ev.Event], after: Account) -> None:
        """Note what these events mean. ``after`` is the account with them."""
        self.accounts[after.id] = after
        if self.is_seeding:
            return
        for event in events:
            handler = _HANDLERS.get(type(event))
            if handler is not None:
                handler(self, before, event, after)
        self._payments(before, after)

    def transaction_changed(self, events: Iterable[ev.Event], after: Stored) -> None:
        """Note what is proposed for money."""
        for event in events:
            if isinstance(event, ev.TransactionProposed):
                best = event.placements[0]
                invoices = [name for share in best.shares for name in share.names]
                confidence = best.confidence_permille / 1000
                entry = {"on": self.on, "payment": after.state.key, "invoices": invoices, "confidence": confidence}
                self.record.proposals.append(entry)

    def problem(self, code: str, text: str) -> None:
        """Note what could not be played."""
        self.record.problems.append({"on": self.on, "code": code, "text": text})

    def happened(self, account: Account, name: str, **facts: Any) -> None:
        """Note an event."""
        customer = account.header.customer or account.id
        self.record.events.append({"on": self.on, "customer": customer, "event": name, **facts})

    # --- notices
    def claimed(self, before: Account, event: ev.NoticeClaimed, after: Account) -> None:
        customer = after.header.customer or after.id
        self._note_attempt(event, customer)
        proposed = [self._approvals.pop(key) for key in event.approvals if key in self._approvals]
        entry = {
            "on": self.on,
            "customer": customer,
            "level": event.level,
            "step": event.step,
            "channel": event.channel,
            "currency": event.currency,
            **_parts(before, event.items, event.currency),
            "credits": format_minor(event.credits_minor, event.currency),
            "state": "claimed",
        }
        if proposed:  # what was proposed goes out: one entry, on the day on which it does
            self.record.notices = [one for one in self.record.notices if not any(one is other for other in proposed)]
        self._notices[event.notice] = entry
        if event.channel != CALL:
            self.record.notices.append(entry)

    def _note_attempt(self, event: ev.NoticeClaimed, customer: str) -> None:
        if event.main:
            return
        number = self._counts.get((customer, event.level), 0) + 1
        self._counts[customer, event.level] = number
        self.attempts[event.notice] = Attempt(customer, event.level, number, self.on)

    def state_of(self, notice: str, state: str) -> None:
        if notice in self._notices:
            self._notices[notice]["state"] = state

    def asked(self, before: Account, event: ev.ApprovalAsked, after: Account) -> None:
        entry = {
            "on": self.on,
            "customer": after.header.customer or after.id,
            "level": event.level,
            "step": event.step,
            "channel": event.channel,
            "currency": event.currency,
            **_parts(before, event.items, event.currency),
            "state": "proposed",
        }
        self._approvals[event.approval] = entry
        if event.channel != CALL:
            self.record.notices.append(entry)

    def settled(self, before: Account, event: ev.ApprovalSettled, after: Account) -> None:
        del before, after
        entry = self._approvals.get(event.approval)
        if entry is not None and event.outcome != "approved":  # an approved one is proposed until it goes out
            entry["state"] = event.outcome

    def stepped(self, before: Account, event: ev.StepsRecorded, after: Account) -> None:
        """Levels that items reached, what was handed over, and a scenario that came to its end."""
        notice = after.notices[event.notice]
        done = set(event.items)
        charges = [charge for part in notice.items if part.item in done for charge in part.charges]
        self.demanded += [(notice.currency, charge.amount_minor) for charge in charges]
        for key in event.items:
            reached, item = before.items.get(key), after.items.get(key)
            if item is None or item.level <= (reached.level if reached else -1) or not item.steps:
                continue
            self.happened(after, "level_reached", **named(item), level=item.level, currency=item.currency)
        if notice.channel == "hand_over" and event.notice not in before.handovers:
            invoices = [after.items[part.item].number for part in notice.items if part.item in after.items]
            self.happened(after, "handed_over", to=notice.to, invoices=invoices, level=notice.level)
        self._maybe_finished(after, notice.currency)

    def _maybe_finished(self, account: Account, currency: str) -> None:
        """Once for a currency until nothing of it is chased any more: its last step is done for an item, or it had as
        many notices as the scenario allows."""
        scenario = self.policy.scenario_for(account.header.scenario, account.header.category)
        chased = [item for item in account.live("items") if item.currency == currency and item.steps]
        key = (account.id, currency)
        if not chased:
            self._finished.discard(key)
            return
        last = scenario.steps[-1].name if scenario.steps and not scenario.repeat_days else ""
        is_done = any(done.step == last for item in chased for done in item.steps)
        sent = account.header.notices_sent.get(currency, 0)
        if key not in self._finished and (is_done or (scenario.max_notices and sent >= scenario.max_notices)):
            self._finished.add(key)
            self.happened(account, "scenario_finished", currency=currency, scenario=scenario.name)

    # --- money
    def _payments(self, before: Account, after: Account) -> None:
        """What payments pay now that they did not before this commit."""
        if before.cash.keys() == after.cash.keys() and all(before.cash[key] is after.cash[key] for key in after.cash):
            return
        for key in after.cash:
            cash, earlier = after.cash[key], before.cash.get(key)
            if cash is earlier or cash.kind != "payment":
                continue
            for item, amount in sorted(_pays(cash).items()):
                more = amount - (_pays(earlier).get(item, 0) if earlier else 0)
                if more > 0:
                    found = after.items.get(item)
                    facts = named(found) if found else {"invoice": item}
                    amount_text = format_minor(more, cash.currency)
                    self.happened(
                        after, "payment_allocated", payment=key, **facts, amount=amount_text, currency=cash.currency
                    )
        for currency in {cash.currency for cash in after.cash.values()}:
            if not any(item.steps for item in after.live("items") if item.currency == currency):
                self._finished.discard((after.id, currency))


def _pays(cash: Cash) -> dict[str, int]:
    """What money pays of each item, charges included."""
    found = dict(cash.allocations)
    for paid in cash.charges.values():
        for item, amount in paid.items():
            found[item] = found.get(item, 0) + amount
    return found


def named(item: Item) -> dict[str, Any]:
    """An item as the output names it."""
    return {"invoice": item.number, "instalment": item.instalment or 1}


def _parts(account: Account, parts: Iterable[ev.NoticeItem], currency: str) -> dict[str, Any]:
    """The items of a notice with what is owed on each so far, this step's charges included, and the total of all."""
    items, total = [], 0
    for part in parts:
        item = account.items[part.item]
        owed = dict(item.open_charges_minor)
        for charge in part.charges:
            owed[charge.kind] = owed.get(charge.kind, 0) + charge.owed_minor
        total += part.balance_minor + sum(owed.values())
        items.append(
            {
                **named(item),
                "due": item.due.isoformat(),
                "level": part.level,
                "step": part.step,
                "balance": format_minor(part.balance_minor, currency),
                "fee": format_minor(owed.get("costs", 0), currency),
                "interest": format_minor(owed.get("interest", 0), currency),
            }
        )
    return {"items": items, "total": format_minor(total, currency)}


# --- events by kind
def _task(self: Recorder, before: Account, event: ev.TaskOpened, after: Account) -> None:
    del before
    entry: dict[str, Any] = {
        "on": self.on,
        "customer": after.header.customer or after.id,
        "kind": event.kind,
        "reason": event.detail or event.kind,
        "about": event.about,
    }
    notice = after.notices.get(event.about)
    if notice is not None:
        entry |= {"level": notice.level, "step": notice.step, "channel": notice.channel, "currency": notice.currency}
        entry["invoices"] = [after.items[part.item].number for part in notice.items if part.item in after.items]
    self.record.tasks.append(entry)


def _promised(self: Recorder, before: Account, event: ev.PromiseMade, after: Account) -> None:
    del before
    facts = {"promise": event.promise, "invoices": _numbers(after, event.items), "date": event.date.isoformat()}
    self.happened(after, "promise_made", **facts)


def _promise_settled(self: Recorder, before: Account, event: ev.PromiseSettled, after: Account) -> None:
    del before
    promise = after.promises[event.promise]
    invoices = _numbers(after, promise.items)
    self.happened(after, f"promise_{event.outcome}", promise=event.promise, invoices=invoices)


def _planned(self: Recorder, before: Account, event: ev.PlanMade, after: Account) -> None:
    del before
    self.happened(after, "plan_made", plan=event.plan, invoices=_numbers(after, event.items))


def _plan_settled(self: Recorder, before: Account, event: ev.PlanSettled, after: Account) -> None:
    del before
    invoices = _numbers(after, after.plans[event.plan].items)
    self.happened(after, f"plan_{event.outcome}", plan=event.plan, invoices=invoices)


def _held(self: Recorder, before: Account, event: ev.HoldPlaced, after: Account) -> None:
    del before
    facts = {"invoices": _numbers(after, event.items), "until": event.until.isoformat(), "reason": event.reason}
    self.happened(after, "hold_placed", hold=event.hold, **facts)


def _hold_ended(self: Recorder, before: Account, event: ev.HoldEnded, after: Account) -> None:
    del before
    invoices = _numbers(after, after.holds[event.hold].items)
    self.happened(after, "hold_ended", hold=event.hold, invoices=invoices, reason=event.reason)


def _disputed(self: Recorder, before: Account, event: ev.DisputeOpened, after: Account) -> None:
    del before
    facts = {"dispute": event.dispute, "invoices": _numbers(after, event.items), "reason": event.reason}
    if event.contested:
        facts["amount"] = format_minor(sum(event.contested.values()), event.currency)
    self.happened(after, "dispute_opened", **facts)


def _resolved(self: Recorder, before: Account, event: ev.DisputeResolved, after: Account) -> None:
    del before
    invoices = _numbers(after, after.disputes[event.dispute].items)
    self.happened(after, "dispute_resolved", dispute=event.dispute, outcome=event.outcome, invoices=invoices)


def _received(self: Recorder, before: Account, event: ev.CashReceived, after: Account) -> None:
    del before
    if event.kind not in LET_GO:
        return
    item = after.items.get(event.names[0]) if event.names else None
    facts = named(item) if item else {}
    amount = format_minor(event.amount_minor, event.currency)
    self.happened(
        after, "written_off", kind=event.kind, **facts, amount=amount, currency=event.currency, reason=event.reason
    )


def _withdrawn(self: Recorder, before: Account, event: ev.CashWithdrawn, after: Account) -> None:
    cash = before.cash.get(event.cash) or after.cash[event.cash]
    if cash.kind == "payment" and event.reason == RETURNED:
        self.happened(after, "payment_reversed", payment=event.cash)


def _category(self: Recorder, before: Account, event: ev.CategoryChanged, after: Account) -> None:
    del before
    facts = {"before": event.before, "after": event.after, "category": event.after, "reasons": list(event.reasons)}
    self.happened(after, "category_changed", **facts)


def _credit_hold(self: Recorder, before: Account, event: ev.CreditHoldChanged, after: Account) -> None:
    if event.reasons and not before.header.credit_hold:
        self.happened(after, "credit_hold_placed", reasons=list(event.reasons))
    elif before.header.credit_hold and not event.reasons:
        self.happened(after, "credit_hold_lifted")


def _moved(self: Recorder, before: Account, event: ev.ItemMoved, after: Account) -> None:
    was = before.items[event.item].level if event.item in before.items else -1
    name = "skipped_to" if event.to_level > was else "stepped_back"
    self.happened(after, name, **named(after.items[event.item]), level=event.to_level, reason=event.reason)


def _numbers(account: Account, keys: Iterable[str]) -> list[str]:
    return [account.items[key].number if key in account.items else key for key in keys]


def _state(state: str) -> Callable[[Recorder, Account, Any, Account], None]:
    def note(self: Recorder, before: Account, event: Any, after: Account) -> None:
        del before, after
        self.state_of(event.notice, state)

    return note


_HANDLERS: Final[Mapping[type[ev.Event], Callable[[Recorder, Account, Any, Account], None]]] = {
    ev.NoticeClaimed: Recorder.claimed,
    ev.NoticeSent: _state("sent"),
    ev.NoticeReleased: _state("failed"),
    ev.NoticeDoubtful: _state("doubtful"),
    ev.NoticeUnknown: _state("unknown"),
    ev.ApprovalAsked: Recorder.asked,
    ev.ApprovalSettled: Recorder.settled,
    ev.StepsRecorded: Recorder.stepped,
    ev.TaskOpened: _task,
    ev.PromiseMade: _promised,
    ev.PromiseSettled: _promise_settled,
    ev.PlanMade: _planned,
    ev.PlanSettled: _plan_settled,
    ev.HoldPlaced: _held,
    ev.HoldEnded: _hold_ended,
    ev.DisputeOpened: _disputed,
    ev.DisputeResolved: _resolved,
    ev.CashReceived: _received,
    ev.CashWithdrawn: _withdrawn,
    ev.CategoryChanged: _category,
    ev.CreditHoldChanged: _credit_hold,
    ev.ItemMoved: _moved,
}


# --- the stores that are listened to
class RecordingAccounts(AccountStore):
    """The accounts' store, which tells its listener of every commit."""

    def __init__(self, store: AccountStore, recorder: Recorder) -> None:
        super().__init__(store.table, store.alarm, store.rules)
        self._recorder = recorder

    def commit(
        self,
        account: Account,
        events: Any,
        at: datetime,
        agenda: Agenda,
        personal: dict[str, dict[str, Any]] | None = None,
        extra_lookups: Any = (),
    ) -> Account:
        after = super().commit(account, events, at, agenda, personal, extra_lookups)
        if personal and after.header.personal in personal:
            after.personal = personal[after.header.personal]
        self._recorder.account_changed(account, events, after)
        return after


class RecordingTransactions(TransactionStore):
    """The bank transactions' store, which tells its listener of every commit."""

    def __init__(self, store: TransactionStore, recorder: Recorder) -> None:
        super().__init__(store.table)
        self._recorder = recorder

    def commit(self, stored: Stored, transaction_id: str, events: Any, *rest: Any, **more: Any) -> Stored:
        after = super().commit(stored, transaction_id, events, *rest, **more)
        self._recorder.transaction_changed(events, after)
        return after
