"""CAMT.053 statements, CAMT.052 reports and CAMT.054 notifications of ISO 20022, in all versions.

Elements are found by local name. An entry is read when it is complete and then let go, so that a file may have any
number of them; the account and the balances stand before the entries, as the standard has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.formats.balances import remarks
from duly.formats.camt_details import (
    DIRECTIONS,
    MAX_DOCUMENTS,
    account_number,
    amount_text,
    charges,
    currency_of,
    detail_amount,
    joined,
    reference,
    transaction_code,
    with_detail,
)
from duly.formats.fields import MAX_IDENTIFIER_CHARS, MAX_NAME_CHARS, Row, known_day, known_minor, one_line
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
from duly.formats.xml import (
    Element,
    Indexed,
    Lines,
    every,
    first,
    local_name,
    machine_date,
    stream_xml,
    strip_namespaces,
    value,
    values,
)

# Codes of ISO 20022 BalanceType: booked opening, previously closed booked (the same money), booked closing; interim
# booked is where the pages of one statement meet.
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)
_INTERIM: Final = "ITBD"
#: Most details (payments of batches) in a file: as many as one of the largest size holds when each says something.
MAX_DETAILS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message: our name for it, its statement's element and what people call that."""

    format: str
    element: str
    called: str


REPORT: Final = Message("camt052", "Rpt", "report (Rpt)")
STATEMENT: Final = Message("camt053", "Stmt", "statement (Stmt)")
NOTIFICATION: Final = Message("camt054", "Ntfctn", "notification (Ntfctn)")


