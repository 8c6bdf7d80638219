"""The simulated business of the demonstration: its customers, its invoices and the files it uploads, day by day.

Everything follows from a seed and a first day, so two runs are the same to the byte. The files contain what real
exports contain:
contacts in several roles, invoices without a due date, credit notes, a mistyped date, a truncated file, a file
sent twice, an amount corrected later, a cancelled invoice, agreements that change, an export in a form of its own.
Bank statements are not here: they depend on when debtors pay (debtors.py).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import cached_property

from local.writers import Document, Line, Party, creditor_reference, csv_bytes, decimal_text, iban, ubl_bytes

CUSTOMER_HEADER = ("id", "name", "country", "language", "timezone", "kind", "vat_id", "email", "role", "scenario",
                   "parent", "terms_days", "credit_limit", "limit_currency", "order_required",
                   "external_score", "address", "postcode", "city", "phone")  # fmt: skip
INVOICE_HEADER = ("number", "customer", "issued", "due", "amount", "currency", "type", "terms", "order")

CSV_INVOICES = 200
UBL_INVOICES = 100
CREDIT_NOTES = 5
OPENING_INVOICES = 80
"""Invoices that were open before the first day: they come in the first export and keep their numbers of the year
before."""

UNKNOWN_CUSTOMER_DAYS = 30
"""On this day the customer file comes that completes the customer whose invoice had arrived before it was known."""
NEW_AGREEMENT_DAY = 50
"""On this day a customer file comes that changes what is agreed with one customer."""
CORRECTIONS_DAY = 36
"""On this day a file restates one invoice with its right amount and cancels another."""
SHOP_WEEK = 4
"""From this week on the branch in Britain exports its invoices itself, in a form of its own."""
LATE_DELIVERY_DAYS = 25
RETURNED_AFTER_DAYS = 3
"""The bank returns a direct debit so many days after it was due, and finance tells Duly."""
MISTYPED_MINOR = 90_000
"""By so much the amount of the mistyped invoice is too high at first."""
USUAL_DAYS = 30
"""Days to pay of an invoice that states none, where nothing else is agreed; the policy says the same."""


@dataclass(frozen=True, slots=True)
class Creditor:
    """The business itself: the seller on the invoices and the owner of the bank accounts."""

    name: str
    country: str
    vat_id: str
    iban: str
    iban_gbp: str


CREDITOR = Creditor(
    name="Muster Maschinen GmbH",
    country="DE",
    vat_id="DE811234565",
    iban="DE02120300000000202051",
    iban_gbp=iban("DE", "120300000000417733"),
)


@dataclass(frozen=True, slots=True)
class Contact:
    """A mail address of a customer and what it is for (billing, dunning, dispute, management)."""

    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is agreed with a customer, as the customer file says it. Nothing ("", 0, None) where nothing is."""

    parent: str = ""
    terms_days: int = 0
    limit_minor: int = 0
    order_required: bool = False
    external_score: int | None = None


