"""`duly match` on files: scenario files, tables and folders against bank files; JSON, tables for people, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

CUSTOMERS = "id,name,country,language,timezone,kind,vat_id,email,role,scenario,parent\n"
INVOICES = "number,customer,issued,due,amount,currency,type,terms,order,for_invoice\n"
BANK = "account,booked,value,amount,currency,name,counterparty_account,text,reference,end_to_end_id,bank_reference\n"


def scenario(*events: tuple[str, str, dict[str, Any]], **more: Any) -> str:
    return json.dumps({"events": [{"on": on, kind: facts} for on, kind, facts in events], **more})


CUSTOMER = ("2026-01-02", "customer", {"id": "C1", "name": "Fog & Co"})
FACTS = {"customer": "C1", "currency": "EUR"}
INVOICE = ("2026-01-05", "invoice", {**FACTS, "number": "R-1", "due": "2026-02-04", "amount": "1190.00"})
SPLIT = (
    "2026-01-05",
    "invoice",
    {**FACTS, "number": "R-2", "amount": "1000.00"}
    | {"instalments": [{"due": "2026-01-05", "amount": "300.00"}, {"due": "2026-02-28", "amount": "700.00"}]},
)


def bank(*rows: str) -> str:
    """A bank file: each row is 'amount|name|text|reference of the bank'."""
    lines = []
    for at, row in enumerate(rows):
        amount, name, text, reference = row.split("|")
        day = f"2026-02-{11 + at}"
        lines.append(f'DE89370400440532013000,{day},{day},{amount},EUR,"{name}",,"{text}",,,{reference}\n')
    return BANK + "".join(lines)


@pytest.fixture
def files(tmp_path: Path) -> Any:
    def write(**contents: str) -> list[str]:
        paths = []
        for name, content in contents.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, "utf-8")
            paths.append(str(path))
        return paths

    return write


def run(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["match", *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr


def test_a_scenario_and_a_bank_file(files: Any) -> None:
    rows = bank(
        "300.00|FOG CO|R-2 first part|B1", "1190.00|Fog & Co|R-1|B2", "55.00|Nobody|hello|B3", "-9.00|Shop|x|B4"
    )
    code, found = run(*files(l_json=scenario(CUSTOMER, INVOICE, SPLIT), p_csv=rows))
    assert code == 0
    assert [(one["payment"], one["invoice"], one["amount"]) for one in found["allocations"]] == [
        ("B1", "R-2", "300.00"),
        ("B2", "R-1", "1190.00"),
    ]
    assert found["allocations"][0]["instalment"] == 1
    assert found["allocations"][1]["confidence"] == pytest.approx(0.99)
    assert found["allocations"][1]["reasons"] == ["invoice_number", "name", "amount_exact"]
    suspense = {"payment": "B3", "amount": "55.00", "currency": "EUR", "reason": "no_reference", "candidates": []}
    assert found["suspense"] == [suspense]
    assert found["ignored"] == [{"payment": "B4", "reason": "money_out"}]


def test_balances_go_down_in_the_order_of_value_dates(files: Any) -> None:
    rows = bank("1000.00|Fog & Co|R-1|B1", "1000.00|Fog & Co|R-1|B2")
    _, found = run(*files(l_json=scenario(CUSTOMER, INVOICE), p_csv=rows))
    assert [(one["payment"], one["amount"]) for one in found["allocations"]] == [("B1", "1000.00"), ("B2", "190.00")]
    assert [(one["payment"], one["amount"]) for one in found["unapplied"]] == [("B2", "810.00")]


def test_what_a_scenario_settles_is_not_paid_again(files: Any) -> None:
    ledger = scenario(
        CUSTOMER,
        INVOICE,
        SPLIT,
        ("2026-01-10", "credit_note", {**FACTS, "number": "G-1", "amount": "100.00", "for": "R-1"}),
        ("2026-01-11", "payment", {**FACTS, "id": "P-1", "amount": "90.00", "for": ["R-1"]}),
        ("2026-01-12", "payment", {**FACTS, "id": "P-2", "amount": "500.00", "for": ["R-1"]}),
        ("2026-01-13", "reverse", {"payment": "P-2", "reason": "chargeback"}),
        (
            "2026-01-13",
            "payment",
            {"id": "P-3", "currency": "EUR", "amount": "300.00", "payer": "FOG CO", "text": "R-2"},
        ),
        ("2026-01-14", "write_off", {"invoice": "R-1", "amount": "10.00", "reason": "small"}),
        ("2026-01-15", "promise", {"id": "T-1", "customer": "C1", "invoices": ["R-1"], "date": "2026-02-28"}),
    )
    rows = bank("990.00|Fog & Co|R-1|B1", "700.00|Fog & Co|R-2|B2", "1.00|Fog & Co|R-2|B3")
    _, found = run(*files(l_json=ledger, p_csv=rows))
    assert [(one["invoice"], one["amount"]) for one in found["allocations"]] == [("R-1", "990.00"), ("R-2", "700.00")]
    assert [one["payment"] for one in found["unapplied"]] == ["B3"]


def test_a_cancelled_invoice_is_not_paid(files: Any) -> None:
    ledger = scenario(CUSTOMER, INVOICE, ("2026-01-20", "cancel", {"invoice": "R-1"}))
    _, found = run(*files(l_json=ledger, p_csv=bank("1190.00|Fog & Co|R-1|B1")))
    assert found["allocations"] == [] and [one["payment"] for one in found["unapplied"]] == ["B1"]


def test_the_policy_of_a_scenario_applies(files: Any) -> None:
    policy = {"creditor": {"name": "X", "country": "DE"}, "cash": {"auto_confirm": 0.999}}
    _, found = run(*files(l_json=scenario(CUSTOMER, INVOICE, policy=policy), p_csv=bank("1190.00|Fog & Co|R-1|B1")))
    assert found["allocations"] == []
    assert found["proposals"][0]["allocations"] == [{"invoice": "R-1", "amount": "1190.00"}]


def test_terms_in_words_give_the_cash_discount(files: Any) -> None:
    sale = (INVOICE[0], "invoice", {**INVOICE[2], "number": "R-10001", "terms": "2% Skonto 40 Tage, netto 60 Tage"})
    rows = bank("1166.20|Somebody Else|R-10001|B1")
    _, found = run(*files(l_json=scenario(CUSTOMER, sale), p_csv=rows))
    assert [(one["amount"], one["reasons"][-1]) for one in found["allocations"]] == [("1166.20", "amount_discount")]


def test_a_scenario_in_toml(files: Any) -> None:
    ledger = """
