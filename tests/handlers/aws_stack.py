"""What template.yaml makes, in moto, and the functions running on it under their own permissions.

Tables, queues, bucket, secret and variables are read from the template, so that they cannot differ from it. Every SDK
call that a function makes is held against the function's statements, as IAM would, and refused when none allows it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import logging
import re
import secrets
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import botocore.loaders
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from duly.flows import aws
from duly.mail import sending
from tests.template import cfn, checks

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
ACCOUNT = "123456789012"  # moto's, and that of events/
BUCKET = "duly-bucket-example"
CONFIGURATION_SET = "duly-configuration-set-example"
SENDER = "billing@creditor.example"
PARAMETERS = {"Stage": "local"}
LOGICAL = {name: logical for logical, name in checks.FUNCTIONS.items()}  # risk_check -> RiskCheckFunction
MAX_BATCHES = 100

Call = tuple[str, str]  # action, resource


@cache
def _template() -> dict[str, Any]:
    return cfn.load()


@cache
def _loader() -> botocore.loaders.Loader:
    """One loader for all sessions: it reads the services' models once."""
    return botocore.loaders.create_loader()


class _Resolver(cfn.Resolver):
    """Puts the names of the stack in moto where the template refers to its resources."""

    def __init__(self, template: dict[str, Any], names: dict[str, str], **parameters: object) -> None:
        super().__init__(template, **parameters)
        self.names = names

    def __call__(self, value: Any) -> Any:
        found = super().__call__(value)
        return re.sub(r"<([\w.]+)>", self._name, found) if isinstance(found, str) else found

    def _name(self, match: re.Match[str]) -> str:
        return self.names.get(match[1], match[0])

    def _ref(self, name: str) -> Any:
        return {"AWS::AccountId": ACCOUNT, "AWS::StackName": "duly"}.get(name) or super()._ref(name)


@dataclass
class Context:
    """What Lambda hands to a handler."""

    function_name: str
    remaining_milliseconds: int = 120_000
    aws_request_id: str = "11111111-2222-4333-8444-555555555555"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:duly"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_milliseconds


