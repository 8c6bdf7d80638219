"""Every version of a customer's record: when it came to be, from where, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.master import HEADER_FIELDS, PERSONAL_FIELDS
from duly.flows.edge import Edge
from duly.store.journal import Entry


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """The record as it was from one version of the account on. ``values`` has personal data, unless they were erased
    (``is_erased``); ``changed`` says each change in words."""

    version: int
    at: datetime
    source: str
    provisional: bool
    values: Mapping[str, Any]
    changed: tuple[str, ...]
    is_erased: bool = False


def record_versions(edge: Edge, account_id: str, history: Sequence[Entry]) -> list[RecordVersion]:
    """Return all versions of the record, oldest first: the journal names each personal item by its hash."""
    found: list[RecordVersion] = []
    before: Mapping[str, Any] = {}
    for entry in history:
        for event in entry.events:
            if not isinstance(event, ev.CustomerRegistered):
                continue
            personal = edge.accounts.personal_item(account_id, event.personal)
            values = {"customer": event.customer, **{name: getattr(event, name) for name in HEADER_FIELDS}}
            values |= {name: personal.get(name, "") for name in PERSONAL_FIELDS}
            source = f"by {event.by}" if event.by else f"upload {event.upload}, line {event.line}"
            changed = tuple(_changes(before, values)) if found else ()
            if found and found[-1].provisional and not event.provisional:
                changed = ("completed", *changed)
            found.append(
                RecordVersion(entry.version, entry.at, source, event.provisional, values, changed, not personal)
            )
            before = values
    return found


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    words = []
    for name, value in after.items():
        if name == "contacts":
            words += _contacts(before.get(name) or [], value or [])
        elif before.get(name) != value:
            words.append(f"{name.replace('_', ' ')} {_said(before.get(name))} -> {_said(value)}")
    return words


def _contacts(before: Sequence[Mapping[str, str]], after: Sequence[Mapping[str, str]]) -> list[str]:
    old = {(one.get("email", ""), one.get("role", "")) for one in before}
    new = {(one.get("email", ""), one.get("role", "")) for one in after}
    added = [f"contact added: {email} ({role})" for email, role in sorted(new - old)]
    return [*added, *(f"contact gone: {email} ({role})" for email, role in sorted(old - new))]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {part}" for key, part in sorted(value.items())) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else "none"


def record_at(versions: Sequence[RecordVersion], version: int) -> int:
    """Return the account version of the record in force at a version; 0 before the first."""
    return max((one.version for one in versions if one.version <= version), default=0)
