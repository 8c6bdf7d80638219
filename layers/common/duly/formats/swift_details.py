"""What banks write in field 86 of MT940 and MT942 (and in the further lines of field 61), dialect by dialect.

Each dialect is recognised by its form, never by the bank's name: numbered subfields (Germany, Austria, Poland,
Triodos), words between slashes (Netherlands, Nordic banks), labels with a colon (mBank, PostFinance), an IBAN at the
start (ASN, SNS), or plain text. What no dialect explains stays in the remittance text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from duly.domain.check_digits import iban_is_valid
from duly.formats.fields import MAX_NAME_CHARS, compact_account, many_lines, one_line

#: SWIFT's length of a line; a text line that is this long (less its tag) goes on in the next one without a space.
FULL_LINE_CHARS: Final = 61
#: Length of a numbered subfield of text in the German form (DFU agreement, annex 3); a full one goes on in the next.
FULL_SUBFIELD_CHARS: Final = 27

_PLACEHOLDERS: Final = frozenset(("", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOTPROVIDED//"))
# German business transaction codes of money that comes back: returned SEPA direct debits (B2B, core), returned credit
# transfers, and direct debits credited again (DFU agreement of the German banks, annex 3, list of these codes).
_RETURN_CODES: Final = frozenset(("108", "109", "159", "181", "184"))
# Supplements of the text key in subfield 34 that the texts beside them explain in real files; other 9xx stay unnamed.
_RETURN_KEYS: Final = {"901": "AC01", "914": "MS03"}
_ISO_REASON: Final = re.compile(
    r"\b(?:AC0[1-6]|AC13|AG0[12]|AM0[45]|BE0[145]|CNOR|DNOR|FF0[15]|MD0[1267]|MS0[23]|RC01|RR0[1-4]|SL01)\b"
)

_NUMBERED: Final = re.compile(
    r"\s*([0-9]{3})?\s?([^\w\s])(?=(?:00|10|2[0-9]|30|31|32)[^\d]|(?:00|10|2[0-9]|30|31|32)\d)"
)
_SUBFIELDS: Final = "00|10|2[0-9]|3[0-48]|6[0-5]|7[0-9]|99"
_SEPA_TAG: Final = re.compile(
    r"((?:EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|RREF|RTRN)(?=\+)|MTLG(?=:))[+:]"
)
_LABELLED_END_TO_END: Final = re.compile(r"\bEREF: ?(\S+)")

_SLASH_START: Final = re.compile(r"\s*/[A-Z]{2,4}/")
_SLASH_TAG: Final = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|BENM|ORDP|ISDT|PREF|ADDR|CNTP|RTRN|PURP|ULTC|ULTD|ULTB|CREF|TRCD"
    r"|IREF|RREF|NRTX|SVCL|EXCH|CHGS|CHGT|OCMT|ACCW|BUSP|ID)/"
)
_STRUCTURED_REMITTANCE: Final = re.compile(r"STRD/(?:(?:CUR|ISO|CRE)/)?([^/]+)/?")
_MONEY: Final = re.compile(r"([A-Z]{3})([0-9]+(?:,[0-9]*)?|,[0-9]+)")

_POLISH_LABELS: Final = re.compile(r"(?:^|; ?)(ID IPH|Z RACH\.|NA RACH\.|OD|DLA|TYT\.|TNR):", re.MULTILINE)
_SWISS_LABELS: Final = re.compile(
    r"\b(AUFTRAGGEBER|DONNEUR D'ORDRE|ORDINANTE|MITTEILUNGEN|COMMUNICATIONS|COMUNICAZIONI|REFERENZEN|R[EÉ]F[EÉ]RENCES):"
)
_LEADING_IBAN: Final = re.compile(r"([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})\s+(\S.*)")
_ONLY_ACCOUNT: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|P[0-9]{7,9}")


@dataclass(frozen=True, slots=True)
class Details:
    """What field 86 says of an entry. Any text may be empty; `charges` and `instructed` are currency and amount in
    SWIFT's form."""

    name: str = ""
    account: str = ""
    remittance: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    code: str = ""
    return_reason: str = ""
    is_return: bool = False
    charges: tuple[str, str] | None = None
    instructed: tuple[str, str] | None = None


