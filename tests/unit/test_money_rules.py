"""Charges, shortfalls, write-offs, overpayments and exchanges inside one account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import available_minor, receive, withdraw
from duly.domain.cash_discount import CashDiscount
from duly.domain.cash_rules import CashRules, cash_rules
from duly.domain.charges_due import demand_charges, waive_charges
from duly.domain.debt_order import COMMON, debt_order
from duly.domain.entities import AccountError
from duly.domain.overpayments import exchange, refund, reverse_exchange, undo_refund
from duly.domain.short_payments import deduct, undo_write_off, write_off
from tests.core_samples import MONDAY, POLICY, account, invoice, payment, policy, then

LATER = MONDAY + timedelta(days=3)


def with_rules(found: Account, **rules: object) -> Account:
    found.rules_of = lambda: CashRules(**rules)  # type: ignore[arg-type]
    return found


def received(found: Account, *cash: ev.CashReceived) -> Account:
    for one in cash:
        found = then(found, receive(found, one, MONDAY))
    return found


def charged(found: Account, *charges: tuple[str, str, int], on: object = MONDAY) -> Account:
    made = [ev.Charge(key, kind, minor, on) for key, kind, minor in charges]  # type: ignore[arg-type]
    return then(found, demand_charges(found, "I-1", made))


def adjustments(found: Account) -> dict[str, int]:
    """What each adjustment that is used takes, by kind."""
    return {one.kind: sum(one.allocations.values()) for one in found.cash.values() if one.is_adjustment and one.pays}


# --- charges ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "left"),
    [
        (("costs", "interest", "principal"), {"interest": 100}),
        (("interest", "costs", "principal"), {"costs": 100}),
        (("principal", "costs", "interest"), {"costs": 3_900, "interest": 500}),
    ],
)
def test_a_payment_settles_debts_in_the_order_of_the_policy(order: tuple[str, ...], left: dict[str, int]) -> None:
    found = with_rules(account(invoice("I-1", 10_000)), debt_order=order)
    found = charged(found, ("c", "costs", 4_000), ("i", "interest", 500))
    found = received(found, payment("T1", 4_400 if order[0] != "principal" else 10_100, ["I-1"]))
    item = found.items["I-1"]
    assert item.open_charges_minor == left
    assert item.outstanding_minor == (0 if order[0] == "principal" else 10_000)
    assert found.cash["T1"].unallocated_minor == 0


def test_a_paid_principal_never_erases_charges() -> None:
    found = received(account(invoice("I-1")), payment("T1", 10_000, ["I-1"]))
    assert found.items["I-1"].state == "paid"
    found = charged(found, ("c", "costs", 4_000), on=LATER)
    item = found.items["I-1"]
    assert (item.state, item.outstanding_minor, item.due_minor) == ("open", 0, 4_000)
    found = received(found, payment("T2", 4_000, ["I-1"], LATER))
    assert (found.items["I-1"].state, found.cash["T2"].charges) == ("paid", {"costs": {"I-1": 4_000}})


def test_a_payment_settles_only_what_was_demanded_by_its_value_date() -> None:
    found = charged(account(invoice("I-1")), ("c", "costs", 4_000), on=LATER)
    found = received(found, payment("T1", 10_000, ["I-1"], LATER - timedelta(days=1)))
    item = found.items["I-1"]
    assert (item.outstanding_minor, item.open_charges_minor, item.state) == (0, {"costs": 4_000}, "open")


def test_credit_notes_and_write_offs_reduce_the_amount_alone() -> None:
    found = charged(account(invoice("I-1")), ("c", "costs", 4_000))
    note = ev.CashReceived("CN:1", "credit_note", 12_000, "EUR", LATER, ("I-1",))
    found = received(found, note)
    assert (found.items["I-1"].due_minor, found.cash["CN:1"].unallocated_minor) == (4_000, 2_000)


def test_waived_charges_are_not_owed() -> None:
    found = with_rules(account(invoice("I-1")), debt_order=("principal", "interest", "costs"))
    found = charged(found, ("c", "costs", 4_000), ("i", "interest", 500))
    found = received(found, payment("T1", 10_500, ["I-1"]))
    assert found.items["I-1"].open_charges_minor == {"costs": 4_000}
    found = then(found, waive_charges(found, "I-1", "", None, "goodwill", "Ada", LATER))
    assert (found.items["I-1"].state, found.items["I-1"].open_charges_minor) == ("paid", {})
    with pytest.raises(ValueError, match="no more than is open"):
        waive_charges(found, "I-1", "", 1, "goodwill", "Ada", LATER)


def test_charges_are_demanded_once() -> None:
    found = charged(account(invoice("I-1")), ("c", "costs", 4_000))
    assert demand_charges(found, "I-1", [ev.Charge("c", "costs", 4_000, MONDAY)]) == []
    with pytest.raises(AccountError):
        found.apply(ev.ChargesDemanded("I-1", (ev.Charge("c", "costs", 4_000, MONDAY),), "EUR"))
    with pytest.raises(LookupError):
        demand_charges(found, "I-9", [ev.Charge("c", "costs", 4_000, MONDAY)])


def test_the_order_of_debts_is_that_of_the_creditors_law_unless_the_policy_says() -> None:
    assert cash_rules(policy('country = "AT"\n')).debt_order == ("interest", "costs", "principal")
    assert cash_rules(policy('country = "DE"\n')).debt_order == COMMON == debt_order("ZZ")
    stated = policy('country = "AT"\n[cash]\ndebt_order = ["principal", "interest", "costs"]\n')
    assert cash_rules(stated).debt_order[0] == "principal"


# --- short payments --------------------------------------------------------------------------------------------------
TOLERANT = {"tolerance_minor": {"EUR": 50}, "tolerance_percent": Decimal("0.4")}


@pytest.mark.parametrize(
    ("rules", "paid_minor", "let_go"),
    [
        (TOLERANT, 9_960, {"tolerance": 40}),
        (TOLERANT, 9_959, {}),  # the percentage is the smaller
        ({"tolerance_minor": {"EUR": 50}}, 9_950, {"tolerance": 50}),
        ({"tolerance_minor": {"USD": 50}}, 9_999, {}),
        ({"tolerance_percent": Decimal(1)}, 9_900, {"tolerance": 100}),
        (TOLERANT, 10_000, {}),
        ({}, 9_999, {}),
    ],
)
def test_a_payment_short_by_no_more_than_the_tolerance_settles(
    rules: dict[str, object], paid_minor: int, let_go: dict[str, int]
) -> None:
    found = received(with_rules(account(invoice("I-1")), **rules), payment("T1", paid_minor, ["I-1"]))
    assert adjustments(found) == let_go
    assert found.items["I-1"].state == ("paid" if let_go or paid_minor == 10_000 else "open")
    assert available_minor(found, "EUR") == 0


def test_a_tolerance_vanishes_when_money_comes_after_all_or_leaves() -> None:
    found = received(with_rules(account(invoice("I-1")), **TOLERANT), payment("T1", 9_970, ["I-1"]))
    more = received(found, payment("T2", 10, ["I-1"], LATER))
    assert (adjustments(more), more.items["I-1"].episode) == ({"tolerance": 20}, 1)
    assert adjustments(received(more, payment("T3", 30, ["I-1"], LATER))) == {}
    gone = then(found, withdraw(found, "T1", "returned"))
    assert (adjustments(gone), gone.items["I-1"].outstanding_minor) == ({}, 10_000)
    again = received(gone, payment("T4", 9_961, ["I-1"], LATER))
    assert adjustments(again) == {"tolerance": 39}


def test_a_tolerance_stays_granted_though_the_policy_grants_less() -> None:
    found = received(with_rules(account(invoice("I-1")), **TOLERANT), payment("T1", 9_970, ["I-1"]))
    stricter = received(with_rules(found), payment("T2", 5, ["I-1"], LATER))
    assert adjustments(stricter) == {"tolerance": 25}


def test_credit_notes_alone_are_no_short_payment() -> None:
    note = ev.CashReceived("CN:1", "credit_note", 9_970, "EUR", MONDAY, ("I-1",))
    assert adjustments(received(with_rules(account(invoice("I-1")), **TOLERANT), note)) == {}


@pytest.mark.parametrize(
    ("paid", "let_go"),
    [
        ([(9_800, 10)], {"discount": 200}),
        ([(9_800, 11)], {}),  # a day late, by value date
        ([(9_799, 10)], {}),
        ([(5_000, 3), (4_800, 10)], {"discount": 200}),
        ([(5_000, 3), (4_800, 11)], {}),
        ([(9_850, 10)], {"discount": 150}),
        ([(9_700, 5)], {"discount": 300}),  # the better terms of five days
        ([(9_700, 6)], {}),
    ],
)
def test_a_cash_discount_is_taken_within_its_days(paid: list[tuple[int, int]], let_go: dict[str, int]) -> None:
    discounts = (CashDiscount(5, 300), CashDiscount(10, 200))
    found = account(invoice("I-1", issued=MONDAY, discounts=discounts))
    for place, (amount, day) in enumerate(paid):
        found = received(found, payment(f"T{place}", amount, ["I-1"], MONDAY + timedelta(days=day)))
    assert adjustments(found) == let_go


def test_a_discount_is_reckoned_on_what_credit_notes_leave() -> None:
    found = account(invoice("I-1", issued=MONDAY, discounts=(CashDiscount(10, 200),)))
    note = ev.CashReceived("CN:1", "credit_note", 5_000, "EUR", LATER, ("I-1",))
    assert adjustments(received(found, note, payment("T1", 4_900, ["I-1"], LATER))) == {"discount": 100}


# --- persons ---------------------------------------------------------------------------------------------------------
def test_a_write_off_settles_and_is_undone() -> None:
    found = received(account(invoice("I-1")), payment("T1", 6_000, ["I-1"]))
    events = write_off(found, "I-1", 4_000, "write_off", "insolvent", "Ada", LATER)
    done = then(found, events)
    item = done.items["I-1"]
    assert (item.state, item.adjusted, item.settled_on) == ("paid", {"write_off": 4_000}, MONDAY)
    assert done.header.behaviour.settled_minor == {"EUR": 6_000}
    assert done.header.collected_minor == {"EUR": 6_000}
    undone = then(done, undo_write_off(done, item.adjustments[0], "Ada"))
    assert (undone.items["I-1"].outstanding_minor, undone.items["I-1"].episode) == (4_000, 2)
    assert (undone.items["I-1"].adjusted, undone.items["I-1"].adjustments) == ({}, ())
    with pytest.raises(LookupError):
        undo_write_off(undone, item.adjustments[0], "Ada")


def test_what_is_written_off_shrinks_when_money_comes() -> None:
    found = account(invoice("I-1"))
    found = then(found, write_off(found, "I-1", 10_000, "write_off", "insolvent", "Ada", MONDAY))
    assert (found.items["I-1"].state, found.header.behaviour.settled_count) == ("paid", 0)
    found = received(found, payment("T1", 3_000, ["I-1"], LATER))
    assert found.items["I-1"].adjusted == {"write_off": 7_000}
    assert available_minor(found, "EUR") == 0


def test_a_write_off_keeps_no_promise() -> None:
    promised = ev.PromiseMade("P", ("I-1",), LATER, LATER, MONDAY)
    found = account(invoice("I-1"), promised)
    found = then(found, write_off(found, "I-1", 10_000, "write_off", "insolvent", "Ada", MONDAY))
    assert found.promises["P"].state == "cancelled"


@pytest.mark.parametrize(
    ("item", "amount_minor", "kind", "error"),
    [
        ("I-1", 10_001, "write_off", ValueError),
        ("I-1", 0, "write_off", ValueError),
        ("I-1", 1, "gift", ValueError),
        ("I-9", 1, "write_off", LookupError),
    ],
)
def test_a_write_off_that_cannot_be_is_refused(item: str, amount_minor: int, kind: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        write_off(account(invoice("I-1")), item, amount_minor, kind, "reason", "Ada", MONDAY)


def test_what_the_policy_let_go_is_not_a_persons_to_undo() -> None:
    found = received(with_rules(account(invoice("I-1")), **TOLERANT), payment("T1", 9_970, ["I-1"]))
    with pytest.raises(ValueError, match="the policy"):
        undo_write_off(found, "TOL:I-1", "Ada")


def test_a_deduction_disputes_the_rest_once() -> None:
    found = received(account(invoice("I-1")), payment("T1", 9_000, ["I-1"]))
    opened = deduct(found, "I-1", "damaged", MONDAY, POLICY)
    found = then(found, opened)
    (dispute,) = found.live("disputes")
    assert (dispute.items, dispute.reason) == (("I-1",), "damaged")
    assert deduct(found, "I-1", "damaged", MONDAY, POLICY) == []
    with pytest.raises(ValueError, match="nothing is open"):
        paid = received(account(invoice("I-2")), payment("T1", 10_000, ["I-2"]))
        deduct(paid, "I-2", "damaged", MONDAY, POLICY)


# --- too much money --------------------------------------------------------------------------------------------------
def overpaid(**rules: object) -> Account:
    return received(with_rules(account(invoice("I-1")), **rules), payment("T1", 12_000, ["I-1"]))


def refund_details(found: Account) -> list[str]:
    return [task.detail for task in found.live("tasks") if task.kind == "refund"]


def test_a_policy_of_refunds_makes_a_task_once() -> None:
    assert refund_details(overpaid()) == []
    found = overpaid(overpayment="refund")
    assert refund_details(found) == ["EUR 20.00"]
    assert receive(found, payment("T1", 12_000, ["I-1"]), LATER) == []
    events = refund(found, "T1", 2_000, "Ada", LATER)
    done = then(found, events)
    assert (refund_details(done), done.cash["T1"].state, available_minor(done, "EUR")) == ([], "used", 0)
    assert done.header.collected_minor == {"EUR": 10_000}


def test_a_refund_task_is_void_when_the_money_is_used_after_all() -> None:
    found = overpaid(overpayment="refund")
    found = then(found, [invoice("I-2", 2_000)])
    found = received(found, payment("T1", 12_000, ["I-1", "I-2"]))
    assert (refund_details(found), found.items["I-2"].state) == ([], "paid")


def test_no_more_is_refunded_than_pays_nothing() -> None:
    found = overpaid()
    for amount in (0, 2_001):
        with pytest.raises(ValueError, match="no more than is unapplied"):
            refund(found, "T1", amount, "Ada", MONDAY)
    with pytest.raises(AccountError):
        found.apply(ev.CashRefunded("T1", "RF-1", 2_001, "EUR", MONDAY, "Ada"))


def test_a_refund_that_is_undone_pays_again() -> None:
    found = overpaid()
    found = then(found, refund(found, "T1", 2_000, "Ada", MONDAY))
    found = then(found, [invoice("I-2", 2_000), ev.CashNamed("T1", ("I-1", "I-2"))])
    assert found.items["I-2"].state == "open"
    (key,) = found.cash["T1"].spent
    found = then(found, undo_refund(found, "T1", key, "Ada", LATER))
    assert (found.items["I-2"].state, found.cash["T1"].unallocated_minor) == ("paid", 0)
    with pytest.raises(LookupError):
        undo_refund(found, "T1", key, "Ada", LATER)


def dollars() -> Account:
    return received(account(invoice("I-1")), payment("T1", 11_000, currency="USD"))


def sums(cash: Iterable[object]) -> dict[str, int]:
    """What each currency's money pays, has left or gave away, together."""
    found: dict[str, int] = {}
    for one in cash:
        total = one.allocated_minor + one.unallocated_minor + sum(one.spent.values())  # type: ignore[attr-defined]
        found[one.currency] = found.get(one.currency, 0) + total  # type: ignore[attr-defined]
    return found


