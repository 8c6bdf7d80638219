"""A claim is carried out once, by its channel, and its outcome committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from duly.domain.account import Account
from duly.domain.allocation import reallocate
from duly.domain.channels import EMAIL, HAND_OVER, LETTER, REGISTERED_LETTER, SMS, WRITTEN
from duly.domain.charges_due import may_be_paid
from duly.domain.entities import Notice
from duly.domain.policy import Policy
from duly.domain.upkeep import SILENT_AFTER
from duly.flows import channels
from duly.flows.edge import Edge
from duly.flows.handing_over import hand_over
from duly.flows.notices import (
    MAIN_RELEASED,
    Claimed,
    RemainingSeconds,
    commit_outcome,
    document_key,
    note_sending,
    send_email,
)
from duly.mail.sending import Accepted, Outcome, Refused

CarryOut = Callable[[Edge, Claimed, Policy, datetime, RemainingSeconds], Outcome]

#: What carries a claim out, by channel; ``domain.steps.CHANNELS`` names these and the call, which is a task alone.
#: Each acts at most once. ``Accepted`` of a letter or hand-over means that its document is written.
CARRIERS: Mapping[str, CarryOut] = {
    EMAIL: send_email,
    SMS: channels.send_sms,
    LETTER: channels.write_letter,
    REGISTERED_LETTER: channels.write_letter,
    HAND_OVER: hand_over,
}


def carry_out(edge: Edge, claimed: Claimed, policy: Policy, now: datetime, remaining: RemainingSeconds) -> Account:
    """Carry a claim out once, commit what became of it, and return the account after that."""
    claim = claimed.event
    outcome: Outcome = Refused(MAIN_RELEASED)  # said when its step is claimed again, and not both times
    if not _main_released(edge, claimed.account.id, claim.main):
        outcome = CARRIERS[claim.channel](edge, claimed, policy, now, remaining)
    after = commit_outcome(edge, claimed.account.id, claim.notice, outcome, now)
    if claim.channel == EMAIL and outcome != Refused(MAIN_RELEASED):
        note_sending(edge, outcome, now)
    return pay_charges(edge, after, [part.item for part in claim.items], now)


def _main_released(edge: Edge, account_id: str, main: str) -> bool:
    """Whether the notice that a claim goes out beside was released: certainly not sent or written."""
    if not main:
        return False
    notice = edge.accounts.load(account_id, [("notices", main)]).notices.get(main)
    return notice is not None and notice.state == "released"


def pay_charges(edge: Edge, account: Account, items: Iterable[str], now: datetime) -> Account:
    """Let money that came between a demand and its recording pay what it should of it; return the account."""
    keys = [key for key in items if key in account.items and may_be_paid(account.items[key])]
    if not keys:
        return account
    also = [("items", key) for key in keys]
    return edge.change(account.id, lambda found: reallocate(found, items=keys), now, also, linked=True)


def settle_documents(edge: Edge, account: Account, now: datetime) -> bool:
    """Look whether the documents of silent claims are there: written means carried out, else the claim is released.
    Returns whether there was any such claim."""
    silent = [notice for notice in account.live("notices") if _is_silent(notice, now)]
    for notice in sorted(silent, key=lambda one: bool(one.main)):  # whether its main was released says what to do next
        commit_outcome(edge, account.id, notice.key, _looked_for(edge, account.id, notice, now), now)
    return bool(silent)


def _looked_for(edge: Edge, account_id: str, notice: Notice, now: datetime) -> Outcome:
    if edge.objects.get_range(document_key(account_id, notice.key, notice.channel), "", 0, 1) is not None:
        return Accepted("", now)
    return Refused(MAIN_RELEASED if _main_released(edge, account_id, notice.main) else "not_written")


def _is_silent(notice: Notice, now: datetime, after: timedelta = SILENT_AFTER) -> bool:
    return notice.channel in WRITTEN and notice.state == "claimed" and now >= (notice.since or notice.at) + after
