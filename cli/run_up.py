"""`duly up`: the local stack with its page, until Ctrl-C."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

from rich.console import Console

from local.business import make_business
from local.debtors import Debtors
from local.desk import TICK_HOUR, Desk
from local.emulator import ROOT
from local.page import PageServer
from local.stack import LocalStack

SEEDED_DAYS = 43  # to the day of the second bank statement, a Tuesday: much to chase, and fresh bank data to do it with
POLICY_KEY = "policy/demo.toml"


def run_up(*, port: int, empty: bool, console: Console, as_json: bool = False) -> None:
    """Start the stack, fill it, serve the page. Raises LocalStackError or OSError when something cannot start."""
    with console.status("Starting the local stack"):
        stack = LocalStack(announce=True)
        stack.start()
    try:
        now = _fill(stack, console, empty)
        with PageServer(Desk(stack, now), port) as page:
            if as_json:
                print(json.dumps({"url": page.url, "now": now.isoformat()}), flush=True)
            else:
                console.print(f"Duly's local stack: {page.url}", soft_wrap=True)
                console.print("Ctrl-C ends it. In another terminal: .venv/bin/duly audit, account ID, disputes")
            page.wait()
    except KeyboardInterrupt:
        console.print("Stopping")
    finally:
        stack.stop()


def _fill(stack: LocalStack, console: Console, empty: bool) -> datetime:
    """Upload the demo's policy and, unless it shall be empty, its first weeks; return the simulated now."""
    business = make_business()
    start = datetime.combine(business.start, time(6), tzinfo=UTC)
    stack.upload(POLICY_KEY, (ROOT / "policies" / "demo.toml").read_bytes(), start)
    if empty:
        stack.wait_until_idle()
        return start
    debtors = Debtors(business)
    last_day = business.start + timedelta(days=SEEDED_DAYS)
    with console.status("Uploading the demo's first weeks"):
        for offset in range(SEEDED_DAYS + 1):
            day = business.start + timedelta(days=offset)
            for upload in [*business.uploads_on(day), *debtors.statements_on(day)]:
                stack.upload(upload.key, upload.data, datetime.combine(upload.day, upload.time, tzinfo=UTC))
        stack.wait_until_idle()
    now = datetime.combine(last_day, time(TICK_HOUR), tzinfo=UTC)
    with console.status("The first day's notices"):
        stack.tick(now)
        stack.wait_until_idle()
    return now
