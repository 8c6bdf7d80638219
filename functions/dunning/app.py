"""The hourly tick, the accounts that are due, and what SES tells of the notices sent."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from duly.flows import dispatch
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.mail.sending import SesMailer
from duly.runtime import clock
from duly.runtime.handling import work_batch
from duly.runtime.observe import FunctionObserver
from duly.runtime.settings import Settings


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def observer() -> FunctionObserver:
    return FunctionObserver("dunning", settings().stack_name)


@cache
def edge() -> Edge:
    return aws_edge(settings(), observer())


def work(body: dict[str, Any], context: LambdaContext) -> None:
    stated = dispatch.stated_time(body)
    now = clock.now(settings().is_local, stated)
    dispatch.dunning(edge(), body, now, clock.now(False, None), lambda: context.get_remaining_time_in_millis() / 1000)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if event.get("type") == "tick":
        try:
            return work(event, context)
        finally:
            observer().flush()
    edge().mailer = SesMailer()  # no connection of an earlier invocation is used again
    return work_batch(event, context, lambda body: work(body, context), observer())
