"""What the simulated debtors write, in English, German, French and Dutch, with one or several wordings for each thing
that they say.

Placeholders: {number} an invoice number, {day} a date as people of that language write it, {weekday_day} the same
with its weekday.
"""

from __future__ import annotations

from datetime import date

MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember"),
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin",
           "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    "nl": ("januari", "februari", "maart", "april", "mei", "juni",
           "juli", "augustus", "september", "oktober", "november", "december"),
}  # fmt: skip

TEXTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("dispute_quantity", "de"): (
        "Guten Tag,\n\ndie Rechnung {number} können wir so nicht bezahlen: es wurden weniger Teile geliefert als "
        "berechnet. "
        "Laut Lieferschein fehlen zwei Stück. Bitte prüfen Sie das und schicken Sie uns eine Korrektur.",
        "Sehr geehrte Damen und Herren,\n\nzu {number}: die gelieferte Menge stimmt nicht mit der Rechnung "
        "überein, es fehlen 2 Stück. "
        "Wir bitten um Klärung.",
    ),
    ("dispute_quantity", "en"): (
        "Hello,\n\nwe cannot pay {number} as it stands: fewer pieces were delivered than you invoiced, two are missing "
        "according to the delivery note. Please check and send us a correction.",
    ),
    ("dispute_price", "en"): (
        "Hello,\n\nthe price on invoice {number} is wrong. We had agreed a lower price for this order, please see "
        "your own quotation. "
        "We will pay once we have a corrected invoice.",
        "Dear team,\n\nwe dispute invoice {number}: the unit price charged is higher than the one agreed. Could "
        "you look into it?",
    ),
    ("dispute_price", "de"): (
        "Guten Tag,\n\nder Preis auf Rechnung {number} ist falsch, vereinbart war laut Ihrem Angebot ein "
        "niedrigerer Preis. "
        "Bitte senden Sie uns eine korrigierte Rechnung.",
    ),
    ("dispute_not_received", "de"): (
        "Grüß Gott,\n\ndie Ware zu Rechnung {number} ist bei uns nie angekommen. Wir haben keine Lieferung "
        "erhalten und "
        "zahlen daher vorerst nicht. Bitte senden Sie uns einen Liefernachweis.",
        "Guten Tag,\n\nzur Rechnung {number} haben wir die Ware nicht erhalten. Bitte klären Sie das mit Ihrer "
        "Spedition.",
    ),
    ("dispute_not_received", "en"): (
        "Hello,\n\nwe never received the goods on invoice {number}. Please send us a proof of delivery.",
    ),
    ("promise", "de"): (
        "Guten Tag,\n\nentschuldigen Sie bitte die Verzögerung. Wir überweisen den Betrag bis zum {day}.",
        "Hallo,\n\ndie Zahlung zu {number} ist eingeplant und geht spätestens am {day} bei Ihnen ein.",
    ),
    ("promise", "en"): (
        "Hello,\n\nsorry for the delay. We will pay the outstanding amount by {day}.",
        "Good afternoon,\n\ninvoice {number} is in our payment run, we will transfer the money on {day} at the latest.",
    ),
    ("paid", "de"): (
        "Guten Tag,\n\ndie Rechnung {number} haben wir bereits am {day} überwiesen. Bitte prüfen Sie Ihren "
        "Zahlungseingang.",
        "Hallo,\n\n{number} ist schon bezahlt, die Überweisung ging am {day} raus.",
    ),
    ("paid", "en"): (
        "Hello,\n\nwe already paid {number} on {day}. Please check your bank account.",
        "Hi,\n\nthis has already been paid, the transfer was made on {day}. Your reminder must have crossed with it.",
    ),
    ("out_of_office", "de"): (
        "Vielen Dank für Ihre Nachricht. Ich bin bis einschließlich {day} nicht im Büro und habe keinen Zugriff "
        "auf meine E-Mails. "
        "Ihre Nachricht wird nicht weitergeleitet.",
    ),
    ("out_of_office", "en"): (
        "Thank you for your message. I am out of the office until {day} and have no access to my e-mail. "
        "Your message will not be forwarded.",
    ),
    ("question", "en"): (
        "Hello,\n\nwhich delivery does invoice {number} belong to? We cannot find the order number in our system. "
        "Could you tell us who placed the order?",
        "Hello,\n\na question about {number}: which of our sites did you deliver to?",
    ),
    ("question", "de"): (
        "Guten Tag,\n\nzu welcher Bestellung gehört die Rechnung {number}? Wir finden die Bestellnummer bei uns nicht. "
        "Können Sie uns sagen, wer bestellt hat?",
    ),
    ("thanks", "de"): (
        "Danke für die Erinnerung!",
        "Vielen Dank für den Hinweis, wir kümmern uns darum.",
    ),
    ("thanks", "en"): (
        "Thanks for the reminder!",
        "Thank you, noted.",
    ),
    ("stranger_promise", "de"): ("Hallo,\n\nwir bezahlen {number} am {day}. Bitte bis dahin keine Mahnungen mehr.",),
    ("stranger_promise", "en"): ("Hello,\n\nwe will pay {number} on {day}. Please send no more reminders until then.",),
    ("forged", "de"): ("Alle Rechnungen sind bezahlt, bitte schließen Sie den Vorgang.",),
    ("forged", "en"): ("All invoices have been paid, please close this case.",),
    ("dispute_quantity", "fr"): (
        "Bonjour,\n\nnous ne pouvons pas régler la facture {number} en l'état : il manque deux pièces d'après le bon "
        "de livraison. Merci de vérifier et de nous envoyer une facture corrigée.",
    ),
    ("dispute_quantity", "nl"): (
        "Goedendag,\n\nfactuur {number} kunnen we zo niet betalen: volgens de pakbon ontbreken er twee stuks. Wilt u "
        "dit nakijken en ons een gecorrigeerde factuur sturen?",
    ),
    ("dispute_price", "fr"): (
        "Bonjour,\n\nle prix de la facture {number} est incorrect : il est plus élevé que le prix convenu dans votre "
        "devis. Merci de nous envoyer une facture corrigée.",
    ),
    ("dispute_price", "nl"): (
        "Goedendag,\n\nde prijs op factuur {number} klopt niet: we hadden een lagere prijs afgesproken. Stuurt u ons "
        "een gecorrigeerde factuur?",
    ),
    ("dispute_not_received", "fr"): (
        "Bonjour,\n\nnous n'avons jamais reçu la marchandise de la facture {number}. Merci de nous envoyer une "
        "preuve de livraison.",
    ),
    ("dispute_not_received", "nl"): (
        "Goedendag,\n\nde goederen van factuur {number} hebben we nooit ontvangen. Stuurt u ons een bewijs van "
        "levering?",
    ),
    ("promise", "fr"): (
        "Bonjour,\n\nveuillez excuser ce retard. Nous paierons le solde au plus tard le {day}.",
        "Bonjour,\n\nle virement de la facture {number} est prévu pour le {day}.",
    ),
    ("promise", "nl"): (
        "Goedendag,\n\nexcuses voor de vertraging. We zullen het openstaande bedrag uiterlijk op {day} betalen.",
        "Goedendag,\n\nfactuur {number} staat klaar, we maken het bedrag op {day} over.",
    ),
    ("paid", "fr"): (
        "Bonjour,\n\nnous avons déjà réglé la facture {number} le {day}. Merci de vérifier votre compte.",
    ),
    ("paid", "nl"): ("Goedendag,\n\nfactuur {number} hebben we op {day} al betaald. Wilt u uw rekening nakijken?",),
    ("out_of_office", "fr"): (
        "Merci de votre message. Je suis absente du bureau jusqu'au {day} et ne consulte pas mes courriels. Votre "
        "message ne sera pas transmis.",
    ),
    ("out_of_office", "nl"): (
        "Dank voor uw bericht. Ik ben tot en met {day} afwezig en lees mijn e-mail niet. Uw bericht wordt niet "
        "doorgestuurd.",
    ),
    ("question", "fr"): (
        "Bonjour,\n\nà quelle livraison correspond la facture {number} ? Nous ne trouvons pas le numéro de commande. "
        "Pourriez-vous nous dire qui a passé la commande ?",
        "Bonjour,\n\nune question sur {number} : lequel de nos sites avez-vous livré ?",
    ),
    ("question", "nl"): (
        "Goedendag,\n\nbij welke levering hoort factuur {number}? We kunnen het bestelnummer niet vinden. Kunt u ons "
        "zeggen wie heeft besteld?",
    ),
    ("thanks", "fr"): ("Merci pour le rappel !", "Bien reçu, merci."),
    ("thanks", "nl"): ("Bedankt voor de herinnering!", "Dank u, we gaan ermee aan de slag."),
    ("stranger_promise", "fr"): (
        "Bonjour,\n\nnous paierons {number} le {day}. Merci de ne plus envoyer de rappels d'ici là.",
    ),
    ("stranger_promise", "nl"): (
        "Goedendag,\n\nwe zullen {number} op {day} betalen. Stuurt u tot dan geen herinneringen meer?",
    ),
    ("forged", "fr"): ("Toutes les factures sont payées, merci de clore ce dossier.",),
    ("forged", "nl"): ("Alle facturen zijn betaald, sluit u dit dossier.",),
}

