"""Payment codes, field by field, and read back from their pictures as a banking app reads them."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from dataclasses import replace

import pytest
import zxingcpp

from duly.mail.code_picture import png_of
from duly.mail.payment_codes import MAX_EPC_BYTES, Payment, PaymentCode, payment_code, remittance_text

GERMAN = Payment(
    name="Muster Maschinen GmbH",
    address=("Hafenstraße 4", "20457 Hamburg"),
    country="DE",
    iban="DE02 1203 0000 0000 2020 51",
    bic="BYLADEM1001",
    amount_minor=119_000,
    currency="EUR",
    numbers=("R-2026-0117", "R-2026-0121"),
    customer="C-1017",
)
SWISS = replace(
    GERMAN, name="Käserei Alpstein AG", address=("Seeweg 12", "9050 Appenzell"), country="CH",
    iban="CH93 0076 2011 6238 5295 7", bic="", currency="CHF",
)  # fmt: skip
QR_IBAN, QR_REFERENCE = "CH44 3199 9123 0008 8901 2", "000000000000000000020260171"
LIECHTENSTEIN = "LI21 0881 0000 2324 013A A"


def code(payment: Payment) -> PaymentCode:
    found = payment_code(payment)
    assert found
    return found


def test_a_sepa_code_field_by_field() -> None:
    found = code(GERMAN)
    assert found.standard == "epc"
    assert found.payload.split("\n") == [
        "BCD",  # service tag
        "002",  # version
        "1",  # UTF-8
        "SCT",  # SEPA credit transfer
        "BYLADEM1001",
        "Muster Maschinen GmbH",
        "DE02120300000000202051",
        "EUR1190.00",
        "",  # purpose
        "",  # structured reference
        "R-2026-0117, R-2026-0121",
    ]


def test_a_sepa_code_with_an_iso_reference_has_no_other_text() -> None:
    lines = code(replace(GERMAN, reference="RF18 5390 0754 7034", bic="")).payload.split("\n")
    assert lines[4] == "" and lines[9:] == ["RF18539007547034"]
    wrong = code(replace(GERMAN, reference="RF19 5390 0754 7034")).payload.split("\n")
    assert wrong[9:] == ["", "R-2026-0117, R-2026-0121"]


@pytest.mark.parametrize(
    ("minor", "text"),
    [(1, "EUR0.01"), (100, "EUR1.00"), (123_456_789, "EUR1234567.89"), (10**11 - 1, "EUR999999999.99")],
)
def test_amounts_have_a_point_and_no_separators(minor: int, text: str) -> None:
    assert code(replace(GERMAN, amount_minor=minor)).payload.split("\n")[7] == text


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 0},
        {"amount_minor": 10**11},
        {"currency": "USD"},
        {"iban": ""},
        {"iban": "DE03 1203 0000 0000 2020 51"},
        {"name": " "},
        {"iban": "GB33 BUKB 2020 1555 5555 55", "bic": ""},  # outside the EEA the bank must be named
        {"iban": "BR15 0000 0000 0000 1093 2840 814P 2"},  # not in SEPA
    ],
)
def test_what_has_no_code(change: dict[str, object]) -> None:
    assert payment_code(replace(GERMAN, **change)) is None  # type: ignore[arg-type]


def test_a_british_account_has_a_sepa_code_with_its_bank() -> None:
    assert (
        code(replace(GERMAN, iban="GB33 BUKB 2020 1555 5555 55", bic="BUKBGB22")).payload.split("\n")[4] == "BUKBGB22"
    )


def test_long_names_and_many_invoices_keep_within_the_bounds() -> None:
    numbers = tuple(f"RECHNUNG-2026-{number:05d}" for number in range(40))
    found = code(replace(GERMAN, name="Ä" * 90, numbers=numbers))
    lines = found.payload.split("\n")
    assert lines[5] == "Ä" * 70 and len(found.payload.encode()) <= MAX_EPC_BYTES
    assert len(lines[10]) <= 140 and lines[10].startswith("C-1017, RECHNUNG-2026-00000, ")
    assert all(number in numbers for number in lines[10].split(", ")[1:])
    wide = code(replace(GERMAN, name="Ä" * 90, numbers=tuple("Ж" * 20 for _ in range(9)), customer="Ж" * 30))
    assert len(wide.payload.encode()) <= MAX_EPC_BYTES


def test_a_remittance_text_cuts_no_number() -> None:
    assert remittance_text(["A-1", "A-2"], "C") == "A-1, A-2"
    assert remittance_text(["A" * 141], "C-1") == "C-1"
    assert remittance_text(["A" * 100, "B" * 100], "C-1") == "C-1, " + "A" * 100


def test_a_swiss_code_field_by_field() -> None:
    found = code(SWISS)
    assert found.standard == "swiss"
    assert found.payload.split("\n") == [
        "SPC", "0200", "1",
        "CH9300762011623852957",
        "S", "Käserei Alpstein AG", "Seeweg 12", "", "9050", "Appenzell", "CH",
        "", "", "", "", "", "", "",  # ultimate creditor, for later versions
        "1190.00", "CHF",
        "", "", "", "", "", "", "",  # debtor, whom the payer's bank knows
        "NON", "",
        "R-2026-0117, R-2026-0121",
        "EPD",
    ]  # fmt: skip


def test_a_swiss_code_names_the_reference_that_its_account_wants() -> None:
    plain = code(replace(SWISS, reference="RF18 5390 0754 7034")).payload.split("\n")
    assert plain[27:29] == ["SCOR", "RF18539007547034"]
    qr = code(replace(SWISS, iban=QR_IBAN, reference=QR_REFERENCE, currency="EUR")).payload.split("\n")
    assert qr[18:20] == ["1190.00", "EUR"]
    assert qr[27:29] == ["QRR", "000000000000000000020260171"]
    # a QR reference belongs to a QR-IBAN alone, and the other way round
    assert code(replace(SWISS, reference=QR_REFERENCE)).payload.split("\n")[27:29] == ["NON", ""]
    for wrong in ("", "RF18 5390 0754 7034", QR_REFERENCE[:-1] + "8"):
        assert payment_code(replace(SWISS, iban=QR_IBAN, reference=wrong)) is None
        assert payment_code(replace(SWISS, iban=QR_IBAN, reference=wrong, currency="EUR", bic="POFICHBEXXX")) is None


def test_a_swiss_code_needs_postcode_and_town() -> None:
    assert payment_code(replace(SWISS, address=())) is None
    assert payment_code(replace(SWISS, address=("Seeweg 12",))) is None
    assert code(replace(SWISS, address=("9050 Appenzell",))).payload.split("\n")[6:10] == ["", "", "9050", "Appenzell"]
    assert code(replace(SWISS, address=("Seeweg", "CH-9050 Appenzell"))).payload.split("\n")[8] == "9050"
    assert code(replace(SWISS, iban=LIECHTENSTEIN, country="LI")).payload.split("\n")[10] == "LI"
    euro = code(replace(SWISS, address=(), currency="EUR", bic="POFICHBEXXX"))  # a SEPA transfer needs no address
    assert euro.standard == "epc"


def test_a_swiss_code_keeps_to_the_letters_that_the_standard_knows() -> None:
    lines = code(replace(SWISS, name="Ψ Żółw ǅ 山 €")).payload.split("\n")
    assert lines[5] == ". Żółw Dz . €"


def pixels(png: bytes) -> memoryview:
    """The picture as rows of bytes, 255 for white; only what `png_of` writes is read."""
    width, height = struct.unpack(">II", png[16:24])
    start = png.index(b"IDAT")
    data = zlib.decompress(png[start + 4 : start + 4 + struct.unpack(">I", png[start - 4 : start])[0]])
    line = -(-width // 8) + 1
    rows = ("".join(f"{byte:08b}" for byte in data[at + 1 : at + line])[:width] for at in range(0, len(data), line))
    return memoryview(b"".join(bytes(255 * (bit == "1") for bit in row) for row in rows)).cast("B", (height, width))


@pytest.mark.parametrize(
    "payment",
    [
        GERMAN,
        replace(GERMAN, name="Ä" * 70, numbers=("R" * 140,)),
        SWISS,
        replace(SWISS, name="Ä" * 70, address=("ö" * 70, "9050 " + "ü" * 35), numbers=("R" * 140,)),
    ],
)
def test_the_picture_is_read_back_as_the_payload(payment: Payment) -> None:
    found = code(payment)
    png = png_of(found)
    (read,) = zxingcpp.read_barcodes(pixels(png))
    assert read.text == found.payload
    assert read.ec_level == "M"
    assert png == png_of(found)
    assert len(png) < 4_000


def test_a_swiss_picture_has_its_cross() -> None:
    rows = pixels(png_of(code(SWISS)))
    middle = rows.shape[0] // 2
    arm = round(rows.shape[0] * 2.4 / 52)
    assert rows[middle, middle] == 255  # where the arms meet
    assert rows[middle - arm, middle - arm] == 0  # the square beside them


def test_segno_is_imported_only_when_a_code_is_drawn() -> None:
    program = (
        "import sys, duly.mail.render, duly.mail.code_picture, duly.flows.notices; sys.exit('segno' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
