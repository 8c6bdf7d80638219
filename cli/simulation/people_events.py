"""What customers and persons say and decide in a scenario: disputes, promises, holds, moves, approvals, orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from cli.simulation import scenario_events as se
from cli.simulation.fields import Moment, Named
from cli.simulation.money_events import BY, account_for, decided, keys_of, take
from cli.simulation.problems import NotPossible
from cli.simulation.world import World
from duly.domain import events as ev
from duly.domain import plans
from duly.domain.account import Account
from duly.domain.contesting import contested_of, currency_of
from duly.domain.entities import Item, instalment_key
from duly.domain.money import MoneyError, format_minor, parse_minor
from duly.domain.registering import credit_note_key
from duly.domain.upkeep import record_steps, today_of
from duly.flows import credit, delivery
from duly.formats.records import Buyer, InvoiceRow


def _minor(text: str, currency: str) -> int:
    try:
        return parse_minor(text, currency)
    except MoneyError as error:
        raise NotPossible(error.code, error.reason) from None


def _items(world: World, account: str, keys: Sequence[str]) -> list[Item]:
    loaded = world.edge.accounts.load(account, [("items", key) for key in keys])
    return [loaded.items[key] for key in keys]


def _open_keys(world: World, account: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Those of the items that are open; without any named, all open ones. Raises NotPossible when none is."""
    found = world.edge.accounts.load(account)
    names = keys or [item.key for item in found.live("items")]
    open_keys = tuple(key for key in names if key in found.items and found.items[key].state == "open")
    if not open_keys:
        raise NotPossible("not_open", f"nothing is open of {', '.join(names) or account}")
    return open_keys


# --- disputes
def _dispute(world: World, fact: se.Dispute, on: Moment) -> None:
    account = account_for(world, fact.customer, fact.invoices)
    keys = _open_keys(world, account, keys_of(world, account, fact.invoices))
    amount_minor = _minor(fact.amount, _items(world, account, keys)[0].currency) if fact.amount else 0
    now = world.begin(on, account)
    policy = world.policy.disputes

    def events(found: Account) -> list[ev.Event]:
        if fact.id in found.disputes:
            raise NotPossible("duplicate_dispute", f"a dispute {fact.id!r} is known already")
        today = today_of(found, world.policy, now)
        deadline = today + timedelta(days=policy.deadline_days)
        owner = policy.owner_key(fact.reason)
        contested = contested_of(found, keys, amount_minor, world.policy)
        currency = currency_of(found, contested)
        opened = ev.DisputeOpened(fact.id, keys, fact.reason, owner, deadline, today, "", contested, currency)
        return [*plans.cancel_words(found, keys, today), opened]

    world.change(account, events, now, [("disputes", fact.id)])


def _resolve(world: World, fact: se.Resolve, on: Moment) -> None:
    owner = _account_with(world, "disputes", fact.dispute)
    request = {"action": "resolve_dispute", "dispute": fact.dispute, "outcome": fact.outcome}
    decided(world, world.begin(on, owner), account=owner, **request)


def _account_with(world: World, kind: str, key: str) -> str:
    for account, found in world.recorder.accounts.items():
        if key in found.entities[kind] or key in world.edge.accounts.load(account, [(kind, key)]).entities[kind]:
            return account
    raise NotPossible(f"unknown_{kind.removesuffix('s')}", f"no {kind.removesuffix('s')} {key!r}")


# --- promises and plans
def _promise(world: World, fact: se.Promise, on: Moment) -> None:
    account = account_for(world, fact.customer, fact.invoices)
    keys = _open_keys(world, account, keys_of(world, account, fact.invoices))
    currency = _items(world, account, keys)[0].currency
    now = world.begin(on, account)
    amount_minor = _minor(fact.amount, currency) if fact.amount else 0

    def events(found: Account) -> list[ev.Event]:
        today = today_of(found, world.policy, now)
        with problems():
            return plans.make_promise(found, fact.id, keys, fact.date, amount_minor, world.policy, today, BY)

    world.change(account, events, now, [("promises", fact.id)])


def _plan(world: World, fact: se.Plan, on: Moment) -> None:
    """A plan over all that is open, as a person agrees it; or over a part of it, which leaves the rest for later."""
    account = account_for(world, fact.customer, fact.invoices)
    keys = _open_keys(world, account, keys_of(world, account, fact.invoices))
    currency = _items(world, account, keys)[0].currency
    now = world.begin(on, account)
    parts = tuple(sorted((day, _minor(amount, currency)) for day, amount in fact.instalments))

    def events(found: Account) -> list[ev.Event]:
        today = today_of(found, world.policy, now)
        whole = sum(found.items[key].outstanding_minor for key in keys)
        with problems():
            if sum(minor for _, minor in parts) >= whole:
                return plans.make_plan(found, fact.id, keys, parts, world.policy, today, BY)
        made = ev.PlanMade(fact.id, keys, parts, currency, today, world.policy.promises.grace_days, BY)
        return [*plans.cancel_words(found, keys, today, BY), made]

    world.change(account, events, now, [("plans", fact.id)])


