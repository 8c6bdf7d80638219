"""Numbers, dates and names as a reader of each language expects them, and back again.

`amount` and `day` are exact inverses of `read_amount` and `read_day`, so that a mail can be read back and compared
with the ledger. Time zones do not occur here: a day is a day.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from duly.domain.money import exponent

ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_SEPARATORS = {"en": (",", "."), "de": (".", ",")}
"""Group and decimal separator. German: DIN 5008 groups by point in amounts of money and decides by comma."""

_AMOUNTS = {
    "en": re.compile(r"(?P<currency>[A-Z]{3}) (?P<number>-?[0-9][0-9.,]*)"),
    "de": re.compile(r"(?P<number>-?[0-9][0-9.,]*) (?P<currency>[A-Z]{3})"),
}

_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"
"""Zero-width joiners spell words in Persian and in Indian scripts; every other invisible character is dropped."""


def amount(minor: int, currency: str, language: str) -> str:
    """An amount with its currency: 109000 EUR is `EUR 1,090.00` in English and `1.090,00 EUR` in German."""
    number = plain_amount(minor, currency, language)
    return f"{currency} {number}" if language == "en" else f"{number} {currency}"


def plain_amount(minor: int, currency: str, language: str) -> str:
    """An amount without its currency, for a column that is headed by it: `1,090.00` or `1.090,00`."""
    group, decimal = _SEPARATORS[language]
    digits = exponent(currency)
    units, rest = divmod(abs(minor), 10**digits)
    number = f"{units:,}".replace(",", group)
    if digits:
        number += f"{decimal}{rest:0{digits}d}"
    return f"-{number}" if minor < 0 else number


def read_amount(text: str, language: str) -> tuple[int, str]:
    """Minor units and currency of what `amount` wrote. Raises ValueError for anything else."""
    found = _AMOUNTS[language].fullmatch(text)
    if not found:
        raise ValueError("not an amount")
    minor = int(re.sub(r"[.,]", "", found["number"]))
    if amount(minor, found["currency"], language) != text:
        raise ValueError("not an amount")
    return minor, found["currency"]


def day(value: date, language: str) -> str:
    """A date: `3 February 2026` in English, `03.02.2026` in German."""
    if language == "de":
        return f"{value.day:02d}.{value.month:02d}.{value.year:04d}"
    return f"{value.day} {ENGLISH_MONTHS[value.month - 1]} {value.year}"


def short_day(value: date, language: str) -> str:
    """A date for a narrow column: `3 Feb 2026` in English, `03.02.2026` in German."""
    if language == "de":
        return day(value, language)
    return f"{value.day} {ENGLISH_MONTHS[value.month - 1][:3]} {value.year}"


def read_day(text: str, language: str) -> date:
    """The date that `day` wrote. Raises ValueError for anything else."""
    if language == "de":
        parts = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})", text)
        if not parts:
            raise ValueError("not a date")
        return date(int(parts[3]), int(parts[2]), int(parts[1]))
    words = re.fullmatch(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{1,4})", text)
    if not words or words[2] not in ENGLISH_MONTHS:
        raise ValueError("not a date")
    return date(int(words[3]), ENGLISH_MONTHS.index(words[2]) + 1, int(words[1]))


def grouped(account: str) -> str:
    """An IBAN in groups of four, as it is printed and typed (ISO 13616)."""
    plain = "".join(account.split())
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def one_line(text: str) -> str:
    """Text from outside as one harmless line.

    Line breaks, controls, invisible characters and those that turn the writing direction are taken out: none of
    them may end a header, forge a line of the mail or make a number read backwards. Letters of every script stay.
    """
    kept = (character if _visible(character) else " " for character in text)
    return " ".join("".join(kept).split())


def _visible(character: str) -> bool:
    if character in _KEPT_FORMAT_CHARACTERS:
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
