"""Reply tokens: only what this stack signed with a live key verifies."""

from __future__ import annotations

import json

import pytest

from duly.mail.token import (
    MAX_LOCAL_PART_OCTETS,
    TOKEN_CHARACTERS,
    KeyRing,
    KeyRingError,
    find_token,
    make_token,
    reply_address,
    token_of,
    verify,
)

SECRET = "a-secret-for-tests-only-0001"
OTHER = "a-secret-for-tests-only-0002"
INTENT = bytes(range(16))
RING = KeyRing.parse(json.dumps({"current": "1", "keys": {"1": SECRET}}))
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def test_a_genuine_token_names_its_intent() -> None:
    token = make_token(RING, "duly-prod", INTENT)
    assert len(token) == TOKEN_CHARACTERS
    assert verify(RING, "duly-prod", token) == INTENT
    assert verify(RING, "duly-prod", reply_address(token, "in.example")) == INTENT


def test_the_local_part_fits() -> None:
    local = reply_address(make_token(RING, "duly-prod", INTENT), "in.example").partition("@")[0]
    assert len(local.encode()) <= MAX_LOCAL_PART_OCTETS


def test_both_forms_of_the_secret_are_the_same_ring() -> None:
    flat = KeyRing.parse(json.dumps({"current": "1", "1": SECRET}))
    assert make_token(flat, "s", INTENT) == make_token(RING, "s", INTENT)


@pytest.mark.parametrize(
    "change", [str.upper, str.title, str.swapcase, lambda text: f"<{text}>", lambda text: f" {text} "]
)
def test_case_and_brackets_do_not_count(change: object) -> None:
    address = reply_address(make_token(RING, "s", INTENT), "in.example")
    assert callable(change)
    assert verify(RING, "s", change(address)) == INTENT


def test_no_other_letter_verifies_at_any_place() -> None:
    token = make_token(RING, "s", INTENT)
    for place, right in enumerate(token):
        for letter in LETTERS:
            if letter != right:
                assert verify(RING, "s", token[:place] + letter + token[place + 1 :]) is None


def test_a_cut_or_longer_token_does_not_verify() -> None:
    token = make_token(RING, "s", INTENT)
    assert all(verify(RING, "s", token[:length]) is None for length in range(len(token)))
    assert verify(RING, "s", token + "a") is None
    assert verify(RING, "s", token + token) is None


def test_another_stack_does_not_verify() -> None:
    token = make_token(RING, "duly-prod", INTENT)
    assert verify(RING, "duly-dev", token) is None
    assert verify(RING, "", token) is None


def test_an_old_key_verifies_until_it_is_taken_away() -> None:
    old = make_token(RING, "s", INTENT)
    both = KeyRing.parse(json.dumps({"current": "2", "keys": {"1": SECRET, "2": OTHER}}))
    assert verify(both, "s", old) == INTENT
    assert verify(both, "s", make_token(both, "s", INTENT)) == INTENT
    assert make_token(both, "s", INTENT) != old
    only_new = KeyRing.parse(json.dumps({"current": "2", "keys": {"2": OTHER}}))
    assert verify(only_new, "s", old) is None


def test_the_same_key_id_with_another_secret_does_not_verify() -> None:
    forged = make_token(KeyRing.parse(json.dumps({"current": "1", "keys": {"1": OTHER}})), "s", INTENT)
    assert verify(RING, "s", forged) is None


@pytest.mark.parametrize(
    "text",
    ["", "@", "reply+@in.example", "reply+abc@in.example", "x" * 5_000, "reply+" + "é" * 53, "reply+" + "1" * 53],
)
def test_rubbish_is_no_token(text: str) -> None:
    assert verify(RING, "s", text) is None


def test_the_token_is_found_among_addresses() -> None:
    token = make_token(RING, "s", INTENT)
    address = reply_address(token, "in.example").upper()
    assert find_token(["ar@creditor.example", "reply+short@in.example", address]) == token
    assert find_token(["ar@creditor.example", token]) is None
    assert find_token([]) is None
    assert token_of(token.upper()) == token


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_json"),
        ("[" * 100_000, "not_json"),
        ("[]", "not_an_object"),
        ("{}", "no_current"),
        ('{"current": "1"}', "current_missing"),
        ('{"current": "2", "1": "a-secret-for-tests-only"}', "current_missing"),
        ('{"current": "1", "1": "short"}', "bad_secret"),
        ('{"current": "1", "1": 5}', "bad_secret"),
        ('{"current": "x", "x": "a-secret-for-tests-only"}', "bad_key_id"),
        ('{"current": "256", "256": "a-secret-for-tests-only"}', "bad_key_id"),
        ('{"current": true, "1": "a-secret-for-tests-only"}', "bad_key_id"),
        (json.dumps({"current": "1"} | {str(n): SECRET for n in range(20)}), "too_many_keys"),
    ],
)
def test_a_bad_secret_is_refused_without_being_told(text: str, code: str) -> None:
    with pytest.raises(KeyRingError) as caught:
        KeyRing.parse(text)
    assert str(caught.value) == code


def test_the_ring_does_not_show_its_keys() -> None:
    assert SECRET not in repr(RING)


def test_an_intent_id_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="intent_id_length"):
        make_token(RING, "s", b"short")
