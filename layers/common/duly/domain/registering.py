"""Putting invoices on an account: new, corrected, cancelled, replaced, a duplicate, or what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from duly.domain import events as ev
from duly.domain.account import CONTENT, Account, owed_for
from duly.domain.allocation import allocation_changes, as_events, followed, parted, reallocate
from duly.domain.calendar import due_date
from duly.domain.cash import receive, settle_words, withdraw
from duly.domain.cash_discount import CashDiscount
from duly.domain.entities import MAX_INSTALMENTS, Cash, Item, instalment_key, rank_of
from duly.domain.flags import flags_of
from duly.domain.refund_tasks import refund_tasks
from duly.domain.statements import Outcome, earlier_rows, is_own, merge_credit_notes, merge_items, same_core

LAST_LINE = 999_999_999  # of a person's word: it counts after every row of the same moment
MAX_FLAGGED = 40  # items flagged in one event: each of them is written
MAX_CHANGES_WITHIN = 8  # allocations that change in the same event as the invoice: more go into events of their own

MAX_WRITES_WITHIN = 70  # of one event with its allocations; a transaction has room for promises and lookups besides

DefaultDays = int | Callable[[date], int]


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """What one row says: an invoice or credit note as it should stand on the account, or that a number is cancelled.

    ``amount_minor`` is positive for all types. ``replaces`` is the number that a corrected invoice stands for.
    ``stated_at`` is the arrival of the upload; of two statements about one number the later one counts.
    """

    number: str
    type: str  # invoice | credit_note | cancellation
    issued: date
    due: date | None
    amount_minor: int
    currency: str
    order: str = ""
    terms: str = ""
    reference: str = ""
    for_invoice: str = ""
    upload: str = ""
    line: int = 0
    due_source: str = "stated"  # where ``due`` comes from, when there is one
    means: str = ""
    discounts: tuple[CashDiscount, ...] = ()
    delivered: date | None = None
    instalments: tuple[tuple[date, int], ...] = ()
    replaces: str = ""
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one row: applied, duplicate or rejected with a code and reason, and the events it causes."""

    result: str
    events: tuple[ev.Event, ...] = ()
    code: str = ""
    field: str = ""
    reason: str = ""
    flags: tuple[str, ...] = ()
    confirms: bool = False  # all that its events say is that the same was stated again, later


@dataclass(frozen=True, slots=True)
class Terms:
    """What registering needs of the policy: days to pay when nothing is stated, days from delivery to invoice (0: any),
    and the day. ``confirms``: a repetition is noted, because an upload that arrived before it is still worked on."""

    default_days: DefaultDays
    today: date
    issue_within_days: int = 0
    confirms: bool = True

    def default_due(self, issued: date) -> date:
        days = self.default_days(issued) if callable(self.default_days) else self.default_days
        return due_date(issued, days)


Incoming = InvoiceFacts | Item | Cash  # a row, or what moves here from an account that was merged into this one


def credit_note_key(number: str) -> str:
    """Return the key of a credit note among the cash of an account."""
    return f"CN:{number}"


def keys_named(facts: Incoming) -> list[tuple[str, str]]:
    """Return what must be loaded, open or closed and linked, before ``register_invoice`` decides."""
    number = _number(facts)
    named = [("items", number), ("cash", credit_note_key(number))]
    if not isinstance(facts, Cash):
        named += [("items", key) for key in _instalment_keys(number, facts.instalments)]
    if isinstance(facts, Cash):
        return [*named, *(("items", key) for key in facts.names)]
    more = [facts.replaces] if isinstance(facts, Item) else [facts.for_invoice, facts.replaces]
    return [*named, *(("items", key) for key in more if key)]


def _instalment_keys(number: str, instalments: Sequence[object]) -> list[str]:
    """Return the keys of instalments, when there are no more than an invoice may have."""
    count = len(instalments) if len(instalments) <= MAX_INSTALMENTS else 0
    return [instalment_key(number, one + 1) for one in range(count)]


def _number(facts: Incoming) -> str:
    return facts.key.partition(":")[2] if isinstance(facts, Cash) else facts.number


