"""What became of the money in the demonstration, and the documents that finance gets of it: pages and files of
out/demo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from duly.domain.identity import PROVISIONAL
from duly.domain.match_model import REASONS
from duly.domain.transaction import Transaction
from duly.reports.words import exact

if TYPE_CHECKING:
    from duly.flows.edge import Edge
    from local.business import Business

STATEMENTS = 3  # customers whose statement of account is written: those with the most movements of money
BOOKS = ("hledger", "beancount", "csv")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment that came in: what the bank said of it and what became of it."""

    state: Transaction
    payer: str
    text: str


def receipts_of(edge: Edge, transactions: Iterable[Transaction]) -> list[Receipt]:
    """Return the money that came in or is announced, oldest first, with what the bank said of it."""
    found = []
    for state in transactions:
        if state.amount_minor > 0 and state.state != "ignored":
            personal = edge.transactions.personal(state.key, state.personal)
            text = personal.get("structured_reference") or personal.get("text", "")
            found.append(Receipt(state, personal.get("name", ""), text))
    return sorted(found, key=lambda one: (one.state.booked or date.min, one.state.key))


def cash_body(receipts: Sequence[Receipt], business: Business) -> str:
    """The page's content below its navigation."""
    parts = [
        _section("To confirm", "Less certain than the policy asks for: finance confirms, changes or refuses it.",
                 [one for one in receipts if _kind(one) == "proposed"], business),
        _section("In suspense", "Nothing leads to one customer. Whoever it could belong to is not reminded meanwhile.",
                 [one for one in receipts if _kind(one) == "suspense"], business),
        _section("Announced by the bank", "It changes no balance until a statement has it.",
                 [one for one in receipts if _kind(one) == "announced"], business),
        _section("Booked by finance", "Confirmed or assigned by a person; the payer is known from then on.",
                 [one for one in receipts if _kind(one) == "person"], business),
        _section("Booked by itself", "Two kinds of evidence agree whose money it is.",
                 [one for one in receipts if _kind(one) == "booked"], business),
    ]  # fmt: skip
    return (
        "<h1>Cash</h1>"
        '<p class="lead">Every payment, where it went and why. The books and statements of account above are made from '
        "the same journals.</p>" + "".join(parts)
    )


def _kind(one: Receipt) -> str:
    state = one.state
    if state.standing == PROVISIONAL:
        return "announced"
    if state.state == "routed":
        return "person" if state.reason == "person" else "booked"
    return state.state


def _section(title: str, lead: str, receipts: Sequence[Receipt], business: Business) -> str:
    if not receipts:
        return ""
    lines = "".join(_line(one, business) for one in receipts)
    heading = f"<h2>{escape(title)}: {len(receipts)}</h2>"
    return f'{heading}<p class="lead2">{escape(lead)}</p><ul class="story">{lines}</ul>'


def _line(one: Receipt, business: Business) -> str:
    state = one.state
    best = state.placements[0] if state.placements and state.state == "proposed" else None
    shares = best.shares if best else state.shares
    reasons = best.reasons if best else state.reasons
    sure = best.confidence_permille if best else state.confidence_permille
    chip = f'<span class="chip {"refer" if best else "approve"}">{sure / 10:.1f} %</span>' if sure else "<span></span>"
    places = "; ".join(
        f"{_name(business, share.account)}{': ' + ', '.join(share.names) if share.names else ', on account'}"
        for share in shares
    )
    if not places and state.candidates:
        places = "could be of " + ", ".join(_name(business, account) for account in state.candidates)
    why = " ".join(REASONS[code] for code in reasons if code in REASONS) or (
        REASONS.get(state.reason, "") if state.state == "suspense" else ""
    )
    said = f"{one.payer or 'no payer named'}: {one.text or 'no text'}"
    return (
        f"<li><time>{f'{state.booked:%d %b}' if state.booked else ''}</time>{chip}<div>"
        f'<div class="head"><b>{escape(places or "not placed")}</b>'
        f'<span class="sum">{state.currency} {exact(state.amount_minor, state.currency)}</span></div>'
        f'<p>{escape(said)}</p><p class="soft">{escape(why)}</p></div></li>'
    )


def _name(business: Business, account: str) -> str:
    known = business.customer_by_id.get(account)
    return known.name if known else account


def write_documents(folder: Path, edge: Edge, receipts: Sequence[Receipt], last: date) -> list[str]:
    """Write the books in each form and the statements of account of some customers; return the files' names."""
    from duly.flows.export import export
    from duly.flows.statements_of_account import rendered, told
    from duly.reports.books import FORMATS

    names = []
    books = export(edge)
    for form in BOOKS:
        names.append(f"books.{'journal' if form == 'hledger' else form}")
        (folder / names[-1]).write_bytes(FORMATS[form][2](books))
    paid: dict[str, int] = {}
    for share in (share for one in receipts for share in one.state.shares):
        paid[share.account] = paid.get(share.account, 0) + 1
    for account in sorted(paid, key=lambda one: (-paid[one], one))[:STATEMENTS]:
        names.append(f"statement-{account}.pdf")
        (folder / names[-1]).write_bytes(rendered(told(edge, account, last), "pdf"))
    return names
