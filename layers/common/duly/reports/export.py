"""The report for programs: figures as JSON, ageing by customer as CSV. Names go into neither: customers have ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from duly.domain.concentration import Breakdown, Concentration
from duly.domain.kpi import BUCKETS, AccountFacts, CurrencyKpis, Kpis, ageing_of
from duly.domain.money import format_minor
from duly.flows.report import MAX_GROUPS, Report
from duly.formats.export import csv_text
from duly.reports.words import share, tenths

AGEING_HEADER = (
    "account",
    "customer",
    "currency",
    *BUCKETS,
    "total",
    "disputed",
    "promised",
    "unapplied",
    "oldest_days",
)
CONCENTRATION_HEADER = (
    "currency",
    "by",
    "name",
    "customers",
    "exposure",
    "share_percent",
    "overdue",
    "limit",
    "exposure_under_limit",
    "customers_over_limit",
    "customers_on_hold",
)


def kpis_data(kpis: Kpis) -> dict[str, Any]:
    """The figures as JSON data. Amounts by currency as strings in machine form, days and per cent as "46.3"."""
    by_currency = {one.currency: one for one in kpis.currencies}
    return {
        "as_of": kpis.as_of.isoformat(),
        "customers": kpis.customers,
        "provisional": kpis.provisional,
        "on_credit_hold": kpis.on_hold,
        "flagged": dict(kpis.flagged),
        "currencies": {code: _currency_data(one) for code, one in by_currency.items()},
        "disputes": {
            "open": kpis.disputes_open,
            "opened": kpis.disputes_opened,
            "by_reason": dict(kpis.disputes_by_reason),
        },
        "promises": {
            "open": kpis.promises_open,
            "made": kpis.promises_made,
            "kept": kpis.promises_kept,
            "broken": kpis.promises_broken,
        },
        "notices_by_level": dict(kpis.notices_by_level),
        "tasks_open": kpis.tasks_open,
        "days_late": _days(kpis.days_late_tenths),
    }


def report_data(report: Report) -> dict[str, Any]:
    """The figures with what only the details know: open disputes by reason, tasks by kind, suspense, files."""
    return {
        **kpis_data(report.kpis),
        "disputes_open_by_reason": report.disputes_by_reason,
        "tasks_by_kind": report.tasks_by_kind,
        "proposals": {"count": report.proposals_count, "amounts": _amounts(report.proposed_minor)},
        "suspense": {"count": report.suspense_count, "amounts": _amounts(report.suspense_minor)},
        "uploads": [
            {
                "upload": one.id,
                "kind": one.kind,
                "at": one.at.isoformat(),
                "state": one.state,
                "rows_in": one.rows_in,
                "rejected_rows": max(one.rejected_rows, one.outcome.get("rejected", 0)),
                "corrected_rows": one.codes.get("corrected", 0),
            }
            for one in report.uploads
        ],
        "cut": list(report.cut),
    }


def ageing_csv(accounts: Iterable[AccountFacts], as_of: date) -> bytes:
    """One line per customer and currency in order, UTF-8. Cells that a spreadsheet would run are defused."""
    rows = [_ageing_row(facts, currency, as_of) for facts in accounts for currency in facts.currencies]
    return csv_text(AGEING_HEADER, sorted(rows)).encode()


def concentration_csv(kpis: Kpis) -> bytes:
    """Exposure of each currency by legal group (its customer id), country and category, the largest first, and the
    others of each added up."""
    rows = [
        [one.currency, by, *cells]
        for one in kpis.currencies
        for by, breakdown in _breakdowns(one.concentration)
        for cells in _parts(breakdown, one.concentration.total_minor, one.currency)
    ]
    return csv_text(CONCENTRATION_HEADER, rows).encode()


def _breakdowns(concentration: Concentration) -> tuple[tuple[str, Breakdown], ...]:
    return (
        ("group", concentration.groups),
        ("country", concentration.countries),
        ("category", concentration.categories),
    )


def _parts(breakdown: Breakdown, total_minor: int, currency: str) -> list[list[str]]:
    parts = [*breakdown.parts, *([breakdown.others] if breakdown.more else [])]
    return [
        [
            part.name,
            str(part.customers),
            format_minor(part.exposure_minor, currency),
            share(part.exposure_minor, total_minor).removesuffix(" %"),
            format_minor(part.overdue_minor, currency),
            format_minor(part.limit_minor, currency),
            format_minor(part.limited_minor, currency),
            str(part.over_limit),
            str(part.on_hold),
        ]
        for part in parts
    ]


def _concentration_data(concentration: Concentration, currency: str) -> dict[str, Any]:
    """The exposure in all and the largest parts of it, by group, country and category."""
    names = CONCENTRATION_HEADER[2:]
    found: dict[str, Any] = {"exposure": format_minor(concentration.total_minor, currency)}
    for by, breakdown in _breakdowns(concentration):
        cells = _parts(breakdown.cut(MAX_GROUPS), concentration.total_minor, currency)
        found[f"by_{by}"] = [dict(zip(names, one, strict=True)) for one in cells]
    return found


def _ageing_row(facts: AccountFacts, currency: str, as_of: date) -> list[str]:
    ageing = ageing_of(facts.open_by_due.get(currency, {}), as_of)
    return [
        facts.account,
        facts.header.customer,
        currency,
        *(format_minor(ageing.minor[bucket], currency) for bucket in BUCKETS),
        format_minor(ageing.total_minor, currency),
        format_minor(facts.disputed.get(currency, 0), currency),
        format_minor(facts.promised.get(currency, 0), currency),
        format_minor(facts.unapplied.get(currency, 0), currency),
        str(ageing.oldest_days),
    ]


def _currency_data(kpis: CurrencyKpis) -> dict[str, Any]:
    code = kpis.currency
    amounts = {
        "receivables": kpis.receivables_minor,
        "overdue": kpis.overdue_minor,
        "disputed": kpis.disputed_minor,
        "promised": kpis.promised_minor,
        "unapplied": kpis.unapplied_minor,
        "invoiced": kpis.invoiced_minor,
        "credited": kpis.credited_minor,
        "collected": kpis.collected_minor,
        "collected_30_days": kpis.collected_recent_minor,
        "invoiced_30_days": kpis.sales_recent_minor,
    }
    return {
        "customers": kpis.accounts,
        **{name: format_minor(minor, code) for name, minor in amounts.items()},
        "ageing": {bucket: format_minor(kpis.ageing.minor[bucket], code) for bucket in BUCKETS},
        "oldest_days": kpis.ageing.oldest_days,
        "dso": _days(kpis.dso_tenths),
        "best_possible_dso": _days(kpis.best_possible_dso_tenths),
        "average_days_delinquent": _days(kpis.average_days_delinquent_tenths),
        "countback_dso": _days(kpis.countback_dso_tenths),
        "collection_effectiveness": _days(kpis.effectiveness_permille),
        "concentration": _concentration_data(kpis.concentration, code),
    }


def _days(value: int | None) -> str | None:
    return None if value is None else tenths(value)


def _amounts(minor: Mapping[str, int]) -> dict[str, str]:
    return {code: format_minor(amount, code) for code, amount in sorted(minor.items())}
