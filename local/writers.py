"""Writers of the files that the simulated business uploads: CSV, UBL 2.1 documents, CAMT.053, MT940 and MT942.

Everything is built as text with the standard library, so the demonstration's input does not depend on the readers
it tries.
Amounts are integer minor units of currencies with two decimals (EUR and GBP are the only ones in the demonstration).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

UBL_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
CAMT_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def decimal_text(amount_minor: int) -> str:
    """Machine form with two decimals: 123456 -> "1234.56"."""
    sign = "-" if amount_minor < 0 else ""
    whole, cents = divmod(abs(amount_minor), 100)
    return f"{sign}{whole}.{cents:02d}"


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A comma-separated UTF-8 file with a header row and CRLF line ends, as most accounting programs export it."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def creditor_reference(digits: str) -> str:
    """ISO 11649 creditor reference of a number: "RF", two check digits (modulo 97 over the shifted text), the
    number."""
    remainder = int(digits + "271500") % 97  # R = 27, F = 15, then 00 for the check digits that are sought
    return f"RF{98 - remainder:02d}{digits}"


def iban(country: str, account: str) -> str:
    """An IBAN with right check digits (ISO 13616, modulo 97) for a country and a domestic account number."""
    shifted = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(shifted) % 97:02d}{account}"


@dataclass(frozen=True, slots=True)
class Party:
    """A seller or buyer as a UBL document shows it. Any text but the name may be empty."""

    name: str
    country: str
    vat_id: str = ""
    identifier: str = ""
    endpoint: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document: what, how many, net price of one in minor units."""

    text: str
    quantity: int
    price_minor: int

    @property
    def net_minor(self) -> int:
        """Net amount of the line in minor units."""
        return self.quantity * self.price_minor


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note before it becomes a UBL file. `due` None means that the document states no due date.

    `corrects` makes it a corrected invoice (UNTDID 1001: 384) for `for_invoice`; `means` is a code of UNTDID 4461;
    `instalments` are due days with amounts.
    """

    number: str
    credit_note: bool
    issued: date
    due: date | None
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    vat_percent: int
    tax_minor: int
    order: str
    terms: str
    payment_iban: str
    payment_reference: str
    for_invoice: str = ""
    corrects: bool = False
    means: str = "58"
    instalments: tuple[tuple[date, int], ...] = ()
    delivered: date | None = None

    @property
    def net_minor(self) -> int:
        """Net amount of all lines in minor units."""
        return sum(line.net_minor for line in self.lines)

    @property
    def payable_minor(self) -> int:
        """Amount to pay (of a credit note: to credit), tax included, in minor units."""
        return self.net_minor + self.tax_minor


def _amount(tag: str, amount_minor: int, currency: str) -> str:
    return f'<cbc:{tag} currencyID="{currency}">{decimal_text(amount_minor)}</cbc:{tag}>'


def _tag(tag: str, text: str) -> str:
    """A basic element, or nothing when there is no text."""
    return f"<cbc:{tag}>{escape(text)}</cbc:{tag}>" if text else ""


def _party(wrapper: str, party: Party) -> str:
    endpoint = f'<cbc:EndpointID schemeID="EM">{escape(party.endpoint)}</cbc:EndpointID>' if party.endpoint else ""
    identifier = (
        f"<cac:PartyIdentification>{_tag('ID', party.identifier)}</cac:PartyIdentification>" if party.identifier else ""
    )
    tax = (
        f"<cac:PartyTaxScheme>{_tag('CompanyID', party.vat_id)}<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
        "</cac:PartyTaxScheme>"
        if party.vat_id
        else ""
    )
    contact = f"<cac:Contact>{_tag('ElectronicMail', party.email)}</cac:Contact>" if party.email else ""
    return (
        f"<cac:{wrapper}><cac:Party>{endpoint}{identifier}"
        f"<cac:PartyName>{_tag('Name', party.name)}</cac:PartyName>"
        f"<cac:PostalAddress><cac:Country>{_tag('IdentificationCode', party.country)}</cac:Country></cac:PostalAddress>"
        f"{tax}<cac:PartyLegalEntity>{_tag('RegistrationName', party.name)}</cac:PartyLegalEntity>"
        f"{contact}</cac:Party></cac:{wrapper}>"
    )


def _tax_category(wrapper: str, percent: int) -> str:
    category = "S" if percent else "AE"
    reason = "<cbc:TaxExemptionReason>Reverse charge</cbc:TaxExemptionReason>" if not percent else ""
    reason = reason if wrapper == "TaxCategory" else ""
    return (
        f"<cac:{wrapper}><cbc:ID>{category}</cbc:ID><cbc:Percent>{percent}</cbc:Percent>{reason}"
        f"<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{wrapper}>"
    )


def _line(document: Document, index: int, line: Line) -> str:
    wrapper, quantity = (
        ("CreditNoteLine", "CreditedQuantity") if document.credit_note else ("InvoiceLine", "InvoicedQuantity")
    )
    return (
        f'<cac:{wrapper}><cbc:ID>{index}</cbc:ID><cbc:{quantity} unitCode="C62">{line.quantity}</cbc:{quantity}>'
        f"{_amount('LineExtensionAmount', line.net_minor, document.currency)}"
        f"<cac:Item>{_tag('Name', line.text)}{_tax_category('ClassifiedTaxCategory', document.vat_percent)}</cac:Item>"
        f"<cac:Price>{_amount('PriceAmount', line.price_minor, document.currency)}</cac:Price></cac:{wrapper}>"
    )


def ubl_bytes(document: Document) -> bytes:
    """The document as UBL 2.1 XML in the EN 16931 shape (element order as in the OASIS schema)."""
    root = "CreditNote" if document.credit_note else "Invoice"
    code = "<cbc:CreditNoteTypeCode>381</cbc:CreditNoteTypeCode>" if document.credit_note else ""
    if not document.credit_note:
        due = f"<cbc:DueDate>{document.due.isoformat()}</cbc:DueDate>" if document.due else ""
        code = f"{due}<cbc:InvoiceTypeCode>{'384' if document.corrects else '380'}</cbc:InvoiceTypeCode>"
    order = f"<cac:OrderReference>{_tag('ID', document.order)}</cac:OrderReference>" if document.order else ""
    billing = (
        "<cac:BillingReference><cac:InvoiceDocumentReference>"
        f"{_tag('ID', document.for_invoice)}</cac:InvoiceDocumentReference></cac:BillingReference>"
        if document.for_invoice
        else ""
    )
    means = (
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>{document.means}</cbc:PaymentMeansCode>"
        f"{_tag('PaymentID', document.payment_reference)}"
        f"<cac:PayeeFinancialAccount>{_tag('ID', document.payment_iban)}</cac:PayeeFinancialAccount></cac:PaymentMeans>"
    )
    currency = document.currency
    terms = f"<cac:PaymentTerms>{_tag('Note', document.terms)}</cac:PaymentTerms>" if document.terms else ""
    terms += "".join(
        f'<cac:PaymentTerms><cbc:Amount currencyID="{currency}">{decimal_text(amount_minor)}</cbc:Amount>'
        f"{_tag('InstallmentDueDate', day.isoformat())}</cac:PaymentTerms>"
        for day, amount_minor in document.instalments
    )
    delivery = (
        f"<cac:Delivery>{_tag('ActualDeliveryDate', document.delivered.isoformat())}</cac:Delivery>"
        if document.delivered
        else ""
    )
    tax = (
        f"<cac:TaxTotal>{_amount('TaxAmount', document.tax_minor, currency)}<cac:TaxSubtotal>"
        f"{_amount('TaxableAmount', document.net_minor, currency)}{_amount('TaxAmount', document.tax_minor, currency)}"
        f"{_tax_category('TaxCategory', document.vat_percent)}</cac:TaxSubtotal></cac:TaxTotal>"
    )
    totals = (
        f"<cac:LegalMonetaryTotal>{_amount('LineExtensionAmount', document.net_minor, currency)}"
        f"{_amount('TaxExclusiveAmount', document.net_minor, currency)}"
        f"{_amount('TaxInclusiveAmount', document.payable_minor, currency)}"
        f"{_amount('PayableAmount', document.payable_minor, currency)}</cac:LegalMonetaryTotal>"
    )
    lines = "\n".join(_line(document, index, line) for index, line in enumerate(document.lines, start=1))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{root} xmlns="{UBL_NAMESPACE}{root}-2" xmlns:cac="{UBL_NAMESPACE}CommonAggregateComponents-2" '
        f'xmlns:cbc="{UBL_NAMESPACE}CommonBasicComponents-2">\n'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>\n"
        f"{_tag('ID', document.number)}<cbc:IssueDate>{document.issued.isoformat()}</cbc:IssueDate>{code}"
        f"{_tag('DocumentCurrencyCode', currency)}\n{order}{billing}\n"
        f"{_party('AccountingSupplierParty', document.seller)}\n{_party('AccountingCustomerParty', document.buyer)}\n"
        f"{delivery}{means}{terms}\n{tax}\n{totals}\n{lines}\n</{root}>\n"
    )
    return text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class BankLine:
    """One booked entry: positive amounts came in, negative went out. Minor units of the account's currency."""

    booked: date
    amount_minor: int
    counterparty: str
    counterparty_account: str
    text: str
    structured_reference: str
    end_to_end_id: str
    bank_reference: str


