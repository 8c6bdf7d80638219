"""Steps on several channels, documents, approvals and re-issues as a model that can be searched to its end: what the
model of one channel (``protocol``) has not. One item and one step with a main channel and, perhaps, a companion.

A claim makes a round: an attempt on the main channel, and one beside it unless the item has its mark. Finer points of
the mail service and its events are the first model's; here no process lives for a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from duly.domain.channels import CALL, EMAIL, HAND_OVER, LETTER, SMS, WRITTEN
from tests.model import protocol
from tests.model.protocol import MAX_RELEASES, Rule

TWICE = "a step was said twice on one channel"
GATE = "claimed although a gate was closed"
UNAPPROVED = "claimed without an approval that is good"
ALONE = "a companion went out, and its main channel certainly did not"
IN_DOUBT = "a document is in doubt, and could be looked for"
NOT_SENT = "recorded as sent, and never sent"
SENT = "recorded as not sent, and sent"
TOLD = "a person is told of a companion that goes along again"


class Attempt(NamedTuple):
    """One claim on one channel. Of an e-mail an event may be on its way."""

    state: str = "claimed"  # claimed | doubtful | unknown | released | sent
    is_old: bool = False  # claimed for a quarter of an hour, or doubtful for three days
    is_accepted: bool = False
    has_event: bool = False

    @property
    def is_in_flight(self) -> bool:
        return self.state in ("claimed", "doubtful")


class Round(NamedTuple):
    """What one commit claimed."""

    main: Attempt = Attempt()
    beside: Attempt | None = None

    def of(self, part: str) -> Attempt:
        found = self.main if part == "main" else self.beside
        assert found is not None
        return found

    @property
    def attempts(self) -> list[Attempt]:
        return [self.main] if self.beside is None else [self.main, self.beside]


class Worker(NamedTuple):
    """idle; deciding: about to commit ``does``; main, beside: about to carry out that claim; answered: with its
    ``outcome`` in hand."""

    at: str = "idle"
    does: str = ""  # settle | sweep | propose | claim
    is_fresh: bool = False  # nobody has committed since it loaded
    number: int = -1  # of its round
    part: str = ""  # main | beside
    is_late: bool = False  # more than 5 s after the claim
    outcome: str = ""  # accepted | doubtful | refused | final | main_released


class State(NamedTuple):
    """Everything."""

    is_closed: bool = False  # the item's gate
    approval: str = ""  # asked | approved
    is_stale: bool = False  # the approval's time is over
    is_discarded: bool = False  # a proposal was discarded today
    rounds: tuple[Round, ...] = ()
    has_mark: bool = False  # the item keeps that the companion was claimed
    workers: tuple[Worker, ...] = (Worker(), Worker())
    releases: int = 0
    backs_off: bool = False
    is_retired: bool = False
    is_done: bool = False
    accepted: tuple[int, int] = (0, 0)  # messages and documents of this repetition: main, beside
    reopened: int = 0
    reissued: int = 0
    wrong: str = ""


IDLE = Worker()
Move = tuple[str, State]


@dataclass(frozen=True)
class Rules:
    """A step, and switches for deliberate breakages. All off: as Duly has it."""

    main: str = EMAIL
    beside: str = ""
    asks: bool = False  # the step asks a person
    companion_each_time: bool = False
    companion_anyway: bool = False
    document_in_doubt: bool = False
    document_not_looked_for: bool = False
    silent_document_left: bool = False
    asked_is_enough: bool = False
    expiry_ignored: bool = False
    claim_without_gate: bool = False
    claim_on_any_version: bool = False
    unknown_is_open: bool = False
    told_anyway: bool = False
    reopenings: int = 1
    reissues: int = 1

    def channel(self, part: str) -> str:
        return self.main if part == "main" else self.beside

    def is_looked_for(self, part: str) -> bool:
        """Whether a silent claim is settled by looking for its document."""
        return self.channel(part) in WRITTEN and not self.document_in_doubt


STEPS = {
    "e-mail and SMS": Rules(EMAIL, SMS, reopenings=0, reissues=0),
    "e-mail and call": Rules(EMAIL, CALL, reopenings=0),
    "letter and e-mail": Rules(LETTER, EMAIL, reopenings=0),
    "e-mail and letter": Rules(EMAIL, LETTER, reissues=0),
    "e-mail, to be approved": Rules(EMAIL, asks=True, reopenings=0),
    "e-mail and SMS, to be approved": Rules(EMAIL, SMS, asks=True, reopenings=0, reissues=0),
    "hand-over, to be approved": Rules(HAND_OVER, asks=True),
}
"""The steps that are searched. What a person may do once more is left out where it only multiplies states."""


# --- what Duly decides ------------------------------------------------------------------------------------------------
def silent_document(state: State, rules: Rules) -> tuple[int, str] | None:
    """The first silent claim whose document can be looked for: main channels first."""
    for part in ("main", "beside"):
        for number, one in enumerate(state.rounds):
            attempt = one.main if part == "main" else one.beside
            if attempt is not None and rules.is_looked_for(part) and attempt.state == "claimed" and attempt.is_old:
                return number, part
    return None


def decision(state: State, rules: Rules) -> str:
    """What a worker that loads this version wants to commit next."""
    if not rules.silent_document_left and silent_document(state, rules) is not None:
        return "settle"
    if any(sweeps(state, rules)) or approval_ends(state, rules):
        return "sweep"
    is_gate_closed = state.is_closed and not rules.claim_without_gate
    if state.is_done or is_gate_closed or any(one.main.is_in_flight for one in state.rounds):
        return ""
    if rules.asks and not is_approved(state, rules):
        return "" if state.approval == "asked" or state.is_discarded else "propose"
    return "" if state.is_retired or state.backs_off else "claim"


def is_approved(state: State, rules: Rules) -> bool:
    return state.approval == "approved" or (rules.asked_is_enough and state.approval == "asked")


def approval_ends(state: State, rules: Rules) -> bool:
    """Its time is over, or it asks for what is not true any more."""
    is_over = state.is_stale and not rules.expiry_ignored
    return bool(state.approval) and (is_over or (state.approval == "asked" and state.is_closed))


def sweeps(state: State, rules: Rules) -> Iterator[tuple[int, str]]:
    for number, one in enumerate(state.rounds):
        for part, attempt in zip(("main", "beside"), one.attempts, strict=False):
            is_left = rules.is_looked_for(part) and attempt.state == "claimed"
            if attempt.is_in_flight and attempt.is_old and not is_left:
                yield number, part


def with_worker(state: State, number: int, worker: Worker) -> State:
    workers = state.workers
    return state._replace(workers=(*workers[:number], worker, *workers[number + 1 :]))


def with_attempt(state: State, number: int, part: str, attempt: Attempt) -> State:
    rounds = state.rounds
    changed = rounds[number]._replace(**{part: attempt})
    return state._replace(rounds=(*rounds[:number], changed, *rounds[number + 1 :]))


def committed(state: State) -> State:
    """The next version was written: what others have loaded is no longer the present one."""
    return state._replace(workers=tuple(worker._replace(is_fresh=False) for worker in state.workers))


def decided(state: State, number: int, rules: Rules) -> State:
    does = decision(state, rules)
    return with_worker(state, number, Worker("deciding", does, True) if does else IDLE)


def claimed(state: State, number: int, rules: Rules) -> State:
    is_beside = bool(rules.beside) and (not state.has_mark or rules.companion_each_time)
    wrong = GATE if state.is_closed else ""
    if rules.asks and (state.approval != "approved" or state.is_stale):
        wrong = wrong or UNAPPROVED
    is_call = is_beside and rules.beside == CALL  # made by its task, in the same commit
    beside = Attempt("sent", is_accepted=True) if is_call else Attempt()
    state = committed(state)._replace(
        rounds=(*state.rounds, Round(Attempt(), beside if is_beside else None)),
        accepted=(state.accepted[0], state.accepted[1] + is_call),
        has_mark=state.has_mark or is_beside,
        wrong=wrong,
    )
    return with_worker(state, number, Worker("main", number=len(state.rounds) - 1, part="main"))


def proposed(state: State, number: int) -> State:
    return with_worker(committed(state)._replace(approval="asked", is_stale=False), number, IDLE)


def settled(state: State, number: int, rules: Rules) -> State:
    """Its document is there: carried out. It is not: released."""
    found = silent_document(state, rules)
    assert found is not None
    is_there = state.rounds[found[0]].of(found[1]).is_accepted and not rules.document_not_looked_for
    main_released = found[1] == "beside" and state.rounds[found[0]].main.state == "released"
    outcome = "main_released" if main_released and not rules.told_anyway else "refused"
    state = committed(state)
    state = said(state, *found) if is_there else released(state, *found, outcome)
    return decided(state, number, rules)


def swept(state: State, number: int, rules: Rules) -> State:
    """The upkeep: doubt begins, doubt ends, an approval ends. What is due after it is committed next."""
    after = committed(state)
    for found in sweeps(state, rules):
        attempt = state.rounds[found[0]].of(found[1])
        now = "doubtful" if attempt.state == "claimed" else "unknown"
        after = with_attempt(after, *found, attempt._replace(state=now, is_old=False))
        if now == "unknown" and found[1] == "main" and not rules.unknown_is_open:
            after = used(after)
    if approval_ends(state, rules):
        after = after._replace(approval="", is_stale=False)
    return decided(after, number, rules)


def said(state: State, number: int, part: str) -> State:
    """An attempt is known to have been sent. On the main channel the step is done, unless it was already."""
    attempt = state.rounds[number].of(part)
    state = with_attempt(state, number, part, attempt._replace(state="sent", is_old=False))
    if part == "beside" or attempt.state == "unknown":
        return state
    return used(state)


def used(state: State) -> State:
    """The step is done, and its approval used up with it."""
    done = state._replace(is_done=True, has_mark=False, releases=0, backs_off=False)
    return done._replace(approval="", is_stale=False) if state.approval == "approved" else done


def released(state: State, number: int, part: str, outcome: str) -> State:
    """Certainly not accepted. A companion goes along again if its main channel does."""
    attempt = state.rounds[number].of(part)
    state = with_attempt(state, number, part, attempt._replace(state="released", is_old=False))
    if part == "beside":
        is_told = outcome != "main_released" and state.rounds[number].main.state == "released"
        return state._replace(has_mark=False, wrong=TOLD if is_told else state.wrong)
    releases = state.releases + 1
    is_retired = releases >= MAX_RELEASES or outcome == "final"
    return state._replace(releases=releases, is_retired=is_retired, backs_off=not is_retired)


def recorded(state: State, number: int) -> State:
    """A worker commits the outcome of its claim at any version, and goes on to what goes out beside it."""
    worker = state.workers[number]
    attempt = state.rounds[worker.number].of(worker.part)
    beside = state.rounds[worker.number].beside
    goes_on = worker.part == "main" and beside is not None and beside.state == "claimed"
    after = with_worker(state, number, worker._replace(at="beside", part="beside", outcome="") if goes_on else IDLE)
    place = worker.number, worker.part
    if worker.outcome == "accepted" and attempt.is_in_flight:
        return committed(said(after, *place))
    if attempt.state != "claimed" or worker.outcome == "accepted":
        return after
    if worker.outcome == "doubtful":
        return committed(with_attempt(after, *place, attempt._replace(state="doubtful", is_old=False)))
    return committed(released(after, *place, worker.outcome))


def taken(state: State, worker: Worker, rules: Rules) -> State:
    """A service takes the message, or the document is written."""
    attempt = state.rounds[worker.number].of(worker.part)
    is_mail = rules.channel(worker.part) == EMAIL
    state = with_attempt(state, worker.number, worker.part, attempt._replace(is_accepted=True, has_event=is_mail))
    main, beside = state.accepted
    if worker.part == "main":
        return state._replace(accepted=(main + 1, beside))
    wrong = ALONE if state.rounds[worker.number].main.state == "released" else state.wrong
    return state._replace(accepted=(main, beside + 1), wrong=wrong)


# --- the moves, one rule each -----------------------------------------------------------------------------------------
RULES: list[Rule] = []
rule = partial(protocol.rule, into=RULES)


@rule("worker", "idle", "loads one version and decides on it: settle, sweep, propose, claim, or nothing")
def load(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at == "idle":
            yield f"load {number}", decided(state, number, rules)


@rule(
    "worker",
    "deciding, on the present version",
    "commits it: a silent claim whose document is there (sent) or not (released); doubt begins or ends, an approval "
    "ends; a proposal; a claim, with its companion unless that was claimed before",
)
def commit(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if may_commit(worker, rules):
            yield f"commit {number}", _commit(state, number, worker.does, rules)


def may_commit(worker: Worker, rules: Rules) -> bool:
    return worker.at == "deciding" and (worker.is_fresh or (rules.claim_on_any_version and worker.does == "claim"))


def _commit(state: State, number: int, does: str, rules: Rules) -> State:
    if does == "claim":
        return claimed(state, number, rules)
    if does == "propose":
        return proposed(state, number)
    return (settled if does == "settle" else swept)(state, number, rules)


@rule("worker", "deciding, on an older version", "its commit fails, nothing was said: it loads and decides again")
def conflict(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at == "deciding" and not may_commit(worker, rules):
            yield f"conflict {number}", decided(state, number, rules)


def carrying(state: State, rules: Rules) -> Iterator[tuple[int, Worker]]:
    """The workers that carry their claim out now."""
    for number, worker in enumerate(state.workers):
        if worker.at in ("main", "beside") and not worker.is_late and not is_held_back(state, worker, rules):
            yield number, worker


def is_held_back(state: State, worker: Worker, rules: Rules) -> bool:
    is_released = worker.at == "beside" and state.rounds[worker.number].main.state == "released"
    return is_released and not rules.companion_anyway


def answered(state: State, number: int, outcome: str) -> State:
    return with_worker(state, number, state.workers[number]._replace(at="answered", outcome=outcome))


@rule("service", "a claim is carried out", "takes the message and says so, or the document is written")
def accept(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in carrying(state, rules):
        yield f"accept {number}", answered(taken(state, worker, rules), number, "accepted")


@rule("service", "a message is sent", "takes it, but the answer is lost", is_fault=True)
def accept_unheard(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in carrying(state, rules):
        if rules.channel(worker.part) not in WRITTEN:
            yield f"accept unheard {number}", answered(taken(state, worker, rules), number, "doubtful")


@rule("service", "a message is sent", "never sees it, and nobody knows that", is_fault=True)
def request_lost(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in carrying(state, rules):
        if rules.channel(worker.part) not in WRITTEN:
            yield f"request lost {number}", answered(state, number, "doubtful")


@rule("service", "a message is sent", "certainly refuses: the rate", is_fault=True)
def refuse(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in carrying(state, rules):
        if rules.channel(worker.part) not in WRITTEN:
            yield f"refuse {number}", answered(state, number, "refused")


@rule("service", "a message is sent on the main channel", "certainly refuses: the message itself", is_fault=True)
def refuse_finally(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in carrying(state, rules):
        if worker.part == "main" and rules.main not in WRITTEN:
            yield f"refuse finally {number}", answered(state, number, "final")


@rule(
    "worker", "about to carry a companion out, its main was released", "does not: to be released, it goes along again"
)
def hold_back(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if is_held_back(state, worker, rules):
            yield f"hold back {number}", answered(state, number, "main_released")


@rule("worker", "claimed longer than 5 s ago", "does not carry it out: to be released")
def too_late(state: State, rules: Rules) -> Iterator[Move]:
    for number, worker in enumerate(state.workers):
        if worker.at in ("main", "beside") and worker.is_late and not is_held_back(state, worker, rules):
            yield f"too late {number}", answered(state, number, "refused")


@rule(
    "worker",
    "answered",
    "commits the outcome at any version, and goes on to the companion; that one's release is a person's task, unless "
    "it goes along again",
)
def record(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in enumerate(state.workers):
        if worker.at == "answered":
            yield f"record {number}", recorded(state, number)


@rule("worker", "carrying out, or answered", "its process ends", is_fault=True)
def crash(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    for number, worker in enumerate(state.workers):
        if worker.at not in ("idle", "deciding"):
            yield f"crash {number}", with_worker(state, number, IDLE)


@rule("event", "of an e-mail, on its way", "proves the attempt sent, whatever it was")
def event(state: State, rules: Rules) -> Iterator[Move]:
    for number, part, attempt in mails(state, rules):
        after = with_attempt(state, number, part, attempt._replace(has_event=False))
        yield f"event {number}", after if attempt.state == "sent" else committed(said(after, number, part))


@rule("event", "of an e-mail, on its way", "is lost", is_fault=True)
def event_lost(state: State, rules: Rules) -> Iterator[Move]:
    for number, part, attempt in mails(state, rules):
        yield f"event lost {number}", with_attempt(state, number, part, attempt._replace(has_event=False))


def mails(state: State, rules: Rules) -> Iterator[tuple[int, str, Attempt]]:
    """The e-mails of which an event is on its way: at most one of each round."""
    part = "main" if rules.main == EMAIL else "beside"
    for number, one in enumerate(state.rounds):
        attempt = one.main if part == "main" else one.beside
        if attempt is not None and attempt.has_event:
            yield number, part, attempt


@rule("customer", "any moment", "disputes: the item's gate closes, and an open proposal is not true any more")
def dispute(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if not state.is_closed:
        yield "dispute", committed(state._replace(is_closed=True))


def is_quiet(state: State) -> bool:
    return all(worker.at == "idle" for worker in state.workers)


def aged(state: State, *states: str) -> tuple[Round, ...]:
    """The rounds after so long a time that what is in these states is old."""

    def one(attempt: Attempt | None) -> Attempt | None:
        return attempt if attempt is None or attempt.state not in states else attempt._replace(is_old=True)

    return tuple(Round(one(each.main) or each.main, one(each.beside)) for each in state.rounds)


def has_new(state: State, wanted: str) -> bool:
    return any(one.state == wanted and not one.is_old for each in state.rounds for one in each.attempts)


@rule("clock", "a claim is to be carried out", "seconds pass: its worker is too late")
def wait_seconds(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if any(worker.at in ("main", "beside") and not worker.is_late for worker in state.workers):
        workers = [one._replace(is_late=one.is_late or one.at in ("main", "beside")) for one in state.workers]
        yield "wait seconds", state._replace(workers=tuple(workers))


@rule("clock", "something is claimed, no process lives that long", "a quarter of an hour passes: the claim is silent")
def wait_a_quarter(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if is_quiet(state) and has_new(state, "claimed"):
        yield "wait a quarter", state._replace(rounds=aged(state, "claimed"))


@rule("clock", "backing off", "hours pass: the notice may be claimed anew")
def wait_hours(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if is_quiet(state) and state.backs_off:
        yield "wait hours", state._replace(rounds=aged(state, "claimed"), backs_off=False)


@rule("clock", "something is doubtful, or was discarded", "days pass: the doubt ends, it may be proposed again")
def wait_days(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if is_quiet(state) and (has_new(state, "doubtful") or state.is_discarded):
        yield "wait days", _after_days(state)


@rule("clock", "a proposal waits, or was approved", "weeks pass: the approval's time is over")
def wait_weeks(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if is_quiet(state) and state.approval and not state.is_stale:
        yield "wait weeks", _after_days(state)._replace(is_stale=True)


def _after_days(state: State) -> State:
    return state._replace(rounds=aged(state, "claimed", "doubtful"), backs_off=False, is_discarded=False)


@rule("person", "a proposal is open", "approves it: it may be claimed while that is good, until it was said")
def approve(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if state.approval == "asked":
        yield "approve", committed(state._replace(approval="approved", is_stale=False))


@rule("person", "a proposal is open", "discards it: nothing is proposed until the next day")
def discard(state: State, rules: Rules) -> Iterator[Move]:
    del rules
    if state.approval == "asked":
        yield "discard", committed(state._replace(approval="", is_stale=False, is_discarded=True))


@rule("person", "an intent was given up", "closes its task: it may be claimed again")
def reopen(state: State, rules: Rules) -> Iterator[Move]:
    if state.is_retired and state.reopened < rules.reopenings:
        after = state._replace(is_retired=False, releases=0, reopened=state.reopened + 1)
        yield "reopen", committed(after)


@rule(
    "person", "an attempt is unknown, the step counts as done", "has it said again: a new attempt, the next repetition"
)
def reissue(state: State, rules: Rules) -> Iterator[Move]:
    is_unknown = bool(state.rounds) and any(one.state == "unknown" for one in state.rounds[-1].attempts)
    if is_unknown and state.is_done and state.reissued < rules.reissues:
        after = state._replace(is_done=False, accepted=(0, 0), releases=0, reissued=state.reissued + 1)
        yield "reissue", committed(after)


class Channels:
    """The protocol of one step under these rules, as something to search."""

    start = State()

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def moves(self, state: State) -> Iterator[Move]:
        """Every next state, with the name of the move."""
        return ((name, tidy(after)) for name, after in self.untidy_moves(state))

    def untidy_moves(self, state: State) -> Iterator[Move]:
        """The same, before rounds are forgotten. A state in which something went wrong has none."""
        if not state.wrong:
            for one in RULES:
                yield from one.moves(state, self.rules)

    def wrong(self, state: State) -> str:
        """What must not be and is so in this state."""
        if state.wrong:
            return state.wrong
        if max(state.accepted) > 1:
            return TWICE
        for one in state.rounds:
            for part, attempt in zip(("main", "beside"), one.attempts, strict=False):
                if attempt.state in ("doubtful", "unknown") and self.rules.channel(part) in WRITTEN:
                    return IN_DOUBT
                if attempt.state == "sent" and not attempt.is_accepted:
                    return NOT_SENT
                if attempt.state == "released" and attempt.is_accepted:
                    return SENT
        return ""

    def is_end(self, state: State) -> bool:
        """Nothing is in flight and nobody is at work: said, given up to a person, or closed by a gate."""
        in_flight = any(one.is_in_flight for each in state.rounds for one in each.attempts)
        return is_quiet(state) and not in_flight and (state.is_done or state.is_retired or state.is_closed)


def kept(state: State) -> list[int]:
    """The rounds that still matter: the last, those in flight, with an event on its way, or held."""
    last = len(state.rounds) - 1
    held = {worker.number for worker in state.workers}
    return [
        number
        for number, one in enumerate(state.rounds)
        if number == last or number in held or any(each.is_in_flight or each.has_event for each in one.attempts)
    ]


def order(state: State) -> list[int]:
    """The workers in the order in which they are told: which of two is which makes no difference."""
    return sorted(range(len(state.workers)), key=lambda number: state.workers[number])


def tidy(state: State) -> State:
    """Forget rounds that nothing can change any more, and put the workers in order: equal futures are one state."""
    if state.workers[0] > state.workers[1]:
        state = state._replace(workers=tuple(state.workers[number] for number in order(state)))
    found = kept(state)
    if len(found) == len(state.rounds):
        return state
    moved = {number: index for index, number in enumerate(found)}
    workers = tuple(one._replace(number=moved.get(one.number, -1)) for one in state.workers)
    return state._replace(rounds=tuple(state.rounds[number] for number in found), workers=workers)


@cache
def is_fault(move: str) -> bool:
    """Whether a move is one that does not happen while all goes well."""
    name = move.rstrip("0123456789 ")
    return any(one.is_fault for one in RULES if name.startswith(one.name))
