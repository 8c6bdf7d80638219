"""A proxy (microburst) between the functions' SDK and the emulator that throttles, breaks and loses answers by rule.

SES is not among its services here: the stand-in in local/ses_shim.py has its own faults.
"""

from __future__ import annotations

import http.client
import os
import sys
from pathlib import Path
from typing import Any, Self

from local.emulator import REGION, RUN_FOLDER, SECRET_KEY, Emulator, new_account
from local.process import HOST, Server, call


class FaultProxy:
    """One microburst process in front of an emulator, for one stack: give LocalStack its `account` and `url`.

    A call's signature covers the host, so the proxy signs again, as the account: permissions are not checked behind it.
    Rules are microburst's (a list of mappings): for example
    {"service": "dynamodb", "operation": "TransactWriteItems", "response": {"abort_frac": 0.5}, "times": 1}
    applies the write, loses the answer once. The control interface listens on the same loopback port.
    """

    def __init__(self, emulator: Emulator, run_folder: Path = RUN_FOLDER) -> None:
        self.account = new_account()
        self._server = Server(
            "faults",
            run_folder,
            port=0,
            command=lambda port: [
                *(sys.executable, "-m", "microburst", "--upstream", emulator.url),
                *("--host", HOST, "--port", str(port), "--resign"),
            ],
            environment=self._environment,
            answers=lambda port, _folder: _answers(port, emulator.url),
        )

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the process and returns once it answers; LocalStackError with its log's end if it does not."""
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def set_rules(self, rules: list[dict[str, Any]]) -> None:
        """Replaces all rules; none means that everything passes."""
        call(self._server.port, "POST", "/_microburst/rules", rules)

    def fired(self) -> list[dict[str, Any]]:
        """The faults that happened (at most the last 1,000), oldest first."""
        events: list[dict[str, Any]] = call(self._server.port, "GET", "/_microburst/fired?limit=1000")
        return events

    def _environment(self, _port: int, folder: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }


def _answers(port: int, upstream: str) -> bool:
    try:
        return bool(call(port, "GET", "/_microburst/health").get("upstream") == upstream)
    except (OSError, http.client.HTTPException):
        return False
