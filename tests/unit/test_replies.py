"""What debtors write and what it means. Received on Tuesday, 10 March 2026."""

from __future__ import annotations

from datetime import date

import pytest

from duly.domain.replies import Classification, classify, find_invoices, parse_amount_phrase, parse_date_phrase
from duly.mail.local_forms import day
from duly.mail.notice import LANGUAGES
from duly.mail.render import environment, values_of
from tests.mail_views import view

TODAY = date(2026, 3, 10)
KNOWN = ("R-1", "R-2", "RE-2026-0012", "RE-2026-0013", "1001", "77")


def read(text: str, language: str = "en", subject: str = "Re: Payment reminder") -> Classification:
    return classify(text, subject, language, TODAY, KNOWN)


def told(text: str, language: str = "en") -> list[str]:
    """The intents in short: kind, reason or day, and invoices."""
    found = []
    for intent in read(text, language).intents:
        detail = intent.reason or (intent.on.isoformat()[5:] if intent.on else "")
        found.append(":".join(part for part in (intent.kind, detail, "+".join(intent.invoices)) if part))
    return found


ROMANCE_AND_POLISH = [
    ("pt", "Já pagámos a fatura R-1 no dia 4 de março.", ["paid:03-04:R-1"]),
    ("pt", "O pagamento será efetuado na sexta-feira.", ["promise:03-13"]),
    ("pt", "Pagaremos amanhã sem falta.", ["promise:03-11"]),
    ("pt", "Pagaremos o valor acordado até ao fim de março.", ["promise:03-31"]),
    ("pt", "O preço da fatura R-1 está errado.", ["dispute:price:R-1"]),
    ("pt", "Nunca recebemos a mercadoria.", ["dispute:not_received_goods"]),
    ("pt", "Não encomendámos nada disto.", ["dispute:not_ours"]),
    ("pt", "Não recebemos a fatura R-1.", ["invoice_copy:invoice_not_received:R-1"]),
    ("pt", "Gostaríamos de pagar em três prestações.", ["plan_request"]),
    ("pt", "Não podemos pagar agora.", ["hardship"]),
    ("pt", "Obrigado pela lembrança!", ["thanks"]),
    ("pl", "Zapłaciliśmy fakturę R-1 w dniu 4 marca.", ["paid:03-04:R-1"]),
    ("pl", "Przelew zostanie wykonany w piątek.", ["promise:03-13"]),
    ("pl", "Zapłacimy do 20.03.2026.", ["promise:03-20"]),
    ("pl", "Nie kwestionujemy faktury, zapłacimy jutro.", ["promise:03-11"]),
    ("pl", "Kwota na fakturze R-1 jest nieprawidłowa.", ["dispute:price:R-1"]),
    ("pl", "Nigdy nie otrzymaliśmy towaru.", ["dispute:not_received_goods"]),
    ("pl", "Dziękujemy, ale to nie nasza faktura.", ["dispute:not_ours"]),
    ("pl", "Nie otrzymaliśmy faktury R-1.", ["invoice_copy:invoice_not_received:R-1"]),
    ("pl", "Brakuje nam środków, prosimy o rozłożenie na raty.", ["hardship", "plan_request"]),
    ("pl", "Dziękuję za przypomnienie.", ["thanks"]),
]
SPANISH_AND_FRENCH = [  # words that Portuguese has too, and means otherwise
    ("es", "Se ha realizado el pago de la factura R-1.", ["paid:R-1"]),
    ("es", "El pago fue realizado por transferencia.", ["paid"]),
    ("es", "Pagamos esta factura el 3 de marzo.", ["paid:03-03"]),
    ("es", "Pedimos disculpas por el retraso.", []),
    ("es", "Como ya le dijimos, pagaremos el viernes.", ["promise:03-13"]),
    ("es", "Se nos olvidó, pagaremos el viernes.", ["promise:03-13"]),
    ("es", "Pagaremos mañana sin falta.", ["promise:03-11"]),
    ("fr", "Je vous contacte à ce sujet, nous paierons vendredi.", ["promise:03-13"]),
]
FOR_A_PERSON = [
    ("pt", "Se nos enviarem a fatura, pagaremos amanhã."),
    ("pt", "Ainda não pagámos a fatura R-1."),
    ("pt", "Pagamos na sexta-feira."),  # "we pay" in Portugal, "we paid" in Brazil
    ("pt", "Quando recebermos a nota de crédito, pagaremos."),
    ("pt", "Obrigado, mas não é connosco."),
    ("pt", "Obrigado pela mensagem. Vamos analisar o assunto."),
    ("pl", "Faktura R-1 nie została jeszcze zapłacona."),
    ("pl", "Zapłacimy, gdy otrzymamy korektę."),
    ("pl", "Może zapłacimy w piątek."),
    ("pl", "Dziękuję, proszę zmienić kwotę."),
    ("pl", "Dziękuję za wiadomość. Sprawa jest u kierownika."),
    ("pl", "Księgowa jest na urlopie."),
    ("fr", "Merci de clore ce dossier."),
]


