"""What every file reader returns: typed rows, rejects and the counts that prove nothing was lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from duly.domain.cash_discount import CashDiscount
from duly.domain.remittance import RemittanceLine

FileKind = Literal["customers", "invoices", "statement", "remittance", "policy", "mail", "unknown"]
InvoiceType = Literal["invoice", "credit_note", "correction", "self_billed", "prepayment", "partial", "cancellation"]
#: A due date that the file states, one read from its terms in words, or none (the policy's days are used then).
DueSource = Literal["stated", "terms_text", "default"]

#: Most lines of an address above the town: what an envelope's window shows below the name.
MAX_STREET_LINES: Final = 3
#: Longest remittance text of a bank entry, most statements and most entries in a file.
MAX_REMITTANCE_CHARS: Final = 20_000
MAX_STATEMENTS: Final = 2_000
MAX_ENTRIES: Final = 200_000

#: The columns of the plain customer file.
OWN_CUSTOMER_COLUMNS: Final = (
    "id",
    "name",
    "country",
    "language",
    "timezone",
    "kind",
    "vat_id",
    "email",
    "role",
    "scenario",
)


@dataclass(frozen=True, slots=True)
class Reject:
    """Something of a file that cannot be used, and why.

    `line` counts from 1. Exactly one reject exists for each rejected row; a file that cannot be read because of a line
    that can be named counts as one row. Line 0 speaks of the whole file (no row, no amount). The amount is kept when it
    could be read, so that money in can be proved.
    """

    line: int
    field: str
    code: str
    reason: str
    amount_minor: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One contact of one customer; a customer with several contacts has several rows of one id.

    `credit_limit` is the agreed limit as the file states it (machine form, "" none), in `limit_currency` or, when that
    is empty, the creditor's. `address` holds the lines of street or box, `phone` the contact's number (E.164).
    `external_permille` is an external score, 0 best, 1000 worst. `given` names the columns that the file has: what it
    has no column for is not said, while an empty cell says that there is none.
    """

    line: int
    id: str
    name: str
    country: str
    language: str
    timezone: str
    kind: str
    vat_id: str
    email: str
    role: str
    scenario: str
    endpoint: str = ""
    parent: str = ""
    order_required: bool = False
    terms_days: int | None = None
    credit_limit: str = ""
    limit_currency: str = ""
    external_permille: int | None = None
    address: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""
    phone: str = ""
    given: tuple[str, ...] = OWN_CUSTOMER_COLUMNS

    def says(self, column: str) -> bool:
        """Whether the file speaks of this column, if only to say that the cell is empty."""
        return column in self.given


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who owes an invoice, as the file says it. Any value may be empty."""

    id: str = ""
    name: str = ""
    vat_id: str = ""
    endpoint: str = ""
    email: str = ""
    country: str = ""
    language: str = ""
    street: tuple[str, ...] = ()
    postcode: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice, credit note or correction.

    `amount_minor` is what is payable, with the sign of the file: a credit note is not negated. `due` is None (and
    `due_source` "default") when neither a date nor the terms say one; the policy's days are used then. `total_minor` is
    the amount with tax before prepayments, when stated; `prepaid_minor` what was paid before, when stated.
    `instalments` are due dates with amounts when the file states several; `due` is then the last of them, so that
    nobody who treats the invoice as one asks too early. `means` is how the money comes (transfer, direct_debit, card,
    cash, cheque, other, or "" when the file does not say), `means_code` its UNTDID 4461 code. `notes` are codes of what
    is odd about the row but no reason to refuse it.
    """

    line: int
    number: str
    buyer: Buyer
    issued: date
    due: date | None
    due_source: DueSource
    amount_minor: int
    currency: str
    type: InvoiceType
    terms: str
    order: str
    for_invoice: str = ""
    seller_name: str = ""
    seller_vat_id: str = ""
    payment_iban: str = ""
    payment_reference: str = ""
    total_minor: int | None = None
    lines: int = 0
    type_code: str = ""
    instalments: tuple[tuple[date, int], ...] = ()
    discounts: tuple[CashDiscount, ...] = ()
    means: str = ""
    means_code: str = ""
    prepaid_minor: int | None = None
    delivered: date | None = None
    buyer_reference: str = ""
    notes: tuple[str, ...] = ()

    @property
    def owed_minor(self) -> int:
        """What the row adds to the customer's debt: a credit note lowers it, whichever sign the file gave it."""
        return -abs(self.amount_minor) if self.type == "credit_note" else self.amount_minor


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked movement of a bank account. Money in is positive, money out negative.

    `line` is different for each entry of a file. Parts of a batch that have no bank reference of their own get that of
    the batch with "/1", "/2"... behind it, so that splitting never gives two entries the same reference.

    `code` is the bank's own code of the kind of movement as the file has it (ISO 20022 `PMNT/RCDT/ESCT`, SWIFT `NTRF`
    with a German `166`, BAI2 `165`...), `return_reason` why money came back (ISO 20022 external code, where one is
    given). `charges_minor` is what banks took from it on the way, when the file says so; `instructed` what the payer
    ordered in another currency. `documents` are the invoices that a structured remittance names, each with the amount
    paid for it where it says one. `batch_reference` is the bank's reference of the batch that the entry is a part of.
    """

    line: int
    booked: date
    value: date
    amount_minor: int
    currency: str
    counterparty_name: str
    counterparty_account: str
    remittance: str
    structured_reference: str
    end_to_end_id: str
    bank_reference: str
    reversal: bool
    code: str = ""
    return_reason: str = ""
    charges_minor: int = 0
    instructed: tuple[int, str] | None = None
    documents: tuple[tuple[str, int | None], ...] = ()
    batch_reference: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """The entries of one account in one statement, with the balances when the file gives them.

    `is_final` is False for reports of a day that is not over and for notifications (CAMT.052, CAMT.054, MT942, BAI2
    of the same day): a statement still has to confirm their entries. `number` is the bank's own running number, ""
    when it has none.
    """

    account: str
    reference: str
    currency: str
    opening_minor: int | None
    closing_minor: int | None
    closing_date: date | None
    entries: tuple[BankEntry, ...]
    is_final: bool = True
    number: str = ""
    opening_date: date | None = None


Record = CustomerRow | InvoiceRow | Statement | RemittanceLine


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file gave.

    `rows_in` is good rows (for statements: entries) plus rejected rows. `amounts_in` sums, by currency and in minor
    units, the amounts of the good rows and those rejected rows whose amount could be read. `notes` state, in words,
    what was detected rather than given: encoding, separator, columns, order of dates, decimal sign.
    """

    kind: FileKind
    format: str
    records: tuple[Record, ...]
    rejects: tuple[Reject, ...]
    rows_in: int
    amounts_in: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def customers(self) -> tuple[CustomerRow, ...]:
        """The customer rows among the records."""
        return tuple(record for record in self.records if isinstance(record, CustomerRow))

    @property
    def invoices(self) -> tuple[InvoiceRow, ...]:
        """The invoices among the records."""
        return tuple(record for record in self.records if isinstance(record, InvoiceRow))

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements among the records."""
        return tuple(record for record in self.records if isinstance(record, Statement))

    @property
    def remittances(self) -> tuple[RemittanceLine, ...]:
        """The lines of remittance advices among the records."""
        return tuple(record for record in self.records if isinstance(record, RemittanceLine))

    @property
    def rejected_rows(self) -> tuple[Reject, ...]:
        """The rejects that stand for a row; the others (line 0) speak of the whole file."""
        return tuple(reject for reject in self.rejects if reject.line > 0)


def file_result(
    kind: FileKind, format: str, records: Iterable[Record], rejects: Iterable[Reject], notes: Iterable[str] = ()
) -> FileResult:
    """A FileResult whose counts and sums are taken from its records and rejects."""
    records, rejects = tuple(records), tuple(rejects)
    rows, amounts = 0, dict[str, int]()
    for amount_minor, currency in (pair for record in records for pair in _amounts_of(record)):
        rows += 1
        if currency:
            amounts[currency] = amounts.get(currency, 0) + amount_minor
    for reject in rejects:
        rows += reject.line > 0
        if reject.amount_minor is not None and reject.currency:
            amounts[reject.currency] = amounts.get(reject.currency, 0) + reject.amount_minor
    return FileResult(kind, format, records, rejects, rows, amounts, tuple(notes))


def _amounts_of(record: Record) -> Iterable[tuple[int, str]]:
    """The rows of a record as (minor units, currency); a customer row has no money."""
    if isinstance(record, Statement):
        return [(entry.amount_minor, entry.currency) for entry in record.entries]
    if isinstance(record, InvoiceRow):
        return [(record.amount_minor, record.currency)]
    if isinstance(record, RemittanceLine):
        return [(record.paid_minor, record.currency)]
    return [(0, "")]
