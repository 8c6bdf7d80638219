"""What a payment code says: the text that a banking app reads from the QR code beside a notice.

Two standards: the SEPA credit transfer code (EPC069-12 version 2, in Germany known as GiroCode) for euro accounts, and
the Swiss QR-bill (SIX, Implementation Guidelines QR-bill 2.3) for accounts in Switzerland and Liechtenstein. When the
rules of neither allow a code, there is none: a code that an app refuses is worse than an account number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from duly.domain.check_digits import compact, iban_is_valid, reference_is_valid
from duly.domain.money import exponent

Standard = Literal["epc", "swiss"]

MAX_AMOUNT_MINOR: Final = 99_999_999_999  # 999,999,999.99 in both standards
MAX_EPC_BYTES: Final = 331
MAX_NAME: Final = 70
MAX_REMITTANCE: Final = 140
MAX_SWISS_STREET: Final = 70
MAX_SWISS_POSTCODE: Final = 16
MAX_SWISS_TOWN: Final = 35

_EEA: Final = frozenset(
    ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
     "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK")
)  # fmt: skip
_SEPA: Final = _EEA | {"AD", "AL", "CH", "GB", "MC", "MD", "ME", "MK", "RS", "SM", "VA"}
"""Countries of SEPA (EPC409-09): outside the European Economic Area a transfer names the bank (BIC) too."""
_SWISS: Final = frozenset(("CH", "LI"))
_QR_BANKS: Final = range(30000, 32000)
"""Institution numbers of QR-IBANs, to which only payments with a QR reference may go."""
_SWISS_LETTERS: Final = re.compile("[\u0020-\u007e\u00a0-\u00ff\u0100-\u017f\u0218-\u021b\u20ac]")
_TOWN: Final = re.compile(r"(?:[A-Z]{1,2}-)?(?P<postcode>[0-9][0-9A-Z -]{2,9}?) +(?P<town>[^0-9].*)")
_BIC: Final = re.compile(r"[A-Z0-9]{8}(?:[A-Z0-9]{3})?")


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that is asked for.

    ``address`` are the creditor's lines below the name, the last with postcode and town; ``numbers`` the invoices that
    are paid, ``reference`` a creditor reference with check digits, if there is one.
    """

    name: str
    address: tuple[str, ...]
    country: str
    iban: str
    bic: str
    amount_minor: int
    currency: str
    numbers: tuple[str, ...]
    customer: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """The text of a code, and the standard that it keeps."""

    standard: Standard
    payload: str


def payment_code(payment: Payment) -> PaymentCode | None:
    """The code of a payment; None when no standard has one for its account, currency or amount."""
    iban = compact(payment.iban)
    if not iban_is_valid(iban) or not payment.name.strip():
        return None
    if not 0 < payment.amount_minor <= MAX_AMOUNT_MINOR:
        return None
    if iban[:2] in _SWISS:
        swiss = _swiss(payment, iban)
        if swiss:
            return PaymentCode("swiss", swiss)
    epc = _epc(payment, iban)
    return PaymentCode("epc", epc) if epc else None


def remittance_text(numbers: Sequence[str], customer: str, longest: int = MAX_REMITTANCE) -> str:
    """Which invoices are paid, in at most so many characters. No number is cut: when not all fit, the customer's own
    number comes first and as many invoices as there is room for follow it."""
    whole = ", ".join(numbers)
    if len(whole) <= longest:
        return whole
    said = customer[:longest]
    for number in numbers:
        longer = f"{said}, {number}"
        if len(longer) > longest:
            break
        said = longer
    return said


