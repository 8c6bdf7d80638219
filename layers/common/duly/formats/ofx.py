"""OFX 1 and 2 statements (also QFX and QBO): bank accounts, credit cards, and the cash of investment accounts.

Facts: Open Financial Exchange Specification, versions 1.6 and 2.2, chapters 11 and 13.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Final

from duly.domain.money import EXPONENTS
from duly.formats.balances import remarks
from duly.formats.fields import (
    MAX_IDENTIFIER_CHARS,
    MAX_NAME_CHARS,
    Row,
    compact_account,
    known_day,
    known_minor,
    many_lines,
    one_line,
)
from duly.formats.ofx_tree import Node, read_tree
from duly.formats.problems import FileProblem
from duly.formats.records import (
    MAX_ENTRIES,
    MAX_REMITTANCE_CHARS,
    MAX_STATEMENTS,
    BankEntry,
    FileResult,
    Reject,
    Statement,
    file_result,
)
from duly.formats.xml import machine_amount

_STATEMENTS: Final = ("STMTRS", "CCSTMTRS", "INVSTMTRS")
_ANSWERS: Final = ("STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS")
_ACCOUNTS: Final = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{2,6}(?:\.[0-9]{1,6})?)?\s*(?:\[[^\]]{0,20}\])?")
_CODE: Final = re.compile(r"[0-9]{1,6}")
_NO_CHECK: Final = re.compile("0*")
_NOT_BOOKED: Final = "HOLD"
#: Digits with which an amount in another currency is worked out from its rate.
_MAX_RATE_CHARS: Final = 20


def read_ofx(data: bytes) -> FileResult:
    """The accounts of an OFX file. Raises FileProblem when it cannot be read or holds neither account nor error."""
    root = read_tree(data)
    entries = sum(1 for _ in root.every("STMTTRN", "STMTTRNP"))
    if entries > MAX_ENTRIES:
        raise FileProblem("too_large", f"expected at most {MAX_ENTRIES} entries in a file, found {entries}")
    lines = _Lines()
    statements, rejects = list[Statement](), list[Reject]()
    for node in root.every("SONRS", *_ANSWERS, *_STATEMENTS):
        if node.name not in _STATEMENTS:
            rejects += _error(node, lines)
            continue
        statement, problems = _statement(node, lines)
        statements.append(statement)
        rejects += problems
        if len(statements) > MAX_STATEMENTS:
            raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} statements in a file, found more")
    if not statements and not rejects:
        reason = "expected a statement of a bank account, credit card or investment account, found none"
        raise FileProblem("no_statement", reason, line=1)
    others = sum(1 for _ in root.every("INVTRAN"))
    notes = [f"movements of securities left out: {others}"] if others else []
    return file_result("statement", "ofx", statements, rejects, notes)


class _Lines:
    """Line numbers that never repeat, though all may stand on one line."""

    def __init__(self) -> None:
        self._last = 0

    def of(self, node: Node) -> int:
        """The number for this aggregate; call once for each row, in the order of the file."""
        self._last = max(node.line, self._last + 1)
        return self._last


def _error(node: Node, lines: _Lines) -> list[Reject]:
    """An answer of the bank that says that something went wrong; its words stay out, they may name a person."""
    status = node.first("STATUS")
    if status is None or status.value("SEVERITY").upper() != "ERROR":
        return []
    code = status.value("CODE")
    shown = f"error {code}" if _CODE.fullmatch(code) else "an error"
    what = "signing on" if node.name == "SONRS" else "a statement"
    reason = f"expected a statement, found {shown} that the bank gave for {what}"
    return [Reject(lines.of(status), "status", "bank_error", reason)]


def _statement(node: Node, lines: _Lines) -> tuple[Statement, list[Reject]]:
    currency = node.value("CURDEF").upper()
    account = next((found for name in _ACCOUNTS if (found := node.first(name))), None)
    entries, rejects, not_booked = list[BankEntry](), list[Reject](), 0
    for transaction in node.every("STMTTRN", "STMTTRNP"):
        if transaction.name == "STMTTRNP" or transaction.value("TRNTYPE").upper() == _NOT_BOOKED:
            not_booked += 1
            continue
        entry = _entry(transaction, lines.of(transaction), currency)
        if isinstance(entry, Reject):
            rejects.append(entry)
        else:
            entries.append(entry)
    balance = node.first("LEDGERBAL")
    period = node.first("BANKTRANLIST", "INVTRANLIST")
    closing = known_minor(_amount(balance.value("BALAMT")), currency) if balance else None
    ends = known_day(_iso_day(balance.value("DTASOF"))) if balance else None
    statement = Statement(
        account=compact_account(account.value("ACCTID"))[:MAX_NAME_CHARS] if account else "",
        reference="",
        currency=currency,
        opening_minor=None,
        closing_minor=closing,
        closing_date=ends or (known_day(_iso_day(period.value("DTEND"))) if period else None),
        entries=tuple(entries),
        opening_date=known_day(_iso_day(period.value("DTSTART"))) if period else None,
    )
    return statement, rejects + remarks(statement, rejects, not_booked)


def _entry(node: Node, line: int, currency: str) -> BankEntry | Reject:
    own, original = node.first("CURRENCY"), node.first("ORIGCURRENCY")
    currency = (own.value("CURSYM").upper() if own else "") or currency
    booked = _iso_day(node.value("DTPOSTED"))
    amount = _amount(node.value("TRNAMT"))
    values = {"booked": booked, "value": _iso_day(node.value("DTAVAIL")) or booked}
    row = Row(line, values | {"amount": amount, "currency": currency})
    amount_minor = row.money("amount", "currency")
    name, text = _name(node), _text(node)
    day = row.day("booked", required=True) or date.min
    value = row.day("value") or day
    if len(text) > MAX_REMITTANCE_CHARS:
        row.fail("text", "too_long", f"expected at most {MAX_REMITTANCE_CHARS} characters, found {len(text)}")
    if node.value("CORRECTFITID"):
        reason = "expected a new entry, found one by which the bank corrects or deletes an earlier one"
        row.fail("correction", "bank_correction", reason)
    check = node.value("CHECKNUM")
    other = node.first("BANKACCTTO", "CCACCTTO")
    reject = row.reject()
    return reject or BankEntry(
        line=line,
        booked=day,
        value=value,
        amount_minor=amount_minor,
        currency=currency,
        counterparty_name=name,
        counterparty_account=compact_account(other.value("ACCTID"))[:MAX_NAME_CHARS] if other else "",
        remittance=text,
        structured_reference="",
        end_to_end_id=one_line(node.value("REFNUM") or ("" if _NO_CHECK.fullmatch(check) else check))[:MAX_NAME_CHARS],
        bank_reference=one_line(node.value("FITID"))[:MAX_NAME_CHARS],
        reversal=False,
        code=one_line(node.value("TRNTYPE").upper())[:MAX_IDENTIFIER_CHARS],
        instructed=_instructed(original, amount, currency) if original else None,
    )


def _name(node: Node) -> str:
    payee = node.first("PAYEE", "EXTDPAYEE")
    return one_line(node.value("NAME") or (payee.value("NAME") if payee else ""))[:MAX_NAME_CHARS]


def _text(node: Node) -> str:
    """The memo, and the name before it: banks put there what does not fit, invoice numbers too."""
    name, memo = _name(node), many_lines(node.value("MEMO"))
    return memo if name in one_line(memo) else "\n".join(part for part in (name, memo) if part)


def _instructed(original: Node, amount: str, currency: str) -> tuple[int, str] | None:
    """The amount in its original currency, worked out from the rate (statement's currency for one of the original)."""
    ordered, rate = original.value("CURSYM").upper(), _amount(original.value("CURRATE"))
    if ordered not in EXPONENTS or ordered == currency or len(rate) > _MAX_RATE_CHARS:
        return None
    try:
        worth = abs(Decimal(amount)) / Decimal(rate)
        minor = int((worth.scaleb(EXPONENTS[ordered])).quantize(Decimal(1), ROUND_HALF_EVEN))
    except (InvalidOperation, ZeroDivisionError):
        return None
    return minor, ordered


def _amount(text: str) -> str:
    """An amount in machine form: OFX allows a comma or a point before the decimals and nothing between thousands."""
    return machine_amount(text.replace(",", ".") if "." not in text else text)


def _iso_day(text: str) -> str:
    """The day of YYYYMMDDHHMMSS.XXX[zone], as the bank writes it in its own zone; other texts unchanged."""
    found = _DAY.fullmatch(text)
    return f"{found[1]}-{found[2]}-{found[3]}" if found else text
