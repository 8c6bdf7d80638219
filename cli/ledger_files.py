"""A ledger from files, for `duly match`: scenario files (JSON or TOML), customers and invoices as tables or e-invoices,
folders of them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from duly.domain.cash_rules import cash_rules
from duly.domain.ledger_index import LedgerIndex
from duly.domain.match_run import Run, place
from duly.domain.matching import Credit, DebtItem, Debtor, MatchingRules, Payment
from duly.domain.money import MoneyError, parse_minor
from duly.domain.policy import Policy, PolicyErrors, default_policy, parse_policy, parse_policy_data
from duly.domain.terms import read_terms
from duly.domain.unnamed_money import only_set
from duly.formats.read import read_file
from duly.formats.records import CustomerRow, InvoiceRow

MAX_FILES: Final = 5_000
MAX_BYTES: Final = 512 * 1024 * 1024
#: Scenario files are told by their suffix. Numbers with decimals stay texts: no float touches money.
_LOADS: Final[Mapping[str, Callable[[str], Any]]] = {
    ".json": lambda text: json.loads(text, parse_float=str),
    ".toml": lambda text: tomllib.loads(text, parse_float=str),
}
#: Events of a scenario that change no balance and nobody's name.
_NO_MONEY: Final = frozenset(
    {"dispute", "resolve", "promise", "plan", "hold", "release", "bounce", "approve", "skip", "bank_data", "discard"}
    | {"delivery", "sent", "order"}
)


class LedgerError(Exception):
    """A ledger file that cannot be used: which, where in it, what was expected and what was found."""


@dataclass(slots=True)
class _Open:
    """An invoice while the events of its ledger are applied."""

    item: DebtItem
    paid: dict[str, int] = field(default_factory=dict)  # by what lowered it


@dataclass(slots=True)
class _Account:
    names: list[str] = field(default_factory=list)
    parent: str = ""
    items: dict[str, _Open] = field(default_factory=dict)
    credits: dict[str, Credit] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """What was read: the index that answers, the rules of the policy, and rows that could not be used."""

    index: LedgerIndex
    rules: MatchingRules
    rejects: list[str]


def read_ledger(paths: Iterable[Path]) -> Ledger:
    """Read ledger files in their order, folders by name. Raises LedgerError for one that cannot be used at all, OSError
    for one that cannot be read."""
    reading = _Reading()
    named = list(paths)
    files = [file for path in named for file in _files(path)]
    if not files:
        raise LedgerError(f"{', '.join(map(str, named))}: expected ledger files, found none")
    if len(files) > MAX_FILES:
        raise LedgerError(f"expected at most {MAX_FILES} ledger files, found {len(files)}")
    for file in files:
        reading.read(file, is_named=file in named)
    return reading.ledger()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))


class _Reading:
    def __init__(self) -> None:
        self.accounts: dict[str, _Account] = {}
        self.policy: Policy | None = None
        self.rejects: list[str] = []
        self.waiting: list[tuple[Payment, str]] = []  # payments of a scenario that name neither customer nor invoice
        self.payments: dict[str, list[tuple[_Open, str]]] = {}
        self.rows: list[InvoiceRow] = []
        self.place = ""  # of the event that is applied

    def read(self, path: Path, is_named: bool) -> None:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise LedgerError(f"{path}: expected at most {MAX_BYTES} bytes, found {len(data)}")
        scenario = _scenario(path, data)
        if scenario is not None:
            self.read_scenario(path, scenario)
            return
        result = read_file(path.name, data)
        if result.kind == "policy":
            self.policy = _policy(path, lambda: parse_policy(data.decode("utf-8"), path.name))
            return
        if result.kind == "statement" and not is_named:
            return  # a folder may hold the bank files beside the ledger
        if result.kind not in ("customers", "invoices"):
            raise LedgerError(f"{path}: expected a scenario, customers or invoices, found {_found(result.kind)}")
        self.rejects += [f"{path}: line {one.line}, {one.field}: {one.reason}" for one in result.rejects]
        for customer in result.customers:
            self.add_customer(customer)
        self.rows += result.invoices

    # --- tables
    def add_customer(self, row: CustomerRow) -> None:
        account = self.accounts.setdefault(row.id, _Account())
        if row.name not in account.names:
            account.names.append(row.name)
        account.parent = row.parent or account.parent

    def add_rows(self) -> None:
        """Invoices before credit notes and corrections, which speak of them, whatever the order of files."""
        for row in sorted(self.rows, key=lambda one: bool(one.for_invoice) or one.owed_minor < 0):
            key = row.buyer.id or row.buyer.vat_id or row.buyer.name
            account = self.accounts.setdefault(key, _Account())
            if row.buyer.name and row.buyer.name not in account.names:
                account.names.append(row.buyer.name)
            if row.owed_minor < 0:
                self.add_credit(account, Credit(row.number, -row.owed_minor, row.currency), row.for_invoice)
                continue
            if row.type in ("correction", "cancellation") and row.for_invoice:
                self.close(account, row.for_invoice)
            if row.type != "cancellation":
                self.add_invoice(account, _item_of(row), row.instalments)

    # --- what a ledger does
    def add_invoice(self, account: _Account, item: DebtItem, instalments: Iterable[tuple[date, int]]) -> None:
        parts = list(instalments)
        if len(parts) < 2:
            account.items[item.key] = _Open(item)
            return
        for count, (due, amount_minor) in enumerate(parts, 1):
            part = replace(
                item, key=f"{item.number}#{count}", due=due, amount_minor=amount_minor, outstanding_minor=amount_minor
            )
            account.items[part.key] = _Open(part)

    def add_credit(self, account: _Account, credit: Credit, for_invoice: str) -> None:
        left = credit.amount_minor
        for one in self.named(account, [for_invoice] if for_invoice else []):
            left -= self.lower(one, credit.key, left)
        if left:
            account.credits[credit.key] = replace(credit, amount_minor=left)

    def lower(self, one: _Open, by: str, most_minor: int) -> int:
        amount = min(most_minor, one.item.outstanding_minor)
        if amount > 0:
            one.item = replace(one.item, outstanding_minor=one.item.outstanding_minor - amount)
            one.paid[by] = one.paid.get(by, 0) + amount
            self.payments.setdefault(by, []).append((one, by))
        return max(amount, 0)

    def undo(self, by: str) -> None:
        for one, key in self.payments.pop(by, []):
            amount = one.paid.pop(key, 0)
            one.item = replace(one.item, outstanding_minor=one.item.outstanding_minor + amount)

    def close(self, account: _Account, number: str) -> None:
        for one in self.named(account, [number]):
            one.item = replace(one.item, outstanding_minor=0)

    def named(self, account: _Account | None, numbers: Iterable[str]) -> list[_Open]:
        """The items of these invoices, of one account or of all."""
        among = [account] if account else list(self.accounts.values())
        wanted = list(numbers)
        found = [one for each in among for one in each.items.values() if one.item.number in wanted]
        return sorted(found, key=lambda one: (wanted.index(one.item.number), one.item.due, one.item.key))

    def known(self, account: _Account | None, number: str) -> list[_Open]:
        """The items of an invoice, of this account if it has any; one that nobody has is noted as a reject."""
        found = (self.named(account, [number]) if account else []) or self.named(None, [number])
        if not found:
            self.rejects.append(f"{self.place}expected a known invoice, found {number!r}")
        return found

    # --- scenario files
    def read_scenario(self, path: Path, scenario: Mapping[str, Any]) -> None:
        self.policy = _policy(path, lambda: _scenario_policy(path, scenario))
        events = scenario.get("events", [])
        if not isinstance(events, list):
            raise LedgerError(f"{path}: events: expected a list, found {type(events).__name__}")
        for count, event in enumerate(events):
            self.place = f"{path}: events[{count}]: "
            try:
                self.apply(event)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise LedgerError(f"{path}: events[{count}]: {_wrong(error)}") from None

    def apply(self, event: Mapping[str, Any]) -> None:
        on = _day(event["on"])
        kind = next((name for name in event if name != "on"), "")
        facts = event[kind] if kind else {}
        if kind in _NO_MONEY:
            return
        handlers: dict[str, Callable[[date, Mapping[str, Any]], None]] = {
            "customer": self.on_customer,
            "invoice": self.on_invoice,
            "credit_note": self.on_credit_note,
            "payment": self.on_payment,
            "reverse": lambda _, one: self.undo(f"payment {one['payment']}"),
            "write_off": self.on_write_off,
            "undo": lambda _, one: self.undo(f"write-off {one['write_off']}"),
            "cancel": self.on_cancel,
        }
        if kind not in handlers:
            raise ValueError(f"expected one of {', '.join(sorted({*handlers, *_NO_MONEY}))}, found {kind!r}")
        handlers[kind](on, facts)

    def on_customer(self, _: date, one: Mapping[str, Any]) -> None:
        account = self.accounts.setdefault(str(one["id"]), _Account())
        account.names = [*dict.fromkeys([str(one.get("name", "")), *account.names])]
        account.parent = str(one.get("parent", account.parent) or "")

    def on_invoice(self, on: date, one: Mapping[str, Any]) -> None:
        number, currency = str(one["number"]), str(one["currency"])
        issued = _day(one["issued"]) if "issued" in one else on
        amount = parse_minor(str(one["amount"]), currency)
        terms = read_terms(str(one.get("terms", "")), issued)
        item = DebtItem(
            number,
            number,
            issued,
            _day(one["due"]) if "due" in one else terms.due or issued,
            currency,
            amount,
            amount,
            str(one.get("reference", "")),
            str(one.get("order", "")),
            discounts=terms.discounts,
        )
        parts = [(_day(part["due"]), parse_minor(str(part["amount"]), currency)) for part in one.get("instalments", [])]
        self.add_invoice(self.accounts.setdefault(str(one["customer"]), _Account()), item, parts)

    def on_credit_note(self, _: date, one: Mapping[str, Any]) -> None:
        currency = str(one["currency"])
        credit = Credit(str(one["number"]), parse_minor(str(one["amount"]), currency), currency)
        account, invoice = self.accounts.setdefault(str(one["customer"]), _Account()), str(one.get("for") or "")
        self.add_credit(account, credit, invoice if invoice and self.known(account, invoice) else "")

    def on_payment(self, on: date, one: Mapping[str, Any]) -> None:
        key, currency = f"payment {one['id']}", str(one["currency"])
        amount = parse_minor(str(one["amount"]), currency)
        account = self.accounts.get(str(one.get("customer", "")))
        if "for" not in one and account is None:
            payer = str(one.get("payer", ""))
            found = Payment(key, amount, currency, on, on, payer, text=str(one.get("text", "")))
            self.waiting.append((found, key))
            return
        if "for" not in one:
            self.pay_unnamed(account, key, amount, currency, on)
            return
        for invoice, most in _stated(one["for"], currency):
            for open_item in self.known(account, invoice):
                if open_item.item.currency == currency:
                    amount -= self.lower(open_item, key, min(amount, most if most is not None else amount))

    def pay_unnamed(self, account: _Account | None, key: str, amount: int, currency: str, on: date) -> None:
        """Money of a customer that names nothing: exactly one item, the only set, else the policy's order."""
        rules = cash_rules(self.policy or default_policy())
        unpaid = [one for one in account.items.values() if one.item.outstanding_minor > 0] if account else []
        unpaid = [one for one in unpaid if one.item.currency == currency]
        unpaid.sort(key=lambda one: (one.item.due, one.item.key), reverse=rules.order == "newest_due")
        issued = [one for one in unpaid if one.item.issued <= on]
        exact = [one for one in issued if one.item.outstanding_minor == amount]
        only = only_set([one.item.outstanding_minor for one in issued], amount) if not exact else ()
        if len(exact) == 1 or only:
            unpaid = exact or [issued[place] for place in only]
        elif not rules.order:
            return
        for one in unpaid:
            amount -= self.lower(one, key, amount)

    def on_write_off(self, _: date, one: Mapping[str, Any]) -> None:
        for open_item in self.known(None, str(one["invoice"])):
            left = parse_minor(str(one["amount"]), open_item.item.currency)
            self.lower(open_item, f"write-off {one['invoice']}", left)
            return

    def on_cancel(self, _: date, one: Mapping[str, Any]) -> None:
        if "credit_note" in one:
            self.undo(str(one["credit_note"]))
            for account in self.accounts.values():
                account.credits.pop(str(one["credit_note"]), None)
            return
        for account in self.accounts.values():
            if "invoice" in one:
                self.close(account, str(one["invoice"]))

    # --- the result
    def ledger(self) -> Ledger:
        self.add_rows()
        index = LedgerIndex()
        for key, account in self.accounts.items():
            items = tuple(one.item for one in account.items.values())
            names = tuple(name for name in account.names if name)
            index.add(Debtor(key, names, account.parent, (), items, tuple(account.credits.values())))
        rules = MatchingRules.of((self.policy or default_policy()).cash)
        for payment, _ in self.waiting:  # money that an earlier statement brought, by the same rules
            place(index, payment, rules, Run())
        return Ledger(index, rules, self.rejects)


