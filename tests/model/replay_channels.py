"""Plays the moves of the model of several channels on the real flows, on the memory twin, and reads back the state.

A worker stops before it commits a decision, before it carries a claim out, and before it commits the outcome.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.channels import CALL, EMAIL, SMS, WRITTEN
from duly.domain.upkeep import SILENT_AFTER, UNKNOWN_AFTER, today_of
from duly.flows import carrying, channels, notices, tick
from duly.flows.decisions import decide
from duly.flows.notices import document_key
from duly.flows.twin import TwinStack
from duly.mail.sending import Scripted
from tests.model import channels as model
from tests.model import replay
from tests.model.channels import Attempt, Channels, Round, Rules, State, Worker
from tests.model.replay import ACCOUNT, ANSWERS, ITEM, Process, Reality
from tests.sim import small_world as world

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 3, 0, 5, tzinfo=BERLIN).astimezone(UTC)  # as early as all waits of one day need
HOURS = timedelta(minutes=125)  # longer than the longest back-off before a person has to look
LATE = 6.0  # seconds
APPROVAL_DAYS = 90
CUSTOMER = b"""id,name,country,language,timezone,kind,vat_id,email,role,scenario,address,postcode,city,phone
K0,Kunde GmbH,DE,de,Europe/Berlin,business,,k0@kunde.example,billing,standard,Torweg 4,20457,Hamburg,040 123456
"""
DECISIONS = {  # by the first of these events
    "NoticeClaimed": "claim",
    "ApprovalAsked": "propose",
    "NoticeSent": "settle",
    "NoticeReleased": "settle",
    "NoticeDoubtful": "sweep",
    "NoticeUnknown": "sweep",
    "ApprovalSettled": "sweep",
}
GO_ON = ("commit", "conflict", "hold back", "too late", "record")


def policy(rules: Rules) -> bytes:
    """The policy whose only step is the model's."""
    step = f'channel = "{rules.main}"\nalso = [{f"{rules.beside!r}" if rules.beside else ""}]\n'
    asks = "approve = true\n" if rules.asks else ""
    gates = f"[gates]\napproval_days = {APPROVAL_DAYS}\n".encode()
    return replay.POLICY.replace(b"[gates]\n", gates) + (step + asks).encode()


def one_debtor(rules: Rules) -> TwinStack:
    """One customer with one invoice that is overdue for its only step."""
    stack = TwinStack()
    files = ("policy/p.toml", policy(rules)), ("customers/c.csv", CUSTOMER), ("invoices/i.csv", replay.INVOICE)
    for key, data in files:
        stack.upload(key, data, START - timedelta(minutes=1))
        stack.work()
    return stack


class Looker(Process):
    """A process in one look at the account."""

    def _stop_at(self, name: str, moment: str) -> str:
        if (name, moment) == ("accounts.write", "before") and self.at in ("idle", "deciding"):
            return "deciding"
        if name == "carry":
            return moment
        return "answered" if name == "outcome" and self.at in ("main", "beside") else ""


@contextmanager
def stops() -> Iterator[None]:
    """Let processes stop before a claim is carried out, and before its outcome is committed. Letters are not set."""
    carry_out, commit_outcome = carrying.carry_out, notices.commit_outcome

    def carried(edge: Any, claimed: Any, *rest: Any) -> Account:
        _reach("carry", "beside" if claimed.event.main else "main")
        return carry_out(edge, claimed, *rest)

    def committed(*given: Any) -> Account:
        _reach("outcome", "")
        return commit_outcome(*given)

    with (
        patch.object(tick, "carry_out", carried),
        patch.object(carrying, "commit_outcome", committed),
        patch.object(channels, "render_letter", lambda _: b"%PDF"),
    ):
        yield


def _reach(name: str, moment: str) -> None:
    process = threading.current_thread()
    if isinstance(process, Process):
        process.reach(name, moment)


