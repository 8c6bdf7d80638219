"""What can happen in a scenario: one small record for each kind of event, and how it is read from the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cli.simulation.fields import Fields, Moment, Named, ScenarioError, shown

DISPUTE_OUTCOMES: Final = ("accepted", "partly", "rejected", "withdrawn")
DELIVERIES: Final = ("sent", "failed", "doubtful")
MAX_TERMS_DAYS: Final = 400
KINDS_OF_CUSTOMER: Final = ("business", "consumer", "public")


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str
    country: str
    language: str
    timezone: str
    kind: str
    scenario: str
    contacts: tuple[Mapping[str, str], ...]
    more: Mapping[str, Any] = field(default_factory=dict)  # further columns of a customer file
    limit: tuple[tuple[str, str], ...] = ()  # agreed limits: currency ("": the creditor's) and amount
    address: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    number: str
    customer: str
    issued: date
    due: date | None
    amount_minor: int
    currency: str
    instalments: tuple[tuple[date, int], ...]
    terms: str
    order: str
    reference: str
    means: str
    delivered: date | None


@dataclass(frozen=True, slots=True)
class CreditNote:
    number: str
    customer: str
    issued: date
    amount_minor: int
    currency: str
    names: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    customer: str
    amount_minor: int
    currency: str
    names: tuple[Named, ...]
    payer: str
    text: str
    account: str


@dataclass(frozen=True, slots=True)
class Reverse:
    payment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Dispute:
    id: str
    customer: str
    invoices: tuple[Named, ...]
    amount: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resolve:
    dispute: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Promise:
    id: str
    customer: str
    invoices: tuple[Named, ...]
    date: date
    amount: str


@dataclass(frozen=True, slots=True)
class Plan:
    id: str
    customer: str
    invoices: tuple[Named, ...]
    instalments: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class Hold:
    customer: str
    invoices: tuple[Named, ...]
    until: date
    reason: str
    kind: str


@dataclass(frozen=True, slots=True)
class Release:
    customer: str
    invoices: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class WriteOff:
    invoice: Named
    amount: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Of an invoice, a credit note or an order (with the customer it is of, if the file says)."""

    invoice: str = ""
    credit_note: str = ""
    order: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Undo:
    """Of the last write-off of an invoice."""

    invoice: str


@dataclass(frozen=True, slots=True)
class Bounce:
    customer: str
    email: str
    is_hard: bool


@dataclass(frozen=True, slots=True)
class Approve:
    customer: str
    level: int
    currency: str


@dataclass(frozen=True, slots=True)
class Discard:
    customer: str
    level: int
    currency: str


@dataclass(frozen=True, slots=True)
class Skip:
    invoice: Named
    to_level: int
    reason: str


@dataclass(frozen=True, slots=True)
class BankData:
    until: date


@dataclass(frozen=True, slots=True)
class Delivery:
    customer: str
    level: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Sent:
    customer: str
    invoice: Named
    level: int


@dataclass(frozen=True, slots=True)
class Order:
    customer: str
    amount_minor: int
    currency: str
    id: str


Fact = (
    Customer
    | Invoice
    | CreditNote
    | Payment
    | Reverse
    | Dispute
    | Resolve
    | Promise
    | Plan
    | Hold
    | Release
    | WriteOff
    | Cancel
    | Undo
    | Bounce
    | Approve
    | Discard
    | Skip
    | BankData
    | Delivery
    | Sent
    | Order
)


@dataclass(frozen=True, slots=True)
class Event:
    """What happens on a moment. ``place`` is where the file says so; ``unknown`` are fields that mean nothing."""

    on: Moment
    kind: str
    fact: Any  # one of Fact, or a row of a business's own files (history_ledger)
    place: str
    unknown: tuple[str, ...] = ()


