"""Several statements about one number: what stands in the end does not depend on the order in which they are read.

What an item says of itself is a set of fields, and of each the value stated last counts: by the arrival of the upload,
then by the line. Issue date, amount and currency go together; a due date goes with the issue date that it was stated
for; a field that a row leaves empty says nothing about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.entities import Cash, Item

DETAILS = ("order", "terms", "reference", "means", "discounts", "delivered", "replaces")
MAX_EARLIER = (
    100  # applied rows remembered for one number; a message comes again within days, not after 100 corrections
)

Merged = Item | Cash


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement makes of what stood before it.

    ``is_later``: it arrived after all that is known, so what changed is its doing. ``is_new``: something of the content
    changes. ``is_stamped``: at least the time at which something was stated last.
    """

    after: Any
    is_later: bool
    is_new: bool
    is_stamped: bool


def merge_items(present: Item, said: Item, default_due: Callable[[date], date]) -> Outcome:
    """Return the item after another statement about its number. Both may be merged already."""
    is_later = (said.rank, _core(said)) > (present.rank, _core(present))
    last = said if is_later else present
    values: dict[str, Any] = {}
    ranks: dict[str, str] = {}
    for name in DETAILS:
        values[name], ranks[name] = _latest(name, present, said, getattr(present, name), getattr(said, name))
    due, ranks["due"] = _latest("due", present, said, _stated_due(present), _stated_due(said))
    content = {"issued": last.issued, "amount_minor": last.amount_minor, "currency": last.currency, **values}
    content |= _due_of(due, last, present, said, default_due)
    known = {name: ranks[name] for name in (*DETAILS, "due") if ranks[name] and ranks[name] != last.rank}
    merged = replace(present, stated_at=last.stated_at, described=known, **content)
    is_new = any(getattr(present, name) != getattr(merged, name) for name in content)
    takes_over = is_later and (is_new or (present.is_cancelled and not replace(present, **_stamp(last)).is_cancelled))
    owner = said if takes_over else present
    line = last.stated_line or last.line
    merged = replace(
        merged,
        upload=owner.upload,
        line=owner.line,
        stated_line=0 if line == owner.line else line,
        earlier=earlier_rows(present, said, owner),
    )
    is_stamped = (merged.rank, merged.described, merged.earlier) != (present.rank, present.described, present.earlier)
    return Outcome(merged, is_later, is_new or takes_over, is_stamped)


def _stamp(item: Item) -> dict[str, Any]:
    return {"stated_at": item.stated_at, "stated_line": item.stated_line or item.line}


def _core(item: Item) -> tuple[str, int, str]:
    return item.issued.isoformat(), item.amount_minor, item.currency


def same_core(one: Item, other: Item) -> bool:
    """Return whether two statements agree on issue date, amount and currency."""
    return _core(one) == _core(other)


def _latest(name: str, present: Item, said: Item, mine: Any, theirs: Any) -> tuple[Any, str]:
    """Return the value of a field that was stated last, and when; an empty one was not stated."""
    stated = [
        (item.described.get(name, item.rank), codec.canonical(codec.encode(value)), value)
        for item, value in ((present, mine), (said, theirs))
        if value
    ]
    if not stated:
        return mine, ""
    rank, _, value = max(stated, key=lambda one: one[:2])
    return value, rank


def _stated_due(item: Item) -> ev.StatedDue | None:
    if item.other_due is not None:
        return item.other_due
    if item.due_source == "default":
        return None
    return ev.StatedDue(item.issued, item.due, item.due_source, item.instalments)


def _due_of(
    due: ev.StatedDue | None, last: Item, present: Item, said: Item, default_due: Callable[[date], date]
) -> dict[str, Any]:
    """Return the fields of the due date: as stated last for this issue date, else by the agreed or policy's days."""
    if due is not None and due.issued == last.issued:
        return {"due": due.due, "due_source": due.source, "instalments": due.instalments, "other_due": None}
    known = [
        item.due for item in (present, said) if item.due_source == "default" and item.issued == last.issued
    ]  # as it was worked out first, whatever the policy says today
    day = known[0] if known else default_due(last.issued)
    return {"due": day, "due_source": "default", "instalments": (), "other_due": due}


def earlier_rows(present: Merged, said: Merged, owner: Merged) -> tuple[ev.Statement, ...]:
    """Return the applied rows but the one whose content stands: those of both when two items become one."""
    rows = [*present.earlier, *said.earlier]
    if owner is not present:
        rows.append(ev.Statement(present.upload, present.line, present.amount_minor, present.currency))
    own = (owner.upload, owner.line)
    return tuple(dict.fromkeys(row for row in rows if (row.upload, row.line) != own))[-MAX_EARLIER:]


def is_own(present: Merged, upload: str, line: int) -> bool:
    """Return whether a row was applied here before: its content stands, or once stood."""
    return (present.upload, present.line) == (upload, line) or any(
        (row.upload, row.line) == (upload, line) for row in present.earlier
    )


def merge_credit_notes(present: Cash, said: Cash) -> Outcome:
    """Return a credit note after another statement about its number."""
    is_later = (said.rank, _note(said)) > (present.rank, _note(present))
    last = said if is_later else present
    named = [(cash.named_at or cash.rank, cash.names) for cash in (present, said) if cash.names]
    named_at, names = max(named) if named else ("", ())
    content: dict[str, Any] = {
        "value_date": last.value_date,
        "amount_minor": last.amount_minor,
        "currency": last.currency,
        "names": names,
    }
    is_new = any(getattr(present, name) != value for name, value in content.items())
    owner = said if is_later and is_new else present
    line = last.stated_line or last.line
    merged = replace(
        present,
        **content,
        upload=owner.upload,
        line=owner.line,
        stated_at=last.stated_at,
        stated_line=0 if line == owner.line else line,
        named_at="" if named_at == last.rank else named_at,
        earlier=earlier_rows(present, said, owner),
    )
    is_stamped = (merged.rank, merged.named_at, merged.earlier) != (present.rank, present.named_at, present.earlier)
    return Outcome(merged, is_later, is_new, is_stamped)


def _note(cash: Cash) -> tuple[str, int, str]:
    return cash.value_date.isoformat(), cash.amount_minor, cash.currency
