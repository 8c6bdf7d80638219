"""Where a payment could go, each way with its confidence and reasons. The numbers are explained in docs/matching.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from duly.domain import match_names as names
from duly.domain.match_amounts import FACTS, Fit, fit_named, fit_unnamed, oldest_first
from duly.domain.match_evidence import (
    MIN_SLIP,
    Evidence,
    Hit,
    Look,
    all_related,
    group_pays,
    is_one_slip,
    is_too_short,
    related,
)
from duly.domain.match_model import Advice, DebtItem, Debtors, MatchingRules, Payment, Placement, Share
from duly.domain.references import normalise_reference

#: Confidence in per mille of each agreement of evidence; 980 and more is booked under the shipped policy.
REFERENCE_ALONE: Final = 990
NUMBER_NAME_AMOUNT: Final = 998
NUMBER_NAME: Final = 990
NUMBER_AMOUNT: Final = 986
NUMBER_GROUP: Final = 984
NUMBER_ALONE: Final = 900
NUMBER_ALONE_OVER: Final = 700
WEAK_NUMBER_NAME_AMOUNT: Final = 990
WEAK_NUMBER_SAID_NAME: Final = 984
WEAK_NUMBER_NAME: Final = 960
WEAK_NUMBER_AMOUNT: Final = 900
WEAK_NUMBER_ALONE: Final = 500
SLIP_NAME_AMOUNT: Final = 984
SLIP_NAME: Final = 940
SLIP_NAME_ONLY: Final = 890
SLIP_AMOUNT: Final = 900
SLIP_AMOUNT_EXACT: Final = 945
STRICT_NAME_AMOUNT: Final = 982
ACCOUNT_NAME: Final = 984
ACCOUNT_AMOUNT: Final = 982
ACCOUNT_ALONE: Final = 900
NAME_AMOUNT: Final = 950
GROUP_AMOUNT: Final = 900
NAME_SET: Final = 930
NAME_SHORT: Final = 850
NAME_ALONE: Final = 700
AMOUNT_ALONE: Final = 400
ALTERNATIVE_STEP: Final = 20  # what each further explanation of one amount is less likely

# Doubts: the most that a placement under it is believed.
AT_MOST: Final[Mapping[str, int]] = {
    "other_payer": 700,
    "other_payer_exact": 850,
    "several_customers": 800,
    "several_customers_exact": 850,
    "number_of_another": 840,
    "split_unclear": 850,
    "negated": 850,
    "settlement": 800,
    "other_currency": 800,
    "ambiguous_number": 970,
    "ambiguous_name": 800,
    "ambiguous_set": 940,
    "legal_form_differs": 970,
    "amount_over": 970,
    "amount_of_another": 940,
    "unknown_number": 900,
    "name_alone": 600,
}
VAGUE: Final = ("amount_partial", "amount_over")  # fits of an amount that explain nothing
UNSURE: Final = ("invoice_number_part", "invoice_number_slip")  # ways of naming that may be a coincidence
MAX_PLACEMENTS: Final = 12  # that are ranked


@dataclass(frozen=True, slots=True)
class _Case:
    """One payment with all that is known about it."""

    payment: Payment
    look: Look
    evidence: Mapping[str, Evidence]
    debtors: Debtors
    rules: MatchingRules


def placements(
    payment: Payment,
    look: Look,
    evidence: Mapping[str, Evidence],
    debtors: Debtors,
    rules: MatchingRules,
    advices: Sequence[Advice],
) -> list[Placement]:
    """Return ways to place the whole payment, the most certain first."""
    case = _Case(payment, look, evidence, debtors, rules)
    found = list(_advised(case, advices))
    for account in sorted(evidence):
        found += _of_account(case, evidence[account])
    found += _of_several(case)
    best: dict[object, Placement] = {}
    for one in sorted(found, key=lambda one: (-one.confidence_permille, _rank(one))):
        best.setdefault(tuple((share.account, share.names, share.amount_minor) for share in one.shares), one)
    return list(best.values())[:MAX_PLACEMENTS]


def _rank(one: Placement) -> tuple[bool, int, tuple[tuple[str, tuple[str, ...]], ...]]:
    is_open = not any(share.names for share in one.shares)
    return is_open, len(one.settle), tuple((share.account, share.names) for share in one.shares)


# --- one account
def _of_account(case: _Case, one: Evidence) -> Iterator[Placement]:
    if one.hits:
        yield from _named(case, one)
    if all(hit.how in UNSURE for hit in one.hits) or (one.is_payer and _is_of_another(case, one)):
        yield from _unnamed(case, one)


def _items(one: Evidence, invoice: str) -> list[DebtItem]:
    return sorted((item for item in one.debtor.items if item.invoice == invoice), key=lambda item: (item.due, item.key))


def _named(case: _Case, one: Evidence) -> Iterator[Placement]:
    choices = _choices(case, one)
    exact = sum(fit.reason == "amount_exact" for _, fit in choices)
    for at, (chosen, fit) in enumerate(choices):
        caps = _caps(one, chosen)
        if caps and sum(caps.values()) == case.payment.amount_minor and fit.reason not in FACTS:
            fit = Fit("amount_documents", fit.items)
        confidence, reasons = _number_confidence(case, one, chosen, fit)
        if confidence <= WEAK_NUMBER_ALONE:
            continue  # no reason to trouble a person
        doubts = _named_doubts(case, one, chosen, fit)
        if len(choices) > 1 and (fit.reason != "amount_exact" or exact > 1):
            doubts.append("ambiguous_set")
        invoices = tuple(dict.fromkeys(hit.invoice for hit in chosen))
        step = ALTERNATIVE_STEP if fit.reason in VAGUE else 1
        yield _placement(case, one, invoices, caps, fit, confidence - step * at, [*reasons, fit.reason], doubts)


def _choices(case: _Case, one: Evidence) -> list[tuple[list[Hit], Fit]]:
    """What the text may name, with how the amount fits: all that is named clearly, else each of what may be meant."""
    hits = sorted(one.hits, key=lambda hit: hit.start)
    clear = [hit for hit in hits if hit.how not in UNSURE or not hit.is_shared]
    if not clear:
        return [([hit], _fit(case, one, [hit])) for hit in hits]
    fit = _fit(case, one, clear)
    said = [hit for hit in clear if not hit.is_implied]
    if said and len(said) < len(clear) and fit.reason in VAGUE:
        other = _fit(case, one, said)
        return [(said, other)] if other.reason != "amount_over" else [(clear, fit), (said, other)]
    if len(clear) > 1 and fit.reason == "amount_partial":
        single = [(hit, _fit(case, one, [hit])) for hit in clear]
        exact = [([hit], other) for hit, other in single if other.reason in ("amount_exact", "amount_discount")]
        if len(exact) == 1:
            return exact
    if one.parts and fit.reason not in FACTS:
        longer = sorted([*clear, *one.parts], key=lambda hit: hit.start)
        other = _fit(case, one, longer)
        if other.reason == "amount_exact":
            return [(longer, other)]
    return [(clear, fit)]


def _named_doubts(case: _Case, one: Evidence, chosen: Sequence[Hit], fit: Fit) -> list[str]:
    items = [item for hit in chosen for item in _items(one, hit.invoice)]
    doubts = _doubts(case, one, items)
    if any(hit.is_shared for hit in chosen) and one.name <= names.CONFLICT:
        doubts.append("ambiguous_number")
    doubts += _amount_doubts(case, one, fit)
    is_exact = fit.reason == "amount_exact"
    if "several_customers" in doubts and not is_exact and any(hit.how == "invoice_number_slip" for hit in chosen):
        doubts.append("name_alone")
    if any(_is_right_for_another(case, one, hit) for hit in chosen):
        doubts.append("number_of_another")
    if "other_payer" in doubts and is_exact and any(_counts(hit) for hit in chosen):
        doubts[doubts.index("other_payer")] = "other_payer_exact"
    return doubts


def _is_right_for_another(case: _Case, one: Evidence, slip: Hit) -> bool:
    """Whether the number that would be a slip is letter by letter that of another customer's invoice of this amount."""
    return slip.how == "invoice_number_slip" and any(
        hit.is_strong and (hit.start, hit.end) == (slip.start, slip.end) and _fit(case, other, [hit]).reason in FACTS
        for other in case.evidence.values()
        if other is not one
        for hit in other.hits
        if hit.how != "invoice_number_slip"
    )


