"""A business's own history, from the files of a folder, as events that a policy can be played over.

Customers, invoices and bank statements are taken in by the flows that take such files in, row by row on the day that
each row is of. A payment history (as for `duly backtest`) gives invoices, and payments that name them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from cli.history import COLUMNS, HistoryError, read_history
from cli.simulation import scenario_events as se
from cli.simulation.fields import Moment, Named, ScenarioError
from cli.simulation.money_events import take
from cli.simulation.problems import NotPossible
from cli.simulation.world import World
from duly.flows.buyers import resolve
from duly.flows.standing import Row, take_rows
from duly.flows.statements import bank_of, show_days, sightings_of
from duly.formats.problems import FileProblem
from duly.formats.read import read_file
from duly.formats.records import CustomerRow, FileResult, InvoiceRow

MAX_FILES: Final = 5_000
MAX_BYTES: Final = 512 * 1024 * 1024
KNOWN_BEFORE: Final = date.min  # of customers, until the first day of all files is known


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """The rows of one customer of a customer file."""

    id: str
    rows: tuple[CustomerRow, ...]


@dataclass(frozen=True, slots=True)
class InvoiceFact:
    """A row of an invoice file."""

    row: InvoiceRow


@dataclass(frozen=True, slots=True)
class BankRows:
    """What a statement shows of one day."""

    upload: str
    rows: tuple[Row, ...]


@dataclass
class History:
    """What the files of a folder say. ``notes`` are rows and files that could not be used."""

    events: list[se.Event] = field(default_factory=list)
    statements: list[FileResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def last(self) -> date:
        """The last day of which the files tell that something happened."""
        return max(event.on.day for event in self.events)

    def add(self, on: date, kind: str, fact: Any, place: str) -> None:
        self.events.append(se.Event(Moment(on), kind, fact, place))


def read_folder(folder: Path) -> History:
    """Read a folder's files by what they are. Raises ScenarioError when there is nothing to play, OSError when one
    cannot be read."""
    if not folder.is_dir():
        raise ScenarioError(f"{folder}: expected a folder of customers, invoices and bank statements")
    paths = sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.startswith("."))
    if len(paths) > MAX_FILES:
        raise ScenarioError(f"{folder}: expected at most {MAX_FILES} files, found {len(paths)}")
    found = History()
    for path in paths:
        _read(found, path)
    if not any(event.kind == "invoice" for event in found.events):
        raise ScenarioError(f"{folder}: expected files of invoices, found none among {len(paths)} files")
    first = Moment(min(event.on.day for event in found.events if event.kind != "customer"))
    found.events = [replace(one, on=first) if one.kind == "customer" else one for one in found.events]
    found.events.sort(key=lambda event: (event.on.day, _ORDER.index(event.kind)))
    return found


_ORDER: Final = ("customer", "invoice", "credit_note", "payment")


def _read(found: History, path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise ScenarioError(f"{path}: expected at most {MAX_BYTES} bytes")
    data = path.read_bytes()
    if _is_history(data):
        _payment_history(found, path)
        return
    try:
        result = read_file(path.name, data)
    except FileProblem as problem:
        found.notes.append(f"{path.name}: {problem.reason}")
        return
    found.notes += [f"{path.name}: line {one.line}, {one.field}: {one.reason}" for one in result.rejects]
    if result.kind == "customers":
        _customers(found, path, result)
    elif result.kind == "invoices":
        for row in result.invoices:
            kind = "credit_note" if row.owed_minor < 0 or row.for_invoice else "invoice"
            found.add(row.issued, kind, InvoiceFact(row), f"{path.name}: line {row.line}")
    elif result.kind == "statement":
        _statements(found, path, result)
    elif result.kind != "policy":
        found.notes.append(f"{path.name}: neither customers, invoices nor a bank statement: left out")


def _is_history(data: bytes) -> bool:
    """Whether a file is a payment history, by its columns."""
    first = data[:2_000].decode("utf-8-sig", "replace").splitlines()[:1]
    return bool(first) and set(COLUMNS) <= {name.strip() for name in first[0].split(",")}


def _customers(found: History, path: Path, result: FileResult) -> None:
    rows: dict[str, list[CustomerRow]] = {}
    for row in result.customers:
        rows.setdefault(row.id, []).append(row)
    for customer, own in rows.items():
        found.add(KNOWN_BEFORE, "customer", CustomerRows(customer, tuple(own)), f"{path.name}: line {own[0].line}")


def _statements(found: History, path: Path, result: FileResult) -> None:
    found.statements.append(result)
    for number, statement in enumerate(result.statements):
        bank = bank_of(statement.account)
        days: dict[date, list[Row]] = {}
        for entry, sighting in zip(statement.entries, sightings_of(statement, result.format), strict=True):
            days.setdefault(entry.booked, []).append(Row(bank, entry, sighting))
        for day, rows in days.items():
            fact = BankRows(f"{path.name}-{number}", tuple(rows))
            found.add(day, "payment", fact, f"{path.name}: line {rows[0].entry.line}")


def _payment_history(found: History, path: Path) -> None:
    try:
        rows = read_history(path)
    except HistoryError as error:
        first = error.problems[0]
        raise ScenarioError(f"{path}: line {first.line}, {first.field}: {first.reason}") from None
    for customer in sorted({row.customer for row in rows}):
        contact = ({"role": "billing", "email": f"customer-{len(found.events)}@history.invalid"},)
        fact = se.Customer(customer, customer, "", "", "", "", "", contact)
        found.add(KNOWN_BEFORE, "customer", fact, path.name)
    for row in rows:
        invoice = se.Invoice(
            row.invoice, row.customer, row.issued, row.due, row.amount_minor, row.currency, (), "", "", "", "", None
        )
        found.add(row.issued, "invoice", invoice, f"{path.name}: line {row.line}")
        if row.paid_on is not None and row.amount_minor > 0:
            key = f"paid-{row.line}"
            paid = se.Payment(key, row.customer, row.amount_minor, row.currency, (Named(row.invoice),), "", "", "")
            found.add(max(row.paid_on, row.issued), "payment", paid, f"{path.name}: line {row.line}")


# --- playing
def prepare(world: World, statements: Iterable[FileResult]) -> None:
    """Note what the statements show of their days, as taking in their files would, before any of their rows is."""
    for result in statements:
        show_days(world.edge, result)


def _take_customer(world: World, fact: CustomerRows, on: Moment) -> None:
    take(world, "customers", fact.id, fact.rows, world.begin(on, fact.id))


def _take_invoice(world: World, fact: InvoiceFact, on: Moment) -> None:
    found = resolve(world.edge, fact.row.buyer)
    if not found.account:
        raise NotPossible(found.code, f"{found.field}: {found.reason}")
    take(world, "invoices", found.account, [fact.row], world.begin(on, found.account))


def _take_bank_rows(world: World, fact: BankRows, on: Moment) -> None:
    take_rows(world.edge, fact.rows, fact.upload, world.begin(on))


APPLY: Final[dict[type[Any], Any]] = {
    CustomerRows: _take_customer,
    InvoiceFact: _take_invoice,
    BankRows: _take_bank_rows,
}
