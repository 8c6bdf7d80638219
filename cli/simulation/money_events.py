"""Customers, invoices, credit notes and money of a scenario, taken in as their files would be."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cli.simulation import scenario_events as se
from cli.simulation.fields import Moment, Named
from cli.simulation.problems import NotPossible
from cli.simulation.world import World
from duly.domain import codec
from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.channels import LETTERS, SMS
from duly.domain.match_model import Share
from duly.domain.money import format_minor, parse_minor
from duly.domain.references import find_references
from duly.domain.registering import credit_note_key
from duly.domain.terms import read_terms
from duly.domain.transaction import PERSON, Transaction
from duly.domain.upkeep import today_of
from duly.flows.cash import settle_transaction
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.registering import take_part
from duly.flows.returns import take_back_by_person
from duly.formats.records import OWN_CUSTOMER_COLUMNS, Buyer, CustomerRow, InvoiceRow
from duly.store.transactions import Stored
from duly.store.uploads import RowOutcome, Upload

NOWHERE: Final = "Nowhere"
NOBODY: Final = "+4930000000"
BY: Final = "scenario"  # the person who decides what a scenario says was decided


def decided(world: World, now: datetime, **request: Any) -> None:
    """A person's decision, as the function takes it. Raises NotPossible with its code."""
    try:
        decide(world.edge, {"by": BY, **request}, now)
    except DecisionRefused as refused:
        raise NotPossible(refused.code, str(refused)) from None


# --- customers
def _customer(world: World, fact: se.Customer, on: Moment) -> None:
    now = world.begin(on, fact.id)
    contacts = [one for one in fact.contacts if one.get("email") or one.get("phone")] or [{}]
    limits = list(fact.limit) or [("", "")]  # one in each row of a customer file
    rows = [_customer_row(world, fact, contact, limits[0]) for contact in contacts]
    rows += [_customer_row(world, fact, {}, limit) for limit in limits[1:]]
    take(world, "customers", fact.id, rows, now)


def _customer_row(world: World, fact: se.Customer, contact: Mapping[str, str], limit: tuple[str, str]) -> CustomerRow:
    known = CustomerRow.__dataclass_fields__
    columns = {name: value for name, value in fact.more.items() if name in known} | _reached(world, fact, contact)
    if "external_score" in fact.more:
        columns["external_permille"] = fact.more["external_score"]
    if limit[1]:
        columns |= {"credit_limit": limit[1], "limit_currency": limit[0]}
    given = [*OWN_CUSTOMER_COLUMNS, *(name for name in (*fact.more, *columns) if name not in OWN_CUSTOMER_COLUMNS)]
    return CustomerRow(
        line=1,
        id=fact.id,
        name=fact.name,
        country=fact.country or world.policy.creditor.country,
        language=fact.language,
        timezone=fact.timezone,
        kind=fact.kind,
        email=contact.get("email", ""),
        role=contact.get("role", ""),
        scenario=fact.scenario,
        given=tuple(given),
        **{"vat_id": "", **columns},
    )


def _reached(world: World, fact: se.Customer, contact: Mapping[str, str]) -> dict[str, Any]:
    """Where letters and text messages go. Where the scenario does not say and the policy has such steps, a made-up
    place and number stand for it: what is tried is the policy, not the customer's record."""
    channels = world.channels
    found: dict[str, Any] = {}
    if fact.address:
        found |= {"address": fact.address, "postcode": fact.postcode, "city": fact.city or NOWHERE}
    elif channels & LETTERS:
        found |= {"address": ("1",), "postcode": fact.postcode, "city": fact.city or NOWHERE}
    phone = contact.get("phone", "") or fact.phone
    if phone or SMS in channels:
        found["phone"] = phone or NOBODY
    return found


def take(world: World, kind: str, account: str, rows: Sequence[Any], now: datetime) -> None:
    """Take rows in as the upload of this moment. Raises NotPossible when they are rejected."""
    upload = Upload(f"scenario-{secrets.token_hex(8)}", f"{kind}/scenario", "", kind, now.astimezone(UTC))
    outcomes: list[RowOutcome] = take_part(world.edge, upload, account, rows, 1, now)
    refused = next((one for one in outcomes if one.result == "rejected"), None)
    if refused is not None:
        raise NotPossible(refused.code, f"{refused.field}: {refused.reason}")


