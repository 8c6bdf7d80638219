"""Reading a notice back finds what was changed behind the ledger's back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from duly.mail.mime import build
from duly.mail.notice import Kind, NoticeView
from duly.mail.render import Rendered, render
from duly.mail.verify import VerifyError, facts_of, tables_of
from tests.mail_views import AS_OF, CASES, golden_view, view


def mail(shown: NoticeView, old: str = "", new: str = "") -> bytes:
    """The notice as bytes, with one piece of its text replaced."""
    rendered = render(shown)
    assert old in rendered.text
    changed = Rendered(rendered.language, rendered.subject, rendered.text.replace(old, new, 1), rendered.html)
    return build(
        changed,
        sender_name="Muster",
        sender_address="ar@muster.example",
        to=["ap@fog.example"],
        reply_to=shown.respond_address,
        date=datetime(2026, 3, 7, 9, tzinfo=UTC),
        attempt="a1",
    )


@pytest.mark.parametrize(("language", "kind"), CASES)
def test_facts_of_the_golden_notices(language: str, kind: Kind) -> None:
    shown = golden_view(language, kind)
    facts = facts_of(mail(shown))
    assert (facts.attempt, facts.language, facts.currency) == ("a1", language, "EUR")
    assert (facts.customer_name, facts.customer_id, facts.as_of) == ("Fog & Söhne KG", "C-1017", AS_OF)
    assert (facts.total_minor, facts.credits_minor) == (shown.total_minor, shown.credits_minor)
    assert (facts.account_holder, facts.iban) == ("Muster Maschinen GmbH", "DE02120300000000202051")
    assert (facts.payment_reference, facts.pay_by) == (shown.payment_reference, shown.pay_by)
    assert [one.number for one in facts.items] == [one.number for one in shown.items]


def test_facts_of_one_item_in_full() -> None:
    first, second, third = facts_of(mail(golden_view("de", "formal_notice"))).items
    assert (first.issued, first.due, first.days_overdue) == (date(2026, 1, 5), date(2026, 2, 4), 31)
    assert (first.original_minor, first.balance_minor, first.fee_minor, first.interest_minor) == (
        119_000,
        109_000,
        500,
        925,
    )
    assert (second.instalment, second.original_minor, second.balance_minor) == (2, 70_000, 70_000)
    assert (third.instalment, third.days_overdue) == (1, -4)


DUE = "  Due:               4 Feb"
CHANGED = [
    ("4 February 2026 (31", "4 Smarch 2026 (31", "value_malformed"),
    ("EUR 9.25", "EUR 9.2", "value_malformed"),
    ("EUR 1,090.00", "EUR 1,090.01", "total_does_not_add_up"),
    ("Open in all:       EUR 14,049.92", "Open in all:       EUR 14,049.93", "total_does_not_add_up"),
    ("  Reminder fee:      EUR 5.00\n", "", "charges_do_not_add_up"),
    ("  Open in all:       EUR 14,049.92\n", "", "row_missing"),
    ("Customer:          Fog", "Client:            Fog", "row_missing"),
    ("EUR 9.25", "USD 9.25", "two_currencies"),
    ("  Invoice:           R-2026-0117\n", "", "row_out_of_place"),
    (DUE, f"  Due:               4 February 2026 (31 days overdue)\n{DUE}", "row_out_of_place"),
    ("  Open in all:", "  Open in all:       EUR 1.00\n  Open in all:", "row_repeated"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code"), CHANGED)
def test_a_changed_mail_is_noticed(old: str, new: str, code: str) -> None:
    with pytest.raises(VerifyError) as raised:
        facts_of(mail(golden_view("en", "formal_notice"), old, new))
    assert raised.value.code == code


@pytest.mark.parametrize("raw", [b"", b"Subject: x\r\n\r\nHello", b"Content-Language: sv\r\n\r\nHej"])
def test_another_mail_is_not_a_notice(raw: bytes) -> None:
    with pytest.raises(VerifyError):
        facts_of(raw)


def test_a_mail_without_html_has_no_tables() -> None:
    with pytest.raises(VerifyError, match="no_html_part"):
        tables_of(b"Content-Type: text/plain\r\n\r\nx")


def test_the_tables_of_the_html() -> None:
    items, pay = tables_of(mail(view()))
    assert items == [
        ["Invoice", "Due", "Open amount"],
        ["R-2026-0117\nof 5 January 2026", "4 February 2026\n31 days overdue", "EUR 1,190.00"],
        ["\xa0"],
        ["Total to pay", "EUR 1,190.00"],
    ]
    assert pay[0] == ["Account holder", "Muster Maschinen GmbH"]
