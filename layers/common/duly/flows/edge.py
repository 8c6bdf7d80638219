"""Everything of the world that the flows touch, in one place: AWS in a function, memory twins in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments, next_moments
from duly.domain.cash_rules import cash_rules
from duly.domain.policy import Policy
from duly.domain.policy_reader import default_policy, parse_policy
from duly.mail.sending import Mailer
from duly.mail.texting import Texter
from duly.mail.token import KeyRing
from duly.runtime import clock
from duly.store.accounts import AccountStore, Agenda, decide_and_commit
from duly.store.bank import BankStore
from duly.store.lookups import Lookup
from duly.store.objects import Objects
from duly.store.queues import Queues
from duly.store.statements import StatementStore
from duly.store.tables import Table
from duly.store.transactions import TransactionStore
from duly.store.uploads import StackStore, UploadStore

POLICY_SECONDS = 10  # a new policy is in force everywhere within this time
LOCAL_POLICY_SECONDS = 1  # where a day takes seconds

Holidays = Callable[[str, Iterable[int]], frozenset[date] | None]


class Observer(Protocol):
    """Where metrics and log lines go. Ids and codes only: never names, addresses, account numbers or texts."""

    def metric(self, name: str, value: int, unit: str = "Count", **dimensions: str) -> None:
        """Count something."""

    def log(self, code: str, /, **ids: str | int) -> None:
        """Say what happened."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an upload stops being small, and how a large one is divided. Bytes and rows."""

    whole_bytes: int = 4 * 1024 * 1024  # a larger CSV of customers or invoices is read in chunks
    chunk_bytes: int = 4 * 1024 * 1024  # a chunk and what is made of it take about 80 MB of memory
    row_bytes: int = 1024 * 1024  # no row is longer
    largest_bytes: int = 1024 * 1024 * 1024
    most_buckets: int = 4096
    segment_rows: int = 500  # of one bucket in one chunk, read at once
    invoices_per_message: int = 1500
    customers_per_message: int = 200
    leave_seconds: float = 10.0  # before a time-out: one decision on an account takes a second or two


@dataclass
class Edge:
    """The edge of one process."""

    table: Table
    uploads_table: Table
    objects: Objects
    queues: Queues
    mailer: Mailer
    texter: Texter
    observer: Observer
    key_ring: Callable[[], KeyRing]
    holidays: Holidays
    stack_name: str
    configuration_set: str
    sender_address: str
    inbound_domain: str
    monotonic: Callable[[], float]
    is_local: bool = False
    draws: bool = True
    """False where nobody reads what goes out, when policies are tried: messages stay empty, documents unwritten. What
    would refuse one is looked at all the same (decision 0132)."""
    scale: Scale = Scale()
    _policies: dict[tuple[str, str], Policy] = field(default_factory=dict)
    _pointer: dict[str, str] | None = None
    _pointer_read: float = 0.0

    def __post_init__(self) -> None:
        self.accounts = AccountStore(self.table, self._rebuilt, lambda: cash_rules(self.policy()))
        self.transactions = TransactionStore(self.table)
        self.bank = BankStore(self.table)
        self.uploads = UploadStore(self.uploads_table)
        self.stack = StackStore(self.uploads_table)
        self.statements = StatementStore(self.uploads_table)

    def moment(self, stated: str | None, now: datetime) -> datetime:
        """Return ``now``, or on the local stack the moment that an object states."""
        return clock.now(True, stated) if self.is_local and stated else now

    def policy(self) -> Policy:
        """Return the policy in force: the last one uploaded, else the shipped default. What is in force is read again
        every POLICY_SECONDS, and at once by whoever was told of a new one (``forget_policy``)."""
        if self._pointer is None or self.monotonic() - self._pointer_read > self._policy_seconds:
            self._pointer, self._pointer_read = self.stack.get("policy"), self.monotonic()
        if not self._pointer:
            return default_policy()
        name = (self._pointer["key"], self._pointer["version"])
        if name not in self._policies:
            found = self.objects.get(*name)
            if found is None:
                raise LookupError("the object of the policy in force is gone")
            self._policies = {name: parse_policy(found.data.decode(), self._pointer["key"])}
        return self._policies[name]

    def use_policy(self, policy: Policy) -> None:
        """Put a policy that nobody uploaded in force: for simulation, on a twin whose process is the only one."""
        self._pointer, self._pointer_read = {"key": policy.name, "version": policy.version}, self.monotonic()
        self.stack.put("policy", self._pointer)
        self._policies = {(policy.name, policy.version): policy}

    @property
    def _policy_seconds(self) -> float:
        """On the local stack days pass in seconds, so a policy is in force there within one."""
        return LOCAL_POLICY_SECONDS if self.is_local else POLICY_SECONDS

    def has_policy(self) -> bool:
        """Return whether a policy was uploaded. The shipped default names no creditor, so nobody can be written to in
        its name, and another seller's invoice cannot be told."""
        self.policy()
        return bool(self._pointer)

    def forget_policy(self) -> None:
        """Read at the next use which policy is in force."""
        self._pointer = None

    def holidays_around(self, country: str, now: datetime) -> frozenset[date] | None:
        """Return the public holidays of a country in the years that matter now, or None when no table exists."""
        return self.holidays(country, range((now - timedelta(days=60)).year, (now + timedelta(days=400)).year + 1))

    def agenda(self, policy: Policy, now: datetime) -> Agenda:
        """Return the function by which commits decide when an account must be looked at next."""

        def moments(account: Account) -> Moments:
            holidays = self.holidays_around(account.header.country, now) if policy.contact.holidays else frozenset()
            return next_moments(account, policy, now, holidays)

        return moments

    def change(
        self,
        account_id: str,
        decide: Callable[[Account], list[ev.Event]],
        now: datetime,
        also: Iterable[tuple[str, str]] = (),
        linked: bool = False,
        beside: Sequence[Lookup] = (),
    ) -> Account:
        """Load, decide and commit under the policy in force. ``beside`` are lookups written with it."""
        agenda = self.agenda(self.policy(), now)
        return decide_and_commit(self.accounts, account_id, decide, now, agenda, also, linked, extra_lookups=beside)

    def _rebuilt(self, code: str, account_id: str) -> None:
        self.observer.metric("AccountRebuilt", 1)
        self.observer.log(code, account=account_id)