@contextmanager
def problems() -> Iterator[None]:
    """What a rule refuses is a problem."""
    try:
        yield
    except (LookupError, ValueError) as error:
        raise NotPossible("not_possible", str(error)) from None


# --- holds
def _hold(world: World, fact: se.Hold, on: Moment) -> None:
    account = account_for(world, fact.customer, fact.invoices)
    request = {"until": fact.until.isoformat(), "reason": fact.reason, "kind": fact.kind}
    items = _names(world, account, fact.invoices)
    decided(world, world.begin(on, account), action="hold", account=account, items=items, **request)


def _release(world: World, fact: se.Release, on: Moment) -> None:
    account = account_for(world, fact.customer, fact.invoices)
    items = _names(world, account, fact.invoices)
    decided(world, world.begin(on, account), action="release", account=account, items=items, reason="released")


def _names(world: World, account: str, invoices: Sequence[Named]) -> list[str]:
    """Invoices by number, or by instalment where one is meant. Raises NotPossible for one that is not known."""
    keys_of(world, account, invoices)
    return [instalment_key(one.invoice, one.instalment) if one.instalment else one.invoice for one in invoices]


# --- moves, approvals
def _skip(world: World, fact: se.Skip, on: Moment) -> None:
    """Go on at a level: a skip forwards, or a step-back to the level that was reached or one before it."""
    account = account_for(world, "", [fact.invoice])
    keys = _open_keys(world, account, keys_of(world, account, [fact.invoice]))
    reached = max(item.level for item in _items(world, account, keys))
    action = "skip" if fact.to_level > reached else "step_back"
    request = {"items": list(keys), "to_level": str(fact.to_level), "reason": fact.reason}
    decided(world, world.begin(on, account), action=action, account=account, **request)


def _approve(world: World, fact: se.Approve, on: Moment) -> None:
    """Approve what is proposed to the customer at the level: it goes out at once, if no gate is shut then."""
    for approval in _asked_for(world, fact):
        decided(world, world.moment(on, fact.customer), action="approve", account=fact.customer, approval=approval)
        world.settle()


def approve_all(world: World, on: Moment) -> None:
    """Approve everything that is proposed to anybody, and let it go out."""
    for account_id, account in sorted(world.recorder.accounts.items()):
        asked = {one.level for one in account.live("approvals") if one.state == "asked"}
        for level in sorted(asked):
            _approve(world, se.Approve(account_id, level, ""), on)


def _discard(world: World, fact: se.Discard, on: Moment) -> None:
    """Discard what is proposed. It is proposed again on the next day; without a time this is the evening before, so
    that the next run is, as the format says, the one that proposes it again."""
    now = world.begin(on, fact.customer)
    if on.at is None:
        now -= timedelta(seconds=1)
    for approval in _asked_for(world, fact):
        decided(world, now, action="discard", account=fact.customer, approval=approval)


def _asked_for(world: World, fact: se.Approve | se.Discard) -> list[str]:
    """The proposed notices that are meant. Raises NotPossible when there is none."""
    account = account_for(world, fact.customer, [])
    found = [
        one.key
        for one in world.edge.accounts.load(account).live("approvals")
        if one.state == "asked" and one.level == fact.level and fact.currency in ("", one.currency)
    ]
    if not found:
        raise NotPossible("nothing_proposed", f"nothing of level {fact.level} is proposed for {fact.customer!r}")
    return found


# --- delivery
def _bounce(world: World, fact: se.Bounce, on: Moment) -> None:
    """An address bounced: under its last notice, as the mail service tells, or without one noted by a person."""
    account = account_for(world, fact.customer, [])
    now = world.begin(on, account)
    found = world.edge.accounts.load(account)
    contacts = [one for one in found.personal.get("contacts", []) if one["email"].casefold() == fact.email.casefold()]
    if not contacts:
        raise NotPossible("unknown_contact", f"no contact of {fact.customer!r} has this address")
    notice = next((key for key, one in reversed(world.recorder.attempts.items()) if one.customer == fact.customer), "")
    if notice:
        outcome = "bounced" if fact.is_hard else "delayed"
        addresses = (fact.email,) if fact.is_hard else ()
        delivery.take_ses_event(world.edge, delivery.SesEvent("Bounce", notice, "", outcome, addresses), now)
    elif fact.is_hard:
        world.change(account, lambda _: [ev.ContactSuppressed(one["id"], "bounced") for one in contacts], now)