def test_an_exchange_lets_money_of_another_currency_pay_and_both_balance() -> None:
    found = dollars()
    found = then(found, exchange(found, "T1", "I-1", 11_000, 10_120, "0.92", "Ada", LATER))
    (key,) = found.cash["T1"].spent
    made = found.cash[key]
    assert (found.items["I-1"].state, made.value_date, made.unallocated_minor) == ("paid", MONDAY, 120)
    assert available_minor(found, "USD") == 0
    assert sums(found.cash.values()) == {"USD": 11_000, "EUR": 10_120}
    assert found.header.collected_minor == {"EUR": 10_120}
    back = then(found, reverse_exchange(found, "T1", key, "Ada", LATER))
    assert (back.items["I-1"].outstanding_minor, available_minor(back, "USD")) == (10_000, 11_000)
    assert back.header.collected_minor == {"USD": 11_000}


def test_money_that_comes_back_takes_its_exchange_with_it() -> None:
    found = dollars()
    found = then(found, exchange(found, "T1", "I-1", 11_000, 10_120, "0.92", "Ada", LATER))
    gone = then(found, withdraw(found, "T1", "returned"))
    assert gone.items["I-1"].outstanding_minor == 10_000
    assert {one.state for one in gone.cash.values()} == {"withdrawn"}
    assert gone.header.collected_minor == {}


