"""SWIFT MT940 (customer statement) and MT942 (interim report), bare or in message blocks.

Fields after SWIFT's category 9 standards; how banks fill field 86 is in `swift_details`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.domain.money import EXPONENTS, MoneyError, format_minor, parse_minor, shortened
from duly.formats.balances import remarks
from duly.formats.bank_text import decode_bank_text, short_date, split_lines
from duly.formats.fields import MAX_NAME_CHARS, Row, compact_account, known_minor, one_line
from duly.formats.problems import FileProblem
from duly.formats.records import BankEntry, FileResult, Reject, Statement, file_result
from duly.formats.swift_details import Details, read_details

MAX_STATEMENTS: Final = 20_000
MAX_REMITTANCE_CHARS: Final = 20_000

_TAG: Final = re.compile(r":([0-9]{2}[A-Z]?|NS):(.*)", re.DOTALL)
_TAG_NAMES: Final = "NS 13 13C 13D 20 21 25 25P 28 28C 34F 60F 60M 61 62F 62M 64 65 86 90C 90D"
_TAGS: Final = frozenset(_TAG_NAMES.split())
# A time of day that was wrapped at its colon ("13" / ":20:11") looks like one of these.
_LIKE_TIMES: Final = frozenset(("13", "20", "21", "25", "28"))
_HEADERS: Final = re.compile(r":(?:20|21|25P?|28C?|34F|13D|60[FM]):")
_BLOCK: Final = re.compile(r"\{[1-5S]:")
# Handelsbanken writes the braces of the blocks as the Swedish letters of seven-bit ASCII.
_END: Final = re.compile(r"-(?:\}.*|\u00e5)?")
_NOISE: Final = re.compile(r"[{\u00e4]4:|\}(?:\{.*)?|:94[02]:")
_INTERIM: Final = re.compile(r"\{2:[IO]942")
_BALANCE: Final = re.compile(r"(R?[CD])([0-9]{6})([A-Z]{3})([0-9.,]+)")
_ENTRY: Final = re.compile(
    r"(?P<value>[0-9]{6})(?P<booked>[0-9]{4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?"
    r" *(?P<amount>[0-9.]*,?[0-9]*) *(?P<type>[A-Z][A-Z0-9]{3})(?P<references>.*)",
    re.DOTALL,
)
_TOTAL: Final = re.compile(r"([0-9]{1,5})([A-Z]{3})([0-9.,]+)")
_FLOOR: Final = re.compile(r"([A-Z]{3})([CD]?)([0-9.,]+)")
_END_CHARS: Final = 200
_RETURNED_ITEM: Final = "RTI"
_SIGNS: Final = {"C": 1, "D": -1, "RC": -1, "RD": 1}
# Words that stand for no reference in field 61, or say that it is in field 86.
_NO_REFERENCE: Final = re.compile(r"(?:NONREF|NOREF|NOTPROVIDED|N|[KEM]REF\+?|PREF\+?|MARF\+?)?")
_SEPA_PAYMENT: Final = re.compile(r"\s*1[0-9]{2}[^\w\s](?:00|2[0-9]).*(?:EREF|KREF|MREF|SVWZ)\+", re.DOTALL)
# Some banks put the other side's name behind the reference of field 61, after spaces that fill its 16 characters.
_WIDE_GAP: Final = re.compile(r" {2,}")


@dataclass(slots=True)
class _Field:
    """One field: its tag, and its lines as they stand in the file (the first without the tag)."""

    tag: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return self.lines[0].strip()


@dataclass(slots=True)
class _Balance:
    minor: int
    currency: str
    day: date | None
    is_final: bool


@dataclass(slots=True)
class _Message:
    """The fields of one message, sorted by what they say."""

    is_interim_block: bool = False
    reference: str = ""
    account: str = ""
    number: str = ""
    page: str = ""
    opening: _Balance | None = None
    closing: _Balance | None = None
    currency: str = ""
    floors: list[int | None] = field(default_factory=list)
    totals: dict[int, tuple[int | None, str]] = field(default_factory=dict)
    entries: list[tuple[_Field, list[str]]] = field(default_factory=list)
    problems: list[Reject] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    has_closed: bool = False


@dataclass(slots=True)
class _Found:
    """A statement with what was wrong with its rows and with itself."""

    statement: Statement
    message: _Message
    rejects: list[Reject]
    not_booked: int


def read_swift(data: bytes) -> FileResult:
    """The statements of a file of MT940 and MT942 messages. Raises FileProblem when it holds no message.

    Pages of one statement that chain (intermediate closing and opening balance agree) are one statement. An MT942 is
    not final: a statement will confirm its entries. Entries marked as expected are not booked and left out.
    """
    text, notes = decode_bank_text(data)
    messages = list(_messages(split_lines(text)))
    if not messages:
        raise FileProblem("no_statement", "expected at least one statement (field :20:), found none", line=1)
    if len(messages) > MAX_STATEMENTS:
        raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} statements, found {len(messages)}")
    found_all = [_statement(message) for message in messages]
    if _ends_inside_a_line(text):
        _take_back_half_entry(found_all[-1])
    pages = _joined_pages(found_all)
    rejects = list[Reject]()
    for found in pages:
        rejects += [*found.rejects, *found.message.problems, *_wrong_totals(found)]
        rejects += [*_without_closing(found), *remarks(found.statement, found.rejects, found.not_booked)]
    is_interim = all(not found.statement.is_final for found in pages)
    name = "mt942" if is_interim else "mt940"
    return file_result("statement", name, [found.statement for found in pages], rejects, notes)


# --- lines to messages
def _messages(lines: list[str]) -> Iterator[_Message]:
    message: _Message | None = None
    is_interim = False
    for found in _fields(lines):
        if isinstance(found, str):
            if message is not None:
                yield message
                message, is_interim = None, False
            is_interim = (is_interim and "{1:" not in found) or _INTERIM.search(found) is not None
            continue
        if message is not None and _begins_another(message, found):
            yield message
            message = (
                replace(_Message(message.is_interim_block), account=message.account) if found.tag != "20" else None
            )
        if message is None:
            message = _Message(is_interim)
        _take(message, found)
    if message is not None:
        yield message


def _fields(lines: list[str]) -> Iterator[_Field | str]:
    """The fields in order, and the lines (as text) that end a message or are the header of one."""
    current: _Field | None = None
    for number, raw in _logical_lines(lines):
        line = "".join(char for char in raw if char >= " " or char == "\t")
        following = _next_text(lines, number)
        tagged = _tag_of(line, current, following)
        is_frame = _BLOCK.match(line) is not None or _ends_message(line, following)
        if (tagged or is_frame) and current is not None:
            yield current
            current = None
        if is_frame:
            yield line
            current = _after_block(line, number)
        elif tagged:
            current = _Field(tagged[0], number, [tagged[1]])
        elif current is not None and not _NOISE.fullmatch(line.strip()):
            current.lines.append(line)
    if current is not None:
        yield current


def _logical_lines(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a colon alone on its line belongs to the tag on the next one."""
    held = ""
    for number, line in enumerate(lines, start=1):
        if line.strip() == ":":
            held = ":"
            continue
        yield number, held + line
        held = ""


