"""What an account knows of its credit: orders, overrides, covers, the hold, categories in turn; and how events change
that. ``duly.domain.account`` holds it with everything else of the account; the rules are in ``duly.domain.credit``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from duly.domain import events as ev

if TYPE_CHECKING:
    from duly.domain.account import Account

MAX_CATEGORIES_KEPT: Final = 60  # changes of category kept in the header: five years of one a month
MAX_BROKEN_KEPT: Final = 20  # days on which promises were broken; no sensible policy counts further

COVER_KINDS: Final = ("insurance", "guarantee", "deposit")


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is not invoiced yet, or not wholly: what is left of it counts as exposure until its last day."""

    key: str
    amount_minor: int
    currency: str
    on: date
    by: str = ""
    until: date | None = None
    decision: str = ""  # the credit decision that reserved it
    invoiced_minor: int = 0
    state: str = "open"  # open | invoiced | cancelled | expired | moved
    ended_on: date | None = None

    @property
    def remaining_minor(self) -> int:
        """What is not invoiced yet, in minor units; 0 once the order ended."""
        return max(0, self.amount_minor - self.invoiced_minor) if self.state == "open" else 0

    @property
    def is_live(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Override:
    """A person lifts the hold and raises the limit for credit decisions, to the end of ``until``.

    With an amount it raises the limit of that currency by so much; without one it lifts every limit.
    """

    key: str
    by: str
    reason: str
    until: date
    on: date
    amount_minor: int = 0
    currency: str = ""
    state: str = "open"  # open | ended
    ended_on: date | None = None

    @property
    def is_live(self) -> bool:
        return self.state == "open"

    def lifts(self, currency: str, day: date) -> bool:
        """Whether it counts for a sale in this currency on a day."""
        return self.is_live and self.on <= day <= self.until and self.currency in ("", currency)


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands behind the customer in one currency, to the end of ``until`` (None: without end).

    ``insurance`` replaces the limit (0: the insurer refused), ``guarantee`` and ``deposit`` add to it.
    """

    key: str
    kind: str
    currency: str
    amount_minor: int
    until: date | None
    on: date
    by: str = ""

    def is_valid(self, day: date) -> bool:
        return self.until is None or day <= self.until


@dataclass(frozen=True, slots=True)
class CategoryFrom:
    """The category that a customer came into on a day ("" when the policy has none)."""

    on: date
    category: str


# The state changes of orders and overrides, for the table of ``duly.domain.entities``.
TRANSITIONS: Final[dict[str, frozenset[tuple[str, str]]]] = {
    "Order": frozenset({("open", end) for end in ("invoiced", "cancelled", "expired", "moved")}),
    "Override": frozenset({("open", "ended")}),
}


# --- events
def category_changed(account: Account, event: ev.CategoryChanged) -> None:
    """Of several changes on one day the last counts: what a day ends with does not depend on the order within it."""
    earlier = [one for one in account.header.category_history if one.on < event.on]
    history = (*earlier, CategoryFrom(event.on, event.after))
    account._set(category=event.after, category_history=history[-MAX_CATEGORIES_KEPT:], scored_on=event.on)


def score_reviewed(account: Account, event: ev.ScoreReviewed) -> None:
    account._set(scored_on=event.on)


def credit_hold_changed(account: Account, event: ev.CreditHoldChanged) -> None:
    account._set(credit_hold=event.reasons)


def cover_set(account: Account, event: ev.CoverSet) -> None:
    others = tuple(one for one in account.header.covers if one.key != event.cover)
    cover = Cover(event.cover, event.kind, event.currency, event.amount_minor, event.until, event.on, event.by)
    account._set(covers=tuple(sorted((*others, cover), key=lambda one: one.key)))


def cover_ended(account: Account, event: ev.CoverEnded) -> None:
    account._set(covers=tuple(one for one in account.header.covers if one.key != event.cover))


def order_placed(account: Account, event: ev.OrderPlaced) -> None:
    order = Order(
        key=event.order,
        amount_minor=event.amount_minor,
        currency=event.currency,
        on=event.on,
        by=event.by,
        until=event.until,
        decision=event.decision,
        invoiced_minor=event.invoiced_minor,
    )
    account._new("orders", order)
    use_up(account, event.order, event.currency, 0, event.on)


def order_ended(account: Account, event: ev.OrderEnded) -> None:
    account._put("orders", replace(account._get("orders", event.order), state=event.reason, ended_on=event.on))


def use_up(account: Account, order: str, currency: str, amount_minor: int, on: date) -> None:
    """An invoice names an order: what is invoiced no longer counts as ordered. One that ended, or in another currency,
    is left alone: an account that is loaded does not hold it, so one that is rebuilt must not look at it either."""
    found: Order | None = account.orders.get(order)
    if found is None or not found.is_live or found.currency != currency:
        return
    invoiced = max(0, found.invoiced_minor + amount_minor)  # less again when the invoice is corrected or cancelled
    if invoiced >= found.amount_minor:
        account._put("orders", replace(found, invoiced_minor=invoiced, state="invoiced", ended_on=on))
    elif amount_minor:
        account._put("orders", replace(found, invoiced_minor=invoiced))


def override_granted(account: Account, event: ev.OverrideGranted) -> None:
    account._new(
        "overrides",
        Override(event.override, event.by, event.reason, event.until, event.on, event.amount_minor, event.currency),
    )


def override_ended(account: Account, event: ev.OverrideEnded) -> None:
    account._put("overrides", replace(account._get("overrides", event.override), state="ended", ended_on=event.on))


def promise_broken(account: Account, on: date) -> None:
    """Keep the day: what was broken long ago no longer holds credit back."""
    account._set(broken_on=tuple(sorted((*account.header.broken_on, on)))[-MAX_BROKEN_KEPT:])
