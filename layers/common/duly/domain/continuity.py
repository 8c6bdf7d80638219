"""Whether the statements of a bank account follow each other without a gap: a function of all that are known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

FIRST, FOLLOWS, OVERLAPS, REPEATS, GAP, UNKNOWN = "first", "follows", "overlaps", "repeats", "gap", "unknown"


@dataclass(frozen=True, slots=True)
class StatementSeen:
    """A statement that was taken in. ``source`` is a digest of all that it says; ``first`` and ``last`` are the days
    that it covers. Balances in minor units of ``currency``, None where it states none."""

    source: str
    upload: str
    format: str
    currency: str
    first: date
    last: date
    number: str = ""
    opening_minor: int | None = None
    closing_minor: int | None = None
    entries: int = 0
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """How a statement joins those before it: first, follows, overlaps, repeats, gap, or unknown (no balances).

    Of a gap ``difference_minor`` is the opening balance less the last closing balance, ``after`` the statement before.
    """

    statement: StatementSeen
    kind: str
    after: StatementSeen | None = None
    difference_minor: int = 0


def chain(statements: Sequence[StatementSeen]) -> list[Link]:
    """Return the final statements of one account and currency in their order, each with how it joins those before.

    A statement follows when it begins with the balance with which an earlier one ended, whatever lies between their
    days. It overlaps when it begins before the last one ended; only otherwise something is missing.
    """
    links: list[Link] = []
    for one in sorted((one for one in statements if one.is_final), key=_place):
        before = [link.statement for link in links]
        links.append(_link(one, before))
    return links


def _place(one: StatementSeen) -> tuple[date, date, int, str, str]:
    digits = "".join(character for character in one.number if character.isdigit())[:18]
    return one.first, one.last, int(digits or 0), one.number, one.source


def _link(one: StatementSeen, before: Sequence[StatementSeen]) -> Link:
    if not before:
        return Link(one, FIRST)
    last = max(before, key=lambda other: other.last)
    last = [other for other in before if other.last == last.last][-1]  # of several that end that day the latest
    if any(_repeats(one, other) for other in before):
        return Link(one, REPEATS, last)
    if one.opening_minor is None or all(other.closing_minor is None for other in before):
        return Link(one, UNKNOWN, last)
    if any(other.closing_minor == one.opening_minor for other in before):
        return Link(one, FOLLOWS, last)
    if one.first <= last.last:
        return Link(one, OVERLAPS, last)
    if last.closing_minor is None:
        return Link(one, UNKNOWN, last)
    return Link(one, GAP, last, one.opening_minor - last.closing_minor)


def _repeats(one: StatementSeen, other: StatementSeen) -> bool:
    """The same days and balances, in another file or format."""
    balances = (one.opening_minor, one.closing_minor)
    return None not in balances and (one.first, one.last, *balances) == (
        other.first,
        other.last,
        other.opening_minor,
        other.closing_minor,
    )


def gaps(links: Sequence[Link], accepted: Collection[str] = ()) -> list[Link]:
    """Return the gaps that nobody accepted (by the source of the statement behind each)."""
    return [link for link in links if link.kind == GAP and link.statement.source not in accepted]


def covered_until(links: Sequence[Link], accepted: Collection[str] = ()) -> date | None:
    """Return the last day up to which all statements are there; None when there are none."""
    missing = gaps(links, accepted)
    if missing and missing[0].after is not None:
        return missing[0].after.last
    return max((link.statement.last for link in links), default=None)