def _next_text(lines: list[str], number: int) -> str:
    """The next line that is not empty, "" at the end; `number` is the line's own, from 1."""
    return next((line.strip() for line in lines[number : number + 5] if line.strip()), "")


def _tag_of(line: str, current: _Field | None, following: str) -> tuple[str, str] | None:
    """Tag and rest of a line that begins a field; None for a line of text, even one that starts with a colon."""
    found = _TAG.match(line.lstrip())
    if found is None or found[1] not in _TAGS:
        return None
    inside_text = current is not None and current.tag in ("61", "86")
    if inside_text and found[1] in _LIKE_TIMES and not _HEADERS.match(following):
        return None
    return found[1], found[2]


def _ends_message(line: str, following: str) -> bool:
    """Whether a line is the end of a message, not a hyphen in a text."""
    if _END.fullmatch(line.strip()) is None:
        return False
    return (
        line.strip() != "-" or not following or following[0] in ":{\u00e4-}" or _HEADERS.search(following) is not None
    )


def _after_block(line: str, number: int) -> _Field | None:
    """The field that follows the header of the text block on the same line."""
    _, opened, rest = line.rpartition("{4:")
    found = _TAG.match(rest) if opened else None
    return _Field(found[1], number, [found[2]]) if found and found[1] in _TAGS else None


def _begins_another(message: _Message, found: _Field) -> bool:
    if found.tag == "20":
        return bool(message.tags)
    if found.tag in ("60F", "60M"):
        return message.has_closed or (message.opening is not None and bool(message.entries))
    return found.tag in ("25", "25P", "28", "28C") and (message.has_closed or bool(message.entries))


