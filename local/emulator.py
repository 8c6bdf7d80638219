"""The emulator of AWS (ministack) as a child process on loopback: start, wait until healthy, clients, stop.

The emulator runs the functions with its own environment and listens without asking who calls. So it gets a clean
environment, binds 127.0.0.1 only, and keeps all its files in a folder below `.run/` that goes when it goes.
"""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any, Self

from local.process import HOST, LocalStackError, Server, call

__all__ = [
    "HOST",
    "REGION",
    "ROOT",
    "RUN_FOLDER",
    "SECRET_KEY",
    "Emulator",
    "LocalStackError",
    "make_client",
    "new_account",
]

ROOT = Path(__file__).resolve().parent.parent
RUN_FOLDER = ROOT / ".run"
REGION = "eu-central-1"
SECRET_KEY = "test"
"""The emulator's one secret; the access key is the account's id."""

_FUNCTION_NAME = "AWS_LAMBDA_FUNCTION_NAME="
_MAIN = Path(__file__).with_name("emulator_main.py")
RUNNING_PATH = "/_local/running"


def new_account() -> str:
    """A random 12-digit account id: the emulator keeps each account's resources apart, which isolates two stacks."""
    return str(secrets.randbelow(900_000_000_000) + 100_000_000_000)


class Emulator:
    """One ministack process. Use as a context manager, or call `start` and `stop`. `port` 0 takes a free one."""

    def __init__(self, run_folder: Path = RUN_FOLDER, *, port: int = 0) -> None:
        self._server = Server(
            "emulator",
            run_folder,
            port=port,
            command=lambda _port: [sys.executable, "-P", str(_MAIN)],
            environment=_environment,
            answers=_answers,
        )
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        """The endpoint of every emulated service."""
        return f"http://{HOST}:{self.port}"

    @property
    def log_path(self) -> Path:
        return self._server.log_path

    @property
    def running(self) -> bool:
        return self._server.running

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the process and returns once it answers. Raises LocalStackError with the log's end if it does not."""
        self._server.start()

    def stop(self) -> None:
        """Kills the process, its functions and their folder. Safe to call twice."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._server.stop()

    def client(self, service: str, account: str) -> Any:
        """A boto3 client of `service` in `account`, cached. It ignores the user's own AWS configuration and proxies."""
        key = (service, account)
        if key not in self._clients:
            self._clients[key] = make_client(service, self.url, account)
        return self._clients[key]

    def running_functions(self, account: str) -> dict[str, int]:
        """Invocations that run now in an account, by `account:region:function name`."""
        running: dict[str, int] = call(self.port, "GET", RUNNING_PATH)
        return {function: count for function, count in running.items() if function.startswith(f"{account}:")}

    def function_processes(self, variable: str) -> dict[int, str]:
        """Process id and function name of each function environment that has `variable` (`NAME=value`; Linux only)."""
        wanted = {f"GATEWAY_PORT={self.port}", variable}
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            variables = _variables_of(folder)
            if wanted <= variables:
                names = [value.partition("=")[2] for value in variables if value.startswith(_FUNCTION_NAME)]
                found.update({int(folder.name): name for name in names})
        return found

    def kill_functions(self, variable: str) -> int:
        """Kills the function environments that have `variable` where they stand, as a crash would; returns how many."""
        killed = 0
        for process in self.function_processes(variable):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed += 1
        return killed


def make_client(service: str, url: str, account: str) -> Any:
    """A boto3 client for `url` that acts in `account` and knows nothing of the user's profiles and proxies."""
    import boto3
    import botocore.session
    from botocore.config import Config

    nothing = (None, None, None, None)
    # profile and files are set to nothing, else a user's AWS_PROFILE or ~/.aws/config changes the local stack
    core = botocore.session.Session(session_vars={"profile": nothing, "config_file": (None, None, os.devnull, None)})
    session = boto3.Session(
        botocore_session=core, aws_access_key_id=account, aws_secret_access_key=SECRET_KEY, region_name=REGION
    )
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32, proxies={})
    return session.client(service, endpoint_url=url, config=config)


def _environment(port: int, folder: Path) -> dict[str, str]:
    """All that the emulator and its functions see; nothing of the user's environment leaks into them."""
    url = f"http://{HOST}:{port}"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "MINISTACK_EDITION": folder.name,  # the health page says it: so an answer is known to be this process's
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL": url,
        "AUTH": "true",  # the functions may do what the template's policies allow, and nothing else
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
    }


def _answers(port: int, folder: Path) -> bool:
    try:
        return bool(call(port, "GET", "/_ministack/health").get("edition") == folder.name)
    except (OSError, http.client.HTTPException):
        return False


def _variables_of(process_folder: Path) -> set[str]:
    """The environment of a process; empty when it is another user's or has just ended."""
    try:
        return set((process_folder / "environ").read_bytes().decode(errors="replace").split("\0"))
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return set()