[[events]]
on = 2026-01-02
customer = { id = "C1", name = "Fog & Co" }
[[events]]
on = 2026-01-05
invoice = { number = "R-1", customer = "C1", amount = 1190.00, currency = "EUR" }
"""
    _, found = run(*files(l_toml=ledger, p_csv=bank("1190.00|Fog & Co|R-1|B1")))
    assert [one["invoice"] for one in found["allocations"]] == ["R-1"]


def test_tables_and_a_folder(files: Any, tmp_path: Path) -> None:
    customers = CUSTOMERS + "C1,Fog & Co,DE,,,,,,,,\nC2,Mist GmbH,DE,,,,,,,,C1\n"
    invoices = INVOICES + (
        "RE-2026-00001,C1,2026-01-05,2026-02-04,100.00,EUR,,,,\n"
        "RE-2026-00002,C2,2026-01-05,2026-02-04,50.00,EUR,,,,\n"
        "G-7,C1,2026-01-06,,-20.00,EUR,credit_note,,,RE-2026-00001\n"
    )
    rows = bank("150.00|Fog & Co|RE-2026-00001 und RE-2026-00002|B1")
    *_, payments = files(ledger__a_csv=customers, ledger__b_csv=invoices, ledger__c_csv=rows, p_csv=rows)
    code, found = run(str(tmp_path / "ledger"), payments)
    assert code == 0
    paid = {(one["customer"], one["invoice"]): one["amount"] for one in found["allocations"]}
    assert paid == {("C1", "RE-2026-00001"): "80.00", ("C2", "RE-2026-00002"): "50.00"}
    assert [(one["customer"], one["amount"]) for one in found["unapplied"]] == [("C1", "20.00")]


def test_a_proposal_has_its_alternatives(files: Any) -> None:
    second = (INVOICE[0], "invoice", {**INVOICE[2], "number": "R-7"})
    _, found = run(*files(l_json=scenario(CUSTOMER, INVOICE, second), p_csv=bank("1190.00|Fog & Co|danke|B1")))
    proposal = found["proposals"][0]
    assert [proposal["payment"], proposal["allocations"]] == ["B1", [{"invoice": "R-1", "amount": "1190.00"}]]
    assert [one["allocations"][0]["invoice"] for one in proposal["alternatives"]] == ["R-7"]
    assert 0 < proposal["confidence"] < 0.98


def test_payments_are_called_by_what_no_other_has(files: Any) -> None:
    rows = bank("5.00|X|a|B1", "6.00|X|b|B1", "7.00|X|c|")
    _, found = run(*files(l_json=scenario(CUSTOMER), p_csv=rows))
    assert [one["payment"] for one in found["suspense"]] == ["line 2", "line 3", "line 4"]


def test_people_get_tables(files: Any) -> None:
    rows = bank("1190.00|Fog & Co|R-1|B1", "11.00|Fog & Co|x|B2", "12.00|Nobody|x|B3")
    result = CliRunner().invoke(app, ["match", *files(l_json=scenario(CUSTOMER, INVOICE, SPLIT), p_csv=rows)])
    assert result.exit_code == 0
    assert all(
        word in result.stdout for word in ("Booked", "To confirm", "Suspense", "1 booked, 1 proposed, 1 in suspense")
    )


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("{", "expected JSON"),
        (scenario(("2026-01-02", "custmer", {"id": "C1"})), "events[0]"),
        (scenario(("2026-01-05", "invoice", {"number": "R-1", "customer": "C1", "currency": "EUR"})), "'amount'"),
        (scenario(("2026-01-05", "invoice", {**INVOICE[2], "amount": "1,00"})), "amount_format"),
        (scenario(("5 Jan", "customer", {"id": "C1"})), "events[0]"),
        (scenario(CUSTOMER, policy={"cash": {"auto_confirm": 7}}), "auto_confirm"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_refused_with_the_place(files: Any, ledger: str, said: str) -> None:
    code, text = run(*files(l_json=ledger, p_csv=bank("1.00|X|x|B1")))
    assert code == 2 and said in text


def test_other_files_are_refused(files: Any) -> None:
    ledger, payments = files(l_json=scenario(CUSTOMER), p_csv=bank("1.00|X|x|B1"))
    assert run(ledger)[0] == 2
    assert run(payments, payments) == (
        2,
        f"{payments}: expected a scenario, customers or invoices, found a bank statement\n",
    )
    assert run(ledger, ledger)[0] == 2
    assert run(ledger, ledger + "x")[0] == 2


def test_rejected_rows_are_named_and_told_by_the_exit_code(files: Any) -> None:
    invoices = INVOICES + "RE-2026-00001,C1,2026-01-05,2026-02-04,many,EUR,,,,\n"
    result = CliRunner().invoke(app, ["match", *files(i_csv=invoices, p_csv=bank("1.00|X|x|B1"))])
    assert result.exit_code == 1 and "line 2" in result.stderr and "1 in suspense" in result.stdout


def test_money_of_a_customer_in_the_ledger_pays_as_its_account_would(files: Any) -> None:
    """Exactly one invoice, the only set, else the policy's order; with only ``stated`` it pays nothing."""
    sales = [
        (day, "invoice", {**FACTS, "number": f"R-{at}", "due": day, "amount": amount})
        for at, (day, amount) in enumerate(
            (("2026-01-05", "100.00"), ("2026-01-06", "250.00"), ("2026-01-07", "70.00"))
        )
    ]

    def left(amount: str, allocation: list[str]) -> list[str]:
        paid = ("2026-01-20", "payment", {**FACTS, "id": "P-1", "amount": amount})
        policy = {"creditor": {"name": "X", "country": "DE"}, "cash": {"allocation": allocation}}
        ledger = scenario(CUSTOMER, *sales, paid, policy=policy)
        texts = [f"1000.00|Fog & Co|R-{at}|B{at}" for at in range(3)]
        _, found = run(*files(l_json=ledger, p_csv=bank(*texts)))
        return [one["allocations"][0]["amount"] if one["allocations"] else "0" for one in found["proposals"]]

    oldest, newest = ["stated", "oldest_due"], ["stated", "newest_due"]
    assert left("250.00", oldest) == ["100.00", "0", "70.00"]
    assert left("320.00", oldest) == ["100.00", "0", "0"]
    assert left("130.00", oldest) == ["0", "220.00", "70.00"]
    assert left("130.00", newest) == ["100.00", "190.00", "0"]
    assert left("130.00", ["stated"]) == ["100.00", "250.00", "70.00"]


