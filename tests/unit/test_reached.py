"""Where a customer is reached: addresses and telephone numbers of customer files, e-invoices and finance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from duly.domain import master
from duly.domain.account import Account
from duly.domain.entities import Header
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.twin import TwinStack

DATA = Path(__file__).parents[1] / "data" / "formats"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEADER = "id,name,country,email,role,address,postcode,city,phone"


@pytest.fixture
def stack() -> TwinStack:
    return TwinStack()


def upload(stack: TwinStack, key: str, *lines: str, minute: int = 0) -> None:
    stack.upload(key, "\n".join(lines).encode(), START + timedelta(minutes=minute))
    stack.work()


def account(stack: TwinStack, account_id: str = "C-101") -> Account:
    return stack.edge.accounts.load(account_id)


def test_address_and_telephones_lie_in_the_personal_item_alone(stack: TwinStack) -> None:
    upload(
        stack,
        "customers/1.csv",
        HEADER,
        "C-101,Nebel,DE,a@nebel.example,billing,Torweg 4,20457,Hamburg,040 123456",
        "C-101,Nebel,DE,,management,Torweg 4,20457,Hamburg,+49 171 5550000",
    )
    found = account(stack).personal
    assert found["address"] == ["Torweg 4", "20457 Hamburg"]
    first, second = found["contacts"]
    assert (first["email"], first["phone"]) == ("a@nebel.example", "+4940123456")
    assert (second["email"], second["role"], second["phone"]) == ("", "management", "+491715550000")
    journal = str(stack.edge.accounts.history("C-101"))
    assert not any(word in journal for word in ("Torweg", "20457", "4940123456"))


def test_fields_are_corrected_one_by_one_in_the_order_of_arrival(stack: TwinStack) -> None:
    row = "C-101,Nebel,DE,a@nebel.example,billing,Torweg 4,20457,Hamburg,040 123456"
    upload(stack, "customers/1.csv", HEADER, row)
    upload(stack, "customers/2.csv", "id,name,address", "C-101,Nebel,Hof 9", minute=2)
    upload(stack, "customers/3.csv", "id,name,email", "C-101,Nebel,b@nebel.example", minute=3)
    found = account(stack).personal
    assert found["address"] == ["Hof 9", "20457 Hamburg"]
    assert [(one["email"], one.get("phone", "")) for one in found["contacts"]] == [
        ("b@nebel.example", ""),
        ("", "+4940123456"),
    ]
    upload(stack, "customers/4.csv", HEADER, row.replace("Torweg 4", "Late 1"), minute=1)
    assert account(stack).personal["address"] == ["Hof 9", "20457 Hamburg"]


def test_the_town_is_written_as_its_country_writes_it() -> None:
    def lines(country: str, **said: Any) -> list[str]:
        values = {"street": ["1 Main St"], "postcode": "AB1 2CD", "city": "Town", "country": country, **said}
        record, _ = master.updated(master.known(Header(), {}), values, "2026")
        found: list[str] = master.personal_of(record)["address"]
        return found

    assert lines("PL") == ["1 Main St", "AB1 2CD Town"]
    assert lines("GB") == ["1 Main St", "Town", "AB1 2CD"]
    assert lines("US") == ["1 Main St", "Town AB1 2CD"]
    assert lines("DE", postcode="", street=[]) == ["Town"]


def test_an_invoice_tells_the_address_that_no_customer_file_says(stack: TwinStack) -> None:
    invoice = (DATA / "invoice.ubl.xml").read_text("utf-8")
    upload(stack, "customers/1.csv", "id,name,country,address", "C-101,Nebel,DE,", minute=0)
    stack.upload("invoices/1.xml", invoice.encode(), START + timedelta(minutes=1))
    stack.work()
    before = account(stack)
    assert before.personal["address"] == []  # the file said that there is none

    other = TwinStack()
    upload(other, "customers/1.csv", "id,name,country", "C-101,Nebel,DE")
    other.upload("invoices/1.xml", invoice.encode(), START + timedelta(minutes=1))
    other.work()
    found = account(other)
    assert found.personal["address"] == ["Hafenstraße 12", "Hof 2", "20457 Hamburg"] and not found.header.provisional
    upload(other, "customers/2.csv", "id,name,address,postcode,city", "C-101,Nebel,Torweg 4,20457,Hamburg")
    assert account(other).personal["address"] == ["Torweg 4", "20457 Hamburg"]

    elsewhere = TwinStack()
    upload(elsewhere, "customers/1.csv", "id,name,country", "C-101,Nebel,PL")
    elsewhere.upload("invoices/1.xml", invoice.encode(), START + timedelta(minutes=1))
    elsewhere.work()
    assert not account(elsewhere).personal["address"]


def test_finance_completes_a_customer_with_address_and_telephone(stack: TwinStack) -> None:
    upload(stack, "invoices/1.csv", "number,customer,issued,amount,currency", "R-1,C-101,2026-02-01,100.00,EUR")
    request = {"action": "complete_customer", "account": "C-101", "by": "ada", "name": "Nebel", "country": "DE"}
    reached = {"address": "Torweg 4", "postcode": "20457", "city": "Hamburg", "phone": "040 123456"}
    emails = ["a@nebel.example", {"email": "m@nebel.example", "role": "management", "phone": "+49 171 5550000"}]
    with pytest.raises(DecisionRefused) as refused:
        decide(stack.edge, {**request, **reached, "phone": "none"}, START)
    assert refused.value.code == "phone_format"
    decide(stack.edge, {**request, **reached, "emails": emails}, START)
    found = account(stack).personal
    assert found["address"] == ["Torweg 4", "20457 Hamburg"]
    assert [one["phone"] for one in found["contacts"]] == ["+4940123456", "+491715550000"]