def _fit(case: _Case, one: Evidence, hits: Sequence[Hit]) -> Fit:
    items = [item for hit in hits for item in _items(one, hit.invoice)]
    return fit_named(case.payment, case.payment.amount_minor, items, one.debtor, case.rules)


def _is_of_another(case: _Case, one: Evidence) -> bool:
    """Whether the amount is exactly that of an open invoice of the customer that the text does not name."""
    named, payment = {hit.invoice for hit in one.hits}, case.payment
    return any(
        (item.amount_minor, item.outstanding_minor, item.currency) == (payment.amount_minor,) * 2 + (payment.currency,)
        for item in one.debtor.items
        if item.invoice not in named
    )


def _amount_doubts(case: _Case, one: Evidence, fit: Fit) -> list[str]:
    """Doubts of an amount that does not fit the invoices named: another may be meant, or not all were understood."""
    if fit.reason in FACTS:
        return []
    found = ["amount_over"] if fit.reason == "amount_over" else []
    is_named = any(item.amount_minor == case.payment.amount_minor for item in fit.items)
    if one.amount and not is_named:  # by lookup, which outlives the invoice: what is open now must not decide
        found.append("amount_of_another")
    if len({hit.invoice for hit in one.hits}) < len(case.payment.documents):
        found.append("unknown_number")
    return found


