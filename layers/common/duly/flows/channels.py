"""Claims that are carried out otherwise than by e-mail: letters are written, text messages sent, items handed over.

Each acts at most once. What is written is a document in the bucket, whose being there says that the claim was carried
out; a person's task follows (``flows.notices``), for posting it and keeping the proof.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from duly.domain.channels import REGISTERED_LETTER, SMS
from duly.domain.policy import Policy
from duly.flows.attaching import letter_view
from duly.flows.edge import Edge
from duly.flows.notices import Claimed, RemainingSeconds, document_key, too_late, undrawn_document, view_of
from duly.flows.own_templates import in_own_words
from duly.mail.letter import render_letter
from duly.mail.notice import NoticeError
from duly.mail.postal import can_be_posted
from duly.mail.sending import LONGEST_SEND_SECONDS, Accepted, Outcome, Refused
from duly.mail.sms import render_sms
from duly.mail.typeset import PdfTooLarge

LONGEST_WRITE_SECONDS = 5  # for S3 alone, once the letter is typeset: a lost connection and a second one


def write_letter(edge: Edge, claimed: Claimed, policy: Policy, now: datetime, remaining: RemainingSeconds) -> Outcome:
    """Write the letter of a claim as PDF into the bucket once; return what became of it."""
    claim, account = claimed.event, claimed.account
    try:
        notice = in_own_words(edge, view_of(account, claim, policy, policy.creditor.email))
        view = letter_view(account, notice, policy, claim.channel == REGISTERED_LETTER)
        if not can_be_posted(view.address):
            return Refused("address_incomplete", retryable=False)
        data = render_letter(view) if edge.draws else undrawn_document(notice)
    except NoticeError as error:
        return Refused(error.code, retryable=False)
    except PdfTooLarge:
        return Refused("letter_too_large", retryable=False)
    late = too_late(edge, claimed, remaining, LONGEST_WRITE_SECONDS)
    if late is not None:
        return late
    edge.objects.put(document_key(account.id, claim.notice, claim.channel), data, "application/pdf")
    return Accepted("", now)


def send_sms(edge: Edge, claimed: Claimed, policy: Policy, now: datetime, remaining: RemainingSeconds) -> Outcome:
    """Send the text message of a claim once, to the first of its contacts; return what became of it."""
    claim, account = claimed.event, claimed.account
    phones = {contact["id"]: contact.get("phone", "") for contact in account.personal.get("contacts", [])}
    number = next((phones[contact] for contact in claim.contacts if phones.get(contact)), "")
    if not number:
        return Refused("no_number", retryable=False)
    try:
        view = view_of(account, claim, policy, policy.creditor.email)
        text = render_sms(in_own_words(edge, view, SMS))
    except NoticeError as error:
        return Refused(error.code, retryable=False)
    edge.objects.put(text_key(account.id, claim.notice), text.encode(), "text/plain; charset=utf-8")
    late = too_late(edge, claimed, remaining, LONGEST_SEND_SECONDS)
    if late is not None:
        return late
    return edge.texter.send(text, to=number, attempt=claim.notice, now=now)


def text_key(account: str, notice: str) -> str:
    """Return where the words of a text message are kept."""
    return f"mail/{quote(account, safe='')}/{notice}.txt"
