"""Money as integer minor units (cents) with an ISO 4217 currency. No float touches it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# ISO 4217, list one (active currencies of countries), plus BGN and HRK, which the euro replaced in 2026 and 2023 and in
# which old invoices may still be open, and DEM (replaced in 1999), in which old bank files are kept. Only codes whose
# minor unit is not 2 are told apart.
_TWO_DECIMALS: Final = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
COU CRC CUP CVE CZK DEM DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR
IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_NO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS: Final = "CLF UYW"

#: Number of decimals of each known currency.
EXPONENTS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(_TWO_DECIMALS.split(), 2)
    | dict.fromkeys(_NO_DECIMALS.split(), 0)
    | dict.fromkeys(_THREE_DECIMALS.split(), 3)
    | dict.fromkeys(_FOUR_DECIMALS.split(), 4)
)

#: Digits before the decimal point that are still believed; a longer number is an error of the file.
MAX_WHOLE_DIGITS: Final = 15

#: Longest value that an error message shows.
MAX_SHOWN_CHARS: Final = 24

_SHOWN_WORDS: Final = ("infinity", "-infinity", "invoice", "credit_note")
# A mail address, a word of more than four letters, an account number, or letters and digits as in an IBAN.
_MAYBE_PERSONAL: Final = re.compile(r"@|[^\W\d_]{5}|[0-9]{9}|(?=[0-9 ]*[^\W\d_])[^\W_](?: ?[^\W_]){11}")
_MACHINE_FORM: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """An amount or a currency that cannot be used. `code` is for programs, `reason` for people."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code
        self.reason = reason or code


def exponent(currency: str) -> int:
    """Number of decimals of a currency. Raises MoneyError for a code that ISO 4217 does not know."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        if not currency:
            raise MoneyError("currency_missing", "expected a currency code such as EUR, found none") from None
        raise MoneyError(
            "currency_unknown", f"expected an ISO 4217 currency code such as EUR, found {shortened(currency)}"
        ) from None


def parse_minor(text: str, currency: str) -> int:
    """Minor units of an amount in machine form, such as "-1234.56" (EUR) -> -123456.

    Refused with MoneyError: decimal comma, grouping, brackets, exponents, words, digits of other scripts, more decimals
    than the currency has (unless they are zeros) and numbers of more than MAX_WHOLE_DIGITS digits. "-0" is 0.
    """
    decimals = exponent(currency)
    if not text:
        raise MoneyError("amount_missing", "expected an amount such as 1234.56, found none")
    found = _MACHINE_FORM.fullmatch(text)
    if found is None:
        raise MoneyError("amount_format", f"expected an amount such as 1234.56 or -1234.56, found {shortened(text)}")
    sign, whole, fraction = found[1], found[2].lstrip("0"), (found[3] or "").rstrip("0")
    if len(whole) > MAX_WHOLE_DIGITS:
        raise MoneyError(
            "amount_too_large", f"expected at most {MAX_WHOLE_DIGITS} digits before the point, found {len(whole)}"
        )
    if len(fraction) > decimals:
        raise MoneyError(
            "amount_decimals", f"expected at most {decimals} decimals in {currency}, found {shortened(text)}"
        )
    minor = int((whole + fraction.ljust(decimals, "0")) or "0")
    return -minor if sign else minor


def format_minor(amount_minor: int, currency: str) -> str:
    """The machine form of an amount: (123456, "EUR") -> "1234.56", (5, "JPY") -> "5". Inverse of parse_minor."""
    decimals = exponent(currency)
    sign, digits = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).rjust(decimals + 1, "0")
    if decimals == 0:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def shortened(text: str) -> str:
    """A value for an error message: quoted, if it looks like a number, a date or a code; else only its length.

    In a file with shifted columns any value may be a name, a mail address or an account number; those are never shown.
    """
    if len(text) <= MAX_SHOWN_CHARS and (text.lower() in _SHOWN_WORDS or not _MAYBE_PERSONAL.search(text)):
        return f"'{text}'" if text.isascii() and text.isprintable() else ascii(text)
    return f"a text of {len(text)} characters"
