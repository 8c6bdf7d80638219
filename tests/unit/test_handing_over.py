"""A hand-over: one ZIP with cover sheet, ledger, invoices, correspondence and charges, written once for a claim."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from duly.domain import events as ev
from duly.domain.policy import Policy
from duly.flows import channels, handing_over
from duly.flows.carrying import CARRIERS
from duly.flows.edge import Edge
from duly.flows.notices import COMMIT_SECONDS, Claimed, document_key, mail_key, outcome_events
from duly.flows.statements_of_account import Known, known
from duly.flows.twin import TwinStack
from duly.mail.notice import LANGUAGES
from duly.mail.sending import LONGEST_SEND_SECONDS, Accepted, Refused
from local.stack import LOCAL_PARAMETERS
from tests.core_samples import claim, policy
from tests.template import cfn

DATA = Path(__file__).parents[1] / "data" / "formats"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW = START + timedelta(days=40)
POLICY = policy('address = ["Hafenstraße 4", "20457 Hamburg"]\niban = "DE02120300000000202051"\n')
FIRST, HANDED = "b2" * 16, "a1" * 16
CUSTOMERS = (
    "id,name,country,email,vat_id,address,postcode,city,phone\n"
    "C-101,Nebel GmbH,DE,a@nebel.example,DE136695976,Torweg 4,20457,Hamburg,040 123456\n"
)
TABLE = "number,customer,issued,due,amount,currency\nR-7,C-101,2026-01-05,2026-02-04,50.00,EUR\n"


@pytest.fixture
def stack() -> TwinStack:
    found = TwinStack()
    found.upload("customers/1.csv", CUSTOMERS.encode(), START)
    found.upload("invoices/1.csv", TABLE.encode(), START)
    found.upload("invoices/1.xml", (DATA / "invoice.ubl.xml").read_bytes(), START)
    found.work()
    return found


def committed(stack: TwinStack, *events: ev.Event) -> Any:
    before = stack.edge.accounts.load("C-101")
    return stack.edge.accounts.commit(before, list(events), NOW, stack.edge.agenda(POLICY, NOW))


def handed(stack: TwinStack, seconds: float = 900.0) -> tuple[Claimed, Any]:
    """The hand-over of both invoices, after a reminder by mail that was answered."""
    before = stack.edge.accounts.load("C-101")
    reminder = claim(before, "R-7", "R-2026-010", notice=FIRST)
    sent = [ev.NoticeSent(FIRST, NOW, "answer", "m1"), ev.StepsRecorded(FIRST, ("R-7", "R-2026-010"), NOW.date())]
    committed(stack, reminder)
    stack.objects.put(mail_key("C-101", FIRST), b"the reminder", "message/rfc822")
    stack.objects.put("inbound/7", b"the answer", "message/rfc822")
    answer = ev.ReplyReceived("reply1", FIRST, "inbound/7", NOW)
    after = committed(stack, *sent, answer, ev.ReplyClassified("reply1", "other"))
    event = replace(
        claim(after, "R-7", "R-2026-010", step_name="hand-over", level=4, notice=HANDED),
        channel="hand_over",
        to="lawyer",
        at=NOW,
    )
    made = Claimed(committed(stack, event), event, 0.0)
    stack.edge.monotonic = lambda: 1.0
    return made, CARRIERS["hand_over"](stack.edge, made, POLICY, NOW, lambda: seconds)


def folder(stack: TwinStack, made: Claimed, rules: Policy = POLICY) -> handing_over.Folder:
    whole = known(stack.edge, made.account.id, rules)
    return handing_over.handed_over(stack.edge, made.account, made.event, rules, whole)


def opened(stack: TwinStack) -> dict[str, bytes]:
    stored = stack.objects.get(document_key("C-101", HANDED, "hand_over"))
    assert stored is not None
    with zipfile.ZipFile(io.BytesIO(stored.data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_all_that_is_needed_lies_in_one_file_with_its_sums(stack: TwinStack) -> None:
    made, outcome = handed(stack)
    assert outcome == Accepted("", NOW)
    files = opened(stack)
    assert set(files) == {
        "cover.pdf",
        "ledger/ledger.csv",
        "ledger/statement.pdf",
        "charges.csv",
        "invoices/R-2026-010.xml",
        "notices/2026-03-02-email-b2b2b2b2.eml",
        "replies/reply1.eml",
        "manifest.json",
    }
    manifest = json.loads(files["manifest.json"])
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}
    assert {name: one["sha256"] for name, one in manifest["files"].items()} == sums
    assert list(manifest["left_out"]) == ["invoices/R-7"] and manifest["to"] == "lawyer"
    cover = " ".join(PdfReader(io.BytesIO(files["cover.pdf"])).pages[0].extract_text().split())
    for told in ("Nebel GmbH", "Torweg 4", "DE136695976", "+4940123456", "R-7", "EUR 50.00", "EUR 1,050.00"):
        assert told in cover, told
    ledger = list(csv.DictReader(io.StringIO(files["ledger/ledger.csv"].decode())))
    assert {row["number"] for row in ledger if row["part"] == "movement"} == {"R-7", "R-2026-010"}
    assert files["replies/reply1.eml"] == b"the answer"
    events = outcome_events(made.account, made.account.notices[HANDED], outcome, NOW, NOW.date())
    task = next(one for one in events if isinstance(one, ev.TaskOpened))
    assert (task.kind, task.about) == ("hand_over", HANDED)
    after = made.account.after(events)
    assert after.handovers[HANDED].is_live and after.handovers[HANDED].to == "lawyer"


def test_the_same_hand_over_has_the_same_bytes(stack: TwinStack) -> None:
    made, _ = handed(stack)
    first = stack.objects.get(document_key("C-101", HANDED, "hand_over"))
    again = handing_over.zipped(folder(stack, made), NOW)
    assert first is not None and again == first.data


def test_what_is_too_large_or_gone_is_named_in_the_manifest(stack: TwinStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_over, "MAX_FILES", 4)
    _, outcome = handed(stack)
    assert isinstance(outcome, Accepted)
    manifest = json.loads(opened(stack)["manifest.json"])
    assert {"notices/2026-03-02-email-b2b2b2b2.eml", "replies/reply1.eml"} <= set(manifest["left_out"])


def test_a_hand_over_needs_time_in_hand_by_the_number_of_its_files(stack: TwinStack) -> None:
    """A mail and a letter of the one notice are looked for, its reply, and the copies of two invoices."""
    needed = handing_over.BASE_SECONDS + 5 * handing_over.FILE_SECONDS + COMMIT_SECONDS
    made, outcome = handed(stack, seconds=needed - 0.01)
    assert outcome == Refused("no_time_left") and not stack.objects.keys("documents/")
    assert isinstance(CARRIERS["hand_over"](stack.edge, made, POLICY, NOW, lambda: needed), Accepted)


def test_a_hand_over_is_not_too_late_for_the_time_that_its_history_takes(
    stack: TwinStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = handed(stack, seconds=0.0)
    clock = [1.0]
    stack.edge.monotonic = lambda: clock[-1]

    def slow(edge: Edge, account_id: str, rules: Policy) -> Known:
        clock.append(9.0)
        return known(edge, account_id, rules)

    monkeypatch.setattr(handing_over, "known", slow)
    assert isinstance(CARRIERS["hand_over"](stack.edge, made, POLICY, NOW, lambda: 900.0), Accepted)
    assert CARRIERS["hand_over"](stack.edge, made, POLICY, NOW, lambda: 900.0) == Refused("claim_too_old")


def test_every_time_out_leaves_time_for_every_channel() -> None:
    """And a start of two seconds. The largest hand-over fits the time-out that a stack has unless told otherwise."""
    told = cfn.load()["Parameters"]["FunctionTimeoutSeconds"]
    longest = max(LONGEST_SEND_SECONDS, channels.LONGEST_WRITE_SECONDS, handing_over.longest_seconds(100))
    assert longest + COMMIT_SECONDS + 2 <= min(told["AllowedValues"])
    assert handing_over.longest_seconds(10 * handing_over.MAX_FILES) + COMMIT_SECONDS + 2 <= told["Default"]
    assert int(LOCAL_PARAMETERS["FunctionTimeoutSeconds"]) in told["AllowedValues"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cover_sheet_speaks_the_creditor_s_language(stack: TwinStack, language: str) -> None:
    made, _ = handed(stack)
    theirs = replace(POLICY, creditor=replace(POLICY.creditor, language=language))
    cover = folder(stack, made, theirs)
    text = " ".join(PdfReader(io.BytesIO(cover.files["cover.pdf"])).pages[0].extract_text().split())
    assert "R-2026-010" in text and "manifest.json" in text and "{" not in text
