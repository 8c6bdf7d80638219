"""Figures as CloudWatch metrics, under the names that the dashboard in template.yaml draws. Never a customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from duly.domain.flags import FLAGS
from duly.domain.kpi import CurrencyKpis, Kpis
from duly.flows.report import Report

MAX_REASONS = 20  # dispute reasons that get a metric of their own: CloudWatch bills by metric


@dataclass(frozen=True, slots=True)
class Metric:
    """One value (days are whole ones), its CloudWatch unit, and its dimensions beside service and stack."""

    name: str
    value: int
    unit: str = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict)


def metrics_of(report: Report) -> list[Metric]:
    """Return what the daily report publishes. Amounts are minor units of the currency in the dimension."""
    found = [metric for one in report.kpis.currencies for metric in _of_currency(one)]
    found += [*_counts(report.kpis), Metric("TasksOpen", report.tasks_open)]
    found += [
        Metric("ApprovalsOpen", len(report.people.approvals)),
        Metric("CallsToMake", len(report.people.calls)),
    ]
    reasons = {**dict.fromkeys(report.kpis.disputes_by_reason, 0), **report.disputes_by_reason}
    found += [
        Metric("DisputesByReason", count, dimensions={"reason": reason})
        for reason, count in sorted(reasons.items(), key=lambda part: (-part[1], part[0]))[:MAX_REASONS]
    ]
    found += [
        Metric("InvoicesFlagged", report.kpis.flagged.get(flag, 0), dimensions={"flag": flag}) for flag in sorted(FLAGS)
    ]
    suspense = {**dict.fromkeys((one.currency for one in report.kpis.currencies), 0), **report.suspense_minor}
    found += [
        Metric("SuspenseMinor", minor, "None", {"currency": currency}) for currency, minor in sorted(suspense.items())
    ]
    proposed = {**dict.fromkeys((one.currency for one in report.kpis.currencies), 0), **report.proposed_minor}
    found += [
        Metric("ProposedMinor", minor, "None", {"currency": currency}) for currency, minor in sorted(proposed.items())
    ]
    found += [Metric("ReportCut", 1, dimensions={"list": name}) for name in report.cut]
    return found


def _of_currency(kpis: CurrencyKpis) -> Iterator[Metric]:
    own = {"currency": kpis.currency}
    for bucket, minor in kpis.ageing.minor.items():
        if bucket != "current":
            yield Metric("OverdueMinor", minor, "None", {**own, "bucket": bucket})
    yield Metric("ReceivablesMinor", kpis.receivables_minor, "None", own)
    yield Metric("CollectedMinor", kpis.collected_recent_minor, "None", own)
    yield Metric("DisputedMinor", kpis.disputed_minor, "None", own)
    yield Metric("PromisedMinor", kpis.promised_minor, "None", own)
    yield Metric("UnappliedMinor", kpis.unapplied_minor, "None", own)
    yield Metric("LargestGroupPercent", kpis.concentration.largest_permille // 10, "Percent", own)
    for name, tenths in (
        ("DsoDays", kpis.dso_tenths),
        ("BestPossibleDsoDays", kpis.best_possible_dso_tenths),
        ("CountbackDsoDays", kpis.countback_dso_tenths),
    ):
        if tenths is not None:
            yield Metric(name, (tenths + 5) // 10, "None", own)


def _counts(kpis: Kpis) -> list[Metric]:
    return [
        Metric("DisputesOpen", kpis.disputes_open),
        Metric("PromisesOpen", kpis.promises_open),
        Metric("CustomersProvisional", kpis.provisional),
        Metric("CustomersOnHold", kpis.on_hold),
    ]
