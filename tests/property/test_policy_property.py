"""Any damage to a policy ends in a policy or in PolicyErrors with lines that exist, never in another exception."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.policy import Policy, PolicyErrors, default_policy_text, parse_policy, parse_policy_data
from duly.domain.policy_schema import SECTIONS
from duly.domain.toml_lines import key_lines

TEXT = default_policy_text()
LINES = TEXT.splitlines()
KEY_NAMES = sorted(
    {key.name for keys in SECTIONS.values() for key in keys} | set(SECTIONS) | {"step", "categories", "hold"}
)


def policy_or_errors(text: str) -> Policy | PolicyErrors:
    try:
        return parse_policy(text, "p.toml")
    except PolicyErrors as errors:
        assert errors.problems
        assert all(0 <= problem.line <= text.count("\n") + 1 for problem in errors.problems)
        return errors


@settings(max_examples=200)
@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=20))
def test_a_piece_replaced(start: int, length: int, piece: str) -> None:
    policy_or_errors(TEXT[:start] + piece + TEXT[start + length :])


@settings(max_examples=100)
@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES) - 1))
def test_lines_swapped(first: int, second: int) -> None:
    lines = list(LINES)
    lines[first], lines[second] = lines[second], lines[first]
    policy_or_errors("\n".join(lines))


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    policy_or_errors(text)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["EUR", "10.00", "08:00", "due", "email", "standard"])
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEY_NAMES) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=20,
)
sections = st.sampled_from(
    ["creditor", "terms", "risk", "cash", "gates", "contact", "charges", "promises", "disputes", "scenario"]
)


@settings(max_examples=300)
@given(st.dictionaries(sections, trees, max_size=4), st.sampled_from(["shipped", "bare"]))
def test_any_data(data: dict[str, Any], defaults: Any) -> None:
    try:
        parse_policy_data(data, "s.json", defaults)
    except PolicyErrors as errors:
        assert errors.problems


@given(st.lists(st.integers(0, len(LINES) - 1), max_size=6, unique=True))
def test_every_key_of_a_valid_text_has_its_line(dropped: list[int]) -> None:
    text = "\n".join(line for number, line in enumerate(LINES) if number not in dropped)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = key_lines(text)
    for path in plain_keys(data, ()):
        assert path in lines, path
        name = str(next(part for part in reversed(path) if isinstance(part, str)))
        assert name in text.splitlines()[lines[path] - 1]


def plain_keys(data: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The paths of all keys with plain values, inline tables counted as such."""
    found = []
    inline = {
        "limit",
        "threshold",
        "tolerance",
        "owners",
        "fee",
        "minimum",
        "min_total",
        "bank_fee_tolerance",
        "escalation",
    }
    for name, value in data.items():
        if isinstance(value, dict) and name not in inline:
            found += plain_keys(value, (*path, name))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for index, element in enumerate(value):
                found += plain_keys(element, (*path, name, index))
        else:
            found.append((*path, name))
    return found
