"""Plays the simulated business against a stack, day by day, and collects what came of it.

`World` is all that the play needs of a stack: the local stack gives it through world.py, tests with an
object of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from local.business import Business, Upload
from local.debtors import Debtors
from local.replies import NUMBER, Notice, Reply, read_notice
from local.sales import CreditStep, SalesDesk
from local.writers import decimal_text

TICK_HOUR = 10
"""UTC: late morning everywhere in Europe, so inside every customer's contact window in winter and summer."""
FINANCE_HOUR = 7
SALES_HOUR = 9
"""Sales asks for credit after finance's morning and the day's files, before the tick."""
READING_DAYS = 2
"""Finance reads and answers a reply so many days after it came in."""
TASK_DAYS = 1
"""Finance approves notices, calls and posts letters on the working day after it has seen the task."""
PLAN_DAY = 45
"""On this day finance agrees payment plans: with one who keeps to it, and with one who does not."""
PLAN_DUE_DAYS = (65, 86, 107)
"""When the instalments of a plan are due: each the day after a bank statement, when it is known what came."""
PLANS = {"after_third": True, "never": False}
"""Behaviours of those who get a plan, the first customer of each, and whether it pays its instalments."""
CALL_RESULTS = {"never": "voicemail", "mailbox_gone": "unreachable", "bounces": "unreachable"}
"""What a call comes to, by behaviour; everybody else says that the money is in the next payment run."""
PAYMENT_RUN_DAYS = 7
DISPUTE_DAYS = 6
"""Finance settles a dispute so many days after it was opened."""
CASH_DAYS = 1
"""Finance decides about money that waits on the working day after it has seen it."""
LEFT_DAYS = 10
"""What comes in so shortly before the end is left for whoever looks at the demonstration."""
SURE_PERCENT = 80.0
"""From this confidence on finance confirms the best place after a look at it."""
POLICY_KEY = "policy/demo.toml"


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute as finance sees it in its list."""

    account: str
    dispute: str
    reason: str
    invoices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Something that a person at the creditor's has to do, as finance sees it in its list of tasks. ``about`` names
    the approval of a proposed notice, or the notice."""

    account: str
    task: str
    kind: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class OurMail:
    """A mail that the stack has sent: its bytes, and the highest level of its items as text.

    The level is "" where the stack does not say it.
    """

    raw: bytes
    level: str


class World(Protocol):
    """A stack as the outside world meets it. All times are simulated, aware and UTC."""

    def upload(self, key: str, data: bytes, at: datetime) -> None:
        """Puts a file into the bucket."""

    def inbound(self, raw: bytes, verdicts: Mapping[str, str], recipient: str, at: datetime) -> None:
        """Delivers a mail to the envelope's recipient; verdicts: spf, dkim, dmarc, spam, virus."""

    def tick(self, at: datetime) -> None:
        """Does what the hourly schedule does."""

    def reports(self, at: datetime) -> None:
        """Does what the daily schedule of the reports does."""

    def wait(self) -> None:
        """Returns when all messages have been worked on."""

    def new_mails(self) -> Sequence[OurMail]:
        """The mails that the stack has sent since the last call."""

    def open_disputes(self) -> Sequence[OpenDispute]:
        """All disputes that are not settled."""

    def open_tasks(self) -> Sequence[OpenTask]:
        """All tasks that wait for a person."""

    def waiting_money(self) -> Mapping[str, Any]:
        """The money that waits for a person, as the reports function tells it."""

    def decide(self, payload: Mapping[str, object]) -> None:
        """A decision of finance, through the disputes function."""

    def place(self, payload: Mapping[str, object]) -> None:
        """A decision of finance about money that waits, through the reconcile function."""

    def credit(self, payload: Mapping[str, object]) -> Mapping[str, Any]:
        """A request on credit to the risk_check function, and its answer."""


@dataclass(slots=True)
class SentNotice:
    """A mail of ours with the day of its sending, its customer's id ("" if unknown) and what came back."""

    day: date
    customer: str
    level: str
    notice: Notice
    replies: list[Reply] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CashStep:
    """What finance decided about money on a day: the decision, and the line of the list that it saw."""

    day: date
    action: str
    line: Mapping[str, Any]


@dataclass(slots=True)
class PlayResult:
    """What a play leaves behind for the summary and the pages."""

    days: int
    notices: list[SentNotice] = field(default_factory=list)
    replies_delivered: int = 0
    uploads: int = 0
    disputes_settled: int = 0
    cash_decided: list[CashStep] = field(default_factory=list)
    credit: list[CreditStep] = field(default_factory=list)


