"""What finance looks at, gathered: figures from the header index, and the few details that lists name.

Reads only. Every list has a bound; ``Report.cut`` says which lists were cut, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

from duly.domain import codec
from duly.domain.account import Account
from duly.domain.concentration import agreed_limits
from duly.domain.continuity import Link
from duly.domain.credit import limits_on
from duly.domain.entities import KINDS, Dispute, Item, Promise, Task
from duly.domain.identity import PROVISIONAL
from duly.domain.kpi import AccountFacts, Kpis, compute, facts_of
from duly.domain.match_model import Placement
from duly.domain.policy import Policy
from duly.domain.transaction import Transaction
from duly.flows.continuity import Bank, is_announced, is_unconfirmed, masked
from duly.flows.report_people import People, gather_people
from duly.store import keys
from duly.store.tables import Record, Table
from duly.store.uploads import Progress, Upload

MAX_ACCOUNTS = 100_000  # headers in one report: a quarter of a millisecond each
MAX_DETAILED = 200  # accounts whose live disputes, promises or tasks are read for one list
MAX_OF_ACCOUNT = 50  # live disputes, promises or tasks of one account
MAX_ITEMS = 200  # items read of one account, for its level and for what is disputed
MAX_SUSPENSE = 2_000  # transactions in suspense or proposed
MAX_SHOWN = 500  # of each of these, with names, in a list of nothing else
MAX_LINES = 50  # lines of a list
MAX_UPLOADS = 100  # recent files looked at
MAX_GROUPS = 10  # legal groups, countries and categories named for each currency

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DisputeLine:
    """An open dispute. ``amounts`` in minor units by currency: what is open of its invoices now."""

    account: str
    dispute: str
    reason: str
    owner: str
    opened: date
    deadline: date
    invoices: tuple[str, ...]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """An open promise. ``until`` is its day with the days of grace; ``amounts`` is what is still open of it."""

    account: str
    promise: str
    promised_for: date
    until: date
    invoices: tuple[str, ...]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Something a person has to do for an account ("": for none, as a mail under a forged token)."""

    account: str
    task: str
    kind: str
    opened: date
    due: date | None
    about: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FlaggedLine:
    """An open invoice of which something was noticed on arrival (see duly.domain.flags), in minor units."""

    account: str
    invoice: str
    flags: tuple[str, ...]
    issued: date
    due: date
    outstanding_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class SuspenseLine:
    """Money whose place nobody knows yet, with the accounts it could belong to."""

    transaction: str
    amount_minor: int
    currency: str
    booked: date | None
    reason: str
    payer: str
    candidates: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncedLine:
    """Money that a bank has announced on ``bank`` (the end of the account's number) and no statement has confirmed.
    ``is_unconfirmed``: a statement should have had it by now."""

    transaction: str
    amount_minor: int
    currency: str
    booked: date | None
    payer: str
    candidates: tuple[str, ...]
    bank: str = ""
    is_unconfirmed: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class GapLine:
    """Statements that are missing on ``bank`` between the days ``after`` and ``before``, as the balances tell: the one
    after opens with ``difference_minor`` more than the one before closed."""

    bank: str
    currency: str
    after: date
    before: date
    difference_minor: int


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """Money of which it is plausible where it belongs: a person confirms one of the placements, the best one first."""

    transaction: str
    amount_minor: int
    currency: str
    booked: date | None
    payer: str
    placements: tuple[Placement, ...]
    text: str = ""

    @property
    def accounts(self) -> list[str]:
        """The accounts that any placement names, in their order."""
        return list(dict.fromkeys(share.account for one in self.placements for share in one.shares))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Money that waits, the oldest first, with what of each currency it is in all, in minor units: for a person, and
    what is only announced for a statement."""

    proposals: tuple[ProposalLine, ...] = ()
    suspense: tuple[SuspenseLine, ...] = ()
    announced: tuple[AnnouncedLine, ...] = ()

    @property
    def proposed_minor(self) -> dict[str, int]:
        return _totals(self.proposals)

    @property
    def suspense_minor(self) -> dict[str, int]:
        return _totals(self.suspense)

    @property
    def announced_minor(self) -> dict[str, int]:
        return _totals(self.announced)


def _totals(lines: Iterable[ProposalLine | SuspenseLine | AnnouncedLine]) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.currency] += line.amount_minor
    return dict(totals)


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report page or widget shows. ``names`` (account -> name) is the only personal data beside payers.

    ``levels`` is the highest step level of an account's open items. ``cut`` names each list that is not whole.
    """

    kpis: Kpis
    names: Mapping[str, str] = field(default_factory=dict)
    customers: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, int] = field(default_factory=dict)
    disputes: tuple[DisputeLine, ...] = ()
    promises: tuple[PromiseLine, ...] = ()
    tasks: tuple[TaskLine, ...] = ()
    people: People = People()
    suspense: tuple[SuspenseLine, ...] = ()
    proposals: tuple[ProposalLine, ...] = ()
    flagged: tuple[FlaggedLine, ...] = ()
    suspense_minor: Mapping[str, int] = field(default_factory=dict)
    suspense_count: int = 0
    proposed_minor: Mapping[str, int] = field(default_factory=dict)
    proposals_count: int = 0
    announced: tuple[AnnouncedLine, ...] = ()
    announced_minor: Mapping[str, int] = field(default_factory=dict)
    announced_count: int = 0
    gaps: tuple[GapLine, ...] = ()
    tasks_open: int = 0
    uploads: tuple[Upload, ...] = ()
    progress: Mapping[str, Progress] = field(default_factory=dict)
    creditor: str = ""
    cut: tuple[str, ...] = ()

    @property
    def as_of(self) -> date:
        return self.kpis.as_of

    @property
    def disputes_by_reason(self) -> dict[str, int]:
        """Return open disputes by reason, the most frequent first."""
        return _counted(line.reason for line in self.disputes)

    @property
    def tasks_by_kind(self) -> dict[str, int]:
        """Return open tasks by kind, the most frequent first."""
        return _counted(line.kind for line in self.tasks)


