"""A bank statement as a table: a row for each booked entry; entries of one account and currency make a statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from duly.domain.check_digits import iban_is_valid
from duly.domain.money import EXPONENTS, format_minor
from duly.formats.aliases import BANK
from duly.formats.balances import remarks
from duly.formats.columns import Columns, Facts, key_of
from duly.formats.fields import MAX_IDENTIFIER_CHARS, Row, compact_account, one_line
from duly.formats.records import MAX_REMITTANCE_CHARS, BankEntry, FileResult, Reject, Statement, file_result
from duly.formats.table import Rows, Table

# A currency behind the name of an amount: "Betrag (EUR)", "Gutschrift in CHF".
_UNIT: Final = re.compile(r"(.+?)\s*(?:\(([A-Z]{3})\)|\bin ([A-Z]{3}))\s*")
_IBAN: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}(?![A-Z0-9])")
_POLISH: Final = re.compile(r"[0-9]{26}")


def _facts(above: Sequence[Sequence[str]], header: Sequence[str]) -> Facts:
    """The account and the currency, where the rows above the header or the names of amounts say just one."""
    cells = [cell.strip() for row in above for cell in row]
    accounts = {compact_account(found) for cell in cells for found in _IBAN.findall(cell.upper())}
    accounts |= {f"PL{''.join(cell.split())}" for cell in cells if _POLISH.fullmatch("".join(cell.split()))}
    valid = {account for account in accounts if iban_is_valid(account)}
    units = [(name, found) for name in header if (found := _UNIT.fullmatch(name.strip()))]
    columns = {
        column: name
        for name, found in units
        for column in COLUMNS.amounts
        if key_of(found[1]) in BANK.get(column, "").split() and (found[2] or found[3]) in EXPONENTS
    }
    named = {found[2] or found[3] for name, found in units if name in columns.values()}
    currencies = named or {word for cell in cells if (word := cell.strip('="')) in EXPONENTS}
    constants = {"account": valid} | {"currency": currencies}
    only = {name: next(iter(found)) for name, found in constants.items() if len(found) == 1}
    return Facts(only, columns if len(named) == 1 else {})


#: `reference` is a structured creditor reference, `text` the remittance text. `value` falls back to `booked`. The
#: amount has its sign, or `direction` tells it, or it stands in `credit` or `debit`. `balance` is that after the entry.
COLUMNS: Final = Columns(
    ("account", "booked", "amount", "currency"),
    (
        "value",
        "name",
        "counterparty_account",
        "text",
        "text2",
        "text3",
        "reference",
        "end_to_end_id",
        "bank_reference",
        "reversal",
        "credit",
        "debit",
        "direction",
        "balance",
        "opening",
        "closing",
        "status",
        "code",
    ),
    essential=(("account",), ("booked",), ("amount", "credit", "debit"), ("currency",)),
    aliases=BANK,
    dates=("booked", "value"),
    amounts=("amount", "credit", "debit", "balance", "opening", "closing"),
    facts=_facts,
)
_TRUE: Final = ("true", "yes", "1")
_FALSE: Final = ("false", "no", "0")
# Words for the side of an amount: English, German (Soll, Haben), French, Italian, Spanish, Dutch; R marks a reversal.
_IN_WORDS: Final = "c cr crdt credit h haben in gutschrift eingang avoir avere entrata abono haber bij rd"
_OUT_WORDS: Final = "d dr dbit debit s soll out lastschrift ausgang debet dare uscita cargo debe af rc"
_SIDES: Final = dict.fromkeys(_IN_WORDS.split(), 1) | dict.fromkeys(_OUT_WORDS.split(), -1) | {"+": 1, "-": -1}
# What banks write where the payer gave nothing.
_NOT_GIVEN: Final = ("NOTPROVIDED", "NOT PROVIDED", "NONREF")
_WORDS: Final = re.compile(r"(?!RF[0-9]{2})(?=.*[A-Za-z]{3}).*", re.DOTALL)
_REVERSED: Final = ("rc", "rd")
# What a status says of an entry that is no booked one. Any other word leaves it booked.
_NOT_BOOKED_WORDS: Final = """
    pending pdng info futr vorgemerkt umsatzvorgemerkt vorgemerkteumsatze authorised authorized processing inprogress
    scheduled failed declined rejected cancelled canceled storniert enattente inattesa pendiente inbehandeling
"""
_NOT_BOOKED: Final = frozenset(_NOT_BOOKED_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Step:
    """What a row says of its account's balance: the movement, the balances, None where they are not known."""

    line: int
    day: date
    amount_minor: int | None
    balance: int | None
    opening: int | None
    closing: int | None


@dataclass(slots=True)
class _Found:
    """The rows of one account and currency."""

    entries: list[BankEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)
    not_booked: int = 0


def read_bank_table(table: Table) -> FileResult:
    """The entries of a table by account. Raises FileProblem when the file as a whole cannot be read."""
    accounts, rejects = dict[tuple[str, str], _Found](), list[Reject]()
    rows = Rows(table, COLUMNS)
    for row in rows:
        if isinstance(row, Reject):
            rejects.append(row)
            continue
        found = accounts.setdefault((compact_account(row.raw("account")), row.raw("currency")), _Found())
        if key_of(row.raw("status")) in _NOT_BOOKED:
            found.not_booked += 1
        else:
            _take(row, found)
    statements, wrong = list[Statement](), list[Reject]()
    for (account, currency), found in accounts.items():
        rejects += found.rejects
        if found.entries or found.not_booked:
            statement, remarked = _statement(account, currency, found)
            statements.append(statement)
            wrong += remarked
    return file_result("statement", table.format, statements, rejects + wrong, rows.notes)


