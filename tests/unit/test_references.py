"""References in a text and names of businesses, brought to a form that compares exactly."""

from __future__ import annotations

import pytest

from duly.domain.references import MAX_TOKENS, find_references, normalise_name, normalise_reference

# --- references in a text


@pytest.mark.parametrize(
    "text",
    ["INV-1001", "inv-1001", "INV 1001", "inv.1001", "INV/1001", "INV_1001", "INV1001", "Inv # 1001", "INV: 1001"],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert "INV1001" in {value for value, _, _ in find_references(f"Payment of {text}, thanks")}


def test_a_number_without_its_prefix_is_found() -> None:
    assert "10017" in {value for value, _, _ in find_references("Rechnung Nr. 10017 vom 01.03.2026")}


def test_several_numbers_are_found_in_the_order_of_the_text() -> None:
    found = [value for value, _, _ in find_references("INV-3, INV-1 und INV-2")]
    assert [value for value in found if value in ("INV3", "INV1", "INV2")] == ["INV3", "INV1", "INV2"]


@pytest.mark.parametrize("text", ["01.03.2026", "1.3.26", "2026-03-01", "01/03/2026", "01-03-2026"])
def test_dates_are_no_references(text: str) -> None:
    assert find_references(text) == find_references(f"({text})") == ()
    found = {value for value, _, _ in find_references(f"INV-7 of {text}: thanks")}
    assert "INV7" in found
    assert not found & {"2026", normalise_reference(text)}


@pytest.mark.parametrize("text", ["", "thanks for all", "a1", "12", "x" * 34 + "12"])
def test_words_and_what_is_too_short_or_long_are_no_references(text: str) -> None:
    assert find_references(text) == ()


def test_what_is_read_of_a_text_is_bounded() -> None:
    assert len(find_references(" ".join(f"INV-{n}" for n in range(1_000)))) == MAX_TOKENS
    assert find_references("x" * 2_000 + " INV-1001") == ()


def test_spans_say_where_a_reference_stands() -> None:
    text = "für INV-1001!"
    assert {text[start:end] for value, start, end in find_references(text) if value == "INV1001"} == {"INV-1001"}


@pytest.mark.parametrize("other", ["İNV-1", "ıNV-1", "ΙNV-1", "INV‐1x", "ΙΝV-1", "INV-１"])
def test_look_alikes_are_other_references(other: str) -> None:
    """A dotted or dotless i, a Greek capital iota, full-width digits: different, never folded."""
    assert normalise_reference(other) != normalise_reference("INV-1")


def test_normalising_twice_changes_nothing() -> None:
    for text in ("inv-1", "straße 5", "ſ1", "µ-3", "ÄÖ-9", "ﬁ-2"):
        once = normalise_reference(text)
        assert normalise_reference(once) == once
    assert normalise_reference("äö-9") == normalise_reference("ÄÖ 9")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller & Söhne GmbH", "MULLER & SOHNE GMBH & Co. KG"),
        ("Ltd. Acme", "acme limited"),
        ("Straße AG", "STRASSE"),
        ("van der Berg B.V.", "Van Der Berg"),
    ],
)
def test_names_are_equal_without_case_accents_and_legal_form(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Acme North", "Acme South"), ("Acme", "Acme 2"), ("Acme", "Αcme")])
def test_other_names_stay_apart(one: str, other: str) -> None:
    assert normalise_name(one) != normalise_name(other)


def test_a_name_of_legal_forms_alone_is_no_name() -> None:
    assert normalise_name("GmbH & Co. KG") in ("", "&")
