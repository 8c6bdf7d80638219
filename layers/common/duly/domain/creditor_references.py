"""Creditor references: found in a structured field or in free text, checked, and brought to a form that compares.

Sources: ISO 11649 (RF); Swiss Implementation Guidelines QR-bill, annex B (QR and ESR references, modulo 10 recursive);
Febelfin, structured communication (OGM/VCS, modulo 97); Finance Finland, "Structure and check digit of the creditor
reference" (viite, weights 7-3-1); Estonian Banking Association, reference number (viitenumber, 7-3-1); Mastercard
Payment Services, KID (modulo 10 or 11); Bankgirot, OCR reference (modulo 10, with or without a length digit). Slovenian
and Croatian references (SI, HR and a model) are compared without their prefix; their control digits are not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from duly.domain.check_digits import compact, iban_is_valid, luhn_is_valid, mod_97, swiss_is_valid

MAX_TEXT: Final = 2_000  # characters of a text that are read
MAX_FOUND: Final = 12  # references kept of one text

#: A reference that is shorter, or of a kind that any tenth number fits, does not say by itself who pays.
MIN_DIGITS_ALONE: Final = 12


@dataclass(frozen=True, slots=True, order=True)
class CreditorReference:
    """``kind`` is rf, qr, esr, ogm, viite (also Estonian), ocr or kid. ``value`` compares: two references are the same
    when their values are, whatever blanks, prefix and leading zeros they were written with."""

    kind: str
    value: str
    is_structured: bool = False

    @property
    def speaks_alone(self) -> bool:
        """Whether it is long or checked well enough to be nobody else's number."""
        return self.kind in ("rf", "ogm") or len(self.value) >= MIN_DIGITS_ALONE


def reference_value(text: str) -> str:
    """The form in which references compare: capitals and digits, without RF and its check digits, without blanks and
    leading zeros. A Finnish reference and the RF reference made of it are one."""
    value = compact(text)
    if _RF.fullmatch(value) and _rf(value):
        value = value[4:]
    elif value[:2] in ("SI", "HR") and value[2:4].isdigit() and len(value) > 6:
        value = value[2:]
    return value.lstrip("0")


_RF: Final = re.compile(r"RF\d\d[A-Z0-9]{1,21}")


def _rf(value: str) -> bool:
    return _RF.fullmatch(value) is not None and mod_97(value[4:] + value[:4]) == 1


def _qr(value: str) -> bool:
    return re.fullmatch(r"\d{27}", value) is not None and int(value) > 0 and swiss_is_valid(value)


def _esr(value: str) -> bool:
    return (
        re.fullmatch(r"\d{13,16}|\d{26,27}", value) is not None
        and int(value) > 0
        and swiss_is_valid(value.rjust(27, "0"))
    )


def _ogm(value: str) -> bool:
    return (
        re.fullmatch(r"\d{12}", value) is not None
        and int(value[:10]) > 0
        and (int(value[:10]) % 97 or 97) == int(value[10:])
    )


def _731(value: str) -> bool:
    weighted = sum(int(digit) * (7, 3, 1)[at % 3] for at, digit in enumerate(reversed(value[:-1])))
    return (10 - weighted % 10) % 10 == int(value[-1])


def _viite(value: str) -> bool:
    value = value.lstrip("0")
    return re.fullmatch(r"\d{4,20}", value) is not None and _731(value)


def _mod_11(value: str) -> bool:
    """Weights 2 to 7 from the right; ten is written as a hyphen, which a number alone cannot hold."""
    weighted = sum(int(digit) * (2 + at % 6) for at, digit in enumerate(reversed(value[:-1])))
    return (11 - weighted % 11) % 11 == int(value[-1])


def _kid(value: str) -> bool:
    return re.fullmatch(r"\d{4,25}", value) is not None and (luhn_is_valid(value) or _mod_11(value))


def _ocr(value: str) -> bool:
    return re.fullmatch(r"\d{4,25}", value) is not None and luhn_is_valid(value)


def ocr_has_length_digit(value: str) -> bool:
    """Whether the last but one digit of a Swedish OCR reference is its length (modulo 10)."""
    return _ocr(value) and int(value[-2]) == len(value) % 10


#: Each kind with its check. The order is that of certainty: the first that fits names the kind.
_KINDS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("rf", _rf),
    ("qr", _qr),
    ("ogm", _ogm),
    ("esr", _esr),
    ("viite", _viite),
    ("ocr", _ocr),
    ("kid", _kid),
)

# Where a reference begins is seen by its shape; groups of five (Swiss, Finnish), of four (RF) or 3/4/5 (Belgian).
_SHAPES: Final = (
    re.compile(r"(?<![A-Z0-9])RF\d\d(?:[ \n]?[A-Z0-9]){1,21}(?![A-Z0-9])", re.IGNORECASE),
    re.compile(r"(?:\+{3}|\*{3})?(?<!\d)\d{3}\s?/\s?\d{4}\s?/\s?\d{5}(?!\d)(?:\+{3}|\*{3})?"),
    re.compile(r"(?<!\d)\d{2}(?:[ \n]?\d{5}){5}(?!\d)"),
    re.compile(r"(?<!\d)\d(?:[ \n]?\d){3,26}(?!\d)"),
    re.compile(r"(?<!\d)\d{4,27}(?!\d)"),
)


def kind_of(text: str) -> str | None:
    """The kind of creditor reference that a text is by its check digits, None for none."""
    value = compact(text)
    return next((kind for kind, check in _KINDS if check(value)), None)


def find_creditor_references(structured: str, text: str = "") -> tuple[CreditorReference, ...]:
    """The checked references of a payment: of the structured field first, then of the free text; at most 12."""
    found: dict[tuple[str, str], CreditorReference] = {}
    for one in [*_of_field(structured), *_of_text(text[:MAX_TEXT])]:
        found.setdefault((one.kind, one.value), one)
        if len(found) == MAX_FOUND:
            break
    return tuple(found.values())


def _of_field(structured: str) -> Iterator[CreditorReference]:
    kind = kind_of(structured) if structured else None
    if kind is not None:
        yield CreditorReference(kind, reference_value(structured), is_structured=True)
    elif structured:
        yield from _of_text(structured[:MAX_TEXT])


def _of_text(text: str) -> Iterator[CreditorReference]:
    for shape in _SHAPES:
        for match in shape.finditer(text):
            value = _longest_valid(match[0])
            kind = kind_of(value)
            if kind is not None and (kind == "rf" or not iban_is_valid(value)):
                yield CreditorReference(kind, reference_value(value))


def _longest_valid(raw: str) -> str:
    """A reference that words follow: what comes behind a blank is left out until the check digits fit."""
    value = compact(raw)
    if not value.startswith("RF"):
        return value
    pieces = raw.split()
    for count in range(len(pieces), 0, -1):
        value = compact("".join(pieces[:count]))
        if _rf(value):
            return value
    return compact(raw)
