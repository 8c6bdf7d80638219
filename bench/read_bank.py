"""Read a corpus of real bank files and print how far the readers agree with its expected values.

    python -m bench.read_bank DIR [--page docs/corpus-bank.md]

DIR holds `camt`, `mt940`, `bai2`, `ofx` and `csv` with their expected files. Each value that an expected file states is
compared: number of statements and entries, sums, balances, whether they add up, and the fields of entries. A difference
is explained below, in `WHY`, or the exit code is 1. `--page` writes the tables as a page.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from duly.domain.money import EXPONENTS, format_minor
from duly.formats.profile import NO_PROFILE, read_profile
from duly.formats.read import read_file
from duly.formats.records import BankEntry, FileResult, Statement

CHECKS = ("statements", "entries", "sum", "opening", "closing", "adds up", "fields")

#: What an expected file says otherwise, and why the reader does not: (file, check) -> reason. A check of "" is of all.
WHY = {
    ("genkgo__camt052.v6.Amt-zero.xml", "entries"): "Its only entry is pending (line 73): left out, and said.",
    ("genkgo__camt052.v6.xml", "entries"): "Its only entry is pending (line 73): left out, and said.",
    (
        "genkgo__camt053.v2.minimal.ultimate.xml",
        "",
    ): "That balance is in SEK (line 60), the account is in EUR: not used.",
    ("genkgo__camt053.v4.xml", ""): "That balance is in SEK (line 80), the account is in EUR: not used, and said.",
    (
        "genkgo__camt054.v2.xml",
        "entries",
    ): "The details (lines 79, 103, 126) have no amounts: the batch stays one entry.",
    ("genkgo__camt054.v4.xml", ""): (
        "The details are in CHF (lines 100, 185, 264), the entry is SEK 200000 (line 64): they do not add up, so "
        "the batch stays one entry with the texts and references of all."
    ),
    ("betterplace__with_binary_character.sta", "fields"): "The bank code before the account (line 7, ?30) is kept.",
    ("self-provided__whitespace.sta", "fields"): "The bank code before the account (line 7, ?30) is kept.",
    ("cmxl__statement_details.sta", "fields"): "An account number is in capitals, as accounts are compared.",
    ("jejik__postfinance.sta", ""): (
        "Two pages of one statement (:62M: in line 13, :60M: in line 18) are read as one; its second page does not add "
        "up (159.40, line 27 says 159.60)."
    ),
    ("ofxparse__fidelity-savings.ofx", "sum"): (
        "Three amounts have fractions of a cent (lines 66, 81, 96), which USD does not have: `amount_decimals`."
    ),
}


@dataclass
class Compared:
    """What was compared of one file: agreements and differences by check."""

    folder: str
    file: str
    format: str = ""
    remarks: list[str] = field(default_factory=list)
    agreed: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[str, str]] = field(default_factory=list)

    def check(self, name: str, what: str, expected: object, found: object) -> None:
        """Compare one value."""
        self.all[name] += 1
        if expected == found:
            self.agreed[name] += 1
        else:
            self.differences.append((name, f"{what}: expected {expected}, found {found}"))


def main(root: Path, page_path: Path | None) -> int:
    """Print the tables for the corpus at `root`, and write the page."""
    compared = [
        *camt(root / "camt"),
        *mt940(root / "mt940"),
        *bai2(root / "bai2"),
        *ofx(root / "ofx"),
        *tables(root / "csv"),
    ]
    lines = page(compared)
    print("\n".join(lines))
    if page_path is not None:
        page_path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    open_ones = [(one.file, name) for one in compared for name, _ in one.differences if not why(one.file, name)]
    print("\nNot explained: " + (", ".join(f"{file} ({name})" for file, name in sorted(set(open_ones))) or "nothing"))
    return 1 if open_ones else 0


def why(file: str, name: str) -> str:
    """Why a value differs."""
    return WHY.get((file, name)) or WHY.get((file, "")) or ""


def read(path: Path, profile: str = "") -> tuple[Compared, FileResult]:
    """A file read, with what is said of it."""
    data = path.read_bytes()
    result = read_file(path.name, data, "statement", read_profile(profile.encode()) if profile else NO_PROFILE)
    compared = Compared(path.parent.name, path.name, result.format)
    codes = Counter(reject.code for reject in result.rejects)
    compared.remarks = [f"{code} x {number}" if number > 1 else code for code, number in codes.items()]
    return compared, result


def camt(folder: Path) -> Iterator[Compared]:
    """The CAMT files, against all three kinds of expected files."""
    expected = json.loads((folder / "expected_statements.json").read_text("utf-8"))
    with (folder / "expected_entries.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for name, want in expected.items():
        path = folder / name
        if not path.is_file():
            continue
        compared, result = read(path)
        statements = result.statements
        compared.check("statements", "statements", len(want["statements"]), len(statements))
        compared.check("entries", "entries, parts of batches counted", want["rows"], entries_of(result))
        for one, statement in zip(want["statements"], statements, strict=False):
            compared.check("fields", "account", one["account"], statement.account)
            compared.check("fields", "reference", one["id"], statement.reference)
            compared.check("sum", "sum of booked entries", decimal(one["booked_sum"]), total(statement))
            compared.check("opening", "opening", decimal(one["opening"]), balance(statement.opening_minor, statement))
            compared.check("closing", "closing", decimal(one["closing"]), balance(statement.closing_minor, statement))
            compared.check("adds up", "adds up", one["adds_up"], adds_up(statement))
        compare_camt_rows(
            compared, [row for row in rows if row["file"] == name and row["status"] == "BOOK"], statements
        )
        genkgo = folder / "_expected_genkgo" / f"{path.stem}.json"
        if genkgo.is_file():
            compare_genkgo(compared, json.loads(genkgo.read_text("utf-8")), statements)
        yield compared


def compare_camt_rows(compared: Compared, rows: list[dict[str, str]], statements: tuple[Statement, ...]) -> None:
    """The fields of entries, by the table that has a row for each detail."""
    entries = [entry for statement in statements for entry in statement.entries]
    split = len(entries) == len(rows)
    for index, row in enumerate(rows):
        entry = (
            entries[index]
            if split
            else next((one for one in entries if decimal(row["entry_amount"]) == worth(one)), None)
        )
        if entry is None:
            compared.check("fields", "entry", row["entry_amount"], None)
            continue
        if row["booking"]:
            compared.check("fields", "booked", row["booking"], entry.booked.isoformat())
            compared.check("fields", "value", row["value"], entry.value.isoformat())
        compared.check("fields", "return reason", row["return_reason"], entry.return_reason)
        if row["e2e"] not in ("", "NOTPROVIDED"):
            compared.check("fields", "end-to-end id", row["e2e"], entry.end_to_end_id)
        if split or row["details_in_entry"] == "1":
            compared.check("fields", "structured reference", row["strd_ref"], entry.structured_reference)
        elif row["strd_ref"]:
            compared.check(
                "fields",
                "reference in the text",
                True,
                row["strd_ref"] in (entry.remittance + entry.structured_reference),
            )
        for text in row["ustrd"].split(" | "):
            compared.check("fields", "text", True, plain(text) in plain(entry.remittance))
        if entry.counterparty_name and (row["debtor"] or row["creditor"]):
            compared.check("fields", "name", True, entry.counterparty_name in (row["debtor"], row["creditor"]))


def compare_genkgo(compared: Compared, want: dict[str, Any], statements: tuple[Statement, ...]) -> None:
    """The fields of entries as the tests of genkgo/camt have them; one for each entry, not for each part."""
    entries = [entry for statement in statements for entry in statement.entries]
    expected = [one for one in want["getEntries"] if one.get("getStatus") in (None, "BOOK")]
    for one, entry in zip(expected, entries, strict=False):
        compared.check("fields", "amount (genkgo)", int(one["getAmount"]["getAmount"]), entry.amount_minor)
        for name, found in (("getBookingDate", entry.booked), ("getValueDate", entry.value)):
            if one.get(name):
                compared.check("fields", f"{name} (genkgo)", one[name]["0"][:10], found.isoformat())
        compared.check(
            "fields", "bank reference (genkgo)", one["getAccountServicerReference"] or "", entry.bank_reference
        )
        domain = (one.get("getBankTransactionCode") or {}).get("getDomain")
        if domain:
            family = domain["getFamily"]
            code = "/".join((domain["getCode"], family["getCode"], family["getSubFamilyCode"]))
            compared.check("fields", "code (genkgo)", code, entry.code)


def mt940(folder: Path) -> Iterator[Compared]:
    """The SWIFT files, against the independent counts and against what the mt940 project asserts."""
    counts = json.loads((folder / "expected_counts.json").read_text("utf-8"))
    transactions = json.loads((folder / "expected.json").read_text("utf-8"))
    for name, want in counts.items():
        path = folder / name
        if not path.is_file():
            continue
        compared, result = read(path)
        compared.check("statements", "statements", want["statements"], len(result.statements))
        compared.check("entries", "entries", want["transactions"], entries_of(result))
        compared.check("sum", "sum of entries", decimal(want["sum"]), whole_sum(result))
        found = [adds_up(statement) for statement in result.statements]
        compared.check("adds up", "adds up", want["balances_add_up"], found)
        compare_mt940_source(compared, transactions.get(name) or {}, result)
        yield compared


def compare_mt940_source(compared: Compared, want: dict[str, Any], result: FileResult) -> None:
    """Balances and fields as the mt940 project has them, which keeps the balances of a file's last statement."""
    if "transactions" not in want or not result.statements:
        return
    last = result.statements[-1]
    for name, minor in (("opening", last.opening_minor), ("closing", last.closing_minor)):
        if want[name]:
            compared.check(name, name, decimal(want[name]["amount"]), balance(minor, last))
    entries = [entry for statement in result.statements for entry in statement.entries]
    for one, entry in zip(want["transactions"], entries, strict=False):
        compared.check("fields", "amount", decimal(one["amount"]), worth(entry))
        compared.check("fields", "value", one["date"], entry.value.isoformat())
        if one.get("entry_date"):
            compared.check("fields", "booked", one["entry_date"], entry.booked.isoformat())
        if one.get("applicant_name"):
            compared.check(
                "fields",
                "name",
                plain(one["applicant_name"]).replace(" ", ""),
                entry.counterparty_name.replace(" ", ""),
            )
        if one.get("applicant_iban"):
            compared.check("fields", "account", one["applicant_iban"].replace(" ", ""), entry.counterparty_account)


