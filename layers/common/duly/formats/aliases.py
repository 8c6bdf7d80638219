"""Names that exports give their columns, by Duly's own column; compared without case, accents, spaces and signs.

Beside each column stand its names in English, German, French, Italian, Spanish and Dutch, as the exports of accounting
programs write them. `WEAK` names mean a column only when nothing else does ("customer" is an id, or a name when there
is an id too).
"""

from __future__ import annotations

from typing import Final

INVOICES: Final[dict[str, str]] = {
    "number": """
        numerodefacture numerodefactura numerodelafactura nodefacture
        invoicenumber invoiceno invoicenr invoiceid invoice documentnumber documentno docno docnumber billnumber
        rechnungsnummer rechnungsnr rechnungnr rechnung belegnummer belegnr belegnummer1 belegfeld1 numerofacture
        nfacture facture numfacture piece numeropiece numerofattura nfattura fattura numerodocumento numfactura
        numerofactura nfactura factura factuurnummer factuurnr factuur
    """,
    "customer": """
        customerid customernumber customerno customernr customercode clientid clientnumber clientcode accountno
        accountnumber accountid debtorid debtorno debtornumber kundennummer kundennr kundenr kundenid kdnr debitor
        debitorennummer debitorennr debitornr debitorenkonto personenkonto codeclient numeroclient numclient
        compteclient codicecliente idcliente codigocliente numerocliente klantnummer klantnr klantcode
        debiteurnummer debiteurnr
    """,
    "issued": """
        issuedate issued invoicedate documentdate docdate dateissued billdate date rechnungsdatum belegdatum
        ausstellungsdatum datum datefacture datedefacture dateemission datepiece datafattura datadocumento
        dataemissione data fechafactura fechaemision fecha factuurdatum
    """,
    "due": """
        duedate due netduedate paymentduedate datedue duedateutc payby falligkeit falligkeitsdatum faelligkeit
        faelligkeitsdatum falligam faelligam zahlbarbis nettofalligkeit dateecheance echeance datedecheance scadenza
        datascadenza fechavencimiento vencimiento vervaldatum vervaldag
    """,
    "amount": """
        amountdue openamount outstandingamount outstanding payable payableamount balancedue amount invoiceamount
        offenerbetrag offen zahlbetrag betrag rechnungsbetrag umsatz restbetrag solde montantdu resteapayer montant
        importo importodovuto importe importependiente pendiente bedrag openstaandbedrag openstaand tebetalen
    """,
    "total": """
        total grossamount gross totalamount totalgross amountincludingvat amountinclvat totalinclvat grandtotal
        bruttobetrag brutto gesamtbetrag gesamtbrutto endbetrag montantttc totalttc ttc totale totaleivainclusa
        totaldocumento importetotal totalfactura totaalbedrag totaalinclbtw bedraginclbtw
    """,
    "currency": """
        currency currencycode curr ccy isocurrency wahrung waehrung wkz wahrungscode wahrungskennzeichen devise
        codedevise monnaie valuta divisa moneda munt
    """,
    "type": """
        type documenttype doctype invoicetype belegart belegtyp rechnungsart typ typedocument typepiece
        tipodocumento tipo soort documentsoort
    """,
    "means": """
        means paymentmeans paymentmethod paymenttype zahlungsart zahlungsweise zahlart zahlungsmittel
        modepaiement modedepaiement modereglement modedereglement mododipagamento modalitapagamento mediodepago
        betaalwijze betaalmethode
    """,
    "status": "status invoicestatus documentstatus belegstatus rechnungsstatus statut stato estado",
    "terms": """
        terms paymentterms termsofpayment zahlungsbedingung zahlungsbedingungen zahlungsziel zahlungskondition
        conditionspaiement conditionsdepaiement conditionsdereglement condizionipagamento terminipagamento
        condicionespago formadepago betalingsvoorwaarden betalingsconditie
    """,
    "order": """
        order ordernumber orderno purchaseorder ponumber po yourreference orderreference bestellnummer bestellnr
        auftragsnummer bestellung numerocommande commande ncommande numeroordine ordine numeropedido pedido
        ordernummer bestelnummer
    """,
    "for_invoice": """
        forinvoice originalinvoice correctedinvoice invoicereference creditedinvoice originalrechnung zurechnung
        bezugsrechnung factureorigine fattureorigine facturarectificada oorspronkelijkefactuur
    """,
    "reference": """
        reference paymentreference structuredreference remittancereference verwendungszweck zahlungsreferenz
        referencepaiement riferimentopagamento referenciapago betalingskenmerk
    """,
    "name": """
        name customername clientname companyname company buyer buyername debtorname kundenname firma firmenname
        debitorenname rechnungsempfanger nomclient raisonsociale nom ragionesociale nomecliente razonsocial
        nombrecliente nombre klantnaam bedrijfsnaam naam
    """,
    "vat_id": """
        vatid vatnumber vatno vatregno customervatid buyervatid ustid ustidnr ustidnummer uidnummer numerotva
        tvaintra tvaintracommunautaire numtva partitaiva piva nif nifiva cif btwnummer btwid
    """,
    "email": """
        email emailaddress mail customeremail billingemail emailadresse rechnungsemail courriel adressemail
        correoelectronico correo emailfatturazione emailadres
    """,
    "country": """
        country countrycode customercountry land landercode landerkennzeichen laendercode pays codepays paese pais
    """,
    "delivered": """
        delivered deliverydate dateofdelivery servicedate lieferdatum leistungsdatum datelivraison dataconsegna
        fechaentrega leverdatum
    """,
}
CUSTOMERS: Final[dict[str, str]] = {
    "id": INVOICES["customer"] + " id number no nummer nr code codice codigo konto compte account",
    "name": INVOICES["name"],
    "country": INVOICES["country"],
    "language": "language languagecode lang sprache sprachcode langue lingua idioma taal",
    "timezone": "timezone tz zeitzone fuseauhoraire fusoorario zonahoraria tijdzone",
    "kind": "kind customertype kundenart kundentyp typeclient tipocliente klanttype",
    "vat_id": INVOICES["vat_id"],
    "email": INVOICES["email"],
    "role": "role contactrole rolle rolecontact ruolo rol",
    "scenario": "scenario dunningscenario mahnverfahren mahnschema",
    "endpoint": "endpoint peppolid peppol electronicaddress leitwegid",
    "parent": """
        parent parentid parentcustomer parentcustomerid parentaccount groupid legalgroup headoffice konzern
        konzernmutter konzernnummer konzernnr muttergesellschaft mutterkunde hauptkunde societemere maisonmere
        codegroupe capogruppo casamadre empresamatriz matriz moederbedrijf moedermaatschappij
    """,
    "order_required": """
        orderrequired ordernumberrequired porequired ponumberrequired bestellnummerpflicht bestellnummererforderlich
        bestellnrpflicht commandeobligatoire numerocommandeobligatoire ordineobbligatorio pedidoobligatorio
        bestelnummerverplicht ordernummerverplicht
    """,
    "terms_days": """
        termsdays paymentdays paymenttermsdays termsofpaymentdays netdays creditdays zahlungsziel zahlungszieltage
        zahlungszielintagen nettotage tagenetto zahlungsfrist zahlungsfristtage delaipaiement delaidepaiement
        delaipaiementjours joursdecredit giornipagamento giornidipagamento diaspago diasdepago plazopago plazodepago
        betalingstermijn betaaltermijn betalingstermijndagen
    """,
    "credit_limit": """
        creditlimit limit creditlimitamount agreedlimit creditline kreditlimit kreditrahmen kreditlinie limite
        plafondcredit plafonddecredit limitecredit encoursautorise encoursmaximum fido limitefido limitedifido
        limitecredito limitedecredito riesgomaximo kredietlimiet kredietlijn
    """,
    "limit_currency": """
        limitcurrency creditlimitcurrency currency currencycode curr ccy limitwahrung limitwaehrung kreditlimitwahrung
        wahrung waehrung wkz deviselimite devise monnaie valutafido valuta divisalimite divisa moneda munt
    """,
    "address": """
        address street streetaddress addressline addressline1 postaladdress strasse anschrift adresse rue indirizzo via
        direccion calle straat adres endereco rua morada ulica
    """,
    "postcode": """
        postcode postalcode zip zipcode plz postleitzahl codepostal cap codigopostal cp kodpocztowy
    """,
    "city": "city town ort stadt ville citta localita ciudad poblacion plaats stad woonplaats cidade localidade miasto",
    "phone": """
        phone phonenumber telephone tel mobile telefon telefonnummer telefonnr telephone numerotelephone telefono
        numerotelefono telefoon telefoonnummer telefone
    """,
    # Bureaus count up or down, from 100, 300 or 0: only a name of Duly's own says what is meant here.
    "external_score": "externalscore externalscorepermille",
}
BANK: Final[dict[str, str]] = {
    "account": """
        account accountiban iban ownaccount konto kontonummer ibanauftragskonto auftragskonto compte conto cuenta
        rekening sourceaccount bankaccount accountnumber ibankontoinhaber ibanauftraggeberkonto ibanbban
    """,
    "booked": """
        booked bookingdate bookdate postdate posteddate postingdate buchungstag buchungsdatum dateoperation
        datecomptable datacontabile dataoperazione fechaoperacion boekdatum buchung bookedat datecompletedutc
        dataksiegowania bokforingsdag bokføringsdato bogføringsdato kirjauspaiva
    """,
    "value": """
        value valuedate wertstellung valuta valutadatum wertstellungstag datevaleur datavaluta fechavalor
        valutadatum1 wert valutadate rentedatum datawaluty valutadag
    """,
    "amount": "amount betrag umsatz montant importo importe bedrag kwota belopp beløb beløp creditdebitamount",
    "currency": """
        currency currencycode curr ccy isocurrency paymentcurrency waluta valuutta
        wahrung waehrung wkz devise monnaie divisa moneda munt waehrungbetrag
    """,
    "name": """
        name counterparty counterpartyname payer payee beneficiary auftraggeberempfanger auftraggeber empfanger
        beguenstigterzahlungspflichtiger begunstigterzahlungspflichtiger namezahlungsbeteiligter tiers contrepartie
        ordinante ordenante tegenpartij naamtegenpartij begunstigterauftraggeber partnername payername naamomschrijving
        nadawcaodbiorca
    """,
    "counterparty_account": """
        counterpartyaccount counterpartyiban kontonummeriban ibanzahlungsbeteiligter kontoibanzahlungsbeteiligter
        ibancontrepartie tegenrekening tegenrekeningiban tegenrekeningibanbban partneriban beneficiaryiban
        payeeaccountnumber
    """,
    "text": """
        text remittance remittanceinformation description details purpose verwendungszweck libelle
        motif causale descrizione concepto descripcion omschrijving mededelingen omschrijving1 beschreibung1
        avisierungstext tytuł
    """,
    "text2": "omschrijving2 beschreibung2 verwendungszweck2 paymentreference opisoperacji",
    "text3": "omschrijving3 beschreibung3 verwendungszweck3",
    "reference": "reference structuredreference creditorreference glaubigerreferenz betalingskenmerk",
    "end_to_end_id": """
        endtoendid endtoendreference endtoend e2eid kundenreferenzendtoend kundenreferenz transactiereferentie
    """,
    "bank_reference": """
        bankreference transactionid bankreferenz transaktionsid referencebancaire transaktionsnr transferwiseid id
        volgnr
    """,
    "reversal": "reversal isreversal storno",
    "credit": """
        credit creditamount credits haben gutschrift deposit deposits moneyin paidin credited avere accredito accrediti
        abono haber bij
    """,
    "debit": """
        debit debitamount debits soll belastung lastschrift withdrawal withdrawals moneyout paidout debited dare
        addebito addebiti cargo debe af
    """,
    "direction": """
        direction creditdebit debitcredit creditdebitindicator debitcreditindicator cdtdbtind creditordebit
        debitorcredit drcr crdr dc cd sollhaben sollhabenkennzeichen shkennzeichen sh afbij sens segno
    """,
    "balance": """
        balance runningbalance balanceafter accountbalance saldo saldonachbuchung kontostand solde soldeapres
        saldonamutatie saldonatransactie saldonatrn saldopooperacji
    """,
    "opening": "openingbalance anfangssaldo soldeinitial saldoiniziale saldoinicial beginsaldo",
    "closing": "closingbalance endsaldo schlusssaldo soldefinal saldofinale saldofinal eindsaldo",
    "status": "status state transactionstatus bookingstatus info",
    "code": "code transactioncode transactiontype type umsatzart buchungsart vorgang typeoperation bewegungstyp",
}
REMITTANCE: Final[dict[str, str]] = {
    "number": INVOICES["number"],
    "paid": """
        paid paidamount amountpaid paymentamount settled settledamount amountsettled netpaid amounttobepaid bezahlt
        bezahlterbetrag gezahlt gezahlterbetrag zahlbetrag zahlungsbetrag uberwiesen ueberwiesen montantpaye
        montantregle regle paye importopagato pagato importepagado pagado betaald betaaldbedrag
    """,
    "currency": INVOICES["currency"],
    "amount": INVOICES["amount"],
    "deduction": """
        deduction deductions discount cashdiscount discounttaken abzug abzuge abzuege skonto skontobetrag kurzung
        kuerzung escompte remise deduzione sconto deduccion descuento aftrek korting
    """,
    "type": INVOICES["type"],
    "reference": INVOICES["reference"] + " paymentnumber paymentno paymentid zahlungsnummer avisnummer paymentrun",
    "date": """
        date paymentdate paidon zahlungsdatum zahltag datum datepaiement datereglement datapagamento fechapago
        betaaldatum
    """,
    "total": "total paymenttotal totalpaid gesamtbetrag gesamtsumme summe totalpaye totale totaal",
    "customer": INVOICES["customer"],
    "name": INVOICES["name"] + " payer payername zahler payeur pagatore pagador betaler",
}
#: Used only when the column has no other name in the header and nothing else means the name.
WEAK: Final[dict[str, str]] = {
    "customer": "customer client debtor account kunde debiteur klant cliente",
    "name": "customer client debtor kunde klant cliente",
    "booked": "date dateutc transactiondate datum fecha data dato datecompleted dataoperacji",
    "text": "buchungstext",
    "code": "buchungstext",
}

