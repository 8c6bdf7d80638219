"""One emulator for the whole run; each test module gets stacks in accounts of their own, isolated from each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import Emulator
from local.stack import LocalStack


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The real template and functions, in a fresh account."""
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder, emulator=emulator) as running:
        yield running
