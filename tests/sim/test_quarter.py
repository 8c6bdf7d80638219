"""The demonstration's whole quarter on the memory twin: what is in the files is what the accounts hold at the end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from cli.demo_chase import DOCUMENTS, gather_chase
from cli.demo_credit import decisions_by_outcome, gather_credit, overrides_of, restated_by_kind
from duly.domain import events as ev
from duly.flows import audit, report
from duly.flows.export import export
from duly.flows.statements_of_account import told
from duly.flows.twin import TwinStack
from local.business import Business, make_business
from local.debtors import Debtors
from local.play import PlayResult, play
from local.twin_world import TwinWorld

POLICY = Path(__file__).parents[2] / "policies" / "demo.toml"


Quarter = tuple[Business, Debtors, PlayResult, report.Report, TwinStack]


@pytest.fixture(scope="module")
def quarter() -> Quarter:
    business = make_business()
    debtors = Debtors(business)
    stack = TwinStack()
    result = play(TwinWorld(stack), business, debtors, policy=POLICY.read_bytes())
    return business, debtors, result, report.gather(stack.edge.table, [], business.last_day), stack


def test_everything_invoiced_is_on_the_accounts(
    quarter: Quarter,
) -> None:
    business, _, _, found, _ = quarter
    invoiced: Counter[str] = Counter()
    for invoice in business.invoices:
        invoiced[invoice.currency] += 0 if invoice.credit_note or invoice.is_void else invoice.amount_minor
    assert {one.currency: one.invoiced_minor for one in found.kpis.currencies} == dict(invoiced)
    assert found.kpis.customers == 40
    assert found.kpis.provisional == 0


def test_every_cent_of_the_statements_is_on_an_account_or_in_suspense(
    quarter: Quarter,
) -> None:
    business, debtors, _, found, _ = quarter
    covered_until = business.start + timedelta(days=84)  # the last statement is drawn up on the day after
    for one in found.kpis.currencies:
        entries = debtors.payments_between(business.start, covered_until, one.currency)
        received = sum(entry.amount_minor for entry in entries if entry.amount_minor > 0)
        waiting = [minor.get(one.currency, 0) for minor in (found.suspense_minor, found.proposed_minor)]
        assert received == one.collected_minor + sum(waiting) > 0


def test_debtors_were_reminded_answered_and_their_disputes_settled(
    quarter: Quarter,
) -> None:
    _, _, result, found, stack = quarter
    said = Counter(reply.kind for sent in result.notices for reply in sent.replies)
    assert {"1", "2", "3"} <= found.kpis.notices_by_level.keys()
    story = gather_chase(stack.edge, audit.account_ids(stack.edge), stack.objects.keys(DOCUMENTS))
    assert story.by_channel["email"] == len(result.notices)
    assert result.disputes_settled >= 3
    assert found.kpis.promises_made > 0
    assert said["forged_token"] == said["unparseable"] == 1


def test_letters_calls_a_hand_over_approvals_plans_and_charges_are_part_of_it(quarter: Quarter) -> None:
    stack = quarter[-1]
    story = gather_chase(stack.edge, audit.account_ids(stack.edge), stack.objects.keys(DOCUMENTS))
    assert min(story.by_channel[channel] for channel in ("letter", "call", "hand_over")) > 0
    assert story.approvals["asked"] > story.approvals["approved"] > 0
    assert (story.plans["made"], story.plans["broken"]) == (2, 1)
    assert set(story.charges()["EUR"]) == {"costs", "interest"}
    written = [line for line in story.lines if line.kind in ("letter", "hand-over") and line.document]
    assert written and all(stack.objects.get(line.document) for line in written)


def test_the_audit_of_the_quarter_is_clean(quarter: Quarter) -> None:
    business, _, _, _, stack = quarter
    end = datetime.combine(business.last_day, time(20), tzinfo=UTC) + timedelta(days=31)
    assert audit.audit(stack.edge, end).problems == []


def test_the_books_of_the_quarter_agree_with_the_accounts(quarter: Quarter) -> None:
    _, _, _, found, stack = quarter
    books = export(stack.edge)
    assert books.holds, books.proofs
    charges: Counter[str] = Counter()  # demanded and open, beside the invoices
    for account_id in audit.account_ids(stack.edge):
        for item in stack.edge.accounts.load(account_id).live("items"):
            charges[item.currency] += item.due_minor - item.outstanding_minor if item.state == "open" else 0
    held = {(ledger.name, currency): 0 for ledger, currency in books.balances}
    for (ledger, currency), amount in books.balances.items():
        held[ledger.name, currency] += amount
    for one in found.kpis.currencies:
        assert held["receivables", one.currency] == one.receivables_minor + charges[one.currency]
        assert held.get(("suspense", one.currency), 0) <= 0


def test_every_statement_of_account_ends_in_what_the_account_holds(quarter: Quarter) -> None:
    business, *_, stack = quarter
    for account_id in audit.account_ids(stack.edge):
        account = stack.edge.accounts.load(account_id)
        if account.header.merged_into:
            continue
        view = told(stack.edge, account_id, business.last_day + timedelta(days=1), business.start)
        closing = {one.currency: one.closing_minor for one in view.statement.currencies if one.closing_minor}
        held: Counter[str] = Counter()
        for item in account.live("items"):
            held[item.currency] += item.due_minor if item.state == "open" else 0
        for cash in account.live("cash"):
            held[cash.currency] -= cash.unallocated_minor
        assert closing == {currency: minor for currency, minor in held.items() if minor}, account_id


# --- credit
def test_categories_change_both_ways_and_change_terms_and_scenario(quarter: Quarter) -> None:
    stack = quarter[-1]
    policy = stack.edge.policy()
    story = gather_credit(stack.edge, audit.account_ids(stack.edge))
    assert story.better > 3 and story.worse > 10
    days = set()
    for step in story.changes:
        category = policy.category(step.after)
        assert category is not None
        if step.invoice is not None and step.account not in story.terms:
            assert (step.invoice.due - step.invoice.issued).days == category.terms_days
            days.add(category.terms_days)
        if step.notice is not None and not story.scenarios[step.account]:
            assert step.notice.scenario == category.scenario
    assert len(days) > 1
    scenarios = {step.notice.scenario for step in story.changes if step.notice is not None}
    assert {"standard", "firm"} <= scenarios


def test_a_sale_is_refused_an_override_lets_it_pass_and_its_invoice_uses_the_order_up(
    quarter: Quarter,
) -> None:
    _, _, result, _, stack = quarter
    steps = result.credit
    outcomes = decisions_by_outcome(steps)
    assert min(outcomes.values()) > 0
    place = next(number for number, step in enumerate(steps) if step.request["type"] == "override")
    refused, override, passed = steps[place - 1 : place + 2]
    assert refused.request == passed.request
    assert refused.answer["outcome"] == "refuse" and refused.answer["hold"]
    assert passed.answer["outcome"] == "approve_with_conditions"
    assert passed.answer["override"] == override.answer["override"] and passed.answer["reserved"]
    placed = [step for step in steps if step.answer.get("reserved")]
    states = Counter(
        one.state
        for step in placed
        for one in stack.edge.accounts.rebuild(step.answer["account"]).orders.values()
        if one.key == step.request["order"]
    )
    assert states["invoiced"] > 3
    assert states["cancelled"] == 1


def test_insurance_raises_a_limit_until_it_expires(
    quarter: Quarter,
) -> None:
    covered = [step for step in quarter[2].credit if step.request.get("customer") == "C-1021"]
    assert [step.answer.get("outcome") for step in covered] == ["refer", None, "approve", "refuse"]
    assert [step.answer["limit"] for step in covered if "limit" in step.answer][:2] == ["25000.00", "45000.00"]


@pytest.mark.parametrize("seed", [1, 2])
def test_another_seed_has_a_refusal_and_an_override_too(seed: int) -> None:
    business = make_business(seed=seed)
    stack = TwinStack()
    result = play(TwinWorld(stack), business, Debtors(business, seed), policy=POLICY.read_bytes())
    assert decisions_by_outcome(result.credit)["refuse"] > 0
    assert overrides_of(result.credit) == 1
    end = datetime.combine(business.last_day, time(20), tzinfo=UTC) + timedelta(days=31)
    assert audit.audit(stack.edge, end).problems == []


# --- invoices that are stated again
def test_invoices_are_corrected_cancelled_and_replaced_and_not_chased_since(quarter: Quarter) -> None:
    business, _, _, _, stack = quarter
    story = gather_credit(stack.edge, audit.account_ids(stack.edge))
    assert restated_by_kind(story) == {"corrected": 1, "cancelled": 1, "replaced": 1, "returned": 1}
    by_kind = {one.kind: one for one in story.restated}
    assert by_kind["cancelled"].notices, "it had been reminded before"
    for one in story.restated:
        entries = stack.edge.accounts.history(one.account)
        told = [
            event.at.date()
            for entry in entries
            for event in entry.events
            if isinstance(event, ev.NoticeClaimed) and one.number in {part.item for part in event.items}
        ]
        if one.kind == "returned":
            assert told and all(day >= one.on for day in told), "nobody is chased for what is collected"
        assert one.kind in ("corrected", "returned") or all(day <= one.on for day in told)
    known = {invoice.number: invoice.amount_minor for invoice in business.invoices}
    assert by_kind["corrected"].after_minor == known[by_kind["corrected"].number]
    assert {"order_missing", "terms_differ", "issued_late", "no_billing_contact"} == story.flagged.keys()


def test_instalments_are_items_of_their_own_that_their_payments_settle(quarter: Quarter) -> None:
    business, _, _, _, stack = quarter
    (invoice,) = [one for one in business.invoices if one.instalments]
    items = stack.edge.accounts.rebuild(invoice.customer).items
    parts = [items[f"{invoice.number}#{count}"] for count in (1, 2)]
    assert [(part.due, part.amount_minor) for part in parts] == list(invoice.instalments)
    assert parts[0].state == "paid"