@dataclass(frozen=True, slots=True)
class BankAccount:
    """One account of the creditor in one statement file: its entries and the balance before the first of them."""

    iban: str
    currency: str
    owner: str
    opening_minor: int
    entries: tuple[BankLine, ...]

    @property
    def closing_minor(self) -> int:
        """Balance after the last entry in minor units."""
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)


def _signed(amount_minor: int, currency: str) -> str:
    direction = "CRDT" if amount_minor >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{decimal_text(abs(amount_minor))}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def _balance(code: str, amount_minor: int, currency: str, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_signed(amount_minor, currency)}"
        f"<Dt><Dt>{day.isoformat()}</Dt></Dt></Bal>"
    )


def _parties(entry: BankLine) -> str:
    role = "Dbtr" if entry.amount_minor >= 0 else "Cdtr"
    account = (
        f"<{role}Acct><Id><IBAN>{entry.counterparty_account}</IBAN></Id></{role}Acct>"
        if entry.counterparty_account
        else ""
    )
    return f"<RltdPties><{role}><Pty><Nm>{escape(entry.counterparty)}</Nm></Pty></{role}>{account}</RltdPties>"


def _remittance(entry: BankLine) -> str:
    text = f"<Ustrd>{escape(entry.text)}</Ustrd>" if entry.text else ""
    structured = (
        "<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
        f"<Ref>{escape(entry.structured_reference)}</Ref></CdtrRefInf></Strd>"
        if entry.structured_reference
        else ""
    )
    return f"<RmtInf>{text}{structured}</RmtInf>" if text or structured else ""


