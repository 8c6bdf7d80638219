"""The customer's record, field by field: whoever arrived last with a word on a field is right, in whichever order
the files are worked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duly.domain.entities import Header

#: Fields of the record that lie in the journal; name, VAT id, endpoint and contacts lie in the personal item.
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
PERSONAL_FIELDS = ("name", "vat_id", "endpoint", "contacts")

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
    values |= {name: personal.get(name, [] if name == "contacts" else "") for name in PERSONAL_FIELDS}
    return Master(values, header.stated)


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