def read_details(lines: Sequence[str], extra: Sequence[str] = ()) -> Details:
    """Field 86 by its lines, with the further lines of field 61 (`extra`)."""
    flat = "".join(lines)
    if numbered := _NUMBERED.match(flat):
        told = _numbered(flat, numbered)
    elif _SLASH_START.match(flat):
        told = _slashed(_flowing(lines))
    elif _POLISH_LABELS.search(flat):
        told = _polish(_flowing(lines))
    elif _SWISS_LABELS.search(flat):
        told = _swiss(_flowing(lines))
    else:
        told = _plain(lines)
    return _cleaned(_with_extra(told, extra))


def _cleaned(told: Details) -> Details:
    """Lengths bounded, control characters and placeholders out."""
    return replace(
        told,
        name=one_line(told.name)[:MAX_NAME_CHARS],
        account=_account(told.account),
        remittance=many_lines(told.remittance),
        structured_reference=one_line(told.structured_reference)[:MAX_NAME_CHARS],
        end_to_end_id=_reference(told.end_to_end_id),
        return_reason=told.return_reason.strip().upper()[:8],
        is_return=told.is_return or bool(told.return_reason.strip()),
    )


def _account(text: str) -> str:
    """An account number; a Polish one that lacks nothing but the country of its IBAN gets it."""
    account = compact_account(text)[:MAX_NAME_CHARS]
    return f"PL{account}" if len(account) == 26 and account.isdecimal() and iban_is_valid(f"PL{account}") else account


def _reference(text: str) -> str:
    value = one_line(text)[:MAX_NAME_CHARS]
    return "" if value.upper() in _PLACEHOLDERS else value


def _flowing(lines: Sequence[str]) -> str:
    """Wrapped lines as one text: a full line goes on without a space, a shorter one ended at a space."""
    return _chained(lines, FULL_LINE_CHARS)


def _chained(pieces: Sequence[str], full: int) -> str:
    text, last = "", full
    for piece in pieces:
        # A hyphen inside a word or number is where payers' programs break it; a dash has spaces around it.
        is_broken = text[-1:] == "-" and text[-2:-1] not in ("", " ", "-")
        is_open = text and not is_broken and not text.endswith(" ") and not piece.startswith(" ")
        text += (" " if is_open and last < full else "") + piece
        last = len(piece)
    return text


# --- numbered subfields: 166?00GUTSCHRIFT?109075?20EREF+...?30BANK?31ACCOUNT?32NAME?34000
def _numbered(flat: str, start: re.Match[str]) -> Details:
    code, separator = start[1] or "", start[2]
    pieces = re.split(re.escape(separator) + f"({_SUBFIELDS})", flat[start.start(2) :])
    subfields = [(number, text) for number, text in zip(pieces[1::2], pieces[2::2], strict=True)]

    def joined(*numbers: str) -> str:
        return "".join(text for number, text in subfields if number in numbers)

    texts = [text for number, text in subfields if number[0] == "2" or number in ("60", "61", "62", "63")]
    tagged = _sepa_tags(_chained(texts, FULL_SUBFIELD_CHARS))
    bank, account = joined("30").strip(), joined("31").strip()
    # An account number of the old kind means something only with its bank's code.
    is_old = bank.isdecimal() and account.isdecimal() and len(account) <= 10
    told = Details(
        name=_chained([joined("32"), joined("33")], FULL_SUBFIELD_CHARS).strip() or tagged.get("ABWA", ""),
        account=tagged.get("IBAN", "") or joined("38") or (f"{bank}/{account}" if is_old else account),
        remittance=tagged.get("SVWZ") or tagged[""] or tagged.get("MTLG") or joined("00"),
        end_to_end_id=tagged.get("EREF", ""),
        code=code,
    )
    if not told.end_to_end_id and (label := _LABELLED_END_TO_END.search(told.remittance)):
        told = replace(told, end_to_end_id=label[1])
    return _with_return(told, joined("34").strip(), tagged.get("RTRN", ""))


def _sepa_tags(text: str) -> dict[str, str]:
    """Values by SEPA tag (the first of each), under "" the text that has no tag."""
    before, *rest = _SEPA_TAG.split(text)
    found = {"": before.strip()}
    for tag, value in zip(rest[::2], rest[1::2], strict=True):
        found.setdefault(tag, value.strip())
    return found


