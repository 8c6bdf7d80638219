"""What a person decides about money that came in: requests of `duly cash` and of the dashboard, read and checked.

The same decision again finishes what the first one began, and changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.cash import RETURNED
from duly.domain.identity import PROVISIONAL
from duly.domain.match_model import Placement, Share
from duly.domain.money import MoneyError, format_minor, parse_minor
from duly.domain.transaction import PERSON, Transaction, is_same_place, proposal_id
from duly.flows import returns
from duly.flows.applying import carry_out, is_partly_refunded
from duly.flows.cash import ATTEMPTS, settle_transaction
from duly.flows.edge import Edge
from duly.store.tables import Conflict

MAX_SHARES = 20  # accounts that one payment is divided among
MAX_ITEMS = 100  # invoices named in one share
MAX_TEXT = 200
CHANGED = "what is proposed for this money has changed since: look at it again"

Request = Mapping[str, Any]
Wanted = Callable[[Transaction], ev.Event | None]


def confirm_match(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Book money where it was proposed: ``choice`` counts the placements, 0 is the best one. ``proposal`` names the
    list that the person saw. What is owed may have changed since: then the new proposal is recorded and this one is
    refused."""
    choice, by, transaction = request.get("choice", 0), _text(request, "by"), _text(request, "transaction")
    if isinstance(choice, bool) or not isinstance(choice, int) or choice < 0:
        raise ValueError("expected choice as a number from 0 on")
    seen = edge.transactions.load(transaction).state
    _check_proposal(request, seen.placements)
    if seen.state == "proposed":
        settle_transaction(edge, transaction, now)

    def wanted(state: Transaction) -> ev.Event | None:
        if choice >= len(seen.placements):
            raise ValueError(_not_proposed(seen))
        placed = seen.placements[choice]
        if (state.state, state.reason, state.shares) == ("routed", PERSON, placed.shares):
            return None
        if state.state != "proposed":
            raise ValueError(_not_proposed(state))
        if not any(is_same_place(placed, one) for one in state.placements):
            raise ValueError(CHANGED)
        return ev.TransactionRouted(
            placed.shares,
            PERSON,
            placed.reasons,
            placed.confidence_permille,
            by,
            settle=placed.settle,
            teaches=True,
        )

    return _answer(_by_person(edge, transaction, wanted, now))


