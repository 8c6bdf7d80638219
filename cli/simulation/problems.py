"""What cannot be played: a problem of the output, never an end of the run."""

from __future__ import annotations


class NotPossible(Exception):
    """An event that cannot be played. ``code`` is the problem's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
