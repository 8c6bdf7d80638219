"""Real formats through the whole product: reports and statements of one bank end in the same balances in any order."""

from __future__ import annotations

import json
import random
from itertools import permutations

import pytest

from duly.flows import audit
from duly.flows.twin import TwinStack
from tests.core_samples import NOON

CUSTOMERS = b"id,name,country\nC-1,Nebel GmbH,DE\nC-2,Dunst KG,DE\n"
INVOICES = (
    b"number,customer,name,issued,due,amount,currency\n"
    b"RE-2026-001,C-1,Nebel GmbH,2026-01-01,2026-02-01,3.00,EUR\n"
    b"RE-2026-002,C-2,Dunst KG,2026-01-01,2026-02-01,7.00,EUR\n"
)
IBAN = "DE89370400440532013000"
KINDS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}


def camt(kind: str, *entries: str, opening: str = "", closing: str = "") -> bytes:
    root, one = KINDS[kind]
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-02</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
        if amount
    )
    return (
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08'><{root}><{one}><Id>1</Id>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{''.join(entries)}</{one}></{root}></Document>"
    ).encode()


def ntry(amount: str, reference: str, details: str = "") -> str:
    dates = "<BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt>"
    return (
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>{dates}"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>{details and f'<NtryDtls>{details}</NtryDtls>'}</Ntry>"
    )


def detail(amount: str, text: str, reference: str = "") -> str:
    own = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return (
        f"<TxDtls><Refs>{own}<EndToEndId>E-{text}</EndToEndId></Refs><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )


ONE = ntry("3.00", "B-1", detail("3.00", "RE-2026-001"))
OTHER = ntry("7.00", "B-2", detail("7.00", "RE-2026-002"))
BATCH = detail("3.00", "RE-2026-001") + detail("7.00", "RE-2026-002")


def swift(kind: str, *lines: str, opening: str = "", closing: str = "") -> bytes:
    start = [":20:S", ":25:37040044/0532013000", f":28C:{'1/1' if kind == '940' else '9/1'}"]
    if kind == "940":
        return "\r\n".join([*start, f":60F:C260302EUR{opening}", *lines, f":62F:C260302EUR{closing}", "-"]).encode()
    return "\r\n".join([*start, ":34F:EUR0,", ":13D:2603021200+0100", *lines, "-"]).encode()


def line61(amount: str, reference: str, text: str) -> str:
    return f":61:2603020302C{amount}NTRFNONREF//{reference}\r\n:86:{text}"


SETS = {
    "hourly reports that contain each other, then the statement": {
        "a.052.xml": camt("052", ONE),
        "b.052.xml": camt("052", ONE, OTHER),
        "c.053.xml": camt("053", ONE, OTHER, opening="5.00", closing="15.00"),
    },
    "the total in the statement, the payments in the notification": {
        "a.054.xml": camt("054", ntry("10.00", "B-9", BATCH)),
        "b.053.xml": camt("053", ntry("10.00", "B-9"), opening="5.00", closing="15.00"),
    },
    "the payments in both": {
        "a.054.xml": camt("054", ntry("10.00", "B-9", BATCH)),
        "b.053.xml": camt("053", ntry("10.00", "B-9", BATCH), opening="5.00", closing="15.00"),
    },
    "half a day, then the whole day": {
        "a.mt942": swift("942", line61("3,00", "B-1", "RE-2026-001")),
        "b.mt940": swift(
            "940",
            line61("3,00", "B-1", "RE-2026-001"),
            line61("7,00", "B-2", "RE-2026-002"),
            opening="5,",
            closing="15,",
        ),
    },
    "one statement in two formats": {
        "a.053.xml": camt("053", ONE, OTHER, opening="5.00", closing="15.00"),
        "b.mt940": swift("940", line61("3,00", "B-1", "X"), line61("7,00", "B-2", "X"), opening="5,", closing="15,"),
    },
}


def played(files: list[tuple[str, bytes]]) -> TwinStack:
    stack = TwinStack()
    stack.upload("customers/all.csv", CUSTOMERS, NOON)
    stack.upload("invoices/all.csv", INVOICES, NOON)
    stack.work()
    for number, (name, data) in enumerate(files):
        stack.upload(f"statements/{number}-{name}", data, NOON)
        stack.work()
    assert audit.audit(stack.edge, NOON).problems == []
    for upload in stack.edge.uploads.all(NOON):
        receipt = stack.objects.get(upload.receipt)
        assert receipt is not None
        found = json.loads(receipt.data)
        assert found["adds_up"] and found["rows"]["rejected"] == 0, found
    return stack


@pytest.mark.parametrize("name", SETS)
def test_both_invoices_are_paid_once_whatever_the_order(name: str) -> None:
    files = list(SETS[name].items())
    chance = random.Random(name)
    ends = []
    for order in permutations(files):
        twice = [*order, chance.choice(files)]
        found = audit.canonical(played(twice).edge)
        ends.append(found)
        for customer, paid in (("C-1", "3.00"), ("C-2", "7.00")):
            (item,) = found["customers"][customer]["items"].values()
            assert list(item["paid_by"].values()) == [paid]
            assert [one["unallocated"] for one in found["customers"][customer]["cash"].values()] == ["0.00"]
        assert found["suspense"] == {}
    assert all(one == ends[0] for one in ends)


@pytest.mark.parametrize("name", ["a.052.xml", "b.052.xml"])
def test_a_report_alone_pays_nothing_but_holds_back_the_chase(name: str) -> None:
    data = SETS["hourly reports that contain each other, then the statement"][name]
    stack = played([(name, data)])
    found = audit.canonical(stack.edge)
    assert all(not item["paid_by"] for one in found["customers"].values() for item in one["items"].values())
    assert stack.edge.accounts.load("C-1").header.suspense
