"""The message: headers that cannot be injected, seven-bit lines, the same bytes every time."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest

from duly.mail.mime import MAX_RECIPIENTS, MailError, build, checked_address
from duly.mail.render import Rendered, render
from duly.mail.shown import shown_html
from tests.mail_views import golden_view

WHEN = datetime(2026, 3, 7, 9, 30, 5, tzinfo=UTC)
SHORT = Rendered("en", "Reminder", "Hello\n", "<p>Hello</p>\n")
OWN = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Auto-Response-Suppress", "X-Duly-Attempt",
    "Content-Language", "MIME-Version", "Content-Type",
]  # fmt: skip


def message(rendered: Rendered = SHORT, **changes: Any) -> bytes:
    given: dict[str, Any] = {
        "sender_name": "Muster GmbH",
        "sender_address": "ar@muster.example",
        "to": ["ap@fog.example"],
        "reply_to": "reply+abc@in.muster.example",
        "date": WHEN,
        "attempt": "a1b2c3",
    }
    return build(rendered, **(given | changes))


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def name_shown(raw: bytes) -> str:
    """The display name of From. Decoded from the raw header: Python's own address parser puts a space between two
    encoded words, which RFC 2047 (section 6.2) joins."""
    header = message_from_bytes(raw, policy=policy.compat32)["From"]
    name, _ = parseaddr(header)
    return str(make_header(decode_header(name)))


def test_headers_in_full() -> None:
    assert b'From: "Muster GmbH" <ar@muster.example>\r\n' in message()
    read = parsed(message(thread="t9"))
    assert read["To"] == "ap@fog.example"
    assert read["Reply-To"] == "reply+abc@in.muster.example"
    assert read["Date"].datetime == WHEN
    assert read["Message-ID"] == "<a1b2c3@muster.example>"
    assert read["References"] == "<thread-t9@muster.example>"
    assert read["X-Duly-Attempt"] == "a1b2c3"
    assert read["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert read["Content-Language"] == "en"
    assert "Auto-Submitted" not in read
    assert "List-Unsubscribe" not in read


def test_auto_submitted_is_said_when_asked_for() -> None:
    assert parsed(message(auto_submitted="auto-generated"))["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("language", ["en", "de"])
def test_both_parts_come_back_as_they_were(language: str) -> None:
    rendered = render(golden_view(language, "formal_notice"))
    read = parsed(message(rendered))
    assert read.get_content_type() == "multipart/alternative"
    plain, related = read.iter_parts()
    marked, picture = related.iter_parts()
    assert related.get_content_type() == "multipart/related"
    assert [part.get_content_type() for part in (plain, marked, picture)] == ["text/plain", "text/html", "image/png"]
    assert [part["Content-Transfer-Encoding"] for part in (plain, marked)] == ["quoted-printable"] * 2
    text, html = (part.get_content().replace("\r\n", "\n").rstrip("\n") for part in (plain, marked))
    assert (picture["Content-ID"], picture.get_content_disposition()) == ("<payment-code>", "inline")
    assert picture.get_content() == rendered.pictures[0].data
    assert "cid:payment-code" in html
    assert text == rendered.text.rstrip("\n")
    assert html == rendered.html.rstrip("\n")
    assert read["Subject"] == rendered.subject
    assert not read.defects


def test_a_page_that_shows_the_mail_has_its_pictures() -> None:
    sent = parsed(message(render(golden_view("en", "reminder"))))
    picture = next(part for part in sent.walk() if part.get_content_type() == "image/png")
    assert isinstance(picture, EmailMessage)
    html = shown_html(sent)
    assert "cid:" not in html
    assert f'src="data:image/png;base64,{b64encode(picture.get_content()).decode()}"' in html


def test_a_mail_of_text_alone_has_nothing_to_show_as_html() -> None:
    assert shown_html(parsed(b"Subject: hello\r\n\r\nhello\r\n")) == ""


@pytest.mark.parametrize(
    "text", ["a ", "a\t", ".", "..", "From me", "-- ", "=", "=_duly_a1b2c3", "--=_duly_a1b2c3--", "ü" * 500, "x" * 5000]
)
def test_any_line_survives(text: str) -> None:
    raw = message(Rendered("en", "s", f"first\n{text}\nlast\n", f"<p>{text}</p>\n"))
    first, second = parsed(raw).iter_parts()
    assert first.get_content().replace("\r\n", "\n").rstrip("\n") == f"first\n{text}\nlast"
    assert text in second.get_content()
    assert_plain_lines(raw)


def assert_plain_lines(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78


def test_the_message_is_seven_bit_with_short_crlf_lines() -> None:
    assert_plain_lines(message(render(golden_view("de", "formal_notice")), sender_name="Bäckerei Öz " * 9, thread="t"))


def test_the_same_input_gives_the_same_bytes() -> None:
    assert message() == message()
    assert message() != message(attempt="a1b2c4")


INJECTIONS = [
    "Fog\r\nBcc: all@victim.example",
    "Fog\nBcc: all@victim.example",
    "Fog\rBcc: all@victim.example",
    "Fog\r\n\r\n<p>body</p>",
    "Fog\u2028Bcc: x",
    "Fog\x0bBcc: x",
    "Fog\x00",
    '"Bank" <bank@bank.example>,',
    "bank@bank.example",
    "=?utf-8?q?Fog=0D=0ABcc=3A_all=40victim.example?=",
    'a"b\\c',
    "(comment) x",
    "Müller, Söhne & Co; <x>",
    "Fog \u202egnp\u202c",
    "山" * 200,
    "x" * 900,
    "",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_value_becomes_a_header(text: str) -> None:
    raw = message(Rendered("en", text, "Hello\n", "<p>Hello</p>\n"), sender_name=text, headers={"X-Invoice": text})
    read = parsed(raw)
    assert read.keys() == [*OWN[:8], "X-Invoice", *OWN[8:]]
    assert [address.addr_spec for address in read["From"].addresses] == ["ar@muster.example"]
    assert [address.addr_spec for address in read["To"].addresses] == ["ap@fog.example"]
    shown = name_shown(raw)
    assert shown == str(read["Subject"]) == str(read["X-Invoice"])
    assert not re.search(r"[\r\n\0\u202e\u2028]", shown)
    assert_plain_lines(raw)


@pytest.mark.parametrize("text", ["Muster GmbH", "Bäckerei Öz", 'The "Big" Fog', "a" * 70, "日本" * 30, "=?x?="])
def test_names_and_subjects_come_back(text: str) -> None:
    raw = message(Rendered("en", text, "t\n", "h\n"), sender_name=text)
    assert str(parsed(raw)["Subject"]) == text
    assert name_shown(raw) == text


BAD_ADDRESSES = [
    "", "a", "@fog.example", "a@", "a@b", "a b@fog.example", "a@fog.example\r\nBcc: x@y.example",
    "a@fog.example, b@fog.example", "Fog <a@fog.example>", "<a@fog.example>", '"a b"@fog.example', "a..b@fog.example",
    ".a@fog.example", "a@fog..example", "a@-fog.example", "ä@fog.example", "a@[127.0.0.1]", "a@fog.example.",
    "a@fog_x.example", "a" * 65 + "@fog.example", "a@" + "b" * 64 + ".example", "a@" + "b." * 130 + "example",
    "a@fog.example\0", "a;b@fog.example", "a@fog.example\n",
]  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_what_is_not_an_address_is_refused_without_being_repeated(address: str) -> None:
    for changes in ({"to": [address]}, {"reply_to": address}, {"sender_address": address}):
        with pytest.raises(MailError) as raised:
            message(**changes)
        assert str(raised.value) == raised.value.code == "address_malformed"


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("a@fog.example", "a@fog.example"),
        ("First.Last+tag@mail.fog.example", "First.Last+tag@mail.fog.example"),
        ("o'neil@fog.example", "o'neil@fog.example"),
        ("a@fög.example", "a@xn--fg-fka.example"),
        ("a" * 64 + "@fog.example", "a" * 64 + "@fog.example"),
    ],
)
def test_addresses(address: str, written: str) -> None:
    assert checked_address(address) == written
    assert [one.addr_spec for one in parsed(message(to=[address]))["To"].addresses] == [written]


def test_several_recipients() -> None:
    many = [f"accounts.payable.number.{number}@fog.example" for number in range(MAX_RECIPIENTS)]
    raw = message(to=many)
    assert [one.addr_spec for one in parsed(raw)["To"].addresses] == many
    assert_plain_lines(raw)


REFUSED = [
    ({"to": []}, "recipients_count"),
    ({"to": ["a@fog.example"] * (MAX_RECIPIENTS + 1)}, "recipients_count"),
    ({"attempt": ""}, "attempt_missing"),
    ({"attempt": "a b"}, "identifier_malformed"),
    ({"attempt": "a\r\nX: y"}, "identifier_malformed"),
    ({"thread": "a@b"}, "identifier_malformed"),
    ({"date": WHEN.replace(tzinfo=None)}, "date_without_zone"),
    ({"headers": {"Bcc": "x@y.example"}}, "header_not_allowed"),
    ({"headers": {"SUBJECT": "x"}}, "header_not_allowed"),
    ({"headers": {"X-A\r\nBcc": "x"}}, "header_not_allowed"),
    ({"headers": {"X A": "x"}}, "header_not_allowed"),
    ({"rendered": Rendered("en", "s", "x" * 6_000_000, "h")}, "message_too_large"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_what_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(MailError) as raised:
        message(**changes)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        (UTC, "Sat, 07 Mar 2026 09:30:05 +0000"),
        (timezone(timedelta(hours=5, minutes=45)), "Sat, 07 Mar 2026 15:15:05 +0545"),
        (timezone(-timedelta(hours=3, minutes=30)), "Sat, 07 Mar 2026 06:00:05 -0330"),
        (timezone(-timedelta(hours=10)), "Fri, 06 Mar 2026 23:30:05 -1000"),
    ],
)
def test_the_date_keeps_its_zone(zone: timezone, written: str) -> None:
    assert f"\r\nDate: {written}\r\n".encode() in message(date=WHEN.astimezone(zone))
