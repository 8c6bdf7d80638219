"""Remittance advices: what a payer says a payment is for, before or after the money comes.

Pure: lines of tables or texts to announcements, and announcements to the ``Advice`` that the matcher reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from duly.domain import codec
from duly.domain.match_model import Advice
from duly.domain.references import find_references, normalise_reference

__all__ = ["MAX_LINES", "Advice", "Announcement", "RemittanceLine", "advice", "announcements", "said_in_text"]

#: Most lines of one advice; a stored one must fit into one item of the table.
MAX_LINES: Final = 1_000
#: Lines of a text that are read.
MAX_TEXT_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """What a payer pays of one invoice, in minor units; a credit note or deduction that is taken off is below zero.

    ``line`` is that of the file, from 1. The other fields tell which payment the line belongs to, any of them may be
    empty: the payer's reference of it, its day, the customer's id and the payer's name.
    """

    line: int
    number: str
    paid_minor: int
    currency: str
    reference: str = ""
    on: date | None = None
    customer: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One payment that a payer announced: who pays, as far as it is said, and the invoices with what is paid of each.

    ``account`` is known when the advice came in a conversation with a customer; ``customer`` is the customer's id as
    the file has it.
    """

    currency: str
    lines: tuple[tuple[str, int], ...]
    reference: str = ""
    on: date | None = None
    customer: str = ""
    name: str = ""
    account: str = ""

    @property
    def total_minor(self) -> int:
        """The money to come: the sum of the lines, credit notes and deductions taken off."""
        return sum(amount_minor for _, amount_minor in self.lines)

    @property
    def key(self) -> str:
        """The same announcement has the same key, however often and in whatever order of lines it comes."""
        content = codec.encode(self) | {"lines": sorted(self.lines)}
        return codec.digest(content)[:24]


def announcements(lines: Iterable[RemittanceLine]) -> tuple[tuple[Announcement, tuple[RemittanceLine, ...]], ...]:
    """Put the lines of a file together by payment, each with the lines it was made of, at most MAX_LINES of them."""
    groups: dict[tuple[str, date | None, str, str, str], list[RemittanceLine]] = {}
    for line in lines:
        key = (line.reference, line.on, line.customer, line.name, line.currency)
        groups.setdefault(key, []).append(line)
    found = []
    for (reference, on, customer, name, currency), many in groups.items():
        for start in range(0, len(many), MAX_LINES):
            part = tuple(many[start : start + MAX_LINES])
            pairs = tuple((line.number, line.paid_minor) for line in part)
            found.append((Announcement(currency, pairs, reference, on, customer, name), part))
    return tuple(found)


def advice(said: Announcement, account: str) -> Advice:
    """Return what the matcher needs of an announcement of a customer."""
    return Advice(said.key, account, said.total_minor, said.currency, said.reference, said.on, said.lines)


def said_in_text(text: str, numbers: Sequence[str], currency: str) -> tuple[tuple[str, int], ...]:
    """Return the invoices that a text lists with an amount each; () when it does not do so plainly.

    ``numbers`` are the invoices that the account has; amounts without a currency are in ``currency``. Plain is a line
    with one of these numbers and one amount, for every number that the text names, each once and in one currency.
    """
    from duly.domain.phrases import find_amounts  # words of six languages, which only texts need

    known = {normalise_reference(number): number for number in numbers}
    found: dict[str, int] = {}
    for line in text.splitlines()[:MAX_TEXT_LINES]:
        named = [(known[value], start, end) for value, start, end in find_references(line) if value in known]
        if not named:
            continue
        rest = _without(line, [(start, end) for _, start, end in named])
        amounts = find_amounts(rest, currency)
        invoices = {number for number, _, _ in named}
        if len(invoices) != 1 or len(amounts) != 1 or amounts[0].currency != currency or invoices & found.keys():
            return ()
        found[invoices.pop()] = amounts[0].amount_minor
    return tuple(found.items())


def _without(line: str, spans: Sequence[tuple[int, int]]) -> str:
    """The line with spans struck out, so that the digits of an invoice number are no amount."""
    letters = list(line)
    for start, end in spans:
        letters[start:end] = "#" * (end - start)
    return "".join(letters)
