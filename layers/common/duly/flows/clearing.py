"""What a person decides about money that came in: requests of `duly cash` and of the dashboard, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.money import MoneyError, parse_minor
from duly.flows import cash
from duly.flows.edge import Edge

MAX_SHARES = 20  # accounts that one payment is divided among
MAX_ITEMS = 100  # invoices named in one share
MAX_TEXT = 200

Request = Mapping[str, Any]


def assign(edge: Edge, request: Request, now: datetime) -> dict[str, Any]:
    """Book money where a person says: ``account`` with ``items``, or ``shares``, each with ``account``, ``items`` and
    ``amount`` (a text such as "12.30"). Raises ValueError and LookupError for what cannot be booked, KeyError for a
    missing field."""
    transaction = _text(request, "transaction")
    currency = edge.transactions.load(transaction).state.currency
    listed = request.get("shares")
    if listed is None:
        shares = [ev.Share(_text(request, "account"), _items(request))]
    else:
        shares = [_share(one, currency) for one in _list(listed, "shares", MAX_SHARES)]
    state = cash.assign(edge, transaction, shares, now)
    accounts = [share.account for share in state.shares]
    events = ["TransactionRouted", *["TransactionApplied"] * len(accounts)]
    return {"account": accounts[0], "accounts": accounts, "transaction": state.key, "events": events}


def _share(given: Any, currency: str) -> ev.Share:
    if not isinstance(given, Mapping):
        raise ValueError('expected shares as {"account", "items", "amount"}')
    amount_minor = _minor(given, currency) if "amount" in given else 0
    return ev.Share(_text(given, "account"), _items(given), amount_minor)


def _items(given: Request) -> tuple[str, ...]:
    return tuple(_text({"items": one}, "items") for one in _list(given.get("items", ()), "items", MAX_ITEMS))


def _minor(given: Request, currency: str) -> int:
    try:
        return parse_minor(_text(given, "amount"), currency)
    except MoneyError as error:
        raise ValueError(f"amount: {error}") from None


def _list(value: Any, name: str, most: int) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        raise ValueError(f"expected {name} as a list of at most {most}")
    return value


def _text(given: Request, name: str) -> str:
    value = given[name]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise ValueError(f"expected a text of 1 to {MAX_TEXT} characters in the field {name}")
    return value
