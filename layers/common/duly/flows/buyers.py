"""Whose account an invoice belongs to: by customer id, VAT id, endpoint, then exact name, else a provisional one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from duly.domain.policy import Policy
from duly.domain.references import normalise_name, normalise_reference
from duly.flows.edge import Edge
from duly.formats.records import Buyer, InvoiceRow
from duly.store import lookups

MAX_ID = 200  # characters of a customer id; keys of a table are bounded


@dataclass(frozen=True, slots=True)
class Resolved:
    """The account of a buyer, or the code and reason why none can be named."""

    account: str = ""
    code: str = ""
    field: str = ""
    reason: str = ""


def resolve(edge: Edge, buyer: Buyer) -> Resolved:
    """Return the buyer's account. Two known customers behind one VAT id, endpoint or name are ambiguous: a person's
    matter. Lookups of provisional accounts count too, so that an unknown buyer's invoices gather in one place; several
    of those are no doubt about a customer: each is merged where it belongs once the customer is known."""
    if buyer.id:
        if len(buyer.id) > MAX_ID:
            return Resolved(code="too_long", field="customer", reason=f"expected at most {MAX_ID} characters")
        known = _accounts(edge, lookups.CUSTOMER, buyer.id)
        if known:
            return Resolved(known[0])
    for kind, value, field in (
        (lookups.VAT, normalise_reference(buyer.vat_id), "vat_id"),
        (lookups.ENDPOINT, buyer.endpoint, "endpoint"),
        (lookups.NAME, normalise_name(buyer.name), "name"),
    ):
        known = _accounts(edge, kind, value)
        if len(known) > 1:
            known = [account for account in known if not edge.accounts.load(account).header.provisional]
        if len(known) == 1:
            return Resolved(known[0])
        if known:
            reason = f"{len(known)} customers share this value; expected one, or the customer's id in the invoice"
            return Resolved(code="ambiguous_buyer", field=field, reason=reason)
    return _provisional(buyer)


def _accounts(edge: Edge, kind: str, value: str) -> list[str]:
    """Return the distinct accounts behind a value; a merged account stands for the one it moved to."""
    accounts = {answer.account for answer in lookups.find(edge.table, kind, value)}
    if len(accounts) > 1:
        accounts = {edge.accounts.load(account).header.merged_into or account for account in accounts}
    return sorted(accounts)


def _provisional(buyer: Buyer) -> Resolved:
    if buyer.id:
        return Resolved(buyer.id)
    for kind, value in (
        ("vat", normalise_reference(buyer.vat_id)),
        ("endpoint", buyer.endpoint),
        ("name", normalise_name(buyer.name)),
    ):
        if value:
            return Resolved(f"P-{hashlib.sha256(f'{kind}|{value}'.encode()).hexdigest()[:16]}")
    reason = "expected a customer id, VAT id, endpoint or name of the buyer, found none"
    return Resolved(code="buyer_missing", field="customer", reason=reason)


def foreign_seller(row: InvoiceRow, policy: Policy) -> bool:
    """Return whether the invoice names a seller other than the creditor: by VAT id where both are known, else name."""
    creditor = policy.creditor
    if row.seller_vat_id and creditor.vat_id:
        return normalise_reference(row.seller_vat_id) != normalise_reference(creditor.vat_id)
    return bool(row.seller_name) and normalise_name(row.seller_name) != normalise_name(creditor.name)
