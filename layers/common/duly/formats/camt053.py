"""CAMT.053, the ISO 20022 bank-to-customer statement, in all versions (elements are found by local name)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.domain.money import MoneyError, parse_minor
from duly.formats.balances import remarks
from duly.formats.fields import MAX_NAME_CHARS, Row, compact_account, many_lines, one_line, parse_date
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
from duly.formats.xml import Element, Lines, every, first, machine_amount, machine_date, parse_xml, value, values

_DIRECTIONS: Final = {"CRDT": 1, "DBIT": -1}
# Codes of ISO 20022 BalanceType: booked opening, previously closed booked (the same money), booked closing.
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)


@dataclass(slots=True)
class _Reading:
    """What has been found in one statement so far."""

    currency: str
    account: str
    entries: list[BankEntry] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    not_booked: int = 0


@dataclass(frozen=True, slots=True)
class _Balance:
    amount_minor: int
    currency: str
    day: date | None


def read_camt053(data: bytes) -> FileResult:
    """The statements of a CAMT.053 file. Raises FileProblem when the XML cannot be read or holds no statement."""
    root = parse_xml(data)
    lines = Lines()
    statements, rejects = list[Statement](), list[Reject]()
    found_statements = list(every(root, "BkToCstmrStmt/Stmt"))
    if len(found_statements) > MAX_STATEMENTS:
        reason = f"expected at most {MAX_STATEMENTS} statements in a file, found {len(found_statements)}"
        raise FileProblem("too_large", reason)
    for element in found_statements:
        statement, found = _statement(element, lines)
        statements.append(statement)
        rejects.extend(found)
    if not statements:
        raise FileProblem("no_statement", "expected at least one statement (Stmt), found none", line=1)
    return file_result("statement", "camt053", statements, rejects)


def _statement(element: Element, lines: Lines) -> tuple[Statement, list[Reject]]:
    balances = {code: _balance(element, codes) for code, codes in (("opening", _OPENING), ("closing", _CLOSING))}
    reading = _Reading(_currency(element), _account(first(element, "Acct/Id")))
    for entry in every(element, "Ntry"):
        _read_entry(entry, reading, lines)
    kept = {code: found for code, found in balances.items() if found and found.currency == reading.currency}
    closing = kept.get("closing")
    statement = Statement(
        account=reading.account,
        reference=one_line(value(element, "Id"))[:MAX_NAME_CHARS],
        currency=reading.currency,
        opening_minor=kept["opening"].amount_minor if "opening" in kept else None,
        closing_minor=closing.amount_minor if closing else None,
        closing_date=closing.day if closing else None,
        entries=tuple(reading.entries),
    )
    return statement, reading.rejects + _remarks(statement, reading, balances)


def _remarks(statement: Statement, reading: _Reading, balances: dict[str, _Balance | None]) -> list[Reject]:
    """What has to be said of the statement as a whole."""
    wrong = []
    for code, found in balances.items():
        if found and found.currency != reading.currency:
            wanted = reading.currency or "the account's currency"
            reason = f"expected the {code} balance in {wanted}, found {found.currency}"
            wrong.append(Reject(0, "balance", "balance_currency", reason))
    return wrong + remarks(statement, reading.rejects, reading.not_booked)


def _read_entry(entry: Element, reading: _Reading, lines: Lines) -> None:
    """Add what one Ntry gives: nothing when it is not booked, one entry, the parts of a batch, or a reject."""
    status = value(entry, "Sts/Cd") or value(entry, "Sts")
    if status and status != "BOOK":
        reading.not_booked += 1
        return
    amount = first(entry, "Amt")
    row = Row(
        lines.of(entry),
        {
            "booked": _day(entry, "BookgDt") or _day(entry, "ValDt"),
            "value": _day(entry, "ValDt") or _day(entry, "BookgDt"),
            "amount": _amount_text(amount),
            "currency": _currency_of(amount) or reading.currency,
        },
    )
    whole = _whole_entry(entry, row, reading)
    reject = row.reject()
    if reject is None:
        reading.entries.extend(_parts(entry, whole, reading, lines))
    else:
        reading.rejects.append(reject)


def _whole_entry(entry: Element, row: Row, reading: _Reading) -> BankEntry:
    """The entry as one movement, with the texts of all its details."""
    direction = _DIRECTIONS.get(value(entry, "CdtDbtInd"))
    amount_minor = row.money("amount", "currency") * (direction or 1)
    if direction is None or row.raw("amount").startswith("-"):
        row.amount_minor = row.currency = None
        row.fail("direction", "direction", "expected a positive amount marked CRDT or DBIT, found something else")
    elif row.currency:
        row.amount_minor = amount_minor
    booked = row.day("booked", required=True) or date.min
    whole = BankEntry(
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
        bank_reference=_reference(entry, "AcctSvcrRef"),
        reversal=value(entry, "RvslInd") in ("true", "1"),
    )
    details = [_with_detail(whole, detail, reading) for detail in every(entry, "NtryDtls/TxDtls")]
    merged = _merged(whole, details)
    if not merged.remittance:
        merged = replace(merged, remittance=_joined(values(entry, "AddtlNtryInf")))
    # The joined texts of a large batch are cut: without its parts it needs a person anyway. A single text is not cut.
    longest = max((len(detail.remittance) for detail in details), default=len(merged.remittance))
    if longest > MAX_REMITTANCE_CHARS:
        row.fail("text", "too_long", f"expected at most {MAX_REMITTANCE_CHARS} characters, found {longest}")
    return replace(merged, remittance=merged.remittance[:MAX_REMITTANCE_CHARS])


def _merged(whole: BankEntry, details: list[BankEntry]) -> BankEntry:
    """The whole entry with what its details agree on, and the texts of all."""
    if not details:
        return whole
    return replace(
        whole,
        counterparty_name=_agreed([detail.counterparty_name for detail in details]),
        counterparty_account=_agreed([detail.counterparty_account for detail in details]),
        remittance=_joined(detail.remittance for detail in details),
        structured_reference=_agreed([detail.structured_reference for detail in details]),
        end_to_end_id=_agreed([detail.end_to_end_id for detail in details]),
        bank_reference=whole.bank_reference or _agreed([detail.bank_reference for detail in details]),
        reversal=whole.reversal or all(detail.reversal for detail in details),
    )


def _parts(entry: Element, whole: BankEntry, reading: _Reading, lines: Lines) -> list[BankEntry]:
    """The payments of a batch, when all their amounts are given and add up to the entry; else the entry itself."""
    details = list(every(entry, "NtryDtls/TxDtls"))
    amounts = [_detail_amount(detail, whole, entry) for detail in details]
    known = [amount for amount in amounts if amount is not None]
    if len(details) < 2 or len(known) < len(details) or sum(known) != whole.amount_minor:
        return [whole]
    found = [_with_detail(whole, detail, reading) for detail in details]
    own = [part.bank_reference for part in found]
    distinct = all(own) and len(set(own)) == len(own)
    parts = []
    for number, (part, amount, detail) in enumerate(zip(found, known, details, strict=True), start=1):
        shared = f"{whole.bank_reference}/{number}" if whole.bank_reference else ""
        reference = part.bank_reference if distinct else shared
        line = whole.line if number == 1 else lines.of(detail)
        text = part.remittance or _joined(values(entry, "AddtlNtryInf"))
        parts.append(replace(part, line=line, amount_minor=amount, bank_reference=reference, remittance=text))
    return parts


def _detail_amount(detail: Element, whole: BankEntry, entry: Element) -> int | None:
    """A detail's own amount with its sign, in the entry's currency; None when it is not given or not readable.

    From version 4 on TxDtls/Amt is the amount in the account's currency; before, AmtDtls/TxAmt is.
    """
    direction = _DIRECTIONS.get(value(detail, "CdtDbtInd") or value(entry, "CdtDbtInd"))
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        amount = first(detail, path)
        if amount is not None and _currency_of(amount) in ("", whole.currency) and direction:
            try:
                return direction * parse_minor(_amount_text(amount), whole.currency)
            except MoneyError:
                continue
    return None


def _with_detail(whole: BankEntry, detail: Element, reading: _Reading) -> BankEntry:
    """The entry as this detail describes it."""
    name, account = _counterparty(detail, whole, reading.account)
    references = list(values(detail, "RmtInf/Strd/CdtrRefInf/Ref"))
    end_to_end = one_line(value(detail, "Refs/EndToEndId"))[:MAX_NAME_CHARS]
    return replace(
        whole,
        counterparty_name=name,
        counterparty_account=account,
        remittance=_remittance(detail, references[1:]),
        structured_reference=one_line(references[0])[:MAX_NAME_CHARS] if references else "",
        end_to_end_id="" if end_to_end == "NOTPROVIDED" else end_to_end,
        bank_reference=_reference(detail, "Refs/AcctSvcrRef"),
        reversal=whole.reversal or first(detail, "RtrInf") is not None,
    )


def _remittance(detail: Element, more_references: list[str]) -> str:
    """All that the payer wrote: free text, named documents, further references; else the bank's own text."""
    texts = [
        *values(detail, "RmtInf/Ustrd"),
        *values(detail, "RmtInf/Strd/RfrdDocInf/Nb"),
        *values(detail, "RmtInf/Strd/AddtlRmtInf"),
        *more_references,
    ]
    return _joined(texts or values(detail, "AddtlTxInf"))


