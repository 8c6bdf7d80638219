"""Where a payment belongs: by what it names, by who paid, by its amount; and what is only proposed."""

from __future__ import annotations

from tests.match_samples import booked, debtor, item, matched, payment, proposed

FOG = debtor("C1", "Fog & Co", item("RE-2026-00123", 119_000), item("RE-2026-00124", 5_000))
MUELLER = debtor("C2", "Müller Bau GmbH", *(item(f"R-{number}", number * 10) for number in (2, 101, 102, 103)))
LEDGER = (FOG, MUELLER)


def test_a_number_and_its_exact_amount_are_booked_whoever_paid() -> None:
    found = matched(LEDGER, payment("Rechnung RE-2026-00123", 119_000, "Somebody Else"))
    assert booked(found) == {"C1": ("RE-2026-00123",)}
    assert found.best is not None and found.best.reasons == ("invoice_number", "amount_exact")


def test_a_number_with_the_payers_name_is_booked_whatever_the_amount() -> None:
    assert booked(matched(LEDGER, payment("RE-2026-00123 erster Teil", 50_000, "FOG CO"))) == {"C1": ("RE-2026-00123",)}


def test_a_number_alone_is_a_proposal() -> None:
    assert proposed(matched(LEDGER, payment("RE-2026-00123", 50_000, "Somebody Else"))) == {"C1": ("RE-2026-00123",)}


def test_nothing_known_is_suspense() -> None:
    found = matched(LEDGER, payment("thank you", 77, "Nobody"))
    assert (found.outcome, found.reason, found.candidates) == ("suspense", "no_reference", ())