# --- reading
def _customer(one: Fields, on: Moment) -> Customer:
    del on
    contacts = []
    for contact in one.objects("contacts"):
        names = ("role", "email", "phone", "name")
        contacts.append({name: contact.text(name, "") for name in names if name in contact.data})
    return Customer(
        one.text("id"),
        one.text("name", "") or one.text("id"),
        one.text("country", ""),
        one.text("language", ""),
        one.text("timezone", ""),
        one.choice("kind", KINDS_OF_CUSTOMER, ""),
        one.text("scenario", ""),
        tuple(contacts),
        _agreed(one),
        _limits(one),
        one.lines("address"),
        one.text("postcode", ""),
        one.text("city", ""),
        one.text("phone", ""),
    )


def _agreed(one: Fields) -> dict[str, Any]:
    """What is agreed with the customer, of that what the file says."""
    found: dict[str, Any] = {
        "vat_id": one.text("vat_id", ""),
        "parent": one.text("parent", ""),
        "order_required": one.flag("order_required", False),
        "terms_days": one.whole("terms_days", 0, MAX_TERMS_DAYS),
        "external_score": one.whole("external_score", 0, 1000),
    }
    return {name: value for name, value in found.items() if name in one.data}


def _limits(one: Fields) -> tuple[tuple[str, str], ...]:
    """Agreed limits: an amount in limit_currency or the creditor's, or an object of amounts by currency."""
    name = "limit" if "limit" in one.data else "credit_limit"
    value = one.raw(name)
    if isinstance(value, dict):
        inner = Fields(one.file, f"{one.place}.{name}", value)
        return tuple((currency, inner.amount(currency)) for currency in value)
    amount = one.amount(name)
    return ((one.text("limit_currency", ""), amount),) if amount else ()


def _invoice(one: Fields, on: Moment) -> Invoice:
    currency = one.currency()
    parts = tuple((part.day("due"), part.minor("amount", currency)) for part in one.objects("instalments"))
    found = Invoice(
        one.text("number"),
        one.text("customer"),
        one.day("issued", on.day),
        one.day_or_none("due"),
        one.minor("amount", currency),
        currency,
        parts,
        one.text("terms", ""),
        one.text("order", ""),
        one.text("reference", ""),
        one.text("means", ""),
        one.day_or_none("delivered"),
    )
    if parts and sum(minor for _, minor in parts) != found.amount_minor:
        raise one.wrong("instalments", "amounts that add up to the invoice's")
    return found


def _credit_note(one: Fields, on: Moment) -> CreditNote:
    currency = one.currency()
    return CreditNote(
        one.text("number"),
        one.text("customer", ""),
        one.day("issued", on.day),
        one.minor("amount", currency),
        currency,
        one.invoices("for"),
    )


def _payment(one: Fields, on: Moment) -> Payment:
    del on
    currency = one.currency()
    amount_minor = one.minor("amount", currency)
    if amount_minor <= 0:
        raise one.wrong("amount", "an amount above zero")
    return Payment(
        one.text("id"),
        one.text("customer", ""),
        amount_minor,
        currency,
        one.invoices("for"),
        one.text("payer", ""),
        one.text("text", ""),
        one.text("account", ""),
    )


def _dispute(one: Fields, on: Moment) -> Dispute:
    del on
    reason = one.text("reason", "other")
    return Dispute(one.text("id"), one.text("customer", ""), one.invoices(), one.amount("amount"), reason)


def _promise(one: Fields, on: Moment) -> Promise:
    del on
    return Promise(one.text("id"), one.text("customer", ""), one.invoices(), one.day("date"), one.amount("amount"))


def _plan(one: Fields, on: Moment) -> Plan:
    del on
    parts = tuple((part.day("due"), part.amount("amount")) for part in one.objects("instalments"))
    if not parts or not all(amount for _, amount in parts):
        raise one.wrong("instalments", "a list of objects with due and amount")
    return Plan(one.text("id"), one.text("customer", ""), one.invoices(), parts)


