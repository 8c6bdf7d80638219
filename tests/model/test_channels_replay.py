"""The real flows do what the model of several channels says, and flows broken on purpose are found out."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from functools import cache
from typing import Any

import pytest

from duly.domain import approvals, dunning, upkeep
from duly.domain.account import Account
from duly.domain.entities import Item
from duly.flows import carrying, tick
from duly.flows.twin import TwinStack
from duly.mail.sending import Refused
from tests.model.channels import RULES, STEPS, Channels, State
from tests.model.replay_channels import one_debtor, play
from tests.model.search import tours
from tests.model.test_channels_model import everything

LONGEST = 60  # moves of one trace


def kind(state: State, move: str, asks: bool) -> Hashable:
    """The kind of a transition: the move, what the worker that makes it does, and how the approval stands or, of a step
    that needs none, the last attempt on the main channel."""
    name = move.rstrip("0123456789 ")
    number = move[len(name) :].strip()
    worker = None
    if number and not name.startswith("event"):
        worker = state.workers[int(number)]._replace(number=0, is_fresh=False, is_late=False)
    last = state.rounds[-1].main.state if state.rounds else ""
    return name, worker, (state.approval, state.is_stale) if asks else last


@cache
def debtor(step: str) -> TwinStack:
    return one_debtor(STEPS[step])


@cache
def traces(step: str) -> list[list[str]]:
    return tours(everything(step), lambda state, move, _: kind(state, move, STEPS[step].asks), LONGEST)


@pytest.mark.parametrize("step", STEPS)
def test_the_flows_follow_the_model_through_every_kind_of_transition(step: str) -> None:
    for trace in traces(step):
        play(debtor(step), Channels(STEPS[step]), trace)


def test_every_kind_of_move_is_played() -> None:
    moves = {move.rstrip("0123456789 ") for step in STEPS for trace in traces(step) for move in trace}
    assert moves == {one.name for one in RULES}


# --- flows broken on purpose
def companion_each_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dunning, "beside_mark", lambda *_: "")


def companion_anyway(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(carrying, "_main_released", lambda *_: False)


def told_anyway(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(carrying, "MAIN_RELEASED", "not_written")


def document_in_doubt(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(upkeep, "WRITTEN", frozenset())
    silent_document_left(patch)


def document_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(carrying, "_looked_for", lambda *_: Refused("not_written"))


def silent_document_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tick, "settle_documents", lambda *_: False)


def nobody_is_asked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(dunning, "asks", lambda *_: False)


def expiry_ignored(patch: pytest.MonkeyPatch) -> None:
    approved_for = approvals.approved_for

    def found(account: Account, part: Any, _: Any) -> str:
        return approved_for(account, part, date.min)

    patch.setattr(dunning, "approved_for", found)
    patch.setattr(upkeep, "expired", lambda *_: [])


def claim_without_gate(patch: pytest.MonkeyPatch) -> None:
    def only_in_flight(_: Account, item: Item, *__: Any) -> str:
        return "in_flight" if item.notice else ""

    patch.setattr("duly.domain.standing.item_gate", only_in_flight)


def same_repetition(patch: pytest.MonkeyPatch) -> None:
    """What is said again on a person's word takes the place of what was said before."""
    patch.setattr("duly.domain.steps._repetition", lambda *_: 0)


BROKEN = [
    (companion_each_time, "e-mail and call"),
    (companion_anyway, "e-mail and SMS"),
    (told_anyway, "e-mail and letter"),
    (document_in_doubt, "letter and e-mail"),
    (document_not_looked_for, "letter and e-mail"),
    (silent_document_left, "hand-over, to be approved"),
    (nobody_is_asked, "hand-over, to be approved"),
    (expiry_ignored, "hand-over, to be approved"),
    (claim_without_gate, "e-mail and SMS"),
    (same_repetition, "e-mail, to be approved"),
]


@pytest.mark.parametrize(("broken", "step"), BROKEN)
def test_broken_flows_are_found_out(broken: Callable[[pytest.MonkeyPatch], None], step: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        with pytest.raises(AssertionError, match=r"^after \w+|claimed$"):
            for trace in traces(step):
                play(debtor(step), Channels(STEPS[step]), trace)
