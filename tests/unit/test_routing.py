"""Where money belongs, from the references in its text: what is certain is booked, the rest waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from duly.domain.references import MAX_TOKENS, find_references, normalise_name, normalise_reference
from duly.domain.routing import MAX_CANDIDATES, MAX_SAME_AMOUNT, Answers, Route, route
from duly.domain.transaction import Transaction
from tests.core_samples import MONDAY

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


# --- routing


def transaction(text: str, amount_minor: int = 10_000, reversal: bool = False) -> Transaction:
    return Transaction(
        key="T1",
        amount_minor=amount_minor,
        currency="EUR",
        booked=MONDAY,
        value_date=MONDAY + timedelta(days=1),
        tokens=find_references(text),
        reversal=reversal,
    )


BOOKS = {
    "INV1001": [("A", "INV-1001")],
    "INV1002": [("A", "INV-1002")],
    "INV2001": [("B", "INV-2001")],
    "1001": [("C", "1001")],
    "70001": [("D", "70001")],
    "SHARED1": [("A", "SHARED-1"), ("B", "SHARED-1")],
    "RF18539007547034": [("B", "INV-2001")],
}


def routed(text: str, by_name: tuple[str, ...] = (), by_amount: tuple[str, ...] = (), **rest: bool | int) -> Route:
    amount = int(rest.get("amount_minor", 10_000))
    return route(transaction(text, amount, bool(rest.get("reversal"))), Answers(BOOKS, by_name, by_amount))


def test_one_reference_is_certain() -> None:
    assert routed("INV-1001") == Route("A", ("INV-1001",), "reference")


def test_several_references_of_one_customer_are_certain_in_the_order_of_the_text() -> None:
    assert routed("INV-1002 + inv 1001 and again INV-1002") == Route("A", ("INV-1002", "INV-1001"), "reference")


def test_a_creditor_reference_names_its_invoice() -> None:
    assert routed("RF18 5390 0754 7034 // RF18539007547034").names == ("INV-2001",)


def test_of_overlapping_references_the_longest_counts() -> None:
    """INV-1001 holds the number 1001, which is another customer's."""
    assert routed("INV-1001", by_name=("C",)) == Route("A", ("INV-1001",), "reference")


def test_references_of_several_customers_wait() -> None:
    found = routed("INV-1001 INV-2001")
    assert (found.account, found.reason, found.candidates) == ("", "several_customers", ("A", "B"))


def test_a_reference_with_two_answers_waits() -> None:
    found = routed("SHARED-1")
    assert (found.account, found.reason, found.candidates) == ("", "several_customers", ("A", "B"))


def test_two_items_of_one_customer_under_one_reference_wait() -> None:
    answers = Answers({"X100": [("A", "X-100"), ("A", "X100")]})
    found = route(transaction("X-100"), answers)
    assert (found.account, found.reason, found.candidates) == ("", "ambiguous_reference", ("A",))


@pytest.mark.parametrize("text", ["1001", "House 1001"])
def test_a_number_of_few_digits_alone_is_not_certain(text: str) -> None:
    found = routed(text)
    assert (found.account, found.reason) == ("", "no_reference")


def test_a_number_of_few_digits_counts_with_the_payers_name_or_the_amount() -> None:
    assert routed("1001", by_name=("C",)) == Route("C", ("1001",), "reference")
    assert routed("1001", by_amount=("C", "A")) == Route("C", ("1001",), "reference")
    assert routed("1001", by_name=("A",)).account == ""


def test_a_number_of_five_digits_is_certain() -> None:
    assert routed("70001") == Route("D", ("70001",), "reference")


def test_without_a_reference_the_name_and_what_is_owed_nominate() -> None:
    answers = Answers(by_name=("B",), by_amount=("C", "D"), open_amount=("D",))
    found = route(transaction("thanks"), answers)
    assert (found.account, found.reason, found.candidates) == ("", "no_reference", ("B", "D"))


def test_a_weak_reference_nominates_its_account() -> None:
    found = route(transaction("1001"), Answers({"1001": [("C", "1001")]}))
    assert (found.account, found.candidates) == ("", ("C",))


def test_every_account_that_owes_the_amount_is_nominated_up_to_a_bound() -> None:
    owing = tuple(f"A{n:02d}" for n in range(MAX_SAME_AMOUNT + 1))
    assert route(transaction("thanks"), Answers(open_amount=owing)).candidates == owing[:-1]


def test_candidates_by_name_are_bounded() -> None:
    names = tuple(f"N{n:02d}" for n in range(30))
    assert route(transaction("thanks"), Answers(by_name=names)).candidates == names[:MAX_CANDIDATES]


def test_a_reversal_waits_for_a_person() -> None:
    found = routed("INV-1001", reversal=True)
    assert (found.account, found.reason, found.is_receipt) == ("", "reversal", True)


@pytest.mark.parametrize("amount_minor", [0, -10_000])
def test_money_out_is_no_receipt(amount_minor: int) -> None:
    found = routed("INV-1001", amount_minor=amount_minor)
    assert (found.account, found.reason, found.is_receipt) == ("", "money_out", False)
