"""The real flows do what the model says: after every kind of transition the account is in the model's state; and flows
broken on purpose are found out."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain import upkeep
from duly.domain.account import Account
from duly.domain.entities import Item, Notice
from duly.flows import delivery, notices
from duly.flows.twin import TwinStack
from duly.mail.sending import Accepted, Doubtful, MemoryMailer, Outcome, Refused
from duly.store.memory import MemoryTable
from duly.store.tables import Write
from tests.model import protocol
from tests.model.protocol import Protocol, Rules, State
from tests.model.replay import one_debtor, play
from tests.model.search import search, tours

MODEL = Protocol(Rules(reissues=0, tells_gates_apart=True))
LYING = Protocol(Rules(reissues=0, tells_gates_apart=True, service_lies=True))
LONGEST = 150  # moves of one trace
SEED = 20261128
RARE = ("pay", "dispute", "event", "refuse finally", "crash")  # after them little is left to happen


def kind(state: State, move: str, after: State) -> Hashable:
    """The kind of a transition: the move, where the worker that makes it stands, the last attempt, the gates."""
    del after
    name = move.rstrip("0123456789 ")
    number = move[len(name) :].strip()
    worker = None
    if number and not name.startswith("event"):
        worker = state.workers[int(number)]._replace(attempt=0)
    last = state.attempts[-1]._replace(accepted=0, is_proved=False) if state.attempts else None
    return name, worker, last, state.closed, state.is_done, state.is_retired, state.backs_off


@pytest.fixture(scope="module")
def debtor() -> TwinStack:
    return one_debtor()


@pytest.fixture(scope="module")
def traces() -> list[list[str]]:
    return tours(search(MODEL), kind, LONGEST)


def test_the_flows_follow_the_model_through_every_kind_of_transition(
    debtor: TwinStack, traces: list[list[str]]
) -> None:
    moves = {move.rstrip("0123456789 ") for trace in traces for move in trace}
    assert moves == {one.name for one in protocol.RULES} - {"reissue"}
    for trace in traces:
        play(debtor, MODEL, trace)


@pytest.mark.parametrize("number", range(8))
def test_the_flows_follow_the_model_on_long_ways(debtor: TwinStack, number: int) -> None:
    """Every third write loses its answer; half the time the service may refuse and deliver."""
    chance = random.Random(f"{SEED} {number}")
    model = LYING if number % 2 else MODEL
    trace = long_way(model, chance)
    assert len(trace) == LONGEST
    play(debtor, model, trace, lambda: chance.random() < 1 / 3)


def long_way(model: Protocol, chance: random.Random) -> list[str]:
    trace: list[str] = []
    state = model.start
    while len(trace) < LONGEST:
        moves = dict(model.moves(state))
        names = sorted(moves)
        weights = [0.02 if name.startswith(RARE) else 1.0 for name in names]
        (move,) = chance.choices(names, weights)
        trace.append(move)
        state = moves[move]
    return trace


# --- flows broken on purpose
def mailer_that_retries(patch: pytest.MonkeyPatch) -> None:
    send = MemoryMailer.send

    def twice(mailer: MemoryMailer, raw: bytes, **rest: Any) -> Outcome:
        outcome = send(mailer, raw, **rest)
        return send(mailer, raw, **rest) if isinstance(outcome, Doubtful) else outcome

    patch.setattr(MemoryMailer, "send", twice)


def claim_without_gate(patch: pytest.MonkeyPatch) -> None:
    def only_in_flight(_: Account, item: Item, *__: Any) -> str:
        return "in_flight" if item.notice else ""

    patch.setattr("duly.domain.standing.item_gate", only_in_flight)


def claim_on_any_version(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTable.write

    def unconditional(table: MemoryTable, what: Write) -> None:
        write(table, replace(what, create=(), put=(*what.create, *what.put)))

    patch.setattr(MemoryTable, "write", unconditional)


def sweep_that_sends_again(patch: pytest.MonkeyPatch) -> None:
    def again(notice: Notice, now: Any, *days: Any) -> list[ev.Event]:
        found = upkeep_sweep(notice, now, *days)
        return [ev.NoticeReleased(notice.key, "silent", now)] if notice.state == "claimed" and found else found

    upkeep_sweep = upkeep.sweep
    patch.setattr(upkeep, "sweep", again)


def doubt_taken_as_refusal(patch: pytest.MonkeyPatch) -> None:
    with_outcome(patch, lambda outcome: Refused("timeout") if isinstance(outcome, Doubtful) else outcome)


def release_after_acceptance(patch: pytest.MonkeyPatch) -> None:
    with_outcome(patch, lambda outcome: Refused("answer lost") if isinstance(outcome, Accepted) else outcome)


def with_outcome(patch: pytest.MonkeyPatch, change: Callable[[Outcome], Outcome]) -> None:
    outcome_events = notices.outcome_events

    def changed(account: Any, notice: Any, outcome: Outcome, *rest: Any) -> list[ev.Event]:
        return outcome_events(account, notice, change(outcome), *rest)

    patch.setattr(notices, "outcome_events", changed)


def evidence_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "sent_by_evidence", lambda *_: [])


@pytest.mark.parametrize(
    "broken",
    [
        mailer_that_retries,
        claim_without_gate,
        claim_on_any_version,
        sweep_that_sends_again,
        doubt_taken_as_refusal,
        release_after_acceptance,
        evidence_ignored,
    ],
)
def test_broken_flows_are_found_out(
    debtor: TwinStack, traces: list[list[str]], broken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        with pytest.raises(AssertionError, match=r"^after \w+"):
            for trace in traces:
                play(debtor, MODEL, trace)
