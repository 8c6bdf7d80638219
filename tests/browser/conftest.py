"""The tests of this folder look at pages in Chromium. Without one they are left out, and the run says so."""

from __future__ import annotations

import pytest

from local.pictures import PictureError, browser_program

try:
    MISSING = ""
    browser_program()
except PictureError as error:
    MISSING = str(error)

collect_ignore_glob = ["test_*.py"] if MISSING else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say that something was not tested."""
    if MISSING:
        terminalreporter.write_line(f"tests/browser was left out: {MISSING}", yellow=True)