def register_invoice(
    account: Account,
    facts: Incoming,
    default_days: DefaultDays,
    today: date,
    issue_within_days: int = 0,
    confirms: bool = True,
) -> Verdict:
    """Return the verdict on one row. The account holds what ``keys_named`` names, with all that is linked to it.

    The same upload and line again stays applied; the same content from elsewhere is a duplicate; other content is a
    correction when it arrived later, and superseded when it arrived earlier than what is known. A number belongs to
    an invoice or to a credit note, never to both.
    """
    terms = Terms(default_days, today, issue_within_days, confirms)
    if isinstance(facts, Item):
        return _register_item(account, facts, terms, moved=True)
    if isinstance(facts, Cash):
        return _register_credit_note(account, facts, terms, moved=True)
    if facts.type == "cancellation":
        return _register_cancellation(account, facts, terms)
    if facts.type == "credit_note":
        return _register_credit_note(account, _credit_note(facts), terms)
    return _register_item(account, _item(facts, terms), terms)


def _item(facts: InvoiceFacts, terms: Terms) -> Item:
    """Return the item that an invoice row describes."""
    return Item(
        key=facts.number,
        number=facts.number,
        issued=facts.issued,
        due=facts.due or terms.default_due(facts.issued),
        due_source=facts.due_source if facts.due else "default",
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        upload=facts.upload,
        line=facts.line,
        order=facts.order,
        terms=facts.terms,
        reference=facts.reference,
        means=facts.means,
        discounts=facts.discounts,
        delivered=facts.delivered,
        instalments=facts.instalments if facts.due else (),
        replaces=facts.replaces if facts.replaces != facts.number else "",
        stated_at=facts.stated_at,
    )


def _credit_note(facts: InvoiceFacts) -> Cash:
    return Cash(
        key=credit_note_key(facts.number),
        kind="credit_note",
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        value_date=facts.issued,
        names=(facts.for_invoice,) if facts.for_invoice else (),
        upload=facts.upload,
        line=facts.line,
        stated_at=facts.stated_at,
    )


def _number_reused(what: str) -> Verdict:
    reason = f"this number is already on the account as {what}; expected a number of its own"
    return Verdict("rejected", code="number_reused", field="number", reason=reason)


# --- invoices
def _register_item(account: Account, said: Item, terms: Terms, moved: bool = False) -> Verdict:
    present = account.items.get(said.key)
    if credit_note_key(said.number) in account.cash and (present is None or not present.is_stated):
        return _number_reused("a credit note")
    if present is not None and present.instalment:
        return _number_reused("an instalment of another invoice")
    if moved and said.due_source == "default":
        said = replace(said, due=terms.default_due(said.issued))  # by what is agreed with the customer
    if any(_is_other(account, key) for key in _instalment_keys(said.key, said.instalments)):
        said = replace(said, instalments=())  # another invoice is called like an instalment of this one
    verdict = Verdict("applied")
    if not said.is_stated:
        pass  # only its cancellation moves
    elif present is None or not present.is_stated:
        verdict = _new_item(account, said, terms)
    elif not moved and is_own(present, said.upload, said.line):
        return replace(_left_to_do(account, present, terms.today), code=_code_again(present, said), flags=present.flags)
    else:
        verdict = _said_again(account, present, said, terms)
    if moved and said.cancelled is not None:
        verdict = _with_cancellation(account, verdict, said, terms.today)
    return verdict


def _is_other(account: Account, key: str) -> bool:
    """Whether a key that an instalment would have is the number of an invoice."""
    return key in account.items and not account.items[key].instalment


def _code_again(present: Item, said: Item) -> str:
    """Return the code that a row had when it was applied here: all but the first of a number are corrections."""
    rows = [*((row.upload, row.line) for row in present.earlier), (present.upload, present.line)]
    return "corrected" if rows.index((said.upload, said.line)) else ""


def _content(item: Item) -> dict[str, object]:
    return {name: getattr(item, name) for name in CONTENT}


def _new_item(account: Account, said: Item, terms: Terms) -> Verdict:
    said = replace(said, flags=flags_of(account, said, terms.issue_within_days))
    registered = ev.InvoiceRegistered(key=said.key, number=said.number, **_content(said))  # type: ignore[arg-type]
    if _stands_alone(account, said):
        return Verdict("applied", (registered,), flags=said.flags)
    # the replaced invoice ends first: with both, an order would seem to be invoiced wholly, and end
    structural = [*_replacing(account, said, "", terms.today), registered]
    events = _restated(account, structural[0], structural[1:], terms.today)
    cancelled = account.after(events).items[said.key].is_cancelled
    return Verdict("applied", tuple(events), code="cancelled" if cancelled else "", flags=said.flags)


def _stands_alone(account: Account, said: Item) -> bool:
    """Whether a new invoice is known to nothing on the account: most are, and then nothing follows from it."""
    if said.key in account.items or said.replaces or said.instalments:
        return False
    return not any(said.key in cash.names or cash.is_unnamed for cash in account.cash.values())


