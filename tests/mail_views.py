"""The notices that the mail tests look at, and the command that writes their golden files.

python -m tests.mail_views        # after a wanted change of a template; then read the difference before committing
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from duly.domain.charges import ChargeLine
from duly.mail.notice import KINDS, LANGUAGES, CreditorView, Kind, NoticeItem, NoticeView
from duly.mail.render import render

GOLDEN = Path(__file__).parent / "golden" / "mail"
CASES = [(language, kind) for language in LANGUAGES for kind in KINDS]
AS_OF = date(2026, 3, 7)
PERSON = {
    "en": "Ms Okafor",
    "de": "Frau Okafor",
    "fr": "Mme Okafor",
    "es": "Sra. Okafor",
    "it": "signora Okafor",
    "nl": "mevrouw Okafor",
    "pt": "Joana Okafor",
    "pl": "Pani Okafor",
}

CREDITOR = CreditorView(
    name="Muster Maschinen GmbH",
    address=("Hafenstraße 4", "20457 Hamburg"),
    email="forderungen@muster.example",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    legal_name_line="Amtsgericht Hamburg HRB 0000",
    phone="+49 40 123456",
    contact_name="Anna Becker",
    country="DE",
    payment_link="https://pay.muster.example/?for={reference}&amount={amount}",
)


LINES = (
    ChargeLine("fee", 500, level=1),
    ChargeLine("interest", 168, date(2026, 2, 5), date(2026, 2, 9), 5, Decimal("10.27"), 119_000, 365),
    ChargeLine("interest", 797, date(2026, 2, 10), date(2026, 3, 7), 26, Decimal("10.27"), 109_000, 365),
    ChargeLine("settled", -40),
)


def item(
    number: str = "R-2026-0117",
    *,
    due: date = date(2026, 2, 4),
    issued: date = date(2026, 1, 5),
    original: int = 119_000,
    balance: int = 119_000,
    fee: int = 0,
    interest: int = 0,
    instalment: int = 1,
    instalments: int = 1,
    level: int = 1,
    lines: tuple[ChargeLine, ...] = (),
) -> NoticeItem:
    """One open item; days overdue follow from the due date and AS_OF."""
    return NoticeItem(
        number=number,
        instalment=instalment,
        issued=issued,
        due=due,
        days_overdue=(AS_OF - due).days,
        level=level,
        step="step",
        original_minor=original,
        balance_minor=balance,
        fee_minor=fee,
        interest_minor=interest,
        instalments=instalments,
        charge_lines=lines,
    )


def view(
    *items: NoticeItem,
    kind: Kind = "reminder",
    language: str = "en",
    currency: str = "EUR",
    creditor: CreditorView = CREDITOR,
    customer_name: str = "Fog & Söhne KG",
    contact_name: str = "",
    credits_minor: int = 0,
    pay_by: date | None = None,
    last_notice: date | None = None,
) -> NoticeView:
    """A notice over the items (by default one overdue invoice) whose total is their sum less the credits."""
    chosen = items or (item(),)
    return NoticeView(
        language=language,
        currency=currency,
        level=KINDS.index(kind),
        step="step",
        kind=kind,
        creditor=creditor,
        customer_id="C-1017",
        customer_name=customer_name,
        contact_name=contact_name,
        items=chosen,
        credits_minor=credits_minor,
        total_minor=sum(one.owed_minor for one in chosen) - credits_minor,
        as_of=AS_OF,
        payment_reference=", ".join(one.number for one in chosen if one.days_overdue > 0 or kind == "before_due"),
        respond_address="reply+ae7q2mxk@reply.muster.example",
        pay_by=pay_by,
        last_notice=last_notice,
    )


def golden_view(language: str, kind: Kind) -> NoticeView:
    """What the golden file of a language and kind shows; the later kinds show more of what a notice can hold."""
    person = PERSON[language]
    if kind == "before_due":
        soon = item(issued=date(2026, 2, 10), due=date(2026, 3, 12), level=0)
        return view(soon, kind=kind, language=language, contact_name=person)
    if kind == "reminder":
        return view(item(balance=109_000), kind=kind, language=language)
    items = (
        item(balance=109_000, fee=500, interest=925, level=2, lines=LINES),
        item("R-2026-0121", issued=date(2026, 1, 9), due=date(2026, 2, 28), original=70_000, balance=70_000,
             instalment=2, instalments=3),
        item("R-2026-0133", issued=date(2026, 2, 9), due=date(2026, 3, 11), original=1_234_567, balance=1_234_567,
             level=0),
    )  # fmt: skip
    found = view(
        *items,
        kind=kind,
        language=language,
        contact_name=person,
        credits_minor=10_000 if kind == "formal_notice" else 0,
        pay_by=date(2026, 3, 21),
        last_notice=date(2026, 2, 10),
    )
    return replace(found, statement_attached=kind == "second_reminder")


def golden_files(language: str, kind: Kind) -> dict[Path, str]:
    """Path and content of the golden files of one case."""
    rendered = render(golden_view(language, kind))
    stem = GOLDEN / f"{language}-{kind}"
    return {
        stem.with_suffix(".txt"): f"Subject: {rendered.subject}\n\n{rendered.text}",
        stem.with_suffix(".html"): rendered.html,
    }


def main() -> None:
    """Write all golden files anew."""
    for language, kind in CASES:
        for path, content in golden_files(language, kind).items():
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
