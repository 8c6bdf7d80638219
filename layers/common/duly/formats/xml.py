"""XML read without trust: no DOCTYPE, entities or network, bounded depth and size; namespaces are taken off."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, Final, Protocol, cast

from duly.formats.decoding import check_bytes, decode
from duly.formats.problems import FileProblem


class Element(Protocol):
    """What is used of an lxml element (lxml itself is imported only where XML is parsed)."""

    @property
    def tag(self) -> Any:
        """The local name (parse_xml takes the namespaces off)."""

    @property
    def text(self) -> str | None:
        """Text before the first child."""

    @property
    def sourceline(self) -> int | None:
        """Line of the start tag, from 1."""

    def get(self, key: str) -> str | None:
        """An attribute."""

    def find(self, path: str, /) -> Element | None:
        """The first element at a path."""

    def iterfind(self, path: str, /) -> Iterator[Element]:
        """All elements at a path."""

    def iterchildren(self) -> Iterator[Element]:
        """The elements right below."""

    def getparent(self) -> Element | None:
        """The element right above."""


class Indexed:
    """An Element whose children are found by name at once, for elements in which many places are looked up.

    Each level is indexed when it is first asked for. The element below must stay as it is meanwhile.
    """

    __slots__ = ("_children", "_element")

    def __init__(self, element: Any) -> None:
        self._element = element
        self._children: dict[str, list[Indexed]] | None = None

    @property
    def tag(self) -> Any:
        """The local name."""
        return self._element.tag

    @property
    def text(self) -> str | None:
        """Text before the first child."""
        return cast(str | None, self._element.text)

    @property
    def sourceline(self) -> int | None:
        """Line of the start tag, from 1."""
        return cast(int | None, self._element.sourceline)

    def get(self, key: str) -> str | None:
        """An attribute."""
        return cast(str | None, self._element.get(key))

    def getparent(self) -> Element | None:
        """The element right above."""
        return cast(Element | None, self._element.getparent())

    def iterchildren(self) -> Iterator[Element]:
        """The elements right below."""
        return cast(Iterator[Element], self._element.iterchildren())

    def find(self, path: str, /) -> Indexed | None:
        """The first element at a path, trying all branches."""
        node = self
        for name in path.split("/"):
            found = node._named(name)
            if len(found) != 1:
                return next(self.iterfind(path), None) if found else None
            node = found[0]
        return node

    def iterfind(self, path: str, /) -> Iterator[Indexed]:
        """All elements at a path, in document order."""
        name, _, rest = path.partition("/")
        found = self._named(name)
        return iter(found) if not rest else (below for one in found for below in one.iterfind(rest))

    def _named(self, name: str) -> list[Indexed]:
        if self._children is None:
            self._children = {}
            for child in self._element:
                self._children.setdefault(child.tag, []).append(Indexed(child))
        return self._children.get(name, _NO_CHILDREN)


_NO_CHILDREN: Final[list[Indexed]] = []

#: Largest XML file that is read as a tree, which takes several times the size of the file.
MAX_XML_BYTES: Final = 16 * 1024 * 1024
#: Most tags (opening and closing) that are read: an XML of nothing but tags takes far more memory than one of texts.
MAX_TAGS: Final = 2_000_000
#: As much of a file as the parser is given at once where it is read piece by piece.
STREAM_BYTES: Final = 64 * 1024
#: Deepest nesting of elements; the deepest supported format needs 15.
MAX_DEPTH: Final = 64

# One-byte encodings that an XML declaration may name; all hold ASCII unchanged, so the scan for a DOCTYPE is safe.
_ENCODINGS: Final = re.compile(r"utf-?8|us-ascii|iso-8859-(?:[1-9]|1[0-6])|windows-125[0-8]", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BEFORE_ROOT: Final = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT: Final = re.compile(
    rb"<(?:[\w.-]+:)?([\w.-]{1,100})((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*)\s*/?>", re.ASCII
)
_DEFAULT_NAMESPACE: Final = re.compile(rb"\sxmlns\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_DATE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_DECIMAL: Final = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")


def root_of(data: bytes) -> tuple[str, str] | None:
    """Local name and attributes (namespaces too) of the root element, by a look at the start; None if there is none."""
    found = _ROOT.match(data, _start_of_root(data))
    return (found[1].decode("utf-8", "replace"), found[2].decode("utf-8", "replace")) if found else None


def parse_xml(data: bytes) -> Element:
    """The root element. Raises FileProblem for anything that is not plain, well-formed, moderately nested XML."""
    from lxml import etree

    if len(data) > MAX_XML_BYTES:
        raise FileProblem("too_large", f"expected XML of at most {MAX_XML_BYTES} bytes, found {len(data)}")
    if data.count(b"<") > MAX_TAGS:
        raise FileProblem("too_large", f"expected XML of at most {MAX_TAGS} tags, found {data.count(b'<')}")
    parser = etree.XMLParser(**_parser_options(data))
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _broken(error) from None
    strip_namespaces(root)
    return cast(Element, root)


def stream_xml(data: bytes, names: Collection[str]) -> Iterator[tuple[str, Element]]:
    """("start", element) and ("end", element) for each element of these local names, in document order.

    An element that has ended has all its children, without namespaces (its own tag keeps its). It is emptied when the
    next event is asked for, so that a file of any number of them needs the memory of one. What stands between them is
    kept, up to MAX_TAGS tags. Raises FileProblem as `parse_xml` does, at the place where it is found.
    """
    from lxml import etree

    wanted = [f"{{*}}{name}" for name in names]
    options = _parser_options(data)
    data = _without_default_namespace(data)
    parser = etree.XMLPullParser(("start", "end"), tag=wanted, **options)
    kept_tags = 0
    for position in range(0, len(data), STREAM_BYTES):
        piece = data[position : position + STREAM_BYTES]
        kept_tags += piece.count(b"<")
        if kept_tags > MAX_TAGS:
            raise FileProblem("too_large", f"expected at most {MAX_TAGS} tags between entries, found more")
        try:
            parser.feed(piece)
            if position + STREAM_BYTES >= len(data):
                parser.close()
        except etree.XMLSyntaxError as error:
            raise _broken(error) from None
        for event, element in parser.read_events():
            if event == "start":
                yield "start", cast(Element, element)
                continue
            kept_tags -= strip_namespaces(element, below=True)
            yield "end", cast(Element, element)
            _release(element)


def _without_default_namespace(data: bytes) -> bytes:
    """The same bytes with spaces where the root declares the default namespace: nobody has to take it off element by
    element then, which is half of the work of reading a large file. Other namespaces stay, and so do all places."""
    root = _ROOT.match(data, _start_of_root(data))
    declared = _DEFAULT_NAMESPACE.search(data, root.start(), root.end()) if root else None
    if declared is None:
        return data
    start, end = declared.span()
    return data[:start] + b" " * (end - start) + data[end:]


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _release(element: Any) -> None:
    """Empty an element that has been used, and take away the one before it, which was emptied earlier.

    The element itself stays until the next one: the parser may still add text behind it.
    """
    element.clear(keep_tail=True)
    before = element.getprevious()
    if before is not None and before.tag == element.tag and len(before) == 0:
        element.getparent().remove(before)


def first(element: Element | None, path: str) -> Element | None:
    """The first element at a path of local names such as "Party/PartyName/Name", trying all branches; None if none."""
    return None if element is None else element.find(path)


def every(element: Element | None, path: str) -> Iterable[Element]:
    """All elements at a path of local names, in document order."""
    return () if element is None else element.iterfind(path)


def value(element: Element | None, path: str) -> str:
    """The text of the first element at a path that has any, white space around it cut; "" if none has."""
    found = None if element is None else element.find(path)
    text = (found.text or "").strip() if found is not None else ""
    return text if text or found is None else next(values(element, path), "")


def values(element: Element | None, path: str) -> Iterator[str]:
    """The texts of all elements at a path, those without text left out."""
    for found in every(element, path):
        text = (found.text or "").strip()
        if text:
            yield text


def machine_date(text: str) -> str:
    """The day of an xs:date or xs:dateTime, without time and zone; other texts unchanged."""
    found = _DATE.fullmatch(text)
    return found[1] if found else text


def machine_amount(text: str) -> str:
    """An xs:decimal in the form that parse_minor reads ("+5." and ".5" are legal in XML); other texts unchanged."""
    found = _DECIMAL.fullmatch(text)
    if not found or not (found[2] or found[3]):
        return text
    sign = "-" if found[1] == "-" else ""
    return f"{sign}{found[2] or '0'}" + (f".{found[3]}" if found[3] else "")


class Lines:
    """Line numbers that never repeat: the line of an element, or the next free one when several start on one line."""

    def __init__(self) -> None:
        self._last = 0

    def of(self, element: Element) -> int:
        """The number for this element; call once for each row, in document order."""
        self._last = max(element.sourceline or 0, self._last + 1)
        return self._last


def _start_of_root(data: bytes) -> int:
    """Where the root element or a DOCTYPE begins: after byte order mark, declaration, comments and white space."""
    position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while found := _BEFORE_ROOT.match(data, position):
        position = found.end()
    return position


def _checked_encoding(data: bytes) -> str:
    """The encoding that the parser must use, whatever it would find: so a DOCTYPE cannot hide behind another one."""
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf").lstrip())
    name = declared[1].decode("ascii") if declared else "utf-8"
    if not _ENCODINGS.fullmatch(name):
        raise FileProblem("encoding", f"expected UTF-8, found XML that declares the encoding {name}", line=1)
    if name.lower() in ("utf-8", "utf8"):
        decode(data)
        return "utf-8"
    check_bytes(data)
    return name


def _parser_options(data: bytes) -> dict[str, Any]:
    """How lxml must read this: nothing from elsewhere, nothing huge, nothing repaired. Refuses a DOCTYPE."""
    encoding = _checked_encoding(data)
    start = _start_of_root(data)
    if data.startswith(b"<!", start):
        line = data.count(b"\n", 0, start) + 1
        raise FileProblem("xml_doctype", "expected XML without a DOCTYPE, found one", line=line)
    return {
        "encoding": encoding,
        "resolve_entities": False,
        "no_network": True,
        "load_dtd": False,
        "dtd_validation": False,
        "huge_tree": False,
        "recover": False,
        "remove_comments": True,
        "remove_pis": True,
    }


def _broken(error: Any) -> FileProblem:
    line, column = error.position
    reason = f"expected well-formed XML, which ends at column {column} ({_error_name(error.error_log)})"
    return FileProblem("xml_broken", reason, line=line)


def strip_namespaces(root: Any, *, below: bool = False) -> int:
    """Leave local names alone, so that paths work for every version of a format; refuse trees deeper than MAX_DEPTH.

    `below` leaves the root's own tag as it is (its parser may still need it). Gives the number of tags.
    """
    from lxml import etree

    if below and not _has_namespace_or_is_deep()(root):
        return 2 * int(_tags_below()(root)) + 2
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        if depth > MAX_DEPTH:
            reason = f"expected at most {MAX_DEPTH} levels of elements, found more"
            raise FileProblem("xml_depth", reason, line=element.sourceline or 0)
        count += 2 if len(element) or element.text else 1
        if not (below and depth == 1):
            element.tag = element.tag.rpartition("}")[2]
    return count


@cache
def _has_namespace_or_is_deep() -> Any:
    """Finds, without a walk in Python, whether an element has anything that `strip_namespaces` must see."""
    from lxml import etree

    return etree.XPath(f"boolean(.//*[namespace-uri()] | {'*/' * (MAX_DEPTH - 1)}*)")


@cache
def _tags_below() -> Any:
    from lxml import etree

    return etree.XPath("count(.//*)")


def _error_name(log: Any) -> str:
    """What the parser complains of, without the file's text: ERR_TAG_NAME_MISMATCH -> "tag name mismatch"."""
    name = str(log.last_error.type_name if log.last_error else "ERR_UNKNOWN")
    return name.removeprefix("ERR_").replace("_", " ").lower()
