"""The output of a played scenario: what was done, the accounts after it, and the figures of the business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from cli.simulation.player import Played
from cli.simulation.recorder import named
from cli.simulation.world import World
from duly.domain.account import Account
from duly.domain.credit import exposures_on
from duly.domain.entities import Item
from duly.domain.gates import item_gate
from duly.domain.kpi import AccountFacts, CurrencyKpis, compute, facts_of, monthly_countback_dso_tenths
from duly.domain.money import format_minor
from duly.store import keys

BEFORE_ANY_STEP: Final = 0  # the level of an item that no step was done for


def output(played: Played) -> dict[str, Any]:
    """Return the object that `duly simulate --json` prints."""
    record = played.record
    return {
        "name": played.scenario.name,
        "policy": played.scenario.policy.version,
        "notices": record.notices,
        "tasks": record.tasks,
        "events": record.events,
        "skipped": record.skipped,
        "accounts": _accounts(played),
        "kpis": _kpis(played),
        "proposals": record.proposals,
        "credit": record.credit,
        "problems": record.problems,
    }


# --- accounts
def _accounts(played: Played) -> dict[str, Any]:
    found = (played.world.edge.accounts.load(key) for key in sorted(played.world.recorder.accounts))
    return {one.header.customer or one.id: _account(played, one) for one in found if not one.header.merged_into}


def _account(played: Played, account: Account) -> dict[str, Any]:
    policy, header = played.scenario.policy, account.header
    today = played.last.day if played.last else date.min
    scenario = policy.scenario_for(header.scenario, header.category)
    items = sorted(account.live("items"), key=lambda item: (item.due, item.number, item.instalment))
    unapplied: dict[str, int] = dict.fromkeys((*header.invoiced_minor, *header.collected_minor), 0)
    for cash in account.live("cash"):
        unapplied[cash.currency] = unapplied.get(cash.currency, 0) + cash.unallocated_minor
    exposures = exposures_on(account, policy, header.category, today)
    return {
        "open": [
            {**_open(item), "blocked": item_gate(account, item, scenario, today)}
            for item in items
            if item.state == "open"
        ],
        "unapplied": {currency: format_minor(minor, currency) for currency, minor in sorted(unapplied.items())},
        "category": header.category,
        "score": header.score_permille / 1000,
        "hold": bool(header.credit_hold),
        "hold_reasons": list(header.credit_hold),
        "exposure": {one.currency: format_minor(one.exposure_minor, one.currency) for one in exposures},
    }


def _open(item: Item) -> dict[str, Any]:
    charges = sum(item.open_charges_minor.values())
    return {
        **named(item),
        "due": item.due.isoformat(),
        "currency": item.currency,
        "outstanding": format_minor(item.outstanding_minor, item.currency),
        "charges": format_minor(charges, item.currency),
        "level": item.level if item.steps else BEFORE_ANY_STEP,
        "state": item.state,
    }


# --- figures
def headers(world: World) -> list[AccountFacts]:
    """All accounts as their headers tell them."""
    records = [world.edge.table.get(keys.account(account), keys.HEADER) for account in sorted(world.recorder.accounts)]
    return [facts_of(keys.account_id(one.pk), one.body) for one in records if one is not None]


def _kpis(played: Played) -> dict[str, Any]:
    if played.last is None:
        return {"as_of": None, "currency": {}}
    facts = headers(played.world)
    sales: dict[str, dict[str, int]] = {}
    for one in facts:
        for currency, days in one.header.sales_by_day.items():
            total = sales.setdefault(currency, {})
            for day, minor in days.items():
                total[day] = total.get(day, 0) + minor
    found = compute(facts, played.last.day)
    by_currency = {one.currency: _figures(one, sales.get(one.currency, {}), found.as_of) for one in found.currencies}
    return {"as_of": found.as_of.isoformat(), "currency": by_currency}


def _figures(one: CurrencyKpis, sales: Mapping[str, int], as_of: date) -> dict[str, Any]:
    unit = one.currency
    return {
        "dso": tenths(one.dso_tenths),
        "dso_countback": tenths(monthly_countback_dso_tenths(one.receivables_minor, sales, as_of)),
        "best_dso": tenths(one.best_possible_dso_tenths),
        "add": tenths(one.average_days_delinquent_tenths),
        "cei": tenths(one.effectiveness_permille),
        "receivables": format_minor(one.receivables_minor, unit),
        "overdue": format_minor(one.overdue_minor, unit),
        "ageing": {name: format_minor(minor, unit) for name, minor in one.ageing.minor.items()},
    }


def tenths(value: int | None) -> float | None:
    """Tenths as a number, None for a measure that cannot be computed."""
    return None if value is None else value / 10
