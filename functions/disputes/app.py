"""Replies of debtors become disputes, promises and tasks; finance's decisions on them come by direct invocation."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from duly.flows import decisions, dispatch
from duly.flows import replies as replies  # their words take time to load: at the start, with a whole processor
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.runtime import clock
from duly.runtime.handling import work_batch
from duly.runtime.observe import FunctionObserver
from duly.runtime.settings import Settings


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def observer() -> FunctionObserver:
    return FunctionObserver("disputes", settings().stack_name)


@cache
def edge() -> Edge:
    return aws_edge(settings(), observer())


def work(body: dict[str, Any]) -> None:
    dispatch.disputes(edge(), body, clock.now(settings().is_local, dispatch.stated_time(body)))


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" not in event:
        return decisions.answer(edge(), event, clock.now(settings().is_local, event.get("time")))
    return work_batch(event, context, work, observer())
