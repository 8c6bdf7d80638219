"""`duly preview`: the notices of a day as they would go out, in a folder. Nothing is sent, nothing is written anywhere
else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from cli.screen import Json, Stack, err, fail, full_table, out, print_json, target_of
from duly.domain.calendar import local_date
from duly.domain.money import format_minor
from duly.domain.policy import Policy
from duly.flows.rehearsal import Outlook, Planned, Rehearsal
from duly.mail.shown import shown_html

MAX_SHOWN: Final = 40  # lines that the terminal shows; the page and --json have all

Ledger = Annotated[
    Path | None, typer.Option("--ledger", help="A folder of customers, invoices and bank files instead of a stack.")
]


def preview(
    as_of: Annotated[str, typer.Option("--as-of", help="The day; left out: tomorrow.")] = "",
    ledger: Ledger = None,
    source: Annotated[
        str, typer.Option("--policy", help="Another policy: a file or default; left out: that of the stack or folder.")
    ] = "",
    folder: Annotated[Path, typer.Option("--out", help="Where the page and the messages go.")] = Path("out/preview"),
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Show the notices of a day as they would go out: a page, each mail, each letter. Nothing is claimed or sent."""
    from cli.preview_page import page

    rehearsal = rehearsal_of(as_of, ledger, source, stack)
    found = list(outlooks(rehearsal, err))
    try:
        written = write_messages(rehearsal, found, folder)
        data = preview_data(rehearsal, found, written)
        (folder / "index.html").write_text(page(data), encoding="utf-8")
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    if as_json:
        print_json(data)
        return
    print_preview(data)
    out.print(Text(f"The page: {folder / 'index.html'}"), soft_wrap=True)


def rehearsal_of(as_of: str, ledger: Path | None, source: str, stack: str) -> Rehearsal:
    """Return the rehearsal of a day over a ledger in files or a stack; say what is wrong and exit when it cannot be."""
    from cli.ledger_twin import LedgerError, ledger_stack, policy_in
    from cli.policy import policy_of

    policy = policy_of(source, stack) if source else None
    if ledger is None:
        edge = target_of(stack).edge
        if not as_of and edge.is_local:
            raise fail("the local stack plays days: say which one with --as-of")
        return Rehearsal(edge, _day(as_of, policy or edge.policy()), policy)
    try:
        policy = policy or policy_in(ledger)
        day = _day(as_of, policy)
        found = ledger_stack(ledger, policy, day, err)
    except LedgerError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    for reject in found.rejects:
        err.print(Text(reject, style="yellow"), soft_wrap=True)
    return Rehearsal(found.edge, day, policy)


def _day(text: str, policy: Policy) -> date:
    try:
        stated = date.fromisoformat(text) if text else None
    except ValueError:
        raise fail(f"--as-of: expected a day such as 2026-03-31, found {text!r}") from None
    return stated or local_date(datetime.now(UTC), policy.creditor.timezone) + timedelta(days=1)


def outlooks(rehearsal: Rehearsal, console: Console) -> Iterator[Outlook]:
    """Yield the outlook of each account with something open, with a progress bar."""
    accounts = rehearsal.accounts()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(f"{rehearsal.day}, policy {rehearsal.policy.name}", total=len(accounts))
        for one in rehearsal.outlooks(accounts):
            progress.advance(task)
            yield one


