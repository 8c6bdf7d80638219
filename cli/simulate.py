"""`duly simulate` and `duly test`: try a policy before it is switched on, and keep such tries as tests of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.screen import Json, err, fail, out, print_json


def simulate(
    file: Annotated[Path, typer.Argument(help="A scenario file: JSON or TOML.")],
    as_json: Json = False,
) -> None:
    """Play a scenario file with the code of the functions and print what would have been done."""
    from cli.simulation.fields import ScenarioError
    from cli.simulation.player import play
    from cli.simulation.result import output
    from cli.simulation.scenario_file import read_scenario
    from cli.simulation.screen import print_result, progress_bar

    try:
        scenario = read_scenario(file)
        with progress_bar(err, f"Playing {scenario.name}") as tick:
            found = output(play(scenario, tick))
    except ScenarioError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    if as_json:
        print_json(found)
    else:
        print_result(out, found)


def test(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of scenario files, or one file.")],
    as_json: Json = False,
) -> None:
    """Play every scenario file of a folder that says what it expects. Exit 1 unless there is one and all are met."""
    from cli.simulation.suite import print_suite, run_suite

    try:
        results = run_suite(folder, err)
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    passed = sum(not one.missing for one in results)
    if as_json:
        print_json({"passed": passed, "failed": len(results) - passed, "scenarios": [_as_data(one) for one in results]})
    else:
        print_suite(out, results)
    raise typer.Exit(0 if results and passed == len(results) else 1)


def _as_data(one: Any) -> dict[str, Any]:
    return {"file": str(one.path), "name": one.name, "passed": not one.missing, "missing": list(one.missing)}
