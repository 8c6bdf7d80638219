"""Checks of single values, shared by all readers. A Row collects what is wrong with one row and becomes one reject."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from duly.domain.money import MoneyError, exponent, parse_minor, shortened
from duly.formats.records import Reject

MAX_IDENTIFIER_CHARS: Final = 100
MAX_NAME_CHARS: Final = 300
MAX_TEXT_CHARS: Final = 4_000
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100

# ISO 3166-1 alpha-2, plus XK, which is in use for Kosovo.
_COUNTRY_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
    CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
    MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
    SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
    UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_COUNTRY_CODES.split())

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+\.[^\s@<>()\[\],;:\\\".]+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_TIMEZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Look-alike letters of these sets stand for ASCII letters, and nobody types them in an invoice number.
_STYLED_LETTERS: Final = ("FULLWIDTH", "MATHEMATICAL", "CIRCLED", "PARENTHESIZED", "SQUARED", "NEGATIVE")


def one_line(text: str) -> str:
    """A name or other one-line value: composed (NFC), control characters out, runs of white space made one space."""
    return " ".join(_CONTROLS.sub("", unicodedata.normalize("NFC", text)).split())


def many_lines(text: str) -> str:
    """A free text: composed (NFC), control characters but tab and line ends out, spaces and line ends around it too."""
    return _CONTROLS.sub("", unicodedata.normalize("NFC", text)).strip(" \n")


def compact_account(text: str) -> str:
    """An IBAN or other account number without spaces and in capitals, the form in which accounts are compared."""
    return "".join(text.split()).upper()


def vat_id_key(text: str) -> str:
    """A VAT id in the form in which two are compared: letters and digits only, in capitals."""
    return "".join(char for char in text.upper() if char.isalnum())


def is_email(text: str) -> bool:
    """Whether a text looks like one mail address."""
    return len(text) <= 254 and text.isprintable() and _EMAIL.fullmatch(text) is not None


def suspicion(identifier: str) -> str:
    """Why an identifier may look like another one ("" when it does not).

    Zero-width, direction and control characters, unusual spaces, digits of other scripts, styled letters and letters of
    several scripts in one identifier are named. An identifier wholly in one script is not suspicious.
    """
    if identifier.isascii() and identifier.isprintable():
        return ""
    scripts = set[str]()
    for char in identifier:
        category, name = unicodedata.category(char), unicodedata.name(char, "")
        if category in ("Cf", "Cc", "Co", "Cs", "Cn"):
            return f"an invisible or unassigned character (U+{ord(char):04X})"
        if category in ("Zs", "Zl", "Zp") and char != " ":
            return f"an unusual space (U+{ord(char):04X})"
        if category == "Nd" and not char.isascii():
            return f"a digit of another script (U+{ord(char):04X})"
        if name.startswith(_STYLED_LETTERS):
            return f"a styled character (U+{ord(char):04X})"
        if category.startswith("L"):
            scripts.add(name.split(" ", 1)[0])
    letters = scripts & {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"}
    return f"letters of several scripts ({', '.join(sorted(letters)).lower()})" if len(letters) > 1 else ""


def parse_date(text: str) -> date | str:
    """A date in ISO form, or the code of what is wrong with the text: date_format, date_invalid or date_range."""
    if _ISO_DATE.fullmatch(text) is None:
        return "date_format"
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return "date_invalid"
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else "date_range"


def known_day(text: str) -> date | None:
    """A date that only informs, in ISO form; None when it is none."""
    found = parse_date(text)
    return found if isinstance(found, date) else None


def known_minor(text: str, currency: str) -> int | None:
    """An amount that only informs, in machine form, in minor units of a currency; None when it cannot be read."""
    try:
        return parse_minor(text, currency)
    except MoneyError:
        return None


@lru_cache(maxsize=1024)
def is_timezone(name: str) -> bool:
    """Whether the IANA time zone is known here."""
    if _TIMEZONE.fullmatch(name) is None:
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return False
    return True


_DATE_REASONS: Final = {
    "date_format": "expected a date as YYYY-MM-DD, found {}; other orders of day and month are ambiguous",
    "date_invalid": "expected a day that exists, found {}",
    "date_range": f"expected a year from {FIRST_YEAR} to {LAST_YEAR}, found {{}}",
}


class Row:
    """The values of one row by field, and what is wrong with them.

    Each method returns a usable value in any case; `reject()` tells whether the row as a whole can be used.
    """

    def __init__(
        self, line: int, values: Mapping[str, str], unreadable: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """`unreadable` holds code and reason for dates and amounts whose form was found wrong before."""
        self.line = line
        self.amount_minor: int | None = None
        self.currency: str | None = None
        self._values = values
        self._unreadable = unreadable or {}
        self._problems: list[tuple[str, str, str]] = []

    def fail(self, field: str, code: str, reason: str) -> None:
        """Note that a field is wrong. The reason must not show personal data."""
        self._problems.append((field, code, reason))

    def reject(self) -> Reject | None:
        """The reject for this row: field and code of the first problem, the reasons of all; None if it is good."""
        if not self._problems:
            return None
        field, code, reason = self._problems[0]
        more = "".join(f"; {other}: {text}" for other, _, text in self._problems[1:] if text != reason)
        return Reject(self.line, field, code, reason + more, self.amount_minor, self.currency)

    def raw(self, field: str) -> str:
        """The value as it stands in the file, white space around it cut; "" when the file has no such field."""
        return self._values.get(field, "").strip()

    def identifier(self, field: str, *, required: bool = False, show: bool = True) -> str:
        """A number or id by which things are found; one that could pass for another is a problem."""
        value = self.raw(field)
        if not value and not required:
            return value
        value = value if value.isascii() else unicodedata.normalize("NFC", value)
        self._check_length(field, value, MAX_IDENTIFIER_CHARS)
        why = suspicion(value)
        if why:
            shown = f" in {ascii(value[:24])}" if show else ""
            self.fail(field, "suspicious_identifier", f"expected plain characters of one script, found {why}{shown}")
        self._check_required(field, value, required)
        return value

    def name(self, field: str, *, required: bool = False) -> str:
        """A one-line text."""
        value = one_line(self._values.get(field, ""))
        self._check_length(field, value, MAX_NAME_CHARS)
        self._check_required(field, value, required)
        return value

    def text(self, field: str, limit: int = MAX_TEXT_CHARS) -> str:
        """A text that may have several lines. A leading = + - @ or tab is kept: here it is text (see export.py)."""
        value = self._values.get(field, "")
        value = many_lines(value) if value else value
        self._check_length(field, value, limit)
        return value

    def account(self, field: str, *, required: bool = False) -> str:
        """A bank account number, compacted and never shown."""
        value = compact_account(self.identifier(field, show=False))
        self._check_required(field, value, required)
        return value

    def email(self, field: str) -> str:
        """One mail address or "". The value is never shown."""
        value = self.raw(field)
        if value and not is_email(value):
            reason = "expected one mail address such as accounts@example.com, found something else"
            self.fail(field, "email_format", reason)
        return value

    def choice(self, field: str, allowed: tuple[str, ...], default: str = "") -> str:
        """One of a list of words, in small letters, or the default when empty."""
        value = self.raw(field).lower()
        if value and value not in allowed:
            self.fail(field, f"{field}_unknown", f"expected one of {', '.join(allowed)}, found {shortened(value)}")
        return value or default

    def country(self, field: str) -> str:
        """An ISO 3166 code or ""."""
        value = self.raw(field).upper()
        if value and value not in COUNTRIES:
            self.fail(field, "country_unknown", f"expected an ISO 3166 code such as DE, found {shortened(value)}")
        return value

    def language(self, field: str) -> str:
        """A language tag such as de or pt-BR, or ""."""
        value = self.raw(field)
        if value and _LANGUAGE.fullmatch(value) is None:
            self.fail(field, "language_format", f"expected a language such as de or pt-BR, found {shortened(value)}")
        return value

    def timezone(self, field: str) -> str:
        """An IANA time zone or ""."""
        value = self.raw(field)
        if value and not is_timezone(value):
            reason = f"expected a time zone such as Europe/Berlin, found {shortened(value)}"
            self.fail(field, "timezone_unknown", reason)
        return value

    def day(self, field: str, *, required: bool = False) -> date | None:
        """A date in ISO form, None when empty or wrong."""
        value = self.raw(field)
        if field in self._unreadable:
            self.fail(field, *self._unreadable[field])
            return None
        if not value:
            if required:
                self.fail(field, "date_missing", "expected a date as YYYY-MM-DD, found none")
            return None
        found = parse_date(value)
        if isinstance(found, date):
            return found
        self.fail(field, found, _DATE_REASONS[found].format(shortened(value)))
        return None

    def money(self, amount_field: str, currency_field: str) -> int:
        """The row's amount in minor units. Keeps amount and currency for the reject when both could be read."""
        currency = self.raw(currency_field)
        try:
            exponent(currency)
        except MoneyError as error:
            self.fail(currency_field, error.code, error.reason)
            return 0
        minor = self.side_amount(amount_field, currency)
        if minor is None:
            return 0
        self.amount_minor, self.currency = minor, currency
        return minor

    def side_amount(self, field: str, currency: str) -> int | None:
        """Another amount of the row, in minor units of a known currency; None, and a problem, if it is not one."""
        if field in self._unreadable:
            self.fail(field, *self._unreadable[field])
            return None
        try:
            return parse_minor(self.raw(field), currency)
        except MoneyError as error:
            self.fail(field, error.code, error.reason)
            return None

    def _check_required(self, field: str, value: str, required: bool) -> None:
        if required and not value:
            self.fail(field, f"{field}_missing", f"expected a value for {field}, found none")

    def _check_length(self, field: str, value: str, limit: int) -> None:
        if len(value) > limit:
            self.fail(field, "too_long", f"expected at most {limit} characters, found {len(value)}")
