"""A mapping profile: what an export calls its columns and how it writes values, as a small TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, get_args

from duly.domain.money import shortened
from duly.formats.decoding import ENCODINGS, decode
from duly.formats.problems import FileProblem
from duly.formats.records import InvoiceType

#: Largest profile.
MAX_BYTES: Final = 64 * 1024
SEPARATORS: Final = (",", ";", "\t", "|")
DATES: Final = ("day first", "month first")
KINDS: Final = ("customers", "invoices", "statement")
TYPES: Final[tuple[str, ...]] = get_args(InvoiceType)
_TABLES: Final = ("columns", "constants", "types")


@dataclass(frozen=True, slots=True)
class Profile:
    """What settles how a table is read; an empty value leaves it to detection.

    `columns` names the file's column for each of Duly's, `constants` gives a value to all rows, `types` says what the
    words of the type column mean.
    """

    kind: str = ""
    encoding: str = ""
    separator: str = ""
    dates: str = ""
    decimal: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


NO_PROFILE: Final = Profile()


def read_profile(data: bytes) -> Profile:
    """The profile of a TOML file. Raises FileProblem with code `profile` that says what is wrong."""
    import tomllib

    if len(data) > MAX_BYTES:
        raise _wrong(f"expected at most {MAX_BYTES} bytes, found {len(data)}")
    try:
        found = tomllib.loads(decode(data))
    except (tomllib.TOMLDecodeError, RecursionError):
        raise _wrong("expected TOML, found something else") from None
    single = {name: value for name, value in found.items() if name not in _TABLES}
    allowed = {
        "kind": KINDS,
        "encoding": tuple(ENCODINGS),
        "separator": SEPARATORS,
        "dates": DATES,
        "decimal": (",", "."),
    }
    for name, value in single.items():
        if name not in allowed:
            raise _wrong(f"expected the keys {', '.join([*allowed, *_TABLES])}, found {shortened(name)}")
        if value not in allowed[name]:
            choices = ", ".join(repr(choice) for choice in allowed[name])
            raise _wrong(f"expected {name} to be one of {choices}, found {shortened(str(value))}")
    columns, constants, types = (_texts(name, found.get(name, {})) for name in _TABLES)
    wrong = next((value for value in types.values() if value not in TYPES), None)
    if wrong is not None:
        raise _wrong(f"expected the types {', '.join(TYPES)}, found {shortened(wrong)}")
    return Profile(**single, columns=columns, constants=constants, types=types)


def _texts(name: str, table: Any) -> Mapping[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise _wrong(f"expected [{name}] to hold texts, found something else")
    return MappingProxyType(dict(table))


def _wrong(reason: str) -> FileProblem:
    return FileProblem("profile", f"mapping profile: {reason}", field="profile")
