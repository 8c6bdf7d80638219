"""A small business on the memory twin for simulation under faults: its story in stages, forks, and what must hold."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.steps import blocked_until
from duly.domain.upkeep import today_of
from duly.flows import audit
from duly.flows.decisions import DecisionRefused, decide
from duly.flows.edge import Edge
from duly.flows.twin import Ended, TwinStack
from duly.mail.sending import SentMessage
from duly.store import keys, lookups
from duly.store.memory import MemoryTable, no_fault
from duly.store.tables import Conflict, OutcomeUnknown

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PASSED = dict.fromkeys(("spf", "dkim", "dmarc", "spam", "virus"), "PASS")
POLICY = b"""
[creditor]
name = "Muster GmbH"
country = "DE"
timezone = "Europe/Berlin"
email = "finance@muster.example"
[gates]
bank_data_max_age_business_days = 20
"""
CUSTOMERS = b"""id,name,country,language,timezone,kind,vat_id,email,role,scenario
C1,Ahrens Bau GmbH,DE,en,Europe/Berlin,business,DE100000001,bills@ahrens.example,billing,standard
C1,Ahrens Bau GmbH,DE,en,Europe/Berlin,business,DE100000001,chase@ahrens.example,dunning,standard
C2,Bolte Druck KG,DE,de,Europe/Berlin,business,,pay@bolte.example,billing,standard
C3,Castle Ltd,GB,en,Europe/London,business,,accounts@castle.example,billing,standard
C4,Dorn AG,DE,de,Europe/Berlin,business,,gone@dorn.example,billing,standard
C5,Erler Holz GmbH,DE,de,Europe/Berlin,business,,post@erler.example,billing,standard
"""
LATE_CUSTOMER = b"""id,name,country,language,timezone,kind,vat_id,email,role,scenario
C9,Neumann Tischlerei,DE,de,Europe/Berlin,business,DE900000009,mail@neumann.example,billing,standard
"""
INVOICES = b"""number,customer,issued,due,amount,currency,type,terms,order
RE-26-1001,C1,2026-01-20,2026-02-19,1200.00,EUR,invoice,,
RE-26-1002,C1,2026-01-21,2026-02-20,340.50,EUR,invoice,,
RE-26-1003,C2,2026-01-22,2026-02-21,99.90,EUR,invoice,,
RE-26-1004,C3,2026-01-23,2026-02-22,2000.00,GBP,invoice,,
RE-26-1005,C4,2026-01-23,2026-02-22,410.00,EUR,invoice,,
RE-26-1006,C3,2026-02-27,2026-03-29,55.00,GBP,invoice,,
RE-26-1007,C2,not-a-date,2026-03-29,55.00,EUR,invoice,,
RE-26-1030,C5,2026-01-24,2026-02-23,350.00,EUR,invoice,,
CN-26-0001,C1,2026-02-10,,40.50,EUR,credit_note,,
"""
LATE_INVOICES = b"""number,customer,issued,due,amount,currency,type,terms,order
RE-26-1010,C2,2026-02-20,2026-03-22,777.00,EUR,invoice,,
RE-26-1011,C1,2026-02-20,2026-03-22,310.00,EUR,invoice,,
RE-26-1030,C2,2026-02-20,2026-03-22,81.00,EUR,invoice,,
"""
STATEMENT = b"""account,booked,amount,currency,value,name,counterparty_account,text,reference,bank_reference
DE02120300000000202051,2026-02-27,99.90,EUR,2026-02-27,Bolte Druck KG,,Rechnung RE-26-1003,,B1
DE02120300000000202051,2026-02-27,120.00,EUR,2026-02-27,Nobody known,,RE-26-1030 part,,B9
DE02120300000000202051,2026-02-27,200.00,EUR,2026-02-27,Ahrens Bau GmbH,,RE-26-1001 part,,B2
DE02120300000000202051,2026-02-27,777.00,EUR,2026-02-27,Somebody,,thank you RE-26-1010,,B3
DE02120300000000202051,2026-02-27,-12.00,EUR,2026-02-27,Bank,,fee,,B4
DE02120300000000202051,2026-02-27,500.00,EUR,2026-02-27,Neumann Tischlerei,,RE-26-1020,,B5
"""
LATER_STATEMENT = b"""account,booked,amount,currency,value,name,counterparty_account,text,reference,bank_reference
DE02120300000000202051,2026-02-27,99.90,EUR,2026-02-27,Bolte Druck KG,,Rechnung RE-26-1003,,B1
DE02120300000000202051,2026-03-03,2000.00,GBP,2026-03-03,Castle Ltd,,RE-26-1004,,B6
DE02120300000000202051,2026-03-03,300.00,EUR,2026-03-03,Ahrens Bau GmbH,,RE-26-1002 RE-26-1001,,B7
DE02120300000000202051,2026-03-03,400.00,EUR,2026-03-03,Dorn AG,,unsere Zahlung,,B8
DE02120300000000202051,2026-03-03,150.00,EUR,2026-03-03,H. Erler privat,DE44500105175407324931,RE-26-1030,,B11
"""
LAST_STATEMENT = b"""account,booked,amount,currency,value,name,counterparty_account,text,bank_reference,reversal
DE02120300000000202051,2026-03-04,350.00,EUR,2026-03-04,H. Erler privat,DE44500105175407324931,danke,B12,
DE02120300000000202051,2026-03-04,-99.90,EUR,2026-03-04,Bolte Druck KG,,returned,B1,yes
"""


def ubl_invoice(number: str, buyer: str, amount: str) -> bytes:
    """A small UBL invoice whose buyer states a name and nothing else."""
    schema = "urn:oasis:names:specification:ubl:schema:xsd:"
    party = "<cac:Party><cac:PartyName><cbc:Name>{}</cbc:Name></cac:PartyName></cac:Party>"
    return (
        f'<Invoice xmlns="{schema}Invoice-2" xmlns:cac="{schema}CommonAggregateComponents-2" '
        f'xmlns:cbc="{schema}CommonBasicComponents-2"><cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-01-20</cbc:IssueDate>'
        "<cbc:DueDate>2026-02-19</cbc:DueDate><cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>"
        "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
        f"<cac:AccountingSupplierParty>{party.format('Muster GmbH')}</cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty>{party.format(buyer)}</cac:AccountingCustomerParty>"
        f'<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">{amount}</cbc:PayableAmount>'
        "</cac:LegalMonetaryTotal></Invoice>"
    ).encode()


# --- the story
def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment, counted in days from the Monday on which the story begins."""
    return MONDAY.replace(hour=hour, minute=minute) + timedelta(days=day)


