"""How money and what it pays change an account: allocations, states, and the sums that follow from them.

``duly.domain.account`` holds all of it with everything else of the account; the rules are in
``duly.domain.allocation``, ``cash``, ``short_payments`` and ``charges_due``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from duly.domain import credit_state
from duly.domain import events as ev
from duly.domain.changing import replace
from duly.domain.entities import CHARGE_KINDS, TRANSITIONS, AccountError, Cash, Item, concerns, is_exchange
from duly.domain.payment_history import Settlement, with_settlement, without_settlement

if TYPE_CHECKING:
    from duly.domain.account import Account

SALES_DAYS_KEPT = 400  # days of sales and receipts by day kept in the header, for DSO and the collected curve


def added(amounts: dict[str, int], key: str, amount: int) -> dict[str, int]:
    total = amounts.get(key, 0) + amount
    rest = {name: value for name, value in amounts.items() if name != key}
    return {**rest, key: total} if total else rest


def _added_by_day(days: dict[str, dict[str, int]], currency: str, day: date, amount: int) -> dict[str, dict[str, int]]:
    series = added(days.get(currency, {}), day.isoformat(), amount)
    newest = max(series, default="")
    if newest:
        oldest_kept = (date.fromisoformat(newest) - timedelta(days=SALES_DAYS_KEPT)).isoformat()
        series = {key: value for key, value in series.items() if key >= oldest_kept}
    return {**days, currency: series}


def names_it(cash: Cash, key: str) -> bool:
    return cash.state != "withdrawn" and key in cash.names


def naming(account: Account, key: str) -> tuple[str, ...]:
    """Return the cash that names an item which is not on the account yet. All of it is looked at once: replaying an
    account of many invoices and payments takes time in proportion."""
    if account.awaiting is None:
        account.awaiting = {}
        for cash in account.cash.values():
            for name in cash.names if cash.state != "withdrawn" else ():
                if name not in account.items:
                    account.awaiting.setdefault(name, set()).add(cash.key)
    return tuple(sorted(account.awaiting.get(key, ())))


def _await_item(account: Account, cash: Cash, key: str) -> None:
    """Keep in view who names an item that is not there yet, once anybody has asked."""
    if account.awaiting is None:
        return
    if names_it(cash, key):
        account.awaiting.setdefault(key, set()).add(cash.key)
    else:
        account.awaiting.get(key, set()).discard(cash.key)


def _set_names(account: Account, cash: Cash, before: tuple[str, ...]) -> None:
    """Keep the items' view of who names them."""
    for key in sorted({*before, *cash.names}):
        item = account.items.get(key)
        if item is None:
            _await_item(account, cash, key)
            continue
        field = "adjustments" if cash.is_adjustment else "named_by"
        others = {other for other in getattr(item, field) if other != cash.key}
        naming = tuple(sorted(others | {cash.key} if names_it(cash, key) else others))
        if naming != getattr(item, field):
            account._put("items", replace(item, **{field: naming}))


def _count_sale(account: Account, currency: str, day: date, amount_minor: int) -> None:
    header = account.header
    account._set(
        invoiced_minor=added(header.invoiced_minor, currency, amount_minor),
        sales_by_day=_added_by_day(header.sales_by_day, currency, day, amount_minor),
    )


def _count_collected(account: Account, cash: Cash, amount_minor: int) -> None:
    header = account.header
    if cash.is_adjustment:
        return
    if cash.kind == "credit_note":
        account._set(credited_minor=added(header.credited_minor, cash.currency, amount_minor))
        return
    account._set(
        collected_minor=added(header.collected_minor, cash.currency, amount_minor),
        collected_by_day=_added_by_day(header.collected_by_day, cash.currency, cash.value_date, amount_minor),
    )


