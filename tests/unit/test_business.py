"""The simulated business: the same for a seed, right in its sums, readable by Duly's own readers."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cache

import pytest

from duly.formats.mail import read_mail
from duly.formats.read import read_file
from duly.formats.records import BankEntry, CustomerRow, InvoiceRow, Statement
from local.business import CREDITOR, Business, Customer, make_business
from local.debtors import OVERLAP_STATEMENT, STATEMENT_DAYS, Debtors
from local.play import OpenDispute, OpenReply, OurMail, play
from local.replies import Reply, forged_token, unparseable
from local.writers import creditor_reference, iban

REPLY_ADDRESS = "reply+abcdefghijklmnop@in.muster.example"


@cache
def business() -> Business:
    return make_business()


def customer_who(behaviour: str) -> Customer:
    return next(customer for customer in business().customers if customer.behaviour == behaviour)


def reminder(customer: Customer, numbers: list[str], serial: int = 1) -> bytes:
    message = EmailMessage()
    message["From"] = "Muster Maschinen GmbH <forderungen@muster.example>"
    message["To"] = customer.contacts[0].email
    message["Reply-To"] = REPLY_ADDRESS
    message["Subject"] = "Zahlungserinnerung"
    message["Message-ID"] = f"<notice-{customer.id}-{serial}@muster.example>"
    message.set_content("Offen sind noch:\n" + "\n".join(numbers) + "\n")
    return message.as_bytes()


def due_before(customer: Customer, day: date) -> list[str]:
    return [
        one.number
        for one in business().invoices
        if one.customer == customer.id and one.due < day and not one.credit_note
    ]


def remind(debtors: Debtors, behaviour: str, times: int = 1) -> list[Reply]:
    """Reminds the first customer of a behaviour of all that is overdue on day 44, and again every ten days."""
    customer = customer_who(behaviour)
    first = datetime.combine(business().start + timedelta(days=44), time(10), tzinfo=UTC)
    numbers = due_before(customer, first.date())
    assert numbers
    replies = []
    for turn in range(times):
        now = first + timedelta(days=10 * turn)
        replies += debtors.on_mail(reminder(customer, numbers, turn), now)
    return replies


def received_from(debtors: Debtors, customer: Customer, last_offset: int = 90) -> int:
    start = business().start
    entries = debtors.payments_between(start, start + timedelta(days=last_offset), customer.currency)
    return sum(entry.amount_minor for entry in entries if entry.counterparty == customer.name)


def test_it_has_the_size_that_the_demonstration_promises() -> None:
    made = business()
    invoices = [one for one in made.invoices if not one.credit_note]
    assert len(made.customers) == 40
    assert {one.country for one in made.customers} == {"DE", "AT", "FR", "NL", "GB"}
    assert Counter(one.source for one in invoices) == {"csv": 200, "ubl": 100}
    assert len(made.invoices) - len(invoices) == 5
    assert len({one.number for one in made.invoices}) == 305
    assert min(Counter(one.customer for one in invoices).values()) >= 1
    assert {one.currency for one in invoices if made.customer_by_id[one.customer].country == "GB"} == {"GBP"}
    assert all(one.due >= made.start for one in invoices if made.customer_by_id[one.customer].behaviour == "on_time")


def test_a_seed_makes_the_same_bytes_and_another_seed_makes_others() -> None:
    assert make_business().uploads == business().uploads
    assert make_business(seed=8).uploads != business().uploads


def test_a_business_that_starts_midweek_or_ends_too_soon_is_refused() -> None:
    with pytest.raises(ValueError, match="Monday"):
        make_business(start=date(2026, 1, 6))
    with pytest.raises(ValueError, match="70 days"):
        make_business(days=69)


def test_customers_are_read_back_with_one_reject() -> None:
    files = [one for one in business().uploads if one.key.startswith("customers/")]
    results = [read_file(one.key, one.data) for one in files]
    rows = [row for result in results for row in result.records if isinstance(row, CustomerRow)]
    assert {row.id for row in rows} == {one.id for one in business().customers}
    assert len(rows) == sum(len(one.contacts) for one in business().customers)
    assert len(results[0].rejects) == 1
    assert not results[1].rejects


def test_every_invoice_arrives_once_and_only_the_planned_rows_are_rejected() -> None:
    seen: Counter[str] = Counter()
    rejects = []
    for upload in business().uploads:
        if upload.key.startswith("invoices/") and not upload.key.endswith("-again.csv"):
            result = read_file(upload.key, upload.data)
            rejects += result.rejects
            seen.update(row.number for row in result.records if isinstance(row, InvoiceRow))
    foreign = seen.pop("2026-7781")
    assert foreign == 1
    assert seen == Counter(one.number for one in business().invoices)
    assert (
        len(rejects) == 4
    )  # a day that does not exist, an unknown currency, an amount with a letter, a file cut in half


def test_the_amounts_and_buyers_of_ubl_files_are_those_of_the_business() -> None:
    by_number = {one.number: one for one in business().invoices}
    compared = 0
    for upload in business().uploads:
        result = read_file(upload.key, upload.data) if upload.key.endswith(".xml") else None
        for row in result.records if result else ():
            if isinstance(row, InvoiceRow) and row.number in by_number:
                known = by_number[row.number]
                assert (row.issued, row.currency, abs(row.amount_minor)) == (
                    known.issued,
                    known.currency,
                    known.amount_minor,
                )
                assert (row.type == "credit_note", row.for_invoice) == (known.credit_note, known.for_invoice)
                assert row.buyer.name == business().customer_by_id[known.customer].name
                assert row.seller_name == CREDITOR.name
                compared += 1
    assert compared == 105


def statements(debtors: Debtors, index: int) -> list[Statement]:
    day = business().start + timedelta(days=STATEMENT_DAYS[index])
    upload = debtors.statements_on(day)[0]
    result = read_file(upload.key, upload.data)
    assert not result.rejects
    return [record for record in result.records if isinstance(record, Statement)]


def test_statements_add_up_and_follow_each_other() -> None:
    debtors = Debtors(business())
    closing: dict[str, int] = {}
    for index in range(len(STATEMENT_DAYS)):
        read = statements(debtors, index)
        assert {one.currency for one in read} == {"EUR", "GBP"}
        for one in read:
            assert one.opening_minor is not None
            assert one.opening_minor + sum(entry.amount_minor for entry in one.entries) == one.closing_minor
            if index and index != OVERLAP_STATEMENT:
                assert one.opening_minor == closing[one.currency]
            closing[one.currency] = one.closing_minor or 0


def test_one_statement_overlaps_the_one_before_with_the_same_entries() -> None:
    debtors = Debtors(business())

    def references(index: int) -> dict[str, BankEntry]:
        return {entry.bank_reference: entry for one in statements(debtors, index) for entry in one.entries}

    before, after = references(OVERLAP_STATEMENT - 1), references(OVERLAP_STATEMENT)
    both = before.keys() & after.keys()
    assert both
    assert all(before[key].amount_minor == after[key].amount_minor for key in both)


def test_four_statements_and_one_of_them_twice() -> None:
    debtors = Debtors(business())
    days = [business().start + timedelta(days=offset) for offset in range(business().days)]
    uploads = [upload for day in days for upload in debtors.statements_on(day)]
    assert len(uploads) == 5
    assert len({upload.data for upload in uploads}) == 4
    with pytest.raises(ValueError, match="no statement"):
        debtors.statement(business().start)


def test_who_pays_by_the_due_date_pays_everything_without_a_word_from_us() -> None:
    debtors, customer = Debtors(business()), customer_who("on_time")
    limit = business().start + timedelta(days=80)
    owed = sum(
        -one.amount_minor if one.credit_note else one.amount_minor
        for one in business().invoices
        if one.customer == customer.id and one.due + timedelta(days=3) < limit
    )
    assert received_from(debtors, customer, last_offset=90) >= owed > 0


@pytest.mark.parametrize(("behaviour", "count"), [("after_first", 1), ("after_second", 2), ("after_third", 3)])
def test_who_pays_after_a_reminder_pays_after_that_one(behaviour: str, count: int) -> None:
    early, late, customer = Debtors(business()), Debtors(business()), customer_who(behaviour)
    assert remind(early, behaviour, count - 1) == []
    assert received_from(early, customer) == 0
    remind(late, behaviour, count)
    assert received_from(late, customer) > 0


def test_a_kept_promise_is_paid_before_its_day_and_a_broken_one_is_not() -> None:
    debtors = Debtors(business())
    assert [reply.kind for reply in remind(debtors, "promise_kept")] == ["promise"]
    assert [reply.kind for reply in remind(debtors, "promise_broken")] == ["promise"]
    assert received_from(debtors, customer_who("promise_kept"), 65) > 0
    assert received_from(debtors, customer_who("promise_broken")) == 0


def test_a_settled_dispute_is_paid_only_when_the_debtor_was_wrong() -> None:
    customer, received = customer_who("dispute_quantity"), {}
    for right in (True, False):
        debtors = Debtors(business())
        reply = remind(debtors, "dispute_quantity")[0]
        number = re.findall(r"RE-\d\d-\d{4}", reply.text)[0]
        before = received_from(debtors, customer)
        debtors.on_decision(number, right, reply.due + timedelta(days=6))
        received[right] = received_from(debtors, customer) - before
    assert received[True] > 0
    assert received[False] == 0


def test_nobody_answers_and_pays_at_a_dead_address() -> None:
    debtors = Debtors(business())
    assert remind(debtors, "never", 3) == []
    assert remind(debtors, "bounces", 3) == []
    assert received_from(debtors, customer_who("never")) == 0


def test_the_same_mails_get_the_same_answers_and_money() -> None:
    first, second = Debtors(business()), Debtors(business())
    for behaviour in ("promise_kept", "dispute_price", "thanks", "question", "mailbox_gone"):
        assert remind(first, behaviour) == remind(second, behaviour)
    last = business().last_day
    assert first.payments_between(business().start, last) == second.payments_between(business().start, last)


@pytest.mark.parametrize(
    "behaviour",
    ["dispute_quantity", "dispute_price", "dispute_not_received", "promise_kept", "paid_and_did", "question", "thanks"],
)
def test_answers_are_mails_to_the_reply_address_of_the_notice(behaviour: str) -> None:
    reply = remind(Debtors(business()), behaviour)[0]
    mail = read_mail(reply.raw)
    assert mail.problems == ()
    assert mail.from_address == customer_who(behaviour).contacts[0].email
    assert REPLY_ADDRESS in mail.to
    assert mail.in_reply_to == (f"<notice-{customer_who(behaviour).id}-0@muster.example>",)
    assert mail.language == customer_who(behaviour).language
    assert "Offen sind noch" not in mail.text  # the quoted original is told apart from what is new
    assert reply.text.split("\n")[0] in mail.text


def test_automatic_answers_and_delivery_reports_are_marked_as_such() -> None:
    away = read_mail(remind(Debtors(business()), "out_of_office")[0].raw)
    assert away.is_auto_reply
    gone = read_mail(remind(Debtors(business()), "mailbox_gone")[0].raw)
    assert gone.delivery_report is not None


def test_creditor_references_and_ibans_have_right_check_digits() -> None:
    for text in (creditor_reference("260123"), iban("DE", "120300000000202051")):
        moved = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
        assert int(moved) % 97 == 1
    assert creditor_reference("539007547034") == "RF18539007547034"
    assert iban("GB", "WEST12345698765432") == "GB82WEST12345698765432"


class PaperWorld:
    """Takes everything, reminds every customer of everything overdue every tenth day, and has one dispute."""

    def __init__(self) -> None:
        self.log: list[tuple[str, datetime]] = []
        self.fresh: list[OurMail] = []
        self.decisions: list[dict[str, object]] = []
        self.refused = False

    def upload(self, key: str, data: bytes, at: datetime) -> None:
        assert data
        self.log.append((key, at))

    def inbound(self, raw: bytes, verdicts: dict[str, str], recipient: str, at: datetime) -> None:
        assert raw
        assert recipient.startswith("reply+")
        assert (recipient == REPLY_ADDRESS) is (b"forged-1" not in raw)
        assert set(verdicts) == {"spf", "dkim", "dmarc", "spam", "virus"}
        self.log.append(("inbound", at))

    def tick(self, at: datetime) -> None:
        self.log.append(("tick", at))
        if (at.date() - business().start).days % 10 == 4:
            for customer in business().customers:
                numbers = due_before(customer, at.date())
                self.fresh += [OurMail(reminder(customer, numbers, at.toordinal()), "1")] if numbers else []

    def reports(self, at: datetime) -> None:
        self.log.append(("reports", at))

    def wait(self) -> None:
        assert self.log

    def new_mails(self) -> list[OurMail]:
        fresh, self.fresh = self.fresh, []
        return fresh

    def unread_replies(self) -> list[OpenReply]:
        return []

    def open_disputes(self) -> list[OpenDispute]:
        opened = any(name == "inbound" for name, _ in self.log)
        number = due_before(customer_who("dispute_quantity"), business().last_day)[0]
        return [OpenDispute("C-1003", "d1", "quantity", (number,))] if opened and not self.decisions else []

    def decide(self, payload: dict[str, object]) -> None:
        self.decisions.append(payload)


def test_the_play_keeps_time_and_brings_everything_once() -> None:
    world, days = PaperWorld(), []
    result = play(
        world, business(), Debtors(business()), lambda done, _all, _day: days.append(done), policy=b"[creditor]"
    )
    times = [at for _, at in world.log]
    assert times == sorted(times)
    assert days == list(range(1, 92))
    names = Counter(name for name, _ in world.log)
    assert names["tick"] == 91
    assert names["reports"] == 1
    assert names["inbound"] == result.replies_delivered > 20
    assert result.uploads == len(business().uploads) + 5
    assert [payload["dispute"] for payload in world.decisions] == ["d1"]
    said = Counter(reply.kind for notice in result.notices for reply in notice.replies)
    assert said["forged_token"] == said["unparseable"] == said["stranger"] == 1
    assert {"promise", "paid", "thanks", "question", "out_of_office", "bounce"} <= said.keys()


def test_the_broken_mail_is_one_that_cannot_be_read() -> None:
    assert "unparseable" in read_mail(unparseable()).problems


def test_a_forged_token_differs_from_the_real_one_in_its_last_characters() -> None:
    forged = forged_token(REPLY_ADDRESS)
    assert forged != REPLY_ADDRESS
    assert len(forged) == len(REPLY_ADDRESS)
    assert forged.partition("@")[2] == REPLY_ADDRESS.partition("@")[2]
