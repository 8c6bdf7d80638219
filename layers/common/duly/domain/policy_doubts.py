"""What a policy may say and can hardly mean: steps that never come, charges nobody reckons, letters without a sender.

Each doubt is a warning about one key. None makes a policy unusable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from duly.domain.policy_model import Policy, Scenario, Step
from duly.domain.toml_lines import KeyPath

Doubt = tuple[KeyPath, str]

WRITTEN = frozenset({"email", "sms", "letter", "registered_letter"})
POSTED = frozenset({"letter", "registered_letter"})
CARRIES = frozenset(
    {"email", "letter", "registered_letter", "hand_over"}
)  # channels that an attachment can go along with


#: What people write for countries whose code is another.
_OTHER_CODES: Final = {"UK": "GB", "EL": "GR"}
#: A match that is less certain than this is hardly meant to be booked unasked.
_LEAST_CERTAIN_PERMILLE: Final = 900
_NEAR: Final = 0.8


def doubts(policy: Policy) -> Iterator[Doubt]:
    """What of this policy should be looked at again: the path of a key, and why."""
    yield from _about_words(policy)
    yield from _about_charges(policy)
    for scenario in policy.scenarios.values():
        yield from _about_scenario(policy, scenario)
        for step in scenario.steps:
            for key, why in _about_step(policy, step):
                yield ("scenario", scenario.name, "step", step.index, key), why


def _about_words(policy: Policy) -> Iterator[Doubt]:
    if (country := policy.creditor.country) in _OTHER_CODES:
        yield ("creditor", "country"), f"{country} is no code of ISO 3166; did you mean {_OTHER_CODES[country]}?"
    if policy.cash.auto_confirm_permille < _LEAST_CERTAIN_PERMILLE:
        yield ("cash", "auto_confirm"), "matches that may well be wrong are booked without asking"
    yield from _about_owners([reason for reason in policy.disputes.owners if reason != "default"])
    named = {category.scenario for category in policy.risk.categories}
    for name, scenario in policy.scenarios.items():
        if scenario.steps or name in named:
            continue
        if near := _near(name, (other for other in policy.scenarios if other != name)):
            yield ("scenario", name), f"it has no steps and no category names it; did you mean {near}?"


def _about_owners(named: list[str]) -> Iterator[Doubt]:
    if not named:
        return
    from typing import get_args

    from duly.domain.replies import Reason  # late: few policies name reasons, and each function reads a policy

    for reason in named:
        if near := _near(reason, (known for known in get_args(Reason) if known)):
            yield ("disputes", "owners", reason), f"no reply gives this reason; did you mean {near}?"


def _near(word: str, known: Iterable[str]) -> str:
    """The known word that another one, which is not known, is likely a slip of."""
    from difflib import get_close_matches

    known = list(known)
    return "" if word in known else next(iter(get_close_matches(word, known, n=1, cutoff=_NEAR)), "")


def _reckons_interest(policy: Policy) -> bool:
    charges = policy.charges
    return charges.interest and (charges.regime != "none" or charges.rate_percent is not None)


def _about_charges(policy: Policy) -> Iterator[Doubt]:
    charges = policy.charges
    asked = any(step.interest for scenario in policy.scenarios.values() for step in scenario.steps)
    if charges.interest and not _reckons_interest(policy):
        yield ("charges", "interest"), "there is no regime and no rate to reckon interest by"
    elif charges.interest and not asked:
        yield ("charges", "interest"), "no step has interest = true, so none is ever demanded"
    if charges.recovery_indemnity and charges.regime == "none":
        yield ("charges", "recovery_indemnity"), "without a regime there is no such sum"
    elif charges.recovery_indemnity and not asked:
        yield ("charges", "recovery_indemnity"), "it comes with the first step that has interest = true; no step has"


def _about_scenario(policy: Policy, scenario: Scenario) -> Iterator[Doubt]:
    path: KeyPath = ("scenario", scenario.name)
    written = [step for step in scenario.steps if step.channel in WRITTEN]
    if scenario.max_notices is not None and scenario.max_notices < len(written):
        yield (*path, "max_notices"), f"expected at least {len(written)}, or the last steps never come"
    currency = policy.creditor.currency
    if scenario.steps and scenario.threshold_missing == "skip" and currency not in scenario.threshold_minor:
        yield (*path, "threshold_missing"), f"there is no threshold for {currency}, so nobody is chased in it"
    for before, step in pairwise(scenario.steps):
        both_written = before.channel in WRITTEN and step.channel in WRITTEN
        days = None if both_written else _days_after(before, step)
        if days is not None and days < 0:
            yield (*path, "step", step.index, "days"), f"it lies before {before.name}, which comes first all the same"
    gap = policy.min_gap_days_for(scenario)
    for before, step in pairwise(written):
        days = _days_after(before, step)
        if days is not None and days < gap:
            yield (
                (*path, "step", step.index, "days"),
                f"it comes {days} days after {before.name}, but between two notices lie {gap}",
            )


def _days_after(before: Step, step: Step) -> int | None:
    """Days from one step to the one behind it, when both count from the same day."""
    if step.basis == "previous":
        return step.days
    return step.days - before.days if step.basis == before.basis else None


def _about_step(policy: Policy, step: Step) -> Iterator[tuple[str, str]]:
    channels = {step.channel, *step.also}
    if step.interest and not _reckons_interest(policy):
        yield "interest", "[charges] reckons no interest"
    if channels & POSTED and not policy.creditor.address:
        yield (
            "channel" if step.channel in POSTED else "also",
            "a letter shows the creditor's address; [creditor] has none",
        )
    if step.channel in step.also:
        yield "also", "it names the step's own channel again"
    if "hand_over" in channels and not step.to:
        yield "to", "a hand-over goes to an agency, lawyer or insurer; none is named"
    if step.to and "hand_over" not in channels:
        yield "to", "only a hand-over goes to somebody else"
    if step.attach and not channels & CARRIES:
        yield "attach", f"nothing can go along with a step by {step.channel}"
    currency = policy.creditor.currency
    if step.approve_above_minor and currency not in step.approve_above_minor:
        yield "approve", f"it has no amount for {currency}; such a notice goes out without approval"
    earliest = policy.terms.earliest_chase_days
    if step.basis == "due" and 0 < step.days < earliest:
        yield "days", f"nothing overdue is said before day {earliest} ([terms] earliest_chase_days)"
