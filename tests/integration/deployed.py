"""What tests of the deployed stack share: an edge on its tables, its receipts, and what must never be in its logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from duly.flows.aws import aws_edge
from duly.flows.edge import Edge
from duly.runtime.observe import SilentObserver
from duly.runtime.settings import Settings
from duly.store import dynamodb
from local.stack import LocalStack

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b")


@contextmanager
def edge_on(stack: LocalStack) -> Iterator[Edge]:
    """An edge of this process on the tables of a deployed stack.

    boto3 keeps the credentials that it saw first, and each stack has an account of its own: so both start anew here.
    """
    settings = stack.settings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        dynamodb._model.cache_clear()
        for name, value in settings.items():
            patch.setenv(name, value)
        yield aws_edge(Settings.read(settings), SilentObserver())


def receipts(stack: LocalStack) -> dict[str, list[dict[str, Any]]]:
    """All receipts by the key of their upload, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, data in stack.objects("receipts/").items():
        if key.endswith("/receipt.json"):
            receipt = json.loads(data)
            found.setdefault(receipt["key"], []).append(receipt)
    return {key: sorted(several, key=lambda one: str(one["arrived"])) for key, several in found.items()}


def personal_in_logs(stack: LocalStack, words: list[str]) -> list[str]:
    """The lines of any function's log that hold an address, an account number or one of the words."""
    lines = stack.logs()
    assert len(lines) > 20, "the functions wrote logs"
    return [
        line.text[:300]
        for line in lines
        if ADDRESS.search(line.text) or IBAN.search(line.text) or any(word in line.text for word in words)
    ]
