"""The rows of one account: registering its customer or its invoices, and what follows from that."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from duly.domain import codec, master
from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.credit import default_days
from duly.domain.money import MoneyError, parse_minor
from duly.domain.policy import Policy
from duly.domain.registering import InvoiceFacts, Verdict, keys_named, register_all, restated_for_customer
from duly.domain.scoring import rescore
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.flows.intake import MAX_CONTACTS, read_part, rows_of
from duly.flows.merging import merge, merge_around
from duly.flows.outcomes import close_if_complete, finish_message
from duly.flows.waking import waiting_for, waiting_for_customer, waiting_for_item, wake_transactions
from duly.formats.records import Buyer, CustomerRow, InvoiceRow
from duly.store.tables import Conflict
from duly.store.uploads import RowOutcome, Upload

CHANGING = (ev.InvoiceRegistered, ev.InvoiceCorrected, ev.InvoiceCancelled, ev.InvoiceReinstated)
MAX_OPEN_READ = 20  # open uploads whose arrival is looked at before a repetition; with more of them it is noted
ATTEMPTS = 20  # lost races before a message is given back to its queue


def take_rows(edge: Edge, upload_id: str, number: int, now: datetime) -> None:
    """Work on one part of an upload. Doing it again changes nothing."""
    if edge.uploads.has_outcome(upload_id, number):
        close_if_complete(edge, upload_id, now)
        return
    upload = edge.uploads.get(upload_id)
    if upload is None:
        raise LookupError("a message names an upload that is not known")
    part = read_part(edge, upload_id, number)
    rows = rows_of(part, upload.kind)
    outcomes = take_part(edge, upload, part["group"], rows, number, now)
    finish_message(edge, upload_id, number, outcomes, now)


def take_part(
    edge: Edge, upload: Upload, account_id: str, rows: Sequence[Any], number: int, now: datetime
) -> list[RowOutcome]:
    """Register rows of one account, at most as many as one decision takes; ``number`` is the part's in its upload."""
    if upload.kind == "customers":
        return _take_customer(edge, account_id, rows, upload, now)
    return _take_invoices(edge, account_id, rows, (upload, number), now)


# --- customers
def _take_customer(
    edge: Edge, account_id: str, rows: Sequence[CustomerRow], upload: Upload, now: datetime, by: str = ""
) -> list[RowOutcome]:
    policy = edge.policy()
    first = rows[0]
    if not policy.knows_scenario(first.scenario):
        edge.forget_policy()  # what is rejected stays rejected, and a new policy may have come a moment ago
        policy = edge.policy()
    if not policy.knows_scenario(first.scenario):
        return [_rejected(row, "scenario", "unknown_scenario", "expected a scenario of the policy") for row in rows]
    try:
        limits = limits_of(rows, policy.creditor.currency)
    except MoneyError as error:
        return [_rejected(row, "credit_limit", error.code, error.reason) for row in rows]
    for _ in range(ATTEMPTS):
        account = edge.accounts.load(account_id)
        if account.header.merged_into:
            reason = "this id belongs to an account that was merged into another customer's"
            return [_rejected(row, "id", "account_merged", reason) for row in rows]
        account = _with_all_items(edge, account)
        registered, personal, late = _customer_event(account, rows, limits, upload, policy)
        if registered is None:
            own = account.header.upload == upload.id
            break
        registered = replace(registered, by=by)
        after = account.after([registered])
        after.personal = personal
        anew = _looked_at_anew(after, policy, today_of(after, policy, now)) if account.header.provisional else []
        after = after.after(anew)
        events = [registered, *anew, *rescore(after, policy, today_of(after, policy, now))]
        try:
            edge.accounts.commit(
                account, events, now, edge.agenda(policy, now), personal={registered.personal: personal}
            )
        except Conflict:
            continue
        own = True
        break
    else:
        raise Conflict
    merge_around(edge, account_id, now)
    wake_transactions(edge, waiting_for_customer(first.name), f"{upload.id}-{account_id}", now)
    if own:
        return [RowOutcome(row.line, "applied") for row in rows]
    if late:
        return [RowOutcome(row.line, "duplicate", code="superseded") for row in rows]
    return [RowOutcome(row.line, "duplicate", code="duplicate") for row in rows]


