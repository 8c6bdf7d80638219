"""The account's history in words, as `duly account` prints it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cli.timeline import _WORDS, timeline
from duly.domain import events as ev
from duly.domain.account import _APPLY
from duly.store import journal
from tests.core_samples import customer

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
