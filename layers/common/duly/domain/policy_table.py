"""A policy as rows for people, and the reference page of all keys (``docs/policy.md``, which a test keeps equal)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

from duly.domain.money import format_minor
from duly.domain.policy_model import Policy, Scenario, Step
from duly.domain.policy_reader import default_policy_text
from duly.domain.policy_schema import APPLIED, SECTIONS, WEEKDAYS, Key

#: The table of default.toml that shows the defaults of the keys of a section.
_EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "risk.categories.NAME": ("risk", "categories", "A"),
    "scenario.NAME": ("scenario", "standard"),
    "scenario.NAME.step": ("scenario", "standard", "step"),
}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One line of a policy's table: section, key, value as text."""

    section: str
    key: str
    value: str


# --- one policy -----------------------------------------------------------------------------------------------------
def policy_table(policy: Policy) -> tuple[PolicyRow, ...]:
    """Everything that a policy says, one row per key; categories and steps are one row each."""
    rows = [PolicyRow("policy", "name", policy.name), PolicyRow("policy", "version", policy.version)]
    for section in ("creditor", "terms", "cash", "gates", "contact", "charges", "promises", "disputes", "statements"):
        rows += _rows_of(section, getattr(policy, section))
    for name in ("review_days", "order_days", "refer_over_percent"):
        rows.append(PolicyRow("risk", name, str(getattr(policy.risk, name))))
    rows += [
        PolicyRow(
            "risk.categories",
            part.name,
            f"score up to {_share(part.max_score_permille)}, terms {part.terms_days} days, "
            f"limit {_value('limit_minor', part.limit_minor)}, scenario {part.scenario or 'standard'}"
            + (f", security {part.security}" if part.security else "")
            + (f", review every {part.review_days} days" if part.review_days else ""),
        )
        for part in policy.risk.categories
    ]
    rows += _rows_of("risk.hold", policy.risk.hold)
    for scenario in policy.scenarios.values():
        rows += _scenario_rows(scenario)
    rows += [PolicyRow("warnings", str(number), text) for number, text in enumerate(policy.warnings, start=1)]
    return tuple(rows)


def _rows_of(section: str, part: Any) -> list[PolicyRow]:
    """One row per field of a section; a scenario's name and steps have rows of their own."""
    names = [field.name for field in fields(part) if field.name != "steps"]
    return [PolicyRow(section, _key(name), _value(name, getattr(part, name))) for name in names]


def _scenario_rows(scenario: Scenario) -> list[PolicyRow]:
    section = f"scenario.{scenario.name}"
    rows = [row for row in _rows_of(section, scenario) if row.key != "name"]
    if not scenario.steps:
        rows.append(PolicyRow(section, "step", "none: nobody is chased"))
    return rows + [PolicyRow(section, f"step {step.index + 1}", _step_text(step)) for step in scenario.steps]


def _step_text(step: Step) -> str:
    when = f"{abs(step.days)} days {'before' if step.days < 0 else 'after'} {step.basis}"
    parts = [f"level {step.level}", step.name, when, step.channel]
    plain = Step(step.index, step.level, step.name, step.basis, step.days, channel=step.channel)
    for field in fields(step):
        value = getattr(step, field.name)
        if value != getattr(plain, field.name):
            parts.append(f"{_key(field.name)} {_value(field.name, value)}")
    return ", ".join(parts)


def _key(field_name: str) -> str:
    for ending in ("_minor", "_permille", "_minute"):
        field_name = field_name.removesuffix(ending)
    return field_name


def _value(field_name: str, value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field_name.endswith("_permille"):
        return _share(value)
    if field_name.endswith("_minute"):
        return f"{value // 60:02d}:{value % 60:02d}"
    if field_name.endswith("_minor"):
        return ", ".join(f"{format_minor(minor, code)} {code}" for code, minor in value.items()) or "none"
    if isinstance(value, frozenset):
        return ", ".join(WEEKDAYS[number] for number in sorted(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {part}" for key, part in value.items())
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _share(permille: int) -> str:
    return str(Decimal(permille) / 1000)


# --- the reference of all keys --------------------------------------------------------------------------------------
def reference_page() -> str:
    """The page ``docs/policy.md``: every key with its meaning, its shipped default and whether it is applied yet."""
    import tomllib

    defaults = tomllib.loads(default_policy_text(), parse_float=Decimal)
    lines = [
        "# Keys of a credit policy",
        "",
        "A policy is one TOML document, put under `policy/` in the bucket and checked on arrival. A key that it leaves",
        "out takes the default below, which is that of `policies/default.toml`. Tables of amounts, the set of risk",
        "categories and the steps of a scenario are replaced as a whole. A key marked *not yet* is read and checked,",
        "but nothing obeys it so far; asking for it makes a warning.",
        "",
        "A scenario takes the keys it leaves out from `scenario.standard` (one that is called as a shipped scenario:",
        "from that, its steps too). `step = []` means that nobody is chased. A customer names its scenario; without a",
        "name its category's is taken, else `standard`. A customer whose scenario the policy does not know is not",
        "chased.",
        "",
        "This page is made from the schema: `python -m duly.domain.policy_table > docs/policy.md`.",
    ]
    for section, keys in SECTIONS.items():
        shown = _example(defaults, _EXAMPLES.get(section, tuple(section.split("."))))
        title = f"[[{section}]]" if section.endswith("step") else f"[{section}]"
        lines += ["", f"## `{title}`", "", "| key | meaning | default | applied |", "|---|---|---|---|"]
        lines += [_reference_row(key, shown) for key in keys]
    return "\n".join(lines) + "\n"


def _example(defaults: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    found: Any = defaults
    for part in path:
        found = found[part]
    first: Mapping[str, Any] = found[0] if isinstance(found, list) else found
    return first


def _reference_row(key: Key, shown: Mapping[str, Any]) -> str:
    default = f"`{_toml_text(shown[key.name])}`" if key.name in shown else "not set"
    return f"| `{key.name}` | {key.meaning} | {default} | {_applied(key)} |"


def _applied(key: Key) -> str:
    if key.neutral is APPLIED:
        return "yes"
    return "in part" if isinstance(key.neutral, frozenset) else "not yet"


def _toml_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml_text(part) for part in value) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {_toml_text(part)}" for key, part in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return str(value)


if __name__ == "__main__":
    print(reference_page(), end="")
