"""Small accounts, files and days for tests of the core. All data is made up here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments
from duly.domain.policy import Policy
from duly.domain.policy_reader import default_policy, parse_policy
from local.writers import Document, Line, Party, csv_bytes, decimal_text, ubl_bytes

MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # noon in Berlin
CONTACT = {"id": "c1", "role": "billing", "email": "office@debtor.example"}

POLICY = default_policy()
LENIENT = replace(POLICY, cash=replace(POLICY.cash, auto_confirm_permille=900))
"""Books money for which a number and the amount speak, or a number and the payer: for tests of what comes after."""


def policy(text: str = "") -> Policy:
    """The shipped policy with these keys changed."""
    return parse_policy('[creditor]\nname = "Creditor"\n' + text, "test.toml")


def plain_policy(steps: str, scenario: str = "") -> Policy:
    """A policy whose standard scenario has these steps and no gates that time or calendar close."""
    return policy(
        "[gates]\nbank_data_max_age_business_days = 0\n"
        '[contact]\nwindow = ["00:00", "24:00"]\ndays = ["mon","tue","wed","thu","fri","sat","sun"]\n'
        "holidays = false\nmin_gap_days = 0\nmax_per_7_days = 0\n"
        f"[scenario.standard]\nthreshold = {{}}\ntolerance = {{}}\n{scenario}\n{steps}"
    )


def step(level: int, name: str, days: int, more: str = "") -> str:
    """One step of the standard scenario."""
    return f'[[scenario.standard.step]]\nlevel = {level}\nname = "{name}"\ndays = {days}\n{more}\n'


THREE_STEPS = step(0, "before", -5) + step(1, "first", 3) + step(2, "second", 14) + step(3, "formal", 28)


def invoice(number: str, amount_minor: int = 10_000, due: date = MONDAY, **rest: Any) -> ev.InvoiceRegistered:
    """An invoice issued 30 days before it is due."""
    facts: dict[str, Any] = {
        "key": number,
        "number": number,
        "issued": due - timedelta(days=30),
        "due": due,
        "due_source": "stated",
        "amount_minor": amount_minor,
        "currency": "EUR",
        "upload": "u1",
        "line": 2,
    }
    return ev.InvoiceRegistered(**{**facts, **rest})


def payment(
    key: str, amount_minor: int, names: Sequence[str] = (), value: date = MONDAY, currency: str = "EUR"
) -> ev.CashReceived:
    """A payment that names these items."""
    return ev.CashReceived(key, "payment", amount_minor, currency, value, tuple(names), "u2", 1)


def customer(provisional: bool = False, **rest: Any) -> ev.CustomerRegistered:
    """A German business with the personal item p1."""
    facts: dict[str, Any] = {
        "customer": "C-1",
        "personal": "p1",
        "personal_hash": "h1",
        "country": "DE",
        "language": "de",
        "timezone": "Europe/Berlin",
        "kind": "business",
        "scenario": "standard",
        "provisional": provisional,
    }
    return ev.CustomerRegistered(**{**facts, **rest})


def account(*events: ev.Event, contacts: Iterable[dict[str, str]] = (CONTACT,)) -> Account:
    """A known customer's account after these events, each an entry of its own."""
    found = Account("A-1")
    for event in (customer(), *events):
        found.apply(event)
        found.version += 1
    found.personal = {"name": "Debtor", "contacts": [dict(one) for one in contacts]}
    found.touched = set()
    return found


def then(before: Account, events: Iterable[ev.Event]) -> Account:
    """The account after one more commit of these events."""
    after = before.after(events)
    after.version = before.version + 1
    after.touched = set()
    return after


