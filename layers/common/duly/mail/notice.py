"""What one notice says, as plain values: the only thing a template may look at.

A view is made from the account at the claim, so its figures are the ledger's. It is checked when it is made: a
notice whose lines do not add up to its total cannot exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from duly.domain.charges import ChargeLine

Kind = Literal["before_due", "reminder", "second_reminder", "formal_notice"]
KINDS: tuple[Kind, ...] = ("before_due", "reminder", "second_reminder", "formal_notice")
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl")
MAX_ITEMS = 400
"""Most items that one notice may list. The design reserves a notice over more than 80 items in parts; a mail with
more than 400 lines is no longer something that a person reads, and the rest belongs in the next notice."""


class NoticeError(ValueError):
    """A view that must not be sent. `code` says why; the text never holds a name, number or amount."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def kind_of(level: int, days_overdue: int) -> Kind:
    """The kind of notice for the highest level and the largest number of days overdue among its items.

    A level is a number of the policy and says nothing about the due date. So what is not yet late is always a
    before-due note, and what is late is at least a reminder; from level 3 on it is the formal notice.
    """
    if days_overdue <= 0:
        return "before_due"
    return KINDS[min(max(level, 1), len(KINDS) - 1)]


def language_of(*wanted: str) -> str:
    """The first language that is named, `de-AT` as `de`, when it has templates, else English.

    Pass the customer's language first and the creditor's second. A customer whose language has no templates is
    written to in English, not in the creditor's language: it is the more likely to be understood.
    """
    named = (tag.strip().lower().replace("_", "-").split("-")[0] for tag in wanted)
    primary = next((tag for tag in named if tag), "en")
    return primary if primary in LANGUAGES else "en"


@dataclass(frozen=True, slots=True)
class CreditorView:
    """Who asks for the money, and where to pay it."""

    name: str
    address: tuple[str, ...]
    email: str
    iban: str
    bic: str
    legal_name_line: str
    phone: str = ""
    contact_name: str = ""
    """A person to talk to. Empty: the mail names the creditor's team instead."""
    country: str = ""
    """ISO 3166; a Swiss payment code wants it."""
    payment_link: str = ""
    """Where to pay online: an https address with ``{reference}`` and ``{amount}``; empty: nowhere."""


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One open item of the notice. Amounts are in minor units of the notice's currency."""

    number: str
    instalment: int
    issued: date
    due: date
    days_overdue: int
    """Days after the due date; negative before it, zero on the day."""
    level: int
    step: str
    original_minor: int
    balance_minor: int
    """Open principal that is asked for."""
    fee_minor: int = 0
    """Fees still open on this item, this step's included."""
    interest_minor: int = 0
    """Late interest still open on this item."""
    instalments: int = 1
    """How many instalments the invoice has; 1 for an ordinary invoice."""
    returned: str = ""
    """``direct_debit`` or ``card``: what was collected so came back, which the debtor may not know."""
    replaces: str = ""
    """The number of the invoice that this one corrects, as the debtor knows it."""
    disputed_minor: int = 0
    """What is open beside the balance and not asked for, because the debtor disputes it."""
    charge_lines: tuple[ChargeLine, ...] = ()
    """How fees and interest come about, line by line; they add up to both. Without lines nothing is explained."""

    @property
    def owed_minor(self) -> int:
        """Everything that this item asks for."""
        return self.balance_minor + self.fee_minor + self.interest_minor

    @property
    def lines_minor(self) -> int:
        """What the lines of its charges add up to."""
        return sum(line.amount_minor for line in self.charge_lines)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A business's own template of the words of a kind of notice, checked when it was uploaded (`duly.mail.own_words`).
    ``version`` is the first 16 hex digits of its SHA-256, ``name`` what steps call it (empty: it is the kind's)."""

    source: str
    version: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One message to one customer in one currency.

    Raises NoticeError when the figures do not add up, nothing is owed, or the kind is unknown or untrue (a
    before-due note about something overdue, a reminder about nothing overdue).
    """

    language: str
    currency: str
    level: int
    step: str
    kind: Kind
    creditor: CreditorView
    customer_id: str
    customer_name: str
    contact_name: str
    """The person at the customer; empty when only an address is known."""
    items: tuple[NoticeItem, ...]
    credits_minor: int
    """Unapplied cash and credit notes that are set off, as a positive amount."""
    total_minor: int
    """What is asked for: all balances, fees and interest, less the credits."""
    as_of: date
    payment_reference: str
    """What the payer should quote: usually the invoice numbers."""
    respond_address: str
    """The address a reply goes to (with its token)."""
    pay_by: date | None = None
    """The day until which payment or an answer is asked for; None: no day is named."""
    last_notice: date | None = None
    """When the customer was last written to about any of these items; None: never. Only then does the mail say so."""
    statement_attached: bool = False
    """Whether the list of all open items goes along as a PDF; the mail says so."""
    letter_attached: bool = False
    """Whether this notice goes along as a letter (PDF); the mail says so."""
    invoices_attached: bool = False
    """Whether copies of the invoices go along; the mail says so."""
    reference: str = ""
    """A creditor reference with check digits (ISO 11649 or Swiss), for a notice about one invoice that has one."""

    template: str = ""
    """The name of the words that its step asks for; empty: those of its kind."""
    own_words: OwnWords | None = None
    """The business's own template for the words; None: the shipped one."""

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise NoticeError(problem)

    @property
    def gross_minor(self) -> int:
        """All balances, fees and interest, before credits."""
        return sum(item.owed_minor for item in self.items)

    @property
    def asked_items(self) -> tuple[NoticeItem, ...]:
        """What a notice asks to be paid: the overdue items, or all when none is."""
        return tuple(item for item in self.items if item.days_overdue > 0) or self.items

    @property
    def asked_minor(self) -> int:
        """What is asked for by ``pay_by``: the total without what is not due yet, which may wait. A before-due note
        tells the whole of what comes, and so does a notice whose credits outweigh what is overdue."""
        later = sum(item.owed_minor for item in self.items if item.days_overdue <= 0)
        overdue = self.total_minor - later
        return overdue if self.kind != "before_due" and overdue > 0 else self.total_minor

    def _problem(self) -> str:
        if self.kind not in KINDS:
            return "unknown_kind"
        if not self.items:
            return "no_items"
        if len(self.items) > MAX_ITEMS:
            return "too_many_items"
        if any(item.charge_lines and item.lines_minor != item.fee_minor + item.interest_minor for item in self.items):
            return "charge_lines_do_not_add_up"
        parts = [part for item in self.items for part in (item.balance_minor, item.fee_minor, item.interest_minor)]
        parts += [item.disputed_minor for item in self.items]
        if self.credits_minor < 0 or min(parts) < 0:
            return "negative_amount"
        if self.total_minor != self.gross_minor - self.credits_minor:
            return "total_does_not_add_up"
        if self.total_minor <= 0:
            return "nothing_owed"
        if (self.kind == "before_due") == any(item.days_overdue > 0 for item in self.items):
            return "kind_does_not_fit_the_due_dates"
        return ""
