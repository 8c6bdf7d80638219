"""Replies of debtors become disputes, promises and tasks; finance's decisions on them come by direct invocation."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import process_partial_response
from aws_lambda_powertools.utilities.typing import LambdaContext

from duly.flows import decisions, dispatch
from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.runtime import clock
from duly.runtime.handling import processor_for, record_body
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


def work_record(record: Any) -> None:
    body = record_body(record)
    dispatch.disputes(edge(), body, clock.now(settings().is_local, dispatch.stated_time(body)))


def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    return observer().metrics.log_metrics(_handle)(event, context)


def _handle(event: dict[str, Any], context: LambdaContext) -> Any:
    observer().logger.append_keys(request=context.aws_request_id)
    if "Records" not in event:
        return decisions.answer(edge(), event, clock.now(settings().is_local, event.get("time")))
    return process_partial_response(
        event=event, record_handler=work_record, processor=processor_for(event), context=context
    )
