"""The reference page of all keys of a policy (``docs/policy.md``, which a test keeps equal)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from duly.domain.policy_reader import default_policy_text
from duly.domain.policy_schema import SECTIONS, Key

#: The table of default.toml that shows the defaults of the keys of a section.
_EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "risk.categories.NAME": ("risk", "categories", "A"),
    "scenario.NAME": ("scenario", "standard"),
    "scenario.NAME.step": ("scenario", "standard", "step"),
}


def reference_page() -> str:
    """The page ``docs/policy.md``: every key with its meaning and its shipped default."""
    import tomllib

    defaults = tomllib.loads(default_policy_text(), parse_float=Decimal)
    lines = [
        "# Keys of a credit policy",
        "",
        "A policy is one TOML document, put under `policy/` in the bucket and checked on arrival. A key that it leaves",
        "out takes the default below, which is that of `policies/default.toml`. Tables of amounts, the set of risk",
        "categories and the steps of a scenario are replaced as a whole.",
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
        lines += ["", f"## `{title}`", "", "| key | meaning | default |", "|---|---|---|"]
        lines += [_reference_row(key, shown) for key in keys]
    return "\n".join(lines) + "\n"


def _example(defaults: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    found: Any = defaults
    for part in path:
        found = found.get(part, {})
    first: Mapping[str, Any] = found[0] if isinstance(found, list) else found
    return first


def _reference_row(key: Key, shown: Mapping[str, Any]) -> str:
    default = f"`{_toml_text(shown[key.name])}`" if key.name in shown else "not set"
    return f"| `{key.name}` | {key.meaning} | {default} |"


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