NO_AGREEMENT = Agreement()


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a customer is reached by post, and by telephone ("": nobody noted a number)."""

    street: str
    postcode: str
    city: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A debtor. `behaviour` is what debtors.py plays; `pays_after_days` counts from the due date where behaviour
    uses it."""

    id: str
    name: str
    country: str
    language: str
    timezone: str
    currency: str
    vat_id: str
    contacts: tuple[Contact, ...]
    scenario: str
    behaviour: str
    pays_after_days: int
    iban: str
    seat: Seat
    agreed: Agreement = NO_AGREEMENT

    @property
    def domain(self) -> str:
        """The mail domain of the customer."""
        return self.contacts[0].email.partition("@")[2]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or credit note as the business knows it; `due` is when it is due even where the file does not
    say so. One that `is_void` was cancelled or replaced later: nobody pays it. One that `is_collected`
    is paid by direct debit, unless that `is_returned` by the bank: then the customer pays as it does else."""

    number: str
    customer: str
    issued: date
    due: date
    due_stated: bool
    amount_minor: int
    currency: str
    credit_note: bool
    terms: str
    order: str
    reference: str
    for_invoice: str
    source: str  # "csv" or "ubl"
    instalments: tuple[tuple[date, int], ...] = ()
    is_void: bool = False
    is_collected: bool = False
    is_returned: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """One file put into the bucket: simulated day and time (UTC), object key, content."""

    day: date
    time: time
    key: str
    data: bytes


# name, country, domain, behaviour, days after due on which money arrives where the behaviour uses it
_CUSTOMERS: tuple[tuple[str, str, str, str, int], ...] = (
    ("Alsterkai Maschinenbau GmbH", "DE", "alsterkai", "on_time", -1),
    ("Brunnthal Hydraulik GmbH", "DE", "brunnthal", "late", 8),
    ("Deichgraf Lagertechnik GmbH", "DE", "deichgraf", "dispute_quantity", 6),
    ("Eichenhain Möbelwerke GmbH", "DE", "eichenhain", "after_first", 0),
    ("Falkenrode Werkzeuge GmbH & Co. KG", "DE", "falkenrode", "promise_kept", 0),
    ("Gerstenberg Brauereitechnik GmbH", "DE", "gerstenberg", "on_time", 0),
    ("Heidesand Keramik GmbH", "DE", "heidesand", "never", 0),
    ("Isarblick Messtechnik GmbH", "DE", "isarblick", "on_time", -2),
    ("Jagsttal Gussformen GmbH", "DE", "jagsttal", "after_second", 0),
    ("Kirschgarten Feinmechanik GmbH", "DE", "kirschgarten", "paid_and_did", 0),
    ("Lindenhof Agrar eG", "DE", "lindenhof", "combined", 0),
    ("Moorwiese Pumpen GmbH", "DE", "moorwiese", "name_only", 1),
    ("Neuwasser Anlagenbau AG", "DE", "neuwasser", "late", 5),
    ("Ostertor Fahrradwerk GmbH", "DE", "ostertor", "after_third", 0),
    ("Pappelhain Verpackungen GmbH", "DE", "pappelhain", "promise_broken", 0),
    ("Quellgrund Getränketechnik GmbH", "DE", "quellgrund", "out_of_office", 0),
    ("Rabenstein Antriebe GmbH", "DE", "rabenstein", "on_time", -3),
    ("Nordlicht Werften GmbH", "DE", "nordlicht", "on_time", 0),
    ("Almkogel Seilbahntechnik GmbH", "AT", "almkogel", "on_time", -1),
    ("Bergahorn Holzbau GmbH", "AT", "bergahorn", "dispute_not_received", 9),
    ("Donauwinkel Schiffsbedarf GmbH", "AT", "donauwinkel", "late", 12),
    ("Enzian Kältetechnik GmbH", "AT", "enzian", "thanks", 0),
    ("Gletschertor Anlagen GmbH", "AT", "gletschertor", "overpays", -1),
    ("Steinfeld Metallwaren GmbH", "AT", "steinfeld", "bounces", 0),
    ("Ateliers du Vieux Moulin SARL", "FR", "vieux-moulin", "on_time", 0),
    ("Brasserie Trois Chênes SAS", "FR", "trois-chenes", "question", 0),
    ("Compagnie des Engrenages Bleus SA", "FR", "engrenages-bleus", "late", 9),
    ("Fonderie de la Combe SAS", "FR", "fonderie-combe", "partial", 4),
    ("Mécanique Val Doré SARL", "FR", "val-dore", "after_first", 0),
    ("Blauwe Sluis Techniek B.V.", "NL", "blauwe-sluis", "on_time", -2),
    ("De Korenaar Machines B.V.", "NL", "korenaar", "combined", 0),
    ("Polderwind Installaties B.V.", "NL", "polderwind", "promise_kept", 0),
    ("Veerhaven Koeling B.V.", "NL", "veerhaven", "mailbox_gone", 0),
    ("Zilverdijk Pompen B.V.", "NL", "zilverdijk", "after_second", 0),
    ("Ashcombe Valve Works Ltd", "GB", "ashcombe", "dispute_price", 6),
    ("Brindle & Moor Engineering Ltd", "GB", "brindle-moor", "on_time", 0),
    ("Copperfield Bearings Ltd", "GB", "copperfield", "paid_and_did_not", 0),
    ("Dunmere Boat Yard Ltd", "GB", "dunmere", "never", 0),
    ("Fernhollow Packaging Ltd", "GB", "fernhollow", "after_first", 0),
    ("Gritstone Hydraulics Ltd", "GB", "gritstone", "late", 7),
)
UNKNOWN_CUSTOMER = "Nordlicht Werften GmbH"
_AGREEMENTS = {
    "Alsterkai Maschinenbau GmbH": Agreement(terms_days=45, limit_minor=8_000_000),
    "Isarblick Messtechnik GmbH": Agreement(order_required=True, external_score=90),
    "Neuwasser Anlagenbau AG": Agreement(terms_days=30, limit_minor=2_000_000, order_required=True),
    "Rabenstein Antriebe GmbH": Agreement(parent="C-1001"),
    "Heidesand Keramik GmbH": Agreement(external_score=780),
    "Donauwinkel Schiffsbedarf GmbH": Agreement(external_score=610),
    "Enzian Kältetechnik GmbH": Agreement(terms_days=14),
    "Blauwe Sluis Techniek B.V.": Agreement(limit_minor=4_000_000, external_score=140),
    "Polderwind Installaties B.V.": Agreement(parent="C-1030"),
    "Zilverdijk Pompen B.V.": Agreement(parent="C-1030"),
    "Ashcombe Valve Works Ltd": Agreement(parent="C-1001"),
    "Brindle & Moor Engineering Ltd": Agreement(limit_minor=3_000_000),
}
"""By name: two legal groups, and what is agreed beyond the policy."""
_SCENARIOS = {
    "Alsterkai Maschinenbau GmbH": "gentle",
    "Ateliers du Vieux Moulin SARL": "gentle",
    "Dunmere Boat Yard Ltd": "firm",
}
"""By name: whose scenario is agreed, whatever the category says. The last one has not paid for long."""
DIRECT_DEBIT = "Fernhollow Packaging Ltd"
"""Of this customer's invoices those that are sent as documents are collected by direct debit."""
DISCOUNT, DISCOUNT_TERMS = "Gerstenberg Brauereitechnik GmbH", "2 % Skonto innerhalb 8 Tagen"
"""This customer's invoices offer a cash discount."""
SHOP_FOLDER = "invoices/shop"
SHOP_HEADER = ("Ref", "Who", "When", "Pay by", "Sum", "PO")
SHOP_PROFILE = """\
separator = ";"
dates = "day first"
decimal = ","

[columns]
number = "Ref"
customer = "Who"
issued = "When"
due = "Pay by"
amount = "Sum"
order = "PO"

[constants]
currency = "GBP"
"""
"""How to read the branch's export; it is uploaded before the first one comes."""
NEW_AGREEMENT = "Neuwasser Anlagenbau AG", Agreement(terms_days=14, limit_minor=600_000)
"""After two quarters of late payments sales has agreed to shorter terms and a lower limit."""
SCHEDULED_BEHAVIOURS = frozenset({"on_time", "late", "combined", "name_only", "overpays", "partial"})
"""Behaviours whose first payment depends on the due date alone, not on what the debtor is told."""

