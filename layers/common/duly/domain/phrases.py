"""Days and amounts of money in free text: "next Friday", "Ende März", "in 10 days", "EUR 1.190,00".

English and German completely, French, Spanish, Italian, Dutch, Portuguese and Polish in their common forms. Pure
functions of the text and the day it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from duly.domain.money import exponent


def _words(text: str) -> list[str]:
    return text.split()


MAX_TEXT_CHARACTERS = 20_000
MAX_MENTIONS = 50
MAX_AMOUNT_DIGITS = 15
MAX_DAYS_AHEAD = 3_660

Tendency = Literal["future", "past"]


@dataclass(frozen=True, slots=True)
class DateMention:
    """A day named in a text at [start, end). `exact` is false for a span of which the last working day stands here
    ("next week"); `ambiguous` is true for 03/04, which an American reads differently."""

    on: date
    start: int
    end: int
    exact: bool = True
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class AmountMention:
    """An amount of money named in a text at [start, end), in the currency's minor units."""

    amount_minor: int
    currency: str
    start: int
    end: int


# Words -----------------------------------------------------------------------------------------------------------

_MONTH_NAMES = (
    "january jan januar jänner jaenner janvier janv enero ene gennaio gen januari",
    "february feb februar feber février fevrier févr fév fevr febrero febbraio februari",
    "march mar märz maerz mär mrz mars marzo maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag mei",
    "june jun juni juin junio giugno giu",
    "july jul juli juillet juil julio luglio lug",
    "august aug août aout agosto ago augustus",
    "september sept sep septembre septiembre settembre set",
    "october oct oktober okt octobre octubre ottobre ott",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc decembre diciembre dic dicembre",
)
_MONTH_NAMES_PT_PL = (
    "janeiro stycznia",
    "fevereiro lutego",
    "março marco marca",
    "kwietnia",
    "maio maja",
    "junho czerwca",
    "julho lipca",
    "sierpnia",
    "setembro września",
    "outubro października",
    "novembro listopada",
    "dezembro grudnia",
)
"""Portuguese, and Polish in the genitive of a date ("4 lutego"). They stand apart: only beside a day or an end, never
after a mere "in", as some are words of other languages too ("a marca")."""
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTHS |= {"janvier": 1, "enero": 1}
_UNMISTAKEN_MONTHS = [name for name in _MONTHS if len(name) > 3] + ["may", "mai", "mei"]
_MONTHS |= {name: number for number, names in enumerate(_MONTH_NAMES_PT_PL, 1) for name in names.split()}
_WEEKDAY_NAMES = (
    "monday mon montag lundi lunes lunedì lunedi maandag mo segunda-feira poniedziałek poniedziałku",
    "tuesday tues tue dienstag mardi martes martedì martedi dinsdag terça-feira wtorek wtorku",
    "wednesday weds wed mittwoch mercredi miércoles miercoles mercoledì mercoledi woensdag mi quarta-feira środa "
    "środę środy",
    "thursday thurs thur thu donnerstag jeudi jueves giovedì giovedi donderdag quinta-feira czwartek czwartku",
    "friday fri freitag vendredi viernes venerdì venerdi vrijdag fr sexta-feira piątek piątku",
    "saturday sat samstag sonnabend samedi sábado sabado sabato zaterdag sobota sobotę soboty",
    "sunday sun sonntag dimanche domingo domenica zondag niedziela niedzielę niedzieli",
)
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_LONG_WEEKDAYS = [name for name in _WEEKDAYS if len(name) > 3] + ["mon", "tue", "wed", "thu", "fri"]
_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "zero null",
            "a an one eine einer einem einen ein eins un une uno una één een",
            "two zwei deux dos due twee couple",
            "three drei trois tres tre drie",
            "four vier quatre cuatro quattro",
            "five fünf fuenf cinq cinco cinque vijf",
            "six sechs seis sei zes",
            "seven sieben sept siete sette zeven",
            "eight acht huit ocho otto",
            "nine neun neuf nueve nove negen",
            "ten zehn dix diez dieci tien",
            "eleven elf onze once undici",
            "twelve zwölf zwoelf douze doce dodici twaalf",
            "thirteen dreizehn treize trece tredici dertien",
            "fourteen vierzehn quatorze catorce quattordici veertien",
            "fifteen fünfzehn fuenfzehn quinze quince quindici vijftien",
        )
    )
    for word in words.split()
}
_NUMBER_WORDS |= {
    "twenty": 20,
    "zwanzig": 20,
    "vingt": 20,
    "veinte": 20,
    "venti": 20,
    "twintig": 20,
    "thirty": 30,
    "dreißig": 30,
}
_NUMBER_WORDS |= {
    "dreissig": 30,
    "trente": 30,
    "treinta": 30,
    "trenta": 30,
    "dertig": 30,
    "sixteen": 16,
    "seventeen": 17,
}
_NUMBER_WORDS |= {"eighteen": 18, "nineteen": 19, "forty": 40, "fifty": 50, "hundred": 100}
_ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "first erste ersten erster premier primo primero eerste 1er",
            "second zweite zweiten zweiter",
            "third dritte dritten dritter",
            "fourth vierte vierten",
            "fifth fünfte fünften",
            "sixth sechsten",
            "seventh siebten",
            "eighth achten",
            "ninth neunten",
            "tenth zehnte zehnten",
            "eleventh elften",
            "twelfth zwölften",
            "thirteenth dreizehnten",
            "fourteenth vierzehnten",
            "fifteenth fünfzehnte fünfzehnten",
            "sixteenth sechzehnten",
            "seventeenth siebzehnten",
            "eighteenth achtzehnten",
            "nineteenth neunzehnten",
            "twentieth zwanzigsten",
        ),
        1,
    )
    for word in words.split()
}
_ORDINALS |= {"thirtieth": 30, "dreißigsten": 30, "thirty-first": 31, "twenty-fifth": 25, "twenty-eighth": 28}