def _caps(one: Evidence, hits: Sequence[Hit]) -> dict[str, int]:
    """The most that each item may be paid, where every document says an amount."""
    caps: dict[str, int] = {}
    for hit in hits:
        left = hit.cap_minor
        if left is None:
            return {}
        for item in _items(one, hit.invoice):
            caps[item.key] = min(left, item.amount_minor)
            left -= caps[item.key]
    return caps


def _number_confidence(case: _Case, one: Evidence, hits: Sequence[Hit], fit: Fit) -> tuple[int, list[str]]:
    hows = list(dict.fromkeys(hit.how for hit in hits))
    has_amount = fit.reason in FACTS and fit.reason != "amount_documents"
    is_exact = fit.reason in ("amount_exact", "amount_instalment")
    is_sure = is_exact or fit.reason == "amount_discount"  # closer than a stranger's amount comes by chance
    who = _who(one)
    if "creditor_reference" in hows:
        return (NUMBER_NAME_AMOUNT if who and has_amount else REFERENCE_ALONE), [*hows, *who]
    if "invoice_number_slip" in hows:
        if who and fit.reason in VAGUE:
            return SLIP_NAME_ONLY, [*hows, *who]
        both = SLIP_NAME_AMOUNT if one.name == names.STRICT or one.learned else SLIP_NAME
        return (both if who and is_exact else SLIP_NAME if who else SLIP_AMOUNT if is_exact else WEAK_NUMBER_ALONE), [
            *hows,
            *who,
        ]
    if any(hit.is_strong for hit in hits):
        if who:
            return (NUMBER_NAME_AMOUNT if has_amount else NUMBER_NAME), [*hows, *who]
        if group_pays(case.evidence, one):
            return (NUMBER_AMOUNT if is_sure else NUMBER_GROUP), [*hows, "group"]
        alone = NUMBER_ALONE_OVER if fit.reason == "amount_over" else NUMBER_ALONE
        return (NUMBER_AMOUNT, hows) if is_sure else (alone, [*hows, "number_alone"])
    if who:
        is_said = all(hit.is_said for hit in hits) and (one.name >= names.LOOSE or one.learned)
        alone = WEAK_NUMBER_SAID_NAME if is_said else WEAK_NUMBER_NAME
        return (WEAK_NUMBER_NAME_AMOUNT if has_amount else alone), [*hows, *who]
    return (WEAK_NUMBER_AMOUNT if is_exact else WEAK_NUMBER_ALONE), [*hows, "weak_number"]


def _who(one: Evidence) -> list[str]:
    """What speaks for the customer beside numbers and amounts."""
    found = []
    if one.name == names.STRICT:
        found.append("name")
    elif one.name > names.CONFLICT:
        found.append("name_alike")
    elif one.in_text:
        found.append("name_in_text")
    if one.learned:
        found.append("payer_account")
    if one.end_to_end:
        found.append("end_to_end")
    return found