# --- EPC069-12 ------------------------------------------------------------------------------------------------------
def _epc(payment: Payment, iban: str) -> str:
    """The lines of a SEPA code, or nothing. Version 002 may leave the BIC out within the European Economic Area."""
    bic = compact(payment.bic)
    bic = bic if _BIC.fullmatch(bic) else ""
    if payment.currency != "EUR" or iban[:2] not in _SEPA or (iban[:2] not in _EEA and not bic):
        return ""
    if iban[:2] in _SWISS and _is_qr_iban(iban):
        return ""
    structured = _iso_reference(payment.reference)
    longest = 0 if structured else MAX_REMITTANCE
    while True:
        text = remittance_text(payment.numbers, payment.customer, longest) if longest else ""
        amount = f"EUR{_decimal(payment.amount_minor)}"
        name = payment.name.strip()[:MAX_NAME].rstrip()
        lines = ["BCD", "002", "1", "SCT", bic, name, iban, amount, "", structured, text]
        payload = "\n".join(lines).rstrip("\n")
        if len(payload.encode()) <= MAX_EPC_BYTES:
            return payload
        if not longest:
            return ""
        longest = max(0, longest - 10)


# --- Swiss QR-bill --------------------------------------------------------------------------------------------------
def _swiss(payment: Payment, iban: str) -> str:
    """The lines of a Swiss QR code, or nothing. Addresses are structured (type S), the only kind since 2025."""
    found = _TOWN.fullmatch(payment.address[-1].strip()) if payment.address else None
    country = payment.country.strip().upper()
    if payment.currency not in ("CHF", "EUR") or not found or not re.fullmatch("[A-Z]{2}", country):
        return ""
    kind, reference = _swiss_reference(payment.reference, iban)
    if not kind:
        return ""
    street = payment.address[-2] if len(payment.address) > 1 else ""
    creditor = [
        "S",
        _swiss_text(payment.name, MAX_NAME),
        _swiss_text(street, MAX_SWISS_STREET),
        "",  # the house number, which may stand in the street's line
        found["postcode"].strip()[:MAX_SWISS_POSTCODE],
        _swiss_text(found["town"], MAX_SWISS_TOWN),
        country,
    ]
    nobody = [""] * 7  # the ultimate creditor is for later versions; the debtor is left for the payer to fill in
    amount = [_decimal(payment.amount_minor), payment.currency]
    text = remittance_text([_swiss_text(number, MAX_REMITTANCE) for number in payment.numbers], payment.customer)
    lines = ["SPC", "0200", "1", iban, *creditor, *nobody, *amount, *nobody, kind, reference, text, "EPD"]
    return "\n".join(lines)


def _swiss_reference(reference: str, iban: str) -> tuple[str, str]:
    """The kind and the reference: a QR-IBAN wants a QR reference, any other account takes an ISO reference or none.
    Empty when a QR-IBAN has no reference: no code is allowed then."""
    clean = compact(reference)
    is_qr_reference = len(clean) == 27 and clean.isdigit() and reference_is_valid(clean) is True
    if _is_qr_iban(iban):
        return ("QRR", clean) if is_qr_reference else ("", "")
    found = _iso_reference(reference)
    return ("SCOR", found) if found else ("NON", "")


def _is_qr_iban(iban: str) -> bool:
    return iban[4:9].isdigit() and int(iban[4:9]) in _QR_BANKS


def _swiss_text(text: str, longest: int) -> str:
    """Text in the letters that the Swiss standard knows: others lose their marks, or become a point."""
    kept = "".join(letter if _SWISS_LETTERS.fullmatch(letter) else _plain(letter) for letter in text.strip())
    return kept[:longest].rstrip()


def _plain(letter: str) -> str:
    simple = "".join(part for part in unicodedata.normalize("NFKD", letter) if _SWISS_LETTERS.fullmatch(part))
    return simple or "."


# --- both -----------------------------------------------------------------------------------------------------------
def _iso_reference(reference: str) -> str:
    """A creditor reference by ISO 11649 with right check digits, else nothing."""
    clean = compact(reference)
    return clean if clean.startswith("RF") and reference_is_valid(clean) is True else ""


def _decimal(minor: int) -> str:
    """An amount with a point and two decimals, no separators, no leading zeros: 119000 is 1190.00."""
    assert exponent("EUR") == exponent("CHF") == 2
    return f"{minor // 100}.{minor % 100:02d}"
