"""The customer's record, field by field: whoever arrived last with a word on a field is right, in whichever order
the files are worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duly.domain.entities import Header

#: Fields of the record that lie in the journal; the others lie in the personal item.
HEADER_FIELDS = (
    "country",
    "language",
    "timezone",
    "kind",
    "scenario",
    "parent",
    "order_required",
    "terms_days",
    "limit_minor",
    "external_permille",
)
#: ``contacts`` have an e-mail address, ``phones`` are telephone numbers (E.164) with the id and role of their contact.
#: ``address_country`` is what an invoice said of the address beside it; "": a customer file stated the address.
PERSONAL_FIELDS = ("name", "vat_id", "endpoint", "contacts", "phones", "street", "postcode", "city", "address_country")
LISTS = ("contacts", "phones", "street")
_TOWN_THEN_CODE = frozenset({"AU", "CA", "US"})  # the town and its code in one line, in this order
_CODE_BELOW = frozenset({"GB", "GG", "IE", "IM", "JE"})  # the code in a line of its own below the town

Stated = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Master:
    """What is known of a customer by field, and which fields were last said by the upload of which arrival.

    Arrivals are ISO texts in UTC, which sort as the moments do.
    """

    values: Mapping[str, Any]
    stated: Stated

    def said_at(self, name: str) -> str:
        """Return the arrival of the upload that said a field last; "" when none is known to have."""
        return next((arrival for arrival, names in self.stated.items() if name in names), "")


def known(header: Header, personal: Mapping[str, Any]) -> Master:
    """Return what an account knows of its customer."""
    values = {name: getattr(header, name) for name in HEADER_FIELDS}
    values |= {name: personal.get(name, [] if name in LISTS else "") for name in PERSONAL_FIELDS}
    contacts = personal.get("contacts", [])
    values["contacts"] = [without(one, "phone") for one in contacts if one.get("email")]
    values["phones"] = [without(one, "email") for one in contacts if one.get("phone")]
    return Master(values, header.stated)


def personal_of(master: Master) -> dict[str, Any]:
    """Return the record's personal item: its fields, contacts with their telephone numbers, and the postal lines under
    ``address`` (without name and country); none when the address is in another country than the customer."""
    found = {name: master.values[name] for name in PERSONAL_FIELDS if name != "phones"}
    contacts = {one["id"]: dict(one) for one in found["contacts"]}
    for phone in master.values["phones"]:
        contacts.setdefault(phone["id"], {**phone, "email": ""})["phone"] = phone["phone"]
    found["contacts"] = list(contacts.values())
    country = master.values["country"]
    elsewhere = found["address_country"] not in ("", country)
    town = _town(found["postcode"], found["city"], country)
    return {**found, "address": [] if elsewhere else [line for line in (*found["street"], *town) if line]}


def _town(postcode: str, city: str, country: str) -> tuple[str, ...]:
    """The last lines of an address. Order after the Universal Postal Union's addressing sheets (S42)."""
    if country in _CODE_BELOW:
        return city, postcode
    return (" ".join(part for part in ((city, postcode) if country in _TOWN_THEN_CODE else (postcode, city)) if part),)


def without(contact: Mapping[str, str], name: str) -> dict[str, str]:
    """Return a contact less one of its parts."""
    return {key: value for key, value in contact.items() if key != name}


def updated(master: Master, said: Mapping[str, Any], arrival: str) -> tuple[Master, bool]:
    """Return the record after an upload said these fields, and whether any of them had been said by a later one.

    A field that is not said stays as it is. Of two uploads of one moment the one that is worked on last counts.
    """
    taken = {name: value for name, value in said.items() if master.said_at(name) <= arrival}
    if not taken:
        return master, bool(said)
    changes = any(master.values[name] != value for name, value in taken.items())
    newly = {name for name in taken if not master.said_at(name)}
    if not changes and not newly:
        return master, len(taken) < len(said)
    stated = {one: tuple(name for name in names if name not in taken) for one, names in master.stated.items()}
    stated[arrival] = tuple(sorted({*stated.get(arrival, ()), *taken}))
    kept = {one: names for one, names in sorted(stated.items()) if names}
    return Master({**master.values, **taken}, kept), len(taken) < len(said)