def _entry(entry: BankLine, currency: str) -> str:
    family = "RCDT" if entry.amount_minor >= 0 else "ICDT"
    code = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
    day = f"<Dt>{entry.booked.isoformat()}</Dt>"
    return (
        f"<Ntry>{_signed(entry.amount_minor, currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt>{day}</BookgDt><ValDt>{day}</ValDt>"
        f"<AcctSvcrRef>{entry.bank_reference}</AcctSvcrRef>{code}<NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>{escape(entry.end_to_end_id)}</EndToEndId></Refs>{_signed(entry.amount_minor, currency)}"
        f"{_parties(entry)}{_remittance(entry)}</TxDtls></NtryDtls></Ntry>"
    )


def _statement(account: BankAccount, number: int, first: date, last: date) -> str:
    entries = "\n".join(_entry(entry, account.currency) for entry in account.entries)
    return (
        f"<Stmt><Id>{account.currency}-{last.year}-{number:03d}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
        f"<CreDtTm>{last.isoformat()}T22:30:00+00:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{first.isoformat()}T00:00:00+00:00</FrDtTm><ToDtTm>{last.isoformat()}T22:30:00+00:00</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{account.iban}</IBAN></Id><Ccy>{account.currency}</Ccy><Ownr><Nm>{escape(account.owner)}</Nm></Ownr></Acct>\n"
        f"{_balance('OPBD', account.opening_minor, account.currency, first)}"
        f"{_balance('CLBD', account.closing_minor, account.currency, last)}\n{entries}\n</Stmt>"
    )