# --- invoices that are not named
def _unnamed(case: _Case, one: Evidence) -> Iterator[Placement]:
    payment, who = case.payment, _who(one)
    fits = fit_unnamed(payment, payment.amount_minor, one.debtor, case.rules)
    doubts = _unnamed_doubts(case, one, fits)
    confidence = _unnamed_confidence(case, one)
    if confidence:  # who paid is certain; what it pays is the account's own business
        reason = "amount_exact" if one.amount else fits[0].reason if fits else "oldest_first"
        yield _placement(case, one, (), {}, None, confidence, [*who, reason], doubts)
    if who:
        yield from _by_fit(case, one, fits, doubts)
    elif group_pays(case.evidence, one):
        for at, fit in enumerate(fit for fit in fits if fit.reason == "amount_exact"):
            sure = GROUP_AMOUNT - ALTERNATIVE_STEP * at
            yield _placement(case, one, fit.invoices, {}, fit, sure, ["group", fit.reason], doubts)
    elif len(case.evidence) == 1:  # only the amount speaks for it, and for nobody else
        exact = [fit for fit in fits if fit.reason == "amount_exact"]
        for at, fit in enumerate(exact[:MAX_PLACEMENTS]):
            sure = AMOUNT_ALONE - ALTERNATIVE_STEP * at
            yield _placement(case, one, fit.invoices, {}, fit, sure, [fit.reason, "amount_alone"], doubts)
    if who and not fits and not confidence:
        yield _oldest_first(case, one, doubts)


def _unnamed_doubts(case: _Case, one: Evidence, fits: Sequence[Fit]) -> list[str]:
    doubts = _doubts(case, one, [])
    if one.hits:
        doubts.append("amount_of_another")
        doubts += ["number_of_another"] if any(_is_right_for_another(case, one, hit) for hit in one.hits) else []
    elif "several_customers" in doubts and not any(fit.reason == "amount_exact" for fit in fits):
        doubts.append("name_alone")
    if _names_unknown(case, one):
        doubts.append("unknown_number")
    return doubts


def _by_fit(case: _Case, one: Evidence, fits: Sequence[Fit], doubts: Sequence[str]) -> Iterator[Placement]:
    """Each way in which the amount fits the customer's open invoices, the likelier first."""
    counts: dict[str, int] = {}
    is_vague = bool(one.hits) and _fit(case, one, one.hits).reason in VAGUE
    for fit in fits[:MAX_PLACEMENTS]:
        nth = counts.setdefault(fit.reason, 0)
        counts[fit.reason] += 1
        reasons, found, sure = [*_who(one), fit.reason], list(doubts), _fit_confidence(fit) - ALTERNATIVE_STEP * nth
        if is_vague and _is_slip(case, fit):
            found = [doubt for doubt in doubts if doubt not in ("amount_of_another", "unknown_number")]
            reasons, sure = ["invoice_number_slip", *reasons], SLIP_AMOUNT_EXACT
        elif sum(other.reason == fit.reason for other in fits) > 1:
            found.append("ambiguous_set")
        yield _placement(case, one, fit.invoices, {}, fit, sure, reasons, found)


def _oldest_first(case: _Case, one: Evidence, doubts: Sequence[str]) -> Placement:
    items = oldest_first(case.payment, one.debtor, case.payment.amount_minor)
    sure = ACCOUNT_ALONE if one.learned else NAME_ALONE if one.name > names.PART else AMOUNT_ALONE
    fit = Fit("oldest_first", items)
    return _placement(case, one, fit.invoices, {}, fit, sure, [*_who(one), "oldest_first"], doubts)


def _names_unknown(case: _Case, one: Evidence) -> bool:
    """Whether the text names, in one piece, a number that could be an invoice's but is none of this customer's."""
    known = {normalise_reference(item.number) for item in one.debtor.items}
    named = [token for token in case.look.reading.tokens if token.how == "as" and not is_too_short(token.value)]
    return any(token.value not in known and case.look.reading.follows_invoice_word(token.start) for token in named)


def _is_slip(case: _Case, fit: Fit) -> bool:
    """Whether the text names another invoice by a number that is one slip away from this one's."""
    tokens = case.look.reading.tokens
    return fit.reason == "amount_exact" and any(
        len(token.value) >= MIN_SLIP and is_one_slip(normalise_reference(item.number), token.value)
        for item in fit.items
        for token in tokens
    )


