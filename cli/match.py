"""`duly match`: payments of a bank file against a ledger in files, by the rules of the functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from cli.ledger_files import Ledger
from duly.domain.match_run import Proposed, Run, run_payments
from duly.domain.matching import REASONS, Payment
from duly.domain.money import format_minor
from duly.formats.read import read_file
from duly.formats.records import BankEntry

SHOW_PROGRESS_FROM = 2_000  # payments


class PaymentsError(Exception):
    """A file of payments that cannot be used."""


def read_payments(path: Path) -> tuple[list[Payment], list[str]]:
    """The entries of a bank file as payments, and what of it was rejected. Raises PaymentsError and OSError."""
    result = read_file(path.name, path.read_bytes(), kind="statement")
    rejects = [f"{path}: line {one.line}, {one.field}: {one.reason}" for one in result.rejects]
    entries = [entry for statement in result.statements for entry in statement.entries]
    if not entries and rejects:
        raise PaymentsError("\n".join(rejects))
    keys = _keys(entries)
    return [_payment(entry, key) for entry, key in zip(entries, keys, strict=True)], rejects


def _keys(entries: Sequence[BankEntry]) -> list[str]:
    """What an entry is called: its bank reference where no other has it, else its end-to-end id, else its line."""
    banks = Counter(entry.bank_reference for entry in entries)
    ends = Counter(entry.end_to_end_id for entry in entries)
    found = []
    for entry in entries:
        if entry.bank_reference and banks[entry.bank_reference] == 1:
            found.append(entry.bank_reference)
        elif entry.end_to_end_id and ends[entry.end_to_end_id] == 1 and entry.end_to_end_id != "NOTPROVIDED":
            found.append(entry.end_to_end_id)
        else:
            found.append(f"line {entry.line}")
    return found


def _payment(entry: BankEntry, key: str) -> Payment:
    return Payment(
        key,
        entry.amount_minor,
        entry.currency,
        entry.booked,
        entry.value,
        entry.counterparty_name,
        entry.counterparty_account,
        entry.remittance,
        entry.structured_reference,
        entry.end_to_end_id,
        entry.documents,
        entry.charges_minor,
        entry.reversal,
        entry.code,
    )


def run(ledger: Ledger, payments: Sequence[Payment], console: Console) -> Run:
    """Match all payments; a long run shows how far it is."""
    with Progress(console=console, disable=len(payments) < SHOW_PROGRESS_FROM, transient=True) as progress:
        task = progress.add_task("Matching", total=len(payments))
        return run_payments(ledger.index, payments, ledger.rules, tick=lambda: progress.advance(task))


# --- JSON
def as_data(found: Run, payments: Sequence[Payment]) -> dict[str, Any]:
    """The result as JSON data; amounts in the currency's decimals, confidence from 0 to 1."""
    currency = {one.key: one.currency for one in payments}
    return {
        "allocations": [
            {
                "payment": one.payment,
                **_invoice(one.item),
                "customer": one.account,
                "amount": format_minor(one.amount_minor, currency[one.payment]),
                "currency": currency[one.payment],
                "confidence": one.confidence_permille / 1_000,
                "reasons": list(one.reasons),
            }
            for one in found.allocations
        ],
        "unapplied": [
            {"payment": key, "customer": account, "amount": format_minor(amount, unit), "currency": unit}
            for key, account, amount, unit in found.unapplied
        ],
        "settled": [
            {
                "payment": payment.key,
                **_invoice(one.item),
                "customer": one.account,
                "kind": one.kind,
                "amount": format_minor(one.amount_minor, payment.currency),
                "currency": payment.currency,
            }
            for payment, one in found.settled
        ],
        "proposals": [_proposal(one) for one in found.proposals],
        "suspense": [
            {
                "payment": payment.key,
                "amount": format_minor(payment.amount_minor, payment.currency),
                "currency": payment.currency,
                "reason": matching.reason,
                "candidates": list(matching.candidates),
            }
            for payment, matching in found.suspense
        ],
        "ignored": [{"payment": one.key, "reason": "money_out"} for one in found.ignored],
    }


