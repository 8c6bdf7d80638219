"""Finance's decisions about money on an account, from the terminal: each goes through the disputes function."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.deciding import Account, Invoice, decide
from cli.screen import At, By, Json, Stack

Payment = Annotated[str, typer.Argument(metavar="PAYMENT", help="Id of the payment (its transaction).")]
Amount = Annotated[str, typer.Option(help="So much, such as 12.30; else all that is open.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the journal.")]


def write_off(
    account: Account,
    invoice: Annotated[str, typer.Argument(metavar="INVOICE", help="Its number; with --undo the id of a write-off.")],
    by: By,
    amount: Amount = "",
    reason: Reason = "",
    kind: Annotated[str, typer.Option(help="write_off, bank_fee, discount, tolerance or deduction.")] = "write_off",
    undo: Annotated[bool, typer.Option("--undo", help="Take a write-off back: what it settled is open again.")] = False,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Write off what is open of an invoice, or a part of it; it shrinks when money comes after all."""
    if undo:
        decide(stack, at, as_json, "Undone", action="undo_write_off", account=account, adjustment=invoice, by=by)
        return
    facts = {"item": invoice, "amount": amount, "reason": reason or kind, "kind": kind, "by": by}
    decide(stack, at, as_json, action="write_off", account=account, **facts)


def refund(
    account: Account,
    payment: Payment,
    by: By,
    amount: Amount = "",
    reason: Reason = "",
    undo: Annotated[str, typer.Option(help="Id of a refund that did not happen: the money is here again.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Note that unapplied money went back to the customer. No money is moved by this."""
    if undo:
        facts = {"transaction": payment, "refund": undo, "by": by}
        decide(stack, at, as_json, "Undone", action="undo_refund", account=account, **facts)
        return
    facts = {"transaction": payment, "amount": amount, "reason": reason, "by": by}
    decide(stack, at, as_json, action="refund", account=account, **facts)


def exchange(
    account: Account,
    payment: Payment,
    invoice: Invoice,
    by: By,
    into: Annotated[str, typer.Option(help="Amount in the invoice's currency.")] = "",
    rate: Annotated[str, typer.Option(help="Units of the invoice's currency for one of the payment's.")] = "",
    amount: Amount = "",
    undo: Annotated[str, typer.Option(help="Id of an exchange to take back.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Let unapplied money of one currency pay an invoice in another, at a rate that you state."""
    if undo:
        facts = {"transaction": payment, "exchange": undo, "by": by}
        decide(stack, at, as_json, "Undone", action="undo_exchange", account=account, **facts)
        return
    facts = {"transaction": payment, "item": invoice, "amount": amount, "into": into, "rate": rate, "by": by}
    decide(stack, at, as_json, action="exchange", account=account, **facts)


def deduction(
    account: Account,
    invoice: Invoice,
    by: By,
    reason: Annotated[str, typer.Option(help="Code of the customer's reason, such as short_delivery or price.")],
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say that a short payment has a reason: the rest of the invoice is disputed, and not chased."""
    decide(stack, at, as_json, action="deduction", account=account, item=invoice, reason=reason, by=by)


def waive(
    account: Account,
    invoice: Invoice,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it stands in the journal.")],
    kind: Annotated[str, typer.Option(help="costs or interest; else both.")] = "",
    amount: Amount = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Let a customer off costs or interest that were demanded with an invoice."""
    facts = {"item": invoice, "kind": kind, "amount": amount, "reason": reason, "by": by}
    decide(stack, at, as_json, action="waive_charges", account=account, **facts)


COMMANDS = (write_off, refund, exchange, deduction, waive)
