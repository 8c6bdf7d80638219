"""The sending protocol, searched to its end: nothing wrong can be reached, there is a way out of every state, and a
protocol broken on purpose is found out by a shortest trace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model import protocol, stop, table
from tests.model.search import Found, Searchable, search, stuck

PAGE = Path(__file__).parents[2] / "docs" / "sending-protocol.md"
TWICE = "one step was said twice"


@pytest.fixture(scope="module")
def everything() -> Found:
    return search(protocol.Protocol())


def test_nothing_wrong_can_be_reached(everything: Found) -> None:
    assert everything.wrong == {}
    assert len(everything.states) > 10_000, "the search has really been everywhere"


def test_there_is_a_way_out_of_every_state_once_faults_cease(everything: Found) -> None:
    assert stuck(everything, protocol.Protocol(), protocol.is_fault) == []


def test_every_rule_is_used_and_every_end_is_reached(everything: Found) -> None:
    used = {move.rstrip("0123456789 ") for moves in everything.moves for move, _ in moves}
    assert used == {one.name for one in protocol.RULES}
    states = {attempt.state for state in everything.states for attempt in state.attempts}
    assert states == {"claimed", "doubtful", "unknown", "released", "sent"}


def test_a_service_that_refuses_and_delivers_is_found_out_by_its_events() -> None:
    """Then a second message can go out; never two of one attempt, and what an event proves is known."""
    model = protocol.Protocol(protocol.Rules(service_lies=True, reopenings=0, reissues=0))
    found = search(model)
    assert found.wrong == {}
    assert any(state.accepted > 1 for state in found.states)
    assert stuck(found, model, protocol.is_fault) == []


BREAKAGES = {
    "mailer_retries": ("one attempt was sent twice", "load 0 > commit 0 > call 0 > accept unheard 0 > accept 0"),
    "sweep_sends_again": (
        TWICE,
        "load 0 > commit 0 > call 0 > accept 0 > wait a quarter > load 1 > commit 1 > load 1 > commit 1 > call 1 > "
        "accept 1",
    ),
    "claim_without_gate": ("claimed although a gate was closed", "pay > load 0 > commit 0"),
    "claim_on_any_version": ("claimed although a gate was closed", "load 0 > pay > commit 0"),
    "doubt_is_refusal": (
        TWICE,
        "load 0 > commit 0 > call 0 > accept unheard 0 > record 0 > wait hours > load 0 > commit 0 > call 0 > accept 0",
    ),
    "evidence_ignored": (
        "an event proves it sent, and Duly does not know",
        "load 0 > commit 0 > call 0 > accept 0 > event 0",
    ),
    "released_after_acceptance": (
        TWICE,
        "load 0 > commit 0 > call 0 > accept 0 > record 0 > wait hours > load 0 > commit 0 > call 0 > accept 0",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_protocol_is_found_out(breakage: str) -> None:
    harm, trace = BREAKAGES[breakage]
    found = search(protocol.Protocol(protocol.Rules(**{breakage: True})), harm)
    assert " > ".join(found.wrong[harm]) == trace


def test_two_workers_that_claim_on_any_version_say_it_twice() -> None:
    found = search(protocol.Protocol(protocol.Rules(claim_on_any_version=True)), TWICE)
    assert len(found.wrong[TWICE]) == 8


# --- the stop of all sending
def test_while_answers_stay_away_only_a_probe_goes_out_and_nothing_is_stuck() -> None:
    model = stop.Stop()
    found = search(model)
    assert found.wrong == {}
    assert stuck(found, model, stop.is_fault) == []


@pytest.mark.parametrize("rules", [stop.Rules(never_stops=True), stop.Rules(probes_without_end=True)])
def test_a_broken_stop_is_found_out(rules: stop.Rules) -> None:
    model: Searchable = stop.Stop(rules)
    harm = "more than a probe was sent while nobody knew whether anything arrives"
    assert search(model, harm).wrong[harm].count("record 0") == 3


@pytest.mark.parametrize("name", table.TABLES)
def test_the_page_has_the_state_tables(name: str) -> None:
    found = table.between_marks(PAGE.read_text("utf-8"), name)
    assert found == table.table(table.TABLES[name]), "run `python -m tests.model.table`"
