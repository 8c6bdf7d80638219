"""The report as one HTML page: no script, nothing loaded from anywhere, light and dark, on paper too.

All values become words here; the templates only place them. The CloudWatch widgets show the same parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duly.domain.concentration import Breakdown
from duly.domain.flags import FLAGS
from duly.domain.kpi import BUCKETS, Call, CurrencyKpis, bucket_of
from duly.domain.transaction import proposal_id
from duly.flows.report import (
    MAX_GROUPS,
    MAX_LINES,
    AnnouncedLine,
    DisputeLine,
    FlaggedLine,
    GapLine,
    PromiseLine,
    ProposalLine,
    Report,
    SuspenseLine,
    TaskLine,
)
from duly.mail.local_forms import day as long_day
from duly.mail.local_forms import one_line
from duly.reports.cash import percent, sentences, where
from duly.reports.charts import CURVE_HEIGHT, CURVE_WIDTH, LEFT, RIGHT, curve, segments, share_of
from duly.reports.naming import MAX_INVOICES_NAMED, amounts, numbers, who
from duly.reports.people import level_name, people_values
from duly.reports.words import day, days, exact, share, short, tenths, whole, words
from duly.store.uploads import Progress, Upload

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
MAX_CURRENCIES = 6  # sections of figures; the rest is in the JSON report
MAX_FILES = 25

Values = dict[str, Any]

_BUCKET_WORDS = {
    "current": "not yet due",
    "1-30": "1–30 days",
    "31-60": "31–60 days",
    "61-90": "61–90 days",
    "90+": "over 90 days",
}
#: What ends a flag's cause: most late payments of good customers are the creditor's own doing.
_REMEDIES = {
    "terms_differ": "correct the invoice, or the agreement in the customer file",
    "issued_late": "invoice sooner after delivery: the days to pay start with the invoice",
    "order_missing": "send the order number; the customer's system holds the invoice until then",
    "no_billing_contact": "ask the customer for a contact and add it to the customer file",
}
#: Codes of rows that were taken, or said nothing new: nobody has to look at those.
TAKEN = ("cancelled", "corrected", "duplicate", "not_booked", "reinstated", "superseded")


def render_page(report: Report) -> str:
    """The whole page. Raises MoneyError for an unknown currency, jinja2.UndefinedError for a wrong template."""
    return environment().get_template("page.html.j2").render(values_of(report))


@cache
def environment() -> Environment:
    """The templates of this folder, made once."""
    return page_environment(TEMPLATES)


def page_environment(templates: Path) -> Environment:
    """A folder of page templates: strict about names, escaping every value."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def values_of(report: Report) -> Values:
    """Everything that a template may name, as text."""
    kpis = report.kpis
    return {
        "creditor": one_line(report.creditor),
        "as_of": long_day(report.as_of, "en"),
        "customers": days(kpis.customers, "customer"),
        "provisional": kpis.provisional,
        "on_hold": kpis.on_hold,
        "cut": [words(name) for name in report.cut],
        "currencies": [_currency(one) for one in kpis.currencies[:MAX_CURRENCIES]],
        "calls": [_call(report, call) for one in kpis.currencies[:MAX_CURRENCIES] for call in one.calls],
        "more_calls": sum(one.more_calls for one in kpis.currencies[:MAX_CURRENCIES]),
        "disputes": _disputes(report),
        "promises": _promises(report),
        **people_values(report),
        "proposals": _proposals(report),
        "suspense": _suspense(report),
        "announced": _announced(report),
        "gaps": [_gap(line) for line in report.gaps],
        "concentration": _concentration(report),
        "flagged": _flagged(report),
        "tasks": _tasks(report),
        "uploads": _uploads(report),
        "notices": _bars({level_name(level): n for level, n in kpis.notices_by_level.items()}),
        "days_late": tenths(kpis.days_late_tenths),
    }


