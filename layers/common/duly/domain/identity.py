"""The identity of a bank transaction, so that overlapping statements change nothing and equal payments both count."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from duly.domain.references import normalise_reference

# What banks write where they have no reference of their own (ISO 20022 usage, SWIFT field 61 subfield 8).
EMPTY_REFERENCES = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "NONE", "NULL"})


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What of a bank entry makes it the one it is."""

    account: str
    bank_reference: str
    booked: date
    amount_minor: int
    currency: str
    text: str


def transaction_ids(entries: Sequence[EntryFacts]) -> list[str]:
    """Return the id of each entry of one file: 24 hexadecimal digits.

    The account and the bank's own reference where it has one, else booking date, amount and a hash of the text; equal
    ones are told apart by their occurrence within the account's day, counted in the order of the file.
    """
    seen: dict[tuple[str, ...], int] = {}
    ids = []
    for entry in entries:
        key = _key(entry)
        occurrence = seen.get(key, 0)
        seen[key] = occurrence + 1
        ids.append(hashlib.sha256("\n".join([*key, str(occurrence)]).encode()).hexdigest()[:24])
    return ids


def _key(entry: EntryFacts) -> tuple[str, ...]:
    account = normalise_reference(entry.account)
    facts = (account, entry.booked.isoformat(), str(entry.amount_minor), entry.currency)
    reference = normalise_reference(entry.bank_reference)
    if reference not in EMPTY_REFERENCES:
        return ("reference", *facts, reference)
    text = re.sub(r"\s+", " ", entry.text).strip().casefold()
    return ("text", *facts, hashlib.sha256(text.encode()).hexdigest()[:24])