def take_policy(stack: TwinStack) -> None:
    stack.upload("policy/policy.toml", POLICY, at(0, 5))
    stack.work()


def take_customers(stack: TwinStack) -> None:
    stack.upload("customers/all.csv", CUSTOMERS, at(0, 5, 10))
    stack.work()


def take_invoices(stack: TwinStack) -> None:
    stack.upload("invoices/january.csv", INVOICES, at(0, 5, 20))
    stack.upload("invoices/1020.xml", ubl_invoice("RE-26-1020", "Neumann Tischlerei", "600.00"), at(0, 5, 21))
    stack.work()


def take_payments(stack: TwinStack) -> None:
    stack.upload("statements/february.csv", STATEMENT, at(0, 5, 30))
    stack.work()


def take_the_late(stack: TwinStack) -> None:
    """A customer whose invoice came first, an invoice whose money came first, and one whose number another has too."""
    stack.upload("customers/late.csv", LATE_CUSTOMER, at(0, 5, 40))
    stack.upload("invoices/late.csv", LATE_INVOICES, at(0, 5, 41))
    stack.work()


def book_from_suspense(stack: TwinStack) -> None:
    book(stack, at(0, 7))


def book(stack: TwinStack, now: datetime) -> None:
    """Finance books the money that two customers' invoices of one number have sent to suspense, once it is there."""
    fault = stack.set_fault(no_fault)
    answers = lookups.find(stack.edge.table, lookups.WAITING_AMOUNT, lookups.amount_value("EUR", 12_000))
    states = [stack.edge.transactions.load(answer.transaction).state for answer in answers]
    is_there = "RE-26-1030" in stack.edge.accounts.load("C2", [("items", "RE-26-1030")]).items
    stack.set_fault(fault)
    for state in states:
        if state.is_waiting and is_there:  # nobody books for an invoice that cannot be seen yet
            request = {"action": "assign", "transaction": state.key, "account": "C2", "items": ["RE-26-1030"]}
            request |= {"by": "finance"}
            press(stack, request, now)
    stack.work()


