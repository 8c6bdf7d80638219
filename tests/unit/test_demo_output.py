"""The demonstration's summary, table and folder."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.demo import (
    SUMMARY_KEYS,
    Matching,
    day_progress,
    replies_by_kind,
    summary_of,
    summary_table,
    tenths_text,
    write_output,
)
from cli.demo_cash import cash_body, receipts_of, write_documents
from cli.demo_chase import ChaseLine, ChaseStory, chase_body, gather_chase, write_chase_documents
from cli.demo_credit import credit_body
from cli.run_demo import transactions_of
from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.changing import replace
from duly.domain.kpi import compute
from duly.flows.report import Report
from local.business import make_business
from local.play import PlayResult, SentNotice
from local.replies import PASSED, Reply, read_notice
from tests.credit_sample import ASKED, STORY, read_demo_policy
from tests.unit.test_bookkeeping import stack

DAY = date(2026, 2, 18)
LETTER_KEY = "documents/notices/C-1007/0a1b2c.pdf"
CHASE = ChaseStory(
    by_channel=Counter(email=5, letter=1, call=2),
    approvals=Counter(asked=1, approved=1),
    plans=Counter(made=2, broken=1),
    calls=Counter(voicemail=2),
    charges_minor={"EUR": Counter(costs=4_500, interest=1_234)},
    lines=[ChaseLine(DAY, "C-1007", "letter", "formal-notice, level 3, for RE-26-0001 & more", LETTER_KEY)],
)


def empty_summary(audit: str = "clean") -> dict[str, Any]:
    report = Report(
        kpis=compute([], DAY),
        suspense_minor={"EUR": 77_777},
        suspense_count=1,
        proposed_minor={"EUR": 50},
        proposals_count=2,
    )
    matching = Matching(incoming=8, automatic=7)
    return summary_of(
        report, days=91, invoices=300, matching=matching, audit=audit, story=STORY, chase=CHASE, credit=ASKED
    )


def one_mail(html: str = "") -> PlayResult:
    message = EmailMessage()
    message["From"] = "Muster Maschinen GmbH <a@muster.example>"
    message["To"] = "buchhaltung@deichgraf.example"
    message["Subject"] = "Erinnerung <1>"
    message.set_content("Offen ist RE-26-0001.")
    if html:
        message.add_alternative(html, subtype="html")
    reply = Reply(
        datetime(2026, 2, 19, 9, tzinfo=UTC),
        b"raw reply",
        dict(PASSED),
        "thanks",
        "C-1003",
        "Danke & Gruß",
        "reply+x@in.example",
    )
    return PlayResult(days=91, notices=[SentNotice(DAY, "C-1003", "2", read_notice(message.as_bytes()), [reply])])


def write(folder: Path, result: PlayResult, receipts: dict[str, bytes]) -> Path:
    page = credit_body(STORY, ASKED, make_business(), read_demo_policy())
    return write_output(
        folder,
        result,
        make_business(),
        summary=empty_summary(),
        report_page="<p>report</p>",
        credit_page=page,
        receipts=receipts,
    )


def test_the_summary_has_the_promised_keys_and_amounts_as_texts() -> None:
    summary = empty_summary()
    assert tuple(summary) == SUMMARY_KEYS
    assert summary["matched_automatically"] == {"transactions": 8, "automatic": 7, "percent": "87.5"}
    assert summary["proposed"] == {"transactions": 2, "amounts": {"EUR": "0.50"}}
    assert summary["suspense"] == {"transactions": 1, "amounts": {"EUR": "777.77"}}
    assert summary["category_changes"] == {"better": 1, "worse": 1}
    assert summary["credit_decisions"] == {"approve": 0, "approve_with_conditions": 1, "refer": 0, "refuse": 1}
    assert summary["overrides"] == 1
    assert summary["invoices_restated"] == {"corrected": 1, "cancelled": 1, "replaced": 1, "returned": 1}
    assert summary["invoices_flagged"] == {"order_missing": 2}
    assert summary["notices_by_channel"] == {"call": 2, "email": 5, "letter": 1}
    assert summary["charges"] == {"EUR": {"costs": "45.00", "interest": "12.34"}}
    assert summary["plans"] == {"broken": 1, "made": 2}
    assert summary["audit"] == "clean"


def test_nothing_received_and_no_sales_are_said_and_not_divided_by() -> None:
    assert Matching(0, 0).percent == "0.0"
    assert tenths_text(None) == "n/a"
    assert tenths_text(423) == "42.3"


def test_the_table_shows_amounts_levels_and_an_unclean_audit() -> None:
    summary = {
        **empty_summary("2 findings"),
        "invoiced": {"EUR": "1234567.80"},
        "notices_by_level": {"0": 3, "2": 1},
        "overdue_by_age": {"EUR": {"1-30": "5.00"}, "GBP": {"1-30": "6.00"}},
    }
    console = Console(width=120, file=StringIO())
    console.print(summary_table(summary))
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    for part in (
        "1,234,567.80",
        "3 (before due)",
        "1 (second reminder)",
        "EUR 5.00 · GBP 6.00",
        "2 findings",
        "7 of 8",
        "1 better · 1 worse",
        "1 debit returned",
        "2 call · 5 e-mail · 1 letter",
        "EUR 45.00 costs · EUR 12.34 interest",
        "1 approved · 1 asked",
        "1 broken · 2 made",
        "2 voicemail",
        "0 approved · 1 with conditions · 0 referred · 1 refused",
    ):
        assert part in text


def test_the_folder_holds_mails_replies_report_receipts_and_summary(tmp_path: Path) -> None:
    index = write(tmp_path, one_mail(), {"receipts/invoices/a.csv/1/receipt.json": b"{}"})
    page = index.read_text(encoding="utf-8")
    name = "0001-2026-02-18-C-1003"
    assert f'href="mails/{name}.html"' in page
    assert "Erinnerung &lt;1&gt;" in page
    assert "Danke &amp; Gruß" in page
    assert "Deichgraf Lagertechnik GmbH" in page
    assert (tmp_path / "mails" / f"{name}-reply-1.eml").read_bytes() == b"raw reply"
    assert b"Offen ist" in (tmp_path / "mails" / f"{name}.eml").read_bytes()
    assert (tmp_path / "receipts/invoices/a.csv/1/receipt.json").read_bytes() == b"{}"
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "<p>report</p>"
    assert tuple(json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))) == SUMMARY_KEYS


def test_a_mails_own_html_is_shown_in_a_frame_that_may_do_nothing(tmp_path: Path) -> None:
    write(tmp_path, one_mail('<script>alert("x")</script><p>Hallo</p>'), {})
    page = (tmp_path / "mails" / "0001-2026-02-18-C-1003.html").read_text(encoding="utf-8")
    assert "<iframe sandbox " in page
    assert "<script>" not in page


def test_a_receipt_cannot_leave_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="out of the folder"):
        write(tmp_path / "out", one_mail(), {"receipts/../../escaped": b"x"})
    assert not (tmp_path / "escaped").exists()


def test_replies_are_counted_by_kind() -> None:
    assert replies_by_kind(one_mail()) == {"thanks": 1}


def test_the_progress_bar_shows_the_simulated_day() -> None:
    screen = StringIO()
    with day_progress(Console(file=screen, width=100)) as progress:
        progress(45, 91, DAY)
    assert "Wed 18 Feb 2026" in screen.getvalue()
    assert "45/91" in screen.getvalue()


def test_the_page_on_credit_says_what_was_decided_why_and_what_followed(tmp_path: Path) -> None:
    index = write(tmp_path, one_mail(), {})
    assert 'href="credit.html"' in index.read_text(encoding="utf-8")
    page = (tmp_path / "credit.html").read_text(encoding="utf-8")
    for part in (
        "Ostertor Fahrradwerk GmbH",
        "order PO-&lt;1&gt;",
        "2,800.00 EUR",
        "credit hold: an invoice is 40 days overdue or more",
        "pay overdue RE-26-0004 (12,345.60 EUR)",
        "exposure 13,120.50, limit 0.00, headroom −13,120.50; score 0.984, category D",
        "lifts hold and limit: framework",
        "OV-22 by ada, until 19 Mar 2026, ended 20 Mar 2026",
        "Grauwacke Tiefbau GmbH",
        "no limit stated",
        "At first 40 customers came into B.",
        "30 → 14 days · limit 25,000.00 → 8,000.00 EUR · chase standard → firm",
        "RE-26-0171 of 20 Feb 2026 states no due date: 14 days · second reminder on 23 Feb 2026, scenario firm",
        "RE-26-0009 asks 2,756.00 EUR instead of 3,656.00",
        "RE-25-0820 over 1,171.00 EUR is not owed any more",
        "written about on 27 Jan 2026; not since",
        "RE-26-0078 over 1,301.86 EUR is replaced by RK-26-0001",
        "RE-26-0111 over 500.00 EUR was a direct debit that came back",
        '<span class="whole">RE-26-0002 (C-1001)</span>, <span class="whole">RE-26-0010 (C-1014)</span>',
        "45 days (agreed) · limit 80,000.00 EUR (agreed) · chase gentle (its own)",
    ):
        assert part in page, part
    assert "<script" not in page


def test_the_page_on_cash_says_where_each_payment_went_and_why(tmp_path: Path) -> None:
    edge = stack().edge
    receipts = receipts_of(edge, transactions_of(edge))
    page = cash_body(receipts, make_business(seed=7, days=70))
    for part in (
        "Booked by itself: 2",
        "In suspense: 1",
        "C-1: RE-1001",
        "Ada Ltd: RE-1002 part",
        "99.8 %",
        "EUR 3.33",
    ):
        assert part in page, part
    assert "rent" not in page
    documents = write_documents(tmp_path, edge, receipts, DAY)
    assert documents == ["books.journal", "books.beancount", "books.csv", "statement-C-1.pdf"]
    assert (tmp_path / "statement-C-1.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_on_the_chase_leads_to_what_was_written(tmp_path: Path) -> None:
    body = chase_body(CHASE, make_business())
    assert "Heidesand Keramik GmbH" in body and "RE-26-0001</span> &amp; more" in body
    assert "costs 45.00 EUR · interest 12.34 EUR" in body
    write_chase_documents(tmp_path, {LETTER_KEY: b"%PDF"})
    assert (tmp_path / "documents" / "C-1007-0a1b2c.pdf").read_bytes() == b"%PDF"
    assert 'href="documents/C-1007-0a1b2c.pdf"' in body


def test_the_chase_is_gathered_from_the_journals() -> None:
    found = stack()
    now = datetime(2026, 3, 5, 9, tzinfo=UTC)
    charge = ev.Charge("interest~2026-03-05", "interest", 321, now.date())
    item = next(iter(found.edge.accounts.load("C-1").items))
    part = ev.NoticeItem(item, 1, "formal-notice", 3, 0, 10_000, (charge,))

    def decide(_: Account) -> list[ev.Event]:
        claim = ev.NoticeClaimed("n1", "i", "letter", "EUR", 3, "formal-notice", (part,), (), now, "p", "standard")
        return [
            claim,
            replace(claim, notice="n2", channel="email", main="n1"),
            ev.NoticeSent("n1", now, "document"),
            ev.NoticeSent("n2", now, "answer", "m"),
            ev.PlanMade("Z", (item,), ((now.date(), 100),), "EUR", now.date(), by="ada"),
            ev.PlanSettled("Z", "broken", now.date()),
            ev.PromiseMade("P", (item,), now.date(), now.date(), now.date()),
            ev.PromiseSettled("P", "kept", now.date()),
        ]

    found.edge.change("C-1", decide, now)
    story = gather_chase(found.edge, ["C-1"], ["documents/notices/C-1/n1.pdf"])
    assert story.by_channel == {"letter": 1, "email": 1}
    assert story.charges() == {"EUR": {"interest": "3.21"}}
    assert [(line.kind, line.document) for line in story.lines] == [
        ("letter", "documents/notices/C-1/n1.pdf"),
        ("plan", ""),
        ("plan", ""),
        ("promise", ""),
    ]
    assert [line.words for line in story.lines] == [  # what it is about, never an id
        f"formal notice, level 3, for {item}",
        f"payment plan for {item}, EUR 1.00 on 2026-03-05 by ada",
        f"payment plan for {item}: broken",
        f"promised for 2026-03-05: {item}: kept",
    ]
