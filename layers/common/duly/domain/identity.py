"""The identity of bank entries: which of them are one payment, which are equal but different, which only announced.

Every entry of every statement is a ``Sighting``. Those of one bank account, booking day, amount and currency form a
group, and what each of its transactions is worth is a function of the group's sightings as a set (``resolve``): neither
the order in which files arrive nor their repetition matters. A transaction's id rests on what the entry itself says, so
it never changes; what changes with more files is only its standing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from duly.domain.references import normalise_reference

# What banks write where they have no reference of their own (ISO 20022 usage, SWIFT field 61 subfield 8).
EMPTY_REFERENCES = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE", "NONE", "NULL"})

FINAL = "final"  # it counts
PROVISIONAL = "provisional"  # no statement confirms it yet
POSSIBLE_DUPLICATE = "possible_duplicate"  # equal to one that counts; a person decides
SAME_ENTRY = "same_entry"  # another transaction stands for the same entry of the bank
CONFIRMED_ELSEWHERE = "confirmed_elsewhere"  # announced without a reference; a statement's own entry counts for it
DETAILED_ELSEWHERE = "detailed_elsewhere"  # the total of a batch whose payments are known one by one
NOT_COUNTED = frozenset({SAME_ENTRY, CONFIRMED_ELSEWHERE, DETAILED_ELSEWHERE})

MAX_COMPARED = 12  # statements compared in every combination; of more, one after the other

_NATIONAL = re.compile(r"(\d{8})/(\d{1,10})")  # SWIFT field 25 in Germany: bank code, "/", account number
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True, slots=True)
class Cover:
    """The statement in which an entry is seen. ``source`` is a digest of all that it says: the same statement in
    another file is the same source. ``first`` and ``last`` are the booking days of its first and last entry."""

    source: str
    format: str
    first: date
    last: date
    is_final: bool = True
    number: str = ""
    opening_minor: int | None = None
    closing_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One entry in one statement. ``position`` counts the statement's entries from 0. ``reference`` and ``text`` are
    digests of the bank's reference ("" none) and of what else the entry says; ``repeats`` is set where the statement
    gives that reference to different entries. ``richness`` orders sightings by how much they say. ``group`` is where
    it belongs, as it is ``booked``; ``value_group`` the group of its value day, where that is another one. ``batch`` is
    the batch's reference and ``batch_group`` the group of its total, of an entry that is part of one."""

    cover: Cover
    position: int
    booked: date
    reference: str
    text: str
    richness: int = 0
    repeats: bool = False
    group: str = ""
    value_group: str = ""
    batch: str = ""
    batch_group: str = ""

    @property
    def name(self) -> str:
        """What names it in its group."""
        return f"{self.cover.source}#{self.position:06d}"

    @property
    def key(self) -> tuple[str, str]:
        """What makes two sightings of a group look like one entry."""
        return self.reference, self.text


@dataclass(frozen=True, slots=True)
class Detail:
    """Says to the group of a batch's total that the batch's payments are known one by one, in ``group``."""

    source: str
    reference: str
    group: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a group's sightings amount to: the standing of each transaction by id, and how many transactions each key
    (reference, text) has. ``echoed`` are the names of announcements booked on another day that an entry of this group
    confirms, because it is booked on their value day."""

    standings: Mapping[str, str]
    slots: Mapping[tuple[str, str], int]
    echoed: frozenset[str] = frozenset()


#: Whether the first statement shows every entry of the group's day that the second one shows.
Shows = Callable[[str, str], bool]


def account_key(account: str) -> str:
    """Return what is the same for a bank account whether a file names it by IBAN or nationally.

    An IBAN is its country's own account number behind four characters (ISO 13616); Germany writes bank code and number
    with a stroke between them and without leading zeros.
    """
    text = re.sub(r"[\s\-.]", "", account).upper()
    national = _NATIONAL.fullmatch(text)
    if national:
        return national[1] + national[2].zfill(10)
    return text[4:] if _IBAN.fullmatch(text) and _is_iban(text) else text


def _is_iban(text: str) -> bool:
    """ISO 7064 mod 97-10 over the rearranged number."""
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def digest(*parts: str) -> str:
    """Return 24 hexadecimal digits of the parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def group_of(account: str, booked: date, amount_minor: int, currency: str) -> str:
    """Return the id of a group: bank account, booking day, amount and currency."""
    return digest(account_key(account), booked.isoformat(), str(amount_minor), currency)


