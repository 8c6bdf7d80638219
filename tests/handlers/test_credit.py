"""Decisions on sales and finance's actions on credit, by direct invocation: events/credit-check.json."""

from __future__ import annotations

from typing import Any

import pytest

from duly.domain import events as ev
from duly.flows import credit
from tests.handlers.logs import personal_in
from tests.handlers.material import CUSTOMERS, INVOICES
from tests.handlers.world import World, load_event

RULES = b"""[creditor]
name = "Muster"
[risk.categories.all]
max_score = 1.0
terms_days = 30
limit = { EUR = "3000.00" }
[risk.hold]
over_limit = true
overdue_days = 45
broken_promises = 0
"""


def ask(world: World, kind: str = "credit_check", /, **changes: Any) -> dict[str, Any]:
    """Invoke with the event of events/, changed; a field that is None is left out."""
    event = load_event("credit-check") if kind == "credit_check" else {"customer": "C-1001", "by": "finance-1"}
    found = {"time": "2026-03-03T12:00:00Z", **event, "type": kind, **changes}
    answer: dict[str, Any] = world.invoke("risk_check", {key: part for key, part in found.items() if part is not None})
    return answer


@pytest.fixture
def world(world: World) -> World:
    """C-1001 owes 1,690.00 EUR of 3,000.00 EUR."""
    world.take_in("risk_check", "upload-policy", RULES)
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", INVOICES)
    return world


def decisions(world: World) -> list[ev.CreditDecided]:
    history = world.edge.accounts.history("C-1001")
    return [event for entry in history for event in entry.events if isinstance(event, ev.CreditDecided)]


# --- the decision
def test_a_sale_within_the_limit_is_approved_and_its_order_reserved(world: World) -> None:
    answer = ask(world)
    assert (answer["ok"], answer["outcome"], answer["order"], answer["reserved"]) == (
        True,
        "approve",
        "O-2026-17",
        True,
    )
    assert {key: answer[key] for key in ("exposure", "open_invoices", "open_orders", "limit", "headroom")} == {
        "exposure": "1690.00",
        "open_invoices": "1690.00",
        "open_orders": "0.00",
        "limit": "3000.00",
        "headroom": "1310.00",
    }
    assert (answer["customer"], answer["category"], answer["terms_days"]) == ("C-1001", "all", 30)
    assert answer["reasons"] == [{"code": "within_limit", "words": "within the limit of 3000.00 EUR"}]
    account = world.account("C-1001")
    assert account.orders["O-2026-17"].decision == answer["decision"]
    assert account.version == answer["version"]


def test_the_journal_knows_what_was_decided_on_what(world: World) -> None:
    answer = ask(world)
    (decided,) = decisions(world)
    assert (decided.decision, decided.outcome, decided.by) == (answer["decision"], "approve", "sales-2")
    assert (decided.exposure_minor, decided.limit_minor, decided.headroom_minor) == (169_000, 300_000, 131_000)
    assert decided.policy == answer["policy"]


def test_the_second_of_two_sales_cannot_use_the_same_headroom(world: World) -> None:
    assert ask(world)["outcome"] == "approve"
    second = ask(world, order="O-2")
    assert (second["outcome"], second["headroom"], second["reserved"]) == ("refer", "110.00", False)
    assert {"code": "prepay", "words": "prepay 1090.00 EUR"} in second["offers"]


def test_the_same_order_again_reserves_nothing_more(world: World) -> None:
    ask(world)
    again = ask(world)
    assert (again["outcome"], again["reserved"], again["headroom"]) == ("approve", True, "1310.00")
    assert world.account("C-1001").orders["O-2026-17"].remaining_minor == 120_000
    assert ask(world, amount="1.00")["code"] == "order_differs"


def test_without_an_order_nothing_is_reserved(world: World) -> None:
    assert ask(world, order=None)["reserved"] is False
    assert world.account("C-1001").live("orders") == []


def test_a_refused_sale_reserves_nothing_and_is_in_the_journal(world: World) -> None:
    answer = ask(world, amount="9000.00")
    assert (answer["outcome"], answer["reserved"]) == ("refuse", False)
    assert world.account("C-1001").live("orders") == []
    assert [one.outcome for one in decisions(world)] == ["refuse"]


def test_a_prospect_is_decided_on_without_an_account(world: World) -> None:
    before = world.versions()
    answer = ask(world, customer=None, order=None, prospect={"external_score": 100})
    assert (answer["outcome"], answer["limit"], answer["account"]) == ("approve_with_conditions", "1500.00", "")
    assert [one["code"] for one in answer["conditions"]] == ["complete_record"]
    assert world.versions() == before


