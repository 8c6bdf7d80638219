"""Finance's decisions: disputes, tasks, the chase, money in suspense, invoices, returned debits, customers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.cash import returned_debits
from duly.domain.contesting import narrow_dispute
from duly.domain.money import parse_minor
from duly.domain.registering import cancel_invoice
from duly.domain.replying import resolve_dispute
from duly.domain.scoring import with_score
from duly.domain.upkeep import today_of
from duly.flows import chase_decisions, clearing, continuity, money_decisions
from duly.flows.edge import Edge
from duly.flows.registering import complete_customer
from duly.flows.waking import waiting_for_item, wake_transactions
from duly.formats.read import read_file
from duly.formats.records import CustomerRow
from duly.store import lookups

MAX_TEXT = 200  # characters of a text in a decision: keys of a table and entries of a journal are bounded
MAX_ITEMS = 100  # invoices named in one decision
ANSWERED_BY = {"approve_notice": "approve or discard"}  # kinds of tasks that a decision of their own closes
TEXTS = frozenset(
    {
        "action",
        "account",
        "notice",
        "dispute",
        "outcome",
        "by",
        "task",
        "result",
        "until",
        "reason",
        "hold",
        "transaction",
    }
    | {"proof", "promise", "plan", "approval", "handover", "code", "stage", "contact", "date", "kind"}
    | {"item", "bank", "currency", "statement", "request_id"}
)
CUSTOMER_FIELDS = ("id", "name", "country", "language", "timezone", "kind", "vat_id", "scenario", "endpoint")
CUSTOMER_REACHED = ("address", "postcode", "city", "phone")
CUSTOMER_MORE = ("parent", "order_required", "terms_days", "credit_limit", "limit_currency", "external_score")


class DecisionRefused(Exception):
    """The decision cannot be carried out. ``code`` is for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def decide(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Carry out one decision and return what it changed. Raises DecisionRefused with a reason.

    ``action``: resolve_dispute (account, dispute, outcome), narrow_dispute (account, dispute, amount: what
    of its invoices is contested), close_task (account, task, result; proof of a letter),
    promise (account, items, date, amount), plan (account, items, instalments as due and amount), cancel_promise and
    cancel_plan (account, its id, reason), skip and step_back (account, items, to_level, reason), reissue (account,
    notice), hold (account, items, until, reason; kind, stage, contact), release (account, hold or items), approve and
    discard (account, approval), call_result (account, task, code; date, amount, reason, stage, contact, items),
    handover_outcome (account, handover, outcome), assign (transaction, account, items; or shares, each with account,
    items and amount), reassign (the same and reason), confirm_match (transaction, choice), refuse_match
    (transaction), take_back (transaction, payment), cancel_invoice (account, item, reason), debit_returned (account,
    item), accept_gap (bank, currency, statement: of `duly bank`), complete_customer (account, name, country, emails
    and any other column of the customer file; the customer's id when the account has none). ``by`` names who decided.
    A ``request_id`` makes a decision about an account happen once, however often it is sent: the second time
    ``events`` is empty.
    """
    _check(request)
    handler = _ACTIONS.get(str(request.get("action", "")))
    if handler is None:
        raise DecisionRefused("unknown_action", f"expected one of {', '.join(sorted(_ACTIONS))}")
    try:
        return handler(edge, request, now)
    except KeyError as error:
        raise DecisionRefused("missing_field", f"expected the field {error.args[0]}") from None
    except (LookupError, ValueError) as error:
        raise DecisionRefused("not_possible", str(error)) from None


def _check(request: Mapping[str, Any]) -> None:
    """Refuse what is no text, or too long, before it becomes a key or a part of the journal."""
    items = request.get("items", ())
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise DecisionRefused("not_text", "expected items as a list of invoice numbers")
    if len(items) > MAX_ITEMS:
        raise DecisionRefused("too_long", f"expected at most {MAX_ITEMS} items")
    named = [(name, request[name]) for name in sorted(TEXTS & request.keys())]
    plain = [item for item in items if not isinstance(item, Mapping)]  # a decision about money reads the others
    for name, value in [*named, *(("items", item) for item in plain)]:
        if not isinstance(value, str):
            raise DecisionRefused("not_text", f"expected a text in the field {name}")
        if len(value) > MAX_TEXT:
            raise DecisionRefused("too_long", f"expected at most {MAX_TEXT} characters in the field {name}")


def _change(
    edge: Edge,
    request: Mapping[str, Any],
    now: datetime,
    also: list[tuple[str, str]],
    events: Callable[..., list[ev.Event]],
    linked: bool = False,
) -> dict[str, Any]:
    account_id = str(request["account"])
    made: list[ev.Event] = []
    own = [_noted(account_id, str(request["request_id"]))] if request.get("request_id") else []

    def decide_events(account: Account) -> list[ev.Event]:
        if not account.exists:
            raise LookupError("unknown account")
        made.clear()
        if any(lookups.find(edge.table, one.kind, one.value) for one in own):
            return []
        today = today_of(account, edge.policy(), now)
        made[:] = events(account, today)
        return with_score(account, made, edge.policy(), today)

    after = edge.change(account_id, decide_events, now, also, linked, own)
    return {"account": account_id, "version": after.version, "events": [type(event).__name__ for event in made]}


def _noted(account: str, request_id: str) -> lookups.Lookup:
    """What is written with a decision, so that the same request again does nothing: a retry of its sender, a second
    click."""
    return lookups.Lookup(lookups.REQUEST, f"{account}#{request_id}", lookups.Answer(account))


def _resolve(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    dispute, outcome, by = str(request["dispute"]), str(request["outcome"]), str(request.get("by", ""))
    policy = edge.policy()
    also = [("disputes", dispute), ("tasks", f"overdue-{dispute}")]

    def events(account: Account, today: date) -> list[ev.Event]:
        return resolve_dispute(account, dispute, outcome, by, today, policy)

    return _change(edge, request, now, also, events)


def _narrow(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    dispute, amount, by = str(request["dispute"]), _text(request, "amount"), str(request["by"])
    policy = edge.policy()

    def events(account: Account, today: date) -> list[ev.Event]:
        del today
        found = account.disputes.get(dispute)
        currencies = {account.items[key].currency for key in (found.items if found else ()) if key in account.items}
        minor = parse_minor(amount, min(currencies)) if currencies else 0
        return narrow_dispute(account, dispute, minor, by, policy)

    return _change(edge, request, now, [("disputes", dispute)], events)


def _close_task(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    task, result, by = str(request["task"]), str(request.get("result", "done")), str(request.get("by", ""))
    proof = str(request.get("proof", ""))
    if not request.get("account"):
        if task not in edge.stack.tasks():
            raise LookupError("no open task of this id")
        edge.stack.close_task(task)
        return {"account": "", "events": ["TaskClosed"]}

    def events(account: Account, today: date) -> list[ev.Event]:
        del today
        found = account.tasks.get(task)
        if found is None or not found.is_live:
            raise LookupError("no open task of this id")
        if found.kind in ANSWERED_BY:
            raise ValueError(f"this task is closed by what it asks for: expected {ANSWERED_BY[found.kind]}")
        if proof and found.kind != "post_letter":
            raise ValueError("expected a proof of posting for a letter alone")
        return [ev.TaskClosed(task, result, by, proof)]

    return _change(edge, request, now, [("tasks", task)], events)


def _chase(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A decision about the chase; what it approves goes out at once if its gates are open."""
    found = chase_decisions.decision(edge, request, edge.policy(), now)
    done = _change(edge, request, now, found.also, found.events)
    if found.wakes:
        chase_decisions.wake(edge, done["account"], f"{request['action']}|{done['version']}", now)
    return done


def _cancel_invoice(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    key, reason, by = str(request["item"]), str(request["reason"]), str(request["by"])

    def events(account: Account, today: date) -> list[ev.Event]:
        return cancel_invoice(account, key, reason, by, now, today)

    done = _change(edge, request, now, [("items", key)], events, linked=True)
    item = edge.accounts.load(str(request["account"]), [("items", key)]).items[key]
    wake_transactions(edge, waiting_for_item(item), f"cancelled|{key}|{done['version']}", now)
    return done


def _debit_returned(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    key, by = str(request["item"]), str(request["by"])

    def events(account: Account, today: date) -> list[ev.Event]:
        keys = owed_for(account, key)
        due = [one for one in keys if len(keys) == 1 or account.items[one].due <= today]
        found = returned_debits(account, due, today, by)
        if not found:
            raise LookupError("no such invoice that is to be collected by direct debit or card and is not returned yet")
        tasks = [task for task in account.live("tasks") if task.kind == "debit_missing" and task.about in due]
        found += [ev.TaskClosed(task.key, "returned", by) for task in tasks]
        return found

    return _change(edge, request, now, [("items", key)], events, linked=True)


def _accept_gap(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    bank, currency, statement, by = (str(request[name]) for name in ("bank", "currency", "statement", "by"))
    until = continuity.accept_gap(edge, bank, currency, statement, by, now)
    return {"bank": bank, "events": ["GapAccepted"], "until": until.isoformat() if until else ""}


def _complete_customer(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    account_id, by = str(request["account"]), str(request["by"])
    rows = _customer_rows(edge, account_id, request)
    outcomes = complete_customer(edge, account_id, rows, by, now)
    refused = next((one for one in outcomes if one.result == "rejected"), None)
    if refused is not None:
        raise DecisionRefused(refused.code, refused.reason)
    account = edge.accounts.load(edge.accounts.now_at(account_id))
    return {"account": account.id, "version": account.version, "events": ["CustomerRegistered"]}


def _customer_rows(edge: Edge, account_id: str, request: Mapping[str, Any]) -> list[CustomerRow]:
    """Return the record as rows of a customer file, read and checked as one. What the decision does not say stays as
    the account knows it."""
    account = edge.accounts.load(account_id)
    own = account.header.customer or ("" if account_id.startswith("P-") else account_id)
    header = account.header
    known = {"id": own, "name": str(account.personal.get("name", "")), "country": header.country}
    values = {name: text for name, text in known.items() if text}
    values |= {
        name: _text(request, name) for name in (*CUSTOMER_FIELDS, *CUSTOMER_REACHED, *CUSTOMER_MORE) if name in request
    }
    if not values.get("id"):
        raise DecisionRefused("id_missing", "expected id: the customer's number in your books")
    if not values.get("name"):
        raise DecisionRefused(
            "name_missing", "expected name: the customer's legal name, which its invoices do not tell"
        )
    emails = request.get("emails") or ([request["email"]] if request.get("email") else [])
    if not isinstance(emails, Sequence) or isinstance(emails, str) or len(emails) > MAX_ITEMS:
        raise DecisionRefused("not_text", "expected emails as a list of addresses")
    rows = [{**values, **_contact_of(one)} for one in emails] or [values]
    for other in rows[1:]:
        if other.get("phone") == values.get("phone"):
            other.pop("phone", None)  # a number that is said once is the first contact's
    found = read_file("customers/decision.json", json.dumps(rows).encode())
    for reject in found.rejects:
        raise DecisionRefused(reject.code, f"{reject.field}: {reject.reason}")
    return list(found.customers)


def _contact_of(email: Any) -> dict[str, str]:
    """An address, or one with its role and telephone number as ``{"email", "role", "phone"}``."""
    said = email if isinstance(email, Mapping) else {"email": email}
    found = {name: _text(said, name) for name in ("role", "phone") if name in said}
    return {"role": "billing", "email": _text(said, "email"), **found}


def _text(request: Mapping[str, Any], name: str) -> str:
    value = request[name]
    if isinstance(value, bool) or (isinstance(value, int) and name in CUSTOMER_MORE):
        value = str(value).lower()
    if not isinstance(value, str):
        raise DecisionRefused("not_text", f"expected a text in the field {name}")
    if len(value) > MAX_TEXT:
        raise DecisionRefused("too_long", f"expected at most {MAX_TEXT} characters in the field {name}")
    return value


def _money(edge: Edge, request: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A decision about money on an account, which frees or pays items: those and the score follow."""
    found = money_decisions.plan(request, edge.policy())
    return _change(edge, request, now, found.also, found.events, linked=True)


_ACTIONS: dict[str, Callable[[Edge, Mapping[str, Any], datetime], dict[str, Any]]] = {
    "resolve_dispute": _resolve,
    "narrow_dispute": _narrow,
    "close_task": _close_task,
    "assign": clearing.assign,
    "reassign": clearing.reassign,
    "confirm_match": clearing.confirm_match,
    "refuse_match": clearing.refuse_match,
    "take_back": clearing.take_back,
    "cancel_invoice": _cancel_invoice,
    "debit_returned": _debit_returned,
    "complete_customer": _complete_customer,
    "accept_gap": _accept_gap,
    **dict.fromkeys(money_decisions.ACTIONS, _money),
    **dict.fromkeys(chase_decisions.ACTIONS, _chase),
}


def answer(edge: Edge, event: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what a direct invocation answers: ``{"ok": true, ...}``, or ``{"ok": false, "code", "error"}``.

    A dashboard button calls with the decision under ``decision`` beside CloudWatch's ``widgetContext``.
    """
    request = event.get("decision") if isinstance(event.get("decision"), Mapping) else event
    try:
        return {"ok": True, **decide(edge, request or {}, now)}
    except DecisionRefused as refused:
        edge.observer.log("decision_refused", reason=refused.code)
        return {"ok": False, "code": refused.code, "error": str(refused)}
