"""CODA, the coded statement of Belgian banks, versions 2.x (after Febelfin's standard).

Records of 128 characters: 0 header, 1 old balance, 21 22 23 a movement, 31 32 33 what is told about it, 8 new balance,
4 a free message, 9 the trailer with totals.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.domain.money import EXPONENTS, MoneyError, format_minor, parse_minor, shortened
from duly.formats.balances import remarks
from duly.formats.bank_text import decode_bank_text, short_date, split_lines
from duly.formats.fields import MAX_NAME_CHARS, Row, compact_account, known_minor, many_lines, one_line
from duly.formats.problems import FileProblem
from duly.formats.records import BankEntry, FileResult, Reject, Statement, file_result

RECORD_CHARS: Final = 128
MAX_STATEMENTS: Final = 20_000
MAX_REMITTANCE_CHARS: Final = 20_000
#: Most records that one movement may have: those of its details with all that is told about each.
MAX_RECORDS_OF_MOVEMENT: Final = 100_000

_SIGNS: Final = {"0": 1, "1": -1}
# First digit of a transaction code: 5 to 9 are details of an amount, 8 and 9 what it is made of (gross, charges, tax).
_DETAIL_TYPES: Final = frozenset("56789")
_MAKE_UP_TYPES: Final = frozenset("89")
_ISO_REASON: Final = re.compile(r"[A-Z]{2}[0-9]{2}|[A-Z]{4}")
_PLACEHOLDERS: Final = frozenset(("", "NOTPROVIDED", "NOT PROVIDED", "NONREF"))


@dataclass(slots=True)
class _Movement:
    """A record 21 with the records that belong to it; `details` are the records 21 that split it up."""

    line: int
    record: str
    communication: str
    told: list[str] = field(default_factory=list)
    is_told_freely: bool = True
    customer_reference: str = ""
    is_return: bool = False
    return_reason: str = ""
    account: str = ""
    name: str = ""
    details: list[_Movement] = field(default_factory=list)

    @property
    def sequence(self) -> str:
        return self.record[2:6]

    @property
    def is_detail(self) -> bool:
        return self.record[53] in _DETAIL_TYPES

    @property
    def makes_up(self) -> bool:
        return self.record[53] in _MAKE_UP_TYPES


@dataclass(slots=True)
class _Found:
    """A statement while its records come in."""

    statement: Statement
    movements: list[_Movement] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    problems: list[Reject] = field(default_factory=list)
    is_closed: bool = False


@dataclass(slots=True)
class _Reading:
    """What has been found in the file so far."""

    reference: str = ""
    statements: list[_Found] = field(default_factory=list)
    first_of_part: int = 0
    records: int = 0
    messages: int = 0
    all_messages: int = 0
    rejects: list[Reject] = field(default_factory=list)

    @property
    def last(self) -> _Found | None:
        return self.statements[-1] if len(self.statements) > self.first_of_part else None


def read_coda(data: bytes) -> FileResult:
    """The statements of a CODA file. Raises FileProblem when it holds none.

    An amount that the bank or the customer put together is split into its details when they add up to it. The balances
    and the trailer's totals are checked.
    """
    text, notes = decode_bank_text(data)
    reading = _Reading()
    for line, raw in enumerate(split_lines(text), start=1):
        if raw.strip(" \x1a"):
            _take(reading, line, raw.ljust(RECORD_CHARS))
    if not reading.statements:
        raise FileProblem("no_statement", "expected at least one old balance (record 1), found none", line=1)
    if reading.all_messages:
        notes = (*notes, f"lines of free messages left out: {reading.all_messages}")
    rejects = list(reading.rejects)
    for found in reading.statements:
        _finish(found)
        rejects += [*found.rejects, *found.problems, *remarks(found.statement, found.rejects)]
    return file_result("statement", "coda", [found.statement for found in reading.statements], rejects, notes)


def _take(reading: _Reading, line: int, record: str) -> None:
    """Add one record."""
    reading.records += record[0] not in "09"
    match record[0]:
        case "0":
            reading.reference = one_line(record[24:34])
            reading.first_of_part, reading.records, reading.messages = len(reading.statements), 0, 0
        case "1":
            _open(reading, line, record)
        case "2" | "3" if record[:2] in ("21", "22", "23", "31", "32", "33"):
            _take_movement(reading, line, record)
        case "8":
            _close(reading, line, record)
        case "4":
            reading.messages += 1
            reading.all_messages += 1
        case "9":
            _check_trailer(reading, record)
        case _:
            reason = f"expected a record 0, 1, 21, 22, 23, 31, 32, 33, 4, 8 or 9, found {shortened(record[:2])}"
            reading.rejects.append(Reject(line, "record", "record_unknown", reason))


# --- balances
def _open(reading: _Reading, line: int, record: str) -> None:
    if len(reading.statements) >= MAX_STATEMENTS:
        raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} statements, found more", line=line)
    account, currency = _own_account(record[1], record[5:42])
    number = record[125:128].strip() or record[2:5].strip()
    statement = Statement(
        account=account,
        reference=reading.reference,
        currency=currency,
        opening_minor=None,
        closing_minor=None,
        closing_date=None,
        entries=(),
        number=number if number.strip("0") else "",
        opening_date=_day(record[58:64]),
    )
    found = _Found(statement)
    found.statement = replace(statement, opening_minor=_balance(found, line, record[42], record[43:58], "old balance"))
    reading.statements.append(found)


def _own_account(structure: str, text: str) -> tuple[str, str]:
    """Account and currency; structure 0 is an old Belgian number, 1 a foreign one, 2 a Belgian IBAN, 3 another."""
    account, currency = (text[:12], text[13:16]) if structure == "0" else (text[:34], text[34:37])
    if structure == "2":
        account = account[:16]
    return compact_account(account), currency if currency in EXPONENTS else ""


def _balance(found: _Found, line: int, sign: str, digits: str, name: str) -> int | None:
    """A balance in minor units; one that cannot be read is remarked."""
    try:
        return parse_minor(_machine(digits), found.statement.currency) * _SIGNS[sign]
    except (MoneyError, KeyError):
        reason = f"expected a sign 0 or 1 and 15 digits as {name} in line {line}, found something else"
        found.problems.append(Reject(0, "balance", "balance_format", reason))
        return None


def _close(reading: _Reading, line: int, record: str) -> None:
    """The new balance: the entries of the statement are complete."""
    found = reading.last
    if found is None or found.is_closed:
        reading.rejects.append(_misplaced(line, "an old balance (record 1) before a new one (record 8)"))
        return
    closing = _balance(found, line, record[41], record[42:57], "new balance")
    found.statement = replace(found.statement, closing_minor=closing, closing_date=_day(record[57:63]))
    found.is_closed = True


def _check_trailer(reading: _Reading, record: str) -> None:
    """The trailer's number of records and its totals, against what the part of the file held.

    Banks differ in whether free messages count as records.
    """
    part = reading.statements[reading.first_of_part :]
    for found in part:
        _finish(found)
    stated = record[16:22]
    if stated.isdecimal() and int(stated) not in (reading.records, reading.records - reading.messages):
        reason = f"expected {int(stated)} records as the trailer says, found {reading.records}"
        reading.rejects.append(Reject(0, "records", "record_count", reason))
    currency = part[0].statement.currency if part else ""
    if not currency or any(found.statement.currency != currency for found in part):
        return
    moved = [entry.amount_minor for found in part for entry in found.statement.entries]
    moved += [reject.amount_minor or 0 for found in part for reject in found.rejects]
    for sign, digits in ((-1, record[22:37]), (1, record[37:52])):
        _check_total(reading, sign, digits, currency, sum(abs(amount) for amount in moved if amount * sign > 0))


def _check_total(reading: _Reading, sign: int, digits: str, currency: str, listed: int) -> None:
    try:
        total = parse_minor(_machine(digits), currency)
    except MoneyError:
        return
    if total != listed:
        side = "credits" if sign > 0 else "debits"
        reason = (
            f"expected {side} of {format_minor(listed, currency)} {currency} from the entries, found a total of "
            f"{format_minor(total, currency)} (difference {format_minor(total - listed, currency)})"
        )
        reading.rejects.append(Reject(0, "totals", "balance_mismatch", reason))


# --- movements
def _take_movement(reading: _Reading, line: int, record: str) -> None:
    found = reading.last
    if found is None:
        reading.rejects.append(_misplaced(line, "an old balance (record 1) before a movement"))
        return
    if record.startswith("21"):
        _begin(found, line, record)
    elif not found.movements or _latest(found).sequence != record[2:6]:
        found.rejects.append(_misplaced(line, "a record 21 of the same number before it"))
    else:
        _add(_latest(found), record)


def _latest(found: _Found) -> _Movement:
    """The record 21 that was read last, detail or not."""
    movement = found.movements[-1]
    return movement.details[-1] if movement.details else movement


def _begin(found: _Found, line: int, record: str) -> None:
    """A new movement, or a detail of the one before."""
    movement = _Movement(line, record, record[62:115])
    owner = found.movements[-1] if found.movements else None
    is_of_owner = owner is not None and owner.sequence == movement.sequence
    if owner is not None and is_of_owner and (movement.is_detail or record[6:10] != "0000"):
        if len(owner.details) >= MAX_RECORDS_OF_MOVEMENT:
            reason = f"expected at most {MAX_RECORDS_OF_MOVEMENT} details of a movement, found more"
            raise FileProblem("too_large", reason, line=line)
        owner.details.append(movement)
    elif movement.is_detail:
        found.rejects.append(_misplaced(line, "the movement that this detail belongs to"))
    else:
        found.movements.append(movement)


def _add(movement: _Movement, record: str) -> None:
    """What a record 22, 23, 31, 32 or 33 tells about its movement."""
    match record[:2]:
        case "22":
            movement.communication += record[10:63]
            movement.customer_reference = _reference(record[63:98])
            movement.return_reason = _reason(record[113:117])
            # Older versions have other things here, so a kind of return without a reason counts only alone.
            is_alone = record[112] in "12345" and not record[113:125].strip()
            movement.is_return = bool(movement.return_reason) or is_alone
        case "23":
            account = compact_account(record[10:44])
            movement.account = account if account.strip("0") else ""
            movement.name = movement.name or one_line(record[47:82])
            movement.communication += record[82:125]
        case "31" if record[39] == "1":
            # Structured: 001 and 008 begin with the full name of the other side, which record 23 cuts; an address
            # follows in records 32 and 33.
            movement.is_told_freely = False
            if record[40:43] in ("001", "008") and (name := one_line(record[43:113])):
                movement.name = name
        case _:
            movement.is_told_freely = movement.is_told_freely or record[1] == "1"
            if movement.is_told_freely and len(movement.told) < MAX_RECORDS_OF_MOVEMENT:
                movement.told.append(record[40:113] if record[1] == "1" else record[10:115])


def _finish(found: _Found) -> None:
    """Make the movements read so far entries or rejects."""
    entries = list[BankEntry]()
    for movement in found.movements:
        made = _entry(movement, found.statement.currency)
        if isinstance(made, Reject):
            found.rejects.append(made)
        else:
            entries += _parts(movement, made)
    found.movements = []
    found.statement = replace(found.statement, entries=found.statement.entries + tuple(entries))


def _entry(movement: _Movement, currency: str) -> BankEntry | Reject:
    record = movement.record
    booked, value = _day(record[115:121]), _day(record[47:53])
    row = Row(
        movement.line,
        {
            "booked": booked.isoformat() if booked else record[115:121],
            "value": value.isoformat() if value else record[47:53].strip("0 "),
            "amount": _machine(record[32:47]),
            "currency": currency,
        },
    )
    sign = _SIGNS.get(record[31])
    amount_minor = row.money("amount", "currency") * (sign or 1)
    if sign is None:
        row.amount_minor = row.currency = None
        row.fail("direction", "direction", f"expected 0 (credit) or 1 (debit) as sign, found {shortened(record[31])}")
    elif row.currency:
        row.amount_minor = amount_minor
    booked_day = row.day("booked", required=True) or date.min
    entry = BankEntry(
        line=movement.line,
        booked=booked_day,
        value=row.day("value") or booked_day,
        amount_minor=amount_minor,
        currency=currency,
        counterparty_name=movement.name,
        counterparty_account=movement.account,
        remittance="",
        structured_reference="",
        end_to_end_id=movement.customer_reference,
        bank_reference=one_line(record[10:31]),
        reversal=movement.is_return,
        code=record[53:61].strip(),
        return_reason=movement.return_reason,
        charges_minor=_charges(movement, amount_minor, currency),
    )
    return row.reject() or _with_communication(entry, movement)


def _with_communication(entry: BankEntry, movement: _Movement) -> BankEntry:
    """The communication: free text, or by its type when it is structured; then what records 3 say in words."""
    text = movement.communication
    told = "".join(movement.told)
    if movement.record[61] != "1":
        return replace(entry, remittance=_text(text, told))
    kind, content = text[:3], text[3:]
    if kind == "100":  # ISO 11649
        return replace(entry, structured_reference=one_line(content[:25]), remittance=_text(told))
    if kind in ("101", "102") and content[:12].isdecimal():
        number = content[:12]
        reference = f"+++{number[:3]}/{number[3:7]}/{number[7:]}+++"
        return replace(entry, structured_reference=reference, remittance=_text(told))
    if kind == "127":  # SEPA direct debit: date, type, scheme, state, creditor, mandate, text, kind of return, reason
        reason = _reason(content[142:146]) or entry.return_reason
        is_return = content[141:142] in ("1", "2", "3", "4", "5") or bool(reason)
        text = _text(content[79:141], told)
        return replace(entry, remittance=text, return_reason=reason, reversal=entry.reversal or is_return)
    if kind == "105":  # original amount
        return replace(entry, instructed=_instructed(content), remittance=_text(content[45:57], told))
    return replace(entry, remittance=_text(content, told))


def _reference(text: str) -> str:
    value = one_line(text)[:MAX_NAME_CHARS]
    return value if value.strip("0 ") and value.upper() not in _PLACEHOLDERS else ""


def _reason(text: str) -> str:
    """A reason of ISO 20022, such as AC04 or FOCR; "" for anything else."""
    return text if _ISO_REASON.fullmatch(text) else ""


def _text(*parts: str) -> str:
    return "\n".join(line for part in parts if (line := many_lines(" ".join(part.split()))))


def _instructed(content: str) -> tuple[int, str] | None:
    """Amount and currency that the payer ordered; None when they cannot be read."""
    minor = known_minor(_machine(content[:15]), content[42:45])
    return None if minor is None else (minor, content[42:45])


def _amount(movement: _Movement, currency: str) -> int | None:
    try:
        return parse_minor(_machine(movement.record[32:47]), currency) * _SIGNS[movement.record[31]]
    except (MoneyError, KeyError):
        return None


def _charges(movement: _Movement, amount_minor: int, currency: str) -> int:
    """What was taken from the gross amount, when the details that make the amount up add up to it."""
    amounts = [_amount(detail, currency) for detail in movement.details if detail.makes_up]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or sum(known) != amount_minor or amount_minor <= 0:
        return 0
    return -sum(amount for amount in known if amount < 0)


def _parts(movement: _Movement, whole: BankEntry) -> Sequence[BankEntry]:
    """The details of a total as entries when they add up to it; else the total with the texts of its details."""
    details = [detail for detail in movement.details if not detail.makes_up]
    if not details:
        return [whole]
    made = [_entry(detail, whole.currency) for detail in details]
    parts = [entry for entry in made if isinstance(entry, BankEntry)]
    if len(parts) < len(made) or sum(part.amount_minor for part in parts) != whole.amount_minor:
        texts = "\n".join(text for text in (whole.remittance, *(part.remittance for part in parts)) if text)
        return [replace(whole, remittance=texts[:MAX_REMITTANCE_CHARS])]
    own = [part.bank_reference for part in parts]
    is_own = all(own) and len(set(own)) == len(own) and whole.bank_reference not in own
    batch = whole.bank_reference
    return [
        replace(
            part,
            bank_reference=part.bank_reference if is_own else (f"{batch}/{number}" if batch else ""),
            batch_reference=batch,
        )
        for number, part in enumerate(parts, start=1)
    ]


def _misplaced(line: int, wanted: str) -> Reject:
    return Reject(line, "record", "record_order", f"expected {wanted}, found none")


def _day(digits: str) -> date | None:
    """A date as DDMMYY."""
    return short_date(digits[4:6], digits[2:4], digits[:2])


def _machine(digits: str) -> str:
    """Twelve digits and three decimals as the machine form."""
    return f"{digits[:12]}.{digits[12:]}" if digits.isdecimal() and len(digits) == 15 else digits.strip() or "none"
