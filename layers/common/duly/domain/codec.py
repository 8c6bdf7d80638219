"""Dataclasses to plain JSON data and back: integers, strings, dates, tuples and dictionaries of them, exactly."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from typing import Any, TypeVar, get_args, get_origin

T = TypeVar("T")


def encode(value: Any) -> Any:
    """Return ``value`` as JSON data. Fields that hold their default are left out, so that new fields cost nothing.

    Raises TypeError for a float or any other type that does not survive the round trip exactly.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    # what is plain is not asked again: most of what is written is, and a call costs more than the rest
    fields = _fields(kind)
    if fields is not None:
        return {
            name: content if type(content) in _PLAIN else encode(content)
            for name, default in fields
            if (content := getattr(value, name)) != default
        }
    if isinstance(value, (int, str)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [part if type(part) in _PLAIN else encode(part) for part in value]
    if isinstance(value, dict):
        return {str(key): part if type(part) in _PLAIN else encode(part) for key, part in value.items()}
    raise TypeError(f"{type(value).__name__} is not exact as JSON")


def decode(kind: type[T], data: Any) -> T:
    """Return an instance of the dataclass ``kind`` from what ``encode`` made. Unknown fields are ignored (an older
    function may read what a newer one wrote during a deployment)."""
    shape: Any = kind
    decoders = _decoders(shape)
    return kind(
        **{
            name: part if (decoder := decoders[name]) is None else decoder(part)
            for name, part in data.items()
            if name in decoders
        }
    )


def canonical(data: Any) -> str:
    """Return JSON text that is the same for equal data: sorted keys, no spaces, UTF-8 characters as they are."""
    return _canonical(data)


def digest(data: Any) -> str:
    """Return the SHA-256 of the canonical text of ``data`` in hexadecimal."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


_canonical: Callable[[Any], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
_PLAIN = frozenset({type(None), bool, int, str})
_Decoder = Callable[[Any], Any]


@cache
def _fields(kind: type) -> tuple[tuple[str, Any], ...] | None:
    """The names and defaults of a dataclass's fields; None for any other type."""
    if not dataclasses.is_dataclass(kind):
        return None
    result = []
    for field in dataclasses.fields(kind):
        default: Any = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        result.append((field.name, default))
    return tuple(result)


@cache
def _decoders(kind: Any) -> dict[str, _Decoder | None]:
    """How each field of a dataclass is decoded, worked out once; None for what is taken as it is."""
    return {name: _decoder(hint) for name, hint in _hints(kind).items()}


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decoder(hint: Any) -> _Decoder | None:
    origin, arms = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _optional(_decoder(next(arm for arm in arms if arm is not type(None))))
    if origin is tuple and len(arms) == 2 and arms[1] is Ellipsis:
        return _tuple(_decoder(arms[0]))
    if origin is tuple:
        return _pair([_decoder(arm) for arm in arms])
    if origin is dict:
        return _dictionary(_decoder(arms[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return partial(decode, hint)
    if hint in (datetime, date):
        parse: _Decoder = hint.fromisoformat
        return parse
    return None


def _optional(inner: _Decoder | None) -> _Decoder | None:
    return None if inner is None else lambda data: None if data is None else inner(data)


def _tuple(inner: _Decoder | None) -> _Decoder:
    return tuple if inner is None else lambda data: tuple(map(inner, data))


def _pair(inner: list[_Decoder | None]) -> _Decoder:
    def decoded(data: Any) -> Any:
        pairs = zip(inner, data, strict=True)
        return tuple(part if decoder is None else decoder(part) for decoder, part in pairs)

    return decoded


def _dictionary(inner: _Decoder | None) -> _Decoder:
    return dict if inner is None else lambda data: {key: inner(part) for key, part in data.items()}
