"""Whether statements follow each other: gaps, overlaps, repetitions, and how far bank data is complete."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from rich.console import Console

from cli.show_bank import bank_data, print_bank
from duly.domain.continuity import StatementSeen, chain, covered_until, gaps
from duly.flows import decisions
from duly.flows.continuity import open_gaps
from duly.flows.twin import TwinStack
from duly.formats.records import Statement
from tests.bank_samples import ACCOUNT, any_format, as_file, entry, statement
from tests.core_samples import MONDAY, NOON


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def seen(first: int, last: int, opening: int | None, closing: int | None, **changes: Any) -> StatementSeen:
    name = f"{first}-{last}-{opening}"
    return StatementSeen(name, "u", "camt053", "EUR", day(first), day(last), "", opening, closing, **changes)


def kinds(*statements: StatementSeen) -> list[str]:
    found = [link.kind for link in chain(statements)]
    assert all([link.kind for link in chain(order)] == found for order in permutations(statements))
    return found


def test_a_statement_follows_when_it_begins_with_the_balance_of_the_end() -> None:
    assert kinds(seen(0, 0, 0, 10), seen(1, 1, 10, 15), seen(5, 6, 15, 15)) == ["first", "follows", "follows"]


def test_what_opens_with_another_balance_later_is_behind_a_gap() -> None:
    links = chain([seen(0, 0, 0, 10), seen(3, 3, 25, 30)])
    assert [link.kind for link in links] == ["first", "gap"]
    assert links[1].difference_minor == 15
    assert covered_until(links) == day(0)
    assert covered_until(links, {links[1].statement.source}) == day(3)
    assert gaps(links, {links[1].statement.source}) == []


def test_a_gap_closes_when_the_missing_statement_comes() -> None:
    links = chain([seen(0, 0, 0, 10), seen(3, 3, 25, 30), seen(1, 2, 10, 25)])
    assert gaps(links) == [] and covered_until(links) == day(3)


def test_what_begins_before_the_last_one_ended_overlaps() -> None:
    assert kinds(seen(0, 4, 0, 10), seen(3, 6, 8, 30), seen(7, 7, 30, 31)) == ["first", "overlaps", "follows"]


def test_the_same_days_and_balances_repeat() -> None:
    other = StatementSeen("other", "u", "mt940", "EUR", day(0), day(0), "", 0, 10)
    assert kinds(seen(0, 0, 0, 10), other) == ["first", "repeats"]


def test_without_balances_nothing_is_claimed() -> None:
    assert kinds(seen(0, 0, None, None), seen(5, 5, None, None), seen(9, 9, 3, 4)) == ["first", "unknown", "unknown"]


def test_reports_of_a_day_that_is_not_over_are_no_part_of_the_chain() -> None:
    assert kinds(seen(0, 0, 0, 10), seen(1, 1, 99, 100, is_final=False)) == ["first"]
    assert covered_until(chain([seen(0, 0, 0, 10), seen(1, 1, 99, 100, is_final=False)])) == day(0)
    assert covered_until([]) is None


# --- in the product
def paid(number: int, opening: int, **changes: Any) -> Statement:
    return statement([entry(100, str(number), booked=day(number))], opening, number=str(number + 1), **changes)


def uploaded(*found: Sequence[Statement]) -> TwinStack:
    stack = TwinStack()
    with any_format():
        for number, one in enumerate(found):
            stack.upload(f"statements/{number}", as_file(*one), NOON + timedelta(days=30))
            stack.work()
    return stack


def notes(stack: TwinStack, number: int) -> list[str]:
    (upload,) = (one for one in stack.edge.uploads.all(NOON + timedelta(days=30)) if one.key == f"statements/{number}")
    found = stack.objects.get(upload.receipt)
    assert found is not None
    said = json.loads(found.data)["notes"]
    assert all(ACCOUNT not in note for note in said)
    return list(said)


def until(stack: TwinStack) -> str:
    return stack.edge.stack.get("bank_data")["until"]


def test_receipts_say_what_is_missing_and_data_is_complete_only_up_to_the_gap() -> None:
    stack = uploaded([paid(0, 0)], [paid(2, 250)])
    assert notes(stack, 0) == []
    (note,) = notes(stack, 1)
    assert "a statement is missing" in note and "1.50 EUR more than statement 1" in note
    assert until(stack) == day(0).isoformat()
    assert open_gaps(stack.edge) == 1
    (one,) = bank_data(stack.edge, 10)
    assert (one["gaps"], one["complete_until"], one["account"]) == (1, day(0).isoformat(), "…3000")
    assert [line["joins"] for line in one["statements"]] == ["first", "gap"]
    stack = uploaded([paid(0, 0)], [paid(2, 250)], [statement([entry(150, booked=day(1))], 100, number="2")])
    assert until(stack) == day(2).isoformat()
    assert bank_data(stack.edge, 10)[0]["gaps"] == open_gaps(stack.edge) == 0


def test_another_account_does_not_carry_data_over_a_gap() -> None:
    stack = uploaded([paid(0, 0)], [paid(2, 250)], [paid(5, 0, account="DE02120300000000202051")])
    assert until(stack) == day(0).isoformat()


def test_a_person_can_say_that_nothing_more_comes() -> None:
    stack = uploaded([paid(0, 0)], [paid(2, 250)])
    (one,) = bank_data(stack.edge, 10)
    request = {"action": "accept_gap", "bank": one["bank"], "currency": "EUR", "by": "ada"}
    request["statement"] = one["statements"][1]["statement"]
    assert decisions.decide(stack.edge, request, NOON + timedelta(days=30))["until"] == day(2).isoformat()
    assert until(stack) == day(2).isoformat()
    assert bank_data(stack.edge, 10)[0]["statements"][1]["joins"] == "gap_accepted"
    with pytest.raises(decisions.DecisionRefused):
        decisions.decide(stack.edge, request, NOON)


def test_the_same_statement_again_is_said_to_be_known() -> None:
    stack = uploaded([paid(0, 0)], [paid(0, 0)])
    assert "was taken in before" in notes(stack, 1)[0]
    assert len(bank_data(stack.edge, 10)[0]["statements"]) == 1


def test_announced_money_that_statements_pass_over_is_unconfirmed() -> None:
    report = [paid(0, 0, is_final=False)]
    stack = uploaded(report, [statement([entry(5, booked=day(1))], 0)])
    (one,) = bank_data(stack.edge, 10)
    assert one["announced"] == {"count": 1, "amount": "1.00"} and one["unconfirmed"] == []
    stack = uploaded(report, [statement([entry(5, booked=day(1))], 0)], [statement([entry(5, booked=day(7))], 5)])
    (one,) = bank_data(stack.edge, 10)
    assert [line["amount"] for line in one["unconfirmed"]] == ["1.00"]
    console = Console(record=True, width=160)
    print_bank(console, [one])
    assert "Unconfirmed: 1.00 announced for" in console.export_text()
    stack = uploaded([statement([entry(5, booked=day(7))], 5)], [paid(0, 0)], report)
    assert bank_data(stack.edge, 10)[0]["announced"]["count"] == 0


def test_the_table_names_no_account_whole() -> None:
    console = Console(record=True, width=160)
    print_bank(console, bank_data(uploaded([paid(0, 0)], [paid(2, 250)]).edge, 10))
    print_bank(console, [])
    text = console.export_text()
    assert ACCOUNT not in text and "gap of 1.50" in text and "No bank statements yet" in text