def complete_customer(
    edge: Edge, account_id: str, rows: Sequence[CustomerRow], by: str, now: datetime
) -> list[RowOutcome]:
    """Complete a provisional account as a customer file of this moment would. Under another id than the account's it
    becomes that customer, to whose account everything moves. Raises LookupError or ValueError when that cannot be."""
    account = edge.accounts.load(account_id)
    if not account.exists:
        raise LookupError("unknown account")
    if account.header.merged_into:
        raise ValueError("this account was merged into another customer's")
    if not account.header.provisional:
        raise ValueError("this customer is complete; a customer file changes its record")
    customer = rows[0].id
    outcomes = _take_customer(edge, customer, rows, Upload("", "", "", "customers", now), now, by)
    if customer != account_id and all(one.result == "applied" for one in outcomes):
        merge(edge, account_id, customer, now)
    return outcomes


def _with_all_items(edge: Edge, account: Account) -> Account:
    """A provisional account about to be completed is looked at whole, its settled invoices too."""
    if not (account.exists and account.header.provisional):
        return account
    everything = edge.accounts.rebuild(account.id)
    wanted = [(kind, key) for kind in ("items", "cash") for key in everything.entities[kind]]
    return edge.accounts.load(account.id, wanted, linked=True)


def _looked_at_anew(account: Account, policy: Policy, today: date) -> list[ev.Event]:
    """Return what the record of a customer means for invoices that came before it: their due dates, where none was
    stated, and what is noticed about them. So it does not matter which file comes first."""
    found = [item for _, item in sorted(account.items.items()) if item.is_stated and not item.instalment]
    days = partial(default_days, account, policy)
    return restated_for_customer(account, found, days, today, policy.terms.issue_within_days)


def _rejected(row: CustomerRow, field: str, code: str, reason: str) -> RowOutcome:
    return RowOutcome(row.line, "rejected", field=field, code=code, reason=reason)


def limits_of(rows: Sequence[CustomerRow], default_currency: str) -> dict[str, int]:
    """Return the agreed limits of a customer's rows by currency. Raises MoneyError when they are no good.

    A limit without a currency is in the creditor's, which the file's reader does not know.
    """
    limits: dict[str, int] = {}
    for row in rows:
        if not row.credit_limit:
            continue
        currency = row.limit_currency or default_currency
        limit_minor = parse_minor(row.credit_limit, currency)
        if limits.setdefault(currency, limit_minor) != limit_minor:
            raise MoneyError("limits_differ", f"expected one limit in {currency} for the customer, found several")
    return limits


def _customer_event(
    account: Account, rows: Sequence[CustomerRow], limits: dict[str, int], upload: Upload, policy: Policy
) -> tuple[ev.CustomerRegistered | None, dict[str, Any], bool]:
    """Return the event that brings the record up to date with its personal item, or None when it says so already;
    and whether a later upload had said some of it before."""
    salt = account.personal.get("salt") or secrets.token_hex(8)
    before = master.known(account.header, account.personal)
    after, late = master.updated(before, _said(rows, limits, salt, policy), upload.at.isoformat())
    if after is before and account.exists and not account.header.provisional:
        return None, {}, late
    personal = {"salt": salt, **master.personal_of(after)}
    first = rows[0]
    return _registered(first.id, personal, after, (upload.id, first.line), policy), personal, late


def _said(rows: Sequence[CustomerRow], limits: dict[str, int], salt: str, policy: Policy) -> dict[str, Any]:
    """Return what the rows of one customer say, by field; contacts and limits are those of all rows."""
    first = rows[0]
    columns: dict[str, tuple[str, Any]] = {
        "country": ("country", first.country),
        "language": ("language", first.language or policy.creditor.language),
        "timezone": ("timezone", first.timezone or policy.creditor.timezone),
        "kind": ("kind", first.kind),  # without one the policy says what kind it is
        "scenario": ("scenario", first.scenario),
        "parent": ("parent", first.parent),
        "order_required": ("order_required", first.order_required),
        "terms_days": ("terms_days", first.terms_days),
        "limit_minor": ("credit_limit", limits),
        "external_permille": ("external_score", first.external_permille),
        "name": ("name", first.name),
        "vat_id": ("vat_id", first.vat_id),
        "endpoint": ("endpoint", first.endpoint),
        "contacts": ("email", [_contact(salt, row.role, row.email) for row in rows if row.email]),
        "phones": ("phone", [_phone(salt, row) for row in rows if row.phone]),
        "street": ("address", list(first.address)),
        "postcode": ("postcode", first.postcode),
        "city": ("city", first.city),
        "address_country": ("address", ""),
    }
    return {name: value for name, (column, value) in columns.items() if first.says(column)}