def gather(
    accounts: Table,
    uploads: Sequence[Upload],
    as_of: date,
    creditor: str = "",
    stack_tasks: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    policy: Policy | None = None,
    banks: Sequence[Bank] = (),
) -> Report:
    """Return the report at the end of ``as_of``. ``uploads`` are the recent ones, newest first; ``stack_tasks`` are the
    open tasks that belong to no account; ``banks`` the statements of the bank accounts. Without a policy limits are
    those agreed with customers alone."""
    cut: list[str] = []
    known: dict[str, _Known] = {}
    limits = partial(_limits, policy) if policy else agreed_limits
    kpis = compute(_noted(_facts(accounts, cut), known), as_of, limits=limits)
    called = list(dict.fromkeys(call.account for currency in kpis.currencies for call in currency.calls))
    details = _Details(accounts, known, cut)
    disputes, promises, tasks = (
        details.disputes(),
        details.promises(),
        _sorted(details.tasks() + _of_stack(stack_tasks)),
    )
    people = gather_people(details, tasks)
    flagged = details.flagged()
    waiting = _waiting(accounts, cut, banks)
    shown_money = _named(accounts, waiting, MAX_LINES)
    shown = [*called, *_heads(kpis, known)]
    for lines in (disputes, promises, tasks, flagged):
        shown += [line.account for line in lines[:MAX_LINES]]
    shown += [*people.accounts, *_accounts_of(shown_money)]
    wanted = {account: known[account] for account in dict.fromkeys(shown) if account in known}
    return Report(
        kpis=kpis,
        names=_names(accounts, wanted),
        customers={account: one.customer for account, one in wanted.items()},
        levels={account: level for account in called if (level := details.level(account)) >= 0},
        disputes=tuple(disputes),
        promises=tuple(promises),
        tasks=tuple(tasks),
        people=people,
        suspense=shown_money.suspense,
        proposals=shown_money.proposals,
        flagged=tuple(flagged[:MAX_LINES]),
        suspense_minor=waiting.suspense_minor,
        suspense_count=len(waiting.suspense),
        proposed_minor=waiting.proposed_minor,
        proposals_count=len(waiting.proposals),
        announced=shown_money.announced,
        announced_minor=waiting.announced_minor,
        announced_count=len(waiting.announced),
        gaps=tuple(_gap(one, link) for one in banks for link in one.open_gaps)[:MAX_LINES],
        tasks_open=kpis.tasks_open + len(stack_tasks),
        uploads=tuple(uploads[:MAX_UPLOADS]),
        creditor=creditor,
        cut=tuple(cut),
    )


