"""Runs one command and ends it, with all its children, when whoever started the guard is gone.

    python guard.py FOLDER COMMAND [ARGUMENT...]

The starter keeps the write end of this process's standard input. It closes when the starter closes it or dies, however
it dies (Ctrl-C, an exception, kill -9): then the command's process group is killed and FOLDER deleted. FOLDER/lock is
held locked meanwhile, so that a later start knows a left-over folder from one in use. Needs the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _kill_at_end_of_input(group: int) -> None:
    while os.read(0, 1024):
        continue
    _kill_group(group)


def main(folder: Path, command: list[str]) -> int:
    """Runs `command` until it ends or standard input closes; returns its exit code (negative: a signal)."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        threading.Thread(target=_kill_at_end_of_input, args=(child.pid,), daemon=True).start()
        code = child.wait()
        _kill_group(child.pid)
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
