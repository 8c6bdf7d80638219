"""A notice as a text message: who writes, how much, for which invoices, which reference, and how to answer.

At most two segments. Letters that the GSM alphabet lacks are written without their marks, because one of them would
halve what a segment holds (3GPP TS 23.038: 153 characters of the GSM alphabet, 67 of UCS-2, in each part of several).
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Final

from duly.mail.local_forms import amount, one_line, short_day
from duly.mail.notice import NoticeError, NoticeView, language_of
from duly.mail.render import values_of, words_from

MAX_SEGMENTS: Final = 2
GSM_ALONE, GSM_EACH = 160, 153
UCS2_ALONE, UCS2_EACH = 70, 67
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE: Final = frozenset("^{}\\[~]|€")  # each takes the place of two
_WITHOUT_MARKS: Final = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "–": "-", "—": "-", "’": "'", "‘": "'"})
_SHORTEST_NAME: Final = 20
COUNTED: Final = frozenset({"invoices", "reference", "due", "total"})
"""Values that only a text message has."""
_NUMBERS: Final = (5, 3, 2, 1, 0)  # invoice numbers that are named; without any the message says how many there are


def render_sms(view: NoticeView) -> str:
    """The text of a notice, within two segments: with as many invoice numbers as fit, and a long name of the creditor
    cut. Raises NoticeError when even the shortest form is too long."""
    for name_length in (60, 40, _SHORTEST_NAME):
        for count in _NUMBERS:
            text = folded(_text(view, count, name_length))
            if segments(text) <= MAX_SEGMENTS:
                return text
    raise NoticeError("sms_too_long")


def segments(text: str) -> int:
    """How many messages a text is sent and paid as."""
    is_gsm = all(character in _GSM or character in _GSM_TWICE for character in text)
    length = (
        sum(2 if character in _GSM_TWICE else 1 for character in text) if is_gsm else len(text.encode("utf-16-be")) // 2
    )
    alone, each = (GSM_ALONE, GSM_EACH) if is_gsm else (UCS2_ALONE, UCS2_EACH)
    return 1 if length <= alone else -(-length // each)


def _text(view: NoticeView, count: int, name_length: int) -> str:
    language = language_of(view.language)
    creditor = replace(view.creditor, name=one_line(view.creditor.name)[:name_length].rstrip())
    values = values_of(replace(view, creditor=creditor), language)
    words = words_from(view, f"{language}/sms.j2", {**values, **_counted(view, language, "", "", count)})
    said = {name: one_line(str(getattr(words, name))) for name in ("invoice", "invoices_word")}
    values |= _counted(view, language, said["invoice"], said["invoices_word"], count)
    return one_line(str(words_from(view, f"{language}/sms.j2", values).text))


def _counted(view: NoticeView, language: str, one: str, many: str, count: int) -> dict[str, str]:
    """The invoices by number as far as ``count`` allows, else how many there are; and the reference to quote."""
    numbers = list(dict.fromkeys(one_line(item.number) for item in view.asked_items))
    if len(numbers) == 1 and count:
        invoices, reference = f"{one} {numbers[0]}", numbers[0]
    elif len(numbers) <= count:
        invoices, reference = f"{many} {', '.join(numbers)}", one_line(view.customer_id)
    else:
        invoices, reference = f"{len(numbers)} {many if len(numbers) > 1 else one}", one_line(view.customer_id)
    return {
        "invoices": invoices,
        "reference": reference,
        "due": short_day(min(item.due for item in view.asked_items), language),
        "total": amount(view.asked_minor, view.currency, language),
    }


def folded(text: str) -> str:
    """Return the text in the GSM alphabet where dropping marks is enough; other scripts stay as they are."""
    return "".join(
        character if character in _GSM or character in _GSM_TWICE else _plain(character) for character in text
    )


def _plain(character: str) -> str:
    plain = character.translate(_WITHOUT_MARKS)
    bare = "".join(part for part in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(part))
    return bare if bare and all(part in _GSM or part in _GSM_TWICE for part in bare) else character
