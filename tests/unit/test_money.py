"""Money in minor units: what is read, what is refused, what is shown of a wrong value."""

from __future__ import annotations

import pytest

from duly.domain.money import EXPONENTS, MoneyError, exponent, format_minor, parse_minor, shortened


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.56", "EUR", 123456),
        ("-1234.56", "EUR", -123456),
        ("0", "EUR", 0),
        ("-0", "EUR", 0),
        ("-0.00", "EUR", 0),
        ("7", "EUR", 700),
        ("7.5", "EUR", 750),
        ("007.50", "EUR", 750),
        ("7.5000", "EUR", 750),
        ("5000", "JPY", 5000),
        ("5000.00", "JPY", 5000),
        ("1.234", "KWD", 1234),
        ("999999999999999.99", "EUR", 99999999999999999),
    ],
)
def test_machine_form_is_read(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("", "EUR", "amount_missing"),
        ("1.234,56", "EUR", "amount_format"),
        ("1,234.56", "EUR", "amount_format"),
        ("12,50", "EUR", "amount_format"),
        ("(100)", "EUR", "amount_format"),
        ("1e9", "EUR", "amount_format"),
        ("NaN", "EUR", "amount_format"),
        ("Infinity", "EUR", "amount_format"),
        ("-inf", "EUR", "amount_format"),
        ("1_000", "EUR", "amount_format"),
        ("+5", "EUR", "amount_format"),
        ("--5", "EUR", "amount_format"),
        ("5-", "EUR", "amount_format"),
        (".5", "EUR", "amount_format"),
        ("5.", "EUR", "amount_format"),
        (" 5", "EUR", "amount_format"),
        ("5\n", "EUR", "amount_format"),
        ("EUR 5", "EUR", "amount_format"),
        ("\u0661\u0662\u0663", "EUR", "amount_format"),
        ("\uff11\uff12", "EUR", "amount_format"),
        ("\u221212", "EUR", "amount_format"),
        ("9" * 40, "EUR", "amount_too_large"),
        ("1.234", "EUR", "amount_decimals"),
        ("0.5", "JPY", "amount_decimals"),
        ("1.2345", "KWD", "amount_decimals"),
        ("5", "", "currency_missing"),
        ("5", "XQQ", "currency_unknown"),
        ("5", "eur", "currency_unknown"),
        ("5", "EURO", "currency_unknown"),
    ],
)
def test_anything_else_is_refused_with_a_code(text: str, currency: str, code: str) -> None:
    with pytest.raises(MoneyError) as caught:
        parse_minor(text, currency)
    assert caught.value.code == code
    assert caught.value.reason.startswith("expected")


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123456, "EUR", "1234.56"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (5, "JPY", "5"),
        (-5, "JPY", "-5"),
        (5, "KWD", "0.005"),
        (12345, "CLF", "1.2345"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_the_currency(minor: int, currency: str, text: str) -> None:
    assert format_minor(minor, currency) == text


def test_exponents_come_from_iso_4217() -> None:
    assert (exponent("EUR"), exponent("JPY"), exponent("KWD"), exponent("ISK"), exponent("TND")) == (2, 0, 3, 0, 3)
    assert set(EXPONENTS.values()) == {0, 2, 3, 4}
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize("text", ["1.234,56", "(100)", "31/02/2026", "EURO", "Infinity", "R-2026-001"])
def test_numbers_dates_and_codes_are_shown(text: str) -> None:
    assert shortened(text) == f"'{text}'"


@pytest.mark.parametrize(
    "text",
    [
        "Marta Vogel",
        "a@b.example",
        "DE02120300000000202051",
        "DE02 1203 0000 0000 2020 51",
        "5000000005491",
        "Müller",
        "x" * 25,
    ],
)
def test_what_may_be_personal_is_not_shown(text: str) -> None:
    assert shortened(text) == f"a text of {len(text)} characters"


def test_unprintable_and_foreign_characters_are_escaped() -> None:
    assert shortened("1\u202e2") == r"'1\u202e2'"
    assert shortened("\u0661") == r"'\u0661'"
