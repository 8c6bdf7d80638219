"""`duly policy`: a policy as a table, what is wrong with one, and what differs between two."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Column, Table
from rich.text import Text

from cli.screen import Json, Stack, err, fail, full_table, out, print_json, target_of
from duly.domain.money import format_minor
from duly.domain.policy import Policy, PolicyErrors, Scenario, Step, default_policy, parse_policy
from duly.domain.policy_rows import PLAIN_SECTIONS, differences, policy_rows, when_text

DEFAULT: Final = "default"
IN_FORCE: Final = "in-force"
MARK: Final = "*"
MAX_SHOWN: Final = 200  # customers that the terminal shows; --json has all

if TYPE_CHECKING:
    from datetime import date

    from duly.flows.rehearsal import Outlook

#: Columns of a scenario's table: its heading and the keys of a step that stand in it.
_COLUMNS: Final = {
    "Level": ("level",),
    "Step": (),
    "When": ("basis", "days", "boundary"),
    "Channel": ("channel", "also"),
}
#: The other keys of a step as they are told in the column With; a key that asks for nothing is left out.
_WITH: Final = {
    "fee": "fee {}",
    "fee_percent": "fee {} %",
    "interest": "interest {}",
    "approve": "approval {}",
    "minimum": "only items from {}",
    "min_items": "only from {} items",
    "min_total": "only from {} in all",
    "attach": "with {}",
    "template": "words {}",
    "to": "to {}",
    "final": "last step {}",
}
_UNSAID: Final = frozenset({"", "no", "none", "0", "not set"})

policy_app = typer.Typer(help="A credit policy: shown as a table, checked, compared.", no_args_is_help=True)

Source = Annotated[
    str, typer.Argument(metavar="POLICY", help=f"A file, {DEFAULT} (as shipped) or {IN_FORCE} (that of the stack).")
]


def policy_of(source: str, stack: str) -> Policy:
    """Return the policy that a word or a file's name means; say what is wrong and exit when it cannot be used."""
    if source == DEFAULT:
        return default_policy()
    if source == IN_FORCE:
        return target_of(stack).edge.policy()
    try:
        return parse_policy(Path(source).read_text(encoding="utf-8"), source)
    except OSError as error:
        raise fail(f"{source}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise fail(f"{source}: expected UTF-8, found another byte at offset {error.start}", 1) from None
    except PolicyErrors as errors:
        for problem in errors.problems:
            err.print(Text(f"{source}: {problem}", style="red"), soft_wrap=True)
        raise typer.Exit(1) from None


# --- show -----------------------------------------------------------------------------------------------------------
@policy_app.command()
def show(source: Source = IN_FORCE, stack: Stack = "", as_json: Json = False) -> None:
    """Show a policy as a table; what differs from the shipped defaults is marked with a star."""
    policy = policy_of(source, stack)
    if as_json:
        print_json(policy_data(policy))
    else:
        print_policy(policy)


def policy_data(policy: Policy) -> dict[str, Any]:
    """A policy as JSON data: each key with its value as text and, where it differs, the shipped one."""
    shipped = _values(default_policy())
    rows: list[dict[str, str]] = []
    for row in policy_rows(policy):
        usual = shipped.get((row.section, row.key))
        shown = {"section": row.section, "key": row.key, "value": row.value}
        rows.append(shown if usual == row.value else {**shown, "shipped": usual or ""})
    return {
        "policy": policy.name,
        "version": policy.version,
        "defaults_version": policy.defaults_version,
        "keys": rows,
        "when": {
            f"scenario.{scenario.name}.step.{step.name}": when_text(step)
            for scenario in policy.scenarios.values()
            for step in scenario.steps
        },
        "warnings": list(policy.warnings),
    }


def _values(policy: Policy) -> dict[tuple[str, str], str]:
    return {(row.section, row.key): row.value for row in policy_rows(policy)}


def print_policy(policy: Policy) -> None:
    """Print scenarios with their steps, categories, then the other sections."""
    values, shipped = _values(policy), _values(default_policy())
    marked = {key for key, value in values.items() if shipped.get(key) != value}
    out.print(
        Text(f"{policy.creditor.name}: policy {policy.name}, version {policy.version}", style="bold"), soft_wrap=True
    )
    out.print(Text(f"{MARK} differs from the shipped defaults ({len(marked)} of {len(values)} keys)"))
    for scenario in policy.scenarios.values():
        out.print(_scenario_table(policy, scenario, values, marked))
        out.print(_key_lines(f"scenario.{scenario.name}", values, marked))
    out.print(_categories(policy, values, marked))
    out.print(_sections(values, shipped, marked))
    for warning in policy.warnings:
        err.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)


