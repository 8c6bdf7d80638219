"""The page of `make up`: mailbox, report, cash, files, next day. On loopback only, without a framework.

It runs code of nobody: mails are shown in a sandbox, every action needs the run's own form token, and requests that
name another host (a page elsewhere that points its name here) are refused.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import HTTP
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from duly.domain.calls import CODES
from duly.mail.shown import shown_html
from duly.reports.page import page_environment
from local.desk import MAX_FILE_BYTES, PREFIXES, Desk, DeskError
from local.emulator import LocalStackError
from local.ses_shim import SentMail

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
MAX_LISTED = 300
"""Mails in the list; older ones are still in the folder of mails."""
_POLL_SECONDS = 0.02
"""How soon a stop is noticed."""
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


class Refused(Exception):
    """A request that is not answered, with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class PageServer:
    """Serves the page for one stack. `port` 0 takes a free one; use as a context manager or call start and stop."""

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self.desk = desk
        self.token = secrets.token_urlsafe(24)
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> PageServer:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until interrupted."""
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], page: PageServer) -> None:
        super().__init__(address, _Handler)
        self.page = page


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_args: Any) -> None:
        """Addresses of mails stand in paths; nothing is logged."""

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def _answered(self, act: Any) -> None:
        """Do it, and show what went wrong in the words of whoever refused it."""
        try:
            self._check_host()
            act()
        except Refused as refusal:
            self.close_connection = True
            self._show("message.html.j2", "", refusal.status, title="Not possible", text=refusal.text)
        except DeskError as error:
            self._show("message.html.j2", "", 400, title="Not possible", text=str(error))
        except LocalStackError as error:
            self._show("message.html.j2", "", 500, title="The stack reports an error", text=str(error))

    def _check_host(self) -> None:
        port = self.server.server_address[1]
        allowed = {f"127.0.0.1:{port}", f"localhost:{port}"}
        if self.headers.get("Host", "") not in allowed:
            raise Refused(403, "This page answers on 127.0.0.1 alone.")
        origin = self.headers.get("Origin")
        if origin not in (None, "null", *(f"http://{host}" for host in allowed)):
            raise Refused(403, "This came from another page.")

    # --- reading

    def _get(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match parts.path.strip("/").split("/"):
            case [""]:
                self._redirect("/mailbox")
            case ["mailbox"]:
                self._mailbox(query)
            case ["mail", number]:
                self._document(_html_of(self.server.page.desk.mail(_number(number))), _MAIL_POLICY)
            case ["report"]:
                self._show("report.html.j2", "report")
            case ["report", "page"]:
                self._document(self.server.page.desk.report(), _REPORT_POLICY)
            case ["cash"]:
                self._show("cash.html.j2", "cash", **self.server.page.desk.cash())
            case ["chase"]:
                self._show("chase.html.j2", "chase", codes=CODES, **self.server.page.desk.people())
            case ["post"]:
                desk = self.server.page.desk
                texts = list(reversed(desk.stack.texts()))[:MAX_LISTED]
                self._show("post.html.j2", "post", documents=desk.written(), texts=texts, quoted=quote)
            case ["document"]:
                key = query.get("key", "")
                kind = "application/pdf" if key.endswith(".pdf") else "application/zip"
                self._send(200, kind, self.server.page.desk.document(key), {})
            case ["files"]:
                receipts = self.server.page.desk.receipts()
                self._show("files.html.j2", "files", receipts=receipts, prefixes=PREFIXES, quoted=quote)
            case ["rejects"]:
                self._text(self.server.page.desk.rejects(query.get("key", "")))
            case _:
                raise Refused(404, "There is no such page.")

    def _mailbox(self, query: Mapping[str, str]) -> None:
        mails = self.server.page.desk.mails()
        wanted = _number(query["mail"]) if "mail" in query else None
        chosen = next((mail for mail in mails if wanted in (None, mail.number)), None)
        self._show(
            "mailbox.html.j2",
            "mailbox",
            mails=[_listed(mail) for mail in mails[:MAX_LISTED]],
            more=max(0, len(mails) - MAX_LISTED),
            chosen=_listed(chosen) if chosen else None,
            sent=query.get("sent", ""),
            new=_new_mails(query.get("new", "")),
        )

    # --- doing

    def _post(self) -> None:
        form, files = self._form()
        if not hmac.compare_digest(form.get("token", "").encode(), self.server.page.token.encode()):
            raise Refused(403, "This form is from another run. Load the page again.")
        desk = self.server.page.desk
        match self.path:
            case "/reply":
                number = _number(form.get("mail", ""))
                desk.reply(number, form.get("text", ""))
                self._redirect(f"/mailbox?mail={number}&sent=1")
            case "/drop":
                desk.drop(form.get("prefix", ""), files)
                self._redirect("/files")
            case "/cash":
                desk.place(form.get("transaction", ""), form.get("action", ""), form.get("detail", ""))
                self._redirect("/cash")
            case "/chase":
                desk.decide(form.get("account", ""), form.get("action", ""), form.get("key", ""), form)
                self._redirect("/chase")
            case "/next-day":
                new = desk.next_day()
                back = form.get("back", "")
                self._redirect(
                    back if back in ("/report", "/cash", "/chase", "/post", "/files") else f"/mailbox?new={new}"
                )
            case _:
                raise Refused(404, "There is no such action.")

    def _form(self) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
        """Fields and files of a form, in either of the two forms that browsers send."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise Refused(411, "The length of the form is missing.")
        if int(length) > MAX_FILE_BYTES:
            raise Refused(413, f"All files together have at most {MAX_FILE_BYTES // 1024 // 1024} MB.")
        body = self.rfile.read(int(length))
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}, []
        if kind.startswith("multipart/form-data"):
            return _multipart(kind, body)
        raise Refused(415, "Not a form.")

    # --- answering

    def _show(self, template: str, tab: str, status: int = 200, **values: Any) -> None:
        page = self.server.page
        nonce = secrets.token_urlsafe(16)
        html = (
            environment()
            .get_template(template)
            .render(**values, tab=tab, token=page.token, now=_time(page.desk.now), nonce=nonce)
        )
        policy = (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; frame-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self._send(status, "text/html; charset=utf-8", html.encode(), {"Content-Security-Policy": policy})

    def _document(self, html: str, policy: str) -> None:
        self._send(200, "text/html; charset=utf-8", html.encode(), {"Content-Security-Policy": policy})

    def _text(self, text: str) -> None:
        self._send(200, "text/plain; charset=utf-8", text.encode(), {})

    def _redirect(self, to: str) -> None:
        self._send(303, "text/plain; charset=utf-8", b"", {"Location": to})

    def _send(self, status: int, kind: str, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers, "Content-Type": kind, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@cache
def environment() -> Environment:
    """The templates of the page, made once."""
    return page_environment(TEMPLATES)


def _multipart(kind: str, body: bytes) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """A multipart form (RFC 7578) is MIME, so the standard library's mail parser reads it."""
    message = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body, policy=HTTP)
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    for part in message.iter_parts() if isinstance(message, EmailMessage) else ():
        content = part.get_payload(decode=True)
        name = part.get_filename()
        if not isinstance(content, bytes):
            raise Refused(415, "Mails cannot be uploaded here. Answer a mail in the mailbox.")
        if name is None:
            fields[str(part.get_param("name", "", "Content-Disposition"))] = content.decode("utf-8", "replace")
        elif name:
            files.append((_utf8(name), content))
    return fields, files


def _utf8(name: str) -> str:
    """Browsers send file names as UTF-8 (RFC 7578, section 4.2); the mail parser keeps such bytes as surrogates."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _new_mails(count: str) -> str:
    if not (count.isascii() and count.isdecimal() and len(count) < 10):
        return ""
    return {"0": "No new mails", "1": "1 new mail"}.get(count, f"{count} new mails")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise DeskError("There is no such mail.")
    return int(text)


def _listed(mail: SentMail) -> dict[str, Any]:
    message = mail.parsed()
    return {
        "number": mail.number,
        "to": ", ".join(mail.destination),
        "recipient": mail.destination[0],
        "subject": " ".join(str(message.get("Subject", "")).split()),
        "time": _time(mail.time),
        "level": mail.tags.get("level", ""),
        "outcomes": sorted({str(outcome) for outcome in mail.outcomes.values()}),
    }


def _html_of(mail: SentMail) -> str:
    """The mail as its reader sees it: its HTML part, else its text."""
    message = mail.parsed()
    html = shown_html(message)
    if html:
        return html
    body = message.get_body(preferencelist=("plain",))
    if body is None:
        return "<p>This mail has no text.</p>"
    from html import escape

    return f"<pre style='white-space:pre-wrap;font:15px/1.5 system-ui'>{escape(str(body.get_content()))}</pre>"


def _time(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M}"
