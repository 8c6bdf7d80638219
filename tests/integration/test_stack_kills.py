"""Ten seeded kills of running functions on the deployed stack: what was begun is finished, once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from duly.flows import audit
from duly.flows.twin import TwinStack
from local.bridge import FunctionError
from local.emulator import Emulator
from local.stack import LocalStack
from tests.integration.deployed import edge_on, receipts
from tests.sim import small_world as world

SEED = 20260302
VISIBILITY_SECONDS = 5
MOMENTS = 12  # a kill comes at one of so many looks at the running functions, about a hundredth of a second apart
PHASES = {"customers": 1, "invoices": 2, "payments": 2, "tick": 3, "replies": 2}
FUNCTION = {
    "customers": "RiskCheckFunction",
    "invoices": "RiskCheckFunction",
    "payments": "ReconcileFunction",
    "tick": "DunningFunction",
    "replies": "DisputesFunction",
}


@pytest.fixture(scope="module")
def stack(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    parameters = {"QueueVisibilitySeconds": str(VISIBILITY_SECONDS)}
    folder = tmp_path_factory.mktemp("killed")
    with LocalStack(folder=folder, emulator=emulator, parameters=parameters) as running:
        yield running


class Killer:
    """Kills one running function of a stack at a seeded moment."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.chance = random.Random(SEED)
        self.killed: list[str] = []

    def during(self, phase: str, act: Callable[[], object]) -> None:
        """Do something to the stack, kill as often as the phase says while its functions work, and wait until all is
        done."""
        with ThreadPoolExecutor(1) as pool:
            acting = pool.submit(act)
            for _ in range(PHASES[phase]):
                self._kill_one(acting, FUNCTION[phase])
            acting.result()
        self.stack.wait_until_idle()

    def _kill_one(self, acting: Future[object], function: str) -> None:
        moment = self.chance.randrange(MOMENTS)
        deadline = time.monotonic() + 4 * VISIBILITY_SECONDS
        while time.monotonic() < deadline:
            running = {name for name in self.stack.emulator.running_functions(self.stack.account) if function in name}
            if not running:
                if acting.done() and not self._works():
                    return
                continue
            if moment > 0:
                moment -= 1
            elif self._kill_in({name.rpartition(":")[2] for name in running}):
                return

    def _works(self) -> bool:
        """Whether the stack has anything left to do, a message that comes back after a kill included."""
        look = self.stack._look()
        return bool(look.work)

    def _kill_in(self, functions: set[str]) -> bool:
        marker = f"AWS_ENDPOINT_URL_SESV2={self.stack.shim.url}"
        processes = self.stack.emulator.function_processes(marker)
        found = sorted(process for process, name in processes.items() if name in functions)
        if not found:
            return False
        chosen = self.chance.choice(found)
        try:
            os.kill(chosen, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.killed.append(processes[chosen])
        return True


def ticks(stack: LocalStack, day: int) -> None:
    """The schedule of four hours; a tick whose function is killed is caught up by the next."""
    failed = 0
    for hour in range(10, 14):
        try:
            stack.tick(world.at(day, hour))
        except FunctionError:
            failed += 1
    assert failed < 4


def test_ten_kills_lose_nothing_and_double_nothing(stack: LocalStack) -> None:
    killer = Killer(stack)
    stack.upload("policy/policy.toml", world.POLICY, world.at(0, 5))
    stack.wait_until_idle()

    killer.during("customers", lambda: stack.upload("customers/all.csv", world.CUSTOMERS, world.at(0, 5, 10)))

    def invoices() -> None:
        stack.upload("invoices/january.csv", world.INVOICES, world.at(0, 5, 20))
        data = world.ubl_invoice("RE-26-1020", "Neumann Tischlerei", "600.00")
        stack.upload("invoices/1020.xml", data, world.at(0, 5, 21))

    killer.during("invoices", invoices)

    def payments() -> None:
        stack.upload("statements/february.csv", world.STATEMENT, world.at(0, 5, 30))
        stack.upload("customers/late.csv", world.LATE_CUSTOMER, world.at(0, 5, 40))
        stack.upload("invoices/late.csv", world.LATE_INVOICES, world.at(0, 5, 41))

    killer.during("payments", payments)
    killer.during("tick", lambda: ticks(stack, 0))
    killer.during("replies", lambda: answers(stack))
    stack.upload("statements/march.csv", world.LATER_STATEMENT, world.at(2, 6))
    stack.wait_until_idle()
    for day in (4, 7, 11, 15):  # enough for every silent claim to be settled
        ticks(stack, day)
        stack.wait_until_idle()

    assert len(killer.killed) == sum(PHASES.values()), killer.killed
    assert {name.split("-")[1] for name in killer.killed} == set(FUNCTION.values())
    check(stack)


def answers(stack: LocalStack) -> None:
    texts = {
        "chase@ahrens.example": "We dispute invoice RE-26-1001: the goods were damaged.",
        "mail@neumann.example": "Wir zahlen am 13.03.2026.",
    }
    for number, (sender, text) in enumerate(texts.items()):
        mails = [mail for mail in stack.mails() if sender in mail.destination]
        if mails:
            raw, to = world.answer_to(mails[-1].raw, sender, text, world.at(0, 14, number))
            stack.deliver_inbound(raw, world.at(0, 14, number), recipients=[to])


def check(stack: LocalStack) -> None:
    with edge_on(stack) as edge:
        assert audit.audit(edge, world.at(20, 0)).problems == []
        counts = world.reminders_in(edge, [mail.raw for mail in stack.mails()])
        assert counts and max(counts.values()) == 1, counts
        for account_id in audit.account_ids(edge):
            account = edge.accounts.rebuild(account_id)
            assert list(world.unfinished(account)) == []
            assert list(world.untimely_claims(edge, account_id)) == []
        undisturbed = TwinStack()
        for stage in (world.take_policy, world.take_customers, world.take_invoices, world.take_payments):
            stage(undisturbed)
        world.take_the_late(undisturbed)
        world.take_later_payments(undisturbed)
        assert audit.canonical(edge) == audit.canonical(undisturbed.edge)
    found = receipts(stack)
    assert len([key for key in found if not key.startswith("inbound/")]) == 8
    assert all(receipt["adds_up"] for several in found.values() for receipt in several)
    assert stack.dead_letters() == {}
