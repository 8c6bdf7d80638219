"""A stack in moto for each test; after the test, what its functions called and logged is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from aws_lambda_powertools import Metrics
from moto import mock_aws

from tests.handlers.aws_stack import Stack
from tests.handlers.logs import problems_of
from tests.handlers.world import World


@pytest.fixture(autouse=True)
def own_metrics() -> None:
    """Forget what another function said in this process: Powertools keeps it with the class."""
    for kept in (Metrics._metrics, Metrics._dimensions, Metrics._metadata, Metrics._default_dimensions):
        kept.clear()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A stack of stage local, where events carry the time."""
    yield from _world(monkeypatch, "local")


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A stack of stage prod, where the wall clock rules."""
    yield from _world(monkeypatch, "prod")


def _world(monkeypatch: pytest.MonkeyPatch, stage: str) -> Iterator[World]:
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)  # moto stands in for AWS itself, not for an endpoint
    with mock_aws():
        stack = Stack(monkeypatch, stage)
        world = World(stack)
        try:
            yield world
        finally:
            stack.stop_listening()
    assert stack.refused == [], "calls that template.yaml does not allow"
    assert problems_of(stack.output.getvalue(), stack.records.getvalue()) == []