_TIMEZONES = {
    "DE": "Europe/Berlin",
    "AT": "Europe/Vienna",
    "FR": "Europe/Paris",
    "NL": "Europe/Amsterdam",
    "GB": "Europe/London",
}
_CITIES = {
    "DE": (("20457", "Hamburg"), ("28195", "Bremen"), ("50667", "Köln"), ("80331", "München"), ("04109", "Leipzig")),
    "AT": (("1010", "Wien"), ("8010", "Graz"), ("5020", "Salzburg")),
    "FR": (("69002", "Lyon"), ("44000", "Nantes"), ("67000", "Strasbourg")),
    "NL": (("1012 AB", "Amsterdam"), ("3011 AA", "Rotterdam"), ("9712 AA", "Groningen")),
    "GB": (("M1 1AE", "Manchester"), ("B33 8TH", "Birmingham"), ("CR2 6XH", "Croydon")),
}
_STREETS = {
    "DE": ("Speicherweg", "Am Werktor", "Kranstrasse"),
    "AT": ("Mühlgasse", "Am Schmelzofen"),
    "FR": ("rue du Moulin", "quai des Forges"),
    "NL": ("Havenkade", "Smidsweg"),
    "GB": ("Foundry Lane", "Wharf Road"),
}
_LANGUAGES = {"DE": "de", "AT": "de", "FR": "fr", "NL": "nl", "GB": "en"}
_BILLING_BOX = {"de": "buchhaltung", "en": "accounts", "fr": "comptabilite", "nl": "boekhouding"}
_MANAGEMENT_BOX = {"de": "geschaeftsleitung", "en": "director", "fr": "direction", "nl": "directie"}
_DUNNING_BOX = {"de": "zahlungen", "en": "payables", "fr": "fournisseurs", "nl": "crediteuren"}
_WEIGHTS = {"on_time": 10, "late": 8, "combined": 10, "never": 3, "bounces": 3, "mailbox_gone": 3, "after_third": 4}
_GOODS = (
    ("Kreiselpumpe KP 40", 41_800), ("Dichtungssatz DN 50", 3_640), ("Kugellager 6204, 20 Stück", 9_980),
    ("Hydraulikschlauch 10 m", 12_450), ("Getriebemotor GM 2", 68_900),
    ("Filterpatrone F7", 2_875), ("Wartung vor Ort, Stunde", 9_600),
    ("Steuerplatine SP 3", 23_150), ("Ventilblock VB 6", 54_700), ("Ersatzteilpaket klein", 17_320),
)  # fmt: skip
_TERMS = {"de": "{days} Tage netto", "en": "{days} days net", "fr": "{days} jours net", "nl": "{days} dagen netto"}


def _vat_id(country: str, rng: random.Random) -> str:
    """A VAT id of the country's shape, digits at random."""

    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    shapes = {
        "DE": lambda: "DE" + digits(9),
        "AT": lambda: "ATU" + digits(8),
        "FR": lambda: "FR" + digits(11),
        "NL": lambda: f"NL{digits(9)}B{digits(2)}",
        "GB": lambda: "GB" + digits(9),
    }
    return shapes[country]()


def _bank_account(country: str, rng: random.Random) -> str:
    """An IBAN of the country with right check digits and an invented bank."""

    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    accounts = {
        "DE": lambda: digits(18),
        "AT": lambda: digits(16),
        "FR": lambda: digits(23),
        "NL": lambda: "DULY" + digits(10),
        "GB": lambda: "DULY" + digits(14),
    }
    return iban(country, accounts[country]())


