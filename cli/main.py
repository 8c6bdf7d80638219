"""The `duly` command: files, the local stack and a deployed one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from cli import cash, chase, credit, deciding, money, tasks
from cli.charge import charge
from cli.export import export
from cli.policy import policy_app
from cli.preview import preview
from cli.screen import At, By, Json, Stack, err, fail, out, print_json, target_of
from cli.simulate import simulate, test
from cli.statement import statement
from cli.template import template_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Credit control that runs itself: reads files as the functions do, plays the demo, inspects a stack.",
)
disputes_app = typer.Typer(help="Open disputes, and the decision that resolves one.")
app.add_typer(disputes_app, name="disputes", invoke_without_command=True)
app.add_typer(policy_app, name="policy")
app.add_typer(template_app, name="template")


def need_emulator() -> None:
    """Say what to do when this environment was made for files and deployed stacks alone (`make setup`)."""
    if find_spec("ministack") is None:
        raise fail("the local stack needs the emulator, which `make setup` leaves out; use `make demo` or `make up`")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Where mails, report and summary go.")] = Path("out/demo"),
    days: Annotated[int, typer.Option(help="Days to play, 70 to 366.", min=70, max=366)] = 91,
    seed: Annotated[int, typer.Option(help="Another business with another seed.")] = 7,
    as_json: Json = False,
) -> None:
    """Play a quarter of a small business on the local stack. Exit 0 only if the run's audit is clean."""
    need_emulator()
    from cli.run_demo import run_demo
    from local.emulator import LocalStackError

    try:
        summary = run_demo(folder, days=days, seed=seed, console=err)
    except LocalStackError as error:
        raise fail(str(error), 1) from None
    if as_json:
        print_json(summary)
    else:
        from cli.demo import summary_table

        out.print(summary_table(summary))
        out.print(f"Everything it left behind: {folder / 'index.html'}")
    raise typer.Exit(0 if summary["audit"] == "clean" else 1)


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port of the page on loopback; 0 takes a free one.")] = 8700,
    empty: Annotated[bool, typer.Option("--empty", help="Start without the demo's customers and invoices.")] = False,
    as_json: Json = False,
) -> None:
    """Keep the local stack running with a page to try it: mailbox, next day, files, report."""
    need_emulator()
    from cli.run_up import run_up
    from local.emulator import LocalStackError

    try:
        run_up(port=port, empty=empty, console=err if as_json else out, as_json=as_json)
    except LocalStackError as error:
        raise fail(str(error), 1) from None
    except OSError as error:
        raise fail(f"the page cannot listen on port {port}: {error.strerror}", 1) from None


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files of customers, invoices, statements, or a policy.")],
    as_json: Json = False,
    profile: Annotated[Path | None, typer.Option(help="A mapping profile (TOML): names of columns, forms.")] = None,
) -> None:
    """Read files exactly as the functions would. Exit 1 if anything was rejected."""
    from duly.formats.problems import FileProblem
    from duly.formats.profile import NO_PROFILE, read_profile
    from duly.formats.read import read_file, to_json

    rejected = False
    try:
        mapping = read_profile(profile.read_bytes(), profile.name) if profile else NO_PROFILE
    except OSError as error:
        raise fail(f"{profile}: {error.strerror}") from None
    except FileProblem as problem:
        raise fail(f"{profile}: {problem.reason}") from None
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise fail(f"{path}: {error.strerror}") from None
        result = read_file(_name_of(path), data, profile=mapping)
        rejected = rejected or bool(result.rejects)
        if as_json:
            sys.stdout.write(json.dumps(to_json(result, str(path)), ensure_ascii=False) + "\n")
            continue
        good = result.rows_in - len(result.rejected_rows)
        out.print(
            Text(f"{path}: {result.kind}, {result.format}, {good} good, {len(result.rejects)} rejected"), soft_wrap=True
        )
        for note in result.notes:
            out.print(Text(f"  {note}"), soft_wrap=True)
        for one in result.rejects:
            reason = Text(f"  line {one.line}, {one.field}: {one.code}: {one.reason}", style="yellow")
            out.print(reason, soft_wrap=True)
    raise typer.Exit(1 if rejected else 0)


