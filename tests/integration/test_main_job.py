"""The main job on the deployed stack in miniature: upload, match, remind, bounce, reply, dispute, decision, report."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from duly.domain import events as ev
from duly.domain.account import Account
from duly.flows import audit
from duly.flows.edge import Edge
from local.emulator import Emulator
from local.ses_shim import Outcome, SentMail
from local.stack import LocalStack
from tests.integration.deployed import edge_on, personal_in_logs, receipts
from tests.sim import small_world as world

DISPUTE = "We dispute invoice RE-26-1001: the goods were damaged."
FORGED = "We dispute invoice RE-26-1020 as well."
NAMES = [
    "Ahrens",
    "Bolte",
    "Castle",
    "Dorn AG",
    "Neumann",
    "Somebody",
    "Pfeil",
    "Torweg",
    "damaged",
    "thank you",
    "unsere Zahlung",
]
WRONG_HEADER = b"nummer;kunde\n1;2\n"
SHOP = b'[columns]\nnumber = "Ref"\ncustomer = "Who"\nissued = "When"\namount = "Sum"\n[constants]\ncurrency = "EUR"\n'
EXPORT = b"Ref;Who;When;Sum\nRE-26-1011;C1;20.02.2026;310,00\n"
POSTED = b"""
[scenario.posted]
catch_up_spacing = false
threshold = {}
[[scenario.posted.step]]
level = 1
name = "letter"
days = 1
channel = "letter"
also = ["sms"]
[[scenario.posted.step]]
level = 4
name = "lawyer"
days = 2
channel = "hand_over"
to = "lawyer"
final = true
"""
CUSTOMER = b"""id,name,country,language,timezone,email,scenario,address,postcode,city,phone
P7,Pfeil Bau GmbH,DE,de,Europe/Berlin,a@pfeil.example,posted,Torweg 4,20099,Hamburg,040 123456
"""
INVOICE = b"number,customer,issued,due,amount,currency\nRE-26-1090,P7,2026-01-20,2026-02-19,640.00,EUR\n"
NOT_UTF8 = b"number,customer,issued\nRE\xff\xfe1,C1,2026-01-20\n"


@dataclass
class Job:
    """What was seen on the way."""

    stack: LocalStack
    edge: Edge
    mails: dict[str, list[SentMail]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, dict[str, int]] = field(default_factory=dict)

    def account(self, account_id: str) -> Account:
        return self.edge.accounts.rebuild(account_id)

    def seen(self, when: str) -> None:
        """Note the mails so far and the version of every account."""
        self.stack.wait_until_idle()
        self.mails[when] = self.stack.mails()
        self.versions[when] = {one: self.edge.accounts.load(one).version for one in audit.account_ids(self.edge)}

    def events(self, account_id: str) -> list[tuple[int, ev.Event]]:
        return [(entry.version, event) for entry in self.edge.accounts.history(account_id) for event in entry.events]


@pytest.fixture(scope="module")
def job(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    folder = tmp_path_factory.mktemp("main-job")
    with LocalStack(folder=folder, emulator=emulator) as stack, edge_on(stack) as edge:
        played = Job(stack, edge)
        upload(played)
        first_reminders(played)
        replies(played)
        later(played)
        sales(played)
        posted(played)
        yield played


def upload(job: Job) -> None:
    stack = job.stack
    stack.upload("policy/policy.toml", world.POLICY, world.at(0, 5))
    stack.upload("customers/all.csv", world.CUSTOMERS, world.at(0, 5, 10))
    job.seen("customers")
    stack.upload("invoices/january 26+.csv", world.INVOICES, world.at(0, 5, 20))
    stack.upload(
        "invoices/1020.xml", world.ubl_invoice("RE-26-1020", "Neumann Tischlerei", "600.00"), world.at(0, 5, 21)
    )
    stack.upload("invoices/header.csv", WRONG_HEADER, world.at(0, 5, 22))
    stack.upload("invoices/bytes.csv", NOT_UTF8, world.at(0, 5, 23))
    job.seen("invoices")
    stack.upload("statements/february.csv", world.STATEMENT, world.at(0, 5, 30))
    stack.upload("customers/late.csv", world.LATE_CUSTOMER, world.at(0, 5, 40))
    stack.upload("invoices/late.csv", world.LATE_INVOICES, world.at(0, 5, 41))
    stack.upload("policy/profiles/invoices/shop.toml", SHOP, world.at(0, 5, 42))
    stack.wait_until_idle()
    stack.upload("invoices/shop/2026/again.csv", EXPORT, world.at(0, 5, 43))
    job.seen("payments")


def first_reminders(job: Job) -> None:
    job.stack.shim.outcomes["gone@dorn.example"] = Outcome.BOUNCED
    job.stack.tick(world.at(0, 10))
    job.seen("first tick")
    job.stack.tick(world.at(0, 11))
    job.seen("second tick")


def replies(job: Job) -> None:
    notice = next(mail for mail in job.stack.mails() if "chase@ahrens.example" in mail.destination)
    raw, to = world.answer_to(notice.raw, "chase@ahrens.example", DISPUTE, world.at(0, 12))
    job.stack.deliver_inbound(raw, world.at(0, 12), recipients=[to], repeat=2)
    job.seen("dispute")
    raw, to = world.answer_to(notice.raw, "chase@ahrens.example", FORGED, world.at(0, 13))
    local, _, domain = to.partition("@")
    forged = f"{local[:-4]}{''.join('a' if one != 'a' else 'b' for one in local[-4:])}@{domain}"
    job.stack.deliver_inbound(raw.replace(to.encode(), forged.encode()), world.at(0, 13), recipients=[forged])
    job.seen("forged")


def later(job: Job) -> None:
    stack = job.stack
    stack.upload("statements/march.csv", world.LATER_STATEMENT, world.at(2, 6))
    job.seen("later payments")
    stack.upload("statements/march-again.csv", world.LATER_STATEMENT, world.at(2, 6, 30))
    job.seen("same payments")
    stack.tick(world.at(7, 10))
    job.seen("disputed")
    (dispute,) = job.account("C1").live("disputes")
    request = {"type": "decision", "action": "resolve_dispute", "account": "C1", "dispute": dispute.key}
    request |= {"outcome": "rejected", "by": "finance", "time": world.at(8, 7).isoformat()}
    job.answers["decision"] = stack.invoke("DisputesFunction", request)
    job.answers["again"] = stack.invoke("DisputesFunction", request)
    stack.tick(world.at(14, 10))
    job.seen("resolved")
    noon = world.at(14, 12).isoformat()
    job.answers["report"] = stack.invoke("ReportsFunction", {"type": "page", "time": noon})
    job.answers["statement"] = stack.invoke("ReportsFunction", {"type": "statement", "account": "C1", "time": noon})
    job.answers["books"] = stack.invoke("ReportsFunction", {"type": "export", "format": "beancount", "time": noon})


def sales(job: Job) -> None:
    """Ask for the headroom of C5, then twice at once for all of it; then hold, override and release."""
    ask = {"type": "credit_check", "customer": "C5", "currency": "EUR", "time": world.at(14, 13).isoformat()}
    first = job.stack.invoke("RiskCheckFunction", {**ask, "amount": "1.00"})
    whole = {**ask, "amount": first["headroom"]}
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(lambda order: job.stack.invoke("RiskCheckFunction", {**whole, "order": order}), ("O-1", "O-2"))
        job.answers["sales"] = list(both)
    grant = {"type": "override", "customer": "C5", "until": world.at(20, 0).date().isoformat(), "reason": "contract"}
    job.answers["override"] = job.stack.invoke("RiskCheckFunction", {**grant, "by": "finance", "time": ask["time"]})
    job.answers["lifted"] = job.stack.invoke("RiskCheckFunction", {**whole, "order": "O-3"})
    job.answers["unknown"] = job.stack.invoke("RiskCheckFunction", {**whole, "customer": "C77"})


def posted(job: Job) -> None:
    """A scenario, new with its policy, of a letter with a text beside it, and a hand-over a day later."""
    for key, data in (("policy/policy.toml", world.POLICY + POSTED), ("customers/p.csv", CUSTOMER)):
        job.stack.upload(key, data, world.at(14, 13, 30))
        job.stack.wait_until_idle()
    job.stack.upload("invoices/p.csv", INVOICE, world.at(14, 13, 40))
    job.stack.wait_until_idle()
    job.stack.tick(world.at(14, 14))
    job.seen("posted")
    job.stack.tick(world.at(15, 14))
    job.seen("handed over")


# --- uploads
def test_every_upload_has_a_receipt_that_adds_up(job: Job) -> None:
    found = receipts(job.stack)
    assert len([key for key in found if not key.startswith("inbound/")]) == 15
    assert all(one["adds_up"] for several in found.values() for one in several)
    (january,) = found["invoices/january 26+.csv"]
    assert january["rows"] == {"in": 9, "applied": 8, "duplicate": 0, "rejected": 1}
    (shop,) = found["invoices/shop/2026/again.csv"]
    assert shop["notes"][0].startswith("profile policy/profiles/invoices/shop.toml version ")
    assert shop["amounts"]["in"] == {"EUR": "310.00"} and shop["rows"]["rejected"] == 0


def test_rejects_say_line_field_and_reason(job: Job) -> None:
    texts = {key: data.decode() for key, data in job.stack.objects("receipts/").items() if key.endswith("rejects.csv")}
    assert len([key for key in texts if "/invoices/" in key]) == 3
    (january,) = [text for key, text in texts.items() if "january" in key]
    assert january.splitlines()[1].startswith("8,issued,")
    broken = [text for key, text in texts.items() if "header.csv" in key or "bytes.csv" in key]
    assert all(text.splitlines()[1].split(",")[3] for text in broken)


def test_the_statement_is_matched_and_the_rest_waits(job: Job) -> None:
    assert job.account("C2").items["RE-26-1003"].state == "paid"
    assert job.account("C2").items["RE-26-1010"].state == "paid", "the money came before its invoice"
    assert job.account("C1").items["RE-26-1001"].outstanding_minor == 100_000
    assert job.account("C9").items["RE-26-1020"].outstanding_minor == 10_000, "its customer came after its payment"
    waiting = sorted(one["amount"] for one in audit.canonical(job.edge)["suspense"].values())
    assert waiting == ["120.00", "150.00", "400.00"], "numbers that two customers' invoices have, and no number at all"


def test_an_overlapping_statement_has_duplicates_and_a_repeated_one_nothing_else(job: Job) -> None:
    found = receipts(job.stack)
    assert found["statements/march.csv"][0]["rows"] == {"in": 5, "applied": 4, "duplicate": 1, "rejected": 0}
    assert found["statements/march-again.csv"][0]["rows"] == {"in": 5, "applied": 0, "duplicate": 5, "rejected": 0}
    assert job.versions["same payments"] == job.versions["later payments"]


# --- reminders
def test_a_tick_reminds_each_debtor_once(job: Job) -> None:
    recipients = sorted(address for mail in job.mails["first tick"] for address in mail.destination)
    assert recipients == [
        "accounts@castle.example",
        "chase@ahrens.example",
        "gone@dorn.example",
        "mail@neumann.example",
    ]
    assert len(job.mails["second tick"]) == len(job.mails["first tick"])
    counts = world.reminders_in(job.edge, [mail.raw for mail in job.stack.mails()])
    assert max(counts.values()) == 1


def test_deliveries_are_noted_and_a_bounce_suppresses_the_address_with_a_task(job: Job) -> None:
    assert [notice.delivery for notice in job.account("C3").notices.values()][0] == "delivered"
    dorn = job.account("C4")
    assert [notice.delivery for notice in dorn.notices.values()] == ["bounced"]
    assert list(dorn.header.suppressed.values()) == ["bounced"]
    assert [task.kind for task in dorn.live("tasks")] == ["address_bounced"]


# --- replies
def test_a_reply_holds_the_account_at_once_and_becomes_a_dispute(job: Job) -> None:
    kinds = {type(event): version for version, event in job.events("C1")}
    assert kinds[ev.ReplyReceived] < kinds[ev.DisputeOpened], "held before it was understood"
    (dispute,) = job.account("C1").disputes.values()
    assert (dispute.items, dispute.reason) == (("RE-26-1001",), "quality")
    assert len(job.account("C1").replies) == 1, "the same mail twice is one reply"


def test_a_forged_token_changes_nothing_and_makes_a_task(job: Job) -> None:
    assert job.versions["forged"] == job.versions["dispute"]
    assert "forged_token" in {task["kind"] for task in job.edge.stack.tasks().values()}


def mentions(mails: list[SentMail], number: str) -> int:
    return sum(number in str(mail.parsed().get_body(("plain",))) for mail in mails)


def test_a_disputed_invoice_rests_until_finance_decides(job: Job) -> None:
    assert mentions(job.mails["second tick"], "RE-26-1001") == 1
    assert mentions(job.mails["disputed"], "RE-26-1001") == 1
    assert job.answers["decision"]["ok"] is True
    assert job.answers["again"]["code"] == "not_possible"
    assert mentions(job.mails["resolved"], "RE-26-1001") == 2
    assert [one.state for one in job.account("C1").disputes.values()] == ["rejected"]


# --- the whole
def test_the_report_shows_the_customers(job: Job) -> None:
    html = job.answers["report"]["html"]
    assert "Dorn AG" in html or "C4" in html


def test_a_statement_and_the_books_are_written_and_agree_with_the_accounts(job: Job) -> None:
    statement, books = job.answers["statement"], job.answers["books"]
    assert statement["ok"] and books["ok"] and books["agrees"], (statement, books)
    assert job.stack.objects("documents/")[statement["key"]].startswith(b"%PDF")
    assert job.stack.objects("reports/books/")[books["key"]].startswith(b"option ")


def test_a_letter_a_text_and_a_hand_over_come_out(job: Job) -> None:
    """Under the stack's real permissions: the bucket, SNS's stand-in, and the journal of the account."""
    (text,) = job.stack.texts()
    assert text.to == "+4940123456" and text.text.startswith("Muster GmbH") and "RE-26-1090" in text.text
    written = job.stack.objects("documents/notices/P7/")
    (letter,) = [data for key, data in written.items() if key.endswith(".pdf")]
    (whole,) = [data for key, data in written.items() if key.endswith(".zip")]
    assert letter.startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = archive.namelist()
    assert names[0] == "cover.pdf" and "manifest.json" in names and any("-letter-" in name for name in names)
    account = job.account("P7")
    assert sorted(task.kind for task in account.live("tasks")) == ["hand_over", "post_letter"]
    assert [one.to for one in account.live("handovers")] == ["lawyer"]


def test_two_sales_at_once_do_not_share_their_headroom(job: Job) -> None:
    outcomes = sorted(answer["outcome"].startswith("approve") for answer in job.answers["sales"])
    assert outcomes == [False, True], job.answers["sales"]
    assert len([one for one in job.account("C5").live("orders") if one.key != "O-3"]) == 1
    assert job.answers["lifted"]["override"] == job.answers["override"]["override"]
    assert job.account("C5").header.credit_hold == ("over_limit",)
    assert job.answers["unknown"] == {
        "ok": False,
        "code": "unknown_customer",
        "error": "no customer or account is called so",
    }


def test_the_audit_is_clean_and_no_claim_was_untimely(job: Job) -> None:
    assert audit.audit(job.edge, world.at(40, 0)).problems == []
    for account_id in audit.account_ids(job.edge):
        assert list(world.untimely_claims(job.edge, account_id)) == []
    assert job.stack.dead_letters() == {}


def test_logs_hold_no_personal_data(job: Job) -> None:
    assert personal_in_logs(job.stack, NAMES) == []
