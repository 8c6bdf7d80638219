"""The figures of receivables on small businesses that can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from duly.domain import codec
from duly.domain.entities import Behaviour, Header
from duly.domain.kpi import (
    BUCKETS,
    AccountFacts,
    ageing_of,
    bucket_of,
    compute,
    countback_dso_tenths,
    dso_tenths,
    effectiveness_permille,
    facts_of,
)

AS_OF = date(2026, 3, 31)


def days_ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def test_buckets_at_their_edges() -> None:
    edges = {-5: "current", 0: "current", 1: "1-30", 30: "1-30", 31: "31-60", 60: "31-60", 61: "61-90", 90: "61-90"}
    assert {days: bucket_of(days) for days in edges} == edges
    assert bucket_of(91) == bucket_of(4000) == "90+"


def test_ageing_of_one_account() -> None:
    ageing = ageing_of(
        {days_ago(-10): 100, days_ago(0): 20, days_ago(1): 3, days_ago(45): 400, days_ago(120): 5}, AS_OF
    )
    assert dict(ageing.minor) == {"current": 120, "1-30": 3, "31-60": 400, "61-90": 0, "90+": 5}
    assert (ageing.total_minor, ageing.overdue_minor, ageing.oldest_days) == (528, 408, 120)


def test_dso_is_receivables_by_sales_of_90_days() -> None:
    assert dso_tenths(120_000, 270_000) == 400
    assert dso_tenths(1, 3) == 300
    assert dso_tenths(500, 0) is None


def test_countback_counts_days_of_sales_backwards() -> None:
    sales = {AS_OF: 100, AS_OF - timedelta(days=1): 100, AS_OF - timedelta(days=10): 400}
    assert countback_dso_tenths(0, sales, AS_OF) == 0
    assert countback_dso_tenths(150, sales, AS_OF) == 15
    assert countback_dso_tenths(400, sales, AS_OF) == 105  # 200 of the last two days, half of the day ten days ago
    assert countback_dso_tenths(601, sales, AS_OF) is None


def test_collection_effectiveness() -> None:
    # 100 open and 300 sold; 120 are open now, 80 of them not due: 280 of the 320 that could be collected were.
    assert effectiveness_permille(100, 300, 120, 80) == 875
    assert effectiveness_permille(0, 50, 50, 50) is None


@pytest.fixture
def customer() -> AccountFacts:
    behaviour = Behaviour(
        settled_count=3,
        late_count=2,
        days_late_sum=31,
        promises_made=2,
        promises_kept=1,
        disputes_opened=1,
        disputes_by_reason={"price": 1},
        notices_by_level={"1": 2, "2": 1},
        first_issued=AS_OF - timedelta(days=80),
    )
    header = Header(
        customer="C1",
        provisional=False,
        behaviour=behaviour,
        invoiced_minor={"EUR": 90_000},
        credited_minor={"EUR": 5_000},
        collected_minor={"EUR": 45_000},
        sales_by_day={"EUR": {days_ago(80): 60_000, days_ago(20): 30_000}},
        collected_by_day={"EUR": {days_ago(40): 40_000, days_ago(3): 5_000}},
        contacts_made={"n1": datetime(2026, 3, 2, 9, tzinfo=UTC), "n2": datetime(2026, 3, 20, 9, tzinfo=UTC)},
        suspense=("t1",),
    )
    return AccountFacts(
        "A1",
        header,
        open_by_due={"EUR": {days_ago(50): 15_000, days_ago(-10): 30_000}},
        disputed={"EUR": 4_000},
        promised={"EUR": 6_000},
        unapplied={"EUR": 5_000},
        counts={"disputes": 1, "promises": 1, "tasks": 2},
    )


def test_figures_of_one_customer(customer: AccountFacts) -> None:
    kpis = compute([customer], AS_OF)
    euros = kpis.of("EUR")
    assert euros is not None
    assert (euros.receivables_minor, euros.overdue_minor) == (45_000, 15_000)
    assert (euros.disputed_minor, euros.promised_minor, euros.unapplied_minor) == (4_000, 6_000, 5_000)
    assert (euros.invoiced_minor, euros.credited_minor, euros.collected_minor) == (90_000, 5_000, 45_000)
    assert (euros.sales_recent_minor, euros.collected_recent_minor) == (30_000, 5_000)
    assert (euros.dso_tenths, euros.best_possible_dso_tenths) == (450, 300)
    assert euros.average_days_delinquent_tenths == 150
    assert euros.countback_dso_tenths == 803  # 30,000 of 20 days ago, a quarter of the day 80 days ago
    # The whole history is younger than 90 days: (90,000 - 40,000) of the (90,000 - 30,000) that were due.
    assert euros.effectiveness_permille == 833
    assert (kpis.disputes_open, kpis.disputes_opened, dict(kpis.disputes_by_reason)) == (1, 1, {"price": 1})
    assert (kpis.promises_open, kpis.promises_made, kpis.promises_kept, kpis.promises_broken) == (1, 2, 1, 0)
    assert (kpis.tasks_open, kpis.suspense_accounts, kpis.days_late_tenths) == (2, 1, 103)
    assert dict(kpis.notices_by_level) == {"1": 2, "2": 1}


def test_the_call_list_names_the_largest_first_and_is_bounded(customer: AccountFacts) -> None:
    others = [
        AccountFacts(f"B{number}", Header(customer=f"B{number}"), {"EUR": {days_ago(5): amount}})
        for number, amount in enumerate((20_000, 10_000, 10_000))
    ]
    euros = compute([customer, *others], AS_OF, max_calls=3).of("EUR")
    assert euros is not None
    assert [call.account for call in euros.calls] == ["B0", "A1", "B1"]
    assert euros.more_calls == 1
    call = euros.calls[1]
    assert (call.overdue_minor, call.oldest_days, call.disputed_minor, call.promised_minor) == (
        15_000,
        50,
        4_000,
        6_000,
    )
    assert call.last_contact == datetime(2026, 3, 20, 9, tzinfo=UTC)
    assert euros.calls[2].provisional


def test_currencies_are_never_added_up(customer: AccountFacts) -> None:
    pounds = AccountFacts("A2", Header(customer="C2"), {"GBP": {days_ago(1): 700}})
    more = AccountFacts("A3", Header(customer="C3"), {"EUR": {days_ago(1): 11}})
    kpis = compute([pounds, customer, more], AS_OF)
    assert [one.currency for one in kpis.currencies] == ["EUR", "GBP"]
    assert [one.receivables_minor for one in kpis.currencies] == [45_011, 700]
    assert kpis.of("JPY") is None


def test_merged_accounts_do_not_count(customer: AccountFacts) -> None:
    merged = AccountFacts("P1", Header(customer="P1", merged_into="A1"), {"EUR": {days_ago(1): 999}})
    assert compute([customer, merged], AS_OF) == compute([customer], AS_OF)


def test_effectiveness_is_unknown_with_credit_notes_of_unknown_days(customer: AccountFacts) -> None:
    old = codec.encode(customer.header) | {
        "behaviour": codec.encode(customer.header.behaviour) | {"first_issued": "2025-01-01"}
    }
    with_credits = AccountFacts("A1", codec.decode(Header, old), customer.open_by_due, unapplied=customer.unapplied)
    without = AccountFacts(
        "A1", codec.decode(Header, old | {"credited_minor": {}}), customer.open_by_due, unapplied=customer.unapplied
    )
    euros, other = compute([with_credits], AS_OF).of("EUR"), compute([without], AS_OF).of("EUR")
    assert euros is not None and other is not None
    assert euros.effectiveness_permille is None
    assert other.effectiveness_permille == 818  # 45,000 of (40,000 + 45,000 - 30,000)


def test_nobody_is_called_about_what_the_creditor_collects() -> None:
    due = (AS_OF - timedelta(days=20)).isoformat()
    old = (AS_OF - timedelta(days=50)).isoformat()
    all_collected = AccountFacts("A1", Header(), {"EUR": {due: 500}}, collecting={"EUR": {due: 500}})
    some = AccountFacts("A2", Header(), {"EUR": {due: 700, old: 100}}, collecting={"EUR": {due: 600, old: 100}})
    found = compute([all_collected, some], AS_OF).of("EUR")
    assert found and found.overdue_minor == 1300
    assert [(call.account, call.overdue_minor, call.oldest_days) for call in found.calls] == [("A2", 100, 20)]


def test_no_customers() -> None:
    kpis = compute([], AS_OF)
    assert (kpis.currencies, kpis.customers, kpis.days_late_tenths) == ((), 0, None)


def test_facts_of_a_stored_header(customer: AccountFacts) -> None:
    body = {
        "header": codec.encode(customer.header),
        "digest": "0",
        "hash": "",
        "summary": {
            "open": customer.open_by_due,
            "disputed": customer.disputed,
            "promised": customer.promised,
            "unapplied": customer.unapplied,
            "counts": customer.counts,
        },
    }
    assert facts_of("A1", body) == customer


def test_bucket_names_are_those_of_the_metrics() -> None:
    assert BUCKETS == ("current", "1-30", "31-60", "61-90", "90+")
