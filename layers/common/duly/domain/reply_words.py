"""The words by which a debtor's reply is understood, in eight languages. Data only: replies.py says how they count.

Each entry is a regular expression over one sentence in lower case, with straight apostrophes and single spaces.
English and German are meant to be complete; French, Spanish, Italian, Dutch, Portuguese and Polish hold the common
forms.
"""

from __future__ import annotations

import re
from typing import Final


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{pattern})" for pattern in patterns))


_PAY_DE = (
    r"(?:be)?zahl(?:en|t|e)|überweis(?:en|t|e)|ueberweis(?:en|t|e)|begleichen|begleicht|beglichen|anweisen"
    r"|angewiesen|ausgleichen|ausgeglichen|bezahlt|gezahlt|überwiesen|ueberwiesen|transferieren"
)
_PAID_DE = (
    r"(?:bezahlt|gezahlt|überwiesen|ueberwiesen|beglichen|angewiesen|ausgeglichen|eingezahlt|abgebucht"
    r"|transferiert)"
)
_PAY_EN = (
    r"(?:pay|settle|transfer|remit|wire|clear|release|process|make (?:the |a |this |that )?(?:payment"
    r"|transfer)|send (?:you )?(?:the |your |a )?(?:money|payment|funds|amount|remittance)|arrange (?:the "
    r"|for )?payment|initiate (?:the )?(?:payment|transfer))"
)
_PAID_EN = (
    r"(?:paid|settled|transferred|remitted|wired|cleared|sent (?:you )?(?:the |a |our )?(?:money|payment"
    r"|funds|transfer|remittance)|made (?:the |a |this |that |our |full )?(?:payment|transfer))"
)

# French "merci de" with an infinitive asks for something; with a noun ("merci de votre message") it thanks.
_MERCI_DE = (
    r" (?:de |d')(?:ne (?:pas|plus) |bien vouloir |nous |me |le |la |les |l')*"
    r"(?!votre|notre|manière)\w+(?:er|ir|re|oir)\b"
)

# Already paid.
PAID: Final = _compiled(
    r"\b(?:payment|transfer|money|funds) (?:is|are) (?:already |now )?on (?:its|the|their) way\b",
    r"\b(?:müsste|sollte|müssten|sollten)\b[^.?!;]{0,60}\b(?:eingegangen|angekommen|gutgeschrieben) sein\b",
    (
        rf"\b(?:we|i|they|our \w+|accounts|finance|which|it|this|that|these|invoices?|both|all|one|bill"
        rf"|amount|balance|and|but|have|has|had|was|were|been|'ve|already|just|also|duly|fully"
        rf"|now)\b[^.?!;]{{0,60}}?\b{_PAID_EN}\b"
    ),
    rf"^(?:already |just |was |been )?(?:{_PAID_EN}|paid in full)\b",
    (
        rf"\b{_PAID_EN}\b (?:by bank transfer |by transfer |via bank |it |this |that |in full )?(?:on|last"
        rf"|yesterday|today|this morning|in full|already|by (?:bank|cheque|check|card)|via|a (?:week|few))\b"
    ),
    (
        r"\b(?:payment|transfer|money|funds|amount|remittance|it|cheque|check)\b[^.?!;]{0,50}\b(?:has|have"
        r"|was|were|had|is|got)\b (?:already |just |now |also )?(?:been )?(?:made|sent|executed|initiated"
        r"|done|processed|completed|effected|issued|released|posted|debited|on its way|underway|wired"
        r"|transferred)"
    ),
    (
        r"\b(?:transfer|payment) (?:made|sent|executed|done|completed|dated|went out|left)\b"
        r"|\bpayment (?:advice|confirmation|proof)[^.?!]{0,20}(?:attached|enclosed)|(?:attached"
        r"|enclosed)[^.?!]{0,30}(?:proof of payment|payment (?:advice|confirmation|slip)|remittance advice)"
        r"|\b(?:should|must) (?:already )?(?:be|have been) (?:in|on|credited to) your account\b"
        r"|\bmoney is on its way\b"
    ),
    rf"\b{_PAID_DE}\b",
    (
        r"\b(?:zahlung|überweisung|betrag|geld|rechnungsbetrag|ausgleich)\b[^.?!;]{0,60}\b(?:ist|wurde|sind"
        r"|wurden|war|haben wir|habe ich)\b[^.?!;]{0,40}\b(?:erfolgt|raus|veranlasst|ausgeführt|getätigt"
        r"|geleistet|durchgeführt|unterwegs|gemacht|vorgenommen|abgeschickt|gesendet|eingegangen sein"
        r"|freigegeben)"
    ),
    (
        r"\b(?:zahlung|überweisung) (?:bereits |schon )?(?:erfolgt|veranlasst|ausgeführt|getätigt"
        r"|erledigt)e?\b(?! (?:am|bis|in|nächste|kommende|morgen|zum|ende))|zahlungsbeleg|überweisungsbeleg"
        r"|zahlungsnachweis|haben wir (?:bereits |schon |gestern |heute |am [\d.]+ )?(?:die zahlung "
        r"|die überweisung )?(?:veranlasst|getätigt|ausgeführt)"
    ),
    (
        r"\b(?:avons|ai|a|ont|été|déjà|est|sont) (?:déjà |bien |été |hier )*(?:payée?s?|réglée?s?|virée?s?"
        r"|effectué|transféré|acquittée?)\b|\b(?:facture|facture déjà) (?:payée|réglée)\b|\b(?:paiement"
        r"|virement|règlement)\b[^.?!;]{0,40}\b(?:effectué|fait|envoyé|parti|exécuté)\b"
    ),
    (
        r"\b(?:hemos|he|ha|fue|está|ya|han|sido) (?:ya |sido )*(?:pagad[oa]s?|abonad[oa]s?|transferid[oa]s?"
        r"|liquidad[oa]s?|realizad[oa])\b|\b(?:pagamos|abonamos|pagada|transferimos|pagué)\b|\b(?:pago"
        r"|transferencia)\b[^.?!;]{0,30}\b(?:realizad[oa]|hech[oa]|enviad[oa]|efectuad[oa])\b"
    ),
    (
        r"\b(?:abbiamo|ho|è stat[oa]|già|sono state) (?:già |stat[oaie] )*(?:pagat[oaie]|saldat[oaie]"
        r"|versat[oaie]|bonificat[oa]|effettuato (?:il )?(?:pagamento|bonifico))\b|\b(?:pagamento"
        r"|bonifico)\b[^.?!;]{0,30}\b(?:effettuato|eseguito|fatto|inviato|disposto)\b"
    ),
    (
        r"\b(?:hebben|heb|is|zijn|werd|reeds|al) [^.?!;]{0,50}\b(?:betaald|overgemaakt|voldaan)\b"
        r"|\b(?:betaling|overboeking)\b[^.?!;]{0,30}\b(?:gedaan|uitgevoerd|verzonden|verricht)\b|^(?:reeds "
        r"|al )?(?:betaald|overgemaakt)\b"
    ),
    (
        r"\b(?:já|foi|foram|está|estão) (?:já |sido )*(?:pag[ao]s?|liquidad[ao]s?|transferid[ao]s?|regularizad[ao]s?)\b"
        r"|\bpagámos\b|\bjá (?:pagamos|paguei|pagou|liquidámos|transferimos)\b|\b(?:pagamento"
        r"|transferência)\b[^.?!;]{0,30}\b(?:efetuad[ao]|realizad[ao]|feit[ao]|enviad[ao])\b"
        r"|\b(?:fizemos|efetuámos) (?:já )?(?:o pagamento|a transferência)\b"
    ),
    (
        r"\b(?:zapłaciliśmy|zapłaciłem|zapłaciłam|opłaciliśmy|uregulowaliśmy|przelaliśmy|wpłaciliśmy)\b|\b(?:została"
        r"|zostały|jest|są|już|być)\b[^.?!;]{0,30}\b(?:zapłacon[aeyo]|opłacon[aeyo]|uregulowan[aeyo])\b|\b(?:przelew"
        r"|płatność|wpłata|zapłata)\b[^.?!;]{0,40}\b(?:wykonan[ayo]|zrealizowan[ayo]|wysłan[ayo]|zlecon[ayo]|wyszedł)\b"
    ),
)
# What turns "paid" into something else in the same sentence.
NOT_PAID: Final = _compiled(
    (
        r"(?:\bnot|n't|\bnever|\bcannot|\byet to)\b[^.?!;,]{0,30}\b(?:paid|settled|transferred|been (?:paid"
        r"|made|sent|settled)|made|sent|processed|cleared)\b|\bun(?:paid|settled)\b|\bto be paid\b"
        r"|\bbe paid\b|\b(?:should|would|could|might|must) have (?:\w+ )?(?:paid|settled|transferred)\b"
        r"|\bgets? paid\b|\bbeing paid\b|\bget paid\b"
    ),
    (
        r"\b(?:will|shall|would|could|should|can|may|might|must|'ll|going to|cannot|won't|to"
        r"|if)\b(?: \w+){0,3} (?:be|have been|get|been) (?:\w+ )?(?:paid|settled|transferred|remitted|wired"
        r"|cleared|made|processed|sent|released)\b(?! on your side)"
    ),
    (
        r"\b(?:if|unless|until|once|when|as soon as|before|after|whether)\b[^.?!;]{0,60}\b(?:paid|settled"
        r"|cleared)\b(?! (?:it|this|that|on|in full|by|last|yesterday))"
    ),
    (
        r"\b(?:nicht|noch nicht|nie|nichts|keine?|ungeklärt)\b[^.?!;,]{0,40}\b(?:be|ge)?(?:zahlt|überwiesen"
        r"|beglichen|angewiesen|erfolgt|ausgeführt|veranlasst)\b|\bunbezahlt\b"
    ),
    (
        rf"\b(?:wird|werden|werde|würde|würden|kann|können|soll|sollte|muss|darf"
        rf"|dürfen)\b[^.?!;]{{0,120}}\b{_PAID_DE}\b(?! worden sein)"
    ),
    rf"\b{_PAID_DE}\b (?:werden|wird|werde|zu werden)\b|\bsobald\b|\bfalls\b|\bwenn\b[^.?!;]{{0,60}}\b{_PAID_DE}\b",
    (
        r"\b(?:pas (?:encore |été )*(?:payée?|réglée?|effectué)|sera (?:payée?|réglée?|effectué)|seront)\b"
        r"|\bno (?:hemos|ha|está|he) (?:sido )?(?:pagad|abonad)|\bserá (?:pagad|abonad|realizad)"
        r"|\bnon (?:abbiamo|è stat\w|ho) (?:ancora )?(?:pagat|saldat)|\bsarà (?:pagat|saldat|effettuat)"
        r"|\b(?:niet|nog niet|nooit)\b[^.?!;]{0,30}\b(?:betaald|overgemaakt|voldaan)|\b(?:wordt|zal|worden"
        r"|zullen)\b[^.?!;]{0,80}\b(?:betaald|overgemaakt|voldaan)"
    ),
    (
        r"\b(?:não|nunca)\b[^.?!;,]{0,40}\b(?:pag\w+|liquidad[ao]s?|liquidámos|transferi\w+|efetuad[ao]|feit[ao])\b"
        r"|\b(?:será|serão|vai ser|vão ser|deve ser)\b[^.?!;]{0,40}\b(?:pag[ao]s?|liquidad|transferid|efetuad"
        r"|realizad|feit)"
        r"|\b(?:se|quando|caso|assim que|logo que)\b[^.?!;]{0,60}\b(?:for|forem|estiver) (?:pag[ao]s?|efetuad[ao]"
        r"|feit[ao])\b"
    ),
    (
        r"\bnie\b[^.?!;,]{0,40}\b(?:zapłac|opłac|uregulow|przela|wpłac|wykonan|zrealizowan|wysłan|zlecon)|\b(?:zostanie"
        r"|zostaną|będzie|będą|ma|mają|musi|powinn[ao])\b[^.?!;]{0,40}\b(?:zapłacon|opłacon|uregulowan|wykonan"
        r"|zrealizowan"
        r"|wysłan|zlecon)|\b(?:jeśli|jeżeli|gdy|kiedy|jak tylko|czy)\b[^.?!;]{0,60}\b(?:zapłac|opłac|uregulow|wykonan)"
    ),
)