@app.command()
def match(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="LEDGER... PAYMENTS", help="Scenarios, tables or folders; last, a bank file."),
    ],
    as_json: Json = False,
) -> None:
    """Match the payments of a bank file with a ledger in files: what is booked, proposed, or nobody's.

    Ledgers are scenario files (JSON, TOML), tables of customers and invoices, e-invoices, a policy, or folders of them.
    Exit code 1: a row was rejected (it is named); 2: a file cannot be used. Explained in docs/matching.md.
    """
    from cli.ledger_files import LedgerError, read_ledger
    from cli.match import PaymentsError, as_data, print_run, read_payments, run

    if len(files) < 2:
        raise fail("expected at least two files: LEDGER... PAYMENTS")
    *ledgers, bank_file = files
    try:
        ledger = read_ledger(ledgers)
        payments, rejects = read_payments(bank_file)
    except (LedgerError, PaymentsError) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    found = run(ledger, payments, err)
    rejects = [*ledger.rejects, *rejects]
    for reject in rejects:
        err.print(Text(reject, style="yellow"), soft_wrap=True)
    if as_json:
        print_json(as_data(found, payments))
    else:
        print_run(out, found, payments)
    raise typer.Exit(1 if rejects else 0)


def _name_of(path: Path) -> str:
    """The name under which a file is read: a profile is told by the folder that it would be uploaded to."""
    from duly.formats.profile_toml import PROFILES

    whole = path.as_posix()
    return whole[whole.index(PROFILES) :] if PROFILES in whole else path.name


@app.command()
def backtest(
    history: Annotated[Path, typer.Argument(help="CSV: customer,invoice,issued,due,amount,currency,paid_on,disputed.")],
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="Score invoices issued from here.")],
    predictions: Annotated[Path | None, typer.Option(help="Write invoice,probability_late here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the calibration plot (SVG) here.")] = None,
    shipped: Annotated[bool, typer.Option("--shipped", help="Do not learn from the part before --from.")] = False,
    as_json: Json = False,
) -> None:
    """Score each invoice of a history at its issue date, from what was known then, and judge the predictions."""
    from cli.backtest import as_data, print_result, run, write_predictions
    from cli.calibration_plot import calibration_svg
    from cli.history import HistoryError

    try:
        found = run(history, start.date(), err, learn=not shipped)
        if predictions:
            write_predictions(predictions, found)
        if plot and found.quality:
            plot.write_text(calibration_svg(found.quality), encoding="utf-8")
    except HistoryError as error:
        for one in error.problems:
            err.print(
                Text(f"{history}: line {one.line}{', ' if one.field else ''}{one.field}: {one.reason}", style="red")
            )
        raise typer.Exit(2) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise fail(f"{history}: {error}") from None
    if as_json:
        print_json(as_data(found))
    else:
        print_result(out.print, found)


@app.command()
def audit(
    stack: Stack = "",
    canonical: Annotated[bool, typer.Option("--canonical", help="Print the balances alone, as JSON.")] = False,
    as_json: Json = False,
) -> None:
    """Rebuild every account from its journal, compare, and find every row and cent of every upload. Exit 1 if not."""
    from duly.flows import audit as auditing

    target = target_of(stack)
    if canonical:
        print_json(auditing.canonical(target.edge))
        return
    with err.status("Auditing") as status:
        report = auditing.audit(
            target.edge, datetime.now(UTC), lambda what, count: status.update(f"Auditing {what}: {count}")
        )
    if as_json:
        print_json(
            {
                "clean": report.is_clean,
                "accounts": report.accounts,
                "transactions": report.transactions,
                "uploads": report.uploads,
                "journal_entries": report.journal_entries,
                "problems": [{"code": one.code, "about": one.about, "text": one.text} for one in report.problems],
            }
        )
    else:
        out.print(
            f"{report.accounts} accounts, {report.transactions} bank transactions, {report.uploads} uploads, "
            f"{report.journal_entries} journal entries: {'clean' if report.is_clean else 'NOT clean'}"
        )
        for one in report.problems:
            out.print(Text(f"  {one.code}: {one.about}: {one.text}", style="red"))
    raise typer.Exit(0 if report.is_clean else 1)


