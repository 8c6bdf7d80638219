"""The statement of account as a page (HTML) and as a letter (PDF), in the customer's language.

Every value is made one harmless line in its local form here; templates only place it. The words of both layouts stand
in one file per language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from duly.domain.kpi import BUCKETS
from duly.domain.statement_of_account import CurrencyStatement, Line, OpenItem, StatementOfAccount, Unapplied
from duly.mail.local_forms import day, grouped, one_line, plain_amount, short_day
from duly.mail.notice import CreditorView, language_of
from duly.mail.postal import recipient_lines
from duly.mail.render import environment
from duly.mail.typeset import Values, pdf, pictures


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with who writes it to whom. ``has_movements`` is false for a list of open items alone."""

    language: str
    creditor: CreditorView
    customer_name: str
    country: str
    statement: StatementOfAccount
    has_movements: bool = True
    address: tuple[str, ...] = ()
    creditor_country: str = ""


def render_html(view: StatementView) -> str:
    """The statement as a printable page of HTML without script."""
    return environment().get_template("statement/page.html.j2").render(values_of(view))


def render_pdf(view: StatementView) -> bytes:
    """The statement as PDF/UA (A4, tagged), the same bytes for the same view. Raises PdfTooLarge."""
    return pdf("statement", values_of(view), view.statement.as_of)


def render_pictures(view: StatementView, dots_per_inch: int = 144) -> list[bytes]:
    """The pages of the PDF as PNG, for documentation."""
    return pictures("statement", values_of(view), view.statement.as_of, dots_per_inch)


def words_of(language: str) -> dict[str, str]:
    """The words of a language's statements by their name."""
    module = environment().get_template(f"{language}/statement.j2").module
    return {name: str(text) for name, text in vars(module).items() if not name.startswith("_")}


def values_of(view: StatementView) -> Values:
    """Everything that a layout may name, as clean text in the language's forms."""
    told, language = view.statement, language_of(view.language)
    words = words_of(language)
    creditor = view.creditor
    as_of = day(told.as_of, language)
    customer_id = one_line(told.customer or told.account)
    name = one_line(view.customer_name) or customer_id
    return {
        "language": language,
        "words": words,
        "title": words["title" if view.has_movements else "title_items"],
        "as_of": as_of,
        "running": f"{words['as_of']} {as_of}",
        "customer_id": customer_id,
        "customer_name": name,
        "country": one_line(view.country),
        "recipient": recipient_lines(name, "", view.address, view.country, view.creditor_country),
        "remark": "",
        "period": (period := _period(view, words)),
        "facts": _facts(words, customer_id, as_of, period, one_line(view.creditor.email)),
        "creditor": {
            "name": one_line(creditor.name),
            "address": [one_line(line) for line in creditor.address],
            "email": one_line(creditor.email),
            "iban": grouped(one_line(creditor.iban)),
            "bic": one_line(creditor.bic),
            "legal_name_line": one_line(creditor.legal_name_line),
        },
        "footer": [one_line(creditor.legal_name_line)],
        "has_movements": view.has_movements,
        "asks_for_money": bool(creditor.iban) and any(one.closing_minor > 0 for one in told.currencies),
        "currencies": [_currency(one, language, words) for one in told.currencies],
    }


def _period(view: StatementView, words: Mapping[str, str]) -> str:
    told, language = view.statement, language_of(view.language)
    return f"{short_day(told.start, language)} {words['until']} {short_day(told.as_of, language)}" if told.start else ""


def _facts(words: Mapping[str, str], customer_id: str, as_of: str, period: str, email: str) -> list[tuple[str, str]]:
    """What stands beside the address, by its label."""
    found = {"customer_id": customer_id, "as_of": as_of, "period": period, "contact": email}
    return [(words[name], value) for name, value in found.items() if value]


def _currency(told: CurrencyStatement, language: str, words: Mapping[str, str]) -> Values:
    def money(minor: int) -> str:
        return plain_amount(minor, told.currency, language)

    return {
        "currency": told.currency,
        "opening": money(told.opening_minor),
        "closing": money(told.closing_minor),
        "folded": told.folded,
        "due": money(told.due_minor),
        "not_due": money(told.not_due_minor),
        "open": money(told.open_minor),
        "credit": money(-told.unapplied_minor) if told.unapplied_minor else "",
        "has_charges": any(item.charges_minor for item in told.items),
        "lines": [_line(line, told.currency, language, words) for line in told.lines],
        "items": [_item(item, told.currency, language, words) for item in told.items],
        "unapplied": [_unapplied(one, told.currency, language, words) for one in told.unapplied],
        "ageing": [
            {"name": words[f"bucket_{place}"], "amount": money(told.ageing[name]), "is_zero": not told.ageing[name]}
            for place, name in enumerate(BUCKETS)
        ],
    }


def _kind(kind: str, words: Mapping[str, str]) -> str:
    return words.get(f"kind_{kind}", words["kind_other"])


def _line(line: Line, currency: str, language: str, words: Mapping[str, str]) -> Values:
    def money(minor: int) -> str:
        return plain_amount(minor, currency, language) if minor else ""

    return {
        "on": short_day(line.on, language),
        "kind": _kind(line.kind, words),
        "number": one_line(line.number),
        "about": ", ".join(one_line(number) for number in line.about),
        "due": short_day(line.due, language) if line.due else "",
        "debit": money(line.debit_minor),
        "credit": money(line.credit_minor),
        "balance": plain_amount(line.balance_minor, currency, language),
    }


def _item(item: OpenItem, currency: str, language: str, words: Mapping[str, str]) -> Values:
    def money(minor: int) -> str:
        return plain_amount(minor, currency, language) if minor else ""

    marks = []
    for mark in item.marks:
        told = words[f"mark_{mark}"]
        marks.append(
            f"{told} {short_day(item.promised_for, language)}" if mark == "promised" and item.promised_for else told
        )
    days = item.days_overdue
    return {
        "number": one_line(item.title),
        "issued": short_day(item.issued, language),
        "due": short_day(item.due, language),
        "days": f"{days} {words['one_day' if days == 1 else 'days']}" if days > 0 else "",
        "amount": money(item.amount_minor),
        "paid": money(item.paid_minor),
        "charges": money(item.charges_minor),
        "open": money(item.owed_minor),
        "marks": ", ".join(marks),
    }


def _unapplied(one: Unapplied, currency: str, language: str, words: Mapping[str, str]) -> Values:
    return {
        "on": short_day(one.on, language),
        "kind": _kind(one.kind, words),
        "number": one_line(one.number),
        "amount": plain_amount(one.amount_minor, currency, language),
    }
