"""Which column of a table is which of Duly's: by exact name, by a profile, or by the names that exports use."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from duly.domain.money import shortened
from duly.formats.aliases import PLAIN_AMOUNTS, TAX_WORDS, WEAK
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile

#: An unknown column whose name is as close as this to a missing one is a slip of the pen.
_CLOSE: Final = 0.8
MAX_COLUMNS: Final = 200
#: Lists of aliases that are kept split: more than all kinds of file have together.
MAX_ALIASES: Final = 512


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of all its rows outside of them: values by column, and columns whose names hold more."""

    constants: Mapping[str, str]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of file, by name.

    `required` and `optional` are Duly's own names, `essential` those without which nothing can be read (an inner tuple:
    one of them is enough), `aliases` the names of exports. `dates` and `amounts` are the columns of these types,
    `currency` the one that says in which the amounts are. `facts` finds what a file says of all its rows, in the rows
    above the header and in the header. Of `lenient` columns none is taken, and no file refused, when several names
    could be the same one: a master file may hold three telephone numbers.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    essential: tuple[tuple[str, ...], ...] = ()
    aliases: Mapping[str, str] | None = None
    dates: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    currency: str = "currency"
    facts: Callable[[Sequence[Sequence[str]], Sequence[str]], Facts] | None = None
    lenient: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All columns."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where each column stands in a header, which header names are unused, and what is wrong with it.

    `own` says that all columns have Duly's own names, `exact` how many of the required ones have.
    """

    places: Mapping[str, int]
    constants: Mapping[str, str]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    repeated: tuple[str, ...]
    own: bool
    exact: int

    @property
    def good(self) -> bool:
        """Whether the rows can be read."""
        return not (self.missing or self.repeated)


def key_of(name: str) -> str:
    """A column name for comparison: small letters and digits, without accents."""
    if name.isascii():
        return "".join(filter(str.isalnum, name.lower()))
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(char for char in folded if char.isalnum())


@lru_cache(maxsize=MAX_ALIASES)
def _keys(words: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in words.split())


def map_columns(header: Sequence[str], columns: Columns, profile: Profile = NO_PROFILE) -> Mapped:
    """Find the columns of a kind in a header."""
    plain = [name.strip().lower() for name in header]
    places = {name: plain.index(name) for name in columns.known if name in plain}
    repeated = sorted({name for name in columns.known if plain.count(name) > 1})
    own, exact = bool(places), len(set(places) & set(columns.required))
    keys = [key_of(name) for name in header]
    present = frozenset(keys)
    for name, wanted in profile.columns.items():
        places.pop(name, None)
        at = [index for index, key in enumerate(keys) if key == key_of(wanted)]
        if name in columns.known and at:
            places[name], own = at[0], False
            repeated += [shortened(wanted)] if len(at) > 1 else []
    for table in (columns.aliases or {}, WEAK):
        for name in columns.known:
            if name in places or name in profile.constants or name in profile.columns or name not in table:
                continue
            words = _keys(table[name])
            if words.isdisjoint(present):
                continue
            free = [index for index, key in enumerate(keys) if key in words and index not in places.values()]
            if name == columns.currency and places.get("amount", -2) + 1 in free:
                free = [places["amount"] + 1]  # the one beside the amount, not that of a balance
            if free and not (name in columns.lenient and len(free) > 1):
                places[name], own = free[0], False
                repeated += [f"{name} as {shortened_name(header[at])}" for at in free] if len(free) > 1 else []
    if "counterparty_account" in columns.known:
        _other_sides_account(keys, places, profile)
    repeated += _net_or_gross(header, keys, places) if "amount" not in profile.columns else []
    if "amount" in columns.known and "amount" not in places and "total" in places:
        places["amount"] = places["total"]
    given = {*places, *profile.constants}
    strange = [name for name in (*profile.columns, *profile.constants) if name not in columns.known]
    absent = [name for name in profile.columns if name in columns.known and name not in places]
    missing = [shortened_name(name) for name in dict.fromkeys([*strange, *absent])]
    missing += [" or ".join(names) for names in columns.essential if not given & set(names)]
    unused = tuple(name for index, name in enumerate(header) if index not in places.values() and name.strip())
    if 2 * exact > len(columns.required):
        missing += _slips(unused, [name for name in columns.known if name not in given])
    constants = {name: value for name, value in profile.constants.items() if name in columns.known}
    return Mapped(places, constants, unused, tuple(missing), tuple(repeated), own and len(places) > 1, exact)


def _other_sides_account(keys: Sequence[str], places: dict[str, int], profile: Profile) -> None:
    """An IBAN that stands behind the name of the other side is the other side's, not the account's own."""
    at = keys.index("iban") if "iban" in keys else -1
    taken = [name for name, place in places.items() if place == at]
    is_free = not taken or (taken == ["account"] and "account" not in profile.columns)
    if at >= 0 and is_free and "counterparty_account" not in places and 0 <= places.get("name", at) < at:
        if taken:
            del places["account"]
        places["counterparty_account"] = at


def _net_or_gross(header: Sequence[str], keys: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """Two amounts of which the first may be without tax: there is a total too, and a column of tax or net amounts."""
    if "amount" not in places or "total" not in places or keys[places["amount"]] not in PLAIN_AMOUNTS:
        return []
    unused = (key for index, key in enumerate(keys) if index not in places.values())
    if not any(key.startswith(TAX_WORDS) for key in unused):
        return []
    return [f"amount as {shortened_name(header[places[name]])}" for name in ("amount", "total")]


def _slips(unused: Sequence[str], absent: Sequence[str]) -> list[str]:
    """Columns of Duly that are missing while a column of nearly that name is there."""
    import difflib

    return [
        name
        for name in absent
        if len(name) > 2 and difflib.get_close_matches(name, [one.strip().lower() for one in unused], 1, _CLOSE)
    ]


def header_problem(mapped: Mapped, columns: Columns, line: int, hint: str = "") -> FileProblem:
    """What is wrong with a header, with the columns that were expected."""
    found = [
        f"{word}: {', '.join(names[:20])}"
        for word, names in (
            ("missing", mapped.missing),
            ("unknown", [shortened(name.strip().lower()) for name in mapped.unused]),
            ("repeated", mapped.repeated),
        )
        if names
    ]
    optional = f" (optional: {','.join(columns.optional)})" if columns.optional else ""
    expected = f"expected the header {','.join(columns.required)}{optional} or names that exports use"
    return FileProblem("header", f"{expected}; {'; '.join(found)}{hint}", line=line, field="header")


def mapping_note(header: Sequence[str], mapped: Mapped) -> str:
    """Which columns were read as which, in words; "" when they are Duly's own."""
    if mapped.own:
        return ""
    pairs = [f"{name} from {shortened_name(header[place])}" for name, place in mapped.places.items()]
    return f"columns: {', '.join(pairs)}"


def shortened_name(name: str) -> str:
    """A column name for a note: control characters out, at most 40 characters."""
    return "'" + "".join(char for char in name.strip() if char.isprintable())[:40] + "'"