def _unnamed_confidence(case: _Case, one: Evidence) -> int:
    """How certain it is who paid, without any number; 0 when it is not."""
    if (one.learned or one.end_to_end) and one.name > names.PART:
        return ACCOUNT_NAME
    if (one.learned or one.end_to_end) and one.amount:
        return ACCOUNT_AMOUNT
    if one.amount and one.name == names.STRICT and _is_company(case, one):
        return STRICT_NAME_AMOUNT
    return 0


def _is_company(case: _Case, one: Evidence) -> bool:
    payer = case.payment.payer_name
    alike = [name for name in one.debtor.names if names.likeness(payer, name) == names.STRICT]
    return names.is_company(payer) and any(names.is_company(name) for name in alike)


def _fit_confidence(fit: Fit) -> int:
    if fit.reason == "amount_exact":
        return NAME_AMOUNT
    return NAME_SET if fit.reason in ("amount_set", "amount_all", "amount_discount", "amount_credit") else NAME_SHORT


# --- doubts
def _doubts(case: _Case, one: Evidence, items: Sequence[DebtItem]) -> list[str]:
    found = []
    if any(_is_payer_rather(case, other, one) for other in case.evidence.values()):
        found.append("other_payer")
    if any(_is_named_too(other, one) for other in case.evidence.values()):
        found.append("several_customers")
    if not one.hits and any(_has_same_name(other, one) for other in case.evidence.values()):
        found.append("ambiguous_name")
    if one.name == names.CONFLICT:
        found.append("legal_form_differs")
    if one.negated:
        found.append("negated")
    if case.look.reading.is_settlement:
        found.append("settlement")
    if items and all(item.currency != case.payment.currency for item in items):
        found.append("other_currency")
    return found


def _is_payer_rather(case: _Case, other: Evidence, one: Evidence) -> bool:
    """Whether the payer is rather this other customer, who is not of the same group."""
    if related(other.debtor, one.debtor):
        return False
    group = [each for each in case.evidence.values() if related(each.debtor, one.debtor)]
    name = max(each.name for each in group)
    if other.name > max(name, names.PART) and not (name > names.CONFLICT and other.name <= names.LOOSE):
        return True
    return other.learned and not any(each.learned for each in group)


def _has_same_name(other: Evidence, one: Evidence) -> bool:
    return (
        other is not one
        and one.name > names.CONFLICT
        and other.name >= one.name
        and not (one.learned and not other.learned)
    )


def _is_named_too(other: Evidence, one: Evidence) -> bool:
    """Whether the text surely names an invoice of this other customer, who is not of the same group, besides."""
    if related(other.debtor, one.debtor):
        return False
    places = {(hit.start, hit.end) for hit in one.hits if hit.end}
    return any(hit.is_strong and not hit.is_shared and (hit.start, hit.end) not in places for hit in other.hits)


def _placement(
    case: _Case,
    one: Evidence,
    invoices: tuple[str, ...],
    caps: Mapping[str, int],
    fit: Fit | None,
    confidence: int,
    reasons: Sequence[str],
    doubts: Sequence[str],
) -> Placement:
    share = Share(one.debtor.account, invoices, case.payment.amount_minor, dict(caps))
    return _judged((share,), fit, confidence, reasons, doubts)


