"""How many overdue invoices the daily run gets through, on one core, and how that grows with their number.

    PYTHONPATH=layers/common:. python -m bench.dunning [--invoices 10000] [--decide 1000000] [--peer SCRIPT]
        [--page FILE]

Two runs. The first decides (upkeep, gates, steps) and renders every notice as text, HTML and MIME with its reply
token, for --invoices invoices of a quarter as many customers. The second only decides, at sizes up to --decide. Each
customer's account is made, decided on, and forgotten, as in a function: making it is not timed. Times are CPU seconds
of one process. `--peer` runs a script of Tryton's beside it (its JSON: rows with M, variant and phases of seconds),
`--page` writes the tables between the marks of that page.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.changing import replace
from duly.domain.dunning import Chase, decide_chase
from duly.domain.entities import Item
from duly.domain.gates import Surroundings
from duly.domain.policy import Policy
from duly.domain.policy_reader import parse_policy
from duly.domain.upkeep import upkeep
from duly.flows.notices import message_of
from duly.flows.twin import TwinStack

PER_CUSTOMER = 4
TODAY = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)  # a Wednesday, within the contact window
IDLE = TODAY + timedelta(days=1)  # nothing is due: yesterday's notices went out
OLDEST_DAYS = 60  # overdue invoices are between one and so many days old
FEWEST = 1_000
SEED = 7
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
POLICY = """
[creditor]
name = "Muster GmbH"
address = ["Musterstraße 1", "10115 Berlin"]
country = "DE"
timezone = "Europe/Berlin"
email = "finance@muster.example"
iban = "DE02120300000000202051"
bic = "BYLADEM1001"
"""
LANGUAGES = (("DE", "de", "Europe/Berlin"), ("GB", "en", "Europe/London"))


@dataclass
class Cost:
    """What a run cost."""

    items: int
    customers: int
    notices: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.items / self.seconds


def accounts(invoices: int) -> Iterator[Account]:
    """One account after the other, with four overdue invoices each: what `by_events` makes, in a tenth of the time."""
    patterns = [by_events(0, place, [_invoice("", random.Random(SEED))]) for place in LANGUAGES]
    chance = random.Random(SEED)
    for number in range(invoices // PER_CUSTOMER):
        pattern = patterns[number % len(LANGUAGES)]
        registered = _invoices(number, chance)
        account = pattern.copy()
        account.id, account.personal = f"C{number:06d}", _personal(number)
        account.entities["items"] = {one.key: _item(pattern.items[""], one) for one in registered}
        header, by_day = account.header, dict.fromkeys((one.issued for one in registered), 0)
        for one in registered:
            by_day[one.issued] += one.amount_minor
        account.header = replace(
            header,
            customer=account.id,
            behaviour=replace(header.behaviour, first_issued=min(by_day)),
            invoiced_minor={"EUR": sum(by_day.values())},
            sales_by_day={"EUR": {day.isoformat(): minor for day, minor in by_day.items()}},
        )
        account.version = 1 + PER_CUSTOMER
        yield account


def check_accounts(count: int = FEWEST // PER_CUSTOMER) -> None:
    """Compare the first accounts with those of the same events applied one by one. Raises AssertionError."""
    chance = random.Random(SEED)
    for number, account in enumerate(accounts(count * PER_CUSTOMER)):
        slow = by_events(number, LANGUAGES[number % len(LANGUAGES)], _invoices(number, chance))
        for name in ("id", "version", "header", "personal", "entities"):
            assert getattr(account, name) == getattr(slow, name), f"{name} of account {number}"


def by_events(number: int, place: tuple[str, str, str], invoices: list[ev.InvoiceRegistered]) -> Account:
    """A customer's account as its events make it."""
    country, language, timezone = place
    account = Account(f"C{number:06d}")
    account.apply(
        ev.CustomerRegistered(
            customer=account.id,
            personal="p",
            personal_hash="h",
            country=country,
            language=language,
            timezone=timezone,
            kind="business",
            scenario="standard",
            provisional=False,
        )
    )
    account.personal = _personal(number)
    for invoice in invoices:
        account.apply(invoice)
    account.version = 1 + len(invoices)
    return account


def _personal(number: int) -> dict[str, Any]:
    contact = {"id": "c1", "role": "billing", "email": f"billing@c{number}.example", "name": ""}
    return {"name": f"Customer {number} Ltd", "contacts": [contact]}


def _item(pattern: Item, invoice: ev.InvoiceRegistered) -> Item:
    return replace(
        pattern,
        key=invoice.key,
        number=invoice.number,
        issued=invoice.issued,
        due=invoice.due,
        amount_minor=invoice.amount_minor,
    )


def _invoices(customer: int, chance: random.Random) -> list[ev.InvoiceRegistered]:
    return [_invoice(f"RE-{customer:06d}-{index}", chance) for index in range(PER_CUSTOMER)]


def _invoice(number: str, chance: random.Random) -> ev.InvoiceRegistered:
    due = TODAY.date() - timedelta(days=chance.randint(1, OLDEST_DAYS))
    return ev.InvoiceRegistered(
        key=number,
        number=number,
        issued=due - timedelta(days=30),
        due=due,
        due_source="stated",
        amount_minor=chance.randint(5_000, 500_000),
        currency="EUR",
        upload="u1",
        line=2,
    )


