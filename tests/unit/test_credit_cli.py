"""`duly credit`, `override`, `cover` and `order` against a stack in memory: what they print, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.screen import moment_of
from cli.show_account import account_data
from duly.flows import credit
from duly.flows.edge import Edge
from duly.flows.twin import TwinStack
from tests.core_samples import MONDAY, NOON, Customer, Invoice, customers_file, invoice_uploads

DEBTOR = Customer("C-1", "Debtor number 1 GmbH", "DE100000001")
RULES = b"""[creditor]
name = "Muster"
[risk.categories.all]
max_score = 1.0
terms_days = 30
limit = { EUR = "100.00" }
"""


@dataclass
class Target:
    """The stack as a command sees it: it reads the edge and invokes the function."""

    edge: Edge

    def present(self, account_id: str) -> str:
        assert account_id
        return ""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        assert function == "RiskCheckFunction"
        return credit.answer(self.edge, json.loads(json.dumps(dict(event))), NOON)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    """C-1 owes 40.00 EUR of 100.00 EUR, due in ten days."""
    stack = TwinStack()
    uploads = [("policy/p.toml", RULES), ("customers/c.csv", customers_file([DEBTOR]))]
    uploads += invoice_uploads([Invoice("RE-1", DEBTOR, 4_000, MONDAY - timedelta(days=1), "EUR")], "i")
    for key, data in uploads:
        stack.upload(key, data, NOON)
        stack.work()
    found = Target(stack.edge)
    monkeypatch.setattr("cli.credit.target_of", lambda _: found)
    return found


def duly(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.mark.usefixtures("target")
def test_a_sale_within_the_limit() -> None:
    shown = duly("credit", "C-1", "60.00", "--order", "O-1", "--by", "ada")
    assert shown.exit_code == 0
    assert shown.output.splitlines()[0] == "APPROVE  60.00 EUR to C-1 on 2026-03-02"
    assert "because       within the limit of 100.00 EUR" in shown.output
    assert "exposure      40.00 EUR (40.00 invoiced, 0.00 ordered), limit 100.00, headroom 60.00" in shown.output
    assert "order         O-1 reserved" in shown.output
    assert duly("credit", "C-1", "0.01").exit_code == 1


@pytest.mark.usefixtures("target")
def test_a_sale_beyond_it_says_what_would_help() -> None:
    shown = duly("credit", "C-1", "72.00")
    assert shown.exit_code == 1
    assert shown.output.startswith("REFER  72.00 EUR")
    assert "possible with prepay 12.00 EUR" in shown.output
    assert duly("credit", "C-1", "5000.00").output.startswith("REFUSE")


@pytest.mark.usefixtures("target")
def test_json_is_the_functions_answer() -> None:
    shown = duly("credit", "C-1", "60.00", "--json")
    answer = json.loads(shown.output)
    assert (shown.exit_code, answer["ok"], answer["outcome"], answer["headroom"]) == (0, True, "approve", "60.00")


@pytest.mark.usefixtures("target")
def test_a_prospect_has_no_account() -> None:
    shown = duly("credit", "Newcomer", "50.00", "--prospect", "--external-score", "200")
    assert shown.exit_code == 0
    assert "APPROVE WITH CONDITIONS  50.00 EUR to Newcomer" in shown.output
    assert "only if       the customer's record is complete before delivery" in shown.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("credit", "C-9", "1.00"), "unknown_customer"),
        (("credit", "C-1", "1,00"), "amount_format"),
        (("credit", "C-1", "1.00", "--currency", "EURO"), "currency_unknown"),
        (("order", "C-1", "O-9", "--cancel"), "unknown_order"),
        (("order", "C-1", "O-9"), "missing_field"),
        (("override", "C-1", "--by", "ada"), "missing_field"),
        (("cover", "C-1", "K", "--by", "ada", "--end"), "unknown_cover"),
    ],
)
@pytest.mark.usefixtures("target")
def test_what_cannot_be_answered_ends_in_two(words: tuple[str, ...], said: str) -> None:
    shown = duly(*words)
    assert shown.exit_code == 2
    assert said in shown.output


def test_override_cover_and_order_are_told_by_the_account(target: Target) -> None:
    granted = duly("override", "C-1", "--until", "2026-04-30", "--reason", "framework deal", "--by", "ada")
    assert granted.exit_code == 0
    covered = duly(
        "cover", "C-1", "K-1", "--kind", "guarantee", "--amount", "20.00", "--until", "2026-05-31", "--by", "ada"
    )
    assert covered.output == "Cover K-1 of C-1: CoverSet, version 4.\n"
    assert duly("order", "C-1", "O-1", "--amount", "10.00").exit_code == 0
    data = account_data(target.edge, "C-1")
    assert data is not None
    assert data["overrides"][0].endswith("by ada until 2026-04-30: framework deal")
    assert data["covers"] == ["guarantee K-1 20.00 EUR until 2026-05-31"]
    assert data["orders"] == ["O-1 10.00 EUR"]
    (exposure,) = data["exposure"]
    assert (exposure["open"], exposure["orders"], exposure["limit"]) == ("40.00", "10.00", "120.00")
    texts = [line["text"] for line in data["timeline"]]
    override = data["overrides"][0].partition(" ")[0]
    assert f"override {override} of any limit and of a hold, until 2026-04-30 by ada: framework deal" in texts
    assert duly("override", "C-1", "--end", override, "--by", "ada").exit_code == 0
    assert duly("cover", "C-1", "K-1", "--end", "--by", "ada").exit_code == 0
    assert duly("order", "C-1", "O-1", "--cancel").exit_code == 0
    data = account_data(target.edge, "C-1")
    assert data is not None
    assert (data["overrides"], data["covers"], data["orders"]) == ([], [], [])


def test_two_sales_at_once_do_not_share_their_headroom(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another check commits between this one's reading and its writing: it decides again, on what is left."""
    load, ask = (
        target.edge.accounts.load,
        {"type": "credit_check", "customer": "C-1", "amount": "60.00", "currency": "EUR"},
    )
    raced: list[str] = []

    def racing(*words: Any, **more: Any) -> Any:
        found = load(*words, **more)
        if not raced:
            raced.append("now")
            assert credit.answer(target.edge, {**ask, "order": "O-1"}, NOON)["outcome"] == "approve"
        return found

    monkeypatch.setattr(target.edge.accounts, "load", racing)
    second = credit.answer(target.edge, {**ask, "order": "O-2"}, NOON)
    assert (second["outcome"], second["reserved"]) == ("refuse", False)
    assert [one.key for one in load("C-1").live("orders")] == ["O-1"]


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("command", [("credit", "C-1", "1.00"), ("cancel", "C-1", "RE-1", "--reason", "x")])
def test_a_moment_that_is_none_is_refused_before_anything_is_asked(command: tuple[str, ...]) -> None:
    shown = duly(*command, "--by", "ada", "--at", "tomorrow")
    assert shown.exit_code == 2
    assert "--at: expected a moment such as 2026-02-18T09:00:00+00:00, found 'tomorrow'" in shown.output


def test_a_moment_without_a_zone_is_in_utc() -> None:
    assert moment_of("2026-03-04") == "2026-03-04T00:00:00+00:00"
    assert moment_of("2026-03-04T09:00:00+01:00") == "2026-03-04T09:00:00+01:00"
    assert moment_of("") == ""


@pytest.mark.usefixtures("target")
def test_an_external_score_is_a_prospects() -> None:
    shown = duly("credit", "C-1", "1.00", "--external-score", "100")
    assert shown.exit_code == 2
    assert "--external-score is for a --prospect" in shown.output


def test_an_override_by_an_amount_says_so(target: Target) -> None:
    granted = ("override", "C-1", "--until", "2026-03-10", "--reason", "contract", "--by", "ada", "--amount", "5.00")
    assert duly(*granted).exit_code == 0
    data = account_data(target.edge, "C-1")
    assert data is not None
    (shown,) = data["overrides"]
    assert shown.endswith("by ada until 2026-03-10 for 5.00 EUR above the limit: contract")
