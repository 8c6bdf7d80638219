"""Money that names nothing: the account says what it pays, and says it anew with each change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive, withdraw
from duly.domain.cash_rules import CashRules
from duly.domain.registering import InvoiceFacts, register_invoice
from duly.domain.unnamed_money import MAX_IN_SET, MAX_UNNAMED, only_set
from duly.store.accounts import AccountStore
from duly.store.memory import MemoryTable
from tests.core_samples import MONDAY, NOON, account, customer, invoice, nothing_due, payment, then

LATER = MONDAY + timedelta(days=3)


def received(found: Account, *cash: ev.CashReceived) -> Account:
    for one in cash:
        found = then(found, receive(found, one, MONDAY))
    return found


def pays(found: Account, key: str) -> dict[str, int]:
    return found.cash[key].allocations


def with_rules(found: Account, rules: CashRules) -> Account:
    found.rules_of = lambda: rules
    return found


def disputed(*items: str, opened: date = MONDAY) -> ev.DisputeOpened:
    return ev.DisputeOpened("D", items, "price", "default", MONDAY + timedelta(days=9), opened)


def test_it_pays_the_one_item_of_just_its_amount() -> None:
    found = account(invoice("I-1", 9_000), invoice("I-2", 10_000, due=LATER))
    assert pays(received(found, payment("T1", 10_000)), "T1") == {"I-2": 10_000}


def test_of_two_items_of_its_amount_the_policy_chooses() -> None:
    found = account(invoice("I-1", due=LATER), invoice("I-2"))
    assert pays(received(found, payment("T1", 10_000)), "T1") == {"I-2": 10_000}
    newest = with_rules(found, CashRules(allocation=("stated", "newest_due")))
    assert pays(received(newest, payment("T1", 10_000)), "T1") == {"I-1": 10_000}
    waits = with_rules(found, CashRules(allocation=("stated",)))
    assert pays(received(waits, payment("T1", 10_000)), "T1") == {}


def test_it_pays_the_only_set_that_adds_up() -> None:
    found = account(invoice("I-1", 5_000), invoice("I-2", 3_000), invoice("I-3", 4_000, due=LATER))
    assert pays(received(found, payment("T1", 7_000)), "T1") == {"I-2": 3_000, "I-3": 4_000}
    assert pays(received(found, payment("T1", 6_000)), "T1") == {"I-1": 5_000, "I-2": 1_000}


def test_it_pays_what_was_issued_before_it_first() -> None:
    found = account(invoice("I-1", issued=LATER), invoice("I-2", 30_000, due=LATER))
    after = received(found, payment("T1", 35_000, value=MONDAY))
    assert pays(after, "T1") == {"I-2": 30_000, "I-1": 5_000}


def test_an_item_issued_after_it_is_no_exact_match() -> None:
    found = account(invoice("I-1", 10_000, issued=LATER), invoice("I-2", 30_000))
    assert pays(received(found, payment("T1", 10_000)), "T1") == {"I-2": 10_000}


def test_disputed_items_come_last_and_only_money_that_came_after_the_dispute() -> None:
    found = account(invoice("I-1"), invoice("I-2", 4_000, due=LATER), disputed("I-1"))
    assert pays(received(found, payment("T1", 10_000)), "T1") == {"I-2": 4_000, "I-1": 6_000}
    before = payment("T1", 10_000, value=MONDAY - timedelta(days=1))
    assert pays(received(found, before), "T1") == {"I-1": 10_000}


def test_money_that_names_an_item_takes_it_from_money_that_does_not() -> None:
    found = received(account(invoice("I-1"), invoice("I-2", due=LATER)), payment("T1", 10_000))
    assert pays(found, "T1") == {"I-1": 10_000}
    after = received(found, payment("T2", 10_000, ["I-1"], LATER))
    assert (pays(after, "T1"), pays(after, "T2")) == ({"I-2": 10_000}, {"I-1": 10_000})
    back = then(after, withdraw(after, "T2", "returned"))
    assert pays(back, "T1") == {"I-1": 10_000}


def test_a_new_invoice_is_paid_by_money_that_waited() -> None:
    found = received(account(), payment("T1", 10_000))
    facts = InvoiceFacts("I-1", "invoice", MONDAY, MONDAY, 10_000, "EUR")
    after = then(found, register_invoice(found, facts, 30, MONDAY).events)
    assert (pays(after, "T1"), after.items["I-1"].state) == ({"I-1": 10_000}, "paid")


def test_a_credit_note_that_names_nothing_stays_unapplied() -> None:
    note = replace(payment("CN:1", 4_000), kind="credit_note")
    assert pays(received(account(invoice("I-1", 4_000)), note), "CN:1") == {}


def test_of_an_item_whose_costs_were_paid_in_part_it_pays_only_what_is_left() -> None:
    costs = ev.ChargesDemanded("I-2", (ev.Charge("costs~1~1", "costs", 500, MONDAY),), "EUR")
    found = account(invoice("I-1", 9_000), invoice("I-2", 10_000, due=LATER), costs)
    found = received(found, payment("T1", 100, ["I-2"]), payment("T2", 9_450, value=LATER))
    assert found.cash["T1"].charges == {"costs": {"I-2": 100}}
    assert (pays(found, "T2"), found.cash["T2"].charges) == ({"I-1": 9_000, "I-2": 50}, {"costs": {"I-2": 400}})


def test_what_a_person_puts_on_the_account_pays_by_the_policys_order_whatever_it_equals() -> None:
    found = account(invoice("I-1", 9_000), invoice("I-2", 10_000, due=LATER))
    put = replace(payment("T1", 10_000), in_order=True)
    assert pays(received(found, put), "T1") == {"I-1": 9_000, "I-2": 1_000}
    newest = with_rules(found, CashRules(allocation=("stated", "newest_due")))
    assert pays(received(newest, put), "T1") == {"I-2": 10_000}
    stated = with_rules(found, CashRules(allocation=("stated",)))
    assert pays(received(stated, put), "T1") == {"I-2": 10_000}


@pytest.mark.parametrize(
    ("amounts", "total", "places"),
    [
        ([5, 3, 4], 7, (1, 2)),
        ([5, 3, 4], 12, (0, 1, 2)),
        ([5, 3, 4, 4], 7, ()),  # twice
        ([5, 3, 2], 5, ()),
        ([1] * (MAX_IN_SET + 1), MAX_IN_SET + 1, ()),
        ([1], 2, ()),
    ],
)
def test_a_set_counts_when_it_is_the_only_one(amounts: list[int], total: int, places: tuple[int, ...]) -> None:
    assert only_set(amounts, total) == places


def test_the_oldest_of_too_many_is_held_to_what_it_pays() -> None:
    numbers = [f"I-{n:02d}" for n in range(MAX_UNNAMED + 2)]
    found = account(*(invoice(number, 1_000 + place) for place, number in enumerate(numbers)))
    for place in range(len(numbers)):
        found = received(found, payment(f"T{place:02d}", 1_000 + place, value=MONDAY + timedelta(days=place)))
    assert len(found.header.unnamed) == MAX_UNNAMED
    held = found.cash["T00"]
    assert (held.names, held.caps, held.allocations) == (("I-00",), {"I-00": 1_000}, {"I-00": 1_000})
    assert receive(found, payment("T00", 1_000), MONDAY) == []
    assert all(item.state == "paid" for item in found.items.values())


def test_a_load_reads_what_unnamed_money_pays_though_it_is_closed() -> None:
    """Money that names an item comes when both that item and the unnamed money that paid it are closed."""
    store = AccountStore(MemoryTable())
    opening = [customer(), invoice("I-1", 10_000), invoice("I-2", 20_000, due=LATER)]
    found = store.commit(Account("A"), opening, NOON, nothing_due)
    for one in (payment("T1", 10_000), payment("T2", 10_000, ["I-1"], LATER)):
        also = [("cash", one.cash), *(("items", name) for name in one.names)]
        found = store.load("A", also, linked=True)
        store.commit(found, receive(found, one, MONDAY), NOON, nothing_due)
    rebuilt = store.rebuild("A")
    assert (pays(rebuilt, "T1"), pays(rebuilt, "T2")) == ({"I-2": 10_000}, {"I-1": 10_000})
    assert rebuilt.items["I-2"].outstanding_minor == 10_000
