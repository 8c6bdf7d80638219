"""A policy as rows of text for people, one for each key as it is called in the file, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from duly.domain.money import format_minor
from duly.domain.policy_model import Category, Policy, Scenario, Step
from duly.domain.policy_schema import SECTIONS, WEEKDAYS, Key

PLAIN_SECTIONS: Final = (
    "creditor",
    "terms",
    "cash",
    "gates",
    "contact",
    "charges",
    "promises",
    "disputes",
    "statements",
)
NOT_THERE: Final = "not there"

#: What a step's days count from, in words.
_BASIS_WORDS: Final[Mapping[str, str]] = {
    "due": "the due date",
    "previous": "the step before",
    "invoice": "the invoice date",
    "oldest": "the oldest item's due date",
}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One line of a policy's table: section, key, value as text."""

    section: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A key (or a whole category, scenario or step) that two policies do not have alike, with the value of each."""

    key: str
    before: str
    after: str


# --- one policy -----------------------------------------------------------------------------------------------------
def policy_rows(policy: Policy) -> tuple[PolicyRow, ...]:
    """Everything that a policy says, one row per key. A step's section is ``scenario.NAME.step.STEP``."""
    return tuple(_rows(policy))


def _rows(policy: Policy) -> Iterator[PolicyRow]:
    for section in PLAIN_SECTIONS:
        yield from _of(section, section, getattr(policy, section))
    yield from _of("risk", "risk", policy.risk)
    yield PolicyRow("risk", "categories", ", ".join(one.name for one in policy.risk.categories) or "none")
    for category in policy.risk.categories:
        yield from _of(f"risk.categories.{category.name}", "risk.categories.NAME", category)
    yield from _of("risk.hold", "risk.hold", policy.risk.hold)
    for scenario in policy.scenarios.values():
        section = f"scenario.{scenario.name}"
        yield from _of(section, "scenario.NAME", scenario)
        yield PolicyRow(section, "step", ", ".join(step.name for step in scenario.steps) or "none: nobody is chased")
        for step in scenario.steps:
            yield from _of(f"{section}.step.{step.name}", "scenario.NAME.step", step)


def _of(section: str, keys: str, part: Any) -> Iterator[PolicyRow]:
    for key in SECTIONS[keys]:
        yield PolicyRow(section, key.name, value_text(key, part))


def value_text(key: Key, part: Any) -> str:
    """The value that a part of a policy has for a key, as text."""
    values = [getattr(part, target) for target in key.targets]
    if key.name == "window":
        return " to ".join(_text("_minute", value) for value in values)
    if key.name == "approve" and values[1]:
        return f"above {_text('_minor', values[1])}"
    return _text(key.targets[0], values[0])


def _text(field_name: str, value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field_name.endswith("_permille"):
        return str(Decimal(value) / 1000)
    if field_name.endswith("_minute"):
        return f"{value // 60:02d}:{value % 60:02d}"
    if field_name.endswith("_minor"):
        return ", ".join(f"{format_minor(minor, code)} {code}" for code, minor in value.items()) or "none"
    if field_name in ("rates", "tables"):
        return ", ".join(dict.fromkeys(getattr(part, "name", "") or part.regime for part in value)) or "shipped"
    if isinstance(value, frozenset):
        return ", ".join(WEEKDAYS[number] for number in sorted(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    return (", ".join(value) if isinstance(value, tuple) else str(value)) or "none"


def when_text(step: Step) -> str:
    """When a step is due, in words: "3 days after the due date"."""
    start = _BASIS_WORDS.get(step.basis, "the due date")
    if step.days:
        count = f"{abs(step.days)} day{'' if abs(step.days) == 1 else 's'}"
        start = f"{count} {'before' if step.days < 0 else 'after'} {start}"
    if step.basis == "due_end_of_month":
        start = f"the end of the month of {f'the day {start}' if step.days else start}"
    is_later = step.boundary == "after"
    if step.basis == "due_end_of_month" or not step.days:
        same_day = f"on the day of {start}" if step.basis == "previous" else f"on {start}"
        return f"the day after {start}" if is_later else same_day
    return f"{start}, the day after that" if is_later else start


# --- two policies ---------------------------------------------------------------------------------------------------
def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """What two policies do not have alike, in the order of the first one's keys. A category, scenario or step that only
    one of them has is one difference, however many keys it has."""
    old, new = _by_section(before), _by_section(after)
    found: list[Difference] = []
    for section in dict.fromkeys([*old, *new]):
        if any(section.startswith(f"{one.key}.") for one in found if NOT_THERE in (one.before, one.after)):
            continue
        if section not in old or section not in new:
            found.append(Difference(section, _summary(before, section), _summary(after, section)))
            continue
        found += [
            Difference(f"{section}.{key}", value, new[section][key])
            for key, value in old[section].items()
            if new[section][key] != value
        ]
    return tuple(found)


def _by_section(policy: Policy) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in _rows(policy):
        found.setdefault(row.section, {})[row.key] = row.value
    return found


def _summary(policy: Policy, section: str) -> str:
    """In a few words a category, scenario or step that only one of two policies has."""
    for part in _parts(policy):
        if part[0] == section:
            return part[1]
    return NOT_THERE


def _parts(policy: Policy) -> Iterator[tuple[str, str]]:
    for category in policy.risk.categories:
        yield f"risk.categories.{category.name}", _category_text(category)
    for scenario in policy.scenarios.values():
        yield f"scenario.{scenario.name}", _scenario_text(scenario)
        for step in scenario.steps:
            yield f"scenario.{scenario.name}.step.{step.name}", step_text(step)


def _category_text(category: Category) -> str:
    share = Decimal(category.max_score_permille) / 1000
    return f"score up to {share}, {category.terms_days} days, scenario {category.scenario or 'standard'}"


def _scenario_text(scenario: Scenario) -> str:
    return (
        f"{len(scenario.steps)} steps: {', '.join(step.name for step in scenario.steps)}" if scenario.steps else "off"
    )


def step_text(step: Step) -> str:
    """A step in a few words: level, when, channel."""
    return f"level {step.level}, {when_text(step)}, {step.channel.replace('_', ' ')}"