def _currency(kpis: CurrencyKpis) -> Values:
    code, ageing = kpis.currency, kpis.ageing
    return {
        "code": code,
        "customers": days(kpis.accounts, "customer"),
        "receivables": whole(kpis.receivables_minor, code),
        "receivables_exact": exact(kpis.receivables_minor, code),
        "overdue": whole(kpis.overdue_minor, code),
        "overdue_exact": exact(kpis.overdue_minor, code),
        "overdue_share": share(kpis.overdue_minor, kpis.receivables_minor),
        "oldest": days(ageing.oldest_days),
        "collected_recent": whole(kpis.collected_recent_minor, code),
        "collected_recent_exact": exact(kpis.collected_recent_minor, code),
        "collected": whole(kpis.collected_minor, code),
        "invoiced": whole(kpis.invoiced_minor, code),
        "dso": tenths(kpis.dso_tenths),
        "best_dso": tenths(kpis.best_possible_dso_tenths),
        "delinquent": tenths(kpis.average_days_delinquent_tenths),
        "countback_dso": tenths(kpis.countback_dso_tenths),
        "effectiveness": "–" if kpis.effectiveness_permille is None else f"{tenths(kpis.effectiveness_permille)} %",
        "disputed": exact(kpis.disputed_minor, code),
        "promised": exact(kpis.promised_minor, code),
        "unapplied": exact(kpis.unapplied_minor, code),
        "credited": exact(kpis.credited_minor, code),
        "buckets": _buckets(kpis),
        "bar": segments(ageing.minor),
        "bucket_class": {bucket: number for number, bucket in enumerate(BUCKETS)},
        "bar_label": f"Ageing in {code}: " + ", ".join(f"{one['name']} {one['amount']}" for one in _buckets(kpis)),
        "curve": _curve(kpis),
    }


def _buckets(kpis: CurrencyKpis) -> list[Values]:
    return [
        {
            "number": number,
            "name": _BUCKET_WORDS[bucket],
            "amount": exact(kpis.ageing.minor[bucket], kpis.currency),
            "share": share(kpis.ageing.minor[bucket], kpis.receivables_minor),
        }
        for number, bucket in enumerate(BUCKETS)
    ]


def _curve(kpis: CurrencyKpis) -> Values:
    drawn = curve(kpis.collected_by_day, kpis.sales_by_day)
    collected, invoiced = sum(kpis.collected_by_day.values()), sum(kpis.sales_by_day.values())
    return {
        "width": CURVE_WIDTH,
        "height": CURVE_HEIGHT,
        "left": LEFT,
        "right": CURVE_WIDTH - RIGHT,
        "collected": drawn.collected,
        "area": drawn.area,
        "invoiced": drawn.invoiced,
        "heights": [(at, short(minor, kpis.currency)) for at, minor in drawn.heights],
        "months": [(mark.at, mark.value) for mark in drawn.months],
        "collected_total": whole(collected, kpis.currency),
        "invoiced_total": whole(invoiced, kpis.currency),
        "days": len(kpis.collected_by_day),
    }


def _call(report: Report, call: Call) -> Values:
    level = report.levels.get(call.account)
    return {
        **who(report, call.account),
        "currency": call.currency,
        "overdue": exact(call.overdue_minor, call.currency),
        "oldest": call.oldest_days,
        "bucket": _bucket_number(call.oldest_days),
        "level": "" if level is None else level_name(level),
        "last_contact": day(call.last_contact) if call.last_contact else "",
        "disputed": exact(call.disputed_minor, call.currency) if call.disputed_minor else "",
        "promised": exact(call.promised_minor, call.currency) if call.promised_minor else "",
        "provisional": call.provisional,
        "on_hold": call.on_hold,
    }


def _bucket_number(days_overdue: int) -> int:
    return BUCKETS.index(bucket_of(days_overdue))


def _disputes(report: Report) -> Values:
    kpis = report.kpis
    lines = report.disputes[:MAX_LINES]
    return {
        "open": kpis.disputes_open,
        "opened": kpis.disputes_opened,
        "by_reason": _bars({words(reason): count for reason, count in report.disputes_by_reason.items()}),
        "ever_by_reason": _bars({words(reason): count for reason, count in kpis.disputes_by_reason.items()}),
        "lines": [_dispute(report, line) for line in lines],
        "more": kpis.disputes_open - len(lines),
    }


def _dispute(report: Report, line: DisputeLine) -> Values:
    return {
        **who(report, line.account),
        "dispute": line.dispute,
        "reason": words(line.reason),
        "owner": words(line.owner),
        "opened": day(line.opened),
        "deadline": day(line.deadline),
        "late": line.deadline < report.as_of,
        "invoices": numbers(line.invoices),
        "amount": amounts(line.amounts),
    }


def _promises(report: Report) -> Values:
    kpis = report.kpis
    lines = report.promises[:MAX_LINES]
    return {
        "open": kpis.promises_open,
        "made": kpis.promises_made,
        "kept": kpis.promises_kept,
        "broken": kpis.promises_broken,
        "lines": [_promise(report, line) for line in lines],
        "more": kpis.promises_open - len(lines),
    }


def _promise(report: Report, line: PromiseLine) -> Values:
    return {
        **who(report, line.account),
        "day": day(line.promised_for),
        "until": day(line.until),
        "late": line.promised_for < report.as_of,
        "invoices": numbers(line.invoices),
        "amount": amounts(line.amounts),
    }


def _proposals(report: Report) -> Values:
    lines = report.proposals[:MAX_LINES]
    return {
        "count": days(report.proposals_count, "payment"),
        "totals": amounts(report.proposed_minor),
        "lines": [_proposal(report, line) for line in lines],
        "more": report.proposals_count - len(lines),
    }


