"""Convert a table of settled receivables to the columns of a history.

    python bench/ar_history.py TABLE.csv OUT.csv

TABLE has the columns customerID, invoiceNumber, InvoiceDate, DueDate, InvoiceAmount, Disputed, SettledDate, with dates
as month/day/year and amounts without currency (written as USD), as in a public set of 2012.
"""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from cli.history import COLUMNS


def main(table: Path, out: Path) -> None:
    """Write `out`, line for line."""
    with table.open(encoding="utf-8-sig", newline="") as source, out.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in csv.DictReader(source):
            writer.writerow(
                (
                    row["customerID"],
                    row["invoiceNumber"],
                    iso(row["InvoiceDate"]),
                    iso(row["DueDate"]),
                    f"{Decimal(row['InvoiceAmount']):.2f}",
                    "USD",
                    iso(row["SettledDate"]),
                    row["Disputed"].lower(),
                )
            )


def iso(text: str) -> str:
    """A date as month/day/year in ISO form; empty stays empty."""
    return datetime.strptime(text, "%m/%d/%Y").date().isoformat() if text else ""


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