def _limits(policy: Policy, facts: AccountFacts, as_of: date) -> Mapping[str, int]:
    """The limits of a customer on a day, which its header and the policy tell."""
    account = Account(facts.account)
    account.header = facts.header
    return limits_on(account, policy, facts.header.category, as_of)


def _heads(kpis: Kpis, known: Mapping[str, _Known]) -> list[str]:
    """The accounts at the top of the largest legal groups; a customer's account has the customer's id."""
    groups = (one.concentration.groups.parts[:MAX_GROUPS] for one in kpis.currencies)
    return [part.name for parts in groups for part in parts if part.name in known]


def open_disputes(accounts: Table) -> list[DisputeLine]:
    """Return the open disputes alone, the nearest deadline first. Reads much less than ``gather``."""
    return _details_alone(accounts).disputes()


def open_tasks(accounts: Table) -> list[TaskLine]:
    """Return the open tasks of accounts alone, the oldest first. Reads much less than ``gather``."""
    return _sorted(_details_alone(accounts).tasks())


def all_tasks(accounts: Table, stack_tasks: Mapping[str, Mapping[str, str]]) -> list[TaskLine]:
    """Return the open tasks of accounts and of none (``stack_tasks``), the longest due first."""
    found = _details_alone(accounts).tasks() + _of_stack(stack_tasks)
    return sorted(found, key=lambda line: (line.due or line.opened, line.account, line.task))


def people_waiting(accounts: Table) -> tuple[People, dict[str, str]]:
    """Return what waits for persons about the chase alone, with the names of its customers. Reads much less than
    ``gather``."""
    details = _details_alone(accounts)
    found = gather_people(details, details.tasks())
    return found, names_of(accounts, found.accounts)


def waiting_money(accounts: Table, banks: Sequence[Bank] = ()) -> tuple[Waiting, dict[str, str]]:
    """Return the money that waits, with its payers, and the names of the customers whose it could be. Reads much less
    than ``gather``."""
    found = _named(accounts, _waiting(accounts, [], banks), MAX_SHOWN)
    return found, names_of(accounts, _accounts_of(found))


def _named(accounts: Table, waiting: Waiting, most: int) -> Waiting:
    """Return the first ``most`` lines of each kind, with payers and texts."""
    return Waiting(
        tuple(_with_payer(accounts, line) for line in waiting.proposals[:most]),
        tuple(_with_payer(accounts, line) for line in waiting.suspense[:most]),
        tuple(_with_payer(accounts, line) for line in _unconfirmed_first(waiting.announced)[:most]),
    )


def _accounts_of(waiting: Waiting) -> list[str]:
    """Return the accounts whose the money could be."""
    found = [account for line in waiting.proposals for account in line.accounts]
    found += [account for line in waiting.suspense for account in line.candidates]
    return found + [account for line in waiting.announced for account in line.candidates]


def _unconfirmed_first(lines: Sequence[AnnouncedLine]) -> list[AnnouncedLine]:
    return sorted(lines, key=lambda line: not line.is_unconfirmed)


def of_transaction(state: Transaction) -> list[str]:
    """Return the accounts on which a payment is, or whose it could be."""
    shares = [*state.shares, *(share for one in state.placements for share in one.shares)]
    return list(dict.fromkeys([*(share.account for share in shares), *state.candidates]))


def names_of(table: Table, accounts: Iterable[str]) -> dict[str, str]:
    """Return the names of the accounts that have one."""
    found = {account: _name(table, account) for account in dict.fromkeys(accounts)}
    return {account: name for account, name in found.items() if name}


def _name(table: Table, account: str) -> str:
    header = table.get(keys.account(account), keys.HEADER)
    personal = str(header.body["header"].get("personal", "")) if header else ""
    record = table.get(keys.account(account), keys.personal(personal)) if personal else None
    return str(record.body.get("name", "")) if record else ""


def _details_alone(accounts: Table) -> _Details:
    known: dict[str, _Known] = {}
    for _ in _noted(_facts(accounts, []), known):
        continue
    return _Details(accounts, known, [])


def ageing_facts(accounts: Table) -> Iterator[AccountFacts]:
    """Yield the facts of every account that owes anything, for exports."""
    return (facts for facts in _facts(accounts, []) if facts.open_by_due)


