"""What the details of a CAMT entry say: the other side, references, texts, documents, charges, why money came back.

Paths are those of ISO 20022 camt.052, .053 and .054, versions 1 to 13; the places that moved between versions are tried
in turn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from duly.domain.money import EXPONENTS
from duly.formats.fields import MAX_IDENTIFIER_CHARS, MAX_NAME_CHARS, compact_account, known_minor, many_lines, one_line
from duly.formats.records import BankEntry
from duly.formats.xml import Element, every, first, machine_amount, value, values

DIRECTIONS: Final = {"CRDT": 1, "DBIT": -1}
#: Most documents that are kept of a batch which stays one entry; without its parts it needs a person anyway.
MAX_DOCUMENTS: Final = 1_000
# What banks write where the payer gave nothing.
_NOT_GIVEN: Final = ("NOTPROVIDED", "NOT PROVIDED", "NONREF", "KEINE INFORMATION VORHANDEN")
_REFERENCES: Final = ("CdtrRefInf/Ref", "CdtrRefInf/CdtrRef")
_ACCOUNTS: Final = ("IBAN", "Othr/Id", "PrtryAcct/Id", "BBAN", "UPIC")


def with_detail(whole: BankEntry, detail: Element, own_account: str) -> BankEntry:
    """The entry as this detail describes it; its amount is left alone."""
    name, account, behind = _counterparty(detail, whole, own_account)
    remittance, amounts = first(detail, "RmtInf"), first(detail, "AmtDtls")
    returned = first(detail, "RtrInf")
    structured = list(every(remittance, "Strd"))
    references = [text for one in structured for path in _REFERENCES for text in values(one, path)]
    own_text = joined(_texts(remittance, structured, references[1:]) or values(detail, "AddtlTxInf"))
    return replace(
        whole,
        counterparty_name=name,
        counterparty_account=account,
        remittance=joined([own_text, behind]),
        structured_reference=one_line(references[0])[:MAX_NAME_CHARS] if references else "",
        end_to_end_id=_given(value(detail, "Refs/EndToEndId")),
        bank_reference=reference(detail, "Refs/AcctSvcrRef"),
        reversal=whole.reversal or returned is not None,
        code=transaction_code(detail) or whole.code,
        return_reason=_return_reason(returned),
        charges_minor=charges(detail, whole.currency) or _withheld(detail, amounts, whole.currency),
        instructed=_instructed(amounts, whole.currency),
        documents=_documents(structured, whole.currency),
    )


def detail_amount(detail: Element, whole: BankEntry, entry: Element) -> int | None:
    """A detail's own amount with its sign, in the entry's currency; None when it is not given or not readable.

    From version 4 on TxDtls/Amt is the amount in the account's currency; before, AmtDtls/TxAmt is.
    """
    direction = DIRECTIONS.get(value(detail, "CdtDbtInd") or value(entry, "CdtDbtInd"))
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        minor = _minor(first(detail, path), whole.currency)
        if minor is not None and direction:
            return direction * minor
    return None


def charges(element: Element, currency: str) -> int:
    """What the banks took from an entry or detail, in its currency; 0 when nothing is said.

    Charges that are not in the amount (ChrgInclInd false, a pre-advice) come as entries of their own.
    """
    total = 0
    for one in every(element, "Chrgs"):
        records = list(every(one, "Rcrd")) or [one]
        taken = [_charge(record, currency) for record in records if value(record, "ChrgInclInd") not in ("false", "0")]
        total += sum(taken)
    return max(total, 0)


def _withheld(detail: Element, amounts: Element | None, currency: str) -> int:
    """How much less arrived than the payer ordered in the same currency."""
    ordered = _minor(first(amounts, "InstdAmt/Amt"), currency)
    arrived = None if ordered is None else _minor(first(detail, "Amt"), currency)
    if arrived is None:
        arrived = _minor(first(amounts, "TxAmt/Amt"), currency)
    return 0 if ordered is None or arrived is None else max(ordered - arrived, 0)


def _charge(record: Element, currency: str) -> int:
    amount = first(record, "Amt") if first(record, "Amt") is not None else first(record, "TtlChrgsAndTaxAmt")
    return (_minor(amount, currency) or 0) * -DIRECTIONS.get(value(record, "CdtDbtInd"), -1)


def transaction_code(element: Element) -> str:
    """The bank transaction code: PMNT/RCDT/ESCT of the ISO domain, else the bank's own."""
    code = first(element, "BkTxCd")
    if code is None:
        return ""
    parts = [value(code, path) for path in ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd")]
    own = value(code, "Prtry/Cd")
    return one_line("/".join(part for part in parts if part) or own)[:MAX_IDENTIFIER_CHARS]


def account_number(identification: Element | None) -> str:
    """The account number of an Id element, "" if it has none."""
    if identification is None:
        return ""
    found = next((text for path in _ACCOUNTS if (text := value(identification, path))), "")
    return compact_account(found)[:MAX_NAME_CHARS]


def amount_text(amount: Element | None) -> str:
    """An amount in the form that parse_minor reads."""
    return "" if amount is None else machine_amount((amount.text or "").strip())


def currency_of(amount: Element | None) -> str:
    """The currency of an amount."""
    return "" if amount is None else str(amount.get("Ccy") or "").strip()


def reference(element: Element, path: str) -> str:
    """A reference of the bank, one line."""
    return one_line(value(element, path))[:MAX_NAME_CHARS]


def joined(texts: Iterable[str]) -> str:
    """Texts as lines."""
    return "\n".join(line for text in texts if (line := many_lines(text)))


def _minor(amount: Element | None, currency: str) -> int | None:
    """An amount in minor units, None if it is missing, unreadable or in another currency."""
    if amount is None or currency_of(amount) not in ("", currency):
        return None
    return known_minor(amount_text(amount), currency)


def _given(text: str) -> str:
    found = one_line(text)[:MAX_NAME_CHARS]
    return "" if found.upper() in _NOT_GIVEN else found


def _instructed(amounts: Element | None, currency: str) -> tuple[int, str] | None:
    """What the payer ordered, where that was in another currency."""
    amount = first(amounts, "InstdAmt/Amt")
    ordered = currency_of(amount)
    minor = _minor(amount, ordered) if ordered in EXPONENTS and ordered != currency else None
    return None if minor is None else (minor, ordered)


def _return_reason(returned: Element | None) -> str:
    paths = ("Rsn/Cd", "Rsn/Prtry", "RtrRsn/Cd", "RtrRsn/Prtry", "RtrRsn")
    found = next((text for path in paths if (text := value(returned, path))), "")
    return one_line(found)[:MAX_IDENTIFIER_CHARS]


def _texts(remittance: Element | None, structured: list[Element], more_references: list[str]) -> list[str]:
    """All that the payer wrote: free text, named documents, what is added to them, further references."""
    paths = ("RfrdDocInf/Nb", "RfrdDocInf/RfrdDocNb", "AddtlRmtInf")
    named = [text for path in paths for one in structured for text in values(one, path)]
    return [*values(remittance, "Ustrd"), *named, *more_references]


def _documents(structured: list[Element], currency: str) -> tuple[tuple[str, int | None], ...]:
    """The documents that the structured remittance names, each with what was paid for it; credit notes are negative."""
    found = list[tuple[str, int | None]]()
    for one in structured:
        named = list(every(one, "RfrdDocInf"))
        # The amounts beside several documents belong to none of them alone.
        beside = _document_amount(first(one, "RfrdDocAmt"), currency) if len(named) == 1 else None
        found += [document for document in (_document(each, beside, currency) for each in named) if document[0]]
    return tuple(found)


def _document(named: Element, beside: int | None, currency: str) -> tuple[str, int | None]:
    """Number and amount of one document: the sum of its lines, else the amount beside it."""
    number = one_line(value(named, "Nb") or value(named, "RfrdDocNb"))[:MAX_IDENTIFIER_CHARS]
    own = [_document_amount(line, currency) for line in every(named, "LineDtls/Amt")]
    known = [amount for amount in own if amount is not None]
    amount = sum(known) if own and len(known) == len(own) else beside
    is_credit = "CREN" in (value(named, "Tp/CdOrPrtry/Cd"), value(named, "RfrdDocTp/Cd"))
    return number, -abs(amount) if amount is not None and is_credit else amount


def _document_amount(amounts: Element | None, currency: str) -> int | None:
    """What was remitted for a document, else what was due for it; of a credit note, what it takes off."""
    paid = _minor(first(amounts, "RmtdAmt"), currency)
    due = _minor(first(amounts, "DuePyblAmt"), currency)
    credit = _minor(first(amounts, "CdtNoteAmt"), currency)
    if paid is None and due is None:
        return None if credit is None else -abs(credit)
    return due if paid is None else paid


def _counterparty(detail: Element, whole: BankEntry, own_account: str) -> tuple[str, str, str]:
    """Name and account of the other side, and the name of the party behind it when that is another.

    The other side is the debtor of money in, the creditor of money out. A reversal keeps the roles of the payment that
    it takes back, so there it is the other way round. Where the bank gives only one side, or puts the account's owner
    on the expected side, the other party is taken; where it gives none, the bank of the expected one.
    """
    roles = ("Dbtr", "Cdtr") if (whole.amount_minor >= 0) != whole.reversal else ("Cdtr", "Dbtr")
    parties = first(detail, "RltdPties")
    for role in roles if parties is not None else ():
        names, account = _names(parties, role), account_number(first(parties, f"{role}Acct/Id"))
        if (names or account) and (not account or account != own_account):
            behind = names[1] if len(names) > 1 and names[1] != names[0] else ""
            return names[0] if names else "", account, behind
    agent = f"RltdAgts/{roles[0]}Agt/FinInstnId"
    paths = (f"RltdPties/{roles[0]}/Agt/FinInstnId/Nm", f"{agent}/Nm", f"{agent}/NmAndAdr/Nm")
    return next((text for path in paths if (text := _given(value(detail, path)))), ""), "", ""


def _names(parties: Element | None, role: str) -> list[str]:
    """The names of the party in a role and of the one on whose behalf it acts."""
    found = [_given(value(parties, f"{one}/Pty/Nm") or value(parties, f"{one}/Nm")) for one in (role, f"Ultmt{role}")]
    return [name for name in found if name]
