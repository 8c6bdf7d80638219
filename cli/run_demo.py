"""`duly demo`: starts the local stack, plays the business, audits it and writes what came of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.demo import Matching, day_progress, summary_of, write_output
from cli.demo_cash import cash_body, receipts_of, write_documents
from cli.demo_chase import DOCUMENTS, ChaseStory, chase_body, gather_chase, write_chase_documents
from cli.demo_credit import CreditStory, credit_body, gather_credit
from cli.demo_pages import write_cash_page, write_chase_page
from duly.domain.identity import FINAL
from duly.domain.transaction import Transaction
from duly.flows import audit
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.flows.report import Report, gather
from duly.runtime.observe import SilentObserver
from duly.runtime.settings import Settings
from duly.store import keys
from local.business import make_business
from local.debtors import Debtors
from local.emulator import ROOT
from local.play import play
from local.sales import CreditStep
from local.stack import LocalStack
from local.world import StackWorld

EVENING_HOUR = 20  # UTC: the end of the last day, still that day for the creditor


def run_demo(folder: Path, *, days: int, seed: int, console: Console) -> dict[str, Any]:
    """Play the demo into a folder and return its summary. Raises LocalStackError when the stack cannot run."""
    _empty(folder)
    business = make_business(seed=seed, days=days)
    with console.status("Starting the local stack"):
        stack = LocalStack()
        stack.start()
    try:
        edge = edge_of(stack)
        world = StackWorld(stack, edge)
        with day_progress(console) as progress:
            policy = (ROOT / "policies" / "demo.toml").read_bytes()
            result = play(world, business, Debtors(business, seed), progress, policy=policy)
        end = datetime.combine(business.last_day, time(EVENING_HOUR), tzinfo=UTC)
        with console.status("Auditing"):
            found = audit.audit(edge, end + timedelta(days=31))
        with console.status("Writing mails, receipts and the report"):
            report = gather(
                edge.table, edge.uploads.recent(end), business.last_day, edge.policy().creditor.name, edge.stack.tasks()
            )
            story = gather_credit(edge, audit.account_ids(edge))
            documents = stack.objects(DOCUMENTS)
            chase = gather_chase(edge, audit.account_ids(edge), documents)
            summary = summarise(edge, report, days=days, found=found, story=story, chase=chase, credit=result.credit)
            write_chase_documents(folder, documents)
            write_chase_page(folder, chase_body(chase, business))
            page = stack.invoke("ReportsFunction", {"type": "page", "time": end.isoformat()})["html"]
            receipts = receipts_of(edge, transactions_of(edge))
            write_cash_page(
                folder, cash_body(receipts, business), write_documents(folder, edge, receipts, report.as_of)
            )
            write_output(
                folder,
                result,
                business,
                summary=summary,
                report_page=page,
                credit_page=credit_body(story, result.credit, business, edge.policy()),
                receipts=stack.objects("receipts/"),
            )
        for problem in found.problems:
            console.print(f"audit: {problem.code}: {problem.about}: {problem.text}")
    finally:
        stack.stop()
    return summary


def _empty(folder: Path) -> None:
    """Remove an earlier demo's output, and nothing that is not one."""
    if (folder / "summary.json").exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def edge_of(stack: LocalStack) -> Edge:
    """Return an edge for reading the stack's tables from this process."""
    settings = stack.settings()
    os.environ.update(settings)
    return aws_edge(Settings.read(settings), SilentObserver())


def summarise(
    edge: Edge,
    report: Report,
    *,
    days: int,
    found: audit.Report,
    story: CreditStory,
    chase: ChaseStory,
    credit: Sequence[CreditStep],
) -> dict[str, Any]:
    """Return the content of summary.json."""
    end = datetime.combine(report.as_of, time(EVENING_HOUR), tzinfo=UTC) + timedelta(days=31)
    invoices = sum(
        outcome.result == "applied"
        for upload in edge.uploads.all(end)
        if upload.kind == "invoices"
        for message in edge.uploads.outcomes(upload.id)
        for outcome in message.rows
    )
    verdict = "clean" if found.is_clean else f"{len(found.problems)} problems, first {found.problems[0].code}"
    return summary_of(
        report,
        days=days,
        invoices=invoices,
        matching=matching_of(edge),
        audit=verdict,
        story=story,
        chase=chase,
        credit=credit,
    )


def matching_of(edge: Edge) -> Matching:
    """Count money that came in, and of it what was booked without a person. What is announced has not come in, and an
    entry that several files have counts once."""
    found = [state for state in transactions_of(edge) if state.amount_minor > 0]
    states = [state for state in found if state.standing == FINAL and state.state != "ignored"]
    automatic = sum(state.state == "routed" and state.reason != "person" for state in states)
    return Matching(incoming=len(states), automatic=automatic)


def transactions_of(edge: Edge) -> list[Transaction]:
    """Return all bank transactions of the stack."""
    names = [name(shard) for shard in keys.shards() for name in (keys.suspense_shard, keys.transaction_shard)]
    ids = [record.pk.removeprefix("T#") for name in names for record in edge.table.headers(name)]
    return [edge.transactions.load(one).state for one in ids]
