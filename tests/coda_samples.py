"""A CODA file built record by record, each field at its position of the standard."""

from __future__ import annotations


def record(*fields: tuple[int, str]) -> str:
    """A record of 128 characters with texts at positions that count from 1."""
    line = [" "] * 128
    for position, text in fields:
        line[position - 1 : position - 1 + len(text)] = text
    assert len(line) == 128
    return "".join(line)


def digits(minor: int) -> str:
    """An amount in cents as CODA writes it: 12 digits and 3 decimals, without its sign."""
    return f"{abs(minor) * 10:015}"


def sign(minor: int) -> str:
    return "1" if minor < 0 else "0"


def header() -> str:
    return record((1, "0000003022672505"), (25, "F-2026-023"), (35, "NEBEL GMBH"), (61, "KREDBEBB"), (128, "2"))


def old_balance(minor: int, account: str = "BE71096123456769", number: str = "023") -> str:
    return record(
        (1, "12"),
        (3, number),
        (6, account),
        (40, "EUR"),
        (43, sign(minor)),
        (44, digits(minor)),
        (59, "020226"),
        (126, number),
    )


def movement(
    sequence: int,
    detail: int,
    minor: int,
    code: str = "00150000",
    communication: str = "",
    reference: str = "",
    structured: bool = False,
    value: str = "040226",
) -> str:
    return record(
        (1, f"21{sequence:04}{detail:04}{reference}"),
        (32, sign(minor)),
        (33, digits(minor)),
        (48, value),
        (54, code),
        (62, "1" if structured else "0"),
        (63, communication[:53]),
        (116, "030226"),
        (125, "0"),
        (126, "0 0"),
    )


def more(sequence: int, detail: int, communication: str = "", end_to_end: str = "", reason: str = "") -> str:
    return record(
        (1, f"22{sequence:04}{detail:04}{communication[:53]}"),
        (64, end_to_end),
        (113, "2" if reason else " "),
        (114, reason),
    )


def party(sequence: int, detail: int, account: str, name: str, communication: str = "") -> str:
    return record((1, f"23{sequence:04}{detail:04}{account}"), (45, "EUR"), (48, name), (83, communication[:43]))


def information(sequence: int, detail: int, text: str, structured: bool = False) -> str:
    return record((1, f"31{sequence:04}{detail:04}"), (40, "1" if structured else "0"), (41, text[:73]))


def new_balance(minor: int, account: str = "BE71096123456769", number: str = "023") -> str:
    return record(
        (1, "8"),
        (2, number),
        (5, account),
        (39, "EUR"),
        (42, sign(minor)),
        (43, digits(minor)),
        (58, "030226"),
        (128, "0"),
    )


def trailer(records: int, debit: int, credit: int) -> str:
    return record((1, "9"), (17, f"{records:06}"), (23, digits(debit)), (38, digits(credit)), (128, "2"))


def example() -> str:
    """Two payments with a structured and a free communication, one total with two parts, one returned debit."""
    lines = [
        header(),
        old_balance(100_000),
        movement(1, 0, 119_000, communication="101090933755493", reference="BANK-1", structured=True),
        more(1, 0, end_to_end="NOTPROVIDED"),
        party(1, 0, "BE68539007547034", "FOG & SONS"),
        information(1, 1, "001FOG & SONS INTERNATIONAL TRADING COMPANY LIMITED", structured=True),
        movement(2, 0, 30_000, code="20150000", reference="BANK-2"),
        movement(2, 1, 10_000, code="60150000", communication="R-2026-008", reference="BANK-2"),
        party(2, 1, "BE43068999999501", "DUNST"),
        movement(2, 2, 20_000, code="60150000", communication="R-2026-009", reference="BANK-2"),
        party(2, 2, "BE02001234567040", "MIST"),
        movement(3, 0, -5_000, code="00503000", communication="domiciliation rejetée", reference="BANK-3"),
        more(3, 0, end_to_end="E2E-70", reason="MD06"),
        record((1, "4"), (3, "00010000"), (33, "Tarifs 2026: voir annexe"), (128, "0")),
        new_balance(244_000),
    ]
    return "\r\n".join([*lines, trailer(13, 5_000, 149_000)]) + "\r\n"
