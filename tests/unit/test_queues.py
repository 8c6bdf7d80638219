"""Messages go out ten in a call; what SQS does not take is sent again, and missed by nobody."""

from __future__ import annotations

from typing import Any

import pytest

from duly.store.queues import BATCH_ATTEMPTS, MemoryQueues, Message, NotSent, SqsQueues


class Client:
    """An SQS that does not take the messages with these numbers, once for each time that they are named."""

    def __init__(self, *refusals: set[int], sender_fault: bool = False) -> None:
        self.refusals = list(refusals)
        self.sender_fault = sender_fault
        self.taken: list[str] = []
        self.calls: list[int] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "url"
        assert len({one["Id"] for one in Entries}) == len(Entries)
        self.calls.append(len(Entries))
        refused = self.refusals.pop(0) if self.refusals else set()
        failed = [one for one in Entries if int(one["MessageBody"]) in refused]
        self.taken += [one["MessageBody"] for one in Entries if one not in failed]
        return {"Failed": [{"Id": one["Id"], "SenderFault": self.sender_fault} for one in failed]}


def sent(client: Client, count: int) -> list[float]:
    pauses: list[float] = []
    queues = SqsQueues({"account": "url"}, pauses.append)
    queues.__dict__["client"] = client
    messages = (Message(number, f"group {number}", f"once {number}") for number in range(count))  # type: ignore[arg-type]
    assert queues.send_all("account", messages) == count
    return pauses


def test_ten_messages_go_in_one_call() -> None:
    client = Client()
    assert sent(client, 23) == []
    assert client.calls == [10, 10, 3]
    assert client.taken == [str(number) for number in range(23)]


def test_messages_that_were_not_taken_are_sent_again_after_pauses() -> None:
    client = Client(set(), {11, 13}, {13})
    pauses = sent(client, 20)
    assert client.calls == [10, 10, 2, 1]
    assert sorted(map(int, client.taken)) == list(range(20))
    assert pauses == [0.1, 0.2]


def test_messages_that_are_never_taken_are_an_error() -> None:
    client = Client(*[{3}] * BATCH_ATTEMPTS)
    with pytest.raises(NotSent, match="1 of 5"):
        sent(client, 5)
    assert client.calls == [5, 1, 1, 1]


def test_a_message_that_is_at_fault_itself_is_not_sent_again() -> None:
    client = Client({3}, sender_fault=True)
    with pytest.raises(NotSent):
        sent(client, 5)
    assert client.calls == [5]


def test_the_twin_takes_a_batch_as_single_messages() -> None:
    one, all_at_once = MemoryQueues(), MemoryQueues()
    messages = [Message({"n": number}, "g", str(number % 12)) for number in range(15)]
    for message in messages:
        one.send("account", message)
    assert all_at_once.send_all("account", iter(messages)) == 15
    assert one.queues == all_at_once.queues
