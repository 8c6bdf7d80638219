"""Objects in the bucket: uploads come in by key and version, receipts, mails and work parts go out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

from duly.store.memory import Fault, no_fault

MAX_OBJECT_BYTES = 48 * 1024 * 1024  # a larger upload is refused with a reason, not read


@dataclass(frozen=True, slots=True)
class Object:
    """One version of an object. ``metadata`` holds the user metadata in lower case, ``modified`` is when it was put."""

    data: bytes
    version: str
    metadata: dict[str, str] = field(default_factory=dict)
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One version of an object in a listing."""

    key: str
    version: str
    modified: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object that was not read: its size in bytes, the rest as that of Object."""

    version: str
    size: int
    metadata: dict[str, str] = field(default_factory=dict)
    modified: datetime | None = None


class TooLarge(Exception):
    """The object is larger than its reader wants to take whole."""

    def __init__(self, stored: Stored) -> None:
        super().__init__(f"{stored.size} bytes")
        self.stored = stored


class Objects(Protocol):
    """A versioned bucket."""

    def get(self, key: str, version: str = "", most: int | None = None) -> Object | None:
        """Return the object (its latest version unless one is named), or None when it is gone. Raises TooLarge when it
        has more than ``most`` (else MAX_OBJECT_BYTES) bytes."""

    def get_range(self, key: str, version: str, start: int, stop: int) -> bytes | None:
        """Return the bytes from ``start`` to before ``stop`` (fewer at the object's end), or None when it is gone. An
        empty version is the latest one."""

    def put(self, key: str, data: bytes, content_type: str, metadata: dict[str, str] | None = None) -> str:
        """Write an object; return its version."""

    def versions(self, prefix: str, limit: int) -> Iterator[Listed]:
        """Yield at most ``limit`` object versions below a prefix."""


class S3Objects:
    """The stack's bucket in S3."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket

    @cached_property
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client("s3", config=Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 4}))

    def get(self, key: str, version: str = "", most: int | None = None) -> Object | None:
        answer = self._get(key, version)
        if answer is None:
            return None
        found, metadata, modified = answer.get("VersionId", ""), answer.get("Metadata", {}), answer.get("LastModified")
        if answer["ContentLength"] > (MAX_OBJECT_BYTES if most is None else most):
            answer["Body"].close()
            raise TooLarge(Stored(found, answer["ContentLength"], metadata, modified))
        return Object(answer["Body"].read(), found, metadata, modified)

    def get_range(self, key: str, version: str, start: int, stop: int) -> bytes | None:
        answer = self._get(key, version, Range=f"bytes={start}-{stop - 1}")
        if answer is not None and "ContentRange" not in answer:
            answer["Body"].close()
            raise OSError("the bucket gave a whole object where a part of it was asked for")
        return None if answer is None else bytes(answer["Body"].read())

    def _get(self, key: str, version: str, **extra: str) -> Any:
        extra |= {"VersionId": version} if version else {}
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key, **extra)
        except self.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"):
                return None
            raise

    def put(self, key: str, data: bytes, content_type: str, metadata: dict[str, str] | None = None) -> str:
        answer = self.client.put_object(
            Bucket=self.bucket, Key=key, Body=data, ContentType=content_type, Metadata=metadata or {}
        )
        return str(answer.get("VersionId", ""))

    def versions(self, prefix: str, limit: int) -> Iterator[Listed]:
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=prefix, PaginationConfig={"MaxItems": limit}
        )
        for page in pages:
            for found in page.get("Versions", []):
                yield Listed(found["Key"], found["VersionId"], found["LastModified"], found["Size"])


class MemoryObjects:
    """A versioned bucket in memory."""

    def __init__(self, fault: Fault = no_fault) -> None:
        self.fault = fault
        self._versions: dict[str, list[tuple[Object, datetime]]] = {}

    def get(self, key: str, version: str = "", most: int | None = None) -> Object | None:
        found = self._get(key, version)
        if found is not None and len(found.data) > (MAX_OBJECT_BYTES if most is None else most):
            raise TooLarge(Stored(found.version, len(found.data), found.metadata, found.modified))
        return found

    def get_range(self, key: str, version: str, start: int, stop: int) -> bytes | None:
        found = self._get(key, version)
        return None if found is None else found.data[start:stop]

    def _get(self, key: str, version: str) -> Object | None:
        self.fault("objects.get", "before")
        found = [one for one, _ in self._versions.get(key, []) if version in ("", one.version)]
        self.fault("objects.get", "after")
        return found[-1] if found else None

    def put(self, key: str, data: bytes, content_type: str, metadata: dict[str, str] | None = None) -> str:
        del content_type
        self.fault("objects.put", "before")
        versions = self._versions.setdefault(key, [])
        version = hashlib.sha256(f"{key}|{len(versions)}".encode()).hexdigest()[:16]
        modified = datetime.now(UTC)
        versions.append((Object(data, version, metadata or {}, modified), modified))
        self.fault("objects.put", "after")
        return version

    def versions(self, prefix: str, limit: int) -> Iterator[Listed]:
        self.fault("objects.versions", "before")
        count = 0
        for key in sorted(self._versions):
            for one, modified in self._versions[key] if key.startswith(prefix) else []:
                if count < limit:
                    yield Listed(key, one.version, modified, len(one.data))
                count += 1
        self.fault("objects.versions", "after")

    def keys(self, prefix: str = "") -> list[str]:
        """Return all keys below a prefix, for tests."""
        return sorted(key for key in self._versions if key.startswith(prefix))