def _hold(one: Fields, on: Moment) -> Hold:
    del on
    kind = one.choice("kind", ("hold", "customer_approval"), "hold")
    return Hold(one.text("customer", ""), one.invoices(), one.day("until"), one.text("reason", "held"), kind)


def _cancel(one: Fields, on: Moment) -> Cancel:
    del on
    order = one.raw("order")
    if isinstance(order, dict):
        inner = Fields(one.file, f"{one.place}.order", order)
        return Cancel(order=inner.text("id", "") or "*", customer=inner.text("customer", ""))
    found = Cancel(
        one.text("invoice", ""),
        one.text("credit_note", ""),
        "*" if order is True else one.text("order", ""),
        one.text("customer", ""),
    )
    if sum(map(bool, (found.invoice, found.credit_note, found.order))) != 1:
        raise ScenarioError(f"{one.file}: {one.place}: expected one of invoice, credit_note, order")
    return found


def _undo(one: Fields, on: Moment) -> Undo:
    del on
    inner = one.raw("write_off")
    if isinstance(inner, dict):
        return Undo(Fields(one.file, f"{one.place}.write_off", inner).text("invoice"))
    return Undo(one.text("write_off") if inner is not None else one.text("invoice"))


def _order(one: Fields, on: Moment) -> Order:
    del on
    currency = one.currency()
    return Order(one.text("customer"), one.minor("amount", currency), currency, one.text("id", ""))


READERS: Final[Mapping[str, Callable[[Fields, Moment], Fact]]] = {
    "customer": _customer,
    "invoice": _invoice,
    "credit_note": _credit_note,
    "payment": _payment,
    "reverse": lambda one, _: Reverse(one.text("payment"), one.text("reason", "returned")),
    "dispute": _dispute,
    "resolve": lambda one, _: Resolve(one.text("dispute"), one.choice("outcome", DISPUTE_OUTCOMES)),
    "promise": _promise,
    "plan": _plan,
    "hold": _hold,
    "release": lambda one, _: Release(one.text("customer", ""), one.invoices()),
    "write_off": lambda one, _: WriteOff(one.named_invoice(), one.amount("amount"), one.text("reason", "write-off")),
    "cancel": _cancel,
    "undo": _undo,
    "bounce": lambda one, _: Bounce(one.text("customer"), one.text("email"), one.flag("hard", True)),
    "approve": lambda one, _: Approve(one.text("customer"), one.level(), one.text("currency", "")),
    "discard": lambda one, _: Discard(one.text("customer"), one.level(), one.text("currency", "")),
    "skip": lambda one, _: Skip(one.named_invoice(), one.level("to_level"), one.text("reason", "skipped")),
    "bank_data": lambda one, _: BankData(one.day("until")),
    "delivery": lambda one, _: Delivery(one.text("customer"), one.level(), one.choice("outcome", DELIVERIES)),
    "sent": lambda one, _: Sent(one.text("customer", ""), one.named_invoice(), one.level()),
    "order": _order,
}
_FREE: Final = {"note"}  # a remark beside any event


def read_event(file: str, place: str, data: Any) -> Event:
    """Return an event of the file. Raises ScenarioError."""
    if not isinstance(data, dict):
        raise ScenarioError(f"{file}: {place}: expected an object with on and one event, found {shown(data)}")
    outer = Fields(file, place, data)
    on = outer.moment("on")
    kinds = [name for name in data if name not in ("on", *_FREE)]
    if len(kinds) != 1 or kinds[0] not in READERS:
        found = ", ".join(kinds) or "none"
        raise ScenarioError(f"{file}: {place}: expected one of {', '.join(READERS)}, found {found}")
    kind = kinds[0]
    if not isinstance(data[kind], dict):
        raise outer.wrong(kind, "an object")
    one = Fields(file, f"{place}.{kind}", data[kind], set(_FREE))
    fact = READERS[kind](one, on)
    return Event(on, kind, fact, place, tuple(one.unknown))