def test_a_hold_refuses_until_it_lifts(world: World) -> None:
    late = ask(world, time="2026-04-10T12:00:00Z")
    assert (late["outcome"], late["hold"]) == ("refuse", ["overdue_days"])
    assert late["offers"][0]["code"] == "pay_overdue"
    assert world.account("C-1001").header.credit_hold == ("overdue_days",)
    granted = ask(world, "override", until="2026-04-20", reason="new framework deal", time="2026-04-10T12:00:00Z")
    lifted = ask(world, time="2026-04-20T12:00:00Z")
    assert (lifted["outcome"], lifted["override"]) == ("approve_with_conditions", granted["override"])
    assert ask(world, order=None, time="2026-04-21T12:00:00Z")["outcome"] == "refuse"
    assert world.account("C-1001").live("overrides") == []


# --- actions
def test_an_order_counts_until_it_is_cancelled(world: World) -> None:
    placed = ask(world, "place_order", order="O-1", amount="1310.00", currency="EUR")
    assert placed["ok"] and "OrderPlaced" in placed["events"]
    assert ask(world, order=None, amount="0.01")["outcome"] == "refer"
    again = ask(world, "place_order", order="O-1", amount="1310.00", currency="EUR")
    assert again["ok"] and again["events"] == []
    assert "OrderEnded" in ask(world, "cancel_order", order="O-1")["events"]
    assert ask(world, order=None, amount="1310.00")["outcome"] == "approve"
    twice = ask(world, "cancel_order", order="O-1")
    assert twice["ok"] and twice["events"] == []
    assert ask(world, "place_order", order="O-1", amount="1310.00", currency="EUR")["code"] == "order_ended"


def test_an_order_that_comes_after_its_paid_invoice_knows_it(world: World) -> None:
    rows = b"number,customer,issued,due,amount,currency,type,terms,order\nRE-9,C-1002,2026-02-20,2026-05-29,80.00,EUR,"
    world.take_in("risk_check", "upload-invoices", rows + b"invoice,,O-9\n", "invoices/order.csv")
    rows = rows.replace(b"RE-9", b"CN-9").replace(b"order\n", b"order,for_invoice\n")
    credit = rows.replace(b"80.00,EUR,", b"80.00,EUR,credit_note,,,RE-9\n")
    world.take_in("risk_check", "upload-invoices", credit, "invoices/credit.csv")
    assert "RE-9" not in world.account("C-1002").items, "it is settled and closed"
    ask(world, "place_order", customer="C-1002", order="O-9", amount="100.00", currency="EUR")
    assert world.account("C-1002").orders["O-9"].remaining_minor == 2_000


def test_an_order_ends_by_its_last_day_and_the_tick_says_so(world: World) -> None:
    ask(world, "place_order", order="O-1", amount="10.00", currency="EUR", until="2026-03-10")
    upkeep_at = world.account("C-1001").header.upkeep_at
    assert upkeep_at is not None and upkeep_at.isoformat() == "2026-03-11T00:00:00+00:00"
    assert ask(world, order=None, time="2026-03-11T12:00:00Z")["open_orders"] == "0.00"


def test_covers_raise_and_cap_until_they_end(world: World) -> None:
    cover = {"cover": "K-7", "currency": "EUR", "until": "2026-06-30"}
    assert ask(world, "set_cover", kind="guarantee", amount="1000.00", **cover)["ok"]
    assert ask(world, order=None)["limit"] == "4000.00"
    assert ask(world, "set_cover", kind="insurance", amount="0.00", **cover)["events"][0] == "CoverSet"
    capped = ask(world, order=None)
    assert (capped["outcome"], capped["limit"], capped["hold"]) == ("refuse", "0.00", ["over_limit"])
    assert "CreditHoldChanged" in ask(world, "end_cover", cover="K-7")["events"]
    assert ask(world, order=None)["limit"] == "3000.00"


def test_an_override_ends_by_a_person(world: World) -> None:
    granted = ask(world, "override", until="2026-03-31", reason="deal", amount="5000.00", currency="EUR")
    assert ask(world, amount="6000.00", order=None)["override"] == granted["override"]
    assert ask(world, "override", until="2026-03-31", reason="deal", amount="5000.00", currency="EUR")["events"] == []
    assert ask(world, "end_override", override=granted["override"])["ok"]
    assert ask(world, amount="6000.00", order=None)["outcome"] == "refuse"
    assert ask(world, "end_override", override=granted["override"])["code"] == "unknown_override"


