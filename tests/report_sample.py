"""A small business for the tests and the picture of the report page: accounts written by the real store."""

from __future__ import annotations

import base64
import random
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.agenda import Moments
from duly.domain.continuity import StatementSeen, chain, gaps
from duly.domain.identity import PROVISIONAL as ANNOUNCED
from duly.domain.match_model import Adjustment, Placement, Share
from duly.flows.continuity import Bank
from duly.flows.report import Report, gather
from duly.reports.page import render_page
from duly.reports.views import render_widget
from duly.store.accounts import AccountStore
from duly.store.memory import MemoryTable
from duly.store.transactions import TransactionStore
from duly.store.uploads import Upload
from local.pictures import browser

AS_OF = date(2026, 4, 6)
NOW = datetime(2026, 4, 6, 6, 30, tzinfo=UTC)
NAMES = (
    "Nordlicht Werkzeugbau GmbH",
    "Bäckerei Sonnenschein e. K.",
    "Thornbury & Sons Ltd",
    "Vermeer Installaties B.V.",
    "Alpenblick Sanitär AG",
    "Kestrel Components plc",
    "Hafen Logistik Nord GmbH & Co. KG",
    "Brouwerij De Gouden Leeuw N.V.",
    "Müller Präzisionsteile GmbH",
    "Rossi Impianti S.r.l.",
    "Grünwald Elektrotechnik GmbH",
    "Tischlerei Ahrens",
    "Meridian Pumps Ltd",
    "Donau Metallbau GmbH",
    "Wiesengrund Molkerei eG",
    "Falkenstein Bühnentechnik GmbH",
    "Lindqvist Marin AB",
    "Druckhaus Elbe GmbH",
    "Castellan Print Works Ltd",
    "Zweirad Center Isar GmbH",
    "Silberberg Apparatebau GmbH",
    "Ostsee Yachtservice GmbH",
    "Hopfen & Malz Handels GmbH",
    "Steinbruch Eifel GmbH",
)
POUND_CUSTOMERS = (2, 5, 12, 18)
PROVISIONAL = 17
COUNTRIES = {2: "GB", 3: "NL", 4: "AT", 5: "GB", 7: "BE", 9: "IT", 12: "GB", 13: "AT", 16: "SE", 18: "GB"}
PARENTS = {8: 0, 15: 0, 20: 0, 13: 4, 5: 2}
ON_HOLD = (7, 19)
FLAGS = {
    (number, position): flags
    for number, flags in (
        (1, ("order_missing",)),
        (11, ("issued_late",)),
        (12, ("terms_differ", "order_missing")),
        (16, ("order_missing",)),
        (21, ("no_billing_contact",)),
    )
    for position in range(4)
}
PICTURE_WIDTH, PICTURE_HEIGHT = 1200, 1480
CASH_WIDTH = 760
OPENING = timedelta(days=118)
NUMBERS = (1001, 1002, 1007, 1009)
"""The accounts, by number, that proposals speak of."""
_STEPS = ((1, 8, "first"), (2, 20, "second"), (3, 34, "formal"))


def _bank() -> Bank:
    """An account whose statements lack a week, which nobody has accepted."""

    def seen(source: str, first: date, last: date, opening: int, closing: int) -> StatementSeen:
        return StatementSeen(source, "s1", "camt.053", "EUR", first, last, source, opening, closing, 5)

    before = seen("11", AS_OF - timedelta(days=40), AS_OF - timedelta(days=30), 1_000_000, 1_250_000)
    after = seen("13", AS_OF - timedelta(days=21), AS_OF - timedelta(days=3), 1_391_200, 1_600_000)
    links = chain([before, after])
    found = gaps(links, ())
    return Bank("b1", "DE02120300000000202051", "EUR", tuple(links), (), tuple(found), AS_OF - timedelta(days=3))


BANK = _bank()


def _nothing_due(account: Account) -> Moments:
    del account
    return Moments(None, None)


@dataclass
class Sample:
    """The tables behind a report and what lists of uploads would say."""

    table: MemoryTable
    uploads: tuple[Upload, ...]

    def report(self) -> Report:
        return gather(self.table, self.uploads, AS_OF, "Muster Maschinen GmbH", banks=(BANK,))


def make_sample(names: tuple[str, ...] = NAMES) -> Sample:
    """The same business every time: two currencies, all ages, disputes, promises, tasks, money in suspense, files."""
    table = MemoryTable()
    for number, name in enumerate(names):
        _Customer(table, number, name).write()
    _suspense(table)
    _proposals(table)
    _announced(table)
    return Sample(table, _uploads())


