"""A scenario file (JSON or TOML): a small ledger, a credit policy and a span of days, read and checked whole before
anything is played. docs/simulator.md describes it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cli.simulation.fields import Fields, Moment, ScenarioError, shown
from cli.simulation.scenario_events import Event, read_event
from duly.domain.policy import Policy, PolicyErrors, parse_policy, parse_policy_data

SUFFIXES: Final = (".json", ".toml")
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_EVENTS: Final = 500_000
MAX_RUNS: Final = 20_000
LISTS: Final = ("notices", "tasks", "events", "skipped", "proposals", "credit", "problems")
_TOP: Final = {
    *("name", "source", "note", "policy", "policy_file", "defaults", "events", "runs", "expect", "forbid", "exact")
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as its file says it. ``expect`` and ``forbid`` are None when it has none."""

    path: Path
    name: str
    policy: Policy
    events: tuple[Event, ...]
    runs: tuple[Moment, ...]
    expect: Mapping[str, Any] | None = None
    forbid: Mapping[str, Any] | None = None
    is_exact: bool = False
    unknown: tuple[str, ...] = ()


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of a file. Raises ScenarioError, and OSError when the file cannot be read."""
    data = _loaded(path)
    top = Fields(str(path), "scenario", data, set(_TOP))
    events = data.get("events", [])
    if not isinstance(events, list) or len(events) > MAX_EVENTS:
        raise top.wrong("events", f"a list of at most {MAX_EVENTS} events")
    return Scenario(
        path,
        top.text("name", path.stem),
        _policy_of(path, top),
        tuple(read_event(str(path), f"events[{index}]", one) for index, one in enumerate(events)),
        _runs(top),
        _outcome(top, "expect"),
        _outcome(top, "forbid"),
        top.flag("exact", False),
        tuple(top.unknown),
    )


def _loaded(path: Path) -> dict[str, Any]:
    """The content of the file, numbers with decimals as exact decimals."""
    if path.suffix.lower() not in SUFFIXES:
        raise ScenarioError(f"{path}: expected a file whose name ends in {' or '.join(SUFFIXES)}")
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(f"{path}: expected at most {MAX_BYTES} bytes, found {path.stat().st_size}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        if path.suffix.lower() == ".toml":
            data: Any = tomllib.loads(text, parse_float=Decimal)
        else:
            data = json.loads(text, parse_float=Decimal, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise ScenarioError(
            f"{path}: expected {path.suffix[1:].upper()} in UTF-8, found {shown_error(error)}"
        ) from None
    if not isinstance(data, dict):
        raise ScenarioError(f"{path}: expected an object with policy, events and runs, found {shown(data)}")
    return data


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} twice in one object")
    return found


def shown_error(error: Exception) -> str:
    """A reader's message on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


# --- the policy
def _policy_of(path: Path, top: Fields) -> Policy:
    defaults = top.choice("defaults", ("bare", "shipped"), "")
    try:
        if "policy_file" in top.data:
            if "policy" in top.data:
                raise top.wrong("policy", "either policy or policy_file")
            return read_policy_file(path.parent / top.text("policy_file"), defaults or "shipped")
        data = top.data.get("policy", {})
        if not isinstance(data, dict):
            raise top.wrong("policy", "an object as in a policy")
        return parse_policy_data(data, path.name, "shipped" if defaults == "shipped" else "bare")
    except PolicyErrors as error:
        raise ScenarioError(f"{path}: policy: {error}") from None
    except OSError as error:
        raise ScenarioError(f"{path}: policy_file: {error.filename}: {error.strerror}") from None


def read_policy_file(path: Path, defaults: str = "shipped") -> Policy:
    """Return the policy of a TOML file (or JSON). Raises PolicyErrors, ScenarioError and OSError."""
    if defaults == "shipped" and path.suffix.lower() != ".json":
        try:
            return parse_policy(path.read_bytes().decode("utf-8"), path.name)
        except UnicodeDecodeError:
            raise ScenarioError(f"{path}: expected TOML in UTF-8") from None
    return parse_policy_data(_loaded(path), path.name, "shipped" if defaults == "shipped" else "bare")


# --- runs
def _runs(top: Fields) -> tuple[Moment, ...]:
    value = top.data.get("runs", [])
    if isinstance(value, dict):
        span = Fields(top.file, "runs", value)
        return tuple(map(Moment, days_between(span)))
    if not isinstance(value, list) or len(value) > MAX_RUNS:
        raise top.wrong("runs", f'a list of at most {MAX_RUNS} days or moments, or {{"from", "to"}}')
    rows = [Fields(top.file, f"runs[{index}]", {"on": one}) for index, one in enumerate(value)]
    return tuple(row.moment("on") for row in rows)


def days_between(span: Fields) -> list[date]:
    """Every day from ``from`` to ``to``."""
    first, last = span.day("from"), span.day("to")
    count = (last - first).days + 1
    if not 1 <= count <= MAX_RUNS:
        raise span.wrong("to", f"a day from {first} on, at most {MAX_RUNS} days later")
    if span.unknown:
        raise ScenarioError(f"{span.file}: {span.place}: expected from and to, found also {', '.join(span.unknown)}")
    return [first + timedelta(days=number) for number in range(count)]


# --- what is expected
def _outcome(top: Fields, name: str) -> Mapping[str, Any] | None:
    value = top.data.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise top.wrong(name, "an object with lists such as notices, or accounts or kpis")
    for key, part in value.items():
        is_list = key in LISTS
        if key not in (*LISTS, "accounts", "kpis"):
            raise ScenarioError(
                f"{top.file}: {name}: expected {', '.join((*LISTS, 'accounts', 'kpis'))}, found {key!r}"
            )
        good = (
            isinstance(part, list) and all(isinstance(one, dict) for one in part) if is_list else isinstance(part, dict)
        )
        if not good:
            form = "a list of objects" if is_list else "an object"
            raise ScenarioError(f"{top.file}: {name}.{key}: expected {form}, found {shown(part)}")
    _check_inner(top.file, name, value)
    return value


def _check_inner(file: str, name: str, value: Mapping[str, Any]) -> None:
    """The lists and objects within what is expected. Raises ScenarioError."""
    inner = [(f"notices[{number}].items", one.get("items")) for number, one in enumerate(value.get("notices", []))]
    for customer, one in value.get("accounts", {}).items():
        if not isinstance(one, dict):
            raise ScenarioError(f"{file}: {name}.accounts.{customer}: expected an object, found {shown(one)}")
        inner.append((f"accounts.{customer}.open", one.get("open")))
        unapplied = one.get("unapplied", {})
        if not isinstance(unapplied, dict):
            place = f"{name}.accounts.{customer}.unapplied"
            raise ScenarioError(f"{file}: {place}: expected an object of amounts, found {shown(unapplied)}")
    for place, part in inner:
        if part is not None and not (isinstance(part, list) and all(isinstance(item, dict) for item in part)):
            raise ScenarioError(f"{file}: {name}.{place}: expected a list of objects, found {shown(part)}")
