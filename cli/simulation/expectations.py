"""Whether a result is what a scenario expects: what is missing, what is forbidden, and, exactly, what is too much."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cli.simulation.fields import moment_of
from cli.simulation.scenario_file import LISTS, Scenario

MAX_SHOWN = 400  # characters of an element in a message


def check(scenario: Scenario, result: Mapping[str, Any]) -> list[str]:
    """Return what is not as the scenario says, one line each; [] when all is."""
    expect, forbid = scenario.expect or {}, scenario.forbid or {}
    found: list[str] = []
    for name in LISTS:
        if name in expect:
            found += _list(name, expect[name], result[name], scenario.is_exact)
        found += [
            f"{name}: forbidden, but there: {_text(one)}" for one in forbid.get(name, []) if _any(one, result[name])
        ]
    found += _accounts(expect.get("accounts", {}), result["accounts"])
    found += _differences("kpis", expect.get("kpis", {}), result["kpis"])
    found += _forbidden_accounts(forbid.get("accounts", {}), result["accounts"])
    if forbid.get("kpis") and not _differences("kpis", forbid["kpis"], result["kpis"]):
        found.append(f"kpis: forbidden, but so: {_text(forbid['kpis'])}")
    return found


# --- lists
def _list(name: str, wanted: Sequence[Any], found: Sequence[Any], is_exact: bool) -> list[str]:
    if name == "notices":
        return _notices(wanted, found, is_exact)
    pairs = _matched(wanted, found, agrees)
    lines = [f"{name}: expected, but not there: {_text(one)}" for at, one in enumerate(wanted) if at not in pairs]
    if is_exact:
        used = set(pairs.values())
        lines += [f"{name}: not expected, but there: {_text(one)}" for at, one in enumerate(found) if at not in used]
    return lines


def _notices(wanted: Sequence[Any], found: Sequence[Any], is_exact: bool) -> list[str]:
    """An expected notice is met when the notices that agree with its stated scalars hold all its items; each item of a
    result stands for one expected item. One without items needs a notice of its own."""
    whole = [at for at, one in enumerate(wanted) if not one.get("items")]
    asked = [(at, item) for at, one in enumerate(wanted) for item in one.get("items") or []]
    there = [(at, item) for at, one in enumerate(found) for item in one["items"]]

    def fits(ask: tuple[int, Any], have: tuple[int, Any]) -> bool:
        return _same_notice(wanted[ask[0]], found[have[0]]) and agrees(ask[1], have[1])

    items = _matched(asked, there, fits)
    taken = {there[have][0] for have in items.values()}
    free = [at for at in range(len(found)) if at not in taken]
    others = _matched(whole, free, lambda ask, have: _same_notice(wanted[ask], found[have]))
    lines = []
    for at, one in enumerate(wanted):
        missing = [item for number, (owner, item) in enumerate(asked) if owner == at and number not in items]
        if missing or (at in whole and whole.index(at) not in others):
            lines.append(
                f"notices: expected, but not there: {_text({**one, **({'items': missing} if missing else {})})}"
            )
    if is_exact:
        used = taken | {free[have] for have in others.values()}
        lines += [f"notices: not expected, but there: {_text(one)}" for at, one in enumerate(found) if at not in used]
        extra = [have for number, have in enumerate(there) if number not in items.values() and have[0] in taken]
        lines += [f"notices: an item too many on {found[at]['on']}: {_text(item)}" for at, item in extra]
    return lines


def _same_notice(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    return all(name in found and agrees(value, found[name]) for name, value in wanted.items() if name != "items")


def _matched(wanted: Sequence[Any], found: Sequence[Any], fits: Callable[[Any, Any], bool]) -> dict[int, int]:
    """Pair as many wanted elements as possible with distinct found ones: augmenting paths (Kuhn)."""
    options = [[at for at, have in enumerate(found) if fits(one, have)] for one in wanted]
    owner: dict[int, int] = {}

    def place(one: int, seen: set[int]) -> bool:
        for have in options[one]:
            if have in seen:
                continue
            seen.add(have)
            if have not in owner or place(owner[have], seen):
                owner[have] = one
                return True
        return False

    for one in range(len(wanted)):
        place(one, set())
    return {one: have for have, one in owner.items()}


def _any(wanted: Any, found: Sequence[Any]) -> bool:
    return any(agrees(wanted, one) for one in found)


# --- accounts and figures
def _accounts(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for customer, stated in wanted.items():
        if customer not in found:
            lines.append(f"accounts.{customer}: expected, but there is no such customer")
            continue
        have = found[customer]
        if "open" in stated:
            lines += _list(f"accounts.{customer}.open", stated["open"], have["open"], True)
        for currency, amount in stated.get("unapplied", {}).items():
            if not agrees(amount, have["unapplied"].get(currency, "0")):
                lines.append(
                    f"accounts.{customer}.unapplied.{currency}: expected {amount}, "
                    f"found {have['unapplied'].get(currency, '0')}"
                )
        rest = {name: value for name, value in stated.items() if name not in ("open", "unapplied")}
        lines += _differences(f"accounts.{customer}", rest, have)
    return lines


def _forbidden_accounts(forbid: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for customer, stated in forbid.items():
        have = found.get(customer, {"open": []})
        for one in stated.get("open", []):
            if _any(one, have["open"]):
                lines.append(f"accounts.{customer}.open: forbidden, but there: {_text(one)}")
        for name, value in stated.items():
            if name != "open" and name in have and agrees(value, have[name]):
                lines.append(f"accounts.{customer}.{name}: forbidden, but so: {_text(value)}")
    return lines


def _differences(place: str, wanted: Mapping[str, Any], found: Any) -> list[str]:
    lines: list[str] = []
    for name, value in wanted.items():
        have = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(value, Mapping):
            lines += _differences(f"{place}.{name}", value, have)
        elif not agrees(value, have):
            lines.append(f"{place}.{name}: expected {_text(value)}, found {_text(have)}")
    return lines


# --- one value
def agrees(wanted: Any, found: Any) -> bool:
    """Whether a found value is the wanted one: amounts by value, a day with the day of a moment, of an object every
    stated key, of a list distinct elements for all that is stated."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and agrees(value, found[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(_matched(wanted, found, agrees)) == len(wanted)
    if isinstance(wanted, bool) or isinstance(found, bool) or wanted is None or found is None:
        return wanted is found
    if isinstance(wanted, date | str) and isinstance(found, str):
        return _same_text(wanted, found)
    one, other = _number(wanted), _number(found)
    return wanted == found if one is None or other is None else one == other


def _same_text(wanted: date | str, found: str) -> bool:
    if wanted == found:
        return True
    one, other = moment_of(wanted), moment_of(found)
    if one is not None and other is not None:
        return one.day == other.day if one.at is None or other.at is None else _instant(one.at) == _instant(other.at)
    number = _number(wanted)
    return number is not None and number == _number(found)


def _instant(at: datetime) -> tuple[Any, ...]:
    return (at.tzinfo is None, at if at.tzinfo is None else at.timestamp())


def _number(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