def first_tick(stack: TwinStack) -> None:
    """The first reminders; finance looks once more before them for what could not be booked yet."""
    book(stack, at(0, 9))
    tick(stack, at(0, 10))


def ses_events(stack: TwinStack) -> None:
    for message in list(stack.mailer.messages):
        stack.ses_event(ses_detail("Send", message), at(0, 10, 1))
        bounces = "gone@dorn.example" in message.to
        stack.ses_event(ses_detail("Bounce" if bounces else "Delivery", message), at(0, 10, 2))
    stack.work()


def replies(stack: TwinStack) -> None:
    reply(stack, "chase@ahrens.example", "We dispute invoice RE-26-1001: the goods were damaged.", at(0, 12))
    reply(stack, "mail@neumann.example", "Wir zahlen am 13.03.2026.", at(0, 12, 10))
    stack.work()


def take_later_payments(stack: TwinStack) -> None:
    stack.upload("statements/march.csv", LATER_STATEMENT, at(2, 6))
    stack.work()


def confirm(stack: TwinStack) -> None:
    """Finance confirms that the money which names a number of two customers is the one's, and refuses it for a third;
    later money from the same bank account finds its place by what that taught."""
    fault = stack.set_fault(no_fault)
    answers = lookups.find(stack.edge.table, lookups.WAITING_AMOUNT, lookups.amount_value("EUR", 15_000))
    states = [stack.edge.transactions.load(answer.transaction).state for answer in answers]
    stack.set_fault(fault)
    for state in states:
        shares = [[share.account for share in one.shares] for one in state.placements]
        if state.state == "proposed" and ["C5"] in shares:
            request = {"action": "confirm_match", "transaction": state.key, "choice": shares.index(["C5"])}
            press(stack, {**request, "by": "finance"}, at(2, 8))
    stack.work()


def take_last_payments(stack: TwinStack) -> None:
    """Money from the bank account that finance's confirmation taught, and the bank takes a payment back."""
    stack.upload("statements/last.csv", LAST_STATEMENT, at(3, 6))
    stack.work()


def decision(stack: TwinStack) -> None:
    """Finance resolves the dispute; when the function ends in the middle, the person presses the button again."""
    request = {"action": "resolve_dispute", "account": "C1", "outcome": "rejected", "by": "finance"}
    book(stack, at(2, 7))
    fault = stack.set_fault(no_fault)
    live = stack.edge.accounts.load("C1").live("disputes")
    stack.set_fault(fault)
    for dispute in live:
        press(stack, {**request, "dispute": dispute.key}, at(2, 7))
    stack.work()


def press(stack: TwinStack, request: dict[str, Any], now: datetime) -> None:
    """Press a button until it answers. Only what is done already may be refused."""
    for attempt in range(4):
        try:
            decide(stack.edge, request, now + timedelta(minutes=attempt))
            return
        except (Ended, OutcomeUnknown):
            continue
        except DecisionRefused as refused:
            assert attempt and refused.code == "not_possible"
            return
    raise AssertionError("the decision was never carried out")


def later_ticks(stack: TwinStack) -> None:
    """Broken promises, ended holds, second reminders."""
    for day in (4, 7, 8, 11, 15, 18):
        tick(stack, at(day, 10))


