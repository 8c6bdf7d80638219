"""Invoices attached to a PDF (Factur-X, ZUGFeRD): the one attachment that is an invoice is read, the page is not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

from duly.formats import cii, ubl
from duly.formats.decoding import MAX_FILE_BYTES
from duly.formats.einvoice import read_document
from duly.formats.problems import FileProblem
from duly.formats.records import FileResult
from duly.formats.xml import MAX_XML_BYTES, parse_xml, root_of

#: Names of the invoice file that the standards give (Factur-X 1.0, ZUGFeRD 1 and 2, XRechnung), in small letters.
NAMES: Final = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
#: Attachments of one PDF that are looked at, and tree nodes on the way to them.
MAX_ATTACHMENTS: Final = 50
MAX_NODES: Final = 500
#: Objects that a PDF may list; one with an invoice has a few hundred.
MAX_OBJECTS: Final = 200_000
# Most that pypdf may unpack, in bytes: what one attachment may hold.
_LIMITS: Final[dict[str, Any]] = {
    "maximum_declared_stream_length": MAX_FILE_BYTES,
    "array_based_stream_maximum_output_length": MAX_XML_BYTES,
    "zlib_maximum_output_length": MAX_XML_BYTES,
    "zlib_maximum_recovery_input_length": 1_000_000,
    "lzw_maximum_output_length": MAX_XML_BYTES,
    "run_length_maximum_output_length": MAX_XML_BYTES,
    "stream_filters_maximum_length": 4,
    "stream_decoding_work_maximum_length": 2 * MAX_XML_BYTES,
    "disable_legacy_handling": True,
}
_ORDERS: Final = ("SCRDMCCBDACIOMessageStructure", "order-x.xml")


def read_pdf(data: bytes) -> FileResult:
    """The invoice in a PDF. Raises FileProblem for an encrypted, corrupt or plain PDF and one with another document."""
    xml = _attached(data)
    root_name = (root_of(xml) or ("", ""))[0]
    if root_name in cii.ROOTS:
        format = "facturx" if root_name == "CrossIndustryInvoice" else "zugferd1"
        return read_document(cii.document_of(parse_xml(xml), format))
    if root_name in ("Invoice", "CreditNote") and b"oasis:names:specification:ubl:schema:xsd" in xml[:20_000]:
        return read_document(ubl.document_of(parse_xml(xml)))
    if root_name:
        raise FileProblem("pdf_other_xml", "expected an invoice attached to the PDF, found XML of another kind")
    parse_xml(xml)
    raise FileProblem("pdf_other_xml", "expected an invoice attached to the PDF, found something else")


def _attached(data: bytes) -> bytes:
    """The bytes of the attachment that is an invoice by its name, else of the only XML file attached."""
    from pypdf import apply_configuration
    from pypdf.errors import DependencyError, PyPdfError

    try:
        with apply_configuration(**_LIMITS):
            found = dict(_files(_open(data)))
            name = _chosen(found)
            return bytes(found[name]["/EF"].get_object()["/F"].get_object().get_data())
    except DependencyError:  # only decryption needs more than the layer has
        raise _encrypted() from None
    except (
        PyPdfError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        NotImplementedError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
        zlib.error,
    ) as error:  # what pypdf lets through when the file's objects are not what they should be
        raise _broken(error) from None


def _broken(error: Exception) -> FileProblem:
    if type(error).__name__ == "LimitReachedError":
        return FileProblem("too_large", f"expected an attachment of at most {MAX_XML_BYTES} bytes, found more")
    return FileProblem("pdf_broken", f"expected a PDF that can be read, found a broken one ({type(error).__name__})")


def _open(data: bytes) -> Any:
    import io
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the file
    reader = PdfReader(
        io.BytesIO(data), strict=False, root_object_recovery_limit=1_000, xref_stream_maximum_entries=MAX_OBJECTS
    )
    if reader.is_encrypted:
        raise _encrypted()
    return reader


def _encrypted() -> FileProblem:
    return FileProblem("pdf_encrypted", "expected a PDF without password or rights, found an encrypted one")


def _files(reader: Any) -> Iterator[tuple[str, Any]]:
    """The attached files by name, from the name tree and the associated files of the document."""
    root = reader.trailer["/Root"].get_object()
    names = root.get("/Names")
    tree = names.get_object().get("/EmbeddedFiles") if names is not None else None
    waiting = [tree.get_object()] if tree is not None else []
    specs = list(root["/AF"].get_object()) if "/AF" in root else []
    for _ in range(MAX_NODES):
        if not waiting:
            break
        node = waiting.pop()
        specs += list(node["/Names"].get_object())[1::2] if "/Names" in node else []
        waiting += [kid.get_object() for kid in node["/Kids"].get_object()] if "/Kids" in node else []
    for spec in specs[:MAX_ATTACHMENTS]:
        found = spec.get_object()
        if "/EF" in found:
            yield str(found.get("/UF") or found.get("/F") or "").strip().lower(), found


def _chosen(found: dict[str, Any]) -> str:
    """The name of the attachment to read."""
    for name in NAMES:
        if name in found:
            return name
    if any(name.endswith(_ORDERS) for name in found):
        raise FileProblem("unsupported_format", "expected an invoice attached to the PDF, found an Order-X order")
    others = [name for name in found if name.endswith(".xml")]
    if len(others) == 1:
        return others[0]
    if others:
        reason = f"expected one invoice attached to the PDF, found {len(others)} XML files without its usual name"
        raise FileProblem("pdf_several_xml", reason)
    raise FileProblem(
        "pdf_no_invoice", "expected a PDF with an invoice attached (Factur-X, ZUGFeRD), found a plain PDF"
    )