@pytest.mark.parametrize(("language", "text", "said"), [*ROMANCE_AND_POLISH, *SPANISH_AND_FRENCH])
def test_portuguese_and_polish_in_their_common_forms(language: str, text: str, said: list[str]) -> None:
    assert told(text, language) == said


@pytest.mark.parametrize(("language", "text"), FOR_A_PERSON)
def test_what_is_not_plain_is_left_to_a_person(language: str, text: str) -> None:
    assert read(text, language).needs_human


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_links_of_our_own_mails_begin_with_is_understood(language: str) -> None:
    """A debtor follows "Tell us when you paid" and adds the day, or what is wrong."""
    words = (
        environment().get_template(f"{language}/common.j2").make_module(values_of(view(language=language), language))
    )
    starts = [help_["start"] for help_ in words.helps]
    ends = (day(date(2026, 3, 4), language), "R-1", day(date(2026, 3, 20), language))
    said = [told(start + end, language) for start, end in zip(starts, ends, strict=True)]
    assert said == [["paid:03-04"], ["dispute:other:R-1"], ["promise:03-20"]]
    assert not read(starts[2] + ends[2], language).needs_human


DISPUTES = [
    ("en", "I will not pay, this is wrong.", "other"),
    ("en", "We dispute this invoice.", "other"),
    ("en", "We do not accept this charge.", "other"),
    ("en", "Your invoice is incorrect.", "other"),
    ("en", "The goods arrived damaged.", "quality"),
    ("en", "Half of the parts were defective.", "quality"),
    ("en", "The machine does not work.", "quality"),
    ("en", "You sent us the wrong items.", "quality"),
    ("en", "Great, thanks for charging us for goods that never arrived.", "not_received_goods"),
    ("en", "We never received the goods.", "not_received_goods"),
    ("en", "The order has not been delivered.", "not_received_goods"),
    ("en", "We are still waiting for the delivery.", "not_received_goods"),
    ("en", "Nothing was ever delivered to our site.", "not_received_goods"),
    ("en", "We only received 8 of 10 pallets.", "quantity"),
    ("en", "Two boxes are missing from this delivery.", "quantity"),
    ("en", "The delivery was short by 12 units: shortage confirmed by the carrier.", "quantity"),
    ("en", "The price is higher than agreed.", "price"),
    ("en", "The price is not the one that we agreed.", "price"),
    ("en", "You overcharged us by EUR 50.", "price"),
    ("en", "Our discount was not applied.", "price"),
    ("en", "The agreed price was 12.50 per piece.", "price"),
    ("en", "You invoiced us twice for the same delivery.", "duplicate"),
    ("en", "This is a duplicate of an earlier invoice.", "duplicate"),
    ("en", "You promised a credit note for this one.", "already_credited"),
    ("en", "The order was cancelled in January.", "already_credited"),
    ("en", "We never ordered this.", "not_ours"),
    ("en", "This is not our invoice.", "not_ours"),
    ("en", "You have billed the wrong company.", "not_ours"),
    ("de", "Wir widersprechen der Rechnung.", "other"),
    ("de", "Die Rechnung ist falsch.", "other"),
    ("de", "Ich werde nicht zahlen, das stimmt so nicht.", "other"),
    ("de", "Diese Forderung erkennen wir nicht an.", "other"),
    ("de", "Die Ware war beschädigt.", "quality"),
    ("de", "Drei Geräte sind defekt.", "quality"),
    ("de", "Wir haben die Lieferung bereits reklamiert, siehe Mängelrüge.", "quality"),
    ("de", "Die Ware haben wir nie erhalten.", "not_received_goods"),
    ("de", "Bis heute wurde nichts geliefert.", "not_received_goods"),
    ("de", "Wir warten noch auf die Lieferung.", "not_received_goods"),
    ("de", "Es fehlen noch 3 Kartons.", "quantity"),
    ("de", "Geliefert wurden nur 8 statt 10 Stück.", "quantity"),
    ("de", "Die Lieferung war unvollständig.", "quantity"),
    ("de", "Der Preis stimmt nicht mit dem Angebot überein.", "price"),
    ("de", "Der Rabatt von 5 % fehlt.", "price"),
    ("de", "Sie haben uns zu viel berechnet.", "price"),
    ("de", "Die Leistung wurde doppelt berechnet.", "duplicate"),
    ("de", "Dafür steht noch eine Gutschrift aus.", "already_credited"),
    ("de", "Der Auftrag wurde storniert.", "already_credited"),
    ("de", "Das haben wir nie bestellt.", "not_ours"),
    ("de", "Die Rechnung betrifft uns nicht.", "not_ours"),
    ("fr", "Je ne paierai pas, c'est une erreur.", "other"),
    ("fr", "Nous contestons cette facture.", "other"),
    ("fr", "Nous n'avons jamais reçu la marchandise.", "not_received_goods"),
    ("fr", "La marchandise est défectueuse.", "quality"),
    ("es", "No voy a pagar, esto es un error.", "other"),
    ("es", "La mercancía llegó dañada.", "quality"),
    ("es", "No hemos recibido el pedido.", "not_received_goods"),
    ("it", "Non pagherò, è un errore.", "other"),
    ("it", "La merce è difettosa.", "quality"),
    ("it", "Il prezzo non è quello concordato.", "price"),
    ("nl", "Ik betaal niet, dit klopt niet.", "other"),
    ("nl", "De goederen waren beschadigd.", "quality"),
    ("nl", "Wij hebben dit nooit besteld.", "not_ours"),
]


