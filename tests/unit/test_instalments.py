"""An invoice with several due dates is owed in parts under one number."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.entities import MAX_INSTALMENTS
from duly.domain.gates import item_gate
from duly.domain.registering import InvoiceFacts, cancel_invoice, register_all
from duly.flows.audit import audit
from duly.flows.merging import merge
from duly.flows.notices import view_of
from duly.flows.twin import TwinStack
from duly.store.accounts import AccountStore
from duly.store.memory import MemoryTable
from tests.core_samples import (
    MONDAY,
    NOON,
    POLICY,
    Customer,
    account,
    claim,
    customer,
    customers_file,
    nothing_due,
    payment,
    then,
)

PLAN = tuple((MONDAY + timedelta(days=30 * n), amount) for n, amount in ((0, 5_000), (1, 3_000), (2, 2_000)))
FACTS = InvoiceFacts(
    "RE-1",
    "invoice",
    date(2026, 2, 1),
    PLAN[-1][0],
    10_000,
    "EUR",
    upload="u1",
    line=2,
    instalments=PLAN,
    stated_at=NOON,
)
SCENARIO = POLICY.scenario_for("", "")


def after(found: Account, *rows: InvoiceFacts) -> Account:
    return then(found, register_all(found, rows, 30, MONDAY)[0])


def owed(found: Account) -> dict[str, int]:
    return {key: item.outstanding_minor for key, item in found.items.items() if item.state == "open"}


def test_each_instalment_is_an_item_with_its_due_date() -> None:
    found = after(account(), FACTS)
    assert owed(found) == {"RE-1#1": 5_000, "RE-1#2": 3_000, "RE-1#3": 2_000}
    assert [found.items[f"RE-1#{n}"].due for n in (1, 2, 3)] == [day for day, _ in PLAN]
    assert (found.items["RE-1"].state, found.items["RE-1#2"].title) == ("split", "RE-1 (2/3)")
    assert found.header.invoiced_minor == {"EUR": 10_000}


def test_money_that_names_the_number_pays_the_earliest_first() -> None:
    found = after(account(), FACTS)
    found = then(found, receive(found, payment("T1", 6_000, ["RE-1"]), MONDAY))
    assert owed(found) == {"RE-1#2": 2_000, "RE-1#3": 2_000}
    assert found.header.behaviour.settled_count == 1


def test_the_money_may_come_first() -> None:
    found = then(account(), [payment("T1", 6_000, ["RE-1"])])
    assert owed(after(found, FACTS)) == {"RE-1#2": 2_000, "RE-1#3": 2_000}


def test_instalments_that_do_not_add_up_stay_one_item_with_the_last_due_date() -> None:
    found = after(account(), replace(FACTS, amount_minor=10_001))
    assert owed(found) == {"RE-1": 10_001}
    assert found.items["RE-1"].due == PLAN[-1][0]


def test_a_correction_changes_all_of_them_and_a_cancellation_ends_all_of_them() -> None:
    found = after(account(), FACTS)
    found = then(found, receive(found, payment("T1", 6_000, ["RE-1"]), MONDAY))
    later = replace(FACTS, upload="u2", stated_at=NOON + timedelta(hours=1))
    two = after(found, replace(later, instalments=((PLAN[0][0], 5_000), (PLAN[2][0], 5_000)), due=PLAN[2][0]))
    assert owed(two) == {"RE-1#2": 4_000}
    whole = after(found, replace(later, instalments=(), due=PLAN[2][0]))
    assert owed(whole) == {"RE-1": 4_000}
    assert whole.items["RE-1#1"].state == "cancelled"
    ended = then(found, cancel_invoice(found, "RE-1", "wrong", "ada", NOON, MONDAY))
    assert owed(ended) == {}
    assert ended.cash["T1"].unallocated_minor == 6_000
    assert ended.header.invoiced_minor == {}


def test_a_dispute_over_the_invoice_or_over_one_instalment_stops_what_it_names() -> None:
    found = after(account(), FACTS)

    def gates(named: str) -> list[str]:
        opened = ev.DisputeOpened("D", (named,), "price", "default", MONDAY, MONDAY + timedelta(days=9))
        disputed = then(found, [opened])
        return [item_gate(disputed, disputed.items[f"RE-1#{n}"], SCENARIO, MONDAY) for n in (1, 2)]

    assert gates("RE-1") == ["disputed", "disputed"]
    assert gates("RE-1#1") == ["disputed", ""]


def test_a_notice_says_which_instalment_it_asks_for() -> None:
    found = after(account(), FACTS)
    notice = claim(found, "RE-1#1", "RE-1#2", notice="ab" * 16)
    view = view_of(then(found, [notice]), notice, POLICY, "reply@in.example")
    assert [(item.number, item.instalment, item.instalments) for item in view.items] == [("RE-1", 1, 3), ("RE-1", 2, 3)]
    assert view.payment_reference == "RE-1"


def test_what_a_notice_asks_to_quote_fits_into_a_transfer() -> None:
    rows = [replace(FACTS, number=f"RECHNUNG-2026-{number:04d}", line=number, instalments=()) for number in range(30)]
    found = after(account(), *rows)
    notice = claim(found, *found.items, notice="ab" * 16)
    view = view_of(then(found, [notice]), notice, POLICY, "reply@in.example")
    assert len(view.items) == 30 and len(view.payment_reference) <= 140
    assert view.payment_reference.startswith(f"{view.customer_id}, RECHNUNG-2026-0000, ")


def test_a_cancelled_promise_counts_against_nobody() -> None:
    found = after(account(), FACTS)
    found = then(found, [ev.PromiseMade("P", ("RE-1",), MONDAY, MONDAY, MONDAY)])
    assert found.promises["P"].open_at_start_minor == 10_000
    found = then(found, [ev.DisputeOpened("D", ("RE-1#1",), "price", "default", MONDAY, MONDAY)])
    ended = then(found, cancel_invoice(found, "RE-1", "wrong", "ada", NOON, MONDAY))
    assert (ended.promises["P"].state, ended.disputes["D"].state) == ("cancelled", "withdrawn")
    assert (ended.header.behaviour.promises_broken, ended.header.behaviour.promises_kept) == (0, 0)


def test_instalments_move_with_their_invoice_when_a_provisional_customer_is_known() -> None:
    stack = TwinStack()
    opened = customer(provisional=True, customer="", personal="", personal_hash="")

    def open_provisional(found: Account) -> list[ev.Event]:
        credit = replace(payment("CN:C-1", 6_000, ["RE-1"]), kind="credit_note", upload="u0", line=3)
        events: list[ev.Event] = [opened, credit]
        return [*events, *register_all(found.after(events), [FACTS], 30, MONDAY)[0]]

    stack.edge.change("P-1", open_provisional, NOON)
    stack.upload("customers/c.csv", customers_file([Customer("C-1", "Foo GmbH")]), NOON)
    stack.work()
    merge(stack.edge, "P-1", "C-1", NOON)
    moved, left = stack.edge.accounts.rebuild("C-1"), stack.edge.accounts.rebuild("P-1")
    assert owed(moved) == {"RE-1#2": 2_000, "RE-1#3": 2_000}
    assert owed(left) == {}
    assert {item.state for item in left.items.values()} == {"transferred"}
    assert [one for one in audit(stack.edge, NOON).problems if one.code != "personal_changed"] == []


def test_an_invoice_of_many_instalments_paid_by_many_payments_fits_into_transactions() -> None:
    store = AccountStore(MemoryTable())
    count = MAX_INSTALMENTS
    plan = tuple((MONDAY + timedelta(days=n), 100 + n) for n in range(count))
    facts = replace(FACTS, amount_minor=sum(amount for _, amount in plan), instalments=plan)
    events: list[ev.Event] = [customer(), *register_all(Account("A"), [facts], 30, MONDAY)[0]]
    found = store.commit(Account("A"), events, NOON, nothing_due)
    for n in range(30):
        found = store.commit(found, receive(found, payment(f"T{n}", 60, ["RE-1"]), MONDAY), NOON, nothing_due)
    assert sum(owed(found).values()) == facts.amount_minor - 30 * 60
    other = replace(facts, upload="u2", stated_at=NOON + timedelta(days=1), instalments=plan[:-1], amount_minor=5)
    changed = store.commit(found, register_all(found, [other], 30, MONDAY)[0], NOON, nothing_due)
    assert owed(changed) == {}
    back = replace(facts, upload="u3", stated_at=NOON + timedelta(days=2))
    whole = store.commit(changed, register_all(changed, [back], 30, MONDAY)[0], NOON, nothing_due)
    assert owed(whole) == owed(found)
    ended = cancel_invoice(whole, "RE-1", "wrong", "ada", NOON + timedelta(days=3), MONDAY)
    assert owed(store.commit(whole, ended, NOON, nothing_due)) == {}
    assert store.rebuild("A").header == store.load("A").header
