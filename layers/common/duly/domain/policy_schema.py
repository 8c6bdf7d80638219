"""What a credit policy may say: each key with its kind, its meaning and whether Duly applies it yet.

One table for the reader, for the documentation and for the tests, so that they cannot differ. A kind is a function that
turns a raw TOML or JSON value into the value of the dataclass, or adds a problem and returns ``INVALID``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from duly.domain.calendar import UnknownTimeZone, zone
from duly.domain.debt_order import COMMON
from duly.domain.legal_model import DEBTOR_KINDS, Period, Tier
from duly.domain.money import MoneyError, exponent, parse_minor, shortened
from duly.domain.toml_lines import KeyPath, line_of

INVALID: Final = object()

MAX_POLICY_CHARACTERS: Final = 262_144
MAX_PROBLEMS: Final = 100
MAX_TEXT_LENGTH: Final = 200
MAX_CURRENCIES: Final = 40
MAX_SCENARIOS: Final = 50
MAX_STEPS: Final = 40
MAX_CATEGORIES: Final = 20
MAX_OWNERS: Final = 40
MAX_WORD_SHOWN: Final = 24
MIN_WINDOW_MINUTES: Final = 120
MAX_SERIES: Final = 40
MAX_PERIODS: Final = 200
MAX_TABLES: Final = 60
MAX_TIERS: Final = 12

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BASES: Final = ("due", "due_end_of_month", "previous", "invoice", "oldest")
CHANNELS: Final = ("email", "sms", "letter", "registered_letter", "call", "hand_over")
SECURITIES: Final = ("", "prepayment", "guarantee", "deposit", "retention_of_title")
DEBTS: Final = COMMON
ROLES: Final = ("billing", "dunning", "dispute", "management")
BOUNDARIES: Final = ("on_or_after", "after")

#: Codes of a text that should have been one of a few words, a name of the policy itself, a day or a number.
_WORDS_WRONG: Final = frozenset(
    {
        "unknown_word",
        "unknown_scenario",
        "repeated",
        "bad_date",
        "bad_number",
        "currency_unknown",
        "unknown_time_zone",
        "no_previous",
    }
)
_MAIL_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PAYMENT_LINK: Final = re.compile(
    r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]{1,5})?"
    r"(?:[/?](?:[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]|\{reference\}|\{amount\})*)?"
)
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
_WORDS: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}|")  # a part of the key of an uploaded template; none


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One thing wrong with a policy: line (0 when not known), key, code for programs, what was expected for people."""

    line: int
    key: str
    code: str
    expected: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        return f"{where}{self.key or 'the file'}: {self.expected}"


class PolicyErrors(ValueError):
    """A policy that cannot be used. ``problems`` holds all that was found, in the order of lines."""

    def __init__(self, name: str, problems: tuple[PolicyProblem, ...]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))
        self.name = name
        self.problems = problems


@dataclass(slots=True)
class Findings:
    """The problems found so far, the lines on which keys stand, and the document, of which messages say what it has."""

    lines: dict[KeyPath, int] = field(default_factory=dict)
    document: Any = None
    problems: list[PolicyProblem] = field(default_factory=list)

    def add(self, path: KeyPath, code: str, expected: str) -> Any:
        """Note a problem at ``path``; returns ``INVALID`` so that a kind can end with it."""
        wanted = f"{expected}{self._found(path, code)}" if expected.startswith("expected ") else expected
        self.problems.append(PolicyProblem(line_of(self.lines, path), key_text(path), code, wanted))
        return INVALID

    def _found(self, path: KeyPath, code: str) -> str:
        raw = self.document
        for part in path:
            is_there = part in raw if isinstance(raw, dict) else isinstance(part, int) and isinstance(raw, list)
            if not is_there:
                return ""
            raw = raw[part]
        shown = _shown(raw, code)
        return f", found {shown}" if shown else ""


