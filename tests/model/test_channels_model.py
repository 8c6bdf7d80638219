"""Companions, documents, approvals and re-issues, searched to the end: nothing wrong can be reached, there is a way out
of every state, and a protocol broken on purpose is found out by a shortest trace."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.model import channels
from tests.model.channels import RULES, STEPS, Channels, Rules
from tests.model.search import Found, search, stuck


@cache
def everything(step: str) -> Found:
    return search(Channels(STEPS[step]))


@pytest.mark.parametrize("step", STEPS)
def test_nothing_wrong_can_be_reached_and_nothing_is_stuck(step: str) -> None:
    found = everything(step)
    assert found.wrong == {}
    assert len(found.states) > 900, "the search has really been everywhere"
    assert stuck(found, Channels(STEPS[step]), channels.is_fault) == []


def test_every_rule_is_used_and_every_end_is_reached() -> None:
    found = [everything(step) for step in STEPS]
    used = {move.rstrip("0123456789 ") for one in found for moves in one.moves for move, _ in moves}
    assert used == {one.name for one in RULES}
    attempts = {
        attempt.state for one in found for state in one.states for each in state.rounds for attempt in each if attempt
    }
    assert attempts == {"claimed", "doubtful", "unknown", "released", "sent"}


BREAKAGES = [
    (
        "companion_each_time",
        "e-mail and call",
        channels.TWICE,
        "load 0 > commit 0 > refuse 1 > record 0 > wait hours > load 0 > commit 0",
    ),
    (
        "companion_anyway",
        "e-mail and SMS",
        channels.ALONE,
        "load 0 > commit 0 > refuse 1 > record 0 > accept 0",
    ),
    (
        "told_anyway",
        "e-mail and letter",
        channels.TOLD,
        "load 0 > commit 0 > refuse 1 > record 0 > crash 0 > wait a quarter > load 0 > commit 0",
    ),
    (
        "document_in_doubt",
        "letter and e-mail",
        channels.IN_DOUBT,
        "load 0 > commit 0 > crash 1 > wait a quarter > load 0 > commit 0",
    ),
    (
        "document_not_looked_for",
        "letter and e-mail",
        channels.SENT,
        "load 0 > commit 0 > accept 1 > crash 0 > wait a quarter > load 0 > commit 0",
    ),
    (
        "asked_is_enough",
        "e-mail, to be approved",
        channels.UNAPPROVED,
        "load 0 > commit 0 > load 0 > commit 0",
    ),
    (
        "expiry_ignored",
        "e-mail, to be approved",
        channels.UNAPPROVED,
        "load 0 > commit 0 > approve > wait weeks > load 0 > commit 0",
    ),
    (
        "claim_on_any_version",
        "e-mail, to be approved",
        channels.UNAPPROVED,
        "load 0 > commit 0 > approve > load 0 > load 1 > commit 0 > accept 1 > record 0 > commit 0",
    ),
    (
        "claim_on_any_version",
        "e-mail, to be approved",
        channels.GATE,
        "load 0 > commit 0 > approve > load 0 > dispute > commit 0",
    ),
    (
        "claim_without_gate",
        "e-mail and SMS",
        channels.GATE,
        "dispute > load 0 > commit 0",
    ),
    (
        "unknown_is_open",
        "e-mail and SMS",
        channels.TWICE,
        "load 0 > commit 0 > accept unheard 1 > record 0 > crash 0 > wait days > load 0 > commit 0 > commit 0 > "
        "accept 1",
    ),
]


def broken(rules: Rules, breakage: str) -> Rules:
    changed: dict[str, Any] = {breakage: True}
    return replace(rules, **changed)


@pytest.mark.parametrize(("breakage", "step", "harm", "trace"), BREAKAGES)
def test_a_broken_protocol_is_found_out(breakage: str, step: str, harm: str, trace: str) -> None:
    found = search(Channels(broken(STEPS[step], breakage)), harm)
    assert " > ".join(found.wrong[harm]) == trace


def test_a_silent_document_that_nobody_looks_for_is_stuck() -> None:
    model = Channels(broken(STEPS["hand-over, to be approved"], "silent_document_left"))
    ways = stuck(search(model), model, channels.is_fault)
    assert " > ".join(sorted(ways, key=len)[0]) == "load 0 > commit 0 > approve > load 0 > commit 0 > crash 1"
