"""Putting customers and invoices on an account: what is new, what is a duplicate, what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account, Item
from duly.domain.allocation import reallocate
from duly.domain.calendar import due_date
from duly.domain.cash import receive, settle_promises


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """An invoice or credit note as it should stand on the account. ``amount_minor`` is positive for both types."""

    number: str
    type: str  # invoice | credit_note
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one row: applied, duplicate or rejected with a code and reason, and the events it causes."""

    result: str
    events: tuple[ev.Event, ...] = ()
    code: str = ""
    field: str = ""
    reason: str = ""


def credit_note_key(number: str) -> str:
    """Return the key of a credit note among the cash of an account."""
    return f"CN:{number}"


def keys_named(facts: InvoiceFacts) -> list[tuple[str, str]]:
    """Return what must be loaded, open or closed, before ``register_invoice`` decides."""
    named = [("items", facts.number), ("cash", credit_note_key(facts.number))]
    return [*named, ("items", facts.for_invoice)] if facts.for_invoice else named


def register_invoice(account: Account, facts: InvoiceFacts, default_days: int, today: date) -> Verdict:
    """Return the verdict on one invoice or credit note.

    The same upload and line again stays applied; the same content from elsewhere is a duplicate; the same number with
    other content is rejected (nothing is changed silently).
    """
    if facts.type == "credit_note":
        return _register_credit_note(account, facts, today)
    due, due_source = (facts.due, facts.due_source) if facts.due else (due_date(facts.issued, default_days), "default")
    present = account.items.get(facts.number)
    if present is None and credit_note_key(facts.number) in account.cash:
        return _number_reused("a credit note")
    if present is not None and present.state != "transferred":
        return _again(account, present, facts, due)
    registered = ev.InvoiceRegistered(
        key=facts.number,
        number=facts.number,
        issued=facts.issued,
        due=due,
        due_source=due_source,
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        upload=facts.upload,
        line=facts.line,
        order=facts.order,
        terms=facts.terms,
        reference=facts.reference,
    )
    after = account.after([registered])
    changes = reallocate(after, items=[facts.number])
    promises = settle_promises(after.after(changes), today, final=False)
    return Verdict("applied", (registered, *changes, *promises))


def _again(account: Account, present: Item, facts: InvoiceFacts, due: date) -> Verdict:
    if (present.upload, present.line) == (facts.upload, facts.line):  # and what a cut-off commit left to do
        return Verdict("applied", tuple(reallocate(account, items=[present.key])))
    same_due = present.due == due or (facts.due is None and present.due_source == "default")
    same = (present.issued, present.amount_minor, present.currency) == (
        facts.issued,
        facts.amount_minor,
        facts.currency,
    )
    return Verdict("duplicate", code="duplicate") if same and same_due else _number_reused("other content")


def _number_reused(what: str) -> Verdict:
    reason = f"this number is already on the account with {what}; expected a new number or the same content"
    return Verdict("rejected", code="number_reused", field="number", reason=reason)


def _register_credit_note(account: Account, facts: InvoiceFacts, today: date) -> Verdict:
    key = credit_note_key(facts.number)
    present = account.cash.get(key)
    if present is None and facts.number in account.items:
        return _number_reused("an invoice")
    if present is not None and present.state != "withdrawn":
        if (present.upload, present.line) == (facts.upload, facts.line):
            return Verdict("applied", tuple(reallocate(account, cash=[key])))
        same = (present.value_date, present.amount_minor, present.currency) == (
            facts.issued,
            facts.amount_minor,
            facts.currency,
        )
        return Verdict("duplicate", code="duplicate") if same else _number_reused("other content")
    if not facts.amount_minor:
        return Verdict(
            "rejected",
            code="zero_credit_note",
            field="amount",
            reason="expected a credit note over an amount, found zero",
        )
    received = ev.CashReceived(
        cash=key,
        kind="credit_note",
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        value_date=facts.issued,
        names=(facts.for_invoice,) if facts.for_invoice else (),
        upload=facts.upload,
        line=facts.line,
    )
    return Verdict("applied", tuple(receive(account, received, today)))


def register_all(
    account: Account, rows: Sequence[InvoiceFacts], default_days: int, today: date
) -> tuple[list[ev.Event], list[Verdict]]:
    """Return the events of all rows of one account and the verdict on each, in order: each row sees those before it."""
    working = account.copy()
    events: list[ev.Event] = []
    verdicts = []
    for facts in rows:
        verdict = register_invoice(working, facts, default_days, today)
        for event in verdict.events:
            working.apply(event)
        events += verdict.events
        verdicts.append(verdict)
    return events, verdicts
