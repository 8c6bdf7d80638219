"""What the reports function answers and writes: the daily report, the page, the figures, a widget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from duly.domain.calendar import local_date
from duly.domain.money import format_minor
from duly.flows.continuity import banks
from duly.flows.edge import Edge
from duly.flows.report import MAX_UPLOADS, Report, ageing_facts, gather, people_waiting, waiting_money
from duly.flows.statements_of_account import RemainingSeconds, StatementError, write_monthly, write_statement
from duly.reports.cash import cash_csv, waiting_data
from duly.reports.export import ageing_csv, concentration_csv, kpis_data, report_data
from duly.reports.metrics import metrics_of
from duly.reports.page import MAX_FILES, render_page
from duly.reports.people import people_data
from duly.reports.views import DEFAULT_VIEW, VIEWS, UnknownView, describe, render_widget


class UnknownRequest(ValueError):
    """An event that asks for nothing this function knows."""


def report_of(edge: Edge, now: datetime) -> Report:
    """Return the report of the creditor's present day."""
    policy = edge.policy()
    as_of = local_date(now, policy.creditor.timezone)
    uploads = edge.uploads.recent(now, MAX_UPLOADS)
    report = gather(edge.table, uploads, as_of, policy.creditor.name, edge.stack.tasks(), policy, banks(edge))
    return replace(report, progress=edge.uploads.progress_of(uploads[:MAX_FILES]))


def daily(edge: Edge, now: datetime, remaining: RemainingSeconds = lambda: 900.0) -> dict[str, Any]:
    """Publish the day's metrics and write ``reports/<date>/``: report.html, report.json, ageing.csv, concentration.csv,
    cash.csv.

    Running it again the same day replaces the files. Where the policy wants it, the statements of the month before are
    written, as long as ``remaining`` says that there is time (seconds).
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
    edge.objects.put(f"{folder}/cash.csv", cash_csv(report), "text/csv; charset=utf-8")
    for metric in metrics_of(report):
        edge.observer.metric(metric.name, metric.value, metric.unit, **metric.dimensions)
    edge.observer.log("report_written", date=report.as_of.isoformat(), customers=report.kpis.customers)
    answer = {"ok": True, "folder": folder}
    month = write_monthly(edge, report.as_of, remaining)
    if month is not None:
        written = sum(1 for one in month.accounts.values() if "key" in one)
        edge.observer.log("statements_written", month=month.month, statements=written, complete=int(month.complete))
        answer["statements"] = {"list": month.index, "written": written, "complete": month.complete}
    return answer


def answer(edge: Edge, event: Mapping[str, Any], now: datetime) -> Any:
    """Return what a direct invocation or a dashboard asks for.

    ``describe``: Markdown. ``{"type": "page"}``: ``{"html"}``. ``{"type": "kpis"}``: the figures as data, ``cash``: the
    money that waits, ``people``: what waits for persons about the chase. ``statement``
    (``account``, ``as_of``, ``from``, ``format`` pdf or html) writes a statement of account under ``documents/``, and
    ``export`` (``from``, ``to``, ``format`` csv, hledger or beancount) the books under ``reports/``; both answer
    ``{"ok", "key", ...}``, or ``{"ok": false, "code", "error"}``. A widget (it brings ``widgetContext``): HTML, or
    Markdown that names the views when it asks for one that does not exist. Raises UnknownRequest for anything else.
    """
    if event.get("describe"):
        return describe()
    if event.get("type") == "page":
        return {"html": render_page(report_of(edge, now))}
    if event.get("type") == "cash":
        return waiting_data(*waiting_money(edge.table, banks(edge)))
    if event.get("type") == "people":
        from duly.flows.scripts import scripts_of  # with the words of all languages, which no figure needs

        people, names = people_waiting(edge.table)
        return people_data(people, names, scripts_of(edge, people.calls, now))
    if event.get("type") == "kpis":
        return kpis_data(report_of(edge, now).kpis)
    if event.get("type") in ("statement", "export"):
        try:
            return {"ok": True, **_document(edge, event, now)}
        except StatementError as error:
            return {"ok": False, "code": error.code, "error": str(error)}
    if "widgetContext" in event or "view" in event:
        return _widget(edge, event, now)
    raise UnknownRequest(
        "expected describe, widgetContext, or type daily, page, kpis, cash, people, statement or export"
    )


def _document(edge: Edge, event: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    today = local_date(now, edge.policy().creditor.timezone)
    start = _day(event, "from", None)
    if event["type"] == "statement":
        form = str(event.get("format", "pdf"))
        return write_statement(edge, str(event.get("account", "")), _day(event, "as_of", today) or today, start, form)
    return _books(edge, start, _day(event, "to", None), str(event.get("format", "csv")), today)


def _day(event: Mapping[str, Any], name: str, default: date | None) -> date | None:
    text = str(event.get(name) or "")
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise StatementError("bad_date", f"{name}: expected a day such as 2026-03-31") from None


def _books(edge: Edge, start: date | None, end: date | None, form: str, today: date) -> dict[str, Any]:
    from duly.flows.export import ExportTooLarge, export
    from duly.reports.books import FORMATS

    if form not in FORMATS:
        raise StatementError("bad_format", f"expected one of {', '.join(FORMATS)}")
    try:
        found = export(edge, start, end)
    except ExportTooLarge as error:
        raise StatementError("too_large", str(error)) from None
    name, content_type, write = FORMATS[form]
    period = f"{start.isoformat() if start else 'begin'}--{(end or today).isoformat()}"
    key = f"reports/books/{period}/{name}"
    edge.objects.put(key, write(found), content_type)
    proofs = {
        proof.currency: {
            "receivables": format_minor(proof.receivables_minor, proof.currency),
            "open": format_minor(proof.open_minor, proof.currency),
            "credit": format_minor(proof.credit_minor, proof.currency),
            "unapplied": format_minor(proof.unapplied_minor, proof.currency),
        }
        for proof in found.proofs
    }
    return {"key": key, "entries": len(found.entries), "agrees": found.holds, "proof": proofs}


def _widget(edge: Edge, event: Mapping[str, Any], now: datetime) -> Any:
    context = event.get("widgetContext")
    view = str(event.get("view") or DEFAULT_VIEW)
    try:
        return render_widget(
            report_of(edge, now),
            view,
            context if isinstance(context, Mapping) else {},
            str(event.get("decisions", "")),
            str(event.get("cash", "")),
        )
    except UnknownView:
        return {"markdown": f"This widget's parameter **view** is none of {', '.join(VIEWS)}."}
