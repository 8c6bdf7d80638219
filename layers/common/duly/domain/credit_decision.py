"""The credit decision at the time of sale: approve, approve with conditions, refer or refuse, and why.

Pure: account (none for a prospect), policy, day and amount in, decision out. Asking for more never gives a milder
answer. The rules in words are in docs/credit.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from duly.domain.account import Account
from duly.domain.credit import exposures_on, offered_days, referable_minor, secured_on, security_of
from duly.domain.credit_state import Override
from duly.domain.entities import Item
from duly.domain.money import format_minor
from duly.domain.policy import Policy
from duly.domain.risk import Exposure, RiskFacts, Score, limit_for, score
from duly.domain.scoring import facts_of

OUTCOMES: Final = ("approve", "approve_with_conditions", "refer", "refuse")  # from mild to hard
PROSPECT_SHARE: Final = 2  # somebody nobody knows yet gets the limit of its category divided by so much
MAX_INVOICES_NAMED: Final = 5  # overdue invoices that an offer names; the sum is of all


@dataclass(frozen=True, slots=True)
class Point:
    """A reason, a condition or an offer: a code for programs, words for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Sale:
    """What is asked: an amount in minor units of a currency, on a day; ``order`` is left out of the exposure."""

    amount_minor: int
    currency: str
    on: date
    order: str = ""


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who is no customer yet: an external score (0 best, 1000 worst), when there is one."""

    external_permille: int | None = None


@dataclass(frozen=True, slots=True)
class CreditDecision:
    """The answer to a sale. ``conditions`` must be met, ``offers`` would make a refused sale possible.

    ``held`` is the exposure before the sale, ``override`` the id of the one that lifts a hold or limit for it.
    """

    outcome: str
    reasons: tuple[Point, ...]
    conditions: tuple[Point, ...]
    offers: tuple[Point, ...]
    held: Exposure
    score: Score
    terms_days: int
    security: str
    hold: tuple[str, ...]
    override: str
    policy: str

    @property
    def is_approved(self) -> bool:
        """Approved, with or without conditions."""
        return self.outcome in OUTCOMES[:2]


@dataclass(frozen=True, slots=True)
class _Case:
    """A sale with all that the rules look at."""

    sale: Sale
    held: Exposure
    score: Score
    policy: Policy
    terms_days: int
    security: str
    secured_minor: int = 0
    hold: tuple[str, ...] = ()
    overdue: tuple[Item, ...] = ()
    override: Override | None = None
    provisional: bool = False
    prospect: bool = False
    agreed_terms: bool = False

    def money(self, amount_minor: int) -> str:
        return f"{format_minor(amount_minor, self.sale.currency)} {self.sale.currency}"

    @property
    def missing_minor(self) -> int:
        """By how much the sale passes the limit; 0 when it does not. Without a limit all that is owed and asked."""
        return max(0, self.sale.amount_minor - self._headroom_minor)

    @property
    def _headroom_minor(self) -> int:
        held = self.held
        return (held.limit_minor or 0) - held.exposure_minor + held.unapplied_minor

    @property
    def is_lifted(self) -> bool:
        """Whether the override reaches far enough for the sale."""
        found = self.override
        return found is not None and (not found.amount_minor or self.missing_minor <= found.amount_minor)


# --- what is decided on
def decide_credit(account: Account, policy: Policy, sale: Sale) -> CreditDecision:
    """Decide on a sale to a customer, whose score, category and hold are those of the day (``rescore`` before)."""
    header = account.header
    found = score(facts_of(account, sale.on), policy)
    held = _of_currency(exposures_on(account, policy, header.category, sale.on, sale.order), sale.currency)
    overdue = [item for item in account.live("items") if item.is_overdue_on(sale.on)]
    case = _Case(
        sale=sale,
        held=held,
        score=replace(found, category=header.category),
        policy=policy,
        terms_days=offered_days(account, policy),
        security=security_of(header.category, policy),
        secured_minor=secured_on(account, sale.currency, sale.on),
        hold=header.credit_hold,
        overdue=tuple(sorted(overdue, key=lambda item: (item.due, item.key))),
        override=_best(account, sale),
        provisional=header.provisional,
        agreed_terms=header.terms_days is not None,
    )
    return _decided(case)


def decide_prospect(prospect: Prospect, policy: Policy, sale: Sale) -> CreditDecision:
    """Decide on a sale to somebody nobody knows: scored as an unknown customer with the outside score alone, half the
    limit of that category, and never without conditions."""
    found = score(RiskFacts(provisional=True, external_permille=prospect.external_permille), policy)
    limit = limit_for(policy, found.category).get(sale.currency)
    limit = None if limit is None else limit // PROSPECT_SHARE
    category = policy.category(found.category)
    case = _Case(
        sale=sale,
        held=Exposure(sale.currency, 0, limit, limit),
        score=found,
        policy=policy,
        terms_days=category.terms_days if category else policy.terms.default_days,
        security=security_of(found.category, policy),
        prospect=True,
    )
    return _decided(case)


def _of_currency(held: tuple[Exposure, ...], currency: str) -> Exposure:
    return next((one for one in held if one.currency == currency), Exposure(currency, 0, None, None))


def _best(account: Account, sale: Sale) -> Override | None:
    """The valid override that reaches furthest: one without an amount, else the one with the largest."""
    valid = [one for one in account.live("overrides") if one.lifts(sale.currency, sale.on)]
    return max(valid, key=lambda one: (not one.amount_minor, one.amount_minor, one.until), default=None)


# --- the rules
def _decided(case: _Case) -> CreditDecision:
    outcome, reasons, is_overridden = _outcome(case)
    conditions = _conditions(case, is_overridden) if outcome == "approve" else ()
    return CreditDecision(
        outcome="approve_with_conditions" if conditions else outcome,
        reasons=reasons,
        conditions=conditions,
        offers=() if outcome == "approve" else _offers(case),
        held=case.held,
        score=case.score,
        terms_days=case.terms_days,
        security=case.security,
        hold=case.hold,
        override=case.override.key if case.override and is_overridden else "",
        policy=case.policy.version,
    )


def _outcome(case: _Case) -> tuple[str, tuple[Point, ...], bool]:
    """Return the outcome before conditions, its reasons, and whether an override was needed for it."""
    held = case.held
    if case.hold and case.override is None:
        return "refuse", tuple(_hold_point(case, reason) for reason in case.hold), False
    if held.limit_minor is not None and not case.missing_minor:
        within = Point("within_limit", f"within the limit of {case.money(held.limit_minor)}")
        return "approve", (within, *_override_points(case, bool(case.hold))), bool(case.hold)
    if case.is_lifted:
        return "approve", (_beyond(case), *_override_points(case, True)), True
    if held.limit_minor is None:
        return "refer", (_beyond(case),), False
    is_far = case.missing_minor > referable_minor(held.limit_minor, case.policy)
    reasons = (_beyond(case), _far(case)) if is_far else (_beyond(case),)
    return ("refuse" if is_far else "refer"), reasons, False


def _beyond(case: _Case) -> Point:
    if case.held.limit_minor is None:
        return Point("no_limit", f"no limit is stated in {case.sale.currency}")
    limit = case.money(case.held.limit_minor)
    return Point("over_limit", f"{case.money(case.missing_minor)} beyond the limit of {limit}")


def _far(case: _Case) -> Point:
    percent = case.policy.risk.refer_over_percent
    return Point("beyond_release", f"more than {percent} % beyond the limit, which only an override releases")


def _hold_point(case: _Case, reason: str) -> Point:
    hold = case.policy.risk.hold
    words = {
        "over_limit": "credit hold: more is open than a limit allows",
        "overdue_days": f"credit hold: an invoice is {hold.overdue_days} days overdue or more",
        "broken_promises": f"credit hold: {hold.broken_promises} promises or more were broken lately",
    }
    return Point(f"hold_{reason}", words[reason])


def _override_points(case: _Case, is_needed: bool) -> tuple[Point, ...]:
    if case.override is None or not is_needed:
        return ()
    found = case.override
    return (Point("override", f"override {found.key} by {found.by} until {found.until}: {found.reason}"),)


def _conditions(case: _Case, is_overridden: bool) -> tuple[Point, ...]:
    found = [*_security_condition(case), *_terms_condition(case)]
    if is_overridden and case.override is not None:
        found.append(Point("under_override", f"only while the override lasts, until {case.override.until}"))
    if case.provisional or case.prospect:
        found.append(Point("complete_record", "the customer's record is complete before delivery"))
    return tuple(found)


def _security_condition(case: _Case) -> list[Point]:
    """Security is asked unless guarantees, deposits and money paid ahead cover everything open and the sale. Title to
    the goods can only be kept with the sale itself."""
    if not case.security:
        return []
    held, amount = case.held, case.money(case.sale.amount_minor)
    needed = held.exposure_minor + case.sale.amount_minor
    if case.security != "retention_of_title" and case.secured_minor + held.unapplied_minor >= needed:
        return []
    words = {
        "prepayment": f"prepay {amount}",
        "guarantee": f"a guarantee over {case.money(needed)}",
        "deposit": f"a deposit of {case.money(needed)}",
        "retention_of_title": "title to the goods stays with the seller until they are paid",
    }
    return [Point(case.security, words[case.security])]


def _terms_condition(case: _Case) -> list[Point]:
    usual = case.policy.terms.default_days
    if case.agreed_terms or case.terms_days >= usual:
        return []
    if not case.terms_days:
        return [Point("terms", f"payment at once instead of within {usual} days")]
    return [Point("terms", f"payment within {case.terms_days} days instead of {usual}")]


def _offers(case: _Case) -> tuple[Point, ...]:
    """What would make the sale possible: overdue invoices paid, money ahead, a person's override."""
    offers = []
    overdue = [item for item in case.overdue if item.currency == case.sale.currency]
    if overdue and (case.hold or case.missing_minor):
        total = sum(item.outstanding_minor for item in overdue)
        named = ", ".join(item.number for item in overdue[:MAX_INVOICES_NAMED])
        more = f" and {len(overdue) - MAX_INVOICES_NAMED} more" if len(overdue) > MAX_INVOICES_NAMED else ""
        offers.append(Point("pay_overdue", f"pay overdue {named}{more} ({case.money(total)})"))
    if case.missing_minor and case.held.limit_minor is not None:
        offers.append(Point("prepay", f"prepay {case.money(case.missing_minor)}"))
        if case.security in ("guarantee", "deposit"):
            offers.append(Point(case.security, f"a {case.security} over {case.money(case.missing_minor)}"))
    offers.append(Point("override", "an override by a person"))
    return tuple(offers)