def cash_received(account: Account, event: ev.CashReceived) -> None:
    if event.amount_minor <= 0:
        raise AccountError("cash is positive")
    cash = Cash(
        key=event.cash,
        kind=event.kind,
        amount_minor=event.amount_minor,
        currency=event.currency,
        value_date=event.value_date,
        names=event.names,
        upload=event.upload,
        line=event.line,
        decision=event.decision,
        stated_at=event.stated_at,
        stated_line=event.stated_line,
        named_at=event.named_at,
        earlier=event.earlier,
        caps=dict(event.caps),
        reason=event.reason,
        by=event.by,
        on_amount_minor=event.on_amount_minor,
        in_order=event.in_order,
    )
    if cash.is_adjustment:
        if len(cash.names) != 1:
            raise AccountError("an adjustment names the one item that it settles")
        cash = replace(cash, state="used")
    before = account.cash.get(event.cash)
    if before is not None and before.state == "withdrawn":  # money that left and comes back is the same money
        cash = replace(cash, spent=before.spent)
        account.entities["cash"][event.cash] = cash
        account.touched.add(("cash", event.cash))
    else:
        account._new("cash", cash)
    _set_names(account, cash, ())
    _count_collected(account, cash, cash.amount_minor)


def cash_named(account: Account, event: ev.CashNamed) -> None:
    cash: Cash = account._get("cash", event.cash)
    decision = max(cash.decision, event.decision)
    named = replace(cash, names=event.names, caps=dict(event.caps), decision=decision)
    account._put("cash", named)
    _set_names(account, named, cash.names)
    _note_unnamed(account, [cash.key])


def cash_withdrawn(account: Account, event: ev.CashWithdrawn) -> None:
    cash: Cash = account._get("cash", event.cash)
    if cash.allocated_minor or any(map(is_exchange, cash.spent)):
        raise AccountError("cash leaves an account without its allocations, and without an exchange of it")
    withdrawn = replace(cash, state="withdrawn", decision=max(cash.decision, event.decision))
    account._put("cash", withdrawn)
    _set_names(account, withdrawn, cash.names)
    _count_collected(account, cash, -cash.amount_minor)


def cash_refunded(account: Account, event: ev.CashRefunded) -> None:
    cash: Cash = account._get("cash", event.cash)
    _spend(account, cash, event.refund, event.amount_minor)
    _count_collected(account, cash, -event.amount_minor)


def refund_undone(account: Account, event: ev.RefundUndone) -> None:
    cash: Cash = account._get("cash", event.cash)
    amount_minor = cash.spent.get(event.refund, 0)
    _spend(account, cash, event.refund, -amount_minor)
    _count_collected(account, cash, amount_minor)


def cash_exchanged(account: Account, event: ev.CashExchanged) -> None:
    """Both sides at once: what leaves one currency is what comes in the other, at the stated rate."""
    cash: Cash = account._get("cash", event.cash)
    if event.currency != cash.currency or event.into_currency == cash.currency:
        raise AccountError("an exchange is from the money's currency into another one")
    if not is_exchange(event.exchange) or event.into_minor <= 0:
        raise AccountError("an exchange is over an amount, and has a key of its own kind")
    _spend(account, cash, event.exchange, event.amount_minor)
    _count_collected(account, cash, -event.amount_minor)
    made = Cash(
        key=event.exchange,
        kind="exchange",
        amount_minor=event.into_minor,
        currency=event.into_currency,
        value_date=cash.value_date,
        names=(event.item,),
        by=event.by,
        source=cash.key,
        rate=event.rate,
    )
    account._new("cash", made)
    _set_names(account, made, ())
    _count_collected(account, made, made.amount_minor)


def exchange_undone(account: Account, event: ev.ExchangeUndone) -> None:
    cash: Cash = account._get("cash", event.cash)
    made: Cash = account._get("cash", event.exchange)
    if made.allocated_minor or made.spent:
        raise AccountError("an exchange is undone when its money pays nothing")
    amount_minor = cash.spent.get(event.exchange, 0)
    _spend(account, cash, event.exchange, -amount_minor)
    _count_collected(account, cash, amount_minor)
    gone = replace(made, state="withdrawn")
    account._put("cash", gone)
    _set_names(account, gone, made.names)
    _count_collected(account, made, -made.amount_minor)


