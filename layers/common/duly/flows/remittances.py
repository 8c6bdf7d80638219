"""Remittance advices: kept until their money comes, found by its amount and reference, and never more than a hint.

An advice is an item of its own partition, named by its content, with lookups by amount and by reference. Whoever keeps
one commits first and then wakes the money that waits; whoever routes money has committed that it waits and then looks
for advices. So one of the two always finds the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from duly.domain import codec
from duly.domain.account import Account
from duly.domain.match_model import Payment
from duly.domain.references import find_references, normalise_reference
from duly.domain.remittance import Advice, Announcement, RemittanceLine, advice, announcements, said_in_text
from duly.flows.edge import Edge
from duly.flows.waking import wake_transactions
from duly.store import keys, lookups
from duly.store.tables import Conflict, Record, Write
from duly.store.uploads import RowOutcome

#: How the format of an upload begins that holds advices.
ADVICES: Final = "remittance"
ADVICES_PER_MESSAGE: Final = 25
MAX_NUMBERS: Final = 40  # invoices of an advice that are looked up; money waits for each with two items of one write


def advice_parts(lines: Sequence[RemittanceLine]) -> list[tuple[str, list[Any]]]:
    """Cut the advices of a file into parts, as the entries of a statement are."""
    rows = [
        {"advice": codec.encode(said), "lines": [(line.line, line.paid_minor) for line in made_of]}
        for said, made_of in announcements(lines)
    ]
    starts = range(0, len(rows), ADVICES_PER_MESSAGE)
    return [("advices", rows[start : start + ADVICES_PER_MESSAGE]) for start in starts]


def take_advice(edge: Edge, row: dict[str, Any], upload: str, now: datetime) -> list[RowOutcome]:
    """Keep one advice of a file. Doing it again changes nothing; the same advice in another file is a duplicate."""
    said = codec.decode(Announcement, row["advice"])
    own = keep_advice(edge, said, upload, now)
    result, code = ("applied", "") if own else ("duplicate", "duplicate")
    return [RowOutcome(line, result, minor, said.currency, code=code) for line, minor in row["lines"]]


def keep_advice(edge: Edge, said: Announcement, source: str, now: datetime) -> bool:
    """Keep an advice and wake the money that may be the one it speaks of; return whether it is this source's own.

    ``source`` is the upload or mail that it came in.
    """
    pk = keys.remittance(said.key)
    stored = edge.table.get(pk, keys.HEADER)
    if stored is None:
        body = {"advice": codec.encode(said), "source": source, "at": now.isoformat()}
        found = [lookups.Lookup(kind, value, lookups.Answer(key=said.key)) for kind, value in _values(said)]
        marks = [record for record in map(lookups.mark, found) if record is not None]
        # Names and references of a payer: personal data, erased with this one item.
        content = Record(pk, keys.HEADER, body, 1, "personal")
        try:
            edge.table.write(Write(create=(content,), put=(*(one.record() for one in found), *marks)))
        except Conflict:
            stored = edge.table.get(pk, keys.HEADER)
    waiting = [(lookups.WAITING_AMOUNT, lookups.amount_value(said.currency, said.total_minor))]
    waiting.append((lookups.WAITING, normalise_reference(said.reference)))
    wake_transactions(edge, waiting, f"advice|{said.key}", now)
    return stored is None or stored.body["source"] == source


def _values(said: Announcement) -> list[tuple[str, str]]:
    found = [(lookups.ADVICE_AMOUNT, lookups.amount_value(said.currency, said.total_minor))]
    reference = normalise_reference(said.reference)
    return [*found, (lookups.ADVICE_REFERENCE, reference)] if reference else found


def advices_for(edge: Edge, payment: Payment) -> tuple[Advice, ...]:
    """Return the advices that may speak of a payment: those over its amount, and those whose reference it carries.

    Each has the account it belongs to; one that leads to no single account is left out. A value with more answers than
    lookups.MAX_ANSWERS says nothing.
    """
    wanted = [(lookups.ADVICE_AMOUNT, lookups.amount_value(payment.currency, payment.amount_minor))]
    named = [normalise_reference(payment.structured_reference), normalise_reference(payment.end_to_end_id)]
    named += [value for value, _, _ in find_references(payment.text)]
    wanted += [(lookups.ADVICE_REFERENCE, value) for value in named]
    found: dict[str, Advice] = {}
    for kind, value in lookups.with_answers(edge.table, wanted):
        answers = lookups.find(edge.table, kind, value)
        if len(answers) > lookups.MAX_ANSWERS:
            continue
        for answer in answers:
            if answer.key not in found and (kept := _kept(edge, answer.key, payment.key)) is not None:
                found[answer.key] = kept
    return tuple(found[key] for key in sorted(found))


def _kept(edge: Edge, key: str, transaction: str) -> Advice | None:
    """Return a kept advice with its account; None when it was erased or nobody can tell whose it is."""
    record = edge.table.get(keys.remittance(key), keys.HEADER)
    if record is None:
        return None
    said = codec.decode(Announcement, record.body["advice"])
    _wait_for_lines(edge, said, transaction)
    account = _account_of(edge, said)
    return advice(said, account) if account else None


def listed(lines: Sequence[tuple[str, int]]) -> list[str]:
    """Return the invoices of an advice as references, at most MAX_NUMBERS of them."""
    found = dict.fromkeys(normalise_reference(number) for number, _ in lines)
    return [number for number in found if number][:MAX_NUMBERS]


def _wait_for_lines(edge: Edge, said: Announcement, transaction: str) -> None:
    """Money waits under the invoices that its advice lists, before they are looked up: whoever registers one of them
    later finds it, so that it pays the same whichever came first."""
    answer = lookups.Answer(transaction=transaction)
    found = [lookups.Lookup(lookups.WAITING, number, answer) for number in listed(said.lines)]
    marks = [record for record in map(lookups.mark, found) if record is not None]
    if found:
        edge.table.write(Write(put=(*(one.record() for one in found), *marks)))


def _account_of(edge: Edge, said: Announcement) -> str:
    """Return the account in whose conversation the advice came, else that of the customer's id, else the only one to
    which the numbers of its invoices lead."""
    if said.account:
        return edge.accounts.now_at(said.account)
    wanted = [(lookups.CUSTOMER, said.customer)] if said.customer else []
    found = _accounts(edge, wanted)
    if len(found) != 1:
        found = _accounts(edge, [(lookups.REFERENCE, number) for number in listed(said.lines)])
    return found.pop() if len(found) == 1 else ""


def _accounts(edge: Edge, wanted: Sequence[tuple[str, str]]) -> set[str]:
    answers = [answer for kind, value in wanted for answer in lookups.find(edge.table, kind, value)]
    return {edge.accounts.now_at(answer.account) for answer in answers if answer.account}


def take_mailed(edge: Edge, account: Account, raw: bytes, text: str, source: str, now: datetime) -> int:
    """Keep the advices of a trusted reply: tables attached to it, else the invoices that its text lists with amounts.

    Return how many there are. ``text`` is the newest part of the mail, or empty when it does not speak of paying.
    """
    from duly.formats.mail import attached_tables  # statements never need what reads mails
    from duly.formats.read import read_file

    said: list[Announcement] = []
    for data in attached_tables(raw):
        result = read_file("", data, kind="remittance")
        said += [one for one, _ in announcements(result.remittances)]
    items = [item for item in account.items.values() if item.state == "open"]
    currencies = {item.currency for item in items}
    if not said and text and len(currencies) == 1:
        currency = currencies.pop()
        lines = said_in_text(text, [item.number for item in items], currency)
        said = [Announcement(currency, lines)] if lines else []
    for one in said:
        mailed = Announcement(one.currency, one.lines, one.reference, one.on, account=account.id)
        keep_advice(edge, mailed, source, now)
    return len(said)
