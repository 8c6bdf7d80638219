"""Child processes that cannot outlive whoever started them: each runs under local/guard.py in a folder of its own."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
START_SECONDS = 30.0
"""A start takes about a second; past this bound something is wrong and the log says what."""
STOP_SECONDS = 15.0
START_TRIES = 3
"""A free port can be taken between looking and starting, so a start is tried again on another."""
_POLL_SECONDS = 0.02
_LOG_TAIL_CHARACTERS = 2000


class LocalStackError(RuntimeError):
    """The local stack cannot do what was asked; the text says what and where to look."""


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Server:
    """A server program on a loopback port. `name` is for folders, the log and error texts; `port` 0 takes a free one.

    `command` and `environment` are asked at each start, when the port and the program's folder are known;
    `answers(port, folder)` says whether it is this program, and no other, that answers there.
    """

    def __init__(
        self,
        name: str,
        run_folder: Path,
        *,
        port: int,
        command: Callable[[int], Sequence[str]],
        environment: Callable[[int, Path], dict[str, str]],
        answers: Callable[[int, Path], bool],
    ) -> None:
        self.port = port
        self.log_path = run_folder / f"{name}.log"
        self._name = name
        self._run_folder = run_folder
        self._fixed_port = port
        self._command = command
        self._environment = environment
        self._answers = answers
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> None:
        """Starts the program and returns once it answers. Raises LocalStackError with the log's end if it does not."""
        if self.running:
            return
        self._run_folder.mkdir(parents=True, exist_ok=True)
        _remove_left_overs(self._run_folder, self._name)
        for _ in range(1 if self._fixed_port else START_TRIES):
            self.port = self._fixed_port or free_port()
            if self._wait_until_answering(self._launch()):
                return
            self.stop()
        raise LocalStackError(f"{self._name} did not start on port {self.port}; its log ends:\n{self._log_tail()}")

    def stop(self) -> None:
        """Kills the program, its children and its folder. Safe to call twice."""
        guard, self._guard = self._guard, None
        if guard is None or guard.stdin is None:
            return
        guard.stdin.close()
        try:
            guard.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LocalStackError(f"{self._name} (guard {guard.pid}) did not stop in {STOP_SECONDS} s") from error

    def _launch(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=f"{self._name}-", dir=self._run_folder))
        guard = Path(__file__).with_name("guard.py")
        with self.log_path.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(guard), str(folder), *self._command(self.port)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(self.port, folder),
                cwd=folder,
                start_new_session=True,  # Ctrl-C in the terminal must reach only the starter, who then stops in order
            )
        return folder

    def _wait_until_answering(self, folder: Path) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.running and time.monotonic() < deadline:
            if self._answers(self.port, folder):
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _log_tail(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARACTERS:]


def call(port: int, method: str, path: str, body: Any = None) -> Any:
    """One request to a server on loopback, JSON both ways. Raises OSError or HTTPException when nobody answers well."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        data = response.read()
        if response.status != http.client.OK:
            raise http.client.HTTPException(f"{method} {path}: {response.status} {data[:200]!r}")
        return json.loads(data)
    finally:
        connection.close()


def _remove_left_overs(run_folder: Path, name: str) -> None:
    """Deletes folders of programs whose guard was killed too: nobody holds their lock."""
    for folder in run_folder.glob(f"{name}-*/"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), (folder / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