def _contact(salt: str, role: str, email: str) -> dict[str, str]:
    """Return a contact with an id that says nothing about its address."""
    contact_id = hashlib.sha256(f"{salt}|{email.casefold()}".encode()).hexdigest()[:16]
    return {"id": contact_id, "role": role or "billing", "email": email}


def _phone(salt: str, row: CustomerRow) -> dict[str, str]:
    """Return a telephone number with the id of the row's contact, or its own when the row has no address."""
    contact = _contact(salt, row.role, row.email or row.phone)
    return {"id": contact["id"], "role": contact["role"], "phone": row.phone}


def _registered(
    customer: str,
    personal: dict[str, Any],
    record: master.Master,
    source: tuple[str, int],
    policy: Policy,
    provisional: bool = False,
) -> ev.CustomerRegistered:
    """Return the event for a record, which an upload's line (``source``) changed."""
    digest = codec.digest(personal)
    values = {name: record.values[name] for name in master.HEADER_FIELDS}
    values["language"] = values["language"] or policy.creditor.language
    values["timezone"] = values["timezone"] or policy.creditor.timezone
    return ev.CustomerRegistered(
        customer=customer,
        personal=digest[:20],
        personal_hash=digest,
        provisional=provisional,
        upload=source[0],
        line=source[1],
        stated=record.stated,
        **values,
    )


# --- invoices
def _take_invoices(
    edge: Edge, account_id: str, rows: Sequence[InvoiceRow], part: tuple[Upload, int], now: datetime
) -> list[RowOutcome]:
    """Register the rows of one part (upload and number) on the account, or on the one that it was merged into."""
    upload, number = part
    policy = edge.policy()
    facts = [facts_of(row, upload) for row in rows]
    also = [key for fact in facts for key in keys_named(fact)]
    for _ in range(ATTEMPTS):
        account = edge.accounts.load(account_id, also, linked=True)
        if account.header.merged_into:
            return _take_invoices(edge, account.header.merged_into, rows, part, now)
        opening, personal = _provisional_events(account, rows, upload.id, policy)
        working = account.after(opening)
        today = today_of(working, policy, now)
        days = partial(default_days, working, policy)
        within = policy.terms.issue_within_days
        events, verdicts = register_all(working, facts, days, today, within)
        if any(one.confirms for one in verdicts) and not _earlier_is_open(edge, upload):
            events, verdicts = register_all(working, facts, days, today, within, confirms=False)
        after = working.after(events)
        all_events = [*opening, *events]
        if all_events:
            all_events += rescore(after, policy, today_of(after, policy, now))
            try:
                edge.accounts.commit(account, all_events, now, edge.agenda(policy, now), personal=personal)
            except Conflict:
                continue
        break
    else:
        raise Conflict
    if account.header.provisional or opening:
        merge_around(edge, account_id, now)
    found = [*_waiting_for_rows(facts, verdicts), *_waiting_for_changes(working, after, events)]
    wake_transactions(edge, found, f"{upload.id}-{number}-{account_id}", now)
    return [_outcome(row, verdict) for row, verdict in zip(rows, verdicts, strict=True)]


def _earlier_is_open(edge: Edge, upload: Upload) -> bool:
    """Whether an upload of invoices that arrived before this one is still worked on: what it says of a number must not
    win over what is repeated here. Without one a repetition writes nothing."""
    others = [one for one in edge.uploads.open_ids("invoices") if one != upload.id]
    if len(others) > MAX_OPEN_READ:
        return True
    found = [edge.uploads.get(one) for one in others]
    return any(one is not None and one.at < upload.at for one in found)


def facts_of(row: InvoiceRow, upload: Upload) -> InvoiceFacts:
    """Return what a row says, with a positive amount: a negative invoice or correction is a credit note.

    A correction over a positive amount stands for the invoice that it refers to. A cancellation is about the document
    that it refers to, else about its own number.
    """
    is_cancelled = row.type == "cancellation"
    is_credit = not is_cancelled and (row.type == "credit_note" or row.amount_minor < 0)
    return InvoiceFacts(
        number=(row.for_invoice or row.number) if is_cancelled else row.number,
        type="cancellation" if is_cancelled else "credit_note" if is_credit else "invoice",
        issued=row.issued,
        due=row.due,
        amount_minor=abs(row.amount_minor),
        currency=row.currency,
        order=row.order,
        terms=row.terms,
        reference=row.payment_reference,
        for_invoice=row.for_invoice if is_credit else "",
        upload=upload.id,
        line=row.line,
        due_source=row.due_source,
        means=row.means,
        discounts=row.discounts,
        delivered=row.delivered,
        instalments=row.instalments,
        replaces=row.for_invoice if row.type == "correction" and not is_credit else "",
        stated_at=upload.at,
    )