@pytest.mark.parametrize(("language", "text", "reason"), DISPUTES)
def test_a_dispute_is_heard_with_its_reason(language: str, text: str, reason: str) -> None:
    result = read(text, language)
    assert result.kind == "reply"
    assert [intent.reason for intent in result.intents if intent.kind == "dispute"] == [reason]
    assert not result.has("promise") and not result.has("paid")


PROMISES = [
    ("en", "We will pay next Friday.", "2026-03-20"),
    ("en", "We will pay on Friday.", "2026-03-13"),
    ("en", "Payment will be made by 20 March 2026.", "2026-03-20"),
    ("en", "We'll transfer the money tomorrow.", "2026-03-11"),
    ("en", "I am going to pay this at the end of the month.", "2026-03-31"),
    ("en", "You will receive the payment in 10 days.", "2026-03-20"),
    ("en", "The invoice is scheduled for our payment run on 17 March.", "2026-03-17"),
    ("en", "It will be settled within two weeks.", "2026-03-24"),
    ("en", "Payment on 2026-03-15.", "2026-03-15"),
    ("en", "Sorry for the delay, we will pay today.", "2026-03-10"),
    ("en", "We can pay on the 25th.", "2026-03-25"),
    ("en", "This is not a dispute, we will pay by 20 March.", "2026-03-20"),
    ("en", "There is no problem with the goods and we will pay on Monday.", "2026-03-16"),
    ("en", "We will pay no later than 18 March.", "2026-03-18"),
    ("en", "Friday, 13 March is when we will pay.", "2026-03-13"),
    ("de", "Wir überweisen am Freitag.", "2026-03-13"),
    ("de", "Die Zahlung erfolgt am 15.03.2026.", "2026-03-15"),
    ("de", "Wir werden den Betrag bis Ende des Monats überweisen.", "2026-03-31"),
    ("de", "Der Betrag wird morgen angewiesen.", "2026-03-11"),
    ("de", "Ich zahle in 10 Tagen.", "2026-03-20"),
    ("de", "Sie erhalten Ihr Geld spätestens am 20. März.", "2026-03-20"),
    ("de", "Die Rechnung wird im Zahllauf am 17.3. beglichen.", "2026-03-17"),
    ("de", "Wir zahlen nächste Woche Freitag.", "2026-03-20"),
    ("de", "Die Überweisung ist für Freitag angewiesen.", "2026-03-13"),
    ("de", "Die Rechnung wird übermorgen bezahlt.", "2026-03-12"),
    ("de", "Überweisung erfolgt Ende März.", "2026-03-31"),
    ("fr", "Nous paierons vendredi.", "2026-03-13"),
    ("fr", "Le virement sera effectué le 20 mars.", "2026-03-20"),
    ("fr", "Nous allons régler la facture demain.", "2026-03-11"),
    ("es", "Pagaremos el 15 de marzo.", "2026-03-15"),
    ("es", "Vamos a pagar mañana.", "2026-03-11"),
    ("it", "Pagheremo il 20 marzo.", "2026-03-20"),
    ("it", "Il bonifico sarà effettuato domani.", "2026-03-11"),
    ("nl", "Wij betalen vrijdag.", "2026-03-13"),
    ("nl", "De factuur wordt morgen betaald.", "2026-03-11"),
]


