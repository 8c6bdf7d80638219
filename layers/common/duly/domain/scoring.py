"""The score of an account: its facts at a date, read from the account alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.credit import broken_lately, exposures_on, insured_on
from duly.domain.policy import Policy
from duly.domain.risk import Exposure, RiskFacts, Score, facts_from_history, hold_reasons, invoice_permille, score


def facts_of(account: Account, as_of: date) -> RiskFacts:
    """Return what is known of the customer on a day."""
    behaviour = account.header.behaviour
    open_minor: dict[str, int] = {}
    overdue_minor: dict[str, int] = {}
    oldest_overdue_days = overdue_items = 0
    for item in account.live("items"):
        if item.state != "open" or not item.outstanding_minor:
            continue
        open_minor[item.currency] = open_minor.get(item.currency, 0) + item.outstanding_minor
        if item.is_overdue_on(as_of):
            overdue_minor[item.currency] = overdue_minor.get(item.currency, 0) + item.outstanding_minor
            overdue_items += 1
            oldest_overdue_days = max(oldest_overdue_days, (as_of - item.due).days)
    facts = RiskFacts(
        overdue_minor=overdue_minor,
        exposure_minor=open_minor,
        limit_minor=account.header.limit_minor,
        insured_minor=insured_on(account, as_of),
        overdue_items=overdue_items,
        oldest_overdue_days=oldest_overdue_days,
        broken_promises=behaviour.promises_broken,
        disputes_lost=behaviour.disputes_lost,
        bounced_payments=behaviour.payments_returned,
        relation_days=max(0, (as_of - behaviour.first_issued).days) if behaviour.first_issued else 0,
        provisional=account.header.provisional,
        external_permille=account.header.external_permille,
    )
    return facts_from_history(facts, behaviour.history, as_of)


def facts_for_invoice(account: Account, amount_minor: int, currency: str, as_of: date) -> RiskFacts:
    """Return what is known of the customer on a day, for an invoice of this amount issued then."""
    facts = facts_of(account, as_of)
    return replace(facts, invoice_permille=invoice_permille(facts, amount_minor, currency))


def rescore(account: Account, policy: Policy, as_of: date) -> list[ev.Event]:
    """Return what changed: the score with its reasons, the category, the credit hold; or, on the review day of an
    account without such news, that it was looked at. An account that was merged away is left alone."""
    header = account.header
    if header.merged_into:
        return []
    facts = facts_of(account, as_of)
    found = score(facts, policy)
    reasons = tuple(reason.code for reason in found.reasons)
    events: list[ev.Event] = []
    if (found.permille, found.category, reasons) != (header.score_permille, header.category, header.score_reasons):
        events.append(ev.ScoreChanged(found.permille, found.category, reasons, policy.version, as_of))
    events += _category_change(account, found, reasons, policy, as_of)
    if not events and _review_is_due(account, policy, as_of):
        events.append(ev.ScoreReviewed(as_of, policy.version))
    return [*events, *_hold_change(account, found.category, facts, policy, as_of)]


def with_score(account: Account, events: Sequence[ev.Event], policy: Policy, as_of: date) -> list[ev.Event]:
    """Return the events with what they change of the score; [] for none."""
    return [*events, *rescore(account.after(events), policy, as_of)] if events else []


def _category_change(
    account: Account, found: Score, reasons: tuple[str, ...], policy: Policy, as_of: date
) -> list[ev.Event]:
    """The change against the last one in the journal: an older journal may hold a category without its change."""
    history = account.header.category_history
    before = history[-1].category if history else ""
    if found.category == before:
        return []
    if before and found.permille == account.header.score_permille:
        reasons = ("policy_changed", *reasons)
    return [ev.CategoryChanged(before, found.category, reasons, found.permille, policy.version, as_of)]


def _review_is_due(account: Account, policy: Policy, as_of: date) -> bool:
    scored_on = account.header.scored_on
    return scored_on is None or as_of >= scored_on + timedelta(days=policy.risk.review_days)


def _hold_change(account: Account, category: str, facts: RiskFacts, policy: Policy, as_of: date) -> list[ev.Event]:
    held = exposures_on(account, policy, category, as_of)
    reasons = hold_reasons(policy.risk.hold, held, facts.oldest_overdue_days, broken_lately(account, as_of))
    return [] if reasons == account.header.credit_hold else [ev.CreditHoldChanged(reasons, as_of, policy.version)]


def exposure_of(account: Account, policy: Policy, as_of: date | None = None) -> tuple[Exposure, ...]:
    """Return, per currency, what is open and ordered, the limit and the headroom on a day (without one: with every
    cover and order that has not ended yet)."""
    return exposures_on(account, policy, account.header.category, as_of or date.min)