def reference_digest(reference: str) -> str:
    """Return the digest of a bank's reference, "" when it says nothing."""
    plain = normalise_reference(reference)
    return "" if plain in EMPTY_REFERENCES else digest(plain)[:16]


def text_digest(*texts: str) -> str:
    """Return the digest of texts, whatever their spacing and case."""
    return digest(*(re.sub(r"\s+", " ", text).strip().casefold() for text in texts))[:16]


def transaction_id(group: str, key: tuple[str, str], occurrence: int) -> str:
    """Return the id of a transaction: 24 hexadecimal digits."""
    return digest(group, *key, str(occurrence))


# --- statements and each other
def follows(one: Cover, other: Cover) -> bool:
    """Whether the second statement begins where the first one ends, so that no entry is in both.

    A statement that ends as it began proves nothing: what overlaps it begins with the same balance.
    """
    if one.closing_minor is None or other.opening_minor is None or one.opening_minor == one.closing_minor:
        return False
    return one.closing_minor == other.opening_minor and one.last <= other.first


def are_apart(one: Cover, other: Cover) -> bool:
    """Whether two statements certainly have no entry in common."""
    return follows(one, other) or follows(other, one)


def _same_number(one: Cover, other: Cover) -> bool:
    return bool(one.number) and (one.number, one.format) == (other.number, other.format)


def _overlap(one: Cover, other: Cover, shows: Shows) -> bool:
    """Whether one of two statements certainly repeats what the other one says of the day."""
    if _same_number(one, other):
        return True
    holds = one.first <= other.first and other.last <= one.last and shows(one.source, other.source)
    is_held = other.first <= one.first and one.last <= other.last and shows(other.source, one.source)
    return holds or is_held


def _heaviest(weights: Mapping[str, tuple[int, int]], may_both: Callable[[str, str], bool]) -> tuple[str, ...]:
    """Return the sources that together show the most entries, any two of them being allowed to count; of equal ones
    the richer, then the first by name."""
    names = sorted(weights, key=lambda name: (-weights[name][0], -weights[name][1], name))
    best: tuple[str, ...] = ()

    def value(chosen: Sequence[str]) -> tuple[int, int]:
        return sum(weights[name][0] for name in chosen), sum(weights[name][1] for name in chosen)

    def extend(chosen: tuple[str, ...], rest: Sequence[str]) -> None:
        nonlocal best
        if value(chosen) > value(best):
            best = chosen
        for index, name in enumerate(rest):
            extend((*chosen, name), [other for other in rest[index + 1 :] if may_both(name, other)])

    if len(names) <= MAX_COMPARED:
        extend((), names)
        return best
    for name in names:
        if all(may_both(name, other) for other in best):
            best = (*best, name)
    return best


# --- the standing of a group's transactions
@dataclass(slots=True)
class _Class:
    """Sightings that the bank's own reference, or else all that they say, makes one entry; what was found of them."""

    sightings: list[Sighting]
    standings: dict[str, str] = field(default_factory=dict)
    free: int = 0  # final ones that no provisional sighting of this class announced

    @property
    def references(self) -> set[str]:
        return {one.reference for one in self.sightings} - {""}

    @property
    def batches(self) -> set[str]:
        return {one.batch for one in self.sightings if one.batch and one.cover.is_final}

    def drop(self, reason: str) -> None:
        """Let nothing of this class count."""
        for transaction, standing in self.standings.items():
            if standing in (FINAL, PROVISIONAL):
                self.standings[transaction] = reason
        self.free = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What is seen of a group. ``echoes`` are sightings of other booking days whose value day is the group's own.
    ``confirmed`` holds the batches (group of the total, reference) whose total a final statement has booked, ``echoed``
    the group's own announcements that an entry booked on their value day confirms."""

    sightings: Sequence[Sighting]
    details: Sequence[Detail] = ()
    echoes: Sequence[Sighting] = ()
    confirmed: frozenset[tuple[str, str]] = frozenset()
    echoed: frozenset[str] = frozenset()


def shows_nothing(one: str, other: str) -> bool:
    """Say of no statement that it shows all of another."""
    del one, other
    return False


