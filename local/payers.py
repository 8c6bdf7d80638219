"""How some debtors pay in ways that a number and an exact amount do not explain, and what their banks announce.

Which of a debtor's invoices are paid so follows from their order alone, so a seed plays the same money every time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from local.business import Customer, Invoice
from local.writers import iban

DISCOUNT_DAYS, DISCOUNT_PERCENT = 8, 2
"""What business.py writes into the terms of the customer whose way is ``discount``."""
SHARED_CHARGES_MINOR = {"EUR": 1_250, "GBP": 1_000}
SHORT_BY_MINOR = 38


@dataclass(frozen=True, slots=True)
class Way:
    """One transfer as it is ordered: its text, who orders it ("" the customer) from which account (None: the bank does
    not say; "": the customer's), what it is short of the invoice, and the day on which it leaves instead of the due day
    (None: that day)."""

    text: str
    payer: str = ""
    account: str | None = ""
    less_minor: int = 0
    day: date | None = None


def _slip(customer: Customer, invoice: Invoice) -> Way:
    """An O for the first 0 behind the year, as somebody types who reads a print."""
    head, _, tail = invoice.number.rpartition("-")
    return Way(f"Rg. {head}-{tail.replace('0', 'O', 1)}", _short(customer.name), None)


def _short_name(customer: Customer, _invoice: Invoice) -> Way:
    return Way("Danke" if customer.language == "de" else "Thank you", _short(customer.name), None)


def _short(name: str) -> str:
    """A company's name without its legal form, as in a bank's address book."""
    return name.rsplit(" ", 1)[0]


def _fee_named(_customer: Customer, invoice: Invoice) -> Way:
    return Way(f"{invoice.number} kosten gedeeld", less_minor=SHARED_CHARGES_MINOR[invoice.currency])


def _fee_unnamed(_customer: Customer, invoice: Invoice) -> Way:
    return Way("Virement fournisseur", "", None, SHARED_CHARGES_MINOR[invoice.currency] - 270)


def _pence_short(_customer: Customer, invoice: Invoice) -> Way:
    return Way(f"Inv {invoice.number}", less_minor=SHORT_BY_MINOR)


def _accountant(_customer: Customer, invoice: Invoice) -> Way:
    return Way(f"Rechnung {invoice.number}", "Leitner Treuhand KG", iban("AT", "9999000012345678"))


def _order(_customer: Customer, invoice: Invoice) -> Way:
    return Way(f"Unsere Bestellung {invoice.order}" if invoice.order else invoice.number)


def _other_number(customer: Customer, invoice: Invoice) -> Way:
    """The number of somebody else's invoice, with the amount of ours."""
    return Way(f"FACTURE {int(invoice.number[-4:]) + 71_000}", _short(customer.name), None)


def _discount(_customer: Customer, invoice: Invoice) -> Way:
    less = (invoice.amount_minor * DISCOUNT_PERCENT + 50) // 100
    early = invoice.issued + timedelta(days=DISCOUNT_DAYS - 1)
    return Way(f"{invoice.number} abzgl. {DISCOUNT_PERCENT} % Skonto", less_minor=less, day=early)


Made = Callable[[Customer, Invoice], Way]
#: By customer: every how many of its invoices it pays in that way, from which on, and how.
WAYS: Mapping[str, tuple[tuple[int, int, Made], ...]] = {
    "Gerstenberg Brauereitechnik GmbH": ((3, 0, _slip), (3, 1, _discount)),
    "Almkogel Seilbahntechnik GmbH": ((3, 0, _short_name),),
    "Blauwe Sluis Techniek B.V.": ((3, 0, _fee_named),),
    "Ateliers du Vieux Moulin SARL": ((2, 1, _fee_unnamed),),
    "Brindle & Moor Engineering Ltd": ((2, 0, _pence_short),),
    "Donauwinkel Schiffsbedarf GmbH": ((3, 0, _accountant), (3, 1, _slip)),
    "Gritstone Hydraulics Ltd": ((3, 1, _short_name),),
    "Neuwasser Anlagenbau AG": ((2, 0, _order),),
    "Compagnie des Engrenages Bleus SA": ((2, 1, _other_number),),
}
IN_PAIRS = "Isarblick Messtechnik GmbH"
"""Pays two invoices at a time, by a list that nobody has seen."""
PAIR_TEXT = "Sammelueberweisung lt. Aufstellung"
PAID_BY_PARENT = "Rabenstein Antriebe GmbH", "Alsterkai Maschinenbau GmbH", 3
"""Every third invoice of the child is paid by its parent."""
WITH_ADVICE = "Lindenhof Agrar eG"
"""Its payment runs name their advice alone; the list comes as a file."""


def way_of(customer: Customer, invoice: Invoice, position: int) -> Way | None:
    """How a customer pays its invoice of that position in their order; None: as everybody does."""
    if invoice.instalments:
        return None
    for every, first, make in WAYS.get(customer.name, ()):
        if position % every == first and (make is not _discount or "Skonto" in invoice.terms):
            return make(customer, invoice)
    return None


def advice_reference(customer: Customer, day: date) -> str:
    """What a payment run with an advice says instead of its invoices."""
    return f"ZL-{customer.id[-2:]}{day:%y%m%d}"
