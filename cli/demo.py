"""What the demonstration leaves behind: the summary (JSON and a table) and the folder of mails, report and receipts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.demo_chase import CHANNEL_WORDS, ChaseStory
from cli.demo_credit import OUTCOME_WORDS, CreditStory, decisions_by_outcome, overrides_of, restated_by_kind
from duly.domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from duly.domain.kpi import CurrencyKpis
    from duly.flows.report import Report
    from local.business import Business
    from local.play import PlayResult, Progress
    from local.sales import CreditStep

SUMMARY_KEYS = (
    "days",
    "customers",
    "invoices",
    "invoiced",
    "collected",
    "matched_automatically",
    "notices_by_level",
    "notices_by_channel",
    "charges",
    "approvals",
    "calls",
    "disputes",
    "promises",
    "plans",
    "category_changes",
    "credit_decisions",
    "overrides",
    "invoices_restated",
    "invoices_flagged",
    "proposed",
    "suspense",
    "overdue_by_age",
    "dso",
    "audit",
)
LEVEL_NAMES = {"0": "before due", "1": "first reminder", "2": "second reminder", "3": "formal notice", "4": "hand-over"}
BEFORE_OVERDUE = "current"


@dataclass(frozen=True, slots=True)
class Matching:
    """How incoming money was matched, in transactions: all that came in, and those booked without a person."""

    incoming: int
    automatic: int

    @property
    def percent(self) -> str:
        """Share of the automatic ones with one decimal, "0.0" when nothing came in."""
        tenths = 1000 * self.automatic // self.incoming if self.incoming else 0
        return f"{tenths // 10}.{tenths % 10}"


@contextmanager
def day_progress(console: Console) -> Iterator[Progress]:
    """A progress bar of simulated days; gives the callback that the play wants."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("Getting ready", total=None)

        def show(done: int, days: int, day: date) -> None:
            bar.update(task, description=f"{day:%a %d %b %Y}", completed=done, total=days)

        yield show


def tenths_text(tenths: int | None) -> str:
    """Days from tenths of a day: 423 -> "42.3"; None (no sales) -> "n/a"."""
    return "n/a" if tenths is None else f"{tenths // 10}.{tenths % 10}"


def _amounts(minor: Mapping[str, int]) -> dict[str, str]:
    return {currency: format_minor(amount, currency) for currency, amount in minor.items()}


def _overdue(currency: CurrencyKpis) -> dict[str, str]:
    minor = currency.ageing.minor
    return {age: format_minor(amount, currency.currency) for age, amount in minor.items() if age != BEFORE_OVERDUE}


def summary_of(
    report: Report,
    *,
    days: int,
    invoices: int,
    matching: Matching,
    audit: str,
    story: CreditStory,
    chase: ChaseStory,
    credit: Sequence[CreditStep],
) -> dict[str, Any]:
    """The content of summary.json, with SUMMARY_KEYS in their order.

    Amounts are texts by currency; `audit` is "clean" or what the audit found. `invoices` counts registered invoices;
    `credit` is what sales and finance asked of the credit function, prospects included.
    """
    kpis = report.kpis
    currencies = kpis.currencies
    return {
        "days": days,
        "customers": kpis.customers,
        "invoices": invoices,
        "invoiced": _amounts({one.currency: one.invoiced_minor for one in currencies}),
        "collected": _amounts({one.currency: one.collected_minor for one in currencies}),
        "matched_automatically": {
            "transactions": matching.incoming,
            "automatic": matching.automatic,
            "percent": matching.percent,
        },
        "notices_by_level": dict(sorted(kpis.notices_by_level.items())),
        "notices_by_channel": dict(sorted(chase.by_channel.items())),
        "charges": chase.charges(),
        "approvals": dict(sorted(chase.approvals.items())),
        "calls": dict(sorted(chase.calls.items())),
        "disputes": {"opened": kpis.disputes_opened, "open": kpis.disputes_open, **kpis.disputes_by_reason},
        "promises": {
            "made": kpis.promises_made,
            "kept": kpis.promises_kept,
            "broken": kpis.promises_broken,
            "open": kpis.promises_open,
        },
        "plans": dict(sorted(chase.plans.items())),
        "category_changes": {"better": story.better, "worse": story.worse},
        "credit_decisions": decisions_by_outcome(credit),
        "overrides": overrides_of(credit),
        "invoices_restated": restated_by_kind(story),
        "invoices_flagged": {flag: len(invoices) for flag, invoices in sorted(story.flagged.items())},
        "proposed": {"transactions": report.proposals_count, "amounts": _amounts(report.proposed_minor)},
        "suspense": {"transactions": report.suspense_count, "amounts": _amounts(report.suspense_minor)},
        "overdue_by_age": {one.currency: _overdue(one) for one in currencies},
        "dso": {one.currency: tenths_text(one.dso_tenths) for one in currencies},
        "audit": audit,
    }


