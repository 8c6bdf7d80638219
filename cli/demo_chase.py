"""The chase in the demonstration beyond e-mail: letters, calls, hand-overs, approvals, plans, promises and charges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from cli.timeline import describe
from duly.domain import events as ev
from duly.domain.channels import CALL, HAND_OVER, LETTERS
from duly.domain.money import format_minor

if TYPE_CHECKING:
    from duly.flows.edge import Edge
    from duly.store.journal import Entry
    from local.business import Business

DOCUMENTS = "documents/notices/"
CHANNEL_WORDS = {
    "email": "e-mail",
    "sms": "SMS",
    "letter": "letter",
    "registered_letter": "registered letter",
    "call": "call",
    "hand_over": "hand-over",
}
_NUMBER = re.compile(r"\b[A-Z]{2,4}-[0-9-]+[0-9]")
CALL_RESULTS = frozenset(
    {"voicemail", "unreachable", "invoice_not_received", "awaiting_approval", "dispute", "in_payment_run", "paid"}
    | {"promise"}
)


@dataclass(frozen=True, slots=True)
class ChaseLine:
    """One thing that happened on an account: the day there, a word for it, what happened in words, and the key of a
    document."""

    day: date
    account: str
    kind: str
    words: str
    document: str = ""


@dataclass(slots=True)
class ChaseStory:
    """What all accounts together say of the chase. ``charges_minor``: currency -> costs and interest demanded."""

    by_channel: Counter[str] = field(default_factory=Counter)
    approvals: Counter[str] = field(default_factory=Counter)
    plans: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    charges_minor: dict[str, Counter[str]] = field(default_factory=dict)
    lines: list[ChaseLine] = field(default_factory=list)

    def charges(self) -> dict[str, dict[str, str]]:
        """What was demanded beside the invoices, as texts."""
        return {
            currency: {kind: format_minor(minor, currency) for kind, minor in sorted(kinds.items())}
            for currency, kinds in sorted(self.charges_minor.items())
        }


def gather_chase(edge: Edge, accounts: Iterable[str], documents: Iterable[str]) -> ChaseStory:
    """Read all journals. ``documents`` are the keys of what was written for letters and hand-overs."""
    story = ChaseStory()
    keys = {key.rpartition("/")[2].rpartition(".")[0]: key for key in documents}
    for account in accounts:
        _add(story, account, edge.accounts.history(account), keys)
    story.lines.sort(key=lambda line: (line.day, line.account))
    return story


def _add(story: ChaseStory, account: str, entries: Sequence[Entry], documents: Mapping[str, str]) -> None:
    claims: dict[str, ev.NoticeClaimed] = {}
    about: dict[str, str] = {}
    for entry in entries:
        for event in entry.events:
            words, document = "", ""
            match event:
                case ev.NoticeClaimed():
                    claims[event.notice] = event
                    continue
                case ev.NoticeSent(notice=notice) if notice in claims:
                    claim = claims.pop(notice)
                    story.by_channel[claim.channel] += 1
                    _charge(story, claim)
                    if claim.channel not in LETTERS | {CALL, HAND_OVER}:
                        continue
                    kind = CHANNEL_WORDS[claim.channel]
                    words = f"{_named(claim.step)}, level {claim.level}, for {_items(claim.items)}"
                    document = documents.get(notice, "")
                case ev.ApprovalAsked():
                    story.approvals["asked"] += 1
                    about[event.approval] = f"{_named(event.step)} for {_items(event.items)}"
                    kind, words = "approval", _asked(event)
                case ev.ApprovalSettled():
                    story.approvals[event.outcome] += 1
                    kind, words = "approval", _outcome(about, event.approval, event.outcome, event.by)
                case ev.PlanMade():
                    story.plans["made"] += 1
                    about[event.plan] = f"payment plan for {_listed(event.items)}"
                    parts = (f"{format_minor(minor, event.currency)} on {day}" for day, minor in event.instalments)
                    kind, words = "plan", f"{about[event.plan]}, {event.currency} {_listed(parts)}{_by(event.by)}"
                case ev.PlanSettled():
                    story.plans[event.outcome] += 1
                    kind, words = "plan", _outcome(about, event.plan, event.outcome, event.by)
                case ev.PromiseMade():
                    about[event.promise] = f"promised for {event.date}: {_listed(event.items)}"
                    continue
                case ev.PromiseSettled():
                    kind, words = "promise", _outcome(about, event.promise, event.outcome, event.by)
                case ev.TaskClosed() if event.result in CALL_RESULTS:
                    story.calls[event.result] += 1
                    kind, words = "call", f"result: {event.result.replace('_', ' ')}"
                case ev.HandedOverEnded():
                    kind = "hand-over"
                case _:
                    continue
            story.lines.append(ChaseLine(entry.at.date(), account, kind, words or describe(event, {}), document))


def _named(step: str) -> str:
    return step.replace("-", " ")


def _items(parts: Sequence[ev.NoticeItem]) -> str:
    return _listed(part.item for part in parts)


def _asked(event: ev.ApprovalAsked) -> str:
    amount = f"{format_minor(event.total_minor, event.currency)} {event.currency}"
    return f"to approve until {event.until}: {_named(event.step)}, {amount} for {_items(event.items)}"


def _listed(items: Iterable[str]) -> str:
    return ", ".join(items)


def _outcome(about: Mapping[str, str], key: str, outcome: str, by: str) -> str:
    """What became of a promise, plan or approval, said by what it is about: its id says nothing to a reader."""
    return f"{about[key]}: {outcome.replace('_', ' ')}{_by(by)}"


def _by(person: str) -> str:
    return f" by {person}" if person else ""


def _charge(story: ChaseStory, claim: ev.NoticeClaimed) -> None:
    """Count what a notice demanded beside the invoices, once for all its channels."""
    for part in claim.items if not claim.main else ():
        for charge in part.charges:
            story.charges_minor.setdefault(claim.currency, Counter())[charge.kind] += charge.amount_minor


def chase_body(story: ChaseStory, business: Business) -> str:
    """The page's content below its navigation."""
    charges = " · ".join(
        f"{kind} {amount} {currency}" for currency, kinds in story.charges().items() for kind, amount in kinds.items()
    )
    lead = (
        "What went out by another way than e-mail, what a person approved, what came of calls, promises and payment "
        f"plans. Demanded beside the invoices: {charges or 'nothing'}."
    )
    rows = "".join(_row(line, business) for line in story.lines)
    return f'<h1>The chase</h1><p class="lead">{escape(lead)}</p><ul class="day">{rows}</ul>'


def _row(line: ChaseLine, business: Business) -> str:
    known = business.customer_by_id.get(line.account)
    name = known.name if known else line.account
    link = f' <a href="{escape(document_name(line.document))}">document</a>' if line.document else ""
    return (
        f'<li class="step"><span>{line.day.isoformat()}</span><span class="chip k">{escape(line.kind)}</span>'
        f"<span><b>{escape(name)}</b><br>{_whole(line.words)}{link}</span></li>"
    )


def _whole(words: str) -> str:
    """The words for a page, in which no line breaks within an invoice number."""
    return _NUMBER.sub(r'<span class="n">\g<0></span>', escape(words))


def document_name(key: str) -> str:
    """Where a document of the stack lies in the demonstration's folder."""
    return "documents/" + key.removeprefix(DOCUMENTS).replace("/", "-")


def write_chase_documents(folder: Path, documents: Mapping[str, bytes]) -> None:
    """Write letters and files of hand-overs into the demonstration's folder."""
    for key, data in documents.items():
        target = folder / document_name(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