def bai2(folder: Path) -> Iterator[Compared]:
    """The BAI2 files, by counts and sums of both sides."""
    for name, want in json.loads((folder / "expected_counts.json").read_text("utf-8")).items():
        compared, result = read(folder / name)
        entries = [entry for statement in result.statements for entry in statement.entries]
        credits = [entry.amount_minor for entry in entries if entry.code < "400"]
        debits = [-entry.amount_minor for entry in entries if entry.code >= "400"]
        compared.check("statements", "accounts", want["accounts"], len(result.statements))
        compared.check("entries", "entries", want["transactions"], entries_of(result))
        compared.check("entries", "credits", want["credits"], len(credits))
        compared.check("entries", "debits", want["debits"], len(debits))
        compared.check("sum", "sum of credits", want["tx_sum_credit"], sum(credits))
        compared.check("sum", "sum of debits", want["tx_sum_debit"], sum(debits))
        yield compared


def ofx(folder: Path) -> Iterator[Compared]:
    """The OFX files, by STMTTRN counts, sums and ledger balances."""
    for name, want in json.loads((folder / "expected_counts.json").read_text("utf-8")).items():
        path = folder / name
        if not path.is_file():
            continue
        compared, result = read(path)
        rows = entries_of(result) + sum(reject.field not in ("file", "status") for reject in result.rejected_rows)
        compared.check("entries", "entries, rejected ones counted", want["thin_transactions"], rows)
        compared.check("sum", "sum, of rejected ones too", decimal(want["sum"]), whole_sum(result))
        ledger = [balance(one.closing_minor, one) for one in result.statements if one.closing_minor is not None]
        compared.check("closing", "ledger balances", [decimal(text) for text in want["ledger"]], ledger)
        yield compared


