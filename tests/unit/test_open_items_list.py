"""A customer's own list of open items against its account: what differs, and why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.cash_discount import CashDiscount
from duly.domain.open_items_list import DIFFERENCES, Comparison, Difference, TheirItem, compare, is_one_slip
from duly.domain.statement_of_account import statement
from duly.formats.open_items import read_open_items
from duly.formats.problems import FileProblem
from duly.reports.comparison import comparison_csv, comparison_data
from tests.core_samples import MONDAY, account, invoice, payment

ISSUED = MONDAY - timedelta(days=30)


def paid(key: str, amount_minor: int, item: str, kind: str = "payment") -> list[ev.Event]:
    received = ev.CashReceived(key, kind, amount_minor, "EUR", MONDAY, (item,))
    return [received, ev.AllocationsChanged((ev.Allocation(key, item, amount_minor),))]


def compared(events: list[ev.Event], *theirs: tuple[str, int]) -> Comparison:
    rows = [TheirItem(line, number, amount, "EUR") for line, (number, amount) in enumerate(theirs, start=2)]
    found = account(*events)
    return compare(found, statement(found, [(MONDAY, event) for event in events], MONDAY), rows)


def only(found: Comparison) -> Difference:
    (line,) = found.lines
    return line


def test_both_sides_agree() -> None:
    found = compared([invoice("R-1", 10_000)], ("R-1", 10_000))
    assert found.agrees and only(found).code == "agrees" and found.sums == {"EUR": (10_000, 10_000)}


def test_what_only_one_side_has() -> None:
    found = compared([invoice("R-1", 10_000)], ("X-9", 700))
    assert [(line.code, line.number, line.their_number) for line in found.lines] == [
        ("missing_here", "", "X-9"),
        ("missing_there", "R-1", ""),
    ]
    assert found.sums == {"EUR": (10_000, 700)}


def test_paid_already_says_by_what() -> None:
    found = only(compared([invoice("R-1", 10_000), *paid("T1", 10_000, "R-1")], ("R-1", 10_000)))
    assert (found.code, found.ours_minor, found.theirs_minor) == ("paid_already", 0, 10_000)
    assert [(one.kind, one.on, one.amount_minor) for one in found.evidence] == [("payment", MONDAY, 10_000)]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("payment", "part_paid"),
        ("credit_note", "credit_note_not_considered"),
        ("discount", "discount_taken"),
        ("tolerance", "settled_here"),
    ],
)
def test_an_amount_that_lacks_what_settled_a_part(kind: str, code: str) -> None:
    key = "CN:G-7" if kind == "credit_note" else "T1"
    events: list[ev.Event] = [invoice("R-1", 10_000), *paid(key, 4_000, "R-1", kind), *paid("T2", 1_000, "R-1")]
    found = only(compared(events, ("R-1", 9_000)))
    assert (found.code, found.difference_minor) == (code, 4_000)
    assert [(one.kind, one.amount_minor) for one in found.evidence] == [(kind, 4_000)]


def test_a_discount_that_the_customer_took_off_and_a_difference_nobody_explains() -> None:
    offered = invoice("R-1", 10_001, discounts=(CashDiscount(14, 200),))
    assert only(compared([offered], ("R-1", 10_001 - 201))).code == "discount_taken"
    assert only(compared([offered], ("R-1", 10_001 - 200))).code == "discount_taken"
    assert only(compared([offered], ("R-1", 9_000))).code == "less_than_here"
    assert only(compared([offered], ("R-1", 11_000))).code == "more_than_here"


def test_a_cancelled_invoice_and_a_disputed_one() -> None:
    cancelled = ev.InvoiceCancelled("R-1", "wrong", on=MONDAY, by="ann", line=99)
    assert only(compared([invoice("R-1"), cancelled], ("R-1", 10_000))).code == "cancelled"
    disputed = ev.DisputeOpened("D", ("R-1",), "price", "ann", MONDAY, MONDAY)
    found = only(compared([invoice("R-1"), disputed]))
    assert (found.code, found.notes) == ("missing_there", ("disputed",))


@pytest.mark.parametrize("written", ["RE 2026 1001", "re-2026-1001", "2026-1001", "RE-2026-1O01", "RE-2026-1010"])
def test_a_number_written_differently_is_the_same(written: str) -> None:
    found = only(compared([invoice("RE-2026-1001", 10_000)], (written, 10_000)))
    assert (found.code, found.number, found.their_number) == ("agrees", "RE-2026-1001", written)
    assert ("number_differs" in found.notes) == (written not in ("RE 2026 1001", "re-2026-1001"))


def test_numbers_in_sequence_are_not_taken_for_one_another() -> None:
    events: list[ev.Event] = [invoice("RE-1001", 10_000), invoice("RE-1002", 10_000)]
    found = compared(events, ("RE-1003", 10_000))
    assert sorted(line.code for line in found.lines) == ["missing_here", "missing_there", "missing_there"]
    assert compared([invoice("RE-1001", 10_000)], ("RE-1002", 9_000)).lines[0].code == "missing_here"


def test_another_currency_stands_on_both_sides_and_is_not_netted() -> None:
    found_account = account(invoice("R-1", 10_000))
    told = statement(found_account, [], MONDAY)
    found = compare(found_account, told, [TheirItem(2, "R-1", 11_000, "USD")])
    assert [(line.code, line.currency) for line in found.lines] == [
        ("currency_differs", "EUR"),
        ("currency_differs", "USD"),
    ]
    assert found.sums == {"EUR": (10_000, 0), "USD": (0, 11_000)}


def test_instalments_are_one_number_and_credits_count() -> None:
    parts = ((MONDAY, 4_000), (MONDAY + timedelta(days=30), 6_000))
    events = [invoice("R-1", 10_000, instalments=parts), payment("T1", 700)]
    events.append(ev.CashReceived("CN:G-7", "credit_note", 300, "EUR", MONDAY))
    found = compared(events, ("R-1", 4_000), ("R-1", 6_000))
    assert [(line.code, line.ours_minor) for line in found.lines] == [
        ("credit_note_not_considered", -300),
        ("payment_unapplied", -700),
        ("agrees", 10_000),
    ]
    assert found.lines[2].notes == ("repeated",)
    assert found.sums == {"EUR": (9_000, 10_000)}
    assert compared(events, ("R-1", 10_000), ("G-7", -300)).lines[-1].code == "agrees"


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 400)), max_size=6, unique_by=lambda one: one[0]),
    st.lists(st.tuples(st.integers(1, 8), st.integers(-400, 400).filter(bool)), max_size=8),
    st.lists(st.integers(1, 500), max_size=2),
)
def test_every_number_is_told_once_and_the_sums_are_those_of_both_sides(
    ours: list[tuple[int, int]], theirs: list[tuple[int, int]], money: list[int]
) -> None:
    events: list[ev.Event] = [invoice(f"RE-{100 + n}", amount) for n, amount in ours]
    events += [payment(f"T{place}", amount) for place, amount in enumerate(money)]
    found = compared(events, *((f"RE-{100 + n}", amount) for n, amount in theirs))
    mine = sum(amount for _, amount in ours) - sum(money)
    assert found.sums.get("EUR", (0, 0)) == (mine, sum(amount for _, amount in theirs))
    numbers = [line.number for line in found.lines if line.number]
    assert len(set(numbers)) == len(numbers)
    assert all(line.code in DIFFERENCES for line in found.lines)


def test_one_slip() -> None:
    assert all(is_one_slip("1001", other) for other in ("1007", "101", "10011", "1010"))
    assert not any(is_one_slip("1001", other) for other in ("1001", "1111", "10", "0110"))


# --- the list as a file
def test_a_list_is_read_by_the_names_that_programs_use() -> None:
    data = "Belegnummer;Belegdatum;Fälligkeit;Offener Betrag\n"
    data += "RE-1;01.02.2026;03.03.2026;1.234,50\nG-1;02.02.2026;;-10,00\n"
    found = read_open_items("liste.csv", data.encode("cp1252"), "EUR")
    assert found.items == (
        TheirItem(2, "RE-1", 123_450, "EUR", date(2026, 2, 1), date(2026, 3, 3)),
        TheirItem(3, "G-1", -1_000, "EUR", date(2026, 2, 2)),
    )
    other = read_open_items("list.csv", b"invoice,amount,currency\nRE-1,12.00,USD\nRE-2,x,USD\n", "EUR")
    assert [(one.number, one.currency) for one in other.items] == [("RE-1", "USD")]
    assert [(one.line, one.field) for one in other.rejects] == [(3, "amount")]


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"number\nR-1\n"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(FileProblem):
        read_open_items("list.csv", data, "EUR")


def test_the_comparison_for_programs() -> None:
    found = compared([invoice("R-1", 10_000), *paid("T1", 4_000, "R-1")], ("R-1", 10_000))
    data = comparison_data(found)
    assert data["lines"][0]["code"] == "part_paid" and data["sums"]["EUR"]["difference"] == "40.00"
    text = comparison_csv(found).decode()
    assert "part_paid,R-1,R-1,EUR,60.00,100.00,40.00,2,,payment 2026-03-02 40.00," in text
    assert text.splitlines()[-1] == "sum,,,EUR,60.00,100.00,40.00,,,,"