def _take(message: _Message, found: _Field) -> None:
    """Add what one field says."""
    message.tags.add(found.tag)
    match found.tag:
        case "20":
            message.reference = one_line(found.text)[:MAX_NAME_CHARS]
        case "25" | "25P":
            message.account, currency = _account(found.text)
            message.currency = message.currency or currency
        case "28" | "28C":
            message.number, _, message.page = found.text.partition("/")
        case "60F" | "60M":
            message.opening = _balance(message, found, message.opening)
        case "62F" | "62M":
            message.closing = _balance(message, found, message.closing)
            message.has_closed = True
        case "64" | "65":
            message.has_closed = True
        case "34F":
            _take_floor(message, found)
        case "90C" | "90D":
            _take_total(message, found)
        case "61":
            message.entries.append((found, []))
        case "86" if message.entries and not message.has_closed and not message.totals:
            # Several fields 86 for one entry, as Rabobank wrote them, are its lines.
            message.entries[-1][1].extend(found.lines)
        case _:
            pass  # field 21, times, and texts about the statement as a whole say nothing that is kept


def _account(text: str) -> tuple[str, str]:
    """The account of field 25, and the currency that some banks write behind it."""
    account = compact_account(text).removeprefix("/")[:MAX_NAME_CHARS]
    if len(account) > 6 and account[-3:] in EXPONENTS and account[-4].isdecimal():
        return account[:-3], account[-3:]
    return account, ""


def _balance(message: _Message, found: _Field, before: _Balance | None) -> _Balance | None:
    read = _BALANCE.match("".join(found.text.split()))
    try:
        if read is None:
            raise MoneyError("balance_format")
        minor = parse_minor(_machine(read[4]), read[3])
    except MoneyError as error:
        reason = (
            f"expected mark, date, currency and amount in field {found.tag} of line {found.line}, "
            f"found {shortened(found.text)} ({error.code})"
        )
        message.problems.append(Reject(0, found.tag, "balance_format", reason))
        return before
    message.currency = read[3]
    day = short_date(read[2][:2], read[2][2:4], read[2][4:])
    return _Balance(minor * _SIGNS[read[1]], read[3], day, found.tag.endswith("F"))


def _take_floor(message: _Message, found: _Field) -> None:
    """The amount from which an interim report lists entries one by one."""
    read = _FLOOR.match(found.text)
    if read and read[1] in EXPONENTS:
        message.currency = message.currency or read[1]
        message.floors.append(known_minor(_machine(read[3]), read[1]))


def _take_total(message: _Message, found: _Field) -> None:
    read = _TOTAL.match(found.text)
    if read and read[2] in EXPONENTS:
        message.currency = message.currency or read[2]
        sign = 1 if found.tag == "90C" else -1
        message.totals[sign] = (known_minor(_machine(read[3]), read[2]), read[2])


def _machine(text: str) -> str:
    """SWIFT's form of an amount as the machine form: "12," -> "12", ",5" -> "0.5"; what is neither stays as it is."""
    whole, comma, decimals = text.partition(",")
    if not comma:
        return text
    return f"{whole or '0'}.{decimals}" if decimals else whole


# --- messages to statements
def _statement(message: _Message) -> _Found:
    message.currency = message.currency or _currency_of_scheme(message)
    entries, rejects, not_booked = list[BankEntry](), list[Reject](), 0
    for found, details in message.entries:
        entry = _entry(found, details, message)
        if isinstance(entry, BankEntry):
            entries.append(entry)
        elif isinstance(entry, Reject):
            rejects.append(entry)
        else:
            not_booked += 1
    opening, closing = message.opening, message.closing
    if opening and closing and opening.currency != closing.currency:
        reason = f"expected the closing balance in {opening.currency}, found {closing.currency}"
        message.problems.append(Reject(0, "balance", "balance_currency", reason))
        closing = None
    currency = (opening.currency if opening else "") or message.currency
    statement = Statement(
        account=message.account,
        reference=message.reference,
        currency=currency if currency in EXPONENTS else "",
        opening_minor=opening.minor if opening else None,
        closing_minor=closing.minor if closing else None,
        closing_date=closing.day if closing else None,
        entries=tuple(entries),
        is_final=not _is_interim(message),
        number=one_line(message.number)[:MAX_NAME_CHARS] if message.number.strip("0 ") else "",
        opening_date=opening.day if opening else None,
    )
    return _Found(statement, message, rejects, not_booked)


