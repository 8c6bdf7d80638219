"""The risk score of a customer: how likely its next invoice is paid late, from 0 to 1000 permille, with its reasons.

A pure function of facts at a date. Everything is whole numbers and the decimal module (duly.domain.risk_model), so the
same facts give the same score everywhere. No fact can come from later than the date: the history is summed per month
up to it, and the other facts are the account's state on it.

The weights are data: duly.domain.risk_shipped, which says how they were fitted (see docs/risk.md). More days late, more
overdue, more broken promises, lost disputes and returned payments never lower the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from duly.domain.payment_history import PaidMonth, PaymentSums, payment_sums
from duly.domain.policy_model import CreditHold, Policy
from duly.domain.risk_model import (
    Model,
    chance_of,
    long_habit,
    permille_log_odds,
    ratio_permille,
    recent_habit,
    unknown_habit,
)
from duly.domain.risk_shipped import SHIPPED

MAX_OVERDUE_ITEMS: Final = 3
MAX_DAYS_OVERDUE: Final = 180
MAX_BROKEN_PROMISES: Final = 5
MAX_DISPUTES_LOST: Final = 4
MAX_BOUNCED: Final = 3
MAX_USE_PERMILLE: Final = 3000
MAX_SIZE_PERMILLE: Final = 8000
SETTLED_RELATION_DAYS: Final = 365
#: An external score in the middle says nothing either way.
NEUTRAL_EXTERNAL_PERMILLE: Final = 300
REASONS: Final = 3
#: The weight of the model behind each contribution, in their order.
WEIGHT_OF_CONTRIBUTION: Final = (
    "habit",
    "habit",
    "habit",
    "late_ratio",
    "days_late",
    "overdue_items",
    "oldest_overdue",
    "overdue_share",
    "limit_use",
    "broken_promise",
    "dispute_lost",
    "bounced",
    "young",
    "provisional",
    "invoice_size",
    "external",
    "uninsured",
)


#: The codes of reasons in a few words, as lists show them; ``Reason.words`` has the figures.
REASON_WORDS: Final = {
    "pays_late": "pays late",
    "pays_on_time": "pays on time",
    "pays_later": "pays later than before",
    "pays_sooner": "pays sooner than before",
    "disputes": "disputes that delay payment",
    "few_disputes": "few disputes",
    "overdue_items": "open invoices overdue",
    "oldest_overdue": "the oldest long overdue",
    "overdue_share": "much of what is open is overdue",
    "limit_use": "much of the limit is used",
    "broken_promises": "broken promises",
    "disputes_lost": "unfounded disputes",
    "bounced_payments": "payments returned",
    "young_relation": "known for a short time",
    "provisional": "record not complete",
    "invoice_size": "an unusually large invoice",
    "external_score": "the external score",
    "insurance": "what the credit insurer covers",
    "policy_changed": "the policy changed",
}

_BEHAVIOUR: Final = frozenset({"habit", "late_ratio", "days_late"})
_TOLD_APART: Final = frozenset({"pays_later", "pays_sooner", "disputes", "few_disputes"})


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """What is known of a customer on a day. Amounts are minor units by currency.

    ``limit_minor`` is a limit agreed for this very customer, not the one of its category: that follows from the score,
    and a score that followed from it would chase its own tail. ``invoice_permille`` is the amount of the invoice in
    question against the customer's usual one (1000: as usual; 0: no invoice in question). ``external_permille`` is an
    agency's score, 0 best to 1000 worst. ``insured_minor`` is what a credit insurer covers; 0 means it refused.
    """

    payments: PaymentSums = PaymentSums()
    overdue_minor: Mapping[str, int] = field(default_factory=dict)
    exposure_minor: Mapping[str, int] = field(default_factory=dict)
    limit_minor: Mapping[str, int] = field(default_factory=dict)
    insured_minor: Mapping[str, int] = field(default_factory=dict)
    overdue_items: int = 0
    oldest_overdue_days: int = 0
    broken_promises: int = 0
    disputes_lost: int = 0
    bounced_payments: int = 0
    relation_days: int = 0
    provisional: bool = False
    invoice_permille: int = 0
    external_permille: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a score: a code for programs, words for people, and its weight (positive raises the score)."""

    code: str
    words: str
    weight: int


@dataclass(frozen=True, slots=True)
class Score:
    """A risk score (0 best, 1000 worst), its category by the policy ("" without categories), the strongest reasons."""

    permille: int
    category: str
    reasons: tuple[Reason, ...]