CARD = '[constants]\naccount = "card"\ncurrency = "USD"\n'
#: Profile, entries and sum of each CSV, counted by eye; None for files that hold no entries.
TABLES = {
    "beanhub__chase_credit_card.csv": ('dates = "month first"\n' + CARD, 5, "107.12"),
    "beanhub__mercury.csv": ('[constants]\ncurrency = "USD"\n', 4, "-1954.62"),
    "bsp__camt_file.csv": ("", None, "0"),
    "bsp__pain_file.csv": ("", None, "0"),
}


def tables(folder: Path) -> Iterator[Compared]:
    """The CSV files, with the small profiles that they need."""
    for name, (profile, entries, total_text) in TABLES.items():
        compared, result = read(folder / name, profile)
        compared.check("entries", "entries", entries or 0, entries_of(result))
        compared.check("sum", "sum", Decimal(total_text), whole_sum(result))
        if entries is None:
            compared.check("fields", "refusal", ["header"], [reject.code for reject in result.rejects])
        yield compared


def entries_of(result: FileResult) -> int:
    """Entries that count."""
    return sum(len(statement.entries) for statement in result.statements)


def whole_sum(result: FileResult) -> Decimal:
    """All amounts, whatever their currencies."""
    return sum((Decimal(format_minor(minor, currency)) for currency, minor in result.amounts_in.items()), Decimal(0))


