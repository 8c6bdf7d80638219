"""An invoice without a due date has one due date, whichever file of the day is worked on first."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from duly.flows import audit
from duly.flows.twin import TwinStack
from tests.core_samples import NOON

CUSTOMERS = (
    b"id,name,country,language,timezone,kind,vat_id,email,role,scenario,terms_days\n"
    b"C-1,Ahrens Bau GmbH,DE,de,Europe/Berlin,business,DE100000001,a@ahrens.example,billing,,14\n"
    b"C-2,Bolte Druck KG,DE,de,Europe/Berlin,business,DE100000002,b@bolte.example,billing,,\n"
)
HEAD = b"number,customer,customer_name,issued,due,amount,currency\n"
BY_ID = HEAD + (
    b"RE-1,C-1,,2026-01-20,,100.00,EUR\nRE-2,C-1,,2026-02-20,2026-03-01,200.00,EUR\n"
    b"RE-3,C-1,,2026-03-02,,300.00,EUR\nRE-4,C-2,,2026-02-20,,400.00,EUR\n"
)
BY_NAME = HEAD + b"RE-5,,Ahrens Bau GmbH,2026-02-10,,500.00,EUR\n"
MONEY = (
    b"account,booked,amount,currency,value,name,text,bank_reference\n"
    b"DE02120300000000202051,2026-02-27,100.00,EUR,2026-02-27,Ahrens Bau GmbH,RE-1,B1\n"
    b"DE02120300000000202051,2026-02-28,650.00,EUR,2026-02-28,Ahrens Bau GmbH,RE-5 and more,B2\n"
)
FILES = {
    "customers/c.csv": CUSTOMERS,
    "invoices/id.csv": BY_ID,
    "invoices/name.csv": BY_NAME,
    "statements/m.csv": MONEY,
}


def after(order: tuple[str, ...]) -> TwinStack:
    stack = TwinStack()
    for key in order:
        stack.upload(key, FILES[key], NOON)
        stack.work()
    assert audit.audit(stack.edge, NOON).problems == []
    return stack


@pytest.fixture(scope="module")
def balances() -> dict[str, Any]:
    return audit.canonical(after(tuple(FILES)).edge)


def test_agreed_terms_date_what_states_no_due_date(balances: dict[str, Any]) -> None:
    items = balances["customers"]["C-1"]["items"]
    due = {key: item["due"] for key, item in items.items()}
    assert due == {"RE-1": "2026-02-03", "RE-2": "2026-03-01", "RE-3": "2026-03-16", "RE-5": "2026-02-24"}
    assert items["RE-1"]["outstanding"] == "0.00"
    (other,) = balances["customers"]["C-2"]["items"].values()
    assert other["due"] == "2026-03-22"


@pytest.mark.parametrize("order", list(permutations(FILES)), ids=lambda order: " ".join(key[:6] for key in order))
def test_in_any_order(order: tuple[str, ...], balances: dict[str, Any]) -> None:
    assert audit.canonical(after(order).edge) == balances
