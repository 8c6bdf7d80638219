"""What the matcher is told and what it answers: payments, debtors, placements. All amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

from duly.domain.cash_discount import CashDiscount
from duly.domain.policy_model import Cash as CashPolicy

# kinds of question; those of the lookups (store/lookups.py)
REFERENCE: Final = "reference"  # invoice number or creditor reference -> account and invoice
ORDER: Final = "order"  # purchase order number that an invoice states -> account and invoice
END_TO_END: Final = "end-to-end"  # end-to-end id of a payment booked or announced before -> account
PAYER_ACCOUNT: Final = "payer-account"  # a bank account from which this customer's money came before -> account
NAME: Final = "name"  # a customer's name, in a form that compares -> account
AMOUNT: Final = "amount"  # currency and original amount of an invoice -> account

#: More answers to one question than this are as good as none.
MAX_ANSWERS: Final = 50
#: Alternatives that a proposal holds beside the best placement.
MAX_ALTERNATIVES: Final = 5
#: Accounts whose chase waits for one payment.
MAX_CANDIDATES: Final = 50

Outcome = Literal["book", "propose", "suspense", "not_receipt"]
AdjustmentKind = Literal["discount", "tolerance", "bank_fee"]

#: Why money is placed where it is, why with less certainty, and why it is not: one sentence each, for people.
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # who and what
        "creditor_reference": "The payment carries the creditor reference of the invoice, with right check digits.",
        "invoice_number": "The text names the invoice by its number.",
        "invoice_number_part": "The text names the invoice by a part of its number, such as without prefix or year.",
        "invoice_number_slip": "The text names a number that is one slip away from the invoice's.",
        "embedded_number": "The structured reference holds the invoice's number among other digits.",
        "document": "The payment's list of documents names the invoice.",
        "advice": "A remittance advice says what the payment is for.",
        "purchase_order": "The text names the purchase order of the invoice.",
        "end_to_end": "The end-to-end id belongs to a payment that was announced or booked before.",
        "payer_account": "Money from this bank account was booked to this customer before.",
        "name": "The payer's name is the customer's, with its legal form.",
        "name_alike": "The payer's name is the customer's but for its legal form, order, length or additions.",
        "name_in_text": "The text names the customer.",
        "group": "The payer or the invoices belong to one group of customers.",
        # how the amount fits
        "amount_exact": "The amount is exactly that of the invoices.",
        "amount_open": "The amount is exactly what is open of the invoices now.",
        "amount_set": "The amount is exactly the sum of these invoices of the customer.",
        "amount_all": "The amount is exactly all that is open of the customer.",
        "amount_instalment": "The amount is exactly an instalment of the invoice.",
        "amount_discount": "The amount is that of the invoices less the cash discount, paid within its days.",
        "amount_bank_fee": "The amount is short by no more than a bank's charge.",
        "amount_tolerance": "The amount is short by no more than the policy tolerates.",
        "amount_charges": "The amount is that of the invoices plus the charges demanded on them.",
        "amount_credit": "The amount is that of the invoices less credit notes.",
        "amount_documents": "The amounts stated for each document add up to the payment.",
        "amount_partial": "The amount is less than the invoices named; a part of them is paid.",
        "amount_over": "The amount is more than the invoices named; the rest is unapplied.",
        "amount_of_another": "The amount is exactly that of another invoice of the customer.",
        "unknown_number": "The payment names an invoice or document that is not known.",
        "paid_already": "The customer's invoice of this amount is paid already; it may be paid twice.",
        "oldest_first": "Nothing says which invoices are meant; the oldest come first.",
        # doubts
        "weak_number": "The number is too short to mean an invoice by itself.",
        "number_alone": "Neither the payer nor the amount confirms the number.",
        "name_alone": "Only the payer's name speaks for this customer.",
        "amount_alone": "Only the amount speaks for this invoice.",
        "ambiguous_number": "Several invoices go by the number.",
        "ambiguous_name": "Several customers go by the payer's name.",
        "ambiguous_set": "Several sets of invoices have this sum.",
        "other_payer": "The payer is another customer.",
        "legal_form_differs": "The payer's name has another legal form than the customer's.",
        "number_of_another": "The number is that of another customer's invoice of this amount.",
        "several_customers": "The text names invoices of customers that do not belong together.",
        "negated": "The text says that an invoice is not meant.",
        "settlement": "The text looks like a settlement of card payments or of a payment service.",
        "other_currency": "The invoices are in another currency.",
        "split_unclear": "What of the payment belongs to which customer is not certain.",
        # no placement
        "reversal": "Money that came in before was taken back.",
        "money_out": "Money went out.",
        "no_reference": "Nothing in the payment leads to a customer.",
        "ambiguous_reference": "What the payment names does not lead to one customer.",
    }
)


@dataclass(frozen=True, slots=True)
class Payment:
    """A bank entry as the matcher sees it. ``documents`` are invoices named in a structured remittance, with the amount
    paid for each where it is stated; ``charges_minor`` what banks took from it on the way."""

    key: str
    amount_minor: int
    currency: str
    booked: date
    value_date: date
    payer_name: str = ""
    payer_account: str = ""
    text: str = ""
    structured_reference: str = ""
    end_to_end_id: str = ""
    documents: tuple[tuple[str, int | None], ...] = ()
    charges_minor: int = 0
    reversal: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """A value that must be looked up. ``kind`` is one of the lookups' kinds."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, order=True)
