"""What became of the customers' credit in the demonstration: gathered from the journals, a page of out/demo."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from duly.domain import events as ev
from duly.domain.flags import FLAGS
from duly.domain.policy import Policy
from duly.domain.risk import reason_words
from duly.reports.words import day as short_day
from duly.reports.words import exact

if TYPE_CHECKING:
    from duly.flows.edge import Edge
    from duly.store.journal import Entry
    from local.business import Business
    from local.sales import CreditStep

OUTCOMES = ("approve", "approve_with_conditions", "refer", "refuse")
OUTCOME_WORDS = {
    "approve": "approved",
    "approve_with_conditions": "with conditions",
    "refer": "referred",
    "refuse": "refused",
}


@dataclass(frozen=True, slots=True)
class CategoryStep:
    """A customer came into another category on a day. ``invoice`` is its first invoice afterwards that states no due
    date, ``notice`` its first notice afterwards; None where none followed before the next change."""

    on: date
    account: str
    before: str
    after: str
    reasons: tuple[str, ...]
    score_permille: int
    invoice: ev.InvoiceRegistered | None = None
    notice: ev.NoticeClaimed | None = None


@dataclass(frozen=True, slots=True)
class Restated:
    """An invoice that was corrected, cancelled or replaced on a day, or whose direct debit came back; what it asked
    before and after, in minor units.

    ``notices`` are the days on which it had been written about before.
    """

    on: date
    account: str
    number: str
    kind: str  # corrected | cancelled | replaced | returned
    before_minor: int
    after_minor: int
    currency: str
    replaced_by: str = ""
    notices: tuple[date, ...] = ()


@dataclass(slots=True)
class CreditStory:
    """What the journals say: categories at the start and their changes since, when overrides and covers ended, and of
    the accounts at the end: how many are on hold, what is agreed with them, the invoices (account, number) by flag."""

    started: Counter[str] = field(default_factory=Counter)
    changes: list[CategoryStep] = field(default_factory=list)
    ended: dict[tuple[str, str], date] = field(default_factory=dict)
    held: int = 0
    limits: dict[str, dict[str, int]] = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)
    scenarios: dict[str, str] = field(default_factory=dict)
    restated: list[Restated] = field(default_factory=list)
    flagged: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def better(self) -> int:
        """How many changes were to a better category: they rise in the order of the alphabet."""
        return sum(step.after < step.before for step in self.changes)

    @property
    def worse(self) -> int:
        """How many changes were to a worse category."""
        return len(self.changes) - self.better


def gather_credit(edge: Edge, accounts: Iterable[str]) -> CreditStory:
    """Read the journals of the accounts."""
    story = CreditStory()
    for account in accounts:
        entries = edge.accounts.history(account)
        whole = edge.accounts.rebuild(account)
        header = whole.header
        if header.merged_into:
            continue
        _add(story, account, entries)
        story.restated += _restated(account, entries)
        for item in whole.items.values():
            for flag in item.flags:
                story.flagged.setdefault(flag, []).append((account, item.number))
        story.held += bool(header.credit_hold)
        story.limits[account] = dict(header.limit_minor)
        story.scenarios[account] = header.scenario
        if header.terms_days is not None:
            story.terms[account] = header.terms_days
    story.changes.sort(key=lambda step: (step.on, step.account))
    story.restated.sort(key=lambda one: (one.on, one.number))
    return story


def _add(story: CreditStory, account: str, entries: Sequence[Entry]) -> None:
    events = [event for entry in entries for event in entry.events]
    changes = list(_by_day([event for event in events if isinstance(event, ev.CategoryChanged)]))
    for number, change in enumerate(changes):
        if not change.before:
            story.started[change.after] += 1
        else:
            until = changes[number + 1].on if number + 1 < len(changes) else date.max
            story.changes.append(_step(account, change, events, until))
    for event in events:
        if isinstance(event, ev.CoverEnded):
            story.ended[account, event.cover] = event.on
        elif isinstance(event, ev.OverrideEnded):
            story.ended[account, event.override] = event.on


def _by_day(changes: Sequence[ev.CategoryChanged]) -> Iterator[ev.CategoryChanged]:
    """One change a day, from what the day began with to what it ended with; a day that ends as it began has none."""
    last: dict[date, ev.CategoryChanged] = {}
    for change in changes:
        first = last.get(change.on)
        last[change.on] = replace(change, before=first.before) if first else change
    return (change for change in last.values() if change.before != change.after)


def _step(account: str, change: ev.CategoryChanged, events: Sequence[ev.Event], until: date) -> CategoryStep:
    invoices = [
        event
        for event in events
        if isinstance(event, ev.InvoiceRegistered)
        and event.due_source == "default"
        and change.on < event.issued <= until
    ]
    notices = [
        event for event in events if isinstance(event, ev.NoticeClaimed) and change.on <= event.at.date() < until
    ]
    return CategoryStep(
        on=change.on,
        account=account,
        before=change.before,
        after=change.after,
        reasons=change.reasons,
        score_permille=change.score_permille,
        invoice=min(invoices, key=lambda event: (event.issued, event.number), default=None),
        notice=min(notices, key=lambda event: event.at, default=None),
    )


def _restated(account: str, entries: Sequence[Entry]) -> Iterator[Restated]:
    """Corrections of the amount, cancellations, replacements and returned debits in the order of the journal."""
    amounts: dict[str, tuple[int, str]] = {}
    notices: dict[str, tuple[date, ...]] = {}
    for entry in entries:
        for event in entry.events:
            if isinstance(event, ev.NoticeClaimed):
                for part in event.items:
                    notices[part.item] = (*notices.get(part.item, ()), event.at.date())
            elif isinstance(event, ev.InvoiceRegistered | ev.InvoiceCorrected):
                before, _ = amounts.get(event.key, (event.amount_minor, ""))
                amounts[event.key] = event.amount_minor, event.currency
                if before != event.amount_minor:
                    told = notices.get(event.key, ())
                    money = before, event.amount_minor, event.currency
                    yield Restated(entry.at.date(), account, event.key, "corrected", *money, notices=told)
            elif isinstance(event, ev.InvoiceCancelled) and event.key in amounts:
                kind = "replaced" if event.replaced_by else "cancelled"
                before, currency = amounts[event.key]
                told = notices.get(event.key, ())
                yield Restated(event.on, account, event.key, kind, before, 0, currency, event.replaced_by, told)
            elif isinstance(event, ev.DebitReturned):
                amount, currency = amounts[event.key]
                yield Restated(event.on, account, event.key, "returned", amount, amount, currency)


def restated_by_kind(story: CreditStory) -> dict[str, int]:
    """How many invoices were corrected, cancelled, replaced, and how many direct debits were returned."""
    counted = Counter(one.kind for one in story.restated)
    return {kind: counted[kind] for kind in ("corrected", "cancelled", "replaced", "returned")}


def decisions_by_outcome(steps: Sequence[CreditStep]) -> dict[str, int]:
    """How many credit decisions came out how, from mild to hard."""
    counted = Counter(str(step.answer.get("outcome")) for step in steps if step.request["type"] == "credit_check")
    return {outcome: counted[outcome] for outcome in OUTCOMES}


def overrides_of(steps: Sequence[CreditStep]) -> int:
    """How many overrides finance granted."""
    return sum(step.request["type"] == "override" for step in steps)


# --- the page
STYLE = """
.story{background:var(--paper);border:1px solid var(--line);border-radius:8px;list-style:none;margin:0;padding:0}
.story>li{display:grid;grid-template-columns:62px 132px minmax(0,1fr);gap:4px 14px;padding:11px 16px;
border-top:1px solid var(--line)}
.story>li:first-child{border-top:0}
.story time{color:var(--soft);white-space:nowrap}
.story .head{display:flex;flex-wrap:wrap;gap:0 10px;align-items:baseline;justify-content:space-between}
.story .head b{font-weight:600}
.story .head .sum{font-weight:600;white-space:nowrap;font-variant-numeric:tabular-nums}
.story p{margin:1px 0 0}
.story .soft,.lead2{color:var(--soft)}
.story .soft{font-size:14px}
.lead2{margin:-4px 0 10px;max-width:86ch}
.story .was{color:var(--soft)}
.story .label{color:var(--soft);font-size:14px}
.story .head .soft,.whole{white-space:nowrap}
.story .chip{align-self:start;margin-top:1px}
.move{font-variant-numeric:tabular-nums}
.up,.approve{background:#e6f1e9;color:#20603a}
.approve_with_conditions{background:#e3eefb;color:#1d4f8c}
.refer{background:#fdf0d5;color:#7a5200}
.down,.refuse{background:#fbe3e0;color:#8f2a1d}
.person{background:#ece7f7;color:#4b3488}
@media(max-width:720px){.story>li{grid-template-columns:62px minmax(0,1fr)}
.story>li>div{grid-column:1/-1} .story .head{justify-content:flex-start} }
"""


def credit_body(story: CreditStory, steps: Sequence[CreditStep], business: Business, policy: Policy) -> str:
    """The page's content below its navigation."""
    page = _Page(story, business, policy)
    return (
        "<h1>Credit</h1>"
        '<p class="lead">Whom to sell to on account, on what terms, up to what limit. All of it stands in the '
        "journals of the accounts; of a prospect’s question nothing is kept.</p>"
        f'<ul class="tiles">{page.tiles(steps)}</ul>'
        "<h2>Credit decisions at the time of sale</h2>"
        '<p class="lead2">Sales asks before it sells on account; the answer comes with its reasons, its conditions, '
        "and what would make a refused sale possible. An approved order counts as exposure until it is invoiced or "
        "cancelled.</p>"
        f'<ul class="story">{"".join(page.decision(step) for step in steps)}</ul>'
        "<h2>Changes of category</h2>"
        f'<p class="lead2">{escape(page.start())} A change counts for the chase at once, and for invoices that state '
        "no due date from the next day on. Agreed terms and limits stand above the category’s.</p>"
        f'<ul class="story">{"".join(page.change(step) for step in story.changes)}</ul>'
        "<h2>Invoices stated again, debits returned, and what was noticed on arrival</h2>"
        '<p class="lead2">The statement of a number that arrived last counts. What is cancelled or replaced is neither '
        "chased nor exposure; a flag explains later why an invoice is paid late, and rejects nothing.</p>"
        f'<ul class="story">{"".join(page.restated(one) for one in story.restated)}'
        f"{''.join(page.flagged(flag) for flag in FLAGS if flag in story.flagged)}</ul>"
    )


class _Page:
    """Words and HTML for one story."""

    def __init__(self, story: CreditStory, business: Business, policy: Policy) -> None:
        self.story = story
        self.business = business
        self.policy = policy

    def tiles(self, steps: Sequence[CreditStep]) -> str:
        outcomes = decisions_by_outcome(steps)
        facts = [
            *((str(count), f"sales {OUTCOME_WORDS[outcome]}") for outcome, count in outcomes.items()),
            (str(overrides_of(steps)), "override" if overrides_of(steps) == 1 else "overrides"),
            (str(self.story.better), "to a better category"),
            (str(self.story.worse), "to a worse category"),
            (str(self.story.held), "on hold at the end"),
        ]
        return "".join(f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for value, name in facts)

    def start(self) -> str:
        counted = ", ".join(f"{count} customers came into {name}" for name, count in sorted(self.story.started.items()))
        return f"At first {counted}." if counted else ""

    # decisions
    def decision(self, step: CreditStep) -> str:
        if step.request["type"] == "credit_check":
            return self._check(step)
        chip, about, text = {
            "set_cover": self._cover,
            "override": self._override,
            "cancel_order": self._cancelled,
        }[str(step.request["type"])](step)
        head = f"<span>{self._name(str(step.request['customer']))}{about}</span>"
        return _row(step.day, _chip(chip, "person"), head, [text])

    def _check(self, step: CreditStep) -> str:
        answer, request = step.answer, step.request
        known = "" if "prospect" in request else self._name(str(request["customer"]))
        name = known or f'<b>{escape(step.who)}</b> <span class="soft">prospect</span>'
        order = f' <span class="soft">· order {escape(str(request["order"]))}</span>' if request.get("order") else ""
        amount = f'<span class="sum">{escape(_grouped(answer["amount"]))} {escape(answer["currency"])}</span>'
        lines = [_points("because", answer["reasons"]), _points("only if", answer["conditions"])]
        lines.append(_points("possible with", answer["offers"]))
        lines.append(f'<p class="soft">{escape(self._figures(answer))}</p>')
        chip = _chip(OUTCOME_WORDS[answer["outcome"]], answer["outcome"])
        return _row(step.day, chip, f"<span>{name}{order}</span>{amount}", lines)

    def _figures(self, answer: Mapping[str, Any]) -> str:
        limit = "no limit stated"
        if answer["limit"] is not None:
            limit = f"limit {_grouped(answer['limit'])}, headroom {_grouped(answer['headroom'])}"
        return (
            f"exposure {_grouped(answer['exposure'])}, {limit}; score {answer['score']}, "
            f"category {answer['category'] or 'none'}, {answer['terms_days']} days to pay"
        )

    def _cover(self, step: CreditStep) -> tuple[str, str, str]:
        request = step.request
        text = f"{request['kind']} {request['cover']} over {_grouped(str(request['amount']))} {request['currency']}"
        return "cover", "", self._until(step, str(request["cover"]), text)

    def _override(self, step: CreditStep) -> tuple[str, str, str]:
        request = step.request
        return "override", "", self._until(step, step.answer["override"], f"lifts hold and limit: {request['reason']}")

    def _until(self, step: CreditStep, key: str, text: str) -> str:
        request = step.request
        ended = self.story.ended.get((str(step.answer["account"]), key))
        last = short_day(date.fromisoformat(str(request["until"])))
        end = f", ended {short_day(ended)}" if ended else ""
        return (
            f"<p>{escape(text)}</p>"
            f'<p class="soft">{escape(key)} by {escape(str(request["by"]))}, until {escape(last + end)}</p>'
        )

    def _cancelled(self, step: CreditStep) -> tuple[str, str, str]:
        return "cancelled", "", f"<p>order {escape(str(step.request['order']))} is cancelled: it no longer counts</p>"

    # categories
    def change(self, step: CategoryStep) -> str:
        is_better = step.after < step.before
        chip = _chip(f"{step.before} → {step.after}", "move up" if is_better else "move down")
        reasons = reason_words(step.reasons)
        score = f'<span class="soft">score {step.score_permille / 1000:.3f}</span>'
        rests = f'<p><span class="label">the score rests on</span> {escape(reasons)}</p>'
        lines = [rests, f'<p class="soft">{self._effects(step)}</p>', *self._followed(step)]
        return _row(step.on, chip, f"<span>{self._name(step.account)}</span>{score}", lines)

    def _effects(self, step: CategoryStep) -> str:
        """Terms, limit and scenario before and after; what is agreed with the customer stays."""
        before, after = self.policy.category(step.before), self.policy.category(step.after)
        if before is None or after is None:
            return ""
        customer = self.business.customer_by_id.get(step.account)
        currency = customer.currency if customer else self.policy.creditor.currency
        agreed_limit, agreed_days = self.story.limits[step.account], self.story.terms.get(step.account)
        own = self.story.scenarios[step.account]
        days = f"{_moved(str(before.terms_days), str(after.terms_days))} days"
        limit = f"{_moved(_limit(before.limit_minor, currency), _limit(after.limit_minor, currency))} {currency}"
        if agreed_days:
            days = f"{agreed_days} days (agreed)"
        if currency in agreed_limit:
            limit = f"{exact(agreed_limit[currency], currency)} {currency} (agreed)"
        chase = f"{own} (its own)" if own else _moved(before.scenario, after.scenario)
        return escape(f"{days} · limit {limit} · chase {chase}")

    def _followed(self, step: CategoryStep) -> list[str]:
        """What the change did: the next invoice without a due date, the next notice."""
        parts = []
        if step.invoice is not None:
            due = (step.invoice.due - step.invoice.issued).days
            parts.append(f"{step.invoice.number} of {short_day(step.invoice.issued)} states no due date: {due} days")
        if step.notice is not None:
            name = step.notice.step.replace("-", " ")
            parts.append(f"{name} on {short_day(step.notice.at)}, scenario {step.notice.scenario}")
        return [f'<p><span class="label">then</span> {escape(" · ".join(parts))}</p>'] if parts else []

    # invoices
    def restated(self, one: Restated) -> str:
        before, after = exact(one.before_minor, one.currency), exact(one.after_minor, one.currency)
        text = {
            "corrected": f"asks {after} {one.currency} instead of {before}",
            "cancelled": f"over {before} {one.currency} is not owed any more",
            "returned": f"over {after} {one.currency} was a direct debit that came back: chased since",
            "replaced": f"over {before} {one.currency} is replaced by {one.replaced_by}",
        }[one.kind]
        days = ", ".join(short_day(day) for day in one.notices)
        told = f'<p class="soft">written about on {escape(days)}; not since</p>' if days and not one.after_minor else ""
        head = f"<span>{self._name(one.account)}</span>"
        return _row(one.on, _chip(one.kind, "person"), head, [f"<p>{escape(one.number)} {escape(text)}</p>", told])

    def flagged(self, flag: str) -> str:
        invoices = self.story.flagged[flag]
        numbers = ", ".join(
            f'<span class="whole">{escape(number)} ({escape(account)})</span>'
            for account, number in sorted(invoices, key=lambda one: one[1])
        )
        count = f"{len(invoices)} invoice" if len(invoices) == 1 else f"{len(invoices)} invoices"
        lines = [f"<p>{numbers}</p>"]
        return _row(None, _chip("flagged", "refer"), f"<span><b>{escape(FLAGS[flag])}</b></span>{count}", lines)

    def _name(self, customer: str) -> str:
        """Name and id as HTML."""
        known = self.business.customer_by_id.get(customer)
        return f"<b>{escape(known.name if known else customer)}</b> <span class='soft'>{escape(customer)}</span>"


def _moved(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _limit(limits: Mapping[str, int], currency: str) -> str:
    return exact(limits[currency], currency) if currency in limits else "none"


def _points(label: str, points: Sequence[Mapping[str, str]]) -> str:
    if not points:
        return ""
    said = "; ".join(_grouped_in(point["words"]) for point in points)
    return f'<p><span class="label">{label}</span> {escape(said)}</p>'


def _chip(text: str, style: str) -> str:
    return f'<span class="chip {style}">{escape(text)}</span>'


def _row(on: date | None, chip: str, head: str, lines: Sequence[str]) -> str:
    day = f'<time datetime="{on.isoformat()}">{on.day} {on:%b}</time>' if on else "<span></span>"
    return f'<li>{day}{chip}<div><div class="head">{head}</div>{"".join(lines)}</div></li>'


def _grouped(text: str) -> str:
    """ "12345.60" -> "12,345.60"."""
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def _grouped_in(text: str) -> str:
    """The amounts of a sentence with their thousands apart."""
    return re.sub(r"\b\d{4,}\.\d\d\b", lambda found: _grouped(found[0]), text)