def resolve(group: str, known: Known, shows: Shows = shows_nothing) -> Resolution:
    """Return the standing of each transaction of a group: a function of what is seen of it, in whatever order."""
    found = sorted(known.sightings, key=lambda one: one.name)
    unfit = {one.reference for one in found if one.repeats}
    judge = _Judge(group, {one.cover.source: one.cover for one in found}, shows, unfit)
    classes = [judge.judge(members) for members in _classes(found, unfit)]
    _drop_totals(classes, known.details)
    _drop_twins(classes, judge.covers)
    _pair_announced(classes, judge, known)
    echoed = _pair_echoes(classes, known.echoes)
    standings = {key: standing for one in classes for key, standing in one.standings.items()}
    return Resolution(standings, judge.slots, echoed)


def _classes(found: Sequence[Sighting], unfit: set[str]) -> list[list[Sighting]]:
    """Sightings by the bank's reference where it is one entry's own, else by all they say."""
    classes: dict[tuple[str, str], list[Sighting]] = {}
    for one in found:
        key = (one.reference, "") if one.reference and one.reference not in unfit else one.key
        classes.setdefault(key, []).append(one)
    return [classes[key] for key in sorted(classes)]


class _Judge:
    """The statements of a group and how they stand to each other."""

    def __init__(self, group: str, covers: Mapping[str, Cover], shows: Shows, unfit: set[str]) -> None:
        self.group, self.covers, self.shows, self.unfit = group, covers, shows, unfit
        self.slots: dict[tuple[str, str], int] = {}
        self.seen: dict[str, Sighting] = {}  # by transaction: the first sighting with its key

    def apart(self, one: str, other: str) -> bool:
        return are_apart(self.covers[one], self.covers[other])

    def perhaps_apart(self, one: str, other: str) -> bool:
        return self.apart(one, other) or not _overlap(self.covers[one], self.covers[other], self.shows)

    def judge(self, members: list[Sighting]) -> _Class:
        """Return the standings inside one class."""
        final = [one for one in members if one.cover.is_final]
        interim = [one for one in members if not one.cover.is_final]
        announced = _of_heaviest(interim, self.apart)
        counted = _of_heaviest(final, self.apart)
        is_told_better = len(announced) == len(counted) and _richness(announced) > _richness(counted)
        kept = Counter(one.key for one in (announced if is_told_better or not final else counted))
        is_one_entry = members[0].reference not in self.unfit | {""}
        may_count = self.apart if is_one_entry else self.perhaps_apart
        possible = Counter() if is_one_entry else Counter(one.key for one in _of_heaviest(final, may_count))
        waiting = Counter(one.key for one in announced)
        extra = max(len(announced) - len(counted), 0) if final else 0
        found = _Class(members, free=max(len(counted) - len(announced), 0))
        for key in sorted({one.key for one in members}):
            alike = [[one for one in part if one.key == key] for part in (final, interim)]
            # how many could be different payments; more files never make them fewer
            self.slots[key] = max(len(_of_heaviest(alike[0], may_count)), len(_of_heaviest(alike[1], self.apart)))
            for occurrence in range(self.slots[key]):
                standing = SAME_ENTRY
                if occurrence < kept[key]:
                    standing = FINAL if final else PROVISIONAL
                elif occurrence < possible[key]:
                    standing = POSSIBLE_DUPLICATE
                elif extra and occurrence < waiting[key]:
                    standing, extra = PROVISIONAL, extra - 1
                transaction = transaction_id(self.group, key, occurrence)
                found.standings[transaction] = standing
                self.seen[transaction] = next(one for one in members if one.key == key)
        return found


def _of_heaviest(sightings: Sequence[Sighting], may_both: Callable[[str, str], bool]) -> list[Sighting]:
    """Return the sightings of those statements that together show the most, any two of them being allowed to count."""
    counts = Counter(one.cover.source for one in sightings)
    weights = {
        source: (count, _richness([one for one in sightings if one.cover.source == source]))
        for source, count in counts.items()
    }
    chosen = set(_heaviest(weights, may_both))
    return [one for one in sightings if one.cover.source in chosen]


def _richness(sightings: Sequence[Sighting]) -> int:
    return sum(one.richness for one in sightings)