def _take(row: Row, found: _Found) -> None:
    """Add what a row gives: an entry or a reject, and what it says of the balance."""
    row.account("account", required=True)
    entry = _entry(row)
    reject = row.reject()
    if reject is None:
        found.entries.append(entry)
    else:
        found.rejects.append(reject)
    amounts = [_side(row, name) for name in ("balance", "opening", "closing")]
    if entry.booked != date.min or row.amount_minor is not None:  # else it is a total or a remark
        found.steps.append(_Step(row.line, entry.booked, row.amount_minor, *amounts))


def _entry(row: Row) -> BankEntry:
    booked = row.day("booked", required=True) or date.min
    amount_minor, is_reversed = _amount(row)
    code = one_line(row.text("code"))
    stated = _given(row.text("reference"))
    is_text = _WORDS.fullmatch(stated) is not None
    texts = [row.text(name, MAX_REMITTANCE_CHARS) for name in ("text", "text2", "text3")]
    texts += [stated] if is_text else []
    return BankEntry(
        line=row.line,
        booked=booked,
        value=row.day("value") or booked,
        amount_minor=amount_minor,
        currency=row.raw("currency"),
        counterparty_name=row.name("name"),
        counterparty_account=row.account("counterparty_account"),
        remittance="\n".join(dict.fromkeys(text for text in texts if text))[:MAX_REMITTANCE_CHARS] or code,
        structured_reference="" if is_text else stated,
        end_to_end_id=_given(row.text("end_to_end_id")),
        bank_reference=one_line(row.text("bank_reference")),
        reversal=row.choice("reversal", _TRUE + _FALSE) in _TRUE or is_reversed,
        code=code[:MAX_IDENTIFIER_CHARS],
    )


def _given(text: str) -> str:
    found = one_line(text)
    return "" if found.upper() in _NOT_GIVEN else found


def _amount(row: Row) -> tuple[int, bool]:
    """The amount with its sign, and whether the row's direction marks a reversal."""
    filled = [name for name in ("credit", "debit") if row.raw(name)]
    moved = [name for name in filled if row.raw(name).strip("+-0.,")]
    if row.raw("amount") or not filled:
        minor = row.money("amount", "currency")
    else:
        side = (moved or filled)[0]
        minor = row.money(side, "currency")
        minor = -abs(minor) if side == "debit" else minor  # many write the sign there too
    word = key_of(row.raw("direction")) or row.raw("direction")
    sign = _SIDES.get(word, 0)
    wrong = ""
    if not row.raw("amount") and len(moved) > 1:
        wrong = "expected an amount either in credit or in debit, found both"
    elif word and not sign:
        wrong = "expected a word for credit or debit, such as C or D, found another"
    elif minor < 0 < sign:
        wrong = "expected an amount of the side that direction names, found a negative credit"
    if wrong:
        row.amount_minor = row.currency = None
        row.fail("direction", "direction", wrong)
    elif row.amount_minor is not None:
        minor = row.amount_minor = sign * abs(minor) if sign else minor
    return minor, word in _REVERSED


def _side(row: Row, name: str) -> int | None:
    """A balance of the row, None when it has none; one that cannot be read refuses nothing."""
    if not row.raw(name) or row.raw("currency") not in EXPONENTS:
        return None
    return Row(row.line, {name: row.raw(name)}).side_amount(name, row.raw("currency"))


def _statement(account: str, currency: str, found: _Found) -> tuple[Statement, list[Reject]]:
    steps, breaks = _in_time(found.steps, currency)
    opening = next((step.opening for step in steps if step.opening is not None), None)
    closing = next((step.closing for step in reversed(steps) if step.closing is not None), None)
    first, last = (steps[0], steps[-1]) if steps else (None, None)
    days = [step.day for step in steps if step.day != date.min]
    if opening is None and first and first.balance is not None and first.amount_minor is not None:
        opening = first.balance - first.amount_minor
    if closing is None and last and last.balance is not None:
        closing = last.balance
    known = opening is not None or closing is not None
    statement = Statement(
        account=account,
        reference="",
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        closing_date=days[-1] if known and days else None,
        entries=tuple(found.entries),
        opening_date=days[0] if known and days else None,
    )
    remarked = remarks(statement, found.rejects, found.not_booked)
    if breaks:  # the row says more than the whole
        remarked = [reject for reject in remarked if reject.code != "balance_mismatch"] + breaks[:1]
    return statement, remarked


def _in_time(steps: Sequence[_Step], currency: str) -> tuple[Sequence[_Step], list[Reject]]:
    """The rows from the earliest to the latest, and where the balance does not go on; exports write either way round.

    The order is the one in which fewer balances break; when they break alike, the one of the days.
    """
    ways = [(way, _breaks(way, currency)) for way in (list(steps), list(reversed(steps)))]
    days = [step.day for step in steps if step.day != date.min]
    falls = bool(days) and days[0] > days[-1]
    return min(ways[::-1] if falls else ways, key=lambda way: len(way[1]))


def _breaks(steps: Sequence[_Step], currency: str) -> list[Reject]:
    """The rows whose balance is not that of the row before plus their amount."""
    found = []
    for before, step in zip(steps, steps[1:], strict=False):
        if before.balance is None or step.balance is None or step.amount_minor is None:
            continue
        expected = before.balance + step.amount_minor
        if step.balance != expected:
            amounts = [format_minor(one, currency) for one in (expected, step.balance, step.balance - expected)]
            reason = (
                f"line {step.line}: expected the balance {amounts[0]} {currency} after the row before, "
                f"found {amounts[1]} (difference {amounts[2]})"
            )
            found.append(Reject(0, "balance", "balance_mismatch", reason))
    return found