@pytest.mark.parametrize(("language", "text", "day"), PROMISES)
def test_a_promise_has_its_day(language: str, text: str, day: str) -> None:
    result = read(text, language)
    promise = result.first("promise")
    assert promise is not None and promise.on == date.fromisoformat(day)
    assert not result.has("dispute") and not result.has("paid")
    assert not result.needs_human


NO_PROMISE = [
    ("en", "We will pay soon."),
    ("en", "We will pay on 3 March 2026."),
    ("en", "We will pay by Friday if you send us the delivery note."),
    ("en", "We will pay once the credit note arrives."),
    ("en", "Can we pay on Friday?"),
    ("en", "We will not pay on Friday."),
    ("en", "We cannot pay this month."),
    ("de", "Wir zahlen demnächst."),
    ("de", "Wir zahlen, sobald die Gutschrift da ist."),
    ("de", "Können wir am Freitag zahlen?"),
    ("de", "Wir zahlen am Freitag nicht."),
    ("de", "Wir können diesen Monat leider nicht zahlen."),
]


@pytest.mark.parametrize(("language", "text"), NO_PROMISE)
def test_no_promise_without_a_day_to_come(language: str, text: str) -> None:
    result = read(text, language)
    assert not result.has("promise") and not result.has("paid")
    assert result.needs_human or result.has("dispute")


