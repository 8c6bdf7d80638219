"""template.yaml as data, and the changes that let the emulator run it. `python -m local.template` is a check."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.emulator import ROOT

TEMPLATE_PATH = ROOT / "template.yaml"
LOCAL_RUNTIME = "provided.al2023"
FUNCTION_TYPE = "AWS::Serverless::Function"
LAYER_TYPE = "AWS::Serverless::LayerVersion"


def load_template(path: Path = TEMPLATE_PATH) -> dict[str, Any]:
    """The template with CloudFormation's short tags (`!Ref x`) written out (`{"Ref": "x"}`)."""
    import yaml

    class Loader(yaml.SafeLoader):
        """A loader of its own: the tags below stay out of other users of yaml."""

    Loader.add_multi_constructor("!", _long_form)
    with path.open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.load(file, Loader)  # noqa: S506 - a SafeLoader with tags that make plain data
    return loaded


def _long_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


def localize(
    template: dict[str, Any], code_uri: Callable[[str, str], str], environment: dict[str, str]
) -> dict[str, Any]:
    """A copy of `template` that the emulator can run.

    `code_uri(resource type, local folder)` gives the S3 address of the packed folder. Functions get the runtime
    with a bootstrap instead of python3.13 (the emulator then speaks Lambda's real runtime protocol) and the
    variables of `environment` besides their own. Policies that ask for TLS go, and nothing else of the permissions.
    """
    local = copy.deepcopy(template)
    defaults = local.setdefault("Globals", {}).setdefault("Function", {})
    defaults["Runtime"] = LOCAL_RUNTIME
    defaults.pop("Architectures", None)
    variables = defaults.setdefault("Environment", {}).setdefault("Variables", {})
    variables.update(environment)
    for resource in local["Resources"].values():
        _allow_plain_http(resource.get("Properties", {}).get("PolicyDocument", {}))
        properties = resource.get("Properties", {})
        if resource["Type"] == FUNCTION_TYPE:
            properties["CodeUri"] = code_uri(FUNCTION_TYPE, properties["CodeUri"])
            properties.pop("Architectures", None)
            properties.pop("Runtime", None)
        elif resource["Type"] == LAYER_TYPE:
            properties["ContentUri"] = code_uri(LAYER_TYPE, properties["ContentUri"])
    return local


def _allow_plain_http(policy: dict[str, Any]) -> None:
    """Drops statements that refuse calls without TLS: on loopback there is none."""
    if "Statement" in policy:
        without_tls = {"Bool": {"aws:SecureTransport": "false"}}
        policy["Statement"] = [entry for entry in policy["Statement"] if entry.get("Condition") != without_tls]


def transform(template: dict[str, Any], parameters: dict[str, str] | None = None) -> dict[str, Any]:
    """What SAM makes of the template: plain CloudFormation. Raises samtranslator's InvalidDocumentException."""
    from samtranslator.translator.transform import transform as sam_transform

    packed = localize(template, lambda _type, folder: f"s3://packed/{folder}.zip", {})
    for kind in (FUNCTION_TYPE, LAYER_TYPE):
        assert any(resource["Type"] == kind for resource in packed["Resources"].values()), f"no {kind} in the template"
    transformed: dict[str, Any] = sam_transform(packed, parameters or {}, _ManagedPolicies())
    return transformed


_MANAGED_POLICIES = (
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
)


class _ManagedPolicies:
    """samtranslator asks for AWS's managed policies by name; without an account the usual ARN is the answer."""

    def load(self) -> dict[str, str]:
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in _MANAGED_POLICIES}


def main() -> int:
    """Transforms template.yaml as AWS would and says how many resources came out; 1 and the reasons if it cannot."""
    import os

    from samtranslator.model.exceptions import InvalidDocumentException

    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")  # samtranslator wants a region to name the partition
    try:
        transformed = transform(load_template())
    except InvalidDocumentException as error:
        reasons = [cause.message for cause in error.causes]
        print(f"template.yaml: {error.message}", *reasons, sep="\n  ", file=sys.stderr)
        return 1
    print(f"template.yaml transforms to {len(transformed['Resources'])} resources")
    return 0


if __name__ == "__main__":
    sys.exit(main())
