"""Nothing that arrives can stop the reader, and nothing but our own signature makes a token."""

from __future__ import annotations

import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from duly.domain.phrases import find_amounts, find_dates
from duly.domain.replies import classify
from duly.formats.mail import ParsedMail, read_mail
from duly.formats.mail_parts import MAX_PARTS, addresses_in
from duly.formats.mail_text import html_to_text, newest_part
from duly.mail.token import KeyRing, make_token, verify

RING = KeyRing.parse(json.dumps({"current": "1", "keys": {"1": "a-secret-for-tests-only-0001"}}))
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))

_LINES = st.sampled_from(
    [
        b"From: a@b.example",
        b"From: <",
        b"To: reply+x@in.example",
        b"Subject: =?utf-8?B?4pyT?= =?x?Q?=ZZ?=",
        b"Subject: Undelivered Mail Returned to Sender",
        b"Date: Tue, 99 Foo 2026 25:61:61 +9999",
        b"Content-Type: multipart/mixed; boundary=x",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        b"Content-Type: message/delivery-status",
        b"Content-Type: message/rfc822",
        b"Content-Type: text/html; charset=unicode_escape",
        b"Content-Type: text/plain; charset=\xff",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Final-Recipient: rfc822; a@b.example",
        b"Action: failed",
        b"Status: 5.1.1",
        b"--x",
        b"--x--",
        b"",
        b"> quoted",
        b"On Mon, Jan 1 <a@b.example> wrote:",
        b"We paid on 3 March",
        b"<div><!--<p><blockquote>",
        b"=ZZ=",
        b"\xff\xfe\x00",
    ]
)


def _is_sound(mail: ParsedMail) -> bool:
    json.dumps([mail.text, mail.subject, mail.from_address, mail.to, mail.message_id], ensure_ascii=False)
    return len(mail.body_hash) == 64 and len(mail.attachments) <= MAX_PARTS and "\n" not in mail.subject


@given(st.binary(max_size=3_000))
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert _is_sound(read_mail(data))


@given(st.lists(_LINES, max_size=40), st.sampled_from([b"\n", b"\r\n", b"\r"]))
@settings(max_examples=400)
def test_any_mixture_of_mail_lines_can_be_read(lines: list[bytes], end: bytes) -> None:
    data = end.join(lines)
    assert _is_sound(read_mail(data))
    assert read_mail(data) == read_mail(data)


@given(st.text(max_size=500), DAYS, st.sampled_from(["", "en", "de", "en-us", "xx"]))
def test_any_text_is_exactly_one_kind(text: str, today: date, language: str) -> None:
    result = classify(text, "", language, today, ["R-1", "1001", "", "ü-٣"])
    assert result.kind in ("reply", "auto_reply", "bounce", "other")
    assert result.needs_human or result.intents or result.kind != "reply"
    assert all(0 <= intent.start <= intent.end <= len(text) for intent in result.intents)
    assert all(intent.on is not None and intent.on >= today for intent in result.intents if intent.kind == "promise")
    assert all(intent.on is None or intent.on <= today for intent in result.intents if intent.kind == "paid")


VOCABULARY = (
    "we will pay paid on friday 3 march not the invoice R-1 damaged wir zahlen am freitag "
    "nicht bezahlt 31. 02 next week "
    "in 10 days EUR 1.190,00 99 if und but . ? , > end of month last tuesday 12/13/2026 vor 3 tagen"
)
_WORDS = st.lists(st.sampled_from([*VOCABULARY.split(), "\n"]), max_size=25)


@given(_WORDS, DAYS)
@settings(max_examples=300)
def test_words_in_any_order_keep_the_rules(parts: list[str], today: date) -> None:
    text = " ".join(parts)
    result = classify(text, "", "en", today, ["R-1"])
    assert all(intent.on is not None and intent.on >= today for intent in result.intents if intent.kind == "promise")
    for mention in find_dates(text, today):
        assert 0 <= mention.start < mention.end <= len(text)
    assert all(isinstance(mention.amount_minor, int) for mention in find_amounts(text, "EUR"))


@given(st.text(max_size=2_000))
def test_html_and_trimming_take_any_text(text: str) -> None:
    assert len(newest_part(text)) <= len(text)
    assert "<script" not in html_to_text(f"<script>{text.replace('<', '')}</script>")
    assert all("@" in address for address in addresses_in(text))


@given(st.binary(min_size=16, max_size=16), st.integers(0, 52), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_changed_token_never_verifies(intent_id: bytes, place: int, letter: str) -> None:
    token = make_token(RING, "s", intent_id)
    assert verify(RING, "s", token) == intent_id
    changed = token[:place] + letter + token[place + 1 :]
    assert (verify(RING, "s", changed) is None) == (changed != token)


@given(st.text(max_size=80))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert verify(RING, "s", text) is None