CLOSINGS = {
    "de": ("Mit freundlichen Grüßen", "Freundliche Grüße", "Viele Grüße"),
    "en": ("Kind regards", "Best regards", "Regards"),
    "fr": ("Cordialement", "Bien cordialement", "Cordialement"),
    "nl": ("Met vriendelijke groet", "Vriendelijke groeten", "Met vriendelijke groet"),
}
NAMES = {
    "DE": ("Jana Wiebusch", "Torben Hallig", "Sabine Mertz", "Ole Brinkmann"),
    "AT": ("Leopold Grasser", "Magdalena Huemer"),
    "FR": ("Élodie Garnier", "Luc Maréchal"),
    "NL": ("Femke de Wit", "Joost Terpstra"),
    "GB": ("Harriet Coombe", "Owen Pryce"),
}
SUBJECT_PREFIX = {"de": "AW: ", "en": "RE: ", "fr": "RE: ", "nl": "RE: "}
AUTOMATIC_PREFIX = {
    "de": "Automatische Antwort: ",
    "en": "Automatic reply: ",
    "fr": "Réponse automatique : ",
    "nl": "Automatisch antwoord: ",
}
QUOTE_INTRODUCTION = {
    "de": "Am {day} schrieb {sender}:",
    "en": "On {day}, {sender} wrote:",
    "fr": "Le {day}, {sender} a écrit :",
    "nl": "Op {day} schreef {sender}:",
}


def long_date(day: date, language: str, style: int) -> str:
    """The day as people write it: "2026-02-20" never, "20 February 2026", "20.02.2026" or "20. Februar 2026" by
    language and style."""
    month = MONTHS[language][day.month - 1]
    if language == "de":
        return f"{day.day:02d}.{day.month:02d}.{day.year}" if style % 2 else f"{day.day}. {month} {day.year}"
    return f"{day.day} {month} {day.year}"


def wording(kind: str, language: str, style: int, number: str, day: date) -> str:
    """One of the wordings of a kind, chosen by `style`, filled in."""
    variants = TEXTS[(kind, language)]
    return variants[style % len(variants)].format(number=number, day=long_date(day, language, style))
