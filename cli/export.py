"""`duly export`: the books of a stack for an accountant, and the proof that they agree with the accounts."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli.screen import Stack, err, fail, target_of
from duly.domain.money import format_minor

FORMATS = ("csv", "hledger", "beancount")


def export(
    start: Annotated[str, typer.Option("--from", help="First day; what was before is one opening entry.")] = "",
    end: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    form: Annotated[str, typer.Option("--format", help="csv, hledger or beancount.")] = "csv",
    file: Annotated[Path | None, typer.Option("--out", help="Write it here instead of printing it.")] = None,
    stack: Stack = "",
) -> None:
    """Write the stack's journals as double-entry bookkeeping. Exit 1 if they do not agree with the accounts."""
    from duly.flows.export import ExportTooLarge
    from duly.flows.export import export as export_books
    from duly.reports.books import FORMATS as WRITERS

    if form not in FORMATS:
        raise fail(f"--format: expected one of {', '.join(FORMATS)}, found {form!r}")
    days = [_day(option, text) for option, text in (("--from", start), ("--to", end))]
    target = target_of(stack)
    try:
        with err.status("Reading the journals"):
            found = export_books(target.edge, *days)
        data = WRITERS[form][2](found)
        if file is None:
            sys.stdout.write(data.decode())
        else:
            file.write_bytes(data)
    except ExportTooLarge as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{file}: {error.strerror}") from None
    for proof in found.proofs:
        code = proof.currency
        amounts = [format_minor(minor, code) for minor in (proof.receivables_minor, proof.open_minor)]
        credits = [format_minor(minor, code) for minor in (proof.credit_minor, proof.unapplied_minor)]
        err.print(
            Text(
                f"{code}: receivables {amounts[0]} in the books, {amounts[1]} open on the accounts; customers' credit "
                f"{credits[0]} in the books, {credits[1]} unapplied on the accounts"
            ),
            soft_wrap=True,
        )
    what = "the books agree with the accounts" if found.holds else "the books do NOT agree with the accounts"
    err.print(Text(f"{len(found.entries)} entries: {what}"), soft_wrap=True)
    raise typer.Exit(0 if found.holds else 1)


def _day(option: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise fail(f"{option}: expected a day such as 2026-03-31, found {text!r}") from None
