"""A kept mail as its reader sees it, for pages that show it: with the pictures that travel inside it."""

from __future__ import annotations

from base64 import b64encode
from email.message import EmailMessage


def shown_html(message: EmailMessage) -> str:
    """The HTML part, in which each picture named by ``cid:`` (RFC 2392) stands as data; an empty string without one."""
    body = message.get_body(preferencelist=("html",))
    if body is None:
        return ""
    html = str(body.get_content())
    for part in message.walk():
        name = str(part.get("Content-ID", "")).strip("<> ")
        if name and part.get_content_maintype() == "image" and isinstance(part, EmailMessage):
            data = b64encode(part.get_content()).decode()
            html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
    return html
