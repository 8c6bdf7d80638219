"""Files in chunks: the same accounts and the same receipt as read whole, however often a process ends or freezes."""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from duly.flows import audit, large
from duly.flows.edge import Scale
from duly.flows.twin import TwinStack
from duly.store.memory import no_fault
from duly.store.queues import CUSTOMER
from tests.sim import small_world as world

SMALL = Scale(
    whole_bytes=2_000,
    chunk_bytes=3_000,
    row_bytes=100_000,
    segment_rows=7,
    invoices_per_message=25,
    customers_per_message=3,
)
HEADER = "number,customer,issued,due,amount,currency,type,terms,order,name"
CUSTOMER_HEADER = "id,name,country,language,timezone,kind,vat_id,email,role,scenario"
SEED = 20260302
MOST_POINTS = 20


def invoices(count: int, dates: str = "2026-01-{:02d}") -> bytes:
    """Invoices of a dozen customers with duplicates, changed repetitions, and rows that cannot be used."""
    chance = random.Random(SEED)
    rows = [HEADER]
    for number in range(count):
        buyer = f"K{chance.randrange(12)}" if number % 17 else ""
        name = f'"Known, {chance.randrange(3)}"' if not buyer else ""
        issued = dates.format(1 + number % 28, number % 12 + 1)
        row = f"RX-{number:05d},{buyer},{issued},,{chance.randrange(1, 999)}.00,EUR,invoice,30 days net,,{name}"
        if number % 29 == 0:
            row = row.replace("EUR", "EURO")
        if number % 31 == 0:
            row = row.replace(issued, "some day")
        if number % 37 == 0:
            row = f'"{row}'
        if number % 41 == 0:
            row = row.replace("30 days net", '"30 days\nnet"')
        rows.append(row)
        if number % 23 == 0:
            rows.append(row)
        if number % 43 == 0:
            rows.append(row.replace(".00", ".50"))
    return "\n".join([*rows, ""]).encode()


def customers(count: int) -> bytes:
    rows = [CUSTOMER_HEADER]
    for number in range(count):
        rows += [
            f"K{number},Kunde {number} GmbH,DE,de,Europe/Berlin,business,,a{number}@k.example,billing,standard"
        ] * 2
    rows += [f"C,Crowd,DE,de,Europe/Berlin,business,,a{number}@c.example,billing,standard" for number in range(60)]
    return "\n".join([*rows[:20], *rows[30:], *rows[20:30], ""]).encode()


KEYS = {"invoices/open.csv": invoices(420), "customers/all.csv": customers(200)}


def stack_of(scale: Scale) -> TwinStack:
    stack = TwinStack(scale=scale)
    stack.upload("policy/policy.toml", world.POLICY, world.at(0, 5))
    stack.work()
    return stack


def take(stack: TwinStack, key: str, data: bytes) -> None:
    stack.upload(key, data, world.at(0, 6))
    stack.work()


def receipt(stack: TwinStack, key: str) -> dict[str, Any]:
    (name,) = [one for one in stack.objects.keys(f"receipts/{key}/") if one.endswith("/receipt.json")]
    found = stack.objects.get(name)
    assert found is not None
    result: dict[str, Any] = json.loads(found.data)
    return result


def rejected_lines(stack: TwinStack, key: str) -> Counter[str]:
    """The lines of all files of rejects that the receipt names, or that lie beside it."""
    folder = next(iter(stack.objects.keys(f"receipts/{key}/"))).rpartition("/")[0]
    names = receipt(stack, key).get("reject_files", ["rejects.csv", "rejects-accounts.csv"])
    lines: Counter[str] = Counter()
    for name in names:
        found = stack.objects.get(f"{folder}/{name}")
        lines.update(found.data.decode().splitlines()[1:] if found else [])
    return lines


def same(one: TwinStack, other: TwinStack, key: str) -> bool:
    mine, theirs = receipt(one, key), receipt(other, key)
    mine.pop("reject_files", None)
    theirs.pop("reject_files", None)
    return (
        mine == theirs
        and rejected_lines(one, key) == rejected_lines(other, key)
        and audit.canonical(one.edge) == audit.canonical(other.edge)
    )


