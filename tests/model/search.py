"""Search of a model to its end: shortest ways to what is wrong, states without a way out, tours over transitions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

MAX_STATES = 500_000  # a model that grows beyond is a mistake


class Searchable(Protocol):
    """A start, its moves, and what is wrong in a state."""

    start: Any

    def moves(self, state: Any) -> Iterator[tuple[str, Any]]: ...

    def wrong(self, state: Any) -> str: ...

    def is_end(self, state: Any) -> bool: ...


@dataclass
class Found:
    """Every state that can be reached (by number, the start first), its moves, and how it was reached first."""

    states: list[Any]
    moves: list[list[tuple[str, int]]] = field(default_factory=list)
    parents: list[tuple[int, str]] = field(default_factory=lambda: [(-1, "")])
    wrong: dict[str, list[str]] = field(default_factory=dict)  # what is wrong somewhere -> a shortest way there

    @property
    def transitions(self) -> int:
        return sum(len(moves) for moves in self.moves)

    def way_to(self, number: int) -> list[str]:
        """A shortest sequence of moves from the start."""
        way = []
        while number:
            number, move = self.parents[number]
            way.append(move)
        return way[::-1]


def search(model: Searchable, until: str = "") -> Found:
    """Visit every state, nearest first. With ``until`` only up to the first state in which that is wrong; what else is
    wrong on the way is noted and gone through."""
    found = Found([model.start])
    known = {model.start: 0}
    for number, state in enumerate(found.states):  # the list grows while it is read
        wrong = model.wrong(state)
        if wrong:
            found.wrong.setdefault(wrong, found.way_to(number))
        if wrong and wrong == until:
            return found
        moves = []
        for move, after in model.moves(state):
            index = known.setdefault(after, len(known))
            if index == len(found.states):
                found.states.append(after)
                found.parents.append((number, move))
            moves.append((move, index))
        found.moves.append(moves)
        if len(known) > MAX_STATES:
            raise AssertionError(f"more than {MAX_STATES} states")
    return found


def stuck(found: Found, model: Searchable, is_fault: Callable[[str], bool]) -> list[list[str]]:
    """Ways to states from which no end can be reached once faults have ceased."""
    before: dict[int, list[int]] = {}
    for number, moves in enumerate(found.moves):
        for move, after in moves:
            if not is_fault(move):
                before.setdefault(after, []).append(number)
    saved = {number for number, state in enumerate(found.states) if model.is_end(state)}
    waiting = deque(saved)
    while waiting:
        for number in before.get(waiting.popleft(), ()):
            if number not in saved:
                saved.add(number)
                waiting.append(number)
    return [found.way_to(number) for number in range(len(found.states)) if number not in saved]


# --- tours ------------------------------------------------------------------------------------------------------------
ClassOf = Callable[[Any, str, Any], Hashable]


def tours(found: Found, class_of: ClassOf, longest: int) -> list[list[str]]:
    """Traces from the start that together take a transition of every class.

    Each goes, again and again, to the nearest transition of a class that no trace has taken yet, until it has
    ``longest`` moves or no such transition can be reached any more.
    """
    states = found.states
    classes = [
        [class_of(states[number], move, states[after]) for move, after in moves]
        for number, moves in enumerate(found.moves)
    ]
    left = {one for row in classes for one in row}
    traces: list[list[str]] = []
    while left:
        trace: list[str] = []
        place = 0
        while len(trace) < longest and (way := _nearest(found, classes, place, left)):
            for number, choice in way:
                left.discard(classes[number][choice])
                move, place = found.moves[number][choice]
                trace.append(move)
        if not trace:
            raise AssertionError("a transition cannot be reached from the start")
        traces.append(trace)
    return traces


def _nearest(found: Found, classes: list[list[Hashable]], start: int, left: set[Hashable]) -> list[tuple[int, int]]:
    """The shortest way to and through a transition of a class that is left, as states and the choices there."""
    parents: dict[int, tuple[int, int]] = {start: (-1, -1)}
    waiting = deque([start])
    while waiting:
        number = waiting.popleft()
        for choice, (_, after) in enumerate(found.moves[number]):
            if classes[number][choice] in left:
                way = [(number, choice)]
                while (parent := parents[way[-1][0]])[0] >= 0:
                    way.append(parent)
                return way[::-1]
            if after not in parents:
                parents[after] = (number, choice)
                waiting.append(after)
    return []
