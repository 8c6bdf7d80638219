"""The stop of all sending as a model: several accounts, two workers, and a mail service whose answers stay away.

Three doubtful outcomes in a row close a gate for every account; once an hour one claim goes out as a probe, and its
success opens the gate. Of the accounts only their number matters: each has one notice to send.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

ACCOUNTS = 6
DOUBTFUL_IN_A_ROW = 3  # as flows/notices.DOUBTFUL_IN_A_ROW
WORKERS = 2


class Worker(NamedTuple):
    """idle; deciding: the gate was read, the claim is about to be written; sending; answered."""

    at: str = "idle"
    is_probe: bool = False
    outcome: str = ""  # accepted | doubtful


IDLE = Worker()


class State(NamedTuple):
    """The state of sending as a whole."""

    waiting: int = ACCOUNTS  # accounts whose notice is still to be claimed
    workers: tuple[Worker, ...] = (IDLE,) * WORKERS
    doubtful: int = 0  # in a row, as far as it counts
    is_probe_free: bool = True  # this hour's probe has not been taken
    sent_in_doubt: int = 0  # messages sent in this hour while the gate was closed


Move = tuple[str, State]
FAULTS = ("doubt", "crash")


@dataclass(frozen=True)
class Rules:
    """The protocol, with switches for deliberate breakages."""

    never_stops: bool = False
    probes_without_end: bool = False


class Stop:
    """The stop under these rules, as something to search."""

    start = State()

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()

    def moves(self, state: State) -> Iterator[Move]:
        """Every next state, with the name of the move."""
        for number, worker in enumerate(state.workers):
            yield from self._moves_of(state, number, worker)
        if not state.is_probe_free and all(worker == IDLE for worker in state.workers):
            yield "wait an hour", state._replace(is_probe_free=True, sent_in_doubt=0)

    def _moves_of(self, state: State, number: int, worker: Worker) -> Iterator[Move]:
        if worker.at == "idle" and state.waiting > sum(one.at == "deciding" for one in state.workers):
            yield f"load {number}", self._loaded(state, number)
        if worker.at == "deciding":
            after = state._replace(waiting=state.waiting - 1)
            yield f"commit {number}", _with(after, number, worker._replace(at="sending"))
        if worker.at == "sending":
            sent = state.sent_in_doubt + (state.doubtful >= DOUBTFUL_IN_A_ROW)
            after = state._replace(sent_in_doubt=sent)
            yield f"accept {number}", _with(after, number, Worker("answered", outcome="accepted"))
            yield f"doubt {number}", _with(after, number, Worker("answered", outcome="doubtful"))
        if worker.at == "answered":
            yield f"record {number}", self._noted(_with(state, number, IDLE), worker.outcome)
        if worker.at != "idle":
            yield f"crash {number}", _with(state, number, IDLE)

    def _loaded(self, state: State, number: int) -> State:
        """The gate is read just before the claim."""
        if state.doubtful < DOUBTFUL_IN_A_ROW or self.rules.never_stops:
            return _with(state, number, Worker("deciding"))
        if not state.is_probe_free and not self.rules.probes_without_end:
            return state
        return _with(state._replace(is_probe_free=False), number, Worker("deciding", is_probe=True))

    def _noted(self, state: State, outcome: str) -> State:
        if outcome == "doubtful":
            return state._replace(doubtful=min(state.doubtful + 1, DOUBTFUL_IN_A_ROW))
        return state._replace(doubtful=0, sent_in_doubt=0)

    def wrong(self, state: State) -> str:
        """One probe an hour; beside it the one message of a worker that had read the gate before it closed."""
        if state.sent_in_doubt > 1 + (WORKERS - 1):
            return "more than a probe was sent while nobody knew whether anything arrives"
        return ""

    def is_end(self, state: State) -> bool:
        """Every account was seen to."""
        return state.waiting == 0 and all(worker == IDLE for worker in state.workers)


def _with(state: State, number: int, worker: Worker) -> State:
    workers = state.workers
    return state._replace(workers=(*workers[:number], worker, *workers[number + 1 :]))


@cache
def is_fault(move: str) -> bool:
    """Whether a move is one that does not happen while all goes well."""
    return move.startswith(FAULTS)