def claim(
    before: Account, *keys: str, step_name: str = "first", level: int = 1, notice: str = "n1"
) -> ev.NoticeClaimed:
    """A claim of these items at one step."""
    parts = tuple(
        ev.NoticeItem(key, before.items[key].episode, step_name, level, 0, before.items[key].outstanding_minor)
        for key in keys
    )
    return ev.NoticeClaimed(
        notice, f"intent-{notice}", "email", "EUR", level, step_name, parts, ("c1",), NOON, "v", "standard"
    )


def sent(before: Account, notice: str, on: date = MONDAY) -> list[ev.Event]:
    """The notice was accepted and its steps recorded."""
    keys = tuple(part.item for part in before.notices[notice].items)
    return [ev.NoticeSent(notice, NOON, "answer", "m1"), ev.StepsRecorded(notice, keys, on)]


def nothing_due(account: Account) -> Moments:
    """An agenda on which nothing stands."""
    del account
    return Moments()


# --- a day's files ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as its file has it."""

    id: str
    name: str
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or credit note; ``ubl`` says that it comes as a document that names its buyer by VAT id and name."""

    number: str
    customer: Customer
    amount_minor: int
    issued: date = MONDAY - timedelta(days=20)
    currency: str = "EUR"
    credit_note: bool = False
    for_invoice: str = ""
    reference: str = ""
    ubl: bool = False
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """An entry of a bank statement."""

    text: str
    amount_minor: int
    booked: date = MONDAY
    currency: str = "EUR"
    name: str = ""
    bank_reference: str = ""


def customers_file(found: Sequence[Customer]) -> bytes:
    header = ("id", "name", "country", "language", "timezone", "kind", "vat_id", "email", "role", "scenario")
    rows = [
        (
            one.id,
            one.name,
            "DE",
            "de",
            "Europe/Berlin",
            "business",
            one.vat_id,
            f"{one.id}@debtor.example",
            "billing",
            "",
        )
        for one in found
    ]
    return csv_bytes(header, [tuple(row) for row in rows])


def invoices_file(found: Sequence[Invoice]) -> bytes:
    header = ("number", "customer", "issued", "due", "amount", "currency", "type", "terms", "order")
    rows = [
        (
            one.number,
            one.customer.id,
            one.issued.isoformat(),
            one.due.isoformat() if one.due else "",
            decimal_text(one.amount_minor),
            one.currency,
            "credit_note" if one.credit_note else "invoice",
            "",
            "",
            one.for_invoice,
            one.reference,
        )
        for one in found
    ]
    return csv_bytes((*header, "for_invoice", "reference"), rows)


def ubl_file(one: Invoice) -> bytes:
    return ubl_bytes(
        Document(
            number=one.number,
            credit_note=one.credit_note,
            issued=one.issued,
            due=None if one.credit_note else one.due,
            currency=one.currency,
            seller=Party(POLICY.creditor.name, "DE"),
            buyer=Party(one.customer.name, "DE", vat_id=one.customer.vat_id),
            lines=(Line("Goods", 1, one.amount_minor),),
            vat_percent=0,
            tax_minor=0,
            order="",
            terms="",
            payment_iban="",
            payment_reference=one.reference,
            for_invoice=one.for_invoice,
        )
    )


def statement_file(found: Sequence[Payment], account_number: str = "DE89370400440532013000") -> bytes:
    header = ("account", "booked", "amount", "currency", "name", "text", "bank_reference")
    rows = [
        (
            account_number,
            one.booked.isoformat(),
            decimal_text(one.amount_minor),
            one.currency,
            one.name,
            one.text,
            one.bank_reference,
        )
        for one in found
    ]
    return csv_bytes(header, rows)


Upload = tuple[str, bytes]


def invoice_uploads(found: Sequence[Invoice], name: str) -> list[Upload]:
    """One CSV of all that are no documents, and one file for each document."""
    rows = [one for one in found if not one.ubl]
    uploads = [(f"invoices/{name}.csv", invoices_file(rows))] if rows else []
    return uploads + [(f"invoices/{one.number}.xml", ubl_file(one)) for one in found if one.ubl]