def _counterparty(detail: Element, whole: BankEntry, own_account: str) -> tuple[str, str]:
    """Name and account of the other side: the debtor of money in, the creditor of money out.

    A reversal keeps the roles of the payment that it takes back, so there it is the other way round. Where the bank
    gives only one side, or puts the account's owner on the expected side, the other party is taken.
    """
    roles = ("Dbtr", "Cdtr") if (whole.amount_minor >= 0) != whole.reversal else ("Cdtr", "Dbtr")
    parties = [_party(detail, role) for role in roles]
    foreign = [party for party in parties if any(party) and (not party[1] or party[1] != own_account)]
    return foreign[0] if foreign else ("", "")


def _party(detail: Element, role: str) -> tuple[str, str]:
    parties = first(detail, "RltdPties")
    paths = (f"{role}/Nm", f"{role}/Pty/Nm", f"Ultmt{role}/Nm", f"Ultmt{role}/Pty/Nm")
    name = next((text for path in paths if (text := value(parties, path))), "")
    return one_line(name)[:MAX_NAME_CHARS], _account(first(parties, f"{role}Acct/Id"))


def _account(identification: Element | None) -> str:
    found = value(identification, "IBAN") or value(identification, "Othr/Id") or value(identification, "PrtryAcct/Id")
    return compact_account(found)[:MAX_NAME_CHARS]


