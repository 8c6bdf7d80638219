"""The start of a function: nothing heavy is imported before it is needed, and no environment is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.handlers.aws_stack import ROOT
from tests.template.checks import FUNCTIONS

# Each costs a tenth of a second or more at the start of a function, or is needed by few messages alone.
HEAVY = (
    "lxml",
    "pypdf",
    "holidays",
    "matplotlib",
    "numpy",
    "pandas",
    "pydantic",
    "babel",
    "dateparser",
    "jinja2",
    "aws_xray_sdk",
    "cli",
    "local",
    "moto",
)
REPLY_WORDS = "duly.domain.reply_words"
PROGRAM = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("app", sys.argv[1])
app = importlib.util.module_from_spec(spec)
spec.loader.exec_module(app)
print(json.dumps(sorted(sys.modules)))
"""


def imported(function: str) -> set[str]:
    """Return the modules that a process has after importing a function's app.py, without any variable of the stack."""
    path = ROOT / "functions" / function / "app.py"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "layers" / "common")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("function", sorted(FUNCTIONS.values()))
def test_a_function_starts_light_and_without_environment(function: str) -> None:
    modules = imported(function)
    assert {"duly.flows.aws", "duly.runtime.settings"} <= modules
    assert sorted(modules & set(HEAVY)) == []


@pytest.mark.parametrize("function", ["risk_check", "reconcile", "dunning", "reports"])
def test_only_disputes_loads_the_words_of_replies(function: str) -> None:
    assert REPLY_WORDS not in imported(function)


def test_disputes_loads_them_at_its_start() -> None:
    """At the start a function has a whole processor; in a call only what its memory buys."""
    assert REPLY_WORDS in imported("disputes")


@pytest.mark.parametrize("function", sorted(FUNCTIONS.values()))
def test_a_handler_is_one_short_file(function: str) -> None:
    files = [path for path in (ROOT / "functions" / function).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [path.name for path in files] == ["app.py"]
    lines = files[0].read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert not any("Tracer" in line or "aws_xray" in line for line in lines)