def sound(stack: TwinStack) -> bool:
    return not audit.audit(stack.edge, world.at(1, 6)).problems and not list(
        world.wrong_receipts(stack, world.at(1, 6))
    )


@pytest.fixture(autouse=True)
def equal_salts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = secrets.token_hex
    monkeypatch.setattr(secrets, "token_hex", lambda size: "5a" * size if size == 8 else real(size))
    yield


@pytest.fixture(scope="module")
def whole() -> dict[str, TwinStack]:
    """The files taken in as small ones."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        real = secrets.token_hex
        patch.setattr(secrets, "token_hex", lambda size: "5a" * size if size == 8 else real(size))
        for key, data in KEYS.items():
            found[key] = stack_of(Scale())
            take(found[key], key, data)
    return found


@pytest.mark.parametrize("key", KEYS)
def test_a_file_in_chunks_gives_accounts_and_receipt_of_the_file_read_whole(
    whole: dict[str, TwinStack], key: str
) -> None:
    stack = stack_of(SMALL)
    take(stack, key, KEYS[key])
    uploads = {upload.key: upload for upload in stack.edge.uploads.all(world.at(1, 6), months=2)}
    assert uploads[key].chunks > 2 and uploads[key].messages > 5
    assert same(stack, whole[key], key)
    assert sound(stack)
    assert receipt(stack, key)["adds_up"]
    assert not stack.edge.uploads.open_count(uploads[key].kind)


@pytest.mark.parametrize("key", KEYS)
def test_an_end_at_any_call_changes_nothing_in_the_end(whole: dict[str, TwinStack], key: str) -> None:
    start = stack_of(SMALL)
    calls = world.calls_of(lambda stack: take(stack, key, KEYS[key]), forked(start))
    points = world.distinct_ends(calls)
    chance = random.Random(f"{SEED} {key}")
    for point in sorted(chance.sample(points, min(MOST_POINTS, len(points)))):
        stack = forked(start)
        stack.set_fault(world.EndAt(frozenset({point, point + chance.randrange(1, 40)})))
        take(stack, key, KEYS[key])
        stack.set_fault(no_fault)
        assert same(stack, whole[key], key), f"ended {calls[point]}, call {point}"
        assert sound(stack), f"ended {calls[point]}, call {point}"


@pytest.mark.parametrize("key", KEYS)
def test_lost_answers_change_nothing_in_the_end(whole: dict[str, TwinStack], key: str) -> None:
    start = stack_of(SMALL)
    for point in random.Random(f"{SEED} {key}").sample(range(60), 6):
        stack = forked(start)
        stack.set_fault(world.LoseAnswer(point))
        take(stack, key, KEYS[key])
        stack.set_fault(no_fault)
        assert same(stack, whole[key], key), f"lost the answer of write {point}"


@pytest.mark.parametrize("key", KEYS)
def test_a_frozen_process_is_overtaken(whole: dict[str, TwinStack], key: str) -> None:
    """A process stops at a call until others have closed the upload, then goes on as if nothing had been."""
    start = stack_of(SMALL)
    calls = world.calls_of(lambda stack: take(stack, key, KEYS[key]), forked(start))
    points = [number for number, call in enumerate(calls) if world.has_effect(call)]
    for point in random.Random(f"{SEED} frozen {key}").sample(points, 10):
        stack = forked(start)
        pause = world.PauseAt(stack, point, lambda _: None)
        stack.set_fault(pause)
        take(stack, key, KEYS[key])
        stack.set_fault(no_fault)
        stack.work()
        assert same(stack, whole[key], key), f"frozen {calls[point]}, call {point}"
        (upload,) = [one for one in stack.edge.uploads.all(world.at(1, 6), months=2) if one.key == key]
        assert upload.state == "closed", f"frozen {calls[point]}, call {point}"


@pytest.mark.parametrize("key", KEYS)
def test_every_message_comes_twice(whole: dict[str, TwinStack], key: str) -> None:
    stack = world.TwiceStack(scale=SMALL)
    stack.upload("policy/policy.toml", world.POLICY, world.at(0, 5))
    stack.work()
    take(stack, key, KEYS[key])
    assert same(stack, whole[key], key)
    assert sound(stack)


def forked(stack: TwinStack) -> TwinStack:
    twin = world.fork(stack)
    twin.edge.scale = stack.edge.scale
    return twin


def test_dates_that_only_the_last_chunk_explains_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duly.flows.intake.HEAD_BYTES", 1_000)
    data = invoices(200, dates="{1:02d}/03/2026")
    data += b"RX-99999,K1,31/03/2026,30/04/2026,5.00,EUR,invoice,,,\n"
    stacks = [stack_of(scale) for scale in (SMALL, Scale())]
    for stack in stacks:
        take(stack, "invoices/open.csv", data)
    assert "dates as day/month/year" in receipt(stacks[0], "invoices/open.csv")["notes"]
    assert same(*stacks, "invoices/open.csv")
    assert "upload_read_again" in {code for code, _ in stacks[0].observer.lines}


@pytest.mark.parametrize(
    "data",
    [
        KEYS["invoices/open.csv"].replace(b"number,customer,issued", b"strange,header,here"),
        KEYS["invoices/open.csv"] + b"\x00",
        KEYS["invoices/open.csv"].replace(b"Known, 1", "Ünknown, 1".encode()) + b"\xff\n",
        CUSTOMER_HEADER.encode() + b"\n" + b"K1,Kunde,DE,,,,,,,\n" * 300,
        b"\n".join(KEYS["invoices/open.csv"].splitlines()[:1] + [b",,,,,,,,,"] * 400),
        b"\n".join(KEYS["invoices/open.csv"].splitlines()[:1] + [b"R1,K1,2026-01-01,,x,EUR,,,,"] * 300),
    ],
)
def test_a_file_that_is_refused_is_refused_alike(data: bytes) -> None:
    stacks = [stack_of(scale) for scale in (SMALL, Scale())]
    for stack in stacks:
        take(stack, "invoices/open.csv", data)
    assert same(*stacks, "invoices/open.csv")


def test_a_file_beyond_the_largest_is_refused() -> None:
    stack = stack_of(replace(SMALL, largest_bytes=5_000))
    take(stack, "invoices/open.csv", KEYS["invoices/open.csv"])
    assert receipt(stack, "invoices/open.csv")["reasons"] == {"file_too_large": 1}


def test_an_open_row_longer_than_any_may_be_is_refused() -> None:
    stack = stack_of(replace(SMALL, row_bytes=2_000))
    take(stack, "invoices/open.csv", KEYS["invoices/open.csv"] + b"x" * 9_000)
    assert receipt(stack, "invoices/open.csv")["reasons"] == {"too_large": 1}


def test_a_message_without_time_is_sent_again_and_resumes(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = stack_of(replace(SMALL, most_buckets=2))
    clock = [30.0]
    monkeypatch.setattr("duly.flows.twin._plenty", lambda: clock[0])
    register = large.take_part

    def slow(*arguments: Any) -> Any:
        clock[0] -= 9.0
        return register(*arguments)

    monkeypatch.setattr(large, "take_part", slow)
    sent: list[dict[str, Any]] = []
    deliver: Callable[..., None] = stack._deliver

    def fresh(queue: str, body: dict[str, Any]) -> None:
        clock[0] = 30.0 + 10 * int(body.get("attempt", 0))
        if queue == CUSTOMER:
            sent.append(body)
        deliver(queue, body)

    monkeypatch.setattr(stack, "_deliver", fresh)
    take(stack, "invoices/open.csv", KEYS["invoices/open.csv"])
    assert max(int(body.get("attempt", 0)) for body in sent) > 0
    other = stack_of(Scale())
    take(other, "invoices/open.csv", KEYS["invoices/open.csv"])
    assert same(stack, other, "invoices/open.csv")
