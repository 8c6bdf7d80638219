"""OFX 1 (SGML) and OFX 2 (XML) to a tree of the aggregates that a statement needs.

OFX 1 closes aggregates but need not close elements, whose value runs to the next tag; OFX 2 closes both. One scan reads
either: what is not a known aggregate is an element. There is no entity but characters, no DOCTYPE and no attribute, so
nothing outside the file is ever asked for.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from duly.formats.decoding import decode_as, detect_encoding
from duly.formats.problems import FileProblem
from duly.formats.xml import MAX_TAGS

_AGGREGATE_NAMES: Final = """
    OFX SIGNONMSGSRSV1 SONRS STATUS FI BANKMSGSRSV1 STMTTRNRS STMTRS BANKACCTFROM BANKTRANLIST STMTTRN BANKTRANLISTP
    STMTTRNP PAYEE EXTDPAYEE BANKACCTTO CCACCTTO CURRENCY ORIGCURRENCY LEDGERBAL AVAILBAL BALLIST BAL
    CREDITCARDMSGSRSV1 CCSTMTTRNRS CCSTMTRS CCACCTFROM INVSTMTMSGSRSV1 INVSTMTTRNRS INVSTMTRS INVACCTFROM INVTRANLIST
    INVBANKTRAN INVTRAN INVBAL INVPOSLIST SECLISTMSGSRSV1 IMAGEDATA
"""
_AGGREGATES: Final = frozenset(_AGGREGATE_NAMES.split())
#: Deepest nesting of known aggregates; the deepest that is used needs 8.
MAX_DEPTH: Final = 32
_TOKEN: Final = re.compile(
    r"(<!\[CDATA\[)|<(/?)([A-Za-z][A-Za-z0-9._-]{0,63})(?![A-Za-z0-9._-])[^<>]{0,200}>", re.DOTALL
)
_ROOT: Final = re.compile(r"<OFX>", re.IGNORECASE)
_END_OF_ROOT: Final = re.compile(r"</OFX\s*>", re.IGNORECASE)
# The header of OFX 1 names its code page as a number or as an ISO name; the declaration of OFX 2 an encoding.
_CHARSET: Final = re.compile(rb"CHARSET:\s*([A-Za-z0-9._-]+)|<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")
_CHARSETS: Final = {
    "1252": "windows-1252",
    "windows-1252": "windows-1252",
    "us-ascii": "windows-1252",
    "none": "windows-1252",
    "1250": "windows-1250",
    "windows-1250": "windows-1250",
    "8859-1": "iso-8859-1",
    "8859-2": "iso-8859-2",
    "8859-15": "iso-8859-15",
}
_HEADER_BYTES: Final = 2_000


@dataclass(slots=True)
class Node:
    """An aggregate: its line, the first value of each element in it, and the aggregates in it."""

    name: str
    line: int
    values: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def value(self, *names: str) -> str:
        """The first of these elements that has a value."""
        return next((found for name in names if (found := self.values.get(name))), "")

    def first(self, *names: str) -> Node | None:
        """The first aggregate right below with one of these names."""
        return next((child for child in self.children if child.name in names), None)

    def every(self, *names: str) -> Iterator[Node]:
        """All aggregates below, at any depth, with one of these names, in the order of the file."""
        for child in self.children:
            if child.name in names:
                yield child
            yield from child.every(*names)


def read_tree(data: bytes) -> Node:
    """The tree below the OFX element. Raises FileProblem when the file holds none or is too large."""
    text = _decoded(data)
    found = _ROOT.search(text)
    if found is None:
        raise FileProblem("no_statement", "expected an OFX element, found none", line=1)
    if _END_OF_ROOT.search(text, found.end()) is None:
        reason = "expected the end of the OFX element, found the end of the file: it is not whole"
        raise FileProblem("cut_off", reason, line=text.count("\n") + 1)
    scan = _Scan()
    scan.read(text, found.start())
    return scan.root


class _Scan:
    """One pass over the tags."""

    def __init__(self) -> None:
        self.root = Node("", 1)
        self._stack = [self.root]
        self._element = ""
        self._parts = list[str]()

    def read(self, text: str, position: int) -> None:
        """Take all tags from a position on."""
        line, counted, tags, has_literals = text.count("\n", 0, position) + 1, position, 0, True
        while found := _TOKEN.search(text, position):
            if self._element:
                self._parts.append(html.unescape(text[position : found.start()]))
            position = found.end()
            if found[1]:
                end = text.find("]]>", position) if has_literals else -1
                has_literals = end >= 0  # an end that is missing once is missing for all that follow
                if has_literals:
                    self._parts.append(text[position:end])
                    position = end + 3
                continue
            tags += 1
            if tags > MAX_TAGS:
                raise FileProblem("too_large", f"expected at most {MAX_TAGS} tags, found more")
            line += text.count("\n", counted, found.start())
            counted = found.start()
            self._tag(found[3].upper(), is_end=bool(found[2]), line=line)
        if self._element:
            self._parts.append(html.unescape(text[position:]))
        self._end_element()

    def _tag(self, name: str, *, is_end: bool, line: int) -> None:
        self._end_element()
        if name not in _AGGREGATES:
            self._element = "" if is_end else name
        elif not is_end:
            if len(self._stack) > MAX_DEPTH:
                raise FileProblem(
                    "too_large", f"expected at most {MAX_DEPTH} levels of aggregates, found more", line=line
                )
            node = Node(name, line)
            self._stack[-1].children.append(node)
            self._stack.append(node)
        elif any(node.name == name for node in self._stack):  # an end without a start is passed over
            while self._stack.pop().name != name:
                pass

    def _end_element(self) -> None:
        """Keep the value of the element that ends here; the first of a name counts."""
        value = "".join(self._parts).strip()
        if self._element and value:
            self._stack[-1].values.setdefault(self._element, value)
        self._element = ""
        self._parts.clear()


def _decoded(data: bytes) -> str:
    """The text: UTF-8 where the bytes are (many banks write it whatever their header says), else as the header says."""
    stated = _CHARSET.search(data[:_HEADER_BYTES])
    name = (stated[1] or stated[2]).decode("ascii").lower().removeprefix("iso-") if stated else "none"
    try:
        found = detect_encoding(data)
    except FileProblem:
        if name not in _CHARSETS:
            raise
        found = "windows-1252"
    return decode_as(data, _CHARSETS.get(name, found) if found == "windows-1252" else found)
