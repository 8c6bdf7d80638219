"""`duly simulate` and `duly test`: try a policy before it is switched on, and keep such tries as tests of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.screen import Json, err, fail, out, print_json


def simulate(
    file: Annotated[Path | None, typer.Argument(help="A scenario file: JSON or TOML.")] = None,
    ledger: Annotated[
        Path | None, typer.Option(help="Compare: a folder with your customers, invoices, bank files.")
    ] = None,
    policy: Annotated[Path | None, typer.Option(help="Compare: a policy (TOML).")] = None,
    against: Annotated[Path | None, typer.Option(help="Compare: the other policy.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Compare: write cash curve and messages (SVG) here.")] = None,
    as_json: Json = False,
) -> None:
    """Play a scenario file with the code of the functions and print what would have been done.

    With --ledger, --policy and --against: play two policies over the last year of your own files and compare them.
    Payments stay as they happened.
    """
    from cli.simulation.fields import ScenarioError
    from duly.domain.policy import PolicyErrors

    compared = [one for one in (ledger, policy, against) if one is not None]
    if (file is None) == (not compared) or len(compared) not in (0, 3) or (plot and file):
        raise fail("expected a scenario file, or --ledger DIR --policy A --against B")
    try:
        if file is not None:
            _simulate_file(file, as_json)
        elif ledger is not None and policy is not None and against is not None:
            _compare(ledger, (policy, against), plot, as_json)
    except (ScenarioError, PolicyErrors) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None


def _simulate_file(file: Path, as_json: bool) -> None:
    from cli.simulation.player import play
    from cli.simulation.result import output
    from cli.simulation.scenario_file import read_scenario
    from cli.simulation.screen import print_result, progress_bar

    scenario = read_scenario(file)
    with progress_bar(err, f"Playing {scenario.name}") as tick:
        found = output(play(scenario, tick))
    if as_json:
        print_json(found)
    else:
        print_result(out, found)


def _compare(ledger: Path, policies: tuple[Path, Path], plot: Path | None, as_json: bool) -> None:
    from cli.simulation.comparison import as_data, compare
    from cli.simulation.comparison_plot import comparison_svg
    from cli.simulation.history_ledger import read_folder
    from cli.simulation.scenario_file import read_policy_file
    from cli.simulation.screen import print_comparison, progress_bar

    one, other = (read_policy_file(path) for path in policies)
    history = read_folder(ledger)
    with progress_bar(err, "Playing a year under both policies") as tick:
        found = compare(history, (one, other), tick)
    if plot:
        plot.write_text(comparison_svg(found), "utf-8")
    if as_json:
        print_json(as_data(found))
    else:
        print_comparison(out, found)


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