def _spend(account: Account, cash: Cash, key: str, amount_minor: int) -> None:
    if not amount_minor or cash.is_adjustment or cash.state == "withdrawn" or (amount_minor > 0 and key in cash.spent):
        raise AccountError("only money that is here can go elsewhere, once under each key")
    after = replace(cash, spent=added(cash.spent, key, amount_minor))
    if after.unallocated_minor < 0:
        raise AccountError("no more of money goes elsewhere than pays nothing")
    account._put("cash", replace(after, state="open" if after.unallocated_minor else "used"))


def charges_demanded(account: Account, event: ev.ChargesDemanded) -> None:
    item: Item = account._get("items", event.item)
    known = {charge.key for charge in item.charges}
    if event.currency != item.currency:
        raise AccountError("a charge is in the invoice's currency")
    if any(one.key in known or one.kind not in CHARGE_KINDS or one.owed_minor <= 0 for one in event.charges):
        raise AccountError("a charge is demanded once, of a known kind, and over an amount")
    allocate(account, (), {item.key: item}, changed=replace(item, charges=(*item.charges, *event.charges)))


def charges_waived(account: Account, event: ev.ChargesWaived) -> None:
    item: Item = account._get("items", event.item)
    if not event.waived.keys() <= {charge.key for charge in item.charges}:
        raise AccountError("only what was demanded can be waived")
    charges = tuple(replace(one, waived_minor=one.waived_minor + event.waived.get(one.key, 0)) for one in item.charges)
    if any(one.owed_minor < 0 or one.waived_minor < 0 for one in charges):
        raise AccountError("no more is waived than was demanded")
    allocate(account, (), {item.key: item}, changed=replace(item, charges=charges))


def credit_note_corrected(account: Account, event: ev.CreditNoteCorrected) -> None:
    before: Cash = account._get("cash", event.cash)
    names = ("amount_minor", "currency", "value_date", "names", "upload", "line")
    more = ("stated_at", "stated_line", "named_at", "earlier")
    cash = replace(before, **{name: getattr(event, name) for name in (*names, *more)})
    _count_collected(account, before, -before.amount_minor)
    _count_collected(account, cash, cash.amount_minor)
    account.entities["cash"][cash.key] = cash
    account.touched.add(("cash", cash.key))
    _set_names(account, cash, before.names)
    allocate(account, event.changes, {}, [cash.key])


def allocations_changed(account: Account, event: ev.AllocationsChanged) -> None:
    allocate(account, event.changes, {})


def allocate(
    account: Account,
    changes: Iterable[ev.Allocation],
    befores: dict[str, Item | None],
    also_cash: Iterable[str] = (),
    changed: Item | None = None,
) -> None:
    """Change allocations, and settle what they and new content (``befores``: the items as they were; ``changed``: one
    as it is now) touch."""
    changes = tuple(changes)
    if changed is not None:
        account.entities["items"][changed.key] = changed
    for change in changes:
        item: Item = account._get("items", change.item)
        befores.setdefault(item.key, item)
        _change_one(account, item, account._get("cash", change.cash), change)
    for key in sorted(befores):
        item = account.items[key]
        if not account.is_trial and (
            item.outstanding_minor < 0 or min(item.open_charges_minor.values(), default=0) < 0
        ):
            raise AccountError("an item is never paid beyond its amount and its charges")
        settle(account, key, befores[key], "transferred" if item.state == "transferred" else "")
        if item.payers and account.items[key].state not in ("open", "paid") and not account.is_trial:
            raise AccountError("money pays only what is owed")
    touched = sorted({*also_cash, *(change.cash for change in changes)})
    for key in touched:
        cash = account.cash[key]
        left = cash.unallocated_minor if not cash.is_adjustment else cash.amount_minor - cash.allocated_minor
        if left < 0 and not account.is_trial:
            raise AccountError("money is never allocated beyond its amount")
        is_open = left and not cash.is_adjustment
        account._put("cash", replace(cash, state="open" if is_open else "used"))
    _note_unnamed(account, touched)