@dataclass(slots=True)
class _Reading:
    """What has been found in one statement so far."""

    currency: str
    account: str
    day: str
    entries: list[BankEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    not_booked: int = 0


@dataclass(frozen=True, slots=True)
class _Balance:
    amount_minor: int
    currency: str
    day: date | None


def reader(message: Message) -> Callable[[bytes], FileResult]:
    """A reader of one kind of message. It raises FileProblem when the XML cannot be read or holds no statement."""

    def read(data: bytes) -> FileResult:
        return _read(data, message)

    return read


def _read(data: bytes, message: Message) -> FileResult:
    _check_counts(data)
    lines = Lines()
    statements, rejects = list[Statement](), list[Reject]()
    reading: _Reading | None = None
    for event, element in stream_xml(data, (message.element, "Ntry")):
        is_entry = local_name(element) == "Ntry"
        if event == "start":
            reading = reading if is_entry else None
        elif is_entry:
            parent = element.getparent()
            if parent is not None and local_name(parent) == message.element:
                reading = reading or _begun(parent)
                _read_entry(Indexed(element), reading, lines)
        else:
            statement, found = _statement(element, reading or _begun(element), message)
            statements.append(statement)
            rejects.extend(found)
            _check_number(statements)
    if not statements:
        raise FileProblem("no_statement", f"expected at least one {message.called}, found none", line=1)
    return file_result("statement", message.format, statements, rejects)


def _check_counts(data: bytes) -> None:
    """Refuse what is too much before any of it is read, for each entry and detail costs time."""
    for name, called, most in ((b"Ntry", "entries", MAX_ENTRIES), (b"TxDtls", "details", MAX_DETAILS)):
        found = sum(1 for _ in re.finditer(rb"<(?:[\w.-]+:)?" + name + rb"[\s/>]", data))
        if found > most:
            raise FileProblem("too_large", f"expected at most {most} {called} in a file, found {found}")


def _check_number(statements: Sequence[Statement]) -> None:
    if len(statements) > MAX_STATEMENTS:
        raise FileProblem("too_large", f"expected at most {MAX_STATEMENTS} statements in a file, found more")


def _begun(element: Element) -> _Reading:
    """What stands before the entries and is needed to read them."""
    for child in element.iterchildren():
        if local_name(child) == "Ntry":  # those behind it may not be complete
            break
        strip_namespaces(child)
    return _Reading(_currency(element), account_number(first(element, "Acct/Id")), _own_day(element))


def _statement(element: Element, reading: _Reading, message: Message) -> tuple[Statement, list[Reject]]:
    opening, closing = _balances(element)
    wrong = list[Reject]()
    for name, found in (("opening", opening), ("closing", closing)):
        if found and found.currency != reading.currency:
            wanted = reading.currency or "the account's currency"
            reason = f"expected the {name} balance in {wanted}, found {found.currency}"
            wrong.append(Reject(0, "balance", "balance_currency", reason))
    opening, closing = (one if one and one.currency == reading.currency else None for one in (opening, closing))
    statement = Statement(
        account=reading.account,
        reference=one_line(value(element, "Id"))[:MAX_NAME_CHARS],
        currency=reading.currency,
        opening_minor=opening.amount_minor if opening else None,
        closing_minor=closing.amount_minor if closing else None,
        closing_date=closing.day if closing else known_day(_end_of_period(element)),
        entries=tuple(reading.entries),
        is_final=message is STATEMENT,
        number=one_line(value(element, "ElctrncSeqNb") or value(element, "LglSeqNb"))[:MAX_IDENTIFIER_CHARS],
        opening_date=opening.day if opening else known_day(_day_of(element, ("FrToDt/FrDtTm", "FrToDt/FrDt"))),
    )
    return statement, reading.rejects + wrong + remarks(statement, reading.rejects, reading.not_booked)


def _read_entry(entry: Element, reading: _Reading, lines: Lines) -> None:
    """Add what one Ntry gives: nothing when it is not booked, one entry, the parts of a batch, or a reject."""
    status = value(entry, "Sts/Cd") or value(entry, "Sts")
    if status and status != "BOOK":
        reading.not_booked += 1
        return
    amount = first(entry, "Amt")
    booked, valued = _day(entry, "BookgDt"), _day(entry, "ValDt")
    row = Row(
        lines.of(entry),
        {
            "booked": booked or valued or reading.day,
            "value": valued or booked or reading.day,
            "amount": amount_text(amount),
            "currency": currency_of(amount) or reading.currency,
        },
    )
    reading.currency = reading.currency or row.raw("currency")
    whole = _whole_entry(entry, row)
    details = [(detail, with_detail(whole, detail, reading.account)) for detail in every(entry, "NtryDtls/TxDtls")]
    merged = _with_details(entry, whole, [found for _, found in details])
    _check_text(row, merged, [found for _, found in details])
    reject = row.reject()
    if reject is not None:
        reading.rejects.append(reject)
        return
    for part in _parts(entry, merged, details, lines):
        text = part.remittance or joined(values(entry, "AddtlNtryInf"))
        reading.entries.append(part if part.remittance == text else replace(part, remittance=text))


def _whole_entry(entry: Element, row: Row) -> BankEntry:
    """The entry as one movement, without what its details say."""
    direction = DIRECTIONS.get(value(entry, "CdtDbtInd"))
    amount_minor = row.money("amount", "currency") * (direction or 1)
    if direction is None or row.raw("amount").startswith("-"):
        row.amount_minor = row.currency = None
        row.fail("direction", "direction", "expected a positive amount marked CRDT or DBIT, found something else")
    elif row.currency:
        row.amount_minor = amount_minor
    booked = row.day("booked", required=True) or date.min
    return BankEntry(
        line=row.line,
        booked=booked,
        value=row.day("value") or booked,
        amount_minor=amount_minor,
        currency=row.raw("currency"),
        counterparty_name="",
        counterparty_account="",
        remittance="",
        structured_reference="",
        end_to_end_id="",
        bank_reference=reference(entry, "AcctSvcrRef"),
        reversal=value(entry, "RvslInd") in ("true", "1"),
        code=transaction_code(entry),
    )


def _check_text(row: Row, merged: BankEntry, details: Sequence[BankEntry]) -> None:
    """The joined texts of a large batch are cut: without its parts it needs a person anyway. A single text is not."""
    longest = max((len(detail.remittance) for detail in details), default=len(merged.remittance))
    if longest > MAX_REMITTANCE_CHARS:
        row.fail("text", "too_long", f"expected at most {MAX_REMITTANCE_CHARS} characters, found {longest}")


def _with_details(entry: Element, whole: BankEntry, details: list[BankEntry]) -> BankEntry:
    """The whole entry with what its details agree on, and the texts, documents and charges of all."""
    taken = charges(entry, whole.currency)
    if not details:
        return replace(whole, charges_minor=taken) if taken else whole
    if len(details) == 1:
        one = details[0]
        return replace(
            one,
            bank_reference=whole.bank_reference or one.bank_reference,
            code=whole.code or one.code,
            charges_minor=taken or one.charges_minor,
        )
    common = _agreed([detail.structured_reference for detail in details])
    end_to_end = _agreed([detail.end_to_end_id for detail in details])
    texts = [
        text
        for detail in details
        for text in (
            detail.remittance,
            "" if common else detail.structured_reference,
            "" if end_to_end else detail.end_to_end_id,
        )
    ]
    documents = [document for detail in details for document in detail.documents]
    return replace(
        whole,
        counterparty_name=_agreed([detail.counterparty_name for detail in details]),
        counterparty_account=_agreed([detail.counterparty_account for detail in details]),
        remittance=joined(texts)[:MAX_REMITTANCE_CHARS],
        structured_reference=common,
        end_to_end_id=end_to_end,
        bank_reference=whole.bank_reference or _agreed([detail.bank_reference for detail in details]),
        reversal=whole.reversal or all(detail.reversal for detail in details),
        code=whole.code or _agreed([detail.code for detail in details]),
        return_reason=_agreed([detail.return_reason for detail in details]),
        charges_minor=taken or sum(detail.charges_minor for detail in details),
        documents=tuple(documents[:MAX_DOCUMENTS]),
    )


def _parts(
    entry: Element, merged: BankEntry, details: Sequence[tuple[Element, BankEntry]], lines: Lines
) -> list[BankEntry]:
    """The payments of a batch, when all their amounts are given and add up to the entry; else the entry itself."""
    if len(details) < 2:
        return [merged]
    amounts = [detail_amount(detail, merged, entry) for detail, _ in details]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(details) or sum(known) != merged.amount_minor:
        return [merged]
    batch = reference(entry, "AcctSvcrRef")
    shared = batch or one_line(value(entry, "NtryDtls/Btch/PmtInfId") or value(entry, "Btch/PmtInfId"))
    own = [part.bank_reference for _, part in details]
    distinct = all(own) and len(set(own)) == len(own)
    parts = []
    for number, ((detail, part), amount) in enumerate(zip(details, known, strict=True), start=1):
        numbered = f"{batch}/{number}" if batch else ""
        parts.append(
            replace(
                part,
                line=part.line if number == 1 else lines.of(detail),
                amount_minor=amount,
                bank_reference=part.bank_reference if distinct else numbered,
                batch_reference=shared[:MAX_NAME_CHARS],
            )
        )
    return parts


def _currency(statement: Element) -> str:
    """The currency of the account, else of its booked balances; the first entry's is taken where neither is given."""
    stated = value(statement, "Acct/Ccy")
    if stated:
        return stated
    booked = [
        balance for balance in every(statement, "Bal") if _balance_code(balance) in (*_OPENING, *_CLOSING, _INTERIM)
    ]
    found = [currency_of(first(balance, "Amt")) for balance in booked]
    return next((currency for currency in found if currency), "")


def _own_day(statement: Element) -> str:
    """The day that an entry without any gets, as notifications have them: the end of the period, else the making."""
    return _end_of_period(statement) or machine_date(value(statement, "CreDtTm"))


def _end_of_period(statement: Element) -> str:
    return _day_of(statement, ("FrToDt/ToDtTm", "FrToDt/ToDt"))


def _day_of(statement: Element, paths: Sequence[str]) -> str:
    return next((machine_date(text) for path in paths if (text := value(statement, path))), "")


def _balances(statement: Element) -> tuple[_Balance | None, _Balance | None]:
    """Opening and closing balance. The pages of one statement meet at interim balances."""
    opening, closing = _balance(statement, _OPENING), _balance(statement, _CLOSING)
    if local_name(statement) != STATEMENT.element:
        return opening, closing
    interim = list(_found_balances(statement, _INTERIM))
    if opening is None and interim and (closing is not None or len(interim) > 1):
        opening = interim.pop(0)
    if closing is None and interim:
        closing = interim[-1]
    return opening, closing


def _balance(statement: Element, codes: Sequence[str]) -> _Balance | None:
    """The first readable balance of one of the codes, the codes tried in order."""
    return next((found for code in codes for found in _found_balances(statement, code)), None)


def _found_balances(statement: Element, code: str) -> Iterator[_Balance]:
    for element in every(statement, "Bal"):
        if _balance_code(element) != code:
            continue
        amount = first(element, "Amt")
        direction = DIRECTIONS.get(value(element, "CdtDbtInd"), 1)
        minor = known_minor(amount_text(amount), currency_of(amount))
        if minor is not None:
            yield _Balance(direction * minor, currency_of(amount), known_day(_day(element, "Dt")))


def _balance_code(balance: Element) -> str:
    return value(balance, "Tp/CdOrPrtry/Cd") or value(balance, "Tp/Cd")


def _day(element: Element, name: str) -> str:
    return machine_date(value(element, f"{name}/Dt") or value(element, f"{name}/DtTm") or value(element, name))


def _agreed(found: Sequence[str]) -> str:
    """The value that all details have in common; "" when they differ."""
    return found[0] if len(set(found)) == 1 else ""