def _with_return(told: Details, key: str, stated: str) -> Details:
    """Why money came back: by the tag, by an ISO code in the text, or by the supplement of the text key."""
    if told.code not in _RETURN_CODES and not stated:
        return told
    in_text = _ISO_REASON.search(told.remittance)
    reason = stated or (in_text[0] if in_text else _RETURN_KEYS.get(key, ""))
    return replace(told, return_reason=reason, is_return=True)


# --- words between slashes: /TRTP/SEPA OVERBOEKING/IBAN/NL.../NAME/.../REMI/.../EREF/...
def _slashed(text: str) -> Details:
    before, *rest = _SLASH_TAG.split(text)
    found = dict[str, str]()
    for tag, value in zip(rest[::2], rest[1::2], strict=True):
        if value.strip(" /"):
            found.setdefault(tag, value)
    party = [part.strip() for part in found.get("CNTP", "").split("/")] + ["", "", ""]
    structured = _STRUCTURED_REMITTANCE.search(found.get("REMI", ""))
    remittance = "" if structured else found.get("REMI", "").removeprefix("USTD//").strip(" /")
    told = Details(
        name=_first_of(found, "NAME", "ORDP", "BENM") or party[2],
        account=found.get("IBAN", "").strip(" /") or party[0],
        remittance=remittance or ("" if structured else before.strip(" /")),
        structured_reference=structured[1] if structured else found.get("CREF", "").strip(" /"),
        end_to_end_id=found.get("EREF", "").strip(" /"),
        return_reason=found.get("RTRN", "").strip(" /"),
        charges=_money(found.get("CHGS", "")),
        instructed=_money(found.get("OCMT", "")),
    )
    is_told = told.name or told.account or told.remittance or structured or found
    return told if is_told else replace(told, remittance=text.strip())


def _first_of(found: Mapping[str, str], *tags: str) -> str:
    return next((value for tag in tags if (value := found.get(tag, "").strip(" /"))), "")


def _money(text: str) -> tuple[str, str] | None:
    found = _MONEY.match(text.strip())
    return (found[1], found[2]) if found else None


# --- labels
def _polish(text: str) -> Details:
    """mBank: `Z RACH.: account; OD: name  address; TYT.: title; TNR: number of the transaction`."""
    before, *rest = _POLISH_LABELS.split(text)
    found = {label: value.strip(" ;") for label, value in zip(rest[::2], rest[1::2], strict=True)}
    party = found.get("OD") or found.get("DLA") or ""
    return Details(
        name=party.partition("  ")[0],
        account=found.get("Z RACH.") or found.get("NA RACH.") or "",
        remittance=found.get("TYT.") or before.strip(" ;"),
    )


def _swiss(text: str) -> Details:
    """PostFinance: `... AUFTRAGGEBER: name and address MITTEILUNGEN: text`; the whole text is kept."""
    _, *rest = _SWISS_LABELS.split(text)
    found = {label: value.strip() for label, value in zip(rest[::2], rest[1::2], strict=True)}
    payer = next(
        (value for label, value in found.items() if label in ("AUFTRAGGEBER", "DONNEUR D'ORDRE", "ORDINANTE")), ""
    )
    # The address is not told apart from the name; it begins with the first number at the latest.
    return Details(name=re.split(r" \d", payer)[0], remittance=one_line(text))


def _plain(lines: Sequence[str]) -> Details:
    """An account and a name on the first line (ASN, SNS) and text; else text alone."""
    kept = [line.rstrip() for line in lines if line.strip()]
    found = _LEADING_IBAN.fullmatch(kept[0].strip()) if kept else None
    if found:
        return Details(
            name=found[2], account=found[1], remittance=_flowing([line for line in lines[1:] if line.strip()])
        )
    return Details(remittance="\n".join(one_line(line) for line in kept))


def _with_extra(told: Details, extra: Sequence[str]) -> Details:
    """What the further lines of field 61 add: amounts in slashes, an account, or text where field 86 has none."""
    text = _flowing([line for line in extra if line.strip()]).strip()
    if not text:
        return told
    if _SLASH_START.match(text):
        more = _slashed(text)
        return replace(
            told,
            charges=told.charges or more.charges,
            instructed=told.instructed or more.instructed,
            account=told.account or more.account,
            name=told.name or more.name,
            remittance=told.remittance or more.remittance,
        )
    if _ONLY_ACCOUNT.fullmatch(text):
        return replace(told, account=told.account or text)
    return told if told.remittance else replace(told, remittance=text)
