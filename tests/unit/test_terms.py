"""Payment terms in words: the due date and the cash discounts of a text."""

from __future__ import annotations

from datetime import date

import pytest

from duly.domain.cash_discount import CashDiscount
from duly.domain.terms import means_in_words, read_terms

ISSUED = date(2026, 1, 20)
TWO_IN_TEN = (CashDiscount(10, 200),)
THREE_IN_TEN = (CashDiscount(10, 300),)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("30 days net", 30),
        ("30 days", 30),
        ("Net 30", 30),
        ("net 30 days.", 30),
        ("n/45", 45),
        ("Payment within 30 days", 30),
        ("Please pay within 14 days of the invoice date.", 14),
        ("Due in 60 days", 60),
        ("Payment due upon receipt", 0),
        ("Due on receipt", 0),
        ("Payable immediately", 0),
        ("payment within one month", 31),
        ("Payment within 2 weeks", 14),
        ("Net 30 EOM", 41),
        ("end of month", 11),
        ("Zahlbar innerhalb 30 Tagen", 30),
        ("Zahlbar innerhalb von 30 Tagen ohne Abzug", 30),
        ("netto 14 Tage", 14),
        ("14 Tage netto", 14),
        ("14 Tage", 14),
        ("Zahlungsziel: 21 Tage", 21),
        ("Zahlbar sofort ohne Abzug.", 0),
        ("Rechnungsbetrag zahlbar ohne Abzug sofort nach Erhalt der Rechnung.", 0),
        ("sofort fällig, ohne Abzug", 0),
        ("Zahlbar innerhalb 14 Tagen nach Erhalt der Rechnung.", 14),
        ("Wir bitten, den Beitrag von 120,00 € innerhalb von 14 Tagen auf das Konto zu überweisen.", 14),
        ("14 Tage; bitte die Zahlung per PayPal", 14),
        ("zahlbar bis Monatsende", 11),
        ("payable fin de mois", 11),
        ("30 jours fin de mois", 39),
        ("45 jours fin de mois", 70),
        ("30 jours fin de mois le 10", 49),
        ("fin de mois 30 jours", 41),
        ("Paiement à 30 jours date de facture", 30),
        ("PAIEMENT 30 JOURS NET", 30),
        ("Paiement à réception de facture", 0),
        ("Paiement immédiat", 0),
        ("solde à 30 j", 30),
        ("Pagamento a 30 giorni data fattura", 30),
        ("30 gg d.f.f.m.", 39),
        ("30 gg FM", 39),
        ("pagamento 60 gg fine mese", 70),
        ("Rimessa diretta", 0),
        ("Pago a 30 días fecha factura", 30),
        ("Pago al contado", 0),
        ("Betaling binnen 30 dagen", 30),
        ("30 dagen netto", 30),
        ("30 dagar netto. Dröjsmålsränta: 12%", 30),
        ("Betalning 30 dagar", 30),
        ("netto 8 dage", 8),
    ],
)
def test_days(text: str, days: int) -> None:
    found = read_terms(text, ISSUED)
    assert found.due is not None
    assert (found.due - ISSUED).days == days


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("Zahlbar ohne Abzug bis 22.02.2026", date(2026, 2, 22)),
        ("Bitte überweisen Sie bis zum 24.02.2026 auf das unten aufgeführte Konto.", date(2026, 2, 24)),
        ("Payable by 2026-02-24", date(2026, 2, 24)),
        (
            "Zahlbar innerhalb 30 Tagen netto bis 04.03.2026, 3% Skonto innerhalb 10 Tagen bis 30.01.2026",
            date(2026, 3, 4),
        ),
        ("fällig zum 4.2.26 ohne Abzug", date(2026, 2, 4)),
    ],
)
def test_dates(text: str, due: date) -> None:
    assert read_terms(text, ISSUED).due == due


