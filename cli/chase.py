"""Persons' decisions about the chase, from the terminal: holds, moves, promises, plans, approvals, calls, hand-overs.

Each goes through the disputes function, as a button of the dashboard does. Explained in docs/promises-and-plans.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.deciding import Account, decide
from cli.screen import At, By, Json, Stack, fail, target_of

if TYPE_CHECKING:
    from duly.domain.account import Account as State

Invoices = Annotated[list[str], typer.Argument(metavar="INVOICE...")]
SomeInvoices = Annotated[list[str] | None, typer.Argument(metavar="[INVOICE]...", help="None: the whole account.")]
Level = Annotated[int, typer.Option("--to", help="Level of the scenario.", min=0)]
Why = Annotated[str, typer.Option("--reason", help="Why; it stands in the journal.")]
Note = Annotated[str, typer.Option("--reason", help="Why, or what was said; it stands in the journal.")]
Stage = Annotated[str, typer.Option(help="The step it is at there: a code such as goods_receipt.")]
Contact = Annotated[str, typer.Option(help="Who has it there: the id of a contact, of `duly account --json`.")]


def hold(
    account: Account,
    by: By,
    until: Annotated[str, typer.Option(help="The last day, such as 2026-03-31.")],
    reason: Why,
    invoices: SomeInvoices = None,
    at_customer: Annotated[
        bool, typer.Option("--at-customer", help="They wait at the customer for a release; look again on that day.")
    ] = False,
    stage: Stage = "",
    contact: Contact = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Do not chase these invoices, or the whole account, until the end of a day."""
    facts: dict[str, Any] = {"items": invoices or [], "until": until, "reason": reason, "by": by}
    if at_customer:
        facts |= {"kind": "customer_approval", "stage": stage, "contact": contact}
    elif stage or contact:
        raise fail("--stage and --contact go with --at-customer")
    decide(stack, at, as_json, "Held", action="hold", account=account, **facts)


