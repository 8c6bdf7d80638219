"""What a payment's text says: numbers that may name invoices, amounts beside them, and what it rules out.

Amounts, dates, bank accounts, telephone, customer and mandate numbers are not candidates. A number may be split by
spaces or line ends, stand in a list ("R-101/102/103") or a range ("R-101 to R-104").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from duly.domain.check_digits import iban_is_valid
from duly.domain.references import normalise_reference

MAX_TEXT: Final = 2_000  # characters of a text that are read
MAX_ATOMS: Final = 120  # runs of letters or digits looked at
MAX_JOINED: Final = 6  # neighbours put together to one number
MAX_TOKENS: Final = 60  # candidates of one text
MIN_LINE: Final = 24  # characters of the lines into which banks cut texts (27, 35, 65...)
MAX_RANGE: Final = 20  # numbers that one range may stand for
MIN_LENGTH: Final = 3
MAX_LENGTH: Final = 35
MAX_PREFIX: Final = 5  # letters before a number that may be a part of it, across a space

_ATOM: Final = re.compile(r"\d+|[^\W\d_]+")
_AMOUNT: Final = re.compile(
    r"(?<![\w.,/-])(?:[1-9]\d{0,2}(?:[. '’]\d{3})+|\d{1,9}),\d{2}(?![\w]|[.,]\d)"  # 1.190,00 and 1190,00
    r"|(?<![\w.,/-])[1-9]\d{0,2}(?:[, '’]\d{3})+\.\d{2}(?![\w]|[.,]\d)"  # 1,190.00
    r"|(?:EUR|CHF|USD|GBP|SEK|NOK|DKK|PLN|€|\$|£)\s?\d{1,9}(?:[.,]\d{2})?(?![\w.,]\d|\d)"
    r"|(?<![\w.,/-])\d{1,9}(?:\.\d{2})?\s?(?:EUR|CHF|USD|GBP|SEK|NOK|DKK|PLN|€)(?![\w.]|\s?\d)",
    re.IGNORECASE,
)
_PLAIN_AMOUNT: Final = re.compile(r"(?<![\w.,/-])\d{1,9}\.\d{2}(?![\w]|[.,]\d)")
_DATE: Final = re.compile(
    r"(?<![\w.-])(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}\.\d{1,2}\.)(?![\d/-])"
)
_IBAN: Final = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?(?!\w)")
_PHONE: Final = re.compile(
    r"(?:\b(?:tel|telefon|telephone|phone|fon|mobil\w*|fax|handy|tél|gsm)\b[^\w+]{0,3}|(?<![\w+])\+(?=\d{2}))"
    r"\(?\+?\d[\d ()/.-]{4,}\d",
    re.IGNORECASE,
)
# The number of something else: customer, mandate, creditor id, contract, tax number.
_OTHER_NUMBER: Final = re.compile(
    r"\b(?:(?:kd|kunden?|kto|konto|customer|cust|client|debitoren|klant|mandats?|mitglieds?|vertrags?|steuer|st|ust"
    r"|(?<!faktura )(?<!invoice )vat|tva|btw|kvk)"  # but "faktura VAT nr" is the number of an invoice
    r"[\s.-]{0,2}(?:id|nr|no|num|number|nummer|n°|ref)[\s.:#-]{0,3}|\b(?:mref|cred|mandat|kunde|bic|blz|plz)[+:\s]{1,2})"
    r"[A-Z]{0,4}[-/]?\d[\w/-]*",
    re.IGNORECASE,
)
# A percentage, or days: never the number of an invoice, nor its last digits.
_MEASURE: Final = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[.,]\d{1,3})?\s?(?:%|(?:prozent|procent|percent|tagen?|days?|jours?|dagen|giorni|dni)\b)",
    re.IGNORECASE,
)
# "Not for R-12", but not "without deduction R-12": only words for an invoice may stand between.
_NOT: Final = re.compile(
    r"\b(?:nicht|ohne|kein|keine|not|except|excluding|excl|without|sauf|hors|zonder|niet|statt|instead of)\b\.?"
    r"(?:\s+(?:für|fuer|for|pour|voor|of|von|the|die|der|den|de|la|le|het|unsere|ihre|invoice|rechnung|facture|factuur|"
    r"rg|re|nr|no)\b\.?)*[\s:#-]*(?:[A-Z]{1,5}[-/.]?)?$",
    re.IGNORECASE,
)
_LOOSE_GAP: Final = re.compile(r"[-/._ \n\r#:]{0,3}")  # between parts of one number, perhaps
_TIGHT_GAP: Final = re.compile(r"[-/._]?")  # inside a number in one piece
_LIST_SIGN: Final = re.compile(r"\s*(?:[/,;+&]|\b(?:und|and|et|en|y|e|u)\b\.?)\s*(?:nr\.?\s*)?", re.IGNORECASE)
_RANGE_SIGN: Final = re.compile(r"\s*(?:-|–|—|\b(?:bis|to|until|through|thru|tot|t/m|au|à|al|do)\b)\s*", re.IGNORECASE)
_SETTLEMENT: Final = re.compile(
    r"\b(?:adyen|stripe|paypal|wirecard|sumup|worldpay|concardis|payone|mollie|klarna|nexi|elavon|six payment\w*|"
    r"kartenzahlung\w*|kartenums\w+|card settlement|settlement (?:batch|report)|payout|sammelgutschrift|terminal id)\b",
    re.IGNORECASE,
)
_INVOICE_WORD: Final = re.compile(
    r"(?:\b(?:rechnung\w*|rechn|rechg|rech|rg|rng|re|invoices?|inv|bill|facture|fact|fac|factuur|fattura|ft|factura|fra|"
    r"faktura|fv|lasku|arve|beleg\w*|nr|no|num|number|nummer|n°|nro)\b[\s.:#°-]{0,3}|#\s?)$",
    re.IGNORECASE,
)

# The number of an order, a contract, a delivery...: it may be an invoice's too, but the word does not say so.
_OTHER_THING: Final = re.compile(
    r"\b(?:auftr\w*|best(?:ell\w*)?|vertr\w*|liefer\w*|ls|angebot\w*|projekt\w*|objekt\w*|kunden?|kd|police\w*|ticket|"
    r"akte\w*|az|wohnung|str(?:asse|aße)?|haus\w*|order|contract|project|delivery|quote|account|policy|po|commande|cmd|"
    r"contrat|livraison|devis|projet|dossier|bestelling|offerte|ordine|ordre|contratto|pedido|contrato|zam\w*|umow\w*)"
    r"[\s.:#-]{0,3}(?:(?:nr|no|num|number|nummer|n°|id)[\s.:#-]{0,3})?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A candidate for a number: normalised, with its place in the text. ``how``: as, joined, list or range."""

    value: str
    start: int
    end: int
    how: str = "as"


