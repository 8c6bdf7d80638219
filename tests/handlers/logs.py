"""What may stand in CloudWatch: ids and codes, never personal data; metrics that the dashboard knows."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.handlers.material import PERSONAL
from tests.template.checks import FIGURES, FUNCTIONS, METRICS

KNOWN = METRICS | FIGURES
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b")
SECRET = re.compile(r"\b[0-9a-f]{64}\b|reply\+[a-z2-7]{10}", re.IGNORECASE)


def problems_of(output: str, records: str) -> list[str]:
    """Return what is wrong with standard output (JSON lines) and with what libraries and the runtime logged."""
    found = personal_in(output + records)
    for line in output.splitlines():
        try:
            data = json.loads(line)
        except ValueError:
            found.append(f"no JSON: {line}")
            continue
        if "_aws" in data:
            found += metric_problems(data)
    return found


def personal_in(text: str) -> list[str]:
    """Return personal data and secrets in a text."""
    plain = text.encode().decode("unicode_escape", "replace") + "\n" + text
    found = [f"personal data: {value}" for value in PERSONAL if value in plain]
    found += [f"address: {match}" for match in ADDRESS.findall(plain)]
    found += [f"account number: {match}" for match in IBAN.findall(plain)]
    return found + [f"secret: {match}" for match in SECRET.findall(plain)]


def metric_problems(line: dict[str, Any]) -> list[str]:
    """Return what is wrong with a line in the embedded metric format."""
    found = []
    for part in line["_aws"]["CloudWatchMetrics"]:
        if part["Namespace"] != "Duly":
            found.append(f"namespace {part['Namespace']}")
        (dimensions,) = part["Dimensions"]
        if line.get("service") not in FUNCTIONS.values() or line.get("stack") != "duly":
            found.append(f"service {line.get('service')}, stack {line.get('stack')}")
        for metric in part["Metrics"]:
            name = metric["Name"]
            if name not in KNOWN:
                found.append(f"{name} is no metric that the template knows")
            elif set(dimensions) not in ({"service", "stack"}, {"service", "stack", *KNOWN[name]}):
                found.append(f"{name} has the dimensions {sorted(dimensions)}")
            if not all(dimension in line for dimension in dimensions):
                found.append(f"{name} misses a dimension's value")
            values = line.get(name)
            if not isinstance(values, list) or not all(isinstance(value, (int, float)) for value in values):
                found.append(f"{name} has no numbers")
    return found
