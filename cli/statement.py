"""`duly statement`: a customer's statement of account, and what differs from the customer's own list."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.screen import Json, Stack, err, fail, out, print_json, target_of
from duly.domain.money import format_minor
from duly.domain.open_items_list import DIFFERENCES, Comparison, compare
from duly.domain.statement_of_account import CurrencyStatement, StatementOfAccount
from duly.flows.edge import Edge
from duly.formats.open_items import OpenItemsList

FORMATS = ("table", "html", "pdf", "csv", "json")


def statement(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer id or account id.")],
    as_of: Annotated[str, typer.Option(help="The day at whose end it stands; left out: today.")] = "",
    start: Annotated[str, typer.Option("--from", help="First day of the movements; left out: all.")] = "",
    form: Annotated[str, typer.Option("--format", help="table, html, pdf, csv or json.")] = "table",
    file: Annotated[Path | None, typer.Option("--out", help="Write it here instead of printing it.")] = None,
    listed: Annotated[Path | None, typer.Option("--compare", help="The customer's own list, CSV or XLSX.")] = None,
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Print a customer's statement of account, or what differs from its own list (exit 1 when anything does)."""
    form = "json" if as_json else form
    if form not in FORMATS:
        raise fail(f"--format: expected one of {', '.join(FORMATS)}, found {form!r}")
    if listed is not None and form in ("pdf", "html"):
        raise fail("--compare gives a table, csv or json")
    if form == "pdf" and file is None:
        raise fail("a PDF needs --out FILE")
    edge = target_of(stack).edge
    if listed is not None:
        _compared(edge, account, _day("--as-of", as_of), listed, form, file)
        return
    _stated(edge, account, _day("--as-of", as_of), _day("--from", start), form, file)


