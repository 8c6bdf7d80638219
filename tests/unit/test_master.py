"""The customer's record: what files say of it, field by field, in whichever order they are worked on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from duly.domain import events as ev
from duly.domain import master
from duly.domain.account import Account
from duly.domain.entities import Header
from duly.flows.intake import take_upload
from duly.flows.twin import TwinStack
from tests.core_samples import customer

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOTHING = master.known(Header(), {})


def at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def test_what_is_not_said_stays_and_what_is_said_to_be_empty_goes() -> None:
    first, _ = master.updated(NOTHING, {"parent": "C-0", "terms_days": 30}, at(1))
    second, late = master.updated(first, {"parent": ""}, at(2))
    assert (second.values["parent"], second.values["terms_days"], late) == ("", 30, False)
    assert second.stated == {at(1): ("terms_days",), at(2): ("parent",)}


def test_an_earlier_word_that_comes_late_fills_only_what_nobody_said() -> None:
    later, _ = master.updated(NOTHING, {"parent": "C-0"}, at(2))
    found, late = master.updated(later, {"parent": "C-9", "terms_days": 14}, at(1))
    assert (found.values["parent"], found.values["terms_days"], late) == ("C-0", 14, True)
    same, late = master.updated(found, {"parent": "C-9"}, at(1))
    assert (same is found, late) == (True, True)


def test_the_same_word_again_changes_nothing() -> None:
    first, _ = master.updated(NOTHING, {"parent": "C-0"}, at(1))
    assert master.updated(first, {"parent": "C-0"}, at(2)) == (first, False)
    again, _ = master.updated(first, {"parent": "C-0"}, at(1))
    assert again is first


def test_arrivals_sort_as_moments_do_and_of_one_moment_the_last_word_counts() -> None:
    assert at(0) < (START + timedelta(milliseconds=500)).isoformat() < at(1)
    first, _ = master.updated(NOTHING, {"parent": "C-0"}, at(1))
    second, late = master.updated(first, {"parent": "C-1"}, at(1))
    assert (second.values["parent"], late) == ("C-1", False)


FIELDS = ("country", "parent", "terms_days", "name")
SAID = st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 9), min_size=1)


@given(st.lists(SAID, min_size=1, max_size=4))
def test_any_order_of_files_gives_one_record(files: list[dict[str, Any]]) -> None:
    """Each file has its own values: a repetition that changes nothing is not written down."""
    stamped = [
        ({name: (number, value) for name, value in said.items()}, at(number)) for number, said in enumerate(files)
    ]
    records = []
    for order in permutations(stamped):
        record = NOTHING
        for said, stamp in order:
            record, _ = master.updated(record, said, stamp)
        records.append(record)
    assert all(record == records[0] for record in records)
    for name in FIELDS:
        last = next((said[name] for said, _ in reversed(stamped) if name in said), NOTHING.values[name])
        assert records[0].values[name] == last


def test_journals_of_before_are_read_and_new_fields_reach_the_header() -> None:
    old = ev.to_data(customer())
    assert not {"parent", "stated", "limit_minor"} & set(old)
    account = Account("C-1")
    account.apply(ev.from_data(old))
    assert (account.header.parent, account.header.terms_days, account.header.limit_minor) == ("", None, {})
    told = customer(parent="C-0", terms_days=0, limit_minor={"EUR": 100}, order_required=True, external_permille=0)
    account.apply(ev.from_data(ev.to_data(told)))
    header = account.header
    assert (header.parent, header.terms_days, header.limit_minor) == ("C-0", 0, {"EUR": 100})
    assert (header.order_required, header.external_permille) == (True, 0)


# --- when a file arrived
def test_files_count_by_the_moment_s3_took_them_not_by_when_they_are_read() -> None:
    """Two customer files whose events come in the wrong order: the one that was put last counts."""
    stack = TwinStack()
    stack.edge.is_local = False
    first = stack.objects.put("customers/1.csv", b"id,name,parent\nC-1,Nebel,C-OLD\n", "text/csv")
    second = stack.objects.put("customers/2.csv", b"id,name,parent\nC-1,Nebel,C-NEW\n", "text/csv")
    for key, version in (("customers/2.csv", second), ("customers/1.csv", first)):
        take_upload(stack.edge, key, version, datetime.now(UTC))
        stack.work()
    assert stack.edge.accounts.load("C-1").header.parent == "C-NEW"
    late = next(one for one in stack.edge.uploads.all(datetime.now(UTC)) if one.key == "customers/1.csv")
    assert late.at < datetime.now(UTC)


def test_a_customer_whose_file_says_no_kind_has_none() -> None:
    """Then the policy's ``charges.kind`` counts."""
    stack = TwinStack()
    version = stack.objects.put("customers/1.csv", b"id,name,kind\nC-1,Nebel,\nC-2,Wind,consumer\n", "text/csv")
    take_upload(stack.edge, "customers/1.csv", version, START)
    stack.work()
    assert [stack.edge.accounts.load(key).header.kind for key in ("C-1", "C-2")] == ["", "consumer"]


def test_a_clock_of_s3_that_is_ahead_does_not_date_a_file_into_the_future() -> None:
    stack = TwinStack()
    stack.edge.is_local = False
    version = stack.objects.put("customers/1.csv", b"id,name\nC-1,Nebel\n", "text/csv")
    assert take_upload(stack.edge, "customers/1.csv", version, START).at == START


def test_on_the_local_stack_the_simulated_moment_counts() -> None:
    stack = TwinStack()
    version = stack.objects.put("customers/1.csv", b"id,name\nC-1,Nebel\n", "text/csv")
    assert take_upload(stack.edge, "customers/1.csv", version, START).at == START