def sweeps(stack: TwinStack) -> None:
    """Undisturbed days, enough for every silent claim to be settled."""
    for day in (22, 23, 24, 25, 28):
        tick(stack, at(day, 10))


Stage = Callable[[TwinStack], None]
STAGES: tuple[Stage, ...] = (
    take_policy,
    take_customers,
    take_invoices,
    take_payments,
    take_the_late,
    book_from_suspense,
    first_tick,
    ses_events,
    replies,
    take_later_payments,
    decision,
    confirm,
    take_last_payments,
    later_ticks,
)


def tick(stack: TwinStack, now: datetime) -> None:
    """A tick, whose function may end before it is through, and those of the next two hours."""
    for hour in (0, 1, 2):
        try:
            stack.tick(now + timedelta(hours=hour))
        except (Ended, OutcomeUnknown, Conflict):
            stack.work()


def ses_detail(kind: str, message: SentMessage, message_id: str = "") -> dict[str, Any]:
    """What SES publishes of a message. Field names: Amazon SES, contents of event data sent to EventBridge."""
    mail = {
        "messageId": message_id or message.ses_message_id,
        "tags": {name: [value] for name, value in message.tags.items()},
    }
    detail: dict[str, Any] = {"eventType": kind, "mail": mail}
    if kind == "Bounce":
        failed = [{"emailAddress": address} for address in message.to]
        detail["bounce"] = {"bounceType": "Permanent", "bouncedRecipients": failed}
    if kind == "Complaint":
        detail["complaint"] = {"complainedRecipients": [{"emailAddress": address} for address in message.to]}
    return detail


def reply(stack: TwinStack, sender: str, text: str, now: datetime) -> bool:
    """The debtor answers the last mail that it got; without one it has nothing to answer."""
    got = [message for message in stack.mailer.messages if sender in message.to]
    if not got:
        return False
    raw, to = answer_to(got[-1].raw, sender, text, now)
    stack.inbound(raw, (to,), PASSED, now)
    return True


def answer_to(notice: bytes, sender: str, text: str, now: datetime) -> tuple[bytes, str]:
    """A debtor's answer to one of our mails, and the address that it goes to."""
    to = str(message_from_bytes(notice, policy=policy.default)["Reply-To"])
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Re: reminder"
    mail["Date"] = now
    mail["Message-ID"] = f"<{now:%d%H%M}@{sender.partition('@')[2]}>"
    mail.set_content(text)
    return mail.as_bytes(), to


def run(stack: TwinStack, first: int = 0, last: int = len(STAGES)) -> TwinStack:
    """Play the stages from ``first`` to before ``last``."""
    for stage in STAGES[first:last]:
        stage(stack)
    return stack


# --- forks
def fork(stack: TwinStack) -> TwinStack:
    """A second stack that goes on from here by itself."""
    twin = TwinStack()
    for mine, other in zip(stack.tables, twin.tables, strict=True):
        copy_table(mine, other)
    twin.objects._versions = {key: list(versions) for key, versions in stack.objects._versions.items()}
    twin.queues.queues = {name: deque(messages) for name, messages in stack.queues.queues.items()}
    twin.queues.seen = set(stack.queues.seen)
    twin.mailer.messages = list(stack.mailer.messages)
    twin.mailer.calls = stack.mailer.calls
    return twin


def copy_table(source: MemoryTable, target: MemoryTable) -> None:
    target._items = {pk: dict(items) for pk, items in source._items.items()}


# --- faults
WRITES = frozenset({"write", "put", "create", "delete"})
EFFECTS = WRITES | {"send"}


@dataclass
class EndAt:
    """Ends the process at the given calls (counted from 0, each call twice: before and after)."""

    points: frozenset[int]
    count: int = 0

    def __call__(self, name: str, moment: str) -> None:
        number, self.count = self.count, self.count + 1
        if number in self.points:
            raise Ended(f"{name} {moment}")