# --- the folder
def write_messages(rehearsal: Rehearsal, found: list[Outlook], folder: Path) -> dict[str, list[str]]:
    """Write what would be sent, each mail also as HTML and text; return the files' names by notice."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9][0-9][0-9]-*"):
        old.unlink()
    names: dict[str, list[str]] = {}
    number = 0
    for outlook in found:
        for notice in outlook.notices:
            number += 1
            stem = f"{number:04d}-{quote(outlook.account.id, safe='')}-{notice.claim.channel}"
            files = [part for key in notice.files for part in _files(stem, key, rehearsal.data(key))]
            for name, data in files:
                (folder / name).write_bytes(data)
            names[notice.claim.notice] = [name for name, _ in files]
    return names


def _files(stem: str, key: str, data: bytes) -> list[tuple[str, bytes]]:
    """What a key holds as files: a mail as HTML, text and as it is, anything else as it is."""
    ending = key.rpartition(".")[2]
    if ending != "eml":
        return [(f"{stem}.{ending}", data)]
    mail = message_from_bytes(data, policy=mail_policy)
    assert isinstance(mail, EmailMessage)
    found: list[tuple[str, bytes]] = []
    html, plain = shown_html(mail), mail.get_body(("plain",))
    if html:
        found.append((f"{stem}.html", html.encode()))
    if plain is not None:
        found.append((f"{stem}.txt", str(plain.get_content()).encode()))
    return [*found, (f"{stem}.eml", data)]


# --- as data
def preview_data(rehearsal: Rehearsal, found: list[Outlook], written: dict[str, list[str]]) -> dict[str, Any]:
    """The preview as JSON data, amounts in the currency's decimals. Names and addresses are those of the stack."""
    return {
        "as_of": rehearsal.day.isoformat(),
        "creditor": rehearsal.policy.creditor.name,
        "policy": rehearsal.policy.name,
        "version": rehearsal.policy.version,
        "closed": list(rehearsal.closed()),
        "accounts": len(found),
        "notices": [
            notice_data(one, notice, written.get(notice.claim.notice, [])) for one in found for notice in one.notices
        ],
        "tasks": [{**_who(one), "kind": kind} for one in found for kind in one.tasks],
        "skipped": [{**_who(one), "invoice": skip.item, "gate": skip.gate} for one in found for skip in one.skipped],
    }


def notice_data(outlook: Outlook, notice: Planned, files: list[str]) -> dict[str, Any]:
    """One notice as JSON data."""
    claim, account = notice.claim, outlook.account
    contacts = {one["id"]: one for one in account.personal.get("contacts", [])}
    reached = [contacts[contact] for contact in claim.contacts if contact in contacts]
    by_phone = claim.channel in ("sms", "call")
    return {
        **_who(outlook),
        "level": claim.level,
        "step": claim.step,
        "channel": claim.channel,
        "beside": bool(claim.main),
        "currency": claim.currency,
        "total": format_minor(notice.total_minor, claim.currency),
        "items": [
            {
                "invoice": part.item,
                "level": part.level,
                "due": account.items[part.item].due.isoformat() if part.item in account.items else "",
                "balance": format_minor(part.balance_minor, claim.currency),
            }
            for part in claim.items
        ],
        "recipients": [one.get("phone" if by_phone else "email", "") for one in reached]
        or ([claim.to] if claim.to else []),
        "approval": notice.is_proposal,
        "problem": notice.problem,
        "files": files,
    }


def _who(outlook: Outlook) -> dict[str, str]:
    account = outlook.account
    return {
        "account": account.id,
        "customer": account.header.customer or account.id,
        "name": account.personal.get("name", ""),
    }


# --- at the terminal
def print_preview(data: dict[str, Any]) -> None:
    """Print the notices and how often each gate passed something over."""
    notices = data["notices"]
    table = full_table("Customer", "Level", "Step", "Channel", "Items", title=f"Notices of {data['as_of']}")
    table.add_column("Total", justify="right")
    table.add_column("Note" if any(one["approval"] or one["problem"] for one in notices) else "")
    for one in notices[:MAX_SHOWN]:
        words = "to approve" if one["approval"] else one["problem"]
        customer = f"{one['name']} ({one['customer']})" if one["name"] else one["customer"]
        cells = (Text(customer), str(one["level"]), one["step"], one["channel"], str(len(one["items"])))
        table.add_row(*cells, f"{one['total']} {one['currency']}", words)
    out.print(table if notices else Text(f"No notices on {data['as_of']}."))
    if len(notices) > MAX_SHOWN:
        out.print(Text(f"... and {len(notices) - MAX_SHOWN} more"))
    counts: dict[str, int] = {}
    for skip in data["skipped"]:
        counts[skip["gate"]] = counts.get(skip["gate"], 0) + 1
    for gate, count in sorted(counts.items()):
        out.print(Text(f"passed over by {gate}: {count}"))
    for gate in data["closed"]:
        err.print(Text(f"the stack's gate {gate} is closed: nothing goes out until it opens", style="yellow"))
