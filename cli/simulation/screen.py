"""What `duly simulate` shows to people: a timeline, the accounts after it, and the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.screen import full_table
from cli.simulation.comparison import PAYMENTS_STAY, Comparison, average_dso
from cli.simulation.player import Progress as Tick
from duly.domain.money import format_minor
from duly.domain.risk import reason_words

SHOW_PROGRESS_FROM: Final = 200  # steps: events and runs together
MAX_DIFFERENT: Final = 30  # customers that people are shown; --json has all
_FIGURES: Final = {
    "dso": "days sales outstanding (DSO)",
    "dso_countback": "DSO by count-back",
    "best_dso": "best possible DSO",
    "add": "average days delinquent",
    "cei": "collection effectiveness (CEI)",
    "receivables": "receivables",
    "overdue": "overdue",
}
MAX_LINES: Final = 400  # lines of the timeline that people are shown; --json has all


@contextmanager
def progress_bar(console: Console, what: str) -> Iterator[Tick]:
    """A progress bar for whoever tells it how many of how many steps are done; none for short work."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(what, total=None, visible=False)

        def tick(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=total >= SHOW_PROGRESS_FROM)

        yield tick


def print_result(console: Console, found: Mapping[str, Any]) -> None:
    """Print a played scenario."""
    console.print(_timeline(found))
    for customer, account in found["accounts"].items():
        console.print(_account(customer, account) if account["open"] else Text(_account_title(customer, account)))
    if found["kpis"]["currency"]:
        console.print(_kpis(found["kpis"]))
    for one in found["problems"]:
        console.print(Text(f"{one['on']}  {one['code']}: {one['text']}", style="yellow"), soft_wrap=True)


def print_comparison(console: Console, found: Comparison) -> None:
    """Print two policies beside each other, and whom they treat differently."""
    one, other = found.sides
    table = full_table("", *(side.policy.name for side in found.sides), title=f"{found.first} to {found.last}")
    for name in ("messages", "letters", "calls", "hand_overs", "approvals", "customers"):
        table.add_row(name.replace("_", "-"), *(str(side.counts[name]) for side in found.sides))
    days = ["none" if side.first_days is None else f"{side.first_days:.1f}" for side in found.sides]
    table.add_row("days from due to first notice", *days)
    for unit in sorted({*one.charges, *other.charges}):
        table.add_row(f"charges {unit}", *(format_minor(side.charges.get(unit, 0), unit) for side in found.sides))
    table.add_row("DSO, average of months", *(str(average_dso(side, found.currency)) for side in found.sides))
    console.print(table)
    _print_different(console, found)
    for side in found.sides:
        if side.problems:
            console.print(Text(f"{side.policy.name}: {len(side.problems)} problems, first: {side.problems[0]['text']}"))
    if found.notes:
        console.print(Text(f"{len(found.notes)} rows or files left out, first: {found.notes[0]}"), soft_wrap=True)
    console.print(Text(PAYMENTS_STAY, style="italic"))


def _print_different(console: Console, found: Comparison) -> None:
    names = found.different
    console.print(f"{len(names)} of {found.customers} customers are treated differently")
    if not names:
        return
    table = full_table("Customer", *(side.policy.name for side in found.sides))
    for customer in names[:MAX_DIFFERENT]:
        table.add_row(Text(customer), *(Text(_contacts(side.contacts.get(customer, ()))) for side in found.sides))
    if len(names) > MAX_DIFFERENT:
        table.add_row(f"{len(names) - MAX_DIFFERENT} more", "all of them with --json", "")
    console.print(table)


def _contacts(contacts: Sequence[tuple[str, int, str]]) -> str:
    if not contacts:
        return "nothing"
    levels = max(level for _, level, _ in contacts)
    return f"{len(contacts)} from {contacts[0][0]}, up to level {levels}"


def _timeline(found: Mapping[str, Any]) -> Table:
    lines = [
        *(_notice_line(one) for one in found["notices"]),
        *((one["on"], one["customer"], f"task {one['kind']}", _rest(one, "kind")) for one in found["tasks"]),
        *((one["on"], one["customer"], one["event"].replace("_", " "), _rest(one, "event")) for one in found["events"]),
        *(
            (one["on"], one["customer"], "nothing said", f"{one.get('invoice', '')} {one['gate']}".strip())
            for one in found["skipped"]
        ),
        *(
            (one["on"], "", "proposal", f"{one['payment']} for {', '.join(one['invoices'])}")
            for one in found["proposals"]
        ),
        *(
            (one["on"], one["customer"], f"order: {one['answer']}", f"{one['amount']} {', '.join(one['reasons'])}")
            for one in found["credit"]
        ),
    ]
    lines.sort(key=lambda line: line[0])
    table = full_table("Day", "Customer", "What", "About", title=found["name"])
    for line in lines[:MAX_LINES]:
        table.add_row(*(Text(part) for part in line))
    if len(lines) > MAX_LINES:
        table.add_row("", "", f"{len(lines) - MAX_LINES} more", "all of them with --json")
    return table


def _notice_line(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    items = ", ".join(f"{item['invoice']} {item['balance']}{_charged(item)}" for item in one["items"])
    what = f"level {one['level']} by {one['channel']}, {one['state']}"
    return one["on"], one["customer"], what, f"{one['total']} {one['currency']}: {items}"


def _charged(item: Mapping[str, Any]) -> str:
    parts = [f"{name} {item[name]}" for name in ("fee", "interest") if float(item[name])]
    return f" ({', '.join(parts)})" if parts else ""


def _rest(one: Mapping[str, Any], *shown: str) -> str:
    """What else an entry says, in few words."""
    if one.get("event") == "category_changed":
        return f"{one.get('before') or 'none'} to {one['after']}: {reason_words(one['reasons'])}"
    left = [(name, value) for name, value in one.items() if name not in ("on", "customer", *shown) and value]
    return ", ".join(f"{name} {_words(value)}" for name, value in left)


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _account_title(customer: str, account: Mapping[str, Any]) -> str:
    unapplied = ", ".join(f"{amount} {unit}" for unit, amount in account["unapplied"].items() if float(amount))
    title = f"{customer}: category {account['category'] or 'none'}, score {account['score']:.3f}"
    title += f", unapplied {unapplied}" if unapplied else ""
    title += ", credit hold" if account["hold"] else ""
    return title if account["open"] else f"{title}, nothing open"


def _account(customer: str, account: Mapping[str, Any]) -> Table:
    title = _account_title(customer, account)
    table = full_table("Invoice", "Due", "Open", "Charges", "Level", "Held back by", title=title)
    for one in account["open"]:
        number = one["invoice"] if one["instalment"] == 1 else f"{one['invoice']} ({one['instalment']})"
        open_text = f"{one['outstanding']} {one['currency']}"
        table.add_row(Text(number), one["due"], open_text, one["charges"], str(one["level"]), one["blocked"])
    return table


def _kpis(kpis: Mapping[str, Any]) -> Table:
    table = full_table("", *kpis["currency"], title=f"Figures of {kpis['as_of']}")
    for name, told in _FIGURES.items():
        table.add_row(told, *(str(one[name]) for one in kpis["currency"].values()))
    for bucket in next(iter(kpis["currency"].values()))["ageing"]:
        table.add_row(
            "not overdue" if bucket == "current" else f"overdue {bucket}",
            *(one["ageing"][bucket] for one in kpis["currency"].values()),
        )
    return table
