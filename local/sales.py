"""The sales desk of the simulated business: before it sells on account it asks for credit, by the function's own API.

What is asked when follows from the business alone; what comes of it is Duly's answer. After a refusal that sales does
not accept, finance grants one override, and sales asks the same once more. Insurance and a guarantee come and expire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from local.business import Business
from local.writers import decimal_text

DESK: Final = "sales@muster.example"
FINANCE: Final = "finance@muster.example"
OVERRIDE_DAYS: Final = 14
OVERRIDE_REASON: Final = "framework contract; the bank has confirmed the transfer for the overdue invoices"
DELIVERY_DAYS: Final = 35
"""What is sold is delivered and invoiced within so many days."""

Ask = Callable[[Mapping[str, object]], Mapping[str, Any]]
"""A direct invocation of the risk_check function: request in, answer out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Something that sales or finance does on a day (0 is the first).

    A check without an amount is about an invoice that is to come: its order and its amount. ``again`` repeats the
    check of that name, with the same order and amount. ``wanted`` says that sales would not accept a refusal.
    """

    day: int
    kind: str  # credit_check | set_cover | cancel_order
    customer: str = ""
    amount_minor: int = 0
    name: str = ""
    again: str = ""
    prospect: str = ""
    external_score: int | None = None
    cover: str = ""
    cover_kind: str = ""
    cover_days: int = 0
    wanted: bool = False


PLANS: Final = (
    Plan(3, "credit_check", "C-1001"),
    Plan(8, "credit_check", prospect="Möwenstein Yachtbau GmbH", amount_minor=400_000, external_score=180),
    Plan(10, "credit_check", prospect="Grauwacke Tiefbau GmbH", amount_minor=1_400_000, external_score=870),
    Plan(15, "credit_check", "C-1036"),
    Plan(17, "credit_check", "C-1021", amount_minor=2_650_000, name="fleet"),
    Plan(18, "set_cover", "C-1021", 4_500_000, cover="CI-20417", cover_kind="insurance", cover_days=45),
    Plan(18, "credit_check", "C-1021", again="fleet"),
    Plan(24, "credit_check", "C-1004", amount_minor=310_000, name="hall"),
    Plan(30, "credit_check", "C-1008"),
    Plan(31, "cancel_order", "C-1004", again="hall"),
    Plan(44, "credit_check", "C-1017"),
    Plan(45, "credit_check", "C-1029"),
    Plan(52, "credit_check", "C-1013"),
    Plan(57, "credit_check", "C-1038", amount_minor=120_000),
    Plan(58, "credit_check", "C-1014", name="1014", wanted=True),
    Plan(66, "credit_check", "C-1009", amount_minor=450_000, name="1009", wanted=True),
    Plan(70, "set_cover", "C-1009", 2_000_000, cover="BG-5531", cover_kind="guarantee", cover_days=180),
    Plan(70, "credit_check", "C-1009", again="1009"),
    Plan(73, "credit_check", "C-1007", amount_minor=180_000, name="1007", wanted=True),
    Plan(74, "credit_check", "C-1030"),
    Plan(80, "credit_check", "C-1021", amount_minor=900_000),
)


@dataclass(frozen=True, slots=True)
class CreditStep:
    """A request and what was answered; ``who`` is the prospect's name, which the request does not hold."""

    day: date
    request: Mapping[str, object]
    answer: Mapping[str, Any]
    who: str = ""


class SalesDesk:
    """The desk over one run. `ask` reaches the stack."""

    def __init__(self, business: Business, ask: Ask) -> None:
        self.business = business
        self.steps: list[CreditStep] = []
        self._ask_stack = ask
        self._named: dict[str, Mapping[str, object]] = {}
        self._reserved: set[object] = set()
        self._overridden = False
        self._later: list[tuple[date, Mapping[str, object]]] = []

    def on_day(self, day: date, at: datetime) -> None:
        """All requests of one day, one after the other."""
        due = [request for when, request in self._later if when == day]
        for request in due:
            self._ask(request, at)
        for plan in PLANS:
            if self.business.start + timedelta(days=plan.day) == day:
                self._carry_out(plan, at)

    def _carry_out(self, plan: Plan, at: datetime) -> None:
        request = self._named[plan.again] if plan.again else self._request(plan, at.date())
        if plan.name:
            self._named[plan.name] = request
        if plan.kind == "cancel_order":
            if request["order"] not in self._reserved:
                return
            request = {"type": plan.kind, "customer": plan.customer, "order": request["order"], "by": DESK}
        answer = self._ask(request, at, plan.prospect)
        if plan.wanted and answer.get("outcome") == "refuse" and not self._overridden:
            self._overridden = True
            tomorrow = at.date() + timedelta(days=1)
            self._later += [(tomorrow, self._override(plan, tomorrow)), (tomorrow, request)]

    def _request(self, plan: Plan, day: date) -> dict[str, object]:
        if plan.kind == "set_cover":
            until = (day + timedelta(days=plan.cover_days)).isoformat()
            cover = {"cover": plan.cover, "kind": plan.cover_kind, "until": until, "by": FINANCE}
            return {
                "type": plan.kind,
                "customer": plan.customer,
                **self._money(plan.customer, plan.amount_minor),
                **cover,
            }
        if plan.prospect:
            prospect = {} if plan.external_score is None else {"external_score": plan.external_score}
            money = {"amount": decimal_text(plan.amount_minor), "currency": "EUR"}
            return {"type": plan.kind, "prospect": prospect, **money, "by": DESK}
        order, amount_minor = f"SO-{plan.day:02d}{plan.customer[-2:]}", plan.amount_minor
        if not amount_minor:
            order, amount_minor = self._next_invoice(plan.customer, day)
        return {
            "type": plan.kind,
            "customer": plan.customer,
            **self._money(plan.customer, amount_minor),
            "order": order,
            "by": DESK,
        }

    def _money(self, customer: str, amount_minor: int) -> dict[str, str]:
        return {"amount": decimal_text(amount_minor), "currency": self.business.customer_by_id[customer].currency}

    def _next_invoice(self, customer: str, day: date) -> tuple[str, int]:
        """The order and amount of the customer's largest invoice of the coming weeks that names one; something small
        when there is none."""
        last = day + timedelta(days=DELIVERY_DAYS)
        coming = [
            invoice
            for invoice in self.business.invoices
            if invoice.customer == customer
            and day < invoice.issued <= last
            and invoice.order
            and not invoice.credit_note
        ]
        if not coming:
            return f"SO-{day:%d%m}{customer[-2:]}", 90_000
        found = max(coming, key=lambda invoice: (invoice.amount_minor, invoice.number))
        return found.order, found.amount_minor

    def _override(self, plan: Plan, day: date) -> dict[str, object]:
        until = (day + timedelta(days=OVERRIDE_DAYS)).isoformat()
        return {"type": "override", "customer": plan.customer, "until": until, "reason": OVERRIDE_REASON, "by": FINANCE}

    def _ask(self, request: Mapping[str, object], at: datetime, who: str = "") -> Mapping[str, Any]:
        answer = self._ask_stack({**request, "time": at.isoformat()})
        if not answer.get("ok"):
            raise ValueError(f"the request was not answered: {answer.get('code')}")
        if answer.get("reserved"):
            self._reserved.add(request["order"])
        self.steps.append(CreditStep(at.date(), request, answer, who))
        return answer
