"""Money that waits for a person, in words and as data: what is proposed for it, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from duly.domain.match_model import REASONS, Placement
from duly.domain.money import format_minor
from duly.domain.transaction import Transaction
from duly.flows.report import AnnouncedLine, ProposalLine, Report, SuspenseLine, Waiting
from duly.formats.export import csv_text
from duly.mail.local_forms import one_line
from duly.reports.words import exact, tenths, words

CASH_HEADER = (
    "transaction",
    "state",
    "booked",
    "amount",
    "currency",
    "choice",
    "accounts",
    "invoices",
    "confidence_percent",
    "reasons",
)
MAX_NUMBERS = 6  # invoices named of one share
_SETTLED_AS = {"discount": "cash discount", "tolerance": "tolerance", "bank_fee": "bank charge"}

Name = Callable[[str], str]


def sentences(placement: Placement) -> list[str]:
    """Why the money could belong there, one sentence for each reason."""
    return [REASONS.get(code, words(code)) for code in placement.reasons]


def where(placement: Placement, currency: str, name: Name) -> str:
    """Where the money would go: customers with their invoices, of several also the amounts, and what is let go."""
    parts = []
    for share in placement.shares:
        numbers = ", ".join(one_line(key) for key in share.names[:MAX_NUMBERS])
        more = f" and {len(share.names) - MAX_NUMBERS} more" if len(share.names) > MAX_NUMBERS else ""
        amount = f" {exact(share.amount_minor, currency)}" if len(placement.shares) > 1 else ""
        parts.append(f"{name(share.account)}{amount}: {numbers + more or 'on account'}")
    for one in placement.settle:
        parts.append(f"{exact(one.amount_minor, currency)} as {_SETTLED_AS.get(one.kind, words(one.kind))}")
    return "; ".join(parts)


def percent(placement: Placement) -> str:
    return f"{tenths(placement.confidence_permille)} %"


def waiting_data(waiting: Waiting, names: Mapping[str, str]) -> dict[str, Any]:
    """Everything that waits, as JSON data. Amounts in machine form; placements in the order of ``--choice``."""
    return {
        "proposals": [proposal_data(line, names) for line in waiting.proposals],
        "suspense": [suspense_data(line, names) for line in waiting.suspense],
        "announced": [announced_data(line, names) for line in waiting.announced],
        "totals": {
            "proposed": _amounts(waiting.proposed_minor),
            "suspense": _amounts(waiting.suspense_minor),
            "announced": _amounts(waiting.announced_minor),
        },
    }


def proposal_data(line: ProposalLine, names: Mapping[str, str]) -> dict[str, Any]:
    placements = [placement_data(one, line.currency, names) for one in line.placements]
    return {**_facts(line), "state": "proposed", "placements": placements}


def placement_data(placement: Placement, currency: str, names: Mapping[str, str]) -> dict[str, Any]:
    """One placement: shares with what they name, what is let go, confidence in per cent, reasons as codes and words."""
    return {
        "where": where(placement, currency, lambda account: names.get(account) or account),
        "shares": [
            {
                "account": share.account,
                "name": names.get(share.account, ""),
                "amount": format_minor(share.amount_minor, currency),
                "invoices": list(share.names),
                "at_most": {key: format_minor(minor, currency) for key, minor in sorted(share.caps.items())},
            }
            for share in placement.shares
        ],
        "settle": [
            {
                "account": one.account,
                "invoice": one.item,
                "kind": one.kind,
                "amount": format_minor(one.amount_minor, currency),
            }
            for one in placement.settle
        ],
        "confidence_percent": tenths(placement.confidence_permille),
        "reasons": list(placement.reasons),
        "words": sentences(placement),
    }


def suspense_data(line: SuspenseLine, names: Mapping[str, str]) -> dict[str, Any]:
    candidates = [{"account": one, "name": names.get(one, "")} for one in line.candidates]
    return {
        **_facts(line),
        "state": "suspense",
        "reason": line.reason,
        "words": words(line.reason),
        "candidates": candidates,
    }


def announced_data(line: AnnouncedLine, names: Mapping[str, str]) -> dict[str, Any]:
    candidates = [{"account": one, "name": names.get(one, "")} for one in line.candidates]
    return {
        **_facts(line),
        "state": "announced",
        "bank": line.bank,
        "unconfirmed": line.is_unconfirmed,
        "words": words("unconfirmed" if line.is_unconfirmed else "provisional"),
        "candidates": candidates,
    }


def booked_data(state: Transaction, personal: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """One payment wherever it is, as JSON data, with the payer and text of its ``personal`` item."""
    shares = Placement(state.shares, state.settle, state.confidence_permille, state.reasons)
    place = placement_data(shares, state.currency, names)
    open_places = state.placements if state.state == "proposed" else ()
    return {
        "transaction": state.key,
        "booked": state.booked.isoformat() if state.booked else "",
        "amount": format_minor(state.amount_minor, state.currency),
        "currency": state.currency,
        "payer": one_line(str(personal.get("name", ""))),
        "text": one_line(str(personal.get("text", ""))),
        "state": state.state,
        "reason": state.reason,
        "words": " ".join(place["words"]) or words(state.reason),
        "by": state.by,
        "shares": place["shares"],
        "settle": place["settle"],
        "placements": [placement_data(one, state.currency, names) for one in open_places],
        "candidates": [{"account": one, "name": names.get(one, "")} for one in state.candidates],
    }


def _facts(line: ProposalLine | SuspenseLine | AnnouncedLine) -> dict[str, Any]:
    return {
        "transaction": line.transaction,
        "booked": line.booked.isoformat() if line.booked else "",
        "amount": format_minor(line.amount_minor, line.currency),
        "currency": line.currency,
        "payer": one_line(line.payer),
        "text": one_line(line.text),
    }


def _amounts(minor: Mapping[str, int]) -> dict[str, str]:
    return {code: format_minor(amount, code) for code, amount in sorted(minor.items())}


def cash_csv(report: Report) -> bytes:
    """One line for each placement of a proposal, and one for each payment in suspense with the accounts it could belong
    to. No names: accounts and invoices have ids."""
    rows = [row for line in report.proposals for row in _proposal_rows(line)]
    rows += [_suspense_row(line) for line in report.suspense]
    return csv_text(CASH_HEADER, rows).encode()


def _proposal_rows(line: ProposalLine) -> list[list[str]]:
    return [
        [
            *_cells(line, "proposed"),
            str(choice),
            " ".join(share.account for share in one.shares),
            " ".join(key for share in one.shares for key in share.names),
            tenths(one.confidence_permille),
            " ".join(one.reasons),
        ]
        for choice, one in enumerate(line.placements)
    ]


def _suspense_row(line: SuspenseLine) -> list[str]:
    return [*_cells(line, "suspense"), "", " ".join(line.candidates), "", "", line.reason]


def _cells(line: ProposalLine | SuspenseLine, state: str) -> list[str]:
    facts = _facts(line)
    return [facts["transaction"], state, facts["booked"], facts["amount"], facts["currency"]]