def _drop_totals(classes: Sequence[_Class], details: Sequence[Detail]) -> None:
    """An entry under the reference of a batch whose payments are known one by one is that batch's total."""
    for found in classes:
        own = {one.cover.source for one in found.sightings}
        if any(one.reference in found.references and one.source not in own for one in details):
            found.drop(DETAILED_ELSEWHERE)


def _drop_twins(classes: Sequence[_Class], covers: Mapping[str, Cover]) -> None:
    """One statement in two formats has the same balances: what differs only in wording is then the same by count."""
    twins: dict[tuple[int, int, date], list[str]] = {}
    for cover in covers.values():
        opening, closing = cover.opening_minor, cover.closing_minor
        if cover.is_final and opening is not None and closing is not None and opening != closing:
            twins.setdefault((opening, closing, cover.last), []).append(cover.source)
    for sources in twins.values():
        if len({covers[source].format for source in sources}) == len(sources) > 1:
            _drop_worse_twins(classes, sources)


def _drop_worse_twins(classes: Sequence[_Class], sources: Sequence[str]) -> None:
    def richness(source: str) -> int:
        return _richness([one for found in classes for one in found.sightings if one.cover.source == source])

    def only_in(source: str, other: str) -> list[_Class]:
        seen = [(found, {one.cover.source for one in found.sightings}) for found in classes]
        counts = [found for found, shown in seen if source in shown and other not in shown]
        return [found for found in counts if FINAL in found.standings.values()]

    best, *others = sorted(sources, key=lambda source: (-richness(source), source))
    for other in others:
        for _, worse in zip(only_in(best, other), only_in(other, best), strict=False):
            worse.drop(SAME_ENTRY)


def _pair_announced(classes: Sequence[_Class], judge: _Judge, known: Known) -> None:
    """Confirm by count: what was announced under no common reference is one of the statements' other entries.

    A payment of a batch whose total is booked counts with that total; only the batch's own entries stand for it.
    """
    texts = {one.text for found in classes if found.free for one in found.sightings}
    waiting = [(found, key) for found in classes for key, one in found.standings.items() if one == PROVISIONAL]
    waiting.sort(key=lambda pair: (judge.seen[pair[1]].text not in texts, pair[1]))
    echoes = [one for one in sorted(known.echoes, key=lambda one: one.name) if one.cover.is_final]
    for found, transaction in waiting:
        seen = judge.seen[transaction]
        if seen.batch and _take([one for one in classes if seen.batch in one.batches]):
            found.standings[transaction] = CONFIRMED_ELSEWHERE
        elif seen.batch and (seen.batch_group, seen.batch) in known.confirmed:
            found.standings[transaction] = FINAL
        elif _take(classes) or _take_echo(echoes, seen) or known.echoed & {one.name for one in found.sightings}:
            found.standings[transaction] = CONFIRMED_ELSEWHERE


def _take(classes: Sequence[_Class]) -> bool:
    """Use up one entry that nothing announced."""
    for found in classes:
        if found.free:
            found.free -= 1
            return True
    return False


def _take_echo(echoes: list[Sighting], announced: Sighting) -> bool:
    """Use up one entry that is booked on another day and has its value on this one."""
    for echo in echoes:
        if echo.reference == announced.reference or not (echo.reference and announced.reference):
            echoes.remove(echo)
            return True
    return False


def _pair_echoes(classes: Sequence[_Class], echoes: Sequence[Sighting]) -> frozenset[str]:
    """Return the announcements of other days, with their value on this one, that this group's entries confirm."""
    found = []
    for echo in sorted(echoes, key=lambda one: one.name):
        if not echo.cover.is_final and _take([one for one in classes if _may_be(echo, one)]):
            found.append(echo.name)
    return frozenset(found)


def _may_be(echo: Sighting, found: _Class) -> bool:
    """Two references of the bank that differ are two entries."""
    return echo.reference in found.references or not (echo.reference and found.references)


def marked_repeats(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Return the sightings of one statement with ``repeats`` set where a reference stands at different entries."""
    entries: dict[str, set[tuple[str, str]]] = {}
    for one in sightings:
        entries.setdefault(one.reference, set()).add((one.group, one.text))
    return [replace(one, repeats=bool(one.reference) and len(entries[one.reference]) > 1) for one in sightings]