# --- invoices and credit notes
def _invoice(world: World, fact: se.Invoice, on: Moment) -> None:
    terms = read_terms(fact.terms, fact.issued)
    due = fact.due or (max(day for day, _ in fact.instalments) if fact.instalments else terms.due)
    row = InvoiceRow(
        line=1,
        number=fact.number,
        buyer=Buyer(id=fact.customer),
        issued=fact.issued,
        due=due,
        due_source="stated" if fact.due or fact.instalments else "terms_text" if terms.due else "default",
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        type="credit_note" if fact.amount_minor < 0 else "invoice",
        terms=fact.terms,
        order=fact.order,
        payment_reference=fact.reference,
        instalments=fact.instalments,
        discounts=terms.discounts,
        means=fact.means,
        delivered=fact.delivered,
    )
    known = world.account(fact.customer)
    if known is None or known.header.provisional:
        text = f"nobody is chased for {fact.number} before customer {fact.customer} is known"
        world.recorder.problem("unknown_customer", text)
    take(world, "invoices", fact.customer, [row], world.begin(on, fact.customer))
    owners = world.owners.setdefault(fact.number, [])
    if fact.customer not in owners:
        owners.append(fact.customer)


def _credit_note(world: World, fact: se.CreditNote, on: Moment) -> None:
    account = fact.customer or owner_of(world, fact.names[0].invoice if fact.names else "")
    if world.account(account) is None:
        raise NotPossible("unknown_customer", f"no customer {account!r}")
    now = world.begin(on, account)
    keys, caps = _named_keys(world, account, fact.names, fact.currency)
    first = fact.names[0].invoice if fact.names else ""
    row = InvoiceRow(
        line=1,
        number=fact.number,
        buyer=Buyer(id=account),
        issued=fact.issued,
        due=None,
        due_source="default",
        amount_minor=abs(fact.amount_minor),
        currency=fact.currency,
        type="credit_note",
        terms="",
        order="",
        for_invoice=first,
    )
    take(world, "invoices", account, [row], now)
    if len(keys) > 1 or caps:
        _name_more(world, account, fact, keys, caps, now)


def _name_more(
    world: World, account: str, fact: se.CreditNote, keys: Sequence[str], caps: dict[str, int], now: datetime
) -> None:
    """A credit note for several invoices, or for a part of one: what it names is read anew."""
    key = credit_note_key(fact.number)

    def events(found: Account) -> list[ev.Event]:
        cash = found.cash[key]
        received = ev.CashReceived(
            key, "credit_note", cash.amount_minor, cash.currency, cash.value_date, tuple(keys), caps=caps
        )
        return receive(found, received, today_of(found, world.policy, now))

    world.change(account, events, now, [("cash", key), *(("items", one) for one in keys)], linked=True)


def owner_of(world: World, invoice: str) -> str:
    """The account of an invoice. Raises NotPossible when nobody or several have one of this number."""
    found = world.accounts_of(invoice)
    if len(found) != 1:
        code = "ambiguous_invoice" if found else "unknown_invoice"
        raise NotPossible(code, f"{len(found) or 'no'} customers have an invoice {invoice!r}: name the customer")
    return found[0]


def account_for(world: World, customer: str, invoices: Sequence[Named]) -> str:
    """The account that something is about: the customer's, else that of its first invoice. Raises NotPossible."""
    account = customer or owner_of(world, invoices[0].invoice if invoices else "")
    if world.account(account) is None:
        raise NotPossible("unknown_customer", f"no customer {account!r}")
    return account


def keys_of(world: World, account: str, invoices: Sequence[Named]) -> tuple[str, ...]:
    """The item keys of invoices of one account. Raises NotPossible for one that it does not have."""
    found: list[str] = []
    for one in invoices:
        keys = world.items_of(account, one.invoice, one.instalment)
        if not keys:
            raise NotPossible("unknown_invoice", f"no invoice {one.invoice!r} of customer {account!r}")
        found += keys
    return tuple(dict.fromkeys(found))


