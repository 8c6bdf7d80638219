"""Count the places at which the simulation under faults ends, freezes or confuses the process, stage by stage.

    PYTHONPATH=layers/common:. python bench/kill_points.py

It plays the story of tests/sim/small_world.py once, undisturbed, and counts the calls to a table, the bucket, a queue
or the mailer. tests/sim/test_kills.py disturbs each of them; docs/guarantees.md quotes the table.
"""

from __future__ import annotations

from duly.flows.twin import TwinStack
from tests.sim import small_world as world
from tests.sim.test_kills import LATE, some_of


def main() -> None:
    """Print one row for each stage, and their sums, as a Markdown table."""
    stack = TwinStack()
    rows = [_row(stage.__name__, world.calls_of(stage, stack)) for stage in world.STAGES]
    print("| stage | an end | an end, back late | a freeze | a lost answer | two ends |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, *counts in [*rows, ("together", *(sum(row[n] for row in rows) for n in range(1, 6)))]:
        print(f"| `{name}` | {' | '.join(map(str, counts))} |" if name != "together" else _total(counts))


def _row(name: str, calls: list[str]) -> tuple[str, int, int, int, int, int]:
    ends = world.distinct_ends(calls)
    freezes = [position for position, call in enumerate(calls) if world.has_effect(call)]
    late, frozen = (len(some_of(points, name)) if name in LATE else 0 for points in (ends, freezes))
    writes = sum(call.endswith(" after") and call.split(" ")[0].split(".")[1] in world.WRITES for call in calls)
    return name, len(ends), late, frozen, writes, 12


def _total(counts: list[int]) -> str:
    return f"| together | {' | '.join(map(str, counts))} |"


if __name__ == "__main__":
    main()