def _said_again(account: Account, present: Item, said: Item, terms: Terms) -> Verdict:
    by_person = present.cancelled is not None and present.cancelled.by and present.is_cancelled
    if by_person and same_core(present, said):
        return Verdict("duplicate", code="duplicate", flags=present.flags)
    found = merge_items(present, said, terms.default_due)
    after: Item = found.after
    if not found.is_new:
        events: list[ev.Event] = []
        if found.is_stamped and said.stated_at is not None and terms.confirms:
            events = [ev.InvoiceConfirmed(after.key, after.stated_at, after.stated_line, after.described)]
        if found.after.earlier != present.earlier:  # two items become one
            events = [_corrected(after)]
        code = _why_not(found, present, said)
        return Verdict("duplicate", tuple(events), code, flags=present.flags, confirms=bool(events))
    after = replace(after, flags=flags_of(account, after, terms.issue_within_days))
    more = _replacing(account, after, present.replaces, terms.today)
    events = _restated(account, _corrected(after), more, terms.today)
    if not found.is_later:
        return Verdict("duplicate", tuple(events), "superseded", flags=after.flags)
    if present.is_cancelled and not account.after(events).items[said.key].is_cancelled:
        return Verdict("applied", tuple(events), code="reinstated", flags=after.flags)
    return Verdict("applied", tuple(events), code="corrected", flags=after.flags)


def _corrected(item: Item) -> ev.InvoiceCorrected:
    return ev.InvoiceCorrected(key=item.key, **_content(item))  # type: ignore[arg-type]


def _why_not(found: Outcome, present: Item, said: Item) -> str:
    same = same_core(present, said) and (said.due_source == "default" or said.due == present.due)
    return "duplicate" if found.is_later or same else "superseded"


def _replacing(account: Account, item: Item, before: str, today: date) -> list[ev.Event]:
    """Return what an invoice does to the one that it replaces, and to the one that it no longer does."""
    events: list[ev.Event] = []
    if before and before != item.replaces:
        events.append(ev.InvoiceReinstated(before, item.key))
    original = account.items.get(item.replaces)
    if item.replaces and (original is None or (not original.instalment and item.key not in original.replaced_by)):
        events.append(
            ev.InvoiceCancelled(item.replaces, "replaced", today, replaced_by=item.key, currency=item.currency)
        )
    return events


def _left_to_do(account: Account, present: Item, today: date) -> Verdict:
    """What a commit that was cut off left to do for a row that is on the account already."""
    events = _replacing(account, present, "", today) if present.is_stated else []
    if events:
        return Verdict("applied", tuple(_restated(account, events[0], events[1:], today)))
    return Verdict("applied", tuple(reallocate(account, items=[present.key])))


def _restated(account: Account, first: ev.Event, more: Iterable[ev.Event], today: date) -> list[ev.Event]:
    """Return events that change what is owed together with the allocations that follow from it, and what both mean for
    promises, disputes and tasks: at no point is anything paid beyond its amount."""
    structural = [first, *more]
    trial = account.copy()
    trial.is_trial = True
    for event in structural:
        trial.apply(event)
    keys = sorted(key for kind, key in trial.touched if kind == "items")
    cash = sorted(key for kind, key in trial.touched if kind == "cash")
    changes, current = allocation_changes(trial, keys, cash)
    shrinking, growing = parted(changes, current)
    is_plain = isinstance(first, ev.InvoiceRegistered) and not shrinking
    if _fit_within([*shrinking, *growing], structural, trial.touched) and not is_plain:
        if len(structural) == 1:
            structural = [_with_changes(first, changes)]
        elif changes:
            structural = [_with_changes(first, shrinking), *structural[1:-1], _with_changes(structural[-1], growing)]
        events = structural
    else:
        events = [*as_events(shrinking), *structural, *as_events(growing)]
    events = [*events, *followed(account.after(events), keys, cash, changes)]
    return [*events, *_consequences(account.after(events), keys, today)]


def _fit_within(
    changes: Sequence[ev.Allocation], structural: Sequence[ev.Event], touched: Iterable[tuple[str, str]]
) -> bool:
    """Whether allocations may change in the same event as the invoice: what both touch may move between live and
    closed, which takes two writes, and each instalment has a lookup by its amount."""
    moved = {*touched, *(("items", one.item) for one in changes), *(("cash", one.cash) for one in changes)}
    parts = sum(len(getattr(event, "instalments", ())) for event in structural)
    return len(changes) <= MAX_CHANGES_WITHIN and 2 * len(moved) + parts <= MAX_WRITES_WITHIN


