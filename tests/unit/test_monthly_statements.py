"""Statements on demand and by the month: written once, gone on with after an end, nothing twice."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from duly.flows import statements_of_account as flow
from duly.flows.statements_of_account import write_monthly
from duly.flows.twin import TwinStack
from duly.reports import answers
from tests import core_samples as samples
from tests.core_samples import NOON

POLICY = """
[creditor]
name = "Kessler GmbH"
timezone = "Europe/Berlin"
[statements]
monthly = true
day = 3
"""
TODAY = date(2026, 3, 3)
INDEX = "documents/statements/monthly/2026-02/index.json"


def stack(more: str = "") -> TwinStack:
    """Three customers: one owes, one paid in February, one pays in March what was open in February."""
    found = TwinStack()
    names = [samples.Customer(f"C-{number}", f"Customer {number}") for number in (1, 2, 3)]
    issued = date(2026, 2, 2)
    invoices = [samples.Invoice(f"RE-100{one.id[-1]}", one, 10_000 * int(one.id[-1]), issued=issued) for one in names]
    payments = [
        samples.Payment("RE-1002", 20_000, booked=date(2026, 2, 20), bank_reference="b1"),
        samples.Payment("RE-1003", 30_000, booked=date(2026, 3, 2), bank_reference="b2"),
    ]
    found.upload("policy/policy.toml", (POLICY + more).encode(), NOON)
    found.upload("customers/c.csv", samples.customers_file(names), NOON)
    found.work()
    found.upload("invoices/i.csv", samples.invoices_file(invoices), NOON)
    found.work()
    found.upload("statements/s.csv", samples.statement_file(payments), NOON)
    found.work()
    return found


def listed(found: TwinStack) -> dict[str, Any]:
    stored = found.objects.get(INDEX)
    assert stored is not None
    body: dict[str, Any] = json.loads(stored.data)
    return body


def plenty() -> float:
    return 900.0


def test_each_customer_with_open_items_at_the_end_of_the_month_has_one() -> None:
    found = stack()
    month = write_monthly(found.edge, TODAY, plenty)
    assert month is not None and month.complete
    assert listed(found)["accounts"] == {
        "C-1": {"key": "documents/statements/monthly/2026-02/C-1.pdf", "balances": {"EUR": "100.00"}},
        "C-3": {"key": "documents/statements/monthly/2026-02/C-3.pdf", "balances": {"EUR": "300.00"}},
    }
    stored = found.objects.get("documents/statements/monthly/2026-02/C-1.pdf")
    assert stored is not None and stored.data.startswith(b"%PDF")


def test_nothing_twice() -> None:
    found = stack()
    write_monthly(found.edge, TODAY, plenty)
    before = len(list(found.objects.versions("documents/", 100)))
    assert write_monthly(found.edge, TODAY, plenty) is None
    assert write_monthly(found.edge, TODAY + timedelta(days=9), plenty) is None
    assert len(list(found.objects.versions("documents/", 100))) == before


def test_not_before_its_day_and_not_unless_wanted() -> None:
    found = stack()
    assert write_monthly(found.edge, date(2026, 3, 2), plenty) is None
    found.upload("policy/policy.toml", POLICY.replace("true", "false").encode(), NOON + timedelta(hours=1))
    found.work()
    assert write_monthly(found.edge, TODAY, plenty) is None
    assert not found.objects.keys("documents/")


def test_a_run_that_has_no_time_left_is_gone_on_with() -> None:
    found = stack()
    left = iter([100.0, 1.0])
    first = write_monthly(found.edge, TODAY, lambda: next(left))
    assert first is not None and not first.complete and len(first.accounts) == 1
    second = write_monthly(found.edge, TODAY + timedelta(days=1), plenty)
    assert second is not None and second.complete and set(second.accounts) == {"C-1", "C-3"}
    pdfs = [one.key for one in found.objects.versions("documents/", 100) if one.key.endswith(".pdf")]
    assert len(pdfs) == len(set(pdfs)) == 2


def test_an_end_anywhere_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "SAVE_EVERY", 1)
    whole = stack()
    write_monthly(whole.edge, TODAY, plenty)
    for ends_at in range(1, 6):
        found = stack()
        puts = 0

        def fault(name: str, moment: str, ends_at: int = ends_at) -> None:
            nonlocal puts
            puts += name == "objects.put" and moment == "before"
            if puts == ends_at:
                raise RuntimeError("the process ended")

        before = found.set_fault(fault)
        with contextlib.suppress(RuntimeError):
            write_monthly(found.edge, TODAY, plenty)
        found.set_fault(before)
        write_monthly(found.edge, TODAY, plenty)
        assert listed(found) == listed(whole)


def test_customers_without_open_items_when_the_policy_wants_them() -> None:
    found = stack("without_open_items = true\n")
    month = write_monthly(found.edge, TODAY, plenty)
    assert month is not None and {one for one, body in month.accounts.items() if "key" in body} == {"C-1", "C-2", "C-3"}


def test_the_daily_run_writes_them() -> None:
    found = stack()
    answer = answers.daily(found.edge, datetime(2026, 3, 3, 5, 30, tzinfo=UTC))
    assert answer["statements"] == {"list": INDEX, "written": 2, "complete": True}
    assert "statements" not in answers.daily(found.edge, datetime(2026, 3, 4, 5, 30, tzinfo=UTC))


# --- on demand
def ask(found: TwinStack, **event: Any) -> dict[str, Any]:
    answer: dict[str, Any] = answers.answer(found.edge, event, datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    return answer


def test_a_statement_on_demand() -> None:
    found = stack()
    answer = ask(found, type="statement", account="C-3", as_of="2026-02-28")
    assert answer == {
        "ok": True,
        "account": "C-3",
        "key": "documents/statements/C-3/2026-02-28.pdf",
        "as_of": "2026-02-28",
        "balances": {"EUR": "300.00"},
    }
    assert found.objects.get(answer["key"]) is not None
    page = ask(found, type="statement", account="C-3", format="html", **{"from": "2026-02-01"})
    assert page["key"] == "documents/statements/C-3/2026-02-01--2026-03-03.html"
    assert page["balances"] == {"EUR": "0.00"}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"account": "C-9"}, "unknown_account"),
        ({"account": ""}, "unknown_account"),
        ({"account": "C-1", "as_of": "31.12.2025"}, "bad_date"),
        ({"account": "C-1", "format": "docx"}, "bad_format"),
        ({"account": "C-1", "as_of": "2026-01-01", "from": "2026-02-01"}, "bad_period"),
    ],
)
def test_what_cannot_be_written_says_why(event: dict[str, str], code: str) -> None:
    answer = ask(stack(), type="statement", **event)
    assert (answer["ok"], answer["code"]) == (False, code) and answer["error"]


def test_the_books_on_demand() -> None:
    found = stack()
    answer = ask(found, type="export", format="hledger", to="2026-02-28")
    assert answer["ok"] and answer["agrees"] and answer["key"] == "reports/books/begin--2026-02-28/books.journal"
    assert answer["proof"]["EUR"] == {"receivables": "100.00", "open": "100.00", "credit": "0.00", "unapplied": "0.00"}
    assert ask(found, type="export", format="xml")["code"] == "bad_format"
