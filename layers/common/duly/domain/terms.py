"""Payment terms in words: when an invoice is due and which cash discounts (Skonto) it offers.

Read are English, German, French, Italian, Spanish, Dutch, Swedish, Danish and Norwegian forms, and the structured
lines of XRechnung (#SKONTO#TAGE=14#PROZENT=2.00#). A text that could mean two due dates means none: the policy's
days are used then.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from duly.domain.cash_discount import CashDiscount

#: Characters of a text that are read.
MAX_CHARS: Final = 2_000
#: Longest term that is believed, in days.
MAX_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text says. `due` and `days` are None when it does not say; `discounts` are in the order of the text."""

    due: date | None = None
    days: int | None = None
    discounts: tuple[CashDiscount, ...] = ()


_DAY: Final = (
    r"(?:calendar days?|kalendertagen?|days?|tagen?|tg\b|jours?|j\b|gg\b|giorni|d[ií]as?|dagen|dagar|dager|dage|d\b)"
)
_WEEK: Final = r"(?:weeks?|wochen?|semaines?|settiman[ae]|semanas?|weken|week|veckor|uker|uger)"
_MONTH: Final = r"(?:months?|monat(?:en|e|s)?|mois|mes[ei]|meses|maand(?:en)?|m[åa]nad(?:er)?|m[åa]ned(?:er)?)"
_WORKING: Final = re.compile(
    r"working|business day|werktag|arbeitstag|bankarbeitstag|ouvr[ée]s?|ouvrables?|lavorativi|h[áa]biles|werkdagen"
)
_ONE: Final = {"one", "a", "einem", "einen", "ein", "eines", "un", "une", "uno", "una", "een", "één", "en", "et"}
_NUMBER: Final = r"(\d{1,3}|" + "|".join(sorted(_ONE, key=len, reverse=True)) + r")"
_DAYS: Final = re.compile(rf"(?<![\w.,/-])(\d{{1,3}})\s*-?\s*{_DAY}(?!\w)")
_NET_DAYS: Final = re.compile(r"\bn(?:et|ett|etto)?\.?\s*/?\s*(\d{1,3})\b(?!\s*[%.,/\d])")
_WEEKS: Final = re.compile(rf"(?<![\w.,/-]){_NUMBER}\s*-?\s*{_WEEK}(?!\w)")
_MONTHS: Final = re.compile(rf"(?<![\w.,/-]){_NUMBER}\s*-?\s*{_MONTH}(?!\w)")
_MONTH_END: Final = re.compile(
    r"fin (?:de )?(?:du )?mois|end of (?:the )?(?:current )?month|\beom\b|(?:zum |am )?monatsende|ende des monats"
    r"|fine mese|\bdffm\b|\bfm\b|fin(?:al)? de mes|eind(?:e)? (?:van de )?maand"
)
_ABBREVIATED: Final = re.compile(r"\b(?:d\.f\.f\.m|f\.m|e\.o\.m|gg|tg|bzw)\.")
_ON_DAY: Final = re.compile(r"\s*,?\s*(?:le|the|am|il)\s+(\d{1,2})(?:st|nd|rd|th|\.)?(?!\w|\s*%)")
_AT_ONCE: Final = re.compile(
    r"\bsofort|\bumgehend\b|\bunverz[üu]glich|immediate(?:ly)?\b|imm[ée]diat|upon receipt|on receipt|due now"
    r"|payable now|(?:à|a|dès) r[ée]ception|au comptant|\bcomptant\b|a vista\b|alla ricezione|ricevimento fattura"
    r"|rimessa diretta|immediat[oa]\b|al contado|bij ontvangst|\bdirect te betalen|per omgaande|omg[åa]ende"
)
_PAYING: Final = re.compile(
    r"\bpay|\bdue\b|\bnet\b|\bnett\b|\bsettle|\bremit|zahl|überw|ueberw|\bnetto|ohne abz|fällig|faellig|begleich"
    r"|zu entrichten"
    r"|paiement|payable|pay[ée]|r[èe]gl|[ée]ch[ée]ance|solde|pagament|pagar|paga\b|pago|vencim|saldo|scadenza|\bbetal"
    r"|te voldoen|voldaan|\bbetaling|forfall|förfall|\bbank transfer|virement|bonifico|transferencia|vires"
)
_DISCOUNT: Final = re.compile(
    r"sko?nto|discount|escompte|\bsconto|descuento|korting|rabatt|rabat\b|cash ?rabat|kassa|less \d"
)
_NO_DISCOUNT: Final = re.compile(
    r"(?:ohne|kein(?:en|e)?|no|without|sans|pas d['’]|aucun|senza|sin|zonder)\s+(?:jeden |any |cash |de )?"
    r"(?:sko?nto(?:abz\w*)?|discounts?|escompte|sconto|descuento|korting)"
)
# Words of sentences that name days but no due date: interest, objections, deliveries, penalties.
_OTHER: Final = re.compile(
    r"zins|verzug|mahn|interest|penalt|surcharge|late|overdue|overskrid|p[ée]nalit|retard|int[ée]r[êe]t|mora\b|interess"
    r"|r[äa]nta\b|r[äa]nte|dröjsm|försen|forsink|boete|widerspruch|reklam|beanstand|rückgab|ruckgab|complain|objection"
    r"|return|r[ée]clamation|deliver|liefer|livraison|consegna|entrega|valid|gültig|avgift|verjähr|storn|cancel"
)
_COLLECTED: Final = re.compile(
    r"abgebucht|buchen\b.{0,120}\bab\b|eingezogen|ziehen\b.{0,120}\bein\b|per (?:sepa-)?lastschrift|bankeinzug"
    r"|by direct debit|will be (?:debited|collected|charged)|pr[ée]l[èe]vement|pr[ée]lev[ée]|addebit|domiciliaci[óo]n"
    r"|automatische incasso|geïncasseerd|autogiro"
)
_INVITED: Final = re.compile(r"einfacher|wenn sie|würden|if you|could|mandat\w* erteilen|si vous")
_CARD: Final = re.compile(
    r"kredit-?karte|credit card|debit card|carte (?:bancaire|de cr[ée]dit)|mastercard|\bvisa\b|amex"
)
_PERCENT: Final = re.compile(
    r"(?<![\d.,])(\d{1,2})(?:[.,](\d{1,4}))?\s*(?:%|prozent|percent|per cent|procent|pour cent)"
)
_US_DISCOUNT: Final = re.compile(r"(?<![\d/.,])(\d{1,2})(?:\.(\d{1,2}))?\s*%?\s*/\s*(\d{1,3})\b(?!\s*/)(?=.*?\bn)")
_STRUCTURED: Final = re.compile(r"#(SKONTO|VERZUG)#TAGE=(\d{1,3})#PROZENT=(\d{1,3})(?:[.,](\d{1,4}))?#[^\s]*")
_DATE: Final = re.compile(r"(?<![\d.])(?:(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})|(\d{4})-(\d{2})-(\d{2}))(?![\d])")
_LETTER_SPLIT: Final = re.compile(
    r"[\n;|]|[,.](?!\d|\s\d{1,2}\.\s?\d{1,2}\.)|(?<=\D)[,.](?=\d)|\s[-–—]\s|\s(?:sonst|otherwise|ansonsten|sinon|bzw\.?)\s"
)
_ALONE: Final = re.compile(
    rf"\W*(?:\d{{1,3}}\s*-?\s*(?:{_DAY}|{_WEEK})|{_MONTH_END.pattern})(?:\W|\d)*(?:f\w+|datum)?\W*"
)


