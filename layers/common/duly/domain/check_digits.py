"""Check digits of account numbers, creditor references and VAT ids. They flag a value; nothing is refused for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_REFERENCE: Final = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")
_QR_REFERENCE: Final = re.compile(r"[0-9]{27}")
# Carry table of the recursive check digit (modulo 10) of Swiss payment references.
_SWISS_CARRY: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def compact(text: str) -> str:
    """Letters and digits alone, in capitals."""
    return "".join(char for char in text.upper() if char.isascii() and char.isalnum())


def mod_97(text: str) -> int:
    """The ISO 7064 remainder of a text of letters and digits (A is 10, Z is 35)."""
    return int("".join(str(int(char, 36)) for char in text)) % 97


def iban_is_valid(text: str) -> bool:
    """Whether an IBAN has its shape and check digits (ISO 13616)."""
    iban = compact(text)
    return _IBAN.fullmatch(iban) is not None and mod_97(iban[4:] + iban[:4]) == 1


def reference_is_valid(text: str) -> bool | None:
    """Whether a creditor reference has its check digits; None for a text that is no checked kind of reference.

    Checked are ISO 11649 (RF...) and the Swiss QR reference (27 digits).
    """
    reference = compact(text)
    if _REFERENCE.fullmatch(reference):
        return mod_97(reference[4:] + reference[:4]) == 1
    if _QR_REFERENCE.fullmatch(reference):
        return swiss_is_valid(reference)
    return None


def swiss_is_valid(digits: str) -> bool:
    """Whether the last of the digits is the recursive check digit (modulo 10) of Swiss payment references."""
    carry = 0
    for digit in digits[:-1]:
        carry = _SWISS_CARRY[(carry + int(digit)) % 10]
    return (10 - carry) % 10 == int(digits[-1])


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _mod_11_10(digits: str) -> bool:
    """ISO 7064 MOD 11,10, as German VAT ids have it."""
    product = 10
    for digit in digits[:-1]:
        product = (((int(digit) + product) % 10 or 10) * 2) % 11
    return (11 - product) % 10 == int(digits[-1])


def luhn_is_valid(digits: str) -> bool:
    """Whether the last of the digits is the check digit of the others by Luhn's algorithm (ISO/IEC 7812-1)."""
    doubled = [int(digit) * 2 if index % 2 else int(digit) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _french(number: str) -> bool:
    return not number[:2].isdigit() or int(number[:2]) == (12 + 3 * (int(number[2:]) % 97)) % 97


def _dutch(number: str) -> bool:
    digits = number[:9]
    return mod_97("NL" + number) == 1 or _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2)) % 11 == int(digits[8])


#: The shape of the number behind the country and, where the rule is published, its check (source: European
#: Commission, VIES, "VAT identification number structure", and the national rules that it names).
_VAT: Final[dict[str, tuple[str, Callable[[str], bool] | None]]] = {
    "AT": (r"U[0-9]{8}", None),
    "BE": (r"[01][0-9]{9}", lambda n: 97 - int(n[:8]) % 97 == int(n[8:])),
    "BG": (r"[0-9]{9,10}", None),
    "CY": (r"[0-9]{8}[A-Z]", None),
    "CZ": (r"[0-9]{8,10}", None),
    "DE": (r"[1-9][0-9]{8}", _mod_11_10),
    "DK": (r"[0-9]{8}", lambda n: _weighted(n, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0),
    "EE": (r"[0-9]{9}", lambda n: _weighted(n, (3, 7, 1, 3, 7, 1, 3, 7, 1)) % 10 == 0),
    "EL": (r"[0-9]{9}", None),
    "ES": (r"[A-Z0-9][0-9]{7}[A-Z0-9]", None),
    "FI": (r"[0-9]{8}", lambda n: _weighted(n, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0),
    "FR": (r"[A-HJ-NP-Z0-9]{2}[0-9]{9}", _french),
    "HR": (r"[0-9]{11}", _mod_11_10),
    "HU": (r"[0-9]{8}", None),
    "IE": (r"[0-9][A-Z0-9+*][0-9]{5}[A-Z]{1,2}", None),
    "IT": (r"[0-9]{11}", luhn_is_valid),
    "LT": (r"[0-9]{9}|[0-9]{12}", None),
    "LU": (r"[0-9]{8}", lambda n: int(n[:6]) % 89 == int(n[6:])),
    "LV": (r"[0-9]{11}", None),
    "MT": (r"[0-9]{8}", None),
    "NL": (r"[0-9]{9}B[0-9]{2}", _dutch),
    "PL": (r"[0-9]{10}", lambda n: _weighted(n, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(n[9])),
    "PT": (r"[0-9]{9}", lambda n: (11 - _weighted(n, (9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 % 10 == int(n[8])),
    "RO": (r"[0-9]{2,10}", None),
    "SE": (r"[0-9]{12}", lambda n: luhn_is_valid(n[:10])),
    "SI": (r"[0-9]{8}", None),
    "SK": (r"[0-9]{10}", lambda n: int(n) % 11 == 0),
    "XI": (r"[0-9]{9}|[0-9]{12}", None),
}


def vat_id_is_valid(text: str) -> bool | None:
    """Whether a VAT id of the EU has its country's shape and check digits; None for other countries."""
    number = compact(text)
    if number[:2] not in _VAT:
        return None
    shape, check = _VAT[number[:2]]
    rest = number[2:]
    return re.fullmatch(shape, rest) is not None and (check is None or check(rest))