def _money(amounts: Mapping[str, str]) -> str:
    """Amounts as people read them: "EUR 12,345.60 · GBP 99.00"."""
    return " · ".join(f"{currency} {_grouped(text)}" for currency, text in amounts.items()) or "none"


def _grouped(text: str) -> str:
    whole, point, cents = text.partition(".")
    return f"{int(whole):,}{point}{cents}"


def _counts(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts.items()) or "none"


def _channels(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{number} {CHANNEL_WORDS.get(name, name)}" for name, number in counts.items()) or "none"


def _charges(charges: Mapping[str, Mapping[str, str]]) -> str:
    return (
        " · ".join(
            _money({currency: amount}) + f" {kind}"
            for currency, kinds in charges.items()
            for kind, amount in kinds.items()
        )
        or "none"
    )


def _worded(outcomes: Mapping[str, int]) -> dict[str, int]:
    return {OUTCOME_WORDS[outcome]: count for outcome, count in outcomes.items()}


def _restatements(kinds: Mapping[str, int]) -> dict[str, int]:
    return {"debit returned" if kind == "returned" else kind: count for kind, count in kinds.items()}


def summary_table(summary: Mapping[str, Any]) -> Table:
    """The summary as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=f"{summary['days']} days of a small business", show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right")
    matched = summary["matched_automatically"]
    suspense, proposed = summary["suspense"], summary["proposed"]
    rows = [
        ("Customers", str(summary["customers"])),
        ("Invoices", str(summary["invoices"])),
        ("Invoiced", _money(summary["invoiced"])),
        ("Collected", _money(summary["collected"])),
        ("Matched automatically", f"{matched['automatic']} of {matched['transactions']} ({matched['percent']} %)"),
        *_level_rows(summary["notices_by_level"]),
        ("By channel", _channels(summary["notices_by_channel"])),
        ("Charges demanded", _charges(summary["charges"])),
        ("Approvals", _counts(summary["approvals"])),
        ("Calls", _counts(summary["calls"])),
        ("Disputes", _counts(summary["disputes"])),
        ("Promises", _counts(summary["promises"])),
        ("Payment plans", _counts(summary["plans"])),
        ("Category changes", _counts(summary["category_changes"])),
        ("Credit decisions", _counts(_worded(summary["credit_decisions"]))),
        ("Overrides", str(summary["overrides"])),
        ("Invoices restated", _counts(_restatements(summary["invoices_restated"]))),
        ("Flagged on arrival", _counts(summary["invoices_flagged"])),
        ("To confirm", f"{proposed['transactions']} ({_money(proposed['amounts'])})"),
        ("Suspense", f"{suspense['transactions']} ({_money(suspense['amounts'])})"),
        *_age_rows(summary["overdue_by_age"]),
        *((f"Days sales outstanding {currency}", days) for currency, days in summary["dso"].items()),
    ]
    for name, value in rows:
        table.add_row(name, value)
    clean = summary["audit"] == "clean"
    table.add_row("Audit", Text(str(summary["audit"]), style="bold green" if clean else "bold red"))
    return table


def _level_rows(notices: Mapping[str, int]) -> list[tuple[str, str]]:
    return [
        (f"Reminded, level {level}", f"{count} ({LEVEL_NAMES.get(level, 'other')})") for level, count in notices.items()
    ]


def _age_rows(overdue: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    ages = list(dict.fromkeys(age for amounts in overdue.values() for age in amounts))
    return [
        (
            f"Overdue {age} days",
            _money({currency: amounts[age] for currency, amounts in overdue.items() if age in amounts}),
        )
        for age in ages
    ]


def write_output(
    folder: Path,
    result: PlayResult,
    business: Business,
    *,
    summary: Mapping[str, Any],
    report_page: str,
    credit_page: str,
    receipts: Mapping[str, bytes],
) -> Path:
    """Writes the whole folder and returns its index page. `receipts` maps object keys to content; `credit_page` is the
    body of the page on credit.

    Raises ValueError for a receipt whose key would lie outside the folder.
    """
    from cli.demo_pages import write_credit_page, write_pages

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "report.html").write_text(report_page, encoding="utf-8")
    write_credit_page(folder, credit_page)
    for key, data in receipts.items():
        _write_receipt(folder, key, data)
    return write_pages(folder, result, business, summary, sorted(receipts))


def _write_receipt(folder: Path, key: str, data: bytes) -> None:
    target = (folder / key).resolve()
    if not target.is_relative_to(folder.resolve() / "receipts"):
        raise ValueError("a receipt's key leads out of the folder of receipts")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def replies_by_kind(result: PlayResult) -> dict[str, int]:
    """How many replies the debtors wrote, by what they meant."""
    kinds: Sequence[str] = [reply.kind for sent in result.notices for reply in sent.replies]
    return dict(Counter(kinds).most_common())