def _proposal(report: Report, line: ProposalLine) -> Values:
    """A payment with the places it could go, the most certain first."""
    return {
        "transaction": line.transaction,
        "booked": day(line.booked),
        "payer": one_line(line.payer) or "no name",
        "text": one_line(line.text),
        "currency": line.currency,
        "amount": exact(line.amount_minor, line.currency),
        "proposal": proposal_id(line.placements),
        "placements": [
            {
                "choice": choice,
                "where": where(one, line.currency, lambda account: str(who(report, account)["name"])),
                "confidence": percent(one),
                "why": " ".join(sentences(one)),
            }
            for choice, one in enumerate(line.placements)
        ],
    }


def _suspense(report: Report) -> Values:
    lines = report.suspense[:MAX_LINES]
    return {
        "count": report.suspense_count and days(report.suspense_count, "payment"),
        "totals": amounts(report.suspense_minor),
        "lines": [_suspended(report, line) for line in lines],
        "more": report.suspense_count - len(lines),
    }


def _suspended(report: Report, line: SuspenseLine) -> Values:
    return {
        "transaction": line.transaction,
        "booked": day(line.booked),
        "payer": one_line(line.payer) or "no name",
        "text": one_line(line.text),
        "reason": words(line.reason),
        "currency": line.currency,
        "amount": exact(line.amount_minor, line.currency),
        "candidates": [who(report, account) for account in line.candidates[:MAX_INVOICES_NAMED]],
        "more_candidates": max(0, len(line.candidates) - MAX_INVOICES_NAMED),
    }


def _announced(report: Report) -> Values:
    lines = report.announced[:MAX_LINES]
    return {
        "count": days(report.announced_count, "payment"),
        "totals": amounts(report.announced_minor),
        "lines": [_announced_line(report, line) for line in lines],
        "more": report.announced_count - len(lines),
    }


def _announced_line(report: Report, line: AnnouncedLine) -> Values:
    return {
        "transaction": line.transaction,
        "booked": day(line.booked),
        "payer": one_line(line.payer) or "no name",
        "text": one_line(line.text),
        "currency": line.currency,
        "amount": exact(line.amount_minor, line.currency),
        "bank": one_line(line.bank),
        "late": line.is_unconfirmed,
        "candidates": [who(report, account) for account in line.candidates[:MAX_INVOICES_NAMED]],
        "more_candidates": max(0, len(line.candidates) - MAX_INVOICES_NAMED),
    }


def _gap(line: GapLine) -> Values:
    return {
        "bank": one_line(line.bank),
        "after": day(line.after),
        "before": day(line.before),
        "amount": f"{line.currency} {exact(line.difference_minor, line.currency)}",
    }


def _flagged(report: Report) -> Values:
    """What was noticed on arrival: how often, and what to do about it; then the invoices due longest."""
    counts = sorted(report.kpis.flagged.items(), key=lambda part: (-part[1], part[0]))
    largest = max(report.kpis.flagged.values(), default=0)
    return {
        "kinds": [
            {
                "name": FLAGS.get(code, words(code)),
                "count": f"{count:,}",
                "length": share_of(count, largest),
                "remedy": _REMEDIES.get(code, ""),
            }
            for code, count in counts
        ],
        "lines": [_flagged_line(report, line) for line in report.flagged],
        "all": len(report.flagged) < MAX_LINES and "flagged" not in report.cut,
    }


def _flagged_line(report: Report, line: FlaggedLine) -> Values:
    return {
        **who(report, line.account),
        "invoice": one_line(line.invoice),
        "amount": exact(line.outstanding_minor, line.currency),
        "currency": line.currency,
        "issued": day(line.issued),
        "due": day(line.due),
        "late": line.due < report.as_of,
        "why": ", ".join(words(code) for code in line.flags),
    }


def _concentration(report: Report) -> list[Values]:
    """The exposure of each currency by legal group, country and category; currencies without any are left out."""
    return [
        {
            "code": one.currency,
            "total": exact(one.concentration.total_minor, one.currency),
            "groups": _parts(report, one, one.concentration.groups, "group"),
            "countries": _parts(report, one, one.concentration.countries, "country"),
            "categories": _by_name(_parts(report, one, one.concentration.categories, "category")),
        }
        for one in report.kpis.currencies[:MAX_CURRENCIES]
        if one.concentration.total_minor
    ]


