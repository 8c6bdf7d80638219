"""A ledger in memory that answers the matcher's questions: for files, benches and tests, without a database.

Every answer is one look in a dictionary, whatever the number of invoices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from duly.domain.match_model import AMOUNT, MAX_ANSWERS, Answer, Debtor, Question
from duly.domain.matching import account_value, debtor_values


@dataclass(slots=True)
class LedgerIndex:
    """Debtors by account, and the answers to every question that one of them can answer."""

    debtors: dict[str, Debtor] = field(default_factory=dict)
    _answers: dict[Question, dict[Answer, None]] = field(default_factory=dict)

    def add(self, debtor: Debtor) -> None:
        """Take a debtor in, or its present state: what it answered before it still answers (a number outlives its
        invoice)."""
        self.debtors[debtor.account] = debtor
        for question, answer in debtor_values(debtor):
            self._answers.setdefault(question, {})[answer] = None

    def learn(self, account: str, payer_account: str) -> None:
        """Keep a bank account from which this debtor's money came."""
        debtor = self.debtors[account]
        self.debtors[account] = replace(debtor, payer_accounts=(*debtor.payer_accounts, payer_account))
        self._answers.setdefault(account_value(payer_account), {})[Answer(account)] = None

    def answer(self, questions: Iterable[Question]) -> dict[Question, Sequence[Answer]]:
        """The answers to those questions that have any, at most MAX_ANSWERS + 1 to each; of an amount that more owe,
        the answers for accounts that other questions nominate."""
        found = {question: self._answers[question] for question in questions if question in self._answers}
        given: dict[Question, Sequence[Answer]] = {question: _first(answers) for question, answers in found.items()}
        few = [
            answers for question, answers in given.items() if question.kind != AMOUNT and len(answers) <= MAX_ANSWERS
        ]
        nominated = sorted({answer.account for answers in few for answer in answers})
        for question, answers in given.items():
            if question.kind == AMOUNT and len(answers) > MAX_ANSWERS:
                given[question] = [one for one in map(Answer, nominated) if one in found[question]][:MAX_ANSWERS]
        return given

    def known(self, answers: dict[Question, Sequence[Answer]]) -> dict[str, Debtor]:
        """The debtors that answers name."""
        accounts = {answer.account for found in answers.values() if len(found) <= MAX_ANSWERS for answer in found}
        return {account: self.debtors[account] for account in sorted(accounts)}


def _first(answers: Iterable[Answer]) -> list[Answer]:
    found: list[Answer] = []
    for answer in answers:
        found.append(answer)
        if len(found) > MAX_ANSWERS:
            break
    return found
