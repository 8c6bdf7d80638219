"""The process ends before or after every call, answers are lost, messages come twice: nothing is lost or doubled."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator

import pytest

from duly.flows import audit
from duly.flows.twin import TwinStack
from duly.store import keys
from duly.store.tables import Record
from tests.sim import small_world as world

END = world.at(28, 12)
BY_NAME = {stage.__name__: number for number, stage in enumerate(world.STAGES)}
LATE = [
    name for name in BY_NAME if name not in ("take_policy", "book_from_suspense", "decision", "confirm", "later_ticks")
]
MOST_POINTS = 22
SEED = 20260302


Met = tuple[int, str]  # a stage, and the state before it


class Story:
    """The undisturbed story, with a fork at the start of each stage, and what came of it."""

    def __init__(self) -> None:
        stack = TwinStack()
        self.forks: list[TwinStack] = []
        for stage in world.STAGES:
            self.forks.append(world.fork(stack))
            stage(stack)
        self.forks.append(world.fork(stack))
        world.sweeps(stack)
        self.end = stack
        self.balances = audit.canonical(stack.edge)
        self.first_reminders = first_reminders(stack)
        self.right = [{world.substance(one)} for one in self.forks]  # states before each stage from which all ends well
        self.timely: dict[tuple[int, ...], list[Record]] = {}  # journals that were found right, by the ids of entries

    def disturbed(self, number: int, disturb: Callable[[TwinStack], None]) -> tuple[TwinStack, list[str]]:
        """Play on from a stage with a disturbance in it; return the stack and what is wrong at the end."""
        stack = world.fork(self.forks[number])
        disturb(stack)
        world.STAGES[number](stack)
        stack.set_fault(lambda *_: None)
        before = [] if stack.keeps_invisible else self.met(stack, number + 1)
        if before is None:
            return stack, self.wrong_so_far(stack)  # as undisturbed, or as after another disturbance that did no harm
        if number + 1 < len(world.STAGES):
            world.STAGES[number + 1](stack)
        stack.keeps_invisible = False
        stack.come_back()
        stack.work()
        after = self.met(stack, number + 2)
        if after is None:
            return stack, self.wrong_so_far(stack)
        return stack, self.to_the_end(stack, number + 2, [*before, *after])

    def overtaken(self, number: int, point: int) -> list[str]:
        """Freeze the process at a call of a stage until others have done its work and the whole next stage."""
        stack = world.fork(self.forks[number])
        pause = world.PauseAt(stack, point, world.STAGES[number + 1])
        stack.edge.monotonic = pause.monotonic
        stack.set_fault(pause)
        world.STAGES[number](stack)
        stack.set_fault(lambda *_: None)
        met = self.met(stack, number + 2)
        return self.wrong_so_far(stack) if met is None else self.to_the_end(stack, number + 2, met)

    def met(self, stack: TwinStack, number: int) -> list[Met] | None:
        """None when a stack before a stage is in a state from which all is known to end well: it goes on in the same
        way. Otherwise the state, to be noted when it has turned out well."""
        if number >= len(self.right) or world.is_at_work(stack):
            return []
        state = world.substance(stack)
        return None if state in self.right[number] else [(number, state)]

    def to_the_end(self, stack: TwinStack, number: int, met: list[Met]) -> list[str]:
        """Play the rest of the story; return what is wrong at its end."""
        world.run(stack, number)
        world.sweeps(stack)
        wrong = self.wrong(stack)
        if not wrong:
            for place, state in met:
                self.right[place].add(state)
        return wrong

    def wrong_so_far(self, stack: TwinStack) -> list[str]:
        """What the journals have that a state does not show: a broken chain, a claim that came too late."""
        accounts = audit.account_ids(stack.edge)
        return [problem for account in accounts for problem in self.untimely_claims(stack, account)]

    def untimely_claims(self, stack: TwinStack, account: str) -> list[str]:
        """What the journal of one account has. Forks share the entries that they do not write themselves, so a journal
        of the same entries (kept here, so that no other gets the id of one) is read once."""
        entries = stack.edge.table.query(keys.account(account), keys.JOURNAL)
        same = tuple(id(entry) for entry in entries)
        if same in self.timely:
            return []
        found = list(world.untimely_claims(stack.edge, account))
        if not found:
            self.timely[same] = entries
        return found

    def wrong(self, stack: TwinStack) -> list[str]:
        found = world.problems(stack, END)
        if audit.canonical(stack.edge) != self.balances:
            found.append("the balances are not those of the undisturbed story")
        missed = self.first_reminders - first_reminders(stack) - shown_as_unknown(stack)
        return found + [f"{item} was neither reminded nor is its missing reminder shown" for item in sorted(missed)]


def first_reminders(stack: TwinStack) -> set[str]:
    """The items (with their accounts) of which any reminder went out."""
    return {" ".join(key.split(" ")[:2]) for key in world.reminders(stack)}


def shown_as_unknown(stack: TwinStack) -> set[str]:
    """The items of notices whose fate is unknown and about which a person has a task."""
    found = set()
    for account_id in audit.account_ids(stack.edge):
        account = stack.edge.accounts.rebuild(account_id)
        for notice in account.notices.values():
            if notice.state == "unknown":
                assert f"unknown-{notice.key}" in account.tasks
                found |= {f"{account_id} {part.item}" for part in notice.items}
    return found


@pytest.fixture(scope="module", autouse=True)
def equal_salts() -> Iterator[None]:
    """Salts are the same in every run, so that two states can be compared; commit ids stay random."""
    with pytest.MonkeyPatch.context() as patch:
        real = secrets.token_hex
        patch.setattr(secrets, "token_hex", lambda size: "5a" * size if size == 8 else real(size))
        yield


@pytest.fixture(scope="module")
def story(equal_salts: None) -> Story:
    del equal_salts
    return Story()


def test_the_undisturbed_story_is_right(story: Story) -> None:
    last = story.end
    assert story.wrong(last) == []
    account = {one: last.edge.accounts.rebuild(one) for one in ("C1", "C3", "C4", "C9")}
    assert [one.state for one in account["C1"].disputes.values()] == ["rejected"]
    assert [one.state for one in account["C9"].promises.values()] == ["broken"]
    assert account["C4"].header.suspense and account["C4"].header.suppressed
    assert len(last.mailer.messages) == 12
    assert "delivered" in {notice.delivery for notice in account["C3"].notices.values()}


@pytest.mark.parametrize("stage", BY_NAME)
def test_an_end_before_and_after_every_call(story: Story, stage: str) -> None:
    number = BY_NAME[stage]
    calls = world.calls_of(world.STAGES[number], world.fork(story.forks[number]))
    assert len(calls) > 8
    for point in world.distinct_ends(calls):
        _, wrong = story.disturbed(number, ends(point))
        assert wrong == [], f"ended {calls[point]}, call {point} of {stage}"


@pytest.mark.parametrize("stage", LATE)
def test_an_end_and_the_message_comes_back_after_the_next_stage(story: Story, stage: str) -> None:
    number = BY_NAME[stage]
    calls = world.calls_of(world.STAGES[number], world.fork(story.forks[number]))
    for point in some_of(world.distinct_ends(calls), stage):
        _, wrong = story.disturbed(number, ends(point, late=True))
        assert wrong == [], f"ended {calls[point]}, call {point} of {stage}, came back late"


@pytest.mark.parametrize("stage", LATE)
def test_a_frozen_process_is_overtaken_at_every_call(story: Story, stage: str) -> None:
    number = BY_NAME[stage]
    calls = world.calls_of(world.STAGES[number], world.fork(story.forks[number]))
    for point in some_of([position for position, call in enumerate(calls) if world.has_effect(call)], stage):
        wrong = story.overtaken(number, point)
        assert wrong == [], f"frozen {calls[point]}, call {point} of {stage}"


def some_of(points: list[int], stage: str) -> list[int]:
    """A seeded choice: each of these plays most of the story again."""
    return sorted(random.Random(f"{SEED} {stage}").sample(points, min(len(points), MOST_POINTS)))


def ends(*points: int, late: bool = False) -> Callable[[TwinStack], None]:
    def disturb(stack: TwinStack) -> None:
        stack.keeps_invisible = late
        stack.set_fault(world.EndAt(frozenset(points)))

    return disturb


@pytest.mark.parametrize("stage", BY_NAME)
def test_two_ends_in_a_row(story: Story, stage: str) -> None:
    number = BY_NAME[stage]
    count = len(world.calls_of(world.STAGES[number], world.fork(story.forks[number])))
    chance = random.Random(f"{SEED} {stage}")
    for _ in range(12):
        first = chance.randrange(count)
        second = first + chance.randrange(1, 30)
        _, wrong = story.disturbed(number, ends(first, second))
        assert wrong == [], f"ended at calls {first} and {second} of {stage}"


@pytest.mark.parametrize("stage", BY_NAME)
def test_every_lost_answer(story: Story, stage: str) -> None:
    number = BY_NAME[stage]
    calls = world.calls_of(world.STAGES[number], world.fork(story.forks[number]))
    writes = sum(call.endswith(" after") and call.split(" ")[0].split(".")[1] in world.WRITES for call in calls)
    assert writes > 0
    for point in range(writes):
        _, wrong = story.disturbed(number, lost_answer(point))
        assert wrong == [], f"lost the answer of write {point} of {stage}"


def lost_answer(point: int) -> Callable[[TwinStack], None]:
    def disturb(stack: TwinStack) -> None:
        stack.set_fault(world.LoseAnswer(point))

    return disturb


def test_every_message_comes_twice(story: Story) -> None:
    stack = world.TwiceStack()
    world.run(stack)
    world.sweeps(stack)
    assert stack.delivered_twice > 20
    assert story.wrong(stack) == []
    assert [mail.to for mail in stack.mailer.messages] == [mail.to for mail in story.end.mailer.messages]