PAID = [
    ("en", "We paid last week.", "2026-03-06"),
    ("en", "This was paid on 3 March.", "2026-03-03"),
    ("en", "Already paid.", None),
    ("en", "The transfer was made yesterday.", "2026-03-09"),
    ("en", "We have settled R-1 in full.", None),
    ("en", "Payment of EUR 1,190.00 was sent on 02/28/2026.", "2026-02-28"),
    ("en", "The money has been sent 3 days ago.", "2026-03-07"),
    ("en", "Please find attached the proof of payment.", None),
    ("de", "überwiesen am 3.3.", "2026-03-03"),
    ("de", "Die Rechnung ist bereits bezahlt.", None),
    ("de", "Wir haben gestern überwiesen.", "2026-03-09"),
    ("de", "Die Zahlung ist am 02.03.2026 erfolgt.", "2026-03-02"),
    ("de", "Der Betrag wurde letzte Woche überwiesen.", "2026-03-06"),
    ("de", "Wir haben vor drei Tagen bezahlt.", "2026-03-07"),
    ("fr", "La facture a été payée le 3 mars.", "2026-03-03"),
    ("fr", "Nous avons déjà réglé.", None),
    ("es", "Ya hemos pagado la factura.", None),
    ("it", "Abbiamo già pagato.", None),
    ("it", "Il bonifico è stato effettuato ieri.", "2026-03-09"),
    ("nl", "De factuur is al betaald.", None),
]


@pytest.mark.parametrize(("language", "text", "day"), PAID)
def test_paid_is_heard(language: str, text: str, day: str | None) -> None:
    result = read(text, language)
    paid = result.first("paid")
    assert paid is not None and paid.on == (date.fromisoformat(day) if day else None)
    assert not result.has("promise") and not result.has("dispute")
    assert not result.needs_human


NOT_PAID = [
    ("en", "This has not been paid."),
    ("en", "Has this been paid?"),
    ("en", "We should have paid this, let me check."),
    ("en", "Did you get paid?"),
    ("de", "Die Rechnung ist noch nicht bezahlt."),
    ("de", "Wurde die Rechnung bezahlt?"),
    ("de", "Wir haben noch nicht überwiesen."),
    ("fr", "La facture n'est pas encore payée."),
]


@pytest.mark.parametrize(("language", "text"), NOT_PAID)
def test_unpaid_is_not_paid(language: str, text: str) -> None:
    result = read(text, language)
    assert not result.has("paid")
    assert result.needs_human


OTHERS = [
    ("en", "Could you send us a copy of the invoice?", "invoice_copy", ""),
    ("en", "We never received this invoice.", "invoice_copy", "invoice_not_received"),
    ("de", "Bitte senden Sie uns die Rechnung noch einmal zu.", "invoice_copy", ""),
    ("de", "Diese Rechnung haben wir nicht erhalten.", "invoice_copy", "invoice_not_received"),
    ("fr", "Pouvez-vous nous envoyer la facture ?", "invoice_copy", ""),
    ("en", "Mr Smith no longer works here.", "wrong_contact", ""),
    ("de", "Dafür bin ich nicht zuständig.", "wrong_contact", ""),
    ("en", "Please unsubscribe me.", "unsubscribe", ""),
    ("en", "Stop sending me these emails.", "unsubscribe", ""),
    ("de", "Bitte keine weiteren E-Mails.", "unsubscribe", ""),
    ("en", "We cannot pay at the moment.", "hardship", ""),
    ("en", "We have filed for insolvency.", "hardship", ""),
    ("de", "Wir haben Insolvenz angemeldet.", "hardship", ""),
    ("en", "Can we pay in three instalments?", "plan_request", ""),
    ("de", "Können wir in Raten zahlen?", "plan_request", ""),
    ("en", "We refuse to pay.", "refusal", ""),
    ("de", "Wir zahlen nicht.", "refusal", ""),
    ("en", "What is this invoice for?", "question", ""),
    ("de", "Wofür ist diese Rechnung?", "question", ""),
    ("en", "Please call me.", "question", ""),
    ("de", "Bitte um Rückruf.", "question", ""),
]


