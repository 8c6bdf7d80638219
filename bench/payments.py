"""Payment traffic with known truth: a ledger of open invoices, and payments as people and banks write them. Seeded.

The texts come from lists of phrases in nine languages, cut, capitalised and broken as banks do; the numbers of invoices
are dense, so that a slip of one character is often another customer's invoice. `truth` says for each payment which
invoices a careful human would book it to, which customer it is from, and whether such a human could know.
"""

from __future__ import annotations

import random
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from duly.domain.cash_discount import CashDiscount
from duly.domain.check_digits import mod_97
from duly.domain.matching import Credit, DebtItem, Debtor, Payment

TODAY = date(2026, 11, 2)
#: Names, forms, phrases; `|` parts them, and a line ends anywhere.
_LISTS = tomllib.loads(Path(__file__).with_name("payment_words.toml").read_text("utf-8"))
SURNAMES, FIRST, TRADES, FORMS, CITIES, WORDS, THANKS, PLAIN, STRANGER = (
    _LISTS[name].replace("\n", "").split("|")
    for name in ("surnames", "first", "trades", "forms", "cities", "words", "thanks", "plain", "stranger")
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right for one payment: invoices with what each gets, customers, and whether a human could place it."""

    kind: str
    invoices: dict[str, int] = field(default_factory=dict)
    accounts: frozenset[str] = frozenset()
    can_be_placed: bool = True


@dataclass(slots=True)
class Traffic:
    """A ledger, payments to it, and what is right for each of them by its key."""

    debtors: list[Debtor]
    payments: list[Payment]
    truth: dict[str, Truth]


def make_traffic(payments: int, invoices: int, seed: int = 7) -> Traffic:
    """Make so many payments against so many open invoices."""
    maker = _Maker(random.Random(seed))
    maker.make_ledger(invoices)
    for at in range(payments):
        maker.make_payment(f"T{at:06d}")
    order = maker.random.sample(maker.payments, len(maker.payments))
    return Traffic(list(maker.debtors.values()), order, maker.truth)


class _Maker:
    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.debtors: dict[str, Debtor] = {}
        self.free: list[tuple[str, str]] = []
        self.used: set[tuple[str, str]] = set()
        self.by_number: dict[str, tuple[str, DebtItem]] = {}
        self.groups: list[list[str]] = []
        self.names: dict[str, int] = {}
        self.payments: list[Payment] = []
        self.truth: dict[str, Truth] = {}
        kinds: list[tuple[int, Callable[[str], None]]] = [
            (14, self.clean), (8, self.reference), (7, self.typo), (9, self.several), (5, self.partial),
            (5, self.discount), (4, self.fee), (3, self.rounding), (4, self.group), (9, self.stranger),
            (7, self.name_only), (3, self.name_several), (3, self.name_all), (3, self.double), (5, self.split),
            (4, self.learned), (3, self.documents), (4, self.short_number), (3, self.credit), (2, self.charges),
            (3, self.order), (3, self.third_party), (2, self.wrong_number), (2, self.settlement), (1, self.overpaid),
            (2, self.twin), (2, self.instalment), (3, self.range),
        ]  # fmt: skip
        self.kinds = [make for _, make in kinds]
        self.weights = [weight for weight, _ in kinds]

    # --- the ledger
    def make_ledger(self, count: int) -> None:
        made = 0
        schemes = ("RE-2026-{:05d}", "F26/{:06d}", "{:07d}", "R{:d}", "INV-{:06d}-A", "2026{:06d}", "AR-26.{:05d}")
        while made < count:
            account = f"D{len(self.debtors) + 10_000}"
            size = min(count - made, max(1, int(self.random.paretovariate(1.1) * 2)), 400)
            scheme = self.random.choices(schemes, (50, 8, 10, 8, 8, 10, 6))[0]
            items = [self._item(scheme, made + at) for at in range(size)]
            made += size
            self._add(account, self._name(), items)
        accounts = list(self.debtors)
        for at in range(0, len(accounts) - 5, 37):  # groups: a parent with two or three children
            parent, *children = accounts[at : at + self.random.choice((3, 4))]
            for child in children:
                self.debtors[child] = replace(self.debtors[child], parent=parent)
            self.groups.append([parent, *children])
        for at in range(11, len(accounts), 53):  # twins: the same name but for the legal form, or the very same name
            twin = accounts[at - 1]
            base = self.debtors[twin].names[0].rsplit(" ", 1)[0]
            name = f"{base} {self.random.choice(('AG', 'GmbH', 'KG', 'SE'))}"
            self.debtors[accounts[at]] = replace(self.debtors[accounts[at]], names=(name,))
        for one in self.debtors.values():
            self.names[_fold(one.names[0])] = self.names.get(_fold(one.names[0]), 0) + 1
            self.free += [(one.account, item.key) for item in one.items]
            for item in one.items:
                self.by_number[item.key] = (one.account, item)
        self.random.shuffle(self.free)

    def _add(self, account: str, name: str, items: list[DebtItem]) -> None:
        credits: tuple[Credit, ...] = ()
        if self.random.random() < 0.2:
            credits = (Credit(f"G-{account}", self.random.randrange(1_000, 9_000), "EUR"),)
        self.debtors[account] = Debtor(account, (name,), items=tuple(items), credits=credits)

    def _item(self, scheme: str, at: int) -> DebtItem:
        number = scheme.format(at + 1)
        amount = self.random.choice(
            (self._odd(), self._odd(), self._odd(), self.random.randrange(1, 200) * 1_000, 11_900, 50_000)
        )
        issued = TODAY - timedelta(days=self.random.randrange(5, 160))
        terms = self.random.choice((8, 14, 30, 30, 30, 60))
        discounts = (CashDiscount(10, 200),) if self.random.random() < 0.3 else ()
        reference = self._reference(at) if self.random.random() < 0.35 else ""
        order = f"PO{self.random.randrange(10**6, 10**7)}" if self.random.random() < 0.3 else ""
        charges = 500 if terms + 40 < (TODAY - issued).days and self.random.random() < 0.5 else 0
        return DebtItem(
            number,
            number,
            issued,
            issued + timedelta(days=terms),
            "EUR",
            amount,
            amount,
            reference,
            order,
            charges,
            discounts,
        )

    def _odd(self) -> int:
        return int(self.random.lognormvariate(10.6, 1.2)) + 300

    def _name(self) -> str:
        one = self.random.random()
        if one < 0.12:
            return f"{self.random.choice(FIRST)} {self.random.choice(SURNAMES)}"
        if one < 0.3:
            parts = [self.random.choice(SURNAMES), "&", self.random.choice(SURNAMES)]
        else:
            parts = [self.random.choice(SURNAMES), self.random.choice(TRADES)]
            if one > 0.6:
                parts.append(self.random.choice(CITIES))
            if one > 0.9:
                parts = [parts[1], *self.random.sample(TRADES, 2), parts[0], "International"]
        return " ".join([*parts, self.random.choice(FORMS)])

    def _reference(self, at: int) -> str:
        kind, body = (
            self.random.choice(("rf", "qr", "ogm", "viite", "kid", "ocr")),
            f"{self.random.randrange(10, 99)}{at:08d}",
        )
        if kind == "rf":
            return f"RF{98 - mod_97(body + 'RF00'):02d}{body}"
        if kind == "ogm":
            return f"{body}{int(body) % 97 or 97:02d}"
        if kind == "viite":
            total = sum(int(digit) * (7, 3, 1)[n % 3] for n, digit in enumerate(reversed(body)))
            return f"{body}{(10 - total % 10) % 10}"
        if kind == "qr":
            body, carry = body.rjust(26, "0"), 0
            for digit in body:
                carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
            return f"{body}{(10 - carry) % 10}"
        if kind == "ocr":
            body += str((len(body) + 2) % 10)
        doubled = [int(digit) * (2 - n % 2) for n, digit in enumerate(reversed(body))]
        return f"{body}{(10 - sum(d - 9 if d > 9 else d for d in doubled) % 10) % 10}"

    # --- choosing what is paid: an invoice is the object of one payment only
    def take(self, wanted: Callable[[Debtor, DebtItem], bool] = lambda *_: True) -> tuple[Debtor, DebtItem]:
        for at in range(len(self.free) - 1, -1, -1):
            account, key = self.free[at]
            item = self.by_number[key][1]
            if (account, key) in self.used:
                continue
            if wanted(self.debtors[account], item):
                self.free.pop(at)
                self.used.add((account, key))
                return self.debtors[account], item
        raise LookupError("the ledger is too small for so many payments")

    def more_of(self, debtor: Debtor, count: int) -> list[DebtItem]:
        left = [item for item in debtor.items if (debtor.account, item.key) not in self.used]
        chosen = self.random.sample(left, min(count, len(left)))
        self.used |= {(debtor.account, item.key) for item in chosen}
        return chosen

    def untouched(self, debtor: Debtor) -> bool:
        return all((debtor.account, item.key) not in self.used for item in debtor.items)

    # --- writing
    def name_of(self, debtor: Debtor) -> str:
        return self.as_bank_writes(debtor.names[0])

    def as_bank_writes(self, name: str) -> str:
        one = self.random.random()
        if one < 0.25:
            name = name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss").replace("Ü", "Ue")
        elif one < 0.4:
            name = _ascii(name)
        if self.random.random() < 0.45:
            name = name.upper()
        if self.random.random() < 0.1:
            name = name if "&" in name else name.replace(" GmbH", "").replace(" GMBH", "").replace(" Ltd", "")
        if self.random.random() < 0.05 and " " in name and len(name.split()) == 2:
            name = ", ".join(reversed(name.split()))
        if self.random.random() < 0.06:
            name += self.random.choice(
                (", Hauptstr. 12, 50667 Köln", " c/o Buchhaltung", " 40210 DUESSELDORF", " Filiale 3")
            )
        return name[: self.random.choice((27, 35, 70, 70))].strip()

    def write(self, numbers: str, item: DebtItem | None, debtor: Debtor | None) -> str:
        end = self.random.choice(THANKS)
        text = f"{self.random.choice(WORDS)} {numbers}".strip() + self.fill(end, item, debtor)
        return self.as_bank_sends(text)

    def fill(self, text: str, item: DebtItem | None, debtor: Debtor | None) -> str:
        day = item.issued if item else TODAY - timedelta(days=self.random.randrange(300))
        amount = item.amount_minor if item else self._odd()
        german = f"{amount // 100:,}".replace(",", ".") + f",{amount % 100:02d}"
        return text.format(
            customer=debtor.account if debtor else "4711",
            day=day.strftime(self.random.choice(("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%Y-%m-%d"))),
            amount=self.random.choice((german, f"{amount / 100:.2f}", f"{amount // 100},{amount % 100:02d}")),
            phone=self.random.randrange(10**5, 10**8),
            small=self.random.randrange(1, 3_000),
            month=self.random.choice(("Oktober", "11/2026", "Nov.")),
        )

    def as_bank_sends(self, text: str) -> str:
        if self.random.random() < 0.3:
            text = text.upper()
        if self.random.random() < 0.1:
            text = f"SVWZ+{text}"
        if self.random.random() < 0.12:  # lines of 27 characters, as :86: has them
            text = "\n".join(text[at : at + 27] for at in range(0, len(text), 27))
        return text[:140]

    def variant(self, number: str) -> str:
        """A number as people write it: as it is, without signs, with blanks, without its letters."""
        one = self.random.random()
        if one < 0.6:
            return number
        if one < 0.7:
            return number.replace("-", "").replace("/", "")
        if one < 0.78:
            return number.replace("-", " ").replace("/", " ")
        if one < 0.86:
            return number.replace("-", "/")
        if one < 0.9:
            return number.lower()
        stripped = number.lstrip("REINVFA-")
        return stripped if len(stripped) > 4 else number

    def pay(self, key: str, truth: Truth, amount: int, text: str, name: str, **more: object) -> None:
        day = TODAY + timedelta(days=self.random.randrange(0, 20))
        facts: dict[str, object] = {
            "booked": day,
            "value_date": day,
            "payer_account": self.iban(name + "".join(sorted(truth.accounts))),
            "text": text,
            "payer_name": name,
        }
        self.payments.append(Payment(key, amount, "EUR", **(facts | more)))  # type: ignore[arg-type]
        self.truth[key] = truth

    def iban(self, name: str) -> str:
        body = f"{random.Random(name).randrange(10**18):018d}"
        return f"DE{98 - mod_97(body + 'DE00'):02d}{body}"

    def make_payment(self, key: str) -> None:
        self.random.choices(self.kinds, self.weights)[0](key)

    def simple(
        self,
        key: str,
        kind: str,
        numbers: Callable[[str], str],
        amount: Callable[[DebtItem], int] = lambda item: item.amount_minor,
    ) -> None:
        debtor, item = self.take()
        paid = amount(item)
        truth = Truth(kind, {item.key: min(paid, item.amount_minor)}, frozenset({debtor.account}))
        self.pay(key, truth, paid, self.write(numbers(item.number), item, debtor), self.name_of(debtor))

    # --- the kinds
    def clean(self, key: str) -> None:
        self.simple(key, "clean", self.variant)

    def partial(self, key: str) -> None:
        self.simple(
            key, "partial", self.variant, lambda item: max(1, item.amount_minor * self.random.randrange(20, 80) // 100)
        )

    def fee(self, key: str) -> None:
        self.simple(
            key,
            "fee",
            self.variant,
            lambda item: max(1, item.amount_minor - self.random.choice((150, 250, 500, 1_000, 1_250))),
        )

    def rounding(self, key: str) -> None:
        self.simple(
            key, "tolerance", self.variant, lambda item: max(1, item.amount_minor - self.random.randrange(1, 100))
        )

    def overpaid(self, key: str) -> None:
        self.simple(key, "overpaid", self.variant, lambda item: item.amount_minor + self.random.randrange(100, 20_000))

    def charges(self, key: str) -> None:
        debtor, item = self.take(lambda _, item: item.charges_minor > 0)
        truth = Truth("charges", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(
            key,
            truth,
            item.amount_minor + item.charges_minor,
            self.write(self.variant(item.number) + " + Mahngebühr", item, debtor),
            self.name_of(debtor),
        )

    def instalment(self, key: str) -> None:
        self.simple(key, "first_half", lambda number: f"{number} 1. Rate", lambda item: max(1, item.amount_minor // 2))

    def split(self, key: str) -> None:
        def broken(number: str) -> str:
            at = self.random.randrange(2, len(number) - 1)
            return number[:at] + self.random.choice((" ", "\n", "  ")) + number[at:]

        self.simple(key, "split_number", broken)

    def discount(self, key: str) -> None:
        debtor, item = self.take(lambda _, item: bool(item.discounts))
        on = item.issued + timedelta(days=self.random.randrange(3, 10))
        paid = item.amount_minor - (item.amount_minor * 200 + 5_000) // 10_000
        text = self.write(
            self.variant(item.number) + self.random.choice(("", " abzgl. 2% Skonto", " ./. 2 %", " less 2% discount")),
            item,
            debtor,
        )
        self.pay(
            key,
            Truth("discount", {item.key: paid}, frozenset({debtor.account})),
            paid,
            text,
            self.name_of(debtor),
            booked=on,
            value_date=on,
        )

    def reference(self, key: str) -> None:
        debtor, item = self.take(lambda _, item: bool(item.reference))
        reference, one = item.reference, self.random.random()
        size = 4 if reference.startswith("RF") else 5
        spaced = " ".join(reference[at : at + size] for at in range(0, len(reference), size))
        if len(reference) == 12 and one < 0.5:
            spaced = f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"
        truth = Truth("creditor_reference", {item.key: item.amount_minor}, frozenset({debtor.account}))
        name = self.name_of(debtor) if self.random.random() < 0.8 else ""
        if one < 0.7:
            self.pay(
                key,
                truth,
                item.amount_minor,
                "",
                name,
                structured_reference=self.random.choice(
                    (reference, spaced, reference.rjust(20, "0") if reference.isdigit() else reference)
                ),
            )
        else:
            self.pay(
                key,
                truth,
                item.amount_minor,
                self.as_bank_sends(self.random.choice(("Ref ", "viite ", "KID ", "")) + spaced),
                name,
            )

    def typo(self, key: str) -> None:
        def slipped(number: str) -> str:
            at = self.random.choice([n for n, c in enumerate(number) if c.isdigit()])
            one = self.random.random()
            if one < 0.35:
                return number[:at] + self.random.choice("0123456789") + number[at + 1 :]
            if one < 0.55:
                return (
                    number[:at]
                    + {"0": "O", "1": "I", "5": "S", "8": "B"}.get(number[at], number[at])
                    + number[at + 1 :]
                )
            if one < 0.75 and at + 1 < len(number):
                return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
            return number[:at] + number[at + 1 :] if one < 0.88 else number[:at] + number[at] + number[at:]

        debtor, item = self.take()
        number = slipped(item.number)
        while self.is_own(number, item, debtor):  # another invoice of the customer with this amount: nobody could tell
            number = slipped(item.number)
        truth = Truth("typo", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, self.write(number, item, debtor), self.name_of(debtor))

    def is_own(self, number: str, item: DebtItem, debtor: Debtor) -> bool:
        account, other = self.by_number.get(number, ("", item))
        return account == debtor.account and other.amount_minor == item.amount_minor and other is not item

    def wrong_number(self, key: str) -> None:
        """Another customer's number with the own name and amount: a human sees whose money it is."""
        debtor, item = self.take(
            lambda debtor, item: (
                item.amount_minor > 20_000 and sum(one.amount_minor == item.amount_minor for one in debtor.items) == 1
            )
        )
        other = self.random.choice(list(self.by_number))
        truth = Truth("wrong_number", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, self.write(other, item, debtor), self.name_of(debtor))

    def _listed(self, key: str, kind: str, numbers: Callable[[list[DebtItem]], str], count: int) -> None:
        debtor, item = self.take(lambda debtor, _: len(debtor.items) >= 3)
        items = [item, *self.more_of(debtor, count)]
        truth = Truth(kind, {one.key: one.amount_minor for one in items}, frozenset({debtor.account}))
        self.pay(
            key,
            truth,
            sum(one.amount_minor for one in items),
            self.write(numbers(items), None, debtor),
            self.name_of(debtor),
        )

    def several(self, key: str) -> None:
        def numbers(items: list[DebtItem]) -> str:
            one, first = self.random.random(), items[0].number
            if one < 0.5:
                return self.random.choice((", ", " + ", " und ", "; ", " / ", " ", " & ")).join(
                    item.number for item in items
                )
            prefix = first.rstrip("0123456789")
            if one < 0.75 and all(item.number.startswith(prefix) for item in items) and prefix:
                return first + "".join(
                    self.random.choice((", ", "/", " u. ")) + item.number[len(prefix) :] for item in items[1:]
                )
            return ", ".join(item.number.lstrip("REINVFA-") for item in items)

        self._listed(key, "several", numbers, self.random.randrange(1, 5))

    def range(self, key: str) -> None:
        debtor, item = self.take(
            lambda debtor, item: len(debtor.items) >= 4 and item.number[-1].isdigit() and self.untouched(debtor)
        )
        at = min(debtor.items.index(item), len(debtor.items) - 3)
        items = debtor.items[at : at + 3]
        self.used |= {(debtor.account, one.key) for one in items}
        first, last = items[0].number, items[-1].number
        text = self.random.choice(
            (
                f"{first} bis {last}",
                f"{first} - {last}",
                f"{first} to {last}",
                f"{first} t/m {last}",
                f"{first} bis {last[-3:]}",
            )
        )
        truth = Truth("range", {one.key: one.amount_minor for one in items}, frozenset({debtor.account}))
        self.pay(
            key, truth, sum(one.amount_minor for one in items), self.write(text, None, debtor), self.name_of(debtor)
        )

    def group(self, key: str) -> None:
        group = self.random.choice(self.groups)
        chosen: list[tuple[str, DebtItem]] = []
        for account in self.random.sample(group[1:], 2):
            chosen += [(account, item) for item in self.more_of(self.debtors[account], self.random.choice((1, 1, 2)))]
        if len({account for account, _ in chosen}) < 2:
            return self.clean(key)
        numbers = self.random.choice((", ", " / ", " ")).join(item.number for _, item in chosen)
        payer = self.debtors[self.random.choice((group[0], group[0], chosen[0][0]))]
        truth = Truth(
            "group", {item.key: item.amount_minor for _, item in chosen}, frozenset(account for account, _ in chosen)
        )
        return self.pay(
            key,
            truth,
            sum(item.amount_minor for _, item in chosen),
            self.write(numbers, None, None),
            self.name_of(payer),
        )

    def _only(self, debtor: Debtor, item: DebtItem) -> bool:
        """A human can tell by name and amount: nobody else is called so, and one invoice has this amount."""
        same = [one for one in debtor.items if one.amount_minor == item.amount_minor]
        return self.names[_fold(debtor.names[0])] == 1 and len(same) == 1 and self.untouched(debtor)

    def name_only(self, key: str) -> None:
        debtor, item = self.take(self._only)
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        text = self.as_bank_sends(self.random.choice(PLAIN))
        self.pay(
            key,
            Truth("name_only", {item.key: item.amount_minor}, frozenset({debtor.account})),
            item.amount_minor,
            text,
            self.name_of(debtor),
        )

    def name_several(self, key: str) -> None:
        debtor, _ = self.take(lambda debtor, item: 3 <= len(debtor.items) <= 9 and self._only(debtor, item))
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        items = self.random.sample(debtor.items, 2)
        total = sum(one.amount_minor for one in items)
        sums = [
            sum(one.amount_minor for at, one in enumerate(debtor.items) if bits >> at & 1)
            for bits in range(1 << len(debtor.items))
        ]
        truth = Truth(
            "name_set",
            {one.key: one.amount_minor for one in items},
            frozenset({debtor.account}),
            sums.count(total) == 1,
        )
        self.pay(key, truth, total, self.as_bank_sends(self.random.choice(PLAIN)), self.name_of(debtor))

    def name_all(self, key: str) -> None:
        debtor, _ = self.take(lambda debtor, item: 2 <= len(debtor.items) <= 12 and self._only(debtor, item))
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        truth = Truth("name_all", {one.key: one.amount_minor for one in debtor.items}, frozenset({debtor.account}))
        self.pay(
            key,
            truth,
            sum(one.amount_minor for one in debtor.items),
            self.as_bank_sends(self.random.choice(PLAIN)),
            self.name_of(debtor),
        )

    def double(self, key: str) -> None:
        """Paid twice: the second money is the customer's, and no other invoice's."""
        debtor, item = self.take()
        text, name = self.write(item.number, item, debtor), self.name_of(debtor)
        truth = Truth("paid_twice", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, text, name, booked=TODAY, value_date=TODAY)
        later = TODAY + timedelta(days=21)
        self.pay(
            f"{key}b",
            Truth("paid_twice", {}, frozenset({debtor.account})),
            item.amount_minor,
            text,
            name,
            booked=later,
            value_date=later,
        )

    def learned(self, key: str) -> None:
        debtor, item = self.take(self._only)
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        payer = f"{self.random.choice(FIRST)} {self.random.choice(SURNAMES)}-{self.random.choice(SURNAMES)}"
        self.debtors[debtor.account] = replace(debtor, payer_accounts=(self.iban(payer + debtor.account),))
        truth = Truth("learned_account", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, self.as_bank_sends(self.random.choice(PLAIN)), payer)

    def documents(self, key: str) -> None:
        debtor, item = self.take(lambda debtor, _: len(debtor.items) >= 2)
        items = [item, *self.more_of(debtor, self.random.randrange(1, 12))]
        stated = {
            one.key: one.amount_minor
            - (self.random.randrange(0, one.amount_minor // 2 + 1) if self.random.random() < 0.2 else 0)
            for one in items
        }
        truth = Truth("remittance_list", stated, frozenset({debtor.account}))
        documents = tuple(
            (self.variant(one.number) if len(one.number) > 5 else one.number, stated[one.key]) for one in items
        )
        self.pay(key, truth, sum(stated.values()), "", self.name_of(debtor), documents=documents)

    def short_number(self, key: str) -> None:
        debtor, item = self.take(lambda debtor, item: self._only(debtor, item) and len(item.number) > 6)
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        short = "".join(c for c in item.number.split("-")[-1].split("/")[-1] if c.isdigit()).lstrip("0")
        word = self.random.choice(("Rechnung", "inv", "RG", "facture", "Rechnungsnummer"))
        truth = Truth("short_number", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, self.as_bank_sends(f"{word} {short}"), self.name_of(debtor))

    def credit(self, key: str) -> None:
        debtor, item = self.take(lambda debtor, item: bool(debtor.credits) and item.amount_minor > 12_000)
        note = debtor.credits[0]
        text = self.write(f"{item.number} abzgl. {note.key}", item, debtor)
        truth = Truth("less_credit", {item.key: item.amount_minor - note.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor - note.amount_minor, text, self.name_of(debtor))

    def order(self, key: str) -> None:
        debtor, item = self.take(lambda _, item: bool(item.order))
        text = self.as_bank_sends(
            self.random.choice(("Bestellung ", "order ", "PO ", "Auftrag ", "commande ")) + item.order
        )
        self.pay(
            key,
            Truth("purchase_order", {item.key: item.amount_minor}, frozenset({debtor.account})),
            item.amount_minor,
            text,
            self.name_of(debtor),
        )

    def third_party(self, key: str) -> None:
        debtor, item = self.take(lambda _, item: len(item.number) > 6)
        payer = f"{self.random.choice(FIRST)} {self.random.choice(SURNAMES)}"
        truth = Truth("third_party", {item.key: item.amount_minor}, frozenset({debtor.account}))
        self.pay(key, truth, item.amount_minor, self.write(item.number, item, debtor), payer)

    def twin(self, key: str) -> None:
        """A payer called like a customer but for the legal form, who pays something of his own."""
        debtor, item = self.take(self._only)
        self.used |= {(debtor.account, one.key) for one in debtor.items}
        base = debtor.names[0].rsplit(" ", 1)[0]
        name = base + self.random.choice((" Stiftung", " e.V.", " Immobilien KG", " gGmbH", " PartG mbB"))
        amount = self.random.choice((item.amount_minor, self._odd()))
        self.pay(
            key,
            Truth("twin_stranger", can_be_placed=False),
            amount,
            self.as_bank_sends(self.random.choice(PLAIN)),
            name,
        )

    def settlement(self, key: str) -> None:
        number = self.random.choice(list(self.by_number))
        text = self.random.choice(
            (
                f"Kartenzahlungen {number} bis 02.11.",
                f"payout {number}",
                f"SETTLEMENT BATCH {number}",
                "Sammelgutschrift Terminal 5521",
            )
        )
        payer = self.random.choice(
            (
                "Stripe Payments Europe Ltd",
                "ADYEN N.V.",
                "Concardis GmbH",
                "PayPal Europe S.a.r.l.",
                "SumUp Payments Limited",
            )
        )
        self.pay(key, Truth("settlement", can_be_placed=False), self._odd(), text, payer)

    def stranger(self, key: str) -> None:
        one = self.random.random()
        name = self._name()
        while _fold(name) in self.names:
            name = self._name()
        text = self.fill(self.random.choice(STRANGER), None, None)
        amount = self.random.choice((self._odd(), self.random.randrange(1, 90) * 1_000))
        if one < 0.25:  # the text holds a number that is an invoice's, but not its amount: that would be a third party
            number = self.random.choice(list(self.by_number))
            text = f"{self.random.choice(WORDS)} {number}"
            amount += 7 if amount == self.by_number[number][1].amount_minor else 0
        elif one < 0.35:  # and its name is near a customer's
            near = self.random.choice(list(self.debtors.values())).names[0].split()
            name = f"{near[0]} {self.random.choice(TRADES)}"
            if _fold(name) in self.names:
                name = f"{near[0]}s Nachlass"
        self.pay(
            key,
            Truth("stranger", can_be_placed=False),
            amount,
            self.as_bank_sends(text),
            self.as_bank_writes(name),
        )


def _ascii(text: str) -> str:
    return "".join(
        c
        for c in unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
        if not unicodedata.combining(c)
    )


def _fold(name: str) -> str:
    """A name without legal form, accents, case and spelling of umlauts: two customers who share it may be mixed up."""
    words = (
        _ascii(name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
        .replace(".", "")
        .replace("&", " ")
        .split()
    )
    forms = {form.casefold().replace(".", "") for form in FORMS} | {
        "co",
        "kg",
        "gmbh",
        "sp",
        "z",
        "oo",
    }
    return " ".join(sorted(word for word in words if word not in forms))
