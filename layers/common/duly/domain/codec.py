"""Dataclasses to plain JSON data and back: integers, strings, dates, tuples and dictionaries of them, exactly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Return ``value`` as JSON data. Fields that hold their default are left out, so that new fields cost nothing.

    Raises TypeError for a float or any other type that does not survive the round trip exactly.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: encode(content)
            for field, default in _fields(type(value))
            if (content := getattr(value, field.name)) != default
        }
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [encode(part) for part in value]
    if isinstance(value, dict):
        return {str(key): encode(part) for key, part in value.items()}
    raise TypeError(f"{type(value).__name__} is not exact as JSON")


def decode(kind: type[T], data: Any) -> T:
    """Return an instance of the dataclass ``kind`` from what ``encode`` made. Unknown fields are ignored (an older
    function may read what a newer one wrote during a deployment)."""
    shape: Any = kind
    hints = _hints(shape)
    return kind(**{name: _decode(hints[name], part) for name, part in data.items() if name in hints})


def canonical(data: Any) -> str:
    """Return JSON text that is the same for equal data: sorted keys, no spaces, UTF-8 characters as they are."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(data: Any) -> str:
    """Return the SHA-256 of the canonical text of ``data`` in hexadecimal."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


@cache
def _fields(kind: type) -> tuple[tuple[dataclasses.Field[Any], Any], ...]:
    result = []
    for field in dataclasses.fields(kind):
        default: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        result.append((field, default))
    return tuple(result)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode(hint: Any, data: Any) -> Any:
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else _decode(next(arm for arm in get_args(hint) if arm is not type(None)), data)
    if origin is tuple:
        arms = get_args(hint)
        if len(arms) == 2 and arms[1] is Ellipsis:
            return tuple(_decode(arms[0], part) for part in data)
        return tuple(_decode(arm, part) for arm, part in zip(arms, data, strict=True))
    if origin is dict:
        return {key: _decode(get_args(hint)[1], part) for key, part in data.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return decode(hint, data)
    if hint is datetime:
        return datetime.fromisoformat(data)
    if hint is date:
        return date.fromisoformat(data)
    return data