# Going to pay.
PROMISE: Final = _compiled(
    (
        rf"\b(?:will|shall|'ll|going to|gonna|intend to|plan to|planning to|aim to|able to|promise to"
        rf"|commit to|undertake to|want to|would like to|about to|can|could|expect to|hope to|try to"
        rf"|let us)\b(?: \w+){{0,4}}? {_PAY_EN}\b"
    ),
    (
        r"\b(?:will|shall|'ll|going to|can|should|to|is|are|gets|get)\b(?: \w+){0,3} (?:be |being )?(?:paid"
        r"|settled|transferred|remitted|wired|cleared|processed|released|credited)\b"
    ),
    (
        r"\b(?:payment|transfer|money|funds|remittance|balance|amount|rest|remainder|it|cheque"
        r"|check)\b[^.?!;]{0,50}\b(?:will|shall|'ll|is going to|should (?:be (?:paid|made|sent|there|in"
        r"|with)|arrive|reach|go)|is scheduled|is planned|is due|is set"
        r"|goes out|go out|leaves|is in|follows|is included|is coming|is booked|are scheduled|will follow)\b"
    ),
    (
        r"\b(?:you (?:will|should|shall|'ll)|you can expect to) (?:have|receive|get|see) (?:the |your |our "
        r"|full |a )*(?:money|payment|funds|transfer|amount)|\b(?:next|our|the|in"
        r"|this) (?:\w+ )?payment run\b|\bpay(?:ing)? (?:it |this |you |that |the \w+ |in full |everything "
        r"|both |all |half )*(?:on|by|before|tomorrow|today|next|this|at the end|within|in the next|in)\b"
        r"|\bscheduled (?:the |for |this )*(?:payment|transfer)|\bexpect (?:the |our )?payment"
        r"|\bpayment (?:on|by|tomorrow|next|at the end of|is in process)\b|\bpromise\b|\bpayment is promised"
        r"|\bproposed payment date|\bsettlement (?:on|by)\b"
    ),
    (
        rf"\b(?:wird|werden|werde|wollen|können|kann|möchten|beabsichtigen|planen|versprechen|verspreche|sage"
        rf"|sagen|zusagen|würden)\b[^.?!;]{{0,140}}\b(?:{_PAY_DE}|{_PAID_DE}|erfolgen|veranlassen|veranlasst"
        rf"|vornehmen|vorgenommen|ausführen|ausgeführt|tätigen|leisten|rausgehen|freigeben|freigegeben"
        rf"|zu zahlen|zu überweisen)\b"
    ),
    (
        r"\b(?:zahlen|zahle|bezahlen|bezahle|überweisen|überweise|ueberweise|begleichen|begleiche"
        r"|leisten)\b (?:wir|ich|sie|die|den|das|diese|es|alles|ihnen|am|bis|morgen|heute|nächste|kommende"
        r"|ende|den|in|dann|spätestens|zum|noch|gerne|übermorgen|anfang|mitte)\b|\b(?:wir"
        r"|ich)\b (?:\w+ ){0,4}(?:zahlen|zahle|überweisen|überweise|begleichen|bezahlen|bezahle)\b"
    ),
    (
        r"\b(?:zahlung|überweisung|geld|betrag|restbetrag|rest|ausgleich"
        r"|begleichung)\b[^.?!;]{0,60}\b(?:erfolgt|folgt|geht|kommt|ist (?:für|zum|am|eingeplant|geplant"
        r"|vorgesehen|terminiert)|sollte|wird|läuft)\b|\bsie (?:erhalten|bekommen) (?:ihr |das |die "
        r"|den )*(?:geld|zahlung|betrag)|\b(?:zahllauf|zahlungslauf)\b|\bzahlung (?:am|bis|zum|in|nächste"
        r"|ende|morgen|spätestens)\b|\bzahlungszusage\b|\bsagen (?:wir )?(?:ihnen )?(?:die )?zahlung\b"
    ),
    (
        r"\b(?:allons|vais|va|vont|pourrons|pouvons|comptons|prévoyons de|nous engageons à"
        r"|m'engage à)\b[^.?!;]{0,30}\b(?:payer|régler|virer|effectuer|procéder)\b|\b(?:paierons|paierai"
        r"|réglerons|réglerai|virerons|effectuerons|procéderons|payerons)\b|\b(?:sera"
        r"|seront) (?:\w+ )?(?:payée?s?|réglée?s?|effectuée?s?|virée?s?|fait)\b|\b(?:paiement|virement"
        r"|règlement)\b[^.?!;]{0,30}\b(?:partira|suivra|aura lieu|est prévu|interviendra|le \d)"
    ),
    (
        r"\b(?:vamos a|voy a|va a|podemos|prevemos|nos comprometemos a)\b[^.?!;]{0,30}\b(?:pagar|abonar"
        r"|transferir|realizar)\b|\b(?:pagaremos|pagaré|abonaremos|transferiremos|realizaremos|haremos)\b"
        r"|\bserá (?:pagad[oa]|abonad[oa]|realizad[oa])\b|\b(?:pago|transferencia)\b[^.?!;]{0,30}\b(?:se hará"
        r"|se realizará|está previst[oa]|saldrá)"
    ),
    (
        r"\b(?:pagheremo|pagherò|salderemo|salderò|effettueremo|provvederemo|faremo|bonificheremo)\b"
        r"|\b(?:possiamo|prevediamo di|intendiamo|stiamo per)\b[^.?!;]{0,20}\b(?:pagare|saldare|effettuare)\b"
        r"|\bsarà (?:pagat[oa]|saldat[oa]|effettuat[oa]|eseguito|disposto)\b|\b(?:pagamento"
        r"|bonifico)\b[^.?!;]{0,30}\b(?:previsto|partirà|avverrà|seguirà)"
    ),
    (
        r"\b(?:zal|zullen|gaan|ga|kunnen|wordt|worden)\b[^.?!;]{0,100}\b(?:betalen|overmaken|voldoen|betaald"
        r"|overgemaakt|voldaan)\b|\b(?:betalen|betaal) (?:wij|we|ik|u|deze|de|het|dit)\b|\b(?:wij|we"
        r"|ik) (?:\w+ ){0,3}(?:betalen|betaal|maken [^.]{0,40}over)\b|\bbetaling (?:volgt|vindt|gaat)\b"
    ),
    (
        r"\b(?:pagaremos|pagarei|liquidaremos|regularizaremos|transferiremos|efetuaremos|faremos)\b|\b(?:vamos|vou"
        r"|podemos|posso|iremos|irei|pretendemos|comprometemo-nos a|prevemos)\b[^.?!;]{0,30}\b(?:pagar|liquidar"
        r"|transferir"
        r"|regularizar|efetuar)\b|\b(?:será|serão|vai ser|vão ser)\b[^.?!;]{0,20}\b(?:pag[ao]s?|liquidad[ao]s?"
        r"|efetuad[ao]"
        r"|feit[ao]|transferid[ao]|realizad[ao])\b|\b(?:pagamento|transferência)\b[^.?!;]{0,30}\b(?:está previst[ao]"
        r"|seguirá|agendad[ao])\b"
    ),
    (
        r"\b(?:zapłacimy|zapłacę|opłacimy|uregulujemy|ureguluję|przelejemy|przeleję|wpłacimy|wykonamy przelew)\b"
        r"|\bdokonamy (?:zapłaty|płatności|przelewu)\b|\b(?:możemy|mogę|zamierzamy"
        r"|planujemy)\b[^.?!;]{0,30}\b(?:zapłacić"
        r"|opłacić|uregulować|przelać)\b|\b(?:zostanie|zostaną|będzie|będą)\b[^.?!;]{0,30}\b(?:zapłacon|opłacon"
        r"|uregulowan"
        r"|wykonan|zrealizowan|zlecon)[aeyo]\b|\b(?:przelew|płatność|zapłata)\b[^.?!;]{0,30}\b(?:nastąpi|wyjdzie"
        r"|(?:za)?planowan[ay])\b"
    ),
)
# A payment that is refused, impossible or made to depend on something.
REFUSAL: Final = _compiled(
    (
        rf"\b(?:will not|won't|shall not|not going to|refuse to|never|do not intend to|don't intend to|am not"
        rf"|are not|no intention of|see no reason to|not willing to|not prepared to|decline to"
        rf"|not be)\b(?: \w+){{0,3}} (?:{_PAY_EN}|paying|paid|settling|settled)\b"
    ),
    (
        r"\bnot paying\b|\brefuse (?:payment|to pay)\b|\bpayment refused\b"
        r"|\bwill not be making (?:any )?payment|\bnot a (?:cent|penny)\b"
    ),
    (
        r"\b(?:werden|werde|wird|wollen|will)\b[^.?!;]{0,60}\b(?:nicht|nichts|keinen cent|auf keinen fall"
        r"|niemals|keinesfalls)\b(?! vor)[^.?!;]{0,40}\b(?:be)?(?:zahlen|zahlt|begleichen|beglichen"
        r"|überweisen|überwiesen)\b|\b(?:zahlen|zahle|bezahlen|bezahle)\b[^.?!;]{0,40}\b(?:nicht|nichts"
        r"|keinen cent|gar nichts)\b|\bverweiger\w+\b[^.?!;]{0,30}zahlung"
        r"|\bzahlung(?:en)?\b[^.?!;]{0,20}\bverweiger|keine zahlung leisten|\bnicht zahlungspflichtig\b"
    ),
    (
        r"\b(?:ne (?:paierons|paierai|payerai|réglerons|règlerai) pas|refus\w+ de (?:payer|régler)"
        r"|ne comptons pas payer|n'allons pas payer|ne (?:vais|va) pas payer)\b|\bno (?:vamos a|voy a|pienso"
        r"|pensamos) pagar\b|\bno (?:pagaremos|pagaré)\b|\bnon (?:pagheremo|pagherò|intendiamo pagare"
        r"|ho intenzione di pagare|pago)\b|\bnos negamos a pagar\b|\bci rifiutiamo di pagare\b|\b(?:betalen"
        r"|betaal|zullen|zal|ga|gaan)\b[^.?!;]{0,30}\b(?:niet|niets|geen cent)\b(?:[^.?!;]{0,20}\bbetalen)?\b"
        r"|\bweiger\w* te betalen"
    ),
    (
        r"\bnão (?:vamos|vou|iremos|pretendemos) pagar\b|\bnão (?:pagaremos|pagarei|pagamos)\b|\brecusamo-nos a pagar\b"
        r"|\bnie (?:zapłacimy|zapłacę|będziemy płacić|zamierzamy (?:za)?płacić)\b|\bodmawiamy (?:zapłaty|płatności)\b"
    ),
)
CONDITION: Final = _compiled(
    (
        r"(?<!is )\b(?:once|as soon as|when|after|until|unless|provided|if|only after|subject to|upon receipt"
        r"|on receipt|pending)\b (?:we|you|i|the|our|this|that|it|of|your|a|they|he|she|receipt|corrected"
        r"|everything|all)\b"
    ),
    (
        r"\b(?:sobald|wenn|falls|sofern|erst (?:wenn|nach|nachdem)|nachdem|bevor|solange|vorausgesetzt"
        r"|unter der bedingung|nach (?:erhalt|eingang|klärung|prüfung))\b"
    ),
    (
        r"\b(?:dès que|une fois que|si (?:vous|nous)|lorsque|après réception|à condition)\b|\b(?:cuando"
        r"|en cuanto|una vez|si (?:nos|ustedes)|siempre que)\b|\b(?:quando|appena|non appena|se (?:ci|voi|la)"
        r"|a condizione)\b|\b(?:zodra|wanneer|als (?:u|we|wij)|mits|indien|na ontvangst)\b"
    ),
    (
        r"\b(?:assim que|logo que|quando|se (?:\w+ ){0,3}\w+(?:ar|er|ir)(?:em|mos)|após (?:a )?(?:receção"
        r"|recebimento|confirmação)"
        r"|depois de)\b|\b(?:gdy|kiedy|jak tylko|jeśli|jeżeli|pod warunkiem|po (?:otrzymaniu|wyjaśnieniu|dostawie"
        r"|korekcie))\b"
    ),
)
HARDSHIP: Final = _compiled(
    (
        r"\b(?:cannot|can't|can not|unable to|not able to|not in a position to"
        r"|impossible to) (?:\w+ ){0,2}(?:pay|afford|settle|transfer)\b|\bcash[ -]?flow\b|\binsolven"
        r"|\bbankrupt|\bliquidation\b|\badministration proceedings|\bin administration\b|\bno (?:money"
        r"|funds)\b|\bfinancial (?:difficult|problem|trouble|hardship)|\bliquidity\b|\bdon't have (?:the "
        r"|enough )?(?:money|funds|cash)\b|\bshort of (?:cash|money|funds)|\bcustomers? (?:have"
        r"|has) not paid us\b|\btight at the moment\b"
    ),
    (
        r"\binsolven|\bzahlungsunfähig|\bkonkurs|\bliquidität|\bfinanzielle[nrs]? (?:schwierigkeit|engp"
        r"|problem|lage)|\b(?:können|kann)\b[^.?!;]{0,60}\b(?:nicht|leider nicht|derzeit nicht"
        r"|momentan nicht)\b[^.?!;]{0,30}\b(?:zahlen|bezahlen|begleichen|überweisen|leisten)\b|\bkein geld\b"
        r"|\bzahlungsschwierigkeit|\bzahlungsengpass|\bengpass\b"
    ),
    (
        r"\b(?:difficultés (?:financières|de trésorerie)|redressement judiciaire|ne pouvons pas (?:payer"
        r"|régler)|trésorerie)\b|\b(?:dificultades (?:económicas|financieras)|no podemos pagar"
        r"|concurso de acreedores|falta de liquidez)\b|\b(?:difficoltà (?:economiche|finanziarie)"
        r"|non possiamo pagare|fallimento|liquidità)\b|\b(?:betalingsproblemen|kunnen (?:nu "
        r"|momenteel )?niet betalen|faillissement|financiële problemen)\b"
    ),
    (
        r"\b(?:dificuldades (?:financeiras|de tesouraria|económicas)|insolvência|falta de liquidez)\b"
        r"|\bnão (?:podemos|posso"
        r"|conseguimos|consigo) (?:\w+ ){0,2}(?:pagar|liquidar)\b|\b(?:trudności|problemy) finansow\w+|\bupadłoś\w+"
        r"|\bnie (?:możemy|mogę|jesteśmy w stanie) (?:\w+ ){0,2}(?:zapłacić|opłacić|uregulować)\b"
        r"|\bbrak(?:uje)? (?:nam )?"
        r"(?:środków|pieniędzy|płynności)\b"
    ),
)
PLAN: Final = _compiled(
    (
        r"\binstal?lments?\b|\bpayment plan\b|\bextension\b|\bmore time\b|\bpay (?:it |this )?(?:in"
        r"|over) (?:\w+ )?(?:parts?|months|rates)\b|\bmonthly (?:payments?|rates)\b|\bdefer\w*\b"
        r"|\bpostpone\w*\b|\bgrace period\b|\bgive us (?:until|time|another)\b|\bextend (?:the )?(?:deadline"
        r"|due date|payment)"
    ),
    (
        r"\braten\w*\b|\bteilzahlung|\bteilbetr[aä]g|\bstundung|\bstunden sie\b|\bzahlungsaufschub"
        r"|\bzahlungsplan|\bfristverlängerung|\baufschub\b|\bmehr zeit\b|\bspäter (?:zahlen|bezahlen)\b"
        r"|\bzahlungsziel (?:zu )?verlängern"
    ),
    (
        r"\b(?:échéancier|plusieurs fois|délai (?:de paiement |supplémentaire)|échelonn\w+|report)\b"
        r"|\b(?:plazos?|aplazamiento|fraccionar|prórroga|más tiempo)\b|\b(?:rate|rateizz\w+|dilazion\w+"
        r"|proroga)\b|\b(?:termijnen|betalingsregeling|uitstel|gespreid)\b"
    ),
    (
        r"\b(?:prestações(?! de servi)|parcelas|plano de pagamento|prorrogação|adiamento|mais tempo|faseadamente)\b"
        r"|\b(?:rat(?:y|ach|ami)|ratalnie|rozłożenie|odroczenie|przedłużenie terminu|więcej czasu|plan spłaty)\b"
    ),
)
# How many instalments are proposed, as a figure or a word.
COUNTS: Final = {
    **dict.fromkeys(("two", "zwei", "deux", "dos", "twee", "duas", "dwie", "dwóch"), 2),
    **dict.fromkeys(("three", "drei", "trois", "tres", "tre", "drie", "três", "trzy", "trzech"), 3),
    **dict.fromkeys(("four", "vier", "quatre", "cuatro", "quattro", "quatro", "cztery", "czterech"), 4),
    **dict.fromkeys(("five", "fünf", "cinq", "cinco", "cinque", "vijf", "pięć", "pięciu"), 5),
    **dict.fromkeys(("six", "sechs", "seis", "sei", "zes", "sześć", "sześciu"), 6),
    **dict.fromkeys(("ten", "zehn", "dix", "diez", "dieci", "tien", "dez", "dziesięć"), 10),
    **dict.fromkeys(("twelve", "zwölf", "douze", "doce", "dodici", "twaalf", "doze", "dwanaście"), 12),
}
INSTALMENTS: Final = re.compile(
    r"\b(\d{1,2}|" + "|".join(COUNTS) + r") (?:(?:equal|monthly|weekly|gleich(?:e[nr]?|hohe[nr]?)"
    r"|monatliche[nr]?|gelijke|maandelijkse|iguales|mensuales|iguais|mensais|równ\w+|miesięczn\w+) )*"
    r"(?:instal?lments?|part(?:s|ial payments)?|payments|months|raten|monatsraten|teilzahlungen|teilbeträgen?|monaten"
    r"|mensualités|fois|échéances|plazos|cuotas|pagos|rate|mesi|termijnen|delen|prestações|parcelas|rat\w*)\b"
)
IN_APPROVAL: Final = _compiled(
    (
        r"\b(?:await\w*|wait(?:s|ing)? for|pending|subject to|in(?: the| our)?|under(?:going)?|needs?|requires?)"
        r" (?:(?:the|our|an|its|final|internal|formal|management|budget|invoice|manager'?s?|director'?s?|goods) ){0,3}"
        r"(?:approvals?|sign[- ]?off|authori[sz]ation)\b(?! date)|\bapproval (?:process|workflow|round|loop|chain)\b"
        r"|\bapproval (?:is|was|has)(?: still| not)?(?: yet)? (?:pending|outstanding|missing|been given)\b"
        r"|\b(?:not|hasn't|haven't|isn't) (?:yet )?(?:been )?(?:approved|signed off|released for payment)(?: yet)?\b"
        r"|\bwaiting for (?:\w+ ){1,3}to (?:approve|sign (?:it )?off|release)\b"
    ),
    (
        r"\b(?:in|zur|im)(?: der| unserer| interner?)? (?:freigabe|freigabeprozess|freigabelauf|genehmigung"
        r"|genehmigungsprozess|rechnungsprüfung|rechnungsfreigabe|sachlichen prüfung)\b"
        r"|\b(?:freigabe|genehmigung)\b[^.?!;]{0,40}\b(?:steht (?:noch )?aus|fehlt|ausstehend|läuft|nicht erfolgt)\b"
        r"|\bnoch nicht (?:zur zahlung )?(?:freigegeben|genehmigt)\b"
        r"|\bwart\w* (?:noch )?auf (?:die |eine |unsere )?(?:interne |sachliche )?(?:freigabe|genehmigung)\b"
    ),
    (
        r"\ben (?:cours|attente) (?:de |d')(?:la )?(?:validation|approbation)\b|\bcircuit de validation\b"
        r"|\b(?:pendiente|en proceso|a la espera|en trámite) de (?:la )?(?:aprobación|validación|autorización)\b"
        r"|\bin (?:attesa|fase|corso) (?:di|dell')\s?(?:approvazione|autorizzazione|validazione)\b"
        r"|\bwacht(?:en)? (?:nog )?op (?:de |een )?(?:interne )?goedkeuring\b|\bter goedkeuring\b"
        r"|\bin (?:het |ons )?goedkeurings\w+\b"
        r"|\b(?:aguarda\w*|pendente de|em processo de) (?:a )?(?:aprovação|autorização|validação)\b"
        r"|\b(?:oczekuje|czeka\w*) na (?:akceptację|zatwierdzenie)\b|\bw trakcie (?:akceptacji|zatwierdzania)\b"
    ),
)
# Disputes by reason. The order is that of precedence when one sentence has several.
DISPUTES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "duplicate",
        _compiled(
            (
                r"\bduplicate\b|\b(?:invoiced|billed|charged) (?:us |me |for (?:this|it) |this |it "
                r"|the same \w+ )*(?:twice|double|two times|again|a second time)\b|\bdouble[ -](?:invoic|bill"
                r"|charg|entry)\w*|\bsame (?:invoice|order|delivery|goods|item|service)s? (?:was |were "
                r"|has been |have been |already )*(?:twice|invoiced|billed)|\bidentical (?:to|with) invoice"
                r"|\balready (?:been )?(?:invoiced|billed)\b|\btwice (?:for|invoiced|billed|charged)\b"
                r"|\bcharged? (?:us )?(?:for )?(?:\w+ ){0,3}twice\b"
            ),
            (
                r"\bdoppelt\w*\b[^.?!;]{0,60}(?:rechnung|berechnet|abgerechnet|fakturiert|gestellt"
                r"|verrechnet)|\b(?:rechnung|berechnet|abgerechnet|fakturiert"
                r"|gestellt)\w*\b[^.?!;]{0,60}\b(?:doppelt|zweimal|zwei mal|2x)\b|\b(?:zweimal|zwei mal"
                r"|2x)\b[^.?!;]{0,60}(?:rechnung|berechnet|fakturiert|abgerechnet)|\bdoppelberechnung"
                r"|\bdoppelrechnung|\bduplikat\b|\bbereits in rechnung gestellt|\bschon einmal (?:berechnet"
                r"|abgerechnet|in rechnung)"
            ),
            (
                r"\b(?:facturée? deux fois|double facturation|en double|doublon)\b"
                r"|\b(?:facturad[oa] dos veces|duplicad[oa]|doble factura)\b|\b(?:fatturat[oa] due volte"
                r"|doppia fattur\w+|duplicat[oa])\b|\b(?:dubbel|twee keer) (?:gefactureerd|in rekening"
                r"|ontvangen)|\bdubbele factuur"
            ),
            (
                r"\bfaturad[ao] duas vezes\b|\bem duplicado\b|\bfatura duplicada\b|\bdwukrotnie\b"
                r"|\b(?:zafakturowan\w+|wystawion\w+) dwa razy\b|\bpodwójn\w+ (?:faktur|zafakturowan)\w*"
            ),
        ),
    ),
    (
        "already_credited",
        _compiled(
            (
                r"\bcredit (?:note|memo)s?\b|\b(?:been |was |already )credited\b|\brefund(?:ed)?\b|\b(?:order"
                r"|contract|subscription|service|it|booking|invoice)\b[^.?!;]{0,30}\b(?:was|were|has been"
                r"|had been|is|we|got) (?:already )?cancell?ed\b|\bwe (?:have )?(?:already )?cancell?ed\b"
                r"|\b(?:have|had) returned (?:the|these|all|those|them|it|\d)|\breturned (?:the|these|all"
                r"|those) (?:goods|items|parts|units|machine|products?)\b[^.?!;]{0,60}(?:credit|refund)"
            ),
            (
                r"\bgutschrift\w*|\bgutgeschrieben|\bstorn\w+|\b(?:auftrag|bestellung|vertrag|abo|abonnement"
                r"|leistung)\b[^.?!;]{0,40}\b(?:gekündigt|widerrufen|annulliert|abbestellt)\b"
                r"|\bzurückgeschickt|\bzurückgesendet|\bretourniert|\bretoure\b|\bware zurück"
            ),
            (
                r"\b(?:avoir|note de crédit|annulée?|remboursée?)\b|\b(?:nota de crédito|abono|anulad[oa]"
                r"|cancelad[oa]|reembols\w+|nota de abono)\b|\b(?:nota di credito|stornat[oa]|annullat[oa]"
                r"|rimbors\w+)\b|\b(?:creditnota|gecrediteerd|geannuleerd|creditfactuur)\b"
            ),
            r"\banulad[ao]s?\b|\bfaktur\w+ koryguj\w+|\bnot[ayę] (?:kredytow|uznaniow)\w+|\banulowan\w+"
            r"|\bzwróciliśmy\b",
        ),
    ),
    (
        "not_ours",
        _compiled(
            (
                r"(?:\bnot|n't) (?:\w+ )?(?:ours|mine|(?:our|my) (?:invoice|order|bill|account|debt|company"
                r"|purchase))\b|(?:\bnever|\bnot|n't|\bno one|\bnobody)\b (?!in order)(?:\w+ ){0,2}(?:order"
                r"|ordered|placed (?:an |any |this )?order|bought|purchase|purchased|commission|commissioned"
                r"|request|requested|sign|signed|hired)\b|\bno (?:such )?(?:order|contract|purchase order"
                r"|business relation\w*)\b(?! number)|\bwrong (?:company|customer|addressee|debtor|entity"
                r"|recipient|account)\b|\b(?:another|different|other) (?:company|entity|customer)\b"
                r"|\bdo(?:es)? not (?:know|recogni[sz]e) (?:this|these|that|the|your) (?:invoice"
                r"|order|company|charge|bill)|\bdon't (?:know"
                r"|recogni[sz]e) (?:this|these|that|the|your) (?:invoice|order|company|charge|bill|supplier)"
                r"|\bnot (?:a )?customers? of yours\b|\bnothing to do with (?:us|this)\b"
                r"|\baddressed to (?:the wrong|another)|\bbelongs to (?:another|a different)"
                r"|\bno knowledge of (?:this|the|any|your|such)\b"
            ),
            (
                r"\b(?:nicht|nie|niemals|nichts|keine)\b[^.?!;,]{0,25}\b(?:bestellt|beauftragt"
                r"|in auftrag gegeben|gekauft|geordert|bezogen)\b|\b(?:nicht|keine) (?:unsere?|meine?)\b"
                r"|\bnicht für uns (?:bestimmt)?|\bbetrifft (?:uns|mich) nicht|\bgehört nicht (?:zu )?uns"
                r"|\bfalsche[rn]? (?:firma|empfänger|kunde|adressat|rechnungsempfänger|schuldner)"
                r"|\bandere[rn]? (?:firma|gesellschaft|kunde)|\b(?:kein|keine|keinen) (?:auftrag|bestellung"
                r"|vertrag|geschäftsbeziehung|kunde)\b|\bkennen (?:wir )?(?:diese[n]?|sie"
                r"|ihre?) (?:\w+ )?nicht|\bist uns (?:nicht|un)bekannt|\buns unbekannt"
                r"|\bkeinerlei (?:geschäft|vertrag|bestell)\w*|\bnicht unser kunde"
            ),
            (
                r"\b(?:n'avons|n'ai) (?:jamais|pas|rien) (?:\w+ )?command|\bpas (?:à nous|notre (?:facture"
                r"|commande)|pour nous)\b|\bne nous concerne pas|\b(?:nunca|no) (?:hemos|he) (?:pedido"
                r"|contratado|encargado|comprado)|\bno es nuestr[oa]|\bno nos corresponde|\b(?:mai"
                r"|non) (?:abbiamo |ho )?(?:mai )?(?:ordinato|richiesto|acquistato)|\bnon (?:è nostr[oa]"
                r"|ci riguarda)|\b(?:nooit|niet|niets) (?:\w+ )?besteld|\bniet (?:voor ons|van ons"
                r"|onze factuur)\b|\bbetreft ons niet"
            ),
            (
                r"\b(?:nunca|não) (?:\w+ )?(?:encomend(?:ámos|amos|ei)|pedimos|contrat(?:ámos|amos|ei)"
                r"|compr(?:ámos|amos"
                r"|ei))\b|\bnão (?:é|são) noss[ao]s?\b|\bnão nos diz respeito\b|\bempresa errada\b|\bnie (?:\w+ ){0,2}"
                r"(?:zamawia\w+|zamówi\w+|kupowa\w+|zlecali\w+)\b|\bto nie (?:jest )?nasz[ae]?\b|\bnie dotyczy nas\b"
                r"|\bnas nie dotyczy\b|\bniewłaściw\w+ (?:firma|odbiorca)\b"
            ),
        ),
    ),
    (
        "not_received_goods",
        _compiled(
            (
                r"(?:\bnever|\bnot|n't|\bnothing|\bno)\b (?:\w+ ){0,3}(?:receiv\w+|got|get|been delivered"
                r"|delivered|arrived|arrive|shipped|come|came|turned up|show(?:ed)? up|seen)\b(?! (?:the "
                r"|this |that |any |an |a |your |our |these |such |copy of |original "
                r"|said )*(?:\w+ )?(?:invoice|bill|statement|e-?mail|reminder|letter|credit|answer|reply"
                r"|response|payment|copy))|\b(?:goods|delivery|order|parcel|shipment|items?|products?|machine"
                r"|parts?|package)\b[^.?!;]{0,50}(?:(?:\bnever|\bnot|n't)\b[^.?!;]{0,20}\b(?:received"
                r"|delivered|arrived|here|come|came|shipped)\b|\bstill (?:missing|outstanding)\b"
                r"|\bwere lost\b|\bwas lost\b|\bundelivered\b)|\bwithout (?:any )?delivery\b|\bno delivery\b"
                r"|\bnon[- ]?delivery\b|\bundelivered\b|\b(?:still )?wait(?:ing)? for (?:the |our "
                r"|your )?(?:goods|delivery|order|parcel|shipment|parts|machine)|\b(?:service|work|job"
                r"|repair)\b[^.?!;]{0,30}(?:\bnever|\bnot|n't) (?:been )?(?:performed|rendered|provided|done"
                r"|carried out|completed|finished)\b|\bnever (?:came|arrived|showed up|turned up|delivered)\b"
            ),
            (
                r"\b(?:ware|lieferung|artikel|paket|sendung|teile?|maschine|bestellung|produkte?|leistung"
                r"|material)\w*\b[^.?!;]{0,70}\b(?:nie|nicht|noch nicht|niemals|bis heute nicht"
                r"|immer noch nicht)\b[^.?!;]{0,40}\b(?:erhalten|geliefert|angekommen|eingetroffen|da"
                r"|bekommen|eingegangen|erbracht|ausgeführt|zugestellt)\b|\b(?:nie|nicht|nichts|noch nicht"
                r"|keine (?:ware|lieferung|leistung)|noch keine ware)\b[^.?!;]{0,40}\b(?:geliefert|angekommen"
                r"|eingetroffen|zugestellt|erbracht)\b|\b(?:keine|noch keine) (?:ware|lieferung|leistung"
                r"|bestellung|sendung)\b|\bwarten (?:immer )?(?:noch )?auf (?:die |ihre |unsere )?(?:ware"
                r"|lieferung|bestellung|sendung)|\bnichts (?:erhalten|bekommen|angekommen)\b"
                r"|\bfehlende lieferung|\bnichtlieferung"
            ),
            (
                r"\b(?:jamais|pas|rien)\b (?:encore |été )*(?:reçu|livrée?s?|arrivée?s?)\b(?! (?:la |votre "
                r"|cette |de )?facture)|\bnon livrée?s?\b|\b(?:nunca|no|aún no)\b (?:hemos |he |ha "
                r"|han )*(?:recibido|llegado|sido entregad[oa])\b(?! (?:la |su |esta |ninguna )?factura)"
                r"|\bno entregad[oa]|\b(?:mai|non)\b (?:abbiamo |è |sono |stat[oa] |ancora "
                r"|mai )*(?:ricevut[oaei]|arrivat[oaei]|consegnat[oaei])\b(?! (?:la |vostra |questa "
                r"|alcuna )*fattura)|\b(?:nooit|niet|nog niet|niets)\b (?:\w+ )?(?:ontvangen|geleverd"
                r"|aangekomen)\b|\bgeen (?:levering|goederen)\b"
            ),
            (
                r"\b(?:não|nunca) (?:\w+ ){0,2}(?:recebemos|recebi|chegou|chegaram|(?:foi|foram) (?:\w+ )?entregues?)\b"
                r"(?! (?:a |esta |vossa |qualquer |nenhuma )*fatura)|\bnie (?:\w+ ){0,2}(?:otrzymaliśmy|dostaliśmy"
                r"|dotar\w+|przysz\w+|dostarczon\w+)\b(?! (?:tej |żadnej |państwa )*faktur)"
            ),
        ),
    ),
    (
        "quantity",
        _compiled(
            (
                r"\bshort(?:age|fall|[ -]deliver\w*|[ -]ship\w*|ed)\b|\bmissing (?:\w+ )?(?:items?|pieces?"
                r"|units?|parts?|boxes|pallets?|goods|cartons?|quantity|articles?)\b|\b(?:items?|pieces?"
                r"|units?|parts?|boxes|pallets?|cartons?|bags|bottles)\b[^.?!;]{0,30}\b(?:are|is|were|was"
                r"|went) (?:still )?(?:missing|short)\b|\bonly (?:\w+ ){0,3}(?:received|delivered|got|shipped"
                r"|arrived)\b|\b(?:received|delivered|got|shipped|sent) (?:us )?only\b|\bfewer\b|\btoo (?:few"
                r"|many|little)\b|\bwrong (?:quantity|amount of|number of)|\bincomplete\b"
                r"|\bpartial(?:ly)? (?:deliver\w+|shipment)|\bquantity\b|\b\d+ (?:out of|instead of|of the"
                r"|rather than) \d+\b|\binstead of (?:the )?(?:ordered )?\d+ (?:pieces|units|items|boxes"
                r"|pallets|cartons|pcs)|\bless than (?:we )?ordered\b|\bnot everything\b"
                r"|\bnot all (?:of )?(?:the )?(?:goods|items|parts|units)"
            ),
            (
                r"\bfehlmenge|\bmindermenge|\bmenge\b|\bzu (?:wenig|viel) (?:geliefert|erhalten|bekommen)"
                r"|\bunvollständig|\bteillieferung|\bnicht vollständig\b|\bes fehl(?:en|t|ten)\b|\bfehl(?:en"
                r"|t|ten) (?:uns )?(?:noch )?(?:\w+ ){0,3}(?:stück|teile|positionen|artikel|kartons|paletten"
                r"|einheiten|\d+)|\b(?:stück|teile|artikel|kartons?|paletten?|positionen"
                r"|einheiten)\b[^.?!;]{0,20}\bfehl(?:en|t|ten)\b|\bnur (?:\d+|\w+) (?:stück |teile |kartons "
                r"|paletten |von |statt |der )[^.?!;]{0,60}|\b\d+ (?:statt|anstatt|von) \d+\b"
                r"|\bnur (?:\w+ ){1,4}(?:geliefert|erhalten|angekommen|bekommen)\b|\bstückzahl"
                r"|\bfalsche anzahl"
            ),
            (
                r"\b(?:quantité|manquants?|manquantes?|incomplète?|il manque|seulement \d+)\b|\b(?:cantidad"
                r"|faltan?|incomplet[oa]|faltantes?|sólo (?:hemos )?recib\w+|solo (?:hemos )?recib\w+)\b"
                r"|\b(?:quantità|mancan[oti]\w*|incomplet[oa]|solo \d+)\b|\b(?:te weinig|ontbre\w+|aantal"
                r"|onvolledig|slechts \d+|maar \d+)\b"
            ),
            (
                r"\b(?:quantidade|faltam|incomplet[ao]s?|só recebemos|apenas \d+)\b|\bbrakuje (?!(?:nam )?(?:środków"
                r"|pieniędzy|płynności|czasu))|\b(?:ilość|ilości|niekompletn\w+|niepełn\w+|tylko \d+)\b"
            ),
        ),
    ),
    (
        "quality",
        _compiled(
            (
                r"\b(?:damaged?|broken|defect(?:ive|s)?|faulty|scratched|poor quality|bad quality|inferior"
                r"|substandard|malfunction\w*|unusable|useless|rotten|mouldy|moldy|leaking|spoiled"
                r"|out of spec\w*|below standard|not (?:as described|working|usable|up to standard|fit for)"
                r"|does(?:n't| not) work|do(?:n't| not) work|stopped working|not satisfied|unsatisf\w+"
                r"|wrong (?:goods|items?|product|article|size|colou?r|model|parts?|material)|quality"
                r"|complaint|warranty|dents?|dented|cracked|poor(?:ly)? (?:work|executed|finish\w*))\b"
            ),
            (
                r"\b(?:defekt\w*|beschädig\w*|mangel(?:haft\w*)?|mängel\w*|mängelrüge|kaputt\w*|reklam\w+"
                r"|schlechte[rn]? qualität|qualität\w*|funktionier\w* (?:\w+ )?nicht|zerbrochen|zerkratzt"
                r"|unbrauchbar|fehlerhafte? (?:ware|lieferung|teile?|artikel|maschine|produkt\w*)"
                r"|falsche[nrs]? (?:ware|artikel|produkt\w*|teile?|größe|farbe|modell|lieferung)|schadhaft\w*"
                r"|transportschaden|verdorben|undicht|schimmel\w*|nachbesser\w*|gewährleistung|unzufrieden"
                r"|nicht zufrieden|schaden|bruch)\b"
            ),
            (
                r"\b(?:défectueu(?:x|se)s?|endommagée?s?|abîmée?s?|cassée?s?|mauvaise qualité|(?:non|pas) conforme"
                r"|qualité)\b|\b(?:defectuos[oa]s?|dañad[oa]s?|rot[oa]s?|mala calidad|calidad)\b"
                r"|\b(?:difettos[oaie]|danneggiat[oaie]|rott[oaie]|scarsa qualità|qualità|non conform\w+)\b"
                r"|\b(?:beschadigde?|defecte?|kapot|slechte kwaliteit|kwaliteit|gebrek\w*)\b"
            ),
            (
                r"\b(?:danificad[ao]s?|defeituos[ao]s?|defeitos?|avariad[ao]s?|qualidade|não funciona\w*)\b"
                r"|\b(?:uszkodz\w+|wadliw\w+|wad[ayę]|zepsut\w+|zniszczon\w+|jakość|jakości|nie działa\w*)\b"
            ),
        ),
    ),
    (
        "price",
        _compiled(
            (
                r"\b(?:amount|price|total|rate|sum)s? (?:should|must|ought to) (?:have been|be|read)\b"
                r"|\bovercharg\w*|\b(?:wrong|incorrect|higher|different|excessive"
                r"|inflated) (?:unit )?(?:price"
                r"|rate|amount|tariff|vat|total|sum|fee)s?\b|\b(?:price|rate|amount|total|vat|tax|sum|tariff"
                r"|unit price|fee|pricing)s?\b[^.?!;]{0,40}\b(?:wrong|incorrect|too high|higher than"
                r"|not (?:as )?(?:agreed|correct|right|what|the one)|does(?:n't| not) match|do not match|differs?|off"
                r"|mistake|error|discrepanc\w+|exceeds?|n't (?:match|right|correct|agree))\b|\bagreed (?:on "
                r"|upon )?(?:a )?(?:price|rate|discount)|\bprice (?:difference|agreed|dispute|discrepancy)"
                r"|\b(?:discount|rebate|bonus)\b[^.?!;]{0,40}\b(?:missing|not (?:been )?(?:applied|deducted"
                r"|taken|considered|granted)|forgotten|n't)|\bmissing (?:the )?(?:discount|rebate)|\bquot(?:e"
                r"|ed|ation)\b[^.?!;]{0,60}(?:\d|lower|differ|price|was)|\btoo expensive\b"
                r"|\bcharged (?:us )?(?:too much|more than|a higher)|\bbilled (?:us )?(?:too much|more than)"
                r"|\bnot the (?:agreed )?price\b|\bprice list\b"
            ),
            (
                r"\b(?:preis\w*|betrag|rechnungsbetrag|summe|einzelpreis|stundensatz|mehrwertsteuer|mwst"
                r"|steuersatz|gesamtbetrag)\b[^.?!;]{0,60}\b(?:falsch|nicht korrekt|zu hoch|stimmt|stimmen"
                r"|weicht|abweich\w*|nicht richtig|höher als|entspricht nicht|fehlerhaft|vereinbart\w*"
                r"|inkorrekt|nicht vereinbart)\b|\bfalsche[rnm]? (?:preis\w*|betrag|summe|steuersatz"
                r"|mehrwertsteuer|satz)\b|\bzu viel (?:berechnet|verlangt|abgerechnet|in rechnung)"
                r"|\bzuviel (?:berechnet|verlangt)|\büberhöht\w*|\b(?:rabatt|skonto|nachlass"
                r"|bonus)\w*\b[^.?!;]{0,50}\b(?:fehlt|nicht|vergessen|abgezogen)\b"
                r"|\bvereinbarte[rn]? (?:preis|rabatt|betrag)|\bpreisabweichung|\bpreisdifferenz"
                r"|\bangebot\b[^.?!;]{0,60}(?:\d|abweich|günstiger|anders|stand)|\banderer preis|\bzu teuer\b"
            ),
            (
                r"\b(?:prix|montant|tarif)\b[^.?!;]{0,40}\b(?:incorrect|erronée?|faux|trop élevé|convenu"
                r"|ne correspond)\b|\b(?:surfactur\w+|remise non)\b|\b(?:precio|importe"
                r"|tarifa)\b[^.?!;]{0,40}\b(?:incorrect[oa]|equivocad[oa]|err[oó]ne[oa]|acordad[oa]|no (?:es"
                r"|coincide|corresponde)|demasiado)\b|\b(?:prezzo|importo"
                r"|tariffa)\b[^.?!;]{0,40}\b(?:sbagliat[oa]|errat[oa]|concordat[oa]|troppo|non (?:è"
                r"|corrisponde))\b|\b(?:prijs|bedrag|tarief)\b[^.?!;]{0,40}\b(?:onjuist|verkeerd|klopt niet"
                r"|afgesproken|te hoog|fout)\b|\b(?:verkeerde|onjuiste|foute) (?:prijs|bedrag)"
            ),
            (
                r"\b(?:preço|valor|montante)\b[^.?!;]{0,40}\b(?:errad[ao]|incorret[ao]|demasiado|não (?:é|está"
                r"|corresponde))\b"
                r"|\bpreço (?:acordado|combinado)\b|\b(?:cen[aęy]|kwot[aęy]"
                r"|stawk[aęi])\b[^.?!;]{0,40}\b(?:nieprawidłow\w+"
                r"|błędn\w+|niezgodn\w+|za wysok\w+|zawyżon\w+|nie zgadza)\b|\b(?:błędn|nieprawidłow)\w+ (?:cena"
                r"|kwota)\b"
            ),
        ),
    ),
    (
        "other",
        _compiled(
            r"\b(?:po|purchase order|order|vat|tax) (?:number|no|id|reference)\b[^.?!;]{0,20}\b(?:is "
            r"|are )?(?:missing|wrong)\b"
            r"|\bmissing (?:the |our |a )?(?:po|purchase order|order) (?:number|no)\b|\bre-?issue\b"
            r"|\bcorrected invoice\b"
            r"|\bsomething (?:is|looks|seems) (?:not right|wrong)\b|\bplease correct\b|\bnot (?:yet )?due\b"
            r"|\bpayment terms (?:are|of)\b|\bagreed (?:payment )?terms\b",
            r"\b(?:bestellnummer|auftragsnummer|po-nummer|ust-?id\w*"
            r"|kostenstelle)\b[^.?!;]{0,20}\b(?:fehlt|falsch|nicht)\b"
            r"|\bbitte korrigieren\b|\bkorrigierte\w? rechnung|\brechnungskorrektur|\bzahlungsziel von\b"
            r"|\bnoch nicht fällig\b",
            (
                r"\b(?:dispute[ds]?|disputing|contest(?:ed|ing)?|object(?:ion|ing)?s?|disagree\w*|reject(?:ed"
                r"|ing|s)?|challenge\w*|unjustified|unlawful|not (?:owed|owing|justified|accept\w*|agree"
                r"|acceptable)|n't (?:accept|agree|owe)|(?:this|that|it|invoice|bill|charge|claim|reminder"
                r"|which|amount|address|vat)\w*\b[^.?!;]{0,30}\b(?:is|are|was|were|looks"
                r"|seems) (?:\w+ )?(?:wrong|incorrect|not (?:right|correct)|n't (?:right|correct)|erroneous"
                r"|a mistake|an error|in error|inaccurate|invalid|unclear|unfounded)|incorrect (?:invoice"
                r"|bill|charge)|wrong (?:invoice|bill)|mistake (?:in|on) (?:the|your|this)|error (?:in"
                r"|on) (?:the|your|this)|unfounded|not due|in dispute|query on)\b"
            ),
            (
                r"\b(?:bestreite\w*|widersprech\w*|widerspruch|einspruch|einwand|einwände|nicht (?:anerk\w+"
                r"|akzeptier\w*|einverstanden|nachvollzieh\w*|berechtigt|korrekt|richtig|fällig"
                r"|gerechtfertigt)|akzeptieren[^.?!;]{0,40}nicht|anerkennen[^.?!;]{0,40}nicht"
                r"|erkennen[^.?!;]{0,60}nicht an|unberechtigt\w*|zurückweisen|zurückgewiesen"
                r"|weise\w?[^.?!;]{0,80}zurück|beanstand\w*|strittig\w*|bestritten|unbegründet\w*"
                r"|ungerechtfertigt\w*|rechnung\w*\b[^.?!;]{0,40}\b(?:ist|sind|war|enthält|stimmt"
                r"|stimmen)\b[^.?!;]{0,30}\b(?:falsch|fehlerhaft|nicht (?:korrekt|richtig|in ordnung|ok"
                r"|nachvollziehbar)|fehler|inkorrekt)|rechnung\w*\b[^.?!;]{0,30}\bstimm(?:t"
                r"|en)\b[^.?!;]{0,20}\bnicht|(?:das|dies|es) (?:ist|stimmt) (?:so )?(?:falsch|nicht)"
                r"|stimmt (?:so )?(?:überhaupt )?nicht|falsche rechnung|fehlerhafte rechnung|fehler in (?:der"
                r"|ihrer|dieser)|irrtum|fehlerhaft\w*)\b"
            ),
            (
                r"\b(?:contest(?:ons|e|ée?)|réclamation|ne sommes pas d'accord|n'est pas (?:correcte?"
                r"|justifiée?|due)|erronée?|litige|refusons|n'acceptons pas|c'est (?:faux|une erreur)"
                r"|erreur)\b|\b(?:disput\w+|reclamaci[oó]n|no estamos de acuerdo|no (?:es|está) correct[oa]"
                r"|incorrect[oa]|rechaz\w+|impugn\w+|est[oa] (?:es|está) (?:mal|un error|equivocad[oa]))\b"
                r"|\b(?:contest(?:iamo|o|azione|ata|are)|reclam\w+|non siamo d'accordo|non è (?:corrett[oa]"
                r"|dovut[oa]|giust[oa])|errat[oa]|sbagliat[oa]|è un errore)\b|\b(?:betwist\w*|bezwaar"
                r"|niet (?:akkoord|eens|correct|juist)|klopt niet|onjuist|onterecht|fout in|geschil)\b"
            ),
            (
                r"\b(?:contest(?:amos|ação)|não concord\w+|não aceit\w+|não est(?:á|ão) (?:cert|corret)[ao]s?"
                r"|errad[ao]s?"
                r"|incorret[ao]s?|reclamação|há um erro)\b|\b(?:kwestionuj\w+|nie zgadza(?:m|my)? się|niezgodn\w+"
                r"|nieprawidłow\w+|błędn\w+|nie (?:uznaj|akceptuj)\w+|sporn\w+|pomyłk\w+|reklam(?:uj|acj)\w+"
                r"|pros(?:imy|zę) o korektę)\b"
            ),
        ),
    ),
)
# Words that take a dispute back in the same clause.
NO_DISPUTE: Final = _compiled(
    (
        r"\b(?:no|not|not a|isn't a|without|nor|never) (?:any |a |our )?(?:dispute\w*|objections?|complaints?"
        r"|disagreement|problem|issue|quality (?:issue|problem)s?|defects?|damage|claims?|query)\b|\b(?:do"
        r"|does|did|are|is|was|were|will)(?: not|n't) (?:\w+ )?(?:disput\w+|contest\w*|object\w*|challeng\w*"
        r"|reject\w*|disagree\w*|damaged|incomplete|incorrect|wrong|faulty|defective|missing)\b"
        r"|\bundisputed\b|\bnothing (?:is |was )?(?:wrong|missing|damaged)\b|\b(?:everything|all) (?:is |was "
        r"|are |were |arrived )?(?:\w+ )?(?:fine|correct|in order|ok|okay|complete|good|right)\b"
        r"|\bgood quality\b|\bhappy with the quality\b|\bno longer (?:disput\w+|contest\w*)|\bresolved\b"
        r"|\bwithdraw\w* (?:our |the |my )?(?:dispute|complaint|objection)"
    ),
    (
        r"\b(?:keine?n?|ohne|nicht) (?:\w+ )?(?:einwände|einwand|beanstandung\w*|mängel|reklamation\w*"
        r"|widerspruch|einspruch|streit\w*|probleme?|bestritten|strittig|beschädigt|defekt|mangelhaft"
        r"|beanstandet)\b|\bbestreiten (?:wir )?(?:\w+ ){0,3}nicht\b|\b(?:ist|war|sind) (?:alles"
        r"|soweit) (?:in ordnung|korrekt|ok|okay|vollständig|richtig)|\balles (?:ist |war )?(?:in ordnung"
        r"|korrekt|ok|bestens|vollständig|richtig|gut)\b|\bgeklärt\b|\bunstrittig\w*\b|\bunbestritten\w*\b"
        r"|\bzurückgezogen\b"
    ),
    (
        r"\b(?:ne contestons pas|pas de (?:litige|contestation|réclamation)|aucun(?:e)? (?:litige"
        r"|contestation|problème))\b|\b(?:no (?:disputamos|hay (?:ninguna )?(?:reclamaci[oó]n|disputa)"
        r"|tenemos (?:ninguna )?queja))\b|\b(?:non contestiamo|nessun(?:a)? (?:contestazione|reclamo"
        r"|problema))\b|\b(?:betwisten (?:\w+ )?niet|geen (?:bezwaar|geschil|klacht\w*))\b"
    ),
    (
        r"\bs(?:in|em) falta\b|\b(?:pagamento|valor|montante)s? em falta\b|\bnão (?:contestamos"
        r"|temos (?:\w+ )?reclamaç\w+)"
        r"|\bsem (?:reclamaç\w+|defeitos?|erros?)\b|\bestá tudo (?:certo|correto|em ordem|bem)\b|\bnie kwestionuj\w+"
        r"|\bbez (?:zastrzeżeń|uwag|wad|reklamacji)\b|\bwszystko (?:jest )?(?:się zgadza|w porządku)\b"
        r"|\bnie mamy (?:\w+ )?(?:zastrzeżeń|uwag|reklamacji)\b"
    ),
)
# Answers to "did the invoice arrive": a copy is wanted.
COPY: Final = _compiled(
    (
        r"\b(?:copy|copies) of (?:the |this |your |that |all |said |these |an )?(?:\w+ )?(?:invoices?|bills?"
        r"|statement)\b|\b(?:re-?send|send|forward|email|provide|share|mail|get|have|need|attach"
        r"|receive)\b[^.?!;]{0,50}\b(?:invoices?|bills?|statement(?: of account)?|invoice copy|copy|pdf"
        r"|documents?)\b(?! (?:number|was|were|is|are|has|will))|\binvoice (?:again|copy|copies"
        r"|copies? please)\b"
    ),
    (
        r"(?:\bnever|\bnot|n't|\bno)\b (?:\w+ ){0,4}(?:receiv\w*|got|get|have|find|see|seen"
        r"|locate)\b (?:\w+ ){0,4}(?:invoices?|bills?|copy)\b|\binvoices?\b[^.?!;]{0,40}(?:\bnever|\bnot"
        r"|n't)\b (?:\w+ ){0,2}(?:receiv\w*|arriv\w*|reach\w*|sent|got|here|in our system|found|find"
        r"|attached)\b|\b(?:missing|lost|cannot find|can't find|can't locate) (?:the |this |your "
        r"|that )?(?:invoice|bill)s?\b"
    ),
    (
        r"\brechnungs?kopie\w*|\bkopie (?:der|ihrer|dieser|von der|zur|aller) (?:\w+ )?rechnung\w*"
        r"|\brechnung\w*\b[^.?!;]{0,50}\b(?:erneut|noch einmal|nochmals?|nochmal|als pdf|per mail|zusenden"
        r"|zuschicken|zukommen|senden|schicken|zumailen|weiterleiten)\b|\b(?:senden|schicken|mailen"
        r"|übersenden|zusenden|lassen) (?:sie )?(?:mir |uns )?(?:bitte |doch |nochmals? |noch einmal "
        r"|erneut )*(?:die |eine |ihre |diese |den |alle |offenen )*(?:\w+ )?(?:rechnung\w*|kopie|beleg\w*"
        r"|kontoauszug)"
    ),
    (
        r"\brechnung\w*\b[^.?!;]{0,50}\b(?:nicht|nie|niemals|noch nicht)\b[^.?!;]{0,30}\b(?:erhalten|bekommen"
        r"|angekommen|vor|eingegangen|gefunden|auffindbar|zugegangen|auffinden|finden|da)\b|\b(?:keine"
        r"|noch keine|nie eine) rechnung\b|\bliegt (?:uns|mir) (?:die rechnung )?nicht vor\b"
        r"|\bbenötigen (?:wir )?(?:noch )?(?:die |eine |bitte )*(?:\w+ )?(?:rechnung|kopie)"
        r"|\bbrauchen (?:wir )?(?:noch )?(?:die |eine )?rechnung|\brechnung fehlt\b"
    ),
    (
        r"\b(?:copie|duplicata) (?:de )?(?:la |votre |cette )?facture|\b(?:renvoyer|envoyer"
        r"|transmettre)\b[^.?!;]{0,30}\bfacture|\b(?:pas|jamais) (?:\w+ )?reçu (?:la |votre |cette "
        r"|de )?facture|\bcopia de (?:la |su |esta )?factura|\b(?:enviar|reenviar|envíen|mandar"
        r"|envíe)\w*\b[^.?!;]{0,30}\bfactura|\bno (?:hemos|he) recibido (?:la |su |esta |ninguna )?factura"
        r"|\bcopia della (?:\w+ )?fattura|\b(?:inviare|rinviare|mandare|inviarci"
        r"|mandarci)\b[^.?!;]{0,30}\bfattura|\bnon abbiamo (?:mai )?ricevuto (?:la |alcuna |questa "
        r"|vostra )*fattura|\bkopie van (?:de |uw |deze )?factuur|\bfactuur\b[^.?!;]{0,30}\b(?:sturen"
        r"|opsturen|toesturen|mailen|niet ontvangen|nooit ontvangen)|\b(?:geen|nooit een|nooit de) factuur\b"
    ),
    (
        r"\b(?:cópia|segunda via) d(?:a|e|esta|essa|as) (?:\w+ )?fatura|\b(?:enviar|reenviar|enviem|envie"
        r"|reenviem)\b[^.?!;]{0,30}\bfatura|\b(?:não|nunca) (?:\w+ )?(?:recebemos|recebi|temos) (?:a |esta |vossa "
        r"|qualquer "
        r"|nenhuma )*fatura|\b(?:kopi[aęi]|duplikat\w*) (?:tej )?faktur|\b(?:przesła\w+|wysła\w+"
        r"|prześ\w+)\b[^.?!;]{0,30}"
        r"\bfaktur[ęyi]?\b|\bnie (?:\w+ )?(?:otrzymaliśmy|dostaliśmy|mamy) (?:tej |żadnej |państwa )*faktur"
    ),
)
NO_INVOICE: Final = _compiled(
    (
        r"(?:\bnever|\bnot|n't|\bno|\bmissing|\blost)\b[^.?!;]{0,50}\b(?:invoices?|bills?)\b"
        r"|\binvoices?\b[^.?!;]{0,40}(?:\bnever|\bnot|n't)\b"
    ),
    (
        r"\brechnung\w*\b[^.?!;]{0,50}\b(?:nicht|nie|fehlt)\b|\b(?:keine|nie eine|noch keine) rechnung\b"
        r"|\bliegt (?:uns|mir) [^.?!;]{0,20}nicht vor"
    ),
    (
        r"\b(?:pas|jamais)\b[^.?!;]{0,20}\bfacture|\bno (?:hemos|he) recibido|\bnon abbiamo|\b(?:geen|niet"
        r"|nooit)\b[^.?!;]{0,20}\b(?:factuur|ontvangen)"
    ),
    (r"\b(?:não|nunca)\b[^.?!;]{0,20}\bfatura|\bnie (?:\w+ )?(?:otrzymaliśmy|dostaliśmy|mamy)\b[^.?!;]{0,20}\bfaktur"),
)
# What is delivered: "we never received the goods for this invoice" is not about the invoice.
GOODS: Final = _compiled(
    r"\b(?:goods|delivery|deliveries|order|items?|parcel|shipment|products?|parts?|machine|material|service)\b",
    r"\b(?:waren?|lieferung(?:en)?|artikel|paket|sendung|teile?|maschine|material|leistung(?:en)?|bestellung)\b",
    (
        r"\b(?:marchandises?|livraison|commande|mercanc\w+|pedido|entrega|merce|consegna|ordine|goederen"
        r"|levering|bestelling)\b"
    ),
    (r"\b(?:mercadorias?|encomenda|entrega|towar\w*|dostaw\w*|zamówieni\w*|przesyłk\w*|paczk\w*)\b"),
)
WRONG_CONTACT: Final = _compiled(
    (
        r"\bno longer (?:work\w*|employed|with (?:us|the company)|responsible|at|in charge|use\w*|valid)\b"
        r"|\b(?:left|has left|have left) (?:the |our |this )?(?:company|firm|business|organi[sz]ation)\b"
        r"|\bwrong (?:person|address|e-?mail(?: address)?|contact|department|mailbox)\b"
        r"|\bnot (?:the )?(?:right|correct|responsible|in charge|the person)\b(?!:| (?:amount|price|invoice"
        r"|quantity))|\b(?:please )?(?:contact|write to|e-?mail|direct|address|send"
        r"|forward)\b[^.?!;]{0,60}\b(?:instead|in future|in the future|from now on|going forward)\b"
        r"|\bnew (?:contact|e-?mail address|address|mailbox) (?:is|for)\b|\bupdate (?:your|our"
        r"|the) (?:contact|records?|e-?mail|address)|\bcontact (?:my colleague|our (?:accounts?|accounting"
        r"|finance|accounts payable))|\bnot my (?:department|area)\b|\bi (?:have )?retired\b"
    ),
    (
        r"\bnicht mehr (?:bei uns|im unternehmen|in unserem|für|zuständig|beschäftigt|tätig|verantwortlich"
        r"|gültig|aktiv)\b|\bnicht (?:der |die |dafür |hierfür )?(?:richtige |zuständig\w*|verantwortlich\w*)"
        r"|\bfalsche[rn]? (?:ansprechpartner\w*|abteilung|adresse|e-?mail(?:-?adresse)?|mailadresse"
        r"|kontakt)\b|\b(?:wenden|richten|schreiben|senden|schicken) sie (?:sich |ihre |die |bitte "
        r"|rechnungen |mahnungen |künftig |zukünftig )*(?:\w+ ){0,4}(?:an|künftig|zukünftig)\b"
        r"|\b(?:unternehmen|firma) (?:\w+ )?verlassen\b|\bneue[rn]? (?:ansprechpartner\w*|e-?mail-?adresse"
        r"|kontakt|mailadresse)\b|\bausgeschieden\b"
    ),
    (
        r"\b(?:ne travaille plus|plus dans l'entreprise|mauvais (?:contact|interlocuteur|service)"
        r"|mauvaise (?:adresse|personne)|veuillez (?:contacter|vous adresser))\b|\b(?:ya no trabaja"
        r"|persona equivocada|dirección equivocada|contacte con|contacten con|póngase en contacto)\b"
        r"|\b(?:non lavora più|persona sbagliata|indirizzo sbagliato|contattare|si rivolga)\b"
        r"|\b(?:werkt (?:hier )?niet meer|verkeerde (?:persoon|afdeling|adres)|neem contact op met"
        r"|niet meer werkzaam)\b"
    ),
    (
        r"\b(?:já não trabalha|pessoa errada|endereço errado|contactem)\b|\b(?:już (?:tu |u nas )?nie pracuje"
        r"|niewłaściw\w+ (?:osoba|adres)|prosimy o kontakt z)\b"
    ),
)
UNSUBSCRIBE: Final = _compiled(
    (
        r"\bunsubscribe\b|\bstop (?:sending|e-?mailing|writing|contacting|these|the e-?mails|bothering"
        r"|harassing)\b|\bremove (?:me|us|my|our|this)\b[^.?!;]{0,40}\b(?:list|address|mail\w*|database"
        r"|distribution)\b|\b(?:no|not)\b (?:\w+ ){0,3}(?:further|more|any more) (?:e-?mails?|messages?"
        r"|reminders?)\b|\bdo(?: not|n't) (?:contact|e-?mail|write to|mail) (?:me|us)\b|\bopt[ -]?out\b"
        r"|^stop[.!]*$|\btake (?:me|us) off\b|\bdelete my (?:data|address)\b"
    ),
    (
        r"\babmelden\b|\babbestellen\b|\baustragen\b|\bkeine (?:weiteren |weitere |mehr )?(?:e-?mails?|mails?"
        r"|nachrichten|mahnungen|erinnerungen) (?:mehr|wünschen|senden|schicken|erhalten)|\bkeine (?:weiteren"
        r"|weitere) (?:e-?mails?|mails?|nachrichten|erinnerungen)\b|\baus (?:ihrem |dem )?verteiler\b"
        r"|\bhören sie auf\b|\bnicht mehr (?:anschreiben|kontaktieren)\b|\bdaten (?:zu )?löschen\b"
    ),
    (
        r"\b(?:désabonner|désinscrire|ne (?:plus )?m'envoyez plus|arrêtez de)\b|\b(?:darme de baja"
        r"|dar de baja|dejen de (?:enviar|escribir))\b|\b(?:cancellarmi|disiscriv\w+|smettete di)\b"
        r"|\b(?:uitschrijven|afmelden|stop met (?:mailen|sturen))\b"
    ),
    (
        r"\b(?:cancelar a subscrição|deixem de (?:enviar|escrever)|não enviem mais)\b|\b(?:wypisać z|proszę przestać"
        r"|nie (?:wysyłać|przysyłać) więcej)\b"
    ),
)
QUESTION: Final = _compiled(
    (
        r"^(?:and |but |so |also |hello,? |hi,? |dear \w+,? )?(?:what|when|where|which|who|why|how|could you"
        r"|can you|would you|will you|may (?:we|i)|can (?:we|i)|could (?:we|i)|do you|did you|are you"
        r"|is (?:it|there|this|that)|have you|has (?:it|this|the)|shall we)\b|\b(?:please"
        r"|kindly) (?:\w+ )?(?:explain|clarify|confirm|tell|advise|let (?:us|me) know|check|verify|inform"
        r"|specify|call|contact|provide|review|look into|get back|respond|send|investigate)\b|\b(?:could|can"
        r"|would) you (?:please |kindly )?\w+|\bwe (?:would like|want|need) to (?:know|understand|clarify)\b"
        r"|\b(?:call|ring|phone) (?:me|us)\b|\bquestions?\b|\bnot (?:sure|clear) (?:what|which|why|how|about"
        r"|whether|if)\b|\bunclear\b|\bwhich (?:invoice|order|account)\b"
    ),
    (
        r"^(?:und |aber |also |hallo,? |guten tag,? )?(?:was|wann|wo|welche[rsn]?|wer|warum|wieso|weshalb|wie"
        r"|wofür|wohin|worum|können sie|könnten sie|kann ich|können wir|dürfen wir|haben sie|ist (?:das|es"
        r"|die)|sind (?:die|sie)|gibt es|wurde|woher|auf welches)\b|\bbitte (?:\w+ ){0,6}(?:erklären"
        r"|erläutern|bestätigen|mitteilen|prüfen|klären|informieren|angeben|nennen|anrufen|melden|teilen"
        r"|überprüfen|prüft|rufen|senden)\b|\b(?:teilen|sagen|erklären|erläutern|bestätigen|prüfen|nennen"
        r"|rufen|melden) sie\b|\b(?:bitte um|bitten (?:wir )?um|bitten sie um) (?:\w+ ){0,2}(?:klärung"
        r"|prüfung|rückmeldung|rückruf|bestätigung|aufklärung|erläuterung|auskunft|stellungnahme|mitteilung)"
        r"|\bfragen?\b|\bunklar\b|\bum rückruf\b|\brückruf\b"
    ),
    (
        r"^(?:quand|pourquoi|comment|quelle?s?|où|pouvez-vous|pourriez-vous|est-ce que|avez-vous)\b"
        rf"|\bmerci{_MERCI_DE}|\b(?:merci de|veuillez) (?:nous )?(?:confirmer|expliquer|préciser|indiquer|vérifier"
        rf"|rappeler)\b|^¿"
        r"|^(?:cuándo|por qué|cómo|cuál|dónde|pueden|podrían|puede)\b|\b(?:por favor,? )?(?:confirmen"
        r"|expliquen|indiquen|verifiquen)\b|^(?:quando|perché|come|quale|dove|potete|potreste|può)\b"
        r"|\b(?:vi preghiamo di|si prega di) (?:confermare|spiegare|verificare)\b|^(?:wanneer|waarom|hoe"
        r"|welke|waar|kunt u|kan ik|heeft u|kunnen we)\b|\bgraag (?:\w+ ){0,4}(?:bevestigen|uitleg|weten"
        r"|horen|laten weten)\b"
    ),
    (
        r"^(?:quando|porquê|porque é que|como é que|qual|quais|onde|podem|poderiam|pode)\b|\b(?:agradecemos|pedimos"
        r"|solicitamos|agradeço|peço) que\b|^(?:kiedy|dlaczego|jak|jaki\w*|gdzie|czy|czemu)\b|\b(?:prosimy"
        r"|proszę) (?:o|ponownie)\b"
    ),
)
THANKS: Final = _compiled(
    (
        r"\bthank(?:s| you)\b|\bmany thanks\b|\bthx\b|\bnoted\b|\backnowledged?\b|\bwell received\b"
        r"|\breceived,? thanks\b|^(?:ok|okay|great|perfect|fine|understood|got it|all good|will do|done)\b"
        r"|\bappreciate\b|\bcheers\b"
    ),
    (
        r"\bdanke\w*\b|\bvielen dank\b|\bbesten dank\b|\bherzlichen dank\b|\bzur kenntnis genommen\b"
        r"|^(?:in ordnung|alles klar|verstanden|passt|super|prima|erledigt|geht klar)\b"
    ),
    (
        rf"\bmerci\b(?!{_MERCI_DE})|^(?:bien reçu|d'accord|parfait|entendu)\b|\bgracias\b|^(?:recibido|de acuerdo"
        rf"|perfecto"
        r"|vale)\b|\bgrazie\b|^(?:ricevuto|va bene|perfetto|d'accordo)\b|\b(?:bedankt|dank u|dank je"
        r"|dankjewel)\b|^(?:prima|akkoord|ontvangen|begrepen)\b"
    ),
    (r"\bobrigad[oa]\b|\bdzięk(?:uję|ujemy|i)\b"),
)
# Nothing but politeness: such sentences say nothing about the matter.
COURTESY: Final = _compiled(
    (
        r"^(?:dear|hello|hi|hey|good (?:morning|afternoon|day|evening)|greetings"
        r"|to whom it may concern)\b[^.?!]{0,60}$|^(?:sehr geehrte\w*|guten (?:tag|morgen|abend)|hallo"
        r"|liebe[rs]?|moin|servus|grüß gott|grüezi)\b[^.?!]{0,80}$|^(?:bonjour|madame|monsieur|cher|chère"
        r"|buenos días|buenas tardes|hola|estimad[oa]s?|buongiorno|gentil[ei]|egregi[oa]?|salve|ciao|geachte"
        r"|beste|goedemorgen|goedemiddag|goedendag)\b[^.?!]{0,60}$"
    ),
    (
        r"^(?:(?:kind|best|warm|many) )?(?:regards|wishes|greetings)\b|^(?:yours|sincerely|mit freundlichen"
        r"|freundliche|viele|beste|mfg|cordialement|saludos|cordiali|distinti|met vriendelijke"
        r"|groeten)\b[^.?!]{0,60}$"
    ),
    (
        r"^(?:we |i )?(?:hope|trust) (?:this|you|that)\b[^.?!]{0,60}$|^(?:we )?(?:apologi[sz]e"
        r"|sorry)\b[^.?!]{0,80}$|\b(?:apologies|sorry) for (?:the )?(?:delay|inconvenience|late)"
        r"|^(?:entschuldigung|entschuldigen sie)\b[^.?!]{0,80}$|\b(?:verspätung|verzögerung"
        r"|unannehmlichkeiten)\b[^.?!]{0,40}(?:entschuldig|verzeih)"
        r"|\bentschuldig\w+ (?:sie )?(?:bitte )?(?:die |wir )?(?:verspätung|verzögerung)"
        r"|^(?:please )?(?:do not hesitate|let us know if)\b|\bfür (?:ihre|die) (?:erinnerung|nachricht"
        r"|e-?mail|geduld|mühe)\b|\bbei rückfragen\b|\bfür (?:weitere )?(?:rück)?fragen\b"
        r"|\bif you have any (?:further )?questions\b|\bfeel free to\b|\blook forward\b"
    ),
    (
        r"^(?:bom dia|boa tarde|caros?|exmos?|olá|dzień dobry|szanown\w+|witam)\b[^.?!]{0,60}$|^(?:(?:com os )?melhores"
        r"|cumprimentos|atenciosamente|pozdrawiam|z poważaniem|z wyrazami)\b[^.?!]{0,60}$|^(?:pedimos desculpa"
        r"|desculpem?"
        r"|przepraszam\w*)\b[^.?!]{0,80}$"
    ),
)
LEGAL: Final = _compiled(
    r"\b(?:lawyer|solicitor|attorney|legal (?:action|department|advice|counsel)|court|sue|ombudsman"
    r"|police)\b|\b(?:advogad[ao]|adwokat\w*|prawnik\w*|sąd|sądu|sądow\w+)\b|\b(?:rechtsanwalt\w*|anwalt\w*"
    r"|anwältin|gericht\w*|klage|rechtsabteilung"
    r"|rechtliche schritte|mahnbescheid|strafanzeige|anzeige)\b|\b(?:avocat|tribunal|abogado|juzgado"
    r"|avvocato|tribunale|advocaat|rechtbank)\b"
)
AWAY: Final = _compiled(
    (
        r"\b(?:out of (?:the |my )?office|on (?:annual |maternity |parental |sick |vacation )?(?:leave"
        r"|vacation|holiday)s?|away from (?:the |my )?(?:office|desk)|limited access to (?:my )?e-?mail"
        r"|no access to (?:my )?e-?mails?|(?:will|am|be) back (?:in the office )?on"
        r"|automatic(?:ally)? (?:reply|response|generated)|auto-?reply)\b"
    ),
    (
        r"\b(?:nicht im (?:büro|haus)|im urlaub|abwesend|abwesenheit|außer haus|betriebsferien|betriebsurlaub"
        r"|elternzeit|nicht erreichbar|wieder erreichbar|wird nicht weitergeleitet|automatische antwort"
        r"|automatisch (?:generiert|erstellt))\b"
    ),
    (
        r"\b(?:absent\w* (?:du|de|jusqu)|en congés?|de retour le|réponse automatique|fuera de la oficina"
        r"|de vacaciones|respuesta automática|fuori (?:ufficio|sede)|in ferie|risposta automatica|afwezig"
        r"|met vakantie|op vakantie|automatisch antwoord|resposta automática|estou ausente do escritório"
        r"|automatyczna odpowiedź|jestem poza biurem|jestem nieobecn[ay])\b"
    ),
)
BOUNCE: Final = _compiled(
    r"\b(?:mail(?:box)? (?:delivery failed|is full)|undeliverable|could not be delivered to"
    r"|delivery (?:has )?failed|address(?:es)? failed|user unknown|recipient address rejected"
    r"|delivery status notification|message could not be delivered|konnte nicht zugestellt werden"
    r"|unzustellbar)\b"
)
UNCERTAIN: Final = _compiled(
    r"\b(?:deduct\w*|less (?:the |our |a )?\w* ?discount|minus|reverse|money back|reimburse\w*"
    r"|müsste\w*|abzüglich|ziehen[^.?!;]{0,40}ab"
    r"|abziehen|einbehalten)\b",
    (
        r"\b(?:i|we) (?:\w+ )?(?:think|believe|assume|thought|guess|suppose)\b|\b(?:maybe|perhaps|probably"
        r"|possibly|as far as (?:i|we) know|not sure|might|hopefully|try to|hope to|should be able)\b"
    ),
    (
        r"\b(?:glaube|denke|vermute|vermutlich|wahrscheinlich|eventuell|vielleicht|möglicherweise"
        r"|meines wissens|soweit (?:ich|wir)|voraussichtlich|hoffentlich|versuchen|hoffen|nicht sicher)\b"
    ),
    (
        r"\b(?:je crois|je pense|peut-être|probablement|creo que|quizás?|probablemente|tal vez|credo|forse"
        r"|probabilmente|ik denk|misschien|waarschijnlijk)\b"
    ),
    (
        r"\b(?:acho que|talvez|provavelmente|tentaremos|chyba|może|prawdopodobnie|myślę|postaramy się|spróbujemy)\b"
        # "Pagamos na sexta-feira" is "we pay" in Portugal and "we paid" in Brazil
        r"|\bpagamos (?:na|em|até|amanhã|dia|no (?:dia|final|fim|próximo)|est[ae] (?:semana|mês))\b"
    ),
)
REST: Final = _compiled(
    r"\b(?:the (?:rest|remainder|others?|remaining)|all (?:the )?others?|everything else|remaining"
    r"|other invoices?)\b|\b(?:(?:der|den) rest|restliche\w*|übrige\w*|die anderen|alle anderen"
    r"|alles andere|andere rechnungen)\b|\b(?:le reste|les autres|el resto|las demás|il resto|le altre"
    r"|de rest|de overige|o resto|(?:os|as) restantes|reszt[aęy]|pozostał\w+)\b"
)