def _seat(country: str, rng: random.Random) -> Seat:
    """An invented street in a city of the country. Numbers are of ranges that are kept free for films: of the German
    and British regulators (Berlin 23125, London 7946 0) and of the French one (01 99 00)."""
    postcode, city = rng.choice(_CITIES[country])
    street, number = rng.choice(_STREETS[country]), rng.randrange(1, 90)
    line = f"{number} {street}" if country in ("FR", "GB") else f"{street} {number}"
    tail = rng.randrange(100, 1000)
    phones = {"DE": f"+493023125{tail}", "GB": f"+442079460{tail}", "FR": f"+3319900{tail:04d}"}
    return Seat(line, postcode, city, phones.get(country, ""))


def _contacts(domain: str, language: str, behaviour: str, index: int) -> tuple[Contact, ...]:
    billing = f"{_BILLING_BOX[language]}@{domain}.example"
    if behaviour == "bounces":  # the local stack's mail server refuses addresses with the local part "bounce"
        billing = f"bounce+{_BILLING_BOX[language]}@{domain}.example"
    contacts = [Contact(billing, "billing")]
    if index % 5 == 2:
        contacts.append(Contact(f"{_DUNNING_BOX[language]}@{domain}.example", "dunning"))
    if index % 4 == 1:
        contacts.append(Contact(f"{_MANAGEMENT_BOX[language]}@{domain}.example", "management"))
    return tuple(contacts)


def _customer(index: int, row: tuple[str, str, str, str, int], seed: int) -> Customer:
    name, country, domain, behaviour, days = row
    rng = random.Random(f"{seed}|customer|{index}")
    language = _LANGUAGES[country]
    return Customer(
        id=f"C-{1001 + index}",
        name=name,
        country=country,
        language=language,
        timezone=_TIMEZONES[country],
        currency="GBP" if country == "GB" else "EUR",
        vat_id=_vat_id(country, rng),
        contacts=_contacts(domain, language, behaviour, index),
        scenario=_SCENARIOS.get(name, ""),
        behaviour=behaviour,
        pays_after_days=days,
        iban=_bank_account(country, rng),
        seat=_seat(country, random.Random(f"{seed}|seat|{index}")),
        agreed=_AGREEMENTS.get(name, NO_AGREEMENT),
    )


