"""What every SQS handler shares: the present moment of a message, and uploads taken in once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from duly.runtime.observe import FunctionObserver

UPLOAD_REMEMBERED_SECONDS = 3600  # S3 events repeat within minutes; the uploads table knows for ever


def is_fifo(event: dict[str, Any]) -> bool:
    """Return whether an SQS batch comes from a FIFO queue: a batch comes from one queue."""
    return str(event["Records"][0]["eventSourceARN"]).endswith(".fifo")


def processor_for(event: dict[str, Any]) -> BatchProcessor:
    """Return the processor of an SQS batch: on a FIFO queue one failure holds back the rest of its group.

    None raises when all messages fail: what it would raise carries the texts of all errors into the log.
    """
    if is_fifo(event):
        in_order = SqsFifoPartialProcessor(skip_group_on_error=True)
        in_order.raise_on_entire_batch_failure = False  # its constructor does not take this
        return in_order
    return BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def work_batch(
    event: dict[str, Any], context: Any, work: Callable[[dict[str, Any]], None], observer: FunctionObserver
) -> Any:
    """Work on an SQS batch and return what failed, each failure logged by kind and place; metrics are written."""

    def work_record(record: Any) -> None:
        try:
            work(record_body(record))
        except BaseException as error:
            observer.failed(error)
            raise

    try:
        return process_partial_response(
            event=event, record_handler=work_record, processor=processor_for(event), context=context
        )
    finally:
        observer.flush()


def record_body(record: Any) -> dict[str, Any]:
    """Return the JSON body of an SQS record. Raises ValueError when it is none."""
    body = json.loads(record.body)
    if not isinstance(body, dict):
        raise ValueError("expected a JSON object as the message's body")
    return body


@cache
def once_per_upload(
    table_name: str, take: Callable[[str, str, str], None]
) -> tuple[Callable[..., None], IdempotencyConfig]:
    """Return ``take`` (key, version, time) wrapped so that a repeated event of one object version does nothing, and
    the configuration that each invocation registers its context with. An event without a version (the emulator's) says
    too little to be a repeated one; the uploads table then tells."""
    config = IdempotencyConfig(expires_after_seconds=UPLOAD_REMEMBERED_SECONDS, event_key_jmespath="[key, version]")

    def run(*, upload: dict[str, str]) -> None:
        take(upload["key"], upload["version"], upload["time"])

    store = DynamoDBPersistenceLayer(table_name=table_name)
    once = idempotent_function(run, data_keyword_argument="upload", persistence_store=store, config=config)

    def take_once(*, upload: dict[str, str]) -> None:
        (once if upload["version"] else run)(upload=upload)

    return take_once, config