@pytest.mark.parametrize(("language", "text", "kind", "reason"), OTHERS)
def test_what_a_human_must_answer(language: str, text: str, kind: str, reason: str) -> None:
    result = read(text, language)
    assert [(intent.kind, intent.reason) for intent in result.intents] == [(kind, reason)]
    assert result.needs_human


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Thank you!"),
        ("en", "Thanks for the reminder."),
        ("en", "Noted, thanks."),
        ("de", "Vielen Dank für die Erinnerung."),
        ("de", "Alles klar, danke."),
        ("fr", "Merci beaucoup."),
        ("es", "Gracias."),
        ("it", "Grazie mille."),
        ("nl", "Bedankt."),
    ],
)
def test_thanks_alone_asks_for_nothing(language: str, text: str) -> None:
    result = read(text, language)
    assert [intent.kind for intent in result.intents] == ["thanks"]
    assert not result.needs_human


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        "Lorem ipsum dolor sit amet.",
        "Friday.",
        "See below.",
        "ok ok but hm",
        "{{7*7}} ${x} <script>",
        "Bcc 12 34 56",
    ],
)
def test_what_is_not_understood_goes_to_a_human(text: str) -> None:
    result = read(text)
    assert result.needs_human
    assert not {intent.kind for intent in result.intents} & {"dispute", "promise", "paid", "thanks"}


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until 20 March.",
        "Ich bin bis zum 20.3. im Urlaub und habe keinen Zugriff auf meine E-Mails.",
        "Je suis en congés jusqu'au 20 mars.",
        "Vielen Dank für Ihre Nachricht. Ich bin derzeit nicht im Büro.",
    ],
)
def test_an_out_of_office_text_is_an_auto_reply(text: str) -> None:
    assert read(text, "").kind == "auto_reply"


def test_a_person_who_also_is_away_is_not_overheard() -> None:
    result = read("I am on holiday, but the goods were damaged.")
    assert result.kind == "reply" and result.has("dispute") and result.needs_human


def test_headers_decide_about_machines() -> None:
    assert classify("We will pay on Friday.", "", "en", TODAY, (), machine="bounce").kind == "bounce"
    automatic = classify("We have received your mail.", "", "en", TODAY, (), machine="auto_reply")
    assert automatic.kind == "auto_reply" and not automatic.intents and not automatic.needs_human
    weighty = classify("We dispute this invoice.", "", "en", TODAY, (), machine="auto_reply")
    assert weighty.kind == "other" and weighty.needs_human and not weighty.intents


def test_each_invoice_gets_what_was_said_about_it() -> None:
    assert told("R-1 was paid on 3 March, R-2 will be paid on Friday.") == ["paid:03-03:R-1", "promise:03-13:R-2"]
    assert told("R-1: the goods were damaged.\nR-2: we will pay on Friday.") == [
        "dispute:quality:R-1",
        "promise:03-13:R-2",
    ]
    assert told("About R-2. The goods were damaged.") == ["dispute:quality:R-2"]
    assert told("We dispute R-1 but R-2 was paid yesterday.") == ["dispute:other:R-1", "paid:03-09:R-2"]
    assert told("Rechnung R-1 ist bezahlt, und Rechnung R-2 wird am Freitag überwiesen.", "de") == [
        "paid:R-1",
        "promise:03-13:R-2",
    ]


def test_separate_statements_about_separate_invoices_need_no_human() -> None:
    assert not read("R-1 was paid on 3 March, R-2 will be paid on Friday.").needs_human


def test_the_rest_is_every_invoice_not_named() -> None:
    result = read("We dispute R-1. The rest will be paid on Friday.")
    promise = result.first("promise")
    assert promise is not None and promise.invoices == tuple(number for number in KNOWN if number != "R-1")


@pytest.mark.parametrize(
    "text",
    [
        "We already paid this. We will pay on Friday.",
        "We will pay on Friday. We dispute the invoice.",
        "The goods were damaged. It was paid last week.",
        "We will not pay. We will pay on Friday.",
        "I think we paid this already.",
        "Wir haben das vermutlich schon bezahlt.",
        "We will pay half on 15 March and half on 30 March.",
        "We will pay on 04/05/2026.",
        "Why should we pay for broken parts?",
        "Our lawyer says that it was paid last week.",
    ],
)
def test_conflict_and_doubt_need_a_human(text: str) -> None:
    assert read(text).needs_human


