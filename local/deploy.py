"""Deploys a template on the emulator through CloudFormation with the SAM transform, as `sam deploy` does on AWS."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.build import Layer, empty_layer_zip, package_function
from local.emulator import ROOT, Emulator, LocalStackError
from local.template import LAYER_TYPE, localize

DEPLOY_SECONDS = 120.0
"""A stack of a hundred resources is up in two seconds; past this bound it hangs."""
_POLL_SECONDS = 0.02
_ARTIFACTS = "artifacts"
_FAILED = ("FAILED", "ROLLBACK_COMPLETE")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployed stack: what other code needs to find its parts."""

    name: str
    account: str
    outputs: dict[str, str]
    resources: dict[str, str]
    """Physical id by logical id."""
    types: dict[str, str]
    """Resource type by logical id."""

    def physical(self, logical_id: str) -> str:
        """Raises LocalStackError for a name that the template does not have."""
        if logical_id not in self.resources:
            raise LocalStackError(f"stack {self.name} has no resource {logical_id}; it has {sorted(self.resources)}")
        return self.resources[logical_id]

    def of_type(self, resource_type: str) -> dict[str, str]:
        """Physical id by logical id of all resources of one type."""
        return {name: self.resources[name] for name, kind in self.types.items() if kind == resource_type}


def deploy(
    emulator: Emulator,
    account: str,
    template: dict[str, Any],
    layer: Layer,
    *,
    name: str = "duly",
    parameters: dict[str, str] | None = None,
    environment: dict[str, str] | None = None,
    root: Path = ROOT,
) -> Deployment:
    """Creates the stack, or updates it if there is one, and returns once it stands.

    Code folders in `template` are relative to `root`; `environment` is added to every function's variables.
    Raises LocalStackError with the failed resources and their reasons.
    """
    uploader = _Uploader(emulator, account, layer, root)
    body = json.dumps(localize(template, uploader.code_uri, environment or {}), default=str).encode()
    request = {
        "StackName": name,
        "TemplateURL": uploader.template_url(body),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    cloudformation = emulator.client("cloudformation", account)
    _submit(cloudformation, request, exists=_status(cloudformation, name) is not None)
    _wait(cloudformation, name)
    return _described(cloudformation, name, account)


def delete(emulator: Emulator, deployment: Deployment) -> None:
    """Deletes the stack and returns once it is gone. Retained resources (bucket, tables) stay, as on AWS."""
    cloudformation = emulator.client("cloudformation", deployment.account)
    cloudformation.delete_stack(StackName=deployment.name)
    deadline = time.monotonic() + DEPLOY_SECONDS
    while _status(cloudformation, deployment.name) not in (None, "DELETE_COMPLETE"):
        if time.monotonic() > deadline:
            raise LocalStackError(f"stack {deployment.name} was not deleted in {DEPLOY_SECONDS} s")
        time.sleep(_POLL_SECONDS)


class _Uploader:
    """Packs code folders and puts them in a bucket of the account, named by content."""

    def __init__(self, emulator: Emulator, account: str, layer: Layer, root: Path) -> None:
        self._s3 = emulator.client("s3", account)
        self._url = emulator.url
        self._bucket = f"{_ARTIFACTS}-{account}"
        self._layer = layer
        self._root = root
        existing = {bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]}
        if self._bucket not in existing:
            region = self._s3.meta.region_name
            self._s3.create_bucket(Bucket=self._bucket, CreateBucketConfiguration={"LocationConstraint": region})

    def code_uri(self, resource_type: str, folder: str) -> str:
        data = empty_layer_zip() if resource_type == LAYER_TYPE else package_function(self._root / folder, self._layer)
        return f"s3://{self._bucket}/{self._put(data, 'zip')}"

    def template_url(self, body: bytes) -> str:
        return f"{self._url}/{self._bucket}/{self._put(body, 'json')}"

    def _put(self, data: bytes, ending: str) -> str:
        key = f"{hashlib.sha256(data).hexdigest()}.{ending}"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data)
        return key


def _status(cloudformation: Any, name: str) -> str | None:
    """None when there is no such stack."""
    from botocore.exceptions import ClientError

    try:
        status: str = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    return None if status == "DELETE_COMPLETE" else status


def _submit(cloudformation: Any, request: dict[str, Any], *, exists: bool) -> None:
    from botocore.exceptions import ClientError

    try:
        (cloudformation.update_stack if exists else cloudformation.create_stack)(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise LocalStackError(f"stack {request['StackName']}: {error}") from error


def _wait(cloudformation: Any, name: str) -> None:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        status = _status(cloudformation, name)
        if status is None or status.endswith(_FAILED):
            raise LocalStackError(f"stack {name}: {status}\n{_failures(cloudformation, name)}")
        if status.endswith("_COMPLETE"):
            return
        if time.monotonic() > deadline:
            raise LocalStackError(f"stack {name} is still {status} after {DEPLOY_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def _failures(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return "\n".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed)


def _described(cloudformation: Any, name: str, account: str) -> Deployment:
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    resources = [
        resource
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in page["StackResourceSummaries"]
    ]
    return Deployment(
        name=name,
        account=account,
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources={resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
        types={resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources},
    )
