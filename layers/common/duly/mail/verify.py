"""Read a notice back from its bytes: what does this mail really say?

The reading knows nothing of how the mail was made. It takes the plain text as a reader would, line by line with the
language's labels, and the tables of the HTML, so that both can be compared with the ledger (invariant 11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from duly.mail.local_forms import read_amount, read_day, spaced
from duly.mail.notice import LANGUAGES
from duly.mail.render import COST_KINDS, labels_of, row_labels_of

_FORMULA = re.compile(
    r"(?P<principal>.+?) × (?P<percent>[0-9]+(?:[.,][0-9]+)?) %"
    r"(?: × (?P<days>[0-9]+)/(?P<year>[0-9]+)| / (?P<by>[0-9]+), (?P<times>[0-9]+) × .+)"
)
_ROW = re.compile(r"  (\S[^:]*):(?: +(.*))?")


class VerifyError(ValueError):
    """The mail does not read like a notice. `code` says why; the text never holds what the mail says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """One line of how charges come about: its kind (the name of its label) and amount; of interest the days, rate (per
    cent a year) and principal as well."""

    kind: str
    amount_minor: int
    first: date | None = None
    last: date | None = None
    days: int = 0
    year_days: int = 0
    percent: Decimal | None = None
    principal_minor: int = 0


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One open item as the mail states it. Amounts in minor units; an amount that is not stated is zero."""

    number: str
    instalment: int
    issued: date
    due: date
    days_overdue: int
    original_minor: int
    balance_minor: int
    fee_minor: int
    interest_minor: int
    charge_lines: tuple[ChargeFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What a mail states. `attempt` is its X-Duly-Attempt header."""

    attempt: str
    language: str
    subject: str
    customer_name: str
    customer_id: str
    as_of: date
    items: tuple[ItemFacts, ...]
    credits_minor: int
    total_minor: int
    due_now_minor: int
    currency: str
    account_holder: str
    iban: str
    payment_reference: str
    pay_by: date | None


def facts_of(raw: bytes) -> MailFacts:
    """The facts of a notice, from its plain text part. Raises VerifyError."""
    message = message_from_bytes(raw, policy=policy.default)
    try:
        return _facts(message)
    except VerifyError:
        raise
    except ValueError:
        raise VerifyError("value_malformed") from None


def _facts(message: EmailMessage) -> MailFacts:
    language = str(message["Content-Language"] or "")
    if language not in LANGUAGES:
        raise VerifyError("unknown_language")
    rows = list(_rows(_content(message, "plain"), row_labels_of(language)))
    single = _Single(rows, language)
    total_minor, currency = read_amount(single.text("total_open" if single.optional("due_now") else "total"), language)
    items = tuple(_item(group, language, currency) for group in _groups(rows))
    credits_minor = single.money("credits", currency)
    if total_minor != sum(i.balance_minor + i.fee_minor + i.interest_minor for i in items) + credits_minor:
        raise VerifyError("total_does_not_add_up")
    pay_by = single.optional("pay_by")
    return MailFacts(
        attempt=str(message["X-Duly-Attempt"] or ""),
        language=language,
        subject=str(message["Subject"] or ""),
        customer_name=single.text("customer"),
        customer_id=single.text("customer_id"),
        as_of=read_day(single.text("as_of"), language),
        items=items,
        credits_minor=-credits_minor,
        total_minor=total_minor,
        due_now_minor=single.money("due_now", currency) or total_minor,
        currency=currency,
        account_holder=single.text("holder"),
        iban=single.optional("iban").replace(" ", ""),
        payment_reference=single.text("reference"),
        pay_by=read_day(pay_by, language) if pay_by else None,
    )


def tables_of(raw: bytes) -> list[list[list[str]]]:
    """The data tables of the HTML part: tables, rows, cells, each cell's lines joined by a line feed."""
    reader = _Tables()
    reader.feed(_content(message_from_bytes(raw, policy=policy.default), "html"))
    reader.close()
    return reader.tables


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        raise VerifyError(f"no_{kind}_part")
    return str(part.get_content()).replace("\r\n", "\n")


