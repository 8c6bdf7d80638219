"""Where money belongs, by what is known now: the matcher's questions are looked up, and the accounts that answer read.

Reads only. How much is read is bounded: a name that many bear, or an amount that many owe, is no evidence anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duly.domain.account import Account
from duly.domain.entities import instalment_key
from duly.domain.match_evidence import all_related
from duly.domain.match_model import (
    AMOUNT,
    END_TO_END,
    NAME,
    PAYER_ACCOUNT,
    REFERENCE,
    Answer,
    Debtor,
    Matching,
    MatchingRules,
    Payment,
    Question,
    Share,
)
from duly.domain.matching import match, questions
from duly.domain.placing import debtor_of, owes, payment_of, rests_on_numbers
from duly.domain.transaction import Transaction
from duly.flows.edge import Edge
from duly.flows.remittances import advices_for, listed
from duly.store import lookups

MAX_NOMINATED = 50  # accounts read for one payment because its text or payer names them
MAX_SAME_AMOUNT = 50  # accounts read because an invoice of theirs has its amount

Answers = dict[Question, list[Answer]]


@dataclass(slots=True)
class _Reading:
    """What was read for one payment: accounts at their present ids, and the answers under those."""

    edge: Edge
    own: tuple[Share, ...] = ()  # where the money is now: what it pays itself must not look paid to it
    answers: Answers = field(default_factory=dict)
    learned: dict[Question, set[Answer]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    now_at: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Question) -> None:
        table, kind = self.edge.table, question.kind
        if kind == END_TO_END:
            return  # of our own payments an id names one that came in before, and says nothing of the next
        found = lookups.find(table, kind, lookups.stored(kind, question.value))
        if kind == NAME:
            known = {self.place(one.account) for one in found}
            taught = lookups.find(table, lookups.PAYER_NAME, question.value)
            taught = [one for one in taught if self.place(one.account) not in known]
            self.learned[question] = {Answer(self.place(one.account)) for one in taught}
            found = [*found, *taught]
        if found:
            answers = [Answer(self.place(one.account), one.key) for one in found]
            self.answers[question] = list(dict.fromkeys(answers))

    def place(self, account: str) -> str:
        """Where an account's money is now: it may have been merged into another."""
        if account not in self.now_at:
            self.now_at[account] = self.edge.accounts.now_at(account)
        return self.now_at[account]

    @property
    def registered(self) -> Answers:
        """The answers without what other payments taught."""
        found: Answers = {}
        for question, many in self.answers.items():
            known = [one for one in many if one not in self.learned.get(question, ())]
            if known and question.kind != PAYER_ACCOUNT:
                found[question] = known
        return found

    def named_of(self, account: str) -> list[str]:
        """The invoices of an account that answers name."""
        found = [one.key for many in self.answers.values() for one in many if one.account == account and one.key]
        found += [key for share in self.own if self.place(share.account) == account for key in share.names]
        return list(dict.fromkeys(found))

    def load(self, account: str) -> Account:
        """The account with all that is open of it and the invoices that the payment names."""
        if account not in self.accounts:
            named = self.named_of(account)
            found = self.edge.accounts.load(account, [("items", key) for key in named])
            parts = [part for key in named if key in found.items for part in _stand_for(found, key)]
            if any(part not in found.items for part in parts):
                found = self.edge.accounts.load(account, [("items", key) for key in (*named, *parts)])
            self.accounts[account] = found
        return self.accounts[account]


def place(edge: Edge, state: Transaction, personal: Mapping[str, Any]) -> tuple[Matching, bool]:
    """Return where the money belongs, and whether it teaches whose the payer is.

    What is booked for what was registered alone stays so whatever other payments taught, and only that teaches: so what
    is known of payers, and what is booked, does not depend on the order in which payments came.
    """
    if state.reversal:
        return Matching("suspense", reason="reversal"), False
    payment = payment_of(state, personal)
    rules = MatchingRules.of(edge.policy().cash)
    reading = _Reading(edge, state.shares)
    for question in questions(payment):
        reading.ask(question)
    advices = advices_for(edge, payment)
    for number in (number for one in advices for number in listed(one.lines)):
        reading.ask(Question(REFERENCE, number))
    registered = reading.registered
    announced = [reading.place(one.account) for one in advices]
    accounts = list(dict.fromkeys([*announced, *_nominated(registered)]))
    found = match(payment, registered, _debtors(reading, payment, accounts), rules, advices)
    if found.outcome == "book":
        return found, bool(rests_on_numbers(found) and (payment.payer_account or payment.payer_name))
    accounts = list(dict.fromkeys([*announced, *_nominated(reading.answers)]))
    debtors = _debtors(reading, payment, accounts, with_learned=True)
    _drop_shared_payers(reading, debtors)
    if reading.answers != registered:
        found = match(payment, reading.answers, debtors, rules, advices)
    if found.outcome in ("propose", "suspense"):
        by_amount = _owing(reading, payment)
        if by_amount:
            debtors = {**_debtors(reading, payment, by_amount), **debtors}
            found = match(payment, reading.answers, debtors, rules, advices)
    return found, False


def _nominated(answers: Mapping[Question, Sequence[Answer]]) -> list[str]:
    """The accounts that anything but the amount leads to, those of the likelier questions first."""
    usable = [many for question, many in answers.items() if question.kind != AMOUNT and _is_usable(many)]
    return list(dict.fromkeys(one.account for many in usable for one in sorted(many)))[:MAX_NOMINATED]


def _is_usable(many: Sequence[Answer]) -> bool:
    return len(many) <= lookups.MAX_ANSWERS


def _debtors(
    reading: _Reading, payment: Payment, accounts: Sequence[str], with_learned: bool = False
) -> dict[str, Debtor]:
    own = _learned_payers(reading)
    found = {}
    for account in accounts:
        by_name = any(Answer(account) in learned for learned in reading.learned.values())
        # a payer learned by account and by name from one payment is one piece of evidence, not two
        known_as = [payment.payer_name] if with_learned and by_name and account not in own else []
        loaded = reading.load(account)
        if loaded.exists:
            found[account] = debtor_of(loaded, reading.named_of(account), known_as, payment.key)
    return found


def _learned_payers(reading: _Reading) -> set[str]:
    return {one.account for question, many in reading.answers.items() if question.kind == PAYER_ACCOUNT for one in many}


def _drop_shared_payers(reading: _Reading, debtors: Mapping[str, Debtor]) -> None:
    """A bank account from which money of customers came that do not belong together says nothing of the next one."""
    payers = _learned_payers(reading)
    known = [debtors[account] for account in sorted(payers) if account in debtors]
    if len(payers) > 1 and (len(known) < len(payers) or not all_related(known)):
        reading.answers = {one: many for one, many in reading.answers.items() if one.kind != PAYER_ACCOUNT}


def _owing(reading: _Reading, payment: Payment) -> list[str]:
    """Further accounts that owe exactly this money on one open invoice. Lookups of amounts outlive the invoices, so the
    account itself is asked."""
    found = [one for question, many in reading.answers.items() if question.kind == AMOUNT for one in many]
    accounts = sorted({one.account for one in found[:MAX_SAME_AMOUNT]} - reading.accounts.keys())
    return [one for one in accounts if owes(reading.load(one), payment.amount_minor, payment.currency)]


def _stand_for(account: Account, key: str) -> list[str]:
    """The keys of instalments of a named invoice, and of what replaced it."""
    item = account.items[key]
    return [*(instalment_key(key, count + 1) for count in range(item.parts)), *item.replaced_by]
