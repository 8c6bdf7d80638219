"""The faster copy of a record gives what the standard library's gives."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from duly.domain import account
from duly.domain.changing import replace
from duly.domain.entities import Header, Item


def test_it_is_the_standard_copy() -> None:
    item = Item("R1", "R1", date(2026, 1, 1), date(2026, 2, 1), "stated", 500, "EUR", "u", 3)
    for record, changes in ((item, {"state": "paid", "line": 4}), (Header(), {"country": "DE"}), (Header(), {})):
        assert replace(record, **changes) == dataclasses.replace(record, **changes)  # type: ignore[type-var]
    assert item.line == 3


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(TypeError, match="no field nothing"):
        replace(Header(), nothing=1)


def test_all_records_of_an_account_can_be_copied() -> None:
    kinds = [kind for kind in vars(account).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    frozen = [kind for kind in kinds if kind.__dataclass_params__.frozen]  # type: ignore[attr-defined]
    assert len(frozen) > 10
    for kind in frozen:
        fields = dataclasses.fields(kind)
        assert len(fields) > 1 and all(field.init and not field.kw_only for field in fields)
