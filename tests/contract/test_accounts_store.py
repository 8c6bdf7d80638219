"""Accounts on a table, the memory twin and DynamoDB alike: load, commit, rebuild, and what may go wrong on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments
from duly.domain.cash import receive, withdraw
from duly.domain.dunning import attempt_of
from duly.store import journal, keys, lookups
from duly.store.accounts import MAX_CHANGES, MAX_EXTRA, AccountStore, TooMuch, decide_and_commit, projections
from duly.store.tables import Conflict, OutcomeUnknown, Record, Table, Write

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
Events = list[ev.Event]


def nothing_due(account: Account) -> Moments:
    del account
    return Moments()


@pytest.fixture
def store(table: Table) -> AccountStore:
    return AccountStore(table)


class Faulty:
    """A table in front of another: each named operation can be replaced for one call or more."""

    def __init__(self, table: Table) -> None:
        self.real = table
        self.writes = 0
        self.before_write: Any = None
        self.lost_answers: list[bool] = []  # per write: True loses the answer after, False before it is done
        self.queries: list[list[Record]] = []  # answers given instead of the real ones

    def get(self, pk: str, sk: str) -> Record | None:
        return self.real.get(pk, sk)

    def get_many(self, pk: str, sks: Sequence[str]) -> dict[str, Record]:
        return self.real.get_many(pk, sks)

    def query(self, pk: str, prefix: str = "", limit: int | None = None) -> list[Record]:
        if self.queries and prefix == keys.LIVE:
            return self.queries.pop(0)
        return self.real.query(pk, prefix, limit)

    def write(self, write: Write) -> None:
        self.writes += 1
        if self.before_write is not None:
            hook, self.before_write = self.before_write, None
            hook()
        lost = self.lost_answers.pop(0) if self.lost_answers else None
        if lost is False:
            raise OutcomeUnknown("lost before")
        self.real.write(write)
        if lost:
            raise OutcomeUnknown("lost after")

    def put(self, record: Record) -> None:
        self.real.put(record)

    def create(self, record: Record) -> bool:
        return self.real.create(record)

    def delete(self, pk: str, sk: str) -> None:
        self.real.delete(pk, sk)

    def agenda(self, shard: str, until: str, limit: int) -> list[tuple[str, str]]:
        return self.real.agenda(shard, until, limit)

    def headers(self, shard: str) -> Iterator[Record]:
        return self.real.headers(shard)


def invoice(number: str, amount_minor: int = 10_000, line: int = 2, **rest: Any) -> ev.InvoiceRegistered:
    facts: dict[str, Any] = {
        "key": number,
        "number": number,
        "issued": DAY - timedelta(days=30),
        "due": DAY,
        "due_source": "stated",
        "amount_minor": amount_minor,
        "currency": "EUR",
        "upload": "u1",
        "line": line,
    }
    return ev.InvoiceRegistered(**{**facts, **rest})


def payment(key: str, amount_minor: int, names: tuple[str, ...], value: date = DAY) -> ev.CashReceived:
    return ev.CashReceived(key, "payment", amount_minor, "EUR", value, names, "u2", 1)


def commit(store: AccountStore, account: Account, events: Events, **rest: Any) -> Account:
    return store.commit(account, events, NOW, nothing_due, **rest)


def pay(store: AccountStore, account_id: str, cash: ev.CashReceived) -> Account:
    also = [("cash", cash.cash), *(("items", name) for name in cash.names)]
    account = store.load(account_id, also, linked=True)
    events = receive(account, cash, DAY)
    return commit(store, account, events) if events else account


def stored(store: AccountStore, account_id: str) -> dict[str, tuple[Any, int]]:
    pk = keys.account(account_id)
    found = store.table.query(pk, keys.LIVE) + store.table.query(pk, keys.CLOSED)
    return {one.sk: (one.body, one.version) for one in found if not one.sk.startswith(keys.personal("", live=False))}


def assert_true_to_journal(store: AccountStore, account_id: str) -> Account:
    """The tables hold exactly what the journal says, and a load passes its digest."""
    rebuilt = store.rebuild(account_id)
    assert {one.sk: (one.body, one.version) for one in projections(rebuilt)} == stored(store, account_id)
    alarms: list[str] = []
    loaded = AccountStore(store.table, lambda code, _: alarms.append(code)).load(account_id)
    assert alarms == []
    assert (loaded.version, loaded.last_hash, loaded.digest) == (rebuilt.version, rebuilt.last_hash, rebuilt.digest)
    assert loaded.header == rebuilt.header
    assert loaded.personal == rebuilt.personal
    return rebuilt


# --- load and commit


def test_an_account_nobody_wrote_is_empty(store: AccountStore, own: str) -> None:
    account = store.load(own, [("items", "I-1"), ("tasks", "t")], linked=True)
    assert (account.version, account.exists, account.items) == (0, False, {})
    assert store.rebuild(own).version == 0


def test_what_was_committed_is_loaded(store: AccountStore, own: str) -> None:
    account = commit(store, store.load(own), [invoice("I-1"), invoice("I-2", line=3)])
    assert account.version == 1
    loaded = store.load(own)
    assert loaded.items == account.items
    assert sorted(loaded.items) == ["I-1", "I-2"]
    assert_true_to_journal(store, own)


def test_equal_amounts_and_addresses_make_one_lookup(store: AccountStore, own: str) -> None:
    """DynamoDB refuses one item twice in a transaction."""
    contacts = [{"id": role, "role": role, "email": "Same@debtor.example"} for role in ("billing", "dunning")]
    personal = {"name": f"Debtor {own}", "vat_id": f"DE{own}", "contacts": contacts}
    customer = ev.CustomerRegistered(own, "p1", "h1", "DE", "de", "Europe/Berlin", "business")
    numbers = [f"{own}-1", f"{own}-2"]
    commit(store, store.load(own), [customer, *map(invoice, numbers)], personal={"p1": personal})
    for number in numbers:
        assert lookups.find(store.table, lookups.REFERENCE, number.replace("-", "").upper()) == [
            lookups.Answer(own, number)
        ]
    assert lookups.find(store.table, lookups.VAT, f"DE{own}".upper()) == [lookups.Answer(own)]
    assert_true_to_journal(store, own)


def test_only_what_changed_is_written(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1"), invoice("I-2", line=3)])
    pay(store, own, payment("p", 4_000, ("I-1",)))
    versions = {sk: version for sk, (_, version) in stored(store, own).items()}
    assert versions == {"1#0": 2, "1#I#I-1": 2, "1#I#I-2": 1, "2#C#p": 2}


def test_closed_items_leave_the_load_and_come_by_key(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1"), invoice("I-2", line=3)])
    pay(store, own, payment("p", 10_000, ("I-1",)))
    assert sorted(store.load(own).items) == ["I-2"]
    assert store.load(own).cash == {}
    by_key = store.load(own, [("items", "I-1"), ("items", "nothing"), ("items", "I-2")])
    assert by_key.items["I-1"].state == "paid"
    assert by_key.cash == {}
    assert_true_to_journal(store, own)


def test_linked_loads_bring_all_that_a_payment_may_move(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice(f"I-{n}", line=n) for n in range(1, 5)])
    pay(store, own, payment("p1", 20_000, ("I-1", "I-2")))
    pay(store, own, payment("p2", 5_000, ("I-2", "I-3")))
    pay(store, own, payment("p3", 5_000, ("I-3",)))
    linked = store.load(own, [("items", "I-1")], linked=True)
    assert {"p1", "p2", "p3"} == set(linked.cash)
    assert {"I-1", "I-2", "I-3"} <= set(linked.items)
    assert set(store.load(own, [("items", "I-1")]).cash) == set()
    assert_true_to_journal(store, own)


def test_a_closed_item_opens_again(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1")])
    pay(store, own, payment("p", 10_000, ("I-1",)))
    account = store.load(own, [("cash", "p")], linked=True)
    commit(store, account, withdraw(account, "p", "moved"))
    loaded = store.load(own)
    assert (loaded.items["I-1"].state, loaded.items["I-1"].episode) == ("open", 2)
    assert "2#I#I-1" not in stored(store, own)
    assert_true_to_journal(store, own)


def test_the_agenda_follows_the_commit(store: AccountStore, own: str) -> None:
    due_at, upkeep_at = datetime(2026, 3, 9, 8, 1, tzinfo=UTC), datetime(2026, 3, 11, 23, 0, tzinfo=UTC)
    account = store.commit(store.load(own), [invoice("I-1")], NOW, lambda _: Moments(due_at, upkeep_at))
    assert (store.load(own).header.due_at, store.load(own).header.upkeep_at) == (due_at, upkeep_at)
    shard, pk = keys.shard(keys.account(own)), keys.account(own)

    def places(until: datetime) -> list[str]:
        found = store.table.agenda(shard, keys.agenda_until(until), 1_000)
        return [place for one, place in found if one == pk]

    (place,) = places(due_at)
    assert places(due_at - timedelta(seconds=1)) == []
    assert not keys.upkeep_is_due(place, due_at)
    assert keys.upkeep_is_due(place, upkeep_at)
    assert_true_to_journal(store, own)
    commit(store, account, [invoice("I-2", line=3)])
    assert places(datetime(2030, 1, 1, tzinfo=UTC)) == []
    assert_true_to_journal(store, own)


def test_personal_items_are_replaced_and_the_earlier_ones_kept_apart(store: AccountStore, own: str) -> None:
    def register(personal: str, body: dict[str, Any], scenario: str = "") -> None:
        event = ev.CustomerRegistered(own, personal, personal, "DE", "de", "Europe/Berlin", "business", scenario)
        commit(store, store.load(own), [event], personal={personal: body})

    register("p1", {"name": "first"})
    register("p1", {"name": "first"}, scenario="firm")
    assert_true_to_journal(store, own)
    register("p2", {"name": "second"})
    assert store.load(own).personal == {"name": "second"}
    earlier = store.table.get(keys.account(own), keys.personal("p1", live=False))
    assert earlier is not None
    assert earlier.body == {"name": "first"}
    assert_true_to_journal(store, own)
    register("p1", {"name": "first"})
    assert store.load(own).personal == {"name": "first"}
    assert_true_to_journal(store, own)
    entries = journal.read(store.table, keys.account(own))
    assert not any("first" in str(ev.to_data(event)) for entry in entries for event in entry.events)


def test_a_commit_of_nothing_writes_nothing(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    assert decide_and_commit(store, own, lambda _: [], NOW, nothing_due).version == 0
    assert faulty.writes == 0


# --- size


def test_a_payment_over_150_invoices_is_committed_in_parts(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:03d}" for n in range(150)]
    commit(store, store.load(own), [invoice(number, 100 + n, n) for n, number in enumerate(numbers)])
    faulty.writes = 0
    total = sum(100 + n for n in range(150))
    account = pay(store, own, payment("p", total, tuple(numbers)))
    assert faulty.writes > 1
    assert store.load(own).items == {}
    assert account.cash["p"].unallocated_minor == 0
    assert sum(account.cash["p"].allocations.values()) == total
    rebuilt = assert_true_to_journal(store, own)
    assert all(item.state == "paid" for item in rebuilt.items.values())


def test_a_payment_cut_off_between_its_parts_is_finished_by_the_next_attempt(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:03d}" for n in range(150)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    received = payment("p", 15_000, tuple(numbers))
    for _ in range(10):
        faulty.lost_answers = [True, False]  # one part more each time
        try:
            pay(store, own, received)
        except OutcomeUnknown:
            continue
        break
    assert faulty.lost_answers == [] or store.load(own).items == {}
    faulty.lost_answers = []
    pay(store, own, received)
    assert store.load(own).items == {}
    assert pay(store, own, received).version == store.load(own).version
    assert_true_to_journal(store, own)


def test_a_withdrawal_cut_off_between_its_parts_is_finished_by_the_next_attempt(table: Table, own: str) -> None:
    """What the money paid is paid by the other money that names it, in the end."""
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:03d}" for n in range(100)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    pay(store, own, payment("p", 10_000, tuple(numbers)))
    pay(store, own, payment("q", 10_000, tuple(numbers), DAY + timedelta(days=1)))
    for _ in range(20):
        account = store.load(own, [("cash", "p")], linked=True)
        events = withdraw(account, "p", "moved")
        faulty.lost_answers = [True, False]
        try:
            commit(store, account, events)
        except OutcomeUnknown:
            continue
        break
    faulty.lost_answers = []
    rebuilt = assert_true_to_journal(store, own)
    assert rebuilt.cash["p"].state == "withdrawn"
    assert all(item.state == "paid" and item.allocations == {"q": 100} for item in rebuilt.items.values())
    assert rebuilt.cash["q"].state == "used"


def test_many_payments_that_give_way_to_an_older_one_fit_in_transactions(store: AccountStore, own: str) -> None:
    """Each change touches an item and a payment, and each of them may move between live and closed."""
    numbers = [f"I-{n:02d}" for n in range(40)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    for number in numbers:
        pay(store, own, payment(f"p-{number}", 100, (number,)))
    pay(store, own, payment("older", 4_000, tuple(numbers), DAY - timedelta(days=5)))
    rebuilt = assert_true_to_journal(store, own)
    assert all(item.allocations == {"older": 100} for item in rebuilt.items.values())
    assert all(cash.unallocated_minor == (0 if key == "older" else 100) for key, cash in rebuilt.cash.items())


def claim_of(account: Account, numbers: list[str], at_once: int = 80) -> Events:
    notice = attempt_of("intent", account.version + 1)
    parts = tuple(ev.NoticeItem(number, 1, "first", 1, 0, 100) for number in numbers)
    groups = [numbers[start : start + at_once] for start in range(0, len(numbers), at_once)]
    reserved: Events = [ev.ItemsReserved(notice, tuple(group), NOW) for group in groups[:-1]]
    claim = ev.NoticeClaimed(notice, "intent", "email", "EUR", 1, "first", parts, ("c",), NOW, "v", "standard")
    return [*reserved, claim]


def test_a_claim_over_200_items_is_reserved_in_parts(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:03d}" for n in range(200)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    account = store.load(own)
    faulty.writes = 0
    after = commit(store, account, claim_of(account, numbers))
    assert faulty.writes == 3
    (notice,) = after.notices.values()
    assert notice.claim_version == after.version == account.version + 3
    assert {item.notice for item in store.load(own).items.values()} == {notice.key}
    assert lookups.find(store.table, lookups.TOKEN, notice.key) == [lookups.Answer(own, notice.key)]
    done = [ev.StepsRecorded(notice.key, tuple(numbers[start : start + 40]), DAY) for start in range(0, 200, 40)]
    commit(store, after, [ev.NoticeSent(notice.key, NOW, "answer", "m"), *done])
    loaded = store.load(own)
    assert all(item.level == 1 and not item.notice for item in loaded.items.values())
    assert loaded.notices == {}
    assert_true_to_journal(store, own)


def test_a_claim_that_loses_the_race_between_its_parts_only_reserved(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:03d}" for n in range(100)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    account = store.load(own)
    events = claim_of(account, numbers)

    def other_first() -> None:
        def another_comes_first() -> None:
            other = AccountStore(table)
            commit(other, other.load(own), [ev.SuspenseMarked("t")])

        faulty.before_write = another_comes_first

    faulty.before_write = other_first
    with pytest.raises(Conflict):
        commit(store, account, events)
    loaded = store.load(own)
    assert loaded.notices == {}
    assert sum(bool(item.notice) for item in loaded.items.values()) == 80
    assert_true_to_journal(store, own)


def test_steps_of_settled_items_are_recorded_by_a_later_load(table: Table, own: str) -> None:
    """A notice released by mistake is proved sent in two parts; its items are paid and closed by then."""
    faulty = Faulty(table)
    store = AccountStore(faulty)
    numbers = [f"I-{n:02d}" for n in range(60)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    account = store.load(own)
    after = commit(store, account, claim_of(account, numbers))
    (notice,) = after.notices
    commit(store, after, [ev.NoticeReleased(notice, "refused", NOW)])
    pay(store, own, payment("p", 6_000, tuple(numbers)))
    account = store.load(own, [("notices", notice), *(("items", number) for number in numbers)])
    commit(store, account, [ev.NoticeSent(notice, NOW, "event", "m")])
    loaded = store.load(own)
    assert set(loaded.items) == set(numbers)
    done: Events = [ev.StepsRecorded(notice, tuple(numbers[start : start + 40]), DAY) for start in (0, 40)]
    commit(store, loaded, done)
    assert store.load(own).notices == {}
    assert_true_to_journal(store, own)


def test_one_event_that_changes_too_much_is_refused_whole(store: AccountStore, own: str) -> None:
    numbers = [f"I-{n:03d}" for n in range(MAX_CHANGES + 10)]
    account = commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    with pytest.raises(TooMuch):
        commit(store, account, [ev.ItemsReserved("n", tuple(numbers), NOW)])
    assert store.load(own).version == account.version


def test_a_decision_may_not_read_without_bound(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1")])
    with pytest.raises(TooMuch):
        store.load(own, [("items", f"X-{n}") for n in range(MAX_EXTRA + 1)])


def test_live_items_cost_no_read(store: AccountStore, own: str) -> None:
    numbers = [f"I-{n:03d}" for n in range(450)]
    commit(store, store.load(own), [invoice(number, 100, n) for n, number in enumerate(numbers)])
    assert len(store.load(own, [("items", number) for number in numbers], linked=True).items) == 450


# --- races and lost answers


def test_who_loses_the_race_gets_a_conflict_and_changes_nothing(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1")])
    first, second = store.load(own), store.load(own)
    commit(store, first, [invoice("I-2", line=3)])
    with pytest.raises(Conflict):
        commit(store, second, [invoice("I-3", line=4)])
    assert sorted(store.load(own).items) == ["I-1", "I-2"]
    assert lookups.find(store.table, lookups.REFERENCE, "I3") == [] or own not in [
        answer.account for answer in lookups.find(store.table, lookups.REFERENCE, "I3")
    ]
    assert_true_to_journal(store, own)


def test_a_lost_answer_of_a_commit_that_happened_is_found_by_its_commit_id(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    faulty.lost_answers = [True]
    account = commit(store, store.load(own), [invoice("I-1")])
    assert account.version == 1
    after = commit(store, account, [invoice("I-2", line=3)])
    assert sorted(store.load(own).items) == sorted(after.items) == ["I-1", "I-2"]
    assert_true_to_journal(store, own)


def test_a_lost_answer_of_a_commit_that_did_not_happen_stays_unknown(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    account = commit(store, store.load(own), [invoice("I-1")])
    faulty.lost_answers = [False]
    with pytest.raises(OutcomeUnknown):
        commit(store, account, [invoice("I-2", line=3)])
    assert store.load(own).version == 1
    assert_true_to_journal(store, own)


def test_a_lost_answer_after_a_lost_race_is_a_conflict(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    account = commit(store, store.load(own), [invoice("I-1")])
    other = AccountStore(table)
    commit(other, other.load(own), [invoice("I-2", line=3)])
    faulty.lost_answers = [False]
    with pytest.raises(Conflict):
        commit(store, account, [invoice("I-3", line=4)])
    assert sorted(store.load(own).items) == ["I-1", "I-2"]


def test_a_decision_is_made_again_on_what_came_first(table: Table, own: str) -> None:
    faulty = Faulty(table)
    store = AccountStore(faulty)
    commit(store, store.load(own), [invoice("I-1")])
    seen: list[int] = []

    def decide(account: Account) -> Events:
        seen.append(account.version)
        return [] if "I-2" in account.items else [invoice("I-2", line=3)]

    def other_first() -> None:
        other = AccountStore(table)
        commit(other, other.load(own), [invoice("I-2", line=9)])

    faulty.before_write = other_first
    account = decide_and_commit(store, own, decide, NOW, nothing_due)
    assert seen == [1, 2]
    assert account.items["I-2"].line == 9
    assert_true_to_journal(store, own)


def test_sixteen_threads_make_one_history(store: AccountStore, own: str) -> None:
    def work(writer: int) -> None:
        for number in range(3):
            key = f"W-{writer:02d}-{number}"

            def decide(account: Account, key: str = key, line: int = writer * 10 + number) -> Events:
                return [] if key in account.items else [invoice(key, 100, line)]

            decide_and_commit(store, own, decide, NOW, nothing_due, attempts=500)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    rebuilt = assert_true_to_journal(store, own)
    assert len(rebuilt.items) == 48
    assert rebuilt.version == 48
    assert rebuilt.header.invoiced_minor == {"EUR": 4_800}


# --- half reads, repair, the chain


def alarmed(table: Table, alarms: list[tuple[str, str]]) -> AccountStore:
    return AccountStore(table, lambda code, account: alarms.append((code, account)))


def test_half_of_a_transaction_is_read_again(table: Table, own: str) -> None:
    faulty, alarms = Faulty(table), list[tuple[str, str]]()
    store = alarmed(faulty, alarms)
    commit(store, store.load(own), [invoice("I-1")])
    before = table.query(keys.account(own), keys.LIVE)
    pay(store, own, payment("p", 4_000, ("I-1",)))
    after = table.query(keys.account(own), keys.LIVE)
    headers = [one for one in after if one.sk == keys.HEADER]
    faulty.queries = [
        [headers[0], *(one for one in before if one.sk != keys.HEADER)],  # new header, old item
        [before[0], *after[1:]],  # old header, new item
        after[1:],  # no header
        [after[0]],  # an item is missing
    ]
    assert store.load(own).items["I-1"].outstanding_minor == 6_000
    assert faulty.queries == []
    assert alarms == []


def test_what_does_not_match_five_times_is_rebuilt_with_an_alarm(table: Table, own: str) -> None:
    alarms: list[tuple[str, str]] = []
    store = alarmed(table, alarms)
    commit(store, store.load(own), [invoice("I-1"), invoice("I-2", line=3)])
    pay(store, own, payment("p", 10_000, ("I-1",)))
    table.delete(keys.account(own), "1#I#I-2")
    stray = {**table.query(keys.account(own), "2#I#")[0].body, "key": "I-9"}
    table.put(Record(keys.account(own), "1#I#I-9", stray, 2, "items"))
    account = store.load(own)
    assert alarms == [("account_rebuilt", own)]
    assert account.items["I-2"].outstanding_minor == 10_000
    assert "I-9" not in account.items
    assert_true_to_journal(store, own)
    commit(store, store.load(own), [invoice("I-3", line=4)])
    assert alarms == [("account_rebuilt", own)]
    assert_true_to_journal(store, own)


def test_a_repair_sets_a_stray_personal_item_aside_and_keeps_it(table: Table, own: str) -> None:
    alarms: list[tuple[str, str]] = []
    store = alarmed(table, alarms)
    event = ev.CustomerRegistered(own, "p1", "p1", "DE", "de", "Europe/Berlin", "business")
    commit(store, store.load(own), [event], personal={"p1": {"name": "present"}})
    table.put(Record(keys.account(own), keys.personal("p0"), {"name": "stray"}, 1, "personal"))
    assert store.load(own).personal == {"name": "present"}
    assert store.load(own).personal == {"name": "present"}
    assert alarms == [("account_rebuilt", own)]
    aside = table.get(keys.account(own), keys.personal("p0", live=False))
    assert aside is not None
    assert aside.body == {"name": "stray"}
    assert_true_to_journal(store, own)


def test_a_personal_item_that_was_set_aside_is_found_again(store: AccountStore, own: str) -> None:
    """A repair that a change of the record overtook may have taken the new one for a stray."""
    event = ev.CustomerRegistered(own, "p1", "p1", "DE", "de", "Europe/Berlin", "business")
    commit(store, store.load(own), [event], personal={"p1": {"name": "present"}})
    found = store.table.get(keys.account(own), keys.personal("p1"))
    assert found is not None
    store.table.put(replace(found, sk=keys.personal("p1", live=False)))
    store.table.delete(*found.key)
    assert store.load(own).personal == {"name": "present"}
    assert_true_to_journal(store, own)


def test_a_merged_account_says_where_it_is_now(store: AccountStore, own: str) -> None:
    assert store.now_at(own) == own
    commit(store, store.load(own), [invoice("I-1")])
    assert store.now_at(own) == own
    commit(store, store.load(own), [ev.AccountMerged("C-1")])
    assert store.now_at(own) == "C-1"


def test_a_repair_that_another_commit_overtook_is_made_again(table: Table, own: str) -> None:
    """Otherwise the old header stays, and every later commit loses against a journal entry that nobody has read."""

    class Overtaken(Faulty):
        pending = True

        def put(self, record: Record) -> None:
            if self.pending:
                self.pending = False
                other = AccountStore(self.real)
                account = other.rebuild(own)
                commit(other, account, [ev.SuspenseMarked("t")])
            super().put(record)

    store = AccountStore(table)
    commit(store, store.load(own), [invoice("I-1")])
    table.delete(keys.account(own), "1#I#I-1")
    assert AccountStore(Overtaken(table)).load(own).header.suspense == ("t",)
    commit(store, store.load(own), [invoice("I-2", line=3)])
    assert_true_to_journal(store, own)


def test_a_changed_entry_breaks_the_chain(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1")])
    commit(store, store.load(own), [invoice("I-2", line=3)])
    entry = store.table.get(keys.account(own), keys.journal(1))
    assert entry is not None
    body = {**entry.body, "events": [{**entry.body["events"][0], "amount_minor": 1}]}
    store.table.put(replace(entry, body=body))
    with pytest.raises(journal.BrokenChain):
        store.history(own)


def test_a_changed_entry_with_a_new_hash_breaks_the_chain(store: AccountStore, own: str) -> None:
    commit(store, store.load(own), [invoice("I-1")])
    commit(store, store.load(own), [invoice("I-2", line=3)])
    forged = journal.make(1, [invoice("I-1", 1)], NOW, "")
    store.table.put(forged.record(keys.account(own)))
    with pytest.raises(journal.BrokenChain):
        store.history(own)


def test_a_missing_entry_breaks_the_chain(store: AccountStore, own: str) -> None:
    for number in range(3):
        commit(store, store.load(own), [invoice(f"I-{number}", line=number)])
    store.table.delete(keys.account(own), keys.journal(2))
    with pytest.raises(journal.BrokenChain):
        store.rebuild(own)


def test_accounts_whose_ids_hold_separators_do_not_mix(store: AccountStore, own: str) -> None:
    odd = [f"{own}", f"{own}#1", f"{own}/ä b", f"A#{own}"]
    for number, account_id in enumerate(odd):
        commit(store, store.load(account_id), [invoice("I#1#0", 100 + number)])
    assert [store.load(account_id).items["I#1#0"].amount_minor for account_id in odd] == [100, 101, 102, 103]
