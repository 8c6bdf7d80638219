"""Codes, amounts and days in the words of a page for finance (English)."""

from __future__ import annotations

from datetime import date, datetime

from duly.domain.money import exponent
from duly.mail.local_forms import day as long_day
from duly.mail.local_forms import one_line

_WORDS = {
    # why an invoice is disputed
    "not_received_goods": "goods not received",
    "invoice_not_received": "invoice not received",
    "already_credited": "credit note expected",
    "not_ours": "not the customer's",
    # what was noticed on an invoice's arrival
    "terms_differ": "other terms than agreed",
    "issued_late": "issued late",
    "order_missing": "order number missing",
    "no_billing_contact": "no billing contact",
    "flagged": "flagged invoices",
    # why money waits
    "no_reference": "nothing in it leads to a customer",
    "ambiguous_reference": "what it names does not lead to one customer",
    "reversal": "taken back by a bank",
    "returned": "came back, see its reversal",
    "refused": "what was proposed was refused",
    "provisional": "announced: the next statement confirms it",
    "unconfirmed": "announced, but statements are complete and do not have it",
    "proposed": "waits to be confirmed",
    "several_customers": "names several customers",
    # what a person has to do
    "read_reply": "read a reply",
    "call": "call the customer",
    "approve_notice": "approve a notice",
    "post_letter": "post a letter",
    "hand_over": "hand over",
    "send_copy": "send copies of invoices",
    "find_another_way": "nobody answers: find another way",
    "write_off": "write off what was not collected?",
    "dispute_deadline": "dispute past its deadline",
    "debit_missing": "nothing was collected",
    "reclaim": "refunded money to be claimed back",
    "notice_unknown": "did the notice go out?",
    "release_limit": "notice could not be sent",
    # why rows are rejected
    "foreign_seller": "invoice of another seller",
    "xml_broken": "broken XML",
    "not_utf8": "not UTF-8",
    # files
    "statement": "bank statement",
}
_NO_DAY = "–"


def words(code: str) -> str:
    """The words for a code; a code without words of its own reads with spaces for underscores."""
    return _WORDS.get(code, one_line(code).replace("_", " "))


def exact(minor: int, currency: str) -> str:
    """An amount in full, grouped, without its currency: 109050 EUR is `1,090.50`."""
    digits = exponent(currency)
    units, rest = divmod(abs(minor), 10**digits)
    number = f"{units:,}" + (f".{rest:0{digits}d}" if digits else "")
    return f"-{number}" if minor < 0 else number


def whole(minor: int, currency: str) -> str:
    """An amount in whole units, halves away from zero: 109050 EUR is `1,091`."""
    unit = 10 ** exponent(currency)
    units = (2 * abs(minor) + unit) // (2 * unit)
    return f"-{units:,}" if minor < 0 and units else f"{units:,}"


def short(minor: int, currency: str) -> str:
    """An amount for the axis of a chart: `0`, `850`, `12k`, `1.5M`, rounded down."""
    units = minor // 10 ** exponent(currency)
    for size, letter in ((1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")):
        if units >= size:
            whole_part, tenth = divmod(units * 10 // size, 10)
            return f"{whole_part}.{tenth}{letter}" if tenth and whole_part < 100 else f"{whole_part}{letter}"
    return str(units)


def tenths(value: int | None) -> str:
    """Days or per cent that are kept in tenths: 281 is `28.1`."""
    if value is None:
        return _NO_DAY
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 10}.{abs(value) % 10}"


def share(part: int, total: int) -> str:
    """A part in per cent of the total, one decimal: `12.5 %`; nothing of nothing is `0.0 %`."""
    permille = (2000 * part + total) // (2 * total) if total > 0 else 0
    return f"{tenths(permille)} %"


def day(value: date | datetime | None) -> str:
    """A short day for tables: `3 Feb 2026`."""
    if value is None:
        return _NO_DAY
    number, month, year = long_day(value, "en").split(" ")
    return f"{number} {month[:3]} {year}"


def days(count: int, unit: str = "day") -> str:
    """A count with its unit: `1 day`, `12 days`."""
    return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