def _any_of(words: object) -> str:
    return "|".join(sorted((re.escape(str(word)) for word in words), key=len, reverse=True))  # type: ignore[attr-defined]


_MONTH = rf"(?:{_any_of(_MONTHS)})\b\.?"
_WEEKDAY = rf"(?:{_any_of(_LONG_WEEKDAYS)})\b\.?"
_NUMBER = rf"(?:\d{{1,3}}|{_any_of(_NUMBER_WORDS)})"
_ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th|er|\.|º|ª)?|{_any_of(_ORDINALS)})"
_OF = r"(?:\s*(?:of|de|del|di|des|do|von|van|-|,)?\s*(?:the\s+|dem\s+)?)"
_YEAR = r"(?:(?:19|20)\d{2}|'?\d{2}(?![\d:.,]))"
_DAY = r"(?:days?|tage?n?|jours?|días?|dias?|giorn[oi]|dagen|dag|dni|dnia)"
_WEEK = r"(?:weeks?|wochen?|semaines?|semanas?|settiman[ae]|weken|week|wks?|tydzień|tygodni[ae]?|tygodniu)"
_MONTH_UNIT = r"(?:months?|monate?n?|mois|mes(?:es)?|mês|mes[ei]|maand(?:en)?|miesiąc[ae]?|miesiącu|miesięcy)"
_YEAR_UNIT = r"(?:years?|jahre?n?|années?|ans?|años?|anni|jaar|jaren)"
_WORKING = r"(?:working|business|werk|arbeits|bank|jours ouvr[ée]s|hábiles|lavorativi|werkdagen)"
_NEXT = (
    r"(?:next|nächste[nrsm]?|naechste[nrsm]?|folgende[nrm]?|prochaine?|próxim[oa]|proxim[oa]|prossim[oa]|volgende"
    r"|(?:przyszł|następn)(?:y|ym|ego|ej|ą))"
)
_COMING = (
    r"(?:this|this coming|coming|upcoming|the coming|kommende[nrm]?|diese[nrsm]?|ce|cette|est[ea]|quest[oa]"
    r"|questo|deze|komende|aankomende)"
)
_LAST = (
    r"(?:last|past|previous|letzte[nrsm]?|vergangene[nrsm]?|vorige[nrsm]?|dernière?|passée?|pasad[oa]"
    r"|scors[oa]|vorige|afgelopen)"
)
_END = (
    r"(?:(?:the\s+|very\s+|à\s+la\s+|la\s+|alla\s+|a\s+|ao\s+|no\s+)?(?:end|fin|fine|fim|finales|final|eind"
    r"|einde|końca|koniec|końcem)(?:\s+(?:of|de|del|di|des|do|van|dell['’]?))?(?:\s+(?:the|la|el|het|il|de))?"
    r"|(?:zum\s+|am\s+|bis\s+)?ende(?:\s+(?:des|der|dieses|dieser|im|von))?)"
)
_MIDDLE = r"(?:(?:the\s+)?(?:middle|mid)(?:\s+of)?(?:\s+the)?|mitte(?:\s+(?:des|der))?|mi-|mediados de|metà|half)"
_BEGIN = (
    r"(?:(?:the\s+)?(?:beginning|start|early|first week)(?:\s+(?:of|in))?(?:\s+the)?|anfang(?:\s+(?:des"
    r"|der))?|début|principios de|inizio|begin)"
)


def _plain_number(text: str) -> int:
    text = text.lower()
    digits = re.match(r"\d+", text)
    return int(digits.group()) if digits else _NUMBER_WORDS.get(text, _ORDINALS.get(text, 0))


def _month_number(text: str) -> int:
    return _MONTHS[text.lower().rstrip(".")]


def _weekday_number(text: str) -> int:
    return _WEEKDAYS[text.lower().rstrip(".")]


# Calendar arithmetic ---------------------------------------------------------------------------------------------


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_year(text: str) -> int:
    number = int(text.strip("'"))
    return number if number > 99 else number + (2000 if number < 70 else 1900)


