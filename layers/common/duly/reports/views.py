"""The parts of the report page as CloudWatch custom widgets: HTML without script, buttons as ``cwdb-action``.

CloudWatch calls the function with the widget's parameters and ``widgetContext`` (theme, size) and shows the answer. See
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duly.flows.report import Report
from duly.reports.page import environment, values_of
from duly.reports.people import choice

VIEWS = (
    "overview",
    "ageing",
    "approvals",
    "to_call",
    "calls",
    "disputes",
    "promises",
    "handovers",
    "cash",
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
**decisions** | ARN of the disputes function. With it, disputes, approvals, calls and hand-overs have buttons.
**cash** | ARN of the reconcile function. With it, money that waits has buttons to book it or refuse what is proposed.

### Example
``` yaml
view: disputes
decisions: arn:aws:lambda:eu-central-1:123456789012:function:disputes
```
"""


def render_widget(report: Report, view: str, context: Mapping[str, Any], decisions: str = "", cash: str = "") -> str:
    """The HTML of one view. ``decisions`` and ``cash`` are the ARNs that the buttons call; without them there are none.

    Raises UnknownView.
    """
    if view not in VIEWS:
        raise UnknownView(f"no such view; there are {', '.join(VIEWS)}")
    values = values_of(report)
    for line in values["disputes"]["lines"]:
        line["choices"] = _choices(line)
    for line in values["proposals"]["lines"]:
        line["choices"] = _proposal_choices(line)
    for line in values["suspense"]["lines"]:
        line["choices"] = [*(_booking(line, candidate) for candidate in line["candidates"]), *_releasing(line)]
    for line in values["announced"]["lines"]:
        line["choices"] = [_never_came(line)] if line["late"] else []
    values |= {"view": view, "decisions": decisions, "cash": cash, "dark": context.get("theme") == "dark"}
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


def _proposal_choices(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The buttons of a proposal: one for each place that the money could go, and one that refuses them all."""
    money = f"{line['amount']} {line['currency']} from {line['payer']}"
    seen = {"transaction": line["transaction"], "proposal": line["proposal"]}
    found = [
        choice(
            "Confirm",
            f"Book {money} to {one['where']}?",
            {**seen, "action": "confirm_match", "choice": one["choice"]},
        )
        for one in line["placements"]
    ]
    refuse = {**seen, "action": "refuse_match"}
    return [*found, choice("Refuse", f"None of these is right for {money}? It goes to suspense.", refuse)]


def _booking(line: Mapping[str, Any], candidate: Mapping[str, Any]) -> dict[str, Any]:
    """The button that books money in suspense on a customer's account, for no invoice in particular."""
    confirmation = (
        f"Book {line['amount']} {line['currency']} from {line['payer']} on the account of {candidate['name']}?"
    )
    decision = {"action": "assign", "transaction": line["transaction"], "account": candidate["account"], "items": []}
    return choice(f"Book to {candidate['name']}", confirmation, decision)


def _never_came(line: Mapping[str, Any]) -> dict[str, Any]:
    """The button that ends announced money that no statement has had."""
    money = f"{line['amount']} {line['currency']} from {line['payer']}"
    confirmation = f"Nothing came of {money}? The customers it could belong to are chased again."
    return choice("Refuse", confirmation, {"action": "refuse_match", "transaction": line["transaction"]})


def _releasing(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The button that ends the wait of the chase of all for whose money this could be."""
    if not line["candidates"]:
        return []
    confirmation = f"Chase those customers again, though {line['amount']} {line['currency']} waits?"
    return [choice("Nobody's", confirmation, {"action": "refuse_match", "transaction": line["transaction"]})]
