"""Numbers, dates and names as a reader of each language expects them, and back again.

`amount` and `day` are exact inverses of `read_amount` and `read_day`, so that a mail can be read back and compared
with the ledger. Time zones do not occur here: a day is a day.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from duly.domain.money import exponent

ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_NO_BREAK = "\u00a0"
_NARROW_NO_BREAK = "\u202f"


@dataclass(frozen=True, slots=True)
class _Forms:
    """How a language writes numbers and days.

    ``amount`` places number and currency. ``grouped_from`` is the least number of digits before the decimal separator
    that are grouped. ``date_form`` places day, month and year; its month is a name when ``months`` are given.
    """

    group: str
    decimal: str
    amount: str
    date_form: str
    short_date_form: str
    months: tuple[str, ...] = ()
    grouped_from: int = 4
    first_of_month: str = "1"


def _months(names: str) -> tuple[str, ...]:
    return tuple(names.split())


_AFTER = f"{{number}}{_NO_BREAK}{{currency}}"

_FORMS: Final = {
    "en": _Forms(",", ".", "{currency} {number}", "{day} {month} {year}", "{day} {short} {year}", ENGLISH_MONTHS),
    # German: DIN 5008 groups by point in amounts of money and decides by comma
    "de": _Forms(".", ",", "{number} {currency}", "{day:02}.{month:02}.{year:04}", "{day:02}.{month:02}.{year:04}"),
    "fr": _Forms(
        _NARROW_NO_BREAK, ",", _AFTER, "{day} {month} {year}", "{day:02}/{month:02}/{year:04}",
        _months("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        first_of_month="1er",
    ),
    "es": _Forms(
        ".", ",", _AFTER, "{day} de {month} de {year}", "{day:02}/{month:02}/{year:04}",
        _months("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        grouped_from=5,
    ),
    "it": _Forms(
        ".", ",", _AFTER, "{day} {month} {year}", "{day:02}/{month:02}/{year:04}",
        _months("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
        grouped_from=5,
    ),
    "nl": _Forms(
        ".", ",", f"{{currency}}{_NO_BREAK}{{number}}", "{day} {month} {year}", "{day:02}-{month:02}-{year:04}",
        _months("januari februari maart april mei juni juli augustus september oktober november december"),
    ),
    "pt": _Forms(
        _NO_BREAK, ",", _AFTER, "{day} de {month} de {year}", "{day:02}/{month:02}/{year:04}",
        _months("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
        grouped_from=5,
    ),
    "pl": _Forms(
        _NO_BREAK, ",", _AFTER, "{day} {month} {year}", "{day:02}.{month:02}.{year:04}",
        # in a date the months stand in the genitive
        _months(
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
        ),
        grouped_from=5,
    ),
}  # fmt: skip
"""After Unicode CLDR (the locales en-GB, de, fr, es, it, nl, pt-PT and pl), which a test in the browser compares them
with. Ours: en and de keep an ordinary space beside the currency, de has numeric dates, fr writes the first day of a
month as `1er`."""

_AMOUNT = re.compile(r"(?P<before>[A-Z]{3} )?(?P<number>-?[0-9][0-9., ]*?)(?P<after> [A-Z]{3})?")
_DAY = re.compile(r"([0-9]{1,2})(?:er)? (?:de )?([^\W\d_]+) (?:de )?([0-9]{1,4})")
_NUMERIC_DAY = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")

_KEPT_FORMAT_CHARACTERS = "\u200c\u200d"
"""Zero-width joiners spell words in Persian and in Indian scripts; every other invisible character is dropped."""


def amount(minor: int, currency: str, language: str) -> str:
    """An amount with its currency: 109000 EUR is `EUR 1,090.00` in English and `1.090,00 EUR` in German."""
    number = plain_amount(minor, currency, language)
    return _FORMS[language].amount.format(number=number, currency=currency)


def plain_amount(minor: int, currency: str, language: str) -> str:
    """An amount without its currency, for a column that is headed by it: `1,090.00` or `1.090,00`."""
    forms = _FORMS[language]
    digits = exponent(currency)
    units, rest = divmod(abs(minor), 10**digits)
    number = f"{units:,}".replace(",", forms.group) if units >= 10 ** (forms.grouped_from - 1) else str(units)
    if digits:
        number += f"{forms.decimal}{rest:0{digits}d}"
    return f"-{number}" if minor < 0 else number


def percent(rate: str, language: str) -> str:
    """A rate per year, given as decimal text with a point (``11.27``), in the language's decimals: `11,27`."""
    return rate.replace(".", _FORMS[language].decimal)


def read_amount(text: str, language: str) -> tuple[int, str]:
    """Minor units and currency of what `amount` wrote; its spaces may have become ordinary ones on the way.

    Raises ValueError for anything else.
    """
    found = _AMOUNT.fullmatch(spaced(text))
    currency = (found["before"] or found["after"] or "").strip() if found else ""
    if not found or not currency:
        raise ValueError("not an amount")
    minor = int(re.sub(r"[., ]", "", found["number"]))
    if spaced(amount(minor, currency, language)) != spaced(text):
        raise ValueError("not an amount")
    return minor, currency


def spaced(text: str) -> str:
    """The text with ordinary spaces instead of those at which no line may break."""
    return text.replace(_NO_BREAK, " ").replace(_NARROW_NO_BREAK, " ")


def day(value: date, language: str) -> str:
    """A date: `3 February 2026` in English, `03.02.2026` in German, `3 lutego 2026` in Polish."""
    return _written(value, language, _FORMS[language].date_form)


def short_day(value: date, language: str) -> str:
    """A date for a narrow column: `3 Feb 2026` in English, `03.02.2026` in German, `03/02/2026` in French."""
    return _written(value, language, _FORMS[language].short_date_form)


def _written(value: date, language: str, form: str) -> str:
    forms = _FORMS[language]
    named = bool(forms.months) and "{month}" in form
    return form.format(
        day=forms.first_of_month if named and value.day == 1 else value.day,
        month=forms.months[value.month - 1] if named else value.month,
        short=ENGLISH_MONTHS[value.month - 1][:3],
        year=value.year,
    )


def read_day(text: str, language: str) -> date:
    """The date that `day` wrote. Raises ValueError for anything else."""
    months = _FORMS[language].months
    found = (_DAY if months else _NUMERIC_DAY).fullmatch(text)
    if not found or (months and found[2] not in months):
        raise ValueError("not a date")
    month = months.index(found[2]) + 1 if months else int(found[2])
    read = date(int(found[3]), month, int(found[1]))
    if day(read, language) != text:
        raise ValueError("not a date")
    return read


PluralForm = Literal["one", "few", "many", "other"]


def plural(count: int, language: str) -> PluralForm:
    """The plural form of a whole number from 1 on, by CLDR's names: Polish has `one`, `few` and `many`."""
    if count == 1:
        return "one"
    if language != "pl":
        return "other"
    return "few" if count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14) else "many"


def grouped(account: str) -> str:
    """An IBAN in groups of four, as it is printed and typed (ISO 13616)."""
    plain = "".join(account.split())
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


def one_line(text: str) -> str:
    """Text from outside as one harmless line.

    Line breaks, controls, invisible characters and those that turn the writing direction are taken out: none of
    them may end a header, forge a line of the mail or make a number read backwards. Letters of every script stay.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (character if _visible(character) else " " for character in text)
    return " ".join("".join(kept).split())


def _visible(character: str) -> bool:
    if character in _KEPT_FORMAT_CHARACTERS:
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