def read_terms(text: str, issued: date) -> Terms:
    """What the payment terms of an invoice of the day `issued` say. A pure function; never raises for any text."""
    lowered = _ABBREVIATED.sub(
        lambda found: found[0].replace(".", ""), text[:MAX_CHARS].casefold().replace("\u00a0", " ")
    )
    discounts, lowered = _structured_discounts(lowered)
    us_discounts, lowered = _us_discounts(lowered)
    found_days, found_dates = set[int](), set[date]()
    waiting: tuple[list[int], list[date]] | None = None  # days and dates of the clause before
    worded = list[CashDiscount]()
    for clause in _clauses(lowered):
        days, dates = _days_of(clause, issued), _dates_of(clause, issued)
        if _DISCOUNT.search(_NO_DISCOUNT.sub(" ", clause)):
            percents = _percents(clause)
            if percents and not days and waiting is not None and len(waiting[0]) == 1:
                days = waiting[0]
                found_days.discard(days[0])
            worded += [CashDiscount(day, percent) for day, percent in zip(days, percents, strict=False)]
            waiting = None
            continue
        waiting = None
        if _OTHER.search(clause) or _WORKING.search(clause):
            continue
        if not (
            _PAYING.search(clause) or _NET_DAYS.search(clause) or _ALONE.fullmatch(clause) or _MONTH_END.search(clause)
        ):
            if _AT_ONCE.search(clause):
                days = [0]
            else:
                continue
        if not days and not dates and _AT_ONCE.search(clause):
            days = [0]
        waiting = (days, dates) if days else None
        found_days.update(days)
        found_dates.update(dates)
    due = found_dates.pop() if len(found_dates) == 1 else None
    several = len(found_dates) > 0 or len(found_days) > 1
    days_net = next(iter(found_days)) if len(found_days) == 1 else None
    if due is None and not several and days_net is not None:
        due = issued + timedelta(days=days_net)
    kept = [one for one in (*discounts, *us_discounts, *worded) if 0 < one.percent_hundredths < 10_000]
    return Terms(due, days_net, tuple(dict.fromkeys(kept)))