def _named_keys(
    world: World, account: str, names: Sequence[Named], currency: str
) -> tuple[tuple[str, ...], dict[str, int]]:
    """The item keys that money names on one account, with the most that each gets. What is unknown is a problem, and
    named all the same: the payer said that it is for that, so it pays nothing else."""
    found: list[str] = []
    caps: dict[str, int] = {}
    for one in names:
        keys = world.items_of(account, one.invoice, one.instalment)
        if not keys:
            world.recorder.problem("unknown_invoice", f"no invoice {one.invoice!r} of customer {account!r}")
            found.append(one.invoice)
            continue
        found += keys
        if one.amount:
            caps |= _spread(world, account, keys, parse_minor(one.amount, currency), one.invoice, currency)
    return tuple(dict.fromkeys(found)), caps


def _spread(
    world: World, account: str, keys: Sequence[str], amount_minor: int, invoice: str, currency: str
) -> dict[str, int]:
    """What each item of an invoice gets of an amount stated for it; a problem when more is stated than is open."""
    loaded = world.edge.accounts.load(account, [("items", key) for key in keys])
    caps: dict[str, int] = {}
    left = amount_minor
    for key in keys:
        caps[key] = min(left, max(0, loaded.items[key].due_minor))
        left -= caps[key]
    if left:
        text = f"{format_minor(amount_minor, currency)} is more than is open of {invoice}: the rest is not allocated"
        world.recorder.problem("over_allocated", text)
    return caps


# --- payments
def _payment(world: World, fact: se.Payment, on: Moment) -> None:
    account = fact.customer
    if account and world.account(account) is None:
        raise NotPossible("unknown_customer", f"no customer {account!r}")
    if world.edge.transactions.load(fact.id).version:
        raise NotPossible("duplicate_payment", f"a payment {fact.id!r} is known already")
    _check_stated(world, fact)
    shares = _shares(world, fact)
    received, personal = _received(fact, on, world.begin(on, account))
    events: list[ev.Event] = [received]
    if shares:
        events.append(ev.TransactionRouted(tuple(shares), PERSON, by=BY))
    now = world.begin(on, account or (shares[0].account if shares else ""))
    personals = {received.personal: personal}
    world.edge.transactions.commit(Stored(Transaction()), fact.id, events, now, personals)
    settle_transaction(world.edge, fact.id, now)


def _check_stated(world: World, fact: se.Payment) -> None:
    stated = sum(parse_minor(one.amount, fact.currency) for one in fact.names if one.amount)
    if stated > fact.amount_minor:
        text = f"{format_minor(stated, fact.currency)} is stated for invoices, which is more than the payment"
        world.recorder.problem("over_allocated", text)


def _shares(world: World, fact: se.Payment) -> list[Share]:
    """Where a payment goes that says so; [] when the matching rules decide."""
    owners = [
        fact.customer if fact.customer and _has(world, fact.customer, one) else _first(world, one) or fact.customer
        for one in fact.names
    ]
    for one, owner in zip(fact.names, owners, strict=True):
        if not owner:
            world.recorder.problem("unknown_invoice", f"no invoice {one.invoice!r}")
    accounts = list(dict.fromkeys(owner for owner in owners if owner)) or ([fact.customer] if fact.customer else [])
    shares: list[Share] = []
    left = fact.amount_minor
    for number, account in enumerate(accounts):
        names = [one for one, owner in zip(fact.names, owners, strict=True) if owner == account]
        keys, caps = _named_keys(world, account, names, fact.currency)
        is_last = number == len(accounts) - 1
        amount = left if is_last else min(left, _payable(world, account, keys, caps))
        if amount:
            shares.append(Share(account, keys, amount, caps, in_order=not keys))
        left -= amount
    return sorted(shares, key=lambda share: share.account)


def _has(world: World, account: str, named: Named) -> bool:
    return bool(world.items_of(account, named.invoice, named.instalment))