def _with_changes(event: ev.Event, changes: Iterable[ev.Allocation]) -> ev.Event:
    return replace(event, changes=tuple(changes))  # type: ignore[call-arg]


def _consequences(after: Account, keys: Sequence[str], today: date) -> list[ev.Event]:
    """Promises settle; disputes and tasks about nothing but cancelled invoices are void."""
    events: list[ev.Event] = [*settle_words(after, today, final=False), *refund_tasks(after, today)]
    ended = {key for key in keys if after.items[key].state == "cancelled"}
    for dispute in after.live("disputes") if ended else []:
        known = all(key in after.items for key in dispute.items)
        if known and not any(owed_for(after, key, follow=False) for key in dispute.items):
            events.append(ev.DisputeResolved(dispute.key, "withdrawn", today))
            events += _void(after, f"overdue-{dispute.key}")
    for task in after.live("tasks") if ended else []:
        if task.kind == "debit_missing" and task.about in ended:
            events += _void(after, task.key)
    return events


def _void(account: Account, task: str) -> list[ev.Event]:
    found = account.tasks.get(task)
    return [ev.TaskClosed(task, "void")] if found is not None and found.is_live else []


def restated_for_customer(
    account: Account, items: Sequence[Item], default_days: DefaultDays, today: date, issue_within_days: int
) -> list[ev.Event]:
    """Return what changes about items when their customer's record becomes known: due dates that nobody stated, by the
    days agreed with the customer, and flags."""
    terms = Terms(default_days, today, issue_within_days)
    working = account
    events: list[ev.Event] = []
    flags: dict[str, tuple[str, ...]] = {}
    for item in items:
        due = terms.default_due(item.issued) if item.due_source == "default" else item.due
        after = replace(item, due=due)
        after = replace(after, flags=flags_of(working, after, issue_within_days))
        if due != item.due:
            more = _restated(working, _corrected(after), (), today)
            working = working.after(more)
            events += more
        elif after.flags != item.flags:
            parts = (instalment_key(item.key, count + 1) for count in range(item.parts))
            flags |= {key: after.flags for key in (item.key, *parts) if key in account.items}
    keys = sorted(flags)
    for start in range(0, len(keys), MAX_FLAGGED):
        events.append(ev.InvoicesFlagged({key: flags[key] for key in keys[start : start + MAX_FLAGGED]}))
    return events


# --- cancellations
def _register_cancellation(account: Account, facts: InvoiceFacts, terms: Terms) -> Verdict:
    today = terms.today
    present = account.items.get(facts.number)
    rank = rank_of(facts.stated_at, facts.line)
    if present is not None and present.instalment:
        return _number_reused("an instalment of another invoice")
    if present is not None and is_own(present, facts.upload, facts.line):
        return replace(_left_to_do(account, present, today), code="cancelled")
    note = account.cash.get(credit_note_key(facts.number))
    note = note if note is not None and note.state != "withdrawn" else None
    if present is not None and present.cancelled is not None and present.is_cancelled and note is None:
        is_later = rank > present.cancelled.rank
        is_noted = is_later and facts.stated_at is not None and terms.confirms
        again = (_cancelled(facts, today, ()),) if is_noted else ()
        return Verdict("duplicate", again, "duplicate", confirms=is_noted)
    if (present is not None and present.is_stated and present.rank > rank) or (note is not None and note.rank > rank):
        return Verdict("duplicate", code="superseded")
    row = ev.Statement(facts.upload, facts.line, facts.amount_minor, facts.currency)
    events = _restated(account, _cancelled(facts, today, (row,)), (), today)
    if note is not None:
        events += withdraw(account.after(events), note.key, "cancelled")
    return Verdict("applied", tuple(events), "cancelled")


def _cancelled(facts: InvoiceFacts, today: date, rows: tuple[ev.Statement, ...]) -> ev.InvoiceCancelled:
    return ev.InvoiceCancelled(
        key=facts.number,
        reason="stated",
        on=today,
        upload=facts.upload,
        line=facts.line,
        stated_at=facts.stated_at,
        currency=facts.currency,
        earlier=rows,
    )


def _with_cancellation(account: Account, verdict: Verdict, said: Item, today: date) -> Verdict:
    """Carry a cancellation along with an item that moves here from a provisional account."""
    working = account.after(verdict.events)
    present = working.items.get(said.key)
    found = said.cancelled
    if found is None or (present is not None and present.cancelled and present.cancelled.rank >= found.rank):
        return verdict
    event = ev.InvoiceCancelled(
        said.key,
        found.reason,
        today,
        by=found.by,
        line=found.line,
        stated_at=found.at,
        currency=said.currency,
        earlier=() if said.is_stated else said.earlier,
    )
    return replace(verdict, events=(*verdict.events, *_restated(working, event, (), today)))