class Stack:
    """One stack in moto. ``fault`` is called with service, operation and parameters before a function's SDK call, and
    ``lost`` after it, when the answer can still be lost."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stage: str = "local") -> None:
        self.template = _template()
        self.names: dict[str, str] = {}
        self.resolve = _Resolver(self.template, self.names, **{**PARAMETERS, "Stage": stage})
        self.monkeypatch = monkeypatch
        self.apps: dict[str, ModuleType] = {}
        self.running = ""
        self.calls: list[tuple[str, Call]] = []
        self.refused: list[tuple[str, Call]] = []
        self.fault: Callable[[str, str, dict[str, Any]], None] = lambda *_: None
        self.lost: Callable[[str, str, dict[str, Any]], None] = lambda *_: None
        self.output = io.StringIO()
        self.records = io.StringIO()
        self._credentials()
        self._make()
        self.variables = self._variables()
        self._watch()
        self._listen()

    # --- what the template makes
    def _credentials(self) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            self.monkeypatch.setenv(name, "testing")
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            self.monkeypatch.setenv(name, REGION)
        self.monkeypatch.delenv("AWS_PROFILE", raising=False)
        self.monkeypatch.setattr("botocore.session.create_loader", lambda *_: _loader())

    def _make(self) -> None:
        self.s3, self.sqs = boto3.client("s3"), boto3.client("sqs")
        self.dynamodb, self.ses = boto3.client("dynamodb"), boto3.client("sesv2")
        self._bucket()
        for name, body in cfn.of_type(self.template, "AWS::DynamoDB::Table").items():
            self._table(name, body["Properties"])
        for name, body in cfn.of_type(self.template, "AWS::SQS::Queue").items():
            self._queue(name, body["Properties"])
        self._secret()
        self.names["ConfigurationSet"] = CONFIGURATION_SET
        self.ses.create_configuration_set(ConfigurationSetName=CONFIGURATION_SET)
        self.ses.create_email_identity(EmailIdentity=SENDER.partition("@")[2])

    def _bucket(self) -> None:
        properties = self.template["Resources"]["Bucket"]["Properties"]
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=properties["VersioningConfiguration"])
        self.names |= {"Bucket": BUCKET, "Bucket.Arn": f"arn:aws:s3:::{BUCKET}"}

    def _table(self, name: str, properties: dict[str, Any]) -> None:
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        table = f"duly-{name}-EXAMPLE"
        self.dynamodb.create_table(
            TableName=table, **{key: self.resolve(properties[key]) for key in wanted if key in properties}
        )
        self.names |= {name: table, f"{name}.Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"}

    def _queue(self, name: str, properties: dict[str, Any]) -> None:
        fifo = properties.get("FifoQueue", False)
        queue = f"duly-{name}-EXAMPLE" + (".fifo" if fifo else "")
        wanted = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
        attributes = {key: properties[key] for key in wanted if key in properties}
        attributes["VisibilityTimeout"] = self.resolve(properties.get("VisibilityTimeout", 30))
        texts = {key: str(value).lower() if value in (True, False) else str(value) for key, value in attributes.items()}
        url = self.sqs.create_queue(QueueName=queue, Attributes=texts)["QueueUrl"]
        self.names |= {name: url, f"{name}.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}", f"{name}.QueueName": queue}

    def _secret(self) -> None:
        rule = self.template["Resources"]["TokenSecret"]["Properties"]["GenerateSecretString"]
        value = json.loads(rule["SecretStringTemplate"])
        value[rule["GenerateStringKey"]] = secrets.token_hex(rule["PasswordLength"] // 2)
        made = boto3.client("secretsmanager").create_secret(Name="duly-TokenSecret", SecretString=json.dumps(value))
        self.secret = json.dumps(value)
        self.names |= {"TokenSecret": made["ARN"], "TokenSecret.Id": made["ARN"]}

    def _variables(self) -> dict[str, dict[str, str]]:
        shared = self.template["Globals"]["Function"]["Environment"]["Variables"]
        found = {}
        for function, logical in LOGICAL.items():
            own = self.template["Resources"][logical]["Properties"]["Environment"]["Variables"]
            found[function] = {name: str(self.resolve(value)) for name, value in {**shared, **own}.items()}
            assert not [name for name, value in found[function].items() if "<" in value], "a resource not made here"
        return found

    # --- logs
    def _listen(self) -> None:
        """Catch what any library logs at the level of the template, as the runtime's own handler does."""
        root = logging.getLogger()
        handler = logging.StreamHandler(self.records)
        handler.setLevel(self.template["Parameters"]["LogLevel"]["Default"])
        root.addHandler(handler)
        self.stop_listening = lambda: root.removeHandler(handler)
        sending.client_without_retries.cache_clear()

    def said(self) -> str:
        """Return all that was logged."""
        return self.output.getvalue() + self.records.getvalue()

    def lines(self) -> list[dict[str, Any]]:
        """Return the JSON lines of standard output."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Return the log lines with this message."""
        return [line for line in self.lines() if line.get("message") == message]

    def metric(self, name: str) -> int:
        """Return the sum of a metric without dimensions of its own."""
        found = [line[name] for line in self.lines() if "_aws" in line and name in line and _dimensions(line) == OWN]
        return int(sum(sum(value) for value in found))

    # --- permissions
    def _watch(self) -> None:
        original = BaseClient._make_api_call
        stack = self

        def call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            if not stack.running:
                return original(client, operation, parameters)
            service = client.meta.service_model.service_name
            stack.check(service, operation, parameters)
            stack.fault(service, operation, parameters)
            try:
                answer = original(client, operation, parameters)
            except ClientError as error:
                if operation == "GetObject" and error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion"):
                    # S3 tells 404 from 403 only to those who may list
                    stack.allow("s3:ListBucket", stack.names["Bucket.Arn"], {"s3:prefix": parameters["Key"]}, operation)
                raise
            stack.lost(service, operation, parameters)
            return answer

        self.monkeypatch.setattr(BaseClient, "_make_api_call", call)

    def check(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Raise AccessDenied as IAM would, when no statement of the running function allows the call."""
        needs, values = NEEDS[service](self, operation, parameters)
        for action, resource in needs:
            self.allow(action, resource, values, operation)

    def allow(self, action: str, resource: str, values: dict[str, str], operation: str) -> None:
        self.calls.append((self.running, (action, resource)))
        if not any(_allows(one, action, resource, values) for one in self.statements(self.running)):
            self.refused.append((self.running, (action, resource)))
            answer = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(answer, operation)  # type: ignore[arg-type]

    def statements(self, function: str) -> list[dict[str, Any]]:
        """Return a function's statements from the template."""
        policies = self.template["Resources"][LOGICAL[function]]["Properties"]["Policies"]
        found: list[dict[str, Any]] = self.resolve([one for policy in policies for one in policy["Statement"]])
        return found

    # --- running
    def app(self, function: str) -> ModuleType:
        """Return the module of a function, imported as ``app`` as Lambda does, once in a stack."""
        if function not in self.apps:
            for name, value in self.variables[function].items():
                self.monkeypatch.setenv(name, value)
            logging.Logger.manager.loggerDict.pop(function, None)  # it writes to the standard output of its first test
            spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / function / "app.py")
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            with contextlib.redirect_stdout(self.output):
                spec.loader.exec_module(module)
            self.apps[function] = module
        return self.apps[function]

    def invoke(self, function: str, event: dict[str, Any], remaining_milliseconds: int = 120_000) -> Any:
        """Invoke a function as Lambda does; what it raises is logged with its text, as Lambda does."""
        for name, value in self.variables[function].items():
            self.monkeypatch.setenv(name, value)
        app = self.app(function)
        aws._key_ring.cache_clear()  # functions do not share a process
        self.running = function
        try:
            with contextlib.redirect_stdout(self.output):
                answer = app.handler(event, Context(function, remaining_milliseconds))
        except BaseException:
            self.records.write(traceback.format_exc())
            raise
        finally:
            self.running = ""
        return json.loads(json.dumps(answer))  # what comes back must be JSON

    def drain(self, queue: str, batch: int = 10) -> list[dict[str, Any]]:
        """Give the messages of a queue to its function until it is empty; return the bodies that were worked on."""
        function = checks.FUNCTIONS[checks.CONSUMERS[queue]]
        worked = []
        for _ in range(MAX_BATCHES):
            messages = self.receive(queue, batch)
            if not messages:
                return worked
            answer = self.invoke(function, {"Records": [self.record(queue, one) for one in messages]})
            assert answer == {"batchItemFailures": []}, self.said()
            for one in messages:
                self.sqs.delete_message(QueueUrl=self.names[queue], ReceiptHandle=one["ReceiptHandle"])
            worked += [json.loads(one["Body"]) for one in messages]
        raise AssertionError(f"{queue} never becomes empty")

    def receive(self, queue: str, batch: int = 10) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=self.names[queue], MaxNumberOfMessages=batch, AttributeNames=["All"], WaitTimeSeconds=0
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def record(self, queue: str, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.names[f"{queue}.Arn"],
            "awsRegion": REGION,
        }

    # --- objects
    def put(self, key: str, data: bytes, **metadata: str) -> str:
        """Put an object; return its version."""
        return str(self.s3.put_object(Bucket=BUCKET, Key=key, Body=data, Metadata=metadata)["VersionId"])

    def read(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [one["Key"] for one in found]

    def receipt(self, key: str) -> dict[str, Any]:
        """Return the one receipt of an object's latest version."""
        found = [one for one in self.keys(f"receipts/{key}/") if one.endswith("/receipt.json")]
        assert len(found) == 1, found
        receipt: dict[str, Any] = json.loads(self.read(found[0]))
        return receipt


# --- from SDK calls to what IAM checks (Service Authorization Reference)
def _of_dynamodb(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    def arn(table: str) -> str:
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"

    del stack
    if operation == "TransactWriteItems":
        names = {
            "Put": "PutItem",
            "Delete": "DeleteItem",
            "Update": "UpdateItem",
            "ConditionCheck": "ConditionCheckItem",
        }
        pairs = {(names[kind], one["TableName"]) for item in parameters["TransactItems"] for kind, one in item.items()}
        return [(f"dynamodb:{action}", arn(table)) for action, table in sorted(pairs)], {}
    if "RequestItems" in parameters:
        return [(f"dynamodb:{operation}", arn(table)) for table in sorted(parameters["RequestItems"])], {}
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return [(f"dynamodb:{operation}", arn(parameters["TableName"]) + index)], {}


def _of_s3(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    del stack
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    if operation == "ListObjectVersions":
        return [("s3:ListBucketVersions", bucket)], {"s3:prefix": parameters.get("Prefix", "")}
    action = f"s3:{operation}Version" if "VersionId" in parameters else f"s3:{operation}"
    return [(action, f"{bucket}/{parameters['Key']}")], {}


def _of_sqs(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    queue = parameters["QueueUrl"].rpartition("/")[2]
    assert queue in stack.names.values()
    action = operation.removesuffix("Batch")  # SendMessageBatch is allowed by sqs:SendMessage
    return [(f"sqs:{action}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")], {}


def _of_secrets(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    del stack
    return [(f"secretsmanager:{operation}", parameters["SecretId"])], {}


def _of_ses(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    del stack
    action = "ses:SendRawEmail" if operation == "SendEmail" and "Raw" in parameters["Content"] else f"ses:{operation}"
    arn = f"arn:aws:ses:{REGION}:{ACCOUNT}:"
    sender = parameters["FromEmailAddress"]
    on = (f"identity/{sender.partition('@')[2]}", f"configuration-set/{parameters['ConfigurationSetName']}")
    return [(action, arn + one) for one in on], {"ses:FromAddress": sender}


def _of_sns(stack: Stack, operation: str, parameters: dict[str, Any]) -> tuple[list[Call], dict[str, str]]:
    """A message to a telephone number has no resource; one to a topic has the topic."""
    del stack
    return [(f"sns:{operation}", "*" if "PhoneNumber" in parameters else parameters["TopicArn"])], {}


NEEDS = {
    "dynamodb": _of_dynamodb,
    "s3": _of_s3,
    "sqs": _of_sqs,
    "secretsmanager": _of_secrets,
    "sesv2": _of_ses,
    "sns": _of_sns,
}


def _allows(statement: dict[str, Any], action: str, resource: str, values: dict[str, str]) -> bool:
    return (
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action, one) for one in cfn.as_list(statement["Action"]))
        and any(fnmatchcase(resource, one) for one in cfn.as_list(statement["Resource"]))
        and all(
            _holds(test, values.get(key), cfn.as_list(wanted))
            for test, pairs in statement.get("Condition", {}).items()
            for key, wanted in pairs.items()
        )
    )


def _holds(test: str, value: str | None, wanted: list[str]) -> bool:
    if test == "StringLikeIfExists":
        return value is None or any(fnmatchcase(value, one) for one in wanted)
    if test == "StringLike":
        return value is not None and any(fnmatchcase(value, one) for one in wanted)
    assert test == "StringEquals", test
    return value in wanted


# --- metrics
OWN = frozenset({"service", "stack"})


def _dimensions(line: dict[str, Any]) -> frozenset[str]:
    return frozenset(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0])
