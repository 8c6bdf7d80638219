"""Measures, report files and dashboard widgets: what finance looks at."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.reports import answers
from duly.runtime import clock
from duly.runtime.observe import FunctionObserver
from duly.runtime.settings import Settings


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def observer() -> FunctionObserver:
    return FunctionObserver("reports", settings().stack_name)


@cache
def edge() -> Edge:
    return aws_edge(settings(), observer())


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    observer().logger.append_keys(request=context.aws_request_id)
    if event.get("type") == "daily":
        return observer().metrics.log_metrics(_daily)(event, context)
    return answers.answer(edge(), event, _now(event))


def _daily(event: dict[str, Any], context: LambdaContext) -> Any:
    return answers.daily(edge(), _now(event), lambda: context.get_remaining_time_in_millis() / 1000)


def _now(event: dict[str, Any]) -> Any:
    return clock.now(settings().is_local, event.get("time"))
