"""UBL 2.1 Invoice and CreditNote (OASIS); the elements mean what EN 16931 and Peppol BIS Billing 3 say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from duly.formats.fields import (
    COUNTRIES,
    MAX_IDENTIFIER_CHARS,
    MAX_NAME_CHARS,
    Row,
    compact_account,
    is_email,
    one_line,
)
from duly.formats.records import Buyer, FileResult, InvoiceRow, InvoiceType, file_result
from duly.formats.xml import (
    Element,
    every,
    first,
    machine_amount,
    machine_date,
    parse_xml,
    value,
    values,
)

# UNTDID 1001 document types that are credit notes in EN 16931 (subset of code list "Invoice type code").
CREDIT_NOTE_CODES: Final = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})
MAX_PAYMENT_REFERENCE_CHARS: Final = 300

# Where the fields of a reject stand, to name their line.
_PATHS: Final = {
    "number": "ID",
    "issued": "IssueDate",
    "due": "DueDate",
    "amount": "LegalMonetaryTotal/PayableAmount",
    "total": "LegalMonetaryTotal/TaxInclusiveAmount",
    "currency": "DocumentCurrencyCode",
    "terms": "PaymentTerms/Note",
    "order": "OrderReference/ID",
    "customer": "AccountingCustomerParty",
    "for_invoice": "BillingReference",
    "reference": "PaymentMeans/PaymentID",
}
_SUPPLIER: Final = "AccountingSupplierParty"
_CUSTOMER: Final = "AccountingCustomerParty"


def read_ubl(data: bytes) -> FileResult:
    """The one invoice of a UBL file. Raises FileProblem when the XML cannot be read."""
    root = parse_xml(data)
    row = Row(1, _values(root))
    invoice = _invoice(row, root)
    reject = row.reject()
    if reject is None:
        return file_result("invoices", "ubl", [invoice], [])
    found = first(root, _PATHS[reject.field])
    return file_result(
        "invoices", "ubl", [], [replace(reject, line=found.sourceline or 1) if found is not None else reject]
    )


def _values(root: Element) -> dict[str, str]:
    """The values that are checked, by field, in the form that Row reads."""
    payable = first(root, "LegalMonetaryTotal/PayableAmount")
    total = first(root, "LegalMonetaryTotal/TaxInclusiveAmount")
    stated = "" if payable is None else str(payable.get("currencyID") or "").strip()
    return {
        "number": value(root, "ID"),
        "issued": machine_date(value(root, "IssueDate")),
        "due": machine_date(_due(root)),
        "amount": "" if payable is None else machine_amount((payable.text or "").strip()),
        "total": "" if total is None else machine_amount((total.text or "").strip()),
        "currency": value(root, "DocumentCurrencyCode") or stated,
        "currency of amount": stated,
        "terms": "\n".join(values(root, "PaymentTerms/Note")),
        "order": value(root, "OrderReference/ID"),
        "customer": _buyer_id(root),
        "for_invoice": _only(values(root, "BillingReference/InvoiceDocumentReference/ID")),
        "reference": value(root, "PaymentMeans/PaymentID"),
    }


def _invoice(row: Row, root: Element) -> InvoiceRow:
    number = row.identifier("number", required=True)
    issued = row.day("issued", required=True) or date.min
    due = row.day("due")
    amount_minor = row.money("amount", "currency")
    stated = row.raw("currency of amount")
    if row.currency and stated and stated != row.currency:
        reason = "expected the document's currency in the payable amount, found another"
        row.fail("currency", "currency_mismatch", reason)
    type_code = value(root, "InvoiceTypeCode") or value(root, "CreditNoteTypeCode")
    return InvoiceRow(
        line=row.line,
        number=number,
        buyer=_buyer(root, row.identifier("customer", show=False)),
        issued=issued,
        due=due,
        due_source="default" if due is None else "stated",
        amount_minor=amount_minor,
        currency=row.raw("currency"),
        type=_type(root, type_code),
        terms=row.text("terms"),
        order=row.identifier("order"),
        for_invoice=row.identifier("for_invoice"),
        seller_name=_name(first(root, f"{_SUPPLIER}/Party")),
        seller_vat_id=_vat_id(first(root, f"{_SUPPLIER}/Party")),
        payment_iban=compact_account(value(root, "PaymentMeans/PayeeFinancialAccount/ID"))[:MAX_IDENTIFIER_CHARS],
        payment_reference=one_line(row.text("reference", MAX_PAYMENT_REFERENCE_CHARS)),
        total_minor=row.side_amount("total", row.currency) if row.currency and row.raw("total") else None,
        lines=sum(1 for name in ("InvoiceLine", "CreditNoteLine") for _ in every(root, name)),
        type_code=one_line(type_code)[:MAX_IDENTIFIER_CHARS],
    )


def _due(root: Element) -> str:
    """The due date of the document, else of the means of payment, else of the terms."""
    paths = ("DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate")
    return next((text for path in paths if (text := value(root, path))), "")


def _type(root: Element, type_code: str) -> InvoiceType:
    credit = root.tag == "CreditNote" or type_code in CREDIT_NOTE_CODES
    return "credit_note" if credit else "invoice"


def _only(found: Iterable[str]) -> str:
    """The one value, or "" when there are several: how much of a credit belongs to which invoice is then not known."""
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else ""


def _buyer_id(root: Element) -> str:
    """The creditor's own number for the customer, else the first identification that the party states."""
    assigned = value(root, f"{_CUSTOMER}/SupplierAssignedAccountID")
    return assigned or value(root, f"{_CUSTOMER}/Party/PartyIdentification/ID")


def _buyer(root: Element, buyer_id: str) -> Buyer:
    party = first(root, f"{_CUSTOMER}/Party")
    # An endpoint of the scheme EM is a mailbox that machines read, so it is no contact to write reminders to.
    email = value(party, "Contact/ElectronicMail")
    country = value(party, "PostalAddress/Country/IdentificationCode").upper()
    return Buyer(
        id=buyer_id,
        name=_name(party),
        vat_id=_vat_id(party),
        endpoint=_endpoint(party),
        email=email if is_email(email) else "",
        country=country if country in COUNTRIES else "",
    )


def _endpoint(party: Element | None) -> str:
    """The electronic address as scheme:value, as Peppol writes participants; "" if none."""
    found = first(party, "EndpointID")
    if found is None or not (found.text or "").strip():
        return ""
    scheme = str(found.get("schemeID") or "").strip()
    text = one_line(found.text or "")
    return (f"{scheme}:{text}" if scheme else text)[:MAX_NAME_CHARS]


def _name(party: Element | None) -> str:
    """The legal name, else the trading name."""
    name = value(party, "PartyLegalEntity/RegistrationName") or value(party, "PartyName/Name")
    return one_line(name)[:MAX_NAME_CHARS]


def _vat_id(party: Element | None) -> str:
    """The VAT id: the company id of the tax scheme VAT."""
    for scheme in every(party, "PartyTaxScheme"):
        if value(scheme, "TaxScheme/ID").upper() == "VAT":
            return one_line(value(scheme, "CompanyID"))[:MAX_IDENTIFIER_CHARS]
    return ""
