"""Uploads of customers, invoices and policies become accounts; decisions on credit come by direct invocation."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from duly.flows import credit, dispatch
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.runtime import clock
from duly.runtime.handling import once_per_upload, work_batch
from duly.runtime.observe import FunctionObserver
from duly.runtime.settings import Settings


@cache
def settings() -> Settings:
    return Settings.read()


@cache
def observer() -> FunctionObserver:
    return FunctionObserver("risk_check", settings().stack_name)


@cache
def edge() -> Edge:
    return aws_edge(settings(), observer())


def take_upload(key: str, version: str, stated: str) -> None:
    body = {"type": "lost_object", "key": key, "version": version}
    dispatch.risk_check(edge(), body, clock.now(settings().is_local, stated), dispatch.unlimited)


def work(body: dict[str, Any], context: LambdaContext) -> None:
    stated = dispatch.stated_time(body)
    uploaded = dispatch.uploaded_object(body)
    if uploaded is not None:
        take_once, _ = once_per_upload(settings().idempotency_table, take_upload)
        take_once(upload={"key": uploaded[0], "version": uploaded[1], "time": stated or ""})
    else:
        now = clock.now(settings().is_local, stated)
        dispatch.risk_check(edge(), body, now, lambda: context.get_remaining_time_in_millis() / 1000)


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" not in event:
        return credit.answer(edge(), event, clock.now(settings().is_local, event.get("time")))
    _, config = once_per_upload(settings().idempotency_table, take_upload)
    config.register_lambda_context(context)
    return work_batch(event, context, lambda body: work(body, context), observer())
