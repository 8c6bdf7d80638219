"""Read a corpus of real files and print how far the readers agree with its expected values.

    python bench/read_corpus.py DIR [--page docs/corpus-einvoice.md]

DIR holds `einvoice/expected.csv` (one row for each e-invoice) with the files that it names, and a folder `bank`, whose
values `bench/read_bank.py` compares. Printed are a table for e-invoices by folder, every disagreement, how all other
files ended, the slowest file and the one that took most memory. `--page` writes the table for e-invoices as a page.
Exit code 1 when a file made an exception.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from multiprocessing.connection import Connection
from pathlib import Path

from duly.domain.money import format_minor
from duly.formats.read import read_file, to_json
from duly.formats.records import FileResult, InvoiceRow

CREDIT_CODES = {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"}


def main(root: Path, page_path: Path | None = None) -> int:
    """Print the tables for the corpus at `root`, and write the page about e-invoices."""
    reading = Reading()
    lines = compare_invoices(root / "einvoice", reading)
    if page_path is not None:
        page_path.write_text("\n".join([*lines, "", *reading.summary(), ""]), encoding="utf-8")
    read_the_rest(root, reading)
    print("\n" + "\n".join(reading.summary()))
    return 1 if reading.crashes else 0


def read_apart(path: Path, answer: Connection) -> None:
    """Read one file in a process of its own; answer with the result, seconds and the most memory it had, in KiB."""
    data = path.read_bytes()
    begun = time.perf_counter()
    try:
        result = read_file(path.name, data)
        to_json(result, path.name)
    except Exception:
        answer.send(traceback.format_exc())
        return
    answer.send((result, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class Reading:
    """Reads files once each, and counts exceptions, time and memory."""

    def __init__(self) -> None:
        self.files = 0
        self.crashes = 0
        self.slowest = (0.0, "")
        self.largest = (0, "")
        self.seen = set[Path]()

    def read(self, path: Path) -> FileResult | None:
        """The result, or None when the reader raised (printed)."""
        self.files += 1
        self.seen.add(path)
        here, there = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=read_apart, args=(path, there))
        process.start()
        there.close()
        answer = here.recv()
        process.join()
        if isinstance(answer, str):
            self.crashes += 1
            print(f"EXCEPTION {path.name}\n{answer}")
            return None
        result: FileResult
        result, seconds, kibibytes = answer
        self.slowest = max(self.slowest, (seconds, path.name))
        self.largest = max(self.largest, (kibibytes, path.name))
        return result

    def summary(self) -> list[str]:
        """Counts, the slowest file and the one that took most memory."""
        return [
            f"Files read: {self.files}, exceptions: {self.crashes}. Each was read in a new process, imports counted.",
            f"Slowest: {self.slowest[0]:.2f} s ({self.slowest[1]}). Most memory of a process: "
            f"{self.largest[0] / 1024:.0f} MiB ({self.largest[1]}).",
        ]


def amount(text: str) -> Decimal | None:
    """An expected amount, None when it is none."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def plain(text: str) -> str:
    """Text for comparison: white space made one space."""
    return " ".join(text.split())


#: Document types whose type is not plainly an invoice.
TYPES = dict.fromkeys(CREDIT_CODES, "credit_note") | {"384": "correction", "389": "self_billed", "386": "prepayment"}
TYPES |= {"326": "partial", "875": "partial"}


def same_type(row: InvoiceRow, want: dict[str, str]) -> bool:
    """Whether the type code is the expected one and the type is what the code stands for."""
    expected = "credit_note" if want["syntax"] == "UBL-CreditNote" else TYPES.get(want["type_code"], "invoice")
    return row.type_code == want["type_code"] and row.type == expected


def same_due(row: InvoiceRow, want: dict[str, str]) -> bool:
    """A due date that the file states must be that one; without one it must not be called stated."""
    if want["due_date"]:
        return (row.due_source, str(row.due)) == ("stated", want["due_date"])
    return row.due_source != "stated"


def same_payable(row: InvoiceRow, want: dict[str, str]) -> bool:
    """The payable amount; where the file states none, the total less what was prepaid."""
    stated = amount(want["payable"])
    expected = stated if stated is not None else (amount(want["gross"]) or 0) - (amount(want["prepaid"]) or 0)
    return amount(format_minor(row.amount_minor, row.currency)) == expected


