"""What waits for a person, from the terminal: the open tasks of all accounts, and closing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.deciding import Account, decide
from cli.screen import At, By, Json, Stack, fail, full_table, out, print_json, target_of

app = typer.Typer(help="Open tasks: calls, letters, approvals, replies to read; and closing one.")


def add_to(parent: typer.Typer) -> None:
    """Make the commands known under `duly tasks`."""
    parent.add_typer(app, name="tasks", invoke_without_command=True)


@app.callback()
def listed(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="Only tasks of this kind, such as call.")] = "",
    due: Annotated[str, typer.Option(help="Only tasks due by this day, such as 2026-03-31.")] = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """List the open tasks, the longest due first."""
    if context.invoked_subcommand is not None:
        return
    try:
        until = date.fromisoformat(due) if due else None
    except ValueError:
        raise fail(f"--due: expected a day such as 2026-03-31, found {due!r}") from None
    found = tasks_data(target_of(stack), kind, until)
    if as_json:
        print_json(found)
    else:
        print_tasks(found)


@app.command()
def show(
    account: Account,
    task: Annotated[str, typer.Argument(metavar="TASK", help="Its id, as the list shows it.")],
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Show one task; of a call what to say, with the account's figures of now."""
    found = task_data(target_of(stack), account, task)
    if as_json:
        print_json(found)
        return
    out.print(Text(f"{found['kind']}, {found['state']}, opened {found['opened']}, due {found['due'] or 'at once'}"))
    for line in (found["detail"], found["document"], found["script"]):
        if line:
            out.print(Text(line))


@app.command()
def close(
    account: Account,
    task: Annotated[str, typer.Argument(metavar="TASK", help="Its id, as the list shows it.")],
    by: By,
    result: Annotated[str, typer.Option(help="What came of it; it stands in the journal.")] = "done",
    proof: Annotated[str, typer.Option(help="Of a letter: what shows that it was posted.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Close a task that was done. A notice is approved or discarded, and a call has a result, instead."""
    facts = {"task": task, "result": result, "by": by} | ({"proof": proof} if proof else {})
    decide(stack, at, as_json, "Closed", action="close_task", account=account, **facts)


def task_data(target: Any, account_id: str, task_id: str) -> dict[str, Any]:
    """Return one task as JSON data, with the document that it is about or the script of its call."""
    from duly.domain.upkeep import today_of
    from duly.flows.notices import document_key
    from duly.flows.scripts import call_script
    from duly.runtime import clock

    first = target.edge.accounts.load(account_id, [("tasks", task_id)])
    task = first.tasks.get(task_id)
    if task is None:
        raise fail(f"{account_id} has no task {task_id}", 1)
    account = target.edge.accounts.load(account_id, [("tasks", task_id), ("notices", task.about)])
    notice = account.notices.get(task.about)
    if notice is not None:
        items = [("items", part.item) for part in notice.items]
        account = target.edge.accounts.load(account_id, [("tasks", task_id), ("notices", task.about), *items])
    policy = target.edge.policy()
    today = today_of(account, policy, clock.now(False, None))
    is_written = notice is not None and task.kind in ("post_letter", "hand_over")
    return {
        "account": account_id,
        "task": task.key,
        "kind": task.kind,
        "state": task.state,
        "opened": task.opened.isoformat(),
        "due": task.due.isoformat() if task.due else "",
        "about": task.about,
        "detail": task.detail,
        "document": document_key(account_id, notice.key, notice.channel) if notice and is_written else "",
        "script": call_script(account, task, policy, today) if task.kind == "call" else "",
    }


def tasks_data(target: Any, kind: str, until: date | None) -> list[dict[str, Any]]:
    """Return the open tasks as JSON data, the longest due first; those of no account without one."""
    from duly.flows.report import all_tasks, names_of

    lines = [one for one in all_tasks(target.edge.table, target.edge.stack.tasks()) if kind in ("", one.kind)]
    lines = [one for one in lines if until is None or (one.due or one.opened) <= until]
    names = names_of(target.edge.table, (one.account for one in lines if one.account))
    return [
        {
            "account": one.account,
            "name": names.get(one.account, ""),
            "task": one.task,
            "kind": one.kind,
            "opened": one.opened,
            "due": one.due,
            "about": one.about,
            "detail": one.detail,
        }
        for one in lines
    ]


def print_tasks(lines: Sequence[Mapping[str, Any]]) -> None:
    """Print the open tasks as a table."""
    from duly.reports.words import words

    if not lines:
        out.print("No open tasks.")
        return
    table = full_table("Due", "What", "Account", "Task", "Detail", title="Open tasks")
    for line in lines:
        who = f"{line['name']} ({line['account']})" if line["name"] else line["account"] or "no account"
        table.add_row(
            str(line["due"] or line["opened"]), words(line["kind"]), Text(who), line["task"], Text(line["detail"])
        )
    out.print(table)
