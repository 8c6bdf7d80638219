"""The demonstration's whole quarter on the memory twin: what is in the files is what the accounts hold at the end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from duly.flows import report
from duly.flows.twin import TwinStack
from local.business import Business, make_business
from local.debtors import Debtors
from local.play import PlayResult, play
from local.twin_world import TwinWorld

POLICY = Path(__file__).parents[2] / "policies" / "demo.toml"


@pytest.fixture(scope="module")
def quarter() -> tuple[Business, Debtors, PlayResult, report.Report]:
    business = make_business()
    debtors = Debtors(business)
    stack = TwinStack()
    result = play(TwinWorld(stack), business, debtors, policy=POLICY.read_bytes())
    return business, debtors, result, report.gather(stack.edge.table, [], business.last_day)


def test_everything_invoiced_is_on_the_accounts(
    quarter: tuple[Business, Debtors, PlayResult, report.Report],
) -> None:
    business, _, _, found = quarter
    invoiced: Counter[str] = Counter()
    for invoice in business.invoices:
        invoiced[invoice.currency] += 0 if invoice.credit_note else invoice.amount_minor
    assert {one.currency: one.invoiced_minor for one in found.kpis.currencies} == dict(invoiced)
    assert found.kpis.customers == 40
    assert found.kpis.provisional == 0


def test_every_cent_of_the_statements_is_on_an_account_or_in_suspense(
    quarter: tuple[Business, Debtors, PlayResult, report.Report],
) -> None:
    business, debtors, _, found = quarter
    covered_until = business.start + timedelta(days=84)  # the last statement is drawn up on the day after
    for one in found.kpis.currencies:
        entries = debtors.payments_between(business.start, covered_until, one.currency)
        received = sum(entry.amount_minor for entry in entries if entry.amount_minor > 0)
        assert received == one.collected_minor + found.suspense_minor.get(one.currency, 0) > 0


def test_debtors_were_reminded_answered_and_their_disputes_settled(
    quarter: tuple[Business, Debtors, PlayResult, report.Report],
) -> None:
    _, _, result, found = quarter
    said = Counter(reply.kind for sent in result.notices for reply in sent.replies)
    assert {"1", "2", "3"} <= found.kpis.notices_by_level.keys()
    assert sum(found.kpis.notices_by_level.values()) == len(result.notices)
    assert result.disputes_settled >= 3
    assert found.kpis.promises_made > 0
    assert said["forged_token"] == said["unparseable"] == 1
