"""The seeded file of the bench at scale: an export of open items as ERP systems write them, and what is true of it.

About 150 bytes a row. Of every 1,000 rows 10 say again what an earlier row of the file said (duplicates), 5 say an
earlier invoice anew with another amount (corrections), 10 cannot be used for one of six reasons (bad rows).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

SEED = 20260302
FIRST_DAY = date(2025, 9, 1)
DAYS = 180
ROWS_PER_CUSTOMER = 200
HEADER = (
    "Document No,Customer No,Customer Name,Document Date,Due Date,Open Amount,Currency,Document Type,"
    "Payment Terms,Order No,VAT No,Country,Email"
)
CUSTOMER_HEADER = "id,name,country,language,timezone,kind,vat_id,email,role,scenario"
WORDS = [
    "Ahorn",
    "Birke",
    "Castle",
    "Dorn",
    "Erler",
    "Falk",
    "Granit",
    "Hansa",
    "Iris",
    "Jonas",
    "Kessel",
    "Linde",
    "Marble",
    "Nord",
    "Ostwall",
    "Porter",
]
TRADES = ["Bau", "Druck", "Handel", "Holz", "Logistik", "Maschinen", "Medien", "Metall", "Service", "Technik"]
COUNTRIES = (("DE", "Europe/Berlin", "GmbH"), ("AT", "Europe/Vienna", "GmbH"), ("GB", "Europe/London", "Ltd"))
TERMS = ("30 days net", "14 days net", "Zahlbar innerhalb 30 Tagen netto")
BAD = ("date_invalid", "date_missing", "amount_format", "currency_unknown", "number_missing", "columns")


@dataclass
class Truth:
    """What a receipt must say about the file. Amounts in minor units of EUR, the only currency."""

    rows: int = 0
    duplicates: int = 0
    corrections: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    amount_in: int = 0
    amount_bad: int = 0
    amount_duplicate: int = 0

    @property
    def applied(self) -> int:
        """Rows that change an account: new invoices and corrections."""
        return self.rows - self.duplicates - sum(self.bad.values())


@dataclass(frozen=True, slots=True)
class _Customer:
    id: str
    name: str
    country: str
    timezone: str
    vat_id: str
    email: str

    @property
    def quoted(self) -> str:
        return f'"{self.name}"' if "," in self.name else self.name


def customer_count(rows: int) -> int:
    """Customers of a file of so many rows."""
    return max(rows // ROWS_PER_CUSTOMER, 20)


def customers(count: int) -> list[_Customer]:
    """The customers, the same for the same number."""
    chance = random.Random(f"{SEED} customers")
    found = []
    for number in range(count):
        country, timezone, form = chance.choice(COUNTRIES)
        name = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {chance.choice(TRADES)} {number} {form}"
        if number % 20 == 0:
            name = name.replace(" ", ", ", 1)
        vat_id = "" if number % 3 else f"{country}U{number:08d}"
        email = f"office{number}@c{number}.example"
        found.append(_Customer(f"C{100_000 + number}", name, country, timezone, vat_id, email))
    return found


def write_customers(path: Path, rows: int) -> int:
    """Write the customer file for an export of so many rows; return how many customers."""
    found = customers(customer_count(rows))
    lines = [
        f"{one.id},{one.quoted},{one.country},en,{one.timezone},business,{one.vat_id},{one.email},billing,standard"
        for one in found
    ]
    path.write_text("\n".join([CUSTOMER_HEADER, *lines, ""]), encoding="utf-8")
    return len(found)


def write_open_items(path: Path, rows: int) -> Truth:
    """Write the export; return what is true of it."""
    truth = Truth()
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{HEADER}\n")
        file.writelines(_rows(rows, truth))
    return truth


def _rows(rows: int, truth: Truth) -> Iterator[str]:
    chance = random.Random(SEED)
    found = customers(customer_count(rows))
    # Customers differ in size: the largest has about ten times the invoices of the average one.
    weights = [1 / (0.08 + index / len(found)) for index in range(len(found))]
    buyers = chance.choices(found, weights, k=rows)
    earlier: list[tuple[_Customer, list[str], int]] = []
    said_again = set[int]()
    for number in range(rows):
        truth.rows += 1
        kind = chance.randrange(1_000)
        buyer = buyers[number]
        amount = chance.randrange(1_000, 900_000)
        cells = _cells(buyer, number, amount, chance)
        if kind < 15 and earlier:
            place = chance.randrange(len(earlier))
            buyer, cells, before = earlier[place]
            if kind >= 10 and place not in said_again:
                said_again.add(place)
                amount = before + 100
                cells = [*cells[:5], _money(amount), *cells[6:]]
                truth.corrections += 1
            elif place not in said_again:
                amount = before
                truth.duplicates += 1
                truth.amount_duplicate += amount
            else:
                cells = _cells(buyers[number], number, amount, chance)
        elif kind < 25:
            yield _bad(BAD[kind % len(BAD)], cells, amount, truth)
            continue
        elif len(earlier) < 20_000 and kind % 2 == 0:
            earlier.append((buyer, cells, amount))
        truth.amount_in += amount
        yield f"{','.join(cells)}\n"


def _cells(buyer: _Customer, number: int, amount: int, chance: random.Random) -> list[str]:
    issued = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
    terms = chance.choice(TERMS)
    due = issued + timedelta(days=14 if terms.startswith("14") else 30)
    return [
        f"RE-{issued.year}-{number:07d}",
        buyer.id,
        buyer.quoted,
        issued.isoformat(),
        due.isoformat(),
        _money(amount),
        "EUR",
        "invoice",
        terms,
        f"45{chance.randrange(10**8):08d}",
        buyer.vat_id,
        buyer.country,
        buyer.email,
    ]


def _money(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def _bad(code: str, cells: list[str], amount: int, truth: Truth) -> str:
    truth.bad[code] += 1
    if code not in ("amount_format", "currency_unknown", "columns"):
        truth.amount_bad += amount
        truth.amount_in += amount
    if code == "date_invalid":
        cells[3] = "2026-02-30"
    elif code == "date_missing":
        cells[3] = ""
    elif code == "amount_format":
        cells[5] = "about 100"
    elif code == "currency_unknown":
        cells[6] = "EURO"
    elif code == "number_missing":
        cells[0] = ""
    else:
        cells = cells[:9]
    return f"{','.join(cells)}\n"
