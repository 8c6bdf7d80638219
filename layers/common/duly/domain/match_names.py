"""Names of payers and customers: keys to look them up by, and how far two of them are the same.

Banks cut names (at 27, 35 or 70 characters), write them in capitals without accents and add things; people leave the
legal form out or turn first and last names round. A key is coarse, it only nominates; ``likeness`` compares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Likeness of two names, the higher the more alike. CONFLICT: the same words, but another legal form.
NONE, CONFLICT, PART, CUT, LOOSE, STRICT = range(6)

MAX_NAME = 140  # characters of a name that are read
CUT_AT = (27, 35, 70)  # characters after which banks cut a name (MT940 subfields, SWIFT lines, SEPA)
MIN_CUT = 12  # a name cut shorter than this could be anybody's
MIN_EXTENDED = 8  # letters of two words or more that a name may begin with, an address behind them
PREFIX = 12  # letters and digits by which a cut name is looked up
MIN_WORD = 5  # letters of a single word that can be a customer's name inside a longer one

# Legal forms as they are written without points, each with the form that it is an abbreviation of. Sources: the
# national company forms of ISO 20275 (ELF code list); only those that stand in names of customers in practice.
_FORMS: Final = {
    "gmbh": "gmbh", "mbh": "gmbh", "gesmbh": "gmbh", "ggmbh": "ggmbh", "ug": "ug", "haftungsbeschrankt": "",
    "ag": "ag", "aktiengesellschaft": "ag", "kg": "kg", "kgaa": "kgaa", "ohg": "ohg", "og": "og", "gbr": "gbr",
    "ek": "ek", "ekfm": "ek", "ekfr": "ek", "eu": "eu", "ev": "ev", "eg": "eg", "partg": "partg", "partgmbb": "partg",
    "se": "se", "ltd": "ltd", "limited": "ltd", "plc": "plc", "llp": "llp", "llc": "llc", "inc": "inc",
    "incorporated": "inc", "corp": "corp", "corporation": "corp", "bv": "bv", "nv": "nv", "vof": "vof", "cv": "cv",
    "bvba": "bvba", "srl": "srl", "sa": "sa", "sas": "sas", "sasu": "sas", "sarl": "sarl", "eurl": "eurl", "sci": "sci",
    "snc": "snc", "scs": "scs", "spa": "spa", "sl": "sl", "slu": "sl", "sapi": "sa", "lda": "lda", "oy": "oy",
    "oyj": "oyj", "ky": "ky", "ab": "ab", "as": "as", "asa": "asa", "aps": "aps", "ivs": "ivs", "hb": "hb", "kb": "kb",
    "ou": "ou", "uab": "uab", "sia": "sia", "spzoo": "spzoo", "zoo": "spzoo",
    "sro": "sro", "kft": "kft", "zrt": "zrt", "doo": "doo",
    "dd": "dd", "sagl": "sarl", "pty": "pty",
}  # fmt: skip
_JOINED: Final = re.compile(
    r"\b(?:sp z ?o ?o|s r o|d o o|e k|e v|e g|e u|s a r l|s a s|s a|s r l|s p a|b v|n v|g m b h)\b"
)
_FILL: Final = frozenset(
    {"und", "and", "et", "y", "en", "og", "och", "ja", "i", "co", "cie", "company", "the", "firma", "fa"}
)
# What stands before the real name or after it: all from here on is an addition.
_ADDITION: Final = re.compile(
    r"\b(?:c/o|c\.o\.|z\.\s?hd\.?|zhd|inh\.?|inhaber(?:in)?|t/a|trading as|attn|att:)(?=\W|$)", re.I
)
# Words by which a name is seen to be a company's, as surely as by a legal form.
_COMPANY: Final = frozenset(
    {"co", "cie", "company", "bros", "brothers", "sons", "sohne", "soehne", "gebruder", "gebrueder", "holding", "group"}
    | {"gruppe", "groupe", "gruppo", "grupo", "verlag", "stadtwerke", "gemeinde", "universitat", "universitaet"}
)
_TITLES: Final = frozenset(
    {"herr", "frau", "mr", "mrs", "ms", "dr", "prof", "dipl", "ing", "mag", "hr", "fr", "dhr", "mevr", "m", "mme"}
)
_LATIN: Final = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_UMLAUT: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}


@dataclass(frozen=True, slots=True)
class _Read:
    """A name taken apart: words in order without legal form, the form, and all letters and digits in a row."""

    words: tuple[str, ...]
    form: str
    row: str
    is_broken_off: bool = False
    is_company: bool = False

    @property
    def set(self) -> frozenset[str]:
        return frozenset(self.words)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LATIN))
    return "".join(character for character in folded if not unicodedata.combining(character))


def _coarse(text: str) -> str:
    """ae, oe, ue and the umlauts they stand for become one letter: a key must not depend on who wrote it."""
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")


def _spelled(text: str) -> str:
    return "".join(_UMLAUT.get(character, character) for character in unicodedata.normalize("NFC", text.casefold()))


@lru_cache(maxsize=65_536)
def _read(name: str, spelled: bool = False) -> _Read:
    text = _plain(_spelled(name[:MAX_NAME]) if spelled else name[:MAX_NAME])
    addition = _ADDITION.search(text)
    if addition and addition.start() > 2:
        text = text[: addition.start()]
    text = text.replace("&", " und ").replace("+", " und ")
    text = re.sub(r"[^\w]+", " ", text.replace("'", "")).strip()
    text = _JOINED.sub(lambda found: found[0].replace(" ", ""), text)
    words = text.split()
    forms = sorted({_FORMS[word] for word in words[1:] if _FORMS.get(word)})
    kept = [word for at, word in enumerate(words) if not (at and word in _FORMS) and word not in _FILL]
    kept = [word for word in kept if word not in _TITLES] or kept or words
    is_broken_off = len(name) in CUT_AT or words[-1:] in (["und"], ["co"], ["u"])
    is_company = bool(forms) or not _COMPANY.isdisjoint(words[1:])
    return _Read(tuple(kept), "+".join(forms), "".join(words), is_broken_off, is_company)


def name_keys(names: Iterable[str]) -> tuple[str, ...]:
    """The values by which these names are looked up, and by which a payer's name asks.

    One for the words in any order, one for the beginning (banks cut names). They never equal those of
    ``references.normalise_name``, which tell buyers of invoices and so are finer.
    """
    found: dict[str, None] = {}
    for name in names:
        read = _read(name)
        words = sorted(_coarse(word) for word in read.words)
        if words:
            found["~" + " ".join(words)] = None
        row = _coarse("".join(read.words))
        if len(row) >= PREFIX:
            found["^" + row[:PREFIX]] = None
    return tuple(found)


def asked_keys(payer: str) -> tuple[str, ...]:
    """The keys by which a payer's name asks: also those of its first two and three words, for what banks add behind."""
    words = [_coarse(word) for word in _read(payer).words]
    shorter = ["~" + " ".join(sorted(words[:count])) for count in (2, 3) if len(words) > count]
    return tuple(dict.fromkeys([*name_keys([payer]), *shorter]))