def _facts(table: Table, cut: list[str]) -> Iterator[AccountFacts]:
    records = (record for shard in keys.shards() for record in table.headers(shard))
    yield from (facts_of(keys.account_id(record.pk), record.body) for record in islice(records, MAX_ACCOUNTS))
    if next(records, None) is not None:
        cut.append("accounts")


@dataclass(frozen=True, slots=True)
class _Known:
    """What the lists need of an account when its header has been let go."""

    customer: str
    personal: str
    counts: Mapping[str, int]
    flagged: int = 0


def _noted(facts: Iterable[AccountFacts], known: dict[str, _Known]) -> Iterator[AccountFacts]:
    for one in facts:
        flagged = sum(one.flagged.values())
        known[one.account] = _Known(one.header.customer, one.header.personal, one.counts, flagged)
        yield one


class _Details:
    """Live entities of the accounts that have any, read one kind at a time."""

    def __init__(self, table: Table, known: Mapping[str, _Known], cut: list[str]) -> None:
        self.table, self.known, self.cut = table, known, cut
        self._items: dict[tuple[str, str], Item | None] = {}

    def disputes(self) -> list[DisputeLine]:
        """Return open disputes, the nearest deadline first."""
        lines = []
        for account, one in self.live("disputes", Dispute):
            invoices, amounts = self.open_of(account, one.items, one.contested)
            lines.append(
                DisputeLine(account, one.key, one.reason, one.owner, one.opened, one.deadline, invoices, amounts)
            )
        return sorted(lines, key=lambda line: (line.deadline, line.account, line.dispute))

    def promises(self) -> list[PromiseLine]:
        """Return open promises, the nearest date first."""
        lines = []
        for account, one in self.live("promises", Promise):
            invoices, amounts = self.open_of(account, one.items)
            lines.append(PromiseLine(account, one.key, one.date, one.until, invoices, amounts))
        return sorted(lines, key=lambda line: (line.promised_for, line.account, line.promise))

    def tasks(self) -> list[TaskLine]:
        """Return the open tasks of accounts."""
        return [
            TaskLine(account, one.key, one.kind, one.opened, one.due, one.about, one.detail)
            for account, one in self.live("tasks", Task)
        ]

    def flagged(self) -> list[FlaggedLine]:
        """Return open invoices of which something was noticed on arrival, the one that is due longest first."""
        having = sorted((account for account, one in self.known.items() if one.flagged), key=self._most_flagged)
        if len(having) > MAX_DETAILED:
            self.cut.append("flagged")
        lines = [line for account in having[:MAX_DETAILED] for line in self._flagged_of(account)]
        return sorted(lines, key=lambda line: (line.due, line.account, line.invoice))

    def _most_flagged(self, account: str) -> tuple[int, str]:
        return -self.known[account].flagged, account

    def _flagged_of(self, account: str) -> Iterator[FlaggedLine]:
        for record in self.table.query(keys.account(account), keys.entity("items", "", True), MAX_ITEMS):
            item = codec.decode(Item, record.body)
            if item.flags and item.state == "open":
                yield FlaggedLine(
                    account, item.number, item.flags, item.issued, item.due, item.outstanding_minor, item.currency
                )

    def level(self, account: str) -> int:
        """Return the highest level that an open item of the account has reached; -1 before the first step."""
        records = self.table.query(keys.account(account), keys.entity("items", "", True), MAX_ITEMS)
        return max((codec.decode(Item, record.body).level for record in records), default=-1)

    def live(self, kind: str, form: type[T]) -> Iterator[tuple[str, T]]:
        """Yield the live entities of a kind with their accounts, of the first MAX_DETAILED accounts that have any."""
        assert KINDS[kind] is form, "the kind's own dataclass"
        having = [account for account, one in self.known.items() if one.counts.get(kind, 0)]
        if len(having) > MAX_DETAILED:
            self.cut.append(kind)
        for account in having[:MAX_DETAILED]:
            prefix = keys.entity(kind, "", True)
            for record in self.table.query(keys.account(account), prefix, MAX_OF_ACCOUNT):
                yield account, codec.decode(form, record.body)

    def open_of(
        self, account: str, item_keys: Sequence[str], contested: Mapping[str, int] = MappingProxyType({})
    ) -> tuple[tuple[str, ...], dict[str, int]]:
        """Return the numbers of the items that are still open, and what is open of them by currency; of those of which
        only a part is contested, that part."""
        items = [item for key in item_keys[:MAX_ITEMS] if (item := self._item(account, key)) is not None]
        amounts: Counter[str] = Counter()
        for item in items:
            amounts[item.currency] += min(item.outstanding_minor, contested.get(item.key, item.outstanding_minor))
        return tuple(item.title for item in items), dict(amounts)

    def personal_of(self, account: str) -> Mapping[str, Any]:
        """Return an account's personal item, empty when it is gone."""
        personal = self.known[account].personal if account in self.known else ""
        record = self.table.get(keys.account(account), keys.personal(personal)) if personal else None
        return record.body if record else {}

    def _item(self, account: str, key: str) -> Item | None:
        if (account, key) not in self._items:
            record = self.table.get(keys.account(account), keys.entity("items", key, True))
            self._items[account, key] = codec.decode(Item, record.body) if record else None
        return self._items[account, key]