@dataclass
class Reached(Reality):
    """The real stack while a trace is played on it."""

    rules: Rules = field(default_factory=Rules)
    now: datetime = START
    rounds: list[tuple[str, str]] = field(default_factory=list)  # keys of the main notice and of the one beside it
    known: dict[str, tuple[str, int]] = field(default_factory=dict)  # part and repetition of every attempt so far

    # --- moves
    def make(self, move: str) -> None:
        """Make one move of the model."""
        name = move.rstrip("0123456789 ")
        number = int(move[len(name) :] or 0)
        if name in ANSWERS:
            self._answer(number, ANSWERS[name])
        elif name in GO_ON:
            self._process(number).go_on()
        elif name.startswith("event"):
            self._told(number, is_lost=name == "event lost")
        else:
            action = getattr(self, f"_{name.replace(' ', '_')}")
            action(number) if name in ("load", "crash") else action()

    def _load(self, number: int) -> None:
        self.stack.edge.stack.put("sending", {})  # the stop of all sending is another model's
        edge, now = self.stack.edge, self.now

        def look() -> None:
            tick._work_once(edge, ACCOUNT, edge.policy(), now, True, lambda: 900.0)

        process = Looker(look)
        self.processes[number] = process
        process.start()
        process.go_on()

    def _answer(self, number: int, answer: Scripted) -> None:
        process = self._process(number)
        channel = self.rules.channel(process.at)
        if channel == EMAIL:
            self.stack.mailer.will(answer)
        elif channel == SMS:
            self.stack.texter.will(answer)
        process.go_on()
        self._publish()

    def _told(self, number: int, is_lost: bool) -> None:
        key = self.rounds[number][0 if self.rules.main == EMAIL else 1]
        self.notices = [key]
        self._event_lost(0) if is_lost else self._event(0)

    def _dispute(self) -> None:
        day = self.now.date()
        opened = ev.DisputeOpened("D1", (ITEM,), "price", "finance", day + timedelta(days=9_000), day)
        self._change(lambda _: [opened])

    def _wait_seconds(self) -> None:
        self.seconds += LATE

    def _wait_hours(self) -> None:
        self._wait(HOURS)

    def _wait_days(self) -> None:
        self._wait_until(4)

    def _wait_weeks(self) -> None:
        self._wait_until(APPROVAL_DAYS + 2)

    def _wait_until(self, days: int) -> None:
        day = self.now.astimezone(BERLIN).date() + timedelta(days=days)
        self._wait(datetime.combine(day, time(0, 5), BERLIN).astimezone(UTC) - self.now)

    def _decide(self, action: str, **named: str) -> None:
        decide(self.stack.edge, {"action": action, "account": ACCOUNT, "by": "finance", **named}, self.now)

    def _approve(self) -> None:
        self._decide("approve", approval=self.account().live("approvals")[0].key)

    def _discard(self) -> None:
        self._decide("discard", approval=self.account().live("approvals")[0].key)

    def _reissue(self) -> None:
        found = self.account().notices
        key = next(key for key in self.rounds[-1] if key and found[key].state == "unknown")
        self._decide("reissue", notice=key)
        self.reissued += 1

    # --- the state
    def account(self) -> Account:
        """The account as it is, with what the model knows of it."""
        self.notices = [key for each in self.rounds for key in each if key]
        return super().account()

    def learn(self, untidy: State) -> None:
        """Learn what was claimed; keep the rounds that the model keeps, and the workers in its order."""
        if len(untidy.rounds) > len(self.rounds):
            new = [notice for notice in self.account().live("notices") if notice.key not in self.known]
            for notice in new:
                self.known[notice.key] = "beside" if notice.main else "main", notice.items[0].repetition
            main = next(notice.key for notice in new if not notice.main)
            beside = next((notice.key for notice in new if notice.main), self._called())
            self.rounds.append((main, beside))
        assert len(untidy.rounds) == len(self.rounds), "the model and the account disagree on what was claimed"
        self.rounds = [self.rounds[number] for number in model.kept(untidy)]
        self.processes = [self.processes[number] for number in model.order(untidy)]

    def _called(self) -> str:
        """A call that was claimed, and so made, with the notice just claimed."""
        calls = [
            task.about for task in self.account().live("tasks") if task.kind == CALL and task.about not in self.known
        ]
        self.known |= dict.fromkeys(calls, ("beside", self.reissued))
        return calls[0] if calls else ""

    def found(self) -> State:
        """What the model would say of the account, the processes and the services."""
        account = self.account()
        item, header = account.items[ITEM], account.header
        approval = next(iter(account.live("approvals")), None)
        today = today_of(account, self.stack.edge.policy(), self.now)
        last = account.notices[self.rounds[-1][0]] if self.rounds else None
        intent = last.intent if last is not None and last.items[0].repetition == self.reissued else ""
        retry_at = header.retry_at.get(intent)
        is_done = any(step.repetition == self.reissued for step in item.steps)
        first, second = (
            sum(self._is_accepted(account, key) for key, known in self.known.items() if known == (part, self.reissued))
            for part in ("main", "beside")
        )
        return State(
            is_closed=bool(account.live("disputes")),
            approval=approval.state if approval else "",
            is_stale=approval is not None and today > approval.until,
            is_discarded=today in header.discarded.values(),
            rounds=tuple(self._round(account, *keys) for keys in self.rounds),
            has_mark=bool(item.beside),
            workers=(self._at(account, self.processes[0]), self._at(account, self.processes[1])),
            releases=0 if is_done else header.releases.get(intent, 0),  # of no interest any more
            backs_off=retry_at is not None and retry_at > self.now,
            is_retired=intent in header.retired,
            is_done=is_done,
            accepted=(first, second),
            wrong=model.TOLD if self._is_told_in_vain(account) else "",
        )

    def _is_told_in_vain(self, account: Account) -> bool:
        """Whether a person has the task to look after a companion that goes along again."""
        told = {task.about for task in account.live("tasks") if task.kind == "companion_not_sent"}
        return any(beside in told and account.notices[main].state == "released" for main, beside in self.rounds)

    def _round(self, account: Account, main: str, beside: str) -> Round:
        return Round(self._one(account, main), self._one(account, beside) if beside else None)

    def _one(self, account: Account, key: str) -> Attempt:
        notice = account.notices[key]
        limit = {"claimed": SILENT_AFTER, "doubtful": UNKNOWN_AFTER}.get(notice.state)
        is_old = limit is not None and self.now >= (notice.since or notice.at) + limit
        return Attempt(notice.state, is_old, self._is_accepted(account, key) > 0, bool(self.events.get(key, 0)))

    def _is_accepted(self, account: Account, key: str) -> int:
        """How often what an attempt says was taken, or written."""
        channel = self.rules.channel(self.known[key][0])
        if channel in WRITTEN:
            return self.stack.objects.get(document_key(account.id, key, channel), "") is not None
        if channel == CALL:
            return sum((one.kind, one.about) == (CALL, key) for one in account.live("tasks"))
        if channel == SMS:
            return sum(one.attempt == key for one in self.stack.texter.messages)
        return sum(one.tags["attempt"] == key for one in self.stack.mailer.messages)

    def _at(self, account: Account, process: Process | None) -> Worker:
        if process is None or process.at == "idle":
            return model.IDLE
        if process.at == "deciding":
            does = next((what for name, what in DECISIONS.items() if name in process.does), str(process.does))
            return Worker("deciding", does, process.version == account.version)
        return Worker(process.at)


def seen(state: State) -> State:
    """A model's state without what cannot be seen from outside: who holds what, and what persons did."""
    workers = tuple(worker if worker.at == "deciding" else Worker(worker.at) for worker in state.workers)
    return state._replace(workers=workers, reopened=0, reissued=0)


def play(start: TwinStack, of: Channels, trace: Sequence[str]) -> Reached:
    """Play a trace and compare after each move. Raises AssertionError at the first difference."""
    reality = Reached(world.fork(start), rules=of.rules)
    state: State = of.start
    with stops():
        try:
            for number, move in enumerate(trace):
                untidy = dict(of.untidy_moves(state))[move]
                reality.make(move)
                reality.learn(untidy)
                state = model.tidy(untidy)
                found = reality.found()
                assert found == seen(state), f"after {' > '.join(trace[: number + 1])}"
        finally:
            reality.end()
    return reality