def _scenario(path: Path, data: bytes) -> Mapping[str, Any] | None:
    """The content of a scenario file; None for another kind of file. A table in JSON is no scenario."""
    if path.suffix.lower() not in _LOADS:
        return None
    try:
        text = data.decode("utf-8-sig")
        found = _LOADS[path.suffix.lower()](text)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"{path}: expected {path.suffix[1:].upper()}, found {error}") from None
    return found if isinstance(found, dict) and "events" in found else None


def _scenario_policy(path: Path, scenario: Mapping[str, Any]) -> Policy:
    defaults = str(scenario.get("defaults", "bare"))
    if "policy_file" in scenario:
        other = path.parent / str(scenario["policy_file"])
        return parse_policy(other.read_text("utf-8"), other.name)
    return parse_policy_data(scenario.get("policy", {}), path.name, "shipped" if defaults == "shipped" else "bare")


def _policy(path: Path, read: Callable[[], Policy]) -> Policy:
    try:
        return read()
    except PolicyErrors as error:
        raise LedgerError(f"{path}: {error}") from None


def _stated(named: Any, currency: str) -> list[tuple[str, int | None]]:
    """The invoices of a payment's ``for`` with the most that each gets."""
    found: list[tuple[str, int | None]] = []
    for one in [named] if isinstance(named, str) else named or []:
        if isinstance(one, Mapping):
            found.append((str(one["invoice"]), parse_minor(str(one["amount"]), currency) if "amount" in one else None))
        else:
            found.append((str(one), None))
    return found


def _item_of(row: InvoiceRow) -> DebtItem:
    return DebtItem(
        row.number,
        row.number,
        row.issued,
        row.due or row.issued,
        row.currency,
        row.amount_minor,
        row.amount_minor,
        row.payment_reference,
        row.order,
        discounts=row.discounts,
        means=row.means,
    )


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else datetime.fromisoformat(str(value)).date()


def _found(kind: str) -> str:
    return {"statement": "a bank statement", "unknown": "a file of no known kind"}.get(kind, f"a file of kind {kind}")


def _wrong(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"expected {error.args[0]!r}, found none"
    if isinstance(error, MoneyError):
        return f"{error.code}: {error.reason}"
    return str(error)