def test_an_invoice_that_an_event_names_and_nobody_has_is_rejected(files: Any) -> None:
    ledger = scenario(
        CUSTOMER,
        INVOICE,
        ("2026-01-20", "payment", {**FACTS, "id": "P-1", "amount": "1.00", "for": ["NOPE"]}),
        ("2026-01-20", "write_off", {"invoice": "R-9", "amount": "1.00"}),
        ("2026-01-20", "credit_note", {**FACTS, "number": "G-9", "amount": "1.00", "for": "R-8"}),
    )
    result = CliRunner().invoke(app, ["match", *files(l_json=ledger, p_csv=bank("1190.00|Fog & Co|R-1|B1"))])
    assert result.exit_code == 1
    for at, number in ((2, "NOPE"), (3, "R-9"), (4, "R-8")):
        assert f"events[{at}]: expected a known invoice, found '{number}'" in result.stderr


def test_a_folder_without_ledger_files_cannot_be_used(files: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, found = run(str(tmp_path / "empty"), *files(p_csv=bank("1190.00|Fog & Co|R-1|B1")))
    assert code == 2 and "expected ledger files, found none" in found


def test_a_discount_that_is_booked_settles_the_invoice(files: Any) -> None:
    sale = (INVOICE[0], "invoice", {**INVOICE[2], "number": "R-10001", "terms": "2% Skonto 40 Tage, netto 60 Tage"})
    rows = bank("1166.20|Fog & Co|R-10001|B1", "23.80|Fog & Co|R-10001|B2")
    _, found = run(*files(l_json=scenario(CUSTOMER, sale), p_csv=rows))
    facts = {"customer": "C1", "kind": "discount", "amount": "23.80", "currency": "EUR"}
    assert found["settled"] == [{"payment": "B1", "invoice": "R-10001", **facts}]
    assert [one["payment"] for one in found["unapplied"]] == ["B2"]


def test_money_for_an_invoice_that_was_paid_by_name_is_a_proposal_that_says_so(files: Any) -> None:
    sale = (INVOICE[0], "invoice", INVOICE[2])
    rows = bank("1190.00|Fog & Co||B1", "1190.00|Fog & Co||B2")
    _, found = run(*files(l_json=scenario(CUSTOMER, sale), p_csv=rows))
    assert [one["payment"] for one in found["allocations"]] == ["B1"]
    assert [(one["payment"], one["reasons"][-1]) for one in found["proposals"]] == [("B2", "paid_already")]
    assert found["proposals"][0]["confidence"] < 0.98