def _currency_of_scheme(message: _Message) -> str:
    """Euros for a piece of a statement that names no currency but holds SEPA payments: the scheme has no other (EPC
    rulebooks), and its German transaction codes are those that begin with 1 (DFU agreement, annex 3)."""
    is_sepa = any(_SEPA_PAYMENT.match("".join(lines)) for _, lines in message.entries)
    return "EUR" if is_sepa and not message.tags & {"60F", "60M", "62F", "62M"} else ""


def _lacks_closing(found: _Found) -> bool:
    """Whether a statement has its opening balance alone; SWIFT wants field 62 in each MT940."""
    return found.statement.is_final and bool(found.message.tags & {"60F", "60M"}) and not found.message.has_closed


def _ends_inside_a_line(text: str) -> bool:
    last = split_lines(text[-_END_CHARS:])[-1]
    shown = "".join(char for char in last if char > " ")
    return bool(shown) and not _ends_message(shown, "")


def _take_back_half_entry(found: _Found) -> None:
    """Refuse the last entry of a file that ends inside its field 61: the whole file, when it comes, has another one."""
    if not _lacks_closing(found) or not found.statement.entries:
        return
    last, details = found.message.entries[-1]
    if details or found.statement.entries[-1].line != last.line:
        return
    *kept, half = found.statement.entries
    found.statement = replace(found.statement, entries=tuple(kept))
    reason = "expected a closing balance in field 62F behind the entry, found the end of the file inside a line"
    found.rejects.append(Reject(half.line, "62F", "cut_off", reason, half.amount_minor, half.currency))


def _without_closing(found: _Found) -> list[Reject]:
    """What to say of a statement that was perhaps cut at the end of a line."""
    if not _lacks_closing(found) or any(reject.code == "cut_off" for reject in found.rejects):
        return []
    reason = "expected a closing balance in field 62F, found none: the file may be incomplete"
    return [Reject(0, "62F", "closing_missing", reason)]


def _is_interim(message: _Message) -> bool:
    """An MT942 has floor limits, a time or totals, and no booked balance."""
    marks = message.tags & {"34F", "13", "13D", "90C", "90D"}
    return message.is_interim_block or bool(marks and not message.tags & {"60F", "60M", "62F", "62M"})


def _entry(found: _Field, details: list[str], message: _Message) -> BankEntry | Reject | None:
    """One field 61 with its field 86; None for an entry that is only expected."""
    read, extra = _first_line(found)
    if read is None:
        reason = f"expected dates, C or D, amount and type in field 61, found {shortened(found.text)}"
        return Reject(found.line, "61", "entry_format", reason)
    if read["mark"].startswith("E"):
        return None
    value, booked = _days(read["value"], read["booked"] or "", message)
    row = Row(
        found.line,
        {
            "value": value.isoformat() if value else read["value"],
            "booked": booked.isoformat() if booked else (read["booked"] or read["value"]),
            "amount": _machine(read["amount"]),
            "currency": message.currency,
        },
    )
    amount_minor = row.money("amount", "currency") * _SIGNS[read["mark"]]
    if row.currency:
        row.amount_minor = amount_minor
    booked_day = row.day("booked", required=True) or date.min
    value_day = row.day("value", required=True) or booked_day
    customer, bank, name = _references(read["references"])
    told = read_details(details, extra)
    if len(told.remittance) > MAX_REMITTANCE_CHARS:
        row.fail(
            "text", "too_long", f"expected at most {MAX_REMITTANCE_CHARS} characters, found {len(told.remittance)}"
        )
    own = BankEntry(
        line=found.line,
        booked=booked_day,
        value=value_day,
        amount_minor=amount_minor,
        currency=message.currency,
        counterparty_name=name,
        counterparty_account="",
        remittance=customer,
        structured_reference="",
        end_to_end_id="",
        bank_reference=bank,
        reversal=len(read["mark"]) > 1,
    )
    return row.reject() or _with_details(own, told, read["type"])


def _first_line(found: _Field) -> tuple[re.Match[str] | None, list[str]]:
    """Field 61 read, also when it is wrapped after its mark, and its further lines."""
    read = _ENTRY.match(found.text)
    if read is None and len(found.lines) > 1:
        joined = found.text + found.lines[1].strip()
        return _ENTRY.match(joined), found.lines[2:]
    return read, found.lines[1:]


