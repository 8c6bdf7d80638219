"""Lookups: from a value to the accounts or transactions it may name. They nominate; the account decides.

One item per (value, answer), in a partition of the value, written in the transaction of the event that made it true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.check_digits import compact
from duly.domain.entities import Item
from duly.domain.identity import EMPTY_REFERENCES
from duly.domain.match_model import Payment
from duly.domain.matching import item_values, name_values, questions
from duly.domain.references import normalise_name, normalise_reference
from duly.store import keys
from duly.store.tables import Record, Table

# kinds of lookup
REFERENCE = "reference"  # invoice number (also without its prefix) or creditor reference -> account, item
ORDER = "order"  # purchase order that an invoice states -> account, item
AMOUNT = "amount"  # currency and minor units of an invoice -> account
CUSTOMER = "customer"  # the business's own customer id -> account
VAT = "vat"
ENDPOINT = "endpoint"
NAME = "name"
PAYER_ACCOUNT = "payer-account"  # digest of a bank account from which this customer's money came -> account
PAYER_NAME = "payer-name"  # another name under which this customer pays, as a person confirmed -> account
LEARNED = "learned"  # one of the two values and an account -> transactions from which that was learned
END_TO_END = "end-to-end"  # digest of a payment's end-to-end id -> transaction
BANK_REFERENCE = "bank-reference"  # digest of the bank's own reference of a payment -> transaction
MAIL = "mail"
TOKEN = "token"  # reply token -> account, notice
REQUEST = "request"  # account and the id of a person's request that was carried out -> account
WAITING = "waiting"  # a reference in a payment's text -> transaction
WAITING_ORDER = "waiting-order"
WAITING_AMOUNT = "waiting-amount"
WAITING_NAME = "waiting-name"
WAITING_PAYER = "waiting-payer-account"  # money from this bank account, wherever it is
ADVICE_AMOUNT = "advice-amount"  # currency and total of a remittance advice -> the advice
ADVICE_REFERENCE = "advice-reference"  # the payer's reference in it -> the advice

MARK = "mark"  # that money waits under a value of one of the kinds above, or has waited

MAX_ANSWERS = 50  # more answers than this to one value are as good as none
MAX_OF_PAYER = 500  # payments from one bank account that are looked at again when it is learned whose it is

#: The lookup under which money waits for an answer to a question of the matcher.
WAITING_FOR = {
    REFERENCE: WAITING,
    ORDER: WAITING_ORDER,
    AMOUNT: WAITING_AMOUNT,
    NAME: WAITING_NAME,
    PAYER_ACCOUNT: WAITING_PAYER,
}
DIGESTED = frozenset(
    {PAYER_ACCOUNT, WAITING_PAYER, END_TO_END, BANK_REFERENCE}
)  # values that never stand in a key as they are


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
    most = MAX_OF_PAYER if kind == WAITING_PAYER else MAX_ANSWERS + 1
    found = table.query(keys.lookup(kind, value), limit=most)
    return [Answer(**record.body) for record in found]


def stored(kind: str, value: str) -> str:
    """Return a value of the matcher's question as it stands in keys: bank accounts and ids of payments as digests."""
    return hashlib.sha256(value.encode()).hexdigest()[:40] if value and kind in DIGESTED else value


def mark(lookup: Lookup) -> Record | None:
    """Return the item that says that a value has any answer, of a lookup by which money waits or is announced.

    All answers to a value share it: whoever asks for many values, most of which have none, reads them a hundred at
    once."""
    if lookup.kind not in (*WAITING_FOR.values(), ADVICE_AMOUNT, ADVICE_REFERENCE):
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
            return _of_numbers(account, event.key, event.key)
        case ev.CustomerRegistered():
            return list(_of_customer(account, event, personal))
        case ev.NoticeClaimed():
            return [Lookup(TOKEN, event.notice, Answer(account, event.notice))]
        case _:
            return []


