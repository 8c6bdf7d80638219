"""How a file writes dates and amounts, told by all its values together; what stays ambiguous is never guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from duly.formats.profile import Profile

DateStyle = Literal["iso", "compact", "year first", "dotted", "day first", "month first", "named", "ambiguous"]
AmountStyle = Literal["point", "comma", "ambiguous"]


class Exact(str):
    """A value whose form is certain, because the file gave it a type: ISO date or machine number, never a vote."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of a file's dates and amounts, why one is ambiguous ("" when it is not), and what to say about them."""

    dates: DateStyle = "iso"
    amounts: AmountStyle = "point"
    dates_problem: str = ""
    amounts_problem: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say about forms that are not the plain ones."""
        found = [] if self.dates in ("iso", "ambiguous") else [f"dates as {DATE_WORDS[self.dates]}"]
        return (*found, "amounts with a decimal comma") if self.amounts == "comma" else tuple(found)


_TIME: Final = (
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?[AaPp][Mm])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_MONTHS: Final = {
    month: number
    for number, names in enumerate(
        (
            "jan january januar janv janvier gennaio gen enero ene januari jän jänner",
            "feb february februar févr fevr février fevrier febbraio febrero februari",
            "mar march märz mrz mars marzo maart mrt maerz",
            "apr april avr avril aprile abril abr",
            "may mai maggio mag mayo mei",
            "jun june juni juin giugno giu junio",
            "jul july juli juil juillet luglio lug julio",
            "aug august août aout agosto ago augustus",
            "sep sept september septembre settembre set septiembre",
            "oct october okt oktober octobre ottobre ott octubre",
            "nov november novembre noviembre",
            "dec december dez dezember déc décembre decembre dicembre dic diciembre",
        ),
        start=1,
    )
    for month in names.split()
}
_FORMS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("iso", re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")),
    ("dotted", re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.([0-9]{{4}}|[0-9]{{2}}){_TIME}")),
    ("numeric", re.compile(rf"([0-9]{{1,2}})[/-]([0-9]{{1,2}})[/-]([0-9]{{4}}|[0-9]{{2}}){_TIME}")),
    ("year first", re.compile(rf"([0-9]{{4}})[/.]([0-9]{{1,2}})[/.]([0-9]{{1,2}}){_TIME}")),
    ("compact", re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")),
    ("named", re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|\.)?[ -]*([^\W\d_]{3,10})\.?,?[ -]*([0-9]{4}|[0-9]{2})")),
    ("named us", re.compile(r"([^\W\d_]{3,10})\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})")),
)
_FORM_OF_STYLE: Final = {"day first": "numeric", "month first": "numeric"}

#: Different years of two digits that are believed to be years in one file.
MAX_SHORT_YEARS: Final = 3

#: How each style of dates is called in a note.
DATE_WORDS: Final[dict[str, str]] = {
    "iso": "year-month-day",
    "compact": "YYYYMMDD",
    "year first": "year/month/day",
    "dotted": "day.month.year",
    "day first": "day/month/year",
    "month first": "month/day/year",
    "named": "with the month's name",
}
_REASONS: Final = {
    "ambiguous_dates": (
        "expected dates whose order can be told, found none that only fits day/month or only month/day; write "
        'YYYY-MM-DD or say dates = "day first" or "month first" in a profile'
    ),
    "ambiguous_amounts": (
        "expected amounts whose decimal sign can be told, found none such as 1,5 or 1.234,56 that settles whether "
        '1,234 is a thousand; write all decimals or say decimal = "," or "." in a profile'
    ),
}
_CONTRADICTING_DATES: Final = (
    "expected dates of one order, found some that only fit day/month and some that only fit month/day; write YYYY-MM-DD"
)

_GROUPING: Final = re.compile(r"(?<=[0-9])[ \u00a0\u202f'\u2019](?=[0-9]{3}(?![0-9]))")
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_GROUPED_POINT: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*")
_GROUPED_COMMA: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*")
_AROUND: Final = re.compile(r"^[^0-9.,+-]+|[^0-9.,-]+$")
_NUMBER: Final = re.compile(r"([+-]?)([0-9][0-9.,]*|[.,][0-9]+)(-?)")


def form_of(text: str) -> tuple[str, re.Match[str] | None]:
    """The form of a date text and its parts; ("", None) when it is none."""
    for form, pattern in _FORMS:
        found = pattern.fullmatch(text)
        if found and (not form.startswith("named") or found[2 if form == "named" else 1].casefold() in _MONTHS):
            return form.removesuffix(" us"), found
    return "", None


class DateVotes:
    """Counts what the dates of a file say about their form. The form that most values have counts."""

    def __init__(self) -> None:
        self._forms = Counter[str]()
        self._day_firsts = 0
        self._month_firsts = 0
        self._open = 0
        self._short_firsts = set[str]()
        self._short_lasts = set[str]()

    def add(self, text: str, times: int = 1) -> None:
        """Count one value; those of a certain form and those that are no date say nothing."""
        form, parts = ("", None) if isinstance(text, Exact) else form_of(text)
        if parts is None:
            return
        self._forms[form] += times
        if form == "numeric":
            one, two = int(parts[1]), int(parts[2])
            self._day_firsts += times * (one > 12)
            self._month_firsts += times * (two > 12)
            self._open += times * (one != two and max(one, two) <= 12)
            if len(parts[3]) == 2 and len(self._short_firsts) <= MAX_SHORT_YEARS:
                self._short_firsts.add(parts[1])
            if len(parts[3]) == 2 and len(self._short_lasts) <= MAX_SHORT_YEARS:
                self._short_lasts.add(parts[3])

    def add_votes(self, form: DateStyle, times: int) -> None:
        """Count values that are known to be of a form, which is not one of numbers whose order is open."""
        if times:
            self._forms[form] += times

    def update(self, other: DateVotes) -> None:
        """Count what another part of the file says."""
        self._forms.update(other._forms)
        self._day_firsts += other._day_firsts
        self._month_firsts += other._month_firsts
        self._open += other._open
        for mine, more in ((self._short_firsts, other._short_firsts), (self._short_lasts, other._short_lasts)):
            mine |= set(sorted(more)[: MAX_SHORT_YEARS + 1 - len(mine)] if len(more | mine) > MAX_SHORT_YEARS else more)

    def to_data(self) -> dict[str, Any]:
        """The counts as JSON data."""
        return {
            "forms": dict(self._forms),
            "firsts": [self._day_firsts, self._month_firsts, self._open],
            "short": [sorted(self._short_firsts), sorted(self._short_lasts)],
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> DateVotes:
        """The counts that `to_data` gave."""
        votes = cls()
        votes._forms.update(data["forms"])
        votes._day_firsts, votes._month_firsts, votes._open = data["firsts"]
        votes._short_firsts, votes._short_lasts = map(set, data["short"])
        return votes

    def style(self, stated: str = "") -> tuple[DateStyle, str]:
        """The style and, when it is ambiguous, why (else ""). `stated` is what a profile says."""
        if not self._forms:
            return "iso", ""
        best = max(self._forms.values())
        form = next(form for form, _ in _FORMS if self._forms[form] == best)
        if form != "numeric":
            return form, ""  # type: ignore[return-value]
        if stated in ("day first", "month first"):
            return stated, ""  # type: ignore[return-value]
        if self._short_lasts and not (len(self._short_lasts) < len(self._short_firsts)):
            return "ambiguous", _REASONS["ambiguous_dates"]  # 26/01/31 may start with its year
        if self._day_firsts and self._month_firsts:
            return "ambiguous", _CONTRADICTING_DATES
        if self._day_firsts or (not self._month_firsts and not self._open):
            return "day first", ""
        return ("month first", "") if self._month_firsts else ("ambiguous", _REASONS["ambiguous_dates"])


def iso_date(text: str, style: DateStyle) -> str | None:
    """A date of a style in ISO form (the day may not exist); None when the text is of another style."""
    form, parts = form_of(text)
    if isinstance(text, Exact) and form != "compact":
        return text
    style = "compact" if isinstance(text, Exact) else style
    if parts is None or form != _FORM_OF_STYLE.get(style, style):
        return None
    one, two, three = parts[1], parts[2], parts[3]
    if form in ("iso", "compact", "year first"):
        year, month, day = one, two, three
    elif form == "named":
        year, month, day = (
            three,
            *(
                (str(_MONTHS[two.casefold()]), one)
                if two.casefold() in _MONTHS
                else (str(_MONTHS[one.casefold()]), two)
            ),
        )
    else:
        year, month, day = (three, one, two) if style == "month first" else (three, two, one)
    return f"{'20' if len(year) == 2 else ''}{year}-{int(month):02}-{int(day):02}"


def _vote(text: str) -> str:
    """What one amount says about the decimal sign: point, comma, "either" for 1,234 or 1.234, "" for nothing."""
    if text.isdecimal():
        return ""
    bare = _AROUND.sub("", text).lstrip("+-").rstrip("-")
    grouped = _GROUPING.search(bare) is not None
    bare = _GROUPING.sub("", bare)
    points, commas = bare.count("."), bare.count(",")
    if not (points or commas) or not re.fullmatch(r"[0-9.,]+", bare):
        return ""
    if points and commas:
        return "comma" if _GROUPED_COMMA.fullmatch(bare) else "point" if _GROUPED_POINT.fullmatch(bare) else ""
    sign, other = (".", "point") if points else (",", "comma")
    if points + commas > 1:
        return "comma" if other == "point" else "point"
    whole, _, fraction = bare.partition(sign)
    if grouped or len(fraction) != 3 or whole.strip("0") == "" or len(whole) > 3:
        return other
    return "either"


class AmountVotes:
    """Counts what the amounts of a file say about the decimal sign."""

    def __init__(self) -> None:
        self._votes = Counter[str]()

    def add(self, text: str) -> None:
        """Count one value."""
        if not isinstance(text, Exact):
            self._votes[_vote(text)] += 1

    def add_votes(self, vote: AmountStyle, times: int) -> None:
        """Count values that are known to say so."""
        self._votes[vote] += times

    def update(self, other: AmountVotes) -> None:
        """Count what another part of the file says."""
        self._votes.update(other._votes)

    def to_data(self) -> dict[str, int]:
        """The counts as JSON data."""
        return dict(self._votes)

    @classmethod
    def of_data(cls, data: Mapping[str, int]) -> AmountVotes:
        """The counts that `to_data` gave."""
        votes = cls()
        votes._votes.update(data)
        return votes

    def style(self, default: str = "") -> tuple[AmountStyle, str]:
        """The style and, when it is ambiguous, why (else ""). `default` settles what the values leave open."""
        points, commas = self._votes["point"], self._votes["comma"]
        if points != commas:
            return ("point", "") if points > commas else ("comma", "")
        if self._votes["either"] or points:
            return (default, "") if default else ("ambiguous", _REASONS["ambiguous_amounts"])  # type: ignore[return-value]
        return "point", ""


@dataclass(slots=True)
class Votes:
    """What the values of a file, or of a part of it, say about the forms of dates and amounts."""

    dates: DateVotes = field(default_factory=DateVotes)
    amounts: AmountVotes = field(default_factory=AmountVotes)

    def update(self, other: Votes) -> None:
        """Count what another part of the file says."""
        self.dates.update(other.dates)
        self.amounts.update(other.amounts)

    def to_data(self) -> dict[str, Any]:
        """The counts as JSON data."""
        return {"dates": self.dates.to_data(), "amounts": self.amounts.to_data()}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Votes:
        """The counts that `to_data` gave."""
        return cls(DateVotes.of_data(data["dates"]), AmountVotes.of_data(data["amounts"]))


def settle(votes: Votes, profile: Profile, is_machine_form: bool) -> Forms:
    """The forms by all votes of a file and what its profile says."""
    dates, dates_problem = votes.dates.style(profile.dates)
    stated = {",": "comma", ".": "point"}.get(profile.decimal, "")
    amounts, amounts_problem = votes.amounts.style(stated or ("point" if is_machine_form else ""))
    return Forms(dates, amounts, dates_problem, amounts_problem)


def machine_number(text: str, style: AmountStyle, currency: str = "") -> str | None:
    """An amount of a style in the form that parse_minor reads; None when the text is not of it.

    Allowed are grouping in threes, a minus sign behind the number (SAP) and the row's own currency beside it.
    """
    if isinstance(text, Exact) or (style == "point" and _PLAIN.fullmatch(text)):
        return text
    found = _NUMBER.fullmatch(_GROUPING.sub("", _without_currency(text.strip(), currency)))
    if found is None or (found[1] and found[3]):
        return None
    decimal, group = (".", ",") if style == "point" else (",", ".")
    whole, sign, fraction = found[2].partition(decimal)
    if decimal in fraction or group in fraction or (sign and not fraction and not whole):
        return None
    if group in whole and not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+", whole):
        return None
    minus = "-" if "-" in (found[1], found[3]) else ""
    return f"{minus}{whole.replace(group, '') or '0'}" + (f".{fraction}" if fraction else "")


_SYMBOLS: Final = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CHF": "Fr."}


def _without_currency(text: str, currency: str) -> str:
    for name in (currency, _SYMBOLS.get(currency, "")):
        if name and text.startswith(name):
            return text[len(name) :].strip()
        if name and text.endswith(name):
            return text[: -len(name)].strip()
    return text
