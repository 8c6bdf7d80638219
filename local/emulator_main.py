"""What runs as the emulator's process: ministack with five small changes.

    python -P local/emulator_main.py

Its pinned version (requirements/dev.in) makes reaching into it safe; tests/integration/test_local_stack.py notices
when a new one differs.
"""

from __future__ import annotations

import json
import socketserver
from typing import Any

import h11
import ministack.app
from hypercorn.events import RawData
from hypercorn.protocol.h11 import H11Protocol
from ministack.core import iam_actions
from ministack.services import s3
from ministack.services.lambda_svc import executions_in_flight

RUNNING_PATH = "/_local/running"
"""Answers {account:region:function name: invocations that run now}, without which nobody knows when a stack is idle."""


def main() -> None:
    """Never returns: serves until killed."""
    # the emulator answers a function's runtime client in two small packets; without this each waits 40 ms for the other
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    ready = ministack.app._handle_ready_request

    def ready_or_running(path: str, request_id: str) -> Any:
        if path != RUNNING_PATH:
            return ready(path, request_id)
        _total, running = executions_in_flight()
        return 200, {"Content-Type": "application/json"}, json.dumps(running).encode()

    ministack.app._handle_ready_request = ready_or_running
    action_of = iam_actions.extract_iam_action

    def action_as_allowed(*request: Any, **named: Any) -> Any:
        """On AWS a batch of messages is sent, changed and deleted by the right to do so with one; policies know no
        other action (Amazon SQS developer guide, API permissions)."""
        action = action_of(*request, **named)
        is_batch = isinstance(action, str) and action.startswith("sqs:") and action.endswith("Batch")
        return action.removesuffix("Batch") if is_batch else action

    iam_actions.extract_iam_action = action_as_allowed
    get_object = s3._get_object

    def get_object_or_range(bucket: str, key: str, headers: dict[str, str], query: Any = None) -> Any:
        """A range of a named version, which the emulator answers with all of it."""
        status, answer, body = get_object(bucket, key, headers, query)
        wanted = s3._parse_range(headers.get("range", ""), len(body)) if status == 200 else None
        if wanted is None:
            return status, answer, body
        start, end = wanted
        kept = {name: value for name, value in answer.items() if "checksum" not in name.lower()}
        kept |= {"Content-Length": str(end + 1 - start), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
        return 206, kept, body[start : end + 1]

    s3._get_object = get_object_or_range
    H11Protocol._send_h11_event = send_whole  # type: ignore[method-assign]
    ministack.app.main()


async def send_whole(self: Any, event: Any) -> None:
    """Sends an answer's head with its body: in a packet of its own it wakes the client for nothing."""
    try:
        data = self.connection.send(event)
    except h11.LocalProtocolError:
        if self.connection.their_state is not h11.ERROR:
            raise
        return
    head, self.head = getattr(self, "head", b""), b""
    if isinstance(event, h11.Response):
        self.head = data
    elif head or data:
        await self.send(RawData(data=head + (data or b"")))


if __name__ == "__main__":
    main()