def means_in_words(text: str) -> str:
    """card or direct_debit when a text says that the creditor takes the money so, else "".

    An invitation to give a mandate (in the corpus: "easier for you is a SEPA mandate") is no direct debit.
    """
    lowered = text[:MAX_CHARS].casefold()
    if _INVITED.search(lowered) or not _COLLECTED.search(lowered):
        return ""
    return "card" if _CARD.search(lowered) else "direct_debit"


def _hundredths(whole: str, fraction: str | None) -> int:
    return int(whole) * 100 + int((fraction or "").ljust(2, "0")[:2])


def _structured_discounts(text: str) -> tuple[list[CashDiscount], str]:
    """The #SKONTO# lines (XRechnung, BT-20), and the text without them and without #VERZUG# lines."""
    upper = _STRUCTURED.finditer(text.upper())
    found = [CashDiscount(int(m[2]), _hundredths(m[3], m[4])) for m in upper if m[1] == "SKONTO"]
    return found, re.sub(_STRUCTURED.pattern, "\n", text, flags=re.IGNORECASE) if "#" in text else text


def _us_discounts(text: str) -> tuple[list[CashDiscount], str]:
    """The form 2/10 net 30: two percent within ten days; and the text without it."""
    found = _US_DISCOUNT.search(text)
    if found is None:
        return [], text
    discount = CashDiscount(int(found[3]), _hundredths(found[1], found[2]))
    return [discount], f"{text[: found.start()]} ; {text[found.end() :]}"


def _clauses(text: str) -> list[str]:
    return [clause for part in _LETTER_SPLIT.split(text) if (clause := " ".join(part.split()))]


def _percents(clause: str) -> list[int]:
    return [_hundredths(found[1], found[2]) for found in _PERCENT.finditer(clause)]


def _days_of(clause: str, issued: date) -> list[int]:
    """The terms of a clause in days from the issue date, each once."""
    spans = list(_DAYS.finditer(clause))
    ends = _MONTH_END.search(clause)
    found = [int(span[1]) for span in spans]
    if not spans:
        found = [int(span[1]) for span in _NET_DAYS.finditer(clause)]
        found += [_count(span[1]) * 7 for span in _WEEKS.finditer(clause)]
        found += [(_months_later(issued, _count(m[1])) - issued).days for m in _MONTHS.finditer(clause) if not ends]
    if ends is not None and len(found) <= 1:
        first = (
            spans[0].start() if spans else len(clause) * ("eom" in clause)
        )  # US: net 30 EOM is 30 days from the month end
        found = [_to_month_end(clause, issued, found[0] if found else 0, ends, days_first=first < ends.start())]
    return [days for days in dict.fromkeys(found) if days <= MAX_DAYS]


def _count(text: str) -> int:
    return 1 if text in _ONE else int(text)


def _to_month_end(clause: str, issued: date, days: int, ends: re.Match[str], *, days_first: bool) -> int:
    """Days until the month end that a clause means: "30 days end of month" counts the days first, "fin de mois 30
    jours" the month end first; "le 10" behind it is a day of the month after."""
    if days_first:
        due = _month_end(issued + timedelta(days=days))
        on_day = _ON_DAY.match(clause, ends.end())
        if on_day and 1 <= int(on_day[1]) <= 28:
            due += timedelta(days=int(on_day[1]))
    else:
        due = _month_end(issued) + timedelta(days=days)
    return (due - issued).days


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + min(months, 24)
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _dates_of(clause: str, issued: date) -> list[date]:
    """The dates of a clause that can be a due date: not before the issue date, not too far behind it."""
    found = list[date]()
    for match in _DATE.finditer(clause):
        day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        try:
            stated = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        except ValueError:
            continue
        if issued <= stated <= issued + timedelta(days=MAX_DAYS):
            found.append(stated)
    return list(dict.fromkeys(found))
