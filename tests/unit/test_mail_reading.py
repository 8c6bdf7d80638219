"""Raw mail of all kinds: what is read, what is cut away, what is recognised, and what cannot hurt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from duly.formats.mail import MAX_MAIL_BYTES, ParsedMail, read_mail
from duly.formats.mail_parts import MAX_DEPTH, MAX_PARTS, addresses_in, decoded_header
from duly.formats.mail_text import guess_language, html_to_text, newest_part, without_sign_off

DATA = Path(__file__).parents[1] / "data" / "mail"
TOKEN_ADDRESS = f"reply+{'a' * 53}@in.creditor.example"


def sample(name: str) -> ParsedMail:
    return read_mail((DATA / name).read_bytes())


def made(headers: str = "", body: str = "Hello there.") -> ParsedMail:
    return read_mail(f"From: ap@fog.example\nTo: x@in.example\n{headers}\n\n{body}".encode())


def test_a_german_reply_from_outlook() -> None:
    mail = sample("reply_outlook_de.eml")
    assert mail.from_address == "kreditoren@fog.example"
    assert mail.from_count == 1
    assert mail.to == (TOKEN_ADDRESS, "chefin@fog.example")
    assert mail.subject == "AW: Zahlungserinnerung über R-1"
    assert mail.date is not None and mail.date.utcoffset() == timedelta(hours=1)
    assert (mail.message_id, mail.in_reply_to) == ("<m1@fog.example>", ("<n1@creditor.example>",))
    assert mail.text == "Guten Tag,\n\ndie Ware zu R-1 war beschädigt."
    assert "Bitte zahlen Sie bis Freitag." in mail.full_text
    assert mail.language == "de"
    assert not mail.is_auto_reply and not mail.is_loop and mail.delivery_report is None
    assert mail.problems == ()


def test_a_mail_of_html_alone_becomes_its_visible_text() -> None:
    mail = sample("reply_html_only.eml")
    assert mail.text == "We will pay on Friday."
    assert "alert" not in mail.full_text and "hidden" not in mail.full_text and "color" not in mail.full_text
    assert "html_only" in mail.problems


def test_a_standard_bounce_names_address_cause_and_notice() -> None:
    mail = sample("dsn_postfix.eml")
    report = mail.delivery_report
    assert report is not None and report.form == "dsn" and report.permanent and report.failed
    (recipient,) = report.recipients
    assert (recipient.recipient, recipient.action, recipient.status) == ("gone@fog.example", "failed", "5.1.1")
    assert recipient.reason == "user_unknown"
    assert mail.original_message_id == "<n7@creditor.example>"
    assert mail.original_token_address == TOKEN_ADDRESS
    assert not mail.is_auto_reply
    assert not mail.is_loop, "the X-Duly header is the returned notice's, not the bounce's"


def test_a_full_mailbox_is_no_dead_address() -> None:
    report = sample("dsn_mailbox_full.eml").delivery_report
    assert report is not None and report.failed and not report.permanent
    assert report.recipients[0].reason == "mailbox_full"


def test_a_delay_is_no_failure() -> None:
    report = sample("dsn_delayed.eml").delivery_report
    assert report is not None and not report.failed and not report.permanent
    assert report.recipients[0].action == "delayed"


def test_a_bounce_in_prose() -> None:
    mail = sample("bounce_prose.eml")
    report = mail.delivery_report
    assert report is not None and report.form == "text"
    assert [(item.recipient, item.permanent) for item in report.recipients] == [
        ("gone@fog.example", True),
        ("full@fog.example", False),
    ]
    assert (mail.original_message_id, mail.original_token_address) == ("<n8@creditor.example>", TOKEN_ADDRESS)


def test_a_complaint() -> None:
    mail = sample("complaint_arf.eml")
    assert mail.delivery_report is not None and mail.delivery_report.complaint
    assert mail.delivery_report.recipients[0].recipient == "angry@fog.example"
    assert mail.original_message_id == "<n9@creditor.example>"


def test_two_authors_are_none() -> None:
    mail = sample("two_from.eml")
    assert (mail.from_count, mail.from_address) == (2, "")
    assert "two_from_headers" in mail.problems
    assert mail.subject == "hello world"


def test_winmail_and_unknown_charset_are_borne() -> None:
    mail = sample("winmail.eml")
    assert mail.text == "We paid ä yesterday."
    assert {"winmail_dat", "unknown_charset"} <= set(mail.problems)
    assert [(item.content_type, item.size_bytes) for item in mail.attachments] == [("application/ms-tnef", 4)]


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "X-Autoreply: yes",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Return-Path: <>",
        "Subject: Automatic reply: Reminder",
        "Subject: Out of office",
        "Subject: Abwesenheitsnotiz",
        "Subject: Réponse automatique : Relance",
        "Subject: Respuesta automática: aviso",
        "Subject: Risposta automatica: sollecito",
        "Subject: Automatisch antwoord: herinnering",
        "Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSN?=: x",
        "Subject: We have received your request",
        "Subject: Ihre Anfrage ist eingegangen",
        "Subject: [Ticket#2026031] Reminder\nPrecedence: bulk",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ],
)
def test_machines_are_recognised(headers: str) -> None:
    assert made(headers).is_auto_reply


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: Re: Reminder",
        "Auto-Submitted: no",
        "X-Autoreply: no",
        "Subject: Re: [Ticket#2026031] Reminder\nPrecedence: bulk",
        "Subject: Automotive parts",
        "X-Auto-Response-Suppress: All\nSubject: Re: Reminder",
        "Subject: Re: Urlaub",
    ],
)
def test_people_are_not_taken_for_machines(headers: str) -> None:
    assert not made(headers).is_auto_reply
    assert made(headers).delivery_report is None


def test_a_person_quoting_a_bounce_is_no_bounce() -> None:
    headers = "Subject: Re: Undelivered Mail\nIn-Reply-To: <a@b.example>"
    mail = made(headers, "User unknown? We never got gone@fog.example.")
    assert mail.delivery_report is None


def test_our_own_notice_is_a_loop() -> None:
    assert made("X-Duly-Attempt: 1").is_loop


NEWEST = [
    ("We paid.\n\nOn Mon, 9 Mar 2026 at 08:00, Muster <a@b.example> wrote:\n> Please pay.", "We paid."),
    ("We paid.\n\nAm 09.03.2026 um 08:00 schrieb Muster <a@b.example>:\n> Bitte zahlen.", "We paid."),
    ("We paid.\n\nAm Mo., 9. März 2026 um 08:00 Uhr schrieb Muster GmbH <\na@b.example>:\n\nBitte", "We paid."),
    ("Zahlen wir\nAm Freitag.\nAm 3. März 2026 um 10:00 schrieb A <a@b.example>:\n> x", "Zahlen wir\nAm Freitag."),
    ("Payé.\n\nLe lun. 9 mars 2026 à 08:00, Muster <a@b.example> a écrit :\n> x", "Payé."),
    ("Pagado.\n\nEl lun, 9 mar 2026 a las 8:00, Muster (<a@b.example>) escribió:\n> x", "Pagado."),
    ("Pagato.\n\nIl giorno lun 9 mar 2026 alle ore 08:00 Muster <a@b.example> ha scritto:\n> x", "Pagato."),
    ("Betaald.\n\nOp ma 9 mrt 2026 om 08:00 schreef Muster <a@b.example>:\n> x", "Betaald."),
    ("Paid.\n\n-----Original Message-----\nFrom: x\nold", "Paid."),
    ("Bezahlt.\n\n-----Ursprüngliche Nachricht-----\nVon: x\nalt", "Bezahlt."),
    ("Paid.\n\nFrom: Muster <a@b.example>\nSent: Monday\nTo: Fog\nSubject: Reminder\n\nold", "Paid."),
    ("Paid.\n________________________________\nVon: Muster\nGesendet: Montag\nBetreff: x\n\nalt", "Paid."),
    ("> Did you pay?\nYes, we paid.\n> When?\nOn Friday.", "Yes, we paid.\nOn Friday."),
    ("Paid.\n-- \nPaula\nUnpaid Invoices Ltd", "Paid."),
    ("Paid.\nSent from my iPhone", "Paid."),
    ("Bezahlt.\nVon meinem iPhone gesendet", "Bezahlt."),
    ("On Friday we wrote:\nnothing at all", "On Friday we wrote:\nnothing at all"),
    ("From: the heart\nwe paid.", "From: the heart\nwe paid."),
    ("", ""),
]


@pytest.mark.parametrize(("text", "newest"), NEWEST)
def test_history_and_signature_are_cut_away(text: str, newest: str) -> None:
    assert newest_part(text) == newest


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("We will pay.\n\nKind regards,\nPaula\nPaid Fast Ltd", "We will pay."),
        ("Wir zahlen.\nMit freundlichen Grüßen\nPaula", "Wir zahlen."),
        ("With regards to R-1 we paid.", "With regards to R-1 we paid."),
        ("Thanks,\nPaula", "Thanks,\nPaula"),
        ("Thank you", "Thank you"),
    ],
)
def test_the_sign_off_ends_the_text(text: str, kept: str) -> None:
    assert without_sign_off(text) == kept


def test_the_same_body_has_the_same_hash_however_it_is_wrapped() -> None:
    one = made("Content-Type: text/plain", "We paid\r\nyesterday.\r\n")
    two = made("Content-Type: text/plain\nContent-Transfer-Encoding: base64", "V2UgcGFpZCB5ZXN0ZXJkYXku")
    assert one.body_hash == two.body_hash
    assert one.body_hash != made("", "We paid today.").body_hash


def test_an_attachment_counts_in_the_hash() -> None:
    def with_attachment(content: str) -> ParsedMail:
        part = f"--b\n\nhi\n--b\nContent-Type: application/pdf\n\n{content}\n--b--\n"
        return made("Content-Type: multipart/mixed; boundary=b", part)

    assert with_attachment("one").body_hash != with_attachment("two").body_hash
    assert with_attachment("one").attachments[0].content_type == "application/pdf"


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("a@b.example", ("a@b.example",)),
        ('"x@evil.example" <A@B.example>', ("a@b.example",)),
        ('"a, b" <a@b.example>, c@d.example', ("a@b.example", "c@d.example")),
        ("Friends: a@b.example, c@d.example;", ("a@b.example", "c@d.example")),
        ("a@b.example (paid@evil.example)", ("a@b.example",)),
        ("=?utf-8?q?x=40evil=2Eexample?= <a@b.example>", ("a@b.example",)),
        ("<>", ()),
        ("no address", ()),
        ('"unclosed <a@b.example>', ()),
    ],
)
def test_addresses(value: str, addresses: tuple[str, ...]) -> None:
    assert addresses_in(value) == addresses


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?b?w6TDtg==?=", "äö"),
        ("=?iso-8859-1?q?=E4?= =?iso-8859-1?q?=F6?=", "äö"),
        ("=?x-unknown?q?abc?=", "abc"),
        ("=?utf-8?q?a=0D=0ABcc:_x@y.example?=", "a Bcc: x@y.example"),
        ("plain", "plain"),
    ],
)
def test_header_words(value: str, text: str) -> None:
    assert decoded_header(value) == text


def test_languages_are_guessed() -> None:
    assert guess_language("We will pay the invoice on Friday") == "en"
    assert guess_language("Wir haben die Rechnung nicht erhalten") == "de"
    assert guess_language("Nous avons payé la facture") == "fr"
    assert guess_language("Hemos pagado la factura y el resto") == "es"
    assert guess_language("Abbiamo pagato la fattura con il bonifico") == "it"
    assert guess_language("Wij hebben de factuur niet ontvangen") == "nl"
    assert guess_language("Pagamos en esta fecha: 4 de febrero de 2026") == "es"
    assert guess_language("Pagámos a fatura no dia 4 de fevereiro, segue em anexo o comprovativo") == "pt"
    assert guess_language("Não recebemos a encomenda") == "pt"
    assert guess_language("Zapłaciliśmy tę fakturę w dniu 4 lutego") == "pl"
    assert guess_language("Nie otrzymaliśmy jeszcze towaru") == "pl"
    assert guess_language("Xyzzy") == ""


def test_html_is_read_without_its_traps() -> None:
    assert html_to_text("a<br>b<p>c</p>") == "a\nb\n\nc"
    assert newest_part(html_to_text("<blockquote><p>old</p></blockquote><p>new</p>")).strip() == "new"
    assert html_to_text("1 < 2 &amp; 3 &gt; 2") == "1 < 2 & 3 > 2"
    assert html_to_text("<scr<script>ipt>x</script>y").endswith("y")
    assert html_to_text("<!-- never closed") == ""


def test_a_date_without_zone_is_utc_and_a_wrong_one_a_problem() -> None:
    assert made("Date: Tue, 10 Mar 2026 09:00:00 -0000").date == datetime(2026, 3, 10, 9, tzinfo=UTC)
    broken = made("Date: sometime")
    assert broken.date is None and "bad_date" in broken.problems


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "unparseable"),
        (b"no headers at all\n\ntext", "unparseable"),
        (b"Subject: x\n\nhi", "no_from"),
        (b"From: a@b.example\n\nhi", "no_message_id"),
        (b"From: a@b.example, c@d.example\n\nhi", "several_from_addresses"),
        (b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nhi", "boundary_not_found"),
        (b"From: a@b.example\nContent-Type: multipart/mixed\n\nhi", "no_boundary"),
        (b"From: a@b.example\nX: " + b"y" * 600_000 + b"\n\nhi", "header_too_long"),
        (b"From: a@b.example\n" + b"X: y\n" * 2_000 + b"\nhi", "too_many_headers"),
        (b"From: a@b.example\nbroken header line\n\nhi", "broken_header"),
        (b"From: a@b.example\n\n" + b"x" * MAX_MAIL_BYTES, "too_big"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, problem: str) -> None:
    assert problem in read_mail(data).problems


def test_depth_and_number_of_parts_are_bounded() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(MAX_DEPTH * 10))
    assert "too_deep" in read_mail(b"From: a@b.example\n" + deep + b"\nhello").problems
    many = b"--x\nContent-Type: application/pdf\n\nhi\n" * (MAX_PARTS * 5)
    mail = read_mail(b"Content-Type: multipart/mixed; boundary=x\n\n" + many + b"--x--\n")
    assert "too_many_parts" in mail.problems and len(mail.attachments) <= MAX_PARTS


def test_text_of_a_mail_with_a_missing_boundary_is_kept() -> None:
    mail = read_mail(b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\nWe dispute this.")
    assert mail.text == "We dispute this."