@pytest.mark.parametrize(
    "text",
    [
        "",
        "As per contract",
        "Interest of 8 % is charged 30 days after the due date",
        "Widerspruch innerhalb von 14 Tagen",
        "Lieferung innerhalb von 14 Tagen",
        "Arbetet påbörjas 7 dagar efter mottagen förskottsbetalning.",
        "Bei Zahlung innerhalb 14 Tagen gewähren wir 2,0% Skonto.",
        "zahlbar innerhalb 10 Werktagen",
        "payable within 10 business days",
        "Zahlbar ohne Abzug bis 22.12.2020",
        "50 % payable within 14 days, 50 % payable within 60 days",
        "Zahlbar bis 01.02.2026 oder bis 01.03.2026",
        "Zahlbar zu den Fälligkeiten 01.02.2026, 01.03.2026",
        "Bitte überweisen Sie bis zum 31.02.2026",
        "Der Rechnungsbetrag wird über Ihre Kreditkarte abgebucht.",
        "Vid försenad betalning tillkommer avgift",
    ],
)
def test_texts_that_name_no_due_date(text: str) -> None:
    assert read_terms(text, ISSUED).due is None


@pytest.mark.parametrize(
    ("text", "discounts", "days"),
    [
        (
            "#SKONTO#TAGE=7#PROZENT=2.00#\n#SKONTO#TAGE=14#PROZENT=3.00#\n",
            (CashDiscount(7, 200), CashDiscount(14, 300)),
            None,
        ),
        ("#SKONTO#TAGE=10#PROZENT=2.00#BASISBETRAG=250.00#\nZahlbar in 30 Tagen", TWO_IN_TEN, 30),
        ("#VERZUG#TAGE=10#PROZENT=5.00#", (), None),
        ("10 Tage 3% Skonto, 30 Tage netto", THREE_IN_TEN, 30),
        ("Payment within 10 days, 2% discount", TWO_IN_TEN, None),
        ("Skontovereinbarung: 2% bei Zahlung innerhalb 10 Tagen nach Rechnungsdatum", TWO_IN_TEN, None),
        ("Bei Zahlungen binnen 10 Tagen, 2% Skonto", TWO_IN_TEN, None),
        ("2/10 net 30", TWO_IN_TEN, 30),
        ("2% 10 days discount, net 30 days", TWO_IN_TEN, 30),
        ("2 % discount if paid within 10 days Penalty percentage 10% from due date", TWO_IN_TEN, None),
        ("Escompte 2 % sous 10 jours, paiement à 30 jours", TWO_IN_TEN, 30),
        ("30 jours net, pas d'escompte", (), 30),
        ("Zahlbar in 30 Tagen, kein Skonto", (), 30),
        ("2,5 % Skonto binnen 10 Tagen", (CashDiscount(10, 250),), None),
    ],
)
def test_cash_discounts(text: str, discounts: tuple[CashDiscount, ...], days: int | None) -> None:
    found = read_terms(text, ISSUED)
    assert found.discounts == discounts
    assert found.days == days


def test_days_at_the_end_of_the_calendar() -> None:
    assert read_terms("within one month", date(2026, 1, 31)).due is None  # nobody says that it is about paying
    assert read_terms("payable within one month", date(2026, 1, 31)).due == date(2026, 2, 28)
    assert read_terms("30 days net", date(2100, 12, 31)).due == date(2101, 1, 30)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("Der Betrag wird per SEPA-Lastschrift eingezogen.", "direct_debit"),
        ("Wir buchen den Betrag am 5. von Ihrem Konto ab.", "direct_debit"),
        ("Der Rechnungsbetrag wird über Ihre Kreditkarte abgebucht.", "card"),
        ("The amount will be collected by direct debit", "direct_debit"),
        ("Règlement par prélèvement automatique", "direct_debit"),
        ("Einfacher für Sie ist es, wenn wir abbuchen: per Lastschrift", ""),
        ("30 days net", ""),
    ],
)
def test_means_in_words(text: str, means: str) -> None:
    assert means_in_words(text) == means
