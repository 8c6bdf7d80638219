"""Plays the moves of the sending protocol on the real flows, on the memory twin, and reads back the state they made.

A worker is a thread that stops where the model has it stop: before it commits a decision, before it writes the message,
before the call of the mail service and after it. Nothing runs but the one thread that a move lets go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.cash import receive
from duly.domain.scoring import with_score
from duly.domain.upkeep import SILENT_AFTER, UNKNOWN_AFTER, today_of
from duly.flows import tick
from duly.flows.decisions import decide
from duly.flows.delivery import SesEvent, take_ses_event
from duly.flows.twin import Ended, TwinStack
from duly.mail.sending import Doubtful, Refused, Scripted
from duly.store.tables import OutcomeUnknown
from tests.model import protocol
from tests.model.protocol import Attempt, Protocol, State, Worker
from tests.sim import small_world as world

ACCOUNT, ITEM = "K0", "R0-0"
START = world.at(0, 10)
QUARTER, HOURS, DAYS = timedelta(minutes=20), timedelta(hours=4), timedelta(hours=73)
PATIENCE = 30.0  # seconds until a thread that neither stops nor ends is a mistake of the test
POLICY = b"""
[creditor]
name = "Muster GmbH"
country = "DE"
timezone = "Europe/Berlin"
email = "finance@muster.example"
[gates]
bank_data_max_age_business_days = 0
[contact]
window = ["00:00", "24:00"]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
holidays = false
min_gap_days = 0
max_per_7_days = 0
[scenario.standard]
threshold = {}
tolerance = {}
[[scenario.standard.step]]
level = 1
name = "only"
days = 3
"""
CUSTOMER = b"""id,name,country,language,timezone,kind,vat_id,email,role,scenario
K0,Kunde GmbH,DE,de,Europe/Berlin,business,,k0@kunde.example,billing,standard
"""
INVOICE = b"""number,customer,issued,due,amount,currency,type,terms,order
R0-0,K0,2026-01-20,2026-02-10,100.00,EUR,invoice,,
"""
ANSWERS = {
    "accept": Scripted(),
    "accept unheard": Scripted(accepts=True, answer=Doubtful("ReadTimeoutError")),
    "request lost": Scripted(accepts=False, answer=Doubtful("ConnectionResetError")),
    "refuse": Scripted(accepts=False, answer=Refused("TooManyRequestsException", pressure="slow")),
    "refuse and deliver": Scripted(accepts=True, answer=Refused("TooManyRequestsException", pressure="slow")),
    "refuse finally": Scripted(accepts=False, answer=Refused("MessageRejected", retryable=False)),
    "stop": Scripted(accepts=False, answer=Refused("LimitExceededException", pressure="stop")),
}


def one_debtor() -> TwinStack:
    """One customer with one invoice that is overdue for its only step."""
    stack = TwinStack()
    for key, data in (("policy/p.toml", POLICY), ("customers/c.csv", CUSTOMER), ("invoices/i.csv", INVOICE)):
        stack.upload(key, data, START - timedelta(hours=1))
        stack.work()
    return stack


class Process(threading.Thread):
    """One process at work on the account."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._ends = False
        self._wrote_message = False
        self.at = "idle"
        self.version = -1  # of the account that it is about to commit on
        self.does: tuple[str, ...] = ()
        self.error: BaseException | None = None

    def run(self) -> None:
        self._go.acquire()
        try:
            self._work()
        except Ended:
            pass
        except BaseException as error:  # shown by the driver, in the test's own thread
            self.error = error
        self.at = "idle"
        self._stopped.release()

    def go_on(self) -> None:
        """Run until the next stop or the end."""
        self._go.release()
        if not self._stopped.acquire(timeout=PATIENCE):
            raise AssertionError("the process neither stops nor ends")
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        """End where it stands."""
        self._ends = True
        self.go_on()

    def reach(self, name: str, moment: str) -> None:
        """Called by the thread itself around each call of a twin."""
        stop = self._stop_at(name, moment)
        if not stop:
            return
        self.at = stop
        self._stopped.release()
        self._go.acquire()
        if self._ends:
            raise Ended

    def _stop_at(self, name: str, moment: str) -> str:
        if self.at in ("idle", "deciding"):
            if (name, moment) == ("accounts.write", "before"):
                return "deciding"
            return "claimed" if (name, moment) == ("objects.put", "before") else ""
        if self.at == "claimed":
            if (name, moment) == ("mailer.send", "before"):
                return "sending"
            return "answered" if moment == "before" else ""
        return "answered" if self.at == "sending" and (name, moment) == ("mailer.send", "after") else ""