def _days(value_text: str, booked_text: str, message: _Message) -> tuple[date | None, date | None]:
    """Value date and booking date. The booking date has no year: the one that brings it into the statement's period,
    else next to the value date.

    Without a booking date the value date stands for it.
    """
    value = short_date(value_text[:2], value_text[2:4], value_text[4:])
    if not booked_text or value is None:
        return value, value
    near = [short_date(f"{(value.year + shift) % 100:02}", booked_text[:2], booked_text[2:]) for shift in (0, 1, -1)]
    days = [day for day in near if day is not None]
    first, last = (one.day if one else None for one in (message.opening, message.closing))
    inside = [day for day in days if first and last and first <= day <= last]
    return value, min(inside or days, key=lambda day: abs((day - value).days)) if days else None


def _references(text: str) -> tuple[str, str, str]:
    """The references of the account's owner and of the bank, and a name that stands behind them."""
    customer, _, bank = text.partition("//")
    customer, *more = _WIDE_GAP.split(customer.strip(), maxsplit=1)
    kept = [one_line(part)[:MAX_NAME_CHARS] for part in (customer, bank, " ".join(more))]
    customer, bank = ("" if _NO_REFERENCE.fullmatch(part) else part for part in kept[:2])
    return customer, bank, kept[2]


def _with_details(entry: BankEntry, told: Details, kind: str) -> BankEntry:
    """The entry as field 86 describes it.

    What the owner of the account is given as reference in field 61 is text where there is no other: banks put numbers
    of their own there too, the same for many entries, so it is no end-to-end id.
    """
    return replace(
        entry,
        counterparty_name=told.name or entry.counterparty_name,
        counterparty_account=told.account,
        remittance=told.remittance or entry.remittance,
        structured_reference=told.structured_reference,
        end_to_end_id=told.end_to_end_id,
        reversal=entry.reversal or told.is_return or kind.endswith(_RETURNED_ITEM),
        code=f"{kind}/{told.code}" if told.code else kind,
        return_reason=told.return_reason,
        charges_minor=_side(told.charges, entry.currency),
        instructed=_instructed(told),
    )


def _side(money: tuple[str, str] | None, currency: str) -> int:
    """Charges in the entry's currency; 0 when there are none, or they are in another one."""
    return (known_minor(_machine(money[1]), currency) or 0) if money and money[0] == currency else 0


def _instructed(told: Details) -> tuple[int, str] | None:
    if told.instructed is None or told.instructed[0] not in EXPONENTS:
        return None
    minor = known_minor(_machine(told.instructed[1]), told.instructed[0])
    return None if minor is None else (minor, told.instructed[0])


# --- pages and totals
def _joined_pages(found: Sequence[_Found]) -> list[_Found]:
    """Pages that chain made one: same account, number and currency, intermediate balances that agree."""
    pages = list[_Found]()
    for page in found:
        if pages and _chains(pages[-1], page):
            pages[-1] = _joined(pages[-1], page)
        else:
            pages.append(page)
    return pages


def _chains(first: _Found, second: _Found) -> bool:
    closing, opening = first.message.closing, second.message.opening
    if closing is None or opening is None or closing.is_final or opening.is_final:
        return False
    left, right = first.statement, second.statement
    same = (left.account, left.number, left.currency) == (right.account, right.number, right.currency)
    return same and closing.minor == opening.minor and left.is_final == right.is_final


def _joined(first: _Found, second: _Found) -> _Found:
    left, right = first.statement, second.statement
    statement = replace(
        left,
        closing_minor=right.closing_minor,
        closing_date=right.closing_date,
        entries=left.entries + right.entries,
    )
    message = replace(second.message, problems=first.message.problems + second.message.problems)
    return _Found(statement, message, first.rejects + second.rejects, first.not_booked + second.not_booked)


def _wrong_totals(found: _Found) -> list[Reject]:
    """Whether an interim report's entries give its totals; above a floor limit not all entries are listed."""
    if any(floor != 0 for floor in found.message.floors):
        return []
    wrong = []
    moved = [entry.amount_minor for entry in found.statement.entries]
    moved += [reject.amount_minor or 0 for reject in found.rejects]
    for sign, (minor, currency) in found.message.totals.items():
        listed = sum(abs(amount) for amount in moved if amount * sign > 0)
        if minor is not None and minor != listed and currency == found.statement.currency:
            side = "credits" if sign > 0 else "debits"
            reason = (
                f"expected {side} of {format_minor(listed, currency)} {currency} from the entries, "
                f"found a total of {format_minor(minor, currency)} "
                f"(difference {format_minor(minor - listed, currency)})"
            )
            wrong.append(Reject(0, "totals", "balance_mismatch", reason))
    return wrong
