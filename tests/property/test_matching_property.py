"""Whatever is paid by whom: shares add up, caps and balances hold, and the order of answers means nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.cash_discount import CashDiscount
from duly.domain.ledger_index import LedgerIndex
from duly.domain.match_run import run_payments
from duly.domain.matching import REASONS, Credit, DebtItem, Debtor, Matching, MatchingRules, Payment, match, questions
from tests.match_samples import DUE, ISSUED, PAID

RULES = MatchingRules(tolerance_minor={"EUR": 5}, bank_fee_minor={"EUR": 30})
NAMES = (
    "Fog & Co",
    "Fog GmbH",
    "Müller Bau GmbH",
    "Mueller Bau AG",
    "Anna Klein",
    "Anna Klein",
    "Regen Holding International SE",
)
amounts = st.integers(1, 60).map(lambda n: n * 5)


@st.composite
def ledgers(draw: Any) -> list[Debtor]:
    found, number = [], 98
    for at in range(draw(st.integers(1, 5))):
        items = []
        for _ in range(draw(st.integers(0, 5))):
            number += draw(st.integers(0, 3))
            amount, currency = draw(amounts), draw(st.sampled_from(("EUR", "EUR", "EUR", "USD")))
            left = draw(st.sampled_from((amount, amount, amount // 2, 0)))
            text = draw(st.sampled_from(("RE-2026-{:05d}", "R-{}", "{}"))).format(number)
            discounts = (CashDiscount(60, 200),) if draw(st.booleans()) else ()
            items.append(DebtItem(text, text, ISSUED, DUE, currency, amount, left, discounts=discounts))
        own = {one.key: one for one in items}
        parent = draw(st.sampled_from(("", "", "A0")))
        credits = (Credit(f"G{at}", draw(amounts), "EUR"),) if draw(st.booleans()) else ()
        found.append(Debtor(f"A{at}", (draw(st.sampled_from(NAMES)),), parent, (), tuple(own.values()), credits))
    return found


@st.composite
def payments(draw: Any, ledger: list[Debtor], key: str = "P") -> Payment:
    items = [one for debtor in ledger for one in debtor.items]
    named = draw(st.lists(st.sampled_from(items), max_size=4)) if items else []
    sign = draw(st.sampled_from((", ", " ", "/", " bis ", " nicht ", "\n")))
    text = draw(st.sampled_from(("", "Rechnung ", "EUR 1,00 ", "Tel. 0211 98765 "))) + sign.join(
        one.number for one in named
    )
    total = sum(one.amount_minor for one in named)
    amount = draw(st.one_of(amounts, st.just(total or 1), st.integers(-50, 400)))
    documents = tuple((one.number, draw(st.one_of(st.none(), amounts))) for one in named[: draw(st.integers(0, 4))])
    day = PAID + timedelta(days=draw(st.integers(0, 3)))
    payer = draw(st.sampled_from(("", "Nobody", *NAMES)))
    return Payment(key, amount, "EUR", day, day, payer, "DE1" if draw(st.booleans()) else "", text, documents=documents)


def index_of(ledger: list[Debtor]) -> LedgerIndex:
    index = LedgerIndex()
    for debtor in ledger:
        index.add(debtor)
    return index


def answer(index: LedgerIndex, payment: Payment, shuffle: random.Random | None = None) -> Matching:
    answers = {question: list(found) for question, found in index.answer(questions(payment)).items()}
    debtors = index.known(answers)
    if shuffle:
        for found in answers.values():
            shuffle.shuffle(found)
        answers = dict(shuffle.sample(list(answers.items()), len(answers)))
        debtors = dict(shuffle.sample(list(debtors.items()), len(debtors)))
    return match(payment, answers, debtors, RULES)


@settings(max_examples=300, deadline=None)
@given(st.data(), ledgers(), st.randoms())
def test_shares_caps_and_order(data: st.DataObject, ledger: list[Debtor], shuffle: random.Random) -> None:
    payment = data.draw(payments(ledger))
    index = index_of(ledger)
    found = answer(index, payment)
    assert found == answer(index, payment, shuffle)
    assert (found.best is None) == (found.outcome in ("suspense", "not_receipt"))
    assert len(found.alternatives) <= 5
    items = {(debtor.account, one.key): one for debtor in ledger for one in debtor.items}
    for placement in (found.best, *found.alternatives):
        if placement is None:
            continue
        assert sum(share.amount_minor for share in placement.shares) == payment.amount_minor
        assert all(share.amount_minor > 0 for share in placement.shares)
        assert len({share.account for share in placement.shares}) == len(placement.shares)
        assert 0 < placement.confidence_permille <= 1000 and set(placement.reasons) <= set(REASONS)
        for share in placement.shares:
            assert all(0 <= most <= items[share.account, key].amount_minor for key, most in share.caps.items())
            assert all((share.account, name) in items for name in share.names)
        for one in placement.settle:
            assert 0 < one.amount_minor <= items[one.account, one.item].amount_minor


@settings(max_examples=150, deadline=None)
@given(st.data(), ledgers())
def test_nothing_is_paid_beyond_an_invoice_or_a_payment(data: st.DataObject, ledger: list[Debtor]) -> None:
    index = index_of(ledger)
    many = [data.draw(payments(ledger, f"P{at}")) for at in range(data.draw(st.integers(1, 6)))]
    before = {(one.account, item.key): item.outstanding_minor for one in ledger for item in one.items}
    run = run_payments(index, many, RULES)
    paid: Counter[tuple[str, str]] = Counter()
    spent: Counter[str] = Counter()
    for one in run.allocations:
        assert one.amount_minor > 0
        paid[one.account, one.item] += one.amount_minor
        spent[one.payment] += one.amount_minor
    for key, _, amount, _ in run.unapplied:
        spent[key] += amount
    for _, let_go in run.settled:  # a discount, or a rest within the tolerance
        assert let_go.amount_minor > 0
        paid[let_go.account, let_go.item] += let_go.amount_minor
    after = {(one.account, item.key): item.outstanding_minor for one in index.debtors.values() for item in one.items}
    assert all(after[key] == before[key] - paid[key] >= 0 for key in before)
    by_key = {one.key: one for one in many}
    assert all(spent[key] == by_key[key].amount_minor for key in spent)
    fates = [*spent, *(one.payment.key for one in run.proposals), *(one.key for one, _ in run.suspense)]
    assert sorted([*fates, *(one.key for one in run.ignored)]) == sorted(by_key)
    for proposal in run.proposals:
        for _, pairs in proposal.choices:
            assert sum(amount for _, amount in pairs) <= proposal.payment.amount_minor
