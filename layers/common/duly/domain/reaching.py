"""Whom a notice really reaches, and by which channel: contacts by role, escalation by level, and what takes the place
of an address that is missing or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.domain.account import Account
from duly.domain.channels import CALL, EMAIL, LETTER, LETTERS, SMS
from duly.domain.gates import reachable_contacts
from duly.domain.policy import Policy
from duly.domain.steps import is_served

Contact = Mapping[str, str]

MOST_CONTACTS = 20  # of one notice


@dataclass(frozen=True, slots=True)
class Reach:
    """The channel that will be used (empty: none, a person has to find a way) and the contacts' ids."""

    channel: str
    contacts: tuple[str, ...] = ()


def reach(account: Account, policy: Policy, channel: str, level: int, is_overdue: bool = True) -> Reach:
    """Return how a step of this channel and level reaches the customer.

    What ``contact.fallback`` of the policy allows takes the place of a contact without a usable address, in this order:
    another contact, then a letter to the postal address, once something is overdue: nobody posts a word about what is
    still to come. A letter needs the address; a call goes to whom it can, and a person finds the number otherwise; a
    hand-over reaches nobody.
    """
    if channel in (EMAIL, SMS):
        field = "email" if channel == EMAIL else "phone"
        chosen = recipients(account, level, policy, field)
        if chosen:
            return Reach(channel, tuple(contact["id"] for contact in chosen[:MOST_CONTACTS]))
        may_post = is_overdue and "letter" in policy.contact.fallback and is_served(LETTER)
        channel = LETTER if may_post else ""
    if channel in LETTERS:
        return Reach(channel if account.personal.get("address") else "")
    if channel == CALL:
        return Reach(channel, tuple(contact["id"] for contact in recipients(account, level, policy, "phone")))
    return Reach(channel)


def recipients(account: Account, level: int, policy: Policy, field: str = "email") -> list[Contact]:
    """Return the contacts a notice of this level goes to: dunning contacts, else billing, else any but dispute and
    management, and with them those whose role the policy adds from a level on (``contact.escalation``).

    Only contacts with the address asked for (``field``: email or phone) count. Without ``contact`` in the policy's
    ``contact.fallback``, the first role that the customer has is not replaced by another.
    """
    found = _usable(account, field)
    chosen = _by_role(found, _all(account)) if "contact" not in policy.contact.fallback else _first_role(found)
    added = [role for role, from_level in policy.contact.escalation.items() if level >= from_level]
    return chosen + [contact for contact in found if contact.get("role") in added and contact not in chosen]


def _all(account: Account) -> list[Contact]:
    return list(account.personal.get("contacts", []))


def _usable(account: Account, field: str) -> list[Contact]:
    if field == "email":
        return list(reachable_contacts(account))
    return [contact for contact in _all(account) if contact.get(field)]


def _first_role(found: list[Contact]) -> list[Contact]:
    """The contacts of the first role that is there."""
    for role in ("dunning", "billing"):
        of_role = [contact for contact in found if contact.get("role") == role]
        if of_role:
            return of_role
    return [contact for contact in found if contact.get("role") not in ("dispute", "management")] or found


def _by_role(found: list[Contact], known: list[Contact]) -> list[Contact]:
    """Those of the first role that the customer has, as far as they can be reached."""
    wanted = _first_role(known)
    return [contact for contact in found if contact in wanted]
