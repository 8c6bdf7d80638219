"""The page of a preview: tomorrow's notices to read and print. Plain HTML without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any, Final

MAX_ROWS: Final = 5_000  # notices, and passed over, that the page lists; index.json has all

STYLE: Final = """
:root{--ink:#1c2530;--soft:#5b6773;--line:#dfe4e9;--paper:#fff;--ground:#f4f6f8;--accent:#0b5f6b;--warn:#8f2a1d}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;margin:0 0 2px}
h2{font-size:18px;margin:32px 0 10px}
p{margin:0 0 14px;color:var(--soft)}
.note{background:#fdf0d5;color:#5c3d00;border-radius:8px;padding:10px 14px}
.tiles{display:flex;gap:10px;flex-wrap:wrap;margin:16px 0 8px;padding:0;list-style:none}
.tiles li{background:var(--paper);border:1px solid var(--line);border-radius:8px;padding:10px 14px;min-width:96px}
.tiles b{display:block;font-size:21px;line-height:1.25;white-space:nowrap}
.tiles span{color:var(--soft);font-size:13px}
.sheet{background:var(--paper);border:1px solid var(--line);border-radius:8px;overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:400;color:var(--soft);font-size:13px;padding:8px 14px;
border-bottom:1px solid var(--line)}
td{padding:9px 14px;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0}
.n{text-align:right;white-space:nowrap}
.d{white-space:nowrap}
.sub{color:var(--soft);font-size:13px;display:block}
.name{font-weight:600}
a{color:var(--accent)}
.chip{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12.5px;font-weight:600;white-space:nowrap}
.l0{background:#e6f1e9;color:#20603a}.l1{background:#e3eefb;color:#1d4f8c}.l2{background:#fdf0d5;color:#7a5200}
.l3,.l4{background:#fbe3e0;color:#8f2a1d}.l{background:#e9ecef;color:#48525c}
.ask{border:1px solid var(--warn);color:var(--warn)}
.items{margin:0;padding:0;list-style:none}
.items li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:10px}
.items li+li{margin-top:4px}
.notices{min-width:900px;table-layout:fixed}
.notices th:nth-child(1){width:19%}.notices th:nth-child(2){width:15%}.notices th:nth-child(3){width:20%}
.notices th:nth-child(5){width:13%}.notices th:nth-child(6){width:76px}
.files a{display:block}
@media print{.notices{min-width:0}body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
.sheet,.tiles li{border-color:#999}.files{display:none}tr{break-inside:avoid}thead{display:table-header-group}}
"""

#: Why something is passed over, in words; a gate without words shows its name.
GATE_WORDS: Final[Mapping[str, str]] = {
    "disputed": "disputed",
    "held": "held by a person",
    "promised": "promised, and the day is not over",
    "in_plan": "in a payment plan that is kept",
    "customer_approval": "waits at the customer for a release",
    "handed_over": "handed over",
    "direct_debit_pending": "is to be collected by direct debit",
    "below_tolerance": "too little is open",
    "below_threshold": "too little is overdue in all",
    "covered_by_credit": "covered by unapplied money or credits",
    "provisional_customer": "no customer file names this customer yet",
    "suspense_cash": "money in suspense could be this customer's",
    "unread_reply": "a reply is not read yet",
    "address_refused": "no address works",
    "contact_window": "not a day or hour to write to this customer",
    "minimum_gap": "too soon after the last notice",
    "weekly_cap": "enough notices within seven days",
    "holiday_table_missing": "holidays of the customer's country are not known",
    "interest_rate_missing": "the rate of interest is not known",
    "awaiting_approval": "waits for an approval",
    "max_notices": "as many notices as the scenario allows",
    "backing_off": "a message was refused a moment ago",
    "released_too_often": "messages were refused; a task is open",
    "notice_in_flight": "a notice is on its way",
    "bank_data_stale": "bank data is too old",
    "statement_open": "a bank statement is being read",
    "inbound_mail_waiting": "mail waits to be read",
    "sending_paused": "sending is paused",
    "policy_missing": "no policy was uploaded",
}
CHANNEL_WORDS: Final[Mapping[str, str]] = {
    "email": "e-mail",
    "sms": "SMS",
    "letter": "letter",
    "registered_letter": "registered letter",
    "call": "call",
    "hand_over": "hand-over",
}
FILE_WORDS: Final[Mapping[str, str]] = {"html": "read", "txt": "as text", "eml": "as .eml", "pdf": "PDF", "zip": "ZIP"}


def page(data: Mapping[str, Any]) -> str:
    """The page of a preview's data."""
    title = f"Notices of {data['as_of']}"
    body = "\n".join(
        [
            f"<h1>{escape(title)}</h1>",
            f"<p>{escape(data['creditor'])}, policy {escape(data['policy'])}, version {escape(data['version'])}. "
            "As they would go out if nothing changes before: nothing was claimed or sent.</p>",
            *(
                f'<p class="note">Now closed: {escape(GATE_WORDS.get(gate, gate))} ({escape(gate)}). Nothing goes out '
                "until that is over.</p>"
                for gate in data["closed"]
            ),
            _tiles(data),
            "<h2>Notices</h2>",
            _notices(data["notices"]),
            "<h2>Passed over</h2>",
            _skipped(data["skipped"]),
        ]
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>\n{body}\n</main></body></html>\n"
    )


def _tiles(data: Mapping[str, Any]) -> str:
    notices = data["notices"]
    mains = [one for one in notices if not one["beside"]]
    totals: dict[str, Decimal] = {}
    for one in mains:
        totals[one["currency"]] = totals.get(one["currency"], Decimal()) + Decimal(one["total"])
    tiles = [
        (str(len(mains)), "notices" if len(mains) != 1 else "notice"),
        (str(len({one["account"] for one in mains})), "customers"),
        *((f"{total:,} {currency}", "asked for") for currency, total in sorted(totals.items())),
        (str(sum(one["approval"] for one in mains)), "to approve first"),
        (str(len({(one["account"], one["invoice"]) for one in data["skipped"]})), "passed over"),
        (str(data["accounts"]), "accounts with open items"),
    ]
    cells = "".join(f"<li><b>{escape(figure)}</b><span>{escape(word)}</span></li>" for figure, word in tiles)
    return f'<ul class="tiles">{cells}</ul>'


def _notices(notices: Sequence[Mapping[str, Any]]) -> str:
    if not notices:
        return "<p>None.</p>"
    rows = "".join(_notice(one) for one in notices[:MAX_ROWS])
    head = "<tr><th>Customer</th><th>Step</th><th>By</th><th>Items</th><th class=n>Total</th><th class=files></th></tr>"
    more = f"<p>… and {len(notices) - MAX_ROWS} more.</p>" if len(notices) > MAX_ROWS else ""
    return f'<div class="sheet"><table class="notices"><thead>{head}</thead><tbody>{rows}</tbody></table></div>{more}'


def _level_of(part: Mapping[str, Any], notice: Mapping[str, Any]) -> str:
    """The level of an item that has not that of its notice."""
    return "" if part["level"] == notice["level"] else f", level {part['level']}"


def _notice(one: Mapping[str, Any]) -> str:
    level = one["level"] if one["level"] <= 4 else ""
    items = "".join(
        f"<li><span>{escape(part['invoice'])}<span class=sub>due {part['due']}{_level_of(part, one)}</span></span>"
        f"<span class=n>{Decimal(part['balance']):,}</span></li>"
        for part in one["items"]
    )
    marks = '<span class="chip ask">approval first</span>' if one["approval"] else ""
    marks += f'<span class="sub">would not go out: {escape(one["problem"])}</span>' if one["problem"] else ""
    channel = CHANNEL_WORDS.get(one["channel"], one["channel"]) + (", beside it" if one["beside"] else "")
    files = "".join(
        f'<a href="{escape(name)}">{escape(FILE_WORDS.get(name.rpartition(".")[2], name))}</a>' for name in one["files"]
    )
    return (
        f'<tr><td><span class="name">{escape(one["name"] or one["customer"])}</span>'
        f'<span class="sub">{escape(one["customer"])}</span></td>'
        f'<td><span class="chip l{level}">level {one["level"]}</span><span class="sub">{escape(one["step"])}</span>'
        f"{marks}</td><td>{escape(channel)}"
        f'<span class="sub">{escape(", ".join(one["recipients"]))}</span></td>'
        f'<td><ul class="items">{items}</ul></td>'
        f'<td class="n">{Decimal(one["total"]):,} {escape(one["currency"])}</td>'
        f'<td class="files">{files}</td></tr>'
    )


def _skipped(skipped: Sequence[Mapping[str, Any]]) -> str:
    if not skipped:
        return "<p>Nothing that is due.</p>"
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in skipped[:MAX_ROWS]:
        groups.setdefault((one["name"] or one["customer"], one["customer"], one["gate"]), []).append(one["invoice"])
    rows = "".join(
        f'<tr><td><span class="name">{escape(name)}</span><span class="sub">{escape(customer)}</span></td>'
        f"<td>{escape(', '.join(sorted(filter(None, invoices))) or 'all that is due')}</td>"
        f'<td>{escape(GATE_WORDS.get(gate, gate.replace("_", " ")))}<span class="sub">{escape(gate)}</span></td></tr>'
        for (name, customer, gate), invoices in groups.items()
    )
    more = f"<p>… and {len(skipped) - MAX_ROWS} more.</p>" if len(skipped) > MAX_ROWS else ""
    head = "<tr><th>Customer</th><th>Invoices</th><th>Why</th></tr>"
    return f'<div class="sheet"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>{more}'