@dataclass
class LoseAnswer:
    """Loses the answer of one write after it was applied. Counts the writes alone."""

    point: int
    count: int = 0

    def __call__(self, name: str, moment: str) -> None:
        if moment == "after" and name.partition(".")[2] in WRITES:
            number, self.count = self.count, self.count + 1
            if number == self.point:
                raise OutcomeUnknown("lost")


@dataclass
class PauseAt:
    """The process freezes at a call; meanwhile the next stage happens and another process gets its message and does all
    of it. Then the first one goes on as if nothing had been."""

    stack: TwinStack
    point: int
    meanwhile: Stage
    count: int = 0
    seconds: float = 0.0

    def __call__(self, name: str, moment: str) -> None:
        del name, moment
        number, self.count = self.count, self.count + 1
        if number != self.point:
            return
        stack = self.stack
        stack.set_fault(no_fault)
        message = stack.current
        if message is not None:
            stack.invisible.append(message)
        self.meanwhile(stack)
        stack.come_back()
        stack.work()
        self.seconds += 100.0

    def monotonic(self) -> float:
        return self.seconds


class TwiceStack(TwinStack):
    """Delivers every message a second time, as a standard queue may at any time."""

    delivered_twice = 0

    def _deliver(self, queue: str, body: dict[str, Any]) -> None:
        super()._deliver(queue, body)
        super()._deliver(queue, body)
        self.delivered_twice += 1


def has_effect(call: str) -> bool:
    return call.partition(" ")[0].rpartition(".")[2] in EFFECTS


def distinct_ends(calls: list[str]) -> list[int]:
    """The calls at which an end leaves different things behind: the first, and after each that changes something. A
    process that ends at any other call ends in the state of the last of these before it, for reads leave no trace."""
    return [0, *(number for number, call in enumerate(calls) if call.endswith(" after") and has_effect(call))]


def calls_of(stage: Stage, stack: TwinStack) -> list[str]:
    """The calls of a stage, each twice."""
    seen: list[str] = []
    stack.set_fault(lambda name, moment: seen.append(f"{name} {moment}"))
    stage(stack)
    return seen


def is_at_work(stack: TwinStack) -> bool:
    """Whether messages wait or are invisible: what they will do is no part of a stack's substance."""
    return any(stack.queues.queues.values()) or bool(stack.invisible)


def substance(stack: TwinStack) -> str:
    """What a stack holds but for hashes and times of writing: two that hold the same go on in the same way."""
    held = [
        [_substance(table) for table in stack.tables],
        sorted(stack.objects.keys()),
        [(mail.to, mail.raw) for mail in stack.mailer.messages],
    ]
    return hashlib.sha256(json.dumps(held, sort_keys=True, default=str).encode()).hexdigest()


def _substance(table: MemoryTable) -> dict[str, Any]:
    return {
        f"{pk} {sk}": _without_hashes(record.body)
        for pk, items in table._items.items()
        for sk, record in items.items()
        if not sk.startswith(keys.JOURNAL)
    }


def _without_hashes(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("hash", "digest")} if "hash" in body else body


# --- what must hold
def problems(stack: TwinStack, now: datetime) -> list[str]:
    """Everything that must hold at the end of a story and does not."""
    found = [f"{one.code} {one.about}: {one.text}" for one in audit.audit(stack.edge, now).problems]
    found += [f"reminded {count} times: {key}" for key, count in reminders(stack).items() if count > 1]
    accounts = [stack.edge.accounts.rebuild(one) for one in audit.account_ids(stack.edge)]
    for account in accounts:
        found += unfinished(account)
        found += untimely_claims(stack.edge, account.id)
    found += [f"messages left in {name}" for name, left in stack.queues.queues.items() if left]
    found += wrong_receipts(stack, now)
    found += untrue_marks(stack, accounts)
    return found


