"""The account's history in words, as `duly account` prints it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from cli.timeline import _WORDS, describe, timeline
from duly.domain import events as ev
from duly.domain.account import _APPLY
from duly.store import journal
from tests.core_samples import MONDAY, customer

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INVOICE = ev.InvoiceRegistered(
    key="R-1",
    number="R-1",
    issued=date(2026, 2, 1),
    due=date(2026, 3, 1),
    due_source="stated",
    amount_minor=119_000,
    currency="EUR",
    upload="u1",
    line=2,
)


def texts(*events: ev.Event) -> list[str]:
    return [line.text for line in timeline([journal.make(1, events, NOON, "")])]


def test_every_event_of_an_account_has_words_of_its_own() -> None:
    assert set(_APPLY) - set(_WORDS) == {ev.AgendaMoved, ev.AllocationsChanged}


def test_an_invoice_names_amount_due_date_and_where_it_came_from() -> None:
    assert texts(INVOICE) == ["invoice R-1 over EUR 1190.00, due 2026-03-01 (stated) (upload u1, line 2)"]


def test_an_allocation_is_told_in_the_currency_of_its_invoice() -> None:
    changed = ev.AllocationsChanged((ev.Allocation("T-1", "R-1", 50_000), ev.Allocation("T-0", "R-1", 0)))
    assert texts(INVOICE, changed)[1] == "T-1 pays EUR 500.00 of R-1; T-0 no longer pays R-1"


def test_what_only_moved_the_agenda_is_left_out() -> None:
    assert texts(ev.AgendaMoved()) == []


def test_a_customer_record_tells_what_is_agreed() -> None:
    told = customer(parent="C-0", order_required=True, terms_days=0, limit_minor={"EUR": 50_000}, external_permille=0)
    (text,) = texts(told)
    assert ", parent C-0, order number required, 0 days to pay, limit EUR 500.00, external score 0" in text
    assert "parent" not in texts(customer())[0]


def test_instalments_are_told_with_amount_and_day() -> None:
    parts = ((date(2026, 2, 15), 60_000), (date(2026, 3, 1), 59_000))
    (text,) = texts(replace(INVOICE, instalments=parts))
    assert "2 instalments (600.00 on 2026-02-15, 590.00 on 2026-03-01)" in text


def test_a_credit_note_keeps_its_whole_number() -> None:
    changed = ev.AllocationsChanged((ev.Allocation("CN:GS-2026-000123", "R-1", 50_000),))
    assert texts(INVOICE, changed)[1] == "GS-2026-000123 pays EUR 500.00 of R-1"


def test_who_ended_or_cancelled_is_told_and_no_code_of_a_reason() -> None:
    day = date(2026, 3, 2)
    stated = ev.InvoiceCancelled("R-1", "stated", day, upload="u2", line=3)
    assert texts(stated) == ["invoice R-1 cancelled (upload u2, line 3)"]
    assert texts(ev.CoverEnded("K", "person", day, "ada")) == ["cover K ended by ada"]
    assert texts(ev.CoverEnded("K", "expired", day)) == ["cover K ended: expired"]


def test_a_decision_under_an_override_names_it_once() -> None:
    decision = ev.CreditDecided(
        decision="CD-1",
        amount_minor=100,
        currency="EUR",
        order="",
        outcome="approve_with_conditions",
        reasons=("over_limit", "override"),
        conditions=("under_override", "prepayment"),
        exposure_minor=0,
        limit_minor=None,
        headroom_minor=None,
        score_permille=300,
        terms_days=30,
        category="B",
        override="OV-1",
        policy="v",
        on=date(2026, 3, 2),
        by="shop",
    )
    (text,) = texts(decision)
    assert "(over limit, override); if prepayment; under override OV-1; exposure" in text
    assert text.endswith("category B; asked by shop")


def test_what_a_person_undoes_is_named_whole_and_a_payment_by_the_start_of_its_id() -> None:
    write_off = ev.CashReceived(
        "WO-RE-2026-0001-17", "write_off", 40, "EUR", MONDAY, ("RE-2026-0001",), reason="small", by="Ada"
    )
    assert describe(write_off, {}) == (
        "write off WO-RE-2026-0001-17 over EUR 0.40, value 2026-03-02, names RE-2026-0001 by Ada (small)"
    )
    split = ev.AllocationsChanged((ev.Allocation("0123456789abcdef01234567", "RE-1", 6_000, {"costs": 4_000}),))
    assert describe(split, {"RE-1": "EUR"}) == "0123456789a pays EUR 40.00 costs and EUR 60.00 of RE-1"
    refunded = ev.CashRefunded("0123456789abcdef01234567", "RF-3-x", 2_000, "EUR", MONDAY, "Ada")
    assert describe(refunded, {}) == "0123456789a: EUR 20.00 refunded as RF-3-x by Ada"
