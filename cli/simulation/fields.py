"""The fields of one object of a scenario file, read and checked; what is wrong is told with file, place and field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from duly.domain.money import MoneyError, parse_minor

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
MAX_TEXT: Final = 300  # characters of a text: keys of a table and entries of a journal are bounded
MAX_LIST: Final = 1_000
MAX_LEVEL: Final = 99
MAX_LINES: Final = 6  # of a postal address


class ScenarioError(Exception):
    """A scenario file that cannot be used: which, where in it, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or with ``at`` a moment of it. ``text`` is what the output says; ``at`` may be without a time zone: then
    it is the creditor's."""

    day: date
    at: datetime | None = None

    @property
    def text(self) -> str:
        return self.at.isoformat(timespec="minutes") if self.at else self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Named:
    """An invoice that something names: which instalment of it (None: the invoice), and the most that it gets."""

    invoice: str
    instalment: int | None = None
    amount: str = ""


@dataclass(slots=True)
class Fields:
    """One object of the file. ``place`` says where it stands, such as "events[3].payment"."""

    file: str
    place: str
    data: Mapping[str, Any]
    used: set[str] = field(default_factory=set)

    def wrong(self, name: str, expected: str) -> ScenarioError:
        """Return the error for a field."""
        found = "none" if name not in self.data else shown(self.data[name])
        return ScenarioError(f"{self.file}: {self.place}.{name}: expected {expected}, found {found}")

    @property
    def unknown(self) -> list[str]:
        """The fields that nothing read."""
        return [name for name in self.data if name not in self.used]

    def raw(self, name: str) -> Any:
        self.used.add(name)
        return self.data.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text on one line; without a default it must be there. Numbers are taken as they are written."""
        value = self.raw(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.wrong(name, "a text")
        found = str(value)
        if len(found) > MAX_TEXT or (found and not found.isprintable()):
            raise self.wrong(name, f"a text on one line of at most {MAX_TEXT} characters")
        if not found and default is None:
            raise self.wrong(name, "a text that is not empty")
        return found

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        found = self.text(name, default)
        if found != default and found not in allowed:
            raise self.wrong(name, f"one of {', '.join(allowed)}")
        return found

    def flag(self, name: str, default: bool) -> bool:
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int | None:
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(name, f"a whole number from {least} to {most}")
        return value

    def level(self, name: str = "level") -> int:
        found = self.whole(name, -MAX_LEVEL, MAX_LEVEL)
        if found is None:
            raise self.wrong(name, "the number of a level")
        return found

    def day(self, name: str, default: date | None = None) -> date:
        value = self.raw(name)
        if value is None and default is not None:
            return default
        found = moment_of(value)
        if found is None:
            raise self.wrong(name, "a day such as 2026-01-31")
        return found.day

    def day_or_none(self, name: str) -> date | None:
        return None if self.data.get(name) is None and self.raw(name) is None else self.day(name)

    def moment(self, name: str) -> Moment:
        found = moment_of(self.raw(name))
        if found is None:
            raise self.wrong(name, "a day such as 2026-01-31 or a moment such as 2026-01-31T10:00")
        return found

    def currency(self, name: str = "currency") -> str:
        found = self.text(name)
        try:
            parse_minor("0", found)
        except MoneyError:
            raise self.wrong(name, "a currency code such as EUR") from None
        return found

    def minor(self, name: str, currency: str) -> int:
        """An amount in minor units of a currency."""
        try:
            return parse_minor(self.text(name), currency)
        except MoneyError as error:
            raise self.wrong(name, f"an amount in {currency} such as 12.00 ({error.code})") from None

    def amount(self, name: str) -> str:
        """An amount whose currency is that of an invoice which is known only when the scenario is played, as a text;
        "" for none."""
        found = self.text(name, "")
        try:
            if found:
                parse_minor(found, "UYW")  # the currency with the most decimals
        except MoneyError:
            raise self.wrong(name, "an amount such as 12.00") from None
        return found

    def lines(self, name: str) -> tuple[str, ...]:
        """Lines of text: a list, or one text."""
        value = self.raw(name)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if len(listed) > MAX_LINES or not all(isinstance(one, str) and one.isprintable() for one in listed):
            raise self.wrong(name, f"at most {MAX_LINES} lines of text")
        return tuple(listed)

    def objects(self, name: str) -> list[Fields]:
        """A list of objects; [] when the field is not there."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MAX_LIST or not all(isinstance(one, dict) for one in value):
            raise self.wrong(name, f"a list of at most {MAX_LIST} objects")
        return [Fields(self.file, f"{self.place}.{name}[{index}]", one) for index, one in enumerate(value)]

    def invoices(self, name: str = "invoices") -> tuple[Named, ...]:
        """Invoices by number, or as objects with invoice, instalment and amount; one alone needs no list."""
        value = self.raw(name)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        if len(listed) > MAX_LIST:
            raise self.wrong(name, f"at most {MAX_LIST} invoices")
        return tuple(self._invoice(name, index, one) for index, one in enumerate(listed))

    def _invoice(self, name: str, index: int, value: Any) -> Named:
        inner = value if isinstance(value, dict) else {"invoice": value}
        fields = Fields(self.file, f"{self.place}.{name}[{index}]", inner)
        return fields.named_invoice()

    def named_invoice(self) -> Named:
        """The invoice that this object names."""
        return Named(self.text("invoice"), self.whole("instalment", 1, MAX_LIST), self.amount("amount"))


def moment_of(value: Any) -> Moment | None:
    """Return what a value of a file says as a day or moment, None when it says neither."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == len("2026-01-31") else datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, date) or not FIRST_YEAR <= value.year <= LAST_YEAR:
        return None
    return Moment(value.date(), value) if isinstance(value, datetime) else Moment(value)


def shown(value: Any) -> str:
    """A value for an error message, shortened."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