@pytest.mark.parametrize(
    ("kind", "changes", "code"),
    [
        ("delete_everything", {}, "unknown_type"),
        ("credit_check", {"customer": None}, "missing_field"),
        ("credit_check", {"prospect": {}}, "missing_field"),
        ("credit_check", {"amount": None}, "missing_field"),
        ("credit_check", {"currency": None}, "missing_field"),
        ("credit_check", {"amount": 1200}, "not_text"),
        ("credit_check", {"amount": "1.200,00"}, "amount_format"),
        ("credit_check", {"amount": "0.00"}, "amount_not_positive"),
        ("credit_check", {"amount": "-5.00"}, "amount_not_positive"),
        ("credit_check", {"amount": "1.234"}, "amount_decimals"),
        ("credit_check", {"amount": "9" * 30}, "amount_too_large"),
        ("credit_check", {"currency": "EURO"}, "currency_unknown"),
        ("credit_check", {"customer": "C-9999"}, "unknown_customer"),
        ("credit_check", {"customer": "C" * 300}, "too_long"),
        ("credit_check", {"customer": ["C-1001"]}, "not_text"),
        ("credit_check", {"by": "two\nlines"}, "not_text"),
        ("credit_check", {"discount": "5"}, "unknown_field"),
        ("credit_check", {"until": "soon"}, "bad_date"),
        ("credit_check", {"until": "2026-03-02"}, "bad_date"),
        ("credit_check", {"customer": None, "prospect": "ACME"}, "bad_prospect"),
        ("credit_check", {"customer": None, "prospect": {"external_score": 1001}}, "bad_score"),
        ("credit_check", {"customer": None, "prospect": {"external_score": True}}, "bad_score"),
        ("credit_check", {"customer": None, "prospect": {}}, "prospect_order"),
        ("place_order", {"amount": "1.00", "currency": "EUR"}, "missing_field"),
        ("cancel_order", {"order": "O-none"}, "unknown_order"),
        ("override", {"until": "2026-03-31"}, "missing_field"),
        ("override", {"until": "2028-03-31", "reason": "x"}, "bad_date"),
        ("override", {"until": "2026-03-31", "reason": "x", "by": None}, "missing_field"),
        ("override", {"until": "2026-03-31", "reason": "x", "amount": "5.00"}, "currency_missing"),
        ("end_override", {"override": "OV-none"}, "unknown_override"),
        ("set_cover", {"cover": "K", "kind": "hope", "amount": "5.00", "currency": "EUR"}, "unknown_kind"),
        ("set_cover", {"cover": "K", "kind": "deposit", "amount": "0.00", "currency": "EUR"}, "amount_not_positive"),
        ("end_cover", {"cover": "K-none"}, "unknown_cover"),
    ],
)
def test_what_is_refused_says_why_and_changes_nothing(
    world: World, kind: str, changes: dict[str, Any], code: str
) -> None:
    before = world.versions()
    answer = ask(world, kind, **changes)
    assert (answer["ok"], answer["code"]) == (False, code)
    assert answer["error"] and personal_in(answer["error"]) == []
    assert world.versions() == before
    assert [line["reason"] for line in world.stack.logged("credit_request_refused")] == [code]


def test_what_was_merged_into_a_customer_counts_for_it(world: World) -> None:
    rows = INVOICES.splitlines(keepends=True)
    unknown = (
        rows[0].replace(b"customer", b"customer_name") + b"RE-2,Sturmvogel Ltd,2026-02-20,2026-05-29,5.00,EUR,,,\n"
    )
    world.take_in("risk_check", "upload-invoices", unknown, "invoices/by-name.csv")
    answer = ask(world, customer="C-1002", order=None)
    assert answer["open_invoices"] == "85.00"


def test_an_order_that_is_invoiced_already_is_not_said_to_be_reserved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b"number,customer,issued,due,amount,currency,type,terms,order,for_invoice\n"
    for number, order in ((b"RE-8", b"O-8"), (b"RE-9", b"O-9")):
        rows += number + b",C-1002,2026-02-20,2026-05-29,50.00,EUR,invoice,," + order + b",\n"
    world.take_in("risk_check", "upload-invoices", rows, "invoices/order.csv")
    note = b"CN-8,C-1002,2026-02-20,,50.00,EUR,credit_note,,,RE-8\n"
    world.take_in("risk_check", "upload-invoices", rows[: rows.index(b"\n") + 1] + note, "invoices/credit.csv")
    monkeypatch.setattr(credit, "MAX_CLOSED", 1)  # which RE-8 takes
    answer = ask(world, customer="C-1002", amount="50.00", order="O-9")
    assert (answer["outcome"], answer["reserved"]) == ("approve", False)
    answer = ask(world, customer="C-1002", amount="60.00", order="O-10")
    assert (answer["outcome"], answer["reserved"]) == ("approve", True)
