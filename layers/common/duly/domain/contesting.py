"""How much of an invoice a dispute contests, when the policy lets the rest be chased. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from duly.domain import events as ev
from duly.domain.account import MAX_MARKED_ITEMS, Account
from duly.domain.entities import Dispute, Item, concerns
from duly.domain.policy import Policy


def open_dispute(account: Account, key: str) -> Dispute:
    """Return a dispute that waits for a decision. Raises LookupError for any other key."""
    found = account.disputes.get(key)
    if found is None or not found.is_live:
        raise LookupError("no open dispute of this id")
    return found


def is_disputed(account: Account, item: Item) -> bool:
    """Whether live disputes are about all that is open of an item."""
    disputes = [dispute for dispute in account.live("disputes") if concerns(dispute.items, item)]
    is_whole = any(item.key not in dispute.contested for dispute in disputes)
    return is_whole or (bool(disputes) and not item.chased_minor)


def contested_of(account: Account, keys: Sequence[str], amount_minor: int, policy: Policy) -> dict[str, int]:
    """Return what a dispute over these open items contests of each, in minor units, when it is about an amount only:
    the items that are due first bear it, so that nothing contested is asked for early.

    Empty, which lets all of them rest: no amount is known, it is all that is open of them, they are in several
    currencies or more than one event can mark, or the policy does not chase what is undisputed.
    """
    items = sorted((account.items[key] for key in keys), key=lambda item: (item.due, item.key))
    if not policy.disputes.chase_undisputed_part or not 0 < amount_minor < _open_minor(items):
        return {}
    if len({item.currency for item in items}) > 1 or len(items) > MAX_MARKED_ITEMS:
        return {}
    contested: dict[str, int] = {}
    for item in items:
        contested[item.key] = min(amount_minor - sum(contested.values()), item.outstanding_minor)
    return contested


def currency_of(account: Account, contested: Iterable[str]) -> str:
    """Return the currency of contested items, empty when there are none."""
    return next((account.items[key].currency for key in contested), "")


def _open_minor(items: Sequence[Item]) -> int:
    return sum(item.outstanding_minor for item in items)


def narrow_dispute(account: Account, dispute: str, amount_minor: int, by: str, policy: Policy) -> list[ev.Event]:
    """Return the event by which a person says how much of its invoices a dispute contests: the rest is chased.

    Raises LookupError for a dispute that is not open, ValueError for a policy that lets the whole of them rest and for
    an amount that leaves no rest.
    """
    found = open_dispute(account, dispute)
    if not policy.disputes.chase_undisputed_part:
        raise ValueError("disputes.chase_undisputed_part of the policy is false: the whole of a disputed invoice rests")
    keys = [key for key in found.items if key in account.items and account.items[key].state == "open"]
    contested = contested_of(account, keys, amount_minor, policy)
    if not contested:
        raise ValueError("expected an amount above zero and below what is open of its invoices, in one currency")
    return [ev.DisputeNarrowed(dispute, contested, currency_of(account, contested), by)]
