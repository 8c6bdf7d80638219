"""A step that attaches the statement: the open items at exactly the claim, as PDF, kept with the mail."""

from __future__ import annotations

import email
import io
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from pypdf import PdfReader

from duly.domain.account import Account
from duly.flows import attaching
from duly.flows.notices import message_of
from duly.flows.twin import TwinStack
from duly.mail import mime
from duly.mail.mime import Attachment, MailError
from duly.mail.render import Rendered
from duly.mail.typeset import PdfTooLarge
from tests.core_samples import NOON, account, claim, invoice, payment, plain_policy, step

WITH = plain_policy(step(1, "first", 3, 'attach = ["statement"]') + step(2, "second", 14))
RENDERED = Rendered("de", "Betreff", "Text\n", "<p>Text</p>\n")


def sample() -> Account:
    return account(invoice("RE-1001", 12_345), invoice("RE-1002", 50_000), payment("T1", 700))


def mail_of(found: Account, step_name: str = "first") -> EmailMessage:
    event = claim(found, "RE-1001", step_name=step_name, notice="a1" * 16)
    raw, _ = message_of(TwinStack().edge, found, event, WITH)
    assert raw == message_of(TwinStack().edge, found, event, WITH)[0]
    message = email.message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_the_list_of_open_items_goes_along_and_the_mail_says_so() -> None:
    message = mail_of(sample())
    (attached,) = message.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "offene-posten-2026-03-02.pdf")
    text = PdfReader(io.BytesIO(attached.get_content())).pages[0].extract_text()
    for shown in ("Offene Posten", "RE-1001", "RE-1002", "123,45", "-7,00", "616,45"):
        assert shown in text
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None and "als PDF beigefügt" in " ".join(body.get_content().split())


def test_a_step_without_it_is_as_before() -> None:
    message = mail_of(sample(), "second")
    assert message.get_content_type() == "multipart/alternative"
    body = message.get_body(("plain",))
    assert body is not None and "PDF" not in body.get_content()


def test_a_list_too_large_for_a_mail_is_left_out_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mime, "MAX_ATTACHED_BYTES", 10)
    assert mail_of(sample()).get_content_type() == "multipart/alternative"

    def refuse(*_: object) -> bytes:
        raise PdfTooLarge("too large")

    monkeypatch.undo()
    monkeypatch.setattr(attaching, "open_items_pdf", refuse)
    assert mail_of(sample()).get_content_type() == "multipart/alternative"


def built(*attachments: Attachment) -> bytes:
    return mime.build(
        RENDERED,
        sender_name="Creditor",
        sender_address="billing@creditor.example",
        to=["a@debtor.example"],
        reply_to="reply@creditor.example",
        date=NOON,
        attempt="a1" * 12,
        attachments=attachments,
    )


def test_attached_bytes_come_out_as_they_went_in_on_lines_that_mail_carries() -> None:
    data = bytes(range(256)) * 40
    raw = built(Attachment("a.pdf", "application/pdf", data), Attachment("b.bin", "application/octet-stream", b""))
    message = email.message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert [part.get_content() for part in message.iter_attachments()] == [data, b""]
    assert all(len(line) <= 998 and line.isascii() and b"\n" not in line for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("name", ["", "a b.pdf", 'a".pdf', "ä.pdf", "../a.pdf", "a\r\nX: y"])
def test_a_name_that_could_be_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(MailError, match="attachment_name"):
        built(Attachment(name, "application/pdf", b"x"))


def test_attachments_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mime, "MAX_ATTACHED_BYTES", 3)
    with pytest.raises(MailError, match="attachments_too_large"):
        built(Attachment("a.pdf", "application/pdf", b"xxxx"))