def _change_one(account: Account, item: Item, cash: Cash, change: ev.Allocation) -> None:
    """Write one allocation to both of its ends."""
    if (change.amount_minor or change.charges) and item.currency != cash.currency:
        raise AccountError("an allocation never crosses currencies")
    if change.amount_minor < 0 or any(amount < 0 for amount in change.charges.values()):
        raise AccountError("an allocation is never negative")
    grown = change.amount_minor - item.allocations.get(cash.key, 0)
    adjusted = item.adjusted
    if cash.is_adjustment and grown:
        adjusted = added(adjusted, cash.kind, grown)
        days = _added_by_day(account.header.adjusted_by_day, cash.currency, cash.value_date, grown)
        account._set(adjusted_by_day=days)
    account.entities["items"][item.key] = replace(
        item,
        allocations=_with(item.allocations, cash.key, change.amount_minor),
        charges_paid=_with_charges(item.charges_paid, cash.key, change.charges),
        adjusted=adjusted,
        paid_on=_paid_on(item, cash, change.amount_minor),
    )
    account.entities["cash"][cash.key] = replace(
        cash,
        allocations=_with(cash.allocations, item.key, change.amount_minor),
        charges=_with_charges(cash.charges, item.key, change.charges),
    )


def _paid_on(item: Item, cash: Cash, amount_minor: int) -> dict[str, date]:
    """From when each payment of the amount counts: interest runs on what was open then."""
    others = {key: day for key, day in item.paid_on.items() if key != cash.key}
    return {**others, cash.key: cash.value_date} if amount_minor else others


def _with(amounts: dict[str, int], key: str, amount: int) -> dict[str, int]:
    """The amounts with this one instead of what the key had; none for nothing."""
    return {name: value for name, value in {**amounts, key: amount}.items() if value}


def _with_charges(paid: dict[str, dict[str, int]], key: str, charges: dict[str, int]) -> dict[str, dict[str, int]]:
    if not paid and not charges:
        return paid
    found = {kind: _with(paid.get(kind, {}), key, charges.get(kind, 0)) for kind in sorted({*paid, *charges})}
    return {kind: amounts for kind, amounts in found.items() if amounts}


def _note_unnamed(account: Account, keys: Iterable[str]) -> None:
    """Keep the list of the money that names nothing and pays something: what it pays may change with every change."""
    before = account.header.unnamed
    gone = {key for key in keys if not (account.cash[key].is_unnamed and account.cash[key].pays)}
    came = {key for key in keys if key not in gone}
    if came - set(before) or gone & set(before):
        account._set(unnamed=tuple(sorted({*before, *came} - gone)))


def settle(account: Account, key: str, before: Item | None, state: str = "") -> None:
    """Give an item the state that its statements and its money make of it, and keep all sums and the behaviour's
    aggregates true in both directions. ``before`` is the item as they count it now."""
    item = account.items[key]
    state = state or _state_of(item)
    settled_on = None
    if state == "paid" or (state == "transferred" and before is not None):
        settled_on = before.settled_on if state == "transferred" and before else _settled_on(account, item)
    was_open = before is not None and before.state == "open"
    reopens = state == "open" and not was_open and before is not None and (before.state == "paid" or item.steps)
    if reopens:
        item = in_new_episode(item)
    contested = contested_minor(account, key) if state == "open" else 0
    is_told = item.debit_missing and state == "open"  # what ends and comes back is looked after again
    after = replace(item, state=state, settled_on=settled_on, debit_missing=is_told, contested_minor=contested)
    if before is not None and before.state != state and (before.state, state) not in TRANSITIONS["Item"]:
        raise AccountError(f"Item cannot go from {before.state} to {state}")
    account.entities["items"][key] = after
    account.touched.add(("items", key))
    _recount(account, before, after)


def in_new_episode(item: Item) -> Item:
    """The item as its chase begins again: with the first step."""
    return replace(item, episode=item.episode + 1, steps=(), moved_to=None, moved_on=None, hastened_on=None)


