"""What a classified reply does to an account. A mail only pauses, unless it is trusted and plainly understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from duly.domain import events as ev
from duly.domain.account import MAX_MARKED_ITEMS, Account, owed_for
from duly.domain.cash import AWAITING_CREDIT_NOTE, CREDIT_NOTE_DAYS, is_credited
from duly.domain.contesting import open_dispute
from duly.domain.entities import Dispute, Notice, concerns
from duly.domain.money import format_minor
from duly.domain.plans import cancel_words
from duly.domain.policy import Policy
from duly.domain.steering import CUSTOMER_APPROVAL

if TYPE_CHECKING:  # the words of replies take a third of a second to load, and decisions about disputes need none
    from duly.domain.replies import Classification, Intent

HARMLESS = frozenset({"thanks"})


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """One reply: its id, the notice it answers, the day, and whether SES and the customer's record vouch for it."""

    reply: str
    notice: str
    on: date
    trusted: bool


def understand(
    account: Account, notice: Notice | None, facts: ReplyFacts, found: Classification, policy: Policy
) -> list[ev.Event]:
    """Return what the reply means for the account: its classification replaces the hold that it placed on arrival.

    Automatic replies, bounces and thanks lift the hold. A dispute, a promise with a date and "paid" act only in a
    trusted mail; all else, and everything that is not plain, becomes a person's task, which keeps the gate closed.
    """
    if account.replies[facts.reply].state != "unread":
        return []
    kinds = tuple(intent.kind for intent in found.intents)
    if found.kind in ("auto_reply", "bounce"):
        return [ev.ReplyClassified(facts.reply, found.kind, kinds)]
    if not facts.trusted:
        return [ev.ReplyClassified(facts.reply, "other", kinds), *_task(account, facts, "untrusted")]
    events: list[ev.Event] = []
    handled = set(HARMLESS)
    disputes = [intent for intent in found.intents if intent.kind == "dispute"]
    if disputes:
        opened = _disputes(account, notice, facts, disputes, policy)
        events += opened
        handled |= {"dispute", "in_approval"} if opened else set()
    elif not found.needs_human:
        more, done = _plain(account, notice, facts, found, policy)
        events += more
        handled |= done
    open_questions = [kind for kind in kinds if kind not in handled]
    if open_questions or not kinds or (found.needs_human and not disputes):
        detail = ",".join(dict.fromkeys(open_questions)) or "not_understood"
        events += _task(account, facts, detail + _proposed(found))
    kind = "reply" if found.kind == "reply" and kinds else "other"
    return [ev.ReplyClassified(facts.reply, kind, kinds), *events]


def _plain(
    account: Account, notice: Notice | None, facts: ReplyFacts, found: Classification, policy: Policy
) -> tuple[list[ev.Event], set[str]]:
    events: list[ev.Event] = []
    done: set[str] = set()
    promises = [intent for intent in found.intents if intent.kind == "promise"]
    for number, intent in enumerate(promises):
        made = _promise(account.after(events), notice, facts, intent, policy, number)
        events += made
        done |= {"promise"} if made else set()
    for number, intent in enumerate(intent for intent in found.intents if intent.kind == "paid"):
        events += _says_paid(account, notice, facts, intent, policy, number)
        done.add("paid")
    for number, intent in enumerate(intent for intent in found.intents if intent.kind == "in_approval"):
        held = _in_approval(account.after(events), notice, facts, intent, policy, number)
        events += held
        done |= {"in_approval"} if held else set()
    return events, done


def _concerned(account: Account, notice: Notice | None, invoices: Sequence[str]) -> tuple[str, ...]:
    """Return the open items that a reply is about: those it names, else all of the notice that it answers, or what
    they are owed under now (instalments, a corrected invoice)."""
    named = [item.key for item in account.live("items") if item.state == "open" and item.number in invoices]
    if named:
        return tuple(named)
    parts = [part.item for part in notice.items] if notice else []
    owed = dict.fromkeys(key for part in parts for key in owed_for(account, part))
    return tuple(key for key in owed if account.items[key].state == "open")


def _disputes(
    account: Account, notice: Notice | None, facts: ReplyFacts, intents: Sequence[Intent], policy: Policy
) -> list[ev.Event]:
    """One dispute for each thing that the mail contests: an item is in one dispute at a time."""
    events: list[ev.Event] = []
    for number, intent in enumerate(intents):
        events += _dispute(account.after(events), notice, facts, intent, policy, number)
    return events


def _numbered(kind: str, facts: ReplyFacts, number: int) -> str:
    return f"{kind}-{facts.reply}" + (f"-{number + 1}" if number else "")


def _dispute(
    account: Account, notice: Notice | None, facts: ReplyFacts, intent: Intent, policy: Policy, number: int
) -> list[ev.Event]:
    disputed = {key for dispute in account.live("disputes") for key in dispute.items}
    concerned = _concerned(account, notice, intent.invoices)
    items = tuple(key for key in concerned if not concerns(disputed, account.items[key]))
    if not items:
        return []
    reason = intent.reason or "other"
    opened = ev.DisputeOpened(
        dispute=_numbered("D", facts, number),
        items=items,
        reason=reason,
        owner=policy.disputes.owner_key(reason),
        deadline=facts.on + timedelta(days=policy.disputes.deadline_days),
        opened=facts.on,
        reply=facts.reply,
    )
    return [*cancel_words(account, items, facts.on), opened]