# --- history
def _sent(world: World, fact: se.Sent, on: Moment) -> None:
    """A notice that went out before the scenario begins: its step counts as done, and as a contact."""
    account = account_for(world, fact.customer, [fact.invoice])
    keys = _open_keys(world, account, keys_of(world, account, [fact.invoice]))
    now = world.moment(on, account)
    world.recorder.is_seeding = True
    try:
        world.change(account, lambda found: _seeded(world, found, keys, fact.level, on), now)
    finally:
        world.recorder.is_seeding = False


def _seeded(world: World, account: Account, keys: Sequence[str], level: int, on: Moment) -> list[ev.Event]:
    header = account.header
    scenario = world.policy.scenario_for(header.scenario, header.category)
    step = next((one for one in scenario.steps if one.level == level), None)
    name, channel = (step.name, step.channel) if step else (f"level-{level}", "email")
    now, working = world.moment(on, account.id), account
    events: list[ev.Event] = []
    for key in keys:
        item = account.items[key]
        part = ev.NoticeItem(key, item.episode, name, level, 0, item.outstanding_minor)
        notice = f"seed-{account.version + 1}-{key}"
        made: list[ev.Event] = [
            ev.NoticeClaimed(
                notice,
                notice,
                channel,
                item.currency,
                level,
                name,
                (part,),
                (),
                now,
                world.policy.version,
                scenario.name,
            ),
            ev.NoticeSent(notice, now, "document"),
        ]
        working = working.after(made)
        made += record_steps(working.notices[notice], on.day)
        working = working.after(made[2:])
        events += made
    return events


# --- credit
def _order(world: World, fact: se.Order, on: Moment) -> None:
    """A sale that is asked about: the decision, and the order that it places when it is approved."""
    account = account_for(world, fact.customer, [])
    order = fact.id or f"order-{len(world.recorder.record.credit) + 1}"
    request = {
        "type": "credit_check",
        "customer": fact.customer,
        "amount": format_minor(fact.amount_minor, fact.currency),
        "currency": fact.currency,
        "order": order,
        "by": BY,
    }
    answer = _asked(world, request, on, account)
    world.recorder.record.credit.append(
        {
            "on": on.text,
            "customer": fact.customer,
            "order": order,
            "amount": answer["amount"],
            "currency": fact.currency,
            "answer": answer["outcome"],
            "reasons": [one["code"] for one in answer["reasons"]],
            "conditions": [one["code"] for one in answer["conditions"]],
            "exposure": answer["exposure"],
            "limit": answer["limit"],
            "headroom": answer["headroom"],
        }
    )


def _asked(world: World, request: Mapping[str, str], on: Moment, account: str) -> dict[str, Any]:
    answer = credit.answer(world.edge, request, world.begin(on, account))
    if not answer["ok"]:
        raise NotPossible(answer["code"], answer["error"])
    return answer


def _cancel_order(world: World, fact: se.Cancel, on: Moment) -> None:
    """Cancel an order by its id; one without an id is the customer's last open one."""
    for account, found in world.recorder.accounts.items():
        if fact.customer and (found.header.customer or account) != fact.customer:
            continue
        orders = [order.key for order in world.edge.accounts.load(account).live("orders")]
        order = fact.order if fact.order in orders else orders[-1] if orders and fact.order == "*" else ""
        if order:
            request = {"type": "cancel_order", "customer": found.header.customer or account, "order": order}
            _asked(world, request, on, account)
            return
    raise NotPossible("unknown_order", f"no open order {fact.order!r}")


# --- what is no longer owed or ordered
def _cancel(world: World, fact: se.Cancel, on: Moment) -> None:
    if fact.invoice:
        account = account_for(world, fact.customer, [Named(fact.invoice)])
        keys_of(world, account, [Named(fact.invoice)])
        request = {"action": "cancel_invoice", "account": account, "item": fact.invoice, "reason": "cancelled"}
        decided(world, world.begin(on, account), **request)
        return
    if fact.order:
        _cancel_order(world, fact, on)
        return
    for account, found in list(world.recorder.accounts.items()):
        if world.edge.accounts.load(account, [("cash", credit_note_key(fact.credit_note))]).cash.get(
            credit_note_key(fact.credit_note)
        ):
            row = _cancellation(fact.credit_note, account, on)
            take(world, "invoices", account, [row], world.begin(on, found.id))
            return
    raise NotPossible("unknown_credit_note", f"no credit note {fact.credit_note!r}")


def _cancellation(number: str, account: str, on: Moment) -> InvoiceRow:
    return InvoiceRow(1, number, Buyer(id=account), on.day, None, "default", 0, "EUR", "cancellation", "", "")


APPLY: Final[dict[type[Any], Any]] = {
    se.Dispute: _dispute,
    se.Resolve: _resolve,
    se.Promise: _promise,
    se.Plan: _plan,
    se.Hold: _hold,
    se.Release: _release,
    se.Skip: _skip,
    se.Approve: _approve,
    se.Discard: _discard,
    se.Bounce: _bounce,
    se.Sent: _sent,
    se.Order: _order,
    se.Cancel: _cancel,
}