def contested_minor(account: Account, key: str) -> int:
    """What the live disputes that leave a rest of an item to be chased contest of it, in minor units."""
    return sum(dispute.contested.get(key, 0) for dispute in account.live("disputes"))


def _state_of(item: Item) -> str:
    if item.is_cancelled or not item.is_stated:
        return "cancelled"
    if item.is_split:
        return "split"
    is_paid = item.outstanding_minor <= 0 and not any(minor > 0 for minor in item.open_charges_minor.values())
    return "paid" if is_paid else "open"


def _settled_on(account: Account, item: Item) -> date:
    """The day of the last money or credit note; of an adjustment when nothing else paid."""
    paying = [account.cash[cash] for cash in sorted(item.payers)]
    days = [cash.value_date for cash in paying if not cash.is_adjustment] or [cash.value_date for cash in paying]
    return max(days, default=item.issued)


def _recount(account: Account, before: Item | None, after: Item) -> None:
    """Take what an item counted for out of sales, settlements and promises, and put in what it counts for now."""
    if before is None or _settlement(before) != _settlement(after):
        for item, sign in ((before, -1), (after, 1)):
            if item is not None and item.settled_on is not None:
                _count_settled(account, item, item.settled_on, sign)
    sold, sells = sale_of(before) if before is not None else None, sale_of(after)
    if sold != sells or (before is not None and before.order != after.order):
        for item, sale, sign in ((before, sold, -1), (after, sells, 1)):
            if item is not None and sale is not None:
                currency, issued, amount_minor = sale
                _count_sale(account, currency, issued, sign * amount_minor)
                credit_state.use_up(account, item.order, currency, sign * amount_minor, issued)
    change = _promisable_minor(after) - (_promisable_minor(before) if before is not None else 0)
    charges = _charges_paid_minor(after) - (_charges_paid_minor(before) if before is not None else 0)
    for kind in ("promises", "plans") if change or charges else ():
        for word in account.live(kind):
            if concerns(word.items, after):
                start_minor, paid_minor = word.open_at_start_minor + change, word.charges_paid_minor + charges
                account._put(kind, replace(word, open_at_start_minor=start_minor, charges_paid_minor=paid_minor))


def _settlement(item: Item) -> tuple[Any, ...]:
    if item.settled_on is None:
        return ()
    return (item.settled_on, item.due, item.paid_off_minor, item.currency, item.disputed)


def _promisable_minor(item: Item) -> int:
    """What of an item a promise can be about: what is written off is no longer expected."""
    return item.owed_minor - item.adjusted.get("write_off", 0) if item.owed_minor else 0


def _charges_paid_minor(item: Item) -> int:
    return sum(amount for paid in item.charges_paid.values() for amount in paid.values())


def sale_of(item: Item) -> tuple[str, date, int] | None:
    """What an invoice adds to the sales: nothing while it is cancelled; instalments are part of theirs."""
    if not item.is_stated or item.instalment or item.state in ("cancelled", "transferred"):
        return None
    return item.currency, item.issued, item.amount_minor


def _count_settled(account: Account, item: Item, settled_on: date, sign: int) -> None:
    if item.paid_off_minor == 0:  # nothing was owed, or all of it was written off
        return
    behaviour = account.header.behaviour
    days_late = max(0, (settled_on - item.due).days)
    late = sign if days_late else 0
    count_month = with_settlement if sign > 0 else without_settlement
    settlement = Settlement(item.due, settled_on, item.paid_off_minor, item.currency, item.disputed)
    account._behaviour(
        history=count_month(behaviour.history, settlement),
        settled_count=behaviour.settled_count + sign,
        late_count=behaviour.late_count + late,
        days_late_sum=behaviour.days_late_sum + sign * days_late,
        settled_minor=added(behaviour.settled_minor, item.currency, sign * item.paid_off_minor),
        late_minor=added(behaviour.late_minor, item.currency, late * item.paid_off_minor),
    )