def _month_end(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _add_months(day: date, months: int) -> date:
    end = _month_end(day.year, day.month + months)
    return end.replace(day=min(day.day, end.day))


def _add_working_days(day: date, count: int) -> date:
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _nearest(today: date, month: int, day: int, tendency: Tendency) -> date | None:
    """The day without a year that is meant: the next one, or for what has happened the last one. A day just gone
    stays in this year, so that a promise for it is seen to lie in the past."""
    candidates = [found for year in (today.year - 1, today.year, today.year + 1) if (found := _day(year, month, day))]
    if tendency == "past":
        return max((found for found in candidates if found <= today), default=None)
    return min((found for found in candidates if found >= today - timedelta(days=30)), default=None)


def _day_of_month(today: date, day: int, tendency: Tendency) -> date | None:
    step = -1 if tendency == "past" else 1
    for months in range(13):
        first = _add_months(today.replace(day=1), step * months)
        found = _day(first.year, first.month, day)
        if found is not None and (found <= today if tendency == "past" else found >= today):
            return found
    return None


def _weekday_after(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _weekday_before(today: date, weekday: int) -> date:
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def _week_day(today: date, weeks: int, weekday: int) -> date:
    return today - timedelta(days=today.weekday()) + timedelta(days=7 * weeks + weekday)


def _ordered(today: date, offset: int) -> date | None:
    try:
        return today + timedelta(days=offset)
    except OverflowError:
        return None


# Rules: pattern -> day. The first that matches at a place wins; longer phrases stand before their parts. ------------


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    resolve: Callable[[re.Match[str], date, Tendency], date | None]
    exact: bool = True
    ambiguous: Callable[[re.Match[str]], bool] = lambda _match: False


def _rule(
    pattern: str,
    resolve: Callable[[re.Match[str], date, Tendency], date | None],
    exact: bool = True,
    ambiguous: Callable[[re.Match[str]], bool] = lambda _match: False,
) -> _Rule:
    return _Rule(re.compile(rf"(?<![\w/.-])(?:{pattern})(?![\w])", re.IGNORECASE), resolve, exact, ambiguous)


def _numeric(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
    day, month = int(match["d"]), int(match["m"])
    if month > 12 >= day and match["s"] != ".":
        day, month = month, day
    year = match["y"]
    return _day(_full_year(year), month, day) if year else _nearest(today, month, day, tendency)


def _both_readings(match: re.Match[str]) -> bool:
    return match["s"] == "/" and int(match["d"]) <= 12 and int(match["m"]) <= 12 and match["d"] != match["m"]


def _named_month(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
    day, month = _plain_number(match["d"]), _month_number(match["m"])
    return _day(_full_year(match["y"]), month, day) if match["y"] else _nearest(today, month, day, tendency)


def _unit_offset(match: re.Match[str], today: date, sign: int) -> date | None:
    number, unit = _plain_number(match["n"]), match["u"].lower()
    if match["w"]:
        return _add_working_days(today, min(number, 260)) if sign > 0 else _ordered(today, -number * 7 // 5)
    if re.fullmatch(_DAY, unit):
        return _ordered(today, sign * number)
    if re.fullmatch(_WEEK, unit):
        return _ordered(today, sign * 7 * number)
    months = sign * number * (12 if re.fullmatch(_YEAR_UNIT, unit) else 1)
    return _add_months(today, months) if 0 < today.year + months // 12 < 9990 else None


def _end_of_month(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
    month = _month_number(match["m"])
    if match["y"]:
        return _month_end(_full_year(match["y"]), month)
    first = _nearest(today, month, 28, tendency)
    return _month_end(first.year, first.month) if first else None


def _in_month(day: int) -> Callable[[re.Match[str], date, Tendency], date | None]:
    def resolve(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
        month = _month_number(match["m"])
        return _day(_full_year(match["y"]), month, day) if match["y"] else _nearest(today, month, day, tendency)

    return resolve


def _iso_week(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
    week = int(match["n"])
    year = today.year + (1 if tendency == "future" and week < today.isocalendar().week else 0)
    try:
        return date.fromisocalendar(year, week, 5)
    except ValueError:
        return None


_ORDINAL_INDEX = {
    "fi": 0,
    "er": 0,
    "1s": 0,
    "se": 1,
    "zw": 1,
    "2n": 1,
    "th": 2,
    "dr": 2,
    "3r": 2,
    "fo": 3,
    "vi": 3,
    "4t": 3,
    "la": -1,
    "le": -1,
}


def _weekday_of_month(match: re.Match[str], today: date, tendency: Tendency) -> date | None:
    """ "The first Friday of March"; without a year the next such day, or the last one gone by."""
    index, weekday = _ORDINAL_INDEX[match["o"].lower()[:2]], _weekday_number(match["x"])
    if match["m"]:
        first = _in_month(1)(match, today, tendency)
    else:
        word = (match["r"] or "").strip().lower()
        shift = -1 if word == "last" else int(word in ("next", "nächsten", "kommenden"))
        first = _add_months(today.replace(day=1), shift)
    if first is None:
        return None
    days = [
        day for number in range(1, 32) if (day := _day(first.year, first.month, number)) and day.weekday() == weekday
    ]
    found = days[index] if index < len(days) else None
    if (
        found is not None
        and found < today
        and not match["y"]
        and match["m"]
        and tendency == "future"
        and found.month == today.month
    ):
        return None
    return found


def _end_of_week(today: date, weeks: int) -> date:
    friday = _week_day(today, weeks, 4)
    return friday if friday >= today or weeks else _week_day(today, weeks, 6)


_UNIT = (
    rf"(?P<n>{_NUMBER})(?:\s+(?:further|more|weiteren?))?\s*-?(?P<w>{_WORKING})?[\s-]*(?P<u>{_DAY}|{_WEEK}"
    rf"|{_MONTH_UNIT}|{_YEAR_UNIT})(?:\s+(?:ouvr[ée]s|h[áa]biles|lavorativi))?"
)
_RULES: tuple[_Rule, ...] = (
    _rule(
        r"(?P<y>(?:19|20)\d{2})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:T[\d:]+)?",
        lambda m, _t, _w: _day(int(m["y"]), int(m["m"]), int(m["d"])),
    ),
    _rule(
        r"(?P<d>\d{1,2})(?P<s>[./-])\s?(?P<m>\d{1,2})(?P=s)\s?(?P<y>(?:19|20)\d{2}|\d{2})(?![.,]\d|\d)",
        _numeric,
        True,
        _both_readings,
    ),
    _rule(r"(?P<d>\d{1,2})(?P<s>\.)\s?(?P<m>\d{1,2})\.(?P<y>)(?!\d)", _numeric),
    _rule(r"(?P<d>\d{1,2})(?P<s>/)(?P<m>\d{1,2})(?P<y>)(?![./\d])", _numeric, True, _both_readings),
    _rule(
        r"(?<=am |is |um |om )(?P<d>[0-3]?\d)(?P<s>\.)(?P<m>[01]?\d)(?P<y>)(?!\s?(?:[\d%€$£]|eur|usd|gbp|chf|[.,]\d))",
        _numeric,
    ),
    _rule(
        rf"(?:the\s+|den\s+|dem\s+|le\s+|el\s+"
        rf"|il\s+)?(?P<d>{_ORDINAL}){_OF}(?P<m>{_MONTH})(?:{_OF}(?P<y>{_YEAR}))?",
        _named_month,
    ),
    _rule(
        rf"(?P<m>{_MONTH})\s*(?:the\s+)?(?P<d>{_ORDINAL})(?:st|nd|rd|th)?(?:\s*,?\s*(?P<y>(?:19"
        rf"|20)\d{{2}}))?(?![\d:.,]\d)",
        _named_month,
    ),
    _rule(
        r"(?:the\s+)?day after tomorrow|übermorgen|uebermorgen|après-demain|apres-demain|pasado mañana"
        r"|dopodomani|overmorgen|depois de amanhã|pojutrze",
        lambda _m, t, _w: t + timedelta(days=2),
    ),
    _rule(
        r"(?:the\s+)?day before yesterday|vorgestern|avant-hier|anteayer|antes de ayer|l'altro ieri|eergisteren",
        lambda _m, t, _w: t - timedelta(days=2),
    ),
    _rule(
        rf"(?:the\s+|der\s+|den\s+|am\s+)?(?P<o>first|second|third|fourth|last|erste[rn]?|zweite[rn]?"
        rf"|dritte[rn]?|vierte[rn]?|letzte[rn]?|1st|2nd|3rd|4th)\s+(?P<x>{_WEEKDAY})"
        rf"\s+(?:of|in|im|des)\s+(?:(?P<m>{_MONTH})(?:\s+(?P<y>(?:19|20)\d{{2}}))?|(?P<r>(?:the|this|next"
        rf"|last|diesem|dieses|nächsten|kommenden)\s+)?(?:month|monats?))",
        lambda m, t, w: _weekday_of_month(m, t, w),
    ),
    _rule(
        rf"(?P<n>{_NUMBER})\s+(?P<x>{_any_of(_LONG_WEEKDAYS)})s?\s+from\s+now",
        lambda m, t, _w: _weekday_after(t, _weekday_number(m["x"])) + timedelta(days=7 * (_plain_number(m["n"]) - 1)),
    ),
    _rule(
        rf"(?:the\s+|am\s+|zum\s+|den\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+"
        rf"|des\s+)?(?:{_NEXT}|kommenden)\s+(?:month|monats?)",
        lambda m, t, _w: _day(
            _add_months(t.replace(day=1), 1).year, _add_months(t.replace(day=1), 1).month, int(m["d"])
        ),
    ),
    _rule(
        r"(?:the\s+|am\s+|zum\s+)?(?P<d>\d{1,2})(?:st|nd|rd|th|\.)\s+(?:of\s+(?:this|the)|dieses"
        r"|diesen)\s+(?:month|monats?)",
        lambda m, t, _w: _day(t.year, t.month, int(m["d"])),
    ),
    _rule(
        rf"(?P<x>{_WEEKDAY})\s+in\s+(?P<n>{_NUMBER})\s+(?:wochen?|weeks?)",
        lambda m, t, _w: _week_day(t, _plain_number(m["n"]), _weekday_number(m["x"])),
    ),
    _rule(rf"(?P<x>{_WEEKDAY})\s+after next", lambda m, t, _w: _week_day(t, 2, _weekday_number(m["x"]))),
    _rule(r"(?:the\s+)?week after next|übernächste[rn]? woche", lambda _m, t, _w: _week_day(t, 2, 4), False),
    _rule(
        rf"(?P<x>{_WEEKDAY})\s+(?:of\s+|in\s+|der\s+|de\s+la\s+|della\s+)?(?:la\s+)?(?:{_NEXT}\s+{_WEEK}"
        rf"|semaine prochaine|semana próxima|settimana prossima)"
        rf"|{_NEXT}\s+{_WEEK}\s*,?\s*(?:on\s+|am\s+|le\s+|el\s+|op\s+)?(?P<z>{_WEEKDAY})"
        rf"|(?:on\s+)?(?P<v>{_WEEKDAY})\s+(?:in\s+einer\s+woche|week)",
        lambda m, t, _w: _week_day(t, 1, _weekday_number(m["x"] or m["z"] or m["v"])),
    ),
    _rule(
        rf"(?P<x>{_WEEKDAY})\s+(?:of\s+|in\s+)?(?:this|dieser|diese|cette|esta|questa|deze)\s+{_WEEK}"
        rf"|(?:this|diese|deze)\s+{_WEEK}\s*,?\s*(?:on\s+|am\s+|op\s+)?(?P<z>{_WEEKDAY})",
        lambda m, t, _w: _week_day(t, 0, _weekday_number(m["x"] or m["z"])),
    ),
    _rule(
        rf"(?P<x>{_WEEKDAY})\s+(?:of\s+)?{_LAST}\s+{_WEEK}|{_LAST}\s+{_WEEK}\s*,?\s*(?:on\s+|am\s+"
        rf"|op\s+)?(?P<z>{_WEEKDAY})|(?P<v>{_WEEKDAY})\s+letzter\s+woche",
        lambda m, t, _w: _week_day(t, -1, _weekday_number(m["x"] or m["z"] or m["v"])),
    ),
    _rule(
        rf"(?:begin|beginning|start|early|anfang|début|inizio)\s+(?:of\s+|der\s+"
        rf"|in\s+)?(?:the\s+)?{_NEXT}\s+{_WEEK}|early next week",
        lambda _m, t, _w: _week_day(t, 1, 1),
        False,
    ),
    _rule(rf"{_MIDDLE}\s*{_NEXT}\s+{_WEEK}", lambda _m, t, _w: _week_day(t, 1, 2), False),
    _rule(
        rf"(?:{_END}|late)\s*{_NEXT}\s+{_WEEK}|ende\s+(?:der\s+)?kommende[rn]\s+woche",
        lambda _m, t, _w: _week_day(t, 1, 4),
    ),
    _rule(
        rf"{_END}\s*(?:{_COMING}\s+)?(?:work(?:ing)?\s+)?{_WEEK}|eow|wochenende?nde"
        rf"|(?:spätestens\s+)?ende der woche|later this week",
        lambda _m, t, _w: _end_of_week(t, 0),
    ),
    _rule(
        rf"{_END}\s*{_NEXT}\s+{_MONTH_UNIT}|fin du mois prochain|ende\s+(?:des\s+)?(?:nächsten"
        rf"|kommenden)\s+monats",
        lambda _m, t, _w: _month_end(t.year, t.month + 1),
    ),
    _rule(
        rf"{_END}\s*(?:{_COMING}\s+|current\s+|laufenden\s+)?(?:mon(?:th|ats)|{_MONTH_UNIT})|eom"
        rf"|month[ -]?end|monatsende|monatsultimo|ultimo|fin de mes|fine mese|fin du mois"
        rf"|eind van de maand|einde maand"
        r"|last (?:working |business )?day of (?:the|this) month|letzte[rn]? (?:werk)?tag des monats",
        lambda _m, t, w: _month_end(t.year, t.month - 1) if w == "past" and t.day < 25 else _month_end(t.year, t.month),
    ),
    _rule(rf"{_END}\s*(?P<m>{_MONTH})(?:{_OF}(?P<y>(?:19|20)\d{{2}}))?", _end_of_month),
    _rule(rf"{_MIDDLE}\s*(?P<m>{_MONTH})(?:{_OF}(?P<y>(?:19|20)\d{{2}}))?", _in_month(15), False),
    _rule(rf"{_BEGIN}\s*(?P<m>{_MONTH})(?:{_OF}(?P<y>(?:19|20)\d{{2}}))?", _in_month(10), False),
    _rule(
        rf"{_MIDDLE}\s*(?:{_NEXT}\s+)(?:{_MONTH_UNIT}|monats)",
        lambda _m, t, _w: _add_months(t.replace(day=15), 1),
        False,
    ),
    _rule(
        rf"{_MIDDLE}\s*(?:{_COMING}\s+)?(?:{_MONTH_UNIT}|monats)|monatsmitte",
        lambda _m, t, w: _day_of_month(t, 15, w),
        False,
    ),
    _rule(
        rf"{_BEGIN}\s*(?:{_NEXT}\s+)(?:{_MONTH_UNIT}|monats)",
        lambda _m, t, _w: _add_months(t.replace(day=10), 1),
        False,
    ),
    _rule(
        rf"{_BEGIN}\s*(?:month|monats|monatsanfang)|monatsanfang",
        lambda _m, t, _w: _add_months(t.replace(day=10), 1),
        False,
    ),
    _rule(
        rf"{_END}\s*(?:{_COMING}\s+)?(?:year|jahres|l'année|año|anno|jaar)|jahresende|year[ -]?end|eoy",
        lambda _m, t, _w: date(t.year, 12, 31),
    ),
    _rule(
        rf"{_UNIT}\s*(?:ago|her|fa|geleden|zuvor|earlier|back)|(?:vor|il y a|hace)\s+(?:about\s+|ca\.?\s+"
        rf"|etwa\s+)?{_UNIT.replace('<n>', '<n2>').replace('<w>', '<w2>').replace('<u>', '<u2>')}",
        lambda m, t, _w: _unit_offset(m, t, -1) if m["n"] else _unit_offset_second(m, t),
    ),
    _rule(
        rf"(?:with)?in\s+(?:the\s+|about\s+|den\s+|les\s+|los\s+|etwa\s+|ca\.?\s+)?(?:next\s+|coming\s+"
        rf"|nächsten\s+|kommenden\s+|prochains\s+|próximos\s+|prossimi\s+"
        rf"|komende\s+)?(?:a\s+)?{_UNIT}(?:\s+(?:time|from\s+(?:now|today)))?",
        lambda m, t, _w: _unit_offset(m, t, 1),
    ),
    _rule(
        rf"(?:innerhalb|binnen)\s+(?:von\s+|der\s+|den\s+)?(?:nächsten\s+|kommenden\s+)?{_UNIT}|(?:dans"
        rf"|d'ici|en|em|dentro de|no prazo de|entro|tra|fra|over|binnen|sous|za|w ciągu)\s+(?:les\s+|los\s+|i\s+"
        rf"|de\s+)?{_UNIT.replace('<n>', '<n2>').replace('<w>', '<w2>').replace('<u>', '<u2>')}",
        lambda m, t, _w: _unit_offset(m, t, 1) if m["n"] else _unit_offset_second(m, t, 1),
    ),
    _rule(
        rf"{_UNIT}\s+(?:from\s+(?:now|today)|hence|later)|(?:the\s+)?(?:next|coming|nächsten"
        rf"|kommenden)\s+{_UNIT.replace('<n>', '<n2>').replace('<w>', '<w2>').replace('<u>', '<u2>')}",
        lambda m, t, _w: _unit_offset(m, t, 1) if m["n"] else _unit_offset_second(m, t, 1),
    ),
    _rule(
        rf"{_LAST}\s+(?P<x>{_WEEKDAY})|(?P<z>{_WEEKDAY})\s+(?:dernier|passé|pasado|scorso|jongstleden)",
        lambda m, t, _w: _weekday_before(t, _weekday_number(m["x"] or m["z"])),
    ),
    _rule(
        rf"(?:next|nächste[nr]?|naechste[nr]?|volgende)\s+(?P<x>{_WEEKDAY})",
        lambda m, t, _w: _next_weekday(t, _weekday_number(m["x"])),
    ),
    _rule(
        rf"(?:(?:{_COMING}|prochain|próximo|proximo|prossimo)\s+)?(?P<x>{_WEEKDAY})(?:\s+(?:prochain"
        rf"|próximo|que viene|prossimo))?(?:\s*,?\s*(?:the\s+|den\s+|dem\s+)?(?P<d>\d{{1,2}})(?:st|nd|rd"
        rf"|th|\.)(?!\d))?",
        lambda m, t, w: _weekday_with_day(t, _weekday_number(m["x"]), m["d"], w),
    ),
    _rule(
        rf"{_LAST}\s+{_WEEK}|{_WEEK}\s+(?:dernière|pasada|scorsa)|vorwoche|vorige week",
        lambda _m, t, _w: _week_day(t, -1, 4),
        False,
    ),
    _rule(
        rf"(?:(?:{_NEXT}|kommende[nr]?|komende)\s+{_WEEK}|semaine prochaine|semana (?:próxima|que viene)"
        rf"|próxima semana|settimana prossima|semana que vem|(?:w )?przyszłym tygodniu)",
        lambda _m, t, _w: _week_day(t, 1, 4),
        False,
    ),
    _rule(rf"(?:this|diese[r]?|cette|esta|questa|deze)\s+{_WEEK}", lambda _m, t, _w: _end_of_week(t, 0), False),
    _rule(
        rf"{_LAST}\s+{_MONTH_UNIT}|mois dernier|mes pasado|mese scorso",
        lambda _m, t, _w: _month_end(t.year, t.month - 1),
        False,
    ),
    _rule(
        rf"(?:{_NEXT}|kommenden)\s+{_MONTH_UNIT}|mois prochain|mes que viene|mese prossimo",
        lambda _m, t, _w: _month_end(t.year, t.month + 1),
        False,
    ),
    _rule(
        rf"(?:this|diesen|diesem|ce|este|questo|deze)\s+{_MONTH_UNIT}",
        lambda _m, t, _w: _month_end(t.year, t.month),
        False,
    ),
    _rule(r"(?:kw|kalenderwoche|calendar week|week nr\.?|cw)\s?\.?\s?(?P<n>\d{1,2})", _iso_week, False),
    _rule(
        r"tomorrow(?:\s+(?:morning|afternoon|evening))?|tmrw|tmr|tomorrows|(?<!guten )morgen(?:\s+früh)?"
        r"|demain|mañana|domani|amanhã|jutro",
        lambda _m, t, _w: t + timedelta(days=1),
    ),
    _rule(
        r"yesterday|gestern|hier(?= nous| j'ai| par| matin| soir|\.|,|$)|ayer|ieri|gisteren|ontem|wczoraj",
        lambda _m, t, _w: t - timedelta(days=1),
    ),
    _rule(
        r"today|tonight|this (?:morning|afternoon|evening)|heute(?:\s+(?:früh|morgen|nachmittag|abend"
        r"|noch))?|aujourd['’]hui|ce (?:matin|jour)|hoy|oggi|vandaag|hoje|dzisiaj|dziś|eod"
        r"|end of (?:the )?(?:business )?day|close of business|cob",
        lambda _m, t, _w: t,
    ),
    _rule(
        r"(?:by|on|before|until|till|at|for)\s+(?:or\s+before\s+)?the\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?"
        r"|(?:the\s+)(?P<e>\d{1,2})(?:st|nd|rd|th)(?!\s+(?:of|invoice|reminder|time))"
        r"|(?:bis\s+zum|bis|zum|am|ab)\s+(?P<f>\d{1,2})\.(?!\d|\s?\d)|(?:le|el|il|op"
        r"|uiterlijk)\s+(?:día\s+|de\s+)?(?P<g>\d{1,2})(?:e|er)?(?![\d.,/:-]|\s*(?:[€$£]|eur|h\b|uhr))"
        r"|on the (?P<h>first|second|third|fifth|tenth|fifteenth|twentieth)(?!\s+of)",
        lambda m, t, w: _day_of_month(t, _plain_number(m["d"] or m["e"] or m["f"] or m["g"] or m["h"]), w),
    ),
    _rule(
        rf"(?:in|im|during|en|in der|a|nel|nella"
        rf"|over)\s+(?P<m>{_any_of(_UNMISTAKEN_MONTHS)})"
        rf"(?:\s+(?P<y>(?:19|20)\d{{2}}))?",
        _end_of_month,
        False,
    ),
)


def _unit_offset_second(match: re.Match[str], today: date, sign: int = -1) -> date | None:
    return _unit_offset(_Renamed(match), today, sign)  # type: ignore[arg-type]


class _Renamed:
    """A match whose second set of groups (n2, w2, u2) is read under the first one's names."""

    def __init__(self, match: re.Match[str]) -> None:
        self.match = match

    def __getitem__(self, name: str) -> str:
        return str(self.match[f"{name}2"] or "")


def _next_weekday(today: date, weekday: int) -> date:
    """The day in the next calendar week. Some mean the coming one; the later reading never calls a promise broken
    that was kept."""
    return _week_day(today, 1, weekday)


def _weekday_with_day(today: date, weekday: int, day: str | None, tendency: Tendency) -> date | None:
    if day:
        for months in range(13):
            first = _add_months(today.replace(day=1), months if tendency == "future" else -months)
            found = _day(first.year, first.month, int(day))
            if found is not None and found.weekday() == weekday and (found >= today or tendency == "past"):
                return found
        return _day_of_month(today, int(day), tendency)
    return _weekday_before(today, weekday) if tendency == "past" else _weekday_after(today, weekday)


def find_dates(text: str, today: date, language: str = "", tendency: Tendency = "future") -> tuple[DateMention, ...]:
    """The days that a text names, in its order. `tendency` says which of two possible days an incomplete one means:
    the coming ("Friday", "3 March") or the one gone by. `language` "en-us" reads 03/04 as 4 March."""
    text = text[:MAX_TEXT_CHARACTERS]
    mentions: list[DateMention] = []
    taken = bytearray(len(text))
    for rule in _RULES:
        for match in rule.pattern.finditer(text):
            if len(mentions) >= MAX_MENTIONS or any(taken[match.start() : match.end()]):
                continue
            on = _resolved(rule, match, today, tendency, language)
            if on is None or abs((on - today).days) > MAX_DAYS_AHEAD:
                continue
            taken[match.start() : match.end()] = b"\x01" * (match.end() - match.start())
            ambiguous = rule.ambiguous(match) and language != "en-us"
            mentions.append(DateMention(on, match.start(), match.end(), rule.exact, ambiguous))
    return _without_bare_weekdays(text, sorted(mentions, key=lambda mention: mention.start))


def _without_bare_weekdays(text: str, mentions: list[DateMention]) -> tuple[DateMention, ...]:
    """Drops the weekday of "Friday, 13 March": the day that follows says it exactly."""
    kept = []
    for index, mention in enumerate(mentions):
        gap = text[mention.end : mentions[index + 1].start] if index + 1 < len(mentions) else "x"
        is_weekday = text[mention.start : mention.end].lower().rstrip(".") in _WEEKDAYS
        if not (is_weekday and re.fullmatch(r"[\s,.]*(?:(?:the|den|dem|le|el|il|de)\s+)?", gap, re.IGNORECASE)):
            kept.append(mention)
    return tuple(kept)


def _resolved(rule: _Rule, match: re.Match[str], today: date, tendency: Tendency, language: str) -> date | None:
    if language == "en-us" and rule.resolve is _numeric and match["s"] in "/-" and int(match["d"]) <= 12:
        day, month, year = int(match["m"]), int(match["d"]), match["y"]
        return _day(_full_year(year), month, day) if year else _nearest(today, month, day, tendency)
    return rule.resolve(match, today, tendency)


def parse_date_phrase(text: str, today: date, language: str = "", tendency: Tendency = "future") -> date | None:
    """The first day that the text names, counted from `today`; None when it names none."""
    mentions = find_dates(text, today, language, tendency)
    return mentions[0].on if mentions else None


# Amounts ---------------------------------------------------------------------------------------------------------

_SYMBOLS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "kč": "CZK", "fr.": "CHF",
    "sfr": "CHF", "₽": "RUB",
    "us$": "USD", "a$": "AUD", "c$": "CAD", "r$": "BRL", "rs": "INR", "rs.": "INR", "kr.": "DKK", "₺": "TRY",
    "₪": "ILS", "元": "CNY",
    "￥": "CNY", "rm": "MYR", "au$": "AUD", "hk$": "HKD", "nz$": "NZD", "s$": "SGD",
}  # fmt: skip
_NAMES = {
    "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "dólares": "USD", "dollari": "USD",
    "us dollars": "USD",
    "pound": "GBP", "pounds": "GBP", "pounds sterling": "GBP", "quid": "GBP", "sterling": "GBP", "franken": "CHF",
    "francs": "CHF",
    "swiss francs": "CHF", "schweizer franken": "CHF", "franchi": "CHF", "yen": "JPY", "zloty": "PLN",
    "rupees": "INR", "rupee": "INR",
    "livres": "GBP", "libras": "GBP", "sterline": "GBP", "pfund": "GBP", "bucks": "USD", "us dollar": "USD",
}  # fmt: skip
_CODES = frozenset(
    _words(
        "EUR USD GBP CHF JPY SEK NOK DKK PLN CZK HUF RON BGN ISK CAD AUD NZD SGD HKD CNY INR BRL "
        "MXN ZAR TRY ILS AED SAR KWD BHD OMR JOD "
        "TND KRW THB MYR IDR PHP VND RUB UAH EGP QAR CLP COP ARS"
    )
)
_CURRENCY = rf"(?:{_any_of([*_SYMBOLS, *_NAMES, *_CODES])})"
_FIGURE = r"(?:\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d{1,3})?|\d{1,12}(?:[.,]\d{1,3})?)"
_SMALL = r"(?:cents?|centimes?|centesim[oi]|c[ée]ntimos|centavos|pence|rappen|eurocents?)"
_AMOUNT = re.compile(
    rf"(?<![\w.,-])(?P<c1>{_CURRENCY})\s?(?P<n1>{_FIGURE})(?P<k1>\s?k\b)?(?:[.,][-–—]+)?(?!\d)"
    rf"|(?<![\w.,-])(?P<n2>{_FIGURE})(?P<k2>\s?k)?(?:[.,][-–—]+)?\s?(?P<c2>{_CURRENCY})(?!\w)"
    rf"(?:\s+(?:and\s+|und\s+|et\s+|y\s+|e\s+|en\s+)?(?P<s2>\d{{1,2}})(?:\s?{_SMALL}))?"
    rf"|(?<![\w.,-])(?P<n3>{_any_of(_NUMBER_WORDS)})\s+(?P<h3>hundred\s+|thousand\s+)?(?P<c3>{_any_of(_NAMES)})(?!\w)",
    re.IGNORECASE,
)
_BARE_AMOUNT = re.compile(r"(?<![\w.,/-])(?P<n>\d{1,3}(?:[.,'’ ]\d{3})*[.,]\d{2})(?![\d/%-]|[.,]\d|\.\s?\d)")


def _decimal(text: str) -> Decimal | None:
    """The number written in either the English or the continental way. A last group of exactly three digits is
    thousands, as a price to a thousandth is not written in a mail."""
    figure = re.sub(r"['’ \u00a0\u202f]", "", text)
    if sum(character.isdigit() for character in figure) > MAX_AMOUNT_DIGITS or not figure.isascii():
        return None
    separators = [character for character in figure if character in ".,"]
    if separators:
        last = separators[-1]
        whole, _separator, fraction = figure.rpartition(last)
        is_decimal = len(set(separators)) == 2 or (len(fraction) != 3 and len(separators) == 1)
        figure = re.sub(r"[.,]", "", whole) + (f".{fraction}" if is_decimal else fraction)
    return Decimal(figure)


def _currency_code(text: str) -> str:
    lower = text.lower()
    return _SYMBOLS.get(lower) or _NAMES.get(lower) or text.upper()


def _minor(value: Decimal, currency: str) -> int | None:
    scaled = value.scaleb(exponent(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else None


def find_amounts(text: str, default_currency: str | None = None) -> tuple[AmountMention, ...]:
    """The amounts of money that a text names with a currency; with a default currency also bare numbers with two
    decimals ("1.190,00")."""
    text = text[:MAX_TEXT_CHARACTERS]
    found = list(_with_currency(text))
    if default_currency:
        for match in _BARE_AMOUNT.finditer(text):
            if all(match.end() <= other.start or match.start() >= other.end for other in found):
                value = _decimal(match["n"])
                minor = _minor(value, default_currency) if value is not None else None
                if minor is not None:
                    found.append(AmountMention(minor, default_currency, match.start(), match.end()))
    return tuple(sorted(found, key=lambda mention: mention.start)[:MAX_MENTIONS])


def _with_currency(text: str) -> Iterator[AmountMention]:
    for match in _AMOUNT.finditer(text):
        currency = _currency_code(match["c1"] or match["c2"] or match["c3"])
        value = _matched_value(match)
        if value is None:
            continue
        minor = _minor(value, currency)
        if minor is not None:
            yield AmountMention(minor, currency, match.start(), match.end())


def _matched_value(match: re.Match[str]) -> Decimal | None:
    if match["n3"]:
        scale = {"hundred": 100, "thousand": 1000}.get((match["h3"] or "").strip().lower(), 1)
        return Decimal(_NUMBER_WORDS[match["n3"].lower()] * scale)
    value = _decimal(match["n1"] or match["n2"])
    if value is None:
        return None
    if match["k1"] or match["k2"]:
        value *= 1000
    return value + Decimal(match["s2"]) / 100 if match["s2"] else value


def parse_amount_phrase(text: str, default_currency: str | None = None) -> tuple[int, str] | None:
    """The first amount of money that the text names as (minor units, ISO currency); None when it names none."""
    mentions = find_amounts(text, default_currency)
    return (mentions[0].amount_minor, mentions[0].currency) if mentions else None
