"""The simulated business: the same for a seed, right in its sums, readable by Duly's own readers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cache

import pytest

from duly.domain.replies import classify
from duly.formats.mail import read_mail
from duly.formats.profile import NO_PROFILE, read_profile
from duly.formats.read import read_file
from duly.formats.records import BankEntry, CustomerRow, FileResult, InvoiceRow, Statement
from local.business import CREDITOR, DIRECT_DEBIT, SHOP_FOLDER, SHOP_PROFILE, Business, Customer, Upload, make_business
from local.debtors import OVERLAP_STATEMENT, STATEMENT_DAYS, Debtors
from local.payers import PAID_BY_PARENT, PAIR_TEXT
from local.play import OpenDispute, OpenTask, OurMail, play
from local.replies import Reply, forged_token, unparseable
from local.wording import TEXTS, wording
from local.writers import creditor_reference, decimal_text, iban

REPLY_ADDRESS = "reply+abcdefghijklmnop@in.muster.example"


@cache
def business() -> Business:
    return make_business()


def customer_who(behaviour: str) -> Customer:
    return next(customer for customer in business().customers if customer.behaviour == behaviour)


def customer_named(name: str) -> Customer:
    return next(customer for customer in business().customers if customer.name == name)


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
    corrected = [one for one in invoices if one.number.startswith("RK-")]
    assert Counter(one.source for one in invoices) - Counter(one.source for one in corrected) == {
        "csv": 200,
        "ubl": 100,
    }
    assert len(made.invoices) - len(invoices) == 5
    assert len({one.number for one in made.invoices}) == 306
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
    agreements = 1
    assert len(rows) == sum(len(one.contacts) for one in business().customers) + agreements
    assert [len(result.rejects) for result in results] == [1, 0, 0]


def test_customers_state_groups_terms_limits_orders_and_scores() -> None:
    exports = [one for one in business().uploads if one.key == "customers/customers-export.csv"]
    rows = {row.id: row for row in read_file(exports[0].key, exports[0].data).records if isinstance(row, CustomerRow)}
    groups = Counter(row.parent for row in rows.values() if row.parent)
    assert groups == {"C-1001": 2, "C-1030": 2}
    assert rows["C-1001"].terms_days == 45
    assert (rows["C-1036"].credit_limit, rows["C-1036"].limit_currency) == ("30000.00", "GBP")
    assert rows["C-1008"].order_required
    assert rows["C-1007"].external_permille == 780


def test_most_invoices_keep_to_what_is_agreed_and_some_do_not() -> None:
    agreed = customer_named("Alsterkai Maschinenbau GmbH")
    days = Counter((one.due - one.issued).days for one in business().invoices if one.customer == agreed.id)
    assert days.pop(agreed.agreed.terms_days) > sum(days.values()) > 0
    wants_orders = [one.id for one in business().customers if one.agreed.order_required]
    orders = Counter(bool(one.order) for one in business().invoices if one.customer in wants_orders)
    assert orders[True] > orders[False] > 0


def test_every_invoice_arrives_once_and_only_the_planned_rows_are_rejected() -> None:
    seen: Counter[str] = Counter()
    rejects = []
    for upload in business().uploads:
        if upload.key.startswith("invoices/") and not upload.key.endswith("-again.csv"):
            result = read(upload)
            rejects += result.rejects
            seen.update(row.number for row in result.records if isinstance(row, InvoiceRow))
    foreign = seen.pop("2026-7781")
    assert foreign == 1
    again = Counter(row.number for row in corrections())
    assert seen - again == Counter(one.number for one in business().invoices)
    assert (
        len(rejects) == 4
    )  # a day that does not exist, an unknown currency, an amount with a letter, a file cut in half


def read(upload: Upload) -> FileResult:
    """The file as the functions read it: the branch's export with its profile."""
    profile = read_profile(SHOP_PROFILE.encode()) if upload.key.startswith(SHOP_FOLDER) else NO_PROFILE
    return read_file(upload.key, upload.data, profile=profile)