def likeness(payer: str, customer: str) -> int:
    """How far two names are the same: NONE, CONFLICT, PART, CUT, LOOSE or STRICT."""
    if not payer or not customer:
        return NONE
    pairs = [(_read(payer, one), _read(customer, two)) for one in (False, True) for two in (False, True)]
    return max(_alike(one, two) for one, two in pairs)


def _alike(payer: _Read, customer: _Read) -> int:
    if not payer.words or not customer.words:
        return NONE
    if payer.set == customer.set or "".join(payer.words) == "".join(customer.words):
        if payer.form == customer.form:
            return STRICT
        if payer.is_broken_off and customer.row.startswith(payer.row):
            return CUT
        return CONFLICT if payer.form and customer.form else LOOSE
    if _is_cut(payer, customer) or _is_cut(customer, payer):
        return CUT
    if payer.form and customer.form and payer.form != customer.form:
        return NONE
    few, many = sorted((payer.set, customer.set), key=len)
    if few < many and (len(few) >= 2 or len(next(iter(few))) >= MIN_WORD):
        return PART
    return NONE


def _is_cut(short: _Read, long: _Read) -> bool:
    if len(short.words) >= 2 and long.words[: len(short.words)] == short.words and len(short.row) >= MIN_EXTENDED:
        return True
    return MIN_CUT <= len(short.row) < len(long.row) and long.row.startswith(short.row)


def is_in_text(customer: str, text: str) -> bool:
    """Whether a text holds all words of a customer's name, two at least: one may be anybody's."""
    for spelled in (False, True):
        words = _read(customer, spelled).set
        if len(words) < 2:
            continue
        for other in (False, True):
            if words <= set(re.findall(r"\w+", _plain(_spelled(text) if other else text))):
                return True
    return False


def is_company(name: str) -> bool:
    """Whether a name states a legal form or another word that only companies have: such a name is hardly ever borne by
    two, a person's often is."""
    return _read(name).is_company
