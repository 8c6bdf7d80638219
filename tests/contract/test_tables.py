"""One suite for the memory twin and DynamoDB on the emulator: what the store may rely on in a table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from duly.store import keys
from duly.store.tables import MAX_ITEM_BYTES, MAX_WRITES, Conflict, Record, Table, TooLarge, Write


def record(pk: str, sk: str = "1#0", body: dict[str, Any] | None = None, **rest: Any) -> Record:
    return Record(pk, sk, {"n": 1} if body is None else body, **rest)


def sort_keys(found: list[Record]) -> list[str]:
    return [one.sk for one in found]


# --- reading and writing one item


def test_an_item_comes_back_exactly(table: Table, own: str) -> None:
    body = {
        "amount": 12345678901234567890,
        "text": 'Müller & Söhne ✓ 🙂 \n"quoted"',
        "list": [1, "a", None, True],
        "d": {},
    }
    whole = Record(own, "1#0", body, 7, "header", due_shard=own, due_at="2026-03-01T08:00:00+00:00", header_shard=own)
    table.put(whole)
    assert table.get(own, "1#0") == whole


def test_an_item_without_extras_comes_back_exactly(table: Table, own: str) -> None:
    table.put(record(own, body={}))
    found = table.get(own, "1#0")
    assert found == record(own, body={})
    assert found is not None
    assert type(found.version) is int


def test_a_missing_item_is_none_and_its_removal_no_error(table: Table, own: str) -> None:
    assert table.get(own, "1#0") is None
    table.delete(own, "1#0")
    assert table.query(own) == []


def test_put_replaces_the_whole_item(table: Table, own: str) -> None:
    table.put(record(own, body={"a": 1, "b": 2}, kind="x", version=3))
    table.put(record(own, body={"a": 2}))
    assert table.get(own, "1#0") == record(own, body={"a": 2})


def test_delete_removes_one_item(table: Table, own: str) -> None:
    table.put(record(own, "a"))
    table.put(record(own, "b"))
    table.delete(own, "a")
    assert sort_keys(table.query(own)) == ["b"]


def test_create_takes_a_key_once(table: Table, own: str) -> None:
    assert table.create(record(own, body={"first": True}))
    assert not table.create(record(own, body={"first": False}))
    found = table.get(own, "1#0")
    assert found is not None
    assert found.body == {"first": True}


def test_create_is_possible_again_after_delete(table: Table, own: str) -> None:
    assert table.create(record(own))
    table.delete(own, "1#0")
    assert table.create(record(own))


@pytest.mark.parametrize("count", [0, 1, 150])
def test_many_items_come_in_one_call(table: Table, own: str, count: int) -> None:
    wanted = [record(own, f"2#I#{number:03d}", {"n": number}) for number in range(count)]
    for one in wanted:
        table.put(one)
    asked = [one.sk for one in wanted] + [f"2#T#{number}" for number in range(30)]
    assert table.get_many(own, asked) == {one.sk: one for one in wanted}


@pytest.mark.parametrize("count", [0, 1, 150])
def test_which_of_many_keys_exist_is_told_at_once(table: Table, own: str, count: int) -> None:
    there = [record(f"{own}{number}", "0") for number in range(0, count, 2)]
    for one in there:
        table.put(one)
    asked = [(f"{own}{number}", "0") for number in range(count)]
    assert table.which_exist([*asked, *asked[:1]]) == {one.key for one in there}


# --- queries


def test_query_gives_a_partition_in_order_of_utf8(table: Table, own: str) -> None:
    wanted = ["1#0", "1#I#10", "1#I#9", "1#I#A", "1#I#a", "1#I#é", "1#I#\uffee", "1#I#🙂", "2#I#1", "3#000000000001"]
    for sk in reversed(wanted):
        table.put(record(own, sk))
    table.put(record(f"{own}x", "1#other"))
    assert sort_keys(table.query(own)) == wanted


def test_query_by_prefix_and_limit(table: Table, own: str) -> None:
    for sk in ("1#0", "1#I#1", "1#I#2", "1#I#3", "2#I#1", "10"):
        table.put(record(own, sk))
    assert sort_keys(table.query(own, "1#")) == ["1#0", "1#I#1", "1#I#2", "1#I#3"]
    assert sort_keys(table.query(own, "1#I#", limit=2)) == ["1#I#1", "1#I#2"]
    assert sort_keys(table.query(own, limit=3)) == ["1#0", "1#I#1", "1#I#2"]
    assert table.query(own, "4#") == []


def test_query_reads_all_pages(table: Table, own: str) -> None:
    block = "x" * 150_000  # ten of them are more than the megabyte of one page
    for number in range(10):
        table.put(record(own, f"1#{number}", {"block": block}))
    assert sort_keys(table.query(own, "1#")) == [f"1#{number}" for number in range(10)]


# --- transactions


def test_a_transaction_creates_puts_and_deletes(table: Table, own: str) -> None:
    table.put(record(own, "old"))
    table.put(record(own, "changed", {"n": 1}))
    table.write(
        Write(
            create=(record(own, "new"), record(f"{own}2", "new")),
            put=(record(own, "changed", {"n": 2}), record(own, "fresh")),
            delete=((own, "old"), (own, "never there")),
        )
    )
    assert sort_keys(table.query(own)) == ["changed", "fresh", "new"]
    assert [one.body for one in table.query(own, "changed")] == [{"n": 2}]
    assert sort_keys(table.query(f"{own}2")) == ["new"]


def test_a_taken_key_refuses_the_whole_transaction(table: Table, own: str) -> None:
    table.put(record(own, "3#1", {"mine": False}))
    table.put(record(own, "doomed"))
    write = Write(
        create=(record(own, "3#0"), record(own, "3#1", {"mine": True})),
        put=(record(own, "1#0"),),
        delete=((own, "doomed"),),
    )
    with pytest.raises(Conflict):
        table.write(write)
    assert [(one.sk, one.body) for one in table.query(own)] == [("3#1", {"mine": False}), ("doomed", {"n": 1})]


def test_the_same_transaction_by_its_token_is_one(table: Table, own: str) -> None:
    """A retry by the SDK carries the token; whether the second is accepted or refused, it changes nothing."""
    write = Write(create=(record(own, "3#1"),), token=f"{own}{own}")
    table.write(write)
    try:
        table.write(write)
    except Conflict:
        assert sort_keys(table.query(own)) == ["3#1"]
    assert table.query(own) == [record(own, "3#1")]


def test_a_hundred_items_are_one_transaction(table: Table, own: str) -> None:
    table.write(
        Write(create=(record(own, "3#1"),), put=tuple(record(own, f"1#{n:03d}") for n in range(MAX_WRITES - 1)))
    )
    assert len(table.query(own)) == MAX_WRITES


def test_more_than_a_hundred_items_are_refused_before_anything_is_written(table: Table, own: str) -> None:
    with pytest.raises(TooLarge):
        table.write(Write(put=tuple(record(own, f"1#{n:03d}") for n in range(MAX_WRITES + 1))))
    assert table.query(own) == []


def test_an_item_over_the_limit_is_refused_however_it_comes(table: Table, own: str) -> None:
    big = record(own, "1#0", {"block": "x" * MAX_ITEM_BYTES})
    for attempt in (
        lambda: table.put(big),
        lambda: table.create(big),
        lambda: table.write(Write(put=(big,))),
        lambda: table.write(Write(create=(big,))),
    ):
        with pytest.raises(TooLarge):
            attempt()
    assert table.query(own) == []


def test_the_limit_counts_bytes_not_characters(table: Table, own: str) -> None:
    with pytest.raises(TooLarge):
        table.put(record(own, "1#0", {"block": "é" * (MAX_ITEM_BYTES // 2)}))


def test_an_item_just_below_the_limit_is_taken(table: Table, own: str) -> None:
    body = {"block": "x" * (MAX_ITEM_BYTES - 600)}
    table.put(record(own, "1#0", body))
    found = table.get(own, "1#0")
    assert found is not None
    assert found.body == body


@pytest.mark.parametrize("twice", ["put", "create", "delete", "create and put"])
def test_one_item_twice_in_a_transaction_is_refused(table: Table, own: str, twice: str) -> None:
    """DynamoDB refuses such a transaction, so the store must never make one and the twin must not hide it."""
    same = record(own, "a")
    write = {
        "put": Write(put=(same, same)),
        "create": Write(create=(same, same)),
        "delete": Write(put=(same,), delete=(same.key,)),
        "create and put": Write(create=(same,), put=(same,)),
    }[twice]
    with pytest.raises(ValueError, match="twice"):
        table.write(write)
    assert table.query(own) == []


def test_of_sixteen_writers_one_wins_each_key(table: Table, own: str) -> None:
    def attempt(writer: int) -> list[int]:
        won = []
        for number in range(5):
            try:
                table.write(
                    Write(
                        create=(record(own, f"3#{number}", {"writer": writer}),),
                        put=(record(own, "1#0", {"writer": writer}, version=number),),
                    )
                )
            except Conflict:
                continue
            won.append(number)
        return won

    with ThreadPoolExecutor(16) as pool:
        won = [number for found in pool.map(attempt, range(16)) for number in found]
    entries = table.query(own, "3#")
    assert len(won) == len(set(won)) == len(entries) > 0
    header = table.get(own, "1#0")
    assert header is not None
    assert header.body == entries[header.version].body


# --- indexes


def header(pk: str, shard: str, due_at: str | None, **rest: Any) -> Record:
    return Record(pk, "1#0", {"of": pk}, 1, "header", due_shard=shard if due_at else None, due_at=due_at, **rest)


def test_the_agenda_lists_what_is_due_oldest_first(table: Table, own: str) -> None:
    for day in (3, 1, 2):
        table.put(header(f"A#{own}{day}", own, f"2026-03-0{day}T08:00:00+00:00"))
    table.put(header(f"A#{own}9", f"{own}other", "2026-03-01T08:00:00+00:00"))
    until = "2026-03-02T08:00:00+00:00"
    assert table.agenda(own, until, 10) == [
        (f"A#{own}1", "2026-03-01T08:00:00+00:00"),
        (f"A#{own}2", until),
    ]
    assert table.agenda(own, until, 1) == [(f"A#{own}1", "2026-03-01T08:00:00+00:00")]
    assert table.agenda(own, "2026-02-28", 10) == []


def test_the_agenda_reads_over_pages(table: Table, own: str) -> None:
    for number in range(60):
        table.put(header(f"A#{own}{number:02d}", own, f"2026-03-01T08:00:{number:02d}+00:00"))
    assert [pk for pk, _ in table.agenda(own, "2026-03-02", 50)] == [f"A#{own}{number:02d}" for number in range(50)]


def test_an_item_leaves_the_agenda_with_its_moment(table: Table, own: str) -> None:
    pk = f"A#{own}"
    table.put(header(pk, own, "2026-03-01T08:00:00+00:00"))
    table.write(Write(put=(header(pk, own, "2026-03-05T08:00:00+00:00"),)))
    assert table.agenda(own, "2026-03-04", 10) == []
    assert table.agenda(own, "2026-03-06", 10) == [(pk, "2026-03-05T08:00:00+00:00")]
    table.write(Write(put=(header(pk, own, None),)))
    assert table.agenda(own, "2027", 10) == []
    table.put(header(pk, own, "2026-03-01T08:00:00+00:00"))
    table.delete(pk, "1#0")
    assert table.agenda(own, "2027", 10) == []


def test_the_headers_index_holds_headers_whole_and_nothing_else(table: Table, own: str) -> None:
    wanted = [header(f"A#{own}{n}", own, "2026-03-01T08:00:00+00:00", header_shard=own) for n in range(3)]
    for one in reversed(wanted):
        table.put(one)
        table.put(record(one.pk, "1#I#1"))
    table.put(header(f"A#{own}7", own, None, header_shard=f"{own}other"))
    assert list(table.headers(own)) == wanted
    table.put(header(wanted[0].pk, own, None))
    assert list(table.headers(own)) == wanted[1:]


def test_the_headers_index_reads_all_pages(table: Table, own: str) -> None:
    block = "x" * 150_000
    for number in range(10):
        table.put(Record(f"A#{own}{number}", "1#0", {"block": block}, header_shard=own))
    assert [one.pk for one in table.headers(own)] == [f"A#{own}{number}" for number in range(10)]


def test_shards_are_stable_and_spread() -> None:
    found = [keys.shard(keys.account(f"C-{number}")) for number in range(800)]
    assert set(found) == set(keys.shards())
    assert min(found.count(name) for name in keys.shards()) > 50
    assert keys.shard("A#C-1") == keys.shard("A#C-1")
