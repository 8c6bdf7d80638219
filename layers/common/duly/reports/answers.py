"""What the reports function answers and writes: the daily report, the page, the figures, a widget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from duly.domain.calendar import local_date
from duly.flows.edge import Edge
from duly.flows.report import MAX_UPLOADS, Report, ageing_facts, gather
from duly.reports.export import ageing_csv, concentration_csv, kpis_data, report_data
from duly.reports.metrics import metrics_of
from duly.reports.page import MAX_FILES, render_page
from duly.reports.views import DEFAULT_VIEW, VIEWS, UnknownView, describe, render_widget


class UnknownRequest(ValueError):
    """An event that asks for nothing this function knows."""


def report_of(edge: Edge, now: datetime) -> Report:
    """Return the report of the creditor's present day."""
    policy = edge.policy()
    as_of = local_date(now, policy.creditor.timezone)
    uploads = edge.uploads.recent(now, MAX_UPLOADS)
    report = gather(edge.table, uploads, as_of, policy.creditor.name, edge.stack.tasks(), policy)
    return replace(report, progress=edge.uploads.progress_of(uploads[:MAX_FILES]))


def daily(edge: Edge, now: datetime) -> dict[str, Any]:
    """Publish the day's metrics and write ``reports/<date>/``: report.html, report.json, ageing.csv, concentration.csv.

    Running it again the same day replaces the files.
    """
    report = report_of(edge, now)
    folder = f"reports/{report.as_of.isoformat()}"
    data = json.dumps(report_data(report), indent=2, ensure_ascii=False)
    edge.objects.put(f"{folder}/report.html", render_page(report).encode(), "text/html; charset=utf-8")
    edge.objects.put(f"{folder}/report.json", data.encode(), "application/json")
    accounts = ageing_facts(edge.table)
    edge.objects.put(f"{folder}/ageing.csv", ageing_csv(accounts, report.as_of), "text/csv; charset=utf-8")
    concentration = concentration_csv(report.kpis)
    edge.objects.put(f"{folder}/concentration.csv", concentration, "text/csv; charset=utf-8")
    for metric in metrics_of(report):
        edge.observer.metric(metric.name, metric.value, metric.unit, **metric.dimensions)
    edge.observer.log("report_written", date=report.as_of.isoformat(), customers=report.kpis.customers)
    return {"ok": True, "folder": folder}


def answer(edge: Edge, event: Mapping[str, Any], now: datetime) -> Any:
    """Return what a direct invocation or a dashboard asks for.

    ``describe``: Markdown. ``{"type": "page"}``: ``{"html"}``. ``{"type": "kpis"}``: the figures as data. A widget (it
    brings ``widgetContext``): HTML, or Markdown that names the views when it asks for one that does not exist. Raises
    UnknownRequest for anything else.
    """
    if event.get("describe"):
        return describe()
    if event.get("type") == "page":
        return {"html": render_page(report_of(edge, now))}
    if event.get("type") == "kpis":
        return kpis_data(report_of(edge, now).kpis)
    if "widgetContext" in event or "view" in event:
        return _widget(edge, event, now)
    raise UnknownRequest("expected describe, widgetContext, or type daily, page or kpis")


def _widget(edge: Edge, event: Mapping[str, Any], now: datetime) -> Any:
    context = event.get("widgetContext")
    view = str(event.get("view") or DEFAULT_VIEW)
    try:
        return render_widget(
            report_of(edge, now), view, context if isinstance(context, Mapping) else {}, str(event.get("decisions", ""))
        )
    except UnknownView:
        return {"markdown": f"This widget's parameter **view** is none of {', '.join(VIEWS)}."}
