"""A function for the local stack's own tests: does what the event's `do` says and keeps what it got in the bucket."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def handler(event: dict[str, Any], _context: object) -> Any:
    if "Records" in event:
        _keep(event["Records"][0])
        return {"batchItemFailures": []}
    match event.get("do"):
        case "fail":
            raise KeyError("asked to fail")
        case "sleep":
            time.sleep(60)
        case "modules":
            return {"path": sys.path, "python": list(sys.version_info[:2])}
        case "import":
            return __import__(event["name"]).__name__
        case "put":
            return _put(event["key"])
        case "send":
            return _send(event["raw"])
        case "count":
            print(json.dumps(_metric(event["value"])))
    return event


def _keep(record: dict[str, Any]) -> None:
    import boto3

    body = record["body"]
    if "poison" in body:
        raise ValueError("poison")
    if "kill" in body and record["attributes"]["ApproximateReceiveCount"] == "1":
        os.abort()
    # a message that comes twice is written to the same key
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=f"out/{record['messageId']}", Body=body.encode())


def _put(key: str) -> str:
    import boto3
    from botocore.exceptions import ClientError

    try:
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=b"x")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def _send(raw: str) -> str:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=1)
    client = boto3.client("sesv2", config=config)
    try:
        answer = client.send_email(
            Content={"Raw": {"Data": raw.encode()}},
            ConfigurationSetName=os.environ["CONFIGURATION_SET"],
            EmailTags=[{"Name": "attempt", "Value": "a1"}],
        )
    except ClientError as error:
        return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"
    except BotoCoreError as error:
        return type(error).__name__
    return str(answer["MessageId"])


def _metric(value: int) -> dict[str, Any]:
    return {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {"Namespace": "Small", "Dimensions": [["stack"]], "Metrics": [{"Name": "counted", "Unit": "Count"}]}
            ],
        },
        "stack": "small",
        "counted": value,
    }
