"""The emulator of AWS (ministack) as a child process on loopback: start, wait until healthy, clients, stop.

The emulator runs the functions with its own environment and listens without asking who calls. So it gets a clean
environment, binds 127.0.0.1 only, and keeps all its files in a folder below `.run/` that goes when it goes.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
RUN_FOLDER = ROOT / ".run"
REGION = "eu-central-1"
HOST = "127.0.0.1"

START_SECONDS = 30.0
"""A start takes under a second; past this bound something is wrong and the log says what."""
STOP_SECONDS = 15.0
START_TRIES = 3
"""A free port can be taken between looking and starting, so a start is tried again on another."""
_POLL_SECONDS = 0.02
_LOG_TAIL_CHARACTERS = 2000


_MAIN = """
import runpy, socketserver
# the emulator answers a function's runtime client in two small packets; without this each waits 40 ms for the other
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
"""


class LocalStackError(RuntimeError):
    """The local stack cannot do what was asked; the text says what and where to look."""


def new_account() -> str:
    """A random 12-digit account id: the emulator keeps each account's resources apart, which isolates two stacks."""
    return str(secrets.randbelow(900_000_000_000) + 100_000_000_000)


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Emulator:
    """One ministack process. Use as a context manager, or call `start` and `stop`. `port` 0 takes a free one."""

    def __init__(self, run_folder: Path = RUN_FOLDER, *, port: int = 0) -> None:
        self.run_folder = run_folder
        self.port = port
        self.log_path = run_folder / "emulator.log"
        self._fixed_port = port
        self._guard: subprocess.Popen[bytes] | None = None
        self._folder_name = ""
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def url(self) -> str:
        """The endpoint of every emulated service."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the process and returns once it answers. Raises LocalStackError with the log's end if it does not."""
        if self.running:
            return
        self.run_folder.mkdir(parents=True, exist_ok=True)
        _remove_left_overs(self.run_folder)
        for attempt in range(1, START_TRIES + 1):
            self.port = self._fixed_port or free_port()
            self._launch()
            if self._wait_until_healthy():
                return
            self.stop()
            if self._fixed_port or attempt == START_TRIES:
                break
        raise LocalStackError(f"the emulator did not start on port {self.port}; its log ends:\n{self._log_tail()}")

    def stop(self) -> None:
        """Kills the process, its functions and their folder. Safe to call twice."""
        guard, self._guard = self._guard, None
        self._clients.clear()
        if guard is None or guard.stdin is None:
            return
        guard.stdin.close()
        try:
            guard.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LocalStackError(f"the emulator's guard {guard.pid} did not stop in {STOP_SECONDS} s") from error

    def client(self, service: str, account: str, **config: Any) -> Any:
        """A boto3 client of `service` in `account`, cached. It ignores the user's own AWS configuration and proxies."""
        key = (service, account)
        if config:
            return make_client(service, self.url, account, **config)
        if key not in self._clients:
            self._clients[key] = make_client(service, self.url, account)
        return self._clients[key]

    def _launch(self) -> None:
        # names in the temporary folder must not grow long: sockets below it have a limit of about 100 characters
        folder = Path(tempfile.mkdtemp(prefix="emulator-", dir=self.run_folder))
        command = [sys.executable, "-c", _MAIN]
        self._folder_name = folder.name
        with self.log_path.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), str(folder), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(folder),
                cwd=folder,
                start_new_session=True,  # Ctrl-C in the terminal must reach only the starter, who then stops in order
            )

    def _environment(self, folder: Path) -> dict[str, str]:
        """All that the emulator and its functions see; nothing of the user's environment leaks into them."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "MINISTACK_EDITION": folder.name,  # the health page says it: so an answer is known to be this process's
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.url,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "S3_DATA_DIR": str(folder / "s3"),
            "STATE_DIR": str(folder / "state"),
        }

    def _wait_until_healthy(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.running and time.monotonic() < deadline:
            if _edition(self.port) == self._folder_name:
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _log_tail(self) -> str:
        if not self.log_path.exists():
            return "(no log)"
        return self.log_path.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL_CHARACTERS:]


def make_client(service: str, url: str, account: str, **config: Any) -> Any:
    """A boto3 client for `url` that acts in `account` and knows nothing of the user's profiles and proxies."""
    import boto3
    import botocore.session
    from botocore.config import Config

    nothing = (None, None, None, None)
    # profile and files are set to nothing, else a user's AWS_PROFILE or ~/.aws/config changes the local stack
    core = botocore.session.Session(session_vars={"profile": nothing, "config_file": (None, None, os.devnull, None)})
    session = boto3.Session(
        botocore_session=core, aws_access_key_id=account, aws_secret_access_key="test", region_name=REGION
    )
    settings: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 32, "proxies": {}}
    return session.client(service, endpoint_url=url, config=Config(**(settings | config)))


def _edition(port: int) -> str | None:
    """What the health page says under `edition`; None while nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        response = connection.getresponse()
        return str(json.loads(response.read()).get("edition")) if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _remove_left_overs(run_folder: Path) -> None:
    """Deletes folders of emulators whose guard was killed too: nobody holds their lock."""
    for folder in run_folder.glob("emulator-*/"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), (folder / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
