"""Read a corpus of real files and print how far the readers agree with its expected values.

    python bench/read_corpus.py DIR

DIR holds `einvoice/expected.csv` (one row for each e-invoice) and `bank/camt/expected_statements.json`, with the files
that they name. Printed are a table for e-invoices by folder, one for statements, every disagreement, the slowest file.
Exit code 1 when a file made an exception.
"""

from __future__ import annotations

import csv
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from duly.domain.money import format_minor
from duly.formats.read import read_file, to_json
from duly.formats.records import FileResult, InvoiceRow, Statement

CREDIT_CODES = {"81", "261", "262", "296", "308", "381", "396", "420", "458", "532"}


def main(root: Path) -> int:
    """Print the tables for the corpus at `root`."""
    reading = Reading()
    compare_invoices(root / "einvoice", reading)
    compare_statements(root / "bank" / "camt", reading)
    read_the_rest(root, reading)
    print(f"\nfiles read {reading.files}, exceptions {reading.crashes}, slowest {reading.slowest[0]:.2f} s")
    return 1 if reading.crashes else 0


class Reading:
    """Reads files once each, and counts exceptions and time."""

    def __init__(self) -> None:
        self.files = 0
        self.crashes = 0
        self.slowest = (0.0, "")
        self.seen = set[Path]()

    def read(self, path: Path) -> FileResult | None:
        """The result, or None when the reader raised (printed)."""
        self.files += 1
        self.seen.add(path)
        data = path.read_bytes()
        begun = time.perf_counter()
        try:
            result = read_file(path.name, data)
            to_json(result, path.name)
        except Exception:
            self.crashes += 1
            print(f"EXCEPTION {path.name}\n{traceback.format_exc()}")
            return None
        self.slowest = max(self.slowest, (time.perf_counter() - begun, path.name))
        return result