#: Names of an amount that may be without tax, and how columns begin that show an amount to be split into net and tax.
PLAIN_AMOUNTS: Final = frozenset(
    {"amount", "invoiceamount", "betrag", "rechnungsbetrag", "montant", "importo", "importe", "bedrag"}
)
TAX_WORDS: Final = (
    "vat",
    "tax",
    "net",
    "mwst",
    "ust",
    "umsatzst",
    "mehrwert",
    "steuer",
    "tva",
    "montantht",
    "iva",
    "btw",
)

#: Words of a type column, for the invoice types of Duly.
#: How the money is to come, by words that exports use; any other word is "other".
MEANS_WORDS: Final[dict[str, str]] = {
    "transfer": """
        transfer banktransfer wire credittransfer sepacredittransfer ueberweisung uberweisung virement bonifico
        transferencia overboeking 30 31 42 57 58
    """,
    "direct_debit": """
        directdebit debit sepadirectdebit lastschrift sepalastschrift bankeinzug einzug einzugsermachtigung
        einzugsermaechtigung prelevement prelevementsepa addebitodiretto rid domiciliacion domiciliacionbancaria
        automatischeincasso incasso 49 59
    """,
    "card": "card creditcard debitcard kreditkarte karte cartebancaire carte cartadicredito tarjeta 48",
    "cash": "cash bar barzahlung especes contanti efectivo contant 10",
    "cheque": "cheque check scheck assegno talon 20",
}

TYPE_WORDS: Final[dict[str, str]] = {
    "invoice": "invoice inv bill rechnung rg re ar facture fac fattura ft factura factuur 380",
    "credit_note": """
        creditnote credit creditmemo crn cn gutschrift gs rechnungskorrektur avoir notadicredito notacredito
        notadecredito abono creditnota creditfactuur 381
    """,
    "correction": """
        correction correctedinvoice korrekturrechnung korrektur facturerectificative facturarectificativa 384
    """,
    "cancellation": """
        cancellation cancelled canceled cancel void voided annulled annule annulee annulation storno storniert
        stornorechnung stornierung anulada anulado anulacion annullata annullato geannuleerd
    """,
    "self_billed": "selfbilled selfbilledinvoice autofacturation autofactura selfbilling 389",
    "prepayment": "prepayment prepaymentinvoice downpayment anzahlung anzahlungsrechnung acompte acconto anticipo 386",
    "partial": "partial partialinvoice teilrechnung abschlagsrechnung facturepartielle 326",
}