def _first(world: World, named: Named) -> str:
    return next(iter(world.accounts_of(named.invoice)), "")


def _payable(world: World, account: str, keys: Sequence[str], caps: dict[str, int]) -> int:
    loaded = world.edge.accounts.load(account, [("items", key) for key in keys])
    known = [key for key in keys if key in loaded.items]
    return sum(min(loaded.items[key].due_minor, caps.get(key, loaded.items[key].due_minor)) for key in known)


def _received(fact: se.Payment, on: Moment, now: datetime) -> tuple[ev.TransactionReceived, dict[str, Any]]:
    personal = {"salt": "", "name": fact.payer, "account": fact.account, "text": fact.text, "end_to_end_id": fact.id}
    return _transaction(fact.id, fact.amount_minor, fact.currency, on, now, personal, find_references(fact.text))


def _transaction(
    key: str, amount_minor: int, currency: str, on: Moment, now: datetime, personal: dict[str, Any], tokens: Any = ()
) -> tuple[ev.TransactionReceived, dict[str, Any]]:
    digest = codec.digest(personal)
    event = ev.TransactionReceived(
        transaction=key,
        amount_minor=amount_minor,
        currency=currency,
        booked=on.day,
        value_date=on.day,
        at=now,
        upload="scenario",
        line=1,
        personal=digest[:20],
        personal_hash=digest,
        tokens=tokens,
        reversal=amount_minor < 0,
    )
    return event, personal


def _reverse(world: World, fact: se.Reverse, on: Moment) -> None:
    paid = world.edge.transactions.load(fact.payment)
    if not paid.version:
        raise NotPossible("unknown_payment", f"no payment {fact.payment!r}")
    account = paid.state.shares[0].account if paid.state.shares else ""
    now = world.begin(on, account)
    key = f"{fact.payment}~returned"
    if world.edge.transactions.load(key).version:
        raise NotPossible("not_possible", f"payment {fact.payment!r} was reversed already")
    event, personal = _transaction(key, -paid.state.amount_minor, paid.state.currency, on, now, {"text": fact.reason})
    world.edge.transactions.commit(Stored(Transaction()), key, [event], now, {event.personal: personal})
    settle_transaction(world.edge, key, now)
    try:
        take_back_by_person(world.edge, key, fact.payment, BY, now)
    except (LookupError, ValueError) as error:
        raise NotPossible("not_possible", str(error)) from None


# --- what is let go, and what is no longer owed
def _write_off(world: World, fact: se.WriteOff, on: Moment) -> None:
    account = owner_of(world, fact.invoice.invoice)
    keys = keys_of(world, account, [fact.invoice])
    loaded = world.edge.accounts.load(account, [("items", key) for key in keys])
    key = next((one for one in keys if loaded.items[one].outstanding_minor > 0), keys[0])
    amount = {"amount": fact.amount} if fact.amount else {}
    request = {"action": "write_off", "account": account, "item": key, "reason": fact.reason, **amount}
    decided(world, world.begin(on, account), **request)


def _undo(world: World, fact: se.Undo, on: Moment) -> None:
    account = owner_of(world, fact.invoice)
    keys = keys_of(world, account, [Named(fact.invoice)])
    loaded = world.edge.accounts.load(account, [("items", key) for key in keys], linked=True)
    found = [
        cash
        for cash in loaded.cash.values()
        if cash.kind == "write_off" and cash.state != "withdrawn" and set(cash.names) & set(keys)
    ]
    if not found:
        raise NotPossible("unknown_write_off", f"nothing of invoice {fact.invoice!r} is written off")
    last = max(found, key=lambda cash: (cash.value_date, int(cash.key.rsplit("-", 1)[-1])))
    decided(world, world.begin(on, account), action="undo_write_off", account=account, adjustment=last.key)


APPLY: Final[dict[type[Any], Any]] = {
    se.Customer: _customer,
    se.Invoice: _invoice,
    se.CreditNote: _credit_note,
    se.Payment: _payment,
    se.Reverse: _reverse,
    se.WriteOff: _write_off,
    se.Undo: _undo,
}