def next_business_day(day: date) -> date:
    """The day itself, or the Monday after it when it falls on a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= 5 else day


def add_business_days(day: date, count: int) -> date:
    """The day that lies `count` weekdays after `day` (holidays are ignored: banks of five countries differ)."""
    result = day
    for _ in range(count):
        result = next_business_day(result + timedelta(days=1))
    return result


@dataclass(frozen=True, slots=True)
class _Draft:
    """An invoice that has a customer and a date but no number yet."""

    customer: Customer
    issued: date
    days: int
    source: str
    opening: bool
    order: int


class _Maker:
    """Makes the invoices and the files; one instance for each business."""

    def __init__(self, seed: int, start: date, days: int) -> None:
        self.seed = seed
        self.start = start
        self.days = days
        self.customers = tuple(_customer(index, row, seed) for index, row in enumerate(_CUSTOMERS))
        self.rng = random.Random(f"{seed}|invoices")
        self.unknown = next(customer for customer in self.customers if customer.name == UNKNOWN_CUSTOMER)
        self.documents: dict[str, Document] = {}
        self.mistyped = self.cancelled = ""

    def _pick(self, order: int) -> Customer:
        """Every second invoice goes round all known customers, so each has some; the others follow the weights."""
        known = [customer for customer in self.customers if customer is not self.unknown]
        if order % 2 == 0:
            return known[order // 2 % len(known)]
        return self.rng.choices(known, [_WEIGHTS.get(customer.behaviour, 6) for customer in known])[0]

    def _terms_days(self) -> int:
        return self.rng.choices((14, 30, 10), (4, 5, 2))[0]

    def _opening(self, order: int) -> _Draft:
        """Open at the start: whoever pays by the due date cannot have a due date in the past."""
        customer, days = self._pick(order), self._terms_days()
        age = self.rng.randrange(3, 44)
        if customer.behaviour in SCHEDULED_BEHAVIOURS:
            days = 30
            age = self.rng.randrange(3, days - 5)
        issued = self.start - timedelta(days=age)
        return _Draft(customer, next_business_day(issued), days, "csv", opening=True, order=order)

    def _running(self, order: int, day: date, source: str) -> _Draft:
        return _Draft(self._pick(order), day, self._terms_days(), source, opening=False, order=order)

    def drafts(self) -> list[_Draft]:
        """All invoices in the order of their numbers: by date, then by the order in which they were made up."""
        last_issue = self.days - 9
        working = [day for day in range(last_issue) if (self.start + timedelta(days=day)).weekday() < 5]
        ubl_days = [working[index * len(working) // (UBL_INVOICES - 1)] for index in range(UBL_INVOICES - 1)]
        csv_days = sorted(self.rng.choice(working) for _ in range(CSV_INVOICES - OPENING_INVOICES))
        drafts = [self._opening(order) for order in range(OPENING_INVOICES)]
        for source, days in (("ubl", ubl_days), ("csv", csv_days)):
            drafts += [
                self._running(len(drafts) + order, self.start + timedelta(days=day), source)
                for order, day in enumerate(days)
            ]
        drafts.append(
            _Draft(self.unknown, self.start + timedelta(days=15), 30, "ubl", opening=False, order=len(drafts))
        )
        return sorted(drafts, key=lambda draft: (draft.issued, draft.order))

    def _lines(self) -> tuple[Line, ...]:
        count = self.rng.choices((1, 2, 3), (4, 3, 2))[0]
        return tuple(Line(text, self.rng.randrange(1, 9), price) for text, price in self.rng.sample(_GOODS, count))

    def _buyer(self, customer: Customer, index: int) -> Party:
        """The buyer as the document shows it: id, VAT id or mail end point in turn, the name always."""
        way = index % 3
        return Party(
            name=customer.name,
            country=customer.country,
            identifier=customer.id if way == 0 and customer is not self.unknown else "",
            vat_id=customer.vat_id if way in (0, 1) else "",
            endpoint=customer.contacts[0].email if way == 2 else "",
            email=customer.contacts[0].email,
        )

    def _agreed_days(self, draft: _Draft) -> int:
        """Days to pay agreed with the customer when the invoice is written, 0 without such an agreement."""
        name, agreement = NEW_AGREEMENT
        is_new = draft.customer.name == name and draft.issued >= self.start + timedelta(days=NEW_AGREEMENT_DAY)
        return agreement.terms_days if is_new else draft.customer.agreed.terms_days

    def document(self, draft: _Draft, number: str, index: int) -> Document:
        """The whole document of a draft; the CSV export shows its total only."""
        customer = draft.customer
        percent = 19 if customer.country == CREDITOR.country else 0
        lines = self._lines()
        net = sum(line.net_minor for line in lines)
        agreed = self._agreed_days(draft)
        stated = self.rng.random() > 0.15 or bool(agreed)
        forgotten = draft.order % 6 == 5  # who wrote the invoice did not look at what is agreed
        days = agreed if agreed and not forgotten else draft.days if stated else USUAL_DAYS
        reference = (
            creditor_reference(number.replace("RE-", "").replace("-", ""))
            if draft.source == "ubl" and index % 2
            else number
        )
        return Document(
            number=number,
            credit_note=False,
            issued=draft.issued,
            due=draft.issued + timedelta(days=days) if stated else None,
            currency=customer.currency,
            seller=Party(CREDITOR.name, CREDITOR.country, CREDITOR.vat_id),
            buyer=self._buyer(customer, index),
            lines=lines,
            vat_percent=percent,
            tax_minor=(net * percent + 50) // 100,
            order=self._order(draft),
            terms=self._terms_text(customer, days) if stated else "",
            payment_iban=CREDITOR.iban_gbp if customer.currency == "GBP" else CREDITOR.iban,
            payment_reference=reference,
            means="49" if draft.source == "ubl" and customer.name == DIRECT_DEBIT else "58",
        )

    def _terms_text(self, customer: Customer, days: int) -> str:
        """Payment terms in words; one customer may pay less for paying early."""
        text = _TERMS[customer.language].format(days=days)
        return f"{DISCOUNT_TERMS}, {text}" if customer.name == DISCOUNT and days > 10 else text

    def _order(self, draft: _Draft) -> str:
        """The order number: on most invoices, and on all but few of a customer who wants it on each."""
        most = 0.85 if draft.customer.agreed.order_required else 0.7
        stated, order = self.rng.random() < most, f"PO-{self.rng.randrange(10_000, 99_999)}"
        return order if stated else ""

    def invoices(self) -> list[Invoice]:
        """The 300 invoices, then the credit notes and a corrected invoice; their documents are kept in `documents`."""
        counters: Counter[int] = Counter()
        result: list[Invoice] = []
        for index, draft in enumerate(self.drafts()):
            counters[draft.issued.year] += 1
            base = 800 if draft.opening and draft.issued.year < self.start.year else 0
            number = f"RE-{draft.issued.year % 100:02d}-{base + counters[draft.issued.year]:04d}"
            document = self.document(draft, number, index)
            result.append(self._record(document, draft.customer.id, draft.source))
        self._choose_mishaps(result)
        corrected = self._corrected(result)
        self._in_instalments(result)
        return [*result, *self._credit_notes(result), corrected]

    def _on_time(self) -> set[str]:
        """Known customers who pay in time whatever they are told."""
        return {
            customer.id
            for customer in self.customers
            if customer.behaviour == "on_time" and customer is not self.unknown
        }

    def _choose_mishaps(self, invoices: list[Invoice]) -> None:
        """One invoice whose first export has a wrong amount, one that should not have been written (it is reminded
        before it is cancelled), and the first direct debit in some weeks, which is returned."""
        week = [self.start + timedelta(days=offset) for offset in range(14, 19)]
        self.mistyped = next(one.number for one in invoices if one.source == "csv" and one.issued in week)
        suited = [one for one in invoices if one.issued < self.start and one.customer in self._on_time()]
        wrong = min(suited, key=lambda one: (one.due, one.number))
        self.cancelled = wrong.number
        invoices[invoices.index(wrong)] = replace(wrong, is_void=True)
        days = [self.start + timedelta(days=offset) for offset in range(14, 70)]
        collected = [one for one in invoices if one.is_collected and one.due in days]
        if collected:
            first = min(collected, key=lambda one: (one.due, one.number))
            invoices[invoices.index(first)] = replace(first, is_returned=True)

    def _corrected(self, invoices: list[Invoice]) -> Invoice:
        """A corrected invoice (384) a week after one that had pieces too few: it stands for that one."""
        first, last = self.start + timedelta(days=28), self.start + timedelta(days=49)
        original = next(
            one
            for one in invoices
            if one.source == "ubl" and one.customer in self._on_time() and first <= one.issued <= last
        )
        invoices[invoices.index(original)] = replace(original, is_void=True)
        document = self.documents[original.number]
        more = replace(document.lines[0], quantity=document.lines[0].quantity + 2)
        lines = (more, *document.lines[1:])
        tax = (sum(line.net_minor for line in lines) * document.vat_percent + 50) // 100
        number = f"RK-{original.issued.year % 100:02d}-0001"
        issued = next_business_day(original.issued + timedelta(days=7))
        due = issued + timedelta(days=USUAL_DAYS)
        again = replace(
            document,
            number=number,
            issued=issued,
            due=due,
            lines=lines,
            tax_minor=tax,
            terms="",
            payment_reference=number,
            for_invoice=original.number,
            corrects=True,
        )
        return self._record(again, original.customer, "ubl")

    def _in_instalments(self, invoices: list[Invoice]) -> None:
        """The largest document of a customer who pays in time is to be paid in two parts; another one was written long
        after its delivery."""
        suited = [
            one
            for one in invoices
            if one.source == "ubl"
            and one.customer in self._on_time()
            and not one.is_void
            and one.issued < self.start + timedelta(days=35)
        ]
        largest = max(suited, key=lambda one: (one.amount_minor, one.number))
        half = largest.amount_minor // 2
        first, last = largest.issued + timedelta(days=14), largest.issued + timedelta(days=44)
        parts = ((first, half), (last, largest.amount_minor - half))
        invoices[invoices.index(largest)] = replace(largest, due=last, due_stated=True, instalments=parts, terms="")
        document = self.documents[largest.number]
        self.documents[largest.number] = replace(document, due=None, terms="", instalments=parts)
        late = next(one for one in invoices if one.source == "ubl" and one.number != largest.number)
        delivered = late.issued - timedelta(days=LATE_DELIVERY_DAYS)
        self.documents[late.number] = replace(self.documents[late.number], delivered=delivered)

    def _record(self, document: Document, customer: str, source: str) -> Invoice:
        self.documents[document.number] = document
        return Invoice(
            number=document.number,
            customer=customer,
            issued=document.issued,
            due=document.due or document.issued + timedelta(days=USUAL_DAYS),
            due_stated=document.due is not None,
            amount_minor=document.payable_minor,
            currency=document.currency,
            credit_note=document.credit_note,
            terms=document.terms,
            order=document.order,
            reference=document.payment_reference,
            for_invoice=document.for_invoice,
            source=source,
            is_collected=document.means == "49",
        )

    def _credit_notes(self, invoices: list[Invoice]) -> list[Invoice]:
        """Credit notes three days after their invoice: of one piece of the first line, the last two of the whole
        invoice."""
        on_time = self._on_time()
        suited = [
            invoice
            for invoice in invoices
            if invoice.source == "ubl" and invoice.customer in on_time and not (invoice.is_void or invoice.instalments)
        ]
        notes = []
        for index, invoice in enumerate(self.rng.sample(suited, CREDIT_NOTES)):
            original = self.documents[invoice.number]
            whole = index >= CREDIT_NOTES - 2
            lines = original.lines if whole else (replace(original.lines[0], quantity=1),)
            net = sum(line.net_minor for line in lines)
            note = replace(
                original,
                number=f"GS-{invoice.issued.year % 100:02d}-{index + 1:04d}",
                credit_note=True,
                issued=next_business_day(invoice.issued + timedelta(days=3)),
                due=None,
                lines=lines,
                tax_minor=(net * original.vat_percent + 50) // 100,
                terms="",
                payment_reference="",
                for_invoice=invoice.number,
            )
            notes.append(self._record(note, invoice.customer, "ubl"))
        return notes

    # files

    def _at(self, day: int, hour: int, minute: int, key: str, data: bytes) -> Upload:
        return Upload(self.start + timedelta(days=day), time(hour, minute), key, data)

    def customer_uploads(self) -> list[Upload]:
        """The customer export of the first day (with one bad row), the one that completes the unknown customer, and one
        with the new agreement of one customer."""
        known = [row for customer in self.customers if customer is not self.unknown for row in customer_rows(customer)]
        bad = (
            "C-1044",
            "Sturmvogel Segel GmbH",
            "XX",
            "de",
            "Europe/Berlin",
            "business",
            "",
            "info at sturmvogel.example",
            "billing",
            *[""] * 11,
        )
        return [
            self._at(0, 5, 0, "customers/customers-export.csv", csv_bytes(CUSTOMER_HEADER, [*known, bad])),
            self._at(
                UNKNOWN_CUSTOMER_DAYS,
                5,
                0,
                "customers/new-customers.csv",
                csv_bytes(CUSTOMER_HEADER, customer_rows(self.unknown)),
            ),
            self._at(NEW_AGREEMENT_DAY, 5, 0, "customers/agreements.csv", self._new_agreement()),
        ]

    def _new_agreement(self) -> bytes:
        """A file with the columns that change alone: what it does not have stays as it was."""
        name, agreed = NEW_AGREEMENT
        customer = next(customer for customer in self.customers if customer.name == name)
        row = (customer.id, name, str(agreed.terms_days), decimal_text(agreed.limit_minor), customer.currency)
        return csv_bytes(("id", "name", "terms_days", "credit_limit", "limit_currency"), [row])

    def ubl_uploads(self, invoices: list[Invoice]) -> list[Upload]:
        """One file for each UBL document on its day of issue; one arrives cut in half and whole a day later; one
        is not ours."""
        uploads = []
        ubl = [invoice for invoice in invoices if invoice.source == "ubl"]
        broken = [invoice for invoice in ubl if invoice.issued.weekday() == 1][8]
        for index, invoice in enumerate(ubl):
            day = (invoice.issued - self.start).days
            key, data = f"invoices/ubl/{invoice.number}.xml", ubl_bytes(self.documents[invoice.number])
            if invoice is broken:
                uploads.append(self._at(day, 7, index % 60, key, data[: len(data) // 2]))
                day += 1
            uploads.append(self._at(day, 7, index % 60, key, data))
        document = self.documents[ubl[10].number]
        foreign = replace(document, number="2026-7781", seller=Party("Fremdling Handels GmbH", "DE", "DE899999991"))
        uploads.append(self._at(17, 7, 59, "invoices/ubl/2026-7781.xml", ubl_bytes(foreign)))
        return uploads

    def csv_uploads(self, invoices: list[Invoice]) -> list[Upload]:
        """The list of open items of the first day, then one export a week; bad rows come right in the next week's
        file. The British branch's rows come in files of its own in the end, and corrections in one of theirs."""
        rows = [invoice for invoice in invoices if invoice.source == "csv"]
        opening = [invoice for invoice in rows if invoice.issued < self.start]
        uploads = [
            self._at(
                0,
                5,
                30,
                "invoices/open-items.csv",
                csv_bytes(INVOICE_HEADER, [invoice_row(invoice) for invoice in opening]),
            )
        ]
        repaired: list[tuple[str, ...]] = []
        for week in range((self.days - 1) // 7):
            first, last = self.start + timedelta(days=7 * week), self.start + timedelta(days=7 * week + 6)
            lines, repaired_next = [], []
            written = [invoice for invoice in rows if first <= invoice.issued <= last]
            branch = [one for one in written if one.currency == "GBP" and week >= SHOP_WEEK]
            if branch:
                uploads.append(self._at(7 * (week + 1), 5, 40, *shop_file(first, branch)))
            for position, invoice in enumerate(one for one in written if one not in branch):
                line = invoice_row(self._as_typed(invoice))
                spoiled = _spoil(line, week) if position == 2 else line
                lines.append(spoiled)
                repaired_next += [line] if spoiled != line else []
            key = f"invoices/export-{first.isocalendar().year}-w{first.isocalendar().week:02d}.csv"
            data = csv_bytes(INVOICE_HEADER, [*repaired, *lines])
            uploads.append(self._at(7 * (week + 1), 5, 30, key, data))
            if week == 1:
                uploads.append(self._at(7 * (week + 1) + 1, 8, 15, key.replace(".csv", "-again.csv"), data))
            repaired = repaired_next
        profile = f"policy/profiles/{SHOP_FOLDER}.toml"
        uploads.append(self._at(0, 4, 30, profile, SHOP_PROFILE.encode()))
        return [*uploads, self._corrections(rows)]

    def _as_typed(self, invoice: Invoice) -> Invoice:
        """The invoice as it is exported first: one has a wrong amount."""
        wrong = invoice.number == self.mistyped
        return replace(invoice, amount_minor=invoice.amount_minor + MISTYPED_MINOR) if wrong else invoice

    def _corrections(self, rows: list[Invoice]) -> Upload:
        """A file that states one number again with the right amount, and cancels another."""
        by_number = {invoice.number: invoice for invoice in rows}
        right = invoice_row(by_number[self.mistyped])
        cancelled = tuple(
            "cancellation" if column == "type" else value
            for column, value in zip(INVOICE_HEADER, invoice_row(by_number[self.cancelled]), strict=True)
        )
        data = csv_bytes(INVOICE_HEADER, [right, cancelled])
        return self._at(CORRECTIONS_DAY, 8, 0, "invoices/corrections.csv", data)


def _spoil(row: tuple[str, ...], week: int) -> tuple[str, ...]:
    """The row with the mistake of that week: a day that does not exist, an unknown currency, an amount with letters."""
    number, customer, issued, due, amount, currency, kind, terms, order = row
    if week == 3:
        issued = issued[:5] + "02-30"
    if week == 5:
        currency = "EUE"
    if week == 7:
        amount = amount.replace(".", ",") + "O"
    return (number, customer, issued, due, amount, currency, kind, terms, order)


def customer_rows(customer: Customer) -> list[tuple[str, ...]]:
    """One row for each contact of the customer, as the customer export has it."""
    agreed = customer.agreed
    agreements = (
        agreed.parent,
        str(agreed.terms_days or ""),
        decimal_text(agreed.limit_minor) if agreed.limit_minor else "",
        customer.currency if agreed.limit_minor else "",
        "yes" if agreed.order_required else "",
        "" if agreed.external_score is None else str(agreed.external_score),
    )
    seat = (customer.seat.street, customer.seat.postcode, customer.seat.city, customer.seat.phone)
    return [
        (customer.id, customer.name, customer.country, customer.language, customer.timezone, "business",
         customer.vat_id, contact.email, contact.role, customer.scenario, *agreements, *seat)
        for contact in customer.contacts
    ]  # fmt: skip


def invoice_row(invoice: Invoice) -> tuple[str, ...]:
    """The row of an invoice in the CSV export."""
    due = invoice.due.isoformat() if invoice.due_stated else ""
    return (invoice.number, invoice.customer, invoice.issued.isoformat(), due, decimal_text(invoice.amount_minor),
            invoice.currency, "invoice", invoice.terms, invoice.order)  # fmt: skip


def shop_file(first: date, invoices: Sequence[Invoice]) -> tuple[str, bytes]:
    """Key and content of the British branch's export of a week: its own column names, days and amounts."""
    week = first.isocalendar()
    rows = [
        (
            invoice.number,
            invoice.customer,
            f"{invoice.issued:%d.%m.%Y}",
            f"{invoice.due:%d.%m.%Y}" if invoice.due_stated else "",
            decimal_text(invoice.amount_minor).replace(".", ","),
            invoice.order,
        )
        for invoice in invoices
    ]
    lines = [";".join(row) for row in (SHOP_HEADER, *rows)]
    return f"{SHOP_FOLDER}/{week.year}-w{week.week:02d}.csv", ("\r\n".join(lines) + "\r\n").encode()


@dataclass(frozen=True)
class Business:
    """The whole business of one run: what exists and what is uploaded when."""

    seed: int
    start: date
    days: int
    customers: tuple[Customer, ...]
    invoices: tuple[Invoice, ...]
    uploads: tuple[Upload, ...]

    @cached_property
    def customer_by_id(self) -> dict[str, Customer]:
        """Customers by their id."""
        return {customer.id: customer for customer in self.customers}

    @cached_property
    def customer_by_email(self) -> dict[str, Customer]:
        """Customers by every mail address of theirs, lower case."""
        return {contact.email: customer for customer in self.customers for contact in customer.contacts}

    @property
    def last_day(self) -> date:
        """The last simulated day."""
        return self.start + timedelta(days=self.days - 1)

    def debits_returned_on(self, day: date) -> list[Invoice]:
        """The invoices whose direct debit the bank has returned by this day."""
        return [
            one
            for one in self.invoices
            if one.is_returned and day == next_business_day(one.due + timedelta(days=RETURNED_AFTER_DAYS))
        ]

    def uploads_on(self, day: date) -> list[Upload]:
        """The files of one day in order of time."""
        return sorted(
            (upload for upload in self.uploads if upload.day == day), key=lambda upload: (upload.time, upload.key)
        )


def make_business(seed: int = 7, start: date = date(2026, 1, 5), days: int = 91) -> Business:
    """Makes the business of a seed.

    `start` is a Monday, because the exports are weekly; ValueError otherwise, or when `days` is too short for the
    planned mishaps.
    """
    if start.weekday() != 0:
        raise ValueError("the first day must be a Monday")
    if days < 70:
        raise ValueError("a business needs at least 70 days")
    maker = _Maker(seed, start, days)
    invoices = maker.invoices()
    uploads = [*maker.customer_uploads(), *maker.csv_uploads(invoices), *maker.ubl_uploads(invoices)]
    uploads.sort(key=lambda upload: (upload.day, upload.time, upload.key))
    return Business(seed, start, days, maker.customers, tuple(invoices), tuple(uploads))