def decide(account: Account, policy: Policy, now: datetime, holidays: frozenset[date]) -> Chase:
    """What the tick decides for one account: what has become true, then what is due."""
    events = upkeep(account, policy, now)
    return decide_chase(account.after(events) if events else account, policy, Surroundings(now, holidays))


def run(invoices: int, work: Callable[[Account], bool]) -> Cost:
    """Do ``work`` for each account, timed; it says whether there was a notice."""
    cost = Cost(invoices, invoices // PER_CUSTOMER)
    for account in accounts(invoices):
        begun = time.process_time()
        cost.notices += work(account)
        cost.seconds += time.process_time() - begun
    return cost


def run_decide(invoices: int, policy: Policy) -> Cost:
    return run(invoices, lambda account: decide(account, policy, TODAY, frozenset()).claim is not None)


def run_idle(invoices: int, policy: Policy) -> Cost:
    """The day after: everything was said yesterday, so every gate and step is looked at and nothing follows."""
    cost = Cost(invoices, invoices // PER_CUSTOMER)
    for account in accounts(invoices):
        after = account.after(decide(account, policy, TODAY, frozenset()).events)
        after.version = account.version + 1
        for notice in list(after.notices.values()):
            keys = tuple(part.item for part in notice.items)
            after.apply(ev.NoticeSent(notice.key, TODAY, "answer", "m"))
            after.apply(ev.StepsRecorded(notice.key, keys, TODAY.date()))
        begun = time.process_time()
        cost.notices += decide(after, policy, IDLE, frozenset()).claim is not None
        cost.seconds += time.process_time() - begun
    return cost


def run_render(invoices: int, policy: Policy) -> Cost:
    edge = TwinStack().edge

    def work(account: Account) -> bool:
        found = decide(account, policy, TODAY, frozenset())
        if found.claim is None:
            return False
        after = account.after(found.events)
        raw, _ = message_of(edge, after, found.claim, policy)
        return bool(raw)

    return run(invoices, work)


def told(costs: list[Cost]) -> str:
    """The slope in words; a single size has none."""
    return f"{slope(costs):.2f}" if len(costs) > 1 else "not known from one size"


def slope(costs: list[Cost]) -> float:
    """The slope of seconds against items of several sizes, both as logarithms: 1 is linear."""
    points = [(math.log10(cost.items), math.log10(cost.seconds)) for cost in costs]
    mean_x, mean_y = (sum(point[axis] for point in points) / len(points) for axis in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def sizes_up_to(largest: int) -> list[int]:
    return [size for size in (FEWEST * 10**power for power in range(10)) if size <= largest]


def rows_of(name: str, costs: list[Cost]) -> list[str]:
    return [
        f"| {name} | {cost.items:,} | {cost.customers:,} | {cost.notices:,} | {cost.seconds:.2f} "
        f"| {cost.per_second:,.0f} |"
        for cost in costs
    ]


def measure(invoices: int, largest: int) -> list[str]:
    """The tables, as lines."""
    check_accounts()
    policy = parse_policy(POLICY, "bench")
    run_render(FEWEST, policy)  # templates are compiled once a process
    rendered = [run_render(size, policy) for size in sizes_up_to(invoices)]
    decided = [run_decide(size, policy) for size in sizes_up_to(largest)]
    idle = [run_idle(size, policy) for size in sizes_up_to(min(largest, 100_000))]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [
        "| run | invoices | customers | notices | CPU seconds | invoices per CPU second |",
        "|---|---:|---:|---:|---:|---:|",
        *rows_of("decide and render", rendered),
        *rows_of("decide", decided),
        *rows_of("decide, nothing due", idle),
        "",
        "Slope of seconds over invoices (both as logarithms; 1 is linear): "
        f"decide and render {told(rendered)}, decide {told(decided)}, nothing due {told(idle)}. "
        f"Peak memory of the process: {peak} MB. "
        f"Python {platform.python_version()}, {platform.machine()}.",
    ]


def peer(script: Path, invoices: int) -> list[str]:
    """Run the peer's script and return its phases as lines of a table."""
    sizes = ",".join(str(size) for size in sizes_up_to(invoices))
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "peer.json"
        command = [sys.executable, str(script), "--sizes", sizes, "--variant", "core,email", "--json", str(found)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = json.loads(found.read_text("utf-8"))
    lines = ["| Tryton, variant and phase | invoices | seconds | invoices per second |", "|---|---:|---:|---:|"]
    for row in rows:
        for phase, cost in row["phases"].items():
            lines.append(f"| {row['variant']}: {phase} | {row['M']:,} | {cost['s']:.2f} | {cost['per_s']:,.0f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=10_000, help="Decide and render so many.")
    parser.add_argument("--decide", type=int, default=1_000_000, help="Decide so many.")
    parser.add_argument("--peer", type=Path, help="A script that measures another program in the same way.")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    lines = measure(options.invoices, options.decide)
    if options.peer:
        lines += ["", *peer(options.peer, options.invoices)]
    print("\n".join(lines))
    if options.page:
        page = options.page.read_text("utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        options.page.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
