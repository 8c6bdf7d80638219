"""Letters and text messages: what a claim makes of them, once, and what is said when it cannot be."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.entities import Task
from duly.flows import attaching, channels
from duly.flows.carrying import CARRIERS
from duly.flows.channels import text_key
from duly.flows.notices import COMMIT_SECONDS, Claimed, document_key, outcome_events
from duly.flows.scripts import call_script
from duly.flows.twin import TwinStack
from duly.mail.notice import LANGUAGES, NoticeError
from duly.mail.own_words import shipped_words
from duly.mail.script import CallView, Due, render_script
from duly.mail.sending import Accepted, Doubtful, Refused, Scripted, classify
from duly.mail.sms import MAX_SEGMENTS, render_sms, segments
from duly.mail.typeset import PdfTooLarge
from tests.core_samples import CONTACT, MONDAY, NOON, account, claim, invoice, payment, policy, then
from tests.mail_views import CREDITOR, golden_view, item, view

POLICY = policy('address = ["Hafenstraße 4", "20457 Hamburg"]\niban = "DE02120300000000202051"\n')
NOTICE = "a1" * 16


def claimed(channel: str, **personal: Any) -> Claimed:
    found = account(invoice("RE-1001", 12_345), contacts=[{**CONTACT, "phone": "+4940123456"}])
    found.personal |= {"address": ["Torweg 4", "20457 Hamburg"], **personal}
    event = replace(claim(found, "RE-1001", step_name="formal", level=3, notice=NOTICE), channel=channel)
    after = then(found, [event])
    after.personal = found.personal
    return Claimed(after, event, 0.0)


def carried(stack: TwinStack, made: Claimed, seconds: float = 900.0, age: float = 1.0) -> Any:
    stack.edge.monotonic = lambda: age
    return CARRIERS[made.event.channel](stack.edge, made, POLICY, NOON, lambda: seconds)


@pytest.mark.parametrize(("channel", "registered"), [("letter", False), ("registered_letter", True)])
def test_a_letter_is_written_once_and_its_posting_is_a_task(channel: str, registered: bool) -> None:
    stack = TwinStack()
    made = claimed(channel)
    outcome = carried(stack, made)
    assert outcome == Accepted("", NOON)
    stored = stack.objects.get(document_key("A-1", NOTICE, channel))
    assert stored is not None
    text = " ".join(PdfReader(io.BytesIO(stored.data)).pages[0].extract_text().split())
    assert "Torweg 4" in text and "RE-1001" in text and "123,45 EUR" in text and "DE02 1203" in text
    assert ("EINSCHREIBEN" in text or "REGISTERED" in text) == registered
    events = outcome_events(made.account, made.account.notices[NOTICE], outcome, NOON, MONDAY)
    assert [type(one).__name__ for one in events] == ["NoticeSent", "TaskOpened", "StepsRecorded"]
    sent, task = events[0], events[1]
    assert isinstance(sent, ev.NoticeSent) and sent.evidence == "document"
    assert isinstance(task, ev.TaskOpened) and (task.kind, task.about) == ("post_letter", NOTICE)
    assert not stack.mailer.messages


def test_a_posted_letter_is_in_the_businesss_own_words() -> None:
    stack = TwinStack()
    key, shipped = "policy/templates/de/before_due.j2", shipped_words("de", "before_due")  # due today
    own = shipped[: shipped.index("{% set closing")] + '{% set closing = "Bis bald im Hafen." %}'
    stack.upload(key, own.encode(), NOON)
    stack.work()
    made = claimed("letter")
    assert carried(stack, made) == Accepted("", NOON)
    stored = stack.objects.get(document_key("A-1", NOTICE, "letter"))
    assert stored is not None
    assert "Bis bald im Hafen." in " ".join(PdfReader(io.BytesIO(stored.data)).pages[0].extract_text().split())


def test_a_letter_without_street_and_town_or_too_late_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = TwinStack()
    assert carried(stack, claimed("letter", address=["Hamburg"])) == Refused("address_incomplete", retryable=False)
    assert carried(stack, claimed("letter"), age=6.0) == Refused("claim_too_old")
    needed = channels.LONGEST_WRITE_SECONDS + COMMIT_SECONDS
    assert carried(stack, claimed("letter"), seconds=needed - 0.01) == Refused("no_time_left")

    def refuse(*_: object) -> bytes:
        raise PdfTooLarge("too large")

    monkeypatch.setattr(channels, "render_letter", refuse)
    assert carried(stack, claimed("letter")) == Refused("letter_too_large", retryable=False)
    assert not stack.objects.keys("documents/")


def test_a_text_message_goes_out_once_to_the_first_contact_with_a_number() -> None:
    stack = TwinStack()
    outcome = carried(stack, claimed("sms"))
    (message,) = stack.texter.messages
    assert outcome == Accepted(message.message_id, NOON)
    assert (message.to, message.attempt) == ("+4940123456", NOTICE)
    for told in ("Creditor", "123,45 EUR", "RE-1001"):
        assert told in message.text
    kept = stack.objects.get(text_key("A-1", NOTICE))
    assert kept is not None and kept.data.decode() == message.text


@pytest.mark.parametrize("answer", [Refused("Throttled", pressure="slow"), Doubtful("ReadTimeoutError")])
def test_what_the_service_says_of_a_text_message_is_its_outcome(answer: Refused | Doubtful) -> None:
    stack = TwinStack()
    stack.texter.will(Scripted(accepts=False, answer=answer))
    assert carried(stack, claimed("sms")) == answer
    assert stack.texter.calls == 1


def test_a_text_message_is_in_the_businesss_own_words() -> None:
    stack = TwinStack()
    own = shipped_words("de", "sms").replace("{{ creditor.name }}", "Moin von {{ creditor.name }}")
    stack.upload("policy/templates/de/sms.j2", own.encode(), NOON)
    stack.work()
    assert isinstance(carried(stack, claimed("sms")), Accepted)
    stored = stack.objects.get(text_key("A-1", NOTICE))
    assert stored is not None and stored.data.decode().startswith("Moin von Creditor: ")


def test_a_text_message_without_number_or_time_is_not_sent() -> None:
    stack = TwinStack()
    assert carried(stack, claimed("sms", contacts=[CONTACT])) == Refused("no_number", retryable=False)
    assert carried(stack, claimed("sms"), age=6.0) == Refused("claim_too_old")
    assert stack.texter.calls == 0


@pytest.mark.parametrize(
    ("code", "status", "found"),
    [
        ("Throttled", 429, Refused("Throttled", pressure="slow")),
        ("InvalidParameter", 400, Refused("InvalidParameter", retryable=False)),
        ("OptedOut", 400, Refused("OptedOut", retryable=False)),
        ("AuthorizationError", 403, Refused("AuthorizationError", pressure="stop")),
        ("InternalError", 500, Doubtful("InternalError")),
    ],
)
def test_answers_of_sns_are_classified_as_those_of_ses(code: str, status: int, found: Refused | Doubtful) -> None:
    from botocore.exceptions import ClientError

    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert classify(ClientError(answer, "Publish")) == found


@pytest.mark.parametrize(("count", "said"), [(2, "faktury R-0, R-1"), (6, "6 faktur,"), (22, "22 faktury,")])
def test_polish_counts_invoices_in_its_own_forms(count: int, said: str) -> None:
    items = [item(f"R-{number}") for number in range(count)]
    assert said in render_sms(view(*items, kind="second_reminder", language="pl"))
    due = tuple(Due(f"R-{number}", date(2026, 2, 4), 1_000, "EUR") for number in range(count))
    assert said.rstrip(",") in render_script(CallView("pl", "Fog", "Mist", due))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_message_fits_two_segments_in_every_language(language: str) -> None:
    for kind in ("before_due", "formal_notice"):
        notice = golden_view(language, kind)  # type: ignore[arg-type]
        text = render_sms(notice)
        assert segments(text) <= MAX_SEGMENTS
        assert text.startswith("Muster Maschinen GmbH") and CREDITOR.email in text
        assert notice.items[0].number in text or f"{len(notice.items)} " in text
        assert "14" in text or "1" in text


def test_a_long_text_message_names_fewer_invoices_and_cuts_the_name() -> None:
    items = tuple(item(f"RECHNUNG-2026-{number:06d}", balance=100 + number) for number in range(9))
    long_name = replace(CREDITOR, name="Internationale Maschinenbau und Handelsgesellschaft Hamburg mbH & Co. KG")
    text = render_sms(view(*items, creditor=long_name, kind="formal_notice", language="de"))
    assert segments(text) <= MAX_SEGMENTS and "9 Rechnungen" in text and "RECHNUNG-2026" not in text
    impossible = replace(CREDITOR, email="x" * 320)
    with pytest.raises(NoticeError, match="sms_too_long"):
        render_sms(view(creditor=impossible, kind="formal_notice"))


def test_segments_are_counted_by_alphabet() -> None:
    assert (segments("a" * 160), segments("a" * 161), segments("a" * 306), segments("a" * 307)) == (1, 2, 2, 3)
    assert (segments("€" * 80), segments("€" * 81)) == (1, 2)
    assert (segments("я" * 70), segments("я" * 71)) == (1, 2)
    polish = render_sms(golden_view("pl", "formal_notice"))
    assert all(ord(character) < 256 for character in polish)


def mail_files(made: Claimed, along: str, stack: TwinStack) -> attaching.Attached:
    given = policy(f'[[scenario.standard.step]]\nlevel = 3\nname = "formal"\ndays = 3\nattach = {along}\n')
    told = channels.view_of(made.account, made.event, given, "reply@in.example")
    return attaching.attached(stack.edge, made.account, made.event, given, told)


def test_the_formal_notice_goes_along_as_a_letter_and_the_mail_says_so() -> None:
    found = mail_files(claimed("email"), '["statement", "formal_notice"]', TwinStack())
    assert [one.name for one in found.files] == ["offene-posten-2026-03-02.pdf", "notice-2026-03-02.pdf"]
    assert (found.view.statement_attached, found.view.letter_attached, found.view.invoices_attached) == (
        True,
        True,
        False,
    )
    text = PdfReader(io.BytesIO(found.files[1].data)).pages[0].extract_text()
    assert "123,45 EUR" in text


def _with_upload(stack: TwinStack, key: str, rows: int, form: str, data: bytes = b"%PDF-1.7") -> Account:
    from duly.store.uploads import Upload

    version = stack.objects.put(key, data, "application/octet-stream")
    stack.edge.uploads.register(Upload("u1", key, version, "invoices", NOON, rows_in=rows, format=form))
    return claimed("email").account


@pytest.mark.parametrize(
    ("key", "rows", "form", "names"),
    [
        ("invoices/r.pdf", 1, "zugferd", ["RE-1001.pdf"]),
        ("invoices/r.XML", 1, "ubl", ["RE-1001.xml"]),
        ("invoices/r.csv", 1, "csv", []),
        ("invoices/r.xml", 2, "ubl", []),
    ],
)
def test_a_copy_goes_along_only_where_the_upload_was_that_invoice(
    key: str, rows: int, form: str, names: list[str]
) -> None:
    stack = TwinStack()
    _with_upload(stack, key, rows, form)
    found = mail_files(claimed("email"), '["invoices"]', stack)
    assert [one.name for one in found.files] == names
    assert found.view.invoices_attached == bool(names)


def test_a_copy_that_is_gone_or_too_large_is_left_out() -> None:
    stack = TwinStack()
    _with_upload(stack, "invoices/r.pdf", 1, "zugferd", b"%" * (2 * 1024 * 1024))
    assert not mail_files(claimed("email"), '["invoices"]', stack).files
    assert not mail_files(claimed("email"), '["invoices"]', TwinStack()).files


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_call_s_script_tells_the_figures_of_the_moment_in_the_creditor_s_language(language: str) -> None:
    made = claimed("call")
    task = Task("call-1", "call", NOTICE, MONDAY)
    theirs = replace(POLICY, creditor=replace(POLICY.creditor, language=language))
    script = call_script(made.account, task, theirs, MONDAY)
    for told in ("Creditor", "Debtor", "RE-1001", "+4940123456", "123"):
        assert told in script
    assert "{" not in script and "[" in script
    money = [payment("T1", 12_345, ["RE-1001"]), ev.AllocationsChanged((ev.Allocation("T1", "RE-1001", 12_345),))]
    paid = then(made.account, money)
    paid.personal = made.account.personal
    nothing = call_script(paid, task, theirs, MONDAY)
    assert "RE-1001" not in nothing and "+4940123456" in nothing


def test_a_call_without_a_notice_is_about_all_that_is_overdue() -> None:
    found = account(*(invoice(f"RE-{number}", 1_000) for number in range(7)), invoice("LATER", due=date(2027, 1, 1)))
    script = call_script(found, Task("call-1", "call", "", MONDAY), POLICY, date(2026, 3, 9))
    assert "7 invoices" in script and "EUR 70.00" in script and "LATER" not in script and "none on record" in script