def release(
    account: Account,
    by: By,
    invoices: SomeInvoices = None,
    hold_id: Annotated[str, typer.Option("--hold", help="One hold by its id, of `duly account`.")] = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """End holds: of these invoices, of one id, or all of the account."""
    facts = {"items": invoices or [], "hold": hold_id, "reason": reason or "person", "by": by}
    decide(stack, at, as_json, "Released", action="release", account=account, **facts)


def skip(
    account: Account,
    invoices: Invoices,
    to_level: Level,
    reason: Why,
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Let invoices go on at a higher level than the one they reached, on the day of that step."""
    facts = {"items": invoices, "to_level": to_level, "reason": reason, "by": by}
    decide(stack, at, as_json, "Moved", action="skip", account=account, **facts)


def step_back(
    account: Account,
    invoices: Invoices,
    to_level: Level,
    reason: Why,
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Let invoices go on at the level they reached, or at a lower one, which is said again."""
    facts = {"items": invoices, "to_level": to_level, "reason": reason, "by": by}
    decide(stack, at, as_json, "Moved", action="step_back", account=account, **facts)


def reissue(
    account: Account,
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="Its id, as `duly account` shows it.")],
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say again what a notice said that did not arrive, or of which nobody knows whether it went out."""
    decide(stack, at, as_json, "Said again soon", action="reissue", account=account, notice=notice, by=by)


def promise(
    account: Account,
    by: By,
    invoices: SomeInvoices = None,
    date: Annotated[str, typer.Option(help="The day by which it is to be paid, such as 2026-03-31.")] = "",
    amount: Annotated[str, typer.Option(help="So much, such as 12.30; else all that is open of them.")] = "",
    cancel: Annotated[str, typer.Option(help="Id of a promise that should not be there; with --reason.")] = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Take down what a customer promised, or cancel that. Cash alone says whether it was kept."""
    if cancel:
        decide(
            stack,
            at,
            as_json,
            "Cancelled",
            action="cancel_promise",
            account=account,
            promise=cancel,
            reason=reason,
            by=by,
        )
        return
    facts = {"items": invoices or [], "date": date, "amount": amount, "reason": reason, "by": by}
    decide(stack, at, as_json, "Promised", action="promise", account=account, **facts)


def plan(
    account: Account,
    by: By,
    invoices: SomeInvoices = None,
    instalment: Annotated[
        list[str] | None, typer.Option(metavar="DAY=AMOUNT", help="Such as 2026-03-31=120.00; repeat it.")
    ] = None,
    cancel: Annotated[str, typer.Option(help="Id of a plan that ends; with --reason.")] = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Agree a payment plan for invoices of one currency: instalments that are together what is open of them."""
    if cancel:
        facts: dict[str, Any] = {"plan": cancel, "reason": reason, "by": by}
        decide(stack, at, as_json, "Cancelled", action="cancel_plan", account=account, **facts)
        return
    parts = [one.partition("=") for one in instalment or ()]
    wrong = next((one for one, (_, sign, _) in zip(instalment or (), parts, strict=True) if not sign), None)
    if wrong is not None:
        raise fail(f"--instalment: expected DAY=AMOUNT such as 2026-03-31=120.00, found {wrong!r}")
    instalments = [{"due": day, "amount": amount} for day, _, amount in parts]
    facts = {"items": invoices or [], "instalments": instalments, "reason": reason, "by": by}
    decide(stack, at, as_json, "Agreed", action="plan", account=account, **facts)


Approval = Annotated[str, typer.Argument(metavar="[APPROVAL]", help="Its id, or the beginning; none: the only one.")]


def approve(
    account: Account,
    by: By,
    approval: Approval = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Approve a proposed notice: it is decided anew and goes out at the next contact opening, now if it is open."""
    key = _only(stack, account, approval, "proposed notice", lambda state: _keys(state, "approvals"))
    decide(stack, at, as_json, "Approved", action="approve", account=account, approval=key, reason=reason, by=by)


def discard(
    account: Account,
    by: By,
    approval: Approval = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Discard a proposed notice: its step does not count, and it is proposed again on the next day."""
    key = _only(stack, account, approval, "proposed notice", lambda state: _keys(state, "approvals"))
    decide(stack, at, as_json, "Discarded", action="discard", account=account, approval=key, reason=reason, by=by)


def call(
    account: Account,
    code: Annotated[
        str,
        typer.Argument(
            metavar="RESULT",
            help="voicemail, unreachable, invoice_not_received, awaiting_approval, dispute, in_payment_run, paid, "
            "promise.",
        ),
    ],
    by: By,
    invoices: Annotated[list[str] | None, typer.Argument(metavar="[INVOICE]...", help="None: all of the call.")] = None,
    task: Annotated[str, typer.Option(help="The call's id, or its beginning; else the only one.")] = "",
    date: Annotated[str, typer.Option(help="Of the promise, payment, payment run, or next look.")] = "",
    amount: Annotated[str, typer.Option(help="Of the promise or dispute, when it is only about a part.")] = "",
    stage: Stage = "",
    contact: Contact = "",
    reason: Annotated[str, typer.Option(help="What was said; of a dispute its code, such as price.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say what came of a call: it closes the call's task and does what that result means."""
    key = _only(
        stack, account, task, "call", lambda state: [one.key for one in state.live("tasks") if one.kind == "call"]
    )
    facts = {"date": date, "amount": amount, "stage": stage, "contact": contact, "reason": reason}
    given: dict[str, Any] = {name: value for name, value in facts.items() if value}
    if invoices:
        given["items"] = invoices
    decide(stack, at, as_json, "Noted", action="call_result", account=account, task=key, code=code, by=by, **given)


def handover(
    account: Account,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="collected, returned or uncollectable.")],
    by: By,
    handover_id: Annotated[str, typer.Option("--id", help="Its id, or the beginning; else the only one.")] = "",
    reason: Note = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Say what became of invoices that an agency, lawyer or insurer has."""
    key = _only(stack, account, handover_id, "hand-over", lambda state: _keys(state, "handovers"))
    facts = {"handover": key, "outcome": outcome, "reason": reason, "by": by}
    decide(stack, at, as_json, "Noted", action="handover_outcome", account=account, **facts)


def _keys(state: State, kind: str) -> list[str]:
    """What waits for a decision: of approvals those that nobody answered yet."""
    return [one.key for one in state.live(kind) if one.state in ("asked", "open")]


def _only(stack: str, account: str, given: str, what: str, keys: Callable[[State], list[str]]) -> str:
    """Return the one open thing of this kind that begins as given; say so and exit when there is none, or several."""
    found = [key for key in keys(target_of(stack).edge.accounts.load(account)) if key.startswith(given)]
    if len(found) == 1:
        return found[0]
    named = f" that begins with {given}" if given else ""
    if not found:
        raise fail(f"no open {what}{named} on the account {account}", 1)
    raise fail(f"{len(found)} open {what}s{named} on the account {account}: {', '.join(found)}", 1)


COMMANDS = (hold, release, skip, step_back, reissue, promise, plan, approve, discard, call, handover)