class _Customer:
    def __init__(self, table: MemoryTable, number: int, name: str) -> None:
        self.store = AccountStore(table)
        self.id = f"C{1001 + number}"
        self.number, self.name = number, name
        self.currency = "GBP" if number in POUND_CUSTOMERS else "EUR"
        self.random = random.Random(number)
        self.events: list[ev.Event] = []
        self.open: list[tuple[str, date, int]] = []

    def write(self) -> None:
        """One commit by kind of event, as the functions would do it."""
        self._register()
        for position in range(self.random.randint(4, 11)):
            self._invoice(position)
        if self.number != PROVISIONAL:
            self._reminders()
        self._replies()
        self._people()

    def _commit(self, *events: ev.Event, personal: dict[str, dict[str, object]] | None = None) -> None:
        self.store.commit(self.store.load(self.id), events, NOW, _nothing_due, personal)

    def _register(self) -> None:
        personal = f"p{self.number}"
        registered = ev.CustomerRegistered(
            self.id,
            personal,
            "hash",
            "" if self.number == PROVISIONAL else COUNTRIES.get(self.number, "DE"),
            "de",
            "Europe/Berlin",
            "business",
            provisional=self.number == PROVISIONAL,
            parent=f"C{1001 + PARENTS[self.number]}" if self.number in PARENTS else "",
            limit_minor={self.currency: 2_500_000} if self.number % 4 else {},
        )
        score, category = ((120, "A"), (340, "B"), (340, "B"), (710, "C"))[self.number % 4]
        hold = [ev.CreditHoldChanged(("over_limit",), AS_OF)] if self.number in ON_HOLD else []
        scored = ev.ScoreChanged(score, category, on=AS_OF)
        self._commit(registered, scored, *hold, personal={personal: {"name": self.name, "contacts": self._contacts()}})

    def _contacts(self) -> list[dict[str, str]]:
        """Those who are called, or have something to release, are known with a number or a name."""
        if self.number not in (2, 11, 14):
            return []
        return [{"id": "c", "role": "billing", "email": f"ap{self.number}@debtor.example", "phone": "+44 20 7946 0018"}]

    def _invoice(self, position: int) -> None:
        issued = AS_OF - OPENING + timedelta(days=self.random.randint(0, 112))
        due = issued + timedelta(days=self.random.choice((14, 30, 30, 30)))
        amount = self.random.randint(9_000, 900_000)
        key = f"26-{self.number:02d}{position:02d}"
        flags = FLAGS.get((self.number, position), ())
        registered = ev.InvoiceRegistered(
            key, key, issued, due, "stated", amount, self.currency, "u1", position + 2, flags=flags
        )
        self._commit(registered)
        paid_on = due + timedelta(days=self.random.choice((-3, 0, 1, 4, 9, 21, 45, 80)))
        if paid_on < AS_OF:
            paid = amount if self.random.random() < 0.9 else amount // 2
            self._pay(key, paid, paid_on)
            amount -= paid
        if amount:
            self.open.append((key, due, amount))

    def _pay(self, key: str, amount: int, on: date) -> None:
        cash = f"t-{key}"
        extra = 2_500 if self.random.random() < 0.05 else 0
        self._commit(ev.CashReceived(cash, "payment", amount + extra, self.currency, on, (key,), "s1", 1))
        self.store.commit(
            self.store.load(self.id, [("items", key)]),
            [ev.AllocationsChanged((ev.Allocation(cash, key, amount),))],
            NOW,
            _nothing_due,
        )

    def _reminders(self) -> None:
        for level, after, step in _STEPS:
            late = [(key, due, amount) for key, due, amount in self.open if due + timedelta(days=after) < AS_OF]
            if not late:
                continue
            notice = f"n{self.number}-{level}"
            latest = max(due for _, due, _ in late) + timedelta(days=after)
            at = datetime.combine(latest, datetime.min.time(), tzinfo=UTC) + timedelta(hours=10)
            parts = tuple(ev.NoticeItem(key, 1, step, level, 0, amount) for key, _, amount in late)
            claim = ev.NoticeClaimed(
                notice, notice, "email", self.currency, level, step, parts, ("c",), at, "p", "standard"
            )
            keys = tuple(key for key, _, _ in late)
            self._commit(claim, ev.NoticeSent(notice, at, "answer", "m"), ev.StepsRecorded(notice, keys, latest))

    def _replies(self) -> None:
        late = [key for key, due, _ in self.open if due < AS_OF]
        opened = AS_OF - timedelta(days=self.number)
        if late and self.number % 5 == 0:
            reason = ("not_received_goods", "price", "quality", "duplicate", "price")[self.number // 5]
            deadline = opened + timedelta(days=14)
            self._commit(ev.DisputeOpened("d1", (late[0],), reason, "finance", deadline, opened))
            if deadline < AS_OF:
                self._commit(ev.TaskOpened("overdue-d1", "dispute_deadline", "d1", deadline, deadline))
        elif late and self.number % 3 == 1:
            promised = AS_OF + timedelta(days=self.number - 6)
            self._commit(
                ev.PromiseMade("pr1", tuple(late[:2]), promised, promised + timedelta(days=3), opened, self.currency)
            )
        if late and self.number % 4 == 1:
            day = AS_OF - timedelta(days=10 + self.number)
            self._commit(
                ev.PromiseMade("pr0", (late[0],), day, day, day, self.currency),
                ev.PromiseSettled("pr0", "broken" if self.number == 9 else "kept", day),
            )
        if self.number in (3, 8, 14):
            self._commit(ev.TaskOpened("read-r1", "read_reply", "r1", opened, opened + timedelta(days=2)))

    def _people(self) -> None:
        """What waits for persons about the chase, of a few customers."""
        late = [(key, amount) for key, due, amount in self.open if due < AS_OF]
        if not late:
            return
        keys, total = tuple(key for key, _ in late), sum(amount for _, amount in late)
        if self.number in (12, 18):
            parts = tuple(ev.NoticeItem(key, 1, "formal-notice", 3, 0, amount) for key, amount in late)
            asked = AS_OF - timedelta(days=self.number - 5)
            until = asked + timedelta(days=14)
            self._commit(
                ev.ApprovalAsked("a1", "email", self.currency, 3, "formal-notice", parts, total, asked, until),
                ev.TaskOpened("approve-a1", "approve_notice", "a1", asked, until),
            )
        if self.number in (2, 11):
            due = AS_OF - timedelta(days=self.number - 9)
            task = "call-n1" if self.number == 2 else "call-n1~2"
            notice = next((f"n{self.number}-{level}" for level, *_ in reversed(_STEPS)), "")
            self._commit(ev.TaskOpened(task, "call", notice, due, due))
        if self.number == 21:
            halves = ((AS_OF + timedelta(days=9), total // 2), (AS_OF + timedelta(days=39), total - total // 2))
            self._commit(ev.PlanMade("z1", keys, halves, self.currency, AS_OF - timedelta(days=3), by="ada"))
        if self.number == 14:
            look = AS_OF + timedelta(days=2)
            hold = ev.HoldPlaced("h1", keys[:2], look, "release", "ada", "customer_approval", "goods_receipt", "c")
            self._commit(hold)
        if self.number == 22:
            parts = tuple(ev.NoticeItem(key, 1, "hand-over", 4, 0, amount) for key, amount in late)
            at = NOW - timedelta(days=20)
            claim = ev.NoticeClaimed(
                "n22-4",
                "n22-4",
                "hand_over",
                self.currency,
                4,
                "hand-over",
                parts,
                (),
                at,
                "p",
                "standard",
                to="agency",
            )
            sent = ev.NoticeSent("n22-4", at, "document")
            self._commit(claim, sent, ev.StepsRecorded("n22-4", keys, at.date()))


def _suspense(table: MemoryTable) -> None:
    store = TransactionStore(table)
    waiting = (
        ("Kestrel Components plc", 128_450, "GBP", 3, "ambiguous_reference", ("C1006",)),
        ("", 42_000, "EUR", 9, "no_reference", ()),
        ("A. Sonnenschein", 87_635, "EUR", 12, "no_reference", ("C1002",)),
        ("Müller", 310_000, "EUR", 1, "several_customers", ("C1009", "C1001", "C1014", "C1018")),
    )
    for number, (payer, amount, currency, age, reason, candidates) in enumerate(waiting):
        key, booked = f"bank-{number}", AS_OF - timedelta(days=age)
        received = ev.TransactionReceived(key, amount, currency, booked, booked, NOW, "s1", number, "p", "hash")
        stored = store.commit(store.load(key), key, [received], NOW, {"p": {"name": payer}})
        store.commit(stored, key, [ev.TransactionParked(reason, candidates)], NOW)


def _proposals(table: MemoryTable) -> None:
    """A set of invoices with another one that would do, a slip with a discount, and a payment for two of a group."""
    store = TransactionStore(table)
    invoices = {account: [f"26-{account - 1001:02d}{position:02d}" for position in range(4)] for account in NUMBERS}
    first = Share("C1002", (invoices[1002][0], invoices[1002][1]), 184_230)
    other = Share("C1002", (invoices[1002][2], invoices[1002][3]), 184_230)
    discount = Adjustment("C1007", invoices[1007][1], "discount", 2_450)
    group = (Share("C1001", (invoices[1001][0],), 50_000), Share("C1009", (invoices[1009][2],), 71_600))
    waiting = (
        (
            "Baeckerei Sonnenschein",
            "Sammelzahlung gemaess Ihrer Aufstellung vom 27.03.",
            184_230,
            (
                Placement((first,), (), 930, ("name_alike", "amount_set", "ambiguous_set")),
                Placement((other,), (), 910, ("name_alike", "amount_set", "ambiguous_set")),
            ),
        ),
        (
            "Hafen Logistik Nord",
            "RG 26-O6O1 abzgl. 2 % Skonto",
            120_050,
            (
                Placement(
                    (Share("C1007", (invoices[1007][1],), 120_050),),
                    (discount,),
                    940,
                    ("name_alike", "invoice_number_slip", "amount_discount"),
                ),
            ),
        ),
        (
            "Nordlicht Werkzeugbau GmbH",
            "fuer uns und Tochter",
            121_600,
            (Placement(group, (), 930, ("name", "group", "amount_set", "split_unclear")),),
        ),
    )
    for number, (payer, text, amount, places) in enumerate(waiting):
        key, booked = f"proposed-{number}", AS_OF - timedelta(days=6 - number)
        received = ev.TransactionReceived(key, amount, "EUR", booked, booked, NOW, "s1", 20 + number, "p", "hash")
        stored = store.commit(store.load(key), key, [received], NOW, {"p": {"name": payer, "text": text}})
        candidates = tuple(dict.fromkeys(share.account for place in places for share in place.shares))
        store.commit(stored, key, [ev.TransactionProposed(places, candidates)], NOW)


def _announced(table: MemoryTable) -> None:
    """Money that the bank has only told of: one that the next statement will have, one that it should have had."""
    store = TransactionStore(table)
    for key, payer, amount, age, account in (
        ("soon", "Druckhaus Elbe GmbH", 96_000, 1, "C1018"),
        ("late", "Lindqvist Marin AB", 41_250, 21, "C1017"),
    ):
        booked = AS_OF - timedelta(days=age)
        received = ev.TransactionReceived(
            f"announced-{key}",
            amount,
            "EUR",
            booked,
            booked,
            NOW,
            "s1",
            40 + age,
            "p",
            "hash",
            standing=ANNOUNCED,
            bank=BANK.bank,
        )
        stored = store.commit(
            store.load(received.transaction), received.transaction, [received], NOW, {"p": {"name": payer}}
        )
        store.commit(stored, received.transaction, [ev.TransactionParked(ANNOUNCED, (account,))], NOW)


def _uploads() -> tuple[Upload, ...]:
    def upload(key: str, kind: str, age: int, rows: int, reasons: dict[str, int]) -> Upload:
        at = NOW - timedelta(days=age)
        return Upload(
            key, key, "v1", kind, at, "closed", rows_in=rows, rejected_rows=sum(reasons.values()), reasons=reasons
        )

    return (
        upload("statements/2026-04-03.xml", "statement", 3, 64, {}),
        upload("invoices/week-14.csv", "invoices", 4, 18, {"date_format": 1, "amount_decimals": 1}),
        upload("invoices/RE-26-0412.xml", "invoices", 6, 1, {}),
        upload("customers/customers.csv", "customers", 34, 41, {"email_format": 2}),
    )


def main() -> None:
    """Paint the upper part of the page, and the cash widget: ``python -m tests.report_sample docs/pictures/report.png
    docs/pictures/cash.png``."""
    with tempfile.TemporaryDirectory() as folder, browser() as tab:
        page, whole = Path(folder) / "report.html", Path(folder) / "whole.png"
        page.write_text(render_page(make_sample().report()), encoding="utf-8")
        tab.take(page, whole, width=PICTURE_WIDTH)
        part = {"x": 0, "y": 0, "width": PICTURE_WIDTH, "height": PICTURE_HEIGHT, "scale": 1}
        shot = tab.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=part)
        Path(sys.argv[1]).write_bytes(base64.b64decode(shot["data"]))
        page.write_text(cash_widget(), encoding="utf-8")
        tab.take(page, Path(sys.argv[2]), width=CASH_WIDTH)


def cash_widget(view: str = "cash") -> str:
    """A widget as a dashboard shows it: what its buttons send is not seen."""
    arn = "arn:aws:lambda:eu-central-1:1:function:"
    widget = render_widget(make_sample().report(), view, {}, f"{arn}disputes", f"{arn}reconcile")
    style = "<style>cwdb-action{display:none}body{margin:12px}</style>"
    return f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">{style}{widget}'


if __name__ == "__main__":
    main()