@app.command()
def account(
    account_id: Annotated[str, typer.Argument(metavar="ID", help="Customer id or account id.")],
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Show an account: what is open, and what happened and why."""
    from cli.show_account import account_data, print_account

    target = target_of(stack)
    data = account_data(target.edge, account_id)
    if data is None:
        raise fail(f"no account {account_id}", 1)
    if as_json:
        print_json(data)
    else:
        print_account(out, data)


@app.command()
def uploads(
    limit: Annotated[int, typer.Option(help="At most this many files.", min=1, max=200)] = 25,
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """List the latest files, newest first, and how far those are that are still in work."""
    from cli.show_uploads import print_uploads, uploads_data

    target = target_of(stack)
    found = uploads_data(target.edge, datetime.now(UTC), limit)
    if as_json:
        print_json(found)
    else:
        print_uploads(out, found)


@app.command()
def bank(
    limit: Annotated[int, typer.Option(help="At most this many statements of each account.", min=1, max=1500)] = 25,
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Show the statements of each bank account, whether they follow each other, and what is missing."""
    from cli.show_bank import bank_data, print_bank

    found = bank_data(target_of(stack).edge, limit)
    if as_json:
        print_json(found)
    else:
        print_bank(out, found)


@disputes_app.callback()
def disputes(context: typer.Context, stack: Stack = "", as_json: Json = False) -> None:
    """List open disputes, oldest deadline first."""
    if context.invoked_subcommand is not None:
        return
    from duly.flows.report import open_disputes

    target = target_of(stack)
    lines = open_disputes(target.edge.table)
    if as_json:
        print_json(
            [
                {
                    "account": line.account,
                    "dispute": line.dispute,
                    "reason": line.reason,
                    "invoices": list(line.invoices),
                    "deadline": line.deadline,
                }
                for line in lines
            ]
        )
        return
    table = Table("Account", "Dispute", "Reason", "Invoices", "Answer by")
    for line in lines:
        table.add_row(line.account, line.dispute, line.reason, ", ".join(line.invoices), str(line.deadline))
    out.print(table if lines else "No open disputes.")


@disputes_app.command()
def resolve(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    dispute: Annotated[str, typer.Argument(metavar="DISPUTE")],
    outcome: Annotated[str, typer.Option(help="accepted, partly, rejected or withdrawn.")],
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Resolve a dispute through the disputes function; the chase resumes where the policy says."""
    facts = {"account": account_id, "dispute": dispute, "outcome": outcome, "by": by}
    deciding.decide(stack, at, as_json, "Resolved", action="resolve_dispute", **facts)


@disputes_app.command()
def narrow(
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    dispute: Annotated[str, typer.Argument(metavar="DISPUTE")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What of its invoices is contested.")],
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say how much of its invoices a dispute contests: the rest is chased, when the policy wants that."""
    facts = {"account": account_id, "dispute": dispute, "amount": amount, "by": by}
    deciding.decide(stack, at, as_json, "Narrowed", action="narrow_dispute", **facts)


credit.add_to(app)
cash.add_to(app)
tasks.add_to(app)
app.command()(statement)
app.command()(export)
app.command()(preview)
app.command()(simulate)
app.command()(test)
app.command()(charge)
for decision in (deciding.complete, deciding.cancel, deciding.returned, *money.COMMANDS, *chase.COMMANDS):
    app.command()(decision)
