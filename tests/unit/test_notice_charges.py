"""Charges of a notice: its mail explains them line by line, they are owed once its step is done, and the books see
them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.bookkeeping import Balances, account_entries, add
from duly.domain.charges import ChargeLine, charges_of_step
from duly.domain.charges_due import waive_charges
from duly.domain.credit import exposures_on
from duly.domain.policy import Policy, Step
from duly.domain.statement_of_account import statement
from duly.flows.notices import view_of
from duly.mail.letter import LetterView, letter_values
from duly.mail.mime import build
from duly.mail.notice import NoticeError, NoticeView
from duly.mail.render import render
from duly.mail.verify import ChargeFacts, facts_of
from tests.core_samples import MONDAY, NOON, account, claim, customer, invoice, payment, plain_policy, sent, step, then
from tests.mail_views import item, view

DUE = MONDAY - timedelta(days=30)
RULES = plain_policy(step(1, "first", 3, 'interest = true\nfee = { EUR = "5.00" }'), "")
POLICY: Policy = replace(
    RULES, charges=replace(RULES.charges, regime="DE", interest=True, recovery_indemnity=True)
)  # fmt: skip
FIRST: Step = POLICY.scenarios["standard"].steps[0]


def demanding(found: Account, *keys: str, on: date = MONDAY, policy: Policy = POLICY) -> ev.NoticeClaimed:
    """A claim of these items that demands what its step asks for."""
    plain = claim(found, *keys)
    parts = tuple(
        replace(part, charges=charges_of_step(found.items[part.item], FIRST, policy, "business", on))
        for part in plain.items
    )
    return replace(plain, items=parts)


def mailed(shown: NoticeView) -> bytes:
    return build(
        render(shown),
        sender_name="Muster",
        sender_address="ar@muster.example",
        to=["ap@fog.example"],
        reply_to=shown.respond_address,
        date=datetime(2026, 3, 2, 9, tzinfo=UTC),
        attempt="a1",
    )


OWING = (customer(), invoice("R-1", 100_000, DUE), payment("T1", 40_000, ["R-1"], DUE + timedelta(days=10)))


def owing() -> Account:
    return account(*OWING[1:])


def paying(found: Account) -> Account:
    return then(found, [ev.AllocationsChanged((ev.Allocation("T1", "R-1", 40_000),))])


def test_a_notice_tells_each_charge_line_by_line() -> None:
    found = paying(owing())
    event = demanding(found, "R-1")
    shown = view_of(then(found, [event]), event, POLICY, "reply@in.example")
    (told,) = shown.items
    # 1000 x 10.27 % x 10/365 = 2.8137; 600 x 10.27 % x 20/365 = 3.3764
    assert (told.balance_minor, told.fee_minor, told.interest_minor) == (60_000, 4_500, 619)
    assert shown.total_minor == 65_119
    start = DUE + timedelta(days=1)
    half = DUE + timedelta(days=10)
    facts = facts_of(mailed(shown)).items[0]
    assert facts.charge_lines == (
        ChargeFacts("fee", 500),
        ChargeFacts("indemnity", 4_000),
        ChargeFacts("interest", 281, start, half, 10, 365, Decimal("10.27"), 100_000),
        ChargeFacts("interest", 338, half + timedelta(days=1), MONDAY, 20, 365, Decimal("10.27"), 60_000),
    )
    text = render(replace(shown, language="en")).text
    assert "  Costs:             EUR 45.00\n" in text
    assert "EUR 600.00 × 10.27\u00a0% × 20/365 = EUR 3.38" in text
    assert "EUR 600.00 × 10.27" in render(replace(shown, language="en")).html


def test_the_letter_shows_the_same_lines() -> None:
    found = paying(owing())
    event = demanding(found, "R-1")
    shown = view_of(then(found, [event]), event, POLICY, "reply@in.example")
    values = letter_values(LetterView(shown, ("Weg 1", "10115 Berlin"), "DE", "DE", "de"))
    assert values["fee_name"] == "Kosten"
    assert [line["amount"] for line in values["items"][0]["charge_lines"]] == [
        "5,00 EUR",
        "40,00 EUR",
        "2,81 EUR",
        "3,38 EUR",
    ]


def test_the_next_notice_asks_for_what_came_since_and_shows_what_was_paid_and_waived() -> None:
    found = paying(owing())
    found = then(found, [demanding(found, "R-1")])
    found = then(found, sent(found, "n1"))
    found = then(found, waive_charges(found, "R-1", "costs", 4_000, "goodwill", "ada", MONDAY))
    later = MONDAY + timedelta(days=10)
    event = replace(demanding(found, "R-1", on=later), notice="n2", at=NOON + timedelta(days=10))
    (told,) = view_of(then(found, [event]), event, POLICY, "reply@in.example").items
    assert (told.fee_minor, told.interest_minor) == (500, 788)  # 30 days of 600: 5.0647
    assert [(line.kind, line.amount_minor) for line in told.charge_lines] == [
        ("fee", 500),
        ("indemnity", 4_000),
        ("interest", 281),
        ("interest", 507),
        ("settled", -4_000),
    ]


def test_a_single_fee_needs_no_calculation() -> None:
    found = account(invoice("R-1", 10_000, DUE))
    plain = replace(POLICY, charges=replace(POLICY.charges, interest=False, recovery_indemnity=False))
    event = demanding(found, "R-1", policy=plain)
    (told,) = view_of(then(found, [event]), event, plain, "reply@in.example").items
    assert (told.fee_minor, told.charge_lines) == (500, ())


def test_days_rounded_by_themselves_are_told_so() -> None:
    found = account(invoice("R-1", 100_000, DUE))
    daily = replace(POLICY, charges=replace(POLICY.charges, rounding="daily", recovery_indemnity=False))
    event = demanding(found, "R-1", policy=daily)
    shown = replace(view_of(then(found, [event]), event, daily, "reply@in.example"), language="en")
    assert "EUR 1,000.00 × 10.27\u00a0% / 365, 30 × EUR 0.28 = EUR 8.40" in render(shown).text
    assert facts_of(mailed(shown)).items[0].charge_lines[1].days == 30


def test_lines_that_do_not_add_up_cannot_be_told() -> None:
    with pytest.raises(NoticeError, match="charge_lines_do_not_add_up"):
        view(item(fee=500, lines=(ChargeLine("fee", 501),)))


def test_what_a_notice_demands_is_owed_booked_and_stated_once_its_step_is_done() -> None:
    pays = ev.AllocationsChanged((ev.Allocation("T1", "R-1", 40_000),))
    found = then(owing(), [pays])
    demand = demanding(found, "R-1")
    assert exposed(then(found, [demand])) == 60_000
    found = then(found, [demand])
    done = then(found, sent(found, "n1"))
    assert done.items["R-1"].open_charges_minor == {"costs": 4_500, "interest": 619}
    assert exposed(done) == 65_119
    told = statement(done, [], MONDAY, movements=False)
    assert [one.charges_minor for part in told.currencies for one in part.items] == [5_119]
    waived = waive_charges(done, "R-1", "costs", 4_000, "goodwill", "ada", MONDAY)
    entries, sums = booked([*OWING, pays, demand, *sent(found, "n1"), *waived])
    assert {"costs_charged": -500, "interest_charged": -619}.items() <= sums.items()
    assert sums["receivables"] == 60_000 + 500 + 619 == then(done, waived).items["R-1"].due_minor
    assert ("charges", "n1", MONDAY) in entries
    assert ("charges waived", "R-1", MONDAY) in entries


def exposed(found: Account) -> int:
    (line,) = (one for one in exposures_on(found, POLICY, "", MONDAY) if one.currency == "EUR")
    return line.exposure_minor


def booked(events: Sequence[ev.Event]) -> tuple[list[tuple[str, str, date]], dict[str, int]]:
    journal = [(version, MONDAY, [event]) for version, event in enumerate(events, start=1)]
    balances: Balances = Counter()
    found = list(account_entries("A-1", journal, "C-1"))
    for entry in found:
        add(balances, entry)
    sums = {ledger.name: amount for (ledger, _), amount in balances.items() if amount}
    return [(entry.kind, entry.about, entry.on) for entry in found], sums
