"""Invoice rows checked column by column: many rows at once, and the rare row that is not plain is left to the reader.

A row that passes here is one that `invoices_csv` reads without a reject; what it cannot vouch for, it does not pass.
Equal texts (dates, currencies, types, countries) are checked once.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import compress
from typing import Final

from duly.domain.money import EXPONENTS
from duly.domain.references import normalise_name
from duly.formats.columns import Columns, Mapped, key_of
from duly.formats.einvoice import flags
from duly.formats.fields import (
    MAX_IDENTIFIER_CHARS,
    MAX_NAME_CHARS,
    MAX_TEXT_CHARS,
    Row,
    is_email,
    parse_date,
    vat_id_key,
)
from duly.formats.invoices_csv import COLUMNS, invoice_type
from duly.formats.profile import Profile
from duly.formats.styles import Forms, Votes, iso_date
from duly.formats.table import voting_places

#: Names and texts up to this share of their limit pass whatever composing characters does to their length.
COMPOSED: Final = 4
#: Distinct texts remembered of one column; a file of unique values would fill the memory.
MAX_REMEMBERED: Final = 50_000

_PLAIN: Final = {
    "point": re.compile(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})\.[0-9]{2}"),
    "comma": re.compile(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:\.[0-9]{3}){1,3}),[0-9]{2}"),
}
_DATES: Final = ("issued", "due", "delivered")
_UNIQUE: Final = ("number", "order", "for_invoice", "reference")  # identifiers that hardly repeat
_TEXTS: Final = {"name": MAX_NAME_CHARS, "terms": MAX_TEXT_CHARS}
_KNOWN: Final = frozenset(
    (*_UNIQUE, *_TEXTS, "customer", "vat_id", "email", "country", "issued", "due", "delivered")
    + ("amount", "total", "currency", "type", "means", "status")
)


#: Columns that a profile may give one value in all rows, and rows may still be checked here.
_CONSTANTS: Final = frozenset(("currency", "type", "country", "terms"))


class _Remembered(dict[str, bool]):
    """Whether a text of a column passes, found once for each text."""

    def __init__(self, passes: Callable[[str], bool]) -> None:
        super().__init__()
        self._passes = passes

    def __missing__(self, text: str) -> bool:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        found = self[text] = self._passes(text)
        return found


class _Buckets(dict[str, int]):
    """The bucket of each customer id; -1 for one that is empty or not plain."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def __missing__(self, text: str) -> int:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        is_plain = text.strip() and _is_plain_identifier(text)
        found = self[text] = bucket_of(text.strip(), "", "", self.count) if is_plain else -1
        return found


def bucket_of(customer: str, vat_id: str, name: str, count: int) -> int:
    """The bucket of a buyer, the same for the same buyer: by id, else VAT id, else name."""
    key = customer or vat_id_key(vat_id) or normalise_name(name)
    return zlib.crc32(key.encode()) % count


