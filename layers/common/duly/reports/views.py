"""The parts of the report page as CloudWatch custom widgets: HTML without script, buttons as ``cwdb-action``.

CloudWatch calls the function with the widget's parameters and ``widgetContext`` (theme, size) and shows the answer. See
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duly.flows.report import Report
from duly.reports.page import environment, values_of

VIEWS = (
    "overview",
    "ageing",
    "calls",
    "disputes",
    "promises",
    "suspense",
    "flagged",
    "concentration",
    "tasks",
    "uploads",
    "notices",
)
DEFAULT_VIEW = "overview"

# What a button asks of finance: the outcome, its name on the button, what it does.
_CHOICES = (
    ("accepted", "Accept", "the customer is right, the invoices are not chased any more"),
    ("rejected", "Reject", "the customer is wrong, the chase goes on"),
)


class UnknownView(ValueError):
    """A widget asks for a view that does not exist."""


def describe() -> str:
    """Markdown for CloudWatch's "Get documentation" button: what the widget shows and its parameters."""
    return f"""## Duly: receivables

Shows what customers owe, what is overdue and what waits for a decision. Money is never converted: each currency
has its own figures.

### Parameters
Param | What
---|---
**view** | One of {", ".join(f"`{view}`" for view in VIEWS)}. Without it: `{DEFAULT_VIEW}`.
**decisions** | ARN of the disputes function. With it, each open dispute has buttons to decide it, after a question.

### Example
``` yaml
view: disputes
decisions: arn:aws:lambda:eu-central-1:123456789012:function:disputes
```
"""


def render_widget(report: Report, view: str, context: Mapping[str, Any], decisions: str = "") -> str:
    """The HTML of one view. ``decisions`` is the ARN that the buttons call; without it there are none.

    Raises UnknownView.
    """
    if view not in VIEWS:
        raise UnknownView(f"no such view; there are {', '.join(VIEWS)}")
    values = values_of(report)
    for line in values["disputes"]["lines"]:
        line["choices"] = _choices(line)
    values |= {"view": view, "decisions": decisions, "dark": context.get("theme") == "dark"}
    return environment().get_template("widget.html.j2").render(values)


def _choices(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a dispute with the event that each sends to the disputes function."""
    return [
        {
            "name": name,
            "confirmation": f"{name} the dispute of {line['name']} about {line['invoices']}? ({meaning.capitalize()}.)",
            "event": {
                "type": "decision",
                "decision": {
                    "action": "resolve_dispute",
                    "account": line["account"],
                    "dispute": line["dispute"],
                    "outcome": outcome,
                    "by": "dashboard",
                },
            },
        }
        for outcome, name, meaning in _CHOICES
    ]
