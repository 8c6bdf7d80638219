"""Which stack a command speaks to: the one of `make up`, or a deployed one by its CloudFormation name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.runtime.observe import SilentObserver
from duly.runtime.settings import Settings
from local.stack import running_stack


class NoStack(Exception):
    """No stack to speak to, or it does not answer; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stack: its edge for reading, and its functions for changing anything."""

    edge: Edge
    functions: Mapping[str, str]
    name: str

    def present(self, account_id: str) -> str:
        """Return the moment of a decision as ISO 8601: on the local stack, where days are played, a minute after the
        account's last entry; a deployed stack goes by its own clock whatever it is told."""
        entries = self.edge.accounts.history(account_id) if self.edge.is_local else []
        return (entries[-1].at + timedelta(minutes=1)).isoformat() if entries else ""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function by its logical id and return its answer. Raises NoStack when the function fails."""
        import boto3

        answer = boto3.client("lambda").invoke(
            FunctionName=self.functions[function], Payload=json.dumps(dict(event)).encode()
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise NoStack(f"{function} failed: {payload.get('errorType', 'unknown error')}; see its log group")
        return payload


def find_target(stack: str = "") -> Target:
    """Return the stack of this name, or without a name the local one. Raises NoStack when there is none."""
    if not stack:
        return _local()
    return _deployed(stack)


def _local() -> Target:
    address = running_stack()
    if address is None:
        raise NoStack("no local stack is running; start one with `make up`, or name a deployed one with --stack")
    os.environ.update(address.settings)
    return _target("duly", replace(Settings.read(address.settings)))


def _deployed(stack: str) -> Target:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        function = _physical(stack, "DunningFunction")
        found = boto3.client("lambda").get_function_configuration(FunctionName=function)
    except (BotoCoreError, ClientError) as error:
        raise NoStack(f"the stack {stack} cannot be read: {error}") from None
    return _target(stack, Settings.read(found["Environment"]["Variables"]))


def _physical(stack: str, logical_id: str) -> str:
    import boto3

    answer = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


class _Functions(Mapping[str, str]):
    """Physical names by logical id, looked up when needed."""

    def __init__(self, stack: str) -> None:
        self.stack = stack

    def __getitem__(self, logical_id: str) -> str:
        return _physical(self.stack, logical_id)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _target(stack: str, settings: Settings) -> Target:
    return Target(aws_edge(settings, SilentObserver()), _Functions(stack), stack)
