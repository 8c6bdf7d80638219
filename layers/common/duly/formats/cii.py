"""UN/CEFACT Cross Industry Invoice: ZUGFeRD 2, Factur-X and XRechnung (D16B) and ZUGFeRD 1.0, whose names differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from duly.domain.cash_discount import CashDiscount
from duly.formats.einvoice import Document, Party, discount, endpoint, only, read_document
from duly.formats.records import FileResult
from duly.formats.xml import Element, every, first, machine_amount, machine_date, parse_xml, value, values

#: The root element of each version and the format that it stands for.
ROOTS: Final = {"CrossIndustryInvoice": "cii", "CrossIndustryDocument": "zugferd1"}
# Qualifiers of UNTDID 2379 that start with CCYYMMDD: 102 a day, 203 and 204 with time.
_ADDRESS_LINES: Final = ("LineOne", "LineTwo", "LineThree")
_DAY_FORMATS: Final = frozenset({"", "102", "203", "204"})
_DIGITS: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{0,6}")


def read_cii(data: bytes) -> FileResult:
    """The one invoice of a CII file. Raises FileProblem when the XML cannot be read."""
    return read_document(document_of(parse_xml(data)))


def document_of(root: Element, format: str = "") -> Document:
    """What a CII invoice states, of either generation of names."""
    head = _first_of(root, "ExchangedDocument", "HeaderExchangedDocument")
    trade = _first_of(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreement = _first_of(trade, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    delivery = _first_of(trade, "ApplicableHeaderTradeDelivery", "ApplicableSupplyChainTradeDelivery")
    settlement = _first_of(trade, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    means = "SpecifiedTradeSettlementPaymentMeans"
    account = f"{means}/PayeePartyCreditorFinancialAccount"
    totals = _totals(settlement)
    return Document(
        format=format or ROOTS.get(str(root.tag), "cii"),
        values=_values(head, agreement, delivery, settlement),
        buyer=_party(first(agreement, "BuyerTradeParty")),
        seller=_party(first(agreement, "SellerTradeParty")),
        type_code=value(head, "TypeCode"),
        iban=value(settlement, f"{account}/IBANID") or value(settlement, f"{account}/ProprietaryID"),
        means_code=value(settlement, f"{means}/TypeCode"),
        buyer_reference=value(agreement, "BuyerReference"),
        lines=sum(1 for _ in every(trade, "IncludedSupplyChainTradeLineItem")),
        payable_optional=True,
        instalments=tuple(_instalments(settlement)),
        discounts=tuple(_discounts(settlement)),
        lines_at=_lines_at(head, agreement, settlement, totals),
    )


def _first_of(element: Element | None, *names: str) -> Element | None:
    return next((found for name in names if (found := first(element, name)) is not None), None)


def _totals(settlement: Element | None) -> Element | None:
    return _first_of(
        settlement,
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        "SpecifiedTradeSettlementMonetarySummation",
    )


def _values(
    head: Element | None, agreement: Element | None, delivery: Element | None, settlement: Element | None
) -> dict[str, str]:
    """The values that are checked, by field, in the form that Row reads."""
    totals, currency = _totals(settlement), value(settlement, "InvoiceCurrencyCode")
    payable = first(totals, "DuePayableAmount")
    order = "BuyerOrderReferencedDocument"
    return {
        "number": value(head, "ID"),
        "issued": _day(first(head, "IssueDateTime")),
        "due": next(_due_dates(settlement), ""),
        "amount": machine_amount(value(totals, "DuePayableAmount")),
        "total": machine_amount(_in_currency(totals, "GrandTotalAmount", currency)),
        "prepaid": machine_amount(value(totals, "TotalPrepaidAmount")),
        "currency": currency,
        "currency of amount": "" if payable is None else str(payable.get("currencyID") or "").strip(),
        "terms": "\n".join(values(settlement, "SpecifiedTradePaymentTerms/Description")),
        "order": value(agreement, f"{order}/IssuerAssignedID") or value(agreement, f"{order}/ID"),
        "for_invoice": only(_earlier_invoices(settlement)),
        "reference": value(settlement, "PaymentReference"),
        "delivered": _day(first(delivery, "ActualDeliverySupplyChainEvent/OccurrenceDateTime")),
    }


def _in_currency(totals: Element | None, name: str, currency: str) -> str:
    """An amount that may stand there in two currencies: the one of the document, else the first."""
    texts = [(str(one.get("currencyID") or "").strip(), (one.text or "").strip()) for one in every(totals, name)]
    own = (text for stated, text in texts if stated == currency)
    return next(own, texts[0][1] if texts else "")


def _earlier_invoices(settlement: Element | None) -> Iterator[str]:
    for document in every(settlement, "InvoiceReferencedDocument"):
        number = value(document, "IssuerAssignedID") or value(document, "ID")
        if number:
            yield number


def _day(element: Element | None) -> str:
    """The day of a DateTimeString (with its format) or DateTime, in ISO form; other texts unchanged."""
    if element is None:
        return ""
    found = _first_of(element, "DateTimeString", "DateString", "DateTime", "Date")
    text = ((found.text if found is not None else element.text) or "").strip()
    stated = (found.get("format") or "").strip() if found is not None else ""
    digits = _DIGITS.fullmatch(text)
    if digits and stated in _DAY_FORMATS:
        return f"{digits[1]}-{digits[2]}-{digits[3]}"
    return machine_date(text)


def _due_dates(settlement: Element | None) -> Iterator[str]:
    """The due dates of the terms, those without one left out."""
    for terms in every(settlement, "SpecifiedTradePaymentTerms"):
        day = _day(first(terms, "DueDateDateTime"))
        if day:
            yield day


def _instalments(settlement: Element | None) -> Iterator[tuple[str, str]]:
    """Terms that each name a day and an amount (profile EXTENDED)."""
    for terms in every(settlement, "SpecifiedTradePaymentTerms"):
        day, amount = _day(first(terms, "DueDateDateTime")), value(terms, "PartialPaymentAmount")
        if day and amount:
            yield day, machine_amount(amount)


def _discounts(settlement: Element | None) -> Iterator[CashDiscount]:
    path = "SpecifiedTradePaymentTerms/ApplicableTradePaymentDiscountTerms"
    for terms in every(settlement, path):
        measure = first(terms, "BasisPeriodMeasure")
        if measure is not None and measure.get("unitCode") == "DAY":
            yield from discount(measure.text or "", value(terms, "CalculationPercent"))


def _party(party: Element | None) -> Party:
    """A party. A URI of the scheme EM is a mailbox that machines read, so it is no contact to write reminders to."""
    uri = first(party, "URIUniversalCommunication/URIID")
    return Party(
        id=value(party, "ID") or value(party, "GlobalID"),
        name=value(party, "Name") or value(party, "SpecifiedLegalOrganization/TradingBusinessName"),
        vat_id=_vat_id(party),
        endpoint="" if uri is None else endpoint(uri.text or "", uri.get("schemeID")),
        email=value(party, "DefinedTradeContact/EmailURIUniversalCommunication/URIID"),
        country=value(party, "PostalTradeAddress/CountryID"),
        street=tuple(line for line in (value(party, f"PostalTradeAddress/{name}") for name in _ADDRESS_LINES) if line),
        postcode=value(party, "PostalTradeAddress/PostcodeCode"),
        city=value(party, "PostalTradeAddress/CityName"),
    )


def _vat_id(party: Element | None) -> str:
    """The VAT id: the registration of the scheme VA."""
    for found in every(party, "SpecifiedTaxRegistration/ID"):
        if (found.get("schemeID") or "").strip().upper() == "VA" and (found.text or "").strip():
            return (found.text or "").strip()
    return ""


def _lines_at(
    head: Element | None, agreement: Element | None, settlement: Element | None, totals: Element | None
) -> dict[str, int]:
    """The line of each value's element, to name it in a reject."""
    at = {
        "number": first(head, "ID"),
        "issued": first(head, "IssueDateTime"),
        "type": first(head, "TypeCode"),
        "amount": first(totals, "DuePayableAmount"),
        "total": first(totals, "GrandTotalAmount"),
        "prepaid": first(totals, "TotalPrepaidAmount"),
        "currency": first(settlement, "InvoiceCurrencyCode"),
        "terms": first(settlement, "SpecifiedTradePaymentTerms"),
        "due": first(settlement, "SpecifiedTradePaymentTerms"),
        "order": first(agreement, "BuyerOrderReferencedDocument"),
        "customer": first(agreement, "BuyerTradeParty"),
        "for_invoice": first(settlement, "InvoiceReferencedDocument"),
        "reference": first(settlement, "PaymentReference"),
    }
    return {name: found.sourceline or 1 for name, found in at.items() if found is not None}