@dataclass
class Reality:
    """The real stack while a trace is played on it."""

    stack: TwinStack
    now: datetime = START
    seconds: float = 0.0
    processes: list[Process | None] = field(default_factory=lambda: [None, None])
    notices: list[str] = field(default_factory=list)  # keys of the attempts that the model still knows
    repetitions: dict[str, int] = field(default_factory=dict)  # what every attempt so far says
    events: dict[str, int] = field(default_factory=dict)  # on their way, by attempt
    reissued: int = 0
    loses_answer: Callable[[], bool] = lambda: False  # of the write that was just applied

    def __post_init__(self) -> None:
        self.stack.edge.monotonic = lambda: self.seconds
        self.stack.set_fault(self._hook)
        commit = self.stack.edge.accounts.commit

        def noted(account: Account, events: Sequence[ev.Event], *rest: Any, **more: Any) -> Account:
            process = threading.current_thread()
            if isinstance(process, Process):
                process.version, process.does = account.version, tuple(type(event).__name__ for event in events)
            return commit(account, events, *rest, **more)

        self.stack.edge.accounts.commit = noted  # type: ignore[method-assign]

    def _hook(self, name: str, moment: str) -> None:
        process = threading.current_thread()
        if isinstance(process, Process):
            process.reach(name, moment)
        if (name, moment) == ("accounts.write", "after") and self.loses_answer():
            raise OutcomeUnknown("lost")

    # --- moves
    def make(self, move: str) -> None:
        """Make one move of the model."""
        name = move.rstrip("0123456789 ")
        number = int(move[len(name) :] or 0)
        if name in ANSWERS:
            self.stack.mailer.will(ANSWERS[name])
            self._process(number).go_on()
            self._publish()
        elif name in ("commit", "conflict", "call", "too late", "record"):
            self._process(number).go_on()
        else:
            action = getattr(self, f"_{name.replace(' ', '_')}")
            action(number) if name in ("load", "crash", "event", "event twice", "event lost") else action()

    def _process(self, number: int) -> Process:
        process = self.processes[number]
        assert process is not None
        return process

    def _load(self, number: int) -> None:
        now = self.now
        process = Process(lambda: tick.work_account(self.stack.edge, ACCOUNT, now, now, True, lambda: 900.0))
        self.processes[number] = process
        process.start()
        process.go_on()

    def _crash(self, number: int) -> None:
        self._process(number).end()

    def _publish(self) -> None:
        """The mail service publishes one event of each message it took."""
        for message in self.stack.mailer.messages:
            self.events.setdefault(message.tags["attempt"], 1)

    def _event(self, number: int) -> None:
        self._event_twice(number)
        self.events[self.notices[number]] = 0

    def _event_twice(self, number: int) -> None:
        key = self.notices[number]
        message = next(one for one in self.stack.mailer.messages if one.tags["attempt"] == key)
        event = SesEvent("Send", key, message.ses_message_id, "")
        assert take_ses_event(self.stack.edge, event, self.now)

    def _event_lost(self, number: int) -> None:
        self.events[self.notices[number]] = 0

    def _pay(self) -> None:
        cash = ev.CashReceived("T1", "payment", 10_000, "EUR", self.now.date(), (ITEM,), "u", 1)
        self._change(lambda account: receive(account, cash, self.now.date()))

    def _dispute(self) -> None:
        day = self.now.date()
        opened = ev.DisputeOpened("D1", (ITEM,), "price", "finance", day + timedelta(days=300), day)
        self._change(lambda _: [opened])

    def _change(self, decision: Callable[[Account], list[ev.Event]]) -> None:
        edge = self.stack.edge

        def events(account: Account) -> list[ev.Event]:
            return with_score(account, decision(account), edge.policy(), today_of(account, edge.policy(), self.now))

        edge.change(ACCOUNT, events, self.now, [("items", ITEM)])

    def _wait_a_quarter(self) -> None:
        self._wait(QUARTER)

    def _wait_hours(self) -> None:
        self._wait(HOURS)

    def _wait_days(self) -> None:
        self._wait(DAYS)

    def _wait(self, time: timedelta) -> None:
        """Time passes. What a new day changes of the score is written by somebody else at once."""
        self.now += time
        self.seconds += time.total_seconds()
        edge = self.stack.edge
        edge.change(
            ACCOUNT,
            lambda account: [
                event
                for event in tick._upkeep(account, edge.policy(), self.now)
                if type(event).__name__ in ("ScoreChanged", "ScoreReviewed", "CategoryChanged", "CreditHoldChanged")
            ],
            self.now,
        )

    def _reopen(self) -> None:
        tasks = [task for task in self.account().live("tasks") if task.kind == "release_limit"]
        request = {"action": "close_task", "account": ACCOUNT, "task": tasks[-1].key, "by": "finance"}
        decide(self.stack.edge, request, self.now)

    # --- the state
    def account(self) -> Account:
        """The account as it is, with what the model knows of it."""
        closed = [("items", ITEM), *(("notices", key) for key in self.notices)]
        return self.stack.edge.accounts.load(ACCOUNT, closed)

    def follow(self, untidy: State) -> None:
        """Learn which attempt was claimed, and keep the names of those that the model keeps."""
        if len(untidy.attempts) > len(self.notices):
            for notice in self.account().live("notices"):
                if notice.key not in self.repetitions:
                    self.notices.append(notice.key)
                    self.repetitions[notice.key] = notice.items[0].repetition
        assert len(untidy.attempts) == len(self.notices), "the model and the account disagree on what was claimed"
        self.notices = [self.notices[number] for number in protocol.kept(untidy)]

    def state(self) -> State:
        """What the model would say of the account, the processes and the mail service."""
        account = self.account()
        item = account.items[ITEM]
        attempts = tuple(self._attempt(account, key) for key in self.notices)
        last = account.notices[self.notices[-1]] if self.notices else None
        is_claimed = last is not None and last.items[0].repetition == self.reissued
        intent = last.intent if last is not None and is_claimed else ""
        header = account.header
        retry_at = header.retry_at.get(intent)
        said = {notice for notice, repetition in self.repetitions.items() if repetition == self.reissued}
        return State(
            closed="paid" if item.state == "paid" else "disputed" if account.live("disputes") else "",
            attempts=attempts,
            workers=tuple(self._worker(account, process) for process in self.processes),
            releases=header.releases.get(intent, 0),
            backs_off=retry_at is not None and retry_at > self.now,
            is_retired=intent in header.retired,
            is_done=any(step.repetition == self.reissued for step in item.steps),
            accepted=sum(message.tags["attempt"] in said for message in self.stack.mailer.messages),
        )

    def _attempt(self, account: Account, key: str) -> Attempt:
        notice = account.notices[key]
        limit = {"claimed": SILENT_AFTER, "doubtful": UNKNOWN_AFTER}.get(notice.state)
        is_old = limit is not None and self.now >= (notice.since or notice.at) + limit
        accepted = sum(message.tags["attempt"] == key for message in self.stack.mailer.messages)
        return Attempt(notice.state, is_old, accepted, self.events.get(key, 0))

    def _worker(self, account: Account, process: Process | None) -> Worker:
        if process is None or process.at == "idle":
            return protocol.IDLE
        if process.at == "deciding":
            kinds = {"NoticeClaimed": "claim", "NoticeDoubtful": "doubt", "NoticeUnknown": "give_up"}
            does = [kinds[name] for name in process.does if name in kinds]
            return Worker("deciding", "".join(does) or str(process.does), process.version == account.version)
        return Worker(process.at)

    def end(self) -> None:
        """End what is still at work."""
        for process in self.processes:
            if process is not None and process.at != "idle":
                process.end()


def seen(state: State) -> State:
    """A model's state without what cannot be seen from outside: who holds what, what is proved, what persons did."""
    workers = tuple(worker if worker.at == "deciding" else Worker(worker.at) for worker in state.workers)
    attempts = tuple(attempt._replace(is_proved=False) for attempt in state.attempts)
    return state._replace(workers=workers, attempts=attempts, reopened=0, reissued=0, has_lied=False)


def play(
    start: TwinStack, model: Protocol, trace: Sequence[str], loses_answer: Callable[[], bool] = lambda: False
) -> Reality:
    """Play a trace and compare after each move. Raises AssertionError at the first difference. ``loses_answer`` says of
    each write to the account whether its answer is lost: the journal then tells the writer that it was written."""
    reality = Reality(world.fork(start), loses_answer=loses_answer)
    state: State = model.start
    try:
        for number, move in enumerate(trace):
            untidy = dict(model.untidy_moves(state))[move]
            reality.make(move)
            reality.follow(untidy)
            state = protocol.tidy(untidy)
            found = reality.state()
            assert found == seen(state), f"after {' > '.join(trace[: number + 1])}"
    finally:
        reality.end()
    return reality
