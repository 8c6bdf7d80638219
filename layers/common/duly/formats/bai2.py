"""BAI2 reports of the previous or the same day (Cash Management Balance Reporting Specifications, version 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from duly.domain.money import EXPONENTS, format_minor
from duly.formats.bai2_records import (
    Detail,
    Record,
    Value,
    account_values,
    detail_fields,
    read_amount,
    split_records,
)
from duly.formats.balances import remarks
from duly.formats.decoding import decode_as, detect_encoding
from duly.formats.fields import MAX_NAME_CHARS, Row, compact_account, known_day, many_lines, one_line
from duly.formats.problems import FileProblem
from duly.formats.records import (
    MAX_REMITTANCE_CHARS,
    MAX_STATEMENTS,
    BankEntry,
    FileResult,
    Reject,
    Statement,
    file_result,
)

#: The currency of an account where neither it nor its group names one (the specification's default).
DEFAULT_CURRENCY: Final = "USD"
_OPENING_LEDGER: Final = "010"
_CLOSING_LEDGER: Final = "015"
_TOTALS: Final = {"100": (1, "credits"), "400": (-1, "debits")}
# Type codes from 100 to 399 are credits, from 400 to 699 debits; of the loans those that name their side.
_CREDITS: Final = (range(100, 400), range(720, 729), range(920, 960))
_DEBITS: Final = (range(400, 700), range(760, 761), range(960, 1000))
_NON_MONETARY: Final = "890"
# Reversals, returned and rejected items: money that goes back the way it came.
_REVERSALS: Final = frozenset(
    ["252", "255", "257", "258", "261", "266", "395", "552", "555", "557", "558", "561", "566", "694"]
)
_LEFT_OUT: Final = {"2": "a deletion", "4": "a test"}
_FINAL: Final = {"1": False, "2": True, "3": False, "4": True}
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
# Lines of text that some banks label: end-to-end reference, debtor's and creditor's name and account.
_LABELLED: Final = re.compile(r"^(EREF|DBNM|CRNM|DACT|CACT): *(.+)$", re.MULTILINE)


@dataclass(slots=True)
class _Totals:
    """What a control record must say: the sum of all amounts below it, and its records."""

    amount_minor: int = 0
    is_known: bool = True
    children: int = 0
    lines: int = 0

    def add(self, other: _Totals) -> None:
        """Count what stands one level below."""
        self.amount_minor += other.amount_minor
        self.is_known = self.is_known and other.is_known
        self.children += 1
        self.lines += other.lines


@dataclass(slots=True)
class _Group:
    """The group that is being read."""

    status: str
    day: str
    currency: str
    modifier: str
    totals: _Totals


@dataclass(slots=True)
class _Account:
    """The account that is being read."""

    number: str
    currency: str
    values: list[Value]
    totals: _Totals
    entries: list[BankEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def read_bai2(data: bytes) -> FileResult:
    """The accounts of a BAI2 file. Raises FileProblem when it cannot be read or holds no account."""
    reading = _Reading()
    for record in split_records(decode_as(data, detect_encoding(data))):
        reading.take(record)
    return reading.result()


class _Reading:
    """Takes the records in turn; each kind is only good inside the one above it."""

    def __init__(self) -> None:
        self.statements = list[Statement]()
        self.rejects = list[Reject]()
        self.notes = list[str]()
        self.reference = ""
        self.made = ""
        self.file: _Totals | None = None
        self.group: _Group | None = None
        self.account: _Account | None = None
        self.groups = 0
        self.non_monetary = 0
        self.is_complete = False

    def take(self, record: Record) -> None:
        """Read one record."""
        steps = {
            "01": self._file_header,
            "02": self._group_header,
            "03": self._account_header,
            "16": self._detail,
            "49": self._account_trailer,
            "98": self._group_trailer,
            "99": self._file_trailer,
        }
        step = steps.get(record.code)
        if step is None:
            reason = "expected a record of the kinds 01, 02, 03, 16, 88, 49, 98 and 99, found another"
            self.rejects.append(Reject(record.line, "record", "record_unknown", reason))
        else:
            step(record)

    def result(self) -> FileResult:
        """What the file gave."""
        self._end_account()
        if not self.statements and not self.rejects:
            raise FileProblem("no_statement", "expected at least one account (03), found none", line=1)
        if not self.is_complete:
            reason = "expected the file to end with its control record (99), found none: it may be cut"
            self.rejects.append(Reject(0, "record", "file_cut", reason))
        if self.non_monetary:
            self.notes.append(f"details without money (890) left out: {self.non_monetary}")
        return file_result("statement", "bai2", self.statements, self.rejects, self.notes)

    def _file_header(self, record: Record) -> None:
        sender, _, self.made, _, identification, *_ = [*record.fields, *[""] * 5]
        self.reference = one_line("/".join(one for one in (sender, self.made, identification) if one))[:MAX_NAME_CHARS]
        self.file = _Totals(lines=record.lines)

    def _group_header(self, record: Record) -> None:
        _, _, status, day, _, currency, modifier, *_ = [*record.fields, *[""] * 7]
        self.group = _Group(status, day, currency, modifier, _Totals(lines=record.lines))
        self.groups += 1
        if self.groups > MAX_STATEMENTS:
            raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} groups in a file, found more")
        if status in _LEFT_OUT:
            reason = f"left out a group that the bank marks as {_LEFT_OUT[status]} (group status {status})"
            self.rejects.append(Reject(0, "group", "group_status", f"line {record.line}: {reason}"))

    def _account_header(self, record: Record) -> None:
        self._end_account()
        if self.group is None:
            self._out_of_order(record, "a group header (02)")
            return
        number, currency, values = account_values(record)
        totals = _Totals(lines=record.lines)
        currency = currency or self.group.currency or DEFAULT_CURRENCY
        self.account = _Account(compact_account(number)[:MAX_NAME_CHARS], currency, values, totals)
        for value in values:
            _count(totals, value.amount)

    def _detail(self, record: Record) -> None:
        if self.account is None or self.group is None:
            self._out_of_order(record, "an account record (03)")
            return
        detail = detail_fields(record)
        self.account.totals.lines += record.lines
        _count(self.account.totals, detail.amount)
        if self.group.status in _LEFT_OUT:
            return
        if detail.type == _NON_MONETARY and not (read_amount(detail.amount) or 0):
            self.non_monetary += 1
            return
        entry = _entry(detail, record.line, self.account.currency, self.group.day)
        if isinstance(entry, Reject):
            self.account.rejects.append(entry)
        else:
            self.account.entries.append(entry)

    def _account_trailer(self, record: Record) -> None:
        if self.account is None:
            self._out_of_order(record, "an account record (03)")
            return
        totals = self.account.totals
        totals.lines += record.lines
        control, lines, *_ = [*record.fields, "", ""]
        self._check(record, control, totals, self.account.currency)
        self._check_count(record, "records", lines, totals.lines)
        self._end_account()

    def _group_trailer(self, record: Record) -> None:
        self._end_account()
        if self.group is None:
            self._out_of_order(record, "a group header (02)")
            return
        totals = self.group.totals
        totals.lines += record.lines
        control, accounts, lines, *_ = [*record.fields, "", "", ""]
        self._check(record, control, totals, "")
        self._check_count(record, "accounts", accounts, totals.children)
        self._check_count(record, "records", lines, totals.lines)
        if self.file is not None:
            self.file.add(totals)
        self.group = None

    def _file_trailer(self, record: Record) -> None:
        self.is_complete = True
        if self.file is None:
            self._out_of_order(record, "a file header (01)")
            return
        self.file.lines += record.lines
        control, groups, lines, *_ = [*record.fields, "", "", ""]
        self._check(record, control, self.file, "")
        self._check_count(record, "groups", groups, self.file.children)
        self._check_count(record, "records", lines, self.file.lines)

    def _end_account(self) -> None:
        """Keep the account that has been read, with what has to be said of it."""
        account, group, self.account = self.account, self.group, None
        if account is None or group is None:
            return
        group.totals.add(account.totals)
        if group.status in _LEFT_OUT:
            return
        statement = _statement(account, group, self.reference, self.made)
        self.statements.append(statement)
        if len(self.statements) > MAX_STATEMENTS:
            raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} accounts in a file, found more")
        self.rejects += account.rejects
        self.rejects += [*_value_problems(account), *_total_mismatches(account)]
        self.rejects += remarks(statement, account.rejects)

    def _out_of_order(self, record: Record, wanted: str) -> None:
        reason = f"expected {wanted} before a record of the kind {record.code}, found none"
        self.rejects.append(Reject(record.line, "record", "record_order", reason))

    def _check(self, record: Record, control: str, totals: _Totals, currency: str) -> None:
        """The control total is the sum of all amounts of values and details, whatever their side."""
        stated = read_amount(control)
        if not control or not totals.is_known or stated == totals.amount_minor:
            return
        if stated is None:
            reason = "expected a control total, found something else"
        else:
            amounts = (totals.amount_minor, stated, stated - totals.amount_minor)
            shown = [format_minor(one, currency) if currency in EXPONENTS else str(one) for one in amounts]
            reason = f"expected the control total {shown[0]} from the amounts, found {shown[1]} (difference {shown[2]})"
        self.rejects.append(Reject(0, "control", "control_total", f"line {record.line}: {reason}"))

    def _check_count(self, record: Record, what: str, stated: str, counted: int) -> None:
        if stated and stated.lstrip("0") != str(counted).lstrip("0"):
            found = (
                stated.lstrip("0") if stated.isascii() and stated.isdigit() and len(stated) < 19 else "something else"
            )
            reason = f"line {record.line}: expected the number of {what} to be {counted}, found {found or '0'}"
            self.rejects.append(Reject(0, "control", "control_count", reason))


def _count(totals: _Totals, amount: str) -> None:
    """Add an amount to a control total; without it nothing can be said of the total."""
    minor = read_amount(amount) if amount else 0
    totals.is_known = totals.is_known and minor is not None
    totals.amount_minor += minor or 0


def _statement(account: _Account, group: _Group, reference: str, made: str) -> Statement:
    opening, closing = (_balance(account, code) for code in (_OPENING_LEDGER, _CLOSING_LEDGER))
    day = known_day(_iso_day(group.day))
    # Without a word on it, a report of an earlier day is final, and one with a closing balance too.
    earlier = day is not None and (found := known_day(_iso_day(made))) is not None and day < found
    return Statement(
        account=account.number,
        reference=reference,
        currency=account.currency,
        opening_minor=opening,
        closing_minor=closing,
        closing_date=day,
        entries=tuple(account.entries),
        is_final=_FINAL.get(group.modifier, earlier or closing is not None),
        opening_date=day,
    )


def _balance(account: _Account, code: str) -> int | None:
    known = account.currency in EXPONENTS
    stated = [read_amount(value.amount) for value in account.values if value.type == code and known]
    return next((minor for minor in stated if minor is not None), None)


def _value_problems(account: _Account) -> list[Reject]:
    """Amounts of the account's own record that are none; line 0, for no entry is refused by them."""
    wrong = [value.type for value in account.values if value.amount and read_amount(value.amount) is None]
    reason = "expected an amount of digits for type code {}, found something else"
    return [Reject(0, "balance", "amount_format", reason.format(one_line(code)[:3])) for code in wrong[:10]]