Values = dict[tuple[str, str], str]
Marked = set[tuple[str, str]]


def _scenario_table(policy: Policy, scenario: Scenario, values: Values, marked: Marked) -> Table:
    title = f"Scenario {scenario.name}: {_who(policy, scenario.name)}"
    if not scenario.steps:
        return full_table("Nobody is chased", title=title)
    table = full_table(*_COLUMNS, "With", title=title)
    for step in scenario.steps:
        table.add_row(*_step_cells(scenario, step, values, marked))
    return table


def _who(policy: Policy, scenario: str) -> str:
    """Whom a scenario is for, beside those who name it."""
    names = [one.name for one in policy.risk.categories if (one.scenario or "standard") == scenario]
    found = [f"category {', '.join(names)}"] if names else []
    if scenario == "standard":
        found.append("customers without a category")
    return " and ".join(found) or "customers that name it"


def _step_cells(scenario: Scenario, step: Step, values: Values, marked: Marked) -> list[Text]:
    section = f"scenario.{scenario.name}.step.{step.name}"
    words = {key: value for (where, key), value in values.items() if where == section}
    changed = {key for where, key in marked if where == section}
    is_new = len(changed) == len(words)  # the shipped policy has no such step
    changed = set() if is_new else changed
    channels = " + ".join(one.replace("_", " ") for one in (step.channel, *step.also))
    texts = {"Level": words["level"], "Step": step.name, "When": when_text(step), "Channel": channels}
    cells = [
        _marked(texts[name], bool(changed & set(keys)) or (is_new and name == "Step"))
        for name, keys in _COLUMNS.items()
    ]
    more = [
        _marked(told.format(words[key]), key in changed)
        for key, told in _WITH.items()
        if key in changed or _said(words[key])
    ]
    return [*cells, Text("\n").join(more)]


def _said(value: str) -> str:
    return "" if value in _UNSAID else value


def _marked(text: str, differs: bool) -> Text:
    return Text(f"{text or 'none'}{MARK}", style="bold") if differs else Text(text)


def _key_lines(section: str, values: Values, marked: Marked) -> Text:
    """The keys of a scenario beside its steps, without those that ask for nothing."""
    parts = []
    for (where, key), value in values.items():
        differs = (where, key) in marked
        if where == section and key != "step" and (differs or _said(value)):
            parts.append(f"{key.replace('_', ' ')}: {value}{MARK if differs else ''}")
    return Text(" · ".join(parts) + "\n")


def _categories(policy: Policy, values: Values, marked: Marked) -> Table:
    keys = ("max_score", "terms_days", "limit", "scenario", "security", "review_days")
    titles = ("Category", "Score up to", "Days to pay", "Limit", "Scenario", "Security", "Review every")
    columns = [Column(name, overflow="fold", no_wrap=name == "Security") for name in titles]
    table = Table(*columns, title="Risk categories", title_justify="left")
    for category in policy.risk.categories:
        section = f"risk.categories.{category.name}"
        cells = [(values[section, key], (section, key) in marked) for key in keys]
        table.add_row(category.name, *(_marked(text if text == "0" else _said(text), is_own) for text, is_own in cells))
    return table


def _sections(values: Values, shipped: Values, marked: Marked) -> Table:
    columns = [
        Column("Section"),
        Column("Key", no_wrap=True),
        *(Column(name, overflow="fold") for name in ("Value", "Shipped")),
    ]
    table = Table(*columns, title="All else", title_justify="left")
    by_section: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for (section, key), value in values.items():
        by_section[section].append((key, value))
    for section in (*PLAIN_SECTIONS, "risk", "risk.hold"):
        for number, (key, value) in enumerate(by_section[section]):
            differs = (section, key) in marked
            usual = shipped[section, key] if differs else ""
            table.add_row("" if number else section, key, _marked(value, differs), usual)
    return table


# --- check ----------------------------------------------------------------------------------------------------------
@policy_app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy as TOML.")], as_json: Json = False
) -> None:
    """Check a policy as its upload would: what is wrong or doubtful, by line and key. Exit 1 if it cannot be used."""
    from duly.formats.read import read_file, to_json

    try:
        result = read_file(file.name, file.read_bytes(), kind="policy")
    except OSError as error:
        raise fail(f"{file}: {error.strerror}") from None
    if as_json:
        print_json(to_json(result, str(file)))
    else:
        for one in result.rejects:
            where = f"line {one.line}, " if one.line else ""
            out.print(Text(f"{file}: {where}{one.field}: {one.reason}", style="red"), soft_wrap=True)
        for note in result.notes:
            out.print(Text(f"{file}: {note}", style="yellow"), soft_wrap=True)
        if not result.rejects:
            out.print(Text(f"{file}: can be used"), soft_wrap=True)
    raise typer.Exit(1 if result.rejects else 0)


