"""The accounting export as CSV, and as plain text for hledger and beancount.

Both tools check it: every entry is balanced, every ledger and currency is declared, and assertions at the end state the
balance of each ledger (`hledger check --strict`, `bean-check`). See https://hledger.org/hledger.html#journal and
https://beancount.github.io/docs/beancount_language_syntax.html.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Final

from duly.domain.bookkeeping import LEDGERS, Entry, Ledger
from duly.domain.money import exponent, format_minor
from duly.flows.export import Export
from duly.formats.export import csv_text

HEADER: Final = ("date", "entry", "kind", "about", "ledger", "customer", "currency", "debit", "credit")
_PLAIN: Final = re.compile(r"[A-Z0-9][A-Za-z0-9-]*")  # what beancount allows as a part of an account's name
_OTHER: Final = re.compile(r"[^A-Za-z0-9-]+")


def books_csv(found: Export) -> bytes:
    """One row for each posting, in the order of days; amounts in machine form."""
    rows = [
        [
            entry.on.isoformat(),
            entry.id,
            entry.kind,
            entry.about,
            posting.ledger.name,
            posting.ledger.customer,
            posting.currency,
            format_minor(max(0, posting.amount_minor), posting.currency) if posting.amount_minor > 0 else "",
            format_minor(-posting.amount_minor, posting.currency) if posting.amount_minor < 0 else "",
        ]
        for entry in found.entries
        for posting in entry.postings
    ]
    return csv_text(HEADER, rows).encode()


def hledger_text(found: Export) -> bytes:
    """A journal for hledger, with directives for all accounts and commodities and a balance assertion for each."""
    lines = [f"; {_TITLE}{_period(found)}"]
    for currency in _currencies(found):
        lines.append(f"commodity 1000.{'0' * exponent(currency)} {currency}")
    lines += [f"account {account_name(ledger)}" for ledger in _ledgers(found)]
    for entry in found.entries:
        lines += ["", f"{entry.on.isoformat()} ({_one_line(entry.id)}) {_described(entry)}"]
        lines += [
            f"    {account_name(posting.ledger)}  {_amount(posting.amount_minor, posting.currency)}"
            for posting in entry.postings
        ]
    lines += ["", f"{_last_day(found).isoformat()} balances at the end"] if found.balances else []
    lines += [
        f"    {account_name(ledger)}  {_amount(0, currency)} = {_amount(amount, currency)}"
        for (ledger, currency), amount in sorted(found.balances.items())
    ]
    return ("\n".join(lines) + "\n").encode()


def beancount_text(found: Export) -> bytes:
    """A ledger for beancount, with its accounts opened and a balance directive for each on the day after the last."""
    lines = [f'option "title" "{_TITLE}"']
    lines += [f'option "operating_currency" "{currency}"' for currency in _currencies(found)]
    lines += [f"{_first_day(found).isoformat()} open {account_name(ledger)}" for ledger in _ledgers(found)]
    for entry in found.entries:
        lines += ["", f'{entry.on.isoformat()} * "{_quoted(_described(entry))}"', f'  entry: "{_quoted(entry.id)}"']
        lines += [
            f"  {account_name(posting.ledger)}  {_amount(posting.amount_minor, posting.currency)}"
            for posting in entry.postings
        ]
    after = (_last_day(found) + timedelta(days=1)).isoformat()
    lines.append("")
    lines += [
        f"{after} balance {account_name(ledger)}  {_amount(amount, currency)}"
        for (ledger, currency), amount in sorted(found.balances.items())
    ]
    return ("\n".join(lines) + "\n").encode()


FORMATS: Final[dict[str, tuple[str, str, Callable[[Export], bytes]]]] = {
    "csv": ("books.csv", "text/csv; charset=utf-8", books_csv),
    "hledger": ("books.journal", "text/plain; charset=utf-8", hledger_text),
    "beancount": ("books.beancount", "text/plain; charset=utf-8", beancount_text),
}

_TITLE: Final = "Receivables by Duly"


def account_name(ledger: Ledger) -> str:
    """The name of a ledger in both tools: its type, its name and its customer, as beancount wants them written."""
    name = "".join(word.capitalize() for word in ledger.name.split("_"))
    found = f"{LEDGERS[ledger.name].capitalize()}:{name}"
    return f"{found}:{_part(ledger.customer)}" if ledger.customer else found


def _part(customer: str) -> str:
    """A customer's id as part of a name: as it is, or what can be written of it with a hash that tells it apart."""
    if _PLAIN.fullmatch(customer):
        return customer
    mark = hashlib.sha256(customer.encode()).hexdigest()[:8]
    return f"X-{_OTHER.sub('-', customer)}-{mark}"


def _amount(minor: int, currency: str) -> str:
    return f"{format_minor(minor, currency)} {currency}"


def _described(entry: Entry) -> str:
    return _one_line(f"{entry.kind} | {entry.about}" if entry.about else entry.kind)


def _one_line(text: str) -> str:
    """Text that neither ends a line nor begins a comment, nor closes a code in hledger."""
    return " ".join("".join(char if char.isprintable() and char not in ";()" else " " for char in text).split())


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _period(found: Export) -> str:
    since = f" from {found.start.isoformat()}" if found.start else ""
    return since + (f" to {found.end.isoformat()}" if found.end else "")


def _currencies(found: Export) -> list[str]:
    return sorted({currency for _, currency in found.balances} | set(_posted_currencies(found)))


def _posted_currencies(found: Export) -> Iterator[str]:
    return (posting.currency for entry in found.entries for posting in entry.postings)


def _ledgers(found: Export) -> list[Ledger]:
    posted = {posting.ledger for entry in found.entries for posting in entry.postings}
    return sorted(posted | {ledger for ledger, _ in found.balances})


def _first_day(found: Export) -> date:
    return min((entry.on for entry in found.entries), default=date(1970, 1, 1))


def _last_day(found: Export) -> date:
    return max((entry.on for entry in found.entries), default=date(1970, 1, 1))