class Answer:
    """An account that a value may mean, and the invoice of it, if the value names one."""

    account: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class DebtItem:
    """An invoice or instalment. An instalment has the number of its invoice and a key ``number#1``."""

    key: str
    number: str
    issued: date
    due: date
    currency: str
    amount_minor: int
    outstanding_minor: int
    reference: str = ""
    order: str = ""
    charges_minor: int = 0
    discounts: tuple[CashDiscount, ...] = ()
    means: str = ""

    @property
    def invoice(self) -> str:
        """The key of the invoice: of an instalment that of the invoice it is a part of."""
        return self.number if self.key.startswith(f"{self.number}#") else self.key


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit note that is not used up. ``names`` are the invoices that it is for."""

    key: str
    amount_minor: int
    currency: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Debtor:
    """An account as the matcher sees it: its open items, and those closed ones that the payment names.

    ``names`` are the customer's name and those learned from confirmed matches. ``parent`` is the account of the
    customer's parent ("" none); customers of one parent are a group.
    """

    account: str
    names: tuple[str, ...] = ()
    parent: str = ""
    payer_accounts: tuple[str, ...] = ()
    items: tuple[DebtItem, ...] = ()
    credits: tuple[Credit, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """What a payer announced: the total and the invoices with their amounts.

    The shape of ``domain/remittance.py``; the matcher needs no more of an advice than this.
    """

    key: str
    account: str
    total_minor: int
    currency: str
    reference: str
    on: date | None
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the payment for one account. ``names`` are keys of the invoices that it pays, in this order; none: what
    it pays is left to the account's rules, or (``in_order``) to the policy's order, whatever it equals. ``caps`` is the
    most that it may pay of an item."""

    account: str
    names: tuple[str, ...] = ()
    amount_minor: int = 0
    caps: Mapping[str, int] = field(default_factory=dict)
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What would settle the rest of an item that the payment leaves open. Carried out when a person confirms the
    proposal; of booked money the account itself settles what the policy allows."""

    account: str
    item: str
    kind: AdjustmentKind
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the whole payment would go. ``confidence_permille`` 0 to 1000; ``reasons`` are keys of REASONS."""

    shares: tuple[Share, ...]
    settle: tuple[Adjustment, ...] = ()
    confidence_permille: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matching:
    """The answer. ``best`` is set for book and propose; ``candidates`` are accounts whose chase must wait (none of
    booked money)."""

    outcome: Outcome
    best: Placement | None = None
    alternatives: tuple[Placement, ...] = ()
    candidates: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MatchingRules:
    """What the policy says about matching. Amounts by currency, in minor units; percent in hundredths."""

    auto_confirm_permille: int = 980
    tolerance_minor: Mapping[str, int] = field(default_factory=dict)
    tolerance_percent_hundredths: int = 0
    bank_fee_minor: Mapping[str, int] = field(default_factory=dict)
    discount_grace_days: int = 0

    @classmethod
    def of(cls, cash: CashPolicy) -> MatchingRules:
        """The rules of a policy's section ``cash``."""
        return cls(
            auto_confirm_permille=cash.auto_confirm_permille,
            tolerance_minor=dict(cash.tolerance_minor),
            tolerance_percent_hundredths=int(cash.tolerance_percent * 100),
            bank_fee_minor=dict(cash.bank_fee_tolerance_minor),
        )

    @property
    def has_tolerance(self) -> bool:
        """Whether an invoice paid short may be settled."""
        return bool(self.tolerance_minor or self.tolerance_percent_hundredths or self.bank_fee_minor)

    def tolerance_of(self, amount_minor: int, currency: str) -> int:
        """The shortfall of an invoice that needs no person: of the amount and the percentage the smaller, where both
        are stated."""
        percent = amount_minor * self.tolerance_percent_hundredths // 10_000
        stated = self.tolerance_minor.get(currency)
        if stated is None:
            return percent
        return min(stated, percent) if self.tolerance_percent_hundredths else stated


Answers = Mapping[Question, Sequence[Answer]]
Debtors = Mapping[str, Debtor]