def cancel_invoice(account: Account, key: str, reason: str, by: str, now: datetime, today: date) -> list[ev.Event]:
    """Return what a person's decision does that an invoice is not owed. Only other content brings it back.

    Raises LookupError for an invoice that the account does not have, ValueError for one that is cancelled already.
    """
    item = account.items.get(key)
    if item is None or not item.is_stated:
        raise LookupError("no such invoice on this account")
    if item.instalment:
        raise ValueError(f"expected the invoice {item.number}, not one instalment of it")
    if item.is_cancelled:
        raise ValueError("this invoice is cancelled already")
    if item.state == "transferred":
        raise ValueError("this invoice moved to another account")
    at = max(now, item.stated_at) if item.stated_at else now
    event = ev.InvoiceCancelled(key, reason, today, by=by, stated_at=at, line=LAST_LINE, currency=item.currency)
    return _restated(account, event, (), today)


# --- credit notes
def _register_credit_note(account: Account, said: Cash, terms: Terms, moved: bool = False) -> Verdict:
    today = terms.today
    present = account.cash.get(said.key)
    number = said.key.partition(":")[2]
    trace = account.items.get(number)
    if present is None and trace is not None and trace.is_stated:
        return _number_reused("an invoice")
    own = present is not None and is_own(present, said.upload, said.line)
    if trace is not None and trace.cancelled is not None and trace.cancelled.rank > said.rank:
        return Verdict("applied") if own else Verdict("duplicate", code="superseded")
    if present is not None and present.state != "withdrawn":
        if own and not moved:
            return Verdict("applied", tuple(reallocate(account, cash=[said.key])))
        if said.amount_minor:
            return _credit_said_again(account, present, said, terms)
    if not said.amount_minor:
        return Verdict(
            "rejected",
            code="zero_credit_note",
            field="amount",
            reason="expected a credit note over an amount, found zero",
        )
    if present is not None:  # it was cancelled, and comes back: the rows that were applied before stay known
        said = replace(said, earlier=earlier_rows(present, said, said))
    received = ev.CashReceived(
        cash=said.key,
        kind="credit_note",
        amount_minor=said.amount_minor,
        currency=said.currency,
        value_date=said.value_date,
        names=said.names,
        upload=said.upload,
        line=said.line,
        stated_at=said.stated_at,
        stated_line=said.stated_line,
        named_at=said.named_at,
        earlier=said.earlier,
    )
    return Verdict("applied", tuple(receive(account, received, today)))


def _credit_said_again(account: Account, present: Cash, said: Cash, terms: Terms) -> Verdict:
    found = merge_credit_notes(present, said)
    after: Cash = found.after
    events: list[ev.Event] = []
    if found.is_new or (found.is_stamped and said.stated_at is not None and terms.confirms):
        corrected = ev.CreditNoteCorrected(
            cash=after.key,
            amount_minor=after.amount_minor,
            currency=after.currency,
            value_date=after.value_date,
            names=after.names,
            upload=after.upload,
            line=after.line,
            stated_at=after.stated_at,
            stated_line=after.stated_line,
            named_at=after.named_at,
            earlier=after.earlier,
        )
        events = _restated(account, corrected, (), terms.today) if found.is_new else [corrected]
    if found.is_later and found.is_new:
        return Verdict("applied", tuple(events), "corrected")
    same = (present.value_date, present.amount_minor, present.currency) == (
        said.value_date,
        said.amount_minor,
        said.currency,
    )
    code = "duplicate" if same else "superseded"
    return Verdict("duplicate", tuple(events), code, confirms=bool(events) and not found.is_new)


def register_all(
    account: Account,
    rows: Sequence[Incoming],
    default_days: DefaultDays,
    today: date,
    issue_within_days: int = 0,
    confirms: bool = True,
) -> tuple[list[ev.Event], list[Verdict]]:
    """Return the events of all rows of one account and the verdict on each, in order: each row sees those before it.

    With ``confirms`` a repetition is noted: one that arrived before it, and is worked on after it, must not win.
    """
    working = account.copy()
    events: list[ev.Event] = []
    verdicts = []
    for facts in rows:
        verdict = register_invoice(working, facts, default_days, today, issue_within_days, confirms)
        for event in verdict.events:
            working.apply(event)
        events += verdict.events
        verdicts.append(verdict)
    return events, verdicts
