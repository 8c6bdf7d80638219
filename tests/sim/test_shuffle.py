"""The uploads of a day in any order, split or doubled, end in the same balances; a second run changes nothing."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from duly.flows import audit
from duly.flows.twin import TwinStack
from local.business import make_business
from local.debtors import Debtors

POLICY = Path(__file__).parents[2] / "policies" / "demo.toml"
DAYS = 66  # three bank statements, two of which overlap
ORDERS = 6
Files = list[tuple[str, bytes]]


def files_of_the_business() -> Files:
    """Everything that the demonstration's business uploads in its first nine weeks."""
    business = make_business()
    debtors = Debtors(business)
    found: Files = []
    for offset in range(DAYS):
        day = business.start + timedelta(days=offset)
        found += [(upload.key, upload.data) for upload in (*business.uploads_on(day), *debtors.statements_on(day))]
    return found


def at_noon() -> datetime:
    return datetime.combine(make_business().start + timedelta(days=DAYS), datetime.min.time(), UTC)


@pytest.fixture(scope="module")
def files() -> Files:
    found = files_of_the_business()
    kinds = {key.partition("/")[0] for key, _ in found}
    assert {"customers", "invoices", "statements"} <= kinds and len(found) > 20
    return found


@pytest.fixture(scope="module")
def in_order(files: Files) -> TwinStack:
    return uploaded(files)


def uploaded(files: Files, at_once: bool = False, before: TwinStack | None = None) -> TwinStack:
    """One day on which all files come, one after the other or all together; no tick in between."""
    stack = before or TwinStack()
    now = at_noon()
    if before is None:
        stack.upload("policy/demo.toml", POLICY.read_bytes(), now)
        stack.work()
    for number, (key, data) in enumerate(files):
        stack.upload(key, data, now + timedelta(minutes=number + 1))
        if not at_once:
            stack.work()
    stack.work()
    return stack


def clean(stack: TwinStack) -> TwinStack:
    assert audit.audit(stack.edge, at_noon()).problems == []
    return stack


def split(files: Files, chance: random.Random) -> Files:
    """Cut CSV files into two of some rows each; other files stay whole."""
    found: Files = []
    for key, data in files:
        lines = data.splitlines(keepends=True)
        if key.endswith(".csv") and key.startswith("invoices/") and len(lines) > 3:
            middle = chance.randrange(2, len(lines) - 1)
            found.append((f"{key}.1.csv", b"".join(lines[:middle])))
            found.append((f"{key}.2.csv", b"".join([lines[0], *lines[middle:]])))
        else:
            found.append((key, data))
    return found


def versions(stack: TwinStack) -> dict[str, int]:
    """The number of journal entries of every account and bank transaction."""
    table = stack.tables[0]
    return {pk: len(table.query(pk, "3#")) for pk in table.partitions() if pk[:2] in ("A#", "T#")}


def test_the_day_has_what_an_order_could_break(in_order: TwinStack) -> None:
    balances = audit.canonical(clean(in_order).edge)
    paid = [item for one in balances["customers"].values() for item in one["items"].values() if item["paid_by"]]
    assert len(paid) > 10
    assert balances["suspense"]


@pytest.mark.parametrize("seed", range(ORDERS))
def test_any_order_ends_in_the_same_balances(files: Files, in_order: TwinStack, seed: int) -> None:
    chance = random.Random(f"order {seed}")
    shuffled = split(files, chance) if seed % 2 else list(files)
    shuffled += chance.sample(shuffled, len(shuffled) // 3)  # some come twice, as new versions of their objects
    chance.shuffle(shuffled)
    stack = clean(uploaded(shuffled, at_once=seed >= ORDERS // 2))
    assert audit.canonical(stack.edge) == audit.canonical(in_order.edge)


def test_money_before_invoices_before_customers(files: Files, in_order: TwinStack) -> None:
    order = ("statements", "invoices", "customers")
    backwards = sorted(files, key=lambda file: order.index(file[0].partition("/")[0]))
    assert audit.canonical(clean(uploaded(backwards)).edge) == audit.canonical(in_order.edge)


def test_a_second_run_changes_nothing(files: Files) -> None:
    stack = uploaded(files)
    before, balances = versions(stack), audit.canonical(stack.edge)
    first = {upload.id for upload in stack.edge.uploads.all(at_noon())}
    uploaded(files, before=stack)
    assert versions(stack) == before
    assert audit.canonical(clean(stack).edge) == balances
    again = [upload for upload in stack.edge.uploads.all(at_noon()) if upload.id not in first]
    for upload in again:
        found = stack.objects.get(upload.receipt)
        assert found is not None
        receipt = json.loads(found.data)
        assert receipt["adds_up"]
        assert receipt["rows"]["applied"] == 0, upload.key
    assert len(again) == len(files)


# --- what files say of one customer
SAYS = (
    ("id,name,country,email,credit_limit", "C-1,Nebel,DE,old@nebel.example,500.00", "C-2,Dunst,AT,,100.00"),
    (
        "id,name,parent,terms_days,credit_limit,limit_currency",
        "C-1,Nebel GmbH,C-0,30,900.00,EUR",
        "C-1,Nebel GmbH,C-0,30,70,CHF",
    ),
    (
        "id,name,email,role,external_score",
        "C-1,Nebel AG,new@nebel.example,billing,120",
        "C-1,Nebel AG,boss@nebel.example,management,",
    ),
    ("id,name,parent,country", "C-1,Nebel SE,,", "C-2,Dunst KG,C-1,CH"),
)


@pytest.mark.parametrize("order", list(permutations(range(len(SAYS)))))
def test_customer_files_count_in_the_order_of_their_arrival(order: tuple[int, ...]) -> None:
    """Files that are worked on in any order, and twice, leave the record that they leave in the order of arrival."""
    stack = TwinStack()
    stack.upload("policy/demo.toml", POLICY.read_bytes(), at_noon())
    stack.work()
    for number in (*order, *order):
        stack.upload(
            f"customers/{number}.csv", "\n".join(SAYS[number]).encode(), at_noon() + timedelta(minutes=number + 1)
        )
        stack.work()
    account = clean(stack).edge.accounts.load("C-1")
    header = account.header
    assert (header.country, header.parent, header.terms_days, header.external_permille) == ("", "", 30, 120)
    assert header.limit_minor == {"EUR": 90000, "CHF": 7000}
    assert account.personal["name"] == "Nebel SE"
    assert [contact["email"] for contact in account.personal["contacts"]] == ["new@nebel.example", "boss@nebel.example"]
    other = stack.edge.accounts.load("C-2").header
    assert (other.country, other.parent, other.limit_minor) == ("CH", "C-1", {"EUR": 10000})
