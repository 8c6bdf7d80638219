"""`duly test`: scenario files with an outcome stated in them, each of which passes or says what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from cli.simulation.expectations import check
from cli.simulation.fields import ScenarioError
from cli.simulation.player import play
from cli.simulation.result import output
from cli.simulation.scenario_file import SUFFIXES, read_scenario

MAX_FILES = 10_000
SHOW_PROGRESS_FROM = 20  # files


@dataclass(frozen=True, slots=True)
class Tested:
    """A scenario file that was played; ``missing`` is what was not as it says, or why it could not be played."""

    path: Path
    name: str
    missing: tuple[str, ...] = ()


def run_suite(folder: Path, console: Console | None = None) -> list[Tested]:
    """Play the scenario files in a folder and below that state an outcome. Raises OSError when there is no folder."""
    paths = scenario_paths(folder)
    results: list[Tested] = []
    is_short = console is None or len(paths) < SHOW_PROGRESS_FROM
    with Progress(console=console, disable=is_short, transient=True) as progress:
        task = progress.add_task("Playing", total=len(paths))
        for path in paths:
            tested = run_file(path)
            results += [tested] if tested else []
            progress.advance(task)
    return results


def scenario_paths(folder: Path) -> list[Path]:
    """The scenario files in a folder and below, or the one file."""
    if not folder.is_dir():
        folder.stat()
        return [folder]
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())[:MAX_FILES]


def run_file(path: Path) -> Tested | None:
    """Play one file; None when it states no outcome."""
    try:
        scenario = read_scenario(path)
        if scenario.expect is None and scenario.forbid is None:
            return None
        return Tested(path, scenario.name, tuple(check(scenario, output(play(scenario)))))
    except ScenarioError as error:
        return Tested(path, path.stem, (str(error),))


def print_suite(console: Console, results: Sequence[Tested]) -> None:
    """Print which passed, and of the others what is missing."""
    for one in results:
        word, style = ("failed", "red") if one.missing else ("passed", "green")
        console.print(Text.assemble((word, style), f"  {one.path}: {one.name}"), soft_wrap=True)
        for line in one.missing:
            console.print(Text(f"        {line}"), soft_wrap=True)
    failed = sum(bool(one.missing) for one in results)
    if not results:
        console.print("No scenario file with expect or forbid was found.")
    else:
        console.print(f"{len(results) - failed} passed, {failed} failed")
