"""Tables in JSON: a list of objects, an object that holds one such list, or one object in each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from duly.formats.decoding import decode_as, detect_encoding
from duly.formats.problems import FileProblem
from duly.formats.profile import NO_PROFILE, Profile
from duly.formats.styles import Exact
from duly.formats.table import MAX_LINES, Cells, Table, table_of

MAX_NAMES: Final = 200
MAX_DEPTH: Final = 3
#: Names of the list in an object that holds one, tried before any other.
LISTS: Final = ("records", "invoices", "customers", "entries", "items", "data", "rows")


class _Refused(ValueError):
    """A value that a table cannot hold."""


def json_table(data: bytes, profile: Profile = NO_PROFILE) -> Table:
    """The table of a JSON file. Rows count from 1; in JSON lines a row is its line. Raises FileProblem."""
    encoding = profile.encoding or detect_encoding(data)
    text = decode_as(data, encoding)
    notes = [] if encoding == "utf-8" else [f"encoding {encoding}"]
    lines = _json_lines(text)
    rows = _lines(text) if lines else _listed(text)
    notes += [] if lines else ["line is the number of the record"]
    names = dict.fromkeys(name for _, values, _ in rows for name in values)
    if len(names) > MAX_NAMES:
        raise FileProblem("too_large", f"expected at most {MAX_NAMES} names in the objects, found {len(names)}")

    def cells(_width: int) -> Iterator[Cells]:
        yield 1, tuple(names), ""
        for line, values, problem in rows:
            yield line, [values.get(name, "") for name in names], problem

    return table_of("json", cells, notes, profile)


def _json_lines(text: str) -> bool:
    """Whether the first line is an object of its own and another line follows."""
    first, _, rest = text.strip().partition("\n")
    return first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip()[:1] == "{"


def _load(text: str) -> Any:
    return json.loads(
        text, parse_float=Exact, parse_int=Exact, parse_constant=_constant, object_pairs_hook=_without_repeats
    )


def _constant(name: str) -> str:
    return name


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused
    return found


def _lines(text: str) -> list[tuple[int, dict[str, str], str]]:
    found = list[tuple[int, dict[str, str], str]]()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        _check_count(len(found))
        try:
            found.append((number, _flat(_load(line)), ""))
        except _Refused:
            found.append((number, {}, "json_value"))
        except (json.JSONDecodeError, RecursionError):
            found.append((number, {}, "json_broken"))
    return found


def _listed(text: str) -> list[tuple[int, dict[str, str], str]]:
    try:
        whole = _load(text)
    except json.JSONDecodeError as error:
        raise FileProblem("json_broken", "expected JSON, found something else", line=error.lineno) from None
    except (_Refused, RecursionError):
        raise FileProblem("json_value", "expected JSON without repeated names and deep nesting, found some") from None
    found = list[tuple[int, dict[str, str], str]]()
    for number, value in enumerate(_records(whole), start=1):
        _check_count(number)
        try:
            found.append((number, _flat(value), ""))
        except _Refused:
            found.append((number, {}, "json_value"))
    return found


def _records(whole: Any) -> list[Any]:
    """The list of records: the whole, the one under a usual name, or a single object."""
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict):
        lists = {name: value for name, value in whole.items() if isinstance(value, list)}
        for name in LISTS:
            if name in lists:
                return lists[name]
        return next(iter(lists.values())) if len(lists) == 1 and len(whole) == 1 else [whole]
    raise FileProblem("json_broken", "expected a list of objects, found a single value")


def _check_count(count: int) -> None:
    if count > MAX_LINES:
        raise FileProblem("too_large", f"expected at most {MAX_LINES} records, found more; split the file")


def _flat(value: Any, prefix: str = "", depth: int = 1) -> dict[str, str]:
    """The texts of an object by name; those of an object inside it as outer.inner. Lists inside are left out."""
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        raise _Refused
    found = dict[str, str]()
    for name, part in value.items():
        if isinstance(part, dict):
            found |= _flat(part, f"{prefix}{name}.", depth + 1)
        elif isinstance(part, str):
            found[prefix + name] = part
        elif isinstance(part, bool):
            found[prefix + name] = "true" if part else "false"
        elif part is None:
            found[prefix + name] = ""
    return found
