"""Telephone numbers in the international form (ITU-T E.164): +, country code, number; at most 15 digits."""

from __future__ import annotations

import re
from typing import Final

_WRITTEN: Final = re.compile(r"(\+|00)?[0-9]+")
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN: Final = re.compile(r"[\s\-./()\u00a0\u2010-\u2015]")
_TRUNK_IN_BRACKETS: Final = re.compile(
    r"^(\s*(?:\+|00)[0-9 ]+)\(0\)"
)  # +49 (0)40: the zero is for calls within the country

#: Country codes (ITU-T E.164, list of assigned codes) of countries whose national numbers are completed here.
_CODES: Final = {
    "AT": "43", "AU": "61", "BE": "32", "BG": "359", "BR": "55", "CA": "1", "CH": "41", "CY": "357", "CZ": "420",
    "DE": "49", "DK": "45", "EE": "372", "ES": "34", "FI": "358", "FR": "33", "GB": "44", "GR": "30", "HR": "385",
    "HU": "36", "IE": "353", "IS": "354", "IT": "39", "LI": "423", "LT": "370", "LU": "352", "LV": "371", "MT": "356",
    "NL": "31", "NO": "47", "PL": "48", "PT": "351", "RO": "40", "SE": "46", "SI": "386", "SK": "421", "US": "1",
}  # fmt: skip
_KEEPS_ZERO: Final = frozenset({"IT"})  # the zero belongs to the number there


def international(text: str, country: str) -> str | None:
    """Return a telephone number in the international form, "" for an empty text, or None when it is none. A national
    number gets the code of its country (ISO 3166)."""
    if not text.strip():
        return ""
    plain = _BETWEEN.sub("", _TRUNK_IN_BRACKETS.sub(r"\1", text))
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        return None
    if found[1]:
        whole = "+" + plain.removeprefix(found[1])
    elif country in _CODES:
        whole = f"+{_CODES[country]}{plain if country in _KEEPS_ZERO else plain.removeprefix('0')}"
    else:
        return None
    return whole if _INTERNATIONAL.fullmatch(whole) else None