def _invoice(key: str) -> dict[str, Any]:
    number, _, part = key.rpartition("#")
    return {"invoice": number, "instalment": int(part)} if number and part.isdecimal() else {"invoice": key}


def _proposal(one: Proposed) -> dict[str, Any]:
    first, *others = (_choice(one, at) for at in range(len(one.choices)))
    unit = one.payment.currency
    amount = format_minor(one.payment.amount_minor, unit)
    return {"payment": one.payment.key, "amount": amount, "currency": unit, **first, "alternatives": others}


def _choice(one: Proposed, at: int) -> dict[str, Any]:
    placement, pairs = one.choices[at]
    unit = one.payment.currency
    settle = [
        {"kind": each.kind, **_invoice(each.item), "amount": format_minor(each.amount_minor, unit)}
        for each in placement.settle
    ]
    return {
        "confidence": placement.confidence_permille / 1_000,
        "reasons": list(placement.reasons),
        "customers": [share.account for share in placement.shares],
        "allocations": [{**_invoice(key), "amount": format_minor(amount, unit)} for key, amount in pairs],
        **({"settle": settle} if settle else {}),
    }


# --- for people
def print_run(console: Console, found: Run, payments: Sequence[Payment]) -> None:
    """Tables of what was booked, what a person should look at, and what nobody knows."""
    by_key = {one.key: one for one in payments}
    if found.allocations:
        table = Table("Payment", "Invoice", "Amount", "Sure", "Because", title="Booked", title_justify="left")
        for one in found.allocations:
            unit = by_key[one.payment].currency
            table.add_row(
                Text(one.payment),
                Text(one.item),
                f"{format_minor(one.amount_minor, unit)} {unit}",
                _percent(one.confidence_permille),
                _words(one.reasons),
            )
        console.print(table)
    for key, account, amount, unit in found.unapplied:
        console.print(Text(f"Unapplied: {format_minor(amount, unit)} {unit} of {key}, customer {account}"))
    for payment, rest in found.settled:
        amount_text = f"{format_minor(rest.amount_minor, payment.currency)} {payment.currency}"
        console.print(Text(f"Settled: {amount_text} of {rest.item}, {rest.kind.replace('_', ' ')}, by {payment.key}"))
    if found.proposals:
        console.print(_proposal_table(found.proposals))
    if found.suspense:
        table = Table("Payment", "Amount", "Why", "May be of", title="Suspense", title_justify="left")
        for payment, matching in found.suspense:
            amount_text = f"{format_minor(payment.amount_minor, payment.currency)} {payment.currency}"
            table.add_row(
                Text(payment.key), amount_text, REASONS[matching.reason], Text(", ".join(matching.candidates))
            )
        console.print(table)
    booked = {one.payment for one in found.allocations} | {key for key, *_ in found.unapplied}
    console.print(
        f"{len(payments)} payments: {len(booked)} booked, {len(found.proposals)} proposed, "
        f"{len(found.suspense)} in suspense, {len(found.ignored)} not money received"
    )


def _proposal_table(proposals: Sequence[Proposed]) -> Table:
    table = Table("Payment", "Amount", "Would pay", "Sure", "Because", title="To confirm", title_justify="left")
    for one in proposals:
        unit = one.payment.currency
        for at, (placement, pairs) in enumerate(one.choices):
            what = ", ".join(f"{key} {format_minor(amount, unit)}" for key, amount in pairs)
            what = what or "on account of " + ", ".join(share.account for share in placement.shares)
            table.add_row(
                Text(one.payment.key if at == 0 else "  or"),
                f"{format_minor(one.payment.amount_minor, unit)} {unit}" if at == 0 else "",
                Text(what),
                _percent(placement.confidence_permille),
                _words(placement.reasons),
            )
    return table


def _percent(permille: int) -> str:
    return f"{permille / 10:.1f} %"


def _words(reasons: Sequence[str]) -> str:
    return " ".join(REASONS[one] for one in reasons)