def invoices_in(upload: Upload) -> list[InvoiceRow]:
    return [row for row in read(upload).records if isinstance(row, InvoiceRow)]


def corrections() -> list[InvoiceRow]:
    (upload,) = [one for one in business().uploads if one.key == "invoices/corrections.csv"]
    return invoices_in(upload)


def test_one_amount_is_corrected_and_one_invoice_cancelled_by_a_later_file() -> None:
    by_number = {one.number: one for one in business().invoices}
    right, cancelled = corrections()
    earlier = [one for one in business().uploads if one.key.startswith("invoices/") and one.key.endswith(".csv")]
    first = {row.number: row for upload in earlier if "corrections" not in upload.key for row in invoices_in(upload)}
    assert right.amount_minor == by_number[right.number].amount_minor == first[right.number].amount_minor - 90_000
    assert cancelled.type == "cancellation"
    assert by_number[cancelled.number].is_void


def test_one_document_is_replaced_one_is_in_instalments_and_one_came_late() -> None:
    by_number = {one.number: one for one in business().invoices}
    rows = {row.number: row for one in business().uploads if one.key.endswith(".xml") for row in invoices_in(one)}
    (replacing,) = [row for row in rows.values() if row.type == "correction"]
    assert by_number[replacing.for_invoice].is_void
    assert replacing.amount_minor > by_number[replacing.for_invoice].amount_minor
    (parts,) = [row for row in rows.values() if row.instalments]
    assert parts.instalments == by_number[parts.number].instalments
    assert sum(amount for _, amount in parts.instalments) == parts.amount_minor
    (late,) = [row for row in rows.values() if row.delivered and row.issued - row.delivered > timedelta(days=14)]
    assert late.number in by_number


def test_the_branch_exports_in_a_form_that_only_its_profile_explains() -> None:
    exports = [one for one in business().uploads if one.key.startswith(f"{SHOP_FOLDER}/")]
    assert len(exports) > 2
    assert all(read_file(one.key, one.data).rejects for one in exports)
    rows = [row for one in exports for row in invoices_in(one)]
    by_number = {one.number: one for one in business().invoices}
    assert all(
        (row.issued, row.amount_minor, row.currency)
        == (by_number[row.number].issued, by_number[row.number].amount_minor, "GBP")
        for row in rows
    )


def test_a_part_is_paid_on_the_day_of_each_instalment() -> None:
    (invoice,) = [one for one in business().invoices if one.instalments]
    customer = business().customer_by_id[invoice.customer]
    paid = Debtors(business()).payments_between(business().start, business().last_day, invoice.currency)
    amounts = [entry.amount_minor for entry in paid if entry.counterparty == customer.name]
    assert {amount for _, amount in invoice.instalments} <= set(amounts)
    assert invoice.amount_minor not in amounts


def test_direct_debits_come_on_their_day_and_the_returned_one_does_not() -> None:
    customer = customer_named(DIRECT_DEBIT)
    collected = [one for one in business().invoices if one.is_collected]
    assert {one.customer for one in collected} == {customer.id}
    (returned,) = [one for one in collected if one.is_returned]
    means = {
        row.number: row.means for one in business().uploads if one.key.endswith(".xml") for row in invoices_in(one)
    }
    assert {one.number for one in collected} == {number for number, kind in means.items() if kind == "direct_debit"}
    last = business().last_day
    paid = Debtors(business()).payments_between(business().start, last, customer.currency)
    received = [entry for entry in paid if entry.counterparty == customer.name]
    came = [one for one in collected if one is not returned and one.due < last - timedelta(days=3)]
    assert came and len(received) >= len(came)
    assert not any(returned.number in entry.text for entry in received)