class InvoiceColumns:
    """Checks rows of one file under known forms. `amounts` sums what passed by currency, `flags` counts its flags."""

    @staticmethod
    def can_check(columns: Columns, mapped: Mapped, forms: Forms) -> bool:
        """Whether rows with these columns and forms can pass at all."""
        return (
            columns is COLUMNS
            and set(mapped.constants) <= _CONSTANTS
            and set(mapped.places) <= _KNOWN
            and {"number", "issued", "amount", "currency"} <= {*mapped.places, *mapped.constants}
            and not forms.dates_problem
            and not forms.amounts_problem
        )

    def __init__(self, mapped: Mapped, forms: Forms, profile: Profile, buckets: int, votes: Votes) -> None:
        self.amounts: Counter[str] = Counter()
        self.flags: Counter[str] = Counter()
        self.votes = votes
        self._sound = _Remembered(_is_sound_vat_id)
        self._texts_of_dates: Counter[str] = Counter()
        self._constants = [value for name, value in mapped.constants.items()]
        width = 1 + max(mapped.places.values())
        self._places = {**mapped.places, **{name: width + place for place, name in enumerate(mapped.constants)}}
        self._width = width
        self._forms = forms
        self._plain = _PLAIN[forms.amounts].fullmatch
        self._amount_places = voting_places(COLUMNS, mapped.places)[1]
        self._buckets = _Buckets(buckets)
        types = {key_of(word): name for word, name in profile.types.items()}
        checks: dict[str, Callable[[str], bool]] = {
            "issued": lambda text: bool(text) and self._is_day(text),
            "due": self._is_day,
            "delivered": self._is_day,
            "currency": lambda text: EXPONENTS.get(text) == 2,
            "type": lambda text: _passes(lambda row: invoice_type(row, types), "type", text),
            "email": lambda text: not text.strip() or is_email(text.strip()),
            "country": lambda text: _passes(lambda row: row.country("country"), "country", text),
        }
        self._checks = [
            (name, self._places[name], _Remembered(check)) for name, check in checks.items() if name in self._places
        ]

    def check(self, rows: Sequence[Sequence[str]]) -> tuple[list[bool] | None, list[int]]:
        """Whether each row passes (None when all do), and the bucket of its buyer. All rows have the header's width.
        Counts the votes of all of them, sums and flags of those that pass."""
        columns = list(zip(*rows, strict=True))
        if self._constants:
            columns[self._width :] = [(value,) * len(rows) for value in self._constants]
        odd = set[int]()
        amounts = self._amounts(columns, odd)
        for name, place, remembered in self._checks:
            found = list(map(remembered.__getitem__, columns[place]))
            failed = [index for index, passes in enumerate(found) if not passes] if False in found else []
            odd.update(failed)
            if name in _DATES:
                self._vote_dates(columns[place], failed)
        for name in _UNIQUE:
            if name in self._places:
                odd.update(_odd_identifiers(columns[self._places[name]]))
        for name, limit in _TEXTS.items():
            if name in self._places and max(map(len, columns[self._places[name]])) > limit // COMPOSED:
                texts = columns[self._places[name]]
                odd.update(index for index, text in enumerate(texts) if len(text) > limit // COMPOSED)
        if not all(columns[self._places["number"]]):
            odd.update(index for index, text in enumerate(columns[self._places["number"]]) if not text)
        buckets = self._buckets_of(columns, odd)
        self._count_flags(columns, odd)
        good = None
        if odd:
            good = [True] * len(rows)
            for index in odd:
                good[index] = False
        self._sum(amounts, columns[self._places["currency"]], good)
        return good, buckets

    def _vote_dates(self, texts: tuple[str, ...], failed: Sequence[int]) -> None:
        """Count what dates say about their form: those that pass are of the form that was guessed, but of days and
        months between strokes each tells its own."""
        if self._forms.dates in ("day first", "month first"):
            self._texts_of_dates.update(texts)
            return
        self.votes.dates.add_votes(self._forms.dates, len(texts) - texts.count("") - len(failed))
        for index in failed:
            self.votes.dates.add(texts[index].strip())
            self.votes.dates.add_votes(self._forms.dates, int(not texts[index]))

    def count_votes(self) -> None:
        """Count what dates said that were only gathered; done once, at the end."""
        for text, times in self._texts_of_dates.items():
            self.votes.dates.add(text.strip(), times)
        self._texts_of_dates.clear()

    def _count_flags(self, columns: Sequence[tuple[str, ...]], odd: set[int]) -> None:
        """Count the rows whose VAT id or reference has wrong check digits; VAT ids that are not plain are odd."""
        if "vat_id" in self._places:
            texts = columns[self._places["vat_id"]]
            sound = list(map(self._sound.__getitem__, texts))
            if not all(sound):
                found = [index for index, is_sound in enumerate(sound) if not is_sound]
                odd.update(index for index in found if not _is_plain_identifier(texts[index]))
                self.flags["vat_id_check_digits"] += sum(index not in odd for index in found)
        if "reference" in self._places:
            found = _unsound(columns[self._places["reference"]])
            self.flags["reference_check_digits"] += sum(index not in odd for index in found)

    def _is_day(self, text: str) -> bool:
        """Whether a text is empty or a day in the form of the file, as `Rows` and `Row.day` see it."""
        if not text:
            return True
        text = text.strip()  # one of spaces is no day, and left to the reader
        is_iso = self._forms.dates == "iso"
        found = text if is_iso and len(text) == 10 else iso_date(text, self._forms.dates) or (text if is_iso else "")
        return isinstance(parse_date(found), date)

    def _amounts(self, columns: Sequence[tuple[str, ...]], odd: set[int]) -> list[int]:
        """The minor units of the amounts; those that are not plain are 0 and odd."""
        amounts = list[int]()
        place_of_total = self._places.get("total")
        for place in self._amount_places:
            texts = columns[place]
            found = list(map(self._plain, texts))
            missing = [index for index, match in enumerate(found) if match is None] if None in found else []
            self.votes.amounts.add_votes(self._forms.amounts, len(texts) - len(missing))
            for index in missing:
                self.votes.amounts.add(texts[index].strip())
            if place == self._places["amount"]:
                odd.update(missing)
                plain = list(texts) if missing else texts
                for index in missing:
                    plain[index] = "0"  # type: ignore[index]
                amounts = list(map(int, "\n".join(plain).replace(".", "").replace(",", "").split("\n")))
            elif place == place_of_total:
                odd.update(index for index in missing if texts[index].strip())
        return amounts

    def _buckets_of(self, columns: Sequence[tuple[str, ...]], odd: set[int]) -> list[int]:
        """The buckets of the buyers; rows without a customer's id must have a plain name."""
        places = self._places
        if "customer" not in places:
            buckets, ids = [-1] * len(columns[0]), ("",) * len(columns[0])
        else:
            ids = columns[places["customer"]]
            buckets = list(map(self._buckets.__getitem__, ids))
        if -1 not in buckets:
            return buckets
        for index in [index for index, bucket in enumerate(buckets) if bucket < 0]:
            name = columns[places["name"]][index] if "name" in places else ""
            vat_id = columns[places["vat_id"]][index] if "vat_id" in places else ""
            if ids[index].strip() or not name.strip() or not name.isprintable():
                odd.add(index)
            else:
                buckets[index] = bucket_of("", vat_id.strip(), name, self._buckets.count)
        return buckets

    def _sum(self, amounts: list[int], currencies: Sequence[str], good: list[bool] | None) -> None:
        if good is not None:
            amounts, currencies = list(compress(amounts, good)), list(compress(currencies, good))
        if not amounts:
            return
        if currencies.count(currencies[0]) == len(currencies):
            self.amounts[currencies[0]] += sum(amounts)
            return
        for currency, amount in zip(currencies, amounts, strict=True):
            self.amounts[currency] += amount


def _odd_identifiers(texts: Sequence[str]) -> list[int]:
    """The places of identifiers that are not plain, or too long."""
    joined = "".join(texts)
    is_plain = joined.isascii() and joined.isprintable() and " " not in joined
    if is_plain and max(map(len, texts)) <= MAX_IDENTIFIER_CHARS:
        return []
    return [index for index, text in enumerate(texts) if not _is_plain_identifier(text) or text.isspace()]


def _is_plain_identifier(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) <= MAX_IDENTIFIER_CHARS


@lru_cache(maxsize=MAX_REMEMBERED)
def _is_sound_vat_id(text: str) -> bool:
    return _is_plain_identifier(text) and not any(flags("", "", text.strip()))


def _unsound(references: Sequence[str]) -> list[int]:
    """The places of references whose check digits are wrong. Kinds without check digits begin otherwise, and are
    shorter."""
    return [
        index
        for index, text in enumerate(references)
        if text and (len(text) >= 27 or text[0] in "Rr" or not text[0].isalnum()) and any(flags("", text.strip()))
    ]


def _passes(read: Callable[[Row], object], field: str, text: str) -> bool:
    values: Mapping[str, str] = {field: text}
    row = Row(0, values)
    read(row)
    return row.reject() is None
