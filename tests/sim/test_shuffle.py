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
from duly.store.queues import RISK_UPLOAD, STATEMENT_UPLOAD, Message
from local.business import SHOP_FOLDER, SHOP_PROFILE, make_business
from local.debtors import Debtors
from local.writers import csv_bytes

POLICY = Path(__file__).parents[2] / "policies" / "demo.toml"
DAYS = 66  # three bank statements, two of which overlap
ORDERS = 6
PROFILE = f"policy/profiles/{SHOP_FOLDER}.toml"
CORRECTIONS = "invoices/corrections.csv"
Files = list[tuple[str, bytes]]


def files_of_the_business() -> Files:
    """Everything that the demonstration's business uploads in its first nine weeks, but its mapping profile: it is in
    force from its arrival on."""
    business = make_business()
    debtors = Debtors(business)
    found: Files = []
    for offset in range(DAYS):
        day = business.start + timedelta(days=offset)
        found += [(upload.key, upload.data) for upload in (*business.uploads_on(day), *debtors.statements_on(day))]
    return [(key, data) for key, data in found if key != PROFILE]


def at_noon() -> datetime:
    return datetime.combine(make_business().start + timedelta(days=DAYS), datetime.min.time(), UTC)


@pytest.fixture(scope="module")
def all_files() -> Files:
    return files_of_the_business()


@pytest.fixture(scope="module")
def files(all_files: Files) -> Files:
    """All but the one that contradicts another: of two statements about a number the one that arrived last counts."""
    found = [(key, data) for key, data in all_files if key != CORRECTIONS]
    assert len(found) == len(all_files) - 1
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
        stack.upload(PROFILE, SHOP_PROFILE.encode(), now)
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


@pytest.mark.parametrize("seed", range(3))
def test_a_correction_counts_in_any_order_of_work(all_files: Files, seed: int) -> None:
    """Each file keeps the moment of its arrival, the correcting one that of the last; the order of work is any."""
    chance = random.Random(f"work {seed}")
    arrivals = [(number, key, data) for number, (key, data) in enumerate(all_files)]
    ends = []
    for order in (arrivals, chance.sample(arrivals, len(arrivals))):
        stack = uploaded([])
        for number, key, data in order:
            stack.upload(key, data, at_noon() + timedelta(minutes=number + 1))
            stack.work()
        ends.append(audit.canonical(clean(stack).edge))
    assert ends[0] == ends[1]
    void = [invoice for invoice in make_business().invoices if invoice.is_void]
    assert len(void) == 2
    assert not any(one.number in ends[0]["customers"][one.customer]["items"] for one in void)


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


# --- what contradicts: corrections, cancellations, replacements -----------------------------------------------------
HEADER = ("number", "customer", "name", "issued", "due", "amount", "currency", "type", "for_invoice", "reference")
START = datetime(2026, 3, 2, 6, tzinfo=UTC)


def contradicting(seed: int, repeating: bool = False) -> list[tuple[str, bytes, datetime]]:
    """Files of one day that say different things about the same numbers, each with its arrival. With ``repeating`` a
    later file may say again what an earlier one said, and another one otherwise in between."""
    chance = random.Random(f"contradictions {seed}")
    numbers = [f"RE-{n:03d}" for n in range(24)]
    found: list[tuple[str, bytes, datetime]] = []
    for file in range(9):
        rows = []
        for number in chance.sample(numbers, 12):
            owner = int(number[-3:]) % 4
            day = f"2026-02-{chance.randrange(1, 4):02d}"
            due = chance.choice(["", "2026-02-20", "2026-03-10"])
            kind = chance.choice(["invoice"] * 6 + ["storno", "correction", "credit_note"])
            amount = f"{chance.choice([50, 80, 120])}.{0 if repeating else file:02d}"
            own, other = number, ""
            if kind == "correction":
                own, other = f"{number}-K{chance.randrange(2)}", number
            elif kind == "credit_note":
                own, other = f"CN-{number}", number
            # the buyer is named by id, or by name alone, which gathers on a provisional account at first
            buyer = (f"C-{owner}", "") if chance.random() < 0.6 else ("", f"Debtor number {owner} GmbH")
            rows.append((own, *buyer, day, due, amount, "EUR", kind, other, ""))
        found.append((f"invoices/{file}.csv", csv_bytes(HEADER, rows), START + timedelta(minutes=20 * file)))
    customers = [(f"C-{n}", f"Debtor number {n} GmbH", "DE", "10" if n % 2 else "") for n in range(4)]
    header = ("id", "name", "country", "terms_days")
    found.append(("customers/all.csv", csv_bytes(header, customers), START + timedelta(minutes=50)))
    payments = [
        ("DE89370400440532013000", "2026-03-01", chance.choice(["50.00", "80.00", "130.00"]), "EUR", text, f"B{n}")
        for n, text in enumerate(
            " ".join(chance.sample([*numbers, *(f"{one}-K0" for one in numbers)], chance.randrange(1, 3)))
            for _ in range(20)
        )
    ]
    header = ("account", "booked", "amount", "currency", "text", "bank_reference")
    found.append(("statements/day.csv", csv_bytes(header, payments), START + timedelta(minutes=70)))
    return found


class AnyOrder(TwinStack):
    """Files are registered as they arrive; what is to be done about them comes in any order, as after a redrive."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def _next(self) -> tuple[str, Message] | None:
        for queue in (RISK_UPLOAD, STATEMENT_UPLOAD):
            if self.queues.queues.get(queue):
                return queue, self.queues.queues[queue].popleft()
        waiting = [(queue, message) for queue, found in self.queues.queues.items() for message in found]
        if not waiting:
            return None
        queue, message = self.chance.choice(waiting)
        self.queues.queues[queue].remove(message)
        return queue, message


def taken(found: list[tuple[str, bytes, datetime]], at_once: bool = False) -> TwinStack:
    """The files worked on in this order; when each arrived is fixed."""
    stack = TwinStack()
    for key, data, at in found:
        stack.upload(key, data, at)
        if not at_once:
            stack.work()
    stack.work()
    assert audit.audit(stack.edge, START + timedelta(hours=10)).problems == []
    return stack


@pytest.mark.parametrize("seed", range(3))
def test_repetitions_count_even_when_what_arrived_before_them_is_worked_on_after(seed: int) -> None:
    found = contradicting(seed, repeating=True)
    in_order = audit.canonical(taken(found).edge)
    for attempt in range(3):
        stack = AnyOrder(random.Random(f"messages {seed} {attempt}"))
        for key, data, at in found:
            stack.upload(key, data, at)
        stack.work()
        assert audit.audit(stack.edge, START + timedelta(hours=10)).problems == []
        assert audit.canonical(stack.edge) == in_order


@pytest.mark.parametrize("seed", range(4))
def test_contradicting_files_end_in_what_arrived_last(seed: int) -> None:
    found = contradicting(seed)
    in_order = audit.canonical(taken(found).edge)
    assert any(one.get("cancelled") for one in in_order["customers"].values())
    chance = random.Random(f"order {seed}")
    for attempt in range(4):
        shuffled = found + chance.sample(found, 3)
        chance.shuffle(shuffled)
        assert audit.canonical(taken(shuffled, at_once=attempt % 2 == 1).edge) == in_order
