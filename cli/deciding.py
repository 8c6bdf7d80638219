"""Finance's decisions from the terminal: each goes through the disputes function, as a button of the dashboard does."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import typer

from cli.screen import At, By, Json, Stack, fail, moment_of, out, print_json, target_of

Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]
Invoice = Annotated[str, typer.Argument(metavar="INVOICE")]


def decide(stack: str, at: str, as_json: bool, done: str = "Done", **request: Any) -> None:
    """Send a decision and print what it changed, after the word ``done``; exit when it is refused or not answered."""
    from cli.target import NoStack

    stated = moment_of(at)
    target = target_of(stack)
    try:
        moment = stated or target.present(request["account"])
        once = {"request_id": secrets.token_hex(8)}  # the client sends a request again when no answer comes
        answer = target.invoke("DisputesFunction", {"type": "decision", **request, **once, "time": moment})
    except NoStack as error:
        raise fail(str(error), 1) from None
    if as_json:
        print_json(answer)
    elif answer.get("ok"):
        events = ", ".join(answer["events"])
        out.print(f"{done}: {events} at version {answer['version']} of account {answer['account']}.")
    if not answer.get("ok"):
        raise fail(f"{answer.get('code')}: {answer.get('error')}", 1)


def complete(
    account: Account,
    by: By,
    name: Annotated[str, typer.Option(help="The customer's legal name; else as its invoices say.")] = "",
    email: Annotated[list[str] | None, typer.Option(help="Address for invoices and notices; may be repeated.")] = None,
    country: Annotated[str, typer.Option(help="ISO 3166 code of two letters.")] = "",
    language: Annotated[str, typer.Option(help="Language tag, such as de.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone, such as Europe/Berlin.")] = "",
    kind: Annotated[str, typer.Option(help="business, consumer or public.")] = "",
    vat_id: Annotated[str, typer.Option(help="VAT id.")] = "",
    scenario: Annotated[str, typer.Option(help="A scenario of the policy; else by category.")] = "",
    address: Annotated[str, typer.Option(help="Street or box; lines separated by line ends.")] = "",
    postcode: Annotated[str, typer.Option(help="Postal code.")] = "",
    city: Annotated[str, typer.Option(help="Town.")] = "",
    phone: Annotated[str, typer.Option(help="Telephone number of the first contact, such as +49 40 123456.")] = "",
    customer: Annotated[str, typer.Option("--id", help="Its number in your books, when the account has none.")] = "",
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Complete a provisional customer, as its row in a customer file would: from then on it is chased."""
    facts = {"id": customer, "name": name, "country": country, "language": language, "timezone": timezone}
    facts |= {"kind": kind, "vat_id": vat_id, "scenario": scenario}
    facts |= {"address": address, "postcode": postcode, "city": city, "phone": phone}
    given: dict[str, Any] = {key: value for key, value in facts.items() if value}
    if email:
        given["emails"] = email
    decide(stack, at, as_json, action="complete_customer", account=account, by=by, **given)


def cancel(
    account: Account,
    invoice: Invoice,
    reason: Annotated[str, typer.Option(help="Why it is not owed; it stands in the journal.")],
    by: By,
    at: At = "",
    stack: Stack = "",
    as_json: Json = False,
) -> None:
    """Cancel an invoice: it leaves the chase, and what paid it is free again."""
    decide(stack, at, as_json, action="cancel_invoice", account=account, item=invoice, reason=reason, by=by)


def returned(account: Account, invoice: Invoice, by: By, at: At = "", stack: Stack = "", as_json: Json = False) -> None:
    """Say that the direct debit or card payment for an invoice came back: the customer is chased for it now."""
    decide(stack, at, as_json, action="debit_returned", account=account, item=invoice, by=by)
