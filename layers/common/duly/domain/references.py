"""References in texts: invoice numbers, creditor references and names, brought to a form that compares exactly."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 2_000  # characters of a remittance text that are read
MAX_TOKENS = 40  # candidate references kept of one text
MIN_LENGTH = 3
MAX_LENGTH = 35

_RUN = re.compile(r"[^\W_]+(?:[-/._][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_DATE = re.compile(r"^\d{1,2}[./-]\d{1,2}[./-](?:\d{2}|\d{4})$|^\d{4}-\d{2}-\d{2}$")
_LEGAL_FORMS = frozenset(
    {"gmbh", "mbh", "ag", "kg", "kgaa", "ug", "ohg", "gbr", "ek", "eu", "und", "and", "et", "&", "co", "company"}
    | {
        "ltd",
        "limited",
        "plc",
        "llp",
        "llc",
        "inc",
        "bv",
        "nv",
        "vof",
        "sa",
        "sas",
        "sarl",
        "eurl",
        "sl",
        "srl",
        "spa",
        "se",
    }
)


def normalise_reference(text: str) -> str:
    """Return letters and digits alone, in upper case: ``inv-1001`` and ``INV 1001`` are one reference.

    No Unicode folding: a look-alike letter of another script is a different reference. Nor is a letter whose upper case
    is another letter's (a dotless i, a long s, the micro sign) put in upper case.
    """
    if text.isascii():
        return "".join(filter(str.isalnum, text.upper()))
    return "".join(_upper(character) for character in text if character.isalnum())


def _upper(character: str) -> str:
    upper = character.upper()
    return upper if upper.lower() == character else character


def find_references(text: str) -> tuple[tuple[str, int, int], ...]:
    """Return candidate references of a text as (normalised, start, end), longest of an overlap first in span order.

    Candidates are runs joined by ``- / . _``, their parts, and two neighbouring runs put together (``INV 1001``); each
    has a digit and 3 to 35 characters. Dates are left out. At most 40.
    """
    text = text[:MAX_TEXT]
    runs = [(match.start(), match.end()) for match in _RUN.finditer(text)]
    spans = list(runs)
    for start, end in runs:
        if not _DATE.match(text[start:end]):
            spans += [(start + part.start(), start + part.end()) for part in _PART.finditer(text[start:end])]
    spans += [
        (first, last)
        for (first, first_end), (second, last) in zip(runs, runs[1:], strict=False)
        if text[first_end:second].strip() in ("", "#", ":", "-", "/")
    ]
    found: dict[tuple[str, int, int], None] = {}
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        raw = text[start:end]
        value = normalise_reference(raw)
        if _DATE.match(raw) or not MIN_LENGTH <= len(value) <= MAX_LENGTH or not any(c.isdigit() for c in value):
            continue
        found[(value, start, end)] = None
        if len(found) == MAX_TOKENS:
            break
    return tuple(found)


def normalise_name(name: str) -> str:
    """Return a business name without case, accents, legal form and order of words, for exact comparison."""
    folded = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    plain = plain.replace(".", "")
    words = [word for word in re.split(r"[^\w&]+", plain) if word and word not in _LEGAL_FORMS]
    return " ".join(sorted(words))
