"""What a file is, by its content; the names of the formats that are recognised only to be refused clearly."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from duly.formats.xml import root_of

#: As much of the start of a file as is looked at.
HEAD_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Look:
    """A first look at a file: its name, its start, its root element when it is XML."""

    name: str
    head: bytes
    root: str
    root_attributes: str

    def starts(self, *beginnings: bytes) -> bool:
        """Whether the file starts with one of these bytes."""
        return self.head.startswith(beginnings)

    def has(self, pattern: bytes) -> bool:
        """Whether a pattern occurs in the start of the file."""
        return re.search(pattern, self.head) is not None


def look_at(name: str, data: bytes) -> Look:
    """The first look at a file."""
    head = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    root, attributes = (root_of(head) or ("", "")) if head.startswith(b"<") else ("", "")
    return Look(name, head, root, attributes)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A format that is recognised and refused: its short name and what to call it in the reject."""

    format: str
    called: str
    detect: Callable[[Look], bool]


def _document(message: bytes, version: str) -> Callable[[Look], bool]:
    """Detects an ISO 20022 message by its element (version 1 puts V01 behind it) or the number in its namespace."""
    element = re.compile(rb"<(?:[\w.-]+:)?" + message + rb"(?:V[0-9]{2})?[\s/>]")
    return lambda look: (
        look.root == "Document" and (element.search(look.head) is not None or f":{version}." in look.root_attributes)
    )


#: Whether this is a CAMT message of one kind, of any version and with or without namespace.
is_camt052: Final = _document(b"BkToCstmrAcctRpt", "camt.052")
is_camt053: Final = _document(b"BkToCstmrStmt", "camt.053")
is_camt054: Final = _document(b"BkToCstmrDbtCdtNtfctn", "camt.054")


def is_ubl(look: Look) -> bool:
    """Whether this is a UBL 2 invoice or credit note."""
    return look.root in ("Invoice", "CreditNote") and "oasis:names:specification:ubl:schema:xsd" in look.root_attributes


def is_cii(look: Look) -> bool:
    """Whether this is a CII invoice (ZUGFeRD 2, Factur-X, XRechnung) or ZUGFeRD 1.0."""
    return look.root in ("CrossIndustryInvoice", "CrossIndustryDocument")


def is_pdf(look: Look) -> bool:
    """Whether this is a PDF; other bytes may stand before its mark, as readers of PDF allow."""
    return b"%PDF-" in look.head[:1024]


def is_xlsx(look: Look) -> bool:
    """Whether this is an XLSX workbook: a ZIP that names its parts as one."""
    return look.starts(b"PK\x03\x04") and look.has(rb"xl/|\[Content_Types\]")


def is_json(look: Look) -> bool:
    """Whether this is JSON: a list or an object."""
    return look.has(rb"\A[\[{]\s*[\[{\"\]}]")


def is_bai2(look: Look) -> bool:
    """Whether this is a BAI2 file: a file header with sender, receiver and a date of six digits."""
    return look.has(rb"\A01,[^,\r\n]*,[^,\r\n]*,[0-9]{6},")


def is_ofx(look: Look) -> bool:
    """Whether this is OFX 1 or 2, with or without its header."""
    return look.starts(b"OFXHEADER") or look.root == "OFX" or look.has(rb"<OFX>")


def is_swift(look: Look) -> bool:
    """Whether this is a SWIFT MT940 or MT942, with or without message blocks, in one-byte or two-byte letters."""
    head = look.head.replace(b"\x00", b"").lstrip(b"\xff\xfe\x01\x02 \t\r\n")
    return re.search(rb"\A(?:\{1:|:[0-9]{2}[A-Z]?:)|(?m:^:20:).*\s+:2[158]", head) is not None


def is_coda(look: Look) -> bool:
    """Whether this is a CODA file: its header record has the application code 05."""
    return look.has(rb"\A00000[0-9]{6}[0-9 ]{3}05")


#: Tried in order, after the supported formats.
UNSUPPORTED: Final = (
    Unsupported("zip", "a ZIP archive", lambda look: look.starts(b"PK\x03\x04", b"PK\x05\x06")),
    Unsupported("gzip", "a gzip archive", lambda look: look.starts(b"\x1f\x8b")),
    Unsupported(
        "archive", "a compressed archive", lambda look: look.starts(b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
    ),
    Unsupported("ole", "an old or encrypted Office file", lambda look: look.starts(b"\xd0\xcf\x11\xe0")),
    Unsupported("orderx", "an Order-X order", lambda look: look.root == "SCRDMCCBDACIOMessageStructure"),
    Unsupported("fatturapa", "a FatturaPA invoice", lambda look: look.root == "FatturaElettronica"),
    Unsupported("pain", "an ISO 20022 payment order (pain)", _document(b"CstmrCdtTrfInitn", "pain.001")),
    Unsupported("html", "an HTML page", lambda look: look.root.lower() == "html" or look.has(rb"(?i)\A<!doctype html")),
)
