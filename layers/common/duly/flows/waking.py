"""Bank transactions that wait for something: found by what they wait for, and sent to be routed again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from duly.domain.entities import Item
from duly.domain.matching import item_values, name_values
from duly.flows.edge import Edge
from duly.store import lookups
from duly.store.queues import CASH, Message


def waiting_for(
    number: str, reference: str, currency: str, amount_minor: int, order: str = ""
) -> list[tuple[str, str]]:
    """Return the lookups under which money for an invoice would wait."""
    found = [(lookups.WAITING_FOR[one.kind], one.value) for one in item_values(number, reference, order)]
    return [*found, (lookups.WAITING_AMOUNT, lookups.amount_value(currency, amount_minor))]


def waiting_for_customer(name: str) -> list[tuple[str, str]]:
    """Return the lookups under which money of a payer of this name would wait."""
    return [(lookups.WAITING_NAME, one.value) for one in name_values(name)]


def wake_transactions(
    edge: Edge, wanted: Sequence[tuple[str, str]], cause: str, now: datetime, also: Sequence[str] = ()
) -> None:
    """Send every bank transaction that waits under these lookups, and ``also`` these, to be routed again. One cause
    sends one transaction once."""
    found = {
        answer.transaction
        for kind, value in lookups.with_answers(edge.table, wanted)
        for answer in lookups.find(edge.table, kind, value)
        if answer.transaction
    }
    for transaction in sorted(found | set(also)):
        body = {"type": "transaction", "transaction": transaction, "time": now.isoformat()}
        deduplication = hashlib.sha256(f"{transaction}|{cause}".encode()).hexdigest()
        edge.queues.send(CASH, Message(body, transaction, deduplication))


def money_not_placed(edge: Edge, items: Sequence[Item]) -> list[str]:
    """Return the bank transactions that wait for one of these items, in suspense or proposed, or are not yet where they
    were routed: the message that wakes them may still be on its way."""
    wanted = [pair for item in items for pair in _open_amount(item)]
    found = {
        answer.transaction for kind, value in dict.fromkeys(wanted) for answer in lookups.find(edge.table, kind, value)
    }
    states = {key: edge.transactions.load(key).state for key in sorted(found - {""})}
    return [key for key, state in states.items() if state.is_waiting or not state.is_settled]


def _open_amount(item: Item) -> list[tuple[str, str]]:
    return waiting_for(item.number, item.reference, item.currency, item.outstanding_minor, item.order)


def waiting_for_item(item: Item) -> list[tuple[str, str]]:
    """Return the lookups under which money for an item, or for one of its instalments, would wait."""
    amounts = {item.amount_minor, *(amount for _, amount in item.instalments)}
    found = [waiting_for(item.number, item.reference, item.currency, amount, item.order) for amount in sorted(amounts)]
    return list(dict.fromkeys(pair for pairs in found for pair in pairs))
