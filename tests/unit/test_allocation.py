"""Which money pays what: oldest money first, each in its own order, whatever became known first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.allocation import MAX_TOUCHED_PER_EVENT, component, reallocate
from duly.domain.cash import available_minor, receive, settle_promises, withdraw
from tests.core_samples import MONDAY, account, invoice, payment, then

LATER = MONDAY + timedelta(days=3)


def pays(found: Account) -> dict[str, dict[str, int]]:
    return {key: dict(item.allocations) for key, item in sorted(found.items.items())}


def received(found: Account, *cash: ev.CashReceived) -> Account:
    for one in cash:
        found = then(found, receive(found, one, MONDAY))
    return found


def test_money_pays_what_it_names_in_its_own_order() -> None:
    found = received(account(invoice("I-1"), invoice("I-2"), invoice("I-3")), payment("T1", 15_000, ["I-3", "I-1"]))
    assert pays(found) == {"I-1": {"T1": 5_000}, "I-2": {}, "I-3": {"T1": 10_000}}
    assert found.cash["T1"].state == "used"


def test_money_that_finds_nothing_to_pay_stays_unapplied() -> None:
    found = received(account(invoice("I-1", currency="CHF")), payment("T1", 10_000))
    assert pays(found) == {"I-1": {}}
    assert available_minor(found, "EUR") == 10_000
    assert available_minor(found, "USD") == 0


def test_too_much_money_stays_unapplied() -> None:
    found = received(account(invoice("I-1")), payment("T1", 12_000, ["I-1"]))
    assert (found.items["I-1"].state, found.cash["T1"].unallocated_minor) == ("paid", 2_000)


def test_money_never_pays_another_currency() -> None:
    found = received(account(invoice("I-1", currency="USD")), payment("T1", 10_000, ["I-1"]))
    assert pays(found) == {"I-1": {}}
    assert found.cash["T1"].unallocated_minor == 10_000


@pytest.mark.parametrize("order", [("T1", "T2"), ("T2", "T1")])
def test_older_money_pays_first_whichever_came_first(order: tuple[str, str]) -> None:
    cash = {"T1": payment("T1", 10_000, ["I-1"], LATER), "T2": payment("T2", 4_000, ["I-1"], MONDAY)}
    found = received(account(invoice("I-1")), *(cash[key] for key in order))
    assert pays(found) == {"I-1": {"T1": 6_000, "T2": 4_000}}
    assert found.cash["T1"].unallocated_minor == 4_000


def test_of_money_of_one_day_the_key_decides() -> None:
    found = received(account(invoice("I-1")), payment("T2", 10_000, ["I-1"]), payment("T1", 10_000, ["I-1"]))
    assert pays(found) == {"I-1": {"T1": 10_000}}


def test_an_item_that_changes_hands_is_never_open_in_between() -> None:
    before = received(account(invoice("I-1")), payment("T1", 10_000, ["I-1"], LATER))
    found = received(before, payment("T0", 10_000, ["I-1"], MONDAY))
    assert (found.items["I-1"].episode, pays(found)) == (1, {"I-1": {"T0": 10_000}})
    back = then(found, withdraw(found, "T0", "moved"))
    assert (back.items["I-1"].episode, pays(back)) == (1, {"I-1": {"T1": 10_000}})


def test_money_again_changes_nothing() -> None:
    found = received(account(invoice("I-1")), payment("T1", 10_000, ["I-1"]))
    assert receive(found, payment("T1", 10_000, ["I-1"]), MONDAY) == []
    assert receive(found, payment("T1", 10_000, ["I-1", "I-1"]), MONDAY) == []


def test_money_named_anew_moves() -> None:
    found = received(account(invoice("I-1"), invoice("I-2")), payment("T1", 10_000, ["I-1"]))
    moved = received(found, payment("T1", 10_000, ["I-2", "I-1"]))
    assert pays(moved) == {"I-1": {}, "I-2": {"T1": 10_000}}
    assert moved.items["I-1"].named_by == ("T1",)
    swapped = received(moved, payment("T1", 10_000, ["I-1", "I-2"]))
    assert pays(swapped) == {"I-1": {"T1": 10_000}, "I-2": {}}


def test_money_that_was_cut_off_goes_on() -> None:
    before = account(invoice("I-1"))
    half = then(before, [payment("T1", 10_000, ["I-1"])])
    assert pays(received(half, payment("T1", 10_000, ["I-1"]))) == {"I-1": {"T1": 10_000}}


def test_withdrawing_what_is_not_there_is_nothing() -> None:
    found = received(account(invoice("I-1")), payment("T1", 10_000, ["I-1"]))
    gone = then(found, withdraw(found, "T1", "moved"))
    assert withdraw(gone, "T1", "moved") == withdraw(gone, "T9", "moved") == []
    assert received(gone, payment("T1", 10_000, ["I-1"])).items["I-1"].state == "paid"


def test_what_is_connected_is_found_through_money_and_items() -> None:
    found = received(
        account(*(invoice(f"I-{n}") for n in range(1, 6))),
        payment("T1", 1_000, ["I-1", "I-2"]),
        payment("T2", 1_000, ["I-2", "I-3"]),
        payment("T3", 1_000, ["I-4"]),
    )
    assert component(found, items=["I-1"]) == ({"I-1", "I-2", "I-3"}, {"T1", "T2"})
    assert component(found, cash=["T3"]) == ({"I-4"}, {"T3"})
    assert component(found, items=["nothing"]) == (set(), set())
    assert reallocate(found, items=["I-1"], cash=["T3"]) == []


@pytest.mark.parametrize("count", [1, 40, 43, 44, 100])
def test_large_changes_are_cut_into_events_that_fit(count: int) -> None:
    numbers = [f"I-{n:03d}" for n in range(count)]
    before = account(*(invoice(number, 100) for number in numbers))
    events = receive(before, payment("T1", count * 100, numbers), MONDAY)
    for event in events:
        if isinstance(event, ev.AllocationsChanged):
            touched = {change.item for change in event.changes} | {change.cash for change in event.changes}
            assert len(touched) <= MAX_TOUCHED_PER_EVENT
    found = then(before, events)
    assert all(item.state == "paid" for item in found.items.values())


def test_each_event_of_a_large_change_is_valid_alone() -> None:
    """First what shrinks, then what grows: no prefix of the events breaks a bound."""
    numbers = [f"I-{n:03d}" for n in range(60)]
    before = account(*(invoice(number, 100) for number in numbers))
    before = received(before, *(payment(f"T-{number}", 100, [number], LATER) for number in numbers))
    events = receive(before, payment("T0", 6_000, numbers, MONDAY), MONDAY)
    assert len(events) > 3
    found = before.copy()
    for event in events:
        found.apply(event)
        assert all(item.outstanding_minor >= 0 for item in found.items.values())
    assert all(item.allocations == {"T0": 100} for item in found.items.values())


# --- promises, which cash decides


def promised(amount_minor: int = 0) -> Account:
    made = ev.PromiseMade("P", ("I-1", "I-2"), MONDAY, LATER, MONDAY, "EUR", amount_minor)
    return account(invoice("I-1"), invoice("I-2"), made)


@pytest.mark.parametrize(
    ("amount_minor", "names", "paid_minor", "outcome"),
    [
        (0, ["I-1", "I-2"], 20_000, "kept"),
        (0, ["I-1", "I-2"], 19_999, "open"),
        (5_000, ["I-1"], 5_000, "kept"),
        (5_000, ["I-1"], 4_999, "open"),
    ],
)
def test_a_promise_is_kept_as_soon_as_it_is_paid(
    amount_minor: int, names: list[str], paid_minor: int, outcome: str
) -> None:
    found = received(promised(amount_minor), payment("T1", paid_minor, names))
    assert found.promises["P"].state == outcome


@pytest.mark.parametrize(("paid_minor", "outcome"), [(0, "broken"), (1, "partly_kept"), (20_000, "kept")])
def test_a_promise_is_decided_after_its_grace(paid_minor: int, outcome: str) -> None:
    found = promised()
    if paid_minor:
        found = received(found, payment("T1", paid_minor, ["I-1", "I-2"]))
    assert settle_promises(found, LATER, final=True) == []
    after = LATER + timedelta(days=1)
    assert settle_promises(found, after, final=False) == []
    decided = then(found, settle_promises(found, after, final=True))
    assert decided.promises["P"].state == outcome
    assert settle_promises(decided, after + timedelta(days=9), final=True) == []