def _judged(
    shares: tuple[Share, ...], fit: Fit | None, confidence: int, reasons: Sequence[str], doubts: Sequence[str]
) -> Placement:
    confidence = min(
        [confidence, *(AT_MOST[doubt] - (REFERENCE_ALONE - min(confidence, REFERENCE_ALONE)) // 10 for doubt in doubts)]
    )
    words = tuple(dict.fromkeys([*reasons, *(doubt.removesuffix("_exact") for doubt in doubts)]))
    return Placement(shares, fit.settle if fit else (), max(confidence, 1), words)


# --- several accounts
def _of_several(case: _Case) -> Iterator[Placement]:
    named = {account: one for account, one in case.evidence.items() if any(_counts(hit) for hit in one.hits)}
    if not 2 <= len(named) <= MAX_PLACEMENTS:
        return
    payment = case.payment
    order = sorted(named, key=lambda account: (min(hit.start for hit in named[account].hits), account))
    items = {account: _all_items(named[account]) for account in order}
    stated = {account: sum(_stated(named[account]).values()) for account in order}
    originals = {account: sum(item.amount_minor for item in items[account]) for account in order}
    outstanding = {account: sum(item.outstanding_minor for item in items[account]) for account in order}
    is_group = all_related(one.debtor for one in named.values())
    doubts = [] if is_group else ["several_customers"]
    if any(_is_payer_rather(case, other, one) for other in case.evidence.values() for one in named.values()):
        doubts.append("other_payer")
    doubts += ["negated"] if any(one.negated for one in named.values()) else []
    doubts += ["settlement"] if case.look.reading.is_settlement else []
    hows = list(dict.fromkeys(hit.how for account in order for hit in named[account].hits if _counts(hit)))
    who = ["group"] if is_group else []

    def is_from(one: Evidence) -> bool:
        return one.name > names.CONFLICT or group_pays(case.evidence, one)

    for reason, parts in (("amount_documents", stated), ("amount_exact", originals), ("amount_open", outstanding)):
        if sum(parts.values()) == payment.amount_minor and min(parts.values()) > 0:
            sure = NUMBER_AMOUNT if reason == "amount_exact" or parts == originals else NUMBER_ALONE
            if sure == NUMBER_AMOUNT:
                doubts = [f"{doubt}_exact" if f"{doubt}_exact" in AT_MOST else doubt for doubt in doubts]
            if reason == "amount_documents" and any(map(is_from, named.values())):
                sure = max(sure, NUMBER_AMOUNT)
            yield _judged(_shares(named, order, parts), None, sure, [*hows, *who, reason], doubts)
            return
    if is_group:
        parts = _filled(payment.amount_minor, order, outstanding)
        yield _judged(
            _shares(named, [a for a in order if parts[a]], parts),
            None,
            NUMBER_ALONE,
            [*hows, *who],
            [*doubts, "split_unclear"],
        )


def _counts(hit: Hit) -> bool:
    return hit.is_strong and not hit.is_shared


def _all_items(one: Evidence) -> list[DebtItem]:
    return [item for hit in one.hits if _counts(hit) for item in _items(one, hit.invoice)]


def _stated(one: Evidence) -> dict[str, int]:
    return _caps(one, [hit for hit in one.hits if _counts(hit)])


def _shares(named: Mapping[str, Evidence], order: Sequence[str], parts: Mapping[str, int]) -> tuple[Share, ...]:
    found = []
    for account in order:
        invoices = tuple(dict.fromkeys(hit.invoice for hit in named[account].hits if _counts(hit)))
        found.append(Share(account, invoices, parts[account], _stated(named[account])))
    return tuple(found)


def _filled(amount_minor: int, order: Sequence[str], outstanding: Mapping[str, int]) -> dict[str, int]:
    """What each account gets when they are paid in turn; the last one gets the rest."""
    parts: dict[str, int] = {}
    for account in order:
        parts[account] = min(amount_minor, outstanding[account])
        amount_minor -= parts[account]
    parts[order[-1]] += amount_minor
    return parts


# --- remittance advices
def _advised(case: _Case, advices: Sequence[Advice]) -> Iterator[Placement]:
    payment = case.payment
    for advice in sorted(advices, key=lambda one: one.key):
        one = case.evidence.get(advice.account)
        if one is None or (advice.total_minor, advice.currency) != (payment.amount_minor, payment.currency):
            continue
        by_number = {normalise_reference(item.number): item for item in one.debtor.items}
        caps: dict[str, int] = {}
        invoices: list[str] = []
        for number, amount_minor in advice.lines:
            item = by_number.get(normalise_reference(number))
            if item is not None:
                invoices.append(item.invoice)
                caps[item.key] = min(amount_minor, item.amount_minor)
        who = _who(one)
        sure = NUMBER_NAME if who else NUMBER_AMOUNT if _says(case, advice.reference) else NUMBER_ALONE
        doubts = _doubts(case, one, [])
        if len(invoices) < len(advice.lines):
            doubts.append("unknown_number")
        yield _placement(
            case, one, tuple(dict.fromkeys(invoices)), caps, None, sure, ["advice", *who, "amount_documents"], doubts
        )


def _says(case: _Case, reference: str) -> bool:
    value = normalise_reference(reference)
    return len(value) >= 5 and any(token.value == value for token in case.look.reading.tokens)
