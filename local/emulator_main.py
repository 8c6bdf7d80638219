"""What runs as the emulator's process: ministack with three small changes.

    python -P local/emulator_main.py

Its pinned version (requirements/dev.in) makes reaching into it safe; tests/integration/test_local_stack.py notices
when a new one differs.
"""

from __future__ import annotations

import json
import socketserver
from typing import Any

import ministack.app
from ministack.core import iam_actions
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
    ministack.app.main()


if __name__ == "__main__":
    main()