# --- diff -----------------------------------------------------------------------------------------------------------
@policy_app.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help=f"A file, {DEFAULT} or {IN_FORCE}.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    ledger: Annotated[
        Path | None, typer.Option("--ledger", help="A folder of customers, invoices and bank files.")
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", help="The day of the notices; left out: tomorrow.")] = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Compare two policies key by key; with --ledger, --stack or --as-of also what would change for whom on a day."""
    a, b = policy_of(before, stack), policy_of(after, stack)
    found = differences(a, b)
    day, changes = _changes(before, after, ledger, as_of, stack) if ledger or as_of or stack else (None, None)
    if as_json:
        keys = [{"key": one.key, "a": one.before, "b": one.after} for one in found]
        more = {} if day is None else {"day": day.isoformat(), "customers": changes}
        print_json({"a": _named(a), "b": _named(b), "keys": keys, **more})
        return
    table = full_table("Key", f"A: {a.name}", f"B: {b.name}")
    for one in found:
        table.add_row(*(Text(text) for text in (one.key, one.before, one.after)))
    out.print(table if found else "The two policies say the same.")
    if day is not None and changes is not None:
        print_changes(day, changes)


def _named(policy: Policy) -> dict[str, str]:
    return {"policy": policy.name, "version": policy.version}


def _changes(before: str, after: str, ledger: Path | None, as_of: str, stack: str) -> tuple[date, list[dict[str, Any]]]:
    """A day and what it brings under each of two policies, for the customers for whom it is not the same, by number. A
    ledger in files is read under the first one."""
    from cli.preview import outlooks, rehearsal_of
    from duly.flows.rehearsal import Rehearsal

    first = rehearsal_of(as_of, ledger, before, stack)
    second = Rehearsal(first.base, first.day, policy_of(after, stack))
    found = {one.account.id: (one, [_told(one)]) for one in outlooks(first, err)}
    for one in outlooks(second, err):
        found[one.account.id][1].append(_told(one))
    changed = [
        {"account": account, "customer": one.account.header.customer or account, "a": told[0], "b": told[1]}
        for account, (one, told) in found.items()
        if told[0] != told[1]
    ]
    return first.day, sorted(changed, key=lambda one: str(one["customer"]))


def _told(outlook: Outlook) -> dict[str, Any]:
    """What a day brings for one customer, as JSON data."""
    return {
        "notices": [
            {
                "level": notice.claim.level,
                "step": notice.claim.step,
                "channel": notice.claim.channel,
                "currency": notice.claim.currency,
                "total": format_minor(notice.total_minor, notice.claim.currency),
                "items": [part.item for part in notice.claim.items],
                "approval": notice.is_proposal,
            }
            for notice in outlook.notices
        ],
        "gates": sorted({skip.gate for skip in outlook.skipped}),
        "tasks": sorted(outlook.tasks),
    }


def print_changes(day: date, changes: list[dict[str, Any]]) -> None:
    """Print what changes for whom."""
    table = full_table("Customer", "A", "B")
    for one in changes[:MAX_SHOWN]:
        table.add_row(Text(one["customer"]), *(Text(_in_words(one[side])) for side in ("a", "b")))
    if not changes:
        out.print(f"{day:%A}, {day}, would bring the same under both.")
        return
    out.print(Text(f"What would change on {day:%A}, {day}:"), soft_wrap=True)
    out.print(table)
    if len(changes) > MAX_SHOWN:
        out.print(f"... and {len(changes) - MAX_SHOWN} more customers")


def _in_words(told: dict[str, Any]) -> str:
    lines = []
    for one in told["notices"]:
        count = f"{len(one['items'])} item{'' if len(one['items']) == 1 else 's'}"
        words = f"level {one['level']}, {one['step']}, {one['channel'].replace('_', ' ')}, {count}"
        lines.append(f"{words}, {one['total']} {one['currency']}{', once approved' if one['approval'] else ''}")
    lines += [f"passed over: {gate}" for gate in told["gates"]]
    lines += [f"task: {kind}" for kind in told["tasks"] if kind != "call"]  # a call stands among the notices
    return "\n".join(lines) or "nothing is due"