def _shown(raw: Any, code: str) -> str:
    """A value of the document as a message may name it, "" where that says nothing. A text where one of a few words was
    expected is shown as it is; any other may be a name or an address and is shown only when it looks like neither."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return ascii(raw) if code in _WORDS_WRONG and len(raw) <= MAX_WORD_SHOWN else shortened(raw)
    if isinstance(raw, list):
        told = shortened(", ".join(str(part) for part in raw[:3]))
        return {"wrong_type": "a list", "bad_time": told, "bad_length": f"{len(raw)} elements"}.get(code, "")
    if isinstance(raw, dict):
        return "a table" if code == "wrong_type" else ""
    return str(raw)[:MAX_WORD_SHOWN]


def key_text(path: KeyPath) -> str:
    """A path as people write it: ``scenario.standard.step[2].days``, numbered from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else ("." if text else "") + printable(part)
    return text


def printable(text: str) -> str:
    """A name from the file as it may stand in a message: no control characters, not longer than 60."""
    return text[:60] if text[:60].isprintable() else ascii(text[:60])


def scenario_name(name: str) -> bool:
    """Whether a text can be the name of a scenario, a category or a step."""
    return _NAME.fullmatch(name) is not None


Kind = Callable[[Findings, KeyPath, Any], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name in the file, its kind, the dataclass field that it fills, its meaning."""

    name: str
    kind: Kind
    meaning: str
    target: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The dataclass fields that the key fills: one, or two for a kind that returns a pair."""
        return tuple((self.target or self.name).split())


# --- kinds ----------------------------------------------------------------------------------------------------------
def text(pattern: str = "", expected: str = "", *, empty: bool = True) -> Kind:
    """Text on one line without control characters, matching ``pattern`` as a whole when it is not empty."""
    compiled = re.compile(pattern) if pattern else None
    wanted = expected or f"a text on one line, at most {MAX_TEXT_LENGTH} characters"

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        if not isinstance(raw, str):
            return findings.add(path, "wrong_type", f"expected {wanted}")
        if (not raw and not empty) or len(raw) > MAX_TEXT_LENGTH or not (raw.isprintable()):
            return findings.add(path, "bad_text", f"expected {wanted}")
        if raw and compiled is not None and compiled.fullmatch(raw) is None:
            return findings.add(path, "bad_text", f"expected {wanted}")
        return raw

    return read


def one_of(*words: str) -> Kind:
    """One of a few words."""
    expected = "expected one of " + ", ".join(word or '""' for word in words)

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        if not isinstance(raw, str):
            return findings.add(path, "wrong_type", expected)
        return raw if raw in words else findings.add(path, "unknown_word", expected)

    return read


def list_of(kind: Kind, *, least: int = 0, most: int = 10, unique: bool = True) -> Kind:
    """A list whose elements are of one kind, as a tuple."""

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        if not isinstance(raw, list):
            return findings.add(path, "wrong_type", "expected a list in square brackets")
        if not least <= len(raw) <= most:
            return findings.add(path, "bad_length", f"expected {least} to {most} elements")
        values = [kind(findings, (*path, position), element) for position, element in enumerate(raw)]
        if any(value is INVALID for value in values):
            return INVALID
        if unique and len(set(values)) != len(values):
            return findings.add(path, "repeated", "expected no element twice")
        return tuple(values)

    return read


def debts(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """All kinds of debt in an order, or none."""
    found = list_of(one_of(*DEBTS), most=len(DEBTS))(findings, path, raw)
    if found is not INVALID and len(found) not in (0, len(DEBTS)):
        return findings.add(path, "bad_length", f"expected {', '.join(DEBTS)} in an order, or an empty list")
    return found


def whole(least: int, most: int, unit: str = "") -> Kind:
    """A whole number within bounds."""
    expected = f"expected a whole number{' of ' + unit if unit else ''} from {least} to {most}"

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        if not isinstance(raw, int) or isinstance(raw, bool):
            return findings.add(path, "wrong_type", expected)
        return raw if least <= raw <= most else findings.add(path, "out_of_range", expected)

    return read


def yes_no(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """true or false."""
    return raw if isinstance(raw, bool) else findings.add(path, "wrong_type", "expected true or false")


def permille(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A number from 0 to 1 with at most three decimals, as whole permille."""
    number = _decimal(raw)
    scaled = None if number is None else number * 1000
    if scaled is None or not 0 <= scaled <= 1000 or scaled != int(scaled):
        return findings.add(path, "bad_number", "expected a number from 0 to 1 with at most three decimals")
    return int(scaled)


def percent(most: int) -> Kind:
    """A percentage as an exact decimal, given as a number or as text."""

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        number = _decimal(raw)
        exact = number is not None and number == round(number, 4)
        if number is None or not exact or not 0 <= number <= most:
            return findings.add(path, "bad_number", f"expected a percentage from 0 to {most}, at most four decimals")
        return number

    return read


def _decimal(raw: Any) -> Decimal | None:
    """An exact decimal from a number of TOML (already Decimal), of JSON, or from text like ``12.5``; None otherwise."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, Decimal):
        return raw if raw.is_finite() and abs(raw) < 10**9 else None
    if isinstance(raw, (int, float)):
        plain = str(raw) if -(10**9) < raw < 10**9 else ""
    else:
        plain = raw if isinstance(raw, str) else ""
    return Decimal(plain) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", plain, re.ASCII) else None


def points(least: str, most: str) -> Kind:
    """A rate or margin as an exact decimal, given as text (or a number), at most six decimals; it may be negative."""
    expected = f'expected a percentage such as "8.15" from {least} to {most}, at most six decimals'

    def read(findings: Findings, path: KeyPath, raw: Any) -> Any:
        number = _decimal(raw)
        exact = number is not None and number == round(number, 6)
        if number is None or not exact or not Decimal(least) <= number <= Decimal(most):
            return findings.add(path, "bad_number", expected)
        return number

    return read


def day(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A day: a date of TOML, or text like 2026-07-01."""
    if type(raw) is date:
        return raw
    try:
        # the basic form and week dates, which fromisoformat takes too, are more likely a slip
        is_plain = isinstance(raw, str) and len(raw) == 10 and raw[4] == "-" and raw[7] == "-"
        return date.fromisoformat(raw if is_plain else "")
    except ValueError:
        return findings.add(path, "bad_date", "expected a day such as 2026-07-01")


def periods(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """Rates with their first and last days, rising and without overlaps."""
    keys = {"from": day, "to": day, "percent": points("-10", "100")}
    rows = _rows(findings, path, raw, keys, frozenset(keys), MAX_PERIODS)
    if rows is INVALID:
        return INVALID
    found = tuple(Period(row["from"], row["to"], row["percent"]) for row in rows)
    ends = [day for period in found for day in (period.first, period.last)]
    if any(before > after for before, after in zip(ends, ends[1:], strict=False)) or any(
        before.last == after.first for before, after in zip(found, found[1:], strict=False)
    ):
        return findings.add(path, "not_rising", "expected periods in order of time that do not overlap")
    return found


def tiers(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """Fixed sums by currency: for every debt, for debts from an amount on, or above it."""
    keys = {"currency": currency, "sum": text(empty=False), "from": text(empty=False), "above": text(empty=False)}
    rows = _rows(findings, path, raw, keys, frozenset(("currency", "sum")), MAX_TIERS)
    if rows is INVALID:
        return INVALID
    found = [_tier(findings, (*path, place), row) for place, row in enumerate(rows)]
    return INVALID if any(tier is INVALID for tier in found) else tuple(found)


def _tier(findings: Findings, path: KeyPath, row: Mapping[str, Any]) -> Any:
    code = row["currency"]
    stated = [name for name in ("sum", "from", "above") if name in row]
    named = {name: _amount(findings, (*path, name), code, row[name]) for name in stated}
    if any(minor is INVALID for minor in named.values()):
        return INVALID
    if len(named) > 2:
        return findings.add(path, "bad_value", "expected from or above, not both")
    return Tier(code, named["sum"], named["above"] + 1 if "above" in named else named.get("from", 0))


def _rows(
    findings: Findings, path: KeyPath, raw: Any, keys: Mapping[str, Kind], needed: frozenset[str], most: int
) -> Any:
    """A list of small tables with these keys, each value of its kind."""
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        return findings.add(path, "wrong_type", "expected a list of tables, each in curly brackets")
    if not 1 <= len(raw) <= most:
        return findings.add(path, "bad_length", f"expected 1 to {most} elements")
    rows: list[dict[str, Any]] = []
    for place, row in enumerate(raw):
        here = (*path, place)
        for name in sorted(needed - row.keys()):
            findings.add((*here, name), "missing", "expected to be stated")
        for name in sorted(row.keys() - keys.keys()):
            findings.add((*here, name), "unknown_key", "not a key of this table; expected one of " + ", ".join(keys))
        rows.append({name: keys[name](findings, (*here, name), value) for name, value in row.items() if name in keys})
    bad = any(value is INVALID for row in rows for value in row.values()) or any(needed - row.keys() for row in rows)
    return INVALID if bad or any(row.keys() - keys.keys() for row in raw) else rows


def amounts(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A table of amounts by currency, such as ``{ EUR = "10.00" }``, in minor units. None is negative."""
    if not isinstance(raw, dict):
        return findings.add(path, "wrong_type", 'expected amounts by currency such as { EUR = "10.00" }')
    if len(raw) > MAX_CURRENCIES:
        return findings.add(path, "too_many", f"expected at most {MAX_CURRENCIES} currencies")
    table = {code: _amount(findings, (*path, code), code, given) for code, given in raw.items()}
    return INVALID if any(value is INVALID for value in table.values()) else table


def _amount(findings: Findings, path: KeyPath, code: str, given: Any) -> Any:
    try:
        exponent(code)
    except MoneyError as error:
        return findings.add(path, error.code, "not a currency; expected a code such as EUR")
    if not isinstance(given, str):
        return findings.add(path, "wrong_type", 'expected an amount as text such as "10.00"')
    try:
        minor = parse_minor(given, code)
    except MoneyError as error:
        return findings.add(
            path, error.code, f"expected an amount such as 10.00 with at most {exponent(code)} decimals"
        )
    return minor if minor >= 0 else findings.add(path, "negative", "expected an amount that is not negative")


def approval(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """true, false, or amounts above which a person approves: a pair (always, table)."""
    if isinstance(raw, bool):
        return raw, {}
    if not isinstance(raw, dict):
        return findings.add(path, "wrong_type", 'expected true, false or amounts such as { EUR = "1000.00" }')
    if not raw:
        return findings.add(path, "bad_length", 'expected true, false or an amount such as { EUR = "1000.00" }')
    table = amounts(findings, path, raw)
    return INVALID if table is INVALID else (False, table)


def window(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """Two times of day as minutes since midnight; the run is hourly, so they lie at least two hours apart."""
    expected = 'expected two times of one day at least two hours apart, such as ["08:00", "18:00"]'
    if not isinstance(raw, list):
        return findings.add(path, "wrong_type", expected)
    if len(raw) != 2 or not all(isinstance(part, str) and _TIME_OF_DAY.fullmatch(part) for part in raw):
        return findings.add(path, "bad_time", expected)
    start, end = (int(part[:2]) * 60 + int(part[3:]) for part in raw)
    return (start, end) if end - start >= MIN_WINDOW_MINUTES else findings.add(path, "bad_time", expected)


def weekdays(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """Names of weekdays as a set of numbers, Monday 0."""
    names = list_of(one_of(*WEEKDAYS), least=1, most=7)(findings, path, raw)
    return INVALID if names is INVALID else frozenset(WEEKDAYS.index(name) for name in names)


def time_zone(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """An IANA time zone that this machine knows."""
    try:
        zone(raw if isinstance(raw, str) else "")
    except UnknownTimeZone as error:
        return findings.add(path, error.code, "expected an IANA time zone such as Europe/Berlin")
    return raw


def currency(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """An ISO 4217 currency."""
    try:
        exponent(raw if isinstance(raw, str) else "")
    except MoneyError as error:
        return findings.add(path, error.code, "expected a currency such as EUR")
    return raw


def escalation(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A table from role to the level from which contacts of it get a copy."""
    if not isinstance(raw, dict):
        return findings.add(path, "wrong_type", "expected roles with levels such as { management = 3 }")
    read = whole(0, 99)
    table: dict[str, Any] = {}
    for role, level in raw.items():
        if role not in ROLES:
            return findings.add((*path, role), "unknown_word", "expected one of " + ", ".join(ROLES))
        table[role] = read(findings, (*path, role), level)
    return INVALID if any(level is INVALID for level in table.values()) else table


def mail_address(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A plain mail address, or empty."""
    fits = isinstance(raw, str) and len(raw) <= MAX_TEXT_LENGTH and (not raw or _MAIL_ADDRESS.fullmatch(raw))
    return raw if fits else findings.add(path, "bad_address", "expected a mail address such as name@firm.example")


def payment_link(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """An https address in which {reference} and {amount} may stand behind the host, or empty."""
    if isinstance(raw, str) and not raw:
        return raw
    fits = isinstance(raw, str) and len(raw) <= MAX_TEXT_LENGTH and _PAYMENT_LINK.fullmatch(raw)
    expected = "expected an address such as https://pay.firm.example/?for={reference}&amount={amount}"
    return raw if fits else findings.add(path, "bad_link", expected)


def iban(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """An IBAN with the right check digits (ISO 13616, modulo 97), spaces allowed, or empty.

    The creditor's own account is what debtors pay to, so here a wrong digit is an error and not a remark.
    """
    plain = raw.replace(" ", "") if isinstance(raw, str) else "?"
    if not plain:
        return ""
    if re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", plain, re.ASCII):
        digits = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
        if int(digits) % 97 == 1:
            return plain
    return findings.add(path, "bad_iban", "expected an IBAN with right check digits")


def owners(findings: Findings, path: KeyPath, raw: Any) -> Any:
    """A table from reason code to who answers: a mail address or the word creditor. ``default`` must be there."""
    if not isinstance(raw, dict):
        return findings.add(path, "wrong_type", 'expected a table such as { default = "ar@firm.example" }')
    if "default" not in raw:
        findings.add(path, "missing", "expected an owner called default, who answers what no other does")
    if len(raw) > MAX_OWNERS:
        findings.add(path, "too_many", f"expected at most {MAX_OWNERS} owners")
    for reason, owner in raw.items():
        if _NAME.fullmatch(reason) is None:
            findings.add((*path, reason), "bad_name", "expected a reason code of letters and digits")
        fits = isinstance(owner, str) and (owner == "creditor" or _MAIL_ADDRESS.fullmatch(owner))
        if not fits:
            findings.add((*path, reason), "bad_owner", "expected a mail address, or the word creditor")
    return dict(raw)


# --- the keys, section by section -----------------------------------------------------------------------------------
SECTIONS: Final[Mapping[str, tuple[Key, ...]]] = {
    "creditor": (
        Key("name", text(empty=False), "Who is owed the money; signs the notices. Must be stated."),
        Key("country", text("[A-Z]{2}", "two capital letters such as DE", empty=False), "ISO 3166 country."),
        Key("timezone", time_zone, "IANA time zone of business days and reports."),
        Key("language", text("[a-z]{2}(-[A-Z]{2})?", "a language such as de", empty=False), "Of reports and tasks."),
        Key("currency", currency, "ISO 4217 currency of reports."),
        Key("address", list_of(text(empty=False), most=6, unique=False), "Lines under the name."),
        Key("email", mail_address, "Where finance reads mail."),
        Key("iban", iban, "The account that notices ask to pay to."),
        Key("bic", text("[A-Z0-9]{8}([A-Z0-9]{3})?", "a BIC of 8 or 11 characters"), "Its bank."),
        Key("legal_name_line", text(), "The line that the law wants at the foot of a letter."),
        Key("vat_id", text("[A-Z0-9]{4,20}", "a VAT id without spaces"), "The creditor's own VAT id."),
        Key("contact_name", text(), "Who answers questions about a notice; empty: the creditor's accounts team."),
        Key("phone", text(r"\+?[0-9][0-9 ()/.-]{4,29}", "a phone number such as +49 40 123456"), "Their phone."),
        Key("payment_link", payment_link, "Where a notice can be paid online; {reference} and {amount} are filled in."),
    ),
    "terms": (
        Key("default_days", whole(0, 365, "days"), "Days from issue to due date when an invoice states no due date."),
        Key("earliest_chase_days", whole(0, 365, "days"), "Days after the due date before anything overdue is said."),
        Key("issue_within_days", whole(0, 365, "days"), "An invoice later after delivery is flagged; 0: none is."),
    ),
    "risk": (
        Key("review_days", whole(1, 730, "days"), "How often an account without news is scored again."),
        Key("order_days", whole(1, 730, "days"), "How long an order that nothing invoices counts as exposure."),
        Key(
            "refer_over_percent",
            whole(0, 1000, "per cent"),
            "A sale that passes the limit by no more goes to a person; one beyond it is refused.",
        ),
    ),
    "risk.categories.NAME": (
        Key("max_score", permille, "Highest score of the category; they rise, the last is 1.", "max_score_permille"),
        Key("terms_days", whole(0, 365, "days"), "Days to pay for new sales."),
        Key(
            "limit",
            amounts,
            "Most that may be open, per currency; none stated: a person decides on sales.",
            "limit_minor",
        ),
        Key("scenario", text(_NAME.pattern, "the name of a scenario"), "Scenario of customers that name none."),
        Key("security", one_of(*SECURITIES), "Security asked before a sale."),
        Key(
            "review_days", whole(1, 730, "days"), "A person reviews its customers so often; left out: nobody is asked."
        ),
    ),
    "risk.hold": (
        Key("over_limit", yes_no, "New orders are refused while more is open than the limit."),
        Key("overdue_days", whole(0, 3650, "days"), "Or the oldest item is overdue so long; 0: never."),
        Key("broken_promises", whole(0, 20), "Or so many promises were broken within 180 days; 0: never."),
    ),
    "cash": (
        Key(
            "allocation",
            list_of(one_of("stated", "oldest_due", "newest_due"), least=1, most=3),
            "Where money goes first: what the payer names, then by due date; only stated: it waits for a person.",
        ),
        Key(
            "debt_order",
            debts,
            "What a payment settles first inside one invoice; []: by the law of the creditor's country.",
        ),
        Key("tolerance", amounts, "A payment short by no more settles the invoice.", "tolerance_minor"),
        Key("tolerance_percent", percent(10), "The same as a percentage; the smaller counts."),
        Key(
            "bank_fee_tolerance",
            amounts,
            "A shortfall that looks like a bank's charge is proposed to finance.",
            "bank_fee_tolerance_minor",
        ),
        Key("auto_confirm", permille, "A match this certain is booked unasked.", "auto_confirm_permille"),
        Key("overpayment", one_of("unapplied", "refund"), "What is paid too much: kept, or a task to refund it."),
    ),
    "gates": (
        Key(
            "bank_data_max_age_business_days",
            whole(0, 30, "business days"),
            "No notices when bank data is older; 0 switches the gate off.",
        ),
        Key("suspense_blocks", yes_no, "Money that might be this customer's holds its notices."),
        Key("unread_reply_hold_days", whole(0, 30, "days"), "A reply nobody has read holds notices so long; 0: not."),
        Key(
            "paid_hold_days", whole(0, 30, "days"), "Who says that it paid or is about to is not chased so long; 0: is."
        ),
        Key("approval_days", whole(1, 90, "days"), "A proposed notice waits so long for a person, then it is renewed."),
    ),
    "contact": (
        Key(
            "window",
            window,
            "Times of day, in the debtor's time zone, between which notices go out.",
            "window_start_minute window_end_minute",
        ),
        Key("days", weekdays, "Weekdays on which notices go out."),
        Key("holidays", yes_no, "true: never on public holidays of the debtor's country."),
        Key("min_gap_days", whole(0, 365, "days"), "Calendar days between two notices to one customer; 0: no gap."),
        Key("max_per_7_days", whole(0, 7), "Notices to one customer in any seven days; 0: seven, the most."),
        Key(
            "fallback",
            list_of(one_of("contact", "letter", "task"), most=3),
            "Without a usable address: another contact, then a letter, then a task; what is not named is not done.",
        ),
        Key("escalation", escalation, "Contacts of a role get a copy from a level on, such as { management = 3 }."),
    ),
    "charges": (
        Key(
            "regime",
            text(_NAME.pattern, "the name of a legal table such as DE", empty=False),
            "Legal tables of late-payment charges: none, a shipped one (docs/charges.md) or one of your own.",
        ),
        Key("kind", one_of(*DEBTOR_KINDS), "Kind of debtor, of customers whose record does not say."),
        Key("interest", yes_no, "Late interest is demanded at steps that ask for it."),
        Key("recovery_indemnity", yes_no, "And the fixed sums of the law: recovery costs, or a fine."),
        Key("rounding", one_of("total", "daily"), "Round interest at the end, or each day's amount."),
        Key(
            "rate",
            points("0", "100"),
            "Per cent a year by contract, instead of the law's; kept within what the law allows.",
            "rate_percent",
        ),
    ),
    "charges.rates.NAME": (
        Key("title", text(empty=False), "What rate it is. Must be stated."),
        Key("source", text(empty=False), "Who publishes it, and where. Must be stated."),
        Key("checked_on", day, "When it was compared with that. Must be stated."),
        Key("rates", periods, "First day, last day and per cent a year. Must be stated.", "periods"),
        Key("note", text(), "What else must be known of it."),
    ),
    "charges.tables.NAME": (
        Key("kinds", list_of(one_of(*DEBTOR_KINDS), least=1, most=3), "Kinds of debtors. Must be stated."),
        Key("valid_from", day, "First day of interest of the first debts under it. Must be stated."),
        Key("valid_to", day, "The same of the last ones; left out: it is in force."),
        Key("series", text(_NAME.pattern, "the name of a reference rate"), "Reference rate, shipped or your own."),
        Key("margin", points("0", "50"), "Points on top of it.", "margin_percent"),
        Key("percent", points("0", "100"), "A rate by law that follows no other."),
        Key("mode", one_of("split", "fixed"), "Follow the reference rate, or keep that of the first day."),
        Key("by", one_of("law", "contract"), "contract: the rate is the most that a contract may name."),
        Key("round_up", points("0", "5"), "The two are rounded up to a multiple of it.", "round_up_percent"),
        Key("least_series", text(_NAME.pattern, "the name of a reference rate"), "A contract's rate is not below it"),
        Key("least_factor", points("0", "10"), "times this."),
        Key("most", points("0", "100"), "The most that a contract's rate may be.", "most_percent"),
        Key("year_days", whole(360, 366, "days"), "Days by which a yearly rate is divided."),
        Key("indemnity", tiers, "Fixed sums for recovery costs by currency; from or above an amount of the debt."),
        Key("fine", points("0", "20"), "A fine, per cent of the debt.", "fine_percent"),
        Key("source", text(empty=False), "Which law says so. Must be stated."),
        Key("checked_on", day, "When it was compared with that. Must be stated."),
        Key("note", text(), "What else must be known of it."),
    ),
    "promises": (
        Key("max_days", whole(1, 365, "days"), "A promise further ahead goes to a person."),
        Key("grace_days", whole(0, 30, "days"), "Days after the promised date that still count as kept."),
        Key("needs_partial_payment", yes_no, "A promise holds the chase back only from a first payment on."),
    ),
    "disputes": (
        Key("deadline_days", whole(1, 365, "days"), "Days within which the owner should answer."),
        Key("owners", owners, "Who answers, by reason; always has default; creditor means its e-mail."),
        Key("chase_undisputed_part", yes_no, "Of a dispute about an amount, the rest of its invoices is still chased."),
        Key("resume", one_of("next_step", "restart"), "After a rejected dispute: go on, or begin again."),
    ),
    "statements": (
        Key("monthly", yes_no, "Write each customer's statement of the month before under documents/statements/."),
        Key("day", whole(1, 28), "From this day of the month on: late bank files of the month before are in by then."),
        Key("without_open_items", yes_no, "Also when nothing was open at the end of the month."),
    ),
    "scenario.NAME": (
        Key("stepwise", yes_no, "true: never skip a level; false: the level that the age deserves."),
        Key("catch_up_spacing", yes_no, "Keep the planned days between two levels when one went out late."),
        Key("threshold", amounts, "Least overdue total worth a notice.", "threshold_minor"),
        Key("threshold_missing", one_of("chase", "skip"), "A currency without a threshold."),
        Key(
            "per",
            one_of("customer", "invoice"),
            "One notice per customer and currency, or per invoice.",
        ),
        Key("min_gap_days", whole(0, 365, "days"), "The scenario's own gap; left out: that of contact."),
        Key("gap_boundary", one_of(*BOUNDARIES), "Whether the day on which the gap ends is free."),
        Key(
            "max_notices",
            whole(1, 1000),
            "Most notices to a customer in a currency, until nothing of it is chased any more.",
        ),
        Key("tolerance", amounts, "An item with less open is not chased.", "tolerance_minor"),
        Key("hold_last_day", one_of("blocks", "free"), "Whether a hold's last day still blocks."),
        Key("on_anchor_paid", one_of("continue", "restart"), "Basis oldest: when that item is paid."),
        Key(
            "repeat", whole(0, 365, "days"), "Repeat the last step every so many days; not a final one.", "repeat_days"
        ),
    ),
    "scenario.NAME.step": (
        Key("level", whole(0, 99), "A number of the policy; never decreases from step to step. Must be stated."),
        Key("name", text(empty=False), "Unique in the scenario. Must be stated."),
        Key(
            "basis",
            one_of(*BASES),
            "What the days count from; with oldest at one step, the oldest item drives all.",
        ),
        Key("days", whole(-365, 3650, "days"), "Days from the basis, negative before it. Must be stated."),
        Key("boundary", one_of(*BOUNDARIES), "Due on the day itself, or the day after it."),
        Key("channel", one_of(*CHANNELS), "How the debtor is reached."),
        Key("template", text(_WORDS.pattern, "a name in small letters"), "The name of own words; empty: by the level."),
        Key("fee", amounts, "Added to the item at this step, once for its level.", "fee_minor"),
        Key("fee_percent", percent(100), "The same as a percentage of the original amount."),
        Key(
            "approve",
            approval,
            "true: a person approves first; or amounts above which.",
            "approve approve_above_minor",
        ),
        Key("minimum", amounts, "An item with less open passes the step by.", "minimum_minor"),
        Key("min_items", whole(0, 1000), "Least number of collectable items of the customer."),
        Key("min_total", amounts, "Least collectable total of the customer.", "min_total_minor"),
        Key("final", yes_no, "The chase ends with this step."),
        Key("interest", yes_no, "Late interest and fixed sums are demanded, as [charges] says."),
        Key(
            "attach",
            list_of(one_of("statement", "invoices", "formal_notice"), most=3),
            "Sent along with an e-mail: the list of all open items (statement), this notice as a letter "
            "(formal_notice), copies of the invoices as uploaded (invoices).",
        ),
        Key(
            "also",
            list_of(one_of(*(channel for channel in CHANNELS if channel != "hand_over")), most=5),
            "Further channels at the same time; not a hand-over.",
        ),
        Key("to", one_of("", "agency", "lawyer", "insurer"), "Who gets a hand-over; empty: an agency."),
    ),
}