def test_nobody_pays_what_was_cancelled_or_replaced() -> None:
    debtors = Debtors(business())
    void = [one for one in business().invoices if one.is_void]
    assert len(void) == 2
    said = " ".join(
        entry.text
        for currency in ("EUR", "GBP")
        for entry in debtors.payments_between(business().start, business().last_day, currency)
    )
    assert not any(one.number in said for one in void)


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
    assert compared == 106


def statements(debtors: Debtors, index: int) -> list[Statement]:
    day = business().start + timedelta(days=STATEMENT_DAYS[index])
    found = []
    for upload in debtors.statements_on(day):
        result = read_file(upload.key, upload.data)
        assert not result.rejects
        found += [record for record in result.records if isinstance(record, Statement)]
    return found


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


def bank_files(debtors: Debtors) -> dict[str, FileResult]:
    """All files of banks and payers of the quarter, read, by their keys."""
    days = [business().start + timedelta(days=offset) for offset in range(business().days)]
    return {upload.key: read_file(upload.key, upload.data) for day in days for upload in debtors.statements_on(day)}


def test_banks_send_three_formats_one_file_twice_and_announce_what_follows() -> None:
    debtors = Debtors(business())
    files = bank_files(debtors)
    assert not any(found.rejects for found in files.values())
    by_format = Counter(found.format for key, found in files.items() if "advice" not in key)
    assert by_format == {"camt053": 5, "mt940": 4, "mt942": 3}
    final = {entry.bank_reference for found in files.values() for entry in entries_of(found, is_final=True)}
    announced = [entry for found in files.values() for entry in entries_of(found, is_final=False)]
    never = [entry for entry in announced if entry.bank_reference not in final]
    end = business().start + timedelta(days=STATEMENT_DAYS[-1])
    assert len(announced) > 20
    assert [entry.counterparty_name for entry in never if entry.booked < end] == ["Heidesand Keramik GmbH"]
    assert [entry for entry in never if entry.booked >= end], "some wait when the quarter ends"


def entries_of(found: FileResult, *, is_final: bool) -> list[BankEntry]:
    return [entry for one in found.statements if one.is_final is is_final for entry in one.entries]


def test_an_advice_says_what_a_payment_run_is_for() -> None:
    debtors = Debtors(business())
    said = [one for key, found in bank_files(debtors).items() if "advice" in key for one in found.remittances]
    paid = {entry.text: entry for entry in debtors.payments_between(business().start, business().last_day)}
    totals: Counter[str] = Counter()
    for one in said:
        totals[one.reference] += one.paid_minor
    assert len(totals) > 1
    for reference, total in totals.items():
        assert paid[f"Zahllauf {reference}"].amount_minor == total


def test_payments_come_in_many_ways() -> None:
    paid = Debtors(business()).payments_between(business().start, business().last_day)
    texts = " ".join(entry.text for entry in paid)
    for said in ("Skonto", "kosten gedeeld", "Virement", "Unsere Bestellung PO-", "FACTURE", PAIR_TEXT, "Zahllauf"):
        assert said in texts, said
    assert re.search(r"RE-26-\d*O", texts), "a slip"
    parent = customer_named(PAID_BY_PARENT[1])
    children = {one.number for one in business().invoices if one.customer == customer_named(PAID_BY_PARENT[0]).id}
    assert any(number in entry.text for number in children for entry in paid if entry.counterparty == parent.name)


def test_a_day_without_a_statement_has_none() -> None:
    debtors = Debtors(business())
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


def test_customers_are_written_to_and_answer_in_the_language_of_their_country() -> None:
    languages = {one.country: one.language for one in business().customers}
    assert languages == {"DE": "de", "AT": "de", "FR": "fr", "NL": "nl", "GB": "en"}
    kinds = {kind for kind, _ in TEXTS}
    assert set(TEXTS) == {(kind, language) for kind in kinds for language in set(languages.values())}


