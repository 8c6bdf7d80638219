"""Between an account and the matcher: what the matcher sees of them, and what follows from what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.entities import Item
from duly.domain.match_amounts import FACTS
from duly.domain.match_model import Credit, DebtItem, Debtor, Matching, Payment, Placement, Share
from duly.domain.transaction import Transaction

#: What names an invoice by something registered, and what has to agree with it before a payer is learned from it.
NAMING: Final = frozenset({"creditor_reference", "invoice_number", "document", "purchase_order"})
AGREEING: Final = FACTS | {"name", "name_alike", "name_in_text"}


# --- what the matcher sees
def payment_of(state: Transaction, personal: Mapping[str, Any]) -> Payment:
    """The bank transaction with its texts; ``personal`` is empty when they were erased."""
    assert state.booked is not None and state.value_date is not None, "a transaction that was received"
    return Payment(
        key=state.key,
        amount_minor=state.amount_minor,
        currency=state.currency,
        booked=state.booked,
        value_date=state.value_date,
        payer_name=str(personal.get("name", "")),
        payer_account=str(personal.get("account", "")),
        text=str(personal.get("text", "")),
        structured_reference=str(personal.get("structured_reference", "")),
        end_to_end_id=str(personal.get("end_to_end_id", "")),
        documents=tuple((str(number), amount) for number, amount in personal.get("documents", ())),
        charges_minor=int(personal.get("charges_minor", 0)),
        reversal=state.reversal,
        code=str(personal.get("code", "")),
    )


def debtor_of(account: Account, named: Iterable[str] = (), known_as: Sequence[str] = (), cash: str = "") -> Debtor:
    """The account as the matcher sees it: what is owed, with those settled items that are loaded, and of ``named``
    invoices that others stand for now what these are. ``known_as`` are further names of the customer. What ``cash``,
    the money that is looked at, pays already is open to it."""
    items = [_debt(item, cash) for _, item in sorted(account.items.items()) if item.state in ("open", "paid")]
    present = {item.invoice for item in items}
    for key in sorted(set(named)):
        standing = [account.items[one] for one in owed_for(account, key)] if key not in present else []
        items += [replace(_debt(item, cash), key=key, number=account.items[key].number) for item in standing[:1]]
    name = str(account.personal.get("name", ""))
    return Debtor(
        account=account.id,
        names=tuple(dict.fromkeys([*([name] if name else []), *known_as])),
        parent=account.header.parent,
        items=tuple(items),
        credits=tuple(
            Credit(cash.key, cash.unallocated_minor, cash.currency, cash.names)
            for _, cash in sorted(account.cash.items())
            if cash.kind == "credit_note" and cash.unallocated_minor > 0
        ),
    )


def _debt(item: Item, cash: str) -> DebtItem:
    return DebtItem(
        key=item.key,
        number=item.number,
        issued=item.issued,
        due=item.due,
        currency=item.currency,
        amount_minor=item.amount_minor,
        outstanding_minor=item.outstanding_minor + item.allocations.get(cash, 0),
        reference=item.reference,
        order=item.order,
        charges_minor=sum(item.open_charges_minor.values()),
        discounts=item.discounts,
        means=item.means,
    )


def owes(account: Account, amount_minor: int, currency: str) -> bool:
    """Whether exactly this amount is open of one invoice of the account."""
    wanted = ("open", amount_minor, currency)
    return any((item.state, item.outstanding_minor, item.currency) == wanted for item in account.items.values())


# --- what follows from the answer
def rests_on_numbers(matching: Matching) -> str:
    """Return the one account to which the money is booked because it names its invoices and name or amount agree; ""
    for none: nothing is learned about the payer from anything else."""
    best = matching.best
    if matching.outcome != "book" or best is None or len(best.shares) != 1:
        return ""
    reasons = set(best.reasons)
    return best.shares[0].account if reasons & NAMING and reasons & AGREEING else ""


def decision(state: Transaction, found: Matching, teaches: bool, may_move: bool) -> ev.Event | None:
    """Return what is to be recorded of where the money belongs; None when that is what is recorded.

    Money on an account stays there unless it ``may_move``; what it names there may change. What a person refused is
    neither booked nor proposed again, and those customers' chase goes on.
    """
    if found.outcome == "not_receipt":
        return ev.TransactionIgnored(found.reason) if state.state != "ignored" else None
    event = _decided(state, found, teaches)
    if state.state == "routed" and not may_move:
        stays = isinstance(event, ev.TransactionRouted) and _accounts(event.shares) == _accounts(state.shares)
        if not stays:
            return None
    return event if _differs(state, event) else None


def _decided(state: Transaction, found: Matching, teaches: bool) -> ev.Event:
    refused = [_shares(one) for one in state.refused]
    placements = [one for one in (found.best, *found.alternatives) if one is not None]
    left = tuple(one for one in placements if _shares(one) not in refused)
    if found.outcome == "book" and left and left[0] is found.best:
        best = left[0]
        return ev.TransactionRouted(
            _shares(best), best.reasons[0], best.reasons, best.confidence_permille, teaches=teaches
        )
    if left and found.outcome != "suspense":
        owners = {share.account for one in left for share in one.shares}
        not_theirs = {*state.released, *(share.account for shares in refused for share in shares)} - owners
        placed = tuple(replace(one, shares=_shares(one)) for one in left)
        return ev.TransactionProposed(placed, tuple(one for one in found.candidates if one not in not_theirs))
    not_theirs = {*state.released, *(share.account for shares in refused for share in shares)}
    reason = "refused" if placements else found.reason
    return ev.TransactionParked(reason, tuple(one for one in found.candidates if one not in not_theirs))


def _differs(state: Transaction, event: ev.Event) -> bool:
    match event:
        case ev.TransactionRouted():
            return (state.state, state.shares, state.teaches) != ("routed", event.shares, event.teaches)
        case ev.TransactionProposed():
            now = (state.state, state.placements, state.candidates)
            return now != ("proposed", event.placements, event.candidates)
        case ev.TransactionParked():
            return (state.state, state.reason, state.candidates) != ("suspense", event.reason, event.candidates)
    return True


def _shares(placement: Placement) -> tuple[Share, ...]:
    return tuple(sorted(placement.shares, key=lambda share: share.account))


def _accounts(shares: Sequence[Share]) -> list[str]:
    return [share.account for share in shares]
