"""The page of the local stack: what it shows, what its forms do, and whom it refuses."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local.desk import Desk, DeskError, file_name
from local.emulator import LocalStackError
from local.page import PageServer
from local.ses_shim import SentText
from tests.page_stack import REPLY_ADDRESS, START, PageStack

HTML = "<p>Dear customer</p><script>alert(1)</script>"


@pytest.fixture
def stack(tmp_path: Path) -> PageStack:
    stack = PageStack(tmp_path)
    stack.send("office@first.example", "Payment reminder: invoice 26-0001", "Please pay.\n\nRegards", HTML)
    stack.send("billing@second.example", "Second <b>reminder</b>", "Please pay now.")
    return stack


@pytest.fixture
def server(stack: PageStack) -> Iterator[PageServer]:
    with PageServer(Desk(stack, START)) as server:
        yield server


def ask(
    server: PageServer, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.host.partition(":")[2]), timeout=30)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def post(server: PageServer, path: str, **fields: str) -> tuple[int, dict[str, str], str]:
    body = urlencode({"token": server.token, **fields}).encode()
    return ask(server, "POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})


def multipart(
    server: PageServer, prefix: str, files: dict[str, bytes], token: str = ""
) -> tuple[bytes, dict[str, str]]:
    mark = "----mark"
    parts = [f'Content-Disposition: form-data; name="token"\r\n\r\n{token or server.token}'.encode()]
    parts.append(f'Content-Disposition: form-data; name="prefix"\r\n\r\n{prefix}'.encode())
    for name, data in files.items():
        head = (
            f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/xml\r\n\r\n'
        )
        parts.append(head.encode() + data)
    body = b"".join(b"--" + mark.encode() + b"\r\n" + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={mark}"}


def test_the_mailbox_shows_the_newest_first_with_a_reply_box(server: PageServer) -> None:
    assert ask(server, "GET", "/")[1]["Location"] == "/mailbox"
    status, headers, html = ask(server, "GET", "/mailbox")
    assert status == 200
    assert html.index("billing@second.example") < html.index("office@first.example")
    assert "Second &lt;b&gt;reminder&lt;/b&gt;" in html
    assert '<iframe sandbox="" src="/mail/2"' in html and "Answer as billing@second.example" in html
    assert "script-src 'nonce-" in headers["Content-Security-Policy"]
    assert "office@first.example" in ask(server, "GET", "/mailbox?mail=1")[2].partition("Answer as")[2][:30]


def test_a_mail_is_shown_in_a_sandbox(server: PageServer) -> None:
    status, headers, html = ask(server, "GET", "/mail/1")
    assert (status, html.strip()) == (200, HTML)
    assert headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert "Please pay now." in ask(server, "GET", "/mail/2")[2]


def test_an_answer_comes_in_as_the_recipients_mail(server: PageServer, stack: PageStack) -> None:
    status, headers, _ = post(server, "/reply", mail="1", text="The goods never arrived.\nAda")
    assert (status, headers["Location"]) == (303, "/mailbox?mail=1&sent=1")
    raw, at = stack.inbound[0]
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert (message["From"], message["To"]) == ("office@first.example", REPLY_ADDRESS)
    assert message["Subject"] == "Re: Payment reminder: invoice 26-0001"
    assert message["In-Reply-To"] == message["References"] == "<1@creditor.example>"
    text = message.get_content().replace("\r\n", "\n")
    assert text.startswith("The goods never arrived.\nAda\n\nOn ") and "\n> Please pay.\n>\n> Regards\n" in text
    assert at == message["Date"].datetime == START + timedelta(minutes=1)
    assert stack.calls[-1] == ("wait", None)


def test_an_empty_answer_is_refused(server: PageServer, stack: PageStack) -> None:
    status, _, html = post(server, "/reply", mail="1", text="  ")
    assert status == 400 and "An answer needs a text." in html and not stack.inbound
    assert post(server, "/reply", mail="9", text="Hello")[0] == 400
    assert post(server, "/reply", mail="1.5", text="Hello")[0] == 400


def test_the_next_day_ticks_and_reports_in_the_morning(server: PageServer, stack: PageStack) -> None:
    status, headers, _ = post(server, "/next-day", back="/report")
    assert (status, headers["Location"]) == (303, "/report")
    morning = datetime(2026, 4, 7, 10, tzinfo=UTC)
    assert stack.calls == [("tick", morning), ("wait", None), ("reports", morning), ("wait", None)]
    assert "Tue 7 Apr 2026, 10:00" in ask(server, "GET", "/mailbox")[2]
    assert post(server, "/next-day", back="//elsewhere.example")[1]["Location"] == "/mailbox?new=0"
    assert "No new mails on this day." in ask(server, "GET", "/mailbox?new=0")[2]
    assert "on this day" not in ask(server, "GET", "/mailbox?new=<b>")[2]


def test_files_go_under_their_prefix_and_show_their_receipts(server: PageServer, stack: PageStack) -> None:
    body, headers = multipart(server, "invoices", {"Wöche 14.csv": b"number;customer\r\n\x00\xff", "two.xml": b"<x/>"})
    status, answer, _ = ask(server, "POST", "/drop", body, headers)
    assert (status, answer["Location"]) == (303, "/files")
    assert stack.files["invoices/Wöche 14.csv"] == b"number;customer\r\n\x00\xff"
    assert stack.files["invoices/two.xml"] == b"<x/>"
    page = ask(server, "GET", "/files")[2]
    assert page.index("invoices/two.xml") < page.index("invoices/Wöche 14.csv") and "date format 1" in page
    rejects = ask(server, "GET", "/rejects?key=receipts/invoices/two.xml/v1/rejects.csv")
    assert rejects[0] == 200 and "expected a day" in rejects[2]
    assert ask(server, "GET", "/rejects?key=invoices/two.xml")[0] == 400


@pytest.mark.parametrize("prefix", ["inbound", "receipts", "", "../invoices"])
def test_files_go_nowhere_else(server: PageServer, stack: PageStack, prefix: str) -> None:
    body, headers = multipart(server, prefix, {"a.csv": b"x"})
    assert ask(server, "POST", "/drop", body, headers)[0] == 400
    assert not stack.files


def test_a_mail_is_no_file(server: PageServer, stack: PageStack) -> None:
    body, headers = multipart(server, "invoices", {"a.eml": b"Subject: x\r\n\r\ntext"})
    body = body.replace(b"application/xml", b"message/rfc822")
    assert ask(server, "POST", "/drop", body, headers)[0] == 415
    assert not stack.files


def test_no_file_no_upload(server: PageServer) -> None:
    body, headers = multipart(server, "invoices", {"": b""})
    assert ask(server, "POST", "/drop", body, headers)[0] == 400


def test_file_names_lose_their_folders() -> None:
    assert file_name("C:\\exports\\a+b ü.csv") == "a+b ü.csv"
    assert file_name("../../policy/x.toml") == "x.toml"
    for name in ("", "..", "a/", "a\x00b", "x" * 201):
        with pytest.raises(DeskError):
            file_name(name)


def test_forms_need_this_runs_token(server: PageServer, stack: PageStack) -> None:
    assert post(server, "/next-day", token="another")[0] == 403
    body, headers = multipart(server, "invoices", {"a.csv": b"x"}, token="another")
    assert ask(server, "POST", "/drop", body, headers)[0] == 403
    assert ask(server, "POST", "/next-day", b"token=", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 403
    assert not stack.calls


@pytest.mark.parametrize(
    "headers", [{"Host": "elsewhere.example"}, {"Host": "127.0.0.1:1"}, {"Origin": "http://elsewhere.example"}]
)
def test_other_hosts_and_origins_are_refused(server: PageServer, stack: PageStack, headers: dict[str, str]) -> None:
    assert ask(server, "GET", "/mailbox", headers=headers)[0] == 403
    body = urlencode({"token": server.token}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    assert ask(server, "POST", "/next-day", body, form)[0] == 403
    assert not stack.calls


def test_what_is_no_form_is_refused(server: PageServer) -> None:
    assert ask(server, "POST", "/next-day", b"{}", {"Content-Type": "application/json"})[0] == 415
    assert ask(server, "POST", "/next-day", headers={"Content-Length": str(10**9)})[0] == 413
    assert ask(server, "GET", "/etc/passwd")[0] == 404
    assert post(server, "/nothing")[0] == 404


def test_an_error_of_the_stack_is_shown(server: PageServer, stack: PageStack) -> None:
    stack.failing = LocalStackError("dead letters: Account <1>")
    status, _, html = post(server, "/next-day")
    assert status == 500 and "dead letters: Account &lt;1&gt;" in html


def test_the_report_is_the_functions_page(server: PageServer, stack: PageStack) -> None:
    assert '<iframe sandbox="" src="/report/page"' in ask(server, "GET", "/report")[2]
    status, headers, html = ask(server, "GET", "/report/page")
    assert status == 200 and "Receivables of Muster Maschinen GmbH" in html
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert stack.calls == [("invoke", ("ReportsFunction", "page"))]


def test_a_new_stack_says_what_to_do(tmp_path: Path) -> None:
    with PageServer(Desk(PageStack(tmp_path), START)) as server:
        assert "No mails yet" in ask(server, "GET", "/mailbox")[2]
        assert "No receipts yet" in ask(server, "GET", "/files")[2]


def test_money_that_waits_is_confirmed_refused_or_booked(server: PageServer, stack: PageStack) -> None:
    money = {"amount": "88.00", "currency": "EUR", "payer": "A <b>payer</b>", "text": "R<1", "booked": "2026-04-01"}
    places = [
        {"where": where, "words": ["The text names the invoice."], "confidence_percent": "90.0"}
        for where in ("First GmbH: RE-1", "Second AG: RE-1")
    ]
    candidates = [{"account": "C-3", "name": "Third & Co"}]
    stack.waiting = {
        "proposals": [{**money, "transaction": "T1", "placements": places}],
        "suspense": [{**money, "transaction": "T2", "words": "no reference", "candidates": candidates}],
        "announced": [
            {**money, "transaction": key, "words": "announced", "bank": "…2051", "unconfirmed": late, "candidates": []}
            for key, late in (("T3", True), ("T4", False))
        ],
    }
    _, _, html = ask(server, "GET", "/cash")
    assert "Second AG: RE-1" in html and "A &lt;b&gt;payer" in html and "Third &amp; Co" in html
    assert html.count(">Confirm<") == 2 and html.count(">Refuse<") == 1
    assert html.count("R&lt;1") == 4 and html.count(">It never came<") == 1
    for action, transaction, detail in (
        ("confirm_match", "T1", "1"),
        ("refuse_match", "T1", ""),
        ("assign", "T2", "C-3"),
    ):
        status, headers, _ = post(server, "/cash", transaction=transaction, action=action, detail=detail)
        assert (status, headers["Location"]) == (303, "/cash")
    assert [function for function, _ in stack.decisions] == ["ReconcileFunction"] * 3
    sent = [
        {name: event.get(name) for name in ("action", "transaction", "choice", "account")}
        for _, event in stack.decisions
    ]
    assert sent == [
        {"action": "confirm_match", "transaction": "T1", "choice": 1, "account": None},
        {"action": "refuse_match", "transaction": "T1", "choice": None, "account": None},
        {"action": "assign", "transaction": "T2", "choice": None, "account": "C-3"},
    ]


def test_a_decision_about_money_that_is_refused_says_why(server: PageServer, stack: PageStack) -> None:
    stack.answer = {"ok": False, "code": "not_possible", "error": "nothing is proposed"}
    status, _, html = post(server, "/cash", transaction="T1", action="confirm_match", detail="0")
    assert status == 400 and "nothing is proposed" in html
    status, _, _ = post(server, "/cash", transaction="T1", action="write_off", detail="")
    assert status == 400 and len(stack.decisions) == 1


def test_persons_decide_about_the_chase(server: PageServer, stack: PageStack) -> None:
    _, _, html = ask(server, "GET", "/chase")
    for heading in (
        "Notices to approve",
        "Calls to make",
        "Payment plans",
        "In approval at the customer",
        "Handed over",
    ):
        assert f"<h1>{heading}</h1>" in html
    assert html.count(">Approve<") == html.count(">Discard<") == 2 and "attempt 2" in html
    assert html.count("<summary>Script</summary>") == 1 and "Say &lt;this&gt;." in html
    for facts in (
        {"action": "approve", "key": "a1"},
        {"action": "call_result", "key": "call-n1", "code": "promise", "date": "2026-04-20", "reason": ""},
        {"action": "handover_outcome", "key": "n22-4", "outcome": "returned"},
        {"action": "release", "key": "h1", "text": "is not passed on"},
    ):
        status, headers, _ = post(server, "/chase", account="C1013", **facts)
        assert (status, headers["Location"]) == (303, "/chase")
    assert {function for function, _ in stack.decisions} == {"DisputesFunction"}
    sent = [
        {name: value for name, value in event.items() if name not in ("type", "time")} for _, event in stack.decisions
    ]
    own = {"account": "C1013", "by": "page"}
    assert sent == [
        {"action": "approve", "approval": "a1", **own},
        {"action": "call_result", "task": "call-n1", "code": "promise", "date": "2026-04-20", **own},
        {"action": "handover_outcome", "handover": "n22-4", "outcome": "returned", **own},
        {"action": "release", "hold": "h1", **own},
    ]
    status, _, _ = post(server, "/chase", account="C1013", action="write_off", key="x")
    assert status == 400 and len(stack.decisions) == 4
    stack.answer = {"ok": False, "code": "not_possible", "error": "this notice is approved already"}
    status, _, html = post(server, "/chase", account="C1013", action="discard", key="a1")
    assert status == 400 and "approved already" in html


def test_letters_hand_overs_and_text_messages_are_shown(stack: PageStack, server: PageServer) -> None:
    status, _, page = ask(server, "GET", "/post")
    assert status == 200 and "Nothing was written yet" in page and "No text message yet" in page
    stack.files["documents/notices/C%2F1/a1.pdf"] = b"%PDF-1.7 letter"
    stack.files["documents/notices/C-2/b2.zip"] = b"PK"
    stack.files["documents/statements/C-2/x.pdf"] = b"%PDF another"
    stack.sent_texts.append(SentText(1, "m1", "+4940123456", "Creditor: <b>1,00 EUR</b>"))
    _, _, page = ask(server, "GET", "/post")
    assert "C/1" in page and "hand-over" in page and "+4940123456" in page and "&lt;b&gt;1,00 EUR" in page
    status, headers, text = ask(server, "GET", "/document?key=documents%2Fnotices%2FC%252F1%2Fa1.pdf")
    assert (status, headers["Content-Type"], text) == (200, "application/pdf", "%PDF-1.7 letter")
    assert ask(server, "GET", "/document?key=documents/statements/C-2/x.pdf")[0] == 400
    assert ask(server, "GET", "/document?key=receipts/x")[0] == 400
