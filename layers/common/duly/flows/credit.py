"""Credit by direct invocation: the decision on a sale, and finance's actions on orders, overrides and covers.

The decision, its order and whatever it does to the hold are one commit on the version that was decided on: of two
checks at once the second sees the first one's order. Requests and answers are described in docs/credit.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.credit import credit_upkeep, order_ends
from duly.domain.credit_decision import CreditDecision, Point, Prospect, Sale, decide_credit, decide_prospect
from duly.domain.credit_state import COVER_KINDS
from duly.domain.entities import Item
from duly.domain.money import MoneyError, format_minor, parse_minor
from duly.domain.money_state import sale_of
from duly.domain.policy import Policy
from duly.domain.scoring import rescore
from duly.domain.upkeep import today_of
from duly.flows.edge import Edge
from duly.store import lookups
from duly.store.tables import Conflict

MAX_TEXT: Final = 200  # characters of a text in a request: keys of a table and entries of a journal are bounded
MAX_ORDERS: Final = 200  # open orders of one account: each is read with it
MAX_CLOSED: Final = 4_000  # closed invoices looked at for an order that comes after them: four megabytes
MAX_COVERS: Final = 20
MAX_OVERRIDES: Final = 20
MAX_OVERRIDE_DAYS: Final = 366  # who wants longer wants another limit
MAX_END_YEARS: Final = 50

Request = Mapping[str, Any]


class CreditRefused(Exception):
    """The request cannot be answered or carried out. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def answer(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    """Return what a direct invocation answers: ``{"ok": true, ...}``, or ``{"ok": false, "code", "error"}``."""
    try:
        _check(event)
        return {"ok": True, **_ACTIONS[event["type"]](edge, event, now)}
    except CreditRefused as refused:
        edge.observer.log("credit_request_refused", reason=refused.code)
        return {"ok": False, "code": refused.code, "error": str(refused)}
    except Conflict:
        edge.observer.log("credit_request_refused", reason="busy")
        return {"ok": False, "code": "busy", "error": "the account is being changed by others; ask again"}


# --- reading a request
def _check(event: Request) -> None:
    """Refuse what is no text, too long, missing or unknown before it becomes a key or a part of the journal."""
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise CreditRefused("unknown_type", f"expected a type of {', '.join(sorted(_FIELDS))}")
    needed, optional = _FIELDS[kind]
    for name, value in event.items():
        if name not in (*needed, *optional, "type", "time"):
            raise CreditRefused("unknown_field", f"expected the fields {', '.join((*needed, *optional))}")
        if name == "prospect":
            _check_prospect(value)
        elif not isinstance(value, str) or not value.isprintable():
            raise CreditRefused("not_text", f"expected a text on one line in the field {name}")
        elif len(value) > MAX_TEXT:
            raise CreditRefused("too_long", f"expected at most {MAX_TEXT} characters in the field {name}")
    for name in needed:
        if not str(event.get(name, "")).strip():
            raise CreditRefused("missing_field", f"expected the field {name}")


def _check_prospect(value: Any) -> None:
    if not isinstance(value, Mapping) or not set(value) <= {"external_score"}:
        raise CreditRefused("bad_prospect", "expected prospect as an object, with external_score or empty")
    found = value.get("external_score")
    if found is not None and (isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 1000):
        raise CreditRefused("bad_score", "expected external_score as a whole number from 0 (best) to 1000")


def _text(event: Request, name: str) -> str:
    return str(event.get(name, "")).strip()


def _amount(event: Request, *, least: int = 1) -> tuple[int, str]:
    """The amount in minor units, and its currency."""
    currency = _text(event, "currency")
    try:
        amount_minor = parse_minor(_text(event, "amount"), currency)
    except MoneyError as error:
        raise CreditRefused(error.code, error.reason) from None
    if amount_minor < least:
        raise CreditRefused("amount_not_positive", f"expected an amount of {format_minor(least, currency)} or more")
    return amount_minor, currency


def _last_day(event: Request, today: date, most: int = MAX_END_YEARS * 366) -> date | None:
    """The last day in ``until``, None without one."""
    text = _text(event, "until")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise CreditRefused("bad_date", "expected until as a day such as 2026-04-30") from None
    if not today <= day <= today + timedelta(days=most):
        raise CreditRefused("bad_date", f"expected until as a day from {today} on, at most {most} days ahead")
    return day


def account_of(edge: Edge, name: str) -> str:
    """Return the account of a customer id (or an account id itself), or the one that it was merged into.

    Raises CreditRefused when nobody or several are called so.
    """
    found = {edge.accounts.now_at(one.account) for one in lookups.find(edge.table, lookups.CUSTOMER, name)}
    if len(found) > 1:
        raise CreditRefused("ambiguous_customer", "several accounts have this customer id; name the account")
    return found.pop() if found else edge.accounts.now_at(name)


# --- changing an account
@dataclass
class _Change:
    """What a request does to the account as it was loaded; a lost race does it again on another."""

    account: Account
    policy: Policy
    today: date
    events: list[ev.Event] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add(*credit_upkeep(self.account, self.policy, self.today))
        self.add(*rescore(self.account, self.policy, self.today))

    def add(self, *events: ev.Event) -> None:
        self.events += events
        self.account = self.account.after(events)

    def number(self, prefix: str) -> str:
        """An id that no other change of this account has."""
        return f"{prefix}-{self.account.version + 1}"


def _change(
    edge: Edge, event: Request, now: datetime, decide: Callable[[_Change], None], *, order: str = ""
) -> dict[str, Any]:
    """Load, score on this day, decide, commit with what follows for score and hold; again after a lost race."""
    account_id = account_of(edge, _text(event, "customer"))
    policy = edge.policy()
    last: list[_Change] = []

    def events(account: Account) -> list[ev.Event]:
        if not account.exists:
            raise CreditRefused("unknown_customer", "no customer or account is called so")
        if account.header.merged_into:
            raise Conflict  # it was merged in this moment: the caller asks again and finds the other account
        change = _Change(account, policy, today_of(account, policy, now))
        scored = len(change.events)
        decide(change)
        if len(change.events) > scored:
            change.add(*rescore(change.account, policy, change.today))
        last[:] = [change]
        return change.events

    after = edge.change(account_id, events, now, [("orders", order)] if order else [])
    done = last[-1]
    return {
        "customer": after.header.customer,
        "account": account_id,
        "version": after.version,
        "events": [type(one).__name__ for one in done.events],
        **done.found,
    }


# --- the decision on a sale
def _credit_check(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    if ("prospect" in event) == bool(_text(event, "customer")):
        raise CreditRefused("missing_field", "expected either customer or prospect")
    amount_minor, currency = _amount(event)
    if "prospect" in event:
        return _prospect(edge, event, Sale(amount_minor, currency, _creditors_today(edge, now)))
    order, by = _text(event, "order"), _text(event, "by")

    def decide(change: _Change) -> None:
        sale = Sale(amount_minor, currency, change.today, order)
        reserved = _known_order(change.account, order, amount_minor, currency) if order else False
        until = _last_day(event, change.today)
        made = decide_credit(change.account, change.policy, sale)
        decided = _decided_event(change, made, sale, by)
        change.found = {**_answered(made, sale), "decision": decided.decision, "order": order, "reserved": reserved}
        change.add(decided)
        if order and made.is_approved and not reserved:
            _place(edge, change, sale, by, until, decided.decision)
            change.found["reserved"] = change.account.orders[order].is_live  # not when all of it is invoiced already

    found = _change(edge, event, now, decide, order=order)
    edge.observer.log("credit_decided", account=found["account"], outcome=found["outcome"])
    return found


def _prospect(edge: Edge, event: Request, sale: Sale) -> dict[str, Any]:
    if _text(event, "order"):
        raise CreditRefused("prospect_order", "an order is reserved on a customer's account, which a prospect has not")
    made = decide_prospect(Prospect(event["prospect"].get("external_score")), edge.policy(), sale)
    edge.observer.log("credit_decided", outcome=made.outcome)
    return {"customer": "", "account": "", **_answered(made, sale), "order": "", "reserved": False}


def _creditors_today(edge: Edge, now: datetime) -> date:
    return today_of(Account(""), edge.policy(), now)


def _decided_event(change: _Change, made: CreditDecision, sale: Sale, by: str) -> ev.CreditDecided:
    return ev.CreditDecided(
        decision=change.number("CD"),
        outcome=made.outcome,
        reasons=tuple(point.code for point in made.reasons),
        conditions=tuple(point.code for point in made.conditions),
        amount_minor=sale.amount_minor,
        currency=sale.currency,
        exposure_minor=made.held.exposure_minor,
        limit_minor=made.held.limit_minor,
        headroom_minor=made.held.headroom_minor,
        score_permille=made.score.permille,
        category=made.score.category,
        terms_days=made.terms_days,
        policy=made.policy,
        on=sale.on,
        order=sale.order,
        override=made.override,
        by=by,
    )


def _answered(made: CreditDecision, sale: Sale) -> dict[str, Any]:
    def money(amount_minor: int | None) -> str | None:
        return None if amount_minor is None else format_minor(amount_minor, sale.currency)

    def points(found: tuple[Point, ...]) -> list[dict[str, str]]:
        return [{"code": one.code, "words": one.words} for one in found]

    held = made.held
    return {
        "outcome": made.outcome,
        "reasons": points(made.reasons),
        "conditions": points(made.conditions),
        "offers": points(made.offers),
        "amount": money(sale.amount_minor),
        "currency": sale.currency,
        "on": sale.on.isoformat(),
        "exposure": money(held.exposure_minor),
        "open_invoices": money(held.open_minor),
        "open_orders": money(held.orders_minor),
        "paid_ahead": money(held.unapplied_minor),
        "limit": money(held.limit_minor),
        "headroom": money(held.headroom_minor),
        "score": f"{made.score.permille / 1000:.3f}",
        "score_reasons": [reason.words for reason in made.score.reasons],
        "category": made.score.category,
        "terms_days": made.terms_days,
        "security": made.security,
        "hold": list(made.hold),
        "override": made.override,
        "policy": made.policy,
    }


# --- orders
def _known_order(account: Account, order: str, amount_minor: int, currency: str) -> bool:
    """Whether the account has this very order already. Raises CreditRefused when it has another of this id."""
    found = account.orders.get(order)
    if found is None:
        return False
    if not found.is_live:
        raise CreditRefused("order_ended", f"this order is {found.state} since {found.ended_on}; use another id")
    if (found.amount_minor, found.currency) != (amount_minor, currency):
        known = f"{format_minor(found.amount_minor, found.currency)} {found.currency}"
        raise CreditRefused("order_differs", f"this order is known over {known}; cancel it first")
    return True


def _place(edge: Edge, change: _Change, sale: Sale, by: str, until: date | None, decision: str = "") -> None:
    account = change.account
    if len(account.live("orders")) >= MAX_ORDERS:
        raise CreditRefused("too_many_orders", f"expected at most {MAX_ORDERS} open orders; cancel what is not wanted")
    last = until or order_ends(change.policy, sale.on)
    invoiced = _invoiced_minor(edge, account, sale)
    change.add(ev.OrderPlaced(sale.order, sale.amount_minor, sale.currency, sale.on, by, last, decision, invoiced))


def _invoiced_minor(edge: Edge, account: Account, sale: Sale) -> int:
    """What invoices that came before the order already asked of it, the paid ones too. Of more closed invoices than
    MAX_CLOSED the rest does not count: the order then reserves too much rather than too little."""
    closed = edge.accounts.closed(account.id, "items", MAX_CLOSED)
    if len(closed) == MAX_CLOSED:
        edge.observer.log("closed_invoices_cut", account=account.id)
    items: dict[str, Item] = {item.key: item for item in closed} | account.items
    sales = [sale_of(item) for item in items.values() if item.order == sale.order]
    return sum(amount_minor for currency, _, amount_minor in filter(None, sales) if currency == sale.currency)


def _place_order(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    amount_minor, currency = _amount(event)
    order = _text(event, "order")

    def decide(change: _Change) -> None:
        sale = Sale(amount_minor, currency, change.today, order)
        until = _last_day(event, change.today)
        change.found = {"order": order}
        if not _known_order(change.account, order, amount_minor, currency):
            _place(edge, change, sale, _text(event, "by"), until)

    return _change(edge, event, now, decide, order=order)


def _cancel_order(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    order = _text(event, "order")

    def decide(change: _Change) -> None:
        found = change.account.orders.get(order)
        if found is None:
            raise CreditRefused("unknown_order", "the customer has no order of this id")
        change.found = {"order": order}
        if found.state == "cancelled":
            return
        if not found.is_live:
            raise CreditRefused("order_ended", f"this order is {found.state} since {found.ended_on}")
        change.add(ev.OrderEnded(order, "cancelled", change.today, _text(event, "by")))

    return _change(edge, event, now, decide, order=order)


# --- overrides
def _override(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    amount_minor, currency = (0, "")
    if _text(event, "amount") or _text(event, "currency"):
        amount_minor, currency = _amount(event)

    def decide(change: _Change) -> None:
        until = _last_day(event, change.today, MAX_OVERRIDE_DAYS)
        if until is None:
            raise CreditRefused("missing_field", "expected the field until")
        granted = ev.OverrideGranted(
            override=change.number("OV"),
            by=_text(event, "by"),
            reason=_text(event, "reason"),
            until=until,
            on=change.today,
            amount_minor=amount_minor,
            currency=currency,
        )
        present = change.account.live("overrides")
        same = [one.key for one in present if _same_override(one, granted)]
        if not same and len(present) >= MAX_OVERRIDES:
            raise CreditRefused("too_many_overrides", f"expected at most {MAX_OVERRIDES}; end those not needed")
        change.found = {"override": same[0] if same else granted.override, "until": until.isoformat()}
        if not same:
            change.add(granted)

    return _change(edge, event, now, decide)


def _same_override(present: Any, granted: ev.OverrideGranted) -> bool:
    names = ("by", "reason", "until", "on", "amount_minor", "currency")
    return all(getattr(present, name) == getattr(granted, name) for name in names)


def _end_override(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    key = _text(event, "override")

    def decide(change: _Change) -> None:
        found = change.account.overrides.get(key)
        if found is None or not found.is_live:
            raise CreditRefused("unknown_override", "the customer has no override of this id that is in force")
        change.found = {"override": key}
        change.add(ev.OverrideEnded(key, "person", change.today, _text(event, "by")))

    return _change(edge, event, now, decide)


# --- covers
def _set_cover(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    kind, key = _text(event, "kind"), _text(event, "cover")
    if kind not in COVER_KINDS:
        raise CreditRefused("unknown_kind", f"expected a kind of {', '.join(COVER_KINDS)}")
    amount_minor, currency = _amount(event, least=0 if kind == "insurance" else 1)

    def decide(change: _Change) -> None:
        until = _last_day(event, change.today)
        present = {one.key: one for one in change.account.header.covers}
        if key not in present and len(present) >= MAX_COVERS:
            raise CreditRefused("too_many_covers", f"expected at most {MAX_COVERS}; end those not needed")
        change.found = {"cover": key}
        found = present.get(key)
        if found and (found.kind, found.currency, found.amount_minor, found.until) == (
            kind,
            currency,
            amount_minor,
            until,
        ):
            return
        change.add(ev.CoverSet(key, kind, currency, amount_minor, until, change.today, _text(event, "by")))

    return _change(edge, event, now, decide)


def _end_cover(edge: Edge, event: Request, now: datetime) -> dict[str, Any]:
    key = _text(event, "cover")

    def decide(change: _Change) -> None:
        if key not in {one.key for one in change.account.header.covers}:
            raise CreditRefused("unknown_cover", "the customer has no cover of this id")
        change.found = {"cover": key}
        change.add(ev.CoverEnded(key, "person", change.today, _text(event, "by")))

    return _change(edge, event, now, decide)


_ACTIONS: Final[dict[str, Callable[[Edge, Request, datetime], dict[str, Any]]]] = {
    "credit_check": _credit_check,
    "place_order": _place_order,
    "cancel_order": _cancel_order,
    "override": _override,
    "end_override": _end_override,
    "set_cover": _set_cover,
    "end_cover": _end_cover,
}

# By type: fields that must be there, fields that may be.
_FIELDS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "credit_check": (("amount", "currency"), ("customer", "prospect", "order", "until", "by")),
    "place_order": (("customer", "order", "amount", "currency"), ("until", "by")),
    "cancel_order": (("customer", "order"), ("by",)),
    "override": (("customer", "until", "reason", "by"), ("amount", "currency")),
    "end_override": (("customer", "override", "by"), ()),
    "set_cover": (("customer", "cover", "kind", "amount", "currency", "by"), ("until",)),
    "end_cover": (("customer", "cover", "by"), ()),
}