def _total_mismatches(account: _Account) -> list[Reject]:
    """Where the totals of credits and debits are not those of the details, if there are details at all."""
    if not account.entries or account.rejects:
        return []
    found = []
    for value in account.values:
        sign, called = _TOTALS.get(value.type, (0, ""))
        stated = read_amount(value.amount)
        total = sum(sign * entry.amount_minor for entry in account.entries if sign * entry.amount_minor > 0)
        if sign and stated is not None and stated != total:
            amounts = [format_minor(one, account.currency) for one in (total, stated, stated - total)]
            reason = (
                f"expected {called} of {amounts[0]} {account.currency} from the entries, found {amounts[1]} "
                f"(type code {value.type}, difference {amounts[2]})"
            )
            found.append(Reject(0, "balance", "total_mismatch", reason))
    return found


def _entry(detail: Detail, line: int, currency: str, day: str) -> BankEntry | Reject:
    booked = _iso_day(day)
    row = Row(line, {"booked": booked, "value": _iso_day(detail.value_date) or booked, "currency": currency})
    amount_minor = _signed(detail, currency, row)
    text = many_lines(detail.text)
    if len(text) > MAX_REMITTANCE_CHARS:
        row.fail("text", "too_long", f"expected at most {MAX_REMITTANCE_CHARS} characters, found {len(text)}")
    day_booked = row.day("booked", required=True) or date.min
    day_valued = row.day("value") or day_booked
    labelled = dict(_LABELLED.findall(text))
    side, other = ("DB", "D") if amount_minor >= 0 else ("CR", "C")
    reject = row.reject()
    return reject or BankEntry(
        line=line,
        booked=day_booked,
        value=day_valued,
        amount_minor=amount_minor,
        currency=currency,
        counterparty_name=one_line(labelled.get(f"{side}NM", ""))[:MAX_NAME_CHARS],
        counterparty_account=compact_account(labelled.get(f"{other}ACT", ""))[:MAX_NAME_CHARS],
        remittance=text,
        structured_reference="",
        end_to_end_id=one_line(labelled.get("EREF") or detail.customer_reference)[:MAX_NAME_CHARS],
        bank_reference=one_line(detail.bank_reference)[:MAX_NAME_CHARS],
        reversal=detail.type in _REVERSALS,
        code=detail.type,
    )


