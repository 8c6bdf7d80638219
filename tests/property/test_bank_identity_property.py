"""Bank files of any kind, in any order, twice, at once or one by one: the balances in the end are the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.flows import audit
from duly.flows.twin import TwinStack
from tests.bank_samples import any_format, as_file, entry, statement
from tests.core_samples import MONDAY, NOON

CUSTOMERS = b"id,name,country\nC-1,Nebel GmbH,DE\nC-2,Dunst KG,DE\n"
INVOICES = (
    b"number,customer,name,issued,due,amount,currency\n"
    b"RE-2026-001,C-1,Nebel GmbH,2026-01-01,2026-02-01,3.00,EUR\n"
    b"RE-2026-002,C-2,Dunst KG,2026-01-01,2026-02-01,7.00,EUR\n"
)
DAYS = (MONDAY, MONDAY + timedelta(days=1))
FORMATS = st.sampled_from(["camt053", "mt940", "csv"])


@st.composite
def entries(draw: st.DrawFn) -> Any:
    return entry(
        draw(st.sampled_from([300, 700, 1_000])),
        draw(st.sampled_from(["RE-2026-001", "RE-2026-002", "hello"])),
        draw(st.sampled_from(["", "", "R1", "R2"])),
        booked=draw(st.sampled_from(DAYS)),
        value=draw(st.sampled_from(DAYS)),
        batch_reference=draw(st.sampled_from(["", "", "", "R1", "R2"])),
        structured_reference=draw(st.sampled_from(["", "", "RE-2026-001"])),
    )


@st.composite
def files(draw: st.DrawFn) -> bytes:
    found = statement(
        draw(st.lists(entries(), min_size=1, max_size=4)),
        draw(st.sampled_from([None, 0, 0, 300, 1_000])),
        number=draw(st.sampled_from(["", "", "1", "2"])),
        is_final=draw(st.booleans()),
    )
    return as_file(found, format=draw(FORMATS))


def played(data: Sequence[bytes], at_once: bool = False) -> TwinStack:
    stack = TwinStack()
    with any_format():
        for number, one in enumerate(data):
            stack.upload(f"statements/{number}.any", one, NOON)
            if not at_once:
                stack.work()
        stack.work()
    stack.upload("invoices/all.csv", INVOICES, NOON)
    stack.upload("customers/all.csv", CUSTOMERS, NOON)
    stack.work()
    assert audit.audit(stack.edge, NOON).problems == []
    for upload in stack.edge.uploads.all(NOON):
        receipt = stack.objects.get(upload.receipt)
        assert receipt is not None and json.loads(receipt.data)["adds_up"]
    return stack


@settings(max_examples=40, deadline=None)
@given(st.lists(files(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_any_files_in_any_order_end_in_the_same_balances(data: list[bytes], random: Any) -> None:
    other = [*data, *random.sample(data, len(data) // 2)]
    random.shuffle(other)
    first = audit.canonical(played(data).edge)
    assert audit.canonical(played(other, at_once=random.random() < 0.5).edge) == first


def test_an_entry_that_turns_out_to_be_announced_for_its_own_day_confirms_no_other() -> None:
    """It had confirmed by count what was announced for the next day with its value on this one."""
    booked, late, same = (
        as_file(statement([entry(300)])),
        as_file(statement([entry(300, booked=DAYS[1], value=DAYS[0])], is_final=False)),
        as_file(statement([entry(300)], is_final=False)),
    )
    ends = [audit.canonical(played(order).edge) for order in permutations((booked, late, same))]
    assert all(one == ends[0] for one in ends)


def test_of_three_equal_entries_one_confirms_what_was_announced_and_two_are_new() -> None:
    """The row that confirmed had a payment of its own, and counted for two."""
    announced, booked = as_file(statement([entry(300)], is_final=False)), as_file(statement([entry(300)] * 3))
    ends = [audit.canonical(played(order).edge) for order in permutations((announced, booked))]
    assert ends[0] == ends[1]
