"""Money that waits for a person, from the terminal: what is proposed for it, and the decision that places it.

Each decision goes through the reconcile function, as a button of the dashboard does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli.screen import At, By, Json, Stack, fail, moment_of, out, print_json, target_of

if TYPE_CHECKING:
    from cli.target import Target

SHOWN = 8  # characters of an id in tables; commands take the beginning of one
WHOLE = 24  # characters of an id

app = typer.Typer(help="Money that waits: proposals to confirm or refuse, and suspense to assign.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The payment, or the beginning of its id.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]
Invoices = Annotated[list[str] | None, typer.Argument(metavar="[INVOICE[=AMOUNT]]...", help="None: unapplied.")]


def add_to(parent: typer.Typer) -> None:
    """Make the commands known under `duly cash`."""
    parent.add_typer(app, name="cash", invoke_without_command=True)


@app.callback()
def listed(context: typer.Context, stack: Stack = "", as_json: Json = False) -> None:
    """List the money that waits, the oldest first: what is proposed for it and how sure that is, suspense, and what a
    bank has only announced."""
    if context.invoked_subcommand is not None:
        return
    found = _waiting(target_of(stack))
    if as_json:
        print_json(found)
        return
    _print_proposals(found["proposals"])
    _print_suspense(found["suspense"])
    _print_announced(found["announced"])
    for name, amounts in found["totals"].items():
        if amounts:
            parts = ", ".join(f"{currency} {amount}" for currency, amount in amounts.items())
            out.print(Text(f"{name.capitalize()}: {parts}"), soft_wrap=True)


@app.command()
def show(payment: Id, stack: Stack = "", as_json: Json = False) -> None:
    """Show one payment: every place proposed for it with the reasons, or where it is."""
    target = target_of(stack)
    data = payment_data(target, whole_id(target, payment))
    if data is None:
        raise fail(f"no payment {payment}", 1)
    if as_json:
        print_json(data)
    else:
        print_payment(data)


@app.command()
def confirm(
    payment: Id,
    by: By,
    choice: Annotated[int, typer.Option(min=0, help="Which of the places proposed: 0 is the best one.")] = 0,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Book a payment where it was proposed; the payer's bank account and name are learned from it."""
    _decide(stack, at, as_json, payment, {"action": "confirm_match", "choice": choice, "by": by})


@app.command()
def refuse(payment: Id, by: By, at: At = "", stack: Stack = "", as_json: Json = False) -> None:
    """Say that none of the places proposed is right: the payment goes to suspense, those customers' chase goes on."""
    _decide(stack, at, as_json, payment, {"action": "refuse_match", "by": by})


