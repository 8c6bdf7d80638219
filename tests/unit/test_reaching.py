"""Whom a step reaches and how: roles, escalation, and what takes the place of an address that is missing or refused."""

from __future__ import annotations

import pytest

from duly.domain import events as ev
from duly.domain import steps
from duly.domain.account import Account
from duly.domain.policy import Policy
from duly.domain.policy_reader import parse_policy
from duly.domain.policy_schema import PolicyErrors
from duly.domain.reaching import Reach, reach, recipients
from tests.core_samples import POLICY, account, policy, then

BILLING = {"id": "b", "role": "billing", "email": "b@debtor.example", "phone": "+4930123"}
DUNNING = {"id": "d", "role": "dunning", "email": "d@debtor.example"}
BOSS = {"id": "m", "role": "management", "email": "m@debtor.example", "phone": "+4930456"}
ADDRESS = ["Street 1", "10115 Town"]


@pytest.fixture(autouse=True)
def all_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "CHANNELS", frozenset({"email", "sms", "letter", "registered_letter", "call"}))


def known(*contacts: dict[str, str], address: list[str] | None = None) -> Account:
    found = account(contacts=contacts)
    return with_address(found, address)


def with_address(found: Account, address: list[str] | None) -> Account:
    found.personal = {**found.personal, **({"address": address} if address else {})}
    return found


def bounced(found: Account, *contacts: str) -> Account:
    return then(found, [ev.ContactSuppressed(contact, "bounced") for contact in contacts])


def falling_back(*words: str) -> Policy:
    return policy(f"[contact]\nfallback = {list(words)!r}\n".replace("'", '"'))


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("email", Reach("email", ("d",))),
        ("sms", Reach("sms", ("b",))),
        ("letter", Reach("letter")),
        ("registered_letter", Reach("registered_letter")),
        ("call", Reach("call", ("b",))),
        ("hand_over", Reach("hand_over")),
    ],
)
def test_each_channel_reaches_whom_it_can(channel: str, expected: Reach) -> None:
    assert reach(known(BILLING, DUNNING, BOSS, address=ADDRESS), POLICY, channel, 1) == expected


@pytest.mark.parametrize(("level", "expected"), [(2, ("d",)), (3, ("d", "m"))])
def test_management_gets_a_copy_from_its_level_on(level: int, expected: tuple[str, ...]) -> None:
    assert reach(known(BILLING, DUNNING, BOSS), POLICY, "email", level).contacts == expected


def test_levels_of_escalation_are_the_policys() -> None:
    rules = policy("[contact]\nescalation = { billing = 1, management = 2 }\n")
    assert [one["id"] for one in recipients(known(BILLING, DUNNING, BOSS), 1, rules)] == ["d", "b"]
    assert [one["id"] for one in recipients(known(BILLING, DUNNING, BOSS), 2, rules)] == ["d", "b", "m"]
    assert [one["id"] for one in recipients(known(DUNNING, BOSS), 9, policy("[contact]\nescalation = {}\n"))] == ["d"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("contact", "letter", "task"), Reach("email", ("b",))),
        (("letter", "task"), Reach("letter")),
        (("task",), Reach("")),
        ((), Reach("")),
    ],
)
def test_a_refused_address_is_replaced_as_the_policy_says(words: tuple[str, ...], expected: Reach) -> None:
    found = bounced(known(DUNNING, BILLING, address=ADDRESS), "d")
    assert reach(found, falling_back(*words), "email", 1) == expected


def test_a_letter_takes_the_place_of_the_last_address_and_needs_one_itself() -> None:
    found = with_address(bounced(known(DUNNING, BILLING), "d", "b"), ADDRESS)
    assert reach(found, POLICY, "email", 1) == Reach("letter")
    assert reach(bounced(known(DUNNING), "d"), POLICY, "email", 1) == Reach("")
    assert reach(known(DUNNING), POLICY, "letter", 1) == Reach("")
    assert reach(known(DUNNING), POLICY, "sms", 1) == Reach("")


def test_before_anything_is_overdue_no_letter_takes_the_place_of_a_mail() -> None:
    found = with_address(known(), ADDRESS)
    assert reach(found, POLICY, "email", 0, is_overdue=False) == Reach("")
    assert reach(found, POLICY, "letter", 0, is_overdue=False) == Reach("letter")  # the step itself asks for one


def test_a_call_without_a_number_is_still_a_task() -> None:
    assert reach(known(DUNNING), POLICY, "call", 1) == Reach("call")


def test_a_letter_that_is_not_served_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "CHANNELS", frozenset({"email"}))
    assert reach(with_address(known(), ADDRESS), POLICY, "email", 1) == Reach("")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("escalation = { boss = 3 }", "contact.escalation.boss"),
        ("escalation = { management = -1 }", "contact.escalation.management"),
        ('escalation = ["management"]', "contact.escalation"),
        ('fallback = ["pigeon"]', "contact.fallback[1]"),
    ],
)
def test_the_policy_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(f'[creditor]\nname = "C"\n[contact]\n{text}\n', "p.toml")
    assert [(one.key, one.line) for one in errors.value.problems] == [(problem, 4)]
