"""The simulated debtors: who pays when, who answers what, and the bank statements that follow from it.

A debtor knows its invoices and reads our mails; it neither knows nor asks what Duly thinks. The same seed and the
same mails give the
same answers and the same money: every choice comes from a random source named after customer, invoice and occasion.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from local.business import CREDITOR, Business, Customer, Invoice, Upload, add_business_days, next_business_day
from local.payers import IN_PAIRS, PAID_BY_PARENT, PAIR_TEXT, WITH_ADVICE, advice_reference, way_of
from local.replies import (
    FAILED,
    PASSED,
    Notice,
    Reply,
    answer,
    delivery_report,
    forged_token,
    out_of_office,
    read_notice,
    unparseable,
)
from local.wording import wording
from local.writers import (
    BankAccount,
    BankLine,
    camt_bytes,
    csv_bytes,
    decimal_text,
    iban,
    mt940_bytes,
    mt942_bytes,
)

STATEMENT_DAYS = (22, 43, 64, 85)
"""Days (0 is the first) on which statements are uploaded in the morning: Tuesdays, three weeks apart, to the day
before. The euro account's are CAMT.053, the sterling account's MT940."""
INTRADAY_DAYS = (37, 81, 88)
"""Days on which the bank announces (MT942) what came in on the euro account in the days before. The last ones are in no
statement of the quarter."""
INTRADAY_BACK_DAYS = 3
PHANTOM_DAY = 36
"""For this day the bank announces money that it never books: it was sent back before the day was closed."""
OVERLAP_STATEMENT, OVERLAP_DAYS = 2, 4
"""The third statement begins four days before the second one ended."""
REPEATED_STATEMENT, REPEATED_AFTER_DAYS = 1, 2
"""The second statement is uploaded once more, under another name, two days later."""

OPENING_BALANCE_MINOR = {"EUR": 4_821_055, "GBP": 620_410}
DISPUTES_MAX = 2
OUT_OF_OFFICE_MAX = 3
PARTIAL_PERCENT = 60
PAY_RUN_DAYS = 14
PLAN_AHEAD_DAYS = 5
"""Instalments of a plan are paid so many days before they are due."""
OWING_DAYS = 10
"""So long after its due date an invoice is one for a payment plan."""
FORGED_AFTER_MAILS, UNPARSEABLE_AFTER_MAILS, STRANGER_AFTER_MAILS = 12, 25, 8


@dataclass(frozen=True, slots=True)
class Payment:
    """A transfer that a debtor has decided on. It reaches our account on `booked`."""

    booked: date
    currency: str
    amount_minor: int
    payer: str
    account: str
    text: str
    reference: str
    order: int


class Debtors:
    """All debtors of a business over one run."""

    def __init__(self, business: Business, seed: int = 7) -> None:
        self.business = business
        self.seed = seed
        self.said: list[Reply] = []
        self._invoices = {
            invoice.number: invoice for invoice in business.invoices if not invoice.credit_note and not invoice.is_void
        }
        self._open = {number: invoice.amount_minor for number, invoice in self._invoices.items()}
        self._payments: dict[date, list[Payment]] = defaultdict(list)
        self._reminders: Counter[str] = Counter()
        self._mails: Counter[str] = Counter()
        self._spoken: Counter[tuple[str, str]] = Counter()
        self._disputed: set[str] = set()
        self._advices: dict[date, list[Upload]] = defaultdict(list)
        self._orders = 0
        self._behaviours = self._table()
        self._use_credit_notes()
        self._schedule()
        self._schedule_strangers()

    def _table(self) -> dict[str, Callable[[Customer, Notice, list[Invoice], datetime], list[Reply]]]:
        """What each behaviour does with a mail of ours. A behaviour that is not here does nothing with it."""
        return {
            "after_first": self._pay_after(1),
            "after_second": self._pay_after(2),
            "after_third": self._pay_after(3),
            "partial": self._pay_after(2),
            "dispute_quantity": self._dispute,
            "dispute_price": self._dispute,
            "dispute_not_received": self._dispute,
            "promise_kept": self._promise,
            "promise_broken": self._promise,
            "paid_and_did": self._say_paid,
            "paid_and_did_not": self._say_paid,
            "out_of_office": self._away,
            "mailbox_gone": self._mailbox_gone,
            "question": self._ask,
            "thanks": self._thank,
        }

    # money that depends on dates alone

    def _use_credit_notes(self) -> None:
        for note in self.business.invoices:
            if note.credit_note:
                self._open[note.for_invoice] -= note.amount_minor

    def _schedule(self) -> None:
        """Plans what is collected by direct debit, and the payments of those who pay by the due date, each in its own
        way."""
        for customer in self.business.customers:
            own = [invoice for invoice in self._invoices.values() if invoice.customer == customer.id]
            collected = [invoice for invoice in own if invoice.is_collected and not invoice.is_returned]
            for invoice in collected:
                self._pay(customer, [invoice], self._not_before_start(invoice.due))
            if customer.name == IN_PAIRS:
                self._schedule_pairs(customer, own)
            elif customer.behaviour in ("on_time", "late", "name_only", "overpays", "partial"):
                for position, invoice in enumerate(own):
                    self._schedule_one(customer, invoice, position)
            elif customer.behaviour == "combined":
                self._schedule_runs(customer, own)

    def _schedule_one(self, customer: Customer, invoice: Invoice, position: int) -> None:
        day = self._not_before_start(invoice.due + timedelta(days=customer.pays_after_days))
        amount = self._open[invoice.number]
        for part_due, part_minor in invoice.instalments:
            due = self._not_before_start(part_due + timedelta(days=customer.pays_after_days))
            self._pay(customer, [invoice], due, part_minor)
        way = way_of(customer, invoice, position)
        if way is not None:
            leaves = self._not_before_start(way.day) if way.day else day
            self._pay(customer, [invoice], leaves, amount - way.less_minor, way.text, (way.payer, way.account))
        elif customer.name == PAID_BY_PARENT[0] and position % PAID_BY_PARENT[2] == 1:
            parent = next(one for one in self.business.customers if one.name == PAID_BY_PARENT[1])
            self._pay(customer, [invoice], day, payer=(parent.name, parent.iban))
        elif customer.behaviour == "name_only":
            self._pay(customer, [invoice], day, text=customer.name if position % 2 else "Ihre Lieferung, vielen Dank")
        elif customer.behaviour == "overpays" and position % 2 == 0:
            self._pay(customer, [invoice], day, amount + 1_000)
        elif customer.behaviour == "partial":
            self._pay(customer, [invoice], day, amount * PARTIAL_PERCENT // 100)
        else:
            self._pay(customer, [invoice], day)

    def _schedule_pairs(self, customer: Customer, own: list[Invoice]) -> None:
        """Two invoices in one transfer when the second is due; one that is left over alone."""
        plain = [invoice for invoice in own if not invoice.instalments]
        for position, invoice in enumerate(one for one in own if one.instalments):
            self._schedule_one(customer, invoice, position)
        for first in range(0, len(plain), 2):
            pair = plain[first : first + 2]
            day = self._not_before_start(max(invoice.due for invoice in pair))
            self._pay(customer, pair, day, text=PAIR_TEXT if len(pair) > 1 else "", payer=("", None))

    def _schedule_runs(self, customer: Customer, own: list[Invoice]) -> None:
        """A payment run every second Thursday: one transfer for all invoices that are due by then."""
        day = self.business.start + timedelta(days=3 + 7 * (int(customer.id[-1]) % 2))
        paid: set[str] = set()
        while day <= self.business.last_day:
            due = [
                invoice for invoice in own if invoice.due <= day and invoice.issued < day and invoice.number not in paid
            ]
            if due:
                self._pay(customer, due, day, text=self._advised(customer, due, day))
                paid.update(invoice.number for invoice in due)
            day += timedelta(days=PAY_RUN_DAYS)

    def _advised(self, customer: Customer, due: Sequence[Invoice], day: date) -> str:
        """Sends the list of a payment run the day after, where the customer does that; returns the transfer's text."""
        open_invoices = [invoice for invoice in due if self._open[invoice.number] > 0]
        if customer.name != WITH_ADVICE or len(open_invoices) < 2:
            return ""
        reference = advice_reference(customer, day)
        rows = [
            (one.number, one.currency, decimal_text(self._open[one.number]), reference, day.isoformat(), customer.id)
            for one in open_invoices
        ]
        data = csv_bytes(("number", "currency", "paid", "reference", "date", "customer"), rows)
        sent = day + timedelta(days=1)
        self._advices[sent].append(Upload(sent, time(6, 40), f"statements/advice-{reference}.csv", data))
        return f"Zahllauf {reference}"

    def _schedule_strangers(self) -> None:
        """Money from people whom nobody knows, and the business's own rent, wages and bank fees."""
        start = self.business.start
        account = iban("DE", "999900001234567890")
        self._book(Payment(start + timedelta(days=10), "EUR", 77_777, "H. Sonderbar", account, "Danke!", "", 0))
        self._book(
            Payment(start + timedelta(days=52), "EUR", 12_345, "Unbekannt und Partner", account, "Gutschrift", "", 0)
        )
        part = Payment(start + timedelta(days=38), "EUR", 50_000, "Heidesand Keramik", "", "Abschlag", "", 0)
        self._book(part)
        cards = iban("DE", "999900007777000033")
        for offset, amount in ((32, 26_480), (74, 31_915)):
            text = f"Abrechnung Kartenzahlungen {start + timedelta(days=offset - 2):%d.%m.}"
            self._book(Payment(start + timedelta(days=offset), "EUR", amount, "Kartenwerk AG", cards, text, "", 0))
        landlord, wages = iban("DE", "999900005555000011"), iban("DE", "999900006666000022")
        for offset in range(self.business.days):
            day = start + timedelta(days=offset)
            if day.day == 2:
                self._book(
                    Payment(day, "EUR", -420_000, "Hafenhof Vermietung", landlord, "Miete Hafenstrasse 4", "", 0)
                )
            if day.day == 27:
                self._book(Payment(day, "EUR", -1_915_000, "Lohnkonto", wages, f"Gehalt {day:%m/%Y}", "", 0))
            if day.day == 15:
                self._book(Payment(day, "EUR", -1_890, "Hafenbank AG", "", "Kontoentgelt", "", 0))

    def _not_before_start(self, day: date) -> date:
        return next_business_day(max(day, self.business.start + timedelta(days=1)))

    def _pay(
        self,
        customer: Customer,
        invoices: Sequence[Invoice],
        day: date,
        amount_minor: int | None = None,
        text: str = "",
        payer: tuple[str, str | None] = ("", ""),
    ) -> None:
        """Plans one transfer for invoices: their open amounts unless another amount is given, their numbers
        unless another text is, by the customer unless somebody else pays (name, account; None: not known)."""
        open_minor = sum(self._open[invoice.number] for invoice in invoices)
        amount = open_minor if amount_minor is None else amount_minor
        if amount <= 0 or open_minor <= 0:
            return
        reference = (
            invoices[0].reference if len(invoices) == 1 and not text and invoices[0].reference.startswith("RF") else ""
        )
        numbers = self._remittance_text(customer, invoices) if not text and not reference else text
        for invoice in invoices:
            paid = self._open[invoice.number] if amount_minor is None else min(self._open[invoice.number], amount)
            self._open[invoice.number] -= paid
        name = payer[0] or customer.name
        account = "" if payer[1] is None else payer[1] or customer.iban
        self._book(Payment(day, customer.currency, amount, name, account, numbers, reference, 0))

    def _remittance_text(self, customer: Customer, invoices: Sequence[Invoice]) -> str:
        numbers = [invoice.number for invoice in invoices]
        if len(numbers) > 1:
            return (" + " if customer.language == "de" else ", ").join(numbers)
        word = {"de": "Rechnung ", "en": "Invoice ", "fr": "Facture ", "nl": "Factuur "}[customer.language]
        style = self._random(customer.id, numbers[0], "text").randrange(3)
        return (numbers[0], word + numbers[0], f"{numbers[0]} / {customer.id}")[style]

    def _book(self, payment: Payment) -> None:
        self._orders += 1
        self._payments[payment.booked].append(replace(payment, order=self._orders))

    # what debtors do with our mails

    def _random(self, *names: str) -> random.Random:
        return random.Random("|".join((str(self.seed), *names)))

    def on_mail(self, raw_eml: bytes, now: datetime) -> list[Reply]:
        """A mail of ours arrives at `now` (UTC): decides on payments and returns the replies that will come, each
        with its time."""
        notice = read_notice(raw_eml)
        customer = self.business.customer_by_email.get(notice.to)
        if customer is None:
            return []
        self._mails["all"] += 1
        overdue = [
            self._invoices[number]
            for number in notice.numbers
            if number in self._invoices
            and self._invoices[number].customer == customer.id
            and self._invoices[number].due < now.date()
        ]
        replies = self._outsiders(customer, notice, now)
        behaviour = self._behaviours.get(customer.behaviour)
        if overdue and behaviour is not None:
            self._reminders.update(invoice.number for invoice in overdue)
            replies += behaviour(customer, notice, overdue, now)
        self.said += replies
        return replies

    def on_decision(self, number: str, creditor_was_right: bool, now: datetime) -> None:
        """Finance has settled the dispute about an invoice; a debtor who was wrong pays within the week."""
        invoice = self._invoices[number]
        if number in self._disputed and creditor_was_right:
            customer = self.business.customer_by_id[invoice.customer]
            self._pay(customer, [invoice], add_business_days(now.date(), 4))

    def on_plan(self, invoice: Invoice, parts: Sequence[tuple[date, int]]) -> None:
        """Finance has agreed instalments: the debtor pays each some days before it is due."""
        customer = self.business.customer_by_id[invoice.customer]
        for due, minor in parts:
            self._pay(customer, [invoice], next_business_day(due - timedelta(days=PLAN_AHEAD_DAYS)), minor)

    def open_minor(self, number: str) -> int:
        """What a debtor still means to pay for an invoice, in minor units."""
        return self._open[number]

    def longest_owing(self, behaviour: str, day: date) -> Invoice | None:
        """The largest invoice that the first customer of a behaviour has not paid long after it was due."""
        latest = day - timedelta(days=OWING_DAYS)
        found = [
            one
            for one in self._invoices.values()
            if self.business.customer_by_id[one.customer].behaviour == behaviour
            and one.due < latest
            and self._open[one.number] > 0
            and not one.instalments
        ]
        first = min((one.customer for one in found), default="")
        own = [one for one in found if one.customer == first]
        return max(own, key=lambda one: (one.amount_minor, one.number), default=None)

    def _still_open(self, overdue: Sequence[Invoice]) -> list[Invoice]:
        return [
            invoice for invoice in overdue if self._open[invoice.number] > 0 and invoice.number not in self._disputed
        ]

    def _say(self, kind: str, customer: Customer, notice: Notice, number: str, day: date, now: datetime) -> Reply:
        """A person's answer within two working days."""
        self._spoken[(customer.id, kind)] += 1
        count = self._spoken[(customer.id, kind)]
        rng = self._random(customer.id, kind, str(count))
        due_day = add_business_days(now.date(), rng.randrange(0, 3))
        hour = rng.randrange(8, 16) if due_day > now.date() else 15
        due = datetime.combine(due_day, time(hour, rng.randrange(60)), tzinfo=UTC)
        style = rng.randrange(6)
        text = wording(kind, customer.language, style, number, day)
        raw = answer(notice, customer, text, due, f"{kind}-{customer.id.lower()}-{count}", style)
        return Reply(due, raw, dict(PASSED), kind, customer.id, text, notice.reply_to)

    def _pay_each(
        self, customer: Customer, invoices: Sequence[Invoice], now: datetime, at_least: int, at_most: int
    ) -> None:
        for invoice in invoices:
            days = self._random(customer.id, invoice.number, "pay").randrange(at_least, at_most + 1)
            self._pay(customer, [invoice], add_business_days(now.date(), days))

    def _pay_after(self, count: int) -> Callable[[Customer, Notice, list[Invoice], datetime], list[Reply]]:
        def act(customer: Customer, _notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
            self._pay_each(customer, [one for one in overdue if self._reminders[one.number] >= count], now, 2, 5)
            return []

        return act

    def _dispute(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        """Disputes the largest invoice of the first notices and pays the others."""
        rest = self._still_open(overdue)
        replies = []
        if rest and self._spoken[(customer.id, customer.behaviour)] < DISPUTES_MAX:
            worst = max(rest, key=lambda invoice: (invoice.amount_minor, invoice.number))
            self._disputed.add(worst.number)
            rest.remove(worst)
            replies.append(self._say(customer.behaviour, customer, notice, worst.number, now.date(), now))
        self._pay_each(customer, rest, now, 3, customer.pays_after_days)
        return replies

    def _next_statement(self, day: date) -> date:
        """The day of the next statement after `day`, or three weeks later after the last one."""
        days = [self.business.start + timedelta(days=offset) for offset in STATEMENT_DAYS]
        return next((statement for statement in days if statement > day), day + timedelta(days=21))

    def _promise(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        """Promises a day within three weeks; the money is there before it, or never came until the third reminder."""
        rest = self._still_open(overdue)
        first = [invoice for invoice in rest if self._reminders[invoice.number] == 1]
        self._pay_each(customer, [invoice for invoice in rest if self._reminders[invoice.number] >= 3], now, 2, 4)
        if not first:
            return []
        statement = self._next_statement(now.date())
        promised = next_business_day(min(statement + timedelta(days=1), now.date() + timedelta(days=19)))
        if customer.behaviour == "promise_kept":
            booked = next_business_day(
                max(now.date() + timedelta(days=2), min(promised, statement) - timedelta(days=5))
            )
            self._pay(customer, first, booked)
        return [self._say("promise", customer, notice, first[0].number, promised, now)]

    def _say_paid(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        """Says that it has paid: one really has (the money is on its way), the other only pays at the third
        reminder."""
        rest = self._still_open(overdue)
        if not rest:
            return []
        first = [invoice for invoice in rest if self._reminders[invoice.number] == 1]
        if customer.behaviour == "paid_and_did":
            self._pay_each(customer, rest, now, 1, 1)
        else:
            self._pay_each(customer, [invoice for invoice in rest if self._reminders[invoice.number] >= 3], now, 2, 4)
        if not first or self._spoken[(customer.id, "paid")] >= DISPUTES_MAX:
            return []
        said = next_business_day(now.date() - timedelta(days=3))
        return [self._say("paid", customer, notice, first[0].number, min(said, now.date()), now)]

    def _away(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        self._pay_each(customer, [one for one in overdue if self._reminders[one.number] >= 2], now, 3, 6)
        self._spoken[(customer.id, "out_of_office")] += 1
        count = self._spoken[(customer.id, "out_of_office")]
        if count > OUT_OF_OFFICE_MAX:
            return []
        due = now + timedelta(minutes=2)
        text = wording("out_of_office", customer.language, 0, "", add_business_days(now.date(), 6))
        raw = out_of_office(notice, customer, text, due, f"away-{customer.id.lower()}-{count}")
        return [Reply(due, raw, dict(PASSED), "out_of_office", customer.id, text, notice.reply_to)]

    def _mailbox_gone(self, customer: Customer, notice: Notice, _overdue: list[Invoice], now: datetime) -> list[Reply]:
        due = now + timedelta(minutes=7)
        self._spoken[(customer.id, "bounce")] += 1
        raw = delivery_report(
            notice, customer, due, f"gone-{customer.id.lower()}-{self._spoken[(customer.id, 'bounce')]}"
        )
        return [Reply(due, raw, dict(PASSED), "bounce", customer.id, "550 5.1.1 user unknown", notice.reply_to)]

    def _ask(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        rest = self._still_open(overdue)
        self._pay_each(customer, [invoice for invoice in rest if self._reminders[invoice.number] >= 2], now, 3, 6)
        new = [invoice for invoice in rest if self._reminders[invoice.number] == 1]
        if not new or self._spoken[(customer.id, "question")] >= DISPUTES_MAX:
            return []
        return [self._say("question", customer, notice, new[0].number, now.date(), now)]

    def _thank(self, customer: Customer, notice: Notice, overdue: list[Invoice], now: datetime) -> list[Reply]:
        rest = self._still_open(overdue)
        self._pay_each(customer, rest, now, 2, 4)
        return [self._say("thanks", customer, notice, rest[0].number, now.date(), now)] if rest else []

    def _outsiders(self, customer: Customer, notice: Notice, now: datetime) -> list[Reply]:
        """Mails of people who are not the customer: a promise from an address that nobody knows, a forged token,
        plain rubbish."""
        due = datetime.combine(add_business_days(now.date(), 1), time(9, 12), tzinfo=UTC)
        count, number = self._mails["all"], notice.numbers[0] if notice.numbers else ""
        language = customer.language
        if count == FORGED_AFTER_MAILS:
            text = wording("forged", language, 0, number, due.date())
            forged = replace(notice, reply_to=forged_token(notice.reply_to))
            raw = answer(forged, customer, text, due, "forged-1", 1, sender="inkasso.abwehr@fremd.example")
            return [Reply(due, raw, dict(PASSED), "forged_token", customer.id, text, forged.reply_to)]
        if count == UNPARSEABLE_AFTER_MAILS:
            return [Reply(due, unparseable(), dict(FAILED), "unparseable", customer.id, "", notice.reply_to)]
        if count == STRANGER_AFTER_MAILS:
            text = wording("stranger_promise", language, 0, number, due.date() + timedelta(days=10))
            raw = answer(
                notice, customer, text, due, "stranger-1", 1, sender=f"{customer.domain}.konto@freemail.example"
            )
            return [Reply(due, raw, dict(FAILED), "stranger", customer.id, text, notice.reply_to)]
        return []

    # the bank

    def payments_between(self, first: date, last: date, currency: str = "EUR") -> list[BankLine]:
        """The booked entries of one account from `first` to `last`, both included, in the bank's order."""
        lines = []
        day = first
        while day <= last:
            booked = sorted(
                (one for one in self._payments.get(day, []) if one.currency == currency), key=lambda one: one.order
            )
            lines += [self._bank_line(payment, position) for position, payment in enumerate(booked, start=1)]
            day += timedelta(days=1)
        return lines

    def _bank_line(self, payment: Payment, position: int) -> BankLine:
        return BankLine(
            booked=payment.booked,
            amount_minor=payment.amount_minor,
            counterparty=payment.payer,
            counterparty_account=payment.account,
            text=payment.text,
            structured_reference=payment.reference,
            end_to_end_id="NOTPROVIDED" if position % 3 else f"E2E{payment.booked:%y%m%d}{position:03d}",
            bank_reference=f"{payment.currency}{payment.booked:%Y%m%d}{position:04d}",
        )

    def period(self, index: int) -> tuple[date, date]:
        """First and last booking day of a statement (0 is the first statement)."""
        start = self.business.start
        first = start if index == 0 else start + timedelta(days=STATEMENT_DAYS[index - 1])
        if index == OVERLAP_STATEMENT:
            first -= timedelta(days=OVERLAP_DAYS)
        return first, start + timedelta(days=STATEMENT_DAYS[index] - 1)

    def statement(self, day: date) -> bytes:
        """The CAMT.053 file of a statement day, of the euro account. ValueError on any other day."""
        offset = (day - self.business.start).days
        if offset not in STATEMENT_DAYS:
            raise ValueError("no statement on this day")
        index = STATEMENT_DAYS.index(offset)
        first, last = self.period(index)
        return camt_bytes([self._account("EUR", CREDITOR.iban, first, last)], index + 1, first, last)

    def sterling_statement(self, day: date) -> bytes:
        """The MT940 file of a statement day, of the sterling account."""
        index = STATEMENT_DAYS.index((day - self.business.start).days)
        first, last = self.period(index)
        return mt940_bytes(self._account("GBP", CREDITOR.iban_gbp, first, last), index + 1, first, last)

    def announcement(self, day: date) -> bytes:
        """The MT942 file of a day: the euro account's receipts of the days before."""
        first, last = day - timedelta(days=INTRADAY_BACK_DAYS), day - timedelta(days=1)
        lines = [line for line in self.payments_between(first, last) if line.amount_minor > 0]
        phantom = self.business.start + timedelta(days=PHANTOM_DAY)
        if first <= phantom <= last:
            lines.append(self._phantom(phantom))
        return mt942_bytes(BankAccount(CREDITOR.iban, "EUR", CREDITOR.name, 0, tuple(lines)), day)

    def _phantom(self, day: date) -> BankLine:
        """A transfer for the first invoice of a customer who never pays."""
        customer = next(one for one in self.business.customers if one.behaviour == "never" and one.currency == "EUR")
        invoice = next(one for one in self._invoices.values() if one.customer == customer.id)
        text = f"Rechnung {invoice.number}"
        reference = f"EUR{day:%Y%m%d}9001"
        return BankLine(day, invoice.amount_minor, customer.name, customer.iban, text, "", "NOTPROVIDED", reference)

    def _account(self, currency: str, account: str, first: date, last: date) -> BankAccount:
        before = self.payments_between(self.business.start, first - timedelta(days=1), currency)
        opening = OPENING_BALANCE_MINOR[currency] + sum(entry.amount_minor for entry in before)
        return BankAccount(
            account, currency, CREDITOR.name, opening, tuple(self.payments_between(first, last, currency))
        )

    def statements_on(self, day: date) -> list[Upload]:
        """The files of banks and payers that are uploaded on a day: new statements, the second one once more, what is
        announced, and remittance advices."""
        offset = (day - self.business.start).days
        uploads = list(self._advices[day])
        if offset in STATEMENT_DAYS:
            name = f"statements/statement-{day.isoformat()}.xml"
            uploads.append(Upload(day, time(5, 45), name, self.statement(day)))
            name = f"statements/sterling-{day.isoformat()}.sta"
            uploads.append(Upload(day, time(5, 50), name, self.sterling_statement(day)))
        if offset in INTRADAY_DAYS:
            name = f"statements/announced-{day.isoformat()}.sta"
            uploads.append(Upload(day, time(6, 5), name, self.announcement(day)))
        repeated = STATEMENT_DAYS[REPEATED_STATEMENT]
        if offset == repeated + REPEATED_AFTER_DAYS:
            original = self.business.start + timedelta(days=repeated)
            name = f"statements/statement-{original.isoformat()}-copy.xml"
            uploads.append(Upload(day, time(6, 10), name, self.statement(original)))
        return uploads
