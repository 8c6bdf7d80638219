"""The symbol of a payment code is the one that segno makes when it chooses the mask itself."""

from __future__ import annotations

import random

import pytest
import segno
from segno import encoder

from duly.mail import code_symbol
from duly.mail.code_symbol import symbol_of

LETTERS = "ABCDEFabc0123456789,- \nÄß€"
BYTES_OF_VERSION = {
    version: segno.consts.SYMBOL_CAPACITY[version][segno.consts.ERROR_LEVEL_M] // 8 for version in range(1, 26)
}
HEAD_BYTES = 3  # mode and length


def by_segno(payload: str) -> segno.QRCode:
    return segno.make(payload, error="m", boost_error=False, micro=False, mode="byte", encoding="utf-8")


def text(chance: random.Random, size: int) -> str:
    """So many bytes at most: mixed letters, or one letter again and again, which makes masks differ more."""
    letters = LETTERS if chance.random() < 0.6 else chance.choice("A 0U\x00")
    return "".join(chance.choices(letters, k=size)).encode()[:size].decode(errors="ignore")


@pytest.mark.parametrize("version", BYTES_OF_VERSION)
def test_it_is_the_symbol_of_segnos_own_choice(version: int) -> None:
    chance = random.Random(version)
    smaller = BYTES_OF_VERSION.get(version - 1, 3) - HEAD_BYTES
    for _ in range(6 if version <= 10 else 1):
        payload = text(chance, chance.randint(smaller + 5, BYTES_OF_VERSION[version] - HEAD_BYTES))
        expected, found = by_segno(payload), symbol_of(payload)
        assert found.version == expected.version
        assert found.rows == tuple(map(bytes, expected.matrix)), (payload, expected.mask)


@pytest.mark.parametrize(("mask", "number"), list(enumerate((5, 18, 2, 156, 1, 14, 0, 4))))
def test_each_mask_can_be_the_one(mask: int, number: int) -> None:
    expected = by_segno(f"R-{number}")
    assert expected.mask == mask
    assert symbol_of(f"R-{number}").rows == tuple(map(bytes, expected.matrix))


@pytest.mark.parametrize("upright", [False, True])
def test_any_pattern_of_modules_has_the_penalty_that_segno_finds(upright: bool) -> None:
    """Also rows full of what looks like a finder pattern, one within the other, at edges and beside light modules."""
    chance = random.Random(3)
    frame = code_symbol._frame(2)
    finder = bytes(code_symbol.FINDER)
    for _ in range(150):
        dark = chance.random()
        modules = [bytearray(chance.random() < dark for _ in range(frame.side)) for _ in range(frame.side)]
        for row in modules:
            for _ in range(chance.randint(0, 3)):
                place = chance.randint(0, frame.side - 11)
                row[place : place + 7] = finder
                if chance.random() < 0.6:
                    further = chance.choice((4, 6))
                    row[place + further : place + further + 7] = finder
                    row[max(0, place - 4) : place] = bytes(min(4, place))
                    row[frame.side :] = b""
        if upright:
            modules = [bytearray(column) for column in zip(*modules, strict=True)]
        expected = encoder.evaluate_mask(modules, frame.side, frame.side)
        assert code_symbol._penalty(code_symbol._bits(modules), frame) == expected