def refuse_match(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Say that money belongs to none of the places proposed for it: it goes to suspense, and only other places are
    proposed again. Of money in suspense: that it is nobody's for whom it waits, so their chase goes on. ``proposal``
    names the list of placements that the person saw."""
    by = _text(request, "by")

    def wanted(state: Transaction) -> ev.Event | None:
        if state.state == "suspense" and not state.candidates and (state.refused or state.released):
            return None
        if state.state == "proposed":
            _check_proposal(request, state.placements)
            return ev.TransactionRefused(by)
        if state.state != "suspense":
            raise ValueError(_not_proposed(state))
        if "proposal" in request:
            raise ValueError(CHANGED)
        if not state.candidates:
            raise ValueError("nobody's chase waits for this money")
        return ev.TransactionRefused(by)

    state = _by_person(edge, _text(request, "transaction"), wanted, now)
    return {"account": "", "accounts": [], "transaction": state.key, "events": ["TransactionRefused"]}


def assign(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Book money that waits where a person says: ``account`` with ``items``, or ``shares``, each with ``account``,
    ``items`` and ``amount`` (a text such as "12.30"). An item is a number, or ``{"invoice", "amount"}`` with the most
    that goes to it. Raises ValueError and LookupError for what cannot be booked, KeyError for a missing field."""
    return _book(edge, request, "", now)


def reassign(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Move money that is booked already, as ``assign`` would book it; ``reason`` says why. What was learned of its
    payer from it alone is taken back."""
    return _book(edge, request, _text(request, "reason"), now)


def take_back(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Say which payment came back with a reversal (``transaction``) that does not tell: it leaves its accounts."""
    transaction, payment, by = (_text(request, name) for name in ("transaction", "payment", "by"))
    left = returns.take_back_by_person(edge, transaction, payment, by, now)
    events = ["TransactionParked", *["TransactionWithdrawn"] * len(left)]
    return {"account": "", "accounts": [], "left": left, "transaction": transaction, "events": events}


def _book(edge: Edge, request: Request, reason: str, now: datetime) -> dict[str, Any]:
    transaction, by = _text(request, "transaction"), str(request.get("by", ""))
    currency = edge.transactions.load(transaction).state.currency
    shares = _shares(request, currency)
    if currency:
        for share in shares:
            _check_share(edge, share)

    def wanted(state: Transaction) -> ev.Event | None:
        exactly = _amounts(shares, state)
        if (state.state, state.reason, state.shares) == ("routed", PERSON, exactly):
            return None
        if not state.is_waiting and not (reason and state.state == "routed"):
            raise ValueError("only money in suspense or proposed can be assigned; what is booked is moved by reassign")
        if state.reason == RETURNED:
            raise ValueError("the payer's bank took this money back: there is nothing to book")
        if state.standing == PROVISIONAL:
            raise ValueError("the bank has only announced this money: a statement has to confirm it first")
        if is_partly_refunded(edge, state, exactly):
            raise ValueError("a part of this money was refunded to the customer: undo the refund first")
        return ev.TransactionRouted(exactly, PERSON, by=by, note=reason, teaches=True)

    return _answer(_by_person(edge, transaction, wanted, now))


def _by_person(edge: Edge, transaction_id: str, wanted: Wanted, now: datetime) -> Transaction:
    """Record what a person decided, once what was decided before is carried out, and carry it out."""
    for _ in range(ATTEMPTS):
        stored = edge.transactions.load(transaction_id)
        if stored.version == 0:
            raise LookupError("unknown transaction or account")
        try:
            stored = carry_out(edge, stored, now)
            event = wanted(stored.state)
            if event is not None:
                edge.transactions.commit(stored, transaction_id, [event], now)
        except Conflict:
            continue
        return settle_transaction(edge, transaction_id, now)
    raise Conflict


def _answer(state: Transaction) -> dict[str, Any]:
    accounts = [share.account for share in state.shares]
    events = ["TransactionRouted", *["TransactionApplied"] * len(accounts)]
    return {"account": accounts[0], "accounts": accounts, "transaction": state.key, "events": events}


def _check_proposal(request: Request, placements: Sequence[Placement]) -> None:
    if "proposal" in request and _text(request, "proposal") != proposal_id(placements):
        raise ValueError(CHANGED)


def _not_proposed(state: Transaction) -> str:
    if state.state == "proposed":
        return f"expected choice up to {len(state.placements) - 1}"
    return f"nothing is proposed for this money: it is {state.state}"


# --- shares
def _shares(request: Request, currency: str) -> list[Share]:
    listed = request.get("shares")
    if listed is None:
        return [_share({"account": _text(request, "account"), "items": request.get("items", ())}, currency)]
    shares = [_share(one, currency) for one in _list(listed, "shares", MAX_SHARES)]
    return sorted(shares, key=lambda share: share.account)


def _share(given: Any, currency: str) -> Share:
    if not isinstance(given, Mapping):
        raise ValueError('expected shares as {"account", "items", "amount"}')
    names: list[str] = []
    caps: dict[str, int] = {}
    for one in _list(given.get("items", ()), "items", MAX_ITEMS):
        if isinstance(one, Mapping):
            names.append(_text(one, "invoice"))
            if "amount" in one:
                caps[names[-1]] = _minor(one, currency)
        else:
            names.append(_text({"items": one}, "items"))
    amount_minor = _minor(given, currency) if "amount" in given else 0
    return Share(_text(given, "account"), tuple(dict.fromkeys(names)), amount_minor, caps, in_order=not names)


def _check_share(edge: Edge, share: Share) -> None:
    account = edge.accounts.load(share.account, [("items", key) for key in share.names])
    if not account.exists or account.header.merged_into:
        raise LookupError("unknown transaction or account")
    if any(key not in account.items for key in share.names):
        raise LookupError("no such invoice on this account")


def _amounts(shares: Sequence[Share], state: Transaction) -> tuple[Share, ...]:
    """Return the shares with their amounts. Raises ValueError when they are not exactly the money."""
    if len(shares) == 1 and not shares[0].amount_minor and state.amount_minor > 0:
        return (replace(shares[0], amount_minor=state.amount_minor),)
    total = sum(share.amount_minor for share in shares)
    if total != state.amount_minor or min((share.amount_minor for share in shares), default=0) <= 0:
        wanted, found = (format_minor(minor, state.currency) for minor in (state.amount_minor, total))
        raise ValueError(f"expected shares above zero of {wanted} {state.currency} in all, found {found}")
    if len({share.account for share in shares}) != len(shares):
        raise ValueError("expected one share for each account")
    return tuple(shares)


def _minor(given: Request, currency: str) -> int:
    try:
        amount_minor = parse_minor(_text(given, "amount"), currency)
    except MoneyError as error:
        raise ValueError(f"amount: {error}") from None
    return amount_minor


def _list(value: Any, name: str, most: int) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        raise ValueError(f"expected {name} as a list of at most {most}")
    return value


def _text(given: Request, name: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise ValueError(f"expected a text of 1 to {MAX_TEXT} characters in the field {name}")
    return value