def _currency(statement: Element) -> str:
    """The currency of the account, else of its booked balances, else of its entries."""
    stated = value(statement, "Acct/Ccy")
    if stated:
        return stated
    booked = [balance for balance in every(statement, "Bal") if _balance_code(balance) in _OPENING + _CLOSING]
    found = [_currency_of(first(element, "Amt")) for element in (*booked, *every(statement, "Ntry"))]
    return next((currency for currency in found if currency), "")


def _balance(statement: Element, codes: tuple[str, ...]) -> _Balance | None:
    """The first readable balance of one of the codes, the codes tried in order."""
    for code in codes:
        for element in every(statement, "Bal"):
            if _balance_code(element) != code:
                continue
            amount = first(element, "Amt")
            direction = _DIRECTIONS.get(value(element, "CdtDbtInd"), 1)
            try:
                minor = direction * parse_minor(_amount_text(amount), _currency_of(amount))
            except MoneyError:
                continue
            day = parse_date(_day(element, "Dt"))
            return _Balance(minor, _currency_of(amount), day if isinstance(day, date) else None)
    return None


def _balance_code(balance: Element) -> str:
    return value(balance, "Tp/CdOrPrtry/Cd") or value(balance, "Tp/Cd")


def _day(element: Element, name: str) -> str:
    return machine_date(value(element, f"{name}/Dt") or value(element, f"{name}/DtTm") or value(element, name))


def _amount_text(amount: Element | None) -> str:
    return "" if amount is None else machine_amount((amount.text or "").strip())


def _currency_of(amount: Element | None) -> str:
    return "" if amount is None else str(amount.get("Ccy") or "").strip()


def _reference(element: Element, path: str) -> str:
    return one_line(value(element, path))[:MAX_NAME_CHARS]


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(line for text in texts if (line := many_lines(text)))


def _agreed(found: list[str]) -> str:
    """The value that all details have in common; "" when they differ."""
    return found[0] if len(set(found)) == 1 else ""