def reminders(stack: TwinStack) -> Counter[str]:
    """How often each step of each item went out, counted in the mails that were accepted."""
    return reminders_in(stack.edge, [message.raw for message in stack.mailer.messages])


def reminders_in(edge: Edge, mails: list[bytes]) -> Counter[str]:
    """How often each step of each item went out in these mails."""
    counts: Counter[str] = Counter()
    notices = {
        notice.key: (account, notice)
        for account in audit.account_ids(edge)
        for notice in edge.accounts.rebuild(account).notices.values()
    }
    for raw in mails:
        attempt = str(message_from_bytes(raw)["X-Duly-Attempt"])
        account, notice = notices[attempt]
        for part in notice.items:
            counts[f"{account} {part.item} episode {part.episode} {part.step} {part.repetition}"] += 1
    return counts


def unfinished(account: Account) -> Iterator[str]:
    """Liveness: nothing claimed, doubtful, reserved or unread is left."""
    for notice in account.notices.values():
        if notice.state in ("claimed", "doubtful") or notice.pending:
            yield f"{account.id}: notice {notice.key[:6]} is {notice.state}, pending {notice.pending}"
    for item in account.items.values():
        if item.notice:
            yield f"{account.id}: item {item.key} is still marked by a notice"
    for reply in account.replies.values():
        if reply.state == "unread":
            yield f"{account.id}: reply {reply.key[:6]} is unread"


def untimely_claims(edge: Edge, account_id: str) -> Iterator[str]:
    """No claim stands after a payment, dispute, promise or hold of its items: replayed version by version."""
    account = Account(account_id)
    policy_now = edge.policy()
    for entry in edge.accounts.history(account_id):
        for event in entry.events:
            if isinstance(event, ev.NoticeClaimed):
                today = today_of(account, policy_now, entry.at)
                yield from _untimely(account, event, today)
            account.apply(event)
        account.version = entry.version


def _untimely(account: Account, claim: ev.NoticeClaimed, today: Any) -> Iterator[str]:
    where = f"{account.id} version {account.version + 1}"
    if account.header.suspense or account.live("replies"):
        yield f"{where}: claimed with money in suspense or an unread reply"
    for part in claim.items:
        item = account.items[part.item]
        if item.state != "open" or item.outstanding_minor != part.balance_minor:
            yield f"{where}: {item.key} was claimed at another balance than it has"
        for kind in ("disputes", "promises"):
            if any(item.key in one.items for one in account.live(kind)):
                yield f"{where}: {item.key} was claimed in spite of {kind}"
        for hold in account.live("holds"):
            if (not hold.items or item.key in hold.items) and today < blocked_until(hold.until, "blocks"):
                yield f"{where}: {item.key} was claimed in spite of a hold"


def wrong_receipts(stack: TwinStack, now: datetime) -> Iterator[str]:
    """Every upload has a receipt that adds up, and each is listed once."""
    uploads = [upload for upload in stack.edge.uploads.all(now, months=2) if upload.kind != "mail"]
    if len({upload.id for upload in uploads}) != len(uploads):
        yield "an upload is listed twice"
    for upload in uploads:
        found = stack.objects.get(upload.receipt)
        if found is None:
            yield f"{upload.key} has no receipt"
            continue
        receipt = json.loads(found.data)
        rows = receipt["rows"]
        if not receipt["adds_up"] or rows["in"] != rows["applied"] + rows["duplicate"] + rows["rejected"]:
            yield f"the receipt of {upload.key} does not add up"
    if sum(upload.key.partition("/")[0] in ("customers", "invoices", "statements", "policy") for upload in uploads) < 1:
        yield "no uploads found"


def untrue_marks(stack: TwinStack, accounts: list[Account]) -> Iterator[str]:
    """An account is marked by money in suspense exactly when that money could be its own."""
    for account in accounts:
        for transaction in account.header.suspense:
            state = stack.edge.transactions.load(transaction).state
            if not state.is_waiting or account.id not in state.candidates:
                yield f"{account.id} is marked by money that is not in suspense for it"