def test_quoted_old_text_does_not_count() -> None:
    assert told("We will pay on Friday.\n> Do you dispute the invoice? The goods were damaged.") == ["promise:03-13"]


def test_amount_and_evidence_are_kept() -> None:
    text = "Hello,\n\nWe paid EUR 1,190.00 for R-1 on 3 March.\n"
    result = read(text)
    paid = result.first("paid")
    assert paid is not None
    assert (paid.amount_minor, paid.currency, paid.invoices) == (119000, "EUR", ("R-1",))
    assert text[paid.start : paid.end].strip() == "We paid EUR 1,190.00 for R-1 on 3 March."


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("re 2026 0012 and R1", ["RE-2026-0012", "R-1"]),
        ("RE20260012", ["RE-2026-0012"]),
        ("invoice 0013", ["RE-2026-0013"]),
        ("0013 pieces", []),
        ("Invoice 1001.", ["1001"]),
        ("1001,50 EUR", []),
        ("invoice no. 77", ["77"]),
        ("77 boxes", []),
        ("R-11 and AR-1", []),
        ("R\u2010\u0031", ["R-1"]),
        ("\u03a1-1 with a Greek letter", []),
    ],
)
def test_known_numbers_are_recognised(text: str, numbers: list[str]) -> None:
    assert [number for number, _start, _end in find_invoices(text, KNOWN)] == numbers


DATES = [
    ("2026-03-15", "2026-03-15"),
    ("15.03.2026", "2026-03-15"),
    ("15.3.26", "2026-03-15"),
    ("am 15.3.", "2026-03-15"),
    ("15/03/2026", "2026-03-15"),
    ("03/25/2026", "2026-03-25"),
    ("12 March", "2026-03-12"),
    ("March 12th", "2026-03-12"),
    ("the 12th of March 2027", "2027-03-12"),
    ("12. März", "2026-03-12"),
    ("12 mars", "2026-03-12"),
    ("12 de marzo", "2026-03-12"),
    ("5 January", "2027-01-05"),
    ("tomorrow", "2026-03-11"),
    ("übermorgen", "2026-03-12"),
    ("yesterday", "2026-03-09"),
    ("Friday", "2026-03-13"),
    ("Tuesday", "2026-03-17"),
    ("this Friday", "2026-03-13"),
    ("kommenden Freitag", "2026-03-13"),
    ("next Friday", "2026-03-20"),
    ("nächsten Freitag", "2026-03-20"),
    ("Friday next week", "2026-03-20"),
    ("next week", "2026-03-20"),
    ("nächste Woche", "2026-03-20"),
    ("this week", "2026-03-13"),
    ("end of the month", "2026-03-31"),
    ("Monatsende", "2026-03-31"),
    ("end of next month", "2026-04-30"),
    ("end of April", "2026-04-30"),
    ("Mitte April", "2026-04-15"),
    ("Anfang April", "2026-04-10"),
    ("end of the week", "2026-03-13"),
    ("in 10 days", "2026-03-20"),
    ("in two weeks", "2026-03-24"),
    ("within 14 days", "2026-03-24"),
    ("in einer Woche", "2026-03-17"),
    ("in 5 working days", "2026-03-17"),
    ("in a month", "2026-04-10"),
    ("3 days ago", "2026-03-07"),
    ("vor einer Woche", "2026-03-03"),
    ("last Friday", "2026-03-06"),
    ("on the 15th", "2026-03-15"),
    ("by the 5th", "2026-04-05"),
    ("bis zum 25.", "2026-03-25"),
    ("KW 13", "2026-03-27"),
    ("first Friday of April", "2026-04-03"),
    ("Friday, 13 March", "2026-03-13"),
    ("in April", "2026-04-30"),
    ("le 20 mars", "2026-03-20"),
    ("demain", "2026-03-11"),
    ("la semaine prochaine", "2026-03-20"),
    ("domani", "2026-03-11"),
    ("morgen", "2026-03-11"),
]


