"""A mapping profile: what an export calls its columns and how it writes values, as a small TOML file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, get_args

from duly.domain.money import shortened
from duly.domain.toml_lines import KeyPath, key_lines, line_of
from duly.formats.decoding import ENCODINGS, decode
from duly.formats.problems import FileProblem
from duly.formats.records import InvoiceType, Reject

#: Largest profile.
MAX_BYTES: Final = 64 * 1024
SEPARATORS: Final = (",", ";", "\t", "|")
DATES: Final = ("day first", "month first")
KINDS: Final = ("customers", "invoices", "statement")
TYPES: Final[tuple[str, ...]] = get_args(InvoiceType)
_TABLES: Final = ("columns", "constants", "types")
_SINGLE: Final[Mapping[str, Collection[str]]] = {
    "kind": KINDS,
    "encoding": tuple(ENCODINGS),
    "separator": SEPARATORS,
    "dates": DATES,
    "decimal": (",", "."),
}
#: Columns by kind, so that a profile for one kind is not refused only when a file comes.
KnownColumns = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """What settles how a table is read; an empty value leaves it to detection.

    `columns` names the file's column for each of Duly's, `constants` gives a value to all rows, `types` says what the
    words of the type column mean. `name` says in receipts which profile it was.
    """

    name: str = ""
    kind: str = ""
    encoding: str = ""
    separator: str = ""
    dates: str = ""
    decimal: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


NO_PROFILE: Final = Profile()


def read_profile(data: bytes, name: str = "") -> Profile:
    """The profile of a TOML file. Raises FileProblem with code `profile` that says what is wrong first."""
    profile, problems = check_profile(data)
    if problems:
        first = problems[0]
        where = "".join([f"line {first.line}: " * bool(first.line), f"{first.field}: " * (first.field != "profile")])
        raise FileProblem("profile", f"mapping profile: {where}{first.reason}", line=first.line, field="profile")
    return replace(profile, name=name)


def check_profile(data: bytes, kind: str = "", columns: KnownColumns | None = None) -> tuple[Profile, list[Reject]]:
    """The profile of a TOML file and everything that is wrong with it, by line and key.

    `kind` is the kind of files that it is for, when known; `columns` are those that a profile may name.
    """
    if len(data) > MAX_BYTES:
        return NO_PROFILE, [_wrong(0, "profile", f"expected at most {MAX_BYTES} bytes, found {len(data)}")]
    found, problem = _toml(data)
    if problem:
        return NO_PROFILE, [problem]
    check = _Check(key_lines(decode(data)))
    single = {name: value for name, value in found.items() if name not in _TABLES and check.single(name, value)}
    if kind and single.get("kind", kind) != kind:
        check.wrong(("kind",), f"expected the kind of the folder, {kind}, found {single['kind']}")
    texts = [check.texts(name, found.get(name, {})) for name in _TABLES]
    for word, value in texts[2].items():
        if value not in TYPES:
            check.wrong(("types", word), f"expected one of the types {', '.join(TYPES)}, found {shortened(value)}")
    known = (columns or {}).get(kind or single.get("kind", ""))
    for table, names in zip(_TABLES[:2], texts, strict=False):
        for name in names if known else ():
            if name not in (known or ()):
                check.wrong((table, name), f"expected a column of Duly's: {', '.join(known or ())}")
    wanted = dict(zip(_TABLES, texts, strict=True))
    profile = Profile(**single, columns=wanted["columns"], constants=wanted["constants"], types=wanted["types"])
    return (NO_PROFILE if check.problems else profile), sorted(check.problems, key=lambda one: one.line)


def _toml(data: bytes) -> tuple[dict[str, Any], Reject | None]:
    import re
    import tomllib

    try:
        return tomllib.loads(decode(data)), None
    except (ValueError, RecursionError) as error:  # ValueError: the reader's own, and numbers of too many digits
        line = re.search(r"\(at line ([0-9]+), column [0-9]+\)", str(error))
        return {}, _wrong(int(line[1]) if line else 0, "profile", "expected TOML, found something else")
    except FileProblem as problem:
        return {}, _wrong(problem.line, "profile", problem.reason)


def _wrong(line: int, key: str, reason: str) -> Reject:
    return Reject(line, key, "profile", reason)


class _Check:
    """Collects what is wrong with a profile."""

    def __init__(self, lines: dict[KeyPath, int]) -> None:
        self.lines = lines
        self.problems: list[Reject] = []

    def wrong(self, path: KeyPath, reason: str) -> None:
        """Note a problem with a key."""
        key = ".".join("".join(char for char in str(part) if char.isprintable())[:40] for part in path)
        self.problems.append(_wrong(line_of(self.lines, path), key, reason))

    def single(self, name: str, value: Any) -> bool:
        """Whether a key with one value is known and its value allowed."""
        if name not in _SINGLE:
            self.wrong((name,), f"expected the keys {', '.join([*_SINGLE, *_TABLES])}, found {shortened(name)}")
        elif value not in _SINGLE[name]:
            choices = ", ".join(repr(choice) for choice in _SINGLE[name])
            self.wrong((name,), f"expected {name} to be one of {choices}, found {shortened(str(value))}")
        else:
            return True
        return False

    def texts(self, name: str, table: Any) -> Mapping[str, str]:
        """A table of texts; an empty one when it is none."""
        entries = table.items() if isinstance(table, dict) else ()
        wrong = [key for key, value in entries if not isinstance(value, str)]
        if isinstance(table, dict) and not wrong:
            return MappingProxyType(dict(table))
        self.wrong((name, *wrong[:1]), f"expected [{name}] to hold texts, found something else")
        return {}
