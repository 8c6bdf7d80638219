"""One account for the terminal and as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from cli.records import record_versions
from cli.screen import full_table
from cli.timeline import agreed, timeline
from duly.domain.account import Account
from duly.domain.entities import COLLECTED, Item
from duly.domain.flags import FLAGS
from duly.domain.money import format_minor
from duly.domain.risk import reason_words
from duly.domain.scoring import exposure_of
from duly.flows.edge import Edge
from duly.store import lookups


def account_data(edge: Edge, wanted: str) -> dict[str, Any] | None:
    """Return an account by account id or customer id, or None when there is none."""
    answers = lookups.find(edge.table, lookups.CUSTOMER, wanted)
    account_id = answers[0].account if len(answers) == 1 else wanted
    account = edge.accounts.load(account_id)
    if not account.exists:
        return None
    history = edge.accounts.history(account_id)
    records = record_versions(edge, account_id, history)
    header = account.header
    return {
        "account": account.id,
        "customer": header.customer,
        "version": account.version,
        "provisional": header.provisional,
        "merged_into": header.merged_into,
        "category": header.category,
        "score": f"{header.score_permille / 1000:.3f}",
        "score_reasons": list(header.score_reasons),
        "scenario": header.scenario,
        "agreed": agreed(header),
        "next_look": header.due_at,
        "exposure": _exposure(edge, account),
        "credit_hold": list(header.credit_hold),
        "covers": [
            f"{one.kind} {one.key} {format_minor(one.amount_minor, one.currency)} {one.currency}"
            + (f" until {one.until}" if one.until else "")
            for one in header.covers
        ],
        "overrides": [
            f"{one.key} by {one.by} until {one.until}"
            + (
                f" for {format_minor(one.amount_minor, one.currency)} {one.currency} above the limit"
                if one.amount_minor
                else ""
            )
            + f": {one.reason}"
            for one in account.live("overrides")
        ],
        "orders": [
            f"{one.key} {format_minor(one.remaining_minor, one.currency)} {one.currency}"
            for one in account.live("orders")
        ],
        "open": _open_items(account),
        "unapplied": _unapplied(account),
        "unapplied_money": [
            f"{one.key.removeprefix('CN:')} {format_minor(one.unallocated_minor, one.currency)} {one.currency}"
            for one in account.live("cash")
        ],
        "disputes": [one.key for one in account.live("disputes")],
        "promises": [one.key for one in account.live("promises")],
        "plans": [
            f"{one.key}: "
            + ", ".join(
                f"{format_minor(minor, one.currency)} {one.currency} by {day}" for day, minor in one.instalments
            )
            for one in account.live("plans")
        ],
        "holds": [one.key for one in account.live("holds")],
        "approvals": [
            f"{one.key[:8]}: level {one.level}, {format_minor(one.total_minor, one.currency)} {one.currency},"
            f" {one.state} until {one.until}"
            for one in account.live("approvals")
        ],
        "handovers": [
            f"{one.key[:8]}: {format_minor(one.amount_minor, one.currency)} {one.currency} to {one.to or 'an agency'}"
            f" on {one.on}"
            for one in account.live("handovers")
        ],
        "contacts": [
            {"contact": str(one["id"]), "role": str(one.get("role", ""))}
            for one in account.personal.get("contacts", [])
        ],
        "tasks": [{"task": one.key, "kind": one.kind} for one in account.live("tasks")],
        "suspense": list(header.suspense),
        "timeline": [
            {"version": line.version, "at": line.at.isoformat(), "event": line.event, "text": line.text}
            for line in timeline(history, records)
        ],
        "records": [
            {
                "version": one.version,
                "at": one.at.isoformat(),
                "source": one.source,
                "provisional": one.provisional,
                "erased": one.is_erased,
                "changed": list(one.changed),
                "record": dict(one.values),
            }
            for one in records
        ],
    }


def _exposure(edge: Edge, account: Account) -> list[dict[str, Any]]:
    """What is open and ordered against the customer's limit, per currency."""
    return [
        {
            "currency": one.currency,
            "open": format_minor(one.open_minor, one.currency),
            "orders": format_minor(one.orders_minor, one.currency),
            "limit": None if one.limit_minor is None else format_minor(one.limit_minor, one.currency),
            "headroom": None if one.headroom_minor is None else format_minor(one.headroom_minor, one.currency),
        }
        for one in exposure_of(account, edge.policy())
        if one.exposure_minor
    ]