def _promise(
    account: Account, notice: Notice | None, facts: ReplyFacts, intent: Intent, policy: Policy, number: int
) -> list[ev.Event]:
    """A promise needs a date within the policy's reach; a further one, or an amount that is not in the one currency of
    the items, is a person's matter."""
    if intent.on is None or not facts.on <= intent.on <= facts.on + timedelta(days=policy.promises.max_days):
        return []
    promised = {key for kind in ("promises", "plans") for word in account.live(kind) for key in word.items}
    concerned = _concerned(account, notice, intent.invoices)
    items = tuple(key for key in concerned if not concerns(promised, account.items[key]))
    currencies = {account.items[key].currency for key in items}
    if not items or (intent.amount_minor and currencies != {intent.currency or min(currencies)}):
        return []
    return [
        ev.PromiseMade(
            promise=_numbered("P", facts, number),
            items=items,
            date=intent.on,
            until=intent.on + timedelta(days=policy.promises.grace_days),
            made=facts.on,
            currency=intent.currency or "",
            amount_minor=intent.amount_minor or 0,
            reply=facts.reply,
            needs_payment=policy.promises.needs_partial_payment,
        )
    ]


def _says_paid(
    account: Account, notice: Notice | None, facts: ReplyFacts, intent: Intent, policy: Policy, number: int
) -> list[ev.Event]:
    items = _concerned(account, notice, intent.invoices)
    if not items:
        return []
    until = max(facts.on, intent.on or facts.on) + timedelta(days=policy.gates.paid_hold_days)
    return [ev.HoldPlaced(_numbered("H", facts, number), items, until, "says_paid")]


def _in_approval(
    account: Account, notice: Notice | None, facts: ReplyFacts, intent: Intent, policy: Policy, number: int
) -> list[ev.Event]:
    """It waits for a release at the customer: a short hold, after which the chase (or a person) asks again."""
    items = _concerned(account, notice, intent.invoices)
    if not items:
        return []
    until = facts.on + timedelta(days=max(1, policy.gates.unread_reply_hold_days))
    key = _numbered("HA", facts, number)
    return [ev.HoldPlaced(key, items, until, "awaiting_approval", kind=CUSTOMER_APPROVAL)]


def _proposed(found: Classification) -> str:
    """What a mail proposes about paying in parts, for the person who decides: numbers and days only, never its words.
    Nothing is agreed by a mail."""
    wanted = next((intent for intent in found.intents if intent.kind == "plan_request"), None)
    if wanted is None:
        return ""
    parts = [f"{wanted.parts} instalments"] if wanted.parts else []
    if wanted.amount_minor and wanted.currency:
        parts.append(f"{format_minor(wanted.amount_minor, wanted.currency)} {wanted.currency}")
    parts += [f"first on {wanted.on}"] if wanted.on else []
    return f": {', '.join(parts)}" if parts else ""


def _task(account: Account, facts: ReplyFacts, detail: str) -> list[ev.Event]:
    task = f"read-{facts.reply}"
    if task in account.tasks:
        return []
    return [ev.TaskOpened(task, "read_reply", facts.reply, facts.on, facts.on, detail)]


def resolve_dispute(
    account: Account, dispute: str, outcome: str, by: str, today: date, policy: Policy
) -> list[ev.Event]:
    """Return what a person's decision on a dispute does. The chase never jumps back in on the same day: it rests for
    the minimum gap (rejected, withdrawn, partly), or waits for the credit note, at most 30 days (accepted). After a
    rejected one it goes on or, when the policy says so, begins again (but not for more items than one event can mark).

    Raises LookupError for a dispute that is not open, ValueError for an unknown outcome.
    """
    found = open_dispute(account, dispute)
    if outcome not in ("accepted", "partly", "rejected", "withdrawn"):
        raise ValueError("expected accepted, partly, rejected or withdrawn")
    waits = outcome == "accepted" and not _is_credited(account, found)
    days = CREDIT_NOTE_DAYS if waits else policy.contact.min_gap_days
    reason = AWAITING_CREDIT_NOTE if waits else "dispute_resolved"
    restarts = outcome == "rejected" and policy.disputes.resume == "restart" and len(found.items) <= MAX_MARKED_ITEMS
    events: list[ev.Event] = [ev.DisputeResolved(dispute, outcome, today, by, restarts)]
    overdue = f"overdue-{dispute}"
    if overdue in account.tasks and account.tasks[overdue].is_live:
        events.append(ev.TaskClosed(overdue, "resolved", by))
    if days:
        hold = ev.HoldPlaced(f"H-{dispute}", found.items, today + timedelta(days=days), reason, by)
        events.append(hold)
    return events


def _is_credited(account: Account, dispute: Dispute) -> bool:
    """Whether the credit note came before the decision: all that is still open was credited since the dispute began."""
    items = [item for item in account.live("items") if item.state == "open" and concerns(dispute.items, item)]
    return all(is_credited(item, dispute.opened) for item in items)
