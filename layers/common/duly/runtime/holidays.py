"""Public holidays by country, from the ``holidays`` package, which is imported only when a table is asked for.

A debtor is not written to on a public holiday of its country. Where no table is at hand the answer is None, and the
gate "missing holiday table" closes: nobody is contacted on a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

MAX_YEARS: Final = 10

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


def holidays_for(country: str, years: Iterable[int]) -> frozenset[date] | None:
    """The nationwide public holidays of a country (ISO 3166 alpha-2) in these years, or None when a table is missing.

    A year outside the years that the package covers counts as missing; a covered year may have none (Ukraine under
    martial law). Raises ValueError for more than MAX_YEARS years.
    """
    wanted = tuple(sorted(set(years)))
    if len(wanted) > MAX_YEARS:
        raise ValueError(f"at most {MAX_YEARS} years of holidays at a time")
    return _years(country, wanted)


@lru_cache(maxsize=512)
def _years(country: str, wanted: tuple[int, ...]) -> frozenset[date] | None:
    tables = [_year(country, year) for year in wanted]
    known = [table for table in tables if table is not None]
    return frozenset().union(*known) if len(known) == len(tables) else None


@lru_cache(maxsize=512)
def _year(country: str, year: int) -> frozenset[date] | None:
    import holidays

    if _COUNTRY.fullmatch(country) is None or country not in _supported():
        return None
    table = holidays.country_holidays(country, years=year)
    return frozenset(table) if table.start_year <= year <= table.end_year else None


@lru_cache(maxsize=1)
def _supported() -> frozenset[str]:
    # The registry and not list_supported_countries, which imports every country's module (a fifth of a second).
    from holidays.registry import EntityLoader

    return frozenset(EntityLoader.get_country_codes(include_aliases=True))