def facts_from_history(facts: RiskFacts, history: tuple[PaidMonth, ...], as_of: date) -> RiskFacts:
    """The facts with the weighted sums of a history, as it looks on a day; months after that day do not count."""
    return replace(facts, payments=payment_sums(history, as_of))


def invoice_permille(facts: RiskFacts, amount_minor: int, currency: str) -> int:
    """The amount of an invoice against the customer's usual one in that currency; 0 when there is none yet."""
    usual = facts.payments.usual_minor.get(currency, 0)
    return max(0, min(MAX_SIZE_PERMILLE, amount_minor * 1000 // usual)) if usual > 0 else 0


# --- the score ------------------------------------------------------------------------------------------------------
def score(facts: RiskFacts, policy: Policy, model: Model = SHIPPED) -> Score:
    """The score, category and reasons of a customer on the day of the facts."""
    parts = contributions(facts, model)
    permille = chance_of(base_log_odds(model) + sum(part.weight for part in parts), 1000)
    reasons = _for_readers(parts, facts.payments)
    strongest = sorted(
        (reason for reason in reasons if reason.weight), key=lambda reason: (-abs(reason.weight), reason.code)
    )
    return Score(permille, category_for(permille, policy), tuple(strongest[:REASONS]))


def _for_readers(parts: tuple[Reason, ...], payments: PaymentSums) -> tuple[Reason, ...]:
    """The contributions as reasons: habit, late ratio and days late tell one story, so they are one reason."""
    names = zip(WEIGHT_OF_CONTRIBUTION, parts, strict=True)
    behaviour = [part for name, part in names if name in _BEHAVIOUR and part.code not in _TOLD_APART]
    weight = sum(part.weight for part in behaviour)
    words = (
        f"{_percent(payments.late, payments.paid)} % of recent invoices were paid late, "
        f"on average {_around_due(payments.habit_days, payments.paid)}"
    )
    told = Reason("pays_late" if weight > 0 else "pays_on_time", words, weight)
    return (told, *(part for part in parts if part not in behaviour))


def log_odds(facts: RiskFacts, model: Model = SHIPPED) -> int:
    """The logarithm of the odds that an invoice issued now is paid late, in thousandths."""
    return base_log_odds(model) + sum(reason.weight for reason in contributions(facts, model))


def category_for(score_permille: int, policy: Policy) -> str:
    """The first category whose highest score is not below this one; "" when the policy has no categories."""
    fitting = (part.name for part in policy.risk.categories if score_permille <= part.max_score_permille)
    return next(fitting, "")


def base_log_odds(model: Model) -> int:
    """What a long-known customer without any payment yet would have, in thousandths."""
    habit = model.habit * unknown_habit(model.portfolio).total // 1000
    return model.intercept + habit + model.late_ratio * permille_log_odds(model.portfolio.late_permille) // 1000


def contributions(facts: RiskFacts, model: Model) -> tuple[Reason, ...]:
    """What each fact adds to the log-odds, in thousandths, in the order of WEIGHT_OF_CONTRIBUTION."""
    return (
        *_habits(facts.payments, model),
        _late_ratio(facts.payments, model),
        _average_days_late(facts.payments, model),
        _overdue_items(facts, model),
        _oldest_overdue(facts, model),
        _overdue_share(facts, model),
        _limit_use(facts, model),
        _counted(
            "broken_promises",
            facts.broken_promises,
            MAX_BROKEN_PROMISES,
            model.broken_promise,
            ("promise was broken", "promises were broken"),
        ),
        _counted(
            "disputes_lost",
            facts.disputes_lost,
            MAX_DISPUTES_LOST,
            model.dispute_lost,
            ("dispute was unfounded", "disputes were unfounded"),
        ),
        _counted(
            "bounced_payments",
            facts.bounced_payments,
            MAX_BOUNCED,
            model.bounced,
            ("payment was returned", "payments were returned"),
        ),
        _young_relation(facts, model),
        Reason("provisional", "the customer's record is not complete", model.provisional if facts.provisional else 0),
        _invoice_size(facts, model),
        _external(facts, model),
        _insurance(facts, model),
    )


def _habits(payments: PaymentSums, model: Model) -> tuple[Reason, Reason, Reason]:
    """The habit of the last months, split into the long habit, the change since, and what disputes add. Only the sum
    enters the score, so the split cannot break its order."""
    now, before, unknown = (
        recent_habit(model.portfolio, payments),
        long_habit(model.portfolio, payments),
        unknown_habit(model.portfolio),
    )
    total = model.habit * (now.total - unknown.total) // 1000
    trend = model.habit * (now.undisputed - before.undisputed) // 1000
    disputes = model.habit * (now.total - now.undisputed - unknown.total + unknown.undisputed) // 1000
    habit = total - trend - disputes
    share = _percent(payments.disputed, payments.paid)
    return (
        Reason("habit", _around_due(payments.habit_days, payments.paid), habit),
        Reason("pays_later" if trend > 0 else "pays_sooner", _trend_words(payments), trend),
        Reason("disputes" if disputes > 0 else "few_disputes", _dispute_words(share, disputes), disputes),
    )


def reason_words(codes: Iterable[str]) -> str:
    """Reasons in a few words each, separated by commas; an older version's code that is not known stands as it is."""
    return ", ".join(REASON_WORDS.get(code, code.replace("_", " ")) for code in codes)


def _dispute_words(share: int, weight: int) -> str:
    if weight > 0:
        return f"{share} % of invoices were disputed, which delays payment"
    return f"only {share} % of invoices were disputed" if share else "hardly any invoice was disputed"


def _trend_words(payments: PaymentSums) -> str:
    now = _around_due(payments.recent_days, payments.recent_paid)
    return f"recently invoices are paid {now}, over two years {_around_due(payments.habit_days, payments.paid)}"


def _around_due(days: int, paid: int) -> str:
    average = (2 * days + paid) // (2 * paid) if paid else 0
    if average == 0:
        return "on the due date"
    plural = "s" if abs(average) != 1 else ""
    return f"{abs(average)} day{plural} {'after' if average > 0 else 'before'} the due date"


def late_ratio_permille(facts: RiskFacts, model: Model = SHIPPED) -> int:
    """The share of invoices paid late, half by number and half by amount, drawn towards the portfolio's while there
    are few."""
    late = (facts.payments.late + facts.payments.late_by_amount) // 2
    return ratio_permille(model.portfolio, late, facts.payments.paid)


def _late_ratio(payments: PaymentSums, model: Model) -> Reason:
    ratio = ratio_permille(model.portfolio, (payments.late + payments.late_by_amount) // 2, payments.paid)
    usual = permille_log_odds(model.portfolio.late_permille)
    weight = model.late_ratio * permille_log_odds(ratio) // 1000 - model.late_ratio * usual // 1000
    return Reason("late_ratio", f"{_percent(payments.late, payments.paid)} % were paid late", weight)


def _average_days_late(payments: PaymentSums, model: Model) -> Reason:
    average = payments.days_late // max(1, payments.paid)
    smoothed_tenths = 10 * payments.days_late // (payments.paid + model.portfolio.late_strength)
    words = f"invoices were paid {average} days late on average"
    return Reason("days_late", words, model.days_late * smoothed_tenths // 10)


def _overdue_items(facts: RiskFacts, model: Model) -> Reason:
    words = ("open invoice is overdue", "open invoices are overdue")
    return _counted("overdue_items", facts.overdue_items, MAX_OVERDUE_ITEMS, model.overdue_items, words)


def _oldest_overdue(facts: RiskFacts, model: Model) -> Reason:
    days = max(0, min(MAX_DAYS_OVERDUE, facts.oldest_overdue_days))
    overdue = facts.oldest_overdue_days
    words = f"the oldest open item is {overdue} day{'' if overdue == 1 else 's'} overdue"
    return Reason("oldest_overdue", words, model.oldest_overdue * days)


def _overdue_share(facts: RiskFacts, model: Model) -> Reason:
    """The largest share of any currency; shares of different currencies are never added."""
    shares = [
        min(1000, overdue * 1000 // max(1, facts.exposure_minor.get(currency, 0)))
        for currency, overdue in facts.overdue_minor.items()
        if overdue > 0
    ]
    share = max(shares, default=0)
    return Reason("overdue_share", f"{share // 10} % of what is open is overdue", model.overdue_share * share // 1000)


def _limit_use(facts: RiskFacts, model: Model) -> Reason:
    uses = [
        min(MAX_USE_PERMILLE, max(0, facts.exposure_minor.get(currency, 0)) * 1000 // limit)
        if limit > 0
        else (MAX_USE_PERMILLE if facts.exposure_minor.get(currency, 0) > 0 else 0)
        for currency, limit in facts.limit_minor.items()
    ]
    use = max(uses, default=0)
    words = f"{use // 10} % of the agreed limit is used"
    return Reason("limit_use", words, model.limit_use * max(0, use - 500) // 1000)


def _counted(code: str, count: int, most: int, weight: int, words: tuple[str, str]) -> Reason:
    """A reason that counts for each, with its words for one and for several."""
    return Reason(code, f"{count} {words[count != 1]}", weight * max(0, min(most, count)))


def _young_relation(facts: RiskFacts, model: Model) -> Reason:
    missing_days = max(0, SETTLED_RELATION_DAYS - max(0, facts.relation_days))
    known = facts.relation_days
    words = f"the customer has been known for {known} day{'' if known == 1 else 's'}" if known else "a new customer"
    return Reason("young_relation", words, model.young * missing_days // SETTLED_RELATION_DAYS)


def _invoice_size(facts: RiskFacts, model: Model) -> Reason:
    """Only more than usual counts: the first doubling in a straight line, up to three doublings."""
    doublings_permille = 0
    for start in (1000, 2000, 4000):
        doublings_permille += max(0, min(1000, (facts.invoice_permille - start) * 1000 // start))
    words = f"the invoice is {facts.invoice_permille // 10} % of the customer's usual amount"
    return Reason("invoice_size", words, model.invoice_size * doublings_permille // 1000)


def _external(facts: RiskFacts, model: Model) -> Reason:
    if facts.external_permille is None:
        return Reason("external_score", "", 0)
    given = max(0, min(1000, facts.external_permille))
    words = f"the external score is {given} of 1000 (1000 is worst)"
    return Reason("external_score", words, model.external * (given - NEUTRAL_EXTERNAL_PERMILLE) // 1000)


def _insurance(facts: RiskFacts, model: Model) -> Reason:
    """The smallest covered share of any currency that the insurer was asked for."""
    shares = [
        min(1000, covered * 1000 // max(1, facts.exposure_minor.get(currency, 0))) if covered > 0 else 0
        for currency, covered in facts.insured_minor.items()
    ]
    if not shares:
        return Reason("insurance", "", 0)
    words = f"the credit insurer covers {min(shares) // 10} % of what is open"
    return Reason("insurance", words, model.uninsured * (500 - min(shares)) // 500)


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0


# --- exposure, limit, hold ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Exposure:
    """What one customer owes and ordered in one currency against what it may. Amounts in minor units.

    ``open_minor`` are its open invoices, ``orders_minor`` what is left of its open orders, ``unapplied_minor`` its
    money and credit notes that pay no invoice yet. No limit: ``limit_minor`` and headroom are None. A negative
    headroom is the sum by which the limit is passed.
    """

    currency: str
    open_minor: int
    limit_minor: int | None
    headroom_minor: int | None
    orders_minor: int = 0
    unapplied_minor: int = 0

    @property
    def exposure_minor(self) -> int:
        """Open invoices and open orders."""
        return self.open_minor + self.orders_minor


def exposures(
    open_minor: Mapping[str, int],
    limit_minor: Mapping[str, int],
    orders_minor: Mapping[str, int] | None = None,
    unapplied_minor: Mapping[str, int] | None = None,
) -> tuple[Exposure, ...]:
    """Exposure per currency, sorted; currencies are never added. A limit without anything open is listed too.

    Money that pays no invoice yet widens the headroom: who pays ahead needs no credit for so much.
    """
    orders, unapplied = orders_minor or {}, unapplied_minor or {}
    result = []
    for currency in sorted({*open_minor, *limit_minor, *orders, *unapplied}):
        amount, limit = open_minor.get(currency, 0), limit_minor.get(currency)
        ordered, ahead = orders.get(currency, 0), unapplied.get(currency, 0)
        headroom = None if limit is None else limit - amount - ordered + ahead
        result.append(Exposure(currency, amount, limit, headroom, ordered, ahead))
    return tuple(result)


def limit_for(policy: Policy, category: str, agreed_minor: Mapping[str, int] | None = None) -> Mapping[str, int]:
    """The limits of a customer: those of its category, each replaced by one agreed with it."""
    found = policy.category(category)
    return {**(found.limit_minor if found else {}), **(agreed_minor or {})}


def hold_reasons(
    hold: CreditHold, held: tuple[Exposure, ...], oldest_overdue_days: int, broken_promises: int
) -> tuple[str, ...]:
    """Why new orders must be refused now, as codes; empty when they need not be."""
    over_limit = any(part.headroom_minor is not None and part.headroom_minor < 0 for part in held)
    reasons = (
        ("over_limit", hold.over_limit and over_limit),
        ("overdue_days", 0 < hold.overdue_days <= oldest_overdue_days),
        ("broken_promises", 0 < hold.broken_promises <= broken_promises),
    )
    return tuple(code for code, is_met in reasons if is_met)