def _provisional_events(
    account: Account, rows: Sequence[InvoiceRow], upload: str, policy: Policy
) -> tuple[list[ev.Event], dict[str, dict[str, Any]]]:
    """Return what opens a provisional account, or tells it more of its buyer than it knew."""
    if account.exists and not account.header.provisional:
        return _address_events(account, rows, policy)
    personal = dict(account.personal) or {"salt": secrets.token_hex(8), "contacts": []}
    before = dict(personal)
    for row in rows:
        _learn(personal, row.buyer)
        _learn_address(personal, row.buyer)
    if account.exists and personal == before:
        return [], {}
    customer = account.header.customer or next((row.buyer.id for row in rows if row.buyer.id), "")
    record = master.known(account.header, personal)
    event = _registered(customer, personal, record, (upload, rows[0].line), policy, provisional=True)
    return [event], {event.personal: personal}


def _address_events(
    account: Account, rows: Sequence[InvoiceRow], policy: Policy
) -> tuple[list[ev.Event], dict[str, dict[str, Any]]]:
    """Return what tells a customer's record the postal address of an invoice, when no customer file stated any. The
    record stays that of its upload, and nobody has stated the address: a customer file says otherwise at any time."""
    header = account.header
    record = master.known(header, account.personal)
    if any(record.said_at(name) or record.values[name] for name in ("street", "postcode", "city")):
        return [], {}
    learned: dict[str, Any] = {}
    for row in rows:
        _learn_address(learned, row.buyer)
    if not learned or learned["address_country"] not in ("", header.country):
        return [], {}
    record = master.Master({**record.values, **learned}, record.stated)
    personal = {"salt": account.personal["salt"], **master.personal_of(record)}
    event = _registered(header.customer, personal, record, (header.upload, header.line), policy)
    return [event], {event.personal: personal}


def _learn_address(personal: dict[str, Any], buyer: Buyer) -> None:
    """Take the address of the first invoice that tells a whole one, with its country."""
    if buyer.street and buyer.city and not personal.get("street"):
        personal |= {
            "street": list(buyer.street),
            "postcode": buyer.postcode,
            "city": buyer.city,
            "address_country": buyer.country,
        }


def _learn(personal: dict[str, Any], buyer: Buyer) -> None:
    for field, value in (("name", buyer.name), ("vat_id", buyer.vat_id), ("endpoint", buyer.endpoint)):
        if value and not personal.get(field):
            personal[field] = value
    known = {contact["email"] for contact in personal["contacts"]}
    if buyer.email and buyer.email not in known and len(known) < MAX_CONTACTS:
        personal["contacts"] = [*personal["contacts"], _contact(personal["salt"], "billing", buyer.email)]


def _outcome(row: InvoiceRow, verdict: Verdict) -> RowOutcome:
    return RowOutcome(
        row.line,
        verdict.result,
        row.amount_minor,
        row.currency,
        verdict.field,
        verdict.code,
        verdict.reason,
        flags=verdict.flags,
    )


# --- money that waited for what is known now
def _waiting_for_rows(facts: Sequence[InvoiceFacts], verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    """Where money for these rows would wait, also for those applied by an attempt that ended before it woke any."""
    return [
        pair
        for fact, verdict in zip(facts, verdicts, strict=True)
        if verdict.result == "applied" and fact.type != "credit_note"
        for pair in waiting_for(fact.number, fact.reference, fact.currency, fact.amount_minor, fact.order)
    ]


def _waiting_for_changes(before: Account, after: Account, events: Sequence[ev.Event]) -> list[tuple[str, str]]:
    """Where money would wait for what an invoice was before and is after these events."""
    keys = sorted({event.key for event in events if isinstance(event, CHANGING)})
    items = [account.items[key] for key in keys for account in (before, after) if key in account.items]
    return list(dict.fromkeys(pair for item in items for pair in waiting_for_item(item)))
