"""What all electronic invoices have in common: the values that a syntax states become one checked invoice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.domain.cash_discount import CashDiscount
from duly.domain.check_digits import iban_is_valid, reference_is_valid, vat_id_is_valid
from duly.formats.fields import (
    COUNTRIES,
    MAX_IDENTIFIER_CHARS,
    MAX_NAME_CHARS,
    Row,
    compact_account,
    is_email,
    one_line,
    parse_date,
)
from duly.formats.records import MAX_STREET_LINES, Buyer, DueSource, FileResult, InvoiceRow, InvoiceType, file_result
from duly.formats.xml import machine_amount

# UNTDID 1001 document types that are credit notes in EN 16931 (subset of code list "Invoice type code").
CREDIT_NOTE_CODES: Final = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
#: Other document types that mean something for collecting; all others are plain invoices.
TYPES: Final[Mapping[str, InvoiceType]] = {
    "384": "correction",
    "389": "self_billed",
    "386": "prepayment",
    "326": "partial",
    "875": "partial",
}
#: Document types that ask for no payment: 310 is an offer, 325 pro forma, 220 an order, 231 its response.
NO_DEMANDS: Final = frozenset({"220", "231", "310", "325"})
#: Payment means by UNTDID 4461 code.
MEANS: Final[Mapping[str, frozenset[str]]] = {
    "transfer": frozenset({"30", "31", "42", "57", "58"}),
    "direct_debit": frozenset({"49", "59"}),
    "card": frozenset({"48", "54", "55"}),
    "cash": frozenset({"10"}),
    "cheque": frozenset({"20", "21", "22", "23", "24", "25", "26"}),
}
UNDEFINED_MEANS: Final = frozenset({"1", "ZZZ"})
MAX_PAYMENT_REFERENCE_CHARS: Final = 300
MAX_INSTALMENTS: Final = 60

_PERCENT: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Party:
    """A party as the document names it, texts as they stand there."""

    id: str = ""
    name: str = ""
    vat_id: str = ""
    endpoint: str = ""
    email: str = ""
    country: str = ""
    street: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What one syntax states, not yet checked.

    `values` holds, in the form that Row reads: number, issued, due, amount, total, prepaid, currency, "currency of
    amount", terms, order, for_invoice, reference, delivered. `instalments` are (due date, amount) texts, `lines_at` the
    line of each value's element.
    """

    format: str
    values: Mapping[str, str]
    buyer: Party
    seller: Party
    type_code: str
    credit_note: bool = False
    iban: str = ""
    means_code: str = ""
    buyer_reference: str = ""
    lines: int = 0
    payable_optional: bool = False
    instalments: tuple[tuple[str, str], ...] = ()
    discounts: tuple[CashDiscount, ...] = ()
    lines_at: Mapping[str, int] = field(default_factory=dict)


def read_document(document: Document) -> FileResult:
    """The one invoice of a document, or the reject that says what is wrong with it."""
    row = Row(1, {**document.values, "customer": document.buyer.id})
    invoice = _invoice(row, document)
    reject = row.reject()
    if reject is None:
        return file_result("invoices", document.format, [invoice], [])
    reject = replace(reject, line=document.lines_at.get(reject.field, 0) or 1)
    return file_result("invoices", document.format, [], [reject])


def _invoice(row: Row, document: Document) -> InvoiceRow:
    from duly.domain.terms import Terms, read_terms

    number = row.identifier("number", required=True)
    issued = row.day("issued", required=True) or date.min
    due = row.day("due")
    notes = list[str]()
    amount_minor = _payable(row, notes, optional=document.payable_optional)
    stated = row.raw("currency of amount")
    if row.currency and stated and stated != row.currency:
        reason = "expected the document's currency in the payable amount, found another"
        row.fail("currency", "currency_mismatch", reason)
    if document.type_code in NO_DEMANDS:
        row.fail("type", "no_demand", f"expected an invoice, found a document of type {document.type_code}")
    text = row.text("terms")
    terms = read_terms(text, issued) if row.reject() is None else Terms()
    instalments = _instalments(row, document.instalments)
    due, due_source = _due(due, terms.due, instalments)
    buyer = _buyer(document.buyer, row.identifier("customer", show=False))
    reference = one_line(row.text("reference", MAX_PAYMENT_REFERENCE_CHARS))
    iban = compact_account(document.iban)[:MAX_IDENTIFIER_CHARS]
    seller_vat_id = one_line(document.seller.vat_id)[:MAX_IDENTIFIER_CHARS]
    return InvoiceRow(
        line=row.line,
        number=number,
        buyer=buyer,
        issued=issued,
        due=due,
        due_source=due_source,
        amount_minor=amount_minor,
        currency=row.raw("currency"),
        type=_type(document),
        terms=text,
        order=row.identifier("order"),
        for_invoice=row.identifier("for_invoice"),
        seller_name=one_line(document.seller.name)[:MAX_NAME_CHARS],
        seller_vat_id=seller_vat_id,
        payment_iban=iban,
        payment_reference=reference,
        total_minor=row.side_amount("total", row.currency) if row.currency and row.raw("total") else None,
        lines=document.lines,
        type_code=one_line(document.type_code)[:MAX_IDENTIFIER_CHARS],
        instalments=instalments,
        discounts=tuple(dict.fromkeys((*document.discounts, *terms.discounts))),
        means_code=one_line(document.means_code)[:MAX_IDENTIFIER_CHARS],
        means=means_of(document.means_code, text),
        prepaid_minor=row.side_amount("prepaid", row.currency) if row.currency and row.raw("prepaid") else None,
        delivered=delivered if isinstance(delivered := parse_date(row.raw("delivered")), date) else None,
        buyer_reference=one_line(document.buyer_reference)[:MAX_NAME_CHARS],
        notes=(
            *notes,
            *flags(iban, reference, seller_vat_id, buyer.vat_id),
            *_instalment_flags(instalments, amount_minor),
        ),
    )