@pytest.mark.parametrize(("text", "day"), DATES)
def test_days_are_resolved(text: str, day: str) -> None:
    assert parse_date_phrase(text, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    ["", "31.02.2026", "30 February 2026", "version 1.2.3", "EUR 12.50", "may we", "2026-0012", "soon", "99.99.2026"],
)
def test_what_is_no_day(text: str) -> None:
    assert parse_date_phrase(text, TODAY) is None


AMOUNTS = [
    ("EUR 1,190.00", (119000, "EUR")),
    ("1.190,00 €", (119000, "EUR")),
    ("€1190", (119000, "EUR")),
    ("1 190,00 EUR", (119000, "EUR")),
    ("CHF 1'190.50", (119050, "CHF")),
    ("£12.5", (1250, "GBP")),
    ("1.190 EUR", (119000, "EUR")),
    ("500,- Euro", (50000, "EUR")),
    ("JPY 1,190", (1190, "JPY")),
    ("KWD 1.25", (1250, "KWD")),
    ("10k USD", (1000000, "USD")),
    ("two hundred euros", (20000, "EUR")),
]


@pytest.mark.parametrize(("text", "amount"), AMOUNTS)
def test_amounts_are_read(text: str, amount: tuple[int, str]) -> None:
    assert parse_amount_phrase(text) == amount


@pytest.mark.parametrize(
    "text", ["", "12 boxes", "1.190,00", "JPY 1.55", "EUR abc", "12345678901234567890 EUR", "١٢ EUR"]
)
def test_what_is_no_amount(text: str) -> None:
    assert parse_amount_phrase(text) is None


def test_a_bare_number_is_an_amount_in_the_currency_expected() -> None:
    assert parse_amount_phrase("1.190,00", "EUR") == (119000, "EUR")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Your invoice is still in our approval process."),
        ("en", "We are waiting for our director to sign it off."),
        ("en", "Invoice RE-1 has not been approved yet, we will pay as soon as it is released."),
        ("de", "Die Rechnung ist noch in der Freigabe."),
        ("de", "Die Freigabe durch die Geschäftsleitung steht noch aus."),
        ("fr", "Votre facture est en cours de validation."),
        ("es", "La factura está pendiente de aprobación."),
        ("it", "La fattura è in attesa di approvazione."),
        ("nl", "De factuur wacht nog op goedkeuring."),
        ("pt", "A fatura aguarda aprovação."),
        ("pl", "Faktura oczekuje na akceptację."),
    ],
)
def test_an_invoice_in_approval_at_the_customer_is_heard(language: str, text: str) -> None:
    found = read(text, language)
    assert [intent.kind for intent in found.intents] == ["in_approval"] and not found.needs_human


@pytest.mark.parametrize(
    "text",
    [
        "The invoice was approved and paid on 2 March.",
        "Is it pending approval?",
        "The invoice is in approval and will be paid on 27 March.",
        "We did not approve this price, it was agreed at 10 euros.",
    ],
)
def test_what_is_no_wait_for_an_approval(text: str) -> None:
    assert not read(text).has("in_approval")


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "Could we pay in three instalments of 400.00 EUR, the first on 27 March?", 3),
        ("en", "We ask for a payment plan over 6 months.", 6),
        ("de", "Wir bitten um Ratenzahlung in vier gleichen Raten.", 4),
        ("de", "Wir bitten um Stundung.", 0),
    ],
)
def test_a_plan_request_says_what_it_proposes(language: str, text: str, parts: int) -> None:
    found = read(text, language)
    wanted = found.first("plan_request")
    assert wanted is not None and wanted.parts == parts and found.needs_human
    if parts == 3:
        assert (wanted.amount_minor, wanted.currency, str(wanted.on)[5:]) == (40_000, "EUR", "03-27")
