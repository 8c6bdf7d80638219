"""What is noticed about an invoice on arrival. Facts that explain later why it is paid late; they never reject it."""

from __future__ import annotations

from duly.domain.account import Account
from duly.domain.entities import Item
from duly.domain.gates import reachable_contacts

#: What each flag says, in words for lists and reports.
FLAGS = {
    "terms_differ": "other days to pay than agreed with the customer",
    "issued_late": "issued late after delivery",
    "order_missing": "no order number, which the customer requires",
    "no_billing_contact": "nobody at the customer to send invoices or notices to",
}


def flags_of(account: Account, item: Item, issue_within_days: int) -> tuple[str, ...]:
    """Return the flags of an item. Of a customer whose record is not known yet, nothing can be missing."""
    header = account.header
    known = not header.provisional
    checks = {
        "terms_differ": known and _terms_differ(account, item),
        "issued_late": _issued_late(item, issue_within_days),
        "order_missing": known and header.order_required and not item.order,
        "no_billing_contact": known and not has_billing_contact(account),
    }
    return tuple(name for name, found in checks.items() if found)


def _terms_differ(account: Account, item: Item) -> bool:
    agreed = account.header.terms_days
    return (
        agreed is not None
        and item.due_source != "default"
        and not item.instalments
        and (item.due - item.issued).days != agreed
    )


def _issued_late(item: Item, issue_within_days: int) -> bool:
    return (
        issue_within_days > 0 and item.delivered is not None and (item.issued - item.delivered).days > issue_within_days
    )


def has_billing_contact(account: Account) -> bool:
    """Return whether somebody can be written to about an invoice: any contact but those for disputes and management."""
    return any(contact.get("role") not in ("dispute", "management") for contact in reachable_contacts(account))
