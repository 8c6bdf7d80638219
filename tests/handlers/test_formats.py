"""Invoices as an export, a workbook and a PDF through risk_check: rows on accounts, and how a receipt says it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.format_samples import invoices_workbook, pdf
from tests.handlers.material import CUSTOMERS
from tests.handlers.world import World

DATA = Path(__file__).parents[1] / "data" / "formats"
EXPORT = (
    "Rechnungs-Nr.;Kundennummer;Rechnungsdatum;Betrag;Währung;Zahlungsbedingungen\n"
    "E-1;C-1001;05.03.2026;1.234,56;EUR;Zahlbar innerhalb 30 Tagen\nE-2;C-1001;31.02.2026;1,00;EUR;\n"
)


def test_an_export_is_registered_and_its_receipt_says_how_it_was_read(world: World) -> None:
    world.take_in("risk_check", "upload-customers", CUSTOMERS)
    world.take_in("risk_check", "upload-invoices", EXPORT.encode("cp1252"))
    item = world.account("C-1001").items["E-1"]
    assert (item.amount_minor, item.due, item.due_source) == (123456, date(2026, 4, 4), "terms_text")
    receipt = world.stack.receipt("invoices/2026-03/week 10+late.csv")
    assert receipt["rows"] == {"in": 2, "applied": 1, "duplicate": 0, "rejected": 1} and receipt["adds_up"]
    assert receipt["notes"][:2] == ["encoding windows-1252", "separator ;"]
    assert receipt["notes"][3:] == ["dates as day.month.year", "amounts with a decimal comma"]
    assert receipt["reasons"] == {"date_invalid": 1}


@pytest.mark.parametrize(
    ("data", "format", "rows"),
    [
        (invoices_workbook(), "xlsx", 3),
        (pdf({"factur-x.xml": (DATA / "invoice.cii.xml").read_bytes()}), "facturx", 1),
        ((DATA / "invoices.jsonl").read_bytes(), "json", 2),
    ],
)
def test_other_formats_are_taken_in(world: World, data: bytes, format: str, rows: int) -> None:
    world.take_in("risk_check", "upload-invoices", data)
    receipt = world.stack.receipt("invoices/2026-03/week 10+late.csv")
    assert (receipt["format"], receipt["rows"]["in"], receipt["adds_up"]) == (format, rows, True)