INVOICE_CHECKS: dict[str, Callable[[InvoiceRow, dict[str, str]], bool]] = {
    "number": lambda row, want: row.number == plain(want["number"]),
    "type": same_type,
    "issued": lambda row, want: row.issued.isoformat() == want["issue_date"],
    "due": same_due,
    "currency": lambda row, want: row.currency == want["currency"],
    "payable": same_payable,
    "buyer": lambda row, want: row.buyer.name == plain(want["buyer_name"]),
    "gross": lambda row, want: (
        row.total_minor is None or amount(format_minor(row.total_minor, row.currency)) == amount(want["gross"])
    ),
    "buyer VAT": lambda row, want: row.buyer.vat_id == plain(want["buyer_vat"]),
    "buyer mail": lambda row, want: row.buyer.email == plain(want["buyer_email"]),
    "seller": lambda row, want: row.seller_name == plain(want["seller_name"]),
    "seller VAT": lambda row, want: row.seller_vat_id == plain(want["seller_vat"]),
    "IBAN": lambda row, want: row.payment_iban == want["iban"].replace(" ", ""),
    "reference": lambda row, want: row.payment_reference == plain(want["payment_ref"]),
    "terms": lambda row, want: plain(row.terms) == plain(want["terms"]),
    "lines": lambda row, want: str(row.lines) == want["lines"],
}
READABLE = ("UBL", "CII", "ZUGFeRD1")
SOURCES = ("stated", "terms_text", "default")


def compare_invoices(folder: Path, reading: Reading) -> list[str]:
    """The table for e-invoices by folder, printed; and the lines of the page about it."""
    counts, notes, refused = dict[str, Counter[str]](), list[str](), list[str]()
    for want in expected_rows(folder / "expected.csv"):
        path = folder / want["file"]
        if not path.is_file():
            continue
        result = reading.read(path)
        found = counts.setdefault(want["file"].partition("/")[0], Counter())
        found["files"] += 1
        if result is None:
            continue
        readable = want["syntax"].startswith(READABLE) and bool(want["currency"])
        found["invoices"] += readable
        found["read"] += len(result.invoices)
        if result.rejects:
            found["refused"] += 1
            refused.append(f"{want['file']}: {result.format}, {result.rejects[0].code}")
        if readable == bool(result.rejects):
            notes.append(f"{want['file']}: {'refused' if readable else 'read'} against expectation")
        for row in result.invoices:
            wrong = [name for name, check in INVOICE_CHECKS.items() if not check(row, want)]
            found.update(name for name in INVOICE_CHECKS if name not in wrong)
            found[row.due_source] += 1
            notes += [f"{want['file']}: {name}" for name in wrong]
    total = sum(counts.values(), Counter[str]())
    counts["all"] = total
    columns = ["files", "invoices", "read", "refused", *INVOICE_CHECKS, *SOURCES]
    print_table("E-invoices, values that agree", counts, columns)
    print("\nDisagreements\n  " + "\n  ".join(notes))
    print("\nRefused\n  " + "\n  ".join(refused))
    return page(counts, notes, refused)


def page(counts: dict[str, Counter[str]], notes: list[str], refused: list[str]) -> list[str]:
    """The lines of docs/corpus-einvoice.md but for time and memory."""
    first = ["files", "invoices", "read", "refused", *list(INVOICE_CHECKS)[:7]]
    rest = [*list(INVOICE_CHECKS)[7:], *SOURCES]
    reasons = Counter(line.partition(": ")[2] for line in refused)
    return [
        "# Real e-invoices",
        "",
        "What `duly check` makes of e-invoices that nobody on this project wrote: the examples and test suites of",
        "EN 16931, XRechnung, ZUGFeRD, Factur-X and FatturaPA, from public repositories. None of them is in this",
        "repository. Expected values come from a separate extractor. Made by",
        "`python bench/read_corpus.py DIR --page docs/corpus-einvoice.md`.",
        "",
        "`invoices` are files that hold an invoice with a currency in a syntax that is read; `read` gave a record,",
        "`refused` a reject with a reason. The columns behind count records whose value is the expected one.",
        "",
        *markdown(counts, first),
        "",
        "The other values, and where the due date comes from:",
        "",
        *markdown(counts, rest),
        "",
        "## Disagreements",
        "",
        "Where a file states several terms, all of them are kept, the extractor kept the first; an account number that",
        "is no IBAN is kept too.",
        "",
        *(f"- {note}" for note in notes or ["none"]),
        "",
        "## Refused",
        "",
        *(f"- {number} {reason}" for reason, number in sorted(reasons.items())),
    ]


def markdown(counts: dict[str, Counter[str]], columns: list[str]) -> list[str]:
    """A table in Markdown: a row for each folder."""
    rows = [f"| {name} | {' | '.join(str(found[column]) for column in columns)} |" for name, found in counts.items()]
    return [f"| folder | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}", *rows]


def expected_rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of expected.csv."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def outcome(result: FileResult) -> str:
    """How a file ended: what was read, or the code of its first reject."""
    return result.rejects[0].code if result.rejects else f"read {len(result.records)} {result.kind}"


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
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--page"):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[3]) if len(sys.argv) == 4 else None))