@dataclass(frozen=True, slots=True)
class _Atom:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A text taken apart. ``masked`` has blanks where something stands that names no invoice; ``groups`` maps
    neighbouring numbers without leading zeros to their place."""

    text: str
    masked: str
    tokens: tuple[Token, ...]
    groups: dict[tuple[str, ...], tuple[int, int]]
    amounts: tuple[tuple[str, int, int], ...]
    is_settlement: bool

    def is_negated(self, start: int) -> bool:
        """Whether the words before a place say that what stands there is not meant."""
        return _NOT.search(self.text[max(0, start - 40) : start]) is not None

    def follows_other_word(self, start: int) -> bool:
        """Whether the words before a place say that an order, a contract or another thing is numbered there."""
        return _OTHER_THING.search(self.text[max(0, start - 30) : start]) is not None

    def follows_invoice_word(self, start: int) -> bool:
        """Whether the word before a place is one for an invoice or a number."""
        return _INVOICE_WORD.search(self.text[max(0, start - 20) : start]) is not None


def read_text(text: str) -> Reading:
    """Take a text apart."""
    text = _unwrapped(text[:MAX_TEXT])
    amounts = [(found[0], found.start(), found.end()) for found in _AMOUNT.finditer(text)]
    plain = [(found[0], found.start(), found.end()) for found in _PLAIN_AMOUNT.finditer(text)]
    amounts += [one for one in plain if all(one[2] <= start or end <= one[1] for _, start, end in amounts)]
    masked = _mask(text)
    atoms = [_Atom(one[0], one.start(), one.end()) for one in _ATOM.finditer(masked)][:MAX_ATOMS]
    tokens = _tokens(masked, atoms)
    return Reading(
        text,
        masked,
        tokens,
        _groups(masked, atoms),
        tuple(sorted(amounts, key=lambda one: one[1])),
        bool(_SETTLEMENT.search(text)),
    )


def mask_text(text: str) -> str:
    """A text with blanks where something stands that names no invoice."""
    return _mask(_unwrapped(text[:MAX_TEXT]))


def _unwrapped(text: str) -> str:
    """A text that a bank cut into lines of one length, in one line: such a line ends anywhere, in a number too."""
    parts = []
    for part in text.split("\n\n"):
        lines = part.split("\n")
        width = max((len(line) for line in lines[:-1]), default=0)
        is_cut = width >= MIN_LINE and all(width - len(line) <= 1 for line in lines[:-1])
        # a blank at the end of a line was taken off
        parts.append("".join(line.ljust(width) for line in lines[:-1]) + lines[-1] if is_cut else part)
    return "\n\n".join(parts)


def _mask(text: str) -> str:
    """Blank what is no number of an invoice, leaving all else where it stands."""
    for pattern in (_IBAN, _PHONE, _DATE, _AMOUNT, _OTHER_NUMBER, _MEASURE):
        for found in list(pattern.finditer(text)):
            if pattern is _IBAN and (found[0].startswith("RF") or not iban_is_valid(found[0])):
                continue
            text = text[: found.start()] + "\x00" * len(found[0]) + text[found.end() :]
    for found in list(_PLAIN_AMOUNT.finditer(text)):
        if not _INVOICE_WORD.search(text[: found.start()]):
            text = text[: found.start()] + "\x00" * len(found[0]) + text[found.end() :]
    return text


def _tokens(text: str, atoms: list[_Atom]) -> tuple[Token, ...]:
    """Candidates, those that stand in one piece first."""
    found: dict[Token, None] = {}
    for token in [*_in_one_piece(text, atoms), *_listed(text, atoms), *_joined(text, atoms)]:
        if MIN_LENGTH - 1 <= len(token.value) <= MAX_LENGTH:
            found.setdefault(token)
        if len(found) == MAX_TOKENS:
            break
    return tuple(found)


def _spans(text: str, atoms: list[_Atom]) -> Iterator[tuple[int, int, bool]]:
    """Neighbouring atoms (first, last, whether they stand in one piece) that may be one number."""
    for first in range(len(atoms)):
        is_whole = True
        for last in range(first, min(first + MAX_JOINED, len(atoms))):
            if last > first:
                gap = text[atoms[last - 1].end : atoms[last].start]
                if not _LOOSE_GAP.fullmatch(gap) or "\n\n" in gap:
                    break
                is_whole = is_whole and _TIGHT_GAP.fullmatch(gap) is not None
            yield first, last, is_whole


def _value(atoms: list[_Atom], first: int, last: int) -> str:
    return normalise_reference("".join(atom.text for atom in atoms[first : last + 1]))


def _in_one_piece(text: str, atoms: list[_Atom]) -> list[Token]:
    found = []
    for first, last, is_whole in _spans(text, atoms):
        value = _value(atoms, first, last)
        if is_whole and any(character.isdigit() for character in value):
            found.append(Token(value, atoms[first].start, atoms[last].end))
    return sorted(found, key=lambda token: token.start - token.end)


def _joined(text: str, atoms: list[_Atom]) -> Iterator[Token]:
    """Numbers across spaces or line ends: at most a short prefix of letters, and digits at the end."""
    for first, last, is_whole in _spans(text, atoms):
        letters = [atom.text for atom in atoms[first : last + 1] if not atom.text[0].isdigit()]
        is_end = atoms[last].text[0].isdigit() or (last > first + 1 and len(atoms[last].text) == 1)  # ... 00123 A
        if is_whole or not is_end or any(len(word) > MAX_PREFIX for word in letters):
            continue
        is_ordinal = re.match(r"\.(?:\s|$)", text[atoms[last].end :]) is not None  # ... 00123 2. Mahnung
        if len(letters) <= 2 and not is_ordinal:
            yield Token(_value(atoms, first, last), atoms[first].start, atoms[last].end, "joined")


def _listed(text: str, atoms: list[_Atom]) -> Iterator[Token]:
    """Numbers that share the beginning of the one before: lists and ranges."""
    for at, base in enumerate(atoms):
        if not base.text[0].isdigit() or len(base.text) < 2:
            continue
        first = at
        while first and _TIGHT_GAP.fullmatch(text[atoms[first - 1].end : atoms[first].start]):
            first -= 1
        prefix = _value(atoms, first, at)[: -len(base.text)]
        yield from _chain(text, atoms, at, prefix)


def _chain(text: str, atoms: list[_Atom], at: int, prefix: str) -> Iterator[Token]:
    base = here = atoms[at]
    width = len(base.text)
    for _ in range(MAX_RANGE):
        sign = _LIST_SIGN.match(text, here.end)
        following = _number_at(text, atoms, sign, prefix)
        if following is None or len(following.text) > width:
            break
        yield Token(
            prefix + base.text[: width - len(following.text)] + following.text, following.start, following.end, "list"
        )
        here = following
    sign = _RANGE_SIGN.match(text, base.end) if here is base else None
    last = _number_at(text, atoms, sign, prefix)
    if last is None or len(last.text) > width:
        return
    first, end = int(base.text), int(base.text[: width - len(last.text)] + last.text)
    if 0 < end - first <= MAX_RANGE:
        for number in range(first + 1, end + 1):
            yield Token(prefix + str(number).rjust(width, "0"), base.start, last.end, "range")


def _number_at(text: str, atoms: list[_Atom], sign: re.Match[str] | None, prefix: str) -> _Atom | None:
    """The number that begins behind a sign of a list or range: whole, with the same prefix, or only its last digits."""
    at = next((at for at, atom in enumerate(atoms) if sign and atom.start == sign.end()), None)
    if at is None or sign is None:
        return None
    joint = (
        r"[-._]?" if "/" in sign[0] and not re.search(r"\w", sign[0]) else r"[-/._]?"
    )  # R-101/102/103: not one number
    last = at
    while last + 1 < len(atoms) and re.fullmatch(joint, text[atoms[last].end : atoms[last + 1].start]):
        last += 1
    if last == at:
        return atoms[at] if atoms[at].text[0].isdigit() else None
    if prefix and _value(atoms, at, last).startswith(prefix) and atoms[last].text[0].isdigit():
        return atoms[last]
    is_list = atoms[at].text[0].isdigit() and text[atoms[at].end] == "/"  # R-101 and 102/103
    return atoms[at] if is_list else None


@lru_cache(maxsize=65_536)
def groups_of(number: str) -> tuple[str, ...]:
    """The parts of a number, digits without leading zeros, letters in capitals: RE-2026-00123 is RE, 2026, 123."""
    return tuple(_bare(atom) for atom in _ATOM.findall(number))


def _bare(text: str) -> str:
    return text.lstrip("0") or "0" if text[0].isdigit() else normalise_reference(text)


def _groups(text: str, atoms: list[_Atom]) -> dict[tuple[str, ...], tuple[int, int]]:
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for first, last, is_whole in _spans(text, atoms):
        group = tuple(_bare(atom.text) for atom in atoms[first : last + 1])
        if group[-1].isdigit() or (is_whole and any(one.isdigit() for one in group)):
            found.setdefault(group, (atoms[first].start, atoms[last].end))
    return found
