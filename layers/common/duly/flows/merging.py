"""A provisional account that turns out to be a known customer: its items and money move to the customer's account."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import unname, withdraw
from duly.domain.references import normalise_name, normalise_reference
from duly.domain.registering import InvoiceFacts, keys_named, register_all
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.waking import waiting_for, wake_transactions
from duly.store import lookups

FACTS_AT_ONCE = 100  # invoices and credit notes moved in one decision: each may read three closed items


def merge_around(edge: Edge, account_id: str, now: datetime) -> None:
    """Merge this account where it belongs when it is provisional, or provisional ones that belong to it.

    Both sides commit first and look afterwards, so whichever comes last finds the other.
    """
    account = edge.accounts.load(account_id)
    if account.header.provisional:
        owner = account.header.merged_into or _owner(edge, account)
        if owner:
            merge(edge, account_id, owner, now)
        return
    for other in sorted(_sharing(edge, account)):
        found = edge.accounts.load(other)
        if found.header.provisional and _owner(edge, found) == account_id:
            merge(edge, other, account_id, now)


def _values(account: Account) -> list[tuple[str, str]]:
    personal = account.personal
    return [
        (lookups.VAT, normalise_reference(personal.get("vat_id", ""))),
        (lookups.ENDPOINT, personal.get("endpoint", "")),
        (lookups.NAME, normalise_name(personal.get("name", ""))),
    ]


def _sharing(edge: Edge, account: Account) -> set[str]:
    """Return the other accounts that share a VAT id, endpoint or name with this one."""
    return {answer.account for kind, value in _values(account) for answer in lookups.find(edge.table, kind, value)} - {
        account.id
    }


def _owner(edge: Edge, account: Account) -> str:
    """Return the one known customer behind a provisional account's VAT id, endpoint or name, or an empty string."""
    for kind, value in _values(account):
        others = {answer.account for answer in lookups.find(edge.table, kind, value)} - {account.id}
        known = [other for other in sorted(others) if not edge.accounts.load(other).header.provisional]
        if known:
            return known[0] if len(known) == 1 else ""
    return ""


def merge(edge: Edge, source_id: str, target_id: str, now: datetime) -> None:
    """Move everything of a provisional account to the customer's. Started again after an end anywhere, it finishes."""

    def decide_merge(account: Account) -> list[ev.Event]:
        return [] if account.header.merged_into else [ev.AccountMerged(target_id)]

    edge.change(source_id, decide_merge, now)
    source = edge.accounts.rebuild(source_id)
    facts = [*_invoices(source), *_credit_notes(source)]
    policy = edge.policy()

    kept: set[tuple[str, str]] = set()  # what the customer's account has otherwise already: a person decides

    def decide_target(moving: list[InvoiceFacts], account: Account) -> list[ev.Event]:
        events, verdicts = register_all(account, moving, policy.terms.default_days, today_of(account, policy, now))
        pairs = zip(moving, verdicts, strict=True)
        refused = {(fact.type, fact.number) for fact, verdict in pairs if verdict.result == "rejected"}
        kept.update(refused)
        task = f"merge-{source_id}"
        if refused and task not in account.tasks:
            today = today_of(account, policy, now)
            events.append(ev.TaskOpened(task, "merge_conflict", source_id, today, today))
        return events

    for start in range(0, len(facts), FACTS_AT_ONCE):
        moving = facts[start : start + FACTS_AT_ONCE]
        also = [key for fact in moving for key in keys_named(fact)]
        decide = partial(decide_target, moving)
        edge.change(target_id, decide, now, [*also, ("tasks", f"merge-{source_id}")], linked=True)
    gone = {("invoice", key) for key in source.items} | {("credit_note", key) for key in _credit_note_numbers(source)}
    _empty(edge, source, gone - kept, now)
    _forget_lookups(edge, source, gone - kept)
    waiting = [
        pair for fact in facts for pair in waiting_for(fact.number, fact.reference, fact.currency, fact.amount_minor)
    ]
    moved = [cash.key for cash in source.cash.values() if cash.kind == "payment"]
    wake_transactions(edge, waiting, f"merge|{source_id}", now, moved)


def _invoices(source: Account) -> list[InvoiceFacts]:
    return [
        InvoiceFacts(
            number=item.number,
            type="invoice",
            issued=item.issued,
            due=None if item.due_source == "default" else item.due,
            due_source=item.due_source,
            amount_minor=item.amount_minor,
            currency=item.currency,
            order=item.order,
            terms=item.terms,
            reference=item.reference,
            upload=item.upload,
            line=item.line,
        )
        for item in source.items.values()
    ]


def _credit_notes(source: Account) -> list[InvoiceFacts]:
    return [
        InvoiceFacts(
            number=cash.key.partition(":")[2],
            type="credit_note",
            issued=cash.value_date,
            due=None,
            amount_minor=cash.amount_minor,
            currency=cash.currency,
            for_invoice=cash.names[0] if cash.names else "",
            upload=cash.upload,
            line=cash.line,
        )
        for cash in source.cash.values()
        if cash.kind == "credit_note"
    ]


def _credit_note_numbers(source: Account) -> list[str]:
    return [fact.number for fact in _credit_notes(source)]


def _empty(edge: Edge, source: Account, gone: set[tuple[str, str]], now: datetime) -> None:
    """Take invoices and credit notes off the source; its payments follow when their transactions are routed again."""
    also = [("items", key) for key in source.items] + [("cash", key) for key in source.cash]

    def decide(account: Account) -> list[ev.Event]:
        events: list[ev.Event] = []
        working = account.copy()

        def add(more: list[ev.Event]) -> None:
            events.extend(more)
            for event in more:
                working.apply(event)

        for key in sorted(working.cash):
            cash = working.cash[key]
            if cash.kind == "credit_note" and ("credit_note", key.partition(":")[2]) in gone:
                add(withdraw(working, key, "transferred"))
            elif cash.state != "withdrawn":
                add(unname(working, key))
        for key in sorted(working.items):
            if working.items[key].state != "transferred" and ("invoice", key) in gone:
                add([ev.InvoiceTransferred(key, account.header.merged_into)])
        return events

    edge.change(source.id, decide, now, also, linked=True)


def _forget_lookups(edge: Edge, source: Account, gone: set[tuple[str, str]]) -> None:
    """End the lookups by which the moved invoices were found here, so that they have one answer again."""
    for item in (item for item in source.items.values() if ("invoice", item.key) in gone):
        references = {normalise_reference(item.number), normalise_reference(item.reference)} - {""}
        for value in sorted(references):
            edge.table.delete(*lookups.Lookup(lookups.REFERENCE, value, lookups.Answer(source.id, item.key)).key)
        amount = lookups.amount_value(item.currency, item.amount_minor)
        edge.table.delete(*lookups.Lookup(lookups.AMOUNT, amount, lookups.Answer(source.id)).key)
