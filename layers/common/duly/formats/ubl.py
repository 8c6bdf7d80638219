"""UBL 2.1 Invoice and CreditNote (OASIS); the elements mean what EN 16931 and Peppol BIS Billing 3 say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from duly.domain.cash_discount import CashDiscount
from duly.formats.einvoice import Document, Party, discount, endpoint, only, read_document
from duly.formats.records import FileResult
from duly.formats.xml import Element, every, first, machine_amount, machine_date, parse_xml, value, values

# Where the fields of a reject stand, to name their line.
_PATHS: Final = {
    "number": "ID",
    "issued": "IssueDate",
    "due": "DueDate",
    "amount": "LegalMonetaryTotal/PayableAmount",
    "total": "LegalMonetaryTotal/TaxInclusiveAmount",
    "prepaid": "LegalMonetaryTotal/PrepaidAmount",
    "currency": "DocumentCurrencyCode",
    "terms": "PaymentTerms/Note",
    "order": "OrderReference/ID",
    "customer": "AccountingCustomerParty",
    "for_invoice": "BillingReference",
    "reference": "PaymentMeans/PaymentID",
    "delivered": "Delivery/ActualDeliveryDate",
}


def read_ubl(data: bytes) -> FileResult:
    """The one invoice of a UBL file. Raises FileProblem when the XML cannot be read."""
    return read_document(document_of(parse_xml(data)))


def document_of(root: Element, format: str = "ubl") -> Document:
    """What a UBL invoice or credit note states."""
    customer, supplier = first(root, "AccountingCustomerParty"), first(root, "AccountingSupplierParty")
    at = {field: first(root, path) for field, path in _PATHS.items()}
    return Document(
        format=format,
        values=_values(root),
        buyer=_party(first(customer, "Party"), value(customer, "SupplierAssignedAccountID")),
        seller=_party(first(supplier, "Party")),
        type_code=value(root, "InvoiceTypeCode") or value(root, "CreditNoteTypeCode"),
        credit_note=root.tag == "CreditNote",
        iban=value(root, "PaymentMeans/PayeeFinancialAccount/ID"),
        means_code=value(root, "PaymentMeans/PaymentMeansCode"),
        buyer_reference=value(root, "BuyerReference"),
        lines=sum(1 for name in ("InvoiceLine", "CreditNoteLine") for _ in every(root, name)),
        instalments=tuple(_instalments(root)),
        discounts=tuple(_discounts(root)),
        lines_at={field: found.sourceline or 1 for field, found in at.items() if found is not None},
    )


def _values(root: Element) -> dict[str, str]:
    """The values that are checked, by field, in the form that Row reads."""
    payable = first(root, "LegalMonetaryTotal/PayableAmount")
    stated = "" if payable is None else str(payable.get("currencyID") or "").strip()
    return {
        "number": value(root, "ID"),
        "issued": machine_date(value(root, "IssueDate")),
        "due": machine_date(_due(root)),
        "amount": machine_amount(value(root, "LegalMonetaryTotal/PayableAmount")),
        "total": machine_amount(value(root, "LegalMonetaryTotal/TaxInclusiveAmount")),
        "prepaid": machine_amount(value(root, "LegalMonetaryTotal/PrepaidAmount")),
        "currency": value(root, "DocumentCurrencyCode") or stated,
        "currency of amount": stated,
        "terms": "\n".join(values(root, "PaymentTerms/Note")),
        "order": value(root, "OrderReference/ID"),
        "for_invoice": only(values(root, "BillingReference/InvoiceDocumentReference/ID")),
        "reference": value(root, "PaymentMeans/PaymentID"),
        "delivered": machine_date(value(root, "Delivery/ActualDeliveryDate")),
    }


def _due(root: Element) -> str:
    """The due date of the document, else of the means of payment, else of the terms."""
    paths = ("DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")
    return next((text for path in paths if (text := value(root, path))), "")


def _instalments(root: Element) -> Iterator[tuple[str, str]]:
    """Payment terms that each name a day and an amount."""
    for terms in every(root, "PaymentTerms"):
        day = value(terms, "InstallmentDueDate") or value(terms, "PaymentDueDate")
        if day and value(terms, "Amount"):
            yield machine_date(day), machine_amount(value(terms, "Amount"))


def _discounts(root: Element) -> Iterator[CashDiscount]:
    for terms in every(root, "PaymentTerms"):
        measure = first(terms, "SettlementPeriod/DurationMeasure")
        if measure is not None and measure.get("unitCode") == "DAY":
            yield from discount(measure.text or "", value(terms, "SettlementDiscountPercent"))


def _party(party: Element | None, assigned: str = "") -> Party:
    """A party: its legal name, else its trading name; the creditor's own number for it, else the first that it states.

    An endpoint of the scheme EM is a mailbox that machines read, so it is no contact to write reminders to.
    """
    found = first(party, "EndpointID")
    return Party(
        id=assigned or value(party, "PartyIdentification/ID"),
        name=value(party, "PartyLegalEntity/RegistrationName") or value(party, "PartyName/Name"),
        vat_id=_vat_id(party),
        endpoint="" if found is None else endpoint(found.text or "", found.get("schemeID")),
        email=value(party, "Contact/ElectronicMail"),
        country=value(party, "PostalAddress/Country/IdentificationCode"),
        street=_street(first(party, "PostalAddress")),
        postcode=value(party, "PostalAddress/PostalZone"),
        city=value(party, "PostalAddress/CityName"),
    )


def _street(address: Element | None) -> tuple[str, ...]:
    """The lines above the town: street with its building number, further lines, box."""
    street = f"{value(address, 'StreetName')} {value(address, 'BuildingNumber')}"
    further = ("AdditionalStreetName", "AddressLine/Line", "Postbox")
    return tuple(line.strip() for line in (street, *(value(address, name) for name in further)) if line.strip())


def _vat_id(party: Element | None) -> str:
    """The VAT id: the company id of the tax scheme VAT."""
    schemes = (scheme for scheme in every(party, "PartyTaxScheme") if value(scheme, "TaxScheme/ID").upper() == "VAT")
    return next((value(scheme, "CompanyID") for scheme in schemes), "")