def _payable(row: Row, notes: list[str], *, optional: bool) -> int:
    """The payable amount; where it may be left out (ZUGFeRD 1.0 BASIC), it is the total less what was paid."""
    if row.raw("amount") or not optional or not row.raw("total"):
        return row.money("amount", "currency")
    total_minor = row.money("total", "currency")
    prepaid_minor = row.side_amount("prepaid", row.currency) if row.currency and row.raw("prepaid") else 0
    row.amount_minor = total_minor - (prepaid_minor or 0) if row.currency else None
    notes.append("payable_derived")
    return row.amount_minor or 0


def _type(document: Document) -> InvoiceType:
    if document.credit_note or document.type_code in CREDIT_NOTE_CODES:
        return "credit_note"
    return TYPES.get(document.type_code, "invoice")


def _instalments(row: Row, stated: tuple[tuple[str, str], ...]) -> tuple[tuple[date, int], ...]:
    """Several due dates with their amounts, by date; none when a part of it cannot be read."""
    if len(stated) < 2 or len(stated) > MAX_INSTALMENTS or not row.currency:
        return ()
    found = list[tuple[date, int]]()
    for due, amount in stated:
        part = Row(row.line, {"due": due, "amount": amount, "currency": row.currency})
        day, minor = part.day("due", required=True), part.money("amount", "currency")
        if day is None or part.reject() is not None:
            return ()
        found.append((day, minor))
    return tuple(sorted(found))


def _due(
    due: date | None, in_words: date | None, instalments: tuple[tuple[date, int], ...]
) -> tuple[date | None, DueSource]:
    if instalments:
        return instalments[-1][0], "stated"
    if due is not None:
        return due, "stated"
    return (in_words, "terms_text") if in_words is not None else (None, "default")


def _instalment_flags(instalments: tuple[tuple[date, int], ...], amount_minor: int) -> Iterable[str]:
    if instalments and sum(minor for _, minor in instalments) != amount_minor:
        yield "instalments_sum"


def means_of(code: str, terms: str) -> str:
    """What the payment means is: by its code, else by what the terms say in words; "" when neither tells."""
    from duly.domain.terms import means_in_words

    if not code or code in UNDEFINED_MEANS:
        return means_in_words(terms) or ("other" if code else "")
    return next((means for means, codes in MEANS.items() if code in codes), "other")


def flags(iban: str, reference: str, *vat_ids: str) -> Iterable[str]:
    """Codes of values whose check digits are wrong. They warn; half of the published samples have such values."""
    if iban and not iban_is_valid(iban):
        yield "iban_check_digits"
    if reference and reference_is_valid(reference) is False:
        yield "reference_check_digits"
    if any(vat_id and vat_id_is_valid(vat_id) is False for vat_id in vat_ids):
        yield "vat_id_check_digits"


def _buyer(party: Party, buyer_id: str) -> Buyer:
    email, country = party.email.strip(), party.country.upper()
    return Buyer(
        id=buyer_id,
        name=one_line(party.name)[:MAX_NAME_CHARS],
        vat_id=one_line(party.vat_id)[:MAX_IDENTIFIER_CHARS],
        endpoint=one_line(party.endpoint)[:MAX_NAME_CHARS],
        email=email if is_email(email) else "",
        country=country if country in COUNTRIES else "",
        street=tuple(one_line(line)[:MAX_NAME_CHARS] for line in party.street if line.strip())[:MAX_STREET_LINES],
        postcode=one_line(party.postcode)[:MAX_IDENTIFIER_CHARS],
        city=one_line(party.city)[:MAX_NAME_CHARS],
    )


def only(found: Iterable[str]) -> str:
    """The one value, or "" when there are several: how much of a credit belongs to which invoice is then not known."""
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else ""


def endpoint(text: str, scheme: str | None) -> str:
    """An electronic address as scheme:value, as Peppol writes participants; "" if none."""
    text, scheme = text.strip(), (scheme or "").strip()
    return f"{scheme}:{text}" if scheme and text else text


def discount(days: str, percent: str) -> Iterator[CashDiscount]:
    """A cash discount of a number of days and a percentage in machine form; nothing when either is unusable."""
    found = _PERCENT.fullmatch(machine_amount(percent.strip()))
    if re.fullmatch(r"[0-9]{1,3}", days.strip()) and found:
        hundredths = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")[:2])
        if 0 < hundredths < 10_000:
            yield CashDiscount(int(days), hundredths)
