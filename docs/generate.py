"""Writes the parts of the documentation that the code knows better.

    PYTHONPATH=layers/common:. python docs/generate.py          # write them anew
    PYTHONPATH=layers/common:. python docs/generate.py licences # docs/licences.md, from what is installed here

A part stands between `<!-- made by docs/generate.py: NAME -->` and `<!-- end -->`; tests/unit/test_docs.py fails when
it is not what the code says.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from duly.domain import entities, transaction
from duly.domain.legal_model import Series, Table
from duly.domain.money import format_minor
from duly.domain.policy_reader import shipped_legal
from duly.formats import bank_csv, customers_csv, invoices_csv

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("layers/common/requirements.txt", "requirements/cli.txt")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
NOT_INSTALLED = {"colorama": "BSD-3-Clause", "pypdf": "BSD-3-Clause"}  # by hand: on Windows only; new in the lock
MARKED = re.compile(r"(<!-- made by docs/generate\.py: ([a-z-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def transitions() -> str:
    """Every allowed change of state, by entity."""
    rows = ["| what | from | to |", "|---|---|---|"]
    tables = {**entities.TRANSITIONS, "Bank transaction": transaction.TRANSITIONS}
    for name, pairs in tables.items():
        for start in dict.fromkeys(before for before, _ in sorted(pairs)):
            ends = ", ".join(after for before, after in sorted(pairs) if before == start)
            rows.append(f"| {name} | {start} | {ends} |")
    return "\n".join(rows)


def columns() -> str:
    """The columns of each CSV."""
    kinds = (("customers", customers_csv), ("invoices", invoices_csv), ("bank statement", bank_csv))
    rows = ["| file | required columns | optional columns |", "|---|---|---|"]
    for name, module in kinds:
        required, optional = (
            ", ".join(f"`{column}`" for column in group) for group in (module.COLUMNS.required, module.COLUMNS.optional)
        )
        rows.append(f"| {name} | {required} | {optional} |")
    return "\n".join(rows)


def legal_tables() -> str:
    """What late payers owe, by jurisdiction and kind of debtor."""
    rows = [
        "| jurisdiction | debtors | debts from | rate, per cent a year | sum, fine | source, checked on |",
        "|---|---|---|---|---|---|",
    ]
    for table in shipped_legal().tables:
        until = f" to {table.valid_to}" if table.valid_to else ""
        rows.append(
            f"| {table.regime} | {', '.join(table.kinds)} | {table.valid_from}{until} | {_rate_of(table)} "
            f"| {_sums_of(table)} | {_source_of(table)} |"
        )
    return "\n".join(rows)


def _source_of(part: Table | Series) -> str:
    return f"{part.source} ({part.checked_on})" + (f". {part.note}" if part.note else "")


def _rate_of(table: Table) -> str:
    if not table.has_rate:
        return "none"
    parts = [f"{table.percent}" if table.percent is not None else f"`{table.series}`"]
    parts += [f"+ {table.margin_percent}"] if table.margin_percent else []
    parts += [f"up to the next {table.round_up_percent}"] if table.round_up_percent else []
    parts += [f", {table.mode}"] if table.series else []
    parts += [f", / {table.year_days}"] if table.year_days != 365 else []
    parts += [", at most, by contract"] if table.by == "contract" else []
    parts += [f"; contract: at least {table.least_factor} x `{table.least_series}`"] if table.least_series else []
    parts += [f"; contract: at most {table.most_percent}"] if table.most_percent is not None else []
    return " ".join(parts).replace(" ,", ",").replace(" ;", ";")


def _sums_of(table: Table) -> str:
    sums = [
        f"{tier.currency} {format_minor(tier.sum_minor, tier.currency)}"
        + (f" from {format_minor(tier.least_minor, tier.currency)}" if tier.least_minor else "")
        for tier in table.indemnity
    ]
    return ", ".join(sums + ([f"fine {table.fine_percent} %"] if table.fine_percent else [])) or "none"


def legal_rates() -> str:
    """The reference rates that ship."""
    rows = ["| name | what | first day | last day | last rate | source, checked on |", "|---|---|---|---|---|---|"]
    return "\n".join([*rows, *(_series_row(series) for series in shipped_legal().series)])


def _series_row(series: Series) -> str:
    first, last = series.periods[0], series.periods[-1]
    return f"| `{series.name}` | {series.title} | {first.first} | {last.last} | {last.percent} | {_source_of(series)} |"


PARTS = {
    "transitions": transitions,
    "columns": columns,
    "legal-tables": legal_tables,
    "legal-rates": legal_rates,
}


def filled(text: str) -> str:
    """Return a page with its made parts as the code says them. Raises KeyError for a part that nothing makes."""
    return MARKED.sub(lambda found: found[1] + PARTS[found[2]]() + found[3], text)


def locked() -> dict[str, str]:
    """Return the version of every package of the two locks that reach a user: the layer and the command."""
    return {name: version for lock in LOCKS for name, version in PINNED.findall((ROOT / lock).read_text("utf-8"))}


def licences() -> str:
    """Return docs/licences.md."""
    layer = dict(PINNED.findall((ROOT / LOCKS[0]).read_text("utf-8")))
    rows = [
        f"| {name} | {version} | {'layer, command' if name in layer else 'command'} | {_licence(name)} |"
        for name, version in sorted(locked().items())
    ]
    return _HEAD + "\n".join(rows) + "\n"


_HEAD = """# Licences of what is shipped

Duly is under the Apache licence 2.0 (`LICENSE`, [0013](decisions/0013-apache-licence.md)). The repository holds no
code of others; `sam build` and `make setup` install these packages. None is under the GPL, LGPL or AGPL.
The licence is what the package's own metadata state. `colorama` is installed on Windows only.

Made by `python docs/generate.py licences`; a test compares names and versions with the locks.

| package | version | in | licence |
|---|---|---|---|
"""


def _licence(name: str) -> str:
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return NOT_INSTALLED.get(name, "not installed here")
    named = found.get("License-Expression") or found.get("License") or ""
    classifiers = [
        one.rpartition(" :: ")[2] for one in found.get_all("Classifier") or [] if one.startswith("License ::")
    ]
    short = named if named and "\n" not in named and named != "Dual License" else ""
    return short or " or ".join(classifiers) or "not stated"


def main(arguments: list[str]) -> int:
    """Write the made parts, or the page of licences."""
    docs = ROOT / "docs"
    if arguments == ["licences"]:
        (docs / "licences.md").write_text(licences(), "utf-8")
        return 0
    for page in sorted(docs.glob("*.md")):
        before = page.read_text("utf-8")
        after = filled(before)
        if after != before:
            page.write_text(after, "utf-8")
            print(f"written: {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