@pytest.mark.parametrize("language", ["de", "en", "fr", "nl"])
def test_what_debtors_write_is_understood_in_each_language(language: str) -> None:
    today, day = date(2026, 2, 10), date(2026, 2, 20)
    meant = {"dispute_price": "dispute", "dispute_quantity": "dispute", "dispute_not_received": "dispute"}
    for kind in ("promise", "paid", "question", "thanks", *meant):
        for style in range(2):
            text = wording(kind, language, style, "RE-26-0001", date(2026, 2, 4) if kind == "paid" else day)
            found = classify(text, "", language, today, ["RE-26-0001"])
            assert found.has(meant.get(kind, kind)), text  # type: ignore[arg-type]
            assert kind != "promise" or (found.first("promise").on == day and not found.needs_human)  # type: ignore[union-attr]


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
        self.asked: list[Mapping[str, object]] = []
        self.refused = False
        self.placed: list[dict[str, object]] = []

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

    def open_tasks(self) -> list[OpenTask]:
        """One of each kind, which is there until it is done."""
        kinds = ("approve_notice", "post_letter", "hand_over", "call", "find_another_way")
        found = [OpenTask("C-1007", f"t-{kind}", kind, f"about-{kind}") for kind in kinds]
        done = {payload.get("task") or f"t-{payload.get('approval')}" for payload in self.decisions}
        return [one for one in found if one.task not in done and f"t-{one.about}" not in done]

    def open_disputes(self) -> list[OpenDispute]:
        opened = any(name == "inbound" for name, _ in self.log)
        number = due_before(customer_who("dispute_quantity"), business().last_day)[0]
        return [OpenDispute("C-1003", "d1", "quantity", (number,))] if opened and not self.settled else []

    @property
    def settled(self) -> bool:
        return any(payload["action"] == "resolve_dispute" for payload in self.decisions)

    def decide(self, payload: dict[str, object]) -> None:
        self.decisions.append(payload)

    def waiting_money(self) -> dict[str, list[dict[str, object]]]:
        """The same three lines every day: one that is sure enough, one that is not, one that never came."""
        sure, unsure = ({"placements": [{"confidence_percent": percent}]} for percent in ("85.0", "70.0"))
        return {
            "proposals": [{"transaction": "sure", **sure}, {"transaction": "unsure", **unsure}],
            "suspense": [],
            "announced": [{"transaction": "late", "unconfirmed": True}, {"transaction": "new", "unconfirmed": False}],
        }

    def place(self, payload: dict[str, object]) -> None:
        self.placed.append(payload)

    def credit(self, payload: Mapping[str, object]) -> dict[str, object]:
        """Refuses every first check of a customer's order, and approves the second."""
        self.asked.append(payload)
        seen = [one for one in self.asked if one["type"] == "credit_check" and one.get("order") == payload.get("order")]
        outcome = "refuse" if len(seen) < 2 else "approve"
        check = {"outcome": outcome, "reserved": payload.get("order") == "SO-2404"}
        return {"ok": True, **(check if payload["type"] == "credit_check" else {})}


def test_the_play_keeps_time_and_brings_everything_once() -> None:
    world, days = PaperWorld(), []
    result = play(
        world, business(), Debtors(business()), lambda done, _all, _day: days.append(done), policy=b"[creditor]"
    )
    times = [at for _, at in world.log]
    assert times == sorted(times)
    assert days == list(range(1, 92))
    names = Counter(name for name, _ in world.log)
    assert names["tick"] == 65  # the working days
    assert names["reports"] == 1
    assert names["inbound"] == result.replies_delivered > 20
    assert result.uploads == len(business().uploads) + len(bank_files(Debtors(business())))
    assert {(one["action"], one["transaction"]) for one in world.placed} == {
        ("confirm_match", "sure"),
        ("refuse_match", "late"),
    }
    assert str(max(str(one["time"]) for one in world.placed)) < (business().last_day - timedelta(days=9)).isoformat()
    assert [payload.get("dispute") for payload in world.decisions if payload["action"] == "resolve_dispute"] == ["d1"]
    (returned,) = [payload for payload in world.decisions if payload["action"] == "debit_returned"]
    assert returned["item"] in {one.number for one in business().invoices if one.is_returned}
    tasks = [
        (one["action"], one.get("result") or one.get("code")) for one in world.decisions if one["account"] == "C-1007"
    ]
    assert tasks == [
        ("approve", None),
        ("close_task", "posted"),
        ("close_task", "sent to the agency"),
        ("call_result", "voicemail"),
        ("plan", None),
    ]
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


