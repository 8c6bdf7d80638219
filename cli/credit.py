"""`duly credit`, `override`, `cover` and `order`: requests to the risk_check function, and its answers in words.

Exit code 0: approved (with or without conditions) or done; 1: referred or refused; 2: the request was not answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.screen import At, By, Json, Stack, fail, moment_of, out, print_json, target_of

COLOURS = {"approve": "green", "approve_with_conditions": "yellow", "refer": "dark_orange", "refuse": "red"}

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Customer id or account id.")]
Amount = Annotated[str, typer.Option(help="An amount such as 1200.00.")]
Currency = Annotated[str, typer.Option(help="Its currency; left out: the creditor's.")]
Until = Annotated[str, typer.Option(help="Last day on which it counts, such as 2026-04-30.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (credit, override, cover, order):
        app.command()(command)


def credit(
    customer: Customer,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="What the sale asks, such as 1200.00.")],
    currency: Currency = "",
    order: Annotated[str, typer.Option(help="Reserve the amount under this order id when it is approved.")] = "",
    until: Annotated[str, typer.Option(help="Last day of the order; left out: by the policy.")] = "",
    by: By = "",
    prospect: Annotated[bool, typer.Option("--prospect", help="CUSTOMER is a name nobody knows yet.")] = False,
    external_score: Annotated[
        int | None, typer.Option(help="A prospect's external score, 0 is best.", min=0, max=1000)
    ] = None,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Decide on a sale: may CUSTOMER buy for AMOUNT on credit? Exit 1 when not, or not without a person."""
    if external_score is not None and not prospect:
        raise fail("--external-score is for a --prospect; a customer's stands in the customer file")
    request: dict[str, Any] = {"amount": amount, "currency": currency, "order": order, "until": until, "by": by}
    if prospect:
        request["prospect"] = {} if external_score is None else {"external_score": external_score}
    answer = _ask("credit_check", request, "" if prospect else customer, at, stack, as_json)
    if not as_json:
        print_decision(out, answer, customer)
    raise typer.Exit(0 if answer["outcome"].startswith("approve") else 1)


def override(
    customer: Customer,
    by: By,
    until: Until = "",
    reason: Annotated[str, typer.Option(help="Why, in a few words; no personal data.")] = "",
    amount: Annotated[str, typer.Option(help="Lift the limit by so much only; left out: wholly.")] = "",
    currency: Currency = "",
    end: Annotated[str, typer.Option(help="End the override of this id instead.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Lift a customer's credit hold and limit until a day, or end that."""
    if end:
        answer = _ask("end_override", {"override": end, "by": by}, customer, at, stack, as_json)
    else:
        request = {"until": until, "reason": reason, "by": by, "amount": amount}
        request |= {"currency": currency} if amount else {}
        answer = _ask("override", request, customer, at, stack, as_json)
    _print_done(answer, as_json, f"Override {answer['override']}")


def cover(
    customer: Customer,
    cover_id: Annotated[str, typer.Argument(metavar="COVER", help="Your number of the policy, guarantee or deposit.")],
    by: By,
    kind: Annotated[str, typer.Option(help="insurance, guarantee or deposit.")] = "",
    amount: Amount = "",
    currency: Currency = "",
    until: Until = "",
    end: Annotated[bool, typer.Option("--end", help="End the cover instead.")] = False,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Set what stands behind a customer: credit insurance, a guarantee, a deposit; or end it."""
    if end:
        answer = _ask("end_cover", {"cover": cover_id, "by": by}, customer, at, stack, as_json)
    else:
        request = {"cover": cover_id, "kind": kind, "amount": amount, "currency": currency, "until": until, "by": by}
        answer = _ask("set_cover", request, customer, at, stack, as_json)
    _print_done(answer, as_json, f"Cover {cover_id}")


def order(
    customer: Customer,
    order_id: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number, as its invoices name it.")],
    amount: Amount = "",
    currency: Currency = "",
    until: Until = "",
    by: By = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel the order instead.")] = False,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Count an order as exposure without asking for a decision, or cancel one."""
    if cancel:
        answer = _ask("cancel_order", {"order": order_id, "by": by}, customer, at, stack, as_json)
    else:
        request = {"order": order_id, "amount": amount, "currency": currency, "until": until, "by": by}
        answer = _ask("place_order", request, customer, at, stack, as_json)
    _print_done(answer, as_json, f"Order {order_id}")


def _ask(kind: str, request: Mapping[str, Any], customer: str, at: str, stack: str, as_json: bool) -> dict[str, Any]:
    """Invoke risk_check and return its answer; exit with 2 when the request was refused or not answered."""
    from cli.target import NoStack
    from duly.flows.credit import CreditRefused, account_of

    stated = moment_of(at)
    target = target_of(stack)
    asked = {"type": kind, **({"customer": customer} if customer else {}), **request}
    if "amount" in asked and asked["amount"] and not asked.get("currency"):
        asked["currency"] = target.edge.policy().creditor.currency
    try:
        moment = stated or (target.present(account_of(target.edge, customer)) if customer else "")
        answer: dict[str, Any] = target.invoke("RiskCheckFunction", {**asked, "time": moment})
    except (NoStack, CreditRefused) as error:
        raise fail(str(error)) from None
    if as_json:
        print_json(answer)
    if not answer.get("ok"):
        raise fail(f"{answer.get('code')}: {answer.get('error')}")
    return answer


def _print_done(answer: Mapping[str, Any], as_json: bool, what: str) -> None:
    if not as_json:
        events = ", ".join(answer["events"]) or "nothing new"
        who = answer["customer"] or answer["account"]
        out.print(Text(f"{what} of {who}: {events}, version {answer['version']}."), soft_wrap=True)


def print_decision(console: Console, answer: Mapping[str, Any], name: str) -> None:
    """Print a decision: the outcome, why, what it asks, and the figures it was made on."""
    currency = answer["currency"]
    outcome = answer["outcome"].replace("_", " ")
    say = partial(console.print, soft_wrap=True)  # the terminal breaks lines, so that what is piped stays in one
    say(
        Text.assemble(
            (f"{outcome.upper()}", f"bold {COLOURS[answer['outcome']]}"),
            f"  {answer['amount']} {currency} to {answer['customer'] or name} on {answer['on']}",
        )
    )
    for title, part in (("because", "reasons"), ("only if", "conditions"), ("possible with", "offers")):
        for point in answer[part]:
            say(Text(f"  {title:<13} {point['words']}"))
    limit = f"limit {answer['limit']}, headroom {answer['headroom']}" if answer["limit"] else "no limit stated"
    parts = [f"{answer['open_invoices']} invoiced", f"{answer['open_orders']} ordered"]
    parts += [f"{answer['paid_ahead']} paid ahead"] if answer["paid_ahead"].strip("0.") else []
    say(Text(f"  exposure      {answer['exposure']} {currency} ({', '.join(parts)}), {limit}"))
    say(Text(f"  score         {answer['score']}, category {answer['category'] or 'none'}"))
    for words in answer["score_reasons"]:
        say(Text(f"                {words}"))
    security = f", security {answer['security'].replace('_', ' ')}" if answer["security"] else ""
    say(Text(f"  terms         {answer['terms_days']} days{security}"))
    if answer["order"]:
        kept = "reserved" if answer["reserved"] else "not reserved"
        say(Text(f"  order         {answer['order']} {kept}"))
