"""Decisions on sales under random accounts: what must hold whatever the customer did."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.credit import exposures_on
from duly.domain.credit_decision import OUTCOMES, Sale, decide_credit
from duly.domain.policy import Policy
from duly.domain.scoring import rescore
from tests.core_samples import MONDAY, account, customer, invoice, payment, policy, then

DAY = timedelta(days=1)
DAYS = st.integers(-60, 20)
AMOUNTS = st.integers(1, 20_000)
SECURITY = st.sampled_from(["", "prepayment", "guarantee", "deposit", "retention_of_title"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    limit = draw(st.sampled_from(["", "0.00", "50.00", "120.00"]))
    limits = f'limit = {{ EUR = "{limit}" }}\n' if limit else ""
    return policy(
        f"[risk]\nrefer_over_percent = {draw(st.integers(0, 200))}\n"
        f"[risk.hold]\nover_limit = {'true' if draw(st.booleans()) else 'false'}\noverdue_days = 30\n"
        f"[risk.categories.one]\nmax_score = 1.0\nterms_days = {draw(st.integers(0, 60))}\n"
        f'security = "{draw(SECURITY)}"\n{limits}'
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Invoices (some of an order), orders, money, covers and overrides, in any order."""
    events: list[ev.Event] = []
    for n in range(draw(st.integers(0, 3))):
        due = MONDAY + draw(DAYS) * DAY
        events.append(invoice(f"I-{n}", draw(AMOUNTS), due=due, order=draw(st.sampled_from(["", "O-0", "O-1"]))))
    for n in range(draw(st.integers(0, 2))):
        until = draw(st.sampled_from([None, MONDAY + draw(DAYS) * DAY]))
        events.append(ev.OrderPlaced(f"O-{n}", draw(AMOUNTS), "EUR", MONDAY, until=until))
    for n in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(["insurance", "guarantee", "deposit"]))
        events.append(ev.CoverSet(f"K-{n}", kind, "EUR", draw(AMOUNTS), MONDAY + draw(DAYS) * DAY, MONDAY))
    for n in range(draw(st.integers(0, 2))):
        amount = draw(st.sampled_from([0, 3_000]))
        until = MONDAY + draw(DAYS) * DAY
        on = MONDAY - 60 * DAY
        events.append(ev.OverrideGranted(f"OV-{n}", "f", "r", until, on, amount, "EUR" if amount else ""))
    if draw(st.booleans()):
        events.append(payment("T1", draw(AMOUNTS)))
    return account(customer(provisional=draw(st.booleans())), *draw(st.permutations(events)))


@settings(max_examples=300)
@given(accounts(), policies(), st.lists(AMOUNTS, min_size=2, max_size=6))
def test_what_holds_of_every_decision(found: Account, rules: Policy, amounts: list[int]) -> None:
    found = then(found, rescore(found, rules, MONDAY))
    hardest = 0
    for amount_minor in sorted(amounts):
        made = decide_credit(found, rules, Sale(amount_minor, "EUR", MONDAY))
        assert OUTCOMES.index(made.outcome) >= hardest, "asking for more never gives a milder answer"
        hardest = OUTCOMES.index(made.outcome)
        assert (made.outcome == "approve_with_conditions") == bool(made.conditions)
        assert made.reasons and all(point.words for point in (*made.reasons, *made.conditions, *made.offers))
        if made.outcome == "approve":
            assert made.held.headroom_minor is not None and made.held.headroom_minor - amount_minor >= 0
            assert not made.hold and not made.override
        if made.override:
            used = found.overrides[made.override]
            assert used.on <= MONDAY <= used.until
        if made.is_approved and made.hold:
            assert made.override


@settings(max_examples=200)
@given(accounts(), policies())
def test_exposure_is_open_invoices_and_open_orders(found: Account, rules: Policy) -> None:
    items = sum(item.outstanding_minor for item in found.items.values() if item.state == "open")
    orders = sum(
        order.remaining_minor for order in found.orders.values() if order.until is None or order.until >= MONDAY
    )
    held = [one for one in exposures_on(found, rules, "one", MONDAY) if one.currency == "EUR"]
    assert sum(one.exposure_minor for one in held) == items + orders
    for order in found.orders.values():
        assert 0 <= order.remaining_minor <= order.amount_minor


@settings(max_examples=150)
@given(accounts(), policies(), st.integers(0, 100))
def test_an_override_never_outlives_its_last_day(found: Account, rules: Policy, later: int) -> None:
    day = MONDAY + later * DAY
    found = then(found, rescore(found, rules, day))
    made = decide_credit(found, rules, Sale(100, "EUR", day))
    assert not made.override or found.overrides[made.override].until >= day


@settings(max_examples=100)
@given(st.permutations(range(4)), st.lists(st.integers(1, 500), min_size=3, max_size=3))
def test_orders_and_invoices_in_any_order_leave_the_same(order: list[int], amounts: list[int]) -> None:
    """What the flow does: an order that comes late knows what invoices have asked of it."""
    found = account()
    for number in order:
        if number < 3:
            found = then(found, [invoice(f"I-{number}", amounts[number], order="O")])
            continue
        invoiced = sum(item.amount_minor for item in found.items.values() if item.order == "O")
        found = then(found, [ev.OrderPlaced("O", 700, "EUR", MONDAY, invoiced_minor=invoiced)])
    assert found.orders["O"].remaining_minor == max(0, 700 - sum(amounts))