def total(statement: Statement) -> Decimal:
    """The sum of the entries."""
    return sum((worth(entry) for entry in statement.entries), Decimal(0))


def worth(entry: BankEntry) -> Decimal:
    """The amount of an entry."""
    return Decimal(format_minor(entry.amount_minor, entry.currency))


def balance(minor: int | None, statement: Statement) -> Decimal | None:
    """A balance as a number."""
    return (
        None
        if minor is None or statement.currency not in EXPONENTS
        else Decimal(format_minor(minor, statement.currency))
    )


def adds_up(statement: Statement) -> bool | None:
    """Whether opening balance and entries give the closing one; None where one is not known."""
    if statement.opening_minor is None or statement.closing_minor is None:
        return None
    return statement.opening_minor + sum(entry.amount_minor for entry in statement.entries) == statement.closing_minor


def decimal(text: str | None) -> Decimal | None:
    """An expected number."""
    return None if text is None else Decimal(text.strip())


def plain(text: str) -> str:
    """Text for comparison: white space made one space."""
    return " ".join(text.split())


def page(compared: list[Compared]) -> list[str]:
    """The lines of the page."""
    profiles = [f"- `{name}`: `{text.strip()}`".replace(chr(10), "; ") for name, (text, *_) in TABLES.items() if text]
    return [
        "# Real bank files",
        "",
        "What `duly check` makes of bank files that nobody on this project wrote: the test files of public libraries",
        "for CAMT, MT940, BAI2, OFX and CSV. None of them is in this repository. Expected values come from those",
        "libraries' own tests and from separate readers. Made by",
        "`python -m bench.read_bank DIR --page docs/corpus-bank.md`.",
        "",
        "Each cell is values that agree / values compared.",
        "",
        *summary(compared),
        "",
        "## Differences, and why",
        "",
        *(f"- {line}" for line in differences(compared)),
        "",
        "## What needs a profile, and what is refused",
        "",
        "The CSV files of the corpus are read with these profiles, for they name no account or no currency:",
        "",
        *profiles,
        "",
        "`bsp__camt_file.csv` and `bsp__pain_file.csv` are refused (`header`): they hold a summary and ids of",
        "payments, no entries. `bsp__pain.001.001.03.xml` is refused as a payment order (`unsupported_format`),",
        "`bsp__invalid.xml` holds no message at all; `camt_parser__invalid_namespace.xml` and",
        "`genkgo__camt053.v2.wrong.xml` are CAMT.053 without a statement (`no_statement`). OFX files",
        "without one, and those in which the bank gives an error, are",
        "refused as such (`no_statement`, `bank_error`). `self-provided__empty_non_swift.sta` and",
        "`self-provided__invalid_statement.sta` hold no statement.",
        "",
        "## File by file",
        "",
        "`remarks` are the codes of rejects ([formats.md](formats.md#codes-of-files-and-rows)).",
        "",
        "| file | read as | " + " | ".join(CHECKS) + " | remarks |",
        "|---|---|" + "---|" * (len(CHECKS) + 1),
        *(
            f"| {one.file} | {one.format or 'refused'} | {cells(one.agreed, one.all)} | {', '.join(one.remarks)} |"
            for one in compared
        ),
    ]


def summary(compared: list[Compared]) -> list[str]:
    """The table by folder."""
    lines = ["| folder | files | " + " | ".join(CHECKS) + " |", "|---|---|" + "---|" * len(CHECKS)]
    for folder in dict.fromkeys(one.folder for one in compared):
        ours = [one for one in compared if one.folder == folder]
        agreed, of = counted(one.agreed for one in ours), counted(one.all for one in ours)
        lines.append(f"| {folder} | {len(ours)} | {cells(agreed, of)} |")
    return lines


def counted(counters: Iterable[Counter[str]]) -> Counter[str]:
    """The sum of counters."""
    found = Counter[str]()
    for counter in counters:
        found.update(counter)
    return found


def cells(agreed: Counter[str], of: Counter[str]) -> str:
    """The cells of a row."""
    return " | ".join(f"{agreed[name]}/{of[name]}" if of[name] else "-" for name in CHECKS)


def differences(compared: list[Compared]) -> Iterator[str]:
    """Each difference with its reason; several of one file and check are one line."""
    for one in compared:
        for name in dict.fromkeys(name for name, _ in one.differences):
            found = [text for check, text in one.differences if check == name]
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield f"`{one.file}`, {found[0]}{more}. {why(one.file, name) or '**not explained**'}"


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--page"):
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[3]) if len(sys.argv) == 4 else None))