@pytest.mark.parametrize(
    ("amount", "into", "rate", "match"),
    [
        (11_001, 10_120, "0.92", "no more than is unapplied"),
        (11_000, 11_000, "0.92", "do not fit the rate"),
        (11_000, 0, "0.92", "do not fit the rate"),
    ],
)
def test_an_exchange_that_does_not_add_up_is_refused(amount: int, into: int, rate: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        exchange(dollars(), "T1", "I-1", amount, into, rate, "Ada", MONDAY)


def test_caps_bound_what_an_item_gets() -> None:
    found = account(invoice("I-1"), invoice("I-2"))
    capped = ev.CashReceived("T1", "payment", 12_000, "EUR", MONDAY, ("I-1", "I-2"), caps={"I-1": 3_000})
    found = received(found, capped)
    assert found.cash["T1"].allocations == {"I-1": 3_000, "I-2": 9_000}
    wider = ev.CashReceived("T1", "payment", 12_000, "EUR", MONDAY, ("I-1", "I-2"), caps={"I-1": 8_000})
    assert received(found, wider).cash["T1"].allocations == {"I-1": 8_000, "I-2": 4_000}


def test_a_returned_payment_reopens_the_invoice_with_a_new_episode() -> None:
    found = received(account(invoice("I-1")), payment("T1", 10_000, ["I-1"]))
    gone = then(found, withdraw(found, "T1", "returned"))
    assert (gone.items["I-1"].state, gone.items["I-1"].episode) == ("open", 2)
    assert gone.header.behaviour.settled_count == 0