def _open_items(account: Account) -> list[dict[str, Any]]:
    return [
        {
            "invoice": item.title,
            "key": item.key,
            "due": item.due.isoformat(),
            "currency": item.currency,
            "amount": format_minor(item.amount_minor, item.currency),
            "outstanding": format_minor(item.outstanding_minor, item.currency),
            "level": item.level,
            "order": item.order,
            "means": item.means,
            "delivered": item.delivered.isoformat() if item.delivered else None,
            "discounts": [
                {"days": one.days, "percent": f"{one.percent_hundredths // 100}.{one.percent_hundredths % 100:02d}"}
                for one in item.discounts
            ],
            "flags": list(item.flags),
            "note": _note(item),
        }
        for item in account.live("items")
        if item.state == "open"
    ]


def _note(item: Item) -> str:
    """What is special about an open item, in words."""
    words = []
    if item.means in COLLECTED:
        words.append(f"{item.means.replace('_', ' ')}{' returned' if item.returned else ', not chased until returned'}")
    words += [f"{one.percent_hundredths / 100:g} % within {one.days} days" for one in item.discounts]
    words += [f"delivered {item.delivered}"] if item.delivered else []
    words += [FLAGS.get(flag, flag) for flag in item.flags]
    words += [f"replaces {item.replaces}"] if item.replaces else []
    if item.moved_to is not None:
        words.append(f"goes on at level {item.moved_to} since {item.moved_on}")
    words += [f"next step hastened on {item.hastened_on}"] if item.hastened_on else []
    open_charges = sorted(item.open_charges_minor.items())
    words += [f"{format_minor(minor, item.currency)} {kind} demanded" for kind, minor in open_charges]
    return "; ".join(words)


def _unapplied(account: Account) -> dict[str, str]:
    totals: dict[str, int] = {}
    for cash in account.live("cash"):
        totals[cash.currency] = totals.get(cash.currency, 0) + cash.unallocated_minor
    return {currency: format_minor(amount, currency) for currency, amount in sorted(totals.items())}


_LABELS = {"plans": "payment plans", "handovers": "handed over"}
_SEPARATORS = {"plans": "; "}  # a plan has commas of its own


def print_account(console: Console, data: dict[str, Any]) -> None:
    """Print what `account_data` returned: the state first, then the timeline."""
    name = data["customer"] or data["account"]
    console.print(
        Text(f"Account {data['account']}, customer {name}, version {data['version']}", style="bold"),
        Text(f"category {data['category'] or 'none'}, score {data['score']} ({reason_words(data['score_reasons'])})"),
        sep="\n",
    )
    if data["merged_into"]:
        console.print(Text(f"merged into account {data['merged_into']}"))
    elif data["provisional"]:
        console.print(Text("provisional: not chased until a customer file or `duly complete` completes it"))
    for one in data["exposure"]:
        limit = f"limit {one['limit']}, headroom {one['headroom']}" if one["limit"] else "no limit"
        console.print(Text(f"exposure {one['currency']}: {one['open']} open, {one['orders']} ordered; {limit}"))
    items = full_table("Invoice", "Due", "Amount", "Outstanding", "Level", "Noted", title="Open")
    for item in data["open"]:
        level = str(item["level"]) if item["level"] >= 0 else ""
        items.add_row(
            item["invoice"],
            item["due"],
            item["amount"],
            f"{item['outstanding']} {item['currency']}",
            level,
            item["note"],
        )
    console.print(items if data["open"] else "Nothing is open.")
    for label in (
        "agreed",
        "credit_hold",
        "covers",
        "overrides",
        "orders",
        "unapplied",
        "unapplied_money",
        "disputes",
        "promises",
        "plans",
        "holds",
        "approvals",
        "handovers",
        "suspense",
    ):
        if data[label]:
            found = data[label]
            shown = [f"{key} {value}" for key, value in found.items()] if isinstance(found, dict) else found
            console.print(
                Text(f"{_LABELS.get(label, label.replace('_', ' '))}: {_SEPARATORS.get(label, ', ').join(shown)}")
            )
    lines = full_table("Version", "When", "What happened", title="Timeline")
    for line in data["timeline"]:
        lines.add_row(str(line["version"]), line["at"][:16].replace("T", " "), line["text"])
    console.print(lines)
