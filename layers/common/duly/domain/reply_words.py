"""The words by which a debtor's reply is understood, in six languages. Data only: replies.py says how they count.

Each entry is a regular expression over one sentence in lower case, with straight apostrophes and single spaces.
English and German are meant to be complete; French, Spanish, Italian and Dutch hold the common forms.
"""

from __future__ import annotations

import re
from typing import Final


def _compiled(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?:{pattern})" for pattern in patterns))


_PAY_DE = r"(?:be)?zahl(?:en|t|e)|überweis(?:en|t|e)|ueberweis(?:en|t|e)|begleichen|begleicht|beglichen|anweisen|angewiesen|ausgleichen|ausgeglichen|bezahlt|gezahlt|überwiesen|ueberwiesen|transferieren"
_PAID_DE = r"(?:bezahlt|gezahlt|überwiesen|ueberwiesen|beglichen|angewiesen|ausgeglichen|eingezahlt|abgebucht|transferiert)"
_PAY_EN = r"(?:pay|settle|transfer|remit|wire|clear|release|process|make (?:the |a |this |that )?(?:payment|transfer)|send (?:you )?(?:the |your |a )?(?:money|payment|funds|amount|remittance)|arrange (?:the |for )?payment|initiate (?:the )?(?:payment|transfer))"
_PAID_EN = r"(?:paid|settled|transferred|remitted|wired|cleared|sent (?:you )?(?:the |a |our )?(?:money|payment|funds|transfer|remittance)|made (?:the |a |this |that |our |full )?(?:payment|transfer))"

# Already paid.
PAID: Final = _compiled(
    rf"\b(?:we|i|they|our \w+|accounts|finance|which|it|this|that|these|invoices?|both|all|one|bill|amount|balance|and|but|have|has|had|was|were|been|'ve|already|just|also|duly|fully|now)\b[^.?!;]{{0,60}}?\b{_PAID_EN}\b",
    rf"^(?:already |just |was |been )?(?:{_PAID_EN}|paid in full)\b",
    rf"\b{_PAID_EN}\b (?:by bank transfer |by transfer |via bank |it |this |that |in full )?(?:on|last|yesterday|today|this morning|in full|already|by (?:bank|cheque|check|card)|via|a (?:week|few))\b",
    r"\b(?:payment|transfer|money|funds|amount|remittance|it|cheque|check)\b[^.?!;]{0,50}\b(?:has|have|was|were|had|is|got)\b (?:already |just |now |also )?(?:been )?(?:made|sent|executed|initiated|done|processed|completed|effected|issued|released|posted|debited|on its way|underway|wired|transferred)",
    r"\b(?:transfer|payment) (?:made|sent|executed|done|completed|dated|went out|left)\b|\bpayment (?:advice|confirmation|proof)[^.?!]{0,20}(?:attached|enclosed)|(?:attached|enclosed)[^.?!]{0,30}(?:proof of payment|payment (?:advice|confirmation|slip)|remittance advice)|\b(?:should|must) (?:already )?(?:be|have been) (?:in|on|credited to) your account\b|\bmoney is on its way\b",
    rf"\b{_PAID_DE}\b",
    r"\b(?:zahlung|überweisung|betrag|geld|rechnungsbetrag|ausgleich)\b[^.?!;]{0,60}\b(?:ist|wurde|sind|wurden|war|haben wir|habe ich)\b[^.?!;]{0,40}\b(?:erfolgt|raus|veranlasst|ausgeführt|getätigt|geleistet|durchgeführt|unterwegs|gemacht|vorgenommen|abgeschickt|gesendet|eingegangen sein|freigegeben)",
    r"\b(?:zahlung|überweisung) (?:bereits |schon )?(?:erfolgt|veranlasst|ausgeführt|getätigt|erledigt)e?\b(?! (?:am|bis|in|nächste|kommende|morgen|zum|ende))|zahlungsbeleg|überweisungsbeleg|zahlungsnachweis|haben wir (?:bereits |schon |gestern |heute |am [\d.]+ )?(?:die zahlung |die überweisung )?(?:veranlasst|getätigt|ausgeführt)",
    r"\b(?:avons|ai|a|ont|été|déjà|est) (?:déjà |bien |été |hier )*(?:payée?s?|réglée?s?|virée?s?|effectué|transféré|acquittée?)\b|\b(?:facture|facture déjà) (?:payée|réglée)\b|\b(?:paiement|virement|règlement)\b[^.?!;]{0,40}\b(?:effectué|fait|envoyé|parti|exécuté)\b",
    r"\b(?:hemos|he|ha|fue|está|ya|han|sido) (?:ya |sido )*(?:pagad[oa]s?|abonad[oa]s?|transferid[oa]s?|liquidad[oa]s?|realizad[oa])\b|\b(?:pagamos|abonamos|pagada|transferimos|pagué)\b|\b(?:pago|transferencia)\b[^.?!;]{0,30}\b(?:realizad[oa]|hech[oa]|enviad[oa]|efectuad[oa])\b",
    r"\b(?:abbiamo|ho|è stat[oa]|già|sono state) (?:già |stat[oaie] )*(?:pagat[oaie]|saldat[oaie]|versat[oaie]|bonificat[oa]|effettuato (?:il )?(?:pagamento|bonifico))\b|\b(?:pagamento|bonifico)\b[^.?!;]{0,30}\b(?:effettuato|eseguito|fatto|inviato|disposto)\b",
    r"\b(?:hebben|heb|is|zijn|werd|reeds|al) [^.?!;]{0,50}\b(?:betaald|overgemaakt|voldaan)\b|\b(?:betaling|overboeking)\b[^.?!;]{0,30}\b(?:gedaan|uitgevoerd|verzonden|verricht)\b|^(?:reeds |al )?(?:betaald|overgemaakt)\b",
)
# What turns "paid" into something else in the same sentence.
NOT_PAID: Final = _compiled(
    r"(?:\bnot|n't|\bnever|\bcannot|\byet to)\b[^.?!;,]{0,30}\b(?:paid|settled|transferred|been (?:paid|made|sent|settled)|made|sent|processed|cleared)\b|\bun(?:paid|settled)\b|\bto be paid\b|\bbe paid\b|\b(?:should|would|could|might|must) have (?:\w+ )?(?:paid|settled|transferred)\b|\bgets? paid\b|\bbeing paid\b|\bget paid\b",
    r"\b(?:will|shall|would|could|should|can|may|might|must|'ll|going to|cannot|won't|to|if)\b(?: \w+){0,3} (?:be|have been|get|been) (?:\w+ )?(?:paid|settled|transferred|remitted|wired|cleared|made|processed|sent|released)\b(?! on your side)",
    r"\b(?:if|unless|until|once|when|as soon as|before|after|whether)\b[^.?!;]{0,60}\b(?:paid|settled|cleared)\b(?! (?:it|this|that|on|in full|by|last|yesterday))",
    r"\b(?:nicht|noch nicht|nie|nichts|keine?|ungeklärt)\b[^.?!;,]{0,40}\b(?:be|ge)?(?:zahlt|überwiesen|beglichen|angewiesen|erfolgt|ausgeführt|veranlasst)\b|\bunbezahlt\b",
    rf"\b(?:wird|werden|werde|würde|würden|kann|können|soll|sollte|muss|darf|dürfen)\b[^.?!;]{{0,120}}\b{_PAID_DE}\b(?! worden sein)",
    rf"\b{_PAID_DE}\b (?:werden|wird|werde|zu werden)\b|\bsobald\b|\bfalls\b|\bwenn\b[^.?!;]{{0,60}}\b{_PAID_DE}\b",
    r"\b(?:pas (?:encore |été )*(?:payée?|réglée?|effectué)|sera (?:payée?|réglée?|effectué)|seront)\b|\bno (?:hemos|ha|está|he) (?:sido )?(?:pagad|abonad)|\bserá (?:pagad|abonad|realizad)|\bnon (?:abbiamo|è stat\w|ho) (?:ancora )?(?:pagat|saldat)|\bsarà (?:pagat|saldat|effettuat)|\b(?:niet|nog niet|nooit)\b[^.?!;]{0,30}\b(?:betaald|overgemaakt|voldaan)|\b(?:wordt|zal|worden|zullen)\b[^.?!;]{0,80}\b(?:betaald|overgemaakt|voldaan)",
)