def _day(option: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise fail(f"{option}: expected a day such as 2026-03-31, found {text!r}") from None


def _present_day(edge: Edge, account_id: str) -> date:
    """Today; on the local stack, where days are played, the day of the account's last entry."""
    from duly.domain.calendar import local_date
    from duly.flows.statements_of_account import last_day

    if edge.is_local:
        return last_day(edge, account_id)
    return local_date(datetime.now(UTC), edge.policy().creditor.timezone)


def _stated(edge: Edge, account: str, as_of: date | None, start: date | None, form: str, file: Path | None) -> None:
    from duly.flows import statements_of_account as flow
    from duly.formats.statement_table import statement_csv, statement_data

    try:
        account_id = flow.account_of(edge, account)
        view = flow.told(edge, account_id, as_of or _present_day(edge, account_id), start)
    except flow.StatementError as error:
        raise fail(f"{account}: {error}", 1) from None
    if form in ("pdf", "html"):
        _give(flow.rendered(view, form), file)
    elif form == "csv":
        _give(statement_csv(view.statement), file)
    elif form == "json":
        _json(statement_data(view.statement), file)
    else:
        print_statement(view.statement)


def _give(data: bytes, file: Path | None) -> None:
    if file is None:
        sys.stdout.write(data.decode())
        return
    try:
        file.write_bytes(data)
    except OSError as error:
        raise fail(f"{file}: {error.strerror}") from None
    err.print(Text(f"{file}: {len(data)} bytes"), soft_wrap=True)


def _json(data: Any, file: Path | None) -> None:
    import json

    if file is None:
        print_json(data)
    else:
        _give((json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode(), file)


def print_statement(told: StatementOfAccount) -> None:
    """Print movements, open items and unapplied money of each currency."""
    since = f" from {told.start}" if told.start else ""
    out.print(Text(f"Account {told.account}, customer {told.customer or 'unknown'}: as of {told.as_of}{since}"))
    for one in told.currencies:
        out.print(_movements(one))
        out.print(_open_items(one))
        amounts = {
            "due": one.due_minor,
            "not yet due": one.not_due_minor,
            "unapplied": -one.unapplied_minor,
            "balance": one.closing_minor,
        }
        out.print(
            Text(f"{one.currency}: " + ", ".join(f"{k} {format_minor(v, one.currency)}" for k, v in amounts.items()))
        )
    if not told.currencies:
        out.print("Nothing was ever on this account.")


def _movements(one: CurrencyStatement) -> Table:
    table = Table("Date", "What", "Document", "Due", title=f"Movements, {one.currency}")
    for name in ("Debit", "Credit", "Balance"):
        table.add_column(name, justify="right")
    table.add_row("", "opening balance", "", "", "", "", format_minor(one.opening_minor, one.currency))
    for line in one.lines:
        amounts = [
            format_minor(minor, one.currency) if minor else "" for minor in (line.debit_minor, line.credit_minor)
        ]
        document = line.number or " ".join(line.about)
        due = line.due.isoformat() if line.due else ""
        balance = format_minor(line.balance_minor, one.currency)
        table.add_row(line.on.isoformat(), line.kind.replace("_", " "), document, due, *amounts, balance)
    return table


def _open_items(one: CurrencyStatement) -> Table:
    table = Table("Invoice", "Issued", "Due", title=f"Open items, {one.currency}")
    for name in ("Overdue", "Amount", "Open"):
        table.add_column(name, justify="right")
    table.add_column("")
    for item in one.items:
        days = str(item.days_overdue) if item.days_overdue > 0 else ""
        amounts = [format_minor(minor, one.currency) for minor in (item.amount_minor, item.owed_minor)]
        table.add_row(item.title, item.issued.isoformat(), item.due.isoformat(), days, *amounts, ", ".join(item.marks))
    for money in one.unapplied:
        what = f"unapplied {money.kind.replace('_', ' ')} {money.number}".strip()
        table.add_row(what, money.on.isoformat(), "", "", "", format_minor(-money.amount_minor, one.currency), "")
    return table


# --- the customer's own list
def _compared(edge: Edge, account: str, as_of: date | None, path: Path, form: str, file: Path | None) -> None:
    from duly.domain.statement_of_account import statement as statement_of
    from duly.flows import statements_of_account as flow
    from duly.reports.comparison import comparison_csv, comparison_data

    policy = edge.policy()
    theirs = _read(path, policy.creditor.currency)
    try:
        account_id = flow.account_of(edge, account)
        found = flow.known(edge, account_id, policy)
    except flow.StatementError as error:
        raise fail(f"{account}: {error}", 1) from None
    told = statement_of(found.account, found.history, as_of or _present_day(edge, account_id))
    comparison = compare(found.account, told, theirs.items)
    if form == "csv":
        _give(comparison_csv(comparison), file)
    elif form == "json":
        _json(comparison_data(comparison), file)
    else:
        print_comparison(comparison)
    raise typer.Exit(0 if comparison.agrees and not theirs.rejects else 1)


def _read(path: Path, currency: str) -> OpenItemsList:
    from duly.formats.open_items import read_open_items
    from duly.formats.problems import FileProblem

    try:
        found = read_open_items(path.name, path.read_bytes(), currency)
    except OSError as error:
        raise fail(f"{path}: {error.strerror}") from None
    except FileProblem as problem:
        raise fail(f"{path}: {problem.reason}") from None
    for one in found.rejects:
        err.print(Text(f"{path}: line {one.line}, {one.field}: {one.reason}", style="yellow"), soft_wrap=True)
    return found


def print_comparison(found: Comparison) -> None:
    """Print what differs, why, and the sums."""
    from duly.reports.comparison import evidence_text

    table = Table("Number", "Theirs", "What", title=f"Account {found.account} and its own list, {found.as_of}")
    for name in ("Ours", "Theirs", "Difference"):
        table.add_column(name, justify="right")
    for line in found.lines:
        amounts = [format_minor(minor, line.currency) for minor in (line.ours_minor, line.theirs_minor)]
        why = [DIFFERENCES[line.code], *(evidence_text(one, line.currency) for one in line.evidence)]
        notes = f" ({', '.join(note.replace('_', ' ') for note in line.notes)})" if line.notes else ""
        table.add_row(
            line.number,
            line.their_number if line.their_number != line.number else "",
            "; ".join(why) + notes,
            *amounts,
            f"{format_minor(line.difference_minor, line.currency)} {line.currency}",
        )
    out.print(table)
    for code, (ours, theirs) in found.sums.items():
        amounts = [format_minor(minor, code) for minor in (ours, theirs, theirs - ours)]
        out.print(Text(f"{code}: ours {amounts[0]}, theirs {amounts[1]}, difference {amounts[2]}"))
