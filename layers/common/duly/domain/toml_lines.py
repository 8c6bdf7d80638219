"""On which line a key of a TOML text stands. The standard library's reader does not say; errors for people need it.

The text must already be valid TOML: this scanner follows its tables, keys, strings and brackets, and checks nothing.
"""

from __future__ import annotations

import re
from typing import Final

KeyPath = tuple["str | int", ...]

_HEADER: Final = re.compile(r"\s*(\[\[?)(.*)")
_KEY_PART: Final = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_STRING_MARKS: Final = ('"""', "'''", '"', "'")


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of each table and key, by path; elements of an array of tables are numbered from 0.

    Keys inside an inline table are not listed: ask ``line_of``, which falls back to what holds them.
    """
    lines: dict[KeyPath, int] = {}
    arrays: dict[KeyPath, int] = {}
    table: KeyPath = ()
    open_value = _OpenValue()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if open_value.is_open:
            open_value.follow(line)
            continue
        header = _HEADER.match(line)
        if header is not None:
            names, _ = _dotted(header[2], 0)
            table = _entered(names, arrays, is_array=header[1] == "[[")
            lines.setdefault(table, number)
            continue
        names, end = _dotted(line, 0)
        if names:
            lines.setdefault(table + names, number)
            open_value.follow(line[end + 1 :])
    return lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int:
    """The line of ``path`` or, failing that, of the nearest table or key that holds it; 0 when nothing does."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def _dotted(text: str, position: int) -> tuple[tuple[str, ...], int]:
    """The parts of a dotted key at ``position`` and where it ends; no parts for a blank line or a comment."""
    parts: list[str] = []
    while found := _KEY_PART.match(text, position):
        parts.append(next(part for part in found.groups() if part is not None))
        position = found.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(parts), position


def _entered(names: tuple[str, ...], arrays: dict[KeyPath, int], *, is_array: bool) -> KeyPath:
    """The path of a header's table, with the numbers of the array elements that it lies in."""
    path: KeyPath = ()
    for position, name in enumerate(names):
        path += (name,)
        if is_array and position == len(names) - 1:
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path += (arrays[path],)
    return path


class _OpenValue:
    """Whether a value that began on an earlier line goes on: inside a long string or inside brackets."""

    def __init__(self) -> None:
        self._mark = ""
        self._depth = 0

    @property
    def is_open(self) -> bool:
        return bool(self._mark) or self._depth > 0

    def follow(self, text: str) -> None:
        """Read one more line (or the rest of one) of the value."""
        position = 0
        while position < len(text):
            position = self._in_string(text, position) if self._mark else self._outside(text, position)
        if len(self._mark) == 1:  # a short string never goes over the end of a line
            self._mark = ""

    def _outside(self, text: str, position: int) -> int:
        mark = next((mark for mark in _STRING_MARKS if text.startswith(mark, position)), "")
        if mark:
            self._mark = mark
            return position + len(mark)
        character = text[position]
        if character == "#":
            return len(text)
        self._depth += (character in "[{") - (character in "]}")
        return position + 1

    def _in_string(self, text: str, position: int) -> int:
        if text[position] == "\\" and self._mark[0] == '"':
            return position + 2
        if text.startswith(self._mark, position):
            position += len(self._mark)
            while len(self._mark) == 3 and text.startswith(self._mark[0], position):
                position += 1  # up to two more quotes belong to the string's end
            self._mark = ""
            return position
        return position + 1