def camt_bytes(accounts: Sequence[BankAccount], number: int, first: date, last: date) -> bytes:
    """A CAMT.053 document of the days `first` to `last`, one statement for each account, number the bank's
    running one."""
    statements = "\n".join(_statement(account, number, first, last) for account in accounts)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{CAMT_NAMESPACE}"><BkToCstmrStmt>\n'
        f"<GrpHdr><MsgId>STATEMENT-{last.isoformat()}</MsgId><CreDtTm>{last.isoformat()}T22:30:00+00:00</CreDtTm></GrpHdr>\n"
        f"{statements}\n</BkToCstmrStmt></Document>\n"
    )
    return text.encode("utf-8")


SWIFT_PART = 27
"""Characters of one subfield of :86: as German banks structure it."""
SWIFT_LINE = 65


def _swift_amount(amount_minor: int) -> str:
    return decimal_text(abs(amount_minor)).replace(".", ",")


def _swift_entry(entry: BankLine) -> list[str]:
    """The lines :61: and :86: of an entry, the latter in the structure of German banks (166: transfer received)."""
    is_credit = entry.amount_minor >= 0
    line = (
        f":61:{entry.booked:%y%m%d}{entry.booked:%m%d}{'C' if is_credit else 'D'}{_swift_amount(entry.amount_minor)}"
        f"NTRF{'NONREF' if entry.end_to_end_id == 'NOTPROVIDED' else entry.end_to_end_id}//{entry.bank_reference}"
    )
    details = ":86:166?00GUTSCHRIFT" if is_credit else ":86:116?00UEBERWEISUNG"
    details += _swift_parts(f"SVWZ+{entry.text}{entry.structured_reference}", 20)
    details += f"?31{entry.counterparty_account}" if entry.counterparty_account else ""
    details += _swift_parts(entry.counterparty[: 2 * SWIFT_PART], 32)
    return [line, *(details[at : at + SWIFT_LINE] for at in range(0, len(details), SWIFT_LINE))]


def _swift_parts(text: str, first: int) -> str:
    """A text in subfields from the number `first` on."""
    parts = [text[at : at + SWIFT_PART] for at in range(0, len(text), SWIFT_PART)]
    return "".join(f"?{number}{part}" for number, part in enumerate(parts, start=first))


def _swift_balance(tag: str, amount_minor: int, currency: str, day: date) -> str:
    return f":{tag}:{'C' if amount_minor >= 0 else 'D'}{day:%y%m%d}{currency}{_swift_amount(amount_minor)}"


def mt940_bytes(account: BankAccount, number: int, first: date, last: date) -> bytes:
    """An MT940 statement of the days `first` to `last`, number the bank's running one."""
    lines = [
        f":20:STARTUMS{number:03d}",
        f":25:{account.iban}",
        f":28C:{number:05d}/001",
        _swift_balance("60F", account.opening_minor, account.currency, first),
        *(line for entry in account.entries for line in _swift_entry(entry)),
        _swift_balance("62F", account.closing_minor, account.currency, last),
        "-",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def mt942_bytes(account: BankAccount, day: date) -> bytes:
    """An MT942 report of the morning of a day: what has come in so far, without balances."""
    lines = [
        f":20:VORMERK{day:%y%m%d}",
        f":25:{account.iban}",
        f":28C:{day:%j}/001",
        f":34F:{account.currency}0,00",
        f":13D:{day:%y%m%d}0600+0100",
        *(line for entry in account.entries for line in _swift_entry(entry)),
        f":90C:{len(account.entries)}{account.currency}{_swift_amount(account.closing_minor - account.opening_minor)}",
        "-",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")
