"""Where a payment belongs: by what it names, by who paid, by its amount; and what is only proposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from duly.domain.cash_discount import CashDiscount
from duly.domain.matching import REASONS, Advice, Credit, MatchingRules
from tests.match_samples import DUE, ISSUED, PAID, booked, debtor, item, matched, payment, proposed

FOG = debtor(
    "C1",
    "Fog & Co",
    item("RE-2026-00123", 119_000, reference="RF18539007547034", order="PO-778899"),
    item("RE-2026-00124", 5_000),
    item("RE-2026-00125", 7_000),
)
MUELLER = debtor("C2", "Müller Bau GmbH", *(item(f"R-{number}", number * 10) for number in (2, 101, 102, 103)))
LEDGER = (FOG, MUELLER)


# --- creditor references
@pytest.mark.parametrize("reference", ["RF18539007547034", "RF18 5390 0754 7034", "539007547034"])
def test_a_creditor_reference_is_booked_alone(reference: str) -> None:
    found = matched(LEDGER, payment("", 4_000, "Somebody Else", structured_reference=reference))
    assert booked(found) == {"C1": ("RE-2026-00123",)}
    assert found.best is not None and found.best.reasons[0] == "creditor_reference"


def test_a_creditor_reference_is_found_in_free_text() -> None:
    found = matched(LEDGER, payment("Danke RF18 5390 0754 7034", 4_000, "Somebody Else"))
    assert booked(found) == {"C1": ("RE-2026-00123",)}


def test_a_number_inside_a_structured_reference_nominates() -> None:
    reference = "000000004711000020260012" + "300"
    found = matched(LEDGER, payment("", 50_000, "Somebody Else", structured_reference=reference))
    assert found.outcome in ("propose", "suspense")
    sure = matched(LEDGER, payment("", 119_000, "Fog & Co", structured_reference="47110000000000202600123" + "7"))
    assert booked(sure) == {"C1": ("RE-2026-00123",)}


# --- numbers in the text
@pytest.mark.parametrize(
    "text",
    [
        "Rechnung RE-2026-00123",
        "RE202600123",
        "re 2026 00123",
        "Rg. 2026-00123 vom 05.01.2026",
        "202600123",
        "RE-2026-00\n123",
        "RE-2026-0 0123",
        "Inv no 2026/00123 Tel. +49 211 4711008",
        "FAKTURA VAT NR RE-2026-00123",
    ],
)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert booked(matched(LEDGER, payment(text, 119_000, "Somebody Else"))) == {"C1": ("RE-2026-00123",)}


def test_the_zero_at_the_end_of_a_number_is_none_of_the_next_ones() -> None:
    ten = debtor("C1", "Fog & Co", *(item(f"R0-{number}", 1_000) for number in range(10)))
    text = " ".join(one.number for one in ten.items)
    found = matched((ten,), payment(text, 10_000, "Fog & Co"))
    assert booked(found) == {"C1": tuple(one.number for one in ten.items)}


def test_a_bank_that_cuts_lines_cuts_numbers() -> None:
    text = "Unsere Zahlung zu RE-2026-0" + "\n" + "0123 vom Januar"
    assert booked(matched(LEDGER, payment(text, 119_000, "Somebody Else"))) == {"C1": ("RE-2026-00123",)}


@pytest.mark.parametrize(
    "text", ["R-101/102/103", "R-101, 102 und 103", "R-101 bis R-103", "R-101 - 103", "R-101 to 103"]
)
def test_lists_and_ranges_name_each_invoice(text: str) -> None:
    found = matched(LEDGER, payment(text, 3_060, "Mueller Bau"))
    assert {name for names in booked(found).values() for name in names} == {"R-101", "R-102", "R-103"}


@pytest.mark.parametrize("text", ["Rechnung 123", "Rechnung 00123", "2026-123", "RE 123"])
def test_the_end_of_a_number_is_enough_for_a_known_payer(text: str) -> None:
    assert booked(matched(LEDGER, payment(text, 119_000, "FOG CO"))) == {"C1": ("RE-2026-00123",)}


def test_a_short_number_means_nothing_from_a_stranger() -> None:
    assert matched(LEDGER, payment("R-2", 50, "Somebody Else")).outcome == "suspense"


def test_a_short_number_is_booked_for_its_customer() -> None:
    assert booked(matched(LEDGER, payment("R-2 first part", 10, "MUELLER BAU GMBH"))) == {"C2": ("R-2",)}


def test_a_number_with_the_payers_name_is_booked_whatever_the_amount() -> None:
    assert booked(matched(LEDGER, payment("RE-2026-00123 erster Teil", 50_000, "FOG CO"))) == {"C1": ("RE-2026-00123",)}


def test_a_number_alone_is_a_proposal() -> None:
    assert proposed(matched(LEDGER, payment("RE-2026-00123", 50_000, "Somebody Else"))) == {"C1": ("RE-2026-00123",)}


def test_more_than_the_invoice_is_a_proposal() -> None:
    found = matched(LEDGER, payment("RE-2026-00124", 8_000, "Fog & Co"))
    assert proposed(found) == {"C1": ("RE-2026-00124",)}
    assert found.best is not None and "amount_over" in found.best.reasons


def test_a_slip_is_understood_where_name_and_amount_agree() -> None:
    for text in ("RE-2026-0O123", "RE-2026-00132", "RE-2026-0123"):
        found = matched((FOG,), payment(text, 119_000, "Fog & Co"))
        assert (found.outcome, found.best and found.best.shares[0].names) != ("suspense", None), text
        assert found.best is not None and found.best.shares[0].account == "C1", text


def test_a_slip_never_finds_an_invoice_by_itself() -> None:
    assert matched(LEDGER, payment("RE-2026-00173", 77, "Somebody Else")).outcome == "suspense"


def test_the_number_of_another_invoice_with_the_amount_of_a_third_is_a_proposal() -> None:
    found = matched(LEDGER, payment("RE-2026-00124", 7_000, "Fog & Co"))
    assert found.outcome == "propose"
    named = [share.names for one in (found.best, *found.alternatives) if one for share in one.shares]
    assert ("RE-2026-00124",) in named and ("RE-2026-00125",) in named


def test_an_ordinal_behind_a_number_is_no_part_of_it() -> None:
    ledger = (debtor("C3", "Regen AG", item("RE-2026-18782", 500), item("RE-2026-18786", 500)),)
    found = matched(ledger, payment("RE-2026-1878 2. Mahnung", 500, "Regen AG"))
    assert found.outcome != "book" or booked(found) == {"C3": ()}


def test_purchase_order_and_name() -> None:
    found = matched(LEDGER, payment("Bestellung PO-778899", 119_000, "Fog & Co"))
    assert booked(found) == {"C1": ("RE-2026-00123",)}
    assert found.best is not None and "purchase_order" in found.best.reasons


def test_a_list_of_documents_caps_what_each_gets() -> None:
    documents = (("RE-2026-00124", 3_000), ("2026-00125", 7_000))
    found = matched(LEDGER, payment("", 10_000, "FOG CO", documents=documents))
    assert found.outcome == "book" and found.best is not None
    assert dict(found.best.shares[0].caps) == {"RE-2026-00124": 3_000, "RE-2026-00125": 7_000}


# --- what is no number of an invoice
@pytest.mark.parametrize(
    "text",
    [
        "Zahlung vom 20.26.0012 Tel. 0211/10101",
        "IBAN DE89370400440532013000",
        "Kd-Nr. 10101 Danke",
        "EUR 101,01",
        "1.010,10 EUR",
        "+49 101 01010",
        "101.01",
    ],
)
def test_dates_telephones_accounts_customers_and_amounts_name_nothing(text: str) -> None:
    ledger = (
        debtor("C9", "Nebel AG", *(item(number, 5_000) for number in ("10101", "101010", "20260012", "532013000"))),
    )
    assert matched(ledger, payment(text, 4_000, "Somebody Else")).outcome == "suspense"


# --- names
@pytest.mark.parametrize("name", ["MUELLER BAU GMBH", "Muller Bau GmbH", "Bau Müller GmbH", "müller bau g.m.b.h."])
def test_a_name_is_the_same_however_it_is_spelled(name: str) -> None:
    found = matched(LEDGER, payment("danke", 1_020, name))
    assert found.outcome == "book" and found.best is not None
    assert found.best.reasons == ("name", "amount_exact")


def test_a_name_cut_by_the_bank_is_proposed() -> None:
    long = debtor("C3", "Nordwind Logistik und Spedition International GmbH", item("R-900", 4_444))
    assert proposed(matched((long,), payment("danke", 4_444, "NORDWIND LOGISTIK UND SPEDI"))) == {"C3": ("R-900",)}


def test_names_that_differ_in_legal_form_are_two_customers() -> None:
    found = matched(LEDGER, payment("danke", 1_020, "Müller Bau AG"))
    assert found.outcome != "book"


def test_another_legal_form_is_not_confirmed_by_number_and_amount() -> None:
    ledger = (debtor("C2", "Müller Bau GmbH", item("RE-2026-00900", 5_000)),)
    found = matched(ledger, payment("RE-2026-00900", 5_000, "Müller Bau AG"))
    assert found.outcome == "propose" and found.best is not None and "legal_form_differs" in found.best.reasons


def test_a_company_of_many_words_cut_inside_its_form() -> None:
    long = debtor("C3", "Esposito Costruzioni Berlin GmbH & Co. KG", item("RE-2026-00901", 5_000))
    found = matched((long,), payment("RE-2026-00901 Teil", 1_000, "ESPOSITO COSTRUZIONI BERLIN GMBH &"))
    assert booked(found) == {"C3": ("RE-2026-00901",)}


def test_two_customers_of_one_name_are_never_booked_by_name() -> None:
    twins = (debtor("C4", "Nebel GmbH", item("R-700", 900)), debtor("C5", "Nebel GmbH", item("R-701", 900)))
    assert matched(twins, payment("danke", 900, "Nebel GmbH")).outcome == "propose"
    assert booked(matched(twins, payment("R-701", 900, "Nebel GmbH"))) == {"C5": ("R-701",)}


def test_the_same_number_at_two_customers_needs_the_name() -> None:
    twice = (debtor("C4", "Nebel GmbH", item("R-70012", 900)), debtor("C5", "Regen AG", item("R-70012", 900)))
    assert matched(twice, payment("R-70012", 900, "Somebody Else")).outcome == "propose"
    assert booked(matched(twice, payment("R-70012", 900, "Regen AG"))) == {"C5": ("R-70012",)}


def test_the_number_of_one_customer_paid_by_another_is_a_proposal() -> None:
    found = matched(LEDGER, payment("RE-2026-00123", 119_000, "Müller Bau GmbH"))
    assert found.outcome == "propose"
    assert found.best is not None and "other_payer" in found.best.reasons
    assert set(found.candidates) == {"C1", "C2"}


# --- learned accounts
def test_a_learned_account_and_the_name_are_booked_on_account() -> None:
    known = replace(FOG, payer_accounts=("DE89 3704 0044 0532 0130 00",))
    found = matched((known,), payment("", 3_333, "Fog Co", payer_account="DE89370400440532013000"))
    assert booked(found) == {"C1": ()}


def test_a_learned_account_alone_is_a_proposal() -> None:
    known = replace(FOG, payer_accounts=("DE89370400440532013000",))
    found = matched((known,), payment("", 3_333, "Somebody Else", payer_account="DE89370400440532013000"))
    assert found.outcome == "propose"


# --- amounts
def test_a_set_of_invoices_is_proposed_and_another_one_beside_it() -> None:
    ledger = (debtor("C6", "Regen AG", *(item(f"R-80{at}", amount) for at, amount in enumerate((100, 200, 300)))),)
    found = matched(ledger, payment("", 300, "Regen"))
    named = [one.shares[0].names for one in (found.best, *found.alternatives) if one]
    assert found.outcome == "propose" and named[0] == ("R-802",) and ("R-800", "R-801") in named


def test_cash_discount_counts_within_its_days_only() -> None:
    sale = debtor("C7", "Regen AG", item("RE-2026-00500", 100_000, discounts=(CashDiscount(10, 200),)))
    early = payment("RE-2026-00500", 98_000, "Somebody Else", value_date=date(2026, 1, 15))
    assert booked(matched((sale,), early)) == {"C7": ("RE-2026-00500",)}
    assert matched((sale,), replace(early, value_date=date(2026, 1, 16))).outcome == "propose"
    late = replace(early, value_date=date(2026, 1, 17))
    assert matched((sale,), late, MatchingRules(discount_grace_days=2)).outcome == "book"


def test_bank_fee_tolerance_credit_note_charges_and_open_amount_are_told() -> None:
    rules = MatchingRules(tolerance_minor={"EUR": 10}, bank_fee_minor={"EUR": 500})
    one = item("RE-2026-00600", 10_000, charges_minor=500, outstanding_minor=10_000)
    ledger = (debtor("C8", "Regen AG", one, credits=(Credit("G-1", 2_000, "EUR"),)),)
    said = {
        amount: found.best.reasons[-1]
        for amount in (10_000, 9_995, 9_700, 8_000, 10_500, 4_000)
        if (found := matched(ledger, payment("RE-2026-00600", amount, "Regen AG"), rules)).best
    }
    assert said == {
        10_000: "amount_exact",
        9_995: "amount_tolerance",
        9_700: "amount_bank_fee",
        8_000: "amount_credit",
        10_500: "amount_charges",
        4_000: "amount_partial",
    }


def test_what_settles_the_rest_is_told() -> None:
    rules = MatchingRules(bank_fee_minor={"EUR": 500})
    found = matched(LEDGER, payment("RE-2026-00124", 4_700, "Somebody Else"), rules)
    assert found.outcome == "propose" and found.best is not None
    assert [(one.item, one.kind, one.amount_minor) for one in found.best.settle] == [("RE-2026-00124", "bank_fee", 300)]


def test_an_instalment_of_an_invoice() -> None:
    parts = [item("RE-2026-00700", amount, f"RE-2026-00700#{at}") for at, amount in ((1, 300), (2, 700))]
    found = matched((debtor("C9", "Regen AG", *parts),), payment("RE-2026-00700", 700, "Regen AG"))
    assert booked(found) == {"C9": ("RE-2026-00700",)}
    assert found.best is not None and "amount_instalment" in found.best.reasons


def test_money_in_another_currency_is_a_proposal() -> None:
    found = matched(LEDGER, payment("RE-2026-00123", 119_000, "Fog & Co", currency="USD"))
    assert found.outcome == "propose" and found.best is not None and "other_currency" in found.best.reasons


# --- groups
def test_a_parent_pays_for_two_of_its_customers() -> None:
    group = (
        debtor("P", "Holding AG", item("R-30001", 10)),
        debtor("A", "Nord GmbH", item("R-30002", 2_000), parent="P"),
        debtor("B", "Sued GmbH", item("R-30003", 3_000), parent="P"),
    )
    found = matched(group, payment("R-30002 und R-30003", 5_000, "Holding AG"))
    assert booked(found) == {"A": ("R-30002",), "B": ("R-30003",)}
    assert found.best is not None and sum(share.amount_minor for share in found.best.shares) == 5_000
    assert booked(matched(group, payment("R-30002", 2_000, "Holding AG"))) == {"A": ("R-30002",)}


def test_two_customers_who_have_nothing_to_do_with_each_other_are_a_proposal() -> None:
    ledger = (debtor("A", "Nord GmbH", item("R-30002", 2_000)), debtor("B", "Sued GmbH", item("R-30003", 3_000)))
    found = matched(ledger, payment("R-30002 R-30003", 5_000, "Somebody Else"))
    assert found.outcome == "propose" and set(proposed(found)) == {"A", "B"}


# --- doubts
def test_what_the_text_rules_out_is_not_paid() -> None:
    found = matched(LEDGER, payment("RE-2026-00123, nicht RE-2026-00124", 119_000, "Fog & Co"))
    assert proposed(found) == {"C1": ("RE-2026-00123",)}


def test_a_settlement_of_card_payments_is_never_booked() -> None:
    found = matched(LEDGER, payment("Kartenzahlung RE-2026-00123", 119_000, "Concardis GmbH"))
    assert found.outcome == "propose" and found.best is not None and "settlement" in found.best.reasons


def test_money_out_and_reversals_are_not_matched() -> None:
    assert matched(LEDGER, payment("RE-2026-00123", -119_000, "Fog & Co")).outcome == "not_receipt"
    found = matched(LEDGER, payment("RE-2026-00123", 119_000, "Fog & Co", reversal=True))
    assert (found.outcome, found.reason) == ("suspense", "reversal")


def test_nothing_known_is_suspense() -> None:
    found = matched(LEDGER, payment("thank you", 77, "Nobody"))
    assert (found.outcome, found.reason, found.candidates) == ("suspense", "no_reference", ())


def test_the_policy_says_what_is_certain() -> None:
    strict = MatchingRules(auto_confirm_permille=999)
    assert matched(LEDGER, payment("RE-2026-00123", 119_000, "Fog & Co"), strict).outcome == "propose"


# --- remittance advices
def test_an_advice_divides_a_payment_without_numbers() -> None:
    lines = (("RE-2026-00124", 5_000), ("RE-2026-00125", 6_000))
    advice = Advice("A-1", "C1", 11_000, "EUR", "AV-2026-77", PAID, lines)
    found = matched(LEDGER, payment("Avis AV-2026-77", 11_000, "Fog & Co"), advices=(advice,))
    assert booked(found) == {"C1": ("RE-2026-00124", "RE-2026-00125")}
    assert found.best is not None and dict(found.best.shares[0].caps) == {
        "RE-2026-00124": 5_000,
        "RE-2026-00125": 6_000,
    }


# --- explanations
def test_every_reason_is_in_the_table() -> None:
    texts, amounts, payers = ("RE-2026-00123", "R-101/102", ""), (119_000, 1_000, 2_030), ("Fog & Co", "Müller Bau", "")
    payments = [payment(text, amount, payer) for text in texts for amount in amounts for payer in payers]
    for one in payments:
        found = matched(LEDGER, one)
        for placement in (found.best, *found.alternatives):
            assert placement is None or set(placement.reasons) <= set(REASONS)
        assert found.reason == "" or found.reason in REASONS
    assert all(sentence.endswith(".") for sentence in REASONS.values())


def test_invoices_of_a_later_day_are_not_paid_by_amount() -> None:
    later = item("R-900", 4_444, issued=date(2026, 3, 1), due=date(2026, 4, 1))
    found = matched((debtor("C3", "Regen AG", later),), payment("danke", 4_444, "Regen"))
    assert found.best is None or all(share.names == () for share in found.best.shares)
    assert ISSUED < DUE


@pytest.mark.parametrize(
    "tail", [", 2% Skonto", " -2%", " - 2 %", " / 2 % Skonto", ", 14 Tage 2%", ", 5 Stück", " +5 Euro"]
)
def test_what_stands_behind_a_number_is_no_list_unless_the_amount_says_so(tail: str) -> None:
    """2 % of R-30001 is not R-30002: last digits alone name an invoice only where the sum of all is the amount."""
    ledger = (
        debtor("A", "Nord GmbH", *(item(f"R-{number}", 1_000 * number) for number in (30001, 30002, 30005, 30014))),
    )
    found = matched(ledger, payment(f"R-30001{tail}", 29_000_000, "Nord GmbH"))
    assert booked(found) == {"A": ("R-30001",)}
    more = matched(ledger, payment("R-30001, 2", 60_003_000, "Nord GmbH"))
    assert booked(more) == {"A": ("R-30001", "R-30002")}


def test_a_list_of_last_digits_whose_sum_is_not_the_amount_is_a_proposal() -> None:
    ledger = (debtor("A", "Nord GmbH", *(item(f"R-{number}", 1_000) for number in (30001, 30002))),)
    found = matched(ledger, payment("R-30001, 2", 1_500, "Nord GmbH"))
    assert found.outcome == "propose" and proposed(found) == {"A": ("R-30001", "R-30002")}


def test_a_number_that_is_right_for_another_customer_is_no_slip() -> None:
    """Both invoices have the amount, and one is named letter by letter."""
    ledger = (
        debtor("A", "Peter Schmidt", item("RE-2026-00900", 12_000)),
        debtor("B", "Anna Schmidt", item("RE-2026-00901", 12_000)),
    )
    found = matched(ledger, payment("RE-2026-00901", 12_000, "Peter Schmidt"))
    assert found.outcome == "propose" and proposed(found) == {"B": ("RE-2026-00901",)}


def test_a_slip_is_looked_for_only_when_the_number_itself_does_not_fit() -> None:
    ledger = (
        debtor(
            "A", "Nord GmbH", item("R-30001", 10_000), item("R-30005", 5_000), credits=(Credit("G-1", 5_000, "EUR"),)
        ),
    )
    found = matched(ledger, payment("R-30001 abzgl. G-1", 5_000, "Nord GmbH"))
    assert proposed(found) == {"A": ("R-30001",)}
    short = (debtor("A", "Nord GmbH", item("4711", 10_000), item("4715", 5_000)),)
    other = matched(short, payment("4711", 5_000, "Nord GmbH"))
    assert other.best is not None and other.outcome == "propose"
    assert not any("invoice_number_slip" in one.reasons for one in (other.best, *other.alternatives))


def test_an_invoice_named_by_another_of_the_group_is_booked_and_no_slip_of_the_payers_own() -> None:
    group = (
        debtor("A", "Nord GmbH", item("N-5001", 1_000), parent="P"),
        debtor("B", "Sued GmbH", item("N-5002", 2_000), parent="P"),
        debtor("P", "Holding AG"),
    )
    for payer in ("Nord GmbH", "Holding AG"):
        found = matched(group, payment("N-5002 Teilzahlung", 700, payer))
        assert booked(found) == {"B": ("N-5002",)} and found.best is not None and "group" in found.best.reasons


def test_a_parent_that_pays_exactly_one_invoice_of_a_child_without_naming_it() -> None:
    group = (debtor("P", "Holding AG"), debtor("A", "Nord GmbH", item("R-30002", 2_000), parent="P"))
    found = matched(group, payment("Zahlung", 2_000, "Holding AG"))
    assert found.outcome == "propose" and proposed(found) == {"A": ("R-30002",)}


def test_invoices_of_strangers_to_each_other_that_add_up_to_the_payment_are_proposed_together() -> None:
    ledger = (
        debtor("A", "Peter Schmidt", item("RE-2026-00900", 12_000)),
        debtor("B", "Anna Schmidt", item("RE-2026-00901", 13_000)),
    )
    found = matched(ledger, payment("RE-2026-00900 und 00901", 25_000, "Peter Schmidt"))
    assert proposed(found) == {"A": ("RE-2026-00900",), "B": ("RE-2026-00901",)}


def test_a_letter_read_for_a_digit_means_the_one_number_that_looks_so() -> None:
    ledger = (debtor("A", "Nord GmbH", item("INV-008005", 50_000), item("INV-008007", 50_000)),)
    assert booked(matched(ledger, payment("INV-00800S", 50_000, "Nord GmbH"))) == {"A": ("INV-008005",)}
    other = matched(ledger, payment("INV-008006", 50_000, "Nord GmbH"))
    assert other.outcome == "propose"


def test_a_companys_name_without_a_legal_form_and_exactly_an_invoice_is_booked() -> None:
    ledger = (debtor("C1", "Fog & Co", item("RE-2026-00123", 119_000)), debtor("C2", "Fog", item("R-70001", 5_000)))
    found = matched(ledger, payment("Zahlung", 119_000, "FOG CO"))
    assert found.outcome == "propose"  # there is a Fog too
    assert booked(matched(ledger[:1], payment("Zahlung", 119_000, "FOG CO"))) == {"C1": ()}
    assert matched(ledger[:1], payment("Zahlung", 119_000, "Fog")).outcome == "propose"
    assert matched(ledger[1:], payment("Zahlung", 5_000, "FOG & CO")).outcome == "propose"


def test_an_invoice_named_that_is_not_the_customers_is_a_doubt_however_short_its_number() -> None:
    ledger = (
        debtor("D1", "Twin One GmbH", item("1002", 7_000)),
        debtor("D2", "Twin Two GmbH", item("5005", 7_000)),
    )
    found = matched(ledger, payment("Rechnung 1002", 7_000, "Twin Two GmbH"))
    assert found.outcome == "propose" and found.best is not None and "unknown_number" in found.best.reasons


def test_ambiguous_sets_are_proposals_whatever_the_policy() -> None:
    ledger = (debtor("C3", "Erika Muster", *(item(f"K-3000{at}", 1_000 * at) for at in (1, 2, 3, 4))),)
    rules = MatchingRules(auto_confirm_permille=500)
    assert matched(ledger, payment("", 5_000, "Erika Muster"), rules).outcome == "propose"
    assert booked(matched(ledger, payment("", 10_000, "Erika Muster"), rules)) == {
        "C3": ("K-30001", "K-30002", "K-30003", "K-30004")
    }


def test_of_two_numbers_the_one_of_exactly_this_amount_is_paid() -> None:
    ledger = (debtor("A", "Alpha GmbH", item("RE-10001", 11_900), item("RE-10002", 23_800)),)
    for text in ("Vertrag 10002 Rechnung 10001", "RE-10002 nicht, nur RE-10001"):
        assert booked(matched(ledger, payment(text, 11_900, "Alpha GmbH"))) == {"A": ("RE-10001",)}
    part = matched(ledger, payment("RE-10001 und RE-10002 Teilzahlung", 10_000, "Alpha GmbH"))
    assert booked(part) == {"A": ("RE-10001", "RE-10002")}


@pytest.mark.parametrize("word", ["Vertrag", "Auftrag Nr.", "Commande n°", "PO", "Contract no.", "Umowa"])
def test_the_number_of_another_thing_is_not_booked_without_its_amount(word: str) -> None:
    ledger = (debtor("A", "Alpha GmbH", item("RE-10001", 11_900), item("RE-10002", 23_800)),)
    assert matched(ledger, payment(f"{word} 10002", 5_500, "Alpha GmbH")).outcome == "propose"
    assert matched(ledger, payment(f"{word} 10002", 23_800, "Stranger")).outcome == "propose"
    assert booked(matched(ledger, payment(f"{word} 10002", 23_800, "Alpha GmbH"))) == {"A": ("RE-10002",)}


def test_documents_of_a_group_whose_stated_amounts_add_up_are_booked() -> None:
    group = (
        debtor("P", "Holding AG"),
        debtor("A", "Nord GmbH", item("N-5001", 100_000), parent="P"),
        debtor("B", "Sued GmbH", item("N-5002", 200_000), parent="P"),
    )
    stated = (("N-5001", 100_000), ("N-5002", 50_000))
    found = matched(group, payment("", 150_000, "Holding AG", documents=stated))
    assert booked(found) == {"A": ("N-5001",), "B": ("N-5002",)}
    assert found.best is not None and [share.amount_minor for share in found.best.shares] == [100_000, 50_000]