# Going to pay.
PROMISE: Final = _compiled(
    rf"\b(?:will|shall|'ll|going to|gonna|intend to|plan to|planning to|aim to|able to|promise to|commit to|undertake to|want to|would like to|about to|can|could|expect to|hope to|try to|let us)\b(?: \w+){{0,4}}? {_PAY_EN}\b",
    r"\b(?:will|shall|'ll|going to|can|should|to|is|are|gets|get)\b(?: \w+){0,3} (?:be |being )?(?:paid|settled|transferred|remitted|wired|cleared|processed|released|credited)\b",
    r"\b(?:payment|transfer|money|funds|remittance|balance|amount|rest|remainder|it|cheque|check)\b[^.?!;]{0,50}\b(?:will|shall|'ll|is going to|should|is scheduled|is planned|is due|is set|goes out|go out|leaves|is in|follows|is included|is coming|is booked|are scheduled|will follow)\b",
    r"\b(?:you (?:will|should|shall|'ll)|you can expect to) (?:have|receive|get|see) (?:the |your |our |full |a )*(?:money|payment|funds|transfer|amount)|\b(?:next|our|the|in|this) (?:\w+ )?payment run\b|\bpay(?:ing)? (?:it |this |you |that |the \w+ |in full |everything |both |all |half )*(?:on|by|before|tomorrow|today|next|this|at the end|within|in the next|in)\b|\bscheduled (?:the |for |this )*(?:payment|transfer)|\bexpect (?:the |our )?payment|\bpayment (?:on|by|tomorrow|next|at the end of|is in process)\b|\bpromise\b|\bpayment is promised|\bproposed payment date|\bsettlement (?:on|by)\b",
    rf"\b(?:wird|werden|werde|wollen|können|kann|möchten|beabsichtigen|planen|versprechen|verspreche|sage|sagen|zusagen|würden)\b[^.?!;]{{0,140}}\b(?:{_PAY_DE}|{_PAID_DE}|erfolgen|veranlassen|veranlasst|vornehmen|vorgenommen|ausführen|ausgeführt|tätigen|leisten|rausgehen|freigeben|freigegeben|zu zahlen|zu überweisen)\b",
    r"\b(?:zahlen|zahle|bezahlen|bezahle|überweisen|überweise|ueberweise|begleichen|begleiche|leisten)\b (?:wir|ich|sie|die|den|das|diese|es|alles|ihnen|am|bis|morgen|heute|nächste|kommende|ende|den|in|dann|spätestens|zum|noch|gerne|übermorgen|anfang|mitte)\b|\b(?:wir|ich)\b (?:\w+ ){0,4}(?:zahlen|zahle|überweisen|überweise|begleichen|bezahlen|bezahle)\b",
    r"\b(?:zahlung|überweisung|geld|betrag|restbetrag|rest|ausgleich|begleichung)\b[^.?!;]{0,60}\b(?:erfolgt|folgt|geht|kommt|ist (?:für|zum|am|eingeplant|geplant|vorgesehen|terminiert)|sollte|wird|läuft)\b|\bsie (?:erhalten|bekommen) (?:ihr |das |die |den )*(?:geld|zahlung|betrag)|\b(?:zahllauf|zahlungslauf)\b|\bzahlung (?:am|bis|zum|in|nächste|ende|morgen|spätestens)\b|\bzahlungszusage\b|\bsagen (?:wir )?(?:ihnen )?(?:die )?zahlung\b",
    r"\b(?:allons|vais|va|vont|pourrons|pouvons|comptons|prévoyons de|nous engageons à|m'engage à)\b[^.?!;]{0,30}\b(?:payer|régler|virer|effectuer|procéder)\b|\b(?:paierons|paierai|réglerons|réglerai|virerons|effectuerons|procéderons|payerons)\b|\b(?:sera|seront) (?:\w+ )?(?:payée?s?|réglée?s?|effectuée?s?|virée?s?|fait)\b|\b(?:paiement|virement|règlement)\b[^.?!;]{0,30}\b(?:partira|suivra|aura lieu|est prévu|interviendra|le \d)",
    r"\b(?:vamos a|voy a|va a|podemos|prevemos|nos comprometemos a)\b[^.?!;]{0,30}\b(?:pagar|abonar|transferir|realizar)\b|\b(?:pagaremos|pagaré|abonaremos|transferiremos|realizaremos|haremos)\b|\bserá (?:pagad[oa]|abonad[oa]|realizad[oa])\b|\b(?:pago|transferencia)\b[^.?!;]{0,30}\b(?:se hará|se realizará|está previst[oa]|saldrá)",
    r"\b(?:pagheremo|pagherò|salderemo|salderò|effettueremo|provvederemo|faremo|bonificheremo)\b|\b(?:possiamo|prevediamo di|intendiamo|stiamo per)\b[^.?!;]{0,20}\b(?:pagare|saldare|effettuare)\b|\bsarà (?:pagat[oa]|saldat[oa]|effettuat[oa]|eseguito|disposto)\b|\b(?:pagamento|bonifico)\b[^.?!;]{0,30}\b(?:previsto|partirà|avverrà|seguirà)",
    r"\b(?:zal|zullen|gaan|ga|kunnen|wordt|worden)\b[^.?!;]{0,100}\b(?:betalen|overmaken|voldoen|betaald|overgemaakt|voldaan)\b|\b(?:betalen|betaal) (?:wij|we|ik|u|deze|de|het|dit)\b|\b(?:wij|we|ik) (?:\w+ ){0,3}(?:betalen|betaal|maken [^.]{0,40}over)\b|\bbetaling (?:volgt|vindt|gaat)\b",
)
# A payment that is refused, impossible or made to depend on something.
REFUSAL: Final = _compiled(
    rf"\b(?:will not|won't|shall not|not going to|refuse to|never|do not intend to|don't intend to|am not|are not|no intention of|see no reason to|not willing to|not prepared to|decline to|not be)\b(?: \w+){{0,3}} (?:{_PAY_EN}|paying|paid|settling|settled)\b",
    r"\bnot paying\b|\brefuse (?:payment|to pay)\b|\bpayment refused\b|\bwill not be making (?:any )?payment|\bnot a (?:cent|penny)\b",
    r"\b(?:werden|werde|wird|wollen|will)\b[^.?!;]{0,60}\b(?:nicht|nichts|keinen cent|auf keinen fall|niemals|keinesfalls)\b(?! vor)[^.?!;]{0,40}\b(?:be)?(?:zahlen|zahlt|begleichen|beglichen|überweisen|überwiesen)\b|\b(?:zahlen|zahle|bezahlen|bezahle)\b[^.?!;]{0,40}\b(?:nicht|nichts|keinen cent|gar nichts)\b|\bverweiger\w+\b[^.?!;]{0,30}zahlung|\bzahlung(?:en)?\b[^.?!;]{0,20}\bverweiger|keine zahlung leisten|\bnicht zahlungspflichtig\b",
    r"\b(?:ne (?:paierons|paierai|payerai|réglerons|règlerai) pas|refus\w+ de (?:payer|régler)|ne comptons pas payer|n'allons pas payer|ne (?:vais|va) pas payer)\b|\bno (?:vamos a|voy a|pienso|pensamos) pagar\b|\bno (?:pagaremos|pagaré)\b|\bnon (?:pagheremo|pagherò|intendiamo pagare|ho intenzione di pagare|pago)\b|\bnos negamos a pagar\b|\bci rifiutiamo di pagare\b|\b(?:betalen|betaal|zullen|zal|ga|gaan)\b[^.?!;]{0,30}\b(?:niet|niets|geen cent)\b(?:[^.?!;]{0,20}\bbetalen)?\b|\bweiger\w* te betalen",
)
CONDITION: Final = _compiled(
    r"(?<!is )\b(?:once|as soon as|when|after|until|unless|provided|if|only after|subject to|upon receipt|on receipt|pending)\b (?:we|you|i|the|our|this|that|it|of|your|a|they|he|she|receipt|corrected|everything|all)\b",
    r"\b(?:sobald|wenn|falls|sofern|erst (?:wenn|nach|nachdem)|nachdem|bevor|solange|vorausgesetzt|unter der bedingung|nach (?:erhalt|eingang|klärung|prüfung))\b",
    r"\b(?:dès que|une fois que|si (?:vous|nous)|lorsque|après réception|à condition)\b|\b(?:cuando|en cuanto|una vez|si (?:nos|ustedes)|siempre que)\b|\b(?:quando|appena|non appena|se (?:ci|voi|la)|a condizione)\b|\b(?:zodra|wanneer|als (?:u|we|wij)|mits|indien|na ontvangst)\b",
)
HARDSHIP: Final = _compiled(
    r"\b(?:cannot|can't|can not|unable to|not able to|not in a position to|impossible to) (?:\w+ ){0,2}(?:pay|afford|settle|transfer)\b|\bcash[ -]?flow\b|\binsolven|\bbankrupt|\bliquidation\b|\badministration proceedings|\bin administration\b|\bno (?:money|funds)\b|\bfinancial (?:difficult|problem|trouble|hardship)|\bliquidity\b|\bdon't have (?:the |enough )?(?:money|funds|cash)\b|\bshort of (?:cash|money|funds)|\bcustomers? (?:have|has) not paid us\b|\btight at the moment\b",
    r"\binsolven|\bzahlungsunfähig|\bkonkurs|\bliquidität|\bfinanzielle[nrs]? (?:schwierigkeit|engp|problem|lage)|\b(?:können|kann)\b[^.?!;]{0,60}\b(?:nicht|leider nicht|derzeit nicht|momentan nicht)\b[^.?!;]{0,30}\b(?:zahlen|bezahlen|begleichen|überweisen|leisten)\b|\bkein geld\b|\bzahlungsschwierigkeit|\bzahlungsengpass|\bengpass\b",
    r"\b(?:difficultés (?:financières|de trésorerie)|redressement judiciaire|ne pouvons pas (?:payer|régler)|trésorerie)\b|\b(?:dificultades (?:económicas|financieras)|no podemos pagar|concurso de acreedores|falta de liquidez)\b|\b(?:difficoltà (?:economiche|finanziarie)|non possiamo pagare|fallimento|liquidità)\b|\b(?:betalingsproblemen|kunnen (?:nu |momenteel )?niet betalen|faillissement|financiële problemen)\b",
)
PLAN: Final = _compiled(
    r"\binstal?lments?\b|\bpayment plan\b|\bextension\b|\bmore time\b|\bpay (?:it |this )?(?:in|over) (?:\w+ )?(?:parts?|months|rates)\b|\bmonthly (?:payments?|rates)\b|\bdefer\w*\b|\bpostpone\w*\b|\bgrace period\b|\bgive us (?:until|time|another)\b|\bextend (?:the )?(?:deadline|due date|payment)",
    r"\braten\w*\b|\bteilzahlung|\bteilbetr[aä]g|\bstundung|\bstunden sie\b|\bzahlungsaufschub|\bzahlungsplan|\bfristverlängerung|\baufschub\b|\bmehr zeit\b|\bspäter (?:zahlen|bezahlen)\b|\bzahlungsziel (?:zu )?verlängern",
    r"\b(?:échéancier|plusieurs fois|délai (?:de paiement |supplémentaire)|échelonn\w+|report)\b|\b(?:plazos?|aplazamiento|fraccionar|prórroga|más tiempo)\b|\b(?:rate|rateizz\w+|dilazion\w+|proroga)\b|\b(?:termijnen|betalingsregeling|uitstel|gespreid)\b",
)
# Disputes by reason. The order is that of precedence when one sentence has several.
DISPUTES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "duplicate",
        _compiled(
            r"\bduplicate\b|\b(?:invoiced|billed|charged) (?:us |me |for (?:this|it) |this |it |the same \w+ )*(?:twice|double|two times|again|a second time)\b|\bdouble[ -](?:invoic|bill|charg|entry)\w*|\bsame (?:invoice|order|delivery|goods|item|service)s? (?:was |were |has been |have been |already )*(?:twice|invoiced|billed)|\bidentical (?:to|with) invoice|\balready (?:been )?(?:invoiced|billed)\b|\btwice (?:for|invoiced|billed|charged)\b|\bcharged? (?:us )?(?:for )?(?:\w+ ){0,3}twice\b",
            r"\bdoppelt\w*\b[^.?!;]{0,60}(?:rechnung|berechnet|abgerechnet|fakturiert|gestellt|verrechnet)|\b(?:rechnung|berechnet|abgerechnet|fakturiert|gestellt)\w*\b[^.?!;]{0,60}\b(?:doppelt|zweimal|zwei mal|2x)\b|\b(?:zweimal|zwei mal|2x)\b[^.?!;]{0,60}(?:rechnung|berechnet|fakturiert|abgerechnet)|\bdoppelberechnung|\bdoppelrechnung|\bduplikat\b|\bbereits in rechnung gestellt|\bschon einmal (?:berechnet|abgerechnet|in rechnung)",
            r"\b(?:facturée? deux fois|double facturation|en double|doublon)\b|\b(?:facturad[oa] dos veces|duplicad[oa]|doble factura)\b|\b(?:fatturat[oa] due volte|doppia fattur\w+|duplicat[oa])\b|\b(?:dubbel|twee keer) (?:gefactureerd|in rekening|ontvangen)|\bdubbele factuur",
        ),
    ),
    (
        "already_credited",
        _compiled(
            r"\bcredit (?:note|memo)s?\b|\b(?:been |was |already )credited\b|\brefund(?:ed)?\b|\b(?:order|contract|subscription|service|it|booking|invoice)\b[^.?!;]{0,30}\b(?:was|were|has been|had been|is|we|got) (?:already )?cancell?ed\b|\bwe (?:have )?(?:already )?cancell?ed\b|\b(?:have|had) returned (?:the|these|all|those|them|it|\d)|\breturned (?:the|these|all|those) (?:goods|items|parts|units|machine|products?)\b[^.?!;]{0,60}(?:credit|refund)",
            r"\bgutschrift\w*|\bgutgeschrieben|\bstorn\w+|\b(?:auftrag|bestellung|vertrag|abo|abonnement|leistung)\b[^.?!;]{0,40}\b(?:gekündigt|widerrufen|annulliert|abbestellt)\b|\bzurückgeschickt|\bzurückgesendet|\bretourniert|\bretoure\b|\bware zurück",
            r"\b(?:avoir|note de crédit|annulée?|remboursée?)\b|\b(?:nota de crédito|abono|anulad[oa]|cancelad[oa]|reembols\w+|nota de abono)\b|\b(?:nota di credito|stornat[oa]|annullat[oa]|rimbors\w+)\b|\b(?:creditnota|gecrediteerd|geannuleerd|creditfactuur)\b",
        ),
    ),
    (
        "not_ours",
        _compiled(
            r"(?:\bnot|n't) (?:\w+ )?(?:ours|mine|(?:our|my) (?:invoice|order|bill|account|debt|company|purchase))\b|(?:\bnever|\bnot|n't|\bno one|\bnobody)\b (?!in order)(?:\w+ ){0,2}(?:order|ordered|placed (?:an |any |this )?order|bought|purchase|purchased|commission|commissioned|request|requested|sign|signed|hired)\b|\bno (?:such )?(?:order|contract|purchase order|business relation\w*)\b(?! number)|\bwrong (?:company|customer|addressee|debtor|entity|recipient|account)\b|\b(?:another|different|other) (?:company|entity|customer)\b|\bdo(?:es)? not (?:know|recogni[sz]e) (?:this|these|that|the|your)|\bdon't (?:know|recogni[sz]e) (?:this|these|that|the|your) (?:invoice|order|company|charge|bill|supplier)|\bnot (?:a )?customers? of yours\b|\bnothing to do with (?:us|this)\b|\baddressed to (?:the wrong|another)|\bbelongs to (?:another|a different)|\bno knowledge of\b",
            r"\b(?:nicht|nie|niemals|nichts|keine)\b[^.?!;,]{0,25}\b(?:bestellt|beauftragt|in auftrag gegeben|gekauft|geordert|bezogen)\b|\b(?:nicht|keine) (?:unsere?|meine?)\b|\bnicht für uns (?:bestimmt)?|\bbetrifft (?:uns|mich) nicht|\bgehört nicht (?:zu )?uns|\bfalsche[rn]? (?:firma|empfänger|kunde|adressat|rechnungsempfänger|schuldner)|\bandere[rn]? (?:firma|gesellschaft|kunde)|\b(?:kein|keine|keinen) (?:auftrag|bestellung|vertrag|geschäftsbeziehung|kunde)\b|\bkennen (?:wir )?(?:diese[n]?|sie|ihre?) (?:\w+ )?nicht|\bist uns (?:nicht|un)bekannt|\buns unbekannt|\bkeinerlei (?:geschäft|vertrag|bestell)\w*|\bnicht unser kunde",
            r"\b(?:n'avons|n'ai) (?:jamais|pas|rien) (?:\w+ )?command|\bpas (?:à nous|notre (?:facture|commande)|pour nous)\b|\bne nous concerne pas|\b(?:nunca|no) (?:hemos|he) (?:pedido|contratado|encargado|comprado)|\bno es nuestr[oa]|\bno nos corresponde|\b(?:mai|non) (?:abbiamo |ho )?(?:mai )?(?:ordinato|richiesto|acquistato)|\bnon (?:è nostr[oa]|ci riguarda)|\b(?:nooit|niet|niets) (?:\w+ )?besteld|\bniet (?:voor ons|van ons|onze factuur)\b|\bbetreft ons niet",
        ),
    ),
    (
        "not_received_goods",
        _compiled(
            r"(?:\bnever|\bnot|n't|\bnothing|\bno)\b (?:\w+ ){0,3}(?:receiv\w+|got|get|been delivered|delivered|arrived|arrive|shipped|come|came|turned up|show(?:ed)? up|seen)\b(?! (?:the |this |that |any |an |a |your |our |these |such |copy of |original |said )*(?:\w+ )?(?:invoice|bill|statement|e-?mail|reminder|letter|credit|answer|reply|response|payment|copy))|\b(?:goods|delivery|order|parcel|shipment|items?|products?|machine|parts?|package)\b[^.?!;]{0,50}(?:(?:\bnever|\bnot|n't)\b[^.?!;]{0,20}\b(?:received|delivered|arrived|here|come|came|shipped)\b|\bstill (?:missing|outstanding)\b|\bwere lost\b|\bwas lost\b|\bundelivered\b)|\bwithout (?:any )?delivery\b|\bno delivery\b|\bnon[- ]?delivery\b|\bundelivered\b|\b(?:still )?wait(?:ing)? for (?:the |our |your )?(?:goods|delivery|order|parcel|shipment|parts|machine)|\b(?:service|work|job|repair)\b[^.?!;]{0,30}(?:\bnever|\bnot|n't) (?:been )?(?:performed|rendered|provided|done|carried out|completed|finished)\b|\bnever (?:came|arrived|showed up|turned up|delivered)\b",
            r"\b(?:ware|lieferung|artikel|paket|sendung|teile?|maschine|bestellung|produkte?|leistung|material)\w*\b[^.?!;]{0,70}\b(?:nie|nicht|noch nicht|niemals|bis heute nicht|immer noch nicht)\b[^.?!;]{0,40}\b(?:erhalten|geliefert|angekommen|eingetroffen|da|bekommen|eingegangen|erbracht|ausgeführt|zugestellt)\b|\b(?:nie|nicht|nichts|noch nicht|keine (?:ware|lieferung|leistung)|noch keine ware)\b[^.?!;]{0,40}\b(?:geliefert|angekommen|eingetroffen|zugestellt|erbracht)\b|\b(?:keine|noch keine) (?:ware|lieferung|leistung|bestellung|sendung)\b|\bwarten (?:immer )?(?:noch )?auf (?:die |ihre |unsere )?(?:ware|lieferung|bestellung|sendung)|\bnichts (?:erhalten|bekommen|angekommen)\b|\bfehlende lieferung|\bnichtlieferung",
            r"\b(?:jamais|pas|rien)\b (?:encore |été )*(?:reçu|livrée?s?|arrivée?s?)\b(?! (?:la |votre |cette |de )?facture)|\bnon livrée?s?\b|\b(?:nunca|no|aún no)\b (?:hemos |he |ha |han )*(?:recibido|llegado|sido entregad[oa])\b(?! (?:la |su |esta |ninguna )?factura)|\bno entregad[oa]|\b(?:mai|non)\b (?:abbiamo |è |sono |stat[oa] |ancora |mai )*(?:ricevut[oaei]|arrivat[oaei]|consegnat[oaei])\b(?! (?:la |vostra |questa |alcuna )*fattura)|\b(?:nooit|niet|nog niet|niets)\b (?:\w+ )?(?:ontvangen|geleverd|aangekomen)\b|\bgeen (?:levering|goederen)\b",
        ),
    ),
    (
        "quantity",
        _compiled(
            r"\bshort(?:age|fall|[ -]deliver\w*|[ -]ship\w*|ed)\b|\bmissing (?:\w+ )?(?:items?|pieces?|units?|parts?|boxes|pallets?|goods|cartons?|quantity|articles?)\b|\b(?:items?|pieces?|units?|parts?|boxes|pallets?|cartons?|bags|bottles)\b[^.?!;]{0,30}\b(?:are|is|were|was|went) (?:still )?(?:missing|short)\b|\bonly (?:\w+ ){0,3}(?:received|delivered|got|shipped|arrived)\b|\b(?:received|delivered|got|shipped|sent) (?:us )?only\b|\bfewer\b|\btoo (?:few|many|little)\b|\bwrong (?:quantity|amount of|number of)|\bincomplete\b|\bpartial(?:ly)? (?:deliver\w+|shipment)|\bquantity\b|\b\d+ (?:out of|instead of|of the|rather than) \d+\b|\binstead of (?:the )?(?:ordered )?\d+ (?:pieces|units|items|boxes|pallets|cartons|pcs)|\bless than (?:we )?ordered\b|\bnot everything\b|\bnot all (?:of )?(?:the )?(?:goods|items|parts|units)",
            r"\bfehlmenge|\bmindermenge|\bmenge\b|\bzu (?:wenig|viel) (?:geliefert|erhalten|bekommen)|\bunvollständig|\bteillieferung|\bnicht vollständig\b|\bes fehl(?:en|t|ten)\b|\bfehl(?:en|t|ten) (?:uns )?(?:noch )?(?:\w+ ){0,3}(?:stück|teile|positionen|artikel|kartons|paletten|einheiten|\d+)|\b(?:stück|teile|artikel|kartons?|paletten?|positionen|einheiten)\b[^.?!;]{0,20}\bfehl(?:en|t|ten)\b|\bnur (?:\d+|\w+) (?:stück |teile |kartons |paletten |von |statt |der )[^.?!;]{0,60}|\b\d+ (?:statt|anstatt|von) \d+\b|\bnur (?:\w+ ){1,4}(?:geliefert|erhalten|angekommen|bekommen)\b|\bstückzahl|\bfalsche anzahl",
            r"\b(?:quantité|manquants?|manquantes?|incomplète?|il manque|seulement \d+)\b|\b(?:cantidad|faltan?|incomplet[oa]|faltantes?|sólo (?:hemos )?recib\w+|solo (?:hemos )?recib\w+)\b|\b(?:quantità|mancan[oti]\w*|incomplet[oa]|solo \d+)\b|\b(?:te weinig|ontbre\w+|aantal|onvolledig|slechts \d+|maar \d+)\b",
        ),
    ),
    (
        "quality",
        _compiled(
            r"\b(?:damaged?|broken|defect(?:ive|s)?|faulty|scratched|poor quality|bad quality|inferior|substandard|malfunction\w*|unusable|useless|rotten|mouldy|moldy|leaking|spoiled|out of spec\w*|below standard|not (?:as described|working|usable|up to standard|fit for)|does(?:n't| not) work|do(?:n't| not) work|stopped working|not satisfied|unsatisf\w+|wrong (?:goods|items?|product|article|size|colou?r|model|parts?|material)|quality|complaint|warranty|dents?|dented|cracked|poor(?:ly)? (?:work|executed|finish\w*))\b",
            r"\b(?:defekt\w*|beschädig\w*|mangel(?:haft\w*)?|mängel\w*|mängelrüge|kaputt\w*|reklam\w+|schlechte[rn]? qualität|qualität\w*|funktionier\w* (?:\w+ )?nicht|zerbrochen|zerkratzt|unbrauchbar|fehlerhafte? (?:ware|lieferung|teile?|artikel|maschine|produkt\w*)|falsche[nrs]? (?:ware|artikel|produkt\w*|teile?|größe|farbe|modell|lieferung)|schadhaft\w*|transportschaden|verdorben|undicht|schimmel\w*|nachbesser\w*|gewährleistung|unzufrieden|nicht zufrieden|schaden|bruch)\b",
            r"\b(?:défectueu(?:x|se)s?|endommagée?s?|abîmée?s?|cassée?s?|mauvaise qualité|non conforme|qualité)\b|\b(?:defectuos[oa]s?|dañad[oa]s?|rot[oa]s?|mala calidad|calidad)\b|\b(?:difettos[oaie]|danneggiat[oaie]|rott[oaie]|scarsa qualità|qualità|non conform\w+)\b|\b(?:beschadigde?|defecte?|kapot|slechte kwaliteit|kwaliteit|gebrek\w*)\b",
        ),
    ),
    (
        "price",
        _compiled(
            r"\bovercharg\w*|\b(?:wrong|incorrect|higher|different|excessive|inflated) (?:unit )?(?:price|rate|amount|tariff|vat|total|sum|fee)s?\b|\b(?:price|rate|amount|total|vat|tax|sum|tariff|unit price|fee|pricing)s?\b[^.?!;]{0,40}\b(?:wrong|incorrect|too high|higher than|not (?:as )?(?:agreed|correct|right|what)|does(?:n't| not) match|do not match|differs?|off|mistake|error|discrepanc\w+|exceeds?|n't (?:match|right|correct|agree))\b|\bagreed (?:on |upon )?(?:a )?(?:price|rate|discount)|\bprice (?:difference|agreed|dispute|discrepancy)|\b(?:discount|rebate|bonus)\b[^.?!;]{0,40}\b(?:missing|not (?:been )?(?:applied|deducted|taken|considered|granted)|forgotten|n't)|\bmissing (?:the )?(?:discount|rebate)|\bquot(?:e|ed|ation)\b[^.?!;]{0,60}(?:\d|lower|differ|price|was)|\btoo expensive\b|\bcharged (?:us )?(?:too much|more than|a higher)|\bbilled (?:us )?(?:too much|more than)|\bnot the (?:agreed )?price\b|\bprice list\b",
            r"\b(?:preis\w*|betrag|rechnungsbetrag|summe|einzelpreis|stundensatz|mehrwertsteuer|mwst|steuersatz|gesamtbetrag)\b[^.?!;]{0,60}\b(?:falsch|nicht korrekt|zu hoch|stimmt|stimmen|weicht|abweich\w*|nicht richtig|höher als|entspricht nicht|fehlerhaft|vereinbart\w*|inkorrekt|nicht vereinbart)\b|\bfalsche[rnm]? (?:preis\w*|betrag|summe|steuersatz|mehrwertsteuer|satz)\b|\bzu viel (?:berechnet|verlangt|abgerechnet|in rechnung)|\bzuviel (?:berechnet|verlangt)|\büberhöht\w*|\b(?:rabatt|skonto|nachlass|bonus)\w*\b[^.?!;]{0,50}\b(?:fehlt|nicht|vergessen|abgezogen)\b|\bvereinbarte[rn]? (?:preis|rabatt|betrag)|\bpreisabweichung|\bpreisdifferenz|\bangebot\b[^.?!;]{0,60}(?:\d|abweich|günstiger|anders|stand)|\banderer preis|\bzu teuer\b",
            r"\b(?:prix|montant|tarif)\b[^.?!;]{0,40}\b(?:incorrect|erronée?|faux|trop élevé|convenu|ne correspond)\b|\b(?:surfactur\w+|remise non)\b|\b(?:precio|importe|tarifa)\b[^.?!;]{0,40}\b(?:incorrect[oa]|equivocad[oa]|err[oó]ne[oa]|acordad[oa]|no (?:es|coincide|corresponde)|demasiado)\b|\b(?:prezzo|importo|tariffa)\b[^.?!;]{0,40}\b(?:sbagliat[oa]|errat[oa]|concordat[oa]|troppo|non (?:è|corrisponde))\b|\b(?:prijs|bedrag|tarief)\b[^.?!;]{0,40}\b(?:onjuist|verkeerd|klopt niet|afgesproken|te hoog|fout)\b|\b(?:verkeerde|onjuiste|foute) (?:prijs|bedrag)",
        ),
    ),
    (
        "other",
        _compiled(
            r"\b(?:dispute[ds]?|disputing|contest(?:ed|ing)?|object(?:ion|ing)?s?|disagree\w*|reject(?:ed|ing|s)?|challenge\w*|unjustified|unlawful|not (?:owed|owing|justified|accept\w*|agree|acceptable)|n't (?:accept|agree|owe)|(?:this|that|it|invoice|bill|charge|claim|reminder|which|amount|address|vat)\w*\b[^.?!;]{0,30}\b(?:is|are|was|were|looks|seems) (?:\w+ )?(?:wrong|incorrect|not (?:right|correct)|n't (?:right|correct)|erroneous|a mistake|an error|in error|inaccurate|invalid|unclear|unfounded)|incorrect (?:invoice|bill|charge)|wrong (?:invoice|bill)|mistake (?:in|on) (?:the|your|this)|error (?:in|on) (?:the|your|this)|unfounded|not due|in dispute|query on)\b",
            r"\b(?:bestreite\w*|widersprech\w*|widerspruch|einspruch|einwand|einwände|nicht (?:anerk\w+|akzeptier\w*|einverstanden|nachvollzieh\w*|berechtigt|korrekt|richtig|fällig|gerechtfertigt)|akzeptieren[^.?!;]{0,40}nicht|anerkennen[^.?!;]{0,40}nicht|erkennen[^.?!;]{0,60}nicht an|unberechtigt\w*|zurückweisen|zurückgewiesen|weise\w?[^.?!;]{0,80}zurück|beanstand\w*|strittig\w*|bestritten|unbegründet\w*|ungerechtfertigt\w*|rechnung\w*\b[^.?!;]{0,40}\b(?:ist|sind|war|enthält|stimmt|stimmen)\b[^.?!;]{0,30}\b(?:falsch|fehlerhaft|nicht (?:korrekt|richtig|in ordnung|ok|nachvollziehbar)|fehler|inkorrekt)|rechnung\w*\b[^.?!;]{0,30}\bstimm(?:t|en)\b[^.?!;]{0,20}\bnicht|(?:das|dies|es) (?:ist|stimmt) (?:so )?(?:falsch|nicht)|stimmt (?:so )?(?:überhaupt )?nicht|falsche rechnung|fehlerhafte rechnung|fehler in (?:der|ihrer|dieser)|irrtum|fehlerhaft\w*)\b",
            r"\b(?:contest(?:ons|e|ée?)|réclamation|ne sommes pas d'accord|n'est pas (?:correcte?|justifiée?|due)|erronée?|litige|refusons|n'acceptons pas|c'est (?:faux|une erreur)|erreur)\b|\b(?:disput\w+|reclamaci[oó]n|no estamos de acuerdo|no (?:es|está) correct[oa]|incorrect[oa]|rechaz\w+|impugn\w+|est[oa] (?:es|está) (?:mal|un error|equivocad[oa]))\b|\b(?:contest(?:iamo|o|azione|ata|are)|reclam\w+|non siamo d'accordo|non è (?:corrett[oa]|dovut[oa]|giust[oa])|errat[oa]|sbagliat[oa]|è un errore)\b|\b(?:betwist\w*|bezwaar|niet (?:akkoord|eens|correct|juist)|klopt niet|onjuist|onterecht|fout in|geschil)\b",
        ),
    ),
)
# Words that take a dispute back in the same clause.
NO_DISPUTE: Final = _compiled(
    r"\b(?:no|not|not a|isn't a|without|nor|never) (?:any |a |our )?(?:dispute\w*|objections?|complaints?|disagreement|problem|issue|quality (?:issue|problem)s?|defects?|damage|claims?|query)\b|\b(?:do|does|did|are|is|was|were|will)(?: not|n't) (?:\w+ )?(?:disput\w+|contest\w*|object\w*|challeng\w*|reject\w*|disagree\w*|damaged|incomplete|incorrect|wrong|faulty|defective|missing)\b|\bundisputed\b|\bnothing (?:is |was )?(?:wrong|missing|damaged)\b|\b(?:everything|all) (?:is |was |are |were |arrived )?(?:\w+ )?(?:fine|correct|in order|ok|okay|complete|good|right)\b|\bgood quality\b|\bhappy with the quality\b|\bno longer (?:disput\w+|contest\w*)|\bresolved\b|\bwithdraw\w* (?:our |the |my )?(?:dispute|complaint|objection)",
    r"\b(?:keine?n?|ohne|nicht) (?:\w+ )?(?:einwände|einwand|beanstandung\w*|mängel|reklamation\w*|widerspruch|einspruch|streit\w*|probleme?|bestritten|strittig|beschädigt|defekt|mangelhaft|beanstandet)\b|\bbestreiten (?:wir )?(?:\w+ ){0,3}nicht\b|\b(?:ist|war|sind) (?:alles|soweit) (?:in ordnung|korrekt|ok|okay|vollständig|richtig)|\balles (?:ist |war )?(?:in ordnung|korrekt|ok|bestens|vollständig|richtig|gut)\b|\bgeklärt\b|\bunstrittig\w*\b|\bunbestritten\w*\b|\bzurückgezogen\b",
    r"\b(?:ne contestons pas|pas de (?:litige|contestation|réclamation)|aucun(?:e)? (?:litige|contestation|problème))\b|\b(?:no (?:disputamos|hay (?:ninguna )?(?:reclamaci[oó]n|disputa)|tenemos (?:ninguna )?queja))\b|\b(?:non contestiamo|nessun(?:a)? (?:contestazione|reclamo|problema))\b|\b(?:betwisten (?:\w+ )?niet|geen (?:bezwaar|geschil|klacht\w*))\b",
)
# Answers to "did the invoice arrive": a copy is wanted.
COPY: Final = _compiled(
    r"\b(?:copy|copies) of (?:the |this |your |that |all |said |these |an )?(?:\w+ )?(?:invoices?|bills?|statement)\b|\b(?:re-?send|send|forward|email|provide|share|mail|get|have|need|attach|receive)\b[^.?!;]{0,50}\b(?:invoices?|bills?|statement(?: of account)?|invoice copy|copy|pdf|documents?)\b(?! (?:number|was|were|is|are|has|will))|\binvoice (?:again|copy|copies|copies? please)\b",
    r"(?:\bnever|\bnot|n't|\bno)\b (?:\w+ ){0,4}(?:receiv\w*|got|get|have|find|see|seen|locate)\b (?:\w+ ){0,4}(?:invoices?|bills?|copy)\b|\binvoices?\b[^.?!;]{0,40}(?:\bnever|\bnot|n't)\b (?:\w+ ){0,2}(?:receiv\w*|arriv\w*|reach\w*|sent|got|here|in our system|found|find|attached)\b|\b(?:missing|lost|cannot find|can't find|can't locate) (?:\w+ )?(?:the |this |your |that )?(?:invoice|bill)s?\b",
    r"\brechnungs?kopie\w*|\bkopie (?:der|ihrer|dieser|von der|zur|aller) (?:\w+ )?rechnung\w*|\brechnung\w*\b[^.?!;]{0,50}\b(?:erneut|noch einmal|nochmals?|nochmal|als pdf|per mail|zusenden|zuschicken|zukommen|senden|schicken|zumailen|weiterleiten)\b|\b(?:senden|schicken|mailen|übersenden|zusenden|lassen) (?:sie )?(?:mir |uns )?(?:bitte |doch |nochmals? |noch einmal |erneut )*(?:die |eine |ihre |diese |den |alle |offenen )*(?:\w+ )?(?:rechnung\w*|kopie|beleg\w*|kontoauszug)",
    r"\brechnung\w*\b[^.?!;]{0,50}\b(?:nicht|nie|niemals|noch nicht)\b[^.?!;]{0,30}\b(?:erhalten|bekommen|angekommen|vor|eingegangen|gefunden|auffindbar|zugegangen|auffinden|finden|da)\b|\b(?:keine|noch keine|nie eine) rechnung\b|\bliegt (?:uns|mir) (?:die rechnung )?nicht vor\b|\bbenötigen (?:wir )?(?:noch )?(?:die |eine |bitte )*(?:\w+ )?(?:rechnung|kopie)|\bbrauchen (?:wir )?(?:noch )?(?:die |eine )?rechnung|\brechnung fehlt\b",
    r"\b(?:copie|duplicata) (?:de )?(?:la |votre |cette )?facture|\b(?:renvoyer|envoyer|transmettre)\b[^.?!;]{0,30}\bfacture|\b(?:pas|jamais) (?:\w+ )?reçu (?:la |votre |cette |de )?facture|\bcopia de (?:la |su |esta )?factura|\b(?:enviar|reenviar|envíen|mandar|envíe)\w*\b[^.?!;]{0,30}\bfactura|\bno (?:hemos|he) recibido (?:la |su |esta |ninguna )?factura|\bcopia della (?:\w+ )?fattura|\b(?:inviare|rinviare|mandare|inviarci|mandarci)\b[^.?!;]{0,30}\bfattura|\bnon abbiamo (?:mai )?ricevuto (?:la |alcuna |questa |vostra )*fattura|\bkopie van (?:de |uw |deze )?factuur|\bfactuur\b[^.?!;]{0,30}\b(?:sturen|opsturen|toesturen|mailen|niet ontvangen|nooit ontvangen)|\b(?:geen|nooit een|nooit de) factuur\b",
)
NO_INVOICE: Final = _compiled(
    r"(?:\bnever|\bnot|n't|\bno|\bmissing|\blost)\b[^.?!;]{0,50}\b(?:invoices?|bills?)\b|\binvoices?\b[^.?!;]{0,40}(?:\bnever|\bnot|n't)\b",
    r"\brechnung\w*\b[^.?!;]{0,50}\b(?:nicht|nie|fehlt)\b|\b(?:keine|nie eine|noch keine) rechnung\b|\bliegt (?:uns|mir) [^.?!;]{0,20}nicht vor",
    r"\b(?:pas|jamais)\b[^.?!;]{0,20}\bfacture|\bno (?:hemos|he) recibido|\bnon abbiamo|\b(?:geen|niet|nooit)\b[^.?!;]{0,20}\b(?:factuur|ontvangen)",
)
# What is delivered: "we never received the goods for this invoice" is not about the invoice.
GOODS: Final = _compiled(
    r"\b(?:goods|delivery|deliveries|order|items?|parcel|shipment|products?|parts?|machine|material|service)\b",
    r"\b(?:waren?|lieferung(?:en)?|artikel|paket|sendung|teile?|maschine|material|leistung(?:en)?|bestellung)\b",
    r"\b(?:marchandises?|livraison|commande|mercanc\w+|pedido|entrega|merce|consegna|ordine|goederen|levering|bestelling)\b",
)
WRONG_CONTACT: Final = _compiled(
    r"\bno longer (?:work\w*|employed|with (?:us|the company)|responsible|at|in charge|use\w*|valid)\b|\b(?:left|has left|have left) (?:the |our |this )?(?:company|firm|business|organi[sz]ation)\b|\bwrong (?:person|address|e-?mail(?: address)?|contact|department|mailbox)\b|\bnot (?:the )?(?:right|correct|responsible|in charge|the person)\b(?! (?:amount|price|invoice|quantity))|\b(?:please )?(?:contact|write to|e-?mail|direct|address|send|forward)\b[^.?!;]{0,60}\b(?:instead|in future|in the future|from now on|going forward)\b|\bnew (?:contact|e-?mail address|address|mailbox) (?:is|for)\b|\bupdate (?:your|our|the) (?:contact|records?|e-?mail|address)|\bcontact (?:my colleague|our (?:accounts?|accounting|finance|accounts payable))|\bnot my (?:department|area)\b|\bi (?:have )?retired\b",
    r"\bnicht mehr (?:bei uns|im unternehmen|in unserem|für|zuständig|beschäftigt|tätig|verantwortlich|gültig|aktiv)\b|\bnicht (?:der |die |dafür |hierfür )?(?:richtige |zuständig\w*|verantwortlich\w*)|\bfalsche[rn]? (?:ansprechpartner\w*|abteilung|adresse|e-?mail(?:-?adresse)?|mailadresse|kontakt)\b|\b(?:wenden|richten|schreiben|senden|schicken) sie (?:sich |ihre |die |bitte |rechnungen |mahnungen |künftig |zukünftig )*(?:\w+ ){0,4}(?:an|künftig|zukünftig)\b|\b(?:unternehmen|firma) (?:\w+ )?verlassen\b|\bneue[rn]? (?:ansprechpartner\w*|e-?mail-?adresse|kontakt|mailadresse)\b|\bausgeschieden\b",
    r"\b(?:ne travaille plus|plus dans l'entreprise|mauvais (?:contact|interlocuteur|service)|mauvaise (?:adresse|personne)|veuillez (?:contacter|vous adresser))\b|\b(?:ya no trabaja|persona equivocada|dirección equivocada|contacte con|contacten con|póngase en contacto)\b|\b(?:non lavora più|persona sbagliata|indirizzo sbagliato|contattare|si rivolga)\b|\b(?:werkt (?:hier )?niet meer|verkeerde (?:persoon|afdeling|adres)|neem contact op met|niet meer werkzaam)\b",
)
UNSUBSCRIBE: Final = _compiled(
    r"\bunsubscribe\b|\bstop (?:sending|e-?mailing|writing|contacting|these|the e-?mails|bothering|harassing)\b|\bremove (?:me|us|my|our|this)\b[^.?!;]{0,40}\b(?:list|address|mail\w*|database|distribution)\b|\b(?:no|not)\b (?:\w+ ){0,3}(?:further|more|any more) (?:e-?mails?|messages?|reminders?)\b|\bdo(?: not|n't) (?:contact|e-?mail|write to|mail) (?:me|us)\b|\bopt[ -]?out\b|^stop[.!]*$|\btake (?:me|us) off\b|\bdelete my (?:data|address)\b",
    r"\babmelden\b|\babbestellen\b|\baustragen\b|\bkeine (?:weiteren |weitere |mehr )?(?:e-?mails?|mails?|nachrichten|mahnungen|erinnerungen) (?:mehr|wünschen|senden|schicken|erhalten)|\bkeine (?:weiteren|weitere) (?:e-?mails?|mails?|nachrichten|erinnerungen)\b|\baus (?:ihrem |dem )?verteiler\b|\bhören sie auf\b|\bnicht mehr (?:anschreiben|kontaktieren)\b|\bdaten (?:zu )?löschen\b",
    r"\b(?:désabonner|désinscrire|ne (?:plus )?m'envoyez plus|arrêtez de)\b|\b(?:darme de baja|dar de baja|dejen de (?:enviar|escribir))\b|\b(?:cancellarmi|disiscriv\w+|smettete di)\b|\b(?:uitschrijven|afmelden|stop met (?:mailen|sturen))\b",
)
QUESTION: Final = _compiled(
    r"^(?:and |but |so |also |hello,? |hi,? |dear \w+,? )?(?:what|when|where|which|who|why|how|could you|can you|would you|will you|may (?:we|i)|can (?:we|i)|could (?:we|i)|do you|did you|are you|is (?:it|there|this|that)|have you|has (?:it|this|the)|shall we)\b|\b(?:please|kindly) (?:\w+ )?(?:explain|clarify|confirm|tell|advise|let (?:us|me) know|check|verify|inform|specify|call|contact|provide|review|look into|get back|respond|send|investigate)\b|\b(?:could|can|would) you (?:please |kindly )?\w+|\bwe (?:would like|want|need) to (?:know|understand|clarify)\b|\b(?:call|ring|phone) (?:me|us)\b|\bquestions?\b|\bnot (?:sure|clear) (?:what|which|why|how|about|whether|if)\b|\bunclear\b|\bwhich (?:invoice|order|account)\b",
    r"^(?:und |aber |also |hallo,? |guten tag,? )?(?:was|wann|wo|welche[rsn]?|wer|warum|wieso|weshalb|wie|wofür|wohin|worum|können sie|könnten sie|kann ich|können wir|dürfen wir|haben sie|ist (?:das|es|die)|sind (?:die|sie)|gibt es|wurde|woher|auf welches)\b|\bbitte (?:\w+ ){0,6}(?:erklären|erläutern|bestätigen|mitteilen|prüfen|klären|informieren|angeben|nennen|anrufen|melden|teilen|überprüfen|prüft|rufen|senden)\b|\b(?:teilen|sagen|erklären|erläutern|bestätigen|prüfen|nennen|rufen|melden) sie\b|\b(?:bitte um|bitten (?:wir )?um|bitten sie um) (?:\w+ ){0,2}(?:klärung|prüfung|rückmeldung|rückruf|bestätigung|aufklärung|erläuterung|auskunft|stellungnahme|mitteilung)|\bfragen?\b|\bunklar\b|\bum rückruf\b|\brückruf\b",
    r"^(?:quand|pourquoi|comment|quelle?s?|où|pouvez-vous|pourriez-vous|est-ce que|avez-vous)\b|\b(?:merci de|veuillez) (?:nous )?(?:confirmer|expliquer|préciser|indiquer|vérifier|rappeler)\b|^¿|^(?:cuándo|por qué|cómo|cuál|dónde|pueden|podrían|puede)\b|\b(?:por favor,? )?(?:confirmen|expliquen|indiquen|verifiquen)\b|^(?:quando|perché|come|quale|dove|potete|potreste|può)\b|\b(?:vi preghiamo di|si prega di) (?:confermare|spiegare|verificare)\b|^(?:wanneer|waarom|hoe|welke|waar|kunt u|kan ik|heeft u|kunnen we)\b|\bgraag (?:\w+ ){0,4}(?:bevestigen|uitleg|weten|horen|laten weten)\b",
)
THANKS: Final = _compiled(
    r"\bthank(?:s| you)\b|\bmany thanks\b|\bthx\b|\bnoted\b|\backnowledged?\b|\bwell received\b|\breceived,? thanks\b|^(?:ok|okay|great|perfect|fine|understood|got it|all good|will do|done)\b|\bappreciate\b|\bcheers\b",
    r"\bdanke\w*\b|\bvielen dank\b|\bbesten dank\b|\bherzlichen dank\b|\bzur kenntnis genommen\b|^(?:in ordnung|alles klar|verstanden|passt|super|prima|erledigt|geht klar)\b",
    r"\bmerci\b|^(?:bien reçu|d'accord|parfait|entendu)\b|\bgracias\b|^(?:recibido|de acuerdo|perfecto|vale)\b|\bgrazie\b|^(?:ricevuto|va bene|perfetto|d'accordo)\b|\b(?:bedankt|dank u|dank je|dankjewel)\b|^(?:prima|akkoord|ontvangen|begrepen)\b",
)
# Nothing but politeness: such sentences say nothing about the matter.
COURTESY: Final = _compiled(
    r"^(?:dear|hello|hi|hey|good (?:morning|afternoon|day|evening)|greetings|to whom it may concern)\b[^.?!]{0,60}$|^(?:sehr geehrte\w*|guten (?:tag|morgen|abend)|hallo|liebe[rs]?|moin|servus|grüß gott|grüezi)\b[^.?!]{0,80}$|^(?:bonjour|madame|monsieur|cher|chère|buenos días|buenas tardes|hola|estimad[oa]s?|buongiorno|gentil[ei]|egregi[oa]?|salve|ciao|geachte|beste|goedemorgen|goedemiddag|goedendag)\b[^.?!]{0,60}$",
    r"^(?:(?:kind|best|warm|many) )?(?:regards|wishes|greetings)\b|^(?:yours|sincerely|mit freundlichen|freundliche|viele|beste|mfg|cordialement|saludos|cordiali|distinti|met vriendelijke|groeten)\b[^.?!]{0,60}$",
    r"^(?:we |i )?(?:hope|trust) (?:this|you|that)\b[^.?!]{0,60}$|^(?:we )?(?:apologi[sz]e|sorry)\b[^.?!]{0,80}$|\b(?:apologies|sorry) for (?:the )?(?:delay|inconvenience|late)|^(?:entschuldigung|entschuldigen sie)\b[^.?!]{0,80}$|\b(?:verspätung|verzögerung|unannehmlichkeiten)\b[^.?!]{0,40}(?:entschuldig|verzeih)|\bentschuldig\w+ (?:sie )?(?:bitte )?(?:die |wir )?(?:verspätung|verzögerung)|^(?:please )?(?:do not hesitate|let us know if)\b|\bfür (?:ihre|die) (?:erinnerung|nachricht|e-?mail|geduld|mühe)\b|\bbei rückfragen\b|\bfür (?:weitere )?(?:rück)?fragen\b|\bif you have any (?:further )?questions\b|\bfeel free to\b|\blook forward\b",
)
LEGAL: Final = _compiled(
    r"\b(?:lawyer|solicitor|attorney|legal (?:action|department|advice|counsel)|court|sue|ombudsman|police)\b|\b(?:rechtsanwalt\w*|anwalt\w*|anwältin|gericht\w*|klage|rechtsabteilung|rechtliche schritte|mahnbescheid|strafanzeige|anzeige)\b|\b(?:avocat|tribunal|abogado|juzgado|avvocato|tribunale|advocaat|rechtbank)\b"
)
AWAY: Final = _compiled(
    r"\b(?:out of (?:the |my )?office|on (?:annual |maternity |parental |sick |vacation )?(?:leave|vacation|holiday)s?|away from (?:the |my )?(?:office|desk)|limited access to (?:my )?e-?mail|no access to (?:my )?e-?mails?|(?:will|am|be) back (?:in the office )?on|automatic(?:ally)? (?:reply|response|generated)|auto-?reply)\b",
    r"\b(?:nicht im (?:büro|haus)|im urlaub|abwesend|abwesenheit|außer haus|betriebsferien|betriebsurlaub|elternzeit|nicht erreichbar|wieder erreichbar|wird nicht weitergeleitet|automatische antwort|automatisch (?:generiert|erstellt))\b",
    r"\b(?:absent\w* (?:du|de|jusqu)|en congés?|de retour le|réponse automatique|fuera de la oficina|de vacaciones|respuesta automática|fuori (?:ufficio|sede)|in ferie|risposta automatica|afwezig|met vakantie|op vakantie|automatisch antwoord)\b",
)
BOUNCE: Final = _compiled(
    r"\b(?:mail(?:box)? (?:delivery failed|is full)|undeliverable|could not be delivered to|delivery (?:has )?failed|address(?:es)? failed|user unknown|recipient address rejected|delivery status notification|message could not be delivered|konnte nicht zugestellt werden|unzustellbar)\b"
)
UNCERTAIN: Final = _compiled(
    r"\b(?:i|we) (?:\w+ )?(?:think|believe|assume|thought|guess|suppose)\b|\b(?:maybe|perhaps|probably|possibly|as far as (?:i|we) know|not sure|might|hopefully|try to|hope to|should be able)\b",
    r"\b(?:glaube|denke|vermute|vermutlich|wahrscheinlich|eventuell|vielleicht|möglicherweise|meines wissens|soweit (?:ich|wir)|voraussichtlich|hoffentlich|versuchen|hoffen|nicht sicher)\b",
    r"\b(?:je crois|je pense|peut-être|probablement|creo que|quizás?|probablemente|tal vez|credo|forse|probabilmente|ik denk|misschien|waarschijnlijk)\b",
)
REST: Final = _compiled(
    r"\b(?:the (?:rest|remainder|others?|remaining)|all (?:the )?others?|everything else|remaining|other invoices?)\b|\b(?:(?:der|den) rest|restliche\w*|übrige\w*|die anderen|alle anderen|alles andere|andere rechnungen)\b|\b(?:le reste|les autres|el resto|las demás|il resto|le altre|de rest|de overige)\b"
)
