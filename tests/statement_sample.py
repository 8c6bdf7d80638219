"""An account of a quarter whose statement shows whatever a statement can show. All data is made up here."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from duly.domain import events as ev
from duly.domain.account import Account
from duly.domain.statement_of_account import History, statement
from duly.mail.notice import CreditorView
from duly.mail.statement import StatementView, render_pictures
from tests.core_samples import account, invoice

AS_OF = date(2026, 3, 31)
START = date(2026, 2, 1)
CREDITOR = CreditorView(
    name="Kessler Präzisionswerkzeuge GmbH",
    address=("Lindenallee 14", "76131 Karlsruhe"),
    email="buchhaltung@kessler.example",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    legal_name_line="Kessler Präzisionswerkzeuge GmbH · Amtsgericht Karlsruhe HRB 70123 · Geschäftsführung: I. Keß",
)
CUSTOMER = "Łódź Stolarnia i Nagyfő Söhne"


def settled(key: str, amount_minor: int, item: str, on: date, kind: str = "payment") -> list[ev.Event]:
    """Money, or a settlement without money, that pays one item."""
    received = ev.CashReceived(key, kind, amount_minor, "EUR", on, (item,))
    return [received, ev.AllocationsChanged((ev.Allocation(key, item, amount_minor),))]


def sample_events() -> list[ev.Event]:
    first = date(2026, 1, 5)
    events: list[ev.Event] = []
    for count in range(1, 29):
        due = first + timedelta(days=4 * count)
        events.append(invoice(f"RE-2026-{1000 + count}", 11_900 * count, due=due))
    for count in range(1, 15):
        on = first + timedelta(days=4 * count + 4)
        events += settled(f"T{count}", 11_900 * count, f"RE-2026-{1000 + count}", on)
    events += settled("D1", 3_570, "RE-2026-1015", date(2026, 3, 8), "discount")
    events += settled("T20", 100_000, "RE-2026-1016", date(2026, 3, 9))
    events.append(ev.CashReceived("CN:GS-77", "credit_note", 25_000, "EUR", date(2026, 3, 20)))
    events.append(ev.DisputeOpened("D", ("RE-2026-1017",), "price", "ann", AS_OF, date(2026, 3, 20)))
    promised = date(2026, 4, 9)
    events.append(ev.PromiseMade("P", ("RE-2026-1018",), promised, promised, date(2026, 3, 22)))
    return events


def sample_account() -> tuple[Account, History]:
    events = sample_events()
    return account(*events), [(AS_OF, event) for event in events]


def sample_view(language: str, customer: str = CUSTOMER, movements: bool = True) -> StatementView:
    """The statement of the sample in a language."""
    found, history = sample_account()
    told = statement(found, history, AS_OF, START if movements else None, movements)
    return StatementView(language, CREDITOR, customer, "PL", told, movements)


def main() -> None:
    """Write the first page of the statement as the documentation shows it."""
    picture = Path(__file__).parent.parent / "docs" / "pictures" / "statement.png"
    picture.write_bytes(render_pictures(sample_view("en"), dots_per_inch=96)[0])


if __name__ == "__main__":
    main()
