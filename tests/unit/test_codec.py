"""Events and states as JSON and back, exactly."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain import codec
from duly.domain import events as ev
from duly.domain.entities import KINDS, Header
from duly.domain.transaction import Transaction
from tests.core_samples import NOON, account, claim, invoice, then

SHAPES: list[type[Any]] = [*ev.EVENTS.values(), *KINDS.values(), Header, Transaction]


@st.composite
def instances(draw: st.DrawFn) -> Any:
    """An instance of any event or entity with any content that its types allow."""
    return draw(_of(draw(st.sampled_from(SHAPES))))


def _of(hint: Any) -> st.SearchStrategy[Any]:
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        names = codec._hints(hint)
        return st.builds(hint, **{name: _of(names[name]) for name in names})
    if origin is typing.Literal:
        return st.sampled_from(arms)
    if type(None) in arms:
        return st.none() | _of(next(arm for arm in arms if arm is not type(None)))
    if origin is tuple and arms[-1] is Ellipsis:
        return st.lists(_of(arms[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(_of(arm) for arm in arms))
    if origin in (dict, Mapping):
        return st.dictionaries(st.text(max_size=4), _of(arms[1]), max_size=2)
    zones = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=6),
        int: st.integers(-(10**20), 10**20),
        bool: st.booleans(),
        date: st.dates(),
        datetime: st.datetimes(timezones=zones),
    }
    return plain[hint]


@settings(max_examples=300)
@given(instances())
def test_everything_comes_back_as_it_went(value: Any) -> None:
    data = json.loads(codec.canonical(codec.encode(value)))
    assert codec.decode(type(value), data) == value


@settings(max_examples=100)
@given(st.sampled_from(sorted(ev.EVENTS)).flatmap(lambda name: _of(ev.EVENTS[name])))
def test_events_carry_their_names(event: ev.Event) -> None:
    data = json.loads(json.dumps(ev.to_data(event)))
    assert data["event"] == type(event).__name__
    assert ev.from_data(data) == event


def test_every_event_can_be_read_back_by_name() -> None:
    assert all(ev.EVENTS[name].__name__ == name for name in ev.EVENTS)
    assert len(ev.EVENTS) > 30
    with pytest.raises(KeyError):
        ev.from_data({"event": "SomethingNewer"})


def test_defaults_cost_nothing() -> None:
    assert codec.encode(Header()) == {}
    assert "order" not in codec.encode(invoice("I-1"))


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    data = {**codec.encode(invoice("I-1")), "shade": "blue"}
    assert codec.decode(ev.InvoiceRegistered, data) == invoice("I-1")


@dataclass(frozen=True)
class Loose:
    value: Any = None
    many: tuple[Any, ...] = field(default_factory=tuple)


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal("1"), b"x", {1, 2}, object()])
def test_what_is_not_exact_as_json_is_refused(value: Any) -> None:
    for loose in (Loose(value), Loose(many=(value,))):
        with pytest.raises(TypeError):
            codec.encode(loose)


def test_equal_data_has_equal_text_and_hash() -> None:
    assert codec.canonical({"b": 1, "a": "é"}) == codec.canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'
    assert codec.digest({"b": 1, "a": 2}) == codec.digest({"a": 2, "b": 1})
    assert codec.digest({"a": 1}) != codec.digest({"a": "1"})


def test_an_account_in_the_middle_of_things_comes_back() -> None:
    before = account(invoice("I-1"))
    found = then(before, [claim(before, "I-1")])
    for entities in found.entities.values():
        for entity in entities.values():
            assert codec.decode(type(entity), json.loads(json.dumps(codec.encode(entity)))) == entity
    header = codec.decode(Header, json.loads(json.dumps(codec.encode(found.header))))
    assert header == found.header
    assert header.contacts_made == {"n1": NOON}
