"""The sending protocol as a model that can be searched to its end: every interleaving of two workers, the mail service,
its events, the clock, payments, disputes and people, for one item and one step.

A state is what the journal of one account says (attempts, releases, gates), where each worker stands, what the mail
service took, and which of its events are still on their way. ``Protocol.moves`` gives every possible next state. Time
is three waits: a quarter of an hour (a claim is silent), some hours (a back-off ends), three days (doubt ends).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

MAX_RELEASES = 3  # as flows/notices.MAX_RELEASES: certain refusals before a person has to look
MAX_ACCEPTED = 2  # of one attempt: a second acceptance is the end of the search


class Attempt(NamedTuple):
    """One claim and what became of it."""

    state: str = "claimed"  # claimed | doubtful | unknown | released | sent
    is_old: bool = False  # claimed for a quarter of an hour, or doubtful for three days
    accepted: int = 0  # messages that the mail service took
    events: int = 0  # of its events: still on their way
    is_proved: bool = False  # an event of it was taken in

    @property
    def is_in_flight(self) -> bool:
        return self.state in ("claimed", "doubtful")


class Worker(NamedTuple):
    """Where one process stands.

    idle; deciding: it has loaded the account and is about to commit ``does`` if that version is still the present one;
    claimed: it may send, if it is quick; sending: at the call of the mail service; answered: with ``outcome`` in hand.
    """

    at: str = "idle"
    does: str = ""  # claim | doubt | give_up
    is_fresh: bool = False  # nobody has committed since it loaded
    attempt: int = -1
    is_late: bool = False  # a quarter of an hour has passed since its claim
    outcome: str = ""  # accepted | doubtful | refused | final | stopped


class State(NamedTuple):
    """Everything."""

    closed: str = ""  # paid | disputed: the gate of the item
    attempts: tuple[Attempt, ...] = ()
    workers: tuple[Worker, ...] = (Worker(), Worker())
    releases: int = 0  # of the present intent
    backs_off: bool = False
    is_retired: bool = False  # given up until a person looks
    is_done: bool = False  # the step counts as said
    accepted: int = 0  # messages taken of the present repetition
    reopened: int = 0
    reissued: int = 0
    has_lied: bool = False
    wrong: str = ""  # what must not happen and has happened in the step that led here


IDLE = Worker()
START = State()
Move = tuple[str, State]


@dataclass(frozen=True)
class Rules:
    """The protocol, with switches for deliberate breakages. All off: as Duly has it."""

    mailer_retries: bool = False
    sweep_sends_again: bool = False
    claim_without_gate: bool = False
    claim_on_any_version: bool = False
    doubt_is_refusal: bool = False
    evidence_ignored: bool = False
    released_after_acceptance: bool = False
    service_lies: bool = False  # no breakage of Duly: the service once refuses and delivers
    tells_gates_apart: bool = False  # a dispute is another state than a payment: no different future, twice the states
    reopenings: int = 1  # how often the person closes the task of an intent that was given up
    reissues: int = 1  # how often the person has a step said again


# --- what Duly decides ------------------------------------------------------------------------------------------------
def decision(state: State, rules: Rules) -> str:
    """What a worker that loads this version wants to commit."""
    for attempt in state.attempts:
        if attempt.state == "claimed" and attempt.is_old:
            return "doubt"
        if attempt.state == "doubtful" and attempt.is_old:
            return "give_up"
    if state.is_done or state.is_retired or state.backs_off or any(one.is_in_flight for one in state.attempts):
        return ""
    return "claim" if not state.closed or rules.claim_without_gate else ""


def may_commit(worker: Worker, rules: Rules) -> bool:
    """The journal is the lock: only on the present version."""
    is_free = rules.claim_on_any_version and worker.does == "claim"
    return worker.at == "deciding" and (worker.is_fresh or is_free)


def committed(state: State) -> State:
    """Somebody wrote the next version of the account: what the others have loaded is no longer the present one."""
    if not any(worker.is_fresh for worker in state.workers):
        return state
    return state._replace(workers=tuple(worker._replace(is_fresh=False) for worker in state.workers))


def with_worker(state: State, number: int, worker: Worker) -> State:
    workers = state.workers
    return state._replace(workers=(*workers[:number], worker, *workers[number + 1 :]))


def with_attempt(state: State, number: int, attempt: Attempt) -> State:
    attempts = state.attempts
    return state._replace(attempts=(*attempts[:number], attempt, *attempts[number + 1 :]))


def loaded(state: State, number: int, rules: Rules) -> State:
    does = decision(state, rules)
    return with_worker(state, number, Worker("deciding", does, True) if does else IDLE)


def claimed(state: State, number: int) -> State:
    is_closed, attempt = bool(state.closed), len(state.attempts)
    state = committed(state._replace(attempts=(*state.attempts, Attempt())))
    state = with_worker(state, number, Worker("claimed", attempt=attempt))
    return state._replace(wrong="claimed although a gate was closed") if is_closed else state


def swept(state: State, number: int, does: str, rules: Rules) -> State:
    """The upkeep of a silent or doubtful attempt."""
    wanted = "claimed" if does == "doubt" else "doubtful"
    found = next(index for index, one in enumerate(state.attempts) if one.state == wanted and one.is_old)
    attempt = state.attempts[found]
    state = committed(with_worker(state, number, IDLE))
    if rules.sweep_sends_again:
        return with_attempt(state, found, attempt._replace(state="released", is_old=False))
    if does == "doubt":
        return with_attempt(state, found, attempt._replace(state="doubtful", is_old=False))
    return with_attempt(state, found, attempt._replace(state="unknown", is_old=False))._replace(is_done=True)


def said(state: State, number: int, is_proved: bool) -> State:
    """An attempt is known to have been sent."""
    attempt = state.attempts[number]
    counted = attempt.state == "unknown"  # it counted as said already
    is_proved = is_proved or attempt.is_proved
    state = with_attempt(state, number, attempt._replace(state="sent", is_old=False, is_proved=is_proved))
    if counted and state.reissued:
        return state  # its repetition is over
    return state._replace(is_done=True, releases=0, backs_off=False)


def released(state: State, number: int, outcome: str) -> State:
    """SES certainly did not take it. A stop of all sending says nothing about this message, so it does not count."""
    releases = state.releases + (outcome != "stopped")
    state = with_attempt(state, number, state.attempts[number]._replace(state="released", is_old=False))
    is_retired = releases >= MAX_RELEASES or outcome == "final"
    return state._replace(releases=releases, is_retired=is_retired, backs_off=not is_retired)


def recorded(state: State, number: int, rules: Rules) -> State:
    """A worker commits the outcome of its own claim, at whatever version the account is now."""
    worker = state.workers[number]
    attempt = state.attempts[worker.attempt]
    outcome = worker.outcome
    state = with_worker(state, number, IDLE)
    if outcome == "doubtful" and rules.doubt_is_refusal:
        outcome = "refused"
    if outcome == "accepted" and rules.released_after_acceptance:
        outcome = "refused"
    if outcome == "accepted" and attempt.is_in_flight:
        return committed(said(state, worker.attempt, False))
    if attempt.state != "claimed" or outcome == "accepted":
        return state
    if outcome == "doubtful":
        return committed(with_attempt(state, worker.attempt, attempt._replace(state="doubtful", is_old=False)))
    return committed(released(state, worker.attempt, outcome))


# --- what the mail service does ---------------------------------------------------------------------------------------
def taken(state: State, number: int) -> State:
    """The mail service takes a message of this attempt; its event is on its way."""
    attempt = state.attempts[number]
    attempt = attempt._replace(accepted=attempt.accepted + 1, events=1)
    state = with_attempt(state, number, attempt)._replace(accepted=state.accepted + 1)
    if attempt.accepted >= MAX_ACCEPTED:
        return state._replace(wrong="one attempt was sent twice")
    return state


def evidence(state: State, number: int, rules: Rules) -> State:
    """An event of the service is taken in."""
    attempt = state.attempts[number]
    if rules.evidence_ignored:
        return with_attempt(state, number, attempt._replace(is_proved=True))
    if attempt.state == "sent":
        return with_attempt(state, number, attempt._replace(is_proved=True))
    return committed(said(state, number, True))


# --- the moves, one rule each -----------------------------------------------------------------------------------------
class Rule(NamedTuple):
    """One row of the state table."""

    name: str
    who: str
    when: str
    then: str
    is_fault: bool
    moves: Callable[[Any, Any], Iterator[tuple[str, Any]]]


RULES: list[Rule] = []


def rule(
    who: str, when: str, then: str, is_fault: bool = False, into: list[Rule] = RULES
) -> Callable[..., Callable[..., Any]]:
    """Note a rule in the table of its model."""

    def note(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.replace("_", " ")
        into.append(Rule(name, who, when, then, is_fault, function))
        return function

    return note


@rule("worker", "idle", "loads one version and decides on it: claim, doubt, give up, or nothing")
def load(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at == "idle":
            yield f"load {number}", loaded(state, number, rules)


@rule("worker", "deciding, on the present version", "commits it as the next version: a claim, a doubt, an end of doubt")
def commit(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if may_commit(worker, rules):
            if worker.does == "claim":
                yield f"commit {number}", claimed(state, number)
            else:
                yield f"commit {number}", swept(state, number, worker.does, rules)


@rule("worker", "deciding, on an older version", "its commit fails, nothing was said: it loads and decides again")
def conflict(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at == "deciding" and not may_commit(worker, rules):
            yield f"conflict {number}", loaded(state, number, rules)


@rule("worker", "claimed within 5 s", "calls the mail service")
def call(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in enumerate(state.workers):
        if worker.at == "claimed" and not worker.is_late:
            yield f"call {number}", with_worker(state, number, worker._replace(at="sending"))


@rule("worker", "claimed longer ago", "does not call: to be released")
def too_late(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in enumerate(state.workers):
        if worker.at == "claimed" and worker.is_late:
            yield f"too late {number}", answered(state, number, "refused")


def answered(state: State, number: int, outcome: str) -> State:
    worker = state.workers[number]
    return with_worker(state, number, Worker("answered", attempt=worker.attempt, outcome=outcome))


def sending(state: State) -> Iterator[tuple[int, Worker]]:
    return ((number, worker) for number, worker in enumerate(state.workers) if worker.at == "sending")


@rule("mail service", "called", "takes the message and says so")
def accept(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in sending(state):
        yield f"accept {number}", answered(taken(state, worker.attempt), number, "accepted")


@rule("mail service", "called", "takes the message, but the answer is lost (time-out, reset, 5xx)", is_fault=True)
def accept_unheard(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in sending(state):
        after = taken(state, worker.attempt)
        if rules.mailer_retries:
            yield f"accept unheard {number}", after
        else:
            yield f"accept unheard {number}", answered(after, number, "doubtful")


@rule("mail service", "called", "never sees the message, and nobody knows that", is_fault=True)
def request_lost(state: State, rules: Rules) -> Iterator[Move]:
    for number, _ in sending(state):
        if not rules.mailer_retries:
            yield f"request lost {number}", answered(state, number, "doubtful")


@rule("mail service", "called", "certainly refuses: the rate", is_fault=True)
def refuse(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in sending(state):
        yield f"refuse {number}", answered(state, number, "refused")
        if rules.service_lies and not state.has_lied:
            after = taken(state, worker.attempt)._replace(has_lied=True)
            yield f"refuse and deliver {number}", answered(after, number, "refused")


@rule("mail service", "called", "certainly refuses: the message itself", is_fault=True)
def refuse_finally(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, _ in sending(state):
        yield f"refuse finally {number}", answered(state, number, "final")


@rule("mail service", "called", "certainly refuses: quota used up, sending paused", is_fault=True)
def stop(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, _ in sending(state):
        yield f"stop {number}", answered(state, number, "stopped")


@rule(
    "worker",
    "answered",
    "commits the outcome at any version: accepted makes claimed or doubtful sent; refused makes "
    "claimed released (after 3, or a final one, a person's task); all else makes claimed doubtful",
)
def record(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at == "answered":
            yield f"record {number}", recorded(state, number, rules)


@rule("worker", "anywhere", "its process ends", is_fault=True)
def crash(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in enumerate(state.workers):
        if worker.at != "idle":
            yield f"crash {number}", with_worker(state, number, IDLE)


@rule("event", "on its way", "proves the attempt sent, whatever it was")
def event(state: State, rules: Rules) -> Iterator[Move]:
    for number, attempt in enumerate(state.attempts):
        if attempt.events:
            after = with_attempt(state, number, attempt._replace(events=0))
            yield f"event {number}", evidence(after, number, rules)


@rule("event", "on its way", "comes, and will come again", is_fault=True)
def event_twice(state: State, rules: Rules) -> Iterator[Move]:
    for number, attempt in enumerate(state.attempts):
        if attempt.events:
            yield f"event twice {number}", evidence(state, number, rules)


@rule("event", "on its way", "is lost", is_fault=True)
def event_lost(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, attempt in enumerate(state.attempts):
        if attempt.events:
            yield f"event lost {number}", with_attempt(state, number, attempt._replace(events=0))


@rule("customer", "any moment", "pays: the item's gate closes")
def pay(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if not state.closed:
        yield "pay", committed(state._replace(closed="paid"))


@rule("customer", "any moment", "disputes: the item's gate closes")
def dispute(state: State, rules: Rules) -> Iterator[Move]:
    if not state.closed:
        yield "dispute", committed(state._replace(closed="disputed" if rules.tells_gates_apart else "paid"))


@rule("clock", "something is claimed", "a quarter of an hour passes: the claim is silent, its worker too late")
def wait_a_quarter(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    is_new = any(one.state == "claimed" and not one.is_old for one in state.attempts)
    if is_new and not any(worker.at == "deciding" for worker in state.workers):
        attempts = tuple(one._replace(is_old=True) if one.state == "claimed" else one for one in state.attempts)
        workers = tuple(one._replace(is_late=True) if one.at == "claimed" else one for one in state.workers)
        yield "wait a quarter", state._replace(attempts=attempts, workers=workers)


@rule("clock", "backing off, no process lives that long", "hours pass: the notice may be claimed anew")
def wait_hours(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if state.backs_off and all(worker.at == "idle" for worker in state.workers):
        yield "wait hours", state._replace(backs_off=False)


@rule("clock", "something is doubtful, no process lives that long", "three days pass: the doubt ends")
def wait_days(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    is_new = any(one.state == "doubtful" and not one.is_old for one in state.attempts)
    if is_new and all(worker.at == "idle" for worker in state.workers):
        attempts = tuple(one._replace(is_old=True) if one.is_in_flight else one for one in state.attempts)
        yield "wait days", state._replace(attempts=attempts)


@rule("person", "an intent was given up", "closes its task: it may be claimed again")
def reopen(state: State, rules: Rules) -> Iterator[Move]:
    if state.is_retired and state.reopened < rules.reopenings:
        after = state._replace(is_retired=False, releases=0, reopened=state.reopened + 1)
        yield "reopen", committed(after)


@rule("person", "an attempt is unknown", "takes the step back: it is said again as the next repetition")
def reissue(state: State, rules: Rules) -> Iterator[Move]:
    is_unknown = bool(state.attempts) and state.attempts[-1].state == "unknown" and state.is_done
    if is_unknown and state.reissued < rules.reissues:
        after = state._replace(is_done=False, accepted=0, releases=0, reissued=state.reissued + 1)
        yield "reissue", committed(after)


class Protocol:
    """The protocol under these rules, as something to search."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()

    start = START

    def moves(self, state: State) -> Iterator[Move]:
        """Every next state, with the name of the move."""
        return ((name, tidy(after)) for name, after in self.untidy_moves(state))

    def untidy_moves(self, state: State) -> Iterator[Move]:
        """The same, before attempts are forgotten. A state in which something went wrong has none."""
        if not state.wrong:
            for one in RULES:
                yield from one.moves(state, self.rules)

    def wrong(self, state: State) -> str:
        """What must not be and is so in this state."""
        if state.wrong:
            return state.wrong
        if state.accepted > 1 and not state.has_lied:
            return "one step was said twice"
        for attempt in state.attempts:
            if attempt.is_proved and attempt.state != "sent":
                return "an event proves it sent, and Duly does not know"
            if attempt.state == "sent" and not attempt.accepted:
                return "recorded as sent, and never sent"
            if attempt.state == "released" and attempt.accepted and not state.has_lied:
                return "recorded as not sent, and sent"
        return ""

    def is_end(self, state: State) -> bool:
        """Nothing is in flight and nobody is at work: said, given up to a person, or closed by a gate."""
        return (
            all(worker.at == "idle" for worker in state.workers)
            and not any(attempt.is_in_flight for attempt in state.attempts)
            and (state.is_done or state.is_retired or bool(state.closed))
        )


def kept(state: State) -> list[int]:
    """The attempts that still matter: the last, those in flight, with events on their way, or held."""
    last = len(state.attempts) - 1
    held = {worker.attempt for worker in state.workers}
    return [
        number
        for number, one in enumerate(state.attempts)
        if number == last or one.is_in_flight or one.events or number in held
    ]


def tidy(state: State) -> State:
    """Forget attempts that nothing can change any more: equal futures are one state."""
    found = kept(state)
    if len(found) == len(state.attempts):
        return state
    moved = {number: index for index, number in enumerate(found)}
    workers = tuple(one._replace(attempt=moved.get(one.attempt, -1)) for one in state.workers)
    return state._replace(attempts=tuple(state.attempts[number] for number in found), workers=workers)


@cache
def is_fault(move: str) -> bool:
    """Whether a move is one that does not happen while all goes well."""
    name = move.rstrip("0123456789 ")
    return any(one.is_fault for one in RULES if name.startswith(one.name))
