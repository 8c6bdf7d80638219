"""The pages of out/demo/: an index of all mails by day, a page for each mail, one on credit. Plain HTML without
scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from email import message_from_bytes, policy
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from cli.demo_credit import STYLE as CREDIT_STYLE
from duly.mail.shown import shown_html
from local.business import Business
from local.play import PlayResult, SentNotice
from local.replies import Reply

STYLE = """
:root{--ink:#1c2530;--soft:#5b6773;--line:#dfe4e9;--paper:#fff;--ground:#f4f6f8;--accent:#0b5f6b}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0 0 2px}
h2{font-size:15px;margin:30px 0 8px; color:var(--soft);font-weight:600}
p.lead{color:var(--soft);margin:0 0 18px}
a{color:var(--accent)}
nav{display:flex;gap:18px;flex-wrap:wrap;margin:0 0 18px}
.tiles{display:flex;gap:12px;flex-wrap:wrap;margin:0 0 8px;padding:0;list-style:none}
.tiles li{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:10px 14px;min-width:128px}
.tiles b{display:block;font-size:21px;line-height:1.25}
.tiles span {color:var(--soft);font-size:13px}
.day{background:var(--paper); border:1px solid var(--line); border-radius:8px; list-style:none; margin:0; padding:0;
overflow:hidden}
.day>li{border-top:1px solid var(--line)}
.day>li:first-child{border-top:0}
a.mail{display:grid; grid-template-columns:128px minmax(0,2fr) minmax(0,3fr); gap:14px; padding:9px 14px;
color:inherit; text-decoration:none}
a.mail:hover,a.mail:focus{background:#eef5f6}
a.mail .who{font-weight:600}
a.mail .what{color:var(--soft)}
.who,.what{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.chip{display:inline-block; border-radius:99px; padding:1px 10px; font-size:12.5px; font-weight:600;
white-space:nowrap; justify-self:start;  align-self:center}
.l0{background:#e6f1e9;color:#20603a}
.l1{background:#e3eefb;color:#1d4f8c}
.l2{background:#fdf0d5;color:#7a5200}
.l3{background:#fbe3e0;color:#8f2a1d}
.l{background:#e9ecef;color:#48525c}
.reply{display:grid; grid-template-columns:auto minmax(0,1fr); gap:12px; padding:6px 14px 8px 156px;
background:#fafbfc;  border-top:1px dashed var(--line); font-size:14px}
.reply q{quotes:none;color:var(--soft);overflow:hidden;text-overflow:ellipsis; white-space:nowrap}
.k{background:#ece7f7;color:#4b3488}
.k.dispute{background:#fbe3e0;color:#8f2a1d}
.k.promise,.k.paid{background:#e6f1e9;color:#20603a}
.k.machine{background:#e9ecef;color:#48525c}
.sheet{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:18px 20px;margin:14px 0}
dl{display:grid;grid-template-columns:90px 1fr;gap:2px 12px;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
iframe{width:100%;border:1px solid var(--line);border-radius:8px;background:#fff;margin:14px 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.5 ui-monospace,monospace;margin:0}
@media(max-width:720px){a.mail{grid-template-columns:1fr;gap:2px}
.reply{padding-left:28px;grid-template-columns:1fr} .who,.what,.reply q{white-space:normal} }
"""
CHASE_STYLE = """
.step{display:grid;grid-template-columns:92px 110px minmax(0,1fr);gap:14px;padding:9px 14px;align-items:start}
.step>span{overflow-wrap:anywhere} .step .n{white-space:nowrap}
@media(max-width:720px){.step{grid-template-columns:auto 1fr;gap:4px 12px} .step>span:last-child{grid-column:1/-1}
}
.step .chip{align-self:start;margin-top:2px}
"""
FRAME_PIXELS, ROW_PIXELS = 1000, 36
"""The height of a mail's frame: it may do nothing, so it cannot tell how long its mail is, which its rows tell well
enough (mails of the demonstration with 18 to 37 rows are 1,405 to 2,266 pixels high)."""
LEVELS = {"0": "before due", "1": "level 1", "2": "level 2", "3": "level 3"}
KINDS = {
    "dispute_quantity": ("dispute: quantity", "dispute"),
    "dispute_price": ("dispute: price", "dispute"),
    "dispute_not_received": ("dispute: not received", "dispute"),
    "promise": ("promise to pay", "promise"),
    "paid": ("says it is paid", "paid"),
    "out_of_office": ("automatic reply", "machine"),
    "bounce": ("mailbox unknown", "machine"),
    "question": ("question", ""),
    "thanks": ("thanks", ""),
    "forged_token": ("forged token", "machine"),
    "unparseable": ("unreadable mail", "machine"),
    "stranger": ("unknown sender", "machine"),
}


def _page(title: str, body: str, style: str = "") -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}{style}</style></head><body><main>\n{body}\n</main></body></html>\n"
    )


def _level_chip(level: str) -> str:
    return f'<span class="chip l{escape(level)}">{escape(LEVELS.get(level, "mail"))}</span>'


def _kind_chip(kind: str) -> str:
    words, style = KINDS.get(kind, (kind, ""))
    return f'<span class="chip k {style}">{escape(words)}</span>'


def _file_name(position: int, sent: SentNotice) -> str:
    return f"{position:04d}-{sent.day.isoformat()}-{sent.customer or 'unknown'}"


def _name(business: Business, customer: str) -> str:
    known = business.customer_by_id.get(customer)
    return known.name if known else "unknown recipient"


def _first_words(text: str) -> str:
    """The reply's first sentence worth showing: the greeting is left out."""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return paragraphs[1] if len(paragraphs) > 1 else (paragraphs or ["(no readable text)"])[0]


def _row(position: int, sent: SentNotice, business: Business) -> str:
    replies = "".join(
        f'<div class="reply">{_kind_chip(reply.kind)}<q>{escape(_first_words(reply.text))}</q></div>'
        for reply in sent.replies
    )
    return (
        f'<li><a class="mail" href="mails/{_file_name(position, sent)}.html">{_level_chip(sent.level)}'
        f'<span class="who">{escape(_name(business, sent.customer))}</span>'
        f'<span class="what">{escape(sent.notice.subject)}</span></a>{replies}</li>'
    )


def _day_heading(day: date, start: date) -> str:
    return f"Day {(day - start).days + 1} · {day:%A}, {day.day} {day:%B %Y}"


def _tiles(summary: Mapping[str, Any], mails: int, replies: int) -> str:
    facts = [
        (str(mails), "mails sent"),
        (str(replies), "replies received"),
        (str(summary["invoices"]), "invoices"),
        (f"{summary['matched_automatically']['percent']} %", "of payments matched automatically"),
        *((f"{days} days", f"sales outstanding, {currency}") for currency, days in summary["dso"].items()),
        (str(summary["audit"]), "audit"),
    ]
    return "".join(f"<li><b>{escape(value)}</b><span>{escape(name)}</span></li>" for value, name in facts)


def _index(result: PlayResult, business: Business, summary: Mapping[str, Any], receipts: Sequence[str]) -> str:
    numbered = list(enumerate(result.notices, start=1))
    days = "\n".join(
        f"<h2>{escape(_day_heading(day, business.start))}</h2>"
        f'<ul class="day">{"".join(_row(position, sent, business) for position, sent in group)}</ul>'
        for day, group in groupby(numbered, key=lambda pair: pair[1].day)
    )
    replies = sum(len(sent.replies) for sent in result.notices)
    listed = "".join(
        f'<li><a href="{escape(key)}">{escape(key.removeprefix("receipts/"))}</a></li>' for key in receipts
    )
    body = (
        "<h1>What Duly sent, and what came back</h1>"
        f'<p class="lead">{result.days} simulated days from {business.start.isoformat()}. '
        "Replies stand below the mail that they answer.</p>"
        '<nav><a href="report.html">Report</a><a href="chase.html">Chase</a><a href="cash.html">Cash</a>'
        '<a href="credit.html">Credit</a>'
        '<a href="summary.json">Summary</a>'
        '<a href="#receipts">Upload receipts</a></nav>'
        f'<ul class="tiles">{_tiles(summary, len(numbered), replies)}</ul>\n{days}\n'
        f'<h2 id="receipts">Upload receipts</h2><details class="sheet"><summary>{len(receipts)} files</summary>'
        f"<ul>{listed}</ul></details>"
    )
    return _page("Mails of the demonstration", body)


def _shown(raw: bytes) -> str:
    """The mail's own HTML in a frame that may do nothing, or its text."""
    message = message_from_bytes(raw, policy=policy.default)
    html = shown_html(message)
    if html:
        style = f"height:{FRAME_PIXELS + ROW_PIXELS * html.count('<tr')}px"
        return f'<iframe sandbox title="The mail" style="{style}" srcdoc="{escape(html, quote=True)}"></iframe>'
    text = message.get_body(preferencelist=("plain",))
    return f'<div class="sheet"><pre>{escape(str(text.get_content()) if text is not None else "")}</pre></div>'


def _reply_sheet(name: str, position: int, reply: Reply) -> str:
    file = f"{name}-reply-{position}.eml"
    return (
        f'<div class="sheet">{_kind_chip(reply.kind)} <small>{reply.due:%d %B %Y, %H:%M} UTC · '
        f'<a href="{file}">raw</a></small><pre>{escape(reply.text or "(no readable text)")}</pre></div>'
    )


def _mail_page(name: str, sent: SentNotice, business: Business) -> str:
    facts = (
        ("Customer", f"{_name(business, sent.customer)} ({sent.customer or 'unknown'})"),
        ("From", sent.notice.sender),
        ("To", sent.notice.to),
        ("Reply to", sent.notice.reply_to),
        ("Sent", f"{sent.day:%A}, {sent.day.day} {sent.day:%B %Y}"),
    )
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in facts)
    replies = "".join(_reply_sheet(name, position, reply) for position, reply in enumerate(sent.replies, start=1))
    answers = f"<h2>What came back</h2>{replies}" if replies else ""
    body = (
        f'<nav><a href="../index.html">All mails</a><a href="{name}.eml">Raw mail</a></nav>'
        f"<h1>{escape(sent.notice.subject)}</h1><p>{_level_chip(sent.level)}</p>"
        f'<div class="sheet"><dl>{listed}</dl></div>{_shown(sent.notice.raw)}{answers}'
    )
    return _page(sent.notice.subject, body)


def write_credit_page(folder: Path, body: str) -> None:
    """Writes credit.html around the content that cli/demo_credit.py made."""
    navigation = '<nav><a href="index.html">All mails</a><a href="report.html">Report</a></nav>'
    page = _page("Credit in the demonstration", navigation + body, CREDIT_STYLE)
    (folder / "credit.html").write_text(page, encoding="utf-8")


def write_chase_page(folder: Path, body: str) -> None:
    """Writes chase.html around the content that cli/demo_chase.py made."""
    navigation = '<nav><a href="index.html">All mails</a><a href="report.html">Report</a></nav>'
    (folder / "chase.html").write_text(_page("The chase in the demonstration", navigation + body, CHASE_STYLE), "utf-8")


def write_cash_page(folder: Path, body: str, documents: Sequence[str]) -> None:
    """Writes cash.html around the content that cli/demo_cash.py made, with links to the books and statements."""
    links = "".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in documents)
    navigation = f'<nav><a href="index.html">All mails</a><a href="report.html">Report</a>{links}</nav>'
    page = _page("Cash in the demonstration", navigation + body, CREDIT_STYLE)
    (folder / "cash.html").write_text(page, encoding="utf-8")


def write_pages(
    folder: Path, result: PlayResult, business: Business, summary: Mapping[str, Any], receipts: Sequence[str]
) -> Path:
    """Writes index.html and the mails (.eml and .html, replies as .eml) into the folder; returns the index page."""
    mails = folder / "mails"
    mails.mkdir(parents=True, exist_ok=True)
    for position, sent in enumerate(result.notices, start=1):
        name = _file_name(position, sent)
        (mails / f"{name}.eml").write_bytes(sent.notice.raw)
        (mails / f"{name}.html").write_text(_mail_page(name, sent, business), encoding="utf-8")
        for number, reply in enumerate(sent.replies, start=1):
            (mails / f"{name}-reply-{number}.eml").write_bytes(reply.raw)
    index = folder / "index.html"
    index.write_text(_index(result, business, summary, receipts), encoding="utf-8")
    return index