def _signed(detail: Detail, currency: str, row: Row) -> int:
    """The amount with the sign of its type code; what is wrong with it is noted in the row."""
    code = int(detail.type) if re.fullmatch("[0-9]{3}", detail.type) else 0
    sign = 1 if _is_in(code, _CREDITS) else -1 if _is_in(code, _DEBITS) else 0
    minor = read_amount(detail.amount)
    if currency not in EXPONENTS:
        row.fail("currency", "currency_unknown", "expected an ISO 4217 currency code such as USD, found another")
    elif not sign or detail.type in _TOTALS:
        reason = "expected the type code of one credit (100 to 399) or debit (400 to 699), found another"
        row.fail("direction", "direction", reason)
    elif not detail.amount:
        row.fail("amount", "amount_missing", "expected an amount in minor units such as 123456, found none")
    elif minor is None:
        row.fail("amount", "amount_format", "expected an amount in minor units such as 123456, found something else")
    else:
        row.amount_minor, row.currency = sign * minor, currency
        return sign * minor
    return 0


def _is_in(code: int, ranges: Sequence[range]) -> bool:
    return any(code in one for one in ranges)


def _iso_day(text: str) -> str:
    """YYMMDD (years from 90 on are of the last century) or YYYYMMDD as YYYY-MM-DD; other texts unchanged."""
    if re.fullmatch("[0-9]{6}", text):
        text = ("19" if text >= "90" else "20") + text
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if re.fullmatch("[0-9]{8}", text) else text