Progress = Callable[[int, int, date], None]
"""Called after each day: days played, days in all, the day."""


class _Play:
    """One run; `play` is its only caller."""

    def __init__(self, world: World, business: Business, debtors: Debtors) -> None:
        self.world = world
        self.business = business
        self.debtors = debtors
        self.sales = SalesDesk(business, world.credit)
        self.result = PlayResult(days=business.days, credit=self.sales.steps)
        self._waiting: list[Reply] = []
        self._first_seen: dict[str, date] = {}

    def day(self, day: date) -> None:
        """One simulated day: what arrives before the tick, decisions and sales, the tick, what arrives after it. On
        weekends nobody is written to, so the upkeep is left to Monday's tick."""
        tick = datetime.combine(day, time(TICK_HOUR), tzinfo=UTC)
        self._arrivals(day, until=tick)
        self._finance(day)
        self.sales.on_day(day, datetime.combine(day, time(SALES_HOUR), tzinfo=UTC))
        if day.weekday() < 5:
            self.world.tick(tick)
            self.world.wait()
            self._read_mails(tick)
        self._arrivals(day, until=datetime.combine(day + timedelta(days=1), time(0), tzinfo=UTC))

    def _arrivals(self, day: date, until: datetime) -> None:
        """Uploads and replies up to a moment, in order of their times; uploads all come before the tick."""
        morning = until.date() == day
        uploads = [*self.business.uploads_on(day), *self.debtors.statements_on(day)] if morning else []
        replies = [reply for reply in self._waiting if reply.due < until]
        self._waiting = [reply for reply in self._waiting if reply.due >= until]
        things: list[tuple[datetime, Upload | Reply]] = [
            *((datetime.combine(upload.day, upload.time, tzinfo=UTC), upload) for upload in uploads),
            *((reply.due, reply) for reply in replies),
        ]
        for at, thing in sorted(things, key=lambda pair: pair[0]):
            self._deliver(thing, at)
        if things:
            self.world.wait()

    def _deliver(self, thing: Upload | Reply, at: datetime) -> None:
        if isinstance(thing, Upload):
            self.world.upload(thing.key, thing.data, at)
            self.result.uploads += 1
        else:
            self.world.inbound(thing.raw, thing.verdicts, thing.recipient, at)
            self.result.replies_delivered += 1

    def _read_mails(self, now: datetime) -> None:
        for mail in self.world.new_mails():
            notice = read_notice(mail.raw)
            customer = self.business.customer_by_email.get(notice.to)
            replies = self.debtors.on_mail(mail.raw, now)
            self._waiting += replies
            sent = SentNotice(now.date(), customer.id if customer else "", mail.level, notice, replies)
            self.result.notices.append(sent)

    def _finance(self, day: date) -> None:
        """Settles disputes that are old enough: we were right in all but questions of price, which finance accepts.
        Replies that wait for a person are answered after some days, and their tasks closed. Direct debits that came
        back are told."""
        if day.weekday() >= 5:
            return
        settled = False
        for dispute in self.world.open_disputes():
            first = self._first_seen.setdefault(f"{dispute.account}/{dispute.dispute}", day)
            if (day - first).days >= DISPUTE_DAYS:
                self._settle(dispute, day)
                settled = True
        for task in self.world.open_tasks():
            first = self._first_seen.setdefault(f"{task.account}/{task.task}", day)
            settled = self._do(task, day, (day - first).days) or settled
        if (day - self.business.start).days == PLAN_DAY:
            self._agree_plans(day)
            settled = True
        for invoice in self.business.debits_returned_on(day):
            self._decide("debit_returned", invoice.customer, day, item=invoice.number)
            settled = True
        if self._place_money(day) or settled:
            self.world.wait()

    def _place_money(self, day: date) -> bool:
        """Confirms what is proposed with some confidence, and refuses what a bank announced and never booked."""
        if (self.business.last_day - day).days < LEFT_DAYS:
            return False
        waiting = self.world.waiting_money()
        sure = [line for line in waiting["proposals"] if float(_best(line)["confidence_percent"]) >= SURE_PERCENT]
        late = [line for line in waiting["announced"] if line["unconfirmed"]]
        steps = [
            *(CashStep(day, "confirm_match", line) for line in sure if self._was_seen(line, day)),
            *(CashStep(day, "refuse_match", line) for line in late if self._was_seen(line, day)),
        ]
        for step in steps:
            at = datetime.combine(day, time(FINANCE_HOUR), tzinfo=UTC)
            decision = {"type": "decision", "action": step.action, "transaction": step.line["transaction"]}
            self.world.place({**decision, "by": "finance@muster.example", "time": at.isoformat()})
        self.result.cash_decided += steps
        return bool(steps)

    def _was_seen(self, line: Mapping[str, Any], day: date) -> bool:
        first = self._first_seen.setdefault(f"money/{line['transaction']}", day)
        return (day - first).days >= CASH_DAYS

    def _decide(self, action: str, account: str, day: date, **fields: object) -> datetime:
        """A decision of finance on a day; returns its moment."""
        at = datetime.combine(day, time(FINANCE_HOUR), tzinfo=UTC)
        decision = {"type": "decision", "action": action, "account": account, **fields}
        self.world.decide({**decision, "by": "finance@muster.example", "time": at.isoformat()})
        return at

    def _do(self, task: OpenTask, day: date, seen_days: int) -> bool:
        """Does what a task asks once it was seen long enough; returns whether it did. What comes shortly before the end
        is left, but replies are read."""
        if task.kind == "read_reply" and seen_days >= READING_DAYS:
            self._decide("close_task", task.account, day, task=task.task, result="answered")
            return True
        if seen_days < TASK_DAYS or (self.business.last_day - day).days < LEFT_DAYS:
            return False
        if task.kind == "approve_notice":
            self._decide("approve", task.account, day, approval=task.about)
        elif task.kind == "post_letter":
            proof = f"R{day:%y%m%d}{task.account[-2:]}"
            self._decide("close_task", task.account, day, task=task.task, result="posted", proof=proof)
        elif task.kind == "hand_over":
            self._decide("close_task", task.account, day, task=task.task, result="sent to the agency")
        elif task.kind == "call":
            self._call(task, day)
        else:
            return False
        return True

    def _call(self, task: OpenTask, day: date) -> None:
        customer = self.business.customer_by_id.get(task.account)
        code = CALL_RESULTS.get(customer.behaviour if customer else "", "in_payment_run")
        run = (day + timedelta(days=PAYMENT_RUN_DAYS)).isoformat()
        more = {"date": run} if code == "in_payment_run" else {}
        self._decide("call_result", task.account, day, task=task.task, code=code, **more)

    def _agree_plans(self, day: date) -> None:
        """Agrees three instalments for the largest overdue invoice of some who owe for long."""
        for behaviour, is_kept in PLANS.items():
            invoice = self.debtors.longest_owing(behaviour, day)
            if invoice is None:
                continue
            days = [self.business.start + timedelta(days=offset) for offset in PLAN_DUE_DAYS]
            parts = instalments_of(self.debtors.open_minor(invoice.number), days)
            stated = [{"due": due.isoformat(), "amount": decimal_text(minor)} for due, minor in parts]
            self._decide("plan", invoice.customer, day, items=[invoice.number], instalments=stated)
            if is_kept:
                self.debtors.on_plan(invoice, parts)

    def _settle(self, dispute: OpenDispute, day: date) -> None:
        right = dispute.reason != "price"
        outcome = "rejected" if right else "accepted"
        at = self._decide("resolve_dispute", dispute.account, day, dispute=dispute.dispute, outcome=outcome)
        self.result.disputes_settled += 1
        for number in dispute.invoices:
            if NUMBER.fullmatch(number):
                self.debtors.on_decision(number, right, at)


def instalments_of(amount_minor: int, days: Sequence[date]) -> list[tuple[date, int]]:
    """An amount in equal parts, the last of which takes the rest."""
    part = amount_minor // len(days)
    return [(day, part) for day in days[:-1]] + [(days[-1], amount_minor - part * (len(days) - 1))]


def _best(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The place that a proposal names first."""
    best: Mapping[str, Any] = line["placements"][0]
    return best


def play(
    world: World, business: Business, debtors: Debtors, progress: Progress | None = None, policy: bytes | None = None
) -> PlayResult:
    """Plays all days of the business. `policy` is uploaded first of all when given.

    Raises what the world raises: a play that went wrong must not look finished.
    """
    run = _Play(world, business, debtors)
    if policy is not None:
        world.upload(POLICY_KEY, policy, datetime.combine(business.start, time(4), tzinfo=UTC))
        world.wait()
    for offset in range(business.days):
        day = business.start + timedelta(days=offset)
        run.day(day)
        if progress is not None:
            progress(offset + 1, business.days, day)
    world.reports(datetime.combine(business.last_day, time(18), tzinfo=UTC))
    world.wait()
    return run.result
