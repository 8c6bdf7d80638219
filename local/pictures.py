"""Pictures of pages and mails: an HTML file in headless Chromium, at a width, in light or dark.

    python -m local.pictures mail.html picture.png --width 375 --dark

It speaks to Chromium over two pipes (`--remote-debugging-pipe`), so it needs no port, no driver and no
library. Chromium or Chrome must be installed; `CHROMIUM` names another program.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LONGEST_WAIT_SECONDS = 60
MAX_HEIGHT_PIXELS = 16_000
"""Taller pages are cut: Chromium paints no larger picture reliably."""


class PictureError(RuntimeError):
    """No picture could be made; the text says why."""


def browser_program() -> str:
    """The path of the installed Chromium. Raises PictureError when there is none."""
    for name in (os.environ.get("CHROMIUM", ""), *PROGRAMS):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise PictureError("no Chromium found: install it (apt-get install chromium) or name it in CHROMIUM")


def take(page: Path, picture: Path, *, width: int = 640, dark: bool = False, scale: float = 1) -> None:
    """Write the whole page as PNG: `width` in CSS pixels, as tall as it is."""
    with browser() as tab:
        tab.take(page, picture, width=width, dark=dark, scale=scale)


@contextmanager
def browser() -> Iterator[Tab]:
    """One Chromium with one tab, for many pictures. Its profile is temporary and it has no network to reach."""
    to_browser, from_us = _pipe()
    from_browser, to_us = _pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            browser_program(),
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-features=IsolateSandboxedIframes",  # a mail in a page's sandbox is drawn by another process
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
            "--proxy-server=127.0.0.1:9",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        process = _started(command, to_browser, to_us)
        os.close(to_browser)
        os.close(to_us)
        try:
            yield Tab(from_us, from_browser)
        finally:
            os.close(from_us)
            os.close(from_browser)
            process.terminate()
            process.wait()


def _pipe() -> tuple[int, int]:
    """A pipe whose numbers are 10 or more, out of the way of the 3 and 4 that Chromium reads and writes."""
    reads, writes = os.pipe()
    high = fcntl.fcntl(reads, fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(writes, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(reads)
    os.close(writes)
    return high


def _started(command: list[str], reads_from: int, writes_to: int) -> subprocess.Popen[bytes]:
    """Start Chromium with our pipes as its file descriptors 3 and 4, where it looks for them."""
    shell = ["/bin/sh", "-c", f'exec "$@" 3</dev/fd/{reads_from} 4>/dev/fd/{writes_to}', "sh", *command]
    return subprocess.Popen(
        shell,
        pass_fds=(reads_from, writes_to),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Tab:
    """A tab of the browser, spoken to in the DevTools protocol: messages are JSON, each ended by a NUL byte."""

    def __init__(self, writes_to: int, reads_from: int) -> None:
        self._writes_to = writes_to
        self._reads_from = reads_from
        self._buffer = b""
        self._number = 0
        self._session = ""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")

    def take(self, page: Path, picture: Path, *, width: int = 640, dark: bool = False, scale: float = 1) -> None:
        """Write one page as PNG."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._size(width, 800, scale)
        self.call("Page.navigate", url=page.resolve().as_uri())
        self._wait_for("Page.loadEventFired")
        height = self.evaluate("Math.ceil(document.documentElement.scrollHeight)")
        self._size(width, min(int(height), MAX_HEIGHT_PIXELS), scale)
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(base64.b64decode(shot["data"]))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call one method and return its result. Raises PictureError when Chromium refuses or is silent."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise PictureError(f"{method}: {answer['error'].get('message')}")
                return dict(answer["result"])

    def _size(self, width: int, height: int, scale: float) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 500,
        )

    def _wait_for(self, event: str) -> None:
        while self._next().get("method") != event:
            pass

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._writes_to, data) :]

    def _next(self) -> dict[str, Any]:
        deadline = monotonic() + LONGEST_WAIT_SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reads_from], [], [], max(0, deadline - monotonic()))
            received = os.read(self._reads_from, 65_536) if ready else b""
            if not received:
                raise PictureError("Chromium ended or does not answer")
            self._buffer += received
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local.pictures", description="An HTML file as a PNG picture.")
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=640, help="CSS pixels (default 640)")
    parser.add_argument("--dark", action="store_true", help="as a reader with a dark display sees it")
    parser.add_argument("--scale", type=float, default=1, help="device pixels per CSS pixel (default 1)")
    chosen = parser.parse_args()
    take(chosen.page, chosen.picture, width=chosen.width, dark=chosen.dark, scale=chosen.scale)


if __name__ == "__main__":
    main()
