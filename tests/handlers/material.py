"""A small creditor's files and mails, and the personal data in them that no log may show."""

from __future__ import annotations

from email.message import EmailMessage

NAME = "Nebelkrähe Handels GmbH"
EMAIL = "accounts@debtor.example"
SECOND_NAME = "Sturmvogel Ltd"
SECOND_EMAIL = "ledger@second.example"
PAYER = "Nebelkraehe Treuhand"
PAYER_IBAN = "GB33BUKB20201555555555"
OWN_IBAN = "DE02120300000000202051"
SENTENCE = "three of the pallets arrived crushed"
WRITER = "Hedwig Unwetter"
VAT_ID = "DE811234565"
POSTED_NAME = "Wanderfalke Bau GmbH"
POSTED_EMAIL = "office@third.example"
PERSONAL = (
    NAME,
    "Nebelkr",
    EMAIL,
    SECOND_NAME,
    SECOND_EMAIL,
    PAYER,
    PAYER_IBAN,
    OWN_IBAN,
    "BUKB 2020",
    "pallets",
    WRITER,
    "Unwetter",
    VAT_ID,
    POSTED_NAME,
    POSTED_EMAIL,
    "Torweg",
    "4940123456",
)

CUSTOMERS = (
    "id,name,country,language,timezone,kind,vat_id,email,role,scenario\n"
    f"C-1001,{NAME},GB,en,Europe/London,business,{VAT_ID},{EMAIL},billing,standard\n"
    f"C-1002,{SECOND_NAME},GB,en,Europe/London,business,,{SECOND_EMAIL},billing,standard\n"
).encode()

INVOICES = (
    b"number,customer,issued,due,amount,currency,type,terms,order\n"
    b"RE-2026-0001,C-1001,2026-01-20,2026-02-20,1190.00,EUR,invoice,,\n"
    b"RE-2026-0002,C-1001,2026-01-21,2026-02-23,500.00,EUR,invoice,,\n"
    b"RE-2026-0003,C-1002,2026-02-20,2026-05-29,80.00,EUR,invoice,,\n"
)

POSTED_POLICY = b"""
[creditor]
name = "Muster GmbH"
address = ["Hafenstrasse 4", "20457 Hamburg"]
email = "ar@creditor.example"
[gates]
bank_data_max_age_business_days = 0
suspense_blocks = false
[contact]
window = ["00:00", "24:00"]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
holidays = false
min_gap_days = 0
max_per_7_days = 0
[scenario.posted]
threshold = {}
catch_up_spacing = false
[[scenario.posted.step]]
level = 1
name = "mail"
days = 1
[[scenario.posted.step]]
level = 2
name = "letter"
days = 2
channel = "letter"
also = ["sms"]
approve = true
[[scenario.posted.step]]
level = 4
name = "lawyer"
days = 3
channel = "hand_over"
to = "lawyer"
approve = true
final = true
"""
POSTED_CUSTOMER = (
    "id,name,country,language,timezone,kind,email,scenario,address,postcode,city,phone\n"
    f"C-1003,{POSTED_NAME},DE,de,Europe/Berlin,business,{POSTED_EMAIL},posted,Torweg 4,20099,Hamburg,040 123456\n"
).encode()

LATER_INVOICE = (
    b"number,customer,issued,due,amount,currency,type,terms,order\n"
    b"RE-2026-0777,C-1002,2026-02-25,2026-05-29,77.70,EUR,invoice,,\n"
)


def statement(*entries: tuple[str, str, str], day: str = "2026-03-02") -> bytes:
    """Return a CAMT.053 statement; an entry is (bank's reference, amount, remittance text)."""
    body = "".join(
        f"""<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>
        <NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>{PAYER}</Nm></Pty></Dbtr>
        <DbtrAcct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></DbtrAcct></RltdPties>
        <RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"""
        for reference, amount, text in entries
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M-{day}</MsgId><CreDtTm>{day}T18:00:00+01:00</CreDtTm></GrpHdr>
<Stmt><Id>{day}</Id><Acct><Id><IBAN>{OWN_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>{day}</Dt></Dt></Bal>{body}</Stmt></BkToCstmrStmt></Document>""".encode()


def reply(to: str, text: str, sender: str = EMAIL) -> bytes:
    """Return a debtor's mail."""
    mail = EmailMessage()
    mail["From"] = f"{WRITER} <{sender}>"
    mail["To"] = to
    mail["Subject"] = "Re: Reminder: invoice RE-2026-0001"
    mail["Date"] = "Wed, 4 Mar 2026 11:11:58 +0100"
    mail["Message-ID"] = "<reply-1@debtor.example>"
    mail.set_content(f"{text}\n\n{WRITER}\n")
    return mail.as_bytes()


DISPUTE = f"We dispute invoice RE-2026-0001: {SENTENCE}, the goods are damaged. We will not pay before this is solved."
PROMISE = "We will pay invoice RE-2026-0001 on 10 March 2026."

POLICY = b'[creditor]\nname = "Muster"\n'
