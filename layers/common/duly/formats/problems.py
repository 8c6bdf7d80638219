"""The one exception of the readers: a file that cannot be read (further), with a code, a reason and a line."""

from __future__ import annotations

from duly.formats.records import Reject


class FileProblem(Exception):
    """The whole file is refused. `line` counts from 1; 0 when no line can be named. Never carries personal data."""

    def __init__(self, code: str, reason: str, *, line: int = 0, field: str = "file") -> None:
        super().__init__(f"{code} at line {line}")
        self.code = code
        self.reason = reason
        self.line = line
        self.field = field

    def as_reject(self) -> Reject:
        """The reject that stands for this problem."""
        return Reject(self.line, self.field, self.code, self.reason)