@app.command()
def assign(
    payment: Id,
    account: Account,
    by: By,
    invoices: Invoices = None,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Book a payment that waits on an account, for these invoices in this order, each with at most its AMOUNT."""
    facts = {"action": "assign", "account": account, "items": items_of(invoices or ()), "by": by}
    _decide(stack, at, as_json, payment, facts)


@app.command()
def reassign(
    payment: Id,
    account: Account,
    by: By,
    reason: Annotated[str, typer.Option(help="Why it moves; it stands in the journal.")],
    invoices: Invoices = None,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Move a payment that is booked already; what was learned of its payer from it alone is taken back."""
    facts = {"action": "reassign", "account": account, "items": items_of(invoices or ()), "reason": reason, "by": by}
    _decide(stack, at, as_json, payment, facts)


@app.command("take-back")
def take_back(
    reversal: Id,
    payment: Annotated[str, typer.Argument(metavar="PAYMENT", help="Id of the payment that came back.")],
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say which payment came back with a reversal that does not tell: its invoices are open again."""
    _decide(stack, at, as_json, reversal, {"action": "take_back", "payment": payment, "by": by})


def items_of(given: Sequence[str]) -> list[str | dict[str, str]]:
    """Return invoices as a decision takes them: `RE-1`, or `RE-1=12.30` with the most that goes to it."""
    parts = [one.rpartition("=") for one in given]
    return [{"invoice": number, "amount": amount} if sign else amount for number, sign, amount in parts]


# --- reading
def whole_id(target: Target, payment: str) -> str:
    """Return the whole id of a payment that waits; an id that is whole, or that nothing begins with, as it is."""
    if len(payment) >= WHOLE:
        return payment
    found = _waiting(target)
    ids = [line["transaction"] for part in ("proposals", "suspense", "announced") for line in found[part]]
    matching = [one for one in ids if one.startswith(payment)]
    if len(matching) > 1:
        raise fail(f"{len(matching)} payments begin with {payment}", 1)
    return matching[0] if matching else payment


def _waiting(target: Target) -> dict[str, Any]:
    from duly.flows.continuity import banks
    from duly.flows.report import waiting_money
    from duly.reports.cash import waiting_data

    return waiting_data(*waiting_money(target.edge.table, banks(target.edge)))


def payment_data(target: Target, payment: str) -> dict[str, Any] | None:
    """Return one payment as JSON data, None when there is none of this id."""
    from duly.flows.report import names_of, of_transaction
    from duly.reports.cash import booked_data

    state = target.edge.transactions.load(payment).state
    if not state.key:
        return None
    personal = target.edge.transactions.personal(payment, state.personal)
    return booked_data(state, personal, names_of(target.edge.table, of_transaction(state)))


# --- printing
def _print_proposals(lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines:
        out.print("Nothing to confirm.")
        return
    table = Table("Payment", "Amount", "Payer and text", "Would go to", "Sure", "Why", title="To confirm")
    for line in lines:
        best = line["placements"][0]
        others = len(line["placements"]) - 1
        more = f"\n(or {others} other place{'s' if others > 1 else ''})" if others else ""
        table.add_row(
            *_payment(line),
            Text(best["where"] + more),
            f"{best['confidence_percent']} %",
            Text(" ".join(best["words"])),
        )
    out.print(table)


def _print_suspense(lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines:
        out.print("Nothing in suspense.")
        return
    table = Table("Payment", "Amount", "Payer and text", "Why it waits", "Could belong to", title="In suspense")
    for line in lines:
        table.add_row(*_payment(line), line["words"], _candidates(line))
    out.print(table)


def _print_announced(lines: Sequence[Mapping[str, Any]]) -> None:
    if not lines:
        return
    table = Table("Payment", "Amount", "Payer and text", "Account", "What of it", "Could belong to", title="Announced")
    for line in lines:
        style = "red" if line["unconfirmed"] else ""
        table.add_row(*_payment(line), line["bank"], Text(line["words"], style=style), _candidates(line))
    out.print(table)


def _payment(line: Mapping[str, Any]) -> tuple[str, str, Text]:
    """The cells of a payment: its id with its day, the amount, the payer with the text."""
    said = f"\n{line['text']}" if line["text"] else ""
    money = f"{line['amount']} {line['currency']}"
    return f"{line['transaction'][:SHOWN]}\n{line['booked']}", money, Text((line["payer"] or "no name") + said)


def _candidates(line: Mapping[str, Any]) -> Text:
    who = [f"{one['name']} ({one['account']})" if one["name"] else one["account"] for one in line["candidates"]]
    return Text(", ".join(who) or "nobody known")


def print_payment(data: Mapping[str, Any]) -> None:
    """Print a payment with every place that is proposed for it, or where it is."""

    def say(text: str) -> None:
        out.print(Text(text), soft_wrap=True)

    say(f"{data['transaction']}: {data['amount']} {data['currency']}, booked {data['booked']}")
    say(f"  from {data['payer'] or 'no name'}")
    if data["text"]:
        say(f"  text: {data['text']}")
    say(f"  {data['state']}: {data['words']}{', by ' + data['by'] if data['by'] else ''}")
    for share in data["shares"]:
        names = ", ".join(share["invoices"]) or "on account"
        say(f"  {share['amount']} on {share['name'] or share['account']} ({share['account']}): {names}")
    for choice, place in enumerate(data["placements"]):
        say(f"  choice {choice}, {place['confidence_percent']} % sure: {place['where']}")
        for sentence in place["words"]:
            say(f"      {sentence}")
    for one in data["candidates"]:
        say(f"  could belong to {one['name'] or one['account']} ({one['account']})")


# --- deciding
def _decide(stack: str, at: str, as_json: bool, payment: str, request: Mapping[str, Any]) -> None:
    from cli.target import NoStack

    stated = moment_of(at)
    target = target_of(stack)
    try:
        transaction = whole_id(target, payment)
        moment = stated or _present(target, transaction)
        facts = {"type": "decision", **request, "transaction": transaction, "time": moment}
        answer = target.invoke("ReconcileFunction", facts)
    except NoStack as error:
        raise fail(str(error), 1) from None
    if as_json:
        print_json(answer)
    elif answer.get("ok"):
        places = ", ".join(answer["accounts"])
        done = "Taken back." if "left" in answer else "Refused: it is in suspense."
        out.print(Text(f"Booked on {places}." if places else done), soft_wrap=True)
    if not answer.get("ok"):
        raise fail(f"{answer.get('code')}: {answer.get('error')}", 1)


def _present(target: Target, transaction: str) -> str:
    """The moment of a decision: on the local stack, where days are played, a minute after the payment's last entry."""
    if not target.edge.is_local:
        return ""
    entries = target.edge.transactions.history(transaction)
    return (entries[-1].at + timedelta(minutes=1)).isoformat() if entries else ""
