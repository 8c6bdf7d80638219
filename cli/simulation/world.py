"""The stack that a scenario is played on: the memory twin, its policy, and the moments of its days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from cli.simulation.fields import Moment
from cli.simulation.recorder import Recorder, RecordingAccounts, RecordingTransactions
from duly.domain import events as ev
from duly.domain.account import Account, owed_for
from duly.domain.calendar import CalendarError, zone
from duly.domain.dunning import decide_chase
from duly.domain.entities import Item, instalment_key
from duly.domain.gates import Surroundings, stack_gates
from duly.domain.policy import Policy
from duly.domain.standing import standings
from duly.domain.upkeep import today_of
from duly.flows import tick
from duly.flows.applying import with_score
from duly.flows.edge import Edge
from duly.flows.twin import TwinStack
from duly.mail.sending import Accepted, Doubtful, Outcome, Refused

#: What the mail service answers, by the outcome that a scenario states.
_ANSWERS: Final[Mapping[str, Callable[[], Outcome]]] = {
    "failed": lambda: Refused("simulated"),
    "doubtful": lambda: Doubtful("simulated"),
}

Outcomes = Mapping[tuple[str, int, int], str]  # customer, level, the how-manieth attempt -> what becomes of it


class World:
    """A twin stack with a policy in force, whose commits are recorded."""

    def __init__(self, policy: Policy, outcomes: Outcomes | None = None) -> None:
        self.policy = policy
        self.recorder = Recorder(policy)
        self.stack = TwinStack()
        self.edge: Edge = self.stack.edge
        self.edge.draws = False  # nobody reads what a scenario sends
        self.edge.use_policy(policy)
        self.edge.accounts = RecordingAccounts(self.edge.accounts, self.recorder)
        self.edge.transactions = RecordingTransactions(self.edge.transactions, self.recorder)
        self.edge.mailer = _PlayedMailer(self.recorder, outcomes or {})
        steps = [step for scenario in policy.scenarios.values() for step in scenario.steps]
        self.channels = {channel for step in steps for channel in (step.channel, *step.also)}
        self.owners: dict[str, list[str]] = {}  # invoice number -> its accounts, in the order of the file
        self.before_run: Moment | None = None  # the run of a day that what happens now comes before, whatever its time

    # --- time
    def moment(self, on: Moment, account: str = "") -> datetime:
        """When something of a day happens: in the middle of the contact window, in the debtor's time zone. A moment
        without a time zone is the creditor's."""
        if on.at is not None:
            return on.at if on.at.tzinfo else on.at.replace(tzinfo=zone(self.policy.creditor.timezone))
        contact = self.policy.contact
        middle = (contact.window_start_minute + contact.window_end_minute) // 2
        return self._at(on.day, middle, account)

    def begin(self, on: Moment, account: str = "") -> datetime:
        """When an event of a day is known: at its start, before any run; never after the run that it comes before."""
        if on.at is None:
            return self._at(on.day, 0, account)
        now = self.moment(on)
        run = self.before_run
        return min(now, self.moment(run, account)) if run is not None and run.day == on.day else now

    def _at(self, day: date, minute: int, account: str) -> datetime:
        known = self.recorder.accounts.get(account)
        try:
            timezone = zone(known.header.timezone if known else "")
        except CalendarError:
            timezone = zone(self.policy.creditor.timezone)
        return datetime.combine(day, time(minute // 60 % 24, minute % 60), tzinfo=timezone)

    # --- accounts
    def account(self, account: str) -> Account | None:
        """The account after its last commit."""
        return self.recorder.accounts.get(account)

    def accounts_of(self, invoice: str) -> list[str]:
        """The accounts that have an invoice of this number."""
        return self.owners.get(invoice, [])

    def items_of(self, account: str, invoice: str, instalment: int | None = None) -> list[str]:
        """The keys under which an account owes (or owed) an invoice, or one instalment of it; [] when it does not."""
        wanted = [("items", invoice)]
        if instalment is not None:
            wanted.append(("items", instalment_key(invoice, instalment)))
        loaded = self.edge.accounts.load(account, wanted)
        if invoice not in loaded.items:
            return []
        parts = [("items", instalment_key(invoice, count + 1)) for count in range(loaded.items[invoice].parts)]
        if parts:
            loaded = self.edge.accounts.load(account, [*wanted, *parts])
        keys = owed_for(loaded, invoice, follow=False) or [invoice]
        if instalment in (None, 1) and keys == [invoice]:
            return keys
        return keys if instalment is None else [key for key in keys if loaded.items[key].instalment == instalment]

    def change(
        self,
        account: str,
        decide: Callable[[Account], Sequence[ev.Event]],
        now: datetime,
        also: Sequence[tuple[str, str]] = (),
        linked: bool = False,
    ) -> Account:
        """Commit events that no function of the stack takes from outside, with what follows from them for the score."""
        return self.edge.change(
            account, lambda one: with_score(self.edge, one, list(decide(one)), now), now, also, linked
        )

    def settle(self) -> None:
        """Work until all queues are empty."""
        self.stack.work()

    # --- a run
    def run(self, on: Moment, watch: bool = True) -> None:
        """Do what the hourly tick does, for each account at its own moment of the day. ``watch`` also notes what is
        passed over and why."""
        for account in sorted(self.recorder.accounts):
            self._look_at(account, self.moment(on, account), watch)

    def _look_at(self, account_id: str, now: datetime, watch: bool) -> None:
        account = self.recorder.accounts[account_id]
        header = account.header
        due = header.due_at is not None and header.due_at <= now
        if not due and not (watch and account.live("items")):
            return
        gates = stack_gates(tick.stack_facts(self.edge, self.policy, now), self.policy)
        closed = tuple(gate for gate in gates if gate != "sending_paused")
        if due and (not closed or (header.upkeep_at is not None and header.upkeep_at <= now)):
            tick.work_account(self.edge, account_id, now, now, not closed, _plenty)
            self.settle()
        if watch:
            self._note_skipped(self.recorder.accounts[account_id], now, closed)

    def _note_skipped(self, account: Account, now: datetime, closed: tuple[str, ...]) -> None:
        """Note what is due and why nothing is said about it, as the chase itself tells."""
        country = account.header.country
        holidays = self.edge.holidays_around(country, now) if country else None
        found = decide_chase(account, self.policy, Surroundings(now, holidays, closed))
        seen: set[tuple[str, str]] = set()
        for skip in found.skipped:
            keys = [skip.item] if skip.item else self._due(account, now) or [""]
            for key in keys:
                if (key, skip.gate) not in seen:
                    seen.add((key, skip.gate))
                    self._skipped(account, key, skip.gate)

    def _due(self, account: Account, now: datetime) -> list[str]:
        """The items whose step has come and which nothing of their own holds back."""
        today = today_of(account, self.policy, now)
        found = standings(account, self.policy, today)
        return [one.item.key for one in found if one.next is not None and one.next.day <= today and not one.gate]

    def _skipped(self, account: Account, key: str, gate: str) -> None:
        item: Item | None = account.items.get(key)
        entry: dict[str, Any] = {"on": self.recorder.on, "customer": account.header.customer or account.id}
        if item is not None:
            entry |= {"invoice": item.number, "instalment": item.instalment or 1}
        self.recorder.record.skipped.append({**entry, "gate": gate})


def _plenty() -> float:
    return 900.0


class _PlayedMailer:
    """A mail service that accepts everything, but what a scenario says of an attempt."""

    def __init__(self, recorder: Recorder, outcomes: Outcomes) -> None:
        self._recorder, self._outcomes = recorder, outcomes
        self._count = 0

    def send(
        self,
        raw: bytes,
        *,
        from_address: str,
        to: Sequence[str],
        configuration_set: str,
        tags: Mapping[str, str],
        now: datetime,
    ) -> Outcome:
        """Answer as the scenario says; the message is not kept."""
        del raw, from_address, to, configuration_set
        self._count += 1
        attempt = self._recorder.attempts.get(tags.get("attempt", ""))
        wanted = self._outcomes.get((attempt.customer, attempt.level, attempt.number), "sent") if attempt else "sent"
        answer = _ANSWERS.get(wanted)
        return answer() if answer else Accepted(f"played-{self._count:06d}", now)
