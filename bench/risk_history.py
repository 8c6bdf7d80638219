"""Write a made-up payment history of many businesses, from a seed: what the shipped risk weights are fitted on.

    python bench/risk_history.py FOLDER [--seed 11] [--businesses 30]

One file for each business.
Nothing in it comes from real customers. What it assumes: every customer has its own usual day around the due date and
its own regularity; some pay exactly in the run before the due date; some change for good; disputes delay; large
invoices take a little longer; a few customers fall into distress, and only then do broken promises, returned payments,
unfounded disputes, bad outside scores and refused insurance become frequent.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cli.history import COLUMNS, OPTIONAL

FIRST_DAY = date(2023, 1, 2)
DAYS = 730
CUSTOMERS = 40


@dataclass(frozen=True, slots=True)
class Business:
    """What a creditor's customers have in common. Days are relative to the due date."""

    usual_day: float
    between: float
    within: float
    dispute_share: float
    dispute_delay: float
    terms_days: int
    currency: str


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer's true nature, which nobody sees."""

    usual_day: float
    within: float
    change_on: int
    change_days: float
    dispute_share: float
    distress: range
    distress_delay: float
    first_day: int
    invoices_a_year: float
    amount: float
    has_limit: bool
    is_insured: bool
    has_external: bool


def business(chance: random.Random) -> Business:
    """A business of the made-up world."""
    return Business(
        usual_day=chance.gauss(-6, 4),
        between=chance.uniform(5, 11),
        within=chance.uniform(3, 8),
        dispute_share=chance.uniform(0.02, 0.25),
        dispute_delay=chance.uniform(4, 16),
        terms_days=chance.choice((14, 30, 30, 30, 60)),
        currency=chance.choice(("EUR", "EUR", "GBP", "USD")),
    )


def customer(chance: random.Random, of: Business) -> Customer:
    """A customer of a business."""
    pays_in_runs = chance.random() < 0.1
    begins = chance.randrange(DAYS)
    falls = chance.random() < 0.12
    return Customer(
        usual_day=-1.0 if pays_in_runs else chance.gauss(of.usual_day, of.between),
        within=0.7 if pays_in_runs else of.within * chance.lognormvariate(0, 0.25),
        change_on=chance.randrange(DAYS) if chance.random() < 0.4 else DAYS,
        change_days=chance.gauss(0, 7),
        dispute_share=chance.betavariate(0.6, 0.6 / of.dispute_share - 0.6),
        distress=range(begins, begins + chance.randrange(180, 720)) if falls else range(0),
        distress_delay=chance.uniform(10, 40),
        first_day=chance.randrange(DAYS - 60) if chance.random() < 0.3 else 0,
        invoices_a_year=chance.uniform(6, 30),
        amount=chance.lognormvariate(7, 1),
        has_limit=chance.random() < 0.5,
        is_insured=chance.random() < 0.25,
        has_external=chance.random() < 0.4,
    )


def invoices(chance: random.Random, of: Business, who: Customer, name: str) -> Iterator[dict[str, str]]:
    """The invoices of one customer in the order of issue, with what an account would know of it on each day."""
    broken = lost = bounced = 0
    day = float(who.first_day)
    number = 0
    while (day := day + chance.expovariate(who.invoices_a_year / 365)) < DAYS:
        number += 1
        in_distress = int(day) in who.distress
        broken += chance.random() < (0.2 if in_distress else 0.002)
        lost += chance.random() < (0.08 if in_distress else 0.003)
        bounced += chance.random() < (0.1 if in_distress else 0.001)
        factor = chance.lognormvariate(0, 0.5)
        disputed = chance.random() < who.dispute_share
        late_by = chance.gauss(who.usual_day, who.within)
        late_by += who.change_days * (day > who.change_on) + of.dispute_delay * disputed + 0.7 * max(0.0, factor - 1)
        if in_distress:
            late_by += who.distress_delay * min(1.0, (day - who.distress.start) / 180)
        if chance.random() < 0.03:
            late_by += chance.expovariate(1 / 15)  # lost mail, holidays
        issued = FIRST_DAY + timedelta(days=int(day))
        due = issued + timedelta(days=of.terms_days)
        paid_on = max(issued, due + timedelta(days=round(late_by)))
        end = FIRST_DAY + timedelta(days=DAYS)
        yield {
            "customer": name,
            "invoice": f"{name}-{number}",
            "issued": issued.isoformat(),
            "due": due.isoformat(),
            "amount": f"{who.amount * factor:.2f}",
            "currency": of.currency,
            "paid_on": paid_on.isoformat() if paid_on < end else "",
            "disputed": "yes" if disputed else "no",
            "broken_promises": str(broken),
            "disputes_lost": str(lost),
            "bounced_payments": str(bounced),
            **_outside(chance, who, of, in_distress),
        }


def _outside(chance: random.Random, who: Customer, of: Business, in_distress: bool) -> dict[str, str]:
    monthly = who.amount * who.invoices_a_year / 12
    cover = 0.0 if in_distress and chance.random() < 0.5 else monthly * (1 + of.terms_days / 30)
    external = 300 + 6 * (who.usual_day - of.usual_day) + 200 * in_distress + chance.gauss(0, 120)
    return {
        "limit": f"{2 * monthly * (1 + of.terms_days / 30):.2f}" if who.has_limit else "",
        "insured": f"{cover:.2f}" if who.is_insured else "",
        "external": str(round(max(0.0, min(1000.0, external)))) if who.has_external else "",
    }


def rows(seed: str, customers: int = CUSTOMERS) -> Iterator[dict[str, str]]:
    """The history of one business. The same seed gives the same rows on every machine and Python from 3.11 on."""
    chance = random.Random(seed)
    of = business(chance)
    for place in range(1, customers + 1):
        yield from invoices(chance, of, customer(chance, of), f"C{place:03d}")


def write(path: Path, seed: str, customers: int = CUSTOMERS) -> None:
    """Write the history of one business."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, (*COLUMNS, *OPTIONAL), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows(seed, customers))


def main() -> None:
    """Write the files into the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--businesses", type=int, default=30)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, given.businesses + 1):
        write(given.folder / f"business-{number:02d}.csv", f"{given.seed}/{number}")


if __name__ == "__main__":
    main()