# --- the sales desk
def asked_over_the_quarter() -> PaperWorld:
    world = PaperWorld()
    play(world, business(), Debtors(business()))
    return world


def test_sales_asks_for_orders_that_are_invoiced_later_and_cancels_one() -> None:
    asked = asked_over_the_quarter().asked
    kinds = Counter(one["type"] for one in asked)
    assert kinds["credit_check"] >= 15
    assert kinds["set_cover"] == 2
    assert kinds["cancel_order"] == kinds["override"] == 1
    invoiced = {one.order: (one.customer, one.amount_minor) for one in business().invoices if one.order}
    later = [one for one in asked if one["type"] == "credit_check" and one.get("order") in invoiced]
    assert len(later) > 4
    for one in later:
        amount_minor = int(str(one["amount"]).replace(".", ""))
        assert (one["customer"], amount_minor) == invoiced[str(one["order"])]
    cancelled = next(one["order"] for one in asked if one["type"] == "cancel_order")
    assert cancelled in {one.get("order") for one in asked if one["type"] == "credit_check"}


def test_a_refusal_that_sales_does_not_accept_is_overridden_once_and_asked_again() -> None:
    asked = asked_over_the_quarter().asked
    place = next(index for index, one in enumerate(asked) if one["type"] == "override")
    refused, override, again = asked[place - 1 : place + 2]
    assert {name: value for name, value in again.items() if name != "time"} == {
        name: value for name, value in refused.items() if name != "time"
    }
    assert override["reason"] and override["by"] == "finance@muster.example"
    assert str(override["time"])[:10] < str(override["until"])
    assert {one["by"] for one in asked} == {"finance@muster.example", "sales@muster.example"}


def test_a_request_that_is_not_answered_ends_the_play() -> None:
    world = PaperWorld()
    world.credit = lambda _payload: {"ok": False, "code": "busy"}  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="not answered: busy"):
        play(world, business(), Debtors(business()))


def test_a_plan_is_agreed_about_the_largest_debt_and_kept_by_one() -> None:
    world, debtors = PaperWorld(), Debtors(business())
    play(world, business(), debtors)
    kept, broken = [one for one in world.decisions if one["action"] == "plan"]
    who = {one["account"]: business().customer_by_id[str(one["account"])] for one in (kept, broken)}
    assert [customer.behaviour for customer in who.values()] == ["after_third", "never"]
    days = [str(part["due"]) for part in kept["instalments"]]  # type: ignore[attr-defined]
    assert days == [(business().start + timedelta(days=offset)).isoformat() for offset in (65, 86, 107)]
    paid = [entry for entry in debtors.payments_between(business().start, business().last_day)
            if entry.counterparty == who[kept["account"]].name and "#" not in entry.text]  # fmt: skip
    parts = [decimal_text(entry.amount_minor) for entry in paid]
    assert kept["instalments"][0]["amount"] in parts  # type: ignore[index]
    assert received_from(debtors, who[broken["account"]]) == 0


def test_every_customer_has_a_seat_and_phones_are_of_kept_free_ranges() -> None:
    for customer in business().customers:
        seat = customer.seat
        assert seat.street and seat.postcode and seat.city
        free = {"DE": "+493023125", "GB": "+442079460", "FR": "+3319900"}.get(customer.country, "")
        assert seat.phone.startswith(free) and bool(seat.phone) is bool(free)
    rows = [row for one in business().uploads if one.key == "customers/customers-export.csv"
            for row in read_file(one.key, one.data).customers]  # fmt: skip
    assert all(row.address and row.city for row in rows)
