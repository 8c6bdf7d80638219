"""Reads template.yaml for the checks: tags of CloudFormation become plain mappings, intrinsics can be resolved."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PSEUDO = {
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "stack",
}
NO_VALUE = object()


class _Loader(yaml.SafeLoader):
    """SafeLoader that knows `!Ref`, `!GetAtt` and the other short forms."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tag)


def load(text: str | None = None) -> dict[str, Any]:
    """Return the template as plain data. Without `text`, the project's own."""
    if text is None:
        text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of one type by logical id."""
    return {name: body for name, body in template["Resources"].items() if body["Type"] == kind}


def target(value: Any) -> str:
    """Return the logical id that a Ref or GetAtt names, "" for anything else."""
    if isinstance(value, dict):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            return str(value["Fn::GetAtt"][0])
    return ""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Resolver:
    """Evaluates what depends on parameters alone; a resource becomes `<LogicalId>` or `<LogicalId.Attribute>`."""

    def __init__(self, template: dict[str, Any], **parameters: object) -> None:
        self.template = template
        self.values = {name: body.get("Default", "") for name, body in template["Parameters"].items()} | parameters

    def condition(self, name: str) -> bool:
        return self.test(self.template["Conditions"][name])

    def test(self, rule: Any) -> bool:
        ((kind, value),) = rule.items()
        if kind == "Condition":
            return self.condition(value)
        if kind == "Fn::Equals":
            left, right = (str(self(side)) for side in value)
            return left == right
        if kind == "Fn::Not":
            return not self.test(value[0])
        if kind == "Fn::And":
            return all(self.test(part) for part in value)
        if kind == "Fn::Or":
            return any(self.test(part) for part in value)
        raise AssertionError(f"no such condition function: {kind}")

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((kind, inner),) = value.items()
            if kind == "Ref":
                return self._ref(inner)
            if kind == "Fn::GetAtt":
                return "<" + ".".join(inner) + ">"
            if kind == "Fn::If":
                return self(inner[1] if self.condition(inner[0]) else inner[2])
            if kind == "Fn::FindInMap":
                name, first, second = (str(self(part)) for part in inner)
                return self.template["Mappings"][name][first][second]
            if kind == "Fn::Sub":
                return self._sub(inner)
        return {key: found for key, item in value.items() if (found := self(item)) is not NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO:
            return PSEUDO[name]
        return self.values.get(name, f"<{name}>")

    def _sub(self, inner: Any) -> str:
        text, extra = (inner, {}) if isinstance(inner, str) else inner

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in extra:
                return str(self(extra[name]))
            return str(self({"Fn::GetAtt": name.split(".", 1)} if "." in name else {"Ref": name}))

        return re.sub(r"\$\{([^}]+)\}", replace, text)


def broken(template: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of the template with the value at `path` (parts divided by /, numbers index lists) replaced.

    NO_VALUE removes it. The path must exist, except for its last part: a mutation that changes nothing proves nothing.
    """
    result = copy.deepcopy(template)
    here: Any = result
    *parts, last = path.split("/")
    for part in parts:
        here = here[int(part)] if isinstance(here, list) else here[part]
    key: Any = int(last) if isinstance(here, list) else last
    if value is NO_VALUE:
        del here[key]
    else:
        here[key] = value
    return result
