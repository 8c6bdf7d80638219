"""The score of an account: its facts at a date, read from the account alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.policy import Policy
from duly.domain.risk import Exposure, RiskFacts, exposures, facts_from_history, invoice_permille, limit_for, score


def facts_of(account: Account, as_of: date) -> RiskFacts:
    """Return what is known of the customer on a day."""
    behaviour = account.header.behaviour
    open_minor: dict[str, int] = {}
    overdue_minor: dict[str, int] = {}
    oldest_overdue_days = overdue_items = 0
    for item in account.live("items"):
        if item.state != "open":
            continue
        open_minor[item.currency] = open_minor.get(item.currency, 0) + item.outstanding_minor
        if item.due < as_of:
            overdue_minor[item.currency] = overdue_minor.get(item.currency, 0) + item.outstanding_minor
            overdue_items += 1
            oldest_overdue_days = max(oldest_overdue_days, (as_of - item.due).days)
    facts = RiskFacts(
        overdue_minor=overdue_minor,
        exposure_minor=open_minor,
        overdue_items=overdue_items,
        oldest_overdue_days=oldest_overdue_days,
        broken_promises=behaviour.promises_broken,
        disputes_lost=behaviour.disputes_lost,
        bounced_payments=behaviour.payments_returned,
        relation_days=max(0, (as_of - behaviour.first_issued).days) if behaviour.first_issued else 0,
        provisional=account.header.provisional,
    )
    return facts_from_history(facts, behaviour.history, as_of)


def facts_for_invoice(account: Account, amount_minor: int, currency: str, as_of: date) -> RiskFacts:
    """Return what is known of the customer on a day, for an invoice of this amount issued then."""
    facts = facts_of(account, as_of)
    return replace(facts, invoice_permille=invoice_permille(facts, amount_minor, currency))


def rescore(account: Account, policy: Policy, as_of: date) -> list[ev.Event]:
    """Return the change of score, category or reasons, if there is one."""
    found = score(facts_of(account, as_of), policy)
    reasons = tuple(reason.code for reason in found.reasons)
    header = account.header
    if (found.permille, found.category, reasons) == (header.score_permille, header.category, header.score_reasons):
        return []
    return [ev.ScoreChanged(found.permille, found.category, reasons, policy.version)]


def exposure_of(account: Account, policy: Policy) -> tuple[Exposure, ...]:
    """Return, per currency, what is open, the limit of the customer's category and the headroom."""
    open_minor: dict[str, int] = {}
    for item in account.live("items"):
        if item.state == "open":
            open_minor[item.currency] = open_minor.get(item.currency, 0) + item.outstanding_minor
    return exposures(open_minor, limit_for(policy, account.header.category))