def _of_stack(tasks: Mapping[str, Mapping[str, str]]) -> list[TaskLine]:
    return [
        TaskLine("", task, body["kind"], datetime.fromisoformat(body["opened"]).date(), None, body.get("about", ""))
        for task, body in tasks.items()
    ]


def _sorted(tasks: Iterable[TaskLine]) -> list[TaskLine]:
    """Return tasks, the oldest first."""
    return sorted(tasks, key=lambda line: (line.opened, line.account, line.task))


def _names(table: Table, accounts: Mapping[str, _Known]) -> dict[str, str]:
    found = {}
    for account, one in accounts.items():
        record = table.get(keys.account(account), keys.personal(one.personal)) if one.personal else None
        if record and record.body.get("name"):
            found[account] = str(record.body["name"])
    return found


def _waiting(table: Table, cut: list[str], banks: Sequence[Bank]) -> Waiting:
    """Return the money in suspense, proposed and announced, the oldest first, without names."""
    records: Iterator[Record] = (record for shard in keys.shards() for record in table.headers(f"S{shard}"))
    states = [codec.decode(Transaction, record.body["state"]) for record in islice(records, MAX_SUSPENSE)]
    if next(records, None) is not None:
        cut.append("suspense")
    states.sort(key=lambda state: (state.booked or date.min, state.key))
    known = {(one.bank, one.currency): one for one in banks}
    return Waiting(
        tuple(_proposed(state) for state in states if state.state == "proposed"),
        tuple(_suspended(state) for state in states if state.state == "suspense" and state.standing != PROVISIONAL),
        tuple(_announced(state, known.get((state.bank, state.currency))) for state in states if is_announced(state)),
    )


def _announced(state: Transaction, bank: Bank | None) -> AnnouncedLine:
    return AnnouncedLine(
        state.key,
        state.amount_minor,
        state.currency,
        state.booked,
        state.personal,
        state.candidates,
        masked(bank.account) if bank else "",
        is_unconfirmed(state, bank.until if bank else None),
    )


def _gap(bank: Bank, link: Link) -> GapLine:
    assert link.after is not None, "a gap lies between two statements"
    days = link.after.last, link.statement.first
    return GapLine(masked(bank.account), bank.currency, *days, link.difference_minor)


def _proposed(state: Transaction) -> ProposalLine:
    return ProposalLine(state.key, state.amount_minor, state.currency, state.booked, state.personal, state.placements)


def _suspended(state: Transaction) -> SuspenseLine:
    return SuspenseLine(
        state.key, state.amount_minor, state.currency, state.booked, state.reason, state.personal, state.candidates
    )


Line = TypeVar("Line", ProposalLine, SuspenseLine, AnnouncedLine)


def _with_payer(table: Table, line: Line) -> Line:
    """Return the line with the payer's name and text; before, its payer is the id of the personal item with both."""
    record = table.get(keys.transaction(line.transaction), keys.personal(line.payer)) if line.payer else None
    body: dict[str, Any] = record.body if record else {}
    return replace(line, payer=str(body.get("name", "")), text=str(body.get("text", "")))


def _counted(codes: Iterable[str]) -> dict[str, int]:
    counted = Counter(codes)
    return {code: counted[code] for code in sorted(counted, key=lambda code: (-counted[code], code))}