def _parts(report: Report, kpis: CurrencyKpis, breakdown: Breakdown, by: str) -> list[Values]:
    """The largest parts with their bars, the longest being the largest; what is not named is one line more, without."""
    shown = breakdown.cut(MAX_GROUPS)
    parts = [*shown.parts, *([shown.others] if shown.more else [])]
    largest = max((part.exposure_minor for part in shown.parts), default=0)
    total, code = kpis.concentration.total_minor, kpis.currency
    return [
        {
            **_part_name(report, part.name, by, shown.more if part is shown.others else 0),
            "customers": days(part.customers, "customer"),
            "count": f"{part.customers:,}",
            "several": part.customers > 1,
            "amount": whole(part.exposure_minor, code),
            "exact": f"{code} {exact(part.exposure_minor, code)}",
            "share": share(part.exposure_minor, total),
            "length": 0 if part is shown.others else share_of(part.exposure_minor, largest),
            "limit": whole(part.limit_minor, code) if part.limit_minor or part.limited_minor else "",
            "use": share(part.limited_minor, part.limit_minor) if part.limit_minor else "–",
            "used_up": part.limited_minor > part.limit_minor,
            "over": part.over_limit,
            "held": part.on_hold,
            "late": share(part.overdue_minor, part.exposure_minor),
        }
        for part in parts
    ]


def _by_name(lines: list[Values]) -> list[Values]:
    """Categories in their own order, from good to bad; what has no name comes last."""
    return sorted(lines, key=lambda line: (not line["named"], line["name"]))


def _part_name(report: Report, name: str, by: str, more: int) -> Values:
    if more:
        several = {"group": "groups", "country": "countries", "category": "categories"}[by]
        return {"name": f"{more:,} other {several if more > 1 else by}", "number": "", "named": False}
    if by == "group":
        one = who(report, name)
        return {"name": one["name"], "number": one["number"] if one["number"] != one["name"] else "", "named": True}
    return {"name": one_line(name) or f"no {by} known", "number": "", "named": bool(name)}


def _tasks(report: Report) -> Values:
    lines = report.tasks[:MAX_LINES]
    return {
        "open": report.tasks_open,
        "by_kind": _bars({words(kind): count for kind, count in report.tasks_by_kind.items()}),
        "lines": [_task(report, line) for line in lines],
        "more": report.tasks_open - len(lines),
    }


def _task(report: Report, line: TaskLine) -> Values:
    return {
        **who(report, line.account),
        "kind": words(line.kind),
        "opened": day(line.opened),
        "due": day(line.due),
        "late": line.due is not None and line.due < report.as_of,
    }


def _uploads(report: Report) -> Values:
    """Of the recent files those that somebody has to look at: with rejected rows, refused as a whole, or not worked
    through yet."""
    noted = [one for one in report.uploads if _rejected(one) or refused_by(one) or one.state != "closed"]
    return {
        "count": days(len(report.uploads), "file"),
        "noted": len(noted),
        "lines": [_upload(upload, report.progress.get(upload.id)) for upload in noted[:MAX_FILES]],
        "more": len(noted) - MAX_FILES,
    }


def _in_work(upload: Upload, progress: Progress | None) -> str:
    """How far a file is that is not closed."""
    if upload.state == "closed":
        return ""
    if progress is None or not progress.rows_in:
        return "not worked through yet"
    if upload.state == "reading":
        return f"being read: {progress.chunks_done:,} of {upload.chunks:,} chunks"
    return f"{progress.rows_done:,} of {progress.rows_in:,} rows worked through, {progress.percent} %"


def refused_by(upload: Upload) -> list[tuple[str, int]]:
    """Why rows, or the file as a whole, were rejected: codes with their numbers, the most frequent first."""
    codes = {**upload.reasons, **upload.codes}
    found = [(code, count) for code, count in codes.items() if code not in TAKEN]
    return sorted(found, key=lambda part: (-part[1], part[0]))


def _rejected(upload: Upload) -> int:
    """Rows rejected by the reader, or (once it is closed) by an account."""
    return max(upload.rejected_rows, upload.outcome.get("rejected", 0))


def _upload(upload: Upload, progress: Progress | None) -> Values:
    reasons = refused_by(upload)
    return {
        "file": one_line(upload.key.rpartition("/")[2]),
        "kind": words(upload.kind),
        "at": day(upload.at),
        "state": _in_work(upload, progress),
        "percent": progress.percent if progress and upload.state == "planned" else None,
        "rows": f"{upload.rows_in or (progress.rows_in if progress else 0):,}",
        "rejected": f"{_rejected(upload):,}" if _rejected(upload) else "",
        "reasons": ", ".join(f"{words(code)} {count:,}" for code, count in reasons[:MAX_INVOICES_NAMED]),
        "receipt": upload.receipt,
    }


def _bars(counts: Mapping[str, int]) -> list[Values]:
    largest = max(counts.values(), default=0)
    return [{"name": name, "count": count, "length": share_of(count, largest)} for name, count in counts.items()]