def _rows(text: str, labels: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The labelled lines as (name of the label, value)."""
    names = {label: name for name, label in labels.items()}
    for line in text.split("\n"):
        found = _ROW.fullmatch(line)
        name = names.get(found[1].rstrip()) if found else None
        if found and name:
            yield name, found[2] or ""


def _groups(rows: list[tuple[str, str]]) -> Iterator[dict[str, str]]:
    """The rows of each item: from its invoice number to the next one's."""
    item_fields = {"instalment", "issued", "due", "original", "balance", "fee", "interest"}
    group: dict[str, str] = {}
    for name, value in (("fee" if name == "costs" else name, value) for name, value in rows):
        if name == "invoice":
            if group:
                yield group
            group = {"invoice": value}
        elif name == "calculation" and group:
            group[name] = f"{group[name]}\n{value}" if name in group else value
        elif name in item_fields:
            if not group or name in group:
                raise VerifyError("row_out_of_place")
            group[name] = value
    if group:
        yield group


def _item(group: dict[str, str], language: str, currency: str) -> ItemFacts:
    one = _Single(list(group.items()), language)
    due, _, age = one.text("due").partition(" (")
    balance = one.money("balance", currency)
    fee, interest = one.money("fee", currency), one.money("interest", currency)
    lines = tuple(_charge_lines(group.get("calculation", ""), language, currency))
    if lines and sum(line.amount_minor for line in lines) != fee + interest:
        raise VerifyError("charges_do_not_add_up")
    return ItemFacts(
        number=group["invoice"],
        instalment=int(group.get("instalment", "1").split(" ")[0]),
        issued=read_day(one.text("issued"), language),
        due=read_day(due, language),
        days_overdue=_days(age.rstrip(")"), language),
        original_minor=one.money("original", currency) if "original" in group else balance,
        balance_minor=balance,
        fee_minor=fee,
        interest_minor=interest,
        charge_lines=lines,
    )


def _charge_lines(text: str, language: str, currency: str) -> Iterator[ChargeFacts]:
    """The lines of a calculation. A period stands on a line before its formula."""
    labels = labels_of(language)
    kinds = {labels[kind]: kind for kind in ("fee", *COST_KINDS)}
    period = ""
    for line in text.split("\n") if text else ():
        told, equals, stated = line.rpartition(" = ")
        if not equals:
            period = line
            continue
        minor, stated_currency = read_amount(stated, language)
        if stated_currency != currency:
            raise VerifyError("two_currencies")
        if told in kinds:
            yield ChargeFacts(kinds[told], minor)
        else:
            yield _interest(spaced(told), period, minor, language)


def _interest(formula: str, period: str, amount_minor: int, language: str) -> ChargeFacts:
    found = _FORMULA.fullmatch(formula)
    first, dash, last = period.partition(" – ")
    if not found or not dash:
        raise VerifyError("calculation_malformed")
    return ChargeFacts(
        kind="interest",
        amount_minor=amount_minor,
        first=read_day(first, language),
        last=read_day(last, language),
        days=int(found["days"] or found["times"]),
        year_days=int(found["year"] or found["by"]),
        percent=Decimal(found["percent"].replace(",", ".")),
        principal_minor=read_amount(found["principal"], language)[0],
    )


def _days(age: str, language: str) -> int:
    """`12 days overdue` is 12, `in 3 days` is -3, a phrase without a number is today."""
    number = re.search(r"[0-9]+", age)
    if not number:
        return 0
    return -int(number[0]) if age.startswith(labels_of(language)["ahead"] + " ") else int(number[0])


@dataclass(frozen=True, slots=True)
class _Single:
    """Rows that may stand once."""

    rows: list[tuple[str, str]]
    language: str

    def optional(self, name: str) -> str:
        values = [value for found, value in self.rows if found == name]
        if len(values) > 1:
            raise VerifyError("row_repeated")
        return values[0] if values else ""

    def text(self, name: str) -> str:
        value = self.optional(name)
        if not value:
            raise VerifyError("row_missing")
        return value

    def money(self, name: str, currency: str) -> int:
        value = self.optional(name)
        if not value:
            return 0
        minor, stated = read_amount(value, self.language)
        if stated != currency:
            raise VerifyError("two_currencies")
        return minor


class _Tables(HTMLParser):
    """Collects the tables that are not mere layout (role=presentation)."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._open: list[bool] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append(dict(attrs).get("role") != "presentation")
            if self._open[-1]:
                self.tables.append([])
        elif self._open and self._open[-1]:
            self._inside(tag)

    def _inside(self, tag: str) -> None:
        if tag == "tr":
            self.tables[-1].append([])
        elif tag in {"td", "th"}:
            self.tables[-1][-1].append("")
            self._in_cell = True
        elif tag == "br" and self._in_cell:
            self.tables[-1][-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._open.pop()
        elif tag in {"td", "th"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell and self._open and self._open[-1]:
            self.tables[-1][-1][-1] += data
