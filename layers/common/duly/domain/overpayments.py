"""Money that pays nothing: kept, given back, or changed into another currency. Only persons send money away."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.allocation import reallocate
from duly.domain.cash import undo_exchange
from duly.domain.entities import Cash, is_refund
from duly.domain.money import exponent

MAX_RATE_ERROR_PERMILLE = 5  # by how much the amounts of an exchange may miss the stated rate: banks round rates


def refund(account: Account, cash: str, amount_minor: int, by: str, on: date, reason: str = "") -> list[ev.Event]:
    """Return the events by which a person notes that unapplied money went back to the customer.

    Raises LookupError for money that is not on the account, ValueError for more than is unapplied of it.
    """
    found = _money(account, cash)
    if not 0 < amount_minor <= found.unallocated_minor:
        raise ValueError("expected an amount above zero, and no more than is unapplied of the payment")
    refunded = ev.CashRefunded(cash, f"RF-{account.version + 1}-{cash}", amount_minor, found.currency, on, by, reason)
    is_done = amount_minor == found.unallocated_minor
    tasks = [task for task in account.live("tasks") if (task.kind, task.about) == ("refund", cash) and is_done]
    return [refunded, *(ev.TaskClosed(task.key, "refunded", by) for task in tasks)]


def undo_refund(account: Account, cash: str, refund_key: str, by: str, on: date) -> list[ev.Event]:
    """Return the events by which a refund did not happen, or came back: the money pays again what it would.

    Raises LookupError for an unknown payment or refund.
    """
    found = _money(account, cash)
    if refund_key not in found.spent or not is_refund(refund_key):
        raise LookupError("no such refund of this payment")
    undone = ev.RefundUndone(cash, refund_key, on, by)
    return [undone, *reallocate(account.after([undone]), cash=[cash])]


def exchange(
    account: Account, cash: str, item: str, amount_minor: int, into_minor: int, rate: str, by: str, on: date
) -> list[ev.Event]:
    """Return the events by which a person turns unapplied money into another currency, so that it pays an invoice in
    that one: ``amount_minor`` of the payment becomes ``into_minor`` of the invoice's currency, at ``rate`` units of the
    invoice's currency for one of the payment's.

    Each currency balances by itself: so much leaves the one, so much comes in the other. Raises LookupError for an
    unknown payment or invoice, ValueError for amounts that are not there or do not fit the rate.
    """
    found, owed = _money(account, cash), account.items.get(item)
    if owed is None or owed.state != "open":
        raise LookupError("no open invoice of this number on this account")
    if owed.currency == found.currency:
        raise ValueError("the payment is in the invoice's currency: nothing is to be exchanged")
    if not 0 < amount_minor <= found.unallocated_minor:
        raise ValueError("expected an amount above zero, and no more than is unapplied of the payment")
    if into_minor <= 0 or not _fits(amount_minor, found.currency, into_minor, owed.currency, Decimal(rate)):
        raise ValueError("the two amounts do not fit the rate: expected payment times rate to be the invoice's amount")
    key = f"FX-{account.version + 1}-{cash}"
    exchanged = ev.CashExchanged(
        cash=cash,
        exchange=key,
        amount_minor=amount_minor,
        currency=found.currency,
        into_minor=into_minor,
        into_currency=owed.currency,
        item=item,
        rate=rate,
        on=on,
        by=by,
    )
    return [exchanged, *reallocate(account.after([exchanged]), items=[item], cash=[key])]


def _fits(amount_minor: int, currency: str, into_minor: int, into_currency: str, rate: Decimal) -> bool:
    amount = Decimal(amount_minor).scaleb(-exponent(currency)) * rate
    into = Decimal(into_minor).scaleb(-exponent(into_currency))
    smallest = Decimal(1).scaleb(-exponent(into_currency))
    return rate > 0 and abs(amount - into) <= max(smallest, into * MAX_RATE_ERROR_PERMILLE / 1000)


def reverse_exchange(account: Account, cash: str, exchange_key: str, by: str, on: date) -> list[ev.Event]:
    """Return the events by which an exchange is taken back. Raises LookupError for an unknown one."""
    found = _money(account, cash)
    if exchange_key not in found.spent or exchange_key not in account.cash:
        raise LookupError("no such exchange of this payment")
    events = undo_exchange(account, cash, exchange_key, on, by)
    return [*events, *reallocate(account.after(events), cash=[cash])]


def _money(account: Account, cash: str) -> Cash:
    found = account.cash.get(cash)
    if found is None or found.state == "withdrawn" or found.is_adjustment:
        raise LookupError("no such payment on this account")
    return found
