"""Lookups: from a value to the accounts or transactions it may name. They nominate; the account decides.

One item per (value, answer), in a partition of the value, written in the transaction of the event that made it true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.references import normalise_name, normalise_reference
from duly.store import keys
from duly.store.tables import Record, Table

# kinds of lookup
REFERENCE = "reference"  # invoice number or creditor reference -> account, item
AMOUNT = "amount"  # currency and minor units of an open invoice -> account
CUSTOMER = "customer"  # the business's own customer id -> account
VAT = "vat"
ENDPOINT = "endpoint"
NAME = "name"
MAIL = "mail"
TOKEN = "token"  # reply token -> account, notice
WAITING = "waiting"  # a reference in a payment's text -> transaction
WAITING_AMOUNT = "waiting-amount"
WAITING_NAME = "waiting-name"
ADVICE_AMOUNT = "advice-amount"  # currency and total of a remittance advice -> the advice
ADVICE_REFERENCE = "advice-reference"  # the payer's reference in it -> the advice

MARK = "mark"  # that money waits under a value of one of the kinds above, or has waited

MAX_ANSWERS = 50  # more answers than this to one value are as good as none


@dataclass(frozen=True, slots=True)
class Answer:
    """What a lookup names: an account (with an item or notice of it), a transaction, or by its key alone an advice."""

    account: str = ""
    key: str = ""
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One (value, answer) pair."""

    kind: str
    value: str
    answer: Answer

    @property
    def key(self) -> tuple[str, str]:
        is_money = bool(self.answer.transaction)
        name = f"T#{self.answer.transaction}" if is_money else f"{self.answer.account}#{self.answer.key}"
        return keys.lookup(self.kind, self.value), name

    def record(self) -> Record:
        pk, sk = self.key
        body = {"account": self.answer.account, "key": self.answer.key, "transaction": self.answer.transaction}
        return Record(pk, sk, {name: value for name, value in body.items() if value}, kind="lookup")


def find(table: Table, kind: str, value: str) -> list[Answer]:
    """Return the answers to a value (consistent read), at most MAX_ANSWERS + 1 of them; [] for an empty value."""
    if not value:
        return []
    found = table.query(keys.lookup(kind, value), limit=MAX_ANSWERS + 1)
    return [Answer(**record.body) for record in found]


def mark(lookup: Lookup) -> Record | None:
    """Return the item that says that a value has any answer, of a lookup by which money waits or is announced.

    All answers to a value share it: whoever asks for many values, most of which have none, reads them a hundred at
    once."""
    if lookup.kind not in (WAITING, WAITING_AMOUNT, WAITING_NAME, ADVICE_AMOUNT, ADVICE_REFERENCE):
        return None
    return Record(*_mark_key(lookup.kind, lookup.value), {}, kind="lookup")


def with_answers(table: Table, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of these kinds and values under which money waits or has waited (consistent read)."""
    pairs = [pair for pair in dict.fromkeys(wanted) if pair[1]]
    found = table.which_exist(_mark_key(*pair) for pair in pairs)
    return [pair for pair in pairs if _mark_key(*pair) in found]


def _mark_key(kind: str, value: str) -> tuple[str, str]:
    return keys.lookup(MARK, f"{kind}#{value}"), "0"


def amount_value(currency: str, amount_minor: int) -> str:
    return f"{currency}:{amount_minor}"


def of_account_event(account: str, event: ev.Event, personal: dict[str, Any]) -> list[Lookup]:
    """Return the lookups that an account's event makes."""
    match event:
        case ev.InvoiceRegistered():
            return list(_of_invoice(account, event, event.number))
        case ev.InvoiceCorrected():
            return list(_of_invoice(account, event, event.key))
        case ev.InvoiceCancelled():
            return [Lookup(REFERENCE, normalise_reference(event.key), Answer(account, event.key))]
        case ev.CustomerRegistered():
            return list(_of_customer(account, event, personal))
        case ev.NoticeClaimed():
            return [Lookup(TOKEN, event.notice, Answer(account, event.notice))]
        case _:
            return []


def _of_invoice(account: str, event: ev.InvoiceRegistered | ev.InvoiceCorrected, number: str) -> Iterable[Lookup]:
    for value in sorted({normalise_reference(number), normalise_reference(event.reference)} - {""}):
        yield Lookup(REFERENCE, value, Answer(account, event.key))
    for amount_minor in sorted({event.amount_minor, *(amount for _, amount in event.instalments)}):
        yield Lookup(AMOUNT, amount_value(event.currency, amount_minor), Answer(account))


def no_longer(account: Account, event: ev.Event) -> list[Lookup]:
    """Return the lookups that end with an event; ``account`` is as it was before. Amounts outlive their invoices: they
    nominate accounts, which then say what they owe."""
    if isinstance(event, ev.InvoiceReinstated) and event.key in account.items:
        trace = account.items[event.key]
        is_nothing = not trace.is_stated and trace.cancelled is None and set(trace.replaced_by) <= {event.replaced_by}
        found = Lookup(REFERENCE, normalise_reference(event.key), Answer(account.id, event.key))
        return [found] if is_nothing else []  # only the invoice that names another one now had spoken of it
    if not isinstance(event, ev.InvoiceCorrected) or event.key not in account.items:
        return []
    before = normalise_reference(account.items[event.key].reference)
    if before in ("", normalise_reference(event.reference), normalise_reference(event.key)):
        return []
    return [Lookup(REFERENCE, before, Answer(account.id, event.key))]


def _of_customer(account: str, event: ev.CustomerRegistered, personal: dict[str, Any]) -> Iterable[Lookup]:
    if event.customer:
        yield Lookup(CUSTOMER, event.customer, Answer(account))
    if personal.get("vat_id"):
        yield Lookup(VAT, normalise_reference(personal["vat_id"]), Answer(account))
    if personal.get("endpoint"):
        yield Lookup(ENDPOINT, personal["endpoint"], Answer(account))
    if personal.get("name"):
        yield Lookup(NAME, normalise_name(personal["name"]), Answer(account))
    for contact in personal.get("contacts", [])[:MAX_ANSWERS]:
        if contact.get("email"):
            yield Lookup(MAIL, contact["email"].casefold(), Answer(account))


def of_transaction(event: ev.TransactionReceived, payer_name: str) -> list[Lookup]:
    """Return the lookups by which a later invoice or customer finds this money."""
    answer = Answer(transaction=event.transaction)
    found = [Lookup(WAITING, token, answer) for token in sorted({token for token, _, _ in event.tokens})]
    found.append(Lookup(WAITING_AMOUNT, amount_value(event.currency, event.amount_minor), answer))
    if payer_name:
        found.append(Lookup(WAITING_NAME, normalise_name(payer_name), answer))
    return found