def _of_invoice(account: str, event: ev.InvoiceRegistered | ev.InvoiceCorrected, number: str) -> Iterable[Lookup]:
    yield from _of_numbers(account, event.key, number, event.reference, event.order)
    for amount_minor in sorted({event.amount_minor, *(amount for _, amount in event.instalments)}):
        yield Lookup(AMOUNT, amount_value(event.currency, amount_minor), Answer(account))


def _of_numbers(account: str, key: str, number: str, reference: str = "", order: str = "") -> list[Lookup]:
    """The lookups of an invoice by what may stand in a payment's text."""
    return [Lookup(one.kind, one.value, Answer(account, key)) for one in item_values(number, reference, order)]


def of_item(account: str, item: Item) -> list[Lookup]:
    """Return the lookups that lead to an invoice by its numbers."""
    return _of_numbers(account, item.key, item.number, item.reference, item.order)


def no_longer(account: Account, event: ev.Event) -> list[Lookup]:
    """Return the lookups that end with an event; ``account`` is as it was before. Amounts outlive their invoices: they
    nominate accounts, which then say what they owe."""
    if isinstance(event, ev.InvoiceReinstated) and event.key in account.items:
        trace = account.items[event.key]
        is_nothing = not trace.is_stated and trace.cancelled is None and set(trace.replaced_by) <= {event.replaced_by}
        found = _of_numbers(account.id, event.key, event.key)
        return found if is_nothing else []  # only the invoice that names another one now had spoken of it
    if not isinstance(event, ev.InvoiceCorrected) or event.key not in account.items:
        return []
    after = {one.key for one in _of_numbers(account.id, event.key, event.key, event.reference, event.order)}
    return [one for one in of_item(account.id, account.items[event.key]) if one.key not in after]


def _of_customer(account: str, event: ev.CustomerRegistered, personal: dict[str, Any]) -> Iterable[Lookup]:
    if event.customer:
        yield Lookup(CUSTOMER, event.customer, Answer(account))
    if personal.get("vat_id"):
        yield Lookup(VAT, normalise_reference(personal["vat_id"]), Answer(account))
    if personal.get("endpoint"):
        yield Lookup(ENDPOINT, personal["endpoint"], Answer(account))
    if personal.get("name"):
        yield Lookup(NAME, normalise_name(personal["name"]), Answer(account))
        for question in name_values(str(personal["name"])):
            yield Lookup(NAME, question.value, Answer(account))
    for contact in personal.get("contacts", [])[:MAX_ANSWERS]:
        if contact.get("email"):
            yield Lookup(MAIL, contact["email"].casefold(), Answer(account))


def of_transaction(payment: Payment, tokens: Iterable[tuple[str, int, int]], bank_reference: str) -> list[Lookup]:
    """Return the lookups by which what becomes known later finds this money: an invoice, a customer, a payer's bank
    account, a reversal. A reversal waits under the references that it names (``tokens``)."""
    answer = Answer(transaction=payment.key)
    found = [
        Lookup(WAITING_FOR[one.kind], stored(one.kind, one.value), answer)
        for one in questions(payment)
        if one.kind in WAITING_FOR
    ]
    if payment.reversal:
        found += [Lookup(WAITING, token, answer) for token, _, _ in tokens]
    if payment.reversal or payment.amount_minor > 0:
        found += [Lookup(kind, value, answer) for kind, value in own_names(payment.end_to_end_id, bank_reference)]
    return list({one.key: one for one in found if one.value}.values())


def own_names(end_to_end_id: str, bank_reference: str) -> list[tuple[str, str]]:
    """Return the lookups by which a payment is found under what its reversal repeats of it."""
    named = [(END_TO_END, compact(end_to_end_id)), (BANK_REFERENCE, compact(bank_reference))]
    return [(kind, stored(kind, value)) for kind, value in named if value not in EMPTY_REFERENCES]


def woken(lesson: str) -> Record:
    """Return the item that says that the money which waited for a lesson was looked at again."""
    return Record(keys.lookup(MARK, f"{LEARNED}#{lesson}"), "0", {}, kind="lookup")


def learned_value(kind: str, value: str, account: str) -> str:
    """Return the value under which the payments are found from which it was learned that a payer is a customer."""
    return f"{kind}#{value}#{account}"
