"""What the daily run of a day would do: the run itself, on twins that are laid over a stack.

Everything is read from the stack and nothing is written to it: a partition is copied into memory when it is first
touched, messages and documents stay in memory. So the same code decides and draws as in the functions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.calendar import CalendarError, local_date, next_contact_opening, zone
from duly.domain.dunning import Skip, decide_chase
from duly.domain.gates import Surroundings, stack_gates
from duly.domain.kpi import facts_of
from duly.domain.policy import Policy
from duly.flows import tick
from duly.flows.edge import Edge
from duly.flows.notices import view_of
from duly.flows.twin import TwinStack
from duly.store import keys
from duly.store.accounts import AccountStore, Agenda
from duly.store.lookups import Lookup
from duly.store.memory import MemoryTable
from duly.store.objects import MemoryObjects, Object, Objects
from duly.store.tables import Record, Table, Write
from duly.store.uploads import UploadStore

MAX_ACCOUNTS = 50_000  # looked at in one rehearsal
MAX_ROUNDS = 20  # looks at one account: each may give another notice


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice as it would go out, or (``is_proposal``) once a person has approved it; amounts in minor units.

    ``files`` are the keys of what would be sent or written, in the bucket of the rehearsal. ``problem`` is why it would
    not go out although no gate is closed.
    """

    claim: ev.NoticeClaimed
    total_minor: int
    is_proposal: bool = False
    files: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a day would bring for one account: the account after it, its notices, what is passed over and why, and the
    kinds of tasks that would be opened."""

    account: Account
    at: datetime
    notices: tuple[Planned, ...]
    skipped: tuple[Skip, ...]
    tasks: tuple[str, ...] = ()


class Rehearsal:
    """A day on twins over a stack, under its policy in force or another one."""

    def __init__(self, base: Edge, day: date, policy: Policy | None = None) -> None:
        self.base, self.day = base, day
        self.policy = policy or base.policy()
        self.objects = _Objects(base.objects)
        uploads = _Table(base.uploads_table)
        self.edge = dataclasses.replace(
            TwinStack(holidays=base.holidays).edge,
            table=_Table(base.table),
            uploads_table=uploads,
            objects=self.objects,
            stack_name=base.stack_name,
            sender_address=base.sender_address,
            inbound_domain=base.inbound_domain,
            _policies={},
            _pointer=None,
        )
        self.edge.uploads = _NothingOpen(uploads)
        self._commits: list[tuple[list[ev.Event], Account]] = []
        self.edge.accounts = _Watched(self.edge.accounts, self._commits)
        self.edge.stack.put("sending", {})  # what would go out is asked, not whether the run would be held up
        self.edge.stack.put("bank_data", {"until": day.isoformat()})
        self.edge.use_policy(self.policy)

    def accounts(self) -> list[str]:
        """Return the ids of all accounts with something open, at most MAX_ACCOUNTS."""
        records = (record for shard in keys.shards() for record in self.base.table.headers(shard))
        open_ones = (keys.account_id(one.pk) for one in records if facts_of("", one.body).open_by_due)
        return list(islice(open_ones, MAX_ACCOUNTS))

    def closed(self) -> tuple[str, ...]:
        """Return the gates of the stack that are closed now: while they are, nothing goes out."""
        timezone = zone(self.policy.creditor.timezone)
        now = datetime.combine(self.day, time(12), tzinfo=timezone)
        return stack_gates(tick.stack_facts(self.base, self.policy, now), self.policy)

    def outlooks(self, accounts: Iterable[str]) -> Iterator[Outlook]:
        """Yield what the day would bring for each account, in their order."""
        for account in accounts:
            yield self.outlook(account)

    def outlook(self, account_id: str) -> Outlook:
        """Return what the day would bring for one account: its upkeep, then all notices that are due."""
        account = self.edge.accounts.load(account_id)
        now = self._moment(account)
        self._commits.clear()
        for _ in range(MAX_ROUNDS):
            before = len(self._commits)
            tick.work_account(self.edge, account_id, now, now, True, _plenty)
            new = [event for events, _ in self._commits[before:] for event in events]
            self._approve(account_id, [event for event in new if isinstance(event, ev.ApprovalAsked)], now)
            if not any(isinstance(event, ev.NoticeClaimed | ev.ApprovalAsked) for event in new):
                break
        account = self.edge.accounts.load(account_id)
        holidays = self._holidays(account, now)
        skipped = decide_chase(account, self.policy, Surroundings(now, holidays)).skipped
        events = [event for part, _ in self._commits for event in part]
        tasks = tuple(event.kind for event in events if isinstance(event, ev.TaskOpened))
        return Outlook(account, now, tuple(self._planned()), tuple(dict.fromkeys(skipped)), tasks)

    def data(self, key: str) -> bytes:
        """Return what would be sent or written under a key."""
        found = self.objects.get(key)
        return found.data if found else b""

    def _approve(self, account_id: str, asked: list[ev.ApprovalAsked], now: datetime) -> None:
        """Approve what is proposed, so that the notice is drawn as it would go out; the outlook calls it a proposal."""
        approved: list[ev.Event] = [
            ev.ApprovalSettled(one.approval, "approved", self.day, "rehearsal", one.until) for one in asked
        ]
        if approved:
            self.edge.change(account_id, lambda _: approved, now)

    def _planned(self) -> Iterator[Planned]:
        """The notices among what was committed, with what became of each in the rehearsal."""
        events = [event for part, _ in self._commits for event in part]
        problems = {event.notice: event.reason for event in events if isinstance(event, ev.NoticeReleased)}
        proposed = {event.approval for event in events if isinstance(event, ev.ApprovalAsked)}
        for part, after in self._commits:
            for event in part:
                if isinstance(event, ev.NoticeClaimed):
                    total_minor = view_of(after, event, self.policy, "").total_minor
                    files = tuple(key for key in self.objects.written() if event.notice in key)
                    is_proposal = bool(proposed & {*event.approvals, event.main})
                    proposed |= {event.notice} if is_proposal else set()  # what goes along waits with it
                    yield Planned(event, total_minor, is_proposal, files, problems.get(event.notice, ""))

    def _holidays(self, account: Account, now: datetime) -> frozenset[date] | None:
        country = account.header.country
        return self.edge.holidays_around(country, now) if country else None

    def _moment(self, account: Account) -> datetime:
        """The first moment of the day at which the customer may be written to; noon there when there is none."""
        try:
            timezone = zone(account.header.timezone)
        except CalendarError:
            timezone = zone(self.policy.creditor.timezone)
        noon = datetime.combine(self.day, time(12), tzinfo=timezone)
        contact = self.policy.contact
        holidays = self._holidays(account, noon) if contact.holidays else None
        try:
            opening = next_contact_opening(
                datetime.combine(self.day, time(), tzinfo=timezone),
                account.header.timezone,
                (contact.window_start_minute, contact.window_end_minute),
                contact.days,
                holidays or frozenset(),
            )
        except CalendarError:
            return noon
        return opening if local_date(opening, account.header.timezone) == self.day else noon


def _plenty() -> float:
    return 900.0


# --- the twins that are laid over a stack
class _Table(MemoryTable):
    """A table in memory whose partitions are copied from another one when they are first touched."""

    def __init__(self, base: Table) -> None:
        super().__init__("rehearsal")
        self._base = base
        self._copied: set[str] = set()

    def _copy(self, pk: str) -> None:
        if pk not in self._copied:
            self._copied.add(pk)
            for record in self._base.query(pk):
                super().put(record)

    def get(self, pk: str, sk: str) -> Record | None:
        self._copy(pk)
        return super().get(pk, sk)

    def get_many(self, pk: str, sks: Sequence[str]) -> dict[str, Record]:
        self._copy(pk)
        return super().get_many(pk, sks)

    def which_exist(self, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        asked = list(wanted)
        for pk, _ in asked:
            self._copy(pk)
        return super().which_exist(asked)

    def query(self, pk: str, prefix: str = "", limit: int | None = None) -> list[Record]:
        self._copy(pk)
        return super().query(pk, prefix, limit)

    def write(self, write: Write) -> None:
        for pk in {*(record.pk for record in (*write.create, *write.put)), *(pk for pk, _ in write.delete)}:
            self._copy(pk)
        super().write(write)

    def put(self, record: Record) -> None:
        self._copy(record.pk)
        super().put(record)

    def create(self, record: Record) -> bool:
        self._copy(record.pk)
        return super().create(record)

    def delete(self, pk: str, sk: str) -> None:
        self._copy(pk)
        super().delete(pk, sk)


class _Objects(MemoryObjects):
    """A bucket in memory that shows another one below what was put into it."""

    def __init__(self, base: Objects) -> None:
        super().__init__()
        self._base = base

    def get(self, key: str, version: str = "", most: int | None = None) -> Object | None:
        return super().get(key, version, most) or self._base.get(key, version, most)

    def get_range(self, key: str, version: str, start: int, stop: int) -> bytes | None:
        own = super().get_range(key, version, start, stop)
        return self._base.get_range(key, version, start, stop) if own is None else own

    def written(self) -> list[str]:
        """Return the keys that were put here."""
        return self.keys()


class _NothingOpen(UploadStore):
    """Uploads as if all that came in were worked on: tomorrow's run finds today's files done."""

    def open_count(self, kind: str) -> int:
        del kind
        return 0


class _Watched(AccountStore):
    """Accounts whose commits are noted, with the account after each."""

    def __init__(self, store: AccountStore, commits: list[tuple[list[ev.Event], Account]]) -> None:
        super().__init__(store.table, store.alarm, store.rules)
        self._commits = commits

    def commit(
        self,
        account: Account,
        events: Sequence[ev.Event],
        at: datetime,
        agenda: Agenda,
        personal: dict[str, dict[str, Any]] | None = None,
        extra_lookups: Sequence[Lookup] = (),
    ) -> Account:
        after = super().commit(account, events, at, agenda, personal, extra_lookups)
        self._commits.append((list(events), after))
        return after