def amount(text: str) -> Decimal | None:
    """An expected amount, None when it is none."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def plain(text: str) -> str:
    """Text for comparison: white space made one space."""
    return " ".join(text.split())


INVOICE_CHECKS: dict[str, Callable[[InvoiceRow, dict[str, str]], bool]] = {
    "number": lambda row, want: row.number == plain(want["number"]),
    "type": lambda row, want: (
        row.type_code == want["type_code"]
        and (row.type == "credit_note") == (want["type_code"] in CREDIT_CODES or want["syntax"] == "UBL-CreditNote")
    ),
    "issued": lambda row, want: row.issued.isoformat() == want["issue_date"],
    "due": lambda row, want: (row.due.isoformat() if row.due else "") == want["due_date"],
    "currency": lambda row, want: row.currency == want["currency"],
    "payable": lambda row, want: amount(format_minor(row.amount_minor, row.currency)) == amount(want["payable"]),
    "gross": lambda row, want: (
        row.total_minor is None or amount(format_minor(row.total_minor, row.currency)) == amount(want["gross"])
    ),
    "buyer": lambda row, want: row.buyer.name == plain(want["buyer_name"]),
    "buyer VAT": lambda row, want: row.buyer.vat_id == plain(want["buyer_vat"]),
    "buyer mail": lambda row, want: row.buyer.email == plain(want["buyer_email"]),
    "seller": lambda row, want: row.seller_name == plain(want["seller_name"]),
    "seller VAT": lambda row, want: row.seller_vat_id == plain(want["seller_vat"]),
    "IBAN": lambda row, want: row.payment_iban == want["iban"].replace(" ", ""),
    "reference": lambda row, want: row.payment_reference == plain(want["payment_ref"]),
    "terms": lambda row, want: plain(row.terms) == plain(want["terms"]),
    "lines": lambda row, want: str(row.lines) == want["lines"],
}


def compare_invoices(folder: Path, reading: Reading) -> None:
    """The table for e-invoices: UBL by folder and value, all other syntaxes by how they were refused."""
    counts, refused, differences = dict[str, Counter[str]](), Counter[str](), list[str]()
    for want in expected_rows(folder / "expected.csv"):
        path = folder / want["file"]
        if not path.is_file():
            continue
        result = reading.read(path)
        if result is None:
            continue
        if not want["syntax"].startswith("UBL"):
            refused[f"{want['syntax'][:24]} -> {result.format} {outcome(result)}"] += 1
            continue
        found = counts.setdefault(want["file"].split("/")[0], Counter())
        found["files"] += 1
        found["read"] += len(result.invoices)
        for row in result.invoices:
            wrong = [name for name, check in INVOICE_CHECKS.items() if not check(row, want)]
            found.update(name for name in INVOICE_CHECKS if name not in wrong)
            differences += [f"  {want['file']}: {name}" for name in wrong]
        differences += [f"  {want['file']}: {reject.code}: {reject.reason}" for reject in result.rejects]
    print_table("UBL files, values that agree", counts, ["files", "read", *INVOICE_CHECKS])
    print("\nDisagreements\n" + "\n".join(differences))
    print("\nOther syntaxes")
    for name, number in sorted(refused.items()):
        print(f"  {number:4} {name}")


def expected_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of expected.csv."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def outcome(result: FileResult) -> str:
    """How a file ended: what was read, or the code of its first reject."""
    return result.rejects[0].code if result.rejects else f"read {len(result.records)} {result.kind}"


def compare_statements(folder: Path, reading: Reading) -> None:
    """The table for statements: number and sum of entries, opening and closing balance, against the expected file."""
    expected = json.loads((folder / "expected_statements.json").read_text(encoding="utf-8"))
    counts, differences = dict[str, Counter[str]](), list[str]()
    for name, want in expected.items():
        path = folder / name
        if not path.is_file():
            continue
        result = reading.read(path)
        if result is None:
            continue
        if result.format != "camt053":
            differences.append(f"  {name}: refused as {result.format or 'unknown'} ({outcome(result)})")
            continue
        found = counts.setdefault("camt053", Counter())
        found["files"] += 1
        found["statements"] += len(result.statements) == len(want["statements"])
        found["rows"] += result.rows_in - len(result.rejected_rows) == want["rows"]
        for statement, one in zip(result.statements, want["statements"], strict=False):
            wrong = [check for check, good in statement_checks(statement, one) if not good]
            found.update(check for check, good in statement_checks(statement, one) if good)
            differences += [f"  {name}: {check}" for check in wrong]
        differences += [f"  {name}: {reject.code}: {reject.reason}" for reject in result.rejects]
    columns = ["files", "statements", "rows", "account", "sum", "opening", "closing"]
    print_table("CAMT files, values that agree", counts, columns)
    print("\nDisagreements and remarks\n" + "\n".join(differences))


def statement_checks(statement: Statement, want: dict[str, Any]) -> list[tuple[str, bool]]:
    """Each compared value with whether it agrees."""

    def same(minor: int | None, text: str | None) -> bool:
        if minor is None or text is None:
            return minor is None and text is None
        return amount(format_minor(minor, statement.currency)) == amount(text)

    total = sum(entry.amount_minor for entry in statement.entries)
    return [
        ("account", statement.account == want["account"]),
        ("sum", not statement.entries or same(total, want["booked_sum"])),
        ("opening", same(statement.opening_minor, want["opening"])),
        ("closing", same(statement.closing_minor, want["closing"])),
    ]


def read_the_rest(root: Path, reading: Reading) -> None:
    """Read every other file of the e-invoice and bank folders, whatever it is: none may raise."""
    outcomes = Counter[str]()
    for folder in ("einvoice", "bank"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path not in reading.seen and not path.name.startswith("expected"):
                result = reading.read(path)
                if result is not None:
                    outcomes[f"{folder}/{path.parent.name} -> {result.format or 'unknown'} {outcome(result)}"] += 1
    print("\nAll other files")
    for name, number in sorted(outcomes.items()):
        print(f"  {number:4} {name}")


def print_table(title: str, counts: dict[str, Counter[str]], columns: list[str]) -> None:
    """A plain table: a row for each folder, a column for each value."""
    width = max(len(name) for name in counts)
    print(f"\n{title}\n{'':{width}}  " + "  ".join(columns))
    for name, found in counts.items():
        print(f"{name:{width}}  " + "  ".join(f"{found[column]:{len(column)}}" for column in columns))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
